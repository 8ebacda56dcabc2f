//! Commands, and what they printed.

use super::weir;
use std::process::{Output, Stdio};

pub fn run(arguments: &[&str]) -> Output {
    weir().args(arguments).stdin(Stdio::null()).output().unwrap()
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The output of a command that has succeeded.
#[track_caller]
pub fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{}", stderr(output));
    stdout(output)
}

#[track_caller]
pub fn assert_plain(text: &str) {
    assert!(!text.contains('\u{1b}'), "an escape sequence in what goes to no terminal: {text:?}");
}

//! Programs, and what the user sees of them.

use std::env;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Why a task failed, for the user to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure(pub String);

pub type Done<T = ()> = Result<T, Failure>;

impl Failure {
    /// Says what could not be done, and why.
    pub fn of(what: impl std::fmt::Display) -> impl Fn(io::Error) -> Failure {
        let what = what.to_string();
        move |error| Failure(format!("{what}: {error}"))
    }
}

/// The workspace's directory.
pub fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// Where tasks keep what they make or install.
pub fn target() -> PathBuf {
    // An absolute path replaces the root.
    root().join(env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// A cargo command in the workspace's directory.
pub fn cargo(args: &[&str]) -> Command {
    let mut command = program(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), args);
    // `cargo run` sets these for this program. Some build scripts watch them: inherited, they would make
    // dependencies be built again on every change between `cargo xtask` and plain `cargo`.
    for (name, _) in env::vars_os() {
        let of_this_package = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_NAME", "CARGO_CRATE_NAME"];
        if of_this_package.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    command
}

/// A command in the workspace's directory.
pub fn program(program: impl AsRef<std::ffi::OsStr>, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).current_dir(root());
    command
}

/// Runs a command to its end; its output is the user's.
pub fn must(command: &mut Command) -> Done {
    say(&paint(DIM, &format!("$ {}", written(command))));
    let status = command.status().map_err(Failure::of(format!("`{}` does not run", written(command))))?;
    if status.success() { Ok(()) } else { Err(Failure(format!("`{}`: {status}", written(command)))) }
}

/// Runs a command to its end and takes its output; what it says on stderr is the user's only if it fails.
pub fn output(command: &mut Command) -> Done<String> {
    let Output { status, stdout, stderr } =
        command.output().map_err(Failure::of(format!("`{}` does not run", written(command))))?;
    if !status.success() {
        let stderr = String::from_utf8_lossy(&stderr);
        return Err(Failure(format!("`{}`: {status}\n{stderr}", written(command))));
    }
    Ok(String::from_utf8_lossy(&stdout).into_owned())
}

/// Whether a command runs and succeeds; it says nothing.
pub fn works(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

/// The command as one could type it: environment, program, arguments.
fn written(command: &Command) -> String {
    let mut text = String::new();
    for (name, value) in command.get_envs().filter_map(|(name, value)| Some((name, value?))) {
        // Writing to a string cannot fail.
        let _ = write!(text, "{}={} ", name.to_string_lossy(), quoted(&value.to_string_lossy()));
    }
    let program = Path::new(command.get_program());
    let is_cargo = program.file_name().is_some_and(|name| name == "cargo");
    text.push_str(&if is_cargo { "cargo".into() } else { quoted(&program.to_string_lossy()) });
    for arg in command.get_args() {
        text.push(' ');
        text.push_str(&quoted(&arg.to_string_lossy()));
    }
    text
}

fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@,+".contains(c);
    if !text.is_empty() && text.chars().all(plain) { text.to_owned() } else { format!("'{text}'") }
}

pub const DIM: &str = "2";
pub const GREEN: &str = "32";
pub const RED: &str = "31";
pub const BOLD: &str = "1";

/// The text in a colour, if the output is a terminal that wants colours.
pub fn paint(colour: &str, text: &str) -> String {
    if io::stdout().is_terminal() && env::var_os("NO_COLOR").is_none() {
        format!("\x1b[{colour}m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}

/// Writes a line. Nobody is left to tell if that fails.
pub fn say(line: &str) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Writes an error.
pub fn complain(message: &str) {
    let _ = writeln!(io::stderr(), "error: {message}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_command_is_named_as_it_could_be_typed() {
        let failure = must(program("sh", &["-c", "exit 3"]).env("A", "b c")).unwrap_err();
        assert_eq!(failure, Failure("`A='b c' sh -c 'exit 3'`: exit status: 3".to_owned()));
    }

    #[test]
    fn a_command_whose_output_is_wanted_shows_its_errors_when_it_fails() {
        let failure = output(&mut program("sh", &["-c", "echo why >&2; exit 1"])).unwrap_err();
        assert!(failure.0.ends_with("exit status: 1\nwhy\n"), "{}", failure.0);
        assert_eq!(output(&mut program("sh", &["-c", "echo yes"])), Ok("yes\n".to_owned()));
    }

    #[test]
    fn a_program_that_is_missing_is_named() {
        let failure = must(&mut program("no-such-program", &[])).unwrap_err();
        assert!(failure.0.starts_with("`no-such-program` does not run: "), "{}", failure.0);
    }
}

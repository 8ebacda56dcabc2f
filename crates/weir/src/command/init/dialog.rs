use crate::output::note;
use std::io::{BufRead, Write};

/// Questions with defaults.
///
/// A dialog without input takes every default without a word. The end of the input takes the defaults of
/// what is left.
pub(super) struct Dialog<R>(Option<R>);

impl<R: BufRead> Dialog<R> {
    /// Asks nothing.
    pub fn silent() -> Self {
        Self(None)
    }

    /// Reads answers from `input`, a line each.
    pub fn with(input: R) -> Self {
        Self(Some(input))
    }

    /// Yes or no; yes is the default.
    pub fn agrees(&mut self, question: &str) -> bool {
        let read = |answer: &str| match answer.to_ascii_lowercase().as_str() {
            "y" | "yes" => Some(true),
            "n" | "no" => Some(false),
            _ => None,
        };
        self.ask(&format!("{question} [Y/n]"), "answer `y` or `n`", read).unwrap_or(true)
    }

    /// A word that `is_valid` accepts.
    pub fn word(&mut self, question: &str, default: &str, is_valid: impl Fn(&str) -> bool) -> String {
        let read = |answer: &str| is_valid(answer).then(|| answer.to_owned());
        let answer = self.ask(&format!("{question} [{default}]"), "this cannot be a name", read);
        answer.unwrap_or_else(|| default.to_owned())
    }

    /// One of some options, by its number or its text. `default` is the place of one of them.
    pub fn choice(&mut self, question: &str, options: &[String], default: usize) -> usize {
        if self.0.is_some() {
            note(question);
            for (index, option) in options.iter().enumerate() {
                note(format_args!("  {} {option}", index + 1));
            }
        }
        let read = |answer: &str| {
            let by_text = options.iter().position(|option| option == answer);
            let by_number =
                || answer.parse::<usize>().ok()?.checked_sub(1).filter(|index| *index < options.len());
            by_text.or_else(by_number)
        };
        let range = format!("answer with a number from 1 to {}", options.len());
        self.ask(&format!("[{}]", default + 1), &range, read).unwrap_or(default)
    }

    /// Asks until the answer can be read. `None` for an empty answer, and when there is nobody to ask.
    fn ask<T>(&mut self, question: &str, hint: &str, read: impl Fn(&str) -> Option<T>) -> Option<T> {
        let input = self.0.as_mut()?;
        loop {
            prompt(question);
            let mut answer = String::new();
            let length = input.read_line(&mut answer).unwrap_or(0);
            let answer = answer.trim();
            if length == 0 {
                self.0 = None;
                return None;
            }
            if answer.is_empty() {
                return None;
            }
            match read(answer) {
                Some(answer) => return Some(answer),
                None => note(hint),
            }
        }
    }
}

/// The question, with the answer to follow on the same line.
fn prompt(question: &str) {
    let mut out = anstream::stderr().lock();
    // Without stderr the questions are unseen, and the answers are read all the same.
    let _ = write!(out, "{question} ").and_then(|()| out.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> Vec<String> {
        ["a", "b", "c"].map(str::to_owned).to_vec()
    }

    #[test]
    fn answers_are_read_by_number_and_text_and_asked_for_again_when_they_cannot_be() {
        let mut dialog = Dialog::with("2\nc\n9\nx\n1\nN\nmaybe\nyes\na b\nm\n".as_bytes());
        assert_eq!(dialog.choice("?", &options(), 0), 1);
        assert_eq!(dialog.choice("?", &options(), 0), 2);
        assert_eq!(dialog.choice("?", &options(), 2), 0);
        assert!(!dialog.agrees("?"));
        assert!(dialog.agrees("?"));
        assert_eq!(dialog.word("?", "d", |word| !word.contains(' ')), "m");
    }

    #[test]
    fn empty_answers_and_the_end_of_the_input_take_the_defaults() {
        let mut dialog = Dialog::with("\n".as_bytes());
        assert_eq!(dialog.choice("?", &options(), 1), 1);
        assert!(dialog.agrees("?"));
        assert_eq!(dialog.word("?", "d", |_| true), "d");
        assert_eq!(Dialog::<&[u8]>::silent().choice("?", &options(), 2), 2);
    }
}

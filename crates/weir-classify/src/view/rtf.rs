use super::survey::{Survey, ahead, kind};
use super::{Derived, Editor};
use crate::View;

/// Documents in RTF as what they say.
///
/// Source: Microsoft, "Rich Text Format (RTF) Specification", version 1.9.1.
///
/// INVARIANT (linear time): what stands within a document is read with it.
pub(crate) fn read(survey: &Survey<'_>) -> Option<Derived> {
    let text = survey.text;
    let mut editor = Editor::new(text);
    let mut done = 0;
    for at in documents(survey) {
        if at >= done {
            let mut document = Document::default();
            done = at + document.read(text.get(at..).unwrap_or_default());
            editor.replace(at..done, &document.said, View::Markup);
        }
    }
    editor.finish()
}

fn documents(survey: &Survey<'_>) -> impl Iterator<Item = usize> {
    survey.places_of(br"{\rtf", |block| block.of(kind::BRACKET) & ahead(block.of(kind::ENCODING), 1))
}

#[derive(Default)]
struct Document {
    said: String,
    depth: usize,
    /// Outside of which depth the text goes on, if it is in a group that says nothing.
    aside: Option<usize>,
}

impl Document {
    /// Reads from an opening brace to its closing one, or to the end. Returns where that is.
    fn read(&mut self, text: &str) -> usize {
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            rest = match c {
                '{' => {
                    self.depth += 1;
                    self.after(rest, 1)
                }
                '}' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.aside == Some(self.depth) {
                        self.aside = None;
                    }
                    self.after(rest, 1)
                }
                '\\' => self.control(self.after(rest, 1)),
                '\r' | '\n' => self.after(rest, 1),
                _ => {
                    self.say(c);
                    self.after(rest, c.len_utf8())
                }
            };
            if self.depth == 0 {
                break;
            }
        }
        text.len() - rest.len()
    }

    fn after<'t>(&self, rest: &'t str, bytes: usize) -> &'t str {
        rest.get(bytes..).unwrap_or_default()
    }

    fn say(&mut self, c: char) {
        if self.aside.is_none() {
            self.said.push(c);
        }
    }

    /// A control word or sign behind its backslash. Returns what is left.
    fn control<'t>(&mut self, rest: &'t str) -> &'t str {
        let len = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (word, rest) = rest.split_at_checked(len).unwrap_or_default();
        if word.is_empty() {
            return self.sign(rest);
        }
        let is_part = |(at, b): &(usize, u8)| b.is_ascii_digit() || *at == 0 && *b == b'-';
        let len = rest.bytes().enumerate().take_while(is_part).count();
        let (number, rest) = rest.split_at_checked(len).unwrap_or_default();
        let rest = rest.strip_prefix(' ').unwrap_or(rest);
        match word {
            "par" | "line" | "row" => self.say('\n'),
            "tab" | "cell" => self.say('\t'),
            "fonttbl" | "colortbl" | "stylesheet" => self.skip(),
            "u" => {
                let code =
                    number.parse::<i32>().ok().and_then(|code| u32::try_from(code.rem_euclid(1 << 16)).ok());
                if let Some(c) = code.and_then(char::from_u32) {
                    self.say(c);
                }
                // The sign for those who know no Unicode.
                return rest.strip_prefix('?').unwrap_or(rest);
            }
            _ => {}
        }
        rest
    }

    fn sign<'t>(&mut self, rest: &'t str) -> &'t str {
        let Some(c) = rest.chars().next() else { return rest };
        match c {
            '\'' => {
                let code = rest.get(1..3).and_then(|digits| u8::from_str_radix(digits, 16).ok());
                if let Some(code) = code {
                    self.say(char::from(code));
                    return self.after(rest, 3);
                }
            }
            '*' => self.skip(),
            '~' => self.say(' '),
            '-' => {}
            _ => self.say(c),
        }
        self.after(rest, c.len_utf8())
    }

    fn skip(&mut self) {
        self.aside = self.aside.or(self.depth.checked_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_found_wherever_they_begin() {
        for before in 0..140 {
            let text = "{a}\\ ".chars().cycle().take(before).collect::<String>() + r"{\rtf{\rtf1";
            let found: Vec<usize> = documents(&Survey::of(&text)).collect();
            assert_eq!(found, [before, before + 5], "{text}");
        }
    }

    #[test]
    fn documents_say_what_is_written_in_them() {
        let read = |text: &str| read(&Survey::of(text)).map(|derived| derived.text);
        for (text, expected) in [
            (
                r"{\rtf1\ansi{\fonttbl\f0 Arial;}\f0\pard jo.\b doe\b0 @example.com\par}",
                "jo.doe@example.com\n",
            ),
            (r"see {\rtf1 \'6ao.doe\u64?example\'2ecom} now", "see jo.doe@example.com now"),
            (r"{\rtf1 4539{\*\x 1}1488", "45391488"),
            (r"{\rtf1 a\{b\}\\}{\rtf1 c}", r"a{b}\c"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(read(r"{\r}"), None);
    }
}

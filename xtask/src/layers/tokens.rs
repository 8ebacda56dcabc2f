//! Rust source as words and signs: without comments, strings and characters.

/// A word, or a sign of one character, or `::`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'a> {
    pub text: &'a str,
    /// Counted from 1.
    pub line: usize,
}

/// The tokens of a source. Strings, characters and lifetimes are left out.
pub fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let (mut rest, mut line) = (source, 1);
    while let Some(first) = rest.chars().next() {
        let (length, is_token) = next(rest, first);
        let (text, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        if is_token {
            tokens.push(Token { text, line });
        }
        line += text.matches('\n').count();
        rest = after;
    }
    tokens
}

/// The length of what the text begins with, and whether it is a token.
fn next(text: &str, first: char) -> (usize, bool) {
    if let Some(skipped) = literal(text).or_else(|| comment(text)) {
        return (skipped, false);
    }
    if is_word(first) {
        return (text.find(|c| !is_word(c)).unwrap_or(text.len()), true);
    }
    let length = if text.starts_with("::") { 2 } else { first.len_utf8() };
    (length, !first.is_whitespace())
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn comment(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    text.starts_with("/*").then(|| block_comment(text))
}

/// Block comments nest.
fn block_comment(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest.starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// The length of the string, character or lifetime that the text begins with.
fn literal(text: &str) -> Option<usize> {
    let prefix = ["br", "cr", "r", "b", "c", ""].into_iter().find(|prefix| {
        let rest = text.strip_prefix(prefix);
        rest.is_some_and(|rest| {
            let raw = prefix.ends_with('r') && rest.trim_start_matches('#').starts_with('"');
            raw || (!prefix.ends_with('r') && rest.starts_with('"'))
                || (*prefix == "b" && rest.starts_with('\''))
        })
    });
    match prefix {
        Some(prefix) if prefix.ends_with('r') => Some(prefix.len() + raw_string(text.get(prefix.len()..)?)),
        Some(prefix) => Some(prefix.len() + quoted(text.get(prefix.len()..)?)),
        None => text.starts_with('\'').then(|| character_or_lifetime(text)),
    }
}

/// From the first `#` or `"` to the `"` with as many `#` behind it.
fn raw_string(text: &str) -> usize {
    let hashes = text.len() - text.trim_start_matches('#').len();
    let end = format!("\"{}", "#".repeat(hashes));
    let body = text.get(hashes + 1..).unwrap_or_default();
    body.find(&end).map_or(text.len(), |at| hashes + 1 + at + end.len())
}

/// From a quote to the same quote, over what is escaped.
fn quoted(text: &str) -> usize {
    let mut chars = text.char_indices();
    let quote = chars.next().map(|(_, quote)| quote);
    while let Some((at, c)) = chars.next() {
        if c == '\\' {
            chars.next();
        } else if Some(c) == quote {
            return at + c.len_utf8();
        }
    }
    text.len()
}

fn character_or_lifetime(text: &str) -> usize {
    let mut chars = text.chars().skip(1);
    match (chars.next(), chars.next()) {
        (Some('\\'), _) | (Some(_), Some('\'')) => quoted(text),
        _ => 1 + text.get(1..).and_then(|rest| rest.find(|c| !is_word(c))).unwrap_or(text.len() - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str) -> Vec<&str> {
        tokens(source).into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn words_and_signs_are_told_apart() {
        assert_eq!(
            texts("std::fs::read(a_1)?;"),
            ["std", "::", "fs", "::", "read", "(", "a_1", ")", "?", ";"]
        );
    }

    #[test]
    fn comments_and_literals_are_left_out() {
        let source = r####"a // std::fs
            /* std::fs /* nested */ std::env */ b "std::fs \" x" c 'd' '\'' e br#"std " fs"# f b'"' g "ä\\" h"####;
        assert_eq!(texts(source), ["a", "b", "c", "e", "f", "g", "h"]);
    }

    #[test]
    fn lifetimes_are_no_characters() {
        assert_eq!(texts("fn f<'a>(x: &'a str, y: &'static str) { 'x' }").last(), Some(&"}"));
        assert_eq!(texts("&'a b"), ["&", "b"]);
    }

    #[test]
    fn lines_are_counted_through_comments_and_strings() {
        let source = "a\n/* \n */ b\n\"\n\n\" c";
        let lines: Vec<usize> = tokens(source).into_iter().map(|token| token.line).collect();
        assert_eq!(lines, [1, 3, 6]);
    }

    #[test]
    fn what_never_ends_ends_with_the_text() {
        for source in ["a /* b", "a \"b", "a r#\"b\"", "a '", "a '\\", "/*/"] {
            assert!(texts(source).len() <= 1, "{source}");
        }
    }
}

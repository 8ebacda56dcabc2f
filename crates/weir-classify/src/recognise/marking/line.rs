//! Where on its line a marking stands.

use crate::haystack::Haystack;
use crate::words::Beginnings;
use std::ops::Range;

/// Bytes on each side of a marking that are looked at; a line that goes on is prose.
const REACH: usize = 120;

/// A line of a text, as far as it is looked at.
pub(super) struct Line<'a> {
    text: &'a str,
    start: usize,
    /// Whether its begin and end are those of a line.
    begins: bool,
    ends: bool,
}

/// A piece of a line between signs that set markings off.
pub(super) struct Field<'a> {
    line: &'a Line<'a>,
    range: Range<usize>,
}

/// Where a field stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// There is nothing else on the line but signs and page numbers.
    Alone,
    /// In brackets.
    Bracketed,
    /// First or last on the line.
    Edge,
    /// Within other text.
    Inside,
}

impl<'a> Line<'a> {
    pub(super) fn around(haystack: &Haystack<'a>, anchor: &Range<usize>) -> Option<Self> {
        let from = anchor.start.saturating_sub(REACH);
        let before = haystack.slice(from..anchor.start);
        let line_break = memchr::memrchr2(b'\n', b'\r', before);
        let to = haystack.len().min(anchor.end + REACH);
        let after = haystack.slice(anchor.end..to);
        let end = memchr::memchr2(b'\n', b'\r', after);
        let start = line_break.map_or(from, |at| from + at + 1);
        let stop = end.map_or(to, |at| anchor.end + at);
        let bytes = haystack.slice(start..stop);
        // A reach that ends within a character takes it away.
        let skipped = bytes.iter().take_while(|b| (0x80..0xC0).contains(*b)).count();
        let bytes = bytes.get(skipped..)?;
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(bytes.get(..error.valid_up_to())?).ok()?,
        };
        let (begins, ends) = (line_break.is_some() || from == 0, end.is_some() || to == haystack.len());
        Some(Self { text, start: start + skipped, begins, ends })
    }

    /// Whether it is all there is in the text.
    pub(super) fn is_all(&self, haystack: &Haystack<'_>) -> bool {
        self.text.len() == haystack.len()
    }

    /// The field that an anchor is in.
    pub(super) fn field(&'a self, anchor: &Range<usize>) -> Option<Field<'a>> {
        let (from, to) = (anchor.start.checked_sub(self.start)?, anchor.end.checked_sub(self.start)?);
        let before = self.text.get(..from)?;
        let after = self.text.get(to..)?;
        let start = set_offs(before).next_back().map_or(0, |(at, c)| at + c.len_utf8());
        let end = set_offs(after).next().map_or(after.len(), |(at, _)| at);
        let piece = self.text.get(start..to + end)?;
        let is_edge = |c: char| c.is_whitespace() || matches!(c, '.' | '!' | '-');
        let (rest, inner) = (piece.trim_start_matches(is_edge), piece.trim_matches(is_edge));
        let start = start + piece.len() - rest.len();
        Some(Field { line: self, range: start..start + inner.len() })
    }
}

/// The characters of a text that set markings off, and where they stand.
fn set_offs(text: &str) -> impl DoubleEndedIterator<Item = (usize, char)> {
    let may_be = |(_, byte): &(usize, &u8)| !byte.is_ascii_alphanumeric() && **byte != b' ';
    let char_at = move |(at, _): (usize, &u8)| Some((at, text.get(at..)?.chars().next()?));
    // Within a character none begins.
    let chars = text.as_bytes().iter().enumerate().filter(may_be).filter_map(char_at);
    chars.filter(move |(at, c)| is_set_off(text, *at, *c))
}

fn is_set_off(text: &str, at: usize, c: char) -> bool {
    let dash = || {
        let spaced = |side: Option<char>| side.is_none_or(|c| c == ' ' || c == '-');
        spaced(text.get(..at).and_then(|before| before.chars().next_back()))
            && spaced(text.get(at + 1..).and_then(|after| after.chars().next()))
    };
    let is_apostrophe = || {
        let letter = |side: Option<char>| side.is_some_and(char::is_alphanumeric);
        letter(text.get(..at).and_then(|before| before.chars().next_back()))
            && letter(text.get(at + 1..).and_then(|after| after.chars().next()))
    };
    match c {
        '|' | '—' | '–' | '―' | '•' | '·' | '[' | ']' | '(' | ')' | '{' | '}' | '<' | '>' | '*' | '#'
        | '"' | '=' | ';' | ',' | '\t' | '_' | '~' | '【' | '】' | '（' | '）' | '《' | '》' | '「'
        | '」' | '“' | '”' | '：' | '/' | ':' | '@' | '`' => true,
        '\'' => !is_apostrophe(),
        '-' => dash(),
        _ => false,
    }
}

impl Field<'_> {
    fn text(&self) -> &str {
        self.line.text.get(self.range.clone()).unwrap_or_default()
    }

    fn before(&self) -> &str {
        self.line.text.get(..self.range.start).unwrap_or_default()
    }

    fn after(&self) -> &str {
        self.line.text.get(self.range.end..).unwrap_or_default()
    }

    /// Its place in the text.
    pub(super) fn span(&self) -> Range<usize> {
        self.line.start + self.range.start..self.line.start + self.range.end
    }

    /// Its words as they are written.
    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        let words = self.text().split(|c: char| c.is_whitespace() || matches!(c, '-' | '.'));
        words.filter(|word| !word.is_empty())
    }

    /// Whether it begins as some words do, as far as two letters of ASCII tell.
    pub(super) fn may_begin(&self, beginnings: &Beginnings) -> bool {
        let text = self.text().as_bytes();
        let is_told = matches!(text, [a, b, ..] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic());
        !is_told || beginnings.may_be_at(text, 0)
    }

    /// Whether its words have more characters than that.
    pub(super) fn is_longer_than(&self, characters: usize) -> bool {
        self.words().flat_map(str::chars).nth(characters).is_some()
    }

    /// Its words in lower case, one space between them.
    pub(super) fn folded(&self) -> String {
        self.words().map(str::to_lowercase).collect::<Vec<_>>().join(" ")
    }

    /// Whether there are no small letters in it.
    pub(super) fn is_upper(&self) -> bool {
        !self.text().chars().any(char::is_lowercase)
    }

    pub(super) fn place(&self) -> Place {
        let (before, after) = (self.before().trim(), self.after().trim());
        let open = |c: Option<char>| matches!(c, Some('[' | '(' | '【' | '（' | '《' | '「'));
        let close = |c: Option<char>| matches!(c, Some(']' | ')' | '】' | '）' | '》' | '」'));
        let starts = self.line.begins && is_decoration(before);
        let ends = self.line.ends && is_decoration(after);
        match (starts, ends) {
            (true, true) if !self.is_item() => Place::Alone,
            _ if open(before.chars().next_back()) && close(after.chars().next()) => Place::Bracketed,
            (true, false) | (false, true) if !self.is_in_list() => Place::Edge,
            _ => Place::Inside,
        }
    }

    /// Rows of tables and items of lists name markings, they are none.
    fn is_in_list(&self) -> bool {
        let line = self.line.text.trim_start();
        line.starts_with(['|', '-', '*', '•', '"', '\'', '{', '#']) || line.matches('|').count() > 1
    }

    /// Whether the line is one item of a list, or one row of a table, and not a banner between signs.
    fn is_item(&self) -> bool {
        let line = self.line.text.trim();
        line.starts_with('|')
            || ["- ", "* ", "• "].iter().any(|item| line.starts_with(item) && !line.ends_with(item.trim()))
    }

    /// Whether further control markings follow, as in `SECRET//NOFORN`.
    pub(super) fn has_controls(&self) -> bool {
        self.after().starts_with("//")
    }

    /// Whether the last words before it are one of `labels`, behind a colon or sign of equality.
    pub(super) fn ends_label(&self, labels: &[&str]) -> bool {
        let before = self.before().trim_end_matches(['"', '\'', ' ', '*', '_', '\t', '`', '[', '(']);
        let label = before.strip_suffix([':', '=', '：']);
        label.is_some_and(|label| ends_with_words(label, labels))
    }
}

fn ends_with_words(text: &str, words: &[&str]) -> bool {
    let text = text.trim_end_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let is_last = |word: &&str| {
        text.strip_suffix(word)
            .is_some_and(|rest| rest.chars().next_back().is_none_or(|c| !c.is_alphanumeric()))
    };
    words.iter().any(is_last)
}

/// Signs, numbers and what goes with the number of a page.
fn is_decoration(text: &str) -> bool {
    const PAGE: &[&str] = &[
        "page", "p", "pg", "of", "seite", "s", "von", "sur", "página", "pág", "de", "pagina", "pag", "di",
        "van", "strona", "z", "стр", "из", "copy", "draft", "entwurf", "v", "no", "nr",
    ];
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .all(|word| word.chars().all(|c| c.is_ascii_digit()) || PAGE.contains(&word.to_lowercase().as_str()))
}

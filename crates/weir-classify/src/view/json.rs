mod escaped;

use super::Link;
use crate::SegmentKind;
pub(crate) use escaped::Escaped;
pub(super) use escaped::escapes;

/// Arrays and objects inside each other, at most.
const NESTING_MAX: usize = 128;

/// Most bodies have fewer keys, strings and numbers than one in so many bytes; for more than so many no room is made before.
const BYTES_PER_ITEM: usize = 48;
const ROOM_MAX: usize = 256;

/// So many numbers in a row may be the bytes of a text.
const BYTES_MIN: usize = 12;

/// The keys, strings and numbers of a text that is JSON, in their order.
pub(crate) struct Json<'a> {
    pub(crate) items: Vec<Item<'a>>,
}

/// A key, string or number of a JSON text.
pub(crate) struct Item<'a> {
    pub(crate) kind: SegmentKind,
    source: Source<'a>,
}

enum Source<'a> {
    /// It reads as it stands, from an offset on.
    Verbatim(&'a str, usize),
    /// It has escapes.
    Escaped(Escaped<'a>),
}

impl<'a> Json<'a> {
    /// Reads a text that is an object or an array, or several one after another, and nothing else.
    ///
    /// Source: RFC 8259. What is not exactly that is not read as JSON at all, for everything has to be seen.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let is_enclosed =
            text.trim_ascii().starts_with(['{', '[']) && text.trim_ascii().ends_with(['}', ']']);
        if !is_enclosed {
            return None;
        }
        let items = Vec::with_capacity((text.len() / BYTES_PER_ITEM + 1).min(ROOM_MAX));
        let mut parser = Parser { text, at: 0, open: Vec::new(), items };
        while parser.skip_space().is_some() {
            parser.document()?;
        }
        Some(Self { items: parser.items })
    }
}

impl<'a> Json<'a> {
    /// The objects in a text that is more than JSON, such as a question with a record in it.
    ///
    /// INVARIANT (linear time): where one ends, or is none, the next may begin.
    pub(crate) fn within(text: &'a str) -> impl Iterator<Item = Self> {
        let mut parser = Parser { text, at: 0, open: Vec::new(), items: Vec::new() };
        std::iter::from_fn(move || {
            while let Some(brace) = memchr::memchr(b'{', text.as_bytes().get(parser.at..)?) {
                parser.at += brace;
                parser.open.clear();
                parser.items.clear();
                let after = parser.at + 1;
                let is_whole = parser.document().is_some();
                parser.at = parser.at.max(after);
                if is_whole && !parser.items.is_empty() {
                    return Some(Self { items: std::mem::take(&mut parser.items) });
                }
            }
            None
        })
    }
}

impl Json<'_> {
    /// Whether it has a list of the bytes of a text, as `JSON.stringify` writes a buffer.
    pub(crate) fn has_bytes(&self) -> bool {
        self.items
            .chunk_by(|a, b| a.is_byte() == b.is_byte())
            .any(|run| run.len() >= BYTES_MIN && run.first().is_some_and(Item::is_byte))
    }
}

impl Item<'_> {
    /// Whether it is a number that can be a byte of ASCII text.
    fn is_byte(&self) -> bool {
        self.kind == SegmentKind::Number && self.text().parse().is_ok_and(|byte: u8| (9..127).contains(&byte))
    }

    pub(crate) fn text(&self) -> &str {
        match &self.source {
            Source::Verbatim(text, _) => text,
            Source::Escaped(escaped) => &escaped.text,
        }
    }

    pub(crate) fn link(&self) -> Link<'_> {
        match &self.source {
            Source::Verbatim(_, offset) => Link::Part(*offset),
            Source::Escaped(escaped) => Link::Json(escaped),
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    /// The brackets that are open.
    open: Vec<Bracket>,
    items: Vec<Item<'a>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bracket {
    Array,
    Object,
}

impl<'a> Parser<'a> {
    /// One object or array.
    fn document(&mut self) -> Option<()> {
        self.peek().filter(|b| matches!(b, b'{' | b'['))?;
        self.value()?;
        while let Some(bracket) = self.open.last().copied() {
            match (self.skip_space()?, bracket) {
                (b',', Bracket::Array) => {
                    self.at += 1;
                    self.skip_space()?;
                    self.value()?;
                }
                (b',', Bracket::Object) => {
                    self.at += 1;
                    self.skip_space()?;
                    self.member()?;
                }
                (b']', Bracket::Array) | (b'}', Bracket::Object) => {
                    self.at += 1;
                    self.open.pop();
                }
                _ => return None,
            }
        }
        Some(())
    }

    /// A value as far as its first element: the caller goes on with what it opened.
    fn value(&mut self) -> Option<()> {
        loop {
            match self.peek()? {
                b'{' => {
                    self.enter(Bracket::Object)?;
                    return if self.skip_space()? == b'}' { Some(()) } else { self.member() };
                }
                b'[' => {
                    self.enter(Bracket::Array)?;
                    if self.skip_space()? == b']' {
                        return Some(());
                    }
                }
                b'"' => return self.string(SegmentKind::Text),
                b'-' | b'0'..=b'9' => return self.number(),
                _ => return self.word(),
            }
        }
    }

    fn enter(&mut self, bracket: Bracket) -> Option<()> {
        self.at += 1;
        self.open.push(bracket);
        (self.open.len() <= NESTING_MAX).then_some(())
    }

    /// A key and the beginning of its value. Objects as first members nest without recursion.
    fn member(&mut self) -> Option<()> {
        loop {
            self.string(SegmentKind::Key)?;
            (self.skip_space()? == b':').then_some(())?;
            self.at += 1;
            if self.skip_space()? != b'{' {
                return self.value_in_object();
            }
            self.enter(Bracket::Object)?;
            if self.skip_space()? == b'}' {
                return Some(());
            }
        }
    }

    /// A value that is no object.
    fn value_in_object(&mut self) -> Option<()> {
        match self.peek()? {
            b'"' => self.string(SegmentKind::Text),
            b'-' | b'0'..=b'9' => self.number(),
            b'[' => {
                self.enter(Bracket::Array)?;
                if self.skip_space()? == b']' { Some(()) } else { self.value() }
            }
            _ => self.word(),
        }
    }

    fn number(&mut self) -> Option<()> {
        let rest = self.text.as_bytes().get(self.at..)?;
        let len =
            rest.iter().take_while(|b| matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')).count();
        let number = self.text.get(self.at..self.at + len)?;
        self.items.push(Item { kind: SegmentKind::Number, source: Source::Verbatim(number, self.at) });
        self.at += len;
        Some(())
    }

    fn word(&mut self) -> Option<()> {
        let rest = self.text.get(self.at..)?;
        let word = ["true", "false", "null"].into_iter().find(|word| rest.starts_with(word))?;
        self.at += word.len();
        Some(())
    }

    fn string(&mut self, kind: SegmentKind) -> Option<()> {
        let start = (self.peek()? == b'"').then_some(self.at + 1)?;
        let bytes = self.text.as_bytes();
        let sign = start + memchr::memchr2(b'"', b'\\', bytes.get(start..)?)?;
        let (source, end) = if bytes.get(sign) == Some(&b'"') {
            (Source::Verbatim(self.text.get(start..sign)?, start), sign)
        } else {
            let (escaped, end) = Escaped::read(self.text, start, sign)?;
            (Source::Escaped(escaped), end)
        };
        self.at = end + 1;
        self.items.push(Item { kind, source });
        Some(())
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next byte that is not white space.
    fn skip_space(&mut self) -> Option<u8> {
        while self.peek()?.is_ascii_whitespace() {
            self.at += 1;
        }
        self.peek()
    }
}

use std::fmt;

/// One decoded string of a body. Its index among the segments of the body is its identity.
#[derive(Clone, Copy)]
pub struct Segment<'a> {
    /// The string, escapes of the body's own format undone.
    pub text: &'a str,
    /// What it is in the body.
    pub kind: SegmentKind,
}

/// What a segment is in its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SegmentKind {
    /// Prose or a data value. Joins with its neighbours in the seam view.
    Text,
    /// An object key. Context for the values that follow it.
    Key,
    /// A number as it is written in the body.
    Number,
    /// Something whose content cannot be read. The text is a short reason such as `image`, never content.
    Opaque,
}

impl<'a> Segment<'a> {
    /// A segment of prose or data.
    #[must_use]
    pub fn text(text: &'a str) -> Self {
        Self { text, kind: SegmentKind::Text }
    }

    /// An object key.
    #[must_use]
    pub fn key(text: &'a str) -> Self {
        Self { text, kind: SegmentKind::Key }
    }

    /// A number as written.
    #[must_use]
    pub fn number(text: &'a str) -> Self {
        Self { text, kind: SegmentKind::Number }
    }

    /// Something unreadable, with a short reason.
    #[must_use]
    pub fn opaque(reason: &'a str) -> Self {
        Self { text: reason, kind: SegmentKind::Opaque }
    }
}

impl fmt::Debug for Segment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Segment({:?}, {} bytes)", self.kind, self.text.len())
    }
}

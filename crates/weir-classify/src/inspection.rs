use crate::EntityType;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use weir_label::{Category, Label, Level};

/// What inspection says of a body.
#[derive(Debug, Clone, PartialEq)]
pub struct Inspection {
    /// The label of the whole: the join of everything below.
    pub label: Label,
    /// What was found, in order of segment and position.
    ///
    /// A span that several views or recognisers of one type show is listed once. Of a pattern's matches
    /// in one text the first hundred are listed.
    pub findings: Vec<Finding>,
    /// How many findings there are of each type.
    pub entities: BTreeMap<EntityType, u32>,
    /// What could not be read.
    pub opaque: Vec<OpaqueReason>,
    /// Whether every byte was looked at. If not, the label is that of unknown content.
    pub complete: bool,
}

/// One detected span. It never carries the text it covers.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Index of the segment.
    pub segment: usize,
    /// First byte of the span in the segment's text, a character boundary.
    pub start: usize,
    /// The byte after the span, a character boundary.
    ///
    /// A span that runs on into further segments ends with its first segment here.
    pub end: usize,
    /// The span together with the context that was needed, as far as it lies in this segment.
    pub evidence: Range<usize>,
    /// What it is.
    pub entity: EntityType,
    /// What kind of data that is.
    pub category: Category,
    /// How sensitive the settings say it is.
    pub level: Level,
    /// How sure the recogniser is, above 0 and up to 1.
    pub score: f32,
    /// Which recogniser, term list or pattern found it.
    pub recogniser: Arc<str>,
    /// In which view of the text it showed.
    pub view: View,
}

/// A way of reading the text, the plainest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum View {
    /// As it stands.
    Raw,
    /// Unicode compatibility forms, digits of other scripts, look-alike letters, unusual spaces and dashes
    /// folded; invisible characters and decorating marks removed.
    Normalised,
    /// Markup inside a value removed, and that of a document in RTF.
    Markup,
    /// Backslash escapes undone.
    Escapes,
    /// Percent-encoding undone.
    Percent,
    /// HTML character references undone.
    Entities,
    /// Quoted-printable undone.
    QuotedPrintable,
    /// Hexadecimal undone.
    Hex,
    /// Base64, base85, ASCII85 or the lines of `uuencode` undone.
    Base64,
    /// Base64 of gzip, zlib or deflated data undone.
    Compressed,
    /// Signs that are written out as words read as those, and Morse code.
    Spelled,
    /// Number words read as digits.
    Words,
    /// Characters and groups that stand apart put together.
    Regrouped,
    /// Letters that look like digits read as those.
    LookAlike,
    /// The case of letters swapped.
    CaseSwapped,
    /// Read backwards.
    Reversed,
    /// Letters moved by thirteen places, or all signs by 47.
    Rot13,
    /// Neighbouring segments joined, and members of a record that tell one value together.
    Seam,
}

impl View {
    /// The name used in records and explanations.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            View::Raw => "raw",
            View::Normalised => "normalised",
            View::Markup => "markup",
            View::Escapes => "escapes",
            View::Percent => "percent",
            View::Entities => "html",
            View::QuotedPrintable => "quoted-printable",
            View::Hex => "hex",
            View::Base64 => "base64",
            View::Compressed => "compressed",
            View::Spelled => "spelled",
            View::Words => "words",
            View::Regrouped => "regrouped",
            View::LookAlike => "look-alike",
            View::CaseSwapped => "case",
            View::Reversed => "reversed",
            View::Rot13 => "rot13",
            View::Seam => "seam",
        }
    }
}

/// A segment that could not be read, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpaqueReason {
    /// Index of the segment.
    pub segment: usize,
    /// A short word such as `image`.
    pub reason: String,
}

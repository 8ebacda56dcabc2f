//! What stands between two words, as one of a few kinds.

/// What stands between a word and the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub(crate) enum Gap {
    /// The text begins.
    Start,
    /// One space.
    Space,
    /// Several spaces or a tab: another column.
    Column,
    /// A line ends.
    Line,
    /// A paragraph ends.
    Paragraph,
    /// A line ends, and the next begins with signs: an item, a comment, a quotation.
    Item,
    /// Nothing but a full stop: `a.b`.
    Dot,
    /// A full stop and a space.
    Stop,
    /// A question or exclamation mark.
    Mark,
    Comma,
    /// A comma without a space.
    TightComma,
    Semicolon,
    Colon,
    /// A colon without a space.
    TightColon,
    Apostrophe,
    Hyphen,
    /// A dash between spaces.
    Dash,
    Underscore,
    Slash,
    At,
    Hash,
    Ampersand,
    Quote,
    /// A quotation mark and a colon: a value behind its key.
    Value,
    Open,
    /// A parenthesis or bracket without a space before it: a call.
    Call,
    Close,
    Markup,
    Bar,
    /// Signs of programming: `=`, `::`, `->`, `$`, `{`.
    Code,
    /// Anything else.
    Other,
}

/// Classes of signs, as bits: the lower, the more telling it is among others, up to the apostrophe.
mod sign {
    pub(super) const CODE: u32 = 1;
    pub(super) const MARKUP: u32 = 1 << 1;
    pub(super) const UNDERSCORE: u32 = 1 << 2;
    pub(super) const BAR: u32 = 1 << 3;
    pub(super) const AT: u32 = 1 << 4;
    pub(super) const HASH: u32 = 1 << 5;
    pub(super) const OTHER: u32 = 1 << 6;
    pub(super) const CLOSE: u32 = 1 << 7;
    pub(super) const OPEN: u32 = 1 << 8;
    pub(super) const MARK: u32 = 1 << 9;
    pub(super) const SEMICOLON: u32 = 1 << 10;
    pub(super) const QUOTE: u32 = 1 << 11;
    pub(super) const AMPERSAND: u32 = 1 << 12;
    pub(super) const SLASH: u32 = 1 << 13;
    pub(super) const COLON: u32 = 1 << 14;
    pub(super) const DOT: u32 = 1 << 15;
    pub(super) const COMMA: u32 = 1 << 16;
    pub(super) const HYPHEN: u32 = 1 << 17;
    pub(super) const APOSTROPHE: u32 = 1 << 18;
    pub(super) const SPACE: u32 = 1 << 19;
    pub(super) const TAB: u32 = 1 << 20;
    pub(super) const LINE: u32 = 1 << 21;
}

/// How many classes of signs there are.
pub(crate) const CLASSES: usize = sign::LINE.trailing_zeros() as usize + 1;

/// The signs between two words, added up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signs {
    bits: u32,
    /// The class of the first, as a bit.
    first: u32,
    count: u32,
    lines: u32,
}

impl Signs {
    pub(crate) const fn new() -> Self {
        Self { bits: 0, first: 0, count: 0, lines: 0 }
    }

    /// The bit of what is no sign by itself.
    pub(crate) const UNKNOWN: u32 = 1 << 31;

    /// Of the bits of so many signs, if all are known; zeros add nothing.
    pub(crate) fn of(bits: [u32; 8], count: u32) -> Option<Self> {
        let [first, ..] = bits;
        let add = |(bits, lines), bit| (bits | bit, lines + bit / sign::LINE);
        let (bits, lines) = bits.into_iter().fold((0, 0), add);
        (bits & Self::UNKNOWN == 0).then_some(Self { bits, first, count, lines })
    }

    /// Adds a sign of a class, as [`class`] gives it.
    pub(crate) const fn add(&mut self, class: u32) {
        self.add_many(class, 1);
    }

    /// Adds so many signs of a class.
    pub(crate) const fn add_many(&mut self, class: u32, times: u32) {
        let bit = 1 << class;
        if self.count == 0 {
            self.first = bit;
        }
        self.bits |= bit;
        self.count += times;
        self.lines += bit / sign::LINE * times;
    }

    const fn first_is_space(self) -> bool {
        self.first & (sign::SPACE | sign::TAB) != 0
    }

    /// What the signs together are.
    pub(crate) const fn kind(self) -> Gap {
        let space = self.bits & sign::SPACE != 0;
        match self.bits & !(sign::SPACE | sign::TAB) {
            0 if self.bits & sign::TAB != 0 || self.count > 1 => Gap::Column,
            0 => Gap::Space,
            bits if bits & sign::LINE != 0 => self.line_end(bits),
            sign::DOT if space && !self.first_is_space() => Gap::Stop,
            sign::DOT => {
                if self.count == 1 {
                    Gap::Dot
                } else {
                    Gap::Other
                }
            }
            sign::APOSTROPHE => {
                if space {
                    Gap::Quote
                } else {
                    Gap::Apostrophe
                }
            }
            sign::HYPHEN => {
                if space {
                    Gap::Dash
                } else if self.count == 1 {
                    Gap::Hyphen
                } else {
                    Gap::Code
                }
            }
            sign::COMMA => {
                if space {
                    Gap::Comma
                } else {
                    Gap::TightComma
                }
            }
            sign::COLON => self.colon(space),
            sign::UNDERSCORE => Gap::Underscore,
            sign::SLASH => Gap::Slash,
            sign::OPEN => {
                if self.first_is_space() {
                    Gap::Open
                } else {
                    Gap::Call
                }
            }
            bits => mixed(bits),
        }
    }

    const fn line_end(self, bits: u32) -> Gap {
        let ends_only = sign::LINE | sign::DOT | sign::COMMA | sign::COLON | sign::MARK | sign::SEMICOLON;
        if bits & !ends_only != 0 {
            Gap::Item
        } else if self.lines > 1 {
            Gap::Paragraph
        } else {
            Gap::Line
        }
    }

    const fn colon(self, space: bool) -> Gap {
        if self.count > 1 && !space {
            Gap::Code
        } else if space {
            Gap::Colon
        } else {
            Gap::TightColon
        }
    }
}

/// What the most telling of the signs says.
const fn mixed(bits: u32) -> Gap {
    if bits & sign::QUOTE != 0 && bits & sign::COLON != 0 {
        return Gap::Value;
    }
    match bits & bits.wrapping_neg() {
        sign::CODE => Gap::Code,
        sign::MARKUP => Gap::Markup,
        sign::UNDERSCORE => Gap::Underscore,
        sign::BAR => Gap::Bar,
        sign::AT => Gap::At,
        sign::HASH => Gap::Hash,
        sign::CLOSE => Gap::Close,
        sign::OPEN => Gap::Open,
        sign::MARK => Gap::Mark,
        sign::SEMICOLON => Gap::Semicolon,
        sign::QUOTE => Gap::Quote,
        sign::AMPERSAND => Gap::Ampersand,
        sign::SLASH => Gap::Slash,
        sign::COLON => Gap::Colon,
        sign::DOT => Gap::Stop,
        sign::COMMA => Gap::Comma,
        sign::HYPHEN => Gap::Dash,
        _ => Gap::Other,
    }
}

/// The class of a sign: a number below [`CLASSES`].
pub(crate) const fn class(c: char) -> u32 {
    bit(c).trailing_zeros()
}

const fn bit(c: char) -> u32 {
    match c {
        ' ' | '\u{A0}' | '\u{2000}'..='\u{200B}' | '\u{202F}' | '\u{3000}' => sign::SPACE,
        '\t' => sign::TAB,
        '\n' | '\r' | '\u{B}' | '\u{C}' | '\u{85}' | '\u{2028}' | '\u{2029}' => sign::LINE,
        '.' => sign::DOT,
        '!' | '?' | '…' | '¡' | '¿' => sign::MARK,
        ',' | '、' | '，' | '،' => sign::COMMA,
        ';' => sign::SEMICOLON,
        ':' | '：' => sign::COLON,
        '\'' | '’' | '‘' | '´' => sign::APOSTROPHE,
        '-' | '\u{2010}' | '\u{2011}' | '–' | '—' => sign::HYPHEN,
        '_' => sign::UNDERSCORE,
        '/' => sign::SLASH,
        '@' => sign::AT,
        '#' => sign::HASH,
        '&' => sign::AMPERSAND,
        '"' | '“' | '”' | '„' | '«' | '»' => sign::QUOTE,
        '(' | '[' => sign::OPEN,
        ')' | ']' => sign::CLOSE,
        '<' | '>' => sign::MARKUP,
        '|' => sign::BAR,
        '=' | '{' | '}' | '$' | '`' | '\\' | '%' | '+' | '*' | '^' | '~' => sign::CODE,
        _ => sign::OTHER,
    }
}

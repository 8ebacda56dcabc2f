use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// The longest word an event may hold, in bytes.
///
/// Long enough for every model name and id in use, too short to carry a prompt.
pub const MAX_WORD_BYTES: usize = 128;

/// An identifier: of a request, a key, a backend, a model, a reason.
///
/// 1 to [`MAX_WORD_BYTES`] of `A-Z a-z 0-9` and `. _ : / @ + - = ~ #`. Text from clients and backends
/// enters events through this type alone: it has no room for sentences, and nothing a terminal or a
/// spreadsheet would act on.
#[derive(Debug, Clone)]
pub struct Ident(Text);

/// Words of Weir's own are constants, all others shared.
#[derive(Debug, Clone)]
enum Text {
    Fixed(&'static str),
    Shared(Arc<str>),
}

impl Ident {
    /// Makes an identifier of a constant word, without making a copy; anything that is none becomes `_`.
    #[must_use]
    pub const fn fixed(word: &'static str) -> Self {
        Self(Text::Fixed(if is_ident(word) { word } else { "_" }))
    }

    /// Makes an identifier of a text that may already be shared, and is then shared once more.
    #[must_use]
    pub fn of(text: &Arc<str>) -> Self {
        if is_ident(text) { Self(Text::Shared(text.clone())) } else { Self::new(text) }
    }

    /// Makes an identifier of any text: other characters become `_`, what is too long is cut, and
    /// nothing at all becomes `_`.
    ///
    /// Total, so that an odd name never keeps an event from being written.
    #[must_use]
    pub fn new(text: &str) -> Self {
        if is_ident(text) {
            return Self(Text::Shared(text.into()));
        }
        let mut kept: String =
            text.chars().take(MAX_WORD_BYTES).map(|c| if is_ident_char(c) { c } else { '_' }).collect();
        if kept.is_empty() {
            kept.push('_');
        }
        Self(Text::Shared(kept.into()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Text::Fixed(text) => text,
            Text::Shared(text) => text,
        }
    }
}

/// A name the operator gave: of a rule, a tenant, a node.
///
/// 1 to [`MAX_WORD_BYTES`] bytes of any text without control characters, line separators and
/// direction marks, so that a name cannot forge a line of a listing.
#[derive(Debug, Clone)]
pub struct Name(Arc<str>);

impl Name {
    /// Makes a name of a text that may already be shared, and is then shared once more.
    #[must_use]
    pub fn of(text: &Arc<str>) -> Self {
        if is_name(text) { Self(text.clone()) } else { Self::new(text) }
    }

    /// Makes a name of any text: forbidden characters become `_`, what is too long is cut at a
    /// character, and nothing at all becomes `_`.
    #[must_use]
    pub fn new(text: &str) -> Self {
        if is_name(text) {
            return Self(text.into());
        }
        let mut kept = String::new();
        for c in text.chars().map(|c| if is_name_char(c) { c } else { '_' }) {
            if kept.len() + c.len_utf8() > MAX_WORD_BYTES {
                break;
            }
            kept.push(c);
        }
        if kept.is_empty() {
            kept.push('_');
        }
        Self(kept.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

const fn is_ident(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut rest = bytes;
    while let [byte, others @ ..] = rest {
        if !is_ident_byte(*byte) {
            return false;
        }
        rest = others;
    }
    !bytes.is_empty() && bytes.len() <= MAX_WORD_BYTES
}

fn is_ident_char(c: char) -> bool {
    u8::try_from(c).is_ok_and(is_ident_byte)
}

/// For each byte, whether an identifier may hold it.
const IDENT_BYTES: [bool; 256] = {
    let mut set = [false; 256];
    let mut rest: &mut [bool] = &mut set;
    let mut byte = 0;
    while let [first, others @ ..] = rest {
        *first = is_listed(byte);
        byte = byte.wrapping_add(1);
        rest = others;
    }
    set
};

#[expect(clippy::indexing_slicing, reason = "there is an entry for each byte")]
const fn is_ident_byte(byte: u8) -> bool {
    IDENT_BYTES[byte as usize]
}

const fn is_listed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'.' | b'_' | b':' | b'/' | b'@' | b'+' | b'-' | b'=' | b'~' | b'#')
}

fn is_name(text: &str) -> bool {
    let is_plain = |b: u8| (0x20..0x7f).contains(&b);
    (1..=MAX_WORD_BYTES).contains(&text.len())
        && (text.bytes().all(is_plain) || text.chars().all(is_name_char))
}

fn is_name_char(c: char) -> bool {
    // Zero-width and direction marks, line and paragraph separators, byte order mark.
    let invisible =
        matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    !c.is_control() && !invisible
}

macro_rules! word {
    ($word:ident, $is_valid:ident) => {
        impl fmt::Display for $word {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl From<&str> for $word {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }

        impl Borrow<str> for $word {
            fn borrow(&self) -> &str {
                self.as_str()
            }
        }

        impl PartialEq for $word {
            fn eq(&self, other: &Self) -> bool {
                self.as_str() == other.as_str()
            }
        }

        impl Eq for $word {}

        impl PartialOrd for $word {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl Ord for $word {
            fn cmp(&self, other: &Self) -> Ordering {
                self.as_str().cmp(other.as_str())
            }
        }

        impl Hash for $word {
            fn hash<H: Hasher>(&self, state: &mut H) {
                self.as_str().hash(state);
            }
        }

        impl Serialize for $word {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $word {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                if $is_valid(&text) {
                    Ok(Self::new(&text))
                } else {
                    Err(D::Error::custom(concat!("text that is no ", stringify!($word))))
                }
            }
        }
    };
}

word!(Ident, is_ident);
word!(Name, is_name);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_prompt_given_as_a_model_name_loses_its_spaces_and_its_end() {
        let alias = Ident::new(&"my number is 555\u{202e}\n".repeat(40));
        assert_eq!(alias.as_str().len(), MAX_WORD_BYTES);
        assert!(alias.as_str().starts_with("my_number_is_555__my_"));
    }

    #[test]
    fn a_rule_name_keeps_its_spaces_and_letters() {
        assert_eq!(Name::new("Persönliches bleibt hier").as_str(), "Persönliches bleibt hier");
        assert_eq!(Name::new("a\nb\u{200b}c").as_str(), "a_b_c");
    }

    proptest! {
        #[test]
        fn every_text_gives_a_word_that_can_be_read_back(text in any::<String>()) {
            let ident = Ident::new(&text);
            let name = Name::new(&text);
            prop_assert!(is_ident(ident.as_str()) && is_name(name.as_str()));
            let json = serde_json::to_string(&(&ident, &name)).unwrap();
            prop_assert_eq!(serde_json::from_str::<(Ident, Name)>(&json).unwrap(), (ident, name));
        }
    }
}

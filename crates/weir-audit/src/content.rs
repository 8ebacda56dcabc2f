//! The public key that content is captured for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;
use std::str::FromStr;

/// A public X25519 key in its notation: `weir-content-key+` and its 32 bytes in base64.
///
/// Who holds it can encrypt and not read. The format of what is encrypted is in `docs/formats/content.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContentKey([u8; CONTENT_KEY_BYTES]);

/// Length of a key.
pub const CONTENT_KEY_BYTES: usize = 32;

/// The text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not `{PREFIX}` and 32 bytes in base64")]
pub struct InvalidContentKey;

const PREFIX: &str = "weir-content-key+";

impl ContentKey {
    /// The key of these bytes.
    ///
    /// # Errors
    /// [`InvalidContentKey`] for zeros, which are nobody's key.
    pub fn new(bytes: [u8; CONTENT_KEY_BYTES]) -> Result<Self, InvalidContentKey> {
        if bytes == [0; CONTENT_KEY_BYTES] { Err(InvalidContentKey) } else { Ok(Self(bytes)) }
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; CONTENT_KEY_BYTES] {
        &self.0
    }
}

impl fmt::Display for ContentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", STANDARD.encode(self.0))
    }
}

impl FromStr for ContentKey {
    type Err = InvalidContentKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = text.strip_prefix(PREFIX).and_then(|key| STANDARD.decode(key).ok());
        let bytes = bytes.and_then(|bytes| bytes.try_into().ok()).ok_or(InvalidContentKey)?;
        Self::new(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_is_written_and_nothing_else_is() {
        let key = ContentKey::new([7; 32]).unwrap();
        assert_eq!(key.to_string().parse(), Ok(key));
        let text = key.to_string();
        for wrong in ["", PREFIX, &text[1..], &text[..text.len() - 4], &format!("{text}AAAA")] {
            assert_eq!(wrong.parse::<ContentKey>(), Err(InvalidContentKey), "{wrong}");
        }
        assert_eq!(
            format!("{PREFIX}{}", STANDARD.encode([0; 32])).parse::<ContentKey>(),
            Err(InvalidContentKey)
        );
    }
}

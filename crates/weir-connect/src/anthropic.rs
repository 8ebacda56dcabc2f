//! Anthropic's own headers: the version of the dialect and the features that a client asks for.

use http::{HeaderMap, HeaderName, HeaderValue};

pub(crate) const VERSION: HeaderName = HeaderName::from_static("anthropic-version");
pub(crate) const DEFAULT_VERSION: &str = "2023-06-01";
const BETA: HeaderName = HeaderName::from_static("anthropic-beta");

/// The versions that there are: what every request may say says nothing.
const USUAL: [&str; 2] = [DEFAULT_VERSION, "2026-10-21"];

/// More features than any client asks for.
const FEATURES_MAX: usize = 64;
/// The longest name of a version or a feature.
const WORD_BYTES_MAX: usize = 64;

/// The version and the features that a client named, read from its headers and written anew.
///
/// They are words of letters, digits, `-`, `_` and `.`: nothing else of a client's headers gets through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Anthropic {
    version: Option<HeaderValue>,
    beta: Option<HeaderValue>,
}

impl Anthropic {
    /// Reads the values of `anthropic-version` and of all `anthropic-beta` headers. What is no such word is
    /// left out.
    pub fn read<'h>(version: Option<&str>, beta: impl IntoIterator<Item = &'h str>) -> Self {
        let words = beta.into_iter().flat_map(|value| value.split(',')).map(str::trim);
        let words: Vec<&str> = words.filter(|word| is_word(word)).take(FEATURES_MAX).collect();
        let beta = (!words.is_empty()).then(|| words.join(","));
        Self {
            version: version.filter(|version| is_word(version)).and_then(value),
            beta: beta.as_deref().and_then(value),
        }
    }

    /// All words in it, so that they can be inspected with the request that they go with.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        let texts = [&self.version, &self.beta].into_iter().flatten().filter_map(|value| value.to_str().ok());
        texts.flat_map(|text| text.split(',')).filter(|word| !USUAL.contains(word))
    }

    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        for (name, value) in [(VERSION, &self.version), (BETA, &self.beta)] {
            if let Some(value) = value {
                headers.insert(name, value.clone());
            }
        }
    }
}

fn value(text: &str) -> Option<HeaderValue> {
    HeaderValue::try_from(text).ok()
}

fn is_word(text: &str) -> bool {
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (1..=WORD_BYTES_MAX).contains(&text.len()) && text.bytes().all(is_good)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_words_get_through() {
        let read = Anthropic::read(Some("2026-10-21"), ["a-1, b_2.x", "c d,,é,\u{7f}", "e"]);
        let mut headers = HeaderMap::new();
        read.write(&mut headers);
        assert_eq!(headers.get(BETA).unwrap(), "a-1,b_2.x,e");
        assert_eq!(headers.get(VERSION).unwrap(), "2026-10-21");
        assert_eq!(read.words().collect::<Vec<_>>(), ["a-1", "b_2.x", "e"]);
        assert_eq!(Anthropic::read(Some("1984-05-06"), []).words().collect::<Vec<_>>(), ["1984-05-06"]);
        assert_eq!(Anthropic::read(Some("x\r\ny: z"), []), Anthropic::default());
    }
}

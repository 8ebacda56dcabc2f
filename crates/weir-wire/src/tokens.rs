//! How many tokens a text is, about, without the vocabulary of any model.
//!
//! [`Estimator`] walks over the bytes once, as a state machine whose states are classes of characters and how
//! many of a class stand in a row; each step adds its weight. [`Correction`] learns from what a backend
//! reports by how much its tokenizer differs.

mod correction;
mod table;

pub use correction::Correction;

/// The tokens of a text, about: see [`Estimator`].
#[must_use]
pub fn estimate(text: &str) -> u64 {
    let mut estimator = Estimator::default();
    estimator.push(text);
    estimator.tokens()
}

/// Counts the tokens of texts, about.
///
/// Within a tenth of what `o200k_base` counts for prose of a page in most European languages, code and JSON;
/// within half for single sentences, some other scripts and random characters. Texts are taken as if each stood
/// for itself; how they are cut into pieces changes the number a little.
#[derive(Debug, Clone, Copy, Default)]
pub struct Estimator {
    /// In 256ths of a token.
    weight: u64,
    /// Texts that are not empty: each is a token at least.
    texts: u64,
}

impl Estimator {
    /// Adds a text. Bytes that are written as one are none: what they are of has tokens of its own.
    pub fn push(&mut self, text: &str) {
        if is_bytes(text) {
            self.weight = self.weight.saturating_add(ATTACHMENT_TOKENS * table::TOKEN);
        } else if !text.is_empty() {
            self.weight = self.weight.saturating_add(table::weigh(text.as_bytes()));
            self.texts += 1;
        }
    }

    /// Adds a text of which the tokens are counted; bytes are none of it either.
    pub fn push_counted(&mut self, text: &str, count: &dyn Fn(&str) -> u64) {
        if is_bytes(text) {
            self.push(text);
        } else {
            self.weight = self.weight.saturating_add(count(text).saturating_mul(table::TOKEN));
        }
    }

    /// The tokens so far.
    #[must_use]
    pub fn tokens(&self) -> u64 {
        (self.weight / table::TOKEN).max(self.texts)
    }
}

/// What a picture, or another file, is to a model, about.
const ATTACHMENT_TOKENS: u64 = 1_000;
/// So many characters of base64 in a row are no word.
const BYTES_MIN: usize = 512;

/// Whether a text is bytes in base64, as a data URL or not.
fn is_bytes(text: &str) -> bool {
    if text.len() < BYTES_MIN {
        return false;
    }
    let is_url = text.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"));
    let data = if is_url { text.split_once(',').map_or(text, |(_, data)| data) } else { text };
    let head = data.as_bytes().iter().take(BYTES_MIN / 2);
    head.into_iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/=_-".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Texts, and what `o200k_base` counts for each.
    const COUNTED: [(u64, &str); 8] = [
        (
            21,
            "The quick brown fox jumps over the lazy dog, while the committee postponed its decision until the next quarter.",
        ),
        (
            27,
            "Der Aufsichtsrat hat in seiner gestrigen Sitzung beschlossen, die Entscheidung über den Haushalt auf das nächste Quartal zu verschieben.",
        ),
        (18, "Совет директоров решил отложить решение о бюджете до следующего квартала."),
        (16, "董事会昨天的会议决定把预算的决定推迟到下一季度。"),
        (31, "取締役会は昨日の会議で、予算の決定を次の四半期まで延期することを決めました。"),
        (17, "قرر مجلس الإدارة في اجتماع أمس تأجيل القرار بشأن الميزانية إلى الربع القادم."),
        (
            51,
            "fn fitted(id: &str) -> Cow<'_, str> {\n    let fits = |byte: u8| byte.is_ascii_alphanumeric();\n    if id.bytes().all(fits) {\n        return Cow::Borrowed(id);\n    }\n}",
        ),
        (
            44,
            "[{\"id\": 17, \"name\": \"alpha\", \"values\": [1.50, 2, 3]}, {\"id\": 18, \"name\": \"beta\", \"values\": []}]",
        ),
    ];

    #[test]
    fn estimates_of_single_sentences_are_within_half() {
        for (counted, text) in COUNTED {
            let estimated = estimate(text);
            assert!(estimated.abs_diff(counted) * 2 <= counted, "{estimated} for {counted}: {text}");
        }
    }

    #[test]
    fn estimates_of_all_of_them_together_are_within_a_tenth() {
        let (counted, estimated) =
            COUNTED.iter().fold((0, 0), |(c, e), (n, text)| (c + n, e + estimate(text)));
        assert!(estimated.abs_diff(counted) * 10 <= counted, "{estimated} for {counted}");
    }

    #[test]
    fn a_text_is_a_token_and_nothing_is_none() {
        assert_eq!((estimate(""), estimate("a"), estimate("\u{0}")), (0, 1, 1));
    }

    #[test]
    fn a_picture_is_no_text_however_long_its_bytes_are() {
        let bytes = "iVBORw0KGgo".repeat(100_000);
        let of = |text: &str| estimate(text);
        assert_eq!(of(&bytes), ATTACHMENT_TOKENS);
        assert_eq!(of(&format!("data:image/png;base64,{bytes}")), ATTACHMENT_TOKENS);
        assert!(of(&format!("Look at this: {bytes}")) > ATTACHMENT_TOKENS);
        assert!(of(&"word ".repeat(2_000)) > 1_500);
    }

    proptest! {
        #[test]
        fn more_text_is_never_fewer_tokens(before in ".{0,200}", after in ".{0,200}") {
            let whole = [before.as_str(), after.as_str()].concat();
            prop_assert!(estimate(&whole) >= estimate(&before));
        }

        #[test]
        fn no_text_has_more_tokens_than_it_has_bytes_twice(text in any::<String>()) {
            prop_assert!(estimate(&text) <= 2 * text.len() as u64);
        }
    }
}

//! A text for an encoder inside the network, and the vector that it answers with: OpenAI's `POST /embeddings`.

use crate::json::{Json, Limits, ObjectWriter, parse, write_string};
use crate::{Destination, Encode};
use std::fmt;

/// The longest vectors that are read.
const NUMBERS_MAX: usize = 8192;

/// A text to be made a vector of.
pub struct Embed {
    /// The text.
    pub text: String,
}

/// User text: only its size is shown.
impl fmt::Debug for Embed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Embed({} bytes)", self.text.len())
    }
}

impl Encode for Embed {
    fn encode(&self, to: &Destination<'_>, out: &mut Vec<u8>) {
        let mut writer = ObjectWriter::new(out);
        write_string(to.model, writer.member("model"));
        let input = writer.member("input");
        input.push(b'[');
        write_string(&self.text, input);
        input.push(b']');
        writer.member("encoding_format").extend_from_slice(b"\"float\"");
        writer.end();
    }
}

impl Embed {
    /// The vector of an answer to one text. `None` for anything but one vector of finite numbers.
    #[must_use]
    pub fn read(answer: &[u8]) -> Option<Vec<f32>> {
        let answer = parse(answer, Limits::default()).ok()?;
        let [one] = answer.as_object()?.get("data")?.as_array()? else { return None };
        let numbers = one.as_object()?.get("embedding")?.as_array()?;
        if numbers.is_empty() || numbers.len() > NUMBERS_MAX {
            return None;
        }
        let number = |json: &Json<'_>| {
            let Json::Number(text) = json else { return None };
            text.parse::<f32>().ok().filter(|number| number.is_finite())
        };
        numbers.iter().map(number).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Card;
    use crate::dialect::BackendDialect;

    #[test]
    fn a_text_is_asked_about_alone_and_as_it_is() {
        let to = Destination {
            model: "e5-small",
            outside: false,
            card: Card::UNKNOWN,
            backend: "encoder",
            dialect: BackendDialect::ChatCompletions,
        };
        let mut body = Vec::new();
        Embed { text: "query: \"so\"\n".to_owned() }.encode(&to, &mut body);
        let body = String::from_utf8(body).unwrap();
        assert_eq!(body, r#"{"model":"e5-small","input":["query: \"so\"\n"],"encoding_format":"float"}"#);
        assert_eq!(format!("{:?}", Embed { text: "secret".to_owned() }), "Embed(6 bytes)");
    }

    #[test]
    fn one_vector_of_numbers_is_an_answer_and_nothing_else_is() {
        let answer = r#"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.5,-1,2e-3]}],
            "model":"e5-small","usage":{"prompt_tokens":3,"total_tokens":3}}"#;
        assert_eq!(Embed::read(answer.as_bytes()), Some(vec![0.5, -1.0, 0.002]));
        let two = answer.replace("}],", "},{\"embedding\":[1]}],");
        for no_answer in [
            "",
            "[]",
            "{}",
            r#"{"data":[]}"#,
            r#"{"data":[{"embedding":[]}]}"#,
            r#"{"data":[{"embedding":["1"]}]}"#,
            r#"{"data":[{"embedding":[1e99]}]}"#,
            r#"{"data":[{"embedding":"AACAPw=="}]}"#,
            &two,
        ] {
            assert_eq!(Embed::read(no_answer.as_bytes()), None, "{no_answer}");
        }
    }
}

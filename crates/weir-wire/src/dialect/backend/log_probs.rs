//! Probabilities of tokens in OpenAI's form, which clients have.

use crate::json::{ArrayWriter, Json, ObjectWriter, write_string};

/// One token, and how probable it was.
pub(super) struct Token<'t> {
    pub(super) text: &'t str,
    /// The logarithm. What leaves it out means 0.
    pub(super) log_prob: Option<&'t Json<'t>>,
    /// Its bytes; where they are not told, those of the text.
    pub(super) bytes: Option<&'t Json<'t>>,
}

/// The text of OpenAI's `logprobs` object: of each token itself, and what might have stood in its place.
pub(super) fn written<'t, A>(tokens: impl Iterator<Item = (Token<'t>, A)>) -> String
where
    A: Iterator<Item = Token<'t>>,
{
    let mut out = Vec::new();
    let mut object = ObjectWriter::new(&mut out);
    let mut content = ArrayWriter::new(object.member("content"));
    for (token, alternatives) in tokens {
        let mut one = ObjectWriter::new(content.item());
        write(&token, &mut one);
        let mut top = ArrayWriter::new(one.member("top_logprobs"));
        for alternative in alternatives {
            let mut one = ObjectWriter::new(top.item());
            write(&alternative, &mut one);
            one.end();
        }
        top.end();
        one.end();
    }
    content.end();
    object.member("refusal").extend_from_slice(b"null");
    object.end();
    String::from_utf8(out).unwrap_or_default()
}

fn write(token: &Token<'_>, out: &mut ObjectWriter<'_>) {
    write_string(token.text, out.member("token"));
    match token.log_prob {
        Some(Json::Number(number)) => out.member("logprob").extend_from_slice(number.as_bytes()),
        _ => out.member("logprob").push(b'0'),
    }
    if let Some(bytes @ Json::Array(_)) = token.bytes {
        return bytes.write(out.member("bytes"));
    }
    let mut bytes = ArrayWriter::new(out.member("bytes"));
    token.text.bytes().for_each(|byte| bytes.item().extend_from_slice(byte.to_string().as_bytes()));
    bytes.end();
}

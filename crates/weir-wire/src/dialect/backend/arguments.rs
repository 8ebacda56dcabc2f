//! The arguments of a call, where a dialect wants an object and the client's has text that a model wrote.

use crate::canonical::ToolKind;
use crate::dialect::custom;
use crate::json::{Json, Limits, ObjectWriter, parse, write_string};
use std::borrow::Cow;

/// The arguments of a call of a tool of this kind, as those of a function.
pub(super) fn of(kind: ToolKind, arguments: &str) -> Cow<'_, str> {
    match kind {
        ToolKind::Function => Cow::Borrowed(arguments),
        ToolKind::Custom => Cow::Owned(custom::wrap(arguments)),
    }
}

/// Appends the arguments as a JSON object. Empty ones are `{}`; what is no object, as models err, becomes the
/// object's only member, so that the model still sees what it wrote.
pub(super) fn write(arguments: &str, out: &mut Vec<u8>) {
    if arguments.trim().is_empty() {
        return out.extend_from_slice(b"{}");
    }
    match parse(arguments.as_bytes(), Limits::default()) {
        Ok(Json::Object(object)) => object.write(out),
        Ok(_) | Err(_) => {
            let mut object = ObjectWriter::new(out);
            write_string(arguments, object.member("invalid_arguments"));
            object.end();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(arguments: &str) -> String {
        let mut out = Vec::new();
        write(arguments, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn arguments_are_an_object_whatever_the_model_wrote() {
        assert_eq!(
            written(r#"{"b": 1.50, "a": [9007199254740993]}"#),
            r#"{"b":1.50,"a":[9007199254740993]}"#
        );
        assert_eq!(written(" "), "{}");
        assert_eq!(written("{\"a\":"), r#"{"invalid_arguments":"{\"a\":"}"#);
        assert_eq!(written("[1]"), r#"{"invalid_arguments":"[1]"}"#);
    }
}

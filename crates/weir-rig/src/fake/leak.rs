use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// The form in which a canary was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As it is.
    Raw,
    /// As JSON writes it.
    Json,
    /// As JSON writes it with every character beyond ASCII escaped.
    JsonAscii,
    /// In base64 of either alphabet, at any offset.
    Base64,
    /// Percent-encoded.
    Url,
    /// In hexadecimal, lower case.
    Hex,
}

/// The byte strings that would show that `canary` came through.
pub(super) fn forms(canary: &str) -> Vec<(Form, Vec<u8>)> {
    let mut all = vec![
        (Form::Raw, canary.as_bytes().to_vec()),
        (Form::Json, json(canary)),
        (Form::JsonAscii, json_ascii(canary)),
        (Form::Url, url(canary)),
        (Form::Hex, hex(canary)),
    ];
    all.extend((0..3).flat_map(|offset| base64_at(canary, offset)).map(|bytes| (Form::Base64, bytes)));
    all.retain(|(_, bytes)| !bytes.is_empty());
    all
}

fn json(canary: &str) -> Vec<u8> {
    let quoted = serde_json::Value::from(canary).to_string();
    quoted.as_bytes().get(1..quoted.len() - 1).unwrap_or_default().to_vec()
}

fn json_ascii(canary: &str) -> Vec<u8> {
    let mut units = [0; 2];
    let escape = |c: char| match c {
        ' '..='~' => c.to_string(),
        _ => c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
    };
    canary.chars().map(escape).collect::<String>().into_bytes()
}

fn url(canary: &str) -> Vec<u8> {
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    canary.bytes().map(encode).collect::<String>().into_bytes()
}

fn hex(canary: &str) -> Vec<u8> {
    canary.bytes().map(|byte| format!("{byte:02x}")).collect::<String>().into_bytes()
}

/// The base64 characters that depend on the canary alone when it starts `offset` bytes into a group of
/// three: those at the edges, mixed with its neighbours, are left out.
fn base64_at(canary: &str, offset: usize) -> [Vec<u8>; 2] {
    let padded = [vec![0; offset], canary.as_bytes().to_vec()].concat();
    let first = (offset * 8).div_ceil(6);
    let last = padded.len() * 8 / 6;
    [STANDARD_NO_PAD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)]
        .map(|text| text.as_bytes().get(first..last).unwrap_or_default().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(canary: &str, sent: &str) -> Option<Form> {
        let occurs = |needle: &[u8]| sent.as_bytes().windows(needle.len()).any(|window| window == needle);
        forms(canary).into_iter().find(|(_, bytes)| occurs(bytes)).map(|(form, _)| form)
    }

    #[test]
    fn a_canary_is_found_in_every_form() {
        let canary = "kanarie-é \\ 7f3a";
        assert_eq!(found(canary, "x kanarie-é \\ 7f3a x"), Some(Form::Raw));
        assert_eq!(found(canary, r"x kanarie-é \\ 7f3a x"), Some(Form::Json));
        assert_eq!(found("kanarie-é", r"kanarie-\u00e9"), Some(Form::JsonAscii));
        assert_eq!(found("kanarie-é", "kanarie-%C3%A9"), Some(Form::Url));
        assert_eq!(found("kanarie", "6b616e61726965"), Some(Form::Hex));
        assert_eq!(found("kanarie", "anything else"), None);
    }

    #[test]
    fn a_canary_is_found_in_base64_at_every_offset() {
        for before in ["", "a", "ab", "abc"] {
            let text = format!("{before}kanarie-7f3a-and-more");
            assert_eq!(found("kanarie-7f3a", &STANDARD_NO_PAD.encode(text)), Some(Form::Base64));
        }
    }
}

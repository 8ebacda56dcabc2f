use super::{Json, Object};
use std::io::Write as _;

impl Json<'_> {
    /// Appends the value as compact JSON: numbers as they were written, keys in their order.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Json::Null => out.extend_from_slice(b"null"),
            Json::Bool(true) => out.extend_from_slice(b"true"),
            Json::Bool(false) => out.extend_from_slice(b"false"),
            Json::Number(text) => out.extend_from_slice(text.as_bytes()),
            Json::String(text) => write_string(text, out),
            Json::Array(items) => write_array(items, out),
            Json::Object(object) => object.write(out),
        }
    }

    /// The value as compact JSON.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }
}

impl Object<'_> {
    /// Appends the object as compact JSON.
    pub fn write(&self, out: &mut Vec<u8>) {
        let mut writer = ObjectWriter::new(out);
        for (key, value) in self.iter() {
            value.write(writer.member(key));
        }
        writer.end();
    }
}

/// Writes an object member by member.
pub(crate) struct ObjectWriter<'o> {
    out: &'o mut Vec<u8>,
    first: bool,
}

impl<'o> ObjectWriter<'o> {
    pub(crate) fn new(out: &'o mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, first: true }
    }

    /// Begins a member; its value is written to what this returns.
    pub(crate) fn member(&mut self, key: &str) -> &mut Vec<u8> {
        if !std::mem::take(&mut self.first) {
            self.out.push(b',');
        }
        write_string(key, self.out);
        self.out.push(b':');
        self.out
    }

    /// A member that is a string.
    pub(crate) fn text(&mut self, key: &str, text: &str) {
        write_string(text, self.member(key));
    }

    /// A member that is a string, if there is one.
    pub(crate) fn text_if(&mut self, key: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(key, text);
        }
    }

    /// A member that is JSON already: a number as it was written, or a whole value.
    pub(crate) fn raw(&mut self, key: &str, json: &str) {
        self.member(key).extend_from_slice(json.as_bytes());
    }

    /// The same, if there is one.
    pub(crate) fn raw_if(&mut self, key: &str, json: Option<&str>) {
        if let Some(json) = json {
            self.raw(key, json);
        }
    }

    /// A member that is a whole number.
    pub(crate) fn number(&mut self, key: &str, number: u64) {
        // Writing to a `Vec` cannot fail.
        let written = write!(self.member(key), "{number}");
        debug_assert!(written.is_ok());
    }

    /// A member that is a truth value.
    pub(crate) fn truth(&mut self, key: &str, value: bool) {
        self.raw(key, if value { "true" } else { "false" });
    }

    /// A member that is `null`.
    pub(crate) fn null(&mut self, key: &str) {
        self.raw(key, "null");
    }

    /// A member that is a value as it was read.
    pub(crate) fn json(&mut self, key: &str, value: &Json) {
        value.write(self.member(key));
    }

    /// A member that is an object.
    pub(crate) fn object(&mut self, key: &str, fill: impl FnOnce(&mut ObjectWriter<'_>)) {
        write_object(self.member(key), fill);
    }

    /// A member that is an array.
    pub(crate) fn array(&mut self, key: &str, fill: impl FnOnce(&mut ArrayWriter<'_>)) {
        let mut array = ArrayWriter::new(self.member(key));
        fill(&mut array);
        array.end();
    }

    pub(crate) fn end(self) {
        self.out.push(b'}');
    }
}

/// Appends an object.
pub(crate) fn write_object(out: &mut Vec<u8>, fill: impl FnOnce(&mut ObjectWriter<'_>)) {
    let mut object = ObjectWriter::new(out);
    fill(&mut object);
    object.end();
}

/// Writes an array item by item.
pub(crate) struct ArrayWriter<'o> {
    out: &'o mut Vec<u8>,
    first: bool,
}

impl<'o> ArrayWriter<'o> {
    pub(crate) fn new(out: &'o mut Vec<u8>) -> Self {
        out.push(b'[');
        Self { out, first: true }
    }

    /// Begins an item; its value is written to what this returns.
    pub(crate) fn item(&mut self) -> &mut Vec<u8> {
        if !std::mem::take(&mut self.first) {
            self.out.push(b',');
        }
        self.out
    }

    /// An item that is a string.
    pub(crate) fn text(&mut self, text: &str) {
        write_string(text, self.item());
    }

    /// An item that is JSON already.
    pub(crate) fn raw(&mut self, json: &str) {
        self.item().extend_from_slice(json.as_bytes());
    }

    /// An item that is an object.
    pub(crate) fn object(&mut self, fill: impl FnOnce(&mut ObjectWriter<'_>)) {
        write_object(self.item(), fill);
    }

    pub(crate) fn end(self) {
        self.out.push(b']');
    }
}

fn write_array(items: &[Json], out: &mut Vec<u8>) {
    out.push(b'[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        item.write(out);
    }
    out.push(b']');
}

/// Appends a JSON string, escaped and quoted.
pub(crate) fn write_string(text: &str, out: &mut Vec<u8>) {
    // Without an early end the loop looks at many bytes at once.
    if text.bytes().fold(false, |found, b| found | (b < 0x20) | (b == b'"') | (b == b'\\')) {
        // Writing to a `Vec` cannot fail, and a `str` is always representable.
        let written = serde_json::to_writer(&mut *out, text);
        debug_assert!(written.is_ok());
        return;
    }
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

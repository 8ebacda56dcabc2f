use super::{Json, Object};

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

    pub(crate) fn end(self) {
        self.out.push(b'}');
    }
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

    /// Begins an item; it is written to what this returns.
    pub(crate) fn item(&mut self) -> &mut Vec<u8> {
        if !std::mem::take(&mut self.first) {
            self.out.push(b',');
        }
        self.out
    }

    pub(crate) fn end(self) {
        self.out.push(b']');
    }
}

fn write_array(items: &[Json], out: &mut Vec<u8>) {
    let mut writer = ArrayWriter::new(out);
    for item in items {
        item.write(writer.item());
    }
    writer.end();
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

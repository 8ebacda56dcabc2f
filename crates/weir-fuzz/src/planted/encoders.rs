//! Ways to write a text that views undo.

use std::fmt::Write as _;

/// Writes a text in another way.
pub(super) type Encoder = fn(&str) -> String;

/// One for each view, and more for those with several notations.
pub(super) const ENCODERS: [Encoder; 26] = [
    str::to_owned,
    |text| base64(text.as_bytes(), *b"+/", "="),
    |text| base64(text.as_bytes(), *b"-_", ""),
    |text| base64(&gzip(text.as_bytes()), *b"+/", "="),
    |text| base64(&zlib(text.as_bytes()), *b"+/", "="),
    |text| each_byte(text, |b| format!("{b:02x}")),
    |text| format!("0x{}", each_byte(text, |b| format!("{b:02x}"))),
    |text| each_byte(text, |b| format!("{b:02X} ")),
    |text| each_byte(text, |b| format!("%{b:02X}")),
    |text| each_byte(text, |b| format!("&#{b};")),
    |text| each_byte(text, |b| format!("&#x{b:x};")),
    |text| each_byte(text, |b| format!("\\x{b:02x}")),
    |text| each_byte(text, |b| format!("\\{b:03o}")),
    |text| each_byte(text, |b| format!("\\u{b:04x}")),
    |text| each_byte(text, |b| format!("={b:02X}")),
    |text| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
    |text| middle(text, "=\r\n"),
    |text| middle(text, "</b><i></i><b>"),
    |text| middle(text, "**"),
    |text| each_char(text, |c| format!("{c}\u{200b}")),
    |text| each_char(text, |c| format!("{c}\u{336}")),
    |text| each_char(text, wide),
    |text| each_char(text, |c| format!("{c} ")),
    |text| text.chars().rev().collect(),
    |text| each_char(text, rot13),
    |text| text.replace('@', " at ").replace('.', " dot "),
];

fn each_byte(text: &str, write: impl Fn(u8) -> String) -> String {
    text.bytes().map(write).collect()
}

fn each_char(text: &str, write: impl Fn(char) -> String) -> String {
    text.chars().map(write).collect()
}

fn middle(text: &str, between: &str) -> String {
    let half = text.chars().count() / 2;
    let mut written: String = text.chars().take(half).collect();
    let _ = write!(written, "{between}{}", text.chars().skip(half).collect::<String>());
    written
}

fn wide(c: char) -> String {
    let graphic = Some(c).filter(char::is_ascii_graphic);
    graphic.and_then(|c| char::from_u32(u32::from(c) + 0xFEE0)).unwrap_or(c).to_string()
}

fn rot13(c: char) -> String {
    let turned = |base: u8| char::from(base + (u8::try_from(c).unwrap_or(base) - base + 13) % 26);
    match c {
        'a'..='z' => turned(b'a'),
        'A'..='Z' => turned(b'A'),
        _ => c,
    }
    .to_string()
}

/// Source: RFC 4648, sections 4 and 5.
fn base64(bytes: &[u8], last_two: [u8; 2], pad: &str) -> String {
    let alphabet: Vec<u8> = (b'A'..=b'Z').chain(b'a'..=b'z').chain(b'0'..=b'9').chain(last_two).collect();
    let mut written = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, b| bits << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
        let sextet = |at: usize| alphabet.get((bits >> (18 - 6 * at) & 63) as usize).copied();
        written.extend((0..=chunk.len()).filter_map(sextet).map(char::from));
        written.push_str(&pad.repeat(3 - chunk.len()));
    }
    written
}

/// One stored block. Source: RFC 1952, section 2.3.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut file = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    stored(bytes, &mut file);
    file.extend(crc32(bytes).to_le_bytes());
    file.extend(length(bytes).to_le_bytes());
    file
}

/// One stored block. Source: RFC 1950, section 2.2.
fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut file = vec![0x78, 0x01];
    stored(bytes, &mut file);
    let (low, high) = bytes.iter().fold((1_u32, 0_u32), |(low, high), b| {
        let low = (low + u32::from(*b)) % 65_521;
        (low, (high + low) % 65_521)
    });
    file.extend((high << 16 | low).to_be_bytes());
    file
}

/// Source: RFC 1951, section 3.2.4. Nothing that is encoded here is longer than one block.
fn stored(bytes: &[u8], file: &mut Vec<u8>) {
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    file.push(1);
    file.extend(length.to_le_bytes());
    file.extend((!length).to_le_bytes());
    file.extend(bytes);
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

/// Source: RFC 1952, section 8.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_values_are_those_of_the_standards() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(zlib(b"Wikipedia")[2 + 5 + 9..], 0x11e6_0398_u32.to_be_bytes());
        assert_eq!(base64(b"any carnal pleas", *b"+/", "="), "YW55IGNhcm5hbCBwbGVhcw==");
    }
}

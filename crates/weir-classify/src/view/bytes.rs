//! Bytes that came of an encoding and are no text: whether they can hide something, and what can be read in them.

/// More bytes than a key, a hash or a signature has must be something, if they are no text.
const BINARY_BYTES_MIN: usize = 1024;
/// What begins as a known format and has more bytes than this holds something.
pub(super) const FORMAT_BYTES_MIN: usize = 64;
/// Of fewer bytes that are no text nothing is read: most are hashes and names.
pub(super) const READABLE_BYTES_MIN: usize = 48;
/// A stretch of readable bytes has so many at least.
const STRETCH_MIN: usize = 4;
/// Random bytes seldom have a stretch of so many, nor one of so many beside others that make half of them.
const LONG: usize = 16;
const LONG_AMONG_OTHERS: usize = 8;

/// What files of a format begin with that are not read here: pictures, documents, archives, sound, databases, programs.
///
/// Sources: ISO 15948 (PNG), ISO 10918-5 (JFIF), the GIF89a and TIFF 6.0 specifications, ISO 32000 (PDF), PKWARE's
/// APPNOTE, MS-CFB (Office before 2007), the SQLite file format, RFC 8878 (Zstandard), and the manuals of 7-Zip, XZ, bzip2,
/// Parquet, Ogg, FLAC, ID3 and ELF.
const FORMATS: [&[u8]; 19] = [
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",
    b"GIF87a",
    b"GIF89a",
    b"II*\0",
    b"MM\0*",
    b"%PDF-",
    b"PK\x03\x04",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"SQLite format 3\0",
    b"\x28\xb5\x2f\xfd",
    b"7z\xbc\xaf\x27\x1c",
    b"\xfd7zXZ\0",
    b"BZh91AY&SY",
    b"PAR1",
    b"OggS",
    b"fLaC",
    b"ID3",
    b"\x7fELF",
];

/// Whether bytes begin as gzip or zlib data does.
pub(super) fn is_compressed(bytes: &[u8]) -> bool {
    matches!(bytes, [0x1f, 0x8b, 8, ..] | [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..])
}

/// What there is in bytes that are no text.
pub(super) enum Binary {
    /// What nobody here can read, such as a picture or something encrypted.
    Opaque,
    /// What can be read of them.
    Readable(String),
    /// Nothing: a hash, a name.
    Nothing,
}

/// Judges bytes that are no text; `is_encoded` says of many whether they look like an encoding by the characters they are
/// written in.
pub(super) fn judge(bytes: &[u8], is_encoded: impl FnOnce() -> bool) -> Binary {
    if is_file(bytes) {
        return Binary::Opaque;
    }
    let written = bytes.iter().filter(|byte| **byte != 0).count();
    let text = readable(bytes, written);
    // A text in another encoding is read; of anything else what is between the stretches counts.
    let is_text = text.as_ref().is_some_and(|text| text.chars().count() * 8 >= written * 7);
    if bytes.len() >= BINARY_BYTES_MIN && !is_text && (is_dense(bytes) || is_encoded()) {
        return Binary::Opaque;
    }
    text.map_or(Binary::Nothing, Binary::Readable)
}

/// Whether bytes are a file of a format that is not read here.
pub(super) fn is_file(bytes: &[u8]) -> bool {
    bytes.len() > FORMAT_BYTES_MIN && (is_compressed(bytes) || is_known_format(bytes))
}

fn is_known_format(bytes: &[u8]) -> bool {
    let of_containers = matches!(bytes, [b'R', b'I', b'F', b'F', _, _, _, _, kind @ ..]
            if kind.starts_with(b"WAVE") || kind.starts_with(b"WEBP") || kind.starts_with(b"AVI "))
        || matches!(bytes, [0, 0, 0, _, b'f', b't', b'y', b'p', ..])
        // A bitmap has four zeros where nothing is said.
        || matches!(bytes, [b'B', b'M', _, _, _, _, 0, 0, 0, 0, ..]);
    of_containers || FORMATS.iter().any(|format| bytes.starts_with(format))
}

/// Whether the bytes are spread as those of compressed or encrypted data are. Paths and long identifiers that
/// happen to be of base64's characters are not.
fn is_dense(bytes: &[u8]) -> bool {
    let seen = bytes.iter().take(BINARY_BYTES_MIN).fold([0_u64; 4], |mut seen, byte| {
        if let Some(word) = seen.get_mut(usize::from(byte >> 6)) {
            *word |= 1 << (byte & 63);
        }
        seen
    });
    // Of 1,024 random bytes some 251 differ.
    seen.iter().map(|word| word.count_ones()).sum::<u32>() >= 200
}

/// What can be read in bytes that are no text: the stretches of letters, digits and signs, as in databases, archives,
/// serialised objects, and texts in other encodings than UTF-8. Zeros between characters are of their encoding. `written`
/// of the bytes are no zeros.
fn readable(bytes: &[u8], written: usize) -> Option<String> {
    if bytes.len() < READABLE_BYTES_MIN {
        return None;
    }
    // The mark of UTF-16 is not a part of its text.
    let bytes = [b"\xff\xfe", b"\xfe\xff"].iter().find_map(|mark| bytes.strip_prefix(*mark)).unwrap_or(bytes);
    let mut text = String::new();
    let (mut start, mut longest) = (0, 0);
    for (at, byte) in bytes.iter().enumerate() {
        match *byte {
            b' '..=b'~' => text.push(char::from(*byte)),
            // A letter of Latin-1.
            0xc0.. if is_within_word(bytes, at) => text.push(char::from(*byte)),
            0 if is_padding(bytes, at) => {}
            _ => start = end_stretch(&mut text, start, &mut longest),
        }
    }
    end_stretch(&mut text, start, &mut longest);
    let is_half = longest >= LONG_AMONG_OTHERS && text.chars().count() * 2 >= written;
    (longest >= LONG || is_half).then_some(text)
}

fn is_within_word(bytes: &[u8], at: usize) -> bool {
    let is_letter = |at: usize| bytes.get(at).is_some_and(|b| b.is_ascii_alphabetic() || *b >= 0xc0);
    at.checked_sub(1).is_some_and(is_letter) && is_letter(at + 1)
}

/// Whether the zero at `at` is the other half of a character of UTF-16.
fn is_padding(bytes: &[u8], at: usize) -> bool {
    let is_zero = |at: Option<usize>| at.and_then(|at| bytes.get(at)) == Some(&0);
    is_zero(at.checked_sub(2)) && !is_zero(at.checked_sub(1))
        || is_zero(Some(at + 2)) && !is_zero(Some(at + 1))
}

/// Ends the stretch that begins at `start`, which goes if it is short; gives where the next one begins.
fn end_stretch(text: &mut String, start: usize, longest: &mut usize) -> usize {
    let len = text.get(start..).map_or(0, |stretch| stretch.chars().count());
    if len < STRETCH_MIN {
        text.truncate(start);
        return start;
    }
    *longest = len.max(*longest);
    text.push('\n');
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_are_read_and_what_is_between_them_is_not() {
        let padded = |text: &[u8]| [text, &[0x80; READABLE_BYTES_MIN]].concat();
        for (bytes, read) in [
            (b"\x01\x02name\0\x16jo.doe@example.com\x03no\x04".as_slice(), "name\njo.doe@example.com\n"),
            (b"\xff\xfej\0o\0.\0d\0o\0e\0@\0w\0e\0i\0r\0.\0d\0e\0m\0o\0\0\0\0\0", "jo.doe@weir.demo\n"),
            (b"\0j\0o\0.\0d\0o\0e\0@\0w\0e\0i\0r\0.\0d\0e\0m\0o\0", "jo.doe@weir.demo\n"),
            (b"Gr\xf6\xdfe,jo.doe@example.com", "Größe,jo.doe@example.com\n"),
        ] {
            assert_eq!(readable(&padded(bytes), bytes.len() + READABLE_BYTES_MIN).as_deref(), Some(read));
        }
        assert_eq!(readable(&padded(b"fifteen letters\x01"), 64), None);
        assert_eq!(readable(b"jo.doe@example.com\xff", 19), None);
    }

    #[test]
    fn shorter_stretches_are_read_if_they_are_half_of_it() {
        let record = b"\x08jo@ex.de\x08\x05Doe, \x80\x80\x80\x80".repeat(3);
        assert!(readable(&record, record.len()).is_some());
        assert_eq!(readable(&[record.as_slice(), &[0x80; 40]].concat(), record.len() + 40), None);
    }
}

//! Bytes that are no text, written in base64 or hexadecimal: what can be read in them is, and what cannot is opaque.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod common;

use common::{base64, hex, inspect};
use weir_label::Level;

const MAIL: &str = "jo.doe@example.com";
const IBAN: &str = "DE89370400440532013000";

/// Random bytes, the same each time.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_be_bytes()[0]
    };
    (0..len).map(|_| next()).collect()
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// Lines as `base64` and `openssl` write them.
fn in_lines(encoded: &str) -> String {
    let lines: Vec<&str> = encoded.as_bytes().chunks(76).map(|l| std::str::from_utf8(l).unwrap()).collect();
    lines.join("\n")
}

fn in_base64(bytes: &[u8]) -> [String; 2] {
    let encoded = base64(bytes);
    [
        format!("The file is {encoded} as you see."),
        format!("The file is\n{}\nas you see.", in_lines(&encoded)),
    ]
}

/// As databases write it, as dumps, and as an array in code.
fn in_hexadecimal(bytes: &[u8]) -> [String; 3] {
    let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let marked: Vec<String> = pairs.iter().map(|pair| format!("0x{pair}")).collect();
    [format!("\\x{} as you see.", pairs.concat()), pairs.join(" "), format!("{{ {} }}", marked.join(", "))]
}

#[test]
fn identifiers_in_bytes_that_are_no_text_are_found() {
    let record = format!("\x01\x12{MAIL}\x02\x16{IBAN}\x03");
    let padded = |text: &[u8]| [&[0; 200], text, &[0xff; 3000]].concat();
    let sparse = format!("{}{record}{}", "\0".repeat(512), "\0".repeat(4096));
    for (name, bytes) in [
        (
            "a serialised object",
            [b"\x83\xa4mail\xb2", MAIL.as_bytes(), b"\xa4iban\xb6", IBAN.as_bytes()].concat(),
        ),
        ("a page of a database", sparse.into_bytes()),
        (
            "Latin-1",
            [b"Gr\xf6\xdfe 40, M\xfcnchen, ".as_slice(), MAIL.as_bytes(), b" ", IBAN.as_bytes()].concat(),
        ),
        ("UTF-16 in a document", padded(&utf16(&format!("to {MAIL}\t{IBAN}")))),
        ("UTF-16 with its mark", [b"\xff\xfe".to_vec(), utf16(&format!("to {MAIL} from {IBAN}"))].concat()),
    ] {
        for text in in_base64(&bytes).iter().chain(&in_hexadecimal(&bytes)) {
            let inspection = inspect(text);
            for entity in ["EMAIL_ADDRESS", "IBAN_CODE"] {
                assert!(inspection.entities.contains_key(entity), "{entity} in {name}: {text}");
            }
        }
    }
}

#[test]
fn files_that_cannot_be_read_are_opaque() {
    let document = [b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec(), vec![0; 200]].concat();
    for (name, bytes) in [
        ("a small picture", [b"\x89PNG\r\n\x1a\n".to_vec(), noise(90)].concat()),
        ("a bitmap", [b"BM\x66\x75\0\0\0\0\0\0\x36\0\0\0".to_vec(), vec![7; 3000]].concat()),
        ("a PDF", [b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec(), noise(60)].concat()),
        (
            "a PDF of ASCII alone",
            b"%PDF-1.7\n<< /Filter /ASCII85Decode >> stream 87cURD]i,\"Ebo80~> endstream".repeat(3),
        ),
        ("an old document", document),
        ("an archive", [b"PK\x03\x04".to_vec(), vec![0; 100]].concat()),
        ("what is encrypted", noise(2000)),
    ] {
        // Pairs are looked for from the first on that begins with a digit.
        let hexadecimal = in_hexadecimal(&bytes);
        for text in in_base64(&bytes).iter().chain(hexadecimal.iter().filter(|text| !text.starts_with("d0")))
        {
            assert!(inspect(text).label.is_opaque(), "{name}: {text}");
        }
    }
}

#[test]
fn a_character_too_many_does_not_hide_a_file() {
    for len in 2000..2004 {
        let text = format!("The file is {}A", base64(&noise(len)).trim_end_matches('='));
        assert!(inspect(&text).label.is_opaque(), "{len}");
    }
}

/// What has few different bytes is no less a file than what has many.
#[test]
fn a_file_of_few_different_bytes_is_opaque() {
    let bytes: Vec<u8> = noise(4000).iter().map(|byte| 0x80 | (byte & 0x1f)).collect();
    for text in in_base64(&bytes) {
        assert!(inspect(&text).label.is_opaque(), "{text}");
    }
}

#[test]
fn hashes_paths_and_rows_of_signs_are_nothing() {
    let digest = noise(64);
    let genome: String = noise(3000).iter().map(|byte| char::from(b"ACGT"[usize::from(byte % 4)])).collect();
    for text in [
        format!("sha512-{} sha512 {}", base64(&digest), hex(&digest)),
        format!("src/{}", "components/RequestHandler/".repeat(60)),
        "-".repeat(3000),
        genome,
        hex(&[7; 2000]),
        format!("data:image/gif;base64,{}", base64(&[b"GIF89a".to_vec(), vec![1; 36]].concat())),
    ] {
        let inspection = inspect(&text);
        assert_eq!(inspection.label.level(), Level::Internal, "{text}: {:?}", inspection.findings);
        assert!(inspection.complete);
    }
}

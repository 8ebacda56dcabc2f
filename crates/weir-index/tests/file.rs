//! The file: a test vector, and what is refused.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

use std::ops::ControlFlow;
use weir_index::{DocumentBuilder, Index, InvalidIndex, RecordBuilder, Salt, Words};

fn salt() -> Salt {
    Salt(std::array::from_fn(|at| u8::try_from(at).unwrap()))
}

fn records() -> Vec<u8> {
    let mut builder = RecordBuilder::new(salt());
    builder.add("jane.doe@example.com").unwrap();
    builder.finish().unwrap()
}

fn documents() -> Vec<u8> {
    let mut builder = DocumentBuilder::new(salt());
    builder.add("the quick brown fox jumps over the lazy dog and then goes home to sleep").unwrap();
    builder.finish().unwrap()
}

fn error(bytes: &[u8]) -> InvalidIndex {
    Index::from_bytes(bytes.to_vec()).unwrap_err()
}

#[test]
fn a_file_is_what_the_format_says() {
    let bytes = records();
    assert_eq!(bytes.len(), 48 + 128 + 8 + 5 + 32);
    assert_eq!(&bytes[..16], b"WEIRIDX1R\x00\x0a\x05\x01\x00\x00\x00");
    assert_eq!(bytes[16..32], salt().0);
    assert_eq!(u128::from_le_bytes(bytes[32..48].try_into().unwrap()), 1 << "janedoeexamplecom".len());
    assert_eq!(bytes[48..176].iter().map(|byte| byte.count_ones()).sum::<u32>(), 1);
    assert_eq!(bytes[176..184], [0, 0, 0, 0, 1, 0, 0, 0]);
    // The first five bytes of SipHash-2-4 of `janedoeexamplecom` under the salt, the lowest first.
    assert_eq!(bytes[184..189], VECTOR);
}

const VECTOR: [u8; 5] = [12, 67, 101, 159, 220];

#[test]
fn a_file_holds_no_text() {
    for bytes in [records(), documents()] {
        for word in ["jane", "doe", "example", "quick", "brown", "lazy"] {
            assert!(!bytes.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word.as_bytes())));
        }
    }
    let index = Index::from_bytes(records()).unwrap();
    assert_eq!(format!("{index:?}"), format!("Index(Records, 1 entries, {})", index.digest()));
}

#[test]
fn another_salt_makes_another_file() {
    let mut builder = RecordBuilder::new(Salt([1; 16]));
    builder.add("jane.doe@example.com").unwrap();
    assert_ne!(builder.finish().unwrap()[48..], records()[48..]);
    assert_eq!(Index::from_bytes(records()).unwrap(), Index::from_bytes(records()).unwrap());
}

#[test]
fn whatever_changes_in_a_file_is_noticed() {
    for whole in [records(), documents()] {
        assert!(Index::from_bytes(whole.clone()).is_ok());
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 0x10;
            let _ = error(&changed);
            let _ = error(&whole[..at]);
        }
        assert!(matches!(error(&[whole.as_slice(), b"x"].concat()), InvalidIndex::Length { .. }));
    }
}

#[test]
fn a_refusal_says_what_to_do() {
    let bytes = records();
    let with = |at: usize, byte: u8| {
        let mut changed = bytes.clone();
        changed[at] = byte;
        error(&changed).to_string()
    };
    assert_eq!(error(b"id,name\n").to_string(), "this is no index; `weir index` makes one");
    assert_eq!(
        with(7, b'2'),
        "this index is of format version `2`, and this Weir reads version `1`; make it anew with `weir index`"
    );
    assert_eq!(
        error(&bytes[..100]).to_string(),
        "the index is cut off or damaged: it has 100 bytes and should have 221; make it anew"
    );
    assert_eq!(with(11, 6), "the index is damaged: its header makes no sense; make it anew");
    assert_eq!(with(186, bytes[186] ^ 1), "the index is damaged: its checksum is wrong; make it anew");
}

#[test]
fn a_scan_ends_when_it_is_told_to() {
    let index = Index::from_bytes(records()).unwrap();
    let mut hits = 0;
    let flow = index.scan(&Words::read("jane.doe@example.com jane.doe@example.com"), &mut |_| {
        hits += 1;
        ControlFlow::Break(())
    });
    assert_eq!((flow, hits), (ControlFlow::Break(()), 1));
}

use super::*;
use proptest::prelude::*;

/// Source: golang.org/x/mod/sumdb/note, `ExampleSign` and `ExampleOpen`.
const GO_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const GO_SECRET: &str = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const GO_NOTE: &str = "If you think cryptography is the answer to your problem,
then you don't know what your problem is.

— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
";

fn signer() -> Signer {
    Signer::new(Origin::parse("weir/audit/test").unwrap(), &[7; 32])
}

#[test]
fn a_note_signed_by_go_is_verified_and_signed_alike() {
    let verifier: Verifier = GO_KEY.parse().unwrap();
    assert_eq!(verifier.to_string(), GO_KEY);
    let (text, signatures) = split_note(GO_NOTE).unwrap();
    verifier.verify_note(text, signatures).unwrap();

    let secret = STANDARD.decode(GO_SECRET).unwrap();
    let signer = Signer::new(Origin::parse("PeterNeumann").unwrap(), secret[1..].try_into().unwrap());
    assert_eq!(signer.verifier().to_string(), GO_KEY);
    assert_eq!(signer.sign_note(text), GO_NOTE);
}

#[test]
fn a_checkpoint_beside_a_witness_signature_is_verified() {
    let note = signer().sign(3, Hash::leaf(b"x"));
    let witness = format!("— witness.example {}\n", STANDARD.encode([9; 76]));
    let checkpoint = signer().verifier().verify(&(note + &witness)).unwrap();
    assert_eq!((checkpoint.size, checkpoint.root), (3, Hash::leaf(b"x")));
}

#[test]
fn a_checkpoint_of_another_log_key_or_size_is_refused() {
    let verifier = signer().verifier().clone();
    let root = Hash::empty_root();
    let other_log = Signer::new(Origin::parse("weir/audit/other").unwrap(), &[7; 32]);
    assert_eq!(
        verifier.verify(&other_log.sign(0, root)),
        Err(CheckpointError::OtherOrigin("weir/audit/other".to_owned()))
    );
    let other_key = Signer::new(Origin::parse("weir/audit/test").unwrap(), &[8; 32]);
    assert_eq!(verifier.verify(&other_key.sign(0, root)), Err(CheckpointError::Unsigned));
    let forged = signer().sign(10, root).replace("\n10\n", "\n11\n");
    assert_eq!(verifier.verify(&forged), Err(CheckpointError::Signature));
    let padded = signer().sign(10, root).replace("\n10\n", "\n010\n");
    assert!(matches!(verifier.verify(&padded), Err(CheckpointError::Form(_))));
}

#[test]
fn every_changed_bit_of_checkpoint_and_key_is_found() {
    let note = signer().sign(42, Hash::leaf(b"x"));
    let verifier = signer().verifier().clone();
    let key = verifier.to_string();
    for bit in 0..note.len() * 8 {
        let changed = flip(&note, bit);
        assert!(str::from_utf8(&changed).map_or(true, |note| verifier.verify(note).is_err()), "bit {bit}");
    }
    for bit in 0..key.len() * 8 {
        let changed = flip(&key, bit);
        assert!(str::from_utf8(&changed).map_or(true, |key| key.parse::<Verifier>().is_err()), "bit {bit}");
    }
}

fn flip(text: &str, bit: usize) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    bytes[bit / 8] ^= 1 << (bit % 8);
    bytes
}

#[test]
fn an_origin_is_made_of_any_node_name() {
    assert_eq!(Origin::of_node(&Name::new("rack 3/gpu-1")).as_str(), "weir/audit/rack-3-gpu-1");
    let long = Origin::of_node(&Name::new(&"n".repeat(128)));
    assert_eq!(Origin::parse(long.as_str()), Ok(long));
}

#[test]
fn a_signer_does_not_show_its_key() {
    assert_eq!(format!("{:?}", signer()), format!("Signer({})", signer().verifier()));
}

proptest! {
    #[test]
    fn reading_after_signing_is_the_identity(size: u64, root: [u8; 32]) {
        let checkpoint = signer().verifier().verify(&signer().sign(size, Hash(root))).unwrap();
        prop_assert_eq!((checkpoint.size, checkpoint.root), (size, Hash(root)));
    }

    #[test]
    fn any_text_is_refused_without_a_panic(note: String) {
        prop_assert!(signer().verifier().verify(&note).is_err());
        prop_assert!(note.parse::<Verifier>().is_err());
    }
}

#[test]
fn a_note_survives_being_one_line_of_a_log() {
    let note = Signer::new(Origin::parse("weir/audit/n").unwrap(), &[1; 32]).sign(0, Hash::empty_root());
    let line = format!("<110>1 2026-03-01T09:30:00Z n weir 1 checkpoint - {}\n", note_to_line(&note));
    assert_eq!(line.lines().count(), 1);
    assert_eq!(note_of_line(&line), Some(note));
    assert_eq!(note_of_line("<110>1 something else"), None);
}

use super::capture::{HEADER_BYTES, PIECE_BYTES};
use super::*;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use tempfile::TempDir;
use weir_audit::event::hex;

const DAY: u64 = 86_400_000;
const NOON: u64 = 20_000 * DAY + DAY / 2;

struct Stage {
    state: TempDir,
    contents: Contents,
    auditor: PrivateKey,
}

fn stage() -> Stage {
    let state = tempfile::tempdir().unwrap();
    let contents = Contents::below(state.path());
    Stage { state, contents, auditor: PrivateKey::generate().unwrap() }
}

fn of<'a>(tenant: Option<&'a str>, request: &'a Ident) -> Subject<'a> {
    Subject { tenant, request, part: Part::Answer }
}

impl Stage {
    fn capture_at(&self, subject: Subject<'_>, text: &[u8], at: u64) -> Ident {
        let auditor = self.auditor.public().unwrap();
        let (mut capture, _) = self.contents.begin(&auditor, subject, WallTime::from_unix_ms(at)).unwrap();
        capture.add(text).unwrap();
        capture.finish().unwrap()
    }

    fn capture(&self, subject: Subject<'_>, text: &[u8]) -> PathBuf {
        let digest = self.capture_at(subject, text, NOON);
        let found = find(self.state.path(), subject).unwrap().unwrap();
        assert_eq!(found.digest, digest);
        found.path
    }

    fn read(
        &self,
        subject: Subject<'_>,
        path: &Path,
        key: &PrivateKey,
    ) -> Result<(Vec<u8>, bool), ContentError> {
        let mut text = Vec::new();
        let is_whole = read(self.state.path(), subject, path, key, &mut text)?;
        Ok((text, is_whole))
    }
}

/// Text that no two pieces of are alike.
fn long() -> Vec<u8> {
    (0..u32::try_from(PIECE_BYTES * 7 / 8).unwrap()).flat_map(u32::to_be_bytes).collect()
}

#[test]
fn what_was_captured_is_read_with_the_auditors_key_and_lies_nowhere_as_text() {
    let (stage, request) = (stage(), Ident::new("req_1"));
    for text in [&b""[..], b"a secret plan", &long(), &long()[..PIECE_BYTES], &long()[..PIECE_BYTES + 1]] {
        let subject = of(Some("acme"), &request);
        let path = stage.capture(subject, text);
        assert_eq!(stage.read(subject, &path, &stage.auditor).unwrap(), (text.to_vec(), true));
        let bytes = fs::read(&path).unwrap();
        assert!(text.is_empty() || !bytes.windows(text.len().min(13)).any(|held| text.starts_with(held)));
        assert_eq!(
            hex(&Sha256::digest(&bytes)),
            find(stage.state.path(), subject).unwrap().unwrap().digest.as_str()
        );
        fs::remove_file(path).unwrap();
    }
}

#[test]
fn the_same_text_is_never_the_same_file() {
    let (stage, one, other) = (stage(), Ident::new("req_1"), Ident::new("req_2"));
    let of_one = fs::read(stage.capture(of(None, &one), b"yes")).unwrap();
    let of_other = fs::read(stage.capture(of(None, &other), b"yes")).unwrap();
    assert_eq!(of_one.len(), of_other.len());
    assert_ne!(of_one[HEADER_BYTES..], of_other[HEADER_BYTES..]);
}

#[test]
fn a_key_opens_what_it_was_made_for_and_nothing_else() {
    let (stage, request) = (stage(), Ident::new("req_1"));
    let state = stage.state.path();
    let (acme, rival) = (
        of(Some("acme"), &request),
        Subject { tenant: Some("rival"), part: Part::Prompt, request: &request },
    );
    let (of_acme, of_rival) = (stage.capture(acme, b"acme's"), stage.capture(rival, b"rival's"));
    let key_of = |tenant| export(state, Some(tenant), &stage.auditor).unwrap();
    assert_eq!(stage.read(acme, &of_acme, &key_of("acme")).unwrap().0, b"acme's");
    assert_eq!(stage.read(rival, &of_rival, &key_of("rival")).unwrap().0, b"rival's");
    let stranger = PrivateKey::generate().unwrap();
    for (subject, path, key) in
        [(acme, &of_acme, &key_of("rival")), (rival, &of_rival, &key_of("acme")), (acme, &of_acme, &stranger)]
    {
        assert!(matches!(stage.read(subject, path, key), Err(ContentError::WrongKey(_))));
    }
    assert!(matches!(export(state, Some("acme"), &stranger), Err(ContentError::WrongKey(_))));
    assert!(matches!(export(state, Some("nobody"), &stage.auditor), Err(ContentError::NoTenant(_))));
    // The key of a tenant opens no other tenant's key.
    assert!(matches!(export(state, Some("rival"), &key_of("acme")), Err(ContentError::WrongKey(_))));
}

#[test]
fn callers_without_a_tenant_are_no_tenant_of_an_empty_name() {
    let (stage, request) = (stage(), Ident::new("req_1"));
    let path = stage.capture(of(None, &request), b"text");
    assert!(stage.read(of(Some(""), &request), &path, &stage.auditor).is_err());
    assert!(export(stage.state.path(), Some(""), &stage.auditor).is_err());
    assert!(export(stage.state.path(), None, &stage.auditor).is_ok());
}

#[test]
fn content_of_a_destroyed_key_is_gone_for_the_auditor_too() {
    let (stage, request, later) = (stage(), Ident::new("req_1"), Ident::new("req_2"));
    let (acme, rival) = (of(Some("acme"), &request), of(Some("rival"), &later));
    let (of_acme, of_rival) = (stage.capture(acme, b"acme's"), stage.capture(rival, b"rival's"));
    let keys = stage.contents.keys_of(Some("acme")).unwrap();
    stage.contents.destroy(Some("acme"), &keys).unwrap();
    assert!(matches!(stage.read(acme, &of_acme, &stage.auditor), Err(ContentError::NoTenant(_))));
    assert!(matches!(stage.contents.keys_of(Some("acme")), Err(ContentError::NoTenant(_))));
    assert_eq!(stage.read(rival, &of_rival, &stage.auditor).unwrap().0, b"rival's");
    // What is captured from then on has another key.
    let again = of(Some("acme"), &later);
    let path = stage.capture(Subject { part: Part::Prompt, ..again }, b"again");
    assert!(stage.read(Subject { part: Part::Prompt, ..again }, &path, &stage.auditor).is_ok());
    assert!(matches!(stage.read(acme, &of_acme, &stage.auditor), Err(ContentError::NoTenant(_))));
    assert_ne!(stage.contents.keys_of(Some("acme")).unwrap(), keys);
}

#[test]
fn another_auditor_reads_what_is_captured_from_then_on() {
    let (mut stage, request, later) = (stage(), Ident::new("req_1"), Ident::new("req_2"));
    let (before, after) = (of(Some("acme"), &request), of(Some("acme"), &later));
    let of_before = stage.capture(before, b"before");
    let first = std::mem::replace(&mut stage.auditor, PrivateKey::generate().unwrap());
    let of_after = stage.capture(after, b"after");
    assert_eq!(stage.read(before, &of_before, &first).unwrap().0, b"before");
    assert_eq!(stage.read(after, &of_after, &stage.auditor).unwrap().0, b"after");
    assert!(matches!(stage.read(before, &of_before, &stage.auditor), Err(ContentError::WrongKey(_))));
    assert!(matches!(stage.read(after, &of_after, &first), Err(ContentError::WrongKey(_))));
    assert_eq!(stage.contents.keys_of(Some("acme")).unwrap().len(), 2);
}

#[test]
fn every_changed_byte_is_found() {
    let (stage, request) = (stage(), Ident::new("req_1"));
    let subject = of(Some("acme"), &request);
    let path = stage.capture(subject, b"what was said");
    let bytes = fs::read(&path).unwrap();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        fs::write(&path, &changed).unwrap();
        // A length that is too long reads as an end that is missing.
        let is_right = matches!(stage.read(subject, &path, &stage.auditor), Ok((_, true)));
        assert!(!is_right, "byte {at}");
        assert_ne!(
            find(stage.state.path(), subject).unwrap().unwrap().digest.as_str(),
            hex(&Sha256::digest(&bytes))
        );
    }
    let appended = [&bytes[..], &17_u32.to_be_bytes()[..], &[0; 17][..]].concat();
    fs::write(&path, appended).unwrap();
    assert!(matches!(stage.read(subject, &path, &stage.auditor), Err(ContentError::Changed { .. })));
}

#[test]
fn pieces_are_neither_swapped_nor_left_out_nor_another_requests() {
    let (stage, request, other) = (stage(), Ident::new("req_1"), Ident::new("req_2"));
    let subject = of(Some("acme"), &request);
    let path = stage.capture(subject, &long());
    let bytes = fs::read(&path).unwrap();
    let (header, pieces) = bytes.split_at(HEADER_BYTES);
    let (first, rest) = pieces.split_at(4 + PIECE_BYTES + 16);
    let (second, rest) = rest.split_at(first.len());
    for wrong in [[header, second, first, rest].concat(), [header, second, rest].concat()] {
        fs::write(&path, wrong).unwrap();
        assert!(matches!(stage.read(subject, &path, &stage.auditor), Err(ContentError::Changed { .. })));
    }
    fs::write(&path, &bytes).unwrap();
    for wrong in [of(Some("acme"), &other), Subject { part: Part::Prompt, ..subject }] {
        assert!(matches!(stage.read(wrong, &path, &stage.auditor), Err(ContentError::Changed { .. })));
    }
}

#[test]
fn what_was_cut_off_is_read_as_far_as_it_is_and_not_as_whole() {
    let (stage, request) = (stage(), Ident::new("req_1"));
    let (subject, text) = (of(None, &request), long());
    let path = stage.capture(subject, &text);
    let bytes = fs::read(&path).unwrap();
    for length in
        [HEADER_BYTES, HEADER_BYTES + 3, bytes.len() - 1, bytes.len() - 20, HEADER_BYTES + PIECE_BYTES + 20]
    {
        fs::write(&path, &bytes[..length]).unwrap();
        let (read, is_whole) = stage.read(subject, &path, &stage.auditor).unwrap();
        assert!(!is_whole && text.starts_with(&read), "{length}");
    }
}

#[test]
fn days_that_are_over_are_deleted_whole() {
    let (stage, ids) = (stage(), ["a", "b", "c"].map(Ident::new));
    for (id, day) in ids.iter().zip(0..) {
        stage.capture_at(of(None, id), b"text", NOON + day * DAY);
    }
    let left = || ids.each_ref().map(|id| find(stage.state.path(), of(None, id)).unwrap().is_some());
    assert_eq!(stage.contents.expired(WallTime::from_unix_ms(NOON)).unwrap(), None);
    let expired = stage.contents.expired(WallTime::from_unix_ms(NOON + 2 * DAY)).unwrap().unwrap();
    assert_eq!((expired.files, expired.before), (2, WallTime::from_unix_ms(20_002 * DAY)));
    assert_eq!(left(), [true; 3]);
    stage.contents.delete(&expired).unwrap();
    assert_eq!(left(), [false, false, true]);
    // Keys of tenants are of no day.
    assert_eq!(stage.contents.keys_of(None).unwrap().len(), 1);
}

#[test]
fn files_are_their_owners_and_a_key_is_never_overwritten() {
    let (stage, request) = (stage(), Ident::new("req_1"));
    let path = stage.capture(of(None, &request), b"text");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    assert_eq!(mode(&stage.state.path().join(CONTENT)), 0o700);
    let file = stage.state.path().join("auditor.key");
    stage.auditor.save(&file).unwrap();
    assert_eq!(mode(&file), 0o600);
    assert!(matches!(PrivateKey::generate().unwrap().save(&file), Err(ContentError::Exists { .. })));
    assert_eq!(PrivateKey::load(&file).unwrap().public().unwrap(), stage.auditor.public().unwrap());
    fs::write(&file, b"short").unwrap();
    assert!(matches!(PrivateKey::load(&file), Err(ContentError::Malformed { .. })));
}

/// The text of the code block that follows the line `<!-- vector: NAME -->`, without line ends.
fn vector(name: &str) -> String {
    let document = include_str!("../../../../docs/formats/content.md");
    let (_, rest) = document.split_once(&format!("<!-- vector: {name} -->\n```text\n")).unwrap();
    rest.split_once("```").unwrap().0.replace('\n', "")
}

#[test]
fn what_another_implementation_has_written_is_read() {
    let (stage, request) = (stage(), Ident::new("req_vector"));
    let key = vector("key");
    let key: Vec<u8> = (0..32).map(|at| u8::from_str_radix(&key[2 * at..2 * at + 2], 16).unwrap()).collect();
    let path = stage.state.path().join("file");
    fs::write(&path, STANDARD.decode(vector("file")).unwrap()).unwrap();
    let read = stage.read(of(Some("acme"), &request), &path, &PrivateKey::from_bytes(&key).unwrap());
    assert_eq!(read.unwrap(), (b"what was said".to_vec(), true));
}

use super::*;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use std::fs;
use std::num::NonZeroU32;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::LazyLock;
use tempfile::TempDir;
use weir_label::Level;
use zeroize::Zeroizing;

const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

fn terms(name: &str) -> KeyTerms {
    KeyTerms {
        name: name.to_owned(),
        environment: Environment::Live,
        expires: None,
        default_level: None,
        jurisdiction: None,
        latency_class: LatencyClass::Interactive,
        aliases: None,
        scopes: None,
        tenant: None,
        team: None,
        app: None,
        limits: KeyLimits::default(),
    }
}

fn state() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn open(state: &TempDir) -> KeyStore {
    KeyStore::open(state.path()).unwrap()
}

fn open_error(state: &TempDir) -> String {
    KeyStore::open(state.path()).expect_err("must not open").to_string()
}

fn authenticate(store: &KeyStore, text: &str) -> Result<String, AuthError> {
    store.key_ring().unwrap().authenticate(text, NOW).map(|record| record.terms.name.clone())
}

fn sqlite(state: &TempDir, statement: &str) {
    let database = rusqlite::Connection::open(state.path().join("keys.db")).unwrap();
    database.execute_batch(statement).unwrap();
}

#[test]
fn a_key_authenticates_until_it_is_revoked() {
    let state = state();
    let store = open(&state);
    assert!(store.key_ring().unwrap().is_empty());
    let (record, text) = store.create(terms("billing")).unwrap();
    assert_eq!(authenticate(&store, &text), Ok("billing".to_owned()));
    let revoked = store.revoke(&record.id).unwrap();
    assert!(revoked.revoked.is_some());
    assert_eq!(authenticate(&store, &text), Err(AuthError::Revoked));
    assert_eq!(store.key_ring().unwrap().current(&record.id, NOW), Err(AuthError::Revoked));
    assert!(!store.key_ring().unwrap().is_empty());
}

#[test]
fn a_key_has_the_documented_form() {
    let state = state();
    for (environment, prefix) in [(Environment::Live, "wk_live_"), (Environment::Test, "wk_test_")] {
        let (record, text) = open(&state).create(KeyTerms { environment, ..terms("k") }).unwrap();
        let secret = text.strip_prefix(&format!("{prefix}{}_", record.id)).unwrap();
        assert_eq!((record.id.len(), secret.len()), (8, 24));
        assert!(secret.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_eq!(record.prefix(), format!("{prefix}{}", record.id));
    }
}

#[test]
fn the_right_id_with_another_keys_secret_is_unknown() {
    let state = state();
    let store = open(&state);
    let (_, one) = store.create(terms("one")).unwrap();
    let (_, other) = store.create(terms("other")).unwrap();
    let mixed = format!("{}{}", &one[..17], &other[17..]);
    assert_eq!(authenticate(&store, &mixed), Err(AuthError::Unknown));
}

#[test]
fn a_revoked_or_expired_key_says_so_only_to_who_has_all_of_it() {
    let state = state();
    let store = open(&state);
    let (record, text) = store.create(KeyTerms { expires: Some(NOW), ..terms("k") }).unwrap();
    let guessed = format!("{}_{}", record.prefix(), "0".repeat(24));
    assert_eq!(authenticate(&store, &text), Err(AuthError::Expired));
    assert_eq!(authenticate(&store, &guessed), Err(AuthError::Unknown));
    store.revoke(&record.id).unwrap();
    assert_eq!(authenticate(&store, &text), Err(AuthError::Revoked));
    assert_eq!(authenticate(&store, &guessed), Err(AuthError::Unknown));
}

#[test]
fn a_key_expires_at_its_time_and_not_a_millisecond_earlier() {
    let state = state();
    let store = open(&state);
    let (record, text) = store.create(KeyTerms { expires: Some(NOW), ..terms("k") }).unwrap();
    let ring = store.key_ring().unwrap();
    let before = NOW - SignedDuration::from_millis(1);
    assert_eq!(ring.authenticate(&text, before).map(|key| key.terms.expires), Ok(Some(NOW)));
    assert!(ring.current(&record.id, before).is_ok());
    assert_eq!(ring.authenticate(&text, NOW), Err(AuthError::Expired));
    assert_eq!(ring.current(&record.id, NOW), Err(AuthError::Expired));
}

#[test]
fn nothing_of_the_secret_is_in_any_file() {
    let state = state();
    let store = open(&state);
    let (_, text) = store.create(terms("k")).unwrap();
    let secret = text[17..].as_bytes();
    let holds = |bytes: &[u8], part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    let mut sightings_of_the_id = 0;
    for path in files(state.path()) {
        let bytes = fs::read(&path).unwrap();
        for part in secret.windows(6) {
            assert!(!holds(&bytes, part), "{}", path.display());
        }
        sightings_of_the_id += usize::from(holds(&bytes, &text.as_bytes()[8..16]));
    }
    assert!(sightings_of_the_id > 0, "the files searched are those written");
    assert!(!format!("{store:?} {:?}", store.key_ring().unwrap()).contains(&text[17..]));
}

fn files(directory: &Path) -> impl Iterator<Item = std::path::PathBuf> {
    fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path())
}

#[test]
fn every_file_is_for_the_owner_alone() {
    let parent = state();
    let directory = parent.path().join("state");
    let store = KeyStore::open(&directory).unwrap();
    store.create(terms("k")).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    let modes: Vec<_> = files(&directory).map(|path| mode(&path)).collect();
    assert!(modes.len() >= 2 && modes.iter().all(|mode| *mode == 0o600), "{modes:?}");
}

#[test]
fn everything_known_of_a_key_survives_reopening() {
    let state = state();
    let full = KeyTerms {
        name: "naïve \"name\"".to_owned(),
        environment: Environment::Test,
        expires: Some(NOW),
        default_level: Some(Level::Confidential),
        jurisdiction: Some("EU".parse().unwrap()),
        latency_class: LatencyClass::Batch,
        aliases: Some(vec!["large".to_owned(), "a,b".to_owned()]),
        scopes: Some(["chat".to_owned(), "eu:read".to_owned()].into()),
        tenant: Some("t".to_owned()),
        team: Some("m".to_owned()),
        app: Some("a".to_owned()),
        limits: KeyLimits {
            requests_per_minute: NonZeroU32::new(60),
            tokens_per_minute: NonZeroU32::new(u32::MAX),
        },
    };
    let nothing_allowed = KeyTerms { aliases: Some(Vec::new()), ..terms("none") };
    let made: Vec<_> = [full, nothing_allowed, terms("bare")]
        .into_iter()
        .map(|terms| open(&state).create(terms).unwrap().0)
        .collect();
    let mut listed = open(&state).list().unwrap();
    listed.sort_by_key(|record| made.iter().position(|made| made.id == record.id));
    assert_eq!(listed, made);
}

#[test]
fn a_key_is_revoked_by_id_prefix_or_text_and_stays_so() {
    let state = state();
    let store = open(&state);
    for part in ["id", "prefix", "text"] {
        let (record, text) = store.create(terms("k")).unwrap();
        let name = match part {
            "id" => record.id.to_string(),
            "prefix" => record.prefix(),
            _ => text.to_string(),
        };
        let first = store.revoke(&name).unwrap();
        assert_eq!(store.revoke(&record.id).unwrap(), first, "{part}");
        assert_eq!(authenticate(&store, &text), Err(AuthError::Revoked));
    }
}

#[test]
fn revoking_what_is_not_there_says_so_without_quoting_secrets() {
    let state = state();
    let store = open(&state);
    let unknown = store.revoke("wk_live_00000000").unwrap_err().to_string();
    assert!(unknown.contains("`00000000`"), "{unknown}");
    for text in ["sk-hunter2", "", "wk_live_", "wk_prod_00000000", "0000000'"] {
        let error = store.revoke(text).unwrap_err();
        assert!(matches!(error, KeyStoreError::NotAKey) && !error.to_string().contains("hunter2"), "{error}");
    }
}

#[test]
fn changes_by_one_connection_are_noticed_by_another() {
    let state = state();
    let (server, command_line) = (open(&state), open(&state));
    let start = server.generation().unwrap();
    assert_eq!(server.generation().unwrap(), start);
    let (record, text) = command_line.create(terms("k")).unwrap();
    let made = server.generation().unwrap();
    assert_ne!(made, start);
    assert!(authenticate(&server, &text).is_ok());
    command_line.revoke(&record.id).unwrap();
    assert_ne!(server.generation().unwrap(), made);
    assert_eq!(authenticate(&server, &text), Err(AuthError::Revoked));
}

#[test]
fn stores_opened_and_used_at_the_same_time_lose_nothing() {
    let state = state();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let store = open(&state);
                for _ in 0..10 {
                    let (_, text) = store.create(terms("k")).unwrap();
                    authenticate(&store, &text).unwrap();
                }
            });
        }
    });
    assert_eq!(open(&state).key_ring().unwrap().len(), 40);
}

#[test]
fn a_damaged_database_is_named_and_not_replaced() {
    let state = state();
    for _ in 0..50 {
        open(&state).create(terms(&"k".repeat(500))).unwrap();
    }
    let path = state.path().join("keys.db");
    let good = fs::read(&path).unwrap();
    let mut torn = good.clone();
    torn.truncate(good.len() / 2);
    let mut scrambled = good.clone();
    scrambled[4096..].fill(0xaa);
    for damaged in
        [b"not a database, but longer than its header would be, by far, you see".to_vec(), torn, scrambled]
    {
        fs::write(&path, &damaged).unwrap();
        let error = open_error(&state);
        assert!(error.contains("keys.db` is damaged") && error.contains("backup"), "{error}");
    }
    fs::write(&path, &good).unwrap();
    assert_eq!(open(&state).list().unwrap().len(), 50);
}

#[test]
fn a_database_of_a_newer_version_is_refused() {
    let state = state();
    open(&state).create(terms("k")).unwrap();
    sqlite(&state, "PRAGMA user_version = 4");
    assert!(open_error(&state).contains("version 4, this Weir knows 3"));
}

#[test]
fn a_database_of_an_earlier_version_keeps_its_keys_and_learns_what_is_new() {
    const NO_LIMITS: &str =
        "ALTER TABLE keys DROP COLUMN requests_per_minute; ALTER TABLE keys DROP COLUMN tokens_per_minute;";
    for earlier in ["ALTER TABLE keys DROP COLUMN scopes; PRAGMA user_version = 1", "PRAGMA user_version = 2"]
    {
        let state = state();
        let (record, text) = open(&state).create(terms("old")).unwrap();
        sqlite(&state, &format!("{NO_LIMITS} {earlier}"));
        let store = open(&state);
        assert_eq!(store.list().unwrap(), [record], "{earlier}");
        assert_eq!(authenticate(&store, &text).as_deref(), Ok("old"));
        let limits = KeyLimits { tokens_per_minute: NonZeroU32::new(5), ..KeyLimits::default() };
        let new = KeyTerms { scopes: Some(["chat".to_owned()].into()), limits, ..terms("new") };
        let (new, _) = store.create(new).unwrap();
        assert!(open(&state).list().unwrap().contains(&new), "{earlier}");
    }
}

#[test]
fn the_limits_of_a_key_can_be_changed_and_other_processes_notice() {
    let state = state();
    let store = open(&state);
    let mut keys = ["one", "other", "third"].map(|name| store.create(terms(name)).unwrap().0);
    keys.sort_by(|key, other| key.id.cmp(&other.id));
    let [lower, key, higher] = keys;
    let before = store.generation().unwrap();
    let changed =
        open(&state).limit(&key.prefix(), |limits| limits.requests_per_minute = NonZeroU32::new(7)).unwrap();
    assert_ne!(store.generation().unwrap(), before);
    let changed_again = store.limit(&key.id, |limits| limits.tokens_per_minute = NonZeroU32::new(9)).unwrap();
    assert_eq!(changed.terms.limits.tokens_per_minute, None);
    let both = KeyLimits { requests_per_minute: NonZeroU32::new(7), tokens_per_minute: NonZeroU32::new(9) };
    assert_eq!(changed_again.terms.limits, both, "what is not spoken of stays");
    let listed = store.list().unwrap();
    assert!([&changed_again, &lower, &higher].iter().all(|key| listed.contains(key)), "{listed:?}");
    store.limit(&key.id, |limits| *limits = KeyLimits::default()).unwrap();
    assert!(store.list().unwrap().contains(&key));
    assert!(matches!(store.limit("00000000", |_| ()), Err(KeyStoreError::Unknown { .. })));
    assert!(matches!(store.limit("no id", |_| ()), Err(KeyStoreError::NotAKey)));
}

#[test]
fn a_revoked_key_gets_no_other_limits() {
    let store = open(&state());
    let (key, _) = store.create(terms("k")).unwrap();
    let revoked = store.revoke(&key.id).unwrap();
    let before = store.generation().unwrap();
    let refused = store.limit(&key.id, |limits| limits.requests_per_minute = NonZeroU32::new(7));
    assert!(matches!(refused, Err(KeyStoreError::Revoked { at, .. }) if Some(at) == revoked.revoked));
    assert_eq!((store.list().unwrap(), store.generation().unwrap()), (vec![revoked], before));
}

#[test]
fn a_word_that_is_none_is_an_error_and_not_a_default() {
    let state = state();
    open(&state).create(terms("k")).unwrap();
    sqlite(&state, "UPDATE keys SET default_level = 'secret'");
    let error = open(&state).key_ring().unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("`secret` is no level"), "{cause}");
}

#[test]
fn without_its_pepper_a_database_is_not_opened() {
    let state = state();
    let (_, text) = open(&state).create(terms("k")).unwrap();
    let pepper = state.path().join("keys.pepper");
    let good = fs::read(&pepper).unwrap();
    fs::remove_file(&pepper).unwrap();
    assert!(open_error(&state).contains("is missing"));
    assert!(!pepper.exists(), "no new one is made beside old keys");
    fs::write(&pepper, [7; 32]).unwrap();
    assert!(open_error(&state).contains("another key database"));
    fs::write(&pepper, &good[..31]).unwrap();
    assert!(open_error(&state).contains("31 bytes instead of 32"));
    fs::write(&pepper, &good).unwrap();
    assert!(authenticate(&open(&state), &text).is_ok());
}

static ONE_KEY: LazyLock<(KeyRing, Zeroizing<String>)> = LazyLock::new(|| {
    let state = state();
    let store = open(&state);
    let (_, text) = store.create(terms("k")).unwrap();
    (store.key_ring().unwrap(), text)
});

fn refused(presented: &str) -> bool {
    let (ring, text) = &*ONE_KEY;
    presented == text.as_str() || ring.authenticate(presented, NOW).is_err()
}

proptest! {
    #[test]
    fn no_key_with_one_character_replaced_authenticates(at in 0..41_usize, with in any::<char>()) {
        let mut chars: Vec<char> = ONE_KEY.1.chars().collect();
        chars[at] = with;
        prop_assert!(refused(&chars.iter().collect::<String>()));
    }

    #[test]
    fn no_key_with_a_letter_of_the_alphabet_replaced_authenticates(at in 0..41_usize, with in "[0-9A-Za-z]") {
        let mut text = ONE_KEY.1.to_string();
        text.replace_range(at..=at, &with);
        prop_assert!(refused(&text));
    }

    #[test]
    fn no_key_with_one_character_more_or_less_authenticates(at in 0..=41_usize, with in any::<char>()) {
        let mut longer = ONE_KEY.1.to_string();
        longer.insert(at, with);
        prop_assert!(refused(&longer));
        let mut shorter = ONE_KEY.1.to_string();
        shorter.remove(at.min(40));
        prop_assert!(refused(&shorter));
    }

    #[test]
    fn any_text_is_refused_without_a_panic(text in any::<String>()) {
        prop_assert!(refused(&text));
    }
}

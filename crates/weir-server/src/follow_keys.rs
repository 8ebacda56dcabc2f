//! Follows keys that `weir keys` and `weir admin keys` make, limit or revoke in another process, and has it on record; also
//! what they did while no gateway ran.

use crate::gateway::{Gateway, StartError};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use weir_audit::event::{KeyCreated, KeyLimited, KeyRevoked};
use weir_audit::{Event, Ident, Name, WallTime};
use weir_store::admin_keys::{self, AdminKey};
use weir_store::keys::{Generation, KeyLimits, KeyRecord, KeyRing, KeyStore, KeyStoreError};
use weir_store::whole;

/// How often the store is looked at.
const POLL: Duration = Duration::from_millis(500);
/// What of the keys is on record, in the state directory.
const RECORDED: &str = "keys.recorded";
/// The environment of the keys of the admin API.
const ADMIN: &str = "admin";

/// The keys as they were last seen in the store.
pub(crate) struct Keys {
    store: KeyStore,
    state: PathBuf,
    /// None until it was looked for the first time.
    generation: Option<Generation>,
    admin: Vec<AdminKey>,
    recorded: Recorded,
}

/// What of the keys is on record.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Recorded {
    /// Ids of keys, and whether they are revoked.
    keys: BTreeMap<String, bool>,
    /// Requests and tokens a minute, of the keys that say how many.
    #[serde(default)]
    limits: BTreeMap<String, Limits>,
    /// Ids of keys of the admin API.
    admin: BTreeSet<String>,
}

/// Requests and tokens a minute.
type Limits = (Option<NonZeroU32>, Option<NonZeroU32>);

impl Keys {
    /// Opens the keys of a state directory.
    pub fn open(state: &Path) -> Result<Self, KeyStoreError> {
        let store = KeyStore::open(state)?;
        let recorded = Recorded::read(&state.join(RECORDED));
        Ok(Self { store, state: state.to_owned(), generation: None, admin: Vec::new(), recorded })
    }

    /// The keys to begin with.
    ///
    /// # Errors
    /// [`StartError`] when they cannot be read, or are gone.
    pub fn ring(&self) -> Result<KeyRing, StartError> {
        let ring = self.store.key_ring()?;
        if self.are_gone(&ring) { Err(StartError::KeysGone) } else { Ok(ring) }
    }

    /// Whether there were keys and are none any more, though a key stays when it is revoked. Without any, whoever is on
    /// this machine would be served.
    fn are_gone(&self, ring: &KeyRing) -> bool {
        ring.is_empty() && !self.recorded.keys.is_empty()
    }

    /// Has on record what there is, before anybody is served, and takes over changes, in a thread that ends with the
    /// gateway.
    pub fn follow(mut self, gateway: &Arc<Gateway>) -> Result<(), StartError> {
        self.look_or_say(gateway);
        let weak = Arc::downgrade(gateway);
        let follow = move || {
            loop {
                std::thread::sleep(POLL);
                let Some(gateway) = weak.upgrade() else { return };
                self.look_or_say(&gateway);
            }
        };
        let thread = std::thread::Builder::new().name("weir-keys".to_owned()).spawn(follow);
        thread.map(drop).map_err(StartError::Thread)
    }

    fn look_or_say(&mut self, gateway: &Gateway) {
        if let Err(error) = self.look(gateway) {
            tracing::error!(%error, "API keys cannot be read; the last ones stay in force");
        }
    }

    /// Takes over what has changed, and writes it down.
    fn look(&mut self, gateway: &Gateway) -> Result<(), KeyStoreError> {
        let generation = Some(self.store.generation()?);
        // A file that cannot be read lets nobody in, which is said where it is asked.
        let admin = admin_keys::load(&self.state).unwrap_or_else(|_| self.admin.clone());
        if generation == self.generation && admin == self.admin {
            return Ok(());
        }
        if generation != self.generation {
            let ring = self.store.key_ring()?;
            if self.are_gone(&ring) {
                tracing::error!("the API keys are gone from the key database; the last ones stay in force");
                self.generation = generation;
                return Ok(());
            }
            gateway.set_keys(ring);
        }
        let keys = self.store.list()?;
        let (events, recorded) = self.recorded.with(&keys, &admin);
        if recorded != self.recorded && record(gateway, events) {
            recorded.write(&self.state.join(RECORDED));
            self.recorded = recorded;
        }
        (self.generation, self.admin) = (generation, admin);
        tracing::info!(keys = keys.len(), "API keys loaded");
        Ok(())
    }
}

/// Whether all events are in the log.
fn record(gateway: &Gateway, events: Vec<Event>) -> bool {
    let taken = events.into_iter().try_for_each(|event| {
        gateway.audit.append(event)?.wait_written()?;
        Ok::<(), weir_store::audit::AuditError>(())
    });
    if let Err(error) = &taken {
        tracing::error!(%error, "the audit log did not take a change of the API keys");
    }
    taken.is_ok()
}

impl Recorded {
    /// What is not known to be on record is recorded again, which is better than never.
    fn read(path: &Path) -> Self {
        let Ok(bytes) = std::fs::read(path) else { return Self::default() };
        serde_json::from_slice(&bytes).unwrap_or_else(|error| {
            tracing::warn!(%error, path = %path.display(), "it cannot be read; all keys are recorded again");
            Self::default()
        })
    }

    fn write(&self, path: &Path) {
        let text = serde_json::to_vec_pretty(self).unwrap_or_default();
        if let Err(error) = whole::replace(path, &text) {
            tracing::error!(%error, path = %path.display(), "it cannot be written; keys may be recorded again");
        }
    }

    /// What has changed, and what is on record then.
    fn with(&self, keys: &[KeyRecord], admin: &[AdminKey]) -> (Vec<Event>, Self) {
        let mut events = Vec::new();
        let mut limits = BTreeMap::new();
        for key in keys {
            let before = self.keys.get(&*key.id);
            if before.is_none() {
                events.push(Event::from(created(key)));
            }
            let KeyLimits { requests_per_minute, tokens_per_minute } = key.terms.limits;
            let limited = (requests_per_minute, tokens_per_minute);
            if self.limits.get(&*key.id).copied().unwrap_or_default() != limited {
                events.push(limited_to(&key.id, limited));
            }
            if limited != Limits::default() {
                limits.insert(key.id.to_string(), limited);
            }
            if key.revoked.is_some() && before != Some(&true) {
                events.push(revoked(&key.id));
            }
        }
        for key in admin.iter().filter(|key| !self.admin.contains(&key.id)) {
            events.push(Event::from(created_admin(key)));
        }
        let is_gone = |id: &&String| !admin.iter().any(|key| key.id == **id);
        events.extend(self.admin.iter().filter(is_gone).map(|id| revoked(id)));
        let keys = keys.iter().map(|key| (key.id.to_string(), key.revoked.is_some())).collect();
        (events, Self { keys, limits, admin: admin.iter().map(|key| key.id.clone()).collect() })
    }
}

fn created(key: &KeyRecord) -> KeyCreated {
    let expires = key.terms.expires.and_then(|at| u64::try_from(at.as_millisecond()).ok());
    KeyCreated {
        key_id: Ident::new(&key.id),
        tenant: key.terms.tenant.as_deref().map(Name::new),
        environment: Some(Ident::new(key.terms.environment.as_str())),
        expires: expires.map(WallTime::from_unix_ms),
    }
}

fn limited_to(id: &str, (requests, tokens): Limits) -> Event {
    let [requests_per_minute, tokens_per_minute] = [requests, tokens].map(|limit| limit.map(NonZeroU32::get));
    KeyLimited { key_id: Ident::new(id), requests_per_minute, tokens_per_minute }.into()
}

fn revoked(id: &str) -> Event {
    KeyRevoked { key_id: Ident::new(id) }.into()
}

fn created_admin(key: &AdminKey) -> KeyCreated {
    KeyCreated {
        key_id: Ident::new(&key.id),
        tenant: None,
        environment: Some(Ident::new(ADMIN)),
        expires: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_store::admin_keys::Role;
    use weir_store::keys::{Environment, KeyLimits, KeyTerms, LatencyClass};

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

    #[expect(clippy::wildcard_enum_match_arm, reason = "no others are made here")]
    fn types(events: &[Event]) -> Vec<String> {
        let word = |event: &Event| match event {
            Event::KeyCreated(key) => format!("created {} {}", key.key_id, key.environment.as_ref().unwrap()),
            Event::KeyLimited(key) => {
                format!("limited {} {:?} {:?}", key.key_id, key.requests_per_minute, key.tokens_per_minute)
            }
            Event::KeyRevoked(key) => format!("revoked {}", key.key_id),
            other => panic!("{other:?}"),
        };
        events.iter().map(word).collect()
    }

    #[test]
    fn every_key_is_recorded_once_when_it_is_made_and_once_when_it_ends() {
        let state = tempfile::tempdir().unwrap();
        let keys = KeyStore::open(state.path()).unwrap();
        let (one, _) = keys.create(terms("one")).unwrap();
        let (two, _) = keys.create(terms("two")).unwrap();
        keys.revoke(&two.id).unwrap();
        let (auditor, _) = admin_keys::create(state.path(), "auditors", Role::Auditor).unwrap();
        let seen = |recorded: &Recorded| {
            let (events, recorded) =
                recorded.with(&keys.list().unwrap(), &admin_keys::load(state.path()).unwrap());
            recorded.write(&state.path().join(RECORDED));
            (types(&events), Recorded::read(&state.path().join(RECORDED)))
        };
        let (mut events, recorded) = seen(&Recorded::read(&state.path().join(RECORDED)));
        let mut expected = vec![
            format!("created {} live", one.id),
            format!("created {} live", two.id),
            format!("revoked {}", two.id),
            format!("created {} admin", auditor.id),
        ];
        events.sort();
        expected.sort();
        assert_eq!(events, expected);
        assert_eq!(seen(&recorded).0, Vec::<String>::new(), "nothing is recorded twice");
        keys.limit(&one.id, |limits| limits.requests_per_minute = NonZeroU32::new(60)).unwrap();
        let (events, recorded) = seen(&recorded);
        assert_eq!(events, [format!("limited {} Some(60) None", one.id)]);
        assert_eq!(seen(&recorded).0, Vec::<String>::new());
        keys.revoke(&one.id).unwrap();
        admin_keys::revoke(state.path(), &auditor.id).unwrap();
        let (events, recorded) = seen(&recorded);
        assert_eq!(events, [format!("revoked {}", one.id), format!("revoked {}", auditor.id)]);
        assert_eq!(seen(&recorded).0, Vec::<String>::new());
    }

    #[test]
    fn keys_that_are_gone_are_not_taken_for_none() {
        let state = tempfile::tempdir().unwrap();
        let store = KeyStore::open(state.path()).unwrap();
        store.create(terms("one")).unwrap();
        let (_, recorded) = Recorded::default().with(&store.list().unwrap(), &[]);
        recorded.write(&state.path().join(RECORDED));
        let ring = || Keys::open(state.path()).unwrap().ring();
        assert!(ring().is_ok());
        drop(store);
        std::fs::write(state.path().join("keys.db"), b"").unwrap();
        assert!(matches!(ring(), Err(StartError::KeysGone)));
        std::fs::remove_file(state.path().join(RECORDED)).unwrap();
        assert!(ring().is_ok(), "to begin without keys");
    }
}

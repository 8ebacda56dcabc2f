//! Follows keys that `weir keys` makes or revokes in another process.

use crate::gateway::{Gateway, StartError};
use std::sync::Arc;
use std::time::Duration;
use weir_audit::event::{KeyCreated, KeyRevoked};
use weir_audit::{Event, Ident, Name, WallTime};
use weir_store::keys::{Generation, KeyRecord, KeyRing, KeyStore, KeyStoreError};

/// How often the store is looked at.
const POLL: Duration = Duration::from_millis(500);

/// The keys as they were last seen in the store.
pub(crate) struct Keys {
    store: KeyStore,
    generation: Generation,
    known: Vec<KeyRecord>,
}

impl Keys {
    /// Looks at the store for the first time. What comes after this is a change.
    pub fn new(store: KeyStore) -> Result<Self, KeyStoreError> {
        Ok(Self { generation: store.generation()?, known: store.list()?, store })
    }

    /// The keys to begin with.
    pub fn ring(&self) -> Result<KeyRing, KeyStoreError> {
        self.store.key_ring()
    }

    /// Takes over changes, in a thread that ends with the gateway.
    pub fn follow(mut self, gateway: &Arc<Gateway>) -> Result<(), StartError> {
        let weak = Arc::downgrade(gateway);
        let follow = move || {
            while let Some(gateway) = weak.upgrade() {
                if let Err(error) = self.look(&gateway) {
                    tracing::error!(%error, "API keys cannot be read; the last ones stay in force");
                }
                drop(gateway);
                std::thread::sleep(POLL);
            }
        };
        let thread = std::thread::Builder::new().name("weir-keys".to_owned()).spawn(follow);
        thread.map(drop).map_err(StartError::Thread)
    }

    /// Takes over what has changed, and writes it down.
    fn look(&mut self, gateway: &Gateway) -> Result<(), KeyStoreError> {
        let generation = self.store.generation()?;
        if generation == self.generation {
            return Ok(());
        }
        gateway.set_keys(self.store.key_ring()?);
        let keys = self.store.list()?;
        for event in keys.iter().flat_map(|key| self.changes(key)) {
            if let Err(error) = gateway.audit.append(event) {
                tracing::error!(%error, "the audit log did not take a change of the API keys");
            }
        }
        (self.generation, self.known) = (generation, keys);
        tracing::info!(keys = self.known.len(), "API keys reloaded");
        Ok(())
    }

    fn changes(&self, key: &KeyRecord) -> Vec<Event> {
        let before = self.known.iter().find(|known| known.id == key.id);
        let was_revoked = before.is_some_and(|known| known.revoked.is_some());
        let created = before.is_none().then(|| Event::from(created(key)));
        let is_revoked = key.revoked.is_some() && !was_revoked;
        let revoked = is_revoked.then(|| Event::from(KeyRevoked { key_id: Ident::new(&key.id) }));
        created.into_iter().chain(revoked).collect()
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

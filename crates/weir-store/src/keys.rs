//! API keys.
//!
//! A [`KeyStore`] keeps them in one SQLite file, which the command line and a running server use at
//! the same time. A server authenticates against a [`KeyRing`], an immutable copy in memory, and makes
//! a new one when [`KeyStore::generation`] has changed.
//!
//! INVARIANT (keys are not stored): the text of a key is shown once, when it is made. What is stored is
//! its HMAC-SHA-256 under a secret that lies beside the database and not in it.

mod hash;
mod record;
mod ring;
mod schema;
mod store;
mod text;

pub use record::{
    Environment, KeyLimits, KeyRecord, KeyTerms, LatencyClass, UnknownEnvironment, UnknownLatencyClass,
};
pub use ring::{AuthError, KeyRing};
pub use store::{Generation, KeyStore, KeyStoreError};

#[cfg(test)]
mod tests;

//! The repository's own development rig.
//!
//! - [`fake`]: a scriptable OpenAI-compatible backend on loopback. Tests use it as every kind of local or
//!   cloud backend, good or broken; `weir demo` uses it for its simulated models.
//! - `load` and `bareproxy` (feature `load`): a load generator that checks every answer, and an HTTP/1.1
//!   proxy that does nothing else, the floor that the gateway's own cost is measured against.
//!
//! Nothing here is part of the gateway's path, and without the feature `load` nothing here connects
//! anywhere.

#[cfg(feature = "load")]
pub mod bareproxy;
#[cfg(feature = "load")]
mod connect;
pub mod fake;
#[cfg(feature = "load")]
pub mod load;

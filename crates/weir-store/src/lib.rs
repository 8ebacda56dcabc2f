//! State on disk: API keys and audit files.
//!
//! This crate knows files and databases; it knows no HTTP, no policy and no backends.

pub mod admin_keys;
pub mod audit;
pub mod keys;
pub mod makers;
pub mod objects;
pub mod secret;
pub mod whole;

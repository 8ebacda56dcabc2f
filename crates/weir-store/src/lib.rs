//! State on disk: API keys, audit files, captured content.
//!
//! This crate knows files and databases; it knows no HTTP, no policy and no backends.

pub mod admin_keys;
pub mod audit;
pub mod content;
pub mod keys;
pub mod makers;
pub mod objects;
pub mod secret;
pub mod whole;

//! One module for each command.

pub(crate) mod admin;
pub(crate) mod audit;
pub(crate) mod check;
pub(crate) mod classify;
pub(crate) mod demo;
pub(crate) mod encoder;
pub(crate) mod explain;
pub(crate) mod import;
pub(crate) mod index;
pub(crate) mod init;
pub(crate) mod keys;
pub(crate) mod manual;
pub(crate) mod policy;
pub(crate) mod recognisers;
pub(crate) mod report;
pub(crate) mod schema;
pub(crate) mod serve;
pub(crate) mod simulate;

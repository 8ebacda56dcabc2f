//! The exports of the audit log into real servers: sees to it that they are installed, then runs the tests that start them.
//!
//! The tests, `crates/weir/tests/exports`, install nothing: each starts a server of its own on a free port, in a directory of
//! its own, and ends it.

use crate::run::{Done, cargo, must, program, works};
use crate::sdk::provide;
use std::path::Path;

pub fn run() -> Done {
    provide("PostgreSQL", &["postgresql"], has_postgres)?;
    provide("NATS", &["nats-server"], || works(&mut program("nats-server", &["--version"])))?;
    must(&mut cargo(&["test", "--package", "weir", "--test", "exports", "--", "--ignored"]))
}

/// Debian keeps the server's programs out of `PATH`.
fn has_postgres() -> bool {
    let versions = std::fs::read_dir(Path::new("/usr/lib/postgresql")).into_iter().flatten().flatten();
    versions.into_iter().any(|version| version.path().join("bin/initdb").exists())
        || works(&mut program("initdb", &["--version"]))
}

//! Whatever a caller wishes and whatever breaks, classified requests go to no backend in the cloud; and
//! nothing goes there without a record.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy exempts test functions, but not what they share"
)]

mod disks;
mod failures;
mod full;
mod knobs;
mod language;
mod policies;
mod tasks;
mod unwritable;

#[path = "../support/mod.rs"]
mod support;

use serde_json::{Value, json};

/// A request that is classified.
fn classified(model: &str) -> Value {
    support::ask(model, "Write to jo.doe@example.com.")
}

/// One that is not.
fn harmless(model: &str) -> Value {
    support::ask(model, "Say hello.")
}

fn streamed(mut body: Value) -> Value {
    body["stream"] = json!(true);
    body
}

/// Two zones with the local backend preferred.
fn local_first(local: &str, cloud: &str) -> String {
    support::two_zones(local, cloud).replace(
        "targets: [there/cloud-model, here/local-model]",
        "targets: [here/local-model, there/cloud-model]",
    )
}

/// The same, with little patience with the local backend.
fn impatient(local: &str, cloud: &str) -> String {
    let timeouts = "    timeouts: { connect: 1s, first_token: 600ms, idle: 1s, total: 600ms }\n";
    local_first(local, cloud).replacen("    models:", &format!("{timeouts}    models:"), 1)
}

/// The two rules, and a ladder that leads outside where that is permitted.
const BURST_AT_ONCE: &str = "\
policy: 1
data: { default: internal, personal: confidential }
rules:
  - name: sensitive data stays local
    when: { data.level: \">= confidential\" }
    use: local
    when_full: [queue 200ms, degrade, reject]
  - name: everything else may use the cloud
    use: any
    prefer: local
    when_full: [burst, reject]
";

//! The two files of the demonstration.

use crate::command::init::policy;
use crate::discovery::LocalServer;
use std::net::SocketAddr;
use std::path::Path;
use weir_label::Level;
use weir_server::Sources;

/// The names under which the parts are played.
pub(super) const LARGE_MODEL: &str = "simulated-large";
pub(super) const SMALL_MODEL: &str = "simulated-small";
pub(super) const CLOUD_MODEL: &str = "simulated-frontier";

/// Where the parts are.
pub(super) struct Cast<'a> {
    pub listen: SocketAddr,
    pub admin: SocketAddr,
    pub large: &'a LocalServer,
    pub small: &'a str,
    pub cloud: &'a str,
}

/// Writes both files.
pub(super) fn write(directory: &Path, cast: &Cast<'_>) -> std::io::Result<Sources> {
    let sources = Sources { config: directory.join("weir.yaml"), policy: None };
    std::fs::write(&sources.config, config(cast))?;
    std::fs::write(directory.join("policy.yaml"), policy::two_rules(Level::Confidential))?;
    Ok(sources)
}

fn config(cast: &Cast<'_>) -> String {
    let Cast { listen, admin, large, small, cloud } = cast;
    let LocalServer { name, url, models, .. } = large;
    let model = models.first().map_or(LARGE_MODEL, String::as_str);
    format!(
        "\
# weir.yaml of `weir demo`. It is removed when the demonstration ends.
weir: 1
listen: {listen}
admin: {admin}
state: ./weir-state

limits:
  queue: 1 # one request may wait, so that a few requests fill the queue
  drain: 2s

backends:
  - name: {name}
    zone: local
    url: {url}
    models:
      - name: {model}
        concurrency: 1 # one request at a time, so that a few requests fill it
        price: {{ input: 0.60, output: 2.40 }} # what your own machine costs you, USD per million tokens

  - name: simulated-local-small
    zone: local
    url: {small}
    models:
      - name: {SMALL_MODEL}
        concurrency: 2
        price: {{ input: 0.05, output: 0.20 }}

  - name: simulated-cloud
    zone: cloud # it listens on this machine, and is treated as what lies outside
    url: {cloud}
    models:
      - name: {CLOUD_MODEL}
        price: {{ input: 0.25, output: 2.00 }}

aliases:
  # The cloud is cheaper than the large local model: what may go there, goes there.
  auto:
    targets: [{name}/{model}, simulated-cloud/{CLOUD_MODEL}]
    degrade: [simulated-local-small/{SMALL_MODEL}]
  # The small local model is cheaper still: the cloud is for when it is full.
  fast:
    targets: [simulated-local-small/{SMALL_MODEL}, simulated-cloud/{CLOUD_MODEL}]
"
    )
}

//! Looks after local servers: what they say of their load, and whether one that failed is back.
//!
//! Neither question costs a token. Both go through the door of the local zone, with a permit for nothing.

use crate::gateway::Gateway;
use crate::snapshot::{Door, Snapshot, endpoint};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use weir_config::{Backend, BaseUrl};
use weir_dispatch::{Condition, Reported};
use weir_label::ZoneKind;
use weir_local::{LocalBackend, Response, nothing};
use weir_policy::AnyRecipient;
use weir_wire::load::{ServerLoad, read_server_load};
use weir_wire::models::read_list;

/// How often servers are looked at.
const EVERY: Duration = Duration::from_secs(1);
/// A server that takes longer to say how busy it is, is not asked again meanwhile.
const PATIENCE: Duration = Duration::from_millis(900);
/// The largest page that is read.
const PAGE_BYTES_MAX: usize = 4 << 20;

/// Looks after the local servers of whatever configuration is in force, as long as it is polled.
pub(crate) async fn look_after_servers(gateway: Arc<Gateway>) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut listed = BTreeSet::new();
    loop {
        ticks.tick().await;
        let snapshot = gateway.snapshot();
        let local = snapshot.loaded.config.backends.iter().filter(|backend| backend.zone == ZoneKind::Local);
        for backend in local {
            let asked = tokio::time::timeout(PATIENCE, look_at(&gateway, &snapshot, backend, &mut listed));
            // One that does not answer in time says nothing; what it said before grows old.
            let _ = asked.await;
        }
    }
}

async fn look_at(gateway: &Gateway, snapshot: &Snapshot, backend: &Backend, listed: &mut BTreeSet<Arc<str>>) {
    if backend.metrics
        && let Some(load) = load_of(snapshot, backend).await
    {
        for model in &backend.models {
            if let Some(target) = snapshot.loaded.catalogue.target(model.target) {
                gateway.desk.report(&target.name, reported(load));
            }
        }
    }
    if needs_probe(gateway, snapshot, backend) {
        probe(gateway, snapshot, backend, listed).await;
    }
}

fn reported(load: ServerLoad) -> Reported {
    let ServerLoad { running, waiting, cache_used, cache_tokens } = load;
    Reported { running, waiting, cache_used, cache_tokens, places: None }
}

async fn load_of(snapshot: &Snapshot, backend: &Backend) -> Option<ServerLoad> {
    // Metrics are beside the API, not below it.
    let root = BaseUrl { path: String::new(), ..backend.url.clone() };
    let endpoint =
        endpoint(&backend.name, &root, backend.api_key.as_ref(), backend.ca_pem.as_deref()).ok()?;
    let door = LocalBackend::new(endpoint, &snapshot.loaded.config.network_inside).ok()?;
    let page = get(&door, snapshot, backend, "/metrics").await?;
    Some(read_server_load(std::str::from_utf8(&page).ok()?))
}

async fn get(door: &LocalBackend, snapshot: &Snapshot, backend: &Backend, path: &str) -> Option<Vec<u8>> {
    let AnyRecipient::Local(recipient) = &backend.recipient else { return None };
    let permit = snapshot.loaded.policy.boundary.permit(&nothing(), recipient).ok()?;
    let response: Response = door.get(permit, path, PATIENCE).await.ok()?;
    if !response.status().is_success() {
        return None;
    }
    response.bytes(PAGE_BYTES_MAX).await.ok().map(|bytes| bytes.to_vec())
}

/// Whether one of its targets is out of rotation.
fn needs_probe(gateway: &Gateway, snapshot: &Snapshot, backend: &Backend) -> bool {
    let ids = backend.models.iter().filter_map(|model| snapshot.loaded.catalogue.target(model.target));
    let names: Vec<&Arc<str>> = ids.map(|target| &target.name).collect();
    let is_out = |condition: Condition| match condition {
        Condition::Out { .. } | Condition::Misplaced => true,
        Condition::Well | Condition::Resting { .. } | Condition::OnTrial => false,
    };
    gateway.desk.state().targets.iter().any(|view| names.contains(&&view.name) && is_out(view.condition))
}

/// Asks for the list of models. A server that once listed a model and no longer does runs another one now; of
/// one that never did, the list says nothing.
async fn probe(gateway: &Gateway, snapshot: &Snapshot, backend: &Backend, listed: &mut BTreeSet<Arc<str>>) {
    let Some(Door::Local(door)) = snapshot.door(&backend.name) else { return };
    let Some(list) = get(door, snapshot, backend, "/models").await else { return };
    let models = read_list(&list);
    for model in &backend.models {
        let Some(target) = snapshot.loaded.catalogue.target(model.target) else { continue };
        let lists = models.as_ref().map(|models| models.iter().any(|name| **name == *model.name));
        let is_right = match lists {
            Some(true) => {
                listed.insert(target.name.clone());
                Some(true)
            }
            Some(false) => listed.contains(&target.name).then_some(false),
            None => None,
        };
        if is_right == Some(false) {
            tracing::error!(target_name = &*target.name, "a server runs another model than before");
        }
        gateway.desk.probed(&target.name, is_right);
    }
}

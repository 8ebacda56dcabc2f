//! Looks after local servers: what they say of their load, and whether one that failed is back.
//!
//! Neither question costs a token. Both go through the door of the local zone, with a permit for nothing.

use crate::gateway::Gateway;
use crate::snapshot::{Door, Snapshot, endpoint};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;
use weir_config::{Backend, BaseUrl};
use weir_dispatch::{Condition, Reported, TargetView};
use weir_label::ZoneKind;
use weir_local::{LocalBackend, Response, nothing};
use weir_policy::AnyRecipient;
use weir_wire::dialect::BackendDialect;
use weir_wire::load::{ServerLoad, read_loaded_models, read_server_load};
use weir_wire::models::read_list;

/// How often servers are looked at.
const EVERY: Duration = Duration::from_secs(1);
/// A server that takes longer to say how busy it is, is not asked again meanwhile.
const PATIENCE: Duration = Duration::from_millis(900);
/// The largest page that is read.
const PAGE_BYTES_MAX: usize = 4 << 20;

/// Looks after the places, and after the local servers of whatever configuration is in force, as long as it is polled.
pub(crate) async fn look_after_servers(gateway: Arc<Gateway>) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let known = Arc::new(Mutex::new(Known::default()));
    loop {
        ticks.tick().await;
        gateway.desk.look_around();
        let snapshot = gateway.snapshot();
        let mut looks = JoinSet::new();
        for (number, backend) in snapshot.loaded.config.backends.iter().enumerate() {
            if backend.zone == ZoneKind::Local {
                let (gateway, snapshot, known) = (gateway.clone(), snapshot.clone(), known.clone());
                // One that does not answer holds up no other, and says nothing; what it said before grows old.
                looks.spawn(async move {
                    let Some(backend) = snapshot.loaded.config.backends.get(number) else { return };
                    let _ =
                        tokio::time::timeout(PATIENCE, look_at(&gateway, &snapshot, backend, &known)).await;
                });
            }
        }
        while looks.join_next().await.is_some() {}
    }
}

/// What servers have said of their models.
#[derive(Default)]
struct Known {
    /// The backends that were asked since this process began.
    asked: BTreeSet<Arc<str>>,
    /// The targets whose models were once listed.
    listed: BTreeSet<Arc<str>>,
}

async fn look_at(gateway: &Gateway, snapshot: &Snapshot, backend: &Backend, known: &Mutex<Known>) {
    if backend.metrics
        && let Some(said) = said_of(snapshot, backend).await
    {
        for model in &backend.models {
            if let Some(target) = snapshot.loaded.catalogue.target(model.target) {
                gateway.desk.report(&target.name, said.of(&model.name));
            }
        }
    }
    let was_asked = lock(known).asked.contains(&backend.name);
    if needs_probe(gateway, snapshot, backend, was_asked) {
        probe(gateway, snapshot, backend, known).await;
    }
}

fn lock(known: &Mutex<Known>) -> MutexGuard<'_, Known> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a server says of itself.
enum Said {
    /// How busy it is.
    Load(ServerLoad),
    /// Which models it holds in memory.
    Loaded(Vec<String>),
}

impl Said {
    /// Of one of its models.
    fn of(&self, model: &str) -> Reported {
        match self {
            Said::Load(ServerLoad { running, waiting, cache_used, cache_tokens }) => Reported {
                running: *running,
                waiting: *waiting,
                cache_used: *cache_used,
                cache_tokens: *cache_tokens,
                loaded: None,
            },
            // A model without a tag is the latest.
            Said::Loaded(models) => {
                let is_it = |name: &String| name == model || name.strip_suffix(":latest") == Some(model);
                Reported { loaded: Some(models.iter().any(is_it)), ..Reported::default() }
            }
        }
    }
}

async fn said_of(snapshot: &Snapshot, backend: &Backend) -> Option<Said> {
    // These pages are beside the API, not below it.
    let root = BaseUrl { path: String::new(), ..backend.url.clone() };
    let endpoint =
        endpoint(&backend.name, &root, backend.api_key.as_ref(), backend.ca_pem.as_deref()).ok()?;
    let door = LocalBackend::new(endpoint, &snapshot.loaded.config.network_inside).ok()?;
    if backend.api.dialect == BackendDialect::Ollama {
        return read_loaded_models(&get(&door, snapshot, backend, "/api/ps").await.bytes()?)
            .map(Said::Loaded);
    }
    let page = get(&door, snapshot, backend, "/metrics").await.bytes()?;
    Some(Said::Load(read_server_load(std::str::from_utf8(&page).ok()?)))
}

/// What became of a question.
enum Page {
    Is(Vec<u8>),
    /// An error, or nothing of the kind.
    Refused,
    /// There is nobody to be asked.
    Unreachable,
}

impl Page {
    fn bytes(self) -> Option<Vec<u8>> {
        match self {
            Page::Is(bytes) => Some(bytes),
            Page::Refused | Page::Unreachable => None,
        }
    }
}

async fn get(door: &LocalBackend, snapshot: &Snapshot, backend: &Backend, path: &str) -> Page {
    let AnyRecipient::Local(recipient) = &backend.recipient else { return Page::Refused };
    let Ok(permit) = snapshot.loaded.policy.boundary.permit(&nothing(), recipient) else {
        return Page::Refused;
    };
    let response: Response = match door.get(permit, path, PATIENCE).await {
        Ok(response) => response,
        Err(_) => return Page::Unreachable,
    };
    if !response.status().is_success() {
        return Page::Refused;
    }
    response.bytes(PAGE_BYTES_MAX).await.map_or(Page::Unreachable, |bytes| Page::Is(bytes.to_vec()))
}

/// Whether one of its targets is out of rotation, has failed last, or has been used without that it is known whether
/// it lists its model.
fn needs_probe(gateway: &Gateway, snapshot: &Snapshot, backend: &Backend, was_asked: bool) -> bool {
    let ids = backend.models.iter().filter_map(|model| snapshot.loaded.catalogue.target(model.target));
    let names: Vec<&Arc<str>> = ids.map(|target| &target.name).collect();
    let is_due = |view: &TargetView| {
        let is_ill = view.failures > 0 || view.condition == Condition::Misplaced;
        is_ill || (!was_asked && view.service_time.is_some())
    };
    gateway.desk.state().targets.iter().any(|view| names.contains(&&view.name) && is_due(view))
}

/// Asks for the list of models. A server that once listed a model and no longer does runs another one now; of
/// one that never did, the list says nothing.
async fn probe(gateway: &Gateway, snapshot: &Snapshot, backend: &Backend, known: &Mutex<Known>) {
    let Some(Door::Local(door)) = snapshot.door(&backend.name) else { return };
    let page = get(door, snapshot, backend, "/models").await;
    let answered = !matches!(page, Page::Unreachable);
    if answered {
        lock(known).asked.insert(backend.name.clone());
    }
    let models = page.bytes().and_then(|list| read_list(&list));
    for model in &backend.models {
        let Some(target) = snapshot.loaded.catalogue.target(model.target) else { continue };
        let lists = models.as_ref().map(|models| models.iter().any(|name| **name == *model.name));
        let is_right = match lists {
            Some(true) => {
                lock(known).listed.insert(target.name.clone());
                Some(true)
            }
            Some(false) => lock(known).listed.contains(&target.name).then_some(false),
            None => None,
        };
        if is_right == Some(false) {
            tracing::error!(target_name = &*target.name, "a server runs another model than before");
        }
        gateway.desk.probed(&target.name, answered, is_right);
    }
}

//! Finding servers inside the network by asking for their models.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::time::timeout;
use weir_label::{Boundary, Level, Local, Permit, Recipient, Residency, Revision};
use weir_local::{Endpoint, LocalBackend, nothing};
use weir_wire::Nothing;

/// How long a server on this machine may take to list its models. Where nobody listens that is known at once; a machine that
/// runs models is busy.
pub(crate) const LOCAL_PATIENCE: Duration = Duration::from_secs(2);

/// The ports on which a local server is most likely.
pub(crate) const COMMON_PORTS: [Place; 4] = [
    Place::usual(11434, "ollama"),
    Place::usual(8000, "vllm"),
    Place::usual(8080, "llama-cpp"),
    Place::usual(1234, "lm-studio"),
];

/// Further ports, which other programs like too.
pub(crate) const OTHER_PORTS: [Place; 2] = [Place::usual(30000, "sglang"), Place::usual(3000, "tgi")];

/// The most bytes of a model list: aggregators list thousands.
pub(crate) const LIST_BYTES_MAX: usize = 4 << 20;

/// Where a server may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    address: SocketAddr,
    /// Which server is usually found there.
    usual: &'static str,
}

impl Place {
    const fn usual(port: u16, usual: &'static str) -> Self {
        Self { address: SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), port), usual }
    }

    /// This place, with what is usual on its port.
    fn at(address: SocketAddr) -> Self {
        let known = COMMON_PORTS.into_iter().chain(OTHER_PORTS);
        let usual = known.into_iter().find(|place| place.address.port() == address.port());
        Self { address, usual: usual.map_or("local-server", |place| place.usual) }
    }
}

/// The places to look at: those that were named, or else the usual ones.
pub(crate) fn places(named: &[SocketAddr], usual: &[&[Place]]) -> Vec<Place> {
    if named.is_empty() { usual.concat() } else { named.iter().copied().map(Place::at).collect() }
}

/// A server inside the network that answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LocalServer {
    /// A name for it, unique among those found together.
    pub name: String,
    /// Its base URL.
    pub url: String,
    /// The models that it runs itself.
    pub models: Vec<String>,
    /// The models that it passes on to a cloud.
    pub elsewhere: Vec<String>,
}

/// Asks all places at once; in their order, those that answered with a model list.
pub(crate) async fn local_servers(places: &[Place]) -> Vec<LocalServer> {
    let asked: Vec<_> = places.iter().map(|place| tokio::spawn(ask(*place))).collect();
    let mut servers: Vec<LocalServer> = Vec::new();
    for asked in asked {
        if let Ok(Some(mut server)) = asked.await {
            let name = server.name.clone();
            let mut number = 2;
            while servers.iter().any(|other| other.name == server.name) {
                server.name = format!("{name}-{number}");
                number += 1;
            }
            servers.push(server);
        }
    }
    servers
}

async fn ask(place: Place) -> Option<LocalServer> {
    let url = format!("http://{}/v1", place.address);
    let body = timeout(LOCAL_PATIENCE, list(&url)).await.ok()??;
    let (listed, owner) = read_models(&body)?;
    // Another Weir is no place to run a model: it would be asked to decide a second time.
    if owner.as_deref() == Some("weir") || listed.is_empty() {
        return None;
    }
    let (elsewhere, models) = listed.into_iter().partition(|model| runs_elsewhere(model));
    Some(LocalServer { name: kind(owner.as_deref(), place.usual).to_owned(), url, models, elsewhere })
}

async fn list(url: &str) -> Option<Vec<u8>> {
    const NAME: &str = "local-server";
    let endpoint = Endpoint::new(NAME, url).ok()?.with_connect_timeout(LOCAL_PATIENCE);
    let door = LocalBackend::new(endpoint, &[]).ok()?;
    let response = door.models(permit_for_nothing(NAME)?, LOCAL_PATIENCE).await.ok()?;
    if !response.status().is_success() {
        return None;
    }
    response.bytes(LIST_BYTES_MAX).await.ok().map(|bytes| bytes.to_vec())
}

fn permit_for_nothing(name: &str) -> Option<Permit<Nothing, Local>> {
    let boundary = boundary();
    let recipient = Recipient::new(name, boundary.local_clearance(Level::Public, None));
    boundary.permit(&nothing(), &recipient).ok()
}

/// The boundary for questions that carry no content, before there is a policy.
pub(crate) fn boundary() -> Boundary {
    Boundary::new(Level::Confidential, Residency::default(), Revision::new("none"))
}

/// The ids of a model list that can be names in `weir.yaml`, and who owns the first one; `None` if it is
/// no list.
pub(crate) fn read_models(body: &[u8]) -> Option<(Vec<String>, Option<String>)> {
    let list: serde_json::Value = serde_json::from_slice(body).ok()?;
    let models = list.get("data")?.as_array()?;
    let text = |model: &serde_json::Value, field| Some(model.get(field)?.as_str()?.to_owned());
    let ids = models.iter().filter_map(|model| text(model, "id")).filter(|id| is_name(id)).collect();
    Some((ids, models.first().and_then(|model| text(model, "owned_by"))))
}

fn is_name(id: &str) -> bool {
    (1..=128).contains(&id.len()) && id.chars().all(|c| c.is_ascii_alphanumeric() || "._-/:".contains(c))
}

/// Servers say who they are where the list says who owns a model; not all of them.
fn kind<'a>(owner: Option<&str>, usual: &'a str) -> &'a str {
    match owner {
        Some("vllm") => "vllm",
        Some("sglang") => "sglang",
        Some("llamacpp") => "llama-cpp",
        Some("organization_owner") => "lm-studio",
        _ => usual,
    }
}

/// Ollama's names for models that it does not run itself.
fn runs_elsewhere(model: &str) -> bool {
    let model = model.to_ascii_lowercase();
    model.ends_with(":cloud") || model.ends_with("-cloud")
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_rig::fake::{Fake, Script};

    #[tokio::test]
    async fn servers_are_found_in_order_and_named_apart() {
        let one = Fake::start(Script::serving(["small:3b", "huge:480b-cloud"])).await.unwrap();
        let other = Fake::start(Script::serving(["big:70b", "not a name"])).await.unwrap();
        let mut gone = Fake::start(Script::default()).await.unwrap();
        gone.stop().await;
        let places = [gone.address(), one.address(), other.address()].map(Place::at);
        let found = local_servers(&places).await;
        let names: Vec<&str> = found.iter().map(|server| server.name.as_str()).collect();
        assert_eq!(names, ["local-server", "local-server-2"]);
        assert_eq!(found[0].url, one.url());
        assert_eq!(found[0].models, ["small:3b"]);
        assert_eq!(found[0].elsewhere, ["huge:480b-cloud"]);
        assert_eq!(found[1].models, ["big:70b"]);
    }

    #[test]
    fn a_list_is_read_and_anything_else_is_none() {
        let list = br#"{"object":"list","data":[{"id":"m","owned_by":"vllm"},{"id":"a b"},{"no":"id"}]}"#;
        assert_eq!(read_models(list), Some((vec!["m".to_owned()], Some("vllm".to_owned()))));
        assert_eq!(read_models(b"<html>"), None);
        assert_eq!(read_models(br#"{"data":"x"}"#), None);
    }

    #[test]
    fn a_server_that_says_who_it_is_is_believed() {
        assert_eq!(kind(Some("vllm"), "llama-cpp"), "vllm");
        assert_eq!(kind(Some("library"), "ollama"), "ollama");
        assert_eq!(kind(None, "tgi"), "tgi");
    }
}

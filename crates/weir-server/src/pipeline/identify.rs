//! Credentials → [`Caller`].

use crate::failure::Failure;
use crate::gateway::Gateway;
use http::HeaderMap;
use http::header::{AUTHORIZATION, HOST, ORIGIN};
use jiff::Timestamp;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use weir_audit::event::AuthMethod;
use weir_egress::Anthropic;
use weir_label::{Jurisdiction, Label, Level};
use weir_policy::{LatencyClass, RouteWish, TaskType};
use weir_store::keys::KeyRecord;

/// Who asks, and what they said of the request outside its body.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub key: Option<Arc<KeyRecord>>,
    pub method: AuthMethod,
    /// What the key and the headers say of the data; it is joined to what inspection finds.
    pub label: Label,
    /// The level that the `x-weir-level` header gives.
    pub declared_level: Option<Level>,
    pub latency_class: Option<LatencyClass>,
    /// How soon it wants the first token.
    pub latency_target: Option<Duration>,
    /// How soon the answer is of no use to it any more, from when it asked.
    pub deadline: Option<Duration>,
    /// When that is, over all attempts, on the clock of admission.
    pub due: Option<Duration>,
    pub wish: Option<RouteWish>,
    /// What it says that it asks for.
    pub task: Option<TaskType>,
    /// Whether streamed answers may be held back to be checked, where the rule checks answers.
    pub wants_cascade: bool,
    /// The version and the features of Anthropic's API that the client names, for a backend that speaks it.
    pub anthropic: Anthropic,
}

impl Caller {
    /// Whether the caller may ask for this alias.
    pub fn may_use(&self, alias: &str) -> bool {
        let allowed = self.key.as_ref().and_then(|key| key.terms.aliases.as_ref());
        allowed.is_none_or(|aliases| aliases.iter().any(|a| a == alias))
    }

    /// Who asked for a batch, for one of its lines: of at least this label, and in no hurry.
    pub fn of_batch(key: Option<Arc<KeyRecord>>, label: &Label, wish: Option<RouteWish>) -> Self {
        Self {
            method: if key.is_some() { AuthMethod::Key } else { AuthMethod::Loopback },
            key,
            label: label.clone(),
            declared_level: None,
            latency_class: Some(LatencyClass::Batch),
            latency_target: None,
            deadline: None,
            due: None,
            wish,
            task: None,
            wants_cascade: false,
            anthropic: Anthropic::default(),
        }
    }

    /// Whether the key, if there is one, is still good.
    ///
    /// # Errors
    /// [`Failure::BadKey`] when it was revoked or has expired since.
    pub fn check(&self, gateway: &Gateway) -> Result<(), Failure> {
        let Some(key) = &self.key else { return Ok(()) };
        gateway.keys().current(&key.id, Timestamp::now()).map(drop).map_err(Failure::BadKey)
    }
}

/// Finds out who asks.
///
/// # Errors
/// [`Failure`] for a missing or bad key and for headers that say nothing Weir understands.
pub(crate) fn identify(gateway: &Gateway, headers: &HeaderMap, peer: SocketAddr) -> Result<Caller, Failure> {
    if gateway.is_draining() {
        return Err(Failure::Draining);
    }
    let key = authenticate(gateway, headers, peer)?;
    let method = if key.is_some() { AuthMethod::Key } else { AuthMethod::Loopback };
    // Most requests declare nothing; one look is then enough.
    let nothing = HeaderMap::new();
    let headers = if declares_something(headers) { headers } else { &nothing };
    let declared_level = declared_level(headers)?;
    let label = declared_label(headers, declared_level, key.as_deref())?;
    let deadline = time(headers, "x-weir-deadline")?;
    Ok(Caller {
        declared_level,
        latency_class: latency_class(headers, key.as_deref())?,
        latency_target: time(headers, "x-weir-latency-target")?,
        deadline,
        due: deadline.map(|time| gateway.desk.now().saturating_add(time)),
        anthropic: anthropic(headers),
        wish: word(headers, "x-weir-route", "`local-only` or `cloud-ok`")?,
        task: word(headers, "x-weir-task", "a task type such as `chat`, `code_generate` or `translate`")?,
        wants_cascade: word(headers, "x-weir-cascade", "`on` or `off`")?.is_some_and(|Switch(on)| on),
        key,
        method,
        label,
    })
}

/// Whether there is a header by which callers say something of a request to Weir, or of a dialect to its backend.
fn declares_something(headers: &HeaderMap) -> bool {
    headers.keys().any(|name| ["x-weir-", "anthropic-"].iter().any(|start| name.as_str().starts_with(start)))
}

fn anthropic(headers: &HeaderMap) -> Anthropic {
    if headers.is_empty() {
        return Anthropic::default();
    }
    let version = headers.get("anthropic-version").and_then(|value| value.to_str().ok());
    let beta = headers.get_all("anthropic-beta").iter().filter_map(|value| value.to_str().ok());
    Anthropic::read(version, beta)
}

fn authenticate(
    gateway: &Gateway,
    headers: &HeaderMap,
    peer: SocketAddr,
) -> Result<Option<Arc<KeyRecord>>, Failure> {
    let keys = gateway.keys();
    if keys.is_empty() {
        return without_keys(headers, peer).map(|()| None);
    }
    let presented = presented_key(headers).ok_or(Failure::NoKey)?;
    keys.authenticate(presented, Timestamp::now()).map(|key| Some(key.clone())).map_err(Failure::BadKey)
}

/// Without any key, whoever is on this machine is served, but for web pages of others.
fn without_keys(headers: &HeaderMap, peer: SocketAddr) -> Result<(), Failure> {
    if !peer.ip().to_canonical().is_loopback() {
        return Err(Failure::NotLoopback);
    }
    if is_of_foreign_page(headers) { Err(Failure::ForeignOrigin) } else { Ok(()) }
}

/// Whether a request comes from a web page of somebody else's that a browser on this machine shows: from one that says
/// where it is from, or from one whose own name was made to mean this machine (DNS rebinding), which says nothing when
/// it only reads.
pub(crate) fn is_of_foreign_page(headers: &HeaderMap) -> bool {
    let is_foreign = |name, is_home: fn(&str) -> bool| {
        headers.get_all(name).iter().any(|value| !value.to_str().is_ok_and(is_home))
    };
    is_foreign(ORIGIN, is_loopback_origin) || is_foreign(HOST, is_no_foreign_name)
}

fn is_loopback_origin(origin: &str) -> bool {
    let Some((_, authority)) = origin.split_once("://") else { return false };
    let host = host_of(authority);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whether a request was sent to this machine by its own name or by an address, which no page of others has.
fn is_no_foreign_name(authority: &str) -> bool {
    let host = host_of(authority).to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost") || host.parse::<IpAddr>().is_ok()
}

/// The host of `host:port`.
fn host_of(authority: &str) -> &str {
    match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    }
}

/// `Authorization: Bearer K`, `x-api-key: K` or `api-key: K`.
pub(crate) fn presented_key(headers: &HeaderMap) -> Option<&str> {
    let bearer = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| {
        let (scheme, key) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
    });
    let plain = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    bearer.or_else(|| plain("x-api-key")).or_else(|| plain("api-key"))
}

fn declared_level(headers: &HeaderMap) -> Result<Option<Level>, Failure> {
    word(headers, "x-weir-level", "`public`, `internal`, `confidential` or `restricted`")
}

/// The key's defaults, joined with what the caller declares. Headers raise, and cannot lower.
fn declared_label(
    headers: &HeaderMap,
    level: Option<Level>,
    key: Option<&KeyRecord>,
) -> Result<Label, Failure> {
    let mut label = Label::default();
    for level in level.into_iter().chain(key.and_then(|key| key.terms.default_level)) {
        label.raise(&Label::at(level));
    }
    let jurisdiction = word::<Jurisdiction>(headers, "x-weir-jurisdiction", "a name such as `EU` or `DE`")?;
    for jurisdiction in jurisdiction.into_iter().chain(key.and_then(|key| key.terms.jurisdiction.clone())) {
        label = label.with_jurisdiction(jurisdiction);
    }
    Ok(label)
}

fn latency_class(headers: &HeaderMap, key: Option<&KeyRecord>) -> Result<Option<LatencyClass>, Failure> {
    let declared = word(headers, "x-weir-latency", "`interactive` or `batch`")?;
    let default = key.and_then(|key| key.terms.latency_class.as_str().parse().ok());
    // A key for batch work is for batch work: urgency is granted, not asked for.
    Ok(if default == Some(LatencyClass::Batch) { default } else { declared.or(default) })
}

/// A time such as `500ms` or `2s`.
fn time(headers: &HeaderMap, name: &'static str) -> Result<Option<Duration>, Failure> {
    let written: Option<Written> = word(headers, name, "a time such as `500ms`, `2s` or `1m`")?;
    Ok(written.map(|Written(time)| time))
}

/// `on` or `off`.
struct Switch(bool);

impl std::str::FromStr for Switch {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "on" => Ok(Switch(true)),
            "off" => Ok(Switch(false)),
            _ => Err(()),
        }
    }
}

struct Written(Duration);

impl std::str::FromStr for Written {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        weir_config::time(text).map(Written)
    }
}

/// The value of a header of Weir's own. More than one, or one that is no value, is an error: what a
/// caller says of its data must not be lost.
fn word<T: std::str::FromStr>(
    headers: &HeaderMap,
    name: &'static str,
    expected: &'static str,
) -> Result<Option<T>, Failure> {
    if headers.is_empty() {
        return Ok(None);
    }
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let parsed = value.to_str().ok().and_then(|text| text.trim().parse().ok());
    match (parsed, values.next()) {
        (Some(parsed), None) => Ok(Some(parsed)),
        _ => Err(Failure::BadHeader { name, expected }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_taken_from_the_three_headers_clients_use() {
        let with = |name: &'static str, value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            presented_key(&headers).map(str::to_owned)
        };
        assert_eq!(with("authorization", "bearer k1").as_deref(), Some("k1"));
        assert_eq!(with("authorization", "Bearer  k1 ").as_deref(), Some("k1"));
        assert_eq!(with("x-api-key", "k2").as_deref(), Some("k2"));
        assert_eq!(with("api-key", "k3").as_deref(), Some("k3"));
        assert_eq!(with("authorization", "Basic k4"), None);
    }

    #[test]
    fn only_pages_of_this_machine_are_at_home_here() {
        for home in ["http://localhost:3000", "http://127.0.0.1", "http://[::1]:8080"] {
            assert!(is_loopback_origin(home), "{home}");
        }
        for foreign in
            ["https://evil.example", "null", "http://127.0.0.1.evil.example", "http://localhost.evil"]
        {
            assert!(!is_loopback_origin(foreign), "{foreign}");
        }
    }

    #[test]
    fn names_that_others_can_give_are_not_this_machines() {
        for home in
            ["localhost:8080", "LOCALHOST", "weir.localhost", "127.0.0.1:8080", "[::1]:8080", "10.0.0.5"]
        {
            assert!(is_no_foreign_name(home), "{home}");
        }
        for foreign in ["evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example", "evil", ""] {
            assert!(!is_no_foreign_name(foreign), "{foreign}");
        }
    }

    #[test]
    fn a_header_that_says_nothing_is_an_error_and_is_not_ignored() {
        let mut headers = HeaderMap::new();
        headers.insert("x-weir-level", "confidental".parse().unwrap());
        assert!(declared_level(&headers).is_err());
        headers.insert("x-weir-level", "restricted".parse().unwrap());
        assert_eq!(declared_level(&headers).unwrap(), Some(Level::Restricted));
        headers.append("x-weir-level", "public".parse().unwrap());
        assert!(declared_level(&headers).is_err());
    }
}

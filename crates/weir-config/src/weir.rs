//! `weir.yaml` from raw to domain values.

mod alias;
mod audit;
mod backend;
mod credential;
mod encoder;
mod export;
mod keep;
pub mod money;
mod purpose;
mod quality;
mod receiver;
mod rollout;
mod tokenizer;
mod witness;

use crate::names::Names;
use crate::outside::Surroundings;
use crate::prices::PriceTable;
use crate::raw::weir::{RawLimits, RawNetwork, RawWeir};
use crate::report::{Place, Report};
use crate::scalar::{ByteSize, KeepTime};
use crate::yaml::{At, take_or};
use crate::{Config, DecisionHeaders, Limits, PolicySettings, UnknownFields};
use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;
use weir_label::Boundary;
use weir_policy::Catalogue;

/// What the parts of `weir.yaml` are read with.
pub struct Reading<'a, 'r> {
    pub boundary: &'a Boundary,
    pub names: &'a Names,
    pub inside: Vec<IpNet>,
    pub prices: PriceTable,
    pub surroundings: &'a mut Surroundings<'r>,
    pub report: &'a mut Report<'r>,
}

/// The configuration, if it is right, and the targets and aliases that are.
pub fn compile<'r>(
    raw: &RawWeir,
    names: &Names,
    boundary: &Boundary,
    surroundings: &mut Surroundings<'r>,
    report: &mut Report<'r>,
) -> (Option<Config>, Catalogue) {
    // No `..`: a new field is a compile error here.
    let RawWeir {
        weir,
        listen,
        admin,
        state,
        policy,
        network,
        limits,
        audit,
        headers,
        unknown_fields,
        keep_responses,
        keep_files,
        prices,
        budget,
        keys,
        tenants,
        encoder,
        backends,
        aliases,
    } = raw;
    weir.take(report);
    let listeners = listeners(listen.as_ref(), admin.as_ref(), report);
    let inside = inside(network, report);
    let limits = self::limits(limits, report);
    let keep_responses = take_or(keep_responses.as_ref(), KeepTime(Duration::from_secs(86_400)), report);
    let keep_files = take_or(keep_files.as_ref(), KeepTime(Duration::from_secs(30 * 86_400)), report);
    let headers = take_or(headers.as_ref(), DecisionHeaders::On, report);
    let unknown_fields = take_or(unknown_fields.as_ref(), UnknownFields::Pass, report);
    let state = state_directory(state.as_ref(), surroundings);

    let budget = money::budget(budget, report);
    let (keys, tenants) = (money::keys(keys, report), money::tenants(tenants, report));

    let mut catalogue = Catalogue::default();
    let mut reading = Reading {
        boundary,
        names,
        inside: inside.unwrap_or_default(),
        prices: PriceTable::default(),
        surroundings,
        report,
    };
    reading.prices = money::price_table(prices.as_ref(), &mut reading);
    let backends = backend::all(backends, &mut catalogue, &mut reading);
    alias::all(aliases, &mut catalogue, &mut reading);
    let encoder = encoder::encoder(encoder.as_ref(), &catalogue, &mut reading);
    backend::warn_of_unused(raw, &catalogue, &mut reading);
    let policy = rollout::settings(policy, &mut reading);
    let audit = audit::settings(audit, &mut reading);
    let config = || {
        let (listen, admin) = listeners?;
        Some(Config {
            listen,
            admin,
            state,
            policy: policy?,
            limits: limits?,
            audit: audit?,
            headers: headers?,
            unknown_fields: unknown_fields?,
            keep_responses: keep_responses?.0,
            keep_files: keep_files?.0,
            budget: budget?,
            keys: keys?,
            tenants: tenants?,
            encoder: encoder?,
            backends,
            network_inside: reading.inside,
        })
    };
    let config = config();
    if let (Some(config), Some(place)) = (&config, budget_place(raw)) {
        backend::warn_of_unpriced(config, &catalogue, place, reading.report);
    }
    (config, catalogue)
}

/// Where the configuration first speaks of a budget.
fn budget_place(raw: &RawWeir) -> Option<Place> {
    let budgets = raw.keys.0.iter().map(|(_, key)| &key.budget);
    let mut budgets =
        budgets.chain(raw.tenants.0.iter().map(|(_, tenant)| &tenant.budget)).chain([&raw.budget]);
    budgets.find_map(|budget| budget.day.as_ref().or(budget.month.as_ref())).map(|field| field.place)
}

/// Where applications connect if the configuration does not say.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
/// Where operators connect if the configuration does not say.
pub const ADMIN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9090);

/// Where the state is kept if the configuration does not say.
pub const STATE: &str = "./weir-state";

/// The state directory that is written, or the default, as seen from the file.
pub fn state_directory(state: Option<&At<String>>, surroundings: &Surroundings<'_>) -> PathBuf {
    surroundings.path(state.map_or(STATE, |state| &state.value))
}

/// Where the policy comes from, as far as it can be read, and the state directory.
pub fn policy_settings<'r>(
    raw: &RawWeir,
    surroundings: &mut Surroundings<'r>,
    report: &mut Report<'r>,
) -> (PolicySettings, PathBuf) {
    let state = state_directory(raw.state.as_ref(), surroundings);
    let names = Names::of(raw, report.is_incomplete);
    let boundary = crate::policy::boundary_unknown();
    let (boundary, names, prices) = (&boundary, &names, PriceTable::default());
    let mut reading = Reading { boundary, names, inside: Vec::new(), prices, surroundings, report };
    (rollout::settings(&raw.policy, &mut reading).unwrap_or_default(), state)
}

type AddressField = crate::yaml::Field<SocketAddr>;

fn listeners(
    listen: Option<&AddressField>,
    admin: Option<&AddressField>,
    report: &mut Report<'_>,
) -> Option<(SocketAddr, SocketAddr)> {
    let listen_at = take_or(listen, LISTEN, report);
    let admin_at = take_or(admin, ADMIN, report);
    let (listen_at, admin_at) = (listen_at?, admin_at?);
    let place = admin.or(listen).map(|field| field.place);
    if let (Some(place), true) = (place, collide(listen_at, admin_at)) {
        report.error(
            place,
            format!("`listen` ({listen_at}) and `admin` ({admin_at}) cannot share a port"),
            "give one of them another port",
        );
    }
    if let (Some(admin), false) = (admin, admin_at.ip().is_loopback()) {
        report.error(
            admin.place,
            format!("`{admin_at}` would open the admin listener to the network"),
            "use a loopback address such as `127.0.0.1:9090`, and a tunnel or a proxy with authentication to reach it",
        );
    }
    Some((listen_at, admin_at))
}

/// Port 0 means any free port, which two listeners never share.
fn collide(one: SocketAddr, other: SocketAddr) -> bool {
    let overlap = one.ip() == other.ip() || one.ip().is_unspecified() || other.ip().is_unspecified();
    one.port() != 0 && one.port() == other.port() && overlap
}

fn inside(raw: &RawNetwork, report: &mut Report<'_>) -> Option<Vec<IpNet>> {
    let RawNetwork { inside } = raw;
    let nets: Vec<Option<IpNet>> = inside.iter().map(|net| net.take(report)).collect();
    nets.into_iter().collect()
}

fn limits(raw: &RawLimits, report: &mut Report<'_>) -> Option<Limits> {
    let RawLimits {
        body,
        event,
        queue,
        queue_bytes,
        queue_tokens,
        first_token,
        hedge,
        connections,
        kept,
        kept_of_one,
        drain,
    } = raw;
    let body_bytes = take_or(body.as_ref(), ByteSize(32 << 20), report);
    let event_bytes = take_or(event.as_ref(), ByteSize(8 << 20), report);
    let queue = take_or(queue.as_ref(), 256, report);
    let queue_bytes = take_or(queue_bytes.as_ref(), ByteSize(64 << 20), report);
    let queue_tokens = match queue_tokens {
        Some(field) => field.take(report).map(u64::from),
        None => Some(u64::MAX),
    };
    let first_token = match first_token {
        Some(field) => field.take(report).map(Some),
        None => Some(None),
    };
    let hedge = take_or(hedge.as_ref(), false, report);
    let connections = take_or(connections.as_ref(), NonZeroU32::MIN.saturating_add(4095), report);
    let kept = take_or(kept.as_ref(), ByteSize(1 << 30), report);
    let kept_of_one = take_or(kept_of_one.as_ref(), ByteSize(256 << 20), report);
    let drain = take_or(drain.as_ref(), Duration::from_secs(30), report);
    let body_bytes = NonZeroUsize::new(body_bytes?.0);
    if let (None, Some(body)) = (body_bytes, body) {
        report.error(
            body.place,
            "`body` is 0, so that no request would be accepted",
            "write a size such as `32MiB`",
        );
    }
    let event_bytes = NonZeroUsize::new(event_bytes?.0);
    if let (None, Some(event)) = (event_bytes, event) {
        report.error(
            event.place,
            "`event` is 0, so that no answer could be streamed",
            "write a size such as `8MiB`",
        );
    }
    Some(Limits {
        body_bytes: body_bytes?,
        event_bytes: event_bytes?,
        queue: usize::try_from(queue?).unwrap_or(usize::MAX),
        queue_bytes: queue_bytes?.0,
        queue_tokens: queue_tokens?,
        first_token: first_token?,
        hedge: hedge?,
        connections: NonZeroUsize::try_from(connections?).unwrap_or(NonZeroUsize::MAX),
        kept: kept?.0 as u64,
        kept_of_one: kept_of_one?.0 as u64,
        drain: drain?,
    })
}

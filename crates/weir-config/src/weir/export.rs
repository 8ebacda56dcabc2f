//! Who gets the events of the audit log, from raw to domain values.

use super::Reading;
use super::backend::{ca_pem, optional, present};
use super::credential::api_key;
use crate::raw::export::RawExport;
use crate::scalar::ByteSize;
use crate::suggest::suggest;
use crate::yaml::{At, take_or};
use crate::{Begin, Export, Remote, Secret, Server, Sink, url};
use std::collections::BTreeSet;
use std::time::Duration;
use weir_audit::Event;
use weir_audit::export::{Format, KEPT};
use weir_audit::search::Condition;
use weir_label::ZoneKind;

const TIMEOUT: Duration = Duration::from_secs(10);
const EVERY: Duration = Duration::from_secs(1);
const EVERY_STORE: Duration = Duration::from_secs(60);
const ROTATE: ByteSize = ByteSize(64 * 1024 * 1024);
const TABLE: &str = "weir_audit";
const SUBJECT: &str = "weir.audit";

/// Every export that is right.
pub fn all(raw: &[RawExport], reading: &mut Reading<'_, '_>) -> Vec<Export> {
    let mut seen = BTreeSet::new();
    for export in raw {
        if let Some(name) = export.name.get().filter(|name| !seen.insert(*name)) {
            let message = format!("there are two exports `{}`", name.0);
            reading.report.error(export.name.place, message, "rename one of them");
        }
    }
    raw.iter().filter_map(|raw| export(raw, reading)).collect()
}

fn export(raw: &RawExport, reading: &mut Reading<'_, '_>) -> Option<Export> {
    let name = raw.name.take(reading.report);
    let sink = sink(raw, reading);
    let usual = if raw.s3.is_some() { EVERY_STORE } else { EVERY };
    let every = take_or(raw.every.as_ref(), usual, reading.report);
    let timeout = take_or(raw.timeout.as_ref(), TIMEOUT, reading.report);
    let from = take_or(raw.from.as_ref(), Begin::Start, reading.report);
    let events: Option<Vec<String>> = raw.events.iter().map(|written| event(written, reading)).collect();
    let conditions: Option<Vec<Condition>> =
        raw.conditions.iter().map(|written| condition(written, reading)).collect();
    let leave_out: Option<Vec<String>> =
        raw.leave_out.iter().map(|written| member(written, reading)).collect();
    Some(Export {
        name: name?.0.into(),
        events: events?,
        conditions: conditions?,
        leave_out: leave_out?,
        from: from?,
        every: every?,
        timeout: timeout?,
        sink: sink?,
    })
}

fn event(written: &At<String>, reading: &mut Reading<'_, '_>) -> Option<String> {
    let known = Event::TYPES;
    if known.contains(&written.value.as_str()) {
        return Some(written.value.clone());
    }
    let help = suggest(&written.value, known.iter().copied());
    reading.report.error(written.place, format!("there is no event `{}`", written.value), &help);
    None
}

fn condition(written: &At<String>, reading: &mut Reading<'_, '_>) -> Option<Condition> {
    let parsed = Condition::parse(&written.value, &|_| false);
    let help = "write it as for `weir audit query --where`; `weir audit query --fields` lists the fields";
    parsed.map_err(|error| reading.report.error(written.place, error.to_string(), help)).ok()
}

fn member(written: &At<String>, reading: &mut Reading<'_, '_>) -> Option<String> {
    if KEPT.contains(&written.value.as_str()) {
        let message = format!("`{}` says which event it is, and cannot be left out", written.value);
        reading.report.error(written.place, message, "remove it from `leave_out`");
        return None;
    }
    Some(written.value.clone())
}

fn sink(raw: &RawExport, reading: &mut Reading<'_, '_>) -> Option<Sink> {
    let kinds = [&raw.file, &raw.otlp, &raw.s3, &raw.syslog, &raw.postgres, &raw.nats];
    let Some((at, 1)) =
        kinds.iter().find_map(|kind| kind.as_ref()).zip(Some(kinds.iter().flat_map(|kind| *kind).count()))
    else {
        let help = "write exactly one of `file`, `otlp`, `s3`, `syslog`, `postgres` and `nats`";
        reading.report.error(raw.name.place, "this export is not one thing", help);
        return None;
    };
    if let Some(format) = raw.format.as_ref().filter(|_| raw.otlp.is_some() || raw.postgres.is_some()) {
        let help = "remove `format`: a collector takes OTLP, and a table the events as they are";
        reading.report.error(format.place, "this export has one format only", help);
    }
    if let Some(zone) = raw.zone.as_ref().filter(|zone| zone.get() == Some(&ZoneKind::Cloud))
        && raw.otlp.is_none()
        && raw.s3.is_none()
    {
        let help = "only `otlp` and `s3` can be outside the network: they are spoken to over HTTP through the same door as \
                    cloud backends";
        reading.report.error(zone.place, "this export cannot leave the network", help);
        return None;
    }
    let usual = if raw.syslog.is_some() { Format::Cef } else { Format::Jsonl };
    let format = take_or(raw.format.as_ref(), usual, reading.report);
    if raw.file.is_some() {
        file(raw, at, format?, reading)
    } else if raw.otlp.is_some() {
        remote(raw, at, reading).map(Sink::Otlp)
    } else if raw.s3.is_some() {
        store(raw, at, format?, reading)
    } else if raw.syslog.is_some() {
        syslog(raw, at, format?, reading)
    } else if raw.postgres.is_some() {
        postgres(raw, at, reading)
    } else {
        nats(raw, at, format?, reading)
    }
}

fn file(raw: &RawExport, at: &At<String>, format: Format, reading: &mut Reading<'_, '_>) -> Option<Sink> {
    let rotate = take_or(raw.rotate.as_ref(), ROTATE, reading.report);
    let keep = optional(raw.keep.as_ref(), reading.report)?;
    if at.value.is_empty() || at.value.ends_with('/') {
        reading.report.error(at.place, "this is no file", "write its path, such as `./exports/audit.jsonl`");
        return None;
    }
    let path = reading.surroundings.path(&at.value);
    Some(Sink::File { path, format, rotate: rotate?.0 as u64, keep })
}

fn store(raw: &RawExport, at: &At<String>, format: Format, reading: &mut Reading<'_, '_>) -> Option<Sink> {
    let remote = remote(raw, at, reading)?;
    if remote.url.path.is_empty() || remote.api_key.is_none() {
        let help = "write `s3: https://HOST/BUCKET` and `api_key: \"${NAME}\"`, which holds ID:SECRET";
        reading.report.error(at.place, "a store needs a bucket and keys", help);
        return None;
    }
    let region = raw.region.as_ref().map(|region| region.value.clone());
    Some(Sink::Store { at: remote, region, format })
}

fn remote(raw: &RawExport, at: &At<String>, reading: &mut Reading<'_, '_>) -> Option<Remote> {
    let zone = take_or(raw.zone.as_ref(), ZoneKind::Local, reading.report);
    let base = url::parse(at, reading.report);
    if let (Some(base), Some(zone)) = (&base, zone) {
        url::check_zone(base, zone, &reading.inside, at.place, reading.report);
    }
    let key = raw.api_key.as_ref().map(|written| api_key(written, reading));
    let pem = raw.ca_file.as_ref().map(|written| ca_pem(written, reading));
    Some(Remote { url: base?, zone: zone?, api_key: present(key)?, ca_pem: present(pem)? })
}

/// A server inside the network at such an address, whose schemes are these, each with whether it means TLS; and which of
/// them it is. Its address is that of a web server in other words.
fn server(
    raw: &RawExport,
    at: &At<String>,
    schemes: &[(&str, bool)],
    port: Option<u16>,
    reading: &mut Reading<'_, '_>,
) -> Option<(Server, usize)> {
    let written = at.value.split_once("://");
    let found = written.and_then(|(scheme, place)| {
        let which = schemes.iter().position(|(known, _)| *known == scheme)?;
        Some((which, schemes.get(which)?.1, place))
    });
    let Some((which, is_tls, place)) = found else {
        let known: Vec<String> = schemes.iter().map(|(scheme, _)| format!("`{scheme}://`")).collect();
        let help = format!("write {}, host and port", known.join(" or "));
        reading.report.error(at.place, "this is no address of such a server", &help);
        return None;
    };
    let (authority, path) = place.split_once('/').map_or((place, ""), |(authority, path)| (authority, path));
    let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let port = port.filter(|_| !has_port).map_or_else(String::new, |port| format!(":{port}"));
    let scheme = if is_tls { "https" } else { "http" };
    let as_url = At { value: format!("{scheme}://{authority}{port}/{path}"), place: at.place };
    let base = url::parse(&as_url, reading.report)?;
    url::check_zone(&base, ZoneKind::Local, &reading.inside, at.place, reading.report);
    let pem = raw.ca_file.as_ref().map(|written| ca_pem(written, reading));
    Some((Server { url: base, ca_pem: present(pem)? }, which))
}

fn syslog(raw: &RawExport, at: &At<String>, format: Format, reading: &mut Reading<'_, '_>) -> Option<Sink> {
    let schemes = [("tcp", false), ("tls", true), ("udp", false)];
    let (server, which) =
        server(raw, at, &schemes, Some(if at.value.starts_with("tls") { 6514 } else { 514 }), reading)?;
    Some(Sink::Syslog { server, datagrams: which == 2, format })
}

fn postgres(raw: &RawExport, at: &At<String>, reading: &mut Reading<'_, '_>) -> Option<Sink> {
    let schemes = [("postgres", false), ("postgres+tls", true)];
    let (server, _) = server(raw, at, &schemes, Some(5432), reading)?;
    let database = server.url.path.trim_matches('/').to_owned();
    let credential = present(raw.api_key.as_ref().map(|written| api_key(written, reading)))?;
    // Where secrets are not looked for, nothing is known of their form.
    let is_pair = |key: &Secret| key.expose().contains(':') || reading.surroundings.env().is_none();
    let Some(credential) = credential.filter(is_pair).filter(|_| !database.is_empty()) else {
        let help = "write `postgres: postgres://HOST/DATABASE` and `api_key: \"${NAME}\"`, which holds USER:PASSWORD";
        reading.report.error(at.place, "a table needs a database, a user and a password", help);
        return None;
    };
    let table = words_of(
        raw.table.as_ref(),
        TABLE,
        is_table,
        "SCHEMA.TABLE or TABLE, of small letters, digits and `_`",
        reading,
    )?;
    Some(Sink::Postgres { server, credential, database, table })
}

fn nats(raw: &RawExport, at: &At<String>, format: Format, reading: &mut Reading<'_, '_>) -> Option<Sink> {
    let (server, _) = server(raw, at, &[("nats", false), ("tls", true)], Some(4222), reading)?;
    let credential = present(raw.api_key.as_ref().map(|written| api_key(written, reading)))?;
    let help = "words of letters, digits, `-` and `_` with dots between them, such as `weir.audit`";
    let subject = words_of(raw.subject.as_ref(), SUBJECT, is_subject, help, reading)?;
    Some(Sink::Nats { server, credential, subject, format })
}

fn words_of(
    written: Option<&At<String>>,
    usual: &str,
    is_right: impl Fn(&str) -> bool,
    help: &str,
    reading: &mut Reading<'_, '_>,
) -> Option<String> {
    let Some(written) = written else { return Some(usual.to_owned()) };
    if is_right(&written.value) {
        return Some(written.value.clone());
    }
    reading.report.error(
        written.place,
        format!("`{}` cannot stand here", written.value.escape_debug()),
        &format!("write {help}"),
    );
    None
}

/// Words that need no quoting in SQL.
fn is_table(text: &str) -> bool {
    let is_word = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_lowercase() || first == '_')
            && word.len() <= 63
            && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    text.split('.').count() <= 2 && text.split('.').all(is_word)
}

fn is_subject(text: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    text.len() <= 128 && text.split('.').all(is_word)
}

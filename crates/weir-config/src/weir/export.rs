//! Who gets the events of the audit log, from raw to domain values.

use super::Reading;
use super::backend::optional;
use super::receiver::{self, Access, Scheme, check_names, remote, server, syslog};
use crate::raw::export::RawExport;
use crate::scalar::ByteSize;
use crate::suggest::suggest;
use crate::yaml::{At, take_or};
use crate::{Begin, Export, Secret, Sink};
use std::time::Duration;
use weir_audit::Event;
use weir_audit::export::{Format, KEPT};
use weir_audit::search::Condition;

const TIMEOUT: Duration = Duration::from_secs(10);
const EVERY: Duration = Duration::from_secs(1);
const EVERY_STORE: Duration = Duration::from_secs(60);
const ROTATE: ByteSize = ByteSize(64 * 1024 * 1024);
const TABLE: &str = "weir_audit";
const SUBJECT: &str = "weir.audit";

/// Every export that is right.
pub fn all(raw: &[RawExport], reading: &mut Reading<'_, '_>) -> Vec<Export> {
    check_names("exports", raw.iter().map(|export| &export.name), reading);
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
    let usual = if raw.syslog.is_some() { Format::Cef } else { Format::Jsonl };
    let format = take_or(raw.format.as_ref(), usual, reading.report);
    if raw.file.is_some() {
        file(raw, at, format?, reading)
    } else if raw.otlp.is_some() {
        remote(at, &access(raw), reading).map(Sink::Otlp)
    } else if raw.s3.is_some() {
        store(raw, at, format?, reading)
    } else if raw.syslog.is_some() {
        let (server, datagrams) = syslog(at, &access(raw), reading)?;
        Some(Sink::Syslog { server, datagrams, format: format? })
    } else if raw.postgres.is_some() {
        postgres(raw, at, reading)
    } else {
        nats(raw, at, format?, reading)
    }
}

fn file(raw: &RawExport, at: &At<String>, format: Format, reading: &mut Reading<'_, '_>) -> Option<Sink> {
    access(raw).check_inside(reading)?;
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
    let remote = receiver::store(at, &access(raw), reading)?;
    let region = raw.region.as_ref().map(|region| region.value.clone());
    Some(Sink::Store { at: remote, region, format })
}

fn access(raw: &RawExport) -> Access<'_> {
    Access { zone: raw.zone.as_ref(), api_key: raw.api_key.as_ref(), ca_file: raw.ca_file.as_ref() }
}

fn postgres(raw: &RawExport, at: &At<String>, reading: &mut Reading<'_, '_>) -> Option<Sink> {
    let schemes = [("postgres", false), ("postgres+tls", true)];
    let schemes = schemes.map(|(name, is_tls)| Scheme { name, is_tls, port: 5432 });
    let access = access(raw);
    let (server, _) = server(at, &schemes, &access, reading)?;
    let database = server.url.path.trim_matches('/').to_owned();
    let credential = access.key(reading)?;
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
    let schemes = [("nats", false), ("tls", true)].map(|(name, is_tls)| Scheme { name, is_tls, port: 4222 });
    let access = access(raw);
    let (server, _) = server(at, &schemes, &access, reading)?;
    let credential = access.key(reading)?;
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

//! Who gets the checkpoints of the audit log, from raw to domain values.

use super::Reading;
use super::backend::{ca_pem, optional, present};
use super::credential::api_key;
use crate::raw::witness::{RawWitness, Words};
use crate::scalar::Days;
use crate::yaml::{At, take_or};
use crate::{BaseUrl, Receiver, Remote, Witness, url};
use std::collections::BTreeSet;
use std::time::Duration;
use weir_label::ZoneKind;

const TIMEOUT: Duration = Duration::from_secs(10);
const EVERY_COSIGNER: Duration = Duration::from_secs(10);
const EVERY_SYSLOG: Duration = Duration::from_secs(60);
const EVERY_STORE: Duration = Duration::from_secs(3600);
const COMMANDS: [&[&str]; 3] = [
    &["git", "add", "--all"],
    &["git", "commit", "--quiet", "--message", "checkpoint"],
    &["git", "push", "--quiet"],
];

/// Every witness that is right.
pub fn all(raw: &[RawWitness], reading: &mut Reading<'_, '_>) -> Vec<Witness> {
    let mut seen = BTreeSet::new();
    for witness in raw {
        if let Some(name) = witness.name.get().filter(|name| !seen.insert(*name)) {
            let message = format!("there are two witnesses `{}`", name.0);
            reading.report.error(witness.name.place, message, "rename one of them");
        }
    }
    raw.iter().filter_map(|raw| witness(raw, reading)).collect()
}

fn witness(raw: &RawWitness, reading: &mut Reading<'_, '_>) -> Option<Witness> {
    let name = raw.name.take(reading.report);
    let kinds = [&raw.url, &raw.syslog, &raw.s3, &raw.git];
    if kinds.iter().filter(|kind| kind.is_some()).count() != 1 {
        let help = "write exactly one of `url`, `syslog`, `s3` and `git`";
        reading.report.error(raw.name.place, "this witness is not one thing", help);
        return None;
    }
    let (receiver, every) = if let Some(at) = &raw.url {
        (cosigner(raw, at, reading), EVERY_COSIGNER)
    } else if let Some(at) = &raw.syslog {
        (syslog(raw, at, reading), EVERY_SYSLOG)
    } else if let Some(at) = &raw.s3 {
        (store(raw, at, reading), EVERY_STORE)
    } else {
        (git(raw, reading), EVERY_STORE)
    };
    let every = take_or(raw.every.as_ref(), every, reading.report);
    let timeout = take_or(raw.timeout.as_ref(), TIMEOUT, reading.report);
    Some(Witness { name: name?.0.into(), every: every?, timeout: timeout?, receiver: receiver? })
}

fn cosigner(raw: &RawWitness, at: &At<String>, reading: &mut Reading<'_, '_>) -> Option<Receiver> {
    let at = remote(raw, at, reading);
    let Some(key) = &raw.key else {
        let help = "write its public key as `key`: without it nobody can tell whose signature comes back";
        reading.report.error(raw.name.place, "this witness has no key", help);
        return None;
    };
    let key = key.take(reading.report);
    Some(Receiver::Cosigner { at: at?, key: Box::new(key?) })
}

fn store(raw: &RawWitness, at: &At<String>, reading: &mut Reading<'_, '_>) -> Option<Receiver> {
    let remote = remote(raw, at, reading);
    let lock = optional(raw.lock.as_ref(), reading.report)?;
    let lock = lock.map(|Days(days)| Duration::from_secs(u64::from(days.get()) * 86_400));
    let region = raw.region.as_ref().map(|region| region.value.clone());
    let remote = remote?;
    if remote.url.path.is_empty() || remote.api_key.is_none() {
        let help = "write `s3: https://HOST/BUCKET` and `api_key: \"${NAME}\"`, which holds ID:SECRET";
        reading.report.error(at.place, "a store needs a bucket and keys", help);
        return None;
    }
    Some(Receiver::Store { at: remote, region, lock })
}

fn remote(raw: &RawWitness, at: &At<String>, reading: &mut Reading<'_, '_>) -> Option<Remote> {
    let zone = take_or(raw.zone.as_ref(), ZoneKind::Local, reading.report);
    let base = url::parse(at, reading.report);
    if let (Some(base), Some(zone)) = (&base, zone) {
        url::check_zone(base, zone, &reading.inside, at.place, reading.report);
    }
    let key = raw.api_key.as_ref().map(|written| api_key(written, reading));
    let pem = raw.ca_file.as_ref().map(|written| ca_pem(written, reading));
    Some(Remote { url: base?, zone: zone?, api_key: present(key)?, ca_pem: present(pem)? })
}

/// A syslog server's address is that of a web server in other words.
fn syslog(raw: &RawWitness, at: &At<String>, reading: &mut Reading<'_, '_>) -> Option<Receiver> {
    let written = at.value.split_once("://");
    let (scheme, datagrams, place) = match written {
        Some(("udp", place)) => ("http", true, place),
        Some(("tcp", place)) => ("http", false, place),
        Some(("tls", place)) => ("https", false, place),
        Some(_) | None => {
            let help = "write `udp://`, `tcp://` or `tls://`, host and port, such as `tcp://10.0.0.9:601`";
            reading.report.error(at.place, "this is no address of a syslog server", help);
            return None;
        }
    };
    let as_url = At { value: format!("{scheme}://{place}"), place: at.place };
    let base: BaseUrl = url::parse(&as_url, reading.report)?;
    url::check_zone(&base, ZoneKind::Local, &reading.inside, at.place, reading.report);
    let pem = raw.ca_file.as_ref().map(|written| ca_pem(written, reading));
    Some(Receiver::Syslog { url: base, datagrams, ca_pem: present(pem)? })
}

fn git(raw: &RawWitness, reading: &mut Reading<'_, '_>) -> Option<Receiver> {
    let repository = reading.surroundings.path(&raw.git.as_ref()?.value);
    let Some(written) = &raw.commands else {
        let commands = COMMANDS.map(|words| words.iter().map(|word| (*word).to_owned()).collect());
        return Some(Receiver::Git { repository, commands: commands.to_vec() });
    };
    let words = |command: &Words| command.value.iter().map(|word| word.value.clone()).collect();
    let commands: Vec<Vec<String>> = written.value.iter().map(words).collect();
    if commands.is_empty() || commands.iter().any(|words| words.first().is_none_or(String::is_empty)) {
        let help =
            "write program and arguments of each: `[[git, add, --all], [git, commit, -m, checkpoint]]`";
        reading.report.error(written.place, "a command is empty", help);
        return None;
    }
    Some(Receiver::Git { repository, commands })
}

//! Who gets the checkpoints of the audit log, from raw to domain values.

use super::Reading;
use super::backend::optional;
use super::receiver::{self, Access, check_names, remote};
use crate::raw::witness::{RawWitness, Words};
use crate::scalar::Days;
use crate::yaml::{At, take_or};
use crate::{Receiver, Witness};
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(10);
const EVERY_COSIGNER: Duration = Duration::from_secs(10);
const EVERY_SYSLOG: Duration = Duration::from_secs(60);
const EVERY_STORE: Duration = Duration::from_secs(3600);
const COMMANDS: [&[&str]; 3] = [
    &["git", "add", "--all"],
    // Also where the last time was committed and not pushed.
    &["git", "commit", "--quiet", "--allow-empty", "--message", "checkpoint"],
    &["git", "push", "--quiet"],
];

/// Every witness that is right.
pub fn all(raw: &[RawWitness], reading: &mut Reading<'_, '_>) -> Vec<Witness> {
    check_names("witnesses", raw.iter().map(|witness| &witness.name), reading);
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
    let at = remote(at, &access(raw), reading);
    let Some(key) = &raw.key else {
        let help = "write its public key as `key`: without it nobody can tell whose signature comes back";
        reading.report.error(raw.name.place, "this witness has no key", help);
        return None;
    };
    let key = key.take(reading.report);
    Some(Receiver::Cosigner { at: at?, key: Box::new(key?) })
}

fn store(raw: &RawWitness, at: &At<String>, reading: &mut Reading<'_, '_>) -> Option<Receiver> {
    let remote = receiver::store(at, &access(raw), reading);
    let lock = optional(raw.lock.as_ref(), reading.report)?;
    let lock = lock.map(|Days(days)| Duration::from_secs(u64::from(days.get()) * 86_400));
    let region = raw.region.as_ref().map(|region| region.value.clone());
    Some(Receiver::Store { at: remote?, region, lock })
}

fn syslog(raw: &RawWitness, at: &At<String>, reading: &mut Reading<'_, '_>) -> Option<Receiver> {
    let (server, datagrams) = receiver::syslog(at, &access(raw), reading)?;
    Some(Receiver::Syslog { server, datagrams })
}

fn access(raw: &RawWitness) -> Access<'_> {
    Access { zone: raw.zone.as_ref(), api_key: raw.api_key.as_ref(), ca_file: raw.ca_file.as_ref() }
}

fn git(raw: &RawWitness, reading: &mut Reading<'_, '_>) -> Option<Receiver> {
    access(raw).check_inside(reading)?;
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

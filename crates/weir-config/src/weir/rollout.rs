//! Where the policy comes from and how a new one comes into force, from raw to domain values.

use super::Reading;
use super::credential::api_key;
use crate::raw::rollout::{
    Branch, Increase, RawBounds, RawFetch, RawGit, RawPolicySource, RawRollout, Share, TreePath,
};
use crate::report::Report;
use crate::yaml::{At, Field, take_or};
use crate::{Fetch, PolicySettings, PolicySource};
use std::num::NonZeroU32;
use std::time::Duration;
use weir_rollout::{Bounds, Mode, Percent, Plan};

const FETCH_EVERY: Duration = Duration::from_secs(60);
const FETCH_TIMEOUT: Duration = Duration::from_secs(30);

/// The settings, if they are right.
pub fn settings(raw: &RawPolicySource, reading: &mut Reading<'_, '_>) -> Option<PolicySettings> {
    let RawPolicySource { path, git, signed_by, rollout } = raw;
    let source = source(path.as_ref(), git.as_ref(), reading);
    let signed_by = match signed_by {
        Some(key) => Some(key.take(reading.report)?),
        None => None,
    };
    let rollout = plan(rollout, reading.report);
    let fetch = git.as_ref().and_then(|git| git.fetch.as_ref()).map(|raw| fetch(raw, reading.report));
    let secret = git.as_ref().and_then(|git| git.webhook_secret.as_ref());
    let webhook_secret = secret.map(|written| api_key(written, reading));
    Some(PolicySettings {
        source: source?,
        signed_by,
        fetch: turned(fetch)?,
        webhook_secret: turned(webhook_secret)?,
        rollout: rollout?,
    })
}

/// Nothing where something was written and is wrong.
fn turned<T>(written: Option<Option<T>>) -> Option<Option<T>> {
    written.map_or(Some(None), |value| value.map(Some))
}

fn fetch(raw: &RawFetch, report: &mut Report<'_>) -> Option<Fetch> {
    let RawFetch { command, every, timeout } = raw;
    let mut words = command.value.iter().map(|word| word.value.clone());
    let program = words.next().filter(|program| !program.is_empty());
    if program.is_none() {
        let help = "write program and arguments: `[git, fetch, --quiet]`";
        report.error(command.place, "the command is empty", help);
    }
    let every = take_or(every.as_ref(), FETCH_EVERY, report);
    let timeout = take_or(timeout.as_ref(), FETCH_TIMEOUT, report);
    Some(Fetch { program: program?, arguments: words.collect(), every: every?, timeout: timeout? })
}

fn source(
    path: Option<&At<String>>,
    git: Option<&RawGit>,
    reading: &mut Reading<'_, '_>,
) -> Option<PolicySource> {
    match (path, git) {
        (Some(path), Some(_)) => {
            reading.report.error(
                path.place,
                "the policy comes from `path` or from `git`, not from both",
                "remove one of them",
            );
            None
        }
        (Some(path), None) => Some(PolicySource::Path(reading.surroundings.path(&path.value))),
        (None, Some(git)) => self::git(git, reading),
        (None, None) => Some(PolicySource::Beside),
    }
}

fn git(raw: &RawGit, reading: &mut Reading<'_, '_>) -> Option<PolicySource> {
    // What brings commits into it is read apart.
    let RawGit { repository, branch, path, fetch: _, webhook_secret: _ } = raw;
    if let Some((scheme, _)) = repository.value.split_once("://") {
        reading.report.error(
            repository.place,
            format!("`{scheme}://` is an address, and Weir reads repositories on this machine only"),
            "mirror it here (`git clone --mirror`), write the mirror's path, and under `fetch` the command that keeps it \
             fresh: `{ command: [git, fetch, --quiet] }`",
        );
        return None;
    }
    let repository = reading.surroundings.path(&repository.value);
    let branch = take_or(branch.as_ref(), Branch("main".to_owned()), reading.report);
    let path = take_or(path.as_ref(), TreePath(String::new()), reading.report);
    Some(PolicySource::Git { repository, branch: branch?.0, path: path?.0 })
}

fn plan(raw: &RawRollout, report: &mut Report<'_>) -> Option<Plan> {
    let RawRollout { mode, stages, stage_time, stage_requests, bounds } = raw;
    let default = Plan::default();
    let mode = take_or(mode.as_ref(), Mode::AtOnce, report);
    let stages = match stages {
        Some(stages) => self::stages(stages, report),
        None => Some(default.stages),
    };
    let stage_time = take_or(stage_time.as_ref(), default.stage_time, report);
    let requests = NonZeroU32::MIN.saturating_add(99);
    let stage_requests = take_or(stage_requests.as_ref(), requests, report);
    let bounds = self::bounds(bounds, report);
    Some(Plan {
        mode: mode?,
        stages: stages?,
        stage_time: stage_time?,
        stage_requests: u64::from(stage_requests?.get()),
        bounds: bounds?,
    })
}

fn stages(raw: &At<Vec<Field<Share>>>, report: &mut Report<'_>) -> Option<Vec<Percent>> {
    let shares: Vec<Option<Share>> = raw.value.iter().map(|share| share.take(report)).collect();
    let shares: Vec<Share> = shares.into_iter().collect::<Option<_>>()?;
    let grows = shares.iter().zip(shares.iter().skip(1)).all(|(one, next)| one.0 < next.0);
    if shares.is_empty() || !grows {
        report.error(raw.place, "the stages of a rollout grow", "write shares such as `[1%, 10%, 50%]`");
        return None;
    }
    shares.into_iter().map(|share| Percent::try_from(share.0).ok()).collect()
}

fn bounds(raw: &RawBounds, report: &mut Report<'_>) -> Option<Bounds> {
    let RawBounds { denials, errors, cloud_share, cost } = raw;
    let default = Bounds::default();
    let denials = take_or(denials.as_ref(), Share(default.denials), report);
    let errors = take_or(errors.as_ref(), Share(default.errors), report);
    let cloud_share = take_or(cloud_share.as_ref(), Share(default.cloud_share), report);
    let cost = take_or(cost.as_ref(), Increase(default.cost), report);
    Some(Bounds { denials: denials?.0, errors: errors?.0, cloud_share: cloud_share?.0, cost: cost?.0 })
}

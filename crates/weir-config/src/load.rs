use crate::names::Names;
use crate::outside::{Outside, Surroundings};
use crate::policy::{self, Head, Rules, condition::Conditions};
use crate::raw::policy::RawPolicy;
use crate::raw::weir::RawWeir;
use crate::report::Report;
use crate::{Config, DataPolicy, Loaded, Problem, Problems, Severity, Source, weir, yaml};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use weir_index::Index;
use weir_policy::{Catalogue, Policy};

/// Reads both files.
///
/// `env` looks up an environment variable, `read` a file: secrets, certificates, term lists. `index` reads an
/// index of the organisation's data, or says why it cannot be used.
///
/// # Errors
/// Every error of both files; warnings come with files that load. A file whose shape is wrong (an unknown field, a
/// list where a word belongs) has one error of shape, and hides what else is wrong in it.
pub fn load(
    config: Source<'_>,
    policy: Source<'_>,
    env: &dyn Fn(&str) -> Option<String>,
    read: &dyn Fn(&Path) -> std::io::Result<String>,
    index: &dyn Fn(&Path) -> Result<Arc<Index>, String>,
) -> Result<Loaded, Problems> {
    let outside = Outside { env, read, index };
    let mut weir = File::of(config, outside);
    let mut rules = File::of(policy, outside);
    let raw_weir: Option<RawWeir> = yaml::parse(&mut weir.report);
    let raw_policy: Option<RawPolicy> = yaml::parse(&mut rules.report);

    let names = raw_weir.as_ref().map(|raw| Names::of(raw, weir.report.is_incomplete));
    let head = raw_policy.as_ref().map(|raw| policy::head(raw, &mut rules.surroundings, &mut rules.report));
    let (config, catalogue) = infrastructure(raw_weir.as_ref(), names.as_ref(), head.as_ref(), &mut weir);
    let ruled = raw_policy.zip(head).map(|(raw, head)| {
        let groups = BTreeMap::new();
        // Names of a file that could be read in part only are taken on trust.
        let known = names.as_ref().filter(|names| names.is_complete());
        let mut conditions = Conditions { names: known, data: &head.data, groups, report: &mut rules.report };
        policy::groups(&raw.groups, &mut conditions);
        let written = policy::rules(&raw.rules, Rules { conditions, catalogue: &catalogue });
        let pools =
            names.as_ref().map(|names| policy::pools(&written, names, &catalogue)).unwrap_or_default();
        let detectors = policy::detectors::resolve(head.data.detectors, config.as_ref(), &mut rules.report);
        let policy = Policy::new(head.boundary, written).with_pools(pools);
        (policy, head.time_zone, head.data.settings, (detectors, head.data.extractors))
    });

    let problems = weir.report.finish().into_iter().chain(rules.report.finish());
    let (errors, warnings): (Vec<Problem>, _) =
        problems.partition(|problem| problem.severity == Severity::Error);
    match (config, ruled) {
        (Some(config), Some((policy, time_zone, classify, (detectors, extractors)))) if errors.is_empty() => {
            Ok(Loaded {
                config,
                catalogue,
                policy_revision: policy.boundary.revision().clone(),
                policy,
                time_zone,
                classify,
                detectors,
                extractors,
                config_digest: weir.surroundings.digest(),
                warnings,
            })
        }
        _ => Err(Problems(errors)),
    }
}

/// Reads what a policy says of data, without a configuration and without its rules.
///
/// `env`, `read` and `index` are as for [`load`].
///
/// # Errors
/// Every error of the file's head; rules are only read for their shape.
pub fn load_data_policy(
    policy: Source<'_>,
    env: &dyn Fn(&str) -> Option<String>,
    read: &dyn Fn(&Path) -> std::io::Result<String>,
    index: &dyn Fn(&Path) -> Result<Arc<Index>, String>,
) -> Result<DataPolicy, Problems> {
    let mut file = File::of(policy, Outside { env, read, index });
    let raw: Option<RawPolicy> = yaml::parse(&mut file.report);
    let head = raw.map(|raw| policy::head(&raw, &mut file.surroundings, &mut file.report));
    let (errors, warnings): (Vec<Problem>, _) =
        file.report.finish().into_iter().partition(|problem| problem.severity == Severity::Error);
    match head {
        Some(Head { boundary, data, .. }) if errors.is_empty() => Ok(DataPolicy {
            boundary,
            classify: data.settings,
            detectors: data.detectors.len(),
            extractors: data.extractors.len(),
            warnings,
        }),
        _ => Err(Problems(errors)),
    }
}

/// One of the two files while it is read.
struct File<'a> {
    report: Report<'a>,
    surroundings: Surroundings<'a>,
}

impl<'a> File<'a> {
    fn of(source: Source<'a>, outside: Outside<'a>) -> Self {
        Self { report: Report::new(source), surroundings: Surroundings::of(source, outside) }
    }
}

fn infrastructure(
    raw: Option<&RawWeir>,
    names: Option<&Names>,
    head: Option<&Head>,
    file: &mut File<'_>,
) -> (Option<Config>, Catalogue) {
    let (Some(raw), Some(names)) = (raw, names) else { return (None, Catalogue::default()) };
    let unknown = policy::boundary_unknown();
    let boundary = head.map_or(&unknown, |head| &head.boundary);
    weir::compile(raw, names, boundary, &mut file.surroundings, &mut file.report)
}

use crate::names::Names;
use crate::outside::{Outside, Secrets, Surroundings};
use crate::policy::{self, Head, Rules, condition::Conditions};
use crate::raw::policy::RawPolicy;
use crate::raw::quality::AcceptsDeclared;
use crate::raw::weir::{RawState, RawWeir};
use crate::report::Report;
use crate::yaml::take_or;
use crate::{
    Config, DataPolicy, Detector, Evaluation, Extractor, Loaded, PolicySettings, Problem, Problems, Severity,
    Source, TimeZone, weir, yaml,
};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use weir_index::Index;
use weir_policy::{Catalogue, Policy};

/// Reads both files.
///
/// `env` looks up an environment variable, `read` a file: secrets, certificates, term lists. `index` reads an
/// index of the organisation's data, or says why it cannot be used.
///
/// # Errors
/// Every error of both files; warnings come with files that load. An entry of a wrong shape (an unknown field, a list
/// where a word belongs) hides what else is wrong in it, and in nothing else.
pub fn load(
    config: Source<'_>,
    policy: Source<'_>,
    env: &dyn Fn(&str) -> Option<String>,
    read: &dyn Fn(&Path) -> std::io::Result<String>,
    index: &dyn Fn(&Path) -> Result<Arc<Index>, String>,
) -> Result<Loaded, Problems> {
    load_apart(config, policy, Secrets::From(env), (read, read), index)
}

/// The same, with a way of its own to the files that each of the two names: first those of the
/// configuration, then those of the policy, which may come from elsewhere than the disk; and, for who only looks at
/// the policy, without secrets.
///
/// # Errors
/// As [`load`].
pub fn load_apart(
    config: Source<'_>,
    policy: Source<'_>,
    secrets: Secrets<'_>,
    (read, read_of_policy): (ReadFile<'_>, ReadFile<'_>),
    index: &dyn Fn(&Path) -> Result<Arc<Index>, String>,
) -> Result<Loaded, Problems> {
    let outside = Outside { secrets, read, index };
    let mut weir = File::of(config, outside);
    let mut rules = File::of(policy, Outside { read: read_of_policy, ..outside });
    let raw_weir: Option<RawWeir> = yaml::parse(&mut weir.report);
    let raw_policy: Option<RawPolicy> = yaml::parse(&mut rules.report);

    let names = raw_weir.as_ref().map(|raw| Names::of(raw, weir.report.is_incomplete));
    let head = raw_policy.as_ref().map(|raw| policy::head(raw, &mut rules.surroundings, &mut rules.report));
    let (config, catalogue) = infrastructure(raw_weir.as_ref(), names.as_ref(), head.as_ref(), &mut weir);
    let named = raw_policy.iter().flat_map(|raw| &raw.rules).map(|rule| &rule.value.name);
    let places = rules.report.rule_places(named.map(|name| (name.value.as_str(), name.place)));
    let ruled = raw_policy.zip(head).map(|(raw, head)| {
        ruled(&raw, head, names.as_ref(), (config.as_ref(), &catalogue), &mut rules.report)
    });

    let problems = weir.report.finish().into_iter().chain(rules.report.finish());
    let (errors, warnings): (Vec<Problem>, _) =
        problems.partition(|problem| problem.severity == Severity::Error);
    match (config, ruled) {
        (Some(config), Some(ruled)) if errors.is_empty() => Ok(Loaded {
            config,
            catalogue,
            policy_revision: ruled.policy.boundary.revision().clone(),
            policy: ruled.policy,
            time_zone: ruled.time_zone,
            classify: ruled.classify,
            detectors: ruled.detectors,
            extractors: ruled.extractors,
            evaluation: ruled.evaluation,
            accepts_declared_task: ruled.accepts_declared_task,
            config_digest: weir.surroundings.digest(),
            places,
            warnings,
        }),
        _ => Err(Problems(errors)),
    }
}

/// What the policy's file comes to.
struct Ruled {
    policy: Policy,
    time_zone: TimeZone,
    classify: weir_classify::Settings,
    extractors: Vec<Extractor>,
    detectors: Vec<Detector>,
    evaluation: Option<Evaluation>,
    accepts_declared_task: bool,
}

/// Reads what of the policy needs the configuration, as far as there is one.
fn ruled(
    raw: &RawPolicy,
    head: Head,
    names: Option<&Names>,
    (config, catalogue): (Option<&Config>, &Catalogue),
    report: &mut Report<'_>,
) -> Ruled {
    let Head { boundary, data, time_zone } = head;
    // Names of a file that could be read in part only are taken on trust.
    let known = names.filter(|names| names.is_complete());
    let mut conditions = Conditions { names: known, data: &data, groups: BTreeMap::new(), report };
    policy::groups(&raw.groups, &mut conditions);
    let captures = config.map(|config| config.audit.content.is_some());
    let written = policy::rules(&raw.rules, Rules { conditions, catalogue, captures });
    let pools = names.map(|names| policy::pools(&written, names, catalogue)).unwrap_or_default();
    let accepts = take_or(raw.declared_task.as_ref(), AcceptsDeclared(true), report);
    Ruled {
        policy: Policy::new(boundary, written).with_pools(pools),
        time_zone,
        evaluation: policy::evaluation(raw.evaluate.as_ref(), catalogue, config.is_some(), report),
        detectors: policy::detectors::resolve(data.detectors, config, report),
        extractors: data.extractors,
        classify: data.settings,
        accepts_declared_task: accepts.is_some_and(|AcceptsDeclared(is)| is),
    }
}

/// Reads a file that one of the two names.
pub type ReadFile<'a> = &'a dyn Fn(&Path) -> std::io::Result<String>;

/// Where a configuration says that its policy is, and its state directory, before the policy is read.
///
/// What is wrong with the configuration is not said here but by [`load`]; the settings of one that cannot
/// be read are the default.
#[must_use]
pub fn policy_settings(config: Source<'_>) -> (PolicySettings, PathBuf) {
    let nothing = |_: &Path| Err(std::io::ErrorKind::Unsupported.into());
    let outside = Outside { secrets: Secrets::None, read: &nothing, index: &|_| Err(String::new()) };
    let mut file = File::of(config, outside);
    let raw: Option<RawWeir> = yaml::parse(&mut file.report);
    match raw {
        Some(raw) => weir::policy_settings(&raw, &mut file.surroundings, &mut file.report),
        None => (PolicySettings::default(), file.surroundings.path(weir::STATE)),
    }
}

/// The state directory of a configuration, whatever is wrong with what else it says.
///
/// # Errors
/// What keeps it from being read: the file is no YAML, or `state` in it is no path.
pub fn state_directory(config: Source<'_>) -> Result<PathBuf, Problems> {
    let nothing = |_: &Path| Err(std::io::ErrorKind::Unsupported.into());
    let outside = Outside { secrets: Secrets::None, read: &nothing, index: &|_| Err(String::new()) };
    let mut file = File::of(config, outside);
    let raw: Option<RawState> = yaml::parse(&mut file.report);
    let problems = file.report.finish();
    match raw {
        Some(RawState { state }) if problems.is_empty() => {
            Ok(weir::state_directory(state.as_ref(), &file.surroundings))
        }
        _ => Err(Problems(problems)),
    }
}

/// Where the gateway of a configuration is found on its machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminPlace {
    /// Where operators connect.
    pub admin: SocketAddr,
    /// The state directory.
    pub state: PathBuf,
}

/// Where to find the gateway of this configuration; the default places if it does not say, or cannot be
/// read.
#[must_use]
pub fn admin_place(config: Source<'_>) -> AdminPlace {
    let (_, state) = policy_settings(config);
    let raw: Option<RawWeir> = yaml::parse(&mut Report::new(config));
    let written = raw.and_then(|raw| raw.admin.and_then(|admin| admin.get().copied()));
    AdminPlace { admin: written.unwrap_or(weir::ADMIN), state }
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
    let mut file = File::of(policy, Outside { secrets: Secrets::From(env), read, index });
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

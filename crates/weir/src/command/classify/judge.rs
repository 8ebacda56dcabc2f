use crate::exit::Failed;
use crate::files::FilesArgs;
use crate::output::note;
use crate::problems;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use tokio::runtime::{Builder, Runtime};
use weir_classify::{DataRules, Engine, Finding, Inspection, Profile, Segment, SegmentKind, Settings};
use weir_config::{DataPolicy, Source, load_data_policy};
use weir_label::{Boundary, Label, Level, Residency, Revision};
use weir_server::{Snapshot, SnapshotError, read_index};

/// The policy of this directory, which counts when none is named.
const POLICY_HERE: &str = "policy.yaml";

/// The engine, and what its findings mean.
pub(super) struct Judge {
    engine: Engine,
    boundary: Boundary,
    rules: DataRules,
    text_bytes_max: usize,
    detectors: Option<Detectors>,
}

/// The detectors of a gateway, and what waits for their answers.
struct Detectors {
    gateway: Snapshot,
    runtime: Runtime,
}

impl Judge {
    /// Under the policy named, or else the one in this directory, or else without one.
    pub(super) fn load(policy: Option<&Path>, profile: Option<Profile>) -> Result<Self, Failed> {
        let here = Some(Path::new(POLICY_HERE)).filter(|path| path.is_file());
        let (boundary, mut settings) = match policy.or(here) {
            Some(path) => read_policy(path).map_err(|error| problems::report(&error))?,
            None => (default_boundary(), Settings::default()),
        };
        settings.profile = profile.unwrap_or(settings.profile);
        Self::new(boundary, settings, None)
    }

    /// As the gateway of this configuration judges, its detectors included.
    pub(super) fn of_gateway(
        config: &Path,
        policy: Option<&Path>,
        profile: Option<Profile>,
    ) -> Result<Self, Failed> {
        let files = FilesArgs { config: config.to_owned(), policy: policy.map(Path::to_owned) };
        let gateway = files.load_with_warnings()?;
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Failed::check("cannot wait for detectors", &error))?;
        let mut settings = gateway.loaded.classify.clone();
        settings.profile = profile.unwrap_or(settings.profile);
        tell_what_is_left_out(0, gateway.loaded.extractors.len());
        let boundary = gateway.loaded.policy.boundary.clone();
        Self::new(boundary, settings, Some(Detectors { gateway, runtime }))
    }

    fn new(boundary: Boundary, settings: Settings, detectors: Option<Detectors>) -> Result<Self, Failed> {
        let (rules, text_bytes_max) = (settings.data.clone(), settings.limits.text_bytes_max);
        let engine = Engine::new(settings).map_err(|error| problems::report(&error.into()))?;
        Ok(Self { engine, boundary, rules, text_bytes_max, detectors })
    }

    /// Inspects one document. What the engine fails at counts as what could not be inspected.
    pub(super) fn inspect(&self, document: Segment<'_>) -> Inspection {
        let looked = catch_unwind(AssertUnwindSafe(|| self.engine.inspect(&[document])));
        let inspection = looked.unwrap_or_else(|_| Inspection {
            label: Label::unknown(),
            findings: Vec::new(),
            entities: std::collections::BTreeMap::new(),
            opaque: Vec::new(),
            complete: false,
        });
        match &self.detectors {
            Some(Detectors { gateway, runtime }) if document.kind == SegmentKind::Text => {
                runtime.block_on(gateway.ask_detectors(document.text, inspection))
            }
            Some(_) | None => inspection,
        }
    }

    /// The longest text that is inspected to its end.
    pub(super) fn text_bytes_max(&self) -> usize {
        self.text_bytes_max
    }

    pub(super) fn is_classified(&self, label: &Label) -> bool {
        self.boundary.is_classified(label)
    }

    /// Whether a finding by itself makes its document classified.
    pub(super) fn decides(&self, finding: &Finding) -> bool {
        finding.level >= self.boundary.level()
    }

    /// Where a finding's level comes from, and what follows from it.
    pub(super) fn reason(&self, finding: &Finding) -> String {
        let source = if self.rules.entities.contains_key(&finding.entity) {
            format!("data.entities.{}", finding.entity)
        } else if self.level_of_category(finding) == Some(finding.level) {
            format!("data.{}", finding.category)
        } else {
            format!("the level of `{}`", finding.recogniser)
        };
        let verdict = if self.decides(finding) { "classified" } else { "below it" };
        format!("{source} is {}, the boundary is {}: {verdict}", finding.level, self.boundary.level())
    }

    fn level_of_category(&self, finding: &Finding) -> Option<Level> {
        self.rules.categories.get(&finding.category).copied()
    }
}

fn default_boundary() -> Boundary {
    Boundary::new(Level::Confidential, Residency::default(), Revision::new("default"))
}

fn read_policy(path: &Path) -> Result<(Boundary, Settings), SnapshotError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| SnapshotError::Read { path: path.to_owned(), source })?;
    let env = |name: &str| std::env::var(name).ok();
    let read = |path: &Path| std::fs::read_to_string(path);
    let DataPolicy { boundary, classify, detectors, extractors, warnings } =
        load_data_policy(Source { path, text: &text }, &env, &read, &read_index)?;
    problems::warn(&warnings);
    tell_what_is_left_out(detectors, extractors);
    Ok((boundary, classify))
}

/// What the gateway would ask besides is not asked here: it would send the texts about, and run programs.
fn tell_what_is_left_out(detectors: usize, extractors: usize) {
    let named = [("data.detectors", detectors), ("data.extractors", extractors)];
    for (what, count) in named.into_iter().filter(|(_, count)| *count > 0) {
        note(format_args!(
            "{count} of `{what}` not asked: the gateway may find more than is said here; with `--config weir.yaml` its detectors are asked too"
        ));
    }
}

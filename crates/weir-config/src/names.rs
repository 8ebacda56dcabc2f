//! The names that `weir.yaml` declares, known before anything else of it is.

use crate::raw::weir::RawWeir;
use crate::suggest::suggest;
use std::collections::BTreeSet;

/// The names of `weir.yaml`, so that an error elsewhere in it does not make its names unknown.
#[derive(Debug, Default)]
pub struct Names {
    backends: BTreeSet<String>,
    targets: Vec<NamedTarget>,
    tags: BTreeSet<String>,
    aliases: BTreeSet<String>,
    is_incomplete: bool,
}

#[derive(Debug)]
struct NamedTarget {
    name: String,
    backend: String,
    tags: Vec<String>,
    jurisdiction: Option<String>,
}

impl Names {
    /// `is_incomplete` if part of the file could not be read.
    pub fn of(raw: &RawWeir, is_incomplete: bool) -> Self {
        let mut names = Names { is_incomplete, ..Names::default() };
        for backend in &raw.backends.value {
            let jurisdiction = backend.jurisdiction.as_ref().and_then(|at| Some(at.get()?.to_string()));
            names.tags.extend(jurisdiction.iter().map(|at| format!("jurisdiction:{at}")));
            let Some(backend_name) = backend.name.get().map(|name| name.0.clone()) else { continue };
            for model in &backend.models.value {
                let Some(model_name) = model.name.get() else { continue };
                let tags: Vec<String> =
                    model.tags.iter().filter_map(|tag| Some(tag.get()?.0.clone())).collect();
                names.tags.extend(tags.iter().map(|tag| format!("tag:{tag}")));
                let name = format!("{backend_name}/{}", model_name.0);
                names.targets.push(NamedTarget {
                    name,
                    backend: backend_name.clone(),
                    tags,
                    jurisdiction: jurisdiction.clone(),
                });
            }
            names.backends.insert(backend_name);
        }
        names.aliases = raw.aliases.value.0.iter().map(|(name, _)| name.value.clone()).collect();
        names
    }

    /// Whether these are all names of the file.
    pub fn is_complete(&self) -> bool {
        !self.is_incomplete
    }

    /// Whether there is such a target, as far as it can be told.
    pub fn has_target(&self, name: &str) -> bool {
        self.is_incomplete || self.targets.iter().any(|target| target.name == name)
    }

    pub fn has_backend(&self, name: &str) -> bool {
        self.backends.contains(name)
    }

    /// The names of the targets that a selector of a rule means; none if it means nothing.
    pub fn selected(&self, selector: &str) -> Vec<&str> {
        let means = |target: &&NamedTarget| match selector.split_once(':') {
            Some(("tag", tag)) => target.tags.iter().any(|known| known == tag),
            Some(("jurisdiction", at)) => target.jurisdiction.as_deref() == Some(at),
            // A model's name may hold a colon.
            Some(_) | None => target.backend == selector || target.name == selector,
        };
        self.targets.iter().filter(means).map(|target| target.name.as_str()).collect()
    }

    pub fn has_alias(&self, matches: impl Fn(&str) -> bool) -> bool {
        self.aliases.iter().any(|alias| matches(alias))
    }

    pub fn suggest_target(&self, written: &str) -> String {
        suggest(written, self.targets.iter().map(|target| target.name.as_str()))
    }

    pub fn suggest_selector(&self, written: &str) -> String {
        let targets = self.targets.iter().map(|target| target.name.as_str());
        let words = ["local", "cloud", "any"].into_iter();
        let all = words.chain(self.backends.iter().map(String::as_str)).chain(targets);
        let help = suggest(written, all.chain(self.tags.iter().map(String::as_str)));
        match written.strip_prefix("tag:") {
            Some(tag) if help.starts_with("known") => {
                format!("give a model of `weir.yaml` the tag: `tags: [{tag}]`; {help}")
            }
            _ => help,
        }
    }

    pub fn suggest_alias(&self, written: &str) -> String {
        suggest(written, self.aliases.iter().map(String::as_str))
    }
}

//! A `weir.yaml` in the making.

use super::{Fidelity, ImportError, Imported, ImportedItem};
use crate::scalar::ModelName;
use crate::url;
use crate::yaml::Scalar as _;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use weir_label::ZoneKind;

/// What is known so far.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) backends: Vec<Backend>,
    pub(super) aliases: Vec<(String, Vec<String>)>,
    /// Aliases that others refer to and no caller may ask for.
    hidden: BTreeSet<String>,
    pub(super) items: Vec<ImportedItem>,
}

/// A server or an account.
#[derive(Debug, Clone)]
pub(super) struct Backend {
    pub(super) name: String,
    pub(super) api: &'static str,
    pub(super) url: String,
    pub(super) key: Option<String>,
    /// What else is to be said of it, line by line.
    pub(super) settings: Vec<String>,
    pub(super) timeout_s: Option<u64>,
    pub(super) models: Vec<Model>,
}

/// A model of a backend.
#[derive(Debug, Clone, Default)]
pub(super) struct Model {
    pub(super) name: String,
    pub(super) concurrency: Option<u64>,
    pub(super) context: Option<u64>,
    /// What it can do, line by line.
    pub(super) abilities: Vec<String>,
    /// USD per million tokens of prompt and answer.
    pub(super) price: Option<(f64, f64)>,
}

impl Draft {
    pub(super) fn exact(&mut self, path: impl Into<String>, note: impl Into<String>) {
        self.item(path, Fidelity::Exact, note);
    }

    pub(super) fn approximate(&mut self, path: impl Into<String>, note: impl Into<String>) {
        self.item(path, Fidelity::Approximate, note);
    }

    pub(super) fn not_supported(&mut self, path: impl Into<String>, note: impl Into<String>) {
        self.item(path, Fidelity::NotSupported, note);
    }

    /// Says where the target of an alias is, and what is left to do before it can be used.
    pub(super) fn placed(&mut self, path: &str, alias: &str, url: &str, to_do: Option<String>) {
        match (zone_of(url), to_do) {
            (ZoneKind::Local, _) => {
                let note = format!(
                    "alias `{alias}`, zone `local`: check that the server is inside and runs the model itself"
                );
                self.approximate(path, note);
            }
            (ZoneKind::Cloud, Some(to_do)) => {
                self.approximate(path, format!("alias `{alias}`, zone `cloud`: {to_do}"));
            }
            (ZoneKind::Cloud, None) => self.exact(path, format!("alias `{alias}`, zone `cloud`")),
        }
    }

    fn item(&mut self, path: impl Into<String>, fidelity: Fidelity, note: impl Into<String>) {
        self.items.push(ImportedItem { path: path.into(), fidelity, note: note.into() });
    }

    /// Adds a model to the backend of this place and key, which is made if there is none, and gives the
    /// target's name. The same model again is the same target.
    pub(super) fn target(&mut self, wanted: Backend, model: Model) -> String {
        let is_same = |known: &Backend| {
            (known.api, &known.url, &known.key, &known.settings)
                == (wanted.api, &wanted.url, &wanted.key, &wanted.settings)
        };
        let at = match self.backends.iter().position(is_same) {
            Some(at) => at,
            None => {
                let name = self.free_name(&wanted.name);
                self.backends.push(Backend { name, models: Vec::new(), ..wanted.clone() });
                self.backends.len() - 1
            }
        };
        let Some(backend) = self.backends.get_mut(at) else { return String::new() };
        backend.timeout_s = backend.timeout_s.max(wanted.timeout_s);
        let target = format!("{}/{}", backend.name, model.name);
        if !backend.models.iter().any(|known| known.name == model.name) {
            backend.models.push(model);
        }
        target
    }

    fn free_name(&self, wanted: &str) -> String {
        let is_free = |name: &String| !self.backends.iter().any(|backend| backend.name == *name);
        let base: String = wanted.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let names = std::iter::once(base.clone()).chain((2..).map(|number| format!("{base}-{number}")));
        names.into_iter().find(is_free).unwrap_or(base)
    }

    /// Adds a target to an alias, unless it is there.
    pub(super) fn alias(&mut self, name: &str, target: String) {
        if let Some((_, targets)) = self.aliases.iter_mut().find(|(known, _)| known == name) {
            if !targets.contains(&target) {
                targets.push(target);
            }
            return;
        }
        self.aliases.push((name.to_owned(), vec![target]));
    }

    /// Takes an alias as one that no caller may ask for.
    pub(super) fn hide(&mut self, name: &str) {
        self.hidden.insert(name.to_owned());
    }

    /// The targets of an alias.
    pub(super) fn targets(&self, name: &str) -> Vec<String> {
        let found = self.aliases.iter().find(|(known, _)| known == name);
        found.map(|(_, targets)| targets.clone()).unwrap_or_default()
    }

    /// The file that the draft comes to.
    pub(super) fn finish(mut self, gateway: &str) -> Result<Imported, ImportError> {
        self.aliases.retain(|(name, _)| !self.hidden.contains(name));
        if self.aliases.is_empty() {
            let why = self.items.iter().find(|item| item.fidelity == Fidelity::NotSupported);
            let why = why.map(|item| format!(": `{}`: {}", item.path, item.note));
            return Err(ImportError::Nothing(why.unwrap_or_default()));
        }
        Ok(Imported { weir_yaml: self.text(gateway), items: self.items })
    }

    fn text(&self, gateway: &str) -> String {
        let mut out = format!(
            "# Made of a configuration of {gateway}. `weir check` says whether it can be used.\nweir: 1\n\nbackends:\n"
        );
        for backend in &self.backends {
            backend.write(&mut out);
        }
        out.push_str("aliases:\n");
        for (name, targets) in &self.aliases {
            let targets: Vec<String> = targets.iter().map(|target| quoted(target)).collect();
            let _ = writeln!(out, "  {}:\n    targets: [{}]", quoted(name), targets.join(", "));
        }
        out
    }
}

impl Backend {
    fn write(&self, out: &mut String) {
        let _ = writeln!(out, "  - name: {}\n    zone: {}", quoted(&self.name), zone_of(&self.url).as_str());
        let _ = writeln!(out, "    api: {}\n    url: {}", quoted(self.api), quoted(&self.url));
        if let Some(key) = &self.key {
            let _ = writeln!(out, "    api_key: {}", quoted(key));
        }
        for setting in &self.settings {
            let _ = writeln!(out, "    {setting}");
        }
        if let Some(seconds) = self.timeout_s {
            let _ = writeln!(out, "    timeouts: {{ total: {seconds}s }}");
        }
        out.push_str("    models:\n");
        for model in &self.models {
            model.write(out);
        }
        out.push('\n');
    }
}

impl Model {
    fn write(&self, out: &mut String) {
        let _ = writeln!(out, "      - name: {}", quoted(&self.name));
        if let Some(concurrency) = self.concurrency {
            let _ = writeln!(out, "        concurrency: {concurrency}");
        }
        if let Some(context) = self.context {
            let _ = writeln!(out, "        context: {context}");
        }
        for ability in &self.abilities {
            let _ = writeln!(out, "        {ability}");
        }
        if let Some((input, output)) = self.price {
            let _ =
                writeln!(out, "        price: {{ input: {}, output: {} }}", decimal(input), decimal(output));
        }
    }
}

/// A price with what it needs of six places.
fn decimal(number: f64) -> String {
    let text = format!("{number:.6}");
    let text = text.trim_end_matches('0');
    text.trim_end_matches('.').to_owned()
}

/// JSON's strings are YAML's too.
pub(super) fn quoted(text: &str) -> String {
    let is_word = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c))
            && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
                .contains(&text.to_lowercase().as_str())
    };
    if is_word(text) { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

/// Whether a server at this URL is inside the network, as far as the text says: by its address, or by a name
/// that no public server has.
fn zone_of(text: &str) -> ZoneKind {
    let Ok(url) = url::base_url(text) else { return ZoneKind::Cloud };
    let is_private_name = |name: &str| {
        const ENDINGS: [&str; 8] =
            [".local", ".internal", ".lan", ".svc", ".intranet", ".corp", ".home.arpa", ".localhost"];
        !name.contains('.') || ENDINGS.iter().any(|ending| name.ends_with(ending))
    };
    let is_inside = match &url.host {
        crate::Host::Address(_) => url::may_be_inside(&url, &[]),
        crate::Host::Name(name) => is_private_name(name),
    };
    if is_inside { ZoneKind::Local } else { ZoneKind::Cloud }
}

/// Whether a name can be one of a model or an alias.
pub(super) fn is_model_name(name: &str) -> bool {
    ModelName::parse(name).is_ok()
}

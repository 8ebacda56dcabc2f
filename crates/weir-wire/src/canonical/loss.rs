use std::borrow::Cow;

/// What a writer could not say in its dialect.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Losses(Vec<Loss>);

/// One thing that a writer could not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// The field in the client's dialect, as a path without `$.`.
    pub field: Cow<'static, str>,
    /// What it means for the request.
    pub severity: Severity,
}

/// What it means that something cannot be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The answer is about the same without it, or with the nearest value: reported as a warning.
    Reported,
    /// The answer would have another shape or meaning: this target cannot serve the request, unless the
    /// operator listed the field as one to leave out.
    Refused,
}

impl Losses {
    /// Adds one.
    pub fn add(&mut self, severity: Severity, field: impl Into<Cow<'static, str>>) {
        let loss = Loss { field: field.into(), severity };
        if !self.0.contains(&loss) {
            self.0.push(loss);
        }
    }

    /// Adds what is lost of a mark that says where a prompt may be cached.
    pub(crate) fn no_cache(&mut self, is_asked_for: bool) {
        if is_asked_for {
            self.add(Severity::Reported, "cache_control");
        }
    }

    /// Adds all of these.
    pub fn extend(&mut self, more: Self) {
        for Loss { field, severity } in more.0 {
            self.add(severity, field);
        }
    }

    /// All, in the order they were met.
    pub fn iter(&self) -> impl Iterator<Item = &Loss> {
        self.0.iter()
    }

    /// The fields without which the request cannot be served, but for those of `left_out`.
    pub fn refused<'a>(&'a self, left_out: &'a [String]) -> impl Iterator<Item = &'a Loss> {
        let refused =
            |loss: &&Loss| loss.severity == Severity::Refused && !left_out.contains(&loss.field.to_string());
        self.0.iter().filter(refused)
    }

    /// Whether nothing was lost.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

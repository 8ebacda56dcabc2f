use std::collections::BTreeSet;
use std::sync::Arc;
use weir_policy::NamePattern;

/// Names that every pattern of a policy treats alike.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NameClass {
    pub kind: NameKind,
    /// A name of the class.
    pub example: Arc<str>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum NameKind {
    /// This name.
    Exact,
    /// The names with this prefix, but for what other patterns mean.
    Prefix { prefix: Arc<str>, narrower: Arc<[NamePattern]> },
    /// The names that no pattern means.
    Other { named: Arc<[NamePattern]> },
}

impl NameClass {
    pub fn exact(name: &Arc<str>) -> Self {
        Self { kind: NameKind::Exact, example: name.clone() }
    }

    /// The class as policies write it.
    pub fn shown(&self) -> String {
        match &self.kind {
            NameKind::Exact => self.example.to_string(),
            NameKind::Prefix { prefix, narrower } if narrower.is_empty() => format!("{prefix}*"),
            NameKind::Prefix { prefix, .. } => format!("other {prefix}*"),
            NameKind::Other { .. } => "any other".to_owned(),
        }
    }

    /// Whether a name is in the class.
    pub fn holds(&self, name: &str) -> bool {
        let is_none_of = |patterns: &[NamePattern]| !patterns.iter().any(|pattern| pattern.matches(name));
        match &self.kind {
            NameKind::Exact => *self.example == *name,
            NameKind::Prefix { prefix, narrower } => name.starts_with(&**prefix) && is_none_of(narrower),
            NameKind::Other { named } => is_none_of(named),
        }
    }
}

/// The classes into which these patterns divide all names. Each name is in exactly one.
pub(crate) fn classes(patterns: &BTreeSet<NamePattern>) -> Vec<NameClass> {
    let mut classes: Vec<NameClass> = patterns.iter().map(|pattern| class(pattern, patterns)).collect();
    let everything = NamePattern::Prefix("".into());
    if !patterns.contains(&everything) {
        let kind = NameKind::Other { named: patterns.iter().cloned().collect() };
        classes.push(NameClass { kind, example: some_name("", patterns) });
    }
    classes
}

/// The names that `pattern` means and no narrower one does.
fn class(pattern: &NamePattern, patterns: &BTreeSet<NamePattern>) -> NameClass {
    match pattern {
        NamePattern::Exact(name) => NameClass::exact(name),
        NamePattern::Prefix(prefix) => {
            let narrower = patterns.iter().filter(|other| match other {
                NamePattern::Exact(name) => name.starts_with(&**prefix),
                NamePattern::Prefix(other) => other.len() > prefix.len() && other.starts_with(&**prefix),
            });
            let kind = NameKind::Prefix { prefix: prefix.clone(), narrower: narrower.cloned().collect() };
            NameClass { kind, example: some_name(prefix, patterns) }
        }
    }
}

/// A name that begins so and that no other pattern means.
fn some_name(prefix: &str, patterns: &BTreeSet<NamePattern>) -> Arc<str> {
    let is_free = |name: &str| {
        patterns.iter().all(|pattern| match pattern {
            NamePattern::Exact(exact) => **exact != *name,
            NamePattern::Prefix(other) => other.len() <= prefix.len() || !name.starts_with(&**other),
        })
    };
    // A pattern holds back only names that go on with its own next character, so that of more first characters
    // than there are patterns one is free.
    let readable = ["other", "any", "some"].into_iter().map(ToOwned::to_owned);
    let letters = ('a'..='z').chain('0'..='9').chain('A'..='Z').chain('\u{4e00}'..'\u{9fff}');
    let names =
        readable.chain(letters.map(|first| format!("{first}-other"))).map(|rest| format!("{prefix}{rest}"));
    names.into_iter().find(|name| is_free(name)).unwrap_or_else(|| prefix.to_owned()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::{btree_set, vec};
    use proptest::prelude::*;

    fn text() -> impl Strategy<Value = String> {
        vec(prop_oneof![Just('o'), Just('t'), Just('a')], 0..4)
            .prop_map(|letters| letters.into_iter().collect())
    }

    fn pattern() -> impl Strategy<Value = NamePattern> {
        prop_oneof![
            text().prop_map(|name| NamePattern::Exact(name.into())),
            text().prop_map(|prefix| NamePattern::Prefix(prefix.into())),
        ]
    }

    proptest! {
        /// Every pattern says the same of a name and of the example of its class.
        #[test]
        fn names_of_a_class_are_treated_alike(patterns in btree_set(pattern(), 0..8), name in text()) {
            let classes = classes(&patterns);
            let holding: Vec<&NameClass> = classes.iter().filter(|class| class.holds(&name)).collect();
            prop_assert_eq!(holding.len(), 1);
            let class = holding[0];
            for pattern in &patterns {
                prop_assert_eq!(pattern.matches(&name), pattern.matches(&class.example), "{:?} {:?}", pattern, class);
            }
        }

        /// The example of a class is in it.
        #[test]
        fn examples_are_in_their_own_class(patterns in btree_set(pattern(), 0..8)) {
            let classes = classes(&patterns);
            for (index, class) in classes.iter().enumerate() {
                let holding: Vec<usize> = (0..classes.len()).filter(|each| classes[*each].holds(&class.example)).collect();
                prop_assert_eq!(holding, [index]);
            }
        }
    }
}

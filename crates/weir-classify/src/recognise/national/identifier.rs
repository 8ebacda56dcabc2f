use super::kind::Kind;
use crate::EntityType;
use crate::code::Code;
use crate::recognise::{Find, RecogniserInfo};

/// One identifier that a state, a health system or a register gives out.
#[derive(Debug)]
pub(crate) struct Identifier {
    /// `fr_nir`; the type of what is found is the same in capitals.
    pub(crate) name: &'static str,
    /// ISO 3166-1 alpha-2 code of the country whose law binds it.
    pub(crate) country: &'static str,
    pub(crate) kind: Kind,
    finds: &'static str,
    /// The letters and digits without separators: `A` a letter, `9` a digit, `*` either.
    pub(crate) shapes: &'static [&'static str],
    /// The words that name it, in lower case.
    pub(crate) words: &'static [&'static str],
    check: Option<Check>,
    /// The spellings in which it is found without a context word; letters are capitals then.
    pub(crate) alone: &'static [&'static str],
    /// Whether a check digit or the like makes a chance match rare.
    pub(crate) firm: bool,
    /// When it is found without a context word if it is all that a text holds.
    bare: Option<fn(&Code) -> bool>,
    /// Whether it is of no country: found only directly after a label, where no country's form is right.
    pub(crate) any: bool,
}

/// What must hold besides the shape.
#[derive(Debug, Clone, Copy)]
struct Check {
    says: &'static str,
    holds: fn(&Code) -> bool,
}

/// A row without a check, which only context words carry.
pub(super) const fn id(
    name: &'static str,
    country: &'static str,
    kind: Kind,
    finds: &'static str,
    shapes: &'static [&'static str],
    words: &'static [&'static str],
) -> Identifier {
    Identifier {
        name,
        country,
        kind,
        finds,
        shapes,
        words,
        check: None,
        alone: &[],
        firm: false,
        bare: None,
        any: false,
    }
}

impl Identifier {
    /// Rules that most codes of the same shape break: a check digit, a date.
    pub(super) const fn check(mut self, says: &'static str, holds: fn(&Code) -> bool) -> Self {
        self.check = Some(Check { says, holds });
        self.bare = Some(holds);
        self.firm = true;
        self
    }

    /// Rules that most codes of the same shape keep.
    pub(super) const fn rule(mut self, says: &'static str, holds: fn(&Code) -> bool) -> Self {
        self.check = Some(Check { says, holds });
        self
    }

    /// What must hold besides for a code that is all that a text holds.
    pub(super) const fn bare(mut self, holds: fn(&Code) -> bool) -> Self {
        self.bare = Some(holds);
        self
    }

    /// Of whichever country: a label directly before it says what it is.
    pub(super) const fn any(mut self) -> Self {
        self.any = true;
        self
    }

    /// Spellings that nothing else has.
    pub(super) const fn alone(mut self, spellings: &'static [&'static str]) -> Self {
        self.alone = spellings;
        self
    }

    pub(crate) fn is_valid(&self, code: &Code) -> bool {
        self.check.is_none_or(|check| (check.holds)(code))
    }

    /// Whether it may be all that a text holds, with no word beside it.
    pub(crate) fn is_bare(&self, code: &Code) -> bool {
        self.bare.is_some_and(|holds| holds(code))
    }

    /// The row for people to read.
    pub(super) fn info(&'static self) -> RecogniserInfo {
        RecogniserInfo {
            name: self.name,
            entity: EntityType::built_in(self.name.to_ascii_uppercase().leak()),
            category: self.kind.category(),
            finds: self.finds,
            validation: self.validation().leak(),
            find: Find::Code(self),
        }
    }

    fn validation(&self) -> String {
        let rules = self.check.map_or("form only", |check| check.says);
        let word = self.words.first().or(self.kind.words().first()).copied().unwrap_or_default();
        let near = if self.any { "directly after a word" } else { "near a word" };
        let near = format!("{near} such as `{word}`");
        match (self.alone, self.bare.is_some()) {
            ([], false) => format!("{rules}; only {near}"),
            ([], true) => format!("{rules}; only {near}, or when a text is nothing else"),
            (spellings, _) => format!("{rules}; unless written `{}` only {near}", spellings.join("`, `")),
        }
    }
}

//! Claims over decision records, to be checked against every one of them.
//!
//! `no record with level >= confidential has zone cloud`, `every record with categories personal and jurisdictions
//! EU has zone local`: one sentence, conditions joined by `and`, each a field, an operator and a value. Without an
//! operator a field equals the value or, if it is a list, holds it. A condition over something that a record does
//! not have does not hold.

use crate::event::{Action, Decision};
use crate::operator::Operator;
use std::fmt;
use std::str::FromStr;
use weir_label::{Level, ZoneKind};

/// A sentence about all decision records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    scope: Vec<Condition>,
    /// Whether the records of the scope must have it, or must not.
    is_required: bool,
    property: Vec<Condition>,
}

/// What a claim makes of one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The record is none that the claim speaks of.
    OutOfScope,
    /// The claim holds for it.
    Holds,
    /// The record contradicts the claim.
    Exception,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Condition {
    field: Field,
    operator: Operator,
    value: String,
}

/// Why a text is no claim.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// Not a sentence of the form.
    #[error(
        "not a claim: {0}; write such as `no record with level >= confidential has zone cloud` or `every record with \
         categories personal has zone local`"
    )]
    Form(&'static str),
    /// No such field.
    #[error("a decision record has no field `{0}`; those of a claim are {all}", all = Field::all())]
    Field(String),
    /// The field cannot have this value: a claim about it would hold for nothing.
    #[error("`{field}` is never `{value}`: use {expected}")]
    Value {
        /// The field.
        field: &'static str,
        /// What was written.
        value: String,
        /// What the field can be.
        expected: &'static str,
    },
    /// The field has no order.
    #[error("`{0}` has no order; use `=`, `!=` or no operator")]
    Order(&'static str),
}

// A field is a line here: its name in records and what it holds.
macro_rules! fields {
    ($($variant:ident $name:literal $decision:ident => $found:expr,)+) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        enum Field { $($variant,)+ }

        impl Field {
            const ALL: &'static [Field] = &[$(Field::$variant,)+];

            fn name(self) -> &'static str {
                match self { $(Field::$variant => $name,)+ }
            }

            fn of(self, decision: &Decision) -> Found<'_> {
                match self { $(Field::$variant => { let $decision = decision; $found })+ }
            }
        }
    };
}

/// What a record holds in a field.
enum Found<'d> {
    Level(Level),
    Number(u64),
    Bool(bool),
    Word(Option<&'d str>),
    Words(Vec<&'d str>),
}

fields! {
    Level "level" d => Found::Level(d.level),
    Categories "categories" d => Found::Words(d.categories.iter().map(|c| c.as_str()).collect()),
    Jurisdictions "jurisdictions" d => Found::Words(d.jurisdictions.iter().map(|j| j.as_str()).collect()),
    Opaque "opaque" d => Found::Words(d.opaque.iter().map(|o| o.as_str()).collect()),
    Findings "findings" d => Found::Words(d.findings.iter().map(|f| f.entity.as_str()).collect()),
    Zone "zone" d => Found::Word(d.zone.map(ZoneKind::as_str)),
    Region "region" d => Found::Word(d.region.as_ref().map(|r| r.as_str())),
    Purpose "purpose" d => Found::Word(d.purpose.as_ref().map(|p| p.as_str())),
    LegalBasis "legal_basis" d => Found::Word(d.legal_basis.as_ref().map(|b| b.as_str())),
    DataSubjects "data_subjects" d => Found::Words(d.data_subjects.iter().map(|s| s.as_str()).collect()),
    Backend "backend" d => Found::Word(d.backend.as_ref().map(|b| b.as_str())),
    Target "target" d => Found::Word(d.target.as_ref().map(|t| t.as_str())),
    Model "model" d => Found::Word(d.model.as_ref().map(|m| m.as_str())),
    Action "action" d => Found::Word(Some(word_of(d.action))),
    Rule "rule" d => Found::Word(d.rule.as_ref().map(|r| r.as_str())),
    Tags "tags" d => Found::Words(d.tags.iter().map(|t| t.as_str()).collect()),
    Tenant "tenant" d => Found::Word(d.tenant.as_ref().map(|t| t.as_str())),
    KeyId "key_id" d => Found::Word(d.key_id.as_ref().map(|k| k.as_str())),
    Api "api" d => Found::Word(Some(d.api.as_str())),
    PolicyRevision "policy_revision" d => Found::Word(Some(d.policy_revision.as_str())),
    ConfigDigest "config_digest" d => Found::Word(Some(d.config_digest.as_str())),
    EgressPermitted "egress_permitted" d => Found::Bool(d.egress_permitted),
    ScanComplete "scan_complete" d => Found::Bool(d.scan_complete),
    Stream "stream" d => Found::Bool(d.stream),
    Attempt "attempt" d => Found::Number(d.attempt.into()),
    TokensIn "est_tokens_in" d => d.est_tokens_in.map_or(Found::Word(None), Found::Number),
}

fn word_of(action: Action) -> &'static str {
    match action {
        Action::Route => "route",
        Action::Queue => "queue",
        Action::Degrade => "degrade",
        Action::Burst => "burst",
        Action::Deny => "deny",
    }
}

impl Field {
    fn named(name: &str) -> Result<Self, ClaimError> {
        let field = Self::ALL.iter().find(|field| field.name() == name);
        field.copied().ok_or_else(|| ClaimError::Field(name.to_owned()))
    }

    fn all() -> String {
        let names: Vec<String> = Self::ALL.iter().map(|field| format!("`{}`", field.name())).collect();
        names.join(", ")
    }

    /// What a value of this field must be, and whether this text is one. Fields of free words take any.
    fn check(self, value: &str) -> Result<(), &'static str> {
        let must = |is_right: bool, expected| if is_right { Ok(()) } else { Err(expected) };
        match self {
            Field::Level => {
                must(value.parse::<Level>().is_ok(), "`public`, `internal`, `confidential` or `restricted`")
            }
            Field::Zone => must(matches!(value, "local" | "cloud"), "`local` or `cloud`"),
            Field::Action => must(
                matches!(value, "route" | "queue" | "degrade" | "burst" | "deny"),
                "`route`, `queue`, `degrade`, `burst` or `deny`",
            ),
            Field::EgressPermitted | Field::ScanComplete | Field::Stream => {
                must(matches!(value, "true" | "false"), "`true` or `false`")
            }
            Field::Attempt | Field::TokensIn => must(value.parse::<u64>().is_ok(), "a whole number"),
            Field::Categories
            | Field::Jurisdictions
            | Field::Opaque
            | Field::Findings
            | Field::Region
            | Field::Purpose
            | Field::LegalBasis
            | Field::DataSubjects
            | Field::Backend
            | Field::Target
            | Field::Model
            | Field::Rule
            | Field::Tags
            | Field::Tenant
            | Field::KeyId
            | Field::Api
            | Field::PolicyRevision
            | Field::ConfigDigest => Ok(()),
        }
    }

    fn has_order(self) -> bool {
        matches!(self, Field::Level | Field::Attempt | Field::TokensIn)
    }
}

impl Condition {
    fn holds(&self, decision: &Decision) -> bool {
        match self.field.of(decision) {
            Found::Level(level) => {
                self.value.parse().is_ok_and(|wanted| self.operator.holds(&level, &wanted))
            }
            Found::Number(number) => {
                self.value.parse().is_ok_and(|wanted| self.operator.holds(&number, &wanted))
            }
            Found::Bool(found) => self.operator.holds(&found, &(self.value == "true")),
            Found::Word(found) => found.is_some_and(|found| self.operator.holds(&found, &&*self.value)),
            Found::Words(found) => found.contains(&&*self.value) == (self.operator == Operator::Is),
        }
    }

    fn read(words: &[&str]) -> Result<Self, ClaimError> {
        let (field, rest) = words.split_first().ok_or(ClaimError::Form("a condition is missing"))?;
        let field = Field::named(field)?;
        let (operator, value) = match rest.split_first() {
            Some((first, value)) if Operator::named(first).is_some() => (Operator::named(first), value),
            _ => (Some(Operator::Is), rest),
        };
        let operator = operator.unwrap_or(Operator::Is);
        let value = value.join(" ");
        let value = value.trim_matches(['`', '"', '\'']).to_owned();
        if value.is_empty() {
            return Err(ClaimError::Form("a condition has no value"));
        }
        if operator.orders() && !field.has_order() {
            return Err(ClaimError::Order(field.name()));
        }
        match field.check(&value) {
            Ok(()) => Ok(Self { field, operator, value }),
            Err(expected) => Err(ClaimError::Value { field: field.name(), value, expected }),
        }
    }
}

impl Claim {
    /// Checks one record.
    #[must_use]
    pub fn check(&self, decision: &Decision) -> Verdict {
        let all = |conditions: &[Condition]| conditions.iter().all(|condition| condition.holds(decision));
        if !all(&self.scope) {
            Verdict::OutOfScope
        } else if all(&self.property) == self.is_required {
            Verdict::Holds
        } else {
            Verdict::Exception
        }
    }
}

impl FromStr for Claim {
    type Err = ClaimError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let words: Vec<&str> = text.trim().trim_end_matches('.').split_whitespace().collect();
        let (is_required, rest) = match words.as_slice() {
            ["no", "record", rest @ ..] => (false, rest),
            ["every" | "each", "record", rest @ ..] => (true, rest),
            _ => return Err(ClaimError::Form("it begins with neither `no record` nor `every record`")),
        };
        let has = rest.iter().position(|word| *word == "has").ok_or(ClaimError::Form("`has` is missing"))?;
        let (scope, property) = rest.split_at(has);
        let scope = match scope.split_first() {
            None => Vec::new(),
            Some((&"with", conditions)) => read_all(conditions)?,
            Some(_) => return Err(ClaimError::Form("`with` is missing before the first condition")),
        };
        let property = read_all(property.split_first().map_or(&[], |(_, rest)| rest))?;
        Ok(Self { scope, is_required, property })
    }
}

fn read_all(words: &[&str]) -> Result<Vec<Condition>, ClaimError> {
    words.split(|word| *word == "and").map(Condition::read).collect()
}

/// In the one notation that reports show.
impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = |conditions: &[Condition]| {
            let written = conditions.iter().map(|condition| {
                let Condition { field, operator, value } = condition;
                format!("{} {} {value}", field.name(), operator.written())
            });
            written.collect::<Vec<_>>().join(" and ")
        };
        f.write_str(if self.is_required { "every record" } else { "no record" })?;
        if !self.scope.is_empty() {
            write!(f, " with {}", all(&self.scope))?;
        }
        write!(f, " has {}", all(&self.property))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::tests as sample;

    fn verdict(claim: &str, level: Level, zone: Option<ZoneKind>) -> Verdict {
        let decision = Decision { level, zone, ..sample::decision() };
        claim.parse::<Claim>().unwrap().check(&decision)
    }

    #[test]
    fn a_claim_tells_records_that_it_is_about_from_exceptions() {
        let claim = "no record with level ≥ confidential has zone cloud";
        assert_eq!(verdict(claim, Level::Internal, Some(ZoneKind::Cloud)), Verdict::OutOfScope);
        assert_eq!(verdict(claim, Level::Confidential, Some(ZoneKind::Local)), Verdict::Holds);
        assert_eq!(verdict(claim, Level::Restricted, Some(ZoneKind::Cloud)), Verdict::Exception);
        assert_eq!(verdict(claim, Level::Restricted, None), Verdict::Holds);
    }

    #[test]
    fn what_every_record_must_have_it_may_not_lack() {
        let claim = "every record with level >= confidential has zone local and egress_permitted = false";
        assert_eq!(verdict(claim, Level::Confidential, None), Verdict::Exception);
        let denied = Decision {
            level: Level::Confidential,
            zone: Some(ZoneKind::Local),
            egress_permitted: true,
            ..sample::decision()
        };
        assert_eq!(claim.parse::<Claim>().unwrap().check(&denied), Verdict::Exception);
    }

    #[test]
    fn lists_hold_or_do_not_hold_a_word() {
        let decision = Decision { categories: vec!["personal".parse().unwrap()], ..sample::decision() };
        let check = |claim: &str| claim.parse::<Claim>().unwrap().check(&decision);
        assert_eq!(check("no record has categories personal"), Verdict::Exception);
        assert_eq!(check("no record has categories != personal"), Verdict::Holds);
        assert_eq!(check("no record with categories financial has zone cloud"), Verdict::OutOfScope);
    }

    #[test]
    fn a_claim_that_could_hold_for_nothing_is_refused() {
        let error = |claim: &str| claim.parse::<Claim>().unwrap_err().to_string();
        for (claim, said) in [
            ("no record with level >= secret has zone cloud", "`level` is never `secret`"),
            ("no record has zone clod", "use `local` or `cloud`"),
            ("no record has zones cloud", "no field `zones`"),
            ("no record has zone >= cloud", "has no order"),
            ("no record with zone cloud", "`has` is missing"),
            ("no record with has zone cloud", "a condition is missing"),
            ("no record has zone", "no value"),
            ("all is well", "begins with neither"),
            ("no record level confidential has zone cloud", "`with` is missing"),
        ] {
            assert!(error(claim).contains(said), "{claim}: {}", error(claim));
        }
    }

    #[test]
    fn a_claim_reads_back_as_it_is_shown() {
        for claim in [
            "no record with level >= confidential has zone = cloud",
            "every record with categories = personal and jurisdictions = EU has zone = local",
            "no record has rule = everything else may use the cloud",
        ] {
            assert_eq!(claim.parse::<Claim>().unwrap().to_string(), claim);
        }
    }
}

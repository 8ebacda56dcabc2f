use super::{subject, vocabulary};
use crate::EntityType;
use crate::haystack::Haystack;
use crate::recognise::{Find, Match, RecogniserInfo};
use std::ops::Range;
use weir_label::Category;

const VALIDATION: &str = "a term of the vocabulary in a sentence about one person: the writer, `my wife`, `our employee`, a title with a name, a name that `was diagnosed`, a patient's number or date of birth; talk in general does not count";

const fn special(
    name: &'static str,
    entity: &'static str,
    finds: &'static str,
    terms: &'static [&'static str],
) -> RecogniserInfo {
    RecogniserInfo {
        name,
        entity: EntityType::built_in(entity),
        category: Category::SpecialCategory,
        finds,
        validation: VALIDATION,
        find: Find::Phrase(terms, find),
    }
}

// The kinds of data are those of Article 9(1) of the General Data Protection Regulation.

pub(super) const HEALTH: RecogniserInfo =
    special("health", "HEALTH_DATA", "someone's diseases, diagnoses and conditions", vocabulary::HEALTH);
pub(super) const MEDICATION: RecogniserInfo =
    special("medication", "HEALTH_DATA", "someone's medicines and treatments", vocabulary::MEDICATION);
pub(super) const DISABILITY: RecogniserInfo = special(
    "disability",
    "HEALTH_DATA",
    "someone's disability, incapacity for work or sick leave",
    vocabulary::DISABILITY,
);
pub(super) const BIOMETRIC: RecogniserInfo = special(
    "biometric_genetic",
    "BIOMETRIC_DATA",
    "someone's genetic tests and biometric templates",
    vocabulary::BIOMETRIC,
);
pub(super) const BELIEF: RecogniserInfo =
    special("belief", "RELIGION", "someone's religion or belief", vocabulary::BELIEF);
pub(super) const UNION: RecogniserInfo = special(
    "trade_union",
    "TRADE_UNION",
    "someone's membership of a trade union or works council",
    vocabulary::UNION,
);
pub(super) const ORIENTATION: RecogniserInfo = special(
    "sexual_orientation",
    "SEXUAL_ORIENTATION",
    "someone's sexual orientation or gender identity",
    vocabulary::ORIENTATION,
);
pub(super) const ETHNICITY: RecogniserInfo =
    special("ethnicity", "ETHNICITY", "someone's ethnic origin", vocabulary::ETHNICITY);
pub(super) const POLITICS: RecogniserInfo = special(
    "political_opinion",
    "POLITICAL_OPINION",
    "someone's party membership or political opinion",
    vocabulary::POLITICS,
);

fn find(haystack: &Haystack<'_>, term: Range<usize>) -> Option<Match> {
    let subject = subject::of(haystack, &term)?;
    // `diabete` is a word of one language and the beginning of another's.
    let end = haystack.run_end(term.end, 1, |b| b == b's');
    Some(Match::new(term.start..end, 0.7).with_evidence(&subject))
}

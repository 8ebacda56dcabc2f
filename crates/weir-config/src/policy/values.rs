//! The values that facts are compared with, from text.

use crate::suggest::suggest;
use crate::yaml::{Scalar as _, Wrong};
use std::time::Duration;
use weir_policy::{EntityCount, NamePattern, NumberFact, Ranges, Unit, Word, Words};

/// How a fact is compared: the sign, and what is written after it.
enum Written<'t> {
    /// `VALUE`, or a comparison such as `>= VALUE`.
    Compared(Sign, &'t str),
    /// `A..B`, both included.
    Range(&'t str, &'t str),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    Equal,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

impl<'t> Written<'t> {
    fn of(text: &'t str) -> Self {
        const SIGNS: [(&str, Sign); 5] = [
            // The longer ones first, because `<` begins `<=`.
            (">=", Sign::AtLeast),
            ("<=", Sign::AtMost),
            (">", Sign::Greater),
            ("<", Sign::Less),
            ("=", Sign::Equal),
        ];
        if let Some((from, to)) = text.split_once("..") {
            return Written::Range(from.trim(), to.trim());
        }
        let signed =
            SIGNS.iter().find_map(|(sign, meaning)| Some((*meaning, text.strip_prefix(sign)?.trim_start())));
        let (sign, value) = signed.unwrap_or((Sign::Equal, text));
        Written::Compared(sign, value)
    }
}

/// Words of an ordered domain: one, a comparison or a range. `kind` is what one is called.
pub fn ordered<T: Word>(text: &str, kind: &str) -> Result<Words<T>, Wrong> {
    match Written::of(text) {
        Written::Range(from, to) => {
            let (from, to) = (word::<T>(from, kind)?, word::<T>(to, kind)?);
            if from > to {
                return Err(empty(text, &format!("write `{}..{}`", to.word(), from.word())));
            }
            Ok(Words::at_least(from).and(Words::at_most(to)))
        }
        Written::Compared(sign, value) => {
            let value = word::<T>(value, kind)?;
            let words = match sign {
                Sign::Equal => [value].into(),
                Sign::Less => Words::at_least(value).complement(),
                Sign::AtMost => Words::at_most(value),
                Sign::Greater => Words::at_most(value).complement(),
                Sign::AtLeast => Words::at_least(value),
            };
            if words.is_empty() {
                let all: Vec<String> = T::ALL.iter().map(|word| format!("`{}`", word.word())).collect();
                return Err(Wrong::new(
                    format!("no {kind} is `{text}`"),
                    format!("the {kind}s are {}", all.join(" < ")),
                ));
            }
            Ok(words)
        }
    }
}

/// Words of a domain that goes round: one or a range, which may go over the end.
pub fn cyclic<T: Word>(text: &str, kind: &str) -> Result<Words<T>, Wrong> {
    let Some((from, to)) = text.split_once("..") else { return Ok([word::<T>(text, kind)?].into()) };
    let (from, to) = (word::<T>(from.trim(), kind)?, word::<T>(to.trim(), kind)?);
    let (since, until) = (Words::at_least(from), Words::at_most(to));
    Ok(if from <= to { since.and(until) } else { since.iter().chain(until.iter()).collect() })
}

/// Words of a domain without order: one, or all that begin alike.
pub fn unordered<T: Word>(text: &str, kind: &str) -> Result<Words<T>, Wrong> {
    let Some(prefix) = text.strip_suffix('*') else { return Ok([word::<T>(text, kind)?].into()) };
    let words: Words<T> = T::ALL.iter().copied().filter(|word| word.word().starts_with(prefix)).collect();
    if words.is_empty() { Err(no_word::<T>(text, kind)) } else { Ok(words) }
}

fn word<T: Word>(text: &str, kind: &str) -> Result<T, Wrong> {
    T::of_word(text).ok_or_else(|| no_word::<T>(text, kind))
}

fn no_word<T: Word>(text: &str, kind: &str) -> Wrong {
    Wrong::new(format!("`{text}` is no {kind}"), suggest(text, T::ALL.iter().map(|word| word.word())))
}

/// The numbers that a fact may have: one, a comparison or a range.
pub fn numbers(fact: &NumberFact, text: &str) -> Result<Ranges, Wrong> {
    let numbers = match Written::of(text) {
        Written::Range(from, to) => range(fact, text, number(fact, from)?, number(fact, to)?)?,
        Written::Compared(sign, value) => {
            let value = number(fact, value)?;
            match sign {
                Sign::Equal => Ranges::exactly(value),
                Sign::Less => Ranges::below(value),
                Sign::AtMost => Ranges::at_most(value),
                Sign::Greater => Ranges::above(value),
                Sign::AtLeast => Ranges::at_least(value),
            }
        }
    };
    if numbers.and(&Ranges::at_most(fact.most())).is_empty() {
        let help = match fact.most() {
            u64::MAX => "it is 0 or more".to_owned(),
            most => format!("it goes from 0 to {}", fact.show(most)),
        };
        return Err(Wrong::new(format!("`{}` is never `{text}`", fact.name()), help));
    }
    Ok(numbers)
}

/// Both ends included. The hours go round; elsewhere a range that ends before it begins holds nothing.
fn range(fact: &NumberFact, text: &str, from: u64, to: u64) -> Result<Ranges, Wrong> {
    if from <= to {
        return Ok(Ranges::between(from, to));
    }
    if *fact == NumberFact::Hour {
        return Ok(Ranges::between(from, fact.most()).or(Ranges::at_most(to)));
    }
    Err(empty(text, &format!("write `{}..{}`", fact.show(to), fact.show(from))))
}

fn empty(text: &str, help: &str) -> Wrong {
    Wrong::new(format!("the range `{text}` ends before it begins, so that nothing is in it"), help)
}

/// `top 15 %` or `bottom 50 %` of a deployment's own requests, as their rank.
pub fn rank(text: &str) -> Option<Result<Ranges, Wrong>> {
    const WHOLE: u64 = 1_000_000;
    let (end, share) = text.split_once(' ')?;
    let ranks: fn(u64) -> Ranges = match end {
        "top" => |share| Ranges::at_least(WHOLE - share),
        "bottom" => Ranges::below,
        _ => return None,
    };
    let wrong = || {
        Wrong::new(format!("`{text}` is no share of all requests"), "write a percentage, such as `top 15 %`")
    };
    let share =
        share.trim().strip_suffix('%').map(str::trim).ok_or_else(wrong).and_then(|number| {
            decimal(number, 4).filter(|share| (1..=WHOLE).contains(share)).ok_or_else(wrong)
        });
    Some(share.map(ranks))
}

/// One number in the unit of its fact.
pub fn number(fact: &NumberFact, text: &str) -> Result<u64, Wrong> {
    match fact.unit() {
        Unit::Tokens => count(fact, text, "tokens"),
        Unit::Requests => count(fact, text, "requests"),
        Unit::Hours => hour(text),
        Unit::Millionths => share(fact, text),
        Unit::MicroUsd => usd(fact, text),
        Unit::Milliseconds => {
            Duration::parse(text).map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
        }
    }
}

fn count(fact: &NumberFact, text: &str, unit: &str) -> Result<u64, Wrong> {
    let digits = text.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    text.parse().map_err(|_| match text.get(digits.len()..).map(str::trim) {
        Some("k" | "K") => Wrong::new(
            format!("`{}` counts {unit} one by one, not by the thousand", fact.name()),
            format!("write `{digits}000`"),
        ),
        Some(word) if !digits.is_empty() && word.starts_with(|c: char| c.is_alphabetic() || c == '%') => {
            Wrong::new(
                format!("`{}` counts {unit} and takes no unit", fact.name()),
                format!("write `{digits}`"),
            )
        }
        _ => Wrong::new(
            format!("`{text}` does not compare with a whole number"),
            "write a number, or a comparison in quotes such as `\"< 4000\"`",
        ),
    })
}

fn hour(text: &str) -> Result<u64, Wrong> {
    text.parse().map_err(|_| {
        let help = match text.split_once(':') {
            Some((hour, _)) => format!("write whole hours: `{hour}`"),
            None => "write 0 to 23, or a range such as `8..17`".to_owned(),
        };
        Wrong::new(format!("`{text}` is no hour of the day"), help)
    })
}

fn share(fact: &NumberFact, text: &str) -> Result<u64, Wrong> {
    let read = match text.strip_suffix('%') {
        Some(percent) => decimal(percent.trim(), 4),
        None => decimal(text, 6),
    };
    let wrong = || {
        Wrong::new(
            format!("`{text}` is no share"),
            format!("`{}` goes from 0 to 1; write `0.7` or `70 %`", fact.name()),
        )
    };
    let share = read.ok_or_else(wrong)?;
    if share > fact.most() {
        let percent = if text.contains(['%', '.']) { "70" } else { text };
        return Err(Wrong::new(
            format!("`{text}` is more than the whole"),
            format!("`{}` goes from 0 to 1; for percent write `{percent} %`", fact.name()),
        ));
    }
    Ok(share)
}

fn usd(fact: &NumberFact, text: &str) -> Result<u64, Wrong> {
    let amount = text.strip_suffix("USD").map_or(text, str::trim_end);
    decimal(amount, 6).ok_or_else(|| {
        Wrong::new(
            format!("`{text}` is no amount: `{}` is in USD", fact.name()),
            "write a number with up to six decimals, such as `0.05`",
        )
    })
}

/// A decimal fraction with up to so many decimals, times ten to their power.
fn decimal(text: &str, decimals: usize) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || fraction.len() > decimals {
        return None;
    }
    format!("{whole}{fraction:0<decimals$}").parse().ok()
}

/// An entity type, or all that begin alike, with how often it must have been found.
pub fn entity_count(
    text: &str,
    known: impl Fn(&str) -> Result<NamePattern, Wrong>,
) -> Result<EntityCount, Wrong> {
    let Some(at) = text.find([' ', '<', '>', '=']) else { return known(text).map(EntityCount::found) };
    let (types, counts) = text.split_at(at);
    let counts = counts.trim();
    let wrong = || {
        Wrong::new(
            format!("`{counts}` does not say how often"),
            format!("write a comparison after the type, such as `{types} >= 10`"),
        )
    };
    if !counts.starts_with(['<', '>', '=']) {
        return Err(wrong());
    }
    let Written::Compared(sign, value) = Written::of(counts) else { return Err(wrong()) };
    let value: u64 = value.parse().map_err(|_| wrong())?;
    let counts = match sign {
        Sign::Equal => Ranges::exactly(value),
        Sign::Less => Ranges::below(value),
        Sign::AtMost => Ranges::at_most(value),
        Sign::Greater => Ranges::above(value),
        Sign::AtLeast => Ranges::at_least(value),
    };
    if counts.is_empty() {
        return Err(Wrong::new(format!("nothing is found `{text}` times"), "it is 0 or more"));
    }
    Ok(EntityCount { types: known(types)?, counts })
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_label::Level;
    use weir_policy::Weekday;

    fn help(fact: &NumberFact, text: &str) -> String {
        let Wrong { message, help } = numbers(fact, text).unwrap_err();
        format!("{message}; {help}")
    }

    #[test]
    fn numbers_are_read_in_the_unit_of_their_fact() {
        let read = |fact, text| numbers(&fact, text).unwrap().to_string();
        assert_eq!(read(NumberFact::PromptTokens, "< 4000"), "<= 3999");
        assert_eq!(read(NumberFact::PromptTokens, "1000..4000"), "1000..4000");
        assert_eq!(read(NumberFact::Complexity, "> 0.7"), ">= 700001");
        assert_eq!(read(NumberFact::Complexity, ">= 70 %"), ">= 700000");
        assert_eq!(read(NumberFact::LatencyTarget, "<= 2s"), "<= 2000");
        assert_eq!(read(NumberFact::CostCloud, "> 0.05 USD"), ">= 50001");
        assert_eq!(read(NumberFact::Hour, "22..5"), "<= 5, 22..23");
    }

    #[test]
    fn a_wrong_unit_is_answered_with_the_right_one() {
        assert_eq!(
            help(&NumberFact::PromptTokens, "< 4k"),
            "`request.prompt_tokens` counts tokens one by one, not by the thousand; write `4000`"
        );
        assert_eq!(
            help(&NumberFact::PromptTokens, "4000 tokens"),
            "`request.prompt_tokens` counts tokens and takes no unit; write `4000`"
        );
        assert_eq!(
            help(&NumberFact::Complexity, "> 70"),
            "`70` is more than the whole; `task.complexity` goes from 0 to 1; for percent write `70 %`"
        );
        assert_eq!(help(&NumberFact::Hour, "8:30"), "`8:30` is no hour of the day; write whole hours: `8`");
        assert!(help(&NumberFact::LatencyTarget, "<= 2").contains("the unit is missing"));
        assert!(help(&NumberFact::CostCloud, "> 0.05 EUR").contains("is in USD"));
    }

    #[test]
    fn what_no_value_satisfies_is_an_error() {
        assert_eq!(
            help(&NumberFact::PromptTokens, "< 0"),
            "`request.prompt_tokens` is never `< 0`; it is 0 or more"
        );
        assert_eq!(
            help(&NumberFact::Complexity, "> 1"),
            "`task.complexity` is never `> 1`; it goes from 0 to 1"
        );
        assert_eq!(help(&NumberFact::Hour, "24"), "`time.hour` is never `24`; it goes from 0 to 23");
        assert!(help(&NumberFact::PromptTokens, "9..3").contains("write `3..9`"));
    }

    #[test]
    fn ranks_are_shares_of_all_requests() {
        let read = |text| rank(text).unwrap().unwrap().to_string();
        assert_eq!(read("top 15 %"), ">= 850000");
        assert_eq!(read("bottom 50%"), "<= 499999");
        assert!(rank("top 15").unwrap().is_err());
        assert!(rank("top 0 %").unwrap().is_err());
        assert!(rank("0.7").is_none());
    }

    #[test]
    fn weekdays_go_round_and_levels_do_not() {
        let weekend: Words<Weekday> = cyclic("sat..mon", "weekday").unwrap();
        assert_eq!(weekend.iter().count(), 3);
        let levels: Words<Level> = ordered("internal..confidential", "level").unwrap();
        assert_eq!(levels.iter().collect::<Vec<_>>(), [Level::Internal, Level::Confidential]);
        assert!(ordered::<Level>("restricted..public", "level").is_err());
        assert!(ordered::<Level>("> restricted", "level").is_err());
    }

    #[test]
    fn entity_counts_follow_the_type() {
        let known = |text: &str| Ok(NamePattern::Exact(text.into()));
        assert_eq!(entity_count("CREDIT_CARD", known).unwrap().counts, Ranges::at_least(1));
        assert_eq!(entity_count("CREDIT_CARD >= 10", known).unwrap().counts, Ranges::at_least(10));
        assert_eq!(entity_count("CREDIT_CARD>=10", known).unwrap().counts, Ranges::at_least(10));
        assert!(entity_count("CREDIT_CARD often", known).is_err());
        assert!(entity_count("CREDIT_CARD < 0", known).is_err());
    }
}

//! Where a rule stands, as all diagnostics show it.

use crate::output::{ASIDE, line, paint};
use serde_json::{Value, json};
use weir_config::{Problem, RulePlaces, Severity};
use weir_policy::RuleName;

/// Prints file, line, column and the text of a rule's name, if the rule is in the file.
pub(super) fn print(places: &RulePlaces, rule: Option<&RuleName>, others: &[RuleName]) {
    let Some(problem) = of(places, rule) else { return };
    let number = problem.line.to_string();
    let (gutter, marks) = (" ".repeat(number.len()), "^".repeat(problem.end_column() - problem.column));
    line(paint(ASIDE, format_args!("{gutter}--> {}:{}:{}", problem.file, problem.line, problem.column)));
    line(format_args!("{number} {} {}", paint(ASIDE, "|"), problem.excerpt().trim_end()));
    let before = " ".repeat(problem.column - 1);
    line(format_args!("{gutter} {} {before}{}", paint(ASIDE, "|"), paint(ASIDE, marks)));
    for other in others {
        if let Some(place) = places.in_words(other.as_str()) {
            line(paint(ASIDE, format_args!("{gutter} = `{other}` is at {place}")));
        }
    }
}

/// The same for machines: `null` for what is not in the file.
pub(super) fn as_json(places: &RulePlaces, rule: Option<&RuleName>) -> Value {
    of(places, rule).map_or(Value::Null, |problem| {
        json!({
            "file": problem.file,
            "line": problem.line,
            "column": problem.column,
            "end_column": problem.end_column(),
        })
    })
}

/// Where a rule stands, with the text there.
pub(super) fn of(places: &RulePlaces, rule: Option<&RuleName>) -> Option<Problem> {
    places.problem(rule?.as_str(), Severity::Warning, "", "")
}

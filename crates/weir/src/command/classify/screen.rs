use super::Detail;
use super::answer::text_at;
use super::judge::Judge;
use crate::output::{ASIDE, BAD, GOOD, HEADING, MIND, line, paint};
use std::collections::BTreeMap;
use weir_classify::{Finding, Inspection};
use weir_label::Level;

/// Column of the level: as wide as the longest.
const LEVEL_WIDTH: usize = 12;
/// Column of the findings: two types with their counts, mostly.
const FINDINGS_WIDTH: usize = 36;

/// The table, written row by row, and what stands below it.
pub(super) struct Screen<'a> {
    judge: &'a Judge,
    detail: Detail,
    documents: BTreeMap<Level, u64>,
    findings: BTreeMap<String, u64>,
}

impl<'a> Screen<'a> {
    pub(super) fn new(judge: &'a Judge, detail: Detail) -> Self {
        line(paint(HEADING, format_args!("{:LEVEL_WIDTH$}  {:FINDINGS_WIDTH$}  PATH", "LEVEL", "FINDINGS")));
        Self { judge, detail, documents: BTreeMap::new(), findings: BTreeMap::new() }
    }

    /// The row of one document, with its findings below it if they are wanted.
    pub(super) fn show(&mut self, path: &str, text: &str, inspection: &Inspection) {
        let level = inspection.label.level();
        *self.documents.entry(level).or_default() += 1;
        for (entity, count) in &inspection.entities {
            *self.findings.entry(entity.to_string()).or_default() += u64::from(*count);
        }
        let style = if self.judge.is_classified(&inspection.label) { MIND } else { GOOD };
        let level = paint(style, format_args!("{:LEVEL_WIDTH$}", level.as_str()));
        line(format_args!("{level}  {:FINDINGS_WIDTH$}  {}", summary(inspection), printable(path)));
        if self.detail != Detail::Places {
            inspection.findings.iter().for_each(|finding| self.explain(text, finding));
        }
    }

    /// The sums.
    pub(super) fn end(self) {
        let total: u64 = self.documents.values().sum();
        let levels = counts(self.documents.iter().rev().map(|(level, count)| (level.as_str(), *count)));
        let findings = counts(self.findings.iter().map(|(entity, count)| (entity.as_str(), *count)));
        let noun = if total == 1 { "document" } else { "documents" };
        line(paint(ASIDE, format_args!("{total} {noun}: {levels}; findings: {findings}")));
    }

    fn explain(&self, text: &str, finding: &Finding) {
        let Finding { start, end, entity, score, recogniser, view, evidence, .. } = finding;
        let mark = if self.judge.decides(finding) { "!" } else { " " };
        line(format_args!(
            "  {} {:20} {start}..{end}, score {score}, by {recogniser} in the {} view",
            paint(BAD, mark),
            entity.as_str(),
            view.as_str()
        ));
        if *evidence != (*start..*end) {
            line(format_args!("    evidence {}..{}", evidence.start, evidence.end));
        }
        line(format_args!("    {}", paint(ASIDE, self.judge.reason(finding))));
        if self.detail == Detail::Text {
            line(format_args!("    {}", printable(text_at(text, evidence.start, evidence.end))));
        }
    }
}

fn summary(inspection: &Inspection) -> String {
    let found = inspection.entities.iter().map(|(entity, count)| (entity.as_str(), u64::from(*count)));
    let opaque = inspection.opaque.iter().map(|opaque| (opaque.reason.as_str(), 1));
    let unread = (!inspection.complete).then_some(("not_read_to_its_end", 1));
    counts(found.chain(opaque).chain(unread))
}

fn counts<'a>(counted: impl Iterator<Item = (&'a str, u64)>) -> String {
    let listed: Vec<String> = counted
        .map(|(what, count)| if count == 1 { what.to_owned() } else { format!("{what} {count}") })
        .collect();
    if listed.is_empty() { "-".to_owned() } else { listed.join(", ") }
}

/// Text of a document or a file name must not steer the terminal.
fn printable(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}

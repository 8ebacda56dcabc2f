use super::Detail;
use super::judge::Judge;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::json;
use serde_json::value::RawValue;
use weir_classify::{Finding, Inspection};

/// What a document is called.
pub(super) enum Name<'a> {
    /// By whoever gave it, as they wrote it.
    Id(&'a RawValue),
    /// By where it was found.
    Path(&'a str),
}

/// What is said of one document, as JSON.
pub(super) struct Answer<'a> {
    pub(super) name: Name<'a>,
    pub(super) inspection: &'a Inspection,
    pub(super) text: &'a str,
    pub(super) judge: &'a Judge,
    pub(super) detail: Detail,
}

impl Serialize for Answer<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Inspection { label, findings, entities: _, opaque, complete } = self.inspection;
        let mut map = serializer.serialize_map(None)?;
        match &self.name {
            Name::Id(id) => map.serialize_entry("id", id)?,
            Name::Path(path) => map.serialize_entry("path", path)?,
        }
        map.serialize_entry("level", label.level().as_str())?;
        if self.detail != Detail::Places {
            map.serialize_entry("classified", &self.judge.is_classified(label))?;
            let categories: Vec<&str> = label.categories().iter().map(|c| c.as_str()).collect();
            map.serialize_entry("categories", &categories)?;
            let jurisdictions: Vec<&str> = label.jurisdictions().iter().map(|j| j.as_str()).collect();
            map.serialize_entry("jurisdictions", &jurisdictions)?;
        }
        map.serialize_entry("findings", &Findings(self, findings))?;
        if !opaque.is_empty() {
            let reasons: Vec<&str> = opaque.iter().map(|opaque| opaque.reason.as_str()).collect();
            map.serialize_entry("opaque", &reasons)?;
        }
        if !complete {
            map.serialize_entry("complete", complete)?;
        }
        map.end()
    }
}

struct Findings<'a>(&'a Answer<'a>, &'a [Finding]);

impl Serialize for Findings<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.1.iter().map(|finding| Item(self.0, finding)))
    }
}

struct Item<'a>(&'a Answer<'a>, &'a Finding);

impl Serialize for Item<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(answer, finding) = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", finding.entity.as_str())?;
        map.serialize_entry("start", &finding.start)?;
        map.serialize_entry("end", &finding.end)?;
        map.serialize_entry("score", &finding.score)?;
        if answer.detail != Detail::Places {
            map.serialize_entry("category", finding.category.as_str())?;
            map.serialize_entry("level", finding.level.as_str())?;
            map.serialize_entry("recogniser", &*finding.recogniser)?;
            map.serialize_entry("view", finding.view.as_str())?;
            let evidence = json!({ "start": finding.evidence.start, "end": finding.evidence.end });
            map.serialize_entry("evidence", &evidence)?;
            map.serialize_entry("decides", &answer.judge.decides(finding))?;
            map.serialize_entry("reason", &answer.judge.reason(finding))?;
        }
        if answer.detail == Detail::Text {
            map.serialize_entry("text", text_at(answer.text, finding.start, finding.end))?;
            let evidence = text_at(answer.text, finding.evidence.start, finding.evidence.end);
            map.serialize_entry("evidence_text", evidence)?;
        }
        map.end()
    }
}

/// What the text says at a place.
pub(super) fn text_at(text: &str, start: usize, end: usize) -> &str {
    text.get(start..end).unwrap_or_default()
}

//! YAML text to raw values that know their place.

use crate::repair;
use crate::report::{Place, Report};
use crate::suggest::{closest, did_you_mean};
use crate::tree::{self, Fault, FaultKind};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_saphyr::Options;
use serde_saphyr::options::NonFiniteFloatPolicy;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

/// The largest file that is read. Policies are written by people; this is a thousand pages.
const BYTES_MAX: usize = 4 << 20;

/// Reads a file. What is wrong with its shape goes into the report.
pub fn parse<T: DeserializeOwned>(report: &mut Report<'_>) -> Option<T> {
    if report.text.len() > BYTES_MAX {
        report.error(
            Place::START,
            format!("the file has more than {BYTES_MAX} bytes"),
            "split it or make it smaller",
        );
        return None;
    }
    let mut reading = Reading::of(report.text);
    for _ in 0..FAULTS_MAX {
        let fault = match tree::read(&reading.text, options()) {
            Ok(raw) => return Some(raw),
            Err(fault) => fault,
        };
        if !reading.go_on_after(&fault, report) {
            return None;
        }
    }
    None
}

/// Reads a file of any shape, of somebody else's program.
pub fn read_value(text: &str) -> Result<serde_json::Value, String> {
    if text.len() > BYTES_MAX {
        return Err(format!("it has more than {BYTES_MAX} bytes"));
    }
    tree::read(text, options()).map_err(|fault| fault.to_string())
}

/// The most entries of a wrong shape that are looked past, and the largest file in which they are.
const FAULTS_MAX: usize = 50;
const MENDED_BYTES_MAX: usize = 256 << 10;

/// A text that is read once more after each entry of a wrong shape, without that entry, and with what is missing.
struct Reading<'t> {
    text: Cow<'t, str>,
    /// The keys of what was taken out, and those that were meant by them.
    gone: BTreeSet<String>,
    /// What was put in for entries that are missing.
    filled: Vec<Filled>,
    /// Where the list begins of which an item was taken out last, and why.
    bad_item: Option<(usize, String)>,
}

/// An entry that was put in.
struct Filled {
    field: String,
    range: Range<usize>,
    /// Which of [`repair::STAND_INS`] stands for its value.
    stand_in: usize,
}

impl<'t> Reading<'t> {
    fn of(text: &'t str) -> Self {
        Self { text: Cow::Borrowed(text), gone: BTreeSet::new(), filled: Vec::new(), bad_item: None }
    }

    /// Reports a fault, unless it comes of what was done here before, and mends it. `false` if the text cannot
    /// be read on.
    fn go_on_after(&mut self, fault: &Fault, report: &mut Report<'_>) -> bool {
        if matches!(self.text, Cow::Owned(_)) && matches!(fault.kind, FaultKind::UnknownAnchor) {
            // It was in what was taken out.
            return false;
        }
        let place = fault.place.unwrap_or(Place::START).found_in(&self.text);
        let missing = missing_field(fault);
        let is_mendable = is_of_shape(fault) && self.text.len() <= MENDED_BYTES_MAX;
        if let Some(number) = self.filled.iter().position(|filled| filled.range.contains(&place.start)) {
            return is_mendable && self.fill_otherwise(number, report);
        }
        let is_told =
            missing.is_some_and(|field| self.gone.contains(field) || self.is_given_up(field, place.start));
        if !is_told {
            report.error(place, fault.kind.message(), &help(&fault.kind, self.text.get(place.start..)));
        }
        if !is_mendable {
            return false;
        }
        let fillable = missing.filter(|field| !self.is_given_up(field, place.start));
        if fillable.is_some_and(|field| self.fill(field, place.start, report)) {
            return true;
        }
        let Some(entry) = self.useless(place.start, fault) else { return false };
        let (left, gone) = repair::without(&self.text, entry);
        let keys = gone.into_iter().filter_map(|entry| repair::key_of(self.text.get(entry)?));
        self.gone.extend(keys.map(str::to_owned));
        self.note(fault, place.start, report);
        self.text = Cow::Owned(left);
        // What is wrong with an empty text is wrong with this mending only.
        !self.text.trim().is_empty()
    }

    /// Puts an entry in that is missing, so that those beside it are read.
    fn fill(&mut self, field: &str, at: usize, report: &mut Report<'_>) -> bool {
        let Some(entry) = repair::stand_in(&self.text, at, field, 0) else { return false };
        let range = at..at + entry.len();
        self.put(at..at, &entry, report);
        self.filled.push(Filled { field: field.to_owned(), range, stand_in: 0 });
        report.inserted = self.filled.iter().map(|filled| filled.range.clone()).collect();
        self.miss(at, report);
        true
    }

    /// What stood here is not known, so that other places may refer to it; to rules none does.
    fn miss(&self, at: usize, report: &mut Report<'_>) {
        report.is_incomplete |= repair::section_of(&self.text, at) != Some("rules");
    }

    /// Puts another value in where the one that stands there does not belong; nothing if there is no other.
    fn fill_otherwise(&mut self, number: usize, report: &mut Report<'_>) -> bool {
        let Some(filled) = self.filled.get_mut(number) else { return false };
        filled.stand_in += 1;
        let (range, field, stand_in) = (filled.range.clone(), filled.field.clone(), filled.stand_in);
        // As it was before: what comes after the entry begins where the entry began.
        self.put(range.clone(), "", report);
        let entry = repair::stand_in(&self.text, range.start, &field, stand_in).unwrap_or_default();
        self.put(range.start..range.start, &entry, report);
        if let Some(filled) = self.filled.get_mut(number) {
            filled.range = range.start..range.start + entry.len();
        }
        report.inserted = self.filled.iter().map(|filled| filled.range.clone()).collect();
        true
    }

    /// Whether nothing could stand for this entry.
    fn is_given_up(&self, field: &str, at: usize) -> bool {
        let mut filled = self.filled.iter();
        filled.any(|filled| filled.field == field && filled.range.is_empty() && filled.range.start == at)
    }

    /// Puts text in the place of other text, and moves what was put in behind it.
    fn put(&mut self, place: Range<usize>, text: &str, report: &mut Report<'_>) {
        let moved = |at: usize| at + text.len() - place.len();
        let behind = |filled: &&mut Filled| filled.range != place && filled.range.start >= place.end;
        for filled in self.filled.iter_mut().filter(behind) {
            filled.range = moved(filled.range.start)..moved(filled.range.end);
        }
        self.text.to_mut().replace_range(place, text);
        report.inserted.clear();
    }

    /// The entry that is of no use because of what is wrong at this place.
    fn useless(&mut self, at: usize, fault: &Fault) -> Option<Range<usize>> {
        let entry = repair::entry_at(&self.text, at)?;
        let is_item = self.text.get(entry.clone()).is_some_and(|entry| repair::key_of(entry).is_none());
        let parent = repair::parent_of(&self.text, at);
        let entry = match (missing_field(fault), parent) {
            (Some(_), parent) => parent?,
            (None, Some(list)) if is_item => self.item_or_list(entry, list, fault),
            (None, _) => entry,
        };
        let is_blank = self.text.get(entry.clone())?.trim().is_empty();
        (!is_blank).then_some(entry)
    }

    /// What is wrong with two items of a list is mostly wrong with all.
    fn item_or_list(&mut self, item: Range<usize>, list: Range<usize>, fault: &Fault) -> Range<usize> {
        let bad_item = Some((list.start, fault.kind.message()));
        let is_second = self.bad_item == bad_item;
        self.bad_item = bad_item;
        if is_second { list } else { item }
    }

    fn note(&mut self, fault: &Fault, place: usize, report: &mut Report<'_>) {
        match &fault.kind {
            FaultKind::UnknownField { field, known } => {
                self.gone.extend(closest(field, known.iter().copied()).map(str::to_owned));
            }
            FaultKind::Twice(_) => {}
            FaultKind::MissingField(_)
            | FaultKind::OtherKind { .. }
            | FaultKind::Belongs(_)
            | FaultKind::UnknownAnchor
            | FaultKind::TooLarge
            | FaultKind::SecondDocument
            | FaultKind::Other(_) => self.miss(place, report),
        }
    }
}

/// Whether the text is YAML and only one of its entries is not what belongs there.
fn is_of_shape(fault: &Fault) -> bool {
    match fault.kind {
        FaultKind::UnknownField { .. }
        | FaultKind::MissingField(_)
        | FaultKind::OtherKind { .. }
        | FaultKind::Belongs(_)
        | FaultKind::Twice(_) => true,
        FaultKind::UnknownAnchor | FaultKind::TooLarge | FaultKind::SecondDocument | FaultKind::Other(_) => {
            false
        }
    }
}

fn missing_field(fault: &Fault) -> Option<&'static str> {
    if let FaultKind::MissingField(field) = fault.kind { Some(field) } else { None }
}

/// Anchors are welcome, but a file of a few lines may not unfold into a large one.
fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: 500_000,
            max_nodes: 200_000,
            max_depth: 32,
            max_documents: 1,
            max_aliases: 1_000,
            max_anchors: 1_000,
            max_merge_keys: 1_000,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 20_000,
            max_replay_stack_depth: 8,
        },
        emit_comments: false,
        strict_booleans: true,
        reject_unsupported_tags: true,
        // Where a number belongs they are none, and elsewhere they are words.
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
        with_snippet: false,
    }
}

/// What to do about it. `rest` is the text from its place on.
fn help(kind: &FaultKind, rest: Option<&str>) -> String {
    match kind {
        FaultKind::UnknownField { field, known } => did_you_mean(field, known.iter().copied())
            .unwrap_or_else(|| {
                let known = known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
                format!("known here: {known}")
            }),
        // The versions of the formats.
        FaultKind::MissingField(field @ ("weir" | "policy")) => format!("add `{field}: 1`"),
        FaultKind::MissingField(field) => format!("add `{field}:`"),
        FaultKind::Twice(_) => "keep one of the two".to_owned(),
        FaultKind::TooLarge => "write less here, and fewer `*alias`".to_owned(),
        FaultKind::SecondDocument => {
            "one file has one document: take this line out, and put what is behind it where it belongs"
                .to_owned()
        }
        FaultKind::Other(said) if said.contains("tab") => "indent with spaces".to_owned(),
        FaultKind::Other(_) => quoting(rest.unwrap_or_default()),
        FaultKind::OtherKind { .. } | FaultKind::Belongs(_) | FaultKind::UnknownAnchor => String::new(),
    }
}

/// What to do about a value at the beginning of this text that is no YAML because of how it begins.
fn quoting(rest: &str) -> String {
    let sign =
        rest.chars().next().filter(|sign| matches!(sign, '>' | '|' | '@' | '`' | '%' | '&' | '*' | '!'));
    let quoted = |sign: char| match sign {
        '>' => "write a comparison in quotes, such as `\">= 5\"`".to_owned(),
        sign => format!("write a value that begins with `{sign}` in quotes"),
    };
    sign.map(quoted).unwrap_or_default()
}

/// A value and its place in the file.
#[derive(Debug, Clone)]
pub struct At<T> {
    pub value: T,
    pub place: Place,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for At<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        tree::with_place(deserializer).map(|(place, value)| Self { value, place })
    }
}

impl<T: JsonSchema> JsonSchema for At<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// A type that is written as one word, number or line of text.
pub trait Scalar: Sized {
    /// Reads it. The error says what is wrong and what to do.
    fn parse(text: &str) -> Result<Self, Wrong>;

    /// What an editor should know of it.
    fn schema() -> Schema;
}

/// What is wrong with a scalar, and what to do.
#[derive(Debug, Clone)]
pub struct Wrong {
    pub message: String,
    pub help: String,
}

impl Wrong {
    pub fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into() }
    }
}

/// A scalar that may be wrong, with its place: so that one wrong value does not hide the next.
#[derive(Debug, Clone)]
pub struct Field<T> {
    value: Result<T, Wrong>,
    pub place: Place,
}

impl<T> Field<T> {
    /// The value, if it is right.
    pub fn get(&self) -> Option<&T> {
        self.value.as_ref().ok()
    }
}

impl<T: Clone> Field<T> {
    /// The value, or what is wrong with it in the report.
    pub fn take(&self, report: &mut Report<'_>) -> Option<T> {
        match &self.value {
            Ok(value) => Some(value.clone()),
            Err(Wrong { message, help }) => {
                report.error(self.place, message.clone(), help);
                None
            }
        }
    }
}

/// The value of an optional field, or its default; `None` if it is wrong.
pub fn take_or<T: Clone>(field: Option<&Field<T>>, default: T, report: &mut Report<'_>) -> Option<T> {
    match field {
        Some(field) => field.take(report),
        None => Some(default),
    }
}

impl<'de, T: Scalar> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let At { value, place } = At::<String>::deserialize(deserializer)?;
        Ok(Self { value: T::parse(&value), place })
    }
}

impl<T: Scalar> JsonSchema for Field<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Scalar".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        T::schema()
    }
}

//! From arguments to what is asked of the log.

use super::rows::Column;
use super::{Format, QueryArgs};
use crate::exit::Failed;
use crate::output::{line, table};
use weir_audit::event::Event;
use weir_audit::search::{Condition, ConditionError, FIELDS, Field, Kind, Query, path_of};
use weir_config::suggest::did_you_mean;
use weir_store::audit::{Key, Search};

/// Says what is wrong with conditions before the log is looked at.
pub(super) fn check(args: &QueryArgs) -> Result<(), Failed> {
    // Only the log knows all fields.
    conditions(args, &|_| true).map(drop).map_err(|error| Failed::Usage(error.to_string()))
}

pub(super) fn query(args: &QueryArgs, search: &Search) -> Result<Query, Failed> {
    let conditions =
        conditions(args, &|path| search.has_path(path)).map_err(|error| unknown(&error, search, &[]))?;
    let filters = &args.filters;
    Ok(Query {
        types: types(&filters.event, search)?,
        since: filters.since,
        until: filters.until,
        conditions,
    })
}

fn conditions(args: &QueryArgs, is_known: &dyn Fn(&str) -> bool) -> Result<Vec<Condition>, ConditionError> {
    let filters = &args.filters;
    let callers: Vec<&str> = filters.caller.iter().map(|caller| key_id(caller)).collect();
    let mut conditions = Vec::new();
    for (name, values) in [
        ("zone", &filters.zone),
        ("backend", &filters.backend),
        ("target", &filters.target),
        ("model", &filters.model),
        ("alias", &filters.alias),
        ("rule", &filters.rule),
        ("tag", &filters.tag),
        ("action", &filters.action),
        ("tenant", &filters.tenant),
        ("team", &filters.team),
        ("app", &filters.app),
        ("task", &filters.task),
        ("language", &filters.language),
        ("category", &filters.category),
        ("jurisdiction", &filters.jurisdiction),
        ("entity", &filters.entity),
        ("decision", &filters.decision),
        ("request", &filters.request),
        ("revision", &filters.revision),
        ("stage", &filters.stage),
        ("outcome", &filters.outcome),
        ("error", &filters.error),
    ] {
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        conditions.extend(one_of(name, &values)?);
    }
    conditions.extend(one_of("caller", &callers)?);
    let written = [
        filters.level.as_ref().map(|level| format!("level>={level}")),
        filters.cost.as_ref().map(|range| format!("cost={range}")),
        filters.tokens_in.as_ref().map(|range| format!("tokens_in={range}")),
        filters.tokens_out.as_ref().map(|range| format!("tokens_out={range}")),
    ];
    for text in written.into_iter().flatten().chain(args.conditions.iter().cloned()) {
        conditions.push(Condition::parse(&text, is_known)?);
    }
    Ok(conditions)
}

/// That a field is one of the values of an option. Words of a fixed set may be joined by commas; the operator's own
/// names may hold some.
fn one_of(name: &str, values: &[&str]) -> Result<Option<Condition>, ConditionError> {
    let field = Field::named(name).ok_or_else(|| ConditionError::Field(name.to_owned()))?;
    let values: Vec<&str> = match field.kind {
        Kind::OneOf(_) => values.iter().flat_map(|value| value.split(',')).map(str::trim).collect(),
        Kind::Word | Kind::Words | Kind::Level | Kind::Flag | Kind::Number(_) => values.to_vec(),
    };
    (!values.is_empty()).then(|| Condition::is_one_of(field, &values)).transpose()
}

/// `weir keys list` shows prefixes; the log holds ids.
fn key_id(text: &str) -> &str {
    text.rsplit('_').next().unwrap_or(text)
}

fn types(wanted: &[String], search: &Search) -> Result<Vec<String>, Failed> {
    let mut types = Vec::new();
    for name in wanted.iter().flat_map(|names| names.split(',')) {
        if name == "all" {
            types.extend(search.types().map(str::to_owned));
            // A log without events has no types.
            types.push(name.to_owned());
        } else if Event::TYPES.contains(&name) || search.types().any(|known| known == name) {
            types.push(name.to_owned());
        } else {
            let known = Event::TYPES.iter().copied().chain(search.types());
            let hint = did_you_mean(name, known).unwrap_or_else(|| {
                let all: Vec<String> = Event::TYPES.iter().map(|name| format!("`{name}`")).collect();
                format!("use {} or `all`", all.join(", "))
            });
            return Err(Failed::Usage(format!("there are no events of the type `{name}`; {hint}")));
        }
    }
    types.sort_unstable();
    types.dedup();
    Ok(types)
}

/// The error with the closest field, or one of the other words that can stand there.
fn unknown(error: &ConditionError, search: &Search, words: &[&'static str]) -> Failed {
    let ConditionError::Field(name) = error else { return Failed::Usage(error.to_string()) };
    let known = FIELDS.iter().flat_map(|field| [field.name, field.path]);
    let known = known.chain(search.paths()).chain(words.iter().copied());
    let hint = did_you_mean(name, known)
        .unwrap_or_else(|| "`weir audit query --fields` lists those that there are".to_owned());
    Failed::Usage(format!("{error}; {hint}"))
}

fn path(name: &str, search: &Search, words: &[&'static str]) -> Result<String, Failed> {
    path_of(name, &|path| search.has_path(path)).map_err(|error| unknown(&error, search, words))
}

pub(super) fn keys(args: &QueryArgs, search: &Search) -> Result<Vec<Key>, Failed> {
    let key = |name: &String| match name.as_str() {
        "hour" => Ok(Key::Hour),
        "day" => Ok(Key::Day),
        "month" => Ok(Key::Month),
        name => path(name, search, &["hour", "day", "month"]).map(Key::Path),
    };
    args.count_by.iter().map(key).collect()
}

pub(super) fn sums(args: &QueryArgs, search: &Search) -> Result<Vec<String>, Failed> {
    let sum = |name: &String| match Field::named(name).map(|field| field.kind) {
        Some(Kind::Number(_)) | None => path(name, search, &[]),
        Some(_) => Err(Failed::Usage(format!("`{name}` is no number, so that it cannot be summed up"))),
    };
    args.sum.iter().map(sum).collect()
}

/// The columns that are asked for, or the usual ones.
pub(super) fn columns(args: &QueryArgs, format: Format, search: &Search) -> Result<Vec<Column>, Failed> {
    let column = |name: &String| match name.as_str() {
        "time" => Ok(Column::Time),
        "findings" if format == Format::Table => Ok(Column::Findings),
        name => Ok(Column::Path(path(name, search, &["time"])?)),
    };
    args.columns.iter().map(column).collect()
}

pub(super) fn list_fields() {
    let kind = |field: &Field| match field.kind {
        Kind::Word => "word".to_owned(),
        Kind::OneOf(words) => words.join(" | "),
        Kind::Words => "list of words".to_owned(),
        Kind::Level => "public < internal < confidential < restricted".to_owned(),
        Kind::Flag => "true | false".to_owned(),
        Kind::Number(unit) => format!("number {unit}").trim_end().to_owned(),
    };
    let cells: Vec<_> =
        FIELDS.iter().map(|field| vec![field.name.to_owned(), field.path.to_owned(), kind(field)]).collect();
    line(table(&["FIELD", "IN THE RECORD", "VALUES"], &cells));
}

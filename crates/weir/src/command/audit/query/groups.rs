//! Counts and sums.

use super::rows::{end, shown, unwritable};
use super::sheet::{Cell, CellKind, Sheet};
use super::{Format, QueryArgs};
use crate::exit::Failed;
use crate::output::{line, note, raw, table};
use serde_json::{Map, Value};
use weir_audit::search::{Field, Value as Member};
use weir_store::audit::{Group, Key};

pub(super) fn print(
    args: &QueryArgs,
    format: Format,
    mut groups: Vec<Group>,
    by: &[Key],
    sums: &[String],
) -> Result<(), Failed> {
    sort(&mut groups, by);
    if groups.is_empty() && by.is_empty() {
        groups.push(Group { values: Vec::new(), count: 0, sums: vec![0; sums.len()] });
    }
    let all = groups.len();
    if args.limit > 0 {
        groups.truncate(args.limit);
    }
    match format {
        Format::Table => print_table(args, &groups, by, sums),
        Format::Json => groups.iter().for_each(|group| line(as_json(group, by, sums))),
        Format::Csv => print_csv(&groups, by, sums),
        Format::Parquet => print_parquet(&groups, by, sums)?,
    }
    if all > groups.len() {
        note(format_args!("{} of {all} groups; `--limit 0` shows all", groups.len()));
    }
    Ok(())
}

/// By time where there is a time, else the largest first.
fn sort(groups: &mut [Group], by: &[Key]) {
    let text = |group: &Group| -> Vec<Option<String>> {
        group.values.iter().map(|value| value.as_ref().map(|value| value.text().into_owned())).collect()
    };
    let has_time = by.iter().any(|key| !matches!(key, Key::Path(_)));
    groups.sort_by_cached_key(|group| (if has_time { 0 } else { u64::MAX - group.count }, text(group)));
}

fn path(key: &Key) -> &str {
    match key {
        Key::Path(path) => path,
        Key::Hour => "hour",
        Key::Day => "day",
        Key::Month => "month",
    }
}

fn print_table(args: &QueryArgs, groups: &[Group], by: &[Key], sums: &[String]) {
    let name = |path: &str| Field::named(path).map_or(path, |field| field.name).to_uppercase();
    let mut header: Vec<String> = by.iter().map(|key| name(path(key))).collect();
    header.push(if args.filters.event.is_empty() { "DECISIONS" } else { "EVENTS" }.to_owned());
    header.extend(sums.iter().map(|path| name(path)));
    let row = |group: &Group| {
        let values = group.values.iter().zip(by).map(|(value, key)| match value {
            Some(value) => shown(path(key), value),
            None => "-".to_owned(),
        });
        let sums = group.sums.iter().zip(sums).map(|(sum, path)| shown(path, &Member::Number(*sum)));
        values.chain([group.count.to_string()]).chain(sums).collect()
    };
    let rows: Vec<Vec<String>> = groups.iter().map(row).collect();
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    line(table(&header, &rows));
}

fn as_json(group: &Group, by: &[Key], sums: &[String]) -> Value {
    let mut object = Map::new();
    for (value, key) in group.values.iter().zip(by) {
        let value = match value {
            None => Value::Null,
            Some(Member::Number(number)) => Value::from(*number),
            Some(Member::Flag(flag)) => Value::from(*flag),
            Some(value) => Value::from(value.text()),
        };
        object.insert(path(key).to_owned(), value);
    }
    object.insert("count".to_owned(), Value::from(group.count));
    let sums: Map<String, Value> =
        sums.iter().cloned().zip(group.sums.iter().map(|sum| Value::from(*sum))).collect();
    if !sums.is_empty() {
        object.insert("sum".to_owned(), Value::Object(sums));
    }
    Value::Object(object)
}

fn print_csv(groups: &[Group], by: &[Key], sums: &[String]) {
    let mut text = csv::Writer::from_writer(Vec::new());
    let header = by.iter().map(path).chain(["count"]).chain(sums.iter().map(String::as_str));
    // Writing to memory cannot fail.
    let _ = text.write_record(header);
    for group in groups {
        let values =
            group.values.iter().map(|value| value.as_ref().map_or_else(String::new, super::rows::csv_cell));
        let numbers = [group.count].into_iter().chain(group.sums.iter().copied());
        let _ = text.write_record(values.chain(numbers.map(|number| number.to_string())));
    }
    raw(&text.into_inner().unwrap_or_default());
}

fn print_parquet(groups: &[Group], by: &[Key], sums: &[String]) -> Result<(), Failed> {
    let kind = |key: &Key| match key {
        Key::Path(path) => Field::named(path).map(|field| CellKind::of(field.kind)),
        Key::Hour | Key::Day | Key::Month => Some(CellKind::Text),
    };
    let counted = ["count".to_owned()].into_iter().chain(sums.iter().map(|sum| format!("sum.{sum}")));
    let columns = by.iter().map(|key| (path(key).to_owned(), kind(key)));
    let columns = columns.chain(counted.map(|name| (name, Some(CellKind::Number))));
    let mut sheet = Sheet::new(columns, std::io::stdout());
    for group in groups {
        let numbers: Vec<Member<'_>> =
            [group.count].into_iter().chain(group.sums.iter().copied()).map(Member::Number).collect();
        let values = group.values.iter().map(|value| value.as_ref().map(Cell::Member));
        let row = values.chain(numbers.iter().map(|number| Some(Cell::Member(number))));
        sheet.push(row).map_err(|error| unwritable(&error))?;
    }
    end(sheet)
}

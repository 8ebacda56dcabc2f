//! Records as rows.

use super::Format;
use super::sheet::{Cell, CellKind, Sheet, SheetError};
use crate::exit::Failed;
use crate::output::{columns, heading, line, raw};
use serde_json::Value;
use std::io::{self, Stdout, Write as _};
use weir_audit::search::{
    DECISION, ENVELOPE, FIELDS, Field, Found, Kind, Members, OUTCOME, Unit, Value as Member, members,
};

/// What a column shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Column {
    /// When it happened.
    Time,
    /// What was found, and how often.
    Findings,
    /// What an event that is about no request says.
    Details,
    /// A member of the record.
    Path(String),
}

/// Prints rows as they are found.
pub(super) struct Printer {
    format: Format,
    columns: Vec<Column>,
    /// Those of a table, which only grow.
    widths: Vec<usize>,
    has_header: bool,
    /// The file of Parquet, if that is what is written.
    sheet: Option<Sheet<Stdout>>,
}

const IN_TABLE: [&str; 7] = ["decision_id", "level", "rule", "action", "zone", "target", "outcome"];

/// And where not only decisions are asked for.
const OF_EVENTS: [&str; 3] = ["seq", "type", "decision_id"];

const IN_CSV: [&str; 35] = [
    "seq",
    "type",
    "request_id",
    "decision_id",
    "attempt",
    "tenant",
    "key_id",
    "facts.caller.team",
    "facts.caller.app",
    "api",
    "stream",
    "facts.request.alias",
    "facts.task.type",
    "facts.request.language",
    "level",
    "categories",
    "jurisdictions",
    "findings.type",
    "policy_revision",
    "stage",
    "rule",
    "tags",
    "action",
    "reason",
    "zone",
    "target",
    "outcome",
    "http_status",
    "error_code",
    "tokens_in",
    "tokens_out",
    "cost_micro_usd",
    "queue_us",
    "ttft_us",
    "total_us",
];

impl Printer {
    /// Prints these columns, or the usual ones of such events if there are none.
    pub(super) fn new(format: Format, mut columns: Vec<Column>, types: &[String]) -> Self {
        let path = |path: &&str| Column::Path((*path).to_owned());
        if columns.is_empty() {
            columns.push(Column::Time);
            match format {
                Format::Table => columns.extend(IN_TABLE.iter().map(path)),
                Format::Json | Format::Csv => columns.extend(IN_CSV.iter().map(path)),
                Format::Parquet => columns.extend(FIELDS.iter().map(|field| path(&field.path))),
            }
            if format == Format::Table {
                columns.insert(3, Column::Findings);
            }
            if format == Format::Table && types.iter().any(|name| name != DECISION) {
                columns = OF_EVENTS.iter().map(path).collect();
                columns.insert(0, Column::Time);
                columns.push(Column::Details);
            }
        }
        let widths = columns.iter().map(|column| column.title().chars().count()).collect();
        let column = |column: &Column| (column.path().to_owned(), column.kind());
        let sheet = (format == Format::Parquet).then(|| Sheet::new(columns.iter().map(column), io::stdout()));
        Self { format, columns, widths, has_header: false, sheet }
    }

    /// Ends what is printed.
    pub(super) fn finish(self) -> Result<(), Failed> {
        self.sheet.map_or(Ok(()), end)
    }

    pub(super) fn print(&mut self, rows: &[Found]) -> Result<(), Failed> {
        match self.format {
            Format::Table => self.print_table(rows),
            Format::Json => rows.iter().try_for_each(|row| {
                line(row.to_json().map_err(|error| Failed::check("cannot read the record", &error))?);
                Ok(())
            }),
            Format::Csv => self.print_csv(rows),
            Format::Parquet => self.print_parquet(rows),
        }
    }

    fn print_parquet(&mut self, rows: &[Found]) -> Result<(), Failed> {
        let Some(sheet) = &mut self.sheet else { return Ok(()) };
        for row in rows {
            let members = row.members().map_err(|error| Failed::check("cannot read the record", &error))?;
            let cell = |column: &Column| match column {
                Column::Time => members.time().map(Cell::Time),
                Column::Findings | Column::Details => None,
                Column::Path(path) => members.get(path).map(Cell::Member),
            };
            sheet.push(self.columns.iter().map(cell)).map_err(|error| unwritable(&error))?;
        }
        Ok(())
    }

    fn print_table(&mut self, rows: &[Found]) -> Result<(), Failed> {
        let rows: Vec<Vec<String>> = self.cells(rows, Column::shown)?;
        for row in &rows {
            for (cell, width) in row.iter().zip(&mut self.widths) {
                *width = (*width).max(cell.chars().count());
            }
        }
        if !std::mem::replace(&mut self.has_header, true) {
            let titles: Vec<String> =
                self.columns.iter().map(|column| column.title().to_uppercase()).collect();
            line(heading(&columns(&titles, &self.widths)));
        }
        rows.iter().for_each(|row| line(columns(row, &self.widths)));
        Ok(())
    }

    fn print_csv(&mut self, rows: &[Found]) -> Result<(), Failed> {
        let mut text = csv::Writer::from_writer(Vec::new());
        let failed = |error: csv::Error| Failed::check("cannot write the rows", &error);
        if !std::mem::replace(&mut self.has_header, true) {
            text.write_record(self.columns.iter().map(Column::path)).map_err(failed)?;
        }
        for row in self.cells(rows, Column::plain)? {
            text.write_record(row).map_err(failed)?;
        }
        raw(&text.into_inner().map_err(|error| Failed::check("cannot write the rows", error.error()))?);
        Ok(())
    }

    fn cells(
        &self,
        rows: &[Found],
        cell: impl Fn(&Column, &Found, &Members) -> String,
    ) -> Result<Vec<Vec<String>>, Failed> {
        let row = |row: &Found| {
            let members = row.members().map_err(|error| Failed::check("cannot read the record", &error))?;
            Ok(self.columns.iter().map(|column| cell(column, row, &members)).collect())
        };
        rows.iter().map(row).collect()
    }
}

impl Column {
    fn path(&self) -> &str {
        match self {
            Column::Time => "time",
            Column::Findings => "findings",
            Column::Details => "details",
            Column::Path(path) => path,
        }
    }

    /// What it holds, where that is known beforehand.
    fn kind(&self) -> Option<CellKind> {
        match self {
            Column::Time => Some(CellKind::Time),
            Column::Findings | Column::Details => Some(CellKind::Text),
            Column::Path(path) => Field::named(path).map(|field| CellKind::of(field.kind)),
        }
    }

    /// The name that people use.
    fn title(&self) -> &str {
        match self {
            Column::Time | Column::Findings | Column::Details => self.path(),
            Column::Path(path) => Field::named(path).map_or(path, |field| field.name),
        }
    }

    /// For a table.
    fn shown(&self, row: &Found, members: &Members) -> String {
        match self {
            Column::Findings => findings(row).unwrap_or_else(|| "-".to_owned()),
            Column::Details => details(row).filter(|text| !text.is_empty()).unwrap_or_else(|| "-".to_owned()),
            Column::Path(path) if path == "outcome" && row.outcome.is_none() && is_decision(members) => {
                "running".to_owned()
            }
            Column::Path(path) => {
                members.get(path).map_or_else(|| "-".to_owned(), |value| shown(path, value))
            }
            Column::Time => self.plain(row, members),
        }
    }

    /// For CSV: as in the record.
    fn plain(&self, _: &Found, members: &Members) -> String {
        match self {
            Column::Time => members.word("ts_wall").to_owned(),
            Column::Findings | Column::Details => String::new(),
            Column::Path(path) => members.get(path).map_or_else(String::new, csv_cell),
        }
    }
}

/// Writes the end of a file.
pub(super) fn end(sheet: Sheet<Stdout>) -> Result<(), Failed> {
    let mut out = sheet.finish().map_err(|error| unwritable(&error))?;
    out.flush().map_err(|error| Failed::check("cannot write the rows", &error))
}

pub(super) fn unwritable(error: &SheetError) -> Failed {
    Failed::check("cannot write the rows", error)
}

fn is_decision(members: &Members) -> bool {
    members.word("type") == DECISION
}

/// A value as people read it.
pub(super) fn shown(path: &str, value: &Member<'_>) -> String {
    match (Field::named(path).map(|field| field.kind), value) {
        (Some(Kind::Number(unit)), Member::Number(number)) => with_unit(*number, unit),
        _ => value.text().into_owned(),
    }
}

fn with_unit(number: u64, unit: Unit) -> String {
    let divided = |by: f64, digits: usize| format!("{:.digits$}", number as f64 / by);
    match unit {
        Unit::Count | Unit::Bytes => number.to_string(),
        Unit::Micros if number < 1000 => format!("{number}µs"),
        Unit::Micros if number < 1_000_000 => divided(1e3, 1) + "ms",
        Unit::Micros => divided(1e6, 2) + "s",
        Unit::Millis => format!("{number}ms"),
        Unit::MicroUsd => format!("${}", divided(1e6, 6)),
        Unit::Millionths => divided(1e6, 3),
    }
}

/// A value for a spreadsheet, which would take a word that begins with some signs for a formula.
pub(super) fn csv_cell(value: &Member<'_>) -> String {
    let text = value.text();
    match value {
        Member::Word(_) | Member::Words(_) if text.starts_with(['=', '+', '-', '@']) => format!("'{text}"),
        Member::Word(_) | Member::Words(_) | Member::Number(_) | Member::Flag(_) => text.into_owned(),
    }
}

/// `EMAIL×2 IBAN×1`.
fn findings(row: &Found) -> Option<String> {
    let event: Value = serde_json::from_slice(&row.event).ok()?;
    let found = event.get("findings")?.as_array()?;
    let one = |finding: &Value| Some(format!("{}×{}", finding.get("type")?.as_str()?, finding.get("count")?));
    Some(found.iter().filter_map(one).collect::<Vec<_>>().join(" "))
}

/// `key_id=ab12cd34 tenant=law`: of a decision or an outcome what a table of decisions shows, of any other event everything.
fn details(row: &Found) -> Option<String> {
    let mut details = Vec::new();
    let is_of_request = [DECISION, OUTCOME].contains(&row.members().ok()?.word("type"));
    let is_shown = |path: &str| match is_of_request {
        true => IN_TABLE.contains(&path) && !OF_EVENTS.contains(&path),
        false => !ENVELOPE.contains(&path) && !OF_EVENTS.contains(&path),
    };
    let told = members(&row.event, |path, value| {
        if is_shown(path) {
            details.push(format!("{path}={}", value.text()));
        }
    });
    told.ok().map(|()| details.join(" "))
}

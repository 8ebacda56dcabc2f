//! Columns: what the head of a table says of the cells below it.

use crate::haystack::Haystack;
use std::ops::Range;

/// Bytes of a row of a table on each side of what is asked about.
const ROW_MAX: usize = 256;
/// Bytes between the names of columns and their values: `) VALUES (`.
const VALUES_MAX: usize = 16;

/// The cell of the first row below the one whose head holds `label`: of CSV, of a table between bars, of an `INSERT`.
pub(crate) fn cell_below(haystack: &Haystack<'_>, label: &Range<usize>) -> Option<Range<usize>> {
    let head = row_start(haystack, label.start)..row_end(haystack, label.end);
    let row = match haystack.byte(head.end)? {
        b'\n' => row_start_below(haystack, head.end + 1),
        _ => values_start(haystack, head.end)?,
    };
    let row = row..row_end(haystack, row);
    let (before, after) = (head.start..label.start, label.end..head.end);
    let sign = sign_in(haystack, after).or_else(|| sign_in(haystack, before.clone()))?;
    let column = haystack.slice(before).iter().filter(|b| **b == sign).count();
    let name = haystack.slice(cell(haystack, head, sign, column)?);
    if name.iter().any(u8::is_ascii_digit) { None } else { cell(haystack, row, sign, column) }
}

/// The cell number `column` of a row, without the quotes and spaces around it.
fn cell(haystack: &Haystack<'_>, row: Range<usize>, sign: u8, column: usize) -> Option<Range<usize>> {
    let mut start = row.start;
    let mut cells = haystack.slice(row.clone()).split(|b| *b == sign).map(|cell| {
        let range = start..start + cell.len();
        start = range.end + 1;
        range
    });
    let range = cells.nth(column)?;
    let text = haystack.slice(range.clone());
    let is_around = |b: &u8| matches!(b, b' ' | b'"' | b'\'' | b'`');
    let lead = text.iter().take_while(|b| is_around(b)).count();
    let tail = text.iter().rev().take_while(|b| is_around(b)).count();
    (lead < text.len()).then(|| range.start + lead..range.end - tail)
}

fn row_start(haystack: &Haystack<'_>, at: usize) -> usize {
    let head = haystack.slice(at.saturating_sub(ROW_MAX)..at);
    at - head.iter().rev().take_while(|b| !matches!(b, b'\n' | b'(')).count()
}

fn row_end(haystack: &Haystack<'_>, at: usize) -> usize {
    haystack.run_end(at, ROW_MAX, |b| !matches!(b, b'\n' | b')'))
}

/// Where the next line begins, behind the rule of a table: `|---|---|`.
fn row_start_below(haystack: &Haystack<'_>, line: usize) -> usize {
    let rule = haystack.run_end(line, ROW_MAX, |b| matches!(b, b'|' | b'-' | b':' | b' ' | b'+' | b'='));
    if rule > line && haystack.byte(rule) == Some(b'\n') { rule + 1 } else { line }
}

/// Where the values of an `INSERT` begin, behind the names of its columns.
fn values_start(haystack: &Haystack<'_>, names_end: usize) -> Option<usize> {
    let open = haystack.run_end(names_end + 1, VALUES_MAX, |b| b != b'(');
    let between = haystack.slice(names_end + 1..open);
    (haystack.byte(open) == Some(b'(') && between.trim_ascii().eq_ignore_ascii_case(b"values"))
        .then_some(open + 1)
}

/// What separates the cells of a row.
fn sign_in(haystack: &Haystack<'_>, range: Range<usize>) -> Option<u8> {
    haystack.slice(range).iter().copied().find(|b| matches!(b, b',' | b';' | b'\t' | b'|'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_of_a_column_names_the_cell_below_it() {
        for (text, expected) in [
            ("id,name,state\n7,\"Jo 5\",open", Some("Jo 5")),
            ("name;id\nJo;7", Some("Jo")),
            ("id\tname\n7\tJo", Some("Jo")),
            ("| id | name |\n|---|:--|\n| 7 | Jo |", Some("Jo")),
            ("INSERT INTO t (id, name, z) VALUES (7, 'Jo', 'x')", Some("Jo")),
            ("name: Jo\n12", None),
            ("f(id, name)\ng(7, 8)", None),
            ("id,name\n7", None),
            ("7;name-8;x\n9;Jo;y", None),
        ] {
            let at = text.find("name").unwrap_or_default();
            let found = cell_below(&Haystack::new(text, &[], &[]), &(at..at + 4));
            assert_eq!(found.and_then(|cell| text.get(cell)), expected, "{text:?}");
        }
    }
}

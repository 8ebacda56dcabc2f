//! Full dates in many notations.

use crate::haystack::Haystack;
use std::ops::Range;

/// Separators between two parts of a date: `12. März`, `March 12, 1974`, `12 de marzo de 1974`.
const SIGNS_MAX: usize = 3;
/// The first year of which people are alive.
const YEAR_MIN: u32 = 1900;
const YEAR_MAX: u32 = 2100;

#[derive(Clone, Copy)]
enum Part {
    /// A number and how many digits it has.
    Number(u32, usize),
    Month,
}

/// The date that begins at `at`: day, month and year in any order that is in use.
pub(super) fn at(haystack: &Haystack<'_>, at: usize) -> Option<Range<usize>> {
    if let Some(end) = in_one(haystack, at) {
        return Some(at..end);
    }
    let (first, end) = part(haystack, at)?;
    let (second, end) = part(haystack, next(haystack, end)?)?;
    let (third, end) = part(haystack, next(haystack, end)?)?;
    (is_date(first, second, third) && haystack.closes(end)).then_some(at..end)
}

/// `19740312`: year, month and day in one; nobody is born in the future.
fn in_one(haystack: &Haystack<'_>, at: usize) -> Option<usize> {
    let end = haystack.digits_end(at, 9);
    let digits = haystack.slice(at..end);
    let number = |range: Range<usize>| {
        digits
            .get(range)
            .unwrap_or_default()
            .iter()
            .fold(0, |value, digit| value * 10 + u32::from(digit - b'0'))
    };
    let is_date = digits.len() == 8
        && is_year(number(0..4))
        && is_day_of(number(6..8), number(4..6))
        && (1..=12).contains(&number(4..6));
    (is_date && haystack.closes(end)).then_some(end)
}

fn is_date(first: Part, second: Part, third: Part) -> bool {
    use Part::{Month, Number};
    match (first, second, third) {
        (Number(day, 1..=2), Month, Number(year, 4)) | (Month, Number(day, 1..=2), Number(year, 4)) => {
            is_day(day) && is_year(year)
        }
        (Number(year, 4), Month, Number(day, 1..=2)) => is_day(day) && is_year(year),
        (Number(year, 4), Number(month, 1..=2), Number(day, 1..=2)) => is_year(year) && is_day_of(day, month),
        (Number(a, 1..=2), Number(b, 1..=2), Number(year, len)) => {
            let is_year = len == 2 || (len == 4 && is_year(year));
            is_year && (is_day_of(a, b) || is_day_of(b, a))
        }
        _ => false,
    }
}

fn is_day(day: u32) -> bool {
    (1..=31).contains(&day)
}

fn is_day_of(day: u32, month: u32) -> bool {
    is_day(day) && (1..=12).contains(&month)
}

fn is_year(year: u32) -> bool {
    (YEAR_MIN..YEAR_MAX).contains(&year)
}

fn part(haystack: &Haystack<'_>, at: usize) -> Option<(Part, usize)> {
    let end = haystack.digits_end(at, 5);
    if end == at {
        return month_end(haystack, at).map(|end| (Part::Month, end));
    }
    let digits = haystack.slice(at..end);
    let value = digits.iter().fold(0, |value, digit| value * 10 + u32::from(digit - b'0'));
    Some((Part::Number(value, end - at), end + ordinal(haystack, end)))
}

/// The length of `st`, `nd`, `rd`, `th`, `er`, `º` or a sign of East Asia after a number.
fn ordinal(haystack: &Haystack<'_>, at: usize) -> usize {
    const ORDINALS: &[&str] = &["st", "nd", "rd", "th", "er", "º", "年", "月", "日", "년", "월", "일"];
    ORDINALS.iter().find(|ordinal| haystack.starts_with(at, ordinal)).map_or(0, |ordinal| ordinal.len())
}

/// Where the next part begins: past signs, and `of`, `de`, `del`.
fn next(haystack: &Haystack<'_>, at: usize) -> Option<usize> {
    let is_sign = |b: u8| matches!(b, b' ' | b'.' | b',' | b'/' | b'-' | b'\'');
    let mut at = haystack.run_end(at, SIGNS_MAX, is_sign);
    for word in ["of ", "del ", "de ", "di "] {
        if haystack.starts_with(at, word) {
            at = haystack.run_end(at + word.len(), SIGNS_MAX, is_sign);
        }
    }
    haystack.byte(at).map(|_| at)
}

fn month_end(haystack: &Haystack<'_>, at: usize) -> Option<usize> {
    let end = haystack.run_end(at, 20, |b| b.is_ascii_alphabetic() || !b.is_ascii());
    let word = std::str::from_utf8(haystack.slice(at..end)).ok()?.to_lowercase();
    let is_month = MONTHS.iter().any(|month| *month == word) || ABBREVIATIONS.contains(&word.as_str());
    is_month.then_some(end)
}

/// Source: Unicode CLDR, wide and genitive month names.
#[rustfmt::skip]
const MONTHS: &[&str] = &[
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
    "januar", "jänner", "februar", "märz", "maerz", "mai", "juni", "juli", "oktober", "dezember",
    "janvier", "février", "fevrier", "mars", "avril", "juin", "juillet", "août", "aout", "septembre", "octobre", "novembre", "décembre", "decembre",
    "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "setiembre", "octubre", "noviembre", "diciembre",
    "gennaio", "febbraio", "aprile", "maggio", "giugno", "luglio", "settembre", "ottobre", "dicembre",
    "janeiro", "fevereiro", "março", "maio", "junho", "julho", "setembro", "outubro", "novembro", "dezembro",
    "januari", "februari", "maart", "mei", "augustus", "augusti", "maj", "december", "desember", "marts", "mars", "april",
    "stycznia", "lutego", "marca", "kwietnia", "maja", "czerwca", "lipca", "sierpnia", "września", "października", "listopada", "grudnia",
    "ledna", "února", "března", "dubna", "května", "června", "července", "srpna", "září", "října", "listopadu", "prosince",
    "tammikuuta", "helmikuuta", "maaliskuuta", "huhtikuuta", "toukokuuta", "kesäkuuta", "heinäkuuta", "elokuuta", "syyskuuta", "lokakuuta", "marraskuuta", "joulukuuta",
    "ocak", "şubat", "mart", "nisan", "mayıs", "haziran", "temmuz", "ağustos", "eylül", "ekim", "kasım", "aralık",
    "января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября", "декабря",
    "січня", "лютого", "березня", "квітня", "травня", "червня", "липня", "серпня", "вересня", "жовтня", "листопада", "грудня",
    "ιανουαρίου", "φεβρουαρίου", "μαρτίου", "απριλίου", "μαΐου", "ιουνίου", "ιουλίου", "αυγούστου", "σεπτεμβρίου", "οκτωβρίου", "νοεμβρίου", "δεκεμβρίου",
    "يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو", "يوليو", "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر",
    "ינואר", "פברואר", "מרץ", "אפריל", "מאי", "יוני", "יולי", "אוגוסט", "ספטמבר", "אוקטובר", "נובמבר", "דצמבר",
];
#[rustfmt::skip]
const ABBREVIATIONS: &[&str] = &[
    "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "mär", "mrz", "okt", "dez", "janv", "févr", "avr", "juil", "déc",
    "ene", "abr", "ago", "dic", "gen", "mag", "giu", "lug", "set", "ott", "fev", "out", "mrt", "mei",
    "sty", "lut", "kwi", "cze", "lip", "sie", "wrz", "paź", "lis", "gru", "fév",
];

use super::calling_codes;
use crate::EntityType;
use crate::haystack::Haystack;
use crate::numbers::{Gap, Numbers, Window};
use crate::recognise::{Find, Match, RecogniserInfo};
use std::ops::Range;
use weir_label::Category;

pub(super) const ROW: RecogniserInfo = RecogniserInfo {
    name: "phone",
    entity: EntityType::PHONE_NUMBER,
    category: Category::Personal,
    finds: "telephone numbers: international with `+`, `00` or `011`, after `tel:`, North American in its usual form, national near a word such as `phone`",
    validation: "an assigned calling code and a length that the country uses",
    find: Find::Number(find),
};

fn find(haystack: &Haystack<'_>, numbers: &Numbers) -> Option<Match> {
    let start = numbers.groups().first()?.start;
    if plus_before(haystack, start).is_some() {
        return numbers.windows(haystack, 7..=17).find_map(|window| with_plus(haystack, &window));
    }
    if haystack.starts_with(start, "0") {
        let found = numbers.windows(haystack, 9..=18).find_map(|window| with_exit_code(haystack, &window));
        if found.is_some() {
            return found;
        }
    }
    let window = numbers.windows(haystack, 7..=13).find(|window| is_written_as_phone(haystack, window))?;
    national(haystack, &window)
}

/// Where the plus sign stands that belongs to the digits at `start`: `+49`, `(+49)`, `+(49)`.
fn plus_before(haystack: &Haystack<'_>, start: usize) -> Option<usize> {
    let sign =
        if haystack.before(start) == Some(b'(') { start.checked_sub(2)? } else { start.checked_sub(1)? };
    (haystack.byte(sign)? == b'+' && haystack.opens(sign)).then_some(sign)
}

fn with_plus(haystack: &Haystack<'_>, window: &Window) -> Option<Match> {
    let sign = plus_before(haystack, window.span.start)?;
    let plausible = haystack.closes(window.span.end) && is_international(haystack, window, 0);
    plausible.then(|| Match::new(sign..window.span.end, 0.9))
}

fn with_exit_code(haystack: &Haystack<'_>, window: &Window) -> Option<Match> {
    let exit = match window.digits() {
        [0, 0, ..] => 2,
        [0, 1, 1, ..] => 3,
        _ => return None,
    };
    if window.left.is_some() || !window.is_free(haystack) || !is_international(haystack, window, exit) {
        return None;
    }
    let found = Match::new(window.span.clone(), 0.8);
    // Numbers padded with zeros look the same when they stand in one piece.
    if window.shape().len() > 1 && window.gaps != Gap::DOT {
        return Some(found);
    }
    let context = haystack.context(&window.span, CONTEXT)?;
    Some(found.with_evidence(&context))
}

fn is_international(haystack: &Haystack<'_>, window: &Window, exit: usize) -> bool {
    let digits = window.digits().get(exit..).unwrap_or_default();
    let Some((code, lengths)) = calling_codes::split(digits) else { return false };
    let national = digits.get(code..).unwrap_or_default();
    // The `(0)` in `+49 (0)30` is dialled inside the country only.
    let trunk = usize::from(haystack.slice(window.span.clone()).windows(3).any(|three| three == b"(0)"));
    let starts_well = match digits {
        [1, ..] => is_north_american(national),
        [7, ..] => matches!(national, [3..=9, ..]),
        _ => true,
    };
    starts_well && !is_one_digit(national) && lengths.contains(&(national.len() - trunk.min(national.len())))
}

fn national(haystack: &Haystack<'_>, window: &Window) -> Option<Match> {
    let found = Match::new(opening_bracket(haystack, window.span.start)..window.span.end, 0.7);
    if is_north_american_form(haystack, window) {
        return Some(found);
    }
    let context = call_before(haystack, window).or_else(|| haystack.context(&window.span, CONTEXT))?;
    Some(found.with_evidence(&context))
}

fn is_written_as_phone(haystack: &Haystack<'_>, window: &Window) -> bool {
    window.is_free(haystack)
        && !haystack.is_attached_left(window.span.start)
        && window.shape().len() <= 7
        && !is_one_digit(window.digits())
        && !is_date(window)
}

/// `(415) 555-0132` or `415-555-0132`, which is hardly anything else.
fn is_north_american_form(haystack: &Haystack<'_>, window: &Window) -> bool {
    let bracketed = haystack.before(window.span.start) == Some(b'(') && window.gaps.has(Gap::PAREN);
    window.shape() == [3, 3, 4]
        && (bracketed || window.gaps == Gap::DASH)
        && window.is_whole()
        && is_north_american(window.digits())
}

/// `call 06-28715829`: too common a word to count from further away.
fn call_before(haystack: &Haystack<'_>, window: &Window) -> Option<Range<usize>> {
    let start = opening_bracket(haystack, window.span.start);
    let word = haystack.context_before(&(start..start), &["call", "ring"])?;
    (word.end + 1 == start).then_some(word)
}

const CONTEXT: &[&str] = &[
    "phone",
    "phones",
    "tel",
    "telephone",
    "telefon",
    "telefono",
    "teléfono",
    "telefone",
    "téléphone",
    "tél",
    "mobile",
    "mobil",
    "mobiltelefon",
    "móvil",
    "portable",
    "cell",
    "cellphone",
    "cellular",
    "cellulare",
    "celular",
    "handy",
    "fax",
    "whatsapp",
    "sms",
    "hotline",
    "rufnummer",
    "durchwahl",
    "msisdn",
    "dial",
    "call me",
    "call us",
    "call him",
    "call her",
    "call them",
    "call at",
    "text me",
    "reach me",
    "reach him",
    "reach her",
    "reach us",
    "numéro de tél",
    "rückruf",
    "erreichbar unter",
    "numero de tel",
    "appelez",
];

fn opening_bracket(haystack: &Haystack<'_>, start: usize) -> usize {
    if haystack.before(start) == Some(b'(') { start - 1 } else { start }
}

/// `2026-11-24` and `24.11.2026` with or without a number after it.
fn is_date(window: &Window) -> bool {
    let year = |value| (1900..2100).contains(&value);
    match window.shape() {
        [4, 2, 2, ..] => year(window.value(0..4)) && window.value(4..6) <= 12,
        [2, 2, 4, ..] => year(window.value(4..8)),
        _ => false,
    }
}

/// Area code and exchange begin with 2 to 9. Source: North American Numbering Plan.
fn is_north_american(national: &[u8]) -> bool {
    matches!(national, [2..=9, _, _, 2..=9, ..])
}

fn is_one_digit(digits: &[u8]) -> bool {
    digits.windows(2).all(|pair| matches!(pair, [a, b] if a == b))
}

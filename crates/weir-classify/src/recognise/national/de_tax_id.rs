use crate::EntityType;
use crate::haystack::Haystack;
use crate::numbers::{Gap, Numbers, Window};
use crate::recognise::{Find, Match, RecogniserInfo};
use weir_label::Category;

pub(super) const ROW: RecogniserInfo = RecogniserInfo {
    name: "de_tax_id",
    entity: EntityType::DE_TAX_ID,
    category: Category::Personal,
    finds: "German tax identification numbers (Steuer-IdNr.)",
    validation: "check digit ISO 7064 MOD 11,10 and the digit repetition rule; unless written 2-3-3-3 only near a word such as `Steuer-ID`",
    find: Find::Number(find),
};

fn find(haystack: &Haystack<'_>, numbers: &Numbers) -> Option<Match> {
    numbers.windows(haystack, 11..=11).find_map(|window| judge(haystack, &window))
}

fn judge(haystack: &Haystack<'_>, window: &Window) -> Option<Match> {
    if !window.is_free(haystack) || !repeats_as_issued(window.digits()) || !check_digit(window.digits()) {
        return None;
    }
    let found = Match::new(window.span.clone(), 0.9).bound_to("DE");
    if window.shape() == [2, 3, 3, 3] && window.gaps != Gap::DOT && window.is_whole() {
        return Some(found);
    }
    let context = haystack.context(&window.span, CONTEXT)?;
    Some(found.with_evidence(&context))
}

const CONTEXT: &[&str] = &[
    "steuer",
    "idnr",
    "id-nr",
    "identifikationsnummer",
    "tin",
    "tax id",
    "tax_id",
    "tax-id",
    "taxid",
    "tax number",
    "tax_number",
    "tax identification",
    "taxpayer",
    "finanzamt",
];

/// Of the first ten digits exactly one occurs twice or three times, never three in a row.
///
/// Source: Bundeszentralamt für Steuern, § 1 Steueridentifikationsnummerverordnung.
fn repeats_as_issued(digits: &[u8]) -> bool {
    let Some(body) = digits.get(..10).filter(|body| body.first() != Some(&0)) else { return false };
    let count = |value: u8| body.iter().filter(|digit| **digit == value).count();
    let repeated: Vec<usize> = (0..10).map(count).filter(|count| *count > 1).collect();
    let in_a_row = body.windows(3).any(|three| matches!(three, [a, b, c] if a == b && b == c));
    matches!(repeated.as_slice(), [2] | [3]) && !in_a_row
}

/// ISO/IEC 7064, MOD 11,10.
fn check_digit(digits: &[u8]) -> bool {
    let Some((check, body)) = digits.split_last() else { return false };
    let product = body.iter().fold(10, |product, digit| {
        let sum = (u32::from(*digit) + product) % 10;
        (if sum == 0 { 10 } else { sum } * 2) % 11
    });
    u32::from(*check) == (11 - product) % 10
}

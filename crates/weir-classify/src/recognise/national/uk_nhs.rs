use crate::EntityType;
use crate::haystack::Haystack;
use crate::numbers::{Gap, Numbers, Window};
use crate::recognise::{Find, Match, RecogniserInfo};
use weir_label::Category;

pub(super) const ROW: RecogniserInfo = RecogniserInfo {
    name: "uk_nhs",
    entity: EntityType::UK_NHS,
    category: Category::SpecialCategory,
    finds: "numbers of the National Health Service of the United Kingdom",
    validation: "check digit modulo 11; unless written 3-3-4 with spaces only near a word such as `NHS`",
    find: Find::Number(find),
};

fn find(haystack: &Haystack<'_>, numbers: &Numbers) -> Option<Match> {
    numbers.windows(haystack, 10..=10).find_map(|window| judge(haystack, &window))
}

fn judge(haystack: &Haystack<'_>, window: &Window) -> Option<Match> {
    if !window.is_free(haystack) || !check_digit(window.digits()) {
        return None;
    }
    let found = Match::new(window.span.clone(), 0.9);
    match haystack.context(&window.span, CONTEXT) {
        Some(context) => Some(found.with_evidence(&context).bound_to("GB")),
        // One in eleven telephone numbers looks the same, so this alone binds to no country.
        None => {
            (window.shape() == [3, 3, 4] && window.gaps == Gap::SPACE && window.is_whole()).then_some(found)
        }
    }
}

const CONTEXT: &[&str] = &["nhs", "national health", "patient", "health service", "nhsnumber"];

/// Source: NHS Data Model and Dictionary, "NHS Number", modulus 11.
fn check_digit(digits: &[u8]) -> bool {
    let Some((check, body)) = digits.split_last() else { return false };
    let sum: u32 = body.iter().zip((2..=10).rev()).map(|(digit, weight)| u32::from(*digit) * weight).sum();
    let expected = (11 - sum % 11) % 11;
    u32::from(*check) == expected && body.iter().any(|digit| digit != check)
}

use crate::EntityType;
use crate::haystack::Haystack;
use crate::numbers::{Gap, Numbers, Window};
use crate::recognise::{Find, Match, RecogniserInfo};
use weir_label::Category;

pub(super) const ROW: RecogniserInfo = RecogniserInfo {
    name: "us_ssn",
    entity: EntityType::US_SSN,
    category: Category::Personal,
    finds: "social security numbers of the United States",
    validation: "area, group and serial number in use; without dashes (3-2-4) only near a word such as `SSN`",
    find: Find::Number(find),
};

fn find(haystack: &Haystack<'_>, numbers: &Numbers) -> Option<Match> {
    numbers.windows(haystack, 9..=9).find_map(|window| judge(haystack, &window))
}

fn judge(haystack: &Haystack<'_>, window: &Window) -> Option<Match> {
    if !window.is_free(haystack) || !is_in_use(window) {
        return None;
    }
    let found = Match::new(window.span.clone(), 0.9).bound_to("US");
    if window.shape() == [3, 2, 4]
        && window.gaps == Gap::DASH
        && !haystack.is_attached_left(window.span.start)
    {
        return Some(found);
    }
    let context = haystack.context(&window.span, CONTEXT)?;
    Some(found.with_evidence(&context))
}

const CONTEXT: &[&str] =
    &["ssn", "ssns", "social security", "social_security", "social-security", "socialsecurity", "ssid"];

/// Source: Social Security Administration, "Social Security Number Randomization" (2011).
fn is_in_use(window: &Window) -> bool {
    let (area, group, serial) = (window.value(0..3), window.value(3..5), window.value(5..9));
    !matches!(area, 0 | 666 | 900..) && group != 0 && serial != 0
}

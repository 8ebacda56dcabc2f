use crate::EntityType;
use crate::haystack::Haystack;
use crate::recognise::{Find, Match, RecogniserInfo};
use std::ops::Range;
use weir_label::Category;

pub(super) const ROW: RecogniserInfo = RecogniserInfo {
    name: "social_profile",
    entity: EntityType::built_in("SOCIAL_PROFILE"),
    category: Category::Personal,
    finds: "addresses of personal profiles on LinkedIn, Xing and Facebook",
    validation: "a path that names one person, no placeholder such as `username`",
    find: Find::Literal(&["linkedin.com/in/", "xing.com/profile/", "facebook.com/profile.php?id="], find),
};

const NAME_MAX: usize = 100;

fn find(haystack: &Haystack<'_>, path: Range<usize>) -> Option<Match> {
    let end = haystack.run_end(path.end, NAME_MAX, |b| {
        b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'%') || !b.is_ascii()
    });
    let name = haystack.slice(path.end..end);
    let is_placeholder = ["username", "yourname", "your-name", "example", "profile", "name", "user"]
        .iter()
        .any(|word| name.eq_ignore_ascii_case(word.as_bytes()));
    (name.len() >= 3 && !is_placeholder).then(|| Match::new(path.start..end, 0.8))
}

use crate::EntityType;
use crate::haystack::Haystack;
use crate::numbers::{Gap, Lengths, Numbers};
use crate::recognise::financial::luhn;
use crate::recognise::{Find, Match, RecogniserInfo};
use weir_label::Category;

pub(super) const IMEI: RecogniserInfo = device(
    "imei",
    "IMEI",
    "numbers of mobile devices (IMEI)",
    "15 digits with a Luhn check digit, or 16 with a version, near `IMEI` (3GPP TS 23.003)",
    Find::Number(Lengths::new(15, 16), find_imei),
);

pub(super) const IMSI: RecogniserInfo = device(
    "imsi",
    "IMSI",
    "numbers of mobile subscribers (IMSI)",
    "14 or 15 digits that begin with a mobile country code, near `IMSI` (ITU-T E.212)",
    Find::Number(Lengths::new(14, 15), find_imsi),
);

pub(super) const ICCID: RecogniserInfo = device(
    "iccid",
    "ICCID",
    "numbers of SIM cards (ICCID)",
    "18 or 19 digits that begin with 89, near `ICCID` or `SIM` (ITU-T E.118)",
    Find::Number(Lengths::new(18, 19), find_iccid),
);

const fn device(
    name: &'static str,
    entity: &'static str,
    finds: &'static str,
    validation: &'static str,
    find: Find,
) -> RecogniserInfo {
    let entity = EntityType::built_in(entity);
    RecogniserInfo { name, entity, category: Category::Personal, finds, validation, find }
}

fn find_imei(haystack: &Haystack<'_>, numbers: &Numbers) -> Option<Match> {
    let is_imei = |digits: &[u8]| digits.len() == 16 || luhn(digits);
    near(haystack, numbers, 15..=16, is_imei, &["imei", "imeisv", "imei1", "imei2"])
}

fn find_imsi(haystack: &Haystack<'_>, numbers: &Numbers) -> Option<Match> {
    let is_imsi = |digits: &[u8]| matches!(digits, [2..=7 | 9, ..]);
    near(haystack, numbers, 14..=15, is_imsi, &["imsi"])
}

fn find_iccid(haystack: &Haystack<'_>, numbers: &Numbers) -> Option<Match> {
    let is_iccid = |digits: &[u8]| digits.starts_with(&[8, 9]);
    near(haystack, numbers, 18..=19, is_iccid, &["iccid", "sim", "simcard", "esim"])
}

fn near(
    haystack: &Haystack<'_>,
    numbers: &Numbers,
    lengths: std::ops::RangeInclusive<usize>,
    fits: fn(&[u8]) -> bool,
    words: &'static [&'static str],
) -> Option<Match> {
    // No device's number is written digit by digit, and lists of digits are common.
    if numbers.first().len() < 2 {
        return None;
    }
    let is_written = |gaps: Gap| gaps.only(Gap::SPACE.or(Gap::DASH).or(Gap::SLASH));
    let mut windows = numbers.windows(lengths);
    let window = windows.find(|w| fits(w.digits()) && is_written(w.gaps) && w.is_free(haystack))?;
    let context = haystack.context(&window.span, words)?;
    Some(Match::new(window.span, 0.9).with_evidence(&context))
}

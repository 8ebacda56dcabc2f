use crate::EntityType;
use crate::haystack::Haystack;
use crate::recognise::{Find, Match, RecogniserInfo, labelled};
use std::ops::Range;
use weir_label::Category;

pub(super) const ROW: RecogniserInfo = RecogniserInfo {
    name: "bic",
    entity: EntityType::built_in("SWIFT_CODE"),
    category: Category::Financial,
    finds: "business identifier codes (SWIFT) after a label",
    validation: "ISO 9362: four letters, a country's code, two or five characters; capitals; after `BIC` or `SWIFT`",
    find: Find::Phrase(
        &[
            "bic",
            "swift",
            "swift bic",
            "bic swift",
            "bic/swift",
            "swift/bic",
            "swift code",
            "bic code",
            "swift-code",
            "bic-code",
        ],
        find,
    ),
};

fn find(haystack: &Haystack<'_>, label: Range<usize>) -> Option<Match> {
    let start = labelled::start(haystack, label.end);
    let end = haystack.run_end(start, 12, |b| b.is_ascii_uppercase() || b.is_ascii_digit());
    let code = haystack.slice(start..end);
    // `written in Swift. COMPILED` begins another sentence.
    if haystack.slice(label.end..start).contains(&b'.') {
        return None;
    }
    let country = std::str::from_utf8(code.get(4..6)?).ok()?;
    let fits = matches!(code.len(), 8 | 11)
        && code.iter().take(6).all(u8::is_ascii_uppercase)
        && COUNTRIES.split(' ').any(|known| known == country);
    (fits && haystack.opens(start) && haystack.closes(end))
        .then(|| Match::new(start..end, 0.8).with_evidence(&label))
}

/// Source: ISO 3166-1 alpha-2, and Kosovo.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ \
CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL \
GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR \
LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK \
PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR \
TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW";

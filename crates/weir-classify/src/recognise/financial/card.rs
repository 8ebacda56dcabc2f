use crate::EntityType;
use crate::haystack::Haystack;
use crate::numbers::{Gap, Lengths, Numbers, Window};
use crate::recognise::{Find, Match, RecogniserInfo};
use weir_label::Category;

pub(super) const ROW: RecogniserInfo = RecogniserInfo {
    name: "payment_card",
    entity: EntityType::CREDIT_CARD,
    category: Category::Financial,
    finds: "payment card numbers of 12 to 19 digits, in groups or not; the test numbers of schemes too, which nobody can tell from others",
    validation: "a scheme's prefix and length, or a word such as `card number` near 16 to 19 digits, Luhn check digit; 12 and 13 digits only near a word such as `card`; a wrong check digit only directly after `card number` and like labels, with a lower score",
    find: Find::Number(Lengths::new(12, 19), find),
};

fn find(haystack: &Haystack<'_>, numbers: &Numbers) -> Option<Match> {
    numbers.windows(12..=19).find_map(|window| judge(haystack, &window))
}

fn judge(haystack: &Haystack<'_>, window: &Window<'_>) -> Option<Match> {
    let digits = window.digits();
    if !is_written_as_card(haystack, window) {
        return None;
    }
    if !is_issued(window) {
        return domestic(haystack, window);
    }
    if !luhn(digits) {
        return mistyped(haystack, window);
    }
    let found = Match::new(window.span.clone(), 1.0);
    if digits.len() >= 14 {
        return Some(found);
    }
    // Article and order numbers of this length pass the check digit once in ten.
    let context = haystack.context(&window.span, CONTEXT)?;
    Some(found.with_evidence(&context))
}

/// A number of a scheme of one country, which a label names.
fn domestic(haystack: &Haystack<'_>, window: &Window<'_>) -> Option<Match> {
    let fits = (16..=19).contains(&window.digits().len()) && luhn(window.digits());
    let label = fits.then(|| haystack.context(&window.span, NAMES))??;
    Some(Match::new(window.span.clone(), 0.8).with_evidence(&label))
}

/// A number that the text itself calls a card's is one, mistyped: the rest of it is still true.
fn mistyped(haystack: &Haystack<'_>, window: &Window<'_>) -> Option<Match> {
    const WITHIN: usize = 6;
    let label = haystack.context_before(&window.span, LABELS)?;
    let between = haystack.slice(label.end..window.span.start);
    let is_next = between.len() <= WITHIN && !between.contains(&b',');
    let fits = window.digits().len() >= 15 && !is_sequence(window.digits());
    (is_next && fits).then(|| Match::new(window.span.clone(), 0.5).with_evidence(&label))
}

/// `4000 1234 5678 9012` is what documentation writes.
fn is_sequence(digits: &[u8]) -> bool {
    let steps =
        digits.windows(2).filter(|pair| matches!(pair, [a, b] if (a + 1) % 10 == *b || a == b)).count();
    steps + 4 > digits.len()
}

const LABELS: &[&str] = &[
    "card number",
    "card no",
    "card #",
    "credit card",
    "debit card",
    "cc number",
    "kartennummer",
    "kreditkartennummer",
    "numéro de carte",
    "número de tarjeta",
    "numero di carta",
    "numero della carta",
    "número do cartão",
    "creditcardnummer",
    "номер карты",
    "رقم البطاقة",
    "卡号",
    "カード番号",
];

/// Words that name a card, in texts and keys.
#[rustfmt::skip]
const NAMES: &[&str] = &[
    "card number", "card_number", "card-number", "cardnumber", "card no", "card #", "credit card", "credit_card", "creditcard", "debit card", "debit_card", "debitcard",
    "payment card", "bank card", "kartennummer", "kreditkart", "bankkarte", "numéro de carte", "numéro_de_carte", "numérodecarte", "carte bancaire", "carte de crédit", "tarjeta",
    "carta di credito", "numero di carta", "numero della carta", "cartão", "creditcard", "kartı", "карты", "карта", "بطاقة", "卡号", "カード", "카드", "thẻ",
];

/// Words that say of a number that it is a card's.
pub(crate) const CONTEXT: &[&str] = &[
    "card",
    "credit",
    "debit",
    "visa",
    "maestro",
    "mastercard",
    "pan",
    "cc",
    "ccnum",
    "karte",
    "kreditkart",
    "carte",
    "tarjeta",
    "carta",
    "cartao",
    "cartão",
    "kaart",
    "karta",
    "karty",
    "amex",
];

/// The usual groups anywhere; other groups only when nothing else is linked to them.
fn is_written_as_card(haystack: &Haystack<'_>, window: &Window<'_>) -> bool {
    let is_written = match window.shape() {
        [_] => window.digits().len() >= 16 || !haystack.is_attached_left(window.span.start),
        [4, 4, 4, 4] | [4, 4, 4, 4, 1..=3] | [4, 6, 5] | [4, 6, 4] | [4, 4, 4, 1..=3] | [4, 4, 5] => true,
        shape => window.is_whole() && is_evenly_cut(shape, window.gaps),
    };
    is_written
        && window.gaps.only(Gap::SPACE.or(Gap::DASH).or(Gap::DOT).or(Gap::SLASH))
        && window.is_free(haystack)
}

/// One sign between all digits or pairs, or a space or dash anywhere: not `4.111111111111111`.
fn is_evenly_cut(shape: &[u8], gaps: Gap) -> bool {
    gaps.only(Gap::SPACE.or(Gap::DASH)) || shape.iter().all(|len| *len <= 4)
}

/// Whether a scheme issues numbers with this prefix and length.
fn is_issued(window: &Window<'_>) -> bool {
    let prefix = window.value(0..6);
    let len = window.digits().len();
    SCHEMES.iter().any(|scheme| scheme.prefixes.contains(&prefix) && scheme.lengths.contains(&len))
}

struct Scheme {
    /// First six digits.
    prefixes: std::ops::RangeInclusive<u32>,
    lengths: &'static [usize],
}

const fn scheme(first: u32, last: u32, lengths: &'static [usize]) -> Scheme {
    Scheme { prefixes: first..=last, lengths }
}

/// Source: ISO/IEC 7812 and the ranges that the schemes publish.
const SCHEMES: &[Scheme] = &[
    scheme(400_000, 499_999, &[13, 16, 19]),                     // Visa
    scheme(510_000, 559_999, &[16]),                             // Mastercard
    scheme(222_100, 272_099, &[16]),                             // Mastercard
    scheme(340_000, 349_999, &[15]),                             // American Express
    scheme(370_000, 379_999, &[15]),                             // American Express
    scheme(601_100, 601_199, &[16, 19]),                         // Discover
    scheme(622_126, 622_925, &[16, 17, 18, 19]),                 // Discover, UnionPay
    scheme(644_000, 659_999, &[16, 19]),                         // Discover, RuPay
    scheme(300_000, 305_999, &[14, 16, 19]),                     // Diners Club
    scheme(309_500, 309_599, &[14, 16, 19]),                     // Diners Club
    scheme(360_000, 369_999, &[14, 16, 19]),                     // Diners Club
    scheme(380_000, 399_999, &[14, 16, 19]),                     // Diners Club
    scheme(350_000, 359_999, &[16, 19]),                         // JCB
    scheme(213_100, 213_199, &[15]),                             // JCB
    scheme(180_000, 180_099, &[15]),                             // JCB
    scheme(620_000, 629_999, &[16, 17, 18, 19]),                 // UnionPay
    scheme(810_000, 817_199, &[16, 17, 18, 19]),                 // UnionPay
    scheme(500_000, 509_999, &[12, 13, 14, 15, 16, 17, 18, 19]), // Maestro, Verve, RuPay
    scheme(560_000, 589_999, &[12, 13, 14, 15, 16, 17, 18, 19]), // Maestro
    scheme(600_000, 699_999, &[12, 13, 14, 15, 16, 17, 18, 19]), // Maestro
    scheme(220_000, 220_499, &[16, 17, 18, 19]),                 // Mir
    scheme(979_200, 979_289, &[16]),                             // Troy
    scheme(986_000, 986_099, &[16]),                             // Humo
    scheme(860_000, 860_099, &[16]),                             // Uzcard
    scheme(911_200, 911_299, &[16]),                             // Belkart
    scheme(970_400, 970_499, &[16, 19]),                         // Napas
    scheme(905_100, 905_199, &[16]),                             // ArCa
    scheme(968_200, 968_299, &[16]),                             // mada
    scheme(100_000, 199_999, &[15]),                             // UATP
];

/// The check digit of ISO/IEC 7812-1, annex B.
pub(crate) fn luhn(digits: &[u8]) -> bool {
    let doubled = |digit: u8| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| u32::from(if place % 2 == 1 { doubled(*digit) } else { *digit }))
        .sum();
    sum.is_multiple_of(10) && digits.iter().any(|digit| *digit != 0)
}

use super::address::streets;
use crate::EntityType;
use crate::haystack::Haystack;
use crate::recognise::labelled;
use crate::recognise::{Find, Match, RecogniserInfo};
use std::ops::Range;
use weir_label::Category;

pub(super) const ROW: RecogniserInfo = RecogniserInfo {
    name: "labelled_address",
    entity: EntityType::built_in("STREET_ADDRESS"),
    category: Category::Personal,
    finds: "streets with their numbers after a label such as `address` or `lives at`",
    validation: "right after the label, a word of streets with a number, and a name with a capital; in small letters only a number, a name and the word, after a label that is nothing else's",
    find: Find::Phrase(&LABELS, find),
};

/// Labels of more than where somebody lives: of machines, of files.
const GENERAL: usize = 12;
#[rustfmt::skip]
const LABELS: [&str; 46] = [
    "address", "adresse", "dirección", "direccion", "indirizzo", "endereço", "adres", "адрес", "domicile", "domicilio", "morada", "ship to",
    "home address", "postal address", "mailing address", "street address", "delivery address", "shipping address", "billing address", "residential address",
    "lives at", "living at", "resides at", "residing at", "anschrift", "wohnhaft", "wohnt in", "lieferadresse", "rechnungsadresse", "wohnadresse",
    "demeurant", "domicilié", "domiciliée", "habite", "vive en", "reside en", "residente in", "abita in", "woonachtig", "zamieszkały", "zamieszkała",
    "home adress", "privatadresse", "postadresse", "adresse postale", "dirección postal",
];

/// How far after its label a street may stand.
const WITHIN: usize = 64;
/// Words in small letters of an address: `12 elm street`.
const SMALL_MAX: usize = 4;

fn find(haystack: &Haystack<'_>, label: Range<usize>) -> Option<Match> {
    let start = labelled::start(haystack, label.end);
    let end = haystack.run_end(start, WITHIN, |b| !matches!(b, b'\n' | b'"' | b'{' | b'|' | b';' | b'('));
    let text = haystack.text();
    let (start, end) = (text.ceil_char_boundary(start), text.floor_char_boundary(end));
    let street = streets(haystack, start..end).next()?;
    let end = name_end(text, text.floor_char_boundary(street.end)..end);
    let address = text.get(start..end)?.trim_end_matches([' ', ',']);
    let is_general = is_general(haystack.slice(label.clone()));
    let is_written = is_written_as_name(address) || !is_general && is_in_small_letters(address);
    is_written.then(|| Match::new(start..start + address.len(), 0.7).with_evidence(&label))
}

fn is_general(label: &[u8]) -> bool {
    LABELS.iter().take(GENERAL).any(|one| one.as_bytes().eq_ignore_ascii_case(label))
}

/// Where a name ends that goes on at the beginning of `range`: words with capitals, small ones before them.
fn name_end(text: &str, range: Range<usize>) -> usize {
    let rest = text.get(range.clone()).unwrap_or_default();
    let (mut at, mut end) = (0, 0);
    for word in rest.split_inclusive(' ') {
        at += word.len();
        if word.starts_with(char::is_uppercase) {
            end = at;
        } else if !is_small(word.trim_end()) {
            break;
        }
        if word.trim_end().ends_with([',', '.']) {
            break;
        }
    }
    range.start + end
}

/// Whether a text is an address by its capitals: one word at least has one, and at most one of more than two letters none.
fn is_written_as_name(address: &str) -> bool {
    let words = || {
        address
            .split([' ', ',', '-', '\''])
            .filter(|word| word.chars().filter(|c| c.is_alphabetic()).count() > 2)
    };
    let is_lower = |word: &&str| word.starts_with(char::is_lowercase) && !is_small(word);
    words().any(|word| word.starts_with(char::is_uppercase)) && words().filter(is_lower).count() <= 1
}

/// Whether a text is a number and the few words of a street: `12 elm street`, `5 rue de la paix`.
fn is_in_small_letters(address: &str) -> bool {
    let words = address.split(' ').filter(|word| !is_small(word)).count();
    address.starts_with(|c: char| c.is_ascii_digit()) && words <= SMALL_MAX
}

/// A small word of names: `rue de la Paix`, `corner of`.
fn is_small(word: &str) -> bool {
    const SMALL: [&str; 22] = [
        "de", "la", "le", "les", "du", "des", "del", "della", "dei", "di", "da", "do", "dos", "das", "van",
        "den", "der", "von", "am", "an", "and", "of",
    ];
    SMALL.contains(&word)
}

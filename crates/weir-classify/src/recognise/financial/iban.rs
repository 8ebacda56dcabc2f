use crate::EntityType;
use crate::haystack::Haystack;
use crate::recognise::{Find, Match, RecogniserInfo};
use crate::site::{ANY, Around, Beside, EVERYWHERE, NONE, Site};
use weir_label::Category;

pub(super) const ROW: RecogniserInfo = RecogniserInfo {
    name: "iban",
    entity: EntityType::IBAN_CODE,
    category: Category::Financial,
    finds: "international bank account numbers, in groups or not",
    validation: "the country's length and structure, check digits modulo 97",
    find: Find::Digit(&[AFTER_COUNTRY], find),
};

/// After the letters of the country, and before more of the account, unless all of it is digits.
const AFTER_COUNTRY: Site = Site {
    all: Beside { before: |b| b.is_ascii_alphabetic() || is_separator(b), ..ANY },
    any: Beside {
        after: |b| b.is_ascii_alphabetic() || is_separator(b),
        digits: |digits| digits >= DIGITS_MIN,
        ..NONE
    },
    around: Around::CODED,
    ..EVERYWHERE
};

/// Two digits that check it, and the shortest account, that of Norway.
const DIGITS_MIN: usize = 13;

/// Separators between two characters of one number.
const GAP_MAX: usize = 3;
/// ISO 13616-1.
const LENGTH_MAX: usize = 34;

/// `at` is where the check digits begin.
fn find(haystack: &Haystack<'_>, at: usize) -> Option<Match> {
    let second = letter_before(haystack, at)?;
    let first = letter_before(haystack, second)?;
    if !haystack.opens(first) {
        return None;
    }
    let code = [haystack.byte(first)?.to_ascii_uppercase(), haystack.byte(second)?.to_ascii_uppercase()];
    if !may_be_country(code) {
        return None;
    }
    let (country, structure) = STRUCTURES.iter().find(|(country, _)| country.as_bytes() == code)?;
    let mut characters = Characters { haystack, at: first };
    let mut number = [0; LENGTH_MAX];
    let length = read_as(structure, &mut characters, &mut number)?;
    let valid = haystack.closes(characters.at) && remainder_97(number.get(..length)?) == 1;
    valid.then(|| Match::new(first..characters.at, 1.0).bound_to(country))
}

/// The second letters of countries by the first, a bit for each: most pairs of letters are of none.
const COUNTRIES: [u32; 32] = countries();

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated at compile time, where a wrong index is a compile error"
)]
const fn countries() -> [u32; 32] {
    let (mut seconds, mut rest) = ([0; 32], STRUCTURES);
    while let [(country, _), more @ ..] = rest {
        if let [first, second] = country.as_bytes() {
            seconds[(*first & 31) as usize] |= 1 << (*second & 31);
        }
        rest = more;
    }
    seconds
}

fn may_be_country([first, second]: [u8; 2]) -> bool {
    COUNTRIES.get(usize::from(first & 31)).is_some_and(|seconds| seconds >> (second & 31) & 1 == 1)
}

fn letter_before(haystack: &Haystack<'_>, at: usize) -> Option<usize> {
    let gap = (0..=GAP_MAX)
        .find(|gap| !at.checked_sub(gap + 1).and_then(|at| haystack.byte(at)).is_some_and(is_separator))?;
    let letter = at.checked_sub(gap + 1)?;
    haystack.byte(letter)?.is_ascii_alphabetic().then_some(letter)
}

fn is_separator(b: u8) -> bool {
    matches!(b, b' ' | b'-' | b'.' | b'/' | b'\n' | b'\r' | b'\t')
}

/// Reads country, check digits and the account part; gives how many characters that is.
fn read_as(structure: &str, characters: &mut Characters<'_, '_>, number: &mut [u8]) -> Option<usize> {
    let classes = "aann".bytes().chain(structure.bytes().flat_map(expand));
    let mut length = 0;
    for class in classes {
        let character = characters.next()?.to_ascii_uppercase();
        let fits = match class {
            b'n' => character.is_ascii_digit(),
            b'a' => character.is_ascii_uppercase(),
            _ => true,
        };
        *number.get_mut(length)? = fits.then_some(character)?;
        length += 1;
    }
    Some(length)
}

/// `C` stands for four characters of class `c`, `N` for four of class `n`, `A` for four of class `a`.
fn expand(class: u8) -> impl Iterator<Item = u8> {
    let times = if class.is_ascii_uppercase() { 4 } else { 1 };
    std::iter::repeat_n(class.to_ascii_lowercase(), times)
}

/// Letters and digits of a number whose groups separators keep apart.
struct Characters<'h, 't> {
    haystack: &'h Haystack<'t>,
    at: usize,
}

impl Iterator for Characters<'_, '_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        let gap = self.haystack.run_end(self.at, GAP_MAX, is_separator);
        let character = self.haystack.byte(gap)?;
        self.at = gap + 1;
        character.is_ascii_alphanumeric().then_some(character)
    }
}

/// ISO 7064, MOD 97-10, of the number with its first four characters moved to its end.
pub(crate) fn remainder_97(number: &[u8]) -> u32 {
    let (head, account) = number.split_at(number.len().min(4));
    account.iter().chain(head).fold(0, |rest, character| match character {
        b'0'..=b'9' => (rest * 10 + u32::from(character - b'0')) % 97,
        _ => (rest * 100 + u32::from(character.wrapping_sub(b'A')) + 10) % 97,
    })
}

/// The account part of each country: `n` a digit, `a` a letter, `c` either; a capital is four of them.
///
/// Source: SWIFT, "IBAN Registry"; the last lines from the countries' central banks.
const STRUCTURES: &[(&str, &str)] = &[
    ("AD", "NNCCC"),
    ("AE", "NNNNnnn"),
    ("AL", "NNCCCC"),
    ("AT", "NNNN"),
    ("AZ", "ACCCCC"),
    ("BA", "NNNN"),
    ("BE", "NNN"),
    ("BG", "ANnnCC"),
    ("BH", "ACCCcc"),
    ("BI", "NNNNNnnn"),
    ("BR", "NNNNNnnnac"),
    ("BY", "CNCCCC"),
    ("CH", "NnCCC"),
    ("CR", "NNNNnn"),
    ("CY", "NNCCCC"),
    ("CZ", "NNNNN"),
    ("DE", "NNNNnn"),
    ("DJ", "NNNNNnnn"),
    ("DK", "NNNnn"),
    ("DO", "CNNNNN"),
    ("EE", "NNNN"),
    ("EG", "NNNNNNn"),
    ("ES", "NNNNN"),
    ("FI", "NNNnn"),
    ("FK", "aaNNN"),
    ("FO", "NNNnn"),
    ("FR", "NNnnCCcccnn"),
    ("GB", "ANNNnn"),
    ("GE", "aaNNNN"),
    ("GI", "ACCCccc"),
    ("GL", "NNNnn"),
    ("GR", "NnnnCCCC"),
    ("GT", "CCCCCC"),
    ("HN", "ANNNNN"),
    ("HR", "NNNNn"),
    ("HU", "NNNNNN"),
    ("IE", "ANNNnn"),
    ("IL", "NNNNnnn"),
    ("IQ", "ANNNnnn"),
    ("IS", "NNNNNnn"),
    ("IT", "aNNnnCCC"),
    ("JO", "ANCCCCcc"),
    ("KW", "ACCCCCcc"),
    ("KZ", "nnnCCCc"),
    ("LB", "NCCCCC"),
    ("LC", "ACCCCCC"),
    ("LI", "NnCCC"),
    ("LT", "NNNN"),
    ("LU", "nnnCCCc"),
    ("LV", "ACCCc"),
    ("LY", "NNNNNn"),
    ("MC", "NNnnCCcccnn"),
    ("MD", "CCCCC"),
    ("ME", "NNNNnn"),
    ("MK", "nnnCCcccc"),
    ("MN", "NNNN"),
    ("MR", "NNNNNnnn"),
    ("MT", "ANnCCCCcc"),
    ("MU", "ANNNNnnnaaa"),
    ("NI", "ANNNNN"),
    ("NL", "ANNnn"),
    ("NO", "NNnnn"),
    ("OM", "nnnCCCC"),
    ("PK", "ACCCC"),
    ("PL", "NNNNNN"),
    ("PS", "ACCCCCc"),
    ("PT", "NNNNNn"),
    ("QA", "ACCCCCc"),
    ("RO", "ACCCC"),
    ("RS", "NNNNnn"),
    ("RU", "NNNnnCCCccc"),
    ("SA", "nnCCCCcc"),
    ("SC", "ANNNNNaaa"),
    ("SD", "NNNnn"),
    ("SE", "NNNNN"),
    ("SI", "NNNnnn"),
    ("SK", "NNNNN"),
    ("SM", "aNNnnCCC"),
    ("SO", "NNNNnnn"),
    ("ST", "NNNNNn"),
    ("SV", "ANNNNN"),
    ("TL", "NNNNnnn"),
    ("TN", "NNNNN"),
    ("TR", "NnnCCCC"),
    ("UA", "NnnCCCCccc"),
    ("VA", "NNNNnn"),
    ("VG", "ANNNN"),
    ("XK", "NNNN"),
    ("YE", "ANCCCCcc"),
    ("AO", "NNNNNn"),
    ("BF", "ccNNNNNnn"),
    ("BJ", "ccNNNNNnn"),
    ("CI", "ccNNNNNnn"),
    ("CM", "NNNNNnnn"),
    ("CV", "NNNNNn"),
    ("DZ", "NNNNNnn"),
    ("IR", "NNNNNnn"),
    ("MA", "NNNNNN"),
    ("MG", "NNNNNnnn"),
    ("ML", "ccNNNNNnn"),
    ("MZ", "NNNNNn"),
    ("SN", "ccNNNNNnn"),
];

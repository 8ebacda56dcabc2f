use crate::EntityType;
use crate::haystack::Haystack;
use crate::recognise::{Find, Match, RecogniserInfo};
use crate::site::{ANY, Around, Beside, EVERYWHERE, Site};
use crate::words::{Lazy, Words};
use std::ops::Range;
use weir_label::Category;

pub(super) const ROW: RecogniserInfo = RecogniserInfo {
    name: "postal_address",
    entity: EntityType::built_in("STREET_ADDRESS"),
    category: Category::Personal,
    finds: "postal addresses: street, number, postcode and city in the orders of America, Britain and Europe",
    validation: "a postcode beside a city or state, and shortly before it a street with its number, or a line that begins with a number and has capitals; a street alone does not count",
    find: Find::Digit(POSTCODES, find),
};

/// After a space or the like, and before the space of a city, or behind that of a state; or the second half of a code
/// that has letters.
pub(in crate::recognise) const POSTCODES: &[Site] = &[
    Site {
        all: Beside {
            before: |b| matches!(b, 0 | b' ' | b'\n' | b',' | b'-'),
            digits: |digits| matches!(digits, 4 | 5),
            ..ANY
        },
        around: Around::PLACED,
        ..EVERYWHERE
    },
    Site {
        all: Beside {
            before: |b| b == b' ',
            after: |b| b.is_ascii_uppercase(),
            digits: |digits| digits == 1,
        },
        ..EVERYWHERE
    },
];

/// How far before its postcode a street may stand: an apartment and a city come between.
const WITHIN: usize = 72;

fn find(haystack: &Haystack<'_>, digit: usize) -> Option<Match> {
    let postcode = postcode(haystack, digit)?;
    let street = street_before(haystack, &postcode)?;
    Some(Match::new(street..postcode.end, 0.8))
}

/// Where the street begins that makes an address of a postcode.
pub(in crate::recognise) fn street_before(haystack: &Haystack<'_>, postcode: &Range<usize>) -> Option<usize> {
    let within = postcode.start.saturating_sub(WITHIN)..postcode.start;
    let street = street(haystack, within.clone())
        .or_else(|| numbered_lines(haystack, within.clone(), postcode.end))
        .or_else(|| named_line(haystack, within, postcode))?;
    Some(haystack.text().ceil_char_boundary(street))
}

/// Where a street of any kind begins whose number stands first, before a city and the state or postcode behind it:
/// `836 Alder Reach Suite 2, Mill Town, KS 67005`, `Flat 4, 5 Long Reach, Mill Town, LS6 2AB`. All its words have
/// capitals.
fn numbered_lines(haystack: &Haystack<'_>, within: Range<usize>, code_end: usize) -> Option<usize> {
    let text = haystack.text();
    let within = text.ceil_char_boundary(within.start)..within.end;
    let code = text.get(within.end..code_end)?;
    let before = text.get(within.clone())?;
    // After a state, or with letters: elsewhere the city comes behind.
    if !(code.starts_with(|c: char| c.is_ascii_uppercase()) || ends_with_state(before.as_bytes())) {
        return None;
    }
    let mut lines = before.get(..before.trim_end().rfind(LINE_ENDS)?)?;
    loop {
        let start = lines.rfind(LINE_ENDS).map_or(0, |end| end + 1);
        if let Some(number) = led_by_number(lines.get(start..)?) {
            return Some(within.start + start + number);
        }
        lines = lines.get(..start.checked_sub(1)?)?;
    }
}

/// Where a street of any kind begins whose number stands last, before a postcode of five digits and its city:
/// `Am Markt 3, 01067 Dresden`. It begins with a capital.
fn named_line(haystack: &Haystack<'_>, within: Range<usize>, postcode: &Range<usize>) -> Option<usize> {
    let text = haystack.text();
    let start = text.ceil_char_boundary(within.start);
    if haystack.digits_end(postcode.start, 6) - postcode.start != 5 {
        return None;
    }
    let before = text.get(start..within.end)?.trim_end_matches(COUNTRY).trim_end().strip_suffix(LINE_ENDS)?;
    let line = before.rfind(LINE_ENDS).map_or(0, |end| end + 1);
    let (name, number) = before.get(line..)?.trim_end().rsplit_once(' ')?;
    let length = name_length(name)?;
    is_house(number).then_some(start + line + name.len() - length)
}

/// What stands before a postcode to name its country: `D-10117`.
const COUNTRY: [char; 8] = ['A', 'B', 'D', 'E', 'F', 'I', 'L', '-'];

/// How long the name is that ends a line: words with capitals, small words between them.
fn name_length(line: &str) -> Option<usize> {
    const WORDS_MAX: usize = 5;
    const SMALL: &[&str] =
        &["am", "an", "auf", "dem", "den", "der", "im", "in", "unter", "zum", "zur", "de", "di", "la"];
    let begins = |word: &str| word.starts_with(char::is_uppercase);
    let is_name =
        |word: &str| begins(word) && word.chars().all(|c| c.is_alphabetic() || matches!(c, '-' | '.'));
    let (mut length, mut found, mut is_long) = (0, None, false);
    for word in line.rsplit(' ').take(WORDS_MAX).take_while(|word| is_name(word) || SMALL.contains(word)) {
        length += word.len();
        if begins(word) {
            found = Some(length);
            is_long |= word.chars().count() > 3;
        }
        length += 1;
    }
    found.filter(|_| is_long)
}

/// `7`, `12a`, `10/12`.
fn is_house(number: &str) -> bool {
    let digits = number.bytes().take_while(u8::is_ascii_digit).count();
    (1..=4).contains(&digits)
        && number.len() <= 8
        && number.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-'))
}

/// What stands between the lines of an address.
const LINE_ENDS: [char; 2] = [',', '\n'];

/// Where in a line the first number stands behind which there are only numbers and words with capitals.
fn led_by_number(line: &str) -> Option<usize> {
    /// Characters of a house's number with its letter.
    const NUMBER_MAX: usize = 6;
    let (mut found, mut has_name, mut at) = (None, false, line.len());
    for word in line.rsplit(' ') {
        at -= word.len();
        let Some(first) = word.chars().next() else { break };
        let is_number = first.is_ascii_digit();
        if is_number && has_name && word.len() <= NUMBER_MAX {
            found = Some(at);
        }
        if !(is_number || first.is_uppercase() || first == '#') {
            break;
        }
        has_name |= !is_number && word.len() > 2;
        at = at.saturating_sub(1);
    }
    found
}

/// `10115 Berlin`, `CA 94105`, `SW1A 2AA`, `K1A 0B1`.
pub(in crate::recognise) fn postcode(haystack: &Haystack<'_>, digit: usize) -> Option<Range<usize>> {
    let end = haystack.digits_end(digit, 6);
    match end - digit {
        4 | 5 if begins_code(haystack, digit..end) => {
            before_city(haystack, digit..end).or_else(|| after_state(haystack, digit..end))
        }
        1 => british(haystack, digit),
        _ => None,
    }
}

/// After a space or comma, and no year.
fn begins_code(haystack: &Haystack<'_>, code: Range<usize>) -> bool {
    let is_year =
        code.len() == 4 && matches!(haystack.slice(code.clone()), [b'1', b'9', ..] | [b'2', b'0', ..]);
    let before = haystack.before(code.start);
    let is_apart = !haystack.is_attached_left(code.start) || is_after_country(haystack, code.start);
    !is_year && before.is_none_or(|b| matches!(b, b' ' | b'\n' | b',' | b'-') && is_apart)
}

/// `D-10117`.
fn is_after_country(haystack: &Haystack<'_>, at: usize) -> bool {
    matches!(
        haystack.slice(at.saturating_sub(3)..at),
        [b' ' | b'\n', b'A' | b'B' | b'D' | b'E' | b'F' | b'I' | b'L', b'-']
    )
}

/// The city begins with a capital right after; `75002 Paris`, `1012 AB Amsterdam`, `1000-001 Lisboa`.
fn before_city(haystack: &Haystack<'_>, code: Range<usize>) -> Option<Range<usize>> {
    let suffix = haystack.run_end(code.end, 4, |b| b.is_ascii_digit() || b == b'-');
    let space = haystack.starts_with(suffix, " ").then_some(suffix + 1)?;
    let is_city = |at| haystack.byte(at).is_some_and(|b: u8| b.is_ascii_uppercase() || !b.is_ascii());
    let end = haystack.run_end(space, 24, |b| b.is_ascii_alphabetic() || !b.is_ascii() || b == b'-');
    // A longer name is cut, but not within a character.
    let end = haystack.text().floor_char_boundary(end);
    (is_city(space) && end > space + 1).then_some(code.start..end)
}

fn after_state(haystack: &Haystack<'_>, code: Range<usize>) -> Option<Range<usize>> {
    let is_state = ends_with_state(haystack.slice(code.start.saturating_sub(4)..code.start));
    let end = haystack.run_end(code.end, 5, |b| b.is_ascii_digit() || b == b'-');
    (is_state && code.len() == 5).then_some(code.start..end)
}

/// Whether the abbreviation of a state and a space come last.
fn ends_with_state(text: &[u8]) -> bool {
    matches!(text, [.., b' ', a, b, b' '] if a.is_ascii_uppercase() && b.is_ascii_uppercase())
}

/// The inward part, a digit and two letters, after an outward part of two to four characters; or the last
/// three characters of a Canadian code. `digit` is the first of the inward part.
///
/// Source: Royal Mail, "Programmer's guide to PAF"; Canada Post, addressing guidelines.
fn british(haystack: &Haystack<'_>, digit: usize) -> Option<Range<usize>> {
    if haystack.before(digit) != Some(b' ') {
        return None;
    }
    let end = haystack.run_end(digit, 4, |b| b.is_ascii_uppercase() || b.is_ascii_digit());
    let is_inward = matches!(haystack.slice(digit..end), [_, a, b] if a.is_ascii_uppercase() && b.is_ascii_alphanumeric());
    let space = digit.checked_sub(1).filter(|at| haystack.byte(*at) == Some(b' '))?;
    let head = haystack.slice(space.saturating_sub(4)..space);
    let outward = head.iter().rev().take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit()).count();
    let start = space - outward;
    let is_outward = outward >= 2 && haystack.byte(start).is_some_and(|b| b.is_ascii_uppercase());
    (is_inward && is_outward && haystack.opens(start) && haystack.closes(end)).then_some(start..end)
}

/// Where the last street with its number begins in `range`.
fn street(haystack: &Haystack<'_>, range: Range<usize>) -> Option<usize> {
    streets(haystack, range).next_back().map(|street| street.start)
}

/// The streets with their numbers in `range`, without what follows the word of one whose number stands first.
pub(super) fn streets<'h>(
    haystack: &Haystack<'h>,
    range: Range<usize>,
) -> impl DoubleEndedIterator<Item = Range<usize>> + 'h {
    let (text, offset) = (haystack.slice(range.clone()), range.start);
    let numbered_at = move |at: usize| {
        let word = STREETS.at(text, at, |word| numbered(text, at, word).is_some())?;
        let street = numbered(text, at, word)?;
        Some(offset + street.start..offset + street.end)
    };
    // Most numbers before a capital have no other near.
    let len = if text.iter().any(u8::is_ascii_digit) { text.len() } else { 0 };
    (0..len).filter_map(numbered_at)
}

/// The street whose kind is `word`, which stands at `at`, if it has a number before or after.
fn numbered(text: &[u8], at: usize, word: &str) -> Option<Range<usize>> {
    let end = at + word.len();
    let after = text.get(end..text.len().min(end + 40)).unwrap_or_default();
    let before = text.get(at.saturating_sub(40)..at).unwrap_or_default();
    // `Hauptstraße 5` has its number next; `Calle Mayor 12` and `12 rue de la Paix` within a name.
    let name =
        |b: &u8| b.is_ascii_alphabetic() || !b.is_ascii() || matches!(b, b' ' | b'.' | b'\'' | b'-' | b',');
    let gap = after.iter().take_while(|b| name(b)).count();
    let is_direct = DIRECT.contains(&word);
    let is_beginning = word.ends_with(' ') && !word.starts_with(' ') && !is_direct;
    let goes_on = before.last().is_some_and(is_letter);
    if is_direct != (gap == 0) && (is_direct || is_beginning) || is_beginning && goes_on {
        return None;
    }
    let back = before.iter().rev().take_while(|b| name(b)).count();
    let number = before.get(..before.len() - back).unwrap_or_default();
    if back > 0 && !is_direct && number.last().is_some_and(u8::is_ascii_digit) {
        let digits = number.iter().rev().take_while(|b| b.is_ascii_digit()).count();
        return (digits <= 5).then_some(at - back - digits..end);
    }
    let digits = after.iter().skip(gap).take_while(|b| b.is_ascii_digit()).count();
    let has_number_after = (gap > 0 || is_direct) && digits > 0 && text.get(end + gap - 1) == Some(&b' ');
    let start = if word == BOX {
        box_start(before)
    } else {
        before.iter().rev().take_while(|b| is_letter(b)).count()
    };
    has_number_after.then_some(at - start..end + gap + digits)
}

fn is_letter(b: &u8) -> bool {
    b.is_ascii_alphabetic() || !b.is_ascii()
}

/// How long what belongs to a box is before it: `P.O.`, `PSC 2700,`, `Unit 12`.
fn box_start(before: &[u8]) -> usize {
    let word_of = |text: &[u8]| text.iter().rev().take_while(|b| !b.is_ascii_whitespace()).count();
    let last = word_of(before);
    let rest = before.get(..before.len() - last).unwrap_or_default();
    let is_number =
        before.get(before.len() - last..).is_some_and(|word| word.first().is_some_and(u8::is_ascii_digit));
    match rest.split_last() {
        Some((b' ', head)) if is_number => last + 1 + word_of(head),
        _ => last,
    }
}

const BOX: &str = " box ";

/// What the number follows at once: `Lindenweg 7`, `Postfach 1234`.
const DIRECT: &[&str] = &[
    "weg ",
    "ring ",
    "damm ",
    "ufer ",
    "gata ",
    "vej ",
    "gade ",
    "katu ",
    "tie ",
    "utca ",
    BOX,
    "postfach ",
    "bp ",
    "apartado ",
    "casella postale ",
    "postbus ",
    "caixa postal ",
];

/// Kinds of streets, as words or endings of words.
#[rustfmt::skip]
static STREETS: Lazy = Lazy::new(|| Words::new(&[
    " street", " st,", " st.", " st ", " road", " rd,", " rd ", " rd.", " avenue", " ave,", " ave ", " ave.", " lane", " drive", " dr,", " dr ", " boulevard", " blvd", " court", " ct,",
    " terrace", " crescent", " close,", " parkway", " highway", " square,", " trail", " circle", " gardens", " grove",
    "straße", "strasse", "str.", "gasse", "platz", "allee", "weg ", "ring ", "damm ", "ufer ", "straat", "laan", "stræde", "plein", "gracht", "gatan", "vägen", "gata ", "veien", "vej ", "gade ", "katu ", "tie ",
    "rue ", "avenue ", "boulevard ", "chemin ", "impasse ", "place ", "quai ", "allée ", "calle ", "avenida ", "avda", "paseo ", "plaza ", "carrer ",
    "cours ", "route ", "cité ", "sentier ", "ronda ", "camino ", "glorieta ", "c/ ", "av. ", "pza. ", "carrera ", "largo ", "vicolo ", "strada ", "contrada ", "località ", "v.le ", "p.zza ", "c.so ",
    "aleja ", "al. ", "os. ", "alameda ", "estrada ", BOX, "postfach ", "bp ", "apartado ", "casella postale ", "postbus ", "caixa postal ",
    "via ", "viale ", "piazza ", "corso ", "rua ", "travessa ", "praça ", "ul. ", "ulica ", "utca ",
]));

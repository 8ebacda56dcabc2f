use crate::haystack::Haystack;
use crate::numbers::{DIGITS_MAX, Gap, Window};
use std::sync::LazyLock;

/// Whether a number is written as in some country, in a form that hardly anything else has.
pub(super) fn is_national(haystack: &Haystack<'_>, window: &Window<'_>) -> bool {
    let stands_apart = stands_apart(haystack, window) && !is_sequence(window.digits());
    stands_apart && (is_bracketed(haystack, window) || is_in_table(haystack, window))
}

/// Groups of a number, for people to read: `0`-`9` that digit, `N` any but zero, `M` any but zero and
/// one, `#` any; a space is the place of a separator.
///
/// Source: national numbering plans notified to the ITU (ITU-T E.129) and the notations of ITU-T E.123.
#[rustfmt::skip]
const FORMS: &[(&str, Gap)] = &[
    // North America.
    ("### ### ####", DASH), ("M## M## ####", DOT), ("1 M## M## ####", ANY), ("001 ### ### ####", ANY),
    // France, Belgium, the Netherlands, Morocco.
    ("0N ## ## ## ##", ANY), ("04## ## ## ##", ANY), ("0N ### ## ##", ANY), ("06 ########", ANY), ("06 #### ####", ANY),
    // United Kingdom, Ireland.
    ("02# #### ####", ANY), ("01### ######", ANY), ("01### ### ###", ANY), ("07### ######", ANY), ("07### ### ###", ANY),
    ("0N## ### ####", ANY), ("0N# ### ####", ANY), ("0N ### ####", ANY), ("07## #### ###", ANY), ("07## ### ####", ANY),
    // Germany, Austria.
    ("015# #######", ANY), ("015# ########", ANY), ("016# #######", ANY), ("017# #######", ANY), ("017# ########", ANY), ("06## #######", ANY),
    ("0M# ######", DASHES), ("0M# #######", DASHES), ("0M# ########", DASHES), ("0N## #####", DASHES), ("0N## ######", DASHES),
    ("0N## #######", DASHES), ("0N### #####", DASHES), ("0N### ######", DASHES), ("0N## ### ## ##", ANY),
    // Switzerland, Sweden, Turkey, Ukraine, Slovenia, Romania, Taiwan, Vietnam.
    ("0N# ### ## ##", ANY), ("0N ### ### ##", ANY), ("0N# ### ###", DASHES), ("0N## ### ###", ANY), ("0N# #######", DASHES), ("0N# #### ###", DASHES),
    // Italy, Hungary, Croatia.
    ("0N ########", DASHES), ("0N #######", DASHES), ("06 ## ### ####", ANY), ("06 1 ### ####", ANY), ("0N #### ###", ANY),
    // Spain, Poland: without a leading zero.
    ("6## ## ## ##", ANY), ("7## ## ## ##", ANY), ("9## ## ## ##", ANY), ("NN ### ## ##", DASH),
    // Russia and its neighbours.
    ("8 9## ### ## ##", ANY), ("8 ### ### ## ##", ANY), ("9## ### ## ##", ANY),
    // Japan, Korea, China, Australia, Malaysia.
    ("0N0 #### ####", ANY), ("0N #### ####", ANY), ("0N# #### ####", ANY), ("0N## ## ####", ANY), ("0N# ########", DASHES), ("0N## ########", DASHES),
    ("13# #### ####", ANY), ("15# #### ####", ANY), ("17# #### ####", ANY), ("18# #### ####", ANY), ("19# #### ####", ANY),
    ("1300 ### ###", ANY), ("1800 ### ###", ANY), ("1800 ### ####", ANY), ("0N## #### ####", DASH),
    // Brazil, Chile.
    ("NN 9#### ####", DASHED), ("NN M### ####", DASHED), ("9 #### ####", DASHED),
    // Mobile numbers in one piece: Japan, Korea, Nigeria, Egypt, Turkey, the United Kingdom, the Philippines, Germany.
    ("070########", NONE), ("080########", NONE), ("090########", NONE), ("010########", NONE), ("011########", NONE),
    ("012########", NONE), ("05M########", NONE), ("07N########", NONE), ("09N########", NONE), ("015#########", NONE),
    ("016########", NONE), ("017########", NONE), ("017#########", NONE),
];

const NONE: Gap = Gap::NONE;
const DASH: Gap = Gap::DASH;
const DOT: Gap = Gap::DOT;
/// A dash or slash at least: spaces alone would not make these groups a telephone number.
const DASHES: Gap = DASH.or(Gap::SLASH).or(Gap::SPACE);
/// The same with spaces or brackets besides, and no slash.
const DASHED: Gap = DASH.or(Gap::SPACE).or(Gap::PAREN);
const ANY: Gap = DASHED.or(DOT).or(Gap::SLASH);

fn is_in_table(haystack: &Haystack<'_>, window: &Window<'_>) -> bool {
    let signs = window.gaps;
    let is_mixed = signs.has(DOT) && signs != DOT || signs.has(Gap::SLASH) && signs.has(DOT);
    let fits = |(form, allowed): &(&str, Gap)| {
        let is_loose = *allowed == DASHES || *allowed == DASHED;
        let is_linked = !is_loose || signs.has(DASH.or(Gap::SLASH));
        signs.only(*allowed) && is_linked && has_form(window, form)
    };
    let alike = index(window.digits().len(), window.shape().len()).and_then(|at| BY_SIZE.get(at));
    let alike = alike.map(Vec::as_slice).unwrap_or_default();
    !is_mixed && alike.iter().any(fits) && !is_among_hex(haystack, window) && !is_ascending(window)
}

/// No form has so many groups.
const GROUPS: usize = 8;

/// The forms by how many digits and groups they have.
static BY_SIZE: LazyLock<Vec<Vec<(&str, Gap)>>> = LazyLock::new(|| {
    let mut by_size = vec![Vec::new(); (DIGITS_MAX + 1) * GROUPS];
    for (form, allowed) in FORMS {
        let spaces = form.bytes().filter(|b| *b == b' ').count();
        let alike = index(form.len() - spaces, spaces + 1).and_then(|at| by_size.get_mut(at));
        if let Some(alike) = alike {
            alike.push((*form, *allowed));
        }
    }
    by_size
});

fn index(digits: usize, groups: usize) -> Option<usize> {
    (groups < GROUPS).then_some(digits * GROUPS + groups)
}

fn has_form(window: &Window<'_>, form: &str) -> bool {
    let mut classes = form.bytes();
    let mut digits = window.digits().iter();
    let is_group = |(at, len): (usize, &u8)| {
        let is_apart = at == 0 || classes.next() == Some(b' ');
        is_apart
            && (0..*len).all(|_| {
                let pair = classes.next().zip(digits.next());
                pair.is_some_and(|(class, digit)| is_of(class, *digit))
            })
    };
    window.shape().iter().enumerate().all(is_group) && classes.next().is_none()
}

fn is_of(class: u8, digit: u8) -> bool {
    match class {
        b'#' => true,
        b'N' => digit > 0,
        b'M' => digit > 1,
        // A space parts groups, and no group ends here.
        _ => class == digit + b'0',
    }
}

/// `(030) 901820`, `(44) 460-490`: an area code in brackets before one or two groups, but no year.
fn is_bracketed(haystack: &Haystack<'_>, window: &Window<'_>) -> bool {
    let Some(bracket) = window.span.start.checked_sub(1) else { return false };
    let opens =
        haystack.byte(bracket) == Some(b'(') && haystack.opens(bracket) && window.gaps.has(Gap::PAREN);
    let closes = haystack.slice(window.span.clone()).iter().filter(|b| **b == b')').count() == 1;
    let is_year = window.shape().first() == Some(&4) && matches!(window.digits(), [1 | 2, ..]);
    let fits = match window.shape() {
        [2..=5, 5..=8] => window.digits().first() == Some(&0),
        [2..=5, 3..=4, 3..=5] | [2, 5, 4] | [2..=4, 2..=4, 2, 2] => true,
        _ => false,
    };
    opens && closes && fits && !is_year
}

/// Whether no other number precedes or follows on the same line.
fn stands_apart(haystack: &Haystack<'_>, window: &Window<'_>) -> bool {
    let before = haystack.slice(window.span.start.saturating_sub(3)..window.span.start);
    let after = haystack.slice(window.span.end..haystack.len().min(window.span.end + 3));
    (window.left.is_none() || before.contains(&b'\n')) && (window.right.is_none() || after.contains(&b'\n'))
}

/// A byte of a dump before or after: `e8 04 12 34 56 78 fb`.
fn is_among_hex(haystack: &Haystack<'_>, window: &Window<'_>) -> bool {
    let is_byte = |four: &[u8]| matches!(four, [b' ', a, b, b' ' | b'\n'] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit());
    is_byte(haystack.slice(window.span.start.saturating_sub(4)..window.span.start))
        || is_byte(haystack.slice(window.span.end..haystack.len().min(window.span.end + 4)))
}

/// `01 02 03 04 05`, `03 12 25 34 41`: numbers drawn or counted, of two digits each.
fn is_ascending(window: &Window<'_>) -> bool {
    let is_pairs = window.shape().iter().all(|len| *len == 2);
    let pairs =
        window.digits().chunks_exact(2).map(|pair| pair.iter().fold(0, |value, digit| value * 10 + digit));
    is_pairs && pairs.is_sorted()
}

/// `0123456789`, `0700000000`: made up.
fn is_sequence(digits: &[u8]) -> bool {
    let last = digits.get(3..).unwrap_or_default();
    last.windows(2).all(|pair| matches!(pair, [a, b] if *b == a + 1))
        || last.windows(2).all(|pair| matches!(pair, [a, b] if a == b))
}

use crate::EntityType;
use crate::haystack::Haystack;
use crate::recognise::{Find, Match, RecogniserInfo};
use crate::site::{Around, Beside, EVERYWHERE, Site};
use std::ops::Range;
use weir_label::Category;

pub(super) const ROW: RecogniserInfo = RecogniserInfo {
    name: "mac_address",
    entity: EntityType::built_in("MAC_ADDRESS"),
    category: Category::Personal,
    finds: "hardware addresses (EUI-48): six pairs with colons or dashes, three groups of four with dots, twelve digits near a word such as `mac`",
    validation: "each group of one case unless near such a word, neither all zero nor broadcast, no part of a longer fingerprint",
    find: Find::Digit(&[SITE], find),
};

/// In a group with letters or beside a sign, or all of it.
const SITE: Site =
    Site { any: IN_GROUP, word: |word| matches!(word, 2 | 4 | 12), around: Around::GROUPED, ..EVERYWHERE };

const IN_GROUP: Beside = Beside { before: is_part, after: is_part, digits: |digits| digits == 12 };

/// Six pairs and five signs.
const LENGTH_MAX: usize = 17;
/// Of twelve digits with none, two or five signs.
const LENGTHS: [usize; 3] = [12, 14, LENGTH_MAX];

fn find(haystack: &Haystack<'_>, digit: usize) -> Option<Match> {
    let span = notation(haystack, digit)?;
    let text = haystack.slice(span.clone());
    if !names_a_device(text) {
        return None;
    }
    let found = Match::new(span, 0.9);
    if text.len() > 12 && text.split(|b| !b.is_ascii_hexdigit()).all(is_of_one_case) {
        return Some(found);
    }
    let context = haystack.context(&found.span, WORDS)?;
    Some(found.with_evidence(&context))
}

const WORDS: &[&str] =
    &["mac", "mac address", "macaddr", "hwaddr", "bssid", "ether", "lladdr", "ethernet", "wifi", "wlan"];

/// The run of hexadecimal digits with one kind of sign around the first digit in it.
fn notation(haystack: &Haystack<'_>, digit: usize) -> Option<Range<usize>> {
    // What has other groups is refused before looking further.
    if !is_group(haystack, digit) {
        return None;
    }
    let head = haystack.slice(digit.saturating_sub(LENGTH_MAX - 1)..digit);
    let start = digit - head.iter().rev().take_while(|b| is_part(**b)).count();
    let end = haystack.run_end(start, LENGTH_MAX + 1, is_part);
    let text = haystack.slice(start..end);
    let end = if text.ends_with(b".") || text.ends_with(b":") { end - 1 } else { end };
    if !LENGTHS.contains(&(end - start)) {
        return None;
    }
    let goes_on = haystack.byte(end).is_some_and(|b| matches!(b, b':' | b'-' | b'_'))
        && haystack.byte(end + 1).is_some_and(|b| b.is_ascii_hexdigit());
    let stands =
        haystack.opens(start) && haystack.closes(end) && !goes_on && !haystack.is_attached_left(start);
    (stands && is_grouped(haystack.slice(start..end))).then_some(start..end)
}

fn is_part(b: u8) -> bool {
    b.is_ascii_hexdigit() || matches!(b, b':' | b'-' | b'.')
}

/// Whether a digit stands in a group of such an address, beside others as long unless it is all of it.
fn is_group(haystack: &Haystack<'_>, digit: usize) -> bool {
    let end = haystack.run_end(digit, 13, |b| b.is_ascii_hexdigit());
    if haystack.byte(end).is_some_and(|b| b.is_ascii_alphabetic()) {
        return false;
    }
    let head = haystack.slice(digit.saturating_sub(13)..digit);
    let start = digit - head.iter().rev().take_while(|b| b.is_ascii_hexdigit()).count();
    match end - start {
        // Of six groups, three follow on each or precede it.
        2 => has_groups_beside(haystack, start..end, 3),
        4 => has_groups_beside(haystack, start..end, 1),
        len => len == 12,
    }
}

/// Whether so many groups as long as one follow it or precede it, a sign between two of them.
fn has_groups_beside(haystack: &Haystack<'_>, group: Range<usize>, count: usize) -> bool {
    let len = group.len();
    let is_hex = |at: usize| haystack.slice(at..at + len).iter().all(u8::is_ascii_hexdigit);
    let is_sign = |at: usize| haystack.byte(at).is_some_and(|b| matches!(b, b':' | b'-' | b'.'));
    let follow = (0..count).map(|n| group.end + n * (len + 1)).all(|sign| is_sign(sign) && is_hex(sign + 1));
    let precedes = |n: usize| {
        let other = group.start.checked_sub(n * (len + 1));
        other.is_some_and(|other| is_sign(other + len) && is_hex(other))
    };
    follow || (1..=count).all(precedes)
}

fn is_grouped(text: &[u8]) -> bool {
    let of = |sign: u8, groups: usize, len: usize| {
        let mut parts = text.split(|b| *b == sign);
        parts.clone().count() == groups
            && parts.all(|part| part.len() == len && part.iter().all(u8::is_ascii_hexdigit))
    };
    of(b':', 6, 2) || of(b'-', 6, 2) || of(b'.', 3, 4) || of(b':', 1, 12)
}

/// Neither the empty nor the broadcast address.
fn names_a_device(text: &[u8]) -> bool {
    let digits = || text.iter().filter(|b| b.is_ascii_hexdigit());
    let is_all = |same: u8| digits().all(|b| b.eq_ignore_ascii_case(&same));
    !is_all(b'0') && !is_all(b'f')
}

/// `Ab` is no byte of an address, unless a word says so.
fn is_of_one_case(group: &[u8]) -> bool {
    !group.iter().any(u8::is_ascii_lowercase) || !group.iter().any(u8::is_ascii_uppercase)
}

use crate::EntityType;
use crate::haystack::Haystack;
use crate::recognise::{Find, Match, RecogniserInfo};
use crate::site::{ANY, Around, Beside, EVERYWHERE, Site};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;
use weir_label::Category;

pub(super) const V4: RecogniserInfo = RecogniserInfo {
    name: "ipv4",
    entity: EntityType::IP_ADDRESS,
    category: Category::Personal,
    finds: "IPv4 addresses, public, private or reserved for documentation",
    validation: "four octets; no loopback, unspecified or mask; multicast and broadcast only near such a word; no version; a number too many only in 172.16/12 and 192.168/16; section-like numbers only near a word such as `host`",
    find: Find::Digit(&[SITE_V4], find_v4),
};

pub(super) const V6: RecogniserInfo = RecogniserInfo {
    name: "ipv6",
    entity: EntityType::IP_ADDRESS,
    category: Category::Personal,
    finds: "IPv6 addresses, global, unique local, link-local or reserved for documentation",
    validation: "the notation of RFC 4291, four groups or an assigned prefix; loopback and multicast only after `client IP` and like words",
    find: Find::Colon(find_v6),
};

/// Before the first of three dots.
const SITE_V4: Site = Site {
    all: Beside { after: |b| b == b'.', digits: |digits| digits <= 3, ..ANY },
    around: Around::DOTTED,
    ..EVERYWHERE
};

/// The longest notation: six groups and an IPv4 address.
const V6_MAX: usize = 45;

fn find_v4(haystack: &Haystack<'_>, at: usize) -> Option<Match> {
    let first = haystack.digits_end(at, 4);
    if haystack.byte(first) != Some(b'.') {
        return None;
    }
    let (octets, end) = octets(haystack, at)?;
    let address = Ipv4Addr::from(octets);
    let stands = stands_alone(haystack, at, end) || is_slip(haystack, at, end, address);
    if !stands || is_heading(haystack, at, end) || names_nobody(address) {
        return None;
    }
    if is_version(haystack, at..end) {
        return None;
    }
    let found = Match::new(at..end, 0.9);
    let names_one = !address.is_multicast() && !address.is_broadcast();
    if names_one && (address.is_private() || octets.iter().any(|octet| *octet > SECTION_MAX)) {
        return Some(found);
    }
    let context = haystack.context(&found.span, HOST_WORDS)?;
    Some(found.with_evidence(&context))
}

/// Whether a word directly before it, in the same paragraph, says that it is one.
fn is_version(haystack: &Haystack<'_>, span: Range<usize>) -> bool {
    haystack.context_before(&span, VERSION_WORDS).is_some_and(|word| {
        let gap = haystack.slice(word.end..span.start);
        gap.len() <= 4 && gap.iter().filter(|b| **b == b'\n').count() < 2
    })
}

const VERSION_WORDS: &[&str] = &[
    "v", "ver", "version", "versions", "release", "build", "rev", "revision", "firmware", "sdk", "section",
    "chapter", "clause", "oid",
];
const HOST_WORDS: &[&str] = &[
    "ip",
    "ips",
    "ipv4",
    "address",
    "adresse",
    "host",
    "hostname",
    "server",
    "gateway",
    "subnet",
    "cidr",
    "dns",
    "ping",
    "peer",
    "client",
    "remote",
    "nameserver",
    "resolver",
    "from",
    "ssh",
    "port",
    "multicast",
    "broadcast",
];
/// What makes an address that every network has one of this network's.
const NETWORK_WORDS: &[&str] =
    &["multicast", "client ip", "client address", "source ip", "user ip", "remote addr", "peer"];
/// Numbered sections and versions seldom have a part above this.
const SECTION_MAX: u8 = 25;

fn octets(haystack: &Haystack<'_>, start: usize) -> Option<([u8; 4], usize)> {
    let mut octets = [0; 4];
    let mut at = start;
    for (index, octet) in octets.iter_mut().enumerate() {
        if index > 0 {
            at = (haystack.byte(at)? == b'.').then_some(at + 1)?;
        }
        let end = haystack.digits_end(at, 4);
        *octet = std::str::from_utf8(haystack.slice(at..end)).ok()?.parse().ok()?;
        let padded = end - at > 1 && haystack.byte(at) == Some(b'0');
        at = (!padded).then_some(end)?;
    }
    Some((octets, at))
}

/// Not a part of something with more numbers, or of a product token such as `Server/2.4.41.7`.
fn stands_alone(haystack: &Haystack<'_>, start: usize, end: usize) -> bool {
    let more = haystack.byte(end).is_some_and(|b| matches!(b, b'.' | b'-' | b'_' | b'+'))
        && haystack.byte(end + 1).is_some_and(|b| b.is_ascii_alphanumeric());
    haystack.opens(start)
        && haystack.closes(end)
        && (!more || haystack.is_seam(end) || haystack.is_seam(end + 1))
        && (!haystack.is_attached_left(start) || haystack.before(start) == Some(b'@'))
}

/// `192.168.1.1.1`: one number too many makes an address of a private network no less one. Blocks of which a
/// version or an object identifier has none; in the block of `10` both begin so.
fn is_slip(haystack: &Haystack<'_>, start: usize, end: usize, address: Ipv4Addr) -> bool {
    let [first, ..] = address.octets();
    let number = haystack.digits_end(end + 1, 4);
    let is_last = haystack.closes(number)
        && !(haystack.byte(number) == Some(b'.')
            && haystack.byte(number + 1).is_some_and(|b| b.is_ascii_alphanumeric()));
    address.is_private()
        && first != 10
        && haystack.byte(end) == Some(b'.')
        && (1..=3).contains(&number.saturating_sub(end + 1))
        && is_last
        && haystack.opens(start)
        && !haystack.is_attached_left(start)
}

/// `34.1.1.2. Connection URIs` at the beginning of a line.
fn is_heading(haystack: &Haystack<'_>, start: usize, end: usize) -> bool {
    haystack.before(start) == Some(b'\n') && haystack.starts_with(end, ". ")
}

/// Loopback, unspecified and masks are the same everywhere and name nobody. Addresses for documentation
/// do count: no recogniser can know that the writer meant it so.
fn names_nobody(address: Ipv4Addr) -> bool {
    let is_reserved = address.octets()[0] >= 240 && !address.is_broadcast();
    is_reserved || matches!(address.octets(), [0 | 127, ..])
}

/// `at` is a colon.
fn find_v6(haystack: &Haystack<'_>, at: usize) -> Option<Match> {
    // After most colons there is none.
    haystack.byte(at + 1).filter(|b| b.is_ascii_hexdigit() || *b == b':')?;
    let span = notation(haystack, at)?;
    let text = std::str::from_utf8(haystack.slice(span.clone())).ok()?;
    let address: Ipv6Addr = text.parse().ok()?;
    // `a::b` in a program is short and under no assigned prefix.
    let is_long = text.split(':').filter(|group| !group.is_empty()).count() >= 4;
    let is_special = address.is_loopback() || address.is_multicast();
    let found = Match::new(span, 0.9);
    if is_assigned(address) || (is_long && !is_special) {
        return Some(found);
    }
    let context = is_special.then(|| haystack.context(&found.span, NETWORK_WORDS))??;
    Some(found.with_evidence(&context))
}

/// The run of hexadecimal digits, colons and dots around the first colon of it.
fn notation(haystack: &Haystack<'_>, colon: usize) -> Option<Range<usize>> {
    let head = haystack.slice(colon.saturating_sub(4)..colon);
    let start = colon - head.iter().rev().take_while(|b| b.is_ascii_hexdigit()).count();
    if haystack.before(start) == Some(b':') || !haystack.opens(start) {
        return None;
    }
    let mut end = haystack.run_end(start, V6_MAX + 1, |b| b.is_ascii_hexdigit() || matches!(b, b':' | b'.'));
    while end > start && haystack.before(end) == Some(b'.') {
        end -= 1;
    }
    if haystack.slice(start..end).ends_with(b":") && !haystack.slice(start..end).ends_with(b"::") {
        end -= 1;
    }
    (end - start <= V6_MAX && haystack.closes(end)).then_some(start..end)
}

/// Global unicast, unique local, link-local, and IPv4 embedded.
fn is_assigned(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let embedded = address.to_ipv4_mapped().is_some() || (first == 0x64 && second == 0xff9b);
    embedded || matches!(first, 0x2000..=0x3fff | 0xfc00..=0xfdff | 0xfe80..=0xfebf)
}

use crate::EntityType;
use crate::haystack::Haystack;
use crate::recognise::{Find, Match, RecogniserInfo};
use unicode_normalization::char::is_combining_mark;
use weir_label::Category;

pub(super) const ROW: RecogniserInfo = RecogniserInfo {
    name: "email",
    entity: EntityType::EMAIL_ADDRESS,
    category: Category::Personal,
    finds: "e-mail addresses, those in other scripts, with a quoted local part or at an IP address too",
    validation: "a domain with a dot and a top-level domain, or an address in square brackets (RFC 5321); `user@localhost`, `git@host:path` and code such as `a@b.t()` are none",
    find: Find::At(find),
};

/// RFC 5321, section 4.5.3.1.
const LOCAL_MAX: usize = 64;
const DOMAIN_MAX: usize = 255;

fn find(haystack: &Haystack<'_>, at: usize) -> Option<Match> {
    let start = quoted_start(haystack, at).unwrap_or_else(|| local_start(haystack, at));
    if let Some(end) = literal_end(haystack, at + 1) {
        return (start < at).then(|| Match::new(start..end, 1.0));
    }
    if start == at {
        return None;
    }
    let end = domain_end(haystack, at + 1);
    // Another segment that directly follows may begin with a letter, and is no part of the domain.
    let seams = haystack.seams_in(at + 2..end + 1).iter().rev().copied();
    std::iter::once(end)
        .chain(seams)
        .find(|end| is_end(haystack, start, at, *end))
        .map(|end| Match::new(start..end, 1.0))
}

/// Whether a whole domain ends at `end`.
fn is_end(haystack: &Haystack<'_>, start: usize, at: usize, end: usize) -> bool {
    let goes_on = || is_code(haystack, end) || is_git_remote(haystack, start, at, end);
    std::str::from_utf8(haystack.slice(at + 1..end)).is_ok_and(is_domain)
        && (haystack.is_seam(end) || !goes_on())
}

/// `"jo doe"@example.com`; a quote that ends right before the sign has begun not long before it.
fn quoted_start(haystack: &Haystack<'_>, at: usize) -> Option<usize> {
    let floor = at.saturating_sub(LOCAL_MAX);
    let (last, head) = haystack.slice(floor..at).split_last()?;
    let quoted = head.iter().rev().take_while(|b| !matches!(b, b'"' | b'\n' | b'@' | b'{' | b'\\')).count();
    let start = at.checked_sub(quoted + 2)?;
    (*last == b'"' && quoted > 0 && haystack.byte(start)? == b'"').then_some(start)
}

/// `jo@[192.0.2.1]`, `jo@[IPv6:2001:db8::1]`.
fn literal_end(haystack: &Haystack<'_>, at: usize) -> Option<usize> {
    const ADDRESS_MAX: usize = 52;
    let open = haystack.starts_with(at, "[").then_some(at + 1)?;
    let close = haystack.run_end(open, ADDRESS_MAX, |b| b != b']' && !b.is_ascii_whitespace());
    let text = std::str::from_utf8(haystack.slice(open..close)).ok()?;
    let is_address = match text.strip_prefix("IPv6:") {
        Some(text) => text.parse::<std::net::Ipv6Addr>().is_ok(),
        None => text.parse::<std::net::Ipv4Addr>().is_ok(),
    };
    (is_address && haystack.byte(close) == Some(b']')).then_some(close + 1)
}

fn local_start(haystack: &Haystack<'_>, at: usize) -> usize {
    let floor = at.saturating_sub(LOCAL_MAX);
    let run = haystack.slice(floor..at).iter().rev().take_while(|b| is_local(**b)).count();
    // In `/login?email=jo@…` the address begins after the last sign of the URL.
    let url = haystack.slice(at - run..at).iter().rposition(|b| matches!(b, b'/' | b'=' | b'?' | b'&'));
    let mut start = at - run + url.map_or(0, |sign| sign + 1);
    // A dot or quote before the address belongs to the sentence; a cut character to nobody.
    while start < at && haystack.byte(start).is_some_and(|b| matches!(b, b'.' | b'\'') || is_continuation(b))
    {
        start += 1;
    }
    let local = std::str::from_utf8(haystack.slice(start..at)).unwrap_or_default();
    start + local.char_indices().rev().find(|(_, c)| is_sign(*c)).map_or(0, |(sign, c)| sign + c.len_utf8())
}

/// A picture or a mark of another script, which is of the sentence around: `👉jo@example.com`.
fn is_sign(c: char) -> bool {
    !c.is_ascii() && !c.is_alphanumeric() && !is_combining_mark(c)
}

fn domain_end(haystack: &Haystack<'_>, at: usize) -> usize {
    let mut end = haystack.run_end(at, DOMAIN_MAX, is_domain_byte);
    while end > at && haystack.before(end).is_some_and(|b| matches!(b, b'.' | b'-')) {
        end -= 1;
    }
    while end > at && haystack.byte(end).is_some_and(is_continuation) {
        end -= 1;
    }
    let domain = std::str::from_utf8(haystack.slice(at..end)).unwrap_or_default();
    domain.char_indices().find(|(_, c)| is_sign(*c)).map_or(end, |(sign, _)| at + sign)
}

fn is_local(b: u8) -> bool {
    b.is_ascii_alphanumeric() || !b.is_ascii() || b"!#$%&'*+/=?^_`{|}~.-".contains(&b)
}

fn is_domain_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || !b.is_ascii() || matches!(b, b'.' | b'-')
}

fn is_continuation(b: u8) -> bool {
    b & 0b1100_0000 == 0b1000_0000
}

fn is_code(haystack: &Haystack<'_>, end: usize) -> bool {
    let next = haystack.byte(end);
    let goes_on = next == Some(b'_') && haystack.byte(end + 1).is_some_and(|b| b.is_ascii_alphanumeric());
    goes_on || matches!(next, Some(b'(' | b'['))
}

/// `git@github.com:owner/name` addresses a server, not a person.
fn is_git_remote(haystack: &Haystack<'_>, start: usize, at: usize, end: usize) -> bool {
    haystack.slice(start..at) == b"git" && haystack.byte(end).is_some_and(|b| matches!(b, b':' | b'/'))
}

fn is_domain(domain: &str) -> bool {
    let mut labels = domain.split('.').rev();
    let top = labels.next().unwrap_or_default();
    let mut labels = labels.peekable();
    labels.peek().is_some() && is_top_level(top) && labels.all(is_label)
}

fn is_label(label: &str) -> bool {
    !label.is_empty() && label.len() <= 63 && !label.starts_with('-') && !label.ends_with('-')
}

/// A country's code, a word of letters, or an internationalised name.
fn is_top_level(top: &str) -> bool {
    match top.len() {
        2 => is_country_code(top),
        3..=63 => top.starts_with("xn--") || top.chars().all(char::is_alphabetic),
        _ => false,
    }
}

fn is_country_code(top: &str) -> bool {
    let top = top.to_ascii_lowercase();
    COUNTRY_CODES.split(' ').any(|code| code == top)
}

/// Source: IANA root zone, country-code top-level domains.
const COUNTRY_CODES: &str = "ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo \
br bs bt bv bw by bz ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu \
fi fj fk fm fo fr ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir \
is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo \
mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa \
re ro rs ru rw sa sb sc sd se sg sh si sj sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr \
tt tv tw tz ua ug uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw";

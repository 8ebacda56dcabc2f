use std::net::IpAddr;
use std::sync::LazyLock;
use weir_classify::{Checksum, Engine, EntityRule, EntityType, Finding, Pattern, Segment, Settings, View};

/// What is found where it plainly stands is what its type says, by a second reckoning; a value
/// under a key, as text or number, has findings within it; and of all check characters behind a payload
/// exactly one is right, shown for the first line.
pub fn recognisers(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for finding in ENGINE.inspect(&[Segment::text(&text)]).findings {
        let span = text.get(finding.start..finding.end);
        assert!(span.is_some_and(|span| is_plain(&finding, span)), "no such thing: {finding:?}");
    }
    text.lines().take(1).for_each(check_characters);
    for line in text.lines().take(LINES_MAX) {
        let (key, value) = line.split_once([':', '=']).unwrap_or(("", line));
        for value in [Segment::text(value.trim()), Segment::number(value.trim())] {
            spans_exist(&[Segment::key(key), value]);
        }
    }
}

/// Lines that are looked at by themselves: enough to reach every recogniser, and not slow unoptimised.
const LINES_MAX: usize = 4;

fn spans_exist(segments: &[Segment<'_>]) {
    for finding in ENGINE.inspect(segments).findings {
        let segment = segments.get(finding.segment);
        let span = segment.and_then(|segment| segment.text.get(finding.start..finding.end));
        assert!(span.is_some_and(|span| !span.is_empty()), "a finding covers no text: {finding:?}");
    }
}

static ENGINE: LazyLock<Engine> = LazyLock::new(|| engine(Vec::new()));

/// Without the model, which is slow unoptimised.
fn engine(patterns: Vec<Pattern>) -> Engine {
    let mut settings = Settings { patterns, ..Settings::default() };
    settings.data.entities.insert(EntityType::PERSON, EntityRule::Off);
    #[expect(clippy::expect_used, reason = "patterns that are good")]
    Engine::new(settings).expect("these settings are good")
}

/// Whether a span is what its type says, as far as that can be told by another reckoning than the
/// recogniser's own. What a view shows, the text does not plainly hold.
fn is_plain(finding: &Finding, span: &str) -> bool {
    // A string in JSON has its escapes undone before it is read.
    if finding.view != View::Raw || span.contains('\\') {
        return !span.is_empty();
    }
    let digits: Vec<u32> = span.chars().filter_map(|c| c.to_digit(10)).collect();
    match finding.entity.as_str() {
        "CREDIT_CARD" => (12..=19).contains(&digits.len()) && luhn(&digits),
        "IBAN_CODE" => iban(span),
        "EMAIL_ADDRESS" => {
            span.split_once('@').is_some_and(|(user, host)| !user.is_empty() && host.contains('.'))
        }
        "IP_ADDRESS" => address(span),
        "MAC_ADDRESS" => matches!(span.chars().filter(char::is_ascii_hexdigit).count(), 12 | 16),
        "US_SSN" => digits.len() == 9,
        "UK_NHS" => digits.len() == 10,
        "DE_TAX_ID" => digits.len() == 11,
        _ => !span.is_empty(),
    }
}

/// Source: ISO/IEC 7812-1, annex B: the digits of doubled digits are added, not the doubled digits.
fn luhn(digits: &[u32]) -> bool {
    let doubled = |digit: u32| digit * 2 / 10 + digit * 2 % 10;
    let pairs = digits.rchunks(2);
    let value = |pair: &[u32]| match pair {
        [left, right] => doubled(*left) + right,
        [only] => *only,
        _ => 0,
    };
    pairs.map(value).sum::<u32>() % 10 == 0
}

/// Source: ISO 13616: written as one decimal number and divided by hand.
fn iban(span: &str) -> bool {
    let characters: Vec<char> = span.chars().filter(char::is_ascii_alphanumeric).collect();
    let (head, tail) = characters.split_at(characters.len().min(4));
    let decimal: String =
        tail.iter().chain(head).filter_map(|c| c.to_digit(36)).map(|value| value.to_string()).collect();
    let rest = decimal.chars().filter_map(|c| c.to_digit(10)).fold(0, |rest, digit| (rest * 10 + digit) % 97);
    (15..=34).contains(&characters.len()) && rest == 1
}

fn address(span: &str) -> bool {
    let bare = span.split(['/', '%']).next().unwrap_or_default();
    bare.parse::<IpAddr>().is_ok()
}

/// A line is the payload of each checksum; what may stand behind it are all characters that the checksum
/// may have, and one of them is right. MOD 97 has two digits, and two of them may be.
fn check_characters(line: &str) {
    let payload: String = line.bytes().filter(u8::is_ascii_alphanumeric).take(20).map(char::from).collect();
    let payload = payload.to_ascii_uppercase();
    let digits: String = payload.chars().filter(char::is_ascii_digit).collect();
    for checksum in Checksum::ALL {
        let (payload, alphabet, most) = match checksum {
            Checksum::Luhn | Checksum::Verhoeff | Checksum::Iso7064Mod11_10 => (&digits, DIGITS, 1),
            Checksum::Mod11 | Checksum::Iso7064Mod11_2 => (&digits, "0123456789X", 1),
            Checksum::Iso7064Mod37_2 => (&payload, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*", 1),
            Checksum::Iso7064Mod37_36 => (&payload, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", 1),
            Checksum::Mod97 | Checksum::Iban => (&payload, DIGITS, 2),
        };
        if payload.len() < 5 {
            continue;
        }
        let right = right_ones(checksum, &candidates(checksum, payload, alphabet));
        assert!((1..=most).contains(&right), "{right} check characters of {} are right", checksum.as_str());
    }
}

const DIGITS: &str = "0123456789";

fn candidates(checksum: Checksum, payload: &str, alphabet: &str) -> Vec<String> {
    let pairs =
        || alphabet.chars().flat_map(|tens| alphabet.chars().map(move |ones| format!("{tens}{ones}")));
    match checksum {
        Checksum::Mod97 => pairs().map(|check| format!("{payload}{check}")).collect(),
        Checksum::Iban => {
            let (country, account) = payload.split_at_checked(2).unwrap_or_default();
            pairs().map(|check| format!("{country}{check}{account}")).collect()
        }
        Checksum::Luhn
        | Checksum::Verhoeff
        | Checksum::Mod11
        | Checksum::Iso7064Mod11_2
        | Checksum::Iso7064Mod37_2
        | Checksum::Iso7064Mod11_10
        | Checksum::Iso7064Mod37_36 => alphabet.chars().map(|check| format!("{payload}{check}")).collect(),
    }
}

fn right_ones(checksum: Checksum, candidates: &[String]) -> usize {
    let inspection = CHECKING.inspect(&[Segment::text(&candidates.join("\n"))]);
    let is_right =
        |finding: &&Finding| finding.view == View::Raw && *finding.recogniser == *checksum.as_str();
    inspection.findings.iter().filter(is_right).count()
}

/// One pattern for each checksum, of types of their own: of several findings of one type that cover the same, one
/// is listed.
static CHECKING: LazyLock<Engine> = LazyLock::new(|| {
    let pattern = |checksum: Checksum| {
        let entity = checksum.as_str().to_ascii_uppercase().replace('-', "_").parse().ok();
        let pattern = Pattern::new(checksum.as_str(), "(?m)^[0-9A-Z*]+$");
        Pattern { checksum: Some(checksum), entity, ..pattern }
    };
    engine(Checksum::ALL.into_iter().map(pattern).collect())
});

#[cfg(test)]
mod tests {
    use super::*;

    /// Without this, patterns that never match would only fail the target's own assertion by luck.
    #[test]
    fn right_check_characters_are_counted() {
        let candidates = candidates(Checksum::Luhn, "7992739871", DIGITS);
        assert_eq!(right_ones(Checksum::Luhn, &candidates), 1);
        assert_eq!(right_ones(Checksum::Luhn, &["79927398713".to_owned()]), 1);
        assert_eq!(right_ones(Checksum::Luhn, &["79927398714".to_owned()]), 0);
    }
}

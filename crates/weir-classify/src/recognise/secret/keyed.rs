use super::named::is_hash;
use super::placeholder::is_placeholder;
use super::random::{Doubt, is_random};
use super::secret;
use super::token::is_base64_url;
use crate::haystack::Haystack;
use crate::recognise::{Find, Match, RecogniserInfo};
use std::ops::Range;

pub(super) const AWS_SECRET_KEY: RecogniserInfo = secret(
    "aws_secret_access_key",
    "AWS secret access keys",
    "40 characters of base64 after a name such as `aws_secret_access_key`, in the text or as the key of the value",
    Find::Word(
        &[
            "aws_secret",
            "AWS_SECRET",
            "awsSecret",
            "secret_access_key",
            "SECRET_ACCESS_KEY",
            "secretAccessKey",
            "SecretAccessKey",
            "secret access key",
            "Secret access key",
            "Secret Access Key",
            "aws_sk",
            "AWS secret",
        ],
        find_aws_secret,
    ),
);

pub(super) const AZURE_KEY: RecogniserInfo = secret(
    "azure_key",
    "keys in Azure connection strings",
    "base64 of the key's length after `AccountKey=` or `SharedAccessKey=`",
    Find::Word(&["AccountKey", "SharedAccessKey", "accountKey", "sharedAccessKey"], find_azure_key),
);

pub(super) const MARKED: RecogniserInfo = secret(
    "marked_token",
    "tokens of vendors that no table has, by a mark such as `_live_`, `_pat_` or `_secret_` within them",
    "a short prefix, the mark, and 20 or more characters that look random and are no hash",
    Find::Literal(
        &[
            "_live_",
            "_prod_",
            "_production_",
            "_sandbox_",
            "_test_",
            "_pat_",
            "-pat-",
            "_sk_",
            "_secret_",
            "_token_",
            "_tkn_",
            "_api_",
            "_key_",
            "_apikey_",
            "-api-",
            "-key-",
            "-token-",
            "-secret-",
            "_oauth_",
            "_access_",
            "_auth_",
            "_v1_",
        ],
        find_marked,
    ),
);

pub(super) const AZURE_CLIENT_SECRET: RecogniserInfo = secret(
    "azure_client_secret",
    "client secrets of Microsoft Entra ID",
    "three characters, a digit, `Q~` and 31 to 34 characters",
    Find::Literal(
        &["0Q~", "1Q~", "2Q~", "3Q~", "4Q~", "5Q~", "6Q~", "7Q~", "8Q~", "9Q~"],
        find_azure_client_secret,
    ),
);

pub(super) const STAMPED: RecogniserInfo = secret(
    "stamped_key",
    "keys with a mark of their service within or behind them: Azure, New Relic",
    "the mark at its place in a key of its length",
    Find::Literal(&STAMPS, find_stamped),
);

pub(super) const BITLOCKER: RecogniserInfo = secret(
    "recovery_key",
    "BitLocker recovery keys",
    "eight groups of six digits, each divisible by 11, near `BitLocker` or `recovery key`",
    Find::Phrase(
        &[
            "bitlocker",
            "recovery key",
            "wiederherstellungsschlüssel",
            "clé de récupération",
            "clave de recuperación",
        ],
        find_recovery_key,
    ),
);

pub(super) const FACEBOOK_APP: RecogniserInfo = secret(
    "facebook_app_token",
    "Facebook app access tokens",
    "an app's number, a vertical line and 27 characters, near the word `facebook`",
    Find::Word(&["facebook", "Facebook", "FACEBOOK"], find_facebook),
);

pub(super) const BUNDLER: RecogniserInfo = secret(
    "bundler_credential",
    "credentials of RubyGems sources in Bundler's variables",
    "`BUNDLE_`, a host with `__` for its dots, and two parts with a colon",
    Find::Literal(&["BUNDLE_"], find_bundler),
);

pub(super) const JWT: RecogniserInfo = secret(
    "jwt",
    "JSON web tokens",
    "header and payload that are base64url of JSON objects, and a signature",
    Find::Literal(&["eyJ"], find_jwt),
);

pub(super) const TELEGRAM_BOT: RecogniserInfo = secret(
    "telegram_bot_token",
    "Telegram bot tokens",
    "a bot's number, a colon, and 35 characters beginning with `AA`",
    Find::Literal(&[":AA"], find_telegram),
);

pub(super) const DISCORD_BOT: RecogniserInfo = secret(
    "discord_bot_token",
    "Discord bot tokens",
    "three parts of fixed lengths near the word `discord`",
    Find::Word(&["discord", "Discord", "DISCORD"], find_discord),
);

/// How far after its name a value may begin: `AWS_SECRET_ACCESS_KEY (from the console) = "`.
const VALUE_WITHIN: usize = 64;

fn find_aws_secret(haystack: &Haystack<'_>, word: Range<usize>) -> Option<Match> {
    let is_value = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    let value = first_run(haystack, word.end, is_value, |len| len == 40)?;
    is_random(haystack.slice(value.clone()), Doubt::Little)
        .then(|| Match::new(value, 0.9).with_evidence(&word))
}

fn find_azure_key(haystack: &Haystack<'_>, word: Range<usize>) -> Option<Match> {
    let is_value = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    // 32 or 64 bytes of key, without the padding.
    let value = first_run(haystack, word.end, is_value, |len| matches!(len, 43 | 86))?;
    is_random(haystack.slice(value.clone()), Doubt::Little)
        .then(|| Match::new(value, 1.0).with_evidence(&word))
}

/// A vendor's short name, or its initials.
const PREFIX: std::ops::RangeInclusive<usize> = 1..=14;

fn find_marked(haystack: &Haystack<'_>, mark: Range<usize>) -> Option<Match> {
    let end = haystack.run_end(mark.end, 200, is_base64_url);
    let before = haystack.slice(mark.start.saturating_sub(16)..mark.start);
    let prefix = before.iter().rev().take_while(|b| b.is_ascii_alphanumeric()).count();
    let start = mark.start - prefix;
    if end - mark.end < 20 || !PREFIX.contains(&prefix) || !haystack.opens(start) {
        return None;
    }
    let tail = haystack.slice(mark.end..end);
    let is_key = is_random(tail, Doubt::Much) && !is_hash(tail) && !is_placeholder(tail);
    (is_key && tail.iter().filter(|b| b.is_ascii_digit()).count() >= 2).then(|| Match::new(start..end, 0.7))
}

fn find_azure_client_secret(haystack: &Haystack<'_>, anchor: Range<usize>) -> Option<Match> {
    let is_value = |b: u8| is_base64_url(b) || matches!(b, b'.' | b'~');
    let start = anchor.start.checked_sub(3)?;
    let end = haystack.run_end(anchor.end, 36, is_value);
    let tail = haystack.slice(anchor.end..end);
    let fits =
        (31..=34).contains(&tail.len()) && haystack.slice(start..anchor.start).iter().all(|b| is_value(*b));
    let opens = haystack.before(start).is_none_or(|b| !is_value(b));
    (fits && opens && is_random(tail, Doubt::Little) && !is_placeholder(tail))
        .then(|| Match::new(start..end, 1.0))
}

/// Marks of keys. Source: Microsoft's documentation of secrets that can be identified, and that of New Relic.
const STAMPS: [&str; 11] =
    ["AZDO", "JQQJ99", "AzSe", "AzFu", "AzCa", "ACDb", "+ASt", "+ASb", "+AEh", "+ARm", "NRAL"];

/// Where a mark begins in its key, and how long the key is without padding.
fn stamped_as(mark: &[u8]) -> (usize, std::ops::RangeInclusive<usize>) {
    match mark {
        b"AZDO" => (76, 84..=84),
        b"JQQJ99" => (52, 84..=84),
        b"AzSe" => (42, 52..=52),
        b"AzFu" => (44, 54..=54),
        b"AzCa" | b"+ASb" | b"+AEh" | b"+ARm" => (33, 43..=43),
        b"ACDb" | b"+ASt" => (76, 86..=86),
        _ => (36, 40..=40),
    }
}

fn find_stamped(haystack: &Haystack<'_>, mark: Range<usize>) -> Option<Match> {
    let (offset, lengths) = stamped_as(haystack.slice(mark.clone()));
    let is_key = |b: u8| is_base64_url(b) || matches!(b, b'+' | b'/');
    let start = mark.start.checked_sub(offset)?;
    let end = haystack.run_end(start, 96, is_key);
    let opens = haystack.before(start).is_none_or(|b| !is_key(b) || b == b'/');
    (opens && lengths.contains(&(end - start)) && is_random(haystack.slice(start..end), Doubt::Little))
        .then(|| Match::new(start..end, 1.0))
}

/// Source: Microsoft's documentation of BitLocker.
fn find_recovery_key(haystack: &Haystack<'_>, word: Range<usize>) -> Option<Match> {
    const GROUPS: usize = 8;
    let limit = haystack.len().min(word.end + 2 * VALUE_WITHIN);
    let start = (word.end..limit).find(|at| haystack.byte(*at).is_some_and(|b| b.is_ascii_digit()))?;
    let end = haystack.run_end(start, GROUPS * 7, |b| b.is_ascii_digit() || matches!(b, b'-' | b' '));
    let text = std::str::from_utf8(haystack.slice(start..end)).ok()?.trim_end();
    let is_group = |group: &str| group.len() == 6 && group.parse::<u32>().is_ok_and(|group| group % 11 == 0);
    let groups: Vec<&str> = text.split(['-', ' ']).collect();
    (groups.len() == GROUPS && groups.into_iter().all(is_group))
        .then(|| Match::new(start..start + text.len(), 1.0).with_evidence(&word))
}

fn find_facebook(haystack: &Haystack<'_>, word: Range<usize>) -> Option<Match> {
    let limit = haystack.len().min(word.end + VALUE_WITHIN);
    let start = (word.end..limit).find(|at| haystack.byte(*at).is_some_and(|b| b.is_ascii_digit()))?;
    let line = haystack.digits_end(start, 20);
    let end = haystack.run_end(line + 1, 44, is_base64_url);
    let fits = (13..=17).contains(&(line - start)) && haystack.byte(line) == Some(b'|') && end - line > 24;
    (fits && is_random(haystack.slice(line + 1..end), Doubt::Little))
        .then(|| Match::new(start..end, 0.9).with_evidence(&word))
}

fn find_bundler(haystack: &Haystack<'_>, anchor: Range<usize>) -> Option<Match> {
    let name =
        haystack.run_end(anchor.end, 64, |b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    let is_host = haystack.slice(anchor.end..name).windows(2).any(|pair| pair == b"__");
    let start = haystack.run_end(name, 6, |b| matches!(b, b' ' | b'=' | b':' | b'"' | b'\'' | b'?' | b'\\'));
    let colon = haystack.run_end(start, 64, |b| b.is_ascii_alphanumeric());
    let end = haystack.run_end(colon + 1, 64, is_base64_url);
    let fits = start > name && colon > start && haystack.byte(colon) == Some(b':') && end - colon > 6;
    let value = haystack.slice(start..end);
    (is_host && fits && !is_placeholder(value)).then(|| Match::new(start..end, 0.9).with_evidence(&anchor))
}

/// The first run of a class after `from` whose length fits.
fn first_run(
    haystack: &Haystack<'_>,
    from: usize,
    class: fn(u8) -> bool,
    fits: fn(usize) -> bool,
) -> Option<Range<usize>> {
    const RUN_MAX: usize = 128;
    let limit = haystack.len().min(from + VALUE_WITHIN);
    let mut at = from;
    while at < limit {
        let end = haystack.run_end(at, RUN_MAX, class);
        if fits(end - at) {
            return Some(at..end);
        }
        let seam = haystack.last_seam(at..end).filter(|seam| fits(seam - at));
        if let Some(seam) = seam {
            return Some(at..seam);
        }
        at = end + 1;
    }
    None
}

fn find_telegram(haystack: &Haystack<'_>, anchor: Range<usize>) -> Option<Match> {
    let head = haystack.slice(anchor.start.saturating_sub(12)..anchor.start);
    let digits = head.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    let start = anchor.start - digits;
    let token = anchor.start + 1;
    let end = haystack.run_end(token, 36, is_base64_url);
    let end = haystack.last_seam(token + 34..end).unwrap_or(end);
    let fits = (8..=10).contains(&digits) && (34..=35).contains(&(end - token));
    let opens = haystack.opens(start) || haystack.slice(start.saturating_sub(3)..start) == b"bot";
    (fits && opens && is_random(haystack.slice(token..end), Doubt::Little))
        .then(|| Match::new(start..end, 1.0))
}

fn find_discord(haystack: &Haystack<'_>, word: Range<usize>) -> Option<Match> {
    let limit = haystack.len().min(word.end + VALUE_WITHIN);
    let value =
        (word.end..limit).filter(|at| haystack.opens(*at)).find_map(|at| discord_token(haystack, at))?;
    Some(Match::new(value, 0.9).with_evidence(&word))
}

fn discord_token(haystack: &Haystack<'_>, start: usize) -> Option<Range<usize>> {
    let user = haystack.run_end(start, 30, is_base64_url);
    let time = haystack.run_end(user + 1, 8, is_base64_url);
    let end = haystack.run_end(time + 1, 40, is_base64_url);
    let dots = haystack.byte(user) == Some(b'.') && haystack.byte(time) == Some(b'.');
    let fits = (23..=28).contains(&(user - start)) && time - user == 7 && end - time > 27;
    (dots && fits && is_random(haystack.slice(start..end), Doubt::Little)).then_some(start..end)
}

/// Header and payload begin with `{"`, which is `eyJ`. Headers are short; a payload is judged by its
/// first bytes, so that what is none costs little.
const JWT_HEADER_MAX: usize = 512;
const JWT_MIN: usize = 16;
const JWT_SAMPLE: usize = 64;
const JWT_MAX: usize = 16 << 10;

fn find_jwt(haystack: &Haystack<'_>, anchor: Range<usize>) -> Option<Match> {
    if !haystack.opens(anchor.start) {
        return None;
    }
    let header = haystack.run_end(anchor.start, JWT_HEADER_MAX, is_base64_url);
    let payload = haystack.starts_with(header, ".eyJ").then_some(header + 1)?;
    let sample = payload..haystack.run_end(payload, JWT_SAMPLE, is_base64_url);
    if header - anchor.start < JWT_MIN
        || sample.len() < JWT_MIN
        || !is_random(haystack.slice(sample), Doubt::Little)
    {
        return None;
    }
    let end = haystack.run_end(payload, JWT_MAX, |b| is_base64_url(b) || b == b'.');
    Some(Match::new(anchor.start..end, 1.0))
}

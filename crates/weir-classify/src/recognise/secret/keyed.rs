use super::token::{is_base64_url, is_random};
use crate::EntityType;
use crate::haystack::Haystack;
use crate::recognise::{Find, Match, RecogniserInfo};
use std::ops::Range;
use weir_label::Category;

const fn secret(
    name: &'static str,
    finds: &'static str,
    validation: &'static str,
    find: Find,
) -> RecogniserInfo {
    RecogniserInfo {
        name,
        entity: EntityType::SECRET,
        category: Category::Credentials,
        finds,
        validation,
        find,
    }
}

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

pub(super) const SLACK_WEBHOOK: RecogniserInfo = secret(
    "slack_webhook",
    "Slack webhook addresses",
    "the path of a webhook with its token",
    Find::Literal(
        &["hooks.slack.com/services/", "hooks.slack.com/workflows/", "hooks.slack.com/triggers/"],
        find_slack_webhook,
    ),
);

pub(super) const AZURE_KEY: RecogniserInfo = secret(
    "azure_key",
    "keys in Azure connection strings",
    "base64 of the key's length after `AccountKey=` or `SharedAccessKey=`",
    Find::Word(&["AccountKey", "SharedAccessKey", "accountKey", "sharedAccessKey"], find_azure_key),
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
    "Discord bot tokens and webhook addresses",
    "three parts of fixed lengths near the word `discord`, or the path of a webhook with its token",
    Find::Word(&["discord", "Discord", "DISCORD"], find_discord),
);

/// How far after its name a value may begin: `AWS_SECRET_ACCESS_KEY (from the console) = "`.
const VALUE_WITHIN: usize = 64;

fn find_aws_secret(haystack: &Haystack<'_>, word: Range<usize>) -> Option<Match> {
    let is_value = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    let value = first_run(haystack, word.end, is_value, |len| len == 40)?;
    is_random(haystack.slice(value.clone())).then(|| Match::new(value, 0.9).with_evidence(&word))
}

fn find_azure_key(haystack: &Haystack<'_>, word: Range<usize>) -> Option<Match> {
    let is_value = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    // 32 or 64 bytes of key, without the padding.
    let value = first_run(haystack, word.end, is_value, |len| matches!(len, 43 | 86))?;
    is_random(haystack.slice(value.clone())).then(|| Match::new(value, 1.0).with_evidence(&word))
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

fn find_slack_webhook(haystack: &Haystack<'_>, anchor: Range<usize>) -> Option<Match> {
    let end = haystack.run_end(anchor.end, 120, |b| b.is_ascii_alphanumeric() || b == b'/');
    let path = haystack.slice(anchor.end..end);
    let parts = path.split(|b| *b == b'/').filter(|part| part.len() >= 8).count();
    ((parts >= 3 || path.len() >= 40) && is_random(path)).then(|| Match::new(anchor.start..end, 1.0))
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
    (fits && opens && is_random(haystack.slice(token..end))).then(|| Match::new(start..end, 1.0))
}

fn find_discord(haystack: &Haystack<'_>, word: Range<usize>) -> Option<Match> {
    let limit = haystack.len().min(word.end + VALUE_WITHIN);
    let value = (word.end..limit)
        .filter(|at| haystack.opens(*at))
        .find_map(|at| discord_token(haystack, at).or_else(|| discord_webhook(haystack, at)))?;
    Some(Match::new(value, 0.9).with_evidence(&word))
}

fn discord_token(haystack: &Haystack<'_>, start: usize) -> Option<Range<usize>> {
    let user = haystack.run_end(start, 30, is_base64_url);
    let time = haystack.run_end(user + 1, 8, is_base64_url);
    let end = haystack.run_end(time + 1, 40, is_base64_url);
    let dots = haystack.byte(user) == Some(b'.') && haystack.byte(time) == Some(b'.');
    let fits = (23..=28).contains(&(user - start)) && time - user == 7 && end - time > 27;
    (dots && fits && is_random(haystack.slice(start..end))).then_some(start..end)
}

fn discord_webhook(haystack: &Haystack<'_>, start: usize) -> Option<Range<usize>> {
    const PATH: &str = "api/webhooks/";
    let id = haystack.starts_with(start, PATH).then_some(start + PATH.len())?;
    let slash = haystack.run_end(id, 24, |b| b.is_ascii_digit());
    let end = haystack.run_end(slash + 1, 100, is_base64_url);
    (slash - id >= 15 && haystack.byte(slash) == Some(b'/') && end - slash > 40).then_some(start..end)
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
    if header - anchor.start < JWT_MIN || sample.len() < JWT_MIN || !is_random(haystack.slice(sample)) {
        return None;
    }
    let end = haystack.run_end(payload, JWT_MAX, |b| is_base64_url(b) || b == b'.');
    Some(Match::new(anchor.start..end, 1.0))
}

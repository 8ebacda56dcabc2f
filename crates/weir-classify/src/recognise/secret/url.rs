//! Addresses that open doors: with a password, a signature or a webhook's path in them.

use super::named::is_password;
use super::placeholder::is_placeholder;
use super::random::{Doubt, is_random};
use super::secret;
use crate::haystack::Haystack;
use crate::recognise::{Find, Match, RecogniserInfo};
use std::ops::Range;

pub(super) const PASSWORD: RecogniserInfo = secret(
    "url_password",
    "passwords in connection strings and URLs of any scheme",
    "`scheme://user:password@host`; not the stock passwords of examples on example hosts",
    Find::Literal(&["://"], find_password),
);

pub(super) const FIELD: RecogniserInfo = secret(
    "password_field",
    "passwords in lines of `.pgpass`, Oracle's thin addresses and codes that share a wireless network",
    "the fields before the password, and a value that looks like one",
    Find::Literal(&[":5432:", ":5433:", ":6432:", ":*:*:", "oracle:thin:", "WIFI:"], find_field),
);

pub(super) const SIGNATURE: RecogniserInfo = secret(
    "signed_url",
    "signatures of presigned URLs: Azure SAS, AWS, Google Cloud, CloudFront",
    "the parameter's name, and base64 or hexadecimal of a signature's length",
    Find::Literal(
        &[
            "?sig=",
            "&sig=",
            ";sig=",
            "X-Amz-Signature=",
            "X-Goog-Signature=",
            "&Signature=",
            "?Signature=",
            "X-Amz-Security-Token=",
        ],
        find_signature,
    ),
);

pub(super) const WEBHOOK: RecogniserInfo = secret(
    "webhook",
    "webhook addresses, with which anybody can post: Slack, Teams, Discord, Google Chat, Zapier, IFTTT and others",
    "the service's host and path, and a token in it",
    Find::Literal(
        &[
            "hooks.slack.com/services/",
            "hooks.slack.com/workflows/",
            "hooks.slack.com/triggers/",
            "webhook.office.com/webhookb2/",
            "outlook.office.com/webhook/",
            "api/webhooks/",
            "chat.googleapis.com/v1/spaces/",
            "hooks.zapier.com/hooks/catch/",
            "maker.ifttt.com/trigger/",
            "hook.eu1.make.com/",
            "hook.us1.make.com/",
            "hook.eu2.make.com/",
            "hook.us2.make.com/",
            "hook.integromat.com/",
            "events.pagerduty.com/integration/",
            "alert.victorops.com/integrations/",
            "open.feishu.cn/open-apis/bot/v2/hook/",
            "oapi.dingtalk.com/robot/send?access_token=",
            "qyapi.weixin.qq.com/cgi-bin/webhook/send?key=",
            "hooks.airtable.com/workflows/",
            "connect.pabbly.com/workflow/sendwebhookdata/",
            "hooks.tray.io/",
            "webhook.site/",
        ],
        find_webhook,
    ),
);

/// Longest name of a user, and longest password.
const USER_MAX: usize = 128;
const PASSWORD_MAX: usize = 256;
const WEBHOOK_MAX: usize = 300;
const SIGNATURE_MAX: usize = 2048;

fn find_password(haystack: &Haystack<'_>, anchor: Range<usize>) -> Option<Match> {
    let user = haystack.run_end(anchor.end, USER_MAX, |b| is_userinfo(b) && b != b':');
    if haystack.byte(user) != Some(b':') {
        return None;
    }
    let start = user + 1;
    let end = password_end(haystack, start)?;
    let password = haystack.slice(start..end);
    let name = haystack.slice(anchor.end..user);
    (name != password && is_url_password(password))
        .then(|| Match::new(anchor.end..end, 0.9).with_evidence(&anchor))
}

/// Where the last `@` before the path stands: a password may hold one itself.
fn password_end(haystack: &Haystack<'_>, start: usize) -> Option<usize> {
    let end = haystack.run_end(start, PASSWORD_MAX, |b| is_userinfo(b) || b == b'@');
    let at = haystack.slice(start..end).iter().rposition(|b| *b == b'@')?;
    (at > 0
        && haystack
            .byte(start + at + 1)
            .is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'[' | b'$' | b'{')))
    .then_some(start + at)
}

fn is_userinfo(b: u8) -> bool {
    b.is_ascii_graphic()
        && !matches!(
            b,
            b'/' | b'@'
                | b'"'
                | b'\''
                | b'`'
                | b'<'
                | b'>'
                | b'{'
                | b'}'
                | b'('
                | b')'
                | b'['
                | b']'
                | b'\\'
                | b'|'
                | b'^'
        )
}

/// What stands before the host is a password whatever it looks like, unless everybody writes it so.
fn is_url_password(password: &[u8]) -> bool {
    is_password(password) || password.len() >= 8 && is_hex_word(password)
}

/// `deadbeef`: eight hexadecimal letters that form no word anybody would take for a placeholder.
fn is_hex_word(password: &[u8]) -> bool {
    password.iter().all(u8::is_ascii_hexdigit) && !is_placeholder(password)
}

fn find_field(haystack: &Haystack<'_>, anchor: Range<usize>) -> Option<Match> {
    let field = |from: usize, end: u8| haystack.run_end(from, USER_MAX, |b| b.is_ascii_graphic() && b != end);
    let rest = match haystack.slice(anchor.clone()) {
        b"oracle:thin:" => field(anchor.end, b'/') + 1..field(anchor.end, b'@'),
        b"WIFI:" => {
            let fields = haystack.slice(anchor.end..haystack.len().min(anchor.end + PASSWORD_MAX));
            let start = anchor.end + memchr::memmem::find(fields, b"P:")? + 2;
            start..field(start, b';')
        }
        b":*:*:" => field(anchor.end, b':') + 1..field(anchor.end, b' '),
        _ => {
            let user = field(anchor.end, b':') + 1;
            field(user, b':') + 1..field(user, b' ')
        }
    };
    let password = haystack.slice(rest.clone());
    is_url_password(password).then(|| Match::new(rest, 0.9).with_evidence(&anchor))
}

fn find_signature(haystack: &Haystack<'_>, anchor: Range<usize>) -> Option<Match> {
    let end = haystack.run_end(anchor.end, SIGNATURE_MAX, |b| {
        b.is_ascii_alphanumeric() || matches!(b, b'%' | b'+' | b'/' | b'=' | b'-' | b'_' | b'~')
    });
    let value = haystack.slice(anchor.end..end.min(anchor.end + 64));
    (end - anchor.end >= 27 && is_random(value, Doubt::Little) && !is_placeholder(value))
        .then(|| Match::new(anchor.end..end, 1.0).with_evidence(&anchor))
}

fn find_webhook(haystack: &Haystack<'_>, anchor: Range<usize>) -> Option<Match> {
    let end = haystack.run_end(anchor.end, WEBHOOK_MAX, |b| {
        b.is_ascii_alphanumeric()
            || matches!(b, b'/' | b'-' | b'_' | b'@' | b'?' | b'=' | b'&' | b'.' | b'%' | b'~')
    });
    let path = haystack.slice(anchor.end..end);
    let is_secret = path.len() >= 14
        && !is_placeholder(path)
        && path
            .split(|b| !b.is_ascii_alphanumeric())
            .any(|part| part.len() >= 7 && is_random(part, Doubt::Little) || part.len() >= 18);
    (is_secret && is_random(path, Doubt::Little)).then(|| Match::new(anchor.start..end, 1.0))
}

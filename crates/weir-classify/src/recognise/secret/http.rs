//! Credentials on the command line of HTTP clients, and in headers.

use super::named::is_password;
use super::placeholder::is_placeholder;
use super::random::{Doubt, is_random};
use super::secret;
use crate::haystack::Haystack;
use crate::recognise::{Find, Match, RecogniserInfo};
use std::ops::Range;

pub(super) const CURL_USER: RecogniserInfo = secret(
    "curl_user",
    "users and passwords given to curl",
    "`-u` or `--user` in a curl command, and two parts with a colon that are no placeholders",
    Find::Literal(&[" -u", "--user", "--proxy-user"], find_curl_user),
);

pub(super) const BEARER: RecogniserInfo = secret(
    "bearer_token",
    "bearer tokens in headers and in prose",
    "16 or more characters after `Bearer` that look random",
    Find::Literal(&["Bearer ", "bearer ", "BEARER "], find_bearer),
);

pub(super) const COOKIE: RecogniserInfo = secret(
    "session_cookie",
    "session cookies",
    "the name that a framework gives its cookie, and a value that looks random",
    Find::Literal(
        &[
            "PHPSESSID=",
            "JSESSIONID=",
            "ASPSESSIONID",
            "ASP.NET_SessionId=",
            ".AspNetCore.Cookies=",
            "connect.sid=",
            "laravel_session=",
            "sessionid=",
            "session_id=",
            "_session=",
            "session=",
            "sid=",
            "remember_token=",
            "wordpress_logged_in_",
            "SSESS",
            "csrftoken=",
            "auth_session=",
            "next-auth.session-token=",
            "authjs.session-token=",
            "li_at=",
            "SAPISID=",
            "__Secure-1PSID=",
            "cf_clearance=",
        ],
        find_cookie,
    ),
);

/// How far before its option the command stands: headers and data may come first.
const COMMAND_WITHIN: usize = 400;
const VALUE_MAX: usize = 256;
/// How far before a cookie its header begins.
const COOKIES_WITHIN: usize = 256;

fn find_curl_user(haystack: &Haystack<'_>, option: Range<usize>) -> Option<Match> {
    let opens = haystack.starts_with(option.start, " ")
        || haystack.before(option.start).is_none_or(|b| b.is_ascii_whitespace());
    let start = haystack.run_end(option.end, 4, |b| matches!(b, b' ' | b'=' | b'"' | b'\'' | b'\\' | b'{'));
    if !opens {
        return None;
    }
    let colon = haystack.run_end(start, VALUE_MAX, |b| is_value(b) && b != b':');
    let end = haystack.run_end(colon, VALUE_MAX, |b| is_value(b) || matches!(b, b'"' | b'\''));
    let password = haystack.slice(colon..end);
    let password =
        password.split_first().filter(|(b, _)| **b == b':' || **b == b'"').map(|(_, password)| password)?;
    let user = haystack.slice(start..colon);
    let is_secret = [user, trim(password)].into_iter().any(is_password)
        && !is_placeholder(trim(password))
        && user != trim(password);
    (is_secret && is_command(haystack, option.start, b"curl", COMMAND_WITHIN))
        .then(|| Match::new(start..end, 0.9).with_evidence(&option))
}

/// Without the quotes and braces around it.
fn trim(value: &[u8]) -> &[u8] {
    let is_around = |b: &u8| matches!(b, b'"' | b'\'' | b':' | b'{' | b'}');
    let start = value.iter().take_while(|b| is_around(b)).count();
    let rest = value.get(start..).unwrap_or_default();
    let end = rest.len() - rest.iter().rev().take_while(|b| is_around(b)).count();
    rest.get(..end).unwrap_or_default()
}

fn is_value(b: u8) -> bool {
    b.is_ascii_graphic() && !matches!(b, b'"' | b'\'' | b'`' | b'\\' | b'<' | b'>' | b'(' | b')')
}

fn is_command(haystack: &Haystack<'_>, at: usize, command: &[u8], within: usize) -> bool {
    let before = haystack.slice(at.saturating_sub(within)..at);
    before.windows(command.len()).any(|word| word.eq_ignore_ascii_case(command))
}

fn find_bearer(haystack: &Haystack<'_>, word: Range<usize>) -> Option<Match> {
    let end = haystack.run_end(word.end, 2048, |b| {
        b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~' | b'+' | b'/' | b'=')
    });
    let value = haystack.slice(word.end..end.min(word.end + 64));
    (value.len() >= 16 && is_random(value, Doubt::Little) && !is_placeholder(value))
        .then(|| Match::new(word.end..end, 0.9).with_evidence(&word))
}

fn find_cookie(haystack: &Haystack<'_>, name: Range<usize>) -> Option<Match> {
    let equals =
        haystack.run_end(name.end - 1, 64, |b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'));
    let start = if haystack.byte(equals) == Some(b'=') { equals + 1 } else { return None };
    let end = haystack.run_end(start, 1024, |b| {
        b.is_ascii_alphanumeric()
            || matches!(b, b'-' | b'_' | b'.' | b'%' | b'+' | b'/' | b'=' | b'~' | b'|' | b':')
    });
    let value = haystack.slice(start..end.min(start + 64));
    let is_secret = value.len() >= 16 && is_random(value, Doubt::Little) && !is_placeholder(value);
    (is_secret && is_command(haystack, name.start, b"cookie", COOKIES_WITHIN))
        .then(|| Match::new(start..end, 0.8).with_evidence(&name))
}

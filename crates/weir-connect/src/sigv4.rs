//! AWS Signature Version 4.
//!
//! Pure: the time is an argument. Source: AWS General Reference, "Create a signed AWS API request".

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::fmt::{self, Write as _};
use std::time::{SystemTime, UNIX_EPOCH};
use zeroize::Zeroizing;

/// Keys of an AWS account, with what they sign for.
///
/// `Debug` does not show them, and their memory is overwritten when the last copy is dropped.
#[derive(Clone)]
pub struct AwsKeys {
    access_key_id: String,
    secret_access_key: Zeroizing<String>,
    session_token: Option<Zeroizing<String>>,
    region: String,
    service: String,
}

impl fmt::Debug for AwsKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsKeys").field("region", &self.region).finish_non_exhaustive()
    }
}

/// Why keys cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AwsKeysError {
    /// A part is empty, or holds what a header cannot carry.
    #[error("the {0} is empty or holds characters that a header cannot carry")]
    Part(&'static str),
}

impl AwsKeys {
    /// Keys for `service` in `region`, such as `bedrock` in `eu-central-1`.
    ///
    /// # Errors
    /// [`AwsKeysError::Part`] names the part that cannot be used.
    pub fn new(
        access_key_id: &str,
        secret_access_key: Zeroizing<String>,
        session_token: Option<Zeroizing<String>>,
        region: &str,
        service: &str,
    ) -> Result<Self, AwsKeysError> {
        let checked = |name, text: &str| {
            let is_good = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
            if is_good { Ok(()) } else { Err(AwsKeysError::Part(name)) }
        };
        checked("access key id", access_key_id)?;
        checked("secret access key", &secret_access_key)?;
        checked("session token", session_token.as_deref().map_or("-", |token| token))?;
        checked("region", region)?;
        checked("service", service)?;
        let [access_key_id, region, service] = [access_key_id, region, service].map(str::to_owned);
        Ok(Self { access_key_id, secret_access_key, session_token, region, service })
    }

    pub(crate) fn session_token(&self) -> Option<&str> {
        self.session_token.as_deref().map(String::as_str)
    }
}

/// A request that is to be signed.
pub(crate) struct Unsigned<'a> {
    pub(crate) method: &'a str,
    /// As in the request line: percent-encoded once.
    pub(crate) path: &'a str,
    /// As in the request line, without `?`.
    pub(crate) query: &'a str,
    /// Names in lower case, each once, but for those of the date and the token.
    pub(crate) headers: Vec<(&'a str, &'a str)>,
    pub(crate) body: &'a [u8],
}

/// What signing adds to the headers.
pub(crate) struct Signature {
    pub(crate) authorization: String,
    /// `x-amz-date`.
    pub(crate) date: String,
}

/// Signs a request.
pub(crate) fn sign(keys: &AwsKeys, unsigned: &Unsigned<'_>, at: SystemTime) -> Signature {
    let date = timestamp(at);
    let day = date.get(..8).unwrap_or_default();
    let scope = format!("{day}/{}/{}/aws4_request", keys.region, keys.service);
    let mut headers = unsigned.headers.clone();
    headers.push(("x-amz-date", &date));
    headers.extend(keys.session_token().map(|token| ("x-amz-security-token", token)));
    headers.sort_unstable();
    let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
    let names = names.join(";");
    let canonical = canonical(unsigned, &headers, &names);
    let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
    let signature = hex(&*hmac(&*signing_key(keys, day), &to_sign));
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
        keys.access_key_id
    );
    Signature { authorization, date }
}

fn canonical(unsigned: &Unsigned<'_>, headers: &[(&str, &str)], names: &str) -> String {
    let mut out = format!("{}\n{}\n{}\n", unsigned.method, encoded(unsigned.path), sorted(unsigned.query));
    for (name, value) in headers {
        out.push_str(name);
        out.push(':');
        let words: Vec<&str> = value.split_whitespace().collect();
        out.push_str(&words.join(" "));
        out.push('\n');
    }
    out.push('\n');
    out.push_str(names);
    out.push('\n');
    out.push_str(&hex(&Sha256::digest(unsigned.body)));
    out
}

/// The path once more percent-encoded, as all services but S3 want it.
fn encoded(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn sorted(query: &str) -> String {
    let mut pairs: Vec<(&str, &str)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|p| p.split_once('=').unwrap_or((p, "")))
        .collect();
    pairs.sort_unstable();
    let pairs: Vec<String> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

fn signing_key(keys: &AwsKeys, day: &str) -> Zeroizing<[u8; 32]> {
    let start = Zeroizing::new(["AWS4", &keys.secret_access_key].concat());
    let mut key = hmac(start.as_bytes(), day);
    for part in [&keys.region, &keys.service, "aws4_request"] {
        key = hmac(&*key, part);
    }
    key
}

fn hmac(key: &[u8], text: &str) -> Zeroizing<[u8; 32]> {
    #[expect(clippy::expect_used, reason = "an HMAC takes a key of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length");
    mac.update(text.as_bytes());
    Zeroizing::new(mac.finalize().into_bytes().into())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        // Writing to a `String` cannot fail.
        let _written = write!(out, "{byte:02x}");
        out
    })
}

/// Such as `20150830T123600Z`. Source for the calendar: Howard Hinnant, "chrono-Compatible Low-Level Date
/// Algorithms", `civil_from_days`.
fn timestamp(at: SystemTime) -> String {
    let seconds = at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (days, rest) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// 2015-08-30T12:36:00Z, the suite's.
    fn then() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_440_938_160)
    }

    fn keys(session_token: Option<&str>) -> AwsKeys {
        let secret = Zeroizing::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned());
        let token = session_token.map(|token| Zeroizing::new(token.to_owned()));
        AwsKeys::new("AKIDEXAMPLE", secret, token, "us-east-1", "service").unwrap()
    }

    fn signature(
        method: &str,
        target: &str,
        header: Option<(&str, &str)>,
        body: &str,
        token: Option<&str>,
    ) -> (String, String) {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut headers = vec![("host", "example.amazonaws.com")];
        headers.extend(header);
        let unsigned = Unsigned { method, path, query, headers, body: body.as_bytes() };
        let authorization = sign(&keys(token), &unsigned, then()).authorization;
        let prefix =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=";
        let (names, signature) =
            authorization.strip_prefix(prefix).unwrap().split_once(", Signature=").unwrap();
        (names.to_owned(), signature.to_owned())
    }

    /// Source: AWS's published test suite for Signature Version 4 (`aws-sig-v4-test-suite`), the cases
    /// `get-vanilla`, `get-unreserved`, `get-vanilla-query-order-key-case`, `get-vanilla-query-order-value`,
    /// `get-vanilla-utf8-query`, `get-header-value-trim` (its second header), `post-x-www-form-urlencoded`,
    /// `post-sts-header-before`.
    #[test]
    fn signatures_are_those_of_awss_test_suite() {
        let cases = [
            ("GET", "/", None, "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            (
                "GET",
                "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
                None,
                "",
                "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
            ),
            (
                "GET",
                "/?Param2=value2&Param1=value1",
                None,
                "",
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            ),
            (
                "GET",
                "/?Param1=value2&Param1=value1",
                None,
                "",
                "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694",
            ),
            (
                "GET",
                "/?%E1%88%B4=bar",
                None,
                "",
                "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04",
            ),
            (
                "POST",
                "/",
                Some(("content-type", "application/x-www-form-urlencoded")),
                "Param1=value1",
                "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
            ),
        ];
        for (method, target, header, body, expected) in cases {
            assert_eq!(signature(method, target, header, body, None).1, expected, "{method} {target}");
        }
    }

    #[test]
    fn several_headers_are_signed_with_their_spaces_trimmed() {
        let unsigned = Unsigned {
            method: "GET",
            path: "/",
            query: "",
            headers: vec![
                ("host", "example.amazonaws.com"),
                ("my-header1", " value1"),
                ("my-header2", "\"a   b   c\""),
            ],
            body: b"",
        };
        let authorization = sign(&keys(None), &unsigned, then()).authorization;
        assert!(authorization.contains("SignedHeaders=host;my-header1;my-header2;x-amz-date,"));
        assert!(authorization.ends_with("acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"));
    }

    #[test]
    fn a_session_token_is_signed() {
        let token = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";
        let (names, signature) = signature("GET", "/", None, "", Some(token));
        assert_eq!(names, "host;x-amz-date;x-amz-security-token");
        assert_eq!(signature, "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8");
    }

    /// Against botocore, whose signer is AWS's own: a model's name with an escaped colon.
    #[test]
    fn an_escape_in_the_path_is_escaped_again() {
        assert_eq!(encoded("/model/a.b-v1%3A0/converse"), "/model/a.b-v1%253A0/converse");
    }

    #[test]
    fn times_are_written_as_the_calendar_has_them() {
        let at = |seconds| timestamp(UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(0), "19700101T000000Z");
        assert_eq!(at(951_782_399), "20000228T235959Z");
        assert_eq!(at(951_782_400), "20000229T000000Z");
        assert_eq!(at(1_767_225_599), "20251231T235959Z");
    }

    #[test]
    fn keys_that_no_header_carries_are_refused_and_no_secret_is_shown() {
        let bad = AwsKeys::new("a b", Zeroizing::new("s".to_owned()), None, "r", "b");
        assert_eq!(bad.unwrap_err(), AwsKeysError::Part("access key id"));
        let good = AwsKeys::new("a", Zeroizing::new("s=1".to_owned()), None, "r", "b").unwrap();
        assert!(!format!("{good:?}").contains("s=1"));
    }
}

//! Linear time: the bytes that recognisers look at grow with the text and no faster.

use crate::haystack::work;
use crate::{Engine, Segment, Settings};

/// Bytes looked at for each byte of text, at most: looking for context words around every number is what
/// costs most.
const PER_BYTE_MAX: usize = 300;

#[test]
fn adversarial_text_takes_linear_work() {
    let engine = Engine::new(Settings::default()).unwrap();
    for unit in [
        "1",
        "1 ",
        "12 345 678 901 ",
        "@",
        "a@",
        "a@a.",
        "a.a@a.a.",
        ".",
        ":",
        "::",
        "a:",
        "1.1.1.1.",
        "DE89",
        "DE89 ",
        "D E 8 9 ",
        "sk-",
        "sk-ant-",
        "SK",
        "eyJ",
        "-eyJ",
        "eyJhbGciOiJIUzI1NiIsIn.",
        "eyJ.eyJ",
        "-----BEGIN ",
        "-----BEGIN PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----AbCdEfGh",
        "Private-Lines: ",
        "aws_secret_access_key",
        "discord",
        "discord.",
        ":AA",
        "1:AA",
        "hooks.slack.com/services/",
        "AccountKey=",
        "+49",
        "+49 ",
        "00",
        "0049 30 ",
        "phone ",
        "123456789 ",
        "123-45-6789-",
        "xoxb-",
        "ya29.",
        "call ",
        "call 1234567 ",
        "my number 1234567 ",
        "hiv ",
        "my hiv ",
        "Mr. hiv. ",
        "born ",
        "born 1 ",
        "geboren 1.1.",
        "policy number ",
        "policy number 1-",
        "00:",
        "00-00-",
        "aabb.",
        "0xa",
        "bc1q",
        "12345 A",
        "straße 1 12345 A",
        "A1 1AA ",
        "*1.1.1900",
        "\"a\"@",
        "a=b/c@",
        "key=",
        "token: ",
        "password=\"a1",
        "secret='x9 ",
        "api_key=api_key=",
        "auth(",
        "TOKEN\n",
        "://",
        "://a:",
        "://a:b@",
        "curl -u a:1",
        "-u ",
        "Bearer ",
        "Cookie: sid=",
        "kind: Secret",
        "kind: Secret data:\n",
        "\"kty\"",
        "\"kty\"\"d\":\"",
        "$6$",
        "$6$a$",
        "seed phrase ",
        "seed phrase lamp ",
        "the password is ",
        "PIN is ",
        "?sig=",
        "hooks.slack.com/services/T1/",
        "a_live_",
        "_test_",
        "b3BlbnNzaC1rZXktdjEA",
        "AKIA",
        "datadog=",
        "8Q~",
    ] {
        let [small, large] = [1 << 12, 1 << 14].map(|bytes: usize| {
            let text = unit.repeat(bytes / unit.len());
            work::taken();
            let _ = engine.inspect(&[Segment::text(&text)]);
            work::taken()
        });
        assert!(large <= small * 5, "`{unit}` takes {small} and {large}");
        assert!(large <= PER_BYTE_MAX << 14, "`{unit}` takes {} for each byte", large >> 14);
    }
}

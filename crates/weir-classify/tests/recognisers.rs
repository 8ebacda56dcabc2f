//! Each recogniser: what it finds, what it must not, and what does not hide from it.

mod common;

use common::{ALPHANUMERIC, HEX, body, finds, finds_nothing, inspect};
use weir_classify::Engine;

#[test]
fn email_addresses_are_found() {
    for address in [
        "jo.doe+news@example.com",
        "o'neil@mail.example.co.uk",
        "JO@EXAMPLE.ORG",
        "müller@bücher.example",
        "почта@пример.рф",
        "jo@xn--bcher-kva.xn--p1ai",
        "a@b.berlin",
    ] {
        finds("EMAIL_ADDRESS", address, &format!("write to {address}, please"));
        finds("EMAIL_ADDRESS", address, &format!("<{address}>."));
    }
}

#[test]
fn what_only_looks_like_an_email_address_is_not_one() {
    for text in [
        "user@localhost",
        "git@github.com:owner/name.git",
        "@app.route('/')",
        "lodash@4.17.21",
        "q@k.transpose(0, 1)",
        "uses: actions/checkout@v4.2",
        "a@b.zz",
        "a@-b.com.",
        "user@",
        "@example.com",
        "jo@@example.com",
        "jo@example..com",
    ] {
        finds_nothing(text);
    }
}

#[test]
fn international_phone_numbers_are_found() {
    for number in [
        "+49 30 901820",
        "+4930901820",
        "+49 (0)30 901820",
        "+1 (415) 555-0132",
        "+1-415-555-0132",
        "+44 20 7946 0958",
        "+33 1 99 00 12 34",
        "+971 4 330 1234",
        "0049 30 901820",
        "011 44 20 7946 0958",
    ] {
        finds("PHONE_NUMBER", number, &format!("my number: {number}."));
    }
    finds("PHONE_NUMBER", "+4930901820", "tel:+4930901820");
}

#[test]
fn national_phone_numbers_need_a_context_word() {
    finds("PHONE_NUMBER", "030 901820", "Telefon: 030 901820");
    finds("PHONE_NUMBER", "01 99 00 12 34", "mon portable est le 01 99 00 12 34");
    finds("PHONE_NUMBER", "(020) 7946 0958", "you can call (020) 7946 0958");
    finds("PHONE_NUMBER", "4155550132", "userPhone=4155550132");
    finds("PHONE_NUMBER", "(415) 555-0132", "Jo, (415) 555-0132, San Francisco");
    finds_nothing("ticket 030 901820");
    finds_nothing("the call returned 4155550132");
}

#[test]
fn numbers_that_no_country_dials_are_no_phone_numbers() {
    for text in [
        "+999 30 901820",
        "+49 1",
        "+1 115 555 0132",
        "1+4930901820",
        "2024-01-01T00:00:00+0100",
        "phone 2026-11-24",
    ] {
        finds_nothing(text);
    }
}

#[test]
fn the_test_numbers_of_all_schemes_are_found() {
    for number in [
        "4111111111111111",
        "4012 8888 8888 1881",
        "5555-5555-5555-4444",
        "2223003122003222",
        "378282246310005",
        "3782 822463 10005",
        "6011111111111117",
        "3056 930902 5904",
        "36227206271667",
        "3530111333300000",
        "6200000000000005",
        "6304000000000000",
        "2200 0000 0000 0004",
    ] {
        finds("CREDIT_CARD", number, &format!("paid with {number} today"));
    }
    finds("CREDIT_CARD", "501800000009", "maestro card 501800000009");
    finds("CREDIT_CARD", "9112123456789011", "paid with 9112123456789011 today");
    finds("CREDIT_CARD", "7321123456789012", "card number: 7321123456789012");
}

#[test]
fn what_only_looks_like_a_card_is_not_one() {
    for text in [
        "4111111111111112",
        "9111111111111119",
        "501800000009",
        "41111111111111110000",
        "x4111111111111111",
        "4.111111111111111",
        "0.4111111111111111",
        "550e8400-e29b-41d4-a716-446655440000",
        "1764000000000",
        "978-3-16-148410-0",
        "4006381333931",
        "deadbeef4111111111111111",
        "order 2024 1115 0932 7781",
    ] {
        finds_nothing(text);
    }
}

#[test]
fn ibans_are_found() {
    for iban in [
        "DE89370400440532013000",
        "DE89 3704 0044 0532 0130 00",
        "de89 3704 0044 0532 0130 00",
        "GB29 NWBK 6016 1331 9268 19",
        "FR14 2004 1010 0505 0001 3M02 606",
        "NO93 8601 1117 947",
        "MT84MALT011000012345MTLCAST001S",
        "AE07 0331 2345 6789 0123 456",
        "TR33 0006 1005 1978 6457 8413 26",
        "D E 8 9 3 7 0 4 0 0 4 4 0 5 3 2 0 1 3 0 0 0",
    ] {
        finds("IBAN_CODE", iban, &format!("transfer to {iban}, please"));
    }
}

#[test]
fn what_only_looks_like_an_iban_is_not_one() {
    for text in [
        "DE88370400440532013000",
        "DE8937040044053201300",
        "ZZ89370400440532013000",
        "XDE89370400440532013000",
        "GB29 1234 6016 1331 9268 19",
        "it is 20 past ten, be 10 minutes early",
    ] {
        finds_nothing(text);
    }
}

#[test]
fn ip_addresses_are_found() {
    for address in [
        "203.0.113.7",
        "10.0.0.1",
        "192.168.1.20",
        "2001:db8::8a2e:370:7334",
        "fe80::1ff:fe23:4567:890a",
        "fd12::1",
    ] {
        finds("IP_ADDRESS", address, &format!("ssh to {address}, then"));
    }
    finds("IP_ADDRESS", "192.168.7.9", "reach it at 192.168.7.9.4");
    finds("IP_ADDRESS", "172.20.1.1", "172.20.1.1.1");
    finds_nothing("10.0.19.41.2 is a version, 1.3.132.0.34 an object identifier, 192.168.1.1.3.4 neither");
    finds("IP_ADDRESS", "203.0.113.7", "https://203.0.113.7/index.html");
    finds("IP_ADDRESS", "8.8.8.8", "dns server 8.8.8.8");
}

#[test]
fn what_names_no_host_is_no_ip_address() {
    for text in [
        "127.0.0.1",
        "0.0.0.0",
        "255.255.255.0",
        "::1",
        "ff02::1",
        "v203.0.113.7",
        "version 203.0.113.7",
        "Server/203.0.113.7",
        "1.2.3.4",
        "1.3.6.1.4.1.311",
        "203.0.113.256",
        "203.0.113.07",
        "\n34.1.1.2. Connection URIs",
        "std::fmt::Write",
        "a::b",
        "12:30:45",
        "dead::beef",
    ] {
        finds_nothing(text);
    }
}

#[test]
fn us_social_security_numbers_are_found() {
    finds("US_SSN", "536-90-4399", "Jo Doe, 536-90-4399");
    finds("US_SSN", "536904399", "SSN 536904399");
    finds("US_SSN", "536 90 4399", "her social security number is 536 90 4399");
    for text in [
        "000-90-4399",
        "666-90-4399",
        "900-40-4399",
        "536-00-4399",
        "536-90-0000",
        "order 536904399",
        "version 1.536.90.4399",
    ] {
        finds_nothing(text);
    }
}

#[test]
fn nhs_numbers_are_found() {
    finds("UK_NHS", "943 476 5919", "seen today: 943 476 5919");
    finds("UK_NHS", "9434765919", "NHS number 9434765919");
    finds("UK_NHS", "401.023.2137", "patient 401.023.2137");
    // A label makes a typing error no less personal.
    finds("UK_NHS", "9434765918", "NHS number 9434765918");
    for text in ["943 476 5918", "order 9434765919", "the NHS, order 9434765918", "NHS 1111111111"] {
        finds_nothing(text);
    }
}

#[test]
fn german_tax_ids_are_found() {
    finds("DE_TAX_ID", "86 095 742 719", "86 095 742 719");
    finds("DE_TAX_ID", "86095742719", "Steuer-ID: 86095742719");
    finds("DE_TAX_ID", "65929970489", "IdNr 65929970489");
    finds("DE_TAX_ID", "86095742718", "Steuer-ID 86095742718");
    for text in ["86 095 742 718", "order 86095742719", "Steuer, order 86095742718"] {
        finds_nothing(text);
    }
}

#[test]
fn private_keys_are_found() {
    let base64 = body(ALPHANUMERIC, 64);
    for kind in
        ["RSA PRIVATE KEY", "PRIVATE KEY", "OPENSSH PRIVATE KEY", "EC PRIVATE KEY", "PGP PRIVATE KEY BLOCK"]
    {
        let key = format!("-----BEGIN {kind}-----\n{base64}\n{base64}\n-----END {kind}-----");
        finds("SECRET", &key, &format!("here:\n{key}\n"));
    }
    let escaped =
        format!(r#"{{"k":"-----BEGIN PRIVATE KEY-----\\n{base64}\\n-----END PRIVATE KEY-----\\n"}}"#);
    assert_eq!(inspect(&escaped).findings.len(), 1);
    let encrypted = format!("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n{base64}\n");
    assert_eq!(inspect(&encrypted).findings.len(), 1);
    let putty = format!("PuTTY-User-Key-File-2: ssh-rsa\nPrivate-Lines: 1\n{base64}\n");
    assert_eq!(inspect(&putty).findings.len(), 1);
}

#[test]
fn what_is_no_private_key_is_not_found() {
    let base64 = body(ALPHANUMERIC, 64);
    finds_nothing("if (!text.includes('-----BEGIN RSA PRIVATE KEY-----')) throw");
    finds_nothing("-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----");
    finds_nothing(&format!("-----BEGIN PRIVATE KEY-----\n-----BEGIN CERTIFICATE-----\n{base64}"));
    finds_nothing(&format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----"));
}

/// Prefix, alphabet and length of a body, and whether a shorter one is none.
const KEYS: &[(&str, &str, usize)] = &[
    ("sk-", ALPHANUMERIC, 48),
    ("sk-proj-", ALPHANUMERIC, 120),
    ("sk-ant-api03-", ALPHANUMERIC, 93),
    ("wk_live_", ALPHANUMERIC, 43),
    ("wk_test_", ALPHANUMERIC, 43),
    ("AKIA", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16),
    ("ASIA", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16),
    ("ghp_", ALPHANUMERIC, 36),
    ("gho_", ALPHANUMERIC, 36),
    ("ghu_", ALPHANUMERIC, 36),
    ("ghs_", ALPHANUMERIC, 36),
    ("ghr_", ALPHANUMERIC, 36),
    ("github_pat_", ALPHANUMERIC, 82),
    ("glpat-", ALPHANUMERIC, 20),
    ("AIza", ALPHANUMERIC, 35),
    ("GOCSPX-", ALPHANUMERIC, 28),
    ("ya29.", ALPHANUMERIC, 120),
    ("xoxb-123456789012-123456789012-", ALPHANUMERIC, 24),
    ("sk_live_", ALPHANUMERIC, 24),
    ("rk_live_", ALPHANUMERIC, 24),
    ("SK", HEX, 32),
    ("AC", HEX, 32),
    ("key-", HEX, 32),
    ("npm_", ALPHANUMERIC, 36),
    ("pypi-AgEIcHlwaS5vcmc", ALPHANUMERIC, 80),
    ("hf_", "aBcDeFgHiJkLmNoPqRsTuVwXyZ", 34),
    ("shpat_", HEX, 32),
    ("dop_v1_", HEX, 64),
    ("dapi", HEX, 32),
    ("gsk_", ALPHANUMERIC, 52),
    ("xai-", ALPHANUMERIC, 80),
    ("hvs.", ALPHANUMERIC, 90),
    ("glsa_", ALPHANUMERIC, 41),
];

#[test]
fn keys_of_providers_are_found_and_their_placeholders_are_not() {
    for (prefix, alphabet, len) in KEYS {
        let key = format!("{prefix}{}", body(alphabet, *len));
        finds("SECRET", &key, &format!("export KEY={key}\n"));
        finds("SECRET", &key, &format!("(\"{key}\")"));
        finds_nothing(&format!("export KEY={prefix}{}\n", "x".repeat(*len)));
        finds_nothing(&format!("export KEY={prefix}...\n"));
        finds_nothing(&format!("export NAME=my{prefix}\n"));
    }
}

#[test]
fn keys_of_a_fixed_length_are_found_at_that_length_only() {
    for (prefix, alphabet, len) in
        KEYS.iter().filter(|(prefix, ..)| ["AKIA", "AIza", "npm_", "gsk_"].contains(prefix))
    {
        finds_nothing(&format!("{prefix}{}", body(alphabet, len - 1)));
        finds_nothing(&format!("{prefix}{}", body(alphabet, len + 1)));
    }
}

#[test]
fn secrets_of_several_parts_are_found() {
    let part = |len| body(ALPHANUMERIC, len);
    let jwt = format!("eyJ{}.eyJ{}.{}", part(30), part(60), part(43));
    finds("SECRET", &jwt, &format!("authorization: Bearer {jwt}\n"));
    let sendgrid = format!("SG.{}.{}", part(22), part(43));
    finds("SECRET", &sendgrid, &format!("key {sendgrid}\n"));
    let telegram = format!("1234567890:AA{}", part(33));
    finds("SECRET", &telegram, &format!("https://api.telegram.org/bot{telegram}/getMe"));
    let discord = format!("MT{}.{}.{}", part(24), part(6), part(38));
    finds("SECRET", &discord, &format!("DISCORD_TOKEN={discord}\n"));
    finds("SECRET", &part(40), &format!("aws_secret_access_key = {}\n", part(40)));
    finds("SECRET", &format!("{}==", part(86)), &format!("AccountName=a;AccountKey={}==;", part(86)));
    let slack = format!("hooks.slack.com/services/T{0}/B{0}/{1}", part(8), part(24));
    finds("SECRET", &slack, &format!("https://{slack}"));
}

#[test]
fn parts_of_secrets_are_no_secrets() {
    let part = |len| body(ALPHANUMERIC, len);
    finds_nothing(&format!("eyJ{}", part(60)));
    finds_nothing(&format!("commit {}", part(40)));
    finds_nothing(&format!("12345:AA{}", part(33)));
    finds_nothing(&format!("MT{}.{}.{}", part(24), part(6), part(38)));
}

#[test]
fn everyday_technical_text_is_clean() {
    for text in [
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "commit 3f785a1c4e2d9b6f8a0c1d2e3f4a5b6c7d8e9f01",
        "550e8400-e29b-41d4-a716-446655440000",
        "2026-11-24T15:16:17.123456Z level=info took=0.004217s id=1764000000123456",
        "ISBN 978-3-16-148410-0, ISSN 2049-3630, EAN 4006381333931",
        "00000010  7f 45 4c 46 02 01 01 00  00 00 00 00 00 00 00 00",
        "[[0.123456789012345, -4.532015112830366], [5.105105105105100, 6.011000990139424]]",
        "serde = { version = \"1.0.219\", features = [\"derive\"] } # version 1.0.219.4",
        "order 1234567890, invoice 2024-000123, room 12-34-56, 1/2/2024",
        "for i in 0..100 { x[i] = y[i] * 1_000_000; } // TODO 12 345 678",
        "\"integrity\": \"sha512-AbCdEfGhIjKlMnOpQrStUvWxYz0123456789AbCdEfGhIjKlMnOpQrStUvWxYz==\"",
        "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20",
    ] {
        finds_nothing(text);
    }
}

#[test]
fn the_table_can_be_read_by_people() {
    let rows = Engine::recognisers();
    for row in rows {
        assert!(row.finds.len() > 6 && row.validation.len() > 6, "{}", row.name);
        assert_eq!(rows.iter().filter(|other| other.name == row.name).count(), 1, "{}", row.name);
    }
}

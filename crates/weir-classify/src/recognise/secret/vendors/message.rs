//! Keys of messaging and e-mail services. Source: each vendor's documentation of its keys.

use super::super::token::Alphabet::{Alphanumeric, Base64Url, Hex, Printable};
use super::super::token::{Format, format};

pub(super) const FINDS: &str = "keys and tokens of messaging and e-mail services: Beamer, Brevo, Courier, Intercom, Klaviyo, Knock, MailerSend, Mailgun, Mandrill, Nylas, OneSignal, Resend, SendGrid, Slack, Telnyx, Twilio";

pub(super) const FORMATS: &[Format] = &[
    format("Beamer", &["b_"], Printable, 44, 44),
    format("Brevo", &["xkeysib-", "xsmtpsib-"], Base64Url, 64, 90),
    format("Courier", &["pk_prod_", "pk_test_"], Alphanumeric, 26, 32),
    format("Intercom", &["dG9r"], Printable, 54, 64),
    format("Klaviyo", &["pk_"], Hex, 34, 34),
    format("Knock", &["sk_"], Base64Url, 43, 43),
    format("MailerSend", &["mlsn."], Hex, 64, 64),
    format("Mailgun", &["key-", "pubkey-"], Hex, 32, 32),
    format("Mandrill", &["md-"], Base64Url, 22, 22),
    format("Nylas", &["nyk_v0_"], Alphanumeric, 60, 68),
    format("OneSignal", &["os_v2_app_", "os_v2_org_"], Alphanumeric, 60, 120),
    format("Resend", &["re_"], Base64Url, 24, 40),
    format("SendGrid", &["SG."], Printable, 66, 66),
    format(
        "Slack",
        &[
            "xoxb-",
            "xoxp-",
            "xoxa-",
            "xoxr-",
            "xoxs-",
            "xoxe-",
            "xoxo-",
            "xoxc-",
            "xoxd-",
            "xapp-",
            "xoxe.xoxb-",
            "xoxe.xoxp-",
            "xwfp-",
        ],
        Base64Url,
        10,
        260,
    ),
    format("Telnyx", &["KEY0"], Base64Url, 40, 60),
    format("Twilio", &["SK", "AC"], Hex, 32, 32),
];

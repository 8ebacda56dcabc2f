//! Evasions: each way of hiding an identifier, over identifiers of each kind; and clean texts in the same disguise.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod common;

use common::{ALPHANUMERIC, body};
use std::fmt::Write as _;
use weir_classify::{Engine, Segment, Settings, TermList};
use weir_label::Level;

fn engine() -> Engine {
    let terms = vec![TermList::new("codenames", &["Nightjar"])];
    Engine::new(Settings { terms, ..Settings::default() }).unwrap()
}

/// An identifier of each kind, with the label before it.
fn items() -> [(&'static str, &'static str, String); 7] {
    [
        ("IBAN_CODE", "The IBAN is ", "DE89370400440532013000".to_owned()),
        ("EMAIL_ADDRESS", "My e-mail is ", "jo.doe@example.com".to_owned()),
        ("CREDIT_CARD", "The card number is ", "4111111111111111".to_owned()),
        ("US_SSN", "The SSN is ", "536904399".to_owned()),
        ("PHONE_NUMBER", "The phone number is ", "030901820".to_owned()),
        ("TERM", "The project is ", "Nightjar".to_owned()),
        ("SECRET", "The key is ", format!("hf_{}", body(ALPHANUMERIC, 34))),
    ]
}

type Transform = (&'static str, fn(&str) -> String);

fn each(text: &str, disguise: impl Fn(u8) -> String) -> String {
    text.bytes().map(disguise).collect()
}

fn apart(text: &str, size: usize, separator: &str) -> String {
    let chunks: Vec<&str> =
        text.as_bytes().chunks(size).map(|chunk| std::str::from_utf8(chunk).unwrap()).collect();
    chunks.join(separator)
}

fn base64(text: &str, alphabet_end: &[u8; 2], pad: bool) -> String {
    let alphabet: Vec<u8> =
        (b'A'..=b'Z').chain(b'a'..=b'z').chain(b'0'..=b'9').chain(*alphabet_end).collect();
    let mut encoded = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, b| bits << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
        for sextet in 0..=chunk.len() {
            encoded.push(char::from(alphabet[(bits >> (18 - 6 * sextet) & 63) as usize]));
        }
        if pad {
            encoded.extend(std::iter::repeat_n('=', 3 - chunk.len()));
        }
    }
    encoded
}

fn hex(text: &str) -> String {
    text.bytes().fold(String::new(), |mut hex, b| {
        let _ = write!(hex, "{b:02x}");
        hex
    })
}

fn middle(text: &str, between: &str) -> String {
    let (head, tail) = text.split_at(text.len() / 2);
    format!("{head}{between}{tail}")
}

fn rot13(text: &str) -> String {
    each(text, |b| {
        let shift = |base: u8| char::from(base + (b - base + 13) % 26).to_string();
        match b {
            b'a'..=b'z' => shift(b'a'),
            b'A'..=b'Z' => shift(b'A'),
            _ => char::from(b).to_string(),
        }
    })
}

/// Undone whatever is written in them.
const ENCODINGS: &[Transform] = &[
    ("none", |t| t.to_owned()),
    ("base64", |t| base64(t, b"+/", true)),
    ("base64 without padding", |t| base64(t, b"-_", false)),
    ("base64 twice", |t| base64(&base64(t, b"+/", true), b"+/", true)),
    ("base64 of hex", |t| base64(&hex(t), b"+/", true)),
    ("hex", hex),
    ("0x hex", |t| format!("0x{}", hex(t))),
    ("spaced 0x", |t| each(t, |b| format!("0x{b:02x} ")).trim_end().to_owned()),
    ("spaced hex", |t| apart(&hex(t), 2, " ")),
    ("percent", |t| each(t, |b| format!("%{b:02X}"))),
    ("decimal references", |t| each(t, |b| format!("&#{b};"))),
    ("hexadecimal references", |t| each(t, |b| format!("&#x{b:x};"))),
    ("\\u", |t| each(t, |b| format!("\\u{b:04x}"))),
    ("\\x", |t| each(t, |b| format!("\\x{b:02x}"))),
    ("octal", |t| each(t, |b| format!("\\{b:03o}"))),
    ("quoted-printable", |t| each(t, |b| format!("={b:02X}"))),
    ("binary", |t| each(t, |b| format!("{b:08b} ")).trim_end().to_owned()),
    ("binary without spaces", |t| each(t, |b| format!("{b:08b}"))),
    ("style sheet", |t| each(t, |b| format!("\\{b:06x}"))),
    ("chr", |t| each(t, |b| format!("chr({b})+")).trim_end_matches('+').to_owned()),
    ("tag characters", |t| each(t, |b| char::from_u32(0xE0000 + u32::from(b)).unwrap().to_string())),
    ("variation selectors", |t| {
        each(t, |b| char::from_u32(0xE0100 + u32::from(b) - 16).unwrap().to_string())
    }),
    ("pictures", |t| apart(t, 1, "\u{1F642}")),
    ("soft line break", |t| middle(t, "=\r\n")),
    ("zero width", |t| apart(t, 1, "\u{200B}")),
    ("soft hyphen", |t| apart(t, 3, "\u{AD}")),
    ("full width", |t| each(t, |b| char::from_u32(u32::from(b) + 0xFEE0).unwrap().to_string())),
    ("strikethrough", |t| each(t, |b| format!("{}\u{336}", char::from(b)))),
    ("heap of marks", |t| each(t, |b| format!("{}\u{301}\u{302}\u{316}", char::from(b)))),
    ("look-alike letters", |t| t.replace('o', "о").replace('a', "а").replace('e', "е").replace('E', "Е")),
    ("emphasis", |t| middle(t, "**")),
    ("code marks", |t| middle(t, "``")),
    ("tags", |t| format!("{}</b>", middle(t, "<b>"))),
    ("concatenation", |t| format!("\"{}\"", middle(t, "\" + \""))),
    ("spaces", |t| apart(t, 1, " ")),
    ("brackets", |t| each(t, |b| format!("[{}]", char::from(b)))),
];

/// Undone for numbers and identifiers with digits.
const GROUPINGS: &[Transform] = &[
    ("pairs", |t| apart(t, 2, " ")),
    ("dashes", |t| apart(t, 1, "-")),
    ("underscores", |t| apart(t, 3, "_")),
    ("slashes", |t| apart(t, 2, "/")),
    ("dots", |t| apart(t, 4, ".")),
    ("line break", |t| middle(t, "\n")),
    ("spaced line break", |t| middle(t, " \n ")),
    ("thin spaces", |t| apart(t, 4, "\u{2009}")),
    ("circled", |t| {
        each(t, |b| {
            if b.is_ascii_digit() {
                char::from_u32(0x2460 + u32::from(b) - 0x31).filter(|_| b > b'0').unwrap_or('⓪').to_string()
            } else {
                char::from(b).to_string()
            }
        })
    }),
    ("bold", |t| {
        each(t, |b| {
            if b.is_ascii_digit() {
                char::from_u32(0x1D7CE + u32::from(b - b'0')).unwrap().to_string()
            } else {
                char::from(b).to_string()
            }
        })
    }),
    ("letters for digits", |t| t.replace('0', "O").replace('1', "l")),
    ("English", |t| {
        words(t, ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"], " ")
    }),
    ("German", |t| {
        words(t, ["null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"], " ")
    }),
    ("French", |t| {
        words(t, ["zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf"], ", ")
    }),
    ("Spanish", |t| {
        words(t, ["cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"], " ")
    }),
    ("Italian", |t| {
        words(t, ["zero", "uno", "due", "tre", "quattro", "cinque", "sei", "sette", "otto", "nove"], "-")
    }),
];

fn words(text: &str, digits: [&str; 10], separator: &str) -> String {
    let word = |b: u8| match b {
        b'0'..=b'9' => digits[usize::from(b - b'0')].to_owned(),
        _ => char::from(b).to_string(),
    };
    text.bytes().map(word).collect::<Vec<_>>().join(separator)
}

/// What is not found, of all identifiers under all transforms.
fn unfound(transforms: &[Transform], kinds: &[&str]) -> Vec<String> {
    let engine = engine();
    let mut unfound = Vec::new();
    for (name, transform) in transforms {
        for (entity, label, item) in items().iter().filter(|(entity, ..)| kinds.contains(entity)) {
            let hidden = transform(item);
            let text = format!("{label}{hidden} (see below).");
            let findings = engine.inspect(&[Segment::text(&text)]).findings;
            let covers = |start: usize, end: usize| {
                2 * (end.min(label.len() + hidden.len()).saturating_sub(start.max(label.len())))
                    >= hidden.len()
            };
            if !findings.iter().any(|f| f.entity.as_str() == *entity && covers(f.start, f.end)) {
                unfound.push(format!("{entity} under {name}: {text}"));
            }
        }
    }
    unfound
}

#[test]
fn encodings_hide_nothing() {
    let all = ["IBAN_CODE", "EMAIL_ADDRESS", "CREDIT_CARD", "US_SSN", "PHONE_NUMBER", "TERM", "SECRET"];
    assert_eq!(unfound(ENCODINGS, &all), [] as [String; 0]);
}

#[test]
fn bytes_as_numbers_in_a_column_hide_nothing_that_is_long() {
    let column: &[Transform] =
        &[("column of numbers", |t| each(t, |b| format!("{b}\n")).trim_end().to_owned())];
    let long = ["IBAN_CODE", "EMAIL_ADDRESS", "CREDIT_CARD", "SECRET"];
    assert_eq!(unfound(column, &long), [] as [String; 0]);
}

#[test]
fn regrouping_hides_no_number() {
    assert_eq!(unfound(GROUPINGS, &["IBAN_CODE", "CREDIT_CARD", "US_SSN"]), [] as [String; 0]);
}

#[test]
fn turning_around_hides_no_structure() {
    let turned: &[Transform] = &[("reversed", |t| t.chars().rev().collect()), ("rot13", rot13)];
    assert_eq!(unfound(turned, &["IBAN_CODE", "SECRET"]), [] as [String; 0]);
}

#[test]
fn spelled_signs_hide_no_address() {
    for text in [
        "write to jo.doe (at) example (dot) com today",
        "write to jo [at] example[.]com today",
        "write to jo at example dot com today",
        "schreib an jo (at) example punkt com",
        "jo.doe AT example DOT com",
    ] {
        let inspection = engine().inspect(&[Segment::text(text)]);
        assert!(inspection.entities.contains_key("EMAIL_ADDRESS"), "in `{text}`");
    }
}

/// The label of what is written, and what of it is found.
#[track_caller]
fn assert_found(entity: &str, texts: &[&str]) {
    let engine = engine();
    for text in texts {
        let found = engine.inspect(&[Segment::text(text)]).entities;
        assert!(found.contains_key(entity), "no {entity} in `{text}`: {found:?}");
    }
}

#[test]
fn a_disguised_word_gives_meaning_to_a_number_a_few_words_behind_it() {
    // Read from its other end it is no such number.
    let behind = " van deze oude klant van ons is 111222333";
    let words = ["B\u{200b}SN", "B&#83;N", "B%53N", "\u{ff22}\u{ff33}\u{ff2e}", "\u{412}SN", "<b>B</b>SN"];
    let texts = words.map(|word| format!("Het {word}{behind}"));
    assert_found("NL_BSN", &[&format!("Het BSN{behind}")]);
    assert_found("NL_BSN", &texts.each_ref().map(String::as_str));
}

#[test]
fn words_tags_and_pauses_between_its_groups_hide_no_card() {
    assert_found(
        "CREDIT_CARD",
        &[
            "My card number is 4539 1488 then 0343 6467",
            "The first half of my card is 45391488, the second half 03436467.",
            "my card: 4539 and 1488 and 0343 and 6467",
            "card 4539 [pause] 1488 [pause] 0343 uh 6467",
            "card 4539x1488x0343x6467",
            "Charge the card:\n  - 4539\n  - 1488\n  - 0343\n  - 6467\n",
            "<th>Card</th><td>4539</td><td>1488</td><td>0343</td><td>6467</td>",
            "the card {\"4539\": \"1488\", \"0343\": \"6467\"}",
            "visa 4539    1488    0343    6467",
            "Kreditkarte 4539 --- 1488 --- 0343 --- 6467",
            "card: 1. 4539\n2. 1488\n3. 0343\n4. 6467",
            "CARD-NO 0004539148803436467",
        ],
    );
    assert_found(
        "IBAN_CODE",
        &["DE89 and 3704 and 0044 and then 0532 0130 00", "DE89x3704x0044x0532x0130x00"],
    );
}

#[test]
fn a_card_that_is_told_in_several_turns_with_words_around_is_found() {
    let turns = [
        "Charge my card please, it begins with 4539 1488.",
        "Noted, go on.",
        "Then comes 0343 6467, that is all.",
    ];
    let roles = ["user", "assistant", "user"];
    let of_turn = |(role, text): (&'static str, &'static str)| {
        [Segment::key("role"), Segment::text(role), Segment::key("content"), Segment::text(text)]
    };
    let segments: Vec<Segment<'_>> = roles.into_iter().zip(turns).flat_map(of_turn).collect();
    assert!(engine().inspect(&segments).entities.contains_key("CREDIT_CARD"));
}

#[test]
fn numbers_as_programs_print_them_hide_nothing() {
    for card in ["4539148803436467.0", "4.539148803436467e15", "4.539148803436467E+15"] {
        assert_found("CREDIT_CARD", &[card, &format!("{{\"id\": {card}}}"), &format!("name,id\nA,{card}\n")]);
        let number = [Segment::key("id"), Segment::number(card)];
        assert!(engine().inspect(&number).entities.contains_key("CREDIT_CARD"), "{card}");
    }
    assert_found("US_SSN", &["ssn 536904399.0", "{\"ssn\": 536904399.0}"]);
}

#[test]
fn lists_of_characters_and_words_for_letters_hide_nothing() {
    let list = |text: &str| {
        let items: Vec<String> = text.chars().map(|c| format!("\"{c}\"")).collect();
        format!("Put these together: [{}]", items.join(", "))
    };
    let single = |text: &str| list(text).replace('"', "'");
    assert_found("IBAN_CODE", &[&list("DE89370400440532013000"), &single("DE89370400440532013000")]);
    assert_found("EMAIL_ADDRESS", &[&list("jo.doe@example.com"), &single("jo.doe@example.com")]);
    let iban = "delta echo eight niner three seven zero four zero zero four four zero five three two zero one three zero zero zero";
    assert_found("IBAN_CODE", &[iban, &iban.replace(' ', "-")]);
}

#[test]
fn blanks_around_its_signs_hide_no_address() {
    assert_found(
        "EMAIL_ADDRESS",
        &[
            "jo.doe\t@\texample.com",
            "jo.doe\u{a0}@\u{a0}example\u{a0}.\u{a0}com",
            "write to jo.doe @ example.com today",
            "e-mail: jo @ example . com",
        ],
    );
}

#[test]
fn backslashes_before_its_signs_hide_no_address() {
    let emails = ["^jo\\.doe@example\\.com$", "write to jo\\.doe\\@example\\.com", "jo\\_doe@example.com"];
    assert_found("EMAIL_ADDRESS", &emails);
    assert_found("IP_ADDRESS", &["deny 203\\.0\\.113\\.7;"]);
}

#[test]
fn a_dump_of_bytes_hides_nothing() {
    let xxd = "00000000: 4375 7374 6f6d 6572 2072 6563 6f72 643a  Customer record:\n\
               00000010: 2063 6f6e 7461 6374 206a 6f2e 646f 6540   contact jo.doe@\n\
               00000020: 6578 616d 706c 652e 636f 6d2c 206f 6b    example.com, ok\n";
    let hexdump = "00000000  43 75 73 74 6f 6d 65 72  20 72 65 63 6f 72 64 3a  |Customer record:|\n\
                   00000010  20 63 6f 6e 74 61 63 74  20 6a 6f 2e 64 6f 65 40  | contact jo.doe@|\n\
                   00000020  65 78 61 6d 70 6c 65 2e  63 6f 6d 2c 20 6f 6b     |example.com, ok|\n";
    assert_found("EMAIL_ADDRESS", &[xxd, hexdump]);
}

#[test]
fn armour_hides_nothing() {
    assert_found(
        "CREDIT_CARD",
        &[
            "<~1c7'L0f1jL0JbOA2Dd<N~>",
            "<~<+ohc@s)j7Df''+-Z^D?Df0Z*@rri%DIal-F_tT!EZf(;+>br33AE?M3&!-F1H%'J2_6(jCh7$rAKYc\"AT/c+F=m~>",
            "open:\nbegin 644 f\n0-#4S.3$T.#@P,S0S-C0V-P  \n`\nend",
        ],
    );
    assert_found("EMAIL_ADDRESS", &["see <~@;]sk/otN9D/!O&5\\51KD/a<&/n8g:~>"]);
}

#[test]
fn clean_text_stays_clean_in_every_disguise() {
    let engine = engine();
    for clean in [
        "see chapter four for the wiring diagram (draft)",
        "release 24.20.19 adds a dark theme",
        "measure twice, cut once",
    ] {
        for (name, transform) in
            ENCODINGS.iter().chain(GROUPINGS).chain(&[("rot13", rot13 as fn(&str) -> String)])
        {
            let text = format!("What does this say? {}", transform(clean));
            let inspection = engine.inspect(&[Segment::text(&text)]);
            assert_eq!(inspection.findings, [], "{name}: {text}");
            assert!(inspection.complete, "{name}: {text}");
        }
    }
}

#[test]
fn what_looks_like_a_disguise_and_is_none_stays_clean() {
    for text in [
        "at the point where the yield occurred, look at the dots",
        "inode 7881248051972 of 12 blocks\n34 files\n56 links",
        "two or three of four or five, one by one",
        "integrity sha512-v1Yb0Z8pQ3xW7kTn5Rm2Ls9Jd4Fg6Hh8Aa0Cc2Ee4Gg6Ii8Kk0Mm2Oo4Qq6Ss8Uu0Ww2Yy4==",
        "x = a*b*c; y = \"a\" + \"b\"; z = list[0][1][2]",
        "commit 3f785a1c9d2e4b6f8a0c1d3e5f7a9b1c3d5e7f90",
        "2026-11-24 2026-11-25 2026-11-26 is a week",
        "Привет, это обычный русский текст о погоде и спорте",
        "git@git.example.de:owner/name.git",
    ] {
        assert_eq!(engine().inspect(&[Segment::text(text)]).findings, [], "in `{text}`");
    }
}

#[test]
fn json_in_a_text_is_read_as_its_strings() {
    let text = r#"{"messages":[{"role":"user","content":"My \u0049BAN:\nDE89 3704 0044"},{"role":"user","content":" 0532 0130 00"}],"user":{"ssn":536904399},"tool":"{\"mail\":\"jo\\u0040example.com\"}"}"#;
    let inspection = engine().inspect(&[Segment::text(text)]);
    for found in
        [("IBAN_CODE", "DE89 3704 0044"), ("US_SSN", "536904399"), ("EMAIL_ADDRESS", r"jo\\u0040example.com")]
    {
        let mut spans = inspection.findings.iter().map(|f| (f.entity.as_str(), &text[f.start..f.end]));
        assert!(spans.any(|span| span == found), "{found:?}");
    }
}

#[test]
fn long_encoded_data_that_is_no_text_is_opaque() {
    let mut state = 1_u32;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[(state >> 26) as usize]
    })
    .take(4096)
    .collect();
    let noise = String::from_utf8(noise).unwrap();
    assert!(engine().inspect(&[Segment::text(&format!("open this: {noise}"))]).label.is_opaque());
    let certificate = format!("-----BEGIN CERTIFICATE-----\n{noise}\n-----END CERTIFICATE-----");
    assert!(!engine().inspect(&[Segment::text(&certificate)]).label.is_opaque());
}

#[test]
fn a_word_in_the_line_after_an_encoding_does_not_hide_it() {
    for value in ["jo.doe@example.com", "IBAN DE89370400440532013000, please use it"] {
        let encoded = base64(value, b"+/", true);
        for text in [
            format!("{encoded}\nThanks"),
            format!("{encoded}\nDanke\nschoen"),
            format!("H4sIAAAA\n{encoded}\nBye"),
        ] {
            let inspection = engine().inspect(&[Segment::text(&text)]);
            assert!(inspection.label.level() >= Level::Confidential, "{text}");
        }
    }
}

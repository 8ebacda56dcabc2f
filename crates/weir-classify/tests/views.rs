//! Views: what does not hide an identifier, and that findings point back into the text as it stands.

mod common;

use common::{ALPHANUMERIC, body, engine, finds, finds_nothing, inspect};
use weir_classify::{EntityType, Segment, View};
use weir_label::Level;

const CARD: &str = "4111 1111 1111 1111";

/// What one recogniser of each kind finds, with the context it needs.
const PLANTED: [(&str, &str, &str); 7] = [
    ("EMAIL_ADDRESS", "mail ", "jo.doe@example.com"),
    ("PHONE_NUMBER", "call ", "+49 30 901820"),
    ("CREDIT_CARD", "paid by ", CARD),
    ("IBAN_CODE", "to ", "DE89 3704 0044 0532 0130 00"),
    ("IP_ADDRESS", "at ", "203.0.113.7"),
    ("US_SSN", "SSN ", "536904399"),
    ("DE_TAX_ID", "Steuer-ID ", "86095742719"),
];

#[track_caller]
fn finds_disguised(entity: &str, before: &str, disguised: &str) {
    let text = format!("Größe: {before}{disguised} …");
    let spans = common::found(&text);
    assert_eq!(spans, [(entity.to_owned(), disguised.to_owned())], "in `{text}`");
}

fn each_digit(text: &str, disguise: impl Fn(char) -> char) -> String {
    text.chars().map(|c| if c.is_ascii_digit() { disguise(c) } else { c }).collect()
}

fn shifted(c: char, zero: u32) -> char {
    char::from_u32(u32::from(c) - u32::from('0') + zero).unwrap_or(c)
}

#[test]
fn fullwidth_forms_do_not_hide() {
    for (entity, before, text) in PLANTED {
        let wide =
            |c: char| if c.is_ascii_graphic() { char::from_u32(u32::from(c) + 0xFEE0).unwrap() } else { c };
        finds_disguised(entity, before, &text.chars().map(wide).collect::<String>());
    }
}

#[test]
fn digits_of_other_scripts_do_not_hide() {
    for zero in [0x660, 0x6F0, 0x966, 0x1D7CE, 0x1FBF0] {
        for (entity, before, text) in PLANTED {
            if entity != "EMAIL_ADDRESS" {
                finds_disguised(entity, before, &each_digit(text, |c| shifted(c, zero)));
            }
        }
    }
}

#[test]
fn invisible_characters_do_not_hide() {
    for invisible in ['\u{200B}', '\u{AD}', '\u{FEFF}', '\u{202E}', '\u{2060}', '\u{FE0F}', '\u{E0061}'] {
        for (entity, before, text) in PLANTED {
            let spread: Vec<String> = text.chars().map(String::from).collect();
            finds_disguised(entity, before, &spread.join(&invisible.to_string()));
        }
    }
}

#[test]
fn unusual_spaces_and_dashes_do_not_hide() {
    for separator in
        ['\u{A0}', '\u{2009}', '\u{202F}', '\u{3000}', '\u{2010}', '\u{2011}', '\u{2013}', '\u{2212}']
    {
        finds_disguised("CREDIT_CARD", "", &CARD.replace(' ', &separator.to_string()));
    }
}

#[test]
fn separators_inside_numbers_do_not_hide() {
    for separator in [" ", "-", ".", "/", "\n", "\r\n", "\t", " - "] {
        finds(
            "CREDIT_CARD",
            &CARD.replace(' ', separator),
            &format!("card {}!", CARD.replace(' ', separator)),
        );
        let iban = "DE89 3704 0044 0532 0130 00".replace(' ', separator);
        finds("IBAN_CODE", &iban, &format!("iban {iban}!"));
    }
    finds("CREDIT_CARD", "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", "card 4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1!");
    finds("CREDIT_CARD", "41111111\n11111111", "card 41111111\n11111111!");
}

#[test]
fn escapes_do_not_hide() {
    for (escaped, covered) in [
        (r#"see {"to":"jo\u0040example.com"}"#, r"jo\u0040example.com"),
        (r#"see {"card":"4111\u00201111\u00201111\u00201111"}"#, r"4111\u00201111\u00201111\u00201111"),
        (r"4111\n1111\n1111\n1111", r"4111\n1111\n1111\n1111"),
        (r"4111\\n1111\\n1111\\n1111", r"4111\\n1111\\n1111\\n1111"),
        (r"\x34111\x201111 1111 1111", r"\x34111\x201111 1111 1111"),
        (r"\u{34}111 1111 1111 1111", r"\u{34}111 1111 1111 1111"),
        (r"jo\u005cu0040example.com", r"jo\u005cu0040example.com"),
        (r"4111\u200b1111\u200b1111\u200b1111", r"4111\u200b1111\u200b1111\u200b1111"),
    ] {
        let inspection = inspect(escaped);
        let spans: Vec<&str> = inspection.findings.iter().map(|f| &escaped[f.start..f.end]).collect();
        assert_eq!(spans, [covered], "in `{escaped}`");
        assert_eq!(inspection.findings[0].view, View::Escapes);
    }
}

#[test]
fn escapes_nested_too_deep_count_as_unknown() {
    let nested = r"\u005cu005cu005cu005cu0040";
    let inspection = inspect(nested);
    assert!(!inspection.complete);
    assert!(inspection.label.is_opaque());
    assert!(inspect(&"\\".repeat(4096)).complete);
}

#[test]
fn a_value_cut_over_segments_is_found() {
    for (entity, before, text) in PLANTED {
        for cut in 1..text.len() {
            let (head, tail) = text.split_at(cut);
            let head = format!("{before}{head}");
            let inspection = engine().inspect(&[Segment::text(&head), Segment::text(tail)]);
            assert!(inspection.entities.contains_key(entity), "{entity} cut at {cut}");
            assert_eq!(inspection.label.level(), Level::Confidential);
        }
    }
}

#[test]
fn a_value_with_one_character_in_each_segment_is_found() {
    for (entity, before, text) in PLANTED {
        let characters: Vec<String> = text.chars().map(String::from).collect();
        let mut segments = vec![Segment::text(before)];
        segments.extend(characters.iter().map(|c| Segment::text(c)));
        segments.push(Segment::text("and more"));
        let inspection = engine().inspect(&segments);
        assert!(inspection.entities.contains_key(entity), "{entity}");
    }
    let key = format!("hf_{}", body("aBcDeFgHiJkLmNoPqRsTuVwXyZ", 34));
    let characters: Vec<String> = key.chars().map(String::from).collect();
    let mut segments: Vec<Segment<'_>> = characters.iter().map(|c| Segment::text(c)).collect();
    segments.push(Segment::text("more"));
    assert_eq!(engine().inspect(&segments).label.level(), Level::Restricted);
}

#[test]
fn a_value_cut_over_messages_and_parts_is_found() {
    let key = Segment::key;
    let text = Segment::text;
    let body = [
        key("messages"),
        key("role"),
        text("user"),
        key("content"),
        text("the card is 4111 1111 "),
        key("role"),
        text("user"),
        key("content"),
        key("type"),
        text("text"),
        key("text"),
        text("1111 "),
        key("type"),
        text("text"),
        key("text"),
        text("1111, thanks"),
    ];
    let inspection = engine().inspect(&body);
    let finding = &inspection.findings[0];
    assert_eq!((finding.segment, finding.start, finding.end), (4, 12, 22));
    assert_eq!((finding.view, &finding.entity), (View::Seam, &EntityType::CREDIT_CARD));
    assert_eq!(inspection.findings.len(), 1);
}

#[test]
fn a_value_cut_between_long_segments_is_found() {
    let head = format!("{} to DE89 3704 0044", "lorem ipsum ".repeat(100));
    let tail = format!(" 0532 0130 00, {}", "lorem ipsum ".repeat(100));
    let inspection = engine().inspect(&[Segment::text(&head), Segment::text(&tail)]);
    assert_eq!(inspection.entities.get("IBAN_CODE"), Some(&1));
    let finding = &inspection.findings[0];
    assert_eq!(&head[finding.start..finding.end], "DE89 3704 0044");
}

#[test]
fn a_cut_and_disguised_value_is_found() {
    let segments = [Segment::text("４１１１ １１１１ "), Segment::text("１１１\u{200B}１ １１１１")];
    assert_eq!(engine().inspect(&segments).entities.get("CREDIT_CARD"), Some(&1));
}

#[test]
fn values_side_by_side_are_not_one_value() {
    let lists: [&[&str]; 5] = [
        &["1.5", "2.5", "3.5"],
        &["203.0", "113.7", "12.5", "3.75"],
        &["12345678", "87654321", "23456789"],
        &["user", "assistant", "user"],
        &["sk-", "learn", "AKIA", "eyJ"],
    ];
    for list in lists {
        let segments: Vec<Segment<'_>> = list.iter().map(|text| Segment::text(text)).collect();
        assert_eq!(engine().inspect(&segments).findings, [], "{list:?}");
    }
}

#[test]
fn the_edge_of_a_window_makes_no_identifier() {
    let filler = " x".repeat(120);
    let long = format!("{filler} 74111111111111111{filler}");
    assert_eq!(engine().inspect(&[Segment::text(&long), Segment::text("more")]).findings, []);
}

#[test]
fn what_one_segment_shows_is_not_found_again_in_the_seam() {
    let segments = [Segment::text("user"), Segment::text("jo@example.com"), Segment::text("munity")];
    let inspection = engine().inspect(&segments);
    assert_eq!(inspection.findings.len(), 1);
    assert_eq!(inspection.findings[0].view, View::Raw);
}

#[test]
fn keys_are_scanned_and_are_context_for_their_values() {
    let both = [Segment::key("jo@example.com"), Segment::text("x")];
    assert_eq!(engine().inspect(&both).findings[0].segment, 0);
    let ssn = [Segment::key("person"), Segment::key("ssn"), Segment::number("536904399")];
    assert_eq!(engine().inspect(&ssn).entities.get("US_SSN"), Some(&1));
    let secret = body(ALPHANUMERIC, 40);
    let aws = [Segment::key("SecretAccessKey"), Segment::text(&secret)];
    assert_eq!(engine().inspect(&aws).label.level(), Level::Restricted);
    let other =
        [Segment::key("ssn"), Segment::text("none"), Segment::key("id"), Segment::number("536904399")];
    assert_eq!(engine().inspect(&other).findings, []);
}

#[test]
fn foreign_text_around_an_identifier_does_not_join_it() {
    finds("EMAIL_ADDRESS", "jo@example.com", "邮箱：jo@example.com。");
    finds("CREDIT_CARD", "4111111111111111", "卡号4111111111111111号");
    finds_nothing("Größenänderung: 12 × 3 → 36 m² (½) „süß“ ﬁ ① № 5");
}

#[test]
fn a_long_head_before_a_cut_and_a_word_of_the_protocol_do_not_hide() {
    let engine = weir_classify::Engine::new(weir_classify::Settings::default()).unwrap();
    let token = format!(
        "eyJhbGciOiJIUzI1NiJ9.{}.{}",
        "eyJzdWIiOiIxMjM0NTY3ODkwIn0".repeat(9),
        "c2lnbmF0dXJl".repeat(4)
    );
    let (head, tail) = token.split_at(240);
    let cut = [Segment::key("content"), Segment::text(head), Segment::key("content"), Segment::text(tail)];
    assert!(engine.inspect(&cut).label.level() >= weir_label::Level::Confidential);
    let address =
        [Segment::key("local"), Segment::text("user"), Segment::key("domain"), Segment::text("@example.com")];
    assert!(engine.inspect(&address).label.level() >= weir_label::Level::Confidential);
}

/// `"card": [4111, 1111, 1111, 1111]`.
#[test]
fn a_number_cut_into_several_numbers_is_found_under_a_key_that_names_it() {
    let cut = |key: &'static str, parts: &[&'static str]| {
        let parts = parts.iter().map(|part| Segment::number(part));
        let segments: Vec<Segment<'_>> = [Segment::key(key)].into_iter().chain(parts).collect();
        let inspection = engine().inspect(&segments);
        inspection
            .findings
            .iter()
            .map(|f| (f.entity.to_string(), f.segment, f.start, f.end))
            .collect::<Vec<_>>()
    };
    assert_eq!(cut("card", &["4111", "1111", "1111", "1111"]), [("CREDIT_CARD".to_owned(), 1, 0, 4)]);
    let digits = ["4", "1", "1", "1", "1", "1", "1", "1", "1", "1", "1", "1", "1", "1", "1", "1"];
    assert_eq!(cut("card", &digits), [("CREDIT_CARD".to_owned(), 1, 0, 1)]);
    assert_eq!(cut("sizes", &digits), []);
    assert_eq!(cut("ssn_parts", &["536", "90", "4399"]), [("US_SSN".to_owned(), 1, 0, 3)]);
    assert_eq!(cut("sizes", &["4111", "1111", "1111", "1111"]), []);
    assert_eq!(cut("card", &["4111", "1111", "1111", "1112"]), []);
    assert_eq!(cut("card", &["4.111", "1.111", "11.11", "1111.5"]), []);
}

/// Each hid a value before: base64 of text that is not English, base32, forms, decimal bytes, strings side by side.
#[test]
fn rarer_encodings_do_not_hide() {
    for (entity, text) in [
        ("PHONE_NUMBER", "dMOpbMOpcGhvbmU6ICszMyA2IDEyIDM0IDU2IDc4"),
        ("EMAIL_ADDRESS", "0L/QuNGI0LggbWFyaWFAZXhhbXBsZS5vcmc="),
        ("EMAIL_ADDRESS", "NVQXE2LBIBSXQYLNOBWGKLTPOJTQ===="),
        ("CREDIT_CARD", "https://shop.example/pay?card=4111+1111+1111+1111&cvv=no"),
        ("PHONE_NUMBER", "https://shop.example/pay?phone=%2B33+6+12+34+56+78"),
        ("EMAIL_ADDRESS", "109 97 114 105 97 64 101 120 97 109 112 108 101 46 111 114 103"),
        (
            "EMAIL_ADDRESS",
            "{\"type\": \"Buffer\", \"data\": [109,97,114,105,97,64,101,120,97,109,112,108,101,46,111,114,103]}",
        ),
        ("CREDIT_CARD", "n = \"4111\" \"1111\" \"1111\" \"1111\""),
        ("CREDIT_CARD", "card: (4111)(1111)(1111)(1111)"),
        ("CREDIT_CARD", "the card is `4111` `1111` `1111` `1111`"),
        ("IBAN_CODE", "IBAN: GB33|BUKB|2020|1555|5555|55"),
        ("US_SSN", "SSN: 078-|05-1|123"),
        ("IBAN_CODE", "71 66 51 51 66 85 75 66 50 48 50 48 49 53 53 53 53 53 53 53 53 53"),
        ("SECRET", "key = \"sk-pr\" \"oj-a8Kd03mZxP\" \"q72LrTnVbW9cYhJ5uQe1\""),
        ("AU_ACN", "The ACN is OO5 499 98l (see below)."),
        ("PHONE_NUMBER", "My phone is (O2O) l558-663."),
        ("UK_NINO", "National Insurance number: hh Ol O2 O3 d"),
        ("UK_NINO", "National Insurance number AA 12 <b>34</b> 56 B."),
        ("UK_NINO", "National Insurance number AA 12 **34** 56 B."),
        ("EMAIL_ADDRESS", "\u{1F449}maria@example.org\u{1F448}"),
        ("EMAIL_ADDRESS", "maria(ät)example.org"),
        ("EMAIL_ADDRESS", "maria.muster [ÄT] example [punkt] org"),
        ("CREDIT_CARD", "My card is 4111\u{2022}1111\u{2022}1111\u{2022}1111."),
        ("CREDIT_CARD", "My card is 4111\u{B7}1111\u{B7}1111\u{B7}1111."),
        ("CREDIT_CARD", "My card is 4111\u{2192}1111\u{2192}1111\u{2192}1111."),
        ("CREDIT_CARD", "My card is 4111#1111#1111#1111."),
        ("CREDIT_CARD", "My card is 4111^1111^1111^1111."),
        ("CREDIT_CARD", "My card is 4111+1111+1111+1111."),
        ("IBAN_CODE", "IBAN: D\u{301}E\u{301}8\u{301}9\u{301}370400440532013000"),
        ("IBAN_CODE", "IBAN DÉ89 3704 0044 0532 0130 00"),
        ("CREDIT_CARD", "It is [\"4111\", \"1111\", \"1111\", \"1111\"], as I said."),
        ("CREDIT_CARD", "It is '4111','1111','1111','1111', as I said."),
        (
            "CREDIT_CARD",
            "digits = [\"4\", \"1\", \"1\", \"1\", \"1\", \"1\", \"1\", \"1\", \"1\", \"1\", \"1\", \"1\", \"1\", \"1\", \"1\", \"1\"]",
        ),
        ("CREDIT_CARD", "My card is 4111<br>1111<br/>1111<BR />1111."),
    ] {
        let found = inspect(text).entities;
        assert!(found.keys().any(|found| found.as_str() == entity), "{entity} in `{text}`: {found:?}");
    }
    for text in [
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
        "sizes 100 101 102 103 104 105 106 107 108 109 110 111 112",
        "a=b+c&d=e+f",
        "ein Ergebnis (ätzend) example.org",
        "years = [\"2019\", \"2020\", \"2021\", \"2022\"], letters = [\"a\", \"b\", \"c\", \"d\", \"e\", \"f\"]",
        "Réf. É12, 3é étage, 2ème année, Nº 5",
        "Total: 12<br>34<br>56 items<br>Row 7",
        "1200€ 1300€ 1400€ 1500€, 52°31′12″ N, § 12 § 13",
        "call f(\"12\", \"34\")",
    ] {
        finds_nothing(text);
    }
}

/// Fields whose texts follow each other: the label ends where the value begins, both with a letter.
#[test]
fn a_value_cut_into_fields_is_found_after_its_label() {
    for (entity, label, head, tail) in [
        ("ES_NIE", "NIE", "Y8063", "915-Z"),
        ("DE_HEALTH_INSURANCE", "Krankenversichertennummer", "a1234", "56780"),
        ("SG_NRIC_FIN", "NRIC", "S274", "0116C"),
        ("CRYPTO", "BTC address", "BC1QW508D6QEJXTDG4Y5R3ZA", "RVARY0C5XW7KV8F3T4"),
    ] {
        let text = format!("{{\"kind\": \"{label}\", \"part_1\": \"{head}\", \"part_2\": \"{tail}\"}}");
        let found = inspect(&text).entities;
        assert!(found.keys().any(|found| found.as_str() == entity), "{entity} in `{text}`: {found:?}");
    }
}

/// Keys that show nothing are read once.
#[test]
fn a_key_that_comes_again_is_found_each_time() {
    let rows = "[{\"id\": 1, \"jo@example.com\": 2}, {\"id\": 3, \"jo@example.com\": 4}]";
    let starts: Vec<usize> = inspect(rows).findings.iter().map(|finding| finding.start).collect();
    let places: Vec<usize> = rows.match_indices("jo@").map(|(at, _)| at).collect();
    assert_eq!(starts, places);
    let key = Segment::key("jo@example.com");
    let body = [key, Segment::number("1"), key, Segment::number("2")];
    let segments: Vec<usize> =
        engine().inspect(&body).findings.iter().map(|finding| finding.segment).collect();
    assert_eq!(segments, [0, 2]);
}

/// The objects of a list have the same keys, which are context for the values of each.
#[test]
fn a_key_is_context_each_time_it_comes() {
    let text =
        "[{\"id\": 1, \"ssn\": \"536904399\"}, {\"id\": 2, \"ssn\": \"536904398\"}, {\"id\": \"536904397\"}]";
    let found: Vec<&str> = inspect(text).findings.iter().map(|f| &text[f.start..f.end]).collect();
    assert_eq!(found, ["536904399", "536904398"]);
}

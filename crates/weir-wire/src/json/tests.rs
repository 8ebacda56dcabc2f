use super::*;
use proptest::prelude::*;

fn check(text: impl AsRef<[u8]>, code: &str, path: &str) {
    let error = parse(text.as_ref(), Limits::default()).unwrap_err();
    assert_eq!((error.fault.code(), error.path.as_str()), (code, path), "{error}");
}

#[test]
fn texts_that_two_parsers_could_read_differently_are_refused_with_their_path() {
    check(r#"{"a":1,"a":2}"#, "duplicate_key", "$.a");
    check(r#"{"m":[{"c":"x","\u0063":"y"}]}"#, "duplicate_key", "$.m[0].c");
    check("{\"a\":1} {}", "invalid_json", "$");
    check("{\"a\":1}x", "invalid_json", "$");
    check("{\"a\":[1,]}", "invalid_json", "$.a[1]");
    check("// c\n{}", "invalid_json", "$");
    check(r#"{"t":["\ud800"]}"#, "invalid_json", "$.t[0]");
    check(r#"{"t":"\udc00x"}"#, "invalid_json", "$.t");
    check(r#"{"t":"\ud800\u0041"}"#, "invalid_json", "$.t");
    check(b"{\"a\":\"\xff\"}", "invalid_json", "$");
    check(b"{\"a\":\"\xc0\xaf\"}", "invalid_json", "$");
    check(b"{\"a\":\"\xed\xa0\x80\"}", "invalid_json", "$");
    check(b"\xef\xbb\xbf{}", "invalid_json", "$");
    check(b"{\0}", "invalid_json", "$");
    check("{\"a\":\"line\nbreak\"}", "invalid_json", "$.a");
    for number in ["NaN", "-Infinity", "Infinity", "01", "1.", ".5", "+1", "0x10", "1e"] {
        assert!(parse(number.as_bytes(), Limits::default()).is_err(), "{number}");
    }
    check("", "invalid_json", "$");
    check("{\"a\":", "invalid_json", "$.a");
    check("'a'", "invalid_json", "$");
}

#[test]
fn a_lone_surrogate_is_named_as_such() {
    let error = parse(br#"{"t":"\ud83d"}"#, Limits::default()).unwrap_err();
    assert_eq!(error.fault, JsonFault::LoneSurrogate);
    assert!(parse(br#"{"t":"\ud83d\ude00"}"#, Limits::default()).is_ok());
}

#[test]
fn numbers_keep_their_text() {
    for number in ["0.1", "1e400", "-0", "1.50", "123456789012345678901234567890123456789", "1E+2"] {
        let text = format!("[{number}]");
        let value = parse(text.as_bytes(), Limits::default()).unwrap();
        assert_eq!(value.to_bytes(), text.as_bytes());
    }
}

#[test]
fn nesting_and_size_have_limits_and_do_not_overflow_the_stack() {
    let deep = "[".repeat(100_000);
    let error = parse(deep.as_bytes(), Limits::default()).unwrap_err();
    assert_eq!(error.fault, JsonFault::Depth(64));
    let fits = format!("{}{}", "[".repeat(64), "]".repeat(64));
    assert!(parse(fits.as_bytes(), Limits::default()).is_ok());
    let many = format!("[{}0]", "0,".repeat(300_000));
    assert_eq!(parse(many.as_bytes(), Limits::default()).unwrap_err().fault, JsonFault::Values(250_000));
}

#[test]
fn a_duplicate_among_many_keys_is_found() {
    let members: Vec<String> = (0..1000).map(|i| format!("\"k{i}\":{i}")).collect();
    let good = format!("{{{}}}", members.join(","));
    assert!(parse(good.as_bytes(), Limits::default()).is_ok());
    check(format!("{{{},\"k3\":0}}", members.join(",")), "duplicate_key", "$.k3");
    check(format!("{{{},\"k999\":0}}", members.join(",")), "duplicate_key", "$.k999");
}

#[test]
fn debug_output_holds_no_text() {
    let value = parse(br#"{"secret-key":["canary",12345]}"#, Limits::default()).unwrap();
    let shown = format!("{value:?} {:?}", value.as_object().unwrap());
    assert!(!shown.contains("canary") && !shown.contains("secret") && !shown.contains("12345"));
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::Value;
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<String>().prop_map(Value::String),
    ];
    leaf.prop_recursive(4, 64, 8, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..8).prop_map(Value::Array),
            proptest::collection::vec((any::<String>(), inner), 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    /// What Weir writes, another parser reads as what the client wrote.
    #[test]
    fn written_values_read_back_as_the_same_value(value in json()) {
        let text = serde_json::to_vec(&value).unwrap();
        let ours = parse(&text, Limits::default()).unwrap().to_bytes();
        let back: serde_json::Value = serde_json::from_slice(&ours).unwrap();
        prop_assert_eq!(back, value);
    }

    /// Nothing is accepted that a second strict parser refuses.
    #[test]
    fn whatever_is_accepted_a_second_parser_accepts(mut text in proptest::collection::vec(
        prop_oneof![Just(b'{'), Just(b'}'), Just(b'['), Just(b']'), Just(b'"'), Just(b','), Just(b':'),
            Just(b'\\'), Just(b'u'), Just(b'1'), Just(b'e'), Just(b'.'), Just(b'-'), Just(b' '), any::<u8>()], 0..24),
        wrap in any::<bool>())
    {
        if wrap { text.insert(0, b'['); text.push(b']'); }
        if parse(&text, Limits::default()).is_ok() {
            prop_assert!(serde_json::from_slice::<serde::de::IgnoredAny>(&text).is_ok());
        }
    }
}

#[test]
fn what_has_no_escapes_is_not_copied_and_what_has_is_unescaped() {
    let text = br#"{ "plain" : "word", "esc\u0061ped":"a\nb", "n": 1.50, "e":"", "\\":"\\\\" }"#;
    let Json::Object(object) = parse(text, Limits::default()).unwrap() else { unreachable!() };
    let is_borrowed =
        |value: &Json<'_>| matches!(value, Json::String(Cow::Borrowed(_)) | Json::Number(Cow::Borrowed(_)));
    let members: Vec<_> =
        object.iter().map(|(name, value)| (name, value.as_str(), is_borrowed(value))).collect();
    let expected = [
        ("plain", Some("word"), true),
        ("escaped", Some("a\nb"), false),
        ("n", None, true),
        ("e", Some(""), true),
        ("\\", Some("\\\\"), false),
    ];
    assert_eq!(members, expected);
    assert_eq!(Json::Object(object.clone()).into_owned(), Json::Object(object));
}

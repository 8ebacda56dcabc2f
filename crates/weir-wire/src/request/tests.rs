use super::*;
use crate::chat::{ReplyIdentity, map_reply};
use crate::dialect::BackendDialect;
use crate::json::Limits;
use crate::segment::SegmentKind;
use crate::{Destination, Encode};

fn read(text: &str) -> Result<ClientRequest, BadRequest> {
    ClientRequest::read(text.as_bytes(), Limits::default())
}

fn refused(text: &str) -> (&'static str, Option<String>) {
    let error = read(text).unwrap_err();
    (error.code, error.param)
}

fn encoded(request: &ClientRequest, outside: bool) -> String {
    let mut out = Vec::new();
    request.encode(&Destination::new("upstream", outside), &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn a_request_is_written_as_it_was_read_with_the_models_name_of_the_target() {
    let request = read(
        r#"{"messages":[{"role":"user","content":"h\u00e4","x":0.10}],"model":"auto","route_hint":"local-only","zzz":{"b":1,"a":2},"seed":9223372036854775807}"#,
    )
    .unwrap();
    assert_eq!(
        encoded(&request, true),
        r#"{"model":"upstream","messages":[{"role":"user","content":"hä","x":0.10}],"zzz":{"b":1,"a":2},"seed":9223372036854775807}"#
    );
    assert_eq!(request.alias(), "auto");
    assert_eq!(request.wish(), Some(RouteWish::LocalOnly));
}

#[test]
fn usage_is_always_asked_for_in_streams() {
    let asked =
        read(r#"{"model":"a","stream":true,"stream_options":{"x":1},"messages":[{"role":"user"}]}"#).unwrap();
    assert!(!asked.wants_usage());
    assert!(encoded(&asked, false).ends_with(r#""stream_options":{"x":1,"include_usage":true}}"#));
    let plain = read(r#"{"model":"a","messages":[{"role":"user"}]}"#).unwrap();
    assert!(!encoded(&plain, false).contains("stream_options"));
}

#[test]
fn identifiers_of_end_users_leave_only_as_pseudonyms() {
    let request = read(r#"{"model":"a","user":"u-77","messages":[{"role":"user","content":"x"}]}"#).unwrap();
    let request = request.with_pseudonyms(|text| format!("p{}", text.len()));
    assert!(encoded(&request, true).contains(r#""user":"p4""#));
    assert!(encoded(&request, false).contains(r#""user":"u-77""#));
}

#[test]
fn shapes_that_are_no_chat_are_refused_with_the_field() {
    let at = |param: &str| Some(param.to_owned());
    assert_eq!(refused("[]"), ("invalid_type", None));
    assert_eq!(refused(r#"{"messages":[]}"#), ("missing_required_parameter", at("model")));
    assert_eq!(refused(r#"{"model":1}"#), ("invalid_type", at("model")));
    assert_eq!(refused(r#"{"model":"a"}"#), ("missing_required_parameter", at("messages")));
    assert_eq!(refused(r#"{"model":"a","messages":"hi"}"#), ("invalid_type", at("messages")));
    assert_eq!(refused(r#"{"model":"a","messages":{}}"#), ("invalid_type", at("messages")));
    assert_eq!(refused(r#"{"model":"a","messages":[]}"#), ("invalid_value", at("messages")));
    assert_eq!(refused(r#"{"model":"a","messages":[1]}"#), ("invalid_type", at("messages[0]")));
    assert_eq!(
        refused(r#"{"model":"a","messages":[{"role":"user","content":7}]}"#),
        ("invalid_type", at("messages[0].content"))
    );
    assert_eq!(
        refused(r#"{"model":"a","messages":[{"role":"user","content":[{"type":"text"},"x"]}]}"#),
        ("invalid_type", at("messages[0].content[1]"))
    );
    assert_eq!(
        refused(r#"{"model":"a","stream":"yes","messages":[{"role":"user"}]}"#),
        ("invalid_type", at("stream"))
    );
    assert_eq!(refused(r#"{"model":"a","model":"b"}"#), ("duplicate_key", at("model")));
    assert_eq!(refused(r#"{"model":"a","route_hint":"cloud"}"#), ("invalid_value", at("route_hint")));
}

#[test]
fn a_limit_of_tokens_that_is_none_is_refused_with_its_name_in_every_dialect() {
    use ClientDialect::{ChatCompletions, Completions, Messages, OllamaChat, OllamaGenerate, Responses};
    let ollama = |limit: &str| format!(r#""options":{{"num_predict":{limit}}}"#);
    let of = |dialect, name: &str, limit: &str| {
        let field = if name.contains('.') { ollama(limit) } else { format!(r#""{name}":{limit}"#) };
        let content = match dialect {
            Completions | OllamaGenerate => r#""prompt":"hi""#,
            Responses => r#""input":"hi""#,
            ChatCompletions | Messages | OllamaChat => r#""messages":[{"role":"user","content":"hi"}]"#,
        };
        read_as(dialect, &format!(r#"{{"model":"a",{content},{field}}}"#)).map(|_| ())
    };
    for (dialect, name, least) in [
        (ChatCompletions, "max_tokens", "1"),
        (ChatCompletions, "max_completion_tokens", "1"),
        (Completions, "max_tokens", "0"),
        (Responses, "max_output_tokens", "1"),
        (Messages, "max_tokens", "1"),
        (OllamaChat, "options.num_predict", "-1"),
        (OllamaGenerate, "options.num_predict", "-2"),
    ] {
        assert_eq!(of(dialect, name, least), Ok(()), "{dialect:?}");
        let below = least.parse::<i64>().unwrap() - 1;
        let below = if below < -1 { "-3".to_owned() } else { below.to_string() };
        for limit in [&*below, "1.5", "1e2", "99999999999999999999", r#""9""#, "true"] {
            let refused = of(dialect, name, limit).expect_err(limit);
            assert_eq!(refused.param.as_deref(), Some(name), "{dialect:?} {limit}");
            assert!(refused.message.contains(name), "{}", refused.message);
        }
    }
}

#[test]
fn what_would_make_a_backend_reach_out_is_refused() {
    let part = |part: &str| {
        refused(&format!(r#"{{"model":"a","messages":[{{"role":"user","content":[{part}]}}]}}"#)).1.unwrap()
    };
    assert_eq!(
        part(r#"{"type":"image_url","image_url":{"url":"https://sink.example/x?secret"}}"#),
        "messages[0].content[0].image_url.url"
    );
    assert_eq!(
        part(r#"{"type":"image_url","image_url":"HTTP://sink.example"}"#),
        "messages[0].content[0].image_url"
    );
    assert_eq!(part(r#"{"type":"file","file":{"file_id":"file-1"}}"#), "messages[0].content[0].file.file_id");
    assert_eq!(
        part(r#"{"type":"video_url","video_url":{"url":"ftp://x"}}"#),
        "messages[0].content[0].video_url.url"
    );
    for tool in ["mcp", "web_search", "code_interpreter", "file_search"] {
        let text = format!(r#"{{"model":"a","messages":[{{"role":"user"}}],"tools":[{{"type":"{tool}"}}]}}"#);
        assert_eq!(refused(&text), ("unsupported_parameter", Some("tools[0].type".to_owned())));
    }
    for field in ["previous_response_id", "conversation", "web_search_options"] {
        let text = format!(r#"{{"model":"a","messages":[{{"role":"user"}}],"{field}":{{}}}}"#);
        assert_eq!(refused(&text), ("unsupported_parameter", Some(field.to_owned())));
    }
}

#[test]
fn what_cannot_be_read_is_an_opaque_segment_with_its_place() {
    let request = read(
        r#"{"model":"a","store":true,"messages":[{"role":"user","content":[{"type":"text","text":"look"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA"}},{"type":"mystery"}]}]}"#,
    )
    .unwrap();
    let segments = request.segments();
    let opaque: Vec<(&str, String)> = segments
        .iter()
        .enumerate()
        .filter(|(_, segment)| segment.kind == SegmentKind::Opaque)
        .map(|(index, segment)| (segment.text, request.path_of(index)))
        .collect();
    let expected = [
        ("image", "$.messages[0].content[1]"),
        ("unknown content part", "$.messages[0].content[2]"),
        ("store", "$.store"),
    ];
    assert_eq!(opaque, expected.map(|(reason, path)| (reason, path.to_owned())));
    assert!(request.has_images());
}

#[test]
fn nothing_of_the_body_is_missing_from_the_segments() {
    let body = r#"{"model":"a","messages":[{"role":"system","content":"c1","name":"c2"},{"role":"assistant","tool_calls":[{"id":"c3","type":"function","function":{"name":"c4","arguments":"{\"c5\":1}"}}],"refusal":"c6"},{"role":"tool","content":"c7","tool_call_id":"c8"}],"tools":[{"type":"function","function":{"name":"c9","description":"c10","parameters":{"properties":{"c11":{"enum":["c12"],"default":"c13"}}}}}],"metadata":{"c14":"c15"},"stop":["c16"],"logit_bias":{"c17":1},"user":"c18","x_unknown":{"c19":{"c20":[{"c21":4242}]}},"response_format":{"json_schema":{"name":"c22"}}}"#;
    let request = read(body).unwrap();
    let segments = request.segments();
    for canary in (1..=22).map(|i| format!("c{i}")).chain(["4242".to_owned()]) {
        assert!(segments.iter().any(|s| s.text.contains(&canary)), "{canary} is not inspected");
    }
}

fn identity() -> ReplyIdentity {
    ReplyIdentity { id: "chatcmpl-1".to_owned(), alias: "auto".to_owned() }
}

#[test]
fn a_reply_stands_as_it_was_written() {
    let body = "{ \"choices\" : [ {\"index\":0,\"a\":\"\\u0041\"} ],\n \"x\": [1,\n2.50]";
    let whole = format!("{body} }}");
    let reply = map_reply(whole.as_bytes(), &identity()).unwrap();
    let expected = format!(r#"{body},"id":"chatcmpl-1","model":"auto" }}"#);
    assert_eq!(String::from_utf8(reply.body).unwrap(), expected);
}

#[test]
fn who_answered_is_not_told_however_the_name_is_written() {
    let body = br#"{"\u0069d":"x","mod\u0065l":"m","system\u005ffingerprint":"fp","choices":[]}"#;
    let reply = map_reply(body, &identity()).unwrap();
    let expected = r#"{"\u0069d":"chatcmpl-1","mod\u0065l":"auto","choices":[]}"#;
    assert_eq!(String::from_utf8(reply.body).unwrap(), expected);
    assert_eq!(reply.model.as_deref(), Some("m"));
}

fn read_as(dialect: ClientDialect, text: &str) -> Result<ClientRequest, BadRequest> {
    ClientRequest::read_as(Api::Conversation(dialect), text.as_bytes(), Limits::default())
}

fn written_for(request: &ClientRequest, backend: &str, dialect: BackendDialect) -> String {
    let mut out = Vec::new();
    let to = Destination { backend, dialect, ..Destination::new("upstream", true) };
    request.encode(&to, &mut out);
    String::from_utf8(out).unwrap()
}

fn opaque(request: &ClientRequest) -> Vec<(&str, String)> {
    let segments = request.segments();
    let all = segments.into_iter().enumerate();
    let opaque = all.filter(|(_, segment)| segment.kind == SegmentKind::Opaque);
    opaque.map(|(index, segment)| (segment.text, request.path_of(index))).collect()
}

const THOUGHT: &str = r#"{"model":"a","max_tokens":9,"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":[{"type":"thinking","thinking":"well","signature":"c2lnLTE="},{"type":"redacted_thinking","data":"c2VjcmV0"},{"type":"text","text":"yes"}]},{"role":"user","content":"go on"}]}"#;

#[test]
fn what_a_backend_made_goes_back_to_it_alone_and_is_not_inspected_as_text() {
    let request = read_as(ClientDialect::Messages, THOUGHT).unwrap();
    assert!(request.has_sealed());
    let unknown = opaque(&request);
    assert_eq!(unknown.len(), 2, "{unknown:?}");
    assert_eq!(unknown[0].1, "$.messages[1].content[0].signature");
    let request = request.with_makers(|_| Some("maker".into()));
    assert_eq!(opaque(&request), []);
    let texts: Vec<&str> = request.segments().iter().map(|segment| segment.text).collect();
    assert!(!texts.contains(&"c2lnLTE=") && !texts.contains(&"c2VjcmV0") && texts.contains(&"well"));
    for dialect in [BackendDialect::Messages, BackendDialect::Converse] {
        let home = written_for(&request, "maker", dialect);
        assert!(home.contains("c2lnLTE=") && home.contains("c2VjcmV0"), "{dialect:?}: {home}");
        let away = written_for(&request, "other", dialect);
        assert!(!away.contains("c2lnLTE=") && !away.contains("c2VjcmV0"), "{dialect:?}: {away}");
        assert!(!away.contains("well") && away.contains("yes"), "a thought goes as a whole: {away}");
    }
}

#[test]
fn paths_are_right_though_some_values_are_not_shown() {
    let request = read_as(ClientDialect::Messages, THOUGHT).unwrap().with_makers(|_| Some("maker".into()));
    let segments = request.segments();
    let at = segments.iter().position(|segment| segment.text == "go on").unwrap();
    assert_eq!(request.path_of(at), "$.messages[2].content");
}

#[test]
fn a_sealed_value_is_one_only_where_a_provider_puts_it() {
    let body = r#"{"model":"a","max_tokens":9,"messages":[{"role":"user","content":"x"},{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{"type":"thinking","signature":"canary","encrypted_content":"canary"}}]}]}"#;
    let request = read_as(ClientDialect::Messages, body).unwrap().with_makers(|_| Some("maker".into()));
    assert!(!request.has_sealed());
    assert_eq!(request.segments().iter().filter(|segment| segment.text == "canary").count(), 2);
}

#[test]
fn what_cannot_be_read_is_found_in_every_dialect() {
    for (dialect, body, reason) in [
        (
            ClientDialect::Messages,
            r#"{"model":"a","max_tokens":1,"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}}]}]}"#,
            "image",
        ),
        (
            ClientDialect::Messages,
            r#"{"model":"a","max_tokens":1,"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}}]}]}]}"#,
            "image",
        ),
        (
            ClientDialect::Responses,
            r#"{"model":"a","input":[{"role":"user","content":[{"type":"input_image","image_url":"data:image/png;base64,AAAA"}]}]}"#,
            "image",
        ),
        (
            ClientDialect::OllamaChat,
            r#"{"model":"a","messages":[{"role":"user","content":"x","images":["AAAA"]}]}"#,
            "image",
        ),
    ] {
        let request = read_as(dialect, body).unwrap();
        assert_eq!(opaque(&request).first().map(|(reason, _)| *reason), Some(reason), "{body}");
    }
}

#[test]
fn what_would_make_a_provider_reach_out_is_refused_in_every_dialect() {
    for (dialect, body, param) in [
        (
            ClientDialect::Messages,
            r#"{"model":"a","max_tokens":1,"messages":[{"role":"user","content":[{"type":"image","source":{"type":"url","url":"https://sink.example"}}]}]}"#,
            "messages[0].content[0].source.url",
        ),
        (
            ClientDialect::Messages,
            r#"{"model":"a","max_tokens":1,"messages":[{"role":"user","content":"x"}],"tools":[{"type":"web_search_20250305","name":"web_search"}]}"#,
            "tools[0].type",
        ),
        (
            ClientDialect::Messages,
            r#"{"model":"a","max_tokens":1,"messages":[{"role":"user","content":"x"}],"mcp_servers":[{"url":"https://sink.example"}]}"#,
            "mcp_servers",
        ),
        (
            ClientDialect::Responses,
            r#"{"model":"a","input":[{"role":"user","content":[{"type":"input_image","image_url":"https://sink.example"}]}]}"#,
            "input[0].content[0].image_url",
        ),
        (
            ClientDialect::Responses,
            r#"{"model":"a","input":"x","tools":[{"type":"mcp","server_url":"https://sink.example"}]}"#,
            "tools[0].type",
        ),
        (ClientDialect::Responses, r#"{"model":"a","input":"x","conversation":"conv_1"}"#, "conversation"),
        (
            ClientDialect::Responses,
            r#"{"model":"a","input":[{"type":"item_reference","id":"m"}]}"#,
            "input[0].id",
        ),
    ] {
        let bad = read_as(dialect, body).unwrap_err();
        assert_eq!((bad.code, bad.param.as_deref()), ("unsupported_parameter", Some(param)), "{body}");
    }
}

#[test]
fn how_urgent_a_request_is_at_a_backend_is_not_the_callers_to_say() {
    let body = r#"{"model":"m","messages":[{"role":"user","content":"x"}],"priority":-5}"#;
    let request = ClientRequest::read(body.as_bytes(), Limits::default()).unwrap();
    assert_eq!((request.left_out(), request.text("priority")), (Some("priority"), None));
    assert!(request.body().as_object().unwrap().get("priority").is_none());
    let usual = ClientRequest::read(body.replace("-5", "null").as_bytes(), Limits::default()).unwrap();
    assert_eq!(usual.left_out(), None);
}

#[test]
fn a_search_that_the_client_can_do_without_is_left_out_and_one_that_it_insists_on_refused() {
    let with = |tools: &str, choice: &str| {
        let body = format!(r#"{{"model":"a","input":"x","tools":[{tools}]{choice}}}"#);
        read_as(ClientDialect::Responses, &body)
    };
    let function = r#"{"type":"function","name":"f","parameters":{}}"#;
    let search = r#"{"type":"web_search","external_web_access":false}"#;
    let both = with(&format!("{function},{search}"), r#","tool_choice":"auto""#).unwrap();
    assert_eq!((both.left_out(), both.has_tools()), (Some("tools.web_search"), true));
    assert!(!written_for(&both, "b", BackendDialect::Messages).contains("web_search"));
    let alone = with(search, "").unwrap();
    assert_eq!((alone.left_out(), alone.has_tools()), (Some("tools.web_search"), false));
    assert_eq!(with(function, "").unwrap().left_out(), None);
    for choice in [r#","tool_choice":"required""#, r#","tool_choice":{"type":"web_search"}"#] {
        assert_eq!(with(search, choice).unwrap_err().param.as_deref(), Some("tools[0].type"), "{choice}");
    }
}

#[test]
fn identifiers_leave_as_pseudonyms_in_every_dialect() {
    let body = r#"{"model":"a","max_tokens":1,"messages":[{"role":"user","content":"x"}],"metadata":{"user_id":"u-77"}}"#;
    let request = read_as(ClientDialect::Messages, body).unwrap().with_pseudonyms(|_| "pseudo".to_owned());
    for dialect in [BackendDialect::Messages, BackendDialect::ChatCompletions] {
        let sent = written_for(&request, "b", dialect);
        assert!(!sent.contains("u-77") && sent.contains("pseudo"), "{dialect:?}: {sent}");
    }
}

#[test]
fn a_product_gets_what_it_knows_in_its_own_words_from_any_dialect() {
    use crate::dialect::backend::products::Product;
    let quirks = Some(&Product::named("mistral").unwrap().quirks);
    let written = |api: Api, body: &str| {
        let request = ClientRequest::read_as(api, body.as_bytes(), Limits::default()).unwrap();
        let to = Destination {
            card: crate::Card { quirks, ..crate::Card::UNKNOWN },
            ..Destination::new("m", true)
        };
        let mut out = Vec::new();
        request.encode(&to, &mut out);
        String::from_utf8(out).unwrap()
    };
    let hi = r#""model":"auto","messages":[{"role":"user","content":"hi"}]"#;
    let chat = written(Api::CHAT, &format!(r#"{{{hi},"seed":7,"max_completion_tokens":5}}"#));
    assert!(chat.contains(r#""random_seed":7"#) && chat.contains(r#""max_tokens":5"#), "{chat}");
    let messages = Api::Conversation(crate::dialect::ClientDialect::Messages);
    let across = written(messages, &format!(r#"{{{hi},"max_tokens":5}}"#));
    assert!(across.contains(r#""max_tokens":5"#) && !across.contains("max_completion_tokens"), "{across}");
}

proptest::proptest! {
    /// Same dialect in and out: nothing is lost, and nothing is written in another way.
    #[test]
    fn what_nobody_knows_goes_through_as_it_was_written(unknown in crate::canonical::arbitrary::object_text()) {
        let said = r#""messages":[{"role":"user","content":"x","x_odd":UNKNOWN}],"x_more":[UNKNOWN]"#;
        for (dialect, backend, more) in [
            (ClientDialect::ChatCompletions, BackendDialect::ChatCompletions, ""),
            (ClientDialect::Messages, BackendDialect::Messages, r#","max_tokens":9"#),
            (ClientDialect::OllamaChat, BackendDialect::Ollama, r#","options":{"num_ctx":64}"#),
        ] {
            let body = format!("{}{more}", said.replace("UNKNOWN", &unknown));
            let request = read_as(dialect, &format!(r#"{{"model":"auto",{body}}}"#)).unwrap();
            let sent = written_for(&request, "b", backend);
            let model = sent.split_once(',').unwrap().0.to_owned();
            // What each text and number says is the same; how a text is escaped is not told apart.
            let read = |text: &str| crate::json::parse(text.as_bytes(), Limits::default()).unwrap().to_bytes();
            proptest::prop_assert_eq!(read(&sent), read(&format!("{model},{body}}}")));
        }
    }
}

/// A place for a proof with nothing in it holds nothing that could not be inspected, and no block that Anthropic takes.
#[test]
fn thoughts_that_nobody_signed_are_read_and_go_to_no_backend_that_wants_them_signed() {
    let body = br#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":""},{"type":"text","text":"yes"}]},{"role":"user","content":"go on"}]}"#;
    let api = Api::Conversation(ClientDialect::Messages);
    let request = ClientRequest::read_as(api, body, Limits::default()).unwrap();
    assert!(!request.has_sealed());
    assert!(request.segments().iter().all(|segment| segment.kind != SegmentKind::Opaque));
    assert!(request.segments().iter().any(|segment| segment.text == "hm"));
    let to = Destination { dialect: BackendDialect::Messages, ..Destination::new("m", true) };
    let mut sent = Vec::new();
    request.encode(&to, &mut sent);
    let sent = String::from_utf8(sent).unwrap();
    assert!(!sent.contains("thinking") && sent.contains(r#"{"type":"text","text":"yes"}"#), "{sent}");
}

/// The bytes of a file are shown once: as what a program reads in them, or as something opaque. Nothing else is left out
/// with them.
#[test]
fn the_string_of_an_attachment_is_left_out_where_something_stands_for_it() {
    let png = "data:image/png;base64,iVBORw0KGgo=";
    let body = |name: &str, also: &str| {
        format!(
            r#"{{"model":"m","messages":[{{"role":"user","content":[{{"type":"text","text":"{also}"}},
                {{"type":"file","file":{{"filename":"{name}","file_data":"{png}"}}}}]}}]}}"#
        )
    };
    let shown = |request: &ClientRequest, text: &str| {
        request.segments().iter().filter(|segment| segment.text == text).count()
    };
    let request = read(&body("a.png", "hi")).unwrap();
    assert_eq!((shown(&request, png), shown(&request, "a.png")), (0, 1));
    assert_eq!(opaque(&request).len(), 1);
    // A name that goes on with the same letters, and the same string elsewhere, are inspected.
    let name = format!("jane.doe@example.com{}", &png["data:image/png;base64,".len()..]);
    let request = read(&body(&name, png)).unwrap();
    assert_eq!((shown(&request, png), shown(&request, &name)), (1, 1));
    assert_eq!(request.path_of(opaque_at(&request)), "$.messages[0].content[1]");
    // Of bytes that may be anything, the string is inspected until a program has read them.
    let wav = r#"{"model":"m","messages":[{"role":"user","content":[{"type":"input_audio",
        "input_audio":{"data":"amFuZQ==","format":"wav"}}]}]}"#;
    let request = read(wav).unwrap();
    assert_eq!((shown(&request, "amFuZQ=="), opaque(&request).len()), (1, 1));
    let request = request.with_text_of(0, "jane".to_owned());
    assert_eq!((shown(&request, "amFuZQ=="), shown(&request, "jane"), opaque(&request).len()), (0, 1, 0));
}

fn opaque_at(request: &ClientRequest) -> usize {
    request.segments().iter().position(|segment| segment.kind == SegmentKind::Opaque).unwrap()
}

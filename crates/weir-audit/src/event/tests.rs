use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;
use weir_label::{Level, ZoneKind};

fn author() -> Author {
    Author::new([0x11; 16], Name::new("node \"1\""))
}

const MOMENT: u64 = 1_772_357_400_125;

pub(crate) fn write(event: impl AsEvent) -> Vec<u8> {
    let mut bytes = Vec::new();
    author().write(&mut bytes, 7, WallTime::from_unix_ms(MOMENT), 42, event.as_event());
    bytes
}

pub(crate) fn decision() -> Decision {
    Decision {
        request_id: "req-1".into(),
        decision_id: "dec-1".into(),
        attempt: 1,
        trace_id: None,
        tenant: Some("acme & sons".into()),
        key_id: Some("key-1".into()),
        client_addr_pseudonym: None,
        auth_method: AuthMethod::Key,
        api: "chat.completions".into(),
        stream: true,
        purpose: Some("advice to clients".into()),
        legal_basis: Some("contract".into()),
        data_subjects: vec!["customers".into()],
        level: Level::Confidential,
        categories: vec!["personal".parse().unwrap(), "project_x".parse().unwrap()],
        jurisdictions: vec!["EU".parse().unwrap()],
        opaque: Vec::new(),
        findings: vec![FindingCount { entity: "email".into(), count: 2 }],
        sources: vec![crate::FieldPath::new("$.messages[0].content")],
        scanner_digest: None,
        scan_us: 12,
        scan_complete: true,
        est_tokens_in: Some(33),
        facts: BTreeMap::from([
            ("task.tools".into(), Fact::Bool(false)),
            ("latency.class".into(), Fact::Word("interactive".into())),
            ("request.bytes".into(), Fact::Number(812)),
            ("caller.team".into(), Fact::Name("Vertrieb \"Süd\"".into())),
            ("caller.scopes".into(), Fact::Words(vec!["chat".into()])),
        ]),
        policy_revision: "sha256:aa".into(),
        stage: Some("all".into()),
        config_digest: "sha256:bb".into(),
        binary_version: "0.1.0".into(),
        rule: Some("sensitive data stays local".into()),
        tags: vec!["hr".into(), "cost.low".into()],
        requires: vec!["audit.durable".into()],
        action: Action::Route,
        reason: "rule".into(),
        candidates: vec![Candidate {
            target: "gpu-1/llama".into(),
            zone: ZoneKind::Local,
            verdict: "chosen".into(),
        }],
        target: Some("gpu-1/llama".into()),
        backend: Some("gpu-1".into()),
        zone: Some(ZoneKind::Local),
        region: Some("DE".into()),
        model: Some("llama".into()),
        egress_permitted: false,
        content_digest: None,
        overrides_denied: vec!["route_hint".into()],
        shadow: None,
        cut: BTreeMap::new(),
    }
}

#[test]
fn canonical_bytes_have_fixed_order_and_no_nulls() {
    let text = String::from_utf8(write(LogClosed { events: 7 })).unwrap();
    assert_eq!(
        text,
        concat!(
            r#"{"v":1,"seq":7,"event_id":"019ca8bb-b63d-7000-8000-071111111111","type":"log.closed","#,
            r#""ts_wall":"2026-03-01T09:30:00.125Z","ts_mono_ns":42,"#,
            r#""boot_id":"11111111111111111111111111111111","node":"node \"1\"","events":7}"#
        )
    );
    let text = String::from_utf8(write(decision())).unwrap();
    assert!(!text.contains("null") && !text.contains("trace_id") && !text.contains("opaque"), "{text}");
    assert!(text.ends_with(r#""egress_permitted":false,"overrides_denied":["route_hint"]}"#), "{text}");
}

/// What serde writes of an envelope and of fields, as one object.
fn serialised(fields: &impl Serialize, type_name: &str) -> String {
    let envelope = Envelope {
        v: EVENT_VERSION,
        seq: 7,
        event_id: event_id(WallTime::from_unix_ms(MOMENT), 7, &[0x11; 16]),
        type_name: type_name.into(),
        ts_wall: WallTime::from_unix_ms(MOMENT),
        ts_mono_ns: 42,
        boot_id: author().boot_id().clone(),
        node: "node \"1\"".into(),
    };
    let envelope = serde_json::to_string(&envelope).unwrap();
    let fields = serde_json::to_string(fields).unwrap();
    format!("{},{}", envelope.strip_suffix('}').unwrap(), fields.strip_prefix('{').unwrap())
}

#[test]
fn what_is_written_by_hand_is_what_serde_writes() {
    let sparse =
        Decision { attempt: 0, sources: Vec::new(), zone: None, facts: BTreeMap::new(), ..decision() };
    let odd_rule = Decision { rule: Some("a \"b\" \\ ä".into()), scan_us: u64::MAX, ..decision() };
    let full = Decision {
        trace_id: Some("t".into()),
        client_addr_pseudonym: Some("p".into()),
        opaque: vec!["image".into(), "store".into()],
        scanner_digest: Some("s".into()),
        content_digest: Some("h".into()),
        cut: BTreeMap::from([("a".into(), 5), ("b".into(), 0)]),
        candidates: vec![decision().candidates[0].clone(); 2],
        shadow: Some(Shadow {
            policy_revision: "sha256:cc".into(),
            rule: "a \"new\" rule".into(),
            target: Some("there/m".into()),
            zone: Some(ZoneKind::Cloud),
            denied: None,
        }),
        ..decision()
    };
    let refused = Shadow {
        policy_revision: "sha256:cc".into(),
        rule: "r".into(),
        target: None,
        zone: None,
        denied: Some("policy_denied".into()),
    };
    let shadowed = Decision { stage: None, shadow: Some(refused), ..decision() };
    for decision in [decision(), sparse, odd_rule, full, shadowed] {
        assert_eq!(String::from_utf8(write(&decision)).unwrap(), serialised(&decision, "decision"));
    }
    let empty = Outcome::new("r".into(), "d".into(), OutcomeKind::Timeout);
    let full = Outcome {
        http_status: Some(200),
        finish_reason: Some(FinishReason::ToolCalls),
        tokens_in: Some(1),
        tokens_out: Some(20),
        tokens_estimated: true,
        cost_micro_usd: Some(420),
        ttft_us: Some(300),
        total_us: Some(4000),
        queue_us: Some(0),
        bytes_out: Some(5),
        bytes_in: Some(6),
        peer_ip: Some("::1".into()),
        model_used: Some("m".into()),
        error_code: Some("e".into()),
        attempts: 3,
        answered_attempt: Some(2),
        content_digest: Some("d".into()),
        ..empty.clone()
    };
    for outcome in [empty, full] {
        assert_eq!(String::from_utf8(write(&outcome)).unwrap(), serialised(&outcome, "outcome"));
    }
}

#[test]
fn the_words_of_enums_are_those_that_serde_writes() {
    fn check<T: Serialize + Copy>(values: &[T], word: fn(T) -> &'static str) {
        for value in values {
            assert_eq!(serde_json::to_string(value).unwrap(), format!("\"{}\"", word(*value)));
        }
    }
    use {Action as A, AuthMethod as M, FinishReason as F};
    check(&OutcomeKind::ALL, OutcomeKind::as_str);
    check(&[M::Loopback, M::Key, M::Jwt, M::Mtls, M::None], M::as_str);
    check(&[A::Route, A::Queue, A::Degrade, A::Burst, A::Deny], A::as_str);
    check(
        &[F::Stop, F::Length, F::ToolCalls, F::FunctionCall, F::ContentFilter, F::Other],
        FinishReason::as_str,
    );
}

#[test]
fn every_type_of_event_reads_back() {
    let outcome = Outcome {
        http_status: Some(200),
        finish_reason: Some(FinishReason::from_word("eos")),
        tokens_in: Some(3),
        ..Outcome::new("req-1".into(), "dec-1".into(), OutcomeKind::Ok)
    };
    let loaded = PolicyLoaded {
        policy_revision: "sha256:aa".into(),
        previous_revision: None,
        config_digest: "sha256:bb".into(),
        boundary: Level::Confidential,
        rules: 2,
        binary_version: "0.1.0".into(),
    };
    let rejected = PolicyRejected {
        file: ConfigFile::Policy,
        digest: "sha256:cc".into(),
        policy_revision: Some("sha256:aa".into()),
        problems: vec!["unknown_field".into()],
    };
    let staged = PolicyStaged {
        policy_revision: "sha256:cc".into(),
        in_force: "sha256:aa".into(),
        what: "stopped".into(),
        stage: Some("shadow".into()),
        alarm: Some("denials".into()),
        commit: None,
        version: Some(3),
    };
    let created =
        KeyCreated { key_id: "k".into(), tenant: None, environment: Some("live".into()), expires: None };
    let started =
        LogStarted { binary_version: "0.1.0".into(), origin: "weir/audit/n".into(), vkey: "n+1+A=".into() };
    let recovered = LogRecovered {
        events_kept: 5,
        checkpoint_size: 4,
        cut_segment: Some(0),
        cut_offset: Some(20),
        cut_bytes: 3,
        cut_reason: Some("checksum".into()),
        tree_rebuilt: false,
        open_requests: 1,
    };
    let health = BackendHealth {
        target: "gpu/m".into(),
        condition: "out".into(),
        previous: "well".into(),
        failures: 5,
    };
    let rated = AnswerRated {
        request_id: "req-1".into(),
        decision_id: "dec-1".into(),
        signal: "feedback".into(),
        score: 250_000,
        replaces: Some(1_000_000),
        reason: Some("wrong.language".into()),
        task: None,
        target: "gpu/m".into(),
        zone: ZoneKind::Local,
        by: "caller".into(),
        key_id: Some("k".into()),
    };
    let checked = AnswerChecked {
        request_id: "req-1".into(),
        decision_id: "dec-1".into(),
        attempt: 1,
        check: "schema".into(),
        escalates: true,
        task: Some("extract".into()),
        target: "gpu/m".into(),
        zone: ZoneKind::Local,
        tokens_in: Some(3),
        tokens_out: None,
        cost_micro_usd: Some(0),
    };
    let compared = AnswersCompared {
        request_id: "req-1".into(),
        decision_id: "dec-1".into(),
        other_request_id: "req-2".into(),
        task: None,
        local: "gpu/m".into(),
        cloud: "api/m".into(),
        judge: "gpu/j".into(),
        verdict: "equal".into(),
    };
    let used = ObjectUse {
        request_id: "req-1".into(),
        tenant: None,
        key_id: Some("k".into()),
        client_addr_pseudonym: "a1".into(),
        kind: "file".into(),
        object: "file-1".into(),
        level: Level::Confidential,
    };
    let events: Vec<Event> = vec![
        decision().into(),
        rated.into(),
        checked.into(),
        compared.into(),
        outcome.into(),
        loaded.into(),
        rejected.into(),
        staged.into(),
        created.into(),
        KeyLimited { key_id: "k".into(), requests_per_minute: Some(60), tokens_per_minute: None }.into(),
        KeyRevoked { key_id: "k".into() }.into(),
        ContentKeyCreated { key_id: "k".into(), tenant: Some("acme".into()) }.into(),
        ContentKeyDestroyed { key_ids: vec!["k".into()], tenant: None }.into(),
        ContentDeleted { files: 3, before: WallTime::from_unix_ms(MOMENT) }.into(),
        ObjectRead(used.clone()).into(),
        ObjectRemoved(used).into(),
        health.into(),
        ClockJump { forward: false, by_ms: 3_600_000 }.into(),
        started.into(),
        recovered.into(),
        LogClosed { events: 7 }.into(),
    ];
    for event in events {
        let record = Record::parse(&write(event.clone())).unwrap();
        assert_eq!(record.envelope.type_name.as_str(), event.type_name());
        assert_eq!((record.envelope.seq, record.event), (7, event));
    }
}

#[test]
fn a_field_of_a_later_version_is_passed_over_and_a_later_format_refused() {
    let text = String::from_utf8(write(LogClosed { events: 7 })).unwrap();
    let extended = text.replace(r#""events":7"#, r#""events":7,"added":[1]"#);
    assert!(Record::parse(extended.as_bytes()).is_ok());
    let newer = text.replace(r#""v":1"#, r#""v":2"#);
    assert!(matches!(Record::parse(newer.as_bytes()), Err(ParseEventError::Version(2))));
    let unknown = text.replace("log.closed", "log.folded");
    assert!(matches!(Record::parse(unknown.as_bytes()), Err(ParseEventError::UnknownType(_))));
}

#[test]
fn a_long_list_is_cut_and_the_event_says_so() {
    let mut decision = decision();
    decision.candidates = vec![decision.candidates[0].clone(); decision::MAX_LIST + 5];
    let bounded = decision.bounded().into_owned();
    assert_eq!(bounded.candidates.len(), decision::MAX_LIST);
    assert_eq!(bounded.cut, BTreeMap::from([("candidates".into(), 5)]));
    assert!(write(bounded).len() < crate::frame::MAX_EVENT_BYTES);
}

#[test]
fn the_largest_lists_of_the_longest_words_fit_a_frame() {
    let word = Ident::new(&"w".repeat(crate::MAX_WORD_BYTES));
    let candidate = Candidate { target: word.clone(), zone: ZoneKind::Cloud, verdict: word.clone() };
    let mut decision = decision();
    decision.candidates = vec![candidate; 100];
    decision.findings = vec![FindingCount { entity: word.clone(), count: u64::MAX }; 100];
    decision.sources = vec![crate::FieldPath::new(&"messages.".repeat(50)); 100];
    decision.opaque = vec![word.clone(); 100];
    decision.overrides_denied = vec![word; 100];
    assert!(write(&*decision.bounded()).len() < crate::frame::MAX_EVENT_BYTES / 2);
}

#[test]
fn event_ids_are_version_7_uuids() {
    // The example of RFC 9562, appendix A.6, has the same time.
    let id = event_id(WallTime::from_unix_ms(0x017f_22e2_79b0), 1, &[0xff; 16]);
    assert_eq!(id.as_str(), "017f22e2-79b0-7000-8000-01ffffffffff");
}

proptest! {
    #[test]
    fn event_ids_sort_like_the_log_within_a_millisecond(a in 0_u64..1 << 34, b in 0_u64..1 << 34, boot: [u8; 16]) {
        let time = WallTime::from_unix_ms(1_772_357_400_125);
        prop_assert_eq!(a.cmp(&b), event_id(time, a, &boot).cmp(&event_id(time, b, &boot)));
    }

    #[test]
    fn any_bytes_are_read_or_refused_without_a_panic(bytes: Vec<u8>) {
        prop_assert!(Record::parse(&bytes).is_err());
    }
}

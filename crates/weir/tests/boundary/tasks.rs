//! What a request asks for decides where it runs, and its record says so.

use crate::support::stage::Stage;
use crate::support::{Gateway, ask, two_zones};
use serde_json::json;
use weir_rig::fake::Script;

const BY_TASK: &str = "\
policy: 1
rules:
  - name: sums stay
    when: { task.type: math, request.language: en }
    use: local
    when_full: [reject]
  - name: the hardest leave
    when: { task.complexity: top 20 % }
    use: any
    prefer: [there]
    when_full: [burst, reject]
  - name: all else
    use: any
    prefer: local
    when_full: [burst, reject]
";

#[test]
fn the_task_type_decides_and_is_recorded() {
    let stage = Stage::with(two_zones, BY_TASK);
    let sum =
        stage.chat(&ask("auto", "A ferry makes 7 trips a day with 48 cars. How many cars cross in 3 days?"));
    assert_eq!(sum.zone(), Some("local"), "{}", sum.text());
    let record = &stage.record(&sum)["decision"];
    assert_eq!(record["rule"], "sums stay", "{record}");
    let facts = record["facts"].to_string();
    for fact in [
        "\"task.type\":\"math\"",
        "task.complexity",
        "task.confidence",
        "task.margin",
        "task.weak_fail",
        "request.language",
    ] {
        assert!(facts.contains(fact), "{fact}: {record}");
    }
    let greeting = stage.chat(&ask("auto", "Hello there, how are you?"));
    assert_eq!(stage.record(&greeting)["decision"]["rule"], "all else");
}

/// A hundred requests make a scale; from then on the longest and densest are the hardest.
#[test]
fn the_hardest_of_this_deployment_are_known_after_a_hundred_requests_and_after_a_restart() {
    let stage = Stage::with(two_zones, BY_TASK);
    stage.here.set(Script::default());
    let hard = "Explain at length why the treaty failed, which of its clauses were breached and by whom, what the court \
                held about succession, and whether its reasoning survives the objections of later scholars. "
        .repeat(4);
    let rule_of = |text: &str| {
        let reply = stage.chat(&ask("auto", text));
        stage.record(&reply)["decision"]["rule"].clone()
    };
    assert_eq!(rule_of(&hard), "all else", "ranks are unknown at first, and what is unknown widens nothing");
    for number in 0..100 {
        stage.chat(&ask("auto", &format!("Hello number {number}, nice to meet you")));
    }
    stage.gateway.until("there is a scale", |gateway| {
        gateway.admin_json("/task")["complexity"]["scale"]["scores"].as_u64().is_some()
    });
    assert_eq!(rule_of(&hard), "the hardest leave");
    assert_eq!(rule_of("Hello there, nice to meet you"), "all else");
    let (home, _) = stage.gateway.stop();
    let gateway = Gateway::start_in(home);
    let reply = gateway.chat(&ask("auto", &hard));
    assert_eq!(gateway.home.decision(&reply.decision())["decision"]["rule"], "the hardest leave");
}

#[test]
fn the_conversation_counts_and_structure_wins_over_text() {
    let stage = Stage::with(two_zones, BY_TASK);
    let said = |body| {
        let reply = stage.chat(&body);
        stage.record(&reply)["decision"]["facts"]["task.type"].clone()
    };
    let turn = |role: &str, content: &str| json!({ "role": role, "content": content });
    let before = turn("user", "A shop sells 12 pens for $3. How much do 20 pens cost?");
    let follow_up =
        json!({ "model": "auto", "messages": [before, turn("assistant", "$5"), turn("user", "And 50?")] });
    assert_eq!(said(follow_up), "math");
    let tool = json!({ "type": "function", "function": { "name": "book", "parameters": {} } });
    let with_tools = json!({ "model": "auto", "messages": [turn("user", "Write a poem")], "tools": [tool] });
    assert_eq!(said(with_tools), "agent");
    let schema =
        json!({ "type": "json_schema", "json_schema": { "name": "people", "schema": { "type": "object" } } });
    let with_schema =
        |text| json!({ "model": "auto", "messages": [turn("user", text)], "response_format": schema });
    for text in ["Anna Meier met Bob Jones on Friday.", "How much are 12 pens at $3 each?", "Write a poem"] {
        assert_eq!(said(with_schema(text)), "extract", "{text}");
    }
}

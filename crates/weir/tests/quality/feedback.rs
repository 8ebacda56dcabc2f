use super::{events, heard, priced, say};
use crate::support::http::Client;
use crate::support::stage::Stage;
use crate::support::{Gateway, TWO_RULES, ask};
use serde_json::json;
use std::time::Duration;

#[test]
fn whoever_asked_says_how_good_the_answer_was_and_the_last_word_counts() {
    let stage = Stage::with(priced, TWO_RULES);
    let reply = stage.chat(&ask("auto", "Translate into German: the cat is black"));
    let decision = reply.decision();
    let said =
        say(&stage.gateway, &[], &json!({ "id": decision, "verdict": "bad", "reason": "wrong.language" }));
    assert_eq!((said.status, said.json()["replaced"].clone()), (200, json!(false)), "{}", said.text());
    assert_eq!(said.json()["decision_id"], decision.as_str());
    let answer = reply.json()["id"].as_str().unwrap().to_owned();
    let again = say(&stage.gateway, &[], &json!({ "id": answer, "score": 0.75 }));
    assert_eq!((again.status, again.json()["replaced"].clone()), (200, json!(true)), "{}", again.text());
    let events = events(&stage.gateway, "answer.rated", 2);
    let [first, second] = [&events[0], &events[1]];
    assert_eq!(
        (&first["score"], &first["reason"], &first["by"]),
        (&json!(0), &json!("wrong.language"), &json!("caller"))
    );
    assert_eq!((&second["score"], &second["replaces"]), (&json!(750_000), &json!(0)));
    for event in &events {
        assert_eq!((&event["target"], &event["zone"]), (&json!("there/cloud-model"), &json!("cloud")));
        assert_eq!((&event["signal"], &event["task"]), (&json!("feedback"), &json!("translate")));
    }
    assert_eq!(heard(&stage.gateway, "there/cloud-model"), (0.75, 0.25));
    assert_eq!(stage.gateway.metric("weir_answer_signals_total", &["signal=\"feedback\""]), 2.0);
}

#[test]
fn nobody_speaks_of_the_answers_of_others_but_an_admin() {
    let stage = Stage::with(priced, TWO_RULES);
    let unkeyed = stage.chat(&ask("auto", "hello")).decision();
    let (mine, other) = (stage.gateway.key(&["mine"]), stage.gateway.key(&["other"]));
    let bearer = mine.bearer();
    let decision = stage.gateway.chat_with(&[("authorization", &bearer)], &ask("auto", "hello")).decision();
    let body = json!({ "id": decision, "verdict": "bad" });
    let as_other = say(&stage.gateway, &[("authorization", &other.bearer())], &body);
    assert_eq!((as_other.status, as_other.code().as_str()), (404, "not_found"), "{}", as_other.text());
    assert_eq!(say(&stage.gateway, &[], &body).status, 401);
    let of_nobody =
        say(&stage.gateway, &[("authorization", &bearer)], &json!({ "id": unkeyed, "verdict": "good" }));
    assert_eq!(of_nobody.status, 404);
    let invented = json!({ "id": "dec_0123456789abcdef0123456789abcdef", "verdict": "good" });
    assert_eq!(say(&stage.gateway, &[("authorization", &bearer)], &invented).status, 404);
    assert_eq!(say(&stage.gateway, &[("authorization", &bearer)], &body).status, 200);
    let admin = |headers: &[(&str, &str)]| {
        Client::connect(stage.gateway.admin).post("/feedback", headers, body.to_string().as_bytes())
    };
    assert_eq!(admin(&[]).status, 401);
    assert_eq!(admin(&[("authorization", &bearer)]).status, 401);
    let token = std::fs::read(stage.gateway.home.path().join("state/admin.key")).unwrap();
    let token: String = token.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(admin(&[("authorization", &format!("Bearer {token}"))]).status, 200);
    let events = events(&stage.gateway, "answer.rated", 2);
    assert_eq!((&events[0]["by"], &events[0]["key_id"]), (&json!("caller"), &json!(mine.id)));
    assert_eq!((&events[1]["by"], events[1].get("key_id")), (&json!("admin"), None));
}

#[test]
fn text_of_users_gets_into_no_record() {
    let stage = Stage::with(priced, TWO_RULES);
    let decision = stage.chat(&ask("auto", "hello")).decision();
    for body in [
        json!({ "id": decision, "verdict": "bad", "reason": "Anna Meier was not helped" }),
        json!({ "id": decision, "verdict": "bad", "comment": "Anna Meier was not helped" }),
        json!({ "id": decision, "verdict": "Anna Meier was not helped" }),
        json!({ "id": decision }),
        json!({ "id": decision, "score": 7 }),
    ] {
        let reply = say(&stage.gateway, &[], &body);
        assert_eq!(reply.status, 400, "{body}");
        assert!(!reply.text().contains("Meier"), "{}", reply.text());
    }
    assert!(!stage.gateway.home.state_holds("Meier"));
}

#[test]
fn what_was_heard_outlives_the_process_and_its_file() {
    let stage = Stage::with(priced, TWO_RULES);
    let decisions: Vec<String> = (0..3).map(|_| stage.chat(&ask("auto", "hello")).decision()).collect();
    say(&stage.gateway, &[], &json!({ "id": decisions[0], "verdict": "bad" }));
    say(&stage.gateway, &[], &json!({ "id": decisions[0], "verdict": "good" }));
    say(&stage.gateway, &[], &json!({ "id": decisions[1], "verdict": "bad" }));
    let before = heard(&stage.gateway, "there/cloud-model");
    assert_eq!(before, (1.0, 1.0));
    let (home, _) = stage.gateway.stop();
    let file = home.path().join("state/quality.json");
    assert!(file.exists());
    let gateway = Gateway::start_in(home);
    assert_eq!(heard(&gateway, "there/cloud-model"), before);
    // An answer of an earlier process is found in the log, with what was said of it.
    let said = say(&gateway, &[], &json!({ "id": decisions[1], "verdict": "good" }));
    assert_eq!((said.status, said.json()["replaced"].clone()), (200, json!(true)), "{}", said.text());
    let said = say(&gateway, &[], &json!({ "id": decisions[2], "verdict": "good" }));
    assert_eq!(said.json()["replaced"], false, "{}", said.text());
    assert_eq!(heard(&gateway, "there/cloud-model"), (3.0, 0.0));
    let (home, _) = gateway.stop();
    std::fs::remove_file(&file).unwrap();
    let gateway = Gateway::start_in(home);
    gateway.until("the book is made of the log", |gateway| heard(gateway, "there/cloud-model") == (3.0, 0.0));
}

#[test]
fn conversations_say_whether_an_answer_was_taken() {
    let stage = Stage::with(priced, TWO_RULES);
    let turn = |role: &str, text: &str| json!({ "role": role, "content": text });
    let chat = |turns: &[serde_json::Value]| stage.chat(&json!({ "model": "auto", "messages": turns }));
    let (asked, answered) = (turn("user", "What is a weir?"), turn("assistant", "A low dam."));
    chat(std::slice::from_ref(&asked));
    std::thread::sleep(Duration::from_millis(2600));
    let again = chat(std::slice::from_ref(&asked)).decision();
    std::thread::sleep(Duration::from_millis(2600));
    chat(&[asked.clone(), answered.clone(), turn("user", "And a sluice?")]);
    std::thread::sleep(Duration::from_millis(2600));
    chat(&[asked, answered, turn("user", "And a lock?")]);
    let events = events(&stage.gateway, "answer.rated", 3);
    let signals: Vec<_> = events.iter().map(|event| event["signal"].as_str().unwrap()).collect();
    assert_eq!(signals, ["regenerated", "continued", "edited"]);
    assert_eq!(events[1]["decision_id"], again.as_str());
    assert!(events.iter().all(|event| event["by"] == "weir"), "{events:?}");
}

#[test]
fn a_declared_task_is_the_task_where_the_policy_accepts_that() {
    let by_task = "\
policy: 1
rules:
  - { name: sums, when: { task.type: math }, use: any, prefer: local }
  - { name: hard, when: { request.reasoning_effort: [high, xhigh] }, use: any, prefer: order }
  - { name: rest, use: local }
";
    let rule = |stage: &Stage, headers: &[(&str, &str)], effort: Option<&str>| {
        let mut body = ask("auto", "Hello there");
        if let Some(effort) = effort {
            body["reasoning_effort"] = effort.into();
        }
        let reply = stage.gateway.chat_with(headers, &body);
        assert_eq!(reply.status, 200, "{}", reply.text());
        stage.record(&reply)["decision"]["rule"].as_str().unwrap().to_owned()
    };
    let stage = Stage::with(priced, by_task);
    assert_eq!(rule(&stage, &[], None), "rest");
    assert_eq!(rule(&stage, &[("x-weir-task", "math")], None), "sums");
    assert_eq!(rule(&stage, &[], Some("high")), "hard");
    assert_eq!(rule(&stage, &[], Some("low")), "rest");
    let strange = stage.gateway.chat_with(&[("x-weir-task", "sums")], &ask("auto", "hello"));
    assert_eq!((strange.status, strange.code().as_str()), (400, "invalid_value"));
    let ignoring = Stage::with(priced, &format!("declared_task: ignore\n{by_task}"));
    assert_eq!(rule(&ignoring, &[("x-weir-task", "math")], None), "rest");
}

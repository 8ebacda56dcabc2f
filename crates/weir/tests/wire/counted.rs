//! Tokens that are counted with a vocabulary before anybody is asked, and limits of tokens that are none.

use crate::assert_error;
use crate::support::http::Reply;
use crate::support::stage::Stage;
use crate::support::{TWO_RULES, ask, two_zones};
use serde_json::json;

/// 7 tokens of `o200k_base`, 9 of `cl100k_base`, as tiktoken 0.14 counts; around it are seven more.
const TEXT: &str = "Das Wasser läuft über das Wehr.";
const AROUND: u64 = 7;

fn stage(of_local: &str) -> Stage {
    let config = |here: &str, there: &str| {
        let models =
            [("{ name: local-model }", of_local), ("{ name: cloud-model }", "tokenizer: cl100k_base")];
        models.iter().fold(two_zones(here, there), |config, (model, line)| {
            config.replace(model, &model.replace(" }", &format!(", {line} }}")))
        })
    };
    Stage::with(config, TWO_RULES)
}

fn counted(stage: &Stage, model: &str) -> u64 {
    let body = json!({ "model": model, "messages": [{ "role": "user", "content": TEXT }] });
    let reply = stage.gateway.client().post("/v1/messages/count_tokens", &[], body.to_string().as_bytes());
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["input_tokens"].as_u64().unwrap()
}

#[test]
fn each_target_s_tokens_are_counted_with_its_own_vocabulary() {
    let stage = stage("tokenizer: o200k_base");
    assert_eq!(counted(&stage, "local-only"), 7 + AROUND);
    assert_eq!(counted(&stage, "cloud-only"), 9 + AROUND);
    // Both may answer: the one that would be asked first counts.
    assert_eq!(counted(&stage, "auto"), 9 + AROUND);
    let reply = stage.chat(&ask("local-only", TEXT));
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(stage.record(&reply)["decision"]["est_tokens_in"], 7 + AROUND);
}

#[test]
fn a_target_whose_context_a_prompt_just_fits_is_asked() {
    let stage = stage("tokenizer: o200k_base, context: 14");
    assert_eq!(stage.chat(&ask("local-only", TEXT)).status, 200);
    let stage = self::stage("tokenizer: o200k_base, context: 13");
    assert_ne!(stage.chat(&ask("local-only", TEXT)).status, 200);
    assert_eq!(stage.here.requests(), 0);
}

#[test]
fn a_limit_of_tokens_that_is_none_is_refused_with_its_name() {
    let stage = Stage::new();
    let post =
        |path: &str, body: String| -> Reply { stage.gateway.client().post(path, &[], body.as_bytes()) };
    let messages = r#""messages":[{"role":"user","content":"hi"}]"#;
    for (path, content, name) in [
        ("/v1/chat/completions", messages, "max_tokens"),
        ("/v1/chat/completions", messages, "max_completion_tokens"),
        ("/v1/completions", r#""prompt":"hi""#, "max_tokens"),
        ("/v1/responses", r#""input":"hi""#, "max_output_tokens"),
    ] {
        for limit in ["-1", "2.5", r#""many""#] {
            let reply = post(path, format!(r#"{{"model":"auto",{content},"{name}":{limit}}}"#));
            let code = if limit.starts_with('"') { "invalid_type" } else { "invalid_value" };
            assert_error(&reply, 400, code, path);
            assert_eq!(reply.json()["error"]["param"], name, "{path}");
        }
    }
    let reply = post("/v1/messages", format!(r#"{{"model":"auto",{messages},"max_tokens":0}}"#));
    assert_eq!(reply.status, 400, "{}", reply.text());
    assert!(reply.text().contains("max_tokens"), "{}", reply.text());
    let reply =
        post("/api/chat", format!(r#"{{"model":"auto",{messages},"options":{{"num_predict":0.5}}}}"#));
    assert_eq!(reply.status, 400, "{}", reply.text());
    assert!(reply.text().contains("num_predict"), "{}", reply.text());
    assert_eq!((stage.here.requests(), stage.there.requests()), (0, 0));
}

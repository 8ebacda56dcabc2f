//! Every API that takes content, in front of the same backends.

use crate::support::http::{Client, Field, Reply, form};
use crate::support::stage::Stage;
use serde_json::{Value, json};
use weir_rig::fake::{Failure, Fault, Provider, Script};

/// An account number, which is found wherever it stands.
const CANARY: &str = "DE89 3704 0044 0532 0130 00";

/// A request for an API of this name, whose content is `text`. A new route without one fails here.
fn body(api: &str, model: &str, text: &str) -> Value {
    let messages = json!([{ "role": "user", "content": text }]);
    match api {
        "chat.completions" | "ollama.chat" => json!({ "model": model, "messages": messages }),
        "messages" => json!({ "model": model, "max_tokens": 64, "messages": messages }),
        "messages.count_tokens" => json!({ "model": model, "messages": messages }),
        "completions" | "ollama.generate" | "images.generations" => json!({ "model": model, "prompt": text }),
        "responses" | "responses.input_tokens" | "embeddings" | "ollama.embed" | "moderations" => {
            json!({ "model": model, "input": text })
        }
        "rerank" => json!({ "model": model, "query": "which?", "documents": ["one", text] }),
        "audio.speech" => json!({ "model": model, "voice": "alloy", "input": text }),
        "tokenize" => json!({ "model": model, "prompt": text }),
        // What a text was is not to be seen in its tokens.
        "detokenize" => json!({ "model": model, "tokens": [1, 2], "note": text }),
        other => panic!("no request for the API `{other}`: what takes content must be tried here"),
    }
}

/// The same as it is sent: as a form where the API takes one.
fn sent(api: &str, model: &str, text: &str) -> (String, Vec<u8>) {
    match api {
        "audio.transcriptions" | "audio.translations" => form(&[
            Field::text("model", model),
            Field::text("prompt", text),
            Field::file("file", ("a.wav", "audio/wav"), b"RIFF"),
        ]),
        "files" => form(&[
            Field::text("purpose", "user_data"),
            Field::file("file", ("a.txt", "text/plain"), text.as_bytes()),
        ]),
        json => ("application/json".to_owned(), body(json, model, text).to_string().into_bytes()),
    }
}

/// The routes of conversations, which have an answer in words.
fn conversations() -> impl Iterator<Item = (String, &'static str)> {
    weir_server::content_routes().take(6)
}

fn post(stage: &Stage, path: &str, body: &Value) -> Reply {
    stage.gateway.client().post(path, &[], body.to_string().as_bytes())
}

#[test]
fn every_route_that_takes_content_is_inspected_decided_and_recorded() {
    let stage = Stage::new();
    let routes: Vec<(String, &str)> = weir_server::content_routes().collect();
    assert!(routes.len() >= 19, "{routes:?}");
    for (path, api) in &routes {
        let (media_type, body) = sent(api, "cloud-only", CANARY);
        let reply = stage.gateway.client().post(path, &[("content-type", &media_type)], &body);
        // A file goes nowhere before a request refers to it.
        let (status, action, outcome) = match *api {
            "files" => (200, "route", "ok"),
            _ => (403, "deny", "rejected"),
        };
        assert_eq!(reply.status, status, "{path}: {}", reply.text());
        let record = stage.record(&reply);
        assert_eq!(record["decision"]["api"], *api, "{record}");
        assert_eq!(record["decision"]["action"], action, "{path}: {record}");
        // Sound that nobody heard, and tokens, are more than that.
        let unseen = ["audio.transcriptions", "audio.translations", "detokenize"].contains(api);
        let level = if unseen { "restricted" } else { "confidential" };
        assert_eq!(record["decision"]["level"], level, "{path}: {record}");
        assert_eq!(record["decision"]["findings"][0]["type"], "IBAN_CODE", "{path}: {record}");
        assert_eq!(record["decision"]["egress_permitted"], false, "{path}: {record}");
        assert_eq!(record["outcome"]["outcome"], outcome, "{path}: {record}");
    }
    stage.assert_cloud_untouched();
    assert_eq!(stage.there.requests(), 0);
}

#[test]
fn a_conversation_has_the_same_answer_in_every_dialect() {
    let stage = Stage::new();
    stage.there.set(Script::default().text("two words"));
    let text_of = |path: &str, reply: &Value| -> Value {
        match path {
            "/v1/chat/completions" => reply["choices"][0]["message"]["content"].clone(),
            "/v1/completions" => reply["choices"][0]["text"].clone(),
            "/v1/responses" => reply["output"][0]["content"][0]["text"].clone(),
            "/v1/messages" => reply["content"][0]["text"].clone(),
            "/api/chat" => reply["message"]["content"].clone(),
            _ => reply["response"].clone(),
        }
    };
    for (path, api) in conversations() {
        let mut asked = body(api, "auto", "hello");
        asked["stream"] = json!(false);
        let reply = post(&stage, &path, &asked);
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        assert_eq!(text_of(&path, &reply.json()), "two words", "{path}: {}", reply.text());
        assert_eq!(reply.json()["model"], "auto", "{path}");
        assert_eq!(reply.zone(), Some("cloud"), "{path}");

        asked["stream"] = json!(true);
        let reply = post(&stage, &path, &asked);
        let (text, last) = match path.as_str() {
            "/v1/messages" => ("\"text_delta\"", "event: message_stop"),
            "/v1/responses" => ("response.output_text.delta", "event: response.completed"),
            "/api/chat" | "/api/generate" => ("\"tw\"", "\"done\":true"),
            _ => ("\"tw\"", "data: [DONE]"),
        };
        assert!(reply.text().contains(text) && reply.text().contains(last), "{path}: {}", reply.text());
        assert!(reply.complete);
    }
}

#[test]
fn errors_come_in_the_form_of_the_clients_api() {
    let stage = Stage::new();
    for (path, send) in [("/v1/messages", "{"), ("/v1/messages", "{}"), ("/v1/messages/none", "{}")] {
        let reply = stage.gateway.client().post(path, &[], send.as_bytes());
        let error = reply.json();
        assert_eq!((&error["type"], error["error"]["type"].is_string()), (&json!("error"), true), "{error}");
        assert_eq!(error["request_id"].as_str(), reply.header("x-request-id"), "{error}");
        assert_eq!(reply.header("request-id"), reply.header("x-request-id"));
    }
    let reply = stage.gateway.client().post("/api/chat", &[], b"{");
    assert!(reply.json()["error"].is_string(), "{}", reply.text());
    let message = body("messages", "cloud-only", "hi");
    stage.there.set(Script::failing(Fault::Status(Failure::new(529, "application/json", "{}"))));
    assert_eq!(post(&stage, "/v1/messages", &message).status, 529);
    assert_eq!(
        post(&stage, "/v1/chat/completions", &body("chat.completions", "cloud-only", "hi")).status,
        503
    );
}

#[test]
fn a_field_that_no_target_has_a_word_for_is_refused_by_its_name_before_anything_is_tried() {
    let stage = Stage::with(
        |here, there| {
            let config = crate::support::two_zones(here, there);
            config.replace("zone: cloud\n", "zone: cloud\n    api: anthropic\n")
        },
        crate::support::TWO_RULES,
    );
    let mut asked = body("chat.completions", "cloud-only", "hi");
    asked["n"] = json!(3);
    let reply = post(&stage, "/v1/chat/completions", &asked);
    assert_eq!((reply.status, reply.code().as_str()), (400, "unsupported_parameter"), "{}", reply.text());
    assert_eq!(reply.json()["error"]["param"], "n");
    assert_eq!(stage.there.requests(), 0);
    // A target that can is tried instead.
    asked["model"] = json!("auto");
    let reply = post(&stage, "/v1/chat/completions", &asked);
    assert_eq!((reply.status, reply.zone()), (200, Some("local")), "{}", reply.text());
    let record = stage.record(&reply);
    let left_out = record["decision"]["candidates"]
        .as_array()
        .unwrap()
        .iter()
        .find(|c| c["verdict"] == "unsupported_field");
    assert_eq!(left_out.unwrap()["target"], "there/cloud-model", "{record}");
}

/// A name that no API defines is the client's own text.
#[test]
fn what_was_left_out_is_told_to_the_client_and_by_no_word_of_its_own_to_the_record() {
    let stage = Stage::provided(Provider::Anthropic, "anthropic");
    let mut asked = body("chat.completions", "cloud-only", "hi");
    asked["seed"] = json!(7);
    asked["zanzibar_codeword"] = json!(1);
    let reply = post(&stage, "/v1/chat/completions", &asked);
    assert_eq!(reply.status, 200, "{}", reply.text());
    let told = reply.header("x-weir-warnings").unwrap_or_default();
    assert!(told.contains("seed") && told.contains("zanzibar_codeword"), "{told}");
    let record = stage.record(&reply).to_string();
    assert!(record.contains("seed"), "{record}");
    assert!(!stage.gateway.home.state_holds("zanzibar"), "{record}");
}

#[test]
fn what_a_model_cannot_do_is_known_before_it_is_tried() {
    let stage = Stage::with(
        |here, there| {
            let config = crate::support::two_zones(here, there);
            let card =
                "{ name: cloud-model, tools: false, json_schema: false, modalities: [], max_output: 100 }";
            config.replace("{ name: cloud-model }", card)
        },
        crate::support::TWO_RULES,
    );
    let ask = |change: &dyn Fn(&mut Value)| {
        let mut asked = body("chat.completions", "cloud-only", "hi");
        change(&mut asked);
        post(&stage, "/v1/chat/completions", &asked)
    };
    let function = json!({ "type": "function", "function": { "name": "f", "parameters": {} } });
    let schema = json!({ "type": "json_schema", "json_schema": { "name": "x", "schema": {} } });
    type Change<'f> = &'f dyn Fn(&mut Value);
    let refused: [(Change<'_>, &str); 3] = [
        (&|asked| asked["tools"] = json!([function]), "calls no tools"),
        (&|asked| asked["response_format"] = schema.clone(), "keeps to no JSON Schema"),
        (&|asked| asked["max_tokens"] = json!(101), "at most 100 tokens"),
    ];
    for (change, why) in refused {
        let reply = ask(change);
        assert_eq!(reply.status, 400, "{why}: {}", reply.text());
        assert!(reply.text().contains(why), "{}", reply.text());
    }
    assert_eq!(stage.there.requests(), 0);
    assert_eq!(ask(&|_| ()).status, 200);
}

#[test]
fn tokens_are_counted_without_asking_anybody() {
    let stage = Stage::new();
    for (path, api) in [
        ("/v1/messages/count_tokens", "messages.count_tokens"),
        ("/v1/responses/input_tokens", "responses.input_tokens"),
    ] {
        let reply = post(&stage, path, &body(api, "auto", &"word ".repeat(80)));
        assert_eq!(reply.status, 200, "{}", reply.text());
        let counted = reply.json();
        assert!(counted["input_tokens"].as_u64().unwrap() >= 80, "{counted}");
        let object = (api == "responses.input_tokens").then_some("response.input_tokens");
        assert_eq!(counted["object"].as_str(), object, "{counted}");
        assert_eq!(stage.record(&reply)["decision"]["reason"], "answered_by_weir");
    }
    // What is only counted is not kept; a prompt that goes on from a kept answer is counted with it.
    let first = post(&stage, "/v1/responses", &body("responses", "auto", &"word ".repeat(80))).json();
    let next = json!({ "model": "auto", "input": "and?", "previous_response_id": first["id"] });
    let counted = post(&stage, "/v1/responses/input_tokens", &next).json();
    assert!(counted["input_tokens"].as_u64().unwrap() >= 80, "{counted}");
    assert_eq!(Client::connect(stage.gateway.data).get("/v1/responses/input_tokens", &[]).status, 405);
    assert_eq!(stage.there.requests() + stage.here.requests(), 1);
}

#[test]
fn embeddings_have_the_form_of_the_clients_api_whichever_form_the_backend_has() {
    let openai = r#"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[1.5,-2]}],"model":"m","usage":{"prompt_tokens":3,"total_tokens":3}}"#;
    let ollama = r#"{"model":"m","embeddings":[[1.5,-2]],"prompt_eval_count":3}"#;
    for (api, base, path, answer) in
        [("openai-compatible", "/v1", "/v1/embeddings", openai), ("ollama", "", "/api/embed", ollama)]
    {
        let stage = Stage::with(
            |here, there| {
                let config = crate::support::two_zones(&here.replace("/v1", base), there);
                config.replace("zone: local\n", &format!("zone: local\n    api: {api}\n"))
            },
            crate::support::TWO_RULES,
        );
        let script = Script::failing(Fault::Status(Failure::new(200, "application/json", answer)));
        stage.here.set(script.probes_fail());
        let mut asked = json!({ "model": "local-only", "input": ["hello"], "truncate": true });
        let reply = post(&stage, "/api/embed", &asked);
        assert_eq!(reply.status, 200, "{api}: {}", reply.text());
        assert_eq!(reply.json()["embeddings"], json!([[1.5, -2]]), "{api}: {}", reply.text());
        let told = reply.header("x-weir-warnings").unwrap_or_default();
        assert_eq!(told.contains("truncate"), api != "ollama", "{told}");
        asked.as_object_mut().unwrap().remove("truncate");
        asked["encoding_format"] = json!("base64");
        let reply = post(&stage, "/v1/embeddings", &asked);
        assert_eq!(reply.json()["data"][0]["embedding"], "AADAPwAAAMA=", "{api}: {}", reply.text());
        assert_eq!(reply.json()["usage"]["prompt_tokens"], 3, "{api}: {}", reply.text());
        assert!(stage.here.seen().iter().all(|seen| seen.path == path), "{api}");
        asked["input"] = json!([[1, 2]]);
        asked["encoding_format"] = json!("float");
        let tokens = post(&stage, "/v1/embeddings", &asked);
        assert_eq!(tokens.status, if api == "ollama" { 400 } else { 200 }, "{api}: {}", tokens.text());
    }
    let stage = Stage::new();
    assert!(post(&stage, "/api/embed", &json!({ "model": "auto" })).json()["error"].is_string());
}

#[test]
fn tokens_are_told_by_the_server_that_has_the_tokenizer() {
    let stage = Stage::new();
    let answer = r#"{"count":2,"max_model_len":4096,"tokens":[17,4]}"#;
    let script = Script::failing(Fault::Status(Failure::new(200, "application/json", answer))).probes_fail();
    stage.here.set(script);
    for path in ["/tokenize", "/v1/tokenize"] {
        let reply = post(&stage, path, &body("tokenize", "auto", "hello there"));
        assert_eq!((reply.status, reply.zone()), (200, Some("local")), "{}", reply.text());
        assert_eq!(reply.json(), serde_json::from_str::<Value>(answer).unwrap());
    }
    assert_eq!(post(&stage, "/detokenize", &body("detokenize", "auto", "x")).status, 200);
    let seen = stage.here.seen();
    let paths: Vec<&str> = seen.iter().map(|seen| seen.path.as_str()).collect();
    assert_eq!(paths, ["/tokenize", "/tokenize", "/detokenize"]);
    assert_eq!(seen[0].json(), json!({ "model": "local-model", "prompt": "hello there" }));
    // A provider has no such thing.
    let reply = post(&stage, "/tokenize", &body("tokenize", "cloud-only", "hello"));
    assert_eq!(reply.status, 400, "{}", reply.text());
    stage.assert_cloud_untouched();
}

/// As Ollama's own server does, and as `curl -d` and some of its clients send.
#[test]
fn ollamas_api_does_not_look_at_the_media_type() {
    let stage = Stage::new();
    let body = body("ollama.chat", "auto", "hello").to_string();
    for media_type in ["application/x-www-form-urlencoded", "text/plain", ""] {
        let headers = [("content-type", media_type)];
        let reply = stage.gateway.client().post("/api/chat", &headers, body.as_bytes());
        assert_eq!(reply.status, 200, "{media_type}: {}", reply.text());
        let other = stage.gateway.client().post("/v1/chat/completions", &headers, body.as_bytes());
        assert_eq!(other.status, 415, "{media_type}: {}", other.text());
    }
}

#[test]
fn models_are_listed_for_every_kind_of_client() {
    let stage = Stage::new();
    let get =
        |path: &str, headers: &[(&str, &str)]| Client::connect(stage.gateway.data).get(path, headers).json();
    assert_eq!(get("/v1/models", &[])["object"], "list");
    let both = get("/v1/models?limit=1000", &[("anthropic-version", "2023-06-01")]);
    assert_eq!((&both["has_more"], &both["first_id"]), (&json!(false), &json!("auto")));
    assert_eq!(both["data"][0]["type"], "model");
    assert_eq!(get("/api/tags", &[])["models"][0]["name"], "auto");
    assert!(get("/api/version", &[])["version"].is_string());
    assert_eq!(get("/api/ps", &[])["models"], json!([]));
}

#[test]
fn a_response_is_kept_for_its_owner_and_gone_on_from() {
    let stage = Stage::new();
    stage.there.set(Script::default().text("the first answer"));
    let ask = |body: &Value| post(&stage, "/v1/responses", body);
    let get = |path: &str| Client::connect(stage.gateway.data).get(path, &[]);
    for stream in [false, true] {
        let reply = ask(&json!({ "model": "auto", "input": "the first question", "stream": stream }));
        assert_eq!(reply.status, 200, "{}", reply.text());
        let id = match stream {
            false => reply.json()["id"].as_str().unwrap().to_owned(),
            true => {
                let last: Value = serde_json::from_str(reply.events().last().unwrap()).unwrap();
                last["response"]["id"].as_str().unwrap().to_owned()
            }
        };
        let kept = get(&format!("/v1/responses/{id}"));
        assert_eq!(kept.json()["output"][0]["content"][0]["text"], "the first answer", "{}", kept.text());
        let items = get(&format!("/v1/responses/{id}/input_items")).json();
        assert_eq!(items["data"][0]["content"], "the first question");

        stage.there.forget();
        let next =
            json!({ "model": "auto", "input": "and then?", "previous_response_id": id, "store": false });
        assert_eq!(ask(&next).status, 200);
        let sent = stage.there.seen().last().unwrap().json()["messages"].to_string();
        assert!(sent.contains("the first question") && sent.contains("the first answer"), "{sent}");
        let removed = stage.gateway.client().send_request("DELETE", &format!("/v1/responses/{id}"));
        assert_eq!(removed.json()["deleted"], true);
        assert_eq!(get(&format!("/v1/responses/{id}")).status, 404);
        assert_eq!(ask(&next).json()["error"]["code"], "previous_response_not_found");
    }
}

/// As Vercel's AI SDK does in its loop.
#[test]
fn items_of_answers_can_be_named_instead_of_repeated() {
    let stage = Stage::new();
    stage.there.set(Script::default().tool_call("look", "{}").after_results("two files"));
    let mut asked =
        json!({ "model": "auto", "input": [{ "role": "user", "content": "the first question" }] });
    let first = post(&stage, "/v1/responses", &asked).json();
    let call = &first["output"][0];
    asked["input"].as_array_mut().unwrap().extend([
        json!({ "type": "item_reference", "id": call["id"] }),
        json!({ "type": "function_call_output", "call_id": call["call_id"], "output": "a, b" }),
    ]);
    let answer = post(&stage, "/v1/responses", &asked);
    assert_eq!(answer.json()["output"][0]["content"][0]["text"], "two files", "{}", answer.text());
    let sent = stage.there.seen().pop().unwrap().json()["messages"][1]["tool_calls"][0]["id"].clone();
    assert_eq!(sent, call["call_id"]);
    for unknown in ["fc_00_0", "x", "fc_00_7"] {
        asked["input"][1]["id"] = json!(unknown);
        assert_eq!(post(&stage, "/v1/responses", &asked).status, 400, "{unknown}");
    }
    // What was classified stays so.
    stage.here.set(Script::default().text("It is nobody's."));
    let inside = post(&stage, "/v1/responses", &json!({ "model": "auto", "input": CANARY })).json();
    let named = json!([{ "type": "item_reference", "id": inside["output"][0]["id"] }, { "role": "user", "content": "And?" }]);
    let next = json!({ "model": "cloud-only", "input": named });
    assert_eq!(post(&stage, "/v1/responses", &next).status, 403);
}

#[test]
fn what_was_classified_stays_so_when_a_conversation_goes_on() {
    let stage = Stage::new();
    let first = post(&stage, "/v1/responses", &json!({ "model": "auto", "input": CANARY }));
    assert_eq!((first.status, first.zone()), (200, Some("local")), "{}", first.text());
    let next = json!({ "model": "cloud-only", "input": "and?", "previous_response_id": first.json()["id"] });
    assert_eq!(post(&stage, "/v1/responses", &next).status, 403);
    stage.assert_cloud_untouched();
}

#[test]
fn every_client_has_its_answer_from_every_provider() {
    for (provider, api) in [
        (Provider::Anthropic, "anthropic"),
        (Provider::Gemini, "gemini"),
        (Provider::Bedrock, "bedrock"),
        (Provider::Ollama, "ollama"),
        (Provider::Azure, "azure-openai"),
        (Provider::Cohere, "cohere"),
    ] {
        let stage = Stage::provided(provider, api);
        for (path, name) in conversations() {
            for stream in [false, true] {
                let mut asked = body(name, "cloud-only", "hello");
                asked["stream"] = json!(stream);
                let reply = post(&stage, &path, &asked);
                assert_eq!(reply.status, 200, "{api} {path} {stream}: {}", reply.text());
                assert!(reply.complete && reply.text().contains("tw"), "{api} {path}: {}", reply.text());
                assert!(!reply.text().contains("error\":{"), "{api} {path}: {}", reply.text());
            }
        }
    }
}

#[test]
fn thoughts_go_back_to_the_provider_that_signed_them_and_to_no_other() {
    let stage = Stage::provided(Provider::Anthropic, "anthropic");
    stage.there.set(Script::default().playing(Provider::Anthropic).thinking("let me see").text("two words"));
    let mut asked = body("messages", "cloud-only", "hello");
    let first = post(&stage, "/v1/messages", &asked).json();
    let signature = first["content"][0]["signature"].as_str().unwrap().to_owned();
    asked["messages"].as_array_mut().unwrap().extend([
        json!({ "role": "assistant", "content": first["content"] }),
        json!({ "role": "user", "content": "go on" }),
    ]);
    stage.there.forget();
    let reply = post(&stage, "/v1/messages", &asked);
    assert_eq!((reply.status, reply.zone()), (200, Some("cloud")), "{}", reply.text());
    assert!(stage.there.contains(signature.as_bytes()));
    // The local backend is another: it gets the conversation without the signed thought.
    asked["model"] = json!("local-only");
    let reply = post(&stage, "/v1/messages", &asked);
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert!(!stage.here.contains(signature.as_bytes()) && stage.here.contains(b"two words"));
    // What nobody is known to have made cannot be inspected, and stays inside.
    asked["messages"][1]["content"][0]["signature"] = json!("bm9ib2R5IG1hZGUgdGhpcw==");
    asked["model"] = json!("cloud-only");
    assert_eq!(post(&stage, "/v1/messages", &asked).status, 403);
}

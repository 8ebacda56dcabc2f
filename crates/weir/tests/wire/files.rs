//! Files that are kept, and what refers to them.

use crate::assert_error;
use crate::support::http::{Client, Field, Reply, form};
use crate::support::stage::Stage;
use crate::support::{TWO_RULES, two_zones};
use serde_json::{Value, json};

const CANARY: &str = "IBAN DE89 3704 0044 0532 0130 00";

/// An application, with its key if it has one.
pub struct App<'s>(pub &'s Stage, pub Option<String>);

impl App<'_> {
    fn headers(&self) -> Vec<(&str, &str)> {
        self.1.iter().map(|bearer| ("authorization", bearer.as_str())).collect()
    }

    pub fn upload(&self, fields: &[Field<'_>]) -> Reply {
        let (media_type, body) = form(fields);
        let mut headers = self.headers();
        headers.push(("content-type", &media_type));
        self.0.gateway.client().post("/v1/files", &headers, &body)
    }

    fn upload_text(&self, text: &str) -> String {
        let reply = self.upload(&[Field::text("purpose", "user_data"), plain(text)]);
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()["id"].as_str().unwrap().to_owned()
    }

    pub fn get(&self, path: &str) -> Reply {
        Client::connect(self.0.gateway.data).get(path, &self.headers())
    }

    pub fn delete(&self, path: &str) -> Reply {
        self.0.gateway.client().delete(path, &self.headers())
    }

    pub fn post(&self, path: &str, body: &Value) -> Reply {
        self.0.gateway.client().post(path, &self.headers(), body.to_string().as_bytes())
    }

    fn chat_about(&self, model: &str, id: &str) -> Reply {
        let file = json!({ "type": "file", "file": { "file_id": id } });
        let content = json!([file, { "type": "text", "text": "what is this?" }]);
        self.post(
            "/v1/chat/completions",
            &json!({ "model": model, "messages": [{ "role": "user", "content": content }] }),
        )
    }
}

fn plain(text: &str) -> Field<'_> {
    Field::file("file", ("notes.txt", "text/plain"), text.as_bytes())
}

#[test]
fn a_file_is_kept_told_of_listed_and_removed() {
    let stage = Stage::new();
    let app = App(&stage, None);
    let (first, second) = (app.upload_text("one"), app.upload_text("two"));
    let about = app.get(&format!("/v1/files/{first}")).json();
    assert_eq!(
        (&about["object"], &about["bytes"], &about["filename"]),
        (&json!("file"), &json!(3), &json!("notes.txt"))
    );
    assert_eq!((&about["purpose"], &about["status"]), (&json!("user_data"), &json!("processed")));
    assert_eq!(about["expires_at"].as_i64().unwrap() - about["created_at"].as_i64().unwrap(), 30 * 86_400);
    let content = app.get(&format!("/v1/files/{first}/content"));
    assert_eq!(
        (content.text().as_str(), content.header("content-type")),
        ("one", Some("application/octet-stream"))
    );
    let ids = |query: &str| -> Vec<String> {
        let list = app.get(&format!("/v1/files{query}")).json();
        list["data"].as_array().unwrap().iter().map(|file| file["id"].as_str().unwrap().to_owned()).collect()
    };
    let (mut all, mut both) = (ids(""), vec![first.clone(), second.clone()]);
    all.sort();
    both.sort();
    assert_eq!(all, both);
    assert_eq!(ids("?purpose=batch"), Vec::<String>::new());
    let one = app.get("/v1/files?limit=1&order=asc").json();
    assert_eq!((one["data"].as_array().unwrap().len(), &one["has_more"]), (1, &json!(true)));
    let rest = ids(&format!("?order=asc&after={}", one["last_id"].as_str().unwrap()));
    assert_eq!(rest.len(), 1);
    assert_ne!(json!(rest[0]), one["last_id"]);

    let removed = stage.gateway.client().send_request("DELETE", &format!("/v1/files/{first}"));
    assert_eq!(removed.json(), json!({ "id": first, "object": "file", "deleted": true }));
    for path in [format!("/v1/files/{first}"), format!("/v1/files/{first}/content")] {
        assert_error(&app.get(&path), 404, "not_found", &path);
    }
    let hour = Field::text("expires_after[seconds]", "3600");
    let short = app.upload(&[plain("x"), hour]).json();
    assert_eq!(short["expires_at"].as_i64().unwrap() - short["created_at"].as_i64().unwrap(), 3600);
    let wrong = app.upload(&[plain("x"), Field::text("expires_after[seconds]", "1")]);
    assert_error(&wrong, 400, "invalid_value", "too short a time");
}

#[test]
fn what_a_file_holds_goes_in_the_place_of_its_id_and_its_label_goes_with_it() {
    let stage = Stage::new();
    let app = App(&stage, None);
    let (harmless, secret) = (app.upload_text("nothing of note"), app.upload_text(CANARY));
    let reply = app.chat_about("auto", &harmless);
    assert_eq!((reply.status, reply.zone()), (200, Some("cloud")), "{}", reply.text());
    let part = &stage.there.seen().pop().unwrap().json()["messages"][0]["content"][0];
    let data = "data:text/plain;base64,bm90aGluZyBvZiBub3Rl";
    assert_eq!(*part, json!({ "type": "file", "file": { "file_data": data, "filename": "notes.txt" } }));
    stage.there.forget();

    let before = stage.there.requests();
    let reply = app.chat_about("auto", &secret);
    assert_eq!((reply.status, reply.zone()), (200, Some("local")), "{}", reply.text());
    assert_eq!(app.chat_about("cloud-only", &secret).status, 403);
    let item = json!({ "role": "user", "content": [{ "type": "input_file", "file_id": secret }] });
    assert_eq!(app.post("/v1/responses", &json!({ "model": "cloud-only", "input": [item] })).status, 403);
    let source = json!({ "type": "document", "source": { "type": "file", "file_id": secret } });
    let message = json!({ "model": "cloud-only", "max_tokens": 9, "messages": [{ "role": "user", "content": [source] }] });
    assert_eq!(app.post("/v1/messages", &message).status, 403);
    assert_eq!(stage.there.requests(), before);
}

/// What was not seen in a file when it came stays unseen, though the request that refers to it would not show it.
#[test]
fn a_file_that_could_not_be_read_stays_inside() {
    let stage = Stage::new();
    let app = App(&stage, None);
    let id =
        app.upload(&[Field::file("file", ("a.png", "image/png"), b"\x89PNG\r\n\x1a\n")]).json()["id"].clone();
    let image = json!({ "type": "input_image", "file_id": id });
    let ask = |model| {
        app.post(
            "/v1/responses",
            &json!({ "model": model, "input": [{ "role": "user", "content": [image] }] }),
        )
    };
    assert_eq!(ask("auto").zone(), Some("local"));
    assert_eq!(ask("cloud-only").status, 403);
    stage.assert_cloud_untouched();
}

#[test]
fn a_file_is_its_owners_alone() {
    let stage = Stage::new();
    let key = |tenant: &str| stage.gateway.key(&[tenant, "--tenant", tenant]);
    let (of_a, of_b) = (key("a").bearer(), key("b").bearer());
    let (a, b) = (App(&stage, Some(of_a)), App(&stage, Some(of_b)));
    let id = a.upload_text("mine");
    for path in [format!("/v1/files/{id}"), format!("/v1/files/{id}/content")] {
        assert_error(&b.get(&path), 404, "not_found", &path);
        assert_eq!(a.get(&path).status, 200);
    }
    assert_eq!(b.get("/v1/files").json()["data"], json!([]));
    let reply = b.chat_about("auto", &id);
    assert_error(&reply, 400, "unsupported_parameter", "a file of another");
    assert!(!reply.text().contains("mine"), "{}", reply.text());
    assert_eq!(stage.here.requests() + stage.there.requests(), 0);
}

#[test]
fn room_is_bounded_and_what_is_put_in_counts_as_the_body() {
    let config = |here: &str, there: &str| {
        two_zones(here, there) + "limits: { body: 16KiB, kept: 64KiB, kept_of_one: 19KiB }\n"
    };
    let stage = Stage::with(config, TWO_RULES);
    let app = App(&stage, None);
    let text = "word ".repeat(2_000);
    let id = app.upload_text(&text);
    assert_error(
        &app.upload(&[plain(&text), Field::text("x", &text[..1000])]),
        413,
        "no_room",
        "a second file",
    );
    // Ten thousand bytes are more in base64, and thrice they are too many.
    assert_eq!(app.chat_about("auto", &id).status, 200);
    let file = json!({ "type": "input_file", "file_id": id });
    let input = json!([{ "role": "user", "content": [file, file] }]);
    let reply = app.post("/v1/responses", &json!({ "model": "auto", "input": input }));
    assert_error(&reply, 413, "request_too_large", "the same file twice");
    // Answers make room for each other, and the file stays.
    let mut ids = Vec::new();
    for _ in 0..4 {
        let reply = app.post("/v1/responses", &json!({ "model": "auto", "input": "word ".repeat(700) }));
        assert_eq!(reply.status, 200, "{}", reply.text());
        ids.push(reply.json()["id"].as_str().unwrap().to_owned());
    }
    let is_kept = |id: &String| app.get(&format!("/v1/responses/{id}")).status == 200;
    assert!(!is_kept(&ids[0]) && is_kept(&ids[3]));
    assert_eq!(app.get(&format!("/v1/files/{id}")).status, 200);
}

#[test]
fn files_are_refused_where_none_are_kept() {
    let stage = Stage::with(|here, there| two_zones(here, there) + "keep_files: 0s\n", TWO_RULES);
    assert_error(&App(&stage, None).upload(&[plain("x")]), 400, "files_not_kept", "keep_files: 0s");
}

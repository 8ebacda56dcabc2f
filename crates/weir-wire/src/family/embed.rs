//! Answers with embeddings, between OpenAI's form and Ollama's.

use crate::chat::BadReply;
use crate::json::{Json, Object};
use crate::request::Api;
use std::borrow::Cow;

/// Gives an answer in either form the one of the client's API.
///
/// # Errors
/// [`BadReply::Malformed`] when it has neither.
pub(super) fn refit(asked: Api, reply: &mut Object<'_>) -> Result<(), BadReply> {
    match (asked, reply.get("embeddings").is_some()) {
        (Api::OllamaEmbed, false) => to_ollama(reply),
        (Api::Embeddings, true) => to_openai(reply),
        _ => Ok(()),
    }
}

fn to_ollama(reply: &mut Object<'_>) -> Result<(), BadReply> {
    let Some(Json::Array(data)) = reply.remove("data") else { return Err(BadReply::Malformed) };
    let mut numbered = Vec::with_capacity(data.len());
    for (place, item) in data.into_iter().enumerate() {
        let Json::Object(mut item) = item else { return Err(BadReply::Malformed) };
        let place = item.get("index").and_then(Json::as_u64).unwrap_or(place as u64);
        let embedding = item.remove("embedding").ok_or(BadReply::Malformed)?;
        let text = embedding.as_str().map(|text| super::to_numbers(text).ok_or(BadReply::Malformed));
        let embedding = text.transpose()?.unwrap_or(embedding);
        numbered.push((place, embedding));
    }
    numbered.sort_by_key(|(place, _)| *place);
    let usage = reply.get("usage").and_then(Json::as_object);
    let tokens = usage.and_then(|usage| usage.get("prompt_tokens")?.as_u64());
    let model = reply.remove("model");
    *reply = Object::default();
    if let Some(model) = model {
        reply.set("model", model);
    }
    reply.set("embeddings", Json::Array(numbered.into_iter().map(|(_, embedding)| embedding).collect()));
    if let Some(tokens) = tokens {
        reply.set("prompt_eval_count", number(tokens));
    }
    Ok(())
}

fn to_openai(reply: &mut Object<'_>) -> Result<(), BadReply> {
    let Some(Json::Array(embeddings)) = reply.remove("embeddings") else { return Err(BadReply::Malformed) };
    let tokens = reply.get("prompt_eval_count").and_then(Json::as_u64);
    let model = reply.remove("model");
    let item = |(index, embedding): (usize, _)| {
        let mut item = Object::default();
        item.set("object", word("embedding"));
        item.set("index", number(index as u64));
        item.set("embedding", embedding);
        Json::Object(item)
    };
    *reply = Object::default();
    reply.set("object", word("list"));
    reply.set("data", Json::Array(embeddings.into_iter().enumerate().map(item).collect()));
    if let Some(model) = model {
        reply.set("model", model);
    }
    if let Some(tokens) = tokens {
        let mut usage = Object::default();
        usage.set("prompt_tokens", number(tokens));
        usage.set("total_tokens", number(tokens));
        reply.set("usage", Json::Object(usage));
    }
    Ok(())
}

fn word(text: &'static str) -> Json<'static> {
    Json::String(Cow::Borrowed(text))
}

fn number(value: u64) -> Json<'static> {
    Json::Number(Cow::Owned(value.to_string()))
}

#[cfg(test)]
mod tests {
    use super::super::map_reply;
    use crate::json::Limits;
    use crate::request::{Api, ClientRequest};

    const OPENAI: &str = r#"{"object":"list","data":[{"object":"embedding","index":1,"embedding":[2.5]},{"object":"embedding","index":0,"embedding":"AADAPw=="}],"model":"m","usage":{"prompt_tokens":3,"total_tokens":3}}"#;
    const OLLAMA: &str =
        r#"{"model":"m","embeddings":[[1.5],[2.5]],"total_duration":9,"prompt_eval_count":3}"#;

    fn mapped(api: Api, reply: &str) -> String {
        let body = br#"{"model":"auto","input":["x","y"]}"#;
        let asked = ClientRequest::read_as(api, body, Limits::default()).unwrap();
        let reply = map_reply(&asked, reply.as_bytes()).unwrap();
        assert_eq!((reply.usage.prompt_tokens, reply.model.as_deref()), (Some(3), Some("m")));
        String::from_utf8(reply.body).unwrap()
    }

    #[test]
    fn embeddings_come_in_the_form_of_the_clients_api_whichever_backend_made_them() {
        let ollama = mapped(Api::OllamaEmbed, OPENAI);
        assert_eq!(ollama, r#"{"model":"auto","embeddings":[[1.5],[2.5]],"prompt_eval_count":3}"#);
        let openai = mapped(Api::Embeddings, OLLAMA);
        assert_eq!(
            openai,
            r#"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[1.5]},{"object":"embedding","index":1,"embedding":[2.5]}],"model":"auto","usage":{"prompt_tokens":3,"total_tokens":3}}"#
        );
        assert!(mapped(Api::OllamaEmbed, OLLAMA).contains(r#""total_duration":9"#));
    }

    #[test]
    fn what_holds_no_embeddings_is_an_error() {
        let body = br#"{"model":"auto","input":"x"}"#;
        for api in [Api::OllamaEmbed, Api::Embeddings] {
            let asked = ClientRequest::read_as(api, body, Limits::default()).unwrap();
            for reply in [r#"{"data":[{}]}"#, r#"{"data":7}"#, "{}"] {
                assert!(map_reply(&asked, reply.as_bytes()).is_err(), "{api:?}: {reply}");
            }
        }
    }
}

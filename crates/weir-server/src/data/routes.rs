//! Where the paths of the data plane lead.

use crate::batches::WantedBatch;
use crate::failure::Failure;
use crate::kept::Wanted;
use crate::kept::files::WantedFile;
use http::Method;
use weir_wire::dialect::ClientDialect;
use weir_wire::request::Api;

/// What an application can ask for. Every route that takes content goes through the pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    /// Something that takes content.
    Ask(Api),
    Models,
    Model(String),
    /// Probes of clients that want to know whether anybody is there.
    Root,
    Ollama(Ollama),
    Kept(String, Wanted),
    Receipt(String),
    AddCheckpoint,
    TakeRotations,
    Witnessed(String),
    Files,
    File(String, WantedFile),
    Feedback,
    NewBatch,
    Batches,
    Batch(String, WantedBatch),
}

/// What records call a request that leads nowhere.
pub(super) const NOWHERE: &str = "none";

impl Route {
    /// What records call it.
    pub fn name(&self) -> &'static str {
        match self {
            Route::Ask(api) => api.name(),
            Route::Models | Route::Model(_) => "models",
            Route::Root => "root",
            Route::Ollama(_) => "ollama",
            Route::Kept(..) => "responses.kept",
            Route::Receipt(_) => "receipts",
            Route::AddCheckpoint | Route::TakeRotations | Route::Witnessed(_) => "witness",
            Route::Files | Route::File(..) => "files.kept",
            Route::Feedback => "feedback",
            Route::NewBatch | Route::Batches | Route::Batch(..) => "batches",
        }
    }
}

/// What Ollama's clients ask of the server itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ollama {
    Tags,
    Version,
    Running,
    Show,
}

/// The routes that take content, each of which is a journey through the pipeline; those of conversations first.
const CONTENT: [(&[&str], Api); 19] = [
    (&["chat", "completions"], Api::CHAT),
    (&["completions"], Api::Conversation(ClientDialect::Completions)),
    (&["responses"], Api::Conversation(ClientDialect::Responses)),
    (&["messages"], Api::Conversation(ClientDialect::Messages)),
    (&["api", "chat"], Api::Conversation(ClientDialect::OllamaChat)),
    (&["api", "generate"], Api::Conversation(ClientDialect::OllamaGenerate)),
    (&["messages", "count_tokens"], Api::CountTokens),
    (&["responses", "input_tokens"], Api::CountInput),
    (&["embeddings"], Api::Embeddings),
    (&["api", "embed"], Api::OllamaEmbed),
    (&["moderations"], Api::Moderations),
    (&["rerank"], Api::Rerank),
    (&["audio", "speech"], Api::Speech),
    (&["audio", "transcriptions"], Api::Transcription),
    (&["audio", "translations"], Api::Translation),
    (&["files"], Api::Files),
    (&["tokenize"], Api::Tokenize),
    (&["detokenize"], Api::Detokenize),
    (&["images", "generations"], Api::Images),
];

/// The path of every route that takes content, with the name of its API in rules and records.
pub fn content_routes() -> impl Iterator<Item = (String, &'static str)> {
    CONTENT.iter().map(|(parts, api)| {
        let version = if parts.first() == Some(&"api") { "" } else { "/v1" };
        (format!("{version}/{}", parts.join("/")), api.name())
    })
}

/// Finds the route of a path. A doubled slash, a slash at the end and a missing `/v1` are what hand-joined URLs look
/// like, and `/openai/v1` and `/anthropic/v1` are what other gateways have.
pub(super) fn route(method: &Method, path: &str) -> Result<Route, Failure> {
    if path == "/v1/chat/completions" && method == Method::POST {
        return Ok(Route::Ask(Api::CHAT));
    }
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let parts = match parts.as_slice() {
        ["openai" | "anthropic", "v1", rest @ ..] | ["v1", rest @ ..] => rest,
        // Cohere's newer clients; of its second version this alone is as the first.
        ["v2", rest @ ..] if *rest == ["rerank"] => rest,
        all => all,
    };
    let (route, allowed) = match parts {
        [] | ["api", "hello"] | ["api"] => (Route::Root, "GET"),
        ["models"] => (Route::Models, "GET"),
        ["models", id @ ..] => (Route::Model(decode(&id.join("/"))), "GET"),
        // What comes here is a WebSocket, whose clients go on without one when there is no such place.
        ["responses"] if *method == Method::GET => return Err(Failure::NoRoute),
        ["responses", id] if *id != "input_tokens" && *method == Method::DELETE => {
            (Route::Kept((*id).to_owned(), Wanted::Removal), "DELETE")
        }
        ["responses", id] if *id != "input_tokens" => {
            (Route::Kept((*id).to_owned(), Wanted::Response), "GET")
        }
        ["responses", id, "input_items"] => (Route::Kept((*id).to_owned(), Wanted::Items), "GET"),
        ["responses", id, "cancel"] => (Route::Kept((*id).to_owned(), Wanted::Cancellation), "POST"),
        ["witness", "add-checkpoint"] => (Route::AddCheckpoint, "POST"),
        ["witness", "rotations"] => (Route::TakeRotations, "POST"),
        ["witness", "checkpoint", log] => (Route::Witnessed((*log).to_owned()), "GET"),
        ["receipts", id] => (Route::Receipt((*id).to_owned()), "GET"),
        ["files"] if method == Method::GET || method == Method::HEAD => (Route::Files, "GET"),
        ["files", id] if *method == Method::DELETE => {
            (Route::File((*id).to_owned(), WantedFile::Removal), "DELETE")
        }
        ["files", id] => (Route::File((*id).to_owned(), WantedFile::About), "GET"),
        ["files", id, "content"] => (Route::File((*id).to_owned(), WantedFile::Content), "GET"),
        ["feedback"] => (Route::Feedback, "POST"),
        ["batches"] if method == Method::GET || method == Method::HEAD => (Route::Batches, "GET"),
        ["batches"] => (Route::NewBatch, "POST"),
        ["batches", id] => (Route::Batch((*id).to_owned(), WantedBatch::About), "GET"),
        ["batches", id, "cancel"] => (Route::Batch((*id).to_owned(), WantedBatch::Cancellation), "POST"),
        ["api", "tags"] => (Route::Ollama(Ollama::Tags), "GET"),
        ["api", "version"] => (Route::Ollama(Ollama::Version), "GET"),
        ["api", "ps"] => (Route::Ollama(Ollama::Running), "GET"),
        ["api", "show"] => (Route::Ollama(Ollama::Show), "POST"),
        _ => {
            let known = CONTENT.iter().find(|(known, _)| *known == parts);
            (Route::Ask(known.ok_or(Failure::NoRoute)?.1), "POST")
        }
    };
    let is_allowed = method.as_str() == allowed || (allowed == "GET" && method == Method::HEAD);
    if is_allowed { Ok(route) } else { Err(Failure::MethodNotAllowed(allowed)) }
}

/// Model names hold slashes, which some clients escape.
fn decode(id: &str) -> String {
    id.replace("%2F", "/").replace("%2f", "/").replace("%3A", ":").replace("%3a", ":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_found_as_clients_write_them() {
        for path in [
            "/v1/chat/completions",
            "/chat/completions",
            "//chat/completions",
            "/v1/chat/completions/",
            "/openai/v1/chat/completions",
        ] {
            assert_eq!(route(&Method::POST, path).unwrap(), Route::Ask(Api::CHAT), "{path}");
        }
        assert_eq!(route(&Method::GET, "/v1/models/org%2Fm").unwrap(), Route::Model("org/m".to_owned()));
        assert_eq!(route(&Method::GET, "/v1/models/org/m").unwrap(), Route::Model("org/m".to_owned()));
        assert_eq!(route(&Method::POST, "/v2/rerank").unwrap(), Route::Ask(Api::Rerank));
        let receipt = Route::Receipt("dec_1".to_owned());
        assert_eq!(route(&Method::GET, "/v1/receipts/dec_1").unwrap(), receipt);
        assert!(matches!(route(&Method::POST, "/v1/receipts/dec_1"), Err(Failure::MethodNotAllowed("GET"))));
        assert_eq!(route(&Method::HEAD, "/").unwrap(), Route::Root);
        assert_eq!(route(&Method::POST, "/v1/feedback").unwrap(), Route::Feedback);
        assert!(matches!(
            route(&Method::GET, "/v1/chat/completions"),
            Err(Failure::MethodNotAllowed("POST"))
        ));
        for path in [
            "/v1/fine_tuning",
            "/v2/chat",
            "/admin",
            "/v1/chat",
            "/metrics",
            "/v1/chat/completions/x",
            "/v1/receipts",
        ] {
            assert!(matches!(route(&Method::POST, path), Err(Failure::NoRoute)), "{path}");
        }
    }

    #[test]
    fn every_api_with_a_route_is_found_at_it_and_takes_a_post_alone() {
        for (parts, api) in CONTENT {
            let path = format!("/{}", parts.join("/"));
            assert_eq!(route(&Method::POST, &path).unwrap(), Route::Ask(api), "{path}");
            assert!(matches!(route(&Method::PUT, &path), Err(Failure::MethodNotAllowed("POST"))), "{path}");
        }
    }
}

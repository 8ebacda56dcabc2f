//! Requests for embeddings, between OpenAI's form and Ollama's.

use super::{Api, ClientRequest};
use crate::Destination;
use crate::canonical::{Losses, Severity};
use crate::dialect::BackendDialect;
use crate::json::{Json, Object, write_object};

/// What both have a word for.
const SHARED: [&str; 2] = ["input", "dimensions"];
/// What changes nothing in the answer, or is given to the answer afterwards.
const WITHOUT_EFFECT: [&str; 3] = ["encoding_format", "keep_alive", "user"];

impl Api {
    /// Whether its requests are written anew for such a backend, and its answers read from there.
    pub(super) const fn is_refitted_for(self, backend: BackendDialect) -> bool {
        matches!(
            (self, backend),
            (Api::Embeddings, BackendDialect::Ollama) | (Api::OllamaEmbed, BackendDialect::ChatCompletions)
        )
    }
}

impl ClientRequest {
    /// The body for a backend of the other form.
    pub(super) fn write_embed(&self, to: &Destination<'_>, out: &mut Vec<u8>) -> Losses {
        let mut losses = Losses::default();
        write_object(out, |body| {
            body.text("model", to.model);
            for (name, value) in self.body.as_object().into_iter().flat_map(Object::iter) {
                if SHARED.contains(&name) {
                    body.json(name, value);
                } else if !WITHOUT_EFFECT.contains(&name) && !is_default(name, value) {
                    losses.add(Severity::Reported, name.to_owned());
                }
            }
        });
        let is_of_tokens = self
            .member("input")
            .and_then(Json::as_array)
            .is_some_and(|all| all.iter().any(|item| item.as_str().is_none()));
        if is_of_tokens && to.dialect == BackendDialect::Ollama {
            losses.add(Severity::Refused, "input");
        }
        losses
    }
}

/// Ollama cuts what is too long unless it is told not to, where others refuse it.
fn is_default(name: &str, value: &Json<'_>) -> bool {
    *value == Json::Null || (name == "truncate" && value.as_bool() == Some(false))
}

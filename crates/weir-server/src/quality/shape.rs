//! The shape of a request's conversation.

use super::Quality;
use crate::pipeline::decide::latency_class;
use crate::pipeline::identify::Caller;
use crate::pipeline::inspect::Inspected;
use weir_policy::LatencyClass;
use weir_quality::Shape;
use weir_wire::json::Json;

/// Larger bodies are not looked at: what they say is not worth the time.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// The shape of a conversation that somebody waits for, of an API where the client sends it whole.
pub(crate) fn shape(quality: &Quality, inspected: &Inspected, caller: &Caller) -> Option<Shape> {
    let request = inspected.request.content();
    let waits = latency_class(caller, request.service_tier()) == LatencyClass::Interactive;
    if !waits || inspected.body_bytes > BODY_BYTES_MAX {
        return None;
    }
    let body = request.body().as_object()?;
    let turns = body.get("messages").or_else(|| body.get("input")).and_then(Json::as_array)?;
    let key = caller.key.as_ref().map_or("", |key| &key.id);
    let scope = [key, request.alias()];
    Shape::of(quality.key, &scope, turns.iter().map(|turn| (is_answer(turn), turn)), Json::write)
}

/// Whether a model spoke it. What a model called and what came of it are of the answer too.
fn is_answer(turn: &Json<'_>) -> bool {
    let Some(turn) = turn.as_object() else { return false };
    let word = |name| turn.get(name).and_then(Json::as_str);
    word("role") == Some("assistant") || matches!(word("type"), Some("function_call" | "reasoning"))
}

//! The shape of a request's conversation.

use super::Quality;
use crate::pipeline::decide::latency_class;
use crate::pipeline::identify::Caller;
use crate::pipeline::inspect::Inspected;
use weir_policy::LatencyClass;
use weir_quality::Shape;
use weir_wire::json::{Json, Object};

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
    let written: Vec<(bool, Vec<u8>)> = turns.iter().map(|turn| (is_answer(turn), turn.to_bytes())).collect();
    let turns = written.iter().map(|(is_answer, turn)| (*is_answer, turn.as_slice()));
    Shape::of(quality.key, &[key, request.alias()], turns)
}

/// Whether a model spoke it. What a model called and what came of it are of the answer too.
fn is_answer(turn: &Json<'_>) -> bool {
    let word = |object: &Object<'_>, name: &str| object.get(name).and_then(Json::as_str).map(str::to_owned);
    let Some(turn) = turn.as_object() else { return false };
    word(turn, "role").as_deref() == Some("assistant")
        || matches!(word(turn, "type").as_deref(), Some("function_call" | "reasoning"))
}

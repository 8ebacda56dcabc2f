use super::answer::{Answer, Pieces, Source, Stop, StopHow};
use super::ask::Ask;
use super::exchange::{Exchange, JSON, Plain};
use super::listen::Over;
use super::script::{Failure, Fault, Script};
use super::sse;
use super::transcript::Transcript;
use http::{Response, StatusCode};
use std::time::Duration;
use tokio::time::sleep;

/// Answers a chat completion request.
pub(super) async fn complete(mut exchange: Exchange, body: &[u8]) -> Result<Response<Answer>, Over> {
    let setup = exchange.setup.clone();
    let ask = match Ask::parse(body) {
        Ok(ask) => ask,
        Err(error) => return Ok(exchange.plain(Plain::error(StatusCode::BAD_REQUEST, &error.to_string()))),
    };
    match setup.slot().await {
        Ok(slot) => exchange.visit.hold(slot),
        Err(failure) => return Ok(exchange.failure(failure, &ask.prompt())),
    }
    if setup.script.latency_ms > 0 {
        sleep(Duration::from_millis(setup.script.latency_ms)).await;
    }
    match setup.take_fault() {
        Some(fault) if strikes_first(fault) => exchange.fail(fault, &ask.prompt()).await,
        _ if is_unknown(&setup.script, &ask) => Ok(exchange.plain(Plain::unknown_model(&ask.model))),
        fault => Ok(speak(exchange, &ask, fault)),
    }
}

/// Whether a fault strikes before any of the answer.
pub(super) fn strikes_first(fault: &Fault) -> bool {
    matches!(fault, Fault::Status(_) | Fault::Redirect { .. } | Fault::HangBeforeHead | Fault::Raw(_))
}

fn is_unknown(script: &Script, ask: &Ask<'_>) -> bool {
    script.strict_models && !script.models.iter().any(|model| *model == ask.model)
}

fn speak(exchange: Exchange, ask: &Ask<'_>, fault: Option<&Fault>) -> Response<Answer> {
    let transcript = Transcript::new(&exchange.setup.script, ask, exchange.visit.id());
    if ask.streams() { stream(exchange, transcript, fault) } else { whole(exchange, &transcript, fault) }
}

fn whole(exchange: Exchange, transcript: &Transcript, fault: Option<&Fault>) -> Response<Answer> {
    let mut body = transcript.whole();
    if let Some(Fault::ErrorFirst(message)) = fault {
        body = error_object(message).into();
    }
    let Some(stop) = stop(fault) else {
        return exchange.plain(Plain { status: StatusCode::OK, content_type: JSON, body });
    };
    let second_half = body.split_off(body.len() / 2);
    let source = Source::Fixed(vec![body, second_half]);
    let Exchange { visit, last_act, .. } = exchange;
    Exchange::pieces(JSON, Pieces::new(visit, source, Some(stop), Duration::ZERO, last_act))
}

fn stream(exchange: Exchange, transcript: Transcript, fault: Option<&Fault>) -> Response<Answer> {
    let Exchange { setup, visit, last_act } = exchange;
    let source = source(Box::new(transcript), &setup.script, fault);
    let gap = Duration::from_millis(setup.script.gap_ms);
    Exchange::pieces(EVENT_STREAM, Pieces::new(visit, source, stop(fault), gap, last_act))
}

fn source(transcript: Box<Transcript>, script: &Script, fault: Option<&Fault>) -> Source {
    let framing = script.framing;
    let (mut first, mut bad) = (None, None);
    match fault {
        Some(Fault::ErrorFirst(message)) => {
            return Source::Fixed(vec![sse::event(framing, &error_object(message))]);
        }
        Some(Fault::BadEvent { at, data }) => bad = Some((*at, data.clone())),
        Some(Fault::GiantLine(bytes)) => {
            first = Some(sse::event(framing, &transcript.giant_event(*bytes)));
        }
        Some(Fault::ErrorAfter { after, message }) => bad = Some((*after, error_object(message))),
        _ => {}
    }
    Source::Events { transcript, framing, first, bad }
}

pub(super) fn stop(fault: Option<&Fault>) -> Option<Stop> {
    match fault {
        Some(Fault::HangAfter(after)) => Some(Stop { after: *after, how: StopHow::Silence }),
        Some(Fault::Cut { after, how }) => Some(Stop { after: *after, how: StopHow::Cut(*how) }),
        _ => None,
    }
}

fn error_object(message: &str) -> String {
    Failure::openai(500, "server_error", "internal_error", message).body
}

const EVENT_STREAM: &str = "text/event-stream; charset=utf-8";

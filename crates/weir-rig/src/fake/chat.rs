use super::answer::{Answer, Pieces, Source, Stop, StopHow};
use super::ask::Ask;
use super::exchange::{Exchange, JSON, Plain};
use super::listen::Over;
use super::script::{Failure, Fault, Script};
use super::sse;
use super::state::Setup;
use super::transcript::Transcript;
use http::{Response, StatusCode};
use std::time::Duration;
use tokio::time::sleep;

/// Answers a chat completion request.
pub(super) async fn complete(exchange: Exchange, body: &[u8]) -> Result<Response<Answer>, Over> {
    let setup = exchange.setup.clone();
    let ask = match Ask::parse(body) {
        Ok(ask) => ask,
        Err(error) => return Ok(exchange.plain(Plain::error(StatusCode::BAD_REQUEST, &error.to_string()))),
    };
    let (exchange, fault) = match admit(exchange, &setup, || ask.prompt()).await {
        Ok(admitted) => admitted,
        Err(struck) => return struck,
    };
    if setup.script.lacks(&ask.model) {
        return Ok(exchange.plain(Plain::unknown_model(&ask.model)));
    }
    Ok(speak(exchange, &ask, fault))
}

/// What comes of a request that a fault strikes before any of its answer.
type Struck = Result<Response<Answer>, Over>;

/// Takes a place and the script's time. Gives the fault that is to strike within the answer, or the answer where
/// one strikes before it; `prompt` is what an error may quote.
pub(super) async fn admit(
    mut exchange: Exchange,
    setup: &Setup,
    prompt: impl Fn() -> String,
) -> Result<(Exchange, Option<&Fault>), Struck> {
    match setup.slot().await {
        Ok(slot) => exchange.visit.hold(slot),
        Err(failure) => return Err(Ok(exchange.failure(failure, &prompt()))),
    }
    if setup.script.latency_ms > 0 {
        sleep(Duration::from_millis(setup.script.latency_ms)).await;
    }
    match setup.take_fault() {
        Some(Fault::HangBeforeHead) => {
            exchange.visit.released().await;
            Ok((exchange, None))
        }
        Some(fault) if strikes_first(fault) => Err(exchange.fail(fault, &prompt()).await),
        fault => Ok((exchange, fault)),
    }
}

/// Whether a fault strikes before any of the answer.
fn strikes_first(fault: &Fault) -> bool {
    matches!(fault, Fault::Status(_) | Fault::Redirect { .. } | Fault::Raw(_))
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

//! Providers other than OpenAI: each checks what it is sent as strictly as the real one does, and answers in its
//! own dialect.
//!
//! The checks are written from the providers' documentation, apart from Weir's own writers, so that a mistake of
//! one is not a mistake of both.

#![expect(
    clippy::indexing_slicing,
    reason = "a member that a JSON value lacks is null when it is read; one that is set is of an object made here"
)]

mod anthropic;
mod aws;
mod azure;
mod bedrock;
mod cohere;
mod gemini;
mod ollama;
mod said;
mod schema;

use super::answer::{Answer, Pieces, Source};
use super::chat::{self, admit, stop};
use super::exchange::{Exchange, JSON, Plain};
use super::listen::Over;
use super::script::{Fault, Script};
use bytes::Bytes;
use http::{Method, Response, StatusCode, request::Parts};
use said::Said;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;

/// Whom a fake backend plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// OpenAI, and everything compatible.
    #[default]
    OpenAi,
    /// Anthropic messages. The key is [`KEY`].
    Anthropic,
    /// Google Gemini. The key is [`KEY`].
    Gemini,
    /// AWS Bedrock `Converse`. The keys are [`AWS_KEYS`], for `bedrock` in `eu-central-1`.
    Bedrock,
    /// Ollama's own API, without a key.
    Ollama,
    /// Azure OpenAI's deployments. The key is [`KEY`].
    Azure,
    /// Cohere v2. The key is [`KEY`].
    Cohere,
}

/// The key that providers want.
pub const KEY: &str = "key-of-the-provider";

/// Access key id and secret access key of the AWS account.
pub const AWS_KEYS: (&str, &str) = ("AKIDEXAMPLE", "secret-of-the-provider");

impl Provider {
    /// The base URL's path.
    pub(super) const fn base(self) -> &'static str {
        match self {
            Self::OpenAi | Self::Anthropic => "/v1",
            Self::Gemini => "/v1beta",
            Self::Bedrock | Self::Ollama | Self::Azure | Self::Cohere => "",
        }
    }

    /// Whether a request is for the provider's conversations.
    pub(super) fn serves(self, head: &Parts) -> bool {
        let path = head.uri.path();
        head.method == Method::POST
            && match self {
                Self::OpenAi => false,
                Self::Anthropic => path == "/v1/messages",
                Self::Gemini => path.starts_with("/v1beta/models/"),
                Self::Bedrock => path.starts_with("/model/"),
                Self::Ollama => path == "/api/chat",
                Self::Azure => path.starts_with("/openai/deployments/"),
                Self::Cohere => path == "/v2/chat",
            }
    }
}

/// What is wrong with a request.
struct Refusal {
    status: u16,
    message: String,
}

type Checked<T = ()> = Result<T, Refusal>;

/// Refuses a request.
fn refuse<T>(status: u16, message: impl Into<String>) -> Checked<T> {
    Err(Refusal { status, message: message.into() })
}

/// Refuses a request unless this holds.
fn ensure(holds: bool, message: impl Into<String>) -> Checked {
    if holds { Ok(()) } else { refuse(400, message) }
}

/// A request in a provider's dialect.
struct Asked<'a> {
    head: &'a Parts,
    bytes: &'a [u8],
    body: Value,
}

impl Asked<'_> {
    fn header(&self, name: &str) -> &str {
        self.head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    fn path(&self) -> &str {
        self.head.uri.path()
    }

    fn query(&self) -> &str {
        self.head.uri.query().unwrap_or_default()
    }
}

/// One provider's side.
struct Side {
    /// Checks a request; gives the model and whether a stream is wanted.
    check: fn(&Asked<'_>) -> Checked<(String, bool)>,
    whole: fn(&Said) -> Value,
    stream: fn(&Said) -> Vec<Bytes>,
    stream_type: &'static str,
    error: fn(&Refusal) -> Value,
    /// An error within a stream.
    error_item: fn(&str) -> Bytes,
}

/// Answers a request for the provider's conversations.
pub(super) async fn serve(exchange: Exchange, head: &Parts, bytes: &[u8]) -> Result<Response<Answer>, Over> {
    let side = match exchange.setup.script.provider {
        Provider::OpenAi => return chat::complete(exchange, bytes).await,
        Provider::Azure => return azure::serve(exchange, head, bytes).await,
        Provider::Anthropic => anthropic::SIDE,
        Provider::Gemini => gemini::SIDE,
        Provider::Bedrock => bedrock::SIDE,
        Provider::Ollama => ollama::SIDE,
        Provider::Cohere => cohere::SIDE,
    };
    let body = serde_json::from_slice(bytes).unwrap_or_default();
    let asked = Asked { head, bytes, body };
    speak(exchange, &side, &asked).await
}

async fn speak(exchange: Exchange, side: &Side, asked: &Asked<'_>) -> Result<Response<Answer>, Over> {
    let setup = exchange.setup.clone();
    let (exchange, fault) = match admit(exchange, &setup, || said::last_text(&asked.body)).await {
        Ok(admitted) => admitted,
        Err(struck) => return struck,
    };
    let (model, is_stream) = match (side.check)(asked).and_then(|asked| known(&setup.script, asked)) {
        Ok(asked) => asked,
        Err(refusal) => {
            let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            return Ok(exchange.plain(Plain::json(status, (side.error)(&refusal))));
        }
    };
    let said = Said::new(&setup.script, &model, &asked.body, exchange.visit.id());
    Ok(if is_stream { stream(exchange, side, &said, fault) } else { whole(exchange, side, &said, fault) })
}

fn known(script: &Script, (model, is_stream): (String, bool)) -> Checked<(String, bool)> {
    if script.lacks(&model) {
        return refuse(404, format!("model: {model}"));
    }
    Ok((model, is_stream))
}

fn whole(exchange: Exchange, side: &Side, said: &Said, fault: Option<&Fault>) -> Response<Answer> {
    let body = match fault {
        Some(Fault::ErrorFirst(message)) => (side.error)(&Refusal { status: 500, message: message.clone() }),
        _ => (side.whole)(said),
    };
    let mut body = Bytes::from(body.to_string());
    let Some(stop) = stop(fault) else {
        return exchange.plain(Plain { status: StatusCode::OK, content_type: JSON, body });
    };
    let second_half = body.split_off(body.len() / 2);
    let Exchange { visit, last_act, .. } = exchange;
    let source = Source::Fixed(vec![body, second_half]);
    Exchange::pieces(JSON, Pieces::new(visit, source, Some(stop), Duration::ZERO, last_act))
}

fn stream(exchange: Exchange, side: &Side, said: &Said, fault: Option<&Fault>) -> Response<Answer> {
    let Exchange { setup, visit, last_act } = exchange;
    let pieces = match fault {
        Some(Fault::ErrorFirst(message)) => vec![(side.error_item)(message)],
        Some(Fault::ErrorAfter { after, message }) => {
            let mut pieces = (side.stream)(said);
            pieces.truncate(usize::try_from(*after).unwrap_or(usize::MAX));
            pieces.push((side.error_item)(message));
            pieces
        }
        _ => (side.stream)(said),
    };
    let gap = Duration::from_millis(setup.script.gap_ms);
    let pieces = Pieces::new(visit, Source::Fixed(pieces), stop(fault), gap, last_act);
    Exchange::pieces(side.stream_type, pieces)
}

const EVENT_STREAM: &str = "text/event-stream; charset=utf-8";

/// One server-sent event with a name.
fn named_event(name: &str, data: &Value) -> Bytes {
    format!("event: {name}\ndata: {data}\n\n").into()
}

/// One server-sent event without a name.
fn event(data: &Value) -> Bytes {
    format!("data: {data}\n\n").into()
}

/// A member that must be there.
fn required<'v>(object: &'v Value, name: &str) -> Checked<&'v Value> {
    match object.get(name) {
        Some(value) if !value.is_null() => Ok(value),
        _ => refuse(400, format!("{name}: field required")),
    }
}

/// An array that must be there and hold something.
fn some<'v>(object: &'v Value, name: &str) -> Checked<&'v Vec<Value>> {
    match required(object, name)?.as_array() {
        Some(items) if !items.is_empty() => Ok(items),
        _ => refuse(400, format!("{name}: must be a list with at least one item")),
    }
}

fn text<'v>(object: &'v Value, name: &str) -> &'v str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Refuses members that the provider does not know.
fn only(object: &Value, known: &[&str]) -> Checked {
    let members = object.as_object().into_iter().flat_map(|members| members.keys());
    match members.into_iter().find(|name| !known.contains(&name.as_str())) {
        Some(unknown) => refuse(400, format!("{unknown}: extra inputs are not permitted")),
        None => Ok(()),
    }
}

/// Refuses a number out of its range.
fn within(object: &Value, name: &str, least: f64, most: f64) -> Checked {
    match object.get(name) {
        None => Ok(()),
        Some(value) => ensure(
            value.as_f64().is_some_and(|number| (least..=most).contains(&number)),
            format!("{name}: must be between {least} and {most}"),
        ),
    }
}

/// The proof that a provider puts on what it made.
fn proof(of: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(format!("proof:{of}"))
}

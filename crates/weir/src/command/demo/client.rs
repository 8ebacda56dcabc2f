//! An application that asks the gateway.

use super::examples::Example;
use crate::discovery::boundary;
use crate::exit::Failed;
use serde_json::Value;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::time::timeout;
use weir_label::{Boundary, Classified, Inspect, Label, Level, Local, Recipient, ZoneKind};
use weir_local::{Accept, Call, Endpoint, LocalBackend, Response};
use weir_wire::{Destination, Encode};

/// A real model on a slow machine, after a wait in the queue.
const PATIENCE: Duration = Duration::from_secs(120);
const ANSWER_BYTES_MAX: usize = 1 << 20;
const NAME: &str = "gateway";

/// What came back for one example.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub decision: Option<String>,
    pub level: Option<String>,
    pub rule: Option<String>,
    pub zone: Option<String>,
    pub backend: Option<String>,
    pub reason: Option<String>,
    pub took: Duration,
    /// Why there is no answer, if there is none.
    pub failure: Option<String>,
}

impl Answer {
    pub fn zone(&self) -> Option<ZoneKind> {
        [ZoneKind::Local, ZoneKind::Cloud]
            .into_iter()
            .find(|zone| self.zone.as_deref() == Some(zone.as_str()))
    }
}

/// The body of a request to the gateway; the model's name is written by the door.
struct Body(Value);

impl Encode for Body {
    fn encode(&self, to: &Destination<'_>, out: &mut Vec<u8>) {
        let mut body = self.0.clone();
        if let Some(members) = body.as_object_mut() {
            members.insert("model".to_owned(), Value::from(to.model));
        }
        out.extend_from_slice(body.to_string().as_bytes());
    }
}

/// An application does not inspect what it sends, so that it may be anything; to inspect is the
/// gateway's part.
struct Uninspected;

impl Inspect<Body> for Uninspected {
    fn inspect(&self, _body: &Body) -> Label {
        Label::unknown()
    }
}

/// The way to a gateway on this machine.
pub(super) struct Client {
    door: LocalBackend,
    boundary: Boundary,
    gateway: Recipient<Local>,
}

impl Client {
    pub fn new(gateway: SocketAddr) -> Result<Self, Failed> {
        let endpoint = Endpoint::new(NAME, &format!("http://{gateway}/v1"));
        let door = endpoint.and_then(|endpoint| LocalBackend::new(endpoint, &[]));
        let boundary = boundary();
        Ok(Self {
            door: door.map_err(|error| Failed::check("cannot reach the gateway", &error))?,
            gateway: Recipient::new(NAME, boundary.local_clearance(Level::Restricted, None)),
            boundary,
        })
    }

    /// Sends an example and reads its answer to the end.
    pub async fn ask(&self, example: &Example) -> Answer {
        let asked = Instant::now();
        let answered = timeout(PATIENCE, self.send(example)).await;
        let answer = answered.unwrap_or_else(|_| failed("no answer in time".to_owned()));
        Answer { took: asked.elapsed(), ..answer }
    }

    async fn send(&self, example: &Example) -> Answer {
        let content = Classified::new(Body(example.body.clone()), &Uninspected);
        let permit = match self.boundary.permit(&content, &self.gateway) {
            Ok(permit) => permit,
            Err(refusal) => return failed(refusal.to_string()),
        };
        let accept = if example.is_stream() { Accept::EventStream } else { Accept::Json };
        let call = Call::new("/chat/completions", example.alias, accept, PATIENCE);
        match self.door.send(permit, &call).await {
            Ok(response) => read(response).await,
            Err(error) => failed(error.to_string()),
        }
    }
}

async fn read(response: Response) -> Answer {
    let header = |name: &str| Some(response.headers().get(name)?.to_str().ok()?.to_owned());
    let answer = Answer {
        decision: header("x-weir-decision-id"),
        level: header("x-weir-level"),
        rule: header("x-weir-rule"),
        zone: header("x-weir-zone"),
        backend: header("x-weir-backend"),
        reason: header("x-weir-reason"),
        ..Answer::default()
    };
    let status = response.status();
    let failure = match response.bytes(ANSWER_BYTES_MAX).await {
        Ok(_) if status.is_success() => None,
        Ok(body) => Some(format!("{} {}", status.as_u16(), error_code(&body))),
        Err(error) => Some(error.to_string()),
    };
    Answer { failure, ..answer }
}

fn error_code(body: &[u8]) -> String {
    let envelope: Value = serde_json::from_slice(body).unwrap_or_default();
    let code = envelope.pointer("/error/code").and_then(Value::as_str);
    code.unwrap_or("without an error code").to_owned()
}

fn failed(why: String) -> Answer {
    Answer { failure: Some(why), ..Answer::default() }
}

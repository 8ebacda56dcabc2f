//! Upstream response → client answer.
//!
//! INVARIANT (committed at first content): until the first content of an answer is here, nothing has
//! been given to the client and another target may be tried; after it, never.
//! INVARIANT (no false success): a stream that breaks ends with an error event and without `[DONE]`.

mod family;
mod guard;
mod stream;

use super::admit::kind_of_work;
use super::cascade::Watch;
use super::decide::Ruling;
use super::inspect::Inspected;
use super::record::Ledger;
use crate::desk::Place;
use crate::failure::BackendFailure;
use crate::gateway::Gateway;
use crate::patience::within;
use bytes::Bytes;
use guard::Guard;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
pub(crate) use stream::StreamRelay;
use stream::TICK;
use weir_config::Timeouts;
use weir_egress::Response;
use weir_label::ZoneKind;
use weir_policy::TargetId;
use weir_wire::chat::{BadReply, ReplyIdentity};
use weir_wire::dialect::{BackendDialect, ClientDialect, Framing};
use weir_wire::error::Envelope;
use weir_wire::json::Json;
use weir_wire::relay::{self, Lane, Whole};
use weir_wire::request::{Api, ClientRequest};

/// What the client gets.
pub(crate) enum Answer {
    Whole(Bytes),
    /// No JSON: its type, and it.
    Bytes(HeaderValue, Bytes),
    Stream(Box<StreamRelay>),
}

/// The largest answer that is taken in whole.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;
/// The largest error body that is read.
const ERROR_BYTES_MAX: usize = 64 * 1024;
/// How long a backend that says it is full is left alone when it does not say how long.
const DEFAULT_PAUSE: Duration = Duration::from_secs(1);
/// No backend is believed beyond this.
const PAUSE_MAX: Duration = Duration::from_secs(300);

impl Answer {
    /// Tells the account of an attempt what its answer says of itself; of a stream that is complete nobody has yet.
    pub fn tell(&mut self, ledger: &mut Ledger) {
        match self {
            Answer::Stream(relay) => relay.tell(ledger),
            Answer::Whole(_) | Answer::Bytes(..) => {}
        }
    }

    /// The same, with the place that it may hold given back: it is complete, has cost so much, and waits to be given out.
    pub fn without_place(self, micro_usd: Option<u64>) -> Self {
        match self {
            Answer::Stream(mut relay) => {
                relay.give_back(micro_usd);
                Answer::Stream(relay)
            }
            other @ (Answer::Whole(_) | Answer::Bytes(..)) => other,
        }
    }
}

/// Maps a backend's answer to the client's, up to its end or, for streams, its first content; or, for a stream that is
/// held back to be checked, its end.
///
/// # Errors
/// [`BackendFailure`]; nothing has reached the client then, and the place has been given back.
pub(crate) async fn relay(
    gateway: &Arc<Gateway>,
    sent: Result<Response, BackendFailure>,
    (ruling, target): (&Ruling, TargetId),
    (place, watch): (Place, &mut Watch),
    inspected: &Inspected,
    ledger: &mut Ledger,
) -> Result<Answer, BackendFailure> {
    let request = inspected.request.content();
    if request.is_stream() {
        let account = (ledger.reply_id().to_owned(), ledger.key_id());
        let copy = watch.stream_limit();
        let opening = Box::pin(open(gateway, sent, ruling, target, inspected, account, copy));
        let opened = patiently(opening, (request, &mut *ledger)).await;
        if let Some(peer) = &opened.peer {
            ledger.connected(peer);
        }
        let beginning = Box::pin(begin(opened.begun, (place, watch), inspected));
        return patiently(beginning, (request, ledger)).await;
    }
    let api = request.api();
    let (lane, timeouts) = lane(gateway, ruling, target, request, ledger.reply_id().to_owned());
    let answered = match sent {
        Ok(response) => {
            ledger.connected(response.peer_ip());
            match accept(response, lane.backend).await {
                Ok(response) if api.dialect().is_none() => {
                    Box::pin(family::answer(response, request, timeouts, ledger)).await
                }
                Ok(response) => whole(response, (&lane, request.body()), (timeouts, watch), ledger)
                    .await
                    .map(Answer::Whole),
                Err(failure) => Err(failure),
            }
        }
        Err(failure) => Err(failure),
    };
    if let (Ok(_), Some(tokens)) = (&answered, ledger.output_tokens()) {
        place.answered(kind_of_work(inspected), tokens);
        if let Some(micro_usd) = ledger.cost_micro_usd() {
            place.cost(micro_usd);
        }
    }
    settle(place, answered.as_ref().err());
    answered
}

fn lane(
    gateway: &Gateway,
    ruling: &Ruling,
    target: TargetId,
    request: &ClientRequest,
    reply_id: String,
) -> (Lane, Timeouts) {
    let backend = ruling.target(target).and_then(|t| ruling.snapshot.backend(&t.backend));
    let lane = Lane {
        client: request.api().dialect().unwrap_or(ClientDialect::ChatCompletions),
        backend: backend.map_or(BackendDialect::ChatCompletions, |backend| backend.api.dialect),
        identity: ReplyIdentity { id: reply_id, alias: request.alias().to_owned() },
        inside: backend.is_some_and(|backend| backend.zone == ZoneKind::Local),
        created_s: u64::try_from(gateway.wall.unix_seconds()).unwrap_or_default(),
        show_usage: request.wants_usage(),
    };
    (lane, backend.map(|backend| backend.timeouts).unwrap_or_default())
}

/// The beginning of an answer, or why there is none, and who was asked for it.
pub(crate) struct Opened<B> {
    pub peer: Option<Arc<str>>,
    pub begun: Result<B, BackendFailure>,
}

/// Takes the head of an answer that comes whole.
pub(crate) async fn open_whole(
    sent: Result<Response, BackendFailure>,
    ruling: &Ruling,
    target: TargetId,
) -> Opened<Response> {
    let response = match sent {
        Ok(response) => response,
        Err(failure) => return Opened { peer: None, begun: Err(failure) },
    };
    let peer = Some(response.peer_ip().clone());
    let backend = ruling.target(target).and_then(|target| ruling.snapshot.backend(&target.backend));
    let dialect = backend.map_or(BackendDialect::ChatCompletions, |backend| backend.api.dialect);
    Opened { peer, begun: accept(response, dialect).await }
}

/// Reads a stream up to its first content, and begins a copy of at most so many bytes. Nothing has reached the client then. Dropped before, it closes the
/// connection to the backend.
pub(crate) async fn open(
    gateway: &Arc<Gateway>,
    sent: Result<Response, BackendFailure>,
    ruling: &Ruling,
    target: TargetId,
    inspected: &Inspected,
    (reply_id, key): (String, Option<Arc<str>>),
    copy: Option<usize>,
) -> Opened<Box<StreamRelay>> {
    let response = match sent {
        Ok(response) => response,
        Err(failure) => return Opened { peer: None, begun: Err(failure) },
    };
    let peer = Some(response.peer_ip().clone());
    let request = inspected.request.content();
    let (lane, timeouts) = lane(gateway, ruling, target, request, reply_id);
    let response = match accept(response, lane.backend).await {
        Ok(response) => response,
        Err(failure) => return Opened { peer, begun: Err(failure) },
    };
    let backend = lane.backend;
    let is_transcript = request.api() == Api::Transcription;
    let relay = match is_transcript {
        true => relay::StreamRelay::of_transcript(lane),
        false => relay::StreamRelay::new(lane, request.body()),
    };
    let mut relay = StreamRelay::new(gateway, response, (relay, backend), timeouts, key);
    relay.copy(copy);
    relay.guard(Guard::of(gateway, ruling, target, inspected));
    let started = tokio::time::timeout(timeouts.first_token, relay.first_content()).await;
    Opened { peer, begun: started.unwrap_or(Err(BackendFailure::Timeout)).map(|()| relay) }
}

/// Gives a stream that has begun to the client; one that is held back to be checked once it has ended.
///
/// # Errors
/// Why it has not; its place has been given back.
pub(crate) async fn begin(
    stream: Result<Box<StreamRelay>, BackendFailure>,
    (place, watch): (Place, &mut Watch),
    inspected: &Inspected,
) -> Result<Answer, BackendFailure> {
    let held = match stream {
        Ok(mut relay) => {
            place.first_token();
            relay.hold_back(watch).await.map(|()| relay)
        }
        Err(failure) => Err(failure),
    };
    match held {
        Ok(mut relay) => {
            relay.hold(place, kind_of_work(inspected));
            Ok(Answer::Stream(relay))
        }
        Err(failure) => {
            settle(place, Some(&failure));
            Err(failure)
        }
    }
}

/// Waits for a stream that has no content yet, looking at the time in between.
pub(crate) async fn patiently<T>(
    wait: impl Future<Output = T>,
    (request, ledger): (&ClientRequest, &mut Ledger),
) -> T {
    let mut wait = pin!(wait);
    loop {
        match tokio::time::timeout(TICK, &mut wait).await {
            Ok(done) => return done,
            Err(_) => ledger.is_waited_for(request),
        }
    }
}

/// Gives the place back, with what the end says of the backend.
pub(crate) fn settle(place: Place, failure: Option<&BackendFailure>) {
    match failure {
        None | Some(BackendFailure::ClientError { .. }) => place.served(),
        Some(BackendFailure::Full { retry_after, .. }) => place.full(*retry_after),
        Some(BackendFailure::NoPermit | BackendFailure::NoRecord | BackendFailure::NotCaptured) => {
            drop(place)
        }
        Some(
            BackendFailure::Unreachable { .. }
            | BackendFailure::Timeout
            | BackendFailure::Unusable { .. }
            | BackendFailure::Nonsense { .. },
        ) => place.failed(),
    }
}

/// A response with a good status, or what the status means.
async fn accept(response: Response, dialect: BackendDialect) -> Result<Response, BackendFailure> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    tracing::warn!(status = status.as_u16(), peer = %response.peer(), "a backend answered with an error");
    let pause = retry_after(response.headers());
    let body = response.bytes(ERROR_BYTES_MAX).await.unwrap_or_default();
    Err(failure_of(status, pause, dialect.read_error(status.as_u16(), &body)))
}

fn failure_of(status: StatusCode, pause: Duration, envelope: Option<Envelope>) -> BackendFailure {
    let number = status.as_u16();
    match number {
        429 => BackendFailure::Full { retry_after: pause, envelope, limited: true, is_overload: false },
        503 | 529 => BackendFailure::Full {
            retry_after: pause,
            envelope: None,
            limited: false,
            is_overload: number == 529,
        },
        // Weir's own credential, model name or path is at fault there, not the client's request.
        401 | 403 | 404 | 405 | 300..=399 => BackendFailure::Unusable { retry: false },
        400..=499 => match envelope {
            Some(envelope) => BackendFailure::ClientError { status: number, envelope },
            None => BackendFailure::Unusable { retry: false },
        },
        _ => BackendFailure::Unusable { retry: true },
    }
}

/// `Retry-After` in seconds. A date or nonsense counts as none: clocks differ.
fn retry_after(headers: &HeaderMap) -> Duration {
    let value = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let seconds = value.and_then(|text| text.trim().parse::<u64>().ok());
    seconds.map_or(DEFAULT_PAUSE, Duration::from_secs).min(PAUSE_MAX)
}

async fn whole(
    response: Response,
    (lane, asked): (&Lane, &Json<'static>),
    (timeouts, watch): (Timeouts, &mut Watch),
    ledger: &mut Ledger,
) -> Result<Bytes, BackendFailure> {
    let body = body_of(response, timeouts).await?;
    watch.take(lane.backend, &body);
    let Whole { body, seen } = relay::whole(lane, asked, &body).map_err(nonsense)?;
    ledger.first_content();
    ledger.replied(&seen.usage, seen.finish_reason.as_deref(), seen.model.as_deref());
    ledger.relayed(body.len());
    ledger.made(&seen.sealed);
    ledger.answered(&body);
    Ok(body.into())
}

/// The body of a response with a good status.
///
/// # Errors
/// [`BackendFailure`] for every other.
pub(crate) async fn body_of_good(
    response: Response,
    dialect: BackendDialect,
    timeouts: Timeouts,
) -> Result<Bytes, BackendFailure> {
    body_of(accept(response, dialect).await?, timeouts).await
}

async fn body_of(response: Response, timeouts: Timeouts) -> Result<Bytes, BackendFailure> {
    let body = within(timeouts.total, response.bytes(ANSWER_BYTES_MAX)).await;
    body.map_err(|_| BackendFailure::Timeout)?
        .map_err(|error| BackendFailure::Unreachable { code: error.code(), retry: true })
}

fn nonsense(bad: BadReply) -> BackendFailure {
    match bad {
        BadReply::Error(envelope) => BackendFailure::Nonsense { message: Some(envelope.message) },
        BadReply::Malformed => BackendFailure::Nonsense { message: None },
    }
}

/// Whether a response is a stream of the framing that its dialect has.
fn is_stream_of(framing: Framing, headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media = value.split(';').next().unwrap_or_default().trim();
    let is = |types: &[&str]| types.iter().any(|known| media.eq_ignore_ascii_case(known));
    match framing {
        Framing::EventStream => is(&["text/event-stream"]),
        Framing::Lines => is(&["application/x-ndjson", "application/ndjson", "application/jsonl"]),
        Framing::AwsEventStream => is(&["application/vnd.amazon.eventstream"]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_of_backends_mean_what_the_wire_conventions_say() {
        let envelope = Envelope::read(br#"{"error":{"message":"bad"}}"#);
        let of = |status: u16| {
            let status = StatusCode::from_u16(status).unwrap();
            failure_of(status, DEFAULT_PAUSE, envelope.clone())
        };
        assert!(matches!(of(429), BackendFailure::Full { limited: true, .. }));
        assert!(matches!(of(503), BackendFailure::Full { limited: false, .. }));
        assert!(matches!(of(400), BackendFailure::ClientError { status: 400, .. }));
        assert!(matches!(of(422), BackendFailure::ClientError { status: 422, .. }));
        for own_fault in [401, 403, 404, 405, 307] {
            assert!(!of(own_fault).may_try_another(), "{own_fault}");
        }
        assert!(of(500).may_try_another() && of(502).may_try_another());
    }

    #[test]
    fn retry_after_is_believed_within_reason() {
        let of = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, value.parse().unwrap());
            retry_after(&headers)
        };
        assert_eq!(of("7"), Duration::from_secs(7));
        assert_eq!(of("0"), Duration::ZERO);
        assert_eq!(of("3600"), PAUSE_MAX);
        assert_eq!(of("Wed, 21 Oct 2015 07:28:00 GMT"), DEFAULT_PAUSE);
        assert_eq!(of("soon"), DEFAULT_PAUSE);
        assert_eq!(retry_after(&HeaderMap::new()), DEFAULT_PAUSE);
    }
}

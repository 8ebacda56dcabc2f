use super::guard::Guard;
use super::{BackendFailure, is_stream_of, nonsense};
use crate::desk::Place;
use crate::failure::{CONTENT_UNAVAILABLE, NOT_CAPTURED};
use crate::gateway::Gateway;
use crate::pipeline::cascade::Watch;
use crate::pipeline::record::Ledger;
use crate::pipeline::record::content::Recorder;
use crate::waiting::KEEP_ALIVE_AFTER;
use bytes::Bytes;
use http_body::{Body, Frame};
use jiff::Timestamp;
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::time::Sleep;
use weir_audit::event::OutcomeKind;
use weir_config::Timeouts;
use weir_egress::{Response, ResponseBody};
use weir_wire::dialect::BackendDialect;
use weir_wire::error::Envelope;
use weir_wire::relay::{self, Seen};

/// How often time limits and the caller's key are looked at.
pub(super) const TICK: Duration = Duration::from_secs(1);

/// The body of a streamed answer: takes upstream events in, gives client events out.
///
/// Polled by the connection of the client and driven by nothing else: what the client does not take is
/// not read from the backend, and when the client goes this is dropped, which closes the upstream
/// connection, gives the place back and writes the outcome.
pub(crate) struct StreamRelay {
    gateway: Arc<Gateway>,
    upstream: Option<ResponseBody>,
    is_stream: bool,
    backend: BackendDialect,
    relay: relay::StreamRelay,
    timeouts: Timeouts,
    out: Vec<u8>,
    end: End,
    started: Instant,
    last_event: Instant,
    last_sent: Instant,
    tick: Pin<Box<Sleep>>,
    key: Option<Arc<str>>,
    bytes: usize,
    ledger: Option<Ledger>,
    /// What captures it.
    recorder: Option<Recorder>,
    closing: Option<Closing>,
    place: Option<Place>,
    /// What tells the length of its answer from those of others.
    kind: u16,
    /// Whether its account has been told what came.
    is_told: bool,
    /// What the backend wrote, as long as it is held back and fits.
    copy: Option<Transcript>,
    /// What was sent outside, as long as the answer runs.
    guard: Option<Box<Guard>>,
}

/// The bytes of a backend, up to a limit.
struct Transcript {
    bytes: Vec<u8>,
    limit: usize,
    backend: BackendDialect,
}

/// Ends when the outcome is in the log. What a client was told is there, though the process be killed; so
/// the last events are given out after it. Says whether the answer was captured, if it had to be.
type Closing = Pin<Box<dyn Future<Output = bool> + Send>>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    NotYet,
    Done,
    Broken(OutcomeKind),
}

impl std::fmt::Debug for StreamRelay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StreamRelay").field("end", &self.end).finish_non_exhaustive()
    }
}

impl StreamRelay {
    pub fn new(
        gateway: &Arc<Gateway>,
        response: Response,
        (relay, backend): (relay::StreamRelay, BackendDialect),
        timeouts: Timeouts,
        key: Option<Arc<str>>,
    ) -> Box<Self> {
        let now = Instant::now();
        let event_bytes = gateway.snapshot().loaded.config.limits.event_bytes.get();
        Box::new(Self {
            gateway: gateway.clone(),
            backend,
            is_stream: is_stream_of(backend.framing(), response.headers()),
            upstream: Some(response.into_body()),
            relay: relay.holding(event_bytes),
            timeouts,
            out: Vec::new(),
            end: End::NotYet,
            started: now,
            last_event: now,
            last_sent: now,
            tick: Box::pin(tokio::time::sleep(TICK)),
            key,
            bytes: 0,
            ledger: None,
            recorder: None,
            closing: None,
            place: None,
            kind: 0,
            is_told: false,
            copy: None,
            guard: None,
        })
    }

    /// Has the request judged again whenever the policy changes.
    pub(super) fn guard(&mut self, guard: Option<Box<Guard>>) {
        self.guard = guard;
    }

    /// Reads events until one has content. What came before is kept for the client.
    ///
    /// # Errors
    /// [`BackendFailure`] when the stream ends, breaks or fails first.
    pub async fn first_content(&mut self) -> Result<(), BackendFailure> {
        if !self.is_stream {
            return Err(BackendFailure::Nonsense { message: None });
        }
        while !self.relay.seen().has_content {
            let bytes = poll_fn(|cx| self.poll_upstream(cx)).await;
            match bytes {
                Some(Ok(bytes)) => self.take(&bytes)?,
                None if self.ended().is_ok() => {}
                Some(Err(())) | None => return Err(BackendFailure::Unreachable { code: "cut", retry: true }),
            }
            if self.end == End::Done && !self.relay.seen().has_content {
                return Err(BackendFailure::Nonsense { message: None });
            }
        }
        Ok(())
    }

    /// Keeps what the backend writes, up to a limit, so that the answer can be checked before it is given out.
    pub fn copy(&mut self, limit: Option<usize>) {
        self.copy = limit.map(|limit| Transcript { bytes: Vec::new(), limit, backend: self.backend });
    }

    /// Reads on to the end of the answer if it is kept, and hands the copy over. An answer that is too long is kept no
    /// longer, and goes on as any other.
    ///
    /// # Errors
    /// [`BackendFailure`] when the stream breaks or takes too long; nothing has reached the client.
    pub async fn hold_back(&mut self, watch: &mut Watch) -> Result<(), BackendFailure> {
        let end = tokio::time::Instant::from_std(self.started + self.timeouts.total);
        while self.copy.is_some() && self.end == End::NotYet {
            let idle = tokio::time::Instant::now() + self.timeouts.idle;
            let next = poll_fn(|cx| self.poll_upstream(cx));
            let next = tokio::time::timeout_at(idle.min(end), next).await;
            match next.map_err(|_| BackendFailure::Timeout)? {
                Some(Ok(bytes)) => self.take(&bytes)?,
                None if self.ended().is_ok() => {}
                Some(Err(())) | None => return Err(BackendFailure::Unreachable { code: "cut", retry: true }),
            }
        }
        if let Some(Transcript { bytes, backend, .. }) = self.copy.take() {
            watch.take(backend, &bytes.into());
        }
        Ok(())
    }

    /// Gives the place of a complete answer, which cost so much, back before the answer is given out.
    pub fn give_back(&mut self, micro_usd: Option<u64>) {
        self.upstream = None;
        if let Some(place) = self.place.take() {
            place.answered(self.kind, self.tokens());
            if let Some(micro_usd) = micro_usd {
                place.cost(micro_usd);
            }
            place.served();
        }
    }

    /// Takes the ledger over: from now on the end of this stream is the end of the request.
    pub fn carry(&mut self, mut ledger: Ledger) {
        ledger.first_content();
        self.recorder = ledger.recorder();
        self.ledger = Some(ledger);
        if self.end != End::NotYet {
            self.settle();
        }
    }

    /// Takes the place over, to be given back at the end.
    pub fn hold(&mut self, place: Place, kind: u16) {
        self.place = Some(place);
        self.kind = kind;
    }

    fn poll_upstream(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, ()>>> {
        let Some(upstream) = &mut self.upstream else { return Poll::Ready(None) };
        loop {
            match ready!(Pin::new(&mut *upstream).poll_frame(cx)) {
                None => return Poll::Ready(None),
                Some(Err(_)) => return Poll::Ready(Some(Err(()))),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Poll::Ready(Some(Ok(data)));
                    }
                }
            }
        }
    }

    /// Takes bytes of the backend in and puts events for the client out.
    fn take(&mut self, bytes: &[u8]) -> Result<(), BackendFailure> {
        if let Some(copy) = &mut self.copy {
            match copy.bytes.len() + bytes.len() <= copy.limit {
                true => copy.bytes.extend_from_slice(bytes),
                false => self.copy = None,
            }
        }
        let items = self.relay.seen().items;
        let taken = self.relay.take(bytes, &mut self.out);
        if self.relay.seen().items > items {
            self.last_event = Instant::now();
        }
        taken.map_err(nonsense)?;
        self.complete();
        Ok(())
    }

    /// What some dialects end with is the end of the stream.
    fn ended(&mut self) -> Result<(), BackendFailure> {
        self.relay.end(&mut self.out).map_err(nonsense)?;
        self.complete();
        if self.end == End::NotYet { Err(BackendFailure::Nonsense { message: None }) } else { Ok(()) }
    }

    fn complete(&mut self) {
        if self.end == End::NotYet && self.relay.seen().is_complete {
            self.end = End::Done;
            self.settle();
        }
    }

    /// Ends the stream with an error event, so that it does not look complete.
    fn break_off(&mut self, outcome: OutcomeKind, code: &str, message: &str) {
        let status = status_of(code);
        let envelope = Envelope {
            message: message.to_owned(),
            kind: "server_error".to_owned(),
            code: Some(code.to_owned()),
            param: None,
        };
        self.relay.break_off(&envelope, status, &mut self.out);
        self.end = End::Broken(outcome);
        self.upstream = None;
        self.settle();
    }

    /// Gives the place back and closes the ledger, once the end is known.
    fn settle(&mut self) {
        let Some(mut ledger) = self.ledger.take() else { return };
        self.tell(&mut ledger);
        ledger.relayed(self.bytes + self.out.len());
        let place = self.place.take();
        match (&self.end, place) {
            (End::Done, Some(place)) => {
                place.answered(self.kind, self.tokens());
                if let Some(micro_usd) = ledger.cost_micro_usd() {
                    place.cost(micro_usd);
                }
                place.served();
            }
            (End::Broken(OutcomeKind::UpstreamAborted | OutcomeKind::Timeout), Some(place)) => place.failed(),
            // Weir's own reasons say nothing of the backend; dropped, the place counts as given up.
            (End::NotYet | End::Done | End::Broken(_), _) => {}
        }
        let outcome = match self.end {
            End::NotYet => return,
            End::Done => OutcomeKind::Ok,
            End::Broken(outcome) => outcome,
        };
        let closing: Closing = match self.recorder.take() {
            None => {
                let closed = ledger.close(outcome);
                Box::pin(async move {
                    closed.written().await;
                    true
                })
            }
            Some(mut recorder) => {
                recorder.take(&self.out);
                let captured = recorder.close(ledger, outcome);
                // A task that panicked has captured nothing.
                Box::pin(async move { captured.await.unwrap_or(false) })
            }
        };
        self.closing = Some(closing);
    }

    /// Nothing more is given out of an answer that has to be captured and cannot be.
    fn stop_uncaptured(&mut self) {
        self.recorder = None;
        self.out.clear();
        if let Some(ledger) = &mut self.ledger {
            ledger.not_captured();
        }
        self.break_off(OutcomeKind::Failed, CONTENT_UNAVAILABLE, NOT_CAPTURED);
    }

    /// Tokens of the answer so far: as the backend counts them, or else its pieces.
    fn tokens(&self) -> u64 {
        let seen = self.relay.seen();
        seen.usage.completion_tokens.unwrap_or(seen.pieces)
    }

    /// Tells an account once what the backend has answered.
    pub fn tell(&mut self, ledger: &mut Ledger) {
        if std::mem::replace(&mut self.is_told, true) {
            return;
        }
        let Seen { usage, finish_reason, model, pieces, sealed, .. } = self.relay.seen();
        ledger.made(sealed);
        if let Some(whole) = self.relay.whole_response() {
            ledger.answered(whole);
        }
        ledger.streamed(*pieces);
        ledger.replied(usage, finish_reason.as_deref(), model.as_deref());
    }

    /// Looks at the time limits and at the caller's key.
    fn watch(&mut self) {
        if self.gateway.is_cut() {
            return self.break_off(
                OutcomeKind::Failed,
                "overloaded",
                "Weir is shutting down; the answer is not complete",
            );
        }
        if let Some(place) = &self.place {
            place.produced(self.tokens());
        }
        if let Some(recorder) = &mut self.recorder {
            recorder.write_down();
        }
        let now = Instant::now();
        if now.duration_since(self.last_event) > self.timeouts.idle {
            return self.break_off(OutcomeKind::Timeout, "timeout", "the backend fell silent");
        }
        if now.duration_since(self.started) > self.timeouts.total {
            return self.break_off(OutcomeKind::Timeout, "timeout", "the answer took longer than is allowed");
        }
        let keys = self.gateway.keys();
        let revoked = self.key.as_ref().is_some_and(|key| keys.current(key, Timestamp::now()).is_err());
        if revoked {
            return self.break_off(
                OutcomeKind::Rejected,
                "invalid_api_key",
                "the API key is no longer valid",
            );
        }
        if self.guard.as_mut().is_some_and(|guard| guard.forbids(&self.gateway)) {
            if let Some(ledger) = &mut self.ledger {
                ledger.cut("policy_tightened");
            }
            return self.break_off(
                OutcomeKind::Rejected,
                "policy_denied",
                "the policy has changed and does not let this request leave any more; the answer is not complete",
            );
        }
        if now.duration_since(self.last_sent) > KEEP_ALIVE_AFTER {
            self.out.extend_from_slice(self.relay.keep_alive());
        }
    }

    fn poll_tick(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        ready!(self.tick.as_mut().poll(cx));
        self.tick.as_mut().reset(tokio::time::Instant::now() + TICK);
        Poll::Ready(())
    }

    fn give_out(&mut self) -> Option<Bytes> {
        if self.out.is_empty() {
            return None;
        }
        self.last_sent = Instant::now();
        self.bytes += self.out.len();
        if let Some(recorder) = &mut self.recorder {
            recorder.take(&self.out);
        }
        Some(Bytes::from(std::mem::take(&mut self.out)))
    }

    fn pump(&mut self, bytes: &[u8]) {
        if let Err(failure) = self.take(bytes) {
            self.break_off(OutcomeKind::UpstreamAborted, "bad_gateway", aborted(&failure));
        }
    }
}

/// The status that an error within a stream would have had before it; dialects have words for some.
fn status_of(code: &str) -> u16 {
    match code {
        "overloaded" | CONTENT_UNAVAILABLE => 503,
        "timeout" => 504,
        "invalid_api_key" => 401,
        "policy_denied" => 403,
        _ => 502,
    }
}

fn aborted(failure: &BackendFailure) -> &str {
    match failure {
        BackendFailure::Nonsense { message: Some(message) } => message,
        BackendFailure::Nonsense { message: None }
        | BackendFailure::Unreachable { .. }
        | BackendFailure::Timeout
        | BackendFailure::Full { .. }
        | BackendFailure::ClientError { .. }
        | BackendFailure::Unusable { .. }
        | BackendFailure::NoPermit
        | BackendFailure::NoRecord
        | BackendFailure::NotCaptured => "the backend's stream broke off; the answer is not complete",
    }
}

impl Body for StreamRelay {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        loop {
            if let Some(closing) = &mut self.closing {
                let is_captured = ready!(closing.as_mut().poll(cx));
                self.closing = None;
                if !is_captured {
                    self.stop_uncaptured();
                }
            }
            if let Some(recorder) = &mut self.recorder
                && ready!(recorder.poll_ready(cx)).is_err()
            {
                self.stop_uncaptured();
                continue;
            }
            if let Some(bytes) = self.give_out() {
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
            if self.end != End::NotYet {
                // The end of the upstream body is usually here already; having seen it, its connection
                // can serve the next request. What else a backend may send is not waited for.
                let _ = self.poll_upstream(cx);
                return Poll::Ready(None);
            }
            match self.poll_upstream(cx) {
                Poll::Ready(Some(Ok(bytes))) => self.pump(&bytes),
                Poll::Ready(None) if self.ended().is_ok() => {}
                Poll::Ready(Some(Err(())) | None) => self.break_off(
                    OutcomeKind::UpstreamAborted,
                    "bad_gateway",
                    "the backend's stream broke off; the answer is not complete",
                ),
                Poll::Pending => {
                    ready!(self.poll_tick(cx));
                    self.watch();
                }
            }
        }
    }
}

impl Drop for StreamRelay {
    fn drop(&mut self) {
        if self.end == End::NotYet
            && let Some(mut ledger) = self.ledger.take()
        {
            self.tell(&mut ledger);
            ledger.relayed(self.bytes + self.out.len());
            match self.recorder.take() {
                None => drop(ledger.close(OutcomeKind::ClientCancelled)),
                Some(recorder) => drop(recorder.close(ledger, OutcomeKind::ClientCancelled)),
            }
        }
    }
}

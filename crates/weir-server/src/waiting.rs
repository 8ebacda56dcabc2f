//! Streams whose first event is long in coming: because the request waits for a place, or a long prompt is read.
//!
//! Clients and proxies give up on a connection that says nothing, so that after a while the answer begins, with
//! what keeps a connection open in the client's dialect. Until then a failure has a status of its own; after it,
//! it is the stream's last event.

use crate::gateway::Gateway;
use crate::pipeline;
use crate::pseudonym::Peer;
use crate::reply::{self, Body};
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::Frame;
use hyper::body::Incoming;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep};
use weir_wire::error::Envelope;
use weir_wire::relay::StreamRelay;
use weir_wire::request::Api;

/// Silence after which the client is told that there is more to come.
pub(crate) const KEEP_ALIVE_AFTER: Duration = Duration::from_secs(15);

/// What is said before there is an answer.
#[derive(Debug)]
pub(crate) struct Early {
    pub head: HeaderMap,
    /// Speaks the client's dialect.
    pub voice: StreamRelay,
}

/// Where the work on a request leaves, once, what its answer begins with before there is one.
///
/// Whoever waits for the answer polls the work and looks here afterwards: nobody has to be woken.
#[derive(Debug, Clone, Default)]
pub(crate) struct Begin(Arc<Mutex<Option<Box<Early>>>>);

impl Begin {
    pub fn send(self, early: Early) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(early));
    }

    fn take(&self) -> Option<Box<Early>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The error that bodies of different kinds have in common; none of them has one.
type Broken = Box<dyn std::error::Error + Send + Sync>;

type Work = Pin<Box<dyn Future<Output = Response<Body>> + Send>>;

/// Answers a request for `api`: when there is an answer, or when a stream has been waited for too long.
pub(crate) async fn answer(
    gateway: &Arc<Gateway>,
    api: Api,
    request: Request<Incoming>,
    peer: &Arc<Peer>,
) -> Response<Body> {
    let begin = Begin::default();
    // The future of a whole journey is large; boxed it is not copied on its way to the connection.
    let mut work: Work =
        Box::pin(pipeline::serve(gateway.clone(), api, request, peer.clone(), begin.clone()));
    let first = poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(response) => Poll::Ready(Ok(response)),
        Poll::Pending => match begin.take() {
            Some(early) => Poll::Ready(Err(early)),
            None => Poll::Pending,
        },
    });
    match first.await {
        Ok(response) => response,
        Err(early) => {
            let Early { head, voice } = *early;
            let tick = Box::pin(sleep(Duration::ZERO));
            reply::waiting(head, Waiting { state: State::Working(work), voice, tick })
        }
    }
}

/// The body of a stream that has begun before its first event.
pub(crate) struct Waiting {
    state: State,
    voice: StreamRelay,
    tick: Pin<Box<Sleep>>,
}

enum State {
    Working(Work),
    Answering(Body),
    Over,
}

impl std::fmt::Debug for Waiting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Waiting").finish_non_exhaustive()
    }
}

impl Waiting {
    /// The end of a stream that has no answer.
    fn failed(&mut self, response: &Response<Body>) -> Bytes {
        self.state = State::Over;
        let status = response.status().as_u16();
        let mut out = Vec::new();
        if let Some(envelope) = response.extensions().get::<Envelope>() {
            self.voice.break_off(envelope, status, &mut out);
        }
        out.into()
    }
}

impl http_body::Body for Waiting {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        loop {
            match &mut self.state {
                State::Over => return Poll::Ready(None),
                State::Answering(body) => return Pin::new(body).poll_frame(cx),
                State::Working(work) => match work.as_mut().poll(cx) {
                    Poll::Ready(response) if response.status().is_success() => {
                        self.state = State::Answering(response.into_body());
                    }
                    Poll::Ready(response) => {
                        return Poll::Ready(Some(Ok(Frame::data(self.failed(&response)))));
                    }
                    Poll::Pending => {
                        ready!(self.tick.as_mut().poll(cx));
                        self.tick.as_mut().reset(Instant::now() + KEEP_ALIVE_AFTER);
                        let word = Bytes::from_static(self.voice.keep_alive());
                        return Poll::Ready(Some(Ok(Frame::data(word))));
                    }
                },
            }
        }
    }
}

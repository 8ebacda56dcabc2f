//! Prompts and answers that a rule has captured, away from the threads that serve requests.
//!
//! INVARIANT (captured before sent): a request whose rule requires `audit.content` goes nowhere before its prompt is on
//! the disk, and of its answer the end is given out only when all of it is.

use super::super::decide::Ruling;
use super::super::relay::Answer;
use super::Ledger;
use crate::failure::{BackendFailure, CONTENT_UNAVAILABLE, Failure};
use crate::gateway::Gateway;
use bytes::Bytes;
use std::future::Future as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::runtime::Handle;
use tokio::task::{JoinHandle, spawn_blocking};
use weir_audit::content::ContentKey;
use weir_audit::event::{ContentKeyCreated, OutcomeKind};
use weir_audit::{Ident, Name};
use weir_store::content::{Capture, ContentError, PIECE_BYTES, Part, Subject};
use weir_wire::request::ClientRequest;

/// Where the content of one request is captured.
#[derive(Debug, Clone)]
pub(super) struct Shelf {
    gateway: Arc<Gateway>,
    auditor: ContentKey,
    tenant: Option<Name>,
    request: Ident,
}

/// It cannot be captured. The reason is in the operator's log.
#[derive(Debug)]
pub(crate) struct NotCaptured;

impl Ledger {
    /// Captures the prompt if the rule says so and it is not captured yet.
    pub(super) async fn capture_prompt(
        &mut self,
        ruling: &Ruling,
        request: &ClientRequest,
    ) -> Result<(), BackendFailure> {
        if !self.needs_content || self.shelf.is_some() {
            return Ok(());
        }
        let shelf = ruling.snapshot.loaded.config.audit.content.map(|content| Shelf {
            gateway: self.gateway.clone(),
            auditor: content.key,
            tenant: self.decision.tenant.clone(),
            request: self.decision.request_id.clone(),
        });
        // A configuration without a key is refused beside such a policy.
        let shelf = shelf.ok_or(BackendFailure::NotCaptured)?;
        let mut text = Vec::new();
        request.write_as_asked(&mut text);
        let digest = shelf.capture(Part::Prompt, text.into()).await;
        let digest = digest.inspect_err(|_| self.gateway.metrics.records.capture_failed());
        self.decision.content_digest = Some(digest.map_err(|NotCaptured| BackendFailure::NotCaptured)?);
        self.shelf = Some(shelf);
        Ok(())
    }

    /// Captures an answer in whole before it is given out, if that has to be. A stream is captured on its way.
    ///
    /// # Errors
    /// [`BackendFailure::NotCaptured`]; it must not be given out then.
    pub async fn capture_answer(&mut self, answer: Answer) -> Result<Answer, Failure> {
        let (Some(shelf), Answer::Whole(body) | Answer::Bytes(_, body)) = (&self.shelf, &answer) else {
            return Ok(answer);
        };
        match shelf.capture(Part::Answer, body.clone()).await {
            Ok(digest) => {
                self.outcome.content_digest = Some(digest);
                Ok(answer)
            }
            Err(NotCaptured) => {
                self.not_captured();
                Err(Failure::Backend(BackendFailure::NotCaptured))
            }
        }
    }

    /// What captures a stream, if it has to be.
    pub fn recorder(&self) -> Option<Recorder> {
        let shelf = self.shelf.clone()?;
        Some(Recorder { shelf, held: Vec::new(), state: State::Idle(None), runtime: Handle::current() })
    }

    /// Notes that the answer is not given out whole because it cannot be captured.
    pub fn not_captured(&mut self) {
        self.keep = None;
        self.gateway.metrics.records.capture_failed();
        self.outcome.error_code = Some(Ident::fixed(CONTENT_UNAVAILABLE));
    }
}

impl Shelf {
    async fn capture(&self, part: Part, text: Bytes) -> Result<Ident, NotCaptured> {
        let shelf = self.clone();
        let captured = spawn_blocking(move || {
            let mut capture = shelf.begin(part)?;
            match capture.add(&text) {
                Ok(()) => capture.finish(),
                Err(error) => {
                    capture.remove();
                    Err(error)
                }
            }
        });
        told(captured.await)
    }

    /// Blocks.
    fn begin(&self, part: Part) -> Result<Capture, ContentError> {
        let Self { gateway, auditor, tenant, request } = self;
        let subject = Subject { tenant: tenant.as_ref().map(Name::as_str), request, part };
        let (capture, held) = gateway.contents.begin(auditor, subject, gateway.wall.time())?;
        if held.is_new {
            let event = ContentKeyCreated { key_id: held.key.id(), tenant: tenant.clone() };
            if let Err(error) = gateway.audit.append(event) {
                tracing::error!(%error, "the audit log did not take a new key of captured content");
            }
        }
        Ok(capture)
    }
}

/// What came of work on another thread.
fn told<T>(done: Result<Result<T, ContentError>, tokio::task::JoinError>) -> Result<T, NotCaptured> {
    match done {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => {
            tracing::error!(%error, "content cannot be captured");
            Err(NotCaptured)
        }
        Err(_) => Err(NotCaptured),
    }
}

/// Captures a stream as it is given out.
///
/// Ask [`poll_ready`](Self::poll_ready) before each piece that [`take`](Self::take) gets, so that no more than two
/// pieces are held; and end with [`close`](Self::close).
#[derive(Debug)]
pub(crate) struct Recorder {
    shelf: Shelf,
    held: Vec<u8>,
    state: State,
    runtime: Handle,
}

#[derive(Debug)]
enum State {
    /// Nothing is being written. There is no file before the first piece.
    Idle(Option<Box<Capture>>),
    Writing(JoinHandle<Result<Capture, ContentError>>),
    Failed,
}

impl Recorder {
    /// Whether more can be taken.
    pub fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), NotCaptured>> {
        if let State::Writing(writing) = &mut self.state {
            let written = std::task::ready!(Pin::new(writing).poll(cx));
            self.state = match told(written) {
                Ok(capture) => State::Idle(Some(Box::new(capture))),
                Err(NotCaptured) => State::Failed,
            };
        }
        Poll::Ready(match self.state {
            State::Failed => Err(NotCaptured),
            State::Idle(_) | State::Writing(_) => Ok(()),
        })
    }

    /// Takes what is about to be given out.
    pub fn take(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
        if self.held.len() >= PIECE_BYTES {
            self.write_down();
        }
    }

    /// Has what is held written, if nothing is being written.
    pub fn write_down(&mut self) {
        if self.held.is_empty() {
            return;
        }
        self.state = match std::mem::replace(&mut self.state, State::Failed) {
            State::Idle(capture) => {
                let (shelf, held) = (self.shelf.clone(), std::mem::take(&mut self.held));
                State::Writing(spawn_blocking(move || shelf.add(capture.map(|capture| *capture), &held)))
            }
            other @ (State::Writing(_) | State::Failed) => other,
        };
    }

    /// Writes the rest, and then closes the account of the request, whoever waits for it. Says whether all of the answer
    /// is captured.
    pub fn close(self, mut ledger: Ledger, outcome: OutcomeKind) -> JoinHandle<bool> {
        self.runtime.clone().spawn(async move {
            let captured = self.finish().await;
            let is_captured = captured.is_ok();
            let outcome = match captured {
                Ok(digest) => {
                    ledger.outcome.content_digest = Some(digest);
                    outcome
                }
                Err(NotCaptured) => {
                    ledger.not_captured();
                    OutcomeKind::Failed
                }
            };
            ledger.close(outcome).written().await;
            is_captured
        })
    }

    async fn finish(self) -> Result<Ident, NotCaptured> {
        let Self { shelf, held, state, runtime: _ } = self;
        let capture = match state {
            State::Idle(capture) => capture.map(|capture| *capture),
            State::Writing(writing) => Some(told(writing.await)?),
            State::Failed => return Err(NotCaptured),
        };
        told(spawn_blocking(move || shelf.add(capture, &held)?.finish()).await)
    }
}

impl Shelf {
    /// Adds to the answer, which begins with the first of it. Blocks.
    fn add(&self, capture: Option<Capture>, text: &[u8]) -> Result<Capture, ContentError> {
        let mut capture = match capture {
            Some(capture) => capture,
            None => self.begin(Part::Answer)?,
        };
        capture.add(text)?;
        Ok(capture)
    }
}

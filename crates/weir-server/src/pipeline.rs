//! One request's journey: identify, receive, inspect, decide, admit, forward, relay, record.
//!
//! The caller is identified by the head of the request, before its body is taken in, so that nobody
//! unknown makes Weir hold 32 MiB. Every stage is a module with one public entry.
//!
//! INVARIANT (one start, one end): the [`Ledger`] of a request writes a decision record for each
//! attempt and exactly one outcome, however the request ends.

pub(crate) mod admit;
pub(crate) mod cascade;
pub(crate) mod circumstances;
pub(crate) mod decide;
pub(crate) mod evaluate;
pub(crate) mod explain;
pub(crate) mod fitness;
pub(crate) mod forward;
pub(crate) mod hedge;
pub(crate) mod identify;
pub(crate) mod inspect;
pub(crate) mod receive;
pub(crate) mod record;
pub(crate) mod relay;
pub(crate) mod shadow;
pub(crate) mod task;

use crate::caught::caught;
use crate::failure::Failure;
use crate::gateway::Gateway;
use crate::ids::RequestIds;
use crate::kept::{self, files};
use crate::pseudonym::Peer;
use crate::quality;
use crate::reply::{self, Body};
use crate::waiting::Begin;
use admit::{Tried, admit};
use bytes::Bytes;
use cascade::{Rejected, Watch};
use decide::detect_and_decide;
use forward::forward;
use hedge::may_be_hedged;
use http::request::Parts;
use http::{HeaderMap, Request, Response, StatusCode};
use hyper::body::Incoming;
use identify::{Caller, identify};
use inspect::{Inspected, counted_with, inspect};
use receive::{Content, discard, receive};
use record::Ledger;
use relay::{Answer, relay};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use weir_label::Label;
use weir_wire::dialect::client::{messages, responses};
use weir_wire::request::Api;

/// A request for `api`, whichever it is.
pub(crate) async fn serve(
    gateway: Arc<Gateway>,
    api: Api,
    request: Request<Incoming>,
    peer: Arc<Peer>,
    begin: Begin,
) -> Response<Body> {
    let (gateway, peer) = (&gateway, &*peer);
    let mut ledger = Ledger::open(gateway.clone(), api, peer, Some(begin));
    let answer = {
        // In its place from the start: futures of this size are not to be moved.
        let journey = pin!(journey(gateway, api, request, peer, &mut ledger));
        tokio::select! {
            biased;
            answer = caught(journey) => answer.unwrap_or(Err(Failure::Panicked)),
            () = gateway.until_cut() => Err(Failure::Draining),
        }
    };
    let answer = match answer {
        Ok(answer) => ledger.capture_answer(answer).await,
        Err(failure) => Err(failure),
    };
    let mut response = match answer {
        Ok(Answer::Whole(body)) => reply::json(StatusCode::OK, body),
        Ok(Answer::Bytes(content_type, body)) => reply::bytes(content_type, body),
        Ok(Answer::Stream(mut relay)) => {
            ledger.settled().await;
            let mut head = HeaderMap::new();
            ledger.stamp(&mut head);
            relay.carry(ledger);
            return reply::stream(head, relay);
        }
        Err(failure) => {
            ledger.fail(&failure);
            reply::failure(&failure, api.form(), ledger.request_id().as_str())
        }
    };
    ledger.settle_share();
    ledger.stamp(response.headers_mut());
    ledger.finish(response.status()).await;
    response
}

/// Lets the requests that are ready come as far as this one, so that what they send goes out together: a
/// backend that has gone to sleep is woken once for all of them, and each stage finds its code and its tables
/// where the processor left them.
async fn gather(gateway: &Gateway) {
    if gateway.serves_several() {
        tokio::task::yield_now().await;
    }
}

/// Weir counts by itself: for a number, nothing has to leave.
async fn count_tokens(
    gateway: &Gateway,
    inspected: &mut Inspected,
    caller: &Caller,
    ledger: &mut Ledger,
) -> Result<Answer, Failure> {
    let ruling = detect_and_decide(gateway, inspected, caller, ledger).await?;
    ledger.answered_here();
    let first = ruling.plan.first.first().copied();
    let counter = first.and_then(|id| ruling.snapshot.counters.of_target(id));
    if let Some(counter) =
        counter.filter(|counter| inspected.seen.counted.by.as_ref() != Some(counter.name()))
    {
        inspected.seen.counted = counted_with(counter, inspected.request.content());
    }
    let tokens = inspected.prompt_tokens_at(first.and_then(|id| ruling.target(id)), gateway);
    let is_openai = inspected.request.content().api() == Api::CountInput;
    let body = if is_openai { responses::write_count(tokens) } else { messages::write_count(tokens) };
    Ok(Answer::Whole(body.into()))
}

/// The eight stages. What is decided is decided under the newest policy: again when the request has
/// waited, and again before each attempt.
async fn journey(
    gateway: &Arc<Gateway>,
    api: Api,
    request: Request<Incoming>,
    peer: &Peer,
    ledger: &mut Ledger,
) -> Result<Answer, Failure> {
    let (head, body) = request.into_parts();
    let caller = match identify(gateway, &head.headers, peer.address) {
        Ok(caller) => caller,
        Err(failure) => return Err(Box::pin(discard(body, failure)).await),
    };
    ledger.identified(&caller);
    if let Err(failure) = ledger.count(&caller) {
        return Err(Box::pin(discard(body, failure)).await);
    }
    // In its place from the start, like the whole.
    let mut served = pin!(answer(gateway, api, (head, body), (&caller, peer), ledger));
    match caller.due {
        None => served.await,
        Some(due) => {
            let left = due.saturating_sub(gateway.desk.now());
            timeout(left, &mut served).await.unwrap_or(Err(Failure::Late))
        }
    }
}

/// What is left to do once it is known who asks. An answer that is not complete, or a stream that has not begun, when
/// the caller's deadline has passed is given up.
async fn answer(
    gateway: &Arc<Gateway>,
    api: Api,
    (head, body): (Parts, Incoming),
    (caller, peer): (&Caller, &Peer),
    ledger: &mut Ledger,
) -> Result<Answer, Failure> {
    let limit = gateway.snapshot().loaded.config.limits.body_bytes.get();
    let content = receive(&head, body, api, limit).await?;
    // What waits needs no head, whose names and values keep hold of what the connection reads into.
    drop(head);
    let mut inspected = look_at(gateway, api, content, (caller, &Label::default()), ledger).await?;
    respond(gateway, &mut inspected, (caller, peer), ledger).await
}

/// Inspects what was received, with what it refers to. It has at least the label `least`.
async fn look_at(
    gateway: &Arc<Gateway>,
    api: Api,
    content: Content,
    (caller, least): (&Caller, &Label),
    ledger: &mut Ledger,
) -> Result<Inspected, Failure> {
    ledger.received(content.len());
    let limit = gateway.snapshot().loaded.config.limits.body_bytes.get();
    let (content, before) = kept::expand(gateway, api, caller, content, limit).await?;
    let mut inspected = inspect(gateway, api, content, caller, ledger.request_id()).await?;
    if let Some(label) = before {
        inspected.raise(&label);
    }
    inspected.raise(least);
    ledger.inspected(&inspected);
    if let Some(task) = &inspected.task {
        gateway.ranks.learn(task::millionths(task.complexity));
    }
    Ok(inspected)
}

/// Answers what was inspected.
async fn respond(
    gateway: &Arc<Gateway>,
    inspected: &mut Inspected,
    (caller, peer): (&Caller, &Peer),
    ledger: &mut Ledger,
) -> Result<Answer, Failure> {
    ledger.keep(kept::keep(gateway, caller, inspected.request.content(), inspected.request.label()));
    let api = inspected.request.content().api();
    if api == Api::Files {
        return Box::pin(files::upload(gateway, inspected, caller, ledger)).await;
    }
    if api.counts_tokens() {
        return count_tokens(gateway, inspected, caller, ledger).await;
    }
    ledger.count_tokens(inspected)?;
    ledger.shaped(gateway, quality::shape(&gateway.quality, inspected, caller));
    let mut rejected = Rejected::default();
    let answer = match attempts(gateway, inspected, caller, ledger, &mut rejected).await {
        Err(failure) => rejected.instead_of(failure, ledger)?,
        Ok(answer) => answer,
    };
    evaluate::consider(gateway, inspected, caller, peer, ledger.request_id());
    Ok(answer)
}

/// What came of a request that nobody waits for at a connection.
pub(crate) struct Served {
    pub status: StatusCode,
    pub request_id: String,
    pub body: Bytes,
    /// When it would be worth asking again, if there was no place.
    pub retry_after: Option<Duration>,
}

impl Served {
    /// An error, before there is a record.
    pub fn refused(failure: &Failure) -> Self {
        Self::failed(failure, RequestIds::new(Api::CHAT).request.as_str())
    }

    fn failed(failure: &Failure, request_id: &str) -> Self {
        let reply = failure.reply();
        let body = reply.envelope.to_bytes().into();
        Self { status: reply.status, request_id: request_id.to_owned(), body, retry_after: reply.retry_after }
    }

    /// Whether another time it might be answered.
    pub fn may_be_tried_again(&self) -> bool {
        self.retry_after.is_some() || self.status.is_server_error()
    }
}

/// A request that was kept until now: the whole journey, with at least this label. Gives what is to be said of it, and its
/// label.
pub(crate) async fn serve_kept(
    gateway: &Arc<Gateway>,
    api: Api,
    body: Bytes,
    (label, caller): (&Label, &Caller),
    peer: &Peer,
) -> (Served, Label) {
    let mut ledger = Ledger::open(gateway.clone(), api, peer, None);
    ledger.identified(caller);
    let mut label = label.clone();
    let answered = {
        let journey = pin!(kept_journey(gateway, api, body, (caller, peer), (&mut label, &mut ledger)));
        tokio::select! {
            biased;
            answer = caught(journey) => answer.unwrap_or(Err(Failure::Panicked)),
            () = gateway.until_cut() => Err(Failure::Draining),
        }
    };
    let request_id = ledger.request_id().as_str().to_owned();
    let served = match answered {
        Ok(body) => Served { status: StatusCode::OK, request_id, body, retry_after: None },
        Err(failure) => {
            ledger.fail(&failure);
            Served::failed(&failure, &request_id)
        }
    };
    ledger.finish(served.status).await;
    (served, label)
}

async fn kept_journey(
    gateway: &Arc<Gateway>,
    api: Api,
    body: Bytes,
    (caller, peer): (&Caller, &Peer),
    (label, ledger): (&mut Label, &mut Ledger),
) -> Result<Bytes, Failure> {
    ledger.count(caller)?;
    let mut inspected = look_at(gateway, api, Content::Json(body), (caller, label), ledger).await?;
    let answer = respond(gateway, &mut inspected, (caller, peer), ledger).await;
    label.raise(inspected.request.label());
    match ledger.capture_answer(answer?).await? {
        Answer::Whole(body) => Ok(body),
        // What is kept asks for neither.
        Answer::Bytes(..) | Answer::Stream(_) => Err(Failure::Panicked),
    }
}

/// Decide, admit, forward and relay, until there is an answer that does.
async fn attempts(
    gateway: &Arc<Gateway>,
    inspected: &mut Inspected,
    caller: &Caller,
    ledger: &mut Ledger,
    rejected: &mut Rejected,
) -> Result<Answer, Failure> {
    let mut tried = Tried::default();
    loop {
        let mut ruling = detect_and_decide(gateway, inspected, caller, ledger).await?;
        let place = match admit(gateway, &ruling, inspected, caller, &tried, ledger).await {
            // What was full or gone under one policy may not be under the next.
            Err(Failure::Full { .. } | Failure::TooLate { .. } | Failure::NothingLeft)
                if ruling.is_outdated(gateway) =>
            {
                continue;
            }
            admitted => admitted?,
        };
        gather(gateway).await;
        if ruling.is_outdated(gateway) {
            ruling = detect_and_decide(gateway, inspected, caller, ledger).await?;
        }
        let Some(target) = ruling.target_of(&place, &tried) else { continue };
        let name = place.target().clone();
        // What others have spent since it was decided is left out of the budget when it is decided again.
        if ledger.pay(&ruling, target).is_err() {
            continue;
        }
        ledger.left_out(&fitness::left_out(&ruling.snapshot, target, inspected.request.content()));
        let mut watch = Watch::of(&ruling, inspected, caller);
        let recorded =
            ledger.attempt(&ruling, target, &place, tried.next(), inspected.request.content()).await;
        if recorded.is_ok() && may_be_hedged(&ruling, inspected, &tried) {
            let asked = (gateway, &ruling, (&*inspected, caller), &tried);
            // Boxed: its future is large, and most requests are not hedged.
            match Box::pin(hedge::answer(asked, (target, place), ledger)).await {
                Ok(answer) => return Ok(answer),
                Err(failed) => {
                    let is_over = failed.iter().find(|(_, failure)| !failure.may_try_another()).cloned();
                    let last = failed.last().cloned();
                    failed.into_iter().for_each(|(name, failure)| tried.add(name, &failure));
                    if let Some((_, failure)) = is_over.or(last.filter(|_| !tried.may_go_on())) {
                        return Err(Failure::Backend(failure));
                    }
                }
            }
            continue;
        }
        let (held, anthropic) = ((place, &mut watch), &caller.anthropic);
        // Boxed, so that a request that waits for its place holds nothing of it yet.
        let answered = Box::pin(async {
            let sent = match recorded {
                Ok(()) => forward(&ruling, target, inspected, anthropic).await,
                Err(no_record) => Err(no_record),
            };
            relay(gateway, sent, (&ruling, target), held, inspected, ledger).await
        });
        match answered.await {
            Err(failure) if failure.may_try_another() && tried.has_attempts_left() => {
                tried.add(name, &failure);
            }
            Err(failure) => return Err(Failure::Backend(failure)),
            Ok(answer) => {
                let account = (&mut *ledger, tried.has_attempts_left());
                match rejected.judge(answer, &watch, (&ruling, target), inspected, account) {
                    Some(answer) => return Ok(answer),
                    None => tried.escalate(name),
                }
            }
        }
    }
}

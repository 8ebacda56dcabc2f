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

use crate::encoder;
use crate::failure::Failure;
use crate::gateway::Gateway;
use crate::kept::{self, files};
use crate::pseudonym::Peer;
use crate::quality;
use crate::reply::{self, Body};
use crate::waiting::Begin;
use admit::{Tried, admit};
use cascade::{Rejected, Watch};
use decide::detect_and_decide;
use forward::forward;
use hedge::may_be_hedged;
use http::{HeaderMap, Request, Response, StatusCode};
use hyper::body::Incoming;
use identify::{Caller, identify};
use inspect::{Inspected, inspect};
use receive::{discard, receive};
use record::Ledger;
use relay::{Answer, relay};
use std::pin::pin;
use std::sync::Arc;
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
            answer = journey => answer,
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
    let first = ruling.plan.first.first().and_then(|id| ruling.target(*id));
    let estimated = inspected.prompt_tokens();
    let tokens = first.map_or(estimated, |target| gateway.counts.of(&target.name, estimated));
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
    let limit = gateway.snapshot().loaded.config.limits.body_bytes.get();
    let content = receive(&head, body, api, limit).await?;
    ledger.received(content.len());
    let (content, before) = kept::expand(gateway, api, &caller, content, limit).await?;
    let mut inspected = inspect(gateway, api, content, &caller, ledger.request_id()).await?;
    if let Some(label) = before {
        inspected.raise(&label);
    }
    ledger.inspected(&inspected);
    ledger.consulted(encoder::consult(gateway, &mut inspected, ledger.request_id()).await);
    if let Some(task) = &inspected.task {
        gateway.ranks.learn(task::millionths(task.complexity));
    }
    ledger.keep(kept::keep(gateway, &caller, inspected.request.content(), inspected.request.label()));
    if api == Api::Files {
        return Box::pin(files::upload(gateway, &mut inspected, &caller, ledger)).await;
    }
    if api.counts_tokens() {
        return count_tokens(gateway, &mut inspected, &caller, ledger).await;
    }
    ledger.shaped(gateway, quality::shape(&gateway.quality, &inspected, &caller));
    let mut rejected = Rejected::default();
    let answer = match attempts(gateway, &mut inspected, &caller, ledger, &mut rejected).await {
        Err(failure) => rejected.instead_of(failure, ledger)?,
        Ok(answer) => answer,
    };
    evaluate::consider(gateway, &inspected, &caller, peer, ledger.request_id());
    Ok(answer)
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
        // What is held back to be checked is late anyhow.
        let is_late = watch.stream_limit().is_some();
        if recorded.is_ok() && !is_late && may_be_hedged(&ruling, target, inspected, &tried) {
            let asked = (&*inspected, caller);
            // Boxed: its future is large, and most requests are not hedged.
            let hedged = Box::pin(hedge::stream(gateway, &ruling, (target, place), asked, &tried, ledger));
            match hedged.await {
                Ok(answer) => return Ok(answer),
                Err(failed) => {
                    let is_over = failed.iter().find(|(_, failure)| !failure.may_try_another()).cloned();
                    let last = failed.last().cloned();
                    failed.into_iter().for_each(|(name, failure)| tried.add(name, &failure));
                    match is_over.or(last.filter(|_| !tried.may_go_on())) {
                        Some((_, failure)) => return Err(Failure::Backend(failure)),
                        None => continue,
                    }
                }
            }
        }
        let sent = match recorded {
            Ok(()) => forward(&ruling, target, inspected, &caller.anthropic).await,
            Err(no_record) => Err(no_record),
        };
        match relay(gateway, sent, (&ruling, target), (place, &mut watch), inspected, ledger).await {
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

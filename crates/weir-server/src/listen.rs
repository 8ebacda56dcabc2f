//! Accepting connections: limits, time-outs, orderly shutdown.

mod descriptors;
mod lengths;
mod watched;

use crate::export::export_events;
use crate::poll::look_after_servers;
use crate::pseudonym::Peer;
use crate::reply::Body;
use crate::witness::send_checkpoints;
use crate::{Gateway, admin, batches, data};
use data::Unclear;
use http::header::TRANSFER_ENCODING;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use watched::{Answer, Phase, Watched};

/// Request line and headers together.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// After an accept that failed: the process is out of descriptors, and only time helps.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Streams learn of a shutdown at their next look at the clock.
const CUT_PAUSE: Duration = Duration::from_secs(3);

/// The connections of the admin listener, which must answer when the data listener is full.
const ADMIN_CONNECTIONS: usize = 64;

/// The two sockets of the gateway.
#[derive(Debug)]
pub struct Listeners {
    /// For applications.
    pub data: TcpListener,
    /// For operators.
    pub admin: TcpListener,
}

/// Serves until `shutdown` is ready, then drains: readiness falls, nothing new is taken, requests in
/// flight may finish for `limits.drain`, and what is left is cut with an error. The admin listener answers
/// to the end.
pub async fn serve(gateway: Arc<Gateway>, listeners: Listeners, shutdown: impl Future<Output = ()>) {
    let connections = descriptors::connections(gateway.snapshot().loaded.config.limits.connections.get());
    let data =
        Door { gateway: gateway.clone(), side: Side::Data, places: Arc::new(Semaphore::new(connections)) };
    let admin = Door {
        gateway: gateway.clone(),
        side: Side::Admin,
        places: Arc::new(Semaphore::new(ADMIN_CONNECTIONS)),
    };
    let (requests, looks) = (GracefulShutdown::new(), GracefulShutdown::new());
    let mut admin = pin!(admin.accept(&listeners.admin, &looks));
    tokio::select! {
        () = data.accept(&listeners.data, &requests) => {}
        () = look_after_servers(gateway.clone()) => {}
        () = send_checkpoints(gateway.clone()) => {}
        () = export_events(gateway.clone()) => {}
        () = batches::run(gateway.clone()) => {}
        () = &mut admin => {}
        () = shutdown => {}
    }
    gateway.drain();
    drop(listeners.data);
    tokio::select! {
        () = &mut admin => {}
        () = finish(&gateway, requests) => {}
    }
}

async fn finish(gateway: &Gateway, requests: GracefulShutdown) {
    tracing::info!("draining");
    let drain = gateway.snapshot().loaded.config.limits.drain;
    let mut finished = pin!(requests.shutdown());
    if tokio::time::timeout(drain, &mut finished).await.is_err() {
        gateway.cut();
        tracing::warn!("requests still in flight are cut");
        let _ = tokio::time::timeout(CUT_PAUSE, finished).await;
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Data,
    Admin,
}

struct Door {
    gateway: Arc<Gateway>,
    side: Side,
    places: Arc<Semaphore>,
}

impl Door {
    async fn accept(&self, listener: &TcpListener, graceful: &GracefulShutdown) {
        while let Ok(place) = self.places.clone().acquire_owned().await {
            match listener.accept().await {
                Ok((socket, peer)) => {
                    let connection =
                        serve_connection(self.gateway.clone(), self.side, socket, peer, graceful);
                    tokio::spawn(async move {
                        connection.await;
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

fn serve_connection(
    gateway: Arc<Gateway>,
    side: Side,
    socket: TcpStream,
    peer: SocketAddr,
    graceful: &GracefulShutdown,
) -> impl Future<Output = ()> + use<> {
    let watcher = graceful.watcher();
    async move {
        // Without it an answer waits for the acknowledgement of the one before.
        let _ = socket.set_nodelay(true);
        let phase = Phase::default();
        let socket = Watched::new(socket, phase.clone());
        let served = gateway.clone();
        let peer = Arc::new(Peer::new(&gateway.pseudonyms, peer));
        let client = peer.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let (gateway, phase, peer) = (served.clone(), phase.clone(), client.clone());
            async move {
                let is_seen = phase.begin();
                let unclear = if phase.says_both_lengths() {
                    Some(Unclear::BothLengths)
                } else if !is_seen && request.headers().contains_key(TRANSFER_ENCODING) {
                    Some(Unclear::UnseenChunks)
                } else {
                    None
                };
                let response = match unclear {
                    None => dispatch(&gateway, side, request, &peer).await,
                    Some(unclear) => {
                        let path = request.uri().path();
                        Box::pin(data::refuse_unclear(&gateway, unclear, path, &peer)).await
                    }
                };
                Ok::<_, Infallible>(response.map(|body| Answer::new(body, phase)))
            }
        });
        gateway.metrics.requests.connected();
        let is_http1 = tokio::select! {
            biased;
            begins = socket.begins_as_http1() => begins,
            // Operators are answered to the end.
            () = gateway.until_draining(), if side == Side::Data => None,
        };
        // An error of a connection is its client's end, and its requests have their records; but for a head that
        // hyper cannot read, and has answered by itself.
        let is_unreadable = match is_http1 {
            Some(true) => {
                let connection = http1_builder().serve_connection(TokioIo::new(socket), service);
                watcher.watch(connection).await.is_err_and(|error| error.is_parse())
            }
            Some(false) => {
                let builder = connection_builder();
                let connection = builder.serve_connection(TokioIo::new(socket), service).into_owned();
                // Boxed, so that the others have no room for it.
                let ended = Box::pin(watcher.watch(connection)).await;
                ended.is_err_and(|error| error.downcast_ref().is_some_and(hyper::Error::is_parse))
            }
            None => false,
        };
        if is_unreadable {
            Box::pin(data::note_unreadable(&gateway, &peer)).await;
        }
        gateway.metrics.requests.disconnected();
    }
}

/// For most connections. One whose version hyper finds out takes twice the room to read what it has.
fn http1_builder() -> http1::Builder {
    let mut builder = http1::Builder::new();
    // Without a timer: `Watched` limits how long a head may take, and an idle connection may stay. Without a number of
    // headers: it is 100, and to say so would have room for them allocated for each head.
    builder.max_buf_size(HEAD_BYTES_MAX);
    builder
}

/// For those that begin with HTTP/2, or too few bytes to tell.
fn connection_builder() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().max_buf_size(HEAD_BYTES_MAX);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(20))
        .max_header_list_size(u32::try_from(HEAD_BYTES_MAX).unwrap_or(u32::MAX))
        .max_concurrent_streams(256);
    builder
}

async fn dispatch(
    gateway: &Arc<Gateway>,
    side: Side,
    request: Request<Incoming>,
    peer: &Arc<Peer>,
) -> Response<Body> {
    match side {
        Side::Data => data::handle(gateway, request, peer).await,
        Side::Admin => Box::pin(admin::handle(gateway, request)).await,
    }
}

//! An HTTP/1.1 proxy that does nothing else: the floor for a gateway's cost.
//!
//! It keeps connections to its upstream alive, relays bodies both ways as they come, and looks at nothing
//! but the `host` and `connection` headers.

use crate::connect::connect;
use bytes::Bytes;
use http::header::{CONNECTION, HOST, HeaderValue};
use http::{Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{Either, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1::SendRequest;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use tokio::net::{TcpListener, TcpStream};

/// Relays every connection of the listener to `upstream` (`host:port`), until it is dropped.
///
/// # Errors
/// When `upstream` cannot stand in a `host` header.
pub async fn serve(listener: TcpListener, upstream: &str) -> io::Result<()> {
    let host = HeaderValue::try_from(upstream).map_err(io::Error::other)?;
    let upstream = Arc::new(Upstream { authority: upstream.to_owned(), host, idle: Mutex::default() });
    loop {
        let (stream, _peer) = listener.accept().await?;
        tokio::spawn(relay(stream, upstream.clone()));
    }
}

struct Upstream {
    authority: String,
    host: HeaderValue,
    idle: Mutex<Vec<SendRequest<Incoming>>>,
}

async fn relay(stream: TcpStream, upstream: Arc<Upstream>) {
    let _best_effort = stream.set_nodelay(true);
    let service = service_fn(|request| {
        let upstream = upstream.clone();
        async move { Ok::<_, Infallible>(answer(upstream, request).await) }
    });
    // A client that went away is nobody to tell about it.
    let _ended = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(upstream: Arc<Upstream>, request: Request<Incoming>) -> Response<Relayed> {
    match forward(upstream, request).await {
        Ok(response) => response.map(Either::Left),
        Err(_unreachable) => {
            let mut response = Response::new(Either::Right(Empty::new()));
            *response.status_mut() = StatusCode::BAD_GATEWAY;
            response
        }
    }
}

type Relayed = Either<Returning, Empty<Bytes>>;

async fn forward(upstream: Arc<Upstream>, mut request: Request<Incoming>) -> io::Result<Response<Returning>> {
    request.headers_mut().remove(CONNECTION);
    request.headers_mut().insert(HOST, upstream.host.clone());
    let mut sender = upstream.sender().await?;
    let mut response = sender.send_request(request).await.map_err(io::Error::other)?;
    response.headers_mut().remove(CONNECTION);
    Ok(response.map(|body| Returning { body, lent: Some((sender, upstream)) }))
}

impl Upstream {
    /// An idle connection that still lives, or a new one.
    async fn sender(&self) -> io::Result<SendRequest<Incoming>> {
        while let Some(mut sender) = self.pop() {
            if sender.ready().await.is_ok() {
                return Ok(sender);
            }
        }
        connect(&self.authority).await
    }

    fn pop(&self) -> Option<SendRequest<Incoming>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn push(&self, sender: SendRequest<Incoming>) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
    }
}

/// A response body that gives its connection back at its end. Dropped before, it closes the connection,
/// and so cancels the upstream's work.
struct Returning {
    body: Incoming,
    lent: Option<(SendRequest<Incoming>, Arc<Upstream>)>,
}

impl Returning {
    fn give_back(&mut self) {
        if let Some((sender, upstream)) = self.lent.take() {
            upstream.push(sender);
        }
    }
}

impl Body for Returning {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        let frame = ready!(Pin::new(&mut this.body).poll_frame(cx));
        if frame.is_none() || this.body.is_end_stream() {
            this.give_back();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

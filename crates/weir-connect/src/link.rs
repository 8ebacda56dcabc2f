use crate::transport::Transport;
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{self, Connection, SendRequest};
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

pub(crate) type Body = Full<Bytes>;
pub(crate) type Request = http::Request<Body>;

/// Status line and headers of a response together; more is refused.
const RESPONSE_HEAD_BYTES_MAX: usize = 64 * 1024;

/// Read and write buffer of a connection, each.
const BUFFER_BYTES_MAX: usize = 256 * 1024;

/// One open connection to a backend.
///
/// It has no task of its own: whoever uses it drives it, and dropping it closes the socket at once,
/// whatever the backend was doing.
pub(crate) struct Link {
    sender: SendRequest<Body>,
    driver: Driver,
    peer: SocketAddr,
    peer_ip: Arc<str>,
}

impl Link {
    #[expect(clippy::disallowed_methods, reason = "this crate is the one that opens connections")]
    pub(crate) async fn new(transport: Transport, peer: SocketAddr) -> hyper::Result<Self> {
        let (sender, connection) = http1::Builder::new()
            .max_header_size(RESPONSE_HEAD_BYTES_MAX)
            .max_buf_size(BUFFER_BYTES_MAX)
            .handshake(transport)
            .await?;
        let driver = Driver { connection, ended: false };
        Ok(Self { sender, driver, peer, peer_ip: peer.ip().to_string().into() })
    }

    pub(crate) fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// The address as text, written once for all requests of the connection.
    pub(crate) fn peer_ip(&self) -> &Arc<str> {
        &self.peer_ip
    }

    /// Sends one request and waits for the head of its response.
    pub(crate) async fn exchange(&mut self, request: Request) -> Result<http::Response<Incoming>, Failure> {
        let Self { sender, driver, .. } = self;
        let mut response = pin!(sender.try_send_request(request));
        poll_fn(|cx| {
            let ended = driver.drive(cx).is_ready();
            match response.as_mut().poll(&mut quiet()) {
                Poll::Ready(result) => Poll::Ready(result.map_err(Failure::from)),
                Poll::Pending if ended => Poll::Ready(Err(Failure::Ended)),
                Poll::Pending => Poll::Pending,
            }
        })
        .await
    }

    /// Moves bytes between socket and response body; ready when the connection has ended.
    pub(crate) fn drive(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.driver.drive(cx)
    }

    /// Whether another request can be sent: the last response was read to its end, and the backend has
    /// neither closed the connection nor said anything unasked.
    pub(crate) fn is_idle(&mut self) -> bool {
        self.driver.drive(&mut quiet()).is_pending() && self.sender.is_ready()
    }
}

struct Driver {
    connection: Connection<Transport, Body>,
    ended: bool,
}

impl Driver {
    fn drive(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.ended {
            // An error reaches the waiting request or the response body by itself.
            self.ended = Pin::new(&mut self.connection).poll(cx).is_ready();
        }
        if self.ended { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// A context that wakes nobody, for what makes progress only while the connection is driven, by the
/// very task that polls it: waking that task again would only cost another turn.
pub(crate) fn quiet() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

/// Why an exchange gave no response.
pub(crate) enum Failure {
    /// Nothing of the request was written; here it is again.
    Unsent(Box<Request>),
    /// The connection failed.
    Http(hyper::Error),
    /// The connection ended without saying why.
    Ended,
}

impl From<TrySendError<Request>> for Failure {
    fn from(mut error: TrySendError<Request>) -> Self {
        error
            .take_message()
            .map_or_else(|| Failure::Http(error.into_error()), |request| Failure::Unsent(Box::new(request)))
    }
}

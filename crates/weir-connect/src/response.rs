use crate::ConnectError;
use crate::link::{Link, quiet};
use crate::pool::Pool;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use std::fmt;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// A backend's response, whatever its status; redirects too come as they are and are not followed.
#[derive(Debug)]
pub struct Response {
    status: StatusCode,
    headers: HeaderMap,
    peer: SocketAddr,
    peer_ip: Arc<str>,
    body: ResponseBody,
}

impl Response {
    pub(crate) fn new(response: http::Response<Incoming>, link: Box<Link>, pool: &Arc<Pool>) -> Self {
        let (head, incoming) = response.into_parts();
        let (peer, peer_ip) = (link.peer(), link.peer_ip().clone());
        let body = ResponseBody::new(incoming, link, pool.clone());
        Self { status: head.status, headers: head.headers, peer, peer_ip, body }
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The address that answered, as connected to.
    #[must_use]
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// The IP address that answered, as text.
    #[must_use]
    pub fn peer_ip(&self) -> &Arc<str> {
        &self.peer_ip
    }

    /// The body. Dropping it before its end closes the connection.
    #[must_use]
    pub fn into_body(self) -> ResponseBody {
        self.body
    }

    /// The whole body.
    ///
    /// # Errors
    /// [`ConnectError::Cut`] when it breaks off, [`ConnectError::TooLong`] when it has more than
    /// `limit` bytes.
    pub async fn bytes(self, limit: usize) -> Result<Bytes, ConnectError> {
        self.body.bytes(limit).await
    }
}

/// The bytes of a response as they arrive.
///
/// Nothing is read from the backend ahead of what is asked for, but for one buffer. Read to the end,
/// it leaves its connection for the next request; dropped before, it closes it, which tells the backend
/// to stop.
pub struct ResponseBody {
    incoming: Incoming,
    link: Option<Box<Link>>,
    pool: Arc<Pool>,
}

impl ResponseBody {
    fn new(incoming: Incoming, link: Box<Link>, pool: Arc<Pool>) -> Self {
        let mut body = Self { incoming, link: Some(link), pool };
        body.release_at_end();
        body
    }

    /// The next bytes, or `None` at the end. Trailers are left out.
    ///
    /// Cancel safe: dropping the future loses nothing.
    ///
    /// # Errors
    /// [`ConnectError::Cut`] when the response breaks off.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, ConnectError> {
        loop {
            let frame = poll_fn(|cx| Pin::new(&mut *self).poll_frame(cx)).await.transpose()?;
            match frame.map(Frame::into_data) {
                Some(Ok(data)) => return Ok(Some(data)),
                Some(Err(_trailers)) => {}
                None => return Ok(None),
            }
        }
    }

    /// All that is left.
    ///
    /// # Errors
    /// As [`Response::bytes`].
    pub async fn bytes(mut self, limit: usize) -> Result<Bytes, ConnectError> {
        let mut whole = BytesMut::new();
        while let Some(chunk) = self.chunk().await? {
            if chunk.len() > limit - whole.len() {
                return Err(ConnectError::TooLong { limit });
            }
            if whole.is_empty() && self.is_end_stream() {
                // Most answers come in one piece, which is not copied.
                return Ok(chunk);
            }
            whole.extend_from_slice(&chunk);
        }
        Ok(whole.freeze())
    }

    fn poll_incoming(&mut self) -> Poll<Option<Result<Frame<Bytes>, ConnectError>>> {
        let frame = Pin::new(&mut self.incoming).poll_frame(&mut quiet());
        match &frame {
            Poll::Ready(None) => self.release(),
            // A reader that knows the length does not ask again after the last byte.
            Poll::Ready(Some(Ok(_))) => self.release_at_end(),
            Poll::Ready(Some(Err(_))) => self.link = None,
            Poll::Pending => {}
        }
        frame.map_err(|source| ConnectError::Cut { source: Some(source) })
    }

    /// The same, with what the connection has by now.
    fn poll_driven(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, ConnectError>>> {
        let Some(link) = &mut self.link else {
            return Poll::Ready(Some(Err(ConnectError::Cut { source: None })));
        };
        let ended = link.drive(cx).is_ready();
        match self.poll_incoming() {
            Poll::Pending if ended => Poll::Ready(Some(Err(ConnectError::Cut { source: None }))),
            frame @ (Poll::Ready(_) | Poll::Pending) => frame,
        }
    }

    fn release_at_end(&mut self) {
        if self.incoming.is_end_stream() {
            self.release();
        }
    }

    fn release(&mut self) {
        if let Some(link) = self.link.take() {
            self.pool.give(link);
        }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = ConnectError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ConnectError>>> {
        let this = self.get_mut();
        if let ready @ Poll::Ready(_) = this.poll_incoming() {
            return ready;
        }
        // What is there by now is taken before the connection is told whom to wake: a piece that is taken from one that
        // has been told wakes its taker, for nothing.
        if let ready @ Poll::Ready(_) = this.poll_driven(&mut quiet()) {
            return ready;
        }
        this.poll_driven(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseBody").finish_non_exhaustive()
    }
}

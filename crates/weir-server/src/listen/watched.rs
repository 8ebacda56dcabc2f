use super::lengths::Heads;
use http_body::{Body, Frame, SizeHint};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

/// A connection on which nothing is asked for this long is closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(75);
/// From the first byte of a request's head to its last.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// For a client to take any of what was written.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// How an HTTP/2 connection begins.
const HTTP2: &[u8] = b"PRI ";

/// Where a connection is between two requests, shared by its socket and its service.
///
/// hyper has one time limit for a head, which it starts while a kept-alive connection is idle, and makes
/// a timer for each. An idle client may take its time; one that drips the bytes of a head may not. On an
/// HTTP/2 connection requests overlap, and most of what is read is no head: there the limits end with the
/// first request, and pings find out who is gone.
#[derive(Debug, Clone, Default)]
pub(super) struct Phase(Arc<State>);

#[derive(Debug, Default)]
struct State {
    phase: AtomicU8,
    says_both_lengths: AtomicBool,
    has_seen_head: AtomicBool,
}

const IDLE: u8 = 0;
const HEAD: u8 = 1;
const BUSY: u8 = 2;
const ANSWERED: u8 = 3;

impl Phase {
    /// Whether the head that is complete says the length of its body in two ways.
    pub fn says_both_lengths(&self) -> bool {
        self.0.says_both_lengths.load(Ordering::Relaxed)
    }

    /// The head is complete. Whether it was looked at: one that came before the answer to the request before it
    /// was not.
    pub fn begin(&self) -> bool {
        self.0.phase.store(BUSY, Ordering::Relaxed);
        self.0.has_seen_head.swap(false, Ordering::Relaxed)
    }

    /// The response is complete; what is read after it was written is the next head.
    pub fn answer(&self) {
        self.0.phase.store(ANSWERED, Ordering::Relaxed);
    }

    fn now(&self) -> u8 {
        self.0.phase.load(Ordering::Relaxed)
    }

    fn turn(&self, from: u8, to: u8) -> bool {
        self.0.phase.compare_exchange(from, to, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

/// The body of a response, which tells when hyper is done with it.
#[derive(Debug)]
pub(super) struct Answer<B> {
    body: B,
    phase: Phase,
}

impl<B> Answer<B> {
    pub fn new(body: B, phase: Phase) -> Self {
        Self { body, phase }
    }
}

impl<B> Drop for Answer<B> {
    fn drop(&mut self) {
        self.phase.answer();
    }
}

impl<B: Body + Unpin> Body for Answer<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A time limit that begins anew often and is seldom reached: its timer is set again when it has run out,
/// not at each beginning.
#[derive(Debug)]
struct Limit {
    length: Duration,
    deadline: Instant,
    timer: Pin<Box<Sleep>>,
}

impl Limit {
    fn new(length: Duration) -> Self {
        let deadline = Instant::now() + length;
        Self { length, deadline, timer: Box::pin(sleep_until(deadline)) }
    }

    fn begin(&mut self) {
        self.deadline = Instant::now() + self.length;
    }

    /// An error when the time is over.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        loop {
            ready!(self.timer.as_mut().poll(cx));
            if self.timer.deadline() >= self.deadline {
                return Poll::Ready(io::ErrorKind::TimedOut.into());
            }
            self.timer.as_mut().reset(self.deadline);
        }
    }
}

/// A socket that gives up on a client that asks for nothing, on a head that does not arrive in time, and
/// on a client that does not take what is written: hyper asks a body for nothing meanwhile, so that
/// nothing else would end it.
#[derive(Debug)]
pub(super) struct Watched {
    socket: TcpStream,
    phase: Phase,
    has_read: bool,
    is_multiplexed: bool,
    heads: Heads,
    idle: Limit,
    head: Limit,
    write: Limit,
    is_stalled: bool,
}

impl Watched {
    pub fn new(socket: TcpStream, phase: Phase) -> Self {
        // A new connection is expected to ask for something.
        phase.turn(IDLE, HEAD);
        Self {
            socket,
            phase,
            has_read: false,
            is_multiplexed: false,
            heads: Heads::default(),
            idle: Limit::new(IDLE_TIMEOUT),
            head: Limit::new(HEAD_TIMEOUT),
            write: Limit::new(WRITE_TIMEOUT),
            is_stalled: false,
        }
    }

    /// Whether the first bytes, which stay to be read, are those of HTTP/1; `None` when there are none in time, or will be
    /// none. What a first look does not tell counts as no.
    pub async fn begins_as_http1(&self) -> Option<bool> {
        let mut first = [0; HTTP2.len()];
        let look = tokio::time::timeout_at(self.head.deadline, self.socket.peek(&mut first));
        let bytes = look.await.ok()?.ok().filter(|bytes| *bytes > 0)?;
        Some(!HTTP2.starts_with(first.get(..bytes)?))
    }

    fn note_read(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        if !std::mem::replace(&mut self.has_read, true) {
            self.is_multiplexed = bytes.starts_with(HTTP2);
        }
        // An answer whose last bytes went out before hyper let go of it is followed by no write.
        if self.phase.turn(IDLE, HEAD) || (!self.is_multiplexed && self.phase.turn(ANSWERED, HEAD)) {
            self.head.begin();
        }
        if !self.is_multiplexed
            && self.phase.now() == HEAD
            && let Some(says_both) = self.heads.take(bytes)
        {
            self.phase.0.has_seen_head.store(true, Ordering::Relaxed);
            self.phase.0.says_both_lengths.fetch_or(says_both, Ordering::Relaxed);
        }
    }

    fn begin_write(&mut self) {
        if !self.is_multiplexed && self.phase.turn(ANSWERED, IDLE) {
            self.idle.begin();
        }
    }

    /// Ready when nothing was read for too long.
    fn limit_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        match self.phase.now() {
            IDLE => self.idle.poll(cx),
            HEAD => self.head.poll(cx),
            _ => Poll::Pending,
        }
    }

    /// Passes on how a write went, or that none has got on for too long.
    fn limit_write(
        &mut self,
        written: Poll<io::Result<usize>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.is_stalled = false;
            return written;
        }
        if !std::mem::replace(&mut self.is_stalled, true) {
            self.write.begin();
        }
        self.write.poll(cx).map(Err)
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.socket).poll_read(cx, buf);
        self.note_read(buf.filled().get(before..).unwrap_or_default());
        if read.is_pending() { self.limit_read(cx).map(Err) } else { read }
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.begin_write();
        let written = Pin::new(&mut self.socket).poll_write(cx, bytes);
        self.limit_write(written, cx)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.begin_write();
        let written = Pin::new(&mut self.socket).poll_write_vectored(cx, bufs);
        self.limit_write(written, cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    /// A watched socket and its client.
    async fn connection(phase: &Phase) -> (Watched, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        #[expect(clippy::disallowed_methods, reason = "the client of the listener under test")]
        let client = TcpStream::connect(address).await.unwrap();
        let (socket, _) = listener.accept().await.unwrap();
        (Watched::new(socket, phase.clone()), client)
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_is_given_up() {
        let (mut watched, _client) = connection(&Phase::default()).await;
        let began = Instant::now();
        let zeros = vec![0; 1 << 20];
        let error = loop {
            if let Err(error) = watched.write_all(&zeros).await {
                break error;
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(began.elapsed() >= WRITE_TIMEOUT);
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_bytes_tell_http1_and_stay_to_be_read() {
        for (first, is_http1) in
            [("G", true), ("POST / HTTP/1.1\r\n", true), ("PRI * HTTP/2.0", false), ("PR", false)]
        {
            let (mut watched, mut client) = connection(&Phase::default()).await;
            client.write_all(first.as_bytes()).await.unwrap();
            assert_eq!(watched.begins_as_http1().await, Some(is_http1), "{first}");
            let mut buffer = [0; 64];
            assert_eq!(watched.read(&mut buffer).await.unwrap(), first.len());
        }
        let (watched, client) = connection(&Phase::default()).await;
        drop(client);
        assert_eq!(watched.begins_as_http1().await, None);
        let (mut watched, mut client) = connection(&Phase::default()).await;
        let began = Instant::now();
        assert_eq!(watched.begins_as_http1().await, None, "a client that says nothing");
        // What it says later is too late.
        client.write_all(b"G").await.unwrap();
        assert_eq!(given_up_after(&mut watched).await, 0);
        assert_eq!(began.elapsed().as_secs(), HEAD_TIMEOUT.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn http2_is_not_timed_after_its_first_request() {
        let phase = Phase::default();
        let (mut watched, mut client) = connection(&phase).await;
        let mut buffer = [0; 64];
        client.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
        assert!(watched.read(&mut buffer).await.unwrap() > 0);
        phase.begin();
        phase.answer();
        watched.write_all(b"answer").await.unwrap();
        client.write_all(b"a frame that is no request").await.unwrap();
        assert!(watched.read(&mut buffer).await.unwrap() > 0);
        let more = tokio::time::timeout(10 * HEAD_TIMEOUT, watched.read(&mut buffer)).await;
        assert!(more.is_err(), "{more:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_is_timed_from_its_first_byte_and_idleness_for_longer() {
        let phase = Phase::default();
        let (mut watched, mut client) = connection(&phase).await;
        let mut buffer = [0; 64];
        client.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        assert!(watched.read(&mut buffer).await.unwrap() > 0);
        phase.begin();
        phase.answer();
        watched.write_all(b"answer").await.unwrap();
        let idle = tokio::time::timeout(5 * HEAD_TIMEOUT, watched.read(&mut buffer)).await;
        assert!(idle.is_err(), "{idle:?}");
        client.write_all(b"G").await.unwrap();
        assert!(watched.read(&mut buffer).await.unwrap() > 0);
        assert_eq!(given_up_after(&mut watched).await, HEAD_TIMEOUT.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_asks_for_nothing_is_given_up() {
        let phase = Phase::default();
        let (mut watched, mut client) = connection(&phase).await;
        for _ in 0..2 {
            client.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
            assert!(watched.read(&mut [0; 64]).await.unwrap() > 0);
            phase.begin();
            tokio::time::sleep(HEAD_TIMEOUT).await;
            phase.answer();
            watched.write_all(b"answer").await.unwrap();
        }
        assert_eq!(given_up_after(&mut watched).await, IDLE_TIMEOUT.as_secs());
    }

    /// How many seconds it takes until reading fails.
    async fn given_up_after(watched: &mut Watched) -> u64 {
        let began = Instant::now();
        let error = watched.read(&mut [0; 64]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        began.elapsed().as_secs()
    }
}

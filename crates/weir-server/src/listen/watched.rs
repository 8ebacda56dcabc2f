use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

/// From the first byte of a request's head to its last.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// Where a connection is between two requests, shared by its socket and its service.
///
/// hyper has one time limit for a head, which it starts while a kept-alive connection is idle. An idle
/// client may take its time; one that drips the bytes of a head may not.
#[derive(Debug, Clone, Default)]
pub(super) struct Phase(Arc<AtomicU8>);

const IDLE: u8 = 0;
const HEAD: u8 = 1;
const BUSY: u8 = 2;
const ANSWERED: u8 = 3;

impl Phase {
    /// The head is complete.
    pub fn begin(&self) {
        self.0.store(BUSY, Ordering::Relaxed);
    }

    /// The response is on its way; what is read after it was written is the next head.
    pub fn answer(&self) {
        self.0.store(ANSWERED, Ordering::Relaxed);
    }

    fn is(&self, phase: u8) -> bool {
        self.0.load(Ordering::Relaxed) == phase
    }

    fn turn(&self, from: u8, to: u8) -> bool {
        self.0.compare_exchange(from, to, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

/// A socket that gives up on a head that does not arrive in time.
#[derive(Debug)]
pub(super) struct Watched {
    socket: TcpStream,
    phase: Phase,
    timer: Pin<Box<Sleep>>,
}

impl Watched {
    pub fn new(socket: TcpStream, phase: Phase) -> Self {
        // A new connection is expected to ask for something.
        let timer = Box::pin(sleep(HEAD_TIMEOUT));
        phase.turn(IDLE, HEAD);
        Self { socket, phase, timer }
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
        if buf.filled().len() > before && self.phase.turn(IDLE, HEAD) {
            self.timer.as_mut().reset(Instant::now() + HEAD_TIMEOUT);
        }
        if read.is_pending() && self.phase.is(HEAD) && self.timer.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        read
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.phase.turn(ANSWERED, IDLE);
        Pin::new(&mut self.socket).poll_write(cx, bytes)
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
        self.phase.turn(ANSWERED, IDLE);
        Pin::new(&mut self.socket).poll_write_vectored(cx, bufs)
    }
}

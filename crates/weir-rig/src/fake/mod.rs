//! A scriptable OpenAI-compatible backend on a free loopback port, for conversations and embeddings.
//!
//! It answers as its [`Script`] says and remembers what it was sent. The same script gives the same bytes:
//! ids are counted, times are fixed.

mod answer;
mod ask;
mod chat;
mod embed;
mod exchange;
mod leak;
mod listen;
mod provider;
mod record;
mod route;
mod script;
mod sse;
mod state;
mod tape;
mod transcript;

pub use exchange::BACKEND_HEADERS;
pub use leak::Form;
pub use provider::{AWS_KEYS, KEY, Provider};
pub use record::{Cancelled, Seen};
pub use script::{Capacity, Cut, Failure, Fault, Framing, Reply, Script, ToolCall, Usage, WhenFull};

use state::Shared;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinHandle;

/// A running fake backend. It ends, with all its connections, when it is dropped.
#[derive(Debug)]
pub struct Fake {
    address: SocketAddr,
    shared: Arc<Shared>,
    listening: JoinHandle<()>,
    /// Keeps the port of a backend that has ended.
    kept: Option<TcpSocket>,
}

impl Fake {
    /// Starts a backend on a free port of 127.0.0.1, on the current tokio runtime.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(script: Script) -> io::Result<Self> {
        Self::start_on(0, script).await
    }

    /// Starts a backend on this port of 127.0.0.1; 0 takes a free one.
    ///
    /// # Errors
    /// When the port is taken.
    pub async fn start_on(port: u16, script: Script) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::new(script));
        let listening = tokio::spawn(listen::accept(listener, shared.clone()));
        Ok(Self { address, shared, listening, kept: None })
    }

    /// The address it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base URL, up to and with `/v1`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// The base URL of the provider that the script plays.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}{}", self.address, self.shared.setup().script.provider.base())
    }

    /// Answers by this script from now on. Requests that have come already go on by the old one,
    /// and do not count towards the new one's capacity.
    pub fn set(&self, script: Script) {
        self.shared.set(script);
    }

    /// The requests so far, in order of arrival, bodies complete. Empty while the script does not record. What asks
    /// about the server itself, for its models or its load, is not among them.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        let all = self.shared.record.seen().into_iter();
        all.filter(|seen| seen.method != http::Method::GET).collect()
    }

    /// Whether these bytes came in on any connection: in a request line, a header, a body, a chunk
    /// extension, or across chunks.
    #[must_use]
    pub fn contains(&self, needle: &[u8]) -> bool {
        self.shared.record.contains(needle)
    }

    /// Whether this text came in, as it is or in an encoding that a gateway might have put it in.
    #[must_use]
    pub fn leaked(&self, canary: &str) -> Option<Form> {
        leak::forms(canary).into_iter().find(|(_, bytes)| self.contains(bytes)).map(|(form, _)| form)
    }

    /// Forgets the requests, bytes and cancellations recorded so far.
    pub fn forget(&self) {
        self.shared.record.forget();
    }

    /// How many requests are being answered now, waiting ones included.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.shared.in_flight()
    }

    /// How many requests have come in since the start, recorded or not, without those that ask about the server
    /// itself.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.shared.requests()
    }

    /// How many have asked about the server itself: for its models, its load or its health.
    #[must_use]
    pub fn probes(&self) -> u64 {
        self.shared.probes()
    }

    /// How many connections were accepted since the start.
    #[must_use]
    pub fn accepted(&self) -> u64 {
        self.shared.accepted()
    }

    /// Requests whose client went away before the end of the answer.
    #[must_use]
    pub fn cancelled(&self) -> Vec<Cancelled> {
        self.shared.record.cancelled()
    }

    /// Waits until the condition holds; it is looked at whenever a request arrives, ends or is cancelled.
    /// Put a time limit around it.
    pub async fn until(&self, condition: impl Fn(&Self) -> bool) {
        loop {
            let changed = self.shared.changed();
            if condition(self) {
                return;
            }
            changed.await;
        }
    }

    /// Lets the requests go on that hang now, and those that have come and will, as if nothing were wrong.
    pub fn release(&self) {
        self.shared.release();
    }

    /// Ends it: the port refuses, and is nobody's who takes a free one; open connections are closed. What was recorded
    /// can still be read.
    pub async fn stop(&mut self) {
        self.shared.stop();
        self.listening.abort();
        // An aborted task reports that it was aborted, which is what was asked for.
        let _aborted = (&mut self.listening).await;
        self.kept = keep(self.address);
    }
}

/// A socket that takes an address and does not listen there. Whoever wants to listen at this very address still can, which
/// other systems than Linux do not let them.
fn keep(address: SocketAddr) -> Option<TcpSocket> {
    let socket = TcpSocket::new_v4().ok().filter(|_| cfg!(target_os = "linux"))?;
    socket.set_reuseaddr(true).and_then(|()| socket.bind(address)).ok()?;
    Some(socket)
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.shared.stop();
        self.listening.abort();
    }
}

//! The gateway with everything that stands behind it.

use super::client::Answer;
use super::files::{self, CLOUD_MODEL, Cast, LARGE_MODEL, SMALL_MODEL};
use super::scratch::Scratch;
use crate::command::serve::{listeners, start};
use crate::discovery::LocalServer;
use crate::exit::Failed;
use crate::problems;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use weir_audit::event::Decision;
use weir_audit::search::{Condition, Query, Test};
use weir_audit::{Event, Record};
use weir_rig::fake::{Fake, Script};
use weir_server::listen::serve;
use weir_server::{Gateway, Snapshot, Sources, watch};
use weir_store::audit::Search;

/// How long the simulated models take, so that a request is seen to run and a few at once fill a place.
const LARGE_LATENCY: Duration = Duration::from_millis(400);
const SMALL_LATENCY: Duration = Duration::from_millis(250);
const CLOUD_LATENCY: Duration = Duration::from_millis(150);
const STREAM_GAP: Duration = Duration::from_millis(20);

/// A stream's record is written when the stream has ended, a moment after the client has seen its end.
const RECORD_PATIENCE: Duration = Duration::from_secs(2);
const RECORD_PAUSE: Duration = Duration::from_millis(10);

/// A gateway that serves, with the models behind it.
pub(super) struct Stage {
    pub sources: Sources,
    pub data: SocketAddr,
    pub admin: SocketAddr,
    /// The simulated cloud model, which remembers everything that it is sent.
    pub cloud: Fake,
    /// The real server that plays the large local model, if there is one.
    pub real: Option<LocalServer>,
    simulated: Vec<Fake>,
    audit: PathBuf,
    gateway: Arc<Gateway>,
    serving: JoinHandle<()>,
    stop: oneshot::Sender<()>,
}

impl Stage {
    pub async fn build(port: u16, scratch: &Scratch, real: Option<LocalServer>) -> Result<Self, Failed> {
        let loopback = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let listeners = listeners(loopback(port), loopback(0))?;
        let (data, admin) = (address(&listeners.data)?, address(&listeners.admin)?);
        let cloud = simulate(CLOUD_MODEL, CLOUD_LATENCY).await?;
        let small = simulate(SMALL_MODEL, SMALL_LATENCY).await?;
        let small_url = small.url();
        let mut simulated = vec![small];
        let large = match &real {
            Some(server) => server.clone(),
            None => {
                let large = simulate(LARGE_MODEL, LARGE_LATENCY).await?;
                let server = simulated_server(large.url());
                simulated.push(large);
                server
            }
        };
        let cast = Cast { listen: data, admin, large: &large, small: &small_url, cloud: &cloud.url() };
        let sources = files::write(scratch.path(), &cast);
        let sources =
            sources.map_err(|error| Failed::check("cannot write the demonstration's files", &error))?;
        let snapshot = Snapshot::load(&sources).map_err(|error| problems::report(&error))?;
        let audit = snapshot.loaded.config.state.join("audit");
        let (gateway, _nothing_to_recover) = start(snapshot, sources.clone())?;
        watch(&gateway, sources.clone()).map_err(|error| Failed::check("cannot watch the files", &error))?;
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(serve(gateway.clone(), listeners, async move {
            // Stopping and dropping the stage mean the same.
            let _ = stopped.await;
        }));
        Ok(Self { sources, data, admin, cloud, real, simulated, audit, gateway, serving, stop })
    }

    /// What the audit log says of the decision behind an answer; `None` if the answer names no decision.
    pub async fn record_of(&self, answer: &Answer) -> Result<Option<Decision>, Failed> {
        let Some(decision) = &answer.decision else { return Ok(None) };
        let deadline = Instant::now() + RECORD_PATIENCE;
        loop {
            let (directory, id) = (self.audit.clone(), decision.clone());
            let found = tokio::task::spawn_blocking(move || find(&directory, id)).await;
            let found = found.map_err(|error| Failed::check("cannot read the audit log", &error))??;
            if let Some(record) = found {
                return Ok(Some(record));
            }
            if Instant::now() >= deadline {
                return Err(Failed::Check(format!("decision `{decision}` is not in the audit log")));
            }
            sleep(RECORD_PAUSE).await;
        }
    }

    /// Lets requests finish, closes the audit log, ends the models.
    pub async fn close(self) -> Result<(), Failed> {
        // Nobody listens only if serving has ended already.
        let _ = self.stop.send(());
        self.serving.await.map_err(|error| Failed::check("the gateway did not end in order", &error))?;
        drop(self.simulated);
        self.gateway.close().map_err(|error| Failed::check("the audit log did not close in order", &error))
    }
}

/// The last attempt of a decision, which is the one that was answered.
fn find(directory: &Path, decision: String) -> Result<Option<Decision>, Failed> {
    let cannot_read = |error: &dyn std::error::Error| Failed::check("cannot read the audit log", error);
    let condition = Condition { path: "decision_id".to_owned(), test: Test::Is(vec![decision]) };
    let query = Query { conditions: vec![condition], ..Query::default() };
    let mut found = None;
    let search = Search::open(directory).map_err(|error| cannot_read(&error))?;
    search.find(&query, Some(1), |row| found = Some(row)).map_err(|error| cannot_read(&error))?;
    let Some(found) = found else { return Ok(None) };
    let record = Record::parse(&found.event).map_err(|error| cannot_read(&error))?;
    #[expect(clippy::wildcard_enum_match_arm, reason = "only decisions were asked for")]
    match record.event {
        Event::Decision(decision) => Ok(Some(*decision)),
        _ => Ok(None),
    }
}

fn address(listener: &TcpListener) -> Result<SocketAddr, Failed> {
    listener.local_addr().map_err(|error| Failed::check("cannot listen", &error))
}

async fn simulate(model: &str, latency: Duration) -> Result<Fake, Failed> {
    let script = Script::serving([model])
        .text("This is the simulated model {model}: it says this to everybody.")
        .latency(latency)
        .chunks(12)
        .gap(STREAM_GAP);
    Fake::start(script).await.map_err(|error| Failed::check("cannot start a simulated model", &error))
}

fn simulated_server(url: String) -> LocalServer {
    LocalServer {
        name: "simulated-local".to_owned(),
        url,
        models: vec![LARGE_MODEL.to_owned()],
        elsewhere: Vec::new(),
    }
}

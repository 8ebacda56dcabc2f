use crate::exit::Failed;
use crate::files::FilesArgs;
use crate::logging;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use weir_server::listen::{Listeners, serve};
use weir_server::{Gateway, Snapshot, Sources, export_last_events, send_last_checkpoint, watch};
use weir_store::audit::Recovery;

/// Runs the gateway until it is told to stop.
///
/// SIGTERM or SIGINT: readiness falls, requests in flight finish, the audit log is closed. A second one:
/// exit at once. SIGHUP: reload both files, which is also done when they change.
#[derive(Debug, clap::Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub files: FilesArgs,

    /// Where applications connect, instead of `listen` in the configuration
    #[arg(long, value_name = "ADDRESS", env = "WEIR_LISTEN")]
    pub listen: Option<SocketAddr>,

    /// Where operators connect, instead of `admin` in the configuration; loopback only
    #[arg(long, value_name = "ADDRESS", env = "WEIR_ADMIN")]
    pub admin: Option<SocketAddr>,
}

pub(crate) fn run(args: &ServeArgs) -> Result<ExitCode, Failed> {
    if args.admin.is_some_and(|admin| !admin.ip().is_loopback()) {
        return Err(Failed::Usage(
            "`--admin` must be a loopback address: who can reach it can look at everything".to_owned(),
        ));
    }
    let snapshot = args.files.prepare()?;
    logging::start();
    let runtime = runtime()?;
    runtime.block_on(serve_until_told(snapshot, args))
}

/// One worker for each processor, by the affinity the process was given. Where there is one, there is
/// nobody to share work with, and a runtime that does not try to costs less.
pub(crate) fn runtime() -> Result<Runtime, Failed> {
    let is_alone = std::thread::available_parallelism().is_ok_and(|processors| processors.get() == 1);
    let mut builder = match is_alone {
        true => tokio::runtime::Builder::new_current_thread(),
        false => tokio::runtime::Builder::new_multi_thread(),
    };
    builder.enable_all().thread_name("weir").build().map_err(|error| Failed::check("cannot start", &error))
}

async fn serve_until_told(snapshot: Snapshot, args: &ServeArgs) -> Result<ExitCode, Failed> {
    let config = &snapshot.loaded.config;
    let listeners = listeners(args.listen.unwrap_or(config.listen), args.admin.unwrap_or(config.admin))?;
    let (gateway, recovery) = start(snapshot, args.files.sources())?;
    // Whoever reads that it serves may tell it to stop.
    let stop = stop_signal(&gateway, args.files.sources())?;
    say_what_runs(&gateway, &listeners, &recovery);
    watch(&gateway, args.files.sources()).map_err(|error| Failed::check("cannot watch the files", &error))?;
    let no_thread = |error| Failed::check("cannot start a thread", &error);
    gateway.keep_records_in_time().map_err(no_thread)?;
    gateway.keep_index().map_err(no_thread)?;
    serve(gateway.clone(), listeners, stop).await;
    gateway.close().map_err(|error| Failed::check("the audit log did not close in order", &error))?;
    tokio::join!(send_last_checkpoint(&gateway), export_last_events(&gateway));
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

/// Binds both listeners before anything else is touched, so that a port in use changes nothing.
pub(crate) fn listeners(data: SocketAddr, admin: SocketAddr) -> Result<Listeners, Failed> {
    let bind = |address: SocketAddr| {
        bind(address).map_err(|error| Failed::check(format!("cannot listen on {address}"), &error))
    };
    Ok(Listeners { data: bind(data)?, admin: bind(admin)? })
}

/// Connections that are waiting to be accepted. A burst of clients must not run into the retries of TCP,
/// which take a second.
const BACKLOG: u32 = 4096;

fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A restart must not wait for connections of the process before to time out.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Opens the state directory and makes the gateway.
pub(crate) fn start(snapshot: Snapshot, sources: Sources) -> Result<(Arc<Gateway>, Recovery), Failed> {
    Gateway::start(snapshot, sources, &node_name()).map_err(|error| Failed::check("cannot start", &error))
}

/// What this machine is called in records and keys.
pub(crate) fn node_name() -> String {
    let node = std::env::var("HOSTNAME").ok().filter(|name| !name.is_empty()).or_else(hostname);
    node.unwrap_or_else(|| "weir".to_owned())
}

fn hostname() -> Option<String> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

fn say_what_runs(gateway: &Gateway, listeners: &Listeners, recovery: &Recovery) {
    let address =
        |listener: &TcpListener| listener.local_addr().map_or_else(|_| String::new(), |a| a.to_string());
    let snapshot = gateway.snapshot();
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        data = address(&listeners.data),
        admin = address(&listeners.admin),
        policy = %snapshot.loaded.policy_revision,
        boundary = %snapshot.loaded.policy.boundary.level(),
        backends = snapshot.loaded.config.backends.len(),
        "weir is serving"
    );
    if gateway.serves_loopback_only() {
        tracing::warn!(
            "no API key is configured: only callers on this machine are served; `weir keys create` makes a key"
        );
    }
    if let Some(cut) = &recovery.recovered {
        tracing::warn!(
            events = cut.events_kept,
            cut_bytes = cut.cut_bytes,
            open_requests = cut.open_requests,
            "the audit log was recovered: the process before did not end in order"
        );
    }
}

/// Ready when the process is to stop. Serves SIGHUP meanwhile, and exits at once on a second signal.
fn stop_signal(gateway: &Arc<Gateway>, sources: Sources) -> Result<impl Future<Output = ()> + use<>, Failed> {
    let open = |kind| signal(kind).map_err(|error| Failed::check("cannot watch for signals", &error));
    let mut terminate = open(SignalKind::terminate())?;
    let mut interrupt = open(SignalKind::interrupt())?;
    let mut hangup = open(SignalKind::hangup())?;
    let gateway = gateway.clone();
    Ok(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => break,
                _ = interrupt.recv() => break,
                _ = hangup.recv() => {
                    tracing::info!("SIGHUP: reading both files");
                    let (gateway, sources) = (gateway.clone(), sources.clone());
                    let _ = tokio::task::spawn_blocking(move || gateway.reload(&sources)).await;
                }
            }
        }
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            tracing::warn!("second signal: exiting at once");
            std::process::exit(1);
        });
    })
}

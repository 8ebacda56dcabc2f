//! `weir demo`: the real gateway in front of simulated models.

mod client;
mod examples;
mod files;
mod leak;
mod scratch;
mod screen;
mod stage;

use crate::command::init::models::chats;
use crate::command::serve::runtime;
use crate::discovery::{COMMON_PORTS, LocalServer, local_servers, places};
use crate::exit::Failed;
use crate::logging;
use client::{Answer, Client};
use examples::{Act, Example};
use scratch::Scratch;
use screen::{Screen, Unread};
use stage::Stage;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;
use weir_label::ZoneKind;

/// Shows the gateway at work: simulated models, everything else real.
///
/// Starts a gateway in front of two local models and a cloud model, sends it requests of many kinds, and
/// shows for each where it ran, by which rule and why. If Ollama, vLLM, llama.cpp or LM Studio answers on
/// its usual port, its first model takes the part of the large local one. The cloud is always simulated:
/// nothing leaves this machine.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit code 1 when classified data was found at the simulated cloud model.")]
pub(crate) struct DemoArgs {
    /// End after the examples, instead of staying up to be tried
    #[arg(long)]
    once: bool,

    /// The port for applications [default: a free one]
    #[arg(long, value_name = "PORT", default_value_t = 0, hide_default_value = true)]
    port: u16,

    /// Use no real local server, even if one answers
    #[arg(long)]
    simulated: bool,

    /// Look for a local server here instead of on the usual ports
    #[arg(long, value_name = "ADDRESS", hide = true)]
    probe: Vec<SocketAddr>,
}

pub(crate) fn run(args: &DemoArgs) -> Result<ExitCode, Failed> {
    // Dropped last, when nothing writes there any more.
    let scratch =
        Scratch::new().map_err(|error| Failed::check("cannot make a temporary directory", &error))?;
    runtime()?.block_on(play(args, &scratch))
}

async fn play(args: &DemoArgs, scratch: &Scratch) -> Result<ExitCode, Failed> {
    let mut stop = Stop::listen()?;
    let stage = Stage::build(args.port, scratch, real_server(args).await).await?;
    let performed = tokio::select! {
        performed = perform(args, &stage) => performed,
        () = stop.wait() => Ok(ExitCode::SUCCESS),
    };
    stage.close().await?;
    match performed {
        Ok(code) => Ok(code),
        // As with `weir demo | head`: whoever wanted to see more would still be there.
        Err(Early::Unread) => Ok(ExitCode::SUCCESS),
        Err(Early::Failed(failed)) => Err(failed),
    }
}

async fn real_server(args: &DemoArgs) -> Option<LocalServer> {
    if args.simulated {
        return None;
    }
    let mut found = local_servers(&places(&args.probe, &[&COMMON_PORTS])).await;
    found.iter_mut().for_each(|server| server.models.retain(|model| chats(model)));
    found.into_iter().find(|server| !server.models.is_empty())
}

/// Why the demonstration ends before its end.
enum Early {
    /// Whoever read stdout has gone.
    Unread,
    Failed(Failed),
}

impl From<Unread> for Early {
    fn from(Unread: Unread) -> Self {
        Early::Unread
    }
}

impl From<Failed> for Early {
    fn from(failed: Failed) -> Self {
        Early::Failed(failed)
    }
}

async fn perform(args: &DemoArgs, stage: &Stage) -> Result<ExitCode, Early> {
    let screen = Screen::new();
    screen.introduce(stage)?;
    let acts = examples::all();
    let answers = send_all(&acts, stage, &screen).await?;
    let tally = Tally::of(&answers);
    let examples = acts.iter().flat_map(|act| &act.examples).map(|example| &**example);
    let checked = leak::check(examples, &stage.cloud, tally.cloud)?;
    screen.conclude(&tally, &checked)?;
    if args.once {
        return Ok(tally.exit_code(stage));
    }
    screen.invite(stage)?;
    // From here on the log tells what becomes of edits to the policy.
    logging::start();
    std::future::pending().await
}

async fn send_all(acts: &[Act], stage: &Stage, screen: &Screen) -> Result<Vec<Answer>, Early> {
    let client = Arc::new(Client::new(stage.data)?);
    let mut answers = Vec::new();
    for act in acts {
        screen.announce(act)?;
        let mut running = JoinSet::new();
        for example in &act.examples {
            running.spawn(ask(client.clone(), example.clone()));
        }
        while let Some(done) = running.join_next().await {
            let (example, answer) = done.map_err(|error| Failed::check("an example broke off", &error))?;
            let record = stage.record_of(&answer).await?;
            screen.row(&example, &answer, record.as_ref())?;
            answers.push(answer);
        }
    }
    Ok(answers)
}

async fn ask(client: Arc<Client>, example: Arc<Example>) -> (Arc<Example>, Answer) {
    let answer = client.ask(&example).await;
    (example, answer)
}

/// How many requests ran where.
#[derive(Debug, Default)]
struct Tally {
    local: usize,
    cloud: usize,
    failed: usize,
}

impl Tally {
    fn of(answers: &[Answer]) -> Self {
        let count = |zone: ZoneKind| answers.iter().filter(|answer| answer.zone() == Some(zone)).count();
        Self {
            local: count(ZoneKind::Local),
            cloud: count(ZoneKind::Cloud),
            failed: answers.iter().filter(|answer| answer.failure.is_some()).count(),
        }
    }

    /// A real server may lack what an example needs, such as eyes; simulated ones have no excuse.
    fn exit_code(&self, stage: &Stage) -> ExitCode {
        if self.failed > 0 && stage.real.is_none() { ExitCode::from(1) } else { ExitCode::SUCCESS }
    }
}

/// The signals that end the demonstration; a terminal that is closed among them.
struct Stop([Signal; 3]);

impl Stop {
    fn listen() -> Result<Self, Failed> {
        let open = |kind| signal(kind).map_err(|error| Failed::check("cannot watch for signals", &error));
        Ok(Self([
            open(SignalKind::interrupt())?,
            open(SignalKind::terminate())?,
            open(SignalKind::hangup())?,
        ]))
    }

    async fn wait(&mut self) {
        let Self([interrupt, terminate, hangup]) = self;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}

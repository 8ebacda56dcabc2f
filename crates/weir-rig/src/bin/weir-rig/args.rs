use clap::{Parser, Subcommand};
use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::Duration;
use weir_rig::fake::{Failure, Script, WhenFull};
use weir_rig::load::{Load, Pace, Until};

/// Weir's development rig.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Args {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs a fake OpenAI-compatible backend until it is killed; prints its base URL first.
    Fake(FakeArgs),
    /// Puts load on a gateway and reports; exit code 1 if an answer was not whole.
    Load(LoadArgs),
    /// Runs an HTTP/1.1 proxy that does nothing else; prints its base URL first.
    Bareproxy(ProxyArgs),
}

#[derive(Debug, clap::Args)]
pub struct FakeArgs {
    /// Port of 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    pub port: u16,
    /// A whole script as a JSON file; the options below change it.
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// A model to list; may be given several times.
    #[arg(long)]
    model: Vec<String>,
    /// The text to answer; `{model}` stands for the model asked for.
    #[arg(long)]
    text: Option<String>,
    /// Answer the last user message.
    #[arg(long)]
    echo: bool,
    /// Answer with a call of this tool; may be given several times.
    #[arg(long, value_name = "NAME=ARGUMENTS")]
    tool: Vec<String>,
    /// Milliseconds before an answer.
    #[arg(long)]
    latency: Option<u64>,
    /// Pieces of a stream.
    #[arg(long)]
    chunks: Option<u64>,
    /// Milliseconds between events.
    #[arg(long)]
    gap: Option<u64>,
    /// Requests answered at a time; more of them wait.
    #[arg(long)]
    capacity: Option<u32>,
    /// With --capacity: answer this status (429 or 503) instead of letting them wait.
    #[arg(long, requires = "capacity", value_name = "STATUS")]
    refuse: Option<u16>,
    /// Remember requests. Off otherwise, for nobody can ask for them here.
    #[arg(long)]
    record: bool,
}

impl FakeArgs {
    pub fn script(&self) -> io::Result<Script> {
        let mut script = match &self.script {
            Some(path) => serde_json::from_slice(&fs::read(path)?)?,
            None => Script::default(),
        };
        self.apply(&mut script);
        for tool in &self.tool {
            let (name, arguments) = tool.split_once('=').unwrap_or((tool, "{}"));
            script = script.tool_call(name, arguments);
        }
        script.record = self.record;
        Ok(script)
    }

    fn apply(&self, script: &mut Script) {
        if !self.model.is_empty() {
            script.models.clone_from(&self.model);
        }
        if let Some(text) = &self.text {
            *script = script.clone().text(text);
        }
        if self.echo {
            *script = script.clone().echo();
        }
        script.latency_ms = self.latency.unwrap_or(script.latency_ms);
        script.chunks = self.chunks.unwrap_or(script.chunks);
        script.gap_ms = self.gap.unwrap_or(script.gap_ms);
        if let Some(capacity) = self.capacity {
            *script = script.clone().capacity(capacity, self.when_full());
        }
    }

    fn when_full(&self) -> WhenFull {
        match self.refuse {
            Some(status) => WhenFull::Refuse(Failure::overloaded(status, 1)),
            None => WhenFull::Queue,
        }
    }
}

#[derive(Debug, clap::Args)]
pub struct LoadArgs {
    /// Base URL, up to and with `/v1`.
    #[arg(long)]
    url: http::Uri,
    /// Model, or alias, to ask for.
    #[arg(long, default_value = "fake-model")]
    model: String,
    /// API key.
    #[arg(long)]
    bearer: Option<String>,
    /// Bytes of the prompt.
    #[arg(long, default_value_t = 200, value_name = "BYTES")]
    prompt: usize,
    /// Ask for streams.
    #[arg(long)]
    stream: bool,
    /// Closed loop: connections, each with one request at a time.
    #[arg(long, default_value_t = 16, value_name = "N", conflicts_with = "rate")]
    conns: usize,
    /// Open loop: requests per second, whatever becomes of them.
    #[arg(long, value_name = "R", value_parser = positive)]
    rate: Option<f64>,
    /// Stop after this many requests.
    #[arg(long, value_name = "N", conflicts_with = "duration")]
    requests: Option<u64>,
    /// Stop after this many seconds.
    #[arg(long, default_value_t = 5.0, value_name = "SECONDS", value_parser = positive)]
    duration: f64,
    /// Load of the same kind beforehand that does not count.
    #[arg(long, value_name = "SECONDS", value_parser = positive)]
    warmup: Option<f64>,
    /// Process to take CPU time and memory of, with its descendants.
    #[arg(long)]
    pid: Option<u32>,
    /// One line of JSON instead of a table.
    #[arg(long)]
    pub json: bool,
}

impl LoadArgs {
    pub fn load(&self) -> Load {
        Load {
            url: self.url.clone(),
            model: self.model.clone(),
            bearer: self.bearer.clone(),
            prompt_bytes: self.prompt,
            stream: self.stream,
            pace: self.rate.map_or(Pace::Closed { connections: self.conns }, |rate| Pace::Open { rate }),
            until: self.requests.map_or_else(|| elapsed(self.duration), Until::Requests),
            pid: self.pid,
        }
    }

    pub fn warmup(&self) -> Option<Until> {
        self.warmup.map(elapsed)
    }
}

fn elapsed(seconds: f64) -> Until {
    Until::Elapsed(Duration::from_secs_f64(seconds))
}

/// Bounded, so that it is a duration whether it is seconds or a rate.
fn positive(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if (1e-3..=1e6).contains(&number) => Ok(number),
        _ => Err("a number from 0.001 to 1000000 is needed".to_owned()),
    }
}

#[derive(Debug, clap::Args)]
pub struct ProxyArgs {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:0", value_name = "HOST:PORT")]
    pub listen: String,
    /// Where to relay to.
    #[arg(long, value_name = "HOST:PORT")]
    pub upstream: String,
}

//! The development rig's programs: `fake`, `load`, `bareproxy`.

mod args;

use args::{Args, Command};
use clap::Parser;
use std::io::{self, Write};
use std::process::ExitCode;
use tokio::net::TcpListener;
use weir_rig::fake::{Fake, Script};
use weir_rig::load::{self, Load, Until};

fn main() -> ExitCode {
    let result = run(Args::parse().command);
    result.unwrap_or_else(|error| {
        let _best_effort = writeln!(io::stderr(), "weir-rig: {error}");
        ExitCode::FAILURE
    })
}

/// One thread, so that pinning the program to a CPU says what it takes.
fn run(command: Command) -> io::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match command {
            Command::Fake(fake) => serve_fake(fake.port, fake.script()?).await,
            Command::Load(args) => put_load(&args.load(), args.warmup(), args.json).await,
            Command::Bareproxy(proxy) => serve_proxy(&proxy.listen, &proxy.upstream).await,
        }
    })
}

async fn serve_fake(port: u16, script: Script) -> io::Result<ExitCode> {
    let fake = Fake::start_on(port, script).await?;
    writeln!(io::stdout(), "{}", fake.url())?;
    std::future::pending().await
}

async fn put_load(load: &Load, warmup: Option<Until>, json: bool) -> io::Result<ExitCode> {
    if let Some(until) = warmup {
        load::run(&Load { until, pid: None, ..load.clone() }).await?;
    }
    let report = load::run(load).await?;
    let text = if json { serde_json::to_string(&report)? + "\n" } else { report.to_string() };
    io::stdout().write_all(text.as_bytes())?;
    Ok(if report.flawed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn serve_proxy(listen: &str, upstream: &str) -> io::Result<ExitCode> {
    let listener = TcpListener::bind(listen).await?;
    writeln!(io::stdout(), "http://{}/v1", listener.local_addr()?)?;
    weir_rig::bareproxy::serve(listener, upstream).await?;
    Ok(ExitCode::SUCCESS)
}

//! Records as they come.

use super::rows::Printer;
use super::{QueryArgs, unreadable};
use crate::exit::Failed;
use std::process::ExitCode;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use weir_audit::search::{DECISION, Query};
use weir_store::audit::{Follower, Search};

/// How often it is looked whether something has come: soon enough for people, and next to nothing for the machine.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Prints what there is since the time asked for, if one is, and then what comes, until it is interrupted.
pub(super) fn run(
    args: &QueryArgs,
    search: Search,
    query: Query,
    mut printer: Printer,
) -> Result<ExitCode, Failed> {
    let no_runtime = |error| Failed::check("cannot wait for records", &error);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(no_runtime)?;
    // Before the first row, so that whoever has seen it may interrupt.
    let mut interrupt = {
        let _guard = runtime.enter();
        (
            signal(SignalKind::interrupt()).map_err(no_runtime)?,
            signal(SignalKind::terminate()).map_err(no_runtime)?,
        )
    };
    let mut rows = Vec::new();
    if query.since.is_some() {
        let limit = (args.limit > 0).then_some(args.limit);
        // Those that run come when they end.
        let found = search.find(&query, limit, |found| {
            if found.outcome.is_some()
                || found.members().is_ok_and(|members| members.word("type") != DECISION)
            {
                rows.push(found);
            }
        });
        found.map_err(|error| unreadable(&error))?;
    }
    printer.print(&rows)?;
    let mut follower = Follower::behind(&search, query).map_err(|error| unreadable(&error))?;
    // As long as somebody reads it, the index cannot be tidied up.
    drop(search);
    runtime.block_on(async move {
        loop {
            rows.clear();
            let read = follower.next(|found| rows.push(found));
            printer.print(&rows)?;
            read.map_err(|error| Failed::check("cannot read the audit log", &error))?;
            tokio::select! {
                _ = interrupt.0.recv() => return Ok(ExitCode::SUCCESS),
                _ = interrupt.1.recv() => return Ok(ExitCode::SUCCESS),
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    })
}

use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// The environment variable with the filter, in the syntax of `RUST_LOG`.
const FILTER: &str = "WEIR_LOG";

/// Logs go to stderr: one JSON object a line, or, on a terminal, lines for people.
pub(crate) fn start() {
    let filter = EnvFilter::try_from_env(FILTER).unwrap_or_else(|_| EnvFilter::new("info,hyper=error"));
    // Whoever reads the log may go, and the disk it goes to may be full: where a line cannot be written it is left out, and
    // to say so there would be a panic.
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .log_internal_errors(false);
    let is_terminal = std::io::stderr().is_terminal();
    let wants_colour = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    if is_terminal {
        builder.with_ansi(wants_colour).init();
    } else {
        builder.json().flatten_event(true).init();
    }
}

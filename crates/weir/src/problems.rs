//! Problems of the two files, as people read them.

use crate::exit::Failed;
use crate::output::{error_line, note};
use miette::{GraphicalReportHandler, GraphicalTheme};
use std::io::IsTerminal;
use weir_config::Problem;
use weir_server::SnapshotError;

/// Prints why the files cannot be used.
pub(crate) fn report(error: &SnapshotError) -> Failed {
    match error {
        SnapshotError::Problems(problems) => {
            problems.0.iter().for_each(print);
            let count = problems.0.len();
            error_line(format!(
                "{count} {}; nothing was changed",
                if count == 1 { "problem" } else { "problems" }
            ));
        }
        SnapshotError::Read { path, source } => {
            error_line(error);
            if source.kind() != std::io::ErrorKind::NotFound {
                return Failed::Configuration;
            }
            note(format!(
                "  `weir init` writes a first configuration; `--config FILE` names another than `{}`",
                path.display()
            ));
        }
        SnapshotError::Cases(failed) => {
            failed.iter().for_each(error_line);
            error_line("the policy's cases failed; nothing was changed");
            note("  `weir policy test` runs them and shows what they do not see");
        }
        SnapshotError::Policy(_)
        | SnapshotError::Unproved(_)
        | SnapshotError::Older { .. }
        | SnapshotError::Kept { .. }
        | SnapshotError::Settings(_)
        | SnapshotError::Endpoint { .. }
        | SnapshotError::Tokens { .. } => error_line(error),
    }
    Failed::Configuration
}

/// Prints what is allowed but probably not meant.
pub(crate) fn warn(warnings: &[Problem]) {
    warnings.iter().for_each(print);
}

fn print(problem: &Problem) {
    let colours =
        std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
    let theme = if colours { GraphicalTheme::unicode() } else { GraphicalTheme::none() };
    let mut text = String::new();
    let rendered =
        GraphicalReportHandler::new_themed(theme).with_links(false).render_report(&mut text, problem);
    match rendered {
        Ok(()) => note(format_args!("{}:{}:{}\n{text}", problem.file, problem.line, problem.column)),
        Err(_) => error_line(problem),
    }
}

use crate::output::error_line;
use std::fmt::Display;
use std::process::ExitCode;

/// How a command failed. The exit codes are for scripts: 1 a check failed, 2 wrong usage (as clap has
/// it), 3 the configuration cannot be used.
#[derive(Debug)]
pub(crate) enum Failed {
    /// What was asked for could not be done, or a check came out bad. 1.
    Check(String),
    /// The arguments do not fit together. 2.
    Usage(String),
    /// The configuration cannot be used. What is wrong has been printed. 3.
    Configuration,
}

impl Failed {
    /// A failure with what went wrong and its causes.
    pub fn check(what: impl Display, error: &dyn std::error::Error) -> Self {
        let mut message = format!("{what}: {error}");
        let mut source = error.source();
        while let Some(cause) = source {
            let cause_text = cause.to_string();
            // Some errors say their cause themselves.
            if !message.ends_with(&cause_text) {
                message = format!("{message}: {cause_text}");
            }
            source = cause.source();
        }
        Failed::Check(message)
    }

    /// Prints the failure and gives its exit code.
    pub fn report(self) -> ExitCode {
        match self {
            Failed::Check(message) => {
                error_line(&message);
                ExitCode::from(1)
            }
            Failed::Usage(message) => {
                error_line(&message);
                ExitCode::from(2)
            }
            Failed::Configuration => ExitCode::from(3),
        }
    }
}

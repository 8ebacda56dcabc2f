use crate::cli::Cli;
use crate::exit::Failed;
use crate::output;
use clap::CommandFactory;
use clap_complete::Shell;
use std::process::ExitCode;

/// Prints the manual page of a command.
///
/// In roff; to read it: `weir man keys create | man -l -`.
#[derive(Debug, clap::Args)]
pub(crate) struct ManArgs {
    /// The command, such as `serve` or `keys create`; none is `weir` itself
    command: Vec<String>,
}

/// Prints completions for a shell.
///
/// To install them: `weir completions bash > /etc/bash_completion.d/weir`.
#[derive(Debug, clap::Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

pub(crate) fn man(args: &ManArgs) -> Result<ExitCode, Failed> {
    let mut command = Cli::command();
    command.build();
    for name in &args.command {
        let found = command.find_subcommand(name).cloned();
        command = found.ok_or_else(|| Failed::Usage(format!("there is no command `{name}`")))?;
    }
    let mut page = Vec::new();
    let rendered = clap_mangen::Man::new(command).render(&mut page);
    rendered.map_err(|error| Failed::check("cannot write the page", &error))?;
    output::raw(&page);
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn completions(args: &CompletionsArgs) -> Result<ExitCode, Failed> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "weir", &mut script);
    output::raw(&script);
    Ok(ExitCode::SUCCESS)
}

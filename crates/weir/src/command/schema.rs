use crate::exit::Failed;
use crate::output;
use std::process::ExitCode;

/// Prints the JSON Schema of `weir.yaml`, `policy.yaml` or `policy.test.yaml`.
///
/// Editors complete and explain with it: put
/// `# yaml-language-server: $schema=weir.schema.json` into the first line of the file.
#[derive(Debug, clap::Args)]
pub(crate) struct SchemaArgs {
    /// Which file
    file: SchemaFile,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum SchemaFile {
    /// The schema of weir.yaml
    Weir,
    /// The schema of policy.yaml
    Policy,
    /// The schema of policy.test.yaml
    PolicyTest,
}

pub(crate) fn run(args: &SchemaArgs) -> Result<ExitCode, Failed> {
    let wanted = match args.file {
        SchemaFile::Weir => "weir.",
        SchemaFile::Policy => "policy.",
        SchemaFile::PolicyTest => "policy-test.",
    };
    let schema = weir_config::schemas().into_iter().find(|(name, _)| name.starts_with(wanted));
    let (_, text) = schema.ok_or_else(|| Failed::Check("there is no such schema".to_owned()))?;
    output::raw(text.as_bytes());
    Ok(ExitCode::SUCCESS)
}

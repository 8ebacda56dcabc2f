use crate::command::{audit, check, demo, explain, init, keys, manual, recognisers, schema, serve};
use clap::{Parser, Subcommand};

/// An AI gateway that decides, for every request, whether it runs on your own models or on a cloud API,
/// and can prove it
///
/// One OpenAI-compatible endpoint stands in front of local servers (vLLM, SGLang, llama.cpp, Ollama) and
/// cloud APIs. Every request is inspected; classified data never leaves the network; each decision is in
/// a tamper-evident audit log.
#[derive(Debug, Parser)]
#[command(name = "weir", version, propagate_version = true, max_term_width = 100)]
#[command(
    after_help = "Begin with `weir demo`: it needs nothing. Then `weir init` writes a configuration for what \
it finds on this machine, and `weir serve` runs it.\n\nExit codes: 0 done, 1 a check failed, 2 wrong usage, 3 the \
configuration cannot be used."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the gateway
    Serve(serve::ServeArgs),
    /// See it work, with nothing installed: simulated models, real routing
    Demo(demo::DemoArgs),
    /// Look for local servers and cloud keys, and write a first configuration
    Init(init::InitArgs),
    /// Check configuration and policy without serving
    Check(check::CheckArgs),
    /// Show what would be decided for a request, and why, without sending anything
    Explain(explain::ExplainArgs),
    /// Make, list and revoke API keys
    Keys(keys::KeysArgs),
    /// Ask the audit log where requests were processed, and verify it
    Audit(audit::AuditArgs),
    /// Print the JSON Schema of a file, for editors
    Schema(schema::SchemaArgs),
    /// List what inspection recognises
    Recognisers(recognisers::RecognisersArgs),
    /// Print the manual page
    Man(manual::ManArgs),
    /// Print completions for a shell
    Completions(manual::CompletionsArgs),
}

use crate::command::{
    admin, audit, check, classify, demo, encoder, explain, import, index, init, keys, manual, policy,
    recognisers, report, schema, serve, simulate,
};
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

// What each command does is said once, where its arguments are.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Serve(serve::ServeArgs),
    Demo(demo::DemoArgs),
    Init(init::InitArgs),
    Check(check::CheckArgs),
    Explain(explain::ExplainArgs),
    Classify(classify::ClassifyArgs),
    Import(import::ImportArgs),
    Index(index::IndexArgs),
    Encoder(encoder::EncoderArgs),
    Keys(keys::KeysArgs),
    Policy(policy::PolicyArgs),
    Admin(admin::AdminArgs),
    Audit(audit::AuditArgs),
    Report(report::ReportArgs),
    Simulate(simulate::SimulateArgs),
    Schema(schema::SchemaArgs),
    Recognisers(recognisers::RecognisersArgs),
    Man(manual::ManArgs),
    Completions(manual::CompletionsArgs),
}

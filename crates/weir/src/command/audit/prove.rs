use super::LogArgs;
use crate::exit::Failed;
use crate::output::{line, note};
use std::path::PathBuf;
use std::process::ExitCode;
use weir_audit::Ident;
use weir_store::audit::{Evidence, Lookup, NoProof, Wanted, find};

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: weir audit prove dec_0123… > request.tlog-proof
Whoever has the log's public key (`key.pub` in its directory) can check the receipt without Weir:
`weir audit verify --receipt request.tlog-proof --key key.pub`, or docs/verify_receipt.py")]
pub(super) struct ProveArgs {
    #[command(flatten)]
    log: LogArgs,

    /// The id of the request or of its decision, as the client got it (`x-request-id`, `x-weir-decision-id`)
    id: String,

    /// Prove how the request ended, instead of where it was processed
    #[arg(long)]
    outcome: bool,

    /// Write the receipt to this file
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn run(args: &ProveArgs) -> Result<ExitCode, Failed> {
    let directory = args.log.directory()?;
    let wanted = if args.outcome { Wanted::Outcome } else { Wanted::Decision };
    let id = Ident::new(&args.id);
    let lookup = find(&directory, wanted, &id);
    // Behind what is looked for, so that it is covered.
    let evidence = Evidence::open(&directory, None);
    let evidence = evidence.map_err(|error| Failed::check("cannot read the audit log", &error))?;
    let Lookup { found, without_index } =
        lookup.map_err(|error| Failed::check("cannot read the audit log", &error))?;
    if let Some(why) = without_index {
        note(format_args!("all of the log was read: {why}"));
    }
    let receipt =
        found.ok_or_else(|| NoProof::unknown(wanted, &id)).and_then(|found| evidence.receipt(found));
    let receipt = receipt.map_err(|error| Failed::check("there is no receipt", &error))?;
    match &args.output {
        None => line(receipt.to_string().trim_end()),
        Some(path) => {
            std::fs::write(path, receipt.to_string())
                .map_err(|error| Failed::check(format!("cannot write `{}`", path.display()), &error))?;
            note(format_args!(
                "`{}` proves event {} of `{}`",
                path.display(),
                receipt.index,
                evidence.checkpoint().origin
            ));
        }
    }
    Ok(ExitCode::SUCCESS)
}

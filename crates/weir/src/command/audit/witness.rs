//! What witnesses of a log say.

use super::LogArgs;
use crate::command::serve::{node_name, runtime};
use crate::discovery::boundary;
use crate::exit::Failed;
use crate::output::line;
use sha2::{Digest as _, Sha256};
use std::process::ExitCode;
use std::time::Duration;
use weir_audit::checkpoint::Origin;
use weir_audit::cosign::CosignerKey;
use weir_audit::event::hex;
use weir_label::{Level, Recipient};
use weir_local::{Endpoint, LocalBackend, nothing};
use weir_server::witness_key;

const PATIENCE: Duration = Duration::from_secs(10);
const NOTE_BYTES_MAX: usize = 64 * 1024;
const NAME: &str = "witness";

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Whoever has this gateway as a witness writes the key as `key` under `audit.witness`, and this one \
theirs (`key.pub`) under `audit.witness_for`."
)]
pub(super) struct WitnessKeyArgs {
    #[command(flatten)]
    log: LogArgs,
}

pub(super) fn print_key(args: &WitnessKeyArgs) -> Result<ExitCode, Failed> {
    let directory = args.log.place()?;
    let state = directory.parent().unwrap_or(&directory);
    let key = witness_key(state, &node_name());
    line(key.map_err(|error| Failed::check("cannot read the key", &error))?);
    Ok(ExitCode::SUCCESS)
}

/// The newest checkpoint of a log that the witness at this URL has signed, and when: seconds since 1970.
pub(super) fn ask(url: &str, key: &CosignerKey, log: &Origin) -> Result<(String, u64), Failed> {
    let path = format!("/checkpoint/{}", hex(&Sha256::digest(log.as_str())));
    let note = runtime()?.block_on(fetch(url, &path))?;
    let unproved = |error| Failed::check("what the witness says is not signed by its key", &error);
    let seen = key.verify(&note).map_err(unproved)?;
    Ok((note, seen))
}

async fn fetch(url: &str, path: &str) -> Result<String, Failed> {
    let unreachable = |error: &dyn std::error::Error| Failed::check("cannot ask the witness", error);
    let endpoint = Endpoint::new(NAME, url).map_err(|error| unreachable(&error))?;
    let door = LocalBackend::new(endpoint, &[]).map_err(|error| unreachable(&error))?;
    let boundary = boundary();
    let recipient = Recipient::new(NAME, boundary.local_clearance(Level::Internal, None));
    let permit = boundary.permit(&nothing(), &recipient).map_err(|error| unreachable(&error))?;
    let response = door.get(permit, path, PATIENCE).await.map_err(|error| unreachable(&error))?;
    if !response.status().is_success() {
        let status = response.status();
        return Err(Failed::Check(format!("the witness knows no checkpoint of this log (status {status})")));
    }
    let bytes = response.bytes(NOTE_BYTES_MAX).await.map_err(|error| unreachable(&error))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

//! Signing policies, on the machine of whoever answers for them.

use crate::exit::Failed;
use crate::output::{line, note};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use weir_audit::checkpoint::{Origin, Signer};
use weir_rollout::bundle::{BUNDLE_FILE, Manifest};
use weir_store::{secret, whole};
use zeroize::Zeroizing;

/// Makes a key that signs policies, and prints its public half for `policy.signed_by`.
///
/// The secret half stays in the file. It belongs on the machine of whoever answers for the policy, not on
/// the gateway's.
#[derive(Debug, clap::Args)]
pub(super) struct KeygenArgs {
    /// The file of the secret key; made if it is not there
    #[arg(long, value_name = "FILE", default_value = "policy.key")]
    key: PathBuf,

    /// What the key is called in signatures
    #[arg(long, default_value = "weir/policy")]
    name: String,
}

/// Signs a policy: writes `policy.bundle` beside it, with the digest of every file of its directory.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: weir policy sign policies/ 42")]
pub(super) struct SignArgs {
    /// The directory that holds `policy.yaml`
    directory: PathBuf,

    /// A number higher than that of every policy before
    #[arg(value_name = "VERSION")]
    number: u64,

    /// The file of the secret key
    #[arg(long, value_name = "FILE", default_value = "policy.key")]
    key: PathBuf,

    /// What the key is called in signatures
    #[arg(long, default_value = "weir/policy")]
    name: String,
}

pub(super) fn keygen(args: &KeygenArgs) -> Result<ExitCode, Failed> {
    let seed =
        secret::load_or_create(&args.key).map_err(|error| Failed::check("cannot make the key", &error))?;
    line(signer(&args.name, &seed)?.verifier());
    note(format_args!(
        "  The line above belongs under `policy: {{ signed_by: … }}` in the gateway's weir.yaml.\n  Keep `{}` away from \
         the gateway.",
        args.key.display()
    ));
    Ok(ExitCode::SUCCESS)
}

pub(super) fn sign(args: &SignArgs) -> Result<ExitCode, Failed> {
    let seed = secret::load(&args.key).map_err(|error| Failed::check("cannot read the key", &error))?;
    let missing =
        || Failed::Check(format!("there is no key `{}`; `weir policy keygen` makes one", args.key.display()));
    let signer = signer(&args.name, &seed.ok_or_else(missing)?)?;
    if !args.directory.join("policy.yaml").is_file() {
        return Err(Failed::Check(format!("there is no `policy.yaml` in `{}`", args.directory.display())));
    }
    let mut files = Vec::new();
    collect(&args.directory, "", &args.key, &mut files)?;
    let listed = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
    let manifest = Manifest::of(args.number, listed).map_err(|error| Failed::check("cannot sign", &error))?;
    let path = args.directory.join(BUNDLE_FILE);
    whole::replace(&path, manifest.sign(&signer).as_bytes())
        .map_err(|error| Failed::check(format!("cannot write `{}`", path.display()), &error))?;
    for path in manifest.paths() {
        line(path);
    }
    note(format_args!("  {} files signed as version {}", files.len(), args.number));
    Ok(ExitCode::SUCCESS)
}

fn signer(name: &str, seed: &Zeroizing<[u8; 32]>) -> Result<Signer, Failed> {
    let name = Origin::parse(name).map_err(|error| Failed::Usage(error.to_string()))?;
    Ok(Signer::new(name, seed))
}

/// Every file below a directory, but for hidden ones, the signature itself, and the key.
fn collect(
    directory: &Path,
    below: &str,
    key: &Path,
    files: &mut Vec<(String, Vec<u8>)>,
) -> Result<(), Failed> {
    let cannot = |path: &Path, error: &std::io::Error| {
        Failed::check(format!("cannot read `{}`", path.display()), error)
    };
    let key = std::fs::canonicalize(key).ok();
    for entry in std::fs::read_dir(directory).map_err(|error| cannot(directory, &error))? {
        let path = entry.map_err(|error| cannot(directory, &error))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            return Err(Failed::Check(format!("`{}` has a name that is no text", path.display())));
        };
        let is_signature = below.is_empty() && name == BUNDLE_FILE;
        if name.starts_with('.') || is_signature || std::fs::canonicalize(&path).ok() == key {
            continue;
        }
        let listed = format!("{below}{name}");
        if path.is_dir() {
            collect(&path, &format!("{listed}/"), key.as_deref().unwrap_or(Path::new("")), files)?;
        } else {
            files.push((listed, std::fs::read(&path).map_err(|error| cannot(&path, &error))?));
        }
    }
    Ok(())
}

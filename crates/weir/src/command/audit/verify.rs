use super::{LogArgs, report, witness};
use crate::exit::Failed;
use crate::output::{BAD, GOOD, counted, error_line, line, paint};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use weir_audit::Record;
use weir_audit::checkpoint::{Verifier, note_of_line};
use weir_audit::cosign::CosignerKey;
use weir_audit::receipt::Receipt;
use weir_audit::rotation::Lineage;
use weir_store::audit::{Continuity, Evidence, verify};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit code 1 when anything is wrong; each fault is named with its file, offset and event."
)]
pub(super) struct VerifyArgs {
    #[command(flatten)]
    log: LogArgs,

    /// Check this receipt instead of a log: needs the public key and nothing else
    #[arg(long, value_name = "FILE", conflicts_with_all = ["against", "report"])]
    receipt: Option<PathBuf>,

    /// Check also that the log only adds to this older checkpoint, which was kept elsewhere (or a line of syslog that
    /// holds one): finds a log that was put back, begun anew or written twice
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,

    /// The same with the newest checkpoint that this witness has signed, such as `http://weir-2:8080/witness`; inside
    /// the network
    #[arg(long, value_name = "URL", requires = "witness_key", conflicts_with_all = ["receipt", "report"])]
    witness: Option<String>,

    /// The public key of the witness; with `--against`, it must have signed that checkpoint
    #[arg(long, value_name = "KEY")]
    witness_key: Option<CosignerKey>,

    /// Check the signature of this report of `weir audit attest` instead of a log
    #[arg(long, value_name = "FILE", conflicts_with = "against")]
    report: Option<PathBuf>,

    /// The public key to trust: the text of `key.pub`, or a file that holds it. Without it the key that lies beside the
    /// log is believed, which whoever replaced the log could have replaced too
    #[arg(long, value_name = "KEY")]
    key: Option<String>,

    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &VerifyArgs) -> Result<ExitCode, Failed> {
    let key = args.key.as_deref().map(Trusted::read).transpose()?;
    if let Some(path) = &args.receipt {
        return check_receipt(args, path, key);
    }
    if let Some(path) = &args.report {
        return check_report(args, path, key);
    }
    check_log(args, key.as_ref().map(|trusted| &trusted.key))
}

/// The key that is trusted, and the changes of keys that lie beside it.
struct Trusted {
    key: Verifier,
    rotations: String,
}

impl Trusted {
    /// Takes a public key, or the file that holds it.
    fn read(text: &str) -> Result<Self, Failed> {
        let path = Path::new(text);
        let (written, rotations) = if text.contains('+') && !path.exists() {
            (text.to_owned(), String::new())
        } else {
            let beside = path.with_file_name("key.rotations");
            (read(path)?, if beside.exists() { read(&beside)? } else { String::new() })
        };
        let key = written.trim_end().parse();
        let key = key.map_err(|error| Failed::check("`--key` is no public key of a log", &error))?;
        Ok(Self { key, rotations })
    }

    fn lineage(self) -> Result<Lineage, Failed> {
        let unusable = |error| Failed::check("what is said of earlier keys cannot be used", &error);
        Lineage::of(self.key, &self.rotations).map_err(unusable)
    }
}

fn read(path: &Path) -> Result<String, Failed> {
    std::fs::read_to_string(path)
        .map_err(|error| Failed::check(format!("cannot read `{}`", path.display()), &error))
}

/// What the key that was given leads to, or the one that lies beside the log of the configuration.
fn trusted(args: &VerifyArgs, key: Option<Trusted>) -> Result<Lineage, Failed> {
    let key = match key {
        Some(key) => key,
        None => Trusted::read(&args.log.directory()?.join("key.pub").to_string_lossy())?,
    };
    key.lineage()
}

fn verdict(args: &VerifyArgs, ok: bool, said: &str, more: Value) -> ExitCode {
    if args.json {
        let mut result = json!({ "ok": ok, "result": said });
        if let (Some(result), Value::Object(more)) = (result.as_object_mut(), more) {
            result.extend(more);
        }
        line(result);
    } else {
        line(format_args!("{} {said}", if ok { paint(GOOD, "ok:") } else { paint(BAD, "fault:") }));
    }
    if ok { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

fn check_receipt(args: &VerifyArgs, path: &Path, key: Option<Trusted>) -> Result<ExitCode, Failed> {
    let key = trusted(args, key)?;
    let checked =
        read(path)?.parse::<Receipt>().and_then(|receipt| Ok((key.verify_receipt(&receipt)?, receipt)));
    let (checkpoint, receipt) = match checked {
        Ok(checked) => checked,
        Err(error) => return Ok(verdict(args, false, &error.to_string(), Value::Null)),
    };
    let event: Value = serde_json::from_slice(&receipt.event).unwrap_or_default();
    if !args.json {
        show_event(&receipt);
    }
    let said = format!(
        "event {} of `{}`, signed with {} events, is exactly this",
        receipt.index, checkpoint.origin, checkpoint.size
    );
    Ok(verdict(
        args,
        true,
        &said,
        json!({ "event": event, "size": checkpoint.size, "root": checkpoint.root.to_string() }),
    ))
}

/// The event, a line for each member.
fn show_event(receipt: &Receipt) {
    if Record::parse(&receipt.event).is_ok()
        && let Ok(Value::Object(event)) = serde_json::from_slice(&receipt.event)
    {
        for (name, value) in &event {
            line(format_args!("{name:>24}  {value}"));
        }
    }
}

fn check_report(args: &VerifyArgs, path: &Path, key: Option<Trusted>) -> Result<ExitCode, Failed> {
    let (key, note) = (trusted(args, key)?, read(path)?);
    match weir_server::report::open(&note, &key) {
        Ok(facts) => {
            let by = key.trusted().map_or("", |key| key.origin().as_str());
            let said = format!("signed by `{by}`: {}", report::summary(&facts));
            Ok(verdict(args, true, &said, json!({ "report": facts })))
        }
        Err(error) => Ok(verdict(args, false, &error, Value::Null)),
    }
}

fn check_log(args: &VerifyArgs, key: Option<&Verifier>) -> Result<ExitCode, Failed> {
    let directory = args.log.directory()?;
    let unreadable = |error: &dyn Error| Failed::check("cannot read the audit log", error);
    let report = verify(&directory).map_err(|error| unreadable(&error))?;
    let mut faults: Vec<String> = report.faults.iter().map(ToString::to_string).collect();
    faults.extend(history_faults(args, &directory, key)?);
    let (signed, count) =
        (report.checkpoint.as_ref().map_or(0, |c| c.size), faults.len() as u64 + report.more_faults);
    if args.json {
        line(json!({
            "ok": count == 0,
            "events": report.events,
            "deleted_events": report.deleted,
            "signed_events": signed,
            "key_changes": report.key_changes.iter().map(|(event, key)| json!({ "event": event, "key": key.to_string() })).collect::<Vec<_>>(),
            "faults": faults,
            "more_faults": report.more_faults,
        }));
    } else if count == 0 {
        line(format_args!(
            "{} {}, {} of them under the signed checkpoint; every byte is as it was written",
            paint(GOOD, "ok:"),
            counted(report.events, "event"),
            signed.saturating_sub(report.deleted),
        ));
        if report.deleted > 0 {
            line(format_args!(
                "{} before them were deleted, which is on record",
                counted(report.deleted, "event")
            ));
        }
        for (event, key) in &report.key_changes {
            line(format_args!("the key was changed at event {event}, signed by the key before: {key}"));
        }
    } else {
        for fault in &faults {
            line(format_args!("{} {fault}", paint(BAD, "fault:")));
        }
        error_line(format_args!("{} in `{}`", counted(count, "fault"), directory.display()));
    }
    Ok(if count == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// What only somebody with a key or a checkpoint from elsewhere can tell.
fn history_faults(
    args: &VerifyArgs,
    directory: &Path,
    key: Option<&Verifier>,
) -> Result<Vec<String>, Failed> {
    if key.is_none() && args.against.is_none() && args.witness.is_none() {
        return Ok(Vec::new());
    }
    let evidence = match Evidence::open(directory, key) {
        Ok(evidence) => evidence,
        Err(error) => return Ok(vec![error.to_string()]),
    };
    let mut faults = Vec::new();
    if let Some(path) = &args.against {
        let text = read(path)?;
        let note = note_of_line(&text).unwrap_or(text);
        let shown = format!("`{}`", path.display());
        if let Some(error) = args.witness_key.as_ref().and_then(|key| key.verify(&note).err()) {
            faults.push(format!("{shown} is not signed by the witness: {error}"));
        }
        faults.extend(fault_against(&evidence, &note, &shown));
    }
    if let (Some(url), Some(key)) = (&args.witness, &args.witness_key) {
        let (note, seen) = witness::ask(url, key, &evidence.checkpoint().origin)?;
        let seen = i64::try_from(seen).ok().and_then(|seen| Timestamp::from_second(seen).ok());
        let shown = format!("what `{}` saw at {}", key.name(), seen.unwrap_or_default());
        faults.extend(fault_against(&evidence, &note, &shown));
    }
    Ok(faults)
}

/// What is wrong with a log if this is an older checkpoint of it.
fn fault_against(evidence: &Evidence, note: &str, shown: &str) -> Option<String> {
    let older = match evidence.lineage().verify(note) {
        Ok(older) => older,
        Err(error) => return Some(format!("{shown}: {error}")),
    };
    let now = evidence.checkpoint().size;
    match evidence.continues(&older) {
        Ok(Continuity::Extends) => None,
        Ok(Continuity::RolledBack) => Some(format!(
            "the log was rolled back: {} events were signed in {shown}, and it has {now}",
            older.size
        )),
        Ok(Continuity::Forked) => Some(format!(
            "the log was forked: the first {} events are not those that were signed in {shown}",
            older.size
        )),
        Ok(Continuity::Deleted(first)) => Some(format!(
            "whether the log continues {shown} cannot be told: that has {} events, and what was before event {first} was \
             deleted with its hashes; use a newer checkpoint",
            older.size
        )),
        Err(error) => Some(error.to_string()),
    }
}

//! What was captured of requests.

pub(super) mod key;

use super::LogArgs;
use crate::exit::Failed;
use crate::output::{HEADING, MIND, end_unless_written, line, note, paint};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use weir_audit::event::{Decision, Event};
use weir_audit::{Ident, Name};
use weir_store::audit::{Wanted, find};
use weir_store::content::{self, Part, PrivateKey, Subject};

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: weir audit content dec_0123… --key auditor.key
Content is captured where a rule requires `audit.content` (docs/audit.md). What is shown is what the log has on record: a \
file that was changed is refused.")]
pub(super) struct ContentArgs {
    #[command(flatten)]
    log: LogArgs,

    /// The id of the request or of its decision, as the client got it (`x-request-id`, `x-weir-decision-id`)
    id: String,

    /// The auditor's private key, or the one exported for the request's tenant
    #[arg(long, value_name = "FILE")]
    key: PathBuf,

    /// Print only this, and exactly as it is: `prompt` or `answer`
    #[arg(long, value_name = "PART", value_parser = part)]
    part: Option<Part>,
}

fn part(word: &str) -> Result<Part, String> {
    let known = Part::ALL.into_iter().find(|part| part.as_str() == word);
    known.ok_or_else(|| "there are `prompt` and `answer`".to_owned())
}

/// A half of a request, and what the log says of it.
struct Half<'a> {
    subject: Subject<'a>,
    on_record: Option<&'a Ident>,
}

pub(super) fn run(args: &ContentArgs) -> Result<ExitCode, Failed> {
    let log = args.log.directory()?;
    let state = log.parent().unwrap_or(&log);
    let key = PrivateKey::load(&args.key).map_err(|error| Failed::check("cannot use this key", &error))?;
    let id = Ident::new(&args.id);
    let event = |wanted| {
        let lookup = find(&log, wanted, &id);
        let lookup = lookup.map_err(|error| Failed::check("cannot read the audit log", &error))?;
        Ok::<_, Failed>(lookup.found.map(|found| found.event))
    };
    let Some(Event::Decision(decision)) = event(Wanted::Decision)? else {
        return Err(Failed::Check(format!("there is no request `{}` on record", args.id.escape_debug())));
    };
    let outcome = match event(Wanted::Outcome)? {
        Some(Event::Outcome(outcome)) => outcome.content_digest,
        Some(_) | None => None,
    };
    let mut seen = false;
    for part in args.part.map_or(Part::ALL.to_vec(), |part| vec![part]) {
        let on_record = match part {
            Part::Prompt => decision.content_digest.as_ref(),
            Part::Answer => outcome.as_ref(),
        };
        let half = Half { subject: subject(&decision, part), on_record };
        seen |= show(state, &half, &key, args.part.is_none())?;
    }
    match (seen, decision.requires.iter().any(|word| word.as_str() == "audit.content")) {
        (true, _) => Ok(ExitCode::SUCCESS),
        (false, true) => Err(Failed::Check(
            "what was captured of this request is no longer there, or it was refused".to_owned(),
        )),
        (false, false) => Err(Failed::Check(
            "of this request nothing was captured: its rule does not require `audit.content`".to_owned(),
        )),
    }
}

fn subject(decision: &Decision, part: Part) -> Subject<'_> {
    Subject { tenant: decision.tenant.as_ref().map(Name::as_str), request: &decision.request_id, part }
}

/// Prints a half, and says whether there is one.
fn show(state: &Path, half: &Half<'_>, key: &PrivateKey, is_headed: bool) -> Result<bool, Failed> {
    let word = half.subject.part.as_str();
    let cannot = |error: content::ContentError| Failed::check(format!("cannot read the {word}"), &error);
    let Some(found) = content::find(state, half.subject).map_err(cannot)? else {
        if half.on_record.is_some() {
            note(format_args!("{}: the {word} was captured, and is no longer there", paint(MIND, "missing")));
        }
        return Ok(false);
    };
    match half.on_record {
        Some(digest) if *digest != found.digest => {
            let path = found.path.display();
            return Err(Failed::Check(format!(
                "`{path}` is not what the audit log has on record: its SHA-256 is {}, and was {digest}",
                found.digest
            )));
        }
        Some(_) => {}
        None => note(format_args!(
            "{}: the audit log does not say that the {word} is whole; the request was broken off, or is not over",
            paint(MIND, "not on record")
        )),
    }
    if is_headed {
        line(paint(HEADING, word));
    }
    let mut out = io::stdout().lock();
    let is_whole = content::read(state, half.subject, &found.path, key, &mut out).map_err(cannot)?;
    let end: &[u8] = if is_headed { b"\n" } else { b"" };
    end_unless_written(out.write_all(end).and_then(|()| out.flush()));
    if !is_whole {
        note(format_args!("{}: the end of the {word} is missing", paint(MIND, "cut off")));
    }
    Ok(true)
}

use super::{LogArgs, parse_time};
use crate::exit::Failed;
use crate::output::{counted, note};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use weir_audit::WallTime;
use weir_audit::event::Event;
use weir_audit::export::{Exported, Format as LineFormat, Source, otlp_request, syslog_message};
use weir_audit::search::{Condition, Found};
use weir_config::suggest::did_you_mean;
use weir_store::audit::{Evidence, Feed, Most};

const AFTER: &str = "Examples:
  weir audit export --since 24h > audit.jsonl
  weir audit export --format ocsf --event decision,outcome --where zone=cloud --output cloud.ocsf.jsonl
Only what is under a signed checkpoint is exported, which is all but the last second. A gateway exports by itself what `audit.export`
of weir.yaml asks for: docs/audit.md, which also has the tables of what becomes of each field.";

#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub(super) struct ExportArgs {
    #[command(flatten)]
    log: LogArgs,

    /// How events are written
    #[arg(long, value_enum, default_value_t = Format::Jsonl)]
    format: Format,

    /// At this time or later: a time (`2026-11-24T12:00:00Z`), a day (`2026-11-24`, UTC) or a time before now (`7d`, `2h`,
    /// `30m`)
    #[arg(long, value_name = "WHEN", value_parser = parse_time)]
    since: Option<WallTime>,

    /// Before this time, given likewise
    #[arg(long, value_name = "WHEN", value_parser = parse_time)]
    until: Option<WallTime>,

    /// Only events of these types, such as `decision,outcome`
    #[arg(long, value_name = "TYPE,…", value_delimiter = ',')]
    event: Vec<String>,

    /// A condition over a field, as `weir audit query --where` takes it; it looks at each event alone
    #[arg(long = "where", value_name = "CONDITION")]
    conditions: Vec<String>,

    /// Leave these members of events out, such as `client_addr_pseudonym`
    #[arg(long, value_name = "MEMBER,…", value_delimiter = ',')]
    leave_out: Vec<String>,

    /// Write to this file
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// How events are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// One event a line, as it stands in the log
    Jsonl,
    /// One OCSF event a line: API Activity, class 6003
    Ocsf,
    /// One request of OpenTelemetry logs a line, for up to 500 events each, as collectors read and write files
    Otlp,
    /// One line of CEF for each event
    Cef,
    /// CEF as messages of syslog (RFC 5424), one a line
    Syslog,
}

const MOST: Most = Most { events: 500, bytes: 4 << 20 };

pub(super) fn run(args: &ExportArgs) -> Result<ExitCode, Failed> {
    let wanted = Wanted::of(args)?;
    let directory = args.log.directory()?;
    let evidence = Evidence::open(&directory, None);
    let evidence = evidence.map_err(|error| Failed::check("cannot read the audit log", &error))?;
    let source = Source {
        log: evidence.checkpoint().origin.as_str().to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let end = evidence.checkpoint().size;
    let mut feed = Feed::open(&directory, 0);
    let mut out: Box<dyn Write> = match &args.output {
        None => Box::new(BufWriter::new(io::stdout().lock())),
        Some(path) => Box::new(BufWriter::new(File::create(path).map_err(|error| unwritable(path, &error))?)),
    };
    let mut count = 0;
    while feed.position() < end {
        let portion = feed.next(MOST).map_err(|error| Failed::check("cannot read the audit log", &error))?;
        if let Some((_, last)) = portion.deleted {
            note(format_args!("the log begins with event {}; those before it were deleted", last + 1));
        }
        let mut events = Vec::new();
        for (seq, event) in &portion.events {
            if wanted.takes(*seq, event)? {
                events.push(
                    Exported::read(*seq, event, &args.leave_out).map_err(|error| unreadable(*seq, &error))?,
                );
            }
        }
        count += events.len();
        match write(&mut out, args.format, &events, &source) {
            Ok(()) => {}
            // Whoever reads has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(ExitCode::SUCCESS),
            Err(error) => return Err(Failed::check("cannot write", &error)),
        }
    }
    out.flush().map_err(|error| Failed::check("cannot write", &error))?;
    note(counted(count as u64, "event"));
    Ok(ExitCode::SUCCESS)
}

fn write(out: &mut dyn Write, format: Format, events: &[Exported], source: &Source) -> io::Result<()> {
    let line: fn(&Exported, &Source) -> String = match format {
        Format::Otlp if events.is_empty() => return Ok(()),
        Format::Otlp => return writeln!(out, "{}", otlp_request(events, source)),
        Format::Jsonl => |event, source| event.line(LineFormat::Jsonl, source),
        Format::Ocsf => |event, source| event.line(LineFormat::Ocsf, source),
        Format::Cef => |event, source| event.line(LineFormat::Cef, source),
        Format::Syslog => |event, source| syslog_message(event, LineFormat::Cef, source),
    };
    events.iter().try_for_each(|event| writeln!(out, "{}", line(event, source)))
}

/// Which events are exported.
struct Wanted<'a> {
    args: &'a ExportArgs,
    conditions: Vec<Condition>,
}

impl<'a> Wanted<'a> {
    fn of(args: &'a ExportArgs) -> Result<Self, Failed> {
        if let Some(name) = args.event.iter().find(|name| !Event::TYPES.contains(&name.as_str())) {
            let hint = did_you_mean(name, Event::TYPES.iter().copied())
                .unwrap_or_else(|| format!("use {}", Event::TYPES.join(", ")));
            return Err(Failed::Usage(format!("there are no events of the type `{name}`; {hint}")));
        }
        let parse = |text: &String| {
            let help = "`weir audit query --fields` lists the fields";
            Condition::parse(text, &|_| false).map_err(|error| Failed::Usage(format!("{error}; {help}")))
        };
        let conditions = args.conditions.iter().map(parse).collect::<Result<_, _>>()?;
        Ok(Self { args, conditions })
    }

    fn takes(&self, seq: u64, event: &[u8]) -> Result<bool, Failed> {
        let found = Found { seq, event: event.to_vec(), outcome: None };
        let members = found.members().map_err(|error| unreadable(seq, &error))?;
        let time = members.time();
        let is_in_time = self.args.since.is_none_or(|since| time.is_some_and(|time| time >= since))
            && self.args.until.is_none_or(|until| time.is_some_and(|time| time < until));
        let is_of_type =
            self.args.event.is_empty() || self.args.event.iter().any(|name| name == members.word("type"));
        let fits = |condition: &Condition| condition.test.takes(members.get(&condition.path));
        Ok(is_in_time && is_of_type && self.conditions.iter().all(fits))
    }
}

fn unreadable(seq: u64, error: &serde_json::Error) -> Failed {
    Failed::check(format!("event {seq} cannot be read"), error)
}

fn unwritable(path: &std::path::Path, error: &io::Error) -> Failed {
    Failed::check(format!("cannot write `{}`", path.display()), error)
}

mod ask;
mod follow;
mod groups;
mod rows;
mod sheet;

use super::{LogArgs, parse_time};
use crate::exit::Failed;
use crate::output::{counted, note};
use rows::Printer;
use std::io::{self, IsTerminal as _};
use std::process::ExitCode;
use weir_audit::WallTime;
use weir_store::audit::{Search, SearchError};

#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub(super) struct QueryArgs {
    #[command(flatten)]
    log: LogArgs,

    #[command(flatten)]
    filters: Filters,

    /// A condition over any field: `zone=cloud`, `level >= confidential`, `tokens_in=1000..5000`, `error` (there is one),
    /// `!backend` (there is none); `a,b` is either of them; several conditions must all hold
    #[arg(long = "where", value_name = "CONDITION")]
    conditions: Vec<String>,

    /// Count by these fields instead of listing; `hour`, `day` and `month` (UTC) too
    #[arg(long, value_name = "FIELD,…", value_delimiter = ',', conflicts_with = "follow")]
    count_by: Vec<String>,

    /// Sum these fields up, in all or for each group of `--count-by`: `cost`, `tokens_in`, `tokens_out`, …
    #[arg(long, value_name = "FIELD,…", value_delimiter = ',', conflicts_with = "follow")]
    sum: Vec<String>,

    /// Go on with records as they come, until Ctrl-C; a decision comes when its request has ended. Without `--since` only
    /// new ones
    #[arg(long)]
    follow: bool,

    /// The most rows, the newest ones, or the most groups; 0 is all
    #[arg(long, default_value_t = 100)]
    limit: usize,

    /// How rows are printed
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,

    /// These fields as columns of a table, CSV or Parquet; `time` too
    #[arg(long, value_name = "FIELD,…", value_delimiter = ',')]
    columns: Vec<String>,

    /// Print one JSON object a line, with every field of the record: `--format json`
    #[arg(long, conflicts_with = "format")]
    json: bool,

    /// List the fields that conditions and columns can name, and end
    #[arg(long)]
    fields: bool,
}

/// Filters that have an option of their own. Given more than once, one of the values is enough.
#[derive(Debug, clap::Args)]
pub(super) struct Filters {
    /// At this time or later: a time (`2026-11-24T12:00:00Z`), a day (`2026-11-24`, UTC) or a time before now (`7d`, `2h`,
    /// `30m`)
    #[arg(long, value_name = "WHEN", value_parser = parse_time)]
    since: Option<WallTime>,

    /// Before this time, given likewise
    #[arg(long, value_name = "WHEN", value_parser = parse_time)]
    until: Option<WallTime>,

    /// Events of this type instead of decisions: `outcome`, `policy.loaded`, `key.created`, … or `all`
    #[arg(long, value_name = "TYPE")]
    event: Vec<String>,

    /// This level or higher
    #[arg(long)]
    level: Option<String>,

    /// `local` or `cloud`
    #[arg(long)]
    zone: Vec<String>,

    /// The backend
    #[arg(long)]
    backend: Vec<String>,

    /// The target: backend and model
    #[arg(long)]
    target: Vec<String>,

    /// The model asked of the backend
    #[arg(long)]
    model: Vec<String>,

    /// The model that the application asked for
    #[arg(long)]
    alias: Vec<String>,

    /// The rule that decided
    #[arg(long)]
    rule: Vec<String>,

    /// A tag that the rule gave it
    #[arg(long)]
    tag: Vec<String>,

    /// `route`, `queue`, `degrade`, `burst` or `deny`
    #[arg(long)]
    action: Vec<String>,

    /// The caller: id of an API key
    #[arg(long, value_name = "KEY")]
    caller: Vec<String>,

    /// The caller's tenant
    #[arg(long)]
    tenant: Vec<String>,

    /// The caller's team
    #[arg(long)]
    team: Vec<String>,

    /// The caller's application
    #[arg(long)]
    app: Vec<String>,

    /// The task type
    #[arg(long)]
    task: Vec<String>,

    /// The language of the request
    #[arg(long)]
    language: Vec<String>,

    /// A category of the data
    #[arg(long)]
    category: Vec<String>,

    /// A jurisdiction that the data is bound to
    #[arg(long)]
    jurisdiction: Vec<String>,

    /// A type of entity that was found, such as `EMAIL_ADDRESS`
    #[arg(long, value_name = "TYPE")]
    entity: Vec<String>,

    /// The decision id that the client got (`x-weir-decision-id`)
    #[arg(long, value_name = "ID")]
    decision: Vec<String>,

    /// The request id that the client got (`x-request-id`)
    #[arg(long, value_name = "ID")]
    request: Vec<String>,

    /// The policy that decided
    #[arg(long)]
    revision: Vec<String>,

    /// How that policy stood: `all`, `share-10`, …
    #[arg(long)]
    stage: Vec<String>,

    /// How the request ended: `ok`, `client_cancelled`, `upstream_aborted`, `timeout`, `rejected`, `failed`
    #[arg(long)]
    outcome: Vec<String>,

    /// Weir's error code
    #[arg(long, value_name = "CODE")]
    error: Vec<String>,

    /// What it cost in US dollars: `0.01`, `0.01..0.05`, `1..`
    #[arg(long, value_name = "RANGE")]
    cost: Option<String>,

    /// Tokens of the prompt: `1000..5000`, `1000..`, `..5000`
    #[arg(long, value_name = "RANGE")]
    tokens_in: Option<String>,

    /// Tokens of the answer, likewise
    #[arg(long, value_name = "RANGE")]
    tokens_out: Option<String>,
}

const AFTER: &str = "Examples:
  weir audit query --level confidential --zone cloud                 must be empty
  weir audit query --since 2h --outcome failed,timeout --format csv
  weir audit query --since 30d --count-by month,zone --sum cost,tokens_in
  weir audit query --where 'total >= 10s' --where 'task=code' --columns time,decision,target,total
  weir audit query --since 30d --limit 0 --format parquet > month.parquet
  weir audit query --follow --json
The log is searched with an index beside it (`index.db`), which the gateway keeps up and this command mends. What is printed is
read from the log; `weir audit prove` and `weir audit verify` need no index.";

/// How rows are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// Columns for people
    Table,
    /// One object a line, with every field
    Json,
    /// Comma-separated values, with a header
    Csv,
    /// A file of Apache Parquet, whose columns have types
    Parquet,
}

pub(super) fn run(args: &QueryArgs) -> Result<ExitCode, Failed> {
    if args.fields {
        ask::list_fields();
        return Ok(ExitCode::SUCCESS);
    }
    ask::check(args)?;
    if args.format == Format::Parquet {
        for_a_file(args)?;
    }
    let directory = args.log.directory()?;
    let mut told = false;
    let search = Search::open_telling(&directory, |_| {
        if !std::mem::replace(&mut told, true) {
            note("the log is taken into its search index, which takes seconds for every million events");
        }
    });
    let search = search.map_err(|error| unreadable(&error))?;
    let query = ask::query(args, &search)?;
    let format = if args.json { Format::Json } else { args.format };
    if !args.count_by.is_empty() || !args.sum.is_empty() {
        let (by, sums) = (ask::keys(args, &search)?, ask::sums(args, &search)?);
        let groups = again(&directory, search, |search| search.tally(&query, &by, &sums))?;
        groups::print(args, format, groups, &by, &sums)?;
        return Ok(ExitCode::SUCCESS);
    }
    let columns = ask::columns(args, format, &search)?;
    let mut printer = Printer::new(format, columns, &query.types);
    if args.follow {
        return follow::run(args, search, query, printer);
    }
    let limit = (args.limit > 0).then_some(args.limit);
    let (mut rows, mut printed, mut written) = (Vec::new(), 0, Ok(()));
    again(&directory, search, |search| {
        if printed > 0 {
            // What was printed cannot be taken back.
            return Err(SearchError::Disagree);
        }
        rows.clear();
        search.find(&query, limit, |found| {
            rows.push(found);
            if rows.len() == ROWS_AT_ONCE && written.is_ok() {
                written = printer.print(&rows);
                printed += rows.len();
                rows.clear();
            }
        })
    })?;
    written?;
    printer.print(&rows)?;
    printer.finish()?;
    let count = printed + rows.len();
    if format == Format::Table {
        let one = if query.types.is_empty() { "decision" } else { "event" };
        note(counted(count as u64, one));
    }
    Ok(ExitCode::SUCCESS)
}

/// That what cannot be read as it comes goes into a file.
fn for_a_file(args: &QueryArgs) -> Result<(), Failed> {
    if args.follow {
        let help = "a file of Parquet has its end; use `--json` to follow";
        return Err(Failed::Usage(help.to_owned()));
    }
    if io::stdout().is_terminal() {
        let help =
            "Parquet is not for a terminal; write it into a file: `--format parquet > records.parquet`";
        return Err(Failed::Usage(help.to_owned()));
    }
    Ok(())
}

/// Rows are held in memory up to so many.
const ROWS_AT_ONCE: usize = 1000;

fn unreadable(error: &SearchError) -> Failed {
    Failed::check("cannot read the audit log", error)
}

/// Searches, and once more if the index was wrong, which has been made anew then.
fn again<T>(
    directory: &std::path::Path,
    search: Search,
    mut work: impl FnMut(&Search) -> Result<T, SearchError>,
) -> Result<T, Failed> {
    let done = match work(&search) {
        Err(SearchError::Disagree) => {
            drop(search);
            Search::open(directory).and_then(|search| work(&search))
        }
        done => done,
    };
    done.map_err(|error| unreadable(&error))
}

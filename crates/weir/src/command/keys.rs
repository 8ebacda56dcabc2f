use crate::exit::Failed;
use crate::files::FilesArgs;
use crate::output::{ASIDE, line, note, paint, table};
use jiff::{Span, Timestamp, ToSpan};
use serde_json::json;
use std::num::NonZeroU32;
use std::path::Path;
use std::process::ExitCode;
use weir_label::{Jurisdiction, Level};
use weir_store::keys::{Environment, KeyLimits, KeyRecord, KeyStore, KeyTerms, LatencyClass};

/// Makes, lists, limits and revokes the keys by which callers are identified.
///
/// Only a keyed hash of a key is stored. A running gateway takes changes over within a second. As long as
/// there is no key at all, only callers on this machine are served.
#[derive(Debug, clap::Args)]
pub(crate) struct KeysArgs {
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Debug, clap::Subcommand)]
enum KeysCommand {
    /// Make a key; it is shown once
    Create(CreateArgs),
    /// List the keys
    List(ListArgs),
    /// Change how much a key may ask for
    Update(UpdateArgs),
    /// Revoke a key: queued requests and streams of it end too
    Revoke(RevokeArgs),
}

#[derive(Debug, clap::Args)]
struct CreateArgs {
    #[command(flatten)]
    files: FilesArgs,

    /// What people call it, such as the application's name
    #[arg(value_parser = parse_name)]
    name: String,

    /// Production (`live`) or not (`test`); part of the key's text
    #[arg(long, value_name = "ENV", default_value = "live", value_parser = parse_environment)]
    environment: Environment,

    /// When it ends: a time (`2027-01-31T00:00:00Z`) or a time from now (`90d`, `12h`)
    #[arg(long, value_name = "WHEN", value_parser = parse_expiry)]
    expires: Option<Timestamp>,

    /// The least level of everything it sends
    #[arg(long, value_name = "LEVEL", value_parser = parse_word::<Level>)]
    default_level: Option<Level>,

    /// Whose law binds everything it sends, such as `EU`
    #[arg(long, value_name = "NAME", value_parser = parse_word::<Jurisdiction>)]
    jurisdiction: Option<Jurisdiction>,

    /// Whether somebody waits for the answers: `interactive` or `batch`
    #[arg(long, value_name = "CLASS", default_value = "interactive", value_parser = parse_latency)]
    latency: LatencyClass,

    /// An alias it may ask for; give the option again for more [default: all]
    #[arg(long = "alias", value_name = "ALIAS")]
    aliases: Vec<String>,

    /// What it is for, for rules that look at `caller.scopes`; give the option again for more
    #[arg(long = "scope", value_name = "SCOPE", value_parser = parse_scope)]
    scopes: Vec<String>,

    /// Who pays
    #[arg(long, value_parser = parse_name)]
    tenant: Option<String>,

    /// Which team
    #[arg(long, value_parser = parse_name)]
    team: Option<String>,

    /// Which application
    #[arg(long, value_parser = parse_name)]
    app: Option<String>,

    /// The most requests a minute [default: what `keys` in weir.yaml says]
    #[arg(long, value_name = "N", value_parser = parse_limit)]
    requests_per_minute: Option<NonZeroU32>,

    /// The most tokens a minute, of prompts and answers together [default: what `keys` in weir.yaml says]
    #[arg(long, value_name = "N", value_parser = parse_limit)]
    tokens_per_minute: Option<NonZeroU32>,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct ListArgs {
    #[command(flatten)]
    files: FilesArgs,

    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
#[group(id = "change", required = true, multiple = true, args = ["requests_per_minute", "tokens_per_minute"])]
struct UpdateArgs {
    #[command(flatten)]
    files: FilesArgs,

    /// The key's id or prefix, as `weir keys list` shows it
    key: String,

    /// The most requests a minute, or `none`: then what `keys` in weir.yaml says holds
    #[arg(long, value_name = "N", value_parser = parse_change)]
    requests_per_minute: Option<Change>,

    /// The most tokens a minute, of prompts and answers together, or `none`
    #[arg(long, value_name = "N", value_parser = parse_change)]
    tokens_per_minute: Option<Change>,
}

/// What a limit becomes.
#[derive(Debug, Clone, Copy)]
struct Change(Option<NonZeroU32>);

#[derive(Debug, clap::Args)]
struct RevokeArgs {
    #[command(flatten)]
    files: FilesArgs,

    /// The key's id or prefix, as `weir keys list` shows it
    key: String,
}

pub(crate) fn run(args: &KeysArgs) -> Result<ExitCode, Failed> {
    match &args.command {
        KeysCommand::Create(args) => create(args),
        KeysCommand::List(args) => list(args),
        KeysCommand::Update(args) => update(args),
        KeysCommand::Revoke(args) => revoke(args),
    }
    .map(|()| ExitCode::SUCCESS)
}

fn create(args: &CreateArgs) -> Result<(), Failed> {
    check_aliases(args)?;
    let terms = KeyTerms {
        name: args.name.clone(),
        environment: args.environment,
        expires: args.expires,
        default_level: args.default_level,
        jurisdiction: args.jurisdiction.clone(),
        latency_class: args.latency,
        aliases: (!args.aliases.is_empty()).then(|| args.aliases.clone()),
        scopes: (!args.scopes.is_empty()).then(|| args.scopes.iter().cloned().collect()),
        tenant: args.tenant.clone(),
        team: args.team.clone(),
        app: args.app.clone(),
        limits: KeyLimits {
            requests_per_minute: args.requests_per_minute,
            tokens_per_minute: args.tokens_per_minute,
        },
    };
    let (record, text) = open(&args.files.state()?)?
        .create(terms)
        .map_err(|error| Failed::check("no key was made", &error))?;
    if args.json {
        line(json!({ "id": &*record.id, "key": text.as_str(), "record": as_json(&record) }));
    } else {
        line(text.as_str());
        note(paint(ASIDE, format_args!("This is the only time it is shown. Its id is {}.", record.id)));
    }
    Ok(())
}

/// Which aliases there are both files say; of a key for all of them neither has to be right.
fn check_aliases(args: &CreateArgs) -> Result<(), Failed> {
    if args.aliases.is_empty() {
        return Ok(());
    }
    let snapshot = args.files.load()?;
    let catalogue = &snapshot.loaded.catalogue;
    let Some(unknown) = args.aliases.iter().find(|alias| catalogue.alias(alias).is_none()) else {
        return Ok(());
    };
    let known: Vec<String> = catalogue.aliases().map(|alias| format!("`{}`", alias.name())).collect();
    Err(Failed::Check(format!("there is no alias `{unknown}`; there are {}", known.join(", "))))
}

fn list(args: &ListArgs) -> Result<(), Failed> {
    let keys =
        open(&args.files.state()?)?.list().map_err(|error| Failed::check("cannot list keys", &error))?;
    if args.json {
        keys.iter().for_each(|key| line(as_json(key)));
        return Ok(());
    }
    if keys.is_empty() {
        note("there is no key: only callers on this machine are served. `weir keys create NAME` makes one.");
        return Ok(());
    }
    let rows: Vec<Vec<String>> = keys.iter().map(row).collect();
    line(table(
        &[
            "KEY",
            "NAME",
            "STATE",
            "EXPIRES",
            "LEVEL",
            "JURISDICTION",
            "LATENCY",
            "TENANT",
            "PER MINUTE",
            "SCOPES",
            "ALIASES",
        ],
        &rows,
    ));
    Ok(())
}

fn update(args: &UpdateArgs) -> Result<(), Failed> {
    let change = |limits: &mut KeyLimits| {
        if let Some(Change(limit)) = args.requests_per_minute {
            limits.requests_per_minute = limit;
        }
        if let Some(Change(limit)) = args.tokens_per_minute {
            limits.tokens_per_minute = limit;
        }
    };
    let record = open(&args.files.state()?)?.limit(&args.key, change);
    let record = record.map_err(|error| Failed::check("no key was changed", &error))?;
    let now = limits(record.terms.limits);
    let now = now.map_or_else(|| "no limit of its own".to_owned(), |limits| format!("{limits} a minute"));
    line(format_args!("{} ({}): {now}", record.prefix(), record.terms.name));
    Ok(())
}

fn revoke(args: &RevokeArgs) -> Result<(), Failed> {
    let record = open(&args.files.state()?)?.revoke(&args.key);
    let record = record.map_err(|error| Failed::check("no key was revoked", &error))?;
    line(format_args!("revoked {} ({})", record.prefix(), record.terms.name));
    Ok(())
}

fn open(state: &Path) -> Result<KeyStore, Failed> {
    KeyStore::open(state).map_err(|error| Failed::check("cannot open the keys", &error))
}

fn state(key: &KeyRecord) -> &'static str {
    match (key.revoked, key.terms.expires) {
        (Some(_), _) => "revoked",
        (None, Some(expires)) if expires <= Timestamp::now() => "expired",
        (None, _) => "valid",
    }
}

fn row(key: &KeyRecord) -> Vec<String> {
    let terms = &key.terms;
    let or_dash = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    vec![
        key.prefix(),
        terms.name.clone(),
        state(key).to_owned(),
        or_dash(terms.expires.map(|at| at.to_string())),
        or_dash(terms.default_level.map(|level| level.to_string())),
        or_dash(terms.jurisdiction.as_ref().map(ToString::to_string)),
        terms.latency_class.as_str().to_owned(),
        or_dash(terms.tenant.clone()),
        or_dash(limits(terms.limits)),
        or_dash(terms.scopes.as_ref().map(|scopes| scopes.iter().cloned().collect::<Vec<_>>().join(","))),
        terms.aliases.as_ref().map_or_else(|| "all".to_owned(), |aliases| aliases.join(",")),
    ]
}

fn limits(limits: KeyLimits) -> Option<String> {
    let KeyLimits { requests_per_minute, tokens_per_minute } = limits;
    let requests = requests_per_minute.map(|limit| format!("{limit} requests"));
    let both: Vec<String> =
        requests.into_iter().chain(tokens_per_minute.map(|limit| format!("{limit} tokens"))).collect();
    (!both.is_empty()).then(|| both.join(", "))
}

fn as_json(key: &KeyRecord) -> serde_json::Value {
    let terms = &key.terms;
    json!({
        "id": &*key.id,
        "prefix": key.prefix(),
        "name": terms.name,
        "environment": terms.environment.as_str(),
        "state": state(key),
        "created": key.created.to_string(),
        "expires": terms.expires.map(|at| at.to_string()),
        "revoked": key.revoked.map(|at| at.to_string()),
        "default_level": terms.default_level.map(Level::as_str),
        "jurisdiction": terms.jurisdiction.as_ref().map(Jurisdiction::as_str),
        "latency_class": terms.latency_class.as_str(),
        "aliases": terms.aliases,
        "scopes": terms.scopes,
        "tenant": terms.tenant,
        "team": terms.team,
        "app": terms.app,
        "requests_per_minute": terms.limits.requests_per_minute,
        "tokens_per_minute": terms.limits.tokens_per_minute,
    })
}

fn parse_word<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: T::Err| error.to_string())
}

/// What a record takes whole, and a table shows in one line.
pub(super) fn parse_name(text: &str) -> Result<String, String> {
    const BYTES_MAX: usize = 128;
    if (1..=BYTES_MAX).contains(&text.len()) && !text.contains(char::is_control) {
        Ok(text.to_owned())
    } else {
        Err(format!("use 1 to {BYTES_MAX} bytes without line breaks and other control characters"))
    }
}

/// A word that records can hold as it is.
fn parse_scope(text: &str) -> Result<String, String> {
    const BYTES_MAX: usize = 64;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._:/-".contains(&byte);
    let fits = (1..=BYTES_MAX).contains(&text.len()) && text.bytes().all(allowed);
    if fits {
        Ok(text.to_owned())
    } else {
        Err("use 1 to 64 letters, digits and `.` `_` `:` `/` `-`".to_owned())
    }
}

fn parse_limit(text: &str) -> Result<NonZeroU32, String> {
    text.parse().map_err(|_| format!("use a whole number from 1 to {}", u32::MAX))
}

fn parse_change(text: &str) -> Result<Change, String> {
    if text == "none" {
        return Ok(Change(None));
    }
    let limit = parse_limit(text).map_err(|error| format!("{error}, or `none`"))?;
    Ok(Change(Some(limit)))
}

fn parse_environment(text: &str) -> Result<Environment, String> {
    [Environment::Live, Environment::Test]
        .into_iter()
        .find(|environment| environment.as_str() == text)
        .ok_or_else(|| "use `live` or `test`".to_owned())
}

fn parse_latency(text: &str) -> Result<LatencyClass, String> {
    [LatencyClass::Interactive, LatencyClass::Batch]
        .into_iter()
        .find(|class| class.as_str() == text)
        .ok_or_else(|| "use `interactive` or `batch`".to_owned())
}

fn parse_expiry(text: &str) -> Result<Timestamp, String> {
    let expected = "use a time such as `2027-01-31T00:00:00Z`, or a time from now such as `90d` or `12h`";
    if let Ok(at) = text.parse::<Timestamp>() {
        return if at > Timestamp::now() { Ok(at) } else { Err("that time is over".to_owned()) };
    }
    let span = parse_span(text).ok_or(expected)?;
    Timestamp::now().checked_add(span).map_err(|_| expected.to_owned())
}

/// `90d`, `12h`, `30m`. Days are of 24 hours: a key has no calendar.
pub(crate) fn parse_span(text: &str) -> Option<Span> {
    let number =
        |suffix: char| text.strip_suffix(suffix).and_then(|n| n.parse::<u32>().ok()).filter(|n| *n > 0);
    number('d')
        .map(|days| (i64::from(days) * 24).hours())
        .or_else(|| number('h').map(|hours| i64::from(hours).hours()))
        .or_else(|| number('m').map(|minutes| i64::from(minutes).minutes()))
}

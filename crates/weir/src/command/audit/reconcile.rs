use super::{LogArgs, parse_time};
use crate::exit::Failed;
use crate::output::{BAD, GOOD, line, paint};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use weir_audit::WallTime;
use weir_audit::reconcile::{Flow, Use, reconcile};
use weir_store::audit::{Row, for_each_row};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "The flow log is CSV with a line of names, or one JSON object a line. Of each flow it takes\n\
  start        `start`, `time`, `timestamp`, `ts`, `@timestamp`: a time, or seconds or milliseconds since 1970\n\
  end          `end`, `stop`, or the start\n\
  destination  `dst`, `dstaddr`, `dest_ip`, `dst_ip`, `destination.ip`, `id.resp_h`\n\
  source       `src`, `srcaddr`, `src_ip`, `source.ip`, `id.orig_h`; wanted with `--from`\n\
  port         `dstport`, `dst_port`, `dest_port`, `destination.port`, `id.resp_p`; wanted with `--port`\n\
  bytes sent   `bytes_sent`, `bytes_toserver`, `orig_bytes`, `source.bytes`, `bytes`; not wanted\n\
Exit code 1 when a flow has no record, a record has no flow, or a flow carried more than its records explain."
)]
pub(super) struct ReconcileArgs {
    #[command(flatten)]
    log: LogArgs,

    /// What a firewall or a router has seen leave
    flows: PathBuf,

    /// Only flows from this address, the gateway's; give the option again for more
    #[arg(long, value_name = "ADDRESS")]
    from: Vec<IpAddr>,

    /// Only flows to this port; give the option again for more
    #[arg(long, value_name = "PORT")]
    port: Vec<u16>,

    /// How far apart the times of a flow and a record may be
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = weir_config::time)]
    window: Duration,

    /// Records of this time or later: a time (`2026-11-24T12:00:00Z`) or a time before now (`7d`, `2h`, `30m`)
    #[arg(long, value_name = "WHEN", value_parser = parse_time)]
    since: Option<WallTime>,

    /// Records before this time, given likewise
    #[arg(long, value_name = "WHEN", value_parser = parse_time)]
    until: Option<WallTime>,

    /// Records of requests that stayed inside the network too; without it those in the cloud alone
    #[arg(long)]
    local: bool,

    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &ReconcileArgs) -> Result<ExitCode, Failed> {
    let flows = read_flows(args)?;
    let mut uses = Vec::new();
    let time = (args.since, args.until);
    let rows = for_each_row(&args.log.directory()?, time, |row| uses.extend(used(&row, args.local)));
    rows.map_err(|error| Failed::check("cannot read the audit log", &error))?;
    let (seen, recorded) = (flows.len(), uses.len());
    let window_ms = u64::try_from(args.window.as_millis()).unwrap_or(u64::MAX);
    let result = reconcile(flows, uses, window_ms);
    let is_good = result.unrecorded.is_empty() && result.unseen.is_empty() && result.heavier.is_empty();
    if args.json {
        let flow = |flow: &Flow| json!({ "line": flow.line, "start": flow.start.to_string(), "to": flow.to.to_string(), "sent": flow.sent });
        line(json!({
            "ok": is_good,
            "flows": seen,
            "records": recorded,
            "explained": result.explained,
            "flows_without_record": result.unrecorded.iter().map(flow).collect::<Vec<_>>(),
            "records_without_flow": result.unseen.iter().map(|used| used.decision_id.to_string()).collect::<Vec<_>>(),
            "flows_with_more": result.heavier.iter().map(|(of, most)| json!({ "flow": flow(of), "explained_bytes": most })).collect::<Vec<_>>(),
        }));
    } else {
        for flow in &result.unrecorded {
            let Flow { line: at, start, to, .. } = flow;
            line(format_args!("{} flow of line {at} to {to} at {start}", paint(BAD, "no record:")));
        }
        for used in &result.unseen {
            let Use { decision_id, start, to, .. } = used;
            line(format_args!("{} {decision_id} to {to} at {start}", paint(BAD, "no flow:")));
        }
        for (flow, most) in &result.heavier {
            let (at, sent) = (flow.line, flow.sent.unwrap_or_default());
            line(format_args!(
                "{} flow of line {at} sent {sent} bytes, its records explain {most}",
                paint(BAD, "more:")
            ));
        }
        let verdict = if is_good { paint(GOOD, "ok:") } else { paint(BAD, "differs:") };
        line(format_args!(
            "{verdict} {} of {seen} flows have a record, {recorded} records",
            result.explained
        ));
    }
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// What a record says was sent, if it was.
fn used(row: &Row, local: bool) -> Option<Use> {
    let outcome = row.outcome.as_ref()?;
    let is_cloud = row.decision.zone == Some(weir_label::ZoneKind::Cloud);
    let to = outcome.peer_ip.as_ref()?.as_str().parse().ok()?;
    let took_ms = outcome.total_us.unwrap_or_default() / 1000;
    (is_cloud || local).then(|| Use {
        decision_id: row.decision.decision_id.clone(),
        start: row.ts_wall,
        end: WallTime::from_unix_ms(row.ts_wall.unix_ms().saturating_add(took_ms)),
        to,
        sent: outcome.bytes_in.unwrap_or_default(),
    })
}

fn read_flows(args: &ReconcileArgs) -> Result<Vec<Flow>, Failed> {
    let path = &args.flows;
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failed::check(format!("cannot read `{}`", path.display()), &error))?;
    let rows =
        if text.trim_start().starts_with('{') { json_rows(path, &text) } else { csv_rows(path, &text) };
    let mut flows = Vec::new();
    for (line, row) in rows? {
        let wrong = |what: &str| Failed::Check(format!("`{}`, line {line}: {what}", path.display()));
        let has = |names: &[&str], wanted: &[String]| {
            wanted.is_empty() || field(&row, names).is_some_and(|found| wanted.contains(&found))
        };
        let from: Vec<String> = args.from.iter().map(ToString::to_string).collect();
        let ports: Vec<String> = args.port.iter().map(ToString::to_string).collect();
        if !has(&SOURCE, &from) || !has(&PORT, &ports) {
            continue;
        }
        let time = |names: &[&str]| field(&row, names).and_then(|text| wall(&text));
        let start = time(&START).ok_or_else(|| wrong("there is no time of its start that can be read"))?;
        let to = field(&row, &DESTINATION).and_then(|text| text.parse().ok());
        let to = to.ok_or_else(|| wrong("there is no address of its destination"))?;
        let sent = field(&row, &SENT).and_then(|text| text.parse().ok());
        flows.push(Flow { line, start, end: time(&END).unwrap_or(start).max(start), to, sent });
    }
    Ok(flows)
}

const START: [&str; 5] = ["start", "time", "timestamp", "ts", "@timestamp"];
const END: [&str; 2] = ["end", "stop"];
const DESTINATION: [&str; 6] = ["dst", "dstaddr", "dest_ip", "dst_ip", "destination.ip", "id.resp_h"];
const SOURCE: [&str; 5] = ["src", "srcaddr", "src_ip", "source.ip", "id.orig_h"];
const PORT: [&str; 5] = ["dstport", "dst_port", "dest_port", "destination.port", "id.resp_p"];
const SENT: [&str; 5] = ["bytes_sent", "bytes_toserver", "orig_bytes", "source.bytes", "bytes"];

type Rows = Vec<(u64, Map<String, Value>)>;

fn json_rows(path: &Path, text: &str) -> Result<Rows, Failed> {
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let row = |(number, line): (u64, &str)| {
        let row = serde_json::from_str(line);
        let shown = format!("`{}`, line {number}, is no JSON object", path.display());
        row.map(|row| (number, row)).map_err(|error| Failed::check(shown, &error))
    };
    lines.map(row).collect()
}

fn csv_rows(path: &Path, text: &str) -> Result<Rows, Failed> {
    let wrong = |error: &csv::Error| Failed::check(format!("`{}` is no CSV", path.display()), error);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let names = reader.headers().map_err(|error| wrong(&error))?.clone();
    let mut rows = Rows::new();
    for record in reader.records() {
        let record = record.map_err(|error| wrong(&error))?;
        let line = record.position().map_or(0, csv::Position::line);
        let cell = |(name, value): (&str, &str)| (name.to_owned(), Value::String(value.to_owned()));
        rows.push((line, names.iter().zip(record.iter()).map(cell).collect()));
    }
    Ok(rows)
}

/// The first of these names that there is, also where a dot means a member of a member.
fn field(row: &Map<String, Value>, names: &[&str]) -> Option<String> {
    let find = |name: &&str| {
        let nested = || name.split_once('.').and_then(|(outer, inner)| row.get(outer)?.get(inner));
        row.get(*name).or_else(nested)
    };
    let found = names.iter().find_map(find)?;
    Some(found.as_str().map_or_else(|| found.to_string(), str::to_owned))
}

/// A time as it is written in flow logs.
fn wall(text: &str) -> Option<WallTime> {
    const MILLIS_FROM: f64 = 1e11;
    let millis = match text.parse::<f64>() {
        // What is as large as this is not in seconds: that would be the year 5138.
        Ok(number) if number >= MILLIS_FROM => number,
        Ok(number) if number >= 0.0 => number * 1000.0,
        Ok(_) => return None,
        Err(_) => {
            return u64::try_from(text.parse::<Timestamp>().ok()?.as_millisecond())
                .ok()
                .map(WallTime::from_unix_ms);
        }
    };
    (millis < 1e15).then(|| WallTime::from_unix_ms(millis as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_all_notations_are_the_same_moment() {
        let expected = WallTime::from_unix_ms(1_772_357_400_125);
        for text in ["2026-03-01T09:30:00.125Z", "1772357400.125", "1772357400125"] {
            assert_eq!(wall(text), Some(expected), "{text}");
        }
        for text in ["", "yesterday", "-1", "NaN", "inf"] {
            assert_eq!(wall(text), None, "{text}");
        }
    }

    #[test]
    fn a_field_is_found_by_each_of_its_names() {
        let row: Map<String, Value> =
            serde_json::from_str(r#"{"destination":{"ip":"203.0.113.1"},"orig_bytes":7}"#).unwrap();
        assert_eq!(field(&row, &DESTINATION).as_deref(), Some("203.0.113.1"));
        assert_eq!(field(&row, &SENT).as_deref(), Some("7"));
        assert_eq!(field(&row, &SOURCE), None);
    }
}

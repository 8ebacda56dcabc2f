//! What the demonstration shows. Colours are taken out again where stdout is no terminal.

use super::Tally;
use super::client::Answer;
use super::examples::{Act, Example};
use super::leak::Checked;
use super::stage::Stage;
use crate::output::{ASIDE, BAD, GOOD, HEADING, MIND, paint};
use anstyle::Style;
use std::fmt::Display;
use std::io::Write;
use weir_audit::event::Decision;
use weir_label::{Level, ZoneKind};

/// Whoever read stdout has gone.
#[derive(Debug)]
pub(super) struct Unread;

type Shown = Result<(), Unread>;

/// Stdout. It reports that its reader has gone, so that the temporary directory is removed.
#[derive(Debug)]
pub(super) struct Screen;

/// Names and widths; the last column is as wide as it likes.
const COLUMNS: [(&str, usize); 8] = [
    ("REQUEST", 32),
    ("LEVEL", 12),
    ("FINDINGS", 41),
    ("ZONE", 5),
    ("BACKEND", 21),
    ("REASON", 8),
    ("LATENCY", 7),
    ("RULE", 0),
];

impl Screen {
    pub fn new() -> Self {
        Self
    }

    pub fn introduce(&self, stage: &Stage) -> Shown {
        self.line(paint(HEADING, "Weir: a real gateway, simulated models"))?;
        match &stage.real {
            Some(server) => {
                let model = server.models.first().map_or("", String::as_str);
                self.line(format_args!(
                    "Local:  {} at {}, model {model}, which is real;",
                    server.name, server.url
                ))?;
                self.line("        the smaller local model is simulated")?;
            }
            None => self.line("Local:  simulated, a large and a small model")?,
        }
        self.line("Cloud:  simulated; nothing leaves this machine")?;
        self.line(format_args!("Policy: {}", stage.sources.policy_file().display()))?;
        self.line("")?;
        let head = COLUMNS.map(|(name, _)| (name.to_owned(), HEADING));
        self.line(columns(&head))
    }

    pub fn announce(&self, act: &Act) -> Shown {
        match act.title {
            Some(title) => self.line(paint(ASIDE, title)),
            None => Ok(()),
        }
    }

    /// One request: what the reply's headers say, with the findings from its record.
    pub fn row(&self, example: &Example, answer: &Answer, record: Option<&Decision>) -> Shown {
        let cell = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
        let plain = Style::new();
        let (zone, reason) = match (&answer.failure, answer.zone()) {
            (Some(_), _) => (BAD, ("failed".to_owned(), BAD)),
            (None, Some(ZoneKind::Local)) => (GOOD, (cell(&answer.reason), plain)),
            (None, Some(ZoneKind::Cloud) | None) => (MIND, (cell(&answer.reason), plain)),
        };
        self.line(columns(&[
            (example.about.clone(), plain),
            (cell(&answer.level), if is_high(answer) { MIND } else { plain }),
            (record.map_or_else(|| "-".to_owned(), findings), plain),
            (cell(&answer.zone), zone),
            (cell(&answer.backend), plain),
            reason,
            (format!("{} ms", answer.took.as_millis()), plain),
            (answer.failure.clone().unwrap_or_else(|| cell(&answer.rule)), ASIDE),
        ]))
    }

    pub fn conclude(&self, tally: &Tally, checked: &Checked) -> Shown {
        let Tally { local, cloud, failed } = tally;
        let all = local + cloud + failed;
        let unanswered = if *failed > 0 { format!(", {failed} failed") } else { String::new() };
        let verdict = "the cloud model saw 0 bytes of classified data";
        self.line("")?;
        self.line(format_args!(
            "{all} requests: {local} stayed local, {cloud} went to the (simulated) cloud{unanswered}; {}",
            paint(GOOD, verdict)
        ))?;
        let Checked { classified, canaries, received } = checked;
        self.line(paint(
            ASIDE,
            format_args!(
                "checked: {canaries} pieces of {classified} classified requests were searched for, in every encoding, \
                 in the {received} bytes that it received"
            ),
        ))
    }

    /// What to try now.
    pub fn invite(&self, stage: &Stage) -> Shown {
        let Stage { data, admin, sources, .. } = stage;
        let policy = sources.policy_file();
        let (policy, config) = (policy.display(), sources.config.display());
        let program = std::env::args().next().unwrap_or_else(|| "weir".to_owned());
        let curl = |options: &str, fields: &str, content: &str| {
            format!(
                "  curl {options} http://{data}/v1/chat/completions -H 'content-type: application/json' \
                 -d '{{\"model\":\"auto\",{fields}\"messages\":[{{\"role\":\"user\",\"content\":\"{content}\"}}]}}'"
            )
        };
        self.line(paint(
            HEADING,
            "\nThe gateway stays up. Try it (the x-weir-* headers say where it ran and why):",
        ))?;
        self.line(curl("-si", "", "What is a weir?"))?;
        self.line(curl("-si", "", "Write to jane.doe@example.com that her order has been sent."))?;
        self.line(curl("-siN", "\"stream\":true,", "Tell me about rivers."))?;
        self.line(paint(
            HEADING,
            "\nChange where requests run: edit this file, it takes effect when you save it",
        ))?;
        self.line(format_args!("  {policy}"))?;
        self.line(paint(HEADING, "\nLook behind it"))?;
        self.line(format_args!("  {program} audit query --config {config}"))?;
        self.line(format_args!("  http://{admin}/metrics   http://{admin}/readyz"))?;
        self.line(paint(ASIDE, "\nCtrl-C ends it and removes its files."))
    }

    fn line(&self, text: impl Display) -> Shown {
        let mut out = anstream::stdout().lock();
        writeln!(out, "{text}").and_then(|()| out.flush()).map_err(|_| Unread)
    }
}

fn is_high(answer: &Answer) -> bool {
    let level = answer.level.as_deref().and_then(|level| level.parse::<Level>().ok());
    level.is_some_and(|level| level >= Level::Confidential)
}

fn findings(record: &Decision) -> String {
    let counts = record.findings.iter().map(|found| format!("{}×{}", found.entity, found.count));
    let opaque = record.opaque.iter().map(|what| format!("{what} (opaque)"));
    let all: Vec<String> = counts.chain(opaque).collect();
    if all.is_empty() { "-".to_owned() } else { all.join(" ") }
}

/// Cells padded to their columns, and painted after that, so that colours take no room.
fn columns(cells: &[(String, Style); COLUMNS.len()]) -> String {
    let padded = cells
        .iter()
        .zip(COLUMNS)
        .map(|((text, style), (_, width))| paint(*style, format_args!("{text:width$}")));
    let row = padded.collect::<Vec<String>>().join("  ");
    row.trim_end().to_owned()
}

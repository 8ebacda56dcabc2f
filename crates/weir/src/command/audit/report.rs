//! The report of an attestation, for people.

use crate::output::counted;
use serde_json::Value;
use weir_store::audit::Attestation;

/// The report in one sentence.
pub(super) fn summary(facts: &Value) -> String {
    let text = |name: &str| facts.get(name).and_then(Value::as_str).unwrap_or("-").to_owned();
    let number = |name: &str| facts.get(name).and_then(Value::as_u64).unwrap_or_default();
    let deleted = match number("deleted_events") {
        0 => String::new(),
        deleted => format!(" (the first {deleted} were deleted before, and not checked)"),
    };
    format!(
        "{}; {}, {} of them in scope, {}; {} signed by {}{deleted}, root {}",
        text("claim"),
        counted(number("records"), "record"),
        number("records_in_scope"),
        counted(number("exceptions"), "exception"),
        counted(number("tree_size"), "event"),
        text("log"),
        text("root"),
    )
}

/// The report as a page that needs nothing else and prints on paper.
pub(super) fn html(facts: &Value, attestation: &Attestation, signed: &str) -> String {
    let verdict = if attestation.holds() { "The claim holds" } else { "The claim does not hold" };
    let rows: String = facts
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, value)| *name != "first_exceptions" && !value.is_null())
        .map(|(name, value)| {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            format!("<tr><th>{}</th><td>{}</td></tr>\n", name.replace('_', " "), escaped(&value))
        })
        .collect();
    let exceptions: String = attestation
        .examples
        .iter()
        .map(|e| {
            format!(
                "<tr><td>{}</td><td>{}</td><td>{}</td></tr>\n",
                e.seq,
                e.ts_wall,
                escaped(e.decision_id.as_str())
            )
        })
        .collect();
    let exceptions = if exceptions.is_empty() {
        "<p>None.</p>".to_owned()
    } else {
        format!("<table><tr><th>event</th><th>time</th><th>decision</th></tr>\n{exceptions}</table>")
    };
    format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>{verdict}</title>\n<style>{STYLE}</style>\n\
         <h1>{verdict}</h1>\n<p class=\"claim\">{claim}</p>\n<table>\n{rows}</table>\n<h2>Exceptions</h2>\n{exceptions}\n\
         <h2>How to check this</h2>\n{HOW}\n<h2>The signed report</h2>\n<pre>{signed}</pre>\n\
         <h2>The signed checkpoint of the log</h2>\n<pre>{note}</pre>\n</html>\n",
        claim = escaped(facts.get("claim").and_then(Value::as_str).unwrap_or_default()),
        signed = escaped(signed),
        note = escaped(&attestation.note),
    )
}

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:52em;margin:2em auto;padding:0 1em;color:#1b1b1b}\
    h1{font-size:1.6em}h2{font-size:1.15em;margin-top:2em}.claim{font-size:1.1em;border-left:4px solid #555;padding-left:.8em}\
    table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.25em .8em .25em 0;\
    border-bottom:1px solid #ddd;overflow-wrap:anywhere}pre{background:#f4f4f4;padding:.8em;white-space:pre-wrap;\
    overflow-wrap:anywhere;font-size:12px}@media print{body{margin:0;max-width:none}}";

const HOW: &str = "<ol><li>Save the signed report below as <code>report.note</code> and get the public key of the log from its \
    operator by a way that you trust. <code>weir audit verify --report report.note --key KEY</code> checks the signature.</li>\
    <li>With a copy of the log, <code>weir audit verify --log DIR --key KEY</code> checks every byte of it against its signed \
    checkpoint, and <code>--against</code> a checkpoint that you kept shows that nothing was taken out since.</li>\
    <li><code>weir audit attest --log DIR --claim …</code> repeats the check of every record. The formats are in \
    <code>docs/formats/audit.md</code>.</li></ol>";

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

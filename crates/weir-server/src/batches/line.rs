//! The lines of a batch: `{"custom_id", "method": "POST", "url", "body"}` in, an answer or an error out.

use super::state::BadLine;
use crate::ids::unforeseeable;
use crate::pipeline::Served;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt;

/// The most lines of a file, as OpenAI has it.
const LINES_MAX: usize = 50_000;
/// The most of its errors that are told of a file.
const ERRORS_MAX: usize = 100;

/// A request of a batch.
#[derive(Clone)]
pub(super) struct Line {
    pub custom_id: String,
    pub body: Bytes,
}

/// What came of a line.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Done {
    /// Which line it was, counted from 0.
    pub number: usize,
    /// Whether it was answered.
    pub is_good: bool,
    /// What the file of answers, or of errors, has of it.
    pub text: String,
}

/// Both are user text: only sizes are shown.
impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Line({} bytes)", self.body.len())
    }
}

impl fmt::Debug for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Done({}: {} bytes)", self.number, self.text.len())
    }
}

#[derive(Deserialize)]
struct Written<'l> {
    custom_id: String,
    method: String,
    url: String,
    #[serde(borrow)]
    body: &'l RawValue,
}

/// Reads a file of requests for one endpoint.
///
/// # Errors
/// What is wrong with its lines.
pub(super) fn read(file: &[u8], endpoint: &str) -> Result<Vec<Line>, Vec<BadLine>> {
    let bad = |line, code: &str, message: String, param: Option<&str>| BadLine {
        code: code.to_owned(),
        line,
        message,
        param: param.map(str::to_owned),
    };
    let (mut lines, mut wrong, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
    for (number, text) in (1..).zip(file.split(|byte| *byte == b'\n')) {
        if text.trim_ascii().is_empty() {
            continue;
        }
        match one(text, endpoint) {
            Ok(line) if !seen.insert(line.custom_id.clone()) => {
                let message = "another line has the same `custom_id`".to_owned();
                wrong.push(bad(number, "duplicate_custom_id", message, Some("custom_id")));
            }
            Ok(line) => lines.push(line),
            Err((code, message, param)) => wrong.push(bad(number, code, message, param)),
        }
        if wrong.len() >= ERRORS_MAX {
            return Err(wrong);
        }
    }
    if lines.len() > LINES_MAX {
        let message = format!("the file has {} requests; a batch has at most {LINES_MAX}", lines.len());
        wrong.push(bad(LINES_MAX + 1, "too_many_requests", message, None));
    }
    if lines.is_empty() && wrong.is_empty() {
        wrong.push(bad(1, "empty_file", "the file has no request".to_owned(), None));
    }
    if wrong.is_empty() { Ok(lines) } else { Err(wrong) }
}

type Wrong = (&'static str, String, Option<&'static str>);

fn one(text: &[u8], endpoint: &str) -> Result<Line, Wrong> {
    // Nothing that was read is told: errors are kept longer than texts are.
    let no_line = |_: serde_json::Error| -> Wrong {
        let form = r#"{"custom_id", "method": "POST", "url", "body"}"#;
        ("invalid_json_line", format!("a line must be a JSON object `{form}`"), None)
    };
    let Written { custom_id, method, url, body } = serde_json::from_slice(text).map_err(no_line)?;
    if method != "POST" {
        return Err(("invalid_method", "`method` must be `POST`".to_owned(), Some("method")));
    }
    if url != endpoint {
        let message = format!("`url` must be `{endpoint}`, the endpoint of the batch");
        return Err(("mismatched_endpoint", message, Some("url")));
    }
    // The body goes to the pipeline as it was written, and is read there as strictly as one that comes alone.
    let streams = serde_json::from_str::<Value>(body.get()).ok();
    if streams.and_then(|body| body.get("stream")?.as_bool()) == Some(true) {
        let message = "answers of a batch are not streamed; leave `stream` out".to_owned();
        return Err(("invalid_request", message, Some("body.stream")));
    }
    Ok(Line { custom_id, body: Bytes::copy_from_slice(body.get().as_bytes()) })
}

impl Done {
    /// An answer, or an error that came instead.
    pub fn served(number: usize, line: &Line, served: &Served) -> Self {
        let body: Value = serde_json::from_slice(&served.body).unwrap_or_default();
        let response =
            json!({ "status_code": served.status.as_u16(), "request_id": served.request_id, "body": body });
        let text = json!({
            "id": unforeseeable("batch_req_"),
            "custom_id": line.custom_id,
            "response": response,
            "error": null,
        });
        Self { number, is_good: served.status.is_success(), text: text.to_string() }
    }

    /// It was not sent.
    pub fn given_up(number: usize, line: &Line, code: &str, message: &str) -> Self {
        let text = json!({
            "id": unforeseeable("batch_req_"),
            "custom_id": line.custom_id,
            "response": null,
            "error": { "code": code, "message": message },
        });
        Self { number, is_good: false, text: text.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHAT: &str = "/v1/chat/completions";

    fn line(id: &str, body: &str) -> String {
        format!(r#"{{"custom_id":"{id}","method":"POST","url":"{CHAT}","body":{body}}}"#)
    }

    #[test]
    fn bodies_are_taken_as_they_are_written_and_empty_lines_are_none() {
        let body = r#"{"model":"auto","n":1.0, "n":2}"#;
        let file = format!("{}\n\n{}\r\n", line("a", body), line("b", "{}"));
        let lines = read(file.as_bytes(), CHAT).unwrap();
        assert_eq!(lines.iter().map(|line| &*line.custom_id).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(lines[0].body, body, "and are judged where all requests are");
    }

    #[test]
    fn what_is_wrong_with_a_file_is_told_by_line_and_without_its_text() {
        let good = line("a", "{}");
        let file = [
            good.as_str(),
            "secret words",
            &good.replace("POST", "GET").replace("\"a\"", "\"b\""),
            &good.replace("chat/completions", "embeddings").replace("\"a\"", "\"c\""),
            &line("d", r#"{"stream":true}"#),
            &good,
        ]
        .join("\n");
        let wrong = read(file.as_bytes(), CHAT).unwrap_err();
        let told: Vec<(usize, &str)> = wrong.iter().map(|bad| (bad.line, &*bad.code)).collect();
        let expected = [
            (2, "invalid_json_line"),
            (3, "invalid_method"),
            (4, "mismatched_endpoint"),
            (5, "invalid_request"),
            (6, "duplicate_custom_id"),
        ];
        assert_eq!(told, expected);
        assert!(!format!("{wrong:?}").contains("secret"));
        assert_eq!(read(b"\n", CHAT).unwrap_err()[0].code, "empty_file");
    }
}

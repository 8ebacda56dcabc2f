//! What texts ask for and how hard they are.

use super::stream::{Document, each};
use crate::exit::Failed;
use serde::Serialize;
use serde_json::value::RawValue;
use std::io::{self, Write};
use std::process::ExitCode;
use weir_task::{Model, Structure, Turns, judge};

/// What is said of one text.
#[derive(Serialize)]
struct Answer<'a> {
    id: &'a RawValue,
    task: &'static str,
    margin: f32,
    language: Option<&'static str>,
    complexity: f32,
    weak_fail: f32,
}

/// Reads JSON lines from stdin and answers each.
pub(super) fn run() -> Result<ExitCode, Failed> {
    let model = Model::embedded().map_err(|error| Failed::check("cannot use the task model", &error))?;
    match each(|document, out| answer(model, document, out))? {
        0 => Ok(ExitCode::SUCCESS),
        unread => Err(Failed::Check(format!("{unread} could not be read; the others were"))),
    }
}

fn answer(model: &Model<'_>, document: &Document<'_>, out: &mut dyn Write) -> io::Result<()> {
    let reading = model.read(&document.text);
    let judgement = judge(Turns { user: &[reading], system: None }, Structure::default());
    let answer = judgement.map(|judgement| Answer {
        id: document.id,
        task: judgement.kind.as_str(),
        margin: judgement.margin,
        language: judgement.language,
        complexity: judgement.complexity,
        weak_fail: judgement.weak_fail,
    });
    serde_json::to_writer(out, &answer).map_err(io::Error::from)
}

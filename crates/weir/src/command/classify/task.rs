//! What texts ask for and how hard they are.

use super::stream::{Document, each};
use crate::exit::Failed;
use crate::files::FilesArgs;
use crate::output::note;
use serde::Serialize;
use serde_json::value::RawValue;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use tokio::runtime::Builder;
use weir_task::{Judgement, Model, Structure, Turns, judge};

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

/// Reads JSON lines from stdin and answers each; with a configuration, the encoder is asked as the gateway asks it.
pub(super) fn run(config: Option<&Path>) -> Result<ExitCode, Failed> {
    let model = Model::embedded().map_err(|error| Failed::check("cannot use the task model", &error))?;
    let unread = match config {
        None => each(|document, out| answer(judge_alone(model, &document.text), document, out))?,
        Some(config) => with_encoder(config)?,
    };
    match unread {
        0 => Ok(ExitCode::SUCCESS),
        unread => Err(Failed::Check(format!("{unread} could not be read; the others were"))),
    }
}

fn with_encoder(config: &Path) -> Result<u64, Failed> {
    let gateway = FilesArgs { config: config.to_owned(), policy: None }.load_with_secrets()?;
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failed::check("cannot wait for the encoder", &error))?;
    each(|document, out| {
        let (judgement, failure) = runtime.block_on(gateway.judge_task(&document.text));
        if let Some(failure) = failure {
            note(format_args!("{}: the encoder was not heard, {failure}", document.id.get()));
        }
        answer(judgement, document, out)
    })
}

fn judge_alone(model: &Model<'_>, text: &str) -> Option<Judgement> {
    judge(Turns { user: &[model.read(text)], system: None }, Structure::default())
}

fn answer(judgement: Option<Judgement>, document: &Document<'_>, out: &mut dyn Write) -> io::Result<()> {
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

use crate::exit::Failed;
use crate::output::{ASIDE, line, paint, table};
use serde_json::json;
use std::process::ExitCode;
use weir_classify::{Engine, RecogniserInfo};

/// Lists the recognisers of inspection: what each finds and how a candidate is validated.
#[derive(Debug, clap::Args)]
pub(crate) struct RecognisersArgs {
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &RecognisersArgs) -> Result<ExitCode, Failed> {
    let all = Engine::recognisers();
    if args.json {
        all.iter().for_each(|recogniser| line(as_json(recogniser)));
        return Ok(ExitCode::SUCCESS);
    }
    let row =
        |r: &RecogniserInfo| vec![r.name.to_owned(), r.entity.as_str().to_owned(), r.category.to_string()];
    let rows: Vec<Vec<String>> = all.iter().map(row).collect();
    let names = table(&["NAME", "ENTITY", "CATEGORY"], &rows);
    let mut names = names.lines();
    names.next().into_iter().for_each(line);
    for (name, recogniser) in names.zip(all) {
        line(name);
        line(paragraph("finds", recogniser.finds));
        line(paragraph("valid", recogniser.validation));
    }
    Ok(ExitCode::SUCCESS)
}

/// Columns of the text beside its word.
const WIDTH: usize = 88;

/// A text in lines, beside a word that says what it is.
fn paragraph(word: &str, text: &str) -> String {
    let mut lines = vec![String::new()];
    for piece in text.split(' ') {
        match lines.last_mut() {
            Some(last) if last.is_empty() => last.push_str(piece),
            Some(last) if last.chars().count() + 1 + piece.chars().count() <= WIDTH => {
                last.push(' ');
                last.push_str(piece);
            }
            Some(_) | None => lines.push(piece.to_owned()),
        }
    }
    format!("    {}  {}", paint(ASIDE, word), lines.join(&format!("\n    {:1$}  ", "", word.len())))
}

fn as_json(r: &RecogniserInfo) -> serde_json::Value {
    json!({
        "name": r.name,
        "entity": r.entity.as_str(),
        "category": r.category.to_string(),
        "finds": r.finds,
        "validation": r.validation,
    })
}

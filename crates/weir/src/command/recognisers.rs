use crate::exit::Failed;
use crate::output::{line, table};
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
    let row = |r: &RecogniserInfo| {
        vec![
            r.name.to_owned(),
            r.entity.as_str().to_owned(),
            r.category.to_string(),
            r.finds.to_owned(),
            r.validation.to_owned(),
        ]
    };
    let rows: Vec<Vec<String>> = all.iter().map(row).collect();
    line(table(&["NAME", "ENTITY", "CATEGORY", "FINDS", "VALIDATED BY"], &rows));
    Ok(ExitCode::SUCCESS)
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

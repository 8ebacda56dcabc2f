//! What the tokens of a target are counted with.

use super::Reading;
use crate::yaml::At;
use weir_tokens::{Counter, Embedded, Format, Pattern, of_model};

/// The word for no vocabulary.
const ESTIMATE: &str = "estimate";

/// As written, or what the model of this name has; `Some(None)` if its tokens are estimated, `None` if what is written is
/// wrong.
pub fn tokenizer(
    written: Option<&At<String>>,
    model: Option<&str>,
    reading: &mut Reading<'_, '_>,
) -> Option<Option<Counter>> {
    let Some(At { value, place }) = written else {
        return Some(model.and_then(of_model).map(Counter::embedded));
    };
    if value == ESTIMATE {
        return Some(None);
    }
    if let Some(embedded) = Embedded::named(value) {
        return Some(Some(Counter::embedded(embedded)));
    }
    match from_file(value, reading) {
        Ok(counter) => Some(Some(counter)),
        Err((message, help)) => {
            reading.report.error(*place, message, &help);
            None
        }
    }
}

fn from_file(written: &str, reading: &mut Reading<'_, '_>) -> Result<Counter, (String, String)> {
    let (path, format) = file(written)?;
    let text = reading.surroundings.read(path).map_err(|error| {
        let help = "check that the file exists and Weir may read it".to_owned();
        (format!("cannot read `{path}`: {error}"), help)
    })?;
    Counter::from_file(written, &text, format).map_err(|error| {
        let help = "remove `tokenizer`: tokens are then estimated, and corrected by what the backend reports";
        (format!("`{path}` cannot be counted with: {error}"), help.to_owned())
    })
}

/// Path and format of a file.
fn file(written: &str) -> Result<(&str, Format), (String, String)> {
    let names = || Pattern::ALL.map(|(name, _)| format!("`{name}`")).join(", ");
    match written.split_once(':') {
        Some((pattern, path)) if path.ends_with(".tiktoken") => match Pattern::named(pattern) {
            Some(pattern) => Ok((path, Format::Tiktoken(pattern))),
            None => Err((format!("there is no pattern `{pattern}`"), format!("write one of {}", names()))),
        },
        _ if written.ends_with(".json") => Ok((written, Format::HuggingFace)),
        _ if written.ends_with(".tiktoken") => Err((
            format!("`{written}` does not say by which pattern texts are cut"),
            format!("write the pattern and a colon before it: one of {}", names()),
        )),
        _ => Err((
            format!("`{written}` is no tokenizer"),
            "write `o200k_base`, `cl100k_base`, the path of a `tokenizer.json`, `PATTERN:PATH.tiktoken` or `estimate`"
                .to_owned(),
        )),
    }
}

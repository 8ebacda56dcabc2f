use crate::policy::values;
use crate::raw::weir::RawQuality;
use crate::report::Report;
use crate::suggest::suggest;
use crate::yaml::{At, Wrong};
use weir_policy::{NumberFact, Quality, TaskType, Word as _};

/// What `quality` says; nothing if it is left out.
pub fn quality(raw: Option<&At<RawQuality>>, report: &mut Report<'_>) -> Option<Quality> {
    let Some(At { value, place }) = raw else { return Some(Quality::default()) };
    match value {
        RawQuality::One(figure) => {
            let figure = self::figure(&At { value: figure.clone(), place: *place }, report);
            Some(Quality { otherwise_millionths: Some(figure?), ..Quality::default() })
        }
        RawQuality::ByTask(entries) => {
            let mut quality = Quality::default();
            let mut is_right = true;
            for (task, written) in &entries.0 {
                is_right &= entry(task, written, &mut quality, report).is_some();
            }
            is_right.then_some(quality)
        }
    }
}

fn entry(
    task: &At<String>,
    written: &At<String>,
    quality: &mut Quality,
    report: &mut Report<'_>,
) -> Option<()> {
    let figure = self::figure(written, report);
    if task.value == "default" {
        quality.otherwise_millionths = Some(figure?);
        return Some(());
    }
    let Some(known) = TaskType::of_word(&task.value) else {
        let words = TaskType::ALL.iter().map(|task| task.as_str()).chain(["default"]);
        report.error(task.place, format!("`{}` is no task type", task.value), &suggest(&task.value, words));
        return None;
    };
    quality.by_task_millionths.insert(known, figure?);
    Some(())
}

fn figure(written: &At<String>, report: &mut Report<'_>) -> Option<u64> {
    // A share like any other: `0.8` or `80 %`.
    match values::number(&NumberFact::Confidence, &written.value) {
        Ok(figure) => Some(figure),
        Err(Wrong { .. }) => {
            report.error(
                written.place,
                format!("`{}` is no quality", written.value),
                "it goes from 0 to 1, such as `0.8` or `80 %`",
            );
            None
        }
    }
}

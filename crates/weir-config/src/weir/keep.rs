use crate::Retention;
use crate::raw::keep::RawKeep;
use crate::report::Report;
use crate::scalar::Days;
use crate::suggest::suggest;
use crate::yaml::{At, Scalar as _, Wrong};
use std::collections::BTreeMap;
use weir_label::Level;

const DEFAULT: &str = "default";

/// How long records are kept.
pub fn keep(raw: &At<RawKeep>, report: &mut Report<'_>) -> Option<Retention> {
    match &raw.value {
        RawKeep::One(text) => match Days::parse(text) {
            Ok(days) => Some(Retention { by_level: BTreeMap::new(), otherwise: days.time() }),
            Err(Wrong { message, help }) => {
                report.error(raw.place, message, &help);
                None
            }
        },
        RawKeep::ByLevel(entries) => {
            let (mut by_level, mut otherwise, mut is_right) = (BTreeMap::new(), None, true);
            for (level, time) in &entries.0 {
                let time = time.take(report).map(Days::time);
                match level.value.parse::<Level>() {
                    Ok(level) => by_level.extend(time.map(|time| (level, time))),
                    Err(_) if level.value == DEFAULT => otherwise = time,
                    Err(_) => {
                        let words = Level::ALL.iter().map(|level| level.as_str()).chain([DEFAULT]);
                        report.error(
                            level.place,
                            format!("`{}` is no level", level.value),
                            &suggest(&level.value, words),
                        );
                        is_right = false;
                    }
                }
                is_right &= time.is_some();
            }
            if otherwise.is_none() && is_right {
                let help = "add `default: 400d`: for the other levels, and for all that is about no request";
                report.error(raw.place, "`keep` does not say how long all else is kept", help);
            }
            otherwise.filter(|_| is_right).map(|otherwise| Retention { by_level, otherwise })
        }
    }
}

use super::Reading;
use crate::raw::Entries;
use crate::raw::weir::RawAlias;
use crate::scalar::ModelName;
use crate::yaml::{At, Scalar as _, Wrong};
use std::collections::BTreeSet;
use weir_label::{Label, ZoneKind};
use weir_policy::{Catalogue, TargetId};

/// Adds every alias that is right to the catalogue.
pub fn all(raw: &At<Entries<RawAlias>>, catalogue: &mut Catalogue, reading: &mut Reading<'_, '_>) {
    if raw.value.0.is_empty() {
        reading.report.error(
            raw.place,
            "there is no alias",
            "add one, such as `auto: {targets: [backend/model]}`",
        );
    }
    for (name, alias) in &raw.value.0 {
        self::alias(name, alias, catalogue, reading);
    }
}

fn alias(name: &At<String>, raw: &RawAlias, catalogue: &mut Catalogue, reading: &mut Reading<'_, '_>) {
    let RawAlias { targets, degrade } = raw;
    if let Err(Wrong { message, help }) = ModelName::parse(&name.value) {
        reading.report.error(name.place, message, &help);
    }
    if targets.value.is_empty() {
        let message = format!("alias `{}` has no targets", name.value);
        reading.report.error(targets.place, message, "list at least one, written `backend/model`");
    }
    let mut seen = BTreeSet::new();
    let main = resolve(&targets.value, &mut seen, catalogue, reading);
    let smaller = resolve(degrade, &mut seen, catalogue, reading);
    check_local(degrade, catalogue, reading);
    // What keeps it from being added has been reported.
    if catalogue.add_alias(&name.value, main, smaller).is_ok() {
        warn_of_classified(name, catalogue, reading);
    }
}

fn resolve<'a>(
    written: &'a [At<String>],
    seen: &mut BTreeSet<&'a str>,
    catalogue: &Catalogue,
    reading: &mut Reading<'_, '_>,
) -> Vec<TargetId> {
    for At { value, place } in written {
        if !reading.names.has_target(value) {
            let help = if reading.names.has_backend(value) {
                format!("`{value}` is a backend; write the model too: `{value}/MODEL`")
            } else {
                reading.names.suggest_target(value)
            };
            reading.report.error(*place, format!("there is no target `{value}`"), &help);
        } else if !seen.insert(value) {
            reading.report.error(
                *place,
                format!("`{value}` is listed twice"),
                "list each target once in an alias",
            );
        }
    }
    written.iter().filter_map(|at| catalogue.target_named(&at.value)).collect()
}

fn check_local(degrade: &[At<String>], catalogue: &Catalogue, reading: &mut Reading<'_, '_>) {
    for At { value, place } in degrade {
        let target = catalogue.target_named(value).and_then(|id| catalogue.target(id));
        if target.is_some_and(|target| target.zone() == ZoneKind::Cloud) {
            reading.report.error(
                *place,
                format!("`{value}` is not local, and degrading means a smaller local model"),
                "list a local target here, or move this one to `targets`",
            );
        }
    }
}

/// Whatever may receive data of the boundary's own level is local and cleared for classified data.
fn warn_of_classified(name: &At<String>, catalogue: &Catalogue, reading: &mut Reading<'_, '_>) {
    let level = reading.boundary.level();
    let classified = Label::at(level);
    let mut targets = catalogue.alias(&name.value).into_iter().flat_map(|alias| alias.targets());
    let receives = |id: &TargetId| {
        catalogue
            .target(*id)
            .is_some_and(|target| target.recipient.check(reading.boundary, &classified).is_ok())
    };
    if !targets.any(receives) {
        reading.report.warning(
            name.place,
            format!(
                "no local target of alias `{}` may receive data from `{level}` up, so that it will always be denied",
                name.value
            ),
            "add a local target, or keep it so if only unclassified data is sent to this model name",
        );
    }
}

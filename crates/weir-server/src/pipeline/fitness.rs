//! `ClientRequest` → the targets of its alias that cannot serve it.
//!
//! What a model or a backend's API cannot do is known before it is tried, so that the decision leaves such a
//! target out and says why.

use super::decide::{modalities, response_format};
use crate::snapshot::Snapshot;
use std::collections::BTreeMap;
use weir_config::{Backend, Model, ModelCard};
use weir_label::ZoneKind;
use weir_policy::{Alias, Modality, ResponseFormat, TargetId, Unfit, Words};
use weir_wire::Destination;
use weir_wire::canonical::Losses;
use weir_wire::dialect::BackendDialect;
use weir_wire::request::ClientRequest;

/// The targets of `alias` that cannot serve `request`, and why.
pub(super) fn unfit(
    snapshot: &Snapshot,
    alias: &Alias,
    request: &ClientRequest,
) -> BTreeMap<TargetId, Unfit> {
    // Weir counts by itself, whatever the targets can do.
    if request.api().counts_tokens() {
        return BTreeMap::new();
    }
    let mut asked = Asked { request, said: Vec::new() };
    let targets = alias.targets().iter().chain(alias.degrade());
    let first = alias.targets().first().and_then(|id| snapshot.served(*id)).map(|(_, model)| &model.name);
    let judged = targets.filter_map(|id| {
        let (backend, model) = snapshot.served(*id)?;
        // A text must never be embedded by two models under one name.
        if request.api().embeds() && first != Some(&model.name) {
            return Some((*id, Unfit::OtherModel));
        }
        Some((*id, asked.of(backend, model)?))
    });
    judged.collect()
}

/// The fields of the request, in the client's words, that the target's API has nothing for, so that it goes
/// without them.
pub(crate) fn left_out(snapshot: &Snapshot, target: TargetId, request: &ClientRequest) -> Vec<String> {
    let mut all: Vec<String> = request.left_out().map(str::to_owned).into_iter().collect();
    let Some((backend, model)) = snapshot.served(target) else { return all };
    if request.goes_as_read_to(backend.api.dialect) && backend.api.quirks().is_none() {
        return all;
    }
    let losses = request.losses(&destination(backend, model)).unwrap_or_default();
    all.extend(losses.iter().map(|loss| request.field_name(&loss.field).to_owned()));
    all
}

fn destination<'c>(backend: &'c Backend, model: &'c Model) -> Destination<'c> {
    Destination {
        card: model.card.wire(backend.api),
        backend: &backend.name,
        dialect: backend.api.dialect,
        ..Destination::new(&model.name, backend.zone == ZoneKind::Cloud)
    }
}

/// A request, with what was found out about it for the dialects that were asked about so far.
struct Asked<'r> {
    request: &'r ClientRequest,
    said: Vec<(BackendDialect, Option<Losses>)>,
}

impl Asked<'_> {
    fn of(&mut self, backend: &Backend, model: &Model) -> Option<Unfit> {
        if self.request.api().is_of_servers() && backend.zone == ZoneKind::Cloud {
            return Some(Unfit::Endpoint);
        }
        let of_card = if model.card == ModelCard::default() { None } else { self.card(&model.card) };
        of_card.or_else(|| self.dialect(backend, model))
    }

    fn card(&self, card: &ModelCard) -> Option<Unfit> {
        let request = self.request;
        if let Some(taken) = card.modalities {
            let lacking = |kind: &Modality| !taken.contains(*kind) && *kind != Modality::Text;
            let held: Words<Modality> = modalities(request);
            if let Some(kind) = held.iter().find(lacking) {
                return Some(Unfit::Modality(kind));
            }
        }
        if card.tools == Some(false) && request.has_tools() {
            return Some(Unfit::Tools);
        }
        if card.json_schema == Some(false) && response_format(request) == ResponseFormat::JsonSchema {
            return Some(Unfit::JsonSchema);
        }
        let most = card.max_output?.get();
        let wanted = request.max_output_tokens()?;
        (wanted > u64::from(most)).then_some(Unfit::Output(most))
    }

    fn dialect(&mut self, backend: &Backend, model: &Model) -> Option<Unfit> {
        let dialect = backend.api.dialect;
        let is_picky = backend.api.quirks().is_some_and(|quirks| !quirks.unknown.is_empty());
        if is_picky {
            let losses = self.request.losses(&destination(backend, model)).ok()?;
            return losses.refused(&backend.leave_out).next().map(|loss| self.field(&loss.field));
        }
        if self.request.goes_as_read_to(dialect) {
            return None;
        }
        if !self.request.can_be_written_for(dialect) {
            return Some(Unfit::Endpoint);
        }
        let losses = match self.said.iter().position(|(known, _)| *known == dialect) {
            Some(at) => self.said.get(at).and_then(|(_, losses)| losses.clone()),
            None => {
                let losses = self.request.losses(&destination(backend, model)).ok();
                self.said.push((dialect, losses.clone()));
                losses
            }
        };
        let Some(losses) = losses else { return Some(Unfit::Endpoint) };
        let refused = losses.refused(&backend.leave_out).next();
        refused.map(|loss| self.field(&loss.field))
    }

    fn field(&self, name: &str) -> Unfit {
        Unfit::Field(self.request.field_name(name).into())
    }
}

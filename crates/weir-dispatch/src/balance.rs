use crate::Moment;
use crate::ask::Step;
use crate::random::mix;
use crate::request::{Choice, Request};
use crate::target::{Room, Target, TargetKey};
use std::collections::BTreeMap;

/// A target with a place, and how soon it would answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Offer {
    pub key: TargetKey,
    pub micro_usd: u64,
    /// Seconds to the first token, as predicted.
    pub first_token_s: f64,
}

/// Of several equal targets, the one for a request.
///
/// The one that would answer first; or, for a prompt that begins like others, the one that those were sent
/// to, unless waiting for it takes longer than reading the beginning again, or it has much more to do than
/// the rest.
pub(crate) struct Balance<'a> {
    pub targets: &'a BTreeMap<TargetKey, Target>,
    pub request: &'a Request,
    /// The step that asks; `None` before the ladder.
    pub step: Option<Step>,
    pub now: Moment,
}

/// A target with more than this many times the mean load is passed over for its memory of a prefix.
///
/// Source: Mirrokni, Thorup and Zadimoghaddam, "Consistent Hashing with Bounded Loads", SODA 2018.
const LOAD_BOUND: f64 = 1.25;
/// Of the places of a target, this share is kept for work that may go nowhere else.
const KEPT: f64 = 0.2;
/// Predictions that differ by less are equal.
const TIE_S: f64 = 0.001;

struct Place<'a> {
    choice: Choice,
    target: &'a Target,
    seconds: f64,
    room: Room,
}

impl Balance<'_> {
    /// The best offer of the most preferred rank that keeps the promise, as `keeps` says, or else the soonest.
    /// Targets that rest come last.
    pub fn best(&self, choices: &[Choice], keeps: impl Fn(&Offer) -> bool) -> Option<Offer> {
        self.best_with(choices, Room::Free, &keeps)
            .or_else(|| self.best_with(choices, Room::LastResort, &keeps))
    }

    fn best_with(&self, choices: &[Choice], room: Room, keeps: &impl Fn(&Offer) -> bool) -> Option<Offer> {
        let options = self.options(choices);
        let mut soonest: Option<Offer> = None;
        let mut rank = 0;
        let mut rest: &[Place<'_>] = &options;
        while let Some(head) = rest.first() {
            rank = rank.max(head.choice.rank);
            let end = rest.partition_point(|option| option.choice.rank <= rank);
            let (group, others) = rest.split_at(end.max(1));
            rest = others;
            let Some(offer) = self.of_group(group, room) else { continue };
            if keeps(&offer) {
                return Some(offer);
            }
            if soonest.is_none_or(|known| offer.first_token_s < known.first_token_s) {
                soonest = Some(offer);
            }
        }
        soonest
    }

    /// By rank; what has no place is left out.
    fn options(&self, choices: &[Choice]) -> Vec<Place<'_>> {
        let option = |choice: &Choice| {
            let target = self.targets.get(&choice.key)?;
            let room = target.room(self.request.claim.band, self.spared(target), self.now);
            let seconds = || target.predict_s(&self.request.work, self.now);
            (room != Room::None).then(|| Place { choice: *choice, target, seconds: seconds(), room })
        };
        let mut options: Vec<Place<'_>> = choices.iter().filter_map(option).collect();
        options.sort_by_key(|option| option.choice.rank);
        options
    }

    fn of_group(&self, group: &[Place<'_>], room: Room) -> Option<Offer> {
        let with_room = || group.iter().filter(|option| option.room == room);
        let soonest = with_room().min_by(|a, b| self.order(a, b))?;
        let known = self.with_prefix(with_room(), soonest);
        let chosen = known.unwrap_or(soonest);
        Some(Offer {
            key: chosen.choice.key,
            micro_usd: chosen.choice.micro_usd,
            first_token_s: chosen.seconds,
        })
    }

    fn order(&self, a: &Place<'_>, b: &Place<'_>) -> std::cmp::Ordering {
        let bucket = |option: &Place<'_>| (option.seconds / TIE_S).round();
        // Of what is still equal, the first in the operator's order is taken.
        bucket(a).total_cmp(&bucket(b)).then_with(|| a.target.in_flight().cmp(&b.target.in_flight()))
    }

    /// The target that prompts with this beginning are sent to, if that is worth it.
    fn with_prefix<'o>(
        &self,
        options: impl Iterator<Item = &'o Place<'o>> + Clone,
        soonest: &Place<'_>,
    ) -> Option<&'o Place<'o>> {
        let prefix = self.request.work.prefix?;
        let count = options.clone().count() as f64;
        let total: u64 = options.clone().map(|option| option.target.tokens_in_flight()).sum();
        let own = u64::from(self.request.work.prompt_tokens);
        let bound = LOAD_BOUND * (total.saturating_add(own) as f64 / count) + own as f64;
        let score = |option: &Place<'_>| mix(prefix.hash ^ mix(u64::from(option.choice.key.0)));
        let preferred = options.max_by_key(|option| score(option))?;
        let saved_s = preferred.target.prefill_s(prefix.tokens);
        let is_bounded = preferred.target.tokens_in_flight() as f64 <= bound;
        (is_bounded && preferred.seconds <= soonest.seconds + saved_s).then_some(preferred)
    }

    /// The places that this request has to leave to others.
    fn spared(&self, target: &Target) -> u32 {
        let may_leave = self.request.may_burst && self.step.is_none();
        match target.places(self.now) {
            Some(places) if may_leave && target.pressure.keeps_room(self.now) => {
                (f64::from(places) * KEPT) as u32
            }
            _ => 0,
        }
    }
}

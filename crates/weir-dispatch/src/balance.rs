use crate::Moment;
use crate::ask::Step;
use crate::random::mix;
use crate::request::{Choice, Request};
use crate::target::{Room, Target, TargetKey};
use crate::targets::Targets;

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
    pub targets: &'a Targets,
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
    choice: &'a Choice,
    target: &'a Target,
    seconds: f64,
    /// The same in steps of [`TIE_S`]: what is equal here is equally soon.
    soon: i64,
    room: Room,
}

impl Balance<'_> {
    /// The best offer of the most preferred rank that keeps the promise, as `keeps` says, or else the soonest.
    /// Targets that rest come last.
    pub fn best(&self, choices: &[Choice], keeps: impl Fn(&Offer) -> bool) -> Option<Offer> {
        let options = self.options(choices);
        let best_with = |room| self.best_with(&options, room, &keeps);
        best_with(Room::Free).or_else(|| best_with(Room::LastResort))
    }

    fn best_with(&self, options: &[Place<'_>], room: Room, keeps: &impl Fn(&Offer) -> bool) -> Option<Offer> {
        let mut soonest: Option<Offer> = None;
        let mut rank = 0;
        let mut rest = options;
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

    /// By rank; what has no place is left out. (A loop, because `extend` does not become one: with 50 targets that is a
    /// tenth of a decision, as it is where their names are looked up.)
    fn options<'c>(&'c self, choices: &'c [Choice]) -> Vec<Place<'c>> {
        let mut options: Vec<Place<'c>> = Vec::with_capacity(choices.len());
        for choice in choices {
            if let Some(option) = self.option(choice) {
                options.push(option);
            }
        }
        if !options.is_sorted_by_key(|option| option.choice.rank) {
            options.sort_by_key(|option| option.choice.rank);
        }
        options
    }

    #[inline]
    fn option<'c>(&'c self, choice: &'c Choice) -> Option<Place<'c>> {
        let target = self.targets.get(choice.key)?;
        let room = target.room(self.request.claim.band, self.spared(target), self.now);
        if room == Room::None {
            return None;
        }
        let seconds = choice.predicted_s.unwrap_or_else(|| target.predict_s(&self.request.work, self.now));
        Some(Place { choice, target, seconds, soon: (seconds / TIE_S + 0.5) as i64, room })
    }

    fn of_group(&self, group: &[Place<'_>], room: Room) -> Option<Offer> {
        let with_room = || group.iter().filter(|option| option.room == room);
        let soonest =
            with_room().reduce(|first, other| if is_sooner(other, first) { other } else { first })?;
        let known = self.with_prefix(with_room(), soonest);
        let chosen = known.unwrap_or(soonest);
        Some(Offer {
            key: chosen.choice.key,
            micro_usd: chosen.choice.micro_usd,
            first_token_s: chosen.seconds,
        })
    }

    /// The target that prompts with this beginning are sent to, if that is worth it.
    fn with_prefix<'o>(
        &self,
        options: impl Iterator<Item = &'o Place<'o>> + Clone,
        soonest: &Place<'_>,
    ) -> Option<&'o Place<'o>> {
        let prefix = self.request.work.prefix?;
        let (count, total) = options.clone().fold((0.0, 0u64), |(count, total), option| {
            (count + 1.0, total.saturating_add(option.target.tokens_in_flight()))
        });
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
        if !may_leave || !target.pressure.keeps_room(self.now) {
            return 0;
        }
        target.places(self.now).map_or(0, |places| (f64::from(places) * KEPT) as u32)
    }
}

/// Whether a target would answer before another; of what is equal the one with less to do does, and of what is still
/// equal none, so that the first in the operator's order is taken.
fn is_sooner(one: &Place<'_>, other: &Place<'_>) -> bool {
    let order = one.soon.cmp(&other.soon);
    order.then_with(|| one.target.in_flight().cmp(&other.target.in_flight())).is_lt()
}

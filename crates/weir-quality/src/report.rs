//! Where the models inside suffice, and what another threshold of complexity would save or lose.

use crate::interval::{Share, difference, wilson};
use std::collections::BTreeMap;
use weir_label::ZoneKind;
use weir_policy::TaskType;

/// Requests are put into so many parts of equal size, by their complexity.
const PARTS: usize = 20;
/// The shares of requests, the hardest, for which it is said what it would be to send them to the cloud.
const SHARES_PERCENT: [u32; 9] = [0, 5, 10, 15, 20, 30, 50, 75, 100];

/// One answered request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Answer<'a> {
    /// What it asked for.
    pub task: Option<TaskType>,
    /// Who answered.
    pub target: &'a str,
    /// Where.
    pub zone: ZoneKind,
    /// From 0 to a million.
    pub complexity: Option<u64>,
    /// Whether targets of both zones were in its plan.
    pub is_free: bool,
    /// What it cost, if that is known.
    pub micro_usd: Option<f64>,
}

/// What was heard of an answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sign<'a> {
    /// What the request asked for.
    pub task: Option<TaskType>,
    /// Who answered.
    pub target: &'a str,
    /// Where.
    pub zone: ZoneKind,
    /// From 0 to a million, if it is known.
    pub complexity: Option<u64>,
    /// How good it was, from 0 to 1.
    pub score: f64,
    /// How much that counts: 1 is an explicit verdict.
    pub weight: f64,
}

/// Adds up answers and signs, in any order.
#[derive(Debug, Default)]
pub struct Tally {
    cells: BTreeMap<(Option<TaskType>, String), CellSum>,
    /// Of requests that could have run in both zones.
    free: Vec<Free>,
    signs: Vec<(u64, ZoneKind, f64, f64)>,
}

#[derive(Debug, Default)]
struct CellSum {
    zone: Option<ZoneKind>,
    answers: u64,
    good: f64,
    total: f64,
}

#[derive(Debug, Clone, Copy)]
struct Free {
    complexity: u64,
    zone: ZoneKind,
    micro_usd: Option<f64>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Each target at each task, tasks in order.
    pub cells: Vec<Cell>,
    /// For each task, whether the best target inside suffices.
    pub tasks: Vec<Verdict>,
    /// What other thresholds of complexity would be like; empty where nothing could run in both zones.
    pub thresholds: Vec<Threshold>,
    /// Requests that could run in both zones, and the share of them that went to the cloud.
    pub free: u64,
    /// Of these.
    pub cloud_share: f64,
}

/// One target at one task.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// The task.
    pub task: Option<TaskType>,
    /// The target.
    pub target: String,
    /// Where it is.
    pub zone: ZoneKind,
    /// How many requests it answered.
    pub answers: u64,
    /// How much was heard, in explicit verdicts.
    pub heard: f64,
    /// The share that was good.
    pub good: Option<Share>,
}

/// Whether the models inside suffice for a task.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The task.
    pub task: Option<TaskType>,
    /// The best target inside, if anything was heard of one.
    pub local: Option<String>,
    /// The best one outside, likewise.
    pub cloud: Option<String>,
    /// The share of good answers inside, less that outside.
    pub difference: Option<Share>,
    /// What follows.
    pub local_suffices: Suffices,
}

/// What follows from a difference and the margin that is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suffices {
    /// It is not worse by more than the margin, with 97.5 % confidence.
    Yes,
    /// It is worse by more than the margin, with 97.5 % confidence.
    No,
    /// Too little was heard to say.
    Undecided,
}

impl Suffices {
    /// In a word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Suffices::Yes => "yes",
            Suffices::No => "no",
            Suffices::Undecided => "undecided",
        }
    }
}

/// What it would be to send the hardest requests to the cloud, of those that may run in both zones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Threshold {
    /// So many of them, in percent.
    pub cloud_percent: u32,
    /// Those at or above this complexity, from 0 to 1; above 1 where there are none.
    pub complexity: f64,
    /// What a thousand requests would cost, in USD, if costs are known.
    pub usd_per_1000: Option<f64>,
    /// The same, less what they cost now.
    pub usd_per_1000_change: Option<f64>,
    /// The share of answers that would be good.
    pub good: Option<Share>,
    /// The same, less what it is now.
    pub good_change: Option<f64>,
}

impl Tally {
    /// Adds an answer.
    pub fn answered(&mut self, answer: &Answer<'_>) {
        let cell = self.cells.entry((answer.task, answer.target.to_owned())).or_default();
        cell.zone = Some(answer.zone);
        cell.answers += 1;
        if let (Some(complexity), true) = (answer.complexity, answer.is_free) {
            self.free.push(Free { complexity, zone: answer.zone, micro_usd: answer.micro_usd });
        }
    }

    /// Adds what was heard of one.
    pub fn heard(&mut self, sign: &Sign<'_>) {
        let cell = self.cells.entry((sign.task, sign.target.to_owned())).or_default();
        cell.zone = Some(sign.zone);
        cell.good += sign.score * sign.weight;
        cell.total += sign.weight;
        if let Some(complexity) = sign.complexity {
            self.signs.push((complexity, sign.zone, sign.score * sign.weight, sign.weight));
        }
    }

    /// What follows. Inside suffices where it is worse by no more than `margin`, from 0 to 1.
    #[must_use]
    pub fn report(mut self, margin: f64) -> Report {
        let cells: Vec<Cell> = self.cells.iter().filter_map(cell).collect();
        let mut tasks: Vec<Option<TaskType>> = cells.iter().map(|cell| cell.task).collect();
        tasks.dedup();
        let tasks = tasks.into_iter().map(|task| verdict(task, &cells, margin)).collect();
        self.free.sort_by_key(|free| free.complexity);
        let in_cloud = self.free.iter().filter(|free| free.zone == ZoneKind::Cloud).count();
        let thresholds = thresholds(&self.free, &self.signs);
        let free = self.free.len() as u64;
        Report { cells, tasks, thresholds, free, cloud_share: in_cloud as f64 / (free.max(1)) as f64 }
    }
}

fn cell(((task, target), sum): (&(Option<TaskType>, String), &CellSum)) -> Option<Cell> {
    Some(Cell {
        task: *task,
        target: target.clone(),
        zone: sum.zone?,
        answers: sum.answers,
        heard: sum.total,
        good: wilson(sum.good, sum.total),
    })
}

fn verdict(task: Option<TaskType>, cells: &[Cell], margin: f64) -> Verdict {
    let best = |zone| {
        let of_zone = cells.iter().filter(|cell| cell.task == task && cell.zone == zone);
        let heard = of_zone.filter_map(|cell| Some((cell, cell.good?)));
        heard.max_by(|(_, a), (_, b)| a.share.total_cmp(&b.share))
    };
    let (local, cloud) = (best(ZoneKind::Local), best(ZoneKind::Cloud));
    let difference = local.zip(cloud).map(|((_, local), (_, cloud))| difference(local, cloud));
    let local_suffices = match difference {
        Some(difference) if difference.low >= -margin => Suffices::Yes,
        Some(difference) if difference.high < -margin => Suffices::No,
        Some(_) | None => Suffices::Undecided,
    };
    let name = |best: Option<(&Cell, Share)>| best.map(|(cell, _)| cell.target.clone());
    Verdict { task, local: name(local), cloud: name(cloud), difference, local_suffices }
}

/// What is known of one part of the requests, by zone: inside first.
#[derive(Debug, Clone, Copy, Default)]
struct Part {
    requests: f64,
    cloud: f64,
    zones: [Known; 2],
}

#[derive(Debug, Clone, Copy, Default)]
struct Known {
    good: f64,
    heard: f64,
    micro_usd: f64,
    priced: f64,
}

impl Known {
    fn or(self, all: Self) -> Self {
        let (good, heard) = if self.heard > 0.0 { (self.good, self.heard) } else { (all.good, all.heard) };
        let priced = if self.priced > 0.0 { self } else { all };
        Self { good, heard, micro_usd: priced.micro_usd, priced: priced.priced }
    }

    fn cost(self) -> Option<f64> {
        (self.priced > 0.0).then(|| self.micro_usd / self.priced)
    }
}

const fn place(zone: ZoneKind) -> usize {
    match zone {
        ZoneKind::Local => 0,
        ZoneKind::Cloud => 1,
    }
}

fn thresholds(free: &[Free], signs: &[(u64, ZoneKind, f64, f64)]) -> Vec<Threshold> {
    let (Some(first), true) = (free.first(), free.len() >= PARTS) else { return Vec::new() };
    let beginnings: Vec<u64> =
        (0..PARTS).map(|part| free.get(part * free.len() / PARTS).unwrap_or(first).complexity).collect();
    let mut parts = vec![Part::default(); PARTS];
    for (index, one) in free.iter().enumerate() {
        let Some(part) = parts.get_mut(index * PARTS / free.len()) else { continue };
        part.requests += 1.0;
        part.cloud += f64::from(u8::from(one.zone == ZoneKind::Cloud));
        if let (Some(known), Some(cost)) = (part.zones.get_mut(place(one.zone)), one.micro_usd) {
            known.micro_usd += cost;
            known.priced += 1.0;
        }
    }
    for (complexity, zone, good, weight) in signs {
        let part = beginnings.partition_point(|beginning| beginning <= complexity).saturating_sub(1);
        if let Some(known) = parts.get_mut(part).and_then(|part| part.zones.get_mut(place(*zone))) {
            known.good += good;
            known.heard += weight;
        }
    }
    let all = |zone: usize| {
        parts.iter().filter_map(|part| part.zones.get(zone)).fold(Known::default(), |all, one| Known {
            good: all.good + one.good,
            heard: all.heard + one.heard,
            micro_usd: all.micro_usd + one.micro_usd,
            priced: all.priced + one.priced,
        })
    };
    let everywhere = [all(0), all(1)];
    let now: Vec<f64> = parts.iter().map(|part| part.cloud / part.requests.max(1.0)).collect();
    let (now_cost, now_good) = expected(&parts, everywhere, &now);
    SHARES_PERCENT
        .into_iter()
        .map(|percent| {
            let from = PARTS - (percent as usize * PARTS).div_euclid(100);
            let shares: Vec<f64> = (0..PARTS).map(|part| f64::from(u8::from(part >= from))).collect();
            let (cost, good) = expected(&parts, everywhere, &shares);
            Threshold {
                cloud_percent: percent,
                complexity: beginnings.get(from).map_or(1.01, |beginning| *beginning as f64 / 1e6),
                usd_per_1000: cost.map(|micro_usd| micro_usd / 1000.0),
                usd_per_1000_change: cost.zip(now_cost).map(|(cost, now)| (cost - now) / 1000.0),
                good,
                good_change: good.zip(now_good).map(|(good, now)| good.share - now.share),
            }
        })
        .collect()
}

/// Mean cost of a request in micro-USD, and the share that is good, if these shares of the parts go to the cloud. What is
/// not known of a part is taken to be as everywhere in the zone.
///
/// The interval adds the variances of the parts up, each by its Wilson interval.
fn expected(parts: &[Part], everywhere: [Known; 2], to_cloud: &[f64]) -> (Option<f64>, Option<Share>) {
    let requests: f64 = parts.iter().map(|part| part.requests).sum();
    let (mut cost, mut good, mut variance) = (Some(0.0), Some(0.0), 0.0);
    for (part, cloud) in parts.iter().zip(to_cloud) {
        for ((known, all), share) in part.zones.iter().zip(everywhere).zip([1.0 - cloud, *cloud]) {
            let weight = share * part.requests / requests;
            if weight <= 0.0 {
                continue;
            }
            let known = known.or(all);
            cost = cost.zip(known.cost()).map(|(sum, cost)| sum + weight * cost);
            let found = wilson(known.good, known.heard);
            good = good.zip(found).map(|(sum, found): (f64, Share)| sum + weight * found.share);
            variance += found.map_or(0.0, |found| (weight * (found.high - found.low) / 2.0).powi(2));
        }
    }
    let half = variance.sqrt();
    let good = good.map(|share| Share { share, low: (share - half).max(0.0), high: (share + half).min(1.0) });
    (cost, good)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCAL: ZoneKind = ZoneKind::Local;
    const CLOUD: ZoneKind = ZoneKind::Cloud;
    const TASK: Option<TaskType> = Some(TaskType::Translate);

    fn hear(tally: &mut Tally, zone: ZoneKind, complexity: u64, good: u32, bad: u32) {
        let target = if zone == LOCAL { "gpu/m" } else { "api/m" };
        let sign = Sign { task: TASK, target, zone, complexity: Some(complexity), score: 1.0, weight: 1.0 };
        (0..good).for_each(|_| tally.heard(&sign));
        (0..bad).for_each(|_| tally.heard(&Sign { score: 0.0, ..sign }));
    }

    fn answer(tally: &mut Tally, zone: ZoneKind, complexity: u64, micro_usd: f64) {
        let target = if zone == LOCAL { "gpu/m" } else { "api/m" };
        let complexity = Some(complexity);
        tally.answered(&Answer {
            task: TASK,
            target,
            zone,
            complexity,
            is_free: true,
            micro_usd: Some(micro_usd),
        });
    }

    fn suffices(local: (u32, u32), cloud: (u32, u32)) -> Suffices {
        let mut tally = Tally::default();
        hear(&mut tally, LOCAL, 1, local.0, local.1);
        hear(&mut tally, CLOUD, 1, cloud.0, cloud.1);
        tally.report(0.05).tasks.first().unwrap().local_suffices
    }

    #[test]
    fn inside_suffices_where_that_is_sure_and_does_not_where_that_is() {
        assert_eq!(suffices((950, 50), (950, 50)), Suffices::Yes);
        assert_eq!(suffices((500, 500), (950, 50)), Suffices::No);
        assert_eq!(suffices((9, 1), (10, 0)), Suffices::Undecided);
        assert_eq!(suffices((10, 0), (0, 0)), Suffices::Undecided);
    }

    /// A hundred requests of rising complexity; inside is good up to half of them, outside always.
    fn divided() -> Report {
        let mut tally = Tally::default();
        for complexity in 0..100_u64 {
            let (zone, cost) = if complexity < 80 { (LOCAL, 0.0) } else { (CLOUD, 2000.0) };
            answer(&mut tally, zone, complexity * 10_000, cost);
            let is_easy = complexity < 50;
            hear(&mut tally, LOCAL, complexity * 10_000, 10 * u32::from(is_easy), 10 * u32::from(!is_easy));
            hear(&mut tally, CLOUD, complexity * 10_000, 10, 0);
        }
        tally.report(0.05)
    }

    #[test]
    fn another_threshold_saves_or_loses_what_it_would() {
        let report = divided();
        assert_eq!((report.free, report.cloud_share), (100, 0.2));
        let at = |percent| *report.thresholds.iter().find(|t| t.cloud_percent == percent).unwrap();
        let close = |a: Option<f64>, b: f64| assert!((a.unwrap() - b).abs() < 1e-9, "{a:?} is not {b}");
        // As it is now: a fifth goes, at 2 USD for a thousand; of the rest 50 of 80 are good.
        close(at(20).usd_per_1000, 0.4);
        close(at(20).usd_per_1000_change, 0.0);
        close(at(20).good.map(|good| good.share), 0.7);
        close(at(20).good_change, 0.0);
        close(at(50).usd_per_1000_change, 0.6);
        close(at(50).good_change, 0.3);
        close(at(0).usd_per_1000_change, -0.4);
        close(at(0).good_change, -0.2);
        close(Some(at(50).complexity), 0.5);
        assert!(at(0).complexity > 1.0);
        let good = at(50).good.unwrap();
        assert!(good.low < good.share && good.low > 0.9, "{good:?}");
    }

    #[test]
    fn what_is_not_known_of_a_part_is_taken_from_its_zone_and_what_is_known_nowhere_is_not_said() {
        let mut tally = Tally::default();
        (0..40).for_each(|complexity| answer(&mut tally, LOCAL, complexity * 10_000, 0.0));
        hear(&mut tally, LOCAL, 0, 3, 1);
        let report = tally.report(0.05);
        let at = |percent| *report.thresholds.iter().find(|t| t.cloud_percent == percent).unwrap();
        assert!((at(0).good.unwrap().share - 0.75).abs() < 1e-9);
        assert_eq!((at(50).good, at(50).usd_per_1000), (None, None));
    }

    #[test]
    fn what_could_not_leave_is_no_part_of_the_thresholds() {
        let mut tally = Tally::default();
        let bound = Answer {
            task: TASK,
            target: "gpu/m",
            zone: LOCAL,
            complexity: Some(1),
            is_free: false,
            micro_usd: None,
        };
        (0..50).for_each(|_| tally.answered(&bound));
        let report = tally.report(0.05);
        assert_eq!((report.free, report.thresholds.len()), (0, 0));
        assert_eq!(report.cells.first().map(|cell| cell.answers), Some(50));
    }
}

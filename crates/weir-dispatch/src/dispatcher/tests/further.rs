//! Attempts beside first ones, and who pays for them.

use super::*;

fn further(target: &str) -> Ask<'static> {
    Ask { first: names(&[target]), is_retry: true, ..ask(&[Step::Reject]) }
}

fn first(target: &str) -> Ask<'static> {
    Ask { is_retry: false, ..further(target) }
}

/// Sends further attempts to a target, which all fail, until there may be no more, at most so many. Returns how many.
fn fail(d: &mut Dispatcher, target: &str, at_most: u32) -> u32 {
    let mut sent = 0;
    while sent < at_most {
        match d.ask(further(target), at(0)) {
            Admission::Slot(held) => d.release(&held, Report::Abandoned, at(0)),
            Admission::Refused(Refused::NoRetry) => break,
            other @ (Admission::Wait { .. } | Admission::Refused(_)) => panic!("{other:?}"),
        };
        sent += 1;
    }
    sent
}

fn at_backend(name: &str, backend: &str, limit: Option<u32>) -> TargetSettings {
    TargetSettings { backend: backend.into(), ..settings(name, limit) }
}

#[test]
fn each_backend_pays_for_what_is_sent_to_it_whichever_of_its_targets_that_is() {
    let mut d = with([
        at_backend("big", "gpu", None),
        at_backend("small", "gpu", None),
        at_backend("cloud", "away", None),
    ]);
    for _ in 0..20 {
        let held = slot(d.ask(first("cloud"), at(0)));
        served(&mut d, &held, 0);
    }
    assert_eq!(fail(&mut d, "big", 2), 2);
    assert_eq!(fail(&mut d, "small", 100), 1, "two of three are spent at its backend");
    assert_eq!(fail(&mut d, "cloud", 100), 7, "three and a fifth of twenty");
    for _ in 0..5 {
        let held = slot(d.ask(first("small"), at(0)));
        served(&mut d, &held, 0);
    }
    assert_eq!(fail(&mut d, "big", 100), 1, "a fifth of what the other target was sent");
}

#[test]
fn a_further_attempt_goes_where_it_may_be_sent_though_another_would_be_preferred() {
    let mut d = with([settings("big", None), settings("small", None)]);
    assert_eq!(fail(&mut d, "big", 100), 3);
    let both = Ask { first: names(&["big", "small"]), ..further("big") };
    assert_eq!(way(d.ask(both, at(0))).0, "small");
    assert_eq!(way(d.ask(first("big"), at(0))).0, "big", "first attempts are not bounded");
}

#[test]
fn a_backend_that_serves_what_failed_elsewhere_is_sent_all_of_it() {
    for by_first_token in [true, false] {
        let mut d = with([settings("big", None)]);
        for _ in 0..100 {
            let held = slot(d.ask(further("big"), at(0)));
            if by_first_token {
                d.first_token(&held, at(0));
                d.release(&held, Report::Abandoned, at(0));
            } else {
                served(&mut d, &held, 0);
            }
        }
        assert_eq!(fail(&mut d, "big", 100), 10, "what was saved up has a bound");
    }
}

#[test]
fn what_was_served_gives_back_what_it_took_once() {
    let mut d = with([settings("big", None)]);
    let held = slot(d.ask(further("big"), at(0)));
    d.first_token(&held, at(0));
    served(&mut d, &held, 0);
    assert_eq!(fail(&mut d, "big", 100), 3);
}

#[test]
fn a_hedge_is_paid_for_even_if_it_is_served() {
    let mut d = with([settings("big", None)]);
    let mut hedges = 0;
    while let Some(held) = d.hedge(first("big"), at(0)) {
        d.first_token(&held, at(0));
        served(&mut d, &held, 0);
        hedges += 1;
        assert!(hedges < 100, "there is no end of hedges");
    }
    assert_eq!(hedges, 3);
    assert_eq!(fail(&mut d, "big", 100), 0, "further attempts are paid from the same");
}

#[test]
fn who_waits_with_a_further_attempt_that_can_be_paid_no_more_is_asked_again_and_the_place_is_given_on() {
    let mut d = with([at_backend("big", "gpu", Some(1)), at_backend("small", "gpu", None)]);
    let held = slot(d.ask(first("big"), at(0)));
    let waiting = |d: &mut Dispatcher, ask: Ask<'static>| {
        waits(&d.ask(Ask { ladder: vec![QUEUE, Step::Reject], degrade: Vec::new(), ..ask }, at(0)))
    };
    let again = waiting(&mut d, further("big"));
    let next = waiting(&mut d, first("big"));
    assert_eq!(fail(&mut d, "small", 100), 3);
    assert_eq!(served(&mut d, &held, 0), [again, next]);
    assert_eq!(d.resume(again, at(0)), Admission::Refused(Refused::NoRetry));
    assert_eq!(way(d.resume(next, at(0))).0, "big");
    assert_eq!(d.state(at(0)).queued, 0);
}

#[test]
fn who_waits_with_a_further_attempt_pays_when_it_is_given_a_place() {
    let mut d = with([settings("big", Some(1))]);
    let held = slot(d.ask(first("big"), at(0)));
    let again = waits(&d.ask(Ask { ladder: vec![QUEUE], ..further("big") }, at(0)));
    assert_eq!(served(&mut d, &held, 0), [again]);
    let held = slot(d.resume(again, at(0)));
    d.release(&held, Report::Abandoned, at(0));
    assert_eq!(fail(&mut d, "big", 100), 2);
}

proptest! {
    /// Whatever fails, is served, or is hedged where: no backend is sent more for nothing than a fifth of what it was
    /// sent for something, three, and one in ten seconds.
    #[test]
    fn no_backend_is_sent_more_than_a_fifth_for_nothing(
        steps in proptest::collection::vec((0u8..6, any::<prop::sample::Index>(), 0usize..3), 1..200),
    ) {
        const TARGETS: [&str; 3] = ["one", "two", "three"];
        const BACKENDS: [&str; 3] = ["gpu", "gpu", "other"];
        let mut d = with(TARGETS.into_iter().zip(BACKENDS).map(|(name, at)| at_backend(name, at, None)));
        let backend = |slot: &Slot| usize::from(&*slot.target == "three");
        let (mut of_use, mut for_nothing) = ([0u32; 2], [0u32; 2]);
        let mut held: Vec<(Slot, bool)> = Vec::new();
        for (second, (what, pick, target)) in steps.into_iter().enumerate() {
            let now = Duration::from_millis(second as u64 * 50);
            let to = Ask { first: equals(&[TARGETS[target]]), ..first("one") };
            let sent = match what {
                0 => Some((d.ask(to, now), false, true)),
                1 | 2 => Some((d.ask(Ask { is_retry: true, ..to }, now), true, true)),
                3 => d.hedge(to, now).map(|slot| (Admission::Slot(slot), true, false)),
                _ => None,
            };
            if let Some((Admission::Slot(slot), is_further, may_be_of_use)) = sent {
                let counts = if is_further { &mut for_nothing } else { &mut of_use };
                counts[backend(&slot)] += 1;
                held.push((slot, is_further && may_be_of_use));
            } else if what > 3 && !held.is_empty() {
                let (slot, is_further) = held.swap_remove(pick.index(held.len()));
                let was_served = what == 4;
                if was_served && is_further {
                    for_nothing[backend(&slot)] -= 1;
                    of_use[backend(&slot)] += 1;
                }
                d.release(&slot, if was_served { Report::Served(at(1)) } else { Report::Abandoned }, now);
            }
            for (sent, others) in for_nothing.iter().zip(of_use) {
                let most = 0.2 * f64::from(others) + 3.0 + 0.1 * now.as_secs_f64();
                prop_assert!(f64::from(*sent) <= most + 1e-6, "{} beside {}", sent, others);
            }
        }
    }
}

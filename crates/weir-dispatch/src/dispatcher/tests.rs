mod further;
mod promise;
mod room;

use super::*;
use crate::ask::{Candidate, Obstacle, Step};
use crate::limit::Limit;
use crate::work::{Band, Claim, Promise, Work};
use proptest::prelude::*;
use std::num::NonZeroU32;

const LIMITS: QueueLimits = QueueLimits { requests: 3, bytes: 1000, tokens: 1000 };
const QUEUE: Step = Step::Queue(Duration::from_secs(30));

fn at(seconds: u64) -> Moment {
    Moment::from_secs(seconds)
}

/// Names that a configuration would keep.
fn kept(names: &[&str]) -> &'static [Arc<str>] {
    names.iter().map(|name| (*name).into()).collect::<Vec<Arc<str>>>().leak()
}

fn names(names: &[&str]) -> Vec<Candidate<'static>> {
    Candidate::in_order(kept(names))
}

fn equals(names: &[&str]) -> Vec<Candidate<'static>> {
    Candidate::equals(kept(names))
}

fn settings(name: &str, limit: Option<u32>) -> TargetSettings {
    let limit = limit.and_then(NonZeroU32::new).map_or(Limit::None, Limit::Declared);
    if name.starts_with("cloud") {
        TargetSettings::service(name.into(), limit)
    } else {
        TargetSettings::server(name.into(), limit)
    }
}

/// One place on each of three targets: `big`, `small` (both local) and `cloud`.
fn dispatcher() -> Dispatcher {
    with([settings("big", Some(1)), settings("small", Some(1)), settings("cloud", Some(1))])
}

fn with(targets: impl IntoIterator<Item = TargetSettings>) -> Dispatcher {
    let mut dispatcher = Dispatcher::new(LIMITS, 1);
    dispatcher.configure(LIMITS, targets, at(0));
    dispatcher
}

fn ask(ladder: &[Step]) -> Ask<'static> {
    Ask {
        first: names(&["big"]),
        degrade: names(&["small"]),
        overflow: names(&["cloud"]),
        ladder: ladder.to_vec(),
        bytes: 100,
        ..Ask::default()
    }
}

fn slot(admission: Admission) -> Slot {
    let Admission::Slot(slot) = admission else { panic!("{admission:?}") };
    slot
}

fn way(admission: Admission) -> (String, Option<Step>) {
    let slot = slot(admission);
    (slot.target.to_string(), slot.step)
}

fn waits(admission: &Admission) -> Ticket {
    let Admission::Wait { ticket, .. } = admission else { panic!("{admission:?}") };
    *ticket
}

fn served(d: &mut Dispatcher, slot: &Slot, seconds: u64) -> Vec<Ticket> {
    d.release(slot, Report::Served(at(1)), at(seconds))
}

#[test]
fn a_free_place_is_taken_at_once_and_the_ladder_only_when_there_is_none() {
    let mut d = dispatcher();
    let ladder = [Step::Degrade, Step::Burst, Step::Reject];
    assert_eq!(way(d.ask(ask(&ladder), at(0))), ("big".to_owned(), None));
    assert_eq!(way(d.ask(ask(&ladder), at(0))), ("small".to_owned(), Some(Step::Degrade)));
    assert_eq!(way(d.ask(ask(&ladder), at(0))), ("cloud".to_owned(), Some(Step::Burst)));
    assert!(matches!(d.ask(ask(&ladder), at(0)), Admission::Refused(Refused::Full { .. })));
}

#[test]
fn a_ladder_without_burst_never_leads_to_the_cloud() {
    let mut d = dispatcher();
    let ladder = [Step::Degrade, Step::Reject];
    d.ask(ask(&ladder), at(0));
    d.ask(ask(&ladder), at(0));
    assert!(matches!(d.ask(ask(&ladder), at(0)), Admission::Refused(_)));
}

#[test]
fn places_go_to_those_who_wait_in_order_of_arrival_and_before_newcomers() {
    let mut d = dispatcher();
    let held = slot(d.ask(ask(&[QUEUE, Step::Reject]), at(0)));
    let first = waits(&d.ask(ask(&[QUEUE, Step::Reject]), at(1)));
    let second = waits(&d.ask(ask(&[QUEUE, Step::Reject]), at(2)));
    assert_eq!(served(&mut d, &held, 3), [first]);
    assert!(matches!(d.ask(ask(&[Step::Reject]), at(3)), Admission::Refused(_)));
    let held = slot(d.resume(first, at(3)));
    assert_eq!((&*held.target, held.step), ("big", Some(QUEUE)));
    assert!(matches!(d.resume(second, at(4)), Admission::Wait { .. }));
    assert_eq!(served(&mut d, &held, 4), [second]);
}

#[test]
fn a_queued_request_takes_the_next_step_at_its_time() {
    let mut d = dispatcher();
    slot(d.ask(ask(&[]), at(0)));
    let ticket = waits(&d.ask(ask(&[QUEUE, Step::Degrade, Step::Reject]), at(0)));
    assert!(matches!(d.resume(ticket, at(29)), Admission::Wait { .. }));
    assert_eq!(way(d.resume(ticket, at(30))), ("small".to_owned(), Some(Step::Degrade)));
    assert_eq!(d.state(at(30)).queued, 0);
}

#[test]
fn an_expired_request_is_given_no_place() {
    let mut d = dispatcher();
    let held = slot(d.ask(ask(&[]), at(0)));
    let ticket = waits(&d.ask(ask(&[QUEUE, Step::Reject]), at(0)));
    assert_eq!(served(&mut d, &held, 31), []);
    d.ask(ask(&[]), at(31));
    assert!(matches!(d.resume(ticket, at(31)), Admission::Refused(_)));
}

#[test]
fn a_full_queue_moves_on_to_the_next_step() {
    let mut d = dispatcher();
    slot(d.ask(ask(&[]), at(0)));
    for _ in 0..3 {
        waits(&d.ask(ask(&[QUEUE, Step::Reject]), at(0)));
    }
    assert_eq!(
        way(d.ask(ask(&[QUEUE, Step::Burst, Step::Reject]), at(0))),
        ("cloud".to_owned(), Some(Step::Burst))
    );
}

#[test]
fn a_queue_is_bounded_in_bytes_and_in_tokens() {
    for large in [
        Ask { bytes: 2000, ..ask(&[QUEUE, Step::Reject]) },
        Ask { work: Work { prompt_tokens: 2000, ..Work::default() }, ..ask(&[QUEUE, Step::Reject]) },
    ] {
        let mut d = dispatcher();
        slot(d.ask(ask(&[]), at(0)));
        assert!(matches!(d.ask(large, at(0)), Admission::Refused(_)));
        waits(&d.ask(ask(&[QUEUE, Step::Reject]), at(0)));
    }
}

#[test]
fn steps_already_allowed_stay_allowed_while_waiting() {
    let mut d = dispatcher();
    let ladder = [Step::Degrade, QUEUE, Step::Reject];
    slot(d.ask(ask(&ladder), at(0)));
    let small = slot(d.ask(ask(&ladder), at(0)));
    let ticket = waits(&d.ask(ask(&ladder), at(0)));
    assert_eq!(served(&mut d, &small, 1), [ticket]);
}

#[test]
fn a_client_that_goes_leaves_the_queue_and_gives_a_granted_place_on() {
    let mut d = dispatcher();
    let held = slot(d.ask(ask(&[]), at(0)));
    let first = waits(&d.ask(ask(&[QUEUE]), at(0)));
    let second = waits(&d.ask(ask(&[QUEUE]), at(0)));
    let third = waits(&d.ask(ask(&[QUEUE]), at(0)));
    d.withdraw(first, at(1));
    assert_eq!(served(&mut d, &held, 1), [second]);
    assert_eq!(d.withdraw(second, at(1)), [third]);
}

#[test]
fn a_failing_target_is_tried_last_and_comes_back_after_its_rest() {
    let mut d = dispatcher();
    let both = || Ask { first: names(&["big", "small"]), ..ask(&[Step::Reject]) };
    let held = slot(d.ask(both(), at(0)));
    d.release(&held, Report::Failed, at(0));
    let other = slot(d.ask(both(), at(0)));
    assert_eq!(&*other.target, "small");
    // Nothing else is free: the resting one is better than none.
    let resting = slot(d.ask(both(), at(0)));
    assert_eq!(&*resting.target, "big");
    served(&mut d, &resting, 1);
    served(&mut d, &other, 1);
    assert_eq!(&*slot(d.ask(both(), at(1))).target, "big");
}

#[test]
fn a_late_request_gets_a_second_place_if_it_is_known_to_be_late_and_another_target_is_idle() {
    let mut d = with([settings("one", Some(10)), settings("two", Some(10))]);
    let to = |name: &str| Ask { first: equals(&[name]), ..ask(&[]) };
    let held = slot(d.ask(to("one"), at(0)));
    assert_eq!(d.usual_first_token(&held), None, "nobody knows yet what is late");
    for number in 0..20 {
        let other = slot(d.ask(to("one"), at(number)));
        d.first_token(&other, at(number) + Duration::from_millis(300));
        served(&mut d, &other, number);
    }
    let usual = d.usual_first_token(&held).unwrap();
    assert!((Duration::from_millis(200)..Duration::from_millis(400)).contains(&usual), "{usual:?}");
    assert_eq!(d.usual_answer(&held), None, "of answers that come whole nothing was seen");
    for number in 0..20 {
        let whole = slot(d.ask(to("one"), at(number)));
        served(&mut d, &whole, number + 3);
    }
    assert_eq!(d.usual_answer(&held).unwrap().as_secs_f64().round() as u64, 3);
    assert_eq!(d.usual_first_token(&held), Some(usual), "which says nothing of first tokens");
    let second = d.hedge(to("two"), at(20)).unwrap();
    assert_eq!(&*second.target, "two");
    served(&mut d, &second, 20);
    let busy: Vec<Slot> = (0..7).map(|_| slot(d.ask(to("two"), at(20)))).collect();
    assert_eq!(d.hedge(to("two"), at(20)), None, "seven of ten places are taken");
    busy.iter().for_each(|slot| drop(served(&mut d, slot, 20)));
    let mut paid = 0;
    while let Some(slot) = d.hedge(to("two"), at(20)) {
        served(&mut d, &slot, 20);
        paid += 1;
        assert!(paid < 100, "there is no end of hedges");
    }
    assert!(paid < 12, "hedges are paid for like retries: {paid}");
}

#[test]
fn the_limit_of_a_server_that_says_how_full_it_is_is_not_guessed() {
    let most = NonZeroU32::new(40).unwrap();
    let mut d = with([TargetSettings::server("big".into(), Limit::Learned { max: most })]);
    let report = |d: &mut Dispatcher, waiting: u32| {
        d.report("big", Reported { waiting: Some(waiting), ..Reported::default() }, at(0));
    };
    let running = |d: &mut Dispatcher, now: Moment| {
        while let Admission::Slot(_) = d.ask(ask(&[Step::Reject]), now) {}
        d.state(now).targets[0].in_flight
    };
    let begins_with = running(&mut d, at(0));
    assert!(begins_with < 20, "{begins_with}");
    report(&mut d, 9);
    assert_eq!(running(&mut d, at(0)), begins_with, "it says that requests wait there");
    report(&mut d, 0);
    assert_eq!(running(&mut d, at(0)), 40);
    assert_eq!(d.state(at(9)).targets[0].places, Some(begins_with), "what it said is old");
}

#[test]
fn a_server_that_has_to_load_the_model_first_is_passed_over_until_it_has() {
    let mut d = with([settings("one", None), settings("two", None)]);
    let ask = || Ask { first: equals(&["one", "two"]), ..ask(&[Step::Reject]) };
    let says = |d: &mut Dispatcher, name: &str, loaded: bool| {
        d.report(name, Reported { loaded: Some(loaded), ..Reported::default() }, at(0));
    };
    says(&mut d, "one", false);
    says(&mut d, "two", true);
    let held: Vec<Slot> = (0..3).map(|_| slot(d.ask(ask(), at(0)))).collect();
    assert!(held.iter().all(|slot| &*slot.target == "two"));
    says(&mut d, "one", true);
    assert_eq!(&*slot(d.ask(ask(), at(0))).target, "one");

    let mut d = with([settings("one", None)]);
    says(&mut d, "one", false);
    let alone = || Ask { first: equals(&["one"]), ..ask() };
    let cold = slot(d.ask(alone(), at(0)));
    assert!(cold.expected_first_token > at(5), "{:?}", cold.expected_first_token);
    d.first_token(&cold, at(2));
    served(&mut d, &cold, 2);
    d.report("one", Reported { loaded: Some(false), ..Reported::default() }, at(2));
    let again = slot(d.ask(alone(), at(2)));
    assert!(again.expected_first_token < at(6), "loading took two seconds: {:?}", again.expected_first_token);
    d.first_token(&again, at(2));
    served(&mut d, &again, 2);
    let warm = slot(d.ask(alone(), at(5)));
    assert!(
        warm.expected_first_token < at(1),
        "and says nothing of the rest: {:?}",
        warm.expected_first_token
    );
}

#[test]
fn a_refusal_says_what_is_in_the_way_and_of_several_things_what_may_be_over_soonest() {
    let obstacle = |d: &mut Dispatcher, ask: Ask, now: Moment| {
        let Admission::Refused(Refused::Full { obstacle, retry_after }) = d.ask(ask, now) else { panic!() };
        (obstacle, retry_after)
    };
    let mut d = with([settings("big", Some(8)), settings("small", Some(1))]);
    let held: Vec<Slot> = (0..5).map(|_| slot(d.ask(ask(&[Step::Reject]), at(2)))).collect();
    for (second, slot) in (3..).zip(&held) {
        d.release(slot, Report::Failed, at(second));
    }
    let (found, retry_after) = obstacle(&mut d, ask(&[Step::Reject]), at(7));
    assert_eq!(found, Obstacle::Out { since: at(4) }, "since the first of them failed");
    assert!(retry_after <= at(1), "{retry_after:?}");
    let busy = slot(d.ask(ask(&[Step::Degrade, Step::Reject]), at(7)));
    assert_eq!(&*busy.target, "small");
    assert_eq!(obstacle(&mut d, ask(&[Step::Degrade, Step::Reject]), at(7)).0, Obstacle::Busy);
    d.probed("big", true, Some(false), at(7));
    assert_eq!(obstacle(&mut d, ask(&[Step::Reject]), at(7)).0, Obstacle::Misplaced);

    let mut cloud = settings("cloud", None);
    cloud.daily_cap = Some(50);
    let mut d = with([settings("big", Some(1)), cloud]);
    d.probed("big", true, Some(false), at(0));
    let mut dear = ask(&[Step::Burst, Step::Reject]);
    dear.overflow.iter_mut().for_each(|candidate| candidate.micro_usd = 60);
    assert_eq!(obstacle(&mut d, dear, at(0)).0, Obstacle::Spent);
}

#[test]
fn a_target_that_says_that_it_is_full_is_given_nothing_until_then_and_waited_for() {
    let mut d = with([settings("big", None), settings("cloud", None)]);
    let held = slot(d.ask(ask(&[Step::Reject]), at(0)));
    d.release(&held, Report::Full(at(10)), at(0));
    assert!(
        matches!(d.ask(ask(&[Step::Reject]), at(1)), Admission::Refused(Refused::Full { retry_after, obstacle: Obstacle::Full }) if retry_after >= at(9))
    );
    let ticket = waits(&d.ask(ask(&[QUEUE, Step::Reject]), at(1)));
    let almost = at(10) - Duration::from_millis(1);
    let Admission::Wait { until, .. } = d.resume(ticket, almost) else { panic!() };
    assert_eq!(until, at(10));
    assert_eq!(way(d.resume(ticket, at(10))).0, "big");
}

#[test]
fn who_waits_for_a_target_that_is_out_is_let_in_when_it_is_tried_again() {
    let mut d = with([settings("big", None)]);
    for _ in 0..5 {
        let held = slot(d.ask(ask(&[]), at(0)));
        d.release(&held, Report::Failed, at(0));
    }
    let Admission::Wait { ticket, mut until } = d.ask(ask(&[QUEUE, Step::Reject]), at(0)) else { panic!() };
    let mut looks = 0;
    let held = loop {
        match d.resume(ticket, until) {
            Admission::Wait { until: next, .. } => until = next,
            other @ (Admission::Slot(_) | Admission::Refused(_)) => break slot(other),
        }
        looks += 1;
        assert!(looks < 5, "it is never let in");
    };
    assert!(served(&mut d, &held, 2).is_empty());
    assert_eq!(way(d.ask(ask(&[]), at(3))).0, "big");
}

#[test]
fn a_raised_limit_lets_waiting_requests_in() {
    let mut d = dispatcher();
    slot(d.ask(ask(&[]), at(0)));
    let ticket = waits(&d.ask(ask(&[QUEUE]), at(0)));
    assert_eq!(d.configure(LIMITS, [settings("big", Some(2))], at(1)), [ticket]);
}

#[test]
fn a_target_that_moved_to_the_cloud_under_its_name_is_not_given_to_those_who_wait_for_the_old_one() {
    let mut d = with([settings("big", Some(1))]);
    let held = slot(d.ask(ask(&[]), at(0)));
    let ticket = waits(&d.ask(ask(&[QUEUE, Step::Reject]), at(0)));
    let moved = TargetSettings::service("big".into(), Limit::None);
    assert_eq!(d.configure(LIMITS, [moved], at(1)), [ticket], "there is nothing to wait for any more");
    assert_eq!(d.resume(ticket, at(1)), Admission::Refused(Refused::NothingLeft));
    assert_eq!(way(d.ask(ask(&[]), at(1))).0, "big");
    assert_eq!(d.state(at(1)).targets.len(), 2, "the old one is there until its requests have ended");
    served(&mut d, &held, 2);
    assert_eq!(d.state(at(2)).targets.len(), 1);
}

#[test]
fn a_plan_without_targets_is_refused_as_such() {
    let empty = Ask { first: Vec::new(), degrade: Vec::new(), overflow: Vec::new(), ..ask(&[QUEUE]) };
    assert_eq!(dispatcher().ask(empty, at(0)), Admission::Refused(Refused::NothingLeft));
}

#[test]
fn places_that_came_free_by_themselves_go_to_those_who_wait_and_before_newcomers() {
    // Nine places, which a target that has come back gives out one by one.
    let back = || {
        let mut d = with([settings("big", Some(9))]);
        for _ in 0..5 {
            let held = slot(d.ask(ask(&[]), at(0)));
            d.release(&held, Report::Failed, at(0));
        }
        let trial = slot(d.ask(ask(&[]), at(2)));
        served(&mut d, &trial, 2);
        slot(d.ask(ask(&[]), at(2)));
        let ticket = waits(&d.ask(ask(&[QUEUE, Step::Reject]), at(2)));
        assert!(d.look_around(at(2)).is_empty());
        (d, ticket)
    };
    let (mut d, ticket) = back();
    assert_eq!(d.look_around(at(5)), [ticket]);
    assert_eq!(way(d.resume(ticket, at(5))).0, "big");
    let (mut d, ticket) = back();
    let newcomer = ask(&[Step::Reject]);
    assert_eq!(d.look_before(&newcomer, at(5)), [ticket]);
    slot(d.ask(newcomer, at(6)));
    assert_eq!(way(d.resume(ticket, at(6))).0, "big");
}

#[test]
fn what_may_leave_does_not_stand_in_line_before_what_may_not() {
    let mut d = dispatcher();
    let held = slot(d.ask(ask(&[]), at(0)));
    let ticket = waits(&d.ask(ask(&[QUEUE, Step::Reject]), at(0)));
    assert_eq!(way(d.ask(ask(&[Step::Burst, QUEUE]), at(1))).0, "cloud");
    assert_eq!(served(&mut d, &held, 2), [ticket]);
}

#[test]
fn batch_work_leaves_a_place_to_interactive_work_and_is_not_starved() {
    let batch =
        |ladder: &[Step]| Ask { claim: Claim { band: Band::Batch, ..Claim::default() }, ..ask(ladder) };
    let limits = QueueLimits { requests: 1000, bytes: 1 << 20, tokens: 1 << 20 };
    let mut d = Dispatcher::new(limits, 1);
    d.configure(limits, [settings("big", Some(5))], at(0));
    for _ in 0..4 {
        slot(d.ask(batch(&[Step::Reject]), at(0)));
    }
    assert!(matches!(d.ask(batch(&[Step::Reject]), at(0)), Admission::Refused(_)));
    slot(d.ask(ask(&[Step::Reject]), at(0)));
    let work = Work { prompt_tokens: 100, output_tokens: 10, prefix: None };
    let mut d = Dispatcher::new(limits, 1);
    d.configure(limits, [settings("big", Some(1))], at(0));
    let mut held = slot(d.ask(Ask { work, ..ask(&[]) }, at(0)));
    let waiting = |d: &mut Dispatcher, ask: Ask<'static>| waits(&d.ask(Ask { work, ..ask }, at(0)));
    let batch_tickets: Vec<Ticket> = (0..10).map(|_| waiting(&mut d, batch(&[QUEUE]))).collect();
    let _: Vec<Ticket> = (0..100).map(|_| waiting(&mut d, ask(&[QUEUE]))).collect();
    let mut batch_served = 0;
    for _ in 0..60 {
        let [ticket] = served(&mut d, &held, 1)[..] else { panic!() };
        batch_served += u32::from(batch_tickets.contains(&ticket));
        held = slot(d.resume(ticket, at(1)));
    }
    assert!((4..=7).contains(&batch_served), "{batch_served}");
}

#[test]
fn a_cap_for_the_day_is_kept_and_what_was_not_spent_is_given_back() {
    let mut cloud = settings("cloud", None);
    cloud.daily_cap = Some(100);
    let mut d = with([settings("big", Some(1)), cloud]);
    slot(d.ask(ask(&[]), at(0)));
    let dear = || {
        let mut ask = ask(&[Step::Burst, Step::Reject]);
        ask.overflow.iter_mut().for_each(|candidate| candidate.micro_usd = 60);
        ask
    };
    let first = slot(d.ask(dear(), at(0)));
    assert!(matches!(d.ask(dear(), at(0)), Admission::Refused(_)));
    d.cost(&first, 10);
    served(&mut d, &first, 1);
    slot(d.ask(dear(), at(1)));
    assert!(matches!(d.ask(dear(), at(1)), Admission::Refused(_)));
}

#[test]
fn prompts_that_begin_alike_go_to_the_same_replica_until_it_has_too_much_to_do() {
    let replicas: Vec<Arc<str>> = (0..4).map(|number| format!("big-{number}").into()).collect();
    let mut d = with(replicas.iter().map(|name| settings(name, None)));
    let prefix = Some(crate::Prefix { hash: 42, tokens: 1000 });
    let work = Work { prompt_tokens: 1200, output_tokens: 10, prefix };
    let ask = || Ask { first: Candidate::equals(&replicas), work, ..ask(&[Step::Reject]) };
    let mut send = || {
        let held = slot(d.ask(ask(), at(0)));
        d.first_token(&held, held.expected_first_token);
        held
    };
    let slots: Vec<Slot> = (0..20).map(|_| send()).collect();
    let of = |slot: &Slot| slots.iter().filter(|other| other.target == slot.target).count();
    assert_eq!(slots[0].target, slots[1].target);
    assert!(slots.iter().all(|slot| of(slot) < 12), "one replica was given nearly everything");
}

#[test]
fn equal_replicas_share_what_runs_and_the_first_is_taken_when_all_are_idle() {
    let replicas: Vec<Arc<str>> = (0..4).map(|number| format!("big-{number}").into()).collect();
    let mut d = with(replicas.iter().map(|name| settings(name, None)));
    let ask = || Ask { first: Candidate::equals(&replicas), ..ask(&[Step::Reject]) };
    for round in 0..3 {
        let held: Vec<Slot> = (0..8).map(|_| slot(d.ask(ask(), at(round)))).collect();
        for (number, slot) in held.iter().enumerate() {
            assert_eq!(*slot.target, *format!("big-{}", number % 4), "{round} {number}");
        }
        held.iter().for_each(|slot| drop(served(&mut d, slot, round)));
    }
}

#[test]
fn a_replica_that_fails_fast_is_given_little() {
    let replicas: Vec<Arc<str>> = (0..3).map(|number| format!("big-{number}").into()).collect();
    let mut d = with(replicas.iter().map(|name| settings(name, None)));
    let mut to_bad = 0;
    for tick in 0..3000_u64 {
        let now = Duration::from_millis(tick * 10);
        let held = slot(d.ask(Ask { first: Candidate::equals(&replicas), ..ask(&[Step::Reject]) }, now));
        if &*held.target == "big-0" {
            to_bad += u32::from(tick > 1000);
            d.release(&held, Report::Failed, now);
        } else {
            d.first_token(&held, now + Duration::from_millis(200));
            d.release(&held, Report::Served(Duration::from_millis(300)), now + Duration::from_millis(300));
        }
    }
    assert!(to_bad <= 100, "{to_bad} of 2,000");
}

proptest! {
    /// However requests come and go, no target ever runs more than its limit, no place is lost, and
    /// nothing runs on a target that its ask did not name.
    #[test]
    fn places_are_neither_lost_nor_given_twice(steps in proptest::collection::vec((0u8..5, any::<prop::sample::Index>(), 0usize..3), 1..120)) {
        let ladders: [&[Step]; 3] = [&[QUEUE, Step::Reject], &[Step::Degrade, QUEUE], &[Step::Burst, Step::Reject]];
        let mut d = dispatcher();
        let mut held: Vec<Slot> = Vec::new();
        let mut waiting: Vec<Ticket> = Vec::new();
        for (second, (what, pick, ladder)) in steps.into_iter().enumerate() {
            let now = at(second as u64);
            let mut woken = Vec::new();
            let mut admitted = Vec::new();
            match what {
                0 | 1 => admitted.push(d.ask(ask(ladders[ladder]), now)),
                2 if !held.is_empty() => {
                    let slot = held.swap_remove(pick.index(held.len()));
                    woken = d.release(&slot, Report::Served(at(1)), now);
                }
                3 if !waiting.is_empty() => {
                    let ticket = waiting.swap_remove(pick.index(waiting.len()));
                    woken = d.withdraw(ticket, now);
                }
                _ if !waiting.is_empty() => {
                    let ticket = waiting.swap_remove(pick.index(waiting.len()));
                    admitted.push(d.resume(ticket, now));
                }
                _ => {}
            }
            waiting.retain(|ticket| !woken.contains(ticket));
            admitted.extend(woken.into_iter().map(|ticket| d.resume(ticket, now)));
            for admission in admitted {
                match admission {
                    Admission::Slot(slot) => {
                        prop_assert!(ladder != 0 || what > 1 || &*slot.target == "big");
                        held.push(slot);
                    }
                    Admission::Wait { ticket, .. } => waiting.push(ticket),
                    Admission::Refused(_) => {}
                }
            }
            for target in d.state(now).targets {
                let running = held.iter().filter(|slot| slot.target == target.name).count();
                prop_assert_eq!(running as u32, target.in_flight);
                prop_assert!(target.in_flight <= 1);
            }
        }
    }
}

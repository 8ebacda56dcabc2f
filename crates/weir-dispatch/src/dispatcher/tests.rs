use super::*;
use proptest::prelude::*;

const LIMITS: QueueLimits = QueueLimits { requests: 3, bytes: 1000 };

fn at(seconds: u64) -> Moment {
    Moment::from_secs(seconds)
}

fn names(names: &[&str]) -> Vec<Arc<str>> {
    names.iter().map(|name| (*name).into()).collect()
}

/// One place on each of three targets: `big`, `small` (both local) and `cloud`.
fn dispatcher() -> Dispatcher {
    let mut dispatcher = Dispatcher::new(LIMITS);
    let targets = ["big", "small", "cloud"].map(|name| (name.into(), NonZeroU32::new(1)));
    dispatcher.configure(LIMITS, targets, at(0));
    dispatcher
}

fn ask(ladder: &[Step]) -> Ask {
    Ask {
        first: names(&["big"]),
        degrade: names(&["small"]),
        overflow: names(&["cloud"]),
        ladder: ladder.to_vec(),
        bytes: 100,
    }
}

const QUEUE: Step = Step::Queue(Duration::from_secs(30));

fn slot(target: &str, step: Option<Step>) -> Slot {
    Slot { target: target.into(), step }
}

fn waits(admission: &Admission) -> Ticket {
    let Admission::Wait { ticket, .. } = admission else { panic!("{admission:?}") };
    *ticket
}

#[test]
fn a_free_place_is_taken_at_once_and_the_ladder_only_when_there_is_none() {
    let mut d = dispatcher();
    let ladder = [Step::Degrade, Step::Burst, Step::Reject];
    assert_eq!(d.ask(ask(&ladder), at(0)), Admission::Slot(slot("big", None)));
    assert_eq!(d.ask(ask(&ladder), at(0)), Admission::Slot(slot("small", Some(Step::Degrade))));
    assert_eq!(d.ask(ask(&ladder), at(0)), Admission::Slot(slot("cloud", Some(Step::Burst))));
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
    let Admission::Slot(held) = d.ask(ask(&[QUEUE, Step::Reject]), at(0)) else { panic!() };
    let first = waits(&d.ask(ask(&[QUEUE, Step::Reject]), at(1)));
    let second = waits(&d.ask(ask(&[QUEUE, Step::Reject]), at(2)));
    assert_eq!(d.release(&held, Report::Served(at(3)), at(3)), [first]);
    assert!(matches!(d.ask(ask(&[Step::Reject]), at(3)), Admission::Refused(_)));
    let Admission::Slot(held) = d.resume(first, at(3)) else { panic!() };
    assert_eq!(held, slot("big", Some(QUEUE)));
    assert!(matches!(d.resume(second, at(4)), Admission::Wait { .. }));
    assert_eq!(d.release(&held, Report::Served(at(1)), at(4)), [second]);
}

#[test]
fn a_queued_request_takes_the_next_step_at_its_time() {
    let mut d = dispatcher();
    d.ask(ask(&[]), at(0));
    let ticket = waits(&d.ask(ask(&[QUEUE, Step::Degrade, Step::Reject]), at(0)));
    assert!(matches!(d.resume(ticket, at(29)), Admission::Wait { .. }));
    assert_eq!(d.resume(ticket, at(30)), Admission::Slot(slot("small", Some(Step::Degrade))));
    assert_eq!(d.state().queued, 0);
}

#[test]
fn an_expired_request_is_given_no_place() {
    let mut d = dispatcher();
    let Admission::Slot(held) = d.ask(ask(&[]), at(0)) else { panic!() };
    let ticket = waits(&d.ask(ask(&[QUEUE, Step::Reject]), at(0)));
    assert_eq!(d.release(&held, Report::Served(at(31)), at(31)), []);
    assert!(matches!(d.resume(ticket, at(31)), Admission::Refused(_)));
}

#[test]
fn a_full_queue_moves_on_to_the_next_step() {
    let mut d = dispatcher();
    d.ask(ask(&[]), at(0));
    for _ in 0..3 {
        waits(&d.ask(ask(&[QUEUE, Step::Reject]), at(0)));
    }
    assert_eq!(
        d.ask(ask(&[QUEUE, Step::Burst, Step::Reject]), at(0)),
        Admission::Slot(slot("cloud", Some(Step::Burst)))
    );
    let large = Ask { bytes: 2000, ..ask(&[QUEUE, Step::Reject]) };
    let mut empty = dispatcher();
    empty.ask(ask(&[]), at(0));
    assert!(matches!(empty.ask(large, at(0)), Admission::Refused(_)));
}

#[test]
fn steps_already_allowed_stay_allowed_while_waiting() {
    let mut d = dispatcher();
    let ladder = [Step::Degrade, QUEUE, Step::Reject];
    d.ask(ask(&ladder), at(0));
    let Admission::Slot(small) = d.ask(ask(&ladder), at(0)) else { panic!() };
    let ticket = waits(&d.ask(ask(&ladder), at(0)));
    assert_eq!(d.release(&small, Report::Served(at(1)), at(1)), [ticket]);
}

#[test]
fn a_client_that_goes_leaves_the_queue_and_gives_a_granted_place_on() {
    let mut d = dispatcher();
    let Admission::Slot(held) = d.ask(ask(&[]), at(0)) else { panic!() };
    let first = waits(&d.ask(ask(&[QUEUE]), at(0)));
    let second = waits(&d.ask(ask(&[QUEUE]), at(0)));
    let third = waits(&d.ask(ask(&[QUEUE]), at(0)));
    d.withdraw(first, at(1));
    assert_eq!(d.release(&held, Report::Served(at(1)), at(1)), [second]);
    assert_eq!(d.withdraw(second, at(1)), [third]);
}

#[test]
fn a_failing_target_is_tried_last_and_comes_back_after_its_rest() {
    let mut d = dispatcher();
    let both = || Ask { first: names(&["big", "small"]), ..ask(&[Step::Reject]) };
    let Admission::Slot(held) = d.ask(both(), at(0)) else { panic!() };
    d.release(&held, Report::Failed, at(0));
    let Admission::Slot(other) = d.ask(both(), at(0)) else { panic!() };
    assert_eq!(&*other.target, "small");
    // Nothing else is free: the resting one is better than none.
    let Admission::Slot(resting) = d.ask(both(), at(0)) else { panic!() };
    assert_eq!(&*resting.target, "big");
    d.release(&resting, Report::Served(at(1)), at(1));
    d.release(&other, Report::Served(at(1)), at(1));
    assert!(matches!(d.ask(both(), at(1)), Admission::Slot(slot) if &*slot.target == "big"));
}

#[test]
fn a_raised_limit_lets_waiting_requests_in() {
    let mut d = dispatcher();
    d.ask(ask(&[]), at(0));
    let ticket = waits(&d.ask(ask(&[QUEUE]), at(0)));
    assert_eq!(d.configure(LIMITS, [("big".into(), NonZeroU32::new(2))], at(1)), [ticket]);
}

#[test]
fn a_plan_without_targets_is_refused_as_such() {
    let empty = Ask { first: Vec::new(), degrade: Vec::new(), overflow: Vec::new(), ..ask(&[QUEUE]) };
    assert_eq!(dispatcher().ask(empty, at(0)), Admission::Refused(Refused::NothingLeft));
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
            for (name, state) in d.state().targets {
                let running = held.iter().filter(|slot| slot.target == name).count();
                prop_assert_eq!(running as u32, state.in_flight);
                prop_assert!(state.in_flight <= 1);
            }
        }
    }
}

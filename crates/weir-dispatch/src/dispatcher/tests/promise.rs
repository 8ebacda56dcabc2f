//! What is promised of first tokens and of whole answers.

use super::*;

/// A target that takes two seconds to the first token, as has been seen.
fn slow() -> Dispatcher {
    let mut d = with([settings("big", None), settings("small", None), settings("cloud", None)]);
    for second in 0..60 {
        let held = slot(d.ask(ask(&[Step::Burst, Step::Reject]), at(second * 10)));
        d.first_token(&held, at(second * 10 + 2));
        served(&mut d, &held, second * 10 + 3);
    }
    d
}

fn promised(milliseconds: u64, ladder: &[Step]) -> Ask<'static> {
    let first_token = Some(Duration::from_millis(milliseconds));
    Ask { promise: Promise { first_token, deadline: None }, ..ask(ladder) }
}

#[test]
fn a_step_that_cannot_hold_its_promise_is_passed_over() {
    let burst = [Step::Burst, QUEUE, Step::Reject];
    assert_eq!(way(slow().ask(promised(5000, &burst), at(595))), ("big".to_owned(), None));
    let mut d = slow();
    assert_eq!(way(d.ask(promised(1000, &burst), at(595))), ("cloud".to_owned(), Some(Step::Burst)));
    assert_eq!(
        way(slow().ask(promised(100, &[QUEUE, Step::Reject]), at(595))),
        ("big".to_owned(), None),
        "when no step can, the soonest is taken"
    );
}

/// `big` takes two seconds to the first token, or so many milliseconds more or less; `small` takes little.
fn erratic(off: u64) -> Dispatcher {
    let mut d = with([settings("big", None), settings("small", None), settings("cloud", None)]);
    let took = [2000, 2000 - off, 2000 + off].map(Duration::from_millis);
    for (turn, took) in (0..200).zip(took.into_iter().cycle()) {
        let now = at(turn * 5);
        let held = slot(d.ask(promised(3000, &[]), now));
        d.first_token(&held, now + took);
        served(&mut d, &held, turn * 5 + 4);
        let held = slot(d.ask(Ask { first: names(&["small"]), ..promised(3000, &[]) }, now));
        d.first_token(&held, now + Duration::from_millis(300));
        served(&mut d, &held, turn * 5 + 4);
    }
    d
}

#[test]
fn a_server_whose_first_tokens_come_as_they_like_is_promised_less_of() {
    let confined = [Step::Degrade, Step::Reject];
    assert_eq!(way(erratic(0).ask(promised(2500, &confined), at(1002))), ("big".to_owned(), None));
    let degraded = ("small".to_owned(), Some(Step::Degrade));
    assert_eq!(way(erratic(0).ask(promised(2200, &confined), at(1002))), degraded);
    assert_eq!(way(erratic(800).ask(promised(2500, &confined), at(1002))), degraded);
}

#[test]
fn a_target_that_was_slow_is_tried_again_now_and_then() {
    let burst = [Step::Burst, QUEUE, Step::Reject];
    let mut d = slow();
    assert_eq!(way(d.ask(promised(1000, &burst), at(599))).0, "cloud");
    let held = slot(d.ask(promised(1000, &burst), at(620)));
    assert_eq!(&*held.target, "big");
    assert_eq!(way(d.ask(promised(1000, &burst), at(620))).0, "cloud", "one is enough");
}

#[test]
fn what_cannot_be_answered_before_its_deadline_is_refused_at_the_door() {
    let mut d = slow();
    let by = |deadline| Ask {
        promise: Promise { first_token: None, deadline: Some(deadline) },
        ..ask(&[QUEUE, Step::Reject])
    };
    assert!(matches!(d.ask(by(at(600)), at(599)), Admission::Refused(Refused::TooLate { .. })));
    slot(d.ask(by(at(609)), at(599)));
}

fn due(deadline: Moment, output_tokens: u32) -> Ask<'static> {
    Ask {
        promise: Promise { first_token: None, deadline: Some(deadline) },
        work: Work { output_tokens, ..Work::default() },
        ..ask(&[QUEUE, Step::Reject])
    }
}

#[test]
fn a_free_place_on_a_server_that_nobody_knows_is_taken_however_soon_the_deadline() {
    // A middling server would take seconds for so long an answer; this one has shown nothing yet.
    let mut d = dispatcher();
    for number in 0..5 {
        let held = slot(d.ask(due(at(number + 1), 2000), at(number)));
        d.first_token(&held, at(number) + Duration::from_millis(500));
        d.produced(&held, 20);
        served(&mut d, &held, number + 1);
    }
    // By now it has: 2000 tokens take it a minute.
    let refused = d.ask(due(at(7), 2000), at(6));
    assert!(matches!(refused, Admission::Refused(Refused::TooLate { .. })), "{refused:?}");
    slot(d.ask(due(at(7), 1), at(6)));
}

#[test]
fn a_server_that_was_too_slow_for_every_deadline_is_tried_again_now_and_then() {
    let mut d = slow();
    assert!(matches!(d.ask(due(at(600), 1), at(599)), Admission::Refused(Refused::TooLate { .. })));
    let tried = d.ask(due(at(621), 1), at(620));
    assert_eq!(way(tried).0, "big");
    assert!(matches!(d.ask(due(at(621), 1), at(620)), Admission::Refused(Refused::TooLate { .. })));
}

#[test]
fn what_may_leave_leaves_early_while_room_is_kept_for_what_may_not() {
    let (free, confined) = ([Step::Burst, Step::Reject], [QUEUE, Step::Reject]);
    // Two seconds of two and a half: well enough for all, but for the margin of what may leave.
    let mut d = slow();
    assert_eq!(way(d.ask(promised(2700, &free), at(595))).0, "big");
    let mut d = slow();
    let held = slot(d.ask(promised(2700, &confined), at(595)));
    d.first_token(&held, at(597));
    served(&mut d, &held, 597);
    assert_eq!(way(d.ask(promised(2700, &free), at(598))), ("cloud".to_owned(), Some(Step::Burst)));
    assert_eq!(way(d.ask(promised(2700, &confined), at(598))).0, "big");
}

#[test]
fn what_may_leave_leaves_two_fifths_of_the_promised_time_to_what_may_not_and_no_more() {
    let free = [Step::Burst, Step::Reject];
    let way_of = |milliseconds| {
        let mut d = slow();
        let held = slot(d.ask(promised(2700, &[QUEUE, Step::Reject]), at(595)));
        d.first_token(&held, at(597));
        served(&mut d, &held, 597);
        way(d.ask(promised(milliseconds, &free), at(598))).0
    };
    // It takes two seconds.
    assert_eq!(way_of(3100), "cloud");
    assert_eq!(way_of(3600), "big");
}

//! Where there is room, and for whom: what servers say, what is kept, and how those that were ill come back.

use super::*;

fn replicas(names: &[&str]) -> Ask<'static> {
    Ask { first: equals(names), ..ask(&[Step::Reject]) }
}

fn says(d: &mut Dispatcher, name: &str, reported: Reported) {
    d.report(name, reported, at(0));
}

#[test]
fn a_fifth_of_the_places_is_kept_for_what_may_go_nowhere_else_while_that_comes() {
    let mut d = with([settings("big", Some(10)), settings("cloud", None)]);
    let free = || ask(&[Step::Burst, Step::Reject]);
    let confined = || ask(&[Step::Reject]);
    for _ in 0..6 {
        assert_eq!(way(d.ask(free(), at(0))).0, "big");
    }
    for _ in 0..2 {
        assert_eq!(way(d.ask(confined(), at(0))).0, "big", "more than half is taken");
    }
    assert_eq!(way(d.ask(free(), at(0))).0, "cloud");
    for _ in 0..2 {
        assert_eq!(way(d.ask(confined(), at(0))).0, "big");
    }
    assert!(matches!(d.ask(confined(), at(0)), Admission::Refused(_)));
}

#[test]
fn a_server_whose_cache_is_full_is_given_no_more_than_one() {
    let mut d = with([settings("big", None)]);
    says(&mut d, "big", Reported { cache_used: Some(0.96), ..Reported::default() });
    let held = slot(d.ask(replicas(&["big"]), at(0)));
    assert!(
        matches!(d.ask(replicas(&["big"]), at(0)), Admission::Refused(_)),
        "it shows what it does with one"
    );
    says(&mut d, "big", Reported { cache_used: Some(0.94), ..Reported::default() });
    slot(d.ask(replicas(&["big"]), at(0)));
    served(&mut d, &held, 0);
}

#[test]
fn a_server_that_has_fallen_silent_is_taken_last() {
    let mut d = with([settings("one", None), settings("two", None)]);
    says(&mut d, "one", Reported { running: Some(0), ..Reported::default() });
    assert_eq!(way(d.ask(replicas(&["one", "two"]), at(1))).0, "one");
    for _ in 0..5 {
        assert_eq!(way(d.ask(replicas(&["one", "two"]), at(3))).0, "two");
    }
    assert_eq!(way(d.ask(replicas(&["one"]), at(3))).0, "one", "it is better than none");
}

#[test]
fn the_requests_of_others_count_where_the_server_tells_of_them() {
    let mut d = with([settings("one", None), settings("two", None)]);
    let work = Work { prompt_tokens: 1000, ..Work::default() };
    let expected = |d: &mut Dispatcher, name: &str| {
        let held = slot(d.ask(Ask { work, ..replicas(&[name]) }, at(0)));
        d.release(&held, Report::Abandoned, at(0));
        held.expected_first_token
    };
    says(&mut d, "one", Reported { running: Some(40), ..Reported::default() });
    let (slower, idle) = (expected(&mut d, "one"), expected(&mut d, "two"));
    assert!(slower > idle, "{slower:?} {idle:?}");
    says(&mut d, "one", Reported { running: Some(40), waiting: Some(4), ..Reported::default() });
    let waits = expected(&mut d, "one");
    assert!(waits > slower + Duration::from_millis(300), "four prompts wait there: {waits:?} {slower:?}");
}

/// One that five failures have taken out, at the time when it may be tried.
fn out(limit: Option<u32>) -> Dispatcher {
    let mut d = with([settings("big", limit)]);
    for _ in 0..5 {
        let held = slot(d.ask(replicas(&["big"]), at(0)));
        d.release(&held, Report::Failed, at(0));
    }
    d
}

#[test]
fn a_trial_whose_client_goes_away_tells_nothing_and_the_next_one_is_a_trial_again() {
    let mut d = out(None);
    let trial = slot(d.ask(replicas(&["big"]), at(2)));
    assert!(matches!(d.ask(replicas(&["big"]), at(2)), Admission::Refused(_)), "there is one at a time");
    d.release(&trial, Report::Abandoned, at(2));
    slot(d.ask(replicas(&["big"]), at(2)));
    assert!(matches!(d.ask(replicas(&["big"]), at(2)), Admission::Refused(_)));
}

#[test]
fn a_target_that_serves_its_model_again_is_loaded_slowly() {
    let mut d = with([settings("big", Some(10))]);
    let places = |d: &Dispatcher, second| d.state(at(second)).targets[0].places;
    d.probed("big", true, Some(false), at(0));
    assert!(matches!(d.ask(replicas(&["big"]), at(1)), Admission::Refused(_)));
    d.probed("big", true, Some(true), at(2));
    assert_eq!([places(&d, 2), places(&d, 7), places(&d, 12)], [Some(1), Some(5), Some(10)]);
}

#[test]
fn a_limit_that_is_learnt_shrinks_when_requests_fail() {
    let most = NonZeroU32::new(40).unwrap();
    let mut d = with([TargetSettings::server("big".into(), Limit::Learned { max: most })]);
    let places = |d: &Dispatcher| d.state(at(0)).targets[0].places.unwrap();
    let before = places(&d);
    let held = slot(d.ask(replicas(&["big"]), at(0)));
    d.release(&held, Report::Failed, at(0));
    assert!(places(&d) < before);
}

#[test]
fn a_smaller_model_that_nobody_knows_is_taken_to_be_no_slower_than_the_larger_one() {
    let mut d = dispatcher();
    let work = Work { prompt_tokens: 10_000, ..Work::default() };
    let mut expected = Vec::new();
    for _ in 0..2 {
        // It reads ten thousand tokens in a tenth of a second, which takes a middling server one.
        let held = slot(d.ask(Ask { work, ..ask(&[Step::Degrade]) }, at(0)));
        d.first_token(&held, Duration::from_millis(100));
        let small = slot(d.ask(Ask { work, ..ask(&[Step::Degrade]) }, at(1)));
        assert_eq!(&*small.target, "small");
        expected.push(small.expected_first_token);
        d.release(&small, Report::Abandoned, at(1));
        served(&mut d, &held, 1);
    }
    assert!(expected[0] < Duration::from_millis(200), "{expected:?}");
}

#[test]
fn a_target_that_rests_is_no_place_for_a_hedge() {
    let mut d = with([settings("one", None)]);
    let held = slot(d.ask(replicas(&["one"]), at(0)));
    d.release(&held, Report::Failed, at(0));
    assert_eq!(d.hedge(replicas(&["one"]), at(0)), None);
    assert!(d.hedge(replicas(&["one"]), at(1)).is_some());
}

fn prompt(d: &mut Dispatcher, targets: &[&str], prompt_tokens: u32, prefix: Option<crate::Prefix>) -> Slot {
    let work = Work { prompt_tokens, output_tokens: 10, prefix };
    slot(d.ask(Ask { work, ..replicas(targets) }, at(0)))
}

#[test]
fn the_replica_that_read_a_beginning_is_waited_for_no_longer_than_it_saves() {
    let both = ["one", "two"];
    let mut d = with(both.map(|name| settings(name, None)));
    let begins = |tokens| Some(crate::Prefix { hash: 42, tokens });
    let known = prompt(&mut d, &both, 10, begins(10));
    d.release(&known, Report::Abandoned, at(0));
    // A tenth of a second of reading comes first there.
    prompt(&mut d, &[&known.target], 1000, None);
    let to = |d: &mut Dispatcher, saved_tokens| {
        let held = prompt(d, &both, 3000, begins(saved_tokens));
        d.release(&held, Report::Abandoned, at(0));
        held.target
    };
    assert_ne!(to(&mut d, 500), known.target);
    assert_eq!(to(&mut d, 2500), known.target);
}

#[test]
fn of_replicas_with_as_many_requests_the_one_that_answers_first_is_taken() {
    let mut d = with(["one", "two"].map(|name| settings(name, None)));
    prompt(&mut d, &["one"], 1000, None);
    prompt(&mut d, &["two"], 1000, None);
    assert_eq!(&*prompt(&mut d, &["one", "two"], 10, None).target, "one", "they are alike");
    prompt(&mut d, &["two"], 10, None);
    prompt(&mut d, &["one"], 500, None);
    prompt(&mut d, &["two"], 10, None);
    assert_eq!(&*prompt(&mut d, &["one", "two"], 10, None).target, "two");
}

//! Backends that are killed, stall, fail fast, are slow, or come back as something else.

use super::crowd::ask;
use super::support::backends::with_the_first_late;
use super::{Field, PERSONAL, in_one_of_three_tries, long, seconds, served, tally};
use std::time::{Duration, Instant};
use weir_rig::fake::{Failure, Fault, Script};

const QUEUE: &str = "[queue 10s, reject]";

fn failing() -> Script {
    let broken = Failure::openai(500, "server_error", "x", "broken");
    Script::failing(Fault::Status(broken)).probes_fail().record(false)
}

fn healthy() -> Script {
    Script::default().latency(Duration::from_millis(20)).record(false)
}

#[test]
fn a_backend_that_is_killed_costs_nobody_their_answer() {
    let mut field = Field::new(2, "", "", "", QUEUE);
    field.local.iter().for_each(|fake| fake.set(healthy()));
    let before = field.crowd.evenly(20.0, seconds(1.0), |_| ask(PERSONAL));
    assert_eq!(served(&before), before.len(), "{:?}", tally(&before));
    let mut killed = field.local.remove(0);
    field.backends.stop(&mut killed);
    let after = field.crowd.evenly(20.0, seconds(2.0), |_| ask(PERSONAL));
    assert_eq!(served(&after), after.len(), "the other replica takes over: {:?}", tally(&after));
    field.gateway.until("it is known to be gone", |_| field.condition("gpu-0") == "out");
    field.gateway.until("that is on record", |gateway| {
        gateway.home.state_holds("\"type\":\"backend.health\"")
            && gateway.home.state_holds("\"condition\":\"out\",\"previous\":\"well\"")
    });
    let why = field.target("gpu-0");
    assert_eq!(why["why"], "its requests fail", "{why}");
    assert!(why["failing_for_ms"].as_u64().unwrap() > 0 && why["for_ms"].is_u64(), "{why}");
    field.assert_sound();
}

#[test]
fn a_backend_that_fails_fast_does_not_draw_the_load() {
    // Where many are sent before the first has failed, because the machine was busy, many get there.
    in_one_of_three_tries(|| {
        let field = Field::new(3, "", "", "", QUEUE);
        field.local[1].set(failing());
        field.local[0].set(healthy());
        field.local[2].set(healthy());
        let sent = field.crowd.evenly(50.0, seconds(3.0), |_| ask(PERSONAL));
        assert_eq!(served(&sent), sent.len(), "{:?}", tally(&sent));
        let share = field.local[1].requests() as f64 / sent.len() as f64;
        field.assert_sound();
        let said = format!("a third of the fleet failed fast and got {share:.2} of the requests");
        if share < 0.10 { Ok(()) } else { Err(said) }
    });
}

#[test]
fn a_backend_that_stalls_is_left_within_its_time_limit() {
    let field = Field::new(2, "timeouts: { first_token: 1s, total: 1s },", "", "", QUEUE);
    field.local[0].set(Script::failing(Fault::HangBeforeHead).record(false));
    field.local[1].set(healthy());
    let sent = field.crowd.evenly(20.0, seconds(2.0), |_| ask(PERSONAL));
    assert_eq!(served(&sent), sent.len(), "{:?}", tally(&sent));
    field.assert_sound();
}

#[test]
fn a_slow_replica_gets_less_than_a_quick_one() {
    in_one_of_three_tries(|| {
        let field = Field::new(2, "", ", concurrency: 32", "", QUEUE);
        let stream = |gap: u64| Script::default().latency(Duration::from_millis(gap)).record(false);
        field.local[0].set(stream(400));
        field.local[1].set(stream(20));
        let body = |_: usize| {
            let mut body = ask(PERSONAL);
            body["stream"] = true.into();
            body
        };
        let sent = field.crowd.evenly(25.0, seconds(4.0), body);
        assert_eq!(served(&sent), sent.len(), "{:?}", tally(&sent));
        let (slow, quick) = (field.local[0].requests(), field.local[1].requests());
        field.assert_sound();
        if slow * 3 < quick { Ok(()) } else { Err(format!("slow {slow}, quick {quick}")) }
    });
}

/// Asks until a request is late at the replica that has the fault, and checks that the other one answered instead, and
/// what the record says of it.
fn assert_late_is_asked_of_the_other(fault: &Fault, body: &serde_json::Value) {
    let field = Field::new(2, "", "", "hedge: true", QUEUE);
    let quick = Script::default().latency(Duration::from_millis(10));
    field.local.iter().for_each(|fake| fake.set(quick.clone()));
    let usual = field.crowd.evenly(30.0, Duration::from_secs(3), |_| body.clone());
    assert_eq!(served(&usual), usual.len(), "{:?}", tally(&usual));
    field.local.iter().for_each(weir_rig::fake::Fake::forget);
    let one = || field.crowd.ends(field.crowd.all([body.clone()])).remove(0);
    let (late, sent) = with_the_first_late([&field.local[0], &field.local[1]], &quick, fault, one);
    assert_eq!((sent.status, sent.backend.as_str()), (200, format!("gpu-{}", 1 - late).as_str()));
    field.gateway.until("the late attempt is cancelled", |_| {
        field.local[late].in_flight() == 0 && !field.local[late].cancelled().is_empty()
    });
    let rows = field.gateway.home.audit(&[]);
    let hedge =
        rows.iter().rfind(|row| row["decision"]["reason"] == "hedge").expect("a record of the second");
    assert_eq!((&hedge["decision"]["attempt"], &hedge["outcome"]["attempts"]), (&2.into(), &2.into()));
    assert_eq!(hedge["outcome"]["outcome"], "ok");
    field.assert_sound();
}

#[test]
fn a_stream_that_is_late_is_asked_of_a_replica_too_and_the_late_one_is_cancelled() {
    let mut body = ask(PERSONAL);
    body["stream"] = true.into();
    assert_late_is_asked_of_the_other(&Fault::HangAfter(0), &body);
}

#[test]
fn an_answer_that_comes_whole_and_is_late_is_asked_of_a_replica_too() {
    assert_late_is_asked_of_the_other(&Fault::HangBeforeHead, &ask(PERSONAL));
}

#[test]
fn a_backend_that_comes_back_with_another_model_is_not_used_until_it_has_the_right_one() {
    let field = Field::new(1, "", "", "", "[reject]");
    let one = || field.crowd.ends(field.crowd.all([ask(PERSONAL)])).remove(0);
    let serving = |model: &str| Script::serving([model]).record(false);
    field.local[0].set(serving("m"));
    assert_eq!(one().status, 200);
    field.gateway.until("it was asked for its models", |_| field.local[0].probes() > 0);
    field.local[0].set(failing());
    field.gateway.until("it is out, and that is said", |_| {
        let refused = one();
        (refused.status, refused.code.as_str()) == (503, "unavailable")
    });
    field.local[0].set(serving("other"));
    field.gateway.until("the other model is noticed", |_| field.condition("gpu-0") == "wrong_model");
    let requests = field.local[0].requests();
    let refused = one();
    assert_eq!((refused.status, refused.code.as_str()), (503, "unavailable"));
    assert_eq!(field.local[0].requests(), requests, "it is asked nothing");
    field.local[0].set(serving("m"));
    field.gateway.until("the right one is back", |_| field.condition("gpu-0") == "well");
    assert_eq!(one().status, 200);
    field.assert_sound();
}

#[test]
fn a_storm_of_failures_adds_a_fifth_to_the_load_at_most_and_is_over_soon() {
    let field = Field::new(3, "", "", "", QUEUE);
    field.local.iter().for_each(|fake| fake.set(failing()));
    let sent = field.crowd.evenly(60.0, seconds(4.0), |_| ask(PERSONAL));
    let upstream: u64 = field.local.iter().map(weir_rig::fake::Fake::requests).sum();
    // Each backend may be sent three for nothing at first, and one every ten seconds.
    let free = 3.0 * (3.0 + seconds(4.0).as_secs_f64() / 10.0);
    let most = (sent.len() as f64 * 1.2 + free).ceil() as u64;
    assert!(upstream <= most, "{} requests made {upstream}", sent.len());
    assert_eq!(served(&sent), 0);
    field.local.iter().for_each(|fake| fake.set(healthy()));
    let healed = Instant::now();
    let all_are_served = || {
        let sent = field.crowd.evenly(20.0, Duration::from_secs(1), |_| ask(PERSONAL));
        served(&sent) == sent.len()
    };
    field.gateway.until("all are served again", |_| all_are_served());
    let well = healed.elapsed();
    assert!(all_are_served(), "and it stays so");
    field.assert_sound();
    if long() > 1 {
        eprintln!("storm: {} requests, {upstream} sent to backends, well {well:?} after healing", sent.len());
    }
}

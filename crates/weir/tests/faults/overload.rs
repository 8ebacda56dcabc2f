//! More than the servers bear.

use super::crowd::{Crowd, ask};
use super::{Field, PERSONAL, Sent, in_one_of_three_tries, long, seconds, served, tally};
use std::time::Duration;
use weir_rig::fake::{Fault, Script, WhenFull};

/// A server that does ten requests at a time in a quarter of a second each, and lets others wait.
fn server() -> Script {
    Script::default().latency(Duration::from_millis(250)).capacity(10, WhenFull::Queue).record(false)
}

const CAPACITY: f64 = 40.0;

/// Answers a second that came within `patience`.
fn goodput(sent: &[Sent], time: Duration, patience: Duration) -> f64 {
    let good = sent.iter().filter(|sent| sent.status == 200 && sent.took <= patience).count();
    good as f64 / time.as_secs_f64()
}

/// The goodput at so many times what the server bears.
fn at(times: f64, concurrency: &str) -> f64 {
    let field = Field::new(1, "", concurrency, "queue: 20", "[queue 1s, reject]");
    field.local[0].set(server());
    // The limit, where it is learnt, is learnt from something.
    field.crowd.evenly(CAPACITY * times.min(1.0), Duration::from_secs(2), |_| ask(PERSONAL));
    let time = seconds(4.0);
    let sent = field.crowd.evenly(CAPACITY * times, time, |_| ask(PERSONAL));
    let good = goodput(&sent, time, Duration::from_secs(2));
    eprintln!(
        "{times}x{concurrency}: goodput {good:.1}/s of {CAPACITY}, {:?}, places {}, in flight at the server {}",
        tally(&sent),
        field.target("gpu-0")["places"],
        field.local[0].in_flight(),
    );
    assert!(sent.iter().all(|sent| [200, 503].contains(&sent.status)), "{:?}", tally(&sent));
    field.assert_sound();
    good
}

fn goodput_stays(concurrency: &str, loads: &[f64]) {
    in_one_of_three_tries(|| {
        let peak = at(1.0, concurrency);
        if peak <= 0.8 * CAPACITY {
            return Err(format!("{peak:.1} of {CAPACITY}"));
        }
        for times in loads {
            let good = at(*times, concurrency);
            if good < 0.9 * peak {
                return Err(format!("{times}x{concurrency}: {good:.1} of {peak:.1}"));
            }
        }
        Ok(())
    });
}

#[test]
fn goodput_stays_under_overload_with_a_declared_limit() {
    goodput_stays(", concurrency: 10", if long() > 1 { &[2.0, 5.0, 10.0] } else { &[5.0] });
}

#[test]
fn goodput_stays_under_overload_with_a_limit_that_is_learnt() {
    goodput_stays("", if long() > 1 { &[2.0, 5.0, 10.0] } else { &[5.0] });
}

#[test]
fn a_backend_without_a_declared_limit_is_not_given_all_that_comes() {
    let field = Field::new(1, "", "", "queue: 1000", "[queue 60s, reject]");
    field.local[0].set(Script::failing(Fault::HangBeforeHead).record(false));
    let sent = field.crowd.all((0..400).map(|_| ask(PERSONAL)));
    field.gateway.until("all have come", |gateway| {
        let [sent, waiting] = ["weir_in_flight", "weir_queue_length"].map(|name| gateway.metric(name, &[]));
        sent + waiting >= 400.0
    });
    assert!(field.local[0].in_flight() <= 64, "{} at once", field.local[0].in_flight());
    field.local[0].set(Script::default().record(false));
    field.local[0].release();
    let ended = field.crowd.ends(sent);
    assert_eq!(served(&ended), 400, "{:?}", tally(&ended));
    field.assert_sound();
}

#[test]
fn busy_tenants_are_served_by_their_weights() {
    in_one_of_three_tries(shares_are_as_the_weights);
}

fn shares_are_as_the_weights() -> Result<(), String> {
    let tenants = "tenants: { double: { weight: 2 }, default: { weight: 1 } }";
    // Few requests a second: who is behind must be so by the order of the queue, not by what this machine can send.
    let field = Field::with(tenants, 1, "", ", concurrency: 8", "queue: 200", "[queue 20s, reject]");
    field.local[0].set(Script::default().latency(Duration::from_millis(200)).record(false));
    let names = ["double", "one", "other"];
    let crowds = names.map(|tenant| {
        let key = field.gateway.home.create_key(&[tenant, "--tenant", tenant]);
        Crowd::with_key(field.gateway.data, &key.bearer())
    });
    field.gateway.until("the keys count", |_| {
        crowds.iter().all(|crowd| crowd.ends(crowd.all([ask(PERSONAL)]))[0].status == 200)
    });
    // The other asks with three times as many clients, and has no more of it.
    let begun = [20, 20, 60]
        .into_iter()
        .zip(&crowds)
        .map(|(clients, crowd)| crowd.insist(clients, seconds(6.0), &ask(PERSONAL)));
    let begun: Vec<_> = begun.collect();
    let served: Vec<f64> =
        begun.into_iter().zip(&crowds).map(|(handle, crowd)| crowd.end(handle) as f64).collect();
    let total: f64 = served.iter().sum();
    eprintln!("tenants of weights 2, 1 and 1: {served:?}");
    field.assert_sound();
    for (share, (served, tenant)) in [0.5, 0.25, 0.25].into_iter().zip(served.iter().zip(names)) {
        let off = (served / total / share - 1.0).abs();
        if off >= 0.10 {
            return Err(format!("{tenant} is {off:.2} off its share: {served} of {total}"));
        }
    }
    Ok(())
}

/// In an ordinary run a tenth of it.
#[test]
fn ten_thousand_wait_and_each_gets_an_end() {
    let count = if long() > 1 { 10_000 } else { 1_000 };
    let limits = format!("queue: {count}, queue_bytes: 1GiB");
    let field = Field::new(1, "", ", concurrency: 4", &limits, "[queue 60s, reject]");
    field.local[0].set(Script::failing(Fault::HangBeforeHead).record(false));
    let held = field.crowd.all((0..4).map(|_| ask(PERSONAL)));
    field
        .gateway
        .until("the places are taken", |gateway| gateway.metric("weir_in_flight", &["gpu-0/m"]) == 4.0);
    let text = format!("{PERSONAL} {}", "word ".repeat(200));
    let waiting = field.crowd.all((0..count).map(|_| ask(&text)));
    let all = |gateway: &super::Gateway| gateway.metric("weir_queue_length", &[]) >= count as f64;
    let began = std::time::Instant::now();
    while !all(&field.gateway) {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "{}",
            field.gateway.metric("weir_queue_length", &[])
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    let beyond = field.crowd.ends(field.crowd.all([ask(PERSONAL)]));
    assert_eq!(beyond[0].status, 503, "the queue is bounded: {:?}", tally(&beyond));
    let resident = resident_mib(field.gateway.pid());
    let page = field.gateway.admin_json("/backends");
    assert_eq!(page["queue"]["requests"], count);
    // A healthy server and a policy that does not change let them all through, in the end.
    field.local[0].set(Script::default().record(false));
    held.iter().for_each(tokio::task::JoinHandle::abort);
    let ended = field.crowd.ends(waiting);
    assert_eq!(served(&ended), count, "{:?}", tally(&ended));
    eprintln!("{count} queued: {resident} MiB resident, drained in {:?}", began.elapsed());
    assert!(resident < 100 + count / 20, "{resident} MiB");
    field.assert_sound();
}

fn resident_mib(pid: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() / 1024
}

/// Before they are read, while they wait, before the first token, in the middle of a stream.
#[test]
fn clients_that_go_at_any_moment_leave_nothing_behind() {
    let field = Field::new(2, "", ", concurrency: 4", "queue: 200, hedge: true", "[queue 10s, reject]");
    for fake in &field.local {
        let stream = Script::default().text(&"word ".repeat(40)).chunks(20).gap(Duration::from_millis(10));
        fake.set(stream.latency(Duration::from_millis(50)).record(false));
    }
    let rounds = 3 * long();
    for round in 0..rounds {
        let stream = |number: u32| {
            let mut body = ask(&format!("{PERSONAL} {number}"));
            body["stream"] = (!number.is_multiple_of(3)).into();
            body
        };
        let sent = field.crowd.all((0..60).map(stream));
        for (number, request) in (0_u64..).zip(&sent) {
            std::thread::sleep(Duration::from_millis((number * 7 + u64::from(round)) % 13));
            request.abort();
        }
    }
    let is_idle = |gateway: &super::Gateway| {
        gateway.metric("weir_in_flight", &[]) == 0.0 && gateway.metric("weir_queue_length", &[]) == 0.0
    };
    field.gateway.until("no place is taken and nobody waits", is_idle);
    let is_free = |_: &super::Gateway| field.local.iter().all(|fake| fake.in_flight() == 0);
    field.gateway.until("no backend works for nobody", is_free);
    let all_ended =
        |gateway: &super::Gateway| gateway.home.audit(&[]).iter().all(|row| row["outcome"].is_object());
    field.gateway.until("every request has its end", all_ended);
    let after = field.crowd.evenly(20.0, Duration::from_secs(1), |_| ask(PERSONAL));
    assert_eq!(served(&after), after.len(), "{:?}", tally(&after));
    field.assert_sound();
}

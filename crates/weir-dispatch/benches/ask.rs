//! What it costs to give out a place: with 50 targets, and with thousands that wait.
//!
//! `cargo bench -p weir-dispatch`

use divan::Bencher;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;
use weir_dispatch::{
    Admission, Ask, Candidate, Claim, Dispatcher, Limit, Moment, Prefix, Promise, QueueLimits, Report, Step,
    TargetSettings, Work,
};

fn main() {
    divan::main();
}

const LIMITS: QueueLimits = QueueLimits { requests: 20_000, bytes: 1 << 30, tokens: 1 << 40 };

fn names(count: usize) -> Vec<Arc<str>> {
    (0..count).map(|number| format!("gpu-{number}/llama-3.3-70b").into()).collect()
}

fn dispatcher(names: &[Arc<str>], limit: Limit) -> Dispatcher {
    let mut dispatcher = Dispatcher::new(LIMITS, 1);
    let settings = names.iter().map(|name| TargetSettings::server(name.clone(), limit));
    dispatcher.configure(LIMITS, settings, Moment::ZERO);
    dispatcher
}

fn ask(names: &[Arc<str>], number: u64) -> Ask<'_> {
    Ask {
        first: Candidate::equals(names),
        ladder: vec![Step::Queue(Duration::from_secs(30)), Step::Reject],
        bytes: 1000,
        work: Work {
            prompt_tokens: 1200,
            output_tokens: 250,
            prefix: Some(Prefix { hash: number % 64, tokens: 400 }),
        },
        claim: Claim { tenant: format!("tenant-{}", number % 20).into(), ..Claim::default() },
        promise: Promise { first_token: Some(Duration::from_secs(2)), deadline: None },
        ..Ask::default()
    }
}

/// Asking for a place and giving it back, with so many targets that are all busy.
#[divan::bench(args = [1, 10, 50])]
fn place(bencher: Bencher<'_, '_>, targets: usize) {
    let names = names(targets);
    let mut dispatcher = dispatcher(&names, Limit::None);
    let mut number = 0;
    for _ in 0..targets * 20 {
        number += 1;
        dispatcher.ask(ask(&names, number), Duration::from_millis(number));
    }
    bencher.with_inputs(|| ask(&names, 7)).bench_local_values(|ask| {
        number += 1;
        let now = Duration::from_millis(number);
        dispatcher.look_before(&ask, now);
        if let Admission::Slot(slot) = dispatcher.ask(ask, now) {
            dispatcher.first_token(&slot, now);
            dispatcher.release(&slot, Report::Served(Duration::from_secs(3)), now);
        }
    });
}

/// A place that comes free and goes to the next, with so many that wait.
#[divan::bench(args = [10, 1000, 10_000])]
fn next_in_line(bencher: Bencher<'_, '_>, waiting: u64) {
    let names = names(4);
    let one = NonZeroU32::MIN;
    let mut dispatcher = dispatcher(&names, Limit::Declared(one));
    let mut held = Vec::new();
    for number in 0..waiting + 4 {
        let ask = Ask { promise: Promise::default(), ..ask(&names, number) };
        if let Admission::Slot(slot) = dispatcher.ask(ask, Moment::ZERO) {
            held.push(slot);
        }
    }
    let mut number = 0;
    bencher.bench_local(|| {
        number += 1;
        let Some(slot) = held.pop() else { return };
        // One leaves, the next is given its place, and another takes the end of the line.
        let woken = dispatcher.release(
            &slot,
            Report::Served(Duration::from_millis(1)),
            Duration::from_micros(number),
        );
        for ticket in woken {
            if let Admission::Slot(slot) = dispatcher.resume(ticket, Duration::from_micros(number)) {
                held.push(slot);
            }
        }
        let ask = Ask { promise: Promise::default(), ..ask(&names, number) };
        dispatcher.look_before(&ask, Duration::from_micros(number));
        if let Admission::Slot(slot) = dispatcher.ask(ask, Duration::from_micros(number)) {
            held.push(slot);
        }
    });
}

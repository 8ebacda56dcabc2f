//! Every target over its corpus, and over mutations of it that are the same on every run.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail; clippy's own exception knows test functions alone"
)]

mod corpus;
mod mutate;

use corpus::Input;
use mutate::Mutator;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use weir_fuzz::{TARGETS, Target};

#[test]
fn every_target_holds_over_its_corpus() {
    for target in TARGETS {
        for Input { path, bytes } in corpus::of(target.name) {
            let held = catch_unwind(AssertUnwindSafe(|| (target.check)(&bytes)));
            assert!(held.is_ok(), "target `{}` does not hold over {}", target.name, path.display());
        }
    }
}

#[test]
fn every_target_holds_over_mutations_of_its_corpus() {
    thread::scope(|scope| {
        let runs: Vec<_> = TARGETS.iter().map(|target| (target, scope.spawn(|| mutations(target)))).collect();
        for (target, run) in runs {
            assert!(run.join().is_ok(), "target `{}` does not hold; see above", target.name);
        }
    });
}

fn mutations(target: &Target) {
    let seeds = seeds(target);
    let mut mutator = Mutator::new(target.name, &seeds);
    (0..target.mutations).for_each(|number| try_one(target, number, &mutator.next()));
}

fn seeds(target: &Target) -> Vec<Vec<u8>> {
    corpus::of(target.name).into_iter().map(|input| input.bytes).collect()
}

fn try_one(target: &Target, number: u32, input: &[u8]) {
    if catch_unwind(AssertUnwindSafe(|| (target.check)(input))).is_err() {
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{number}", target.name));
        fs::write(&kept, input).unwrap();
        panic!(
            "target `{}` does not hold over {}; keep it in fuzz/corpus/{}",
            target.name,
            kept.display(),
            target.name
        );
    }
}

/// Other mutations on every run, of one target for as long as `WEIR_FUZZ` says, such as `planted:60` (seconds).
#[test]
#[ignore = "for as long as one likes, by hand"]
fn a_target_holds_over_other_mutations() {
    let wanted = std::env::var("WEIR_FUZZ").expect("`WEIR_FUZZ=TARGET:SECONDS`");
    let (name, seconds) = wanted.split_once(':').unwrap();
    let target = TARGETS.iter().find(|target| target.name == name).expect("a target's name");
    let until = Instant::now() + Duration::from_secs(seconds.parse().unwrap());
    let seeds = seeds(target);
    let run = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    let mut mutator = Mutator::new(&format!("{name} {run}"), &seeds);
    let count = (0..u32::MAX).take_while(|_| Instant::now() < until);
    let tried = count.map(|number| try_one(target, number, &mutator.next())).count();
    println!("{name}: {tried} inputs held");
}

#[test]
fn every_corpus_belongs_to_a_target() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    for entry in fs::read_dir(directory).unwrap() {
        let name = entry.unwrap().file_name();
        assert!(TARGETS.iter().any(|target| name == target.name), "no target is called {}", name.display());
    }
}

/// What the targets do with a broken parser: the mutations reach behind the first bytes.
#[test]
fn mutations_find_a_fault_that_one_changed_byte_shows() {
    let seeds = [br#"{"a":"b"}"#.to_vec()];
    let mut mutator = Mutator::new("any", &seeds);
    let found = (0..20_000).any(|_| mutator.next() == br#"{"a":"c"}"#);
    assert!(found);
}

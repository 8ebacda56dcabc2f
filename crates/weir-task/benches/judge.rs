//! What a judgement costs.
//!
//!     cargo bench --package weir-task
//!
//! The figure to compare with is `hash_every_byte` of the same run: a hash of the same text, a byte at a time.

#![expect(clippy::expect_used, reason = "a bench that cannot load its model has nothing to measure")]

use divan::{Bencher, black_box, counter::BytesCount};
use weir_task::{Model, Structure, Turns, judge};

fn main() {
    divan::main();
}

const SIZES: [usize; 4] = [100, 400, 2000, 8192];

/// Prose with an instruction in front, of about so many bytes.
fn text(bytes: usize) -> String {
    let instruction =
        "Please summarise the following minutes in three sentences, and name who has to do what by when.\n\n";
    let prose = "The board met on Tuesday to discuss the budget for 2025. Revenue grew by 8.4 %, yet costs rose faster than \
                 planned; Anna will look into the contracts with both suppliers. (See page 12.) Why did nobody notice? ";
    let mut text = instruction.to_owned();
    while text.len() < bytes {
        text.push_str(prose);
    }
    text.truncate(bytes);
    text
}

#[divan::bench(args = SIZES)]
fn read_and_judge(bencher: Bencher<'_, '_>, bytes: usize) {
    let (text, model) = (text(bytes), Model::embedded().expect("the embedded model loads"));
    bencher.counter(BytesCount::new(bytes)).bench_local(|| {
        let reading = model.read(black_box(&text));
        judge(Turns { user: &[reading], system: None }, Structure::default())
    });
}

#[divan::bench(args = SIZES)]
fn hash_every_byte(bencher: Bencher<'_, '_>, bytes: usize) {
    let text = text(bytes);
    bencher.counter(BytesCount::new(bytes)).bench_local(|| {
        black_box(&text).bytes().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3)
        })
    });
}

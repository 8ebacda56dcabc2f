//! Estimates of tokens: at least 50 MB/s on the way of every request.

use divan::{Bencher, black_box, counter::BytesCount};
use weir_wire::tokens::estimate;

fn main() {
    divan::main();
}

const TEXTS: [(&str, &str); 3] = [
    ("prose", "The quick brown fox jumps over the lazy dog, while the committee postponed its decision. "),
    ("code", "    let class = CLASS_OF[usize::from(*byte)] as usize;\n    state = step & 0xff;\n"),
    ("ideographs", "董事会昨天的会议决定把预算的决定推迟到下一季度。"),
];

#[divan::bench(args = TEXTS.map(|(name, _)| name))]
fn tokens(bencher: Bencher<'_, '_>, name: &str) {
    let text = TEXTS.iter().find(|(known, _)| *known == name).map_or("", |(_, text)| text);
    let text = text.repeat(100_000 / text.len().max(1));
    bencher.counter(BytesCount::new(text.len())).bench(|| estimate(black_box(&text)));
}

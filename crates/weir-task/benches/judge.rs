//! What a judgement costs, of a text that was never read before.
//!
//!     cargo bench --package weir-task
//!
//! The figure to compare with is `hash_every_byte` of the same run: a hash of the same texts, a byte at a time. For
//! instructions, where the bench is what `cargo bench --no-run` names:
//!
//!     valgrind --tool=callgrind --toggle-collect='*Model*read' BENCH --bench --exact judge::read_and_judge::400 --sample-size 1 --sample-count 2000

#![expect(clippy::expect_used, reason = "a bench that cannot load its model has nothing to measure")]

use divan::{Bencher, black_box, counter::BytesCount};
use weir_task::{Model, Structure, Turns, judge};

fn main() {
    divan::main();
}

const SIZES: [usize; 5] = [100, 200, 400, 2000, 8192];
const INSTRUCTIONS: &str = "Please summarise the following minutes in three sentences, and name who has to do what by when.|Translate into \
    French:|Which of these statements is true, and why?|Write a polite answer to this mail. Keep it short!|What does the writer want from \
    us?|Extract all names, dates and amounts as JSON:|Give me five ideas for this.|Rewrite it so that it sounds friendlier.|Is this about \
    sport or about politics?|How much is left if we pay 240 a month for two years?";
const FREQUENT: &str = "the of and to in is that for it with as was on are this be by at from or an have not which you what how we do a if \
    their there has its will would between all about who when where they been more no out so up can her his than into only other new";
const WORDS: &str = "board meeting budget revenue grew costs planned contracts suppliers page notice harbour ferry dredged pier market street \
    engine pressure valve measured temperature experiment results significant patients treatment hospital court appeal judgement treaty \
    minister election parliament voted increase percent quarter customer delivery invoice payment account balance report annual water energy \
    winter summer morning journey village mountain river bridge railway station ticket passenger luggage kitchen recipe onion butter flour \
    oven minutes degrees garden flowers neighbour children school teacher lesson history empire century king battle soldier letter novel \
    character chapter poem translation language grammar sentence paragraph computer network server database query function variable loop \
    exception memory latency throughput requirement deadline responsible schedule quickly carefully probably especially however therefore \
    nevertheless understanding responsibility international environment development administration considerable extraordinary";
const SYLLABLES: &str = "ba ko ri ten mal so vek du lin gra po shi nor el tas wy qua zen fo mir";

/// Numbers that look random and are the same every time: splitmix64 (Steele, Lea, Flood 2014).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }

    fn pick<'w>(&mut self, words: &[&'w str]) -> &'w str {
        words.get(self.below(words.len().max(1))).copied().unwrap_or_default()
    }
}

/// Prose with an instruction in front, of so many bytes.
struct Prose {
    random: Random,
    instructions: Vec<&'static str>,
    frequent: Vec<&'static str>,
    words: Vec<&'static str>,
    syllables: Vec<&'static str>,
}

impl Prose {
    fn new() -> Self {
        let words = |list: &'static str| list.split_whitespace().collect();
        Self {
            random: Random(1),
            instructions: INSTRUCTIONS.split('|').collect(),
            frequent: words(FREQUENT),
            words: words(WORDS),
            syllables: words(SYLLABLES),
        }
    }

    fn text(&mut self, bytes: usize) -> String {
        let mut text = self.random.pick(&self.instructions).to_owned();
        text.push_str(if self.random.below(2) == 0 { "\n\n" } else { " " });
        while text.len() < bytes {
            self.sentence(&mut text);
        }
        text.truncate(text.floor_char_boundary(bytes));
        text
    }

    /// Half of the words are frequent, and a tenth is in no dictionary.
    fn sentence(&mut self, text: &mut String) {
        for place in 0..6 + self.random.below(12) {
            let begins = text.len();
            match self.random.below(20) {
                0 => text.push_str(&(self.random.below(3000)).to_string()),
                1 | 2 => (0..2 + self.random.below(3))
                    .for_each(|_| text.push_str(self.random.pick(&self.syllables))),
                3..10 => text.push_str(self.random.pick(&self.words)),
                _ => text.push_str(self.random.pick(&self.frequent)),
            }
            if place == 0 || self.random.below(15) == 0 {
                text.get_mut(begins..=begins).into_iter().for_each(str::make_ascii_uppercase);
            }
            text.push_str(if self.random.below(12) == 0 { ", " } else { " " });
        }
        text.truncate(text.trim_end_matches([' ', ',']).len());
        text.push_str(["? ", "! ", ".\n", ". ", ". ", ". "].get(self.random.below(6)).unwrap_or(&""));
    }
}

#[divan::bench(consts = SIZES)]
fn read_and_judge<const BYTES: usize>(bencher: Bencher<'_, '_>) {
    let (mut prose, model) = (Prose::new(), Model::embedded().expect("the embedded model loads"));
    bencher.counter(BytesCount::new(BYTES)).with_inputs(|| prose.text(BYTES)).bench_local_refs(|text| {
        let reading = model.read(black_box(text));
        judge(Turns { user: &[reading], system: None }, Structure::default())
    });
}

#[divan::bench(consts = SIZES)]
fn hash_every_byte<const BYTES: usize>(bencher: Bencher<'_, '_>) {
    let mut prose = Prose::new();
    bencher.counter(BytesCount::new(BYTES)).with_inputs(|| prose.text(BYTES)).bench_local_refs(|text| {
        black_box(text).bytes().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3)
        })
    });
}

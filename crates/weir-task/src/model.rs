//! The model's file, its weights, and what it says of a text.

use crate::features::{AT_ONCE, NUMBERS, ROW_BITS, Rows, SETS, Set, each_row, numbers};
use crate::kind::{KINDS, Kind};
use crate::language::language;
use crate::lexicon::{GROUPS, Known, Lexicon, TABLE_BYTES};
use crate::quadratic::{Form, Quadratic, Spread, TERMS};
use crate::scan::{Scan, scan};
use crate::shape::SHAPE;
use std::sync::LazyLock;
use wide::u16x8;

/// The first bytes of a model: the format's name and version.
const MAGIC: &[u8; 8] = b"WEIRTSK3";
/// The bytes of a row of weights: one for each task type, and some that stay 0.
const ROW: usize = 16;
const ROWS: usize = 1 << ROW_BITS;

/// A trained model.
///
/// The file: the magic bytes; a hash of all bytes after it, 8 bytes; `f32`s in the order of [`Weights`]' fields from
/// `scale` on; the lexicon's table; the rows, sixteen bytes each, of which one, `ZERO`, stands for 0. Numbers are little endian.
#[derive(Debug)]
pub struct Model<'m> {
    weights: Weights,
    /// The weights of the numbers once more, those of one number side by side.
    columns: Box<[[f32; ROW]; NUMBERS]>,
    gain: Form,
    fail: Form,
    zeros: Zeros,
    lexicon: Lexicon<'m>,
    rows: &'m [[u8; ROW]; ROWS],
    digest: u64,
}

/// What is not in tables.
#[derive(Debug)]
pub struct Weights {
    /// What a step of a row's byte is worth.
    pub scale: f32,
    /// What is added to each task type's score.
    pub bias: [f32; KINDS],
    /// Where the numbers lie among task prompts.
    pub spread: Spread<NUMBERS>,
    /// The weights of the numbers, for each task type.
    pub numbers: [[f32; NUMBERS]; KINDS],
    /// By what scores are multiplied before they are made probabilities.
    pub sharpness: f32,
    /// Where the numbers of the shape lie among prompts whose difficulty is known.
    pub shape: Spread<SHAPE>,
    /// What the strong model gains, in standard deviations.
    pub gain: Quadratic,
    /// The logarithm of the odds that the weak model fails.
    pub fail: Quadratic,
    /// Complexity's middle and slope.
    pub complexity: [f32; 2],
}

/// Bytes that are no model of this format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("these bytes are not a task model of format {}", String::from_utf8_lossy(MAGIC))]
pub struct BadModel;

/// Begins with a cache line, so that no row lies in two.
#[repr(align(64))]
struct Aligned<T: ?Sized>(T);

static FILE: &Aligned<[u8]> = &Aligned(*include_bytes!("../model/task.bin"));
static EMBEDDED: LazyLock<Result<Model<'static>, BadModel>> = LazyLock::new(|| Model::load(&FILE.0));

/// What the model says of one text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// The score of each task type; larger is likelier.
    pub scores: [f32; KINDS],
    /// By how much the likeliest task type is likelier than the next, 0 to 1.
    pub margin: f32,
    /// How hard it is, 0 to 1: how much a stronger model gains.
    pub complexity: f32,
    /// The probability that a weak model fails.
    pub weak_fail: f32,
    /// The language it is mostly written in.
    pub language: Option<&'static str>,
    /// Its length in bytes.
    pub bytes: usize,
}

impl Model<'static> {
    /// The model that comes with this crate.
    ///
    /// # Errors
    /// [`BadModel`] when the crate was built with a file of another format.
    pub fn embedded() -> Result<&'static Self, BadModel> {
        EMBEDDED.as_ref().map_err(|error| *error)
    }
}

impl<'m> Model<'m> {
    /// Reads a model.
    ///
    /// # Errors
    /// [`BadModel`] when the bytes are of another format, too few or too many.
    pub fn load(bytes: &'m [u8]) -> Result<Self, BadModel> {
        Self::decode(bytes).ok_or(BadModel)
    }

    fn decode(bytes: &'m [u8]) -> Option<Self> {
        let bytes = bytes.strip_prefix(MAGIC)?;
        let (digest, bytes) = bytes.split_first_chunk()?;
        let (weights, bytes) = Weights::decode(bytes)?;
        let (table, rows) = bytes.split_at_checked(TABLE_BYTES)?;
        let (rows, rest) = rows.as_chunks();
        let rows: &[[u8; ROW]; ROWS] = rows.try_into().ok().filter(|_| rest.is_empty())?;
        let mut columns = Box::new([[0.0; ROW]; NUMBERS]);
        for (kind, of_kind) in weights.numbers.iter().enumerate() {
            for (column, weight) in columns.iter_mut().zip(of_kind) {
                column.iter_mut().skip(kind).take(1).for_each(|to| *to = *weight);
            }
        }
        let nothing = weights.shape.standard(&[0.0; SHAPE]);
        Some(Self {
            zeros: Zeros::of(&weights, &columns),
            gain: Form::of(&weights.gain, &nothing),
            fail: Form::of(&weights.fail, &nothing),
            weights,
            columns,
            lexicon: Lexicon::decode(table)?,
            rows,
            digest: u64::from_le_bytes(*digest),
        })
    }

    /// A hash of the model's bytes, as its maker computed it.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// What it says of a text.
    #[must_use]
    pub fn read(&self, text: &str) -> Reading {
        let scan = scan(text, &self.lexicon);
        let numbers = numbers(text, &scan);
        let weights = &self.weights;
        let shape = weights.shape.standard(&numbers);
        let length = shape.get(1).copied().unwrap_or_default();
        let [middle, slope] = weights.complexity;
        let gain = self.gain.score(&shape).clamp(-2.5, 2.5);
        let scores = self.scores(&scan, &numbers);
        Reading {
            margin: best(&scores).2,
            scores,
            complexity: sigmoid((length + gain - middle) * slope),
            weak_fail: sigmoid(self.fail.score(&shape)),
            language: language(text, &scan),
            bytes: text.len(),
        }
    }

    fn scores(&self, scan: &Scan, numbers: &[f32; NUMBERS]) -> [f32; KINDS] {
        let mut all = [0.0; KINDS];
        let (of_rows, of_numbers) = (self.of_rows(scan), self.of_numbers(numbers, scan.groups.present()));
        let parts = of_rows.iter().zip(of_numbers).zip(self.weights.bias);
        for (score, ((rows, of_numbers), bias)) in all.iter_mut().zip(parts) {
            *score = (rows + of_numbers + bias) * self.weights.sharpness;
        }
        all
    }

    /// What the hashed features give.
    #[inline]
    fn of_rows(&self, scan: &Scan) -> [f32; ROW] {
        let mut scores = [0.0_f32; ROW];
        for set in Set::ALL {
            let mut sum = Sum::over(self.rows);
            each_row(scan, set, &mut sum);
            if sum.count > 0 {
                let scale = self.weights.scale * value_of(sum.count);
                scores.iter_mut().zip(sum.steps()).for_each(|(score, steps)| *score += steps as f32 * scale);
            }
        }
        scores
    }

    /// What the numbers give, of the lexicon those of the groups that occur.
    #[inline]
    fn of_numbers(&self, numbers: &[f32; NUMBERS], groups: Known) -> [f32; ROW] {
        let mut sums = self.zeros.scores;
        let mut weigh = |place: usize| {
            if let Some(number) = numbers.get(place).filter(|number| **number != 0.0) {
                self.weigh(place, *number, &mut sums);
            }
        };
        (0..SHAPE).for_each(&mut weigh);
        for start in (SHAPE..NUMBERS).step_by(GROUPS) {
            groups.each(|group| weigh(start + group));
        }
        sums
    }

    /// Adds what a number gives more than 0 at its place.
    #[inline]
    fn weigh(&self, place: usize, number: f32, sums: &mut [f32; ROW]) {
        if let (Some(zero), Some(column)) = (self.zeros.standard.get(place), self.columns.get(place)) {
            let more = self.weights.spread.standard_at(place, number) - zero;
            sums.iter_mut().zip(column).for_each(|(sum, weight)| *sum += weight * more);
        }
    }
}

/// The byte of a row that stands for 0: with it bytes are summed without their signs.
const ZERO: u8 = 128;

/// A sum of rows, in steps, several bytes at once.
///
/// A row is taken as numbers of sixteen bits, two bytes each. The sum of these wraps; without the higher bytes, whose sum
/// is known, it is that of the lower ones.
#[derive(Debug)]
struct Sum<'m> {
    rows: &'m [[u8; ROW]; ROWS],
    both: u16x8,
    higher: u16x8,
    /// What the lower and the higher bytes were before the pauses.
    before: [[u32; ROW / 2]; 2],
    count: u32,
}

const _: () = assert!(AT_ONCE * u8::MAX as usize <= u16::MAX as usize);

impl<'m> Sum<'m> {
    fn over(rows: &'m [[u8; ROW]; ROWS]) -> Self {
        Self { rows, both: u16x8::ZERO, higher: u16x8::ZERO, before: [[0; ROW / 2]; 2], count: 0 }
    }

    fn steps(self) -> [i32; ROW] {
        let zero = (self.count * u32::from(ZERO)).cast_signed();
        let mut steps = [0; ROW];
        let [lower, higher] = self.before;
        let pairs = steps.as_chunks_mut::<2>().0.iter_mut().zip(lower.into_iter().zip(higher));
        pairs.for_each(|(steps, (lower, higher))| {
            *steps = [lower.cast_signed() - zero, higher.cast_signed() - zero];
        });
        steps
    }
}

impl Rows for Sum<'_> {
    #[inline(always)]
    fn add(&mut self, row: u16) {
        let row = *self.rows.get(usize::from(row) % ROWS).unwrap_or(&[ZERO; ROW]);
        let pair = |pair: [u8; 2]| u16::from_le_bytes(pair);
        let [a, b, c, d, e, f, g, h] = *row.as_chunks::<2>().0 else { return };
        let row = u16x8::new([a, b, c, d, e, f, g, h].map(pair));
        self.both += row;
        self.higher += row >> u8::BITS;
        self.count += 1;
    }

    #[inline]
    fn pause(&mut self) {
        let lower = self.both - (self.higher << u8::BITS);
        for (before, sums) in self.before.iter_mut().zip([lower, self.higher]) {
            before.iter_mut().zip(&sums.to_array()).for_each(|(before, sum)| *before += u32::from(*sum));
        }
        (self.both, self.higher) = (u16x8::ZERO, u16x8::ZERO);
    }
}

/// What numbers give that are all 0.
#[derive(Debug)]
struct Zeros {
    /// Deviations from the mean.
    standard: [f32; NUMBERS],
    scores: [f32; ROW],
}

impl Zeros {
    fn of(weights: &Weights, columns: &[[f32; ROW]; NUMBERS]) -> Self {
        let standard = weights.spread.standard(&[0.0; NUMBERS]);
        let mut scores = [0.0; ROW];
        for (zero, column) in standard.iter().zip(columns) {
            scores.iter_mut().zip(column).for_each(|(sum, weight)| *sum += weight * zero);
        }
        Self { standard, scores }
    }
}

/// What each feature of a set counts, so that long texts score no higher than short ones.
#[must_use]
pub fn value_in(rows: &[u16]) -> f32 {
    value_of(rows.len() as u32)
}

fn value_of(rows: u32) -> f32 {
    1.0 / (rows.max(1) as f32).sqrt()
}

/// The probabilities of scores.
#[must_use]
pub fn probabilities(scores: &[f32; KINDS]) -> [f32; KINDS] {
    let most = scores.iter().copied().fold(f32::MIN, f32::max);
    let odds = scores.map(|score| (score - most).exp());
    let sum: f32 = odds.iter().sum();
    odds.map(|odds| odds / sum)
}

/// The likeliest task type, its probability, and by how much it exceeds the next one's.
#[must_use]
pub fn best(scores: &[f32; KINDS]) -> (Kind, f32, f32) {
    let mut first = (Kind::Chat, 0.0_f32);
    let mut second = 0.0_f32;
    for (kind, probability) in Kind::ALL.into_iter().zip(probabilities(scores)) {
        if probability > first.1 {
            second = first.1;
            first = (kind, probability);
        } else {
            second = second.max(probability);
        }
    }
    (first.0, first.1, first.1 - second)
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

impl Weights {
    fn decode(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let mut floats = Floats(bytes);
        let weights = Weights {
            scale: floats.next()?,
            bias: floats.many()?,
            spread: floats.spread()?,
            numbers: {
                let mut numbers = [[0.0; NUMBERS]; KINDS];
                for row in &mut numbers {
                    *row = floats.many()?;
                }
                numbers
            },
            sharpness: floats.next()?,
            shape: floats.spread()?,
            gain: floats.quadratic()?,
            fail: floats.quadratic()?,
            complexity: floats.many()?,
        };
        Some((weights, floats.0))
    }

    fn encode(&self) -> Vec<u8> {
        let Weights { scale, bias, spread, numbers, sharpness, shape, gain, fail, complexity } = self;
        let parts: [&[f32]; 14] = [
            &[*scale],
            bias,
            &spread.mean,
            &spread.deviation,
            numbers.as_flattened(),
            &[*sharpness],
            &shape.mean,
            &shape.deviation,
            &[gain.constant],
            &gain.weights,
            &[fail.constant],
            &fail.weights,
            complexity,
            &[],
        ];
        parts.iter().copied().flatten().flat_map(|float| float.to_le_bytes()).collect()
    }
}

/// Reads `f32`s.
struct Floats<'b>(&'b [u8]);

impl Floats<'_> {
    fn next(&mut self) -> Option<f32> {
        let (float, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(f32::from_le_bytes(*float))
    }

    fn many<const N: usize>(&mut self) -> Option<[f32; N]> {
        let mut floats = [0.0; N];
        for float in &mut floats {
            *float = self.next()?;
        }
        Some(floats)
    }

    fn spread<const N: usize>(&mut self) -> Option<Spread<N>> {
        Some(Spread { mean: self.many()?, deviation: self.many()? })
    }

    fn quadratic(&mut self) -> Option<Quadratic> {
        let constant = self.next()?;
        let weights = (0..TERMS).map(|_| self.next()).collect::<Option<_>>()?;
        Some(Quadratic { constant, weights })
    }
}

/// Writes a model: `rows` are the weights of hashed features, `table` the lexicon's. `scale` is set to fit the rows.
#[must_use]
pub fn encode_model(mut weights: Weights, table: &[u8], rows: &[[f32; KINDS]]) -> Vec<u8> {
    let largest = rows.iter().flatten().fold(0.0_f32, |max, weight| max.max(weight.abs()));
    weights.scale = (largest / 127.0).max(f32::MIN_POSITIVE);
    let mut bytes = weights.encode();
    bytes.extend(table);
    for row in rows {
        let mut quantised = [ZERO; ROW];
        for (to, weight) in quantised.iter_mut().zip(row) {
            *to = ((weight / weights.scale).round() as i8).cast_unsigned().wrapping_add(ZERO);
        }
        bytes.extend(quantised);
    }
    [MAGIC.as_slice(), &digest(&bytes).to_le_bytes(), &bytes].concat()
}

/// FNV-1a, as the digest need not withstand anybody: the model is part of the binary.
fn digest(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01B3))
}

const _: () = assert!(SETS == 6 && KINDS <= ROW);

#[cfg(test)]
mod tests {
    use super::{
        AT_ONCE, FILE, KINDS, MAGIC, Model, ZERO, best, digest, numbers, probabilities, scan, value_in,
    };
    use crate::{Features, Kind};

    #[test]
    fn the_embedded_model_has_the_digest_of_its_bytes() {
        let bytes = FILE.0.get(MAGIC.len() + size_of::<u64>()..).unwrap();
        assert_eq!(Model::embedded().unwrap().digest(), digest(bytes));
    }

    #[test]
    fn it_is_small() {
        assert!(FILE.0.len() <= 1 << 20);
    }

    #[test]
    fn what_is_cut_or_of_another_format_is_refused() {
        let bytes = &FILE.0;
        assert!(Model::load(bytes).is_ok());
        assert!(Model::load(&bytes[..bytes.len() - 1]).is_err());
        assert!(Model::load(&bytes[1..]).is_err());
        assert!(Model::load(&[]).is_err());
    }

    #[test]
    fn what_does_not_occur_counts_as_any_other_number() {
        let model = Model::embedded().unwrap();
        let text = "Please summarise this in three points, and translate it.";
        let mut scan = scan(text, &model.lexicon);
        let numbers = numbers(text, &scan);
        assert!(numbers.contains(&0.0) && numbers.iter().any(|number| *number != 0.0));
        let standard = model.weights.spread.standard(&numbers);
        // A text without words has the scores of its numbers alone.
        (scan.tokens, scan.line_ends) = (Vec::new(), None);
        let scores = model.scores(&scan, &numbers);
        for ((score, weights), bias) in scores.into_iter().zip(&model.weights.numbers).zip(model.weights.bias)
        {
            let of_numbers: f32 = weights.iter().zip(&standard).map(|(w, number)| w * number).sum();
            let expected = (of_numbers + bias) * model.weights.sharpness;
            assert!((score - expected).abs() < 1e-3, "{score} {expected}");
        }
    }

    #[test]
    fn scores_are_of_all_rows_of_a_text() {
        let model = Model::embedded().unwrap();
        let line =
            "Please summarise the 12 minutes: Anna will look into both contracts, and translate them!\n";
        for text in [line.to_owned(), line.repeat(4), line.repeat(80), line.repeat(200)] {
            let features = Features::of(&text, &model.lexicon);
            assert!(line.len() * 80 > text.len() || features.rows[0].len() > 2 * AT_ONCE);
            let mut scan = scan(&text, &model.lexicon);
            let scores = model.scores(&scan, &features.numbers);
            (scan.tokens, scan.line_ends) = (Vec::new(), None);
            let none = model.scores(&scan, &features.numbers);
            for (kind, (score, without)) in scores.into_iter().zip(none).enumerate() {
                let of_row =
                    |row: &u16| f32::from(i16::from(model.rows[usize::from(*row)][kind]) - i16::from(ZERO));
                let of_set = |rows: &Vec<u16>| rows.iter().map(of_row).sum::<f32>() * value_in(rows);
                let sum = features.rows.iter().map(of_set).sum::<f32>() * model.weights.scale;
                assert!(
                    (score - without - sum * model.weights.sharpness).abs() < 1e-3,
                    "{score} {without} {sum}"
                );
            }
        }
    }

    #[test]
    fn the_margin_is_between_the_best_and_the_next() {
        let mut scores = [0.0; KINDS];
        scores[Kind::Math.column()] = 3.0;
        scores[Kind::Rag.column()] = 2.0;
        let all = probabilities(&scores);
        assert!((all.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        let (kind, confidence, margin) = best(&scores);
        assert_eq!((kind, confidence), (Kind::Math, all[Kind::Math.column()]));
        assert!((margin - (all[Kind::Math.column()] - all[Kind::Rag.column()])).abs() < 1e-6);
        assert_eq!(best(&[0.0; KINDS]).2, 0.0);
    }
}

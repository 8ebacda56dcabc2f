//! The model's file, and its weights.

use crate::chain::{LABELS, LINKS, Scores, Steps};
use crate::lexicon::{Known, Lexicon, encode};
use std::sync::LazyLock;

/// The first bytes of a model: the format's name and version.
const MAGIC: &[u8; 8] = b"WEIRNER1";
/// A row of weights: one byte for each label but the first, whose weights are 0.
const ROW: usize = LABELS - 1;

/// A trained model.
///
/// The file: the magic bytes; the logarithm to base 2 of the number of rows, a byte; the scale of the
/// weights, an `f32`; the scores of steps, `f32`s; the rows, a signed byte for each label but the first;
/// the lexicon: a count of entries for each bucket, then the entries. Numbers are little endian.
#[derive(Debug)]
pub struct Model<'m> {
    bits: u32,
    scale: f32,
    steps: Steps,
    rows: &'m [u8],
    pub(crate) lexicon: Lexicon<'m>,
    digest: u64,
}

/// Bytes that are no model of this format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("these bytes are not a name model of format {}", String::from_utf8_lossy(MAGIC))]
pub struct BadModel;

static EMBEDDED: LazyLock<Result<Model<'static>, BadModel>> =
    LazyLock::new(|| Model::load(include_bytes!("../model/names.bin")));

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
        let rest = bytes.strip_prefix(MAGIC)?;
        let (&bits, rest) = rest.split_first()?;
        let (scale, mut rest) = float(rest)?;
        let mut steps = Steps::default();
        for score in steps.iter_mut().flatten().flatten() {
            (*score, rest) = float(rest)?;
        }
        let rows = 1_usize.checked_shl(bits.into())?.checked_mul(ROW)?;
        let (rows, rest) = rest.split_at_checked(rows)?;
        let (lexicon, rest) = Lexicon::decode(rest)?;
        let steps = steps.map(|step| step.map(|row| row.map(f32::exp)));
        rest.is_empty().then_some(Self {
            bits: bits.into(),
            scale,
            steps,
            rows,
            lexicon,
            digest: digest(bytes),
        })
    }

    /// A hash of the model's bytes.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.digest
    }

    pub(crate) fn steps(&self) -> &Steps {
        &self.steps
    }

    /// Adds the weights of a feature to the sums, which are scaled by [`scores`](Self::scores).
    pub(crate) fn add(&self, feature: u64, sums: &mut [i32; ROW]) {
        let row = usize::try_from(feature >> (u64::BITS - self.bits)).unwrap_or_default() * ROW;
        let weights = self.rows.get(row..row + ROW).unwrap_or_default();
        sums.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += i32::from(weight.cast_signed()));
    }

    pub(crate) fn scores(&self, sums: [i32; ROW]) -> Scores {
        let [a, b, c, d] = sums.map(|sum| sum as f32 * self.scale);
        [0.0, a, b, c, d]
    }
}

/// Writes a model: `rows` are the weights of a power of two of features, `steps` scores, `words` plain.
#[must_use]
pub fn encode_model(
    rows: &[[f32; ROW]],
    steps: &Steps,
    words: impl Iterator<Item = (String, Known)>,
) -> Vec<u8> {
    let largest = rows.iter().flatten().fold(0.0_f32, |max, weight| max.max(weight.abs()));
    let scale = (largest / 127.0).max(f32::MIN_POSITIVE);
    let mut bytes = MAGIC.to_vec();
    bytes.push(u8::try_from(rows.len().max(1).ilog2()).unwrap_or_default());
    bytes.extend(scale.to_le_bytes());
    bytes.extend(steps.iter().flatten().flatten().flat_map(|score| score.to_le_bytes()));
    bytes.extend(rows.iter().flatten().map(|weight| ((weight / scale).round() as i8).cast_unsigned()));
    bytes.extend(encode(words));
    bytes
}

fn float(bytes: &[u8]) -> Option<(f32, &[u8])> {
    let (float, rest) = bytes.split_first_chunk()?;
    Some((f32::from_le_bytes(*float), rest))
}

/// FNV-1a, as the digest need not withstand anybody: the model is part of the binary.
fn digest(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01B3))
}

const _: () = assert!(LINKS == 4);

//! The model's file, and its weights.

use crate::chain::{LABELS, LINKS, Scores, Steps};
use crate::lexicon::{Known, Lexicon, encode};
use std::sync::LazyLock;

/// The first bytes of a model: the format's name and version.
const MAGIC: &[u8; 8] = b"WEIRNER2";
/// Where the rows begin: what comes before is filled up with zeros to a multiple of a cache line.
const HEADER: usize = 448;
/// The sign of each byte of a row, and every other byte.
const SIGNS: u32 = 0x8080_8080;
const EVEN: u32 = 0x00FF_00FF;
/// A row of weights: one byte for each label but the first, whose weights are 0.
const ROW: usize = LABELS - 1;

/// A trained model.
///
/// The file: the magic bytes; a hash of all bytes after it, 8 bytes; the logarithm to base 2 of the number of
/// rows, 4 bytes; the scale of the weights, an `f32`; the scores of steps, `f32`s; zeros up to the end of the header; the
/// rows, a signed byte for each label but the first; the lexicon. Numbers are little endian.
///
/// Nothing is made of it when it is loaded: rows and lexicon are read where they lie, and of the file only the
/// pages that texts call for come into memory.
#[derive(Debug)]
pub struct Model<'m> {
    scale: f32,
    steps: Steps,
    /// How far the hash of a feature is shifted to be the number of its row.
    shift: u32,
    rows: &'m [[u8; ROW]],
    pub(crate) lexicon: Lexicon<'m>,
    digest: u64,
}

/// Bytes that are no model of this format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("these bytes are not a name model of format {}", String::from_utf8_lossy(MAGIC))]
pub struct BadModel;

/// Begins with a cache line, so that no row or bucket lies in two.
#[repr(align(64))]
struct Aligned<T: ?Sized>(T);

static FILE: &Aligned<[u8]> = &Aligned(*include_bytes!("../model/names.bin"));
static EMBEDDED: LazyLock<Result<Model<'static>, BadModel>> = LazyLock::new(|| Model::load(&FILE.0));

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
        let (header, rest) = bytes.split_at_checked(HEADER)?;
        let header = header.strip_prefix(MAGIC)?;
        let (digest, header) = header.split_first_chunk()?;
        let (bits, header) = header.split_first_chunk()?;
        let bits = u32::from_le_bytes(*bits);
        let (scale, mut header) = float(header)?;
        let mut steps = Steps::default();
        for score in steps.iter_mut().flatten().flatten() {
            (*score, header) = float(header)?;
        }
        let rows = 1_usize.checked_shl(bits)?.checked_mul(ROW)?;
        let (rows, lexicon) = rest.split_at_checked(rows)?;
        let (rows, _) = rows.as_chunks();
        Some(Self {
            scale,
            steps: steps.map(|step| step.map(|row| row.map(f32::exp))),
            shift: u64::BITS.checked_sub(bits)?,
            rows,
            lexicon: Lexicon::decode(lexicon)?,
            digest: u64::from_le_bytes(*digest),
        })
    }

    /// A hash of the model's bytes, as its maker computed it.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.digest
    }

    pub(crate) fn steps(&self) -> &Steps {
        &self.steps
    }

    /// The scores of the labels of a word with these features.
    ///
    /// The loop is short, so that the processor fetches many rows at once: most lie far away.
    pub(crate) fn scores(&self, features: &[u64]) -> Scores {
        let (mut even, mut odd) = (0_u32, 0_u32);
        for feature in features {
            let row = usize::try_from(feature >> self.shift).unwrap_or_default();
            // Without a sign, so that two bytes at a time are added in sixteen bits each: no word has so many
            // features that these run over.
            let weights = u32::from_le_bytes(self.rows.get(row).copied().unwrap_or_default()) ^ SIGNS;
            even += weights & EVEN;
            odd += weights >> 8 & EVEN;
        }
        let sign = 0x80 * features.len() as i32;
        let sums = [even & 0xFFFF, odd & 0xFFFF, even >> 16, odd >> 16];
        let [a, b, c, d] = sums.map(|sum| (sum as i32 - sign) as f32 * self.scale);
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
    let mut bytes = rows.len().max(1).ilog2().to_le_bytes().to_vec();
    bytes.extend(scale.to_le_bytes());
    bytes.extend(steps.iter().flatten().flatten().flat_map(|score| score.to_le_bytes()));
    bytes.resize(HEADER - MAGIC.len() - size_of::<u64>(), 0);
    bytes.extend(rows.iter().flatten().map(|weight| ((weight / scale).round() as i8).cast_unsigned()));
    bytes.extend(encode(words));
    [MAGIC.as_slice(), &digest(&bytes).to_le_bytes(), &bytes].concat()
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

#[cfg(test)]
mod tests {
    use super::{FILE, Known, MAGIC, Model, ROW, Steps, digest, encode_model};

    #[test]
    fn the_embedded_model_has_the_digest_of_its_bytes() {
        let bytes = FILE.0.get(MAGIC.len() + size_of::<u64>()..).unwrap();
        assert_eq!(Model::embedded().unwrap().digest(), digest(bytes));
    }

    #[test]
    fn a_model_that_is_written_is_read_again() {
        let rows: Vec<[f32; ROW]> = (0..16).map(|row| [1.27, -1.27, row as f32 / 100.0, 0.0]).collect();
        let word = ("berta".to_owned(), Known::GIVEN);
        let bytes = encode_model(&rows, &Steps::default(), std::iter::once(word));
        let model = Model::load(&bytes).unwrap();
        assert_eq!(model.digest(), digest(bytes.get(16..).unwrap()));
        assert_eq!(model.lexicon.find(crate::hash::Hash::of("berta")), Known::GIVEN);
        // The first four bits of a feature are the number of its row.
        let [none, a, b, c, _] = model.scores(&[3 << 60, 4 << 60]);
        assert_eq!(none, 0.0);
        let is_near = |score: f32, expected: f32| (score - expected).abs() < 0.001;
        assert!(is_near(a, 2.54) && is_near(b, -2.54) && is_near(c, 0.07), "{a} {b} {c}");
    }

    #[test]
    fn what_is_cut_or_of_another_format_is_refused() {
        let bytes = encode_model(&[[1.0; ROW]; 4], &Steps::default(), std::iter::empty());
        assert!(Model::load(&bytes).is_ok());
        assert!(Model::load(bytes.get(..bytes.len() - 1).unwrap()).is_err());
        assert!(Model::load(bytes.get(1..).unwrap()).is_err());
        assert!(Model::load(&[]).is_err());
    }
}

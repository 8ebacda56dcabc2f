//! The model's file, and its weights.

use crate::bound::Bounds;
use crate::chain::{LABELS, LINKS, Scores, Steps};
use crate::features::{EDGE, FARS, far, fars, own, placed};
use crate::form::Form;
use crate::lexicon::{Known, Lexicon, encode};
use crate::recent::{Recent, Spelling, Values};
use crate::token::{Head, Shape, word};
use crate::words::{Word, Words};
use std::ops::Range;
use std::sync::LazyLock;

/// The first bytes of a model: the format's name and version.
const MAGIC: &[u8; 8] = b"WEIRNER3";
/// Where the rows begin: what comes before is filled up with zeros to a multiple of a cache line.
const HEADER: usize = 448;
/// A row of weights: one byte for each label but the first, whose weights are 0.
const ROW: usize = LABELS - 1;
/// The logarithm to base 2 of the number of rows.
pub const BITS: u32 = 19;
const ROWS: usize = 1 << BITS;

/// A trained model.
///
/// The file: the magic bytes; a hash of all bytes after it, 8 bytes; the logarithm to base 2 of the number of
/// rows, 4 bytes, always [`BITS`]; the scale of the weights, an `f32`; the scores of steps, `f32`s; zeros up to the end of the header; the
/// rows, a signed byte for each label but the first; of all rows the weight for a person once more; the lexicon. Numbers are little endian.
///
/// Who looks for people mostly needs no more than the weights for them. By themselves they take a quarter of the memory, and wait in a
/// nearer cache.
///
/// Nothing is made of it when it is loaded: rows and lexicon are read where they lie, and of the file only the
/// pages that texts call for come into memory. What is the same wherever a word stands is remembered of short words.
#[derive(Debug)]
pub struct Model<'m> {
    scale: f32,
    steps: Steps,
    bounds: Bounds,
    rows: &'m [[u8; ROW]; ROWS],
    people: &'m [u8; ROWS],
    pub(crate) lexicon: Lexicon<'m>,
    digest: u64,
    /// The form of words that came lately, and the weights of those that may be names.
    forms: Recent<{ FORMS / 2 }>,
    owns: Recent<{ OWNS / 2 }>,
    /// What every number is.
    number: Form,
    /// The weight for a person of a word beyond the edge of the text for those some way off.
    edge: i8,
}

/// How many forms and weights of words are remembered. Most texts have a few hundred different words; of 32 bytes for a word these
/// are 576 KiB.
const FORMS: usize = 1 << 14;
const OWNS: usize = 1 << 11;

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
        let (rows, rest) = rest.split_at_checked(ROWS * ROW)?;
        let (rows, _) = rows.as_chunks();
        let (people, lexicon) = rest.split_first_chunk()?;
        let steps = steps.map(|step| step.map(|row| row.map(f32::exp)));
        let mut model = Self {
            scale,
            steps,
            bounds: Bounds::new(&steps),
            rows: rows.first_chunk().filter(|_| bits == BITS)?,
            people,
            lexicon: Lexicon::decode(lexicon)?,
            digest: u64::from_le_bytes(*digest),
            forms: Recent::new()?,
            owns: Recent::new()?,
            number: Form::number(),
            edge: 0,
        };
        model.number = model.number.with_far(model.person(far(model.number.hash())));
        model.edge = model.person(far(EDGE));
        Some(model)
    }

    /// A hash of the model's bytes, as its maker computed it.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.digest
    }

    pub(crate) fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    pub(crate) fn steps(&self) -> &Steps {
        &self.steps
    }

    /// Where a word ends, and what it is: strange, unless it is remembered.
    pub(crate) fn read(&self, text: &str, head: Head) -> (usize, Form) {
        let Head { start, short, gap: _ } = head;
        let Some((spelling, length)) = short else { return self.read_new(text, start) };
        // Numbers are many, and one is as good as the other.
        let spelling = spelling.of_any_number();
        let form = self.forms.find(spelling).map_or_else(|| self.meet(text, start, spelling), Form::unpacked);
        (start + length, form)
    }

    /// The same of a word that is not remembered, such as a long one or one with letters beyond ASCII.
    #[inline(never)]
    fn read_new(&self, text: &str, start: usize) -> (usize, Form) {
        let (end, hash, shape) = word(text, start);
        (end, if shape == Shape::Number { self.number } else { Form::strange(hash, shape) })
    }

    /// A word that has not come lately.
    #[inline(never)]
    fn meet(&self, text: &str, start: usize, spelling: Spelling) -> Form {
        let (_, form) = self.read_new(text, start);
        self.forms.keep(spelling, form.packed());
        form
    }

    /// What a strange word is.
    pub(crate) fn look_up(&self, text: &str, word: &Word) -> Form {
        let form = word.form.looked_up(&self.lexicon).with_far(self.person(far(word.hash())));
        let spelling = Spelling::of_word(text.as_bytes(), word.start, word.length as usize);
        if let Some(spelling) = spelling {
            self.forms.keep(spelling, form.packed());
        }
        form
    }

    /// The weights for a person of all features of a word, added up.
    pub(crate) fn person_sum(&self, text: &str, words: &Words, index: usize, word: &Word, key: u64) -> i32 {
        let own = self.own_person(text, word);
        let placed =
            placed(words, index, key).iter().fold(0, |sum, feature| sum + i32::from(self.person(*feature)));
        let mut edges = FARS as i32;
        let far = fars(words, index).fold(0, |sum, word| {
            edges -= 1;
            sum + i32::from(word.form.far())
        });
        i32::from(own) + placed + far + edges * i32::from(self.edge)
    }

    /// The weights for a person of what a word is by itself, added up.
    pub(crate) fn own_person(&self, text: &str, word: &Word) -> i16 {
        word.form.own().unwrap_or_else(|| self.weigh(text, word))
    }

    #[inline(never)]
    fn weigh(&self, text: &str, word: &Word) -> i16 {
        let spelling = Spelling::of_word(text.as_bytes(), word.start, word.length as usize);
        let form = spelling.and_then(|spelling| self.forms.find(spelling));
        form.and_then(|form| Form::unpacked(form).own()).unwrap_or_else(|| {
            let features = own(word, text.get(word.range()).unwrap_or_default());
            let sum = features.all().iter().fold(0, |sum, feature| sum + i16::from(self.person(*feature)));
            if let Some(spelling) = spelling {
                self.forms.keep(spelling, word.form.with_own(sum).packed());
            }
            sum
        })
    }

    /// The weights of all features of a word, added up.
    pub(crate) fn sums(&self, text: &str, words: &Words, index: usize, word: &Word, key: u64) -> Sums {
        let mut sums = self.own(text, word);
        self.add(&mut sums, placed(words, index, key));
        self.add(&mut sums, fars(words, index).map(|word| far(word.hash())));
        let edges = FARS - fars(words, index).count();
        self.add(&mut sums, std::iter::repeat_n(far(EDGE), edges));
        sums
    }

    /// The weights of what a word is by itself.
    fn own(&self, text: &str, word: &Word) -> Sums {
        let Range { start, end } = word.range();
        let spelling = Spelling::of_word(text.as_bytes(), start, end - start);
        if let Some(sums) = spelling.and_then(|spelling| self.owns.find(spelling)) {
            return Sums::unpacked(sums);
        }
        let mut sums = Sums::default();
        self.add(&mut sums, own(word, text.get(start..end).unwrap_or_default()).all().iter().copied());
        if let Some(spelling) = spelling {
            self.owns.keep(spelling, sums.packed());
        }
        sums
    }

    /// Adds the weights of features.
    pub(crate) fn add(&self, sums: &mut Sums, features: impl IntoIterator<Item = u64>) {
        features.into_iter().for_each(|feature| sums.add(self.row(feature)));
    }

    /// The scores of the labels of a word whose features have these weights.
    pub(crate) fn scores(&self, sums: Sums) -> Scores {
        let [a, b, c, d] = sums.all().map(|sum| sum as f32 * self.scale);
        [0.0, a, b, c, d]
    }

    /// The score of a person for a word whose features have these weights for one.
    pub(crate) fn person_score(&self, sum: i32) -> f32 {
        sum as f32 * self.scale
    }

    /// The weights of a feature.
    fn row(&self, feature: u64) -> u32 {
        u32::from_le_bytes(self.rows.get(row(feature)).copied().unwrap_or_default())
    }

    /// The weight for a person of a feature.
    pub(crate) fn person(&self, feature: u64) -> i8 {
        self.people.get(row(feature)).copied().unwrap_or_default().cast_signed()
    }
}

/// The number of a feature's row: its highest bits.
fn row(feature: u64) -> usize {
    usize::try_from(feature >> (u64::BITS - BITS)).unwrap_or_default()
}

/// Weights of a word's features, added up by label: sixteen bits for each.
///
/// They are added as numbers without a sign, which are more by 128: no word has so many features that these run over.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sums {
    sums: u64,
    count: u32,
}

impl Sums {
    pub(crate) fn add(&mut self, row: u32) {
        const SIGNS: u32 = 0x8080_8080;
        // The bytes 0, 2, 1 and 3 of the row, each in front of a byte of zeros.
        let row = u64::from(row ^ SIGNS);
        self.sums += (row | row << 24) & 0x00FF_00FF_00FF_00FF;
        self.count += 1;
    }

    fn all(self) -> [i32; ROW] {
        let sum = |place: u32| (self.sums >> (16 * place) & 0xFFFF) as i32 - 0x80 * self.count as i32;
        [sum(0), sum(2), sum(1), sum(3)]
    }

    fn packed(self) -> Values {
        [self.sums, self.count.into()]
    }

    fn unpacked([sums, count]: Values) -> Self {
        Self { sums, count: count as u32 }
    }
}

/// Writes a model: `rows` are the weights of features, two to the power of [`BITS`], `steps` scores, `words` plain.
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
    let byte = |weight: &f32| ((weight / scale).round() as i8).cast_unsigned();
    bytes.extend(rows.iter().flatten().map(byte));
    bytes.extend(rows.iter().map(|[person, ..]| byte(person)));
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
    use super::{BITS, FILE, Known, MAGIC, Model, ROW, ROWS, Steps, Sums, digest, encode_model};

    #[test]
    fn the_embedded_model_has_the_digest_of_its_bytes() {
        let bytes = FILE.0.get(MAGIC.len() + size_of::<u64>()..).unwrap();
        assert_eq!(Model::embedded().unwrap().digest(), digest(bytes));
    }

    #[test]
    fn a_model_that_is_written_is_read_again() {
        let mut rows = vec![[0.0; ROW]; ROWS];
        rows[3] = [1.27, -1.27, 0.03, 0.05];
        rows[ROWS - 1] = [1.27, -1.27, 0.04, -0.07];
        let word = ("berta".to_owned(), Known::GIVEN);
        let bytes = encode_model(&rows, &Steps::default(), std::iter::once(word));
        let model = Model::load(&bytes).unwrap();
        assert_eq!(model.digest(), digest(bytes.get(16..).unwrap()));
        assert_eq!(model.lexicon.find(crate::hash::Hash::of("berta")), Known::GIVEN);
        // The first bits of a feature are the number of its row.
        let mut sums = Sums::default();
        model.add(&mut sums, [3 << (64 - BITS), u64::MAX]);
        let scores = model.scores(sums);
        let expected = [0.0, 2.54, -2.54, 0.07, -0.02];
        let is_near = scores.iter().zip(expected).all(|(score, expected)| (score - expected).abs() < 0.001);
        assert!(is_near, "{scores:?}");
    }

    #[test]
    fn what_is_cut_or_of_another_format_is_refused() {
        let bytes = encode_model(&vec![[1.0; ROW]; ROWS], &Steps::default(), std::iter::empty());
        assert!(Model::load(&bytes).is_ok());
        assert!(Model::load(bytes.get(..bytes.len() - 1).unwrap()).is_err());
        assert!(Model::load(bytes.get(1..).unwrap()).is_err());
        assert!(Model::load(&[]).is_err());
        let mut other = bytes;
        other[MAGIC.len() + size_of::<u64>()] = BITS as u8 - 1;
        assert!(Model::load(&other).is_err());
    }
}

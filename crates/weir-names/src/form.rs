//! What is known of a word wherever it stands.

use crate::gate::{is_candidate, is_possible};
use crate::lexicon::{Known, Lexicon};
use crate::recent::Values;
use crate::token::Shape;

/// What a word is by itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Form {
    /// Of its plain letters; of a number always the same, as the amount does not matter.
    hash: u64,
    /// From the lowest bit on: whether it may be a candidate for a name, whether it is to be looked up yet, whether the weight of its own
    /// features is known, whether it is a candidate wherever it stands, how it is written, what is known of it, the weight for a
    /// person that it has for words some way off, that of its own features. Together, as they are kept together and mostly only
    /// handed on.
    marks: u64,
}

const POSSIBLE: u64 = 1;
const STRANGE: u64 = 1 << 1;
const WEIGHED: u64 = 1 << 2;
const CANDIDATE: u64 = 1 << 3;
const SHAPE: u32 = 8;
const KNOWN: u32 = 16;
const FAR: u32 = 32;
const OWN: u32 = 48;

impl Form {
    /// The hash of every number.
    const NUMBER: u64 = 2;

    /// Of a word that was read and not looked up yet.
    pub(crate) fn strange(hash: u64, shape: Shape) -> Self {
        Self { hash, marks: STRANGE | (shape as u64) << SHAPE }
    }

    /// What such a word is once it is looked up, without weights.
    pub(crate) fn looked_up(self, lexicon: &Lexicon<'_>) -> Self {
        Self::of(self.hash, self.shape(), lexicon)
    }

    /// Of a number.
    pub(crate) fn number() -> Self {
        Self::new(Self::NUMBER, Shape::Number, Known::default())
    }

    /// Of a word with this hash and shape, without weights.
    pub(crate) fn of(hash: u64, shape: Shape, lexicon: &Lexicon<'_>) -> Self {
        match shape {
            Shape::Number => Self::number(),
            Shape::Mixed => Self::new(hash, shape, Known::default()),
            Shape::Lower
            | Shape::Title
            | Shape::Caps
            | Shape::Initial
            | Shape::Inner
            | Shape::Camel
            | Shape::Uncased => Self::new(hash, shape, lexicon.find(hash)),
        }
    }

    pub(crate) fn new(hash: u64, shape: Shape, known: Known) -> Self {
        let possible = u64::from(is_possible(shape, known)) * POSSIBLE;
        let candidate = u64::from(is_candidate(shape, known)) * CANDIDATE;
        Self { hash, marks: possible | candidate | (shape as u64) << SHAPE | u64::from(known.0) << KNOWN }
    }

    /// The same, with the weight that it has for words some way off.
    pub(crate) fn with_far(self, weight: i8) -> Self {
        Self { marks: self.marks | u64::from(weight.cast_unsigned()) << FAR, ..self }
    }

    pub(crate) fn far(self) -> i8 {
        ((self.marks >> FAR) as u8).cast_signed()
    }

    /// The same, with the weight of its own features.
    pub(crate) fn with_own(self, weight: i16) -> Self {
        Self { marks: self.marks | WEIGHED | u64::from(weight.cast_unsigned()) << OWN, ..self }
    }

    /// The weight of its own features, if it is known.
    pub(crate) fn own(self) -> Option<i16> {
        (self.marks & WEIGHED != 0).then_some(((self.marks >> OWN) as u16).cast_signed())
    }

    pub(crate) fn hash(self) -> u64 {
        self.hash
    }

    pub(crate) fn is_possible(self) -> bool {
        self.marks & POSSIBLE != 0
    }

    /// Whether it is a candidate wherever it stands.
    pub(crate) fn is_candidate(self) -> bool {
        self.marks & CANDIDATE != 0
    }

    /// Whether it was not looked up yet.
    pub(crate) fn is_strange(self) -> bool {
        self.marks & STRANGE != 0
    }

    pub(crate) fn shape(self) -> Shape {
        Shape::ALL.get(usize::from(self.shape_code())).copied().unwrap_or(Shape::Mixed)
    }

    pub(crate) fn shape_code(self) -> u8 {
        (self.marks >> SHAPE) as u8
    }

    pub(crate) fn known(self) -> Known {
        Known((self.marks >> KNOWN) as u16)
    }

    /// To be kept for the next time.
    pub(crate) fn packed(self) -> Values {
        [self.hash, self.marks]
    }

    pub(crate) fn unpacked([hash, marks]: Values) -> Self {
        Self { hash, marks }
    }
}

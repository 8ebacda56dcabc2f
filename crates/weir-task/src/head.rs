//! What an encoder of the operator's adds to the scores of the embedded model, where that one is unsure.
//!
//! An encoder makes a vector of a text. A head is a linear map from that vector to the task types, which is added to the
//! scores; it is fitted ([`fit`]) to prompts that the operator has labelled, and belongs to one encoder and one model.

mod fit;

pub use fit::{Example, Figures, Fitted, TooFew, fit};

use crate::kind::KINDS;
use serde::{Deserialize, Serialize};

/// The format's name and version, as the first field of a file says it.
const FORMAT: &str = "weir-task-head/1";
/// The longest vectors that are taken.
pub const DIMENSIONS_MAX: usize = 8192;

/// A head, as its file says it in JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    format: String,
    /// The encoder's model, by the name that its server knows it by.
    encoder: String,
    /// What stands before each text that the encoder gets, such as `query: `.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    prefix: String,
    /// The digest of the embedded model whose scores it was fitted to, in hex.
    model: String,
    /// By what the scores of the embedded model are multiplied.
    sharpness: f32,
    /// What is added to each task type's score.
    bias: [f32; KINDS],
    /// For each number of a vector, what it adds to each task type's score.
    weights: Vec<[f32; KINDS]>,
}

/// Text that is no head.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadHead {
    /// It is no JSON of this form.
    #[error("it is no head of format `{FORMAT}`: {0}")]
    Form(String),
    /// It is of another format.
    #[error("it is of format `{0}`, and this version of Weir reads `{FORMAT}`")]
    Format(String),
    /// It has too many rows of weights, or none.
    #[error("it is for vectors of {0} numbers; 1 to {DIMENSIONS_MAX} are taken")]
    Dimension(usize),
    /// A weight that is no number.
    #[error("a weight is no finite number")]
    NotFinite,
}

impl Head {
    /// Reads a head.
    ///
    /// # Errors
    /// [`BadHead`] when it cannot be used as it stands.
    pub fn parse(text: &str) -> Result<Self, BadHead> {
        let head: Self = serde_json::from_str(text).map_err(|error| BadHead::Form(error.to_string()))?;
        if head.format != FORMAT {
            return Err(BadHead::Format(head.format));
        }
        if !(1..=DIMENSIONS_MAX).contains(&head.weights.len()) {
            return Err(BadHead::Dimension(head.weights.len()));
        }
        let weights = head.weights.as_flattened().iter().chain(&head.bias).chain([&head.sharpness]);
        if !weights.copied().all(f32::is_finite) {
            return Err(BadHead::NotFinite);
        }
        Ok(head)
    }

    /// The text of its file.
    ///
    /// # Errors
    /// The writer's; there is no head that cannot be written.
    pub fn to_text(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self).map(|text| text + "\n")
    }

    /// The encoder's model.
    #[must_use]
    pub fn encoder(&self) -> &str {
        &self.encoder
    }

    /// What stands before each text.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// How many numbers a vector has.
    #[must_use]
    pub fn dimension(&self) -> usize {
        self.weights.len()
    }

    /// Whether it was fitted to the scores of the model with this digest.
    #[must_use]
    pub fn is_of(&self, model: u64) -> bool {
        self.model == format!("{model:016x}")
    }

    /// The scores of the task types, by those of the embedded model and a vector. `None` for a vector that has not as many
    /// numbers as it must have, or not a direction.
    #[must_use]
    pub fn scores(&self, scores: &[f32; KINDS], vector: &[f32]) -> Option<[f32; KINDS]> {
        let vector = direction(vector).filter(|vector| vector.len() == self.weights.len())?;
        let mut sums = self.bias;
        sums.iter_mut().zip(scores).for_each(|(sum, score)| *sum += self.sharpness * score);
        for (number, weights) in vector.iter().zip(&self.weights) {
            sums.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += number * weight);
        }
        Some(sums)
    }
}

/// A vector of length 1 in the same direction; `None` if it has none.
fn direction(vector: &[f32]) -> Option<Vec<f32>> {
    let length = vector.iter().map(|number| number * number).sum::<f32>().sqrt();
    (length.is_finite() && length > 0.0).then(|| vector.iter().map(|number| number / length).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;

    fn head(weights: Vec<[f32; KINDS]>) -> Head {
        Head {
            format: FORMAT.to_owned(),
            encoder: "e5".to_owned(),
            prefix: String::new(),
            model: format!("{:016x}", 7),
            sharpness: 0.5,
            bias: [0.0; KINDS],
            weights,
        }
    }

    #[test]
    fn what_was_written_is_read_again_and_belongs_to_one_model() {
        let head = head(vec![[0.25; KINDS]; 3]);
        let again = Head::parse(&head.to_text().unwrap()).unwrap();
        assert_eq!(again, head);
        assert_eq!((again.encoder(), again.dimension(), again.prefix()), ("e5", 3, ""));
        assert!(again.is_of(7) && !again.is_of(8));
    }

    #[test]
    fn what_cannot_be_used_is_refused_with_the_reason() {
        let whole = head(vec![[0.0; KINDS]; 2]).to_text().unwrap();
        let other = whole.replace("head/1", "head/2");
        assert_eq!(Head::parse(&other), Err(BadHead::Format("weir-task-head/2".to_owned())));
        assert_eq!(Head::parse(&head(Vec::new()).to_text().unwrap()), Err(BadHead::Dimension(0)));
        assert_eq!(Head::parse(&whole.replace("0.5", "1e39")), Err(BadHead::NotFinite));
        for text in ["", "{}", &whole.replace("bias", "byass"), &whole.replace("[0.0,", "[")] {
            assert!(matches!(Head::parse(text), Err(BadHead::Form(_))), "{text}");
        }
    }

    #[test]
    fn the_direction_of_a_vector_is_added_to_the_scores() {
        let mut weights = vec![[0.0; KINDS]; 2];
        weights[1][Kind::Math.column()] = 2.0;
        let (head, mut scores) = (head(weights), [0.0; KINDS]);
        scores[Kind::Chat.column()] = 3.0;
        let said = head.scores(&scores, &[0.0, 40.0]).unwrap();
        assert_eq!((said[Kind::Math.column()], said[Kind::Chat.column()]), (2.0, 1.5));
        for vector in
            [&[][..], &[1.0], &[1.0, 0.0, 0.0], &[0.0, 0.0], &[f32::NAN, 1.0], &[f32::MAX, f32::MAX]]
        {
            assert_eq!(head.scores(&scores, vector), None, "{vector:?}");
        }
    }
}

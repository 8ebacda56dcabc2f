/// By what one learns whether an answer was good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signal {
    /// Whoever asked says it.
    Feedback,
    /// The same was asked again.
    Regenerated,
    /// What was asked was put differently.
    Edited,
    /// The conversation went on from the answer.
    Continued,
    /// A cascade looked at the answer.
    Checked,
    /// A judge compared it with the answer of another target.
    Judged,
}

impl Signal {
    /// Every signal.
    pub const ALL: [Signal; 6] = [
        Signal::Feedback,
        Signal::Regenerated,
        Signal::Edited,
        Signal::Continued,
        Signal::Checked,
        Signal::Judged,
    ];

    /// The word used in records and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Signal::Feedback => "feedback",
            Signal::Regenerated => "regenerated",
            Signal::Edited => "edited",
            Signal::Continued => "continued",
            Signal::Checked => "checked",
            Signal::Judged => "judged",
        }
    }

    /// The signal of this word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|signal| signal.as_str() == word)
    }

    /// How much of an explicit verdict it is worth. What is only inferred is worth less: who asks again may want another
    /// answer to a good one, and who goes on may do so in spite of it.
    #[must_use]
    pub const fn weight(self) -> f64 {
        match self {
            Signal::Feedback | Signal::Judged => 1.0,
            Signal::Regenerated => 0.5,
            Signal::Edited | Signal::Continued | Signal::Checked => 0.25,
        }
    }
}

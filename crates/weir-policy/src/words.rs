//! Facts with a handful of values.

use crate::UnknownWord;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;
use weir_label::Level;

/// A type with a handful of values, each with a name.
pub trait Word: Copy + Eq + Ord + fmt::Debug + 'static {
    /// Every value, in order; at most 16.
    const ALL: &'static [Self];

    /// The name used in policies, records and metrics.
    fn word(self) -> &'static str;

    /// The value's place in [`ALL`](Self::ALL).
    fn place(self) -> u32;

    /// The value of this name.
    fn of_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|value| value.word() == word)
    }
}

/// A set of words.
#[derive(PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Words<T> {
    bits: u16,
    of: PhantomData<T>,
}

impl<T: Word> Words<T> {
    /// No word.
    #[must_use]
    pub const fn none() -> Self {
        Self { bits: 0, of: PhantomData }
    }

    /// Every word there is.
    #[must_use]
    pub fn all() -> Self {
        T::ALL.iter().copied().collect()
    }

    /// `word` and those after it.
    #[must_use]
    pub fn at_least(word: T) -> Self {
        T::ALL.iter().copied().filter(|each| *each >= word).collect()
    }

    /// `word` and those before it.
    #[must_use]
    pub fn at_most(word: T) -> Self {
        T::ALL.iter().copied().filter(|each| *each <= word).collect()
    }

    /// Whether `word` is one of them.
    #[must_use]
    pub fn contains(self, word: T) -> bool {
        self.bits & bit(word) != 0
    }

    /// Whether a word is in both.
    #[must_use]
    pub const fn intersects(self, other: Self) -> bool {
        self.bits & other.bits != 0
    }

    /// The words that are in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self { bits: self.bits & other.bits, of: PhantomData }
    }

    /// The words that are not in it.
    #[must_use]
    pub fn complement(self) -> Self {
        Self { bits: Self::all().bits & !self.bits, of: PhantomData }
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.bits == 0
    }

    /// The words, in order.
    pub fn iter(self) -> impl Iterator<Item = T> {
        T::ALL.iter().copied().filter(move |word| self.contains(*word))
    }
}

fn bit<T: Word>(word: T) -> u16 {
    1_u16.checked_shl(word.place()).unwrap_or(0)
}

impl<T> Clone for Words<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Words<T> {}

impl<T: Word> Default for Words<T> {
    fn default() -> Self {
        Self::none()
    }
}

impl<T: Word> FromIterator<T> for Words<T> {
    fn from_iter<I: IntoIterator<Item = T>>(words: I) -> Self {
        let bits = words.into_iter().fold(0, |bits, word| bits | bit(word));
        Self { bits, of: PhantomData }
    }
}

impl<T: Word, const N: usize> From<[T; N]> for Words<T> {
    fn from(words: [T; N]) -> Self {
        words.into_iter().collect()
    }
}

impl<T: Word> fmt::Debug for Words<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// Defines an enumeration of words with [`Word`], `Display` and `FromStr`.
macro_rules! words {
    (
        $(#[$doc:meta])*
        $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The name used in policies, records and metrics.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $($name::$variant => $word,)+
                }
            }
        }

        impl Word for $name {
            const ALL: &'static [Self] = $name::ALL;

            fn word(self) -> &'static str {
                self.as_str()
            }

            fn place(self) -> u32 {
                self as u32
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::of_word(text).ok_or_else(|| UnknownWord {
                    word: text.to_owned(),
                    known: words!(@known $($word),+),
                })
            }
        }
    };
    (@known $first:literal $(, $more:literal)*) => {
        concat!("`", $first, "`" $(, ", `", $more, "`")*)
    };
}

words! {
    /// Whether somebody waits for the answer.
    #[derive(Default)]
    LatencyClass {
        /// Somebody waits.
        #[default]
        Interactive = "interactive",
        /// Nobody waits.
        Batch = "batch",
    }
}

words! {
    /// What a request asks a model to do.
    TaskType {
        /// Conversation and everyday questions.
        Chat = "chat",
        /// Writing program text.
        CodeGenerate = "code_generate",
        /// Explaining, reviewing and mending program text.
        CodeExplain = "code_explain",
        /// Calculation and proof.
        Math = "math",
        /// Taking values out of a text, often as JSON.
        Extract = "extract",
        /// Sorting into given classes.
        Classify = "classify",
        /// Shortening a text.
        Summarise = "summarise",
        /// From one language into another.
        Translate = "translate",
        /// Saying the same in another way.
        Rewrite = "rewrite",
        /// Stories, poems, advertisements.
        Creative = "creative",
        /// Collecting ideas.
        Brainstorm = "brainstorm",
        /// Answering from documents that come with the request.
        Rag = "rag",
        /// Working with tools, in steps.
        Agent = "agent",
    }
}

words! {
    /// The form that the answer must have.
    #[derive(Default)]
    ResponseFormat {
        /// Any text.
        #[default]
        Text = "text",
        /// A JSON object.
        JsonObject = "json_object",
        /// JSON that follows a schema.
        JsonSchema = "json_schema",
    }
}

words! {
    /// A kind of content.
    Modality {
        /// Text.
        Text = "text",
        /// An image.
        Image = "image",
        /// Sound.
        Audio = "audio",
        /// A moving picture.
        Video = "video",
        /// An attached document.
        File = "file",
    }
}

words! {
    /// Something about an answer that is cheaply seen and tells that it does not do.
    Check {
        /// It says nothing.
        Empty = "empty",
        /// It refuses.
        Refusal = "refusal",
        /// It is no JSON, and JSON was asked for.
        Json = "json",
        /// It does not keep to the JSON Schema that was given.
        Schema = "schema",
        /// It calls a tool that was not offered, or with arguments that the tool does not take.
        ToolCall = "tool_call",
        /// It ends at the limit of its length or in the filter of the provider.
        CutOff = "cut_off",
    }
}

words! {
    /// A day of the week, in the policy's time zone.
    Weekday {
        /// Monday.
        Monday = "mon",
        /// Tuesday.
        Tuesday = "tue",
        /// Wednesday.
        Wednesday = "wed",
        /// Thursday.
        Thursday = "thu",
        /// Friday.
        Friday = "fri",
        /// Saturday.
        Saturday = "sat",
        /// Sunday.
        Sunday = "sun",
    }
}

impl Word for Level {
    const ALL: &'static [Self] = &Level::ALL;

    fn word(self) -> &'static str {
        self.as_str()
    }

    fn place(self) -> u32 {
        self as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_has_its_own_bit_and_is_found_by_its_name() {
        fn check<T: Word>() {
            for (place, word) in (0..).zip(T::ALL) {
                assert_eq!(word.place(), place);
                assert_eq!(T::of_word(word.word()), Some(*word));
            }
            assert_eq!(Words::<T>::all().iter().collect::<Vec<_>>(), T::ALL);
            assert!(Words::<T>::all().complement().is_empty());
        }
        check::<Level>();
        check::<LatencyClass>();
        check::<TaskType>();
        check::<ResponseFormat>();
        check::<Modality>();
        check::<Check>();
        check::<Weekday>();
    }

    #[test]
    fn sets_of_words_meet_and_complement() {
        let weekend: Words<Weekday> = [Weekday::Saturday, Weekday::Sunday].into();
        let working_week = weekend.complement();
        assert!(working_week.contains(Weekday::Monday) && !working_week.contains(Weekday::Sunday));
        assert!(!weekend.intersects(working_week));
        assert!(weekend.and(working_week).is_empty());
        assert_eq!(working_week.iter().count(), 5);
    }

    #[test]
    fn a_stranger_is_answered_with_the_words_that_would_do() {
        let error = "yaml".parse::<ResponseFormat>().unwrap_err();
        assert_eq!(error.to_string(), "`yaml` is not one of `text`, `json_object`, `json_schema`");
    }
}

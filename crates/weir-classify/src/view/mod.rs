//! Views: ways of reading a text in which an identifier shows that does not show in another.

mod map;
mod normalise;
mod seam;
mod unescape;

pub(crate) use map::{Chain, SourceMap};
pub(crate) use normalise::{fold_case, normalise};
pub(crate) use seam::{Joined, Place, joins};
pub(crate) use unescape::unescape;

/// A text made from another, and where each of its bytes came from.
#[derive(Default)]
pub(crate) struct Derived {
    pub(crate) text: String,
    pub(crate) map: SourceMap,
}

impl Derived {
    fn with_capacity(bytes: usize) -> Self {
        Self { text: String::with_capacity(bytes), ..Self::default() }
    }

    /// Goes on with a stretch of the source as it stands.
    fn copy(&mut self, source: &str, start: usize, end: usize) {
        if start < end {
            self.map.copied(self.text.len(), start..end);
            self.text.push_str(source.get(start..end).unwrap_or_default());
        }
    }
}

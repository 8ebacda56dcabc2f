use super::{SourceMap, Step};
use crate::View;
use std::ops::Range;

/// Most texts with edits have no more pieces.
const PIECES: usize = 16;

/// A text made from another, and where each of its bytes came from.
#[derive(Default)]
pub(crate) struct Derived {
    pub(crate) text: String,
    pub(crate) map: SourceMap,
}

impl Derived {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self { text: String::with_capacity(bytes), ..Self::default() }
    }

    /// Goes on with a stretch of the source as it stands.
    pub(super) fn copy(&mut self, source: &str, range: Range<usize>) {
        if !range.is_empty() {
            self.map.copied(self.text.len(), range.clone());
            self.text.push_str(source.get(range).unwrap_or_default());
        }
    }
}

/// Makes a text from another by a few edits, in order of place.
pub(crate) struct Editor<'a> {
    source: &'a str,
    done: usize,
    edited: bool,
    view: Derived,
}

impl<'a> Editor<'a> {
    pub(crate) fn new(source: &'a str) -> Self {
        Self { source, done: 0, edited: false, view: Derived::default() }
    }

    /// Everything before is settled.
    pub(crate) fn done(&self) -> usize {
        self.done
    }

    pub(crate) fn replace(&mut self, range: Range<usize>, text: &str, kind: View) {
        self.step(range, text, Step::NONE, kind);
    }

    pub(crate) fn remove(&mut self, range: Range<usize>, kind: View) {
        self.replace(range, "", kind);
    }

    /// Writes `text` for `range`, so many bytes for so many. An edit of what is settled is left out.
    pub(crate) fn step(&mut self, range: Range<usize>, text: &str, step: Step, kind: View) {
        if range.start < self.done {
            return;
        }
        if !self.edited {
            self.edited = true;
            self.view.text.reserve(self.source.len());
            self.view.map.reserve(PIECES);
        }
        self.view.copy(self.source, self.done..range.start);
        self.view.map.stepped(self.view.text.len(), range.clone(), step, kind);
        self.view.text.push_str(text);
        self.done = range.end;
    }

    /// The text with its edits, or `None` when there are none.
    pub(crate) fn finish(mut self) -> Option<Derived> {
        if !self.edited {
            return None;
        }
        self.view.copy(self.source, self.done..self.source.len());
        Some(self.view)
    }
}

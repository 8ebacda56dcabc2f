use super::map::Change;
use super::{Derived, is_labelled};
use crate::View;
use crate::haystack::CONTEXT_BEFORE;
use std::ops::{ControlFlow, Range};

/// Bytes before and after a change that are read with it: as far as context words count, and more than
/// the head of an identifier.
const BEFORE: usize = 128;
const AFTER: usize = 96;
/// How much further the edge of a window may move to stand between words.
const WORD_MAX: usize = 32;

/// How far before a change something may begin that it is part of, and how far if it is a value in groups.
const HEAD: usize = 96;
const VALUE: usize = 64;
/// How far after the end of a change, where what it parted from begins.
const TAIL: usize = 8;

/// A stretch of a view that holds changes and what is near them.
#[derive(Debug)]
pub(crate) struct Window {
    pub(crate) range: Range<usize>,
    /// From the first change to the last, within the window.
    pub(crate) core: Range<usize>,
    /// Where something that a change shows may begin.
    pub(crate) focus: Vec<Range<usize>>,
    /// The same for what is found by a digit or sign.
    pub(crate) signs: Vec<Range<usize>>,
    /// How far after a focus the words may begin by which something is found.
    pub(crate) reach: usize,
    /// The furthest kind of change in it.
    pub(crate) view: View,
}

/// Gives `read` what has to be read of a view, as long as it goes on: the rest reads as it did in its source.
pub(crate) fn each_window(
    derived: &Derived,
    mut read: impl FnMut(&Window) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let mut changes = derived.map.changes(derived.text.len()).peekable();
    let mut window = Window::new();
    while let Some(first) = changes.next() {
        window.begin(first);
        while let Some(change) = changes.next_if(|change| window.has(change)) {
            window.push(change);
        }
        window.settle(&derived.text);
        read(&window)?;
    }
    ControlFlow::Continue(())
}

impl Window {
    fn new() -> Self {
        let (focus, signs) = (Vec::new(), Vec::new());
        Self { range: 0..0, core: 0..0, focus, signs, reach: 0, view: View::Raw }
    }

    fn begin(&mut self, first: Change) {
        self.core = first.range.clone();
        self.view = first.kind;
        self.focus.clear();
        self.focus.push(first.range);
    }

    /// Whether a change is so near that it is read together with those before.
    fn has(&self, change: &Change) -> bool {
        change.range.start.saturating_sub(BEFORE) <= self.core.end + AFTER
    }

    fn push(&mut self, change: Change) {
        self.core.end = change.range.end;
        self.view = self.view.max(change.kind);
        self.focus.push(change.range);
    }

    fn settle(&mut self, text: &str) {
        let start = edge_before(text, self.core.start.saturating_sub(BEFORE));
        let end = edge_after(text, text.len().min(self.core.end + AFTER));
        self.range = start..end;
        self.core = self.core.start - start..self.core.end - start;
        let is_flip = matches!(self.view, View::CaseSwapped | View::Reversed | View::Rot13);
        // What a digit or sign finds begins in a value that is read otherwise, in the groups of which some changed, or behind
        // a word that changed and gives it meaning.
        let is_value = matches!(self.view, View::Regrouped | View::LookAlike);
        let lead = if is_flip {
            TAIL
        } else if is_value {
            VALUE
        } else {
            HEAD
        };
        let tail = if is_flip {
            0
        } else if self.view == View::LookAlike {
            TAIL
        } else {
            CONTEXT_BEFORE
        };
        let sign =
            |change: &Range<usize>| change.start.saturating_sub(start + lead)..change.end + tail - start;
        self.signs.clear();
        self.signs.extend(self.focus.iter().map(sign));
        for change in &mut self.focus {
            // A value that is read from its other end without a label is all that such a view may show.
            let is_alone = is_flip && !is_labelled(text, change.start);
            let (head, tail) = if is_alone { (0, 0) } else { (HEAD, TAIL) };
            *change = change.start.saturating_sub(start + head)..change.end + tail - start;
        }
        merge(&mut self.signs);
        merge(&mut self.focus);
        self.reach = if is_flip { 0 } else { AFTER };
    }
}

/// Takes ranges together that touch: they are in order.
fn merge(ranges: &mut Vec<Range<usize>>) {
    ranges.dedup_by(|next, last| {
        let touches = next.start <= last.end;
        if touches {
            *last = last.start.min(next.start)..last.end.max(next.end);
        }
        touches
    });
}

/// Where a word begins at or before `at`, so that no window cuts one.
fn edge_before(text: &str, at: usize) -> usize {
    let floor = at.saturating_sub(WORD_MAX);
    let bytes = text.as_bytes().get(floor..at).unwrap_or_default();
    let edge = bytes.iter().rposition(u8::is_ascii_whitespace).map_or(floor, |space| floor + space + 1);
    text.floor_char_boundary(edge)
}

fn edge_after(text: &str, at: usize) -> usize {
    let bytes = text.as_bytes().get(at..text.len().min(at + WORD_MAX)).unwrap_or_default();
    let edge = bytes.iter().position(u8::is_ascii_whitespace).unwrap_or(bytes.len());
    text.ceil_char_boundary(at + edge)
}

use super::{Derived, is_labelled};
use crate::View;
use crate::haystack::CONTEXT_BEFORE;
use std::ops::Range;

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
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// What has to be read of a view: the rest reads as it did in its source.
pub(crate) fn windows(derived: &Derived) -> Vec<Window> {
    let mut windows: Vec<Window> = Vec::new();
    for change in derived.map.changes(derived.text.len()) {
        let start = change.range.start.saturating_sub(BEFORE);
        match windows.last_mut() {
            Some(last) if start <= last.core.end + AFTER => {
                last.core.end = change.range.end;
                last.view = last.view.max(change.kind);
                last.focus.push(change.range);
            }
            _ => windows.push(Window {
                range: start..start,
                core: change.range.clone(),
                focus: vec![change.range],
                signs: Vec::new(),
                reach: 0,
                view: change.kind,
            }),
        }
    }
    for window in &mut windows {
        window.settle(&derived.text);
    }
    windows
}

impl Window {
    fn settle(&mut self, text: &str) {
        let start = edge_before(text, self.range.start);
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
        let changes = self.focus.iter();
        self.signs = changes
            .map(|change| change.start.saturating_sub(start + lead)..change.end + tail - start)
            .collect();
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

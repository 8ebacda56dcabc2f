use super::json::Escaped;
use crate::View;
use std::ops::Range;

/// Where each byte of a derived text came from.
///
/// INVARIANT (offsets map back): pieces are in order of both texts; a piece maps by steps, so many
/// bytes of the view for so many of the source. Verbatim pieces step byte by byte, so a character
/// boundary maps to a character boundary; the source of other steps is ASCII; a piece without steps
/// maps as a whole to a source range that begins and ends on a boundary.
#[derive(Debug, Default)]
pub(crate) struct SourceMap {
    pieces: Vec<Piece>,
}

#[derive(Debug)]
struct Piece {
    view: usize,
    source: Range<usize>,
    step: Step,
    kind: View,
}

/// So many bytes of the view stand for so many of the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) view: u8,
    pub(crate) source: u8,
}

impl Step {
    pub(crate) const VERBATIM: Step = Step { view: 1, source: 1 };
    /// The whole for the whole.
    pub(crate) const NONE: Step = Step { view: 0, source: 0 };

    pub(crate) const fn of(view: u8, source: u8) -> Self {
        Self { view, source }
    }
}

/// A place where a view differs from its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    /// Where, in the view; empty where something was left out.
    pub(crate) range: Range<usize>,
    pub(crate) kind: View,
}

impl SourceMap {
    pub(super) fn reserve(&mut self, pieces: usize) {
        self.pieces.reserve(pieces);
    }

    /// Says that the view goes on at `view` with a copy of `source`.
    pub(crate) fn copied(&mut self, view: usize, source: Range<usize>) {
        self.stepped(view, source, Step::VERBATIM, View::Raw);
    }

    /// Says that the view goes on at `view` with something written in place of `source`.
    pub(crate) fn replaced(&mut self, view: usize, source: Range<usize>, kind: View) {
        self.stepped(view, source, Step::NONE, kind);
    }

    /// Says that the view goes on at `view` with what `source` stands for step by step.
    pub(crate) fn stepped(&mut self, view: usize, source: Range<usize>, step: Step, kind: View) {
        match self.pieces.last_mut() {
            Some(last) if last.goes_on(view, &source, step, kind) => last.source.end = source.end,
            _ => self.pieces.push(Piece { view, source, step, kind }),
        }
    }

    /// The source range of a non-empty range of the view.
    pub(crate) fn source(&self, view: &Range<usize>) -> Range<usize> {
        let start = self.piece_at(view.start).map_or(0, |piece| piece.source_start(view.start));
        let last = view.end.saturating_sub(1);
        let end = self.piece_at(last).map_or(start, |piece| piece.source_end(view.end));
        start..end.max(start)
    }

    /// Where places of the source lie in the view.
    pub(crate) fn forward(&self, sources: &[usize]) -> Vec<usize> {
        let mut views: Vec<usize> = sources.iter().filter_map(|source| self.view_of(*source)).collect();
        views.dedup();
        views
    }

    /// Where a view of `len` bytes differs from its source, in order.
    pub(crate) fn changes(&self, len: usize) -> impl Iterator<Item = Change> + '_ {
        let next_views = self.pieces.iter().skip(1).map(|piece| piece.view).chain([len]);
        let pieces = self.pieces.iter().zip(next_views);
        pieces
            .filter(|(piece, _)| piece.kind != View::Raw)
            .map(|(piece, next)| Change { range: piece.view..next, kind: piece.kind })
    }

    fn view_of(&self, source: usize) -> Option<usize> {
        let after = self.pieces.partition_point(|piece| piece.source.end <= source);
        let piece = self.pieces.get(after)?;
        let inside = source.saturating_sub(piece.source.start);
        Some(if piece.step == Step::VERBATIM { piece.view + inside } else { piece.view })
    }

    fn piece_at(&self, offset: usize) -> Option<&Piece> {
        let after = self.pieces.partition_point(|piece| piece.view <= offset);
        self.pieces.get(after.checked_sub(1)?)
    }
}

impl Piece {
    fn goes_on(&self, view: usize, source: &Range<usize>, step: Step, kind: View) -> bool {
        let (in_view, in_source) = (usize::from(self.step.view), usize::from(self.step.source));
        self.step == step
            && self.kind == kind
            && step != Step::NONE
            && self.source.end == source.start
            && self.source.len().is_multiple_of(in_source)
            && self.view + self.source.len() / in_source * in_view == view
    }

    fn source_start(&self, offset: usize) -> usize {
        match usize::from(self.step.view) {
            0 => self.source.start,
            view => self.in_source((offset - self.view) / view),
        }
    }

    fn source_end(&self, end: usize) -> usize {
        match usize::from(self.step.view) {
            0 => self.source.end,
            view => self.in_source((end - self.view).div_ceil(view)),
        }
    }

    /// The source offset of so many steps.
    fn in_source(&self, steps: usize) -> usize {
        self.source.end.min(self.source.start + steps * usize::from(self.step.source))
    }
}

/// The maps from a view back to the text it was made from, innermost first.
#[derive(Clone, Copy)]
pub(crate) struct Chain<'a> {
    pub(crate) link: Link<'a>,
    pub(crate) outer: Option<&'a Chain<'a>>,
}

/// How one text lies in another.
#[derive(Clone, Copy)]
pub(crate) enum Link<'a> {
    Map(&'a SourceMap),
    /// It is a string of a JSON text.
    Json(&'a Escaped<'a>),
    /// It is a stretch of the other, from an offset on.
    Part(usize),
}

impl Chain<'_> {
    /// The range of the outermost text.
    pub(crate) fn source(&self, view: &Range<usize>) -> Range<usize> {
        let here = match self.link {
            Link::Map(map) => map.source(view),
            Link::Json(escaped) => escaped.map().source(view),
            Link::Part(offset) => view.start + offset..view.end + offset,
        };
        self.outer.map_or_else(|| here.clone(), |outer| outer.source(&here))
    }
}

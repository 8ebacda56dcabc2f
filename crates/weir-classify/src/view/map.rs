use std::ops::Range;

/// Where each byte of a derived text came from.
///
/// INVARIANT (offsets map back): pieces are in order of both texts; a verbatim piece holds the same
/// bytes on both sides, so a character boundary maps to a character boundary; any other piece maps
/// as a whole to a source range that begins and ends on one.
#[derive(Debug, Default)]
pub(crate) struct SourceMap {
    pieces: Vec<Piece>,
}

#[derive(Debug)]
struct Piece {
    view: usize,
    source: Range<usize>,
    verbatim: bool,
}

impl SourceMap {
    /// Says that the view goes on at `view` with a copy of `source`.
    pub(crate) fn copied(&mut self, view: usize, source: Range<usize>) {
        match self.pieces.last_mut() {
            Some(last)
                if last.verbatim
                    && last.source.end == source.start
                    && last.view + last.source.len() == view =>
            {
                last.source.end = source.end;
            }
            _ => self.pieces.push(Piece { view, source, verbatim: true }),
        }
    }

    /// Says that the view goes on at `view` with something written in place of `source`.
    pub(crate) fn replaced(&mut self, view: usize, source: Range<usize>) {
        self.pieces.push(Piece { view, source, verbatim: false });
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

    fn view_of(&self, source: usize) -> Option<usize> {
        let after = self.pieces.partition_point(|piece| piece.source.end <= source);
        let piece = self.pieces.get(after)?;
        let inside = source.saturating_sub(piece.source.start);
        Some(if piece.verbatim { piece.view + inside } else { piece.view })
    }

    fn piece_at(&self, offset: usize) -> Option<&Piece> {
        let after = self.pieces.partition_point(|piece| piece.view <= offset);
        self.pieces.get(after.checked_sub(1)?)
    }
}

impl Piece {
    fn source_start(&self, offset: usize) -> usize {
        if self.verbatim { self.source.start + (offset - self.view) } else { self.source.start }
    }

    fn source_end(&self, end: usize) -> usize {
        if self.verbatim { self.source.start + (end - self.view) } else { self.source.end }
    }
}

/// The maps from a view back to the text it was made from, innermost first.
#[derive(Clone, Copy)]
pub(crate) struct Chain<'a> {
    pub(crate) map: &'a SourceMap,
    pub(crate) outer: Option<&'a Chain<'a>>,
}

impl Chain<'_> {
    /// The range of the outermost text.
    pub(crate) fn source(&self, view: &Range<usize>) -> Range<usize> {
        let here = self.map.source(view);
        self.outer.map_or_else(|| here.clone(), |outer| outer.source(&here))
    }
}

use crate::IndexUse;
use crate::recognise::Match;
use std::ops::ControlFlow;
use std::sync::Arc;
use weir_index::{Index, Words};

/// The operator's indexes.
#[derive(Debug)]
pub(crate) struct Indexes(Vec<Arc<Index>>);

impl Indexes {
    /// Those of the settings, if there are any.
    pub(crate) fn new(uses: &[IndexUse]) -> Option<Self> {
        (!uses.is_empty()).then(|| Self(uses.iter().map(|used| used.index.clone()).collect()))
    }

    /// Reports which index has what of `text`, until told to stop.
    pub(crate) fn scan(
        &self,
        text: &str,
        mut report: impl FnMut(usize, Match) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let words = Words::read(text);
        self.0.iter().enumerate().try_for_each(|(at, index)| {
            index.scan(&words, &mut |hit| {
                report(at, Match { document: hit.document, ..Match::new(hit.span, 1.0) })
            })
        })
    }
}

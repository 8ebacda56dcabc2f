use crate::collector::{Origin, Source};
use crate::recognise::Match;
use crate::scanner::Keyed;
use crate::view::{Chain, is_labelled};
use crate::{EntityType, View};
use std::ops::Range;

/// One view of one text, and the way back to where it came from.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) text: &'a str,
    pub(super) origin: Origin<'a>,
    pub(super) keys: &'a [&'a str],
    pub(super) keyed: &'a Keyed,
    pub(super) seams: &'a [usize],
    pub(super) chain: Option<&'a Chain<'a>>,
    /// Where the text differs from the one that was read before, if it is a window of a view.
    pub(super) core: Option<&'a Range<usize>>,
    /// Where something new may begin.
    pub(super) focus: Option<&'a [Range<usize>]>,
    /// The same for what is found by a digit or sign, if that is less.
    pub(super) signs: Option<&'a [Range<usize>]>,
    /// How far after that the words may begin by which it is found.
    pub(super) reach: usize,
    pub(super) view: View,
    /// Whether the view takes the text otherwise than it is written.
    pub(super) is_doubtful: bool,
    /// How many JSON texts it lies in.
    pub(super) depth: u8,
    /// How many layers of encoding were undone.
    pub(super) layers: u8,
}

impl<'a> Reading<'a> {
    pub(super) fn new(
        text: &'a str,
        source: &'a Source<'a>,
        keys: &'a [&'a str],
        keyed: &'a Keyed,
        depth: u8,
    ) -> Self {
        Self {
            text,
            origin: Origin::Segment(source.segment),
            keys,
            keyed,
            seams: &[],
            chain: source.chain.as_ref(),
            core: None,
            focus: None,
            signs: None,
            reach: 0,
            view: View::Raw,
            is_doubtful: false,
            depth,
            layers: 0,
        }
    }

    pub(super) fn segment(&self) -> usize {
        match self.origin {
            Origin::Segment(segment) => segment,
            Origin::Joined(_, sources) => sources.first().map_or(0, |source| source.segment),
        }
    }

    /// Whether another segment begins within a range or at its end.
    ///
    /// Of a joined text, what a window shows that lies in one segment was judged there.
    pub(super) fn has_seam(&self, range: &Range<usize>) -> bool {
        let after = self.seams.partition_point(|seam| *seam < range.start);
        self.seams.get(after).is_some_and(|seam| *seam <= range.end)
    }

    /// Whether this view shows a match that the text before it did not, and soundly.
    pub(super) fn shows(&self, entity: &EntityType, found: &Match) -> bool {
        let is_new =
            self.core.is_none_or(|core| found.evidence.start <= core.end && core.start <= found.evidence.end);
        is_new && (!self.is_doubtful || self.is_backed(entity, found))
    }

    /// Whether there is more than the looks to a match in a doubtful view: a structure that chance does not
    /// make, a context, or a label directly before it.
    fn is_backed(&self, entity: &EntityType, found: &Match) -> bool {
        /// A longer text is more than the value of its key.
        const VALUE_MAX: usize = 80;
        const STRUCTURED: [EntityType; 3] =
            [EntityType::EMAIL_ADDRESS, EntityType::IBAN_CODE, EntityType::TERM];
        if found.is_formless {
            return false;
        }
        let has_context = found.evidence != found.span;
        if *entity == EntityType::SECRET {
            // The name of a secret says nothing of a value that is not the one written.
            let is_keyed = !self.keys.is_empty() && found.span.start == 0;
            return !has_context && !is_keyed;
        }
        let is_labelled = is_labelled(self.text, found.span.start);
        if *entity == EntityType::PHONE_NUMBER {
            // Without a check digit, a number is as good from the other end.
            return is_labelled && self.view != View::Reversed;
        }
        STRUCTURED.contains(entity)
            || has_context
            || (!self.keys.is_empty() && self.text.len() <= VALUE_MAX)
            || is_labelled
    }
}

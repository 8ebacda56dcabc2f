use crate::canonical::{BlockKind, Delta, Event};
use std::collections::VecDeque;

/// Puts blocks that are open at the same time one after the other, for dialects that know one open block.
///
/// What belongs to a later block is held until those before it are complete. Passes on the first answer
/// alone: these dialects know no others, and nobody who speaks them can ask for several.
#[derive(Debug, Default)]
pub(super) struct Serial {
    open: Option<usize>,
    waiting: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    block: usize,
    kind: BlockKind<'static>,
    deltas: Vec<Delta<'static>>,
    is_complete: bool,
}

impl Serial {
    /// Takes an event and passes on what can be written now.
    pub(super) fn event(&mut self, event: &Event<'_>, sink: &mut dyn FnMut(&Event<'_>)) {
        match event {
            Event::BlockStart { choice: 0, block, kind } => self.start(*block, kind, event, sink),
            Event::Delta { choice: 0, block, delta } => self.delta(*block, delta, event, sink),
            Event::BlockEnd { choice: 0, block } => self.end(*block, event, sink),
            Event::BlockStart { .. } | Event::Delta { .. } | Event::BlockEnd { .. } => {}
            Event::Finish { choice: 0, .. } | Event::End => {
                self.complete(sink);
                sink(event);
            }
            Event::LogProbs { choice: 0, .. } | Event::Start { .. } | Event::Usage(_) | Event::Ping => {
                sink(event)
            }
            Event::LogProbs { .. } | Event::Finish { .. } => {}
        }
    }

    fn start(
        &mut self,
        block: usize,
        kind: &BlockKind<'_>,
        event: &Event<'_>,
        sink: &mut dyn FnMut(&Event<'_>),
    ) {
        if self.open.is_none() {
            self.open = Some(block);
            return sink(event);
        }
        let kind = kind.clone().into_owned();
        self.waiting.push_back(Waiting { block, kind, deltas: Vec::new(), is_complete: false });
    }

    fn delta(
        &mut self,
        block: usize,
        delta: &Delta<'_>,
        event: &Event<'_>,
        sink: &mut dyn FnMut(&Event<'_>),
    ) {
        if self.open == Some(block) {
            return sink(event);
        }
        if let Some(waiting) = self.waiting.iter_mut().find(|waiting| waiting.block == block) {
            waiting.add(delta);
        }
    }

    fn end(&mut self, block: usize, event: &Event<'_>, sink: &mut dyn FnMut(&Event<'_>)) {
        if self.open == Some(block) {
            self.open = None;
            sink(event);
            return self.follow(sink);
        }
        if let Some(waiting) = self.waiting.iter_mut().find(|waiting| waiting.block == block) {
            waiting.is_complete = true;
        }
    }

    /// Passes on what waited, up to a block that is not complete.
    fn follow(&mut self, sink: &mut dyn FnMut(&Event<'_>)) {
        while self.open.is_none()
            && let Some(Waiting { block, kind, deltas, is_complete }) = self.waiting.pop_front()
        {
            sink(&Event::BlockStart { choice: 0, block, kind });
            for delta in deltas {
                sink(&Event::Delta { choice: 0, block, delta });
            }
            match is_complete {
                true => sink(&Event::BlockEnd { choice: 0, block }),
                false => self.open = Some(block),
            }
        }
    }

    /// Ends all blocks: readers see to it that none is open at the end, and what was held must not be lost if
    /// one was.
    fn complete(&mut self, sink: &mut dyn FnMut(&Event<'_>)) {
        while let Some(block) = self.open.take() {
            sink(&Event::BlockEnd { choice: 0, block });
            self.follow(sink);
        }
    }
}

impl Waiting {
    fn add(&mut self, delta: &Delta<'_>) {
        if let (Some(Delta::Text(held)), Delta::Text(more)) = (self.deltas.last_mut(), delta) {
            return held.to_mut().push_str(more);
        }
        self.deltas.push(delta.clone().into_owned());
    }
}

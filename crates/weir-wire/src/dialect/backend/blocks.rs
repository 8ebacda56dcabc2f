//! The blocks of one answer, numbered, opened and closed as their pieces come.

use crate::canonical::{BlockKind, Delta, Event, ToolKind};
use std::borrow::Cow;

/// Where a reader's events go.
pub(super) type Sink<'s> = dyn FnMut(Event<'_>) + 's;

/// What runs on from piece to piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    /// Words.
    Text,
    /// Thoughts.
    Thinking,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Flow(Flow),
    Call { has_arguments: bool },
}

/// Those of one answer, for backends that send one block after the other.
#[derive(Debug)]
pub(super) struct Blocks {
    choice: usize,
    begun: usize,
    open: Option<Open>,
    calls: usize,
}

impl Blocks {
    pub(super) fn new(choice: usize) -> Self {
        Self { choice, begun: 0, open: None, calls: 0 }
    }

    /// How many calls began.
    pub(super) fn calls(&self) -> usize {
        self.calls
    }

    /// More text of this flow; begins a block unless one of this flow is open. Nothing is no block.
    pub(super) fn flow(&mut self, flow: Flow, text: &str, sink: &mut Sink<'_>) {
        if text.is_empty() {
            return;
        }
        self.open_flow(flow, sink);
        self.delta(Delta::Text(Cow::Borrowed(text)), sink);
    }

    /// Where the words that are open are from; without any there is nothing to say it of.
    pub(super) fn citation(&mut self, citation: String, sink: &mut Sink<'_>) {
        if self.open == Some(Open::Flow(Flow::Text)) {
            self.delta(Delta::Citation(Cow::Owned(citation)), sink);
        }
    }

    /// The proof of the thoughts that are open, or of thoughts that are not shown.
    pub(super) fn signature(&mut self, signature: &str, sink: &mut Sink<'_>) {
        self.open_flow(Flow::Thinking, sink);
        self.delta(Delta::Signature(Cow::Borrowed(signature)), sink);
    }

    /// Thoughts that come encrypted, whole.
    pub(super) fn hidden(&mut self, data: &str, sink: &mut Sink<'_>) {
        self.close(sink);
        self.begin(BlockKind::HiddenThinking { id: None }, None, sink);
        self.delta(Delta::Text(Cow::Borrowed(data)), sink);
        self.end(sink);
    }

    /// A call begins.
    pub(super) fn call(&mut self, id: &str, name: &str, sink: &mut Sink<'_>) {
        self.close(sink);
        self.calls += 1;
        let (id, name) = (Cow::Borrowed(id), Cow::Borrowed(name));
        self.begin(
            BlockKind::ToolCall { id, name, tool: ToolKind::Function },
            Some(Open::Call { has_arguments: false }),
            sink,
        );
    }

    /// More of the arguments of the call that is open; without one there is nothing to add them to.
    pub(super) fn arguments(&mut self, text: &str, sink: &mut Sink<'_>) {
        if matches!(self.open, Some(Open::Call { .. })) && !text.is_empty() {
            self.open = Some(Open::Call { has_arguments: true });
            self.delta(Delta::Text(Cow::Borrowed(text)), sink);
        }
    }

    /// The proof of the call that is open.
    pub(super) fn call_signature(&mut self, signature: &str, sink: &mut Sink<'_>) {
        if matches!(self.open, Some(Open::Call { .. })) {
            self.delta(Delta::Signature(Cow::Borrowed(signature)), sink);
        }
    }

    /// Ends the block that is open, if one is. The arguments of a call without any are an empty object.
    pub(super) fn close(&mut self, sink: &mut Sink<'_>) {
        if self.open == Some(Open::Call { has_arguments: false }) {
            self.arguments("{}", sink);
        }
        if self.open.take().is_some() {
            self.end(sink);
        }
    }

    fn open_flow(&mut self, flow: Flow, sink: &mut Sink<'_>) {
        if self.open == Some(Open::Flow(flow)) {
            return;
        }
        self.close(sink);
        let kind = match flow {
            Flow::Text => BlockKind::Text,
            Flow::Thinking => BlockKind::Thinking,
        };
        self.begin(kind, Some(Open::Flow(flow)), sink);
    }

    fn begin(&mut self, kind: BlockKind<'_>, open: Option<Open>, sink: &mut Sink<'_>) {
        sink(Event::BlockStart { choice: self.choice, block: self.begun, kind });
        self.begun += 1;
        self.open = open;
    }

    fn delta(&self, delta: Delta<'_>, sink: &mut Sink<'_>) {
        sink(Event::Delta { choice: self.choice, block: self.begun.saturating_sub(1), delta });
    }

    fn end(&self, sink: &mut Sink<'_>) {
        sink(Event::BlockEnd { choice: self.choice, block: self.begun.saturating_sub(1) });
    }
}

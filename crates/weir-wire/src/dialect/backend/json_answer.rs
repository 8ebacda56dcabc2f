//! JSON of whatever form, for dialects that bind an answer to a schema or to nothing: the model gives its answer
//! by calling a tool.
//!
//! The writer offers the tool and wants a call; what is called by its name is read as the text of the answer.

use super::Item;
use crate::canonical::{
    BlockKind, Choice, Conversation, Event, FinishReason, Format, Losses, Reply, Severity, Tool, ToolChoice,
    ToolKind,
};
use crate::chat::BadReply;
use crate::dialect::spoken::ReadEvents;
use std::borrow::Cow;

const TOOL: &str = "weir_answer_in_json";
const DESCRIPTION: &str =
    "Gives the answer to the user. The arguments are the JSON object that the answer consists of.";

/// The conversation with the tool, if an object of whatever form is wanted.
pub(super) fn by_tool<'c, 'r>(
    conversation: &'c Conversation<'r>,
    losses: &mut Losses,
) -> Cow<'c, Conversation<'r>> {
    if !matches!(conversation.format, Some(Format::JsonObject)) {
        return Cow::Borrowed(conversation);
    }
    losses.add(Severity::Reported, "response_format");
    let mut conversation = conversation.clone();
    conversation.format = None;
    if conversation.tool_choice == Some(ToolChoice::None) {
        conversation.tools.clear();
    }
    // A tool that is to be called by name is the answer's form itself.
    if !matches!(conversation.tool_choice, Some(ToolChoice::Tool { .. })) {
        conversation.tools.push(tool());
        conversation.tool_choice = Some(ToolChoice::Required);
    }
    Cow::Owned(conversation)
}

fn tool() -> Tool<'static> {
    Tool {
        name: TOOL.into(),
        kind: ToolKind::Function,
        description: Some(DESCRIPTION.into()),
        parameters: None,
        strict: None,
        cache: None,
        others: Vec::new(),
    }
}

/// A whole answer, in which the tool's arguments are text.
pub(crate) fn in_reply(mut reply: Reply<'_>) -> Reply<'_> {
    reply.choices.iter_mut().for_each(in_choice);
    reply
}

fn in_choice(choice: &mut Choice<'_>) {
    let mut calls = Calls::default();
    for block in &mut choice.blocks {
        if calls.is_answer(&block.kind) {
            block.kind = BlockKind::Text;
        }
    }
    choice.finish = choice.finish.map(|reason| calls.finish(reason));
}

/// Reads a stream, in which the tool's arguments are text.
pub(crate) struct JsonAnswers<R> {
    reader: R,
    calls: Calls,
}

impl<R> JsonAnswers<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self { reader, calls: Calls::default() }
    }
}

impl<R: ReadEvents> ReadEvents for JsonAnswers<R> {
    fn item(&mut self, item: &Item<'_>, sink: &mut dyn FnMut(Event<'_>)) -> Result<(), BadReply> {
        let Self { reader, calls } = self;
        reader.item(item, &mut |event| sink(calls.event(event)))
    }

    fn end(&mut self, sink: &mut dyn FnMut(Event<'_>)) -> Result<(), BadReply> {
        let Self { reader, calls } = self;
        reader.end(&mut |event| sink(calls.event(event)))
    }
}

/// What was called. These dialects give one answer at a time.
#[derive(Default)]
struct Calls {
    answers: bool,
    others: bool,
}

impl Calls {
    fn event<'b>(&mut self, event: Event<'b>) -> Event<'b> {
        match event {
            Event::BlockStart { choice, block, kind } if self.is_answer(&kind) => {
                Event::BlockStart { choice, block, kind: BlockKind::Text }
            }
            Event::Finish { choice, reason, stop_text } => {
                Event::Finish { choice, reason: self.finish(reason), stop_text }
            }
            Event::Start { .. }
            | Event::BlockStart { .. }
            | Event::Delta { .. }
            | Event::BlockEnd { .. }
            | Event::LogProbs { .. }
            | Event::Usage(_)
            | Event::Ping
            | Event::End => event,
        }
    }

    fn is_answer(&mut self, kind: &BlockKind<'_>) -> bool {
        let BlockKind::ToolCall { name, .. } = kind else { return false };
        let is_answer = name == TOOL;
        self.answers |= is_answer;
        self.others |= !is_answer;
        is_answer
    }

    fn finish(&self, reason: FinishReason) -> FinishReason {
        let is_answered = reason == FinishReason::ToolCalls && self.answers && !self.others;
        if is_answered { FinishReason::Stop } else { reason }
    }
}

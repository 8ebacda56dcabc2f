use super::read::{
    NO_ARGUMENTS, arguments, call_signature, citation, plain_thoughts, read_finish, read_usage,
};
use crate::canonical::{BlockKind, Delta, Event, FinishReason, Tokens, ToolKind};
use crate::chat::BadReply;
use crate::dialect::answer::{json_text, object, objects, read_object, some_text, text, whole};
use crate::dialect::backend::Item;
use crate::json::{Json, Object};
use crate::sse::DONE;
use std::borrow::Cow;

/// The most answers to one request: OpenAI's limit of `n`.
const CHOICES_MAX: u64 = 128;
/// The most calls within one answer.
const CALLS_MAX: usize = 512;

type Sink<'s> = &'s mut dyn FnMut(Event<'_>);

/// Reads the chunks of an answer.
#[derive(Debug, Default)]
pub struct EventReader {
    has_begun: bool,
    is_complete: bool,
    choices: Vec<Choice>,
}

impl EventReader {
    /// A reader for one answer.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one item and passes on the events it comes to.
    ///
    /// # Errors
    /// [`BadReply`] when it is an error object or no chunk.
    pub fn item(&mut self, item: &Item<'_>, sink: Sink<'_>) -> Result<(), BadReply> {
        if self.is_complete {
            return Ok(());
        }
        if item.data == DONE {
            self.is_complete = true;
            for (index, choice) in self.choices.iter_mut().enumerate() {
                choice.complete(index, sink);
            }
            sink(Event::End);
            return Ok(());
        }
        let chunk = read_object(item.data)?;
        if chunk.get("choices").and_then(Json::as_array).is_none() && chunk.get("usage").is_none() {
            return Err(BadReply::Malformed);
        }
        self.chunk(&chunk, sink)
    }

    fn chunk(&mut self, chunk: &Object<'_>, sink: Sink<'_>) -> Result<(), BadReply> {
        if !std::mem::replace(&mut self.has_begun, true) {
            sink(Event::Start { model: text(chunk, "model"), usage: Tokens::default() });
        }
        for choice in objects(chunk, "choices") {
            let index = whole(choice, "index").unwrap_or(0);
            if index >= CHOICES_MAX {
                return Err(BadReply::Malformed);
            }
            let index = index as usize;
            self.choice(index).take(index, choice, sink)?;
        }
        if let Some(usage) = read_usage(chunk) {
            sink(Event::Usage(usage));
        }
        Ok(())
    }

    fn choice(&mut self, index: usize) -> &mut Choice {
        if self.choices.len() <= index {
            self.choices.resize_with(index + 1, Choice::default);
        }
        #[expect(clippy::indexing_slicing, reason = "the line above made room for it")]
        &mut self.choices[index]
    }
}

/// What is known of one answer.
#[derive(Debug, Default)]
struct Choice {
    blocks: usize,
    /// The block of words or thoughts that goes on.
    open: Option<(usize, Words)>,
    calls: Vec<Call>,
    finish: Option<FinishReason>,
    stop_text: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Words {
    Text,
    Thinking,
    Refusal,
}

/// A call that goes on. It has no block before its name is known.
#[derive(Debug)]
struct Call {
    index: u64,
    id: String,
    tool: ToolKind,
    block: Option<usize>,
    /// Arguments that came before the name.
    early: String,
    has_arguments: bool,
}

impl Choice {
    fn take(&mut self, index: usize, choice: &Object<'_>, sink: Sink<'_>) -> Result<(), BadReply> {
        if let Some(delta) = object(choice, "delta").or_else(|| object(choice, "message")) {
            self.delta(index, delta, sink)?;
        }
        if let Some(log_probs) = choice.get("logprobs").filter(|value| **value != Json::Null) {
            sink(Event::LogProbs { choice: index, json: Cow::Owned(json_text(log_probs)) });
        }
        let (finish, stop_text) = read_finish(choice, !self.calls.is_empty());
        self.finish = finish.or(self.finish);
        self.stop_text = stop_text.map(Cow::into_owned).or(self.stop_text.take());
        Ok(())
    }

    fn delta(&mut self, choice: usize, delta: &Object<'_>, sink: Sink<'_>) -> Result<(), BadReply> {
        let thoughts = plain_thoughts(delta);
        let has_plain = thoughts.is_some();
        self.words(choice, Words::Thinking, thoughts, sink);
        for detail in objects(delta, "reasoning_details") {
            self.detail(choice, detail, has_plain, sink);
        }
        self.words(choice, Words::Text, some_text(delta, "content"), sink);
        for annotation in objects(delta, "annotations") {
            if let (Some((block, Words::Text)), Some(citation)) = (self.open, citation(annotation)) {
                sink(Event::Delta { choice, block, delta: Delta::Citation(Cow::Owned(citation)) });
            }
        }
        self.words(choice, Words::Refusal, some_text(delta, "refusal"), sink);
        for call in objects(delta, "tool_calls") {
            self.call(choice, call, sink)?;
        }
        if let Some(call) = object(delta, "function_call") {
            let at = self.find_or_add(0, None, true)?;
            self.call_parts(choice, at, call, arguments(call), None, sink);
        }
        Ok(())
    }

    fn words(&mut self, choice: usize, kind: Words, text: Option<Cow<'_, str>>, sink: Sink<'_>) {
        let Some(text) = text else { return };
        let block = self.open_words(choice, kind, sink);
        sink(Event::Delta { choice, block, delta: Delta::Text(text) });
    }

    /// The block of these words: the one that goes on, or a new one after it.
    fn open_words(&mut self, choice: usize, kind: Words, sink: Sink<'_>) -> usize {
        match self.open {
            Some((block, open)) if open == kind => return block,
            Some(_) | None => self.end_words(choice, sink),
        }
        let started = match kind {
            Words::Text => BlockKind::Text,
            Words::Thinking => BlockKind::Thinking,
            Words::Refusal => BlockKind::Refusal,
        };
        let block = self.start(choice, started, sink);
        self.open = Some((block, kind));
        block
    }

    fn end_words(&mut self, choice: usize, sink: Sink<'_>) {
        if let Some((block, _)) = self.open.take() {
            sink(Event::BlockEnd { choice, block });
        }
    }

    fn start(&mut self, choice: usize, kind: BlockKind<'_>, sink: Sink<'_>) -> usize {
        let block = self.blocks;
        self.blocks += 1;
        sink(Event::BlockStart { choice, block, kind });
        block
    }

    fn detail(&mut self, choice: usize, detail: &Object<'_>, has_plain: bool, sink: Sink<'_>) {
        match text(detail, "type").as_deref() {
            Some("reasoning.encrypted") => {
                self.end_words(choice, sink);
                let block = self.start(choice, BlockKind::HiddenThinking { id: text(detail, "id") }, sink);
                let data = text(detail, "data").unwrap_or_default();
                sink(Event::Delta { choice, block, delta: Delta::Text(data) });
                sink(Event::BlockEnd { choice, block });
            }
            Some("reasoning.text" | "reasoning.summary") => {
                if !has_plain {
                    let words = some_text(detail, "text").or_else(|| some_text(detail, "summary"));
                    self.words(choice, Words::Thinking, words, sink);
                }
                if let Some(signature) = some_text(detail, "signature") {
                    let block = self.open_words(choice, Words::Thinking, sink);
                    sink(Event::Delta { choice, block, delta: Delta::Signature(signature) });
                }
            }
            Some(_) | None => {}
        }
    }

    fn call(&mut self, choice: usize, call: &Object<'_>, sink: Sink<'_>) -> Result<(), BadReply> {
        let id = some_text(call, "id");
        let index = whole(call, "index");
        let (tool, inner) = match (object(call, "custom"), object(call, "function")) {
            (Some(custom), _) => (ToolKind::Custom, Some(custom)),
            (None, function) => (ToolKind::Function, function),
        };
        let is_named = inner.is_some_and(|inner| some_text(inner, "name").is_some());
        let at = self.find_or_add_indexed(index, id, is_named)?;
        let Some(known) = self.calls.get_mut(at) else { return Err(BadReply::Malformed) };
        if known.block.is_none() {
            known.tool = tool;
        }
        let signature = call_signature(call);
        match inner {
            Some(inner) => {
                let fragment = match tool {
                    ToolKind::Function => arguments(inner),
                    ToolKind::Custom => text(inner, "input"),
                };
                self.call_parts(choice, at, inner, fragment, signature, sink);
            }
            None => self.signature(choice, at, signature, sink),
        }
        Ok(())
    }

    fn find_or_add_indexed(
        &mut self,
        index: Option<u64>,
        id: Option<Cow<'_, str>>,
        is_named: bool,
    ) -> Result<usize, BadReply> {
        match index {
            Some(index) => self.find_or_add(index, id, is_named),
            // Servers that do not number calls send each whole, or go on with the last.
            None if is_named || self.calls.is_empty() => self.add(self.calls.len() as u64, id),
            None => Ok(self.calls.len() - 1),
        }
    }

    /// The call of this index, or another one if the id says so: some servers number all with 0.
    fn find_or_add(
        &mut self,
        index: u64,
        id: Option<Cow<'_, str>>,
        is_named: bool,
    ) -> Result<usize, BadReply> {
        let known = self.calls.iter().rposition(|call| call.index == index);
        let is_other = |at: usize| {
            let known = self.calls.get(at);
            is_named
                && known
                    .is_some_and(|call| id.as_deref().is_some_and(|id| id != call.id) && call.block.is_some())
        };
        match known {
            Some(at) if !is_other(at) => Ok(at),
            Some(_) | None => self.add(index, id),
        }
    }

    fn add(&mut self, index: u64, id: Option<Cow<'_, str>>) -> Result<usize, BadReply> {
        let at = self.calls.len();
        if at >= CALLS_MAX {
            return Err(BadReply::Malformed);
        }
        let id = id.map_or_else(|| format!("call_{at}"), Cow::into_owned);
        self.calls.push(Call {
            index,
            id,
            tool: ToolKind::Function,
            block: None,
            early: String::new(),
            has_arguments: false,
        });
        Ok(at)
    }

    fn call_parts(
        &mut self,
        choice: usize,
        at: usize,
        inner: &Object<'_>,
        fragment: Option<Cow<'_, str>>,
        signature: Option<Cow<'_, str>>,
        sink: Sink<'_>,
    ) {
        if let Some(name) = some_text(inner, "name") {
            self.name_call(choice, at, name, sink);
        }
        let Some(call) = self.calls.get_mut(at) else { return };
        let fragment = fragment.filter(|fragment| !fragment.is_empty());
        call.has_arguments |= fragment.is_some();
        match (call.block, fragment) {
            (Some(block), Some(fragment)) => {
                sink(Event::Delta { choice, block, delta: Delta::Text(fragment) });
            }
            (None, Some(fragment)) => call.early.push_str(&fragment),
            (_, None) => {}
        }
        self.signature(choice, at, signature, sink);
    }

    /// Begins a call's block. A name that is repeated is the same one.
    fn name_call(&mut self, choice: usize, at: usize, name: Cow<'_, str>, sink: Sink<'_>) {
        let Some(call) = self.calls.get(at) else { return };
        if call.block.is_some() {
            return;
        }
        let kind = BlockKind::ToolCall { id: Cow::Owned(call.id.clone()), name, tool: call.tool };
        self.end_words(choice, sink);
        let block = self.start(choice, kind.into_owned(), sink);
        let Some(call) = self.calls.get_mut(at) else { return };
        call.block = Some(block);
        let early = std::mem::take(&mut call.early);
        if !early.is_empty() {
            sink(Event::Delta { choice, block, delta: Delta::Text(Cow::Owned(early)) });
        }
    }

    fn signature(&mut self, choice: usize, at: usize, signature: Option<Cow<'_, str>>, sink: Sink<'_>) {
        let block = self.calls.get(at).and_then(|call| call.block);
        if let (Some(block), Some(signature)) = (block, signature) {
            sink(Event::Delta { choice, block, delta: Delta::Signature(signature) });
        }
    }

    /// Ends what is open. A server that sent the end of the stream without saying why is taken to have
    /// come to the end of its answer.
    fn complete(&mut self, choice: usize, sink: Sink<'_>) {
        self.end_words(choice, sink);
        for call in &self.calls {
            let Some(block) = call.block else { continue };
            if !call.has_arguments && call.tool == ToolKind::Function {
                sink(Event::Delta { choice, block, delta: Delta::Text(Cow::Borrowed(NO_ARGUMENTS)) });
            }
            sink(Event::BlockEnd { choice, block });
        }
        let fallback = if self.calls.is_empty() { FinishReason::Stop } else { FinishReason::ToolCalls };
        let reason = self.finish.unwrap_or(fallback);
        sink(Event::Finish { choice, reason, stop_text: self.stop_text.take().map(Cow::Owned) });
    }
}

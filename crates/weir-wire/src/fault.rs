//! What is plainly wrong with an answer, without asking a model.
//!
//! [`Held::faults`] looks at an answer beside the request that it answers. It errs on the side of the answer: a schema with
//! words that are not known here is kept to, and a refusal is one only if the answer begins like one and is short.

mod refusal;
mod schema;

use crate::canonical::{
    Block, BlockKind, Choice, Collector, Conversation, FinishReason, Format, Reply, Tool, ToolKind,
};
use crate::dialect::BackendDialect;
use crate::dialect::backend::Item;
use crate::json::{Json, Limits, parse};
use crate::relay::frames;
use crate::sse::SseItem;
use std::fmt;

/// The largest event of a stream that is read.
const EVENT_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Something that is wrong with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AnswerFault {
    /// It says nothing and calls nothing.
    Empty,
    /// It refuses.
    Refusal,
    /// JSON was asked for, and it is none.
    NoJson,
    /// It does not keep to the schema that was given.
    AgainstSchema,
    /// It calls a tool that was not offered, or with arguments that the tool does not take.
    BadToolCall,
    /// It was cut off, by the limit of tokens or a filter.
    CutOff,
}

/// An answer that was held back, and can be looked at. Its text is nowhere shown.
pub struct Held<'b>(Reply<'b>);

impl fmt::Debug for Held<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Held({} answers)", self.0.choices.len())
    }
}

impl<'b> Held<'b> {
    /// A whole answer as the backend wrote it; `None` if it is none of its dialect.
    #[must_use]
    pub fn whole(backend: BackendDialect, body: &'b [u8]) -> Option<Self> {
        backend.read_reply(body).ok().map(Held)
    }

    /// An answer that was read from a stream to its end; `None` if it is none of its dialect or not complete.
    #[must_use]
    pub fn streamed(backend: BackendDialect, bytes: &[u8]) -> Option<Held<'static>> {
        let (mut frames, mut reader) = (frames(backend.framing(), EVENT_BYTES_MAX), backend.events());
        let mut collector = Collector::default();
        frames.push(bytes).ok()?;
        while let Some(item) = frames.next_item() {
            if let SseItem::Event { event, data } = item {
                reader.item(&Item { event: &event, data: &data }, &mut |event| collector.take(event)).ok()?;
            }
        }
        // Of a stream that has come to its end already this changes nothing.
        let _ = reader.end(&mut |event| collector.take(event));
        collector.finish().map(Held)
    }

    /// Everything that is wrong with it as an answer to what was asked, the plainest first.
    #[must_use]
    pub fn faults(&self, asked: &Conversation<'_>) -> Vec<AnswerFault> {
        let mut faults: Vec<AnswerFault> =
            self.0.choices.iter().flat_map(|choice| of_choice(choice, asked)).collect();
        if self.0.choices.is_empty() {
            faults.push(AnswerFault::Empty);
        }
        faults.sort_unstable();
        faults.dedup();
        faults
    }

    /// The mean log-probability of its tokens, where it tells them.
    #[must_use]
    pub fn mean_log_probability(&self) -> Option<f64> {
        let told = self.0.choices.iter().filter_map(|choice| choice.log_probs.as_deref());
        let told = told.filter_map(|text| parse(text.as_bytes(), Limits::default()).ok());
        let each: Vec<f64> = told
            .flat_map(|told| {
                let tokens = told.as_object().and_then(|told| told.get("content")).and_then(Json::as_array);
                tokens.unwrap_or_default().iter().filter_map(log_probability).collect::<Vec<f64>>()
            })
            .collect();
        (!each.is_empty()).then(|| each.iter().sum::<f64>() / each.len() as f64)
    }

    /// The words of its first answer.
    #[must_use]
    pub fn text(&self) -> String {
        self.0.choices.first().map(text).unwrap_or_default()
    }
}

fn log_probability(token: &Json<'_>) -> Option<f64> {
    let Json::Number(number) = token.as_object()?.get("logprob")? else { return None };
    // What is told as -9999 is a token that was never likely; one of them must not decide for all.
    number.parse::<f64>().ok().filter(|value| value.is_finite()).map(|value| value.max(-20.0))
}

fn text(choice: &Choice<'_>) -> String {
    let words = choice.blocks.iter().filter(|block| block.kind == BlockKind::Text);
    words.map(|block| &*block.text).collect()
}

fn of_choice(choice: &Choice<'_>, asked: &Conversation<'_>) -> Vec<AnswerFault> {
    let text = text(choice);
    let calls: Vec<&Block<'_>> =
        choice.blocks.iter().filter(|block| matches!(block.kind, BlockKind::ToolCall { .. })).collect();
    let refuses = choice.blocks.iter().any(|block| block.kind == BlockKind::Refusal)
        || choice.finish == Some(FinishReason::Refusal)
        || (calls.is_empty() && refusal::begins_like_one(&text));
    let cut = matches!(
        choice.finish,
        Some(FinishReason::Length | FinishReason::Context | FinishReason::ContentFilter)
    );
    let is_empty = text.trim().is_empty() && calls.is_empty() && !refuses;
    let bad_call = calls.iter().any(|call| !is_call_of(call, &asked.tools));
    let form =
        if calls.is_empty() && !is_empty && !refuses { form(&text, asked.format.as_ref()) } else { None };
    let found = [
        is_empty.then_some(AnswerFault::Empty),
        refuses.then_some(AnswerFault::Refusal),
        form,
        bad_call.then_some(AnswerFault::BadToolCall),
        cut.then_some(AnswerFault::CutOff),
    ];
    found.into_iter().flatten().collect()
}

/// What is wrong with the form of a text, if one was asked for.
fn form(text: &str, format: Option<&Format<'_>>) -> Option<AnswerFault> {
    let wanted = match format? {
        Format::Text => return None,
        Format::JsonObject => None,
        Format::JsonSchema { schema, .. } => Some(*schema),
    };
    let Ok(value) = parse(text.trim().as_bytes(), Limits::default()) else {
        return Some(AnswerFault::NoJson);
    };
    match wanted {
        None => value.as_object().is_none().then_some(AnswerFault::NoJson),
        Some(schema) => (!schema::keeps_to(&value, schema)).then_some(AnswerFault::AgainstSchema),
    }
}

fn is_call_of(call: &Block<'_>, tools: &[Tool<'_>]) -> bool {
    let BlockKind::ToolCall { name, tool: kind, .. } = &call.kind else { return true };
    let Some(tool) = tools.iter().find(|tool| tool.name == *name) else { return false };
    if *kind == ToolKind::Custom {
        return true;
    }
    // A tool without arguments is called with none by some models.
    let arguments = if call.text.trim().is_empty() { "{}" } else { &call.text };
    let Ok(arguments) = parse(arguments.as_bytes(), Limits::default()) else { return false };
    arguments.as_object().is_some()
        && tool.parameters.is_none_or(|schema| schema::keeps_to(&arguments, schema))
}

#[cfg(test)]
mod tests;

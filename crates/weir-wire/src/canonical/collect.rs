use super::reply::owned;
use super::{Block, Choice, Delta, Event, Reply};
use crate::json::{Json, Limits, parse};
use std::borrow::Cow;

/// The most answers to one request that are kept; OpenAI allows 128.
const CHOICES_MAX: usize = 128;

/// Puts the events of a stream together to the answer that they are.
///
/// An answer that was read whole and the same answer read as a stream give the same [`Reply`].
#[derive(Debug, Default)]
pub struct Collector {
    reply: Reply<'static>,
    is_complete: bool,
}

impl Collector {
    /// Takes one event in.
    pub fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start { model, usage } => {
                self.reply.model = model.map(owned).or(self.reply.model.take());
                self.reply.usage = usage.or(self.reply.usage);
            }
            Event::BlockStart { choice, kind, .. } => self.choice(choice).blocks.push(Block {
                kind: kind.into_owned(),
                text: Cow::Borrowed(""),
                signature: None,
                citations: Vec::new(),
            }),
            Event::Delta { choice, block, delta } => {
                if let Some(block) = self.choice(choice).blocks.get_mut(block) {
                    add(block, delta);
                }
            }
            Event::LogProbs { choice, json } => self.add_log_probs(choice, &json),
            Event::Finish { choice, reason, stop_text } => {
                let choice = self.choice(choice);
                choice.finish = Some(reason);
                choice.stop_text = stop_text.map(owned);
            }
            Event::Usage(usage) => self.reply.usage = usage.or(self.reply.usage),
            Event::BlockEnd { .. } | Event::Ping => {}
            Event::End => self.is_complete = true,
        }
    }

    /// The answer, if the stream was complete.
    #[must_use]
    pub fn finish(self) -> Option<Reply<'static>> {
        self.is_complete.then_some(self.reply)
    }

    /// The answer of this index. What is beyond the limit ends up in the last one; readers refuse it before.
    fn choice(&mut self, index: usize) -> &mut Choice<'static> {
        let (index, choices) = (index.min(CHOICES_MAX - 1), &mut self.reply.choices);
        if choices.len() <= index {
            choices.resize_with(index + 1, Choice::default);
        }
        #[expect(clippy::indexing_slicing, reason = "the line above made room for it")]
        &mut choices[index]
    }

    fn add_log_probs(&mut self, choice: usize, more: &str) {
        let held = &mut self.choice(choice).log_probs;
        *held = Some(Cow::Owned(match held {
            None => more.to_owned(),
            Some(before) => joined(before, more),
        }));
    }
}

fn add(block: &mut Block<'static>, delta: Delta<'_>) {
    match delta {
        Delta::Text(text) => block.text.to_mut().push_str(&text),
        Delta::Signature(signature) => block.signature = Some(owned(signature)),
        Delta::Citation(citation) => block.citations.push(owned(citation)),
    }
}

/// Two objects of arrays as one, array by array: `{"content":[…],"refusal":[…]}`.
fn joined(before: &str, more: &str) -> String {
    let read = |text| parse(text, Limits::default()).ok();
    let (Some(Json::Object(mut all)), Some(Json::Object(more))) =
        (read(before.as_bytes()), read(more.as_bytes()))
    else {
        return before.to_owned();
    };
    for (name, value) in more.iter() {
        match (all.get_mut(name), value) {
            (Some(Json::Array(held)), Json::Array(items)) => held.extend(items.iter().cloned()),
            (Some(Json::Null) | None, value) => all.set(name, value.clone()),
            (Some(_), _) => {}
        }
    }
    let mut out = Vec::new();
    all.write(&mut out);
    String::from_utf8(out).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::{BlockKind, FinishReason, Tokens, ToolKind};

    fn call(id: &str) -> BlockKind<'_> {
        BlockKind::ToolCall { id: id.into(), name: "f".into(), tool: ToolKind::Function }
    }

    fn text(choice: usize, block: usize, text: &str) -> Event<'_> {
        Event::Delta { choice, block, delta: Delta::Text(text.into()) }
    }

    #[test]
    fn interleaved_calls_are_put_together_each_by_itself() {
        let mut collector = Collector::default();
        for event in [
            Event::Start { model: Some("m".into()), usage: Tokens { prompt: Some(7), ..Tokens::default() } },
            Event::BlockStart { choice: 0, block: 0, kind: call("a") },
            Event::BlockStart { choice: 0, block: 1, kind: call("b") },
            text(0, 1, "{\"y\":"),
            text(0, 0, "{}"),
            text(0, 1, "1}"),
            Event::BlockEnd { choice: 0, block: 0 },
            Event::BlockEnd { choice: 0, block: 1 },
            Event::Finish { choice: 0, reason: FinishReason::ToolCalls, stop_text: None },
            Event::Usage(Tokens { completion: Some(3), ..Tokens::default() }),
            Event::End,
        ] {
            collector.take(event);
        }
        let reply = collector.finish().unwrap();
        let texts: Vec<&str> = reply.choices[0].blocks.iter().map(|block| &*block.text).collect();
        assert_eq!(texts, ["{}", "{\"y\":1}"]);
        assert_eq!((reply.usage.prompt, reply.usage.completion), (Some(7), Some(3)));
        assert_eq!(reply.choices[0].finish, Some(FinishReason::ToolCalls));
    }

    #[test]
    fn a_stream_without_its_end_is_no_answer() {
        let mut collector = Collector::default();
        collector.take(Event::Finish { choice: 0, reason: FinishReason::Stop, stop_text: None });
        assert!(collector.finish().is_none());
    }

    #[test]
    fn probabilities_are_joined_in_order() {
        let mut collector = Collector::default();
        for json in
            [r#"{"content":[{"token":"a"}],"refusal":null}"#, r#"{"content":[{"token":"b"}],"refusal":[]}"#]
        {
            collector.take(Event::LogProbs { choice: 0, json: json.into() });
        }
        collector.take(Event::End);
        let reply = collector.finish().unwrap();
        let expected = r#"{"content":[{"token":"a"},{"token":"b"}],"refusal":[]}"#;
        assert_eq!(reply.choices[0].log_probs.as_deref(), Some(expected));
    }
}

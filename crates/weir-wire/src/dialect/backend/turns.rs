//! Messages as turns: instructions apart, neighbours of one speaker as one, results of tools first.

use crate::canonical::{Conversation, Part, Role};
use std::collections::BTreeMap;

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speaker {
    User,
    Model,
}

impl Speaker {
    /// Its role, as OpenAI and most others call it.
    pub(super) const fn role(self) -> &'static str {
        match self {
            Speaker::User => "user",
            Speaker::Model => "assistant",
        }
    }
}

/// Neighbouring messages of one speaker.
pub(super) struct Turn<'c, 'r> {
    pub(super) speaker: Speaker,
    /// Those of the user begin with the results of tools.
    pub(super) parts: Vec<&'c Part<'r>>,
}

/// A conversation as dialects take it that know two speakers and instructions apart from them.
pub(super) struct Turns<'c, 'r> {
    pub(super) system: Vec<&'c Part<'r>>,
    pub(super) turns: Vec<Turn<'c, 'r>>,
    /// Instructions came after the first turn, and lost their place.
    pub(super) system_moved: bool,
}

impl<'c, 'r> Turns<'c, 'r> {
    pub(super) fn of(conversation: &'c Conversation<'r>) -> Self {
        let mut all = Self { system: Vec::new(), turns: Vec::new(), system_moved: false };
        for message in &conversation.messages {
            match message.role {
                Role::System | Role::Developer => {
                    all.system_moved |= !all.turns.is_empty();
                    all.system.extend(&message.parts);
                }
                Role::User => all.add(Speaker::User, &message.parts),
                Role::Assistant => all.add(Speaker::Model, &message.parts),
            }
        }
        all.put_results_first();
        all
    }

    /// Results come first, in the order of the calls that they answer: some services go by that.
    fn put_results_first(&mut self) {
        let mut calls: Vec<&str> = Vec::new();
        for turn in &mut self.turns {
            match turn.speaker {
                Speaker::Model => calls = turn.parts.iter().filter_map(|part| call_id(part)).collect(),
                Speaker::User => turn.parts.sort_by_key(|part| result_place(part, &calls)),
            }
        }
    }

    fn add(&mut self, speaker: Speaker, parts: &'c [Part<'r>]) {
        match self.turns.last_mut().filter(|turn| turn.speaker == speaker) {
            Some(turn) => turn.parts.extend(parts),
            None => self.turns.push(Turn { speaker, parts: parts.iter().collect() }),
        }
    }
}

fn call_id<'c>(part: &'c Part<'_>) -> Option<&'c str> {
    if let Part::ToolCall { id, .. } = part { Some(id) } else { None }
}

/// The tools that were called, by the ids of their calls.
pub(super) fn called<'c>(conversation: &'c Conversation<'_>) -> BTreeMap<&'c str, &'c str> {
    let parts = conversation.messages.iter().flat_map(|message| &message.parts);
    let call = |part: &'c Part<'_>| {
        if let Part::ToolCall { id, name, .. } = part { Some((&**id, &**name)) } else { None }
    };
    parts.filter_map(call).collect()
}

/// All results of tools, where those between two turns of the model are in the order of the calls that they
/// answer. A dialect that tells results by their order writes them in the places of the given ones.
pub(super) fn results_in_order<'c, 'r>(conversation: &'c Conversation<'r>) -> Vec<&'c Part<'r>> {
    let (mut all, mut run_begins, mut calls) = (Vec::new(), 0, Vec::new());
    for message in &conversation.messages {
        if message.role == Role::Assistant {
            run_begins = all.len();
            calls = message.parts.iter().filter_map(call_id).collect::<Vec<&str>>();
        }
        all.extend(message.parts.iter().filter(|part| matches!(part, Part::ToolResult { .. })));
        if let Some(run) = all.get_mut(run_begins..) {
            run.sort_by_key(|part| result_place(part, &calls));
        }
    }
    all
}

fn result_place(part: &Part<'_>, calls: &[&str]) -> usize {
    if let Part::ToolResult { id, .. } = part {
        calls.iter().position(|call| *call == &**id).unwrap_or(usize::MAX - 1)
    } else {
        usize::MAX
    }
}

/// The texts among these parts, one after the other on lines of their own.
pub(super) fn joined_text(parts: &[Part<'_>]) -> String {
    let text = |part: &Part<'_>| {
        if let Part::Text { text, .. } | Part::Refusal(text) = part { Some(text.to_string()) } else { None }
    };
    parts.iter().filter_map(text).collect::<Vec<_>>().join("\n")
}

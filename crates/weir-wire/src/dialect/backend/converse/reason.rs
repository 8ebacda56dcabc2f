//! How hard to think, which `Converse` passes to the model in the model's own words.

use super::super::turns::{Speaker, Turns};
use super::Family;
use crate::canonical::{Conversation, Effort, Losses, Part, Reasoning, Severity, ToolChoice};
use crate::json::{ObjectWriter, write_string};

/// The fewest tokens of thinking that Claude takes.
const LEAST: u64 = 1024;

/// Writes the members of `additionalModelRequestFields` that ask for thinking, and reports what they cannot.
/// Says whether the model will think.
pub(super) fn write(
    family: Family,
    conversation: &Conversation<'_>,
    turns: &Turns<'_, '_>,
    fields: &mut ObjectWriter<'_>,
    losses: &mut Losses,
) -> bool {
    let Some(reasoning) = &conversation.reasoning else { return false };
    if is_off(reasoning) {
        return false;
    }
    let written = match family {
        Family::Anthropic => claude(reasoning, conversation, turns, fields),
        Family::Nova => reasoning.effort.is_some_and(|effort| nova(effort, fields)),
        Family::OpenAi => reasoning.effort.is_some_and(|effort| openai(effort, fields)),
        Family::Other => false,
    };
    if !written {
        losses.add(Severity::Reported, "reasoning_effort");
    }
    written && family == Family::Anthropic
}

fn is_off(reasoning: &Reasoning<'_>) -> bool {
    reasoning.effort == Some(Effort::None) || reasoning.budget_tokens == Some(0)
}

/// Claude counts tokens, fewer than the answer may have; it does not think where a call is forced, nor when
/// the history holds calls without the thoughts that led to them.
fn claude(
    reasoning: &Reasoning<'_>,
    conversation: &Conversation<'_>,
    turns: &Turns<'_, '_>,
    fields: &mut ObjectWriter<'_>,
) -> bool {
    let forced = matches!(conversation.tool_choice, Some(ToolChoice::Required | ToolChoice::Tool { .. }));
    let room = conversation.max_output_tokens.map_or(u64::MAX, |limit| limit.saturating_sub(1));
    let wanted = reasoning.budget_tokens.or(reasoning.effort.map(budget));
    let Some(budget) = wanted.map(|wanted| wanted.max(LEAST).min(room)).filter(|budget| *budget >= LEAST)
    else {
        return false;
    };
    if forced || calls_without_thoughts(turns) {
        return false;
    }
    let mut thinking = ObjectWriter::new(fields.member("thinking"));
    write_string("enabled", thinking.member("type"));
    thinking.member("budget_tokens").extend_from_slice(budget.to_string().as_bytes());
    thinking.end();
    true
}

const fn budget(effort: Effort) -> u64 {
    match effort {
        Effort::None | Effort::Minimal | Effort::Low => LEAST,
        Effort::Medium => 4096,
        Effort::High => 16_384,
        Effort::ExtraHigh | Effort::Max => 32_768,
    }
}

/// Whether the model is in the middle of calling tools and its last turn does not begin with signed thoughts.
fn calls_without_thoughts(turns: &Turns<'_, '_>) -> bool {
    let last = turns.turns.iter().rfind(|turn| turn.speaker == Speaker::Model);
    last.is_some_and(|turn| {
        let calls = turn.parts.iter().any(|part| matches!(part, Part::ToolCall { .. }));
        let proof = |part: &&&Part<'_>| {
            matches!(part, Part::Thinking { signature: Some(_), .. } | Part::HiddenThinking { .. })
        };
        calls && !turn.parts.first().is_some_and(|part| proof(&part))
    })
}

/// Source: the user guide of Amazon Nova 2, "extended thinking".
fn nova(effort: Effort, fields: &mut ObjectWriter<'_>) -> bool {
    let mut config = ObjectWriter::new(fields.member("reasoningConfig"));
    write_string("enabled", config.member("type"));
    write_string(level(effort), config.member("maxReasoningEffort"));
    config.end();
    true
}

fn openai(effort: Effort, fields: &mut ObjectWriter<'_>) -> bool {
    write_string(level(effort), fields.member("reasoning_effort"));
    true
}

const fn level(effort: Effort) -> &'static str {
    match effort {
        Effort::None | Effort::Minimal | Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High | Effort::ExtraHigh | Effort::Max => "high",
    }
}

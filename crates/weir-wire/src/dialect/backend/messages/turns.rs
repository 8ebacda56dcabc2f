//! Messages as the turns that Anthropic wants: the user's first, then in alternation, what tools answered
//! before everything else, and nothing empty.

use super::super::turns::Speaker;
use crate::canonical::{Conversation, Losses, MediaSource, Part, Role, Severity};

/// What the model is told, and the turns of the conversation.
pub(super) struct Turns<'c> {
    pub(super) system: Vec<&'c Part<'c>>,
    pub(super) turns: Vec<Turn<'c>>,
}

/// One turn: what tools answered in it, and what else there is.
pub(super) struct Turn<'c> {
    pub(super) speaker: Speaker,
    pub(super) results: Vec<&'c Part<'c>>,
    pub(super) parts: Vec<&'c Part<'c>>,
}

impl<'c> Turns<'c> {
    pub(super) fn of(conversation: &'c Conversation<'c>, losses: &mut Losses) -> Self {
        let mut all = Turns { system: Vec::new(), turns: Vec::new() };
        for message in &conversation.messages {
            let speaker = match message.role {
                Role::System | Role::Developer => {
                    if !all.turns.is_empty() {
                        // Instructions in mid-conversation have one place only, at its top.
                        losses.add(Severity::Reported, "messages.role");
                    }
                    all.system
                        .extend(message.parts.iter().filter(|part| is_said(part, Speaker::User, losses)));
                    continue;
                }
                Role::User => Speaker::User,
                Role::Assistant => Speaker::Model,
            };
            if message.name.is_some() {
                losses.add(Severity::Reported, "messages.name");
            }
            for part in message.parts.iter().filter(|part| is_said(part, speaker, losses)) {
                all.add(part, speaker);
            }
        }
        all
    }

    fn add(&mut self, part: &'c Part<'c>, speaker: Speaker) {
        if self.turns.last().is_none_or(|turn| turn.speaker != speaker) {
            self.turns.push(Turn { speaker, results: Vec::new(), parts: Vec::new() });
        }
        let Some(turn) = self.turns.last_mut() else { return };
        match part {
            Part::ToolResult { .. } => turn.results.push(part),
            Part::Text { .. }
            | Part::Image { .. }
            | Part::Audio(_)
            | Part::Document { .. }
            | Part::Thinking { .. }
            | Part::HiddenThinking { .. }
            | Part::ToolCall { .. }
            | Part::Refusal(_)
            | Part::Other { .. } => turn.parts.push(part),
        }
    }
}

/// Whether a part has a block. Empty texts have none, and say nothing.
fn is_said(part: &Part<'_>, speaker: Speaker, losses: &mut Losses) -> bool {
    match part {
        Part::Text { text, .. } => !text.trim().is_empty(),
        Part::Refusal(text) => !text.trim().is_empty(),
        Part::Thinking { signature, .. } => {
            // Thoughts without a signature are another model's, and are refused.
            if signature.is_none() {
                losses.add(Severity::Reported, "reasoning_content");
            }
            signature.is_some()
        }
        Part::Image { media, detail, .. } => {
            if detail.as_deref().is_some_and(|detail| detail != "auto") {
                losses.add(Severity::Reported, "messages.content.image_url.detail");
            }
            let fits = speaker == Speaker::User && is_image(media.media_type.as_deref());
            refuse_unless(fits, "messages.content.image_url", losses)
        }
        Part::Document { media, .. } => {
            let media_type = media.media_type.as_deref().unwrap_or("application/pdf");
            let is_text = matches!(media.source, MediaSource::Text(_)) || media_type.starts_with("text/");
            let fits = speaker == Speaker::User && (is_text || media_type == "application/pdf");
            refuse_unless(fits, "messages.content.file", losses)
        }
        Part::Audio(_) => refuse_unless(false, "messages.content.input_audio", losses),
        Part::Other { kind, .. } => {
            losses.add(Severity::Refused, format!("messages.content.{kind}"));
            false
        }
        Part::HiddenThinking { .. } | Part::ToolCall { .. } | Part::ToolResult { .. } => true,
    }
}

fn is_image(media_type: Option<&str>) -> bool {
    matches!(media_type, None | Some("image/png" | "image/jpeg" | "image/gif" | "image/webp"))
}

fn refuse_unless(fits: bool, field: &'static str, losses: &mut Losses) -> bool {
    if !fits {
        losses.add(Severity::Refused, field);
    }
    fits
}

//! What several dialects cannot say, and what that means for a request.

use crate::canonical::{Conversation, Format, Losses, Severity};
use crate::json::Json;
use std::borrow::Cow;

fn is_nothing(value: &Json<'_>) -> bool {
    matches!(value, Json::Null)
}

/// Reports a number that has no word, unless it says that nothing is to be done.
pub(super) fn number(value: Option<&Cow<'_, str>>, field: &'static str, losses: &mut Losses) {
    if value.is_some_and(|text| text.parse::<f64>().is_ok_and(|number| number != 0.0)) {
        losses.add(Severity::Reported, field);
    }
}

/// Reports whatever is there.
pub(super) fn report<T>(value: Option<&T>, field: &'static str, losses: &mut Losses) {
    if value.is_some() {
        losses.add(Severity::Reported, field);
    }
}

/// Several answers, where one is all there is.
pub(super) fn one_answer(conversation: &Conversation<'_>, losses: &mut Losses) {
    if conversation.answers.is_some_and(|answers| answers > 1) {
        losses.add(Severity::Refused, "n");
    }
}

/// One tool at a time, where a model calls as many as it likes.
pub(super) fn single_calls(conversation: &Conversation<'_>, losses: &mut Losses) {
    if conversation.parallel_tools == Some(false) && !conversation.tools.is_empty() {
        losses.add(Severity::Reported, "parallel_tool_calls");
    }
}

/// A way of being served, where there is one.
pub(super) fn service_tier(conversation: &Conversation<'_>, losses: &mut Losses) {
    report(conversation.service_tier.as_ref().filter(|tier| **tier != "auto"), "service_tier", losses);
}

/// Who says a message, where a message has a role alone.
pub(super) fn names(conversation: &Conversation<'_>, losses: &mut Losses) {
    if conversation.messages.iter().any(|message| message.name.is_some()) {
        losses.add(Severity::Reported, "messages.name");
    }
}

/// What a schema is called and what it is for, where the dialect has the schema alone.
pub(super) fn name_of_schema(format: &Format<'_>, losses: &mut Losses) {
    if let Format::JsonSchema { name, description, schema: _, strict: _ } = format {
        report(name.as_ref(), "response_format.json_schema.name", losses);
        report(description.as_ref(), "response_format.json_schema.description", losses);
    }
}

/// What has no word in any dialect but OpenAI's, and changes nothing in the answer.
pub(super) fn bookkeeping(conversation: &Conversation<'_>, losses: &mut Losses) {
    report(conversation.end_user.as_ref(), "user", losses);
    report(conversation.cache_key.as_ref(), "prompt_cache_key", losses);
    report(conversation.metadata.filter(|labels| !is_nothing(labels)).as_ref(), "metadata", losses);
}

/// A number that is to lie between `least` and `most`, and whether it did.
pub(super) fn clamped<'n>(number: &'n str, least: &'static str, most: &'static str) -> (&'n str, bool) {
    let parsed = |text: &str| text.parse::<f64>().unwrap_or_default();
    if parsed(number) < parsed(least) {
        return (least, false);
    }
    if parsed(number) > parsed(most) {
        return (most, false);
    }
    (number, true)
}

//! Messages of a request.

use crate::Destination;
use crate::canonical::{
    CacheHint, Conversation, Losses, Media, MediaSource, Message, Part, Role, Severity, ToolKind,
};
use crate::dialect::{custom, words};
use crate::json::{ArrayWriter, ObjectWriter};

pub(super) fn write_messages(
    conversation: &Conversation<'_>,
    to: &Destination<'_>,
    out: &mut ArrayWriter<'_>,
    losses: &mut Losses,
) {
    let mut writer = Writer { outside: to.outside, losses };
    for message in &conversation.messages {
        match message.role {
            // The newer word `developer` is known to OpenAI alone, the older one to all.
            Role::System | Role::Developer => writer.said(message, "system", out),
            Role::User => writer.user(message, out),
            Role::Assistant => writer.assistant(message, out),
        }
    }
}

struct Writer<'w> {
    outside: bool,
    losses: &'w mut Losses,
}

impl Writer<'_> {
    fn said(&mut self, message: &Message<'_>, role: &str, out: &mut ArrayWriter<'_>) {
        let parts: Vec<&Part> = message.parts.iter().collect();
        self.message(role, message.name.as_deref(), &parts, out);
    }

    /// A user's message: what tools answered becomes messages of their own, which must come first; the
    /// images among that follow as words of the user, the only place where the dialect takes them.
    fn user(&mut self, message: &Message<'_>, out: &mut ArrayWriter<'_>) {
        let mut said = Vec::new();
        for part in &message.parts {
            let Part::ToolResult { id, parts, is_error, cache, .. } = part else {
                said.push(part);
                continue;
            };
            self.cached(cache.as_ref());
            if *is_error {
                self.losses.add(Severity::Reported, "is_error");
            }
            let (texts, others): (Vec<&Part>, Vec<&Part>) =
                parts.iter().partition(|part| matches!(part, Part::Text { .. }));
            out.object(|object| {
                object.text("role", "tool");
                object.text("tool_call_id", id);
                self.content(&texts, object);
            });
            said.extend(others);
        }
        if !said.is_empty() || message.parts.is_empty() {
            self.message("user", message.name.as_deref(), &said, out);
        }
    }

    fn message(&mut self, role: &str, name: Option<&str>, parts: &[&Part<'_>], out: &mut ArrayWriter<'_>) {
        out.object(|object| {
            object.text("role", role);
            object.text_if("name", name);
            self.content(parts, object);
        });
    }

    /// Words as one string where they are one; parts otherwise.
    fn content(&mut self, parts: &[&Part<'_>], object: &mut ObjectWriter<'_>) {
        match parts {
            [] => object.text("content", ""),
            [Part::Text { text, cache }] => {
                self.cached(cache.as_ref());
                object.text("content", text);
            }
            _ => object.array("content", |array| parts.iter().for_each(|part| self.part(part, array))),
        }
    }

    fn part(&mut self, part: &Part<'_>, array: &mut ArrayWriter<'_>) {
        match part {
            Part::Text { text, cache } => {
                self.cached(cache.as_ref());
                write_text(text, array);
            }
            Part::Image { media, detail, cache } => {
                self.cached(cache.as_ref());
                write_image(media, detail.as_deref(), array);
            }
            Part::Audio(media) => self.audio(media, array),
            Part::Document { media, name, cache } => {
                self.cached(cache.as_ref());
                write_document(media, name.as_deref(), array);
            }
            Part::Refusal(text) => array.object(|object| {
                object.text("type", "refusal");
                object.text("refusal", text);
            }),
            Part::Other { kind, .. } => {
                self.losses.add(Severity::Refused, format!("messages.content.{kind}"))
            }
            // Not content: written where they belong.
            Part::Thinking { .. }
            | Part::HiddenThinking { .. }
            | Part::ToolCall { .. }
            | Part::ToolResult { .. } => {}
        }
    }

    fn audio(&mut self, media: &Media<'_>, array: &mut ArrayWriter<'_>) {
        let MediaSource::Base64(data) = &media.source else {
            return self.losses.add(Severity::Refused, "messages.content.input_audio");
        };
        let format = match media.media_type.as_deref() {
            Some("audio/mpeg") => "mp3",
            Some(other) => other.strip_prefix("audio/").unwrap_or(other),
            None => "wav",
        };
        array.object(|object| {
            object.text("type", "input_audio");
            object.object("input_audio", |audio| {
                audio.text("data", data);
                audio.text("format", format);
            });
        });
    }

    fn assistant(&mut self, message: &Message<'_>, out: &mut ArrayWriter<'_>) {
        let (mut said, mut calls, mut thoughts) = (Vec::new(), Vec::new(), String::new());
        let mut refusals = Vec::new();
        for part in &message.parts {
            match part {
                Part::ToolCall { .. } => calls.push(part),
                Part::Refusal(text) => refusals.push(&**text),
                Part::Thinking { text, signature } => {
                    thoughts.push_str(text);
                    self.thought(signature.is_some());
                }
                Part::HiddenThinking { .. } => self.losses.add(Severity::Reported, "reasoning_details"),
                Part::Text { text, .. } if text.is_empty() => {}
                Part::Text { .. }
                | Part::Image { .. }
                | Part::Audio(_)
                | Part::Document { .. }
                | Part::ToolResult { .. }
                | Part::Other { .. } => said.push(part),
            }
        }
        out.object(|object| {
            object.text("role", "assistant");
            object.text_if("name", message.name.as_deref());
            match said.is_empty() && !(calls.is_empty() && refusals.is_empty()) {
                true => object.null("content"),
                false => self.content(&said, object),
            }
            if !refusals.is_empty() {
                object.text("refusal", &refusals.concat());
            }
            if !self.outside && !thoughts.is_empty() {
                // Servers inside read one name or the other, by kind and version.
                object.text("reasoning_content", &thoughts);
                object.text("reasoning", &thoughts);
            }
            if !calls.is_empty() {
                object.array("tool_calls", |array| calls.iter().for_each(|call| self.call(call, array)));
            }
        });
    }

    /// Models inside are shown what they thought before; OpenAI refuses the field.
    fn thought(&mut self, is_signed: bool) {
        if self.outside {
            self.losses.add(Severity::Reported, "reasoning_content");
        } else if is_signed {
            self.losses.add(Severity::Reported, "reasoning_details");
        }
    }

    fn call(&mut self, call: &Part<'_>, array: &mut ArrayWriter<'_>) {
        let Part::ToolCall { id, name, kind, arguments, signature, cache } = call else { return };
        self.cached(cache.as_ref());
        array.object(|object| {
            object.text("id", id);
            object.text("type", "function");
            object.object("function", |function| {
                function.text("name", name);
                match kind {
                    ToolKind::Custom => function.text("arguments", &custom::wrap(arguments)),
                    ToolKind::Function if arguments.is_empty() => function.text("arguments", "{}"),
                    ToolKind::Function => function.text("arguments", arguments),
                }
            });
            if let Some(signature) = signature {
                object.object("extra_content", |extra| {
                    extra.object("google", |google| google.text("thought_signature", signature));
                });
            }
        });
    }

    /// These servers cache by themselves; a mark has no place.
    fn cached(&mut self, cache: Option<&CacheHint<'_>>) {
        if cache.is_some() {
            self.losses.add(Severity::Reported, "cache_control");
        }
    }
}

fn write_text(text: &str, array: &mut ArrayWriter<'_>) {
    array.object(|object| {
        object.text("type", "text");
        object.text("text", text);
    });
}

fn write_image(media: &Media<'_>, detail: Option<&str>, array: &mut ArrayWriter<'_>) {
    array.object(|object| {
        object.text("type", "image_url");
        object.object("image_url", |image| {
            image.text("url", &words::data_url(media, "image/png"));
            image.text_if("detail", detail);
        });
    });
}

/// A document of text is text, which every model can read; others are files.
fn write_document(media: &Media<'_>, name: Option<&str>, array: &mut ArrayWriter<'_>) {
    if let MediaSource::Text(text) = &media.source {
        let text = name.map_or_else(|| text.clone().into_owned(), |name| format!("{name}\n\n{text}"));
        return write_text(&text, array);
    }
    array.object(|object| {
        object.text("type", "file");
        object.object("file", |file| {
            file.text("file_data", &words::data_url(media, "application/pdf"));
            file.text("filename", name.unwrap_or("document.pdf"));
        });
    });
}

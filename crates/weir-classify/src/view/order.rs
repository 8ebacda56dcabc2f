//! In which orders the texts of a body may be read, one directly after the other.

use crate::{Segment, SegmentKind};

/// The texts in the order of the body, without the words of the protocol and those that are empty.
pub(super) struct InOrder<'a> {
    pub(super) texts: Vec<usize>,
    /// The key above each.
    keys: Vec<&'a str>,
}

impl<'a> InOrder<'a> {
    pub(super) fn of(segments: &[Segment<'a>]) -> Self {
        let room = segments.len() / 2;
        let (mut in_order, mut key) =
            (Self { texts: Vec::with_capacity(room), keys: Vec::with_capacity(room) }, "");
        for (index, segment) in segments.iter().enumerate() {
            match segment.kind {
                SegmentKind::Key => key = segment.text,
                SegmentKind::Text if !is_left_out(key, segment.text) => {
                    in_order.texts.push(index);
                    in_order.keys.push(key);
                }
                SegmentKind::Text | SegmentKind::Number | SegmentKind::Opaque => {}
            }
        }
        in_order
    }

    /// The texts under each key, where there are several.
    fn by_key(&self) -> Vec<Vec<usize>> {
        groups(self.keys.iter().map(|key| group_of(key)).zip(self.texts.iter().copied()))
    }
}

/// Orders that put other texts side by side: those under each key, what each role says, and all as a model reads them.
pub(super) fn other_orders<'a>(segments: &[Segment<'a>], in_order: &InOrder<'a>) -> Vec<Vec<usize>> {
    let spoken = spoken(segments, in_order.texts.len());
    let as_read = as_read(segments, &in_order.texts, &spoken);
    // Two texts are side by side in one way: a model and one message.
    if in_order.texts.len() <= 2 {
        return as_read.into_iter().collect();
    }
    let by_role = (0..3).flat_map(|way| {
        let is_empty = |text: usize| segments.get(text).is_none_or(|segment| segment.text.is_empty());
        let said = |spoken: &Spoken<'a>| {
            let role = spoken.roles().into_iter().nth(way)??;
            (!is_empty(spoken.text)).then_some((role, spoken.text))
        };
        groups(spoken.iter().filter_map(said))
    });
    let as_read = as_read.filter(|order| order.len() > 1);
    let mut orders: Vec<Vec<usize>> = in_order.by_key().into_iter().chain(by_role).chain(as_read).collect();
    orders.sort_unstable();
    orders.dedup();
    orders
}

/// The texts of each group, in order, where it has several.
fn groups<'a>(texts: impl Iterator<Item = (&'a str, usize)>) -> Vec<Vec<usize>> {
    let mut texts: Vec<(&str, usize)> = texts.collect();
    texts.sort_unstable_by_key(|(of, text)| (of.len(), *of, *text));
    let groups = texts.chunk_by(|(of, _), (next, _)| of == next).filter(|group| group.len() > 1);
    groups.map(|group| group.iter().map(|(_, text)| *text).collect()).collect()
}

/// A text of a message, and who may say it: nothing tells where a message ends, and some have their role behind their content.
struct Spoken<'a> {
    text: usize,
    /// The role before it.
    before: Option<&'a str>,
    /// The role behind it.
    behind: Option<&'a str>,
    /// The role of its message, if each has one of both, in any order.
    beside: Option<&'a str>,
}

impl<'a> Spoken<'a> {
    fn roles(&self) -> [Option<&'a str>; 3] {
        [self.before, self.behind, self.beside]
    }
}

/// A message, as far as it was read.
#[derive(Default)]
struct Message<'a> {
    role: Option<&'a str>,
    has_role: bool,
    has_content: bool,
    /// How many texts those before it have.
    texts_before: usize,
}

impl Message<'_> {
    /// Notes that it has one more member; another message has it if it had one.
    fn has(&mut self, is_role: bool, texts_before: usize) {
        let known = if is_role { self.has_role } else { self.has_content };
        if known {
            *self = Self { texts_before, ..Self::default() };
        }
        *(if is_role { &mut self.has_role } else { &mut self.has_content }) = true;
    }
}

/// The texts of messages; they are about `room`.
fn spoken<'a>(segments: &[Segment<'a>], room: usize) -> Vec<Spoken<'a>> {
    let (mut spoken, mut key, mut before) = (Vec::<Spoken<'a>>::with_capacity(room), "", None);
    let mut message = Message::default();
    // Of roles and contents, whether each message has one of both, the role first.
    let (mut members, mut is_role_first) = (0, true);
    for (text, segment) in segments.iter().enumerate() {
        match segment.kind {
            SegmentKind::Key => {
                if ["role", "content"].contains(&segment.text) {
                    let is_role = segment.text == "role";
                    is_role_first &= is_role == (members % 2 == 0);
                    members += 1;
                    message.has(is_role, spoken.len());
                }
                key = group_of(segment.text);
            }
            SegmentKind::Text if key == "role" => {
                let role = Some(segment.text);
                (before, message.role) = (role, role);
                let waiting = spoken.iter_mut().rev().take_while(|spoken| spoken.behind.is_none());
                waiting.for_each(|spoken| spoken.behind = role);
                let own = spoken.iter_mut().skip(message.texts_before).rev();
                own.take_while(|spoken| spoken.beside.is_none()).for_each(|spoken| spoken.beside = role);
            }
            SegmentKind::Text if key == "content" => {
                spoken.push(Spoken { text, before, behind: None, beside: message.role });
            }
            SegmentKind::Text | SegmentKind::Number | SegmentKind::Opaque => {}
        }
    }
    if is_role_first && members % 2 == 0 {
        spoken.iter_mut().for_each(|spoken| (spoken.behind, spoken.beside) = (None, None));
    }
    spoken
}

/// The texts as a model reads them, if that is another order: what tells it its task stands before all messages, wherever
/// a body has it; what SDKs write has it behind them.
fn as_read(segments: &[Segment<'_>], in_order: &[usize], spoken: &[Spoken<'_>]) -> Option<Vec<usize>> {
    const MESSAGES: [&str; 4] = ["messages", "input", "contents", "prompt"];
    let is_first =
        |segment: &Segment<'_>| segment.kind == SegmentKind::Key && MESSAGES.contains(&segment.text);
    let messages = segments.iter().position(is_first)?;
    let is_task = |role: &str| ["system", "developer"].contains(&role);
    let is_said = |spoken: &&Spoken<'_>| spoken.roles().into_iter().flatten().any(is_task);
    let said: Vec<usize> = spoken.iter().filter(is_said).map(|spoken| spoken.text).collect();
    let (mut tasks, mut is_task) = (Vec::new(), false);
    for (index, segment) in segments.iter().enumerate().skip(messages) {
        if segment.kind == SegmentKind::Key {
            let goes_on = || ["type", "text", "cache_control"].contains(&segment.text);
            is_task = ["system", "instructions"].contains(&segment.text) || is_task && goes_on();
        } else if is_task {
            tasks.push(index);
        }
    }
    if tasks.is_empty() && said.is_empty() {
        return None;
    }
    let mut as_read = in_order.to_vec();
    let first = in_order.partition_point(|index| *index < messages);
    let is_of = |texts: &[usize], index: &usize| texts.binary_search(index).is_ok();
    // What has a member of its own stands before what is said by a role.
    let place = |index: &usize| match (is_of(&tasks, index), is_of(&said, index)) {
        (true, _) => 0,
        (false, true) => 1,
        (false, false) => 2,
    };
    as_read.get_mut(first..).unwrap_or_default().sort_by_key(place);
    (as_read != in_order).then_some(as_read)
}

/// Whether there is nothing in a text, or a word of the protocol.
fn is_left_out(key: &str, text: &str) -> bool {
    text.is_empty() || is_protocol(key, text)
}

fn is_protocol(key: &str, text: &str) -> bool {
    match key {
        "role" | "type" => PROTOCOL.contains(&text),
        "media_type" => text == "text/plain",
        "id" | "call_id" | "tool_call_id" | "tool_use_id" => is_id(text),
        _ => false,
    }
}

/// Whether a text is an id as the APIs give them to calls, which stands between what is said and is no part of it.
fn is_id(text: &str) -> bool {
    const LENGTH_MIN: usize = 8;
    let parts =
        text.split_once('_').filter(|(kind, _)| ["call", "toolu", "fc", "ctc", "msg", "rs"].contains(kind));
    parts.is_some_and(|(_, id)| id.len() >= LENGTH_MIN && id.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// Roles and types of the chat APIs and of JSON Schema that stand between the texts of a conversation and are no part of
/// any value.
const PROTOCOL: [&str; 22] = [
    "user",
    "assistant",
    "system",
    "developer",
    "tool",
    "function",
    "text",
    "input_text",
    "output_text",
    "image_url",
    "message",
    "tool_use",
    "tool_result",
    "object",
    "array",
    "string",
    "integer",
    "number",
    "boolean",
    "null",
    "auto",
    "ephemeral",
];

/// Prose has several keys within one conversation: a string in one message, parts in the next.
fn group_of(key: &str) -> &str {
    match key {
        "text" | "content" | "input" | "output" | "arguments" | "thinking" | "refusal" => "content",
        other => other,
    }
}

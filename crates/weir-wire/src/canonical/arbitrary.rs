//! Answers and conversations for property tests of all dialects.

use super::{
    Block, BlockKind, CacheHint, Choice, Conversation, Delta, Event, FinishReason, Format, Media,
    MediaSource, Message, Part, Reply, Role, Sampling, Tokens, Tool, ToolChoice, ToolKind,
};
use crate::json::{Json, Limits, parse};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use std::borrow::Cow;

/// Text of all kinds: plain, quotes and escapes, line ends, characters outside the basic plane, right-to-left,
/// combining marks, and characters that some readers of lines stumble over.
pub(crate) fn text() -> impl Strategy<Value = String> {
    let odd = prop_oneof![
        Just("\"\\/\u{8}\u{c}\n\r\t\u{0}\u{1f}".to_owned()),
        Just("data: [DONE]\n\nevent: x\r\n".to_owned()),
        Just(
            "\u{1F469}\u{200D}\u{1F680}e\u{301}\u{202E}abc\u{2028}\u{2029}\u{85}\u{FEFF}\u{FFFD}".to_owned()
        ),
        Just("שלום 你好 नमस्ते".to_owned()),
        "[a-z ]{0,12}",
        any::<String>(),
    ];
    ("[A-Za-z]", odd).prop_map(|(head, rest)| head + &rest)
}

/// The text of a JSON object, as compact JSON: numbers with their text, keys in no order.
pub(crate) fn object_text() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        Just("0.10".to_owned()),
        Just("9223372036854775807".to_owned()),
        Just("-1E+5".to_owned()),
        Just("[1,{\"z\":null,\"a\":true}]".to_owned()),
        text().prop_map(|text| json(|out| crate::json::write_string(&text, out))),
    ];
    vec(value, 0..4).prop_map(|values| {
        let member =
            |(index, value): (usize, &String)| format!("\"{}{index}\":{value}", ["z", "a", "m"][index % 3]);
        format!("{{{}}}", values.iter().enumerate().map(member).collect::<Vec<_>>().join(","))
    })
}

/// The text of a schema that every dialect can bind to, with any object in it.
fn schema_text() -> impl Strategy<Value = String> {
    let schema = |object| {
        format!(r#"{{"type":"object","properties":{{}},"default":{object},"additionalProperties":false}}"#)
    };
    object_text().prop_map(schema)
}

fn json(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    String::from_utf8(out).unwrap()
}

/// A value that lives as long as the tests.
pub(crate) fn leaked(text: &str) -> &'static Json<'static> {
    Box::leak(Box::new(parse(text.as_bytes(), Limits::default()).unwrap().into_owned()))
}

/// Numbers of tokens as all dialects can say them.
pub(crate) fn tokens() -> impl Strategy<Value = Tokens> {
    (0..50_000u64, 0..9_000u64, option::of(0..900u64)).prop_map(|(prompt, completion, cache_read)| Tokens {
        prompt: Some(prompt + cache_read.unwrap_or(0)),
        completion: Some(completion),
        cache_read,
        ..Tokens::default()
    })
}

/// An answer of thoughts, then words, then calls: the order that every dialect has.
pub(crate) fn reply() -> impl Strategy<Value = Reply<'static>> {
    let calls = vec((text(), object_text()), 0..4);
    (option::of(text()), option::of(text()), calls, tokens(), any::<bool>()).prop_map(
        |(thoughts, words, calls, usage, is_cut)| {
            let has_calls = !calls.is_empty();
            let words = words.or_else(|| (!has_calls).then(|| "x".to_owned()));
            let mut blocks: Vec<Block> =
                thoughts.map(|text| block(BlockKind::Thinking, text)).into_iter().collect();
            blocks.extend(words.map(|text| block(BlockKind::Text, text)));
            blocks
                .extend(calls.into_iter().enumerate().map(|(index, (_, arguments))| call(index, arguments)));
            let finish = match (is_cut, has_calls) {
                (true, _) => FinishReason::Length,
                (false, true) => FinishReason::ToolCalls,
                (false, false) => FinishReason::Stop,
            };
            let choice = Choice { blocks, finish: Some(finish), stop_text: None, log_probs: None };
            Reply { model: Some("upstream-1".into()), choices: vec![choice], usage }
        },
    )
}

fn block(kind: BlockKind<'static>, text: String) -> Block<'static> {
    Block { kind, text: Cow::Owned(text), signature: None, citations: Vec::new() }
}

fn call(index: usize, arguments: String) -> Block<'static> {
    let (id, name) = (format!("call_{index}_x"), format!("tool_{index}"));
    let kind = BlockKind::ToolCall { id: id.into(), name: name.into(), tool: ToolKind::Function };
    block(kind, arguments)
}

/// The events that an answer comes in, its texts cut every `size` characters, its calls at the same time.
pub(crate) fn events(reply: &Reply<'static>, size: usize) -> Vec<Event<'static>> {
    let mut all = vec![Event::Start { model: reply.model.clone(), usage: Tokens::default() }];
    for (choice, answer) in reply.choices.iter().enumerate() {
        let (calls, words): (Vec<_>, Vec<_>) = answer
            .blocks
            .iter()
            .enumerate()
            .partition(|(_, block)| matches!(block.kind, BlockKind::ToolCall { .. }));
        for (index, block) in words {
            all.push(Event::BlockStart { choice, block: index, kind: block.kind.clone() });
            all.extend(deltas(choice, index, block, size));
            all.push(Event::BlockEnd { choice, block: index });
        }
        let start = |(block, call): &(usize, &Block<'static>)| Event::BlockStart {
            choice,
            block: *block,
            kind: call.kind.clone(),
        };
        all.extend(calls.iter().map(start));
        let mut open: Vec<_> =
            calls.iter().map(|(index, call)| deltas(choice, *index, call, size).into_iter()).collect();
        while let Some(round) = next_round(&mut open) {
            all.extend(round);
        }
        all.extend(calls.iter().map(|(block, _)| Event::BlockEnd { choice, block: *block }));
        let (reason, stop_text) = (answer.finish.unwrap(), answer.stop_text.clone());
        all.push(Event::Finish { choice, reason, stop_text });
    }
    all.push(Event::Usage(reply.usage));
    all.push(Event::End);
    all
}

fn next_round(open: &mut [std::vec::IntoIter<Event<'static>>]) -> Option<Vec<Event<'static>>> {
    let round: Vec<Event> = open.iter_mut().filter_map(Iterator::next).collect();
    (!round.is_empty()).then_some(round)
}

fn deltas(choice: usize, block: usize, of: &Block<'static>, size: usize) -> Vec<Event<'static>> {
    let characters: Vec<char> = of.text.chars().collect();
    let piece = |piece: &[char]| Delta::Text(piece.iter().collect::<String>().into());
    let texts = characters.chunks(size).map(piece);
    let signature = of.signature.clone().map(Delta::Signature);
    let citations = of.citations.iter().cloned().map(Delta::Citation);
    texts.chain(citations).chain(signature).map(|delta| Event::Delta { choice, block, delta }).collect()
}

/// A conversation of what chat completions and messages can both say.
pub(crate) fn conversation() -> impl Strategy<Value = Conversation<'static>> {
    let settings = (
        option::of(1..9_000u64),
        option::of(prop_oneof![Just("0.70"), Just("0"), Just("1")]),
        vec("[A-Z#]{1,5}", 0..3),
        any::<bool>(),
        option::of(any::<bool>()),
        option::of(schema_text()),
    );
    (option::of(text()), vec(turn(), 1..5), vec(tool(), 0..3), choice(), settings).prop_map(
        |(system, turns, tools, choice, (limit, temperature, stop, stream, parallel, schema))| {
            let has_tools = !tools.is_empty();
            let mut messages: Vec<Message> =
                system.map(|text| said(Role::System, text)).into_iter().collect();
            messages.extend(turns.into_iter().enumerate().flat_map(|(index, turn)| numbered(index, turn)));
            messages.push(said(Role::User, "Go on.".to_owned()));
            let tool_choice = choice.filter(|_| has_tools);
            let may_be_parallel = tool_choice.as_ref().is_some_and(|choice| *choice != ToolChoice::None);
            Conversation {
                messages,
                tools,
                tool_choice,
                parallel_tools: parallel.filter(|_| may_be_parallel),
                max_output_tokens: Some(limit.unwrap_or(77)),
                sampling: Sampling { temperature: temperature.map(Cow::Borrowed), ..Sampling::default() },
                stop: stop.into_iter().map(Cow::Owned).collect(),
                format: schema.map(|text| Format::JsonSchema {
                    name: None,
                    description: None,
                    schema: leaked(&text),
                    strict: None,
                }),
                stream,
                ..Conversation::default()
            }
        },
    )
}

fn said(role: Role, words: String) -> Message<'static> {
    Message { role, parts: vec![Part::Text { text: words.into(), cache: None }], name: None }
}

fn choice() -> impl Strategy<Value = Option<ToolChoice<'static>>> {
    let named = ToolChoice::Tool { name: "t".into(), kind: ToolKind::Function };
    option::of(prop_oneof![
        Just(ToolChoice::Auto),
        Just(ToolChoice::None),
        Just(ToolChoice::Required),
        Just(named),
    ])
}

fn tool() -> impl Strategy<Value = Tool<'static>> {
    (option::of(text()), object_text(), option::of(any::<bool>())).prop_map(
        |(description, schema, strict)| Tool {
            name: "t".into(),
            kind: ToolKind::Function,
            description: description.map(Cow::Owned),
            parameters: Some(leaked(&schema)),
            strict,
            cache: None,
            others: Vec::new(),
        },
    )
}

/// What a user says, with an image or not; what the model answers; and what its tools answer to its calls.
type Turn = (String, bool, String, Vec<(String, String)>);

fn turn() -> impl Strategy<Value = Turn> {
    (text(), any::<bool>(), text(), vec((object_text(), text()), 0..3))
}

fn numbered(turn: usize, (asked, has_image, answered, calls): Turn) -> Vec<Message<'static>> {
    let mut user = said(Role::User, asked);
    if has_image {
        let source = MediaSource::Base64("iVBORw0KGgo=".into());
        let media = Media { media_type: Some("image/png".into()), source };
        user.parts.push(Part::Image { media, detail: None, cache: None });
    }
    let mut model = said(Role::Assistant, answered);
    let mut results = Message { role: Role::User, parts: Vec::new(), name: None };
    for (index, (arguments, text)) in calls.into_iter().enumerate() {
        let id: Cow<'static, str> = format!("call_{turn}_{index}").into();
        model.parts.push(Part::ToolCall {
            id: id.clone(),
            name: "t".into(),
            kind: ToolKind::Function,
            arguments: arguments.into(),
            signature: None,
            cache: None,
        });
        let parts = vec![Part::Text { text: text.into(), cache: None::<CacheHint> }];
        results.parts.push(Part::ToolResult {
            id,
            name: None,
            kind: ToolKind::Function,
            parts,
            is_error: false,
            cache: None,
        });
    }
    let has_results = !results.parts.is_empty();
    [user, model].into_iter().chain(has_results.then_some(results)).collect()
}

/// All that a conversation says, one thing a line, however it is divided into messages. Objects are their text.
pub(crate) fn said_by(conversation: &Conversation<'_>) -> Vec<String> {
    let c = conversation;
    let mut all = Vec::new();
    for message in &c.messages {
        all.extend(message.parts.iter().map(|part| format!("{:?}: {part:?}", message.role)));
    }
    for tool in &c.tools {
        let schema = tool.parameters.map(|schema| String::from_utf8(schema.to_bytes()).unwrap());
        all.push(format!(
            "tool {:?} {:?} {:?} {schema:?} {:?}",
            tool.name, tool.kind, tool.description, tool.strict
        ));
    }
    if let Some(Format::JsonSchema { schema, .. }) = &c.format {
        all.push(format!("schema {}", String::from_utf8(schema.to_bytes()).unwrap()));
    }
    all.push(format!("{:?} {:?} {:?}", c.tool_choice, c.parallel_tools, c.max_output_tokens));
    all.push(format!("{:?} {:?} {:?} {:?}", c.sampling.temperature, c.stop, c.stream, c.answers));
    all.push(format!("{:?} {:?} {:?}", c.sampling.seed, c.reasoning, c.end_user));
    all
}

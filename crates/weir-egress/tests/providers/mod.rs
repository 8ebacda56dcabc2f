//! Every provider's dialect and credential, against a fake that checks them as strictly as the provider does.

use super::support::PATIENCE;
use std::fmt::Write as _;
use std::time::Duration;
use weir_egress::{Accept, AwsKeys, Call, CloudBackend, Credential, Endpoint, KeyHeader, Response};
use weir_label::{Boundary, Classified, Inspect, Label, Level, Recipient, Residency, Revision};
use weir_rig::fake::{AWS_KEYS, Cut, Failure, Fake, Fault, KEY, Provider, Script};
use weir_wire::canonical::{
    BlockKind, Collector, Conversation, Effort, Event, Losses, Message, Part, Reasoning, Reply, Role, Tool,
    ToolKind,
};
use weir_wire::chat::BadReply;
use weir_wire::dialect::backend::products::Product;
use weir_wire::dialect::backend::{Item, chat, cohere, converse, gemini, messages, ollama};
use weir_wire::dialect::{BackendDialect, Framing};
use weir_wire::json::{Json, Limits, parse};
use weir_wire::relay::frames;
use weir_wire::sse::SseItem;
use weir_wire::{Destination, Encode};
use zeroize::Zeroizing;

/// One provider as a backend.
#[derive(Clone, Copy)]
struct Side {
    provider: Provider,
    dialect: BackendDialect,
    model: &'static str,
    /// Whether it shows what the model thinks.
    thinks: bool,
}

const SIDES: [Side; 5] = [
    Side {
        provider: Provider::Anthropic,
        dialect: BackendDialect::Messages,
        model: "claude-sonnet-4-5",
        thinks: true,
    },
    Side { provider: Provider::Gemini, dialect: BackendDialect::Gemini, model: "gemini-3-pro", thinks: true },
    Side {
        provider: Provider::Bedrock,
        dialect: BackendDialect::Converse,
        model: "eu.anthropic.claude-sonnet-4-5-v1:0",
        thinks: true,
    },
    Side { provider: Provider::Ollama, dialect: BackendDialect::Ollama, model: "qwen3", thinks: true },
    Side { provider: Provider::Cohere, dialect: BackendDialect::Cohere, model: "command-a", thinks: true },
];

impl Side {
    fn credential(self, key: &str) -> Option<Credential> {
        let header = match self.provider {
            Provider::Anthropic => KeyHeader::XApiKey,
            Provider::Gemini => KeyHeader::XGoogApiKey,
            Provider::OpenAi | Provider::Cohere => KeyHeader::Bearer,
            Provider::Azure => KeyHeader::ApiKey,
            Provider::Ollama => return None,
            Provider::Bedrock => {
                let secret = if key == KEY { AWS_KEYS.1 } else { key };
                let secret = Zeroizing::new(secret.to_owned());
                let keys = AwsKeys::new(AWS_KEYS.0, secret, None, "eu-central-1", "bedrock").unwrap();
                return Some(Credential::aws(keys));
            }
        };
        Some(Credential::key(header, &Zeroizing::new(key.to_owned())).unwrap())
    }

    fn backend(self, fake: &Fake, key: &str) -> CloudBackend {
        let mut endpoint = Endpoint::new("c", &fake.base_url()).unwrap();
        let (name, value) = gemini::STREAM_QUERY;
        endpoint = match self.provider {
            Provider::Gemini => endpoint.with_stream_query(name, value),
            Provider::Anthropic => endpoint.for_anthropic(),
            Provider::Azure => endpoint.with_query("api-version", "2024-10-21"),
            Provider::OpenAi | Provider::Bedrock | Provider::Ollama | Provider::Cohere => endpoint,
        };
        if let Some(credential) = self.credential(key) {
            endpoint = endpoint.with_credential(credential);
        }
        CloudBackend::new(endpoint).unwrap()
    }

    fn path(self, stream: bool) -> String {
        if self.dialect == BackendDialect::ChatCompletions {
            return Product::named("azure-openai").unwrap().path(self.model);
        }
        self.dialect.path(self.model, stream)
    }
}

/// A conversation of one or two turns: what is asked, and what became of the calls of the answer.
struct Talk {
    stream: bool,
    parameters: Json<'static>,
    before: Option<Reply<'static>>,
    forged: bool,
}

impl Talk {
    fn new(stream: bool) -> Self {
        let schema = r#"{"$schema":"x","type":"object","properties":{"city":{"type":["string","null"]}},"required":["city"],"additionalProperties":false}"#;
        let parameters = parse(schema.as_bytes(), Limits::default()).unwrap().into_owned();
        Self { stream, parameters, before: None, forged: false }
    }

    fn after(reply: Reply<'static>) -> Self {
        Self { before: Some(reply), ..Self::new(false) }
    }

    fn conversation(&self) -> Conversation<'_> {
        let tool = |name: &'static str, parameters| Tool {
            name: name.into(),
            kind: ToolKind::Function,
            description: Some("does it".into()),
            parameters,
            strict: None,
            cache: None,
            others: Vec::new(),
        };
        let mut messages = vec![
            said(Role::System, vec![words("Be brief.")]),
            said(Role::User, vec![words("What is the"), words("weather?")]),
        ];
        if let Some(reply) = &self.before {
            messages.extend(self.second_turn(reply));
        }
        Conversation {
            messages,
            tools: vec![tool("weather", Some(&self.parameters)), tool("now", None)],
            max_output_tokens: Some(4000),
            stop: vec!["END".into()],
            reasoning: Some(Reasoning { effort: Some(Effort::Low), budget_tokens: None, summary: None }),
            stream: self.stream,
            ..Conversation::default()
        }
    }

    /// What the model said, and the results of its calls in another order.
    fn second_turn<'r>(&self, reply: &'r Reply<'static>) -> Vec<Message<'r>> {
        let blocks = &reply.choices[0].blocks;
        let part = |block: &'r weir_wire::canonical::Block<'static>| {
            let signature =
                block.signature.clone().map(|it| if self.forged { "Zm9yZ2Vk".into() } else { it });
            match &block.kind {
                BlockKind::Text | BlockKind::Refusal => words(&block.text),
                BlockKind::Thinking => Part::Thinking { text: (&*block.text).into(), signature },
                BlockKind::HiddenThinking { id } => {
                    Part::HiddenThinking { data: (&*block.text).into(), id: id.clone() }
                }
                BlockKind::ToolCall { id, name, tool } => Part::ToolCall {
                    id: (&**id).into(),
                    name: (&**name).into(),
                    kind: *tool,
                    arguments: (&*block.text).into(),
                    signature,
                    cache: None,
                },
            }
        };
        let result = |block: &'r weir_wire::canonical::Block<'static>| match &block.kind {
            BlockKind::ToolCall { id, tool, .. } => Some(Part::ToolResult {
                id: (&**id).into(),
                name: None,
                kind: *tool,
                parts: vec![words("sunny")],
                is_error: false,
                cache: None,
            }),
            BlockKind::Text | BlockKind::Thinking | BlockKind::HiddenThinking { .. } | BlockKind::Refusal => {
                None
            }
        };
        let results = blocks.iter().rev().filter_map(result).map(|result| said(Role::User, vec![result]));
        let mut messages = vec![said(Role::Assistant, blocks.iter().map(part).collect())];
        messages.extend(results);
        messages
    }
}

fn said(role: Role, parts: Vec<Part<'_>>) -> Message<'_> {
    Message { role, parts, name: None }
}

fn words(text: &str) -> Part<'_> {
    Part::Text { text: text.into(), cache: None }
}

impl Encode for Talk {
    fn encode(&self, to: &Destination<'_>, out: &mut Vec<u8>) {
        let conversation = self.conversation();
        let _losses: Losses = match to.dialect {
            BackendDialect::ChatCompletions => chat::write(&conversation, to, out),
            BackendDialect::Messages => messages::write(&conversation, to, out),
            BackendDialect::Gemini => gemini::write(&conversation, to, out),
            BackendDialect::Converse => converse::write(&conversation, to, out),
            BackendDialect::Ollama => ollama::write(&conversation, to, out),
            BackendDialect::Cohere => cohere::write(&conversation, to, out),
        };
    }
}

struct Harmless;

impl Inspect<Talk> for Harmless {
    fn inspect(&self, _: &Talk) -> Label {
        Label::at(Level::Public)
    }
}

async fn send(side: Side, fake: &Fake, key: &str, talk: Talk) -> Response {
    let boundary = Boundary::new(Level::Confidential, Residency::default(), Revision::new("r1"));
    let recipient = Recipient::new("c", boundary.cloud_clearance(Level::Internal, None).unwrap());
    let path = side.path(talk.stream);
    let accept = match (talk.stream, side.dialect.framing()) {
        (false, _) => Accept::Json,
        (true, Framing::EventStream) => Accept::EventStream,
        (true, Framing::Lines) => Accept::Lines,
        (true, Framing::AwsEventStream) => Accept::AwsEventStream,
    };
    let call = Call { dialect: side.dialect, ..Call::new(&path, side.model, accept, PATIENCE) };
    let permit = boundary.permit(&Classified::new(talk, &Harmless), &recipient).unwrap();
    side.backend(fake, key).send(permit, &call).await.unwrap()
}

async fn whole(side: Side, fake: &Fake, talk: Talk) -> Reply<'static> {
    let response = send(side, fake, KEY, talk).await;
    let status = response.status();
    let body = response.bytes(1 << 20).await.unwrap();
    let said = String::from_utf8_lossy(&body).into_owned();
    assert_eq!(status, 200, "{:?}: {said}", side.provider);
    owned(side.dialect.read_reply(&body).unwrap_or_else(|_| panic!("{:?}: {said}", side.provider)))
}

/// The same, which outlives the body, by way of what a stream would have said.
fn owned(reply: Reply<'_>) -> Reply<'static> {
    let own = |text: std::borrow::Cow<'_, str>| std::borrow::Cow::Owned(text.into_owned());
    Reply {
        model: reply.model.map(own),
        usage: reply.usage,
        choices: reply
            .choices
            .into_iter()
            .map(|choice| weir_wire::canonical::Choice {
                blocks: choice
                    .blocks
                    .into_iter()
                    .map(|block| weir_wire::canonical::Block {
                        kind: block.kind.into_owned(),
                        text: own(block.text),
                        signature: block.signature.map(own),
                        citations: block.citations.into_iter().map(own).collect(),
                    })
                    .collect(),
                finish: choice.finish,
                stop_text: choice.stop_text.map(own),
                log_probs: choice.log_probs.map(own),
            })
            .collect(),
    }
}

/// A reader of any of the dialects.
trait Reads {
    fn item(&mut self, item: &Item<'_>, sink: &mut dyn FnMut(Event<'_>)) -> Result<(), BadReply>;
    fn end(&mut self, sink: &mut dyn FnMut(Event<'_>)) -> Result<(), BadReply>;
}

macro_rules! reads {
    ($($dialect:ident)*) => {$(
        impl Reads for $dialect::EventReader {
            fn item(&mut self, item: &Item<'_>, sink: &mut dyn FnMut(Event<'_>)) -> Result<(), BadReply> {
                self.item(item, sink)
            }
            fn end(&mut self, sink: &mut dyn FnMut(Event<'_>)) -> Result<(), BadReply> {
                self.end(sink)
            }
        }
    )*};
}

reads! { gemini converse ollama cohere }

macro_rules! reads_to_its_own_end {
    ($($dialect:ident)*) => {$(
        impl Reads for $dialect::EventReader {
            fn item(&mut self, item: &Item<'_>, sink: &mut dyn FnMut(Event<'_>)) -> Result<(), BadReply> {
                self.item(item, sink)
            }
            /// Its streams say themselves when they end.
            fn end(&mut self, _sink: &mut dyn FnMut(Event<'_>)) -> Result<(), BadReply> {
                Ok(())
            }
        }
    )*};
}

reads_to_its_own_end! { chat messages }

fn reader(dialect: BackendDialect) -> Box<dyn Reads> {
    match dialect {
        BackendDialect::ChatCompletions => Box::new(chat::EventReader::new()),
        BackendDialect::Messages => Box::new(messages::EventReader::new()),
        BackendDialect::Gemini => Box::new(gemini::EventReader::new()),
        BackendDialect::Converse => Box::new(converse::EventReader::new()),
        BackendDialect::Ollama => Box::new(ollama::EventReader::new()),
        BackendDialect::Cohere => Box::new(cohere::EventReader::new()),
    }
}

/// The answer of a stream; `None` when it was cut.
async fn streamed(side: Side, fake: &Fake) -> Result<Option<Reply<'static>>, BadReply> {
    let response = send(side, fake, KEY, Talk::new(true)).await;
    assert_eq!(response.status(), 200, "{:?}", side.provider);
    let mut body = response.into_body();
    let mut frames = frames(side.dialect.framing(), 1 << 20);
    let (mut reader, mut collector) = (reader(side.dialect), Collector::default());
    let is_clean = loop {
        match body.chunk().await {
            Ok(Some(bytes)) => frames.push(&bytes).unwrap(),
            Ok(None) => break true,
            Err(_) => break false,
        }
        while let Some(item) = frames.next_item() {
            let SseItem::Event { event, data } = item else { continue };
            reader.item(&Item { event: &event, data: &data }, &mut |event| collector.take(event))?;
        }
    };
    let ended = is_clean && reader.end(&mut |event| collector.take(event)).is_ok();
    Ok(collector.finish().filter(|_| ended))
}

async fn fake(side: Side, script: Script) -> Fake {
    Fake::start(script.playing(side.provider)).await.unwrap()
}

fn shown(reply: &Reply<'_>) -> String {
    reply.choices.iter().flat_map(|choice| &choice.blocks).fold(String::new(), |mut out, block| {
        let kind = match &block.kind {
            BlockKind::Text => "text".to_owned(),
            BlockKind::Thinking => "thinking".to_owned(),
            BlockKind::HiddenThinking { .. } => "hidden".to_owned(),
            BlockKind::Refusal => "refusal".to_owned(),
            BlockKind::ToolCall { name, .. } => format!("call {name}"),
        };
        writeln!(out, "{kind}: {}", block.text).unwrap();
        out
    })
}

#[tokio::test]
async fn whole_and_streamed_answers_say_the_same_at_every_provider() {
    for side in SIDES {
        let script = Script::default().text("Sonnig in Zürich.").thinking("Let me sée.").chunks(5);
        let fake = fake(side, script).await;
        let whole = whole(side, &fake, Talk::new(false)).await;
        let thinking = if side.thinks { "thinking: Let me sée.\n" } else { "" };
        assert_eq!(shown(&whole), format!("{thinking}text: Sonnig in Zürich.\n"), "{:?}", side.provider);
        assert!(whole.usage.prompt.is_some() && whole.usage.completion.is_some(), "{:?}", side.provider);
        let streamed = streamed(side, &fake).await.ok().flatten().unwrap();
        assert_eq!(shown(&streamed), shown(&whole), "{:?}", side.provider);
        assert_eq!(streamed.usage, whole.usage, "{:?}", side.provider);
        assert!(streamed.choices[0].finish == whole.choices[0].finish, "{:?}", side.provider);
    }
}

#[tokio::test]
async fn parallel_calls_come_back_with_their_results_and_proofs_at_every_provider() {
    for side in SIDES {
        let script = Script::default()
            .tool_call("weather", r#"{"city":"Wien","days":[1,2.50]}"#)
            .tool_call("weather", r#"{"city":"Graz"}"#)
            .tool_call("now", "{}")
            .thinking("Which city?");
        let fake = fake(side, script).await;
        let reply = whole(side, &fake, Talk::new(false)).await;
        let calls: Vec<&str> = reply.choices[0]
            .blocks
            .iter()
            .filter(|block| matches!(block.kind, BlockKind::ToolCall { .. }))
            .map(|block| &*block.text)
            .collect();
        let arguments = calls.iter().map(|text| text.replace("2.50", "2.5")).collect::<Vec<_>>();
        assert_eq!(
            arguments,
            [r#"{"city":"Wien","days":[1,2.5]}"#, r#"{"city":"Graz"}"#, "{}"],
            "{:?}",
            side.provider
        );
        let streamed = streamed(side, &fake).await.ok().flatten().unwrap();
        assert_eq!(shown(&streamed).replace("2.50", "2.5"), shown(&reply).replace("2.50", "2.5"));
        fake.set(Script::default().playing(side.provider).text("Sunny."));
        let second = whole(side, &fake, Talk::after(reply)).await;
        assert_eq!(shown(&second), "text: Sunny.\n", "{:?}", side.provider);
    }
}

#[tokio::test]
async fn a_proof_that_is_not_the_providers_is_refused_by_those_that_check() {
    for side in SIDES
        .into_iter()
        .filter(|side| matches!(side.provider, Provider::Anthropic | Provider::Bedrock | Provider::Gemini))
    {
        let fake = fake(side, Script::default().tool_call("now", "{}").thinking("Hm.")).await;
        let reply = whole(side, &fake, Talk::new(false)).await;
        let forged = Talk { forged: true, ..Talk::after(reply) };
        let response = send(side, &fake, KEY, forged).await;
        assert_eq!(response.status(), 400, "{:?}", side.provider);
        let envelope = side.dialect.read_error(400, &response.bytes(1 << 16).await.unwrap()).unwrap();
        assert!(envelope.message.contains("ignature"), "{}", envelope.message);
        assert_eq!(envelope.kind, "invalid_request_error");
    }
}

#[tokio::test]
async fn a_wrong_key_is_refused_by_every_provider_that_has_one() {
    for side in SIDES.into_iter().filter(|side| side.provider != Provider::Ollama) {
        let fake = fake(side, Script::default()).await;
        let response = send(side, &fake, "wrong", Talk::new(false)).await;
        let status = response.status().as_u16();
        assert!(matches!(status, 401 | 403), "{:?}: {status}", side.provider);
        let envelope = side.dialect.read_error(status, &response.bytes(1 << 16).await.unwrap()).unwrap();
        assert!(!envelope.message.is_empty());
    }
}

#[tokio::test]
async fn an_error_within_a_stream_is_one_at_every_provider() {
    for side in SIDES {
        let fault = Fault::ErrorAfter { after: 3, message: "too busy".to_owned() };
        let fake = fake(side, Script::default().text("one two three").fault(fault)).await;
        let Err(BadReply::Error(envelope)) = streamed(side, &fake).await else {
            panic!("{:?}", side.provider)
        };
        assert_eq!(envelope.message, "too busy", "{:?}", side.provider);
    }
}

#[tokio::test]
async fn a_stream_that_is_cut_is_no_answer_at_any_provider() {
    for side in SIDES {
        for how in [Cut::End, Cut::Fin, Cut::Truncate, Cut::Reset] {
            let fault = Fault::Cut { after: 2, how };
            let fake = fake(side, Script::default().text("one two three").fault(fault)).await;
            let Ok(None) = streamed(side, &fake).await else { panic!("{:?} {how:?}", side.provider) };
        }
    }
}

#[tokio::test]
async fn slow_streams_and_refusals_are_what_they_are_at_every_provider() {
    for side in SIDES {
        let slow = Script::default().text("one two").chunks(2).gap(Duration::from_millis(2));
        let fake = fake(side, slow).await;
        let reply = streamed(side, &fake).await.ok().flatten().unwrap();
        assert_eq!(shown(&reply), "text: one two\n", "{:?}", side.provider);
        let busy = Failure::new(429, "application/json", r#"{"error":{"type":"x","message":"slow down"}}"#);
        fake.set(Script::failing(Fault::Status(busy)).playing(side.provider));
        let response = send(side, &fake, KEY, Talk::new(false)).await;
        assert_eq!(response.status(), 429);
        let envelope = side.dialect.read_error(429, &response.bytes(1 << 16).await.unwrap()).unwrap();
        assert_eq!(envelope.kind, "rate_limit_error", "{:?}", side.provider);
    }
}

#[tokio::test]
async fn azure_is_asked_for_a_deployment_with_its_own_key_and_version() {
    let azure = Side {
        provider: Provider::Azure,
        dialect: BackendDialect::ChatCompletions,
        model: "my deployment",
        thinks: false,
    };
    let fake = fake(azure, Script::default().text("Sunny.")).await;
    assert_eq!(shown(&whole(azure, &fake, Talk::new(false)).await), "text: Sunny.\n");
    assert_eq!(shown(&streamed(azure, &fake).await.ok().flatten().unwrap()), "text: Sunny.\n");
    let path = &fake.seen()[0].path;
    assert_eq!(path, "/openai/deployments/my%20deployment/chat/completions?api-version=2024-10-21");
    assert_eq!(send(azure, &fake, "wrong", Talk::new(false)).await.status(), 401);
}

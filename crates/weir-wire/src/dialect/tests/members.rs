//! Requests of every client's dialect, as JSON, to every backend's: each word of theirs arrives, or is told.

use crate::dialect::{BackendDialect, ClientDialect};
use crate::json::Limits;
use crate::request::{Api, ClientRequest};
use crate::{Destination, Encode};
use proptest::prelude::*;

const BACKENDS: [BackendDialect; 6] = [
    BackendDialect::ChatCompletions,
    BackendDialect::Messages,
    BackendDialect::Gemini,
    BackendDialect::Converse,
    BackendDialect::Ollama,
    BackendDialect::Cohere,
];

/// A member of a body, in which each `@` becomes a word of its own; and what a loss of it may be called.
type Member = (&'static str, &'static str);

/// What the body of each dialect must have, and what it may have.
struct Dialect {
    client: ClientDialect,
    always: &'static [Member],
    maybe: &'static [Member],
}

/// What has the same form in OpenAI's two APIs.
const OPENAI: [Member; 9] = [
    (r#""temperature":0.7301@"#, "temperature"),
    (r#""top_p":0.6203@"#, "top_p"),
    (r#""user":"@""#, "user"),
    (r#""metadata":{"@":"@"}"#, "metadata"),
    (r#""prompt_cache_key":"@""#, "prompt_cache_key"),
    (r#""service_tier":"@""#, "service_tier"),
    (r#""x_unknown":{"@":["@",{"deep":0.@}]}"#, "x_unknown"),
    (r#""parallel_tool_calls":false"#, "parallel_tool_calls"),
    (r#""prompt_cache_options":{"x":"@"}"#, "prompt_cache_options"),
];

const CHAT: Dialect = Dialect {
    client: ClientDialect::ChatCompletions,
    always: &[(
        r#""messages":[{"role":"system","content":"@"},{"role":"developer","content":[{"type":"text","text":"@"}]},
        {"role":"user","content":[{"type":"text","text":"@","x_part":"@"}],"x_message":"@"},
        {"role":"assistant","content":"@","tool_calls":[{"id":"call_@","type":"function","x_call":"@","function":{"name":"f@","arguments":"{\"@\":\"@\"}","x_function":"@"}}]},
        {"role":"tool","tool_call_id":"call_1","content":"@","x_result":"@"},
        {"role":"user","name":"n@","content":"@"}]"#,
        "x_part x_message x_call x_function x_result messages.name",
    )],
    maybe: &[
        (r#""seed":44001@"#, "seed"),
        (r#""frequency_penalty":0.4107@"#, "frequency_penalty"),
        (r#""presence_penalty":0.3109@"#, "presence_penalty"),
        (r#""max_completion_tokens":7021"#, "max_completion_tokens"),
        (r#""stop":["S@","T@"]"#, "stop"),
        (r#""logit_bias":{"@":1}"#, "logit_bias"),
        (r#""prediction":{"type":"content","content":"@"}"#, "prediction"),
        (
            r#""tools":[{"type":"function","x_tool":"@","function":{"name":"g","description":"@","x_inner":"@","parameters":{"type":"object","properties":{"p@":{"type":"string","description":"@"}},"required":["p@"]}}}]"#,
            "tools",
        ),
        (
            r#""response_format":{"type":"json_schema","json_schema":{"name":"@","description":"@","schema":{"type":"object","properties":{"q@":{"type":"string"}}}}}"#,
            "response_format",
        ),
    ],
};

const RESPONSES: Dialect = Dialect {
    client: ClientDialect::Responses,
    always: &[(
        r#""instructions":"@","input":[{"role":"user","content":[{"type":"input_text","text":"@","x_part":"@"}],"x_item":"@"},
        {"type":"function_call","call_id":"call_@","name":"f@","arguments":"{\"@\":\"@\"}","x_call":"@"},
        {"type":"function_call_output","call_id":"call_1","output":"@","x_output":"@"},
        {"role":"user","content":"@"}]"#,
        "x_part x_item x_call x_output",
    )],
    maybe: &[
        (r#""max_output_tokens":7021"#, "max_output_tokens"),
        (r#""text":{"verbosity":"@","x_text":"@"}"#, "verbosity x_text"),
        (r#""reasoning":{"x_reasoning":"@"}"#, "x_reasoning"),
        (
            r#""tools":[{"type":"function","name":"g","description":"@","x_tool":"@","parameters":{"type":"object","properties":{"p@":{"type":"string"}}}}]"#,
            "tools",
        ),
    ],
};

const MESSAGES: Dialect = Dialect {
    client: ClientDialect::Messages,
    always: &[(
        r#""max_tokens":7021,"messages":[{"role":"user","content":[{"type":"text","text":"@","x_block":"@"}],"x_message":"@"},
        {"role":"assistant","content":[{"type":"text","text":"@"},{"type":"tool_use","id":"call_@","name":"f@","input":{"@":"@"},"x_call":"@"}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"call_1","content":[{"type":"text","text":"@"}],"x_result":"@"},{"type":"text","text":"@"}]}]"#,
        "x_block x_message x_call x_result",
    )],
    maybe: &[
        (r#""system":[{"type":"text","text":"@","x_system":"@"}]"#, "x_system"),
        (r#""temperature":0.7301@"#, "temperature"),
        (r#""top_k":3@"#, "top_k"),
        (r#""stop_sequences":["S@"]"#, "stop_sequences"),
        (r#""metadata":{"user_id":"@","x_metadata":"@"}"#, "user_id x_metadata user"),
        (r#""inference_geo":"@""#, "inference_geo"),
        (r#""output_config":{"x_output":"@"}"#, "x_output"),
        (r#""x_unknown":{"@":["@"]}"#, "x_unknown"),
        (
            r#""tools":[{"name":"g","description":"@","x_tool":"@","input_schema":{"type":"object","properties":{"p@":{"type":"string"}}}}]"#,
            "tools",
        ),
    ],
};

const OLLAMA: Dialect = Dialect {
    client: ClientDialect::OllamaChat,
    always: &[(
        r#""messages":[{"role":"system","content":"@"},{"role":"user","content":"@","x_message":"@"}]"#,
        "x_message",
    )],
    maybe: &[
        (
            r#""options":{"seed":44001@,"top_k":3@,"x_option":"@","stop":["S@"]}"#,
            "seed top_k x_option stop options",
        ),
        (r#""x_unknown":{"@":["@"]}"#, "x_unknown"),
    ],
};

const GENERATE: Dialect = Dialect {
    client: ClientDialect::OllamaGenerate,
    always: &[(r#""prompt":"@","system":"@""#, "")],
    maybe: &[
        (r#""options":{"seed":44001@,"x_option":"@"}"#, "seed x_option options"),
        (r#""x_unknown":{"@":["@"]}"#, "x_unknown"),
        (r#""suffix":"@""#, "suffix"),
    ],
};

const COMPLETIONS: Dialect = Dialect {
    client: ClientDialect::Completions,
    always: &[(r#""prompt":"@""#, "")],
    maybe: &[
        (r#""suffix":"@""#, "suffix"),
        (r#""seed":44001@"#, "seed"),
        (r#""user":"@""#, "user"),
        (r#""x_unknown":{"@":["@"]}"#, "x_unknown"),
    ],
};

/// Bodies of a dialect with some of what they may have, and every word in them with its member.
struct Asked {
    body: String,
    words: Vec<(String, &'static str)>,
}

impl Dialect {
    fn asked(&self, chosen: &[bool]) -> Asked {
        let is_openai = matches!(self.client, ClientDialect::ChatCompletions | ClientDialect::Responses);
        let shared: &[Member] = if is_openai { &OPENAI } else { &[] };
        let maybe = self.maybe.iter().chain(shared).zip(chosen).filter(|(_, is_in)| **is_in);
        let members: Vec<&Member> = self.always.iter().chain(maybe.map(|(member, _)| member)).collect();
        let mut asked = Asked { body: r#"{"model":"m""#.to_owned(), words: Vec::new() };
        for (text, told) in members {
            asked.body.push(',');
            asked.add(text, told);
        }
        asked.body.push('}');
        asked
    }
}

impl Asked {
    /// Digits do as text and within numbers. The first call has the id `call_1`, which its result names.
    fn add(&mut self, text: &str, told: &'static str) {
        let mut pieces = text.split('@');
        self.body.push_str(pieces.next().unwrap_or_default());
        for piece in pieces {
            if self.body.ends_with("call_") {
                self.body.push('1');
            } else {
                let word = format!("{}", 70_003 + 10 * self.words.len());
                self.body.push_str(&word);
                self.words.push((word, told));
            }
            self.body.push_str(piece);
        }
    }

    fn check(&self, client: ClientDialect, backend: BackendDialect) {
        let api = Api::Conversation(client);
        let request = match ClientRequest::read_as(api, self.body.as_bytes(), Limits::default()) {
            Ok(request) => request,
            Err(refused) => panic!("{client:?}: {refused:?}\n{}", self.body),
        };
        let to = Destination { dialect: backend, ..Destination::new("m", true) };
        let losses = request.losses(&to).unwrap();
        let mut sent = Vec::new();
        request.encode(&to, &mut sent);
        let sent = String::from_utf8(sent).unwrap();
        for (word, names) in &self.words {
            let is_told = losses.iter().any(|loss| {
                let field = request.field_name(&loss.field);
                names
                    .split(' ')
                    .any(|name| !name.is_empty() && (field.contains(name) || loss.field.contains(name)))
            });
            assert!(
                sent.contains(word.as_str()) || is_told,
                "{client:?} to {backend:?}: {word} is lost\n{}\n{sent}\n{losses:?}",
                self.body
            );
        }
    }
}

#[test]
fn every_member_arrives_or_is_told_whichever_the_dialects() {
    for dialect in [CHAT, RESPONSES, MESSAGES, OLLAMA, GENERATE, COMPLETIONS] {
        for backend in BACKENDS {
            // One at a time: the loss of one must not stand for that of another.
            for one in 0..24 {
                let chosen: Vec<bool> = (0..24).map(|member| member == one).collect();
                dialect.asked(&chosen).check(dialect.client, backend);
            }
        }
    }
}

proptest! {
    #[test]
    fn every_member_arrives_or_is_told_in_whatever_company(chosen in proptest::collection::vec(any::<bool>(), 24)) {
        for dialect in [CHAT, RESPONSES, MESSAGES, OLLAMA, GENERATE, COMPLETIONS] {
            for backend in BACKENDS {
                dialect.asked(&chosen).check(dialect.client, backend);
            }
        }
    }
}

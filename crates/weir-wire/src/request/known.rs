//! The fields that Weir knows: whoever wants nothing else to pass is told the first other one.

use super::{Api, BadRequest, ClientRequest, IDENTIFIERS};
use crate::dialect::report::{HOSTED_TOOL, says_nothing_elsewhere};
use crate::json::Json;

/// Fields of the conversations' APIs and of the servers that speak them for which the canonical model has no word.
///
/// Sources: the API references of OpenAI, Anthropic, Ollama, OpenRouter, vLLM, SGLang, TGI and llama.cpp.
const OF_CONVERSATIONS: [&str; 94] = [
    "add_generation_prompt",
    "add_special_tokens",
    "allowed_token_ids",
    "background",
    "bad_words",
    "cache_control",
    "cache_prompt",
    "cache_salt",
    "chat_template",
    "chat_template_kwargs",
    "citations",
    "context",
    "context_management",
    "continue_final_message",
    "defer_loading",
    "details",
    "documents",
    "dry_allowed_length",
    "dry_base",
    "dry_multiplier",
    "dynatemp_exponent",
    "dynatemp_range",
    "ebnf",
    "eager_input_streaming",
    "function_call",
    "id_slot",
    "ignore_eos",
    "images",
    "include",
    "include_stop_str_in_output",
    "inference_geo",
    "input_examples",
    "keep_alive",
    "length_penalty",
    "logit_bias",
    "logits_processors",
    "lora_path",
    "max_tool_calls",
    "min_p",
    "min_tokens",
    "mirostat",
    "mirostat_eta",
    "mirostat_tau",
    "mm_processor_kwargs",
    "models",
    "n_keep",
    "n_probs",
    "no_stop_trim",
    "num_batch",
    "num_ctx",
    "num_gpu",
    "num_keep",
    "num_thread",
    "options",
    "output_config",
    "penalize_newline",
    "plugins",
    "prediction",
    "prompt_cache_retention",
    "prompt_logprobs",
    "provider",
    "reasoning_budget",
    "reasoning_content",
    "reasoning_format",
    "refusal",
    "regex",
    "repeat_last_n",
    "repeat_penalty",
    "repetition_penalty",
    "request_id",
    "return_token_ids",
    "return_tokens_as_token_ids",
    "samplers",
    "separate_reasoning",
    "skip_special_tokens",
    "spaces_between_special_tokens",
    "status",
    "stop_token_ids",
    "stream_options",
    "stream_reasoning",
    "system",
    "tfs_z",
    "timings_per_token",
    "title",
    "top_a",
    "top_k",
    "top_logprobs",
    "transforms",
    "truncate",
    "truncate_prompt_tokens",
    "typical_p",
    "use_beam_search",
    "verbosity",
    "xtc_probability",
];

/// The fields of an API that is no conversation.
///
/// Sources: the API references of OpenAI, Ollama, Cohere, Jina and vLLM.
fn of_family(api: Api) -> &'static [&'static str] {
    match api {
        Api::Embeddings => &[
            "input",
            "dimensions",
            "encoding_format",
            "input_type",
            "truncate",
            "embedding_types",
            "embedding_type",
            "task",
            "normalized",
            "late_chunking",
            "truncate_prompt_tokens",
            "add_special_tokens",
        ],
        Api::OllamaEmbed => &["input", "prompt", "truncate", "dimensions", "options", "keep_alive"],
        Api::Moderations => &["input"],
        Api::Rerank => &[
            "query",
            "documents",
            "top_n",
            "top_k",
            "return_documents",
            "return_text",
            "raw_scores",
            "truncate",
            "truncation_direction",
            "rank_fields",
            "max_chunks_per_doc",
            "max_tokens_per_doc",
            "truncate_prompt_tokens",
        ],
        Api::Tokenize => &[
            "prompt",
            "messages",
            "tools",
            "add_special_tokens",
            "return_token_strs",
            "add_generation_prompt",
            "continue_final_message",
            "chat_template",
            "chat_template_kwargs",
            "mm_processor_kwargs",
        ],
        Api::Detokenize => &["tokens"],
        Api::Speech => &[
            "input",
            "voice",
            "instructions",
            "response_format",
            "speed",
            "stream",
            "stream_format",
            "language",
            "sample_rate",
        ],
        Api::Transcription => &[
            "file",
            "language",
            "prompt",
            "response_format",
            "temperature",
            "timestamp_granularities",
            "timestamp_granularities[]",
            "include",
            "include[]",
            "stream",
            "chunking_strategy",
            "known_speaker_names",
            "known_speaker_names[]",
        ],
        Api::Translation => &["file", "prompt", "response_format", "temperature"],
        Api::Images => &[
            "prompt",
            "n",
            "size",
            "quality",
            "style",
            "response_format",
            "background",
            "moderation",
            "output_format",
            "output_compression",
            "partial_images",
            "stream",
            "seed",
            "negative_prompt",
        ],
        Api::Files => {
            &["file", "purpose", "expires_after", "expires_after[anchor]", "expires_after[seconds]"]
        }
        Api::Conversation(_) | Api::CountTokens | Api::CountInput => &[],
    }
}

impl ClientRequest {
    /// Refuses what Weir does not know, wherever in a conversation it stands; of the other APIs, in the body itself.
    ///
    /// # Errors
    /// [`BadRequest`] with the field's name.
    pub fn refuse_unknown(&self) -> Result<(), BadRequest> {
        let unknown = match self.conversation().transpose()? {
            Some(conversation) => {
                let is_unknown = |name: &str| !is_known(name);
                let own = conversation.others.iter().map(|(name, _)| (*name, String::from(*name)));
                let tools = conversation.tools.iter().flat_map(|tool| &tool.others);
                let of_tools = tools.map(|(name, _)| (*name, format!("tools.{name}")));
                own.chain(of_tools).find(|(name, _)| is_unknown(name)).map(|(_, path)| path)
            }
            None => {
                let known = of_family(self.api);
                let is_unknown = |(name, value): &(&str, &Json<'static>)| {
                    !known.contains(name) && !IDENTIFIERS.contains(name) && !matches!(value, Json::Null)
                };
                let body = self.body.as_object().into_iter().flat_map(|body| body.iter());
                body.into_iter().find(is_unknown).map(|(name, _)| name.to_owned())
            }
        };
        match unknown {
            None => Ok(()),
            Some(name) => Err(BadRequest::unsupported(
                &name,
                "is no field that Weir knows, and the operator lets no others pass; leave it out",
            )),
        }
    }
}

fn is_known(name: &str) -> bool {
    name == HOSTED_TOOL || says_nothing_elsewhere(name) || OF_CONVERSATIONS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::ClientDialect;
    use crate::json::Limits;

    fn refused(api: Api, body: &str) -> Option<String> {
        let request = ClientRequest::read_as(api, body.as_bytes(), Limits::default()).unwrap();
        request.refuse_unknown().err().map(|bad| {
            assert_eq!(bad.code, "unsupported_parameter");
            bad.param.unwrap()
        })
    }

    #[test]
    fn what_is_not_known_is_named_wherever_it_stands() {
        let chat = |rest: &str, message: &str, tool: &str| {
            let function = r#""function":{"name":"f","parameters":{"type":"object","x":1}}"#;
            format!(
                r#"{{"model":"m","messages":[{{"role":"user","content":"hi"{message}}}],
                    "tools":[{{"type":"function",{function}{tool}}}]{rest}}}"#
            )
        };
        let cases = [
            (chat("", "", ""), None),
            (chat(r#","temperature":1,"logit_bias":{},"store":false,"user":"u","top_k":4"#, "", ""), None),
            (chat(r#","guided_json":{"a":1},"stream_options":{"include_usage":true}"#, "", ""), None),
            (chat(r#","x_trace":"t""#, "", ""), Some("x_trace")),
            (chat(r#","x_trace":null"#, "", ""), None),
            (chat("", r#","note":"n""#, ""), Some("note")),
            (chat("", "", r#","owner":"o""#), Some("tools.owner")),
        ];
        for (body, expected) in cases {
            assert_eq!(refused(Api::CHAT, &body).as_deref(), expected, "{body}");
        }
    }

    #[test]
    fn each_api_has_its_own_fields() {
        let ollama = Api::Conversation(ClientDialect::OllamaChat);
        let responses = Api::Conversation(ClientDialect::Responses);
        let messages = Api::Conversation(ClientDialect::Messages);
        let of_messages = r#""model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]"#;
        let cases = [
            (Api::Embeddings, r#"{"model":"m","input":"a","dimensions":8,"user":"u"}"#.to_owned(), None),
            (Api::Embeddings, r#"{"model":"m","input":"a","top_n":8}"#.to_owned(), Some("top_n")),
            (Api::Rerank, r#"{"model":"m","query":"a","documents":["b"],"top_n":8}"#.to_owned(), None),
            (Api::Moderations, r#"{"model":"m","input":"a","strict":true}"#.to_owned(), Some("strict")),
            (
                ollama,
                r#"{"model":"m","messages":[],"keep_alive":"5m","options":{"num_ctx":9}}"#.to_owned(),
                None,
            ),
            (ollama, r#"{"model":"m","messages":[],"options":{"warp":9}}"#.to_owned(), Some("warp")),
            (responses, r#"{"model":"m","input":"a","include":[],"truncation":"auto"}"#.to_owned(), None),
            (responses, r#"{"model":"m","input":"a","speed":"fast"}"#.to_owned(), Some("speed")),
            (messages, format!(r#"{{{of_messages},"top_k":4,"metadata":{{"user_id":"u"}}}}"#), None),
            (messages, format!(r#"{{{of_messages},"team":"t"}}"#), Some("team")),
            (Api::CountTokens, format!(r#"{{{of_messages},"team":"t"}}"#), Some("team")),
        ];
        for (api, body, expected) in cases {
            assert_eq!(refused(api, &body).as_deref(), expected, "{body}");
        }
    }
}

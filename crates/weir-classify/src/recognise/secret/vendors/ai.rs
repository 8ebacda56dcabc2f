//! Keys of AI services. Source: each vendor's documentation of its keys.

use super::super::token::Alphabet::{Alphanumeric, Base64Url, Hex, Printable, Signs};
use super::super::token::{Format, format};

pub(super) const FINDS: &str = "keys and tokens of AI services: Amazon Bedrock, Anthropic, Anyscale, Apify, Braintrust, Browserbase, Cerebras, Chroma, Cursor, Daytona, E2B, ElevenLabs, Firecrawl, Fireworks AI, Friendli, Groq, Hugging Face, Jina AI, Langfuse, LangSmith, LlamaCloud, Luma, Meta, Novita AI, NVIDIA, OpenAI, OpenRouter, Perplexity, Pinecone, Replicate, RunPod, Tavily, Together AI, Voyage AI, Weights & Biases, Weir, xAI";

pub(super) const FORMATS: &[Format] = &[
    format("Amazon Bedrock", &["ABSK"], Printable, 100, 200),
    format("Amazon Bedrock", &["bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t"], Printable, 0, 2048),
    format("Anthropic", &["sk-ant-"], Base64Url, 24, 220),
    format("Anyscale", &["esecret_", "aph0_"], Alphanumeric, 22, 60),
    format("Apify", &["apify_api_"], Alphanumeric, 36, 40),
    format("Braintrust", &["bt-st-"], Alphanumeric, 40, 60),
    format("Browserbase", &["bb_live_", "bb_test_"], Base64Url, 20, 48),
    format("Cerebras", &["csk-"], Alphanumeric, 40, 60),
    format("Chroma", &["ck-"], Alphanumeric, 43, 44),
    format("Cursor", &["crsr_"], Hex, 64, 64),
    format("Daytona", &["dtn_"], Hex, 64, 64),
    format("E2B", &["e2b_"], Hex, 40, 40),
    format("ElevenLabs", &["sk_"], Hex, 48, 48),
    format("Firecrawl", &["fc-"], Hex, 32, 32),
    format("Fireworks AI", &["fw_"], Alphanumeric, 20, 48),
    format("Friendli", &["flp_"], Alphanumeric, 40, 60),
    format("Groq", &["gsk_"], Alphanumeric, 52, 52),
    format("Hugging Face", &["hf_", "api_org_"], Alphanumeric, 34, 40),
    format("Jina AI", &["jina_"], Base64Url, 50, 80),
    format("Langfuse", &["sk-lf-", "pk-lf-"], Base64Url, 36, 36),
    format("LangSmith", &["lsv2_pt_", "lsv2_sk_", "ls__"], Base64Url, 32, 60),
    format("LlamaCloud", &["llx-"], Alphanumeric, 44, 60),
    format("Luma", &["luma-"], Base64Url, 36, 80),
    format("Meta", &["LLM|"], Signs, 30, 80),
    format("Novita AI", &["sk_"], Base64Url, 43, 43),
    format("NVIDIA", &["nvapi-"], Base64Url, 60, 72),
    format("OpenAI", &["sk-", "sess-"], Base64Url, 20, 220),
    format("OpenRouter", &["sk-or-v1-"], Hex, 64, 64),
    format("Perplexity", &["pplx-"], Alphanumeric, 40, 64),
    format("Pinecone", &["pcsk_"], Base64Url, 50, 100),
    format("Replicate", &["r8_"], Alphanumeric, 37, 40),
    format("RunPod", &["rpa_"], Alphanumeric, 40, 60),
    format("Tavily", &["tvly-"], Base64Url, 30, 60),
    format("Together AI", &["tgp_v1_"], Base64Url, 40, 64),
    format("Voyage AI", &["pa-"], Base64Url, 43, 43),
    format("Weights & Biases", &["wandb_v1_"], Base64Url, 40, 120),
    format("Weir", &["wk_live_", "wk_test_"], Base64Url, 16, 128),
    format("xAI", &["xai-"], Alphanumeric, 70, 90),
];

use super::{Fidelity, ImportError, Imported, agentgateway, litellm};
use crate::{Source, load};
use std::path::Path;

const LITELLM: &str = include_str!("tests/litellm.yaml");
const AGENTGATEWAY: &str = include_str!("tests/agentgateway.yaml");
const BINDS: &str = include_str!("tests/agentgateway-binds.yaml");

const POLICY: &str =
    "policy: 1\nboundary: confidential\nrules:\n  - name: all\n    use: any\n    when_full: [reject]\n";

/// What was made must be usable as it is, whatever the variables hold.
fn must_load(imported: &Imported) {
    let config = Source { path: Path::new("weir.yaml"), text: &imported.weir_yaml };
    let policy = Source { path: Path::new("policy.yaml"), text: POLICY };
    let nothing = |_: &Path| Err(std::io::ErrorKind::NotFound.into());
    let loaded = load(config, policy, &|_| Some("secret".to_owned()), &nothing, &|_| Err(String::new()));
    assert!(loaded.is_ok(), "{:?}\n{}", loaded.err(), imported.weir_yaml);
}

fn fidelity(imported: &Imported, path: &str) -> Option<Fidelity> {
    imported.items.iter().find(|item| item.path == path).map(|item| item.fidelity)
}

#[test]
fn a_configuration_of_litellm_becomes_one_that_loads() {
    let imported = litellm(LITELLM).unwrap();
    must_load(&imported);
    let yaml = &imported.weir_yaml;
    for part in [
        "  - name: openai\n    zone: cloud\n    api: openai\n    url: \"https://api.openai.com/v1\"\n    api_key: \"${OPENAI_API_KEY}\"",
        "    zone: local\n    api: vllm\n    url: \"http://10.1.2.3:8000/v1\"\n    timeouts: { total: 120s }",
        "      - name: gpt-4o\n        concurrency: 20\n        price: { input: 2.5, output: 10 }",
        "      - name: Qwen/Qwen3-32B\n        context: 32768",
        "  smart:\n    targets: [openai/gpt-4o, hosted-vllm/Qwen/Qwen3-32B]",
        "  gpt-4:\n    targets: [openai/gpt-4o, hosted-vllm/Qwen/Qwen3-32B]",
    ] {
        assert!(yaml.contains(part), "{part} is not in\n{yaml}");
    }
    assert!(!yaml.contains("sk-live-1234"), "a key was copied");
}

#[test]
fn everything_in_a_configuration_of_litellm_is_accounted_for() {
    let imported = litellm(LITELLM).unwrap();
    for (path, expected) in [
        ("model_list[0]", Fidelity::Exact),
        ("model_list[0].litellm_params.api_key", Fidelity::Exact),
        ("model_list[0].litellm_params.rpm", Fidelity::NotSupported),
        ("model_list[0].litellm_params.max_parallel_requests", Fidelity::Exact),
        ("model_list[1]", Fidelity::Approximate),
        ("model_list[1].litellm_params.timeout", Fidelity::Approximate),
        ("model_list[1].model_info.max_input_tokens", Fidelity::Approximate),
        ("model_list[2].litellm_params.api_key", Fidelity::Approximate),
        ("model_list[2].litellm_params.temperature", Fidelity::NotSupported),
        ("model_list[3]", Fidelity::NotSupported),
        ("model_list[4]", Fidelity::NotSupported),
        ("router_settings.fallbacks[0].smart", Fidelity::Approximate),
        ("router_settings.model_group_alias.gpt-4", Fidelity::Exact),
        ("router_settings.redis_host", Fidelity::NotSupported),
        ("litellm_settings.drop_params", Fidelity::NotSupported),
        ("general_settings.master_key", Fidelity::NotSupported),
        ("guardrails", Fidelity::NotSupported),
    ] {
        assert_eq!(fidelity(&imported, path), Some(expected), "{path}: {:#?}", imported.items);
    }
    assert!(imported.items.iter().all(|item| !item.note.is_empty() && !item.note.contains("sk-")));
}

#[test]
fn a_configuration_of_agentgateway_becomes_one_that_loads() {
    let imported = agentgateway(AGENTGATEWAY).unwrap();
    must_load(&imported);
    let yaml = &imported.weir_yaml;
    for part in [
        "  fast:\n    targets: [openai/gpt-4o-mini]",
        "  house:\n    targets: [groq/llama-3.3-70b]",
        "  smart:\n    targets: [openai/gpt-4o-mini, groq/llama-3.3-70b]",
    ] {
        assert!(yaml.contains(part), "{part} is not in\n{yaml}");
    }
    for (path, expected) in [
        ("llm.port", Fidelity::Approximate),
        ("llm.models[0]", Fidelity::Exact),
        ("llm.models[0].params.apiKey", Fidelity::Exact),
        ("llm.models[0].matches", Fidelity::NotSupported),
        ("llm.models[2]", Fidelity::NotSupported),
        ("llm.virtualModels[0]", Fidelity::Exact),
        ("llm.policies.promptGuard", Fidelity::NotSupported),
        ("config", Fidelity::NotSupported),
    ] {
        assert_eq!(fidelity(&imported, path), Some(expected), "{path}: {:#?}", imported.items);
    }
}

#[test]
fn routes_of_agentgateway_with_ai_backends_are_models_too() {
    let imported = agentgateway(BINDS).unwrap();
    must_load(&imported);
    assert!(imported.weir_yaml.contains("targets: [openai/gpt-4o-mini]"), "{}", imported.weir_yaml);
    let path = "binds[0].listeners[0].routes[0].backends[1]";
    assert_eq!(fidelity(&imported, path), Some(Fidelity::NotSupported));
}

#[test]
fn other_files_are_refused_with_what_they_lack() {
    assert!(matches!(litellm("a: [1"), Err(ImportError::Yaml(_))));
    let refused = litellm("llm: {}").unwrap_err().to_string();
    assert_eq!(refused, "the file is no configuration of LiteLLM: it has no `model_list`");
    let refused = agentgateway("model_list: []").unwrap_err().to_string();
    assert_eq!(refused, "the file is no configuration of agentgateway: it has no `llm`");
    let empty = litellm("model_list:\n- model_name: x\n  litellm_params: {model: nosuch/y}").unwrap_err();
    assert!(empty.to_string().contains("the provider of `nosuch/y` is not known here"), "{empty}");
}

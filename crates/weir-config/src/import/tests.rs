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
    let key_file = |_: &Path| Ok("{}".to_owned());
    let loaded = load(config, policy, &|_| Some("id:secret".to_owned()), &key_file, &|_| Err(String::new()));
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

const CLOUDS_OF_LITELLM: &str = r"
model_list:
  - model_name: nova
    litellm_params: { model: bedrock/us.amazon.nova-pro-v1:0, aws_region_name: us-east-1 }
  - model_name: claude
    litellm_params:
      model: bedrock/converse/eu-central-1/anthropic.claude-sonnet-4-20250514-v1:0
      aws_access_key_id: os.environ/AWS_ACCESS_KEY_ID
      aws_secret_access_key: os.environ/AWS_SECRET_ACCESS_KEY
      aws_role_name: arn:aws:iam::123456789012:role/models
      aws_session_name: gateway
  - model_name: elsewhere
    litellm_params: { model: bedrock/amazon.nova-lite-v1:0, aws_region_name: os.environ/AWS_REGION }
  - model_name: gpt
    litellm_params:
      model: azure/gpt-4o-prod
      api_base: https://contoso.openai.azure.com/
      api_version: '2024-08-01-preview'
      api_key: os.environ/AZURE_API_KEY
  - model_name: flash
    litellm_params:
      model: vertex_ai/gemini-2.5-flash
      vertex_project: my-project
      vertex_location: europe-west4
      vertex_credentials: /etc/keys/vertex.json
    model_info: { supports_function_calling: true, max_output_tokens: 8192, supports_vision: true }
  - model_name: opus
    litellm_params: { model: vertex_ai/claude-opus-4-1, vertex_project: my-project, vertex_location: us-east5 }
";

#[test]
fn clouds_that_litellm_names_by_region_project_or_deployment_have_their_address() {
    let imported = litellm(CLOUDS_OF_LITELLM).unwrap();
    must_load(&imported);
    let yaml = &imported.weir_yaml;
    for part in [
        "    api: bedrock\n    url: \"https://bedrock-runtime.us-east-1.amazonaws.com\"\n    api_key: \"${AWS_KEYS}\"\n    models:\n      - name: \"us.amazon.nova-pro-v1:0\"",
        "    url: \"https://bedrock-runtime.eu-central-1.amazonaws.com\"\n    api_key: \"${AWS_KEYS}\"\n    auth: { aws_role: { arn: \"arn:aws:iam::123456789012:role/models\", session: gateway } }",
        "      - name: \"anthropic.claude-sonnet-4-20250514-v1:0\"",
        "    api: azure-openai\n    url: \"https://contoso.openai.azure.com\"\n    api_key: \"${AZURE_API_KEY}\"\n    api_version: \"2024-08-01-preview\"",
        "      - name: gemini-2.5-flash\n        tools: true\n        max_output: 8192\n",
        "    api: gemini\n    url: \"https://europe-west4-aiplatform.googleapis.com/v1/projects/my-project/locations/europe-west4/publishers/google\"\n    auth: { google: { key_file: \"/etc/keys/vertex.json\" } }",
    ] {
        assert!(yaml.contains(part), "{part} is not in\n{yaml}");
    }
    for (path, expected) in [
        ("model_list[0]", Fidelity::Approximate),
        ("model_list[0].litellm_params.aws_region_name", Fidelity::Exact),
        ("model_list[1].litellm_params.aws_secret_access_key", Fidelity::Approximate),
        ("model_list[1].litellm_params.aws_role_name", Fidelity::Exact),
        ("model_list[2]", Fidelity::NotSupported),
        ("model_list[3]", Fidelity::Exact),
        ("model_list[3].litellm_params.api_version", Fidelity::Exact),
        ("model_list[4]", Fidelity::Approximate),
        ("model_list[4].litellm_params.vertex_credentials", Fidelity::Exact),
        ("model_list[4].model_info.max_output_tokens", Fidelity::Exact),
        ("model_list[4].model_info.supports_vision", Fidelity::NotSupported),
        ("model_list[5]", Fidelity::NotSupported),
    ] {
        assert_eq!(fidelity(&imported, path), Some(expected), "{path}: {:#?}", imported.items);
    }
}

const CLOUDS_OF_AGENTGATEWAY: &str = r"
llm:
  models:
    - name: nova
      visibility: internal
      provider: bedrock
      params: { model: us.amazon.nova-pro-v1:0, awsRegion: us-west-2 }
      auth: { aws: { assumeRole: { roleArn: 'arn:aws:iam::123456789012:role/models' } } }
      health: { eviction: { duration: 60s } }
    - name: gpt
      visibility: internal
      provider: azure
      params: { azureResourceName: contoso, azureResourceType: openAI, apiKey: $AZURE_API_KEY, model: gpt-4.1 }
    - name: flash
      provider: vertex
      params: { model: google/gemini-2.5-flash, vertexProject: my-project, vertexRegion: global }
  virtualModels:
    - name: resilient
      routing: { failover: { targets: [{ model: gpt, priority: 1 }, { model: nova, priority: 0 }] } }
";

#[test]
fn clouds_that_agentgateway_names_by_region_project_or_resource_have_their_address() {
    let imported = agentgateway(CLOUDS_OF_AGENTGATEWAY).unwrap();
    must_load(&imported);
    let yaml = &imported.weir_yaml;
    for part in [
        "    url: \"https://bedrock-runtime.us-west-2.amazonaws.com\"\n    api_key: \"${AWS_KEYS}\"\n    auth: { aws_role: { arn: \"arn:aws:iam::123456789012:role/models\" } }",
        "    url: \"https://contoso.openai.azure.com\"\n    api_key: \"${AZURE_API_KEY}\"\n    api_version: \"2024-10-21\"",
        "    url: \"https://aiplatform.googleapis.com/v1/projects/my-project/locations/global/publishers/google\"",
        "aliases:\n  flash:\n    targets: [vertex-ai/gemini-2.5-flash]\n  resilient:\n    targets: [\"bedrock/us.amazon.nova-pro-v1:0\", azure/gpt-4.1]\n",
    ] {
        assert!(yaml.contains(part), "{part} is not in\n{yaml}");
    }
    for (path, expected) in [
        ("llm.models[0]", Fidelity::Approximate),
        ("llm.models[0].params.awsRegion", Fidelity::Exact),
        ("llm.models[0].visibility", Fidelity::Exact),
        ("llm.models[0].auth", Fidelity::Exact),
        ("llm.models[0].health", Fidelity::Approximate),
        ("llm.virtualModels[0]", Fidelity::Exact),
    ] {
        assert_eq!(fidelity(&imported, path), Some(expected), "{path}: {:#?}", imported.items);
    }
}

const GROUPS_OF_AGENTGATEWAY: &str = r"
binds:
  - listeners:
      - routes:
          - policies:
              backendAuth: { key: $ANTHROPIC_API_KEY }
              localRateLimit: [{ type: requests, limit: 50, unit: seconds }]
            backends:
              - ai:
                  groups:
                    - providers:
                        - name: first
                          provider: { anthropic: { model: claude-sonnet-4-5 } }
                    - providers:
                        - name: second
                          provider: { bedrock: { region: us-east-1, model: amazon.nova-micro-v1:0 } }
";

#[test]
fn groups_of_providers_and_the_key_of_a_route_are_found() {
    let imported = agentgateway(GROUPS_OF_AGENTGATEWAY).unwrap();
    must_load(&imported);
    let yaml = &imported.weir_yaml;
    for part in ["api_key: \"${ANTHROPIC_API_KEY}\"", "https://bedrock-runtime.us-east-1.amazonaws.com"] {
        assert!(yaml.contains(part), "{part} is not in\n{yaml}");
    }
    let path = "binds[0].listeners[0].routes[0].policies.localRateLimit";
    assert_eq!(fidelity(&imported, path), Some(Fidelity::NotSupported), "{:#?}", imported.items);
}

#[test]
fn the_key_of_a_provider_goes_to_no_other_server() {
    let elsewhere = "model_list:\n- model_name: own\n  litellm_params: { model: openai/qwen, api_base: 'http://10.0.0.1/v1'KEY }";
    let litellm_of = |key: &str| litellm(&elsewhere.replace("KEY", key)).unwrap().weir_yaml;
    let gateway = "llm: { models: [{ name: own, provider: openAI, params: { baseUrl: 'http://10.0.0.1/v1', apiKey: KEY } }] }";
    let gateway_of = |key: &str| agentgateway(&gateway.replace("KEY", key)).unwrap().weir_yaml;
    for yaml in [litellm_of(""), litellm_of(", api_key: none"), gateway_of("none")] {
        assert!(!yaml.contains("api_key") && yaml.contains("api: openai-compatible"), "{yaml}");
    }
    for yaml in [litellm_of(", api_key: sk-abc"), gateway_of("sk-abc")] {
        assert!(yaml.contains("api_key: \"${KEY_OF_10_0_0_1}\"") && !yaml.contains("sk-abc"), "{yaml}");
    }
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

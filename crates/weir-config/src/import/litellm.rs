//! LiteLLM's `config.yaml`.
//!
//! Source: LiteLLM's documentation, "Proxy config.yaml" and "All settings".

use super::account::{Account, WrittenKey, api_at, is_variable, key};
use super::draft::{Backend, Draft, Model, is_model_name};
use super::provider::Provider;
use super::{ImportError, Imported, members, read, scalar};
use serde_json::Value;

/// Imports a configuration of LiteLLM's proxy.
///
/// # Errors
/// [`ImportError`] for a file that is none, or has no model that Weir can reach.
pub fn litellm(text: &str) -> Result<Imported, ImportError> {
    let file = read(text)?;
    let models = file.get("model_list").and_then(Value::as_array);
    let models = models.ok_or(ImportError::OtherFile { gateway: "LiteLLM", wanted: "model_list" })?;
    let mut draft = Draft::default();
    for (index, model) in models.iter().enumerate() {
        deployment(model, &format!("model_list[{index}]"), &mut draft);
    }
    for (section, value) in members(&file).filter(|(name, _)| *name != "model_list") {
        match section.as_str() {
            "router_settings" => {
                members(value).for_each(|(name, value)| router(name, value, section, &mut draft))
            }
            "litellm_settings" => members(value).for_each(|(name, value)| settings(name, value, &mut draft)),
            "general_settings" => members(value).for_each(|(name, _)| general(name, &mut draft)),
            "environment_variables" => {
                draft.not_supported(section, "set the variables where `weir serve` is started");
            }
            "guardrails" => {
                draft.not_supported(section, "inspection is always on; see the `data` section of policy.yaml")
            }
            "include" => draft.not_supported(section, "import each file by itself"),
            _ => draft.not_supported(section, "nothing in Weir stands for it"),
        }
    }
    // What an alias stands for is known when the fallbacks are.
    if let Some(aliases) = file.get("router_settings").and_then(|section| section.get(GROUP_ALIASES)) {
        group_aliases(aliases, &format!("router_settings.{GROUP_ALIASES}"), &mut draft);
    }
    draft.finish("LiteLLM")
}

const GROUP_ALIASES: &str = "model_group_alias";

fn deployment(model: &Value, path: &str, draft: &mut Draft) {
    let alias = model.get("model_name").and_then(Value::as_str).unwrap_or_default();
    let parameters = model.get("litellm_params").unwrap_or(&Value::Null);
    let Some(wanted) = parameters.get("model").and_then(Value::as_str) else {
        return draft.not_supported(path, "`litellm_params.model` is missing");
    };
    if alias.contains('*') || wanted.contains('*') {
        return draft.not_supported(path, "aliases are named one by one; list the models that are used");
    }
    let Some((provider, name, region)) = provider_of(wanted, parameters) else {
        return draft.not_supported(path, format!("the provider of `{wanted}` is not known here"));
    };
    let account = account(parameters, region);
    let Some(url) = account.url(provider) else {
        let wanted = match provider.name {
            "bedrock" => "aws_region_name",
            "vertex_ai" => "vertex_project",
            _ => "api_base",
        };
        let note = format!("`litellm_params.{wanted}` is needed for `{}`, written out", provider.name);
        return draft.not_supported(path, note);
    };
    let Some(api) = api_at(&url, provider) else {
        return draft.not_supported(path, format!("Weir does not speak the API of `{}`", provider.name));
    };
    if provider.name == "vertex_ai" && name.starts_with("claude") {
        return draft.not_supported(path, "of Vertex AI's models Weir speaks to those of Google");
    }
    if !is_model_name(alias) || !is_model_name(name) {
        return draft.not_supported(path, "names have letters, digits and `._/:-` alone in Weir");
    }
    let path_of_key = format!("{path}.litellm_params.api_key");
    let key = key(written_key(parameters), (&url, provider), &path_of_key, draft);
    let backend = Backend {
        name: provider.name.to_owned(),
        api,
        url,
        key,
        settings: account.settings(provider),
        timeout_s: timeout(parameters),
        models: Vec::new(),
    };
    draft.placed(path, alias, &backend.url, account.to_do(provider));
    let limits = Model {
        name: name.to_owned(),
        concurrency: parameters.get("max_parallel_requests").and_then(Value::as_u64),
        context: context(model.get("model_info")),
        abilities: abilities(model.get("model_info")),
        price: price(parameters).or_else(|| price(model.get("model_info").unwrap_or(&Value::Null))),
    };
    parameters_of(parameters, path, draft);
    info_of(model.get("model_info"), path, draft);
    let target = draft.target(backend, limits);
    draft.alias(alias, target);
}

/// The provider, which stands before the model's name, in a member of its own, or is known by the name.
/// With a region, where the name has one.
fn provider_of<'m>(model: &'m str, parameters: &Value) -> Option<(Provider, &'m str, Option<&'m str>)> {
    let named = match parameters.get("custom_llm_provider").and_then(Value::as_str) {
        Some(name) => Some((Provider::named(name)?, model)),
        None => model.split_once('/').and_then(|(name, rest)| Some((Provider::named(name)?, rest))),
    };
    let (provider, name) = named.or_else(|| Some((Provider::of_model(model)?, model)))?;
    let (name, region) = if provider.name == "bedrock" { of_bedrock(name) } else { (name, None) };
    Some((provider, name, region))
}

/// `converse/` and `invoke/` say how Bedrock is asked, a region before the model where.
fn of_bedrock(name: &str) -> (&str, Option<&str>) {
    let name = ["converse/", "invoke/"].iter().find_map(|way| name.strip_prefix(way)).unwrap_or(name);
    let is_region = |part: &str| {
        part.contains('-') && part.ends_with(|c: char| c.is_ascii_digit()) && !part.contains('.')
    };
    match name.split_once('/') {
        Some((region, model)) if is_region(region) => (model, Some(region)),
        Some(_) | None => (name, None),
    }
}

fn account<'f>(parameters: &'f Value, region: Option<&'f str>) -> Account<'f> {
    let text = |name: &str| parameters.get(name).and_then(Value::as_str);
    Account {
        url: text("aws_bedrock_runtime_endpoint").or_else(|| text("api_base")).or_else(|| text("base_url")),
        region: region.or_else(|| text("aws_region_name")).or_else(|| text("vertex_location")),
        project: text("vertex_project"),
        resource: None,
        api_version: text("api_version"),
        role: text("aws_role_name").map(|arn| (arn, text("aws_session_name"))),
        key_file: text("vertex_credentials"),
    }
}

fn written_key(parameters: &Value) -> WrittenKey<'_> {
    match parameters.get("api_key").and_then(Value::as_str) {
        None => WrittenKey::Nothing,
        Some(text) => text.strip_prefix("os.environ/").map_or(WrittenKey::Text(text), WrittenKey::Variable),
    }
}

fn timeout(parameters: &Value) -> Option<u64> {
    let seconds = parameters.get("timeout").and_then(Value::as_f64)?;
    (1.0..=86_400.0).contains(&seconds).then_some(seconds.ceil() as u64)
}

fn context(info: Option<&Value>) -> Option<u64> {
    let info = info?;
    let number = |name: &str| info.get(name).and_then(Value::as_u64);
    number("max_input_tokens").or_else(|| number("max_tokens")).filter(|tokens| *tokens > 0)
}

/// What a model can do, line by line.
fn abilities(info: Option<&Value>) -> Vec<String> {
    let of = |(theirs, ours): &(&str, &str)| {
        let value = info?.get(theirs)?;
        let is_said = value.is_boolean() || value.as_u64().is_some_and(|number| number > 0);
        is_said.then(|| format!("{ours}: {value}"))
    };
    ABILITIES.iter().filter_map(of).collect()
}

/// What LiteLLM calls abilities of models, and what Weir does.
const ABILITIES: [(&str, &str); 3] = [
    ("supports_function_calling", "tools"),
    ("supports_response_schema", "json_schema"),
    ("max_output_tokens", "max_output"),
];

/// LiteLLM's are per token, Weir's per million.
fn price(holder: &Value) -> Option<(f64, f64)> {
    let number = |name: &str| {
        let value = holder.get(name)?;
        value.as_f64().or_else(|| value.as_str()?.parse().ok())
    };
    Some((number("input_cost_per_token")? * 1e6, number("output_cost_per_token")? * 1e6))
}

/// Every further member of a deployment.
fn parameters_of(parameters: &Value, path: &str, draft: &mut Draft) {
    for (name, value) in members(parameters) {
        let path = format!("{path}.litellm_params.{name}");
        match name.as_str() {
            "model" | "api_base" | "base_url" | "api_key" | "custom_llm_provider" => {
                if scalar(value).is_some_and(|text| is_variable(&text)) && name != "api_key" {
                    draft.not_supported(path, "addresses stand in the file itself");
                }
            }
            "timeout" => {
                draft.approximate(path, "`timeouts.total` of the backend, the longest of its models")
            }
            "stream_timeout" => draft.not_supported(path, "see `timeouts.first_token` and `timeouts.idle`"),
            "max_parallel_requests" => draft.exact(path, "`concurrency` of the model"),
            "input_cost_per_token" | "output_cost_per_token" => draft.exact(path, "`price` of the model"),
            "rpm" | "tpm" => draft.not_supported(
                path,
                "a model is bounded by `concurrency`; rates are those of keys (`keys` in weir.yaml)",
            ),
            "weight" | "order" => draft.approximate(path, "targets are taken in the order they are listed"),
            "drop_params" | "additional_drop_params" => {
                draft.not_supported(
                    path,
                    "a field that a backend cannot take is reported or refused, by field",
                );
            }
            "max_retries" | "num_retries" => {
                draft.approximate(path, "the plan's next target is tried instead")
            }
            "aws_region_name" | "vertex_project" | "vertex_location" | "aws_bedrock_runtime_endpoint" => {
                match scalar(value).is_some_and(|text| is_variable(&text)) {
                    true => draft.not_supported(path, "addresses stand in the file itself"),
                    false => draft.exact(path, "in the `url` of the backend"),
                }
            }
            "api_version" => match scalar(value).is_some_and(|text| text.starts_with("20")) {
                true => draft.exact(path, "`api_version` of the backend"),
                false => {
                    draft.not_supported(path, "write the version itself as `api_version` of the backend")
                }
            },
            "aws_access_key_id" | "aws_secret_access_key" | "aws_session_token" => {
                draft.approximate(path, "`ID:SECRET` or `ID:SECRET:TOKEN`, in the variable `AWS_KEYS`");
            }
            "aws_role_name" | "aws_session_name" => {
                match scalar(value).is_some_and(|text| is_variable(&text)) {
                    true => draft.not_supported(path, "write it under `auth.aws_role` of the backend"),
                    false => draft.exact(path, "`auth.aws_role` of the backend"),
                }
            }
            "vertex_credentials" => match scalar(value)
                .is_some_and(|text| !is_variable(&text) && !text.starts_with('{'))
            {
                true => draft.exact(path, "`auth.google.key_file` of the backend"),
                false => draft
                    .approximate(path, "put the key file where `auth.google.key_file` of the backend says"),
            },
            "organization" => draft.not_supported(path, "the key's own organization is asked"),
            _ => draft.not_supported(path, "defaults of requests are the application's"),
        }
    }
}

fn info_of(info: Option<&Value>, path: &str, draft: &mut Draft) {
    for (name, value) in info.into_iter().flat_map(members) {
        let path = format!("{path}.model_info.{name}");
        match (name.as_str(), value.as_str()) {
            ("max_input_tokens" | "max_tokens", _) => {
                draft.approximate(path, "`context` of the model: prompt and answer together");
            }
            ("input_cost_per_token" | "output_cost_per_token", _) => {
                draft.exact(path, "`price` of the model")
            }
            (name, None) if ABILITIES.iter().any(|(theirs, _)| *theirs == name) => {
                draft.exact(path, "the same of the model");
            }
            ("supports_vision", _) => draft.not_supported(path, "see `modalities` of the model"),
            ("mode", Some("chat")) => draft.exact(path, "chat is what models are for unless told otherwise"),
            ("id" | "description" | "base_model", _) => draft.not_supported(path, "a note without effect"),
            _ => draft.not_supported(path, "nothing in Weir stands for it"),
        }
    }
}

fn router(name: &str, value: &Value, section: &str, draft: &mut Draft) {
    let path = format!("{section}.{name}");
    match name {
        "fallbacks" | "context_window_fallbacks" => fallbacks(value, &path, draft),
        "content_policy_fallbacks" => {
            draft.not_supported(path, "a provider's filter is an answer, not a failure")
        }
        GROUP_ALIASES => {}
        "routing_strategy" => {
            draft.approximate(path, "`prefer` of the policy's rules: `fastest`, `cheapest` or `best`");
        }
        "num_retries"
        | "retry_after"
        | "allowed_fails"
        | "cooldown_time"
        | "retry_policy"
        | "allowed_fails_policy" => {
            draft.approximate(
                path,
                "failing targets are left alone and the next one is tried, without settings",
            );
        }
        "timeout" => draft.not_supported(path, "see `timeouts` of each backend"),
        "enable_pre_call_checks" => {
            draft.exact(path, "targets that a request does not fit are always left out")
        }
        _ => draft.not_supported(path, "nothing in Weir stands for it"),
    }
}

/// `[{alias: [others]}]`: the others' targets follow those of the alias.
fn fallbacks(value: &Value, path: &str, draft: &mut Draft) {
    for (index, entry) in value.as_array().into_iter().flatten().enumerate() {
        for (alias, others) in members(entry) {
            let path = format!("{path}[{index}].{alias}");
            let targets: Vec<String> = others
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .flat_map(|other| draft.targets(other))
                .collect();
            if targets.is_empty() || draft.targets(alias).is_empty() {
                draft.not_supported(path, "one of the models is not imported");
                continue;
            }
            targets.into_iter().for_each(|target| draft.alias(alias, target));
            draft.approximate(
                path,
                "their targets follow those of the alias; the policy says which may be used",
            );
        }
    }
}

fn group_aliases(value: &Value, path: &str, draft: &mut Draft) {
    for (alias, of) in members(value) {
        let path = format!("{path}.{alias}");
        let name = of.as_str().or_else(|| of.get("model").and_then(Value::as_str)).unwrap_or_default();
        let targets = draft.targets(name);
        if targets.is_empty() || !is_model_name(alias) {
            draft.not_supported(path, format!("`{name}` is not imported"));
            continue;
        }
        targets.into_iter().for_each(|target| draft.alias(alias, target));
        draft.exact(path, format!("an alias with the targets of `{name}`"));
    }
}

fn settings(name: &str, value: &Value, draft: &mut Draft) {
    let path = format!("litellm_settings.{name}");
    match name {
        "fallbacks"
        | "context_window_fallbacks"
        | "content_policy_fallbacks"
        | "num_retries"
        | "allowed_fails" => {
            router(name, value, "litellm_settings", draft);
        }
        "drop_params" => {
            draft.not_supported(path, "a field that a backend cannot take is reported or refused, by field");
        }
        "request_timeout" => draft.not_supported(path, "see `timeouts` of each backend"),
        "max_budget" | "budget_duration" => {
            draft.not_supported(path, "see `budget`, `keys` and `tenants` in weir.yaml: by day and month")
        }
        "success_callback" | "failure_callback" | "callbacks" => {
            draft.not_supported(path, "see the audit log and the metrics");
        }
        "cache" | "cache_params" => draft.not_supported(path, "answers are not cached"),
        "set_verbose" | "json_logs" | "telemetry" => {
            draft.not_supported(path, "see `weir serve --help` on logs")
        }
        _ => draft.not_supported(path, "nothing in Weir stands for it"),
    }
}

fn general(name: &str, draft: &mut Draft) {
    let path = format!("general_settings.{name}");
    let note = match name {
        "master_key" => "make keys with `weir keys`; the admin API listens on this machine only",
        "max_parallel_requests" | "global_max_parallel_requests" => {
            "see `concurrency` of each model and `limits`"
        }
        "database_url" | "store_model_in_db" | "database_connection_pool_limit" => {
            "Weir needs no database: keys and the audit log are in `state`"
        }
        "alerting" | "alerting_threshold" => "see the metrics",
        "enable_jwt_auth" | "litellm_jwtauth" => "callers are identified by keys",
        _ => "nothing in Weir stands for it",
    };
    draft.not_supported(path, note);
}

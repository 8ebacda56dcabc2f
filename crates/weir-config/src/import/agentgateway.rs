//! agentgateway's standalone configuration: its `llm` section, and AI backends of its `binds`.
//!
//! Source: agentgateway's documentation, "LLM gateway" and "Configuration", and its published examples.

use super::account::{Account, WrittenKey, api_at, key};
use super::draft::{Backend, Draft, Model, is_model_name};
use super::provider::Provider;
use super::{ImportError, Imported, members, read};
use serde_json::Value;

/// Imports a configuration of agentgateway.
///
/// # Errors
/// [`ImportError`] for a file that is none, or has no model that Weir can reach.
pub fn agentgateway(text: &str) -> Result<Imported, ImportError> {
    let file = read(text)?;
    if file.get("llm").is_none() && file.get("binds").is_none() {
        return Err(ImportError::OtherFile { gateway: "agentgateway", wanted: "llm" });
    }
    let mut draft = Draft::default();
    for (section, value) in members(&file) {
        match section.as_str() {
            "llm" => llm(value, &mut draft),
            "binds" => binds(value, &mut draft),
            "config" => {
                draft.not_supported(section, "see weir.yaml's own settings: listeners, state, limits")
            }
            "mcp" | "a2a" => draft.not_supported(section, "Weir passes on requests to models alone"),
            _ => draft.not_supported(section, "nothing in Weir stands for it"),
        }
    }
    draft.finish("agentgateway")
}

fn llm(section: &Value, draft: &mut Draft) {
    let none = Value::Null;
    let providers = section.get("providers").unwrap_or(&none);
    for (index, model) in section.get("models").and_then(Value::as_array).into_iter().flatten().enumerate() {
        llm_model(model, providers, &format!("llm.models[{index}]"), draft);
    }
    for (name, value) in members(section) {
        match name.as_str() {
            "models" => {}
            "providers" => draft.exact("llm.providers", "each is written with the models that refer to it"),
            "port" => draft.approximate(
                "llm.port",
                format!("`listen` is 127.0.0.1:8080; set it to port {value} if clients need it"),
            ),
            "virtualModels" => virtual_models(value, draft),
            "policies" => members(value).for_each(|(name, _)| policy(&format!("llm.policies.{name}"), draft)),
            _ => draft.not_supported(format!("llm.{name}"), "nothing in Weir stands for it"),
        }
    }
}

/// A model of the `llm` section, with its own parameters or those of a provider it names.
fn llm_model(model: &Value, providers: &Value, path: &str, draft: &mut Draft) {
    let alias = model.get("name").and_then(Value::as_str).unwrap_or_default();
    if alias.contains('*') {
        return draft.not_supported(path, "aliases are named one by one; list the models that are used");
    }
    let (provider, shared) = provider_of(model.get("provider"), providers);
    let Some(provider) = provider else {
        return draft.not_supported(path, "the provider is not known here");
    };
    let own = model.get("params").unwrap_or(&Value::Null);
    // Its own come first, under whichever name.
    let parameter = |names: &[&str]| {
        let text = |holder| names.iter().find_map(|name| Value::get(holder, *name)?.as_str());
        text(own).or_else(|| text(&shared))
    };
    let resource = parameter(&["azureResourceName"]);
    let wanted = Wanted {
        alias,
        model: parameter(&["model"]).unwrap_or(alias),
        key: parameter(&["apiKey"]),
        account: Account {
            url: parameter(&["baseUrl", "baseURL"]),
            region: parameter(&["awsRegion"]).or_else(|| parameter(&["vertexRegion"])),
            project: parameter(&["vertexProject"]),
            resource: resource.map(|name| (name, parameter(&["azureResourceType"]) == Some("foundry"))),
            api_version: parameter(&["azureApiVersion"]),
            role: role(model.get("auth")),
            key_file: None,
        },
    };
    if !add(&wanted, provider, path, draft) {
        return;
    }
    if is_internal(model) {
        draft.hide(alias);
    }
    parameters_of(own, path, draft);
    members_of(model, path, draft);
}

/// Whether other models alone refer to it.
fn is_internal(model: &Value) -> bool {
    model.get("visibility").and_then(Value::as_str) == Some("internal")
}

/// Every parameter of a model.
fn parameters_of(parameters: &Value, path: &str, draft: &mut Draft) {
    for (name, _) in members(parameters) {
        let path = format!("{path}.params.{name}");
        match name.as_str() {
            "model" | "baseUrl" | "baseURL" | "apiKey" => {}
            "awsRegion" | "vertexProject" | "vertexRegion" | "azureResourceName" | "azureResourceType" => {
                draft.exact(path, "in the `url` of the backend");
            }
            "azureProjectName" => {
                draft.approximate(path, "models are asked for by the resource, not by the project")
            }
            "azureApiVersion" => draft.exact(path, "`api_version` of the backend"),
            _ => draft.not_supported(path, "write it where the backend's API wants it in weir.yaml"),
        }
    }
}

/// Every further member of a model.
fn members_of(model: &Value, path: &str, draft: &mut Draft) {
    for (name, _) in members(model) {
        let path = format!("{path}.{name}");
        match name.as_str() {
            "name" | "provider" | "params" => {}
            "matches" => {
                draft.not_supported(path, "which target serves a request is said by the policy's rules")
            }
            "visibility" if is_internal(model) => draft.exact(path, "a target without an alias of its own"),
            "visibility" => draft.exact(path, "an alias; which a caller may use is said by its key"),
            "health" => {
                draft.approximate(path, "failing targets are left alone for a while, without settings")
            }
            "auth" if role(model.get("auth")).is_some() => {
                draft.exact(path, "`auth.aws_role` of the backend");
            }
            "auth" => draft.not_supported(path, "see `auth` of a backend in weir.yaml"),
            "requestHeaders" => draft.not_supported(path, "headers of requests go to no backend"),
            _ => draft.not_supported(path, "nothing in Weir stands for it"),
        }
    }
}

/// `provider: openAI`, `provider: {reference: name}`, or a provider with its parameters below its name.
fn provider_of(value: Option<&Value>, providers: &Value) -> (Option<Provider>, Value) {
    match value {
        Some(Value::String(name)) => match shared(name, providers) {
            Some(found) => found,
            None => (named(name), Value::Null),
        },
        Some(Value::Object(object)) => {
            let reference = object.get("reference").or_else(|| object.get("ref")).and_then(Value::as_str);
            if let Some(found) = reference.and_then(|name| shared(name, providers)) {
                return found;
            }
            let first = object.iter().next();
            first.map_or((None, Value::Null), |(name, value)| (named(name), value.clone()))
        }
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_)) | None => (None, Value::Null),
    }
}

fn shared(name: &str, providers: &Value) -> Option<(Option<Provider>, Value)> {
    let is_it = |entry: &&Value| entry.get("name").and_then(Value::as_str) == Some(name);
    let entry = providers.as_array()?.iter().find(is_it)?;
    let kind = entry.get("provider").and_then(Value::as_str).unwrap_or_default();
    Some((named(kind), entry.get("params").cloned().unwrap_or(Value::Null)))
}

fn named(name: &str) -> Option<Provider> {
    let name = match name.to_lowercase().as_str() {
        "openai" => "openai",
        "azureopenai" | "azure" => "azure",
        "anthropic" => "anthropic",
        "gemini" => "gemini",
        "vertex" | "vertexai" => "vertex_ai",
        "bedrock" => "bedrock",
        "ollama" => "ollama",
        "groq" => "groq",
        "mistral" => "mistral",
        "deepseek" => "deepseek",
        "xai" => "xai",
        "cohere" => "cohere",
        "openrouter" => "openrouter",
        "together" | "togetherai" => "together_ai",
        "fireworks" => "fireworks_ai",
        _ => return None,
    };
    Provider::named(name)
}

/// A model to be reached under an alias.
struct Wanted<'w> {
    alias: &'w str,
    model: &'w str,
    key: Option<&'w str>,
    account: Account<'w>,
}

/// The role that is taken at AWS, below what authorises the gateway there.
fn role(auth: Option<&Value>) -> Option<(&str, Option<&str>)> {
    let role = auth?.get("aws")?.get("assumeRole")?;
    Some((role.get("roleArn")?.as_str()?, role.get("sessionName").and_then(Value::as_str)))
}

/// Whether there is such a model then.
fn add(wanted: &Wanted<'_>, provider: Provider, path: &str, draft: &mut Draft) -> bool {
    match found(wanted, provider) {
        Ok((backend, model)) => {
            add_found(wanted, (backend, model, provider), path, draft);
            true
        }
        Err(note) => {
            draft.not_supported(path, note);
            false
        }
    }
}

/// Where it is and what it is called there, or why it is not known.
fn found<'w>(wanted: &Wanted<'w>, provider: Provider) -> Result<(Backend, &'w str), String> {
    let Some(url) = wanted.account.url(provider) else {
        return Err(format!("the address of `{}` is not written out in the file", provider.name));
    };
    let Some(api) = api_at(&url, provider) else {
        return Err(format!("Weir does not speak the API of `{}`", provider.name));
    };
    let model = match provider.name {
        "vertex_ai" => wanted.model.strip_prefix("google/").unwrap_or(wanted.model),
        _ => wanted.model,
    };
    if provider.name == "vertex_ai" && model.contains(['/', '@']) {
        return Err("of Vertex AI's models Weir speaks to those of Google".to_owned());
    }
    if !is_model_name(wanted.alias) || !is_model_name(model) {
        return Err("names have letters, digits and `._/:-` alone in Weir".to_owned());
    }
    let backend = Backend {
        name: provider.name.to_owned(),
        api,
        url,
        key: None,
        settings: wanted.account.settings(provider),
        timeout_s: None,
        models: Vec::new(),
    };
    Ok((backend, model))
}

fn add_found(
    wanted: &Wanted<'_>,
    (mut backend, model, provider): (Backend, &str, Provider),
    path: &str,
    draft: &mut Draft,
) {
    let written = written_key(wanted.key);
    backend.key = key(written, (&backend.url, provider), &format!("{path}.params.apiKey"), draft);
    draft.placed(path, wanted.alias, &backend.url, wanted.account.to_do(provider));
    let target = draft.target(backend, Model { name: model.to_owned(), ..Model::default() });
    draft.alias(wanted.alias, target);
}

/// `$NAME` and `${NAME}` are variables there too.
fn written_key(written: Option<&str>) -> WrittenKey<'_> {
    let Some(text) = written else { return WrittenKey::Nothing };
    match text.strip_prefix('$') {
        Some(name) => WrittenKey::Variable(name.trim_start_matches('{').trim_end_matches('}')),
        None => WrittenKey::Text(text),
    }
}

/// Aliases whose targets are those of other models.
fn virtual_models(value: &Value, draft: &mut Draft) {
    for (index, model) in value.as_array().into_iter().flatten().enumerate() {
        let path = format!("llm.virtualModels[{index}]");
        let alias = model.get("name").and_then(Value::as_str).unwrap_or_default();
        for (kind, routing) in model.get("routing").into_iter().flat_map(members) {
            let mut entries: Vec<&Value> =
                routing.get("targets").and_then(Value::as_array).into_iter().flatten().collect();
            let number = |entry: &Value, name: &str| entry.get(name).and_then(Value::as_u64).unwrap_or(0);
            match kind.as_str() {
                "failover" => entries.sort_by_key(|entry| number(entry, "priority")),
                "weighted" => entries.sort_by_key(|entry| std::cmp::Reverse(number(entry, "weight"))),
                _ => {}
            }
            let has_equals = entries.windows(2).any(|pair| match pair {
                [a, b] => a.get("priority").is_some() && number(a, "priority") == number(b, "priority"),
                _ => false,
            });
            let names = entries
                .into_iter()
                .filter_map(|entry| entry.get("model").or(Some(entry)).and_then(Value::as_str));
            let targets: Vec<String> = names.flat_map(|name| draft.targets(name)).collect();
            if targets.is_empty() || !is_model_name(alias) {
                draft.not_supported(&path, "none of its models is imported");
                continue;
            }
            targets.into_iter().for_each(|target| draft.alias(alias, target));
            match kind.as_str() {
                "failover" if has_equals => {
                    draft
                        .approximate(&path, "targets of one priority are taken in the order they are listed");
                }
                "failover" => draft.exact(&path, format!("alias `{alias}`, its targets in their order")),
                "weighted" => {
                    draft.approximate(&path, "targets are taken in order, the heaviest first, not by weight")
                }
                _ => draft.approximate(&path, "conditions become rules of the policy: write them there"),
            }
        }
    }
}

/// The older form: AI backends of routes.
fn binds(value: &Value, draft: &mut Draft) {
    let lists =
        |value: &'_ Value, name: &str| value.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    for (b, bind) in value.as_array().into_iter().flatten().enumerate() {
        for (l, listener) in lists(bind, "listeners").iter().enumerate() {
            for (r, route) in lists(listener, "routes").iter().enumerate() {
                let path = format!("binds[{b}].listeners[{l}].routes[{r}]");
                let policies = route.get("policies").unwrap_or(&Value::Null);
                for (k, backend) in lists(route, "backends").iter().enumerate() {
                    route_backend(backend, policies, &format!("{path}.backends[{k}]"), draft);
                }
                for (name, _) in members(policies).filter(|(name, _)| *name != AUTH) {
                    policy(&format!("{path}.policies.{name}"), draft);
                }
            }
        }
    }
}

/// What authorises the gateway at a backend.
const AUTH: &str = "backendAuth";

fn route_backend(backend: &Value, of_route: &Value, path: &str, draft: &mut Draft) {
    let Some(ai) = backend.get("ai") else {
        return draft.not_supported(path, "Weir passes on requests to models alone");
    };
    let groups = ai.get("groups").and_then(Value::as_array).into_iter().flatten();
    for (g, group) in groups.enumerate() {
        let providers = group.get("providers").and_then(Value::as_array).into_iter().flatten();
        for (p, provider) in providers.enumerate() {
            let policies = provider.get("policies").or_else(|| backend.get("policies")).unwrap_or(of_route);
            ai_provider(
                provider,
                (policies, of_route),
                &format!("{path}.ai.groups[{g}].providers[{p}]"),
                draft,
            );
        }
    }
    if ai.get("groups").is_none() {
        let policies = backend.get("policies").or_else(|| ai.get("policies")).unwrap_or(&Value::Null);
        ai_provider(ai, (policies, of_route), path, draft);
    }
}

fn ai_provider(ai: &Value, (policies, of_route): (&Value, &Value), path: &str, draft: &mut Draft) {
    let (provider, parameters) = provider_of(ai.get("provider"), &Value::Null);
    let Some(provider) = provider else { return draft.not_supported(path, "the provider is not known here") };
    let auth = policies.get(AUTH).or_else(|| of_route.get(AUTH));
    let key = auth.and_then(|auth| auth.get("key")).and_then(Value::as_str);
    let url = ai.get("hostOverride").and_then(Value::as_str).map(|host| format!("http://{host}/v1"));
    let text = |name: &str| parameters.get(name).and_then(Value::as_str);
    let account = || Account {
        url: url.as_deref(),
        region: text("region"),
        project: text("projectId"),
        resource: text("resourceName").map(|name| (name, text("resourceType") == Some("foundry"))),
        api_version: text("apiVersion"),
        role: role(auth),
        key_file: None,
    };
    let models = declared(&parameters, policies);
    if models.is_empty() {
        return draft.not_supported(path, "it names no model; list those that are used");
    }
    for model in models {
        let wanted = Wanted { alias: model, model, key, account: account() };
        add(&wanted, provider, path, draft);
    }
    for (name, _) in members(policies).filter(|(name, _)| *name != AUTH) {
        policy(&format!("{path}.policies.{name}"), draft);
    }
}

/// The model that a provider is bound to, and those that the backend says it has.
fn declared<'v>(parameters: &'v Value, policies: &'v Value) -> Vec<&'v str> {
    let bound = parameters.get("model").and_then(Value::as_str);
    let listed = policies.get("ai").and_then(|ai| ai.get("models")).and_then(Value::as_array);
    let ids = listed.into_iter().flatten().filter_map(|model| model.get("id")?.as_str());
    bound.into_iter().chain(ids).collect()
}

fn policy(path: &str, draft: &mut Draft) {
    let name = path.rsplit('.').next().unwrap_or_default();
    let note = match name {
        "promptGuard" | "ai" => "inspection is always on; see the `data` section of policy.yaml",
        "apiKey" | "jwtAuth" | "basicAuth" | "extAuthz" | "authorization" => "make keys with `weir keys`",
        "localRateLimit" | "remoteRateLimit" => {
            "see `requests_per_minute` and `tokens_per_minute` of `keys` in weir.yaml"
        }
        "backendTLS" => "what `https` in a URL says; see `ca_file` of a backend",
        "timeout" | "retry" => {
            "see `timeouts` of each backend; failing targets are passed over without settings"
        }
        "cors" => "browsers should not hold keys; Weir answers no cross-origin requests",
        _ => "nothing in Weir stands for it",
    };
    draft.not_supported(path, note);
}

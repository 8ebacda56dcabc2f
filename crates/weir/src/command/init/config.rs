//! The text of `weir.yaml`.

use super::cloud::Account;
use super::plan::Plan;
use crate::discovery::LocalServer;
use std::collections::BTreeMap;

pub(super) fn text(plan: &Plan) -> String {
    let Plan { servers, accounts, listen, admin, .. } = plan;
    let mut text = format!(
        "\
# weir.yaml: listeners, backends, models. What may go where is in policy.yaml beside it.
# `weir check` says what is wrong with either; `weir schema weir` prints a schema for your editor.
weir: 1
listen: {listen} # where applications connect: base URL http://{listen}/v1
admin: {admin} # /metrics, /healthz, /readyz; loopback only
state: ./weir-state # API keys and the audit log

backends:
"
    );
    text.extend(servers.iter().map(local));
    if servers.is_empty() {
        text.push_str(if accounts.is_empty() { FIRST_BACKEND } else { LOCAL_EXAMPLE });
    }
    text.extend(accounts.iter().map(|(account, model)| cloud(account, model)));
    if accounts.is_empty() {
        text.push_str(CLOUD_EXAMPLE);
    }
    text.push_str(&aliases(plan));
    text
}

/// For when nothing was found: a configuration needs one backend.
const FIRST_BACKEND: &str = "  \
  - name: gpu # FILL IN: a name for your local server
    zone: local # inside the network: connects to loopback and private addresses only
    url: http://127.0.0.1:8000/v1 # FILL IN: vLLM, SGLang, llama.cpp, Ollama, LM Studio…
    models:
      - name: my-model # FILL IN: the model's name there, from GET /v1/models
        concurrency: 4 # how many requests it runs at a time; what is above takes the rule's `when_full`

";

const LOCAL_EXAMPLE: &str = "  \
  # FILL IN: a local server. Until there is one, requests with classified data are denied.
  # - name: gpu
  #   zone: local # inside the network: connects to loopback and private addresses only
  #   url: http://127.0.0.1:8000/v1 # vLLM, SGLang, llama.cpp, Ollama, LM Studio…
  #   models:
  #     - name: my-model # then put gpu/my-model first under `aliases`
  #       concurrency: 4 # how many requests it runs at a time

";

const CLOUD_EXAMPLE: &str = "  \
  # A cloud account, for what is not classified:
  # - name: openai
  #   zone: cloud # outside the network: never gets data at or above the policy's boundary
  #   url: https://api.openai.com/v1
  #   api_key: ${OPENAI_API_KEY} # from the environment of `weir serve`
  #   models:
  #     - name: gpt-5-mini # then add openai/gpt-5-mini to the targets of `auto`

";

fn local(server: &LocalServer) -> String {
    let LocalServer { name, url, models, .. } = server;
    let concurrency = concurrency(name);
    let models = models.iter().enumerate().map(|(index, model)| {
        let why = if index == 0 { " # at a time; what is above takes the rule's `when_full`" } else { "" };
        format!("      - name: {}\n        concurrency: {concurrency}{why}\n", name_in_yaml(model))
    });
    format!(
        "  - name: {name}\n    zone: local # inside the network: connects to loopback and private addresses only\n    \
         url: {url}\n    models:\n{}\n",
        models.collect::<String>()
    )
}

/// Servers made for many callers batch them; the others are mostly started with few places.
fn concurrency(server: &str) -> u32 {
    if ["vllm", "sglang", "tgi"].iter().any(|kind| server.starts_with(kind)) { 16 } else { 2 }
}

fn cloud(account: &Account, model: &str) -> String {
    let Account { provider, variable, listed } = account;
    let name = provider.name;
    let doubt = match listed {
        Ok(_) => "",
        Err(_) => " # FILL IN: its list of models could not be read; check this name",
    };
    format!(
        "  - name: {name}
    zone: cloud # outside the network: never gets data at or above the policy's boundary
    url: {url}
    api_key: ${{{variable}}} # from the environment of `weir serve`; never write a key here
    # jurisdiction: US # where it processes data; data that is bound to a jurisdiction needs it
    models:
      - name: {model}{doubt}
        # USD per million tokens, if the list prices that Weir knows are not yours.
        # price: {{ input: 1.25, output: 10.00 }}

",
        url = provider.url,
        model = name_in_yaml(model),
    )
}

fn aliases(plan: &Plan) -> String {
    let mut text =
        "# The model names that applications ask for, and the targets that may answer them.\naliases:\n  \
                    auto:\n    targets:\n"
            .to_owned();
    for target in auto_targets(plan) {
        text.push_str(&format!("      - {}\n", name_in_yaml(&target)));
    }
    match &plan.degrade {
        Some(target) => {
            text.push_str("    degrade: # smaller local models, for when the local targets are full\n");
            text.push_str(&format!("      - {}\n", name_in_yaml(target)));
        }
        None => text.push_str(
            "    # degrade: [backend/model] # smaller local models, for when the others are full\n",
        ),
    }
    let by_name = by_name(&plan.servers);
    if !by_name.is_empty() {
        text.push_str("\n  # Each local model by its own name.\n");
    }
    for (model, targets) in by_name {
        let targets: Vec<String> = targets.iter().map(|target| name_in_yaml(target)).collect();
        text.push_str(&format!("  {}:\n    targets: [{}]\n", name_in_yaml(model), targets.join(", ")));
    }
    text
}

fn auto_targets(plan: &Plan) -> Vec<String> {
    let cloud = plan.accounts.iter().map(|(account, model)| format!("{}/{model}", account.provider.name));
    let targets: Vec<String> = plan.main.clone().into_iter().chain(cloud).collect();
    if targets.is_empty() { vec!["gpu/my-model".to_owned()] } else { targets }
}

/// The targets of each local model that has no name of Weir's own.
fn by_name(servers: &[LocalServer]) -> BTreeMap<&str, Vec<String>> {
    let mut by_name = BTreeMap::<&str, Vec<String>>::new();
    for LocalServer { name, models, .. } in servers {
        for model in models.iter().filter(|model| *model != "auto") {
            by_name.entry(model).or_default().push(format!("{name}/{model}"));
        }
    }
    by_name
}

/// Quoted where YAML might take it for something else.
fn name_in_yaml(name: &str) -> String {
    const WORDS: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let is_plain = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-/".contains(c))
        && !WORDS.contains(&name.to_ascii_lowercase().as_str());
    if is_plain { name.to_owned() } else { format!("\"{name}\"") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_where_yaml_needs_it() {
        assert_eq!(name_in_yaml("gpt-5-mini"), "gpt-5-mini");
        for name in ["qwen3:8b", "1.0", "true", "No", "-x"] {
            assert_eq!(name_in_yaml(name), format!("\"{name}\""));
        }
    }
}

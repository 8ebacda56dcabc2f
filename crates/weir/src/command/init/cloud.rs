//! Cloud APIs whose keys are in the environment.

use super::models::chats;
use crate::discovery::{LIST_BYTES_MAX, boundary, read_models};
use std::time::Duration;
use tokio::time::timeout;
use weir_egress::{CloudBackend, Credential, Endpoint, nothing};
use weir_label::{Level, Recipient};
use zeroize::Zeroizing;

/// How long a cloud API may take to list its models.
const PATIENCE: Duration = Duration::from_secs(2);

/// A cloud API with an OpenAI-compatible endpoint.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Provider {
    /// The name that its backend gets.
    pub name: &'static str,
    /// Where its key usually is.
    variables: &'static [&'static str],
    /// Its base URL.
    pub url: &'static str,
    /// A model to begin with.
    usual_model: &'static str,
}

const fn provider(
    name: &'static str,
    variables: &'static [&'static str],
    url: &'static str,
    usual_model: &'static str,
) -> Provider {
    Provider { name, variables, url, usual_model }
}

/// Source of URLs and names: the providers' documentation of their OpenAI-compatible endpoints.
static PROVIDERS: [Provider; 9] = [
    provider("openai", &["OPENAI_API_KEY"], "https://api.openai.com/v1", "gpt-5-mini"),
    provider("anthropic", &["ANTHROPIC_API_KEY"], "https://api.anthropic.com/v1", "claude-haiku-4-5"),
    provider(
        "gemini",
        &["GEMINI_API_KEY", "GOOGLE_API_KEY"],
        "https://generativelanguage.googleapis.com/v1beta/openai",
        "gemini-2.5-flash",
    ),
    provider("groq", &["GROQ_API_KEY"], "https://api.groq.com/openai/v1", "llama-3.3-70b-versatile"),
    provider("mistral", &["MISTRAL_API_KEY"], "https://api.mistral.ai/v1", "mistral-small-latest"),
    provider("deepseek", &["DEEPSEEK_API_KEY"], "https://api.deepseek.com/v1", "deepseek-chat"),
    provider("openrouter", &["OPENROUTER_API_KEY"], "https://openrouter.ai/api/v1", "openrouter/auto"),
    provider(
        "together",
        &["TOGETHER_API_KEY"],
        "https://api.together.xyz/v1",
        "meta-llama/Llama-3.3-70B-Instruct-Turbo",
    ),
    provider("xai", &["XAI_API_KEY"], "https://api.x.ai/v1", "grok-4"),
];

/// An account whose key is in the environment.
#[derive(Debug)]
pub(super) struct Account {
    pub provider: &'static Provider,
    /// The variable that holds the key.
    pub variable: &'static str,
    /// Its models to chat with, or why they are not known.
    pub listed: Result<Vec<String>, String>,
}

impl Account {
    /// The model to begin with: the usual one if the account has it or its list is not known.
    pub fn default_model(&self) -> &str {
        let usual = self.provider.usual_model;
        let models = self.listed.as_deref().unwrap_or_default();
        let is_usual = |model: &&String| model.rsplit('/').next() == usual.rsplit('/').next();
        models.iter().find(is_usual).or_else(|| models.first()).map_or(usual, String::as_str)
    }
}

/// The accounts whose keys are in the environment, with their models.
pub(super) async fn accounts(offline: bool) -> Vec<Account> {
    let with_keys = PROVIDERS.iter().filter_map(|provider| {
        let key = |variable: &&&'static str| std::env::var(variable).is_ok_and(|key| !key.trim().is_empty());
        Some((provider, *provider.variables.iter().find(key)?))
    });
    let asked: Vec<_> = with_keys
        .map(|(provider, variable)| (provider, variable, tokio::spawn(list(provider, variable, offline))))
        .collect();
    let mut accounts = Vec::new();
    for (provider, variable, asked) in asked {
        let listed = asked.await.unwrap_or_else(|error| Err(error.to_string()));
        accounts.push(Account { provider, variable, listed });
    }
    accounts
}

async fn list(provider: &Provider, variable: &str, offline: bool) -> Result<Vec<String>, String> {
    if offline {
        return Err("it was not asked (`--offline`)".to_owned());
    }
    let key = Zeroizing::new(std::env::var(variable).unwrap_or_default().trim().to_owned());
    let answer = timeout(PATIENCE, ask(provider, &key)).await;
    answer.unwrap_or_else(|_| Err(format!("no answer within {} s", PATIENCE.as_secs())))
}

async fn ask(provider: &Provider, key: &Zeroizing<String>) -> Result<Vec<String>, String> {
    let endpoint = Endpoint::new(provider.name, provider.url).map_err(|error| error.to_string())?;
    let credential = Credential::bearer(key).map_err(|error| error.to_string())?;
    let door = CloudBackend::new(endpoint.with_credential(credential)).map_err(|error| error.to_string())?;
    let boundary = boundary();
    let clearance = boundary.cloud_clearance(Level::Public, None).map_err(|error| error.to_string())?;
    let recipient = Recipient::new(provider.name, clearance);
    let permit = boundary.permit(&nothing(), &recipient).map_err(|refusal| refusal.to_string())?;
    let response = door.models(permit, PATIENCE).await.map_err(|error| error.to_string())?;
    let status = response.status();
    if !status.is_success() {
        let refused = matches!(status.as_u16(), 401 | 403);
        return Err(if refused {
            format!("the key was refused ({status})")
        } else {
            format!("it answered {status}")
        });
    }
    let body = response.bytes(LIST_BYTES_MAX).await.map_err(|error| error.to_string())?;
    let (models, _owner) = read_models(&body).ok_or("what it answered is no list of models")?;
    Ok(models.into_iter().filter(|model| chats(model)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(listed: Result<&[&str], &str>) -> Account {
        let listed =
            listed.map(|models| models.iter().map(|&m| m.to_owned()).collect()).map_err(str::to_owned);
        Account { provider: &PROVIDERS[2], variable: "GEMINI_API_KEY", listed }
    }

    #[test]
    fn the_usual_model_is_taken_where_there_is_one() {
        assert_eq!(
            account(Ok(&["models/a", "models/gemini-2.5-flash"])).default_model(),
            "models/gemini-2.5-flash"
        );
        assert_eq!(account(Ok(&["models/a", "models/b"])).default_model(), "models/a");
        assert_eq!(account(Ok(&[])).default_model(), "gemini-2.5-flash");
        assert_eq!(account(Err("unreachable")).default_model(), "gemini-2.5-flash");
    }

    #[test]
    fn every_provider_can_be_a_backend_outside() {
        for provider in &PROVIDERS {
            assert!(
                CloudBackend::new(Endpoint::new(provider.name, provider.url).unwrap()).is_ok(),
                "{provider:?}"
            );
            assert!(!provider.variables.is_empty() && chats(provider.usual_model));
        }
    }
}

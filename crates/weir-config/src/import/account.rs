//! Where the models of clouds are that have no one address: by region, project or resource.

use super::draft::{Draft, quoted};
use super::provider::Provider;

/// What a file says of an account, besides its key. Empty and variable parts count as not said: addresses stand in
/// weir.yaml itself.
#[derive(Debug, Default)]
pub(super) struct Account<'f> {
    pub url: Option<&'f str>,
    /// Of AWS, or the location of Google's Vertex AI.
    pub region: Option<&'f str>,
    /// Of Google.
    pub project: Option<&'f str>,
    /// Of Azure, and whether it is one of Foundry's.
    pub resource: Option<(&'f str, bool)>,
    pub api_version: Option<&'f str>,
    /// The role of AWS that is taken, and the name of the session.
    pub role: Option<(&'f str, Option<&'f str>)>,
    /// The key file of a service account of Google's.
    pub key_file: Option<&'f str>,
}

/// The version of Azure's API where the file names none: the last that was released with a date.
const AZURE_API_VERSION: &str = "2024-10-21";
/// Where the key file is to be, if the file does not say.
const GOOGLE_KEY_FILE: &str = "google-key.json";

impl Account<'_> {
    /// Where the API begins.
    pub fn url(&self, provider: Provider) -> Option<String> {
        let derived = match provider.name {
            "bedrock" => {
                said(self.region).map(|region| format!("https://bedrock-runtime.{region}.amazonaws.com"))
            }
            "vertex_ai" => {
                said(self.project).map(|project| vertex(project, said(self.region).unwrap_or("global")))
            }
            "azure" => {
                self.resource.and_then(|(name, is_foundry)| Some(azure(said(Some(name))?, is_foundry)))
            }
            _ => None,
        };
        let written = self.url.filter(|url| !is_variable(url)).map(str::to_owned);
        let url = written.or(derived).or_else(|| provider.url.map(str::to_owned))?;
        Some(url.trim_end_matches('/').to_owned())
    }

    /// What stands beside the URL, line by line.
    pub fn settings(&self, provider: Provider) -> Vec<String> {
        match provider.name {
            "azure" => {
                let version = self.api_version.filter(|version| version.starts_with("20"));
                vec![format!("api_version: {}", quoted(version.unwrap_or(AZURE_API_VERSION)))]
            }
            "bedrock" => {
                let Some((arn, session)) = self.role.filter(|(arn, _)| !is_variable(arn)) else {
                    return Vec::new();
                };
                let session = session.filter(|name| !is_variable(name));
                let session = session.map(|name| format!(", session: {}", quoted(name))).unwrap_or_default();
                vec![format!("auth: {{ aws_role: {{ arn: {}{session} }} }}", quoted(arn))]
            }
            "vertex_ai" => {
                let file = self.key_file.filter(|file| !is_variable(file) && !file.starts_with('{'));
                vec![format!(
                    "auth: {{ google: {{ key_file: {} }} }}",
                    quoted(file.unwrap_or(GOOGLE_KEY_FILE))
                )]
            }
            _ => Vec::new(),
        }
    }

    /// What is left to do before it can be used.
    pub fn to_do(&self, provider: Provider) -> Option<String> {
        match provider.name {
            "bedrock" => Some("put the account's `ID:SECRET` into the variable `AWS_KEYS`".to_owned()),
            "azure" if self.api_version.is_none() => {
                Some(format!("`api_version` is {AZURE_API_VERSION}; check that the deployment has it"))
            }
            "vertex_ai" => {
                Some("`auth.google.key_file` is to be the key file of a service account".to_owned())
            }
            _ => None,
        }
    }
}

/// What is spoken at this URL: a server of somebody else's that speaks like OpenAI's need not be as it in all.
pub(super) fn api_at(url: &str, provider: Provider) -> Option<&'static str> {
    match provider.name {
        "openai" if !is_own(url, provider) => Some("openai-compatible"),
        _ => provider.api(),
    }
}

/// What a file has where a key belongs.
#[derive(Debug, Clone, Copy)]
pub(super) enum WrittenKey<'f> {
    Nothing,
    /// The name of a variable of the environment.
    Variable(&'f str),
    /// The key itself, or a word that stands for none.
    Text(&'f str),
}

/// A key by reference stays one; one that stands in the file itself becomes one. `path` is where it is written.
pub(super) fn key(
    written: WrittenKey<'_>,
    (url, provider): (&str, Provider),
    path: &str,
    draft: &mut Draft,
) -> Option<String> {
    match written {
        WrittenKey::Nothing => usual_key(url, provider),
        WrittenKey::Variable(name) => {
            draft.exact(path, format!("the variable `{name}`"));
            Some(format!("${{{name}}}"))
        }
        WrittenKey::Text(text) if is_no_key(text) => {
            draft.exact(path, "no key");
            None
        }
        WrittenKey::Text(_) => {
            let name = variable_of(url, provider);
            draft.approximate(path, format!("the key was not copied: put it into the variable `{name}`"));
            Some(format!("${{{name}}}"))
        }
    }
}

/// The variable for a key that stands in the file itself. The key of a provider goes to no other server.
fn variable_of(url: &str, provider: Provider) -> String {
    let usual = || format!("{}_API_KEY", provider.name.to_uppercase());
    if is_own(url, provider) {
        return provider.key.map_or_else(usual, str::to_owned);
    }
    let host = url.split("://").nth(1).unwrap_or(url).split('/').next().unwrap_or_default();
    let host: String = host.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    format!("KEY_OF_{}", host.to_uppercase())
}

/// The variable for a key of which the file says nothing.
fn usual_key(url: &str, provider: Provider) -> Option<String> {
    provider.key.filter(|_| is_own(url, provider)).map(|name| format!("${{{name}}}"))
}

/// What files say where a server wants no key.
fn is_no_key(written: &str) -> bool {
    ["none", "empty", "dummy", "sk-no-key-required", "fake-key", ""]
        .contains(&written.to_lowercase().as_str())
}

fn is_own(url: &str, provider: Provider) -> bool {
    provider.url.is_none_or(|own| own == url)
}

/// `os.environ/NAME` of LiteLLM's, `$NAME` of agentgateway's.
pub(super) fn is_variable(text: &str) -> bool {
    text.starts_with("os.environ/") || text.starts_with('$')
}

/// A part of a host's name, if it is one.
fn said(part: Option<&str>) -> Option<&str> {
    let is_part =
        |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    part.filter(is_part)
}

fn vertex(project: &str, region: &str) -> String {
    let host = match region {
        "global" => "aiplatform.googleapis.com".to_owned(),
        _ => format!("{region}-aiplatform.googleapis.com"),
    };
    format!("https://{host}/v1/projects/{project}/locations/{region}/publishers/google")
}

fn azure(resource: &str, is_foundry: bool) -> String {
    match is_foundry {
        true => format!("https://{resource}-resource.services.ai.azure.com"),
        false => format!("https://{resource}.openai.azure.com"),
    }
}

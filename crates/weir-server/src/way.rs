//! How to speak to a backend, as its API wants it: where its key goes, what every request names.

use crate::snapshot::endpoint;
use weir_config::{Auth, Backend, Host, Secret};
use weir_egress::{AwsRole, TokenSource, TokenSourceError};
use weir_local::{AwsKeys, Credential, Endpoint, EndpointError, KeyHeader};
use weir_wire::dialect::BackendDialect;
use weir_wire::dialect::backend::gemini::STREAM_QUERY;
use weir_wire::dialect::backend::products::Key;
use zeroize::Zeroizing;

/// AWS's name of the service that models are called through.
const BEDROCK: &str = "bedrock";

/// And of the one that gives out keys of roles.
const STS: &str = "sts";

/// The way to a backend.
///
/// # Errors
/// [`EndpointError`] when its parts do not fit together.
pub(crate) fn to(backend: &Backend, tokens: Option<&TokenSource>) -> Result<Endpoint, EndpointError> {
    let Backend { name, url, api_key, ca_pem, timeouts, api, api_version, .. } = backend;
    let mut endpoint = endpoint(name, url, None, ca_pem.as_deref())?.with_connect_timeout(timeouts.connect);
    if let Some(tokens) = tokens {
        endpoint = endpoint.with_credential(tokens.credential());
    } else if let Some(key) = api_key {
        endpoint = endpoint.with_credential(credential(backend, key)?);
    }
    if let Some(version) = api_version {
        endpoint = endpoint.with_query("api-version", version);
    }
    Ok(match api.dialect {
        BackendDialect::Messages => endpoint.for_anthropic(),
        BackendDialect::Gemini => endpoint.with_stream_query(STREAM_QUERY.0, STREAM_QUERY.1),
        BackendDialect::ChatCompletions
        | BackendDialect::Converse
        | BackendDialect::Ollama
        | BackendDialect::Cohere => endpoint,
    })
}

/// Where the backend's tokens come from, if it takes any.
///
/// # Errors
/// [`TokenSourceError`] when they cannot come from there.
pub(crate) fn tokens(backend: &Backend) -> Result<Option<TokenSource>, TokenSourceError> {
    let name = &backend.name;
    let source = match &backend.auth {
        None => return Ok(None),
        Some(Auth::Entra { token_url, client_id, client_secret, scope }) => {
            let secret = Zeroizing::new(client_secret.expose().to_owned());
            TokenSource::entra(name, token_url, client_id, secret, scope)
        }
        Some(Auth::Google { key_file, scope }) => TokenSource::google(name, key_file.expose(), scope),
        Some(Auth::AwsRole { arn, session, external_id, web_identity_token_file, sts_url }) => {
            let region = region_of(backend)?;
            let usual = format!("https://sts.{region}.amazonaws.com/");
            let role = AwsRole {
                arn: arn.clone(),
                session: session.clone(),
                external_id: external_id.clone(),
                region: region.to_owned(),
                service: BEDROCK.to_owned(),
            };
            let url = sts_url.as_ref().unwrap_or(&usual);
            match (web_identity_token_file, &backend.api_key) {
                (Some(file), _) => TokenSource::aws_web_identity(name, url, file.into(), role),
                (None, Some(key)) => TokenSource::aws_role(name, url, signing_keys(backend, key, STS)?, role),
                (None, None) => return Err(EndpointError::Credential.into()),
            }
        }
    };
    source.map(Some)
}

fn credential(backend: &Backend, key: &Secret) -> Result<Credential, EndpointError> {
    let text = || Zeroizing::new(key.expose().to_owned());
    let header = match backend.api.dialect {
        BackendDialect::Messages => KeyHeader::XApiKey,
        BackendDialect::Gemini => KeyHeader::XGoogApiKey,
        BackendDialect::Converse => return bedrock(backend, key),
        BackendDialect::ChatCompletions | BackendDialect::Ollama | BackendDialect::Cohere => {
            match backend.api.product.map(|product| product.key) {
                Some(Key::ApiKey) => KeyHeader::ApiKey,
                Some(Key::Bearer) | None => KeyHeader::Bearer,
            }
        }
    };
    Credential::key(header, &text())
}

/// A key without a colon is one of Bedrock's own, which is sent as it is.
fn bedrock(backend: &Backend, key: &Secret) -> Result<Credential, EndpointError> {
    match key.expose().contains(':') {
        true => signing_keys(backend, key, BEDROCK).map(Credential::aws),
        false => Credential::bearer(&Zeroizing::new(key.expose().to_owned())),
    }
}

fn signing_keys(backend: &Backend, key: &Secret, service: &str) -> Result<AwsKeys, EndpointError> {
    aws_keys(key.expose(), region_of(backend)?, service)
}

/// `ID:SECRET` or `ID:SECRET:TOKEN`, none of which holds a colon, to sign requests to a service with.
///
/// # Errors
/// [`EndpointError::Credential`] when it is something else.
pub(crate) fn aws_keys(text: &str, region: &str, service: &str) -> Result<AwsKeys, EndpointError> {
    let (id, secret) = text.split_once(':').ok_or(EndpointError::Credential)?;
    let (secret, token) = match secret.split_once(':') {
        Some((secret, token)) => (secret, Some(Zeroizing::new(token.to_owned()))),
        None => (secret, None),
    };
    let keys = AwsKeys::new(id, Zeroizing::new(secret.to_owned()), token, region, service);
    keys.map_err(|_| EndpointError::Credential)
}

fn region_of(backend: &Backend) -> Result<&str, EndpointError> {
    let named = backend.region.as_deref().or_else(|| region(&backend.url.host));
    named.ok_or(EndpointError::Credential)
}

/// Of `bedrock-runtime.eu-central-1.amazonaws.com` the region; a private endpoint's name has it there too.
fn region(host: &Host) -> Option<&str> {
    let Host::Name(name) = host else { return None };
    let mut parts = name.split('.').skip_while(|part| !part.starts_with("bedrock-runtime"));
    parts.nth(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_that_of_the_host() {
        let of = |name: &str| region(&Host::Name(name.to_owned())).map(str::to_owned);
        assert_eq!(of("bedrock-runtime.eu-central-1.amazonaws.com").as_deref(), Some("eu-central-1"));
        assert_eq!(of("vpce-1.bedrock-runtime.us-east-1.vpce.amazonaws.com").as_deref(), Some("us-east-1"));
        assert_eq!(of("localhost"), None);
    }
}

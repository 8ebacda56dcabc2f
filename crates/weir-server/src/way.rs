//! How to speak to a backend, as its API wants it: where its key goes, what every request names.

use crate::snapshot::endpoint;
use weir_config::{Backend, Host, Secret};
use weir_local::{AwsKeys, Credential, Endpoint, EndpointError, KeyHeader};
use weir_wire::dialect::BackendDialect;
use weir_wire::dialect::backend::gemini::STREAM_QUERY;
use weir_wire::dialect::backend::products::Key;
use zeroize::Zeroizing;

/// AWS's name of the service that models are called through.
const BEDROCK: &str = "bedrock";

/// The way to a backend.
///
/// # Errors
/// [`EndpointError`] when its parts do not fit together.
pub(crate) fn to(backend: &Backend) -> Result<Endpoint, EndpointError> {
    let Backend { name, url, api_key, ca_pem, timeouts, api, api_version, .. } = backend;
    let mut endpoint = endpoint(name, url, None, ca_pem.as_deref())?.with_connect_timeout(timeouts.connect);
    if let Some(key) = api_key {
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

fn credential(backend: &Backend, key: &Secret) -> Result<Credential, EndpointError> {
    let text = || Zeroizing::new(key.expose().to_owned());
    let header = match backend.api.dialect {
        BackendDialect::Messages => KeyHeader::XApiKey,
        BackendDialect::Gemini => KeyHeader::XGoogApiKey,
        BackendDialect::Converse => return signing_keys(backend, key),
        BackendDialect::ChatCompletions | BackendDialect::Ollama | BackendDialect::Cohere => {
            match backend.api.product.map(|product| product.key) {
                Some(Key::ApiKey) => KeyHeader::ApiKey,
                Some(Key::Bearer) | None => KeyHeader::Bearer,
            }
        }
    };
    Credential::key(header, &text())
}

/// The key's id, the secret and perhaps a session's token, with colons between them; none of them holds one.
/// A key without a colon is one of Bedrock's own, which is sent as it is.
fn signing_keys(backend: &Backend, key: &Secret) -> Result<Credential, EndpointError> {
    if !key.expose().contains(':') {
        return Credential::bearer(&Zeroizing::new(key.expose().to_owned()));
    }
    let region = backend.region.as_deref().or_else(|| region(&backend.url.host));
    aws_keys(key.expose(), region.ok_or(EndpointError::Credential)?, BEDROCK)
}

/// `ID:SECRET` or `ID:SECRET:TOKEN`, to sign requests to a service with.
///
/// # Errors
/// [`EndpointError::Credential`] when it is something else.
pub(crate) fn aws_keys(text: &str, region: &str, service: &str) -> Result<Credential, EndpointError> {
    let (id, secret) = text.split_once(':').ok_or(EndpointError::Credential)?;
    let (secret, token) = match secret.split_once(':') {
        Some((secret, token)) => (secret, Some(Zeroizing::new(token.to_owned()))),
        None => (secret, None),
    };
    let keys = AwsKeys::new(id, Zeroizing::new(secret.to_owned()), token, region, service);
    keys.map(Credential::aws).map_err(|_| EndpointError::Credential)
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

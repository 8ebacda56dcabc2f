//! The webhook: whoever hosts the repository of the policy says that there are new commits.
//!
//! All it can do is to have them looked for sooner. What is sent is checked against the secret and not read.

use super::problem;
use crate::gateway::Gateway;
use crate::reply::{self, Body};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use serde_json::json;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

/// Lists of commits may be long.
const BYTES_MAX: usize = 4 << 20;
/// `sha256=` and the HMAC of the body in hexadecimal, as GitHub, Gitea and Forgejo send it.
const SIGNATURE: &str = "x-hub-signature-256";

pub(super) async fn called(gateway: &Gateway, request: Request<Incoming>) -> Response<Body> {
    let snapshot = gateway.snapshot();
    let Some(secret) = &snapshot.loaded.config.policy.webhook_secret else {
        return problem(
            StatusCode::NOT_FOUND,
            "there is no webhook: `policy.git.webhook_secret` in the configuration makes one",
        );
    };
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, BYTES_MAX).collect().await else {
        return problem(StatusCode::BAD_REQUEST, "the body cannot be read, or is too long");
    };
    if !is_signed(&head.headers, &body.to_bytes(), secret.expose()) {
        return problem(
            StatusCode::UNAUTHORIZED,
            "this takes the HMAC-SHA-256 of the body under the webhook's secret: `X-Hub-Signature-256: sha256=` and \
             hexadecimal digits",
        );
    }
    gateway.bell.ring();
    reply::json(StatusCode::ACCEPTED, json!({ "looking": true }).to_string())
}

fn is_signed(headers: &HeaderMap, body: &[u8], secret: &str) -> bool {
    let presented = headers.get(SIGNATURE).and_then(|value| value.to_str().ok());
    let Some(presented) = presented.and_then(|value| value.strip_prefix("sha256=")) else { return false };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
    mac.update(body);
    let expected = weir_audit::event::hex(&mac.finalize().into_bytes());
    presented.as_bytes().ct_eq(expected.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: the example in GitHub's "Validating webhook deliveries".
    #[test]
    fn a_body_is_taken_with_its_signature_only() {
        let good = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        let check = |signature: Option<&str>, body: &str, secret: &str| {
            let mut headers = HeaderMap::new();
            if let Some(signature) = signature {
                headers.insert(SIGNATURE, signature.parse().unwrap());
            }
            is_signed(&headers, body.as_bytes(), secret)
        };
        assert!(check(Some(good), "Hello, World!", "It's a Secret to Everybody"));
        assert!(!check(Some(good), "Hello, World", "It's a Secret to Everybody"));
        assert!(!check(Some(good), "Hello, World!", "another secret"));
        assert!(!check(good.strip_prefix("sha256="), "Hello, World!", "It's a Secret to Everybody"));
        assert!(!check(Some("sha256="), "Hello, World!", "It's a Secret to Everybody"));
        assert!(!check(None, "Hello, World!", "It's a Secret to Everybody"));
    }
}

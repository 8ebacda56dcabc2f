//! Credentials that are fetched with a longer-lived secret and renewed before they expire: bearer tokens by Azure
//! Entra's client credentials and by Google's service accounts, and the keys of a role of AWS.
//!
//! A [`TokenSource`] fetches through a door of its own, with a permit, as everything that leaves: what it
//! sends is made of the configuration and the time alone. The token lies in a slot that the backend's door
//! reads. Fetching is the caller's step before sending, so that the policy can be asked; there is no task.

use crate::credential::{Kind, secret_value};
use crate::door::TOKEN_REPLY_BYTES_MAX;
use crate::sigv4::AwsKeys;
use crate::{Accept, Call, Credential, Door, Endpoint, EndpointError, SendError};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use weir_label::{Classified, Cloud, Inspect, Label, Permit};
use weir_wire::json::{Json, Limits, Object, parse};
use weir_wire::{Destination, Encode};
use zeroize::Zeroizing;

/// How long before its end a token is renewed, unless it lives less than ten times as long.
const RENEW_BEFORE: Duration = Duration::from_secs(300);

/// How long the keys of a role last: the longest that every role allows.
const ROLE_TIME: Duration = Duration::from_secs(3600);

/// How long the token endpoint may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What proves who sends a request.
#[derive(Clone)]
pub(crate) enum Proof {
    /// The value of `authorization`.
    Header(HeaderValue),
    /// What the request is signed with.
    Keys(Arc<AwsKeys>),
}

/// The token that is in force.
#[derive(Debug, Default)]
pub(crate) struct Slot(Mutex<Option<Held>>);

#[derive(Clone)]
struct Held {
    proof: Proof,
    renew_at: SystemTime,
    expires_at: SystemTime,
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Held(***)")
    }
}

impl Slot {
    /// What there is, while it holds.
    pub(crate) fn proof(&self, now: SystemTime) -> Option<Proof> {
        self.held().filter(|held| now < held.expires_at).map(|held| held.proof)
    }

    fn is_fresh(&self, now: SystemTime) -> bool {
        self.held().is_some_and(|held| now < held.renew_at)
    }

    fn held(&self) -> Option<Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn put(&self, held: Held) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(held);
    }
}

/// Where a backend's tokens come from.
pub struct TokenSource {
    door: Door<Cloud>,
    path: String,
    grant: Grant,
    slot: Arc<Slot>,
    /// One fetches, the others wait for it.
    flight: tokio::sync::Mutex<()>,
}

/// By what a token is asked for.
enum Grant {
    Entra {
        client_id: String,
        secret: Zeroizing<String>,
        scope: String,
    },
    Google {
        email: String,
        key_id: String,
        key: Box<RsaKeyPair>,
        audience: String,
        scope: String,
    },
    AwsRole(AwsRole),
    /// The file is read each time: whoever runs this machine renews it.
    AwsWebIdentity {
        role: AwsRole,
        token_file: PathBuf,
    },
}

/// A role that keys of AWS may take.
#[derive(Debug, Clone)]
pub struct AwsRole {
    /// Its name, such as `arn:aws:iam::123456789012:role/weir`.
    pub arn: String,
    /// By what name the session is known in AWS's own log.
    pub session: String,
    /// What the role's owner wants to be told, if anything.
    pub external_id: Option<String>,
    /// The region that requests are signed for with the role's keys.
    pub region: String,
    /// The service they are signed for, such as `bedrock`.
    pub service: String,
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSource").field("door", &self.door).finish_non_exhaustive()
    }
}

/// What is sent to a token endpoint.
pub struct TokenRequest(Zeroizing<String>);

impl fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenRequest(***)")
    }
}

impl Encode for TokenRequest {
    fn encode(&self, _to: &Destination<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(self.0.as_bytes());
    }

    fn media_type(&self) -> Option<String> {
        Some("application/x-www-form-urlencoded".to_owned())
    }
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The policy gave no permit for the endpoint.
    #[error("the policy does not permit asking for a token")]
    NoPermit,
    /// The endpoint could not be asked.
    #[error(transparent)]
    Send(#[from] SendError),
    /// The endpoint refused.
    #[error("the token endpoint answered {status}{}", .reason.as_deref().map(|word| format!(" ({word})")).unwrap_or_default())]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The endpoint's word for it, such as `invalid_client`.
        reason: Option<String>,
    },
    /// What it answered holds no token.
    #[error("the token endpoint's answer holds no token")]
    NoToken,
    /// The key cannot sign.
    #[error("the service account's key cannot sign; it must be RSA in PKCS#8, of 2048 bits or more")]
    Key,
    /// There is no web identity.
    #[error("the file of the web identity's token cannot be read")]
    WebIdentity(#[source] std::io::Error),
}

/// Why a source of tokens cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TokenSourceError {
    /// The token endpoint cannot be one.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// The key file is no service account's.
    #[error("the service account file must be JSON with `client_email`, `private_key` and `token_uri`")]
    ServiceAccount,
    /// The key cannot sign.
    #[error("the service account's `private_key` must be an RSA key in PEM (PKCS#8), of 2048 bits or more")]
    Key,
}

impl TokenSource {
    /// Tokens of Azure Entra for the backend of this name, by client credentials.
    ///
    /// `token_url` is such as `https://login.microsoftonline.com/TENANT/oauth2/v2.0/token`, `scope` such as
    /// `https://cognitiveservices.azure.com/.default`.
    ///
    /// # Errors
    /// [`TokenSourceError`] when the URL cannot be a token endpoint.
    pub fn entra(
        backend: &str,
        token_url: &str,
        client_id: &str,
        secret: Zeroizing<String>,
        scope: &str,
    ) -> Result<Self, TokenSourceError> {
        let grant = Grant::Entra { client_id: client_id.to_owned(), secret, scope: scope.to_owned() };
        Self::new(backend, token_url, grant)
    }

    /// Tokens of Google for the backend of this name, by the text of a service account's key file.
    ///
    /// # Errors
    /// [`TokenSourceError`] when the file is none, or its key cannot sign.
    pub fn google(backend: &str, key_file: &str, scope: &str) -> Result<Self, TokenSourceError> {
        let file =
            parse(key_file.as_bytes(), Limits::default()).map_err(|_| TokenSourceError::ServiceAccount)?;
        let object = file.as_object().ok_or(TokenSourceError::ServiceAccount)?;
        let text = |name| object.get(name).and_then(Json::as_str);
        let required = |name| text(name).ok_or(TokenSourceError::ServiceAccount);
        let pem = Zeroizing::new(required("private_key")?.to_owned());
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| TokenSourceError::Key)?;
        let key = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).map_err(|_| TokenSourceError::Key)?;
        let audience = required("token_uri")?;
        let grant = Grant::Google {
            email: required("client_email")?.to_owned(),
            key_id: text("private_key_id").unwrap_or_default().to_owned(),
            key: Box::new(key),
            audience: audience.to_owned(),
            scope: scope.to_owned(),
        };
        Self::new(backend, audience, grant)
    }

    /// Keys of a role of AWS for the backend of this name, by keys that may take it.
    ///
    /// `url` is the security token service's, such as `https://sts.eu-central-1.amazonaws.com/`, which `keys` sign for.
    ///
    /// # Errors
    /// [`TokenSourceError`] when the URL cannot be an endpoint.
    pub fn aws_role(
        backend: &str,
        url: &str,
        keys: AwsKeys,
        role: AwsRole,
    ) -> Result<Self, TokenSourceError> {
        let (endpoint, path) = Self::endpoint(backend, url)?;
        Self::at(endpoint.with_credential(Credential::aws(keys)), path, Grant::AwsRole(role))
    }

    /// Keys of a role of AWS for the backend of this name, by a token that another identity provider gives out and
    /// keeps renewed in a file, as Kubernetes does for service accounts. Nothing is signed for it.
    ///
    /// # Errors
    /// [`TokenSourceError`] when the URL cannot be an endpoint.
    pub fn aws_web_identity(
        backend: &str,
        url: &str,
        token_file: PathBuf,
        role: AwsRole,
    ) -> Result<Self, TokenSourceError> {
        Self::new(backend, url, Grant::AwsWebIdentity { role, token_file })
    }

    fn new(backend: &str, token_url: &str, grant: Grant) -> Result<Self, TokenSourceError> {
        let (endpoint, path) = Self::endpoint(backend, token_url)?;
        Self::at(endpoint, path, grant)
    }

    /// The last step is the call's path, the rest the door's.
    fn endpoint(backend: &str, url: &str) -> Result<(Endpoint, String), TokenSourceError> {
        let (base, last) = url.rsplit_once('/').unwrap_or((url, ""));
        Ok((Endpoint::new(backend, base)?, format!("/{last}")))
    }

    fn at(endpoint: Endpoint, path: String, grant: Grant) -> Result<Self, TokenSourceError> {
        Ok(Self {
            door: Door::cloud(endpoint)?,
            path,
            grant,
            slot: Arc::default(),
            flight: tokio::sync::Mutex::new(()),
        })
    }

    /// The credential for the backend's endpoint: the token that is in force when a request is sent.
    #[must_use]
    pub fn credential(&self) -> Credential {
        Credential(Kind::Token(self.slot.clone()))
    }

    /// Sees to it that a token is in force, and fetches one if it must; `permit` asks the policy. Of several
    /// callers one fetches, the others wait. A token that still holds is kept if no new one can be had.
    ///
    /// # Errors
    /// [`TokenError`] when none is in force and none could be had.
    pub async fn refresh(
        &self,
        now: SystemTime,
        permit: impl FnOnce(&Classified<TokenRequest>) -> Option<Permit<TokenRequest, Cloud>>,
    ) -> Result<(), TokenError> {
        if self.slot.is_fresh(now) {
            return Ok(());
        }
        let _alone = self.flight.lock().await;
        if self.slot.is_fresh(now) {
            return Ok(());
        }
        match self.fetch(now, permit).await {
            Err(error) if self.slot.proof(now).is_none() => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    async fn fetch(
        &self,
        now: SystemTime,
        permit: impl FnOnce(&Classified<TokenRequest>) -> Option<Permit<TokenRequest, Cloud>>,
    ) -> Result<(), TokenError> {
        let request = Classified::new(self.grant.request(now).await?, &Constants);
        let permit = permit(&request).ok_or(TokenError::NoPermit)?;
        let call = Call::new(&self.path, "", Accept::Json, PATIENCE);
        let response = self.door.send(permit, &call).await?;
        let status = response.status().as_u16();
        let body =
            Zeroizing::new(response.bytes(TOKEN_REPLY_BYTES_MAX).await.map_err(SendError::from)?.to_vec());
        let read = parse(&body, Limits::default()).ok();
        let object = read.as_ref().and_then(Json::as_object);
        if status != 200 {
            return Err(TokenError::Refused { status, reason: object.and_then(reason) });
        }
        let held = object.and_then(|object| self.grant.held(object, now));
        self.slot.put(held.ok_or(TokenError::NoToken)?);
        Ok(())
    }
}

/// A request for a token says what the configuration says, and nothing of anybody's.
struct Constants;

impl Inspect<TokenRequest> for Constants {
    fn inspect(&self, TokenRequest(_): &TokenRequest) -> Label {
        Label::default()
    }
}

impl Grant {
    /// What an answer holds.
    fn held(&self, answer: &Object<'_>, now: SystemTime) -> Option<Held> {
        match self {
            Grant::Entra { .. } | Grant::Google { .. } => held(answer, now),
            Grant::AwsRole(role) => role.held("AssumeRole", answer, now),
            Grant::AwsWebIdentity { role, token_file: _ } => {
                role.held("AssumeRoleWithWebIdentity", answer, now)
            }
        }
    }

    async fn request(&self, now: SystemTime) -> Result<TokenRequest, TokenError> {
        let mut form = Form(Zeroizing::new(String::new()));
        match self {
            Grant::Entra { client_id, secret, scope } => {
                form.add("grant_type", "client_credentials");
                form.add("client_id", client_id);
                form.add("client_secret", secret);
                form.add("scope", scope);
            }
            Grant::Google { .. } => {
                form.add("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer");
                form.add("assertion", &self.assertion(now)?);
            }
            Grant::AwsRole(role) => {
                form.add_role("AssumeRole", role);
                if let Some(id) = &role.external_id {
                    form.add("ExternalId", id);
                }
            }
            Grant::AwsWebIdentity { role, token_file } => {
                form.add_role("AssumeRoleWithWebIdentity", role);
                form.add("WebIdentityToken", read(token_file.clone()).await?.trim());
            }
        }
        Ok(TokenRequest(form.0))
    }

    /// Source: RFC 7523, and Google's "Using OAuth 2.0 for Server to Server Applications".
    fn assertion(&self, now: SystemTime) -> Result<String, TokenError> {
        let Grant::Google { email, key_id, key, audience, scope } = self else { return Err(TokenError::Key) };
        let issued = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let header = object(&[("alg", text("RS256")), ("typ", text("JWT")), ("kid", text(key_id))]);
        let claims = object(&[
            ("iss", text(email)),
            ("scope", text(scope)),
            ("aud", text(audience)),
            ("iat", number(issued)),
            ("exp", number(issued + 3600)),
        ]);
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let mut signature = vec![0; key.public().modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .map_err(|_| TokenError::Key)?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// Disks may be slow, and others wait for this thread.
async fn read(file: PathBuf) -> Result<Zeroizing<String>, TokenError> {
    let text = tokio::task::spawn_blocking(move || std::fs::read_to_string(file)).await;
    let text = text.unwrap_or_else(|gone| Err(std::io::Error::other(gone)));
    text.map(Zeroizing::new).map_err(TokenError::WebIdentity)
}

fn object(members: &[(&str, Json<'static>)]) -> Vec<u8> {
    let mut object = Object::default();
    members.iter().for_each(|(name, value)| object.set(name, value.clone()));
    Json::Object(object).to_bytes()
}

fn text(text: &str) -> Json<'static> {
    Json::String(text.to_owned().into())
}

fn number(number: u64) -> Json<'static> {
    Json::Number(number.to_string().into())
}

/// A form's body.
struct Form(Zeroizing<String>);

impl Form {
    fn add(&mut self, name: &str, value: &str) {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        self.0.push_str(name);
        self.0.push('=');
        crate::endpoint::push_encoded(value, &mut self.0);
    }

    /// Source: AWS Security Token Service API Reference, "AssumeRole", "AssumeRoleWithWebIdentity".
    fn add_role(&mut self, action: &str, role: &AwsRole) {
        self.add("Action", action);
        self.add("Version", "2011-06-15");
        self.add("RoleArn", &role.arn);
        self.add("RoleSessionName", &role.session);
        self.add("DurationSeconds", &ROLE_TIME.as_secs().to_string());
    }
}

fn held(object: &Object<'_>, now: SystemTime) -> Option<Held> {
    let token = Zeroizing::new(object.get("access_token")?.as_str()?.to_owned());
    let lifetime = object.get("expires_in")?;
    let seconds = lifetime.as_u64().or_else(|| lifetime.as_str()?.parse().ok())?;
    let proof = Proof::Header(secret_value("Bearer ", &token).ok()?);
    Some(Held::lasting(Duration::from_secs(seconds.min(86_400)), proof, now))
}

impl AwsRole {
    /// The keys last as long as was asked for.
    fn held(&self, action: &str, answer: &Object<'_>, now: SystemTime) -> Option<Held> {
        let response = answer.get(&format!("{action}Response"))?.as_object()?;
        let result = response.get(&format!("{action}Result"))?.as_object()?;
        let keys = result.get("Credentials")?.as_object()?;
        let text = |name| Some(Zeroizing::new(keys.get(name)?.as_str()?.to_owned()));
        let (id, secret, token) = (text("AccessKeyId")?, text("SecretAccessKey")?, text("SessionToken")?);
        let keys = AwsKeys::new(&id, secret, Some(token), &self.region, &self.service).ok()?;
        Some(Held::lasting(ROLE_TIME, Proof::Keys(Arc::new(keys)), now))
    }
}

impl Held {
    fn lasting(time: Duration, proof: Proof, now: SystemTime) -> Self {
        Self { proof, renew_at: now + (time - RENEW_BEFORE.min(time / 10)), expires_at: now + time }
    }
}

/// The endpoint's word for a refusal, if it is one word: nothing else of its answer is repeated.
fn reason(object: &Object<'_>) -> Option<String> {
    let aws = || object.get("Error")?.as_object()?.get("Code")?.as_str();
    let word = object.get("error").and_then(Json::as_str).or_else(aws)?;
    let is_word = word.len() <= 64 && word.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    is_word.then(|| word.to_owned())
}

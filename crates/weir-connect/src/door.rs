use crate::anthropic::{self, Anthropic};
use crate::call::{Accept, Call, Put};
use crate::connector::Connector;
use crate::credential::{Credential, Kind, secret_value};
use crate::endpoint::{Host, Origin, Scheme};
use crate::link::{Failure, Link, Request};
use crate::pool::Pool;
use crate::sigv4::{self, AwsKeys, Unsigned};
use crate::token::Proof;
use crate::{AddressRule, ConnectError, Endpoint, EndpointError, Response, SendError};
use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use ipnet::IpNet;
use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use weir_label::{Classified, Cloud, Inspect, Label, Local, Permit, Zone, ZoneKind};
use weir_wire::{Destination, Encode, Nothing};

/// The way to one backend of zone `Z`.
///
/// INVARIANT (one door): what is sent is written here, from the content of a permit for this backend.
pub struct Door<Z: Zone> {
    backend: Arc<str>,
    prefix: String,
    /// Those of a body of JSON that asks for JSON.
    headers: HeaderMap,
    credential: Option<Credential>,
    query: String,
    stream_query: String,
    /// The path that was asked for first, which is nearly always the one that is asked for, and whether it
    /// was for a stream.
    usual: OnceLock<(String, bool, Uri)>,
    connector: Connector,
    pool: Arc<Pool>,
    /// Who may open a connection now.
    opening: Semaphore,
    zone: PhantomData<Z>,
}

impl Door<Local> {
    /// The way to a backend inside the network: loopback, private addresses and the networks of
    /// `inside`.
    ///
    /// # Errors
    /// [`EndpointError`] when the endpoint's parts do not fit together, or its host is a literal address
    /// outside.
    pub fn local(endpoint: Endpoint, inside: &[IpNet]) -> Result<Self, EndpointError> {
        Self::new(endpoint, AddressRule::Inside { extra: inside.to_vec() })
    }
}

impl Door<Cloud> {
    /// The way to a backend outside the network: public addresses only, over TLS.
    ///
    /// Where the host is `localhost` or a literal address, the operator has said which address it is,
    /// and that one is used, also without TLS if it is not public.
    ///
    /// # Errors
    /// [`EndpointError`] when the endpoint's parts do not fit together.
    pub fn cloud(endpoint: Endpoint) -> Result<Self, EndpointError> {
        let rule = cloud_rule(&endpoint.origin.host);
        if endpoint.origin.scheme == Scheme::Http && !stays_inside(&rule) {
            return Err(EndpointError::Plaintext);
        }
        Self::new(endpoint, rule)
    }
}

fn cloud_rule(host: &Host) -> AddressRule {
    match host {
        Host::Name(name) if name == "localhost" => AddressRule::Loopback,
        Host::Name(_) => AddressRule::Outside,
        Host::Address(address) => AddressRule::Literal(*address),
    }
}

fn stays_inside(rule: &AddressRule) -> bool {
    match rule {
        AddressRule::Loopback | AddressRule::Inside { .. } => true,
        AddressRule::Literal(address) => AddressRule::Inside { extra: Vec::new() }.check(*address).is_ok(),
        AddressRule::Outside => false,
    }
}

impl<Z: Zone> Door<Z> {
    fn new(endpoint: Endpoint, rule: AddressRule) -> Result<Self, EndpointError> {
        if let Host::Address(address) = endpoint.origin.host {
            rule.check(address).map_err(|reason| EndpointError::Refused { address, reason })?;
        }
        Ok(Self {
            backend: endpoint.backend.clone(),
            prefix: endpoint.origin.prefix.clone(),
            headers: headers(&endpoint)?,
            credential: endpoint.credential.clone(),
            query: endpoint.query.clone(),
            stream_query: endpoint.stream_query.clone(),
            usual: OnceLock::new(),
            connector: Connector::new(&endpoint, rule)?,
            pool: Arc::default(),
            opening: Semaphore::new(OPENING_MAX),
            zone: PhantomData,
        })
    }

    /// The backend's name.
    #[must_use]
    pub fn backend(&self) -> &str {
        &self.backend
    }

    /// Posts the permit's content, written for this backend, and waits for the head of the response.
    ///
    /// Dropping the future, or the response before its end, closes the connection.
    ///
    /// # Errors
    /// [`SendError`]; any response, whatever its status, is none.
    pub async fn send<C: Encode>(
        &self,
        permit: Permit<C, Z>,
        call: &Call<'_>,
    ) -> Result<Response, SendError> {
        let request = self.post(&permit, call, &Anthropic::default())?;
        Ok(self.exchange(request, call.first_byte_timeout).await?)
    }

    /// The same to a backend that speaks Anthropic's dialect, with the version and the features that the
    /// client named.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn send_as<C: Encode>(
        &self,
        permit: Permit<C, Z>,
        call: &Call<'_>,
        anthropic: &Anthropic,
    ) -> Result<Response, SendError> {
        let request = self.post(&permit, call, anthropic)?;
        Ok(self.exchange(request, call.first_byte_timeout).await?)
    }

    /// Gets what is at `path`, and waits for the head of the response.
    ///
    /// # Errors
    /// [`SendError`]; any response, whatever its status, is none.
    pub async fn get(
        &self,
        permit: Permit<Nothing, Z>,
        path: &str,
        first_byte_timeout: Duration,
    ) -> Result<Response, SendError> {
        self.admit(&permit)?;
        let mut request = self.request(Method::GET, path, Accept::Json, Bytes::new())?;
        request.headers_mut().remove(CONTENT_TYPE);
        request.headers_mut().remove(CONTENT_LENGTH);
        self.authenticate(&mut request, &[])?;
        Ok(self.exchange(request, first_byte_timeout).await?)
    }

    /// Puts the permit's content, written for this backend, where an object store keeps it under a name, and waits for
    /// the head of the response.
    ///
    /// # Errors
    /// [`SendError`]; any response, whatever its status, is none.
    pub async fn put<C: Encode>(&self, permit: Permit<C, Z>, put: &Put<'_>) -> Result<Response, SendError> {
        self.admit(&permit)?;
        let mut body = Vec::with_capacity(SHORT_BODY_BYTES);
        permit.content().encode(&Destination::new("", Z::KIND == ZoneKind::Cloud), &mut body);
        let body = Bytes::from(body);
        let mut request = self.request(Method::PUT, put.path, Accept::Json, body.clone())?;
        put.write(request.headers_mut(), &body)?;
        name_media_type(permit.content(), request.headers_mut());
        self.authenticate(&mut request, &body)?;
        Ok(self.exchange(request, put.first_byte_timeout).await?)
    }

    fn post<C: Encode>(
        &self,
        permit: &Permit<C, Z>,
        call: &Call<'_>,
        anthropic: &Anthropic,
    ) -> Result<Request, SendError> {
        self.admit(permit)?;
        let mut body = Vec::with_capacity(SHORT_BODY_BYTES);
        permit.content().encode(&self.destination(call), &mut body);
        let body = Bytes::from(body);
        let mut request = self.request(Method::POST, call.path, call.accept, body.clone())?;
        anthropic.write(request.headers_mut());
        name_media_type(permit.content(), request.headers_mut());
        self.authenticate(&mut request, &body)?;
        Ok(request)
    }

    fn destination<'a>(&'a self, call: &Call<'a>) -> Destination<'a> {
        Destination {
            dialect: call.dialect,
            backend: &self.backend,
            card: call.card,
            ..Destination::new(call.model, Z::KIND == ZoneKind::Cloud)
        }
    }

    fn admit<C>(&self, permit: &Permit<C, Z>) -> Result<(), SendError> {
        if permit.backend() == &*self.backend {
            return Ok(());
        }
        let permitted = permit.backend().to_owned();
        Err(SendError::WrongBackend { permitted, backend: self.backend.to_string() })
    }

    /// INVARIANT (built headers): all there are, but for what proves who sends it and Anthropic's own.
    fn request(
        &self,
        method: Method,
        path: &str,
        accept: Accept,
        body: Bytes,
    ) -> Result<Request, ConnectError> {
        let length = HeaderValue::from(body.len());
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = self.uri(path, accept)?;
        *request.headers_mut() = self.headers.clone();
        request.headers_mut().insert(CONTENT_LENGTH, length);
        if accept != Accept::Json {
            request.headers_mut().insert(ACCEPT, accept.header());
        }
        Ok(request)
    }

    /// Adds what proves who sends the request. A signature is of the whole of it, so this comes last.
    fn authenticate(&self, request: &mut Request, body: &[u8]) -> Result<(), ConnectError> {
        let Some(Credential(kind)) = &self.credential else { return Ok(()) };
        match kind {
            Kind::Header(name, value) => {
                request.headers_mut().insert(name.clone(), value.clone());
            }
            Kind::Token(slot) => {
                let now = SystemTime::now();
                match slot.proof(now).ok_or(ConnectError::NoToken)? {
                    Proof::Header(value) => drop(request.headers_mut().insert(AUTHORIZATION, value)),
                    Proof::Keys(keys) => sign(&keys, request, body, now)?,
                }
            }
            Kind::Aws(keys) => sign(keys, request, body, SystemTime::now())?,
        }
        Ok(())
    }

    fn uri(&self, path: &str, accept: Accept) -> Result<Uri, ConnectError> {
        let is_stream = accept != Accept::Json;
        if let Some((usual, was_stream, uri)) = self.usual.get()
            && usual == path
            && *was_stream == is_stream
        {
            return Ok(uri.clone());
        }
        let query = if is_stream { &self.stream_query } else { &self.query };
        let uri = uri(&self.prefix, path, query)?;
        self.usual.get_or_init(|| (path.to_owned(), is_stream, uri.clone()));
        Ok(uri)
    }

    async fn exchange(&self, mut request: Request, first_byte: Duration) -> Result<Response, ConnectError> {
        loop {
            let (mut link, is_new) = match self.pool.take() {
                Some(link) => (link, false),
                // Connecting is rare, and its future large: boxed it is not a part of every request's.
                None => Box::pin(self.open()).await?,
            };
            match self.within(first_byte, link.exchange(request)).await? {
                Ok(response) => return Ok(Response::new(response, link, &self.pool)),
                // A connection that the backend closed while it was idle gives the request back unwritten.
                Err(Failure::Unsent(unsent)) if !is_new => request = *unsent,
                Err(failure) => return Err(self.failed(failure)),
            }
        }
    }

    /// A new connection, or one that has become idle before it was this request's turn to open one; and which of
    /// the two it is.
    ///
    /// More at a time would fill the backend's queue of connections that it has not accepted: what finds no place
    /// there is repeated a second later, and a burst of requests ends in time-outs.
    async fn open(&self) -> Result<(Box<Link>, bool), ConnectError> {
        let limit = self.connector.timeout();
        let turn = timeout(limit, self.opening.acquire()).await.map_err(|_| {
            ConnectError::ConnectTimeout { host: self.connector.host().to_owned(), after: limit }
        })?;
        // Nobody closes it: there is always a turn.
        let _turn = turn.ok();
        match self.pool.take() {
            Some(link) => Ok((link, false)),
            None => Ok((Box::new(self.connector.connect().await?), true)),
        }
    }

    async fn within(
        &self,
        limit: Duration,
        exchange: impl Future<Output = Result<http::Response<Incoming>, Failure>>,
    ) -> Result<Result<http::Response<Incoming>, Failure>, ConnectError> {
        timeout(limit, exchange).await.map_err(|_| ConnectError::FirstByteTimeout {
            host: self.connector.host().to_owned(),
            after: limit,
        })
    }

    fn failed(&self, failure: Failure) -> ConnectError {
        let host = self.connector.host().to_owned();
        match failure {
            Failure::Http(source) if source.is_parse() => ConnectError::Malformed { host, source },
            Failure::Http(source) => ConnectError::Closed { host, source: Some(source) },
            Failure::Unsent(_) | Failure::Ended => ConnectError::Closed { host, source: None },
        }
    }
}

impl<Z: Zone> fmt::Debug for Door<Z> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door").field("backend", &self.backend).field("zone", &Z::KIND).finish_non_exhaustive()
    }
}

/// Connections to a backend that are being opened at a time.
const OPENING_MAX: usize = 64;
/// The longest answer of a token endpoint.
pub(crate) const TOKEN_REPLY_BYTES_MAX: usize = 64 * 1024;

/// Room for a short prompt, so that writing it does not grow the buffer step by step.
const SHORT_BODY_BYTES: usize = 1024;

/// No content, classified: what a permit for a `GET` is asked with.
#[must_use]
pub fn nothing() -> Classified<Nothing> {
    struct Nobody;
    impl Inspect<Nothing> for Nobody {
        fn inspect(&self, Nothing: &Nothing) -> Label {
            Label::default()
        }
    }
    Classified::new(Nothing, &Nobody)
}

fn headers(endpoint: &Endpoint) -> Result<HeaderMap, EndpointError> {
    let Origin { authority, .. } = &endpoint.origin;
    let host = HeaderValue::from_str(authority).map_err(|_| EndpointError::NoHost)?;
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(HOST, host);
    headers.insert(ACCEPT, Accept::Json.header());
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(USER_AGENT, HeaderValue::from_static(concat!("weir/", env!("CARGO_PKG_VERSION"))));
    // Its place is taken by that of each body: a copy of the headers that has to grow is copied twice.
    headers.insert(CONTENT_LENGTH, HeaderValue::from(0));
    // A compressed body could inflate without bound, and is not worth its time inside a network.
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    if endpoint.is_anthropic {
        headers.insert(anthropic::VERSION, HeaderValue::from_static(anthropic::DEFAULT_VERSION));
    }
    Ok(headers)
}

/// Signs the headers that the service looks at.
fn sign(keys: &AwsKeys, request: &mut Request, body: &[u8], at: SystemTime) -> Result<(), ConnectError> {
    let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let signed = [(CONTENT_TYPE, "content-type"), (HOST, "host")];
    let mut headers: Vec<(&str, &str)> =
        signed.into_iter().filter_map(|(name, written)| Some((written, text(name)?))).collect();
    let of_service = request.headers().iter().filter(|(name, _)| name.as_str().starts_with("x-amz-"));
    headers.extend(of_service.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))));
    let unsigned = Unsigned {
        method: request.method().as_str(),
        path: request.uri().path(),
        query: request.uri().query().unwrap_or_default(),
        headers,
        body,
    };
    let signature = sigv4::sign(keys, &unsigned, at);
    let secret = |text: &str| secret_value("", text).map_err(|_| ConnectError::NoToken);
    let token = keys.session_token().map(secret).transpose()?;
    let mut authorization =
        HeaderValue::try_from(signature.authorization).map_err(|_| ConnectError::NoToken)?;
    authorization.set_sensitive(true);
    let headers = request.headers_mut();
    headers.insert(AUTHORIZATION, authorization);
    let date = HeaderValue::try_from(signature.date).map_err(|_| ConnectError::NoToken)?;
    headers.insert(HeaderName::from_static("x-amz-date"), date);
    if let Some(token) = token {
        headers.insert(HeaderName::from_static("x-amz-security-token"), token);
    }
    Ok(())
}

/// Names what kind of body the content is, where it is none of the usual kind.
fn name_media_type(content: &impl Encode, headers: &mut HeaderMap) {
    let media_type = content.media_type();
    if let Some(value) = media_type.and_then(|media_type| HeaderValue::try_from(media_type).ok()) {
        headers.insert(CONTENT_TYPE, value);
    }
}

/// What servers have beside the API that their base URL ends in, and not below it.
const BESIDE: [&str; 2] = ["/tokenize", "/detokenize"];

fn uri(prefix: &str, path: &str, query: &str) -> Result<Uri, ConnectError> {
    let prefix = match BESIDE.contains(&path) {
        true => prefix.strip_suffix("/v1").unwrap_or(prefix),
        false => prefix,
    };
    if !path.starts_with('/') || path.contains(['?', '#']) {
        return Err(ConnectError::Path);
    }
    let mark = if query.is_empty() { "" } else { "?" };
    let whole = Bytes::from([prefix, path, mark, query].concat().into_bytes());
    Uri::from_maybe_shared(whole).map_err(|_| ConnectError::Path)
}

//! What proves to a backend who sends a request, and the query that its endpoint has.

use super::support::*;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};
use weir_connect::{
    Accept, Anthropic, AwsKeys, AwsRole, Call, ConnectError, Credential, Door, Endpoint, KeyHeader,
    SendError, TokenError, TokenRequest, TokenSource, TokenSourceError,
};
use weir_label::{Classified, Cloud, Permit};
use zeroize::Zeroizing;

fn secret(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.to_owned())
}

fn endpoint(server: &Server) -> Endpoint {
    Endpoint::new("c", &format!("http://localhost:{}/v1", server.address.port())).unwrap()
}

/// The value of a header of a request as it came in.
fn header<'r>(request: &'r str, name: &str) -> Option<&'r str> {
    request.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

#[tokio::test]
async fn a_key_is_sent_in_the_header_that_the_provider_reads() {
    for (kind, name, value) in [
        (KeyHeader::Bearer, "authorization", "Bearer k"),
        (KeyHeader::XApiKey, "x-api-key", "k"),
        (KeyHeader::ApiKey, "api-key", "k"),
        (KeyHeader::XGoogApiKey, "x-goog-api-key", "k"),
    ] {
        let mut server = Server::start([say(HELLO)]).await;
        let credential = Credential::key(kind, &secret("k")).unwrap();
        let door = Door::cloud(endpoint(&server).with_credential(credential)).unwrap();
        door.send(cloud("c"), &CALL).await.unwrap();
        let request = server.accepted_request().await;
        assert_eq!(header(&request, name), Some(value));
        assert_eq!(name == "authorization", header(&request, "authorization").is_some());
    }
}

#[tokio::test]
async fn a_query_is_the_endpoints_and_cannot_be_more_than_that() {
    let mut server = Server::start([say(HELLO), say(HELLO)]).await;
    let endpoint =
        endpoint(&server).with_query("api-version", "2024 10&x=#\r\nhost: y").with_stream_query("alt", "sse");
    let door = Door::cloud(endpoint).unwrap();
    door.send(cloud("c"), &CALL).await.unwrap().bytes(9).await.unwrap();
    let first = server.accepted_request().await;
    let query = "api-version=2024%2010%26x%3D%23%0D%0Ahost%3A%20y";
    assert_eq!(first.lines().next(), Some(&*format!("POST /v1/chat/completions?{query} HTTP/1.1")));
    let call = Call { accept: Accept::EventStream, ..CALL };
    door.send(cloud("c"), &call).await.unwrap().bytes(9).await.unwrap();
    let second = server.request().await;
    assert_eq!(second.lines().next(), Some(&*format!("POST /v1/chat/completions?{query}&alt=sse HTTP/1.1")));
}

#[tokio::test]
async fn anthropics_version_is_the_clients_or_the_usual_one() {
    let mut server = Server::start([say(HELLO), say(HELLO)]).await;
    let door = Door::cloud(endpoint(&server).for_anthropic()).unwrap();
    door.send(cloud("c"), &CALL).await.unwrap().bytes(9).await.unwrap();
    let request = server.accepted_request().await;
    assert_eq!(header(&request, "anthropic-version"), Some("2023-06-01"));
    assert_eq!(header(&request, "anthropic-beta"), None);
    let client = Anthropic::read(Some("2026-10-21"), ["a-1", "b-2,no: x"]);
    door.send_as(cloud("c"), &CALL, &client).await.unwrap().bytes(9).await.unwrap();
    let request = server.request().await;
    assert_eq!(header(&request, "anthropic-version"), Some("2026-10-21"));
    assert_eq!(header(&request, "anthropic-beta"), Some("a-1,b-2"));
}

#[tokio::test]
async fn a_signed_request_names_what_it_signs_and_shows_no_secret() {
    let mut server = Server::start([say(HELLO)]).await;
    let keys = AwsKeys::new("AKID", secret("hunter2"), Some(secret("session")), "eu-central-1", "bedrock");
    let credential = Credential::aws(keys.unwrap());
    assert!(!format!("{credential:?}").contains("hunter2"));
    let door = Door::cloud(endpoint(&server).with_credential(credential)).unwrap();
    let call = Call { accept: Accept::AwsEventStream, ..CALL };
    door.send(cloud("c"), &call).await.unwrap();
    let request = server.accepted_request().await;
    let authorization = header(&request, "authorization").unwrap();
    assert!(authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKID/"), "{authorization}");
    assert!(authorization.contains("/eu-central-1/bedrock/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature="));
    assert_eq!(header(&request, "x-amz-security-token"), Some("session"));
    assert_eq!(header(&request, "accept"), Some("application/vnd.amazon.eventstream"));
    assert!(!request.contains("hunter2"));
}

const TOKEN: &str = r#"{"token_type":"Bearer","expires_in":3599,"access_token":"tok-1"}"#;

fn json(status: &str, body: &str) -> Reply {
    say(&format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len()))
}

fn entra(server: &Server) -> TokenSource {
    let url = format!("http://localhost:{}/tenant/oauth2/v2.0/token", server.address.port());
    TokenSource::entra("c", &url, "client", secret("s+cret&"), "https://x.example/.default").unwrap()
}

fn permitted(request: &Classified<TokenRequest>) -> Option<Permit<TokenRequest, Cloud>> {
    Some(to_cloud(request, "c"))
}

#[tokio::test]
async fn a_token_is_fetched_once_and_sent_until_it_is_near_its_end() {
    let mut tokens =
        Server::start([json("200 OK", TOKEN), json("200 OK", &TOKEN.replace("tok-1", "tok-2"))]).await;
    let mut server = Server::start([say(HELLO), say(HELLO)]).await;
    let source = entra(&tokens);
    let door = Door::cloud(endpoint(&server).with_credential(source.credential())).unwrap();
    let error = door.send(cloud("c"), &CALL).await.unwrap_err();
    assert!(matches!(error, SendError::Connect(ConnectError::NoToken)), "{error}");

    let now = SystemTime::now();
    let both = tokio::join!(source.refresh(now, permitted), source.refresh(now, permitted));
    assert!(both.0.is_ok() && both.1.is_ok());
    source.refresh(now + Duration::from_secs(3000), permitted).await.unwrap();
    let request = tokens.accepted_request().await;
    assert!(request.starts_with("POST /tenant/oauth2/v2.0/token HTTP/1.1\r\n"), "{request}");
    assert_eq!(header(&request, "content-type"), Some("application/x-www-form-urlencoded"));
    let form = "grant_type=client_credentials&client_id=client&client_secret=s%2Bcret%26&scope=https%3A%2F%2Fx.example%2F.default";
    assert!(request.ends_with(form), "{request}");
    assert!(tokens.saw_nothing_more());
    door.send(cloud("c"), &CALL).await.unwrap().bytes(9).await.unwrap();
    assert_eq!(header(&server.accepted_request().await, "authorization"), Some("Bearer tok-1"));

    source.refresh(now + Duration::from_secs(3400), permitted).await.unwrap();
    door.send(cloud("c"), &CALL).await.unwrap();
    assert_eq!(header(&server.request().await, "authorization"), Some("Bearer tok-2"));
}

#[tokio::test]
async fn a_refused_token_is_told_without_the_endpoints_words_and_an_old_one_is_kept() {
    let refusal = r#"{"error":"invalid_client","error_description":"secret s+cret& is wrong"}"#;
    let replies = [json("401 Unauthorized", refusal), json("200 OK", TOKEN), json("500 Oops", "<html>")];
    let tokens = Server::start(replies).await;
    let source = entra(&tokens);
    let now = SystemTime::now();
    let error = source.refresh(now, permitted).await.unwrap_err();
    assert_eq!(error.to_string(), "the token endpoint answered 401 (invalid_client)");
    source.refresh(now, permitted).await.unwrap();
    source.refresh(now + Duration::from_secs(3400), permitted).await.unwrap();
    let error = source.refresh(now + Duration::from_secs(3600), |_| None).await.unwrap_err();
    assert!(matches!(error, TokenError::NoPermit));
}

/// A key made for this test, of nobody.
const TEST_KEY: &str = include_str!("key-of-nobody.pem");

fn key_file(token_uri: &str) -> String {
    let key = TEST_KEY.replace('\n', "\\n");
    format!(
        r#"{{"type":"service_account","private_key_id":"kid-1","private_key":"{key}","client_email":"weir@project.example","token_uri":"{token_uri}"}}"#
    )
}

#[tokio::test]
async fn a_service_account_signs_what_it_asks_with() {
    let mut tokens = Server::start([json("200 OK", TOKEN)]).await;
    let uri = format!("http://localhost:{}/token", tokens.address.port());
    let scope = "https://www.googleapis.com/auth/cloud-platform";
    let source = TokenSource::google("c", &key_file(&uri), scope).unwrap();
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    source.refresh(now, permitted).await.unwrap();
    let request = tokens.accepted_request().await;
    let form = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";
    let (_, assertion) = request.split_once(form).unwrap();
    let (signed, signature) = assertion.rsplit_once('.').unwrap();
    let (head, claims) = signed.split_once('.').unwrap();
    let decoded = |part| String::from_utf8(URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    assert_eq!(decoded(head), r#"{"alg":"RS256","typ":"JWT","kid":"kid-1"}"#);
    let expected = format!(
        r#"{{"iss":"weir@project.example","scope":"{scope}","aud":"{uri}","iat":1800000000,"exp":1800003600}}"#
    );
    assert_eq!(decoded(claims), expected);
    let der = PrivatePkcs8KeyDer::from_pem_slice(TEST_KEY.as_bytes()).unwrap();
    let pair = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).unwrap();
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public().as_ref().to_vec());
    public.verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
}

const ROLE: &str = r#"{"AssumeRoleResponse":{"AssumeRoleResult":{"Credentials":{"AccessKeyId":"ASIA1","SecretAccessKey":"of+role","SessionToken":"session/1==","Expiration":1.8E9}}}}"#;

#[tokio::test]
async fn keys_of_a_role_are_fetched_with_the_accounts_own_and_sign_until_they_are_near_their_end() {
    let mut tokens =
        Server::start([json("200 OK", ROLE), json("200 OK", &ROLE.replace("ASIA1", "ASIA2"))]).await;
    let mut server = Server::start([say(HELLO), say(HELLO)]).await;
    let keys = AwsKeys::new("AKID", secret("hunter2"), None, "eu-central-1", "sts").unwrap();
    let role = AwsRole {
        arn: "arn:aws:iam::123456789012:role/weir".to_owned(),
        session: "weir".to_owned(),
        external_id: Some("x 1".to_owned()),
        region: "eu-central-1".to_owned(),
        service: "bedrock".to_owned(),
    };
    let url = format!("http://localhost:{}/", tokens.address.port());
    let source = TokenSource::aws_role("c", &url, keys, role).unwrap();
    let door = Door::cloud(endpoint(&server).with_credential(source.credential())).unwrap();
    let now = SystemTime::now();
    source.refresh(now, permitted).await.unwrap();
    let request = tokens.accepted_request().await;
    assert!(request.starts_with("POST / HTTP/1.1\r\n"), "{request}");
    let authorization = header(&request, "authorization").unwrap();
    assert!(authorization.contains("Credential=AKID/") && authorization.contains("/eu-central-1/sts/"));
    assert_eq!(header(&request, "accept"), Some("application/json"));
    let form = "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fweir&RoleSessionName=weir&DurationSeconds=3600&ExternalId=x%201";
    assert!(request.ends_with(form), "{request}");

    door.send(cloud("c"), &CALL).await.unwrap().bytes(9).await.unwrap();
    let request = server.accepted_request().await;
    let authorization = header(&request, "authorization").unwrap();
    assert!(authorization.contains("Credential=ASIA1/") && authorization.contains("/eu-central-1/bedrock/"));
    assert_eq!(header(&request, "x-amz-security-token"), Some("session/1=="));
    assert!(!request.contains("of+role"));

    source.refresh(now + Duration::from_secs(3200), permitted).await.unwrap();
    assert!(tokens.saw_nothing_more());
    source.refresh(now + Duration::from_secs(3400), permitted).await.unwrap();
    door.send(cloud("c"), &CALL).await.unwrap();
    assert!(header(&server.request().await, "authorization").unwrap().contains("Credential=ASIA2/"));
}

#[tokio::test]
async fn a_web_identity_takes_a_role_by_the_token_that_its_file_holds_now() {
    let answer = |id: &str| ROLE.replace("AssumeRole", "AssumeRoleWithWebIdentity").replace("ASIA1", id);
    let refusal =
        r#"{"Error":{"Code":"ExpiredTokenException","Message":"Token jwt-1 is expired"},"RequestId":"x"}"#;
    let replies = [
        json("400 Bad Request", refusal),
        json("200 OK", &answer("ASIA1")),
        json("200 OK", &answer("ASIA2")),
    ];
    let mut tokens = Server::start(replies).await;
    let mut server = Server::start([say(HELLO)]).await;
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("web-identity-token");
    let _ = std::fs::remove_file(&file);
    let role = AwsRole {
        arn: "arn:aws:iam::123456789012:role/weir".to_owned(),
        session: "weir".to_owned(),
        external_id: None,
        region: "eu-central-1".to_owned(),
        service: "bedrock".to_owned(),
    };
    let url = format!("http://localhost:{}/", tokens.address.port());
    let source = TokenSource::aws_web_identity("c", &url, file.clone(), role).unwrap();
    let now = SystemTime::now();
    let error = source.refresh(now, permitted).await.unwrap_err();
    assert!(matches!(error, TokenError::WebIdentity(_)), "{error}");

    std::fs::write(&file, "jwt-1\n").unwrap();
    let error = source.refresh(now, permitted).await.unwrap_err();
    assert_eq!(error.to_string(), "the token endpoint answered 400 (ExpiredTokenException)");
    let request = tokens.accepted_request().await;
    assert_eq!(header(&request, "authorization"), None);
    let form = "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fweir&RoleSessionName=weir&DurationSeconds=3600&WebIdentityToken=jwt-1";
    assert!(request.ends_with(form), "{request}");

    std::fs::write(&file, "jwt-2").unwrap();
    source.refresh(now, permitted).await.unwrap();
    assert!(tokens.request().await.ends_with("&WebIdentityToken=jwt-2"));
    let door = Door::cloud(endpoint(&server).with_credential(source.credential())).unwrap();
    door.send(cloud("c"), &CALL).await.unwrap();
    let authorization = server.accepted_request().await;
    assert!(header(&authorization, "authorization").unwrap().contains("Credential=ASIA1/"));
}

#[test]
fn a_service_account_that_is_none_is_refused() {
    let of = |file: &str| TokenSource::google("c", file, "s").unwrap_err();
    assert!(matches!(of("{}"), TokenSourceError::ServiceAccount));
    let broken = key_file("https://oauth2.example/token").replace("PRIVATE KEY", "NOTHING");
    assert!(matches!(of(&broken), TokenSourceError::Key));
    assert!(matches!(of(&key_file("ftp://x/y")), TokenSourceError::Endpoint(_)));
    assert!(matches!(of(&key_file("http://oauth2.example/token")), TokenSourceError::Endpoint(_)));
}

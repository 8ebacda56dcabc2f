//! What is asked of a running gateway, over its admin API.

use crate::command::serve::runtime;
use crate::discovery::boundary;
use crate::exit::Failed;
use crate::files::FilesArgs;
use serde_json::Value;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::timeout;
use weir_config::Source;
use weir_label::{Classified, Inspect, Label, Level, Recipient};
use weir_local::{Accept, Call, Credential, Endpoint, LocalBackend};
use weir_server::{ADMIN_KEY, admin_proof};
use weir_store::secret;
use weir_wire::{Destination, Encode};
use zeroize::Zeroizing;

/// A policy is compiled meanwhile, and tested.
const PATIENCE: Duration = Duration::from_secs(60);
const ANSWER_BYTES_MAX: usize = 8 << 20;
const NAME: &str = "admin";

/// Which gateway is asked: that of the configuration, on this machine.
#[derive(Debug, clap::Args)]
pub(crate) struct GatewayArgs {
    #[command(flatten)]
    files: FilesArgs,

    /// Where the gateway's admin API listens, instead of `admin` in the configuration
    #[arg(long, value_name = "ADDRESS", env = "WEIR_ADMIN")]
    admin: Option<SocketAddr>,
}

impl GatewayArgs {
    /// Asks as the owner of the installation, whose state directory holds the token.
    pub fn ask(&self, path: &'static str, body: &Value) -> Result<Value, Failed> {
        let config = &self.files.config;
        let text = std::fs::read_to_string(config)
            .map_err(|error| Failed::check(format!("cannot read `{}`", config.display()), &error))?;
        let place = weir_config::admin_place(Source { path: config, text: &text });
        let admin = self.admin.unwrap_or(place.admin);
        let token = secret::load(&place.state.join(ADMIN_KEY))
            .map_err(|error| Failed::check("cannot read the token of the admin API", &error))?;
        // Not the token itself: while the gateway is away, anybody may sit on its port.
        let proof = token.map(|token| admin_proof(&token, path, body.to_string().as_bytes()));
        runtime()?.block_on(send(admin, proof, path, body))
    }
}

/// A question to the admin API, which holds nothing of anybody's.
struct Question(Value);

impl Encode for Question {
    fn encode(&self, _to: &Destination<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(self.0.to_string().as_bytes());
    }
}

struct NothingOfAnybody;

impl Inspect<Question> for NothingOfAnybody {
    fn inspect(&self, _question: &Question) -> Label {
        Label::at(Level::Internal)
    }
}

async fn send(
    admin: SocketAddr,
    proof: Option<Zeroizing<String>>,
    path: &'static str,
    body: &Value,
) -> Result<Value, Failed> {
    let unreachable = |error: &dyn std::error::Error| {
        Failed::check(format!("cannot ask the gateway at {admin}; does `weir serve` run?"), error)
    };
    let mut endpoint =
        Endpoint::new(NAME, &format!("http://{admin}")).map_err(|error| unreachable(&error))?;
    if let Some(proof) = proof {
        let credential = Credential::bearer(&proof).map_err(|error| unreachable(&error))?;
        endpoint = endpoint.with_credential(credential);
    }
    let door = LocalBackend::new(endpoint, &[]).map_err(|error| unreachable(&error))?;
    let boundary = boundary();
    let recipient = Recipient::new(NAME, boundary.local_clearance(Level::Internal, None));
    let question = Classified::new(Question(body.clone()), &NothingOfAnybody);
    let permit = boundary.permit(&question, &recipient).map_err(|error| unreachable(&error))?;
    let call = Call::new(path, "", Accept::Json, PATIENCE);
    let response = timeout(PATIENCE, door.send(permit, &call)).await;
    let response = response.map_err(|late| unreachable(&late))?.map_err(|error| unreachable(&error))?;
    let is_good = response.status().is_success();
    let bytes = response.bytes(ANSWER_BYTES_MAX).await.map_err(|error| unreachable(&error))?;
    let answer: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    match is_good {
        true => Ok(answer),
        false => Err(Failed::Check(text(&answer, "/detail"))),
    }
}

/// What is at a place, as text; nothing for what is not there.
pub(crate) fn text(value: &Value, at: &str) -> String {
    match value.pointer(at) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

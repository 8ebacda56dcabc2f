//! Is a witness for the logs of others: signs a checkpoint that continues what it has signed of that log before.
//!
//! Source: C2SP tlog-witness. Nobody needs a key for it: a checkpoint proves itself whose it is.

use crate::failure::Failure;
use crate::gateway::Gateway;
use crate::reply::{self, Body};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use weir_audit::Name;
use weir_audit::checkpoint::{Checkpoint, Origin, Verifier, origin_of};
use weir_audit::cosign::{Cosigner, CosignerKey};
use weir_audit::event::hex;
use weir_audit::rotation::{self, Rotation, read_rotations};
use weir_audit::witness::{self, AddCheckpoint, Refusal};
use weir_store::secret::{self, SecretFileError};
use weir_store::whole;

/// A checkpoint and a proof are a few kilobytes.
const BODY_BYTES_MAX: usize = 64 * 1024;
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
const TEXT: &str = "text/plain; charset=utf-8";
/// Source: C2SP tlog-witness.
const SIZE: &str = "text/x.tlog.size";

/// The public key of the gateway whose state directory and node these are, as a witness. The key is made if there is
/// none.
///
/// # Errors
/// [`SecretFileError`] if the key cannot be read or made.
pub fn witness_key(state: &Path, node: &str) -> Result<CosignerKey, SecretFileError> {
    Ok(cosigner(state, &Name::new(node))?.verifier().clone())
}

fn cosigner(state: &Path, node: &Name) -> Result<Cosigner, SecretFileError> {
    let seed = secret::load_or_create(&state.join("witness.key"))?;
    Ok(Cosigner::new(Origin::of_witness(node), &seed))
}

/// Answers `POST /witness/add-checkpoint`.
pub(crate) async fn add_checkpoint(
    gateway: &Arc<Gateway>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Failure> {
    answer(gateway, request, sign).await
}

/// Answers `POST /witness/rotations`: the key of a log was changed, which the lines of its `key.rotations` say.
pub(crate) async fn take_rotations(
    gateway: &Arc<Gateway>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Failure> {
    answer(gateway, request, follow).await
}

async fn answer(
    gateway: &Arc<Gateway>,
    request: Request<Incoming>,
    make: fn(&Gateway, &[u8]) -> Result<String, Problem>,
) -> Result<Response<Body>, Failure> {
    if gateway.snapshot().loaded.config.audit.witness_for.is_empty() {
        return Err(Failure::NoRoute);
    }
    let body =
        tokio::time::timeout(BODY_TIMEOUT, Limited::new(request.into_body(), BODY_BYTES_MAX).collect());
    let body = body.await.map_err(|_| Failure::BodyTimeout)?;
    let body = body.map_err(|_| Failure::TooLarge { limit: BODY_BYTES_MAX })?.to_bytes();
    let gateway = gateway.clone();
    let made = tokio::task::spawn_blocking(move || make(&gateway, &body)).await;
    match made.map_err(|_| Failure::Panicked)? {
        Ok(line) => Ok(reply::text(StatusCode::OK, TEXT, line)),
        Err(Problem::Refused(refusal)) => Ok(refused(&refusal)),
        Err(Problem::Broken(error)) => {
            tracing::error!(%error, "what was witnessed cannot be kept");
            Err(Failure::Panicked)
        }
    }
}

/// Answers `GET /witness/checkpoint/{SHA-256 of the name of a log}`: the newest that was signed here.
pub(crate) async fn newest(gateway: &Gateway, log: &str) -> Result<Response<Body>, Failure> {
    let is_hex = log.len() == 64 && log.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let path = gateway.snapshot().loaded.config.state.join("witness").join(log);
    if !is_hex {
        return Err(Failure::NoRoute);
    }
    let note =
        tokio::task::spawn_blocking(move || std::fs::read(path)).await.map_err(|_| Failure::Panicked)?;
    note.map(|note| reply::text(StatusCode::OK, TEXT, note)).map_err(|_| Failure::NoRoute)
}

enum Problem {
    Refused(Refusal),
    Broken(String),
}

/// Signs, and has kept what it signs before anybody sees the signature.
fn sign(gateway: &Gateway, body: &[u8]) -> Result<String, Problem> {
    let snapshot = gateway.snapshot();
    let config = &snapshot.loaded.config;
    let text = str::from_utf8(body).map_err(|_| Problem::Refused(Refusal::Form("it is no text")))?;
    let request: AddCheckpoint = text.parse().map_err(Problem::Refused)?;
    // One at a time: what was signed last must not change in between.
    let _turn = gateway.witness_turn.lock().unwrap_or_else(PoisonError::into_inner);
    let origin = origin_of(&request.note).unwrap_or_default();
    let path = place(&config.state, origin);
    let last = last_signed(&path)?;
    let known = known_rotations(&path)?;
    let keys: Vec<Verifier> =
        config.audit.witness_for.iter().map(|key| rotation::newest(key, &known)).collect();
    let new = request.judge(&keys, last.as_ref()).map_err(Problem::Refused)?;
    let broken = |error: &dyn std::error::Error| Problem::Broken(error.to_string());
    let cosigner = cosigner(&config.state, &gateway.node).map_err(|error| broken(&error))?;
    let line = cosigner.cosign(&request.note, crate::gateway::unix_seconds(std::time::SystemTime::now()));
    let line = line.map_err(|error| broken(&error))?;
    whole::replace(&path, format!("{}{line}", request.note).as_bytes()).map_err(|error| broken(&error))?;
    tracing::debug!(log = %new.origin, events = new.size, "a checkpoint was witnessed");
    Ok(line)
}

/// Follows a log to its new key, and has kept the change before anything is signed under it.
fn follow(gateway: &Gateway, body: &[u8]) -> Result<String, Problem> {
    let snapshot = gateway.snapshot();
    let config = &snapshot.loaded.config;
    let form = |_| Problem::Refused(Refusal::Form("it is no change of a key that both keys have signed"));
    let text = str::from_utf8(body).map_err(|_| Problem::Refused(Refusal::Form("it is no text")))?;
    let told = read_rotations(text).map_err(form)?;
    let _turn = gateway.witness_turn.lock().unwrap_or_else(PoisonError::into_inner);
    let origin = told.first().map(|rotation| rotation.previous().origin().as_str()).unwrap_or_default();
    let path = place(&config.state, origin);
    let mut known = known_rotations(&path)?;
    let taken =
        witness::take_rotations(&config.audit.witness_for, &known, &told).map_err(Problem::Refused)?;
    if !taken.is_empty() {
        known.extend(taken);
        let lines: String = known.iter().map(|rotation| format!("{rotation}\n")).collect();
        let kept = whole::replace(&path.with_extension(ROTATIONS), lines.as_bytes());
        kept.map_err(|error| Problem::Broken(error.to_string()))?;
        tracing::info!(log = origin, "a witnessed log has a new key");
    }
    Ok(String::new())
}

/// Beside the checkpoint that was signed last.
const ROTATIONS: &str = "rotations";

/// The changes of the key of a log that it has told of.
fn known_rotations(path: &Path) -> Result<Vec<Rotation>, Problem> {
    let path = path.with_extension(ROTATIONS);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Problem::Broken(error.to_string())),
    };
    read_rotations(&text).map_err(|error| Problem::Broken(format!("`{}`: {error}", path.display())))
}

fn place(state: &Path, origin: &str) -> PathBuf {
    state.join("witness").join(hex(&Sha256::digest(origin)))
}

/// What was signed last of this log. What cannot be read is no reason to sign anything.
fn last_signed(path: &Path) -> Result<Option<Checkpoint>, Problem> {
    let note = match std::fs::read_to_string(path) {
        Ok(note) => note,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Problem::Broken(error.to_string())),
    };
    // The key that has signed it then may have left the configuration since.
    let checkpoint = Checkpoint::read_unverified(&note);
    checkpoint.map(Some).map_err(|_| Problem::Broken(format!("`{}` is not what was signed", path.display())))
}

/// Source: C2SP tlog-witness.
fn refused(refusal: &Refusal) -> Response<Body> {
    let status = match refusal {
        Refusal::Form(_) => StatusCode::BAD_REQUEST,
        Refusal::UnknownLog => StatusCode::NOT_FOUND,
        Refusal::Key(_) => StatusCode::FORBIDDEN,
        Refusal::OtherSize(size) => return reply::text(StatusCode::CONFLICT, SIZE, format!("{size}\n")),
        Refusal::Forked => StatusCode::CONFLICT,
        Refusal::Inconsistent(_) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    // Only the owner of a log's key comes as far as these: nobody else can fill the log of this process.
    if matches!(refusal, Refusal::Forked | Refusal::Inconsistent(_)) {
        tracing::warn!(%refusal, "a checkpoint was not witnessed");
    }
    reply::text(status, TEXT, format!("{refusal}\n"))
}

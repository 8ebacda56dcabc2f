//! What is known of a batch, as it is kept and as it is told.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fmt;
use weir_store::objects::Object;
use weir_wire::request::BadRequest;

/// What the client says of a batch.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Asked {
    pub input_file_id: String,
    pub endpoint: String,
    pub completion_window: String,
    pub metadata: Option<Map<String, Value>>,
}

/// Metadata is user text.
impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asked").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

impl Asked {
    /// Reads the body of a request for a batch.
    ///
    /// # Errors
    /// [`BadRequest`] for the first thing that is wrong or missing.
    pub fn read(body: &[u8]) -> Result<Self, BadRequest> {
        let wrong = |param: &str, what: &str| {
            BadRequest::field("invalid_type", param, format!("`{param}` must be {what}"))
        };
        let Ok(Value::Object(fields)) = serde_json::from_slice::<Value>(body) else {
            let message = "the body must be a JSON object".to_owned();
            return Err(BadRequest { code: "invalid_json", message, param: None });
        };
        let text = |name: &str| match fields.get(name) {
            None => Err(BadRequest::missing(name)),
            Some(Value::String(text)) => Ok(text.clone()),
            Some(_) => Err(wrong(name, "a string")),
        };
        let metadata = match fields.get("metadata") {
            None | Some(Value::Null) => None,
            Some(Value::Object(metadata)) => Some(metadata.clone()),
            Some(_) => return Err(wrong("metadata", "an object")),
        };
        let (input_file_id, endpoint) = (text("input_file_id")?, text("endpoint")?);
        let completion_window = text("completion_window")?;
        if completion_window != "24h" {
            return Err(wrong("completion_window", "`24h`"));
        }
        Ok(Self { input_file_id, endpoint, completion_window, metadata })
    }
}

/// How far a batch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    Validating,
    Failed,
    InProgress,
    Finalizing,
    Completed,
    Expired,
    Cancelling,
    Cancelled,
}

impl Status {
    pub const fn is_final(self) -> bool {
        matches!(self, Status::Failed | Status::Completed | Status::Expired | Status::Cancelled)
    }

    const fn word(self) -> &'static str {
        match self {
            Status::Validating => "validating",
            Status::Failed => "failed",
            Status::InProgress => "in_progress",
            Status::Finalizing => "finalizing",
            Status::Completed => "completed",
            Status::Expired => "expired",
            Status::Cancelling => "cancelling",
            Status::Cancelled => "cancelled",
        }
    }
}

/// How many requests a batch has, and how many have ended in which way.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct Counts {
    pub total: usize,
    pub completed: usize,
    pub failed: usize,
}

/// What is wrong with a line of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct BadLine {
    pub code: String,
    /// Counted from 1.
    pub line: usize,
    pub message: String,
    pub param: Option<String>,
}

/// A batch.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Batch {
    pub asked: Asked,
    pub status: Status,
    /// When it came so far, in seconds since 1970, by the word of the status.
    pub times: BTreeMap<String, i64>,
    /// When what has not run by then is given up.
    pub ends_s: i64,
    pub output_file_id: Option<String>,
    pub error_file_id: Option<String>,
    pub counts: Counts,
    pub errors: Vec<BadLine>,
    /// The API key that asked for it.
    pub key: Option<String>,
    /// Whether its caller wished it to stay inside.
    pub stays: bool,
    /// What records know the address of its caller by.
    pub peer: String,
}

impl Batch {
    /// It has come so far.
    pub fn enter(&mut self, status: Status, now_s: i64) {
        self.status = status;
        self.times.insert(status.word().to_owned(), now_s);
    }

    pub fn write(&self) -> Vec<u8> {
        // Maps with texts as keys, and nothing else that JSON does not have.
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub fn read(about: &[u8]) -> Option<Self> {
        serde_json::from_slice(about).ok()
    }

    /// As OpenAI's API tells of it.
    pub fn describe(&self, object: &Object) -> Value {
        let at = |status: Status| self.times.get(status.word());
        let errors = (!self.errors.is_empty()).then(|| json!({ "object": "list", "data": self.errors }));
        json!({
            "id": object.id,
            "object": "batch",
            "endpoint": self.asked.endpoint,
            "errors": errors,
            "input_file_id": self.asked.input_file_id,
            "completion_window": self.asked.completion_window,
            "status": self.status.word(),
            "output_file_id": self.output_file_id,
            "error_file_id": self.error_file_id,
            "created_at": object.created_s,
            "in_progress_at": at(Status::InProgress),
            "expires_at": self.ends_s,
            "finalizing_at": at(Status::Finalizing),
            "completed_at": at(Status::Completed),
            "failed_at": at(Status::Failed),
            "expired_at": at(Status::Expired),
            "cancelling_at": at(Status::Cancelling),
            "cancelled_at": at(Status::Cancelled),
            "request_counts": self.counts,
            "metadata": self.asked.metadata,
        })
    }
}

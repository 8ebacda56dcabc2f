//! What a gateway has left behind.

use crate::support::http::{Client, Reply};
use crate::support::stage::Stage;
use serde_json::Value;
use std::path::Path;

/// Everything that Weir wrote, but for what it sent.
pub struct Left {
    log: String,
    metrics: String,
    files: Vec<(String, String)>,
    rows: Vec<Value>,
}

impl Left {
    pub fn by(stage: &mut Stage) -> Self {
        let rows = stage.gateway.home.audit(&[]);
        let metrics = Client::connect(stage.gateway.admin).get("/metrics", &[]).text();
        let mut files = Vec::new();
        read_all(&stage.gateway.home.path().join("state"), &mut files);
        Self { log: stage.gateway.log(), metrics, files, rows }
    }

    /// Asserts that a text is in none of it.
    #[track_caller]
    pub fn assert_without(&self, canary: &str) {
        assert!(!self.log.contains(canary), "`{canary}` is in the log");
        assert!(!self.metrics.contains(canary), "`{canary}` is in the metrics");
        for (name, text) in &self.files {
            assert!(!text.contains(canary), "`{canary}` is in {name}");
        }
        let row = self.rows.iter().find(|row| row.to_string().contains(canary));
        assert!(row.is_none(), "`{canary}` is in a record: {row:?}");
    }

    /// The records of a reply, one for each attempt.
    pub fn records_of(&self, reply: &Reply) -> Vec<&Value> {
        let id = reply.decision();
        self.rows.iter().filter(|row| row["decision"]["decision_id"] == *id).collect()
    }
}

fn read_all(path: &Path, files: &mut Vec<(String, String)>) {
    if path.is_dir() {
        std::fs::read_dir(path).unwrap().for_each(|entry| read_all(&entry.unwrap().path(), files));
    } else if let Ok(bytes) = std::fs::read(path) {
        files.push((path.display().to_string(), String::from_utf8_lossy(&bytes).into_owned()));
    }
}

/// Whether a record says that classified content stayed inside.
pub fn says_kept_inside(row: &Value) -> bool {
    let decision = &row["decision"];
    decision["zone"] == "local"
        && decision["egress_permitted"] == false
        && matches!(decision["level"].as_str(), Some("confidential" | "restricted"))
}

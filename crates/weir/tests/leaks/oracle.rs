//! What a gateway has left behind.

use crate::support::http::{Client, Reply};
use crate::support::stage::Stage;
use serde_json::Value;
use std::collections::HashMap;
use std::path::Path;

/// Everything that Weir wrote, but for what it sent.
pub struct Left {
    log: String,
    metrics: String,
    files: Vec<(String, String)>,
    records: String,
    by_decision: HashMap<String, Vec<Value>>,
}

impl Left {
    pub fn by(stage: &mut Stage) -> Self {
        let mut left = Self {
            log: stage.gateway.log(),
            metrics: Client::connect(stage.gateway.admin).get("/metrics", &[]).text(),
            files: Vec::new(),
            records: String::new(),
            by_decision: HashMap::new(),
        };
        read_all(&stage.gateway.home.path().join("state"), &mut left.files);
        for row in stage.gateway.home.audit(&[]) {
            left.records.push_str(&row.to_string());
            let id = row["decision"]["decision_id"].as_str().unwrap().to_owned();
            left.by_decision.entry(id).or_default().push(row);
        }
        left
    }

    /// Asserts that a text is in none of it.
    #[track_caller]
    pub fn assert_without(&self, canary: &str) {
        assert!(!self.log.contains(canary), "`{canary}` is in the log");
        assert!(!self.metrics.contains(canary), "`{canary}` is in the metrics");
        for (name, text) in &self.files {
            assert!(!text.contains(canary), "`{canary}` is in {name}");
        }
        assert!(!self.records.contains(canary), "`{canary}` is in a record");
    }

    /// The records of a reply, one for each attempt.
    pub fn records_of(&self, reply: &Reply) -> &[Value] {
        self.by_decision.get(&reply.decision()).map_or(&[], Vec::as_slice)
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

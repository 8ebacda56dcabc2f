//! The admin API of the audit log.

use super::problem;
use crate::gateway::Gateway;
use crate::reply::{self, Body};
use http::{Response, StatusCode};
use std::sync::Arc;

/// What is asked of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    RotateKey,
}

impl Order {
    pub fn of(path: &str) -> Option<Self> {
        match path {
            "/audit/rotate-key" => Some(Order::RotateKey),
            _ => None,
        }
    }
}

/// Does what was asked, away from the threads that serve requests: it reads and waits for files.
pub(super) async fn obey(gateway: Arc<Gateway>, order: Order) -> Response<Body> {
    let done = tokio::task::spawn_blocking(move || match order {
        Order::RotateKey => rotate_key(&gateway),
    });
    done.await
        .unwrap_or_else(|_| problem(StatusCode::INTERNAL_SERVER_ERROR, "this failed; it is a bug in Weir"))
}

fn rotate_key(gateway: &Gateway) -> Response<Body> {
    match gateway.audit.rotate_key() {
        Ok(rotated) => match serde_json::to_vec(&rotated) {
            Ok(body) => reply::json(StatusCode::OK, body),
            Err(error) => problem(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
        },
        Err(error) => problem(StatusCode::CONFLICT, &error.to_string()),
    }
}

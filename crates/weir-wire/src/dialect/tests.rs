//! Tests of the dialects with one another.

mod golden;
mod members;
mod pairs;
mod providers;
mod readers;
mod requests;

use super::client::Addressed;
use crate::chat::ReplyIdentity;
use crate::json::{Json, Limits, Object, parse};

fn object(text: &[u8]) -> Object<'static> {
    match parse(text, Limits::default()) {
        Ok(Json::Object(object)) => object.into_owned(),
        other => panic!("{other:?}: {}", String::from_utf8_lossy(text)),
    }
}

fn identity() -> ReplyIdentity {
    ReplyIdentity { id: "resp_1a2b".to_owned(), alias: "auto".to_owned() }
}

fn addressed<'a>(identity: &'a ReplyIdentity, asked: &'a Object<'static>) -> Addressed<'a> {
    Addressed { identity, created_s: 1_764_000_000, asked }
}

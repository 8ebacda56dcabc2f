//! A permit for one content, used for another.

use std::sync::Arc;
use weir_egress::{Call, CloudBackend};
use weir_label::{Cloud, Permit};
use weir_wire::Encode;

async fn swap<C: Encode>(backend: &CloudBackend, call: &Call<'_>, mut permit: Permit<C, Cloud>, other: C) {
    permit.content = Arc::new(other);
    let _ = backend.send(permit, call).await;
}

async fn add<C: Encode>(backend: &CloudBackend, call: &Call<'_>, permit: Permit<C, Cloud>, other: Vec<u8>) {
    let _ = backend.send(permit, call, other).await;
}

fn main() {}

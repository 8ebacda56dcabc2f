//! Bytes that nobody classified.

use weir_egress::{Call, CloudBackend};

async fn leak(backend: &CloudBackend, call: &Call<'_>, body: Vec<u8>) {
    let _ = backend.send(body, call).await;
}

fn main() {}

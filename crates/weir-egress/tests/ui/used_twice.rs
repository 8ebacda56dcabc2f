//! A retry on the first attempt's permit.

use weir_egress::{Call, CloudBackend};
use weir_label::{Cloud, Permit};
use weir_wire::Nothing;

async fn leak(backend: &CloudBackend, call: &Call<'_>, permit: Permit<Nothing, Cloud>) {
    let _ = backend.send(permit, call).await;
    let _ = backend.send(permit, call).await;
}

fn main() {}

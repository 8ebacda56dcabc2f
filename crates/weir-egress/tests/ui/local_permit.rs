//! A permit for the inside, at the door to the outside.

use weir_egress::{Call, CloudBackend};
use weir_label::{Local, Permit};
use weir_wire::Nothing;

async fn leak(backend: &CloudBackend, call: &Call<'_>, permit: Permit<Nothing, Local>) {
    let _ = backend.send(permit, call).await;
}

fn main() {}

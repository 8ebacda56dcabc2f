//! Two permits out of one.

use weir_egress::{Call, CloudBackend};
use weir_label::{Cloud, Permit};
use weir_wire::Nothing;

async fn leak(backend: &CloudBackend, call: &Call<'_>, permit: Permit<Nothing, Cloud>) {
    let copy: Permit<Nothing, Cloud> = permit.clone();
    let _ = backend.send(permit, call).await;
    let _ = backend.send(copy, call).await;
}

fn main() {}

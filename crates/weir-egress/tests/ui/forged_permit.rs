//! A permit that no boundary made.

use std::marker::PhantomData;
use std::sync::Arc;
use weir_egress::{Call, CloudBackend};
use weir_label::{Cloud, Label, Permit, Revision};
use weir_wire::Nothing;

async fn leak(backend: &CloudBackend, call: &Call<'_>) {
    let permit: Permit<Nothing, Cloud> = Permit {
        content: Arc::new(Nothing),
        label: Label::default(),
        backend: "c".into(),
        revision: Revision::new("r1"),
        zone: PhantomData,
    };
    let _ = backend.send(permit, call).await;
}

fn main() {}

//! Content with its label, and the proof that it may go to one backend.

use crate::{Label, Revision, Zone};
use std::marker::PhantomData;
use std::sync::Arc;

/// Somebody who can say what label content carries.
pub trait Inspect<C: ?Sized> {
    /// The label of `content`. Must cover every byte that would be sent.
    fn inspect(&self, content: &C) -> Label;
}

/// Content with the label that inspection gave it. The content cannot be changed any more.
#[derive(Debug)]
pub struct Classified<C> {
    content: Arc<C>,
    label: Label,
}

impl<C> Clone for Classified<C> {
    fn clone(&self) -> Self {
        Self { content: self.content.clone(), label: self.label.clone() }
    }
}

impl<C> Classified<C> {
    /// Takes the content and has it inspected.
    pub fn new(content: impl Into<Arc<C>>, inspector: &impl Inspect<C>) -> Self {
        let content = content.into();
        let label = inspector.inspect(&content);
        Self { content, label }
    }

    /// The same content, looked at once more. What is found is joined to what was known.
    #[must_use]
    pub fn inspected_again(mut self, inspector: &impl Inspect<C>) -> Self {
        let label = inspector.inspect(&self.content);
        self.label.raise(&label);
        self
    }

    /// The same content with `label` joined to its own: a caller's or a conversation's. There is no
    /// way to lower it.
    #[must_use]
    pub fn raised(mut self, label: &Label) -> Self {
        self.label.raise(label);
        self
    }

    /// The content.
    #[must_use]
    pub fn content(&self) -> &C {
        &self.content
    }

    /// Its label.
    #[must_use]
    pub fn label(&self) -> &Label {
        &self.label
    }
}

/// Proof that this content may go to this backend, under this policy revision.
///
/// [`Boundary::permit`](crate::Boundary::permit) alone makes one: the fields are private to this file
/// and the struct literal occurs once.
///
/// INVARIANT (permit owns content): it holds the very value that was classified, so what was judged is
/// what is sent. Sending consumes it and it is not `Clone`, so a retry asks the boundary again and
/// meets a policy that has changed.
#[must_use = "a dropped permit is a request that was never sent"]
#[derive(Debug)]
pub struct Permit<C, Z: Zone> {
    content: Arc<C>,
    label: Label,
    backend: Arc<str>,
    revision: Revision,
    zone: PhantomData<Z>,
}

impl<C, Z: Zone> Permit<C, Z> {
    pub(crate) fn mint(classified: &Classified<C>, backend: Arc<str>, revision: Revision) -> Self {
        Self {
            content: classified.content.clone(),
            label: classified.label.clone(),
            backend,
            revision,
            zone: PhantomData,
        }
    }

    /// What may be sent.
    #[must_use]
    pub fn content(&self) -> &C {
        &self.content
    }

    /// Its label.
    #[must_use]
    pub fn label(&self) -> &Label {
        &self.label
    }

    /// The one backend that may receive it.
    #[must_use]
    pub fn backend(&self) -> &str {
        &self.backend
    }

    /// The policy revision that permitted it.
    #[must_use]
    pub fn revision(&self) -> &Revision {
        &self.revision
    }
}

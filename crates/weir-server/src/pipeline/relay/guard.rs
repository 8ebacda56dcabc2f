//! Whether what a stream from outside answers might still be sent there.

use crate::gateway::Gateway;
use crate::pipeline::decide::Ruling;
use crate::pipeline::inspect::{Inspected, look_again};
use std::sync::Arc;
use weir_audit::Ident;
use weir_label::Classified;
use weir_policy::{AnyRecipient, TargetId};
use weir_wire::request::ClientRequest;

/// A request that was sent outside, to be judged again when the policy in force is another.
pub(super) struct Guard {
    request: Classified<ClientRequest>,
    target: Arc<str>,
    /// The policy in force when it was judged last, and the engine that looked.
    policy: Ident,
    scanner: Ident,
}

impl Guard {
    /// Of a request to a target; none of what stays inside.
    pub fn of(
        gateway: &Gateway,
        ruling: &Ruling,
        target: TargetId,
        inspected: &Inspected,
    ) -> Option<Box<Self>> {
        let target = ruling.target(target)?;
        let AnyRecipient::Cloud(_) = &target.recipient else { return None };
        Some(Box::new(Self {
            request: inspected.request.clone(),
            target: target.name.clone(),
            policy: gateway.snapshot().words.policy.clone(),
            scanner: ruling.snapshot.words.scanner.clone(),
        }))
    }

    /// Whether the policy that is in force now has been tightened, so that there would be no permit any more.
    pub fn forbids(&mut self, gateway: &Gateway) -> bool {
        let snapshot = gateway.snapshot();
        if snapshot.words.policy == self.policy {
            return false;
        }
        self.policy = snapshot.words.policy.clone();
        if snapshot.words.scanner != self.scanner {
            self.request = look_again(self.request.clone(), &snapshot);
            self.scanner = snapshot.words.scanner.clone();
        }
        let catalogue = &snapshot.loaded.catalogue;
        let target = catalogue.target_named(&self.target).and_then(|id| catalogue.target(id));
        match target.map(|target| &target.recipient) {
            Some(AnyRecipient::Cloud(recipient)) => {
                snapshot.loaded.policy.boundary.permit(&self.request, recipient).is_err()
            }
            // What is no longer configured is no longer used, and what is under way ends as it began.
            Some(AnyRecipient::Local(_)) | None => false,
        }
    }
}

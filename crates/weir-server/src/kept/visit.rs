//! Who asks for what is kept. That somebody was given it, or had it removed, is on record before it happens.

use super::label;
use crate::failure::{BackendFailure, Failure};
use crate::gateway::Gateway;
use crate::ids::RequestIds;
use crate::pipeline::identify::Caller;
use crate::pseudonym::Peer;
use crate::reply::{self, Body};
use crate::unrecorded::Lost;
use http::Response;
use std::sync::Arc;
use weir_audit::event::{AsEvent, ObjectRead, ObjectRemoved, ObjectUse};
use weir_audit::{Ident, Name};
use weir_store::audit::AuditError;
use weir_store::objects::{Kind, Object};
use weir_wire::request::Api;

/// One request of a caller's for what is kept.
#[derive(Debug)]
pub(crate) struct Visit<'p> {
    pub caller: Caller,
    peer: &'p Peer,
    request_id: Ident,
}

impl<'p> Visit<'p> {
    pub fn new(caller: Caller, peer: &'p Peer) -> Self {
        Self { caller, peer, request_id: RequestIds::new(Api::CHAT).request }
    }

    /// Puts on record that the caller is given an object.
    ///
    /// # Errors
    /// [`BackendFailure::NoRecord`] when that cannot be, and it is not to be given without.
    pub async fn reads(&self, gateway: &Arc<Gateway>, kind: Kind, object: &Object) -> Result<(), Failure> {
        self.record(gateway, ObjectRead(self.of(kind, object))).await
    }

    /// Puts on record that the caller has an object removed.
    ///
    /// # Errors
    /// As [`reads`](Self::reads).
    pub async fn removes(&self, gateway: &Arc<Gateway>, kind: Kind, object: &Object) -> Result<(), Failure> {
        self.record(gateway, ObjectRemoved(self.of(kind, object))).await
    }

    /// The answer, with the id by which the record knows the request.
    pub fn told(&self, response: Response<Body>) -> Response<Body> {
        reply::with_request_id(response, self.request_id.as_str())
    }

    fn of(&self, kind: Kind, object: &Object) -> ObjectUse {
        let key = self.caller.key.as_ref();
        ObjectUse {
            request_id: self.request_id.clone(),
            tenant: key.and_then(|key| key.terms.tenant.as_deref()).map(Name::new),
            key_id: key.map(|key| Ident::of(&key.id)),
            client_addr_pseudonym: self.peer.pseudonym.clone(),
            kind: Ident::fixed(kind.as_str()),
            object: Ident::new(&object.id),
            level: label::read(&object.label).level(),
        }
    }

    async fn record(&self, gateway: &Arc<Gateway>, event: impl AsEvent) -> Result<(), Failure> {
        let written = match gateway.audit.append(event) {
            Ok(ticket) => ticket.written().await.map_err(AuditError::from),
            Err(error) => Err(error),
        };
        match written {
            Ok(()) => Ok(()),
            Err(_) if gateway.serves_without_record() => {
                gateway.lost(Lost::Served);
                Ok(())
            }
            Err(error) => {
                tracing::error!(%error, "what is kept is not given out: there can be no record of it");
                Err(Failure::Backend(BackendFailure::NoRecord))
            }
        }
    }
}

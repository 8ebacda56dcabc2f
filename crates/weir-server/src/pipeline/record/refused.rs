//! What is refused where no content is taken: no such endpoint, no such file, a caller nobody knows, a head that
//! cannot be read. It has a decision and an outcome like every request that is refused.

use super::Ledger;
use crate::failure::Failure;
use crate::gateway::Gateway;
use crate::pipeline::identify::Caller;
use crate::pseudonym::Peer;
use crate::reply::{self, Body};
use http::Response;
use std::sync::Arc;
use weir_audit::Ident;
use weir_label::Level;
use weir_wire::dialect::ClientDialect;
use weir_wire::request::Api;

/// A request that is refused.
#[derive(Debug)]
pub(crate) struct Refused<'p> {
    /// What was asked for, in the record's word.
    pub what: &'static str,
    /// Who asked, if that is known.
    pub caller: Option<Caller>,
    pub peer: &'p Peer,
}

impl Refused<'_> {
    /// Puts on record why, and tells it in the words of the client's dialect.
    pub async fn answer(
        self,
        gateway: &Arc<Gateway>,
        failure: &Failure,
        form: ClientDialect,
    ) -> Response<Body> {
        let ledger = self.account(gateway, failure);
        let mut response = reply::failure(failure, form, ledger.request_id().as_str());
        ledger.stamp(response.headers_mut());
        ledger.finish(response.status()).await;
        response
    }

    /// Puts on record why, where the client has been told otherwise.
    pub async fn note(self, gateway: &Arc<Gateway>, failure: &Failure) {
        self.account(gateway, failure).finish_untold().await;
    }

    fn account(&self, gateway: &Arc<Gateway>, failure: &Failure) -> Ledger {
        let mut ledger = Ledger::open(gateway.clone(), Api::CHAT, self.peer, None);
        ledger.decision.api = Ident::fixed(self.what);
        // Of no data, because none was taken in: else whoever knocks at every door would have the whole log kept for as
        // long as what is restricted.
        ledger.decision.level = Level::Public;
        if let Some(caller) = &self.caller {
            ledger.identified(caller);
        }
        ledger.fail(failure);
        ledger
    }
}

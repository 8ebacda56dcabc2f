//! Servers inside the network that keep what they are given; some say that they have it.

use crate::connector::Connector;
use crate::{ConnectError, SendError};
use tokio::time::timeout;
use weir_label::{Local, Permit};
use weir_wire::{Destination, Encode};
use zeroize::Zeroizing;

/// What a permit holds for this server.
///
/// INVARIANT (one door): nothing else is written to a server that is not spoken to over HTTP.
pub(crate) fn content_for<C: Encode>(backend: &str, permit: Permit<C, Local>) -> Result<Vec<u8>, SendError> {
    if permit.backend() != backend {
        let permitted = permit.backend().to_owned();
        return Err(SendError::WrongBackend { permitted, backend: backend.to_owned() });
    }
    let mut content = Vec::new();
    permit.content().encode(&Destination::new("", false), &mut content);
    Ok(content)
}

/// Works in a session for as long as the server may take, and gives the session back for the next time: one that
/// failed, or was left in the middle, is not used again.
pub(crate) async fn in_time<S>(
    connector: &Connector,
    work: impl Future<Output = Result<S, DeliveryError>>,
) -> Result<S, DeliveryError> {
    let after = connector.timeout();
    let late = || ConnectError::FirstByteTimeout { host: connector.host().to_owned(), after };
    timeout(after, work).await.unwrap_or_else(|_| Err(SendError::from(late()).into()))
}

/// Who Weir is at such a server. `Debug` does not show it.
pub struct Login {
    pub(crate) user: Option<String>,
    pub(crate) secret: Zeroizing<String>,
}

impl Login {
    /// `USER:PASSWORD`, or a token that holds no colon.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text.split_once(':') {
            Some((user, password)) => {
                Self { user: Some(user.to_owned()), secret: Zeroizing::new(password.to_owned()) }
            }
            None => Self { user: None, secret: Zeroizing::new(text.to_owned()) },
        }
    }
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Login(***)")
    }
}

/// Why a server has not got what it was to keep. No message holds a credential or anything of what was sent.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// It could not be reached, or not in time.
    #[error(transparent)]
    Send(#[from] SendError),
    /// It will not take this, however often it is offered.
    #[error("it refuses what it is sent ({0})")]
    Refused(String),
    /// It does not take anything now.
    #[error("{0}")]
    Failed(String),
    /// It said something else than its protocol has.
    #[error("its answer is not one of its protocol")]
    Protocol,
    /// The connection broke off.
    #[error("the connection broke off")]
    Closed,
}

//! Servers inside the network that keep what they are given, and say that they have it.

use crate::SendError;
use zeroize::Zeroizing;

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

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;
use std::fmt::Write as _;
use std::net::SocketAddr;
use weir_audit::Ident;
use zeroize::Zeroizing;

/// Who is at the other end of a connection.
#[derive(Debug)]
pub(crate) struct Peer {
    pub address: SocketAddr,
    /// What records know the address by.
    pub pseudonym: Ident,
}

impl Peer {
    pub fn new(pseudonyms: &Pseudonyms, address: SocketAddr) -> Self {
        let pseudonym = pseudonyms.of("address", address.ip().to_string().as_bytes());
        Self { address, pseudonym: Ident::new(&pseudonym) }
    }
}

/// Turns identifiers into pseudonyms with a key: the same for the same identifier, and none without the
/// key. Destroying the key erases whom the records speak of.
pub(crate) struct Pseudonyms(Zeroizing<[u8; 32]>);

impl fmt::Debug for Pseudonyms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pseudonyms(***)")
    }
}

impl Pseudonyms {
    pub fn new(key: Zeroizing<[u8; 32]>) -> Self {
        Self(key)
    }

    /// 96 bits of HMAC-SHA-256 in hex; `domain` keeps identifiers of different kinds apart.
    pub fn of(&self, domain: &str, identifier: &[u8]) -> String {
        // HMAC takes keys of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.as_slice()) else { return String::new() };
        mac.update(domain.as_bytes());
        mac.update(b"\0");
        mac.update(identifier);
        let tag = mac.finalize().into_bytes();
        tag.iter().take(12).fold(String::with_capacity(24), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

//! What entitles to change something over the admin API.
//!
//! Either the token itself, as a bearer token, for hooks that can do no more; or a proof of it that is good
//! for one request and a short time, which is what `weir policy` sends: whoever sits on the admin port while
//! the gateway is away learns nothing from it that opens the gateway later.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// How far the clocks of two programs on one machine may be apart, in seconds.
const SECONDS_MAX: u64 = 30;

/// The token of an installation, and the proofs of it that were used.
pub(crate) struct AdminToken {
    key: Zeroizing<[u8; 32]>,
    /// Proofs and when they were made, as long as they could be used again.
    used: Mutex<BTreeMap<String, u64>>,
}

impl std::fmt::Debug for AdminToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AdminToken")
    }
}

/// A proof of the token, for one request: seconds since 1970, a dot, and HMAC-SHA-256 in hexadecimal.
#[must_use]
pub fn admin_proof(key: &Zeroizing<[u8; 32]>, path: &str, body: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(proof(key, path, body, now()))
}

fn proof(key: &Zeroizing<[u8; 32]>, path: &str, body: &[u8], seconds: u64) -> String {
    // A key of any length is good for HMAC.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_ref()) else { return String::new() };
    mac.update(format!("weir admin\n{path}\n{seconds}\n").as_bytes());
    mac.update(&Sha256::digest(body));
    format!("{seconds}.{}", weir_audit::event::hex(&mac.finalize().into_bytes()))
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

impl AdminToken {
    pub fn new(key: Zeroizing<[u8; 32]>) -> Self {
        Self { key, used: Mutex::default() }
    }

    /// Whether this entitles to ask for this.
    pub fn admits(&self, presented: &str, path: &str, body: &[u8]) -> bool {
        self.admits_at(presented, path, body, now())
    }

    fn admits_at(&self, presented: &str, path: &str, body: &[u8], now: u64) -> bool {
        let token = Zeroizing::new(weir_audit::event::hex(self.key.as_ref()));
        if presented.as_bytes().ct_eq(token.as_bytes()).into() {
            return true;
        }
        let Some(seconds) = presented.split_once('.').and_then(|(seconds, _)| seconds.parse::<u64>().ok())
        else {
            return false;
        };
        let expected = proof(&self.key, path, body, seconds);
        let is_proof: bool = presented.as_bytes().ct_eq(expected.as_bytes()).into();
        is_proof && seconds.abs_diff(now) <= SECONDS_MAX && self.is_first_use(expected, seconds, now)
    }

    fn is_first_use(&self, proof: String, seconds: u64, now: u64) -> bool {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.retain(|_, seconds| seconds.abs_diff(now) <= SECONDS_MAX);
        used.insert(proof, seconds).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_good_for_one_request_and_a_short_time() {
        let key = Zeroizing::new([3; 32]);
        let token = AdminToken::new(key.clone());
        let made = proof(&key, "/policy/apply", b"{}", 1_000);
        for (path, body, now) in [
            ("/policy/rollback", &b"{}"[..], 1_000),
            ("/policy/apply", b"{ }", 1_000),
            ("/policy/apply", b"{}", 1_031),
            ("/policy/apply", b"{}", 969),
        ] {
            assert!(!token.admits_at(&made, path, body, now), "{path} {body:?} {now}");
        }
        assert!(token.admits_at(&made, "/policy/apply", b"{}", 1_030));
        assert!(!token.admits_at(&made, "/policy/apply", b"{}", 1_030), "a second time");
        assert!(!made.contains(&weir_audit::event::hex(&[3; 32])));
    }

    #[test]
    fn the_token_itself_is_good_and_nothing_else_is() {
        let token = AdminToken::new(Zeroizing::new([3; 32]));
        assert!(token.admits("03".repeat(32).as_str(), "/policy/apply", b""));
        for other in ["", "03", "x.y", "1000.", &"04".repeat(32), &format!("{}.", "03".repeat(32))] {
            assert!(!token.admits(other, "/policy/apply", b""), "{other}");
        }
    }
}

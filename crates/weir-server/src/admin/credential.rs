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

/// How long a proof is good for, and how far the clocks of two programs on one machine may be apart, in nanoseconds.
const NANOS_MAX: u64 = 30_000_000_000;

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

/// A proof of the token, for one request: nanoseconds since 1970, so that the same request can follow at once, a dot,
/// and HMAC-SHA-256 in hexadecimal.
#[must_use]
pub fn admin_proof(key: &Zeroizing<[u8; 32]>, path: &str, body: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(proof(key, path, body, now()))
}

fn proof(key: &Zeroizing<[u8; 32]>, path: &str, body: &[u8], nanos: u64) -> String {
    // A key of any length is good for HMAC.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_ref()) else { return String::new() };
    mac.update(format!("weir admin\n{path}\n{nanos}\n").as_bytes());
    mac.update(&Sha256::digest(body));
    format!("{nanos}.{}", weir_audit::event::hex(&mac.finalize().into_bytes()))
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64)
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
        let Some(nanos) = presented.split_once('.').and_then(|(nanos, _)| nanos.parse::<u64>().ok()) else {
            return false;
        };
        let expected = proof(&self.key, path, body, nanos);
        let is_proof: bool = presented.as_bytes().ct_eq(expected.as_bytes()).into();
        is_proof && nanos.abs_diff(now) <= NANOS_MAX && self.is_first_use(expected, nanos, now)
    }

    fn is_first_use(&self, proof: String, nanos: u64, now: u64) -> bool {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.retain(|_, nanos| nanos.abs_diff(now) <= NANOS_MAX);
        used.insert(proof, nanos).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_good_for_one_request_and_a_short_time() {
        let key = Zeroizing::new([3; 32]);
        let token = AdminToken::new(key.clone());
        let at = |seconds: u64| seconds * 1_000_000_000;
        let made = proof(&key, "/policy/apply", b"{}", at(1_000));
        for (path, body, now) in [
            ("/policy/rollback", &b"{}"[..], at(1_000)),
            ("/policy/apply", b"{ }", at(1_000)),
            ("/policy/apply", b"{}", at(1_031)),
            ("/policy/apply", b"{}", at(969)),
        ] {
            assert!(!token.admits_at(&made, path, body, now), "{path} {body:?} {now}");
        }
        assert!(token.admits_at(&made, "/policy/apply", b"{}", at(1_030)));
        assert!(!token.admits_at(&made, "/policy/apply", b"{}", at(1_030)), "a second time");
        assert!(!made.contains(&weir_audit::event::hex(&[3; 32])));
    }

    #[test]
    fn the_same_request_may_follow_at_once() {
        let key = Zeroizing::new([3; 32]);
        let token = AdminToken::new(key.clone());
        for _ in 0..3 {
            assert!(token.admits(&admin_proof(&key, "/policy/rollback", b"{}"), "/policy/rollback", b"{}"));
        }
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

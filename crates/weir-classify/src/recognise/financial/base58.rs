//! Base58 with the check of Bitcoin, and Bech32.

use sha2::{Digest, Sha256};

/// Bitcoin's alphabet. Source: Bitcoin Core, `base58.cpp`; IETF draft-msporny-base58.
pub(super) const BITCOIN: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/// Source: XRP Ledger, "base58 Encodings".
pub(super) const XRP: &[u8; 58] = b"rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz";

/// The bytes, big-endian, that `text` stands for, when there are `len`.
pub(super) fn decode(text: &[u8], alphabet: &[u8; 58], len: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0_u8; len];
    for character in text {
        let mut carry = alphabet.iter().position(|known| known == character)?;
        for byte in bytes.iter_mut().rev() {
            carry += usize::from(*byte) * 58;
            *byte = u8::try_from(carry & 0xff).ok()?;
            carry >>= 8;
        }
        if carry > 0 {
            return None;
        }
    }
    Some(bytes)
}

/// Whether the last four bytes are the beginning of the double SHA-256 of those before.
pub(super) fn is_checked(bytes: &[u8]) -> bool {
    let Some((payload, check)) = bytes.split_last_chunk::<4>() else { return false };
    Sha256::digest(Sha256::digest(payload)).starts_with(check)
}

pub(super) const BECH32: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// Whether `text` ends in a checksum of Bech32 (BIP 173) or Bech32m (BIP 350). It is of one case.
pub(super) fn is_bech32(text: &[u8]) -> bool {
    let text = text.to_ascii_lowercase();
    let Some(separator) = text.iter().rposition(|b| *b == b'1') else { return false };
    let (prefix, data) = text.split_at(separator);
    let high = prefix.iter().map(|b| b >> 5);
    let low = prefix.iter().map(|b| b & 31);
    let mut values: Vec<u8> = high.chain([0]).chain(low).collect();
    for character in data.iter().skip(1) {
        let Some(value) = BECH32.iter().position(|known| known == character) else { return false };
        values.extend(u8::try_from(value));
    }
    matches!(polymod(&values), 1 | 0x2bc8_30a3)
}

/// Source: BIP 173, "Checksum".
fn polymod(values: &[u8]) -> u32 {
    const GENERATORS: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    values.iter().fold(1, |check: u32, value| {
        let top = check >> 25;
        let next = (check & 0x01ff_ffff) << 5 ^ u32::from(*value);
        GENERATORS
            .iter()
            .enumerate()
            .filter(|(bit, _)| top >> bit & 1 == 1)
            .fold(next, |sum, (_, generator)| sum ^ generator)
    })
}

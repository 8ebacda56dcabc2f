//! Checks by Keccak-256, of which Ethereum and Monero use the form before it became SHA-3.

use super::base58::{BITCOIN, decode};
use sha3::{Digest, Keccak256};

/// Whether the capitals among 40 hexadecimal digits are those of the checksum. Source: EIP-55.
pub(super) fn has_right_capitals(digits: &[u8]) -> bool {
    let hash = Keccak256::digest(digits.to_ascii_lowercase());
    let nibbles = hash.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .iter()
        .zip(nibbles)
        .all(|(digit, nibble)| digit.is_ascii_digit() || digit.is_ascii_uppercase() == (nibble >= 8))
}

/// Characters of a full block of Monero's Base58, and the bytes that it stands for.
const BLOCK: (usize, usize) = (11, 8);
/// Characters of the last block of an address, 69 or 77 bytes long, and its bytes.
const LAST: (usize, usize) = (7, 5);
/// Of the main network: an address, one with a payment id, a subaddress.
const NETWORKS: [u8; 3] = [18, 19, 42];

/// Whether an address of Monero is of the main network and ends in its checksum.
///
/// Source: Monero, `cryptonote_config.h` and `base58.cpp`.
pub(super) fn is_monero(text: &[u8]) -> bool {
    let blocks = text.chunks(BLOCK.0).map(|block| {
        let bytes = if block.len() == BLOCK.0 { BLOCK.1 } else { LAST.1 };
        decode(block, BITCOIN, bytes)
    });
    let Some(bytes) = blocks.collect::<Option<Vec<_>>>().map(|blocks| blocks.concat()) else { return false };
    let Some((payload, check)) = bytes.split_last_chunk::<4>() else { return false };
    text.len() % BLOCK.0 == LAST.0
        && payload.first().is_some_and(|network| NETWORKS.contains(network))
        && Keccak256::digest(payload).starts_with(check)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_eip_55_hold() {
        for digits in [
            b"52908400098527886E0F7030069857D2E4169EE7",
            b"27b1fdb04752bbc536007a920d24acb045561c26",
            b"5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            b"fB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
            b"D1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
        ] {
            assert!(has_right_capitals(digits), "{}", digits.escape_ascii());
        }
        assert!(!has_right_capitals(b"5aAeb6053F3E94C9b9A09f33669435E7Ef1Beaed"));
    }
}

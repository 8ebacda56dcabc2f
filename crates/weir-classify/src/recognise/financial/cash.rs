//! Addresses of Bitcoin Cash and its kin.

use super::base58::BECH32;
use crate::haystack::Haystack;
use std::ops::Range;

/// What may stand before an address, with a colon; without any it is the first.
const PREFIXES: [&str; 4] = ["bitcoincash", "bchtest", "ecash", "ectest"];

/// The address with the prefix before it, if its checksum is right. It is of one case.
///
/// Source: "CashAddr", the specification of Bitcoin Cash's address format.
pub(super) fn with_prefix(haystack: &Haystack<'_>, span: Range<usize>) -> Option<Range<usize>> {
    let address = haystack.slice(span.clone()).to_ascii_lowercase();
    let written = PREFIXES.iter().find(|prefix| stands_before(haystack, span.start, prefix));
    let [first, ..] = PREFIXES;
    let values = address.iter().map(|character| BECH32.iter().position(|known| known == character));
    let values = values.map(|value| value.and_then(|value| u64::try_from(value).ok()));
    let prefix = written.copied().unwrap_or(first);
    let head = prefix.bytes().map(|b| u64::from(b & 31)).chain([0]).map(Some);
    let all: Option<Vec<u64>> = head.chain(values).collect();
    (polymod(&all?) == 0).then(|| span.start - written.map_or(0, |prefix| prefix.len() + 1)..span.end)
}

fn stands_before(haystack: &Haystack<'_>, at: usize, prefix: &str) -> bool {
    let start = at.checked_sub(prefix.len() + 1);
    let written = start.map(|start| haystack.slice(start..at).to_ascii_lowercase());
    written.is_some_and(|written| written.strip_suffix(b":") == Some(prefix.as_bytes()))
}

fn polymod(values: &[u64]) -> u64 {
    const GENERATORS: [u64; 5] =
        [0x98_f2bc_8e61, 0x79_b76d_99e2, 0xf3_3e5f_b3c4, 0xae_2eab_e2a8, 0x1e_4f43_e470];
    let step = |check: u64, value: &u64| {
        let next = (check & 0x07_ffff_ffff) << 5 ^ value;
        let set = GENERATORS.iter().enumerate().filter(|(bit, _)| check >> 35 >> bit & 1 == 1);
        set.fold(next, |sum, (_, generator)| sum ^ generator)
    };
    values.iter().fold(1, step) ^ 1
}

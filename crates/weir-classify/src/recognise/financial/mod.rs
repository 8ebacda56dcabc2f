//! Cards, accounts and wallets.

mod account;
mod base58;
mod bic;
mod card;
mod cash;
mod iban;
mod keccak;
mod wallet;

use super::RecogniserInfo;

pub(crate) use card::{CONTEXT as CARD_WORDS, luhn};
pub(crate) use iban::remainder_97;

pub(super) const ROWS: &[RecogniserInfo] = &[
    card::ROW,
    iban::ROW,
    bic::ROW,
    account::ROUTING,
    account::SORT_CODE,
    account::NUMBER,
    wallet::ROW,
    wallet::SOLANA,
];

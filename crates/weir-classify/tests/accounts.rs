//! Wallets, cards, bank accounts and codes.

mod common;

use common::{finds, finds_nothing};

/// From the standards (BIP 173, BIP 350, EIP-55, SEP-0023), or made of hashed text with its checksum.
const WALLETS: &[&str] = &[
    "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
    "3P14159f73E4gFr7JterCCQh9QjiTjiZrG",
    "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
    "LZdxNJDQEjML6qUtNEzqicbnCgtusburjQ",
    "MNKALWoyf6H5jhm4R5fUgs9MThQoJTCt6g",
    "ltc1r23clxd5mzfsh79vn6pg0kaytjeq8w4urkh7j0t",
    "DKZ6eLrDTV1ZP2yKvh16zMhcscFw7weaVE",
    "Xq6qwLZU7nKrzyPK3zKmJ8Dopp7KrekKrQ",
    "t1YHc7RKi8PtsSfqd8XpfaQdwF8iiY7QsRC",
    "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh",
    "TQPD79HJJoEE1CrMnNfFxkE9uGGwxPjki4",
    "tz1a42oCmnnerZ9SUrhd56UhZetUqqW8icBK",
    "cosmos1r23clxd5mzfsh79vn6pg0kaytjeq8w4u0777pr",
    "addr19smx3u8jagn7f5l24qtkpvhzdcrwey069smx3u8jagn7f5l24qtkpvhzdcrwey069smx3u8jagn7f5l24qtkpvhzdcrw3f8aus",
    "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ",
    "xpub6KEjfMuFHYhJWMBM7TnZ75Edtk9qMrQWpyqN75LEsAAcVrai2WCrk6Mzvv56VsXBXkAJaPWLhipu8AosQ3aiDvB84FxRoosYQ7qzGCMJTit",
    "47rVnhjA5HL4PxNEGbUPpwTZmZzWnbxF7KztFyjj95VqNTjAQHNwKsAhb5297LVhWCBnXwvcCMVZsM2mUK81TWai52xy54V",
    "88ge85Nzfhk4PxNEGbUPpwTZmZzWnbxF7KztFyjj95VqNTjAQHNwKsAhb5297LVhWCBnXwvcCMVZsM2mUK81TWai52B2Rhn",
    "4HZAoWYegYr4PxNEGbUPpwTZmZzWnbxF7KztFyjj95VqNTjAQHNwKsAhb5297LVhWCBnXwvcCMVZsM2mUK81TWai6vPijnpq2T8HBpS14c",
    "bitcoincash:qzjxhe4k7hqck9zdfcmmetymdj0dy4qmt5476m0juz",
    "ppx0vmn3jn3hlh6tkvugqnjgj2ntn7897gr2s2skx6",
    "bitcoincash:pwjxhe4k7hqck9zdfcmmetymdj0dy4qmt4x0vmn3jn3hlh6tkvugqq2d4k6fm",
    "ecash:qzjxhe4k7hqck9zdfcmmetymdj0dy4qmt5vnws5g64",
];

#[test]
fn wallet_addresses_are_found() {
    for wallet in WALLETS {
        finds("CRYPTO", wallet, &format!("send it to {wallet}, please"));
        finds("CRYPTO", wallet, &format!("\"to\":\"{wallet}\""));
    }
    let solana = "BeC2nCogmsaUPqYc3MkmgvhKehRLU4qkNHzpnK1RHxuy";
    finds("CRYPTO", solana, &format!("my Solana wallet {solana}"));
    finds_nothing(&format!("checksum {solana}"));
}

#[test]
fn an_address_with_one_other_character_is_none() {
    for wallet in WALLETS.iter().filter(|wallet| !wallet.starts_with("0x")) {
        let last = if wallet.ends_with('q') || wallet.ends_with('Q') { "p" } else { "q" };
        let wrong = format!("{}{last}", &wallet[..wallet.len() - 1]);
        finds_nothing(&format!("send it to {wrong}, please"));
    }
}

#[test]
fn a_checksum_of_capitals_counts_and_a_wrong_one_needs_a_context() {
    let (right, wrong) =
        ("0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5D359");
    finds("CRYPTO", right, &format!("deployed at {right}"));
    finds_nothing(&format!("deployed at {wrong}"));
    finds("CRYPTO", wrong, &format!("my wallet: {wrong}"));
    finds("CRYPTO", &wrong.to_lowercase(), &format!("deployed at {}", wrong.to_lowercase()));
    let monero =
        "44ANKTp6N4e6DDTs5Etc4XpMoRVdCEBVDrfQQYZNPsBjf55hEALeAcQ4uM6NqxmXiwHHHYMYoUfdtFzXFrqtL4bEy8DUxrC";
    finds("CRYPTO", monero, &format!("Monero: {monero}"));
    finds_nothing(&format!("id {monero}"));
}

#[test]
fn what_is_as_long_as_a_wallet_address_is_none() {
    for text in [
        "sha1 da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "0x0000000000000000000000000000000000000000",
        "0x00000000000000000000000000000000deadbeef",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed00",
        "bc1qexamplexamplexamplexamplexamplexample",
        "1111111111111111111111111111111111",
        "GAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "c2FtcGxlIGJhc2U2NCB0ZXh0IHRoYXQgaXMgbG9uZyBlbm91Z2g",
    ] {
        finds_nothing(text);
    }
}

#[test]
fn bank_accounts_are_found_after_a_label() {
    for (text, entity, covered) in [
        ("my bank account number is 945456787651", "US_BANK_NUMBER", "945456787651"),
        ("Account No.: 4839 2710 56", "US_BANK_NUMBER", "4839 2710 56"),
        ("{\"accountNumber\": \"48392710\"}", "US_BANK_NUMBER", "48392710"),
        ("Kontonummer: 0532013002", "US_BANK_NUMBER", "0532013002"),
        ("numéro de compte 04839271056", "US_BANK_NUMBER", "04839271056"),
        ("número de cuenta: 0200051332", "US_BANK_NUMBER", "0200051332"),
        ("账号：6214839271056", "US_BANK_NUMBER", "6214839271056"),
        ("sort code 20-41-77", "UK_SORT_CODE", "20-41-77"),
        ("Sort Code: 204177", "UK_SORT_CODE", "204177"),
        ("routing number 026107343", "ABA_ROUTING_NUMBER", "026107343"),
        ("1210-3582-8", "ABA_ROUTING_NUMBER", "1210-3582-8"),
        ("BIC: COBADEFFXXX", "SWIFT_CODE", "COBADEFFXXX"),
        ("SWIFT code is DEUTDEDB", "SWIFT_CODE", "DEUTDEDB"),
    ] {
        finds(entity, covered, text);
    }
}

#[test]
fn what_only_looks_like_an_account_is_none() {
    for text in [
        "account number: 12345678",
        "account_number: u64,",
        "account number 00000000",
        "the account number must have 10 digits",
        "account no. 2026-11-24",
        "routing number 026107344",
        "routing table 026107343.5",
        "id 026107343",
        "sort code by name",
        "sort code 12345",
        "a swift DEPLOYED app",
        "BIC: COBAZZFFXXX",
        "written in Swift. COMPILED",
    ] {
        finds_nothing(text);
    }
}

#[test]
fn a_mistyped_card_number_counts_where_it_is_called_one() {
    finds("CREDIT_CARD", "5412 7512 3412 3457", "card number: 5412 7512 3412 3457");
    finds("CREDIT_CARD", "5412751234123457", "Kreditkartennummer 5412751234123457");
    for text in
        ["5412 7512 3412 3457", "card number: 4000 1234 5678 9012", "card number, then 5412 7512 3412 3457"]
    {
        finds_nothing(text);
    }
}

#[test]
fn ibans_of_further_countries_are_found_in_any_case() {
    for iban in ["IE12 BOFI 9058 3812 3456 71", "pl45109010140000071219812871", "BE52-5390-0754-7031"] {
        finds("IBAN_CODE", iban, &format!("IBAN {iban}"));
    }
}

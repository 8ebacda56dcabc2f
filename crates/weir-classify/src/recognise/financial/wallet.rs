use super::base58::{BITCOIN, XRP, decode, is_bech32, is_checked};
use super::cash;
use super::keccak::{has_right_capitals, is_monero};
use crate::EntityType;
use crate::haystack::Haystack;
use crate::recognise::{Find, Match, RecogniserInfo};
use crate::site::{Around, Beside, EVERYWHERE, Site};
use std::ops::Range;
use weir_label::Category;

const CRYPTO: EntityType = EntityType::built_in("CRYPTO");

pub(super) const ROW: RecogniserInfo = RecogniserInfo {
    name: "crypto_wallet",
    entity: CRYPTO,
    category: Category::Financial,
    finds: "wallet addresses of Bitcoin, Bitcoin Cash, Ethereum and its kin, Litecoin, Dogecoin, Dash, Zcash, XRP, Tron, Monero, Cardano, Stellar, Cosmos, Tezos; extended public keys",
    validation: "prefix and length; Base58Check, Bech32, CashAddr, CRC or Keccak checksum where the format has one; Ethereum's and Monero's may be wrong near a word such as `wallet`",
    find: Find::Digit(&[IN_TOKEN], find),
};

pub(super) const SOLANA: RecogniserInfo = RecogniserInfo {
    name: "crypto_wallet_unchecked",
    entity: CRYPTO,
    category: Category::Financial,
    finds: "wallet addresses of Solana and Polkadot",
    validation: "32 bytes in Base58, near a word such as `solana` or `wallet`: the formats have no checksum",
    find: Find::Digit(&[IN_TOKEN], find_unchecked),
};

/// In a run of letters and digits that may be long enough.
const IN_TOKEN: Site = Site {
    word: |word| word >= LENGTH_MIN,
    any: Beside {
        before: |b| b.is_ascii_alphabetic(),
        after: |b| b.is_ascii_alphabetic(),
        digits: |digits| digits >= LENGTH_MIN,
    },
    around: Around::FIRST,
    ..EVERYWHERE
};

const LENGTH_MIN: usize = 25;
const LENGTH_MAX: usize = 120;

struct Scheme {
    prefixes: &'static [&'static str],
    lengths: std::ops::RangeInclusive<usize>,
    check: Check,
}

enum Check {
    /// Base58Check of so many bytes, which begin with one of these.
    Base58(&'static [u8; 58], usize, &'static [&'static [u8]]),
    Bech32,
    /// 160 bits in hexadecimal digits after the prefix; capitals among them are a checksum.
    Hex,
    /// Base32 with a CRC-16.
    Stellar,
    /// 69 or 77 bytes in Base58, block by block.
    Monero,
}

const fn scheme(
    prefixes: &'static [&'static str],
    lengths: std::ops::RangeInclusive<usize>,
    check: Check,
) -> Scheme {
    Scheme { prefixes, lengths, check }
}

/// Source: the versions of Base58Check in each project's chain parameters (`chainparams.cpp` and like), SLIP-0173 for
/// Bech32, SLIP-0132 for extended keys, SEP-0023 for Stellar, EIP-55 for Ethereum.
#[rustfmt::skip]
const SCHEMES: &[Scheme] = &[
    scheme(&["1"], 25..=34, Check::Base58(BITCOIN, 25, &[&[0x00]])),
    scheme(&["3"], 33..=35, Check::Base58(BITCOIN, 25, &[&[0x05]])),
    scheme(&["m", "n", "2"], 33..=35, Check::Base58(BITCOIN, 25, &[&[0x6f], &[0xc4]])),
    scheme(&["L", "M"], 33..=34, Check::Base58(BITCOIN, 25, &[&[0x30], &[0x32]])),
    scheme(&["D", "9", "A"], 33..=34, Check::Base58(BITCOIN, 25, &[&[0x1e], &[0x16]])),
    scheme(&["X", "7"], 33..=34, Check::Base58(BITCOIN, 25, &[&[0x4c], &[0x10]])),
    scheme(&["t1", "t3"], 35..=35, Check::Base58(BITCOIN, 26, &[&[0x1c, 0xb8], &[0x1c, 0xbd]])),
    scheme(&["T"], 34..=34, Check::Base58(BITCOIN, 25, &[&[0x41]])),
    scheme(&["r"], 25..=35, Check::Base58(XRP, 25, &[&[0x00]])),
    scheme(&["tz1", "tz2", "tz3", "KT1"], 36..=36, Check::Base58(BITCOIN, 27, &[&[6, 161], &[2, 90, 121]])),
    scheme(&["xpub", "ypub", "zpub", "tpub"], 107..=112, Check::Base58(BITCOIN, 82, &[&[0x04]])),
    scheme(&["bc1", "BC1", "tb1", "ltc1", "LTC1", "addr1", "stake1", "cosmos1", "osmo1", "inj1", "celestia1", "erd1", "zs1", "bnb1"], 39..=108, Check::Bech32),
    scheme(&["0x", "0X"], 42..=42, Check::Hex),
    scheme(&["G"], 56..=56, Check::Stellar),
    scheme(&["4", "8"], 95..=95, Check::Monero),
    scheme(&["4"], 106..=106, Check::Monero),
];

fn find(haystack: &Haystack<'_>, digit: usize) -> Option<Match> {
    let start = letters_start(haystack, digit);
    // The letters before the first digit may be those of a label in another segment.
    let seams = haystack.seams_in(start + 1..digit).iter().copied();
    std::iter::once(start).chain(seams).find_map(|start| judge(haystack, token(haystack, start, digit)?))
}

/// Where the letters before the first digit begin.
fn letters_start(haystack: &Haystack<'_>, digit: usize) -> usize {
    if !haystack.before(digit).is_some_and(|b| b.is_ascii_alphabetic()) {
        return digit;
    }
    let head = haystack.slice(digit.saturating_sub(FIRST_DIGIT_WITHIN)..digit);
    digit - head.iter().rev().take_while(|b| b.is_ascii_alphabetic()).count()
}

fn judge(haystack: &Haystack<'_>, span: Range<usize>) -> Option<Match> {
    let text = haystack.slice(span.clone());
    let mut looks = Looks::Other;
    for scheme in SCHEMES.iter().filter(|scheme| scheme.fits(text)) {
        looks = looks.max(scheme.check.looks(text));
    }
    match looks {
        Looks::Right => Some(Match::new(span, 1.0)),
        Looks::Wrong => {
            let context = haystack.context(&span, WALLET_WORDS)?;
            Some(Match::new(span, 0.7).with_evidence(&context))
        }
        Looks::Other => {
            let is_cash = CASH_LENGTHS.contains(&text.len())
                && matches!(text, [b'q' | b'p' | b'z' | b'r' | b'Q' | b'P', ..]);
            let span = is_cash.then(|| cash::with_prefix(haystack, span))??;
            Some(Match::new(span, 1.0))
        }
    }
}

/// Characters of a hash of 160 or 256 bits, its version and its checksum.
const CASH_LENGTHS: [usize; 2] = [42, 61];

/// What makes an address of what has the form and the wrong checksum: somebody wrote it by hand.
const WALLET_WORDS: &[&str] = &[
    "wallet", "ethereum", "eth", "ether", "metamask", "erc20", "usdt", "usdc", "polygon", "bnb", "monero",
    "xmr", "address", "crypto",
];

/// Whether a text is an address of a scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Looks {
    Other,
    /// But for its checksum.
    Wrong,
    Right,
}

impl Scheme {
    fn fits(&self, text: &[u8]) -> bool {
        self.lengths.contains(&text.len())
            && self.prefixes.iter().any(|prefix| text.starts_with(prefix.as_bytes()))
    }
}

impl Check {
    fn looks(&self, text: &[u8]) -> Looks {
        let is_right = match self {
            Check::Base58(alphabet, len, versions) => decode(text, alphabet, *len).is_some_and(|bytes| {
                versions.iter().any(|version| bytes.starts_with(version)) && is_checked(&bytes)
            }),
            Check::Bech32 => is_bech32(text),
            Check::Hex => return Self::hex(text.get(2..).unwrap_or_default()),
            Check::Stellar => is_stellar(text),
            Check::Monero if is_monero(text) => true,
            Check::Monero if text.iter().all(|b| BITCOIN.contains(b)) && kinds(text) > 25 => {
                return Looks::Wrong;
            }
            Check::Monero => false,
        };
        if is_right { Looks::Right } else { Looks::Other }
    }

    fn hex(digits: &[u8]) -> Looks {
        let is_mixed = digits.iter().any(u8::is_ascii_uppercase) && digits.iter().any(u8::is_ascii_lowercase);
        match is_random_hex(digits) {
            false => Looks::Other,
            true if is_mixed && !has_right_capitals(digits) => Looks::Wrong,
            true => Looks::Right,
        }
    }
}

const WORDS: &[&str] = &[
    "solana",
    "sol",
    "phantom",
    "solscan",
    "wallet",
    "spl",
    "polkadot",
    "substrate",
    "ss58",
    "usdc",
    "usdt",
];

fn find_unchecked(haystack: &Haystack<'_>, digit: usize) -> Option<Match> {
    let span = token(haystack, letters_start(haystack, digit), digit)?;
    let text = haystack.slice(span.clone());
    let fits = match text.len() {
        43..=44 => decode(text, BITCOIN, 32).is_some(),
        47..=48 => decode(text, BITCOIN, 35).is_some(),
        _ => false,
    };
    if !fits
        || kinds(text) < 16
        || !text.iter().any(u8::is_ascii_lowercase)
        || !text.iter().any(u8::is_ascii_uppercase)
    {
        return None;
    }
    let context = haystack.context(&span, WORDS)?;
    Some(Match::new(span, 0.7).with_evidence(&context))
}

/// An address has a digit among its first characters; a long run of letters is none.
const FIRST_DIGIT_WITHIN: usize = 24;

/// The run of letters and digits whose first digit stands at `digit`, if it is as long as an address.
fn token(haystack: &Haystack<'_>, start: usize, digit: usize) -> Option<Range<usize>> {
    let is_word = |at: usize| haystack.byte(at).is_some_and(|b| b.is_ascii_alphanumeric());
    // Most are short, or the digit is not the first.
    if !haystack.opens(start) || !is_word(start + LENGTH_MIN - 1) {
        return None;
    }
    let least = haystack.run_end(digit, LENGTH_MIN, |b| b.is_ascii_alphanumeric());
    if least - start < LENGTH_MIN {
        return None;
    }
    let end = haystack.run_end(least, LENGTH_MAX + 1, |b| b.is_ascii_alphanumeric());
    ((LENGTH_MIN..=LENGTH_MAX).contains(&(end - start)) && haystack.closes(end)).then_some(start..end)
}

fn is_random_hex(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_hexdigit) && kinds(&text.to_ascii_lowercase()) >= 8
}

fn kinds(text: &[u8]) -> usize {
    let set = text.iter().fold(0_u128, |set, b| set | 1 << (b & 127));
    set.count_ones() as usize
}

/// Source: SEP-0023, and CRC-16/XMODEM of the version and key bytes, little-endian after them.
fn is_stellar(text: &[u8]) -> bool {
    let (mut bits, mut value, mut bytes) = (0, 0_u32, Vec::new());
    for character in text {
        let five = match character {
            b'A'..=b'Z' => character - b'A',
            b'2'..=b'7' => character - b'2' + 26,
            _ => return false,
        };
        value = (value << 5 | u32::from(five)) & 0xffff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.extend(u8::try_from(value >> bits & 0xff));
        }
    }
    let Some((key, check)) = bytes.split_last_chunk::<2>() else { return false };
    crc16(key) == u16::from_le_bytes(*check)
}

fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |check, byte| {
        (0..8).fold(check ^ u16::from(*byte) << 8, |check, _| {
            check << 1 ^ if check >> 15 == 1 { 0x1021 } else { 0 }
        })
    })
}

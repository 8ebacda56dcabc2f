//! The words from which a wallet is restored.

use super::secret;
use crate::haystack::Haystack;
use crate::lanes;
use crate::recognise::{Find, Match, RecogniserInfo};
use crate::words::Triples;
use bip39::{Language, Mnemonic};
use std::ops::Range;
use std::sync::LazyLock;

pub(super) const SEED_PHRASE: RecogniserInfo = secret(
    "seed_phrase",
    "seed phrases of wallets",
    "words such as `seed phrase` or `mnemonic`, and 12 to 24 short words that make no sentence",
    Find::Word(
        &[
            "seed phrase",
            "Seed phrase",
            "Seed Phrase",
            "SEED PHRASE",
            "seed words",
            "Seed words",
            "seed-phrase",
            "seed_phrase",
            "recovery phrase",
            "Recovery phrase",
            "Recovery Phrase",
            "recovery words",
            "secret phrase",
            "backup phrase",
            "mnemonic",
            "Mnemonic",
            "MNEMONIC",
            "Seed-Phrase",
            "Wiederherstellungsphrase",
            "phrase de récupération",
            "phrase secrète",
            "frase semilla",
            "frase de recuperación",
            "frase di recupero",
            "frase seed",
            "frase-semente",
            "herstelzin",
        ],
        find,
    ),
);

pub(super) const CHECKED_PHRASE: RecogniserInfo = secret(
    "checked_seed_phrase",
    "seed phrases of wallets by their checksum",
    "words such as `wallet`, and 12, 15, 18, 21 or 24 words of the English list of BIP-39 whose checksum is right",
    Find::Word(
        &[
            "wallet",
            "Wallet",
            "WALLET",
            "BIP39",
            "BIP-39",
            "bip39",
            "bip-39",
            "12 words",
            "24 words",
            "twelve words",
            "Ledger",
            "ledger",
            "Trezor",
            "trezor",
            "MetaMask",
            "Metamask",
            "metamask",
            "seed",
            "Seed",
            "Wörter",
            "palabras",
            "recover",
        ],
        find_checked,
    ),
);

pub(super) const LINE_PHRASE: RecogniserInfo = alone("seed_phrase_by_itself", Find::Line(find_alone));

pub(super) const COLON_PHRASE: RecogniserInfo = alone("seed_phrase_after_colon", Find::Colon(find_after));

const fn alone(name: &'static str, find: Find) -> RecogniserInfo {
    secret(
        name,
        "seed phrases of wallets that begin a line or follow a colon, with no word to tell what they are",
        "12, 15, 18, 21 or 24 words of the English list of BIP-39, not in its order, whose checksum is right",
        find,
    )
}

/// Bytes after the context in which the phrase begins.
const WITHIN: usize = 48;
const WORDS_MIN: usize = 12;
const WORDS_MAX: usize = 25;
/// Words of BIP-39 have three to eight letters.
const WORD: std::ops::RangeInclusive<usize> = 3..=8;
/// Bytes of the shortest phrase, one between two words.
const LENGTH_MIN: usize = WORDS_MIN * (*WORD.start() + 1) - 1;
/// No list of BIP-39 has them, and no sentence of twelve words does without.
const SENTENCE: [&[u8]; 24] = [
    b"the", b"and", b"for", b"are", b"was", b"not", b"but", b"with", b"from", b"have", b"has", b"had",
    b"which", b"will", b"their", b"can", b"der", b"die", b"und", b"les", b"des", b"que", b"los", b"para",
];

fn find(haystack: &Haystack<'_>, word: Range<usize>) -> Option<Match> {
    let phrase = starts(haystack, &word).find_map(|start| Phrase::read(haystack, start))?;
    let score = if phrase.is_checked(haystack) { 1.0 } else { 0.9 };
    Some(Match::new(phrase.span(), score).with_evidence(&word))
}

fn find_checked(haystack: &Haystack<'_>, word: Range<usize>) -> Option<Match> {
    let phrases = starts(haystack, &word).filter_map(|start| Phrase::read(haystack, start));
    let phrase = phrases.filter_map(|phrase| phrase.checked(haystack)).next()?;
    Some(Match::new(phrase.span(), 1.0).with_evidence(&word))
}

/// What may stand before the first word of a phrase: the number in a list, quotation marks, a colon.
const LEAD_MAX: usize = 6;

fn find_after(haystack: &Haystack<'_>, colon: usize) -> Option<Match> {
    find_alone(haystack, colon + 1)
}

fn find_alone(haystack: &Haystack<'_>, at: usize) -> Option<Match> {
    if haystack.len() < at + LENGTH_MIN {
        return None;
    }
    // Most lines and values begin otherwise, or have other words: one branch for all of them.
    let lowers = lanes::lowers(haystack.bytes(), at);
    let lead = lowers.trailing_zeros() as usize;
    if (lead > LEAD_MAX) | has_other_words(lowers >> (lead % lanes::BLOCK)) {
        return None;
    }
    let start = at + lead;
    let is_lead = |b: &u8| LEADS.get(usize::from(*b)) == Some(&true);
    if !haystack.slice(at..start).iter().all(is_lead)
        || !begins_phrase(haystack.slice(start..haystack.len().min(start + BEGINNING)))
    {
        return None;
    }
    let phrase = Phrase::read(haystack, start)?.checked(haystack)?;
    (!phrase.is_sorted(haystack)).then(|| Match::new(phrase.span(), 1.0))
}

/// Whether each byte may.
const LEADS: [bool; 256] = leads();

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated at compile time, where a wrong index is a compile error"
)]
const fn leads() -> [bool; 256] {
    let mut leads = [false; 256];
    let mut byte: u8 = 0;
    while byte < 128 {
        leads[byte as usize] = byte.is_ascii_digit()
            || byte.is_ascii_whitespace()
            || matches!(byte, b'"' | b'\'' | b'`' | b'.' | b')' | b':' | b'*' | b'-' | b'>');
        byte += 1;
    }
    leads
}

/// Whether a text has words that no phrase has where it would have its first ones: of one or two letters, or of more than
/// eight. The bits say which bytes are small letters, from the first word on.
fn has_other_words(lowers: u64) -> bool {
    // A phrase is no shorter, so that its words are whole here.
    other_words(lowers) & ((1 << LENGTH_MIN) - 1) != 0
}

/// After which places of a block words follow that no phrase has, before it could end.
pub(crate) fn before_other_words(lowers: u64) -> u64 {
    const STEPS: [usize; 6] = [1, 2, 4, 8, 16, LENGTH_MIN - 32];
    // Of a word that goes on beyond the block nothing is known.
    let others = other_words(lowers) & (u64::MAX >> 1);
    STEPS.iter().fold(others, |others, by| others | others >> by) >> 1
}

/// Where such words end, or have too many letters.
fn other_words(lowers: u64) -> u64 {
    let (first, last) = (lowers & !(lowers << 1), lowers & !(lowers >> 1));
    let too_short = last & (first | first << 1);
    let of_two = lowers & lowers << 1;
    let of_four = of_two & of_two << 2;
    let too_long = of_four & of_four << 4 & lowers << 8;
    too_short | too_long
}

/// Bytes in which the first words of a phrase stand.
const BEGINNING: usize = 80;

/// Whether some words as short as those of the list begin a text, each like one of it: cheap to say, and of prose and
/// code most often no.
fn begins_phrase(text: &[u8]) -> bool {
    const LOOKED_AT: usize = 5;
    let mut rest = text;
    for _ in 0..LOOKED_AT {
        let len = lanes::lowers_after(rest, 0).trailing_ones() as usize;
        let gap = rest.iter().skip(len).take(8).take_while(|b| is_between(**b)).count();
        if !WORD.contains(&len) || gap == 0 || !begins_as_listed(rest) {
            return false;
        }
        rest = rest.get(len + gap..).unwrap_or_default();
    }
    true
}

/// How the words of the list begin: most other words begin otherwise.
static BEGINNINGS: LazyLock<Triples> =
    LazyLock::new(|| Triples::of(Language::English.word_list().iter().copied()));

/// Whether a text begins with the first three letters of a word of the list.
fn begins_as_listed(text: &[u8]) -> bool {
    text.first_chunk::<3>().is_some_and(|word| word.iter().all(u8::is_ascii_lowercase))
        && BEGINNINGS.may_be_at(text, 0)
}

/// What stands between words: a space, a comma, a line, a number as in a list.
fn is_between(b: u8) -> bool {
    b.is_ascii_whitespace() || b.is_ascii_digit() || matches!(b, b',' | b'.' | b')' | b'"' | b'\'')
}

/// Where a phrase may begin after a word of its context.
fn starts<'h>(haystack: &'h Haystack<'_>, word: &Range<usize>) -> impl Iterator<Item = usize> + 'h {
    let limit = haystack.len().min(word.end + WITHIN);
    (word.end..=limit).filter(|at| haystack.opens(*at)).take(WITHIN / 4)
}

/// Where the words of a phrase stand.
struct Phrase(Vec<Range<usize>>);

impl Phrase {
    fn read(haystack: &Haystack<'_>, start: usize) -> Option<Self> {
        let (mut at, mut words) = (start, Vec::new());
        while words.len() < WORDS_MAX {
            let word_end = haystack.run_end(at, 9, |b| b.is_ascii_lowercase());
            let word = haystack.slice(at..word_end);
            if !WORD.contains(&word.len())
                || SENTENCE.contains(&word)
                || haystack.byte(word_end).is_some_and(|b| b.is_ascii_alphanumeric())
            {
                break;
            }
            words.push(at..word_end);
            at = haystack.run_end(word_end, 8, is_between);
        }
        (words.len() >= WORDS_MIN).then_some(Self(words))
    }

    fn span(&self) -> Range<usize> {
        let start = self.0.first().map_or(0, |word| word.start);
        start..self.0.last().map_or(start, |word| word.end)
    }

    /// Whether its words are a stretch of a list of words.
    fn is_sorted(&self, haystack: &Haystack<'_>) -> bool {
        self.0.iter().map(|word| haystack.slice(word.clone())).is_sorted()
    }

    fn is_checked(&self, haystack: &Haystack<'_>) -> bool {
        let word =
            |word: &Range<usize>| std::str::from_utf8(haystack.slice(word.clone())).unwrap_or_default();
        let words: Vec<&str> = self.0.iter().map(word).collect();
        Mnemonic::parse_in_normalized(Language::English, &words.join(" ")).is_ok()
    }

    /// The most of its first words whose checksum is right: what follows may be of the sentence around it.
    fn checked(&self, haystack: &Haystack<'_>) -> Option<Self> {
        let heads = COUNTS.iter().filter_map(|count| self.0.get(..*count));
        heads.map(|head| Self(head.to_vec())).find(|head| head.is_checked(haystack))
    }
}

/// How many words a phrase may have. Source: BIP-39.
const COUNTS: [usize; 5] = [24, 21, 18, 15, 12];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// What has other words is read as no phrase, whatever stands between its words.
        #[test]
        fn no_phrase_has_other_words(
            words in proptest::collection::vec(
                (
                    prop_oneof![30 => "[a-z]{3}", 3 => "[a-z]{3,8}", 1 => "[a-z]{1,10}"],
                    prop_oneof![30 => "[ ,.]", 3 => "[ ,.]{1,8}", 1 => "[ X0]{1,9}"],
                ),
                12..14,
            ),
            next in "[a-z]{1,10}",
        ) {
            let words = words.iter().flat_map(|(word, gap)| [word.as_str(), gap]);
            let text: String = words.chain([next.as_str()]).collect();
            let haystack = Haystack::new(&text, &[], &[]);
            if Phrase::read(&haystack, 0).is_some() {
                prop_assert!(!has_other_words(lanes::lowers(text.as_bytes(), 0)), "{text}");
            }
        }
    }

    #[test]
    fn other_words_are_told_by_their_lengths() {
        let has = |text: &str| has_other_words(lanes::lowers(text.as_bytes(), 0));
        for length in [1, 2, 9, 10, 40] {
            for place in 0..4 {
                let words = (0..12).map(|at| "a".repeat(if at == place { length } else { 3 + at % 6 }));
                assert!(has(&words.collect::<Vec<_>>().join(" ")), "{length} {place}");
            }
        }
        assert!(!has(&["abc"; 12].join(" ")));
        assert!(!has(&["abcdefgh"; 12].join("  ")));
    }

    #[test]
    fn no_place_before_a_phrase_is_refused_wherever_it_lies_in_a_block() {
        let is_refused = |text: &str, place: usize| {
            let lowers = lanes::lowers(text.as_bytes(), 0) << (place + 1);
            before_other_words(lowers) >> place & 1 == 1
        };
        let phrases =
            [["abc"; 12].join(" "), ["abcdefgh"; 12].join("  "), ["abcd", "efg"].repeat(6).join(", ")];
        for place in 0..lanes::BLOCK - 1 {
            for phrase in &phrases {
                assert!(!is_refused(&format!("{phrase} a of"), place), "{phrase} after {place}");
            }
        }
        assert!(is_refused("abc of abc", 0) && is_refused("abc abandoned", 40));
        assert!(!is_refused("abc of", 58));
    }

    #[test]
    fn phrases_begin_as_words_of_the_list_do() {
        let words = Language::English.word_list();
        for (at, _) in words.iter().enumerate() {
            let phrase: Vec<&str> = words.iter().cycle().skip(at).step_by(7).take(5).copied().collect();
            assert!(begins_phrase(format!("{}, ", phrase.join(" ")).as_bytes()), "{phrase:?}");
        }
        for prose in
            ["the words of a sentence that goes on", "abandon all hope ye who enter", "let mut words = 0;"]
        {
            assert!(!begins_phrase(prose.as_bytes()), "{prose}");
        }
    }
}

//! The words from which a wallet is restored.

use super::secret;
use crate::haystack::Haystack;
use crate::recognise::{Find, Match, RecogniserInfo};
use std::ops::Range;

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

/// Bytes after the context in which the phrase begins.
const WITHIN: usize = 48;
const WORDS_MIN: usize = 12;
const WORDS_MAX: usize = 25;
/// Words of BIP-39 have three to eight letters.
const WORD: std::ops::RangeInclusive<usize> = 3..=8;
/// No list of BIP-39 has them, and no sentence of twelve words does without.
const SENTENCE: [&[u8]; 24] = [
    b"the", b"and", b"for", b"are", b"was", b"not", b"but", b"with", b"from", b"have", b"has", b"had",
    b"which", b"will", b"their", b"can", b"der", b"die", b"und", b"les", b"des", b"que", b"los", b"para",
];

fn find(haystack: &Haystack<'_>, word: Range<usize>) -> Option<Match> {
    let limit = haystack.len().min(word.end + WITHIN);
    let starts = (word.end..=limit).filter(|at| haystack.opens(*at)).take(WITHIN / 4);
    let phrase = starts.filter_map(|start| phrase_at(haystack, start)).next()?;
    Some(Match::new(phrase, 0.9).with_evidence(&word))
}

fn phrase_at(haystack: &Haystack<'_>, start: usize) -> Option<Range<usize>> {
    let (mut at, mut end, mut words) = (start, start, 0);
    while words < WORDS_MAX {
        let word_end = haystack.run_end(at, 9, |b| b.is_ascii_lowercase());
        let word = haystack.slice(at..word_end);
        if !WORD.contains(&word.len())
            || SENTENCE.contains(&word)
            || haystack.byte(word_end).is_some_and(|b| b.is_ascii_alphanumeric())
        {
            break;
        }
        (end, words) = (word_end, words + 1);
        // Between words: a space, a comma, a line, a number as in a list.
        at = haystack.run_end(word_end, 8, |b| {
            b.is_ascii_whitespace() || b.is_ascii_digit() || matches!(b, b',' | b'.' | b')' | b'"' | b'\'')
        });
    }
    (words >= WORDS_MIN).then_some(start..end)
}

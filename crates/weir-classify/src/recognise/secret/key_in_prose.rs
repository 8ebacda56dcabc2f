//! Keys and tokens that a sentence or a label gives away, in the languages that name them in words of their own.

use super::named::{is_hash, is_uuid};
use super::placeholder::is_placeholder;
use super::random::{Doubt, is_random};
use super::{prose, secret};
use crate::haystack::Haystack;
use crate::recognise::{Find, Match, RecogniserInfo};
use std::ops::Range;

pub(super) const KEY: RecogniserInfo = secret(
    "key_in_prose",
    "keys and tokens in sentences and after labels: `der API-Schlüssel für … lautet …`, `clé API … : …`, in twenty languages",
    "words for an API key or token, a verb or a colon, and 16 or more characters that look random",
    Find::Word(
        &[
            "API key",
            "api key",
            "API Key",
            "API token",
            "Access token",
            "access token",
            "secret key",
            "auth token",
            "API-Schlüssel",
            "API-Key",
            "API-Token",
            "Zugriffsschlüssel",
            "Zugriffstoken",
            "Zugangsschlüssel",
            "Zugangstoken",
            "Geheimschlüssel",
            "geheime Schlüssel",
            "clé API",
            "Clé API",
            "clé d'API",
            "Clé d'API",
            "clé d'accès",
            "clé secrète",
            "jeton",
            "Jeton",
            "clave de API",
            "Clave de API",
            "clave API",
            "Clave API",
            "clave secreta",
            "clave de acceso",
            "token de acceso",
            "chiave API",
            "Chiave API",
            "chiave segreta",
            "chiave di accesso",
            "token di accesso",
            "chave de API",
            "Chave de API",
            "chave da API",
            "chave API",
            "chave secreta",
            "API-sleutel",
            "toegangstoken",
            "klucz API",
            "Klucz API",
            "API-nøgle",
            "API-nyckel",
            "API-nøkkel",
            "API-avain",
            "klíč API",
            "API klíč",
            "API kulcs",
            "API-kulcs",
            "cheia API",
            "API anahtar",
            "API-ключ",
            "ключ API",
            "секретный ключ",
            "токен",
            "APIキー",
            "API キー",
            "アクセストークン",
            "API密钥",
            "API 密钥",
            "密钥",
            "API 키",
        ],
        find,
    ),
);

fn find(haystack: &Haystack<'_>, word: Range<usize>) -> Option<Match> {
    let start = prose::announced(haystack, word.end)?;
    let end = haystack.run_end(start, 256, |b| b.is_ascii_graphic() && !b"\"'`<>()[]{}\\,;|".contains(&b));
    let value = haystack.slice(start..end);
    let value = value.strip_suffix(b".").unwrap_or(value);
    is_key(value).then(|| Match::new(start..start + value.len(), 0.8).with_evidence(&word))
}

fn is_key(value: &[u8]) -> bool {
    let digits = value.iter().filter(|b| b.is_ascii_digit()).count();
    value.len() >= 16
        && digits >= 2
        && (is_random(value, Doubt::Some) || is_hash(value) || is_uuid(value))
        && !is_placeholder(value)
        && !value.windows(3).any(|signs| signs == b"://")
}

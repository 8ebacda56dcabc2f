//! Passwords and codes that a sentence gives away.

use super::named::is_password;
use super::placeholder::is_stock_password;
use super::random::{Doubt, is_random};
use super::secret;
use crate::haystack::Haystack;
use crate::recognise::{Find, Match, RecogniserInfo};
use std::ops::Range;

pub(super) const PASSWORD: RecogniserInfo = secret(
    "password_in_prose",
    "passwords in sentences: `the password is …`, `Passwort lautet …`, `mot de passe : …`, in thirty languages",
    "a word for password, a verb or a colon, and a value with letters and digits or signs; after the word alone one that looks drawn",
    Find::Word(
        &[
            "password",
            "Password",
            "PASSWORD",
            "passwd",
            "passcode",
            "Passcode",
            "passphrase",
            "Passphrase",
            "passwort",
            "Passwort",
            "PASSWORT",
            "kennwort",
            "Kennwort",
            "mot de passe",
            "Mot de passe",
            "mdp :",
            "mdp: ",
            "Mdp :",
            "Mdp: ",
            "IDENTIFIED BY",
            "ConvertTo-SecureString",
            "WLAN-Schlüssel",
            "Zugangscode",
            " pw: ",
            "\npw: ",
            "PW: ",
            "psk=\"",
            "PSK: ",
            "PSK \"",
            "creds ",
            "credentials:",
            "Credentials:",
            "Login:",
            "Zugangsdaten",
            "credenciales",
            "credenziali",
            "snmp-server community",
            "radius-server key",
            "tacacs-server key",
            "contraseña",
            "Contraseña",
            "clave de acceso",
            "parola d'ordine",
            "Parola d'ordine",
            "wachtwoord",
            "Wachtwoord",
            "senha",
            "Senha",
            "palavra-passe",
            "hasło",
            "Hasło",
            "lösenord",
            "Lösenord",
            "пароль",
            "Пароль",
            "密码",
            "密碼",
            "パスワード",
            "كلمة المرور",
            "كلمة السر",
            "رمز عبور",
            "비밀번호",
            "şifre",
            "Şifre",
            "parola",
            "Parola",
            "heslo",
            "Heslo",
            "geslo",
            "Geslo",
            "lozinka",
            "Lozinka",
            "jelszó",
            "Jelszó",
            "salasana",
            "Salasana",
            "adgangskode",
            "Adgangskode",
            "passord",
            "Passord",
            "slaptažodis",
            "Slaptažodis",
            "парола",
            "Парола",
            "κωδικός",
            "Κωδικός",
            "סיסמה",
            "סיסמא",
            "mật khẩu",
            "Mật khẩu",
            "kata sandi",
            "Kata sandi",
            "पासवर्ड",
            "รหัสผ่าน",
        ],
        find_password,
    ),
);

pub(super) const CODE: RecogniserInfo = secret(
    "pin_or_code",
    "PINs and one-time codes",
    "`PIN`, `OTP`, `verification code` or the like, a verb or a colon, and 4 to 8 digits",
    Find::Word(
        &[
            "PIN",
            "pin code",
            "Pin code",
            "pin number",
            "OTP",
            "one-time code",
            "one-time password",
            "One-time code",
            "verification code",
            "Verification code",
            "security code",
            "Security code",
            "login code",
            "access code",
            "Access code",
            "Bestätigungscode",
            "Sicherheitscode",
            "Einmalcode",
            "code de vérification",
            "code secret",
            "code confidentiel",
            "código de verificación",
            "código PIN",
            "codice di verifica",
            "codice PIN",
            "verificatiecode",
            "código de verificação",
            "2FA code",
        ],
        find_code,
    ),
);

/// Words between the name and the value: verbs, and whose or which it is.
const BETWEEN: [&str; 46] = [
    "is",
    "was",
    "are",
    "be",
    "ist",
    "lautet",
    "war",
    "est",
    "es",
    "era",
    "è",
    "é",
    "jest",
    "är",
    "to",
    "on",
    "auf",
    "a",
    "now",
    "currently",
    "still",
    "for",
    "the",
    "my",
    "our",
    "your",
    "das",
    "le",
    "la",
    "el",
    "code",
    "number",
    "jetzt",
    "nun",
    "set",
    "as",
    "following",
    "zu",
    "folgendes",
    "это",
    "je",
    "este",
    "είναι",
    "היא",
    "là",
    "adalah",
];
/// At most so many of them.
const WORDS_BETWEEN: usize = 5;
const GAP: usize = 48;
const VALUE_MAX: usize = 64;

fn find_password(haystack: &Haystack<'_>, word: Range<usize>) -> Option<Match> {
    find_said(haystack, word.clone())
        .or_else(|| find_strong(haystack, word.clone()))
        .or_else(|| find_announced(haystack, word.clone()))
        .or_else(|| find_before(haystack, word))
}

/// Words between a value and the word that says what it is used as.
const USED_AS: [&[u8]; 9] =
    [b" as ", b" as the ", b" as a ", b" as my ", b" as your ", b" als ", b" comme ", b" como ", b" come "];

/// `use … as the password`
fn find_before(haystack: &Haystack<'_>, word: Range<usize>) -> Option<Match> {
    let before = haystack.slice(word.start.saturating_sub(GAP)..word.start);
    let left = USED_AS.iter().find_map(|words| before.strip_suffix(*words))?;
    let len = left.iter().rev().take_while(|b| b.is_ascii_graphic()).count();
    let end = word.start - (before.len() - left.len());
    let value = unquoted(haystack, end - len..end);
    let text = haystack.slice(value.clone());
    (text.len() >= 8 && is_strong(text) && !is_stock_password(text))
        .then(|| Match::new(value, 0.7).with_evidence(&word))
}

pub(super) fn unquoted(haystack: &Haystack<'_>, word: Range<usize>) -> Range<usize> {
    let is_quote = |b: &u8| matches!(b, b'"' | b'\'' | b'`');
    let text = haystack.slice(word.clone());
    let (Some(first), Some(last)) = (text.first(), text.last()) else { return word };
    let start = word.start + usize::from(is_quote(first));
    start..(word.end - usize::from(is_quote(last))).max(start)
}

/// Of a value that a verb announces after other words, digits are wanted.
fn find_announced(haystack: &Haystack<'_>, word: Range<usize>) -> Option<Match> {
    let start = announced(haystack, word.end)?;
    let value = value_from(haystack, start);
    let text = haystack.slice(value.clone());
    let is_secret = text.iter().any(u8::is_ascii_digit) && is_said_password(text);
    is_secret.then(|| Match::new(value, 0.7).with_evidence(&word))
}

/// Verbs that announce a value.
const VERBS: [&str; 14] =
    ["is", "ist", "lautet", "est", "es", "è", "é", "jest", "är", "er", "on", "je", "este", "это"];

/// What a password has, and is not one: `the password hash is …`.
#[rustfmt::skip]
const ABOUT: [&str; 20] = [
    "hash", "hashes", "policy", "field", "format", "scheme", "algorithm", "type", "version", "strength", "manager", "length", "expiry",
    "file", "hint", "rule", "rules", "encoding", "column", "input",
];

/// Where a value begins that a verb or a colon announces after a word and at most a few others.
pub(super) fn announced(haystack: &Haystack<'_>, from: usize) -> Option<usize> {
    let is_letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'\'' | b'.') || b >= 0x80;
    let mut at = haystack.run_end(from, 2, is_letter);
    for _ in 0..=WORDS_BETWEEN + 1 {
        let next = haystack.run_end(at, 4, |b| matches!(b, b' ' | b'(' | b')' | b'"' | b'`'));
        if matches!(haystack.byte(next), Some(b':' | b'=')) {
            let value = haystack.run_end(next + 1, 4, |b| matches!(b, b' ' | b'"' | b'`' | b'\n'));
            return (value <= from + 2 * GAP).then_some(value);
        }
        at = haystack.run_end(next, 24, is_letter);
        let word = haystack.slice(next..at);
        if VERBS.iter().any(|verb| verb.as_bytes() == word) {
            let value = haystack.run_end(at, 4, |b| matches!(b, b' ' | b':' | b'"' | b'`' | b'\''));
            return (value > at).then_some(value);
        }
        let is_about = ABOUT.iter().any(|about| about.as_bytes() == word);
        if word.is_empty() || word.ends_with(b".") || is_about {
            return None;
        }
    }
    None
}

/// Of values that nothing announces, only those count that are made as passwords are: capitals, small letters,
/// digits and signs.
fn find_strong(haystack: &Haystack<'_>, word: Range<usize>) -> Option<Match> {
    const STRONG: std::ops::RangeInclusive<usize> = 8..=32;
    let is_part = |b: u8| b.is_ascii_graphic() && !b"\"'`<>()[]{}\\,;|:=/".contains(&b);
    let limit = haystack.len().min(word.end + GAP);
    let mut at = word.end;
    while at < limit {
        let end = haystack.run_end(at, STRONG.end() + 1, is_part);
        let value = haystack.slice(at..trim_end(haystack, at, end));
        let is_whole = haystack.byte(end).is_none_or(|b| !b"()[]{}\\=:/".contains(&b));
        if is_whole && STRONG.contains(&value.len()) && is_strong(value) && !is_stock_password(value) {
            return Some(Match::new(at..at + value.len(), 0.7).with_evidence(&word));
        }
        at = end.max(at + 1);
    }
    None
}

pub(super) fn is_strong(value: &[u8]) -> bool {
    let has = |class: fn(&u8) -> bool| value.iter().any(class);
    let is_sign = |b: &u8| b"!@#$%^&*?+~".contains(b);
    let is_drawn =
        || value.len() >= 10 && value.iter().all(u8::is_ascii_alphanumeric) && is_random(value, Doubt::Some);
    has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_digit)
        && (value.iter().skip(1).any(is_sign) || is_drawn())
        && !value.first().is_some_and(|b| b"$&*%@".contains(b))
}

fn find_said(haystack: &Haystack<'_>, word: Range<usize>) -> Option<Match> {
    let (start, is_said) = value_start(haystack, word.end)?;
    let value = value_from(haystack, start);
    (is_said && is_said_password(haystack.slice(value.clone())))
        .then(|| Match::new(value, 0.8).with_evidence(&word))
}

fn value_from(haystack: &Haystack<'_>, start: usize) -> Range<usize> {
    let end = haystack.run_end(start, VALUE_MAX, |b| {
        !b.is_ascii_whitespace() && !matches!(b, b'"' | b'`' | b'<' | b'>' | b'\\' | b'(' | b')' | b',')
    });
    start..trim_end(haystack, start, end)
}

fn is_said_password(value: &[u8]) -> bool {
    let is_code =
        value.iter().any(|b| matches!(b, b'{' | b'[' | b'=')) || matches!(value.first(), Some(b'&' | b'*'));
    !is_code && is_password(value) && !is_term(value) && !is_stock_password(value)
}

/// Words with a number in them that say how a password is kept: `SHA-256`, `UTF-8`, `base64-encoded`.
fn is_term(value: &[u8]) -> bool {
    let mut parts = value.split(|b| !b.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    let is_plain = |part: &[u8]| {
        let letters = part.iter().take_while(|b| b.is_ascii_alphabetic()).count();
        let digits = part.iter().skip(letters).take_while(|b| b.is_ascii_digit()).count();
        letters + digits == part.len()
            && (letters == 0
                || digits == 0
                || digits <= 3
                    && part
                        .iter()
                        .take(letters)
                        .all(|b| b.is_ascii_uppercase() || letters <= 6 && b.is_ascii_lowercase()))
    };
    let signs = value
        .iter()
        .filter(|b| matches!(b, b'!' | b'@' | b'#' | b'$' | b'%' | b'&' | b'*' | b'?' | b'^'))
        .count();
    signs == 0 && parts.all(is_plain)
}

fn find_code(haystack: &Haystack<'_>, word: Range<usize>) -> Option<Match> {
    if !haystack.opens(word.start) || !haystack.closes(word.end) {
        return None;
    }
    let (start, is_said) = value_start(haystack, word.end)?;
    let end = haystack.digits_end(start, 9);
    let is_code = is_said
        && (4..=8).contains(&(end - start))
        && haystack.closes(end)
        && !haystack.byte(end).is_some_and(|b| matches!(b, b'-' | b'/'));
    is_code.then(|| Match::new(start..end, 0.6).with_evidence(&word))
}

/// Where the value begins after a word, and whether a verb or a colon announces it.
fn value_start(haystack: &Haystack<'_>, from: usize) -> Option<(usize, bool)> {
    let (mut at, mut is_said, mut words) = (from, false, 0);
    while at < from + GAP {
        let byte = haystack.byte(at)?;
        if byte == b':' {
            is_said = true;
            at += 1;
        } else if matches!(byte, b' ' | b'\t' | b'"' | b'\'' | b'`' | b'*' | b'(' | b')') {
            at += 1;
        } else if let Some(word) = (words < WORDS_BETWEEN).then(|| between(haystack, at)).flatten() {
            is_said |= !matches!(word, "code" | "number" | "for" | "my" | "your" | "the" | "on" | "our");
            at += word.len();
            words += 1;
        } else {
            return Some((at, is_said));
        }
    }
    None
}

fn between(haystack: &Haystack<'_>, at: usize) -> Option<&'static str> {
    let ends = |word: &str| {
        haystack.byte(at + word.len()).is_some_and(|b| matches!(b, b' ' | b':' | b'=' | b'\t' | b')'))
    };
    BETWEEN.iter().copied().find(|word| haystack.starts_with(at, word) && ends(word))
}

/// Without the signs that end a sentence.
fn trim_end(haystack: &Haystack<'_>, start: usize, end: usize) -> usize {
    let value = haystack.slice(start..end);
    end - value.iter().rev().take_while(|b| matches!(b, b'.' | b';' | b':' | b'\'' | b'*')).count()
}

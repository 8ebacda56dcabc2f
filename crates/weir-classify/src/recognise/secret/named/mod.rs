//! Values that the name before them says are credentials, whoever's they are.

mod name;
mod syntax;
mod value;
mod vendor;

use super::secret;
use crate::haystack::Haystack;
use crate::recognise::{Find, Match, RecogniserInfo};
use name::Strength;
use std::ops::Range;
use syntax::Value;

pub(super) use value::{is_hash, is_password, is_uuid};
pub(super) use vendor::VENDOR;

pub(super) const CREDENTIAL: RecogniserInfo = secret(
    "named_credential",
    "values assigned to a name such as `acmeToken`, `DB_PASSWORD` or `x-api-key`, in code, configuration, headers, JSON, YAML and XML",
    "the name's words, an assignment, and a value that looks random or like a password; no placeholder, no code",
    Find::Word(
        &[
            "key",
            "Key",
            "KEY",
            "token",
            "Token",
            "TOKEN",
            "secret",
            "Secret",
            "SECRET",
            "pass",
            "Pass",
            "PASS",
            "pwd",
            "Pwd",
            "PWD",
            "cred",
            "Cred",
            "CRED",
            "auth",
            "Auth",
            "AUTH",
            "api",
            "Api",
            "API",
            "access",
            "Access",
            "ACCESS",
            "client_id",
            "clientId",
            "clientID",
            "ClientID",
            "ClientId",
            "client-id",
            "CLIENT_ID",
            "login",
            "Login",
            "LOGIN",
            "kennwort",
            "Kennwort",
            "KENNWORT",
            "contrasena",
            "contraseña",
            "Contraseña",
            "clave",
            "senha",
            "Senha",
            "mot_de_passe",
            "wachtwoord",
            "Wachtwoord",
            "пароль",
            "Пароль",
            "密码",
            "パスワード",
        ],
        find,
    ),
);

/// Short values in the query of a URL are codes for counting visitors and showing badges.
const QUERY_MIN: usize = 16;

fn find(haystack: &Haystack<'_>, word: Range<usize>) -> Option<Match> {
    if word.is_empty() {
        return under_key(haystack);
    }
    let end = syntax::identifier_end(haystack, word.end);
    // Where another segment begins, the name may end and its value begin.
    let seam = haystack.last_seam(word.end..end);
    [Some(end), seam].into_iter().flatten().find_map(|end| assigned(haystack, &word, end))
}

fn assigned(haystack: &Haystack<'_>, word: &Range<usize>, end: usize) -> Option<Match> {
    let start = syntax::identifier_start(haystack, word.start);
    let value = syntax::value_after(haystack, start, end).or_else(|| syntax::value_beside(haystack, end))?;
    // Most values are words, and cost no more than this.
    if !value::may_be_secret(haystack.slice(value.sample())) {
        return None;
    }
    let phrase = syntax::phrase_start(haystack, start);
    let text = |range| std::str::from_utf8(haystack.slice(range)).ok();
    let is_query = matches!(haystack.before(start), Some(b'?' | b'&'));
    if is_query && value.range.len() < QUERY_MIN {
        return None;
    }
    judge(haystack, text(phrase..start)?, text(start..end)?, &value).map(|found| found.with_evidence(word))
}

/// The whole text is the value of the key above it.
fn under_key(haystack: &Haystack<'_>) -> Option<Match> {
    let name = haystack.keys().iter().rev().find(|key| !key.eq_ignore_ascii_case("value"))?;
    judge(haystack, "", name, &Value::whole(haystack)?)
}

fn judge(haystack: &Haystack<'_>, before: &str, name: &str, value: &Value) -> Option<Match> {
    judge_as(haystack, name::strength(before, name)?, value)
}

fn judge_as(haystack: &Haystack<'_>, strength: Strength, value: &Value) -> Option<Match> {
    let is_secret = value::is_secret(haystack.slice(value.sample()), strength, value);
    is_secret.then(|| Match::new(value.range.clone(), score(strength)))
}

fn score(strength: Strength) -> f32 {
    match strength {
        Strength::Password | Strength::Strong => 0.9,
        Strength::Client | Strength::Medium => 0.7,
        Strength::Weak => 0.5,
    }
}

//! What a name says about its value.

/// How much a name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strength {
    /// A password, which a person may have made up.
    Password,
    /// A token, a secret, an API key.
    Strong,
    /// The public half of a pair of credentials.
    Client,
    /// Somebody's key, which may be a key into a table: `acme_key`.
    Medium,
    /// A key, an access, a login.
    Weak,
}

/// The word of a name that says what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Core {
    Password,
    Secret,
    Token,
    Key,
    Access,
    Id,
}

/// More words after the core and it is about something else: `KeyUsageOID.KERBEROS_PKINIT_KDC`.
const WORDS_AFTER: usize = 3;

/// Words after the core that make it about the credential, not the credential.
const ABOUT: [&str; 52] = [
    "id",
    "ids",
    "name",
    "names",
    "type",
    "types",
    "url",
    "uri",
    "path",
    "paths",
    "file",
    "filename",
    "arn",
    "ref",
    "hash",
    "digest",
    "fingerprint",
    "thumbprint",
    "checksum",
    "version",
    "endpoint",
    "host",
    "prefix",
    "suffix",
    "count",
    "at",
    "date",
    "time",
    "pattern",
    "regex",
    "schema",
    "format",
    "index",
    "algorithm",
    "alg",
    "pub",
    "public",
    "cert",
    "certificate",
    "length",
    "size",
    "limit",
    "label",
    "title",
    "description",
    "error",
    "status",
    "state",
    "class",
    "expires",
    "usage",
    "oid",
];

/// Words before `token` that make it a place in a list or a text.
const TOKEN_OF_TEXT: [&str; 18] = [
    "next",
    "page",
    "continuation",
    "cursor",
    "sync",
    "resume",
    "pagination",
    "cancel",
    "cancellation",
    "fencing",
    "stop",
    "eos",
    "bos",
    "pad",
    "mask",
    "max",
    "lexer",
    "change",
];

/// Words before `key` that make it a key into a table, or one that everybody may know.
const KEY_OF_TABLE: [&str; 46] = [
    "public",
    "pub",
    "primary",
    "foreign",
    "partition",
    "sort",
    "cache",
    "idempotency",
    "object",
    "storage",
    "translation",
    "i18n",
    "row",
    "group",
    "map",
    "dict",
    "hash",
    "lookup",
    "dedup",
    "dedupe",
    "index",
    "unique",
    "composite",
    "shard",
    "routing",
    "host",
    "verify",
    "verifying",
    "verification",
    "json",
    "column",
    "path",
    "entity",
    "asset",
    "locale",
    "message",
    "react",
    "list",
    "node",
    "registry",
    "config",
    "etag",
    "item",
    "search",
    "natural",
    "known",
];

/// Words before `key` that make it a credential.
const KEY_OF_ACCESS: [&str; 46] = [
    "api",
    "access",
    "secret",
    "private",
    "auth",
    "authorization",
    "signing",
    "encryption",
    "decryption",
    "master",
    "account",
    "admin",
    "service",
    "license",
    "licence",
    "deploy",
    "webhook",
    "shared",
    "client",
    "app",
    "application",
    "consumer",
    "hmac",
    "aes",
    "jwt",
    "ssh",
    "root",
    "subscription",
    "server",
    "security",
    "integration",
    "live",
    "prod",
    "production",
    "sandbox",
    "rest",
    "developer",
    "merchant",
    "write",
    "ingest",
    "ingestion",
    "insert",
    "personal",
    "team",
    "project",
    "session",
];

/// What a name says, with the words `before` it, or `None` when it says nothing of the kind.
pub(super) fn strength(before: &str, name: &str) -> Option<Strength> {
    let mut words = split(name);
    let has_owner = words.len() > 1;
    words.splice(..0, split(before));
    let at = words.iter().rposition(|word| core(word).is_some())?;
    let (before, rest) = words.split_at(at);
    let (word, after) = rest.split_first()?;
    let core = core(word)?;
    if after.len() > WORDS_AFTER {
        return None;
    }
    if let Some(about) = after.iter().find(|word| ABOUT.contains(&word.as_str())) {
        return about_strength(core, about, before);
    }
    let of =
        before.iter().rev().find(|word| !word.bytes().all(|b| b.is_ascii_digit())).map_or("", String::as_str);
    match core {
        Core::Password => Some(Strength::Password),
        Core::Id => Some(Strength::Client),
        Core::Secret => Some(Strength::Strong),
        Core::Token => (!TOKEN_OF_TEXT.contains(&of)).then_some(Strength::Strong),
        Core::Key if KEY_OF_TABLE.contains(&of) => None,
        Core::Key if is_access_key(word, before) || is_screaming(name) && has_owner => Some(Strength::Strong),
        Core::Key | Core::Access if has_owner => Some(Strength::Medium),
        Core::Key | Core::Access => Some(Strength::Weak),
    }
}

/// A hash of a password and the identifier of an account open doors too.
fn about_strength(core: Core, about: &str, before: &[String]) -> Option<Strength> {
    match (core, about) {
        (Core::Password, "hash" | "digest") => Some(Strength::Password),
        (Core::Secret, "id") => Some(Strength::Strong),
        (Core::Access, "id") => Some(Strength::Client),
        (Core::Key, "id") if before.last().is_some_and(|word| word == "access") => Some(Strength::Client),
        _ => None,
    }
}

fn is_access_key(word: &str, before: &[String]) -> bool {
    word != "key" || before.iter().rev().take(2).any(|word| KEY_OF_ACCESS.contains(&word.as_str()))
}

fn is_screaming(name: &str) -> bool {
    let end = name.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
    let start = end.rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_').map_or(0, |at| at + 1);
    !end.get(start..).unwrap_or_default().bytes().any(|b| b.is_ascii_lowercase())
}

fn core(word: &str) -> Option<Core> {
    match word {
        "pass" | "pw" | "pwd" | "passwd" | "passphrase" | "passcode" | "kennwort" | "contrasena"
        | "contraseña" | "clave" | "senha" | "passe" | "wachtwoord" | "пароль" | "密码" | "パスワード" => {
            Some(Core::Password)
        }
        "secret" | "secrets" | "cred" | "creds" | "credential" | "credentials" | "authorization" => {
            Some(Core::Secret)
        }
        "token" => Some(Core::Token),
        "key" => Some(Core::Key),
        "access" | "auth" | "api" | "login" | "client" => Some(Core::Access),
        _ => compound(word),
    }
}

/// Words written together: `authtoken`, `apikey`, `userpassword`.
fn compound(word: &str) -> Option<Core> {
    const KEYS: [&str; 12] = [
        "apikey",
        "authkey",
        "accesskey",
        "secretkey",
        "privatekey",
        "mykey",
        "appkey",
        "masterkey",
        "licensekey",
        "signingkey",
        "accountkey",
        "sharedkey",
    ];
    let ends = |ends: &[&str]| ends.iter().any(|end| word.ends_with(end));
    let is_own =
        |of| ["db", "user", "root", "admin", "remote", "smtp", "mail", "ftp", "key", "store"].contains(&of);
    if ends(&["password", "passwd", "passwort"]) || word.strip_suffix("pass").is_some_and(is_own) {
        Some(Core::Password)
    } else if ends(&["secret"]) {
        Some(Core::Secret)
    } else if ends(&["token"]) {
        Some(Core::Token)
    } else if ends(&["clientid", "accessid"]) {
        Some(Core::Id)
    } else {
        ends(&KEYS).then_some(Core::Key)
    }
}

/// The words of an identifier or phrase, in lower case: `AWSSecretKey2` is `aws`, `secret`, `key`, `2`.
fn split(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut chars = name.chars().peekable();
    let mut last = ' ';
    while let Some(c) = chars.next() {
        let begins = starts_word(last, c, chars.peek().copied());
        last = c;
        if begins || !c.is_alphanumeric() {
            words.push(String::new());
        }
        if let (true, Some(word)) = (c.is_alphanumeric(), words.last_mut()) {
            word.extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn starts_word(last: char, c: char, next: Option<char>) -> bool {
    let camel = c.is_uppercase()
        && (last.is_lowercase() || last.is_uppercase() && next.is_some_and(char::is_lowercase));
    camel || c.is_ascii_digit() != last.is_ascii_digit()
}

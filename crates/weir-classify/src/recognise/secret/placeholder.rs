//! What stands where a secret would, and is none.

/// Parts that say that a value is made up, in lower case.
const MADE_UP: [&[u8]; 30] = [
    b"example",
    b"sample",
    b"placeholder",
    b"changeme",
    b"change_me",
    b"change-me",
    b"your",
    b"dummy",
    b"redacted",
    b"xxxx",
    b"****",
    b"..",
    b"####",
    b"----",
    b"insert",
    b"replace",
    b"fixme",
    b"goes-here",
    b"goes_here",
    b"goeshere",
    b"notreal",
    b"not-a-real",
    b"abcdefgh",
    b"12345678901234567890",
    b"_here",
    b"-here",
    b"mytoken",
    b"fake",
    b"removed",
    // `Aladdin:open sesame` in base64, the example of RFC 7617.
    b"qwxhzgrpbjpvcgvu",
];

/// Parts of passwords that documentation is full of, in lower case.
const STOCK: [&[u8]; 32] = [
    b"pass",
    b"pwd",
    b"secret",
    b"test",
    b"foo",
    b"bar",
    b"admin",
    b"root",
    b"user",
    b"guest",
    b"demo",
    b"mock",
    b"null",
    b"none",
    b"true",
    b"false",
    b"undefined",
    b"string",
    b"hidden",
    b"default",
    b"qwerty",
    b"letmein",
    b"1234",
    b"abc",
    b"token",
    b"value",
    b"hunter2",
    b"env",
    b"my_",
    b"word",
    b"anonymous",
    b"hash",
];

/// Whether a value is a placeholder: says so itself, is a template, or repeats one character.
pub(super) fn is_placeholder(value: &[u8]) -> bool {
    is_template(value) || repeats(value) || holds_any(value, &MADE_UP)
}

/// Whether a password is one that everybody writes in an example.
pub(super) fn is_stock_password(value: &[u8]) -> bool {
    is_placeholder(value) || holds_any(value, &STOCK)
}

/// Whether something is filled in later: `${TOKEN}`, `{{ token }}`, `<token>`, `%(token)s`, `$TOKEN`, `!vault`.
fn is_template(value: &[u8]) -> bool {
    let opens = |pair: &[u8]| matches!(pair, b"${" | b"{{" | b"$(" | b"%(" | b"#{" | b"%s" | b"%{" | b"{0");
    let is_variable = matches!(value, [b'$', next, ..] if next.is_ascii_alphabetic() || *next == b'_');
    let is_tag = value.strip_prefix(b"!").is_some_and(|tag| tag.iter().all(u8::is_ascii_alphabetic));
    is_variable || is_tag || value.first() == Some(&b'<') || value.windows(2).any(opens)
}

/// Whether a letter stands eight times in a row, or any character thirty times. `A` is zero in base64.
fn repeats(value: &[u8]) -> bool {
    let is_filler = |run: &[u8]| match run.first() {
        Some(b'A') | None => false,
        Some(first) => first.is_ascii_alphabetic() && run.len() >= 8 || run.len() >= 30,
    };
    value.chunk_by(|a, b| a == b).any(is_filler)
}

fn holds_any(value: &[u8], parts: &[&[u8]]) -> bool {
    let lower = value.to_ascii_lowercase();
    parts.iter().any(|part| memchr::memmem::find(&lower, part).is_some())
}

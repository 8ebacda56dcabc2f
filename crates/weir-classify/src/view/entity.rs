use super::{Editor, Step};
use crate::View;

/// The longest reference that stands for a character of an identifier, without its end.
const REFERENCE_MAX: usize = 12;

/// Undoes the HTML character reference at `at`, if there is one. Returns where to go on.
///
/// Source: WHATWG HTML, section 13.2.5.72 "Character reference state".
pub(super) fn undo(editor: &mut Editor<'_>, text: &str, at: usize) -> usize {
    let rest = text.as_bytes().get(at + 1..).unwrap_or_default();
    let len =
        rest.iter().take(REFERENCE_MAX).take_while(|b| b.is_ascii_alphanumeric() || **b == b'#').count();
    let name = text.get(at + 1..at + 1 + len).unwrap_or_default();
    let closed = rest.get(len) == Some(&b';');
    let Some(c) = character(name, closed) else { return at + 1 };
    let end = at + 1 + len + usize::from(closed);
    let mut buffer = [0; 4];
    let c = c.encode_utf8(&mut buffer);
    let step = match (u8::try_from(c.len()), u8::try_from(end - at)) {
        (Ok(view), Ok(source)) => Step::of(view, source),
        _ => Step::NONE,
    };
    editor.step(at..end, c, step, View::Entities);
    end
}

fn character(name: &str, closed: bool) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code).filter(|c| *c != '\0');
    }
    // Most are the signs of a program and have no end.
    let (_, c) = NAMED.iter().filter(|_| closed).find(|(known, _)| *known == name)?;
    Some(*c)
}

/// The named references that can stand inside an identifier or beside one.
const NAMED: [(&str, char); 38] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", ' '),
    ("ensp", ' '),
    ("emsp", ' '),
    ("thinsp", ' '),
    ("Tab", '\t'),
    ("NewLine", '\n'),
    ("commat", '@'),
    ("period", '.'),
    ("comma", ','),
    ("colon", ':'),
    ("semi", ';'),
    ("sol", '/'),
    ("bsol", '\\'),
    ("dash", '-'),
    ("hyphen", '-'),
    ("minus", '-'),
    ("ndash", '-'),
    ("mdash", '-'),
    ("lowbar", '_'),
    ("UnderBar", '_'),
    ("plus", '+'),
    ("equals", '='),
    ("num", '#'),
    ("percnt", '%'),
    ("ast", '*'),
    ("lpar", '('),
    ("rpar", ')'),
    ("lsqb", '['),
    ("rsqb", ']'),
    ("excl", '!'),
    ("quest", '?'),
    ("shy", '\u{AD}'),
    ("zwnj", '\u{200C}'),
];

use std::ops::Range;

/// Fewer characters are noise between others, or part of a flag.
const CHARACTERS_MIN: usize = 6;

/// The text that a run of invisible characters at `start` carries, and where the run ends: tags, each of which stands
/// for a character of ASCII, or variation selectors, each of which stands for a byte.
///
/// Source: Unicode 16.0, block "Tags" and the 256 variation selectors.
pub(super) fn carried(text: &str, start: usize) -> Option<(String, Range<usize>)> {
    let rest = text.get(start..)?;
    let read: fn(char) -> Option<u8> = if tag(rest.chars().next()?).is_some() { tag } else { selected };
    let (mut bytes, mut end) = (Vec::new(), start);
    for c in rest.chars() {
        let Some(byte) = read(c) else { break };
        bytes.push(byte);
        end += c.len_utf8();
    }
    let carried = super::decode::as_text(&bytes).filter(|_| bytes.len() >= CHARACTERS_MIN)?;
    Some((carried, start..end))
}

fn tag(c: char) -> Option<u8> {
    let code = u32::from(c).checked_sub(0xE0000)?;
    u8::try_from(code).ok().filter(|code| (0x20..0x7F).contains(code))
}

fn selected(c: char) -> Option<u8> {
    let code = match u32::from(c) {
        code @ 0xFE00..=0xFE0F => code - 0xFE00,
        code @ 0xE0100..=0xE01EF => code - 0xE0100 + 16,
        _ => return None,
    };
    u8::try_from(code).ok()
}

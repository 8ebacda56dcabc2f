//! Taking one entry out of a YAML text, so that what is wrong with it does not hide what else is wrong.
//!
//! Works on the text, because the parser stops at the first entry of a wrong shape. Everything keeps its
//! position: what is taken out becomes spaces.

use std::ops::Range;

/// The entry at a byte of the text: a key with its value, or an item of a list.
pub fn entry_at(text: &str, at: usize) -> Option<Range<usize>> {
    match open_bracket(text, at) {
        Some(open) => flow_entry(text, open, at),
        None => block_entry(text, at),
    }
}

/// The entry that holds the one at this byte.
pub fn parent_of(text: &str, at: usize) -> Option<Range<usize>> {
    match open_bracket(text, at) {
        Some(open) => entry_at(text, open),
        None => block_parent(text, at),
    }
}

/// The text without an entry, and without those around it that hold nothing else; and what was taken out.
pub fn without(text: &str, entry: Range<usize>) -> (String, Vec<Range<usize>>) {
    let mut left = blank(text, &entry);
    let mut at = entry.start;
    let mut gone = vec![entry];
    while let Some(parent) =
        parent_of(&left, at).filter(|parent| parent.start < at && is_hollow(&left, parent))
    {
        at = parent.start;
        left = blank(&left, &parent);
        gone.push(parent);
    }
    (left, gone)
}

/// Values that stand for one that is missing, of which one will have the right shape.
pub const STAND_INS: [&str; 3] = ["unnamed", "[]", "{}"];

/// An entry for a field that is missing in the mapping that has a key at this byte, to be put before that key;
/// `None` if there is no key, or no such value.
pub fn stand_in(text: &str, at: usize, field: &str, number: usize) -> Option<String> {
    let value = STAND_INS.get(number)?;
    let (before, after) = text.split_at_checked(at)?;
    let key = after.lines().next()?.split_once(':').map(|(key, _)| key)?;
    let is_plain = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || " ._-\"'".contains(c));
    if !is_plain {
        return None;
    }
    if open_bracket(text, at).is_some() {
        return Some(format!("{field}: {value}, "));
    }
    // On a line of its own; what follows keeps its column.
    let line = before.rsplit('\n').next().unwrap_or_default();
    let is_first = line.chars().all(|c| c == ' ' || c == '-');
    is_first.then(|| format!("{field}: {value}\n{}", " ".repeat(line.len())))
}

/// The key of an entry, if it has one.
pub fn key_of(entry: &str) -> Option<&str> {
    let (key, _) = entry.trim_start_matches([',', ' ', '-']).split_once(':')?;
    Some(key.trim().trim_matches(['"', '\'']))
}

/// The key at the beginning of a line under which a byte of a text in block style stands.
pub fn section_of(text: &str, at: usize) -> Option<&str> {
    let end = text.get(at..)?.find('\n').map_or(text.len(), |end| at + end);
    let key = |line: &str| line.starts_with(|c: char| c.is_ascii_alphabetic());
    text.get(..end)?.lines().rev().find(|line| key(line))?.split_once(':').map(|(key, _)| key)
}

/// The bracket that is open at a byte: the last `[` or `{` before it that is not closed.
fn open_bracket(text: &str, at: usize) -> Option<usize> {
    let mut open = Vec::new();
    for (position, mark) in marks(text).take_while(|(position, _)| *position < at) {
        match mark {
            '[' | '{' => open.push(position),
            ']' | '}' => drop(open.pop()),
            _ => {}
        }
    }
    open.pop()
}

/// Brackets and commas of flow collections: not those in quotes, comments or plain text.
fn marks(text: &str) -> impl Iterator<Item = (usize, char)> {
    let mut quote: Option<char> = None;
    let mut depth = 0_usize;
    let mut before = '\n';
    let mut is_comment = false;
    text.char_indices().filter(move |(_, c)| {
        // A quote or a bracket begins a value only where a value can begin.
        let begins = matches!(before, ' ' | '\n' | '[' | '{' | ',' | ':' | '-');
        let was = std::mem::replace(&mut before, *c);
        if *c == '\n' {
            is_comment = false;
        }
        if is_comment {
            return false;
        }
        if let Some(mark) = quote {
            if *c == mark && !(mark == '"' && was == '\\') {
                quote = None;
            }
            return false;
        }
        match c {
            '#' if was == ' ' || was == '\n' => is_comment = true,
            '"' | '\'' if begins => quote = Some(*c),
            '[' | '{' if depth > 0 || begins => {
                depth += 1;
                return true;
            }
            ']' | '}' if depth > 0 => {
                depth -= 1;
                return true;
            }
            ',' if depth > 0 => return true,
            _ => {}
        }
        false
    })
}

/// The part between two commas of the collection that begins at `open`, with one of the commas.
fn flow_entry(text: &str, open: usize, at: usize) -> Option<Range<usize>> {
    let mut start = open + 1;
    let mut after_comma = false;
    let mut depth = 0_usize;
    for (position, mark) in marks(text).skip_while(|(position, _)| *position <= open) {
        match mark {
            '[' | '{' => depth += 1,
            ',' if depth == 0 && position >= at => return Some(start..position + 1),
            ',' if depth == 0 => (start, after_comma) = (position + 1, true),
            ']' | '}' if depth == 0 => return Some(start - usize::from(after_comma)..position),
            ']' | '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// One line of block style: where it begins, where its dashes stand, and where its content begins.
struct Line<'t> {
    start: usize,
    text: &'t str,
    /// Columns of the dashes before the content.
    dashes: Vec<usize>,
    /// Column of the content.
    content: usize,
}

impl<'t> Line<'t> {
    fn of(start: usize, text: &'t str) -> Self {
        let mut dashes = Vec::new();
        let mut content = text.len() - text.trim_start_matches(' ').len();
        while let Some(rest) = text.get(content..).and_then(|rest| rest.strip_prefix('-'))
            && (rest.is_empty() || rest.starts_with(' '))
        {
            dashes.push(content);
            content += 1 + (rest.len() - rest.trim_start_matches(' ').len());
        }
        Self { start, text, dashes, content }
    }

    fn is_blank(&self) -> bool {
        let text = self.text.trim();
        text.is_empty() || text.starts_with('#')
    }

    /// Where it begins to say something.
    fn indent(&self) -> usize {
        self.dashes.first().copied().unwrap_or(self.content)
    }

    fn has_key(&self) -> bool {
        let content = self.text.get(self.content..).unwrap_or_default().trim_end();
        content.ends_with(':') || content.contains(": ")
    }
}

fn lines(text: &str) -> impl DoubleEndedIterator<Item = Line<'_>> {
    let line = |line: &str| (line.as_ptr() as usize - text.as_ptr() as usize, line.len());
    let places: Vec<(usize, usize)> = text.split('\n').map(line).collect();
    places
        .into_iter()
        .filter_map(move |(start, length)| Some(Line::of(start, text.get(start..start + length)?)))
}

fn block_entry(text: &str, at: usize) -> Option<Range<usize>> {
    let line = lines(text).take_while(|line| line.start <= at).last()?;
    let column = match line.dashes.last() {
        Some(dash) if !line.has_key() => *dash,
        _ => line.content,
    };
    Some(line.start + column..end_of(text, &line, column))
}

/// Where the lines end that belong to what begins in this column of a line.
fn end_of(text: &str, line: &Line<'_>, column: usize) -> usize {
    let is_item = line.dashes.contains(&column);
    let mut end = line.start + line.text.len();
    for next in lines(text).skip_while(|next| next.start <= line.start) {
        // A list may stand in the column of its key.
        let belongs = next.indent() > column
            || (next.indent() == column && !is_item && line.dashes.is_empty() && !next.dashes.is_empty());
        if !next.is_blank() && !belongs {
            break;
        }
        if !next.is_blank() {
            end = next.start + next.text.len();
        }
    }
    end
}

fn block_parent(text: &str, at: usize) -> Option<Range<usize>> {
    let line = lines(text).take_while(|line| line.start <= at).last()?;
    let column = at.checked_sub(line.start)?;
    let dash = line.dashes.iter().rev().find(|dash| **dash < column.max(1)).copied();
    if let Some(dash) = dash {
        return Some(line.start + dash..end_of(text, &line, dash));
    }
    let column = if line.dashes.is_empty() { line.content.min(column) } else { column };
    let is_item = line.dashes.contains(&column);
    for above in
        lines(text).take_while(|above| above.start < line.start).collect::<Vec<_>>().into_iter().rev()
    {
        if above.is_blank() {
            continue;
        }
        if let Some(dash) = above.dashes.iter().rev().find(|dash| **dash < column) {
            let of_key = above.content < column;
            let begins = if of_key { above.content } else { *dash };
            return Some(above.start + begins..end_of(text, &above, begins));
        }
        let holds = above.content < column || (is_item && above.dashes.is_empty() && above.content == column);
        if holds {
            return Some(above.start + above.content..end_of(text, &above, above.content));
        }
    }
    None
}

/// Whether there is nothing in an entry but its key, its dash or its brackets.
fn is_hollow(text: &str, entry: &Range<usize>) -> bool {
    let Some(entry) = text.get(entry.clone()) else { return false };
    let content = entry.trim_start_matches([',', ' ', '-']).trim();
    let value = content.split_once(':').map_or(content, |(_, value)| value);
    value.lines().all(|line| {
        let line = line.trim();
        line.starts_with('#') || line.chars().all(|c| matches!(c, ' ' | '{' | '}' | '[' | ']' | ',' | '-'))
    })
}

fn blank(text: &str, entry: &Range<usize>) -> String {
    let spaces = |(at, c): (usize, char)| {
        let (c, length) = if entry.contains(&at) && c != '\n' { (' ', c.len_utf8()) } else { (c, 1) };
        std::iter::repeat_n(c, length)
    };
    text.char_indices().flat_map(spaces).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text without the entry at the first `@`, which marks a place and is no part of the text.
    fn check(marked: &str, expected: &str) {
        let at = marked.find('@').unwrap();
        let text = marked.replacen('@', "", 1);
        let (left, _) = without(&text, entry_at(&text, at).unwrap());
        assert_eq!(left.len(), text.len());
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        let lines =
            |text: &str| -> Vec<String> { text.lines().map(words).filter(|line| !line.is_empty()).collect() };
        assert_eq!(lines(&left), lines(expected), "{marked}");
    }

    #[test]
    fn an_entry_in_block_style_goes_with_all_that_is_under_it() {
        check("a: 1\n@b:\n  c: 2\n  - 3\nd: 4\n", "a: 1\nd: 4\n");
        check("a: 1\n@b:\n- 2\n- 3\nd: 4\n", "a: 1\nd: 4\n");
        check("l:\n  - @x: 1\n    y: 2\n  - x: 3\n", "l:\n  -\n    y: 2\n  - x: 3\n");
        check("l:\n  - x: 1\n    y: @[2]\n  - x: 3\n", "l:\n  - x: 1\n  - x: 3\n");
        check("l:\n  - one\n  - @two\n", "l:\n  - one\n");
    }

    #[test]
    fn an_entry_in_flow_style_goes_with_one_comma() {
        check("a: { b: 1, @c: 2, d: 3 }\n", "a: { b: 1,       d: 3 }\n");
        check("a: { b: 1, c: @[2] }\n", "a: { b: 1         }\n");
        check("a: [x, \"y, @z\", w]\n", "a: [x,          w]\n");
    }

    #[test]
    fn what_holds_nothing_else_goes_too() {
        check("a:\n  @b: 1\nc: 2\n", "c: 2\n");
        check("l:\n  - @x: 1\nc: 2\n", "c: 2\n");
        check("when: { f: { @g: 1 } }\nuse: local\n", "use: local\n");
    }

    #[test]
    fn the_parent_of_a_key_in_an_item_is_the_item() {
        let text = "l:\n  - x: 1\n    y: 2\n  - x: 3\n";
        let parent = parent_of(text, text.find("y:").unwrap()).unwrap();
        assert_eq!(&text[parent], "- x: 1\n    y: 2");
        let of_first = parent_of(text, text.find("x: 1").unwrap()).unwrap();
        assert_eq!(&text[of_first], "- x: 1\n    y: 2");
        let of_item = parent_of(text, text.find("- x: 3").unwrap()).unwrap();
        assert!(text[of_item].starts_with("l:"));
    }

    #[test]
    fn keys_are_read_from_entries() {
        assert_eq!(key_of("- name: x"), Some("name"));
        assert_eq!(key_of(", \"a b\": 1"), Some("a b"));
        assert_eq!(key_of("plain"), None);
    }

    #[test]
    fn a_place_is_in_the_section_whose_key_stands_at_the_beginning_of_a_line() {
        let text = "policy: 1\nrules:\n- name: a\n  # no: key\n  use: any\n\ngroups: { a: b }\n";
        let at = |needle: &str| section_of(text, text.find(needle).unwrap());
        assert_eq!(at("1"), Some("policy"));
        assert_eq!((at("ules:"), at("name"), at("any")), (Some("rules"), Some("rules"), Some("rules")));
        assert_eq!((at("groups"), at("b }")), (Some("groups"), Some("groups")));
        assert_eq!((section_of("{ rules: [] }", 4), section_of("", 0)), (None, None));
    }
}

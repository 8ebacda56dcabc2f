//! Which paths a Rust source mentions.

use super::tokens::{Token, tokens};
use std::path::{Path, PathBuf};

/// `line: message` for each path in the source that is banned; `#[cfg(test)]` items are passed over.
///
/// A ban `a::b` is on every path with these two words in a row, a ban `a` on the word, a ban `a::*` on
/// that import itself.
pub fn mentions(source: &str, bans: &[&str]) -> Vec<String> {
    let (code, _) = without_tests(&tokens(source));
    let mut found = Vec::new();
    for path in paths(&code) {
        let hits = bans.iter().filter(|ban| is_within(ban, &path.words));
        found.extend(
            hits.map(|ban| {
                format!("{}: `{}`: `{ban}` is not for this crate", path.line, path.words.join("::"))
            }),
        );
    }
    found
}

/// Paths, without `.rs`, of the files that `#[cfg(test)] mod name;` in this source brings in.
pub fn test_modules(file: &Path, source: &str) -> Vec<PathBuf> {
    let (_, modules) = without_tests(&tokens(source));
    let stem = file.file_stem().unwrap_or_default();
    let is_root = ["lib", "main", "mod"].iter().any(|root| stem == *root);
    let directory = if is_root { file.with_file_name("") } else { file.with_extension("") };
    modules.iter().map(|module| directory.join(module)).collect()
}

fn is_within(ban: &str, path: &[&str]) -> bool {
    let ban: Vec<&str> = ban.split("::").collect();
    path.windows(ban.len()).any(|part| part == ban)
}

/// The tokens outside `#[cfg(test)]` items, and the names of the test modules in files of their own.
fn without_tests<'a>(all: &[Token<'a>]) -> (Vec<Token<'a>>, Vec<&'a str>) {
    const MARK: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let (mut code, mut modules) = (Vec::new(), Vec::new());
    let mut rest = all;
    while let Some((first, after)) = rest.split_first() {
        let marked = rest.get(..MARK.len()).is_some_and(|mark| mark.iter().map(|token| token.text).eq(MARK));
        if !marked {
            code.push(*first);
            rest = after;
            continue;
        }
        let (item, behind) = rest.split_at(item_length(rest));
        modules.extend(module_in_a_file(item));
        rest = behind;
    }
    (code, modules)
}

/// An item, attributes included, ends with a `;` outside all brackets, or with its first `{…}`.
fn item_length(tokens: &[Token<'_>]) -> usize {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate() {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && matches!(token.text, ";" | "}") {
            return index + 1;
        }
    }
    tokens.len()
}

fn module_in_a_file<'a>(item: &[Token<'a>]) -> Option<&'a str> {
    match item {
        [.., keyword, name, end] if keyword.text == "mod" && end.text == ";" => Some(name.text),
        _ => None,
    }
}

struct Mention<'a> {
    words: Vec<&'a str>,
    line: usize,
}

/// Every path, with `use a::{b, c::d}` taken as `a::b` and `a::c::d`.
fn paths<'a>(tokens: &[Token<'a>]) -> Vec<Mention<'a>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        at = path(tokens, at, &[], &mut found);
    }
    found
}

/// Reads the path, or the tree of paths, that begins at `at`; gives the place behind it.
fn path<'a>(tokens: &[Token<'a>], mut at: usize, before: &[&'a str], found: &mut Vec<Mention<'a>>) -> usize {
    let line = tokens.get(at).map_or(0, |token| token.line);
    let text = |at: usize| tokens.get(at).map(|token| token.text);
    let mut words = before.to_vec();
    while let Some(word) = text(at).filter(|text| is_name(text)) {
        words.push(word);
        at += 1;
        match (text(at), text(at + 1)) {
            (Some("::"), Some("{")) => return tree(tokens, at + 2, &words, found),
            (Some("::"), Some("*")) => {
                words.push("*");
                at += 2;
                break;
            }
            (Some("::"), Some(next)) if is_name(next) => at += 1,
            _ => break,
        }
    }
    if words.len() == before.len() {
        return at + 1;
    }
    found.push(Mention { words, line });
    at
}

/// Reads the paths up to the `}` that ends the tree.
fn tree<'a>(tokens: &[Token<'a>], mut at: usize, before: &[&'a str], found: &mut Vec<Mention<'a>>) -> usize {
    loop {
        match tokens.get(at).map(|token| token.text) {
            None | Some("}") => return at + 1,
            // The new name of `a as b` is no path below this one, but to take it as one is harmless.
            Some(text) if is_name(text) => at = path(tokens, at, before, found),
            Some("*") => {
                let words = before.iter().copied().chain(["*"]).collect();
                found.push(Mention { words, line: tokens.get(at).map_or(0, |token| token.line) });
                at += 1;
            }
            Some(_) => at += 1,
        }
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: &str) -> Vec<String> {
        mentions(source, &["std::fs", "Instant::now", "TcpStream", "std::*"])
    }

    #[test]
    fn a_banned_path_is_found_however_it_is_written() {
        for source in [
            "let x = std::fs::read(p);",
            "use std::fs;",
            "use std::{io, fs};",
            "use std::{\n    collections::{BTreeMap, BTreeSet},\n    fs::{self, File},\n};",
            "use std::fs as files;",
            "let now = std::time::Instant::now();",
            "fn f(now: impl Fn() -> Instant) { f(Instant::now) }",
            "use std::net::{IpAddr, TcpStream};",
            "use tokio::net as n; fn f() { n::TcpStream::connect(a) }",
            "use std::*;",
            "use std::{*};",
        ] {
            assert!(!found(source).is_empty(), "{source}");
        }
    }

    #[test]
    fn what_only_looks_like_a_banned_path_is_not() {
        for source in [
            "// std::fs",
            "/// Unlike [`std::fs::read`].\nfn f() {}",
            "let text = \"std::fs\";",
            "use std::{io, fmt};",
            "use std::time::Instant; fn f(now: Instant) {}",
            "fn now() {} fn fs() {}",
            "use other::fs;",
            "use std::net::IpAddr;",
        ] {
            assert_eq!(found(source), Vec::<String>::new(), "{source}");
        }
    }

    #[test]
    fn the_line_and_the_path_are_told() {
        assert_eq!(found("\n\nuse std::fs::File;"), ["3: `std::fs::File`: `std::fs` is not for this crate"]);
    }

    #[test]
    fn tests_may_do_what_code_may_not() {
        assert!(found("fn f() {}\n#[cfg(test)]\nmod tests { use std::fs; fn f() { { } } }").is_empty());
        assert!(
            found("#[cfg(test)] use std::fs;\n#[cfg(test)]\n#[must_use]\nfn f() { std::fs::read(p) }")
                .is_empty()
        );
        assert_eq!(found("#[cfg(test)]\nmod tests { }\nuse std::fs;").len(), 1);
        assert_eq!(found("#[cfg(not(test))]\nuse std::fs;").len(), 1);
    }

    #[test]
    fn the_files_of_test_modules_are_known() {
        let source = "mod a;\n#[cfg(test)]\nmod tests;\n";
        let of = |file: &str| test_modules(Path::new(file), source);
        assert_eq!(of("src/lib.rs"), [PathBuf::from("src/tests")]);
        assert_eq!(of("src/x/mod.rs"), [PathBuf::from("src/x/tests")]);
        assert_eq!(of("src/x.rs"), [PathBuf::from("src/x/tests")]);
    }
}

//! Which functions run at the start of a gateway and for requests, so that the linker can put them together.

use super::stage::{Stage, Way};
use crate::run::{Done, Failure, output, program, root, say, target};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::thread;
use std::time::Duration;

/// What gateways are asked for most.
const FIRST: &[&str] = &["--prompt", "200", "--conns", "16"];
const LOADS: [&[&str]; 5] = [
    FIRST,
    &["--prompt", "200", "--conns", "1"],
    &["--prompt", "200", "--conns", "64"],
    &["--prompt", "4000", "--conns", "4"],
    &["--prompt", "200", "--conns", "4", "--stream"],
];

/// Under valgrind a request takes tens of milliseconds, and the search index comes by every two seconds and is long at work.
const TIME: Duration = Duration::from_secs(5);
const IDLE: Duration = Duration::from_secs(20);

const ABOUT: &str = "\
# Functions that run at the start of a gateway and for requests, the busiest first, by `cargo xtask bench --near`. The linker puts them at
# the beginning of the program: the kernel brings a program into memory in pieces of 64 KiB, of which they fill few when they lie together.
# Behind a path are the hashes by which symbols differ of the same function for other types, and `*` where the compiler puts more
# behind one. A name that is not in the program does no harm; a function that is missing here costs a piece of memory at most.
";

/// Runs traced gateways and writes the list.
pub fn run() -> Done {
    let mut stage = Stage::set_up()?;
    // The first start makes what the second one finds.
    stage.forget()?;
    let mut traces = Vec::new();
    for (loads, has_more_to_do) in [(&LOADS[..], false), (&LOADS[..1], true)] {
        if has_more_to_do {
            // The search index is not kept up while many requests come.
            stage.restart(false)?;
            stage.load(Way::Gateway, FIRST, TIME)?;
        }
        stage.restart(true)?;
        for options in loads {
            stage.load(Way::Gateway, options, TIME)?;
        }
        // Some work waits until nobody asks for anything.
        thread::sleep(IDLE);
        traces.push(stage.trace()?);
    }
    let mut ran = BTreeMap::new();
    for (symbol, work) in traces.iter().flat_map(|trace| work(trace)) {
        *ran.entry(symbol).or_default() += work;
    }
    if ran.is_empty() {
        return Err(Failure("the trace names no function".to_owned()));
    }
    let table = output(program("nm", &["--defined-only"]).arg(target().join("release/weir")))?;
    let names = names(&ran, &table);
    let list: String = names.iter().map(|name| format!("{name}\n")).collect();
    let path = root().join("crates/weir/near.txt");
    fs::write(&path, format!("{ABOUT}{list}")).map_err(Failure::of(path.display()))?;
    say(&format!("{} functions in {}", names.len(), path.display()));
    Ok(())
}

/// The symbols of the functions in a trace, with the instructions that each took itself.
///
/// Source: "Callgrind Format Specification", version 1: a name stands where it is first used, afterwards its number alone; a line of
/// costs has a position and a cost; the one behind a line of `calls` is what the call took, and not the function itself.
fn work(trace: &str) -> BTreeMap<&str, u64> {
    let (mut symbols, mut work) = (BTreeMap::new(), BTreeMap::new());
    let (mut current, mut is_of_call) = ("", false);
    for line in trace.lines() {
        let named = line.strip_prefix("fn=").or_else(|| line.strip_prefix("cfn="));
        if let Some((number, name)) = named.and_then(|named| named.split_once(')')) {
            let symbol = symbols.entry(number).or_insert_with(|| name.trim_start());
            work.entry(*symbol).or_default();
            if line.starts_with("fn=") {
                current = symbol;
            }
        } else if line.starts_with("calls=") {
            is_of_call = true;
        } else if let Some((_, cost)) = line.split_once(' ').filter(|_| is_cost(line))
            && !std::mem::take(&mut is_of_call)
        {
            *work.entry(current).or_default() += cost.parse().unwrap_or(0);
        }
    }
    work
}

fn is_cost(line: &str) -> bool {
    line.starts_with(|first: char| first.is_ascii_digit() || "+-*".contains(first))
}

/// The names of these functions, the busiest first, and of those that are the same code: of several the linker keeps one, which is
/// placed by any of their names. `table` is what `nm` says of the program.
fn names(ran: &BTreeMap<&str, u64>, table: &str) -> Vec<String> {
    let mut at = BTreeMap::<_, Vec<_>>::new();
    for line in table.lines() {
        if let [address, _, symbol] = *line.split_whitespace().collect::<Vec<_>>() {
            at.entry(address).or_default().push(symbol);
        }
    }
    let mut functions = BTreeMap::<String, Function<'_>>::new();
    for same in at.into_values() {
        let known = same.iter().filter_map(|symbol| ran.get(symbol)).max().copied();
        let Some(work) = known.or(same.iter().any(|symbol| is_never_traced(symbol)).then_some(u64::MAX))
        else {
            continue;
        };
        for symbol in same {
            let (path, hash) = parts(symbol).unwrap_or_else(|| (symbol.to_owned(), None));
            let function = functions.entry(path).or_default();
            function.magnitude = function.magnitude.max(work.checked_ilog2());
            function.hashes.extend(hash);
        }
    }
    let mut functions: Vec<_> = functions.into_iter().filter(|(path, _)| is_plain(path)).collect();
    functions.sort_by_key(|(_, function)| Reverse(function.magnitude));
    functions.into_iter().map(|(path, function)| function.line(path)).collect()
}

/// Whether a function runs on a processor only that has instructions which valgrind does not know.
fn is_never_traced(symbol: &str) -> bool {
    symbol.contains("sha256") && (symbol.ends_with("_hw") || symbol.contains("x86_sha"))
}

/// All functions of one path.
#[derive(Default)]
struct Function<'t> {
    /// The logarithm of the instructions that the busiest took: those of like work stay in the order of their names.
    magnitude: Option<u32>,
    hashes: BTreeSet<Hash<'t>>,
}

impl Function<'_> {
    fn line(self, path: String) -> String {
        self.hashes
            .into_iter()
            .fold(path, |line, Hash { hash, is_more }| line + " " + hash + if is_more { "*" } else { "" })
    }
}

/// What stands at the end of a mangled name, and whether the compiler has put more behind it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Hash<'t> {
    hash: &'t str,
    is_more: bool,
}

/// Whether a name needs no quotes in a linker script.
fn is_plain(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_$.:".contains(&b))
}

/// The parts of a mangled name with `::` between them, and the hash at its end; `None` of one that is mangled otherwise.
///
/// Source: the Itanium C++ ABI, 5.1, and `rustc_symbol_mangling::legacy`.
fn parts(mangled: &str) -> Option<(String, Option<Hash<'_>>)> {
    const HASH: usize = 17;
    let mut rest = mangled.strip_prefix("_ZN")?;
    let mut parts = Vec::new();
    while !rest.starts_with('E') {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (length, behind) = rest.split_at(digits);
        let (part, behind) = behind.split_at_checked(length.parse().ok()?)?;
        parts.push(part);
        rest = behind;
    }
    let hash = parts.pop()?.strip_prefix('h').filter(|hash| hash.len() + 1 == HASH && !parts.is_empty())?;
    Some((parts.join("::"), Some(Hash { hash, is_more: rest != "E" })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_named_by_their_symbols_and_those_of_the_same_code_with_them() {
        let trace = "fn=(1) _ZN4weir4main17h0123456789abcdefE\n5 7\ncfn=(2) _ZN29_$LT$a..B$u20$as$u20$c..D$GT$1e17h0123456789abcdefE\n\
                     calls=1 0\n+3 4000\n+1 2\nfn=(3) malloc\n* 5\nfn=(4) _RNvCs1_3std\n-2 3\n\
                     fn=(2)\n1 90\nfn=(5) _ZN1f1g17h1123456789abcdefE\n1 1\nob=(1) _ZN1a1b17h0123456789abcdefE\n";
        let table = "01 t _ZN4weir4main17h0123456789abcdefE\n02 t _ZN29_$LT$a..B$u20$as$u20$c..D$GT$1e17h0123456789abcdefE\n\
                     02 t _ZN1f1g17h0123456789abcdefE.llvm.7\n05 t _ZN1f1g17h1123456789abcdefE\n06 t _ZN1f1g17hffffffffffffffffE\n03 t _RNvCs1_3std\n04 t _ZN1a1b17h0123456789abcdefE\n07 t a_sha256_hw\n         U malloc\n";
        let hash = "0123456789abcdef";
        let expected = [
            "a_sha256_hw".to_owned(),
            format!("_$LT$a..B$u20$as$u20$c..D$GT$::e {hash}"),
            format!("f::g {hash}* 1{}", &hash[1..]),
            format!("weir::main {hash}"),
            "_RNvCs1_3std".to_owned(),
        ];
        let work = work(trace);
        assert_eq!(work.get("_ZN4weir4main17h0123456789abcdefE"), Some(&9));
        assert_eq!(names(&work, table), expected);
    }
}

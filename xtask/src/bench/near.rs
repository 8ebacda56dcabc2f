//! Which functions run at the start of a gateway and for requests, so that the linker can put them together.

use super::stage::{Stage, Way};
use crate::run::{Done, Failure, output, program, root, say, target};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::Duration;

/// What gateways are asked for most.
const LOADS: [&[&str]; 4] = [
    &["--prompt", "200", "--conns", "16"],
    &["--prompt", "200", "--conns", "1"],
    &["--prompt", "4000", "--conns", "4"],
    &["--prompt", "200", "--conns", "4", "--stream"],
];

/// Under valgrind a request takes tens of milliseconds, and the search index comes by every two seconds.
const TIME: Duration = Duration::from_secs(5);

const ABOUT: &str = "\
# Functions that run at the start of a gateway and for requests, by `cargo xtask bench --near`. The linker puts them at the beginning of
# the program: the kernel brings a program into memory in pieces of 64 KiB, of which they fill few when they lie together.
# A name that is not in the program does no harm; a function that is missing here costs a piece of memory at most.
";

/// Runs a traced gateway and writes the list.
pub fn run() -> Done {
    let stage = Stage::set_up_traced()?;
    for options in LOADS {
        stage.load(Way::Gateway, options, TIME)?;
    }
    let trace = stage.trace()?;
    let ran = symbols(&trace);
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

/// The symbols of the functions in a trace.
fn symbols(trace: &str) -> BTreeSet<&str> {
    let of_functions = trace.lines().filter(|line| line.starts_with("fn=") || line.starts_with("cfn="));
    of_functions.filter_map(|line| line.split_once(") ")).map(|(_, symbol)| symbol).collect()
}

/// The names of these functions, and of those that are the same code: of several the linker keeps one, which is placed by any
/// of their names. `table` is what `nm` says of the program.
fn names(ran: &BTreeSet<&str>, table: &str) -> BTreeSet<String> {
    let mut at = BTreeMap::<_, Vec<_>>::new();
    for line in table.lines() {
        if let [address, _, symbol] = *line.split_whitespace().collect::<Vec<_>>() {
            at.entry(address).or_default().push(symbol);
        }
    }
    let same = at.into_values().filter(|same| same.iter().any(|symbol| ran.contains(symbol)));
    let is_plain = |name: &String| name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_$.:".contains(&b));
    let name = |symbol: &str| path(symbol).unwrap_or_else(|| symbol.to_owned());
    same.flatten().map(name).filter(is_plain).collect()
}

/// The parts of a mangled name, but for the hash at its end, with `::` between them; `None` of one that is mangled otherwise.
///
/// Source: the Itanium C++ ABI, 5.1, and `rustc_symbol_mangling::legacy`.
fn path(mangled: &str) -> Option<String> {
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
    let hash = parts.pop()?;
    (hash.len() == HASH && hash.starts_with('h') && !parts.is_empty()).then(|| parts.join("::"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_named_by_their_paths_and_those_of_the_same_code_with_them() {
        let trace = "fn=(1) _ZN4weir4main17h0123456789abcdefE\n5 7\ncfn=(2) _ZN29_$LT$a..B$u20$as$u20$c..D$GT$1e17h0123456789abcdefE\n\
                     fn=(1)\nfn=(3) malloc\nfn=(4) _RNvCs1_3std\nob=(1) _ZN1a1b17h0123456789abcdefE\n";
        let table = "01 t _ZN4weir4main17h0123456789abcdefE\n02 t _ZN29_$LT$a..B$u20$as$u20$c..D$GT$1e17h0123456789abcdefE\n\
                     02 t _ZN1f1g17h0123456789abcdefE.llvm.7\n03 t _RNvCs1_3std\n04 t _ZN1a1b17h0123456789abcdefE\n         U malloc\n";
        let names: Vec<_> = names(&symbols(trace), table).into_iter().collect();
        assert_eq!(names, ["_$LT$a..B$u20$as$u20$c..D$GT$::e", "_RNvCs1_3std", "f::g", "weir::main"]);
    }
}

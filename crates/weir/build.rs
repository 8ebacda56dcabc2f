//! What the linker is asked for, so that the program takes less memory.

use std::path::PathBuf;
use std::process::Command;
use std::{env, fs, io};

/// What is put at the beginning of the program.
const NEAR: &str = "near.txt";
/// What is put at the end of the program.
const ASIDE: &str = "aside.txt";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={NEAR}");
    println!("cargo::rerun-if-changed={ASIDE}");
    let of_build = |name: &str| env::var(name).unwrap_or_default();
    // For this target Rust brings the linker along, so that it is known what it understands.
    if of_build("TARGET") != "x86_64-unknown-linux-gnu" || of_build("PROFILE") != "release" {
        return Ok(());
    }
    let script = PathBuf::from(of_build("OUT_DIR")).join("order.ld");
    fs::write(&script, sections(&fs::read_to_string(NEAR)?, &fs::read_to_string(ASIDE)?))?;
    println!("cargo::rustc-link-arg-bins=-Wl,-T,{}", script.display());
    // One copy of functions that became the same code.
    println!("cargo::rustc-link-arg-bins=-Wl,--icf=all");
    if of_build("HOST") == of_build("TARGET") && has_short_relocations() {
        // The places that are adjusted at the start, as a bitmap and not as a table of megabytes, which would stay in
        // memory.
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
    Ok(())
}

/// A linker script that adds two sections: one of these functions, and one of all functions of these crates and modules.
///
/// Each function has a section of its own, named by its mangled name, behind another word if it is marked as cold. One
/// without `::` is of another language, or mangled as the standard library is, and named as it stands. Source: the Itanium
/// C++ ABI, 5.1, and `rustc_symbol_mangling::legacy`, which writes the path of a type in an impl with two dots between its
/// parts, and a hash behind the path of a function.
///
/// Of the near ones first those whose hash is known come: these are the ones that ran. Where another compiler gives others, all
/// functions of the same path take their place.
fn sections(near: &str, aside: &str) -> String {
    let near: Vec<(&str, Vec<&str>)> = names(near)
        .filter_map(|line| line.split(' ').next().map(|path| (path, line.split(' ').skip(1).collect())))
        .collect();
    let exact = near.iter().flat_map(|(path, hashes)| {
        let symbol = |hash: &&str| match hash.strip_suffix('*') {
            None => format!("_ZN{}17h{hash}E", mangled(path)),
            Some(hash) => format!("_ZN{}17h{hash}E*", mangled(path)),
        };
        if path.contains("::") { hashes.iter().map(symbol).collect() } else { vec![(*path).to_owned()] }
    });
    let alike = near
        .iter()
        .filter(|(path, _)| path.contains("::"))
        .map(|(path, _)| format!("_ZN{}17h*", mangled(path)));
    let near: String =
        exact.chain(alike).map(|symbol| format!("    *(.text.{symbol} .text.unlikely.{symbol})\n")).collect();
    let modules = names(aside).map(|name| {
        let of_traits = match name.contains("::") {
            true => String::new(),
            false => format!(" .text._ZN*$LT${name}..* .text._ZN*$u20${name}..*"),
        };
        format!("    *(.text._ZN{}*{of_traits})\n", mangled(name))
    });
    format!(
        "SECTIONS\n{{\n  .text.near :\n  {{\n{}  }}\n}}\nINSERT BEFORE .text;\n\
         SECTIONS\n{{\n  .text.aside :\n  {{\n{}  }}\n}}\nINSERT AFTER .text;\n",
        near,
        modules.collect::<String>()
    )
}

fn names(list: &str) -> impl Iterator<Item = &str> {
    list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn mangled(path: &str) -> String {
    path.split("::").map(|part| format!("{}{part}", part.len())).collect()
}

/// Whether the C library here starts programs whose relocations are packed: glibc 2.36 and above.
fn has_short_relocations() -> bool {
    let said = Command::new("getconf").arg("GNU_LIBC_VERSION").output();
    let version = said.ok().and_then(|said| {
        let said = String::from_utf8(said.stdout).ok()?;
        let (major, minor) = said.trim().strip_prefix("glibc ")?.split_once('.')?;
        Some((major.parse::<u32>().ok()?, minor.parse::<u32>().ok()?))
    });
    version >= Some((2, 36))
}

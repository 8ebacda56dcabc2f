//! `cargo xtask layers`: the layers of ARCHITECTURE.md, checked.

mod graph;
mod rules;
mod source;
mod tokens;

use crate::run::{Done, Failure, cargo, output, root, say};
use graph::{Crate, Graph};
use std::fs;
use std::path::{Path, PathBuf};

/// Checks that no arrow between crates is turned round and that the pure crates are pure.
///
/// Arrows: which crates of the workspace each may depend on (development dependencies excepted). Purity:
/// the crates below the line depend, directly or not, on nothing that does I/O, and their sources mention
/// no sockets, files, environment, threads, processes or clocks. Doors: sources that could open a connection
/// are in weir-connect alone, and in the development rig.
#[derive(Debug, clap::Args)]
pub struct Args {}

pub fn check() -> Done {
    let metadata = output(&mut cargo(&["metadata", "--format-version", "1"]))?;
    let graph = Graph::read(&metadata)
        .map_err(|error| Failure(format!("`cargo metadata` says something unexpected: {error}")))?;
    let crates = graph.crates();
    let mut wrong = Vec::new();
    for member in &crates {
        wrong.extend(rules::arrows(member));
        wrong.extend(rules::purity(member));
        wrong.extend(sources(member)?);
    }
    if wrong.is_empty() {
        say(&format!("{} crates keep to their layers", crates.len()));
        return Ok(());
    }
    Err(Failure(wrong.join("\n")))
}

/// What the sources of a crate mention that they must not. Integration tests are not looked at.
fn sources(member: &Crate) -> Done<Vec<String>> {
    let bans = rules::bans(&member.name);
    let files = rust_files(&member.directory.join("src"))?;
    let mut texts = Vec::new();
    for path in files {
        let text = fs::read_to_string(&path).map_err(Failure::of(path.display()))?;
        texts.push((path, text));
    }
    let tests: Vec<PathBuf> =
        texts.iter().flat_map(|(path, text)| source::test_modules(path, text)).collect();
    let is_test = |path: &Path| tests.iter().any(|test| path.starts_with(test));
    let wrong =
        texts.iter().filter(|(path, _)| !is_test(&path.with_extension(""))).flat_map(|(path, text)| {
            let shown = path.strip_prefix(root()).unwrap_or(path).display().to_string();
            source::mentions(text, &bans).into_iter().map(move |mention| format!("{shown}:{mention}"))
        });
    Ok(wrong.collect())
}

fn rust_files(directory: &Path) -> Done<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut entries: Vec<PathBuf> = fs::read_dir(directory)
        .map_err(Failure::of(directory.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(files)
}

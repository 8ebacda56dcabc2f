//! Vocabularies, from the form in which they are published to the one in which `weir-tokens` embeds them.

use crate::say;
use clap::Parser;
use std::path::{Path, PathBuf};

/// Brings a `.tiktoken` file into the form in which it is embedded.
#[derive(Debug, Parser)]
pub struct Args {
    /// The file as it is published.
    file: PathBuf,
    /// Where to write the other.
    out: PathBuf,
}

/// Writes the embedded form of a file.
pub fn run(args: &Args) -> Result<(), String> {
    let wrong = |path: &Path, why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
    let file = std::fs::read_to_string(&args.file).map_err(|error| wrong(&args.file, &error))?;
    let packed = weir_tokens::pack(&file).map_err(|error| wrong(&args.file, &error))?;
    std::fs::write(&args.out, &packed).map_err(|error| wrong(&args.out, &error))?;
    say(&format!("{}: {} bytes", args.out.display(), packed.len()));
    Ok(())
}

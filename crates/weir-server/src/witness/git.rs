//! A checkpoint into a working tree of git, by commands of the operator's.

use super::send::SendFailure;
use crate::fetch::{Program, run};
use crate::gateway::Gateway;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use weir_store::whole;

/// Writes the file and runs the commands, one after the other.
///
/// # Errors
/// [`SendFailure::Command`] when one does not end well, in the time that all of them have.
pub(super) async fn commit(
    gateway: &Arc<Gateway>,
    repository: &Path,
    commands: &[Vec<String>],
    (name, note): (String, String),
    timeout: Duration,
) -> Result<(), SendFailure> {
    let (repository, commands) = (repository.to_owned(), commands.to_vec());
    let weak = Arc::downgrade(gateway);
    let work = move || {
        if !repository.is_dir() {
            return Err(SendFailure::Command(format!("`{}` is no directory", repository.display())));
        }
        let path = repository.join(format!("{name}.checkpoint"));
        whole::replace(&path, note.as_bytes()).map_err(|error| SendFailure::Command(error.to_string()))?;
        for words in &commands {
            let Some((program, arguments)) = words.split_first() else { continue };
            let program = Program { program, arguments, directory: &repository, timeout };
            run(&program, || weak.strong_count() > 0).map_err(SendFailure::Command)?;
        }
        Ok(())
    };
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(SendFailure::Log))
}

//! Content is kept by days (UTC), and deleted by days.

use super::{ContentError, Contents, io_at};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use weir_audit::WallTime;

const DAY_MS: u64 = 86_400_000;
/// `2026-11-29`
const DAY_CHARS: usize = 10;

/// Days of content whose time is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expired {
    /// How many files there are.
    pub files: u64,
    /// All of them are older than this.
    pub before: WallTime,
    days: Vec<PathBuf>,
}

/// The directory of what is captured at this time.
pub(super) fn directory(contents: &Path, now: WallTime) -> PathBuf {
    contents.join(name(now))
}

/// What a time begins with.
fn name(day: WallTime) -> String {
    day.to_string().chars().take(DAY_CHARS).collect()
}

/// The directories of all days, oldest first.
pub(super) fn all(contents: &Path) -> Result<Vec<PathBuf>, ContentError> {
    let entries = match fs::read_dir(contents) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(io_at(contents))?,
    };
    let mut days = Vec::new();
    for entry in entries {
        let path = entry.map_err(io_at(contents))?.path();
        if path.file_name().and_then(|name| name.to_str()).is_some_and(is_day) {
            days.push(path);
        }
    }
    days.sort();
    Ok(days)
}

fn is_day(name: &str) -> bool {
    name.len() == DAY_CHARS
        && name.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

impl Contents {
    /// What was captured on days that were over at `before`, if there is any.
    ///
    /// # Errors
    /// [`ContentError::Io`].
    pub fn expired(&self, before: WallTime) -> Result<Option<Expired>, ContentError> {
        let before = WallTime::from_unix_ms(before.unix_ms() / DAY_MS * DAY_MS);
        // Days are named so that they sort by time.
        let first_kept = directory(&self.directory, before);
        let days: Vec<PathBuf> = all(&self.directory)?.into_iter().filter(|day| *day < first_kept).collect();
        let mut files = 0;
        for day in &days {
            files += fs::read_dir(day).map_err(io_at(day))?.count() as u64;
        }
        Ok((!days.is_empty()).then_some(Expired { files, before, days }))
    }

    /// Deletes it. Say so in the log before.
    ///
    /// # Errors
    /// [`ContentError::Io`]; some of it may be deleted then.
    pub fn delete(&self, expired: &Expired) -> Result<(), ContentError> {
        expired.days.iter().try_for_each(|day| fs::remove_dir_all(day).map_err(io_at(day)))
    }
}

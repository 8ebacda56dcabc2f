//! Lines in a file, which is set aside when it is full.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::num::NonZeroU32;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// A file that lines are appended to. Nobody else may write it, which a lock sees to.
#[derive(Debug)]
pub(super) struct Lines {
    path: PathBuf,
    /// How large it becomes before it is set aside, in bytes.
    rotate: u64,
    /// How many that were set aside stay.
    keep: Option<NonZeroU32>,
    open: Option<(File, u64)>,
}

impl Lines {
    pub fn new(path: &Path, rotate: u64, keep: Option<NonZeroU32>) -> Self {
        Self { path: path.to_owned(), rotate, keep, open: None }
    }

    /// Appends lines that begin with the event of this index; on the disk when this returns.
    pub fn append(&mut self, first: u64, lines: &str) -> io::Result<()> {
        let (mut file, mut length) = match self.open.take() {
            Some(open) if is_at(&open.0, &self.path)? => open,
            Some(_) | None => self.open()?,
        };
        if length >= self.rotate {
            fs::rename(&self.path, self.aside(first))?;
            self.remove_oldest()?;
            (file, length) = self.open()?;
        }
        if let Err(error) = file.write_all(lines.as_bytes()).and_then(|()| file.sync_data()) {
            // The lines are written again: half of them must not stay before them.
            file.set_len(length)?;
            return Err(error);
        }
        self.open = Some((file, length + lines.len() as u64));
        Ok(())
    }

    fn open(&self) -> io::Result<(File, u64)> {
        if let Some(directory) = self.path.parent() {
            fs::create_dir_all(directory)?;
        }
        let mut options = OpenOptions::new();
        let mut file = options.read(true).append(true).create(true).mode(0o640).open(&self.path)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => io::Error::other("another process, or another export, writes it"),
            TryLockError::Error(error) => error,
        })?;
        let length = whole_lines(&mut file)?;
        file.set_len(length)?;
        Ok((file, length))
    }

    /// The name of what is set aside before this event: they sort in the order of their events.
    fn aside(&self, first: u64) -> PathBuf {
        self.path.with_added_extension(format!("{first:020}"))
    }

    fn remove_oldest(&self) -> io::Result<()> {
        let Some(keep) = self.keep else { return Ok(()) };
        let (Some(directory), Some(name)) = (self.path.parent(), self.path.file_name()) else {
            return Ok(());
        };
        let begin = format!("{}.", name.to_string_lossy());
        let mut aside = Vec::new();
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let index = name.strip_prefix(&begin);
            if index.is_some_and(|index| index.len() == 20 && index.bytes().all(|b| b.is_ascii_digit())) {
                aside.push(entry.path());
            }
        }
        aside.sort();
        let surplus = aside.len().saturating_sub(usize::try_from(keep.get()).unwrap_or(usize::MAX));
        aside.iter().take(surplus).try_for_each(fs::remove_file)
    }
}

/// Whether the file is still the one of this name: who takes the lines away may have moved it.
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let open = file.metadata()?;
    match fs::metadata(path) {
        Ok(named) => Ok((open.dev(), open.ino()) == (named.dev(), named.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// The length up to the end of the last whole line: a process that was killed may have left half of one.
fn whole_lines(file: &mut File) -> io::Result<u64> {
    let mut end = file.metadata()?.len();
    let mut buffer = [0; 4096];
    while end > 0 {
        let begin = end.saturating_sub(buffer.len() as u64);
        let Some(part) = buffer.get_mut(..usize::try_from(end - begin).unwrap_or(0)) else { break };
        file.seek(SeekFrom::Start(begin))?;
        file.read_exact(part)?;
        if let Some(at) = part.iter().rposition(|byte| *byte == b'\n') {
            return Ok(begin + at as u64 + 1);
        }
        end = begin;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(directory).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_full_file_is_set_aside_and_the_oldest_go() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("deep/audit.jsonl");
        let mut lines = Lines::new(&path, 10, NonZeroU32::new(2));
        for first in 0..5 {
            lines.append(first, &format!("event number {first}\n")).unwrap();
        }
        let kept = ["audit.jsonl", "audit.jsonl.00000000000000000003", "audit.jsonl.00000000000000000004"];
        assert_eq!(names(path.parent().unwrap()), kept);
        assert_eq!(fs::read_to_string(&path).unwrap(), "event number 4\n");
        let before = path.with_added_extension("00000000000000000004");
        assert_eq!(fs::read_to_string(before).unwrap(), "event number 3\n");
    }

    #[test]
    fn half_a_line_of_a_process_that_was_killed_goes_and_whole_ones_stay() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("audit.jsonl");
        for (left, whole) in [("", ""), ("half", ""), ("one\n", "one\n"), ("one\nha", "one\n")] {
            fs::write(&path, left).unwrap();
            Lines::new(&path, 1000, None).append(1, "two\n").unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), format!("{whole}two\n"));
        }
        let long = format!("{}\n{}", "a".repeat(9000), "b".repeat(9000));
        fs::write(&path, long).unwrap();
        Lines::new(&path, 100_000, None).append(1, "two\n").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().len(), 9005);
    }

    #[test]
    fn a_file_that_somebody_moved_is_begun_anew_and_two_do_not_write_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("audit.jsonl");
        let mut lines = Lines::new(&path, 1000, None);
        lines.append(0, "one\n").unwrap();
        assert!(Lines::new(&path, 1000, None).append(0, "no\n").is_err());
        fs::rename(&path, dir.path().join("taken")).unwrap();
        lines.append(1, "two\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two\n");
    }
}

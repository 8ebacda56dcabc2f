//! The end of everything at every operation on the disk: of the process, and of the power.
//!
//! One log is written on a disk that keeps, before each operation, what a kill would leave at this moment (all that was
//! done) and what a power cut would (all that was synced). Then the log is opened from each of these images.

use super::*;
use crate::audit::tests::{assert_clean, decision, options, outcome, records};
use crate::audit::{AuditLog, Options};
use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use weir_audit::Event;

/// Files by their path in the directory.
type Image = BTreeMap<PathBuf, Vec<u8>>;

/// What there was at a moment, and what had been acknowledged by then: indexes and request ids.
struct Moment {
    what: String,
    killed: Image,
    unpowered: Image,
    written: Vec<(u64, String)>,
    durable: Vec<(u64, String)>,
}

#[derive(Default)]
struct Seen {
    moments: Vec<Moment>,
    /// What was last synced, by inode. The files stay open, so that no other gets the number.
    contents: BTreeMap<u64, (Vec<u8>, File)>,
    /// The names that are on the disk, and those that will be when their directory is synced.
    names: BTreeMap<PathBuf, u64>,
    pending: BTreeMap<PathBuf, u64>,
    written: Vec<(u64, String)>,
    durable: Vec<(u64, String)>,
}

/// One operation at a time, each seen before it is done.
struct Watched {
    dir: PathBuf,
    seen: Mutex<Seen>,
}

impl Watched {
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }

    fn note(&self, seen: &mut Seen, what: String, killed: Image) {
        let contents = &seen.contents;
        let file = |(path, inode): (&PathBuf, &u64)| Some((path.clone(), contents.get(inode)?.0.clone()));
        let unpowered = seen.names.iter().filter_map(file).collect();
        let (written, durable) = (seen.written.clone(), seen.durable.clone());
        seen.moments.push(Moment { what, killed, unpowered, written, durable });
    }

    fn before(&self, what: &str) -> MutexGuard<'_, Seen> {
        let mut seen = self.lock();
        let killed = image(&self.dir);
        self.note(&mut seen, what.to_owned(), killed);
        seen
    }

    fn relative(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.dir).unwrap().to_owned()
    }
}

/// Every file below a directory. What is removed meanwhile is not there.
fn image(dir: &Path) -> Image {
    fn read(root: &Path, dir: &Path, image: &mut Image) {
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                read(root, &path, image);
            } else if let Ok(bytes) = fs::read(&path) {
                image.insert(path.strip_prefix(root).unwrap().to_owned(), bytes);
            }
        }
    }
    let mut files = Image::new();
    read(dir, dir, &mut files);
    files
}

/// The path of an open file.
fn path_of(dir: &Path, inode: u64) -> Option<PathBuf> {
    fs::read_dir(dir).ok()?.flatten().map(|entry| entry.path()).find_map(|path| {
        if path.is_dir() {
            return path_of(&path, inode);
        }
        fs::metadata(&path).is_ok_and(|file| file.ino() == inode).then_some(path)
    })
}

impl Disk for Watched {
    fn create_zeroed(&self, path: &Path, len: u64) -> io::Result<File> {
        let mut seen = self.before("create");
        let file = RealDisk.create_zeroed(path, len)?;
        let inode = file.metadata()?.ino();
        seen.contents.insert(inode, (vec![0; usize::try_from(len).unwrap()], file.try_clone()?));
        seen.pending.insert(self.relative(path), inode);
        Ok(file)
    }

    fn write_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut seen = self.before("write");
        // Killed in the middle of it, too.
        RealDisk.write_at(file, &bytes[..bytes.len() / 2], offset)?;
        let killed = image(&self.dir);
        self.note(&mut seen, "half a write".to_owned(), killed);
        RealDisk.write_at(file, bytes, offset)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        let mut seen = self.before("sync");
        let inode = file.metadata()?.ino();
        if let Some(path) = path_of(&self.dir, inode) {
            seen.contents.insert(inode, (fs::read(&path)?, file.try_clone()?));
        }
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut seen = self.before(&format!("rename to {}", to.display()));
        let inode = fs::metadata(from)?.ino();
        RealDisk.rename(from, to)?;
        let (from, to) = (self.relative(from), self.relative(to));
        seen.pending.remove(&from);
        seen.pending.insert(to, inode);
        Ok(())
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut seen = self.before("sync of a directory");
        let dir = self.relative(dir);
        let here = |path: &PathBuf| path.parent() == Some(dir.as_path());
        let now: Vec<(PathBuf, u64)> = seen
            .pending
            .iter()
            .filter(|(path, _)| here(path))
            .map(|(path, inode)| (path.clone(), *inode))
            .collect();
        for (path, inode) in now {
            seen.pending.remove(&path);
            seen.names.retain(|_, known| *known != inode);
            seen.names.insert(path, inode);
        }
        Ok(())
    }
}

fn put(image: &Image) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, bytes) in image {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    dir
}

/// Opens the log of an image, and looks for what was acknowledged.
fn check(what: &str, image: &Image, acknowledged: &[(u64, String)]) {
    let dir = put(image);
    // Nothing was acknowledged of a log that has no key yet, or whose key lies there and no log.
    if !image.contains_key(Path::new("checkpoint")) {
        assert!(acknowledged.is_empty(), "{what}: the log is gone");
        return;
    }
    let opened = AuditLog::open(dir.path(), options());
    let (log, _) = opened.unwrap_or_else(|error| panic!("{what}: {error}"));
    log.close().unwrap();
    assert_clean(dir.path());
    let records = records(dir.path());
    for (seq, request) in acknowledged {
        let record = records.get(usize::try_from(*seq).unwrap());
        let Some(Event::Decision(decision)) = record.map(|record| &record.event) else {
            panic!("{what}: event {seq} is gone")
        };
        assert_eq!(decision.request_id.as_str(), request, "{what}");
    }
}

#[test]
fn nothing_acknowledged_is_lost_by_a_kill_or_a_power_cut_at_any_operation() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Arc::new(Watched { dir: dir.path().to_owned(), seen: Mutex::default() });
    let small = Options {
        disk: disk.clone(),
        segment_bytes: 6 * 1024,
        checkpoint_interval: Duration::from_millis(5),
        ..options()
    };
    let (log, _) = AuditLog::open(dir.path(), small).unwrap();
    for id in 0..24_u64 {
        let ticket = log.append(decision(id)).unwrap();
        let acknowledged = (ticket.seq(), format!("req-{id}"));
        if id % 2 == 0 {
            ticket.wait_written().unwrap();
        } else {
            ticket.wait_durable().unwrap();
            disk.lock().durable.push(acknowledged.clone());
        }
        disk.lock().written.push(acknowledged);
        if id % 3 > 0 {
            log.append(outcome(id)).unwrap();
        }
        if id == 12 {
            log.rotate_key().unwrap();
        }
    }
    log.close().unwrap();
    let moments = std::mem::take(&mut disk.lock().moments);
    assert!(moments.len() > 100, "{} operations", moments.len());
    let mut before: Option<&Moment> = None;
    for (number, moment) in moments.iter().enumerate() {
        let at = format!("operation {number}, {}", moment.what);
        if before.is_none_or(|before| before.killed != moment.killed) {
            check(&format!("killed before {at}"), &moment.killed, &moment.written);
        }
        if before.is_none_or(|before| before.unpowered != moment.unpowered) {
            check(&format!("without power before {at}"), &moment.unpowered, &moment.durable);
        }
        before = Some(moment);
    }
}

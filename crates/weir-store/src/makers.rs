//! Which backend made which of the values that only providers can make.
//!
//! A provider signs or encrypts what its model thought, and its clients send that back in every later turn.
//! What is kept of such a value is a keyed hash, with one of the name of the backend that made it; the file
//! tells nobody anything without the key. It is bounded: the oldest are forgotten first, and a value that is
//! not remembered counts as one of unknown origin.
//!
//! Format: the line `weir makers 1`, then records of 32 bytes, the value's hash and the backend's, 16 bytes
//! each, oldest first. A record that is cut at the end of the file is passed over.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use zeroize::Zeroizing;

/// How many values are remembered: weeks of a busy installation, and 2 MiB.
const VALUES_MAX: usize = 65_536;
/// How many may wait to be written. What finds no room is remembered until the process ends; all of the room is in memory
/// from the start.
const WAITING_MAX: usize = 512;
const HEAD: &[u8] = b"weir makers 1\n";
const TAG_BYTES: usize = 16;

type Tag = [u8; TAG_BYTES];

/// The memory.
pub struct Makers {
    key: Zeroizing<[u8; 32]>,
    memory: Mutex<Memory>,
    to_file: SyncSender<(Tag, Tag)>,
}

impl fmt::Debug for Makers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Makers(***)")
    }
}

#[derive(Debug, Default)]
struct Memory {
    makers: HashMap<Tag, Tag>,
    order: VecDeque<Tag>,
}

impl Memory {
    /// Whether it was not known.
    fn add(&mut self, value: Tag, maker: Tag) -> bool {
        if self.makers.insert(value, maker) == Some(maker) {
            return false;
        }
        self.order.push_back(value);
        if self.order.len() > VALUES_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.makers.remove(&oldest);
        }
        true
    }
}

impl Makers {
    /// The memory in this file, which is made if it is not there. Starts the thread that writes to it.
    ///
    /// # Errors
    /// What the system says of the file or the thread.
    pub fn open(path: &Path, key: Zeroizing<[u8; 32]>) -> io::Result<Self> {
        let mut memory = Memory::default();
        for (value, maker) in read(path)? {
            memory.add(value, maker);
        }
        let file = begin(path, &memory)?;
        let (to_file, records) = sync_channel(WAITING_MAX);
        let path = path.to_owned();
        let writer = std::thread::Builder::new().name("makers".to_owned());
        writer.spawn(move || follow(file, &path, &records))?;
        Ok(Self { key, memory: Mutex::new(memory), to_file })
    }

    /// Remembers that a backend made these values.
    pub fn remember(&self, backend: &str, values: &[String]) {
        let maker = self.tag("backend", backend);
        for value in values {
            let value = self.tag("value", value);
            let is_new = self.memory.lock().unwrap_or_else(PoisonError::into_inner).add(value, maker);
            if is_new {
                // Nobody waits for the disk here; what finds no room is known until the process ends.
                let _ = self.to_file.try_send((value, maker));
            }
        }
    }

    /// Which of `backends` made a value; an empty name when it was one that is not among them any more, and
    /// `None` when nobody is known to have made it.
    pub fn maker<'b>(
        &self,
        value: &str,
        mut backends: impl Iterator<Item = &'b Arc<str>>,
    ) -> Option<Arc<str>> {
        let value = self.tag("value", value);
        let maker = *self.memory.lock().unwrap_or_else(PoisonError::into_inner).makers.get(&value)?;
        let named = backends.find(|name| self.tag("backend", name) == maker);
        Some(named.map_or_else(|| "".into(), Arc::clone))
    }

    fn tag(&self, domain: &str, text: &str) -> Tag {
        // HMAC takes keys of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.key.as_slice()) else { return Tag::default() };
        mac.update(domain.as_bytes());
        mac.update(b"\0");
        mac.update(text.as_bytes());
        let whole = mac.finalize().into_bytes();
        whole.first_chunk().copied().unwrap_or_default()
    }
}

fn read(path: &Path) -> io::Result<Vec<(Tag, Tag)>> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let Some(records) = bytes.strip_prefix(HEAD) else {
        let message = format!("`{}` is not of Weir's making; remove it", path.display());
        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
    };
    let (records, _cut) = records.as_chunks::<{ 2 * TAG_BYTES }>();
    let split = |record: &[u8; 2 * TAG_BYTES]| {
        let (value, maker) = record.split_first_chunk::<TAG_BYTES>()?;
        Some((*value, *maker.first_chunk()?))
    };
    Ok(records.iter().filter_map(split).collect())
}

/// Writes the file anew, without what was forgotten.
fn begin(path: &Path, memory: &Memory) -> io::Result<File> {
    let fresh: PathBuf = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
    let mut bytes = HEAD.to_vec();
    for value in &memory.order {
        if let Some(maker) = memory.makers.get(value) {
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(maker);
        }
    }
    file.write_all(&bytes)?;
    file.sync_data()?;
    fs::rename(&fresh, path)?;
    Ok(file)
}

/// Appends what comes, and begins the file anew when half of it may be forgotten.
fn follow(mut file: File, path: &Path, records: &Receiver<(Tag, Tag)>) {
    let mut written = 0_usize;
    while let Ok((value, maker)) = records.recv() {
        let record = [value, maker].concat();
        if file.write_all(&record).is_err() {
            // Known until the process ends.
            return;
        }
        written += 1;
        if written > VALUES_MAX {
            let mut memory = Memory::default();
            let all = read(path).unwrap_or_default();
            for (value, maker) in all {
                memory.add(value, maker);
            }
            let Ok(fresh) = begin(path, &memory) else { return };
            (file, written) = (fresh, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    fn open(path: &Path) -> Makers {
        Makers::open(path, Zeroizing::new([7; 32])).unwrap()
    }

    fn names() -> [Arc<str>; 2] {
        ["here".into(), "there".into()]
    }

    #[test]
    fn who_made_a_value_is_known_after_a_restart_and_by_its_hash_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("makers");
        let makers = open(&path);
        assert_eq!(makers.maker("sig-1", names().iter()), None);
        makers.remember("there", &["sig-1".to_owned()]);
        assert_eq!(makers.maker("sig-1", names().iter()).as_deref(), Some("there"));
        let begun = Instant::now();
        while fs::metadata(&path).unwrap().len() <= HEAD.len() as u64 {
            assert!(begun.elapsed() < Duration::from_secs(10), "it is never written");
            std::thread::sleep(Duration::from_millis(5));
        }
        let again = open(&path);
        assert_eq!(again.maker("sig-1", names().iter()).as_deref(), Some("there"));
        assert_eq!(again.maker("sig-1", names()[..1].iter()).as_deref(), Some(""));
        assert_eq!(again.maker("sig-2", names().iter()), None);
        let bytes = fs::read(&path).unwrap();
        assert!(!bytes.windows(5).any(|window| window == b"sig-1" || window == b"there"));
    }

    #[test]
    fn the_oldest_is_forgotten_first() {
        let mut memory = Memory::default();
        for number in 0..=VALUES_MAX {
            let mut tag = Tag::default();
            tag[..8].copy_from_slice(&(number as u64).to_le_bytes());
            memory.add(tag, Tag::default());
        }
        assert_eq!(memory.makers.len(), VALUES_MAX);
        assert!(!memory.makers.contains_key(&Tag::default()));
    }

    #[test]
    fn a_record_that_was_cut_is_passed_over_and_another_file_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("makers");
        fs::write(&path, [HEAD, &[1; 40]].concat()).unwrap();
        assert_eq!(read(&path).unwrap().len(), 1);
        fs::write(&path, b"something else").unwrap();
        assert!(read(&path).is_err());
    }
}

use super::{AuditError, Disk};
use std::fs::{self, DirBuilder, File};
use std::io;
use std::io::Read as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use weir_audit::frame::{SEGMENT_HEADER_BYTES, SegmentHeader, read_segment_header};
use weir_audit::tree::{Tile, TileId};

/// The most tiles that are written before they are synced. Each holds a descriptor and its bytes until then: eight kilobytes,
/// which the thread that does it keeps.
const TILES_TOGETHER: usize = 16;

/// How often a tile is looked for that is being replaced meanwhile. Each look takes microseconds, and the writer replaces it
/// once between two checkpoints.
const TILE_READS_MAX: u32 = 20;

/// Where the files of a log are.
#[derive(Debug, Clone)]
pub(super) struct Layout(PathBuf);

impl Layout {
    pub(super) fn new(dir: &Path) -> Self {
        Self(dir.to_owned())
    }

    pub(super) fn dir(&self) -> &Path {
        &self.0
    }

    /// Makes the directories that are missing; nobody else may look into them.
    pub(super) fn create_dirs(&self) -> Result<(), AuditError> {
        let segments = self.segments();
        DirBuilder::new().recursive(true).mode(0o700).create(&segments).map_err(AuditError::io(segments))
    }

    pub(super) fn segments(&self) -> PathBuf {
        self.0.join("segments")
    }

    pub(super) fn segment(&self, number: u64) -> PathBuf {
        self.0.join(segment_name(number))
    }

    /// The name of a segment that is being prepared.
    pub(super) fn prepared(&self, number: u64) -> PathBuf {
        self.segment(number).with_added_extension("new")
    }

    pub(super) fn tile(&self, id: TileId) -> PathBuf {
        self.0.join(id.path())
    }

    pub(super) fn checkpoint(&self) -> PathBuf {
        self.0.join("checkpoint")
    }

    pub(super) fn secret_key(&self) -> PathBuf {
        self.0.join("key")
    }

    pub(super) fn public_key(&self) -> PathBuf {
        self.0.join("key.pub")
    }

    /// The secret key that is to follow.
    pub(super) fn next_key(&self) -> PathBuf {
        self.0.join("key.next")
    }

    /// A line for every change of the key.
    pub(super) fn rotations(&self) -> PathBuf {
        self.0.join("key.rotations")
    }

    pub(super) fn lock(&self) -> PathBuf {
        self.0.join("lock")
    }

    /// Holds the index of the first decision without an outcome: where recovery begins to read.
    pub(super) fn open_from(&self) -> PathBuf {
        self.0.join("open")
    }

    /// The numbers of all segments, in order.
    pub(super) fn segment_numbers(&self) -> Result<Vec<u64>, AuditError> {
        let dir = self.segments();
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&dir).map_err(AuditError::io(&dir))? {
            let name = entry.map_err(AuditError::io(&dir))?.file_name();
            numbers.extend(name.to_str().and_then(segment_number));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// What the first bytes of a segment say.
    pub(super) fn read_header(&self, number: u64) -> Result<SegmentHeader, AuditError> {
        let path = self.segment(number);
        let mut header = Vec::new();
        let file = File::open(&path).map_err(AuditError::io(&path))?;
        file.take(SEGMENT_HEADER_BYTES as u64).read_to_end(&mut header).map_err(AuditError::io(&path))?;
        Ok(read_segment_header(&header))
    }

    /// The hashes of a tile; `None` if it is missing or has another length.
    pub(super) fn read_tile(&self, id: TileId) -> Option<Tile> {
        Tile::parse(id, &self.read_tile_bytes(id)?)
    }

    /// The bytes of a tile. A partial one may have grown into a wider one, which begins with it.
    pub(super) fn read_tile_bytes(&self, id: TileId) -> Option<Vec<u8>> {
        let exact = || fs::read(self.tile(id)).ok();
        if !id.is_partial() {
            return exact();
        }
        // A wider one that was found may be gone before it is read, because a still wider one is there.
        let mut bytes = (0..TILE_READS_MAX).find_map(|_| exact().or_else(|| self.read_wider(id)))?;
        bytes.truncate(usize::from(id.width) * 32);
        Some(bytes)
    }

    fn read_wider(&self, id: TileId) -> Option<Vec<u8>> {
        let full = TileId { width: 256, ..id };
        fs::read(self.tile(full)).ok().or_else(|| {
            let width = self.widest(full)?;
            fs::read(self.tile(TileId { width, ..id })).ok()
        })
    }

    fn widest(&self, full: TileId) -> Option<u16> {
        let partials = fs::read_dir(self.tile(full).with_added_extension("p")).ok()?;
        partials.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).max()
    }

    /// Stores tiles; on the disk when this returns.
    pub(super) fn write_tiles(&self, disk: &dyn Disk, tiles: &[(TileId, &Tile)]) -> Result<(), AuditError> {
        for together in tiles.chunks(TILES_TOGETHER) {
            let files: Vec<_> = together.iter().map(|(id, tile)| (self.tile(*id), tile.to_bytes())).collect();
            let mut dirs: Vec<_> = files.iter().filter_map(|(path, _)| path.parent()).collect();
            dirs.dedup();
            for dir in dirs {
                fs::create_dir_all(dir).map_err(AuditError::io(dir))?;
            }
            disk.replace_all(&files).map_err(AuditError::io(self.dir()))?;
        }
        Ok(())
    }

    /// Removes the partial tiles that a longer or full one replaces.
    pub(super) fn remove_shorter_tiles(&self, id: TileId) -> Result<(), AuditError> {
        let dir = self.tile(TileId { width: 256, ..id }).with_added_extension("p");
        if !id.is_partial() {
            return ignore_missing(fs::remove_dir_all(&dir)).map_err(AuditError::io(&dir));
        }
        let keep = id.width.to_string();
        for entry in fs::read_dir(&dir).map_err(AuditError::io(&dir))? {
            let entry = entry.map_err(AuditError::io(&dir))?;
            if entry.file_name() != *keep {
                ignore_missing(fs::remove_file(entry.path())).map_err(AuditError::io(entry.path()))?;
            }
        }
        Ok(())
    }
}

/// The path of a segment in the log's directory.
pub(super) fn segment_name(number: u64) -> String {
    format!("segments/{number:08}.log")
}

/// Reads a file; `None` if there is none.
pub(super) fn read_optional(path: &Path) -> Result<Option<Vec<u8>>, AuditError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(AuditError::io(path)(error)),
    }
}

/// The size that the checkpoint states, believed without its signature: for what it only makes stricter.
pub(super) fn promised_size(layout: &Layout) -> Result<u64, AuditError> {
    let Some(bytes) = read_optional(&layout.checkpoint())? else { return Ok(0) };
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.lines().nth(1).and_then(|line| line.parse().ok()).unwrap_or(0))
}

pub(super) fn ignore_missing(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Takes the lock that lets one process write; held until the file is dropped.
pub(super) fn take_lock(layout: &Layout) -> Result<File, AuditError> {
    let path = layout.lock();
    let file =
        super::disk::private().create(true).truncate(false).open(&path).map_err(AuditError::io(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(AuditError::Locked(layout.dir().to_owned())),
        Err(fs::TryLockError::Error(error)) => Err(AuditError::io(&path)(error)),
    }
}

fn segment_number(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".log")?;
    let is_number = digits.len() >= 8 && digits.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::RealDisk;
    use std::sync::atomic::{AtomicBool, Ordering};
    use weir_audit::tree::Hash;

    #[test]
    fn a_partial_tile_is_found_while_it_is_replaced_by_wider_ones() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path());
        let id = |width| TileId { level: 0, index: 0, width };
        let hash = |at: u16| Hash([u8::try_from(at).unwrap(); 32]);
        let grow = |width: u16| {
            let tile = Tile((0..width).map(hash).collect());
            layout.write_tiles(&RealDisk, &[(id(width), &tile)]).unwrap();
            layout.remove_shorter_tiles(id(width)).unwrap();
        };
        grow(1);
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    while !is_over.load(Ordering::SeqCst) {
                        assert_eq!(layout.read_tile(id(1)), Some(Tile(vec![hash(0)])));
                    }
                });
            }
            (2..=200).for_each(grow);
            is_over.store(true, Ordering::SeqCst);
        });
    }
}

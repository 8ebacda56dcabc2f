use crate::bytes::u32_at;
use crate::filter::{Filter, LOG2_BITS};
use crate::keys::Keys;
use crate::table::{HASH_BYTES, LOG2_BUCKETS_MAX, Table};
use crate::{Salt, Words, documents, records};
use sha2::{Digest, Sha256};
use std::fmt;
use std::ops::{ControlFlow, Range};

const MAGIC: &[u8; 7] = b"WEIRIDX";
const VERSION: u8 = b'1';
const HEADER_BYTES: usize = 48;
const DIGEST_BYTES: usize = 32;

/// What an index is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Values of a list.
    Records,
    /// Texts.
    Documents,
}

/// Something of an index that a text holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Where in the text.
    pub span: Range<usize>,
    /// The number of the document that is quoted, of an index of documents.
    pub document: Option<u32>,
}

/// Bytes that are no index.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidIndex {
    /// It is some other file.
    #[error("this is no index; `weir index` makes one")]
    Foreign,
    /// It was made by another release.
    #[error("this index is of format version `{}`, and this Weir reads version `1`; make it anew with `weir index`", version.escape_ascii())]
    Version {
        /// The version's letter.
        version: u8,
    },
    /// Its parts do not fit together.
    #[error("the index is cut off or damaged: it has {found} bytes and should have {expected}; make it anew")]
    Length {
        /// Bytes that there are.
        found: usize,
        /// Bytes that its header calls for.
        expected: usize,
    },
    /// Its header makes no sense.
    #[error("the index is damaged: its header makes no sense; make it anew")]
    Header,
    /// Its bytes have changed since it was made.
    #[error("the index is damaged: its checksum is wrong; make it anew")]
    Checksum,
}

/// More entries than a file can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is more than one index can hold; make several")]
pub struct TooLarge;

/// An index as it is looked up in: the file's bytes, checked.
pub struct Index {
    bytes: Vec<u8>,
    layout: Layout,
    keys: Keys,
}

impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Index({:?}, {} entries, {})", self.layout.kind, self.layout.entries, self.digest())
    }
}

// Their digests are those of all there is in them.
impl PartialEq for Index {
    fn eq(&self, other: &Self) -> bool {
        self.checksum() == other.checksum()
    }
}

impl Index {
    /// Reads a file's bytes.
    ///
    /// # Errors
    /// [`InvalidIndex`] says why they cannot be used.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, InvalidIndex> {
        let layout = Layout::read(&bytes)?;
        let (body, checksum) = bytes.split_at_checked(layout.entries_at.end).ok_or(InvalidIndex::Header)?;
        if Sha256::digest(body).as_slice() != checksum {
            return Err(InvalidIndex::Checksum);
        }
        let keys = Keys::new(layout.salt);
        Ok(Self { bytes, layout, keys })
    }

    /// What it is of.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.layout.kind
    }

    /// How many values or fingerprints it holds.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.layout.entries
    }

    /// How many documents it is of.
    #[must_use]
    pub fn documents(&self) -> u32 {
        match self.kind() {
            Kind::Records => 0,
            Kind::Documents => u32_at(&self.layout.about, 0).unwrap_or(0),
        }
    }

    /// The SHA-256 of its content in hexadecimal.
    #[must_use]
    pub fn digest(&self) -> String {
        self.checksum()
            .iter()
            .flat_map(|byte| [byte >> 4, byte & 15])
            .filter_map(|digit| char::from_digit(digit.into(), 16))
            .collect()
    }

    /// Reports what of this index is in a text, until told to stop.
    pub fn scan(&self, words: &Words, report: &mut dyn FnMut(Hit) -> ControlFlow<()>) -> ControlFlow<()> {
        match self.kind() {
            Kind::Records => records::scan(&self.parts(), words, report),
            Kind::Documents => documents::scan(&self.parts(), words, report),
        }
    }

    fn checksum(&self) -> &[u8] {
        self.bytes.get(self.layout.entries_at.end..).unwrap_or_default()
    }

    fn parts(&self) -> Parts<'_> {
        let Layout { kind, log2_buckets, log2_filter, about, filter_at, offsets_at, entries_at, .. } =
            &self.layout;
        let slice = |range: &Range<usize>| self.bytes.get(range.clone()).unwrap_or_default();
        Parts {
            keys: &self.keys,
            about: *about,
            filter: Filter { bits: slice(filter_at), log2: *log2_filter },
            table: Table {
                log2_buckets: *log2_buckets,
                entry_bytes: kind.entry_bytes(),
                offsets: slice(offsets_at),
                entries: slice(entries_at),
            },
        }
    }
}

/// An index while it is looked up in.
pub(crate) struct Parts<'a> {
    pub(crate) keys: &'a Keys,
    pub(crate) about: [u8; 16],
    pub(crate) filter: Filter<'a>,
    pub(crate) table: Table<'a>,
}

impl Kind {
    fn letter(self) -> u8 {
        match self {
            Kind::Records => b'R',
            Kind::Documents => b'D',
        }
    }

    fn entry_bytes(self) -> usize {
        match self {
            Kind::Records => HASH_BYTES,
            Kind::Documents => HASH_BYTES + 11,
        }
    }
}

/// What the header says, and where the parts are.
#[derive(Debug)]
struct Layout {
    kind: Kind,
    log2_buckets: u8,
    log2_filter: u8,
    entries: usize,
    salt: Salt,
    about: [u8; 16],
    filter_at: Range<usize>,
    offsets_at: Range<usize>,
    entries_at: Range<usize>,
}

impl Layout {
    fn read(bytes: &[u8]) -> Result<Self, InvalidIndex> {
        let version = bytes.strip_prefix(MAGIC).ok_or(InvalidIndex::Foreign)?.first().copied();
        match version {
            Some(VERSION) => {}
            Some(version) => return Err(InvalidIndex::Version { version }),
            None => return Err(InvalidIndex::Foreign),
        }
        let too_short = InvalidIndex::Length { found: bytes.len(), expected: HEADER_BYTES + DIGEST_BYTES };
        let header: &[u8; HEADER_BYTES] = bytes.first_chunk().ok_or(too_short)?;
        let layout = Self::of(header).ok_or(InvalidIndex::Header)?;
        let expected = layout.entries_at.end + DIGEST_BYTES;
        if bytes.len() != expected {
            return Err(InvalidIndex::Length { found: bytes.len(), expected });
        }
        Ok(layout)
    }

    fn of(header: &[u8; HEADER_BYTES]) -> Option<Self> {
        let [.., kind, log2_buckets, log2_filter, entry_bytes] = header.first_chunk::<12>()?;
        let kind = [Kind::Records, Kind::Documents].into_iter().find(|known| known.letter() == *kind)?;
        let fits = usize::from(*entry_bytes) == kind.entry_bytes()
            && *log2_buckets <= LOG2_BUCKETS_MAX
            && LOG2_BITS.contains(log2_filter);
        if !fits {
            return None;
        }
        let entries = usize::try_from(u32_at(header, 12)?).ok()?;
        let filter_at = HEADER_BYTES..HEADER_BYTES + (1 << (log2_filter - 3));
        let offsets_at = filter_at.end..filter_at.end + 4 * ((1 << log2_buckets) + 1);
        let entries_at = offsets_at.end..offsets_at.end + entries * kind.entry_bytes();
        Some(Self {
            kind,
            log2_buckets: *log2_buckets,
            log2_filter: *log2_filter,
            entries,
            salt: Salt(header.get(16..32)?.try_into().ok()?),
            about: header.get(32..48)?.try_into().ok()?,
            filter_at,
            offsets_at,
            entries_at,
        })
    }
}

/// What a builder knows of a file.
pub(crate) struct Header {
    pub(crate) kind: Kind,
    pub(crate) log2_buckets: u8,
    pub(crate) log2_filter: u8,
    pub(crate) entries: usize,
    pub(crate) salt: Salt,
    pub(crate) about: [u8; 16],
}

impl Header {
    /// The file with this header; `table` are offsets and entries.
    pub(crate) fn write(&self, filter: &[u8], table: &[u8]) -> Result<Vec<u8>, TooLarge> {
        let Self { kind, log2_buckets, log2_filter, entries, salt, about } = self;
        let count = u32::try_from(*entries).map_err(|_| TooLarge)?;
        let entry_bytes = u8::try_from(kind.entry_bytes()).map_err(|_| TooLarge)?;
        let mut bytes = Vec::with_capacity(HEADER_BYTES + filter.len() + table.len() + DIGEST_BYTES);
        bytes.extend(MAGIC);
        bytes.extend([VERSION, kind.letter(), *log2_buckets, *log2_filter, entry_bytes]);
        bytes.extend(count.to_le_bytes());
        bytes.extend(salt.0);
        bytes.extend(about);
        bytes.extend(filter);
        bytes.extend(table);
        let digest = Sha256::digest(&bytes);
        bytes.extend(digest);
        Ok(bytes)
    }
}

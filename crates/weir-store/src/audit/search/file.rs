//! The index on disk: one SQLite file. `docs/formats/audit.md` has its tables.

use super::block::{Block, OpenRequests, Place};
use super::column::{Broken, Column};
use rusqlite::{Connection, ErrorCode, OptionalExtension as _, TransactionBehavior, params};
use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use weir_audit::WallTime;

/// The version of the tables, in SQLite's `user_version`.
const VERSION: i64 = 2;

const CREATE: &str = "
    CREATE TABLE state (next INTEGER NOT NULL, leaf BLOB NOT NULL, sum INTEGER NOT NULL) STRICT;
    CREATE TABLE open (request TEXT NOT NULL PRIMARY KEY, first INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE blocks (
        id INTEGER PRIMARY KEY,
        first INTEGER NOT NULL,
        events INTEGER NOT NULL,
        segment INTEGER NOT NULL,
        offset INTEGER NOT NULL,
        since_ms INTEGER NOT NULL,
        until_ms INTEGER NOT NULL,
        fields BLOB NOT NULL,
        sum INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE fields (
        id INTEGER PRIMARY KEY, type TEXT NOT NULL, path TEXT NOT NULL, UNIQUE (type, path)
    ) STRICT;
    CREATE TABLE columns (id INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
    CREATE TABLE runs (
        id INTEGER PRIMARY KEY, first INTEGER NOT NULL, next INTEGER NOT NULL, pages INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE pages (id INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
    PRAGMA user_version = 2; -- VERSION
";

const DROP: &str = "
    DROP TABLE IF EXISTS state; DROP TABLE IF EXISTS open; DROP TABLE IF EXISTS blocks; DROP TABLE IF EXISTS fields;
    DROP TABLE IF EXISTS columns; DROP TABLE IF EXISTS ids; DROP TABLE IF EXISTS runs; DROP TABLE IF EXISTS pages;
    PRAGMA user_version = 0;
";

/// How long another process that writes the index is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why the index cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum IndexError {
    #[error(transparent)]
    Database(#[from] rusqlite::Error),
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("what is stored is not what was written")]
    Broken,
}

impl From<Broken> for IndexError {
    fn from(Broken: Broken) -> Self {
        Self::Broken
    }
}

impl IndexError {
    /// Whether the file is at fault and not the disk: then it is made anew.
    pub(super) fn is_damage(&self) -> bool {
        match self {
            Self::Broken => true,
            Self::Io(_) => false,
            Self::Database(rusqlite::Error::SqliteFailure(error, _)) => {
                matches!(
                    error.code,
                    ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown
                )
            }
            // A value of another type, a row that is missing, a table that is not there.
            Self::Database(_) => true,
        }
    }
}

/// What the index has of the log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct State {
    /// Index of the first event that it has not.
    pub(super) next: u64,
    /// Hash of the event before, by which a log that is another one is told.
    pub(super) leaf: Vec<u8>,
    /// Requests that run then.
    pub(super) open: OpenRequests,
}

/// An open index.
#[derive(Debug)]
pub(super) struct IndexFile {
    pub(super) database: Connection,
    fields: HashMap<(String, String), i64>,
    /// Which fields each block has columns of, once [`blocks`](Self::blocks) were read.
    of_blocks: HashMap<i64, FieldSet>,
}

impl IndexFile {
    /// Opens the index of a log, and makes it where there is none or one that cannot be used. Where the directory cannot
    /// be written, it is a temporary one.
    pub(super) fn open(path: &Path) -> Result<Self, IndexError> {
        match Self::open_at(path) {
            Err(error) if error.is_damage() => {
                remove(path)?;
                Self::open_at(path)
            }
            Err(error) if is_unwritable(&error) => Self::temporary(),
            opened => opened,
        }
    }

    /// An index that is gone with this value. SQLite puts it into a file when it grows.
    pub(super) fn temporary() -> Result<Self, IndexError> {
        Self::with(Connection::open("")?)
    }

    fn open_at(path: &Path) -> Result<Self, IndexError> {
        OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
        let database = Connection::open(path)?;
        database.busy_timeout(PATIENCE)?;
        // What is lost with the power is read from the log again. What was deleted from the log is overwritten here.
        database.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON;
             PRAGMA journal_size_limit = 4194304; PRAGMA cache_size = -256;",
        )?;
        Self::with(database)
    }

    fn with(mut database: Connection) -> Result<Self, IndexError> {
        let version: i64 = database.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if version != VERSION {
            let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
            // Another process may have made it meanwhile.
            let version: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
            if version != VERSION {
                transaction.execute_batch(DROP)?;
                transaction.execute_batch(CREATE)?;
            }
            transaction.commit()?;
        }
        let mut file = Self { database, fields: HashMap::new(), of_blocks: HashMap::new() };
        file.read_fields()?;
        Ok(file)
    }

    fn read_fields(&mut self) -> Result<(), IndexError> {
        let mut statement = self.database.prepare_cached("SELECT type, path, id FROM fields")?;
        let rows = statement.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))?;
        self.fields = rows.collect::<Result<_, _>>()?;
        Ok(())
    }

    /// Begins to read what is there now, whatever others write meanwhile, until [`end`](Self::end).
    pub(super) fn begin_reading(&mut self) -> Result<(), IndexError> {
        self.database.execute_batch("BEGIN")?;
        self.read_fields()
    }

    /// Begins to write; others wait.
    pub(super) fn begin_writing(&mut self) -> Result<(), IndexError> {
        self.database.execute_batch("BEGIN IMMEDIATE")?;
        self.read_fields()
    }

    /// Ends what was begun, and keeps what was written.
    pub(super) fn end(&self) -> Result<(), IndexError> {
        Ok(self.database.execute_batch("COMMIT")?)
    }

    /// Ends what was begun, and keeps nothing.
    pub(super) fn give_up(&self) {
        // Without a transaction there is nothing to undo.
        let _ = self.database.execute_batch("ROLLBACK");
    }

    /// What it has, which is nothing at first.
    pub(super) fn state(&self) -> Result<State, IndexError> {
        let read = |row: &rusqlite::Row<'_>| Ok((unsigned(row.get(0)?), row.get(1)?, row.get::<_, u32>(2)?));
        let read = self.database.query_row("SELECT next, leaf, sum FROM state", [], read).optional()?;
        let Some((next, leaf, sum)) = read else { return Ok(State::default()) };
        let mut statement = self.database.prepare_cached("SELECT request, first FROM open")?;
        let open = statement.query_map([], |row| Ok((row.get(0)?, unsigned(row.get(1)?))))?;
        let state = State { next, leaf, open: open.collect::<Result<_, _>>()? };
        if self.checksum(&state) == sum { Ok(state) } else { Err(IndexError::Broken) }
    }

    pub(super) fn set_state(&self, state: &State) -> Result<(), IndexError> {
        self.database.execute_batch("DELETE FROM open; DELETE FROM state")?;
        let mut insert = self.database.prepare_cached("INSERT INTO open VALUES (?1, ?2)")?;
        for (request, first) in &state.open {
            insert.execute(params![request, signed(*first)])?;
        }
        let values = params![signed(state.next), state.leaf, self.checksum(state)];
        self.database.execute("INSERT INTO state VALUES (?1, ?2, ?3)", values)?;
        Ok(())
    }

    /// Covers also what the fields are.
    fn checksum(&self, State { next, leaf, open }: &State) -> u32 {
        let mut fields: Vec<_> = self.fields.iter().map(|((of, path), id)| (*id, of, path)).collect();
        let mut open: Vec<_> = open.iter().collect();
        fields.sort_unstable();
        open.sort_unstable();
        let mut sum = Checksum::default();
        sum.number(*next).text(leaf);
        for (id, of, path) in fields {
            sum.number(unsigned(id)).text(of.as_bytes()).text(path.as_bytes());
        }
        for (request, first) in open {
            sum.text(request.as_bytes()).number(*first);
        }
        sum.0
    }

    /// All blocks in order, with the numbers that their columns have.
    pub(super) fn blocks(&mut self) -> Result<Vec<(i64, Place)>, IndexError> {
        let blocks = self.read_blocks("ORDER BY id")?;
        let follow =
            |pair: &[(i64, Place, FieldSet)]| matches!(pair, [(_, a, _), (_, b, _)] if a.end() == b.first);
        if !blocks.windows(2).all(follow) {
            return Err(IndexError::Broken);
        }
        let places = blocks.iter().map(|(id, place, _)| (*id, *place)).collect();
        self.of_blocks = blocks.into_iter().map(|(id, _, fields)| (id, fields)).collect();
        Ok(places)
    }

    fn read_blocks(&self, order: &str) -> Result<Vec<(i64, Place, FieldSet)>, IndexError> {
        let mut statement = self.database.prepare_cached(&format!(
            "SELECT id, first, events, segment, offset, since_ms, until_ms, fields, sum FROM blocks {order}"
        ))?;
        let time = |ms| WallTime::from_unix_ms(unsigned(ms));
        let rows = statement.query_map([], |row| {
            let place = Place {
                first: unsigned(row.get(1)?),
                events: unsigned(row.get(2)?),
                segment: unsigned(row.get(3)?),
                offset: unsigned(row.get(4)?),
                span: (time(row.get(5)?), time(row.get(6)?)),
            };
            Ok((row.get(0)?, place, FieldSet(row.get(7)?), row.get::<_, u32>(8)?))
        })?;
        let whole = |(id, place, fields, sum)| match block_checksum(id, &place, &fields) == sum {
            true => Ok((id, place, fields)),
            false => Err(IndexError::Broken),
        };
        rows.map(|row| whole(row?)).collect()
    }

    /// The last block.
    pub(super) fn last_block(&self) -> Result<Option<(i64, Place)>, IndexError> {
        let last = self.read_blocks("ORDER BY id DESC LIMIT 1")?.pop();
        Ok(last.map(|(id, place, _)| (id, place)))
    }

    /// A column of a block; `None` if no event of it has the member.
    pub(super) fn column(
        &self,
        block: i64,
        type_name: &str,
        path: &str,
    ) -> Result<Option<Column>, IndexError> {
        let Some(field) = self.fields.get(&(type_name.to_owned(), path.to_owned())) else { return Ok(None) };
        let is_there = self.of_blocks.get(&block).map(|fields| fields.has(*field));
        if is_there == Some(false) {
            return Ok(None);
        }
        let id = column_id(*field, block);
        let mut statement = self.database.prepare_cached("SELECT data FROM columns WHERE id = ?1")?;
        let column = statement
            .query_row([id], |row| Ok(Column::decode(id.unsigned_abs(), row.get_ref(0)?.as_blob()?)));
        let column = column.optional()?.transpose()?;
        if column.is_none() && is_there == Some(true) { Err(IndexError::Broken) } else { Ok(column) }
    }

    /// Types and paths of all columns.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.keys().map(|(type_name, path)| (type_name.as_str(), path.as_str()))
    }

    /// Adds a block behind the others.
    pub(super) fn add(&mut self, block: &Block) -> Result<(), IndexError> {
        let last: Option<i64> =
            self.database.query_row("SELECT max(id) FROM blocks", [], |row| row.get(0))?;
        let id = last.unwrap_or(0) + 1;
        let mut fields = FieldSet::default();
        for ((type_name, path), column) in &block.columns {
            let field = self.field(type_name, path)?;
            fields.add(field);
            let column_id = column_id(field, id);
            let data = column.encode(column_id.unsigned_abs());
            self.database
                .prepare_cached("INSERT INTO columns VALUES (?1, ?2)")?
                .execute(params![column_id, data])?;
        }
        let Place { first, events, segment, offset, span } = block.place;
        self.database
            .prepare_cached("INSERT INTO blocks VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?
            .execute(params![
                id,
                signed(first),
                signed(events),
                signed(segment),
                signed(offset),
                signed(span.0.unix_ms()),
                signed(span.1.unix_ms()),
                fields.0,
                block_checksum(id, &block.place, &fields),
            ])?;
        Ok(())
    }

    /// Forgets the blocks that end at this event or before: the log has them no more.
    pub(super) fn forget_before(&self, first_kept: u64) -> Result<(), IndexError> {
        let gone = "SELECT id FROM blocks WHERE first + events <= ?1";
        let count: i64 = self.database.query_row(
            "SELECT count(*) FROM blocks WHERE first + events <= ?1",
            [signed(first_kept)],
            |row| row.get(0),
        )?;
        if count == 0 {
            return Ok(());
        }
        self.database.execute(
            &format!(
                "DELETE FROM columns WHERE id IN (SELECT fields.id * {BLOCKS_MAX} + gone.id FROM fields, ({gone}) AS gone)"
            ),
            [signed(first_kept)],
        )?;
        self.database.execute("DELETE FROM blocks WHERE first + events <= ?1", [signed(first_kept)])?;
        self.forget_ids_before(first_kept)
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) -> Result<(), IndexError> {
        self.database.execute_batch(DROP)?;
        self.database.execute_batch(CREATE)?;
        self.read_fields()
    }

    fn field(&mut self, type_name: &str, path: &str) -> Result<i64, IndexError> {
        let key = (type_name.to_owned(), path.to_owned());
        if let Some(id) = self.fields.get(&key) {
            return Ok(*id);
        }
        self.database.execute("INSERT INTO fields (type, path) VALUES (?1, ?2)", params![key.0, key.1])?;
        let id = self.database.last_insert_rowid();
        self.fields.insert(key, id);
        Ok(id)
    }
}

/// Which fields a block has columns of: a bit each, by their ids.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct FieldSet(Vec<u8>);

impl FieldSet {
    fn add(&mut self, field: i64) {
        let (at, bit) = Self::place(field);
        if self.0.len() <= at {
            self.0.resize(at + 1, 0);
        }
        if let Some(byte) = self.0.get_mut(at) {
            *byte |= bit;
        }
    }

    fn has(&self, field: i64) -> bool {
        let (at, bit) = Self::place(field);
        self.0.get(at).is_some_and(|byte| byte & bit != 0)
    }

    fn place(field: i64) -> (usize, u8) {
        (usize::try_from(field / 8).unwrap_or(0), 1 << (field & 7))
    }
}

fn block_checksum(id: i64, place: &Place, FieldSet(fields): &FieldSet) -> u32 {
    let Place { first, events, segment, offset, span } = *place;
    let mut sum = Checksum::default();
    for number in [unsigned(id), first, events, segment, offset, span.0.unix_ms(), span.1.unix_ms()] {
        sum.number(number);
    }
    sum.text(fields);
    sum.0
}

/// CRC-32C of numbers, each as a u64 in little endian, and of texts, each behind its length as such a number.
#[derive(Debug, Default)]
struct Checksum(u32);

impl Checksum {
    fn number(&mut self, number: u64) -> &mut Self {
        self.0 = crc32c::crc32c_append(self.0, &number.to_le_bytes());
        self
    }

    fn text(&mut self, text: &[u8]) -> &mut Self {
        self.number(text.len() as u64);
        self.0 = crc32c::crc32c_append(self.0, text);
        self
    }
}

/// Blocks of an index, at most: as many as leave room for two thousand million fields.
const BLOCKS_MAX: i64 = 1 << 32;

/// Columns of one field lie together, in the order of blocks.
fn column_id(field: i64, block: i64) -> i64 {
    field * BLOCKS_MAX + block
}

/// SQLite's integers have a sign. No log has so many events that it matters.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn is_unwritable(error: &IndexError) -> bool {
    let kinds = [
        io::ErrorKind::PermissionDenied,
        io::ErrorKind::ReadOnlyFilesystem,
        io::ErrorKind::StorageFull,
        io::ErrorKind::IsADirectory,
    ];
    match error {
        IndexError::Io(error) => kinds.contains(&error.kind()),
        IndexError::Database(rusqlite::Error::SqliteFailure(error, _)) => {
            matches!(error.code, ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::DiskFull)
        }
        IndexError::Database(_) | IndexError::Broken => false,
    }
}

/// Removes an index with what SQLite keeps beside it.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    for name in [beside(path, "-wal"), beside(path, "-shm"), path.to_owned()] {
        super::super::files::ignore_missing(fs::remove_file(name))?;
    }
    Ok(())
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

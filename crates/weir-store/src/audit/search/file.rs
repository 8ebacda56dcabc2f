//! The index on disk: one SQLite file. `docs/formats/audit.md` has its tables.

use super::block::{Block, OpenRequests, Place};
use super::column::{BrokenColumn, Column};
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
    CREATE TABLE state (next INTEGER NOT NULL, leaf BLOB NOT NULL) STRICT;
    INSERT INTO state VALUES (0, x'');
    CREATE TABLE open (request TEXT NOT NULL PRIMARY KEY, first INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE blocks (
        id INTEGER PRIMARY KEY,
        first INTEGER NOT NULL,
        events INTEGER NOT NULL,
        segment INTEGER NOT NULL,
        offset INTEGER NOT NULL,
        since_ms INTEGER NOT NULL,
        until_ms INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE fields (
        id INTEGER PRIMARY KEY, type TEXT NOT NULL, path TEXT NOT NULL, UNIQUE (type, path)
    ) STRICT;
    CREATE TABLE columns (id INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
    CREATE TABLE ids (key INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (key, seq)) STRICT, WITHOUT ROWID;
    PRAGMA user_version = 2; -- VERSION
";

const DROP: &str = "
    DROP TABLE IF EXISTS state; DROP TABLE IF EXISTS open; DROP TABLE IF EXISTS blocks; DROP TABLE IF EXISTS fields;
    DROP TABLE IF EXISTS columns; DROP TABLE IF EXISTS ids;
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
    #[error("a column is broken")]
    Column,
}

impl From<BrokenColumn> for IndexError {
    fn from(BrokenColumn: BrokenColumn) -> Self {
        Self::Column
    }
}

impl IndexError {
    /// Whether the file is at fault and not the disk: then it is made anew.
    pub(super) fn is_damage(&self) -> bool {
        match self {
            Self::Column => true,
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
}

/// An open index.
#[derive(Debug)]
pub(super) struct IndexFile {
    database: Connection,
    fields: HashMap<(String, String), i64>,
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
             PRAGMA journal_size_limit = 4194304;",
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
        let mut file = Self { database, fields: HashMap::new() };
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

    pub(super) fn state(&self) -> Result<State, IndexError> {
        let read = |row: &rusqlite::Row<'_>| Ok(State { next: unsigned(row.get(0)?), leaf: row.get(1)? });
        Ok(self.database.query_row("SELECT next, leaf FROM state", [], read)?)
    }

    pub(super) fn set_state(&self, state: &State) -> Result<(), IndexError> {
        self.database
            .execute("UPDATE state SET next = ?1, leaf = ?2", params![signed(state.next), state.leaf])?;
        Ok(())
    }

    pub(super) fn open_requests(&self) -> Result<OpenRequests, IndexError> {
        let mut statement = self.database.prepare_cached("SELECT request, first FROM open")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, unsigned(row.get(1)?))))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    pub(super) fn set_open_requests(&self, open: &OpenRequests) -> Result<(), IndexError> {
        self.database.execute("DELETE FROM open", [])?;
        let mut insert = self.database.prepare_cached("INSERT INTO open VALUES (?1, ?2)")?;
        for (request, first) in open {
            insert.execute(params![request, signed(*first)])?;
        }
        Ok(())
    }

    /// All blocks in order, with the numbers that their columns have.
    pub(super) fn blocks(&self) -> Result<Vec<(i64, Place)>, IndexError> {
        self.read_blocks("ORDER BY id")
    }

    fn read_blocks(&self, order: &str) -> Result<Vec<(i64, Place)>, IndexError> {
        let mut statement = self.database.prepare_cached(&format!(
            "SELECT id, first, events, segment, offset, since_ms, until_ms FROM blocks {order}"
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
            Ok((row.get(0)?, place))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The last block.
    pub(super) fn last_block(&self) -> Result<Option<(i64, Place)>, IndexError> {
        Ok(self.read_blocks("ORDER BY id DESC LIMIT 1")?.pop())
    }

    /// A column of a block; `None` if no event of it has the member.
    pub(super) fn column(
        &self,
        block: i64,
        type_name: &str,
        path: &str,
    ) -> Result<Option<Column>, IndexError> {
        let Some(field) = self.fields.get(&(type_name.to_owned(), path.to_owned())) else { return Ok(None) };
        let id = column_id(*field, block);
        let mut statement = self.database.prepare_cached("SELECT data FROM columns WHERE id = ?1")?;
        let column = statement
            .query_row([id], |row| Ok(Column::decode(id.unsigned_abs(), row.get_ref(0)?.as_blob()?)));
        Ok(column.optional()?.transpose()?)
    }

    /// Types and paths of all columns.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.keys().map(|(type_name, path)| (type_name.as_str(), path.as_str()))
    }

    /// Adds a block behind the others.
    pub(super) fn add(&mut self, block: &Block) -> Result<(), IndexError> {
        let Place { first, events, segment, offset, span } = block.place;
        self.database
            .prepare_cached(
                "INSERT INTO blocks (first, events, segment, offset, since_ms, until_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![
                signed(first),
                signed(events),
                signed(segment),
                signed(offset),
                signed(span.0.unix_ms()),
                signed(span.1.unix_ms())
            ])?;
        let id = self.database.last_insert_rowid();
        for ((type_name, path), column) in &block.columns {
            let column_id = column_id(self.field(type_name, path)?, id);
            let data = column.encode(column_id.unsigned_abs());
            self.database
                .prepare_cached("INSERT INTO columns VALUES (?1, ?2)")?
                .execute(params![column_id, data])?;
        }
        Ok(())
    }

    /// Adds the keys of ids. In order they cost least.
    pub(super) fn add_ids(&self, ids: &mut [(i64, u64)]) -> Result<(), IndexError> {
        ids.sort_unstable();
        let mut insert = self.database.prepare_cached("INSERT OR IGNORE INTO ids VALUES (?1, ?2)")?;
        for (key, seq) in ids.iter() {
            insert.execute([*key, signed(*seq)])?;
        }
        Ok(())
    }

    /// The events that may have an id with this key, in order.
    pub(super) fn events_of(&self, key: i64) -> Result<Vec<u64>, IndexError> {
        let mut statement =
            self.database.prepare_cached("SELECT seq FROM ids WHERE key = ?1 ORDER BY seq")?;
        let rows = statement.query_map([key], |row| Ok(unsigned(row.get(0)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
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
        self.database.execute("DELETE FROM ids WHERE seq < ?1", [signed(first_kept)])?;
        Ok(())
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

/// Blocks of an index, at most: as many as leave room for two thousand million fields.
const BLOCKS_MAX: i64 = 1 << 32;

/// Columns of one field lie together, in the order of blocks.
fn column_id(field: i64, block: i64) -> i64 {
    field * BLOCKS_MAX + block
}

/// SQLite's integers have a sign. No log has so many events that it matters.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> u64 {
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
        IndexError::Database(_) | IndexError::Column => false,
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

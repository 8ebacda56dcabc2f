//! What Weir keeps for its callers: answers that a later request may refer to.
//!
//! One SQLite file that only its owner may read. An object belongs to one owner, and nobody else can find,
//! read or remove it; when its time is over it is gone.
//!
//! Blocking: every call may wait for the disk.

use rusqlite::{Connection, OptionalExtension, Row, params};
use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The version of the tables, in SQLite's `user_version`.
const VERSION: i64 = 1;

const CREATE: &str = "
    CREATE TABLE IF NOT EXISTS objects (
        owner TEXT NOT NULL,
        id TEXT NOT NULL,
        label TEXT NOT NULL,
        items BLOB NOT NULL,
        body BLOB NOT NULL,
        expires_s INTEGER NOT NULL,
        PRIMARY KEY (owner, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS objects_by_end ON objects (expires_s);
    PRAGMA user_version = 1;
";

/// Something that is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Object {
    /// Its id.
    pub id: String,
    /// The label of all that is in it, as the one who keeps it wrote it.
    pub label: String,
    /// What was asked, as a JSON array of items.
    pub items: Vec<u8>,
    /// The object itself, as JSON.
    pub body: Vec<u8>,
    /// When its time is over, in seconds since 1970.
    pub expires_s: i64,
}

/// Objects are user text: only the id and sizes are shown.
impl std::fmt::Debug for Object {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Object({}, {} and {} bytes)", self.id, self.items.len(), self.body.len())
    }
}

/// Why objects cannot be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum ObjectsError {
    /// The file cannot be made.
    #[error("the file of kept answers cannot be made: {0}")]
    Io(#[from] io::Error),
    /// The database refuses.
    #[error("the database of kept answers: {0}")]
    Database(#[from] rusqlite::Error),
    /// A newer Weir wrote it.
    #[error("kept answers are of version {0}, which is newer than this Weir")]
    Newer(i64),
}

/// The objects of one installation.
#[derive(Debug)]
pub struct Objects(Mutex<Connection>);

impl Objects {
    /// Opens the file, and makes it if it is not there.
    ///
    /// # Errors
    /// [`ObjectsError`] when it cannot be used.
    pub fn open(path: &Path) -> Result<Self, ObjectsError> {
        OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
        let database = Connection::open(path)?;
        let version: i64 = database.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if version > VERSION {
            return Err(ObjectsError::Newer(version));
        }
        // What was removed is overwritten: its time is over.
        database.execute_batch("PRAGMA journal_mode = WAL; PRAGMA secure_delete = ON;")?;
        database.execute_batch(CREATE)?;
        Ok(Self(Mutex::new(database)))
    }

    /// Keeps an object, and removes those whose time is over at `now_s`.
    ///
    /// # Errors
    /// [`ObjectsError`]; then it is not kept.
    pub fn keep(&self, owner: &str, object: &Object, now_s: i64) -> Result<(), ObjectsError> {
        let Object { id, label, items, body, expires_s } = object;
        let database = self.lock();
        database.execute("DELETE FROM objects WHERE expires_s <= ?1", [now_s])?;
        database.execute(
            "INSERT OR REPLACE INTO objects VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![owner, id, label, items, body, expires_s],
        )?;
        Ok(())
    }

    /// The owner's object of this id, if its time is not over.
    ///
    /// # Errors
    /// [`ObjectsError`] when it cannot be read.
    pub fn find(&self, owner: &str, id: &str, now_s: i64) -> Result<Option<Object>, ObjectsError> {
        let found = self.lock().query_row(
            "SELECT id, label, items, body, expires_s FROM objects
             WHERE owner = ?1 AND id = ?2 AND expires_s > ?3",
            params![owner, id, now_s],
            read,
        );
        Ok(found.optional()?)
    }

    /// Removes the owner's object of this id; whether there was one.
    ///
    /// # Errors
    /// [`ObjectsError`] when it could not be removed.
    pub fn remove(&self, owner: &str, id: &str) -> Result<bool, ObjectsError> {
        let removed = self.lock().execute("DELETE FROM objects WHERE owner = ?1 AND id = ?2", [owner, id])?;
        Ok(removed > 0)
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        // Every statement is whole in itself.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Object> {
    Ok(Object {
        id: row.get(0)?,
        label: row.get(1)?,
        items: row.get(2)?,
        body: row.get(3)?,
        expires_s: row.get(4)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn object(id: &str, expires_s: i64) -> Object {
        let (items, body) = (b"[]".to_vec(), b"{}".to_vec());
        Object { id: id.to_owned(), label: "l".to_owned(), items, body, expires_s }
    }

    #[test]
    fn an_object_is_its_owners_alone_and_outlives_a_restart_but_not_its_time() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("objects.db");
        let objects = Objects::open(&path).unwrap();
        objects.keep("a", &object("resp_1", 100), 10).unwrap();
        drop(objects);
        let objects = Objects::open(&path).unwrap();
        assert_eq!(objects.find("a", "resp_1", 99).unwrap(), Some(object("resp_1", 100)));
        assert_eq!(objects.find("a", "resp_1", 100).unwrap(), None);
        assert_eq!(objects.find("b", "resp_1", 10).unwrap(), None);
        assert!(!objects.remove("b", "resp_1").unwrap());
        assert!(objects.remove("a", "resp_1").unwrap());
        assert_eq!(objects.find("a", "resp_1", 10).unwrap(), None);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn what_is_over_is_removed_from_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let objects = Objects::open(&dir.path().join("objects.db")).unwrap();
        objects.keep("a", &object("resp_1", 100), 10).unwrap();
        objects.keep("a", &object("resp_2", 300), 200).unwrap();
        let left: i64 =
            objects.lock().query_row("SELECT count(*) FROM objects", [], |row| row.get(0)).unwrap();
        assert_eq!(left, 1);
    }
}

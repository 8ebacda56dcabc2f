//! What Weir keeps for its callers: answers and files that a later request may refer to.
//!
//! One SQLite file that only its owner may read. An object belongs to one owner, and nobody else can find,
//! read or remove it; when its time is over it is gone. Room is bounded, for each owner and in all: answers
//! make room, the oldest first, and files do not.
//!
//! Blocking: every call may wait for the disk.

mod schema;

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An answer, which makes room for others.
    Response,
    /// A file, which stays until its time is over or its owner removes it.
    File,
    /// Requests that are answered when there is room, and what has come of them.
    Batch,
}

impl Kind {
    /// The word for it, in the database and in records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Response => "response",
            Kind::File => "file",
            Kind::Batch => "batch",
        }
    }
}

/// Something that is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Object {
    /// Its id, which no other object has.
    pub id: String,
    /// The label of all that is in it, as the one who keeps it wrote it.
    pub label: String,
    /// What belongs to it: for an answer what was asked, as a JSON array of items; for a file what is said of it.
    pub about: Vec<u8>,
    /// The object itself: an answer as JSON, a file as it came.
    pub body: Vec<u8>,
    /// When it was made, in seconds since 1970.
    pub created_s: i64,
    /// When its time is over, in seconds since 1970.
    pub expires_s: i64,
}

impl Object {
    fn bytes(&self) -> u64 {
        let Self { id, label, about, body, created_s: _, expires_s: _ } = self;
        (id.len() + label.len() + about.len() + body.len()) as u64
    }
}

/// Objects are user text: only the id and sizes are shown.
impl std::fmt::Debug for Object {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Object({}, {} and {} bytes)", self.id, self.about.len(), self.body.len())
    }
}

/// How much may be kept, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// For one owner.
    pub of_one: u64,
    /// For all of them together.
    pub in_all: u64,
}

/// Why objects cannot be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum ObjectsError {
    /// The file cannot be made.
    #[error("the file of kept objects cannot be made: {0}")]
    Io(#[from] io::Error),
    /// The database refuses.
    #[error("the database of kept objects: {0}")]
    Database(#[from] rusqlite::Error),
    /// A newer Weir wrote it.
    #[error("kept objects are of version {0}, which is newer than this Weir")]
    Newer(i64),
    /// There is no room, whatever makes room.
    #[error("there is no room for {bytes} bytes more")]
    Full {
        /// The size of what was to be kept.
        bytes: u64,
    },
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
        let mut database = Connection::open(path)?;
        // What was removed is overwritten: its time is over.
        database.execute_batch("PRAGMA journal_mode = WAL; PRAGMA secure_delete = ON;")?;
        schema::prepare(&mut database)?;
        Ok(Self(Mutex::new(database)))
    }

    /// Keeps an object, in the place of one of the same id, and removes those whose time is over at `now_s` and the answers that must make room.
    ///
    /// # Errors
    /// [`ObjectsError`]; then it is not kept, and nothing has made room for it.
    pub fn keep(
        &self,
        (owner, kind): (&str, Kind),
        object: &Object,
        now_s: i64,
        room: Room,
    ) -> Result<(), ObjectsError> {
        let mut database = self.lock();
        let change = database.transaction()?;
        change.execute("DELETE FROM objects WHERE expires_s <= ?1", [now_s])?;
        change.execute("DELETE FROM objects WHERE owner = ?1 AND id = ?2", params![owner, object.id])?;
        make_room(&change, owner, object.bytes(), room)?;
        let Object { id, label, about, body, created_s, expires_s } = object;
        let bytes = i64::try_from(object.bytes()).unwrap_or(i64::MAX);
        change.execute(
            "INSERT INTO objects (owner, id, kind, label, created_s, expires_s, bytes, about, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![owner, id, kind.as_str(), label, created_s, expires_s, bytes, about, body],
        )?;
        Ok(change.commit()?)
    }

    /// The owner's object of this id, if its time is not over.
    ///
    /// # Errors
    /// [`ObjectsError`] when it cannot be read.
    pub fn find(
        &self,
        (owner, kind): (&str, Kind),
        id: &str,
        now_s: i64,
    ) -> Result<Option<Object>, ObjectsError> {
        let found = self.lock().query_row(
            "SELECT id, label, created_s, expires_s, about, body FROM objects
             WHERE owner = ?1 AND id = ?2 AND kind = ?3 AND expires_s > ?4",
            params![owner, id, kind.as_str(), now_s],
            read,
        );
        Ok(found.optional()?)
    }

    /// The owner's objects of a kind whose time is not over, oldest first, without what they hold.
    ///
    /// # Errors
    /// [`ObjectsError`] when they cannot be read.
    pub fn list(&self, (owner, kind): (&str, Kind), now_s: i64) -> Result<Vec<Object>, ObjectsError> {
        let database = self.lock();
        let mut list = database.prepare_cached(
            "SELECT id, label, created_s, expires_s, about, x'' FROM objects
             WHERE owner = ?1 AND kind = ?2 AND expires_s > ?3 ORDER BY seq",
        )?;
        let found = list.query_map(params![owner, kind.as_str(), now_s], read)?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// Everybody's objects of a kind whose time is not over, with their owners, oldest first.
    ///
    /// # Errors
    /// [`ObjectsError`] when they cannot be read.
    pub fn all(&self, kind: Kind, now_s: i64) -> Result<Vec<(String, Object)>, ObjectsError> {
        let database = self.lock();
        let mut all = database.prepare_cached(
            "SELECT id, label, created_s, expires_s, about, body, owner FROM objects
             WHERE kind = ?1 AND expires_s > ?2 ORDER BY seq",
        )?;
        let found = all.query_map(params![kind.as_str(), now_s], |row| Ok((row.get(6)?, read(row)?)))?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// Removes the owner's object of this id; whether there was one.
    ///
    /// # Errors
    /// [`ObjectsError`] when it could not be removed.
    pub fn remove(&self, (owner, kind): (&str, Kind), id: &str) -> Result<bool, ObjectsError> {
        let removed = self.lock().execute(
            "DELETE FROM objects WHERE owner = ?1 AND id = ?2 AND kind = ?3",
            [owner, id, kind.as_str()],
        )?;
        Ok(removed > 0)
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        // Every change is whole in itself.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Removes answers, the oldest first: of the owner while the owner has too much, of anybody while all have.
fn make_room(change: &Transaction<'_>, owner: &str, bytes: u64, room: Room) -> Result<(), ObjectsError> {
    let left = |limit: u64| limit.checked_sub(bytes).ok_or(ObjectsError::Full { bytes });
    let (of_one, in_all) = (left(room.of_one)?, left(room.in_all)?);
    while taken(change, "SELECT total(bytes) FROM room WHERE owner = ?1", [owner])? > of_one {
        removed(change.execute(&oldest("AND owner = ?1"), [owner])?, bytes)?;
    }
    while taken(change, "SELECT total(bytes) FROM room", [])? > in_all {
        removed(change.execute(&oldest(""), [])?, bytes)?;
    }
    Ok(())
}

fn taken(change: &Transaction<'_>, ask: &str, of: impl rusqlite::Params) -> rusqlite::Result<u64> {
    let bytes: f64 = change.prepare_cached(ask)?.query_row(of, |row| row.get(0))?;
    Ok(bytes.max(0.0) as u64)
}

fn oldest(of: &str) -> String {
    format!("DELETE FROM objects WHERE seq = (SELECT min(seq) FROM objects WHERE kind = 'response' {of})")
}

fn removed(rows: usize, bytes: u64) -> Result<(), ObjectsError> {
    if rows == 0 { Err(ObjectsError::Full { bytes }) } else { Ok(()) }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Object> {
    Ok(Object {
        id: row.get(0)?,
        label: row.get(1)?,
        created_s: row.get(2)?,
        expires_s: row.get(3)?,
        about: row.get(4)?,
        body: row.get(5)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;
    use tempfile::TempDir;

    const AMPLE: Room = Room { of_one: 1 << 20, in_all: 1 << 20 };
    const OF_A: (&str, Kind) = ("a", Kind::Response);

    fn object(id: &str, created_s: i64, expires_s: i64) -> Object {
        let (about, body) = (b"[]".to_vec(), b"{}".to_vec());
        Object { id: id.to_owned(), label: "l".to_owned(), about, body, created_s, expires_s }
    }

    fn opened() -> (Objects, TempDir) {
        let dir = tempfile::tempdir().unwrap();
        (Objects::open(&dir.path().join("objects.db")).unwrap(), dir)
    }

    #[test]
    fn an_object_is_its_owners_alone_and_outlives_a_restart_but_not_its_time() {
        let (objects, dir) = opened();
        objects.keep(OF_A, &object("resp_1", 5, 100), 10, AMPLE).unwrap();
        drop(objects);
        let path = dir.path().join("objects.db");
        let objects = Objects::open(&path).unwrap();
        assert_eq!(objects.find(OF_A, "resp_1", 99).unwrap(), Some(object("resp_1", 5, 100)));
        assert_eq!(objects.find(OF_A, "resp_1", 100).unwrap(), None);
        for other in [("b", Kind::Response), ("a", Kind::File)] {
            assert_eq!(objects.find(other, "resp_1", 10).unwrap(), None);
            assert_eq!(objects.list(other, 10).unwrap(), []);
            assert!(!objects.remove(other, "resp_1").unwrap());
        }
        assert_eq!(objects.list(OF_A, 99).unwrap(), [Object { body: vec![], ..object("resp_1", 5, 100) }]);
        assert_eq!(objects.list(OF_A, 100).unwrap(), []);
        assert!(objects.remove(OF_A, "resp_1").unwrap());
        assert_eq!(objects.find(OF_A, "resp_1", 10).unwrap(), None);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn what_is_over_is_removed_from_the_file() {
        let (objects, _dir) = opened();
        objects.keep(OF_A, &object("resp_1", 1, 100), 10, AMPLE).unwrap();
        objects.keep(OF_A, &object("resp_2", 2, 300), 200, AMPLE).unwrap();
        let left: i64 =
            objects.lock().query_row("SELECT count(*) FROM objects", [], |row| row.get(0)).unwrap();
        assert_eq!(left, 1);
    }

    #[test]
    fn answers_make_room_the_oldest_first_and_files_do_not() {
        let (objects, _dir) = opened();
        let one = object("f_0", 0, 100).bytes();
        let room = Room { of_one: 3 * one, in_all: 4 * one };
        let keep = |of, id: &str, at| objects.keep(of, &object(id, at, 100), 10, room);
        let (file, of_b) = (("a", Kind::File), ("b", Kind::Response));
        keep(file, "f_0", 0).unwrap();
        for (at, id) in ["r_1", "r_2", "r_3"].into_iter().enumerate() {
            keep(OF_A, id, at as i64).unwrap();
        }
        let ids = |of| -> Vec<String> { objects.list(of, 10).unwrap().into_iter().map(|o| o.id).collect() };
        assert_eq!(
            (ids(file), ids(OF_A)),
            (vec!["f_0".to_owned()], vec!["r_2".to_owned(), "r_3".to_owned()])
        );
        // All together have room for four, so that the oldest of anybody goes.
        keep(of_b, "s_1", 3).unwrap();
        keep(of_b, "s_2", 4).unwrap();
        assert_eq!(
            (ids(OF_A), ids(of_b)),
            (vec!["r_3".to_owned()], vec!["s_1".to_owned(), "s_2".to_owned()])
        );
        // An owner whose room is full of files has none left, and loses nothing by asking.
        keep(file, "f_1", 5).unwrap();
        keep(file, "f_2", 6).unwrap();
        assert!(matches!(keep(file, "f_3", 7), Err(ObjectsError::Full { .. })));
        assert!(matches!(keep(OF_A, "r_9", 7), Err(ObjectsError::Full { .. })));
        assert_eq!((ids(file).len(), ids(of_b)), (3, vec!["s_2".to_owned()]));
        assert!(objects.remove(file, "f_0").unwrap());
        keep(OF_A, "r_9", 8).unwrap();
        let large = Object { body: vec![0; 200], ..object("r_8", 9, 100) };
        assert!(matches!(objects.keep(of_b, &large, 10, room), Err(ObjectsError::Full { .. })));
        assert_eq!(ids(of_b), ["s_2"]);
    }

    #[test]
    fn what_an_older_weir_kept_is_found_and_counts() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("objects.db");
        let old = Connection::open(&path).unwrap();
        old.execute_batch(
            "CREATE TABLE objects (owner TEXT NOT NULL, id TEXT NOT NULL, label TEXT NOT NULL, items BLOB NOT NULL,
                 body BLOB NOT NULL, expires_s INTEGER NOT NULL, PRIMARY KEY (owner, id)) STRICT, WITHOUT ROWID;
             CREATE INDEX objects_by_end ON objects (expires_s);
             INSERT INTO objects VALUES ('a', 'resp_1', 'l', x'5b5d', x'7b7d', 100);
             PRAGMA user_version = 1;",
        )
        .unwrap();
        drop(old);
        let objects = Objects::open(&path).unwrap();
        assert_eq!(objects.find(OF_A, "resp_1", 10).unwrap(), Some(object("resp_1", 0, 100)));
        let tight = Room { of_one: object("resp_2", 1, 100).bytes(), in_all: 1 << 20 };
        objects.keep(OF_A, &object("resp_2", 1, 100), 10, tight).unwrap();
        assert_eq!(objects.find(OF_A, "resp_1", 10).unwrap(), None);
    }

    #[test]
    fn what_a_newer_weir_wrote_is_not_touched() {
        let (objects, dir) = opened();
        objects.lock().execute_batch("PRAGMA user_version = 9").unwrap();
        let error = Objects::open(&dir.path().join("objects.db")).unwrap_err();
        assert!(matches!(error, ObjectsError::Newer(9)));
    }
}

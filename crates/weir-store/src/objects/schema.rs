use super::ObjectsError;
use rusqlite::Connection;

/// The version of the tables, in SQLite's `user_version`.
const VERSION: i64 = 2;

/// How much each owner has is counted as it changes: to add it up would take longer the more there is.
const CREATE: &str = "
    CREATE TABLE objects (
        seq INTEGER PRIMARY KEY,
        owner TEXT NOT NULL,
        id TEXT NOT NULL,
        kind TEXT NOT NULL,
        label TEXT NOT NULL,
        created_s INTEGER NOT NULL,
        expires_s INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        about BLOB NOT NULL,
        body BLOB NOT NULL,
        UNIQUE (owner, id)
    ) STRICT;
    CREATE INDEX objects_by_end ON objects (expires_s);
    CREATE INDEX objects_by_kind ON objects (kind);
    CREATE INDEX objects_of_owner ON objects (owner, kind);
    CREATE TABLE room (owner TEXT PRIMARY KEY, bytes INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TRIGGER objects_added AFTER INSERT ON objects BEGIN
        INSERT INTO room VALUES (new.owner, new.bytes)
        ON CONFLICT (owner) DO UPDATE SET bytes = bytes + excluded.bytes;
    END;
    CREATE TRIGGER objects_removed AFTER DELETE ON objects BEGIN
        UPDATE room SET bytes = bytes - old.bytes WHERE owner = old.owner;
        DELETE FROM room WHERE owner = old.owner AND bytes <= 0;
    END;
    PRAGMA user_version = 2;
";

/// From the first version, which held answers alone.
const SET_ASIDE: &str = "
    DROP INDEX objects_by_end;
    ALTER TABLE objects RENAME TO objects_1;
";
const TAKE_OVER: &str = "
    INSERT INTO objects (owner, id, kind, label, created_s, expires_s, bytes, about, body)
    SELECT owner, id, 'response', label, 0, expires_s,
           octet_length(id) + octet_length(label) + length(items) + length(body), items, body
    FROM objects_1;
    DROP TABLE objects_1;
";

/// Makes the tables, or those of an older version into these.
pub(super) fn prepare(database: &mut Connection) -> Result<(), ObjectsError> {
    let change = database.transaction()?;
    let version: i64 = change.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    match version {
        VERSION => {}
        0 => change.execute_batch(CREATE)?,
        1 => change.execute_batch(&[SET_ASIDE, CREATE, TAKE_OVER].concat())?,
        newer => return Err(ObjectsError::Newer(newer)),
    }
    Ok(change.commit()?)
}

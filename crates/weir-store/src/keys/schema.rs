use super::hash::KeyHash;
use super::{KeyLimits, KeyRecord, KeyTerms};
use jiff::Timestamp;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use rusqlite::{Connection, Row, named_params};
use std::error::Error;
use std::num::NonZeroU32;
use std::str::FromStr;
use weir_label::{Jurisdiction, Level};

/// The version written by this code, in SQLite's `user_version`.
pub(super) const VERSION: i64 = 3;

/// `generation` counts changes to `keys`, whoever makes them, so that other processes notice.
pub(super) const CREATE: &str = "
    CREATE TABLE keys (
        id TEXT NOT NULL PRIMARY KEY,
        hash BLOB NOT NULL CHECK (length(hash) = 32),
        name TEXT NOT NULL,
        environment TEXT NOT NULL,
        created_ms INTEGER NOT NULL,
        expires_ms INTEGER,
        revoked_ms INTEGER,
        default_level TEXT,
        jurisdiction TEXT,
        latency_class TEXT NOT NULL,
        aliases TEXT,
        tenant TEXT,
        team TEXT,
        app TEXT,
        scopes TEXT,
        requests_per_minute INTEGER CHECK (requests_per_minute > 0),
        tokens_per_minute INTEGER CHECK (tokens_per_minute > 0)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE meta (generation INTEGER NOT NULL, pepper_fingerprint BLOB) STRICT;
    INSERT INTO meta VALUES (0, NULL);
    CREATE TRIGGER key_made AFTER INSERT ON keys BEGIN UPDATE meta SET generation = generation + 1; END;
    CREATE TRIGGER key_changed AFTER UPDATE ON keys BEGIN UPDATE meta SET generation = generation + 1; END;
    CREATE TRIGGER key_removed AFTER DELETE ON keys BEGIN UPDATE meta SET generation = generation + 1; END;
    PRAGMA user_version = 3; -- VERSION
";

/// Makes a store of version 1, whose keys had no scopes, one of version 2.
pub(super) const FROM_1: &str = "
    ALTER TABLE keys ADD COLUMN scopes TEXT;
";

/// Makes a store of version 2, whose keys had no limits, one of this version.
pub(super) const FROM_2: &str = "
    ALTER TABLE keys ADD COLUMN requests_per_minute INTEGER CHECK (requests_per_minute > 0);
    ALTER TABLE keys ADD COLUMN tokens_per_minute INTEGER CHECK (tokens_per_minute > 0);
    PRAGMA user_version = 3; -- VERSION
";

const INSERT: &str = "
    INSERT INTO keys VALUES (
        :id, :hash, :name, :environment, :created_ms, :expires_ms, :revoked_ms, :default_level, :jurisdiction,
        :latency_class, :aliases, :tenant, :team, :app, :scopes,
        :requests_per_minute, :tokens_per_minute
    ) ON CONFLICT (id) DO NOTHING
";

/// Whether the key was stored; `false` when its id is taken.
pub(super) fn insert(database: &Connection, record: &KeyRecord, hash: &KeyHash) -> rusqlite::Result<bool> {
    let KeyRecord { id, terms, created, revoked } = record;
    let KeyTerms {
        name,
        environment,
        expires,
        default_level,
        jurisdiction,
        latency_class,
        aliases,
        scopes,
        tenant,
        team,
        app,
        limits: KeyLimits { requests_per_minute, tokens_per_minute },
    } = terms;
    let stored = database.execute(
        INSERT,
        named_params! {
            ":id": &**id,
            ":hash": hash.0,
            ":name": name,
            ":environment": environment.as_str(),
            ":created_ms": created.as_millisecond(),
            ":expires_ms": expires.map(Timestamp::as_millisecond),
            ":revoked_ms": revoked.map(Timestamp::as_millisecond),
            ":default_level": default_level.map(Level::as_str),
            ":jurisdiction": jurisdiction.as_ref().map(Jurisdiction::as_str),
            ":latency_class": latency_class.as_str(),
            ":aliases": aliases.as_ref().map(|aliases| serde_json::Value::from(aliases.clone()).to_string()),
            ":tenant": tenant,
            ":team": team,
            ":app": app,
            ":requests_per_minute": requests_per_minute.map(NonZeroU32::get),
            ":tokens_per_minute": tokens_per_minute.map(NonZeroU32::get),
            ":scopes": scopes.as_ref().map(|scopes| serde_json::Value::from_iter(scopes.clone()).to_string()),
        },
    )?;
    Ok(stored == 1)
}

/// Changes the limits of a key.
pub(super) fn write_limits(database: &Connection, id: &str, limits: KeyLimits) -> rusqlite::Result<()> {
    let KeyLimits { requests_per_minute, tokens_per_minute } = limits;
    let number = |limit: Option<NonZeroU32>| limit.map(NonZeroU32::get);
    let update = "UPDATE keys SET requests_per_minute = ?2, tokens_per_minute = ?3 WHERE id = ?1";
    database.execute(update, (id, number(requests_per_minute), number(tokens_per_minute))).map(drop)
}

/// Reads a row of `SELECT * FROM keys`.
pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<(KeyRecord, KeyHash)> {
    let terms = KeyTerms {
        name: row.get("name")?,
        environment: row.get::<_, Word<_>>("environment")?.0,
        expires: row.get::<_, Option<Millis>>("expires_ms")?.map(|Millis(time)| time),
        default_level: row.get::<_, Option<Word<_>>>("default_level")?.map(|Word(level)| level),
        jurisdiction: row.get::<_, Option<Word<_>>>("jurisdiction")?.map(|Word(name)| name),
        latency_class: row.get::<_, Word<_>>("latency_class")?.0,
        aliases: row.get::<_, Option<List>>("aliases")?.map(|List(aliases)| aliases),
        scopes: row.get::<_, Option<List>>("scopes")?.map(|List(scopes)| scopes.into_iter().collect()),
        tenant: row.get("tenant")?,
        team: row.get("team")?,
        app: row.get("app")?,
        limits: KeyLimits {
            requests_per_minute: row.get::<_, Option<u32>>("requests_per_minute")?.and_then(NonZeroU32::new),
            tokens_per_minute: row.get::<_, Option<u32>>("tokens_per_minute")?.and_then(NonZeroU32::new),
        },
    };
    let record = KeyRecord {
        id: row.get("id")?,
        terms,
        created: row.get::<_, Millis>("created_ms")?.0,
        revoked: row.get::<_, Option<Millis>>("revoked_ms")?.map(|Millis(time)| time),
    };
    Ok((record, KeyHash(row.get("hash")?)))
}

/// A column of one of our words.
struct Word<T>(T);

impl<T: FromStr<Err: Error + Send + Sync + 'static>> FromSql for Word<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str()?.parse().map(Word).map_err(FromSqlError::other)
    }
}

/// A column of milliseconds since 1970.
struct Millis(Timestamp);

impl FromSql for Millis {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Timestamp::from_millisecond(value.as_i64()?).map(Millis).map_err(FromSqlError::other)
    }
}

/// A column of a JSON array of strings.
struct List(Vec<String>);

impl FromSql for List {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        serde_json::from_str(value.as_str()?).map(List).map_err(FromSqlError::other)
    }
}

use super::hash::{self, KeyHash, KeyHasher};
use super::text::{FreshKey, id_of_name};
use super::{KeyLimits, KeyRecord, KeyRing, KeyTerms, schema};
use crate::secret::SecretFileError;
use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Transaction, TransactionBehavior};
use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

const DATABASE: &str = "keys.db";
const PEPPER: &str = "keys.pepper";

/// How long to wait for another process that writes; each writes for milliseconds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The keys of one installation, in its state directory.
///
/// Blocking: every call may wait for the disk. Several processes may have the same store open.
#[derive(Debug)]
pub struct KeyStore {
    database: Connection,
    hasher: KeyHasher,
    path: PathBuf,
}

/// Equal as long as no key was made, revoked or otherwise changed, by whatever process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generation(i64);

impl KeyStore {
    /// Opens the store in `state_dir`, and makes both if they are not there.
    ///
    /// # Errors
    /// [`KeyStoreError`] when it cannot be used: damaged, written by a newer Weir, without its pepper.
    pub fn open(state_dir: &Path) -> Result<Self, KeyStoreError> {
        let path = state_dir.join(DATABASE);
        create_private(state_dir, &path)
            .map_err(|source| KeyStoreError::Io { path: path.clone(), source })?;
        let mut database = connect(&path).map_err(|source| database_error(&path, source))?;
        let hasher = prepare(&mut database, &path, &state_dir.join(PEPPER))?;
        Ok(Self { database, hasher, path })
    }

    /// Makes a key. The text is nowhere else and cannot be had again.
    ///
    /// # Errors
    /// [`KeyStoreError`] when it could not be stored; then there is no such key.
    pub fn create(&self, mut terms: KeyTerms) -> Result<(KeyRecord, Zeroizing<String>), KeyStoreError> {
        terms.expires = terms.expires.map(whole_millisecond);
        loop {
            let FreshKey { id, text } =
                FreshKey::generate(terms.environment).map_err(KeyStoreError::Random)?;
            let created = whole_millisecond(Timestamp::now());
            let record = KeyRecord { id: id.into(), terms, created, revoked: None };
            if self.run(|database| schema::insert(database, &record, &self.hasher.hash(&text)))? {
                return Ok((record, text));
            }
            // Its id is taken: once in millions of millions.
            terms = record.terms;
        }
    }

    /// All keys, oldest first, revoked ones too.
    ///
    /// # Errors
    /// [`KeyStoreError`] when they cannot be read.
    pub fn list(&self) -> Result<Vec<KeyRecord>, KeyStoreError> {
        Ok(self.rows()?.into_iter().map(|(record, _hash)| record).collect())
    }

    /// Revokes a key, named by its id, its prefix or its whole text. Once revoked it stays so, with
    /// the time of the first call.
    ///
    /// # Errors
    /// [`KeyStoreError::Unknown`] when there is none.
    pub fn revoke(&self, key: &str) -> Result<KeyRecord, KeyStoreError> {
        // What cannot be an id is not quoted: it may be somebody's secret.
        let id = id_of_name(key).ok_or(KeyStoreError::NotAKey)?;
        let now = Timestamp::now().as_millisecond();
        let revoked = self.run(|database| {
            database
                .query_row(
                    "UPDATE keys SET revoked_ms = coalesce(revoked_ms, ?2) WHERE id = ?1 RETURNING *",
                    (id, now),
                    schema::read,
                )
                .optional()
        })?;
        let (record, _hash) = revoked.ok_or_else(|| KeyStoreError::Unknown { id: id.to_owned() })?;
        Ok(record)
    }

    /// Changes how much a key may ask for. It is named as in [`revoke`](Self::revoke).
    ///
    /// # Errors
    /// [`KeyStoreError::Unknown`] when there is none, [`KeyStoreError::Revoked`] when it may ask for nothing.
    pub fn limit(&self, key: &str, change: impl Fn(&mut KeyLimits)) -> Result<KeyRecord, KeyStoreError> {
        let id = id_of_name(key).ok_or(KeyStoreError::NotAKey)?;
        let changed = self.run(|database| {
            let transaction = Transaction::new_unchecked(database, TransactionBehavior::Immediate)?;
            let found = transaction.query_row("SELECT * FROM keys WHERE id = ?1", [id], schema::read);
            let Some((mut record, _hash)) = found.optional()? else { return Ok(None) };
            if record.revoked.is_some() {
                return Ok(Some(record));
            }
            change(&mut record.terms.limits);
            schema::write_limits(&transaction, id, record.terms.limits)?;
            transaction.commit()?;
            Ok(Some(record))
        })?;
        let record = changed.ok_or_else(|| KeyStoreError::Unknown { id: id.to_owned() })?;
        match record.revoked {
            None => Ok(record),
            Some(at) => Err(KeyStoreError::Revoked { id: id.to_owned(), at }),
        }
    }

    /// All keys as they are now, to authenticate against.
    ///
    /// # Errors
    /// [`KeyStoreError`] when they cannot be read.
    pub fn key_ring(&self) -> Result<KeyRing, KeyStoreError> {
        Ok(KeyRing::new(self.hasher.clone(), self.rows()?.into_iter()))
    }

    /// Which state of the store this is. Cheap: microseconds, and no lock that anybody waits for. Ask
    /// before [`key_ring`](Self::key_ring), so that a change between the two is noticed next time.
    ///
    /// # Errors
    /// [`KeyStoreError`] when it cannot be read.
    pub fn generation(&self) -> Result<Generation, KeyStoreError> {
        self.run(|database| {
            let mut select = database.prepare_cached("SELECT generation FROM meta")?;
            select.query_row([], |row| row.get(0)).map(Generation)
        })
    }

    fn rows(&self) -> Result<Vec<(KeyRecord, KeyHash)>, KeyStoreError> {
        self.run(|database| {
            let mut select = database.prepare("SELECT * FROM keys ORDER BY created_ms, id")?;
            select.query_map([], schema::read)?.collect()
        })
    }

    fn run<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, KeyStoreError> {
        work(&self.database).map_err(|source| database_error(&self.path, source))
    }
}

/// Before SQLite makes the file readable for everybody; its journal gets the mode of the database.
fn create_private(directory: &Path, path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
    Ok(())
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let database = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    database.busy_timeout(BUSY_TIMEOUT)?;
    write_ahead(&database)?;
    // A key that was shown must still be there after a power cut, and a revoked one must stay revoked.
    database.pragma_update(None, "synchronous", "FULL")?;
    Ok(database)
}

/// Changes how the database is written. SQLite does not wait by itself for others who do so at the same time.
fn write_ahead(database: &Connection) -> rusqlite::Result<()> {
    const LOOK_AGAIN: Duration = Duration::from_millis(5);
    let until = Instant::now() + BUSY_TIMEOUT;
    loop {
        let changed = database.pragma_update(None, "journal_mode", "WAL");
        let is_busy = |error: &rusqlite::Error| error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy);
        if !changed.as_ref().is_err_and(is_busy) || Instant::now() > until {
            return changed;
        }
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// Brings schema and pepper into being, or checks them. One process at a time.
fn prepare(database: &mut Connection, path: &Path, pepper: &Path) -> Result<KeyHasher, KeyStoreError> {
    let failed = |source| database_error(path, source);
    let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    check_integrity(&transaction, path)?;
    migrate(&transaction, path)?;
    let hasher = unlock(&transaction, path, pepper)?;
    transaction.commit().map_err(failed)?;
    Ok(hasher)
}

fn check_integrity(transaction: &Transaction<'_>, path: &Path) -> Result<(), KeyStoreError> {
    let verdict: String = transaction
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(|source| database_error(path, source))?;
    if verdict == "ok" { Ok(()) } else { Err(KeyStoreError::Damaged { path: path.to_owned(), verdict }) }
}

fn migrate(transaction: &Transaction<'_>, path: &Path) -> Result<(), KeyStoreError> {
    let failed = |source| database_error(path, source);
    let found: i64 =
        transaction.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(failed)?;
    match found {
        0 => transaction.execute_batch(schema::CREATE).map_err(failed),
        1 => transaction.execute_batch(&[schema::FROM_1, schema::FROM_2].concat()).map_err(failed),
        2 => transaction.execute_batch(schema::FROM_2).map_err(failed),
        schema::VERSION => Ok(()),
        _ => Err(KeyStoreError::Version { path: path.to_owned(), found, known: schema::VERSION }),
    }
}

/// The pepper that this database was made with, or a new one for a new database.
fn unlock(transaction: &Transaction<'_>, path: &Path, pepper: &Path) -> Result<KeyHasher, KeyStoreError> {
    let failed = |source| database_error(path, source);
    let known: Option<[u8; 32]> =
        transaction.query_row("SELECT pepper_fingerprint FROM meta", [], |row| row.get(0)).map_err(failed)?;
    if let Some(known) = known {
        let hasher = hash::load(pepper)?;
        let same = hasher.fingerprint() == KeyHash(known);
        return same.then_some(hasher).ok_or_else(|| KeyStoreError::PepperWrong { path: pepper.to_owned() });
    }
    let hasher = hash::load_or_create(pepper)?;
    transaction
        .execute("UPDATE meta SET pepper_fingerprint = ?1", [hasher.fingerprint().0])
        .map_err(failed)?;
    Ok(hasher)
}

fn whole_millisecond(time: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time)
}

fn database_error(path: &Path, source: rusqlite::Error) -> KeyStoreError {
    let path = path.to_owned();
    match source.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            KeyStoreError::Damaged { path, verdict: source.to_string() }
        }
        _ => KeyStoreError::Database { path, source },
    }
}

/// Why the store cannot do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum KeyStoreError {
    /// A file cannot be read or written.
    #[error("cannot use `{}`", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The database refused.
    #[error("the key database `{}` failed", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        #[source]
        source: rusqlite::Error,
    },
    /// The database is damaged.
    #[error("the key database `{}` is damaged ({verdict}); restore it from a backup together with `keys.pepper`", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        verdict: String,
    },
    /// A newer Weir wrote it.
    #[error("the key database `{}` has version {found}, this Weir knows {known}; run the newer Weir", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// The version found.
        found: i64,
        /// The version known.
        known: i64,
    },
    /// The pepper is gone; no key can be checked without.
    #[error("`{}` is missing, and no key can be checked without it; restore it, or remove `keys.db` and `keys.recorded` to begin anew", path.display())]
    PepperMissing {
        /// Where it should be.
        path: PathBuf,
    },
    /// The pepper belongs to another database.
    #[error("`{}` belongs to another key database; restore both from one backup", path.display())]
    PepperWrong {
        /// The file.
        path: PathBuf,
    },
    /// The pepper cannot be read or made.
    #[error(transparent)]
    Pepper(#[from] SecretFileError),
    /// The operating system gave no random numbers.
    #[error("the operating system gave no random numbers")]
    Random(#[source] getrandom::Error),
    /// What should name a key does not.
    #[error("this names no key; use its id or prefix, such as `wk_live_ab12cd34`")]
    NotAKey,
    /// The key is revoked, and stays so.
    #[error("the key `{id}` was revoked at {at}, and stays so; `weir keys create` makes another")]
    Revoked {
        /// The id asked for.
        id: String,
        /// When.
        at: Timestamp,
    },
    /// There is no such key.
    #[error("there is no key `{id}`; `weir keys list` shows all")]
    Unknown {
        /// The id asked for.
        id: String,
    },
}

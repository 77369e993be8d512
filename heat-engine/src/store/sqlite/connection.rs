//! Connections to the database file, its schema, and what SQLite's errors mean.

use crate::store::StoreError;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};
use std::path::Path;
use std::time::Duration;

/// `HEAT`: says that the file is a store of ours.
const APPLICATION_ID: i32 = 0x4845_4154;

/// Each takes the schema one version further. Only ever appended to.
const MIGRATIONS: &[&str] = &[
    include_str!("schema/001_initial.sql"),
    include_str!("schema/002_nested.sql"),
    include_str!("schema/003_waits.sql"),
];

/// How long a connection waits for another process to finish its transaction.
const BUSY: Duration = Duration::from_secs(30);

/// The connection that writes. Brings the schema up to date.
pub(super) fn open_writer(path: &Path) -> Result<Connection, StoreError> {
    let failed = |error| explain(path, "opening it", &error);
    let mut connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .map_err(failed)?;
    connection.busy_timeout(BUSY).map_err(failed)?;
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0)).map_err(failed)?;
    if !mode.eq_ignore_ascii_case("wal") {
        return Err(StoreError::Unavailable {
            store: path.display().to_string(),
            doing: "opening it".into(),
            reason: "its file system does not allow a write-ahead log; put it on a local disk".into(),
        });
    }
    // An answered commit survives a power cut. `fullfsync` is what that takes on macOS and means nothing elsewhere.
    connection.pragma_update(None, "synchronous", "FULL").map_err(failed)?;
    connection.pragma_update(None, "fullfsync", true).map_err(failed)?;
    connection.pragma_update(None, "foreign_keys", true).map_err(failed)?;
    connection.set_prepared_statement_cache_capacity(64);
    migrate(path, &mut connection)?;
    Ok(connection)
}

/// A connection that only reads.
pub(super) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let failed = |error| explain(path, "opening it for reading", &error);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(BUSY).map_err(failed)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

fn migrate(path: &Path, connection: &mut Connection) -> Result<(), StoreError> {
    let failed = |error| explain(path, "bringing its schema up to date", &error);
    // Of two processes that open a new file at once, one migrates and the other one finds it done.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    let number = |pragma: &str| transaction.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let version = u32::try_from(number("user_version").map_err(failed)?).unwrap_or(u32::MAX);
    let application = number("application_id").map_err(failed)?;
    let tables: i64 =
        transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(failed)?;
    if tables > 0 && application != i64::from(APPLICATION_ID) {
        return Err(StoreError::NotAStore {
            store: path.display().to_string(),
            reason: "it is an SQLite database of another program".into(),
        });
    }
    let known = MIGRATIONS.len() as u32;
    if version > known {
        return Err(StoreError::TooNew { store: path.display().to_string(), found: version, known });
    }
    if version == known {
        return Ok(());
    }
    for migration in MIGRATIONS.iter().skip(version as usize) {
        transaction.execute_batch(migration).map_err(failed)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed)?;
    transaction.pragma_update(None, "user_version", known).map_err(failed)?;
    transaction.commit().map_err(failed)
}

/// What an error of SQLite means. Its messages name tables and columns, never values.
pub(super) fn explain(path: &Path, doing: &str, error: &rusqlite::Error) -> StoreError {
    let store = path.display().to_string();
    let reason = match error {
        rusqlite::Error::SqliteFailure(_, Some(message)) => message.clone(),
        rusqlite::Error::SqliteFailure(code, None) => code.to_string(),
        // Errors of conversion quote nothing of the value but its type.
        other => other.to_string(),
    };
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full { store, reason },
        Some(ErrorCode::NotADatabase) => StoreError::NotAStore { store, reason },
        Some(ErrorCode::DatabaseCorrupt) => {
            StoreError::Corrupt { what: format!("the store {store}"), reason }
        }
        _ => StoreError::Unavailable { store, doing: doing.to_owned(), reason },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn empty(directory: &tempfile::TempDir) -> std::path::PathBuf {
        let path = directory.path().join("heat.db");
        std::fs::File::create(&path).unwrap();
        path
    }

    #[test]
    fn a_new_file_gets_the_schema_and_an_old_one_keeps_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = empty(&directory);
        open_writer(&path).unwrap();
        let connection = open_writer(&path).unwrap();
        let version: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
        assert_eq!(version as usize, MIGRATIONS.len());
        let synchronous: u32 = connection.pragma_query_value(None, "synchronous", |row| row.get(0)).unwrap();
        assert_eq!(synchronous, 2, "FULL");
    }

    #[test]
    fn a_newer_schema_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = empty(&directory);
        open_writer(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
        let error = open_writer(&path).unwrap_err();
        let known = MIGRATIONS.len() as u32;
        assert_eq!(error, StoreError::TooNew { store: path.display().to_string(), found: 99, known });
    }

    #[test]
    fn what_is_no_store_of_ours_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("notes.db");
        Connection::open(&path).unwrap().execute_batch("CREATE TABLE note (text TEXT)").unwrap();
        assert!(matches!(open_writer(&path), Err(StoreError::NotAStore { .. })));
        let text = directory.path().join("text.db");
        std::fs::write(&text, "no database at all, but long enough to be looked at as one".repeat(100))
            .unwrap();
        assert!(matches!(open_writer(&text), Err(StoreError::NotAStore { .. })));
        assert!(std::fs::read_to_string(&text).unwrap().starts_with("no database at all"));
    }
}

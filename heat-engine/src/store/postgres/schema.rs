//! The schema, and how it is brought up to date.

use super::connection::Open;
use super::failure::{Trouble, explain};
use crate::store::StoreError;

/// Each takes the schema one version further. Only ever appended to.
const MIGRATIONS: &[&str] = &[include_str!("schema/001_initial.sql")];

/// What is older lacks what is used here.
const OLDEST_SERVER: i32 = 130_000;

/// The lock that one engine holds while it migrates.
const MIGRATING: i64 = 0x4845_4154_0001;

/// What is to be known of a database that is ready.
pub(super) struct Ready {
    /// The channel on which the engines of this store tell each other that something happened.
    pub(super) channel: String,
}

/// Brings the schema up to date in the first schema of the search path, which must be there.
pub(super) async fn migrate(store: &str, open: &Open) -> Result<Ready, StoreError> {
    let result = migrated(store, open).await;
    if result.is_err() {
        // Nothing is left open behind a failure.
        let _ = open.run("ROLLBACK").await;
    }
    result.map_err(|trouble| match trouble {
        Trouble::Refused(error) => error,
        Trouble::Database(error) => explain(store, "bringing its schema up to date", &error),
        Trouble::Lost(reason) | Trouble::Again(reason) => StoreError::Unavailable {
            store: store.to_owned(),
            doing: "bringing its schema up to date".to_owned(),
            reason,
        },
    })
}

async fn migrated(store: &str, open: &Open) -> Result<Ready, Trouble> {
    let not_a_store =
        |reason: String| -> Trouble { StoreError::NotAStore { store: store.to_owned(), reason }.into() };
    let about = open
        .rows(
            "SELECT current_setting('server_version_num')::int, current_setting('server_version'),
                    pg_encoding_to_char(encoding), current_schema()::text, current_schema()::regnamespace::oid::text
             FROM pg_database WHERE datname = current_database()",
            &[],
        )
        .await?;
    let Some(about) = about.first() else { return Err(not_a_store("it does not say what it is".to_owned())) };
    if about.try_get::<_, i32>(0)? < OLDEST_SERVER {
        let version: String = about.try_get(1)?;
        return Err(not_a_store(format!(
            "its server is PostgreSQL {version}, and 13 is the oldest that will do"
        )));
    }
    let encoding: String = about.try_get(2)?;
    if encoding != "UTF8" {
        return Err(not_a_store(format!(
            "its encoding is {encoding}; make one with createdb --encoding=UTF8 --template=template0"
        )));
    }
    let Some(namespace) = about.try_get::<_, Option<String>>(4)? else {
        return Err(not_a_store("no schema of its search path exists".to_owned()));
    };
    let ready = Ready { channel: format!("heat_{namespace}") };
    // What is up to date already, which a user without rights to change it may work with.
    let known = MIGRATIONS.len() as i32;
    if version(open).await? == Some(known) {
        return Ok(ready);
    }
    // Of two engines that open a new database at once, one migrates and the other one finds it done.
    open.run(&format!("BEGIN; SELECT pg_advisory_xact_lock({MIGRATING})")).await?;
    let found = version(open).await?;
    if found.is_none() {
        let others = open
            .rows(
                "SELECT relname::text FROM pg_class
                 WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
                   AND relname IN ('engine', 'stack', 'claim', 'resource', 'traversal', 'source', 'stack_source', 'event')
                 ORDER BY relname",
                &[],
            )
            .await?;
        if let Some(table) = others.first() {
            let table: String = table.try_get(0)?;
            let reason = format!(
                "its schema {} has a table {table} of another program; give the stacks a database of their own",
                about.try_get::<_, Option<String>>(3)?.unwrap_or_default()
            );
            return Err(not_a_store(reason));
        }
        open.run("CREATE TABLE heat_schema (version INTEGER NOT NULL); INSERT INTO heat_schema VALUES (0)")
            .await?;
    }
    let version = found.unwrap_or(0);
    if version > known {
        return Err(StoreError::TooNew {
            store: store.to_owned(),
            found: version.unsigned_abs(),
            known: known.unsigned_abs(),
        }
        .into());
    }
    for migration in MIGRATIONS.iter().skip(version.unsigned_abs() as usize) {
        open.run(migration).await?;
    }
    open.run(&format!("UPDATE heat_schema SET version = {known}; COMMIT")).await?;
    Ok(ready)
}

/// The version of the schema; `None` where there is none.
async fn version(open: &Open) -> Result<Option<i32>, Trouble> {
    let there = open
        .rows(
            "SELECT 1 FROM pg_class
             WHERE relname = 'heat_schema' AND relnamespace = current_schema()::regnamespace",
            &[],
        )
        .await?;
    if there.is_empty() {
        return Ok(None);
    }
    let rows = open.rows("SELECT version FROM heat_schema", &[]).await?;
    Ok(Some(rows.first().map(|row| row.try_get(0)).transpose()?.unwrap_or(0)))
}

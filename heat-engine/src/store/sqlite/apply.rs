//! What a transaction does to the tables.

use crate::record::{EventSequence, IncarnationId, SourceHash, StackId, TraversalId};
use crate::store::{
    Commit, Document, Epoch, EventRow, ResourceRow, RowWrite, SourceRow, StackRow, StoreError, TraversalRow,
};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::BTreeSet;

/// Why a request was not done: for its own sake, or because the database does not work.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The request is refused.
    Refused(StoreError),
    /// SQLite failed.
    Database(rusqlite::Error),
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Refused(error)
    }
}

/// How the claim of a stack stands.
pub(super) struct Standing {
    pub(super) epoch: Epoch,
    pub(super) holder: Option<String>,
}

/// The claim of a living stack.
pub(super) fn standing(
    connection: &Connection,
    stack: &StackId,
) -> Result<Option<Standing>, rusqlite::Error> {
    connection
        .prepare_cached("SELECT epoch, holder FROM stack WHERE id = ?1 AND deleted IS NULL")?
        .query_row([stack.as_str()], |row| {
            Ok(Standing { epoch: Epoch(unsigned(row.get(0)?)), holder: row.get(1)? })
        })
        .optional()
}

/// Begins a new epoch for this engine.
pub(super) fn take(
    connection: &Connection,
    stack: &StackId,
    engine: &str,
    epoch: Epoch,
) -> Result<(), rusqlite::Error> {
    connection
        .prepare_cached("UPDATE stack SET epoch = ?2, holder = ?3 WHERE id = ?1")?
        .execute(params![stack.as_str(), signed(epoch.0), engine])
        .map(drop)
}

/// Gives a claim back, if it is held.
pub(super) fn give_back(
    connection: &Connection,
    stack: &StackId,
    engine: &str,
    epoch: Epoch,
) -> Result<(), rusqlite::Error> {
    connection
        .prepare_cached("UPDATE stack SET holder = NULL WHERE id = ?1 AND epoch = ?2 AND holder = ?3")?
        .execute(params![stack.as_str(), signed(epoch.0), engine])
        .map(drop)
}

/// Does all writes of a transaction, or says why not; then what was done is to be rolled back.
pub(super) fn commit(
    connection: &Connection,
    engine: &str,
    commit: &Commit,
) -> Result<Vec<EventSequence>, Trouble> {
    commit.check_rows()?;
    if !matches!(commit.writes.first(), Some(RowWrite::CreateStack(_))) {
        let stack = commit.stack.clone();
        match standing(connection, &stack)? {
            None => return Err(StoreError::NoSuchStack { stack }.into()),
            Some(found) if found.epoch == commit.epoch && found.holder.as_deref() == Some(engine) => {}
            Some(found) => {
                let epoch = found.holder.map(|_| found.epoch);
                return Err(StoreError::Fenced { stack, expected: commit.epoch, found: epoch }.into());
            }
        }
    }
    let mut numbers = Vec::new();
    for write in &commit.writes {
        match write {
            RowWrite::CreateStack(row) => create_stack(connection, engine, row)?,
            RowWrite::PutStack(row) => put_stack(connection, row)?,
            RowWrite::RemoveStack(row) => remove_stack(connection, row)?,
            RowWrite::PutResource(row) => put_resource(connection, row)?,
            RowWrite::RemoveResource(id) => remove_resource(connection, &commit.stack, id)?,
            RowWrite::PutTraversal(row) => put_traversal(connection, row)?,
            RowWrite::RemoveTraversal(id) => remove_traversal(connection, &commit.stack, id)?,
            RowWrite::PutSource(row) => put_source(connection, row)?,
            RowWrite::PutEvent(row) => numbers.push(put_event(connection, row)?),
        }
    }
    if commit.release {
        give_back(connection, &commit.stack, engine, commit.epoch)?;
    }
    Ok(numbers)
}

fn create_stack(connection: &Connection, engine: &str, row: &StackRow) -> Result<(), Trouble> {
    let taken: bool = connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM stack WHERE project = ?1 AND name = ?2 AND deleted IS NULL)",
        )?
        .query_row(params![row.project, row.name], |row| row.get(0))?;
    if taken {
        let (name, project) = (row.name.clone(), row.project.clone());
        return Err(StoreError::StackExists { name, project }.into());
    }
    let known: bool = connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM stack WHERE id = ?1)")?
        .query_row([row.id.as_str()], |row| row.get(0))?;
    if known {
        return Err(StoreError::Refused { reason: format!("stack id {} is taken", row.id) }.into());
    }
    connection
        .prepare_cached(
            "INSERT INTO stack (id, project, name, created, epoch, holder, document, sealed, root, waits)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(params![
            row.id.as_str(),
            row.project,
            row.name,
            micros(row.created),
            signed(Epoch::FIRST.0),
            engine,
            row.document.clear,
            row.document.sealed,
            row.root.as_ref().map(StackId::as_str),
            row.waits,
        ])?;
    set_sources(connection, &row.id, &row.sources)?;
    Ok(())
}

fn put_stack(connection: &Connection, row: &StackRow) -> Result<(), Trouble> {
    connection
        .prepare_cached("UPDATE stack SET document = ?2, sealed = ?3, root = ?4, waits = ?5 WHERE id = ?1")?
        .execute(params![
            row.id.as_str(),
            row.document.clear,
            row.document.sealed,
            row.root.as_ref().map(StackId::as_str),
            row.waits,
        ])?;
    set_sources(connection, &row.id, &row.sources)?;
    Ok(())
}

fn remove_stack(connection: &Connection, row: &StackRow) -> Result<(), Trouble> {
    let id = row.id.as_str();
    connection.prepare_cached("DELETE FROM resource WHERE stack = ?1")?.execute([id])?;
    connection.prepare_cached("DELETE FROM traversal WHERE stack = ?1")?.execute([id])?;
    set_sources(connection, &row.id, &[])?;
    connection
        .prepare_cached(
            "UPDATE stack SET deleted = ?2, holder = NULL, document = ?3, sealed = ?4, waits = 0 WHERE id = ?1",
        )?
        .execute(params![id, row.deleted.map(micros), row.document.clear, row.document.sealed])?;
    Ok(())
}

/// Brings what the stack names in line with the row; sources that nobody names any more go.
fn set_sources(
    connection: &Connection,
    stack: &StackId,
    sources: &[SourceHash],
) -> Result<(), rusqlite::Error> {
    let before: BTreeSet<String> = connection
        .prepare_cached("SELECT hash FROM stack_source WHERE stack = ?1")?
        .query_map([stack.as_str()], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let now: BTreeSet<&str> = sources.iter().map(SourceHash::as_str).collect();
    for hash in now.iter().filter(|hash| !before.contains(**hash)) {
        connection
            .prepare_cached("INSERT INTO stack_source (stack, hash) VALUES (?1, ?2)")?
            .execute([stack.as_str(), hash])?;
    }
    for hash in before.iter().filter(|hash| !now.contains(hash.as_str())) {
        connection
            .prepare_cached("DELETE FROM stack_source WHERE stack = ?1 AND hash = ?2")?
            .execute([stack.as_str(), hash])?;
        connection
            .prepare_cached(
                "DELETE FROM source
                 WHERE hash = ?1 AND NOT EXISTS (SELECT 1 FROM stack_source WHERE stack_source.hash = ?1)",
            )?
            .execute([hash])?;
    }
    Ok(())
}

fn put_resource(connection: &Connection, row: &ResourceRow) -> Result<(), Trouble> {
    let ids = if row.physical_ids.is_empty() {
        None
    } else {
        Some(serde_json::Value::from(row.physical_ids.clone()).to_string())
    };
    let Document { clear, sealed } = &row.document;
    let changed = connection
        .prepare_cached(
            "INSERT INTO resource (id, stack, name, physical_ids, document, sealed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (id) DO UPDATE
             SET physical_ids = excluded.physical_ids, document = excluded.document, sealed = excluded.sealed
             WHERE stack = excluded.stack",
        )?
        .execute(params![row.id.as_str(), row.stack.as_str(), row.name, ids, clear, sealed])?;
    if changed == 0 {
        let reason = format!("resource {} belongs to another stack", row.id);
        return Err(StoreError::Refused { reason }.into());
    }
    Ok(())
}

fn remove_resource(connection: &Connection, stack: &StackId, id: &IncarnationId) -> Result<(), Trouble> {
    connection
        .prepare_cached("DELETE FROM resource WHERE id = ?1 AND stack = ?2")?
        .execute([id.as_str(), stack.as_str()])?;
    Ok(())
}

fn put_traversal(connection: &Connection, row: &TraversalRow) -> Result<(), Trouble> {
    let changed = connection
        .prepare_cached(
            "INSERT INTO traversal (id, stack, document, sealed) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (id) DO UPDATE SET document = excluded.document, sealed = excluded.sealed
             WHERE stack = excluded.stack",
        )?
        .execute(params![row.id.as_str(), row.stack.as_str(), row.document.clear, row.document.sealed])?;
    if changed == 0 {
        let reason = format!("traversal {} belongs to another stack", row.id);
        return Err(StoreError::Refused { reason }.into());
    }
    Ok(())
}

fn remove_traversal(connection: &Connection, stack: &StackId, id: &TraversalId) -> Result<(), Trouble> {
    connection
        .prepare_cached("DELETE FROM traversal WHERE id = ?1 AND stack = ?2")?
        .execute([id.as_str(), stack.as_str()])?;
    Ok(())
}

fn put_source(connection: &Connection, row: &SourceRow) -> Result<(), Trouble> {
    // The same text may have been stored in clear before somebody called it secret.
    connection
        .prepare_cached(
            "INSERT INTO source (hash, document, sealed) VALUES (?1, ?2, ?3)
             ON CONFLICT (hash) DO UPDATE SET document = excluded.document, sealed = excluded.sealed
             WHERE source.sealed IS NULL AND excluded.sealed IS NOT NULL",
        )?
        .execute(params![row.hash.as_str(), row.document.clear, row.document.sealed])?;
    Ok(())
}

fn put_event(connection: &Connection, row: &EventRow) -> Result<EventSequence, Trouble> {
    connection
        .prepare_cached("INSERT INTO event (stack, resource, document) VALUES (?1, ?2, ?3)")?
        .execute(params![row.stack.as_str(), row.resource, row.document])?;
    Ok(EventSequence(unsigned(connection.last_insert_rowid())))
}

/// Removes what retention does not keep; gives the number of rows.
pub(super) fn prune(
    connection: &Connection,
    deleted_before: Timestamp,
    events_per_stack: u32,
) -> Result<u64, rusqlite::Error> {
    let moment = micros(deleted_before);
    let mut gone = connection
        .execute("DELETE FROM event WHERE stack IN (SELECT id FROM stack WHERE deleted < ?1)", [moment])?;
    gone += connection.execute("DELETE FROM stack WHERE deleted < ?1", [moment])?;
    gone += connection.execute(
        "DELETE FROM event WHERE sequence IN (
             SELECT sequence FROM (
                 SELECT sequence, row_number() OVER (PARTITION BY stack ORDER BY sequence DESC) AS age FROM event
             ) WHERE age > ?1
         )",
        [events_per_stack],
    )?;
    Ok(gone as u64)
}

/// Microseconds since 1970.
pub(super) fn micros(time: Timestamp) -> i64 {
    time.as_microsecond()
}

/// SQLite's integers are signed; none of ours ever gets that large.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

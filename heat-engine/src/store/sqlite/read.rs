//! What is asked of the tables.

use super::apply::{signed, unsigned};
use crate::record::{EventSequence, IncarnationId, SourceHash, StackId, TraversalId};
use crate::store::{
    Document, EventQuery, EventRow, ResourceRow, SourceRow, StackQuery, StackRow, StoredEvent, TraversalRow,
};
use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Params, Row, params};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};

type Result<T> = std::result::Result<T, rusqlite::Error>;

/// A question; it answers by itself.
pub(super) type Question = Box<dyn FnOnce(&Connection) + Send>;

/// Works on questions until nobody can ask any more. Several readers share one queue.
pub(super) fn run(connection: &Connection, questions: &Arc<Mutex<mpsc::Receiver<Question>>>) {
    loop {
        let next = questions.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match next {
            Ok(question) => question(connection),
            Err(mpsc::RecvError) => return,
        }
    }
}

const STACK: &str = "id, project, name, created, deleted, document, sealed,
    (SELECT json_group_array(hash ORDER BY hash) FROM stack_source WHERE stack_source.stack = stack.id), root,
    waits";

fn stack_row(row: &Row<'_>) -> Result<StackRow> {
    Ok(StackRow {
        id: StackId(row.get(0)?),
        project: row.get(1)?,
        name: row.get(2)?,
        created: time(row, 3)?,
        deleted: row.get::<_, Option<i64>>(4)?.map(|_| time(row, 4)).transpose()?,
        document: document(row, 5)?,
        sources: list(row, 7)?.into_iter().map(SourceHash).collect(),
        root: row.get::<_, Option<String>>(8)?.map(StackId),
        waits: row.get(9)?,
    })
}

fn resource_row(row: &Row<'_>) -> Result<ResourceRow> {
    Ok(ResourceRow {
        id: IncarnationId(row.get(0)?),
        stack: StackId(row.get(1)?),
        name: row.get(2)?,
        physical_ids: list(row, 3)?,
        document: document(row, 4)?,
    })
}

fn traversal_row(row: &Row<'_>) -> Result<TraversalRow> {
    Ok(TraversalRow {
        id: TraversalId(row.get(0)?),
        stack: StackId(row.get(1)?),
        document: document(row, 2)?,
    })
}

/// The document, and in the next column its sealed part.
fn document(row: &Row<'_>, at: usize) -> Result<Document> {
    Ok(Document { clear: row.get(at)?, sealed: row.get(at + 1)? })
}

fn time(row: &Row<'_>, at: usize) -> Result<Timestamp> {
    Timestamp::from_microsecond(row.get(at)?)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(at, Type::Integer, Box::new(error)))
}

fn list(row: &Row<'_>, at: usize) -> Result<Vec<String>> {
    let Some(text) = row.get::<_, Option<String>>(at)? else { return Ok(Vec::new()) };
    serde_json::from_str(&text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(at, Type::Text, Box::new(error)))
}

fn one<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: fn(&Row<'_>) -> Result<T>,
) -> Result<Option<T>> {
    connection.prepare_cached(sql)?.query_row(params, read).optional()
}

fn all<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnMut(&Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    connection.prepare_cached(sql)?.query_map(params, read)?.collect()
}

/// SQLite's word for no limit is a negative one.
fn limit(limit: Option<u32>) -> i64 {
    limit.map_or(-1, i64::from)
}

pub(super) fn stack(connection: &Connection, id: &StackId) -> Result<Option<StackRow>> {
    one(connection, &format!("SELECT {STACK} FROM stack WHERE id = ?1"), [id.as_str()], stack_row)
}

pub(super) fn stack_named(connection: &Connection, project: &str, name: &str) -> Result<Option<StackRow>> {
    let sql = format!("SELECT {STACK} FROM stack WHERE project = ?1 AND name = ?2 AND deleted IS NULL");
    one(connection, &sql, [project, name], stack_row)
}

/// `None`: the stack to go on after is not there.
pub(super) fn stacks(connection: &Connection, query: &StackQuery) -> Result<Option<Vec<StackRow>>> {
    let after = match &query.after {
        None => (i64::MAX, String::new()),
        Some(id) => {
            let created =
                one(connection, "SELECT created FROM stack WHERE id = ?1", [id.as_str()], |row| row.get(0))?;
            let Some(created) = created else { return Ok(None) };
            (created, id.as_str().to_owned())
        }
    };
    // Each form has an index of its own.
    let of_project = if query.project.is_some() { "project = ?3" } else { "?3 IS NULL" };
    let nested = match (&query.root, query.nested) {
        (Some(_), _) => "root = ?6",
        (None, true) => "?6 IS NULL",
        (None, false) => "?6 IS NULL AND root IS NULL",
    };
    let sql = format!(
        "SELECT {STACK} FROM stack
         WHERE {of_project} AND {nested} AND (created, id) < (?1, ?2) AND (?4 OR deleted IS NULL)
         ORDER BY created DESC, id DESC LIMIT ?5"
    );
    let root = query.root.as_ref().map(StackId::as_str);
    let params = params![after.0, after.1, query.project, query.deleted, limit(query.limit), root];
    all(connection, &sql, params, stack_row).map(Some)
}

pub(super) fn resources(connection: &Connection, stack: &StackId) -> Result<Vec<ResourceRow>> {
    let sql =
        "SELECT id, stack, name, physical_ids, document, sealed FROM resource INDEXED BY resource_of_stack
               WHERE stack = ?1 ORDER BY position";
    all(connection, sql, [stack.as_str()], resource_row)
}

pub(super) fn resource(connection: &Connection, id: &IncarnationId) -> Result<Option<ResourceRow>> {
    let sql = "SELECT id, stack, name, physical_ids, document, sealed FROM resource WHERE id = ?1";
    one(connection, sql, [id.as_str()], resource_row)
}

pub(super) fn traversal(connection: &Connection, id: &TraversalId) -> Result<Option<TraversalRow>> {
    let sql = "SELECT id, stack, document, sealed FROM traversal WHERE id = ?1";
    one(connection, sql, [id.as_str()], traversal_row)
}

pub(super) fn traversals(connection: &Connection) -> Result<Vec<TraversalRow>> {
    let sql = "SELECT id, stack, document, sealed FROM traversal ORDER BY position";
    all(connection, sql, [], traversal_row)
}

pub(super) fn source(connection: &Connection, hash: &SourceHash) -> Result<Option<SourceRow>> {
    let sql = "SELECT hash, document, sealed FROM source WHERE hash = ?1";
    one(connection, sql, [hash.as_str()], |row| {
        Ok(SourceRow { hash: SourceHash(row.get(0)?), document: document(row, 1)? })
    })
}

pub(super) fn events(
    connection: &Connection,
    stack: &StackId,
    query: &EventQuery,
) -> Result<Vec<StoredEvent>> {
    let of_stack = if query.nested {
        "(stack = ?1 OR stack IN (SELECT id FROM stack WHERE root = ?1))"
    } else {
        "stack = ?1"
    };
    let sql = format!(
        "SELECT sequence, resource, document, stack FROM event
         WHERE {of_stack} AND sequence > ?2 AND (?3 IS NULL OR resource = ?3)
         ORDER BY sequence LIMIT ?4"
    );
    let after = signed(query.after.unwrap_or_default().0);
    all(connection, &sql, params![stack.as_str(), after, query.resource, limit(query.limit)], |row| {
        Ok(StoredEvent {
            sequence: EventSequence(unsigned(row.get(0)?)),
            row: EventRow { stack: StackId(row.get(3)?), resource: row.get(1)?, document: row.get(2)? },
        })
    })
}

pub(super) fn physical_ids(connection: &Connection, project: &str) -> Result<Vec<String>> {
    let sql = "SELECT resource.physical_ids FROM stack
               JOIN resource INDEXED BY resource_physical_ids ON resource.stack = stack.id
               WHERE stack.project = ?1 AND stack.deleted IS NULL AND resource.physical_ids IS NOT NULL";
    let lists = all(connection, sql, [project], |row| list(row, 0))?;
    Ok(lists.into_iter().flatten().collect())
}

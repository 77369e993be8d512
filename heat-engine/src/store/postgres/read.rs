//! What is asked of the tables.

use super::apply::{micros, signed, unsigned};
use super::connection::Open;
use super::failure::Trouble;
use crate::record::{EventSequence, IncarnationId, SourceHash, StackId, TraversalId};
use crate::store::{
    Document, EventQuery, EventRow, ResourceRow, SourceRow, StackQuery, StackRow, StoreError, StoredEvent,
    TraversalRow,
};
use jiff::Timestamp;
use tokio_postgres::Row;

type Result<T> = std::result::Result<T, Trouble>;

const STACK: &str = "id, project, name, created, deleted, document, sealed, root, waits,
    ARRAY(SELECT hash FROM stack_source WHERE stack_source.stack = stack.id ORDER BY hash)";

const RESOURCE: &str = "id, stack, name, physical_ids, document, sealed";

const TRAVERSAL: &str = "id, stack, document, sealed";

fn corrupt(what: &str, reason: impl ToString) -> Trouble {
    StoreError::Corrupt { what: what.to_owned(), reason: reason.to_string() }.into()
}

fn stack_row(row: &Row) -> Result<StackRow> {
    let time = |micros: i64| Timestamp::from_microsecond(micros).map_err(|error| corrupt("a stack", error));
    Ok(StackRow {
        id: StackId(row.try_get(0)?),
        project: row.try_get(1)?,
        name: row.try_get(2)?,
        created: time(row.try_get(3)?)?,
        deleted: row.try_get::<_, Option<i64>>(4)?.map(time).transpose()?,
        document: document(row, 5)?,
        root: row.try_get::<_, Option<String>>(7)?.map(StackId),
        waits: row.try_get(8)?,
        sources: row.try_get::<_, Vec<String>>(9)?.into_iter().map(SourceHash).collect(),
    })
}

fn resource_row(row: &Row) -> Result<ResourceRow> {
    Ok(ResourceRow {
        id: IncarnationId(row.try_get(0)?),
        stack: StackId(row.try_get(1)?),
        name: row.try_get(2)?,
        physical_ids: list(row, 3)?,
        document: document(row, 4)?,
    })
}

fn traversal_row(row: &Row) -> Result<TraversalRow> {
    Ok(TraversalRow {
        id: TraversalId(row.try_get(0)?),
        stack: StackId(row.try_get(1)?),
        document: document(row, 2)?,
    })
}

/// The document, and in the next column its sealed part.
fn document(row: &Row, at: usize) -> Result<Document> {
    Ok(Document { clear: row.try_get(at)?, sealed: row.try_get(at + 1)? })
}

fn list(row: &Row, at: usize) -> Result<Vec<String>> {
    let Some(text) = row.try_get::<_, Option<&str>>(at)? else { return Ok(Vec::new()) };
    serde_json::from_str(text).map_err(|error| corrupt("a list of ids", error))
}

fn all<T>(rows: &[Row], read: impl Fn(&Row) -> Result<T>) -> Result<Vec<T>> {
    rows.iter().map(read).collect()
}

fn one<T>(rows: &[Row], read: impl Fn(&Row) -> Result<T>) -> Result<Option<T>> {
    rows.first().map(read).transpose()
}

/// No limit is one that nothing reaches.
fn limit(limit: Option<u32>) -> i64 {
    limit.map_or(i64::MAX, i64::from)
}

pub(super) async fn stack(open: &Open, id: &StackId) -> Result<Option<StackRow>> {
    let sql = format!("SELECT {STACK} FROM stack WHERE id = $1");
    one(&open.rows(&sql, &[&id.as_str()]).await?, stack_row)
}

pub(super) async fn stack_named(open: &Open, project: &str, name: &str) -> Result<Option<StackRow>> {
    let sql = format!("SELECT {STACK} FROM stack WHERE project = $1 AND name = $2 AND deleted IS NULL");
    one(&open.rows(&sql, &[&project, &name]).await?, stack_row)
}

pub(super) async fn stacks(open: &Open, query: &StackQuery) -> Result<Vec<StackRow>> {
    let after = match &query.after {
        None => (i64::MAX, String::new()),
        Some(id) => match stack(open, id).await? {
            Some(found) => (micros(found.created), id.0.clone()),
            None => return Err(StoreError::NoSuchStack { stack: id.clone() }.into()),
        },
    };
    // Each form has an index of its own.
    let of_project = if query.project.is_some() { "project = $3" } else { "$3::text IS NULL" };
    let nested = match (&query.root, query.nested) {
        (Some(_), _) => "root = $6",
        (None, true) => "$6::text IS NULL",
        (None, false) => "$6::text IS NULL AND root IS NULL",
    };
    let sql = format!(
        "SELECT {STACK} FROM stack
         WHERE {of_project} AND {nested} AND (created, id) < ($1, $2 COLLATE \"C\") AND ($4 OR deleted IS NULL)
         ORDER BY created DESC, id DESC LIMIT $5"
    );
    let root = query.root.as_ref().map(StackId::as_str);
    let rows = open
        .rows(&sql, &[&after.0, &after.1, &query.project, &query.deleted, &limit(query.limit), &root])
        .await?;
    all(&rows, stack_row)
}

pub(super) async fn resources(open: &Open, stack: &StackId) -> Result<Vec<ResourceRow>> {
    let sql = format!("SELECT {RESOURCE} FROM resource WHERE stack = $1 ORDER BY position");
    all(&open.rows(&sql, &[&stack.as_str()]).await?, resource_row)
}

pub(super) async fn resource(open: &Open, id: &IncarnationId) -> Result<Option<ResourceRow>> {
    let sql = format!("SELECT {RESOURCE} FROM resource WHERE id = $1");
    one(&open.rows(&sql, &[&id.as_str()]).await?, resource_row)
}

pub(super) async fn traversal(open: &Open, id: &TraversalId) -> Result<Option<TraversalRow>> {
    let sql = format!("SELECT {TRAVERSAL} FROM traversal WHERE id = $1");
    one(&open.rows(&sql, &[&id.as_str()]).await?, traversal_row)
}

pub(super) async fn traversals(open: &Open) -> Result<Vec<TraversalRow>> {
    let sql = format!("SELECT {TRAVERSAL} FROM traversal ORDER BY position");
    all(&open.rows(&sql, &[]).await?, traversal_row)
}

pub(super) async fn source(open: &Open, hash: &SourceHash) -> Result<Option<SourceRow>> {
    let rows =
        open.rows("SELECT hash, document, sealed FROM source WHERE hash = $1", &[&hash.as_str()]).await?;
    one(&rows, |row| {
        let clear =
            String::from_utf8(row.try_get(1)?).map_err(|error| corrupt("a source", error.utf8_error()))?;
        let document = Document { clear, sealed: row.try_get(2)? };
        Ok(SourceRow { hash: SourceHash(row.try_get(0)?), document })
    })
}

pub(super) async fn events(open: &Open, stack: &StackId, query: &EventQuery) -> Result<Vec<StoredEvent>> {
    let of_stack = if query.nested {
        "stack IN (SELECT $1::text UNION ALL SELECT id FROM stack WHERE root = $1)"
    } else {
        "stack = $1"
    };
    let sql = format!(
        "SELECT sequence, resource, document, stack FROM event
         WHERE {of_stack} AND sequence > $2 AND ($3::text IS NULL OR resource = $3)
         ORDER BY sequence LIMIT $4"
    );
    let after = signed(query.after.unwrap_or_default().0);
    let rows = open.rows(&sql, &[&stack.as_str(), &after, &query.resource, &limit(query.limit)]).await?;
    all(&rows, |row| {
        Ok(StoredEvent {
            sequence: EventSequence(unsigned(row.try_get(0)?)),
            row: EventRow {
                stack: StackId(row.try_get(3)?),
                resource: row.try_get(1)?,
                document: row.try_get(2)?,
            },
        })
    })
}

pub(super) async fn physical_ids(open: &Open, project: &str) -> Result<Vec<String>> {
    let sql = "SELECT resource.physical_ids FROM stack JOIN resource ON resource.stack = stack.id
               WHERE stack.project = $1 AND stack.deleted IS NULL AND resource.physical_ids IS NOT NULL";
    let lists = all(&open.rows(sql, &[&project]).await?, |row| list(row, 0))?;
    Ok(lists.into_iter().flatten().collect())
}

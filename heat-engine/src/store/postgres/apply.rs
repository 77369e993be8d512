//! A group of transactions as one on the server, in three waits: what has to be known, what is changed, the commit.
//!
//! Each kind of change is one statement, whatever the number of rows. Statements are sent one behind the other; each sees
//! what was committed before it began, and those behind the first one run under the locks that it took.

use super::connection::{Open, Parameter, answered};
use super::failure::Trouble;
use super::group::{Changes, Facts, Questions, Standing, decide};
use crate::record::{EventSequence, StackId};
use crate::store::{Commit, Document, Epoch, StackRow, StoreError};
use futures_util::future::join_all;
use jiff::Timestamp;
use std::collections::BTreeSet;
use tokio_postgres::{Row, Statement};

/// The lock under which sources, and who names them, are changed: a source may lose its last stack to one engine while
/// another one comes to name it.
const SOURCES: i64 = 0x4845_4154_0002;

/// What a group came to before its commit.
pub(super) struct Done {
    /// For each transaction the numbers of its events, or why it is refused.
    pub(super) answers: Vec<Result<Vec<EventSequence>, StoreError>>,
    /// The server's name of the transaction, which tells later whether it was committed.
    pub(super) transaction: String,
    /// There is something to be committed.
    pub(super) changed: bool,
}

/// Does a group inside of a transaction that it begins, all but the commit.
pub(super) async fn perform(open: &Open, engine: &str, group: &[Commit]) -> Result<Done, Trouble> {
    let (facts, transaction) = ask(open, &Questions::about(group)).await?;
    let (answers, changes) = decide(group, engine, facts);
    let numbers = write(open, engine, &changes).await?;
    let mut numbers = numbers.into_iter();
    let answers: Vec<Result<Vec<EventSequence>, StoreError>> = answers
        .into_iter()
        .map(|answer| answer.map(|events| numbers.by_ref().take(events).collect()))
        .collect();
    let changed = answers.iter().any(Result::is_ok);
    Ok(Done { answers, transaction, changed })
}

const BEGIN: &str = "BEGIN";
/// Locks the claims, always in the same order, so that no two engines wait for each other.
const CLAIMS: &str = "SELECT stack, epoch, holder FROM claim WHERE stack = ANY($1) ORDER BY stack FOR UPDATE";
const TRANSACTION: &str = "SELECT pg_current_xact_id()::text";
const NAMES: &str = "SELECT s.project, s.name FROM unnest($1::text[], $2::text[]) AS n (project, name)
    JOIN stack s ON s.project = n.project AND s.name = n.name AND s.deleted IS NULL";
const IDS: &str = "SELECT id FROM stack WHERE id = ANY($1)";
const RESOURCES: &str = "SELECT id, stack FROM resource WHERE id = ANY($1)";
const TRAVERSALS: &str = "SELECT id, stack FROM traversal WHERE id = ANY($1)";
const NAMED: &str = "SELECT stack, hash FROM stack_source WHERE stack = ANY($1)";

async fn ask(open: &Open, questions: &Questions<'_>) -> Result<(Facts, String), Trouble> {
    let claims: Vec<&str> = questions.claims.iter().copied().collect();
    let (projects, names): (Vec<&str>, Vec<&str>) = questions.names.iter().copied().unzip();
    let named: Vec<&str> = questions.named.iter().copied().collect();
    let mut batch = Batch::default();
    batch.add(open, BEGIN, vec![]).await?;
    let claims = batch.add_if(open, !claims.is_empty(), CLAIMS, vec![&claims]).await?;
    let transaction = batch.add(open, TRANSACTION, vec![]).await?;
    let names = batch.add_if(open, !projects.is_empty(), NAMES, vec![&projects, &names]).await?;
    let ids = batch.add_if(open, !questions.ids.is_empty(), IDS, vec![&questions.ids]).await?;
    let resources =
        batch.add_if(open, !questions.resources.is_empty(), RESOURCES, vec![&questions.resources]).await?;
    let traversals =
        batch.add_if(open, !questions.traversals.is_empty(), TRAVERSALS, vec![&questions.traversals]).await?;
    let named = batch.add_if(open, !named.is_empty(), NAMED, vec![&named]).await?;
    let mut answers = batch.send(open).await?;
    let mut rows = |at: Option<usize>| at.map(|at| std::mem::take(&mut answers[at])).unwrap_or_default();
    let mut facts = Facts::default();
    for row in rows(claims) {
        let standing = Standing { epoch: Epoch(unsigned(row.try_get(1)?)), holder: row.try_get(2)? };
        facts.claims.insert(row.try_get(0)?, standing);
    }
    for row in rows(names) {
        facts.names.insert((row.try_get(0)?, row.try_get(1)?));
    }
    for row in rows(ids) {
        facts.ids.insert(row.try_get(0)?);
    }
    for row in rows(resources) {
        facts.resources.insert(row.try_get(0)?, row.try_get(1)?);
    }
    for row in rows(traversals) {
        facts.traversals.insert(row.try_get(0)?, row.try_get(1)?);
    }
    for row in rows(named) {
        let hashes: &mut BTreeSet<String> = facts.named.entry(row.try_get(0)?).or_default();
        hashes.insert(row.try_get(1)?);
    }
    let transaction = match rows(Some(transaction)).first() {
        Some(row) => row.try_get(0)?,
        None => return Err(Trouble::Lost("the server does not name the transaction".to_owned())),
    };
    Ok((facts, transaction))
}

const LOCK_SOURCES: &str = "SELECT pg_advisory_xact_lock($1)";
// The same text may have been stored in clear before somebody called it secret.
const PUT_SOURCES: &str = "INSERT INTO source (hash, document, sealed)
    SELECT * FROM unnest($1::text[], $2::bytea[], $3::bytea[]) ORDER BY 1
    ON CONFLICT (hash) DO UPDATE SET document = excluded.document, sealed = excluded.sealed
    WHERE source.sealed IS NULL AND excluded.sealed IS NOT NULL";
const CREATE_STACKS: &str = "INSERT INTO stack (id, project, name, created, root, waits, document, sealed)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::bool[], $7::text[],
                         $8::bytea[])";
const CREATE_CLAIMS: &str = "INSERT INTO claim (stack, epoch, holder, since)
    SELECT id, $2, $3, clock_timestamp() FROM unnest($1::text[]) AS new (id)";
const PUT_STACKS: &str = "UPDATE stack SET root = n.root, waits = n.waits, document = n.document, sealed = n.sealed
    FROM unnest($1::text[], $2::text[], $3::bool[], $4::text[], $5::bytea[]) AS n (id, root, waits, document, sealed)
    WHERE stack.id = n.id";
const DELETE_RESOURCES: &str = "DELETE FROM resource USING unnest($1::text[], $2::text[]) AS gone (id, stack)
    WHERE resource.id = gone.id AND resource.stack = gone.stack";
const DELETE_TRAVERSALS: &str =
    "DELETE FROM traversal USING unnest($1::text[], $2::text[]) AS gone (id, stack)
    WHERE traversal.id = gone.id AND traversal.stack = gone.stack";
const EMPTY_RESOURCES: &str = "DELETE FROM resource WHERE stack = ANY($1)";
const EMPTY_TRAVERSALS: &str = "DELETE FROM traversal WHERE stack = ANY($1)";
const BURY_STACKS: &str = "UPDATE stack
    SET deleted = n.deleted, waits = false, document = n.document, sealed = n.sealed
    FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bytea[]) AS n (id, deleted, document, sealed)
    WHERE stack.id = n.id";
const BURY_CLAIMS: &str = "DELETE FROM claim WHERE stack = ANY($1)";
const PUT_RESOURCES: &str = "INSERT INTO resource (id, stack, name, physical_ids, document, sealed)
    SELECT id, stack, name, physical_ids, document, sealed
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bytea[])
         WITH ORDINALITY AS n (id, stack, name, physical_ids, document, sealed, place)
    ORDER BY place
    ON CONFLICT (id) DO UPDATE
    SET physical_ids = excluded.physical_ids, document = excluded.document, sealed = excluded.sealed";
const PUT_TRAVERSALS: &str = "INSERT INTO traversal (id, stack, document, sealed)
    SELECT id, stack, document, sealed
    FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[])
         WITH ORDINALITY AS n (id, stack, document, sealed, place)
    ORDER BY place
    ON CONFLICT (id) DO UPDATE SET document = excluded.document, sealed = excluded.sealed";
const NAME_SOURCES: &str =
    "INSERT INTO stack_source (stack, hash) SELECT * FROM unnest($1::text[], $2::text[])
    ON CONFLICT DO NOTHING";
const FORGET_SOURCES: &str =
    "DELETE FROM stack_source USING unnest($1::text[], $2::text[]) AS gone (stack, hash)
    WHERE stack_source.stack = gone.stack AND stack_source.hash = gone.hash";
const DROP_SOURCES: &str = "DELETE FROM source WHERE hash = ANY($1)
    AND NOT EXISTS (SELECT 1 FROM stack_source WHERE stack_source.hash = source.hash)";
const RELEASE: &str = "UPDATE claim SET holder = NULL WHERE stack = ANY($1)";
const PUT_EVENTS: &str = "INSERT INTO event (stack, resource, document)
    SELECT stack, resource, document
    FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS n (stack, resource, document, place)
    ORDER BY place RETURNING sequence";

/// Makes the changes, and gives the numbers of the events in their order.
async fn write(open: &Open, engine: &str, changes: &Changes<'_>) -> Result<Vec<EventSequence>, Trouble> {
    let mut batch = Batch::default();
    if changes.touches_sources() {
        batch.add(open, LOCK_SOURCES, vec![&SOURCES]).await?;
    }
    let hashes: Vec<&str> = changes.sources.keys().copied().collect();
    let texts: Vec<&[u8]> = changes.sources.values().map(|row| row.document.clear.as_bytes()).collect();
    let seals: Vec<Option<&[u8]>> = changes.sources.values().map(|row| sealed(&row.document)).collect();
    batch.add_if(open, !hashes.is_empty(), PUT_SOURCES, vec![&hashes, &texts, &seals]).await?;

    let created = Stacks::of(changes.created.iter().copied());
    if !changes.created.is_empty() {
        let values: Vec<Parameter<'_>> = vec![
            &created.ids,
            &created.projects,
            &created.names,
            &created.created,
            &created.roots,
            &created.waits,
            &created.documents,
            &created.sealed,
        ];
        batch.add(open, CREATE_STACKS, values).await?;
    }
    let first = signed(Epoch::FIRST.0);
    let new_claims: Vec<Parameter<'_>> = vec![&created.ids, &first, &engine];
    batch.add_if(open, !changes.created.is_empty(), CREATE_CLAIMS, new_claims).await?;
    let put = Stacks::of(changes.put.values().copied());
    let values: Vec<Parameter<'_>> = vec![&put.ids, &put.roots, &put.waits, &put.documents, &put.sealed];
    batch.add_if(open, !changes.put.is_empty(), PUT_STACKS, values).await?;

    let (gone, gone_of): (Vec<&str>, Vec<&str>) = changes.resources_gone.iter().copied().unzip();
    batch.add_if(open, !gone.is_empty(), DELETE_RESOURCES, vec![&gone, &gone_of]).await?;
    let (over, over_of): (Vec<&str>, Vec<&str>) = changes.traversals_gone.iter().copied().unzip();
    batch.add_if(open, !over.is_empty(), DELETE_TRAVERSALS, vec![&over, &over_of]).await?;
    let buried = Stacks::of(changes.removed.iter().copied());
    if !changes.removed.is_empty() {
        batch.add(open, EMPTY_RESOURCES, vec![&buried.ids]).await?;
        batch.add(open, EMPTY_TRAVERSALS, vec![&buried.ids]).await?;
        let values: Vec<Parameter<'_>> =
            vec![&buried.ids, &buried.deleted, &buried.documents, &buried.sealed];
        batch.add(open, BURY_STACKS, values).await?;
        batch.add(open, BURY_CLAIMS, vec![&buried.ids]).await?;
    }

    let rows = || changes.resources.values();
    let ids: Vec<&str> = rows().map(|row| row.id.as_str()).collect();
    let stacks: Vec<&str> = rows().map(|row| row.stack.as_str()).collect();
    let names: Vec<&str> = rows().map(|row| row.name.as_str()).collect();
    let physical: Vec<Option<String>> = rows().map(|row| list(&row.physical_ids)).collect();
    let documents: Vec<&str> = rows().map(|row| row.document.clear.as_str()).collect();
    let seals: Vec<Option<&[u8]>> = rows().map(|row| sealed(&row.document)).collect();
    let values: Vec<Parameter<'_>> = vec![&ids, &stacks, &names, &physical, &documents, &seals];
    batch.add_if(open, !ids.is_empty(), PUT_RESOURCES, values).await?;

    let rows = || changes.traversals.values();
    let ids: Vec<&str> = rows().map(|row| row.id.as_str()).collect();
    let stacks: Vec<&str> = rows().map(|row| row.stack.as_str()).collect();
    let documents: Vec<&str> = rows().map(|row| row.document.clear.as_str()).collect();
    let seals: Vec<Option<&[u8]>> = rows().map(|row| sealed(&row.document)).collect();
    let values: Vec<Parameter<'_>> = vec![&ids, &stacks, &documents, &seals];
    batch.add_if(open, !ids.is_empty(), PUT_TRAVERSALS, values).await?;

    let pairs = |set: &'_ BTreeSet<(&'_ str, String)>| -> (Vec<String>, Vec<String>) {
        set.iter().map(|(stack, hash)| ((*stack).to_owned(), hash.clone())).unzip()
    };
    let (of, hashes) = pairs(&changes.named);
    batch.add_if(open, !of.is_empty(), NAME_SOURCES, vec![&of, &hashes]).await?;
    let (of, hashes) = pairs(&changes.no_longer_named);
    batch.add_if(open, !of.is_empty(), FORGET_SOURCES, vec![&of, &hashes]).await?;
    let dropped: Vec<&String> = changes.dropped.iter().collect();
    batch.add_if(open, !dropped.is_empty(), DROP_SOURCES, vec![&dropped]).await?;
    let released: Vec<&str> = changes.released.iter().copied().collect();
    batch.add_if(open, !released.is_empty(), RELEASE, vec![&released]).await?;

    let of: Vec<&str> = changes.events.iter().map(|row| row.stack.as_str()).collect();
    let about: Vec<&str> = changes.events.iter().map(|row| row.resource.as_str()).collect();
    let documents: Vec<&str> = changes.events.iter().map(|row| row.document.as_str()).collect();
    let events = batch.add_if(open, !of.is_empty(), PUT_EVENTS, vec![&of, &about, &documents]).await?;

    let answers = batch.send(open).await?;
    let Some(rows) = events.and_then(|at| answers.get(at)) else { return Ok(Vec::new()) };
    let mut numbers = rows
        .iter()
        .map(|row| Ok(EventSequence(unsigned(row.try_get(0)?))))
        .collect::<Result<Vec<_>, Trouble>>()?;
    numbers.sort_unstable();
    Ok(numbers)
}

/// Statements that are sent one behind the other.
#[derive(Default)]
struct Batch<'a>(Vec<(Statement, Vec<Parameter<'a>>)>);

impl<'a> Batch<'a> {
    /// Adds one, and gives its place among the answers.
    async fn add(&mut self, open: &Open, sql: &str, values: Vec<Parameter<'a>>) -> Result<usize, Trouble> {
        self.0.push((open.prepare(sql).await?, values));
        Ok(self.0.len() - 1)
    }

    async fn add_if(
        &mut self,
        open: &Open,
        needed: bool,
        sql: &str,
        values: Vec<Parameter<'a>>,
    ) -> Result<Option<usize>, Trouble> {
        match needed {
            true => self.add(open, sql, values).await.map(Some),
            false => Ok(None),
        }
    }

    /// Sends all, and gives the rows of each. The first one that fails is the one that says why.
    async fn send(self, open: &Open) -> Result<Vec<Vec<Row>>, Trouble> {
        // A few at a time: these are asked in their order, so they are sent in their order.
        let mut answers = Vec::with_capacity(self.0.len());
        for some in self.0.chunks(24) {
            let sent = some.iter().map(|(statement, values)| open.client().query(statement, values));
            let sent = answered(async { Ok(join_all(sent).await) }).await?;
            for answer in sent {
                answers.push(answer?);
            }
        }
        Ok(answers)
    }
}

/// The columns of stacks, each as a list.
#[derive(Default)]
struct Stacks<'a> {
    ids: Vec<&'a str>,
    projects: Vec<&'a str>,
    names: Vec<&'a str>,
    created: Vec<i64>,
    deleted: Vec<Option<i64>>,
    roots: Vec<Option<&'a str>>,
    waits: Vec<bool>,
    documents: Vec<&'a str>,
    sealed: Vec<Option<&'a [u8]>>,
}

impl<'a> Stacks<'a> {
    fn of(rows: impl Iterator<Item = &'a StackRow>) -> Self {
        let mut columns = Self::default();
        for row in rows {
            columns.ids.push(row.id.as_str());
            columns.projects.push(&row.project);
            columns.names.push(&row.name);
            columns.created.push(micros(row.created));
            columns.deleted.push(row.deleted.map(micros));
            columns.roots.push(row.root.as_ref().map(StackId::as_str));
            columns.waits.push(row.waits);
            columns.documents.push(&row.document.clear);
            columns.sealed.push(sealed(&row.document));
        }
        columns
    }
}

fn sealed(document: &Document) -> Option<&[u8]> {
    document.sealed.as_deref()
}

fn list(ids: &[String]) -> Option<String> {
    (!ids.is_empty()).then(|| serde_json::Value::from(ids.to_vec()).to_string())
}

/// Microseconds since 1970.
pub(super) fn micros(time: Timestamp) -> i64 {
    time.as_microsecond()
}

/// PostgreSQL's integers are signed; none of ours ever gets that large.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

//! Claims: who may write to which stack, and for how long.

use super::apply::{signed, unsigned};
use super::connection::Open;
use super::failure::Trouble;
use crate::record::{StackId, TraversalId};
use crate::store::{Document, Epoch, Held, StoreError, TraversalRow};
use std::time::Duration;

/// After so long without anybody who works on it, what an engine holds itself was begun for nobody.
const FORGOTTEN: &str = "60 seconds";

/// How long the wish for a stack is respected by third parties.
const WISH: &str = "30 seconds";

/// Renews the lease of an engine, or begins it.
pub(super) async fn renew(open: &Open, engine: &str, name: &str, lease: Duration) -> Result<(), Trouble> {
    let sql = "INSERT INTO engine (id, name, expires)
        VALUES ($1, $2, clock_timestamp() + $3 * interval '1 microsecond')
        ON CONFLICT (id) DO UPDATE SET expires = excluded.expires";
    let micros = lease.as_micros() as f64;
    open.change(sql, &[&engine, &name, &micros]).await.map(drop)
}

/// Forgets engines that are gone for long.
pub(super) async fn tidy(open: &Open) -> Result<(), Trouble> {
    open.change("DELETE FROM engine WHERE expires < clock_timestamp() - interval '1 day'", &[])
        .await
        .map(drop)
}

/// Locks the claim of a stack and of all that lie inside of it, in the order in which everybody does.
const LOCK: &str = "SELECT c.stack, c.epoch, s.root, h.id, h.name
    FROM claim c JOIN stack s ON s.id = c.stack
    LEFT JOIN engine h ON h.id = c.holder AND h.expires > clock_timestamp()
    WHERE s.id = $1 OR s.root = $1 ORDER BY c.stack FOR UPDATE OF c";

const TAKE: &str = "UPDATE claim SET epoch = epoch + 1, holder = $2, since = clock_timestamp(), wanted = NULL
    WHERE stack = $1 RETURNING epoch";

/// Whoever held a stack inside of these holds it no more.
const FENCE_INSIDE: &str = "UPDATE claim SET epoch = epoch + 1, holder = NULL
    WHERE holder IS NOT NULL AND stack IN (SELECT id FROM stack WHERE root = ANY($1) AND deleted IS NULL)";

/// Begins a new epoch of a stack for an engine. Runs inside of a transaction that is begun here; the commit is the caller's.
pub(super) async fn claim(open: &Open, engine: &str, stack: &StackId) -> Result<Epoch, Trouble> {
    open.run("BEGIN").await?;
    // The lock may have been waited for: only a second look tells for sure who is alive by now.
    open.rows(LOCK, &[&stack.as_str()]).await?;
    let rows = open.rows(LOCK, &[&stack.as_str()]).await?;
    let mut found = None;
    for row in &rows {
        if row.try_get::<_, &str>(0)? == stack.as_str() {
            found = Some(row);
        }
    }
    let Some(found) = found else { return Err(StoreError::NoSuchStack { stack: stack.clone() }.into()) };
    let claimed = |holder: String| StoreError::Claimed { stack: stack.clone(), holder };
    let holder: Option<&str> = found.try_get(3)?;
    if holder.is_some_and(|holder| holder != engine) {
        return Err(claimed(found.try_get(4)?).into());
    }
    if let Some(root) = found.try_get::<_, Option<&str>>(2)? {
        let sql =
            "SELECT c.holder, h.name FROM claim c LEFT JOIN engine h ON h.id = c.holder WHERE c.stack = $1";
        if let Some(above) = open.rows(sql, &[&root]).await?.first()
            && above.try_get::<_, Option<&str>>(0)? != Some(engine)
        {
            let holder: Option<String> = above.try_get(1)?;
            return Err(
                claimed(holder.unwrap_or_else(|| "whoever works on the outermost stack".to_owned())).into()
            );
        }
    }
    let taken = open.rows(TAKE, &[&stack.as_str(), &engine]).await?;
    let Some(taken) = taken.first() else {
        return Err(StoreError::NoSuchStack { stack: stack.clone() }.into());
    };
    open.change(FENCE_INSIDE, &[&vec![stack.as_str()]]).await?;
    Ok(Epoch(unsigned(taken.try_get(0)?)))
}

/// Gives a claim back if it is held, with those of the stacks inside.
pub(super) async fn release(open: &Open, engine: &str, stack: &StackId, epoch: Epoch) -> Result<(), Trouble> {
    open.run("BEGIN").await?;
    open.rows(LOCK, &[&stack.as_str()]).await?;
    let sql = "UPDATE claim SET holder = NULL WHERE stack = $1 AND epoch = $2 AND holder = $3";
    if open.change(sql, &[&stack.as_str(), &signed(epoch.0), &engine]).await? > 0 {
        open.change(FENCE_INSIDE, &[&vec![stack.as_str()]]).await?;
    }
    Ok(())
}

/// Claims work that nobody does.
pub(super) async fn take(
    open: &Open,
    engine: &str,
    limit: u32,
    except: &[StackId],
    waiting: bool,
) -> Result<Vec<(TraversalRow, Epoch)>, Trouble> {
    open.run("BEGIN").await?;
    let sql = format!(
        "WITH free AS (
             SELECT c.stack, t.id, t.document, t.sealed, t.position
             FROM traversal t JOIN stack s ON s.id = t.stack JOIN claim c ON c.stack = t.stack
             LEFT JOIN engine h ON h.id = c.holder AND h.expires > clock_timestamp()
             LEFT JOIN engine w ON w.id = c.wanted AND w.expires > clock_timestamp()
                  AND c.wanted_at > clock_timestamp() - interval '{WISH}'
             WHERE s.root IS NULL AND s.deleted IS NULL AND ($4 OR NOT s.waits) AND c.stack <> ALL($3)
               AND (h.id IS NULL OR (h.id = $1 AND c.since < clock_timestamp() - interval '{FORGOTTEN}'))
               AND (w.id IS NULL OR w.id = $1)
             ORDER BY t.position LIMIT $2 FOR UPDATE OF c SKIP LOCKED
         ), taken AS (
             UPDATE claim SET epoch = claim.epoch + 1, holder = $1, since = clock_timestamp(), wanted = NULL
             FROM free WHERE claim.stack = free.stack RETURNING claim.stack, claim.epoch
         )
         SELECT free.id, free.stack, free.document, free.sealed, taken.epoch
         FROM free JOIN taken ON taken.stack = free.stack ORDER BY free.position"
    );
    let except: Vec<&str> = except.iter().map(StackId::as_str).collect();
    let rows = open.rows(&sql, &[&engine, &i64::from(limit), &except, &waiting]).await?;
    let mut taken = Vec::with_capacity(rows.len());
    for row in rows {
        let traversal = TraversalRow {
            id: TraversalId(row.try_get(0)?),
            stack: StackId(row.try_get(1)?),
            document: Document { clear: row.try_get(2)?, sealed: row.try_get(3)? },
        };
        taken.push((traversal, Epoch(unsigned(row.try_get(4)?))));
    }
    if !taken.is_empty() {
        let roots: Vec<&str> = taken.iter().map(|(row, _)| row.stack.as_str()).collect();
        open.change(FENCE_INSIDE, &[&roots]).await?;
    }
    Ok(taken)
}

/// Lets go of everything that an engine holds.
pub(super) async fn leave(open: &Open, engine: &str) -> Result<(), Trouble> {
    open.run("BEGIN").await?;
    open.rows("SELECT stack FROM claim WHERE holder = $1 ORDER BY stack FOR UPDATE", &[&engine]).await?;
    open.change("UPDATE claim SET epoch = epoch + 1, holder = NULL WHERE holder = $1", &[&engine]).await?;
    Ok(())
}

/// The outermost stacks that an engine holds.
pub(super) async fn held(open: &Open, engine: &str) -> Result<Vec<Held>, Trouble> {
    let sql = format!(
        "SELECT c.stack, c.epoch, w.id IS NOT NULL
         FROM claim c JOIN stack s ON s.id = c.stack
         LEFT JOIN engine w ON w.id = c.wanted AND w.id <> $1 AND w.expires > clock_timestamp()
              AND c.wanted_at > clock_timestamp() - interval '{WISH}'
         WHERE c.holder = $1 AND s.root IS NULL"
    );
    let mut held = Vec::new();
    for row in open.rows(&sql, &[&engine]).await? {
        held.push(Held {
            stack: StackId(row.try_get(0)?),
            epoch: Epoch(unsigned(row.try_get(1)?)),
            wanted: row.try_get(2)?,
        });
    }
    Ok(held)
}

/// Asks whoever holds a stack to let go of it.
pub(super) async fn ask_for(open: &Open, engine: &str, stack: &StackId) -> Result<(), Trouble> {
    let sql = "UPDATE claim SET wanted = $2, wanted_at = clock_timestamp() WHERE stack = $1";
    open.change(sql, &[&stack.as_str(), &engine]).await.map(drop)
}

/// Who holds a stack, if he is alive.
pub(super) async fn holder(open: &Open, stack: &StackId) -> Result<Option<String>, Trouble> {
    let sql = "SELECT h.name FROM claim c JOIN engine h ON h.id = c.holder AND h.expires > clock_timestamp()
        WHERE c.stack = $1";
    let rows = open.rows(sql, &[&stack.as_str()]).await?;
    Ok(rows.first().map(|row| row.try_get(0)).transpose()?)
}

//! The one task that writes, with group commit: whatever waits becomes one transaction on the server, and all are answered
//! when that is on its disk. So numbers of events grow in the order of commits, and many small transactions cost little
//! more than one.
//!
//! **A server that is gone for a moment** is waited for; nothing is answered meanwhile. **A commit whose answer is lost** was
//! done or not: the server is asked by the transaction's name, so nothing is done twice and nothing is said that is not so.

use super::apply::{self, micros};
use super::claims;
use super::connection::{Line, Open, answered};
use super::failure::{Trouble, explain};
use super::group::Group;
use crate::record::{EventSequence, StackId};
use crate::store::{Commit, Epoch, StoreError, TraversalRow};
use jiff::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// How often the same is tried again where others are in the way.
const ATTEMPTS: u32 = 20;

/// How a request is answered.
pub(super) type Answer<T> = oneshot::Sender<Result<T, StoreError>>;

/// What the writer is asked for.
pub(super) enum Request {
    Commit(Commit, Answer<Vec<EventSequence>>),
    Claim(StackId, Answer<Epoch>),
    Release(StackId, Epoch, Answer<()>),
    Take { limit: u32, except: Vec<StackId>, waiting: bool, to: Answer<Vec<(TraversalRow, Epoch)>> },
    Leave(Answer<()>),
    Prune(Timestamp, u32, Answer<u64>),
}

/// What others are to be told after something was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum News {
    /// There are events.
    Events,
    /// A stack was let go of, or is asked for.
    Stacks,
}

pub(super) struct Writer {
    pub(super) line: Line,
    pub(super) store: String,
    pub(super) engine: String,
    /// How long a server that is gone is waited for.
    pub(super) patience: Duration,
    /// Something was claimed, so there may be something to give back.
    pub(super) held: AtomicBool,
    /// Where news for other engines go.
    pub(super) news: mpsc::UnboundedSender<News>,
}

/// One transaction that is not a group of commits.
enum Single<'a> {
    Claim(&'a StackId),
    Release(&'a StackId, Epoch),
    Take(u32, &'a [StackId], bool),
    Leave,
    Prune(Timestamp, u32),
}

/// What it came to.
enum Came {
    Epoch(Epoch),
    Work(Vec<(TraversalRow, Epoch)>),
    Rows(u64),
    Nothing,
}

impl Writer {
    /// Works until nobody can ask any more, and then lets go of everything.
    pub(super) async fn run(self, mut requests: mpsc::Receiver<Request>) {
        let mut next = None;
        loop {
            let first = match next.take() {
                Some(request) => request,
                None => match requests.recv().await {
                    Some(request) => request,
                    None => break,
                },
            };
            let Request::Commit(commit, to) = first else {
                self.serve(first).await;
                continue;
            };
            let mut group = Group::default();
            group.admit(&commit);
            let (mut commits, mut answers) = (vec![commit], vec![to]);
            while next.is_none()
                && let Ok(request) = requests.try_recv()
            {
                match request {
                    Request::Commit(commit, to) if group.admit(&commit) => {
                        commits.push(commit);
                        answers.push(to);
                    }
                    other => next = Some(other),
                }
            }
            self.commit(commits, answers).await;
        }
        // Nobody waits for it, and if it fails the lease runs out.
        if self.held.load(Ordering::Relaxed) {
            let _ = self.single(&Single::Leave, Duration::ZERO).await;
        }
    }

    async fn serve(&self, request: Request) {
        let patience = self.patience;
        if matches!(request, Request::Claim(..) | Request::Take { .. }) {
            self.held.store(true, Ordering::Relaxed);
        }
        match request {
            // Handled in groups.
            Request::Commit(commit, to) => self.commit(vec![commit], vec![to]).await,
            Request::Claim(stack, to) => {
                let came = self.single(&Single::Claim(&stack), patience).await;
                let _ = to.send(came.map(|came| match came {
                    Came::Epoch(epoch) => epoch,
                    _ => Epoch(0),
                }));
            }
            Request::Release(stack, epoch, to) => {
                let came = self.single(&Single::Release(&stack, epoch), patience).await;
                let _ = to.send(came.map(drop));
                self.tell(News::Stacks);
            }
            Request::Take { limit, except, waiting, to } => {
                let came = self.single(&Single::Take(limit, &except, waiting), patience).await;
                let _ = to.send(came.map(|came| match came {
                    Came::Work(work) => work,
                    _ => Vec::new(),
                }));
            }
            Request::Leave(to) if !self.held.load(Ordering::Relaxed) => {
                let _ = to.send(Ok(()));
            }
            Request::Leave(to) => {
                let came = self.single(&Single::Leave, patience).await;
                let _ = to.send(came.map(drop));
                self.tell(News::Stacks);
            }
            Request::Prune(before, events, to) => {
                let came = self.single(&Single::Prune(before, events), patience).await;
                let _ = to.send(came.map(|came| match came {
                    Came::Rows(rows) => rows,
                    _ => 0,
                }));
            }
        }
    }

    fn tell(&self, news: News) {
        let _ = self.news.send(news);
    }

    /// Writes a group and answers.
    async fn commit(&self, commits: Vec<Commit>, to: Vec<Answer<Vec<EventSequence>>>) {
        // A new stack is claimed with its creation.
        self.held.store(true, Ordering::Relaxed);
        let results = match self.written(&commits).await {
            Ok(results) => results,
            Err(Trouble::Database(error)) if commits.len() > 1 => {
                // Perhaps only one of them cannot be written (it is too large): each gets its own answer.
                tracing::debug!(store = self.store, %error, "a group is written one by one");
                let mut results = Vec::with_capacity(commits.len());
                for commit in &commits {
                    results.push(match self.written(std::slice::from_ref(commit)).await {
                        Ok(one) => one.into_iter().next().unwrap_or_else(|| Err(self.stopped())),
                        Err(trouble) => Err(self.explained(trouble, "writing to it")),
                    });
                }
                results
            }
            Err(trouble) => {
                let error = self.explained(trouble, "writing to it");
                commits.iter().map(|_| Err(error.clone())).collect()
            }
        };
        let events = results.iter().any(|result| result.as_ref().is_ok_and(|numbers| !numbers.is_empty()));
        for (to, result) in to.into_iter().zip(results) {
            // Whoever asked may have gone meanwhile; what was done stays done.
            let _ = to.send(result);
        }
        if events {
            self.tell(News::Events);
        }
    }

    fn stopped(&self) -> StoreError {
        StoreError::Unavailable {
            store: self.store.clone(),
            doing: "writing to it".to_owned(),
            reason: "its writer has stopped".to_owned(),
        }
    }

    fn explained(&self, trouble: Trouble, doing: &str) -> StoreError {
        match trouble {
            Trouble::Refused(error) => error,
            Trouble::Database(error) => explain(&self.store, doing, &error),
            Trouble::Lost(reason) | Trouble::Again(reason) => {
                StoreError::Unavailable { store: self.store.clone(), doing: doing.to_owned(), reason }
            }
        }
    }

    /// Writes a group, as often as it takes.
    async fn written(
        &self,
        group: &[Commit],
    ) -> Result<Vec<Result<Vec<EventSequence>, StoreError>>, Trouble> {
        let mut attempts = Attempts::new(self.patience);
        loop {
            let open = self.connected(attempts.left()).await?;
            let done = match apply::perform(&open, &self.engine, group).await {
                Ok(done) => done,
                Err(trouble) => {
                    self.undo(&open, &trouble).await;
                    attempts.again(trouble).await?;
                    continue;
                }
            };
            if !done.changed {
                open.run("ROLLBACK").await.or_else(|trouble| match trouble {
                    // The transaction ended with its connection.
                    Trouble::Lost(_) => Ok(()),
                    other => Err(other),
                })?;
                return Ok(done.answers);
            }
            match commit(&open).await {
                Ok(()) => return Ok(done.answers),
                Err(Trouble::Lost(reason)) => {
                    if self.was_committed(&done.transaction, &reason, attempts.left()).await? {
                        return Ok(done.answers);
                    }
                    attempts.again(Trouble::Lost(reason)).await?;
                }
                Err(trouble) => {
                    self.undo(&open, &trouble).await;
                    attempts.again(trouble).await?;
                }
            }
        }
    }

    /// Whether a transaction whose commit was not answered was done. An error: that cannot be known now.
    async fn was_committed(&self, transaction: &str, why: &str, patience: Duration) -> Result<bool, Trouble> {
        tracing::warn!(store = self.store, why, "no answer to a commit; asking what became of it");
        self.line.drop_connection().await;
        let end = tokio::time::Instant::now() + patience;
        loop {
            let left = end.saturating_duration_since(tokio::time::Instant::now());
            let open = self.connected(left).await?;
            let sql = "SELECT pg_xact_status($1::text::xid8)";
            match open.rows(sql, &[&transaction]).await {
                Ok(rows) => {
                    let status: Option<String> = match rows.first() {
                        Some(row) => row.try_get(0)?,
                        None => None,
                    };
                    match status.as_deref() {
                        Some("committed") => return Ok(true),
                        Some("in progress") => {}
                        // Too long ago to be known is not possible here.
                        _ => return Ok(false),
                    }
                }
                Err(Trouble::Lost(_)) => self.line.drop_connection().await,
                Err(other) => return Err(other),
            }
            if tokio::time::Instant::now() >= end {
                return Err(Trouble::Lost(format!("{why}; whether the last commit was done is not known")));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn single(&self, what: &Single<'_>, patience: Duration) -> Result<Came, StoreError> {
        let doing = match what {
            Single::Claim(_) => "claiming a stack",
            Single::Release(..) | Single::Leave => "giving stacks back",
            Single::Take(..) => "looking for work",
            Single::Prune(..) => "removing what is over",
        };
        let mut attempts = Attempts::new(patience);
        let done = async {
            loop {
                let open = self.connected(attempts.left()).await?;
                let trouble = match self.perform(&open, what).await {
                    Ok(came) => match commit(&open).await {
                        Ok(()) => return Ok(came),
                        // All of these may be done once more.
                        Err(trouble) => trouble,
                    },
                    Err(trouble) => trouble,
                };
                self.undo(&open, &trouble).await;
                attempts.again(trouble).await?;
            }
        };
        done.await.map_err(|trouble| self.explained(trouble, doing))
    }

    async fn perform(&self, open: &Open, what: &Single<'_>) -> Result<Came, Trouble> {
        let engine = &self.engine;
        match what {
            Single::Claim(stack) => claims::claim(open, engine, stack).await.map(Came::Epoch),
            Single::Release(stack, epoch) => {
                claims::release(open, engine, stack, *epoch).await.map(|()| Came::Nothing)
            }
            Single::Take(limit, except, waiting) => {
                claims::take(open, engine, *limit, except, *waiting).await.map(Came::Work)
            }
            Single::Leave => claims::leave(open, engine).await.map(|()| Came::Nothing),
            Single::Prune(before, events) => prune(open, *before, *events).await.map(Came::Rows),
        }
    }

    async fn connected(&self, patience: Duration) -> Result<Arc<Open>, Trouble> {
        let tell = |error: &StoreError| tracing::warn!(%error, "waiting for the store");
        Ok(self.line.connected_within(patience, tell).await?)
    }

    /// Leaves nothing behind: the transaction is undone, or its connection goes, and with it the transaction.
    async fn undo(&self, open: &Open, trouble: &Trouble) {
        if matches!(trouble, Trouble::Lost(_)) || open.run("ROLLBACK").await.is_err() {
            self.line.drop_connection().await;
        }
    }
}

/// Ends a transaction for good. A server answers the commit of one that has failed as if it were done, but nothing here
/// comes to a commit after a failure.
async fn commit(open: &Open) -> Result<(), Trouble> {
    answered(open.client().batch_execute("COMMIT")).await
}

/// How long, and how often, something is tried.
struct Attempts {
    end: tokio::time::Instant,
    left: u32,
    wait: Duration,
}

impl Attempts {
    fn new(patience: Duration) -> Self {
        Self { end: tokio::time::Instant::now() + patience, left: ATTEMPTS, wait: Duration::from_millis(2) }
    }

    fn left(&self) -> Duration {
        self.end.saturating_duration_since(tokio::time::Instant::now())
    }

    /// Waits before the next attempt; gives the trouble back where there is none.
    async fn again(&mut self, trouble: Trouble) -> Result<(), Trouble> {
        let may = match &trouble {
            Trouble::Lost(_) => tokio::time::Instant::now() < self.end,
            Trouble::Again(_) => {
                self.left = self.left.saturating_sub(1);
                self.left > 0
            }
            Trouble::Refused(_) | Trouble::Database(_) => false,
        };
        if !may {
            return Err(trouble);
        }
        tokio::time::sleep(self.wait).await;
        self.wait = (self.wait * 2).min(Duration::from_millis(200));
        Ok(())
    }
}

/// Removes what retention does not keep; gives the number of rows.
async fn prune(open: &Open, deleted_before: Timestamp, events_per_stack: u32) -> Result<u64, Trouble> {
    open.run("BEGIN").await?;
    let moment = micros(deleted_before);
    let mut gone = open
        .change(
            "DELETE FROM event USING stack WHERE event.stack = stack.id AND stack.deleted < $1",
            &[&moment],
        )
        .await?;
    gone += open.change("DELETE FROM stack WHERE deleted < $1", &[&moment]).await?;
    gone += open
        .change(
            "DELETE FROM event USING (
                 SELECT sequence, row_number() OVER (PARTITION BY stack ORDER BY sequence DESC) AS age FROM event
             ) AS old WHERE event.sequence = old.sequence AND old.age > $1",
            &[&i64::from(events_per_stack)],
        )
        .await?;
    Ok(gone)
}

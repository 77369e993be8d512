//! The one thread that writes, with group commit: whatever waits goes into one transaction, and all are answered when that
//! is on the disk. So many small durable transactions cost little more than one.

use super::apply::{self, Trouble};
use super::connection::explain;
use super::lock;
use crate::record::{EventSequence, StackId};
use crate::store::{Commit, Epoch, StoreError};
use jiff::Timestamp;
use rusqlite::{Connection, TransactionBehavior};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// At most so many requests in one transaction.
const GROUP: usize = 256;

/// How a request is answered.
pub(super) type Answer<T> = oneshot::Sender<Result<T, StoreError>>;

/// What the writer is asked for.
pub(super) enum Request {
    Commit(Commit, Answer<Vec<EventSequence>>),
    Claim(StackId, Answer<Epoch>),
    Release(StackId, Epoch, Answer<()>),
    Prune(Timestamp, u32, Answer<u64>),
    #[cfg(test)]
    LimitPages(u32, Answer<()>),
}

/// What was done, waiting for the disk.
enum Done {
    Commit(Vec<EventSequence>),
    Claim(Epoch),
    Release,
    Prune(u64),
}

/// Sees each group of transactions that became one on the disk.
pub(super) type Observer = Arc<dyn Fn(&[&Commit]) + Send + Sync>;

pub(super) struct Writer {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
    pub(super) engine: String,
    pub(super) observer: Option<Observer>,
}

impl Writer {
    /// Works until nobody can ask any more.
    pub(super) fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        while let Some(first) = requests.blocking_recv() {
            let mut group = vec![first];
            while group.len() < GROUP
                && let Ok(next) = requests.try_recv()
            {
                group.push(next);
            }
            self.serve(group);
        }
    }

    fn serve(&mut self, group: Vec<Request>) {
        match self.transact(&group) {
            Ok(results) => {
                group.into_iter().zip(results).for_each(|(request, result)| answer(request, result))
            }
            Err(error) if group.len() == 1 => {
                let error = explain(&self.path, "writing to it", &error);
                group.into_iter().for_each(|request| answer(request, Err(error.clone())));
            }
            // Perhaps only one of them cannot be written (it is too large): each gets its own answer.
            Err(_) => {
                for request in group {
                    self.serve(vec![request]);
                }
            }
        }
    }

    /// Does a group in one transaction. A request that is refused leaves no trace; an error undoes them all.
    fn transact(&mut self, group: &[Request]) -> Result<Vec<Result<Done, StoreError>>, rusqlite::Error> {
        let Self { connection, path, engine, observer } = self;
        let mut transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut results = Vec::with_capacity(group.len());
        for request in group {
            let savepoint = transaction.savepoint()?;
            match perform(&savepoint, path, engine, request) {
                Ok(done) => {
                    savepoint.commit()?;
                    results.push(Ok(done));
                }
                Err(Trouble::Refused(error)) => {
                    savepoint.finish()?;
                    results.push(Err(error));
                }
                Err(Trouble::Database(error)) => return Err(error),
            }
        }
        transaction.commit()?;
        if let Some(observer) = observer {
            let commits: Vec<&Commit> = group
                .iter()
                .zip(&results)
                .filter_map(|(request, result)| match (request, result) {
                    (Request::Commit(commit, _), Ok(_)) => Some(commit),
                    _ => None,
                })
                .collect();
            if !commits.is_empty() {
                observer(&commits);
            }
        }
        Ok(results)
    }
}

fn perform(
    connection: &Connection,
    path: &std::path::Path,
    engine: &str,
    request: &Request,
) -> Result<Done, Trouble> {
    match request {
        Request::Commit(commit, _) => apply::commit(connection, engine, commit).map(Done::Commit),
        Request::Claim(stack, _) => {
            let found = apply::standing(connection, stack)?
                .ok_or_else(|| StoreError::NoSuchStack { stack: stack.clone() })?;
            let others = found.holder.filter(|holder| holder != engine);
            if let Some(holder) = others.and_then(|holder| lock::living(path, &holder)) {
                return Err(StoreError::Claimed { stack: stack.clone(), holder }.into());
            }
            let epoch = Epoch(found.epoch.0 + 1);
            apply::take(connection, stack, engine, epoch)?;
            Ok(Done::Claim(epoch))
        }
        Request::Release(stack, epoch, _) => {
            apply::give_back(connection, stack, engine, *epoch)?;
            Ok(Done::Release)
        }
        Request::Prune(deleted_before, events, _) => {
            Ok(Done::Prune(apply::prune(connection, *deleted_before, *events)?))
        }
        #[cfg(test)]
        Request::LimitPages(pages, _) => {
            connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
            Ok(Done::Release)
        }
    }
}

/// Whoever asked may have gone meanwhile; what was done stays done.
fn answer(request: Request, result: Result<Done, StoreError>) {
    match (request, result) {
        (Request::Commit(_, to), Ok(Done::Commit(numbers))) => drop(to.send(Ok(numbers))),
        (Request::Commit(_, to), Err(error)) => drop(to.send(Err(error))),
        (Request::Claim(_, to), Ok(Done::Claim(epoch))) => drop(to.send(Ok(epoch))),
        (Request::Claim(_, to), Err(error)) => drop(to.send(Err(error))),
        (Request::Release(_, _, to), Ok(Done::Release)) => drop(to.send(Ok(()))),
        (Request::Release(_, _, to), Err(error)) => drop(to.send(Err(error))),
        (Request::Prune(_, _, to), Ok(Done::Prune(gone))) => drop(to.send(Ok(gone))),
        (Request::Prune(_, _, to), Err(error)) => drop(to.send(Err(error))),
        #[cfg(test)]
        (Request::LimitPages(_, to), Ok(Done::Release)) => drop(to.send(Ok(()))),
        // A request is done by its own kind; the asker learns that the store is gone.
        _ => {}
    }
}

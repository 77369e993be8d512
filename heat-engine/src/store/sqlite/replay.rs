//! Writes recorded groups of transactions again, by the shortest way: what a store costs at least.

use super::apply::{self, Trouble};
use super::connection::{explain, open_writer};
use super::{SqliteStore, make_file};
use crate::store::{Commit, StoreError};
use rusqlite::TransactionBehavior;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// The groups of transactions that became one on the disk, in order.
#[derive(Debug, Clone, Default)]
pub struct GroupLog(Arc<Mutex<Vec<Vec<Commit>>>>);

impl GroupLog {
    /// The groups so far.
    pub fn groups(&self) -> Vec<Vec<Commit>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl SqliteStore {
    /// A store that notes which transactions became one on the disk.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_logged(path: impl AsRef<Path>) -> Result<(Self, GroupLog), StoreError> {
        let log = GroupLog::default();
        let to = log.clone();
        let note = move |group: &[&Commit]| {
            let group = group.iter().map(|commit| (*commit).clone()).collect();
            to.0.lock().unwrap_or_else(PoisonError::into_inner).push(group);
        };
        Ok((Self::open_observed(path.as_ref(), Some(Arc::new(note)))?, log))
    }
}

/// Writes recorded groups to a new file in one thread, one transaction for each group, with the statements and the
/// durability of the store.
///
/// # Errors
/// The file is not new, or the groups are not a whole history.
pub fn replay(path: &Path, groups: &[Vec<Commit>]) -> Result<(), StoreError> {
    let failed = |error| explain(path, "replaying to it", &error);
    make_file(path).map_err(|error| StoreError::Unavailable {
        store: path.display().to_string(),
        doing: "making it".to_owned(),
        reason: error.to_string(),
    })?;
    let mut connection = open_writer(path)?;
    for group in groups {
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        for commit in group {
            apply::commit(&transaction, "replay", commit).map_err(|trouble| match trouble {
                Trouble::Refused(error) => error,
                Trouble::Database(error) => failed(error),
            })?;
        }
        transaction.commit().map_err(failed)?;
    }
    Ok(())
}

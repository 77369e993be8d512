//! Suspending and resuming an incarnation, and what is done to every resource alike.

use super::work::{Break, Ended, Work};
use crate::plan::Act;
use crate::record::{Action, ResourceRecord, Status};
use crate::store::StoreError;
use heat_plugin_sdk::{Failure, FailureClass, Operation, PhysicalId};
use std::collections::BTreeSet;

impl Work {
    /// Does it. Returns when the outcome is recorded. An operation of the same kind that was interrupted goes on.
    pub(crate) async fn perform(&self, act: Act) -> Result<Ended, StoreError> {
        if act == Act::Check {
            return self.verify().await;
        }
        let record = self.record().await;
        let begun = record.intent.as_ref().is_some_and(|intent| intent.kind == act.intent());
        if !begun && let Some(reason) = refusal(&record, act) {
            return self.refuse(act.action(), reason).await;
        }
        let result = async {
            self.check()?;
            if !begun {
                self.begin(act.intent(), act.action(), None, Vec::new(), BTreeSet::new(), None).await?;
            }
            // What exists already is somebody else's.
            if let (Some(id), None) = (&record.physical_id, record.external_id()) {
                match act {
                    Act::Snapshot => self.save(id).await?,
                    _ => self.drive_perform(act, id).await?,
                }
            }
            self.write(Some((act.action(), Status::Complete, "state changed")), |record| {
                record.intent = None
            })
            .await?;
            Ok(Ended::Done)
        }
        .await;
        self.ended(act.action(), result).await
    }

    async fn drive_perform(&self, act: Act, id: &PhysicalId) -> Result<(), Break> {
        let mut attempt = 0;
        loop {
            let answer = match self.seat().await {
                Ok(seat) => {
                    let cx = self.context(&seat, BTreeSet::new()).await;
                    match act {
                        Act::Suspend => self.call(self.resource.suspend(&cx, id)).await?,
                        Act::Resume => self.call(self.resource.resume(&cx, id)).await?,
                        Act::Check | Act::Snapshot => Ok(()),
                    }
                }
                Err(failure) => Err(failure),
            };
            match answer {
                Ok(()) => break,
                // As in Heat nothing is done to what cannot be suspended.
                Err(failure) if *failure.class() == FailureClass::Unsupported => return Ok(()),
                Err(failure) => {
                    // Both may be asked for twice, so a lost answer is no more than a pause.
                    let lost = failure.is_uncertain();
                    let failure =
                        if lost { Failure::unavailable(None, failure.to_string()) } else { failure };
                    self.retry(failure, Some(act.intent()), &mut attempt).await?;
                }
            }
        }
        let operation = if act == Act::Suspend { Operation::Suspend } else { Operation::Resume };
        self.follow(id, &operation, None).await?;
        Ok(())
    }
}

/// Why it cannot be done to a resource in this state, as Heat words it.
pub(super) fn refusal(record: &ResourceRecord, act: Act) -> Option<String> {
    let fits = match act {
        Act::Check => true,
        Act::Snapshot => record.action != Action::Delete,
        Act::Suspend => {
            record.action != Action::Delete
                && (record.action == Action::Suspend || record.status == Status::Complete)
        }
        Act::Resume => matches!(record.action, Action::Suspend | Action::Resume),
    };
    let (name, action, status, verb) = (&record.name, record.action, record.status, act.verb());
    (!fits).then(|| format!("Error: resources.{name}: State ('{action}', '{status}') invalid for {verb}"))
}

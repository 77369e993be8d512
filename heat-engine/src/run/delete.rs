//! Removing an incarnation.

use super::work::{Break, Ended, Next, Work};
use crate::plan::saves_before;
use crate::record::{Action, IntentKind};
use crate::store::StoreError;
use heat_plugin_sdk::{Failure, Operation, PhysicalId};
use std::collections::BTreeSet;
use tokio::time::Instant;

impl Work {
    /// Removes the real thing and the record. `retain` leaves the thing; `successor` is the id of what took its place:
    /// where it is the same thing, it stays.
    pub(crate) async fn delete(
        &self,
        retain: bool,
        successor: Option<PhysicalId>,
    ) -> Result<Ended, StoreError> {
        let result = self.drive_delete(retain, successor).await;
        self.ended(Action::Delete, result).await
    }

    async fn drive_delete(&self, retain: bool, successor: Option<PhysicalId>) -> Result<Ended, Break> {
        self.check()?;
        let record = self.record().await;
        let open = record.intent.as_ref().map(|intent| intent.kind);
        let mut known = record.physical_id.clone();
        if known.is_none() && open == Some(IntentKind::Create) {
            // A create was begun and nobody knows what became of it: look before its trace is removed.
            known = self.settle_create(Instant::now(), false).await?;
            if let Some(id) = known.clone() {
                self.write(None, |record| record.physical_id = Some(id)).await?;
            }
        }
        let Some(id) = known else {
            // Objects beside it may still be there, even where it was never made itself.
            if record.owned.is_empty() || retain {
                self.remove("state changed").await?;
                return Ok(Ended::Done);
            }
            return self.delete_thing(&PhysicalId::new(""), open).await;
        };
        if open == Some(IntentKind::Snapshot) {
            self.give_up_save(&id).await?;
        }
        if retain || successor.as_ref() == Some(&id) {
            self.remove("state changed").await?;
            return Ok(Ended::Done);
        }
        self.delete_thing(&id, open).await
    }

    async fn delete_thing(&self, id: &PhysicalId, open: Option<IntentKind>) -> Result<Ended, Break> {
        let mut look = open == Some(IntentKind::Delete);
        let saves = saves_before(&*self.record().await);
        if !look {
            self.begin(IntentKind::Delete, Action::Delete, None, Vec::new(), BTreeSet::new(), None).await?;
        }
        if saves {
            match self.save(id).await {
                // Heat deletes what is gone without saving it.
                Err(Break::Failed(failure)) if failure.is_not_found() => {}
                saved => saved?,
            }
        }
        let mut attempt = 0;
        loop {
            if std::mem::take(&mut look) && self.is_gone(id).await? {
                break;
            }
            let answer = match self.seat().await {
                Ok(seat) => {
                    let cx = self.context(&seat, BTreeSet::new()).await;
                    self.call(self.resource.delete(&cx, id)).await?
                }
                Err(failure) => Err(failure),
            };
            match answer {
                Ok(()) => {
                    self.follow(id, &Operation::Delete, None).await?;
                    break;
                }
                Err(failure) => {
                    look = failure.is_uncertain();
                    // A delete may be repeated: a lost answer is no more than a pause.
                    let failure =
                        if look { Failure::unavailable(None, failure.to_string()) } else { failure };
                    if self.retry(failure, Some(IntentKind::Delete), &mut attempt).await? == Next::Done {
                        break;
                    }
                }
            }
        }
        if self.record().await.look_again {
            // Its creation was repeated: the first request may be done only now, when nothing is in its way any more.
            self.pause(self.resource.settle_time()).await?;
            self.remove_second().await?;
        }
        self.remove("state changed").await?;
        Ok(Ended::Done)
    }

    async fn is_gone(&self, id: &PhysicalId) -> Result<bool, Break> {
        let Ok(seat) = self.seat().await else { return Ok(false) };
        let cx = self.context(&seat, BTreeSet::new()).await;
        Ok(matches!(self.call(self.resource.read(&cx, id)).await?, Ok(None)))
    }
}

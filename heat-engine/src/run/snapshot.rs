//! Saving the data of an incarnation, and removing what was saved.

use super::work::{Break, Work, seed_of};
use crate::record::{IntentKind, Saved};
use heat_plugin_sdk::{Failure, FailureClass, PhysicalId, Progress, SavedData};
use std::collections::BTreeSet;
use tokio::time::Instant;

impl Work {
    /// Saves the data of the thing, where its type can, within the operation that was begun, and waits until they are
    /// saved. What leads back to them is durable as soon as it is known.
    pub(crate) async fn save(&self, id: &PhysicalId) -> Result<(), Break> {
        let record = self.record().await;
        let Some(intent) = &record.intent else { return Ok(()) };
        let known = record.saved.as_ref().filter(|saved| saved.key == intent.key);
        let data = match known {
            Some(saved) => saved.data.clone(),
            None => {
                if intent.kind == IntentKind::Snapshot && intent.traversal != self.traversal {
                    return self.give_up_save(id).await;
                }
                let Some(data) = self.ask_to_save(id).await? else { return Ok(()) };
                let saved = Saved {
                    key: intent.key.clone(),
                    traversal: intent.traversal.clone(),
                    data: data.clone(),
                };
                self.write(None, |record| record.saved = Some(saved)).await?;
                data
            }
        };
        let (begun, mut attempt) = (Instant::now(), 0);
        let seed = seed_of(record.id.as_str());
        loop {
            let answer = match self.seat().await {
                Ok(seat) => {
                    let cx = self.context(&seat, BTreeSet::new()).await;
                    self.call(self.resource.snapshot_progress(&cx, id, &data)).await?
                }
                Err(failure) => Err(failure),
            };
            match answer {
                Ok(Progress::Done) => return Ok(()),
                Ok(Progress::Failed(failure)) => return Err(Break::Failed(failure)),
                Ok(Progress::Wait { after, .. } | Progress::Await { after, .. }) => {
                    attempt = 0;
                    self.pause(self.core.settings.poll.next(begun.elapsed(), after, seed)).await?;
                }
                Err(failure) => {
                    self.retry(failure, None, &mut attempt).await?;
                }
            }
        }
    }

    /// Gives up a save that was begun for a snapshot which another action put an end to. What was saved and is not in that
    /// snapshot, because nobody knew of it yet, is removed.
    pub(crate) async fn give_up_save(&self, id: &PhysicalId) -> Result<(), Break> {
        let record = self.record().await;
        let open = record.intent.as_ref().filter(|intent| intent.kind == IntentKind::Snapshot);
        let unknown = |key| record.saved.as_ref().is_none_or(|saved| saved.key != key);
        if !open.is_some_and(|intent| unknown(intent.key.clone())) {
            return Ok(());
        }
        match self.ask_to_save(id).await {
            Ok(Some(data)) => self.remove_saved(&data).await,
            Ok(None) => Ok(()),
            Err(Break::Failed(failure)) if failure.is_not_found() => Ok(()),
            Err(broken) => Err(broken),
        }
    }

    async fn ask_to_save(&self, id: &PhysicalId) -> Result<Option<SavedData>, Break> {
        let mut attempt = 0;
        loop {
            let answer = match self.seat().await {
                Ok(seat) => {
                    let cx = self.context(&seat, BTreeSet::new()).await;
                    self.call(self.resource.snapshot(&cx, id)).await?
                }
                Err(failure) => Err(failure),
            };
            match answer {
                Ok(data) => return Ok(Some(data)),
                // As in Heat nothing is done to what has no data.
                Err(failure) if *failure.class() == FailureClass::Unsupported => return Ok(None),
                Err(failure) => {
                    // Asked again it looks for what it saved: a lost answer is no more than a pause.
                    let lost = failure.is_uncertain();
                    let failure =
                        if lost { Failure::unavailable(None, failure.to_string()) } else { failure };
                    self.retry(failure, Some(IntentKind::Snapshot), &mut attempt).await?;
                }
            }
        }
    }

    /// Removes what was saved, and waits until it is gone.
    pub(crate) async fn remove_saved(&self, data: &SavedData) -> Result<(), Break> {
        let (begun, mut attempt) = (Instant::now(), 0);
        let seed = seed_of(self.record().await.id.as_str());
        loop {
            let answer = match self.seat().await {
                Ok(seat) => {
                    let cx = self.context(&seat, BTreeSet::new()).await;
                    self.call(self.resource.remove_snapshot(&cx, data)).await?
                }
                Err(failure) => Err(failure),
            };
            match answer {
                Ok(Progress::Done) => return Ok(()),
                Ok(Progress::Failed(failure)) => return Err(Break::Failed(failure)),
                Ok(Progress::Wait { after, .. } | Progress::Await { after, .. }) => {
                    attempt = 0;
                    self.pause(self.core.settings.poll.next(begun.elapsed(), after, seed)).await?;
                }
                Err(failure) if failure.is_not_found() => return Ok(()),
                Err(failure) => {
                    let lost = failure.is_uncertain();
                    let failure =
                        if lost { Failure::unavailable(None, failure.to_string()) } else { failure };
                    self.retry(failure, Some(IntentKind::Delete), &mut attempt).await?;
                }
            }
        }
    }
}

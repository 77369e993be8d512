//! Making an incarnation, in the place of another one if there is one.

use super::predecessor::Predecessor;
use super::{StepEnd, end, end_as};
use crate::plan::StepId;
use crate::record::{DeletionPolicy, IncarnationId, IntentKind};
use crate::run::work::{Ended, Facts, Work};
use crate::schedule::Outcome;
use heat_plugin_sdk::{PropertyMap, ReplaceOrder};

/// The place of an incarnation.
pub(super) struct Place {
    pub(super) incarnation: IncarnationId,
    /// The one that it takes the place of, as long as that is there.
    pub(super) predecessor: Option<Predecessor>,
    /// How that makes way.
    pub(super) order: Option<ReplaceOrder>,
}

/// Makes an incarnation. A predecessor that has to go first is still there only where that was not known when the plan
/// was made: then it is deleted within this step.
pub(super) async fn make(
    id: StepId,
    work: Work,
    place: Place,
    properties: PropertyMap,
    facts: Facts,
    outcome: Outcome,
) -> StepEnd {
    match place.predecessor {
        Some(Predecessor::Typed(old)) if place.order == Some(ReplaceOrder::DeleteFirst) => {
            let record = old.record().await;
            let deleted = old.delete(record.deletion_policy == DeletionPolicy::Retain, None).await;
            if !matches!(deleted, Ok(Ended::Done)) {
                return end(id, &old, record.id.clone(), deleted).await;
            }
            let place = Place { predecessor: None, ..place };
            let mut made = make_beside(id, work, place, properties, facts, outcome).await;
            made.records.push((record.id.clone(), None));
            made
        }
        predecessor => {
            let place = Place { predecessor, ..place };
            make_beside(id, work, place, properties, facts, outcome).await
        }
    }
}

/// Makes an incarnation while the one whose place it takes is there.
async fn make_beside(
    id: StepId,
    work: Work,
    place: Place,
    properties: PropertyMap,
    facts: Facts,
    outcome: Outcome,
) -> StepEnd {
    let Place { incarnation, predecessor, order } = place;
    let hands_over = order == Some(ReplaceOrder::Handover);
    let result = async {
        if let Some(old) = &predecessor {
            // That one takes the other's place is durable before either is touched.
            old.write(None, |_| {}).await?;
            if let (true, Predecessor::Typed(old)) = (hands_over, old)
                && work.record().await.intent.is_none()
            {
                match old.hand_over(false).await? {
                    Ended::Done => {}
                    other => return Ok(other),
                }
            }
        }
        let ended =
            if work.record().await.intent.as_ref().is_some_and(|intent| intent.kind == IntentKind::Create) {
                work.resume_create().await?
            } else {
                work.create(properties, facts).await?
            };
        if let (Ended::Failed(_), Some(Predecessor::Typed(old)), true) = (&ended, &predecessor, hands_over) {
            // The failure stands; the old one gets its place back, so that it works as before.
            old.hand_over(true).await?;
        }
        Ok(ended)
    }
    .await;
    let old = match &predecessor {
        Some(old) => Some(old.record().await),
        None => None,
    };
    let mut end = end_as(id, &work, incarnation, result, outcome).await;
    end.records.extend(old.map(|old| (old.id.clone(), Some(old))));
    end
}

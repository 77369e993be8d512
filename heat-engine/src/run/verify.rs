//! Looking at an incarnation, whether it is there and in order, and taking on one that exists already.

use super::work::{Break, Ended, Facts, Work};
use crate::record::{Action, IntentKind, ResourceRecord, Status};
use crate::store::StoreError;
use heat_plugin_sdk::{Failure, Observation, PhysicalId, State};
use std::collections::BTreeSet;

impl Work {
    /// Takes on a thing that exists already: it is recorded and looked at. Returns when the outcome is recorded.
    pub(crate) async fn adopt(&self, id: PhysicalId, facts: Facts) -> Result<Ended, StoreError> {
        let result = async {
            self.check()?;
            let adopted = [
                (Action::Adopt, Status::InProgress),
                (Action::Adopt, Status::Complete),
                (Action::Check, Status::InProgress),
            ];
            let known = self.record().await.physical_id.is_some();
            self.write_states(if known { &adopted[2..] } else { &adopted }, |record| {
                record.physical_id = Some(id);
                facts.put(record);
            })
            .await?;
            self.drive_check().await
        }
        .await;
        self.ended(Action::Check, result).await
    }

    /// Looks whether the thing is there and in order, as CHECK does. Returns when the outcome is recorded.
    pub(crate) async fn verify(&self) -> Result<Ended, StoreError> {
        let result = async {
            self.check()?;
            self.begin(IntentKind::Check, Action::Check, None, Vec::new(), BTreeSet::new(), None).await?;
            self.drive_check().await
        }
        .await;
        self.ended(Action::Check, result).await
    }

    async fn drive_check(&self) -> Result<Ended, Break> {
        let record = self.record().await;
        let Some(id) = &record.physical_id else {
            let message =
                format!("{} {} has no physical id: nothing was made", record.type_name, record.name);
            return Err(Break::Failed(Failure::not_found(message)));
        };
        let observed = self.seen_in_order(id).await?;
        let (attributes, reference_id) = self.gather(id, Some(&observed)).await?;
        self.write(Some((Action::Check, Status::Complete, "state changed")), |record| {
            record.attributes = attributes;
            record.reference_id = Some(reference_id);
            record.intent = None;
        })
        .await?;
        Ok(Ended::Done)
    }

    /// Reads a thing, which must be there and in order.
    pub(super) async fn seen_in_order(&self, id: &PhysicalId) -> Result<Observation, Break> {
        let mut attempt = 0;
        let observed = loop {
            let answer = match self.seat().await {
                Ok(seat) => {
                    let cx = self.context(&seat, BTreeSet::new()).await;
                    self.call(self.resource.read(&cx, id)).await?
                }
                Err(failure) => Err(failure),
            };
            match answer {
                Ok(observed) => break observed,
                Err(failure) if failure.is_not_found() => break None,
                Err(failure) => {
                    self.retry(failure, None, &mut attempt).await?;
                }
            }
        };
        in_order(&*self.record().await, id, observed).map_err(Break::Failed)
    }
}

/// What is seen of a thing that is there and in order.
fn in_order(
    record: &ResourceRecord,
    id: &PhysicalId,
    observed: Option<Observation>,
) -> Result<Observation, Failure> {
    let type_name = &record.type_name;
    let Some(observed) = observed else {
        return Err(Failure::not_found(match record.external_id() {
            Some(_) => missing(type_name, id),
            None => format!("{type_name} {id} is gone"),
        }));
    };
    match &observed.state {
        State::Ready => Ok(observed),
        State::Working(reason) => Err(Failure::failed(format!("{type_name} {id} is not in order: {reason}"))),
        State::Failed(reason) => Err(Failure::failed(format!("{type_name} {id} is in error: {reason}"))),
    }
}

/// As Heat words it.
pub(super) fn missing(type_name: &str, id: &PhysicalId) -> String {
    format!("Invalid external resource: Resource {id} ({type_name}) can not be found.")
}

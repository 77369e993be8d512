//! Changing an incarnation in place.

use super::create::set_uncertain;
use super::work::{Break, Ended, Facts, Work};
use crate::record::{Action, IntentKind, Status};
use crate::store::StoreError;
use heat_plugin_sdk::{Change, Failure, ObservedProperty, Operation, PhysicalId, PropertyMap};
use std::collections::BTreeSet;

impl Work {
    /// Changes the real thing. Returns when the outcome is recorded.
    pub(crate) async fn update(
        &self,
        properties: PropertyMap,
        changed: Vec<String>,
        facts: Facts,
    ) -> Result<Ended, StoreError> {
        let result = async {
            self.check()?;
            self.begin(
                IntentKind::Update,
                Action::Update,
                Some(properties),
                changed,
                BTreeSet::new(),
                Some(facts.clone()),
            )
            .await?;
            self.drive_update(Some(facts), false).await
        }
        .await;
        self.ended(Action::Update, result).await
    }

    /// Picks an update up whose intent is recorded and whose outcome is not.
    pub(crate) async fn resume_update(&self, facts: Option<Facts>) -> Result<Ended, StoreError> {
        let result = self.drive_update(facts, true).await;
        self.ended(Action::Update, result).await
    }

    async fn drive_update(&self, facts: Option<Facts>, resumed: bool) -> Result<Ended, Break> {
        let mut attempt = 0;
        let mut look = resumed;
        loop {
            self.check()?;
            let record = self.record().await;
            let (Some(intent), Some(id)) = (&record.intent, &record.physical_id) else {
                return Err(Break::Failed(Failure::failed(
                    "the update of a resource that has no physical id",
                )));
            };
            let new = intent.properties.clone().unwrap_or_default();
            let old = record.properties.clone().unwrap_or_default();
            let change = Change::new(old, new.clone(), intent.changed.iter().cloned());
            if intent.changed.is_empty() {
                return self.updated(id, new, facts, None).await;
            }
            let sent = if std::mem::take(&mut look) { self.shows(id, &change).await? } else { false };
            if !sent {
                let answer = match self.seat().await {
                    Ok(seat) => {
                        let cx = self.context(&seat, BTreeSet::new()).await;
                        match self.call(self.resource.update(&cx, id, &change)).await {
                            Err(Break::Aborted(reason)) => {
                                self.write(None, |record| set_uncertain(record, true)).await?;
                                return Err(Break::Aborted(reason));
                            }
                            other => other?,
                        }
                    }
                    Err(failure) => Err(failure),
                };
                if let Err(failure) = answer {
                    // An update without an answer is looked after by a read, and only so often.
                    let lost = failure.is_uncertain();
                    let failure =
                        if lost { Failure::unavailable(None, failure.to_string()) } else { failure };
                    self.retry(failure, Some(IntentKind::Update), &mut attempt).await?;
                    look = lost;
                    continue;
                }
            }
            // The plugin may have recorded another id.
            let now = self.record().await;
            let id = now.physical_id.as_ref().unwrap_or(id);
            let observed = self.follow(id, &Operation::Update(&change), None).await?;
            return self.updated(id, new, facts, observed.as_ref()).await;
        }
    }

    /// Whether the thing shows all that the change asks for: then a request without an answer was done.
    async fn shows(&self, id: &PhysicalId, change: &Change<PropertyMap>) -> Result<bool, Break> {
        let Ok(seat) = self.seat().await else { return Ok(false) };
        let cx = self.context(&seat, BTreeSet::new()).await;
        let Ok(Some(observed)) = self.call(self.resource.read(&cx, id)).await? else { return Ok(false) };
        Ok(change.names().all(|name| match observed.properties.get(name) {
            Some(ObservedProperty::Known(value)) => change.new_properties().get(name) == Some(value),
            _ => false,
        }))
    }

    async fn updated(
        &self,
        id: &PhysicalId,
        properties: PropertyMap,
        facts: Option<Facts>,
        observed: Option<&heat_plugin_sdk::Observation>,
    ) -> Result<Ended, Break> {
        let (attributes, reference_id) = self.gather(id, observed).await?;
        self.write(Some((Action::Update, Status::Complete, "state changed")), |record| {
            record.properties = Some(properties);
            record.attributes = attributes;
            record.reference_id = Some(reference_id);
            record.intent = None;
            if let Some(facts) = facts {
                facts.put(record);
            }
        })
        .await?;
        Ok(Ended::Done)
    }

    /// Frees the exclusive place of a thing that is about to be replaced, or gives it back.
    pub(crate) async fn hand_over(&self, give_back: bool) -> Result<Ended, StoreError> {
        let kind = if give_back { IntentKind::RestoreAfterReplace } else { IntentKind::PrepareForReplace };
        let result = async {
            self.check()?;
            let record = self.record().await;
            let Some(id) = record.physical_id.clone() else { return Ok(Ended::Done) };
            let event = (record.action, record.status, record.reason.clone());
            self.begin(kind, Action::Update, None, Vec::new(), BTreeSet::new(), None).await?;
            let mut attempt = 0;
            loop {
                let answer = match self.seat().await {
                    Ok(seat) => {
                        let cx = self.context(&seat, BTreeSet::new()).await;
                        if give_back {
                            self.call(self.resource.restore_after_replace(&cx, &id)).await?
                        } else {
                            self.call(self.resource.prepare_for_replace(&cx, &id)).await?
                        }
                    }
                    Err(failure) => Err(failure),
                };
                match answer {
                    Ok(()) => break,
                    Err(failure) if failure.is_not_found() => break,
                    Err(failure) => {
                        // Both may be called twice, so a lost answer is simply asked for again.
                        self.retry(failure, None, &mut attempt).await?;
                    }
                }
            }
            let (action, _, _) = event;
            let action = if action == Action::Init { Action::Update } else { action };
            self.write(Some((action, Status::Complete, "state changed")), |record| record.intent = None)
                .await?;
            Ok(Ended::Done)
        }
        .await;
        self.ended(Action::Update, result).await
    }
}

//! Letters that come while a traversal runs: it alone writes the records of its stack, so it is it that delivers them. A
//! record that a step has in hand is changed through that step's page, any other one beside the steps.

use super::Traversal;
use crate::record::{IncarnationId, ResourceRecord, StackId, Status};
use crate::run::Current;
use crate::run::core::Core;
use crate::run::ledger::Page;
use crate::run::post::{Addressee, Content, Delivered, Letter, Undelivered};
use crate::run::scaling::{adjusted, is_group};
use crate::run::secrets::Secrets;
use crate::run::signalling::{Delivery, deliver, listeners};
use crate::store::{Claim, StoreError, Write};
use futures_util::future::BoxFuture;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// The records that steps have in hand, by incarnation.
#[derive(Default)]
pub(crate) struct InHand(Mutex<HashMap<IncarnationId, Weak<tokio::sync::Mutex<Page>>>>);

impl InHand {
    /// A step takes a record in hand, until it lets go of the page.
    pub(super) fn put(&self, id: IncarnationId, page: &Arc<tokio::sync::Mutex<Page>>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id, Arc::downgrade(page));
    }

    /// Whether a step has it in hand.
    pub(super) fn has(&self, id: &IncarnationId) -> bool {
        self.page(id).is_some()
    }

    fn page(&self, id: &IncarnationId) -> Option<Arc<tokio::sync::Mutex<Page>>> {
        let mut pages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let page = pages.get(id)?.upgrade();
        if page.is_none() {
            pages.remove(id);
        }
        page
    }
}

/// What the delivery of a letter leaves behind.
pub(super) struct LetterEnd {
    id: IncarnationId,
    page: Arc<tokio::sync::Mutex<Page>>,
    /// Others whose attributes tell of it.
    others: Vec<Arc<ResourceRecord>>,
    /// Whether a group is to be scaled.
    scales: bool,
    /// The store does not take it, and with it nothing else.
    failed: Option<StoreError>,
}

impl Traversal {
    /// Delivers a letter; `None` where nobody is there to take it, which is told at once.
    pub(super) fn deliver(&mut self, letter: Letter) -> Option<BoxFuture<'static, LetterEnd>> {
        let id = match &letter.to {
            Addressee::Name(name) => self.current.standing_id(name).cloned(),
            Addressee::Incarnation(id) => Some(id.clone()),
        };
        let page = id.as_ref().and_then(|id| {
            let alone = || {
                let record = self.current.resource(id)?;
                Some(Arc::new(tokio::sync::Mutex::new(Page::new(Arc::clone(record)))))
            };
            self.in_hand.page(id).or_else(alone)
        });
        let (Some(id), Some(page)) = (id, page) else {
            letter.reply.send(Err(self.nobody(&letter.to))).ok();
            return None;
        };
        let round = Round {
            core: Arc::clone(&self.core),
            stack: self.stack.id.clone(),
            claim: self.claim.clone(),
            secrets: Arc::clone(&self.secrets),
            // Those that are in hand come to tell it themselves.
            others: self.listening(&id),
            groups: self.groups(),
        };
        Some(Box::pin(round.go(id, page, letter)))
    }

    /// Why there is nobody to take a letter: a resource of the template that was not begun yet is only not there yet.
    fn nobody(&self, to: &Addressee) -> Undelivered {
        match to {
            Addressee::Name(name) if self.goal.has(name) => {
                Undelivered::Refused(format!("The Resource ({name}) is not available."))
            }
            _ => Undelivered::NoSuchResource,
        }
    }

    /// Those that may tell of the signals to a resource.
    fn listening(&self, id: &IncarnationId) -> Current {
        let waits = |record: &&Arc<ResourceRecord>| {
            let plugin = self.core.registry.resource(&record.type_name);
            record.id != *id
                && plugin.is_some_and(|plugin| plugin.waits_for_signals())
                && self.in_hand.page(&record.id).is_none()
        };
        let records = self.current.standing_records().filter(waits);
        Current::new(records.map(|record| (record.id.clone(), Arc::clone(record))).collect())
    }

    /// The groups that a signal may scale; one that a step has in hand is at work.
    fn groups(&self) -> Current {
        let records = self.current.standing_records().filter(|record| record.nested.is_some());
        let groups = records.filter(|record| is_group(&self.core.registry, &record.type_name));
        let seen = |record: &Arc<ResourceRecord>| {
            let mut record = Arc::clone(record);
            if self.in_hand.has(&record.id) {
                Arc::make_mut(&mut record).status = Status::InProgress;
            }
            (record.id.clone(), record)
        };
        Current::new(groups.map(seen).collect())
    }

    /// What was delivered is what the traversal knows from now on. Gives whether a group is to be scaled.
    pub(super) fn delivered(&mut self, end: LetterEnd) -> Result<bool, StoreError> {
        if let Some(error) = end.failed {
            return Err(error);
        }
        // A step that has it in hand gives it back itself.
        if let Ok(page) = end.page.try_lock()
            && self.current.resource(&end.id).is_some()
        {
            self.current.renew(Arc::clone(&page.record));
        }
        for other in end.others {
            self.current.renew(other);
        }
        Ok(end.scales)
    }
}

/// What the delivery of one letter takes.
struct Round {
    core: Arc<Core>,
    stack: StackId,
    claim: Claim,
    secrets: Arc<Secrets>,
    others: Current,
    groups: Current,
}

impl Round {
    async fn go(self, id: IncarnationId, page: Arc<tokio::sync::Mutex<Page>>, letter: Letter) -> LetterEnd {
        let Letter { content, reply, .. } = letter;
        let (mut others, mut scales) = (Vec::new(), false);
        let written = self.write(&page, &content, &mut others, &mut scales).await;
        let mut failed = None;
        let answer = match written {
            Ok(delivered) => {
                self.core.post.tell(&id);
                Ok(delivered)
            }
            Err(Undelivered::Store(error)) => {
                tracing::debug!(stack = %self.stack, %error, "a signal cannot be recorded");
                let told = StoreError::Unavailable {
                    store: "the store".to_owned(),
                    doing: "recording a signal".into(),
                    reason: error.to_string(),
                };
                failed = Some(error);
                Err(Undelivered::Store(told))
            }
            Err(refused) => Err(refused),
        };
        reply.send(answer).ok();
        LetterEnd { id, page, others, scales, failed }
    }

    async fn write(
        &self,
        page: &tokio::sync::Mutex<Page>,
        content: &Content,
        others: &mut Vec<Arc<ResourceRecord>>,
        scales: &mut bool,
    ) -> Result<Delivered, Undelivered> {
        let mut page = page.lock().await;
        let masked = |mut event: crate::record::Event| {
            event.reason = self.secrets.mask(&event.reason);
            event
        };
        match deliver(&self.core, &page.record, content) {
            Ok(Delivery { record, event, adjust }) => {
                let metadata = record.metadata.clone();
                if let Some(adjust) = adjust {
                    let now = self.core.clock.now();
                    match adjusted(&self.core.registry, &self.groups, &record.name, &adjust, now) {
                        Ok(Some(group)) => {
                            *scales = true;
                            others.push(Arc::new(group));
                        }
                        // As in Heat no event tells of a signal that changes nothing.
                        Ok(None) => return Ok(Delivered { metadata }),
                        Err(why) => return Err(Undelivered::Refused(why)),
                    }
                }
                if record != *page.record {
                    others.extend(listeners(&self.core, &self.others, &record));
                }
                let more = others.iter().cloned().map(Write::Resource).collect();
                let event = event.map(masked);
                let written = page.turn_with(&self.core, &self.claim, event, record, more).await;
                written.map_err(Undelivered::Store)?;
                Ok(Delivered { metadata })
            }
            Err(refusal) => {
                if let Some(event) = refusal.event.map(|event| masked(*event)) {
                    let written = self.core.commit(&self.claim, vec![Write::Event(event)]).await;
                    written.map_err(Undelivered::Store)?;
                }
                Err(Undelivered::Refused(refusal.why))
            }
        }
    }
}

//! Creating an incarnation: the intent, the call, what became of it, and waiting until it is there.

use super::post::Ear;
use super::work::{Break, Ended, Facts, Next, Work, seed_of};
use crate::record::{Action, IntentKind, Status};
use crate::store::StoreError;
use heat_plugin_sdk::{
    Failure, FailureClass, FindBasis, Finding, Observation, Operation, PhysicalId, Progress, PropertyMap,
};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;

impl Work {
    /// Makes the real thing. Returns when the outcome is recorded.
    pub(crate) async fn create(&self, properties: PropertyMap, facts: Facts) -> Result<Ended, StoreError> {
        let result = async {
            self.check()?;
            let mut seen_before = BTreeSet::new();
            if self.resource.find_basis(&properties) == FindBasis::Name {
                seen_before = self.look(&properties, BTreeSet::new()).await?;
            }
            self.begin(
                IntentKind::Create,
                Action::Create,
                Some(properties),
                Vec::new(),
                seen_before,
                Some(facts),
            )
            .await?;
            self.drive_create(false).await
        }
        .await;
        self.ended(Action::Create, result).await
    }

    /// Picks a create up whose intent is recorded and whose outcome is not.
    pub(crate) async fn resume_create(&self) -> Result<Ended, StoreError> {
        let result = self.drive_create(true).await;
        self.ended(Action::Create, result).await
    }

    /// All ids that `find` sees.
    async fn look(
        &self,
        properties: &PropertyMap,
        excluded: BTreeSet<PhysicalId>,
    ) -> Result<BTreeSet<PhysicalId>, Break> {
        Ok(match self.find(properties, excluded).await? {
            Finding::Found(id) => BTreeSet::from([id]),
            Finding::Absent => BTreeSet::new(),
            Finding::Ambiguous(ids) => ids.into_iter().collect(),
        })
    }

    /// Asks the plugin until it can say something.
    async fn find(&self, properties: &PropertyMap, excluded: BTreeSet<PhysicalId>) -> Result<Finding, Break> {
        let mut attempt = 0;
        loop {
            let answer = match self.seat().await {
                Ok(seat) => {
                    let cx = self.context(&seat, excluded.clone()).await;
                    self.call(self.resource.find(&cx, properties)).await?
                }
                Err(failure) => Err(failure),
            };
            match answer {
                Ok(finding) => return Ok(finding),
                Err(failure) => {
                    self.retry(failure, None, &mut attempt).await?;
                }
            }
        }
    }

    /// The ids that `find` must leave out: those that were there before, and all that the store knows of others.
    async fn excluded(&self) -> Result<BTreeSet<PhysicalId>, Break> {
        let record = self.record().await;
        let mut excluded = self.core.records.physical_ids(&self.stack.project).await?;
        if let Some(own) = &record.physical_id {
            excluded.remove(own);
        }
        if let Some(intent) = &record.intent {
            excluded.extend(intent.seen_before.iter().cloned());
        }
        Ok(excluded)
    }

    /// Finds out what became of a create without a recorded answer: its id, or `None` where it surely made nothing.
    /// `repeats`: the create is repeated then, so where a repeat collides with a late first one nobody need wait.
    pub(crate) async fn settle_create(
        &self,
        since: Instant,
        repeats: bool,
    ) -> Result<Option<PhysicalId>, Break> {
        let record = self.record().await;
        let Some(properties) = record.intent.as_ref().and_then(|intent| intent.properties.as_ref()) else {
            return Ok(None);
        };
        let basis = self.resource.find_basis(properties);
        if basis == FindBasis::None {
            return Err(Break::Failed(Failure::failed(format!(
                "it is not known whether the creation of {} {} was done, and the type cannot look for it: \
                 check by hand, then delete the resource or mark it",
                record.type_name, record.name
            ))));
        }
        let settled = since + self.resource.settle_time();
        let seed = seed_of(record.id.as_str());
        loop {
            match self.find(properties, self.excluded().await?).await? {
                Finding::Found(id) => return Ok(Some(id)),
                Finding::Ambiguous(ids) => {
                    let ids: Vec<_> = ids.iter().map(PhysicalId::as_str).collect();
                    return Err(Break::Failed(Failure::failed(format!(
                        "it is not known which of these the creation of {} {} made: {}; delete those that are not \
                         wanted, then update the stack",
                        record.type_name,
                        record.name,
                        ids.join(", ")
                    ))));
                }
                Finding::Absent if (repeats && basis == FindBasis::Unique) || Instant::now() >= settled => {
                    return Ok(None);
                }
                Finding::Absent => {
                    let wait = self.core.settings.poll.next(since.elapsed(), None, seed);
                    self.pause(wait.min(settled - Instant::now())).await?;
                }
            }
        }
    }

    /// Finds out what an interrupted create did, without repeating it: where it surely made nothing, the record is as if
    /// it had never been begun, so that it can be begun with other properties.
    pub(crate) async fn settle_interrupted_create(&self) -> Result<Ended, StoreError> {
        let result = async {
            self.check()?;
            if self.record().await.physical_id.is_none() {
                let found = self.settle_create(Instant::now(), false).await?;
                self.write(None, |record| match found {
                    Some(id) => record.physical_id = Some(id),
                    None => {
                        record.intent = None;
                        record.action = Action::Init;
                        record.status = Status::Complete;
                    }
                })
                .await?;
            }
            if self.record().await.intent.is_none() {
                return Ok(Ended::Done);
            }
            self.drive_create(true).await
        }
        .await;
        self.ended(Action::Create, result).await
    }

    async fn drive_create(&self, resumed: bool) -> Result<Ended, Break> {
        let mut attempt = 0;
        let mut last_sent = Instant::now();
        let mut look = resumed;
        loop {
            self.check()?;
            let record = self.record().await;
            let Some(intent) = &record.intent else {
                return Err(Break::Failed(Failure::failed("the intent of the creation is not recorded")));
            };
            let nothing = PropertyMap::new();
            let properties = intent.properties.as_ref().unwrap_or(&nothing);
            if let Some(id) = &record.physical_id {
                return self.await_create(id, properties, None, intent.repeated).await;
            }
            if look || intent.uncertain {
                if !intent.uncertain {
                    self.write(None, |record| set_uncertain(record, true)).await?;
                }
                look = false;
                if let Some(id) = self.settle_create(last_sent, true).await? {
                    self.write(None, |record| record.physical_id = Some(id.clone())).await?;
                    continue;
                }
                // It made nothing so far. Should the service finish it after all, the second look finds two.
                self.write(None, |record| {
                    set_uncertain(record, false);
                    if let Some(intent) = &mut record.intent {
                        intent.repeated = true;
                        intent.attempt += 1;
                    }
                })
                .await?;
                continue;
            }
            let answer = match self.seat().await {
                Ok(seat) => {
                    let cx = self.context(&seat, BTreeSet::new()).await;
                    last_sent = Instant::now();
                    match self.call(self.resource.create(&cx, properties)).await {
                        Err(Break::Aborted(reason)) => {
                            // The request may be on its way: whoever comes next looks for it.
                            self.write(None, |record| set_uncertain(record, true)).await?;
                            return Err(Break::Aborted(reason));
                        }
                        other => other?,
                    }
                }
                Err(failure) => Err(failure),
            };
            match answer {
                Ok(created) => {
                    let repeated = intent.repeated;
                    let ready = created.complete && created.observation.is_some() && !repeated;
                    let (id, observation) = (created.id, created.observation);
                    if ready {
                        // Nothing else is to be done: the id and the outcome become durable together.
                        {
                            let attributes = created.attributes;
                            self.remember(|record| {
                                record.physical_id = Some(id.clone());
                                record.attributes = attributes;
                            })
                            .await;
                        }
                        return self.created(&id, observation.as_ref(), false).await;
                    }
                    self.write(None, |record| {
                        record.physical_id = Some(id.clone());
                        record.attributes = created.attributes;
                    })
                    .await?;
                    return self.await_create(&id, properties, observation, repeated).await;
                }
                // A repeat that collides: the first request was done after all.
                Err(failure)
                    if intent.repeated
                        && *failure.class() == FailureClass::Conflict
                        && self.resource.find_basis(properties) == FindBasis::Unique =>
                {
                    self.retry(failure, Some(IntentKind::Create), &mut attempt).await?;
                    look = true;
                }
                Err(failure) => {
                    if self.retry(failure, Some(IntentKind::Create), &mut attempt).await? == Next::Look {
                        look = true;
                    }
                }
            }
        }
    }

    async fn await_create(
        &self,
        id: &PhysicalId,
        properties: &PropertyMap,
        observed: Option<Observation>,
        repeated: bool,
    ) -> Result<Ended, Break> {
        let observed = self.follow(id, &Operation::Create(properties), observed).await?;
        self.created(id, observed.as_ref(), repeated).await
    }

    async fn created(
        &self,
        id: &PhysicalId,
        observed: Option<&Observation>,
        repeated: bool,
    ) -> Result<Ended, Break> {
        let (attributes, reference_id) = self.gather(id, observed).await?;
        self.write(Some((Action::Create, Status::Complete, "state changed")), |record| {
            record.attributes = attributes;
            record.reference_id = Some(reference_id);
            if let Some(intent) = record.intent.take() {
                record.properties = Some(intent.properties.unwrap_or_default());
                if repeated {
                    record.look_again = true;
                    record.created_as = Some(intent.key);
                    record.seen_before = intent.seen_before;
                }
            }
        })
        .await?;
        Ok(Ended::Done)
    }

    /// Reads and asks for progress until the operation is done; gives the last observation.
    pub(crate) async fn follow(
        &self,
        id: &PhysicalId,
        operation: &Operation<'_, PropertyMap>,
        mut observed: Option<Observation>,
    ) -> Result<Option<Observation>, Break> {
        let (begun, mut attempt) = (Instant::now(), 0);
        let kind = match operation {
            Operation::Create(_) => IntentKind::Create,
            Operation::Update(_) => IntentKind::Update,
            Operation::Delete => IntentKind::Delete,
            Operation::Suspend => IntentKind::Suspend,
            Operation::Resume => IntentKind::Resume,
        };
        let seed = seed_of(self.record().await.id.as_str());
        let mut ear: Option<Ear> = None;
        loop {
            if let Some(ear) = &mut ear {
                ear.listen_from_now();
            }
            let mut asked = None;
            let answer = match self.seat().await {
                Ok(seat) => {
                    let cx = self.context(&seat, BTreeSet::new()).await;
                    let seen = match observed.take() {
                        Some(seen) => Ok(Some(seen)),
                        None => self.call(self.resource.read(&cx, id)).await?,
                    };
                    match seen {
                        Ok(seen) => {
                            asked = Some(kind);
                            self.call(self.resource.progress(&cx, id, operation, seen.as_ref()))
                                .await?
                                .map(|progress| (progress, seen))
                        }
                        Err(failure) => Err(failure),
                    }
                }
                Err(failure) => Err(failure),
            };
            match answer {
                Ok((Progress::Done, seen)) => return Ok(seen),
                Ok((Progress::Failed(failure), _)) => return Err(Break::Failed(failure)),
                Ok((Progress::Wait { reason, after }, _)) => {
                    tracing::trace!(id = %id, waits_for = reason, "waiting");
                    attempt = 0;
                    self.pause(self.core.settings.poll.next(begun.elapsed(), after, seed)).await?;
                }
                Ok((Progress::Await { signal, reason, after }, _)) => {
                    tracing::trace!(id = %id, waits_for = reason, "waiting for a signal");
                    attempt = 0;
                    match &mut ear {
                        Some(ear) if ear.incarnation() == signal => {
                            let wait = after.unwrap_or(Duration::MAX);
                            let signalled = async { drop(tokio::time::timeout(wait, ear.signalled()).await) };
                            self.pause_until(signalled).await?;
                        }
                        // It may have come before anybody listened.
                        _ => ear = Some(self.core.post.listen(&signal)),
                    }
                }
                Err(failure) if failure.is_not_found() && kind == IntentKind::Delete => return Ok(None),
                Err(failure) => {
                    if self.retry(failure, asked, &mut attempt).await? == Next::Look {
                        // A next request without an answer: the next read tells.
                        self.pause(self.core.settings.poll.next(begun.elapsed(), None, seed)).await?;
                    }
                }
            }
        }
    }
}

impl Work {
    /// Looks whether a repeated creation made a second thing, and removes it.
    pub(crate) async fn remove_second(&self) -> Result<(), Break> {
        let record = self.record().await;
        let properties = record.properties.clone().unwrap_or_default();
        let basis = self.resource.find_basis(&properties);
        if basis == FindBasis::Unique {
            // Nobody waited before the repeat: the first request may still be done, and must not be after a deletion.
            let since = self.core.clock.now().duration_since(record.updated);
            let passed = Duration::try_from(since).unwrap_or_default();
            self.pause(self.resource.settle_time().saturating_sub(passed)).await?;
        }
        // A mere name proves nothing: what carries it may be somebody else's.
        let proven = matches!(basis, FindBasis::Key | FindBasis::Unique);
        let mut seconds = BTreeSet::new();
        if proven {
            let mut excluded = self.core.records.physical_ids(&self.stack.project).await?;
            excluded.extend(record.physical_id.clone());
            excluded.extend(record.seen_before.iter().cloned());
            seconds = self.look(&properties, excluded).await?;
        }
        for second in seconds {
            tracing::warn!(resource = %record.name, id = %second, "a repeated creation made a second one, which is removed");
            let mut attempt = 0;
            loop {
                let answer = match self.seat().await {
                    Ok(seat) => {
                        let cx = self.context(&seat, BTreeSet::new()).await;
                        self.call(self.resource.delete(&cx, &second)).await?
                    }
                    Err(failure) => Err(failure),
                };
                let Err(failure) = answer else { break };
                if self.retry(failure, Some(IntentKind::Delete), &mut attempt).await? == Next::Done {
                    break;
                }
            }
            self.follow(&second, &Operation::Delete, None).await?;
        }
        self.write(None, |record| {
            record.look_again = false;
            record.seen_before.clear();
        })
        .await?;
        Ok(())
    }
}

pub(super) fn set_uncertain(record: &mut crate::record::ResourceRecord, uncertain: bool) {
    if let Some(intent) = &mut record.intent {
        intent.uncertain = uncertain;
    }
}

//! One incarnation while an operation works on it: its calls, and what follows from their answers.

use super::configurations::Configurations;
use super::connections::Seat;
use super::core::Core;
use super::goal::lacks;
use super::ids::short_id;
use super::ledger::Page;
pub(crate) use super::ledger::{Break, Ended, Facts, Ledger, Signal};
use super::lookups::is_passing;
use super::signalling::StackSignals;
use crate::record::{IntentKind, ResourceRecord, TraversalId};
use crate::schedule::{Trial, Verdict, classify};
use crate::store::Claim;
use async_trait::async_trait;
use heat_plugin_sdk::{
    CallContext, Credentials, DynConnector, DynResource, Failure, FailureClass, Journal, Observation,
    OperationKey, OwnedObject, PhysicalId, ResourceIdentity,
};
use heat_template::schema::AttributeMode;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::future::Future;
use std::ops::Deref;
use std::sync::Arc;
use tokio::sync::Mutex;

/// One incarnation under work, with the type that knows what to do.
pub(crate) struct Work {
    pub(crate) ledger: Ledger,
    pub(crate) resource: Arc<dyn DynResource>,
    pub(crate) connector: Arc<dyn DynConnector>,
    pub(crate) credentials: Credentials,
    /// On-demand attributes that something in the template refers to.
    pub(crate) wanted: BTreeSet<String>,
}

impl Deref for Work {
    type Target = Ledger;

    fn deref(&self) -> &Ledger {
        &self.ledger
    }
}

impl Work {
    /// Whether something refers to an attribute that is fetched only when somebody wants it, and nobody did so far.
    pub(crate) async fn lacks_wanted(&self) -> bool {
        let record = self.record().await;
        lacks(&self.resource.schema(), &self.wanted, &record.attributes)
    }

    /// Reads the thing and keeps what is seen of its attributes.
    pub(crate) async fn refresh(&self) -> Result<(), Break> {
        let Some(id) = self.record().await.physical_id.clone() else { return Ok(()) };
        let mut attempt = 0;
        let observed = loop {
            let answer = match self.seat().await {
                Ok(seat) => {
                    let cx = self.context(&seat, BTreeSet::new()).await;
                    self.call(self.resource.read(&cx, &id)).await?
                }
                Err(failure) => Err(failure),
            };
            match answer {
                Ok(observed) => break observed,
                Err(failure) => {
                    self.retry(failure, None, &mut attempt).await?;
                }
            }
        };
        let (attributes, _) = self.gather(&id, observed.as_ref()).await?;
        self.write(None, |record| record.attributes = attributes).await?;
        Ok(())
    }

    /// A place on the connection of the resource's type.
    pub(crate) async fn seat(&self) -> Result<Seat, Failure> {
        self.core.connections.seat(self.resource.connector(), &self.connector, &self.credentials).await
    }

    /// What a call knows.
    pub(crate) async fn context(&self, seat: &Seat, excluded: BTreeSet<PhysicalId>) -> CallContext {
        let record = self.record().await;
        let intent = record.intent.as_ref();
        let key = intent
            .map(|intent| intent.key.clone())
            .or_else(|| record.created_as.clone())
            .unwrap_or_else(|| OperationKey::new(record.id.as_str()));
        let mut seed = [0; 32];
        for (byte, digit) in seed.iter_mut().zip(key.as_str().bytes()) {
            *byte = digit;
        }
        CallContext {
            stack: self.stack.clone(),
            resource: ResourceIdentity {
                name: record.name.clone(),
                id: record.id.to_string(),
                short_id: short_id(&record.id),
            },
            attempt: intent.map_or(0, |intent| intent.attempt),
            key,
            now: self.core.clock.now(),
            seed,
            credentials: seat.credentials.clone(),
            connection: seat.connection.clone(),
            applied: record.properties.clone(),
            attributes: record.attributes.clone(),
            private: record.private.clone(),
            owned: record.owned.clone(),
            excluded,
            journal: Arc::new(DurableJournal {
                core: Arc::clone(&self.core),
                page: Arc::clone(&self.page),
                traversal: self.traversal.clone(),
                claim: self.claim.clone(),
            }),
            configurations: Arc::new(Configurations::new(&self.core, &self.stack.project)),
            signalled: Arc::new(StackSignals::new(&self.core, &record.stack)),
        }
    }

    /// Runs one call of the plugin. An interruption waits for its answer, an abort and a time-out do not.
    pub(crate) async fn call<T>(
        &self,
        call: impl Future<Output = Result<T, Failure>>,
    ) -> Result<Result<T, Failure>, Break> {
        self.check()?;
        let mut signal = self.signal.clone();
        let aborted = async {
            // The borrowed value must not live on while this waits.
            let reason = match signal.wait_for(|signal| matches!(signal, Signal::Abort(_))).await.as_deref() {
                Ok(Signal::Abort(reason)) => Some(reason.clone()),
                _ => None,
            };
            match reason {
                Some(reason) => reason,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            answer = call => Ok(answer),
            reason = aborted => Err(Break::Aborted(reason)),
            reason = self.timed_out() => Err(Break::Aborted(reason)),
        }
    }

    /// Says in the log what a service says: whoever waits while it stays away sees for what.
    async fn tell(&self, failure: &Failure, attempt: u32, notable: bool, then: &str) {
        if !notable && !tracing::enabled!(tracing::Level::DEBUG) {
            return;
        }
        let (failure, record) = (self.told(failure).await, self.record().await);
        let (stack, resource) = (&self.stack.name, &record.name);
        match notable {
            true => tracing::warn!(%stack, %resource, attempt, "{failure}; {then}"),
            false => tracing::debug!(%stack, %resource, attempt, "{failure}; {then}"),
        }
    }

    /// Acts on a failure as its class says: waits and gives `Ok` where the call is to be tried again. `operation` is
    /// `None` for what changes nothing; `attempt` counts the failures.
    pub(crate) async fn retry(
        &self,
        failure: Failure,
        operation: Option<IntentKind>,
        attempt: &mut u32,
    ) -> Result<Next, Break> {
        *attempt += 1;
        let seed = seed_of(self.record().await.id.as_str());
        let trial = Trial { operation, attempt: *attempt, seed };
        match classify(&failure, trial, &self.core.settings.retry) {
            Verdict::Retry { after } => {
                // Nobody has to read a line for each attempt.
                let notable = *attempt == 3 || (*attempt > 3 && attempt.is_power_of_two());
                self.tell(&failure, *attempt, notable, "trying again").await;
                self.pause(after).await?;
                Ok(Next::Again)
            }
            Verdict::Look => {
                self.tell(&failure, *attempt, true, "looking whether it was done").await;
                Ok(Next::Look)
            }
            Verdict::Done => Ok(Next::Done),
            Verdict::Pause => {
                self.core.connections.forget(self.resource.connector(), &self.credentials);
                Err(Break::Refused(failure))
            }
            Verdict::Fail => Err(Break::Failed(failure)),
        }
    }

    /// Puts an observation's attributes and the reference id into the record, and fetches on-demand attributes that
    /// something refers to.
    pub(crate) async fn gather(
        &self,
        id: &PhysicalId,
        observed: Option<&Observation>,
    ) -> Result<(Map<String, Value>, String), Break> {
        let schema = self.resource.schema();
        let mut attributes = self.record().await.attributes.clone();
        if let Some(observed) = observed {
            for (name, value) in &observed.attributes {
                attributes.insert(name.clone(), value.clone());
            }
            if self.wanted.contains("show") {
                attributes.insert("show".to_owned(), observed.show.clone().unwrap_or(Value::Null));
            }
        }
        let on_demand: Vec<_> = self
            .wanted
            .iter()
            .filter(|name| {
                schema
                    .attributes
                    .get(*name)
                    .map_or(schema.open_attributes && !attributes.contains_key(*name), |attribute| {
                        attribute.mode == AttributeMode::OnDemand
                    })
            })
            .filter(|name| *name != "show")
            .collect();
        for name in on_demand {
            let value = self.attribute(id, name).await?;
            attributes.insert(name.clone(), value);
        }
        let mut attempt = 0;
        let seat = loop {
            match self.seat().await {
                Ok(seat) => break seat,
                Err(failure) => {
                    self.retry(failure, None, &mut attempt).await?;
                }
            }
        };
        let cx = self.context(&seat, BTreeSet::new()).await;
        Ok((attributes, self.resource.reference_id(&cx, id)))
    }

    /// An attribute that is fetched only when somebody wants it. What is not there is null, as in Heat; a service that
    /// only cannot tell now is asked again.
    async fn attribute(&self, id: &PhysicalId, name: &str) -> Result<Value, Break> {
        let mut attempt = 0;
        loop {
            let answer = match self.seat().await {
                Ok(seat) => {
                    let cx = self.context(&seat, BTreeSet::new()).await;
                    self.call(self.resource.attribute(&cx, id, name)).await?
                }
                Err(failure) => Err(failure),
            };
            match answer {
                Ok(value) => return Ok(value),
                Err(failure) if is_passing(&failure) || *failure.class() == FailureClass::Unauthenticated => {
                    self.retry(failure, None, &mut attempt).await?;
                }
                // Nobody will ever tell it: whoever asks for it hears why.
                Err(failure) if *failure.class() == FailureClass::Unsupported => {
                    return Err(Break::Failed(failure));
                }
                Err(failure) => {
                    if tracing::enabled!(tracing::Level::DEBUG) {
                        let failure = self.told(&failure).await;
                        tracing::debug!(attribute = name, %failure, "attribute is not there");
                    }
                    return Ok(Value::Null);
                }
            }
        }
    }
}

/// What follows a failed call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// The same call again.
    Again,
    /// Look what became of it first.
    Look,
    /// What was asked for is so already.
    Done,
}

/// Spreads the retries of many operations; the same operation waits the same time.
pub(super) fn seed_of(text: &str) -> u64 {
    // FNV-1a
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The door through which a plugin makes things durable.
struct DurableJournal {
    core: Arc<Core>,
    page: Arc<Mutex<Page>>,
    traversal: TraversalId,
    claim: Claim,
}

impl DurableJournal {
    async fn write(&self, change: impl FnOnce(&mut ResourceRecord)) -> Result<(), Failure> {
        let mut page = self.page.lock().await;
        let mut next = (*page.record).clone();
        change(&mut next);
        next.traversal = Some(self.traversal.clone());
        page.turn(&self.core, &self.claim, None, next).await.map_err(|error| {
            Failure::unavailable(None, format!("the engine's store does not take a record: {error}"))
        })
    }
}

#[async_trait]
impl Journal for DurableJournal {
    async fn save_private(&self, data: Value) -> Result<(), Failure> {
        self.write(|record| record.private = Some(data)).await
    }

    async fn record_id(&self, id: &PhysicalId) -> Result<(), Failure> {
        self.write(|record| record.physical_id = Some(id.clone())).await
    }

    async fn owned_intent(&self, name: &str, key: &OperationKey) -> Result<(), Failure> {
        self.write(|record| {
            record.owned.entry(name.to_owned()).or_insert_with(|| OwnedObject { key: key.clone(), id: None });
        })
        .await
    }

    async fn owned_id(&self, name: &str, id: Option<&PhysicalId>) -> Result<(), Failure> {
        self.write(|record| match id {
            Some(id) => {
                if let Some(object) = record.owned.get_mut(name) {
                    object.id = Some(id.clone());
                }
            }
            None => {
                record.owned.remove(name);
            }
        })
        .await
    }
}

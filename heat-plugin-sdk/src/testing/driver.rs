//! Calls as an engine makes them: bounded in time, repeated by class, followed by reads until they are done.

use super::fixture::Sleep;
use crate::{
    CallContext, DynResource, Failure, FailureClass, Observation, Operation, PhysicalId, Progress,
    PropertyMap, Result, State,
};
use futures_util::future::{BoxFuture, Either, select};
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Waits, repeats, and remembers what was printed.
pub(super) struct Driver {
    pub(super) sleep: Sleep,
    pub(super) patience: Duration,
    pub(super) pause: Duration,
    /// Everything that could have got into a log, for the search for secrets.
    printed: Mutex<String>,
}

impl Driver {
    pub(super) fn new(sleep: Sleep, patience: Duration, pause: Duration) -> Self {
        Self { sleep, patience, pause, printed: Mutex::default() }
    }

    /// How often something is looked at before it counts as stuck.
    fn rounds(&self) -> u32 {
        let rounds = self.patience.as_millis() / self.pause.as_millis().max(1);
        u32::try_from(rounds).unwrap_or(u32::MAX).max(2)
    }

    pub(super) fn note(&self, text: &str) {
        let mut printed = self.printed.lock().unwrap_or_else(PoisonError::into_inner);
        printed.push_str(text);
        printed.push('\n');
    }

    pub(super) fn printed(&self) -> String {
        self.printed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) async fn wait(&self, after: Option<Duration>) {
        (self.sleep)(after.unwrap_or(self.pause).min(self.patience)).await;
    }

    /// One call, for no longer than the patience.
    pub(super) async fn bounded<T>(&self, call: impl Future<Output = Result<T>>) -> Result<T> {
        let (call, limit) = (pin!(call), pin!((self.sleep)(self.patience)));
        let result = match select(call, limit).await {
            Either::Left((result, _)) => result,
            Either::Right(_) => Err(Failure::unanswered(format!("no answer within {:?}", self.patience))),
        };
        if let Err(failure) = &result {
            self.note(&format!("{failure} {failure:?}"));
        }
        result
    }

    /// A call that is repeated while its failure is one that passes.
    pub(super) async fn repeated<'a, T>(&self, call: impl Fn() -> BoxFuture<'a, Result<T>>) -> Result<T> {
        let mut rounds = self.rounds();
        loop {
            let failure = match self.bounded(call()).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let after = match failure.class() {
                FailureClass::Busy { after } | FailureClass::Unavailable { after } => *after,
                FailureClass::OverLimit { after: Some(after) } => Some(*after),
                FailureClass::Conflict => None,
                _ => return Err(failure),
            };
            rounds -= 1;
            if rounds == 0 {
                return Err(failure);
            }
            self.wait(after).await;
        }
    }

    /// Reads once.
    pub(super) async fn read(
        &self,
        resource: &dyn DynResource,
        cx: &CallContext,
        id: &PhysicalId,
    ) -> Result<Option<Observation>> {
        let observed = self.repeated(|| resource.read(cx, id)).await?;
        self.note(&format!("{observed:?}"));
        if let Some(Observation { state: State::Working(why) | State::Failed(why), .. }) = &observed {
            self.note(why);
        }
        Ok(observed)
    }

    /// Asks how far something is until it is done.
    pub(super) async fn until_done<'a>(
        &self,
        ask: impl Fn() -> BoxFuture<'a, Result<Progress>>,
    ) -> Result<()> {
        let mut last = String::new();
        for _ in 0..self.rounds() {
            match self.repeated(&ask).await? {
                Progress::Done => return Ok(()),
                Progress::Failed(failure) => return Err(failure),
                Progress::Wait { reason, after } | Progress::Await { reason, after, .. } => {
                    last = reason;
                    self.wait(after).await;
                }
            }
        }
        Err(Failure::failed(format!("not done within {:?}; at last: {last}", self.patience)))
    }

    /// Reads and asks for progress until the operation is done. Every round has a context of its own, which knows what the
    /// rounds before made durable.
    pub(super) async fn follow(
        &self,
        resource: &dyn DynResource,
        context: &(dyn Fn() -> CallContext + Sync),
        id: &PhysicalId,
        operation: &Operation<'_, PropertyMap>,
    ) -> Result<Option<Observation>> {
        let mut last = String::new();
        for _ in 0..self.rounds() {
            let cx = &context();
            let observed = self.read(resource, cx, id).await?;
            let progress = self.repeated(|| resource.progress(cx, id, operation, observed.as_ref())).await;
            match progress? {
                Progress::Done => return Ok(observed),
                Progress::Failed(failure) => {
                    self.note(&format!("{failure} {failure:?}"));
                    return Err(failure);
                }
                // Nobody signals here: what does not end by itself ends with the driver's patience.
                Progress::Wait { reason, after } | Progress::Await { reason, after, .. } => {
                    self.note(&reason);
                    last = reason;
                    self.wait(after).await;
                }
            }
        }
        Err(Failure::failed(format!("not done within {:?}; at last: {last}", self.patience)))
    }
}

//! The course of a traversal: steps are begun as soon as they are ready, and what became of them is minded.

use super::ending::{Failing, title};
use super::letters::LetterEnd;
use super::permits::{Permits, Waits};
use super::{Begun, End, StepEnd, StepResult, Traversal};
use crate::plan::{Step, StepKind};
use crate::record::{Action, OnFailure};
use crate::run::work::{Break, Signal};
use crate::schedule::{Failed, Outcome, Schedule, StepState};
use crate::store::StoreError;
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::unconstrained;
use tokio::time::Instant;

/// So many steps are begun before those that work are asked how far they are.
const BEGUN_AT_ONCE: usize = 32;

/// So many steps are minded before others get their turn.
const TURNS_AT_ONCE: usize = 32;

impl Traversal {
    /// Runs until nothing is left to do, and records the stack's end.
    pub(crate) async fn run(&mut self) -> Result<End, StoreError> {
        let plan = self.record.plan.clone();
        let done = self.done_before();
        let mut schedule = match Schedule::resume(&plan, done) {
            Ok(schedule) => schedule,
            Err(error) => {
                let why = Failing::Stack(format!("the recorded plan cannot be run: {error}"));
                return self.finish(Some(why)).await;
            }
        };
        // The records alone do not tell which of several stands for a name where an older one was taken back.
        for (id, step) in plan.iter() {
            if let Some(StepState::Done(outcome)) = schedule.state(id)
                && let Some(standing) = step.kind.standing(outcome == Outcome::Replaced)
            {
                self.current.stand(&step.resource, standing);
            }
        }
        let (signal, listening) = watch::channel(Signal::Run);
        let mut failure = self.failed_before().map(Failing::Resource);
        if failure.is_some() && self.record.on_failure != OnFailure::Continue {
            schedule.stop();
        }
        let mut running: FuturesUnordered<BoxFuture<'static, StepEnd>> = FuturesUnordered::new();
        let deadline = self.record.deadline.map(|deadline| {
            let left = deadline.duration_since(self.core.clock.now());
            Instant::now() + Duration::try_from(left).unwrap_or(Duration::ZERO)
        });
        let (mut interrupted, mut cancelled, mut hastened, mut timed_out) = (false, false, false, false);
        let mut paused = None;
        let mut turns = 0_usize;
        let mut permits = Permits::new(Arc::clone(&self.core.steps));
        let mut mailbox = self.core.post.open(&self.stack.id);
        let mut delivering: FuturesUnordered<BoxFuture<'static, LetterEnd>> = FuturesUnordered::new();
        loop {
            // Whoever runs besides gets his turn, though there may always be something to do here.
            turns += 1;
            if turns.is_multiple_of(TURNS_AT_ONCE) {
                tokio::task::yield_now().await;
            }
            if schedule.is_stopped() {
                for id in permits.give_up() {
                    let _ = schedule.put_back(id);
                }
            }
            // Steps are begun a few at a time, so that those that are begun get on meanwhile.
            let mut begun = 0;
            // What a letter is about must not be taken in hand before that is written.
            while begun < BEGUN_AT_ONCE && delivering.is_empty() {
                let id = match permits.next() {
                    Some(id) => id,
                    None => {
                        let Some(id) = schedule.next_ready() else { break };
                        let _ = schedule.start(id);
                        let waits = plan.step(id).map_or(Waits::Nested, |step| self.waits(step));
                        if !permits.admit(id, waits) {
                            continue;
                        }
                        id
                    }
                };
                let Some(step) = plan.step(id) else {
                    let _ = schedule.finish(id, Outcome::Skipped);
                    continue;
                };
                begun += 1;
                match self.begin(id, step, &listening) {
                    Begun::Works(work) => running.push(work),
                    Begun::Over(outcome) => {
                        permits.give_back(id);
                        let _ = schedule.finish(id, outcome);
                    }
                }
            }
            let more = begun == BEGUN_AT_ONCE;
            let short = !more && permits.is_short();
            if running.is_empty() && delivering.is_empty() && !more && !short {
                // Groups that signals scale are brought to their sizes before the end.
                let goes_on = !interrupted && !cancelled && !timed_out && paused.is_none();
                if !goes_on || !self.scale_beside(&mut running, &listening, &BTreeSet::new()) {
                    break;
                }
            }
            tokio::select! {
                biased;
                told = told(&mut self.interrupt, cancelled, hastened), if !interrupted && !timed_out => {
                    if told == Signal::Hasten {
                        hastened = true;
                        hasten(&signal);
                        continue;
                    }
                    schedule.stop();
                    if told == Signal::Stop {
                        cancelled = true;
                        // Whoever cancels says whether it goes back.
                        self.record.on_failure = OnFailure::Stop;
                        failure.get_or_insert(Failing::Stack(crate::engine::cancelled(self.record.action)));
                    } else if let Signal::Abort(reason) = &told {
                        timed_out = true;
                        failure.get_or_insert(Failing::Stack(reason.clone()));
                    } else {
                        interrupted = true;
                    }
                    signal.send_replace(told);
                }
                () = sleep_until(deadline), if !timed_out && !interrupted => {
                    timed_out = true;
                    schedule.stop();
                    let text = format!("{} timed out", title(self.record.action));
                    failure.get_or_insert(Failing::Stack(text.clone()));
                    signal.send_replace(Signal::Abort(text));
                }
                letter = mailbox.next(), if delivering.is_empty() => delivering.extend(self.deliver(letter)),
                Some(end) = delivering.next(), if !delivering.is_empty() => {
                    if self.delivered(end)? && !schedule.is_stopped() {
                        let planned = plan.iter().filter(|(id, _)| !matches!(schedule.state(*id), Some(StepState::Done(_))));
                        let to_do = planned.map(|(_, step)| step.resource.as_str()).collect();
                        self.scale_beside(&mut running, &listening, &to_do);
                    }
                }
                // Each step counts for itself: a budget of the runtime that they shared would let each round of polls get
                // on with few of them, so that a thousand steps would be polled for nothing a thousand times.
                Some(end) = unconstrained(running.next()) => {
                    permits.give_back(end.step);
                    for (id, record) in end.records {
                        self.current.put(id, record);
                    }
                    match end.result {
                        Ok(StepResult::Ended(outcome)) => {
                            let step = plan.step(end.step);
                            match step.and_then(|step| self.behind(end.step, step, outcome, &listening)) {
                                Some(Begun::Works(waits)) => running.push(waits),
                                _ => drop(schedule.finish(end.step, outcome)),
                            }
                        }
                        Ok(StepResult::Passed(outcome)) => {
                            let _ = schedule.finish(end.step, outcome);
                        }
                        Ok(StepResult::Failed(reason)) => {
                            let then = match self.record.on_failure {
                                OnFailure::Continue => Failed::Continue,
                                OnFailure::Stop | OnFailure::Rollback => Failed::Stop,
                            };
                            let _ = schedule.fail(end.step, then);
                            match &mut failure {
                                // What goes on after a failure tells all that it finds.
                                Some(Failing::Resource(before)) if self.tells_all() => {
                                    *before = format!("{before}; {reason}");
                                }
                                Some(_) => {}
                                None => failure = Some(Failing::Resource(reason)),
                            }
                            if then == Failed::Stop {
                                hasten(&signal);
                            }
                        }
                        Ok(StepResult::Anew) => {
                            let _ = schedule.put_back(end.step);
                        }
                        Ok(StepResult::Interrupted) => {
                            let _ = schedule.put_back(end.step);
                            schedule.stop();
                            interrupted = true;
                        }
                        Ok(StepResult::Paused(reason)) => {
                            let _ = schedule.put_back(end.step);
                            schedule.stop();
                            paused.get_or_insert(reason);
                        }
                        // Nothing may follow what is not durable: the traversal ends here, and whoever has the store
                        // goes on from what is recorded.
                        Err(error) => {
                            signal.send_replace(Signal::Interrupt);
                            return Err(error);
                        }
                    }
                }
                () = permits.wait(), if short => {}
                () = std::future::ready(()), if more => {}
            }
        }
        if interrupted && failure.is_none() && (!schedule.is_complete() || self.is_to_scale()) {
            return Ok(End::Interrupted);
        }
        if let Some(reason) = paused
            && failure.is_none()
        {
            return self.pause(reason).await;
        }
        if failure.is_none() && !schedule.is_complete() {
            // A deadline can pass between two steps.
            let text = format!("{} stopped before it was complete", title(self.record.action));
            failure = Some(Failing::Stack(text));
        }
        if failure.is_none() {
            match self.last_things(&listening).await {
                Ok(()) => {}
                Err(Break::Store(error)) => return Err(error),
                Err(Break::Interrupted) => return Ok(End::Interrupted),
                Err(Break::Refused(refused)) => return self.pause(self.secrets.told(&refused)).await,
                Err(Break::Failed(failed)) => failure = Some(Failing::Resource(self.secrets.told(&failed))),
                Err(Break::Aborted(reason)) => failure = Some(Failing::Resource(reason)),
            }
        }
        self.finish(failure).await
    }

    /// Scales groups beside the plan, but for those that the plan has something to do for; gives whether there are any.
    fn scale_beside(
        &mut self,
        running: &mut FuturesUnordered<BoxFuture<'static, StepEnd>>,
        listening: &watch::Receiver<Signal>,
        but: &BTreeSet<&str>,
    ) -> bool {
        let begun = self.scale(listening, but);
        let any = !begun.is_empty();
        for work in begun {
            if let Begun::Works(work) = work {
                running.push(work);
            }
        }
        any
    }

    /// Whether the reason of a failure tells all of them.
    pub(super) fn tells_all(&self) -> bool {
        self.record.action == Action::Check || self.record.on_failure == OnFailure::Continue
    }

    /// What a step waits on while it works.
    fn waits(&self, step: &Step) -> Waits {
        if self.comes_to_hook(step) || self.is_about_nested(step) {
            return Waits::Nested;
        }
        let waits = |type_name: &str| {
            self.core.registry.resource(type_name).is_some_and(|found| found.waits_for_signals())
        };
        // Whoever signals may need a permit to come to it.
        if waits(&step.type_name) {
            return Waits::Nested;
        }
        let is_local =
            |type_name: &str| self.core.registry.resource(type_name).is_some_and(|found| found.is_local());
        match &step.kind {
            // The one that it replaces may be of another type.
            StepKind::Create { replaces: Some(_), .. } | StepKind::Decide { .. } => Waits::Service,
            _ if is_local(&step.type_name) => Waits::Store,
            _ => Waits::Service,
        }
    }
}

/// Tells all steps that something failed, unless they were told more.
fn hasten(signal: &watch::Sender<Signal>) {
    signal.send_if_modified(|told| {
        let is_news = *told == Signal::Run;
        if is_news {
            *told = Signal::Hasten;
        }
        is_news
    });
}

/// What is told from outside, as soon as it is more than to go on, or than what was told before.
async fn told(interrupt: &mut watch::Receiver<Signal>, cancelled: bool, hastened: bool) -> Signal {
    let news = |signal: &Signal| {
        signal.ends()
            || (!cancelled && *signal == Signal::Stop)
            || (!cancelled && !hastened && *signal == Signal::Hasten)
    };
    let told = interrupt.wait_for(news).await.ok().map(|signal| signal.clone());
    match told {
        Some(signal) => signal,
        // Nobody is left who could interrupt.
        None => std::future::pending().await,
    }
}

async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

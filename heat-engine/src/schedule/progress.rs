//! The ledger of a plan's steps.

use super::Counts;
use crate::plan::{Plan, StepId, StepKind};
use std::collections::BTreeSet;

/// How a step ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It did what it says.
    Done,
    /// It left the resource as it was.
    Kept,
    /// It made a new incarnation in the place of the old one: the step that deletes the old one will run.
    Replaced,
    /// There was nothing to do.
    Skipped,
}

/// How a step failed, as far as a schedule is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Failed {
    /// Nothing new starts, what runs is let finish (Heat's rule).
    Stop,
    /// All that does not wait for it goes on.
    Continue,
}

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StepState {
    /// It waits for other steps.
    Waiting,
    /// It could start.
    Ready,
    /// It was started.
    Running,
    /// It ended well.
    Done(Outcome),
    /// It failed.
    Failed,
    /// It will not run: something before it failed.
    Blocked,
}

/// A call does not fit the state of the schedule: a defect of the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScheduleError {
    /// There is no such step.
    #[error("the plan has no step {0}")]
    NoSuchStep(StepId),
    /// The step is in another state than the call needs.
    #[error("step {step} cannot be {wanted}: it is {state:?}")]
    WrongState {
        /// The step.
        step: StepId,
        /// What was to be done with it.
        wanted: &'static str,
        /// Where it stands.
        state: StepState,
    },
    /// A step waits for one that does not stand before it.
    #[error("step {step} waits for step {before}, which does not stand before it in the plan")]
    NotInOrder {
        /// The step.
        step: StepId,
        /// The one that it waits for.
        before: StepId,
    },
}

/// The ledger: which step can start, which runs, which is done. Every edge of the plan is looked at once when a step
/// ends and once when a schedule is made, so a whole run costs time linear in the plan.
#[derive(Debug, Clone)]
pub struct Schedule {
    states: Vec<StepState>,
    /// How many predecessors are not done yet.
    missing: Vec<u32>,
    before: Vec<Vec<StepId>>,
    behind: Vec<Vec<StepId>>,
    /// For conditional deletions: the step that must have replaced.
    condition: Vec<Option<StepId>>,
    ready: BTreeSet<StepId>,
    running: BTreeSet<StepId>,
    counts: Counts,
    stopped: bool,
}

impl Schedule {
    /// The schedule of a plan of which nothing is done.
    ///
    /// # Errors
    /// [`ScheduleError::NotInOrder`] or [`ScheduleError::NoSuchStep`] for a plan that was not made by this crate.
    pub fn new(plan: &Plan) -> Result<Self, ScheduleError> {
        Self::resume(plan, [])
    }

    /// The schedule of a plan of which these steps are known to have ended well: after a restart. A step that was
    /// interrupted is not among them; it is ready again.
    ///
    /// Steps that leave no trace need not be told: whatever a step that is done waited for was done as well. Of those a
    /// step that decides has kept what it was about, and a conditional deletion was not needed.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn resume(
        plan: &Plan,
        done: impl IntoIterator<Item = (StepId, Outcome)>,
    ) -> Result<Self, ScheduleError> {
        let count = plan.steps.len();
        let mut schedule = Self {
            states: vec![StepState::Waiting; count],
            missing: vec![0; count],
            before: Vec::with_capacity(count),
            behind: vec![Vec::new(); count],
            condition: vec![None; count],
            ready: BTreeSet::new(),
            running: BTreeSet::new(),
            counts: Counts { waiting: count, ..Counts::default() },
            stopped: false,
        };
        for (id, step) in plan.iter() {
            let condition = match &step.kind {
                StepKind::Delete { only_if_replaced_by, .. } => *only_if_replaced_by,
                _ => None,
            };
            schedule.condition[id.index()] = condition;
            // A deletion cannot be decided before the step that it hangs on.
            let mut before = step.after.clone();
            before.extend(condition);
            before.sort_unstable();
            before.dedup();
            for first in &before {
                if first.index() >= count {
                    return Err(ScheduleError::NoSuchStep(*first));
                }
                if *first >= id {
                    return Err(ScheduleError::NotInOrder { step: id, before: *first });
                }
                schedule.behind[first.index()].push(id);
            }
            schedule.missing[id.index()] = before.len() as u32;
            schedule.before.push(before);
        }
        let mut ended: Vec<Option<Outcome>> = vec![None; count];
        for (step, outcome) in done {
            *ended.get_mut(step.index()).ok_or(ScheduleError::NoSuchStep(step))? = Some(outcome);
        }
        for at in (0..count).rev() {
            if ended[at].is_some() {
                for before in &schedule.before[at] {
                    ended[before.index()].get_or_insert_with(|| untraced(&plan.steps[before.index()].kind));
                }
            }
        }
        for (at, outcome) in ended.into_iter().enumerate() {
            if let Some(outcome) = outcome {
                schedule.set(StepId(at as u32), StepState::Done(outcome));
                for next in &schedule.behind[at] {
                    schedule.missing[next.index()] -= 1;
                }
            }
        }
        for at in 0..count {
            schedule.admit(StepId(at as u32));
        }
        Ok(schedule)
    }

    /// The steps that can start now, in the order of the plan. None after a failure that stops, or after
    /// [`stop`](Self::stop).
    pub fn ready(&self) -> impl Iterator<Item = StepId> + '_ {
        self.ready.iter().copied().filter(|_| !self.stopped)
    }

    /// The first step that can start now.
    pub fn next_ready(&self) -> Option<StepId> {
        self.ready().next()
    }

    /// The step begins.
    ///
    /// # Errors
    /// It is not ready, or nothing may start any more.
    pub fn start(&mut self, step: StepId) -> Result<(), ScheduleError> {
        match self.state(step).ok_or(ScheduleError::NoSuchStep(step))? {
            StepState::Ready if !self.stopped => {
                self.set(step, StepState::Running);
                Ok(())
            }
            state => Err(ScheduleError::WrongState { step, wanted: "started", state }),
        }
    }

    /// The step ended well. What waited only for it is ready now.
    ///
    /// # Errors
    /// It is not running.
    pub fn finish(&mut self, step: StepId, outcome: Outcome) -> Result<(), ScheduleError> {
        self.must_run(step, "finished")?;
        self.complete(step, outcome);
        Ok(())
    }

    /// The step failed. What waits for it, however far behind, will not run.
    ///
    /// # Errors
    /// It is not running.
    pub fn fail(&mut self, step: StepId, then: Failed) -> Result<(), ScheduleError> {
        self.must_run(step, "failed")?;
        self.set(step, StepState::Failed);
        if then == Failed::Stop {
            self.stopped = true;
        }
        let mut blocked = self.behind[step.index()].clone();
        while let Some(next) = blocked.pop() {
            if self.states[next.index()] == StepState::Waiting {
                self.set(next, StepState::Blocked);
                blocked.extend_from_slice(&self.behind[next.index()]);
            }
        }
        Ok(())
    }

    /// The step was started, but gave up before it did anything that counts (its credentials ran out, a new update
    /// arrived): it is ready again.
    ///
    /// # Errors
    /// It is not running.
    pub fn put_back(&mut self, step: StepId) -> Result<(), ScheduleError> {
        self.must_run(step, "put back")?;
        self.set(step, StepState::Ready);
        Ok(())
    }

    /// Nothing new starts from now on; what runs is let finish.
    pub fn stop(&mut self) {
        self.stopped = true;
    }

    /// Whether nothing new starts any more.
    pub fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// Whether nothing runs and nothing can start: the end, good or bad.
    pub fn is_finished(&self) -> bool {
        self.running.is_empty() && (self.stopped || self.ready.is_empty())
    }

    /// Whether every step ended well.
    pub fn is_complete(&self) -> bool {
        self.counts.done + self.counts.skipped == self.states.len()
    }

    /// Where a step stands.
    pub fn state(&self, step: StepId) -> Option<StepState> {
        self.states.get(step.index()).copied()
    }

    /// The steps in progress, in the order of the plan.
    pub fn running(&self) -> impl Iterator<Item = StepId> + '_ {
        self.running.iter().copied()
    }

    /// The steps that this one waits for directly and that have not ended well.
    pub fn waits_for(&self, step: StepId) -> impl Iterator<Item = StepId> + '_ {
        let before = self.before.get(step.index()).map_or(&[][..], Vec::as_slice);
        before.iter().copied().filter(|first| !matches!(self.states[first.index()], StepState::Done(_)))
    }

    /// How many steps are in which state.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    fn must_run(&self, step: StepId, wanted: &'static str) -> Result<(), ScheduleError> {
        match self.state(step).ok_or(ScheduleError::NoSuchStep(step))? {
            StepState::Running => Ok(()),
            state => Err(ScheduleError::WrongState { step, wanted, state }),
        }
    }

    fn complete(&mut self, step: StepId, outcome: Outcome) {
        let mut ended = vec![(step, outcome)];
        while let Some((step, outcome)) = ended.pop() {
            self.set(step, StepState::Done(outcome));
            for at in 0..self.behind[step.index()].len() {
                let next = self.behind[step.index()][at];
                self.missing[next.index()] -= 1;
                if self.missing[next.index()] == 0 && self.states[next.index()] == StepState::Waiting {
                    if self.is_needless(next) {
                        ended.push((next, Outcome::Skipped));
                    } else {
                        self.set(next, StepState::Ready);
                    }
                }
            }
        }
    }

    /// A step that nothing holds back becomes ready, or is skipped.
    fn admit(&mut self, step: StepId) {
        if self.states[step.index()] != StepState::Waiting || self.missing[step.index()] > 0 {
            return;
        }
        if self.is_needless(step) {
            self.complete(step, Outcome::Skipped);
        } else {
            self.set(step, StepState::Ready);
        }
    }

    /// A deletion of something that was not replaced after all.
    fn is_needless(&self, step: StepId) -> bool {
        self.condition[step.index()]
            .is_some_and(|by| self.states[by.index()] != StepState::Done(Outcome::Replaced))
    }

    fn set(&mut self, step: StepId, state: StepState) {
        let old = std::mem::replace(&mut self.states[step.index()], state);
        *self.counts.of(old) -= 1;
        *self.counts.of(state) += 1;
        match old {
            StepState::Ready => self.ready.remove(&step),
            StepState::Running => self.running.remove(&step),
            _ => false,
        };
        match state {
            StepState::Ready => self.ready.insert(step),
            StepState::Running => self.running.insert(step),
            _ => false,
        };
    }
}

/// How a step ended that was done and left no trace.
fn untraced(kind: &StepKind) -> Outcome {
    match kind {
        StepKind::Keep { .. } | StepKind::Decide { .. } | StepKind::Refuse { .. } => Outcome::Kept,
        StepKind::Delete { only_if_replaced_by: Some(_), .. } => Outcome::Skipped,
        StepKind::Create { replaces: Some(_), .. } | StepKind::Adopt { replaces: Some(_), .. } => {
            Outcome::Replaced
        }
        StepKind::Create { .. }
        | StepKind::Adopt { .. }
        | StepKind::Perform { .. }
        | StepKind::Update { .. }
        | StepKind::Delete { .. } => Outcome::Done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Reason, Step};
    use crate::record::{Action, IncarnationId};

    fn id(text: &str) -> IncarnationId {
        IncarnationId(text.to_owned())
    }

    fn step(name: &str, kind: StepKind, after: &[u32]) -> Step {
        let after = after.iter().copied().map(StepId).collect();
        Step {
            resource: name.into(),
            type_name: "T".into(),
            kind,
            reason: Reason::New,
            after,
            nested: None,
            hooks: Vec::new(),
        }
    }

    fn create(name: &str, after: &[u32]) -> Step {
        step(
            name,
            StepKind::Create { incarnation: id(name), replaces: None, order: None, changes: Vec::new() },
            after,
        )
    }

    fn keep(name: &str, after: &[u32]) -> Step {
        step(name, StepKind::Keep { incarnation: id(name), restore: false }, after)
    }

    fn decide(name: &str) -> Step {
        let kind = StepKind::Decide {
            incarnation: id(name),
            successor: id("new"),
            changes: Vec::new(),
            may_keep: true,
            may_update: false,
            may_replace: true,
            may_refuse: false,
            interrupted: false,
            restore: false,
        };
        step(name, kind, &[])
    }

    fn delete_if(name: &str, by: u32) -> Step {
        let only_if_replaced_by = Some(StepId(by));
        step(
            name,
            StepKind::Delete { incarnation: id(name), only_if_replaced_by, retain: false, snapshot: false },
            &[by],
        )
    }

    fn plan(steps: Vec<Step>) -> Plan {
        Plan::new(Action::Update, 1, steps)
    }

    fn ready(schedule: &Schedule) -> Vec<u32> {
        schedule.ready().map(|step| step.0).collect()
    }

    #[test]
    fn a_step_is_ready_the_moment_its_last_predecessor_is_done() {
        let plan = plan(vec![create("a", &[]), create("b", &[]), create("c", &[0, 1]), create("d", &[0])]);
        let mut schedule = Schedule::new(&plan).unwrap();
        assert_eq!(ready(&schedule), [0, 1]);
        schedule.start(StepId(0)).unwrap();
        schedule.start(StepId(1)).unwrap();
        schedule.finish(StepId(0), Outcome::Done).unwrap();
        assert_eq!(ready(&schedule), [3]);
        assert_eq!(schedule.waits_for(StepId(2)).collect::<Vec<_>>(), [StepId(1)]);
        assert_eq!(schedule.running().collect::<Vec<_>>(), [StepId(1)]);
        let counts = Counts { waiting: 1, ready: 1, running: 1, done: 1, ..Counts::default() };
        assert_eq!(schedule.counts(), counts);
        assert!(schedule.start(StepId(2)).is_err() && schedule.start(StepId(9)).is_err());
    }

    #[test]
    fn after_a_failure_nothing_starts_or_only_what_does_not_hang_on_it() {
        let plan = plan(vec![create("a", &[]), create("b", &[]), create("c", &[0]), create("d", &[2])]);
        for (then, left) in [(Failed::Stop, vec![]), (Failed::Continue, vec![1])] {
            let mut schedule = Schedule::new(&plan).unwrap();
            schedule.start(StepId(0)).unwrap();
            schedule.fail(StepId(0), then).unwrap();
            assert_eq!(ready(&schedule), left);
            assert_eq!(schedule.state(StepId(3)), Some(StepState::Blocked));
            assert_eq!(schedule.is_finished(), then == Failed::Stop);
            assert!(!schedule.is_complete());
        }
    }

    #[test]
    fn what_was_not_replaced_is_not_deleted() {
        let plan = plan(vec![decide("a"), delete_if("a", 0), create("b", &[1])]);
        for (outcome, then) in [(Outcome::Kept, vec![2]), (Outcome::Replaced, vec![1])] {
            let mut schedule = Schedule::new(&plan).unwrap();
            schedule.start(StepId(0)).unwrap();
            schedule.finish(StepId(0), outcome).unwrap();
            assert_eq!(ready(&schedule), then);
        }
    }

    #[test]
    fn after_a_restart_what_a_done_step_waited_for_was_done_too() {
        // Neither keeping nor what was not needed leaves a trace.
        let plan = plan(vec![
            keep("k", &[]),
            decide("a"),
            delete_if("a", 1),
            create("b", &[0, 2]),
            create("c", &[3]),
            keep("l", &[]),
        ]);
        let schedule = Schedule::resume(&plan, [(StepId(3), Outcome::Done)]).unwrap();
        assert_eq!(ready(&schedule), [4, 5]);
        assert_eq!(schedule.state(StepId(2)), Some(StepState::Done(Outcome::Skipped)));
        assert_eq!(schedule.counts().done, 3);
    }

    #[test]
    fn a_plan_whose_steps_wait_for_later_ones_is_refused() {
        let plan = plan(vec![create("a", &[1]), create("b", &[])]);
        let error = Schedule::new(&plan).unwrap_err();
        assert_eq!(error, ScheduleError::NotInOrder { step: StepId(0), before: StepId(1) });
    }
}

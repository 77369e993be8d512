//! The executor: runs a plan on threads, as the schedule allows.

use crate::desired::Goal;
use crate::store::Store;
use crate::types::{self, Types};
use heat_engine::plan::{
    self, Decision, Desired, DesiredState, NestedRecords, Nothing, Plan, PlanError, Prospects, Request, StepId, StepKind,
};
use heat_engine::record::{Action, IncarnationId, ResourceRecord, StackId, Status};
use heat_engine::schedule::{Failed, Outcome, Schedule, ScheduleError};
use heat_plugin_sdk::{PhysicalId, PropertyMap, ReplaceOrder};
use jiff::Timestamp;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc;
use std::{fmt, io, thread};

/// Why a deployment did not come to its end.
#[derive(Debug)]
pub enum Error {
    /// There is no plan.
    Plan(PlanError),
    /// The plan does not fit its schedule: a defect of this program.
    Schedule(ScheduleError),
    /// The store cannot be written.
    Store(io::Error),
    /// Steps failed: what, and why.
    Steps(Vec<String>),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plan(error) => error.fmt(f),
            Self::Schedule(error) => error.fmt(f),
            Self::Store(error) => write!(f, "the store cannot be written: {error}"),
            Self::Steps(failed) => f.write_str(&failed.join("\n")),
        }
    }
}

impl std::error::Error for Error {}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Store(error)
    }
}

impl From<ScheduleError> for Error {
    fn from(error: ScheduleError) -> Self {
        Self::Schedule(error)
    }
}

/// Something to do on a thread. Doing it twice does no harm, so that an interrupted one is simply repeated.
enum Job {
    Make { path: PathBuf, content: Option<String> },
    Remove { path: PathBuf },
}

impl Job {
    fn run(self, folder: &Path) -> io::Result<()> {
        match self {
            Self::Make { path, content: None } => std::fs::create_dir_all(folder.join(path)),
            Self::Make { path, content: Some(content) } => std::fs::write(folder.join(path), content),
            Self::Remove { path } => {
                let path = folder.join(path);
                let removed =
                    if path.is_dir() { std::fs::remove_dir(path) } else { std::fs::remove_file(path) };
                removed.or_else(
                    |error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) },
                )
            }
        }
    }
}

/// What a step comes to: jobs one after the other, and what is recorded behind them.
struct Work {
    jobs: Vec<Job>,
    outcome: Outcome,
    /// The incarnation that stands then, with what it was made from; `None` for a deletion.
    stands: Option<(IncarnationId, DesiredState)>,
    /// Incarnations that are gone then.
    gone: Vec<IncarnationId>,
}

/// A folder, and the store of what lies in it.
pub struct Orchestrator {
    folder: PathBuf,
    pub store: Store,
}

impl Orchestrator {
    /// Works in a folder, with a store beside it.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn new(folder: PathBuf, store: PathBuf) -> io::Result<Self> {
        Ok(Self { folder, store: Store::open(store)? })
    }

    /// What would be done; without a goal everything is deleted.
    ///
    /// # Errors
    /// The goal cannot be had.
    pub fn plan(&mut self, goal: Option<&Goal>) -> Result<Plan, Error> {
        let nothing = Nothing::default();
        let mut ids = Vec::new();
        // Ids are drawn from the store, which the plan also reads: they are made beforehand.
        for _ in 0..goal.map_or(0, |goal| goal.resources().len()) {
            ids.push(self.store.new_incarnation());
        }
        let mut ids = ids.into_iter();
        plan::plan(Request {
            action: if goal.is_some() { Action::Update } else { Action::Delete },
            revision: 1,
            recorded: &self.store.resources,
            nested: &NestedRecords::new(),
            desired: goal.map_or(&nothing as &dyn Desired, |goal| goal),
            rules: &Types,
            new_incarnation: &mut || ids.next().unwrap_or_else(|| IncarnationId("spare".to_owned())),
        })
        .map_err(Error::Plan)
    }

    /// Does it: every step on a thread of its own as soon as nothing holds it back.
    ///
    /// # Errors
    /// A step failed, the store cannot be written.
    pub fn run(&mut self, plan: &Plan, goal: Option<&Goal>) -> Result<(), Error> {
        let mut schedule = Schedule::new(plan)?;
        let mut failed = Vec::new();
        let folder = self.folder.clone();
        thread::scope(|threads| {
            let (tell, hear) = mpsc::channel();
            loop {
                while let Some(step) = schedule.next_ready() {
                    schedule.start(step)?;
                    let work = match self.prepare(plan, step, goal) {
                        Ok(work) => work,
                        Err(reason) => {
                            failed.push(reason);
                            schedule.fail(step, Failed::Continue)?;
                            continue;
                        }
                    };
                    // What is begun is durable before it is begun.
                    self.store.save()?;
                    let (tell, folder) = (tell.clone(), &folder);
                    threads.spawn(move || {
                        let Work { jobs, outcome, stands, gone } = work;
                        let result = jobs.into_iter().try_for_each(|job| job.run(folder));
                        // Nobody hears it only where the store failed, and then nothing may be recorded.
                        let _ = tell.send((step, result, outcome, stands, gone));
                    });
                }
                if schedule.is_finished() {
                    return Ok::<(), Error>(());
                }
                let Ok((step, result, outcome, stands, gone)) = hear.recv() else { return Ok(()) };
                match result {
                    Ok(()) => {
                        self.record(stands, &gone, goal)?;
                        schedule.finish(step, outcome)?;
                    }
                    Err(error) => {
                        let name = plan.step(step).map_or("", |step| step.resource.as_str());
                        failed.push(format!("{name}: {error}"));
                        let id = stands.map(|(id, _)| id).or(gone.into_iter().next());
                        if let Some(id) = id {
                            self.store.write(&id, |record| record.status = Status::Failed)?;
                        }
                        schedule.fail(step, Failed::Continue)?;
                    }
                }
            }
        })?;
        if failed.is_empty() { Ok(()) } else { Err(Error::Steps(failed)) }
    }

    /// Decides what a step comes to now that everything before it is done, and records that it is begun.
    fn prepare(&mut self, plan: &Plan, id: StepId, goal: Option<&Goal>) -> Result<Work, String> {
        let step = plan.step(id).ok_or("there is no such step")?;
        let (name, type_name) = (step.resource.as_str(), step.type_name.as_str());
        if let StepKind::Delete { incarnation, retain, .. } = &step.kind {
            let gone = vec![incarnation.clone()];
            let jobs = if *retain { Vec::new() } else { self.removal(incarnation) };
            return Ok(Work { jobs, outcome: Outcome::Done, stands: None, gone });
        }
        let goal = goal.ok_or("only a deletion has no goal")?;
        let state = goal.state(name, &self.store).map_err(|found| format!("{name}: {found:?}"))?;
        let properties = known(&state);
        let (make, replaces, order, outcome) = match &step.kind {
            StepKind::Create { incarnation, replaces, order, .. } => {
                (Some(incarnation), replaces.as_ref(), *order, Outcome::Done)
            }
            StepKind::Update { incarnation, changes, .. } if !changes.is_empty() => {
                (Some(incarnation), None, None, Outcome::Done)
            }
            StepKind::Decide { incarnation, successor, .. } => {
                let record = self.store.resources.get(incarnation).ok_or("its record is gone")?;
                match plan::decide(record, type_name, &state, &Types, &Prospects::default()) {
                    Decision::Keep => (None, None, None, Outcome::Kept),
                    Decision::Replace { order, .. } => {
                        (Some(successor), Some(incarnation), order, Outcome::Replaced)
                    }
                    _ => (Some(incarnation), None, None, Outcome::Done),
                }
            }
            _ => (None, None, None, Outcome::Kept),
        };
        let Some(make) = make else {
            let stands = Some((step.kind.incarnation().clone(), state));
            return Ok(Work { jobs: Vec::new(), outcome, stands, gone: Vec::new() });
        };
        let (mut jobs, mut gone) = (Vec::new(), Vec::new());
        if let Some(old) = replaces {
            let order = order.unwrap_or_else(|| self.order(old, type_name, &properties));
            if order == ReplaceOrder::DeleteFirst && self.store.resources.contains_key(old) {
                jobs = self.removal(old);
                gone.push(old.clone());
            }
            if let Some(old) = self.store.resources.get_mut(old) {
                Arc::make_mut(old).replaced_by = Some(make.clone());
            }
        }
        let record = self.store.resources.entry(make.clone()).or_insert_with(|| {
            let stack = StackId("files".to_owned());
            Arc::new(ResourceRecord::new(make.clone(), stack, name, type_name, Timestamp::now()))
        });
        let record = Arc::make_mut(record);
        record.action = if record.physical_id.is_some() { Action::Update } else { Action::Create };
        record.status = Status::InProgress;
        let path = types::path(type_name, &properties);
        // The path is known before anything is there: it is the id.
        record.physical_id = Some(PhysicalId::new(path.to_string_lossy()));
        record.properties = Some(properties.clone());
        let content = properties.get("content").and_then(|content| content.as_str()).map(str::to_owned);
        jobs.push(Job::Make { path, content });
        Ok(Work { jobs, outcome, stands: Some((make.clone(), state)), gone })
    }

    fn order(&self, old: &IncarnationId, type_name: &str, new: &PropertyMap) -> ReplaceOrder {
        use heat_engine::plan::TypeRules;
        let old = self.store.resources.get(old).and_then(|record| record.properties.as_ref());
        old.map_or(ReplaceOrder::DeleteFirst, |old| Types.replace_order(type_name, old, new))
    }

    fn removal(&mut self, id: &IncarnationId) -> Vec<Job> {
        let Some(record) = self.store.resources.get_mut(id) else { return Vec::new() };
        let record = Arc::make_mut(record);
        record.action = Action::Delete;
        record.status = Status::InProgress;
        let path = record.physical_id.as_ref().map(|id| PathBuf::from(id.as_str()));
        path.map(|path| Job::Remove { path }).into_iter().collect()
    }

    /// Records how a step ended.
    fn record(
        &mut self,
        stands: Option<(IncarnationId, DesiredState)>,
        gone: &[IncarnationId],
        goal: Option<&Goal>,
    ) -> Result<(), Error> {
        for gone in gone {
            self.store.resources.shift_remove(gone);
            self.store.standing.retain(|_, standing| standing != gone);
        }
        let Some((id, state)) = stands else { return Ok(self.store.save()?) };
        let name = self.store.resources.get(&id).map(|record| record.name.clone()).unwrap_or_default();
        let needs = goal.and_then(|goal| goal.resources().get(&name)).map(|resource| &resource.requires);
        let requires = needs.into_iter().flatten().filter_map(|name| self.store.standing.get(name).cloned());
        let requires = requires.collect();
        self.store.standing.insert(name, id.clone());
        self.store.write(&id, |record| {
            record.status = Status::Complete;
            record.replaced_by = None;
            record.requires = requires;
            record.reference_id = record.physical_id.as_ref().map(ToString::to_string);
            record.definition =
                state.definition.iter().map(|(key, value)| (key.clone(), value.to_value_lossy())).collect();
            let properties = known(&state);
            record.attributes.insert("path".to_owned(), json!(record.reference_id));
            if let Some(content) = properties.get("content").and_then(|content| content.as_str()) {
                record.attributes.insert("size".to_owned(), json!(content.len()));
            }
        })?;
        Ok(())
    }
}

/// The values of a state that is evaluated with all that is there.
fn known(state: &DesiredState) -> PropertyMap {
    state.properties.iter().map(|(name, value)| (name.clone(), value.to_value_lossy())).collect()
}

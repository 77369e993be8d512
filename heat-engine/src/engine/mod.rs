//! The engine: what programs embed.

mod actions;
mod builder;
mod cancel;
mod change;
mod deletion;
mod deployments;
mod driver;
mod error;
mod events;
mod export;
mod health;
mod hooks;
mod particulars;
mod preview;
mod request;
mod required_by;
mod rollback;
mod saved_plan;
mod signal;
mod snapshots;
mod stack;
mod steward;
pub(crate) mod store_content;
mod view;

pub use builder::EngineBuilder;
pub(crate) use cancel::cancelled;
pub use deletion::Deletion;
pub use deployments::{DeploymentView, DerivedConfigView};
pub use error::{EngineError, Refused};
pub use hooks::{Rest, WaitingHook};
pub(crate) use preview::Foreseen;
pub use preview::{PreviewEntry, ResourcePreview, StackPreview, UpdatePreview};
pub use request::{NewStack, Update};
pub(crate) use saved_plan::FoundName;
pub use saved_plan::SavedPlan;
pub use snapshots::SnapshotView;
pub use stack::Stack;
pub use view::{OutputView, ResourceView, StackView};

use crate::plan::Plan;
use crate::record::{Action, OnFailure, Resources, StackId, StackRecord, Status, TraversalRecord};
use crate::run::{Core, Current, Goal, availability_zones, begin, examine, make_plan, stack_event, wake};
use crate::store::{Batch, Claim, Source, StackQuery, StoreError, Write};
use driver::Driver;
use heat_plugin_sdk::{Credentials, Registry};
use heat_template::diagnostic::{Diagnostic, codes};
pub(crate) use request::Content;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use tokio::sync::OwnedMutexGuard;

/// Deploys stacks. Cheap to clone; all clones are the same engine.
///
/// Everything that an engine is asked for is durable before the call returns, and goes on in tasks of the tokio runtime
/// in which it was built. Dropping the engine does not undo anything: an engine on the same store goes on.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    core: Arc<Core>,
    driver: Driver,
    /// One request at a time changes a stack.
    requests: std::sync::Mutex<HashMap<StackId, Arc<tokio::sync::Mutex<()>>>>,
    /// The engine was shut down and takes no requests.
    closed: AtomicBool,
    /// It takes up work that nobody does.
    resumes: bool,
    /// Stacks that it worked on and that another engine asked for: it goes on with those that come back unfinished.
    lent: std::sync::Mutex<HashSet<StackId>>,
}

impl Inner {
    fn new(core: Arc<Core>, resumes: bool) -> Self {
        let driver = Driver::new(Arc::clone(&core));
        Self {
            driver,
            core,
            requests: std::sync::Mutex::default(),
            closed: AtomicBool::new(false),
            resumes,
            lent: std::sync::Mutex::default(),
        }
    }

    /// Waits until no other request changes the stack.
    async fn turn(&self, stack: &StackId) -> Result<OwnedMutexGuard<()>, EngineError> {
        let turn = {
            let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
            // Only those that somebody holds or waits for are kept.
            requests.retain(|_, turn| Arc::strong_count(turn) > 1);
            Arc::clone(requests.entry(stack.clone()).or_default())
        };
        let turn = turn.lock_owned().await;
        self.open(stack.as_str())?;
        Ok(turn)
    }

    /// As [`turn`](Self::turn), but `None` where another request changes the stack.
    fn free_turn(&self, stack: &StackId) -> Result<Option<OwnedMutexGuard<()>>, EngineError> {
        self.open(stack.as_str())?;
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(requests.entry(stack.clone()).or_default()).try_lock_owned().ok())
    }

    fn open(&self, stack: &str) -> Result<(), EngineError> {
        match self.closed.load(Ordering::SeqCst) {
            true => Err(EngineError::Stopped { stack: stack.to_owned() }),
            false => Ok(()),
        }
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("registry", &self.0.core.registry).finish_non_exhaustive()
    }
}

impl Engine {
    /// An engine to be set up.
    pub fn builder() -> EngineBuilder {
        EngineBuilder::default()
    }

    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.0.core
    }

    /// The plugins, the engine's own among them.
    pub fn registry(&self) -> &Arc<Registry> {
        &self.0.core.registry
    }

    /// Creates a stack: checks everything, makes the plan, records it, and begins. Returns when the beginning is durable;
    /// [`Stack::finished`] waits for the end.
    ///
    /// # Errors
    /// [`EngineError::Refused`] with everything that is wrong with the template and its parameters; the name is taken; a
    /// limit; a service that must be asked gives no answer. Nothing was done then, and nothing is left behind.
    pub async fn create(&self, new: NewStack) -> Result<Stack, EngineError> {
        self.0.open(&new.name)?;
        let (stack, goal, plan) = self.prepare(&new).await?;
        let sources = store_content::sources(&new.content).collect();
        self.begin_create(stack, goal, plan, new.on_failure, sources).await
    }

    async fn begin_create(
        &self,
        mut stack: StackRecord,
        goal: Arc<Goal>,
        plan: Plan,
        on_failure: OnFailure,
        sources: Vec<Source>,
    ) -> Result<Stack, EngineError> {
        let core = self.core();
        let mut batch = Batch::create(stack.clone());
        let claim = batch.claim.clone();
        let (record, begun) = begin(core, &claim, &mut stack, plan, Action::Create, on_failure, "");
        batch.writes = vec![Write::CreateStack(stack.clone())];
        batch.writes.extend(sources.into_iter().map(Write::Source));
        batch.writes.extend(begun.writes.into_iter().filter(|write| !matches!(write, Write::Stack(_))));
        core.commit_batch(batch).await?;
        tracing::info!(stack = %stack.name, id = %stack.id, "stack is being created");
        let id = stack.id.clone();
        self.0.driver.start(claim, stack, record, goal, Current::new(Resources::new()), None);
        Ok(Stack::new(self.clone(), id))
    }

    /// The plan that [`create`](Self::create) would run. Nothing is done.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub async fn preview(&self, new: &NewStack) -> Result<Plan, EngineError> {
        self.prepare(new).await.map(|(_, _, plan)| plan)
    }

    /// The stack as Heat's `preview_stack` would show it. Nothing is done.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub async fn preview_stack(&self, new: &NewStack) -> Result<StackPreview, EngineError> {
        let (stack, goal, _) = self.prepare(new).await?;
        Ok(StackPreview {
            stack_name: stack.name,
            description: goal.description(),
            parameters: goal.parameters(),
            resources: goal.previewed_resources(),
        })
    }

    /// Checks a template for its own sake, parameters need not have values, and gives what Heat's template validation
    /// answers: `Description`, `Parameters`, `ParameterGroups` and `Environment`.
    ///
    /// As in Heat names are checked, not values: neither those of parameters, nor those of properties and what functions make
    /// of them, nor whether the files and mappings are there that they come from. Conditions are decided. What a template is worth as a whole tells
    /// [`Template::validate`](heat_template::Template::validate).
    ///
    /// # Errors
    /// [`EngineError::Refused`] with everything that is wrong; a service that must be asked gives no answer.
    pub async fn validate(&self, new: &NewStack) -> Result<Value, EngineError> {
        let stack = self.new_record(new, &new.content);
        self.check_size(&new.content)?;
        match Goal::check_template(self.core(), &stack, &new.content).await {
            Err(EngineError::Refused(refused)) if refused.diagnostics.iter().all(is_about_values) => {}
            checked => checked?,
        }
        let environment = new.content.environment.overlaid_with_parameters(&new.content.parameters);
        Ok(new.content.template.validation_answer(&environment))
    }

    async fn prepare(&self, new: &NewStack) -> Result<(StackRecord, Arc<Goal>, Plan), EngineError> {
        let core = self.core();
        check_name(&new.name)?;
        if core.records.stack_named(&new.project, &new.name).await?.is_some() {
            let (name, project) = (new.name.clone(), new.project.clone());
            return Err(StoreError::StackExists { name, project }.into());
        }
        let zones = availability_zones(core, &new.credentials, &new.content).await?;
        let content = Content { zones, ..new.content.clone() };
        let stack = self.new_record(new, &content);
        let goal = self.goal(&stack, &content).await?;
        examine(core, &stack, &goal, &mut Resources::new()).await?;
        let plan = make_plan(core, &stack, &goal, &Resources::new(), Action::Create).await?;
        Ok((stack, Arc::new(goal), plan))
    }

    fn new_record(&self, new: &NewStack, content: &Content) -> StackRecord {
        let core = self.core();
        StackRecord {
            id: core.ids.stack(),
            name: new.name.clone(),
            project: new.project.clone(),
            revision: 0,
            action: Action::Create,
            status: Status::InProgress,
            reason: String::new(),
            created: core.clock.now(),
            updated: None,
            deleted: None,
            timeout_minutes: new.timeout.map(|timeout| (timeout.as_secs().div_ceil(60)) as u32),
            disable_rollback: new.on_failure != crate::record::OnFailure::Rollback,
            tags: new.tags.clone(),
            credentials: new.credentials.clone(),
            desired: store_content::desired(content),
            last_complete: None,
            traversal: None,
            paused: None,
            owner: None,
            snapshots: Vec::new(),
            pending: BTreeSet::new(),
            moved: BTreeMap::new(),
        }
    }

    fn check_size(&self, content: &Content) -> Result<(), EngineError> {
        let limit = self.core().settings.max_resources;
        let found = content.template.resources().len();
        if found > limit {
            return Err(EngineError::Limit { what: "resources in a stack", found, limit });
        }
        Ok(())
    }

    /// What a stack shall be, checked with everything that services have to say.
    async fn goal(&self, stack: &StackRecord, content: &Content) -> Result<Goal, EngineError> {
        self.check_size(content)?;
        Goal::checked(self.core(), stack, content).await
    }

    /// The stack with this name or id.
    ///
    /// # Errors
    /// There is none; the store cannot be read.
    pub async fn stack(&self, project: &str, name_or_id: &str) -> Result<Stack, EngineError> {
        let records = &self.core().records;
        if let Some(stack) = records.stack_named(project, name_or_id).await? {
            return Ok(Stack::new(self.clone(), stack.id));
        }
        match records.stack(&StackId(name_or_id.to_owned())).await? {
            Some(stack) if stack.project == project => Ok(Stack::new(self.clone(), stack.id)),
            _ => Err(EngineError::NoSuchStack { name: name_or_id.to_owned(), project: project.to_owned() }),
        }
    }

    /// All living stacks of a project, newest first, without parameters and outputs. Nested stacks are not among them; see
    /// [`all_stacks`](Self::all_stacks).
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn stacks(&self, project: &str) -> Result<Vec<StackView>, EngineError> {
        let query = StackQuery { project: Some(project.to_owned()), ..StackQuery::default() };
        let stacks = self.core().records.stacks(&query).await?;
        Ok(stacks.iter().map(StackView::brief).collect())
    }

    /// Stacks of all projects, newest first, without parameters and outputs: for tools that look at a whole store.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn all_stacks(&self, query: &StackQuery) -> Result<Vec<StackView>, EngineError> {
        let stacks = self.core().records.stacks(query).await?;
        Ok(stacks.iter().map(StackView::brief).collect())
    }

    /// Stops between two calls of plugins everywhere and waits for that. Everything is recorded: an engine that is built
    /// on the same store goes on. On a store that engines share ([`SharedStore`](crate::store::SharedStore)) everything is
    /// given back, so that others go on at once.
    pub async fn shutdown(&self) {
        self.0.closed.store(true, Ordering::SeqCst);
        self.0.driver.interrupt_all().await;
        if let Some(shared) = self.core().records.store().shared()
            && let Err(error) = shared.leave().await
        {
            tracing::warn!(%error, "the stacks of this engine are not given back; others wait until its lease runs out");
        }
    }

    /// Goes on with every stack that was left unfinished and that nobody else works on.
    pub(crate) async fn resume(&self) -> Result<(), EngineError> {
        for record in self.core().records.unfinished().await? {
            let stack = record.stack.clone();
            if let Err(error) = self.go_on(record, None).await {
                match error {
                    EngineError::Store(error) => return Err(error.into()),
                    error => tracing::error!(%stack, %error, "the stack cannot be gone on with"),
                }
            }
        }
        Ok(())
    }

    /// Goes on with a traversal, with other credentials if some are given, unless another engine is alive and works on the
    /// stack.
    pub(crate) async fn go_on(
        &self,
        record: TraversalRecord,
        credentials: Option<Credentials>,
    ) -> Result<(), EngineError> {
        let core = self.core();
        if self.0.driver.drives(&record.stack) {
            return Ok(());
        }
        let claim = match &credentials {
            // Who works on it with the old ones lets go of it.
            Some(_) => self.seize(&record.stack).await,
            None => core.records.claim(&record.stack).await,
        };
        let claim = match claim {
            Ok(claim) => claim,
            Err(StoreError::Claimed { .. } | StoreError::NoSuchStack { .. }) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        self.go_on_with(claim, record, credentials).await
    }

    /// As [`go_on`](Self::go_on), under a claim that is held.
    async fn go_on_with(
        &self,
        claim: Claim,
        mut record: TraversalRecord,
        credentials: Option<Credentials>,
    ) -> Result<(), EngineError> {
        let core = self.core();
        let (stack, goal, current) = match self.found_unfinished(&claim, &mut record, credentials).await {
            Ok(Some(found)) => found,
            // Nobody works on it now: the next one who wants to must be able to.
            other => {
                core.records.release(&claim).await?;
                return other.map(drop);
            }
        };
        tracing::info!(stack = %stack.name, action = %record.action, "going on with an unfinished stack");
        self.0.driver.start(claim, stack, record, Arc::new(goal), current, None);
        Ok(())
    }

    /// What is to be gone on with, woken if it waited; `None` where that is somebody else's business.
    async fn found_unfinished(
        &self,
        claim: &Claim,
        record: &mut TraversalRecord,
        credentials: Option<Credentials>,
    ) -> Result<Option<(StackRecord, Goal, Current)>, EngineError> {
        let core = self.core();
        // The parent of a nested stack goes on with it.
        let found = core.records.stack(&record.stack).await?.filter(|stack| stack.owner.is_none());
        let Some(mut stack) = found else { return Ok(None) };
        let goal = match record.action {
            Action::Delete => Goal::nothing(core),
            _ if stack.desired.template.is_none() => Goal::nothing(core),
            _ => driver::recorded_goal(core, &stack, &stack.desired).await?,
        };
        let resources = core.records.resources(&record.stack).await?;
        if wake(core, &mut stack, record) || credentials.is_some() {
            if let Some(credentials) = credentials {
                stack.credentials = credentials;
            }
            let event = stack_event(core, &stack, core.clock.now());
            let writes =
                vec![Write::Stack(stack.clone()), Write::Traversal(record.clone()), Write::Event(event)];
            core.commit(claim, writes).await?;
        }
        Ok(Some((stack, goal, Current::new(resources))))
    }

    /// Whether nothing is being done to a stack, by anybody.
    pub(crate) async fn is_at_rest(&self, stack: &StackId) -> Result<bool, StoreError> {
        if self.0.driver.drives(stack) {
            return Ok(false);
        }
        let record = self.core().records.stack(stack).await?;
        Ok(record.is_none_or(|stack| stack.traversal.is_none() || stack.paused.is_some()))
    }
}

/// Heat's rule for names of root stacks.
fn check_name(name: &str) -> Result<(), EngineError> {
    let mut letters = name.chars();
    let good = letters.next().is_some_and(|first| first.is_ascii_alphabetic())
        && letters.all(|letter| letter.is_ascii_alphanumeric() || "_.-".contains(letter))
        && name.len() <= 255;
    if good { Ok(()) } else { Err(EngineError::BadName { name: name.to_owned() }) }
}

/// Whether Heat's template validation does not look for it.
fn is_about_values(found: &Diagnostic) -> bool {
    let codes = [
        codes::PARAMETER_DEFAULT,
        codes::PARAMETER_VALUE,
        codes::PROPERTY_MISSING,
        codes::PROPERTY_TYPE,
        codes::PROPERTY_CONSTRAINT,
        codes::PROPERTY_CONFLICT,
        codes::FILE_REFERENCE,
        codes::MAPPING_REFERENCE,
    ];
    // What a function makes of its arguments is a value, too, as far as properties go: conditions are decided.
    let in_properties = || found.path.contains(".properties.") || found.path.contains(".Properties.");
    let evaluated = [codes::FUNCTION_VALUE, codes::VALUE_TOO_LARGE].contains(&found.code) && in_properties();
    !found.is_error() || codes.contains(&found.code) || evaluated
}

//! Applying plans that were kept.

use super::basis::{moved, recorded};
use super::{Rights, SavedPlan, Secrets, bad};
use crate::engine::change::{Planned, Prepared};
use crate::engine::deletion::because;
use crate::engine::request::Content;
use crate::engine::{Deletion, Engine, EngineError, NewStack, Stack, check_name, store_content};
use crate::plan::{Act, Plan};
use crate::record::{Action, Desired, OnFailure, Resources, StackRecord};
use crate::run::{Core, Current, Goal, begin, examine, give_up_snapshot, make_plan, perform_plan};
use crate::store::{Source, StoreError};
use heat_plugin_sdk::Credentials;
use std::sync::Arc;
use std::time::Duration;

impl SavedPlan {
    /// What has moved of what is recorded.
    pub(in crate::engine) async fn moved(
        &self,
        core: &Core,
        stack: &StackRecord,
        resources: &Resources,
    ) -> Result<Vec<String>, EngineError> {
        Ok(moved(&self.document.recorded, &recorded(core, stack, resources).await?))
    }

    /// Names for which services find something else than they did.
    pub(in crate::engine) fn found_otherwise(&self, goal: &Goal) -> Vec<String> {
        let now = goal.found_names();
        let of = |found: &super::FoundName| {
            now.iter().find(|other| other.finder == found.finder && other.name == found.name).cloned()
        };
        self.document
            .found
            .iter()
            .filter_map(|found| Some((found, of(found)?)))
            .filter(|(found, other)| found.id != other.id)
            .map(|(found, other)| {
                format!(
                    "what {} finds for {} was {}, and is {}",
                    found.finder, found.name, found.id, other.id
                )
            })
            .collect()
    }

    /// Plugins that are others than those it was made with.
    fn other_plugins(&self, core: &Core) -> Vec<String> {
        let now = super::plugins(core);
        let known =
            |version: &Option<String>| version.clone().unwrap_or_else(|| "of unknown version".to_owned());
        self.document
            .plugins
            .iter()
            .filter_map(|(name, version)| match now.get(name) {
                Some(found) if found == version => None,
                Some(found) => Some(format!("plugin {name} was {}, and is {}", known(version), known(found))),
                None => Some(format!("plugin {name} is not here")),
            })
            .collect()
    }

    fn stale(&self, found: u64, because: Vec<String>) -> EngineError {
        let (stack, planned) = (self.document.stack_name.clone(), self.document.plan.revision);
        EngineError::StalePlan { stack, planned, found, because }
    }

    /// What the stack shall be by it, and the texts that it is made from. `before`: the stack as it is.
    async fn content(
        &self,
        core: &Core,
        before: Option<&StackRecord>,
        secrets: &Secrets,
    ) -> Result<(Desired, Content, Vec<Source>), EngineError> {
        let wanted =
            self.document.desired.clone().ok_or_else(|| bad("it does not say what the stack shall be"))?;
        let recorded = |name: &str| before.and_then(|stack| stack.desired.parameters.get(name).cloned());
        let desired =
            wanted.into_desired(|name| secrets.parameters.get(name).cloned().or_else(|| recorded(name)))?;
        let mut sources: Vec<Source> = self.document.texts.values().map(Source::new).collect();
        sources.extend(secrets.texts.values().map(Source::secret));
        for hash in desired.environment.iter().filter(|hash| !self.has_text(hash, secrets)) {
            if let Some(text) = core.records.source(hash).await? {
                sources.push(Source::secret(text));
            }
        }
        let content = store_content::from_texts(&desired, |hash| {
            sources.iter().find(|source| source.hash() == *hash).map(|source| source.text.clone())
        })?;
        Ok((desired, content, sources))
    }

    fn has_text(&self, hash: &crate::record::SourceHash, secrets: &Secrets) -> bool {
        self.document.texts.contains_key(hash) || secrets.texts.contains_key(hash)
    }

    fn rights(&self, secrets: &Secrets, recorded: Option<&Credentials>) -> Result<Credentials, EngineError> {
        if let Some(given) = secrets.credentials() {
            return Ok(given);
        }
        match &self.document.credentials {
            Rights::Nobody => Ok(Credentials::none()),
            Rights::Named(name) => Ok(Credentials::named(name)),
            Rights::Recorded => {
                recorded.cloned().ok_or_else(|| bad("it does not say whose rights it is done with"))
            }
            Rights::Withheld => Err(bad("the credentials are not in it: give them again to apply the plan")),
        }
    }
}

impl Engine {
    /// Runs a plan that was kept, exactly it and no other: creates its stack, or does to it what the plan says. Returns when
    /// the beginning is durable; from then on it is as if the request itself had been made.
    ///
    /// # Errors
    /// [`EngineError::StalePlan`] with all that has moved since it was made, [`EngineError::BadPlan`]; otherwise as the
    /// request itself. Nothing was done then.
    pub async fn apply(&self, saved: &SavedPlan) -> Result<Stack, EngineError> {
        let core = self.core();
        let document = &saved.document;
        self.0.open(&document.stack_name)?;
        let secrets = saved.open(core)?;
        if document.action == Action::Create {
            return self.apply_create(saved, &secrets).await;
        }
        let stack = Stack::new(self.clone(), document.stack.clone());
        let _turn = self.0.turn(&document.stack).await?;
        let now = stack.living().await?;
        let because = saved.other_plugins(core);
        if !because.is_empty() {
            return Err(saved.stale(now.revision, because));
        }
        match document.action {
            Action::Update if document.desired.is_some() => stack.apply_update(saved, &now, &secrets).await?,
            _ => stack.apply_recorded(saved, &secrets).await?,
        }
        Ok(stack)
    }

    async fn apply_create(&self, saved: &SavedPlan, secrets: &Secrets) -> Result<Stack, EngineError> {
        let core = self.core();
        let document = &saved.document;
        check_name(&document.stack_name)?;
        let _turn = self.0.turn(&document.stack).await?;
        let mut because = saved.other_plugins(core);
        if core.records.stack(&document.stack).await?.is_some() {
            because.push("it was applied already".to_owned());
        }
        if !because.is_empty() {
            return Err(saved.stale(0, because));
        }
        let (name, project) = (document.stack_name.clone(), document.project.clone());
        if core.records.stack_named(&project, &name).await?.is_some() {
            return Err(StoreError::StackExists { name, project }.into());
        }
        let (desired, content, sources) = saved.content(core, None, secrets).await?;
        let new = NewStack {
            name,
            project,
            content,
            credentials: saved.rights(secrets, None)?,
            timeout: document.timeout_minutes.map(|minutes| Duration::from_secs(u64::from(minutes) * 60)),
            on_failure: document.on_failure,
            tags: document.tags.clone(),
        };
        let stack =
            StackRecord { id: document.stack.clone(), desired, ..self.new_record(&new, &new.content) };
        let goal = self.goal(&stack, &new.content).await?;
        examine(core, &stack, &goal, &mut Resources::new()).await?;
        let now = make_plan(core, &stack, &goal, &Resources::new(), Action::Create).await?;
        let plan = Planned::Saved(saved).fits_plan(&stack, &goal, &now)?;
        self.begin_create(stack, Arc::new(goal), plan, document.on_failure, sources).await
    }
}

impl Stack {
    async fn apply_update(
        &self,
        saved: &SavedPlan,
        before: &StackRecord,
        secrets: &Secrets,
    ) -> Result<(), EngineError> {
        let document = &saved.document;
        self.updatable().await?;
        let (desired, content, sources) = saved.content(self.engine.core(), Some(before), secrets).await?;
        let stack = StackRecord {
            desired,
            timeout_minutes: document.timeout_minutes,
            disable_rollback: document.disable_rollback,
            tags: document.tags.clone(),
            credentials: saved.rights(secrets, Some(&before.credentials))?,
            ..before.clone()
        };
        let goal = self.next_goal(before, &stack, &content).await?;
        let (particulars, on_failure) = (document.particulars.clone(), Some(document.on_failure));
        let prepared = Prepared { stack, sources, goal, particulars, on_failure, action: Action::Update };
        self.begin_update(prepared, Some(Planned::Saved(saved))).await
    }

    /// Runs a plan that is made from the record alone.
    async fn apply_recorded(&self, saved: &SavedPlan, secrets: &Secrets) -> Result<(), EngineError> {
        let core = self.engine.core();
        let planned = Planned::Saved(saved);
        let (stack, resources) = (self.living().await?, core.records.resources(&self.id).await?);
        planned.fits_record(core, &stack, &resources).await?;
        let claim = self.engine.seize(&self.id).await?;
        let before = self.record().await?;
        let prepared = async {
            let mut stack = self.living().await?;
            let resources = core.records.resources(&self.id).await?;
            planned.fits_record(core, &stack, &resources).await?;
            give_up_snapshot(core, &mut stack, &resources).await?;
            stack.credentials = saved.rights(secrets, Some(&stack.credentials))?;
            let (goal, now) = self.of_kind(saved.plan(), &stack, &resources).await?;
            let plan = planned.fits_plan(&stack, &goal, &now)?;
            if plan.action == Action::Rollback {
                stack.desired = stack.last_complete.clone().unwrap_or_default();
            }
            Ok((stack, goal, resources, plan))
        };
        let (mut stack, goal, resources, plan) = match prepared.await {
            Ok(prepared) => prepared,
            Err(error) => {
                core.records.release(&claim).await?;
                self.proceed(&before).await?;
                return Err(error);
            }
        };
        let (action, on_failure): (_, OnFailure) = (plan.action, saved.document.on_failure);
        let because = if action == Action::Update { because(&plan) } else { String::new() };
        let (record, batch) = begin(core, &claim, &mut stack, plan, action, on_failure, &because);
        core.commit_batch(batch).await?;
        let current = Current::new(resources);
        self.engine.0.driver.start(claim, stack, record, Arc::new(goal), current, Some(&before.desired));
        Ok(())
    }

    /// What an action aims at that is planned from the record alone, and its plan.
    async fn of_kind(
        &self,
        planned: &Plan,
        stack: &StackRecord,
        resources: &Resources,
    ) -> Result<(Goal, Plan), EngineError> {
        let core = self.engine.core();
        let action = planned.action;
        Ok(match action {
            // Where only a part goes the stack is updated.
            Action::Delete | Action::Update => {
                if action == Action::Update {
                    self.updatable().await?;
                }
                let (only, except) = (planned.asked.only.clone(), planned.asked.except.clone());
                let deletion = Deletion { only, except, ..Deletion::whole() };
                self.deleting(stack, resources, &deletion).await?
            }
            Action::Rollback => self.way_back_from(stack, resources).await?,
            _ => {
                let act = Act::of(action)
                    .ok_or_else(|| bad(format!("there is no plan of the action {action} to be applied")))?;
                super::super::actions::refuse(stack, act)?;
                let plan = perform_plan(core, stack, resources, act).await?;
                (self.goal(stack).await?.0, plan)
            }
        })
    }
}

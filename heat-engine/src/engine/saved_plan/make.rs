//! Making plans that are kept.

use super::basis::recorded;
use super::{Document, Rights, SavedPlan, Secrets, Wanted};
use crate::engine::change::{Foreseen, foresee};
use crate::engine::particulars::Particulars;
use crate::engine::{Deletion, Engine, EngineError, NewStack, Stack, Update, store_content};
use crate::plan::{Act, Plan};
use crate::record::{Desired, OnFailure, Resources, StackRecord};
use crate::run::{Core, Goal};
use crate::store::Source;
use heat_plugin_sdk::Credentials;
use serde_json::Value;
use std::collections::BTreeMap;

impl Engine {
    /// The plan that [`create`](Self::create) would run, to be kept and [applied](Self::apply) later. Nothing is done.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub async fn plan_create(&self, new: &NewStack) -> Result<SavedPlan, EngineError> {
        let (stack, goal, plan) = self.prepare(new).await?;
        let mut secrets = Secrets::default();
        let rights = rights(&new.credentials, &mut secrets);
        let mut document = document(self.core(), &stack, new.on_failure, rights, plan);
        let sources = store_content::sources(&new.content).collect();
        self.core().put_content(&mut document, &mut secrets, &stack.desired, None, sources)?;
        document.found = goal.found_names();
        SavedPlan::new(self.core(), document, secrets)
    }
}

impl Stack {
    /// The plan that [`update`](Self::update) would run now, to be kept and [applied](Engine::apply) later. Nothing is done.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    pub async fn plan_update(&self, update: &Update) -> Result<SavedPlan, EngineError> {
        let core = self.engine.core();
        let now = self.record().await?;
        let prepared = self.prepare(update).await?;
        let resources = core.records.resources(&self.id).await?;
        let marks = recorded(core, &now, &resources).await?;
        let (stack, goal) = (&prepared.stack, &prepared.goal);
        let Foreseen { plan, .. } = foresee(core, prepared.subject(), resources).await?;
        let mut secrets = Secrets::default();
        let rights = match &update.credentials {
            None => Rights::Recorded,
            Some(credentials) => rights(credentials, &mut secrets),
        };
        let on_failure = prepared.on_failure();
        let incarnations: BTreeMap<_, _> = plan
            .asked
            .imported
            .iter()
            .map(|(name, imported)| (name.clone(), imported.incarnation.clone()))
            .collect();
        let mut document = document(core, stack, on_failure, rights, plan);
        core.put_content(&mut document, &mut secrets, &stack.desired, Some(&now.desired), prepared.sources)?;
        document.particulars = Particulars { incarnations, ..prepared.particulars };
        document.found = goal.found_names();
        document.recorded = marks;
        SavedPlan::new(core, document, secrets)
    }

    /// The plan that [`delete`](Self::delete) would run now, to be kept and [applied](Engine::apply) later. Nothing is done.
    ///
    /// # Errors
    /// As [`delete`](Self::delete).
    pub async fn plan_delete(&self) -> Result<SavedPlan, EngineError> {
        self.plan_delete_with(&Deletion::whole()).await
    }

    /// The plan that [`delete_with`](Self::delete_with) would run now, to be kept and [applied](Engine::apply) later. Nothing
    /// is done.
    ///
    /// # Errors
    /// As [`delete_with`](Self::delete_with).
    pub async fn plan_delete_with(&self, deletion: &Deletion) -> Result<SavedPlan, EngineError> {
        let stack = self.living().await?;
        let resources = self.engine.core().records.resources(&self.id).await?;
        let plan = self.preview_delete_with(deletion).await?;
        self.of_record(&stack, &resources, deletion.on_failure, plan, None).await
    }

    /// The plan that [`check`](Self::check), [`suspend`](Self::suspend) or [`resume`](Self::resume) would run now, to be kept
    /// and [applied](Engine::apply) later. Nothing is done.
    ///
    /// # Errors
    /// As those.
    pub async fn plan_act(&self, act: Act) -> Result<SavedPlan, EngineError> {
        let stack = self.living().await?;
        let resources = self.engine.core().records.resources(&self.id).await?;
        let plan = self.preview_act(act).await?;
        let on_failure = if act == Act::Check { OnFailure::Continue } else { OnFailure::Stop };
        self.of_record(&stack, &resources, on_failure, plan, None).await
    }

    /// The plan that [`rollback`](Self::rollback) would run now, to be kept and [applied](Engine::apply) later. Nothing is
    /// done.
    ///
    /// # Errors
    /// As [`rollback`](Self::rollback).
    pub async fn plan_rollback(&self) -> Result<SavedPlan, EngineError> {
        let stack = self.living().await?;
        let resources = self.engine.core().records.resources(&self.id).await?;
        let (goal, plan) = self.way_back_from(&stack, &resources).await?;
        self.of_record(&stack, &resources, OnFailure::Stop, plan, Some(&goal)).await
    }

    /// A plan that is made from the record alone.
    async fn of_record(
        &self,
        stack: &StackRecord,
        resources: &Resources,
        on_failure: OnFailure,
        plan: Plan,
        goal: Option<&Goal>,
    ) -> Result<SavedPlan, EngineError> {
        let core = self.engine.core();
        let mut document = document(core, stack, on_failure, Rights::Recorded, plan);
        document.recorded = recorded(core, stack, resources).await?;
        document.found = goal.map(Goal::found_names).unwrap_or_default();
        SavedPlan::new(core, document, Secrets::default())
    }
}

fn document(
    core: &Core,
    stack: &StackRecord,
    on_failure: OnFailure,
    credentials: Rights,
    plan: Plan,
) -> Document {
    Document {
        heat_plan: SavedPlan::VERSION,
        engine: env!("CARGO_PKG_VERSION").to_owned(),
        made: core.clock.now(),
        plugins: super::plugins(core),
        stack: stack.id.clone(),
        stack_name: stack.name.clone(),
        project: stack.project.clone(),
        action: plan.action,
        on_failure,
        timeout_minutes: stack.timeout_minutes,
        disable_rollback: stack.disable_rollback,
        tags: stack.tags.clone(),
        credentials,
        desired: None,
        texts: BTreeMap::new(),
        particulars: Particulars::default(),
        found: Vec::new(),
        recorded: Vec::new(),
        plan,
    }
}

fn rights(credentials: &Credentials, secrets: &mut Secrets) -> Rights {
    match (credentials.name(), credentials.value()) {
        (None, None) => Rights::Nobody,
        (Some(name), None) => Rights::Named(name.to_owned()),
        _ => {
            secrets.set_credentials(credentials);
            Rights::Withheld
        }
    }
}

impl Core {
    /// Puts what the stack shall be into a document, and what is secret of it beside.
    fn put_content(
        &self,
        document: &mut Document,
        secrets: &mut Secrets,
        desired: &Desired,
        before: Option<&Desired>,
        sources: Vec<Source>,
    ) -> Result<(), EngineError> {
        let Desired { template, environment, files, parameters, hidden, secret: _, availability_zones } =
            desired.clone();
        let mut wanted = Wanted {
            template,
            environment,
            files,
            hidden,
            availability_zones,
            parameters: Default::default(),
            recorded: Vec::new(),
            withheld: Vec::new(),
        };
        for (name, value) in parameters {
            let known = |before: &Desired| before.parameters.get(&name) == Some(&value);
            if !wanted.hidden.contains(&name) {
                wanted.parameters.insert(name, value);
            } else if before.is_some_and(known) {
                wanted.recorded.push(name);
            } else {
                let value: Value = value;
                secrets.parameters.insert(name.clone(), value);
                wanted.withheld.push(name);
            }
        }
        for source in sources {
            let hash = source.hash();
            let is_recorded = before.is_some_and(|before| before.environment.as_ref() == Some(&hash));
            match (source.secret, self.records.seals()) {
                (false, _) => drop(document.texts.insert(hash, source.text)),
                (true, true) => drop(secrets.texts.insert(hash, source.text)),
                (true, false) if is_recorded => {}
                (true, false) => {
                    return Err(EngineError::Unsupported(
                        "a saved plan with an environment that gives a default for a hidden parameter, by an engine without \
                         keys: give the value as a parameter"
                            .to_owned(),
                    ));
                }
            }
        }
        document.desired = Some(wanted);
        Ok(())
    }
}

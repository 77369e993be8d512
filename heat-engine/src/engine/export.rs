//! A stack as Heat hands it over: what `stack abandon` and `stack export` give, what a snapshot tells, and what
//! `stack adopt` takes.

use super::request::Content;
use super::{Engine, EngineError, NewStack, Stack, store_content};
use crate::plan::{Plan, adopting};
use crate::record::{Action, OnFailure, ResourceRecord, Resources, StackRecord};
use crate::run::{
    Core, Current, Goal, OWN_DATA, begin, give_up_snapshot, is_local, make_plan, to_be_adopted,
};
use crate::store::{Batch, Write};
use futures_util::future::BoxFuture;
use heat_plugin_sdk::schema::AttributeMode;
use heat_template::source::SourceMap;
use heat_template::yaml::Limits;
use heat_template::{Environment, Files, ParseOptions, Template};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// A stack in Heat's words.
pub(super) fn frame(
    stack: &StackRecord,
    content: &Content,
    (action, status): (&str, &str),
    resources: Map<String, Value>,
) -> Value {
    let environment = content.environment.overlaid_with_parameters(&content.parameters);
    let files: Map<String, Value> =
        content.files.iter().map(|(name, text)| (name.to_owned(), text.into())).collect();
    json!({
        "name": stack.name,
        "id": stack.id,
        "action": action,
        "environment": environment.to_value(),
        "files": files,
        "status": status,
        "template": content.template.to_value(),
        "resources": resources,
        "project_id": stack.project,
        "stack_user_project_id": Value::Null,
        "tags": stack.tags,
    })
}

impl Stack {
    /// The stack in the form that Heat's `stack export` gives: template, environment, files, and of each resource its id and
    /// what is kept of it; nested stacks in their places. [`Engine::adopt`] takes it, and so does Heat.
    ///
    /// It holds **all values in clear**, those of hidden parameters among them, as in Heat: whoever adopts the stack needs
    /// them.
    ///
    /// # Errors
    /// The stack is gone, or the store cannot be read.
    pub async fn export(&self) -> Result<Value, EngineError> {
        let stack = self.record().await?;
        if stack.deleted.is_some() {
            return Err(EngineError::NoSuchStack { name: stack.name, project: stack.project });
        }
        exported(self.engine.core(), stack).await
    }

    /// Gives the stack up: everything that it made stays and belongs to nobody any more; only the record goes, with the
    /// snapshots. Gives what [`export`](Self::export) gives. Returns when the beginning is durable.
    ///
    /// # Errors
    /// It is gone already; the store fails.
    pub async fn abandon(&self) -> Result<Value, EngineError> {
        let _turn = self.engine.0.turn(&self.id).await?;
        self.living().await?;
        let core = self.engine.core();
        let claim = self.engine.seize(&self.id).await?;
        let mut stack = self.living().await?;
        let prepared = async {
            let data = exported(core, stack.clone()).await?;
            let resources = core.records.resources(&self.id).await?;
            let plan = abandoning(core, &stack, &resources).await?;
            Ok::<_, EngineError>((data, resources, plan))
        };
        let (data, resources, plan) = match prepared.await {
            Ok(prepared) => prepared,
            Err(error) => {
                core.records.release(&claim).await?;
                self.proceed(&stack).await?;
                return Err(error);
            }
        };
        give_up_snapshot(core, &mut stack, &resources).await?;
        let (record, batch) = begin(core, &claim, &mut stack, plan, Action::Delete, OnFailure::Stop, "");
        core.commit_batch(batch).await?;
        let (goal, current) = (Arc::new(Goal::nothing(core)), Current::new(resources));
        self.engine.0.driver.start(claim, stack, record, goal, current, None);
        Ok(data)
    }

    /// The plan that [`abandon`](Self::abandon) would run now. Nothing is done.
    ///
    /// # Errors
    /// As [`abandon`](Self::abandon).
    pub async fn preview_abandon(&self) -> Result<Plan, EngineError> {
        let stack = self.living().await?;
        let core = self.engine.core();
        abandoning(core, &stack, &core.records.resources(&self.id).await?).await
    }
}

async fn abandoning(
    core: &Arc<Core>,
    stack: &StackRecord,
    resources: &Resources,
) -> Result<Plan, EngineError> {
    Ok(make_plan(core, stack, &Goal::nothing(core), resources, Action::Delete).await?.abandoning())
}

/// A stack with its resources, those inside of nested stacks in their places.
fn exported(core: &Arc<Core>, stack: StackRecord) -> BoxFuture<'_, Result<Value, EngineError>> {
    Box::pin(async move {
        let content = match stack.owner {
            None => store_content::recorded_apart(core, &stack.desired).await?,
            Some(_) => store_content::recorded(core, &stack, &stack.desired).await?,
        };
        let goal = Goal::recorded(core, &stack, &stack.desired).await?;
        let current = Current::new(core.records.resources(&stack.id).await?);
        let mut resources = Map::new();
        for record in current.standing_records() {
            let nested = match &record.nested {
                Some(nested) => core.records.stack(&nested.stack).await?.filter(|it| it.deleted.is_none()),
                None => None,
            };
            let shown = match nested {
                Some(nested) => exported(core, nested).await?,
                None => resource(core, &goal, record),
            };
            resources.insert(record.name.clone(), shown);
        }
        Ok(frame(&stack, &content, (stack.action.as_str(), stack.status.as_str()), resources))
    })
}

fn resource(core: &Core, goal: &Goal, record: &ResourceRecord) -> Value {
    json!({
        "name": record.name,
        "resource_id": record.physical_id,
        "type": goal.written_type(&record.name).unwrap_or_else(|| record.type_name.clone()),
        "action": record.action,
        "status": record.status,
        "metadata": if record.metadata.is_null() { json!({}) } else { record.metadata.clone() },
        "resource_data": data(core, record),
    })
}

/// What Heat keeps beside the id: what a thing tells once, and what leads to its saved data. What else the engine knows lies
/// under a key of its own.
fn data(core: &Core, record: &ResourceRecord) -> Map<String, Value> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let schema = core.registry.resource(&record.type_name).map(|found| found.schema());
    let once = |name: &str| {
        let attribute = schema.as_ref().and_then(|schema| schema.attributes.get(name));
        attribute.is_some_and(|attribute| attribute.mode == AttributeMode::AtCreation)
    };
    let told = record.attributes.iter().filter(|(name, value)| once(name) && !value.is_null());
    let saved = record.saved.iter().flat_map(|saved| &saved.data);
    let mut data: Map<String, Value> =
        told.chain(saved).map(|(name, value)| (name.clone(), text(value).into())).collect();
    if record.private.is_some() || !record.owned.is_empty() {
        let own = json!({"private": record.private, "owned": record.owned});
        data.insert(OWN_DATA.to_owned(), own.to_string().into());
    }
    data
}

impl NewStack {
    /// A stack as Heat's `stack abandon` and `stack export` give it, and as [`Stack::export`] does: template, environment,
    /// files, parameters and tags. What is said afterwards counts before. For [`Engine::adopt`].
    ///
    /// # Errors
    /// [`EngineError::Refused`] with what is wrong with the template or the environment in it; there is no template.
    pub fn from_export(name: impl Into<String>, data: &Value) -> Result<Self, EngineError> {
        let missing = || EngineError::Unsupported("adopting data without a template".to_owned());
        let template = data.get("template").filter(|template| template.is_object()).ok_or_else(missing)?;
        let mut sources = SourceMap::new();
        let parsed =
            Template::parse(&mut sources, "template", &template.to_string(), &ParseOptions::default());
        let Some(template) = parsed.value else { return Err(parsed.diagnostics.into()) };
        let mut environment =
            data.get("environment").filter(|it| it.is_object()).cloned().unwrap_or_default();
        let parameters =
            environment.get("parameters").and_then(Value::as_object).cloned().unwrap_or_default();
        if let Value::Object(sections) = &mut environment {
            // Heat names its own bookkeeping; empty sections say nothing.
            sections.retain(|name, section| {
                let full = section.as_object().is_some_and(|it| !it.is_empty())
                    || section.as_array().is_some_and(|it| !it.is_empty());
                full && !matches!(name.as_str(), "parameters" | "encrypted_param_names")
            });
        }
        let environment = match environment.as_object().filter(|it| !it.is_empty()) {
            None => Environment::default(),
            Some(_) => {
                let text = environment.to_string();
                let parsed = Environment::parse(&mut sources, "environment", &text, &Limits::default());
                parsed.value.ok_or_else(|| EngineError::from(parsed.diagnostics))?
            }
        };
        let files = data.get("files").and_then(Value::as_object).into_iter().flatten();
        let files: Files =
            files.filter_map(|(name, text)| Some((name.clone(), text.as_str()?.to_owned()))).collect();
        let tags = data.get("tags").and_then(Value::as_array).into_iter().flatten();
        let tags: Vec<String> = tags.filter_map(|tag| Some(tag.as_str()?.to_owned())).collect();
        Ok(Self::new(name, template).environment(environment).files(files).parameters(parameters).tags(tags))
    }
}

impl Engine {
    /// Makes a stack of things that exist already, by what Heat's `stack abandon` or [`Stack::export`] tells of them: each is
    /// looked at and belongs to the stack from then on, as if the stack had made it. Nothing is made or changed, but for what
    /// is nothing but a record. Returns when the beginning is durable.
    ///
    /// A resource that is not there, or not in order, fails. Before it was seen it is not the stack's: deleting a stack whose
    /// adoption failed leaves it. A rollback leaves everything.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub async fn adopt(&self, new: NewStack, data: &Value) -> Result<Stack, EngineError> {
        self.0.open(&new.name)?;
        let (mut stack, goal, plan) = self.prepared_to_adopt(&new, data).await?;
        let core = self.core();
        let records = to_be_adopted(core, &stack.id, &plan, data, &Resources::new());
        let mut batch = Batch::create(stack.clone());
        let claim = batch.claim.clone();
        let (record, begun) = begin(core, &claim, &mut stack, plan, Action::Adopt, new.on_failure, "");
        batch.writes = vec![Write::CreateStack(stack.clone())];
        batch.writes.extend(store_content::sources(&new.content).map(Write::Source));
        batch.writes.extend(records.iter().cloned().map(Write::Resource));
        batch.writes.extend(begun.writes.into_iter().filter(|write| !matches!(write, Write::Stack(_))));
        core.commit_batch(batch).await?;
        tracing::info!(stack = %stack.name, id = %stack.id, "stack is being adopted");
        let id = stack.id.clone();
        let resources: Resources = records.into_iter().map(|record| (record.id.clone(), record)).collect();
        self.0.driver.start(claim, stack, record, goal, Current::new(resources), None);
        Ok(Stack::new(self.clone(), id))
    }

    /// The plan that [`adopt`](Self::adopt) would run. Nothing is done.
    ///
    /// # Errors
    /// As [`adopt`](Self::adopt).
    pub async fn preview_adopt(&self, new: &NewStack, data: &Value) -> Result<Plan, EngineError> {
        self.prepared_to_adopt(new, data).await.map(|(_, _, plan)| plan)
    }

    async fn prepared_to_adopt(
        &self,
        new: &NewStack,
        data: &Value,
    ) -> Result<(StackRecord, Arc<Goal>, Plan), EngineError> {
        let (mut stack, goal, mut plan) = self.prepare(new).await?;
        stack.action = Action::Adopt;
        let core = self.core();
        adopting(&mut plan, data, &|type_name| is_local(core, type_name));
        Ok((stack, goal, plan))
    }
}

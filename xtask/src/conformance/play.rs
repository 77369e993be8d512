//! Plays one case on an engine of its own and says where it differs first.

use std::collections::{BTreeMap, BTreeSet};

use heat_engine::record::{Action, EventSequence, IncarnationId, StackId, Status};
use heat_engine::run::Clock;
use heat_engine::store::EventQuery;
use heat_engine::{Engine, EngineError, PreviewEntry, ResourceView, Stack, StackView};
use serde_json::{Map, Value, json};

use super::case::{Case, Change, Expect, Operation, PreviewUpdate, Step, StepOperation};
use super::compare::{mentions, same};
use super::request::{self, Refusal};

/// Runs the case under a paused clock of its own. An error is the first difference.
pub(crate) fn play(case: &Case) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .map_err(|error| format!("no runtime: {error}"))?;
    runtime.block_on(whole(case))
}

async fn whole(case: &Case) -> Result<(), String> {
    // Time passes as the runtime's does, so that a wait is over at once.
    let begin = "2026-01-01T00:00:00Z".parse().map_err(|error| format!("no time: {error:?}"))?;
    let clock = Clock::simulated(begin);
    let engine =
        Engine::builder().clock(clock).build().await.map_err(|error| format!("no engine: {error}"))?;
    let expect = &case.expect;
    let asked = match request::new_stack(case) {
        Ok(new) => Asked::run(&engine, case.operation, new).await,
        Err(refusal) => Err(refusal),
    };
    let stack = match (asked, expect.valid) {
        (Err(refusal), false) => {
            nothing_left(&engine).await?;
            return mentions("the refusal", &refusal.0, &expect.must_mention);
        }
        (Err(refusal), true) => return Err(format!("it was refused: {}", refusal.0)),
        (Ok(_), false) => return Err(format!("it was accepted; {}", should_mention(expect))),
        (Ok(Asked::Preview(found)), true) => {
            let wanted = expect.preview.as_ref().ok_or("the case expects no preview")?;
            return same("preview", &sorted_resources(found), &sorted_resources(wanted.clone()));
        }
        (Ok(Asked::Validation(found)), true) => {
            let wanted = expect.validate.as_ref().ok_or("the case expects no validation")?;
            return same("validate", &found, wanted);
        }
        (Ok(Asked::Stack(stack)), true) => stack,
    };
    settled(&stack, expect).await?;
    if expect.steps.len() != case.steps.len() {
        return Err(format!("the case has {} steps and expects {}", case.steps.len(), expect.steps.len()));
    }
    let mut template = case.template.clone();
    for (number, (step, expect)) in case.steps.iter().zip(&expect.steps).enumerate() {
        let name = step.op.name();
        if expect.op != Some(step.op) {
            return Err(format!("the case has {name} as step {number} and expects another"));
        }
        step_through(&stack, step, expect, &mut template)
            .await
            .map_err(|difference| format!("step {} ({name}): {difference}", number + 1))?;
    }
    Ok(())
}

fn should_mention(expect: &Expect) -> String {
    format!("the refusal should mention {:?}", expect.must_mention)
}

/// What the first request comes to.
enum Asked {
    Stack(Stack),
    Preview(Value),
    Validation(Value),
}

impl Asked {
    async fn run(engine: &Engine, operation: Operation, new: heat_engine::NewStack) -> Result<Self, Refusal> {
        Ok(match operation {
            Operation::Create => Self::Stack(engine.create(new).await?),
            Operation::Preview => {
                let preview = engine.preview_stack(&new).await?;
                let resources: Vec<_> = preview.resources.into_iter().map(previewed).collect();
                Self::Preview(json!({
                    "parameters": without_pseudo(preview.parameters),
                    "description": preview.description,
                    "resources": resources,
                }))
            }
            Operation::Validate => {
                let mut answer = engine.validate(&new).await?;
                // The cases hold what Heat says of the template alone.
                if let Some(answer) = answer.as_object_mut() {
                    answer.remove("Environment");
                }
                Self::Validation(answer)
            }
        })
    }
}

/// A resource, or the list of those inside of it.
fn previewed(entry: PreviewEntry) -> Value {
    match entry {
        PreviewEntry::Nested(inside) => inside.into_iter().map(previewed).collect(),
        PreviewEntry::Resource(resource) => {
            let given: Map<_, _> =
                resource.properties.into_iter().filter(|(_, value)| is_something(value)).collect();
            json!({"name": resource.resource_name, "type": resource.resource_type, "properties": given})
        }
    }
}

/// Neither empty nor zero, false or null.
fn is_something(value: &Value) -> bool {
    heat_template::python::truthy(value)
}

/// The order of a preview's resources has no meaning.
fn sorted_resources(mut preview: Value) -> Value {
    if let Some(resources) = preview.get_mut("resources") {
        sort(resources);
    }
    preview
}

fn sort(resources: &mut Value) {
    if let Some(resources) = resources.as_array_mut() {
        resources.iter_mut().for_each(sort);
        resources.sort_by_key(ToString::to_string);
    }
}

/// The parameters that the cases list: those of the template.
fn without_pseudo(parameters: impl IntoIterator<Item = (String, String)>) -> Value {
    let own = parameters
        .into_iter()
        .filter(|(name, _)| !name.starts_with("OS::") && !name.starts_with("AWS::"))
        .map(|(name, value)| (name, Value::String(value)));
    Value::Object(own.collect())
}

async fn nothing_left(engine: &Engine) -> Result<(), String> {
    let stacks = engine.stacks("default").await.map_err(|error| format!("no list of stacks: {error}"))?;
    match stacks.first() {
        None => Ok(()),
        Some(stack) => Err(format!("the refused request left the stack {} behind", stack.stack_name)),
    }
}

/// Waits for the stack and compares all that is expected of it.
async fn settled(stack: &Stack, expect: &Expect) -> Result<(), String> {
    let view = stack.finished().await.map_err(|error| format!("it does not finish: {error}"))?;
    let status = expect.status.as_deref().ok_or("the case expects no status")?;
    if view.stack_status != status {
        return Err(format!(
            "the status is {} instead of {status}: {}",
            view.stack_status, view.stack_status_reason
        ));
    }
    mentions("the status reason", &view.stack_status_reason, &expect.reason_must_mention)?;
    outputs(&view, expect)?;
    if let Some(wanted) = &expect.description {
        same("description", &view.description, wanted)?;
    }
    if let Some(wanted) = &expect.parameters {
        same("parameters", &without_pseudo(view.parameters.clone()), &json!(wanted))?;
    }
    if let Some(wanted) = &expect.dependencies {
        let found = stack.dependencies().await.map_err(|error| format!("no dependencies: {error}"))?;
        let found: BTreeMap<String, BTreeSet<String>> =
            found.into_iter().map(|(name, needs)| (name, needs.into_iter().collect())).collect();
        if found != *wanted {
            return Err(format!("the dependencies are {found:?} instead of {wanted:?}"));
        }
    }
    if let Some(wanted) = &expect.resources {
        let resources = stack.resources().await.map_err(|error| format!("no resources: {error}"))?;
        statuses(&resources, wanted)?;
    }
    let nested = stack.nested_resources(DEPTH).await.map_err(|error| format!("no resources: {error}"))?;
    let inside: BTreeMap<&str, &str> = nested
        .iter()
        .filter(|view| view.path.contains('/'))
        .map(|view| (view.path.as_str(), view.resource_status.as_str()))
        .collect();
    let wanted = &expect.nested_resources;
    // Members of some groups have another name each time: the cases do not tell them.
    if wanted.is_empty() && !inside.is_empty() && expect.resources.is_some() {
        return match inside.keys().find(|path| !has_random_name(path)) {
            None => Ok(()),
            Some(path) => Err(format!("there is a resource {path} too many")),
        };
    }
    for (path, status) in wanted {
        match inside.get(path.as_str()) {
            Some(found) if found == status => {}
            Some(found) => return Err(format!("the resource {path} is {found} instead of {status}")),
            None => return Err(format!("there is no resource {path}, it should be {status}")),
        }
    }
    match inside.keys().find(|path| !wanted.contains_key(**path)) {
        Some(more) => Err(format!("there is a resource {more} too many")),
        None => Ok(()),
    }
}

/// How deep the resources of nested stacks are looked at.
const DEPTH: usize = 10;

/// Whether a resource lies in a group whose members have random names.
fn has_random_name(path: &str) -> bool {
    path.split('/').skip(1).any(|name| {
        name.len() == 12 && name.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
    })
}

/// A resource that was never begun need not be listed.
fn statuses(resources: &[ResourceView], wanted: &BTreeMap<String, String>) -> Result<(), String> {
    let found: BTreeMap<&str, &ResourceView> =
        resources.iter().map(|view| (view.resource_name.as_str(), view)).collect();
    for (name, status) in wanted {
        match found.get(name.as_str()) {
            Some(view) if view.resource_status == *status => {}
            Some(view) => {
                return Err(format!(
                    "the resource {name} is {} instead of {status}: {}",
                    view.resource_status, view.resource_status_reason
                ));
            }
            None if status == "INIT_COMPLETE" => {}
            None => return Err(format!("there is no resource {name}, it should be {status}")),
        }
    }
    match found.keys().find(|name| !wanted.contains_key(**name)) {
        Some(more) => Err(format!("there is a resource {more} too many")),
        None => Ok(()),
    }
}

fn outputs(view: &StackView, expect: &Expect) -> Result<(), String> {
    let values = view
        .outputs
        .iter()
        .filter(|output| output.output_error.is_none())
        .map(|output| (output.output_key.clone(), output.output_value.clone()));
    if let Some(output) = view.outputs.iter().find(|output| {
        output.output_error.is_some() && !expect.output_errors.contains_key(&output.output_key)
    }) {
        let error = output.output_error.as_deref().unwrap_or_default();
        return Err(format!("the output {} fails: {error}", output.output_key));
    }
    let wanted = expect.outputs.as_ref().ok_or("the case expects no outputs")?;
    same("outputs", &Value::Object(values.collect()), &json!(wanted))?;
    for (name, wanted) in &expect.output_errors {
        let found = view.outputs.iter().find(|output| output.output_key == *name);
        match found.and_then(|output| Some((output, output.output_error.as_deref()?))) {
            None => return Err(format!("the output {name} should fail")),
            Some((output, _)) if !output.output_value.is_null() => {
                return Err(format!("the output {name} fails and is {}", output.output_value));
            }
            Some((_, error)) => {
                mentions(&format!("the error of output {name}"), error, &wanted.must_mention)?
            }
        }
    }
    Ok(())
}

async fn step_through(
    stack: &Stack,
    step: &Step,
    expect: &Expect,
    template: &mut String,
) -> Result<(), String> {
    match step.op {
        StepOperation::Delete => {
            stack.delete().await.map_err(|error| format!("it was refused: {error}"))?;
            return match stack.finished().await {
                Ok(view) if view.stack_status == "DELETE_COMPLETE" => Ok(()),
                Err(EngineError::NoSuchStack { .. }) => Ok(()),
                Ok(view) => Err(format!("the status is {}: {}", view.stack_status, view.stack_status_reason)),
                Err(error) => Err(format!("it does not finish: {error}")),
            };
        }
        StepOperation::PreviewUpdate => {
            let before = Snapshot::of(stack).await?;
            let found = match request::update(step, template) {
                Ok(update) => stack.preview_update_as_heat(&update).await.map_err(Refusal::from),
                Err(refusal) => Err(refusal),
            };
            Snapshot::of(stack).await?.same_as(&before)?;
            return match (found, expect.valid) {
                (Err(refusal), false) => mentions("the refusal", &refusal.0, &expect.must_mention),
                (Err(refusal), true) => Err(format!("it was refused: {}", refusal.0)),
                (Ok(_), false) => Err(format!("it was accepted; {}", should_mention(expect))),
                (Ok(found), true) => {
                    let set = |names: Vec<String>| names.into_iter().collect();
                    let found = PreviewUpdate {
                        unchanged: set(found.unchanged),
                        updated: set(found.updated),
                        replaced: set(found.replaced),
                        added: set(found.added),
                        deleted: set(found.deleted),
                    };
                    match &expect.preview_update {
                        Some(wanted) if *wanted == found => Ok(()),
                        wanted => Err(format!("the preview is {found:?} instead of {wanted:?}")),
                    }
                }
            };
        }
        StepOperation::Update => {}
    }
    let before = Snapshot::of(stack).await?;
    let asked = match request::update(step, template) {
        Ok(update) => stack.update(update).await.map_err(Refusal::from),
        Err(refusal) => Err(refusal),
    };
    match (asked, expect.valid) {
        (Err(refusal), false) => {
            Snapshot::of(stack).await?.same_as(&before)?;
            mentions("the refusal", &refusal.0, &expect.must_mention)
        }
        (Err(refusal), true) => Err(format!("it was refused: {}", refusal.0)),
        (Ok(()), false) => Err(format!("it was accepted; {}", should_mention(expect))),
        (Ok(()), true) => {
            if let Some(new) = &step.template {
                template.clone_from(new);
            }
            settled(stack, expect).await?;
            changes(stack, &before, expect).await
        }
    }
}

/// What of a stack must not change unnoticed.
#[derive(Debug, PartialEq)]
struct Snapshot {
    status: String,
    incarnations: BTreeMap<String, (IncarnationId, String, (StackId, String))>,
    events: EventSequence,
}

impl Snapshot {
    async fn of(stack: &Stack) -> Result<Self, String> {
        let failed = |error: EngineError| format!("the stack cannot be read: {error}");
        let resources = stack.nested_resources(DEPTH).await.map_err(failed)?;
        let query = EventQuery { nested: true, ..EventQuery::default() };
        let events = stack.recorded_events(&query).await.map_err(failed)?;
        Ok(Self {
            status: stack.show().await.map_err(failed)?.stack_status,
            incarnations: resources
                .into_iter()
                .map(|view| {
                    (view.path, (view.incarnation, view.resource_status, (view.stack, view.resource_name)))
                })
                .collect(),
            events: events.last().map(|(sequence, _)| *sequence).unwrap_or_default(),
        })
    }

    fn same_as(&self, before: &Self) -> Result<(), String> {
        if self == before { Ok(()) } else { Err(format!("the stack was {before:?} and is {self:?}")) }
    }
}

/// What became of every resource since the snapshot.
async fn changes(stack: &Stack, before: &Snapshot, expect: &Expect) -> Result<(), String> {
    let Some(wanted) = &expect.changes else { return Ok(()) };
    let after = Snapshot::of(stack).await?;
    let query = EventQuery { after: Some(before.events), nested: true, ..EventQuery::default() };
    let events = stack.recorded_events(&query).await.map_err(|error| format!("no events: {error}"))?;
    let updated: BTreeSet<(&StackId, &str)> = events
        .iter()
        .filter(|(_, event)| event.type_name != "OS::Heat::Stack")
        // One that was refused before it began has only the event of its failure.
        .filter(|(_, event)| event.action == Action::Update && event.status == Status::InProgress)
        .map(|(_, event)| (&event.stack, event.resource.as_str()))
        .collect();
    let mut found = BTreeMap::new();
    for name in before.incarnations.keys().chain(after.incarnations.keys()) {
        let change = match (before.incarnations.get(name), after.incarnations.get(name)) {
            (None, _) => Change::Created,
            (_, None) => Change::Deleted,
            (Some((old, ..)), Some((new, ..))) if old != new => Change::Replaced,
            (_, Some((_, _, (stack, resource)))) if updated.contains(&(stack, resource.as_str())) => {
                Change::Updated
            }
            _ => Change::Unchanged,
        };
        found.insert(name.clone(), change);
    }
    if found == *wanted { Ok(()) } else { Err(format!("the changes are {found:?} instead of {wanted:?}")) }
}

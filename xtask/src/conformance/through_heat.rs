//! Plays one case through the `heat` command, a process for each operation, and says where it differs first, as far as
//! the command can be asked for it and shows it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Map, Value, json};

use super::case::{Case, Change, Expect, Operation, Step, StepOperation};
use super::command::{Home, Ran};
use super::compare::{mentions, same};
use super::texts::{Request, Unreachable};

/// Why a case says nothing of the command: it differs, or cannot be played.
#[derive(Debug)]
pub(crate) enum Verdict {
    Differs(String),
    Unreachable(&'static str),
}

impl From<String> for Verdict {
    fn from(difference: String) -> Self {
        Self::Differs(difference)
    }
}

impl From<&str> for Verdict {
    fn from(difference: &str) -> Self {
        Self::Differs(difference.to_owned())
    }
}

impl From<Unreachable> for Verdict {
    fn from(why: Unreachable) -> Self {
        Self::Unreachable(why.0)
    }
}

/// What the recorder says in the place of a wait that nothing could end.
const WITHOUT_END: &str = "nothing that could end this wait";

/// What Heat says where no service answers.
const WITHOUT_CLOUD: &str = "Unable to establish connection";

/// How deep nested stacks are looked at.
const DEPTH: &str = "10";

/// Plays a case in a folder of its own.
pub(crate) fn play(case: &Case, program: &Path, folder: &Path) -> Result<(), Verdict> {
    if case.expect.reason.as_deref().is_some_and(|reason| reason.contains(WITHOUT_END)) {
        return Err(Verdict::Unreachable("it waits for ever, which only the recorder's clock saw"));
    }
    if case.template.contains("\"./") {
        return Err(Verdict::Unreachable(
            "the command makes addresses of names, so Heat's own reading of `./` is not seen",
        ));
    }
    if case.expect.output_errors.values().any(|error| error.message.contains(WITHOUT_CLOUD)) {
        return Err(Verdict::Unreachable("it is recorded without a cloud, and the command has one"));
    }
    let texts = folder.join("texts");
    std::fs::create_dir_all(&texts).map_err(|error| format!("{}: {error}", texts.display()))?;
    // What is to be looked at afterwards must be kept; all else is quicker in memory.
    let expect = &case.expect;
    let looked_at = expect.status.as_deref().is_some_and(|status| status != "CREATE_COMPLETE")
        || expect.dependencies.as_ref().is_some_and(|needs| needs.values().any(|needs| !needs.is_empty()))
        || !expect.nested_resources.is_empty();
    let home = Home::new(program, folder.to_owned(), !case.steps.is_empty() || (expect.valid && looked_at));
    let request = Request {
        template: Some(&case.template),
        parameters: &case.parameters,
        environment: case.environment.as_ref(),
        environment_files: &case.environment_files,
        files: &case.files,
    };
    let words = request.write(&texts)?;
    let ran = match case.operation {
        Operation::Preview => {
            return Err(Verdict::Unreachable("the command shows plans, not Heat's preview"));
        }
        Operation::Validate => home.run(&[text(&["template", "validate"]), words].concat())?,
        Operation::Create => {
            let rollback = if case.disable_rollback { text(&[]) } else { text(&["--enable-rollback"]) };
            home.run(
                &[text(&["stack", "create"]), words, rollback, text(&["--", &case.stack_name])].concat(),
            )?
        }
    };
    if !accepted(&ran, expect)? {
        return nothing_left(&home);
    }
    if case.operation == Operation::Validate {
        let mut found = ran.answer;
        if let Some(found) = found.as_object_mut() {
            found.retain(|key, _| !["Environment", "diagnostics"].contains(&key.as_str()));
        }
        let wanted = expect.validate.as_ref().ok_or("the case expects no validation")?;
        return Ok(same("validate", &found, wanted)?);
    }
    settled(&home, &case.stack_name, &ran, expect)?;
    let mut template = case.template.clone();
    for (number, (step, expect)) in case.steps.iter().zip(&expect.steps).enumerate() {
        step_through(&home, &case.stack_name, step, expect, &mut template).map_err(
            |verdict| match verdict {
                Verdict::Differs(found) => {
                    Verdict::Differs(format!("step {} ({}): {found}", number + 1, step.op.name()))
                }
                other => other,
            },
        )?;
    }
    Ok(())
}

fn text(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Whether the request was accepted, as it should be; a refusal must mention what the case says.
fn accepted(ran: &Ran, expect: &Expect) -> Result<bool, Verdict> {
    match (ran.refused(), expect.valid) {
        (false, true) => Ok(true),
        (true, false) => {
            mentions("the refusal", &ran.refusal(), &expect.must_mention)?;
            Ok(false)
        }
        (true, true) if ran.refusal().contains("cannot read /") => {
            Err(Verdict::Unreachable("a name leads to no file, which ends Heat's client, too"))
        }
        (true, true) if expect.validate.is_some() && ran.refusal().contains("error[") => Err(
            Verdict::Unreachable("`heat template validate` finds what Heat tells only when a stack is made"),
        ),
        (true, true) => Err(format!("it was refused: {}", ran.refusal()).into()),
        (false, false) => Err(format!("it was accepted; it should mention {:?}", expect.must_mention).into()),
    }
}

fn nothing_left(home: &Home) -> Result<(), Verdict> {
    if !home.has_store() {
        // A refused request does not even make one.
        return Ok(());
    }
    let left = home.run(&text(&["stack", "list"]))?.answer;
    if left == json!([]) { Ok(()) } else { Err(format!("the refused request left {left} behind").into()) }
}

/// A nested stack that is kept is one of its own from then on, and is listed.
fn gone(home: &Home, name: &str) -> Result<(), Verdict> {
    let left = home.run(&text(&["stack", "list"]))?.answer;
    match left.as_array().map(|all| all.iter().any(|one| one["stack_name"] == name)) {
        Some(false) => Ok(()),
        _ => Err(format!("the stack is still there: {left}").into()),
    }
}

/// Compares a stack that is at rest with all that is expected of it.
fn settled(home: &Home, name: &str, ran: &Ran, expect: &Expect) -> Result<(), Verdict> {
    let stack = &ran.answer;
    let field = |name: &str| stack[name].as_str().unwrap_or_default();
    let (found, reason) = (field("stack_status"), field("stack_status_reason"));
    let status = expect.status.as_deref().ok_or("the case expects no status")?;
    if found != status {
        return Err(format!("the status is {found} instead of {status}: {reason}{}", ran.refusal()).into());
    }
    let code = i32::from(status.ends_with("FAILED") || status.starts_with("ROLLBACK"));
    if ran.code != Some(code) {
        return Err(format!("the exit code is {:?} instead of {code}", ran.code).into());
    }
    mentions("the status reason", reason, &expect.reason_must_mention)?;
    outputs(stack, expect)?;
    if let Some(wanted) = &expect.description {
        same("description", &stack["description"], wanted)?;
    }
    if let Some(wanted) = &expect.parameters {
        let own = |name: &str| !name.starts_with("OS::") && !name.starts_with("AWS::");
        let found = stack["parameters"].as_object().into_iter().flatten().filter(|(name, _)| own(name));
        let found: Map<String, Value> = found.map(|(name, value)| (name.clone(), value.clone())).collect();
        same("parameters", &Value::Object(found), &json!(wanted))?;
    }
    if home.store { resources(&Resources::of(home, name)?, expect) } else { Ok(()) }
}

fn outputs(stack: &Value, expect: &Expect) -> Result<(), Verdict> {
    let listed = stack["outputs"].as_array().ok_or("it shows no outputs")?;
    let mut values = Map::new();
    for output in listed {
        let key = output["output_key"].as_str().unwrap_or_default();
        match (output["output_error"].as_str(), expect.output_errors.get(key)) {
            (None, _) => drop(values.insert(key.to_owned(), output["output_value"].clone())),
            (Some(error), None) => return Err(format!("the output {key} fails: {error}").into()),
            (Some(error), Some(wanted)) => {
                mentions(&format!("the error of output {key}"), error, &wanted.must_mention)?;
            }
        }
    }
    let wanted = expect.outputs.as_ref().ok_or("the case expects no outputs")?;
    same("outputs", &Value::Object(values), &json!(wanted))?;
    let failed =
        |key: &str| listed.iter().any(|one| one["output_key"] == key && one["output_error"].is_string());
    match expect.output_errors.keys().find(|key| !failed(key)) {
        Some(key) => Err(format!("the output {key} should fail").into()),
        None => Ok(()),
    }
}

/// What `resource list` tells, nested stacks included.
struct Resources(Vec<Value>);

impl Resources {
    fn of(home: &Home, name: &str) -> Result<Self, Verdict> {
        let ran = home.run(&text(&["stack", "resource", "list", "-n", DEPTH, "--", name]))?;
        match ran.answer {
            Value::Array(all) => Ok(Self(all)),
            _ => Err(format!("no list of resources: {}", ran.refusal()).into()),
        }
    }

    /// Those of the stack itself.
    fn own(&self) -> BTreeMap<&str, &Value> {
        let own = self.0.iter().filter(|one| one["parent_resource"].is_null());
        own.filter_map(|one| Some((one["resource_name"].as_str()?, one))).collect()
    }

    /// Those of nested stacks: the resource that they are in, their names, their status.
    fn inside(&self) -> Vec<(String, String, String)> {
        let field = |one: &Value, name: &str| one[name].as_str().unwrap_or_default().to_owned();
        let inside = self.0.iter().filter(|one| !one["parent_resource"].is_null());
        let mut inside: Vec<_> = inside
            .map(|one| {
                (field(one, "parent_resource"), field(one, "resource_name"), field(one, "resource_status"))
            })
            .collect();
        inside.sort();
        inside
    }
}

fn resources(found: &Resources, expect: &Expect) -> Result<(), Verdict> {
    let own = found.own();
    if let Some(wanted) = &expect.resources {
        for (name, status) in wanted {
            match own.get(name.as_str()).map(|one| one["resource_status"].as_str().unwrap_or_default()) {
                Some(found) if found == status => {}
                None if status == "INIT_COMPLETE" => {}
                found => return Err(format!("the resource {name} is {found:?} instead of {status}").into()),
            }
        }
        if let Some(more) = own.keys().find(|name| !wanted.contains_key(**name)) {
            return Err(format!("there is a resource {more} too many").into());
        }
    }
    if let Some(wanted) = &expect.dependencies {
        let mut needs: BTreeMap<&str, BTreeSet<&str>> =
            own.keys().map(|name| (*name, BTreeSet::new())).collect();
        for (needed, one) in &own {
            for later in one["required_by"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                needs.entry(later).or_default().insert(needed);
            }
        }
        // One that was never begun is not listed.
        for (name, found) in needs {
            let wanted: BTreeSet<&str> = wanted.get(name).into_iter().flatten().map(String::as_str).collect();
            if !found.iter().all(|needed| wanted.contains(needed))
                || wanted.iter().any(|needed| own.contains_key(needed) && !found.contains(needed))
            {
                return Err(format!("{name} needs {found:?} instead of {wanted:?}").into());
            }
        }
    }
    // Members of some groups have another name each time: the cases do not tell them.
    if expect.nested_resources.is_empty() {
        return Ok(());
    }
    let mut wanted: Vec<(String, String, String)> = Vec::new();
    for (path, status) in &expect.nested_resources {
        let mut parts = path.rsplit('/');
        let (name, parent) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        wanted.push((parent.to_owned(), name.to_owned(), status.clone()));
    }
    wanted.sort();
    let found = found.inside();
    if found == wanted { Ok(()) } else { Err(format!("inside is {found:?} instead of {wanted:?}").into()) }
}

fn step_through(
    home: &Home,
    name: &str,
    step: &Step,
    expect: &Expect,
    template: &mut String,
) -> Result<(), Verdict> {
    match step.op {
        StepOperation::PreviewUpdate => {
            return Err(Verdict::Unreachable("the command shows plans, not Heat's preview"));
        }
        StepOperation::Delete => {
            let ran = home.run(&text(&["stack", "delete", "-y", "--", name]))?;
            return match ran.code {
                Some(0) => gone(home, name),
                code => Err(format!("it ends with {code:?}: {}", ran.refusal()).into()),
            };
        }
        StepOperation::Update => {}
    }
    let before = Resources::of(home, name)?;
    let begun = events(home, name)?.len();
    let texts = home.folder().join("texts");
    if !step.existing {
        let emptied = std::fs::remove_dir_all(&texts).and_then(|()| std::fs::create_dir_all(&texts));
        emptied.map_err(|error| format!("{}: {error}", texts.display()))?;
    }
    // An update that starts from scratch names a template in any case.
    let given = step.template.as_deref().or((!step.existing).then_some(template.as_str()));
    let request = Request {
        template: given,
        parameters: &step.parameters,
        environment: step.environment.as_ref(),
        environment_files: &step.environment_files,
        files: &step.files,
    };
    if given.is_none() && !step.files.is_empty() {
        return Err(Verdict::Unreachable("files come without a text that names them"));
    }
    let mut words = [text(&["stack", "update"]), request.write(&texts)?].concat();
    if step.existing {
        words.push("--existing".to_owned());
    }
    for parameter in &step.clear_parameters {
        words.extend(text(&["--clear-parameter", parameter]));
    }
    let rollback = if step.disable_rollback.unwrap_or(true) { "disabled" } else { "enabled" };
    words.extend(text(&["--rollback", rollback, "--", name]));
    let ran = home.run(&words)?;
    if !accepted(&ran, expect)? {
        let after = Resources::of(home, name)?;
        return match after.0 == before.0 && events(home, name)?.len() == begun {
            true => Ok(()),
            false => Err("the refused update changed the stack".into()),
        };
    }
    if let Some(new) = &step.template {
        template.clone_from(new);
    }
    settled(home, name, &ran, expect)?;
    changes(&before, &Resources::of(home, name)?, &events(home, name)?[begun..], expect)
}

fn events(home: &Home, name: &str) -> Result<Vec<Value>, Verdict> {
    let ran = home.run(&text(&["stack", "event", "list", "--", name]))?;
    match ran.answer {
        Value::Array(all) => Ok(all),
        _ => Err(format!("no list of events: {}", ran.refusal()).into()),
    }
}

/// What became of the stack's own resources.
fn changes(before: &Resources, after: &Resources, events: &[Value], expect: &Expect) -> Result<(), Verdict> {
    let Some(wanted) = &expect.changes else { return Ok(()) };
    let (before, after) = (before.own(), after.own());
    let has_event = |name: &str, status: &str| {
        events.iter().any(|event| {
            event["resource_name"] == name
                && event["resource_type"] != "OS::Heat::Stack"
                && event["resource_status"] == status
        })
    };
    let mut found = BTreeMap::new();
    for name in before.keys().chain(after.keys()) {
        let change = match (before.contains_key(name), after.contains_key(name)) {
            (false, _) => Change::Created,
            (true, false) => Change::Deleted,
            (true, true) if has_event(name, "CREATE_IN_PROGRESS") => Change::Replaced,
            (true, true) if has_event(name, "UPDATE_IN_PROGRESS") => Change::Updated,
            (true, true) => Change::Unchanged,
        };
        found.insert(*name, change);
    }
    let own = wanted.iter().filter(|(path, _)| !path.contains('/'));
    let wanted: BTreeMap<&str, Change> = own.map(|(path, change)| (path.as_str(), *change)).collect();
    if found == wanted {
        Ok(())
    } else {
        Err(format!("the changes are {found:?} instead of {wanted:?}").into())
    }
}

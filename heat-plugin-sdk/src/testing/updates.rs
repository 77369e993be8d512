//! Updates in place: one that changes nothing, each property alone, and all of them back.

use super::conformance::Trial;
use super::life::Life;
use super::prepare::prepare;
use super::report::Step;
use super::sanity;
use crate::{Change, Failure, Observation, PropertyMap};
use heat_template::schema::{Translation, UpdateMode};
use serde_json::Value;

impl Trial<'_> {
    fn updatable(&self) -> Vec<String> {
        let fields = self.schema.properties.iter();
        fields
            .filter(|(_, property)| property.update == UpdateMode::InPlace && property.implemented)
            .filter(|(name, _)| !self.schema.translations.iter().any(|rule| is_old_name(rule, name)))
            .map(|(name, _)| name.clone())
            .collect()
    }

    pub(super) async fn no_change(&mut self, life: &mut Life) {
        if !self.applies(&Step::NoChange) {
            return;
        }
        if self.updatable().is_empty() {
            return self.report.not_applicable(Step::NoChange, "no property can be updated in place");
        }
        life.begin(&mut self.identities);
        let before = match life.read(&self.driver).await {
            Ok(before) => before,
            Err(failure) => return self.report.failed(Step::NoChange, failure.to_string()),
        };
        let change = Change::new(life.properties.clone(), life.properties.clone(), []);
        let problems = match life.update(&self.driver, &change).await {
            Err(failure) => vec![failure.to_string()],
            Ok(after) => {
                difference(before.as_ref(), after.as_ref(), &self.fixture.volatile).into_iter().collect()
            }
        };
        let mut problems = problems;
        if life.resource.needs_replace(&change) {
            problems.push("needs_replace wants a new object though nothing changes".to_owned());
        }
        self.report.judge(Step::NoChange, problems);
    }

    pub(super) async fn updates(&mut self, life: &mut Life, first: &Value) {
        let fixture = self.fixture;
        let (mut written, mut back) = (first.clone(), Vec::new());
        for name in self.updatable() {
            let step = Step::Update(name.clone());
            let Some(second) = fixture.updates.get(&name) else {
                if self.applies(&step) {
                    self.report.failed(
                        step,
                        "the fixture has no second value: add Fixture::update, or skip it with a reason",
                    );
                }
                continue;
            };
            if !self.applies(&step) {
                continue;
            }
            let mut next = written.clone();
            if let Value::Object(map) = &mut next {
                map.insert(name.clone(), second(&self.run));
            }
            match self.update(life, &next, Some(&name)).await {
                Ok(Updated::InPlace) => {
                    self.report.passed(step);
                    written = next;
                    if !fixture.one_way.iter().any(|(one_way, _)| *one_way == name) {
                        back.push(name);
                    }
                }
                Ok(Updated::Replaces) => {
                    self.report
                        .not_applicable(step, "needs_replace says that this change makes a new object");
                }
                Err(problems) => {
                    self.report.judge(step, problems);
                    // Whatever holds now, the next updates start from what was asked for.
                    written = next;
                }
            }
        }
        for name in fixture.updates.keys().filter(|name| !self.schema.properties.contains_key(*name)) {
            self.report.failed(Step::Update(name.clone()), "the fixture updates what is no property");
        }
        if back.is_empty() || !self.applies(&Step::UpdateBack) {
            return;
        }
        for (name, reason) in &fixture.one_way {
            self.report.not_applicable(Step::UpdateBack, format!("{name}: {reason}"));
        }
        for name in &back {
            if let (Value::Object(map), Value::Object(first)) = (&mut written, first) {
                match first.get(name) {
                    Some(value) => map.insert(name.clone(), value.clone()),
                    None => map.shift_remove(name),
                };
            }
        }
        match self.update(life, &written, None).await {
            Ok(Updated::InPlace) => self.report.passed(Step::UpdateBack),
            Ok(Updated::Replaces) => {
                let reason = "needs_replace says that going back makes a new object";
                self.report.not_applicable(Step::UpdateBack, reason);
            }
            Err(problems) => self.report.judge(Step::UpdateBack, problems),
        }
    }

    /// One update in place, called twice as after a crash.
    async fn update(
        &mut self,
        life: &mut Life,
        written: &Value,
        expected: Option<&str>,
    ) -> std::result::Result<Updated, Vec<String>> {
        let text = |failure: Failure| vec![format!("{failure} ({:?})", failure.class())];
        let next = prepare(self.registry, self.connections, &self.driver, &self.schema, written)
            .await
            .map_err(text)?;
        self.secrets.extend(sanity::secrets(&self.schema.properties, &next));
        life.resource.validate(&next).map_err(text)?;
        let changed = changed(&life.properties, &next);
        if let Some(name) = expected
            && !changed.iter().any(|changed| changed == name)
        {
            return Err(vec!["the fixture's second value is the same as the first".to_owned()]);
        }
        let change = Change::new(life.properties.clone(), next.clone(), changed);
        if life.resource.needs_replace(&change) {
            return Ok(Updated::Replaces);
        }
        life.begin(&mut self.identities);
        let updated = life.update(&self.driver, &change).await.map_err(text)?;
        let mut problems = self.after_update(life, &next, updated);
        life.again();
        match life.update(&self.driver, &change).await {
            Ok(updated) => {
                let repeated = self.after_update(life, &next, updated);
                problems
                    .extend(repeated.into_iter().map(|problem| format!("repeated after a crash: {problem}")));
            }
            Err(failure) => {
                problems.push(format!("repeated after a crash: {failure} ({:?})", failure.class()))
            }
        }
        life.apply(next);
        problems.dedup();
        if problems.is_empty() { Ok(Updated::InPlace) } else { Err(problems) }
    }

    fn after_update(&mut self, life: &Life, next: &PropertyMap, seen: Option<Observation>) -> Vec<String> {
        let Some(seen) = seen else {
            return vec!["after the update read does not find the object; was a new id recorded?".to_owned()];
        };
        self.observed(life, &seen);
        sanity::property_findings(&self.schema, next, &seen)
    }
}

enum Updated {
    InPlace,
    Replaces,
}

fn is_old_name(rule: &Translation, name: &str) -> bool {
    match rule {
        Translation::Replace { from: path, .. } | Translation::Delete { path } => {
            path.len() == 1 && path[0] == name
        }
        _ => false,
    }
}

/// The top-level properties that differ.
fn changed(old: &PropertyMap, new: &PropertyMap) -> Vec<String> {
    let differs =
        |name: &&String| old.get(*name).unwrap_or(&Value::Null) != new.get(*name).unwrap_or(&Value::Null);
    let gone = old.keys().filter(|name| !new.contains_key(*name));
    new.keys().chain(gone).filter(differs).cloned().collect()
}

/// What an update that changes nothing has changed.
fn difference(
    before: Option<&Observation>,
    after: Option<&Observation>,
    volatile: &[(String, String)],
) -> Option<String> {
    let (Some(before), Some(after)) = (before, after) else {
        return (before.is_some() != after.is_some())
            .then(|| "the object is not the same afterwards".to_owned());
    };
    if let Some((name, _)) =
        before.properties.iter().find(|(name, value)| after.properties.get(*name) != Some(value))
    {
        return Some(format!("property {name} is another one afterwards"));
    }
    let fixed =
        before.attributes.iter().filter(|(name, _)| !volatile.iter().any(|(other, _)| other == *name));
    let name = fixed.into_iter().find(|(name, value)| after.attributes.get(*name) != Some(value));
    name.map(|(name, _)| format!("attribute {name} is another one afterwards"))
}

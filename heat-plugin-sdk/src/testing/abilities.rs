//! What only some types have: reading many at once, handing a place over, attributes on demand.

use super::conformance::Trial;
use super::life::Life;
use super::report::Step;
use super::sanity;
use crate::{Observation, PhysicalId, ReplaceOrder, Result};
use heat_template::schema::AttributeMode;
use std::sync::Arc;

impl Trial<'_> {
    /// Reading several at once gives an answer for each, in order, and the same as reading one.
    pub(super) async fn read_many(&mut self, life: &Life) {
        if !self.applies(&Step::ReadMany) {
            return;
        }
        let Ok(id) = life.id() else { return };
        let cx = life.context();
        let calls = [(&cx, &id), (&cx, &id)];
        let mut problems = Vec::new();
        let answers = self.driver.bounded(async { Ok(life.resource.read_many(&calls).await) }).await;
        let answers = match answers {
            Ok(answers) => answers,
            Err(failure) => return self.report.failed(Step::ReadMany, failure.to_string()),
        };
        if answers.len() != calls.len() {
            problems.push(format!("read_many gives {} answers to {} calls", answers.len(), calls.len()));
        }
        for answer in &answers {
            match answer {
                Ok(Some(seen)) => {
                    problems.extend(sanity::property_findings(&self.schema, &life.properties, seen))
                }
                Ok(None) => problems.push("read_many does not find what read finds".to_owned()),
                Err(failure) => problems.push(failure.to_string()),
            }
        }
        problems.dedup();
        self.report.judge(Step::ReadMany, problems);
    }

    /// A place is given free and taken back, each twice as after a crash, and then everything is as before.
    pub(super) async fn hand_over(&mut self, life: &mut Life, before: &Observation) {
        let hands_over =
            life.resource.replace_order(&life.properties, &life.properties) == ReplaceOrder::Handover;
        if !hands_over || !self.applies(&Step::Handover) {
            return;
        }
        let Ok(id) = life.id() else { return };
        life.begin(&mut self.identities);
        let mut problems = Vec::new();
        for turn in ["", "again: "] {
            let cx = life.context();
            if let Err(failure) = self.driver.repeated(|| life.resource.prepare_for_replace(&cx, &id)).await {
                problems.push(format!("prepare_for_replace {turn}{failure}"));
            }
        }
        for turn in ["", "again: "] {
            let cx = life.context();
            if let Err(failure) = self.driver.repeated(|| life.resource.restore_after_replace(&cx, &id)).await
            {
                problems.push(format!("restore_after_replace {turn}{failure}"));
            }
        }
        match life.read(&self.driver).await {
            Ok(Some(after)) if after.properties == before.properties => {}
            Ok(Some(_)) => {
                problems.push("the object is not what it was before its place was given free".to_owned())
            }
            Ok(None) => problems.push("the object is gone after it got its place back".to_owned()),
            Err(failure) => problems.push(failure.to_string()),
        }
        self.report.judge(Step::Handover, problems);
    }

    /// Its data are saved, once however often that is asked for under one key; what was saved can be restored, and is removed,
    /// also if that is asked for once more.
    pub(super) async fn snapshot(&mut self, life: &mut Life) {
        if !self.schema.snapshot_policy || !self.applies(&Step::Snapshot) {
            return;
        }
        let Ok(id) = life.id() else { return };
        life.begin(&mut self.identities);
        let result = self.saved_and_removed(life, &id).await;
        match result {
            Ok(problems) => self.report.judge(Step::Snapshot, problems),
            Err(failure) => self.report.failed(Step::Snapshot, failure.to_string()),
        }
    }

    async fn saved_and_removed(&self, life: &Life, id: &PhysicalId) -> Result<Vec<String>> {
        let (resource, driver) = (&life.resource, &self.driver);
        let cx = life.context();
        let saved = driver.repeated(|| resource.snapshot(&cx, id)).await?;
        let mut problems = Vec::new();
        let again = driver.repeated(|| resource.snapshot(&cx, id)).await?;
        if again != saved {
            problems.push("snapshot under the same key saves the data twice".to_owned());
        }
        driver.until_done(|| resource.snapshot_progress(&cx, id, &saved)).await?;
        if let Some(restored) = resource.restored(&saved) {
            let names = restored.set.keys().chain(&restored.without);
            let unknown = names.filter(|name| !self.schema.properties.contains_key(*name));
            problems.extend(unknown.map(|name| format!("restored names {name}, which is no property")));
        }
        for _ in 0..2 {
            match driver.until_done(|| resource.remove_snapshot(&cx, &saved)).await {
                Err(failure) if !failure.is_not_found() => return Err(failure),
                _ => {}
            }
        }
        Ok(problems)
    }

    pub(super) async fn attributes_on_demand(&mut self, life: &Life) {
        let schema = Arc::clone(&self.schema);
        let on_demand = schema.attributes.iter().filter(|(_, one)| one.mode == AttributeMode::OnDemand);
        for (name, attribute) in on_demand {
            let step = Step::Attribute(name.clone());
            if !self.applies(&step) {
                continue;
            }
            let (id, cx) = match life.id() {
                Ok(id) => (id, life.context()),
                Err(_) => return,
            };
            match self.driver.repeated(|| life.resource.attribute(&cx, &id, name)).await {
                Ok(value) => self
                    .report
                    .judge(step, sanity::attribute_misfit(name, attribute, &value).into_iter().collect()),
                Err(failure) => self.report.failed(step, failure.to_string()),
            }
        }
    }
}

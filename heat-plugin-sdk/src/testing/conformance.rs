//! The conformance kit: every type of a plugin through its whole life.

use super::driver::Driver;
use super::fixture::{Fixture, Fixtures, Made, Run};
use super::life::{Identities, Life};
use super::prepare::{Connections, prepare};
use super::report::{Report, Step, TypeReport};
use super::sanity;
use crate::{DynResource, Failure, FindBasis, Finding, Observation, Plugin, Registry, Result, State};
use heat_template::schema::ResourceSchema;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Runs every resource type of a plugin through its life and reports what does not hold.
///
/// Types run one after the other. Everything that the kit made is removed, also after a failure; what could not be
/// removed is reported with its id. See the [module](super) for the steps.
pub async fn conformance(plugin: Plugin, fixtures: Fixtures) -> Report {
    let name = plugin.name().to_owned();
    let registry = Registry::new().with(plugin);
    let mut types = Vec::new();
    if let Err(error) = registry.check() {
        let mut report = TypeReport::new(name.clone());
        report.failed(Step::Schema, error.to_string());
        types.push(report);
    }
    let connections = Connections::new(fixtures.credentials.clone());
    for fixture in &fixtures.fixtures {
        let mut report = TypeReport::new(fixture.type_name.clone());
        match registry.resource(&fixture.type_name) {
            Some(resource) => {
                let patience = fixture.patience.unwrap_or(fixtures.patience);
                let mut trial = Trial {
                    registry: &registry,
                    connections: &connections,
                    driver: Driver::new(Arc::clone(&fixtures.sleep), patience, fixtures.pause),
                    fixture,
                    schema: resource.schema(),
                    resource: Arc::clone(resource),
                    identities: Identities::new(),
                    run: Run { unique: String::new(), made: BTreeMap::new() },
                    secrets: Vec::new(),
                    report: &mut report,
                };
                trial.run().await;
            }
            None => report.failed(Step::Schema, "the plugin has no such type; is the fixture's name right?"),
        }
        types.push(report);
    }
    for resource in registry.resources() {
        let type_name = &resource.schema().type_name;
        if fixtures.fixtures.iter().any(|fixture| fixture.type_name == *type_name) {
            continue;
        }
        let mut report = TypeReport::new(type_name.clone());
        match fixtures.without.iter().find(|(without, _)| without == type_name) {
            Some((_, reason)) => report.not_applicable(Step::Create, reason.clone()),
            None => report
                .failed(Step::Create, "there is no fixture: add one, or Fixtures::without with a reason"),
        }
        types.push(report);
    }
    Report { plugin: name, types }
}

/// One type on its way through the kit.
pub(super) struct Trial<'a> {
    pub(super) registry: &'a Registry,
    pub(super) connections: &'a Connections,
    pub(super) driver: Driver,
    pub(super) fixture: &'a Fixture,
    pub(super) schema: Arc<ResourceSchema>,
    pub(super) resource: Arc<dyn DynResource>,
    pub(super) identities: Identities,
    pub(super) run: Run,
    pub(super) secrets: Vec<String>,
    pub(super) report: &'a mut TypeReport,
}

/// The rest of the steps cannot be tried; why stands in the report.
pub(super) struct Stop;

pub(super) type Steps<T = ()> = std::result::Result<T, Stop>;

impl Trial<'_> {
    async fn run(&mut self) {
        self.report.judge(Step::Schema, sanity::schema_problems(&self.schema));
        self.run.unique = self.identities.short(6);
        let mut prerequisites = Vec::new();
        if self.prerequisites(&mut prerequisites).await.is_ok() {
            let mut whole = None;
            let went_well = self.whole_life(&mut whole).await.is_ok();
            self.clean_up(whole).await;
            if went_well {
                let mut crashed = None;
                let _ = self.crash(&mut crashed).await;
                self.clean_up(crashed).await;
            }
        }
        while let Some(object) = prerequisites.pop() {
            self.clean_up(Some(object)).await;
        }
        let printed = self.driver.printed();
        if self.secrets.iter().any(|secret| printed.contains(secret.as_str())) {
            self.report
                .failed(Step::Secrets, "a secret stands in a failure's text, a reason or a Debug output");
        } else if !self.secrets.is_empty() {
            self.report.passed(Step::Secrets);
        }
    }

    /// Whether a step is to be tried; a reason against it goes into the report.
    pub(super) fn applies(&mut self, step: &Step) -> bool {
        match self.fixture.skip_reason(step) {
            Some(reason) => {
                self.report.not_applicable(step.clone(), reason);
                false
            }
            None => true,
        }
    }

    pub(super) fn fail<T>(&mut self, step: Step, failure: &Failure) -> Steps<T> {
        self.report.failed(step, format!("{failure} ({:?})", failure.class()));
        Err(Stop)
    }

    pub(super) async fn object(
        &mut self,
        resource: &Arc<dyn DynResource>,
        name: &str,
        written: &Value,
    ) -> Result<Life> {
        let schema = resource.schema();
        let connector = self.registry.resource_connector(&schema.type_name);
        let connection = self.connections.get(&self.driver, resource.connector(), connector).await?;
        let properties = prepare(self.registry, self.connections, &self.driver, &schema, written).await?;
        resource.validate(&properties)?;
        self.secrets.extend(sanity::secrets(&schema.properties, &properties));
        let credentials = self.connections.credentials().clone();
        Ok(Life::new(Arc::clone(resource), name, &mut self.identities, credentials, connection, properties))
    }

    async fn prerequisites(&mut self, made: &mut Vec<Life>) -> Steps {
        let fixture = self.fixture;
        for need in &fixture.needs {
            let Some(resource) = self.registry.resource(&need.type_name).cloned() else {
                let why =
                    Failure::unsupported(format!("{}: the plugin has no type {}", need.name, need.type_name));
                return self.fail(Step::Prerequisites, &why);
            };
            let written = (need.properties)(&self.run);
            let attributes = match self.object(&resource, &need.name, &written).await {
                Ok(life) => {
                    made.push(life);
                    let Some(life) = made.last_mut() else { continue };
                    prerequisite(life, &self.driver).await
                }
                Err(failure) => Err(failure),
            };
            match attributes {
                Ok(one) => self.run.made.insert(need.name.clone(), one),
                Err(failure) => {
                    let failure = Failure::new(failure.class().clone(), format!("{}: {failure}", need.name));
                    return self.fail(Step::Prerequisites, &failure);
                }
            };
        }
        if !fixture.needs.is_empty() {
            self.report.passed(Step::Prerequisites);
        }
        Ok(())
    }

    /// Create, read, update and delete, with every answer recorded.
    async fn whole_life(&mut self, place: &mut Option<Life>) -> Steps {
        let written = (self.fixture.properties)(&self.run);
        let life = match self.object(&Arc::clone(&self.resource), "kit", &written).await {
            Ok(life) => place.insert(life),
            Err(failure) => return self.fail(Step::Properties, &failure),
        };
        self.report.passed(Step::Properties);
        let seen = self.create(life).await?;
        self.read(life, &seen);
        self.read_many(life).await;
        self.attributes_on_demand(life).await;
        self.hand_over(life, &seen).await;
        self.snapshot(life).await;
        self.no_change(life).await;
        self.updates(life, &written).await;
        self.delete(life).await?;
        *place = None;
        Ok(())
    }

    async fn create(&mut self, life: &mut Life) -> Steps<Observation> {
        if let Err(failure) = life.look_before(&self.driver).await {
            return self.fail(Step::Create, &failure);
        }
        let created = match life.create(&self.driver).await {
            Ok(created) => created,
            Err(failure) => return self.fail(Step::Create, &failure),
        };
        let observed = match life.settle(&self.driver).await {
            Ok(observed) => observed,
            Err(failure) => return self.fail(Step::Create, &failure),
        };
        let mut problems = sanity::creation_findings(&self.schema, &created.attributes);
        for (name, value) in &created.attributes {
            if self.schema.attributes.get(name).is_some_and(|attribute| attribute.secret) {
                sanity::texts(value, &mut self.secrets);
            }
        }
        if created.id.as_str().is_empty() {
            problems.push("create gives an empty id".to_owned());
        }
        if created.complete && !matches!(&created.observation, Some(Observation { state: State::Ready, .. }))
        {
            problems.push(
                "create says that the object is complete without an observation that is ready".to_owned(),
            );
        }
        self.report.judge(Step::Create, problems);
        match observed {
            Some(observed) => Ok(observed),
            None => self
                .fail(Step::Read, &Failure::failed("progress says Done, and read does not find the object")),
        }
    }

    fn read(&mut self, life: &Life, seen: &Observation) {
        for (name, value) in &seen.attributes {
            if self.schema.attributes.get(name).is_some_and(|attribute| attribute.secret) {
                sanity::texts(value, &mut self.secrets);
            }
        }
        let mut problems = sanity::property_findings(&self.schema, &life.properties, seen);
        problems.extend(sanity::attribute_findings(&self.schema, seen));
        if let State::Failed(why) = &seen.state {
            problems.push(format!("the object is failed: {why}"));
        }
        if let Ok(id) = life.id()
            && life.resource.reference_id(&life.context(), &id).is_empty()
        {
            problems.push("reference_id gives an empty text".to_owned());
        }
        self.report.judge(Step::Read, problems);
        self.observed(life, seen);
    }

    /// Properties that can be updated must be told by a read, or drift is never seen.
    pub(super) fn observed(&mut self, life: &Life, seen: &Observation) {
        let schema = Arc::clone(&self.schema);
        for name in sanity::unobserved(&schema, &life.properties, seen) {
            let step = Step::Observe(name.to_owned());
            if self.report.outcome(&step).is_none() && self.applies(&step) {
                self.report
                    .failed(step, "read does not tell the property: give it, or say that it is unreadable");
            }
        }
    }

    async fn delete(&mut self, life: &mut Life) -> Steps {
        life.begin(&mut self.identities);
        if let Err(failure) = life.delete(&self.driver).await {
            return self.fail(Step::Delete, &failure);
        }
        self.report.passed(Step::Delete);
        if self.applies(&Step::DeleteAgain) {
            life.again();
            match life.delete(&self.driver).await {
                Ok(()) => self.report.passed(Step::DeleteAgain),
                Err(failure) => self.report.failed(Step::DeleteAgain, failure.to_string()),
            }
        }
        let mut problems = match life.read(&self.driver).await {
            Ok(None) => Vec::new(),
            Ok(Some(_)) => vec!["read still finds the removed object".to_owned()],
            Err(failure) if failure.is_not_found() => {
                vec!["read fails with NotFound; it must give None".to_owned()]
            }
            Err(failure) => vec![failure.to_string()],
        };
        if life.basis() != FindBasis::None {
            problems.extend(match life.find(&self.driver, &life.context()).await {
                Ok(Finding::Absent) => None,
                Ok(_) => Some("find still finds the removed object".to_owned()),
                Err(failure) => Some(format!("find after the removal: {failure}")),
            });
        }
        self.report.judge(Step::Gone, problems);
        Ok(())
    }

    /// Removes an object that is still there.
    async fn clean_up(&mut self, object: Option<Life>) {
        let Some(mut life) = object else { return };
        if life.id.is_none() {
            return;
        }
        life.begin(&mut self.identities);
        if let (Err(failure), Some(id)) = (life.delete(&self.driver).await, &life.id) {
            let type_name = &life.resource.schema().type_name;
            self.report.failed(Step::CleanUp, format!("{type_name} {id} is left behind: {failure}"));
        }
    }
}

async fn prerequisite(life: &mut Life, driver: &Driver) -> Result<Made> {
    life.create(driver).await?;
    life.settle(driver).await?;
    let id = life.id()?;
    let reference = life.resource.reference_id(&life.context(), &id);
    Ok(Made { reference, attributes: life.attributes.clone().into_iter().collect() })
}

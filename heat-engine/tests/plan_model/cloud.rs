//! A model of an executor and of the world: runs plans one request at a time, fails and dies at will, and checks on the
//! way everything that a plan promises.

use crate::template::{Rules, Template, echo};
use heat_engine::plan::{
    Decision, NestedRecords, Plan, PlanError, Prospects, Request, StepId, StepKind, decide, plan,
};
use heat_engine::record::{
    Action, IncarnationId, Intent, IntentKind, ResourceRecord, Resources, StackId, Status, TraversalId,
};
use heat_engine::schedule::{Failed, Outcome, Schedule};
use heat_plugin_sdk::{OperationKey, PhysicalId, PropertyMap, ReplaceOrder};
use heat_template::evaluated::Evaluated;
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Chooses, fails and kills.
pub(crate) struct Chance {
    state: u64,
    /// Of a hundred steps, so many fail.
    pub(crate) failures: u64,
    /// Of a hundred requests, so many are the last thing before the process dies.
    pub(crate) kills: u64,
    pub(crate) go_on: bool,
}

impl Chance {
    pub(crate) fn new(seed: u64, failures: u64, kills: u64, go_on: bool) -> Self {
        Self { state: seed, failures, kills, go_on }
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.state = self.state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.state >> 33) % limit
    }

    fn fails(&mut self) -> bool {
        self.below(100) < self.failures
    }

    fn kills(&mut self) -> bool {
        self.below(100) < self.kills
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Complete,
    Failed,
    Killed,
}

/// Why a step stops short.
enum Stop {
    Failed,
    Killed,
}

#[derive(Debug, Clone)]
struct Object {
    incarnation: IncarnationId,
    place: Option<String>,
}

/// The world and what is recorded of it.
#[derive(Debug, Default)]
pub(crate) struct Cloud {
    pub(crate) recorded: Resources,
    objects: BTreeMap<String, Object>,
    next: u64,
    now: i64,
    /// What is done of the plan that is under way.
    pub(crate) done: Vec<(StepId, Outcome)>,
    pub(crate) runs: usize,
}

impl Cloud {
    pub(crate) fn plan(&mut self, action: Action, template: &Template) -> Result<Plan, PlanError> {
        let mut next = self.next;
        let mut new_incarnation = || {
            next += 1;
            IncarnationId(format!("i{next:04}"))
        };
        let plan = plan(Request {
            action,
            revision: 1,
            recorded: &self.recorded,
            nested: &NestedRecords::new(),
            desired: template,
            rules: &Rules,
            new_incarnation: &mut new_incarnation,
        });
        self.next = next;
        self.done.clear();
        println!("--- plan {action}");
        for record in self.recorded.values() {
            println!(
                "    {} {} {} {}_{} by {:?}",
                record.id, record.name, record.type_name, record.action, record.status, record.replaced_by
            );
        }
        plan
    }

    /// Runs a plan, or goes on with one that was under way when the process died.
    pub(crate) fn run(&mut self, template: &Template, plan: &Plan, chance: &mut Chance) -> End {
        let mut schedule = Schedule::resume(plan, self.done.iter().copied()).expect("the plan is in order");
        let mut starts = vec![0; plan.steps.len()];
        let mut end = End::Complete;
        while !schedule.is_finished() {
            let ready: Vec<StepId> = schedule.ready().collect();
            let step = ready[chance.below(ready.len() as u64) as usize];
            for earlier in &plan.steps[step.index()].after {
                assert!(self.done.iter().any(|(done, _)| done == earlier) || is_skipped(&schedule, *earlier));
            }
            schedule.start(step).expect("it is ready");
            starts[step.index()] += 1;
            assert_eq!(starts[step.index()], 1, "a step runs once");
            self.now += 1;
            self.runs += 1;
            println!("run {:?}", plan.steps[step.index()]);
            match self.step(template, plan, step, chance) {
                Ok(outcome) => {
                    schedule.finish(step, outcome).expect("it runs");
                    self.done.push((step, outcome));
                }
                Err(Stop::Failed) => {
                    end = End::Failed;
                    let then = if chance.go_on { Failed::Continue } else { Failed::Stop };
                    schedule.fail(step, then).expect("it runs");
                }
                Err(Stop::Killed) => return End::Killed,
            }
        }
        assert_eq!(schedule.is_complete(), end == End::Complete);
        end
    }

    fn step(
        &mut self,
        template: &Template,
        plan: &Plan,
        id: StepId,
        chance: &mut Chance,
    ) -> Result<Outcome, Stop> {
        let step = &plan.steps[id.index()];
        let name = step.resource.as_str();
        if let StepKind::Delete { incarnation, .. } = &step.kind {
            if self.recorded.contains_key(incarnation) {
                self.check_deletion(plan, id, incarnation);
                self.delete(incarnation, chance)?;
            }
            return Ok(Outcome::Done);
        }
        let type_name = step.type_name.as_str();
        let restore = match &step.kind {
            StepKind::Keep { restore, .. }
            | StepKind::Update { restore, .. }
            | StepKind::Decide { restore, .. } => *restore,
            _ => false,
        };
        let incarnation = step.kind.incarnation().clone();
        if let StepKind::Create { replaces, order, .. } = &step.kind {
            return match replaces {
                Some(old) => self.replace(template, name, type_name, old, &incarnation, *order, chance),
                None => {
                    self.begin(name, type_name, &incarnation, None, chance)?;
                    self.create(template, name, &incarnation, chance)
                }
            };
        }
        // Decided before the process died.
        if let StepKind::Decide { successor, .. } = &step.kind
            && self.recorded.contains_key(successor)
        {
            return self.replace(template, name, type_name, &incarnation, successor, None, chance);
        }
        if self.finish_intent(&incarnation, chance).is_err() {
            return Err(Stop::Killed);
        }
        if restore {
            self.restore(&incarnation);
        }
        let state = template.state(name, &|other, attribute| self.value(other, attribute));
        let record = &self.recorded[&incarnation];
        let decision = decide(record, type_name, &state, &Rules, &Prospects::default());
        match (&step.kind, decision) {
            (StepKind::Keep { .. }, Decision::Keep) => {
                self.settle(template, name, &incarnation);
                Ok(Outcome::Kept)
            }
            (StepKind::Update { changes, .. }, Decision::Update { changes: now }) => {
                if now.is_empty() {
                    self.settle(template, name, &incarnation);
                    return Ok(Outcome::Done);
                }
                let names = |changes: &[heat_engine::plan::PropertyChange]| -> Vec<String> {
                    changes.iter().map(|change| change.property.clone()).collect()
                };
                assert_eq!(names(changes), names(&now), "what changes is what was planned");
                self.update(template, name, &incarnation, chance)
            }
            // After the process died within the update, the finished operation leaves nothing to do for the plugin.
            (StepKind::Update { .. }, Decision::Keep) => {
                self.settle(template, name, &incarnation);
                Ok(Outcome::Done)
            }
            (StepKind::Decide { may_keep, interrupted, .. }, Decision::Keep) => {
                assert!(*may_keep || self.finished_twice(*interrupted), "{step:?}");
                self.settle(template, name, &incarnation);
                Ok(Outcome::Kept)
            }
            (StepKind::Decide { may_update, .. }, Decision::Update { .. }) => {
                assert!(may_update, "{step:?}");
                self.update(template, name, &incarnation, chance)
            }
            (StepKind::Decide { may_replace, successor, .. }, Decision::Replace { order, .. }) => {
                assert!(may_replace, "{step:?}");
                self.replace(template, name, type_name, &incarnation, successor, order, chance)
            }
            (kind, decision) => panic!("planned {kind:?}, decided {decision:?}"),
        }
    }

    fn finished_twice(&self, interrupted: bool) -> bool {
        // An update in place that died within a Decide is complete when it is taken up again.
        !interrupted
    }

    fn value(&self, name: &str, attribute: Option<&str>) -> Evaluated {
        let record = self.current(name).expect("what is depended on is there");
        assert_eq!(record.status, Status::Complete, "{name} is complete before it is used");
        Evaluated::Known(match attribute {
            None => record.reference_id.clone().expect("it has an id").into(),
            Some(attribute) => record.attributes[attribute].clone(),
        })
    }

    /// The newest incarnation of a name that is not replaced.
    fn current(&self, name: &str) -> Option<&Arc<ResourceRecord>> {
        self.recorded.values().rfind(|record| record.name == name && record.replaced_by.is_none())
    }

    #[allow(clippy::too_many_arguments)]
    fn replace(
        &mut self,
        template: &Template,
        name: &str,
        type_name: &str,
        old: &IncarnationId,
        new: &IncarnationId,
        order: Option<ReplaceOrder>,
        chance: &mut Chance,
    ) -> Result<Outcome, Stop> {
        let state = template.state(name, &|other, attribute| self.value(other, attribute));
        let order = order.unwrap_or_else(|| match self.recorded.get(old) {
            Some(record) if record.type_name == type_name => {
                let decision = decide(record, type_name, &state, &Rules, &Prospects::default());
                match decision {
                    Decision::Replace { order, .. } => order.expect("everything is known"),
                    other => panic!("to be replaced, decided {other:?}"),
                }
            }
            _ => ReplaceOrder::CreateFirst,
        });
        // First of all it is durable what is going on: then the old one may go.
        self.begin(name, type_name, new, Some(old), chance)?;
        if order == ReplaceOrder::DeleteFirst && self.recorded.contains_key(old) {
            // Only where the order was not known beforehand.
            self.delete(old, chance)?;
        }
        if order == ReplaceOrder::Handover {
            for object in self.objects.values_mut().filter(|object| object.incarnation == *old) {
                object.place = None;
            }
        }
        self.create(template, name, new, chance)?;
        Ok(Outcome::Replaced)
    }

    /// Records an incarnation that is to be made.
    fn begin(
        &mut self,
        name: &str,
        type_name: &str,
        incarnation: &IncarnationId,
        replaces: Option<&IncarnationId>,
        chance: &mut Chance,
    ) -> Result<(), Stop> {
        if self.recorded.contains_key(incarnation) {
            return Ok(());
        }
        let time = Timestamp::from_second(self.now).expect("in range");
        let mut record = ResourceRecord::new(incarnation.clone(), StackId("s".into()), name, type_name, time);
        if let Some(old) = replaces.filter(|old| self.recorded.contains_key(*old)) {
            Arc::make_mut(&mut self.recorded[old]).replaced_by = Some(incarnation.clone());
            record.replaces = Some(old.clone());
        }
        self.recorded.insert(incarnation.clone(), Arc::new(record));
        if chance.kills() { Err(Stop::Killed) } else { Ok(()) }
    }

    fn create(
        &mut self,
        template: &Template,
        name: &str,
        incarnation: &IncarnationId,
        chance: &mut Chance,
    ) -> Result<Outcome, Stop> {
        let state = template.state(name, &|other, attribute| self.value(other, attribute));
        let properties = known(&state.properties);
        let requires = self.requires(template, name);
        let record = Arc::make_mut(&mut self.recorded[incarnation]);
        record.action = Action::Create;
        record.status = Status::InProgress;
        record.requires = requires;
        record.definition = known(&state.definition);
        record.intent.get_or_insert_with(|| intent(IntentKind::Create, Some(properties.clone())));
        if chance.kills() {
            return Err(Stop::Killed);
        }
        if chance.fails() {
            // Half of the failures leave an object.
            if chance.below(2) == 0 {
                self.make(incarnation, &properties, true);
            }
            let record = Arc::make_mut(&mut self.recorded[incarnation]);
            record.intent = None;
            record.properties = Some(properties);
            record.status = Status::Failed;
            return Err(Stop::Failed);
        }
        self.finish_intent(incarnation, chance).map_err(|()| Stop::Killed)?;
        self.settle(template, name, incarnation);
        Ok(Outcome::Done)
    }

    fn update(
        &mut self,
        template: &Template,
        name: &str,
        incarnation: &IncarnationId,
        chance: &mut Chance,
    ) -> Result<Outcome, Stop> {
        let state = template.state(name, &|other, attribute| self.value(other, attribute));
        let properties = known(&state.properties);
        let requires = self.requires(template, name);
        let record = Arc::make_mut(&mut self.recorded[incarnation]);
        record.action = Action::Update;
        record.status = Status::InProgress;
        record.requires.extend(requires);
        record.intent = Some(intent(IntentKind::Update, Some(properties)));
        if chance.kills() {
            return Err(Stop::Killed);
        }
        if chance.fails() {
            let record = Arc::make_mut(&mut self.recorded[incarnation]);
            record.intent = None;
            record.status = Status::Failed;
            return Err(Stop::Failed);
        }
        self.finish_intent(incarnation, chance).map_err(|()| Stop::Killed)?;
        self.settle(template, name, incarnation);
        Ok(Outcome::Done)
    }

    fn delete(&mut self, incarnation: &IncarnationId, chance: &mut Chance) -> Result<(), Stop> {
        let record = Arc::make_mut(&mut self.recorded[incarnation]);
        record.action = Action::Delete;
        record.status = Status::InProgress;
        record.intent = Some(intent(IntentKind::Delete, None));
        if chance.kills() {
            return Err(Stop::Killed);
        }
        if chance.fails() {
            record.intent = None;
            record.status = Status::Failed;
            return Err(Stop::Failed);
        }
        self.objects.retain(|_, object| object.incarnation != *incarnation);
        if chance.kills() {
            return Err(Stop::Killed);
        }
        self.recorded.shift_remove(incarnation);
        for other in self.recorded.values_mut().map(Arc::make_mut) {
            if other.replaces.as_ref() == Some(incarnation) {
                other.replaces = None;
            }
        }
        Ok(())
    }

    /// Finishes an operation that was begun, perhaps by a process that died.
    fn finish_intent(&mut self, incarnation: &IncarnationId, chance: &mut Chance) -> Result<(), ()> {
        let Some(intent) = self.recorded[incarnation].intent.clone() else { return Ok(()) };
        let properties = intent.properties.clone().unwrap_or_default();
        let physical = match intent.kind {
            IntentKind::Create => Some(self.make(incarnation, &properties, false)),
            _ => self.recorded[incarnation].physical_id.clone(),
        };
        if chance.kills() {
            return Err(());
        }
        let record = Arc::make_mut(&mut self.recorded[incarnation]);
        record.physical_id = physical;
        record.reference_id = record.physical_id.as_ref().map(ToString::to_string);
        record.attributes.insert("echo".to_owned(), echo(&properties));
        record.properties = Some(properties);
        record.status = Status::Complete;
        record.intent = None;
        Ok(())
    }

    /// Makes the object of an incarnation, once.
    fn make(&mut self, incarnation: &IncarnationId, properties: &PropertyMap, broken: bool) -> PhysicalId {
        let record = &self.recorded[incarnation];
        if let Some((id, _)) = self.objects.iter().find(|(_, object)| object.incarnation == *incarnation) {
            return PhysicalId::new(id.clone());
        }
        let place = properties["place"].as_str().map(str::to_owned).filter(|_| record.type_name != "Plain");
        let place = place.map(|place| format!("{}:{place}", record.type_name));
        if let Some(place) = &place {
            let taken = self.objects.values().find(|object| object.place.as_ref() == Some(place));
            assert!(taken.is_none(), "{incarnation} finds {place} taken by {taken:?}: {:#?}", self.recorded);
        }
        let id = match (record.type_name.as_str(), &place) {
            ("Exclusive", Some(place)) => place.clone(),
            _ => format!("id-of-{incarnation}"),
        };
        self.objects.insert(id.clone(), Object { incarnation: incarnation.clone(), place });
        if broken {
            Arc::make_mut(&mut self.recorded[incarnation]).physical_id = Some(PhysicalId::new(id.clone()));
        }
        PhysicalId::new(id)
    }

    /// The object gets back the place that it gave away.
    fn restore(&mut self, incarnation: &IncarnationId) {
        let record = &self.recorded[incarnation];
        let Some(properties) = &record.properties else { return };
        let place = format!("{}:{}", record.type_name, properties["place"].as_str().unwrap_or_default());
        if record.type_name == "Handing" {
            let taken = self
                .objects
                .values()
                .find(|object| object.place.as_ref() == Some(&place) && object.incarnation != *incarnation);
            assert!(taken.is_none(), "{incarnation} cannot get {place} back from {taken:?}");
            for object in self.objects.values_mut().filter(|object| object.incarnation == *incarnation) {
                object.place = Some(place.clone());
            }
        }
    }

    fn requires(&self, template: &Template, name: &str) -> std::collections::BTreeSet<IncarnationId> {
        use heat_engine::plan::Desired;
        let names = &template.resources()[name].requires;
        names.iter().filter_map(|name| self.current(name)).map(|record| record.id.clone()).collect()
    }

    /// The record learns what a finished step means.
    fn settle(&mut self, template: &Template, name: &str, incarnation: &IncarnationId) {
        let requires = self.requires(template, name);
        let state = template.state(name, &|other, attribute| self.value(other, attribute));
        for other in self
            .recorded
            .values_mut()
            .filter(|other| other.name == name && other.id != *incarnation)
            .map(Arc::make_mut)
        {
            other.replaced_by = Some(incarnation.clone());
        }
        let record = Arc::make_mut(&mut self.recorded[incarnation]);
        record.requires = requires;
        record.replaced_by = None;
        record.definition = known(&state.definition);
        record.updated = Timestamp::from_second(self.now).expect("in range");
    }

    /// What uses a thing that is deleted is gone or has moved on, unless it stays and cannot move before.
    fn check_deletion(&self, plan: &Plan, id: StepId, incarnation: &IncarnationId) {
        let name = &self.recorded[incarnation].name;
        for user in self.recorded.values().filter(|user| user.requires.contains(incarnation)) {
            let goes = plan.steps.iter().any(|step| match &step.kind {
                StepKind::Delete { incarnation, only_if_replaced_by: None, .. } => *incarnation == user.id,
                _ => false,
            });
            assert!(!goes, "{} is deleted after {name} which it uses\n{}", user.name, show(plan));
            let successor = plan.iter().find(|(_, step)| step.resource == *name && !step.kind.is_delete());
            let first = successor.is_some_and(|(successor, _)| successor > id)
                || plan.steps.iter().any(|step| {
                    matches!(step.kind, StepKind::Create { order: Some(ReplaceOrder::DeleteFirst), .. })
                        || matches!(
                            &step.kind,
                            StepKind::Keep { restore: true, .. }
                                | StepKind::Update { restore: true, .. }
                                | StepKind::Decide { restore: true, .. }
                        )
                        || matches!(&step.kind, StepKind::Decide { .. })
                });
            assert!(first, "{name} is deleted while {} uses it\n{}", user.name, show(plan));
        }
    }

    /// What is there is what the template says, and nothing else.
    pub(crate) fn check_complete(&self, template: &Template) {
        assert_eq!(self.recorded.len(), template.specs.len(), "{:#?}", self.recorded);
        let mut objects: HashMap<&IncarnationId, &Object> = HashMap::new();
        for object in self.objects.values() {
            assert!(objects.insert(&object.incarnation, object).is_none(), "one object each");
        }
        assert_eq!(objects.len(), self.recorded.len(), "an object for each record");
        for (name, spec) in &template.specs {
            let record = self.current(name).expect("it is recorded");
            assert_eq!(record.type_name, spec.type_name);
            assert_eq!(record.status, Status::Complete, "{name}");
            let state = template.state(name, &|other, attribute| self.value(other, attribute));
            assert_eq!(record.properties, Some(known(&state.properties)), "{name}");
            let object = objects[&record.id];
            assert_eq!(object.place.is_some(), spec.type_name != "Plain", "{name} holds its place");
        }
    }

    pub(crate) fn check_empty(&self) {
        assert!(self.recorded.is_empty() && self.objects.is_empty(), "{self:#?}");
    }
}

fn is_skipped(schedule: &Schedule, step: StepId) -> bool {
    matches!(schedule.state(step), Some(heat_engine::schedule::StepState::Done(Outcome::Skipped)))
}

fn show(plan: &Plan) -> String {
    serde_json::to_string_pretty(plan).expect("it is data")
}

fn intent(kind: IntentKind, properties: Option<PropertyMap>) -> Intent {
    Intent {
        key: OperationKey::new("k"),
        traversal: TraversalId("t".into()),
        kind,
        begun: Timestamp::UNIX_EPOCH,
        attempt: 1,
        properties,
        changed: Vec::new(),
        uncertain: false,
        repeated: false,
        seen_before: Default::default(),
    }
}

fn known(values: &indexmap::IndexMap<String, Evaluated>) -> PropertyMap {
    values
        .iter()
        .map(|(name, value)| (name.clone(), value.known().expect("known in the run").clone()))
        .collect()
}

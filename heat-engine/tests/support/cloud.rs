//! A service in memory that a test can make slow, forgetful and faulty, with a plugin for it.
//!
//! It keeps what no engine may break: an object is never made with a link to one that does not exist, and never removed
//! while another links to it. Every breach is noted in [`Cloud::breaches`].

use super::process::Life;
use heat_plugin_sdk::schema::ResourceSchema;
use heat_plugin_sdk::{
    Attributes, Change, Context, Created, Credentials, Failure, FindBasis, Finding, Observed, Operation,
    PhysicalId, Plugin, Progress, Properties, ReplaceOrder, Resource, Restored, Result, SavedData, Secret,
    State as Seen,
};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

/// One object of the service.
#[derive(Debug, Clone)]
pub struct Object {
    pub kind: &'static str,
    pub key: String,
    pub name: String,
    pub value: String,
    pub place: String,
    pub links: BTreeSet<String>,
    pub ready: Instant,
    pub broken: Option<String>,
    pub version: u64,
    pub asleep: bool,
}

/// What happens to a request.
#[derive(Debug, Clone)]
pub enum Fault {
    /// It is answered with this failure and not done.
    Refuse(Failure),
    /// It is done, the answer is lost.
    LoseAnswer,
    /// The answer is lost; it is done after this time, whatever becomes of the client.
    DoLater(Duration),
    /// It is not done, and nobody knows.
    Drop,
    /// The object that it makes goes to its error state.
    Break(String),
}

/// How often things go wrong, in thousandths, and how slow they are.
#[derive(Debug, Clone, Copy, Default)]
pub struct Weather {
    pub refuse: u32,
    pub lose: u32,
    pub late: u32,
    pub drop: u32,
    /// Of final failures and broken objects.
    pub fatal: u32,
    /// Milliseconds that a request takes at most.
    pub latency: u64,
    /// Milliseconds that an object works before it is ready, at most.
    pub working: u64,
}

/// Saved data of an object.
#[derive(Debug, Clone)]
pub struct Backup {
    pub key: String,
    pub of: String,
    pub value: String,
    pub ready: Instant,
}

struct State {
    objects: BTreeMap<String, Object>,
    backups: BTreeMap<String, Backup>,
    next: u64,
    rng: StdRng,
    weather: Weather,
    script: Vec<(&'static str, String, Fault)>,
    breaches: Vec<String>,
    journal: Vec<String>,
}

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct Cloud(Arc<Mutex<State>>, Option<Arc<Life>>);

impl Cloud {
    pub fn new(seed: u64) -> Self {
        Self(
            Arc::new(Mutex::new(State {
                objects: BTreeMap::new(),
                backups: BTreeMap::new(),
                next: 1,
                rng: StdRng::seed_from_u64(seed),
                weather: Weather::default(),
                script: Vec::new(),
                breaches: Vec::new(),
                journal: Vec::new(),
            })),
            None,
        )
    }

    /// The service as a process sees it: when the process is dead its requests are not sent any more. What was sent
    /// before is done all the same.
    pub fn as_seen_by(&self, life: &Arc<Life>) -> Self {
        Self(Arc::clone(&self.0), Some(Arc::clone(life)))
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.0.lock().unwrap())
    }

    pub fn set_weather(&self, weather: Weather) {
        self.with(|state| state.weather = weather);
    }

    /// The next request of this verb (`create`, `read`, `update`, `delete`) on an object of this name meets the fault.
    pub fn script(&self, verb: &'static str, name: impl Into<String>, fault: Fault) {
        self.with(|state| state.script.push((verb, name.into(), fault)));
    }

    pub fn objects(&self) -> BTreeMap<String, Object> {
        self.with(|state| state.objects.clone())
    }

    /// What was saved of objects, by its ids.
    pub fn backups(&self) -> BTreeMap<String, Backup> {
        self.with(|state| state.backups.clone())
    }

    /// Makes an object beside any engine, which is ready.
    pub fn put(&self, id: &str, name: &str, value: &str) {
        let object = Object {
            kind: "Test::Keyed",
            key: String::new(),
            name: name.to_owned(),
            value: value.to_owned(),
            place: String::new(),
            links: BTreeSet::new(),
            ready: Instant::now(),
            broken: None,
            version: 1,
            asleep: false,
        };
        self.with(|state| state.objects.insert(id.to_owned(), object));
    }

    /// Something outside of any engine changes an object.
    pub fn change_object(&self, id: &str, change: impl FnOnce(&mut Object)) {
        self.with(|state| state.objects.get_mut(id).map(change));
    }

    /// The objects by name, each with its value.
    pub fn names(&self) -> Vec<(String, String)> {
        let mut names: Vec<_> =
            self.with(|s| s.objects.values().map(|o| (o.name.clone(), o.value.clone())).collect());
        names.sort();
        names
    }

    pub fn breaches(&self) -> Vec<String> {
        self.with(|state| state.breaches.clone())
    }

    /// All requests that changed something, in order: `create a`, `update a`, `delete a`.
    pub fn journal(&self) -> Vec<String> {
        self.with(|state| std::mem::take(&mut state.journal))
    }

    /// Something outside of any engine removes an object.
    pub fn lose_object(&self, name: &str) {
        self.with(|state| state.objects.retain(|_, object| object.name != name));
    }

    /// One request: latency, weather, script, and what it does.
    async fn request<T: Send + 'static>(
        &self,
        verb: &'static str,
        name: &str,
        act: impl FnOnce(&mut State, Option<String>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        if self.1.as_ref().is_some_and(|life| life.is_over()) {
            return std::future::pending().await;
        }
        let (delay, fault) = self.with(|state| {
            let delay = match state.weather.latency {
                0 => 0,
                most => state.rng.random_range(0..=most),
            };
            let scripted = state.script.iter().position(|(v, n, _)| *v == verb && n == name);
            let fault = match scripted {
                Some(at) => Some(state.script.remove(at).2),
                None => state.chance(verb),
            };
            (delay, fault)
        });
        tokio::time::sleep(Duration::from_millis(delay)).await;
        match fault {
            None => self.with(|state| act(state, None)),
            Some(Fault::Break(reason)) => self.with(|state| act(state, Some(reason))),
            Some(Fault::Refuse(failure)) => Err(failure),
            Some(Fault::Drop) => Err(Failure::unanswered(format!("{verb} {name}: connection reset"))),
            Some(Fault::LoseAnswer) => {
                self.with(|state| act(state, None)).ok();
                Err(Failure::unanswered(format!("{verb} {name}: connection reset after the request")))
            }
            Some(Fault::DoLater(after)) => {
                let cloud = self.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(after).await;
                    // What is done late may meet a world that has gone on: the service refuses it then, and no engine is
                    // to blame.
                    cloud.with(|state| {
                        let breaches = state.breaches.len();
                        act(state, None).ok();
                        state.breaches.truncate(breaches);
                    });
                });
                Err(Failure::unanswered(format!("{verb} {name}: timed out")))
            }
        }
    }
}

impl State {
    fn chance(&mut self, verb: &str) -> Option<Fault> {
        let weather = self.weather;
        let mut roll = self.rng.random_range(0..1000_u32);
        let mut hit = |share: u32| {
            let hit = roll < share;
            roll = roll.saturating_sub(share).max(if hit { 0 } else { roll.saturating_sub(share) });
            hit
        };
        if hit(weather.refuse) {
            return Some(Fault::Refuse(match self.rng.random_range(0..4) {
                0 => Failure::busy(None, "busy"),
                1 => Failure::unavailable(Some(Duration::from_millis(300)), "service unavailable"),
                2 => Failure::over_limit(Some(Duration::from_millis(200)), "rate limit"),
                _ => Failure::unavailable(None, "connection refused"),
            }));
        }
        if hit(weather.lose) {
            return Some(if verb == "read" { Fault::Drop } else { Fault::LoseAnswer });
        }
        if verb == "create" && hit(weather.late) {
            return Some(Fault::DoLater(Duration::from_millis(self.rng.random_range(10..4000))));
        }
        if hit(weather.drop) {
            return Some(Fault::Drop);
        }
        if verb == "create" && hit(weather.fatal) {
            return Some(match self.rng.random_range(0..4) {
                0 => Fault::Break("no valid host was found".to_owned()),
                1 => Fault::Refuse(Failure::over_limit(None, "quota exceeded")),
                2 => Fault::Refuse(Failure::denied("policy does not allow it")),
                _ => Fault::Refuse(Failure::invalid(Some("value".to_owned()), "bad value")),
            });
        }
        None
    }
}

#[derive(Debug, Clone, Deserialize, Properties)]
pub struct ThingProperties {
    /// Name; made from the stack's and the resource's where it is not given.
    pub name: Option<String>,
    /// Changes in place.
    #[property(update_allowed, default = "")]
    pub value: String,
    /// Another one takes a new object.
    #[property(default = "")]
    pub place: String,
    /// Reference ids of other things.
    #[property(update_allowed, default = [])]
    pub links: Vec<String>,
    /// Told to nobody.
    #[property(update_allowed, write_only)]
    pub password: Option<Secret<String>>,
    /// Never changes.
    #[property(immutable)]
    pub origin: Option<String>,
}

#[derive(Debug, Serialize, Attributes)]
pub struct ThingAttributes {
    /// Its name.
    name: String,
    /// Its value.
    value: String,
    /// Grows with every change.
    version: u64,
    /// Known only at creation.
    #[attribute(at_creation, secret)]
    #[serde(skip_serializing)]
    #[allow(dead_code)]
    token: String,
}

/// How the things of a type are found again, and replaced.
#[derive(Clone, Copy)]
pub enum Manner {
    Key,
    Unique,
    Name,
    Unfindable,
}

/// The four types of the plugin differ only in that.
pub struct Thing<const MANNER: u8>;

fn manner(number: u8) -> Manner {
    match number {
        0 => Manner::Key,
        1 => Manner::Unique,
        2 => Manner::Name,
        _ => Manner::Unfindable,
    }
}

impl<const MANNER: u8> Resource for Thing<MANNER> {
    const TYPE: &'static str = match MANNER {
        0 => "Test::Keyed",
        1 => "Test::Unique",
        2 => "Test::Named",
        _ => "Test::Unfindable",
    };
    type Connection = Cloud;
    type Properties = ThingProperties;
    type Attributes = ThingAttributes;

    fn schema(&self) -> ResourceSchema {
        ResourceSchema {
            type_name: Self::TYPE.to_owned(),
            properties: ThingProperties::fields(),
            attributes: ThingAttributes::fields(),
            snapshot_policy: MANNER == 0,
            ..ResourceSchema::default()
        }
    }

    async fn create(&self, cx: &Context<'_, Self>, properties: &ThingProperties) -> Result<Created> {
        let name = properties.name.clone().unwrap_or_else(|| cx.physical_name(255));
        let (key, shown) = (cx.key().to_string(), name.clone());
        let properties = properties.clone();
        let id = cx
            .connection()?
            .request("create", &shown, move |state, broken| {
                if MANNER == 1 && state.objects.values().any(|o| o.kind == Self::TYPE && o.name == name) {
                    return Err(Failure::conflict(format!("{name} exists")));
                }
                for link in &properties.links {
                    if !state.objects.contains_key(link) {
                        state
                            .breaches
                            .push(format!("{name} was made with a link to {link}, which does not exist"));
                    }
                }
                let id = format!("id-{}", state.next);
                state.next += 1;
                let ready = Instant::now()
                    + Duration::from_millis(match state.weather.working {
                        0 => 0,
                        most => state.rng.random_range(0..=most),
                    });
                state.journal.push(format!("create {name}"));
                let object = Object {
                    kind: Self::TYPE,
                    key,
                    name,
                    value: properties.value,
                    place: properties.place,
                    links: properties.links.into_iter().collect(),
                    ready,
                    broken,
                    version: 1,
                    asleep: false,
                };
                state.objects.insert(id.clone(), object);
                Ok(id)
            })
            .await?;
        Ok(Created::new(id).attribute("token", format!("token-of-{shown}")))
    }

    async fn read(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<Option<Observed<Self>>> {
        let wanted = id.to_string();
        let object = cx
            .connection()?
            .request("read", id.as_str(), move |state, _| Ok(state.objects.get(&wanted).cloned()))
            .await?;
        let Some(object) = object else { return Ok(None) };
        let observed = match &object.broken {
            Some(reason) => Observed::failed(reason.clone()),
            None if Instant::now() < object.ready => Observed::working("BUILD"),
            None if object.asleep => Observed::working("SUSPENDED"),
            None => Observed::ready(),
        };
        let (name, value, version) = (object.name.clone(), object.value.clone(), object.version);
        Ok(Some(
            observed
                .property("name", object.name)?
                .property("value", object.value)?
                .property("place", object.place)?
                .property("links", object.links)?
                .unreadable("password")
                .attributes(&ThingAttributes { name, value, version, token: String::new() })?,
        ))
    }

    async fn update(
        &self,
        cx: &Context<'_, Self>,
        id: &PhysicalId,
        change: &Change<ThingProperties>,
    ) -> Result<()> {
        let (wanted, properties) = (id.to_string(), change.new_properties().clone());
        cx.connection()?
            .request("update", id.as_str(), move |state, _| {
                for link in &properties.links {
                    if !state.objects.contains_key(link) {
                        state
                            .breaches
                            .push(format!("{wanted} was given a link to {link}, which does not exist"));
                    }
                }
                let Some(object) = state.objects.get_mut(&wanted) else {
                    return Err(Failure::not_found(format!("{wanted} does not exist")));
                };
                object.value = properties.value;
                object.links = properties.links.into_iter().collect();
                object.version += 1;
                let name = object.name.clone();
                state.journal.push(format!("update {name}"));
                Ok(())
            })
            .await
    }

    async fn delete(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<()> {
        let wanted = id.to_string();
        cx.connection()?
            .request("delete", id.as_str(), move |state, _| {
                let Some(object) = state.objects.get(&wanted) else {
                    return Err(Failure::not_found(format!("{wanted} does not exist")));
                };
                let name = object.name.clone();
                if let Some((user, _)) = state.objects.iter().find(|(_, other)| other.links.contains(&wanted))
                {
                    let breach = format!("{name} was to be deleted while {user} links to it");
                    state.breaches.push(breach.clone());
                    return Err(Failure::conflict(breach));
                }
                state.objects.remove(&wanted);
                state.journal.push(format!("delete {name}"));
                Ok(())
            })
            .await
    }

    async fn suspend(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<()> {
        rest::<MANNER>(cx, id, true).await
    }

    async fn resume(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<()> {
        rest::<MANNER>(cx, id, false).await
    }

    async fn snapshot(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<SavedData> {
        if MANNER != 0 {
            return Err(Failure::unsupported("it has no data"));
        }
        let (wanted, key) = (id.to_string(), cx.key().to_string());
        let backup = cx
            .connection()?
            .request("snapshot", id.as_str(), move |state, _| {
                if let Some((id, _)) = state.backups.iter().find(|(_, backup)| backup.key == key) {
                    return Ok(id.clone());
                }
                let Some(object) = state.objects.get(&wanted).cloned() else {
                    return Err(Failure::not_found(format!("{wanted} does not exist")));
                };
                let id = format!("backup-{}", state.next);
                state.next += 1;
                let ready = Instant::now() + Duration::from_millis(state.weather.working / 2);
                state.journal.push(format!("save {}", object.name));
                let backup = Backup { key, of: object.name, value: object.value, ready };
                state.backups.insert(id.clone(), backup);
                Ok(id)
            })
            .await?;
        Ok([("backup_id".to_owned(), backup.into())].into_iter().collect())
    }

    async fn snapshot_progress(
        &self,
        cx: &Context<'_, Self>,
        _: &PhysicalId,
        saved: &SavedData,
    ) -> Result<Progress> {
        let id = saved["backup_id"].as_str().unwrap_or_default().to_owned();
        cx.connection()?
            .request("saving", &id.clone(), move |state, _| match state.backups.get(&id) {
                None => Ok(Progress::Failed(Failure::not_found(format!("{id} is gone")))),
                Some(backup) if Instant::now() < backup.ready => Ok(Progress::wait("saving")),
                Some(_) => Ok(Progress::Done),
            })
            .await
    }

    async fn remove_snapshot(&self, cx: &Context<'_, Self>, saved: &SavedData) -> Result<Progress> {
        let id = saved["backup_id"].as_str().unwrap_or_default().to_owned();
        cx.connection()?
            .request("forget", &id.clone(), move |state, _| match state.backups.remove(&id) {
                None => Ok(Progress::Done),
                Some(backup) => {
                    state.journal.push(format!("forget {}", backup.of));
                    Ok(Progress::wait("it goes"))
                }
            })
            .await
    }

    fn restored(&self, saved: &SavedData) -> Option<Restored> {
        let value = format!("from {}", saved.get("backup_id")?.as_str()?);
        Some(Restored {
            set: [("value".to_owned(), value.into())].into_iter().collect(),
            without: vec!["place".to_owned()],
        })
    }

    async fn progress(
        &self,
        _: &Context<'_, Self>,
        id: &PhysicalId,
        operation: &Operation<'_, ThingProperties>,
        observed: Option<&Observed<Self>>,
    ) -> Result<Progress> {
        let deleting = matches!(operation, Operation::Delete);
        Ok(match (operation, observed.map(Observed::state)) {
            (Operation::Suspend, Some(Seen::Working(why))) if why == "SUSPENDED" => Progress::Done,
            (Operation::Suspend, Some(Seen::Ready)) => Progress::wait("it is awake"),
            (_, None) if deleting => Progress::Done,
            (_, Some(Seen::Ready)) if !deleting => Progress::Done,
            (_, Some(Seen::Ready)) => Progress::wait("still there"),
            (_, Some(Seen::Working(why))) => Progress::wait(why.clone()),
            (_, Some(Seen::Failed(why))) => Progress::Failed(Failure::failed(format!(
                "{} {id} went to error{}: {why}",
                Self::TYPE,
                if deleting { " while it was deleted" } else { "" }
            ))),
            (_, None) => Progress::Failed(Failure::not_found(format!("{} {id} is gone", Self::TYPE))),
        })
    }

    fn find_basis(&self, _: &ThingProperties) -> FindBasis {
        match manner(MANNER) {
            Manner::Key => FindBasis::Key,
            Manner::Unique => FindBasis::Unique,
            Manner::Name => FindBasis::Name,
            Manner::Unfindable => FindBasis::None,
        }
    }

    async fn find(&self, cx: &Context<'_, Self>, properties: &ThingProperties) -> Result<Finding> {
        let name = properties.name.clone().unwrap_or_else(|| cx.physical_name(255));
        let key = cx.key().to_string();
        let found = cx
            .connection()?
            .request("find", &name.clone(), move |state, _| {
                let matches = |object: &Object| {
                    object.kind == Self::TYPE
                        && match manner(MANNER) {
                            Manner::Key => object.key == key,
                            _ => object.name == name,
                        }
                };
                let ids =
                    state.objects.iter().filter(|(_, object)| matches(object)).map(|(id, _)| id.clone());
                Ok(ids.collect::<Vec<_>>())
            })
            .await?;
        Ok(Finding::from_ids(found.into_iter().map(PhysicalId::new).filter(|id| !cx.is_excluded(id))))
    }

    fn settle_time(&self) -> Duration {
        Duration::from_secs(5)
    }

    fn replace_order(&self, old: &ThingProperties, new: &ThingProperties) -> ReplaceOrder {
        if MANNER == 1 && old.name.is_some() && old.name == new.name {
            ReplaceOrder::DeleteFirst
        } else {
            ReplaceOrder::CreateFirst
        }
    }
}

/// Only things that are found by a key can rest.
async fn rest<const MANNER: u8>(
    cx: &Context<'_, Thing<MANNER>>,
    id: &PhysicalId,
    asleep: bool,
) -> Result<()> {
    if MANNER != 0 {
        return Err(Failure::unsupported("it never rests"));
    }
    let (wanted, verb) = (id.to_string(), if asleep { "suspend" } else { "resume" });
    cx.connection()?
        .request(verb, id.as_str(), move |state, _| {
            let Some(object) = state.objects.get_mut(&wanted) else {
                return Err(Failure::not_found(format!("{wanted} does not exist")));
            };
            object.asleep = asleep;
            let name = object.name.clone();
            state.journal.push(format!("{verb} {name}"));
            Ok(())
        })
        .await
}

/// The plugin for this cloud.
pub fn plugin(cloud: &Cloud) -> Plugin {
    let cloud = cloud.clone();
    Plugin::new("test")
        .connect(move |_: Credentials| {
            let cloud = cloud.clone();
            async move { Ok(cloud) }
        })
        .resource(Thing::<0>)
        .resource(Thing::<1>)
        .resource(Thing::<2>)
        .resource(Thing::<3>)
}

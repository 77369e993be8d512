//! A DNS service in memory and its plugin, with mistakes that can be switched on.

use heat_plugin_sdk::testing::{Fixture, Fixtures, Step};
use heat_plugin_sdk::{
    Attributes, Change, Context, Created, Credentials, Failure, FindBasis, Finding, Observed, PhysicalId,
    Plugin, Properties, ReplaceOrder, Resource, Result, Secret,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What the plugin does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mistake {
    None,
    CreateForgetsKey,
    FindIgnoresExclusions,
    FindIgnoresTheOwner,
    UpdateDoesNothing,
    UpdateFailsWhenRepeated,
    UpdateWithoutChangeWrites,
    ReadOmitsTtl,
    ReadTellsUnknown,
    AttributeOfAnotherType,
    AttributeMissing,
    SecretInFailure,
    DeleteFailsWhenRepeated,
    DeleteDoesNothing,
    ReadFailsWhenGone,
    NeverReady,
    NamesAreNotUnique,
    PlaceIsNotGivenBack,
    ReadManyForgetsOne,
    UndocumentedType,
}

#[derive(Debug, Clone)]
struct Stored {
    kind: &'static str,
    key: String,
    name: String,
    zone: String,
    ttl: u32,
    comment: Option<String>,
    serial: u64,
    /// Reads until it is ready.
    building: u32,
    /// Reads until it is gone.
    going: Option<u32>,
    last_update: String,
}

#[derive(Debug)]
pub(crate) struct Service {
    objects: Mutex<(u64, BTreeMap<String, Stored>)>,
    pub(crate) mistake: Mistake,
}

impl Service {
    pub(crate) fn new(mistake: Mistake) -> Arc<Self> {
        Arc::new(Self { objects: Mutex::default(), mistake })
    }

    fn lock(&self) -> MutexGuard<'_, (u64, BTreeMap<String, Stored>)> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lock().1.is_empty()
    }

    fn insert(&self, object: Stored) -> PhysicalId {
        let mut objects = self.lock();
        objects.0 += 1;
        let id = format!("{}-{}", object.kind, objects.0);
        objects.1.insert(id.clone(), object);
        PhysicalId::new(id)
    }

    /// One look at an object: time passes with it.
    fn look(&self, id: &PhysicalId) -> Option<Stored> {
        let mut objects = self.lock();
        let object = objects.1.get_mut(id.as_str())?;
        if object.going == Some(0) {
            objects.1.remove(id.as_str());
            return None;
        }
        object.going = object.going.map(|left| left - 1);
        if self.mistake != Mistake::NeverReady {
            object.building = object.building.saturating_sub(1);
        }
        Some(object.clone())
    }

    fn remove(&self, id: &PhysicalId) -> Result<()> {
        let mut objects = self.lock();
        let in_use = objects.1.values().any(|object| object.zone == id.as_str());
        if in_use {
            return Err(Failure::conflict(format!("zone {id} still has records")));
        }
        match objects.1.get_mut(id.as_str()) {
            Some(object) => {
                if self.mistake != Mistake::DeleteDoesNothing {
                    object.going = Some(1);
                }
                Ok(())
            }
            None if self.mistake == Mistake::DeleteFailsWhenRepeated => {
                Err(Failure::failed("there is nothing to delete"))
            }
            None => Err(Failure::not_found(format!("{id} is not there"))),
        }
    }
}

pub(crate) type Client = Arc<Service>;

/// A zone.
#[derive(Debug, Deserialize, Properties)]
pub(crate) struct ZoneProperties {
    /// Its name, which no other zone has.
    name: String,
}

pub(crate) struct Zone;

impl Resource for Zone {
    const TYPE: &'static str = "Acme::DNS::Zone";
    type Connection = Client;
    type Properties = ZoneProperties;
    type Attributes = ();

    async fn create(&self, cx: &Context<'_, Self>, p: &ZoneProperties) -> Result<Created> {
        let service = cx.connection()?;
        let taken = service.lock().1.values().any(|object| object.kind == "zone" && object.name == p.name);
        if taken && service.mistake != Mistake::NamesAreNotUnique {
            return Err(Failure::conflict(format!("zone {} exists", p.name)));
        }
        let object = Stored {
            kind: "zone",
            key: String::new(),
            name: p.name.clone(),
            zone: String::new(),
            ttl: 0,
            comment: None,
            serial: 1,
            building: 0,
            going: None,
            last_update: String::new(),
        };
        Ok(Created::new(service.insert(object)))
    }

    async fn read(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<Option<Observed<Self>>> {
        let Some(zone) = cx.connection()?.look(id) else { return Ok(None) };
        Ok(Some(Observed::ready().property("name", zone.name)?))
    }

    async fn delete(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<()> {
        cx.connection()?.remove(id)
    }

    fn replace_order(&self, _: &ZoneProperties, _: &ZoneProperties) -> ReplaceOrder {
        ReplaceOrder::Handover
    }

    // The name is the place: a zone that is about to be replaced goes by another one.
    async fn prepare_for_replace(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<()> {
        if let Some(zone) = cx.connection()?.lock().1.get_mut(id.as_str()) {
            zone.name = format!("old-{id}");
        }
        Ok(())
    }

    async fn restore_after_replace(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<()> {
        let service = cx.connection()?;
        let name = cx.applied()?.map(|applied| applied.name);
        if let (Some(zone), Some(name)) = (service.lock().1.get_mut(id.as_str()), name)
            && service.mistake != Mistake::PlaceIsNotGivenBack
        {
            zone.name = name;
        }
        Ok(())
    }

    async fn read_many(
        &self,
        calls: &[(Context<'_, Self>, &PhysicalId)],
    ) -> Vec<Result<Option<Observed<Self>>>> {
        let mut answers = Vec::new();
        for (cx, id) in calls {
            answers.push(self.read(cx, id).await);
        }
        let forgets = calls.first().and_then(|(cx, _)| cx.connection().ok()).map(|service| service.mistake);
        if forgets == Some(Mistake::ReadManyForgetsOne) {
            answers.pop();
        }
        answers
    }

    fn find_basis(&self, _: &ZoneProperties) -> FindBasis {
        FindBasis::Unique
    }

    async fn find(&self, cx: &Context<'_, Self>, p: &ZoneProperties) -> Result<Finding> {
        let objects = cx.connection()?.lock();
        let named = objects.1.iter().filter(|(_, object)| object.kind == "zone" && object.name == p.name);
        let ids = named.map(|(id, _)| PhysicalId::new(id)).filter(|id| !cx.is_excluded(id));
        Ok(Finding::from_ids(ids))
    }
}

/// A record.
#[derive(Debug, Deserialize, Properties)]
pub(crate) struct RecordProperties {
    /// The zone, by name or id.
    #[property(resolve = "acme.zone", renamed_from = "zone_id")]
    zone: String,
    /// Name within the zone.
    #[property(immutable)]
    name: Option<String>,
    /// Seconds that resolvers may keep the answer.
    #[property(update_allowed, default = 300, constraint(range(min = 60)))]
    ttl: u32,
    /// For people.
    #[property(update_allowed)]
    comment: Option<String>,
    /// Token of the zone.
    token: Secret<String>,
}

#[derive(Debug, Serialize, Attributes)]
pub(crate) struct RecordAttributes {
    /// Serial number after the last change.
    #[attribute(type = integer)]
    serial: Value,
    /// Key to change the record by hand.
    #[attribute(at_creation, secret)]
    update_key: Option<String>,
    /// Where its log is.
    #[attribute(on_demand)]
    log_url: Option<String>,
}

pub(crate) struct Record;

impl Resource for Record {
    const TYPE: &'static str = "Acme::DNS::Record";
    type Connection = Client;
    type Properties = RecordProperties;
    type Attributes = RecordAttributes;

    async fn create(&self, cx: &Context<'_, Self>, p: &RecordProperties) -> Result<Created> {
        let service = cx.connection()?;
        if service.mistake == Mistake::SecretInFailure {
            return Err(Failure::failed(format!("the token {} is worn out", p.token.expose())));
        }
        if !service.lock().1.contains_key(&p.zone) {
            return Err(Failure::invalid("zone".to_owned(), format!("there is no zone {}", p.zone)));
        }
        let key =
            if service.mistake == Mistake::CreateForgetsKey { String::new() } else { cx.key().to_string() };
        let object = Stored {
            kind: "record",
            key,
            name: p.name.clone().unwrap_or_else(|| cx.physical_name(63)),
            zone: p.zone.clone(),
            ttl: p.ttl,
            comment: p.comment.clone(),
            serial: 1,
            building: 2,
            going: None,
            last_update: String::new(),
        };
        Ok(Created::new(service.insert(object)).attribute("update_key", "k3y-of-the-record"))
    }

    async fn read(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<Option<Observed<Self>>> {
        let service = cx.connection()?;
        let Some(record) = service.look(id) else {
            return match service.mistake {
                Mistake::ReadFailsWhenGone => Err(Failure::not_found("it is gone")),
                _ => Ok(None),
            };
        };
        let observed = match record.building {
            0 => Observed::ready(),
            _ => Observed::working("propagating"),
        };
        let mut observed = observed.property("zone", &record.zone)?.property("comment", &record.comment)?;
        observed = match service.mistake {
            Mistake::ReadOmitsTtl => observed,
            _ => observed.property("ttl", record.ttl)?,
        };
        if service.mistake == Mistake::ReadTellsUnknown {
            observed = observed.property("colour", "red")?;
        }
        let serial = match service.mistake {
            Mistake::AttributeOfAnotherType => json!("one"),
            _ => json!(record.serial),
        };
        if service.mistake == Mistake::AttributeMissing {
            return Ok(Some(observed));
        }
        Ok(Some(observed.attributes(&RecordAttributes { serial, update_key: None, log_url: None })?))
    }

    async fn update(
        &self,
        cx: &Context<'_, Self>,
        id: &PhysicalId,
        change: &Change<RecordProperties>,
    ) -> Result<()> {
        let service = cx.connection()?;
        let mut objects = service.lock();
        let Some(record) = objects.1.get_mut(id.as_str()) else {
            return Err(Failure::not_found("it is gone"));
        };
        let key = cx.key().to_string();
        if service.mistake == Mistake::UpdateFailsWhenRepeated && record.last_update == key {
            return Err(Failure::failed("the record was changed already"));
        }
        record.last_update = key;
        if change.names().next().is_none() && service.mistake != Mistake::UpdateWithoutChangeWrites {
            return Ok(());
        }
        if service.mistake != Mistake::UpdateDoesNothing {
            record.ttl = change.new_properties().ttl;
            record.comment.clone_from(&change.new_properties().comment);
        }
        record.serial += 1;
        record.building = 1;
        Ok(())
    }

    async fn delete(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<()> {
        cx.connection()?.remove(id)
    }

    fn find_basis(&self, _: &RecordProperties) -> FindBasis {
        FindBasis::Key
    }

    async fn find(&self, cx: &Context<'_, Self>, _: &RecordProperties) -> Result<Finding> {
        let service = cx.connection()?;
        let objects = service.lock();
        let made = objects.1.iter().filter(|(_, object)| {
            let own = object.key == cx.key().as_str();
            object.kind == "record" && (own || service.mistake == Mistake::FindIgnoresTheOwner)
        });
        let ids = made.map(|(id, _)| PhysicalId::new(id));
        Ok(Finding::from_ids(
            ids.filter(|id| service.mistake == Mistake::FindIgnoresExclusions || !cx.is_excluded(id)),
        ))
    }

    async fn attribute(&self, _: &Context<'_, Self>, id: &PhysicalId, _: &str) -> Result<Value> {
        Ok(json!(format!("https://log.example.com/{id}")))
    }

    fn schema(&self) -> heat_plugin_sdk::schema::ResourceSchema {
        heat_plugin_sdk::schema::ResourceSchema {
            type_name: Self::TYPE.to_owned(),
            description: RecordProperties::description().to_owned(),
            properties: RecordProperties::fields(),
            attributes: RecordAttributes::fields(),
            translations: RecordProperties::translations(),
            ..Default::default()
        }
    }
}

/// A type whose schema says nothing of itself.
struct Undocumented;

impl Resource for Undocumented {
    const TYPE: &'static str = "Undocumented";
    type Connection = ();
    type Properties = ();
    type Attributes = ();

    async fn create(&self, _: &Context<'_, Self>, (): &()) -> Result<Created> {
        Err(Failure::unsupported("it cannot be made"))
    }

    async fn read(&self, _: &Context<'_, Self>, _: &PhysicalId) -> Result<Option<Observed<Self>>> {
        Ok(None)
    }

    async fn delete(&self, _: &Context<'_, Self>, _: &PhysicalId) -> Result<()> {
        Ok(())
    }
}

pub(crate) fn plugin(service: &Arc<Service>) -> Plugin {
    let client = Arc::clone(service);
    let plugin = Plugin::new("acme")
        .connect(move |_: Credentials| {
            let client = Arc::clone(&client);
            async move { Ok(client) }
        })
        .resource(Zone)
        .resource(Record)
        .finder("acme.zone", |client: Arc<Client>, name: Value| async move {
            let objects = client.lock();
            let name = name.as_str().unwrap_or_default();
            let found =
                objects.1.iter().find(|(id, zone)| zone.kind == "zone" && (zone.name == name || *id == name));
            found
                .map(|(id, _)| json!(id))
                .ok_or_else(|| Failure::not_found(format!("there is no zone {name}")))
        });
    if service.mistake == Mistake::UndocumentedType { plugin.resource(Undocumented) } else { plugin }
}

pub(crate) fn fixtures() -> Fixtures {
    Fixtures::new(Credentials::none(), |_| async {})
        .patience(std::time::Duration::from_secs(5))
        .with(Fixture::new("Acme::DNS::Zone").properties(|run| json!({"name": run.name("zone")})))
        .with(
            Fixture::new("Acme::DNS::Record")
                .needs("zone", "Acme::DNS::Zone", |run| json!({"name": run.name("zone")}))
                .properties(|run| {
                    // By its old name and by name: both are translated as an engine would.
                    assert!(run.id("zone").starts_with("zone-"));
                    json!({"zone_id": run.name("zone"), "token": "t0p-s3cret", "comment": "first"})
                })
                .update("ttl", 600)
                .update("comment", "second"),
        )
        .with(Fixture::new("Undocumented").skip(Step::Crash, "it cannot be made"))
}

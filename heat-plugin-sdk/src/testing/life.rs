//! One object from its creation to its removal, with what an engine would keep of it.

use super::call::MemoryJournal;
use super::driver::Driver;
use crate::{
    CallContext, Change, Connection, Created, Credentials, DynResource, Failure, FindBasis, Finding, Journal,
    Observation, Operation, OperationKey, PhysicalId, PropertyMap, ResourceIdentity, Result, StackIdentity,
};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Names and keys that no other run has.
pub(super) struct Identities {
    seed: u128,
    next: u128,
}

impl Identities {
    pub(super) fn new() -> Self {
        use std::hash::{BuildHasher, RandomState};
        // A hasher of the standard library is seeded by the system; that is all the randomness that names need.
        let high = RandomState::new().hash_one(std::process::id());
        let low = RandomState::new().hash_one(high);
        Self { seed: u128::from(high) << 64 | u128::from(low), next: 0 }
    }

    fn number(&mut self) -> u128 {
        self.next += 1;
        self.seed.wrapping_add(self.next.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))
    }

    pub(super) fn key(&mut self) -> OperationKey {
        OperationKey::new(format!("{:032x}", self.number()))
    }

    /// Letters and digits as Heat's short ids have them.
    /// A UUID of version 4.
    pub(super) fn uuid(&mut self) -> String {
        let number = self.number() & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
        let digits = format!("{number:032x}");
        [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
    }

    pub(super) fn short(&mut self, length: usize) -> String {
        const DIGITS: &[u8] = b"abcdefghijklmnopqrstuvwxyz234567";
        let mut number = self.number();
        let mut text = String::with_capacity(length);
        for _ in 0..length {
            text.push(char::from(DIGITS[(number % 32) as usize]));
            number /= 32;
        }
        text
    }
}

/// An object, or one that is about to be made.
pub(super) struct Life {
    pub(super) resource: Arc<dyn DynResource>,
    pub(super) name: String,
    incarnation: String,
    short_id: String,
    stack: StackIdentity,
    key: OperationKey,
    attempt: u32,
    credentials: Credentials,
    connection: Connection,
    journal: Arc<MemoryJournal>,
    pub(super) id: Option<PhysicalId>,
    /// What shall hold.
    pub(super) properties: PropertyMap,
    applied: Option<PropertyMap>,
    /// Attributes of the creation, and those that were read last.
    pub(super) attributes: Map<String, Value>,
    before: BTreeSet<PhysicalId>,
}

impl Life {
    pub(super) fn new(
        resource: Arc<dyn DynResource>,
        name: &str,
        identities: &mut Identities,
        credentials: Credentials,
        connection: Connection,
        properties: PropertyMap,
    ) -> Self {
        let stack = StackIdentity {
            id: "00000000-0000-4000-8000-000000000000".to_owned(),
            name: "heat-kit".to_owned(),
            project: "kit".to_owned(),
        };
        Self {
            resource,
            name: name.to_owned(),
            incarnation: identities.uuid(),
            short_id: identities.short(12),
            stack,
            key: identities.key(),
            attempt: 0,
            credentials,
            connection,
            journal: Arc::default(),
            id: None,
            properties,
            applied: None,
            attributes: Map::new(),
            before: BTreeSet::new(),
        }
    }

    /// The context of the next call, as an engine fills it from what is recorded.
    pub(super) fn context(&self) -> CallContext {
        let contents = self.journal.contents();
        let mut seed = [0; 32];
        for (byte, digit) in seed.iter_mut().zip(self.key.as_str().bytes()) {
            *byte = digit;
        }
        CallContext {
            stack: self.stack.clone(),
            resource: ResourceIdentity {
                name: self.name.clone(),
                id: self.incarnation.clone(),
                short_id: self.short_id.clone(),
            },
            key: self.key.clone(),
            attempt: self.attempt,
            now: jiff::Timestamp::now(),
            seed,
            credentials: self.credentials.clone(),
            connection: self.connection.clone(),
            applied: self.applied.clone(),
            private: contents.private,
            attributes: self.attributes.clone(),
            owned: contents.owned,
            excluded: self.before.clone(),
            journal: Arc::clone(&self.journal) as Arc<dyn Journal>,
            configurations: Arc::new(BTreeMap::new()),
            signalled: Arc::new(BTreeMap::new()),
        }
    }

    /// The same object under names that it does not have: somebody else's view.
    pub(super) fn stranger(&self, identities: &mut Identities) -> CallContext {
        let mut context = self.context();
        context.key = identities.key();
        context.resource.id = identities.uuid();
        context.resource.short_id = identities.short(12);
        context.private = None;
        context.owned.clear();
        context
    }

    pub(super) fn id(&self) -> Result<PhysicalId> {
        self.id.clone().ok_or_else(|| Failure::failed("the object has no id"))
    }

    pub(super) fn basis(&self) -> FindBasis {
        self.resource.find_basis(&self.properties)
    }

    /// Notes what is there already where objects are found by a name that others may have.
    pub(super) async fn look_before(&mut self, driver: &Driver) -> Result<()> {
        if self.basis() != FindBasis::Name {
            return Ok(());
        }
        let seen = match self.find(driver, &self.context()).await? {
            Finding::Found(id) => vec![id],
            Finding::Absent => Vec::new(),
            Finding::Ambiguous(ids) => ids,
        };
        self.before.extend(seen);
        Ok(())
    }

    pub(super) async fn find(&self, driver: &Driver, cx: &CallContext) -> Result<Finding> {
        driver.repeated(|| self.resource.find(cx, &self.properties)).await
    }

    /// Calls create and records its answer.
    pub(super) async fn create(&mut self, driver: &Driver) -> Result<Created> {
        let created = self.request(driver).await;
        // An id that the plugin made durable is known whatever became of the call.
        self.id = self.journal.contents().id;
        let created = created?;
        self.id = Some(created.id.clone());
        self.attributes = created.attributes.clone();
        Ok(created)
    }

    /// Calls create and records nothing.
    pub(super) async fn request(&self, driver: &Driver) -> Result<Created> {
        let cx = self.context();
        let created = driver.repeated(|| self.resource.create(&cx, &self.properties)).await?;
        driver.note(&format!("{created:?}"));
        Ok(created)
    }

    /// The next call of the same operation.
    pub(super) fn again(&mut self) {
        self.attempt += 1;
    }

    /// Waits until the object is there.
    pub(super) async fn settle(&mut self, driver: &Driver) -> Result<Option<Observation>> {
        let (id, context) = (self.id()?, || self.context());
        let observed =
            driver.follow(&*self.resource, &context, &id, &Operation::Create(&self.properties)).await?;
        self.applied = Some(self.properties.clone());
        self.told(observed.as_ref());
        Ok(observed)
    }

    pub(super) async fn read(&self, driver: &Driver) -> Result<Option<Observation>> {
        driver.read(&*self.resource, &self.context(), &self.id()?).await
    }

    /// Begins the next operation.
    pub(super) fn begin(&mut self, identities: &mut Identities) {
        self.key = identities.key();
        self.attempt = 0;
    }

    /// One call of update, and waiting until it is done. The id may change if it is recorded.
    pub(super) async fn update(
        &mut self,
        driver: &Driver,
        change: &Change<PropertyMap>,
    ) -> Result<Option<Observation>> {
        let (id, cx) = (self.id()?, self.context());
        let answer = driver.repeated(|| self.resource.update(&cx, &id, change)).await;
        if let Some(id) = self.journal.contents().id {
            self.id = Some(id);
        }
        answer?;
        let (id, context) = (self.id()?, || self.context());
        let observed = driver.follow(&*self.resource, &context, &id, &Operation::Update(change)).await?;
        self.told(observed.as_ref());
        Ok(observed)
    }

    fn told(&mut self, observed: Option<&Observation>) {
        let told = observed.map(|observed| observed.attributes.clone()).unwrap_or_default();
        self.attributes.extend(told);
    }

    /// Records that the properties hold now.
    pub(super) fn apply(&mut self, properties: PropertyMap) {
        self.applied = Some(properties.clone());
        self.properties = properties;
    }

    /// Calls delete, and waits until the object is gone.
    pub(super) async fn delete(&mut self, driver: &Driver) -> Result<()> {
        let (id, cx) = (self.id()?, self.context());
        match driver.repeated(|| self.resource.delete(&cx, &id)).await {
            Err(failure) if !failure.is_not_found() => return Err(failure),
            _ => {}
        }
        driver.follow(&*self.resource, &|| self.context(), &id, &Operation::Delete).await.map(drop)
    }
}

//! `Acme::DNS::Record`: a record of Acme's DNS service, over HTTP.
//!
//! Credentials are a map of `url` and `token`.

mod client;

pub use client::AcmeClient;
use client::Record as Answer;
use heat_plugin_sdk::{
    Attributes, Change, Context, Created, FindBasis, Finding, Observed, PhysicalId, Plugin, Properties,
    Resource, Result,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::net::IpAddr;

/// A record of Acme's DNS service.
#[derive(Debug, Deserialize, Properties)]
pub struct RecordProperties {
    /// Fully qualified name.
    #[property(immutable, constraint(length(max = 255)))]
    name: String,
    /// Addresses the name answers with.
    #[property(update_allowed, constraint(length(min = 1)))]
    addresses: Vec<IpAddr>,
    /// Seconds that resolvers may keep the answer.
    #[property(update_allowed, default = 300, constraint(range(min = 60)))]
    ttl: u32,
}

/// What Acme tells of a record.
#[derive(Debug, Serialize, Attributes)]
pub struct RecordAttributes {
    /// How often the record was changed.
    version: u64,
}

/// The resource type `Acme::DNS::Record`.
pub struct Record;

impl Resource for Record {
    const TYPE: &'static str = "Acme::DNS::Record";
    type Connection = AcmeClient;
    type Properties = RecordProperties;
    type Attributes = RecordAttributes;

    async fn create(&self, cx: &Context<'_, Self>, p: &RecordProperties) -> Result<Created> {
        // Acme keeps a tag with each record: by it the record is found again should the answer be lost.
        let body = json!({"name": p.name, "addresses": p.addresses, "ttl": p.ttl, "tag": cx.key()});
        let record: Answer = cx.connection()?.post("/records", &body).await?;
        Ok(Created::new(record.id))
    }

    async fn read(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<Option<Observed<Self>>> {
        let record: Answer = match cx.connection()?.get(&format!("/records/{id}")).await {
            Ok(record) => record,
            Err(failure) if failure.is_not_found() => return Ok(None),
            Err(failure) => return Err(failure),
        };
        let observed =
            if record.live { Observed::ready() } else { Observed::working("not on all name servers yet") };
        let observed = observed
            .property("name", &record.name)?
            .property("addresses", &record.addresses)?
            .property("ttl", record.ttl)?;
        Ok(Some(observed.attributes(&RecordAttributes { version: record.version })?))
    }

    async fn update(
        &self,
        cx: &Context<'_, Self>,
        id: &PhysicalId,
        change: &Change<RecordProperties>,
    ) -> Result<()> {
        let p = change.new_properties();
        cx.connection()?
            .put(&format!("/records/{id}"), &json!({"addresses": p.addresses, "ttl": p.ttl}))
            .await
    }

    async fn delete(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<()> {
        cx.connection()?.delete(&format!("/records/{id}")).await
    }

    fn find_basis(&self, _: &RecordProperties) -> FindBasis {
        FindBasis::Key
    }

    async fn find(&self, cx: &Context<'_, Self>, _: &RecordProperties) -> Result<Finding> {
        let made: Vec<Answer> = cx.connection()?.get(&format!("/records?tag={}", cx.key())).await?;
        let ids = made.into_iter().map(|record| PhysicalId::new(record.id));
        Ok(Finding::from_ids(ids.filter(|id| !cx.is_excluded(id))))
    }
}

/// The plugin, for an engine's registry.
pub fn plugin() -> Plugin {
    Plugin::new("acme").connect(AcmeClient::connect).resource(Record)
}

//! `OS::Nova::Flavor`.

use heat_plugin_sdk::{
    Attributes, Change, Context, Created, FindBasis, Finding, Observed, Operation, PhysicalId, Progress,
    Properties, ReplaceOrder, Resource, Result, State, satisfies,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value, json};

use crate::client::{Client, Request};
use crate::rest::{self, Body, Collection, text};

const FLAVORS: Collection = Collection::new("compute", "flavors", "flavor", "flavors", None);

/// A flavor: the virtual hardware that servers get. Usually only administrators may make one.
#[derive(Debug, Clone, Serialize, Deserialize, Properties)]
#[property(since = "2014.2")]
pub struct FlavorProperties {
    /// Names or ids of the projects that may use a private flavor.
    #[property(update_allowed, default = [], item(resolve = "keystone.project"), since = "8.0.0")]
    pub tenants: Vec<String>,
    /// Id of the flavor; one is made if it is not given.
    #[property(since = "7.0.0")]
    pub flavorid: Option<String>,
    /// Name of the flavor, unique in the cloud.
    #[property(since = "7.0.0")]
    pub name: Option<String>,
    /// Memory in MiB.
    pub ram: i64,
    /// Number of virtual processors.
    pub vcpus: i64,
    /// Size of the root disk in GiB; 0 for that of the image.
    #[property(default = 0)]
    pub disk: i64,
    /// Swap space in MiB.
    #[property(default = 0)]
    pub swap: i64,
    /// Size of a second disk in GiB that goes with the server.
    #[property(default = 0)]
    pub ephemeral: i64,
    /// Factor for the network's bandwidth.
    #[property(default = 1.0)]
    pub rxtx_factor: Number,
    /// Keys and values that say more about the flavor.
    #[property(update_allowed)]
    pub extra_specs: Option<Map<String, Value>>,
    /// Whether all projects may use the flavor.
    #[property(default = true, since = "6.0.0")]
    pub is_public: bool,
}

/// What a flavor tells.
#[derive(Debug, Clone, Serialize, Deserialize, Attributes)]
pub struct FlavorAttributes {
    /// Whether all projects may use the flavor.
    #[attribute(type = boolean, since = "6.0.0")]
    pub is_public: Option<Value>,
    /// Keys and values that say more about the flavor.
    #[attribute(type = map, since = "7.0.0")]
    pub extra_specs: Option<Value>,
}

/// `OS::Nova::Flavor`.
#[derive(Debug, Clone, Copy)]
pub struct Flavor;

const PUBLIC: &str = "os-flavor-access:is_public";

async fn extra_specs(client: &Client, id: &str) -> Result<Value> {
    let response = client.send("compute", Request::get(["flavors", id, "os-extra_specs"])).await?;
    Ok(response.object("extra_specs")?)
}

async fn tenants(client: &Client, id: &str) -> Result<Vec<String>> {
    let access =
        client.list("compute", Request::get(["flavors", id, "os-flavor-access"]), "flavor_access").await?;
    Ok(access.iter().map(|entry| text(entry, "tenant_id").to_owned()).collect())
}

/// Nova takes texts only.
fn written(specs: &Map<String, Value>) -> Map<String, Value> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    specs.iter().map(|(key, value)| (key.clone(), text(value).into())).collect()
}

impl Flavor {
    /// Sets the extra specs that are wanted and removes the others. Says whether there was anything to do.
    async fn settle_specs(client: &Client, id: &str, wanted: &Map<String, Value>) -> Result<bool> {
        let wanted = written(wanted);
        let present = extra_specs(client, id).await?;
        let present = present.as_object().cloned().unwrap_or_default();
        let mut changed = false;
        for key in present.keys().filter(|key| !wanted.contains_key(*key)) {
            changed = true;
            match client
                .send("compute", Request::delete(["flavors", id, "os-extra_specs", key.as_str()]))
                .await
            {
                Err(error) if error.is_not_found() => {}
                result => drop(result?),
            }
        }
        if wanted.iter().any(|(key, value)| present.get(key) != Some(value)) {
            changed = true;
            let request = Request::post(["flavors", id, "os-extra_specs"], json!({"extra_specs": wanted}));
            client.send("compute", request.repeatable(true)).await?;
        }
        Ok(changed)
    }

    /// Lets exactly the wanted projects use the flavor. Says whether there was anything to do.
    async fn settle_tenants(client: &Client, id: &str, wanted: &[String]) -> Result<bool> {
        let present = tenants(client, id).await?;
        let surplus = present
            .iter()
            .filter(|tenant| !wanted.contains(tenant))
            .map(|tenant| ("removeTenantAccess", tenant));
        let missing = wanted
            .iter()
            .filter(|tenant| !present.contains(tenant))
            .map(|tenant| ("addTenantAccess", tenant));
        let mut changed = false;
        for (action, tenant) in surplus.chain(missing) {
            changed = true;
            let request = Request::post(["flavors", id, "action"], json!({action: {"tenant": tenant}}));
            match client.send("compute", request.repeatable(true)).await {
                // It is as wanted already.
                Err(error) if error.is_not_found() || error.is_conflict() => {}
                result => drop(result?),
            }
        }
        Ok(changed)
    }
}

impl Resource for Flavor {
    const TYPE: &'static str = "OS::Nova::Flavor";
    type Connection = Client;
    type Properties = FlavorProperties;
    type Attributes = FlavorAttributes;

    async fn create(&self, cx: &Context<'_, Self>, p: &FlavorProperties) -> Result<Created> {
        let mut body = Body::of(p)?
            .without(&["tenants", "extra_specs"])
            .rename("flavorid", "id")
            .rename("ephemeral", "OS-FLV-EXT-DATA:ephemeral")
            .rename("is_public", PUBLIC)
            .name(cx);
        if p.flavorid.as_deref().is_none_or(str::is_empty) {
            body.set("id", rest::chosen_id(cx));
        }
        let flavor = FLAVORS.create(cx.connection()?, body).await?;
        Ok(Created::new(rest::id_of(&flavor)?))
    }

    async fn read(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<Option<Observed<Self>>> {
        let client = cx.connection()?;
        let Some(flavor) = FLAVORS.show(client, id.as_str()).await? else { return Ok(None) };
        let specs = extra_specs(client, id.as_str()).await?;
        let mut observed = Observed::new(State::Ready);
        for (property, field) in [
            ("name", "name"),
            ("ram", "ram"),
            ("vcpus", "vcpus"),
            ("disk", "disk"),
            ("ephemeral", "OS-FLV-EXT-DATA:ephemeral"),
            ("rxtx_factor", "rxtx_factor"),
            ("is_public", PUBLIC),
        ] {
            if let Some(value) = flavor.get(field) {
                observed = observed.property(property, value)?;
            }
        }
        // No swap is an empty text.
        let swap =
            flavor.get("swap").filter(|swap| swap.as_str() != Some("")).cloned().unwrap_or_else(|| json!(0));
        observed = observed
            .property("flavorid", id.as_str())?
            .property("swap", swap)?
            .property("extra_specs", &specs)?;
        if flavor[PUBLIC] == json!(false) {
            let mut tenants: Vec<String> = tenants(client, id.as_str()).await?;
            // Without any project named, the own one was let in.
            if cx.applied()?.is_none_or(|applied| applied.tenants.is_empty())
                && tenants == [client.project_id().await?]
            {
                tenants.clear();
            }
            observed = observed.property("tenants", tenants)?;
        }
        let attributes =
            FlavorAttributes { is_public: flavor.get(PUBLIC).cloned(), extra_specs: Some(specs) };
        Ok(Some(observed.attributes(&attributes)?.show(flavor)))
    }

    async fn update(
        &self,
        _: &Context<'_, Self>,
        _: &PhysicalId,
        _: &Change<FlavorProperties>,
    ) -> Result<()> {
        // Both properties that can be changed are settled step by step.
        Ok(())
    }

    async fn delete(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<()> {
        FLAVORS.delete(cx.connection()?, id.as_str()).await
    }

    async fn progress(
        &self,
        cx: &Context<'_, Self>,
        id: &PhysicalId,
        operation: &Operation<'_, FlavorProperties>,
        observed: Option<&Observed<Self>>,
    ) -> Result<Progress> {
        let progress = rest::by_state(id, operation, observed);
        if progress != Progress::Done || observed.is_none() {
            return Ok(progress);
        }
        let client = cx.connection()?;
        let (p, specs, access) = match operation {
            Operation::Create(p) => (*p, p.extra_specs.is_some(), !p.is_public),
            Operation::Update(change) => (
                change.new_properties(),
                change.changed("extra_specs"),
                change.changed("tenants") && !change.new_properties().is_public,
            ),
            Operation::Delete | Operation::Suspend | Operation::Resume => return Ok(progress),
        };
        if specs
            && Self::settle_specs(client, id.as_str(), &p.extra_specs.clone().unwrap_or_default()).await?
        {
            return Ok(Progress::wait("extra specs"));
        }
        if access {
            let created = matches!(operation, Operation::Create(_));
            let wanted = if p.tenants.is_empty() && created {
                vec![client.project_id().await?]
            } else {
                p.tenants.clone()
            };
            if Self::settle_tenants(client, id.as_str(), &wanted).await? {
                return Ok(Progress::wait("access"));
            }
        }
        Ok(progress)
    }

    fn find_basis(&self, p: &FlavorProperties) -> FindBasis {
        // An id that we choose is nobody else's; one that the template gives may be.
        if p.flavorid.as_deref().is_none_or(str::is_empty) { FindBasis::Unique } else { FindBasis::Name }
    }

    async fn find(&self, cx: &Context<'_, Self>, p: &FlavorProperties) -> Result<Finding> {
        let id = match p.flavorid.as_deref() {
            Some(id) if !id.is_empty() => id.to_owned(),
            _ => rest::chosen_id(cx),
        };
        let found = FLAVORS.show(cx.connection()?, &id).await?;
        let found = found
            .filter(|flavor| p.name.as_deref().is_none_or(|name| satisfies(&json!(name), &flavor["name"])));
        Ok(Finding::from_ids(found.map(|_| PhysicalId::new(id)).filter(|id| !cx.is_excluded(id))))
    }

    fn replace_order(&self, old: &FlavorProperties, new: &FlavorProperties) -> ReplaceOrder {
        let same = |one: &Option<String>, other: &Option<String>| one.is_some() && one == other;
        if same(&old.flavorid, &new.flavorid) || same(&old.name, &new.name) {
            ReplaceOrder::DeleteFirst
        } else {
            ReplaceOrder::CreateFirst
        }
    }
}

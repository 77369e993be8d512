//! `OS::Glance::WebImage`.

use heat_plugin_sdk::{
    Change, Context, Created, Failure, FindBasis, Finding, Observed, Operation, PhysicalId, Progress,
    Properties, Resource, Result, State,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::client::{Client, ErrorClass, Request};
use crate::rest::{self, Body, text};

/// An image whose data Glance itself fetches from the web.
#[derive(Debug, Clone, Serialize, Deserialize, Properties)]
#[property(since = "12.0.0")]
pub struct WebImageProperties {
    /// Name of the image; need not be unique.
    pub name: Option<String>,
    /// Id of the image; one is made if it is not given.
    pub id: Option<String>,
    /// Size in GiB that a disk needs to boot it; 0 for any.
    #[property(constraint(range(min = 0)), default = 0)]
    pub min_disk: i64,
    /// Memory in MiB that a server needs to boot it; 0 for any.
    #[property(constraint(range(min = 0)), default = 0)]
    pub min_ram: i64,
    /// Whether the image is protected from deletion.
    #[property(update_allowed, default = false)]
    pub protected: bool,
    /// Format of the disk.
    #[property(constraint(allowed(
        "ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "iso", "ploop"
    )))]
    pub disk_format: String,
    /// Format of the container.
    #[property(constraint(allowed("ami", "ari", "aki", "bare", "ovf", "ova", "docker")))]
    pub container_format: String,
    /// Address that the data is fetched from.
    pub location: String,
    /// Tags of the image.
    #[property(update_allowed)]
    pub tags: Option<Vec<Value>>,
    /// Architecture of the operating system.
    #[property(update_allowed)]
    pub architecture: Option<String>,
    /// Id of the image that is the kernel of this one.
    #[property(
        update_allowed,
        constraint(pattern(
            "^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$"
        ))
    )]
    pub kernel_id: Option<String>,
    /// Usual name of the operating system's distribution, in lower case.
    #[property(update_allowed)]
    pub os_distro: Option<String>,
    /// Version of the operating system.
    #[property(update_allowed)]
    pub os_version: Option<String>,
    /// Owner of the image.
    #[property(update_allowed)]
    pub owner: Option<String>,
    /// Further properties of the image.
    #[property(update_allowed, default = {}, since = "17.0.0")]
    pub extra_properties: Map<String, Value>,
    /// Who may see the image.
    #[property(
        update_allowed,
        default = "private",
        constraint(allowed("public", "private", "community", "shared"))
    )]
    pub visibility: String,
    /// Id of the image that is the RAM disk of this one.
    #[property(
        update_allowed,
        constraint(pattern(
            "^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$"
        ))
    )]
    pub ramdisk_id: Option<String>,
    /// Whether the image can be used; usually only administrators may change it.
    #[property(update_allowed, default = true, since = "16.0.0")]
    pub active: bool,
    /// Projects that may use a shared image.
    #[property(update_allowed, since = "16.0.0")]
    pub members: Option<Vec<String>>,
}

/// `OS::Glance::WebImage`.
#[derive(Debug, Clone, Copy)]
pub struct WebImage;

/// Properties that are no fields of an image.
const APART: &[&str] = &["members", "active", "location", "extra_properties"];

/// What of the import was asked for.
#[derive(Debug, Serialize, Deserialize)]
struct Import {
    operation: String,
}

async fn show(client: &Client, id: &str) -> Result<Option<Value>> {
    match client.send("image", Request::get(["images", id])).await {
        Ok(response) => Ok(Some(response.json()?)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn members(client: &Client, id: &str) -> Result<Vec<String>> {
    match client.list("image", Request::get(["images", id, "members"]), "members").await {
        Ok(members) => Ok(members.iter().map(|member| text(member, "member_id").to_owned()).collect()),
        // Only shared images have members.
        Err(error) if error.class() == ErrorClass::Denied => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

fn state(image: &Value) -> State {
    let failed = text(image, "os_glance_failed_import");
    match text(image, "status") {
        "active" | "deactivated" => State::Ready,
        "queued" if !failed.is_empty() => State::Failed(format!("the import into {failed} failed")),
        "killed" => State::Failed("status killed".to_owned()),
        status => State::Working(format!("status {status}")),
    }
}

/// The fields that every image has.
const OWN_FIELDS: &[&str] = &[
    "checksum",
    "created_at",
    "direct_url",
    "file",
    "locations",
    "os_hash_algo",
    "os_hash_value",
    "os_hidden",
    "schema",
    "self",
    "size",
    "status",
    "stores",
    "updated_at",
    "virtual_size",
];

/// What an image has beside the fields that all have and those that properties set.
fn extra(image: &Value) -> Map<String, Value> {
    let own = <WebImageProperties as Properties>::fields();
    let fields = image.as_object().into_iter().flatten();
    fields
        .filter(|(field, _)| {
            !own.contains_key(*field)
                && !OWN_FIELDS.contains(&field.as_str())
                && !field.starts_with("os_glance_")
        })
        .map(|(field, value)| (field.clone(), value.clone()))
        .collect()
}

/// Whether the template gives the id.
fn gives_id(p: &WebImageProperties) -> bool {
    p.id.as_deref().is_some_and(|id| !id.is_empty())
}

/// The id that a create with these properties uses.
fn id_for(cx: &Context<'_, WebImage>, p: &WebImageProperties) -> String {
    p.id.clone().filter(|id| !id.is_empty()).unwrap_or_else(|| rest::chosen_id(cx))
}

/// A change as Glance's patch.
fn patch(image: &Value, change: &Change<WebImageProperties>) -> Result<Vec<Value>> {
    let mut operations = Vec::new();
    let mut set = |field: &str, value: Option<&Value>| {
        let path = format!("/{}", field.replace('~', "~0").replace('/', "~1"));
        match (value.filter(|value| !value.is_null()), image.get(field)) {
            (Some(value), Some(_)) => operations.push(json!({"op": "replace", "path": path, "value": value})),
            (Some(value), None) => operations.push(json!({"op": "add", "path": path, "value": value})),
            (None, Some(_)) => operations.push(json!({"op": "remove", "path": path})),
            (None, None) => {}
        }
    };
    let new = Body::of_change(change)?.without(APART).into_value();
    for (field, value) in new.as_object().into_iter().flatten() {
        match field.as_str() {
            "tags" if value.is_null() => set(field, Some(&json!([]))),
            _ => set(field, Some(value)),
        }
    }
    if change.changed("extra_properties") {
        let (old, new) = (&change.old().extra_properties, &change.new_properties().extra_properties);
        for key in old.keys().filter(|key| !new.contains_key(*key)) {
            set(key, None);
        }
        for (key, value) in new {
            set(key, Some(value));
        }
    }
    Ok(operations)
}

impl WebImage {
    async fn act(client: &Client, id: &str, action: &str) -> Result<()> {
        let request = Request::new(crate::client::Method::POST, ["images", id, "actions", action]);
        client.send("image", request.repeatable(true)).await?;
        Ok(())
    }

    /// Lets exactly the wanted projects use the image. Says whether there was anything to do.
    async fn settle_members(client: &Client, id: &str, wanted: &[String]) -> Result<bool> {
        let present = members(client, id).await?;
        let mut changed = false;
        for member in present.iter().filter(|member| !wanted.contains(member)) {
            changed = true;
            match client.send("image", Request::delete(["images", id, "members", member.as_str()])).await {
                Err(error) if error.is_not_found() => {}
                result => drop(result?),
            }
        }
        for member in wanted.iter().filter(|member| !present.contains(member)) {
            changed = true;
            let request =
                Request::post(["images", id, "members"], json!({"member": member})).repeatable(true);
            match client.send("image", request).await {
                Err(error) if error.is_conflict() => {}
                result => drop(result?),
            }
        }
        Ok(changed)
    }
}

impl Resource for WebImage {
    const TYPE: &'static str = "OS::Glance::WebImage";
    type Connection = Client;
    type Properties = WebImageProperties;
    type Attributes = ();

    async fn create(&self, cx: &Context<'_, Self>, p: &WebImageProperties) -> Result<Created> {
        let mut body = Body::of(p)?.without(APART);
        body.set("id", id_for(cx, p));
        for (key, value) in &p.extra_properties {
            body.set(key, value.clone());
        }
        let request = Request::post(["images"], body.into_value());
        let image: Value = match cx.connection()?.send("image", request).await {
            // Trying again does not help, and a replacement finds out before the old image is touched.
            Err(error) if error.is_conflict() && gives_id(p) => {
                let message =
                    format!("{error}: Glance never gives an id again, not even that of a deleted image");
                return Err(Failure::invalid("id".to_owned(), message));
            }
            result => result?.json()?,
        };
        Ok(Created::new(rest::id_of(&image)?))
    }

    async fn read(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<Option<Observed<Self>>> {
        let client = cx.connection()?;
        let Some(image) = show(client, id.as_str()).await? else { return Ok(None) };
        let status = text(&image, "status");
        if matches!(status, "deleted" | "pending_delete") {
            return Ok(None);
        }
        let applied = cx.applied()?;
        let mut observed = Observed::new(state(&image));
        for name in
            <WebImageProperties as Properties>::fields().keys().filter(|name| !APART.contains(&name.as_str()))
        {
            let value = image.get(name).unwrap_or(&Value::Null);
            observed = observed.property(name, value)?;
        }
        if applied.is_some_and(|applied| applied.members.is_some()) {
            let members = members(client, id.as_str()).await?;
            observed = observed.property("members", members)?;
        }
        observed = observed.property("extra_properties", extra(&image))?.unreadable("location");
        if matches!(status, "active" | "deactivated") {
            observed = observed.property("active", status == "active")?;
        }
        Ok(Some(observed.show(image)))
    }

    async fn update(
        &self,
        cx: &Context<'_, Self>,
        id: &PhysicalId,
        change: &Change<WebImageProperties>,
    ) -> Result<()> {
        let client = cx.connection()?;
        let Some(image) = show(client, id.as_str()).await? else {
            return Err(Failure::not_found(format!("image {id} is gone")));
        };
        let operations = patch(&image, change)?;
        if !operations.is_empty() {
            let request = Request::patch(["images", id.as_str()], json!(operations));
            let request = request.content_type("application/openstack-images-v2.1-json-patch");
            client.send("image", request).await?;
        }
        Ok(())
    }

    async fn delete(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<()> {
        match cx.connection()?.send("image", Request::delete(["images", id.as_str()])).await {
            Err(error) if error.is_not_found() => Ok(()),
            result => Ok(result.map(drop)?),
        }
    }

    async fn progress(
        &self,
        cx: &Context<'_, Self>,
        id: &PhysicalId,
        operation: &Operation<'_, WebImageProperties>,
        observed: Option<&Observed<Self>>,
    ) -> Result<Progress> {
        let client = cx.connection()?;
        let status = observed
            .and_then(|seen| seen.observation().show.as_ref())
            .map_or("", |image| text(image, "status"));
        if let Operation::Create(p) = operation
            && status == "queued"
            && cx.private::<Import>()?.is_none_or(|import| import.operation != cx.key().as_str())
        {
            let body = json!({"method": {"name": "web-download", "uri": p.location}});
            match client.send("image", Request::post(["images", id.as_str(), "import"], body)).await {
                // It was asked for before, and that was not recorded.
                Err(error) if error.is_conflict() => {}
                result => drop(result?),
            }
            cx.save(&Import { operation: cx.key().to_string() }).await?;
            return Ok(Progress::wait("import"));
        }
        let progress = rest::by_state(id, operation, observed);
        if progress != Progress::Done {
            return Ok(progress);
        }
        let (p, members_wanted) = match operation {
            Operation::Create(p) => (*p, p.members.is_some()),
            Operation::Update(change) => (change.new_properties(), change.changed("members")),
            Operation::Delete | Operation::Suspend | Operation::Resume => return Ok(progress),
        };
        if members_wanted
            && Self::settle_members(client, id.as_str(), p.members.as_deref().unwrap_or_default()).await?
        {
            return Ok(Progress::wait("members"));
        }
        match (p.active, status) {
            (false, "active") => Self::act(client, id.as_str(), "deactivate").await?,
            (true, "deactivated") => Self::act(client, id.as_str(), "reactivate").await?,
            _ => return Ok(progress),
        }
        Ok(Progress::wait("activation"))
    }

    fn find_basis(&self, p: &WebImageProperties) -> FindBasis {
        // An id that we choose is nobody else's; one that the template gives may be.
        if gives_id(p) { FindBasis::Name } else { FindBasis::Unique }
    }

    async fn find(&self, cx: &Context<'_, Self>, p: &WebImageProperties) -> Result<Finding> {
        let id = id_for(cx, p);
        let found = show(cx.connection()?, &id).await?;
        Ok(Finding::from_ids(found.map(|_| PhysicalId::new(id)).filter(|id| !cx.is_excluded(id))))
    }

    fn validate(&self, p: &WebImageProperties) -> Result<()> {
        let amazon = matches!(p.container_format.as_str(), "ami" | "ari" | "aki");
        if amazon && p.disk_format != p.container_format {
            return Err(Failure::invalid(
                "disk_format".to_owned(),
                "Invalid mix of disk and container formats. When setting a disk or container format to one of 'aki', \
                 'ari', or 'ami', the container and disk formats must match.",
            ));
        }
        if p.members.as_ref().is_some_and(|members| !members.is_empty()) && p.visibility != "shared" {
            return Err(Failure::invalid(
                "members".to_owned(),
                "members property can only be specified if the value of visibility property is shared.",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_becomes_glances_patch() {
        let properties = |value: Value| -> WebImageProperties {
            let mut all = json!({"min_disk": 0, "min_ram": 0, "protected": false, "disk_format": "raw",
                "container_format": "bare", "location": "http://h/x", "extra_properties": {}, "visibility": "private",
                "active": true});
            for (key, value) in value.as_object().unwrap() {
                all[key] = value.clone();
            }
            serde_json::from_value(all).unwrap()
        };
        let old = properties(json!({"os_distro": "debian", "extra_properties": {"a/b": "1", "c": "2"}}));
        let new = properties(json!({"tags": ["x"], "extra_properties": {"c": "3", "d": "4"}}));
        let names = ["os_distro", "tags", "extra_properties"].map(str::to_owned);
        let image = json!({"id": "i", "tags": [], "os_distro": "debian", "a/b": "1", "c": "2"});
        assert_eq!(
            Value::from(patch(&image, &Change::new(old, new, names)).unwrap()),
            json!([
                {"op": "remove", "path": "/os_distro"},
                {"op": "replace", "path": "/tags", "value": ["x"]},
                {"op": "remove", "path": "/a~1b"},
                {"op": "replace", "path": "/c", "value": "3"},
                {"op": "add", "path": "/d", "value": "4"},
            ])
        );
    }
}

//! `OS::Cinder::Volume`.

use heat_plugin_sdk::schema::{PropertySchema, ResourceSchema, ValueType};
use heat_plugin_sdk::{
    Attributes, Change, Context, Created, Failure, FindBasis, Finding, Observed, Operation, PhysicalId,
    Progress, Properties, Resource, Restored, Result, SavedData, State,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::attachment::{VOLUMES, attach, detach, servers};
use super::backup;
use crate::client::{Client, Microversion, Request};
use crate::finders;
use crate::rest::{self, Body, text};

/// A volume: a block device that servers use, empty, or made from an image, a snapshot, a backup or another volume.
#[derive(Debug, Clone, Serialize, Deserialize, Properties)]
pub struct VolumeProperties {
    /// Availability zone of the volume.
    pub availability_zone: Option<String>,
    /// Size in GiB. It can be left out for a volume from a backup, a snapshot or another volume. It can only grow.
    #[property(update_allowed, constraint(range(min = 1)))]
    pub size: Option<i64>,
    /// Id of the snapshot that the volume is made from.
    #[property(constraint(custom("cinder.snapshot")))]
    pub snapshot_id: Option<String>,
    /// Id of the backup that the volume is made from. Another one is restored into the volume.
    #[property(update_allowed, constraint(custom("cinder.backup")))]
    pub backup_id: Option<String>,
    /// Name of the volume; need not be unique.
    #[property(update_allowed)]
    pub name: Option<String>,
    /// What the volume is for.
    #[property(update_allowed)]
    pub description: Option<String>,
    /// Name or id of the volume's type, which says where it is stored.
    #[property(update_allowed, constraint(custom("cinder.vtype")))]
    pub volume_type: Option<String>,
    /// Keys and values kept with the volume.
    #[property(update_allowed, default = {})]
    pub metadata: Map<String, Value>,
    /// Name or id of the image that the volume is made from.
    #[property(
        constraint(custom("glance.image")),
        renamed_from(
            name = "imageRef",
            deprecated(since = "2014.1"),
            hidden(since = "5.0.0", message = "Use property image.")
        )
    )]
    pub image: Option<String>,
    /// Id of the volume that this one is a copy of.
    #[property(constraint(custom("cinder.volume")))]
    pub source_volid: Option<String>,
    /// Hints for Cinder where to put the volume.
    #[property(since = "2015.1")]
    pub scheduler_hints: Option<Map<String, Value>>,
    /// Whether the volume can only be read.
    #[property(update_allowed, since = "5.0.0")]
    pub read_only: Option<bool>,
    /// Without effect: the volume's type says whether it can be attached several times.
    #[property(default = false, since = "6.0.0", hidden(since = "13.0.0"))]
    pub multiattach: bool,
}

/// What a volume tells.
#[derive(Debug, Clone, Serialize, Deserialize, Attributes)]
pub struct VolumeAttributes {
    /// Availability zone of the volume.
    pub availability_zone: String,
    /// Size in GiB.
    pub size: String,
    /// Id of the snapshot that the volume was made from.
    pub snapshot_id: String,
    /// Name of the volume.
    #[attribute(type = string)]
    pub display_name: Value,
    /// What the volume is for.
    #[attribute(type = string)]
    pub display_description: Value,
    /// Name of the volume's type.
    pub volume_type: String,
    /// Keys and values kept with the volume, as JSON text.
    pub metadata: String,
    /// Id of the volume that this one is a copy of.
    pub source_volid: String,
    /// Status of the volume.
    pub status: String,
    /// When the volume was made.
    pub created_at: String,
    /// Whether servers can boot from the volume.
    pub bootable: String,
    /// Keys and values kept with the volume.
    #[attribute(type = map)]
    pub metadata_values: Value,
    /// Whether the volume is encrypted.
    pub encrypted: String,
    /// The volume's attachments, as text.
    #[attribute(since = "2015.1", deprecated(since = "9.0.0", message = "Use property attachments_list."))]
    pub attachments: String,
    /// The volume's attachments.
    #[attribute(type = list, since = "9.0.0")]
    pub attachments_list: Value,
    /// Whether the volume can be attached several times.
    #[attribute(since = "6.0.0")]
    pub multiattach: String,
}

/// `OS::Cinder::Volume`.
#[derive(Debug, Clone, Copy)]
pub struct Volume;

/// Since 3.42 a volume grows while a server uses it.
const EXTEND_IN_USE: Microversion = Microversion::new(3, 42);
/// Written by Cinder itself into a volume's metadata.
const OWN_METADATA: &[&str] = &["readonly", "attached_mode"];

/// What was begun for an operation and cannot be seen in the volume.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Begun {
    operation: String,
    /// Where the volume was before it was detached for the operation.
    detached_from: Option<(String, String)>,
    /// Whether the backup was restored.
    restored: bool,
}

fn state(volume: &Value) -> State {
    match text(volume, "status") {
        status if status.starts_with("error") => State::Failed(format!("status {status}")),
        status
        @ ("creating" | "downloading" | "restoring-backup" | "extending" | "retyping" | "deleting") => {
            State::Working(format!("status {status}"))
        }
        _ => State::Ready,
    }
}

/// As Python's `str` writes it, which is what Heat's attributes are.
fn python_text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "None".to_owned(),
        Some(Value::Bool(true)) => "True".to_owned(),
        Some(Value::Bool(false)) => "False".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => python_repr(other),
    }
}

fn python_repr(value: &Value) -> String {
    match value {
        Value::String(text) if text.contains('\'') && !text.contains('"') => format!("\"{text}\""),
        Value::String(text) => format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'")),
        Value::Array(items) => format!("[{}]", items.iter().map(python_repr).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let entries = map
                .iter()
                .map(|(key, value)| format!("{}: {}", python_repr(&json!(key)), python_repr(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        Value::Number(number) => number.to_string(),
        other => python_text(Some(other)),
    }
}

/// JSON as Python writes it, with a space after colons and commas.
fn python_json(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(python_json).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let entries = map.iter().map(|(key, value)| format!("{}: {}", json!(key), python_json(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

fn attributes(volume: &Value) -> VolumeAttributes {
    let text = |field: &str| python_text(volume.get(field));
    VolumeAttributes {
        availability_zone: text("availability_zone"),
        size: text("size"),
        snapshot_id: text("snapshot_id"),
        display_name: volume["name"].clone(),
        display_description: volume["description"].clone(),
        volume_type: text("volume_type"),
        metadata: python_json(&volume["metadata"]),
        source_volid: text("source_volid"),
        status: text("status"),
        created_at: text("created_at"),
        bootable: text("bootable"),
        metadata_values: volume["metadata"].clone(),
        encrypted: text("encrypted"),
        attachments: text("attachments"),
        attachments_list: volume["attachments"].clone(),
        multiattach: text("multiattach"),
    }
}

/// Whether the volume is read-only, as far as that was ever said.
fn read_only(volume: &Value) -> Option<bool> {
    volume["metadata"]["readonly"].as_str().map(|text| text.eq_ignore_ascii_case("true"))
}

/// Cinder takes texts only.
fn written(metadata: &Map<String, Value>) -> Value {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => python_json(other),
    };
    metadata.iter().map(|(key, value)| (key.clone(), Value::from(text(value)))).collect()
}

async fn act(client: &Client, id: &str, action: Value) -> Result<()> {
    client.send("block-storage", Request::post(["volumes", id, "action"], action)).await?;
    Ok(())
}

/// What an update still wants of a volume that cannot be done in one request.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wanted {
    size: Option<i64>,
    read_only: Option<bool>,
    backup: Option<String>,
}

impl Wanted {
    fn of(operation: &Operation<'_, VolumeProperties>, volume: &Value, begun: &Begun) -> Self {
        let differs =
            |wanted: Option<bool>| wanted.filter(|wanted| read_only(volume).unwrap_or(false) != *wanted);
        match operation {
            Operation::Create(p) => Self { read_only: differs(p.read_only), ..Self::default() },
            Operation::Update(change) => {
                let new = change.new_properties();
                let size =
                    new.size.filter(|size| change.changed("size") && volume["size"].as_i64() != Some(*size));
                Self {
                    size,
                    read_only: if change.changed("read_only") { differs(new.read_only) } else { None },
                    backup: new.backup_id.clone().filter(|_| change.changed("backup_id") && !begun.restored),
                }
            }
            Operation::Delete | Operation::Suspend | Operation::Resume => Self::default(),
        }
    }

    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl Volume {
    async fn begun(cx: &Context<'_, Self>) -> Result<Begun> {
        let begun = cx.private::<Begun>()?.filter(|begun| begun.operation == cx.key().as_str());
        Ok(begun.unwrap_or_else(|| Begun { operation: cx.key().to_string(), ..Begun::default() }))
    }

    /// The next step towards what is wanted, and what it waits for.
    async fn step(
        cx: &Context<'_, Self>,
        id: &str,
        volume: &Value,
        wanted: &Wanted,
        mut begun: Begun,
    ) -> Result<Progress> {
        let client = cx.connection()?;
        let status = text(volume, "status");
        let in_use = servers(volume).next().map(|(server, device)| (server.to_owned(), device.to_owned()));
        let grows_in_use = wanted.size.is_some()
            && client.best_microversion("block-storage", EXTEND_IN_USE, EXTEND_IN_USE).await?.is_some();
        let must_be_free =
            wanted.read_only.is_some() || wanted.backup.is_some() || wanted.size.is_some() && !grows_in_use;
        if matches!(status, "attaching" | "detaching" | "reserved" | "backing-up" | "uploading") {
            return Ok(Progress::wait(format!("status {status}")));
        }
        if must_be_free && let Some((server, device)) = in_use {
            let server_id = server.clone();
            begun.detached_from = Some((server, device));
            // Noted before it is done: whatever happens, the volume goes back.
            cx.save(&begun).await?;
            detach(client, &server_id, id).await?;
            return Ok(Progress::wait("detaching"));
        }
        if let Some(backup) = &wanted.backup {
            let body = json!({"restore": {"volume_id": id}});
            client.send("block-storage", Request::post(["backups", backup, "restore"], body)).await?;
            begun.restored = true;
            cx.save(&begun).await?;
            return Ok(Progress::wait("restoring the backup"));
        }
        if let Some(size) = wanted.size {
            let request = Request::post(["volumes", id, "action"], json!({"os-extend": {"new_size": size}}));
            let request =
                if status == "in-use" { request.microversion(EXTEND_IN_USE, EXTEND_IN_USE) } else { request };
            client.send("block-storage", request).await?;
            return Ok(Progress::wait("extending"));
        }
        if let Some(read_only) = wanted.read_only {
            act(client, id, json!({"os-update_readonly_flag": {"readonly": read_only}})).await?;
            return Ok(Progress::wait("read-only flag"));
        }
        Ok(Progress::Done)
    }
}

impl Resource for Volume {
    const TYPE: &'static str = "OS::Cinder::Volume";
    type Connection = Client;
    type Properties = VolumeProperties;
    type Attributes = VolumeAttributes;

    fn schema(&self) -> ResourceSchema {
        let mut schema = rest::schema_resolving::<Self>(&[(&["image"], "glance.image")]);
        // Heat checks the old name of the property for nothing.
        if let Some(old) = schema.properties.get_mut("imageRef") {
            *old = PropertySchema { support: old.support.clone(), ..PropertySchema::new(ValueType::String) };
        }
        schema.snapshot_policy = true;
        schema
    }

    async fn create(&self, cx: &Context<'_, Self>, p: &VolumeProperties) -> Result<Created> {
        let client = cx.connection()?;
        let body = Body::of(p)?
            .without(&["read_only", "multiattach", "scheduler_hints", "backup_id"])
            .rename("image", "imageRef")
            .name(cx);
        if let Some(backup) = &p.backup_id {
            let restore = json!({"restore": {"name": body.get("name")}});
            let response =
                client.send("block-storage", Request::post(["backups", backup, "restore"], restore)).await?;
            let restored = response.object("restore")?;
            return Ok(Created::new(text(&restored, "volume_id")));
        }
        let mut body = body;
        body.set("metadata", written(&p.metadata));
        let mut request = json!({"volume": body.into_value()});
        if let Some(hints) = p.scheduler_hints.as_ref().filter(|hints| !hints.is_empty()) {
            request["OS-SCH-HNT:scheduler_hints"] = json!(hints);
        }
        let volume =
            client.send("block-storage", Request::post(["volumes"], request)).await?.object("volume")?;
        Ok(Created::new(rest::id_of(&volume)?))
    }

    async fn read(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<Option<Observed<Self>>> {
        let Some(volume) = VOLUMES.show(cx.connection()?, id.as_str()).await? else { return Ok(None) };
        let applied = cx.applied()?;
        let mut metadata = volume["metadata"].as_object().cloned().unwrap_or_default();
        metadata.retain(|key, _| !OWN_METADATA.contains(&key.as_str()));
        let mut observed = Observed::new(state(&volume));
        for name in ["availability_zone", "size", "snapshot_id", "name", "description", "source_volid"] {
            if let Some(value) = volume.get(name) {
                observed = observed.property(name, value)?;
            }
        }
        // The template may name the type by its id.
        let kind = text(&volume, "volume_type");
        let given = applied.as_ref().and_then(|applied| applied.volume_type.clone());
        let kind = match given {
            Some(given) if given != kind && text(&volume, "volume_type_id") == given => given,
            _ => kind.to_owned(),
        };
        let metadata = match &applied {
            Some(applied) if written(&applied.metadata) == json!(metadata) => applied.metadata.clone(),
            _ => metadata,
        };
        observed = observed.property("volume_type", kind)?.property("metadata", metadata)?;
        if let Some(read_only) =
            read_only(&volume).or(applied.and_then(|applied| applied.read_only).map(|_| false))
        {
            observed = observed.property("read_only", read_only)?;
        }
        Ok(Some(observed.attributes(&attributes(&volume))?.show(volume)))
    }

    async fn update(
        &self,
        cx: &Context<'_, Self>,
        id: &PhysicalId,
        change: &Change<VolumeProperties>,
    ) -> Result<()> {
        let (client, new) = (cx.connection()?, change.new_properties());
        let Some(volume) = VOLUMES.show(client, id.as_str()).await? else {
            return Err(Failure::not_found(format!("volume {id} is gone")));
        };
        if let Some(size) = new.size
            && change.changed("size")
            && volume["size"].as_i64().is_some_and(|present| size < present)
        {
            let message =
                format!("a volume cannot shrink: {id} has {} GiB, {size} are asked for", volume["size"]);
            return Err(Failure::invalid("size".to_owned(), message));
        }
        let mut body = Body::default();
        if change.changed("name") {
            body.set("name", new.name.clone().unwrap_or_else(|| cx.physical_name(rest::NAME_LIMIT)));
        }
        if change.changed("description") {
            body.set("description", json!(new.description));
        }
        VOLUMES.update(client, id.as_str(), body).await?;
        if change.changed("metadata") {
            let mut metadata = written(&new.metadata);
            for key in OWN_METADATA {
                if let Some(own) = volume["metadata"].get(*key) {
                    metadata[*key] = own.clone();
                }
            }
            let request = Request::put(["volumes", id.as_str(), "metadata"], json!({"metadata": metadata}));
            client.send("block-storage", request).await?;
        }
        if change.changed("volume_type")
            && let Some(wanted) = &new.volume_type
        {
            let present = [text(&volume, "volume_type"), text(&volume, "volume_type_id")];
            let wanted_id = finders::resolve(client, "cinder.vtype", wanted).await?;
            let present_id = match present {
                ["", _] => String::new(),
                [name, _] => finders::resolve(client, "cinder.vtype", name).await?,
            };
            // Cinder refuses to change a type into itself, so that a repeat has nothing to ask.
            if wanted_id != present_id && text(&volume, "status") != "retyping" {
                let retype = json!({"os-retype": {"new_type": wanted, "migration_policy": "never"}});
                act(client, id.as_str(), retype).await?;
            }
        }
        Ok(())
    }

    async fn delete(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<()> {
        let client = cx.connection()?;
        let Some(volume) = VOLUMES.show(client, id.as_str()).await? else { return Ok(()) };
        match text(&volume, "status") {
            "deleting" => Ok(()),
            status @ ("in-use" | "attaching" | "detaching" | "reserved" | "creating" | "downloading"
            | "extending" | "retyping" | "restoring-backup" | "backing-up" | "uploading") => Err(
                Failure::busy(None, format!("volume {id} cannot be deleted while its status is {status}")),
            ),
            _ => VOLUMES.delete(client, id.as_str()).await,
        }
    }

    async fn snapshot(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<SavedData> {
        let client = cx.connection()?;
        let Some(volume) = VOLUMES.show(client, id.as_str()).await? else {
            return Err(Failure::not_found(format!("volume {id} is gone")));
        };
        let key = cx.key().to_string();
        let name = format!("{}-{key}", cx.physical_name(rest::NAME_LIMIT - key.len() - 1));
        backup::begin(client, &volume, &name).await
    }

    async fn snapshot_progress(
        &self,
        cx: &Context<'_, Self>,
        _: &PhysicalId,
        saved: &SavedData,
    ) -> Result<Progress> {
        backup::progress(cx.connection()?, saved).await
    }

    async fn remove_snapshot(&self, cx: &Context<'_, Self>, saved: &SavedData) -> Result<Progress> {
        backup::remove(cx.connection()?, saved).await
    }

    fn restored(&self, saved: &SavedData) -> Option<Restored> {
        backup::restored(saved)
    }

    async fn progress(
        &self,
        cx: &Context<'_, Self>,
        id: &PhysicalId,
        operation: &Operation<'_, VolumeProperties>,
        observed: Option<&Observed<Self>>,
    ) -> Result<Progress> {
        let progress = rest::by_state(id, operation, observed);
        let (Progress::Done, Some(observed)) = (&progress, observed) else { return Ok(progress) };
        let Some(volume) = observed.observation().show.as_ref() else { return Ok(progress) };
        let begun = Self::begun(cx).await?;
        let wanted = Wanted::of(operation, volume, &begun);
        if !wanted.is_nothing() {
            return Self::step(cx, id.as_str(), volume, &wanted, begun).await;
        }
        // A restored backup brings its own name.
        if let Operation::Create(p) = operation
            && p.backup_id.is_some()
        {
            let name = p.name.clone().unwrap_or_else(|| cx.physical_name(rest::NAME_LIMIT));
            if text(volume, "name") != name
                || text(volume, "description") != p.description.as_deref().unwrap_or_default()
            {
                let mut body = Body::default();
                body.set("name", name);
                body.set("description", p.description.clone().unwrap_or_default());
                VOLUMES.update(cx.connection()?, id.as_str(), body).await?;
                return Ok(Progress::wait("name"));
            }
        }
        // The volume goes back to where it was.
        match (&begun.detached_from, text(volume, "status")) {
            (Some((server, device)), "available") => {
                attach(cx.connection()?, server, id.as_str(), Some(device)).await?;
                Ok(Progress::wait("attaching"))
            }
            (Some(_), status) if status != "in-use" => Ok(Progress::wait(format!("status {status}"))),
            _ => Ok(progress),
        }
    }

    fn find_basis(&self, p: &VolumeProperties) -> FindBasis {
        rest::basis_of_name(p.name.as_deref().filter(|name| !name.is_empty()))
    }

    async fn find(&self, cx: &Context<'_, Self>, p: &VolumeProperties) -> Result<Finding> {
        let name = p.name.clone().unwrap_or_else(|| cx.physical_name(rest::NAME_LIMIT));
        Ok(rest::finding(cx, &VOLUMES.named(cx.connection()?, &name, &[]).await?))
    }

    fn validate(&self, p: &VolumeProperties) -> Result<()> {
        if p.backup_id.is_some() {
            return Ok(());
        }
        let given = |options: [(&'static str, &Option<String>); 3]| -> Vec<&'static str> {
            let given = options
                .into_iter()
                .filter(|(_, value)| value.as_deref().is_some_and(|text| !text.is_empty()));
            given.map(|(name, _)| name).collect()
        };
        let sources =
            given([("snapshot_id", &p.snapshot_id), ("source_volid", &p.source_volid), ("image", &p.image)]);
        let shown = sources.join(", ");
        if p.size.is_none() && (sources.len() != 1 || sources == ["image"]) {
            return Err(Failure::invalid(
                "size".to_owned(),
                format!(
                    "If neither \"backup_id\" nor \"size\" is provided, one and only one of \"source_volid\", \
                     \"snapshot_id\" must be specified, but currently specified options: [{shown}]."
                ),
            ));
        }
        if p.size.is_some() && sources.len() > 1 {
            return Err(Failure::invalid(
                sources[1].to_owned(),
                format!(
                    "If \"size\" is provided, only one of \"image\", \"source_volid\", \"snapshot_id\" can be \
                     specified, but currently specified options: [{shown}]."
                ),
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_written_as_python_writes_them() {
        let volume = json!({"name": "v", "size": 1, "encrypted": false, "bootable": "true", "snapshot_id": null,
            "metadata": {"a": "1", "b": "x"}, "attachments": [{"id": "i", "n": 1, "none": null}]});
        let attributes = attributes(&volume);
        assert_eq!(attributes.size, "1");
        assert_eq!(attributes.encrypted, "False");
        assert_eq!(attributes.snapshot_id, "None");
        assert_eq!(attributes.metadata, r#"{"a": "1", "b": "x"}"#);
        assert_eq!(attributes.attachments, "[{'id': 'i', 'n': 1, 'none': None}]");
    }

    #[test]
    fn what_was_done_already_is_not_wanted_again() {
        let properties = |size: i64, read_only: bool| VolumeProperties {
            size: Some(size),
            read_only: Some(read_only),
            ..serde_json::from_value(json!({"metadata": {}, "multiattach": false})).unwrap()
        };
        let names = ["size", "read_only"].map(str::to_owned);
        let change = Change::new(properties(1, false), properties(2, true), names);
        let wanted = |volume: Value| Wanted::of(&Operation::Update(&change), &volume, &Begun::default());
        let both = wanted(json!({"size": 1, "metadata": {}}));
        assert_eq!((both.size, both.read_only), (Some(2), Some(true)));
        assert!(wanted(json!({"size": 2, "metadata": {"readonly": "True"}})).is_nothing());
    }
}

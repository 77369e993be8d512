//! `OS::Cinder::VolumeAttachment`.

use heat_plugin_sdk::{
    Change, Context, Created, Failure, FindBasis, Finding, Observed, Operation, PhysicalId, Progress,
    Properties, ReplaceOrder, Resource, Result, State,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::attachment::{VOLUMES, attach, detach, of_nova, servers};
use crate::client::Client;
use crate::rest::{by_state, text};

/// Attaches a volume to a server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Properties)]
pub struct VolumeAttachmentProperties {
    /// Id of the server.
    #[property(update_allowed)]
    pub instance_uuid: String,
    /// Id of the volume.
    #[property(update_allowed, constraint(custom("cinder.volume")))]
    pub volume_id: String,
    /// Device that the volume shall be at the server; many servers choose themselves.
    #[property(update_allowed)]
    pub mountpoint: Option<String>,
}

/// `OS::Cinder::VolumeAttachment`. Its id is the attachment's at Nova, which is the volume's.
#[derive(Debug, Clone, Copy)]
pub struct VolumeAttachment;

/// Where the volume was asked to be, as far as that was ever asked.
#[derive(Debug, Serialize, Deserialize)]
struct Place {
    /// The operation that asked for it.
    operation: String,
    server: String,
    /// Whether Nova was asked already.
    asked: bool,
}

/// How far an attachment is, from both services; `None` if there is none.
fn state(nova: Option<&Value>, volume: Option<&Value>, server: &str) -> Option<State> {
    let status = volume.map_or("", |volume| text(volume, "status"));
    let known = volume.is_some_and(|volume| servers(volume).any(|(other, _)| other == server));
    match (nova, status) {
        (None, "detaching") => Some(State::Working("status detaching".to_owned())),
        (None, _) if known => Some(State::Working("detaching".to_owned())),
        (None, _) => None,
        (Some(_), "in-use") if known => Some(State::Ready),
        (Some(_), status @ ("error" | "error_attaching" | "error_detaching")) => {
            Some(State::Failed(format!("the volume's status is {status}")))
        }
        (Some(_), status) => Some(State::Working(format!("the volume's status is {status}"))),
    }
}

/// The server that an attachment belongs to: the one that was asked for last, else the volume's.
async fn server_of(cx: &Context<'_, VolumeAttachment>, volume: Option<&Value>) -> Result<Option<String>> {
    if let Some(place) = cx.private::<Place>()? {
        return Ok(Some(place.server));
    }
    if let Some(applied) = cx.applied()? {
        return Ok(Some(applied.instance_uuid));
    }
    Ok(volume.and_then(|volume| servers(volume).next().map(|(server, _)| server.to_owned())))
}

/// Attaches, unless that was done before. Where to is noted first, that it was asked for afterwards.
async fn put(cx: &Context<'_, VolumeAttachment>, p: &VolumeAttachmentProperties) -> Result<String> {
    let client = cx.connection()?;
    let mut place = Place { operation: cx.key().to_string(), server: p.instance_uuid.clone(), asked: false };
    cx.save(&place).await?;
    let id = match of_nova(client, &p.instance_uuid, &p.volume_id).await? {
        Some(attachment) => text(&attachment, "id").to_owned(),
        None => attach(client, &p.instance_uuid, &p.volume_id, p.mountpoint.as_deref()).await?,
    };
    place.asked = true;
    cx.save(&place).await?;
    Ok(id)
}

/// Whether this operation came as far as attaching.
fn is_put(cx: &Context<'_, VolumeAttachment>) -> Result<bool> {
    Ok(cx.private::<Place>()?.is_some_and(|place| place.asked && place.operation == cx.key().as_str()))
}

impl Resource for VolumeAttachment {
    const TYPE: &'static str = "OS::Cinder::VolumeAttachment";
    type Connection = Client;
    type Properties = VolumeAttachmentProperties;
    type Attributes = ();

    async fn create(&self, cx: &Context<'_, Self>, p: &VolumeAttachmentProperties) -> Result<Created> {
        Ok(Created::new(put(cx, p).await?))
    }

    async fn read(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<Option<Observed<Self>>> {
        let client = cx.connection()?;
        let volume = VOLUMES.show(client, id.as_str()).await?;
        let Some(server) = server_of(cx, volume.as_ref()).await? else { return Ok(None) };
        let nova = of_nova(client, &server, id.as_str()).await?;
        let Some(state) = state(nova.as_ref(), volume.as_ref(), &server) else { return Ok(None) };
        let mut observed =
            Observed::new(state).property("instance_uuid", server)?.property("volume_id", id.as_str())?;
        if let Some(nova) = nova {
            // A server may choose another device than it was asked for; that is no change of what is wanted.
            let asked =
                cx.applied()?.and_then(|applied| applied.mountpoint).filter(|device| !device.is_empty());
            observed = match asked {
                Some(device) => observed.property("mountpoint", device)?,
                None => observed.unreadable("mountpoint"),
            };
            observed = observed.show(nova);
        }
        Ok(Some(observed))
    }

    async fn update(
        &self,
        cx: &Context<'_, Self>,
        id: &PhysicalId,
        change: &Change<VolumeAttachmentProperties>,
    ) -> Result<()> {
        if change.names().next().is_none() || is_put(cx)? {
            return Ok(());
        }
        detach(cx.connection()?, &change.old().instance_uuid, &change.old().volume_id).await?;
        // The attachment's id is the volume's.
        let new_id = PhysicalId::from(change.new_properties().volume_id.as_str());
        if new_id != *id { cx.record_id(&new_id).await } else { Ok(()) }
    }

    async fn delete(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<()> {
        let client = cx.connection()?;
        let volume = VOLUMES.show(client, id.as_str()).await?;
        match server_of(cx, volume.as_ref()).await? {
            Some(server) => detach(client, &server, id.as_str()).await,
            None => Ok(()),
        }
    }

    async fn progress(
        &self,
        cx: &Context<'_, Self>,
        id: &PhysicalId,
        operation: &Operation<'_, VolumeAttachmentProperties>,
        observed: Option<&Observed<Self>>,
    ) -> Result<Progress> {
        let change = match operation {
            Operation::Update(change) if change.names().next().is_some() => change,
            _ => return Ok(by_state(id, operation, observed)),
        };
        let (client, old, new) = (cx.connection()?, change.old(), change.new_properties());
        if !is_put(cx)? {
            let nova = of_nova(client, &old.instance_uuid, &old.volume_id).await?;
            let volume = VOLUMES.show(client, &old.volume_id).await?;
            if state(nova.as_ref(), volume.as_ref(), &old.instance_uuid).is_some() {
                return Ok(Progress::wait("detaching"));
            }
            put(cx, new).await?;
            return Ok(Progress::wait("attaching"));
        }
        let nova = of_nova(client, &new.instance_uuid, &new.volume_id).await?;
        let volume = VOLUMES.show(client, &new.volume_id).await?;
        Ok(match state(nova.as_ref(), volume.as_ref(), &new.instance_uuid) {
            Some(State::Ready) => Progress::Done,
            Some(State::Working(reason)) => Progress::wait(reason),
            Some(State::Failed(reason)) => {
                Progress::Failed(Failure::failed(format!("attachment {id}: {reason}")))
            }
            None => Progress::Failed(Failure::failed(format!(
                "volume {} could not be attached to server {}",
                new.volume_id, new.instance_uuid
            ))),
        })
    }

    fn find_basis(&self, _: &VolumeAttachmentProperties) -> FindBasis {
        FindBasis::Unique
    }

    async fn find(&self, cx: &Context<'_, Self>, p: &VolumeAttachmentProperties) -> Result<Finding> {
        let found = of_nova(cx.connection()?, &p.instance_uuid, &p.volume_id).await?;
        let ids = found.map(|attachment| PhysicalId::from(text(&attachment, "id")));
        Ok(Finding::from_ids(ids.filter(|id| !cx.is_excluded(id))))
    }

    fn replace_order(
        &self,
        old: &VolumeAttachmentProperties,
        new: &VolumeAttachmentProperties,
    ) -> ReplaceOrder {
        // A volume is at one server at a time.
        if old.volume_id == new.volume_id { ReplaceOrder::DeleteFirst } else { ReplaceOrder::CreateFirst }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_attachment_is_there_when_both_services_say_so() {
        let nova = json!({"id": "v"});
        let volume = |status: &str, servers: &[&str]| {
            let attachments: Vec<Value> =
                servers.iter().map(|server| json!({"server_id": server, "device": ""})).collect();
            json!({"status": status, "attachments": attachments})
        };
        assert_eq!(state(Some(&nova), Some(&volume("in-use", &["s"])), "s"), Some(State::Ready));
        assert!(matches!(state(Some(&nova), Some(&volume("attaching", &[])), "s"), Some(State::Working(_))));
        assert!(matches!(state(None, Some(&volume("detaching", &["s"])), "s"), Some(State::Working(_))));
        assert!(matches!(state(None, Some(&volume("in-use", &["s"])), "s"), Some(State::Working(_))));
        assert_eq!(state(None, Some(&volume("available", &[])), "s"), None);
        assert_eq!(state(None, Some(&volume("in-use", &["other"])), "s"), None);
        assert!(matches!(
            state(Some(&nova), Some(&volume("error_attaching", &[])), "s"),
            Some(State::Failed(_))
        ));
    }
}

//! A volume at a server: both services have a say in it. Nova is asked to attach and detach; Cinder tells how far it is.

use heat_plugin_sdk::{Failure, Result};
use serde_json::{Value, json};

use crate::client::{Client, ErrorClass, Request};
use crate::rest::{Collection, text};

pub(super) const VOLUMES: Collection = Collection::new("block-storage", "volumes", "volume", "volumes", None);

/// The attachment as Nova knows it.
pub(super) async fn of_nova(client: &Client, server: &str, volume: &str) -> Result<Option<Value>> {
    let request = Request::get(["servers", server, "os-volume_attachments", volume]);
    match client.send("compute", request).await {
        Ok(response) => Ok(Some(response.object("volumeAttachment")?)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Asks Nova to attach a volume; gives the attachment's id. Nova chooses the device if none is given.
pub(super) async fn attach(
    client: &Client,
    server: &str,
    volume: &str,
    device: Option<&str>,
) -> Result<String> {
    let mut attachment = json!({"volumeId": volume});
    if let Some(device) = device.filter(|device| !device.is_empty()) {
        attachment["device"] = json!(device);
    }
    let path = ["servers", server, "os-volume_attachments"];
    match client.send("compute", Request::post(path, json!({"volumeAttachment": attachment}))).await {
        Ok(response) => {
            let attachment = response.object("volumeAttachment")?;
            Ok(text(&attachment, "id").to_owned())
        }
        // The server is busy with something else.
        Err(error) if error.is_conflict() => Err(Failure::busy(None, error.to_string())),
        Err(error) => Err(error.into()),
    }
}

/// Asks Nova to detach a volume; that it is not attached is as good.
pub(super) async fn detach(client: &Client, server: &str, volume: &str) -> Result<()> {
    let request = Request::delete(["servers", server, "os-volume_attachments", volume]);
    match client.send("compute", request).await {
        Ok(_) => Ok(()),
        Err(error) if error.is_not_found() => Ok(()),
        // The volume is on its way out already, or was never in.
        Err(error) if error.class() == ErrorClass::Invalid => Ok(()),
        Err(error) if error.is_conflict() => Err(Failure::busy(None, error.to_string())),
        Err(error) => Err(error.into()),
    }
}

/// The servers that a volume is attached to, with the device that it is there.
pub(super) fn servers(volume: &Value) -> impl Iterator<Item = (&str, &str)> {
    let attachments = volume["attachments"].as_array().into_iter().flatten();
    attachments.map(|attachment| (text(attachment, "server_id"), text(attachment, "device")))
}

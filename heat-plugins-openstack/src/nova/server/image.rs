//! Images of servers, as snapshots of stacks take them.

use heat_plugin_sdk::{Context, Failure, PhysicalId, Progress, Restored, Result, SavedData};
use serde_json::{Value, json};

use super::{SERVERS, Server};
use crate::client::{Client, Request};
use crate::nova::version;
use crate::rest::{self, text};

/// Where the id of an image is kept: Heat's own name.
const IMAGE_ID: &str = "snapshot_image_id";

/// The image's property that holds the key of the operation that made it.
const KEY: &str = "heat_operation";

/// States of a server in which its image is not taken yet, though Glance may have it.
const TAKING: [&str; 4] =
    ["image_uploading", "image_snapshot_pending", "image_snapshot", "image_pending_upload"];

/// Asks Nova for an image, or finds the one that it was asked for before.
pub(super) async fn begin(cx: &Context<'_, Server>, id: &PhysicalId) -> Result<SavedData> {
    let (client, name, key) = (cx.connection()?, cx.physical_name(rest::NAME_LIMIT), cx.key().to_string());
    let made = client.list("image", Request::get(["images"]).query("name", name.as_str()), "images").await?;
    let image = match made.iter().find(|image| text(image, KEY) == key) {
        Some(image) => rest::id_of(image)?,
        None => {
            let body = json!({"createImage": {"name": name, "metadata": {KEY: key}}});
            let request = Request::post(["servers", id.as_str(), "action"], body);
            let response = match client.send("compute", request.microversion(version(1), version(45))).await {
                // It is busy with something else, or not at rest yet.
                Err(error) if error.is_conflict() => return Err(Failure::busy(None, error.to_string())),
                response => response?,
            };
            // Since 2.45 the answer has a body.
            let own = response.json::<Value>().ok().map(|body| text(&body, "image_id").to_owned());
            let location = response.location().and_then(|place| place.rsplit('/').next());
            let found = own.filter(|id| !id.is_empty()).or(location.map(str::to_owned));
            found.ok_or_else(|| Failure::unanswered("Nova's answer names no image"))?
        }
    };
    Ok([(IMAGE_ID.to_owned(), image.into())].into_iter().collect())
}

fn id_of(saved: &SavedData) -> Option<&str> {
    saved.get(IMAGE_ID)?.as_str()
}

async fn show(client: &Client, id: &str) -> Result<Option<Value>> {
    match client.send("image", Request::get(["images", id])).await {
        Ok(response) => Ok(Some(response.json()?)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// How far an image is.
pub(super) async fn progress(client: &Client, server: &PhysicalId, saved: &SavedData) -> Result<Progress> {
    let id = id_of(saved).unwrap_or_default();
    let Some(image) = show(client, id).await? else {
        return Ok(Progress::Failed(Failure::not_found(format!("image {id} is gone"))));
    };
    match text(&image, "status") {
        "active" => {}
        status @ ("error" | "killed" | "deleted" | "pending_delete") => {
            return Ok(Progress::Failed(Failure::failed(format!("image {id} has status {status}"))));
        }
        status => return Ok(Progress::wait(format!("image status {status}"))),
    }
    let server = SERVERS.show(client, server.as_str()).await?.unwrap_or_default();
    let task = text(&server, "OS-EXT-STS:task_state");
    Ok(if TAKING.contains(&task) { Progress::wait(task) } else { Progress::Done })
}

/// Removes an image.
pub(super) async fn remove(client: &Client, saved: &SavedData) -> Result<Progress> {
    let Some(id) = id_of(saved) else { return Ok(Progress::Done) };
    match client.send("image", Request::delete(["images", id])).await {
        Ok(_) => Ok(Progress::Done),
        Err(error) if error.is_not_found() => Ok(Progress::Done),
        Err(error) if error.is_conflict() => Err(Failure::busy(None, error.to_string())),
        Err(error) => Err(error.into()),
    }
}

/// A server that is made from its image.
pub(super) fn restored(saved: &SavedData) -> Option<Restored> {
    let set = [("image".to_owned(), json!(id_of(saved)?))].into_iter().collect();
    Some(Restored { set, without: Vec::new() })
}

//! Backups of volumes, as snapshots of stacks take them.

use heat_plugin_sdk::{Failure, Progress, Restored, Result, SavedData};
use serde_json::{Value, json};

use crate::client::Client;
use crate::rest::{self, Body, Collection, text};

const BACKUPS: Collection = Collection::new("block-storage", "backups", "backup", "backups", None);

/// Where the id of a backup is kept: Heat's own name.
const BACKUP_ID: &str = "backup_id";

/// Properties that a volume from a backup is not made by, as in Heat.
const OTHER_SOURCES: [&str; 3] = ["imageRef", "image", "source_volid"];

/// Begins a backup, under a name that nothing else has, or finds the one that was begun under it before.
pub(super) async fn begin(client: &Client, volume: &Value, name: &str) -> Result<SavedData> {
    let id = text(volume, "id");
    let backup = match BACKUPS.named(client, name, &[]).await?.first() {
        Some(backup) => backup.clone(),
        None => {
            let status = text(volume, "status");
            if matches!(
                status,
                "creating"
                    | "attaching"
                    | "detaching"
                    | "reserved"
                    | "backing-up"
                    | "extending"
                    | "retyping"
                    | "uploading"
                    | "downloading"
                    | "restoring-backup"
            ) {
                let message = format!("volume {id} cannot be backed up while its status is {status}");
                return Err(Failure::busy(None, message));
            }
            let mut body = Body::default();
            body.set("volume_id", id);
            body.set("force", true);
            body.set("name", name);
            BACKUPS.create(client, body).await?
        }
    };
    let id = rest::id_of(&backup)?;
    Ok([(BACKUP_ID.to_owned(), id.into())].into_iter().collect())
}

fn id_of(saved: &SavedData) -> Option<&str> {
    saved.get(BACKUP_ID)?.as_str()
}

/// How far a backup is.
pub(super) async fn progress(client: &Client, saved: &SavedData) -> Result<Progress> {
    let id = id_of(saved).unwrap_or_default();
    let Some(backup) = BACKUPS.show(client, id).await? else {
        return Ok(Progress::Failed(Failure::not_found(format!("backup {id} is gone"))));
    };
    Ok(match text(&backup, "status") {
        "available" | "restoring" => Progress::Done,
        "creating" => Progress::wait("the backup is being made"),
        status => {
            let why = text(&backup, "fail_reason");
            Progress::Failed(Failure::failed(format!("backup {id} has status {status}: {why}")))
        }
    })
}

/// Removes a backup; called until it is gone.
pub(super) async fn remove(client: &Client, saved: &SavedData) -> Result<Progress> {
    let Some(id) = id_of(saved) else { return Ok(Progress::Done) };
    let Some(backup) = BACKUPS.show(client, id).await? else { return Ok(Progress::Done) };
    match text(&backup, "status") {
        "available" | "error" => BACKUPS.delete(client, id).await?,
        "error_deleting" => {
            let why = text(&backup, "fail_reason");
            return Ok(Progress::Failed(Failure::failed(format!("backup {id} cannot be deleted: {why}"))));
        }
        _ => {}
    }
    Ok(Progress::wait("the backup goes"))
}

/// A volume that comes from a backup.
pub(super) fn restored(saved: &SavedData) -> Option<Restored> {
    let set = [(BACKUP_ID.to_owned(), json!(id_of(saved)?))].into_iter().collect();
    Some(Restored { set, without: OTHER_SOURCES.map(str::to_owned).to_vec() })
}

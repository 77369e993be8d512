//! POST /volumes/{id}/action.

use super::paging::find;
use super::{Cx, limits, volume_types};
use crate::cloud::agenda::Step;
use crate::cloud::document::object_of;
use crate::cloud::{Cloud, Fields, Kind, Object, time};
use crate::http::exchange::{Answer, Outcome, Refusal};
use serde_json::{Value, json};

/// Works on an action.
pub(super) fn act(cloud: &mut Cloud, cx: &Cx<'_>, id: &str) -> Outcome {
    let body = cx.request.json().unwrap_or_default();
    let Some((name, argument)) = body.as_object().and_then(|body| body.iter().next()) else {
        return Err(Refusal::new(400, "Malformed request body"));
    };
    let volume = find(cloud, cx, Kind::Volume, id)?.clone();
    let map = argument.as_object().cloned().unwrap_or_default();
    let status = volume.text("status");
    match name.as_str() {
        "os-extend" => extend(cloud, cx, id, &volume, &map),
        "os-retype" => retype(cloud, id, &volume, &map),
        "os-update_readonly_flag" => {
            let flag =
                map.get("readonly").is_some_and(|value| *value == true || value == "true" || value == "True");
            if status != "available" {
                return Err(Refusal::new(
                    400,
                    format!(
                        "Invalid volume: Volume {id} status must be available to update readonly flag, but current status is: {status}."
                    ),
                ));
            }
            let text = if flag { "True" } else { "False" };
            cloud.tables.change(Kind::Volume, id, |volume| {
                let mut all = volume.object("metadata").cloned().unwrap_or_default();
                all.set("readonly", text);
                volume.set("metadata", all);
            });
            Ok(Answer::empty(202))
        }
        "os-set_bootable" => {
            let value = map.value("bootable");
            let flag = value == true || value.as_str().is_some_and(|text| text.eq_ignore_ascii_case("true"));
            cloud.tables.change(Kind::Volume, id, |volume| volume.set("_bootable", flag));
            Ok(Answer::empty(200))
        }
        "os-set_image_metadata" => {
            let given = map.object("metadata").cloned().unwrap_or_default();
            let mut all = volume.object("volume_image_metadata").cloned().unwrap_or_default();
            all.extend(given);
            cloud.tables.change(Kind::Volume, id, |volume| volume.set("volume_image_metadata", all.clone()));
            Ok(Answer::json(200, json!({"metadata": all})))
        }
        "os-reset_status" => {
            cx.administrators_only("volume_extension:volume_admin_actions:reset_status")?;
            let to = map.text("status").to_owned();
            cloud.tables.change(Kind::Volume, id, |volume| {
                if !to.is_empty() {
                    volume.set("status", to);
                }
            });
            Ok(Answer::empty(202))
        }
        "os-force_delete" => {
            cx.administrators_only("volume_extension:volume_admin_actions:force_delete")?;
            super::volumes::begin_delete(cloud, id);
            Ok(Answer::empty(202))
        }
        "os-reserve" => {
            expect(id, status, &["available"], "reserve")?;
            cloud.tables.change(Kind::Volume, id, |volume| volume.set("status", "attaching"));
            Ok(Answer::empty(202))
        }
        "os-unreserve" => {
            cloud.tables.change(Kind::Volume, id, |volume| {
                if volume.text("status") == "attaching" {
                    volume.set("status", "available");
                }
            });
            Ok(Answer::empty(202))
        }
        "os-begin_detaching" => {
            expect(id, status, &["in-use"], "detach")?;
            cloud.tables.change(Kind::Volume, id, |volume| volume.set("status", "detaching"));
            Ok(Answer::empty(202))
        }
        "os-roll_detaching" => {
            cloud.tables.change(Kind::Volume, id, |volume| {
                if volume.text("status") == "detaching" {
                    volume.set("status", "in-use");
                }
            });
            Ok(Answer::empty(202))
        }
        "os-detach" => {
            for attachment in cloud.tables.ids(Kind::Attachment, "volume", id) {
                cloud.later(std::time::Duration::ZERO, &Step::VolumeDetached { attachment });
            }
            Ok(Answer::empty(202))
        }
        other => Err(Refusal::new(
            400,
            format!(
                "There is no such action: {other}. Verify the request body and Content-Type header and try again."
            ),
        )),
    }
}

fn expect(id: &str, status: &str, wanted: &[&str], verb: &str) -> Result<(), Refusal> {
    if wanted.contains(&status) {
        return Ok(());
    }
    Err(Refusal::new(
        400,
        format!(
            "Invalid volume: Volume {id} status must be {} to {verb}, but the current status is {status}.",
            wanted.join(" or ")
        ),
    ))
}

fn extend(cloud: &mut Cloud, cx: &Cx<'_>, id: &str, volume: &Object, map: &Object) -> Outcome {
    let new = match map.get("new_size") {
        Some(Value::String(text)) => text.parse().unwrap_or(0),
        _ => map.int("new_size"),
    };
    if new < 1 {
        return Err(Refusal::new(
            400,
            format!(
                "Invalid input for field/attribute new_size. Value: {new}. {new} is less than the minimum of 1"
            ),
        ));
    }
    let (old, status) = (volume.int("size"), volume.text("status"));
    if new <= old {
        return Err(Refusal::new(
            400,
            format!(
                "Invalid input received: New size for extend must be greater than current size. (current: {old}, extended: {new})."
            ),
        ));
    }
    let online = cx.version >= 42 && status == "in-use";
    if status != "available" && !online {
        return Err(Refusal::new(
            400,
            format!("Invalid volume: Volume {id} status must be 'available' to extend, currently {status}."),
        ));
    }
    limits::check(cloud, volume.text("project_id"), "gigabytes", new - old)?;
    cloud.tables.change(Kind::Volume, id, |volume| volume.set("status", "extending"));
    let done = json!({"status": if online { "in-use" } else { "available" }, "size": new, "updated_at": time::micros(cloud.now / 1000 * 1000)});
    let after = cloud.settings.durations.volume;
    cloud.later_become(after, Kind::Volume, id, ("status", "extending"), done);
    Ok(Answer::empty(202))
}

fn retype(cloud: &mut Cloud, id: &str, volume: &Object, map: &Object) -> Outcome {
    let policy = map.text("migration_policy");
    if !matches!(policy, "" | "never" | "on-demand") {
        return Err(Refusal::new(
            400,
            format!(
                "Invalid input for field/attribute migration_policy. Value: {policy}. '{policy}' is not one of ['on-demand', 'never']"
            ),
        ));
    }
    let kind = volume_types::named(cloud, map.text("new_type"))?.unwrap_or_default();
    let status = volume.text("status").to_owned();
    expect(id, &status, &["available", "in-use"], "retype")?;
    if kind.text("id") == volume.text("_type_id") {
        return Err(Refusal::new(
            400,
            format!("Invalid input received: New volume_type same as original: {}.", kind.text("id")),
        ));
    }
    cloud.tables.change(Kind::Volume, id, |volume| volume.set("status", "retyping"));
    let done =
        object_of(json!({"status": status, "volume_type": kind.text("name"), "_type_id": kind.text("id")}));
    let after = cloud.settings.durations.volume;
    cloud.later_become(after, Kind::Volume, id, ("status", "retyping"), Value::Object(done));
    Ok(Answer::empty(202))
}

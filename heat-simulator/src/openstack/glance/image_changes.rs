//! Changing an image: JSON patch, tags, activation.

use super::images::{BASE, READ_ONLY, check, find_own, view};
use crate::cloud::document::text_of;
use crate::cloud::{Caller, Cloud, Fields, Kind, time};
use crate::http::exchange::{Answer, Outcome, Refusal, Request};
use serde_json::{Value, json};

/// PATCH /images/{id}.
pub(super) fn patch(cloud: &mut Cloud, caller: &Caller, request: &Request, id: &str) -> Outcome {
    let kind = request.header("content-type").unwrap_or("").split(';').next().unwrap_or("").trim();
    if !matches!(
        kind,
        "application/openstack-images-v2.1-json-patch" | "application/openstack-images-v2.0-json-patch"
    ) {
        return Err(Refusal::new(
            415,
            "The media type is not supported: use application/openstack-images-v2.1-json-patch or application/openstack-images-v2.0-json-patch",
        ));
    }
    let Some(Value::Array(changes)) = request.json() else {
        return Err(Refusal::new(400, "Request body must be a JSON array of operation objects."));
    };
    let mut image = find_own(cloud, caller, id, "modify_image")?.clone();
    let mut properties = image.object("_properties").cloned().unwrap_or_default();
    for change in &changes {
        let (op, path) = (text_of(change, "op"), text_of(change, "path"));
        let Some(name) = path.strip_prefix('/').map(|name| name.replace("~1", "/").replace("~0", "~")) else {
            return Err(Refusal::new(400, "Pointer `%s` does not start with \"/\".".replace("%s", path)));
        };
        if READ_ONLY.contains(&name.as_str()) || name == "id" {
            return Err(Refusal::new(403, format!("Attribute '{name}' is read-only.")));
        }
        let own = BASE.contains(&name.as_str()) || name == "tags";
        match op {
            "add" | "replace" => {
                let value = change.get("value").cloned().ok_or_else(|| {
                    Refusal::new(400, format!("Operation \"{op}\" requires a member named \"value\"."))
                })?;
                check(caller, &name, &value)?;
                if own {
                    image.insert(name, value);
                } else if op == "replace" && !properties.contains_key(&name) {
                    return Err(missing(&name));
                } else {
                    properties.insert(name, value);
                }
            }
            "remove" if own => return Err(Refusal::new(403, format!("Property {name} may not be removed."))),
            "remove" => {
                properties.shift_remove(&name).ok_or_else(|| missing(&name))?;
            }
            other => {
                return Err(Refusal::new(
                    400,
                    format!(
                        "Operations must be one of 'add', 'replace', 'remove', 'move', 'test', 'copy': {other}"
                    ),
                ));
            }
        }
    }
    image.set("_properties", properties);
    image.set("updated_at", time::seconds_z(cloud.now));
    let shown = view(&image);
    cloud.tables.put(Kind::Image, image);
    Ok(Answer::json(200, Value::Object(shown)))
}

fn missing(name: &str) -> Refusal {
    Refusal::typed(
        409,
        "There was a conflict when trying to complete your request.",
        format!("Property {name} does not exist."),
    )
}

/// PUT and DELETE /images/{id}/tags/{tag}.
pub(super) fn tag(cloud: &mut Cloud, caller: &Caller, request: &Request, id: &str, tag: &str) -> Outcome {
    let image = find_own(cloud, caller, id, "modify_image")?;
    let mut tags = image.items("tags").to_vec();
    let has = tags.iter().any(|own| own == tag);
    if request.method == "PUT" {
        if !has {
            tags.push(tag.into());
        }
    } else if has {
        tags.retain(|own| own != tag);
    } else {
        return Err(Refusal::new(404, "The resource could not be found."));
    }
    cloud.tables.change(Kind::Image, id, |image| image.set("tags", tags));
    Ok(Answer::empty(204))
}

/// POST /images/{id}/actions/{deactivate,reactivate}.
pub(super) fn act(cloud: &mut Cloud, caller: &Caller, id: &str, action: &str) -> Outcome {
    let status = find_own(cloud, caller, id, action)?.text("status").to_owned();
    if !caller.is_admin() {
        return Err(Refusal::new(403, format!("You are not authorized to complete {action} action.")));
    }
    let to = match (action, status.as_str()) {
        ("deactivate", "active" | "deactivated") => "deactivated",
        ("reactivate", "active" | "deactivated") => "active",
        ("deactivate" | "reactivate", other) => {
            let wanted = if action == "deactivate" { "deactivated" } else { "active" };
            return Err(Refusal::new(
                403,
                format!("Not allowed to {action} image in status '{other}': it cannot become {wanted}"),
            ));
        }
        _ => return Err(super::not_found()),
    };
    cloud.tables.change(Kind::Image, id, |image| {
        image.extend(crate::cloud::document::object_of(json!({"status": to})))
    });
    Ok(Answer::empty(204))
}

//! An image's data: upload, download, import. The data itself is not kept, only what it was.

use super::images::{find, find_own};
use crate::cloud::agenda::Step;
use crate::cloud::document::{object_of, text_of};
use crate::cloud::{Caller, Cloud, Fields, Kind, Object, hashes, time};
use crate::http::exchange::{Answer, Outcome, Refusal, Request};
use serde_json::{Value, json};

/// How an uploaded image's data is described.
fn described(data: &[u8]) -> Object {
    object_of(
        json!({"status": "active", "size": data.len(), "checksum": hashes::md5_hex(data), "os_hash_algo": "sha512",
        "os_hash_value": hashes::sha512_hex(data)}),
    )
}

fn check_formats(image: &Object) -> Result<(), Refusal> {
    if image.text("disk_format").is_empty() || image.text("container_format").is_empty() {
        return Err(Refusal::new(
            400,
            "Properties disk_format, container_format must be set prior to saving data.",
        ));
    }
    Ok(())
}

/// PUT /images/{id}/file.
pub(super) fn upload(cloud: &mut Cloud, caller: &Caller, request: &Request, id: &str) -> Outcome {
    if request.header("content-type") != Some("application/octet-stream") {
        return Err(Refusal::new(
            415,
            "The resource does not support this content type: use application/octet-stream",
        ));
    }
    let image = find_own(cloud, caller, id, "upload_image")?;
    let status = image.text("status");
    if status != "queued" {
        return Err(Refusal::new(
            409,
            format!("Image status transition from {status} to saving is not allowed"),
        ));
    }
    check_formats(image)?;
    let done = described(&request.body);
    let now = time::seconds_z(cloud.now);
    cloud.tables.change(Kind::Image, id, |image| {
        image.extend(done);
        image.set("updated_at", now);
    });
    Ok(Answer::empty(204))
}

/// PUT /images/{id}/stage.
pub(super) fn stage(cloud: &mut Cloud, caller: &Caller, request: &Request, id: &str) -> Outcome {
    let status = find_own(cloud, caller, id, "modify_image")?.text("status").to_owned();
    if status != "queued" {
        return Err(Refusal::new(
            409,
            format!("Image status transition from {status} to uploading is not allowed"),
        ));
    }
    let staged = described(&request.body);
    cloud.tables.change(Kind::Image, id, |image| {
        image.set("status", "uploading");
        image.set("_staged", staged);
    });
    Ok(Answer::empty(204))
}

/// GET /images/{id}/file: the data is gone, what is left is that there was some.
pub(super) fn download(cloud: &Cloud, caller: &Caller, id: &str) -> Outcome {
    let image = find(cloud, caller, id)?;
    if image.text("status") != "active" {
        return Ok(Answer::empty(204));
    }
    Err(Refusal::new(501, "The simulated cloud does not keep the data of images."))
}

/// POST /images/{id}/import.
pub(super) fn import(cloud: &mut Cloud, caller: &Caller, request: &Request, id: &str) -> Outcome {
    let body = request.json().unwrap_or(Value::Null);
    let method = &body["method"];
    let (name, uri) = (text_of(method, "name"), text_of(method, "uri"));
    let known = matches!(name, "web-download" | "glance-direct" | "copy-image");
    if !known {
        return Err(Refusal::new(400, format!("Unknown import method name '{name}'.")));
    }
    if name == "web-download" && !is_allowed(uri) {
        return Err(Refusal::new(400, format!("URI for web-download does not pass filtering: {uri}")));
    }
    let image = find_own(cloud, caller, id, "modify_image")?;
    let status = image.text("status");
    match (name, status) {
        ("web-download", "queued") | ("glance-direct", "uploading") => {}
        ("web-download", _) => {
            return Err(Refusal::new(
                409,
                "Image needs to be in 'queued' state to use 'web-download' method",
            ));
        }
        (_, _) => {
            return Err(Refusal::new(
                409,
                "Image needs to be staged before 'glance-direct' method can be used",
            ));
        }
    }
    check_formats(image)?;
    let fields = json!({"os_glance_importing_to_stores": "file", "os_glance_failed_import": ""});
    cloud.tables.change(Kind::Image, id, |image| {
        let mut properties = image.object("_properties").cloned().unwrap_or_default();
        properties.extend(object_of(fields));
        image.set("_properties", properties);
        image.set("status", "importing");
    });
    let after = cloud.settings.durations.image_import;
    cloud.later(after, &Step::ImageImported { id: id.to_owned(), uri: uri.to_owned() });
    Ok(Answer::empty(202))
}

/// Web addresses on their usual ports, as Glance's filter has it.
fn is_allowed(uri: &str) -> bool {
    let Some((scheme, rest)) = uri.split_once("://") else { return false };
    let host = rest.split(['/', '?']).next().unwrap_or("");
    let port = host.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
    matches!(scheme, "http" | "https") && !host.is_empty() && port.is_none_or(|port| matches!(port, 80 | 443))
}

/// The import is done. An address that names a missing file (it ends in `missing` or has the host `invalid`) fails, as a real one would.
pub(crate) fn imported(cloud: &mut Cloud, id: &str, uri: &str) {
    let now = time::seconds_z(cloud.now);
    let host = uri.split_once("://").map_or("", |(_, rest)| rest).split(['/', ':']).next().unwrap_or("");
    let fails = !uri.is_empty() && (host.ends_with(".invalid") || uri.ends_with("missing"));
    cloud.tables.change(Kind::Image, id, |image| {
        if image.text("status") != "importing" {
            return;
        }
        let mut properties = image.object("_properties").cloned().unwrap_or_default();
        properties.set("os_glance_importing_to_stores", "");
        if fails {
            properties.set("os_glance_failed_import", "file");
            image.set("status", "queued");
        } else {
            let staged = image.object("_staged").cloned();
            image.extend(staged.unwrap_or_else(|| described(uri.as_bytes())));
            image.shift_remove("_staged");
            image.set("status", "active");
        }
        image.set("_properties", properties);
        image.set("updated_at", now);
    });
}

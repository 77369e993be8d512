//! POST /servers/{id}/action.

use super::schema::{allow, metadata, need};
use super::server_view::{Extent, view};
use super::transitions::{
    ACTIVE, PAUSED, RESCUED, RESIZED, SHELVED, STOPPED, SUSPENDED, State, begin, check_state, check_unlocked,
    find,
};
use super::{Cx, flavors, server_create, servers};
use crate::cloud::document::object_of;
use crate::cloud::{Cloud, Fields, Kind, Object, hashes, time};
use crate::http::exchange::{Answer, Outcome, Refusal};
use crate::openstack::glance;
use crate::openstack::neutron::plugging;
use serde_json::{Value, json};

/// A plain action: from which states, over which task, to which state.
struct Plain {
    name: &'static str,
    /// As messages name it.
    verb: &'static str,
    from: &'static [&'static str],
    task: &'static str,
    to: State,
}

const PLAIN: &[Plain] = &[
    Plain { name: "os-start", verb: "start", from: &["stopped"], task: "powering-on", to: ACTIVE },
    Plain {
        name: "os-stop",
        verb: "stop",
        from: &["active", "rescued", "error"],
        task: "powering-off",
        to: STOPPED,
    },
    Plain { name: "pause", verb: "pause", from: &["active"], task: "pausing", to: PAUSED },
    Plain { name: "unpause", verb: "unpause", from: &["paused"], task: "unpausing", to: ACTIVE },
    Plain { name: "suspend", verb: "suspend", from: &["active"], task: "suspending", to: SUSPENDED },
    Plain { name: "resume", verb: "resume", from: &["suspended"], task: "resuming", to: ACTIVE },
    Plain {
        name: "rescue",
        verb: "rescue",
        from: &["active", "stopped", "error"],
        task: "rescuing",
        to: RESCUED,
    },
    Plain { name: "unrescue", verb: "unrescue", from: &["rescued"], task: "unrescuing", to: ACTIVE },
    Plain {
        name: "shelve",
        verb: "shelve",
        from: &["active", "stopped", "paused", "suspended"],
        task: "shelving",
        to: SHELVED,
    },
    Plain {
        name: "unshelve",
        verb: "unshelve",
        from: &["shelved_offloaded"],
        task: "unshelving",
        to: ACTIVE,
    },
];

/// Works on an action.
pub(super) fn act(cloud: &mut Cloud, cx: &Cx<'_>, id: &str) -> Outcome {
    let server = find(cloud, cx, id)?.clone();
    let body = cx.request.json().unwrap_or_default();
    let Some((name, argument)) =
        body.as_object().filter(|body| body.len() == 1).and_then(|body| body.iter().next())
    else {
        return Err(Refusal::new(400, "There is no such action: "));
    };
    let map = argument.as_object().cloned().unwrap_or_default();
    if let Some(plain) = PLAIN.iter().find(|plain| plain.name == name) {
        check_unlocked(cx, &server)?;
        check_state(&server, plain.verb, plain.from)?;
        begin(cloud, id, plain.task, None, plain.to, json!({}));
        if name == "rescue" {
            return Ok(Answer::json(200, json!({"adminPass": "rescue"})));
        }
        return Ok(Answer::empty(202));
    }
    if !matches!(
        name.as_str(),
        "lock"
            | "unlock"
            | "os-getVNCConsole"
            | "os-getSPICEConsole"
            | "os-getConsoleOutput"
            | "createImage"
            | "os-resetState"
    ) {
        check_unlocked(cx, &server)?;
    }
    match name.as_str() {
        "reboot" => reboot(cloud, id, &server, &map),
        "resize" => resize(cloud, cx, id, &server, &map),
        "confirmResize" => {
            check_state(&server, "confirmResize", &["resized"])?;
            begin(cloud, id, "resize_confirming", None, ACTIVE, json!({"_old_flavor": null}));
            Ok(Answer::empty(204))
        }
        "revertResize" => {
            check_state(&server, "revertResize", &["resized"])?;
            let old = server.value("_old_flavor");
            begin(
                cloud,
                id,
                "resize_reverting",
                Some("REVERT_RESIZE"),
                ACTIVE,
                json!({"flavor": old, "_old_flavor": null}),
            );
            Ok(Answer::empty(202))
        }
        "rebuild" => rebuild(cloud, cx, id, &server, &map),
        "lock" => {
            let reason = map.value("locked_reason");
            cloud.tables.change(Kind::Server, id, |server| {
                server.set("locked", true);
                server.set("locked_reason", reason);
            });
            Ok(Answer::empty(202))
        }
        "unlock" => {
            cloud.tables.change(Kind::Server, id, |server| {
                server.set("locked", false);
                server.set("locked_reason", Value::Null);
            });
            Ok(Answer::empty(202))
        }
        "changePassword" => {
            need("changePassword", &map, &["adminPass"])?;
            check_state(&server, "changePassword", &["active"])?;
            let digest = hashes::sha256_hex(map.text("adminPass").as_bytes());
            cloud.tables.change(Kind::Server, id, |server| server.set("_password", digest));
            Ok(Answer::empty(202))
        }
        "createImage" => create_image(cloud, cx, &server, &map),
        "addSecurityGroup" => security_group(cloud, &server, map.text("name"), true),
        "removeSecurityGroup" => security_group(cloud, &server, map.text("name"), false),
        "forceDelete" => {
            servers::begin_delete(cloud, id);
            Ok(Answer::empty(202))
        }
        "os-resetState" => {
            cx.administrators_only("os_compute_api:os-admin-actions:reset_state")?;
            let (vm, status, power) =
                if map.text("state") == "error" { ("error", "ERROR", 0) } else { ("active", "ACTIVE", 1) };
            cloud.tables.change(Kind::Server, id, |server| {
                server.extend(object_of(
                    json!({"vm_state": vm, "status": status, "power_state": power, "task_state": null}),
                ));
            });
            Ok(Answer::empty(202))
        }
        "os-getConsoleOutput" => Ok(Answer::json(200, json!({"output": ""}))),
        "os-getVNCConsole" if cx.version < 6 => {
            let kind = map.text("type");
            if !matches!(kind, "novnc" | "xvpvnc") {
                return Err(Refusal::new(
                    400,
                    format!(
                        "Invalid input for field/attribute type. Value: {kind}. '{kind}' is not one of ['novnc', 'xvpvnc']"
                    ),
                ));
            }
            check_console(&server)?;
            Ok(Answer::json(200, json!({"console": {"type": kind, "url": console_url(cloud, kind)}})))
        }
        other => Err(Refusal::new(400, format!("There is no such action: {other}"))),
    }
}

fn check_console(server: &Object) -> Result<(), Refusal> {
    if server.text("host_id").is_empty() {
        return Err(Refusal::new(409, "Instance not ready"));
    }
    Ok(())
}

fn console_url(cloud: &mut Cloud, kind: &str) -> String {
    let token = cloud.fresh_uuid();
    let file = if kind == "novnc" { "vnc_auto.html" } else { "console.html" };
    format!("http://127.0.0.1:6080/{file}?path=%3Ftoken%3D{token}")
}

/// POST /servers/{id}/remote-consoles.
pub(super) fn remote_console(cloud: &mut Cloud, cx: &Cx<'_>, id: &str) -> Outcome {
    let server = find(cloud, cx, id)?.clone();
    let given = super::schema::member(cx, "remote_console", &[])?;
    need("remote_console", &given, &["protocol", "type"])?;
    allow("remote_console", &given, &["protocol", "type"])?;
    check_console(&server)?;
    let (protocol, kind) = (given.text("protocol").to_owned(), given.text("type").to_owned());
    if protocol != "vnc" {
        return Err(Refusal::new(400, format!("Unavailable console type {kind}.")));
    }
    let url = console_url(cloud, &kind);
    Ok(Answer::json(200, json!({"remote_console": {"protocol": protocol, "type": kind, "url": url}})))
}

fn reboot(cloud: &mut Cloud, id: &str, server: &Object, map: &Object) -> Outcome {
    let (from, task, status): (&[&str], _, _) = match map.text("type").to_ascii_uppercase().as_str() {
        "SOFT" => (&["active"], "rebooting", "REBOOT"),
        "HARD" => (&["active", "stopped", "paused", "suspended", "error"], "rebooting_hard", "HARD_REBOOT"),
        _ => {
            return Err(Refusal::new(
                400,
                format!(
                    "Invalid input for field/attribute type. Value: {0}. '{0}' is not one of ['HARD', 'Hard', 'hard', 'SOFT', 'Soft', 'soft']",
                    map.text("type")
                ),
            ));
        }
    };
    check_state(server, "reboot", from)?;
    begin(cloud, id, task, Some(status), ACTIVE, json!({}));
    Ok(Answer::empty(202))
}

fn resize(cloud: &mut Cloud, cx: &Cx<'_>, id: &str, server: &Object, map: &Object) -> Outcome {
    need("resize", map, &["flavorRef"])?;
    let asked = crate::cloud::document::python_str(&map.value("flavorRef"));
    let asked = asked.rsplit('/').next().unwrap_or("");
    let flavor = flavors::visible(cloud, cx, asked)
        .ok_or_else(|| Refusal::new(400, format!("Flavor {asked} could not be found.")))?
        .clone();
    check_state(server, "resize", &["active", "stopped"])?;
    let old = server.object("flavor").cloned().unwrap_or_default();
    if old.text("id") == flavor.text("id") {
        return Err(Refusal::new(400, "When resizing, instances must change flavor!"));
    }
    if flavor.int("disk") < old.int("disk") && !server.text("image_id").is_empty() {
        // The compute host finds out, not the API.
        begin(
            cloud,
            id,
            "resize_prep",
            Some("RESIZE"),
            ACTIVE,
            json!({"fault": {"code": 400, "created": time::seconds_z(cloud.now), "message": "Instance has not been resized."}, "vm_state": "error", "status": "ERROR"}),
        );
        return Ok(Answer::empty(202));
    }
    begin(cloud, id, "resize_prep", Some("RESIZE"), RESIZED, json!({"flavor": flavor, "_old_flavor": old}));
    Ok(Answer::empty(202))
}

fn rebuild(cloud: &mut Cloud, cx: &Cx<'_>, id: &str, server: &Object, map: &Object) -> Outcome {
    need("rebuild", map, &["imageRef"])?;
    let mut allowed = vec![
        "imageRef",
        "adminPass",
        "name",
        "metadata",
        "OS-DCF:diskConfig",
        "accessIPv4",
        "accessIPv6",
        "preserve_ephemeral",
    ];
    if cx.version < 57 {
        allowed.push("personality");
    }
    for (since, name) in [
        (19, "description"),
        (54, "key_name"),
        (57, "user_data"),
        (63, "trusted_image_certificates"),
        (90, "hostname"),
    ] {
        if cx.version >= since {
            allowed.push(name);
        }
    }
    allow("rebuild", map, &allowed)?;
    let image = server_create::image(cloud, cx, map.text("imageRef"))?;
    let image = image.ok_or_else(|| Refusal::new(400, "Invalid imageRef provided."))?;
    check_state(server, "rebuild", &["active", "stopped", "error"])?;
    let flavor = server.object("flavor").cloned().unwrap_or_default();
    server_create::check_fit(&flavor, Some(&image), &[])?;
    let mut done = json!({"image_id": image.text("id")});
    if server.text("image_id").is_empty() {
        done = json!({});
    }
    for (from, to) in [
        ("name", "name"),
        ("accessIPv4", "access_ip_v4"),
        ("accessIPv6", "access_ip_v6"),
        ("OS-DCF:diskConfig", "disk_config"),
        ("description", "description"),
        ("key_name", "key_name"),
        ("user_data", "_user_data"),
        ("hostname", "hostname"),
    ] {
        if let Some(value) = map.get(from) {
            done[to] = value.clone();
        }
    }
    if let Some(value) = map.get("metadata") {
        done["metadata"] = Value::Object(metadata("metadata", value)?);
    }
    // What is asked for shows at once; only the state comes later.
    let to = if server.text("vm_state") == "stopped" { STOPPED } else { ACTIVE };
    cloud.tables.change(Kind::Server, id, |server| {
        server.extend(object_of(done));
        server.shift_remove("fault");
    });
    begin(cloud, id, "rebuilding", Some("REBUILD"), to, json!({}));
    let server = find(cloud, cx, id)?;
    let mut shown = view(cloud, cx, server, Extent::Basic);
    let digest = hashes::sha256_hex(id.as_bytes());
    let password = map.get("adminPass").and_then(Value::as_str).unwrap_or(&digest[..12]);
    shown.set("adminPass", password);
    if cx.version >= 54 {
        shown.set("key_name", server.value("key_name"));
    }
    if cx.version >= 57 {
        shown.set("user_data", server.value("_user_data"));
    }
    let location = format!("{}/v2.1/servers/{id}", cx.base);
    Ok(Answer::wrapped(202, "server", shown).with("location", location))
}

fn create_image(cloud: &mut Cloud, cx: &Cx<'_>, server: &Object, map: &Object) -> Outcome {
    need("createImage", map, &["name"])?;
    check_state(server, "createImage", &["active", "stopped", "paused", "suspended"])?;
    let image = glance::make_snapshot(cloud, cx.caller, server, map.text("name"), map.object("metadata"));
    let state = State {
        vm: ["active", "stopped", "paused", "suspended"]
            .into_iter()
            .find(|vm| *vm == server.text("vm_state"))
            .unwrap_or("active"),
        status: [ACTIVE, STOPPED, PAUSED, SUSPENDED]
            .into_iter()
            .find(|state| state.status == server.text("status"))
            .map_or("ACTIVE", |state| state.status),
        power: server.int("power_state"),
    };
    begin(cloud, server.text("id"), "image_snapshot_pending", None, state, json!({}));
    if cx.version >= 45 {
        return Ok(Answer::json(202, json!({"image_id": image})));
    }
    let location = format!("{}/image/v2/images/{image}", cx.request.base(&cloud.base));
    Ok(Answer::empty(202).with("location", location))
}

/// Adds a group to all ports of a server, or takes it off them.
fn security_group(cloud: &mut Cloud, server: &Object, name: &str, adds: bool) -> Outcome {
    let project = server.text("project_id");
    if name.is_empty() {
        return Err(Refusal::new(400, "Missing parameter dict"));
    }
    let group = plugging::groups_by_name_or_id(cloud, project, name).map_err(|count| {
        if count == 0 {
            Refusal::new(404, format!("Security group {name} is not found for project {project}"))
        } else {
            Refusal::new(
                409,
                format!("Multiple security groups found matching '{name}'. Use an ID to be more specific."),
            )
        }
    })?;
    let ports: Vec<String> =
        server.items("interfaces").iter().filter_map(Value::as_str).map(str::to_owned).collect();
    let has = |cloud: &Cloud, port: &str| {
        cloud
            .tables
            .get(Kind::Port, port)
            .is_some_and(|port| port.items("security_groups").iter().any(|own| *own == group))
    };
    if !adds && !ports.iter().any(|port| has(cloud, port)) {
        return Err(Refusal::new(
            404,
            format!("Security group {name} not associated with the instance {}", server.text("id")),
        ));
    }
    if adds && ports.iter().any(|port| has(cloud, port)) {
        return Err(Refusal::new(
            400,
            format!("Invalid input for security_groups. Reason: Duplicate items in the list: '{group}'."),
        ));
    }
    for port in ports {
        if has(cloud, &port) != adds {
            cloud.tables.change(Kind::Port, &port, |port| {
                let mut groups = port.items("security_groups").to_vec();
                if adds {
                    groups.push(group.clone().into());
                } else {
                    groups.retain(|own| *own != group);
                }
                port.set("security_groups", groups);
            });
        }
    }
    Ok(Answer::empty(202))
}

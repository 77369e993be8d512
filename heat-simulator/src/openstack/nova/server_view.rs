//! What the API shows of a server, by microversion.

use super::{Cx, flavors};
use crate::cloud::document::{object_of, text_of};
use crate::cloud::{Cloud, Fields, Kind, Object, hashes};
use serde_json::{Value, json};

/// Which parts a view has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// GET: everything.
    Full,
    /// PUT and rebuild before 2.75: without what extensions add.
    Basic,
}

/// The id, name and links.
pub(super) fn brief(cx: &Cx<'_>, server: &Object) -> Value {
    let id = server.text("id");
    json!({"id": id, "name": server.text("name"), "links": cx.links(&format!("servers/{id}"))})
}

/// A server as GET shows it.
pub(super) fn view(cloud: &Cloud, cx: &Cx<'_>, server: &Object, extent: Extent) -> Object {
    let id = server.text("id");
    let version = cx.version;
    let status = status(server);
    let host_id = server.text("host_id");
    let mut shown = object_of(json!({
        "id": id, "name": server.text("name"), "status": status, "tenant_id": server.text("project_id"),
        "user_id": server.text("user_id"), "metadata": server.value("metadata"), "hostId": host_id,
        "image": image(cx, server), "flavor": flavor(cx, server), "created": server.value("created"),
        "updated": server.value("updated"), "addresses": addresses(cloud, server),
        "accessIPv4": server.text("access_ip_v4"), "accessIPv6": server.text("access_ip_v6"),
        "links": cx.links(&format!("servers/{id}")), "OS-DCF:diskConfig": server.value("disk_config"),
    }));
    if extent == Extent::Basic && version < 75 {
        shown.set("addresses", plain_addresses(cloud, server));
    }
    if matches!(status, "ACTIVE" | "BUILD" | "REBUILD" | "RESIZE" | "VERIFY_RESIZE" | "MIGRATING") {
        shown.set("progress", 0);
    }
    if matches!(status, "ERROR" | "DELETED") && server.get("fault").is_some() {
        let mut fault = object_of(server.value("fault"));
        if cx.caller.is_admin() {
            fault.set("details", "");
        }
        shown.set("fault", fault);
    }
    if version >= 9 {
        shown.set("locked", server.flag("locked"));
    }
    if version >= 73 {
        shown.set("locked_reason", server.value("locked_reason"));
    }
    if version >= 19 {
        shown.set("description", server.value("description"));
    }
    if version >= 26 {
        shown.set("tags", server.value("tags"));
    }
    if version >= 63 {
        shown.set("trusted_image_certificates", Value::Null);
    }
    if extent == Extent::Full || version >= 75 {
        extended(cloud, cx, server, &mut shown);
    }
    shown
}

/// What extensions add.
fn extended(cloud: &Cloud, cx: &Cx<'_>, server: &Object, shown: &mut Object) {
    let version = cx.version;
    let id = server.text("id");
    shown.set("OS-EXT-AZ:availability_zone", server.text("availability_zone"));
    shown.set("config_drive", if server.flag("config_drive") { "True" } else { "" });
    shown.set("key_name", server.value("key_name"));
    shown.set("OS-SRV-USG:launched_at", server.value("launched_at"));
    shown.set("OS-SRV-USG:terminated_at", server.value("terminated_at"));
    if let Some(groups) = group_names(cloud, server) {
        shown.set("security_groups", groups);
    }
    if cx.caller.is_admin() {
        let placed =
            if server.text("host_id").is_empty() { Value::Null } else { json!(super::building::HOST) };
        shown.set("OS-EXT-SRV-ATTR:host", placed.clone());
        shown.set("OS-EXT-SRV-ATTR:instance_name", format!("instance-{}", &id[..8.min(id.len())]));
        shown.set("OS-EXT-SRV-ATTR:hypervisor_hostname", placed);
        if version >= 3 {
            shown.set("OS-EXT-SRV-ATTR:reservation_id", server.value("reservation_id"));
            shown.set("OS-EXT-SRV-ATTR:launch_index", server.value("launch_index"));
            shown.set("OS-EXT-SRV-ATTR:kernel_id", "");
            shown.set("OS-EXT-SRV-ATTR:ramdisk_id", "");
            shown.set("OS-EXT-SRV-ATTR:root_device_name", server.value("root_device_name"));
            shown.set("OS-EXT-SRV-ATTR:user_data", server.value("_user_data"));
        }
        if version >= 16 {
            shown.set("host_status", "UP");
        }
    }
    if version >= 90 || version >= 3 && cx.caller.is_admin() {
        shown.set("OS-EXT-SRV-ATTR:hostname", server.value("hostname"));
    }
    let task = server.value("task_state");
    shown.set("OS-EXT-STS:task_state", task);
    shown.set("OS-EXT-STS:vm_state", server.value("vm_state"));
    shown.set("OS-EXT-STS:power_state", server.value("power_state"));
    let attachments = cloud.tables.find(Kind::Attachment, "server", id).filter(|one| one.flag("by_compute"));
    let volumes: Vec<Value> = attachments
        .map(|one| {
            if version >= 3 {
                json!({"id": one.text("volume_id"), "delete_on_termination": one.flag("delete_on_termination")})
            } else {
                json!({"id": one.text("volume_id")})
            }
        })
        .collect();
    shown.set("os-extended-volumes:volumes_attached", volumes);
    if version >= 71 {
        shown.set("server_groups", server.value("server_groups"));
    }
    if version >= 96 {
        shown.set("pinned_availability_zone", Value::Null);
    }
}

/// The status; a server that is being deleted keeps its own.
pub(super) fn status(server: &Object) -> &str {
    server.text("status")
}

fn image(cx: &Cx<'_>, server: &Object) -> Value {
    match server.text("image_id") {
        "" => json!(""),
        id => json!({"id": id, "links": [{"rel": "bookmark", "href": format!("{}/images/{id}", cx.base)}]}),
    }
}

fn flavor(cx: &Cx<'_>, server: &Object) -> Value {
    let flavor = server.object("flavor").cloned().unwrap_or_default();
    if cx.version >= 47 {
        let mut embedded = json!({"vcpus": flavor.int("vcpus"), "ram": flavor.int("ram"), "disk": flavor.int("disk"),
            "ephemeral": flavor.int("ephemeral"), "swap": flavor.int("swap"), "original_name": flavor.text("name")});
        embedded["extra_specs"] = flavors::specs_of(&flavor);
        return embedded;
    }
    let id = flavor.text("id");
    json!({"id": id, "links": [{"rel": "bookmark", "href": format!("{}/flavors/{id}", cx.base)}]})
}

/// The addresses by network name, in the order in which the ports were plugged.
pub(super) fn addresses(cloud: &Cloud, server: &Object) -> Object {
    let mut by_network = Object::new();
    for port in server.items("interfaces").iter().filter_map(|id| cloud.tables.get(Kind::Port, id.as_str()?))
    {
        let Some(network) = cloud.tables.get(Kind::Network, port.text("network_id")) else { continue };
        let list = by_network.entry(network.text("name")).or_insert_with(|| json!([]));
        let Some(list) = list.as_array_mut() else { continue };
        let one = |address: &str, kind: &str| {
            json!({"version": if address.contains(':') { 6 } else { 4 }, "addr": address, "OS-EXT-IPS:type": kind,
                "OS-EXT-IPS-MAC:mac_addr": port.text("mac_address")})
        };
        for fixed in port.items("fixed_ips") {
            let address = text_of(fixed, "ip_address");
            list.push(one(address, "fixed"));
            let floating = cloud.tables.find(Kind::FloatingIp, "port", port.text("id"));
            for floating in floating.filter(|floating| floating.text("fixed_ip_address") == address) {
                list.push(one(floating.text("floating_ip_address"), "floating"));
            }
        }
    }
    by_network
}

/// The addresses without what extensions say of them.
pub(super) fn plain_addresses(cloud: &Cloud, server: &Object) -> Object {
    let mut all = addresses(cloud, server);
    for list in all.values_mut().filter_map(Value::as_array_mut).flatten() {
        *list = json!({"version": list["version"], "addr": list["addr"]});
    }
    all
}

/// The names of the security groups of all ports; none if there are none.
pub(super) fn group_names(cloud: &Cloud, server: &Object) -> Option<Vec<Value>> {
    let mut names = Vec::new();
    for port in server.items("interfaces").iter().filter_map(|id| cloud.tables.get(Kind::Port, id.as_str()?))
    {
        for group in port
            .items("security_groups")
            .iter()
            .filter_map(|id| cloud.tables.get(Kind::SecurityGroup, id.as_str()?))
        {
            names.push(json!({"name": group.text("name")}));
        }
    }
    (!names.is_empty()).then_some(names)
}

/// How much of a flavor's resource a project's servers use.
pub(super) fn used(cloud: &Cloud, project: &str, field: &str) -> i64 {
    let servers = cloud.tables.find(Kind::Server, "project", project);
    servers.map(|server| server.object("flavor").map_or(0, |flavor| flavor.int(field))).sum()
}

/// An etag-like digest of a name, for requests that list actions.
pub(super) fn request_id(cloud: &Cloud, id: &str) -> String {
    let number = id.bytes().fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
    format!("req-{}", hashes::uuid(cloud.settings.seed, number))
}

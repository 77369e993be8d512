//! What the compute host does with a server by and by: plugs it, starts it, takes it apart.

use super::transitions::fail;
use super::volume_attachments;
use crate::cloud::agenda::Step;
use crate::cloud::document::{object_of, text_of};
use crate::cloud::{Caller, Cloud, Fields, Kind, hashes, time};
use crate::http::exchange::Refusal;
use crate::openstack::cinder;
use crate::openstack::neutron::plugging;
use serde_json::{Value, json};

/// The only compute host.
pub(super) const HOST: &str = "compute-1";

/// Makes the server's ports and volumes and takes the ones that it was given.
pub(crate) fn build_networks(cloud: &mut Cloud, id: &str) {
    let Some(server) = cloud.tables.get(Kind::Server, id).cloned() else { return };
    if server.text("vm_state") != "building" || server.text("task_state") == "deleting" {
        return;
    }
    let mut interfaces = Vec::new();
    let mut made = Vec::new();
    for wanted in server.items("_networks") {
        match plug(cloud, id, server.text("project_id"), wanted, server.items("security_groups")) {
            Ok((port, own)) => {
                if own {
                    made.push(Value::from(port.clone()));
                }
                interfaces.push(Value::from(port));
            }
            Err(refusal) => {
                // What was plugged so far is unplugged again.
                for port in &interfaces {
                    let port = port.as_str().unwrap_or("");
                    unplug(cloud, id, port, made.iter().any(|own| own == port));
                }
                release_volumes(cloud, &server);
                fail(
                    cloud,
                    id,
                    500,
                    &format!(
                        "Build of instance {id} aborted: Failed to allocate the network(s), not rescheduling. ({})",
                        refusal.message
                    ),
                );
                return;
            }
        }
    }
    if let Err(message) = attach_devices(cloud, id) {
        for port in &interfaces {
            let port = port.as_str().unwrap_or("");
            unplug(cloud, id, port, made.iter().any(|own| own == port));
        }
        release_volumes(cloud, &server);
        fail(cloud, id, 500, &format!("Build of instance {id} aborted: {message}"));
        return;
    }
    cloud.tables.change(Kind::Server, id, |server| {
        server.set("interfaces", interfaces);
        server.set("_made_ports", made);
        server.set("task_state", "spawning");
        server.set(
            "host_id",
            hashes::sha256_hex(format!("{}{HOST}", server.text("project_id")).as_bytes())[..56].to_owned(),
        );
        server.set("availability_zone", "nova");
    });
    let total = cloud.settings.durations.server_build;
    cloud.later(total - total / 2, &Step::ServerBuilt { id: id.to_owned() });
}

/// Puts the server on one wanted network; gives the port and whether it was made here.
pub(super) fn plug(
    cloud: &mut Cloud,
    server: &str,
    project: &str,
    wanted: &Value,
    groups: &[Value],
) -> Result<(String, bool), Refusal> {
    let given = text_of(wanted, "port");
    if !given.is_empty() {
        let free = cloud.tables.get(Kind::Port, given).map(|port| port.text("device_id").is_empty());
        match free {
            None => return Err(Refusal::new(404, format!("Port {given} could not be found."))),
            Some(false) => return Err(Refusal::new(409, format!("Port {given} is still in use."))),
            Some(true) => {}
        }
        bind(cloud, given, server);
        return Ok((given.to_owned(), false));
    }
    let network = text_of(wanted, "network");
    let address = text_of(wanted, "fixed_ip");
    let secured =
        cloud.tables.get(Kind::Network, network).is_none_or(|network| network.flag("port_security_enabled"));
    let port = plugging::create_port(
        cloud,
        plugging::PortRequest {
            network_id: network,
            project_id: project,
            device_id: server,
            device_owner: "compute:nova",
            fixed_ips: (!address.is_empty()).then(|| vec![json!({"ip_address": address})]),
            security_groups: (!groups.is_empty() && secured).then(|| groups.to_vec()),
        },
    )?;
    bind(cloud, &port, server);
    Ok((port, true))
}

fn bind(cloud: &mut Cloud, port: &str, server: &str) {
    let hostname =
        cloud.tables.get(Kind::Server, server).map_or(Value::Null, |server| server.value("hostname"));
    cloud.tables.change(Kind::Port, port, |port| {
        port.set("device_id", server);
        port.set("device_owner", "compute:nova");
        port.set("binding:host_id", HOST);
        if port.text("dns_name").is_empty() {
            port.set("dns_name", hostname);
        }
        port.set("binding:vif_type", "ovs");
        port.set("status", "ACTIVE");
        port.set("revision_number", port.int("revision_number") + 1);
    });
}

/// Takes the server off a port: one that was made for it goes, another is free again.
pub(super) fn unplug(cloud: &mut Cloud, server: &str, port: &str, own: bool) {
    let is_its = cloud.tables.get(Kind::Port, port).is_some_and(|port| port.text("device_id") == server);
    if !is_its {
        return;
    }
    if own {
        plugging::detach_from_port(cloud, port);
        plugging::delete_port_unchecked(cloud, port);
    } else {
        cloud.tables.change(Kind::Port, port, |port| {
            for name in ["device_id", "device_owner", "binding:host_id", "dns_name"] {
                port.set(name, "");
            }
            port.set("binding:vif_type", "unbound");
            port.set("status", "DOWN");
            port.set("revision_number", port.int("revision_number") + 1);
        });
    }
}

fn attach_devices(cloud: &mut Cloud, id: &str) -> Result<(), String> {
    let Some(server) = cloud.tables.get(Kind::Server, id).cloned() else { return Ok(()) };
    let project = server.text("project_id");
    let caller = Caller {
        user_id: server.text("user_id").to_owned(),
        project_id: project.to_owned(),
        roles: Vec::new(),
    };
    let mut devices = server.items("_devices").to_vec();
    devices.sort_by_key(|device| device["boot_index"] != 0);
    let mut used: Vec<String> = Vec::new();
    if devices.first().is_none_or(|device| device["boot_index"] != 0 || device["destination"] != "volume") {
        used.push("/dev/vda".to_owned());
    }
    for device in devices.iter().filter(|device| device["destination"] == "volume") {
        let volume = match text_of(device, "source") {
            "volume" => {
                let volume = text_of(device, "id").to_owned();
                if cloud.tables.get(Kind::Volume, &volume).is_none() {
                    return Err(format!("Volume {volume} could not be found."));
                }
                volume
            }
            source => {
                let size = cloud
                    .tables
                    .get(Kind::Snapshot, text_of(device, "id"))
                    .map_or(0, |snapshot| snapshot.int("volume_size"));
                let mut given = object_of(
                    json!({"size": device["size"].as_i64().unwrap_or(0).max(size), "name": "", "volume_type": device["type"]}),
                );
                match source {
                    "image" => given.set("imageRef", text_of(device, "id")),
                    "snapshot" => given.set("snapshot_id", text_of(device, "id")),
                    _ => {}
                }
                cinder::make_volume(cloud, &caller, &given).map_err(|refusal| refusal.message)?
            }
        };
        let name = match text_of(device, "device") {
            "" => next_device(&used),
            given => {
                if given.starts_with("/dev/") {
                    given.to_owned()
                } else {
                    format!("/dev/{given}")
                }
            }
        };
        used.push(name.clone());
        let attachment =
            volume_attachments::reserve(cloud, id, &volume, &name, device["delete"] == true, &device["tag"]);
        volume_attachments::volume_attached(cloud, &attachment);
    }
    Ok(())
}

/// The first device name that is not in use.
pub(super) fn next_device(used: &[String]) -> String {
    let names = ('a'..='z').map(|letter| format!("/dev/vd{letter}"));
    names.into_iter().find(|name| !used.contains(name)).unwrap_or_else(|| "/dev/vdz".to_owned())
}

/// Volumes that were reserved for a server that will not run are free again.
fn release_volumes(cloud: &mut Cloud, server: &crate::cloud::Object) {
    for device in server.items("_devices").iter().filter(|device| device["source"] == "volume") {
        cloud.tables.change(Kind::Volume, text_of(device, "id"), |volume| {
            if volume.text("status") == "reserved" {
                volume.set("status", "available");
            }
        });
    }
}

/// The server runs.
pub(crate) fn built(cloud: &mut Cloud, id: &str) {
    let building =
        cloud.tables.get(Kind::Server, id).is_some_and(|server| server.text("task_state") == "spawning");
    if !building {
        return;
    }
    let (now, launched) = (time::seconds_z(cloud.now), time::micros(cloud.now));
    cloud.tables.change(Kind::Server, id, |server| {
        server.set("status", "ACTIVE");
        server.set("vm_state", "active");
        server.set("task_state", Value::Null);
        server.set("power_state", 1);
        server.set("updated", now);
        server.set("launched_at", launched);
    });
}

/// The server is gone, with its own ports and with the volumes that were to go with it; the others are free.
pub(crate) fn gone(cloud: &mut Cloud, id: &str) {
    let Some(server) = cloud.tables.get(Kind::Server, id).cloned() else { return };
    for port in cloud.tables.ids(Kind::Port, "device", id) {
        let own = server.items("_made_ports").iter().any(|made| *made == port);
        unplug(cloud, id, &port, own);
    }
    for attachment in cloud.tables.ids(Kind::Attachment, "server", id) {
        let with_server = cloud.tables.get(Kind::Attachment, &attachment).cloned().unwrap_or_default();
        volume_attachments::volume_detached(cloud, &attachment);
        if with_server.flag("delete_on_termination") {
            cinder::begin_delete(cloud, with_server.text("volume_id"));
        }
    }
    release_volumes(cloud, &server);
    for group in server.items("server_groups") {
        cloud.tables.change(Kind::ServerGroup, group.as_str().unwrap_or(""), |group| {
            let members: Vec<Value> =
                group.items("members").iter().filter(|member| *member != id).cloned().collect();
            group.set("members", members);
        });
    }
    cloud.tables.remove(Kind::Server, id);
}

//! The requests that both clouds get. Everything made is taken away again.

use serde_json::{Value, json};

pub(crate) enum Step {
    Call {
        service: &'static str,
        method: &'static str,
        path: &'static str,
        body: Value,
        headers: Vec<(&'static str, &'static str)>,
        /// A name and a pointer into the answer.
        capture: Option<(&'static str, &'static str)>,
    },
    Until {
        service: &'static str,
        path: &'static str,
        pointer: &'static str,
        wanted: &'static str,
    },
    Gone {
        service: &'static str,
        path: &'static str,
    },
}

const N: &str = "network";
const C: &str = "compute";
const V: &str = "volumev3";
const G: &str = "image";

fn call(service: &'static str, method: &'static str, path: &'static str, body: Value) -> Step {
    Step::Call { service, method, path, body, headers: Vec::new(), capture: None }
}

fn get(service: &'static str, path: &'static str) -> Step {
    call(service, "GET", path, Value::Null)
}

fn delete(service: &'static str, path: &'static str) -> Step {
    call(service, "DELETE", path, Value::Null)
}

fn make(
    service: &'static str,
    path: &'static str,
    body: Value,
    name: &'static str,
    pointer: &'static str,
) -> Step {
    Step::Call { service, method: "POST", path, body, headers: Vec::new(), capture: Some((name, pointer)) }
}

fn at(version: &'static str, step: Step) -> Step {
    match step {
        Step::Call { service, method, path, body, mut headers, capture } => {
            headers.push(("openstack-api-version", version));
            Step::Call { service, method, path, body, headers, capture }
        }
        other => other,
    }
}

fn captured(service: &'static str, path: &'static str, name: &'static str, pointer: &'static str) -> Step {
    Step::Call {
        service,
        method: "GET",
        path,
        body: Value::Null,
        headers: Vec::new(),
        capture: Some((name, pointer)),
    }
}

fn until(service: &'static str, path: &'static str, pointer: &'static str, wanted: &'static str) -> Step {
    Step::Until { service, path, pointer, wanted }
}

/// All requests, in order.
pub(crate) fn steps() -> Vec<Step> {
    [network_steps(), image_steps(), volume_steps(), server_steps(), last_steps()]
        .into_iter()
        .flatten()
        .collect()
}

fn network_steps() -> Vec<Step> {
    let rule = json!({"security_group_rule": {"security_group_id": "{group}", "direction": "ingress", "protocol": "tcp", "port_range_min": 22, "port_range_max": 22}});
    let port = |more: Value| {
        let mut body = json!({"port": {"network_id": "{net}"}});
        body["port"].as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    vec![
        captured(N, "/networks?name=public", "public", "/networks/0/id"),
        call(N, "POST", "/networks", json!({"network": {"foo": 1}})),
        call(N, "POST", "/networks", json!({"network": {"shared": true}})),
        call(N, "POST", "/networks", json!({})),
        get(N, "/networks?foo=1"),
        get(N, "/networks/{none}"),
        make(N, "/networks", json!({"network": {"name": "compare"}}), "net", "/network/id"),
        get(N, "/networks/{net}"),
        call(N, "PUT", "/networks/{net}", json!({"network": {"description": "x"}})),
        call(N, "PUT", "/networks/{net}", json!({"network": {"status": "x"}})),
        make(
            N,
            "/subnets",
            json!({"subnet": {"network_id": "{net}", "ip_version": 4, "cidr": "10.77.0.0/24"}}),
            "subnet",
            "/subnet/id",
        ),
        get(N, "/subnets/{subnet}"),
        call(
            N,
            "POST",
            "/subnets",
            json!({"subnet": {"network_id": "{net}", "ip_version": 4, "cidr": "10.77.0.0/25"}}),
        ),
        call(N, "POST", "/subnets", json!({"subnet": {"network_id": "{net}", "ip_version": 4}})),
        call(
            N,
            "POST",
            "/subnets",
            json!({"subnet": {"network_id": "{net}", "ip_version": 4, "cidr": "10.78.0.0/24", "gateway_ip": "10.78.0.255"}}),
        ),
        call(N, "PUT", "/subnets/{subnet}", json!({"subnet": {"dns_nameservers": ["x"]}})),
        call(N, "PUT", "/subnets/{subnet}", json!({"subnet": {"cidr": "10.0.0.0/8"}})),
        make(N, "/ports", port(json!({})), "port", "/port/id"),
        get(N, "/ports/{port}"),
        call(N, "POST", "/ports", port(json!({"fixed_ips": [{"ip_address": "10.99.0.1"}]}))),
        call(N, "POST", "/ports", port(json!({"security_groups": ["{none}"]}))),
        call(N, "POST", "/ports", json!({"port": {"network_id": "{none}"}})),
        call(N, "POST", "/ports", json!({"port": {"network_id": "{public}"}})),
        call(
            N,
            "PUT",
            "/ports/{port}",
            json!({"port": {"name": "x", "allowed_address_pairs": [{"ip_address": "10.1.0.0/24"}]}}),
        ),
        call(N, "PUT", "/ports/{port}/tags", json!({"tags": ["b", "a"]})),
        make(
            N,
            "/security-groups",
            json!({"security_group": {"name": "compare"}}),
            "group",
            "/security_group/id",
        ),
        call(N, "POST", "/security-group-rules", rule.clone()),
        get(N, "/security-groups/{group}"),
        call(
            N,
            "POST",
            "/security-group-rules",
            json!({"security_group_rule": {"security_group_id": "{group}", "direction": "sideways"}}),
        ),
        call(
            N,
            "POST",
            "/security-group-rules",
            json!({"security_group_rule": {"security_group_id": "{group}", "direction": "ingress", "port_range_min": 1, "port_range_max": 2}}),
        ),
        make(N, "/routers", json!({"router": {"name": "compare"}}), "router", "/router/id"),
        call(
            N,
            "POST",
            "/floatingips",
            json!({"floatingip": {"floating_network_id": "{public}", "port_id": "{port}"}}),
        ),
        call(
            N,
            "PUT",
            "/routers/{router}",
            json!({"router": {"external_gateway_info": {"network_id": "{public}"}}}),
        ),
        call(
            N,
            "PUT",
            "/routers/{router}",
            json!({"router": {"external_gateway_info": {"network_id": "{net}"}}}),
        ),
        call(N, "PUT", "/routers/{router}/add_router_interface", json!({"subnet_id": "{subnet}"})),
        call(N, "PUT", "/routers/{router}/add_router_interface", json!({"subnet_id": "{subnet}"})),
        call(N, "PUT", "/routers/{router}/add_router_interface", json!({})),
        make(
            N,
            "/floatingips",
            json!({"floatingip": {"floating_network_id": "{public}", "port_id": "{port}"}}),
            "floating",
            "/floatingip/id",
        ),
        get(N, "/floatingips/{floating}"),
        call(N, "POST", "/floatingips", json!({"floatingip": {"floating_network_id": "{net}"}})),
        call(N, "PUT", "/routers/{router}", json!({"router": {"external_gateway_info": {}}})),
        call(N, "PUT", "/routers/{router}/remove_router_interface", json!({"subnet_id": "{subnet}"})),
        delete(N, "/subnets/{subnet}"),
        delete(N, "/floatingips/{floating}"),
        delete(N, "/floatingips/{floating}"),
        call(N, "PUT", "/routers/{router}/remove_router_interface", json!({"subnet_id": "{subnet}"})),
        call(N, "PUT", "/routers/{router}/remove_router_interface", json!({"subnet_id": "{subnet}"})),
        delete(N, "/routers/{router}"),
        delete(N, "/security-groups/{group}"),
        delete(N, "/security-groups/{group}"),
        call(
            N,
            "POST",
            "/subnets",
            json!({"subnet": {"network_id": "{net}", "ip_version": 6, "cidr": "fd77::/64", "ipv6_ra_mode": "slaac", "ipv6_address_mode": "slaac"}}),
        ),
        get(N, "/ports/{port}"),
        call(
            N,
            "POST",
            "/subnets",
            json!({"subnet": {"network_id": "{net}", "ip_version": 4, "cidr": "10.79.0.0/24", "ipv6_ra_mode": "slaac"}}),
        ),
        call(
            N,
            "POST",
            "/subnets",
            json!({"subnet": {"network_id": "{net}", "ip_version": 4, "cidr": "10.79.0.0/24", "allocation_pools": [{"start": "10.79.0.9", "end": "10.79.0.3"}]}}),
        ),
        call(
            N,
            "PUT",
            "/subnets/{subnet}",
            json!({"subnet": {"host_routes": [{"destination": "x", "nexthop": "10.77.0.1"}]}}),
        ),
        call(N, "PUT", "/subnets/{subnet}", json!({"subnet": {"gateway_ip": null, "enable_dhcp": false}})),
        make(
            N,
            "/subnetpools",
            json!({"subnetpool": {"name": "compare", "prefixes": ["10.88.0.0/16"]}}),
            "pool",
            "/subnetpool/id",
        ),
        get(N, "/subnetpools/{pool}"),
        call(N, "POST", "/subnetpools", json!({"subnetpool": {"name": "x"}})),
        delete(N, "/subnetpools/{pool}"),
        make(
            N,
            "/address-scopes",
            json!({"address_scope": {"name": "compare", "ip_version": 4}}),
            "scope",
            "/address_scope/id",
        ),
        get(N, "/address-scopes/{scope}"),
        delete(N, "/address-scopes/{scope}"),
        call(
            N,
            "POST",
            "/rbac-policies",
            json!({"rbac_policy": {"object_type": "network", "object_id": "{net}", "target_tenant": "*", "action": "access_as_shared"}}),
        ),
        make(
            N,
            "/rbac-policies",
            json!({"rbac_policy": {"object_type": "network", "object_id": "{net}", "target_tenant": "{none}", "action": "access_as_shared"}}),
            "rbac",
            "/rbac_policy/id",
        ),
        get(N, "/rbac-policies/{rbac}"),
        delete(N, "/rbac-policies/{rbac}"),
        call(N, "POST", "/qos/policies", json!({"policy": {"name": "x"}})),
        get(N, "/security-groups?name=default"),
        get(N, "/ports?network_id={net}&fields=id&limit=1"),
        get(N, "/quotas/{project}"),
        get(N, "/subnetpools/{none}"),
        get(N, "/nonsense"),
    ]
}

fn image_steps() -> Vec<Step> {
    let patch = |changes: Value| Step::Call {
        service: G,
        method: "PATCH",
        path: "/images/{image2}",
        body: changes,
        headers: vec![("content-type", "application/openstack-images-v2.1-json-patch")],
        capture: None,
    };
    vec![
        captured(G, "/images?sort_key=size&sort_dir=asc&limit=1", "image", "/images/0/id"),
        get(G, "/images/{image}"),
        get(G, "/images/{none}"),
        make(
            G,
            "/images",
            json!({"name": "compare", "disk_format": "qcow2", "container_format": "bare", "os_distro": "x", "tags": ["t"]}),
            "image2",
            "/id",
        ),
        patch(
            json!([{"op": "replace", "path": "/name", "value": "b"}, {"op": "add", "path": "/protected", "value": true}]),
        ),
        patch(json!([{"op": "replace", "path": "/status", "value": "active"}])),
        patch(json!([{"op": "remove", "path": "/nope"}])),
        delete(G, "/images/{image2}"),
        patch(json!([{"op": "replace", "path": "/protected", "value": false}])),
        call(
            G,
            "POST",
            "/images/{image2}/import",
            json!({"method": {"name": "web-download", "uri": "ftp://x"}}),
        ),
        call(G, "POST", "/images/{image2}/import", json!({"method": {"name": "foo"}})),
        delete(G, "/images/{image2}"),
        // An id is never given again.
        call(G, "POST", "/images", json!({"name": "again", "id": "{image2}"})),
        call(G, "POST", "/images", json!({"name": "p", "visibility": "public"})),
    ]
}

fn volume_steps() -> Vec<Step> {
    vec![
        call(V, "POST", "/volumes", json!({"volume": {"name": "x"}})),
        call(V, "POST", "/volumes", json!({"volume": {"size": 0}})),
        call(V, "POST", "/volumes", json!({"volume": {"size": 1, "volume_type": "nope"}})),
        call(V, "POST", "/volumes", json!({"volume": {"size": 1, "imageRef": "{none}"}})),
        call(V, "POST", "/volumes", json!({"volume": {"size": 1, "snapshot_id": "{none}"}})),
        make(
            V,
            "/volumes",
            json!({"volume": {"size": 1, "name": "compare", "metadata": {"a": "b"}}}),
            "volume",
            "/volume/id",
        ),
        until(V, "/volumes/{volume}", "/volume/status", "available"),
        get(V, "/volumes/{volume}"),
        at("volume 3.70", get(V, "/volumes/{volume}")),
        call(V, "PUT", "/volumes/{volume}", json!({"volume": {"description": "x"}})),
        call(V, "POST", "/volumes/{volume}/action", json!({"os-extend": {"new_size": 1}})),
        call(V, "POST", "/volumes/{volume}/action", json!({"os-extend": {"new_size": 2}})),
        until(V, "/volumes/{volume}", "/volume/status", "available"),
        call(V, "POST", "/volumes/{volume}/action", json!({"os-foo": {}})),
        call(V, "POST", "/volumes/{volume}/metadata", json!({"metadata": {"c": "d"}})),
        get(V, "/volumes/{volume}/metadata/zz"),
        make(
            V,
            "/snapshots",
            json!({"snapshot": {"volume_id": "{volume}", "name": "compare"}}),
            "snapshot",
            "/snapshot/id",
        ),
        until(V, "/snapshots/{snapshot}", "/snapshot/status", "available"),
        get(V, "/snapshots/{snapshot}"),
        delete(V, "/volumes/{volume}"),
        call(V, "POST", "/volumes", json!({"volume": {"size": 1, "snapshot_id": "{snapshot}"}})),
        delete(V, "/snapshots/{snapshot}"),
        Step::Gone { service: V, path: "/snapshots/{snapshot}" },
        get(V, "/volumes/{none}"),
        get(V, "/types"),
        get(V, "/limits"),
    ]
}

fn server_steps() -> Vec<Step> {
    let server = |more: Value| {
        let mut body = json!({"server": {"name": "compare", "flavorRef": "{flavor}", "imageRef": "{image}", "networks": [{"port": "{port}"}]}});
        body["server"].as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let action = |body: Value| call(C, "POST", "/servers/{server}/action", body);
    let mut steps = vec![
        captured(C, "/flavors", "flavor", "/flavors/0/id"),
        get(C, "/flavors/{flavor}"),
        at("compute 2.75", get(C, "/flavors/{flavor}")),
        get(C, "/flavors/{none}"),
        call(C, "POST", "/flavors", json!({"flavor": {"name": "x", "ram": 1, "vcpus": 1, "disk": 1}})),
    ];
    for change in [
        json!({"flavorRef": "nope"}),
        json!({"imageRef": "{none}"}),
        json!({"imageRef": "nope"}),
        json!({"imageRef": ""}),
        json!({"foo": 1}),
        json!({"name": ""}),
        json!({"metadata": {"a": 1}}),
        json!({"key_name": "nope"}),
        json!({"availability_zone": "nope"}),
        json!({"security_groups": [{"name": "nope"}]}),
        json!({"networks": [{"uuid": "{none}"}]}),
        json!({"networks": [{"port": "{none}"}]}),
        json!({"networks": [{}]}),
        json!({"networks": "auto"}),
        json!({"block_device_mapping_v2": [{"uuid": "{none}", "source_type": "volume", "destination_type": "volume", "boot_index": 0}]}),
        json!({"block_device_mapping_v2": [{"source_type": "foo"}]}),
        json!({"min_count": 3, "max_count": 2}),
    ] {
        steps.push(call(C, "POST", "/servers", server(change)));
    }
    steps.extend([
        call(C, "POST", "/servers", json!({"server": {"name": "x"}})),
        make(C, "/servers", server(json!({"metadata": {"a": "b"}})), "server", "/server/id"),
        until(C, "/servers/{server}", "/server/status", "ACTIVE"),
        get(C, "/servers/{server}"),
        at("compute 2.93", get(C, "/servers/{server}")),
        get(C, "/servers/{server}/os-interface"),
        get(N, "/ports/{port}"),
        call(C, "PUT", "/servers/{server}", json!({"server": {"name": "compare2"}})),
        call(C, "POST", "/servers/{server}/os-volume_attachments", json!({"volumeAttachment": {"volumeId": "{volume}", "device": "nodevice"}})),
        call(C, "POST", "/servers/{server}/os-volume_attachments", json!({"volumeAttachment": {"volumeId": "{volume}", "device": 7}})),
        call(C, "POST", "/servers/{server}/os-volume_attachments", json!({"volumeAttachment": {"volumeId": "{volume}"}})),
        until(V, "/volumes/{volume}", "/volume/status", "in-use"),
        get(C, "/servers/{server}/os-volume_attachments"),
        at("compute 2.89", get(C, "/servers/{server}/os-volume_attachments")),
        call(C, "POST", "/servers/{server}/os-volume_attachments", json!({"volumeAttachment": {"volumeId": "{volume}"}})),
        get(V, "/volumes/{volume}"),
        delete(V, "/volumes/{volume}"),
        delete(C, "/servers/{server}/os-volume_attachments/{none}"),
        delete(C, "/servers/{server}/os-volume_attachments/{volume}"),
        until(V, "/volumes/{volume}", "/volume/status", "available"),
        delete(C, "/servers/{server}/os-volume_attachments/{volume}"),
        action(json!({"os-start": null})),
        action(json!({"pause": null})),
        until(C, "/servers/{server}", "/server/status", "PAUSED"),
        get(C, "/servers/{server}"),
        action(json!({"resume": null})),
        action(json!({"unpause": null})),
        until(C, "/servers/{server}", "/server/status", "ACTIVE"),
        get(C, "/servers?name=compare2"),
        get(C, "/servers/detail?limit=1"),
        get(C, "/servers/{server}/ips"),
        get(C, "/servers/{server}/os-instance-actions"),
        action(json!({"os-getVNCConsole": {"type": "novnc"}})),
        at("compute 2.6", call(C, "POST", "/servers/{server}/remote-consoles", json!({"remote_console": {"protocol": "vnc", "type": "novnc"}}))),
        at("compute 2.26", call(C, "PUT", "/servers/{server}/tags", json!({"tags": ["a", "b"]}))),
        at("compute 2.26", get(C, "/servers/{server}/tags/zz")),
        at("compute 2.26", call(C, "PUT", "/servers/{server}/tags/c", Value::Null)),
        action(json!({"rebuild": {"imageRef": "{image}"}})),
        until(C, "/servers/{server}", "/server/status", "ACTIVE"),
        action(json!({"foo": null})),
        action(json!({"resize": {"flavorRef": "nope"}})),
        action(json!({"resize": {"flavorRef": "{flavor}"}})),
        action(json!({"confirmResize": null})),
        action(json!({"addSecurityGroup": {"name": "nope"}})),
        action(json!({"reboot": {"type": "x"}})),
        action(json!({"os-stop": null})),
        until(C, "/servers/{server}", "/server/status", "SHUTOFF"),
        action(json!({"os-stop": null})),
        get(C, "/servers/{server}/metadata/x"),
        call(C, "PUT", "/servers/{server}/metadata", json!({"metadata": {"x": "y"}})),
        action(json!({"lock": null})),
        delete(C, "/servers/{server}"),
        action(json!({"unlock": null})),
        call(C, "POST", "/os-keypairs", json!({"keypair": {"name": "compare", "public_key": "junk"}})),
        call(C, "POST", "/os-keypairs", json!({"keypair": {"name": "compare", "public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPjQ3Gx2mX5lqGk0O1aWlqX0m2m0e1v4m4gQhYbq5v0x x@y"}})),
        get(C, "/os-keypairs/compare"),
        delete(C, "/os-keypairs/compare"),
        delete(C, "/os-keypairs/compare"),
        make(C, "/os-server-groups", json!({"server_group": {"name": "compare", "policies": ["affinity"]}}), "servergroup", "/server_group/id"),
        at("compute 2.64", get(C, "/os-server-groups/{servergroup}")),
        delete(C, "/os-server-groups/{servergroup}"),
        delete(C, "/os-server-groups/{servergroup}"),
        call(C, "POST", "/os-server-groups", json!({"server_group": {"name": "x", "policies": ["foo"]}})),
        get(C, "/limits"),
        delete(C, "/servers/{server}"),
        Step::Gone { service: C, path: "/servers/{server}" },
        delete(C, "/servers/{server}"),
        get(N, "/ports/{port}"),
    ]);
    steps
}

fn last_steps() -> Vec<Step> {
    vec![
        delete(V, "/volumes/{volume}"),
        Step::Gone { service: V, path: "/volumes/{volume}" },
        delete(N, "/ports/{port}"),
        delete(N, "/networks/{net}"),
        delete(N, "/networks/{net}"),
    ]
}

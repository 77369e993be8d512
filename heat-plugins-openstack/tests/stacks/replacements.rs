//! How each type is replaced while its name or its place stays the same.

use serde_json::{Value, json};

use super::Ground;
use super::replacement::{By, Replacement};
use crate::site::Site;

/// Two keys that Nova accepts, whose private halves nobody has.
const PUBLIC_KEYS: [&str; 2] = [
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea first",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPxRzdo9nDz3lfVcNfdNPzVLCPq7kCh3zKk5GxYzRZAI second",
];

/// Longer than any service lets a description be.
fn too_long() -> String {
    "x".repeat(300)
}

pub(super) fn get(name: &str) -> Value {
    json!({"get_resource": name})
}

pub(super) fn resource(type_name: &str, properties: Value) -> Value {
    json!({"type": type_name, "properties": properties})
}

fn net(ground: &Ground) -> Value {
    resource("OS::Neutron::Net", json!({"name": ground.name("net")}))
}

fn subnet(cidr: &str) -> Value {
    resource("OS::Neutron::Subnet", json!({"network": get("net"), "cidr": cidr}))
}

/// A network with a subnet.
pub(super) fn network(ground: &Ground, cidr: &str) -> Value {
    json!({"net": net(ground), "subnet": subnet(cidr)})
}

pub(super) fn port_in(subnet: &str) -> Value {
    // The subnet is named so that the port waits for it.
    resource("OS::Neutron::Port", json!({"network": get("net"), "fixed_ips": [{"subnet": get(subnet)}]}))
}

pub(super) fn with(mut resources: Value, more: Value) -> Value {
    super::merge(&mut resources, &more);
    resources
}

/// A router with a gateway on a network, and ports there.
fn reachable(ground: &Ground, cidr: &str) -> Value {
    let site = &ground.site;
    with(
        network(ground, cidr),
        json!({
            "router": resource("OS::Neutron::Router",
                json!({"external_gateway_info": {"network": site.external_network}})),
            "interface": resource("OS::Neutron::RouterInterface",
                json!({"router": get("router"), "subnet": get("subnet")})),
            "one": port_in("subnet"),
            "two": port_in("subnet"),
        }),
    )
}

pub(crate) fn server(ground: &Ground, networks: Value) -> Value {
    let Site { image, flavors: [flavor, _], .. } = &ground.site;
    json!({"name": ground.name("server"), "image": image, "flavor": flavor, "networks": networks})
}

/// The case of that name.
pub(crate) async fn replacement(ground: &Ground, case: &str) -> Replacement {
    let project = ground.client.project_id().await.unwrap();
    let external = ground.site.external_network;
    let blank = Replacement {
        type_name: "",
        around: json!({}),
        before: json!({}),
        change: json!({}),
        by: By::Property,
        refused: None,
        kind: "",
        place: json!({}),
        shows: [json!({}), json!({})],
    };
    match case {
        // What is inside goes along: with the same range in the new network.
        "net" => Replacement {
            type_name: "OS::Neutron::Net",
            around: json!({
                "subnet": resource("OS::Neutron::Subnet",
                    json!({"network": get("subject"), "cidr": "10.40.0.0/24", "name": ground.name("subnet")})),
                "port": resource("OS::Neutron::Port", json!({"network": get("subject"),
                    "fixed_ips": [{"subnet": get("subnet"), "ip_address": "10.40.0.9"}]})),
            }),
            before: json!({"name": ground.name("net")}),
            change: json!({"tenant_id": project}),
            kind: "networks",
            place: json!({"name": ground.name("net")}),
            shows: [json!({"id": "$subject"}), json!({"id": "$subject"})],
            ..blank
        },
        "subnet" => Replacement {
            type_name: "OS::Neutron::Subnet",
            around: json!({"net": net(ground)}),
            before: json!({"network": get("net"), "name": ground.name("subnet"), "cidr": "fd00:41::/64", "ip_version": 6,
                "ipv6_ra_mode": "slaac", "ipv6_address_mode": "slaac"}),
            change: json!({"ipv6_ra_mode": "dhcpv6-stateful", "ipv6_address_mode": "dhcpv6-stateful"}),
            kind: "subnets",
            place: json!({"network_id": "$net", "cidr": "fd00:41::/64", "name": ground.name("subnet")}),
            shows: [json!({"ipv6_ra_mode": "slaac"}), json!({"ipv6_ra_mode": "dhcpv6-stateful"})],
            refused: Some(
                json!({"ipv6_ra_mode": "slaac", "ipv6_address_mode": "slaac", "value_specs": {"nonsense": 1}}),
            ),
            ..blank
        },
        "port_at_an_address" => Replacement {
            type_name: "OS::Neutron::Port",
            around: network(ground, "10.42.0.0/24"),
            before: json!({"network": get("net"), "name": ground.name("port"), "replacement_policy": "REPLACE_ALWAYS",
                "fixed_ips": [{"subnet": get("subnet"), "ip_address": "10.42.0.9"}]}),
            change: json!({"admin_state_up": false}),
            kind: "ports",
            place: json!({"name": ground.name("port")}),
            shows: [true, false]
                .map(|up| json!({"admin_state_up": up, "fixed_ips": [{"ip_address": "10.42.0.9"}]})),
            refused: Some(json!({"value_specs": {"nonsense": 1}})),
            ..blank
        },
        "port_with_a_hardware_address" => {
            let number = ground.number(1 << 16);
            let address = format!("fa:16:3e:42:{:02x}:{:02x}", number >> 8, number & 0xff);
            Replacement {
                type_name: "OS::Neutron::Port",
                around: network(ground, "10.43.0.0/24"),
                before: json!({"network": get("net"), "mac_address": address, "replacement_policy": "REPLACE_ALWAYS",
                    "fixed_ips": [{"subnet": get("subnet"), "ip_address": "10.43.0.9"}]}),
                change: json!({"admin_state_up": false}),
                kind: "ports",
                place: json!({"mac_address": address}),
                shows: [true, false]
                    .map(|up| json!({"admin_state_up": up, "fixed_ips": [{"ip_address": "10.43.0.9"}]})),
                refused: Some(json!({"value_specs": {"nonsense": 1}})),
                ..blank
            }
        }
        "router" => Replacement {
            type_name: "OS::Neutron::Router",
            around: with(
                network(ground, "10.44.0.0/24"),
                json!({"interface": resource("OS::Neutron::RouterInterface",
                    json!({"router": get("subject"), "subnet": get("subnet")}))}),
            ),
            before: json!({"name": ground.name("router"), "external_gateway_info": {"network": external}}),
            change: json!({"tenant_id": project}),
            kind: "routers",
            place: json!({"name": ground.name("router")}),
            shows: [json!({"id": "$subject"}), json!({"id": "$subject"})],
            ..blank
        },
        "router_interface_of_another_router" => Replacement {
            type_name: "OS::Neutron::RouterInterface",
            around: with(
                network(ground, "10.45.0.0/24"),
                json!({"one": resource("OS::Neutron::Router", json!({})),
                    "two": resource("OS::Neutron::Router", json!({}))}),
            ),
            before: json!({"router": get("one"), "subnet": get("subnet")}),
            change: json!({"router": get("two")}),
            kind: "ports",
            place: json!({"device_owner": "network:router_interface", "fixed_ips": [{"subnet_id": "$subnet"}]}),
            shows: [json!({"device_id": "$one"}), json!({"device_id": "$two"})],
            ..blank
        },
        "floating_ip_with_an_address" => {
            let number = ground.number(3 * 200);
            let address = format!("172.24.{}.{}", 5 + number / 200, 20 + number % 200);
            Replacement {
                type_name: "OS::Neutron::FloatingIP",
                before: json!({"floating_network": external, "floating_ip_address": address,
                    "value_specs": {"description": "one"}}),
                change: json!({"value_specs": {"description": "two"}}),
                kind: "floatingips",
                place: json!({"floating_ip_address": address}),
                shows: [json!({"description": "one"}), json!({"description": "two"})],
                refused: Some(json!({"value_specs": {"nonsense": 1}})),
                ..blank
            }
        }
        "floating_ip_of_a_port" => Replacement {
            type_name: "OS::Neutron::FloatingIP",
            around: reachable(ground, "10.47.0.0/24"),
            before: json!({"floating_network": external, "port_id": get("one"), "value_specs": {"description": "one"}}),
            change: json!({"value_specs": {"description": "two"}}),
            kind: "floatingips",
            place: json!({"port_id": "$one"}),
            shows: [json!({"description": "one"}), json!({"description": "two"})],
            refused: Some(json!({"value_specs": {"nonsense": 1}})),
            ..blank
        },
        "floating_ip_association" => Replacement {
            type_name: "OS::Neutron::FloatingIPAssociation",
            around: with(
                reachable(ground, "10.48.0.0/24"),
                json!({
                    "address": resource("OS::Neutron::FloatingIP", json!({"floating_network": external})),
                    // No router leads there.
                    "island": resource("OS::Neutron::Net", json!({"name": ground.name("island")})),
                    "shore": resource("OS::Neutron::Subnet",
                        json!({"network": get("island"), "cidr": "10.49.0.0/24"})),
                    "castaway": resource("OS::Neutron::Port",
                        json!({"network": get("island"), "fixed_ips": [{"subnet": get("shore")}]})),
                }),
            ),
            before: json!({"floatingip_id": get("address"), "port_id": get("one")}),
            change: json!({"port_id": get("two")}),
            refused: None,
            by: By::Repair(json!({"port_id": get("castaway")})),
            kind: "floatingips",
            place: json!({"id": "$address"}),
            shows: [json!({"port_id": "$one"}), json!({"port_id": "$two"})],
        },
        // A port that is in the group moves to the new one.
        "security_group" => Replacement {
            type_name: "OS::Neutron::SecurityGroup",
            around: with(
                network(ground, "10.50.0.0/24"),
                json!({"port": resource("OS::Neutron::Port", json!({"network": get("net"),
                    "fixed_ips": [{"subnet": get("subnet")}], "security_groups": [get("subject")]}))}),
            ),
            before: json!({"name": ground.name("group"), "description": "one", "rules": [{"protocol": "icmp"}]}),
            change: json!({"description": "two"}),
            refused: None,
            by: By::Repair(json!({"description": too_long()})),
            kind: "security_groups",
            place: json!({"name": ground.name("group")}),
            shows: [json!({"description": "one"}), json!({"description": "two"})],
        },
        "security_group_rule" => Replacement {
            type_name: "OS::Neutron::SecurityGroupRule",
            around: json!({"group": resource("OS::Neutron::SecurityGroup", json!({"name": ground.name("group")}))}),
            before: json!({"security_group": get("group"), "port_range_min": 443, "port_range_max": 443,
                "description": "one"}),
            change: json!({"description": "two"}),
            kind: "security_group_rules",
            place: json!({"security_group_id": "$group", "port_range_min": 443, "protocol": "tcp"}),
            shows: [json!({"description": "one"}), json!({"description": "two"})],
            refused: Some(json!({"description": too_long()})),
            ..blank
        },
        "key_pair" => Replacement {
            type_name: "OS::Nova::KeyPair",
            before: json!({"name": ground.name("key"), "public_key": PUBLIC_KEYS[0]}),
            change: json!({"public_key": PUBLIC_KEYS[1]}),
            kind: "keypairs",
            place: json!({"name": ground.name("key")}),
            shows: PUBLIC_KEYS.map(|key| json!({"public_key": key})),
            refused: Some(json!({"public_key": "no key at all"})),
            ..blank
        },
        "flavor" => Replacement {
            type_name: "OS::Nova::Flavor",
            before: json!({"name": ground.name("flavor"), "ram": 64, "vcpus": 1, "disk": 1, "is_public": false,
                "extra_specs": {"hw:watchdog_action": "reset"}}),
            change: json!({"ram": 128}),
            kind: "flavors",
            place: json!({"name": ground.name("flavor")}),
            shows: [json!({"ram": 64}), json!({"ram": 128})],
            refused: Some(json!({"ram": 0})),
            ..blank
        },
        "server_group" => Replacement {
            type_name: "OS::Nova::ServerGroup",
            before: json!({"name": ground.name("servers"), "policies": ["soft-affinity"]}),
            change: json!({"policies": ["soft-anti-affinity"]}),
            kind: "server_groups",
            place: json!({"name": ground.name("servers")}),
            shows: [json!({"policies": ["soft-affinity"]}), json!({"policies": ["soft-anti-affinity"]})],
            ..blank
        },
        "server_with_a_port" => Replacement {
            around: with(network(ground, "10.51.0.0/24"), json!({"port": port_in("subnet")})),
            before: server(ground, json!([{"port": get("port")}])),
            place: json!({"id": "$port"}),
            refused: Some(json!({"availability_zone": "nowhere"})),
            ..replaced_server(blank)
        },
        "server_at_an_address" => Replacement {
            around: network(ground, "10.52.0.0/24"),
            before: server(ground, json!([{"network": get("net"), "fixed_ip": "10.52.0.9"}])),
            place: json!({"fixed_ips": [{"subnet_id": "$subnet", "ip_address": "10.52.0.9"}]}),
            refused: Some(json!({"availability_zone": "nowhere"})),
            ..replaced_server(blank)
        },
        "server_with_an_address_in_a_subnet" => Replacement {
            around: network(ground, "10.53.0.0/24"),
            before: server(ground, json!([{"subnet": get("subnet"), "fixed_ip": "10.53.0.9"}])),
            place: json!({"fixed_ips": [{"subnet_id": "$subnet", "ip_address": "10.53.0.9"}]}),
            refused: Some(json!({"availability_zone": "nowhere"})),
            ..replaced_server(blank)
        },
        "volume" => Replacement {
            type_name: "OS::Cinder::Volume",
            before: json!({"name": ground.name("volume"), "size": 1}),
            change: json!({"image": ground.site.image}),
            kind: "volumes",
            place: json!({"name": ground.name("volume")}),
            shows: [json!({"bootable": "false"}), json!({"bootable": "true"})],
            refused: Some(json!({"availability_zone": "nowhere"})),
            ..blank
        },
        "volume_attachment" => Replacement {
            type_name: "OS::Cinder::VolumeAttachment",
            around: with(
                network(ground, "10.54.0.0/24"),
                json!({
                    "one": resource("OS::Nova::Server", server(ground, json!([{"subnet": get("subnet")}]))),
                    "two": resource("OS::Nova::Server", server(ground, json!([{"subnet": get("subnet")}]))),
                    "volume": resource("OS::Cinder::Volume", json!({"size": 1})),
                }),
            ),
            before: json!({"instance_uuid": get("one"), "volume_id": get("volume")}),
            change: json!({"instance_uuid": get("two")}),
            refused: None,
            by: By::Repair(json!({"mountpoint": "neither here nor there"})),
            kind: "volumes",
            place: json!({"id": "$volume"}),
            shows: [
                json!({"attachments": [{"server_id": "$one"}]}),
                json!({"attachments": [{"server_id": "$two"}]}),
            ],
        },
        "web_image" => Replacement {
            type_name: "OS::Glance::WebImage",
            before: json!({"name": ground.name("image"), "location": ground.site.image_url, "disk_format": "raw",
                "container_format": "bare", "min_disk": 0}),
            change: json!({"min_disk": 1}),
            kind: "images",
            place: json!({"name": ground.name("image")}),
            shows: [json!({"min_disk": 0}), json!({"min_disk": 1})],
            ..blank
        },
        other => panic!("there is no case {other}"),
    }
}

/// What is the same of all servers: another configuration drive makes a new one, and the place is a port's.
fn replaced_server(blank: Replacement) -> Replacement {
    Replacement {
        type_name: "OS::Nova::Server",
        change: json!({"config_drive": true}),
        kind: "ports",
        shows: [json!({"device_id": "$subject"}), json!({"device_id": "$subject"})],
        ..blank
    }
}

/// A test for each case, with attributes.
macro_rules! a_test_for_each_replacement {
    ($site:path, $attributes:tt) => {
        mod replaced {
            use super::*;

            $crate::stacks::replacements::a_test_for_each_replacement! { @each $site, $attributes,
                net subnet port_at_an_address port_with_a_hardware_address router router_interface_of_another_router
                floating_ip_with_an_address floating_ip_of_a_port floating_ip_association
                security_group security_group_rule key_pair flavor server_group server_with_a_port server_at_an_address
                server_with_an_address_in_a_subnet volume volume_attachment web_image
            }
        }
    };
    (@each $site:path, $attributes:tt, $($test:ident)*) => {
        $($crate::stacks::replacements::a_test_for_each_replacement! { @one $site, $attributes, $test })*
    };
    (@one $site:path, [$($attribute:meta),*], $test:ident) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        $(#[$attribute])*
        async fn $test() {
            let case = stringify!($test);
            let (site, cloud) = $site(case).await;
            let ground = $crate::stacks::Ground::new(site, case).await;
            let replacement = $crate::stacks::replacements::replacement(&ground, case).await;
            $crate::stacks::replacement::try_replacement(&ground, &replacement).await;
            cloud.leave().await;
        }
    };
}
pub(crate) use a_test_for_each_replacement;

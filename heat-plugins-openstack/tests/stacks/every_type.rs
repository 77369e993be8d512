//! One stack with every type: created, updated in place, updated with as many replacements as there can be, deleted,
//! twice over.

use std::collections::{BTreeMap, BTreeSet};

use heat_engine::Update;
use heat_plugin_sdk::satisfies;
use serde_json::{Value, json};

use super::inventory::Inventory;
use super::{Ground, delete, example, incarnations, merge, must_be, parsed};

/// The properties that an update changes in place, by resource.
fn in_place() -> Value {
    json!({
        "net": {"value_specs": {"description": "two"}},
        "subnet": {"dns_nameservers": ["192.0.2.1"]},
        "router": {"value_specs": {"description": "two"}},
        "security_group": {"description": "two", "rules": [{"protocol": "icmp"},
            {"protocol": "udp", "port_range_min": 53, "port_range_max": 53}]},
        "port": {"value_specs": {"description": "two"}},
        "floating_ip": {"port_id": null},
        "floating_ip_association": {"fixed_ip_address": "10.60.0.11"},
        "flavor": {"extra_specs": {"hw:watchdog_action": "none"}},
        "server": {"metadata": {"state": "two"}},
        "volume": {"size": 2, "description": "two"},
        "volume_attachment": {"mountpoint": "/dev/vdx"},
        "web_image": {"os_distro": "cirros"},
    })
}

/// Those that replace: every type that has such a property. Names and ranges stay the same.
fn replacing(project: &str, image: &str) -> Value {
    json!({
        "net": {"tenant_id": project},
        "router": {"tenant_id": project},
        "security_group_rule": {"description": "Logging in from everywhere"},
        "floating_ip": {"value_specs": {"description": "three"}, "port_id": {"get_resource": "port"}},
        "second_floating_ip": {"value_specs": {"description": "three"}},
        "key": {"public_key":
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPxRzdo9nDz3lfVcNfdNPzVLCPq7kCh3zKk5GxYzRZAI nobody"},
        "flavor": {"ram": 128},
        "server_group": {"policies": ["soft-affinity"]},
        "volume": {"image": image},
        "web_image": {"min_disk": 1},
    })
}

/// What those replacements carry along: what lies in the network, and what cannot be moved to another one.
const REPLACED: &[&str] = &[
    "flavor",
    "floating_ip",
    "key",
    "net",
    "port",
    "router",
    "router_interface",
    "second_floating_ip",
    "second_port",
    "security_group_rule",
    "server",
    "server_group",
    "subnet",
    "volume",
    "web_image",
];

/// How many objects the template makes. Beside what it names these are the two rules of every security group, and the
/// port by which the router is in the subnet.
fn counts(rules: usize) -> BTreeMap<&'static str, usize> {
    BTreeMap::from([
        ("flavors", 1),
        ("floatingips", 2),
        ("images", 1),
        ("keypairs", 1),
        ("networks", 1),
        ("ports", 3),
        ("routers", 1),
        ("security_group_rules", 2 + rules),
        ("security_groups", 1),
        ("server_groups", 1),
        ("servers", 1),
        ("subnets", 1),
        ("volumes", 1),
    ])
}

fn changed(template: &mut Value, properties: &Value) {
    for (resource, properties) in properties.as_object().unwrap() {
        merge(&mut template["resources"][resource]["properties"], properties);
    }
}

fn shows(made: &Inventory, kind: &str, wanted: Value) {
    let all = made.of(kind);
    assert!(all.iter().any(|object| satisfies(&wanted, object)), "{kind} with {wanted}: {all:#?}");
}

/// Tries it.
pub(crate) async fn try_every_type(ground: &Ground) {
    let project = ground.client.project_id().await.unwrap();
    let site = &ground.site;
    let parameters = json!({"image": site.image, "image_location": site.image_url,
        "public_network": site.external_network});
    for _ in 0..2 {
        let mut template = example("every-type.yaml");
        let types: BTreeSet<&str> = template["resources"]
            .as_object()
            .unwrap()
            .values()
            .filter_map(|one| one["type"].as_str())
            .collect();
        let registry = heat_plugin_sdk::Registry::new().with(heat_plugins_openstack::plugin());
        let all: BTreeSet<String> =
            registry.resources().map(|resource| resource.schema().type_name.clone()).collect();
        assert_eq!(types, all.iter().map(String::as_str).collect(), "the template has every type");

        let stack = ground.create_with(&template, &parameters).await;
        let first = incarnations(&stack).await;
        assert_eq!(ground.made().await.counts(), counts(2));
        nothing_drifts(&stack).await;

        changed(&mut template, &in_place());
        stack.update(Update::existing().template(parsed(&template))).await.unwrap();
        must_be("UPDATE_COMPLETE", &stack.finished().await.unwrap());
        assert_eq!(incarnations(&stack).await, first, "nothing is replaced");
        let made = ground.made().await;
        assert_eq!(made.counts(), counts(3), "{:#?}", made.of("security_group_rules"));
        let ids = super::physical_ids(&stack).await;
        for kind in ["networks", "routers", "security_groups", "ports", "volumes"] {
            shows(&made, kind, json!({"description": "two"}));
        }
        shows(&made, "subnets", json!({"dns_nameservers": ["192.0.2.1"]}));
        shows(&made, "floatingips", json!({"id": ids["floating_ip"], "port_id": ""}));
        shows(&made, "floatingips", json!({"id": ids["second_floating_ip"], "port_id": ids["second_port"]}));
        shows(&made, "servers", json!({"id": ids["server"], "metadata": {"state": "two"}}));
        shows(&made, "volumes", json!({"size": 2, "attachments": [{"server_id": ids["server"]}]}));
        shows(&made, "images", json!({"os_distro": "cirros"}));
        nothing_drifts(&stack).await;

        changed(&mut template, &replacing(&project, &site.image));
        stack.update(Update::existing().template(parsed(&template))).await.unwrap();
        must_be("UPDATE_COMPLETE", &stack.finished().await.unwrap());
        let second = incarnations(&stack).await;
        let replaced: Vec<&str> =
            second.iter().filter(|(name, id)| first[*name] != **id).map(|(name, _)| name.as_str()).collect();
        assert_eq!(replaced, REPLACED);
        let made = ground.made().await;
        assert_eq!(made.counts(), counts(3));
        let ids = super::physical_ids(&stack).await;
        shows(
            &made,
            "ports",
            json!({"id": ids["port"], "device_id": ids["server"],
            "fixed_ips": [{"subnet_id": ids["subnet"], "ip_address": "10.60.0.10"}]}),
        );
        shows(&made, "floatingips", json!({"id": ids["floating_ip"], "port_id": ids["port"]}));
        shows(&made, "floatingips", json!({"id": ids["second_floating_ip"], "port_id": ids["second_port"]}));
        shows(&made, "volumes", json!({"bootable": "true", "attachments": [{"server_id": ids["server"]}]}));
        shows(&made, "server_groups", json!({"policies": ["soft-affinity"], "members": [ids["server"]]}));

        nothing_drifts(&stack).await;

        delete(&stack).await;
        assert_eq!(ground.made().await.counts(), BTreeMap::new(), "nothing is left");
    }
}

/// What is read of every thing is what was applied: an update that looks at all finds nothing to do.
async fn nothing_drifts(stack: &heat_engine::Stack) {
    let plan = stack.preview_update(&Update::existing().converge(true)).await.unwrap();
    assert!(plan.is_empty(), "{}", plan.to_text());
}

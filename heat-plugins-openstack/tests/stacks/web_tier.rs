//! The web tier of the examples: created, updated in place, updated with replacements, deleted, twice over.

use std::collections::BTreeMap;

use heat_engine::{Stack, Update};
use serde_json::{Value, json};

use super::{Ground, delete, example, incarnations, must_be};

const PUBLIC_KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea nobody";
const OTHER_KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPxRzdo9nDz3lfVcNfdNPzVLCPq7kCh3zKk5GxYzRZAI nobody";

/// What the template makes. Beside what it names these are the two rules of every security group, and the port by which
/// the router is in the subnet.
fn counts() -> BTreeMap<&'static str, usize> {
    BTreeMap::from([
        ("floatingips", 1),
        ("keypairs", 1),
        ("networks", 1),
        ("ports", 3),
        ("routers", 1),
        ("security_group_rules", 5),
        ("security_groups", 1),
        ("servers", 2),
        ("subnets", 1),
        ("volumes", 2),
    ])
}

async fn update(stack: &Stack, parameters: &[(&str, Value)]) {
    let update = parameters
        .iter()
        .fold(Update::existing(), |update, (name, value)| update.parameter(*name, value.clone()));
    stack.update(update).await.unwrap();
    must_be("UPDATE_COMPLETE", &stack.finished().await.unwrap());
}

/// Tries it.
pub(crate) async fn try_web_tier(ground: &Ground) {
    let site = &ground.site;
    let parameters = json!({"image": site.image, "flavor": site.flavors[0], "public_network": site.external_network,
        "public_key": PUBLIC_KEY});
    for _ in 0..2 {
        let stack = ground.create_with(&example("web-tier.yaml"), &parameters).await;
        let first = incarnations(&stack).await;
        assert_eq!(ground.made().await.counts(), counts());

        update(&stack, &[("dns_servers", json!("192.0.2.53")), ("volume_size", json!(2))]).await;
        assert_eq!(incarnations(&stack).await, first, "nothing is replaced");
        let made = ground.made().await;
        assert_eq!(made.counts(), counts());
        assert_eq!(made.showing("volumes", &json!({"size": 2})).len(), 2);
        assert_eq!(made.showing("subnets", &json!({"dns_nameservers": ["192.0.2.53"]})).len(), 1);

        let replacing = [
            ("greeting", json!("Welcome")),
            ("http_port", json!(8080)),
            ("public_key", json!(OTHER_KEY)),
            ("ssh_from", json!("192.0.2.0/24")),
        ];
        update(&stack, &replacing).await;
        assert_eq!(
            replaced(&first, &incarnations(&stack).await),
            ["key", "server_1", "server_2", "ssh_rule"]
        );
        let made = ground.made().await;
        assert_eq!(made.counts(), counts());
        assert_eq!(made.showing("keypairs", &json!({"public_key": OTHER_KEY})).len(), 1);
        assert_eq!(made.showing("security_group_rules", &json!({"port_range_min": 8080})).len(), 1);
        assert_eq!(made.showing("security_group_rules", &json!({"port_range_min": 80})).len(), 0);
        assert_eq!(
            made.showing("security_group_rules", &json!({"remote_ip_prefix": "192.0.2.0/24"})).len(),
            1
        );
        let ids = super::physical_ids(&stack).await;
        for number in [1, 2] {
            let id = |name: &str| ids[&format!("{name}_{number}")].as_str();
            let attached = json!({"id": id("volume"), "attachments": [{"server_id": id("server")}]});
            assert_eq!(made.showing("volumes", &attached).len(), 1, "{:#?}", made.of("volumes"));
            let plugged = json!({"id": id("port"), "device_id": id("server")});
            assert_eq!(made.showing("ports", &plugged).len(), 1, "{:#?}", made.of("ports"));
        }

        delete(&stack).await;
        assert_eq!(ground.made().await.counts(), BTreeMap::new(), "nothing is left");
    }
}

fn replaced<'a>(before: &BTreeMap<String, String>, after: &'a BTreeMap<String, String>) -> Vec<&'a str> {
    after.iter().filter(|(name, id)| before[*name] != **id).map(|(name, _)| name.as_str()).collect()
}

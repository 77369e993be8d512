//! A network of one stack is used by another one, by its id.

use std::collections::BTreeMap;

use heat_engine::EngineError;
use serde_json::{Value, json};

use super::replacements::{get, network, port_in, resource};
use super::{Ground, STOP, delete, merge, physical_ids, template, update};

/// Tries it.
pub(crate) async fn try_external_id(ground: &Ground) {
    let owner = ground.create(&template(network(ground, "10.47.0.0/24"))).await;
    let owned = physical_ids(&owner).await;
    let used = |id: &str| -> Value {
        let mut used = template(json!({
            "net": {"type": "OS::Neutron::Net", "external_id": id},
            "subnet": {"type": "OS::Neutron::Subnet", "external_id": owned["subnet"]},
            "port": port_in("subnet"),
        }));
        used["outputs"] = json!({"name": {"value": {"get_attr": ["net", "name"]}}});
        used
    };
    let stack = ground.create_as("user", &used(&owned["net"])).await;
    assert_eq!(stack.resource("net").await.unwrap().resource_status, "CHECK_COMPLETE");
    assert_eq!(physical_ids(&stack).await["net"], owned["net"]);
    let port = physical_ids(&stack).await["port"].clone();
    let ports = ground.made().await;
    let ports = ports.showing("ports", &json!({"id": port, "network_id": owned["net"]}));
    assert_eq!(ports.len(), 1, "the port lies in the network that was there");
    assert_eq!(stack.output("name").await.unwrap(), ground.name("net"));

    // What its owner makes of it is seen by the next update.
    let mut renamed = template(network(ground, "10.47.0.0/24"));
    let name = ground.name("renamed");
    merge(&mut renamed["resources"]["net"]["properties"], &json!({"name": name}));
    update(&owner, &renamed, STOP, "UPDATE_COMPLETE").await;
    let mut more = used(&owned["net"]);
    merge(
        &mut more["resources"],
        &json!({"more": resource("OS::Neutron::Port", json!({"network": get("net")}))}),
    );
    update(&stack, &more, STOP, "UPDATE_COMPLETE").await;
    assert_eq!(stack.output("name").await.unwrap(), name);

    delete(&stack).await;
    let left = BTreeMap::from([("networks", 1), ("subnets", 1)]);
    assert_eq!(ground.made().await.counts(), left, "what was there stays");
    delete(&owner).await;
    assert_eq!(ground.made().await.counts(), BTreeMap::new(), "nothing is left");

    match ground.try_to_create("user", &used(&owned["net"])).await {
        Err(EngineError::Refused(refused)) => {
            let places: Vec<&str> = refused.diagnostics.iter().map(|found| found.path.as_str()).collect();
            assert_eq!(places.len(), 2, "{places:?}");
            assert!(places.contains(&"resources.net.external_id"), "{places:?}");
            assert!(refused.diagnostics.iter().all(|found| found.primary.is_some()));
        }
        other => panic!("the network is gone: {:?}", other.map(|stack| stack.id().clone())),
    }
}

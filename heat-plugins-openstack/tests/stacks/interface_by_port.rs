//! A router's place in a subnet is taken over by a port. There is no way back: Neutron deletes a port when the interface
//! that it is goes, so the port cannot outlive it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::replacements::{get, network, port_in, resource, with};
use super::{Ground, STOP, delete, incarnations, physical_ids, template, update};

/// Tries it.
pub(crate) async fn try_interface_by_port(ground: &Ground) {
    let by = |property: &str, name: &str| -> Value {
        template(with(
            network(ground, "10.46.0.0/24"),
            json!({
                "router": resource("OS::Neutron::Router", json!({})),
                "port": port_in("subnet"),
                "interface": resource("OS::Neutron::RouterInterface",
                    json!({"router": get("router"), property: get(name)})),
            }),
        ))
    };
    let stack = ground.create(&by("subnet", "subnet")).await;
    let before = incarnations(&stack).await;
    let ids = physical_ids(&stack).await;
    let interfaces = async || {
        let made = ground.made().await;
        let interfaces = made.showing("ports", &json!({"device_id": ids["router"]}));
        let interfaces: Vec<String> =
            interfaces.into_iter().map(|port| port["id"].as_str().unwrap().to_owned()).collect();
        (made.of("ports").len(), interfaces)
    };
    let (ports, first) = interfaces().await;
    assert_eq!((ports, first.len()), (2, 1));
    assert_ne!(first[0], ids["port"]);

    update(&stack, &by("port", "port"), STOP, "UPDATE_COMPLETE").await;
    assert_ne!(incarnations(&stack).await["interface"], before["interface"], "it is replaced");
    assert_eq!(interfaces().await, (1, vec![ids["port"].clone()]), "the port is the interface now");

    delete(&stack).await;
    assert_eq!(ground.made().await.counts(), BTreeMap::new(), "nothing is left");
}

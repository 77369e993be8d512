//! Servers take their user data from software configurations.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::replacements::{get, network, resource, server};
use super::{Ground, STOP, delete, incarnations, merge, physical_ids, template, update};

/// Tries it.
pub(crate) async fn try_configurations(ground: &Ground) {
    let booting = |data: Value| {
        let mut properties = server(ground, json!([{"subnet": get("subnet")}]));
        merge(&mut properties, &json!({"user_data_format": "RAW", "user_data": data}));
        resource("OS::Nova::Server", properties)
    };
    let all = |script: &str| {
        let mut resources = network(ground, "10.48.0.0/24");
        merge(
            &mut resources,
            &json!({
                "script": resource("OS::Heat::SoftwareConfig", json!({"config": script})),
                "init": resource("OS::Heat::CloudConfig", json!({"cloud_config": {"hostname": "web"}})),
                "scripted": booting(get("script")),
                "initialised": booting(get("init")),
                // The id of nothing is a text.
                "plain": booting(json!("0ad2b0c5-3c5c-4d3c-9d39-3e8b2a3c7b11")),
            }),
        );
        template(resources)
    };
    let stack = ground.create(&all("#!/bin/sh\necho one\n")).await;
    let given = given(ground, &physical_ids(&stack).await).await;
    assert_eq!(given["scripted"], "#!/bin/sh\necho one\n");
    assert_eq!(given["initialised"], "#cloud-config\nhostname: web\n");
    assert_eq!(given["plain"], "0ad2b0c5-3c5c-4d3c-9d39-3e8b2a3c7b11");

    // Another text is another configuration, and another server.
    let before = incarnations(&stack).await;
    update(&stack, &all("#!/bin/sh\necho two\n"), STOP, "UPDATE_COMPLETE").await;
    let after = incarnations(&stack).await;
    let other: Vec<&String> = after.keys().filter(|name| after[*name] != before[*name]).collect();
    assert_eq!(other, ["script", "scripted"]);
    assert_eq!(self::given(ground, &physical_ids(&stack).await).await["scripted"], "#!/bin/sh\necho two\n");

    delete(&stack).await;
    assert_eq!(ground.made().await.counts(), BTreeMap::new(), "nothing is left");
}

/// The user data of each server, by the name of its resource.
async fn given(ground: &Ground, ids: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let made = ground.made().await;
    let servers = made.of("servers").iter().map(|server| {
        let resource = ids.iter().find(|(_, id)| server["id"] == **id).expect("a server of the stack").0;
        let data = server["OS-EXT-SRV-ATTR:user_data"].as_str().expect("user data");
        (resource.clone(), String::from_utf8(STANDARD.decode(data).unwrap()).unwrap())
    });
    servers.collect()
}

//! A volume and a server are saved with their stack, come back from what was saved, and leave nothing.

use std::collections::BTreeMap;

use serde_json::json;

use super::replacements::{get, network, resource, with};
use super::{Ground, STOP, delete, must_be, physical_ids, template, update};

/// Tries it.
#[allow(dead_code, reason = "the real control plane has no backup service")]
pub(crate) async fn try_snapshot(ground: &Ground) {
    let site = &ground.site;
    let body = |size: i64| {
        let server =
            json!({"image": site.image, "flavor": site.flavors[0], "networks": [{"subnet": get("subnet")}]});
        template(with(
            network(ground, "10.52.0.0/24"),
            json!({
                "server": resource("OS::Nova::Server", server),
                "volume": resource("OS::Cinder::Volume", json!({"size": size})),
            }),
        ))
    };
    let stack = ground.create(&body(1)).await;
    let before = physical_ids(&stack).await;
    let id = stack.snapshot(Some("first")).await.unwrap();
    must_be("SNAPSHOT_COMPLETE", &stack.finished().await.unwrap());
    let made = ground.made().await;
    assert_eq!((made.showing("backups", &json!({})).len(), made.showing("images", &json!({})).len()), (1, 1));
    let shown = stack.show_snapshot(&id).await.unwrap();
    let image = shown.data["resources"]["server"]["resource_data"]["snapshot_image_id"].clone();
    let backup = shown.data["resources"]["volume"]["resource_data"]["backup_id"].clone();
    assert_eq!(made.showing("backups", &json!({"id": backup, "volume_id": before["volume"]})).len(), 1);

    // The volume is restored in place, the server is rebuilt from its image.
    stack.restore(&id).await.unwrap();
    must_be("RESTORE_COMPLETE", &stack.finished().await.unwrap());
    assert_eq!(physical_ids(&stack).await, before);
    let server = json!({"id": before["server"], "image": {"id": image}});
    assert_eq!(ground.made().await.showing("servers", &server).len(), 1);

    // What has gone meanwhile is made from what was saved.
    update(&stack, &template(network(ground, "10.52.0.0/24")), STOP, "UPDATE_COMPLETE").await;
    stack.restore(&id).await.unwrap();
    must_be("RESTORE_COMPLETE", &stack.finished().await.unwrap());
    let after = physical_ids(&stack).await;
    assert!(after["volume"] != before["volume"] && after["server"] != before["server"]);

    let second = stack.snapshot(None).await.unwrap();
    must_be("SNAPSHOT_COMPLETE", &stack.finished().await.unwrap());
    assert_eq!(ground.made().await.showing("backups", &json!({})).len(), 2);
    stack.delete_snapshot(&second).await.unwrap();
    assert_eq!(ground.made().await.showing("backups", &json!({})).len(), 1);
    // The server cannot lose the image that it was made from before it goes itself.
    delete(&stack).await;
    assert_eq!(ground.made().await.counts(), BTreeMap::new(), "nothing is left");
}

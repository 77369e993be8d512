//! A server is suspended with its stack, and wakes with it.

use std::collections::BTreeMap;

use heat_engine::EngineError;
use serde_json::json;

use super::replacements::{get, network, resource, with};
use super::{Ground, delete, must_be, physical_ids, template};

/// Tries it.
pub(crate) async fn try_suspension(ground: &Ground) {
    let site = &ground.site;
    let server =
        json!({"image": site.image, "flavor": site.flavors[0], "networks": [{"subnet": get("subnet")}]});
    let stack = ground
        .create(&template(with(
            network(ground, "10.48.0.0/24"),
            json!({"server": resource("OS::Nova::Server", server)}),
        )))
        .await;
    let id = physical_ids(&stack).await["server"].clone();
    let is = async |status: &str| {
        ground.made().await.showing("servers", &json!({"id": id, "status": status})).len() == 1
    };
    stack.check().await.unwrap();
    must_be("CHECK_COMPLETE", &stack.finished().await.unwrap());

    stack.suspend().await.unwrap();
    must_be("SUSPEND_COMPLETE", &stack.finished().await.unwrap());
    assert!(is("SUSPENDED").await);
    let refused = stack.check().await.unwrap_err();
    assert!(matches!(refused, EngineError::State { .. }), "{refused}");

    stack.resume().await.unwrap();
    must_be("RESUME_COMPLETE", &stack.finished().await.unwrap());
    assert!(is("ACTIVE").await);
    stack.suspend().await.unwrap();
    must_be("SUSPEND_COMPLETE", &stack.finished().await.unwrap());
    delete(&stack).await;
    assert_eq!(ground.made().await.counts(), BTreeMap::new(), "nothing is left");
}

//! `Fn::GetAZs` gives what Nova says.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Ground, delete};

/// Tries it: a volume in the first zone, in a template of AWS's dialect.
pub(crate) async fn try_availability_zones(ground: &Ground) {
    let template = json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Resources": {
            "zone": {
                "Type": "OS::Heat::Value",
                "Properties": {"value": {"Fn::Select": ["0", {"Fn::GetAZs": ""}]}},
            },
            "disk": {
                "Type": "OS::Cinder::Volume",
                "Properties": {"size": 1, "availability_zone": {"Fn::GetAtt": ["zone", "value"]}},
            },
        },
        "Outputs": {"zones": {"Value": {"Fn::GetAZs": "a region, which has no effect"}}},
    });
    let stack = ground.create(&template).await;
    assert_eq!(stack.output("zones").await.unwrap(), json!(["nova"]));
    let made = ground.made().await;
    assert_eq!(made.of("volumes")[0]["availability_zone"], "nova");
    delete(&stack).await;
    assert_eq!(ground.made().await.counts(), BTreeMap::new(), "nothing is left");
}

//! What the derive makes of a struct of attributes.

use heat_plugin_sdk::schema::{AttributeMode, SupportStatus, ValueType};
use heat_plugin_sdk::{Attributes, PropertyType, Secret};
use serde::Serialize;
use serde_json::{Value, json};

#[derive(Debug, Serialize, Attributes)]
#[serde(rename_all = "camelCase")]
struct RecordAttributes {
    /// Serial number of the zone
    /// after the last change.
    serial: u64,
    /// The zone's key.
    #[attribute(at_creation, since = "2.0")]
    private_key: Option<Secret<String>>,
    /// Where to watch.
    #[attribute(on_demand, deprecated = "Use logs.")]
    console_url: Option<String>,
    /// Password of the day.
    today: Secret<String>,
    /// Password of tomorrow.
    tomorrow: Option<Secret<String>>,
    /// Whatever the service says.
    #[attribute(type = map)]
    details: NotAPropertyType,
    /// Anything.
    anything: Value,
    /// Addresses.
    #[serde(rename = "addrs")]
    addresses: Vec<Address>,
    #[serde(skip)]
    #[allow(dead_code)]
    cache: u8,
}

#[derive(Debug, Serialize)]
struct NotAPropertyType {
    level: u8,
}

/// An address.
#[derive(Debug, Serialize, PropertyType)]
struct Address {
    /// In text.
    ip: String,
}

fn attributes() -> RecordAttributes {
    RecordAttributes {
        serial: 7,
        private_key: Some("k3y".to_owned().into()),
        console_url: Some("http://x".into()),
        today: "s3same".to_owned().into(),
        tomorrow: None,
        details: NotAPropertyType { level: 3 },
        anything: json!([1]),
        addresses: vec![Address { ip: "192.0.2.1".into() }],
        cache: 1,
    }
}

#[test]
fn the_schema_follows_from_the_fields() {
    let fields = RecordAttributes::fields();
    let types: Vec<_> = fields.iter().map(|(name, schema)| (name.as_str(), schema.value_type)).collect();
    assert_eq!(
        types,
        [
            ("serial", Some(ValueType::Integer)),
            ("privateKey", Some(ValueType::String)),
            ("consoleUrl", Some(ValueType::String)),
            ("today", Some(ValueType::String)),
            ("tomorrow", Some(ValueType::String)),
            ("details", Some(ValueType::Map)),
            ("anything", None),
            ("addrs", Some(ValueType::List)),
        ]
    );
    assert_eq!(fields["serial"].description, "Serial number of the zone after the last change.");
    assert_eq!(fields["privateKey"].mode, AttributeMode::AtCreation);
    assert_eq!(fields["privateKey"].support.version.as_deref(), Some("2.0"));
    assert_eq!(fields["consoleUrl"].mode, AttributeMode::OnDemand);
    assert_eq!(fields["consoleUrl"].support.status, SupportStatus::Deprecated);
    let secret: Vec<_> =
        fields.iter().filter(|(_, schema)| schema.secret).map(|(name, _)| name.as_str()).collect();
    assert_eq!(secret, ["privateKey", "today", "tomorrow"]);
}

#[test]
fn observed_values_are_those_that_a_read_tells_with_the_content_of_secrets() {
    let observed = attributes().observed().unwrap();
    assert_eq!(
        Value::Object(observed),
        json!({
            "serial": 7, "today": "s3same", "tomorrow": null, "details": {"level": 3}, "anything": [1],
            "addrs": [{"ip": "192.0.2.1"}],
        })
    );
}

#[test]
fn secrets_are_not_printed() {
    let printed = format!("{:?}", attributes());
    assert!(!printed.contains("k3y") && !printed.contains("s3same"), "{printed}");
}

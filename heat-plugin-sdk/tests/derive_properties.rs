//! What the derive makes of structs and enums: schema, translations, decoding.

use heat_plugin_sdk::schema::{
    Children, Constraint, PropertySchema, Support, SupportStatus, Translation, UpdateMode, ValueType,
};
use heat_plugin_sdk::{FailureClass, Properties, PropertyType, Secret};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// A DNS record at Acme.
///
/// It belongs to
/// a zone.
#[derive(Debug, Deserialize, Properties)]
#[property(since = "1.0", deprecated(since = "2.0", message = "Use Acme::DNS::RecordSet."))]
struct RecordProperties {
    /// Fully qualified name.
    #[property(immutable, constraint(length(max = 255)))]
    name: String,
    /// Addresses the name
    /// answers with.
    #[property(update_allowed, item(constraint(custom("ip_addr"))), constraint(length(min = 1)))]
    addresses: Vec<IpAddr>,
    /// Seconds that resolvers may keep the answer.
    #[property(update_allowed, default = 300, constraint(range(min = 60)))]
    ttl: u32,
    /// Token of the zone.
    #[property(secret)]
    token: Secret<String>,
    /// Kind of the record.
    #[property(default = "aaaa", write_only)]
    kind: Kind,
    /// What it is for.
    comment: Option<String>,
    /// Where it belongs.
    #[property(resolve = "acme.zone", renamed_from = "zone_id")]
    zone: String,
    /// The servers.
    #[property(item(resolve = "acme.server", description = "A server."))]
    servers: Option<Vec<String>>,
    /// How it is checked.
    checks: Option<Vec<Check>>,
    /// Free data.
    #[property(default = {}, allow_conversion)]
    metadata: BTreeMap<String, String>,
    /// Weights.
    #[property(default = [1, 2], hidden, not_implemented)]
    weights: Vec<i64>,
    #[serde(skip)]
    cache: u8,
}

#[derive(Debug, Deserialize, PropertyType, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Kind {
    A,
    Aaaa,
    #[serde(rename = "TXT")]
    Text,
}

/// A check.
#[derive(Debug, Deserialize, Properties)]
#[serde(rename_all = "kebab-case")]
struct Check {
    /// Where to ask.
    #[property(
        resolve = "acme.probe",
        renamed_from(name = "old-probe", hidden(since = "3.0", message = "Gone."))
    )]
    probe_name: String,
    /// Password of the probe.
    password: Option<Secret<String>>,
    /// How often.
    #[serde(default)]
    every: u8,
}

fn field(name: &str) -> PropertySchema {
    RecordProperties::fields()[name].clone()
}

#[test]
fn fields_stand_in_order_and_under_serde_s_names() {
    let fields = RecordProperties::fields();
    let names: Vec<_> = fields.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "name",
            "addresses",
            "ttl",
            "token",
            "kind",
            "comment",
            "zone_id",
            "zone",
            "servers",
            "checks",
            "metadata",
            "weights"
        ]
    );
    let Children::Fields(check) = Check::schema().children else { panic!("a map") };
    assert_eq!(check.keys().collect::<Vec<_>>(), ["old-probe", "probe-name", "password", "every"]);
}

#[test]
fn doc_comments_are_descriptions_with_lines_joined() {
    assert_eq!(RecordProperties::description(), "A DNS record at Acme.\n\nIt belongs to a zone.");
    assert_eq!(field("addresses").description, "Addresses the name answers with.");
}

#[test]
fn support_statuses_are_kept_one_behind_the_other() {
    let first = Support { version: Some("1.0".into()), ..Support::default() };
    let deprecated = Support {
        status: SupportStatus::Deprecated,
        version: Some("2.0".into()),
        message: Some("Use Acme::DNS::RecordSet.".into()),
        previous: Some(Box::new(first)),
    };
    assert_eq!(RecordProperties::support(), deprecated);
    assert_eq!(field("weights").support.status, SupportStatus::Hidden);
    assert!(!field("weights").implemented);
}

#[test]
fn what_must_be_given_follows_from_the_type() {
    let required: Vec<_> = RecordProperties::fields()
        .into_iter()
        .filter(|(_, schema)| schema.required)
        .map(|(name, _)| name)
        .collect();
    assert_eq!(required, ["name", "addresses", "token", "zone"]);
    let Children::Fields(check) = Check::schema().children else { panic!("a map") };
    assert!(!check["every"].required, "serde has a default");
}

#[test]
fn options_go_into_the_schema() {
    assert_eq!(field("name").update, UpdateMode::Immutable);
    assert_eq!(field("name").constraints, [Constraint::length(None, 255)]);
    assert_eq!(field("addresses").update, UpdateMode::InPlace);
    assert_eq!(field("addresses").constraints, [Constraint::length(1, None)]);
    assert_eq!(field("kind").update, UpdateMode::Replace);
    assert!(field("kind").write_only);
    assert!(field("token").secret);
    assert!(field("metadata").allow_conversion);
}

#[test]
fn a_range_narrows_that_of_the_type() {
    assert_eq!(field("ttl").constraints, [Constraint::range(60, i64::from(u32::MAX))]);
}

#[test]
fn defaults_are_json() {
    assert_eq!(field("ttl").default, Some(json!(300)));
    assert_eq!(field("kind").default, Some(json!("aaaa")));
    assert_eq!(field("metadata").default, Some(json!({})));
    assert_eq!(field("weights").default, Some(json!([1, 2])));
}

#[test]
fn an_enum_is_a_text_with_allowed_values() {
    assert_eq!(field("kind").value_type, ValueType::String);
    assert_eq!(field("kind").constraints, [Constraint::allowed(["a", "aaaa", "TXT"])]);
}

#[test]
fn a_nested_struct_is_a_map_with_these_keys() {
    let Children::Item(item) = field("checks").children else { panic!("a list") };
    assert_eq!(item.value_type, ValueType::Map);
    let Children::Fields(fields) = &item.children else { panic!("a map") };
    assert_eq!(fields["probe-name"].description, "Where to ask.");
    assert!(fields["password"].secret);
}

#[test]
fn items_take_what_is_said_of_them() {
    let Children::Item(item) = field("servers").children else { panic!("a list") };
    assert_eq!(item.description, "A server.");
    assert_eq!(item.constraints, [Constraint::custom("acme.server")]);
    assert!(field("servers").constraints.is_empty());
}

#[test]
fn translations_have_paths_from_the_top() {
    let path = |keys: &[&str]| keys.iter().map(|&key| key.to_owned()).collect::<Vec<_>>();
    assert_eq!(
        RecordProperties::translations(),
        [
            Translation::Replace { from: path(&["zone_id"]), to: path(&["zone"]) },
            Translation::Resolve { path: path(&["zone"]), finder: "acme.zone".into() },
            Translation::Resolve { path: path(&["servers"]), finder: "acme.server".into() },
            Translation::Replace {
                from: path(&["checks", "old-probe"]),
                to: path(&["checks", "probe-name"])
            },
            Translation::Resolve { path: path(&["checks", "probe-name"]), finder: "acme.probe".into() },
        ]
    );
    assert_eq!(field("zone").constraints, [Constraint::custom("acme.zone")]);
    assert_eq!(field("zone_id").support.status, SupportStatus::Deprecated);
    assert_eq!(field("zone_id").support.message.as_deref(), Some("Use property zone."));
}

fn values() -> Value {
    json!({
        "name": "www.example.com.", "addresses": ["192.0.2.1", "2001:db8::1"], "ttl": 300, "token": "t0p", "kind": "TXT",
        "comment": null, "zone_id": null, "zone": "z1", "servers": null, "metadata": {"a": "b"}, "weights": [1],
        "checks": [{"probe-name": "p", "password": null, "every": null, "old-probe": null}],
    })
}

fn decode(values: &Value) -> Result<RecordProperties, heat_plugin_sdk::Failure> {
    RecordProperties::decode(&values.as_object().cloned().unwrap_or_default())
}

#[test]
fn checked_values_become_the_struct_and_null_is_absent_at_any_depth() {
    let record = decode(&values()).unwrap();
    assert_eq!(record.name, "www.example.com.");
    assert_eq!(record.addresses.len(), 2);
    assert_eq!((record.ttl, &record.kind, record.cache), (300, &Kind::Text, 0));
    assert_eq!(record.token.expose(), "t0p");
    assert_eq!((record.comment, record.servers, record.zone.as_str()), (None, None, "z1"));
    assert_eq!((record.metadata["a"].as_str(), record.weights), ("b", vec![1]));
    let checks = record.checks.unwrap();
    assert_eq!((checks[0].probe_name.as_str(), checks[0].every), ("p", 0));
    assert!(checks[0].password.is_none());
}

/// Numbers at the top, in a list and in a map.
#[derive(Debug, Deserialize, Properties, PartialEq)]
struct Pauses {
    /// The first.
    first: f64,
    /// The others.
    others: Vec<f64>,
    /// Free.
    loud: bool,
}

#[test]
fn a_boolean_is_a_number_where_one_is_wanted() {
    let given = json!({"first": true, "others": [0.5, false], "loud": true});
    let pauses = Pauses::decode(given.as_object().unwrap()).unwrap();
    assert_eq!(pauses, Pauses { first: 1.0, others: vec![0.5, 0.0], loud: true });
}

#[test]
fn a_value_that_does_not_fit_names_its_property() {
    let mut wrong = values();
    wrong["ttl"] = json!("soon");
    let failure = decode(&wrong).unwrap_err();
    assert_eq!(failure.class(), &FailureClass::Invalid { property: Some("ttl".into()) });
    assert!(failure.message().contains("soon"), "{failure}");

    let mut absent = values();
    absent.as_object_mut().unwrap().shift_remove("zone");
    let failure = decode(&absent).unwrap_err();
    assert_eq!(failure.to_string(), "property zone: it must be given");
}

#[test]
fn a_secret_that_does_not_fit_is_not_quoted() {
    for (name, value) in
        [("token", json!(["hunter2"])), ("checks", json!([{"probe-name": "p", "password": ["hunter2"]}]))]
    {
        let mut wrong = values();
        wrong[name] = value;
        let failure = decode(&wrong).unwrap_err();
        assert_eq!(failure.class(), &FailureClass::Invalid { property: Some(name.into()) });
        assert!(!format!("{failure} {failure:?}").contains("hunter2"), "{failure}");
    }
}

#[test]
fn secrets_are_not_printed() {
    let record = decode(&values()).unwrap();
    assert!(!format!("{record:?}").contains("t0p"));
}

/// Common to several types.
#[derive(Debug, Deserialize, Properties)]
struct Common {
    /// Labels.
    #[property(renamed_from = "tags")]
    labels: Option<Vec<String>>,
}

/// With the common ones.
#[derive(Debug, Deserialize, Properties)]
struct Extended {
    /// Its size.
    #[property(default = -1.5, constraint(range(min = -2, max = 0.5)))]
    size: f64,
    #[serde(flatten)]
    common: Common,
}

#[test]
fn a_flattened_struct_adds_its_properties() {
    assert_eq!(Extended::fields().keys().collect::<Vec<_>>(), ["size", "tags", "labels"]);
    assert_eq!(Extended::translations().len(), 1);
    let values = json!({"size": -1.5, "labels": ["x"]});
    let extended = Extended::decode(values.as_object().unwrap()).unwrap();
    assert_eq!((extended.size, extended.common.labels), (-1.5, Some(vec!["x".to_owned()])));
}

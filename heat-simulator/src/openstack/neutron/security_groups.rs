//! Security groups. Every project has one called `default`, made when it is first needed.

use super::attributes::{Attribute, Check, Initial, free, shown};
use super::resource::{Resource, apply, plain_view};
use super::security_group_rules::{self, NewRule};
use crate::cloud::document::object_of;
use crate::cloud::{Caller, Cloud, Fields, Kind, Object};
use crate::http::exchange::Refusal;
use serde_json::{Value, json};

const ATTRIBUTES: &[Attribute] = &[
    free("name", Initial::Text(""), Check::Text(255)),
    free("description", Initial::Text(""), Check::Text(255)),
    free("stateful", Initial::Flag(true), Check::Flag),
    shown("security_group_rules"),
    shown("shared"),
];

pub(super) const RESOURCE: Resource = Resource {
    kind: Kind::SecurityGroup,
    name: "security_group",
    collection: "security-groups",
    missing: ("SecurityGroupNotFound", "Security group {} does not exist"),
    attributes: ATTRIBUTES,
    view,
    create,
    update,
    delete,
};

fn view(cloud: &Cloud, caller: &Caller, group: &Object) -> Object {
    let rules = cloud.tables.find(Kind::SecurityGroupRule, "group", group.text("id"));
    let rules: Vec<Value> = rules.map(|rule| Value::Object(plain_view(cloud, caller, rule))).collect();
    let mut shown = plain_view(cloud, caller, group);
    shown.set("security_group_rules", rules);
    shown.set("shared", false);
    shown
}

fn create(cloud: &mut Cloud, _: &Caller, given: Object) -> Result<String, Refusal> {
    let project = given.text("project_id").to_owned();
    if given.text("name") == "default" {
        default_group_of(cloud, &project);
        return Err(Refusal::typed(
            409,
            "SecurityGroupDefaultAlreadyExists",
            "Default security group already exists.",
        ));
    }
    default_group_of(cloud, &project);
    cloud.check_network_quota(Kind::SecurityGroup, &project)?;
    Ok(make(cloud, given))
}

/// Makes a group with the rules that let everything out.
fn make(cloud: &mut Cloud, given: Object) -> String {
    let mut group = given;
    let id = cloud.stamp(&mut group);
    group.set("revision_number", 1);
    let project = group.text("project_id").to_owned();
    cloud.tables.put(Kind::SecurityGroup, group);
    for ethertype in ["IPv4", "IPv6"] {
        security_group_rules::make(
            cloud,
            NewRule { group: &id, project: &project, direction: "egress", ethertype, remote: None },
        );
    }
    id
}

/// The id of a project's group `default`; it is made if there is none yet.
pub(crate) fn default_group_of(cloud: &mut Cloud, project_id: &str) -> String {
    let own = cloud
        .tables
        .find(Kind::SecurityGroup, "project", project_id)
        .find(|group| group.text("name") == "default");
    if let Some(group) = own {
        return group.text("id").to_owned();
    }
    let given = object_of(
        json!({"name": "default", "description": "Default security group", "stateful": true, "project_id": project_id}),
    );
    let id = make(cloud, given);
    for ethertype in ["IPv4", "IPv6"] {
        let rule =
            NewRule { group: &id, project: project_id, direction: "ingress", ethertype, remote: Some(&id) };
        security_group_rules::make(cloud, rule);
    }
    id
}

fn update(cloud: &mut Cloud, _: &Caller, group: Object, changes: Object) -> Result<(), Refusal> {
    let id = group.text("id");
    if group.text("name") == "default" && changes.contains_key("name") && changes.text("name") != "default" {
        return Err(Refusal::typed(
            409,
            "SecurityGroupCannotUpdateDefault",
            "Updating default security group not allowed.",
        ));
    }
    if changes.contains_key("stateful")
        && changes.flag("stateful") != group.flag("stateful")
        && cloud.tables.count_by(Kind::Port, "group", id) > 0
    {
        return Err(Refusal::typed(409, "SecurityGroupInUse", format!("Security Group {id} in use.")));
    }
    apply(cloud, Kind::SecurityGroup, id, changes);
    Ok(())
}

fn delete(cloud: &mut Cloud, caller: &Caller, group: &Object) -> Result<(), Refusal> {
    let id = group.text("id");
    if cloud.tables.count_by(Kind::Port, "group", id) > 0 {
        return Err(Refusal::typed(409, "SecurityGroupInUse", format!("Security Group {id} in use.")));
    }
    if group.text("name") == "default" && !caller.is_admin() {
        return Err(Refusal::typed(
            409,
            "SecurityGroupCannotRemoveDefault",
            "Insufficient rights for removing default security group.",
        ));
    }
    for rule in cloud.tables.ids(Kind::SecurityGroupRule, "group", id) {
        cloud.tables.remove(Kind::SecurityGroupRule, &rule);
    }
    for rule in cloud.tables.ids(Kind::SecurityGroupRule, "remote", id) {
        cloud.tables.remove(Kind::SecurityGroupRule, &rule);
    }
    cloud.tables.remove(Kind::SecurityGroup, id);
    Ok(())
}

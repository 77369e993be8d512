//! RBAC policies: sharing an object with other projects.

use super::attributes::{Attribute, Check, Initial, fixed, free};
use super::networks;
use super::resource::{Resource, apply};
use crate::cloud::document::object_of;
use crate::cloud::{Caller, Cloud, Fields, Kind, Object};
use crate::http::exchange::Refusal;
use serde_json::json;

const ATTRIBUTES: &[Attribute] = &[
    fixed(
        "object_type",
        Initial::Required,
        Check::OneOf(&[
            "network",
            "qos_policy",
            "security_group",
            "address_scope",
            "subnetpool",
            "address_group",
        ]),
    ),
    fixed("object_id", Initial::Required, Check::Uuid),
    free("target_tenant", Initial::Required, Check::Text(255)),
    fixed("action", Initial::Required, Check::OneOf(&["access_as_shared", "access_as_external"])),
];

pub(super) const RESOURCE: Resource = Resource {
    kind: Kind::RbacPolicy,
    name: "rbac_policy",
    collection: "rbac-policies",
    missing: ("RbacPolicyNotFound", "RBAC policy of type unknown with ID {} not found"),
    attributes: ATTRIBUTES,
    view,
    create,
    update,
    delete,
};

fn view(_: &Cloud, _: &Caller, policy: &Object) -> Object {
    let wanted = ["id", "tenant_id", "object_id", "object_type", "target_tenant", "action", "project_id"];
    wanted.iter().map(|name| ((*name).to_owned(), policy.value(name))).collect()
}

/// Whether an object is shared with the caller's project.
pub(super) fn is_shared_with(cloud: &Cloud, object_id: &str, caller: &Caller) -> bool {
    let policies = cloud.tables.find(Kind::RbacPolicy, "object", object_id);
    let of_caller = |policy: &Object| {
        policy.text("target_tenant") == "*" || policy.text("target_tenant") == caller.project_id
    };
    policies.filter(|policy| policy.text("action") == "access_as_shared").any(of_caller)
}

/// Shares an object with everybody.
pub(super) fn share(cloud: &mut Cloud, object_id: &str, project_id: &str, action: &str) {
    let mut policy =
        object_of(json!({"object_type": "network", "object_id": object_id, "target_tenant": "*",
        "action": action, "project_id": project_id}));
    cloud.stamp(&mut policy);
    cloud.tables.put(Kind::RbacPolicy, policy);
}

fn create(cloud: &mut Cloud, caller: &Caller, given: Object) -> Result<String, Refusal> {
    cloud.check_network_quota(Kind::RbacPolicy, given.text("project_id"))?;
    let object_id = given.text("object_id");
    let kind = Kind::named(given.text("object_type"));
    let owner = kind
        .and_then(|kind| cloud.tables.get(kind, object_id))
        .filter(|object| caller.may_see(object.text("project_id")));
    if owner.is_none() {
        return Err(match kind {
            Some(Kind::Network) => {
                networks::RESOURCE.find(cloud, caller, object_id).err().unwrap_or_else(super::not_found)
            }
            _ => super::not_found(),
        });
    }
    if given.text("target_tenant") == "*" && !caller.is_admin() {
        return Err(Refusal::typed(
            403,
            "PolicyNotAuthorized",
            "((((rule:create_rbac_policy and rule:create_rbac_policy:object_type) and rule:create_rbac_policy:object_id) and rule:create_rbac_policy:target_tenant) and rule:create_rbac_policy:action) is disallowed by policy",
        ));
    }
    let same = |policy: &Object| {
        ["target_tenant", "action"].iter().all(|field| policy.value(field) == given.value(field))
    };
    if cloud.tables.find(Kind::RbacPolicy, "object", object_id).any(same) {
        return Err(Refusal::typed(
            409,
            "DuplicateRbacPolicy",
            "An RBAC policy already exists with those values.",
        ));
    }
    let mut policy = given;
    let id = cloud.stamp(&mut policy);
    cloud.tables.put(Kind::RbacPolicy, policy);
    Ok(id)
}

fn update(cloud: &mut Cloud, _: &Caller, policy: Object, changes: Object) -> Result<(), Refusal> {
    check_unused(cloud, &policy)?;
    apply(cloud, Kind::RbacPolicy, policy.text("id"), changes);
    Ok(())
}

fn delete(cloud: &mut Cloud, _: &Caller, policy: &Object) -> Result<(), Refusal> {
    check_unused(cloud, policy)?;
    cloud.tables.remove(Kind::RbacPolicy, policy.text("id"));
    Ok(())
}

/// A network that another project has ports on stays shared with it.
fn check_unused(cloud: &Cloud, policy: &Object) -> Result<(), Refusal> {
    let (object, target) = (policy.text("object_id"), policy.text("target_tenant"));
    let used = policy.text("action") == "access_as_shared"
        && cloud.tables.find(Kind::Port, "network", object).any(|port| {
            let project = port.text("project_id");
            if target == "*" {
                project != policy.text("project_id") && !project.is_empty()
            } else {
                project == target
            }
        });
    if used {
        return Err(Refusal::typed(
            409,
            "RbacPolicyInUse",
            format!(
                "RBAC policy on object {object} cannot be removed because other objects depend on it.\nDetails: Unable to reconfigure sharing settings for network {object}. Multiple tenants are using it."
            ),
        ));
    }
    Ok(())
}

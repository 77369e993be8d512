//! What the API's resources have in common: names, attributes, ownership, revision.

use super::attributes::Attribute;
use super::{
    floatingips, networks, not_found, ports, qos, rbac, routers, security_group_rules, security_groups,
    subnetpools, subnets,
};
use crate::cloud::{Caller, Cloud, Fields, Kind, Object, time};
use crate::http::exchange::Refusal;
use serde_json::{Value, json};

/// One of Neutron's resources.
pub(super) struct Resource {
    pub(super) kind: Kind,
    pub(super) name: &'static str,
    pub(super) collection: &'static str,
    /// The type and text of the refusal when there is none; `{}` is the id.
    pub(super) missing: (&'static str, &'static str),
    pub(super) attributes: &'static [Attribute],
    /// What the API shows of an object to a caller.
    pub(super) view: fn(&Cloud, &Caller, &Object) -> Object,
    /// Makes an object from checked attributes; gives its id.
    pub(super) create: fn(&mut Cloud, &Caller, Object) -> Result<String, Refusal>,
    /// Changes an object by checked attributes.
    pub(super) update: fn(&mut Cloud, &Caller, Object, Object) -> Result<(), Refusal>,
    /// Takes an object away.
    pub(super) delete: fn(&mut Cloud, &Caller, &Object) -> Result<(), Refusal>,
}

/// The resource of a collection's name.
pub(super) fn resource(collection: &str) -> Result<Resource, Refusal> {
    Ok(match collection {
        "networks" => networks::RESOURCE,
        "subnets" => subnets::RESOURCE,
        "ports" => ports::RESOURCE,
        "routers" => routers::RESOURCE,
        "floatingips" => floatingips::RESOURCE,
        "security-groups" => security_groups::RESOURCE,
        "security-group-rules" => security_group_rules::RESOURCE,
        "subnetpools" => subnetpools::RESOURCE,
        "address-scopes" => subnetpools::SCOPES,
        "policies" => qos::RESOURCE,
        "rbac-policies" => rbac::RESOURCE,
        _ => return Err(not_found()),
    })
}

impl Resource {
    /// The name of a list of it in bodies: as in the path, with underscores.
    pub(super) fn plural(&self) -> String {
        self.collection.replace('-', "_")
    }

    /// What the answer to a creation shows more or less than a later look.
    pub(super) fn as_created(&self, shown: &mut Object) {
        match self.kind {
            Kind::Network => {
                shown.entry("is_default").or_insert(Value::Bool(false));
            }
            Kind::SecurityGroupRule => {
                shown.shift_remove("tags");
                shown.shift_remove("standard_attr_id");
            }
            _ => {}
        }
    }

    fn none(&self, id: &str) -> Refusal {
        let (kind, text) = self.missing;
        Refusal::typed(404, kind, text.replace("{}", id))
    }

    /// Whether a caller sees an object: its own, shared ones, external networks and their subnets.
    pub(super) fn is_visible(&self, cloud: &Cloud, caller: &Caller, object: &Object) -> bool {
        if caller.may_see(object.text("project_id"))
            || object.flag("shared")
            || object.flag("router:external")
        {
            return true;
        }
        let network = match self.kind {
            Kind::Network => object.text("id"),
            Kind::Subnet | Kind::Port => object.text("network_id"),
            _ => return rbac::is_shared_with(cloud, object.text("id"), caller),
        };
        let Some(network) = cloud.tables.get(Kind::Network, network) else { return false };
        match self.kind {
            // The owner of a network sees the ports on it.
            Kind::Port => caller.may_see(network.text("project_id")),
            _ => {
                network.flag("shared")
                    || network.flag("router:external") && self.kind == Kind::Network
                    || caller.may_see(network.text("project_id"))
                    || rbac::is_shared_with(cloud, network.text("id"), caller)
            }
        }
    }

    /// The object, if the caller sees it.
    pub(super) fn find<'c>(
        &self,
        cloud: &'c Cloud,
        caller: &Caller,
        id: &str,
    ) -> Result<&'c Object, Refusal> {
        let object = cloud.tables.get(self.kind, id);
        object.filter(|object| self.is_visible(cloud, caller, object)).ok_or_else(|| self.none(id))
    }

    /// The object, if the caller may change it.
    pub(super) fn find_own<'c>(
        &self,
        cloud: &'c Cloud,
        caller: &Caller,
        id: &str,
    ) -> Result<&'c Object, Refusal> {
        let object = self.find(cloud, caller, id)?;
        if caller.may_see(object.text("project_id")) {
            return Ok(object);
        }
        // Who sees it without owning it is told no; the real policy engine says the same.
        let of_network = matches!(self.kind, Kind::Port | Kind::Subnet)
            && cloud
                .tables
                .get(Kind::Network, object.text("network_id"))
                .is_some_and(|network| caller.may_see(network.text("project_id")));
        if of_network { Ok(object) } else { Err(self.none(id)) }
    }
}

/// All fields but the inner ones.
pub(super) fn plain_view(_: &Cloud, _: &Caller, object: &Object) -> Object {
    object.iter().filter(|(name, _)| !name.starts_with('_')).map(|(k, v)| (k.clone(), v.clone())).collect()
}

/// All fields but the inner ones and those that only administrators see.
pub(super) fn view_without(caller: &Caller, object: &Object, hidden: &[&str]) -> Object {
    let seen = |name: &str| !name.starts_with('_') && (caller.is_admin() || !hidden.contains(&name));
    object.iter().filter(|(name, _)| seen(name)).map(|(k, v)| (k.clone(), v.clone())).collect()
}

impl Cloud {
    /// Completes a new Neutron object: id, owner, times, revision, tags. The id is `object`'s own if it has one.
    pub(super) fn stamp(&mut self, object: &mut Object) -> String {
        let id = match object.text("id") {
            "" => self.fresh_uuid(),
            given => given.to_owned(),
        };
        let project = object.text("project_id").to_owned();
        let now = time::seconds_z(self.now);
        object.set("id", id.clone());
        object.set("tenant_id", project);
        for (name, value) in [
            ("tags", json!([])),
            ("created_at", json!(now)),
            ("updated_at", json!(now)),
            ("revision_number", json!(0)),
        ] {
            object.entry(name).or_insert(value);
        }
        id
    }

    /// Counts an object's revision up.
    pub(super) fn touch(&mut self, kind: Kind, id: &str) {
        let now = time::seconds_z(self.now);
        self.tables.change(kind, id, |object| {
            object.set("revision_number", object.int("revision_number") + 1);
            object.set("updated_at", now);
        });
    }

    /// Refuses what would be one object too many for a project.
    pub(super) fn check_network_quota(&self, kind: Kind, project_id: &str) -> Result<(), Refusal> {
        let limit = self.quota("network", project_id, kind.name());
        let used = self.tables.count_by(kind, "project", project_id);
        if limit >= 0 && i64::try_from(used).unwrap_or(i64::MAX) >= limit {
            return Err(Refusal::typed(
                409,
                "OverQuota",
                format!("Quota exceeded for resources: ['{}'].", kind.name()),
            ));
        }
        Ok(())
    }
}

/// Takes over every changed field.
pub(super) fn apply(cloud: &mut Cloud, kind: Kind, id: &str, changes: Object) {
    cloud.tables.change(kind, id, |object| object.extend(changes));
}

/// The texts in a list.
pub(super) fn texts(values: &[Value]) -> impl Iterator<Item = &str> {
    values.iter().filter_map(Value::as_str)
}

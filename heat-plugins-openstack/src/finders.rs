//! From a name or an id to an id: what resolves names in properties, and what is behind the constraints
//! `neutron.network`, `nova.flavor`, `glance.image` and their like.

use std::sync::Arc;

use heat_plugin_sdk::{Failure, Plugin, Result};
use serde_json::Value;

use crate::client::{Client, ErrorClass, Method, Request};

/// How the objects behind a finder are asked for.
#[derive(Debug, Clone, Copy)]
struct Kind {
    /// The finder's name, and the constraint's.
    name: &'static str,
    service: &'static str,
    path: &'static [&'static str],
    /// Key of one object in an answer; empty where the object is the answer.
    object: &'static str,
    list: &'static str,
    /// By what an object is found that is not found by its id.
    by: By,
    /// Key of the id in an object.
    id: &'static str,
}

/// By what an object is found that is not found by its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// The list takes a name.
    Name,
    /// As `Name`, but the names of other projects count only where the own one has none: an administrator sees all.
    OwnName,
    /// The list takes no name, so the names in it are compared.
    Listing,
    /// Only the id.
    Nothing,
}

const fn kind(
    name: &'static str,
    service: &'static str,
    path: &'static [&'static str],
    object: &'static str,
    list: &'static str,
    by: By,
) -> Kind {
    Kind { name, service, path, object, list, by, id: "id" }
}

const KINDS: &[Kind] = &[
    kind("neutron.network", "network", &["networks"], "network", "networks", By::OwnName),
    kind("neutron.subnet", "network", &["subnets"], "subnet", "subnets", By::OwnName),
    kind("neutron.port", "network", &["ports"], "port", "ports", By::OwnName),
    kind("neutron.router", "network", &["routers"], "router", "routers", By::OwnName),
    kind(
        "neutron.security_group",
        "network",
        &["security-groups"],
        "security_group",
        "security_groups",
        By::OwnName,
    ),
    kind("neutron.subnetpool", "network", &["subnetpools"], "subnetpool", "subnetpools", By::OwnName),
    kind(
        "neutron.address_scope",
        "network",
        &["address-scopes"],
        "address_scope",
        "address_scopes",
        By::OwnName,
    ),
    kind("neutron.qos_policy", "network", &["qos", "policies"], "policy", "policies", By::OwnName),
    kind("neutron.segment", "network", &["segments"], "segment", "segments", By::Name),
    kind("nova.flavor", "compute", &["flavors"], "flavor", "flavors", By::Listing),
    kind("nova.server", "compute", &["servers"], "server", "servers", By::Name),
    Kind {
        id: "name",
        ..kind("nova.keypair", "compute", &["os-keypairs"], "keypair", "keypairs", By::Nothing)
    },
    kind("nova.network", "network", &["networks"], "network", "networks", By::OwnName),
    kind("glance.image", "image", &["images"], "", "images", By::Name),
    kind("cinder.volume", "block-storage", &["volumes"], "volume", "volumes", By::Name),
    kind("cinder.snapshot", "block-storage", &["snapshots"], "snapshot", "snapshots", By::Name),
    kind("cinder.backup", "block-storage", &["backups"], "backup", "backups", By::Name),
    kind("cinder.vtype", "block-storage", &["types"], "volume_type", "volume_types", By::Listing),
    kind("keystone.project", "identity", &["projects"], "project", "projects", By::Name),
    kind("keystone.user", "identity", &["users"], "user", "users", By::Name),
    kind("keystone.role", "identity", &["roles"], "role", "roles", By::Name),
    kind("keystone.group", "identity", &["groups"], "group", "groups", By::Name),
    kind("keystone.domain", "identity", &["domains"], "domain", "domains", By::Name),
];

/// Adds all finders, and the constraints of the same names.
pub(crate) fn register(plugin: Plugin) -> Plugin {
    let plugin = KINDS.iter().fold(plugin, |plugin, kind| {
        plugin.finder(kind.name, move |client: Arc<Client>, value: Value| async move {
            kind.find(&client, &value).await
        })
    });
    let plugin = plugin.availability_zones(|client: Arc<Client>| async move { zones(&client).await });
    plugin.constraint(
        "nova.host",
        |client: Arc<Client>, value: Value| async move { host(&client, &value).await },
    )
}

/// The id of an object that is given by name or id.
///
/// # Errors
/// As the finder of that name.
pub(crate) async fn resolve(client: &Client, finder: &str, value: &str) -> Result<String> {
    let kind = KINDS.iter().find(|kind| kind.name == finder);
    let kind = kind.ok_or_else(|| Failure::unsupported(format!("there is no finder {finder}")))?;
    match kind.find(client, &Value::from(value)).await? {
        Value::String(id) => Ok(id),
        other => Ok(other.to_string()),
    }
}

impl Kind {
    async fn find(&self, client: &Client, value: &Value) -> Result<Value> {
        let wanted = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            other => {
                return Err(Failure::invalid(
                    None,
                    format!("{}: {other} is neither a name nor an id", self.name),
                ));
            }
        };
        if wanted.is_empty() {
            return Err(self.missing(&wanted));
        }
        if let Some(found) = self.by_id(client, &wanted).await? {
            return Ok(found);
        }
        let mut found = match self.by {
            By::Nothing => Vec::new(),
            By::Name | By::OwnName => self.list(client, &[("name", &wanted)]).await?,
            By::Listing => self.list(client, &[]).await?,
        };
        found.retain(|object| object.get("name").and_then(Value::as_str) == Some(&wanted));
        if found.len() > 1
            && self.by == By::OwnName
            && let Ok(project) = client.project_id().await
        {
            let own = |object: &Value| {
                object.get("project_id").or_else(|| object.get("tenant_id")) == Some(&project.clone().into())
            };
            if found.iter().any(own) {
                found.retain(own);
            }
        }
        match found.as_slice() {
            [one] => self.id_of(one).ok_or_else(|| self.missing(&wanted)),
            [] => Err(self.missing(&wanted)),
            several => Err(Failure::conflict(format!(
                "{}: {} have the name {wanted:?}; give the id of the one that is meant",
                self.name,
                several.len()
            ))),
        }
    }

    async fn by_id(&self, client: &Client, id: &str) -> Result<Option<Value>> {
        let path = self.path.iter().copied().chain([id]);
        match client.send(self.service, Request::new(Method::GET, path)).await {
            Ok(response) => {
                let object =
                    if self.object.is_empty() { response.json()? } else { response.object(self.object)? };
                Ok(self.id_of(&object))
            }
            // A name may not even look like an id, or be one that may not be seen.
            Err(error)
                if matches!(
                    error.class(),
                    ErrorClass::NotFound | ErrorClass::Invalid | ErrorClass::Denied
                ) =>
            {
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn list(&self, client: &Client, filters: &[(&str, &str)]) -> Result<Vec<Value>> {
        let mut request = Request::get(self.path.iter().copied());
        for (key, value) in filters {
            request = request.query(*key, *value);
        }
        Ok(client.list(self.service, request, self.list).await?)
    }

    fn id_of(&self, object: &Value) -> Option<Value> {
        object.get(self.id).filter(|id| !id.is_null()).cloned()
    }

    fn missing(&self, wanted: &str) -> Failure {
        Failure::not_found(format!("{}: there is none with the name or id {wanted:?}", self.name))
    }
}

/// The names of all availability zones, for `Fn::GetAZs`.
async fn zones(client: &Client) -> Result<Vec<String>> {
    let zones =
        client.list("compute", Request::get(["os-availability-zone"]), "availabilityZoneInfo").await?;
    Ok(zones.iter().filter_map(|zone| zone.get("zoneName")?.as_str().map(str::to_owned)).collect())
}

/// A compute host; only administrators see them.
async fn host(client: &Client, value: &Value) -> Result<()> {
    let services = client
        .list("compute", Request::get(["os-services"]).query("binary", "nova-compute"), "services")
        .await?;
    if services.iter().any(|service| service.get("host") == Some(value)) {
        Ok(())
    } else {
        Err(Failure::not_found(format!("nova.host: there is no compute host {value}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_finder_has_one_meaning() {
        let mut names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}

//! What a project holds, asked of the services themselves.

use std::collections::BTreeMap;

use heat_plugin_sdk::satisfies;
use heat_plugins_openstack::client::{Client, Microversion, Request};
use serde_json::Value;

/// Objects by kind.
#[derive(Debug, Clone, Default)]
pub(crate) struct Inventory(BTreeMap<&'static str, Vec<Value>>);

/// Which of the objects that a service lists belong to the project.
enum Own {
    /// It lists only those.
    All,
    /// Those that this filter lets through.
    By(&'static str),
    /// It belongs to nobody: those whose name begins with the test's prefix.
    Named,
}

struct Listing {
    kind: &'static str,
    service: &'static str,
    path: &'static [&'static str],
    key: &'static str,
    own: Own,
}

const fn network(kind: &'static str, path: &'static [&'static str]) -> Listing {
    Listing { kind, service: "network", path, key: kind, own: Own::By("project_id") }
}

const LISTINGS: &[Listing] = &[
    network("networks", &["networks"]),
    network("subnets", &["subnets"]),
    network("ports", &["ports"]),
    network("routers", &["routers"]),
    network("floatingips", &["floatingips"]),
    network("security_groups", &["security-groups"]),
    network("security_group_rules", &["security-group-rules"]),
    Listing {
        kind: "servers",
        service: "compute",
        path: &["servers", "detail"],
        key: "servers",
        own: Own::All,
    },
    Listing {
        kind: "server_groups",
        service: "compute",
        path: &["os-server-groups"],
        key: "server_groups",
        own: Own::All,
    },
    Listing { kind: "keypairs", service: "compute", path: &["os-keypairs"], key: "keypairs", own: Own::All },
    Listing {
        kind: "flavors",
        service: "compute",
        path: &["flavors", "detail"],
        key: "flavors",
        own: Own::Named,
    },
    Listing {
        kind: "volumes",
        service: "block-storage",
        path: &["volumes", "detail"],
        key: "volumes",
        own: Own::All,
    },
    Listing {
        kind: "backups",
        service: "block-storage",
        path: &["backups", "detail"],
        key: "backups",
        own: Own::All,
    },
    Listing { kind: "images", service: "image", path: &["images"], key: "images", own: Own::By("owner") },
];

/// What a list does not show and what tells objects apart in a list that has no ids.
fn id(object: &Value) -> &str {
    object["id"].as_str().or(object["name"].as_str()).unwrap_or_default()
}

impl Inventory {
    /// Everything that the project of the client's credentials holds. What Neutron makes by itself in every project, its
    /// default security group, is left out.
    pub(crate) async fn take(client: &Client, prefix: &str) -> Self {
        let project = client.project_id().await.unwrap();
        let mut found = BTreeMap::new();
        for listing in LISTINGS {
            let mut request = Request::get(listing.path.iter().copied());
            match listing.own {
                Own::By(filter) => request = request.query(filter, project.as_str()),
                Own::Named => request = request.query("is_public", "None"),
                Own::All => {}
            }
            if listing.service == "compute" {
                let version = |minor| Microversion { major: 2, minor };
                // Old enough for a server's flavor to be told by its id, new enough for its config drive and policies.
                request = request.microversion(version(1), version(46));
            }
            let mut objects = client.list(listing.service, request, listing.key).await.unwrap();
            for object in &mut objects {
                if let Some(inner) = object.get("keypair") {
                    *object = inner.clone();
                }
            }
            if matches!(listing.own, Own::Named) {
                objects.retain(|object| object["name"].as_str().is_some_and(|name| name.starts_with(prefix)));
            }
            found.insert(listing.kind, objects);
        }
        let groups = found.get_mut("security_groups").unwrap();
        let default: Vec<Value> = groups
            .extract_if(.., |group| group["name"] == "default")
            .map(|group| group["id"].clone())
            .collect();
        let rules = found.get_mut("security_group_rules").unwrap();
        rules.retain(|rule| !default.contains(&rule["security_group_id"]));
        Self(found)
    }

    /// Only what an earlier one did not have.
    #[must_use]
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        let new = self.0.iter().map(|(kind, objects)| {
            let known = earlier.of(kind);
            let is_new = |object: &&Value| !known.iter().any(|other| id(other) == id(object));
            (*kind, objects.iter().filter(is_new).cloned().collect())
        });
        Self(new.collect())
    }

    /// The objects of a kind.
    pub(crate) fn of(&self, kind: &str) -> &[Value] {
        self.0.get(kind).map(Vec::as_slice).unwrap_or_default()
    }

    /// Those of a kind that show at least this.
    pub(crate) fn showing(&self, kind: &str, wanted: &Value) -> Vec<&Value> {
        self.of(kind).iter().filter(|object| satisfies(wanted, object)).collect()
    }

    /// How many of each kind there are; kinds without any are left out.
    pub(crate) fn counts(&self) -> BTreeMap<&'static str, usize> {
        let counts = self.0.iter().map(|(kind, objects)| (*kind, objects.len()));
        counts.filter(|(_, count)| *count > 0).collect()
    }
}

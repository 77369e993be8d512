//! The catalog: where each service is.

use crate::cloud::{Cloud, hashes};
use serde_json::{Value, json};

/// The catalog for a project.
pub(super) fn catalog(cloud: &Cloud, project_id: &str) -> Value {
    let base = &cloud.base;
    let services = [
        ("identity", "keystone", format!("{base}/identity/v3")),
        ("image", "glance", format!("{base}/image")),
        ("compute", "nova", format!("{base}/compute/v2.1")),
        ("network", "neutron", format!("{base}/network")),
        ("volumev3", "cinder", format!("{base}/volume/v3/{project_id}")),
        ("block-storage", "cinder", format!("{base}/volume/v3/{project_id}")),
    ];
    let id = |n: u64| hashes::uuid(cloud.settings.seed ^ 0x6361_7461_6c6f_6721, n).simple().to_string();
    let entries = services.iter().zip(0_u64..).map(|((kind, name, url), n)| {
        let endpoints: Vec<_> = ["public", "internal", "admin"]
            .iter()
            .zip(1_u64..)
            .map(|(interface, m)| {
                json!({"id": id(n * 10 + m), "interface": interface, "region_id": "RegionOne", "url": url,
                    "region": "RegionOne"})
            })
            .collect();
        json!({"endpoints": endpoints, "id": id(n * 10), "type": kind, "name": name})
    });
    entries.collect()
}

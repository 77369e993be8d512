//! Limits of a project, by service.

use super::document::object_of;
use super::kind::Kind;
use super::{Cloud, Fields, Object};
use serde_json::json;

/// The limits that a service knows, with their defaults. They are wide, because tests are many; narrow them where a test wants it.
pub(crate) fn defaults(service: &str) -> &'static [(&'static str, i64)] {
    match service {
        "network" => &[
            ("network", -1),
            ("subnet", -1),
            ("subnetpool", -1),
            ("port", -1),
            ("router", -1),
            ("floatingip", -1),
            ("rbac_policy", -1),
            ("security_group", -1),
            ("security_group_rule", -1),
            ("trunk", -1),
        ],
        "compute" => &[
            ("cores", -1),
            ("fixed_ips", -1),
            ("floating_ips", -1),
            ("injected_file_content_bytes", 10240),
            ("injected_file_path_bytes", 255),
            ("injected_files", 5),
            ("instances", 1000),
            ("key_pairs", 1000),
            ("metadata_items", 128),
            ("ram", -1),
            ("security_group_rules", -1),
            ("security_groups", -1),
            ("server_group_members", 1000),
            ("server_groups", 1000),
        ],
        "volume" => &[
            ("per_volume_gigabytes", -1),
            ("volumes", -1),
            ("snapshots", -1),
            ("gigabytes", -1),
            ("backups", -1),
            ("backup_gigabytes", 1000),
            ("groups", 10),
        ],
        _ => &[],
    }
}

impl Cloud {
    /// A project's limit of a resource; -1 is unlimited.
    pub(crate) fn quota(&self, service: &str, project_id: &str, resource: &str) -> i64 {
        let own = self.tables.get(Kind::Quota, &format!("{service}:{project_id}"));
        own.and_then(|quota| quota.get(resource)?.as_i64()).unwrap_or_else(|| {
            defaults(service).iter().find(|(name, _)| *name == resource).map_or(-1, |(_, limit)| *limit)
        })
    }

    /// Sets a project's limit of a resource.
    pub(crate) fn set_quota(&mut self, service: &str, project_id: &str, resource: &str, limit: i64) {
        let id = format!("{service}:{project_id}");
        let mut quota =
            self.tables.get(Kind::Quota, &id).cloned().unwrap_or_else(|| object_of(json!({"id": id})));
        quota.set(resource, limit);
        self.tables.put(Kind::Quota, quota);
    }

    /// Gives a project the default limits again.
    pub(crate) fn reset_quota(&mut self, service: &str, project_id: &str) {
        self.tables.remove(Kind::Quota, &format!("{service}:{project_id}"));
    }

    /// All limits of a project in a service.
    pub(crate) fn quota_set(&self, service: &str, project_id: &str) -> Object {
        defaults(service)
            .iter()
            .map(|(name, _)| ((*name).to_owned(), self.quota(service, project_id, name).into()))
            .collect()
    }
}

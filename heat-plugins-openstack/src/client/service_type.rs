//! Names of services. A catalog may list a service under its official type or under one of its old names; whoever
//! asks may use any of them. The table is OpenStack's service-types-authority.

/// A service's official type, the other types that it is found under in order of preference, the path of the
/// version that this client speaks, and the name that it goes by in `OpenStack-API-Version`.
struct Official {
    name: &'static str,
    aliases: &'static [&'static str],
    version: Option<&'static str>,
    microversion_name: &'static str,
}

const fn official(
    name: &'static str,
    aliases: &'static [&'static str],
    version: Option<&'static str>,
    microversion_name: &'static str,
) -> Official {
    Official { name, aliases, version, microversion_name }
}

const OFFICIAL: &[Official] = &[
    official("identity", &["keystone"], Some("v3"), "identity"),
    official("compute", &["nova"], Some("v2.1"), "compute"),
    official("network", &["neutron"], Some("v2.0"), "network"),
    official("block-storage", &["volumev3", "block-store", "volume", "volumev2"], Some("v3"), "volume"),
    official("image", &["glance"], Some("v2"), "image"),
    official("placement", &[], None, "placement"),
    official("object-store", &["object-storage"], Some("v1"), "object-store"),
    official("orchestration", &[], Some("v1"), "orchestration"),
    official("load-balancer", &[], Some("v2"), "load-balancer"),
    official("dns", &[], Some("v2"), "dns"),
    official("key-manager", &[], Some("v1"), "key-manager"),
    official("shared-file-system", &["sharev2", "share"], Some("v2"), "shared-file-system"),
    official(
        "container-infrastructure-management",
        &["container-infra", "container-infrastructure"],
        Some("v1"),
        "container-infra",
    ),
    official("application-container", &["container"], Some("v1"), "container"),
    official("workflow", &["workflowv2"], Some("v2"), "workflow"),
    official("message", &["messaging"], Some("v2"), "message"),
    official("database", &[], Some("v1.0"), "database"),
    official("baremetal", &["bare-metal"], Some("v1"), "baremetal"),
    official("clustering", &["resource-cluster", "cluster"], Some("v1"), "clustering"),
    official("alarm", &["alarming"], Some("v2"), "alarm"),
    official("metric", &["gnocchi"], Some("v1"), "metric"),
    official("reservation", &[], Some("v1"), "reservation"),
    official("resource-optimization", &["infra-optim"], Some("v1"), "infra-optim"),
    official("data-processing", &[], Some("v2"), "data-processing"),
    official("instance-ha", &["ha"], Some("v1"), "instance-ha"),
    official("root-cause-analysis", &["rca"], Some("v1"), "root-cause-analysis"),
    official("accelerator", &[], Some("v2"), "accelerator"),
    official("nfv-orchestration", &[], Some("v1.0"), "nfv-orchestration"),
];

fn find(service: &str) -> Option<&'static Official> {
    OFFICIAL.iter().find(|entry| entry.name == service || entry.aliases.contains(&service))
}

/// The official type for any of a service's names; an unknown name is its own type. Underscores, as in settings
/// (`block_storage_endpoint_override`), are read as hyphens.
pub fn official_service_type(service: &str) -> String {
    let service = service.replace('_', "-");
    find(&service).map_or(service, |entry| entry.name.to_owned())
}

/// The types under which a catalog may list the service, best first.
pub(crate) fn catalog_types(service: &str) -> Vec<&str> {
    match find(service) {
        Some(entry) => std::iter::once(entry.name).chain(entry.aliases.iter().copied()).collect(),
        None => vec![service],
    }
}

/// The path segment of the API version that this client speaks with the service.
pub(crate) fn version_segment(service: &str) -> Option<&'static str> {
    find(service).and_then(|entry| entry.version)
}

/// The name of the service in the header `OpenStack-API-Version`.
pub(crate) fn microversion_name(service: &str) -> &str {
    find(service).map_or(service, |entry| entry.microversion_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_names_lead_to_the_official_type() {
        assert_eq!(official_service_type("volumev3"), "block-storage");
        assert_eq!(official_service_type("block_storage"), "block-storage");
        assert_eq!(official_service_type("compute"), "compute");
        assert_eq!(official_service_type("acme-things"), "acme-things");
        assert_eq!(
            catalog_types("block-storage"),
            ["block-storage", "volumev3", "block-store", "volume", "volumev2"]
        );
    }

    #[test]
    fn no_name_belongs_to_two_services() {
        let mut seen = std::collections::BTreeSet::new();
        for entry in OFFICIAL {
            for name in std::iter::once(&entry.name).chain(entry.aliases) {
                assert!(seen.insert(*name), "{name} appears twice");
            }
        }
    }
}

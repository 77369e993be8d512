//! The service catalog of a token, and the address of a service in it.

use reqwest::Url;
use serde::Deserialize;

use super::error::{Error, ErrorClass, Result};
use super::service_type::{catalog_types, version_segment};

/// From where a service is called; clouds publish an address for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Interface {
    /// For everybody.
    #[default]
    Public,
    /// Inside the cloud.
    Internal,
    /// For operators.
    Admin,
}

impl Interface {
    /// Reads `public`, `publicURL`, `internal`, `internalURL`, `admin` or `adminURL`.
    pub fn parse(text: &str) -> Option<Self> {
        match text.strip_suffix("URL").unwrap_or(text) {
            "public" => Some(Self::Public),
            "internal" => Some(Self::Internal),
            "admin" => Some(Self::Admin),
            _ => None,
        }
    }

    /// The name in a catalog.
    pub fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Internal => "internal",
            Self::Admin => "admin",
        }
    }
}

/// The services of a token's scope, as Keystone lists them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Catalog {
    services: Vec<Service>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Service {
    #[serde(rename = "type")]
    service_type: String,
    #[serde(default)]
    endpoints: Vec<Endpoint>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Endpoint {
    interface: String,
    #[serde(default)]
    region_id: Option<String>,
    #[serde(default)]
    region: Option<String>,
    url: String,
}

impl Endpoint {
    fn region(&self) -> Option<&str> {
        self.region_id.as_deref().or(self.region.as_deref())
    }
}

impl Catalog {
    /// The address of a service (its official type) as the catalog gives it.
    ///
    /// # Errors
    /// [`ErrorClass::Unsupported`] when the cloud does not have the service, or not in that region or on that
    /// interface; the message lists what it has.
    pub fn endpoint(&self, service: &str, interface: Interface, region: Option<&str>) -> Result<&str> {
        let mut found: Vec<&Endpoint> = Vec::new();
        for name in catalog_types(service) {
            for entry in self.services.iter().filter(|entry| entry.service_type == name) {
                for endpoint in &entry.endpoints {
                    if endpoint.interface == interface.name()
                        && region.is_none_or(|region| endpoint.region() == Some(region))
                    {
                        return Ok(&endpoint.url);
                    }
                    found.push(endpoint);
                }
            }
        }
        let message = if found.is_empty() {
            let mut names: Vec<&str> =
                self.services.iter().map(|entry| entry.service_type.as_str()).collect();
            names.sort_unstable();
            format!("the cloud's catalog has no such service; it has: {}", names.join(", "))
        } else {
            let mut places: Vec<String> = found
                .iter()
                .map(|endpoint| {
                    format!("{} in region {}", endpoint.interface, endpoint.region().unwrap_or("(none)"))
                })
                .collect();
            places.sort_unstable();
            places.dedup();
            format!(
                "the cloud's catalog has no {} endpoint{} for it; it has: {}",
                interface.name(),
                region.map(|region| format!(" in region {region}")).unwrap_or_default(),
                places.join(", ")
            )
        };
        Err(Error::new(ErrorClass::Unsupported, service, message))
    }
}

/// The root of the version of the service that this client speaks. A catalog's address may end before the version
/// (`http://host:9696`), carry it (`…/v2.1`), or carry more (`…/v3/PROJECT`).
///
/// `override_text` (from the settings) may contain `%(project_id)s`, `$(project_id)s` and their `tenant_id` forms.
pub(crate) fn service_root(service: &str, text: &str, project: Option<&str>) -> Result<Url> {
    let bad =
        |why: String| Error::new(ErrorClass::Configuration, service, format!("the endpoint {text:?} {why}"));
    let mut expanded = text.to_owned();
    for name in ["project_id", "tenant_id"] {
        for mark in ['%', '$'] {
            let pattern = format!("{mark}({name})s");
            if expanded.contains(&pattern) {
                let project = project.ok_or_else(|| {
                    bad("names the project, but the credentials are not scoped to one".into())
                })?;
                expanded = expanded.replace(&pattern, project);
            }
        }
    }
    let mut url = Url::parse(&expanded).map_err(|error| bad(format!("is not a URL: {error}")))?;
    if url.cannot_be_a_base() || !matches!(url.scheme(), "http" | "https") {
        return Err(bad("is not an http or https URL".into()));
    }
    url.set_query(None);
    url.set_fragment(None);
    let segments: Vec<String> = url
        .path_segments()
        .map(|segments| segments.filter(|segment| !segment.is_empty()).map(str::to_owned).collect())
        .unwrap_or_default();
    let Some(version) = version_segment(service) else {
        return Ok(url);
    };
    if segments.iter().any(|segment| is_version(segment)) {
        return Ok(url);
    }
    let needs_project = matches!(service, "block-storage" | "orchestration") && project.is_some();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().push(version);
        if needs_project && let Some(project) = project {
            path.push(project);
        }
    }
    Ok(url)
}

/// The part of a service's root that ends with the version: where version discovery is asked.
pub(crate) fn discovery_url(root: &Url) -> Url {
    let mut url = root.clone();
    let segments: Vec<String> = root
        .path_segments()
        .map(|segments| segments.filter(|segment| !segment.is_empty()).map(str::to_owned).collect())
        .unwrap_or_default();
    let end = segments.iter().position(|segment| is_version(segment)).map_or(segments.len(), |at| at + 1);
    if let Ok(mut path) = url.path_segments_mut() {
        path.clear().extend(&segments[..end]).push("");
    }
    url
}

pub(crate) fn is_version(segment: &str) -> bool {
    segment.strip_prefix('v').is_some_and(|rest| {
        !rest.is_empty() && rest.chars().all(|character| character.is_ascii_digit() || character == '.')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalog() -> Catalog {
        serde_json::from_value(serde_json::json!([
            {"type": "volumev3", "endpoints": [
                {"interface": "public", "region_id": "one", "url": "http://a/v3/p"},
                {"interface": "internal", "region_id": "one", "url": "http://b/v3/p"},
                {"interface": "public", "region_id": "two", "url": "http://c/v3/p"}]},
            {"type": "compute", "endpoints": []}
        ]))
        .unwrap()
    }

    #[test]
    fn an_endpoint_is_found_by_alias_interface_and_region() {
        let catalog = catalog();
        let find = |interface, region| catalog.endpoint("block-storage", interface, region).unwrap();
        assert_eq!(find(Interface::Public, None), "http://a/v3/p");
        assert_eq!(find(Interface::Internal, None), "http://b/v3/p");
        assert_eq!(find(Interface::Public, Some("two")), "http://c/v3/p");
    }

    #[test]
    fn what_is_missing_is_named_with_what_there_is() {
        let catalog = catalog();
        let error = catalog.endpoint("block-storage", Interface::Public, Some("three")).unwrap_err();
        assert_eq!(error.class(), ErrorClass::Unsupported);
        assert!(error.message().contains("public in region one"), "{error}");
        let error = catalog.endpoint("dns", Interface::Public, None).unwrap_err();
        assert!(error.message().contains("compute, volumev3"), "{error}");
    }

    #[test]
    fn the_version_is_added_where_the_catalog_leaves_it_out() {
        let root = |service, text| service_root(service, text, Some("p")).unwrap().to_string();
        assert_eq!(root("network", "http://h:9696"), "http://h:9696/v2.0");
        assert_eq!(root("network", "http://h/networking/"), "http://h/networking/v2.0");
        assert_eq!(root("image", "http://h/v2/"), "http://h/v2/");
        assert_eq!(root("compute", "http://h:8774/v2.1"), "http://h:8774/v2.1");
        assert_eq!(root("block-storage", "http://h:8776"), "http://h:8776/v3/p");
        assert_eq!(root("block-storage", "http://h:8776/v3/%(tenant_id)s"), "http://h:8776/v3/p");
        assert_eq!(root("placement", "http://h/placement"), "http://h/placement");
        assert!(service_root("compute", "ftp://h", None).is_err());
        assert!(service_root("compute", "http://h/$(project_id)s", None).is_err());
    }

    #[test]
    fn discovery_is_asked_at_the_version() {
        let at = |text: &str| discovery_url(&Url::parse(text).unwrap()).to_string();
        assert_eq!(at("http://h:8776/v3/p"), "http://h:8776/v3/");
        assert_eq!(at("http://h/compute/v2.1"), "http://h/compute/v2.1/");
        assert_eq!(at("http://h/placement"), "http://h/placement/");
    }
}

//! Limits and quota sets.

use super::schema::{member, number};
use super::{Cx, server_view};
use crate::cloud::{Cloud, Fields, Kind, Object, quotas};
use crate::http::exchange::{Answer, Outcome, Refusal};
use serde_json::json;

/// GET /limits.
pub(super) fn limits(cloud: &Cloud, cx: &Cx<'_>) -> Outcome {
    let project =
        cx.request.parameter("tenant_id").filter(|_| cx.caller.is_admin()).unwrap_or(&cx.caller.project_id);
    let limit = |name: &str| cloud.quota("compute", project, name);
    let count = |kind: Kind| cloud.tables.count_by(kind, "project", project);
    let mut absolute = crate::cloud::document::object_of(json!({
        "maxTotalInstances": limit("instances"), "maxTotalCores": limit("cores"), "maxTotalRAMSize": limit("ram"),
        "maxServerMeta": limit("metadata_items"), "maxTotalKeypairs": limit("key_pairs"),
        "maxServerGroups": limit("server_groups"), "maxServerGroupMembers": limit("server_group_members"),
        "totalRAMUsed": server_view::used(cloud, project, "ram"), "totalCoresUsed": server_view::used(cloud, project, "vcpus"),
        "totalInstancesUsed": count(Kind::Server), "totalServerGroupsUsed": count(Kind::ServerGroup),
    }));
    if cx.version < 36 {
        absolute.extend(crate::cloud::document::object_of(
            json!({"maxTotalFloatingIps": -1, "maxSecurityGroups": -1,
            "maxSecurityGroupRules": -1, "totalFloatingIpsUsed": 0, "totalSecurityGroupsUsed": 0}),
        ));
    }
    if cx.version < 39 {
        absolute.set("maxImageMeta", limit("metadata_items"));
    }
    if cx.version < 57 {
        absolute.set("maxPersonality", limit("injected_files"));
        absolute.set("maxPersonalitySize", limit("injected_file_content_bytes"));
    }
    Ok(Answer::json(200, json!({"limits": {"rate": [], "absolute": absolute}})))
}

fn shown_names(version: u32) -> impl Iterator<Item = &'static str> {
    quotas::defaults("compute").iter().map(|(name, _)| *name).filter(move |name| {
        let of_network =
            matches!(*name, "fixed_ips" | "floating_ips" | "security_groups" | "security_group_rules");
        let of_injection = name.starts_with("injected_");
        (version < 36 || !of_network) && (version < 57 || !of_injection)
    })
}

/// Works on `/os-quota-sets/{project}…`.
pub(super) fn quota_sets(cloud: &mut Cloud, cx: &Cx<'_>, project: &str, tail: &[&str]) -> Option<Outcome> {
    let method = cx.request.method.as_str();
    if !matches!((method, tail), ("GET", [] | ["detail" | "defaults"]) | ("PUT" | "DELETE", [])) {
        return None;
    }
    Some(change(cloud, cx, project, method, tail.first().copied()))
}

fn change(cloud: &mut Cloud, cx: &Cx<'_>, project: &str, method: &str, part: Option<&str>) -> Outcome {
    if project != cx.caller.project_id {
        cx.administrators_only("os_compute_api:os-quota-sets:show")?;
    }
    let show = |cloud: &Cloud| -> Object {
        shown_names(cx.version)
            .map(|name| (name.to_owned(), json!(cloud.quota("compute", project, name))))
            .collect()
    };
    match (method, part) {
        ("GET", Some("detail")) => {
            let used = |name: &str| match name {
                "instances" => json!(cloud.tables.count_by(Kind::Server, "project", project)),
                "cores" => json!(server_view::used(cloud, project, "vcpus")),
                "ram" => json!(server_view::used(cloud, project, "ram")),
                "server_groups" => json!(cloud.tables.count_by(Kind::ServerGroup, "project", project)),
                _ => json!(0),
            };
            let mut set: Object = show(cloud)
                .into_iter()
                .map(|(name, limit)| {
                    let one = json!({"limit": limit, "in_use": used(&name), "reserved": 0});
                    (name, one)
                })
                .collect();
            set.set("id", project);
            Ok(Answer::wrapped(200, "quota_set", set))
        }
        ("GET", Some(_)) => {
            let mut set: Object = quotas::defaults("compute")
                .iter()
                .map(|(name, limit)| ((*name).to_owned(), json!(limit)))
                .collect();
            set.set("id", project);
            Ok(Answer::wrapped(200, "quota_set", set))
        }
        ("GET", None) => {
            let mut set = show(cloud);
            set.set("id", project);
            Ok(Answer::wrapped(200, "quota_set", set))
        }
        ("PUT", _) => {
            cx.administrators_only("os_compute_api:os-quota-sets:update")?;
            let given = member(cx, "quota_set", &[])?;
            for (name, value) in given.iter().filter(|(name, _)| *name != "force") {
                if shown_names(cx.version).all(|known| known != name) {
                    return Err(Refusal::new(
                        400,
                        format!("Additional properties are not allowed ('{name}' was unexpected)"),
                    ));
                }
                let limit = number(name, value, -1)?;
                cloud.set_quota("compute", project, name, limit);
            }
            Ok(Answer::wrapped(200, "quota_set", show(cloud)))
        }
        _ => {
            cx.administrators_only("os_compute_api:os-quota-sets:delete")?;
            cloud.reset_quota("compute", project);
            Ok(Answer::empty(202))
        }
    }
}

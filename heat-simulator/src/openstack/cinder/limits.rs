//! Limits, quota sets and services.

use super::{Cx, member};
use crate::cloud::{Cloud, Fields, Kind, Object, quotas, time};
use crate::http::exchange::{Answer, Outcome, Refusal};
use serde_json::{Value, json};

fn count(cloud: &Cloud, project: &str, kind: Kind) -> i64 {
    i64::try_from(cloud.tables.count_by(kind, "project", project)).unwrap_or(i64::MAX)
}

fn gigabytes(cloud: &Cloud, project: &str, kinds: &[Kind]) -> i64 {
    kinds
        .iter()
        .flat_map(|kind| cloud.tables.find(*kind, "project", project))
        .map(|object| object.int("size"))
        .sum()
}

/// What a project uses of a resource.
fn used(cloud: &Cloud, project: &str, resource: &str) -> i64 {
    match resource {
        "volumes" => count(cloud, project, Kind::Volume),
        "snapshots" => count(cloud, project, Kind::Snapshot),
        "backups" => count(cloud, project, Kind::Backup),
        "gigabytes" => gigabytes(cloud, project, &[Kind::Volume, Kind::Snapshot]),
        "backup_gigabytes" => gigabytes(cloud, project, &[Kind::Backup]),
        _ => 0,
    }
}

/// Refuses one more of a resource (`volumes`, `snapshots`, `backups`) of `size` gigabytes, or that many more `gigabytes`, beyond the limits.
pub(super) fn check(cloud: &Cloud, project: &str, resource: &str, size: i64) -> Result<(), Refusal> {
    let limit = |name: &str| cloud.quota("volume", project, name);
    if resource == "volumes" || resource == "gigabytes" {
        let one = limit("per_volume_gigabytes");
        if one >= 0 && size > one {
            return Err(Refusal::new(
                413,
                format!("Requested volume size {size}G is larger than maximum allowed limit {one}G."),
            ));
        }
    }
    let space = if resource == "backups" { "backup_gigabytes" } else { "gigabytes" };
    if limit(space) >= 0 {
        let consumed = used(cloud, project, space);
        let what = if resource == "backups" {
            "backup exceeds allowed Backup gigabytes"
        } else {
            "volume or snapshot exceeds allowed gigabytes"
        };
        if consumed + size > limit(space) {
            return Err(Refusal::new(
                413,
                format!(
                    "Requested {} quota. Requested {size}G, quota is {}G and {consumed}G has been consumed.",
                    what,
                    limit(space)
                ),
            ));
        }
    }
    if resource != "gigabytes" && limit(resource) >= 0 && used(cloud, project, resource) >= limit(resource) {
        let (what, most) = (resource.trim_end_matches('s'), limit(resource));
        let message = match resource {
            "volumes" => format!("Maximum number of volumes allowed ({most}) exceeded for quota 'volumes'."),
            "snapshots" => format!("Maximum number of snapshots allowed ({most}) exceeded"),
            _ => format!("Maximum number of {what}s allowed ({most}) exceeded"),
        };
        return Err(Refusal::new(413, message));
    }
    Ok(())
}

/// GET /limits.
pub(super) fn limits(cloud: &Cloud, cx: &Cx<'_>) -> Answer {
    let project = cx.caller.project_id.as_str();
    let limit = |name: &str| cloud.quota("volume", project, name);
    let used = |name: &str| used(cloud, project, name);
    Answer::json(
        200,
        json!({"limits": {"rate": [], "absolute": {
            "maxTotalVolumes": limit("volumes"), "maxTotalSnapshots": limit("snapshots"), "maxTotalVolumeGigabytes": limit("gigabytes"),
            "maxTotalBackups": limit("backups"), "maxTotalBackupGigabytes": limit("backup_gigabytes"),
            "totalVolumesUsed": used("volumes"), "totalGigabytesUsed": used("gigabytes"), "totalSnapshotsUsed": used("snapshots"),
            "totalBackupsUsed": used("backups"), "totalBackupGigabytesUsed": used("backup_gigabytes"),
        }}}),
    )
}

/// Works on `/os-quota-sets/{project}…`.
pub(super) fn quota_sets(cloud: &mut Cloud, cx: &Cx<'_>, project: &str, tail: &[&str]) -> Option<Outcome> {
    let method = cx.request.method.as_str();
    if !matches!((method, tail), ("GET", [] | ["defaults"]) | ("PUT" | "DELETE", [])) {
        return None;
    }
    Some(change(cloud, cx, project, method, !tail.is_empty()))
}

fn change(cloud: &mut Cloud, cx: &Cx<'_>, project: &str, method: &str, defaults: bool) -> Outcome {
    if project != cx.caller.project_id {
        cx.administrators_only("volume_extension:quotas:show")?;
    }
    match method {
        "GET" => {
            let usage = cx.request.parameter("usage").is_some_and(|value| value.eq_ignore_ascii_case("true"));
            let mut set: Object = quotas::defaults("volume")
                .iter()
                .map(|(name, limit)| {
                    let limit = if defaults { *limit } else { cloud.quota("volume", project, name) };
                    let value = if usage {
                        json!({"limit": limit, "in_use": used(cloud, project, name), "reserved": 0})
                    } else {
                        json!(limit)
                    };
                    ((*name).to_owned(), value)
                })
                .collect();
            set.set("id", project);
            Ok(Answer::wrapped(200, "quota_set", set))
        }
        "PUT" => {
            cx.administrators_only("volume_extension:quotas:update")?;
            let given = member(cx, "quota_set")?;
            for (name, value) in given
                .iter()
                .filter(|(name, _)| !matches!(name.as_str(), "tenant_id" | "force" | "skip_validation"))
            {
                if quotas::defaults("volume").iter().all(|(known, _)| known != name) {
                    return Err(Refusal::new(
                        400,
                        format!("Invalid input received: Bad key(s) in quota set: {name}"),
                    ));
                }
                let limit =
                    value.as_i64().or_else(|| value.as_str()?.parse().ok()).filter(|limit| *limit >= -1);
                let limit = limit.ok_or_else(|| {
                    Refusal::new(400, format!("Invalid input received: {name} must be an integer"))
                })?;
                cloud.set_quota("volume", project, name, limit);
            }
            Ok(Answer::wrapped(200, "quota_set", cloud.quota_set("volume", project)))
        }
        _ => {
            cx.administrators_only("volume_extension:quotas:delete")?;
            cloud.reset_quota("volume", project);
            Ok(Answer::empty(200))
        }
    }
}

/// GET /os-services.
pub(super) fn services(cloud: &Cloud, cx: &Cx<'_>) -> Outcome {
    cx.administrators_only("volume_extension:services:index")?;
    let one = |binary: &str, host: &str| {
        json!({"binary": binary, "host": host, "zone": "nova", "status": "enabled", "state": "up",
            "updated_at": time::micros(cloud.now), "disabled_reason": Value::Null})
    };
    Ok(Answer::json(
        200,
        json!({"services": [one("cinder-scheduler", "block-1"), one("cinder-volume", "block-1@lvmdriver-1")]}),
    ))
}

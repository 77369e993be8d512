//! Availability zones, hypervisors and services: one host in one zone.

use super::Cx;
use super::building::HOST;
use crate::cloud::{Cloud, time};
use crate::http::exchange::{Answer, Outcome};
use serde_json::json;

/// GET /os-availability-zone and …/detail.
pub(super) fn zones(cx: &Cx<'_>, detail: bool) -> Outcome {
    if detail {
        cx.administrators_only("os_compute_api:os-availability-zone:detail")?;
    }
    let hosts = if detail {
        json!({HOST: {"nova-compute": {"active": true, "available": true, "updated_at": null}}})
    } else {
        json!(null)
    };
    Ok(Answer::json(
        200,
        json!({"availabilityZoneInfo": [{"zoneName": "nova", "zoneState": {"available": true}, "hosts": hosts}]}),
    ))
}

/// GET /os-hypervisors.
pub(super) fn hypervisors(cx: &Cx<'_>) -> Outcome {
    cx.administrators_only("os_compute_api:os-hypervisors:list")?;
    Ok(Answer::json(
        200,
        json!({"hypervisors": [{"id": 1, "hypervisor_hostname": HOST, "state": "up", "status": "enabled"}]}),
    ))
}

/// GET /os-services.
pub(super) fn services(cloud: &Cloud, cx: &Cx<'_>) -> Outcome {
    cx.administrators_only("os_compute_api:os-services:list")?;
    Ok(Answer::json(
        200,
        json!({"services": [{"id": 1, "binary": "nova-compute", "host": HOST, "zone": "nova", "status": "enabled",
        "state": "up", "updated_at": time::micros(cloud.now), "disabled_reason": null}]}),
    ))
}

//! Servers: listing, showing, renaming, deleting.

use super::Cx;
use super::schema::{allow, member, name};
use super::server_view::{self, Extent, brief, view};
use super::transitions::{check_unlocked, find};
use crate::cloud::agenda::Step;
use crate::cloud::{Cloud, Fields, Kind, Object, time};
use crate::http::exchange::{Answer, Outcome, Refusal, encoded};
use serde_json::{Value, json};

const LARGEST_PAGE: usize = 1000;

/// GET /servers and /servers/detail.
pub(super) fn list(cloud: &Cloud, cx: &Cx<'_>, detail: bool) -> Outcome {
    let all = cx.caller.is_admin()
        && cx
            .request
            .query
            .iter()
            .any(|(name, value)| name == "all_tenants" && value != "0" && value != "False");
    let servers: Vec<&Object> = if all {
        cloud.tables.all(Kind::Server).collect()
    } else {
        cloud.tables.find(Kind::Server, "project", &cx.caller.project_id).collect()
    };
    // The newest first, as Nova sorts.
    let mut found: Vec<&Object> = servers.into_iter().filter(|server| fits(cloud, cx, server)).collect();
    found.reverse();
    if let Some(marker) = cx.request.parameter("marker").filter(|marker| !marker.is_empty()) {
        let place = found.iter().position(|server| server.text("id") == marker);
        let place = place.ok_or_else(|| Refusal::new(400, format!("marker [{marker}] not found")))?;
        found.drain(..=place);
    }
    let limit = match cx.request.parameter("limit") {
        None => LARGEST_PAGE,
        Some(text) => match text.parse::<usize>() {
            Ok(limit) => limit.min(LARGEST_PAGE),
            Err(_) => {
                return Err(Refusal::new(
                    400,
                    format!(
                        "Invalid input for query parameters limit. Value: {text}. '{text}' does not match '^[0-9]*$'"
                    ),
                ));
            }
        },
    };
    // A full page always names a next one, which may be empty.
    let more = found.len() >= limit && !found.is_empty();
    found.truncate(limit);
    let shown: Vec<Value> =
        found
            .iter()
            .map(|server| {
                if detail { Value::Object(view(cloud, cx, server, Extent::Full)) } else { brief(cx, server) }
            })
            .collect();
    let mut body = json!({"servers": shown});
    if let (true, Some(last)) = (more, found.last()) {
        let mut query: Vec<String> = cx
            .request
            .query
            .iter()
            .filter(|(name, _)| name != "marker")
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
            .collect();
        query.push(format!("marker={}", last.text("id")));
        let path = if detail { "servers/detail" } else { "servers" };
        body["servers_links"] =
            json!([{"rel": "next", "href": format!("{}/v2.1/{path}?{}", cx.base, query.join("&"))}]);
    }
    Ok(Answer::json(200, body))
}

fn fits(cloud: &Cloud, cx: &Cx<'_>, server: &Object) -> bool {
    cx.request.query.iter().all(|(filter, value)| match filter.as_str() {
        "name" => name_matches(server.text("name"), value),
        "status" => server.text("status").eq_ignore_ascii_case(value),
        "vm_state" => server.text("vm_state") == value,
        "image" => server.text("image_id") == value,
        "flavor" => server.object("flavor").is_some_and(|flavor| flavor.text("id") == value),
        "uuid" => server.text("id") == value,
        "host" | "reservation_id" => server.text(filter) == value,
        "tags" if cx.version >= 26 => {
            value.split(',').all(|tag| server.items("tags").iter().any(|own| own == tag))
        }
        "tags-any" if cx.version >= 26 => {
            value.split(',').any(|tag| server.items("tags").iter().any(|own| own == tag))
        }
        "ip" | "ip6" => {
            server_view::addresses(cloud, server).values().filter_map(Value::as_array).flatten().any(
                |address| {
                    address["addr"].as_str().is_some_and(|text| text.contains(value.trim_matches(['^', '$'])))
                },
            )
        }
        "project_id" | "tenant_id" if cx.caller.is_admin() => server.text("project_id") == value,
        _ => true,
    })
}

/// The database matches a regular expression; anchors and plain text are what clients use of it.
fn name_matches(name: &str, pattern: &str) -> bool {
    let (start, rest) = pattern.strip_prefix('^').map_or((false, pattern), |rest| (true, rest));
    let (end, rest) = rest.strip_suffix('$').map_or((false, rest), |rest| (true, rest));
    let plain = rest.replace('\\', "");
    match (start, end) {
        (true, true) => name == plain,
        (true, false) => name.starts_with(&plain),
        (false, true) => name.ends_with(&plain),
        (false, false) => name.contains(&plain),
    }
}

/// GET /servers/{id}.
pub(super) fn show(cloud: &Cloud, cx: &Cx<'_>, id: &str) -> Outcome {
    let server = find(cloud, cx, id)?;
    Ok(Answer::wrapped(200, "server", view(cloud, cx, server, Extent::Full)))
}

/// PUT /servers/{id}.
pub(super) fn update(cloud: &mut Cloud, cx: &Cx<'_>, id: &str) -> Outcome {
    find(cloud, cx, id)?;
    let given = member(cx, "server", &[])?;
    let mut allowed = vec!["name", "accessIPv4", "accessIPv6", "OS-DCF:diskConfig"];
    if cx.version >= 19 {
        allowed.push("description");
    }
    if cx.version >= 90 {
        allowed.push("hostname");
    }
    allow("server", &given, &allowed)?;
    let new_name = given.get("name").map(|value| name("name", value)).transpose()?;
    let now = time::seconds_z(cloud.now);
    cloud.tables.change(Kind::Server, id, |server| {
        if let Some(name) = new_name {
            server.set("name", name);
        }
        for (from, to) in [
            ("accessIPv4", "access_ip_v4"),
            ("accessIPv6", "access_ip_v6"),
            ("OS-DCF:diskConfig", "disk_config"),
            ("description", "description"),
            ("hostname", "hostname"),
        ] {
            if let Some(value) = given.get(from) {
                let value =
                    if value.is_null() && from.starts_with("access") { json!("") } else { value.clone() };
                server.set(to, value);
            }
        }
        server.set("updated", now);
    });
    let server = find(cloud, cx, id)?;
    Ok(Answer::wrapped(200, "server", view(cloud, cx, server, Extent::Basic)))
}

/// DELETE /servers/{id}: at once accepted, done by and by.
pub(super) fn delete(cloud: &mut Cloud, cx: &Cx<'_>, id: &str) -> Outcome {
    let server = find(cloud, cx, id)?;
    check_unlocked(cx, server)?;
    if server.text("task_state") != "deleting" {
        begin_delete(cloud, id);
    }
    Ok(Answer::empty(204))
}

/// Begins a server's deletion.
pub(super) fn begin_delete(cloud: &mut Cloud, id: &str) {
    let now = time::seconds_z(cloud.now);
    cloud.tables.change(Kind::Server, id, |server| {
        server.set("task_state", "deleting");
        server.set("updated", now);
    });
    let after = cloud.settings.durations.server_delete;
    cloud.later(after, &Step::ServerGone { id: id.to_owned() });
}

/// GET /servers/{id}/ips.
pub(super) fn addresses(cloud: &Cloud, cx: &Cx<'_>, id: &str) -> Outcome {
    let all = server_view::plain_addresses(cloud, find(cloud, cx, id)?);
    Ok(Answer::wrapped(200, "addresses", all))
}

/// GET /servers/{id}/os-security-groups.
pub(super) fn security_groups(cloud: &Cloud, cx: &Cx<'_>, id: &str) -> Outcome {
    let server = find(cloud, cx, id)?;
    let mut seen = Vec::new();
    for port in server.items("interfaces").iter().filter_map(|id| cloud.tables.get(Kind::Port, id.as_str()?))
    {
        for group in port.items("security_groups").iter().filter_map(Value::as_str) {
            if !seen.contains(&group) {
                seen.push(group);
            }
        }
    }
    let groups: Vec<Value> = seen
        .iter()
        .filter_map(|id| cloud.tables.get(Kind::SecurityGroup, id))
        .map(|group| {
            json!({"id": group.text("id"), "name": group.text("name"), "description": group.value("description"),
                "tenant_id": group.text("project_id"), "rules": []})
        })
        .collect();
    Ok(Answer::wrapped(200, "security_groups", groups))
}

/// GET /servers/{id}/os-instance-actions: the creation, which every server has.
pub(super) fn instance_actions(cloud: &Cloud, cx: &Cx<'_>, id: &str) -> Outcome {
    let server = find(cloud, cx, id)?;
    let created = time::micros(time::parse(server.text("created")).unwrap_or(cloud.now));
    let action = json!({"action": "create", "instance_uuid": id, "request_id": server_view::request_id(cloud, id),
        "user_id": server.text("user_id"), "project_id": server.text("project_id"), "start_time": created, "message": null});
    Ok(Answer::json(200, json!({"instanceActions": [action]})))
}

//! Server groups.

use super::Cx;
use super::schema::{allow, invalid, member, name, need};
use crate::cloud::document::{object_of, python_repr};
use crate::cloud::{Cloud, Fields, Kind, Object};
use crate::http::exchange::{Answer, Outcome, Refusal};
use serde_json::{Value, json};

/// Works on `/os-server-groups…`.
pub(super) fn serve(cloud: &mut Cloud, cx: &Cx<'_>, tail: &[&str]) -> Option<Outcome> {
    Some(match (cx.request.method.as_str(), tail) {
        ("GET", []) => Ok(list(cloud, cx)),
        ("GET", [id]) => {
            find(cloud, cx, id).map(|group| Answer::wrapped(200, "server_group", view(cx, group)))
        }
        ("POST", []) => create(cloud, cx),
        ("DELETE", [id]) => delete(cloud, cx, id),
        _ => return None,
    })
}

fn find<'c>(cloud: &'c Cloud, cx: &Cx<'_>, id: &str) -> Result<&'c Object, Refusal> {
    let group =
        cloud.tables.get(Kind::ServerGroup, id).filter(|group| cx.caller.may_see(group.text("project_id")));
    group.ok_or_else(|| Refusal::new(404, format!("Instance group {id} could not be found.")))
}

fn view(cx: &Cx<'_>, group: &Object) -> Object {
    let mut shown = object_of(json!({"id": group.text("id"), "name": group.text("name")}));
    if cx.version >= 64 {
        shown.set("policy", group.text("policy"));
        shown.set("rules", group.value("rules"));
    } else {
        shown.set("policies", json!([group.text("policy")]));
    }
    shown.set("members", group.value("members"));
    if cx.version < 64 {
        shown.set("metadata", json!({}));
    }
    if cx.version >= 13 {
        shown.set("project_id", group.text("project_id"));
        shown.set("user_id", group.text("user_id"));
    }
    shown
}

fn list(cloud: &Cloud, cx: &Cx<'_>) -> Answer {
    let all = cx.caller.is_admin() && cx.request.parameter("all_projects").is_some();
    let groups: Vec<&Object> = if all {
        cloud.tables.all(Kind::ServerGroup).collect()
    } else {
        cloud.tables.find(Kind::ServerGroup, "project", &cx.caller.project_id).collect()
    };
    let offset = cx.request.parameter("offset").and_then(|text| text.parse().ok()).unwrap_or(0);
    let limit = cx.request.parameter("limit").and_then(|text| text.parse().ok()).unwrap_or(1000);
    let shown: Vec<Value> =
        groups.into_iter().skip(offset).take(limit).map(|group| Value::Object(view(cx, group))).collect();
    Answer::wrapped(200, "server_groups", shown)
}

fn create(cloud: &mut Cloud, cx: &Cx<'_>) -> Outcome {
    let given = member(cx, "server_group", &[])?;
    let policy_is_one = cx.version >= 64;
    need("server_group", &given, if policy_is_one { &["name", "policy"] } else { &["name", "policies"] })?;
    allow(
        "server_group",
        &given,
        if policy_is_one { &["name", "policy", "rules"] } else { &["name", "policies"] },
    )?;
    let group_name = name("name", &given.value("name"))?;
    let known: &[&str] = if cx.version >= 15 {
        &["anti-affinity", "affinity", "soft-anti-affinity", "soft-affinity"]
    } else {
        &["anti-affinity", "affinity"]
    };
    let policy = if policy_is_one {
        given.value("policy")
    } else {
        match given.items("policies") {
            [one] => one.clone(),
            [] => return Err(invalid("policies", &given.value("policies"), "[] is too short")),
            many => {
                return Err(invalid(
                    "policies",
                    &given.value("policies"),
                    &format!("{} is too long", python_repr(&Value::Array(many.to_vec()))),
                ));
            }
        }
    };
    let path = if policy_is_one { "policy" } else { "policies/0" };
    let Some(policy) = policy.as_str().filter(|policy| known.contains(policy)) else {
        let list: Vec<Value> = known.iter().map(|name| json!(name)).collect();
        return Err(invalid(
            path,
            &policy,
            &format!("{} is not one of {}", python_repr(&policy), python_repr(&Value::Array(list))),
        ));
    };
    let rules = given.object("rules").cloned().unwrap_or_default();
    if !rules.is_empty() && policy != "anti-affinity" {
        return Err(Refusal::new(400, "Only anti-affinity policy supports rules."));
    }
    let project = cx.caller.project_id.clone();
    let limit = cloud.quota("compute", &project, "server_groups");
    if limit >= 0
        && i64::try_from(cloud.tables.count_by(Kind::ServerGroup, "project", &project)).unwrap_or(i64::MAX)
            >= limit
    {
        return Err(Refusal::new(403, "Quota exceeded, too many server groups."));
    }
    let id = cloud.fresh_uuid();
    let group =
        object_of(json!({"id": id, "name": group_name, "policy": policy, "rules": rules, "members": [],
        "project_id": project, "user_id": cx.caller.user_id}));
    let shown = view(cx, &group);
    cloud.tables.put(Kind::ServerGroup, group);
    Ok(Answer::wrapped(200, "server_group", shown))
}

fn delete(cloud: &mut Cloud, cx: &Cx<'_>, id: &str) -> Outcome {
    find(cloud, cx, id)?;
    cloud.tables.remove(Kind::ServerGroup, id);
    Ok(Answer::empty(204))
}

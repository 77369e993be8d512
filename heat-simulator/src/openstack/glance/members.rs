//! Projects that a shared image is shared with.

use super::images::{find, find_own};
use crate::cloud::document::object_of;
use crate::cloud::{Caller, Cloud, Fields, Kind, Object, time};
use crate::http::exchange::{Answer, Outcome, Refusal, Request, whole_body};
use serde_json::{Value, json};

fn view(member: &Object) -> Value {
    json!({"member_id": member.text("member_id"), "image_id": member.text("image_id"), "status": member.text("status"),
        "created_at": member.value("created_at"), "updated_at": member.value("updated_at"), "schema": "/v2/schemas/member"})
}

/// Works on `/images/{id}/members…`.
pub(super) fn serve(
    cloud: &mut Cloud,
    caller: &Caller,
    request: &Request,
    id: &str,
    tail: &[&str],
) -> Outcome {
    let image = find(cloud, caller, id)?.clone();
    let key = |member: &str| format!("{id}/{member}");
    let missing = || Refusal::new(404, "The resource could not be found.");
    match (request.method.as_str(), tail) {
        ("GET", []) => {
            let members: Vec<Value> = cloud.tables.find(Kind::Member, "image", id).map(view).collect();
            Ok(Answer::json(200, json!({"members": members, "schema": "/v2/schemas/members"})))
        }
        ("GET", [member]) => cloud
            .tables
            .get(Kind::Member, &key(member))
            .map(|member| Answer::json(200, view(member)))
            .ok_or_else(missing),
        ("POST", []) => {
            find_own(cloud, caller, id, "add_member")?;
            if image.text("visibility") != "shared" {
                return Err(Refusal::new(403, "Only shared images have members."));
            }
            let given = whole_body(request);
            let project = given.text("member");
            if project.is_empty() {
                return Err(Refusal::new(400, "Member to be added not specified"));
            }
            if cloud.tables.get(Kind::Member, &key(project)).is_some() {
                return Err(Refusal::new(409, format!("Member {project} is duplicated for image {id}")));
            }
            let now = time::seconds_z(cloud.now);
            let member = object_of(
                json!({"id": key(project), "member_id": project, "image_id": id, "status": "pending", "created_at": now, "updated_at": now}),
            );
            let shown = view(&member);
            cloud.tables.put(Kind::Member, member);
            Ok(Answer::json(200, shown))
        }
        ("PUT", [project]) => {
            let status = whole_body(request).text("status").to_owned();
            if !matches!(status.as_str(), "pending" | "accepted" | "rejected") {
                return Err(Refusal::new(
                    400,
                    format!("Status must be \"pending\", \"accepted\" or \"rejected\", not \"{status}\""),
                ));
            }
            if caller.project_id != *project && !caller.is_admin() {
                return Err(Refusal::new(403, "You are not authorized to complete modify_member action."));
            }
            let now = time::seconds_z(cloud.now);
            let changed = cloud.tables.change(Kind::Member, &key(project), |member| {
                member.set("status", status);
                member.set("updated_at", now);
            });
            if !changed {
                return Err(missing());
            }
            cloud
                .tables
                .get(Kind::Member, &key(project))
                .map(|member| Answer::json(200, view(member)))
                .ok_or_else(missing)
        }
        ("DELETE", [project]) => {
            find_own(cloud, caller, id, "delete_member")?;
            cloud.tables.remove(Kind::Member, &key(project)).map(|_| Answer::empty(204)).ok_or_else(missing)
        }
        _ => Err(missing()),
    }
}

//! A server's states: how it is found and locked, and how it goes from one state to the next.

use super::Cx;
use crate::cloud::{Cloud, Fields, Kind, Object, time};
use crate::http::exchange::Refusal;
use serde_json::{Value, json};
use std::time::Duration;

/// A server's state as Nova keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct State {
    pub(super) vm: &'static str,
    pub(super) status: &'static str,
    pub(super) power: i64,
}

pub(super) const ACTIVE: State = State { vm: "active", status: "ACTIVE", power: 1 };
pub(super) const STOPPED: State = State { vm: "stopped", status: "SHUTOFF", power: 4 };
pub(super) const PAUSED: State = State { vm: "paused", status: "PAUSED", power: 3 };
pub(super) const SUSPENDED: State = State { vm: "suspended", status: "SUSPENDED", power: 4 };
pub(super) const RESIZED: State = State { vm: "resized", status: "VERIFY_RESIZE", power: 1 };
pub(super) const RESCUED: State = State { vm: "rescued", status: "RESCUE", power: 1 };
pub(super) const SHELVED: State = State { vm: "shelved_offloaded", status: "SHELVED_OFFLOADED", power: 4 };

/// The server, if the caller may see it.
pub(super) fn find<'c>(cloud: &'c Cloud, cx: &Cx<'_>, id: &str) -> Result<&'c Object, Refusal> {
    let server =
        cloud.tables.get(Kind::Server, id).filter(|server| cx.caller.may_see(server.text("project_id")));
    server.ok_or_else(|| Refusal::new(404, format!("Instance {id} could not be found.")))
}

/// Refuses to touch a locked server.
pub(super) fn check_unlocked(cx: &Cx<'_>, server: &Object) -> Result<(), Refusal> {
    if server.flag("locked") && !cx.caller.is_admin() {
        return Err(Refusal::new(409, format!("Instance {} is locked", server.text("id"))));
    }
    Ok(())
}

/// Refuses an action in a state in which it cannot be done.
pub(super) fn check_state(server: &Object, action: &str, from: &[&str]) -> Result<(), Refusal> {
    let (id, vm, task) = (server.text("id"), server.text("vm_state"), server.text("task_state"));
    if !from.contains(&vm) {
        return Err(Refusal::new(
            409,
            format!("Cannot '{action}' instance {id} while it is in vm_state {vm}"),
        ));
    }
    // A scheduled task has to end first; a reboot may be asked for during a reboot.
    let again = action == "reboot" && task.starts_with("reboot");
    if !task.is_empty() && !again {
        return Err(Refusal::new(
            409,
            format!("Cannot '{action}' instance {id} while it is in task_state {task}"),
        ));
    }
    Ok(())
}

/// Begins a task: the status may change at once, the state when it is done.
pub(super) fn begin(cloud: &mut Cloud, id: &str, task: &str, status: Option<&str>, done: State, more: Value) {
    let now = time::seconds_z(cloud.now);
    cloud.tables.change(Kind::Server, id, |server| {
        server.set("task_state", task);
        server.set("updated", now);
        if let Some(status) = status {
            server.set("status", status);
        }
    });
    let mut fields =
        json!({"task_state": null, "vm_state": done.vm, "status": done.status, "power_state": done.power});
    if let (Some(fields), Value::Object(more)) = (fields.as_object_mut(), more) {
        fields.extend(more);
    }
    let after: Duration = cloud.settings.durations.server_action;
    cloud.later_become(after, Kind::Server, id, ("task_state", task), fields);
}

/// A server that could not be built or changed.
pub(super) fn fail(cloud: &mut Cloud, id: &str, code: u16, message: &str) {
    let now = time::seconds_z(cloud.now);
    cloud.tables.change(Kind::Server, id, |server| {
        server.set("status", "ERROR");
        server.set("vm_state", "error");
        server.set("task_state", Value::Null);
        server.set("power_state", 0);
        server.set("updated", now.clone());
        server.set("fault", json!({"code": code, "created": now, "message": message}));
    });
}

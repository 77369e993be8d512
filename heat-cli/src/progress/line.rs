//! An event on one line, as `openstack stack event list --follow` prints it.

use crate::output::printable;
use heat_engine::record::Event;

/// `2026-11-23 09:30:00Z [web.server]: CREATE_COMPLETE  state changed`.
pub(crate) fn line(stack: &str, event: &Event) -> String {
    let what = if is_of_the_stack(event) { stack.to_owned() } else { format!("{stack}.{}", event.resource) };
    let time = event.time.strftime("%Y-%m-%d %H:%M:%SZ");
    let reason = printable(&event.reason).replace('\n', " ");
    format!("{time} [{what}]: {}_{}  {reason}", event.action, event.status).trim_end().to_owned()
}

/// Whether it is about the stack itself and not about one of its resources.
pub(super) fn is_of_the_stack(event: &Event) -> bool {
    event.type_name == "OS::Heat::Stack"
        && event.physical_id.as_ref().is_none_or(|id| id.as_str() == event.stack.0)
}

//! Changes of the size of groups by signals: what is decided, as pure functions over a group's record.
//!
//! What is to be done is recorded with the group ([`Scaling`]), so whoever works on the stack does it: a traversal that runs
//! anyway, or one that is begun for nothing else.

use super::current::Current;
use crate::plan::{Plan, Reason, Step, StepKind};
use crate::record::{Action, NestedStack, ResourceRecord, Scaling, Status};
use heat_plugin_sdk::{Adjustment, Capacity, Registry};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::sync::Arc;

const IN_PROGRESS: &str = "scaling_in_progress";
const COOLDOWN_END: &str = "cooldown_end";

/// Whether a type is one of groups whose size signals change.
pub(super) fn is_group(registry: &Registry, type_name: &str) -> bool {
    registry.composite(type_name).is_some_and(|composite| composite.scales())
}

/// What a signal makes of the group that it is about; `None` where nothing is to be done: the size stays, the group is at work
/// or was changed too short a time ago.
///
/// # Errors
/// There is no such group, in Heat's words.
pub(crate) fn adjusted(
    registry: &Registry,
    current: &Current,
    policy: &str,
    adjustment: &Adjustment,
    now: Timestamp,
) -> Result<Option<ResourceRecord>, String> {
    let is_it = |record: &&Arc<ResourceRecord>| {
        let named = record.reference_id.as_deref() == Some(adjustment.group.as_str());
        named || record.physical_id.as_ref().is_some_and(|id| id.as_str() == adjustment.group)
    };
    let Some(group) = current.standing_records().find(is_it) else {
        return Err(format!(
            "Error: resources.{policy}: Alarm {policy} could not find scaling group named \"{}\"",
            adjustment.group
        ));
    };
    let properties = group.properties.clone().unwrap_or_default();
    let composite = registry.composite(&group.type_name).filter(|_| group.nested.is_some());
    let capacity = composite.and_then(|composite| composite.capacity(&properties, group.private.as_ref()));
    let Some(capacity) = capacity else {
        return Err(format!("Error: resources.{policy}: {} is no group that can be scaled", group.name));
    };
    if group.status != Status::Complete || matches!(group.action, Action::Suspend | Action::Delete) {
        return Ok(None);
    }
    let size = new_size(capacity, adjustment);
    let seconds = adjustment.cooldown.or(capacity.cooldown).unwrap_or(0.0).max(0.0);
    if size == capacity.size || !is_allowed(&group.metadata, now) {
        return Ok(None);
    }
    let mut next = ResourceRecord::clone(group);
    let by = number(adjustment.by);
    if let Some(nested) = &mut next.nested {
        let reason = format!("{} : {by}", adjustment.kind);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "never below zero")]
        let cooldown = (seconds * 1000.0) as u64;
        nested.scaling = Some(Scaling { size: Some(size), cooldown, reason });
    }
    let mut metadata = next.metadata.as_object().cloned().unwrap_or_default();
    metadata.insert(IN_PROGRESS.to_owned(), true.into());
    next.metadata = Value::Object(metadata);
    Ok(Some(next))
}

/// A number as Heat writes it: whole ones without a point.
fn number(value: f64) -> String {
    format!("{value}")
}

/// How many members there shall be, by Heat's rules: a percentage is rounded away from zero below one, towards zero above;
/// all stays within the bounds.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "numbers of members, within their bounds"
)]
fn new_size(capacity: Capacity, adjustment: &Adjustment) -> u64 {
    let current = capacity.size as f64;
    let wanted = match adjustment.kind.as_str() {
        "change_in_capacity" | "ChangeInCapacity" => current + adjustment.by,
        "exact_capacity" | "ExactCapacity" => adjustment.by,
        _ => {
            let delta = current * adjustment.by / 100.0;
            let away = delta.abs() < 1.0;
            let rounded = match (away, delta > 0.0) {
                (true, true) | (false, false) => delta.ceil(),
                (true, false) | (false, true) => delta.floor(),
            };
            let least = adjustment.min_step.unwrap_or(0) as f64;
            let step = if least > rounded.abs() { least.copysign(sign(rounded)) } else { rounded };
            current + step
        }
    };
    (wanted.clamp(0.0, u64::MAX as f64) as u64).clamp(capacity.least, capacity.most.max(capacity.least))
}

/// Zero counts as a step down, as in Heat.
fn sign(value: f64) -> f64 {
    if value > 0.0 { 1.0 } else { -1.0 }
}

/// Whether a change may be begun: none is under way, and the last one is long enough ago.
fn is_allowed(metadata: &Value, now: Timestamp) -> bool {
    if metadata.get(IN_PROGRESS).and_then(Value::as_bool) == Some(true) {
        return false;
    }
    let end = metadata.get(COOLDOWN_END).and_then(Value::as_object).and_then(|ends| ends.keys().next());
    end.is_none_or(|end| time(now) >= *end)
}

/// The metadata of a group when a change of it is over. `by`: what it was asked for by, and how long others have to wait;
/// without it nothing of its size changed.
fn settled(metadata: &Value, by: Option<(&str, SignedDuration)>, now: Timestamp) -> Value {
    let mut next = metadata.as_object().cloned().unwrap_or_default();
    if let Some((reason, cooldown)) = by {
        let mut end = time(now.saturating_add(cooldown).unwrap_or(now));
        // A longer wait that was begun before goes on.
        if let Some(before) =
            next.get(COOLDOWN_END).and_then(Value::as_object).and_then(|ends| ends.keys().next())
        {
            end = end.max(before.clone());
        }
        next.insert(COOLDOWN_END.to_owned(), json!({end: reason}));
    }
    next.insert(IN_PROGRESS.to_owned(), false.into());
    Value::Object(next)
}

/// What the record of a group learns at the end of whatever was done to it; nothing for what is no group.
pub(super) fn close(registry: &Registry, record: &mut ResourceRecord, complete: bool, now: Timestamp) {
    let Some(nested) = &mut record.nested else { return };
    let scaling = nested.scaling.take();
    if scaling.as_ref().is_some_and(|scaling| scaling.size.is_none()) {
        // It is another one that was changed.
        return;
    }
    let Some(composite) = registry.composite(&record.type_name) else { return };
    let properties = record.properties.clone().unwrap_or_default();
    let Some(capacity) = composite.capacity(&properties, record.private.as_ref()) else { return };
    let milliseconds = |count: u64| SignedDuration::from_millis(i64::try_from(count).unwrap_or(i64::MAX));
    let by = match (&scaling, complete) {
        (_, false) => None,
        (Some(scaling), true) => Some((scaling.reason.clone(), milliseconds(scaling.cooldown))),
        (None, true) => {
            let cooldown = SignedDuration::try_from_secs_f64(capacity.cooldown.unwrap_or(0.0).max(0.0));
            Some((format!("ExactCapacity : {}", capacity.size), cooldown.unwrap_or(SignedDuration::MAX)))
        }
    };
    let by = by.as_ref().map(|(reason, cooldown)| (reason.as_str(), *cooldown));
    record.metadata = settled(&record.metadata, by, now);
}

/// A time as Python writes it, which Heat compares as a text.
fn time(time: Timestamp) -> String {
    let seconds = time.strftime("%Y-%m-%dT%H:%M:%S").to_string();
    match time.subsec_nanosecond() / 1000 {
        0 => seconds,
        micros => format!("{seconds}.{micros:06}"),
    }
}

/// The plan of a traversal that does nothing but bring groups to their sizes: which ones is recorded with them.
pub(crate) fn scaling_plan(revision: u64) -> Plan {
    Plan::new(Action::Signal, revision, Vec::new())
}

/// The record of a nested stack inside of which a group is to be scaled: whoever works on the stack goes into it.
pub(crate) fn leads_inside(record: &ResourceRecord) -> ResourceRecord {
    let mut next = record.clone();
    if let Some(nested) = &mut next.nested {
        nested.scaling.get_or_insert_with(|| Scaling {
            size: None,
            cooldown: 0,
            reason: "a group inside of it".to_owned(),
        });
    }
    next
}

/// The step that changes the size of a group.
pub(super) fn step(record: &ResourceRecord) -> Option<Step> {
    record.nested.as_ref().and_then(|NestedStack { scaling, .. }| scaling.as_ref())?;
    Some(Step {
        resource: record.name.clone(),
        type_name: record.type_name.clone(),
        kind: StepKind::Update { incarnation: record.id.clone(), changes: Vec::new(), restore: false },
        reason: Reason::Scaled,
        after: Vec::new(),
        hooks: Vec::new(),
        nested: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(current: u64, by: f64, kind: &str, min_step: Option<u64>) -> u64 {
        let capacity = Capacity { size: current, least: 1, most: 10, cooldown: None };
        let kind = kind.to_owned();
        new_size(capacity, &Adjustment { group: String::new(), by, kind, min_step, cooldown: None })
    }

    #[test]
    fn sizes_follow_heats_rules() {
        for (current, by, kind, min_step, expected) in [
            (2, 1.0, "change_in_capacity", None, 3),
            (2, -1.0, "change_in_capacity", None, 1),
            (2, -5.0, "change_in_capacity", None, 1),
            (2, 50.0, "change_in_capacity", None, 10),
            (2, 5.0, "exact_capacity", None, 5),
            (2, 0.0, "exact_capacity", None, 1),
            (2, 11.0, "exact_capacity", None, 10),
            (4, 50.0, "percent_change_in_capacity", None, 6),
            (4, -50.0, "percent_change_in_capacity", None, 2),
            // Below one it is rounded away from zero, above towards zero.
            (2, 10.0, "percent_change_in_capacity", None, 3),
            (2, -10.0, "percent_change_in_capacity", None, 1),
            (5, 37.0, "percent_change_in_capacity", None, 6),
            (5, -37.0, "percent_change_in_capacity", None, 4),
            (1, 33.0, "percent_change_in_capacity", Some(2), 3),
            (3, -33.0, "percent_change_in_capacity", Some(2), 1),
            (4, 100.0, "percent_change_in_capacity", Some(2), 8),
        ] {
            assert_eq!(size(current, by, kind, min_step), expected, "{current} {by} {kind} {min_step:?}");
        }
    }

    #[test]
    fn a_cooldown_is_waited_for_and_a_longer_one_stays() {
        let at = |seconds: i64| Timestamp::from_second(seconds).unwrap();
        let wait = SignedDuration::from_secs(60);
        let first = settled(&json!({"own": 1}), Some(("change_in_capacity : 1", wait)), at(0));
        assert_eq!(
            first,
            json!({"own": 1, "cooldown_end": {"1970-01-01T00:01:00": "change_in_capacity : 1"}, "scaling_in_progress": false})
        );
        assert!(!is_allowed(&first, at(59)) && is_allowed(&first, at(60)));
        let second = settled(&first, Some(("exact_capacity : 2", SignedDuration::ZERO)), at(30));
        assert_eq!(second["cooldown_end"], json!({"1970-01-01T00:01:00": "exact_capacity : 2"}));
        let failed = settled(&first, None, at(90));
        assert_eq!(failed, first);
        assert!(!is_allowed(&json!({"scaling_in_progress": true}), at(0)) && is_allowed(&json!({}), at(0)));
    }
}

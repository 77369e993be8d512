//! Plans that do the same to every resource that is there, whatever the template says: check, suspend, resume, snapshot.

use super::current::Incarnations;
use super::decide::{is_going, never_begun};
use super::order::{self, Order, Wait};
use super::{Act, NestedPlan, NestedRecords, Plan, Reason, Step, StepKind};
use crate::record::{Action, ResourceRecord, Resources};

/// Makes a plan that does this to every resource that is there, those inside of nested stacks among them.
///
/// Pure, and linear in resources and dependencies. What is checked waits for nothing, so that everything is looked at. What
/// is suspended waits for all that use it; what is resumed, or saved, for all that it uses.
pub fn plan_act(act: Act, revision: u64, recorded: &Resources, nested: &NestedRecords) -> Plan {
    let incarnations = Incarnations::new(recorded);
    let concerned = |record: &ResourceRecord| {
        incarnations.is_current(record)
            && !is_going(record)
            && match act {
                Act::Check => true,
                Act::Suspend | Act::Snapshot => !never_begun(record),
                // What was never suspended goes on as it does.
                Act::Resume => matches!(record.action, Action::Suspend | Action::Resume),
            }
    };
    let records: Vec<&ResourceRecord> =
        recorded.values().map(|record| &**record).filter(|record| concerned(record)).collect();
    let mut order = Order::default();
    records.iter().for_each(|_| {
        order.add();
    });
    if act != Act::Check {
        for (user, used) in uses(recorded, &records) {
            match act {
                Act::Suspend => order.wait(used, user, Wait::Must),
                _ => order.wait(user, used, Wait::Must),
            }
        }
    }
    let line = order.line();
    let steps = line.steps.into_iter().zip(line.after).map(|(at, after)| {
        let record = records[at];
        let inside = record.nested.as_ref().and_then(|inside| nested.get(&inside.stack)).map(|inside| {
            let plan = plan_act(act, inside.revision, &inside.resources, nested);
            Box::new(NestedPlan::Planned { plan, exact: true })
        });
        Step {
            resource: record.name.clone(),
            type_name: record.type_name.clone(),
            kind: StepKind::Perform { incarnation: record.id.clone(), act },
            reason: Reason::Requested,
            after,
            nested: inside,
            hooks: Vec::new(),
        }
    });
    Plan::new(act.action(), revision, steps.collect())
}

/// Which of these use which, by their places in the list.
fn uses(recorded: &Resources, records: &[&ResourceRecord]) -> Vec<(usize, usize)> {
    let mut place = vec![None; recorded.len()];
    for (at, record) in records.iter().enumerate() {
        if let Some(index) = recorded.get_index_of(&record.id) {
            place[index] = Some(at);
        }
    }
    let mut edges = Vec::new();
    for (user, record) in records.iter().enumerate() {
        let used = record.requires.iter().filter_map(|id| place[recorded.get_index_of(id)?]);
        edges.extend(used.map(|used| (user, used)));
    }
    let age = |at: usize| (records[at].created, at);
    let stands = order::without_recorded_circles(records.len(), &edges, |a, b| age(a) < age(b));
    edges.into_iter().zip(stands).filter_map(|(edge, stands)| stands.then_some(edge)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{IncarnationId, StackId};
    use jiff::Timestamp;
    use std::sync::Arc;

    /// `c` uses `b`, which uses `a`.
    fn chain(action: Action) -> Resources {
        let (id, stack) = (|name: &str| IncarnationId(name.to_owned()), StackId("s".into()));
        let mut before: Option<&str> = None;
        ["a", "b", "c"]
            .into_iter()
            .map(|name| {
                let mut record =
                    ResourceRecord::new(id(name), stack.clone(), name, "Known", Timestamp::UNIX_EPOCH);
                record.action = action;
                record.requires.extend(before.replace(name).map(id));
                (record.id.clone(), Arc::new(record))
            })
            .collect()
    }

    fn order_of(act: Act, recorded: &Resources) -> Vec<(String, usize)> {
        let plan = plan_act(act, 3, recorded, &NestedRecords::new());
        assert_eq!((plan.action, plan.revision), (act.action(), 3));
        plan.steps.iter().map(|step| (step.resource.clone(), step.after.len())).collect()
    }

    fn names(order: &[(&str, usize)]) -> Vec<(String, usize)> {
        order.iter().map(|(name, after)| ((*name).to_owned(), *after)).collect()
    }

    #[test]
    fn what_uses_others_is_suspended_before_them_and_resumed_after_them() {
        let made = chain(Action::Create);
        assert_eq!(order_of(Act::Suspend, &made), names(&[("c", 0), ("b", 1), ("a", 1)]));
        let suspended = chain(Action::Suspend);
        assert_eq!(order_of(Act::Resume, &suspended), names(&[("a", 0), ("b", 1), ("c", 1)]));
    }

    #[test]
    fn everything_is_checked_and_only_what_was_suspended_is_resumed() {
        let made = chain(Action::Create);
        assert_eq!(order_of(Act::Check, &made), names(&[("a", 0), ("b", 0), ("c", 0)]));
        assert_eq!(order_of(Act::Resume, &made), []);
        assert_eq!(order_of(Act::Suspend, &chain(Action::Init)), [], "nothing was made");
    }
}

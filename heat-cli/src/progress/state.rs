//! How far a traversal is, made from its plan and its events: pure data, drawn elsewhere.

use super::line::is_of_the_stack;
use crate::output::printable;
use heat_engine::plan::{Plan, StepKind};
use heat_engine::record::{Action, Event, Status};
use indexmap::IndexMap;
use jiff::Timestamp;
use std::collections::{BTreeSet, HashMap};

/// How far a traversal is.
#[derive(Debug)]
pub(super) struct State {
    stack: String,
    action: Action,
    began: Option<Timestamp>,
    /// What is being worked on, and since when.
    running: IndexMap<String, Running>,
    /// Operations that are over.
    done: usize,
    failed: usize,
    /// Operations that the plan has.
    planned: usize,
    /// The names in the plan that nothing was done to yet, with the names that they wait for.
    waiting: IndexMap<String, Vec<String>>,
    over: BTreeSet<String>,
}

#[derive(Debug)]
struct Running {
    type_name: String,
    action: Action,
    since: Timestamp,
}

impl State {
    /// The beginning of a traversal.
    pub(super) fn new(stack: &str, plan: Option<&Plan>) -> Self {
        let mut state = Self {
            stack: stack.to_owned(),
            action: Action::Init,
            began: None,
            running: IndexMap::new(),
            done: 0,
            failed: 0,
            planned: 0,
            waiting: IndexMap::new(),
            over: BTreeSet::new(),
        };
        state.plan(plan);
        state
    }

    /// Another plan, of which nothing is done yet.
    pub(super) fn plan(&mut self, plan: Option<&Plan>) {
        let steps = plan.map(|plan| plan.steps.as_slice()).unwrap_or_default();
        let works = |kind: &StepKind| match kind {
            StepKind::Keep { .. } => false,
            // Whether it comes to that is not known yet.
            StepKind::Delete { only_if_replaced_by, .. } => only_if_replaced_by.is_none(),
            _ => true,
        };
        self.planned = steps.iter().filter(|step| works(&step.kind)).count();
        self.waiting.clear();
        for step in steps.iter().filter(|step| works(&step.kind)) {
            let names = step.after.iter().filter_map(|id| steps.get(id.index()));
            let names: Vec<String> = names
                .filter(|before| works(&before.kind) && before.resource != step.resource)
                .map(|before| before.resource.clone())
                .collect();
            self.waiting.entry(step.resource.clone()).or_default().extend(names);
        }
    }

    /// Takes the next event. Gives whether another traversal began with it.
    pub(super) fn take(&mut self, event: &Event) -> bool {
        if is_of_the_stack(event) {
            if event.status == Status::InProgress {
                let stack = std::mem::take(&mut self.stack);
                let waiting = std::mem::take(&mut self.waiting);
                *self = Self { planned: self.planned, waiting, ..Self::new(&stack, None) };
                self.action = event.action;
                self.began = Some(event.time);
                return true;
            }
            return false;
        }
        // Waiting at a hook is no operation.
        if is_of_a_hook(event) {
            return false;
        }
        let name = &event.resource;
        match event.status {
            Status::InProgress => {
                self.waiting.shift_remove(name);
                let running =
                    Running { type_name: event.type_name.clone(), action: event.action, since: event.time };
                self.running.insert(name.clone(), running);
            }
            status => {
                self.waiting.shift_remove(name);
                self.running.shift_remove(name);
                self.over.insert(name.clone());
                self.done += 1;
                self.failed += usize::from(status == Status::Failed);
            }
        }
        false
    }

    /// The view: a line that counts, what is being worked on, and what waits for it. At most so many lines.
    pub(super) fn lines(&self, now: Timestamp, height: usize) -> Vec<String> {
        let since = self.began.map(|began| elapsed(began, now)).unwrap_or_default();
        let total = self.planned.max(self.done + self.running.len());
        let verb = verb(self.action);
        let mut head = format!("{verb} {}  {}/{total}", self.stack, self.done);
        if self.failed > 0 {
            head += &format!("  {} failed", self.failed);
        }
        let mut lines = vec![format!("{head}  {since}")];
        let room = height.max(4) - 2;
        let mut running: Vec<_> = self.running.iter().collect();
        // The one that takes longest is the one that everybody looks for.
        running.sort_by_key(|(_, running)| running.since);
        let shown = running.len().min(if running.len() > room { room - 1 } else { room });
        for (name, running) in running.iter().take(shown) {
            let for_how_long = elapsed(running.since, now);
            lines.push(format!(
                "  {} {name} ({})  {for_how_long}",
                verb_small(running.action),
                printable(&running.type_name)
            ));
        }
        if running.len() > shown {
            lines.push(format!("  … and {} more", running.len() - shown));
        }
        let room = room.saturating_sub(lines.len().saturating_sub(1));
        let mut waiting = self.waiting.iter().filter_map(|(name, needs)| {
            let open: Vec<&str> =
                needs.iter().map(String::as_str).filter(|need| !self.over.contains(*need)).collect();
            (!open.is_empty()).then_some((name, open))
        });
        for (name, needs) in waiting.by_ref().take(room) {
            lines.push(format!("  waiting  {name}: for {}", names(&needs)));
        }
        let more = waiting.count();
        if more > 0 {
            lines.push(format!("  … and {more} more waiting"));
        }
        lines
    }
}

/// At most three names.
fn names(names: &[&str]) -> String {
    let mut unique: Vec<&str> = Vec::with_capacity(3);
    let mut more = HashMap::new();
    for name in names {
        if unique.contains(name) {
            continue;
        }
        if unique.len() < 3 {
            unique.push(name);
        } else {
            more.insert(*name, ());
        }
    }
    match more.len() {
        0 => unique.join(", "),
        more => format!("{} and {more} more", unique.join(", ")),
    }
}

/// What is worth a line of its own that stays: failures, and what becomes of the stack.
pub(super) fn remark(stack: &str, event: &Event) -> Option<String> {
    let told = event.status == Status::Failed
        || is_of_a_hook(event)
        || (is_of_the_stack(event) && event.action == Action::Rollback);
    told.then(|| super::line(stack, event))
}

/// Whether it tells of a resource that waits at a hook, or did.
fn is_of_a_hook(event: &Event) -> bool {
    let reason = event.reason.as_str();
    reason.contains(" paused until Hook ")
        || (reason.starts_with("Hook ") && reason.ends_with(" is cleared"))
        || reason == "Failure occurred while waiting."
}

fn verb(action: Action) -> &'static str {
    match action {
        Action::Create => "Creating",
        Action::Update => "Updating",
        Action::Delete => "Deleting",
        Action::Rollback => "Rolling back",
        Action::Check => "Checking",
        Action::Suspend => "Suspending",
        Action::Resume => "Resuming",
        Action::Snapshot => "Saving",
        Action::Restore => "Restoring",
        _ => "Working on",
    }
}

fn verb_small(action: Action) -> &'static str {
    match action {
        Action::Create => "creating",
        Action::Update => "updating",
        Action::Delete => "deleting",
        Action::Check | Action::Adopt => "looking at",
        Action::Suspend => "suspending",
        Action::Resume => "resuming",
        Action::Snapshot => "saving",
        _ => "working on",
    }
}

/// `4s`, `3m 07s`, `1h 02m`.
fn elapsed(since: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(since).as_secs().max(0);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use heat_engine::plan::{Reason, Step, StepId};
    use heat_engine::record::{IncarnationId, StackId};

    fn event(second: i64, resource: &str, type_name: &str, action: Action, status: Status) -> Event {
        Event {
            id: String::new(),
            stack: StackId("s".into()),
            time: Timestamp::from_second(1_000_000 + second).unwrap(),
            resource: resource.into(),
            type_name: type_name.into(),
            physical_id: None,
            action,
            status,
            reason: "why".into(),
        }
    }

    fn step(resource: &str, after: &[u32]) -> Step {
        Step {
            resource: resource.into(),
            type_name: "T".into(),
            kind: StepKind::Create {
                incarnation: IncarnationId(resource.into()),
                replaces: None,
                order: None,
                changes: Vec::new(),
            },
            reason: Reason::New,
            after: after.iter().copied().map(StepId).collect(),
            nested: None,
            hooks: Vec::new(),
        }
    }

    fn plan(steps: Vec<Step>) -> Plan {
        Plan::new(Action::Create, 1, steps)
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + second).unwrap()
    }

    #[test]
    fn the_view_counts_and_tells_what_waits_for_what() {
        let plan = plan(vec![step("net", &[]), step("port", &[0]), step("server", &[0, 1])]);
        let mut state = State::new("web", Some(&plan));
        assert!(state.take(&event(0, "web", "OS::Heat::Stack", Action::Create, Status::InProgress)));
        state.take(&event(1, "net", "OS::Neutron::Net", Action::Create, Status::InProgress));
        assert_eq!(
            state.lines(at(4), 20),
            [
                "Creating web  0/3  4s",
                "  creating net (OS::Neutron::Net)  3s",
                "  waiting  port: for net",
                "  waiting  server: for net, port",
            ]
        );
        state.take(&event(5, "net", "OS::Neutron::Net", Action::Create, Status::Complete));
        state.take(&event(5, "port", "OS::Neutron::Port", Action::Create, Status::InProgress));
        state.take(&event(70, "port", "OS::Neutron::Port", Action::Create, Status::Failed));
        assert_eq!(state.lines(at(70), 20), ["Creating web  2/3  1 failed  1m 10s"]);
    }

    #[test]
    fn the_view_fits_the_screen() {
        let steps = (0..50).map(|n| step(&format!("r{n}"), &[])).collect();
        let mut state = State::new("web", Some(&plan(steps)));
        for n in 0..50 {
            state.take(&event(n, &format!("r{n}"), "T", Action::Create, Status::InProgress));
        }
        let lines = state.lines(at(60), 10);
        assert!(lines.len() <= 10, "{lines:#?}");
        assert!(lines[1].contains("r0"), "the oldest stands first");
        assert!(lines.last().unwrap().contains("more"));
    }

    #[test]
    fn a_rollback_begins_anew() {
        let mut state = State::new("web", None);
        state.take(&event(0, "web", "OS::Heat::Stack", Action::Create, Status::InProgress));
        state.take(&event(1, "net", "T", Action::Create, Status::Failed));
        assert!(state.take(&event(2, "web", "OS::Heat::Stack", Action::Rollback, Status::InProgress)));
        assert_eq!(state.lines(at(3), 10), ["Rolling back web  0/0  1s"]);
        let failure = event(1, "net", "T", Action::Create, Status::Failed);
        assert!(remark("web", &failure).unwrap().contains("[web.net]: CREATE_FAILED  why"));
    }
}

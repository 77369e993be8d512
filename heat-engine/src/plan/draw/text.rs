//! A plan as a list.

use super::{because, is_part_of_replacement, mark, words};
use crate::plan::{NestedPlan, Plan, StepKind};
use std::fmt::Write;

impl Plan {
    /// A line for each resource that something becomes of, in the order of the plan, and the totals:
    ///
    /// ```text
    /// +   net     OS::Neutron::Net     create
    /// ~   server  OS::Nova::Server     update (metadata)
    /// +/- port    OS::Neutron::Port    replace, the new one first (network!)
    /// ?   fip     OS::Neutron::FloatingIP  keep or update (port?)
    /// -   old     OS::Nova::KeyPair    delete
    /// 1 to create, 1 to update, 1 to replace, 1 to decide in the run, 1 to delete (3 unchanged)
    /// ```
    ///
    /// A question mark behind a property says that its value is known only in the run, an exclamation mark that a change
    /// of it takes a new resource, two that it is refused. Values are never shown.
    ///
    /// Behind the totals stands what was said of single resources, what that takes along and what it leaves out.
    ///
    /// What is done inside a nested stack follows its resource, indented; `...` where that is known only in the run.
    pub fn to_text(&self) -> String {
        let mut lines = Vec::new();
        self.gather("", &mut lines);
        let width = |of: fn(&Line<'_>) -> usize| lines.iter().map(of).max().unwrap_or_default();
        let name_width = width(|line| line.name.chars().count());
        let type_width = width(|line| line.type_name.chars().count());
        let mut text = String::new();
        for Line { mark, name, type_name, what } in lines {
            let line = format!("{mark:<3} {name:<name_width$}  {type_name:<type_width$}  {what}");
            let _ = writeln!(text, "{}", line.trim_end());
        }
        let _ = writeln!(text, "{}", self.totals());
        text.push_str(&self.asked.to_text());
        text
    }

    fn gather<'p>(&'p self, indent: &str, lines: &mut Vec<Line<'p>>) {
        let shown = self.steps.iter().filter(|step| {
            let kept = matches!(step.kind, StepKind::Keep { restore: false, .. }) && step.hooks.is_empty();
            !kept && !is_part_of_replacement(step)
        });
        for step in shown {
            let why = because(step);
            let why = if why.is_empty() { why } else { format!(" ({why})") };
            lines.push(Line {
                mark: mark(&step.kind),
                name: format!("{indent}{}", step.resource),
                type_name: &step.type_name,
                what: format!("{}{why}", words(&step.kind)),
            });
            let inner = format!("{indent}  ");
            match step.nested.as_deref() {
                Some(NestedPlan::Planned { plan, .. }) => plan.gather(&inner, lines),
                Some(NestedPlan::InRun) => {
                    lines.push(Line {
                        mark: "?",
                        name: format!("{inner}..."),
                        type_name: "",
                        what: String::new(),
                    });
                }
                None => {}
            }
        }
    }
}

struct Line<'p> {
    mark: &'static str,
    name: String,
    type_name: &'p str,
    what: String,
}

#[cfg(test)]
mod tests {
    use crate::plan::{ChangeEffect, Plan, PropertyChange, Reason, Step, StepId, StepKind};
    use crate::record::{Action, IncarnationId};
    use heat_plugin_sdk::ReplaceOrder;

    fn plan() -> Plan {
        let id = |text: &str| IncarnationId(text.to_owned());
        let change = |property: &str, uncertain, effect| PropertyChange {
            property: property.into(),
            uncertain,
            effect,
        };
        let step = |name: &str, kind, reason, after: &[u32]| Step {
            resource: name.into(),
            type_name: "Acme::Thing".into(),
            kind,
            reason,
            after: after.iter().copied().map(StepId).collect(),
            nested: None,
            hooks: Vec::new(),
        };
        let steps = vec![
            step(
                "new",
                StepKind::Create { incarnation: id("1"), replaces: None, order: None, changes: vec![] },
                Reason::New,
                &[],
            ),
            step("same", StepKind::Keep { incarnation: id("2"), restore: false }, Reason::Unchanged, &[]),
            step(
                "swapped",
                StepKind::Create {
                    incarnation: id("3"),
                    replaces: Some(id("4")),
                    order: Some(ReplaceOrder::CreateFirst),
                    changes: vec![change("size", false, ChangeEffect::Replace)],
                },
                Reason::PropertiesChanged,
                &[0],
            ),
            step(
                "open",
                StepKind::Decide {
                    incarnation: id("5"),
                    successor: id("6"),
                    changes: vec![change("peer", true, ChangeEffect::InPlace)],
                    may_keep: true,
                    may_update: true,
                    may_replace: false,
                    may_refuse: false,
                    interrupted: false,
                    restore: false,
                },
                Reason::PropertiesChanged,
                &[2],
            ),
            step(
                "swapped",
                StepKind::Delete {
                    incarnation: id("4"),
                    only_if_replaced_by: None,
                    retain: false,
                    snapshot: false,
                },
                Reason::Replaced,
                &[2, 3],
            ),
            step(
                "old",
                StepKind::Delete {
                    incarnation: id("7"),
                    only_if_replaced_by: None,
                    retain: true,
                    snapshot: false,
                },
                Reason::Removed,
                &[],
            ),
        ];
        Plan::new(Action::Update, 3, steps)
    }

    #[test]
    fn the_list_tells_what_becomes_of_each_resource_and_why() {
        let expected = "\
+   new      Acme::Thing  create
+/- swapped  Acme::Thing  replace, the new one first (size!)
?   open     Acme::Thing  keep or update (peer?)
<   old      Acme::Thing  forget, the real thing stays
1 to create, 1 to replace, 1 to decide in the run, 1 to delete (1 unchanged)
";
        assert_eq!(plan().to_text(), expected);
    }

    #[test]
    fn charts_hold_every_step_and_every_wait() {
        let (dot, mermaid) = (plan().to_dot(), plan().to_mermaid());
        assert_eq!(dot.matches(" -> ").count(), 4);
        assert_eq!(mermaid.matches(" --> ").count(), 4);
        assert!(mermaid.contains("s3[\"? open<br>Acme::Thing<br>keep or update<br>peer?\"]"), "{mermaid}");
        assert!(dot.contains("s3 -> s4;"), "{dot}");
    }

    #[test]
    fn json_gives_the_same_plan_back() {
        let json = serde_json::to_string(&plan()).unwrap();
        assert!(
            json.starts_with(
                "{\"version\":1,\"action\":\"UPDATE\",\"revision\":3,\"steps\":[{\"resource\":\"new\""
            ),
            "{json}"
        );
        assert_eq!(serde_json::from_str::<Plan>(&json).unwrap(), plan());
    }
}

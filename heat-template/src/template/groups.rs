//! Groups of parameters, which interfaces show together.

use super::Template;
use crate::diagnostic::{Code, Diagnostic, Effort, Guess, codes};
use crate::expression::{join_key, push_index};
use crate::python;
use crate::source::Span;
use crate::yaml::Node;
use indexmap::IndexSet;
use serde_json::Value;
use std::collections::HashMap;

/// Parameters that belong together.
#[derive(Debug, Clone, PartialEq)]
pub struct ParameterGroup {
    /// A name for people.
    pub label: Option<Value>,
    /// What the group is about.
    pub description: Option<Value>,
    /// The names of its parameters.
    pub parameters: Vec<String>,
}

/// Reads the section; `names` are the parameters, pseudo parameters among them.
pub(super) fn read_groups(
    section: &str,
    node: &Node,
    names: &IndexSet<&str>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<ParameterGroup> {
    if !python::truthy(&node.to_value()) {
        return Vec::new();
    }
    let Some(items) = node.as_list() else {
        let message = format!("{section} must be a list, not {}", node.kind_name());
        diagnostics.push(Diagnostic::error(codes::GROUP_SHAPE, message).at(node.span, "").path(section));
        return Vec::new();
    };
    let guessing = Effort::of_check();
    let mut seen: HashMap<String, Span> = HashMap::new();
    let mut groups = Vec::with_capacity(items.len());
    for (at, item) in items.iter().enumerate() {
        let label = item.get("label").map(Node::to_value);
        let path = match &label {
            Some(label) => join_key(section, &python::str_of(label)),
            None => {
                let mut path = section.to_owned();
                push_index(&mut path, at);
                path
            }
        };
        let error = |code: Code, node: &Node, message: String| {
            Diagnostic::error(code, message).at(node.span, "").path(path.clone())
        };
        if item.as_map().is_none() {
            let message = format!("a parameter group must be a map, not {}", item.kind_name());
            diagnostics.push(error(codes::GROUP_SHAPE, item, message));
            continue;
        }
        let Some(list) = item.get("parameters").filter(|node| !node.is_null()) else {
            diagnostics.push(error(
                codes::GROUP_SHAPE,
                item,
                "a parameter group needs parameters".to_owned(),
            ));
            continue;
        };
        let Some(members) = list.as_list() else {
            let message = "the parameters of a group must be a list".to_owned();
            diagnostics.push(error(codes::GROUP_SHAPE, list, message));
            continue;
        };
        let mut parameters = Vec::with_capacity(members.len());
        for member in members {
            let name = python::str_of(&member.to_value());
            if let Some(first) = seen.get(&name) {
                let message = format!("parameter {name} is in two groups: it must be assigned to one only");
                let diagnostic = error(codes::GROUP_PARAMETER_TWICE, member, message);
                diagnostics.push(diagnostic.label(*first, "first here"));
                continue;
            }
            seen.insert(name.clone(), member.span);
            if !names.contains(name.as_str()) {
                let message = format!("the grouped parameter {name} is not declared");
                let diagnostic = error(codes::GROUP_UNKNOWN_PARAMETER, member, message);
                let guess = Guess::name_within(&name, names.iter().copied(), Some(&guessing));
                diagnostics.push(diagnostic.meant(guess));
            }
            parameters.push(name);
        }
        groups.push(ParameterGroup {
            label,
            description: item.get("description").map(Node::to_value),
            parameters,
        });
    }
    groups
}

impl Template {
    /// The section `parameter_groups` as it is written, for the API.
    pub fn raw_parameter_groups(&self) -> &Value {
        &self.inner().raw_groups
    }
}

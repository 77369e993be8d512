//! From the node tree to a template.

use super::groups::read_groups;
use super::{ConditionDefinition, DependsOn, Inner, Output, ParseOptions, Resource};
use crate::diagnostic::{Code, Diagnostic, Guess, codes};
use crate::dialect::{Dialect, Family};
use crate::expression::{Compiler, Expression, Kind, Scalar, join, join_key};
use crate::parameter::parse_parameters;
use crate::python;
use crate::source::FileId;
use crate::yaml::{Entry, Node, NodeKind};
use indexmap::{IndexMap, IndexSet};
use serde_json::Value;
use std::sync::Arc;

struct Reader<'a> {
    dialect: &'a Dialect,
    compiler: Compiler<'a>,
    diagnostics: &'a mut Vec<Diagnostic>,
    /// The keys that a resource can have.
    resource_keys: Vec<&'static str>,
}

/// What a template is read from.
pub(super) struct Source<'a> {
    pub(super) name: &'a str,
    pub(super) file: FileId,
    pub(super) text: Arc<str>,
    pub(super) sent: Option<Arc<str>>,
    pub(super) options: ParseOptions,
}

/// Takes the tree apart while it makes a template of it, so that not both are there as a whole.
pub(super) fn read(
    source: Source<'_>,
    dialect: Arc<Dialect>,
    mut root: Node,
    diagnostics: &mut Vec<Diagnostic>,
) -> Inner {
    let keys = dialect.keys();
    let mut compiler = Compiler::new(&dialect);
    // Places in a template that was made are those of another text.
    if source.file != FileId::GENERATED {
        compiler = compiler.reading(source.text.clone());
    }
    let mut reader =
        Reader { dialect: &dialect, compiler, diagnostics, resource_keys: dialect.resource_keys() };
    reader.sections(&root);
    let parameter_entries = reader.section(&root, keys.parameters);
    let parameters = parse_parameters(&dialect, parameter_entries, reader.diagnostics);
    let parameter_names: IndexSet<String> =
        parameter_entries.iter().map(|entry| String::from(&*entry.key)).collect();
    let groups_node = keys.parameter_groups.and_then(|key| root.get(key));
    let groups = match (groups_node, keys.parameter_groups) {
        (Some(node), Some(section)) => {
            let mut names: IndexSet<&str> = parameter_names.iter().map(String::as_str).collect();
            names.extend(["OS::stack_id", "OS::project_id"]);
            read_groups(section, node, &names, reader.diagnostics)
        }
        _ => Vec::new(),
    };
    let mappings = keys.mappings.and_then(|key| root.get(key)).map(Node::to_value);
    let conditions = reader.conditions(&root);
    let condition_names = conditions.iter().map(|condition| condition.name.clone()).collect();
    let raw_groups = groups_node.map_or(Value::Null, Node::to_value);
    let entries = reader.take_section(&mut root, keys.resources);
    let mut resources = IndexMap::with_capacity(entries.len());
    let mut broken_resources = IndexSet::new();
    for entry in entries {
        match reader.resource(&entry) {
            Some(resource) => {
                resources.insert(String::from(&*entry.key), resource);
            }
            None => {
                broken_resources.insert(String::from(&*entry.key));
            }
        }
    }
    let outputs = reader
        .take_section(&mut root, keys.outputs)
        .into_iter()
        .filter_map(|entry| Some((String::from(&*entry.key), reader.output(&entry)?)))
        .collect();
    let has_invalid_calls = reader.compiler.met_an_invalid_call();
    reader.warn_of_unused(&parameters);
    let warnings = reader.compiler.into_warnings();
    diagnostics.extend(warnings);
    Inner {
        name: source.name.to_owned(),
        file: source.file,
        text: source.text,
        sent: source.sent,
        description: root.get(keys.description).map(Node::to_value),
        parameters,
        parameter_names,
        groups,
        raw_groups,
        mappings: mappings.filter(python::truthy).unwrap_or_else(|| Value::Object(serde_json::Map::new())),
        conditions,
        condition_names,
        resources,
        broken_resources,
        outputs,
        has_invalid_calls,
        dialect,
        options: source.options,
    }
}

impl<'a> Reader<'a> {
    fn error(&mut self, code: Code, node: &Node, path: &str, message: String) -> &mut Diagnostic {
        self.diagnostics.push(Diagnostic::error(code, message).at(node.span, "").path(path));
        let last = self.diagnostics.len() - 1;
        &mut self.diagnostics[last]
    }

    /// A key that is not known where it stands.
    fn unknown_key(
        &mut self,
        code: Code,
        (entry, siblings): (&Entry, &[Entry]),
        path: &str,
        message: String,
        known: &[&str],
    ) {
        let diagnostic = Diagnostic::error(code, message).at(entry.key_span, "").path(path);
        let missing = |guess: &Guess| siblings.iter().all(|sibling| *sibling.key != *guess.meant);
        let guess = Guess::word(&entry.key, known.iter().copied());
        let guess = guess.map(|guess| Guess { certain: guess.certain && missing(&guess), ..guess });
        self.diagnostics.push(diagnostic.meant(guess));
    }

    fn sections(&mut self, root: &Node) {
        let sections = self.dialect.sections();
        let entries = root.as_map().unwrap_or_default();
        for entry in entries {
            if !sections.contains(&&*entry.key) {
                let message = format!(
                    "the template section is invalid: {} is not a section of {} {}",
                    entry.key,
                    self.dialect.version_key(),
                    self.dialect.version()
                );
                self.unknown_key(codes::UNKNOWN_SECTION, (entry, entries), "", message, &sections);
            }
        }
    }

    /// The entries of a section; null and everything empty is an empty section.
    fn section<'n>(&mut self, root: &'n Node, section: &str) -> &'n [Entry] {
        let Some(node) = root.get(section) else { return &[] };
        match node.as_map() {
            Some(entries) => entries,
            None if !python::truthy(&node.to_value()) => &[],
            None => {
                let message = format!("the section {section} must be a map, not {}", node.kind_name());
                self.error(codes::SECTION_SHAPE, node, section, message);
                &[]
            }
        }
    }

    /// The same, taken out of the tree.
    fn take_section(&mut self, root: &mut Node, section: &str) -> Vec<Entry> {
        self.section(root, section);
        let NodeKind::Map(sections) = &mut root.kind else { return Vec::new() };
        match sections.iter_mut().find(|entry| &*entry.key == section).map(|entry| &mut entry.value.kind) {
            Some(NodeKind::Map(entries)) => std::mem::take(entries),
            _ => Vec::new(),
        }
    }

    fn conditions(&mut self, root: &Node) -> Vec<ConditionDefinition> {
        let section = self.dialect.keys().conditions;
        let Some(node) = root.get(section).filter(|_| self.dialect.has_conditions()) else {
            return Vec::new();
        };
        let Some(entries) = node.as_map() else {
            let message = format!("the section {section} must be a map, not {}", node.kind_name());
            self.error(codes::SECTION_SHAPE, node, section, message);
            return Vec::new();
        };
        let mut conditions = Vec::with_capacity(entries.len());
        for entry in entries {
            let expression =
                self.compiler.at(&[section, &entry.key], |compiler| compiler.condition(&entry.value));
            let fine = matches!(
                expression.kind(),
                Kind::Scalar(Scalar::Bool(_)) | Kind::Call { .. } | Kind::Invalid(_)
            );
            if !fine {
                let message = format!(
                    "the definition of condition \"{}\" must be a boolean or a condition function, not {} ({})",
                    entry.key,
                    entry.value.kind_name(),
                    crate::function::shown(&entry.value.to_value())
                );
                let path = join_key(section, &entry.key);
                self.error(codes::CONDITION_VALUE, &entry.value, &path, message);
            }
            conditions.push(ConditionDefinition {
                name: String::from(&*entry.key),
                span: entry.key_span,
                expression,
            });
        }
        conditions
    }

    fn resource(&mut self, entry: &Entry) -> Option<Resource> {
        let keys = self.dialect.keys();
        let (name, node) = (&entry.key, &entry.value);
        let path = || join_key(keys.resources, name);
        let before = self.diagnostics.len();
        let Some(entries) = node.as_map() else {
            let message = if node.is_null() {
                format!("resource {name} must contain a {} key", keys.resource_type)
            } else {
                format!("resource {name} must be a map, not {}", node.kind_name())
            };
            self.error(codes::RESOURCE_SHAPE, node, &path(), message);
            return None;
        };
        for entry in entries {
            if self.resource_keys.contains(&&*entry.key) {
                continue;
            }
            let known = self.resource_keys.clone();
            match self.dialect.family() {
                Family::Hot => {
                    let message =
                        format!("\"{}\" is not a valid keyword inside a resource definition", entry.key);
                    self.unknown_key(codes::RESOURCE_UNKNOWN_KEY, (entry, entries), &path(), message, &known);
                }
                Family::Cfn => {
                    let message =
                        format!("\"{}\" is not a keyword of a resource and has no effect", entry.key);
                    let warning = Diagnostic::warning(codes::RESOURCE_UNKNOWN_KEY, message)
                        .at(entry.key_span, "")
                        .path(path());
                    let guess = Guess::word(&entry.key, known.iter().copied());
                    self.diagnostics.push(warning.meant(guess));
                }
            }
        }
        if name.contains('/') {
            let message = format!("resource name {name} must not contain \"/\"");
            let at = entry.key_span;
            self.diagnostics.push(Diagnostic::error(codes::RESOURCE_NAME, message).at(at, "").path(path()));
        }
        let type_node = node.get(keys.resource_type);
        let resource_type = type_node.and_then(Node::as_str).filter(|text| !text.is_empty());
        match (type_node, resource_type) {
            (_, Some(_)) => {}
            (Some(given), None) if python::truthy(&given.to_value()) => {
                let message = format!(
                    "the {} of resource {name} must be a text, not {}",
                    keys.resource_type,
                    given.kind_name()
                );
                self.error(codes::RESOURCE_SHAPE, given, &path(), message);
            }
            _ => {
                let message = format!("resource {name} must contain a {} key", keys.resource_type);
                self.error(codes::RESOURCE_TYPE_MISSING, node, &path(), message);
            }
        }
        let map = "a map";
        let properties = self.field(node, name, keys.properties, map, is_map);
        let metadata = self.field(node, name, keys.metadata, map, is_map);
        let update_policy = self.field(node, name, keys.update_policy, map, is_map);
        let deletion_policy = self.field(node, name, keys.deletion_policy, "a text", is_text);
        let external_id = if self.dialect.has_external_id() {
            self.field(node, name, keys.external_id, "a text", is_text)
        } else {
            None
        };
        let depends_on = self.depends_on(node, name);
        let description = match node.get(keys.resource_description) {
            None => None,
            Some(text) => {
                if text.as_str().is_none() {
                    let message = format!(
                        "the {} of resource {name} must be a text, not {}",
                        keys.resource_description,
                        text.kind_name()
                    );
                    self.error(codes::RESOURCE_SHAPE, text, &path(), message);
                }
                text.as_str().map(str::to_owned)
            }
        };
        let condition = match node.get(keys.condition).filter(|_| self.dialect.has_conditions()) {
            None => None,
            Some(given) => {
                let expression = self
                    .compiler
                    .at(&[keys.resources, name, keys.condition], |compiler| compiler.condition(given));
                let fine = matches!(
                    expression.kind(),
                    Kind::Scalar(Scalar::Bool(_) | Scalar::Text(_)) | Kind::Call { .. } | Kind::Invalid(_)
                );
                if !fine {
                    let message = format!(
                        "the {} of resource {name} must be a name, a boolean or a condition function, not {}",
                        keys.condition,
                        given.kind_name()
                    );
                    self.error(codes::RESOURCE_SHAPE, given, &path(), message);
                }
                Some(expression)
            }
        };
        // What stands beside a key or in a name does not keep the rest from being checked.
        let harmless = [codes::RESOURCE_UNKNOWN_KEY, codes::RESOURCE_NAME];
        if self.diagnostics[before..].iter().any(|found| found.is_error() && !harmless.contains(&found.code))
        {
            return None;
        }
        Some(Resource {
            name: String::from(&**name),
            span: entry.key_span,
            type_name: resource_type?.to_owned(),
            type_span: type_node?.span,
            properties,
            metadata,
            depends_on,
            deletion_policy: deletion_policy.map(Box::new),
            update_policy: update_policy.map(Box::new),
            description,
            external_id: external_id.map(Box::new),
            condition: condition.map(Box::new),
        })
    }

    /// A field of a resource that may hold functions.
    fn field(
        &mut self,
        node: &Node,
        resource: &str,
        key: &'static str,
        wants: &str,
        fits: fn(&Expression) -> bool,
    ) -> Option<Expression> {
        let given = node.get(key)?;
        let resources = self.dialect.keys().resources;
        let expression = self.compiler.at(&[resources, resource, key], |compiler| compiler.expression(given));
        if !fits(&expression) {
            let message =
                format!("the {key} of resource {resource} must be {wants}, not {}", given.kind_name());
            self.error(codes::RESOURCE_SHAPE, given, &join(&[resources, resource, key]), message);
        }
        Some(expression)
    }

    fn depends_on(&mut self, node: &Node, resource: &str) -> Vec<DependsOn> {
        let keys = self.dialect.keys();
        let key = keys.depends_on;
        let Some(given) = node.get(key) else { return Vec::new() };
        let path = || join(&[keys.resources, resource, key]);
        if let Some(name) = given.as_str() {
            return vec![DependsOn { resource: name.to_owned(), span: given.span }];
        }
        let Some(items) = given.as_list() else {
            let message = format!(
                "the {key} of resource {resource} must be a list or a text, not {}",
                given.kind_name()
            );
            self.error(codes::RESOURCE_SHAPE, given, &path(), message);
            return Vec::new();
        };
        let mut names = Vec::with_capacity(items.len());
        for item in items {
            match item.as_str() {
                Some(name) => names.push(DependsOn { resource: name.to_owned(), span: item.span }),
                None => {
                    let message = format!(
                        "the {key} of resource {resource} must be a list of texts, not of {}",
                        item.kind_name()
                    );
                    self.error(codes::RESOURCE_SHAPE, item, &path(), message);
                }
            }
        }
        names
    }

    fn output(&mut self, entry: &Entry) -> Option<Output> {
        let keys = self.dialect.keys();
        let (name, node) = (&entry.key, &entry.value);
        let path = join_key(keys.outputs, name);
        let Some(entries) = node.as_map() else {
            let message = format!("output {name} must be a map, not {}", node.kind_name());
            self.error(codes::OUTPUT_SHAPE, node, &path, message);
            return None;
        };
        let mut known = vec![keys.output_description, keys.output_value];
        known.extend(self.dialect.has_conditions().then_some(keys.condition));
        for entry in entries.iter().filter(|entry| !known.contains(&&*entry.key)) {
            let message = format!("\"{}\" is not a keyword of an output and has no effect", entry.key);
            let warning = Diagnostic::warning(codes::OUTPUT_UNKNOWN_KEY, message)
                .at(entry.key_span, "")
                .path(path.clone());
            self.diagnostics.push(warning.meant(Guess::word(&entry.key, known.iter().copied())));
        }
        let Some(value) = node.get(keys.output_value) else {
            let message = format!("output {name} must contain a {} key", keys.output_value);
            self.error(codes::OUTPUT_VALUE_MISSING, node, &path, message);
            return None;
        };
        let value =
            self.compiler.at(&[keys.outputs, name, keys.output_value], |compiler| compiler.expression(value));
        let condition = node.get(keys.condition).filter(|_| self.dialect.has_conditions());
        let condition = condition.filter(|given| !given.is_null()).map(|given| {
            self.compiler.at(&[keys.outputs, name, keys.condition], |compiler| compiler.condition(given))
        });
        Some(Output {
            name: String::from(&**name),
            span: entry.key_span,
            description: node.get(keys.output_description).map(Node::to_value),
            value,
            condition,
        })
    }

    fn warn_of_unused(&mut self, parameters: &[crate::parameter::ParameterSchema]) {
        for schema in parameters.iter().filter(|schema| !self.compiler.mentions_parameter(&schema.name)) {
            self.diagnostics.push(
                Diagnostic::warning(
                    codes::PARAMETER_UNUSED,
                    format!("parameter {} is never used", schema.name),
                )
                .at(schema.span, "")
                .path(join_key(self.dialect.keys().parameters, &schema.name)),
            );
        }
    }
}

fn is_map(expression: &Expression) -> bool {
    matches!(expression.kind(), Kind::Map { .. } | Kind::Call { .. } | Kind::Invalid(_))
}

fn is_text(expression: &Expression) -> bool {
    matches!(expression.kind(), Kind::Scalar(Scalar::Text(_)) | Kind::Call { .. } | Kind::Invalid(_))
}

//! Reading the declarations of parameters.

use super::{ParameterSchema, ParameterType};
use crate::diagnostic::{Code, Diagnostic, Guess, codes};
use crate::dialect::{Dialect, Family, ParameterKeys};
use crate::expression::join_key;
use crate::python::{self, Num, PatternEffort};
use crate::schema::{Checks, Constraint, ConstraintKind, GenericConstraints, ValueType};
use crate::yaml::{Entry, Node, NodeKind};
use serde_json::Value;

/// Reads the `parameters` section. Declarations that are wrong are left out, each with its problem.
pub(crate) fn parse_parameters(
    dialect: &Dialect,
    entries: &[Entry],
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<ParameterSchema> {
    let section = dialect.keys().parameters;
    let patterns = PatternEffort::default();
    entries
        .iter()
        .filter_map(|entry| {
            let mut reader = Reader {
                dialect,
                keys: dialect.parameter_keys(),
                entry,
                path: join_key(section, &entry.key),
                diagnostics,
                failed: false,
                patterns: &patterns,
            };
            let schema = reader.schema();
            let failed = reader.failed;
            schema.filter(|_| !failed)
        })
        .collect()
}

struct Reader<'a> {
    dialect: &'a Dialect,
    keys: &'static ParameterKeys,
    entry: &'a Entry,
    path: String,
    diagnostics: &'a mut Vec<Diagnostic>,
    failed: bool,
    /// What patterns may take, for all parameters together.
    patterns: &'a PatternEffort,
}

impl Reader<'_> {
    fn error(&mut self, code: Code, node: &Node, message: String) -> &mut Diagnostic {
        self.failed = true;
        self.diagnostics.push(Diagnostic::error(code, message).at(node.span, "").path(self.path.clone()));
        let last = self.diagnostics.len() - 1;
        &mut self.diagnostics[last]
    }

    fn schema(&mut self) -> Option<ParameterSchema> {
        let entry = self.entry;
        let name = &entry.key;
        let node = &entry.value;
        let Some(entries) = node.as_map() else {
            let message = format!("parameter {name} must be a map, not {}", node.kind_name());
            self.error(codes::PARAMETER_SHAPE, node, message);
            return None;
        };
        for entry in entries {
            if !self.keys.all(self.dialect).any(|key| key == &*entry.key) {
                let message = format!("\"{}\" is not a key of parameter {name}", entry.key);
                let diagnostic = Diagnostic::error(codes::PARAMETER_UNKNOWN_KEY, message)
                    .at(entry.key_span, "")
                    .path(self.path.clone());
                let missing = |guess: &Guess| node.get(&guess.meant).is_none();
                let guess = Guess::word(&entry.key, self.keys.all(self.dialect));
                let guess = guess.map(|guess| Guess { certain: guess.certain && missing(&guess), ..guess });
                self.failed = true;
                self.diagnostics.push(diagnostic.meant(guess));
            }
        }
        let parameter_type = self.parameter_type(node);
        let constraints = match self.dialect.family() {
            Family::Hot => self.hot_constraints(node),
            Family::Cfn => self.cfn_constraints(node),
        };
        let value = |key: Option<&str>| {
            key.and_then(|key| node.get(key)).filter(|node| !node.is_null()).map(Node::to_value)
        };
        let truth = |key: Option<&str>| value(key).is_some_and(|value| python::truthy(&value));
        let tags = match self.keys.tags.and_then(|key| node.get(key)) {
            None => Vec::new(),
            Some(tags) => match tags.to_value() {
                Value::Array(tags) => tags,
                _ => {
                    let message = format!("the tags of parameter {name} must be a list");
                    self.error(codes::PARAMETER_SHAPE, tags, message);
                    Vec::new()
                }
            },
        };
        let hidden = match self.dialect.family() {
            Family::Hot => truth(Some(self.keys.hidden)),
            Family::Cfn => value(Some(self.keys.hidden))
                .is_some_and(|value| python::str_of(&value).to_lowercase() == "true"),
        };
        let schema = ParameterSchema {
            name: name.to_string(),
            parameter_type: parameter_type?,
            label: value(Some(self.keys.label)),
            description: value(Some(self.keys.description)),
            default: value(Some(self.keys.default)),
            constraints,
            hidden,
            immutable: truth(self.keys.immutable),
            tags,
            span: self.entry.key_span,
            default_span: node.get(self.keys.default).map(|node| node.span),
        };
        self.check(&schema, node);
        Some(schema)
    }

    fn parameter_type(&mut self, node: &Node) -> Option<ParameterType> {
        let name = self.entry.key.clone();
        let Some(given) = node.get(self.keys.type_key) else {
            let key = self.keys.type_key;
            let help = format!("add `{key}: {}`", self.keys.type_name(ParameterType::String));
            self.error(codes::PARAMETER_TYPE_MISSING, node, format!("parameter {name} has no {key}"))
                .help
                .push(help);
            return None;
        };
        let known = || ParameterType::ALL.into_iter().map(|known| self.keys.type_name(known));
        let found =
            ParameterType::ALL.into_iter().find(|known| given.as_str() == Some(self.keys.type_name(*known)));
        if found.is_none() {
            let shown = python::str_of(&given.to_value());
            let other_word = match shown.to_lowercase().as_str() {
                "integer" | "int" | "float" => Some(ParameterType::Number),
                "list" | "array" => Some(ParameterType::CommaDelimitedList),
                "map" | "object" | "dict" => Some(ParameterType::Json),
                "text" | "str" => Some(ParameterType::String),
                "bool" => Some(ParameterType::Boolean),
                _ => None,
            };
            let guess = match other_word {
                Some(meant) => {
                    let meant = self.keys.type_name(meant).to_owned();
                    Some(Guess { written: shown.clone(), meant, certain: false })
                }
                None => Guess::word(&shown, known()),
            };
            let all: Vec<_> = known().collect();
            let message =
                format!("\"{shown}\" is not a type of parameters; the types are {}", all.join(", "));
            let diagnostic = self.error(codes::PARAMETER_TYPE_UNKNOWN, given, message);
            *diagnostic = diagnostic.clone().meant(guess);
        }
        found
    }

    fn hot_constraints(&mut self, node: &Node) -> Vec<Constraint> {
        let Some(list) = node.get("constraints").filter(|node| !node.is_null()) else { return Vec::new() };
        let Some(items) = list.as_list() else {
            let message = format!("the constraints of parameter {} must be a list", self.entry.key);
            self.error(codes::CONSTRAINT_SHAPE, list, message);
            return Vec::new();
        };
        items.iter().filter_map(|item| self.hot_constraint(item)).collect()
    }

    /// Of several kinds in one item Heat takes the first of this order and forgets the rest.
    fn hot_constraint(&mut self, item: &Node) -> Option<Constraint> {
        const KEYS: [&str; 7] = [
            "modulo",
            "range",
            "length",
            "allowed_values",
            "allowed_pattern",
            "custom_constraint",
            "description",
        ];
        if !self.is_map(item, "a constraint", &KEYS) {
            return None;
        }
        let description =
            item.get("description").map(Node::to_value).filter(python::truthy).map(|v| python::str_of(&v));
        let has_modulo = self.dialect.has_modulo();
        let found = KEYS[..6].iter().filter(|key| has_modulo || **key != "modulo");
        let present: Vec<_> = found.filter_map(|key| Some((*key, item.get(key)?))).collect();
        let Some((key, given)) = present.first().copied() else {
            let diagnostic =
                self.error(codes::CONSTRAINT_SHAPE, item, "no constraint is expressed here".to_owned());
            if item.get("modulo").is_some() {
                diagnostic.help.push("modulo is known from version 2017-02-24 on".to_owned());
            }
            return None;
        };
        for (extra, node) in &present[1..] {
            self.diagnostics.push(
                Diagnostic::warning(
                    codes::CONSTRAINT_SHAPE,
                    format!("{extra} has no effect beside {key}: one list item holds one constraint"),
                )
                .at(node.span, "")
                .path(self.path.clone()),
            );
        }
        let kind = match key {
            "modulo" => {
                self.is_map(given, "modulo", &["step", "offset"]).then_some(())?;
                self.modulo(given)?
            }
            "range" => {
                self.is_map(given, "range", &["min", "max"]).then_some(())?;
                let (min, max) = (self.number(given.get("min"))?, self.number(given.get("max"))?);
                self.range(given, min, max)?
            }
            "length" => {
                self.is_map(given, "length", &["min", "max"]).then_some(())?;
                let (min, max) = (self.number(given.get("min"))?, self.number(given.get("max"))?);
                self.length(given, min, max)?
            }
            "allowed_values" => self.allowed_values(given)?,
            "allowed_pattern" => self.allowed_pattern(given)?,
            _ => match given.as_str() {
                Some(name) => ConstraintKind::CustomConstraint(name.to_owned()),
                None => {
                    let message = format!(
                        "custom_constraint must be a text, not {}: {}",
                        given.kind_name(),
                        crate::python::str_of(&given.to_value())
                    );
                    self.error(codes::CONSTRAINT_SHAPE, given, message);
                    return None;
                }
            },
        };
        Some(Constraint { kind, description })
    }

    fn cfn_constraints(&mut self, node: &Node) -> Vec<Constraint> {
        let description = node
            .get("ConstraintDescription")
            .map(Node::to_value)
            .filter(python::truthy)
            .map(|value| python::str_of(&value));
        let mut kinds = Vec::new();
        if (node.get("MinValue").is_some() || node.get("MaxValue").is_some())
            && let (Some(min), Some(max)) =
                (self.number(node.get("MinValue")), self.number(node.get("MaxValue")))
        {
            kinds.push(self.range(node, min, max));
        }
        if node.get("MinLength").is_some() || node.get("MaxLength").is_some() {
            let ends = (self.number(node.get("MinLength")), self.number(node.get("MaxLength")));
            if let (Some(min), Some(max)) = ends {
                kinds.push(self.length(node, min, max));
            }
        }
        if let Some(given) = node.get("AllowedValues") {
            kinds.push(self.allowed_values(given));
        }
        if let Some(given) = node.get("AllowedPattern") {
            kinds.push(self.allowed_pattern(given));
        }
        kinds
            .into_iter()
            .flatten()
            .map(|kind| Constraint { kind, description: description.clone() })
            .collect()
    }

    fn is_map(&mut self, node: &Node, what: &str, keys: &[&str]) -> bool {
        let Some(entries) = node.as_map() else {
            self.error(
                codes::CONSTRAINT_SHAPE,
                node,
                format!("{what} must be a map, not {}", node.kind_name()),
            );
            return false;
        };
        let unknown: Vec<_> = entries.iter().filter(|entry| !keys.contains(&&*entry.key)).collect();
        for entry in &unknown {
            let diagnostic = self.error(
                codes::CONSTRAINT_SHAPE,
                node,
                format!("\"{}\" is not a key of {what}", entry.key),
            );
            let guess = Guess::word(&entry.key, keys.iter().copied());
            *diagnostic = diagnostic.clone().at(entry.key_span, "").meant(guess);
        }
        unknown.is_empty()
    }

    /// A number, also written as text; null and nothing are no number. `None` is a problem.
    fn number(&mut self, node: Option<&Node>) -> Option<Option<Num>> {
        let Some(node) = node.filter(|node| !node.is_null()) else { return Some(None) };
        let value = node.to_value();
        let number = match &value {
            Value::String(text) => python::number_from_text(text),
            other => Num::of(other),
        }
        .filter(|number| number.to_f64().is_finite());
        if number.is_none() {
            let message = format!("{} is not a number", python::repr(&value));
            self.error(codes::CONSTRAINT_SHAPE, node, message);
        }
        number.map(Some)
    }

    fn range(&mut self, node: &Node, min: Option<Num>, max: Option<Num>) -> Option<ConstraintKind> {
        if min.is_none() && max.is_none() {
            self.error(codes::CONSTRAINT_SHAPE, node, "a range needs min or max".to_owned());
            return None;
        }
        let number = |number: Option<Num>| number.and_then(|number| number.to_number());
        Some(ConstraintKind::Range { min: number(min), max: number(max) })
    }

    fn length(&mut self, node: &Node, min: Option<Num>, max: Option<Num>) -> Option<ConstraintKind> {
        if min.is_none() && max.is_none() {
            self.error(codes::CONSTRAINT_SHAPE, node, "a length needs min or max".to_owned());
            return None;
        }
        let mut ends = [None, None];
        for ((end, given), key) in ends.iter_mut().zip([min, max]).zip(["min", "max"]) {
            match given {
                None => {}
                // A length is never below zero.
                Some(Num::Int(given)) if given <= 0 => *end = Some(0),
                Some(Num::Int(given)) => *end = Some(u64::try_from(given).unwrap_or(u64::MAX)),
                Some(other) => {
                    let message = format!("{key} of a length must be a whole number, not {}", other.repr());
                    self.error(codes::CONSTRAINT_SHAPE, node, message);
                    return None;
                }
            }
        }
        Some(ConstraintKind::Length { min: ends[0], max: ends[1] })
    }

    fn modulo(&mut self, node: &Node) -> Option<ConstraintKind> {
        let (step, offset) = (self.number(node.get("step"))?, self.number(node.get("offset"))?);
        let wrong = |reader: &mut Self, message: &str| {
            reader.error(codes::CONSTRAINT_SHAPE, node, message.to_owned());
            None
        };
        let (Some(step), Some(offset)) = (step, offset) else {
            return wrong(self, "modulo needs step and offset");
        };
        let whole = |number: &Num| {
            number.truncate().filter(|whole| whole.compare(number) == Some(std::cmp::Ordering::Equal))
        };
        let (Some(Num::Int(whole_step)), Some(Num::Int(whole_offset))) = (whole(&step), whole(&offset))
        else {
            return wrong(self, "step and offset of modulo must be whole numbers");
        };
        if whole_step == 0 {
            return wrong(self, "the step of modulo cannot be 0");
        }
        if whole_offset.unsigned_abs() >= whole_step.unsigned_abs() {
            return wrong(self, "the offset of modulo must be smaller than the step");
        }
        if (whole_offset < 0 && whole_step > 0) || (whole_offset > 0 && whole_step < 0) {
            return wrong(self, "step and offset of modulo must have the same sign");
        }
        Some(ConstraintKind::Modulo { step: step.to_number()?, offset: offset.to_number()? })
    }

    fn allowed_values(&mut self, node: &Node) -> Option<ConstraintKind> {
        match node.to_value() {
            Value::Array(values) => Some(ConstraintKind::AllowedValues(values)),
            _ => {
                let message = format!("allowed values must be a list, not {}", node.kind_name());
                self.error(codes::CONSTRAINT_SHAPE, node, message);
                None
            }
        }
    }

    fn allowed_pattern(&mut self, node: &Node) -> Option<ConstraintKind> {
        let NodeKind::String(pattern) = &node.kind else {
            let message = format!("an allowed pattern must be a text, not {}", node.kind_name());
            self.error(codes::CONSTRAINT_SHAPE, node, message);
            return None;
        };
        if let Err(error) = self.patterns.pattern(pattern) {
            self.error(codes::CONSTRAINT_SHAPE, node, error.to_string());
            return None;
        }
        Some(ConstraintKind::AllowedPattern(pattern.to_string()))
    }

    /// What Heat checks of a declaration as a whole: constraints that go with the type, and the default.
    fn check(&mut self, schema: &ParameterSchema, node: &Node) {
        for constraint in &schema.constraints {
            if !goes_with(&constraint.kind, schema.parameter_type) {
                let message = format!(
                    "parameter {}: {} cannot constrain a {}",
                    schema.name,
                    kind_name(&constraint.kind),
                    self.keys.type_name(schema.parameter_type)
                );
                self.error(codes::CONSTRAINT_NOT_FOR_TYPE, node, message);
            }
        }
        let Some(default) = schema.default.as_ref().filter(|_| !self.failed) else { return };
        // Heat holds the constraints against the default as it is written, save for lists.
        let value = match (schema.parameter_type, default) {
            (ParameterType::CommaDelimitedList, Value::Array(items)) => {
                Value::Array(items.iter().map(|item| Value::String(python::str_of(item))).collect())
            }
            (ParameterType::CommaDelimitedList, Value::String(text)) => {
                text.split(',').map(str::to_owned).map(Value::String).collect()
            }
            (ParameterType::CommaDelimitedList, _) => {
                let default = node.get(self.keys.default).unwrap_or(node);
                let message = format!("the default of parameter {} is not a list with commas", schema.name);
                self.error(codes::PARAMETER_DEFAULT, default, message);
                return;
            }
            (_, other) => other.clone(),
        };
        let checks = Checks::new(&GenericConstraints)
            .without_custom()
            .secret(schema.hidden)
            .sharing(Some(self.patterns));
        for constraint in &schema.constraints {
            if let Some(reason) = checks.violation(constraint, &value, schema.parameter_type.value_type()) {
                let shown = if schema.hidden { "******".to_owned() } else { python::str_of(default) };
                let default = node.get(self.keys.default).unwrap_or(node);
                let message = format!("parameter {} has an invalid default {shown}: {reason}", schema.name);
                self.error(codes::PARAMETER_DEFAULT, default, message);
            }
        }
    }
}

fn goes_with(kind: &ConstraintKind, parameter_type: ParameterType) -> bool {
    let value_type = parameter_type.value_type();
    match kind {
        ConstraintKind::Length { .. } => {
            matches!(value_type, ValueType::String | ValueType::List | ValueType::Map)
        }
        ConstraintKind::Range { .. } | ConstraintKind::Modulo { .. } => value_type == ValueType::Number,
        ConstraintKind::AllowedValues(_) | ConstraintKind::CustomConstraint(_) => {
            value_type != ValueType::Map
        }
        ConstraintKind::AllowedPattern(_) => value_type == ValueType::String,
    }
}

fn kind_name(kind: &ConstraintKind) -> &'static str {
    match kind {
        ConstraintKind::Length { .. } => "length",
        ConstraintKind::Range { .. } => "range",
        ConstraintKind::Modulo { .. } => "modulo",
        ConstraintKind::AllowedValues(_) => "allowed_values",
        ConstraintKind::AllowedPattern(_) => "allowed_pattern",
        ConstraintKind::CustomConstraint(_) => "custom_constraint",
    }
}

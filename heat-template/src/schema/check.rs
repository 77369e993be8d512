//! Whether a value satisfies a constraint.

use super::{Constraint, ConstraintKind, ValueType};
use crate::python::{self, Equals, Num, PatternEffort};
use serde_json::Value;
use std::cmp::Ordering;

/// What came of a check that goes by a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CustomCheck {
    /// The value is fine.
    Satisfied,
    /// The value is not fine; why, in a sentence that may be empty.
    Violated(String),
    /// Nobody knows a constraint of this name: every value fails.
    Unknown,
    /// It takes I/O or a clock: somebody decides later.
    Deferred,
}

/// Where checks by name (`custom_constraint`) come from: what plugins have registered.
///
/// The generic ones (`net_cidr`, `ip_addr`, …) are built in and never asked for here.
pub trait CustomConstraints: Sync {
    /// Checks a value by the name of the constraint, such as `neutron.network`.
    fn check(&self, name: &str, value: &Value) -> CustomCheck;

    /// All names, for "did you mean".
    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Only the generic constraints; all others are unknown.
#[derive(Debug, Clone, Copy, Default)]
pub struct GenericConstraints;

impl CustomConstraints for GenericConstraints {
    fn check(&self, _: &str, _: &Value) -> CustomCheck {
        CustomCheck::Unknown
    }
}

/// Every name may be a constraint, and somebody who knows it checks it later.
#[derive(Debug, Clone, Copy, Default)]
pub struct DeferredConstraints;

impl CustomConstraints for DeferredConstraints {
    fn check(&self, _: &str, _: &Value) -> CustomCheck {
        CustomCheck::Deferred
    }
}

/// How a value is checked.
#[derive(Clone, Copy)]
pub struct Checks<'a> {
    /// Checks by name.
    pub custom: &'a dyn CustomConstraints,
    /// `false`: checks by name are left out, as Heat does for defaults.
    pub with_custom: bool,
    /// The value must not be told in messages.
    pub secret: bool,
    /// What is left for patterns, where many values are checked together.
    pub patterns: Option<&'a PatternEffort>,
}

impl std::fmt::Debug for Checks<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Checks").field("with_custom", &self.with_custom).finish_non_exhaustive()
    }
}

impl<'a> Checks<'a> {
    /// All checks, values shown.
    pub fn new(custom: &'a dyn CustomConstraints) -> Self {
        Self { custom, with_custom: true, secret: false, patterns: None }
    }

    /// The values must not be told in messages.
    #[must_use]
    pub fn secret(self, secret: bool) -> Self {
        Self { secret, ..self }
    }

    /// As one of many checks, which share what patterns may take.
    #[must_use]
    pub fn sharing(self, patterns: Option<&'a PatternEffort>) -> Self {
        Self { patterns, ..self }
    }

    /// Leaves out checks by name.
    #[must_use]
    pub fn without_custom(self) -> Self {
        Self { with_custom: false, ..self }
    }

    /// Why the value does not satisfy the constraint; `None` if it does.
    ///
    /// `value_type` is the type of the parameter or property: allowed values are compared after both sides are
    /// converted to it.
    pub fn violation(&self, constraint: &Constraint, value: &Value, value_type: ValueType) -> Option<String> {
        let generated = match self.generated(&constraint.kind, value, value_type) {
            Ok(()) => return None,
            Err(message) => message,
        };
        Some(constraint.description.clone().unwrap_or(generated))
    }

    fn show(&self, value: &Value, text: impl FnOnce(&Value) -> String) -> String {
        if self.secret { "******".to_owned() } else { text(value) }
    }

    fn generated(&self, kind: &ConstraintKind, value: &Value, value_type: ValueType) -> Result<(), String> {
        match kind {
            ConstraintKind::Length { min, max } => {
                let length = match value {
                    Value::String(text) => text.chars().count(),
                    Value::Array(items) => items.len(),
                    Value::Object(entries) => entries.len(),
                    other => return Err(format!("{} has no length", self.show(other, python::repr))),
                } as u64;
                if min.is_some_and(|min| length < min) || max.is_some_and(|max| length > max) {
                    return Err(format!(
                        "length ({length}) is out of range (min: {}, max: {})",
                        end(min.map(|end| end.to_string())),
                        end(max.map(|end| end.to_string()))
                    ));
                }
                Ok(())
            }
            ConstraintKind::Range { min, max } => {
                let number = self.number(value)?;
                let beyond = |end: &Option<serde_json::Number>, order: Ordering| {
                    end.as_ref().is_some_and(|end| number.compare(&Num::from_number(end)) == Some(order))
                };
                if beyond(min, Ordering::Less) || beyond(max, Ordering::Greater) {
                    let text = |number: &Option<serde_json::Number>| {
                        end(number.as_ref().map(|number| Num::from_number(number).repr()))
                    };
                    return Err(format!(
                        "{} is out of range (min: {}, max: {})",
                        self.show(value, python::str_of),
                        text(min),
                        text(max)
                    ));
                }
                Ok(())
            }
            ConstraintKind::Modulo { step, offset } => {
                let number = self.number(value)?;
                let rest = number.modulo(&Num::from_number(step));
                if rest.is_some_and(|rest| rest.compare(&Num::from_number(offset)) == Some(Ordering::Equal)) {
                    return Ok(());
                }
                Err(format!(
                    "{} is not a multiple of {} with an offset of {}",
                    self.show(value, python::str_of),
                    Num::from_number(step).repr(),
                    Num::from_number(offset).repr()
                ))
            }
            ConstraintKind::AllowedValues(allowed) => {
                let fine = match value {
                    Value::Array(items) => {
                        let mut known = Equals::default();
                        allowed.iter().for_each(|allowed| {
                            known.insert(allowed);
                        });
                        items.iter().all(|item| known.contains(item))
                    }
                    Value::String(text)
                        if value_type == ValueType::String
                            && allowed.iter().any(|allowed| allowed.as_str() == Some(text)) =>
                    {
                        true
                    }
                    single => {
                        let wanted = self.convert(single, value_type)?;
                        // Where one of them is not of the type, no value is allowed.
                        let allowed: Vec<_> = allowed
                            .iter()
                            .map(|value| Checks { secret: false, ..*self }.convert(value, value_type))
                            .collect::<Result<_, _>>()?;
                        allowed.iter().any(|allowed| python::equal(&wanted, allowed))
                    }
                };
                if fine {
                    return Ok(());
                }
                let allowed: Vec<_> = allowed.iter().map(|value| python::dumps(value, false)).collect();
                Err(format!(
                    "{} is not an allowed value [{}]",
                    self.show(value, |value| python::dumps(value, false)),
                    allowed.join(", ")
                ))
            }
            ConstraintKind::AllowedPattern(pattern) => {
                let Value::String(text) = value else {
                    return Err(format!(
                        "{} is no text and cannot match pattern \"{pattern}\"",
                        self.show(value, python::repr)
                    ));
                };
                let own = PatternEffort::default();
                let effort = self.patterns.unwrap_or(&own);
                let matches =
                    effort.pattern(pattern).and_then(|regex| regex.matches_whole_within(text, effort));
                if matches.map_err(|error| error.to_string())? {
                    return Ok(());
                }
                Err(format!(
                    "{} does not match pattern \"{pattern}\"",
                    self.show(value, |_| format!("\"{text}\""))
                ))
            }
            ConstraintKind::CustomConstraint(name) => self.custom(name, value),
        }
    }

    fn custom(&self, name: &str, value: &Value) -> Result<(), String> {
        if !self.with_custom {
            return Ok(());
        }
        let outcome = super::generic::check(name, value).unwrap_or_else(|| self.custom.check(name, value));
        let shown = self.show(value, python::str_of);
        match outcome {
            CustomCheck::Satisfied | CustomCheck::Deferred => Ok(()),
            CustomCheck::Unknown => {
                let mut message = format!("\"{shown}\" does not validate {name} (constraint not found)");
                let names = self.custom.names();
                let known = names.iter().map(String::as_str).chain(super::generic::NAMES.iter().copied());
                if let Some(similar) = crate::diagnostic::suggest::nearest(name, known) {
                    message.push_str(&format!("; did you mean \"{similar}\"?"));
                }
                Err(message)
            }
            CustomCheck::Violated(reason) if reason.is_empty() || self.secret => {
                Err(format!("\"{shown}\" does not validate {name}"))
            }
            CustomCheck::Violated(reason) => Err(format!("\"{shown}\" does not validate {name}: {reason}")),
        }
    }

    fn number(&self, value: &Value) -> Result<Num, String> {
        match value {
            Value::String(text) => python::number_from_text(text),
            other => Num::of(other),
        }
        .ok_or_else(|| format!("{} is not a number", self.show(value, python::repr)))
    }

    fn convert(&self, value: &Value, value_type: ValueType) -> Result<Value, String> {
        convert(value, value_type).ok_or_else(|| {
            format!(
                "value \"{}\" is invalid for data type \"{}\"",
                self.show(value, python::str_of),
                value_type.name()
            )
        })
    }
}

fn end(value: Option<String>) -> String {
    value.unwrap_or_else(|| "None".to_owned())
}

/// Heat's `to_schema_type`: the value in a type; `None` where it cannot be one.
fn convert(value: &Value, value_type: ValueType) -> Option<Value> {
    Some(match value_type {
        ValueType::String => Value::String(python::str_of(value)),
        ValueType::Boolean => Value::Bool(boolean_word(&python::str_of(value))?),
        ValueType::Integer | ValueType::Number => {
            let number = match value {
                Value::String(text) => python::number_from_text(text)?,
                other => Num::of(other)?,
            };
            if value_type == ValueType::Integer && number.is_float() {
                return None;
            }
            number.to_value()
        }
        ValueType::Map | ValueType::List | ValueType::Any => value.clone(),
    })
}

/// oslo's strict `bool_from_string`: the words that stand for true and false.
pub fn boolean_word(text: &str) -> Option<bool> {
    match text.trim().to_lowercase().as_str() {
        "1" | "t" | "true" | "on" | "y" | "yes" => Some(true),
        "0" | "f" | "false" | "off" | "n" | "no" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn violation(constraint: Constraint, value: Value, value_type: ValueType) -> Option<String> {
        Checks::new(&GenericConstraints).violation(&constraint, &value, value_type)
    }

    #[test]
    fn length_counts_characters_items_and_keys() {
        let length = || Constraint::length(3, 5);
        assert_eq!(violation(length(), json!("\u{e4}bc"), ValueType::String), None);
        assert_eq!(
            violation(length(), json!("ab"), ValueType::String).as_deref(),
            Some("length (2) is out of range (min: 3, max: 5)")
        );
        assert_eq!(violation(length(), json!([1, 2, 3]), ValueType::List), None);
        assert!(violation(length(), json!({"a": 1}), ValueType::Map).is_some());
        assert!(violation(length(), json!(123), ValueType::String).is_some());
    }

    #[test]
    fn ranges_hold_for_numbers_and_texts_of_numbers() {
        let range = || Constraint::range(1, 10);
        assert_eq!(violation(range(), json!("10"), ValueType::Number), None);
        assert_eq!(violation(range(), json!(10.0), ValueType::Number), None);
        assert_eq!(
            violation(range(), json!(0), ValueType::Number).as_deref(),
            Some("0 is out of range (min: 1, max: 10)")
        );
        assert_eq!(
            violation(Constraint::range(None, 10), json!(11), ValueType::Number).as_deref(),
            Some("11 is out of range (min: None, max: 10)")
        );
        assert_eq!(violation(range(), json!(true), ValueType::Number), None);
    }

    #[test]
    fn modulo_is_pythons() {
        assert_eq!(violation(Constraint::modulo(3, 2), json!(-1), ValueType::Number), None);
        assert_eq!(
            violation(Constraint::modulo(4, 1), json!(8), ValueType::Number).as_deref(),
            Some("8 is not a multiple of 4 with an offset of 1")
        );
    }

    #[test]
    fn allowed_values_are_compared_in_the_type() {
        assert_eq!(violation(Constraint::allowed([json!("1"), json!(2)]), json!(1), ValueType::Number), None);
        assert_eq!(
            violation(Constraint::allowed([json!(1), json!("two")]), json!("1"), ValueType::String),
            None
        );
        assert_eq!(violation(Constraint::allowed([json!("yes")]), json!(true), ValueType::Boolean), None);
        let mixed = Constraint::allowed([json!(5), json!("abc")]);
        let message = violation(mixed, json!(5), ValueType::Number).unwrap();
        assert!(message.contains("\"abc\" is invalid for data type \"Number\""), "{message}");
        assert_eq!(
            violation(Constraint::allowed(["red", "green"]), json!("blue"), ValueType::String).as_deref(),
            Some("\"blue\" is not an allowed value [\"red\", \"green\"]")
        );
        assert_eq!(violation(Constraint::allowed(["a", "b"]), json!(["a", "a"]), ValueType::List), None);
        assert!(violation(Constraint::allowed(["a", "b"]), json!(["a", "c"]), ValueType::List).is_some());
    }

    #[test]
    fn a_description_replaces_the_message_and_secrets_are_not_told() {
        let described = Constraint::length(None, 4).described("no more than four letters");
        assert_eq!(
            violation(described, json!("abcde"), ValueType::String).as_deref(),
            Some("no more than four letters")
        );
        let checks = Checks::new(&GenericConstraints).secret(true);
        for constraint in [
            Constraint::allowed(["x"]),
            Constraint::pattern("x"),
            Constraint::custom("ip_addr"),
            Constraint::range(1, 2),
        ] {
            let message = checks.violation(&constraint, &json!("s3cret"), ValueType::String).unwrap();
            assert!(!message.contains("s3cret"), "{message}");
        }
    }

    #[test]
    fn a_constraint_that_nobody_knows_fails() {
        let message = violation(Constraint::custom("made.up"), json!("x"), ValueType::String).unwrap();
        assert!(message.contains("made.up") && message.contains("not found"));
        let message = violation(Constraint::custom("net_cdir"), json!("x"), ValueType::String).unwrap();
        assert!(message.contains("did you mean \"net_cidr\""), "{message}");
    }
}

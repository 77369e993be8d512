//! Properties as written become properties as used: types, defaults, nested schemas, constraints.
//!
//! The rules are those of Heat's `heat/engine/properties.py`: integers and booleans become texts (`True`), floats lose
//! their fraction for an integer, null stands for the default or for the type's empty value, and what is not given takes
//! its default. All problems are found at once.

use super::check::{Checks, CustomConstraints, DeferredConstraints, GenericConstraints};
use super::{Children, PropertySchema, ValueType};
use crate::diagnostic::Guess;
use crate::diagnostic::{Code, codes};
use crate::evaluated::Evaluated;
use crate::expression::{Part, Step};
use crate::python::{self, Num};
use indexmap::IndexMap;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// A property that is not right.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{}: {message}", self.dotted())]
pub struct PropertyProblem {
    /// The way to it, from the top.
    pub path: Vec<Step>,
    /// What kind of problem it is.
    pub code: Code,
    /// What is wrong, in one sentence.
    pub message: String,
    /// The property that was meant by an unknown one.
    pub guess: Option<Guess>,
    /// It is about the key at the end of the path, not about its value.
    pub about_key: bool,
}

impl PropertyProblem {
    /// The path as Heat writes it: `networks[0].port`.
    pub fn dotted(&self) -> String {
        let mut path = String::new();
        self.path.iter().for_each(|step| step.push(&mut path));
        path
    }
}

/// How properties are coerced.
#[derive(Debug, Clone, Copy)]
pub struct Coercion<'a> {
    checks: Checks<'a>,
    constraints: bool,
    mask: bool,
}

impl<'a> Coercion<'a> {
    /// Everything is checked.
    pub fn strict(custom: &'a dyn CustomConstraints) -> Self {
        Self { checks: Checks::new(custom), constraints: true, mask: false }
    }

    /// Types only: constraints and unknown keys inside are left out. Heat does so while a value hangs on a resource that
    /// does not exist yet.
    #[must_use]
    pub fn types_only(self) -> Self {
        Self { constraints: false, ..self }
    }

    /// Coerces properties at the top: unknown names are always problems.
    ///
    /// Gives the properties as far as they are right. What is neither given nor has a default is left out.
    pub fn properties(
        &self,
        schema: &IndexMap<String, PropertySchema>,
        given: IndexMap<String, Evaluated>,
    ) -> (IndexMap<String, Evaluated>, Vec<PropertyProblem>) {
        self.properties_with(schema, given, &|_| false)
    }

    /// The same, with types only for the properties at the top for which `types_only` holds.
    pub fn properties_with(
        &self,
        schema: &IndexMap<String, PropertySchema>,
        given: IndexMap<String, Evaluated>,
        types_only: &dyn Fn(&str) -> bool,
    ) -> (IndexMap<String, Evaluated>, Vec<PropertyProblem>) {
        let mut work = Work::new(*self, true);
        let given = given.into_iter().map(|(name, value)| (name.into(), value));
        let values = work.fields(schema, given, Some(types_only), &[]);
        (values, work.problems)
    }

    /// Only what is wrong with properties at the top, without making them.
    ///
    /// `right` are the properties whose defaults are known to be right ([`right_defaults`]).
    pub(crate) fn problems<'g>(
        &self,
        schema: &IndexMap<String, PropertySchema>,
        given: impl Iterator<Item = (Cow<'g, str>, Evaluated)>,
        types_only: &dyn Fn(&str) -> bool,
        right: &[bool],
    ) -> Vec<PropertyProblem> {
        let mut work = Work::new(*self, false);
        work.fields(schema, given, Some(types_only), right);
        work.problems
    }

    /// Coerces the value of one property.
    pub fn value(
        &self,
        schema: &PropertySchema,
        value: Evaluated,
    ) -> (Option<Evaluated>, Vec<PropertyProblem>) {
        let mut work = Work::new(*self, true);
        let value = work.value(schema, value);
        (value, work.problems)
    }
}

/// The place of a property. Of a few names the one is found sooner by looking at each than by its hash.
fn place_of(schema: &IndexMap<String, PropertySchema>, name: &str) -> Option<usize> {
    const FEW: usize = 8;
    if schema.len() <= FEW {
        schema.keys().position(|known| known == name)
    } else {
        schema.get_index_of(name)
    }
}

/// For each property whether it has a default, and that can never be wrong: nobody else is asked about it.
pub(crate) fn right_defaults(schema: &IndexMap<String, PropertySchema>) -> Vec<bool> {
    // A constraint that somebody else knows is unknown here, and so a problem.
    let coercion = Coercion::strict(&GenericConstraints);
    let right = |property: &PropertySchema| coercion.value(property, Evaluated::NULL).1.is_empty();
    schema.values().map(|property| property.default.is_some() && right(property)).collect()
}

/// Coerces properties that are known altogether, leaving checks by name to somebody else.
///
/// # Errors
///
/// Every property that is not right.
pub fn coerce_properties(
    schema: &IndexMap<String, PropertySchema>,
    given: Map<String, Value>,
) -> Result<Map<String, Value>, Vec<PropertyProblem>> {
    let given = given.into_iter().map(|(key, value)| (key, Evaluated::Known(value))).collect();
    let (values, problems) = Coercion::strict(&DeferredConstraints).properties(schema, given);
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(values.into_iter().filter_map(|(key, value)| Some((key, value.into_known()?))).collect())
}

struct Work<'a, 's> {
    coercion: Coercion<'a>,
    /// Whether anybody wants the values; else maps and lists that nobody wants become null.
    keep: bool,
    path: Vec<Part<'s>>,
    problems: Vec<PropertyProblem>,
}

impl<'a, 's> Work<'a, 's> {
    fn new(coercion: Coercion<'a>, keep: bool) -> Self {
        Self { coercion, keep, path: Vec::new(), problems: Vec::new() }
    }

    fn problem(&mut self, code: Code, message: String) -> &mut PropertyProblem {
        self.problems.push(PropertyProblem {
            path: self.path.iter().map(|part| part.step()).collect(),
            code,
            message,
            guess: None,
            about_key: false,
        });
        let last = self.problems.len() - 1;
        &mut self.problems[last]
    }

    fn fields<'g>(
        &mut self,
        schema: &'s IndexMap<String, PropertySchema>,
        given: impl Iterator<Item = (Cow<'g, str>, Evaluated)>,
        top: Option<&dyn Fn(&str) -> bool>,
        right: &[bool],
    ) -> IndexMap<String, Evaluated> {
        let mut places: Vec<Option<Evaluated>> = std::iter::repeat_with(|| None).take(schema.len()).collect();
        let mut unknown = Vec::new();
        for (key, value) in given {
            if let Some(place) = place_of(schema, &key).and_then(|at| places.get_mut(at)) {
                *place = Some(value);
            } else if top.is_some() || self.coercion.constraints {
                unknown.push(key);
            }
        }
        for key in unknown {
            let missing = |guess: &Guess| {
                let place = schema.get_index_of(&*guess.meant).and_then(|at| places.get(at));
                place.is_some_and(Option::is_none)
            };
            let guess = Guess::word(&key, schema.keys().map(String::as_str));
            let guess = guess.map(|guess| Guess { certain: guess.certain && missing(&guess), ..guess });
            let problem = self.problem(codes::PROPERTY_UNKNOWN, format!("unknown property {key}"));
            problem.path.push((*key).into());
            problem.about_key = true;
            problem.guess = guess;
        }
        let mut values = IndexMap::with_capacity(if self.keep { schema.len() } else { 0 });
        for (at, ((name, property), value)) in schema.iter().zip(places).enumerate() {
            if value.is_none()
                && (property.default.is_none() && !property.required || right.get(at) == Some(&true))
            {
                continue;
            }
            let given = value.is_some();
            self.path.push(Part::Key(name));
            let constraints = self.coercion.constraints;
            self.coercion.constraints &= !top.is_some_and(|types_only| types_only(name));
            let value = match value {
                Some(value) => self.value(property, value),
                None if property.default.is_some() => self.value(property, Evaluated::NULL),
                None if property.required => {
                    // Heat puts this at the map that lacks the property.
                    let last = self.path.pop();
                    self.problem(codes::PROPERTY_MISSING, format!("property {name} not assigned"));
                    self.path.extend(last);
                    None
                }
                None => None,
            };
            if given && !property.implemented {
                self.problem(
                    codes::PROPERTY_NOT_IMPLEMENTED,
                    format!("property {name} is not implemented"),
                )
                .about_key = true;
            }
            self.coercion.constraints = constraints;
            self.path.pop();
            if let Some(value) = value.filter(|_| self.keep) {
                values.insert(name.clone(), value);
            }
        }
        values
    }

    fn value(&mut self, schema: &'s PropertySchema, value: Evaluated) -> Option<Evaluated> {
        let outer = self.coercion.mask;
        self.coercion.mask |= schema.secret;
        let keep = self.keep;
        self.keep |= self.coercion.constraints && !schema.constraints.is_empty();
        let before = self.problems.len();
        let value = self.typed(schema, value);
        if self.coercion.constraints
            && self.problems.len() == before
            && let Some(Evaluated::Known(value)) = &value
        {
            let checks = self.coercion.checks.secret(self.coercion.mask);
            for constraint in &schema.constraints {
                if let Some(message) = checks.violation(constraint, value, schema.value_type) {
                    self.problem(codes::PROPERTY_CONSTRAINT, message);
                    // One at a time, as with a person: the first is often the cause of the next.
                    break;
                }
            }
        }
        self.coercion.mask = outer;
        self.keep = keep;
        value
    }

    fn wrong_type(
        &mut self,
        value: &Value,
        what: &str,
        show: impl FnOnce(&Value) -> String,
    ) -> Option<Evaluated> {
        let shown = if self.coercion.mask { "******".to_owned() } else { show(value) };
        self.problem(codes::PROPERTY_TYPE, format!("{shown} {what}"));
        None
    }

    fn typed(&mut self, schema: &'s PropertySchema, value: Evaluated) -> Option<Evaluated> {
        if matches!(value, Evaluated::Unknown(_)) {
            return Some(value);
        }
        if schema.value_type == ValueType::Any {
            return Some(match (&value, &schema.default) {
                // Heat takes a given null as it is; null stands here also for what is not given.
                (Evaluated::Known(Value::Null), Some(default)) => Evaluated::Known(default.clone()),
                _ => value,
            });
        }
        let value = match value {
            Evaluated::Known(Value::Null) => Evaluated::Known(match (&schema.default, schema.value_type) {
                (Some(default), _) => default.clone(),
                (None, ValueType::String) => Value::String(String::new()),
                (None, ValueType::Integer | ValueType::Number) => Value::from(0),
                (None, ValueType::Boolean) => Value::Bool(false),
                (None, ValueType::Map) => Value::Object(Map::new()),
                (None, ValueType::List) => Value::Array(Vec::new()),
                (None, ValueType::Any) => Value::Null,
            }),
            other => other,
        };
        match schema.value_type {
            ValueType::Map => self.map(schema, value),
            ValueType::List => self.list(schema, value),
            ValueType::Any => Some(value),
            scalar => match value {
                Evaluated::Known(value) => self.scalar(scalar, value),
                partly => self.wrong_type(&partly.to_value_lossy(), scalar_wants(scalar), python::repr),
            },
        }
    }

    fn scalar(&mut self, value_type: ValueType, value: Value) -> Option<Evaluated> {
        let wants = scalar_wants(value_type);
        let converted = match (value_type, &value) {
            (ValueType::String, Value::String(_))
            | (ValueType::Boolean, Value::Bool(_))
            | (ValueType::Number, Value::Bool(_) | Value::Number(_)) => return Some(Evaluated::Known(value)),
            (ValueType::String, Value::Bool(_)) => Some(Value::String(python::str_of(&value))),
            (ValueType::String, Value::Number(number)) if !Num::from_number(number).is_float() => {
                Some(Value::String(python::str_of(&value)))
            }
            (ValueType::Boolean, Value::String(text)) => match text.to_lowercase().as_str() {
                "true" => Some(Value::Bool(true)),
                "false" => Some(Value::Bool(false)),
                _ => None,
            },
            (ValueType::Integer, Value::String(text)) => python::int_from_text(text).map(|n| n.to_value()),
            (ValueType::Integer, Value::Bool(_) | Value::Number(_)) => {
                Num::of(&value).and_then(|number| number.truncate()).map(|number| number.to_value())
            }
            (ValueType::Number, Value::String(text)) => python::number_from_text(text).map(|n| n.to_value()),
            _ => None,
        };
        match converted {
            Some(converted) => Some(Evaluated::Known(converted)),
            None => self.wrong_type(&value, wants, python::repr),
        }
    }

    fn map(&mut self, schema: &'s PropertySchema, value: Evaluated) -> Option<Evaluated> {
        let Children::Fields(fields) = &schema.children else {
            return match value {
                Evaluated::Known(Value::Object(_)) | Evaluated::Map(_) => Some(value),
                other => self.no_map(schema, other),
            };
        };
        let values = match value {
            Evaluated::Known(Value::Object(entries)) => {
                let given = entries.into_iter().map(|(key, value)| (key.into(), Evaluated::Known(value)));
                self.fields(fields, given, None, &[])
            }
            Evaluated::Map(entries) => {
                let given = entries.into_iter().map(|(key, value)| (key.into(), value));
                self.fields(fields, given, None, &[])
            }
            other => return self.no_map(schema, other),
        };
        Some(Evaluated::map(values))
    }

    fn no_map(&mut self, schema: &PropertySchema, value: Evaluated) -> Option<Evaluated> {
        match value {
            // Lists and texts are handed on to a json parameter of a nested template.
            Evaluated::Known(Value::String(_)) if schema.allow_conversion => Some(value),
            Evaluated::Known(Value::Array(_)) if schema.allow_conversion => {
                let text = value.known().map(|value| python::dumps(value, false))?;
                Some(Evaluated::Known(Value::String(text)))
            }
            Evaluated::Known(value) => self.wrong_type(&value, "is not a map", python::repr),
            other if schema.allow_conversion => Some(other),
            other => self.wrong_type(&other.to_value_lossy(), "is not a map", python::repr),
        }
    }

    fn list(&mut self, schema: &'s PropertySchema, value: Evaluated) -> Option<Evaluated> {
        let item_schema = match &schema.children {
            Children::Item(item_schema) => Some(item_schema),
            Children::Free | Children::Fields(_) => None,
        };
        if item_schema.is_none() && matches!(value, Evaluated::Known(Value::Array(_)) | Evaluated::List(_)) {
            return Some(value);
        }
        let items = match value.into_list() {
            Ok(items) => items,
            Err(Evaluated::Known(Value::String(text))) if schema.allow_conversion => {
                let pieces = if text.is_empty() { Vec::new() } else { text.split(',').collect() };
                pieces.into_iter().map(|piece| Evaluated::Known(piece.into())).collect()
            }
            Err(other) => return self.wrong_type(&other.to_value_lossy(), "is not a list", python::repr),
        };
        let Some(item_schema) = item_schema else { return Some(Evaluated::list(items)) };
        let mut values = Vec::with_capacity(if self.keep { items.len() } else { 0 });
        for (at, item) in items.into_iter().enumerate() {
            self.path.push(Part::Index(at));
            let value = self.value(item_schema, item);
            values.extend(value.filter(|_| self.keep));
            self.path.pop();
        }
        Some(Evaluated::list(values))
    }
}

fn scalar_wants(value_type: ValueType) -> &'static str {
    match value_type {
        ValueType::String => "is not a text",
        ValueType::Integer => "is not an integer",
        ValueType::Number => "is not a number",
        ValueType::Boolean => "is not a boolean",
        ValueType::Map => "is not a map",
        ValueType::List => "is not a list",
        ValueType::Any => "is not a value",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Constraint, ValueType};
    use serde_json::json;

    fn one(schema: PropertySchema, value: Value) -> Result<Value, String> {
        let schema = IndexMap::from([("p".to_owned(), schema)]);
        let given = Map::from_iter([("p".to_owned(), value)]);
        match coerce_properties(&schema, given) {
            Ok(mut values) => Ok(values.remove("p").unwrap_or(json!("(absent)"))),
            Err(problems) => Err(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")),
        }
    }

    fn of(value_type: ValueType, value: Value) -> Result<Value, String> {
        one(PropertySchema::new(value_type), value)
    }

    #[test]
    fn scalars_are_converted_as_in_heat() {
        assert_eq!(of(ValueType::String, json!(5)), Ok(json!("5")));
        assert_eq!(of(ValueType::String, json!(true)), Ok(json!("True")));
        assert!(of(ValueType::String, json!(1.5)).is_err());
        assert!(of(ValueType::String, json!(["a"])).is_err());
        assert_eq!(of(ValueType::Integer, json!(5.9)), Ok(json!(5)));
        assert_eq!(of(ValueType::Integer, json!(true)), Ok(json!(1)));
        assert_eq!(of(ValueType::Integer, json!(" 12")), Ok(json!(12)));
        assert!(of(ValueType::Integer, json!("5.5")).is_err());
        assert!(of(ValueType::Integer, json!("")).is_err());
        assert_eq!(of(ValueType::Number, json!("1e3")), Ok(json!(1000.0)));
        assert_eq!(of(ValueType::Number, json!(true)), Ok(json!(true)));
        assert_eq!(of(ValueType::Boolean, json!("TRUE")), Ok(json!(true)));
        assert!(of(ValueType::Boolean, json!("yes")).is_err());
        assert!(of(ValueType::Boolean, json!(1)).is_err());
        assert_eq!(of(ValueType::Any, json!([1])), Ok(json!([1])));
    }

    #[test]
    fn null_is_the_default_or_empty() {
        assert_eq!(of(ValueType::String, json!(null)), Ok(json!("")));
        assert_eq!(of(ValueType::Integer, json!(null)), Ok(json!(0)));
        assert_eq!(of(ValueType::Boolean, json!(null)), Ok(json!(false)));
        assert_eq!(of(ValueType::Map, json!(null)), Ok(json!({})));
        assert_eq!(of(ValueType::List, json!(null)), Ok(json!([])));
        assert_eq!(one(PropertySchema::new(ValueType::String).required(), json!(null)), Ok(json!("")));
        assert_eq!(one(PropertySchema::new(ValueType::Integer).default(7), json!(null)), Ok(json!(7)));
    }

    #[test]
    fn conversion_takes_comma_text_and_json() {
        let list = || PropertySchema::new(ValueType::List).allow_conversion();
        assert_eq!(one(list(), json!("a, b,")), Ok(json!(["a", " b", ""])));
        assert_eq!(one(list(), json!("")), Ok(json!([])));
        assert!(of(ValueType::List, json!("a,b")).is_err());
        let map = || PropertySchema::new(ValueType::Map).allow_conversion();
        assert_eq!(one(map(), json!([{"b": 1, "a": 2}])), Ok(json!("[{\"b\": 1, \"a\": 2}]")));
        assert!(of(ValueType::Map, json!([1])).is_err());
    }

    #[test]
    fn nested_schemas_report_every_problem_with_its_path() {
        let schema = IndexMap::from([
            (
                "classes".to_owned(),
                PropertySchema::list_of(PropertySchema::map_of([
                    (
                        "class",
                        PropertySchema::new(ValueType::String)
                            .required()
                            .constraint(Constraint::allowed(["digits", "letters"])),
                    ),
                    ("min", PropertySchema::new(ValueType::Integer).default(1)),
                ])),
            ),
            ("name".to_owned(), PropertySchema::new(ValueType::String).required()),
        ]);
        let given = json!({"classes": [{"class": "digits"}, {"class": "vowels"}, {"clas": 1}], "nmae": "x"});
        let Value::Object(given) = given else { panic!() };
        let problems = coerce_properties(&schema, given).unwrap_err();
        let texts: Vec<_> =
            problems.iter().map(|p| (p.dotted(), p.code.0, usize::from(p.guess.is_some()))).collect();
        assert_eq!(
            texts,
            [
                ("nmae".to_owned(), "HT0411", 1),
                ("classes[1].class".to_owned(), "HT0414", 0),
                ("classes[2].clas".to_owned(), "HT0411", 1),
                ("classes[2]".to_owned(), "HT0412", 0),
                (String::new(), "HT0412", 0),
            ]
        );
        let given = json!({"classes": [{"class": "digits"}], "name": 1});
        let Value::Object(given) = given else { panic!() };
        let values = coerce_properties(&schema, given).unwrap();
        assert_eq!(Value::Object(values), json!({"classes": [{"class": "digits", "min": 1}], "name": "1"}));
    }

    #[test]
    fn unknown_parts_pass_and_secrets_are_not_told() {
        let schema = PropertySchema::list_of(PropertySchema::new(ValueType::Integer));
        let value = Evaluated::list(vec![json!("1").into(), Evaluated::unknown("x")]);
        let (value, problems) = Coercion::strict(&DeferredConstraints).value(&schema, value);
        assert!(problems.is_empty());
        assert_eq!(value, Some(Evaluated::List(vec![json!(1).into(), Evaluated::unknown("x")])));
        let secret = PropertySchema::new(ValueType::Integer).secret();
        assert!(!one(secret, json!("s3cret")).unwrap_err().contains("s3cret"));
    }
}

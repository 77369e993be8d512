//! What the code that the derives make calls. Not for people; it may change with every version.

pub use crate::decoding::decode;
pub use indexmap::IndexMap;
pub use serde_json::{Map, Number, Value};

use crate::{Failure, Result, Secret, Shape};
use heat_template::schema::{Children, Constraint, ConstraintKind, PropertySchema, Translation, ValueType};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A default or an allowed value that is a text.
#[track_caller]
pub const fn text_fits(shape: &Shape, text: &str) {
    match shape {
        Shape::Text | Shape::Any => {}
        Shape::Words(words) => {
            assert!(is_one_of(words, text), "the enum has no variant of this name in a template");
        }
        Shape::List(item) => text_fits(item, text),
        _ => of_its_type(false),
    }
}

/// A default or an allowed value that is a whole number.
#[track_caller]
pub const fn integer_fits(shape: &Shape, number: i128) {
    match shape {
        Shape::Number | Shape::Any => {}
        Shape::Integer { min, max } => {
            assert!(*min <= number && number <= *max, "the value is out of the range of the field's type");
        }
        Shape::List(item) => integer_fits(item, number),
        _ => of_its_type(false),
    }
}

/// A default or an allowed value that is a number with a fraction.
#[track_caller]
pub const fn number_fits(shape: &Shape) {
    match shape {
        Shape::Number | Shape::Any => {}
        Shape::List(item) => number_fits(item),
        _ => of_its_type(false),
    }
}

/// A default or an allowed value that is true or false.
#[track_caller]
pub const fn boolean_fits(shape: &Shape) {
    match shape {
        Shape::Boolean | Shape::Any => {}
        Shape::List(item) => boolean_fits(item),
        _ => of_its_type(false),
    }
}

/// A default that is a list.
#[track_caller]
pub const fn default_is_list(shape: &Shape) {
    assert!(matches!(shape, Shape::List(_) | Shape::Any), "the value is not of the field's type");
}

/// A default that is a map.
#[track_caller]
pub const fn default_is_map(shape: &Shape) {
    assert!(matches!(shape, Shape::Map | Shape::Any), "the value is not of the field's type");
}

/// A default on a type that may be absent.
#[track_caller]
pub const fn may_have_default(optional: bool) {
    assert!(
        !optional,
        "a property with a default always has a value: leave out the `Option` or the `default`"
    );
}

/// `secret` on a type that is printed.
#[track_caller]
pub const fn is_not_printed(secret: bool) {
    assert!(secret, "the value would be printed by `Debug`: use `Secret<…>`");
}

/// `constraint(length(…))`.
#[track_caller]
pub const fn length_applies(shape: &Shape) {
    assert!(
        matches!(shape, Shape::Text | Shape::Words(_) | Shape::List(_) | Shape::Map | Shape::Any),
        "only a text, a list or a map has a length"
    );
}

/// `constraint(range(…))` and `constraint(modulo(…))`.
#[track_caller]
pub const fn range_applies(shape: &Shape) {
    assert!(
        matches!(shape, Shape::Integer { .. } | Shape::Number | Shape::Any),
        "this constraint is for numbers only"
    );
}

/// `constraint(pattern(…))`.
#[track_caller]
pub const fn pattern_applies(shape: &Shape) {
    assert!(matches!(shape, Shape::Text | Shape::Words(_) | Shape::Any), "a pattern is for texts only");
}

/// `item(…)`.
#[track_caller]
pub const fn has_items(shape: &Shape) {
    assert!(matches!(shape, Shape::List(_) | Shape::Any), "only a list has items");
}

/// The shape of a list's items; nothing is known of the items of anything else.
pub const fn item_shape(shape: &'static Shape) -> &'static Shape {
    match shape {
        Shape::List(item) => item,
        _ => &Shape::Any,
    }
}

#[track_caller]
const fn of_its_type(fits: bool) {
    assert!(fits, "the value is not of the field's type");
}

const fn is_one_of(words: &[&str], text: &str) -> bool {
    let mut at = 0;
    while at < words.len() {
        if equal(words[at].as_bytes(), text.as_bytes()) {
            return true;
        }
        at += 1;
    }
    false
}

const fn equal(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    let mut at = 0;
    while at < left.len() {
        if left[at] != right[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// A number with a fraction; one that JSON cannot hold is refused by the derive already.
pub fn number(number: f64) -> Number {
    Number::from_f64(number).unwrap_or_else(|| Number::from(0))
}

/// Adds a constraint; a range narrows the one that the type itself brings.
pub fn constrain(schema: &mut PropertySchema, constraint: Constraint) {
    if let ConstraintKind::Range { min, max } = &constraint.kind {
        let own = schema.constraints.iter_mut().find_map(|known| match &mut known.kind {
            ConstraintKind::Range { min, max } if known.description.is_none() => Some((min, max)),
            _ => None,
        });
        if let (Some((own_min, own_max)), None) = (own, &constraint.description) {
            if min.is_some() {
                own_min.clone_from(min);
            }
            if max.is_some() {
                own_max.clone_from(max);
            }
            return;
        }
    }
    schema.constraints.push(constraint);
}

/// Adds the custom constraint that a finder is, to the items where the property is a list.
pub fn constrain_by_finder(schema: &mut PropertySchema, finder: &str) {
    let target = if schema.value_type == ValueType::List {
        match item(schema) {
            Some(item) => item,
            None => return,
        }
    } else {
        schema
    };
    target.constraints.push(Constraint::custom(finder));
}

/// The schema of a list's items.
pub fn item(schema: &mut PropertySchema) -> Option<&mut PropertySchema> {
    match &mut schema.children {
        Children::Item(item) => Some(item),
        _ => None,
    }
}

/// Takes over the rules of what is inside a property.
pub fn nest(translations: &mut Vec<Translation>, name: &str, inner: Vec<Translation>) {
    translations.extend(inner.into_iter().map(|mut translation| {
        match &mut translation {
            Translation::Replace { from, to } => {
                from.insert(0, name.to_owned());
                to.insert(0, name.to_owned());
            }
            Translation::Add { path, .. }
            | Translation::Delete { path }
            | Translation::Resolve { path, .. } => {
                path.insert(0, name.to_owned());
            }
        }
        translation
    }));
}

/// Why a property's value does not fit its type.
pub fn misfit<T: DeserializeOwned>(
    values: &Map<String, Value>,
    name: &str,
    may_be_absent: bool,
) -> Option<String> {
    match values.get(name) {
        Some(value) => T::deserialize(value).err().map(|error| error.to_string()),
        None => (!may_be_absent).then(|| "it must be given".to_owned()),
    }
}

/// A field of the attributes: asked whether it is a secret, it gives the secret's content.
#[derive(Debug)]
pub struct Given<'a, T>(pub &'a T);

impl<T: Serialize> Given<'_, Secret<T>> {
    /// The content.
    pub fn secret(&self) -> Option<Result<Value>> {
        Some(content(self.0.expose()))
    }
}

impl<T: Serialize> Given<'_, Option<Secret<T>>> {
    /// The content, or null.
    pub fn secret(&self) -> Option<Result<Value>> {
        Some(content(&self.0.as_ref().map(Secret::expose)))
    }
}

impl<T: Serialize> Given<'_, Vec<Secret<T>>> {
    /// The contents.
    pub fn secret(&self) -> Option<Result<Value>> {
        Some(content(&self.0.iter().map(Secret::expose).collect::<Vec<_>>()))
    }
}

/// Everything else: the inherent functions above go first.
pub trait NotSecret {
    /// None.
    fn secret(&self) -> Option<Result<Value>>;
}

impl<T> NotSecret for Given<'_, T> {
    fn secret(&self) -> Option<Result<Value>> {
        None
    }
}

fn content(value: &impl Serialize) -> Result<Value> {
    // Serde's message could quote the secret.
    serde_json::to_value(value).map_err(|_| Failure::failed("a secret attribute cannot be written as JSON"))
}

/// The attributes as serde writes them.
pub fn attribute_map(attributes: &impl Serialize) -> Result<Map<String, Value>> {
    crate::properties::attribute_map(attributes)
}

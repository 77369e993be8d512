//! Equality and hashes, as Python has them: `1`, `1.0` and `true` are the same key.

use super::fault::{Fault, Result};
use super::number;
use super::value::{Dict, Value, View};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;

/// A value that can be a key of a map or a member of a set.
#[derive(Debug, Clone)]
pub(super) struct Key {
    value: Value,
    hash: i64,
    /// Python gives the same hash in every process.
    stable: bool,
}

/// Makes a key of a value; fails for what has no hash.
pub(super) fn key(value: Value) -> Result<Key> {
    let (hash, stable) = hash(&value)?;
    Ok(Key { value, hash, stable })
}

impl Key {
    pub(super) fn value(&self) -> &Value {
        &self.value
    }

    pub(super) fn into_value(self) -> Value {
        self.value
    }

    pub(super) fn hash_and_stability(&self) -> (i64, bool) {
        (self.hash, self.stable)
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.hash.hash(state);
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && equal(&self.value, &other.value)
    }
}

impl Eq for Key {}

fn hash(value: &Value) -> Result<(i64, bool)> {
    let unhashable =
        |name: &str| Err(Fault::other(format!("{name} cannot be a key of a map or a member of a set")));
    let hashed = |value: &dyn Fn(&mut DefaultHasher)| {
        let mut hasher = DefaultHasher::new();
        value(&mut hasher);
        hasher.finish().cast_signed()
    };
    Ok(match value {
        Value::Bool(value) => (i64::from(*value), true),
        Value::Int(_) | Value::Big(_) | Value::Float(_) => (number::hash(value), true),
        Value::Text(text) if text.is_empty() => (0, true),
        Value::Text(text) => (hashed(&|hasher| text.hash(hasher)), false),
        Value::Null => (hashed(&|hasher| 0_u8.hash(hasher)), false),
        Value::Tuple(items) => {
            let mut stable = true;
            let mut hashes = Vec::with_capacity(items.len());
            for item in items.iter() {
                let (hash, is_stable) = hash(item)?;
                stable &= is_stable;
                hashes.push(hash);
            }
            (tuple_hash(&hashes), stable)
        }
        Value::Dict(dict) if dict.frozen => {
            let mut mixed = 0;
            let mut stable = true;
            for (key, value) in dict.iter() {
                let (value, is_stable) = hash(value)?;
                stable &= is_stable && key.stable;
                mixed ^= tuple_hash(&[key.hash, value]);
            }
            (mixed, stable)
        }
        Value::Set(set) => {
            let mixed = set
                .keys()
                .iter()
                .fold(0_i64, |mixed, key| mixed ^ key.hash.wrapping_mul(0x5851_f42d_4c95_7f2d));
            (mixed, false)
        }
        Value::DateTime(date) => (hashed(&|hasher| date.moment().hash(hasher)), false),
        Value::TimeSpan(span) => (hashed(&|hasher| span.micros().hash(hasher)), false),
        Value::Regex(regex) => (hashed(&|hasher| regex.as_str().hash(hasher)), false),
        Value::Iterator(id) | Value::Memory(id) | Value::Ordering(id) | Value::Context(id) => {
            (hashed(&|hasher| id.hash(hasher)), false)
        }
        Value::View(View::Values, dict) => (hashed(&|hasher| Rc::as_ptr(dict).hash(hasher)), false),
        Value::Missing => (hashed(&|hasher| 1_u8.hash(hasher)), false),
        Value::Rule(rule) => (hashed(&|hasher| Rc::as_ptr(rule).hash(hasher)), false),
        Value::List(_) | Value::Dict(_) | Value::View(..) => return unhashable(value.type_name()),
    })
}

/// CPython's hash of a tuple.
fn tuple_hash(hashes: &[i64]) -> i64 {
    const PRIME_1: u64 = 11_400_714_785_074_694_791;
    const PRIME_2: u64 = 14_029_467_366_897_019_727;
    const PRIME_5: u64 = 2_870_177_450_012_600_261;
    let mixed = hashes.iter().fold(PRIME_5, |mixed, hash| {
        mixed.wrapping_add(hash.cast_unsigned().wrapping_mul(PRIME_2)).rotate_left(31).wrapping_mul(PRIME_1)
    });
    let mixed = mixed.wrapping_add(hashes.len() as u64 ^ (PRIME_5 ^ 3_527_539));
    if mixed == u64::MAX { 1_546_275_796 } else { mixed.cast_signed() }
}

/// Python's `==`.
pub(super) fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Missing, Value::Missing) | (Value::Null, Value::Null) => true,
        (Value::Text(a), Value::Text(b)) => a == b,
        (Value::Tuple(a), Value::Tuple(b)) | (Value::List(a), Value::List(b)) => {
            Rc::ptr_eq(a, b) || a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| equal(a, b))
        }
        (Value::Dict(a), Value::Dict(b)) => Rc::ptr_eq(a, b) || dicts_equal(a, b),
        (Value::Set(a), Value::Set(b)) => {
            a.len() == b.len() && a.keys().iter().all(|key| b.keys().contains(key))
        }
        (Value::Set(a), Value::View(View::Keys, b)) | (Value::View(View::Keys, b), Value::Set(a)) => {
            a.len() == b.len() && a.keys().iter().all(|key| b.entries().contains_key(key))
        }
        (Value::View(View::Keys, a), Value::View(View::Keys, b)) => {
            a.len() == b.len() && a.iter().all(|(key, _)| b.entries().contains_key(key))
        }
        (Value::View(View::Items, a), Value::View(View::Items, b)) => dicts_equal(a, b),
        (Value::Set(a), Value::View(View::Items, b)) | (Value::View(View::Items, b), Value::Set(a)) => {
            a.len() == b.len() && a.keys().iter().all(|key| is_item(key.value(), b))
        }
        (Value::View(View::Values, a), Value::View(View::Values, b)) => Rc::ptr_eq(a, b),
        (Value::Iterator(a), Value::Iterator(b))
        | (Value::Memory(a), Value::Memory(b))
        | (Value::Ordering(a), Value::Ordering(b))
        | (Value::Context(a), Value::Context(b)) => a == b,
        (Value::DateTime(a), Value::DateTime(b)) => a.equals(b),
        (Value::TimeSpan(a), Value::TimeSpan(b)) => a.micros() == b.micros(),
        (Value::Regex(a), Value::Regex(b)) => a == b,
        (Value::Rule(a), Value::Rule(b)) => Rc::ptr_eq(a, b),
        _ => number::compare(left, right).is_some_and(std::cmp::Ordering::is_eq),
    }
}

fn dicts_equal(left: &Dict, right: &Dict) -> bool {
    left.len() == right.len()
        && left.iter().all(|(key, value)| right.entries().get(key).is_some_and(|other| equal(value, other)))
}

/// Whether a pair is an item of a map.
pub(super) fn is_item(pair: &Value, dict: &Dict) -> bool {
    let Value::Tuple(items) = pair else { return false };
    let [wanted, value] = &items[..] else { return false };
    dict.get(wanted).is_ok_and(|found| found.is_some_and(|found| equal(found, value)))
}

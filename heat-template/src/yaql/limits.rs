//! How much an expression may use.
//!
//! Heat sets two limits: collections of 200 elements at most, and a memory quota of 10,000 bytes. The quota is held
//! against the size that CPython's `sys.getsizeof` tells for *single* objects — each argument, each result, each
//! collection while it grows — and not against a sum. [`size_of`] computes these sizes for CPython 3.11 on a machine of
//! 64 bits, for all objects that can become large; all others are far below the quota.
//!
//! A third limit is our own: an expression is given up when it has done a certain amount of work, however small its
//! values are. In the original it would go on for minutes.

use super::fault::{Fault, Result};
use super::value::Value;

/// Heat's `[yaql]limit_iterators`.
pub(crate) const LIMIT_ITERATORS: usize = 200;

/// Heat's `[yaql]memory_quota`, in bytes.
pub(crate) const MEMORY_QUOTA: usize = 10_000;

/// How many steps an expression may take. A call takes one, and another for every 64 bytes it makes.
pub(crate) const FUEL: u64 = 1_000_000;

/// How deep calls may lie in each other, in Python's frames: of the original's 1000 Heat itself needs some hundreds. Not
/// optimised, this much needs less than 1 MiB of stack.
pub(crate) const FRAMES: u32 = 600;

pub(super) fn too_much_memory() -> Box<Fault> {
    Fault::other(format!("the expression uses more memory than the quota of {MEMORY_QUOTA} bytes"))
}

pub(super) fn too_many_elements() -> Box<Fault> {
    Fault::other(format!("a collection has more than {LIMIT_ITERATORS} elements"))
}

/// What `sys.getsizeof` tells of an object.
pub(super) fn size_of(value: &Value) -> usize {
    match value {
        Value::Text(text) => text_size(text),
        Value::Big(value) => 24 + 4 * usize::try_from(value.bits().div_ceil(30)).unwrap_or(usize::MAX / 8),
        Value::Int(value) if value.unsigned_abs() >= 1 << 60 => 36,
        Value::Int(value) if value.unsigned_abs() >= 1 << 30 => 32,
        Value::Bool(_) | Value::Int(_) => 28,
        Value::Null => 16,
        Value::Float(_) => 24,
        Value::Tuple(items) => 40 + 8 * items.len(),
        Value::List(items) => 56 + 8 * items.len(),
        Value::Dict(dict) if !dict.frozen => dict_size(dict.len()),
        Value::Set(set) => set_size(set.len()),
        Value::View(..) => 40,
        Value::DateTime(_) => 48,
        Value::TimeSpan(_) => 40,
        _ => 56,
    }
}

fn text_size(text: &str) -> usize {
    if text.is_ascii() {
        return 49 + text.len();
    }
    let mut widest = '\0';
    let mut length = 0;
    for character in text.chars() {
        widest = widest.max(character);
        length += 1;
    }
    match widest {
        '\0'..='\u{ff}' => 73 + length,
        '\u{100}'..='\u{ffff}' => 74 + 2 * length,
        _ => 76 + 4 * length,
    }
}

/// A plain map that grew to so many entries.
pub(super) fn dict_size(entries: usize) -> usize {
    if entries == 0 {
        return 64;
    }
    let mut slots = 8;
    while slots * 2 / 3 < entries {
        slots *= 2;
    }
    let index = if slots <= 128 { slots } else { slots * 2 };
    96 + index + slots * 2 / 3 * 24
}

/// A set that grew to so many members.
pub(super) fn set_size(members: usize) -> usize {
    let mut slots = 8;
    while members * 5 >= (slots - 1) * 3 {
        slots *= 4;
    }
    if slots == 8 { 216 } else { 216 + slots * 16 }
}

/// A list that grew to so many items, one after the other.
pub(super) fn grown_list_size(items: usize) -> usize {
    let room = if items == 0 { 0 } else { (items + (items >> 3) + 6) & !3 };
    56 + 8 * room
}

/// Fails if a single object is above the quota.
pub(super) fn check_size(value: &Value) -> Result<()> {
    check_bytes(size_of(value))
}

/// Fails above the quota.
pub(super) fn check_bytes(bytes: usize) -> Result<()> {
    if bytes > MEMORY_QUOTA { Err(too_much_memory()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded with `sys.getsizeof` of CPython 3.11.
    #[test]
    fn sizes_are_those_of_cpython() {
        for (text, bytes) in [("", 49), ("a", 50), ("é", 74), ("Ā", 76), ("😀", 80)] {
            assert_eq!(size_of(&Value::text(text)), bytes, "{text}");
        }
        for (value, bytes) in [(0, 28), (1 << 30, 32), (1 << 60, 36)] {
            assert_eq!(size_of(&Value::Int(value)), bytes, "{value}");
        }
        for (entries, bytes) in [(0, 64), (1, 224), (5, 224), (6, 352), (200, 9304)] {
            assert_eq!(dict_size(entries), bytes, "{entries}");
        }
        for (members, bytes) in [(0, 216), (1, 216), (5, 728), (200, 8408)] {
            assert_eq!(set_size(members), bytes, "{members}");
        }
        for (items, bytes) in [(0, 56), (1, 88), (5, 120), (9, 184)] {
            assert_eq!(grown_list_size(items), bytes, "{items}");
        }
    }
}

//! The order of sets.
//!
//! Python goes through a set in the order of its hash table. For members whose hashes are the same in every process
//! (numbers, and tuples of numbers) that order can be seen by a template, and is computed here. For all others it is
//! different in each process of the original; here they keep the order in which they came. One thing is not followed: how
//! large a table remains after operations on sets, which can change the order of five members and more.

use super::fault::Result;
use super::hash::{Key, key};
use super::value::{Set, Value};
use indexmap::IndexSet;

/// How many slots behind the first one are looked at before the next jump.
const LINEAR_PROBES: usize = 9;

/// The members in the order in which Python goes through them.
pub(super) fn in_order(set: &Set) -> Vec<&Value> {
    ordered(set.keys()).into_iter().map(Key::value).collect()
}

/// The keys in the order in which Python goes through them.
pub(super) fn ordered(keys: &IndexSet<Key>) -> Vec<&Key> {
    if !keys.iter().all(|key| key.hash_and_stability().1) {
        return keys.iter().collect();
    }
    let mut table: Vec<Option<&Key>> = vec![None; 8];
    for (used, key) in keys.iter().enumerate() {
        insert(&mut table, key);
        let used = used + 1;
        if used * 5 >= (table.len() - 1) * 3 {
            let mut size = 8;
            while size <= used * 4 {
                size *= 2;
            }
            let mut larger = vec![None; size];
            table.iter().flatten().for_each(|key| insert(&mut larger, key));
            table = larger;
        }
    }
    table.into_iter().flatten().collect()
}

fn insert<'k>(table: &mut [Option<&'k Key>], key: &'k Key) {
    let mask = table.len() - 1;
    let mut perturb = key.hash_and_stability().0.cast_unsigned();
    let low = |bits: u64| usize::try_from(bits & mask as u64).unwrap_or(0);
    let mut at = low(perturb);
    loop {
        let last = if at + LINEAR_PROBES <= mask { at + LINEAR_PROBES } else { at };
        if let Some(free) = (at..=last).find(|slot| table[*slot].is_none()) {
            table[free] = Some(key);
            return;
        }
        perturb >>= 5;
        at = low((at as u64).wrapping_mul(5).wrapping_add(1).wrapping_add(perturb));
    }
}

/// A set of values.
pub(super) fn of(values: impl IntoIterator<Item = Value>) -> Result<Value> {
    let keys: IndexSet<Key> = values.into_iter().map(key).collect::<Result<_>>()?;
    Value::set(keys)
}

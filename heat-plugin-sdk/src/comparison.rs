//! Whether what is observed is what was asked for.

use serde_json::Value;
use std::collections::VecDeque;
use std::net::IpAddr;

/// Whether an observed value meets the one that was asked for.
///
/// Keys that were not asked for may have any value, the order of a list does not count (each item that was asked for has
/// one of its own that meets it), null and empty are the same, numbers are compared by value, and IP addresses, networks
/// and hardware addresses as what they are. This is how drift is judged, so it leans to the side of "nothing has changed".
///
/// ```
/// use heat_plugin_sdk::satisfies;
/// use serde_json::json;
///
/// assert!(satisfies(&json!([{"subnet": "s"}]), &json!([{"subnet": "s", "ip_address": "192.0.2.5"}])));
/// assert!(satisfies(&json!("2001:DB8::1"), &json!("2001:db8::1")));
/// assert!(!satisfies(&json!(300), &json!(600)));
/// ```
pub fn satisfies(wanted: &Value, observed: &Value) -> bool {
    match (wanted, observed) {
        (Value::Object(wanted), Value::Object(observed)) => wanted.iter().all(|(key, value)| {
            value.is_null() || satisfies(value, observed.get(key).unwrap_or(&Value::Null))
        }),
        (Value::Array(wanted), Value::Array(observed)) => same_items(wanted, observed),
        (Value::String(wanted), Value::String(observed)) => same_text(wanted, observed),
        (Value::Number(wanted), Value::Number(observed)) => {
            wanted == observed || wanted.as_f64().is_some() && wanted.as_f64() == observed.as_f64()
        }
        (wanted, observed) => wanted == observed || is_empty(wanted) && is_empty(observed),
    }
}

fn same_items(wanted: &[Value], observed: &[Value]) -> bool {
    if wanted.len() != observed.len() {
        return false;
    }
    // Nearly always the order is the same, and then this is all.
    if wanted.iter().zip(observed).all(|(wanted, observed)| satisfies(wanted, observed)) {
        return true;
    }
    matched(wanted.len(), |item, other| satisfies(&wanted[item], &observed[other]))
}

/// Whether each of `count` items can have another one of `count` others that fits it.
///
/// An item that says little fits many others and must not take the only one of an item that says more, so items that
/// have one move on for those that come later, along a path of such moves.
fn matched(count: usize, fits: impl Fn(usize, usize) -> bool) -> bool {
    let mut held_by: Vec<Option<usize>> = vec![None; count];
    (0..count).all(|item| {
        // Breadth first; every other is reached once.
        let mut reached_from: Vec<Option<usize>> = vec![None; count];
        let mut waiting = VecDeque::from([item]);
        while let Some(wants) = waiting.pop_front() {
            for other in 0..count {
                if reached_from[other].is_some() || !fits(wants, other) {
                    continue;
                }
                reached_from[other] = Some(wants);
                match held_by[other] {
                    Some(holder) => waiting.push_back(holder),
                    None => {
                        move_on(item, other, &reached_from, &mut held_by);
                        return true;
                    }
                }
            }
        }
        false
    })
}

/// Gives the free other to the item that reached it, what that one held to the item that wanted it, and so on.
fn move_on(item: usize, free: usize, reached_from: &[Option<usize>], held_by: &mut [Option<usize>]) {
    let mut other = free;
    while let Some(taker) = reached_from[other] {
        let held = held_by.iter().position(|holder| *holder == Some(taker));
        held_by[other] = Some(taker);
        match held.filter(|_| taker != item) {
            Some(before) => other = before,
            None => return,
        }
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

fn same_text(wanted: &str, observed: &str) -> bool {
    wanted == observed
        || same(wanted, observed, |text| text.parse::<IpAddr>().ok())
        || same(wanted, observed, network)
        || same(wanted, observed, hardware_address)
}

fn same<T: PartialEq>(wanted: &str, observed: &str, read: impl Fn(&str) -> Option<T>) -> bool {
    matches!((read(wanted), read(observed)), (Some(wanted), Some(observed)) if wanted == observed)
}

fn network(text: &str) -> Option<(IpAddr, u8)> {
    let (address, length) = text.split_once('/')?;
    Some((address.parse().ok()?, length.parse().ok()?))
}

fn hardware_address(text: &str) -> Option<String> {
    let bytes: Vec<_> = text.split([':', '-']).collect();
    let hexadecimal = |byte: &&str| byte.len() == 2 && byte.bytes().all(|digit| digit.is_ascii_hexdigit());
    (bytes.len() == 6 && bytes.iter().all(hexadecimal)).then(|| bytes.join(":").to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_was_not_asked_for_may_be_anything() {
        assert!(satisfies(&json!({"a": 1, "b": null}), &json!({"a": 1, "b": 2, "c": 3})));
        assert!(!satisfies(&json!({"a": 1}), &json!({"b": 1})));
        assert!(!satisfies(&json!([{"a": 1}]), &json!([{"a": 1}, {"a": 2}])));
    }

    #[test]
    fn order_and_emptiness_do_not_count_and_number_does() {
        assert!(satisfies(&json!(["a", "b"]), &json!(["b", "a"])));
        assert!(!satisfies(&json!(["a", "a"]), &json!(["b", "a"])));
        assert!(satisfies(&json!(""), &Value::Null) && satisfies(&Value::Null, &json!([])));
        assert!(!satisfies(&json!(false), &Value::Null));
    }

    #[test]
    fn an_item_that_says_little_leaves_the_others_theirs() {
        let card = |port: &str, subnet: &str| json!({"port": port, "subnet": subnet});
        let seen = json!([card("p", "s"), card("q", "s"), card("r", "t")]);
        assert!(satisfies(&json!([{"subnet": "s"}, {"port": "p"}, {}]), &seen));
        assert!(satisfies(&json!([{}, {"subnet": "s"}, {"port": "p"}]), &seen));
        assert!(satisfies(&json!([{}, {"subnet": "s"}, {"subnet": "s"}]), &seen));
        assert!(!satisfies(&json!([{}, {"subnet": "t"}, {"port": "r"}]), &seen));
        assert!(!satisfies(&json!([{"subnet": "s"}, {"subnet": "s"}, {"port": "p"}]), &seen));
    }

    #[test]
    fn numbers_and_addresses_are_compared_as_such() {
        assert!(satisfies(&json!(1.0), &json!(1)));
        assert!(satisfies(&json!("2001:DB8::/32"), &json!("2001:db8::/32")));
        assert!(satisfies(&json!("FA-16-3E-00-00-01"), &json!("fa:16:3e:00:00:01")));
        assert!(!satisfies(&json!("Web"), &json!("web")));
        assert!(!satisfies(&json!("1"), &json!(1)));
    }
}

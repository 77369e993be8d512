//! The constraints by name that need nothing but the value (Heat's `heat/engine/constraint/common_constraints.py`).

use super::check::CustomCheck;
use crate::python::{self, Pattern};
use serde_json::Value;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

/// Names of the constraints that are built in.
pub const NAMES: &[&str] = &[
    "cron_expression",
    "dns_domain",
    "dns_name",
    "expiration",
    "ip_addr",
    "ip_or_cidr",
    "iso_8601",
    "json_string",
    "mac_addr",
    "net_cidr",
    "rel_dns_name",
    "test_constr",
    "timezone",
];

/// Checks by a generic constraint; `None` if it is not one.
pub(crate) fn check(name: &str, value: &Value) -> Option<CustomCheck> {
    let test: fn(&str) -> Result<(), String> = match name {
        "cron_expression" => super::cron::check,
        "dns_domain" => dns_domain,
        "dns_name" => dns_name,
        "expiration" => expiration,
        "ip_addr" => ip_address,
        "ip_or_cidr" => |text| if text.contains('/') { cidr(text) } else { ip_address(text) },
        "iso_8601" => iso_8601,
        "json_string" => json_text,
        "mac_addr" => mac_address,
        "net_cidr" => cidr,
        "rel_dns_name" => relative_dns_name,
        "test_constr" => |_| Ok(()),
        "timezone" => timezone,
        _ => return None,
    };
    // These take nothing for something that need not be said.
    let empty_is_fine = matches!(
        name,
        "cron_expression"
            | "dns_domain"
            | "dns_name"
            | "rel_dns_name"
            | "expiration"
            | "json_string"
            | "timezone"
    );
    Some(match value {
        value if empty_is_fine && !python::truthy(value) => CustomCheck::Satisfied,
        Value::String(text) => match test(text) {
            // Whether a time is over is for somebody with a clock.
            Ok(()) if name == "expiration" => CustomCheck::Deferred,
            Ok(()) => CustomCheck::Satisfied,
            Err(reason) => CustomCheck::Violated(reason),
        },
        // In Heat it sleeps so many seconds, and else says nothing of the value.
        Value::Number(number) if name == "test_constr" => match number.as_f64() {
            Some(seconds) if seconds < 0.0 => {
                CustomCheck::Violated("nobody can wait for less than 0 s".to_owned())
            }
            _ => CustomCheck::Satisfied,
        },
        _ if name == "test_constr" => CustomCheck::Satisfied,
        other => CustomCheck::Violated(format!("it is of type {}, not a text", python::type_name(other))),
    })
}

fn ip_address(text: &str) -> Result<(), String> {
    if text.parse::<Ipv4Addr>().is_ok() || text.parse::<Ipv6Addr>().is_ok() {
        Ok(())
    } else {
        Err("invalid IP address".to_owned())
    }
}

fn cidr(text: &str) -> Result<(), String> {
    let Some((address, prefix)) = text.split_once('/') else {
        return Err(format!("invalid net cidr: '{text}' has no prefix length"));
    };
    let bits = if address.parse::<Ipv4Addr>().is_ok() {
        32
    } else if address.parse::<Ipv6Addr>().is_ok() {
        128
    } else {
        return Err(format!("invalid net cidr: '{address}' is not an IP address"));
    };
    let plain = !prefix.is_empty()
        && prefix.bytes().all(|byte| byte.is_ascii_digit())
        && (prefix.len() == 1 || !prefix.starts_with('0'));
    match prefix.parse::<u32>() {
        Ok(length) if plain && length <= bits => Ok(()),
        _ => Err(format!("invalid net cidr: the prefix length must be a number from 0 to {bits}")),
    }
}

fn mac_address(text: &str) -> Result<(), String> {
    let groups = |separator: char, count: usize, least: usize, most: usize| {
        let mut seen = 0;
        text.split(separator).all(|group| {
            seen += 1;
            (least..=most).contains(&group.len()) && group.bytes().all(|byte| byte.is_ascii_hexdigit())
        }) && seen == count
    };
    let fine = groups(':', 6, 1, 2)
        || groups('-', 6, 1, 2)
        || groups(':', 3, 1, 4)
        || groups('-', 3, 1, 4)
        || groups('.', 3, 1, 4)
        || groups('-', 2, 5, 6)
        || groups(':', 2, 5, 6)
        || ((11..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if fine { Ok(()) } else { Err("invalid MAC address".to_owned()) }
}

const LONGEST_NAME: usize = 255;

fn dns_name(text: &str) -> Result<(), String> {
    let trimmed = text.strip_suffix('.').unwrap_or(text);
    if trimmed.chars().count() > LONGEST_NAME {
        return Err(format!("it is longer than {LONGEST_NAME} characters"));
    }
    let labels: Vec<_> = trimmed.split('.').collect();
    for label in &labels {
        if label.is_empty() {
            return Err("it has an empty component".to_owned());
        }
        if label.starts_with('-') || label.ends_with('-') {
            return Err(format!("'{label}' must not start or end with a hyphen"));
        }
        let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if label.len() > 63 || !label.bytes().all(letters) {
            return Err(format!("'{label}' must be 1 to 63 lower case letters, digits or hyphens"));
        }
    }
    let top = labels.last().copied().unwrap_or_default();
    if text.ends_with('.') && labels.len() > 1 && top.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("the top level domain '{top}' must not be all digits"));
    }
    Ok(())
}

fn relative_dns_name(text: &str) -> Result<(), String> {
    if text.ends_with('.') {
        return Err("it is fully qualified and should be a relative name".to_owned());
    }
    if text.chars().count() > LONGEST_NAME - 3 {
        return Err(format!("with a domain it would be longer than {LONGEST_NAME} characters"));
    }
    dns_name(text)
}

fn dns_domain(text: &str) -> Result<(), String> {
    dns_name(text)?;
    if text.ends_with('.') { Ok(()) } else { Err("it must end with '.'".to_owned()) }
}

fn json_text(text: &str) -> Result<(), String> {
    serde_json::from_str::<serde::de::IgnoredAny>(text)
        .map(drop)
        .map_err(|error| format!("it is not JSON: {error}"))
}

fn iso_8601(text: &str) -> Result<(), String> {
    // The grammar of Python's iso8601 package, which Heat reads times with.
    static GRAMMAR: LazyLock<Option<Pattern>> = LazyLock::new(|| {
        Pattern::new(concat!(
            r"\d{4}((-(0?[1-9]|1[0-2])|(0[1-9]|1[0-2])(?!$))",
            r"((-(0?[1-9]|[12]\d|3[01])|(0[1-9]|[12]\d|3[01]))",
            r"([ T]([01]\d|2[0-3])(:?[0-5]\d)?(:?[0-5]?\d([.,]\d+)?)?(Z|[+-]\d{2}:?(\d{2})?)?)?)?)?\Z",
        ))
        .ok()
    });
    let grammar = GRAMMAR.as_ref().and_then(|grammar| grammar.matches_whole(text).ok()).unwrap_or(false);
    if grammar && day_exists(text) { Ok(()) } else { Err("it is not a time in ISO 8601".to_owned()) }
}

/// Whether the month has the day, for a text that the grammar accepts.
fn day_exists(text: &str) -> bool {
    let date = text.split(['T', ' ']).next().unwrap_or(text);
    let (year, month, day) = if let Some((year, rest)) = date.split_once('-') {
        let (month, day) = rest.split_once('-').unwrap_or((rest, "1"));
        (year, month, day)
    } else if date.len() == 8 {
        (&date[..4], &date[4..6], &date[6..])
    } else {
        return true;
    };
    let (Ok(year), Ok(month), Ok(day)) = (year.parse::<u32>(), month.parse::<u32>(), day.parse::<u32>())
    else {
        return true;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    day <= days
}

fn expiration(text: &str) -> Result<(), String> {
    iso_8601(text.trim())
}

fn timezone(text: &str) -> Result<(), String> {
    if super::timezones::NAMES.binary_search(&text).is_ok() {
        Ok(())
    } else {
        Err("no such timezone".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fine(name: &str, value: Value) -> bool {
        !matches!(check(name, &value).unwrap(), CustomCheck::Violated(_))
    }

    #[test]
    fn addresses_and_networks() {
        assert!(fine("ip_addr", json!("192.0.2.1")));
        assert!(fine("ip_addr", json!("2001:db8::1")));
        for bad in [
            json!("192.0.2"),
            json!("192.0.2.256"),
            json!("192.0.02.1"),
            json!(" 192.0.2.1"),
            json!(5),
            json!(""),
        ] {
            assert!(!fine("ip_addr", bad.clone()), "{bad}");
        }
        assert!(fine("net_cidr", json!("10.0.0.0/8")));
        assert!(fine("net_cidr", json!("10.0.0.5/8")));
        assert!(fine("net_cidr", json!("2001:db8::/32")));
        for bad in ["10.0.0.0/33", "10.0.0.0", "10.0.0.0/255.0.0.0", "10/8", "fe80::/129", "x/1", "10.0.0.0/"]
        {
            assert!(!fine("net_cidr", json!(bad)), "{bad}");
        }
        assert!(fine("ip_or_cidr", json!("10.0.0.1")));
        assert!(fine("ip_or_cidr", json!("10.0.0.0/24")));
        assert!(!fine("ip_or_cidr", json!("10.0.0.0/x")));
        for good in ["52:54:00:ab:cd:ef", "52-54-0-ab-cd-ef", "5254.00ab.cdef", "525400abcdef"] {
            assert!(fine("mac_addr", json!(good)), "{good}");
        }
        assert!(!fine("mac_addr", json!("52:54:00:ab:cd")));
        assert!(!fine("mac_addr", json!("52:54:00:ab:cd:gg")));
    }

    #[test]
    fn names() {
        assert!(fine("dns_name", json!("host-1.example.org.")));
        assert!(fine("dns_name", json!("")));
        for bad in ["-a.b", "a..b", "A.b", "a_b", "a.1."] {
            assert!(!fine("dns_name", json!(bad)), "{bad}");
        }
        assert!(!fine("rel_dns_name", json!("a.b.")));
        assert!(fine("rel_dns_name", json!("a.b")));
        assert!(!fine("dns_domain", json!("a.b")));
        assert!(fine("dns_domain", json!("a.b.")));
    }

    #[test]
    fn times_and_texts() {
        for good in [
            "2016-02-29",
            "20160229T1230",
            "2016-2-9 12:30:00.5Z",
            "2016",
            "2016-02",
            "2020-01-01T00:00:00+02:00",
        ] {
            assert!(fine("iso_8601", json!(good)), "{good}");
        }
        for bad in ["2015-02-29", "201602", "2016-13-01", "12:30", "2016-01-01T25:00"] {
            assert!(!fine("iso_8601", json!(bad)), "{bad}");
        }
        assert_eq!(check("expiration", &json!("2030-01-01")), Some(CustomCheck::Deferred));
        assert!(!fine("expiration", json!("soon")));
        assert!(fine("json_string", json!("{\"a\": 1}")));
        assert!(!fine("json_string", json!("{a: 1}")));
        assert!(fine("timezone", json!("Europe/Berlin")));
        assert!(!fine("timezone", json!("Europe/Bonn")));
        assert!(check("neutron.network", &json!("x")).is_none());
    }

    #[test]
    fn the_constraint_of_tests_takes_any_length_of_time() {
        assert!(fine("test_constr", json!(0)));
        assert!(fine("test_constr", json!(1.5)));
        assert!(!fine("test_constr", json!(-1)));
    }
}

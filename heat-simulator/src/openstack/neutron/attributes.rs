//! Attributes of the API's resources: what may be given when, defaults, and how values are checked and converted.

use super::addresses::Cidr;
use super::resource::Resource;
use crate::cloud::document::{object_of, python_str, text_of};
use crate::cloud::{Caller, Fields, Object};
use crate::http::exchange::{Refusal, Request};
use serde_json::{Value, json};
use std::net::IpAddr;

/// What an attribute is when a creation does not give it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Initial {
    Required,
    /// Not there at all: the resource decides.
    Unset,
    Null,
    Text(&'static str),
    Flag(bool),
    Number(i64),
    Nothing,
}

/// How a value is checked.
#[derive(Debug, Clone, Copy)]
pub(super) enum Check {
    Any,
    Text(usize),
    TextOrNull(usize),
    Flag,
    Uuid,
    UuidOrNull,
    Uuids,
    Subnet,
    SubnetOrNull,
    AddressOrNull,
    OneOf(&'static [&'static str]),
    Number(i64, i64),
    NumberOrNull,
    Mac,
    Addresses,
    Dicts(&'static [&'static str]),
    DictOrNull,
    FixedIps,
}

/// An attribute of a resource.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attribute {
    pub(super) name: &'static str,
    pub(super) post: bool,
    pub(super) put: bool,
    pub(super) initial: Initial,
    pub(super) check: Check,
    /// Only administrators may give it.
    pub(super) admin: bool,
}

/// May be given and changed.
pub(super) const fn free(name: &'static str, initial: Initial, check: Check) -> Attribute {
    Attribute { name, post: true, put: true, initial, check, admin: false }
}

/// May be given, not changed.
pub(super) const fn fixed(name: &'static str, initial: Initial, check: Check) -> Attribute {
    Attribute { name, post: true, put: false, initial, check, admin: false }
}

/// May be given and changed by administrators.
pub(super) const fn privileged(name: &'static str, initial: Initial, check: Check) -> Attribute {
    Attribute { name, post: true, put: true, initial, check, admin: true }
}

/// May only be read.
pub(super) const fn shown(name: &'static str) -> Attribute {
    Attribute { name, post: false, put: false, initial: Initial::Unset, check: Check::Any, admin: false }
}

/// Those that every resource has.
const COMMON: &[Attribute] = &[
    shown("id"),
    fixed("project_id", Initial::Unset, Check::Text(255)),
    fixed("tenant_id", Initial::Unset, Check::Text(255)),
    shown("created_at"),
    shown("updated_at"),
    shown("revision_number"),
    shown("tags"),
];

/// A refusal with the type of an unreadable request.
pub(super) fn bad(message: impl Into<String>) -> Refusal {
    Refusal::typed(400, "HTTPBadRequest", message)
}

/// A refusal by a conversion, which does not say of which attribute.
fn input(reason: &str) -> Refusal {
    Refusal::typed(400, "InvalidInput", format!("Invalid input for operation: {reason}."))
}

/// A refusal of an attribute's value.
pub(super) fn invalid(attribute: &str, reason: &str) -> Refusal {
    bad(format!("Invalid input for {attribute}. Reason: {reason}."))
}

impl Resource {
    /// An attribute of the resource.
    pub(super) fn attribute(&self, name: &str) -> Option<&'static Attribute> {
        self.attributes.iter().chain(COMMON).find(|attribute| attribute.name == name)
    }
}

fn refuse_unknown(resource: &Resource, given: &Object) -> Result<(), Refusal> {
    let unknown: Vec<_> = given.keys().filter(|name| resource.attribute(name).is_none()).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = unknown.iter().map(|name| name.as_str()).collect();
    Err(bad(format!("Unrecognized attribute(s) '{}'", names.join(", "))))
}

fn forbidden(resource: &Resource, action: &str, attribute: &str) -> Refusal {
    Refusal::typed(
        403,
        "PolicyNotAuthorized",
        format!(
            "(rule:{action}_{name} and rule:{action}_{name}:{attribute}) is disallowed by policy",
            name = resource.name
        ),
    )
}

/// A creation's attributes: checked, converted, with defaults, and `project_id` set.
pub(super) fn for_create(resource: &Resource, caller: &Caller, given: &Object) -> Result<Object, Refusal> {
    refuse_unknown(resource, given)?;
    let mut object = Object::new();
    for attribute in resource.attributes {
        let name = attribute.name;
        match given.get(name) {
            Some(value) if attribute.post => {
                let value = checked(name, attribute.check, value)?;
                // Naming the default is no privilege.
                let default = initial(attribute.initial);
                if attribute.admin && !caller.is_admin() && Some(&value) != default.as_ref() {
                    return Err(forbidden(resource, "create", name));
                }
                object.insert(name.to_owned(), value);
            }
            Some(_) => return Err(bad(format!("Attribute '{name}' not allowed in POST"))),
            None if !attribute.post => {}
            None => match attribute.initial {
                Initial::Required => {
                    return Err(bad(format!(
                        "Failed to parse request. Required attribute '{name}' not specified"
                    )));
                }
                other => {
                    if let Some(value) = initial(other) {
                        object.insert(name.to_owned(), value);
                    }
                }
            },
        }
    }
    for name in ["id", "created_at", "updated_at", "revision_number", "tags"] {
        if given.contains_key(name) {
            return Err(bad(format!("Attribute '{name}' not allowed in POST")));
        }
    }
    let asked = [given.text("project_id"), given.text("tenant_id")].into_iter().find(|id| !id.is_empty());
    let project = asked.unwrap_or(&caller.project_id);
    if project != caller.project_id && !caller.is_admin() {
        return Err(Refusal::typed(
            403,
            "HTTPForbidden",
            "Specifying 'project_id' or 'tenant_id' other than the authenticated project in request requires admin privileges",
        ));
    }
    object.set("project_id", project);
    Ok(object)
}

fn initial(initial: Initial) -> Option<Value> {
    Some(match initial {
        Initial::Required | Initial::Unset => return None,
        Initial::Null => Value::Null,
        Initial::Text(text) => text.into(),
        Initial::Flag(flag) => flag.into(),
        Initial::Number(number) => number.into(),
        Initial::Nothing => json!([]),
    })
}

/// An update's attributes: checked and converted.
pub(super) fn for_update(resource: &Resource, caller: &Caller, request: &Request) -> Result<Object, Refusal> {
    let body = request.json().unwrap_or(Value::Null);
    let Some(Value::Object(given)) = body.get(resource.name) else {
        return Err(bad(format!("Unable to find '{}' in request body", resource.name)));
    };
    refuse_unknown(resource, given)?;
    let mut changes = Object::new();
    for (name, value) in given {
        let Some(attribute) = resource.attribute(name) else { continue };
        if !attribute.put {
            return Err(bad(format!("Cannot update read-only attribute {name}")));
        }
        if attribute.admin && !caller.is_admin() {
            return Err(forbidden(resource, "update", name));
        }
        changes.insert(name.clone(), checked(name, attribute.check, value)?);
    }
    Ok(changes)
}

/// A value as its attribute stores it.
fn checked(name: &str, check: Check, value: &Value) -> Result<Value, Refusal> {
    let no = |reason: String| Err(invalid(name, &reason));
    let quoted = || format!("'{}'", python_str(value));
    match check {
        Check::Any => Ok(value.clone()),
        Check::TextOrNull(_)
        | Check::UuidOrNull
        | Check::SubnetOrNull
        | Check::AddressOrNull
        | Check::DictOrNull
        | Check::NumberOrNull
            if value.is_null() =>
        {
            Ok(Value::Null)
        }
        Check::Text(most) | Check::TextOrNull(most) => match value.as_str() {
            Some(text) if text.chars().count() > most => {
                no(format!("'{text}' exceeds maximum length of {most}"))
            }
            Some(_) => Ok(value.clone()),
            None => no(format!("{} is not a valid string", quoted())),
        },
        Check::Flag => flag(value)
            .map(Value::Bool)
            .ok_or_else(|| input(&format!("{} cannot be converted to boolean", quoted()))),
        Check::Uuid | Check::UuidOrNull => match value.as_str() {
            Some(text) if is_uuid(text) => Ok(value.clone()),
            _ => no(format!("{} is not a valid UUID", quoted())),
        },
        Check::Uuids => match value {
            Value::Array(items) => match items.iter().find(|item| !item.as_str().is_some_and(is_uuid)) {
                None => Ok(value.clone()),
                Some(item) => no(format!("'{}' is not a valid UUID", python_str(item))),
            },
            Value::Null => Ok(json!([])),
            _ => no(format!("{} is not a list", quoted())),
        },
        // A subnet's own range is brought into its canonical form; a rule's prefix stays as it was given.
        Check::Subnet if value.is_null() => Ok(Value::Null),
        Check::Subnet => match value.as_str().and_then(Cidr::parse) {
            None => Err(input(&format!("{} is not in a CIDR format", python_str(value)))),
            Some((cidr, _)) => Ok(cidr.to_string().into()),
        },
        Check::SubnetOrNull => match value.as_str().and_then(Cidr::parse) {
            None => no(format!("{} is not a valid IP subnet", quoted())),
            Some(_) => Ok(value.clone()),
        },
        Check::AddressOrNull => match value.as_str().and_then(|text| text.parse::<IpAddr>().ok()) {
            Some(address) => Ok(address.to_string().into()),
            None => no(format!("{} is not a valid IP address", quoted())),
        },
        Check::OneOf(allowed) => match value.as_str() {
            Some(text) if allowed.contains(&text) => Ok(value.clone()),
            _ if allowed.contains(&"") && value.is_null() => Ok(Value::Null),
            _ => no(format!("{} is not in valid_values", python_str(value))),
        },
        Check::NumberOrNull => {
            integer(value).map_or_else(|| no(format!("{} is not an integer", quoted())), |n| Ok(json!(n)))
        }
        Check::Number(least, most) => match integer(value) {
            None => no(format!("{} is not an integer", quoted())),
            Some(number) if number < least => {
                no(format!("'{number}' is too small - must be at least '{least}'"))
            }
            Some(number) if number > most => {
                no(format!("'{number}' is too large - must be no larger than '{most}'"))
            }
            Some(number) => Ok(json!(number)),
        },
        Check::Mac => match value.as_str().and_then(mac) {
            Some(mac) => Ok(mac.into()),
            None => no(format!("{} is not a valid MAC address", quoted())),
        },
        Check::Addresses => {
            let Value::Array(items) = value else {
                return if value.is_null() {
                    Ok(json!([]))
                } else {
                    no(format!("Invalid data format for nameserver: {}", quoted()))
                };
            };
            let mut seen = Vec::new();
            for item in items {
                let Some(address) = item.as_str().and_then(|text| text.parse::<IpAddr>().ok()) else {
                    return no(format!(
                        "'{}' is not a valid nameserver. '{}' is not a valid IP address",
                        python_str(item),
                        python_str(item)
                    ));
                };
                if seen.contains(&address) {
                    return no(format!("Duplicate nameserver '{address}'"));
                }
                seen.push(address);
            }
            Ok(value.clone())
        }
        Check::Dicts(keys) => match value {
            Value::Null => Ok(json!([])),
            Value::Array(items) => {
                for item in items {
                    let Some(map) = item.as_object() else {
                        return no(format!("'{}' is not a dictionary", python_str(item)));
                    };
                    if let Some(missing) = keys.iter().find(|key| !map.contains_key(**key)) {
                        return no(format!(
                            "Validation of dictionary's keys failed. Expected keys: {missing}"
                        ));
                    }
                }
                Ok(value.clone())
            }
            _ => no(format!("{} is not a list", quoted())),
        },
        Check::DictOrNull => {
            if value.is_object() {
                Ok(value.clone())
            } else {
                no(format!("{} is not a dictionary", quoted()))
            }
        }
        Check::FixedIps => fixed_ips(name, value),
    }
}

fn fixed_ips(name: &str, value: &Value) -> Result<Value, Refusal> {
    let Value::Array(items) = value else {
        return Err(invalid(name, &format!("Invalid data format for fixed IP: '{}'", python_str(value))));
    };
    let mut addresses = Vec::new();
    for item in items {
        let Some(map) = item.as_object() else {
            return Err(invalid(name, &format!("Invalid data format for fixed IP: '{}'", python_str(item))));
        };
        if let Some(subnet) = map.get("subnet_id").filter(|subnet| !subnet.as_str().is_some_and(is_uuid)) {
            return Err(invalid(name, &format!("'{}' is not a valid UUID", python_str(subnet))));
        }
        if let Some(address) = map.get("ip_address") {
            let Some(parsed) = address.as_str().and_then(|text| text.parse::<IpAddr>().ok()) else {
                return Err(invalid(name, &format!("'{}' is not a valid IP address", python_str(address))));
            };
            if addresses.contains(&parsed) {
                return Err(invalid(name, &format!("Duplicate IP address '{parsed}'")));
            }
            addresses.push(parsed);
        }
    }
    Ok(items.iter().map(|item| Value::Object(object_of(item.clone()))).collect())
}

/// A truth as Neutron reads it.
fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "on" | "t" | "yes" | "y" => Some(true),
            "false" | "0" | "off" | "f" | "no" | "n" => Some(false),
            _ => None,
        },
        Value::Number(number) => match number.as_i64() {
            Some(1) => Some(true),
            Some(0) => Some(false),
            _ => None,
        },
        _ => None,
    }
}

fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// Whether a text is a UUID, with or without dashes.
pub(super) fn is_uuid(text: &str) -> bool {
    uuid::Uuid::try_parse(text).is_ok()
}

fn mac(text: &str) -> Option<String> {
    let parts: Vec<_> = text.split([':', '-']).collect();
    let good =
        parts.len() == 6 && parts.iter().all(|part| part.len() == 2 && u8::from_str_radix(part, 16).is_ok());
    good.then(|| parts.join(":").to_ascii_lowercase())
}

/// A list of subnets in a text, for messages.
pub(super) fn pool_text(pool: &Value) -> String {
    format!("{}-{}", text_of(pool, "start"), text_of(pool, "end"))
}

//! How Rust types are the types of properties.

use crate::Secret;
use heat_template::schema::{Constraint, PropertySchema, Translation, ValueType};
use indexmap::IndexMap;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What can be known of a type's values while a crate is compiled: against this the derives check defaults and constraints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Any text.
    Text,
    /// One of these words.
    Words(&'static [&'static str]),
    /// A whole number.
    Integer {
        /// Least value.
        min: i128,
        /// Greatest value.
        max: i128,
    },
    /// Any number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A list of such items.
    List(&'static Shape),
    /// A map.
    Map,
    /// Nothing is known.
    Any,
}

/// A Rust type that a property, or a part of one, can have.
///
/// Derive it for enums of unit variants, for structs that are maps, and for structs around one value:
///
/// ```
/// use heat_plugin_sdk::PropertyType;
/// use heat_plugin_sdk::schema::{Constraint, ValueType};
///
/// /// A range of addresses.
/// #[derive(Debug, serde::Deserialize, PropertyType)]
/// #[property(constraint(custom("net_cidr")))]
/// struct Cidr(String);
///
/// #[derive(Debug, serde::Deserialize, PropertyType)]
/// #[serde(rename_all = "snake_case")]
/// enum AddressMode {
///     Slaac,
///     DhcpStateful,
/// }
///
/// assert_eq!(Cidr::schema().constraints, [Constraint::custom("net_cidr")]);
/// assert_eq!(AddressMode::schema().value_type, ValueType::String);
/// assert_eq!(AddressMode::schema().constraints, [Constraint::allowed(["slaac", "dhcp_stateful"])]);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a type that a property or an attribute can have",
    label = "a template has no such value",
    note = "derive `heat_plugin_sdk::PropertyType` for your own structs and enums",
    note = "or say what it is: `#[property(schema = …)]` on a property, `#[attribute(type = …)]` on an attribute"
)]
pub trait PropertyType {
    /// `true` for `Option`: such a property need not be given.
    const OPTIONAL: bool = false;

    /// What can be known of the values while a crate is compiled.
    const SHAPE: Shape = Shape::Any;

    /// `true` for [`Secret`], alone or inside: `Debug` does not print such a value.
    const SECRET: bool = false;

    /// The schema without name, description and what the field's own attributes add.
    fn schema() -> PropertySchema;

    /// Rules for what is inside, with paths that begin there.
    fn inner_translations() -> Vec<Translation> {
        Vec::new()
    }

    /// The type of such a value as an attribute; `None` where it can be anything.
    fn attribute_type() -> Option<ValueType> {
        match Self::schema().value_type {
            ValueType::Any => None,
            other => Some(other),
        }
    }
}

macro_rules! simple {
    ($($rust:ty => $value:ident, $shape:expr;)*) => {$(
        impl PropertyType for $rust {
            const SHAPE: Shape = $shape;

            fn schema() -> PropertySchema { PropertySchema::new(ValueType::$value) }
        }
    )*};
}

simple! {
    String => String, Shape::Text;
    Box<str> => String, Shape::Text;
    bool => Boolean, Shape::Boolean;
    i64 => Integer, Shape::Integer { min: i64::MIN as i128, max: i64::MAX as i128 };
    f64 => Number, Shape::Number;
    f32 => Number, Shape::Number;
    serde_json::Number => Number, Shape::Number;
    Value => Any, Shape::Any;
    Map<String, Value> => Map, Shape::Map;
}

macro_rules! integers {
    ($($rust:ty)*) => {$(
        impl PropertyType for $rust {
            const SHAPE: Shape = Shape::Integer { min: <$rust>::MIN as i128, max: <$rust>::MAX as i128 };

            fn schema() -> PropertySchema {
                PropertySchema::new(ValueType::Integer)
                    .constraint(Constraint::range(Some(<$rust>::MIN as i64), Some(<$rust>::MAX as i64)))
            }
        }
    )*};
}

integers! { u8 u16 u32 i8 i16 i32 }

impl PropertyType for u64 {
    const SHAPE: Shape = Shape::Integer { min: 0, max: u64::MAX as i128 };

    fn schema() -> PropertySchema {
        PropertySchema::new(ValueType::Integer).constraint(Constraint::range(Some(0), None))
    }
}

macro_rules! addresses {
    ($($rust:ty)*) => {$(
        impl PropertyType for $rust {
            const SHAPE: Shape = Shape::Text;

            fn schema() -> PropertySchema {
                PropertySchema::new(ValueType::String).constraint(Constraint::custom("ip_addr"))
            }
        }
    )*};
}

addresses! { IpAddr Ipv4Addr Ipv6Addr }

impl<T: PropertyType> PropertyType for Option<T> {
    const OPTIONAL: bool = true;
    const SHAPE: Shape = T::SHAPE;
    const SECRET: bool = T::SECRET;

    fn schema() -> PropertySchema {
        T::schema()
    }

    fn inner_translations() -> Vec<Translation> {
        T::inner_translations()
    }
}

impl<T: PropertyType> PropertyType for Box<T> {
    const OPTIONAL: bool = T::OPTIONAL;
    const SHAPE: Shape = T::SHAPE;
    const SECRET: bool = T::SECRET;

    fn schema() -> PropertySchema {
        T::schema()
    }

    fn inner_translations() -> Vec<Translation> {
        T::inner_translations()
    }
}

macro_rules! lists {
    ($($list:ident)*) => {$(
        impl<T: PropertyType> PropertyType for $list<T> {
            const SHAPE: Shape = Shape::List(&T::SHAPE);
            const SECRET: bool = T::SECRET;

            fn schema() -> PropertySchema {
                match T::schema() {
                    any if any.value_type == ValueType::Any => PropertySchema::new(ValueType::List),
                    item => {
                        let secret = item.secret;
                        PropertySchema { secret, ..PropertySchema::list_of(item) }
                    }
                }
            }

            fn inner_translations() -> Vec<Translation> {
                T::inner_translations()
            }
        }
    )*};
}

lists! { Vec BTreeSet }

impl<T: PropertyType> PropertyType for Secret<T> {
    const OPTIONAL: bool = T::OPTIONAL;
    const SHAPE: Shape = T::SHAPE;
    const SECRET: bool = true;

    fn schema() -> PropertySchema {
        T::schema().secret()
    }

    fn inner_translations() -> Vec<Translation> {
        T::inner_translations()
    }
}

macro_rules! maps {
    ($($map:ident)*) => {$(
        /// A map with any keys; Heat has no schema for the values of such a map.
        impl<T: PropertyType> PropertyType for $map<String, T> {
            const SHAPE: Shape = Shape::Map;
            const SECRET: bool = T::SECRET;

            fn schema() -> PropertySchema {
                PropertySchema { secret: T::schema().secret, ..PropertySchema::new(ValueType::Map) }
            }
        }
    )*};
}

maps! { BTreeMap HashMap IndexMap }

//! How Rust types are properties and attributes of a resource type.

use crate::{Failure, Result, Secret};
use heat_template::schema::{AttributeSchema, Constraint, PropertySchema, Translation, ValueType};
use indexmap::IndexMap;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// All properties of a resource type as one struct. Derive it beside `serde::Deserialize`.
pub trait Properties: DeserializeOwned + Send + Sync + 'static {
    /// The schema of each property, in order.
    fn fields() -> IndexMap<String, PropertySchema>;

    /// Rules that turn properties as written into properties as used.
    fn translations() -> Vec<Translation> {
        Vec::new()
    }

    /// Reads the struct from properties that were checked against [`fields`](Self::fields): coerced, defaults filled in.
    ///
    /// # Errors
    /// Class `Invalid`: the values do not fit the struct, though they fit the schema.
    fn decode(values: &Map<String, Value>) -> Result<Self> {
        // A property that is not given may stand as null in resolved properties; for serde it is simply not there.
        let given: Map<_, _> = values
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect();
        serde_json::from_value(Value::Object(given))
            .map_err(|error| Failure::invalid(None, format!("the properties do not fit: {error}")))
    }
}

/// No properties.
impl Properties for () {
    fn fields() -> IndexMap<String, PropertySchema> {
        IndexMap::new()
    }

    fn decode(_: &Map<String, Value>) -> Result<Self> {
        Ok(())
    }
}

/// Properties whose schema is built at run time: override [`Resource::schema`](crate::Resource::schema).
impl Properties for Map<String, Value> {
    fn fields() -> IndexMap<String, PropertySchema> {
        IndexMap::new()
    }

    fn decode(values: &Map<String, Value>) -> Result<Self> {
        Ok(values.clone())
    }
}

/// All attributes of a resource type as one struct. Derive it beside `serde::Serialize`.
pub trait Attributes: Serialize + Send + Sync + 'static {
    /// The schema of each attribute, in order.
    fn fields() -> IndexMap<String, AttributeSchema>;
}

/// No attributes.
impl Attributes for () {
    fn fields() -> IndexMap<String, AttributeSchema> {
        IndexMap::new()
    }
}

/// Attributes whose schema is built at run time: override [`Resource::schema`](crate::Resource::schema).
impl Attributes for Map<String, Value> {
    fn fields() -> IndexMap<String, AttributeSchema> {
        IndexMap::new()
    }
}

/// A Rust type that a property, or a part of one, can have.
pub trait PropertyType {
    /// `true` for `Option`: such a property need not be given.
    const OPTIONAL: bool = false;

    /// The schema without name, description and what the field's own attributes add.
    fn schema() -> PropertySchema;

    /// The type of such a value as an attribute; `None` where it can be anything.
    fn attribute_type() -> Option<ValueType> {
        match Self::schema().value_type {
            ValueType::Any => None,
            // Heat has no attribute type for floats beside numbers.
            other => Some(other),
        }
    }
}

macro_rules! simple {
    ($($rust:ty => $value:ident;)*) => {$(
        impl PropertyType for $rust {
            fn schema() -> PropertySchema { PropertySchema::new(ValueType::$value) }
        }
    )*};
}

simple! {
    String => String;
    Box<str> => String;
    bool => Boolean;
    i64 => Integer;
    f64 => Number;
    f32 => Number;
    serde_json::Number => Number;
    Value => Any;
    Map<String, Value> => Map;
}

macro_rules! integers {
    ($($rust:ty)*) => {$(
        impl PropertyType for $rust {
            fn schema() -> PropertySchema {
                PropertySchema::new(ValueType::Integer)
                    .constraint(Constraint::range(Some(<$rust>::MIN as i64), Some(<$rust>::MAX as i64)))
            }
        }
    )*};
}

integers! { u8 u16 u32 i8 i16 i32 }

impl PropertyType for u64 {
    fn schema() -> PropertySchema {
        PropertySchema::new(ValueType::Integer).constraint(Constraint::range(Some(0), None))
    }
}

macro_rules! addresses {
    ($($rust:ty)*) => {$(
        impl PropertyType for $rust {
            fn schema() -> PropertySchema {
                PropertySchema::new(ValueType::String).constraint(Constraint::custom("ip_addr"))
            }
        }
    )*};
}

addresses! { IpAddr Ipv4Addr Ipv6Addr }

impl<T: PropertyType> PropertyType for Option<T> {
    const OPTIONAL: bool = true;

    fn schema() -> PropertySchema {
        T::schema()
    }
}

impl<T: PropertyType> PropertyType for Vec<T> {
    fn schema() -> PropertySchema {
        match T::schema() {
            any if any.value_type == ValueType::Any => PropertySchema::new(ValueType::List),
            item => PropertySchema::list_of(item),
        }
    }
}

impl<T: PropertyType> PropertyType for Secret<T> {
    const OPTIONAL: bool = T::OPTIONAL;

    fn schema() -> PropertySchema {
        T::schema().secret()
    }
}

macro_rules! maps {
    ($($map:ident)*) => {$(
        impl<T: PropertyType> PropertyType for $map<String, T> {
            fn schema() -> PropertySchema { PropertySchema::new(ValueType::Map) }
        }
    )*};
}

maps! { BTreeMap HashMap IndexMap }

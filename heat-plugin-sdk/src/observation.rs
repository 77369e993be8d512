//! What `read` sees of an object, and what `create` says of the one that it made.

use crate::{Attributes, Failure, PhysicalId, Resource, Result};
use serde::Serialize;
use serde_json::{Map, Value};
use std::fmt;
use std::marker::PhantomData;

/// How far an object is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It is there and does what it should.
    Ready,
    /// It is on its way; the text says what it waits for (`BUILD`, `scheduling`).
    Working(String),
    /// It is there and broken; the text is the service's reason.
    Failed(String),
}

/// One property as observed. Its value may be secret, so it is not printed.
#[derive(Clone, PartialEq)]
pub enum ObservedProperty {
    /// Its value now, in the shape of the property's schema.
    Known(Value),
    /// The service does not tell it (passwords, user data).
    Unreadable,
}

impl fmt::Debug for ObservedProperty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Known(_) => "Known(..)",
            Self::Unreadable => "Unreadable",
        })
    }
}

/// What `read` saw, as plain data. Values may be secret, so only names are printed.
#[derive(Clone, PartialEq)]
pub struct Observation {
    /// How far the object is.
    pub state: State,
    /// Properties by name. One that is missing here was not looked at and is not compared.
    pub properties: indexmap::IndexMap<String, ObservedProperty>,
    /// Attributes by name.
    pub attributes: Map<String, Value>,
    /// The service's whole answer, which becomes the attribute `show`.
    pub show: Option<Value>,
}

impl fmt::Debug for Observation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observation")
            .field("state", &self.state)
            .field("properties", &self.properties)
            .field("attributes", &self.attributes.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl Observation {
    /// An object in this state of which nothing else is known.
    pub fn new(state: State) -> Self {
        Self { state, properties: indexmap::IndexMap::new(), attributes: Map::new(), show: None }
    }
}

/// What `read` saw of a resource of type `R`: an [`Observation`] that is built with the type's own attributes.
pub struct Observed<R: ?Sized> {
    observation: Observation,
    resource: PhantomData<fn(&R)>,
}

impl<R: Resource> Observed<R> {
    /// The object is there and does what it should.
    pub fn ready() -> Self {
        Self::new(State::Ready)
    }

    /// The object is on its way.
    pub fn working(reason: impl Into<String>) -> Self {
        Self::new(State::Working(reason.into()))
    }

    /// The object is broken.
    pub fn failed(reason: impl Into<String>) -> Self {
        Self::new(State::Failed(reason.into()))
    }

    /// An object in this state.
    pub fn new(state: State) -> Self {
        Self { observation: Observation::new(state), resource: PhantomData }
    }

    /// Adds a property with its present value.
    ///
    /// # Errors
    /// A value that cannot be written as JSON.
    pub fn property(mut self, name: impl Into<String>, value: impl Serialize) -> Result<Self> {
        let name = name.into();
        let value = to_json(&name, value)?;
        self.observation.properties.insert(name, ObservedProperty::Known(value));
        Ok(self)
    }

    /// Adds a property that the service does not tell.
    #[must_use]
    pub fn unreadable(mut self, name: impl Into<String>) -> Self {
        self.observation.properties.insert(name.into(), ObservedProperty::Unreadable);
        self
    }

    /// Sets the observed attributes; those that are known at creation or on demand only are left out.
    ///
    /// # Errors
    /// Attributes that cannot be written as a JSON map.
    pub fn attributes(mut self, attributes: &R::Attributes) -> Result<Self> {
        self.observation.attributes = attributes.observed()?;
        Ok(self)
    }

    /// Sets the service's whole answer, the attribute `show`.
    #[must_use]
    pub fn show(mut self, answer: Value) -> Self {
        self.observation.show = Some(answer);
        self
    }
}

impl<R: ?Sized> Observed<R> {
    /// How far the object is.
    pub fn state(&self) -> &State {
        &self.observation.state
    }

    /// The value of a property, if it was observed.
    pub fn known(&self, property: &str) -> Option<&Value> {
        match self.observation.properties.get(property) {
            Some(ObservedProperty::Known(value)) => Some(value),
            _ => None,
        }
    }

    /// The value of an attribute, if it was observed.
    pub fn attribute(&self, name: &str) -> Option<&Value> {
        self.observation.attributes.get(name)
    }

    /// The plain data.
    pub fn observation(&self) -> &Observation {
        &self.observation
    }

    /// The plain data, owned.
    pub fn into_observation(self) -> Observation {
        self.observation
    }

    /// Plain data as seen by this type.
    pub fn from_observation(observation: Observation) -> Self {
        Self { observation, resource: PhantomData }
    }
}

impl<R: ?Sized> fmt::Debug for Observed<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observed").field("state", &self.observation.state).finish_non_exhaustive()
    }
}

impl<R: ?Sized> Clone for Observed<R> {
    fn clone(&self) -> Self {
        Self::from_observation(self.observation.clone())
    }
}

/// What `create` made.
#[derive(Clone, PartialEq)]
pub struct Created {
    /// The id under which the service knows it.
    pub id: PhysicalId,
    /// Attributes that only the answer to the creation tells (a generated private key).
    pub attributes: Map<String, Value>,
    /// What the answer to the creation showed already; saves the first read.
    pub observation: Option<Observation>,
    /// Nothing more is to be waited for or done: the engine neither reads nor asks for progress.
    pub complete: bool,
}

impl Created {
    /// An object with this id.
    pub fn new(id: impl Into<PhysicalId>) -> Self {
        Self { id: id.into(), attributes: Map::new(), observation: None, complete: false }
    }

    /// Adds an attribute that only now is known.
    #[must_use]
    pub fn attribute(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.attributes.insert(name.into(), value.into());
        self
    }

    /// Says that the object is there and ready with this answer: nothing more is waited for or done.
    #[must_use]
    pub fn complete<R>(mut self, observed: Observed<R>) -> Self {
        self.observation = Some(observed.into_observation());
        self.complete = true;
        self
    }

    /// Adds what the answer showed of the object.
    #[must_use]
    pub fn observed<R>(mut self, observed: Observed<R>) -> Self {
        self.observation = Some(observed.into_observation());
        self
    }
}

/// Attributes may be secret, so only the id is printed.
impl fmt::Debug for Created {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Created").field("id", &self.id).finish_non_exhaustive()
    }
}

fn to_json(what: &str, value: impl Serialize) -> Result<Value> {
    serde_json::to_value(value)
        .map_err(|error| Failure::failed(format!("{what} cannot be written as JSON: {error}")))
}

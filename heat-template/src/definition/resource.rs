//! An enabled resource of a definition.

use super::Facts;
use crate::evaluated::Evaluated;
use crate::expression::{Expression, References};
use crate::source::Span;
use crate::template::{DependsOn, Resource};

/// What a deletion of a resource does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum DeletionPolicy {
    /// What it stands for is deleted.
    #[default]
    Delete,
    /// What it stands for is left alone.
    Retain,
    /// What it stands for is saved, then deleted.
    Snapshot,
}

impl DeletionPolicy {
    /// All policies.
    pub const ALL: [Self; 3] = [Self::Delete, Self::Retain, Self::Snapshot];

    /// Its name in every dialect.
    pub fn name(self) -> &'static str {
        match self {
            Self::Delete => "Delete",
            Self::Retain => "Retain",
            Self::Snapshot => "Snapshot",
        }
    }

    /// Its other name, from 2016-10-14 on.
    pub fn lower_case_name(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Retain => "retain",
            Self::Snapshot => "snapshot",
        }
    }
}

/// An enabled resource: what the template says, and what is known of it.
#[derive(Clone, Copy)]
pub struct DefinedResource<'a> {
    pub(super) resource: &'a Resource,
    pub(super) facts: &'a Facts,
}

impl std::fmt::Debug for DefinedResource<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DefinedResource")
            .field("name", &self.resource.name)
            .field("type_name", &self.resource.type_name)
            .finish_non_exhaustive()
    }
}

impl<'a> DefinedResource<'a> {
    /// Its name.
    pub fn name(&self) -> &'a str {
        &self.resource.name
    }

    /// Its type as it is written; the environment may map it to another one.
    pub fn type_name(&self) -> &'a str {
        &self.resource.type_name
    }

    /// Its properties: a map, or a function that gives one.
    pub fn properties(&self) -> Option<&'a Expression> {
        self.resource.properties.as_ref()
    }

    /// Its metadata: a map, or a function that gives one.
    pub fn metadata(&self) -> Option<&'a Expression> {
        self.resource.metadata.as_ref()
    }

    /// The resources that it says it depends on; see [`super::Definition::dependencies`] for all.
    pub fn depends_on(&self) -> &'a [DependsOn] {
        &self.resource.depends_on
    }

    /// What a deletion does to it; one with an external id is always left alone.
    pub fn deletion_policy(&self) -> DeletionPolicy {
        if self.facts.external_id.is_some() { DeletionPolicy::Retain } else { self.facts.deletion_policy }
    }

    /// How it is updated: a map, or a function that gives one.
    pub fn update_policy(&self) -> Option<&'a Expression> {
        self.resource.update_policy()
    }

    /// What it is, for people.
    pub fn description(&self) -> Option<&'a str> {
        self.resource.description.as_deref()
    }

    /// The physical id of something that exists already.
    pub fn external_id(&self) -> Option<&'a Evaluated> {
        self.facts.external_id.as_deref()
    }

    /// What its properties and metadata need from outside.
    pub fn references(&self) -> &'a References {
        &self.facts.references
    }

    /// Where its name stands.
    pub fn span(&self) -> Span {
        self.resource.span
    }

    /// The resource as it is written.
    pub fn resource(&self) -> &'a Resource {
        self.resource
    }
}

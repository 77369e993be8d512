//! How the two families spell sections and keys.

use super::Dialect;
use crate::parameter::ParameterType;

/// Names of sections, and of the keys of resources and outputs.
#[derive(Debug)]
pub struct SectionKeys {
    /// Text about the template.
    pub description: &'static str,
    /// Groups of parameters.
    pub parameter_groups: Option<&'static str>,
    /// Parameters.
    pub parameters: &'static str,
    /// Tables for `Fn::FindInMap`.
    pub mappings: Option<&'static str>,
    /// Conditions.
    pub conditions: &'static str,
    /// Resources.
    pub resources: &'static str,
    /// Outputs.
    pub outputs: &'static str,
    /// Type of a resource.
    pub resource_type: &'static str,
    /// Properties of a resource.
    pub properties: &'static str,
    /// Metadata of a resource.
    pub metadata: &'static str,
    /// Explicit dependencies of a resource.
    pub depends_on: &'static str,
    /// What a deletion does to a resource.
    pub deletion_policy: &'static str,
    /// How a resource is updated.
    pub update_policy: &'static str,
    /// Text about a resource.
    pub resource_description: &'static str,
    /// The physical id of a resource that exists already.
    pub external_id: &'static str,
    /// Condition of a resource or an output.
    pub condition: &'static str,
    /// Text about an output.
    pub output_description: &'static str,
    /// Value of an output.
    pub output_value: &'static str,
}

pub(super) static HOT: SectionKeys = SectionKeys {
    description: "description",
    parameter_groups: Some("parameter_groups"),
    parameters: "parameters",
    mappings: None,
    conditions: "conditions",
    resources: "resources",
    outputs: "outputs",
    resource_type: "type",
    properties: "properties",
    metadata: "metadata",
    depends_on: "depends_on",
    deletion_policy: "deletion_policy",
    update_policy: "update_policy",
    resource_description: "description",
    external_id: "external_id",
    condition: "condition",
    output_description: "description",
    output_value: "value",
};

pub(super) static CFN: SectionKeys = SectionKeys {
    description: "Description",
    parameter_groups: None,
    parameters: "Parameters",
    mappings: Some("Mappings"),
    conditions: "Conditions",
    resources: "Resources",
    outputs: "Outputs",
    resource_type: "Type",
    properties: "Properties",
    metadata: "Metadata",
    depends_on: "DependsOn",
    deletion_policy: "DeletionPolicy",
    update_policy: "UpdatePolicy",
    resource_description: "Description",
    external_id: "external_id",
    condition: "Condition",
    output_description: "Description",
    output_value: "Value",
};

/// The keys of a parameter's declaration.
#[derive(Debug)]
pub struct ParameterKeys {
    /// Its type.
    pub type_key: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// Its value where none is given.
    pub default: &'static str,
    /// Its value is never shown.
    pub hidden: &'static str,
    /// A name for people.
    pub label: &'static str,
    /// It may not be changed.
    pub immutable: Option<&'static str>,
    /// Words for sorting.
    pub tags: Option<&'static str>,
    /// Keys with constraints, and such without effect.
    others: &'static [&'static str],
    names: fn(ParameterType) -> &'static str,
}

impl ParameterKeys {
    /// All keys that a dialect knows.
    pub fn all(&self, dialect: &Dialect) -> impl Iterator<Item = &'static str> {
        let tags = self.tags.filter(|_| dialect.has_tags());
        [self.type_key, self.description, self.default, self.hidden, self.label]
            .into_iter()
            .chain(self.immutable)
            .chain(tags)
            .chain(self.others.iter().copied())
    }

    /// How a type is written.
    pub fn type_name(&self, parameter_type: ParameterType) -> &'static str {
        (self.names)(parameter_type)
    }
}

pub(super) static HOT_PARAMETER: ParameterKeys = ParameterKeys {
    type_key: "type",
    description: "description",
    default: "default",
    hidden: "hidden",
    label: "label",
    immutable: Some("immutable"),
    tags: Some("tags"),
    others: &["constraints", "schema"],
    names: ParameterType::hot_name,
};

pub(super) static CFN_PARAMETER: ParameterKeys = ParameterKeys {
    type_key: "Type",
    description: "Description",
    default: "Default",
    hidden: "NoEcho",
    label: "Label",
    immutable: None,
    tags: None,
    others: &[
        "AllowedValues",
        "AllowedPattern",
        "MaxLength",
        "MinLength",
        "MaxValue",
        "MinValue",
        "ConstraintDescription",
    ],
    names: ParameterType::cfn_name,
};

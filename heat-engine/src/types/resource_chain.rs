//! `OS::Heat::ResourceChain`: resources of different types with the same properties, one after the other.

use super::members;
use heat_plugin_sdk::Step;
use heat_plugin_sdk::schema::ResourceSchema;
use heat_plugin_sdk::{
    AttributeRequest, Attributes, Child, ChildRequest, Composite, CompositeError, Properties,
};
use heat_template::{Evaluated, EvaluationError};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Makes a resource of each of some types.
#[derive(Debug, Clone, Copy, Default)]
pub struct ResourceChain;

/// A resource of each of some types, all with the same properties, named 0, 1, 2 and so on.
#[derive(Debug, Clone, Deserialize, Properties)]
#[property(since = "6.0.0")]
pub struct ResourceChainProperties {
    /// The types. They may be names that the environment gives to types or templates.
    #[property(update_allowed)]
    resources: Vec<String>,
    /// All are made at the same time; otherwise each depends on the one before.
    #[property(default = false)]
    concurrent: bool,
    /// The properties of every resource.
    resource_properties: Option<Map<String, Value>>,
}

/// What a chain tells. Any other attribute is the list of what the resources have under that name.
#[derive(Debug, Serialize, Attributes)]
pub struct ResourceChainAttributes {
    /// The ids of the resources.
    refs: Vec<Value>,
    /// By names, an attribute of each resource.
    attributes: Map<String, Value>,
}

impl Composite for ResourceChain {
    const TYPE: &'static str = "OS::Heat::ResourceChain";
    type Properties = ResourceChainProperties;
    type Attributes = ResourceChainAttributes;

    fn schema(&self) -> ResourceSchema {
        ResourceSchema {
            type_name: Self::TYPE.to_owned(),
            description: ResourceChainProperties::description().to_owned(),
            support: ResourceChainProperties::support(),
            properties: ResourceChainProperties::fields(),
            attributes: ResourceChainAttributes::fields(),
            open_attributes: true,
            ..ResourceSchema::default()
        }
    }

    fn child(&self, _: &ChildRequest<'_>, p: &ResourceChainProperties) -> Result<Child, CompositeError> {
        let link = |(at, type_name): (usize, &String)| {
            let mut link = members::definition(type_name, p.resource_properties.clone(), None);
            if at > 0 && !p.concurrent {
                link["depends_on"] = json!([(at - 1).to_string()]);
            }
            (at.to_string(), link)
        };
        Ok(Child::new(members::template(p.resources.iter().enumerate().map(link))))
    }

    fn origin(&self, member: &str, field: Option<&str>) -> Option<Vec<Step>> {
        match field {
            None | Some("type") => Some(vec!["resources".into(), member.parse::<usize>().ok()?.into()]),
            Some("properties") => Some(vec!["resource_properties".into()]),
            Some(_) => None,
        }
    }

    fn attribute(
        &self,
        request: &AttributeRequest<'_>,
        p: &ResourceChainProperties,
    ) -> Result<Option<Evaluated>, EvaluationError> {
        let names: Vec<String> = (0..p.resources.len()).map(|at| at.to_string()).collect();
        members::attribute(request, &names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use heat_plugin_sdk::erase_composite;

    #[test]
    fn each_link_depends_on_the_one_before_unless_they_are_concurrent() {
        let chain = |concurrent: bool| {
            let properties = json!({
                "resources": ["A", "B"], "concurrent": concurrent, "resource_properties": {"p": 1, "none": null},
            });
            let properties = properties.as_object().unwrap();
            let child = erase_composite(ResourceChain).child(&ChildRequest::of(properties)).unwrap();
            child.generated().unwrap()["resources"].clone()
        };
        let one = json!({"type": "A", "properties": {"p": 1}});
        let two = json!({"type": "B", "properties": {"p": 1}});
        assert_eq!(chain(true), json!({"0": one, "1": two}));
        assert_eq!(chain(false)["1"]["depends_on"], json!(["0"]));
    }
}

//! The main ways through the language, each to be done as often as wanted.

use crate::texts::{Shape, mixed, shaped};
use crate::types::Types;
use heat_template::schema::{GenericConstraints, ResourceTypes};
use heat_template::source::SourceMap;
use heat_template::yaml::{self, Limits, Read, TextKind};
use heat_template::{Definition, Inputs, NoResources, ParseOptions, Template};

/// Why some work came to nothing.
pub type Failure = Box<dyn std::error::Error>;

/// Limits that let a text of any size through.
pub fn unlimited() -> Limits {
    let most = usize::MAX;
    Limits { characters: most, nodes: most, expanded_nodes: most, ..Limits::default() }
}

/// Reads a text to its tree with places.
pub fn read(text: &str) -> Result<Read, Failure> {
    let file = SourceMap::new().add("measured.yaml", "");
    let read = yaml::read(file, text, TextKind::Template, &unlimited());
    if read.node.is_none() || read.has_errors() {
        Err(format!("{:?}", read.diagnostics).into())
    } else {
        Ok(read)
    }
}

/// Reads a text to a template.
pub fn parse(text: &str) -> Result<Template, Failure> {
    let options = ParseOptions { limits: unlimited(), ..ParseOptions::default() };
    let parsed = Template::parse(&mut SourceMap::new(), "measured.yaml", text, &options);
    let (template, _) = parsed.into_result().map_err(|found| format!("{found:?}"))?;
    Ok(template)
}

/// Brings a template together with its inputs, and checks all that can be checked.
pub fn check(template: &Template, types: &dyn ResourceTypes) -> Result<Definition, Failure> {
    let inputs = Inputs { parameters: [("zone".to_owned(), "zone-b".into())].into(), ..Inputs::default() };
    let checked = template.validate(&inputs, types, &GenericConstraints);
    let (definition, _) = checked.into_result().map_err(|found| format!("{found:?}"))?;
    if definition.order().len() == template.resources().len() {
        Ok(definition)
    } else {
        Err("not all resources have a place in the order".into())
    }
}

/// The properties of all resources of a definition, as their types use them.
pub fn resolve(definition: &Definition, types: &dyn ResourceTypes) -> Result<usize, Failure> {
    let mut properties = 0;
    for resource in definition.resources() {
        let schema = types.resource_type(resource.type_name()).ok_or("a type that is not there")?;
        let resolved = definition.resolve_properties(&resource, &NoResources, &schema, &GenericConstraints);
        properties += resolved.map_err(|found| format!("{found:?}"))?.len();
    }
    Ok(properties)
}

/// Something that is done again and again.
pub type Work = Box<dyn Fn() -> Result<(), Failure>>;

/// One of the main ways.
#[derive(Debug, Clone, Copy)]
pub struct Way {
    /// What `instructions.yaml` calls it.
    pub name: &'static str,
    /// Makes what is needed for it beforehand.
    pub prepare: fn() -> Result<Work, Failure>,
}

const RESOURCES: usize = 500;

/// The main ways.
pub const WAYS: &[Way] = &[
    Way { name: "events", prepare: || on(mixed(RESOURCES), |text| events(text).map(drop)) },
    Way { name: "yaml-tree", prepare: || on(mixed(RESOURCES), |text| read(text).map(drop)) },
    Way { name: "json-tree", prepare: || on(json(&mixed(RESOURCES))?, |text| read(text).map(drop)) },
    Way { name: "parse", prepare: || on(mixed(RESOURCES), |text| parse(text).map(drop)) },
    Way {
        name: "check",
        prepare: || {
            let types = Types::default();
            on(parse(&mixed(RESOURCES))?, move |template| check(template, &types).map(drop))
        },
    },
    Way {
        name: "check-diamonds",
        prepare: || {
            let types = Types::default();
            on(parse(&shaped(Shape::Diamonds, RESOURCES))?, move |template| check(template, &types).map(drop))
        },
    },
    Way {
        name: "resolve-properties",
        prepare: || {
            let types = Types::default();
            let definition = check(&parse(&mixed(RESOURCES))?, &types)?;
            on(definition, move |definition| resolve(definition, &types).map(drop))
        },
    },
];

fn on<T: 'static>(input: T, work: impl Fn(&T) -> Result<(), Failure> + 'static) -> Result<Work, Failure> {
    Ok(Box::new(move || work(std::hint::black_box(&input))))
}

/// The events of a text through the safe module.
pub fn events(text: &str) -> Result<(usize, u64), Failure> {
    yaml::count_events(text).ok_or_else(|| "the grammar refuses the text".into())
}

/// A template as JSON.
pub fn json(text: &str) -> Result<String, Failure> {
    let node = read(text)?.node.ok_or("no tree")?;
    Ok(serde_json::to_string_pretty(&node.to_value())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_can_be_gone() {
        for way in WAYS {
            let work = (way.prepare)().unwrap();
            work().unwrap_or_else(|error| panic!("{}: {error}", way.name));
        }
    }

    #[test]
    fn the_port_and_the_safe_module_see_the_same() {
        let text = mixed(40);
        assert_eq!(crate::port::events(&text), events(&text).ok());
        assert_eq!(crate::port::events("{"), None);
        assert!(events("{").is_err());
    }

    #[test]
    fn all_shapes_are_checked_without_a_problem() {
        for shape in Shape::ALL {
            let template = parse(&shaped(shape, 30)).unwrap();
            let definition = check(&template, &Types::default()).unwrap();
            let edges: usize = definition.dependencies().values().map(|needs| needs.len()).sum();
            assert_eq!(
                edges,
                match shape {
                    Shape::Flat => 0,
                    Shape::Chain => 29,
                    Shape::Diamonds => 38,
                }
            );
        }
    }
}

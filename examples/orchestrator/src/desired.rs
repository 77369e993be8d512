//! How a template meets a plan: its resources, evaluated with whatever is known.

use crate::types::Types;
use heat_engine::plan::{Desired, DesiredResource, DesiredState, Prospects, given};
use heat_template::diagnostic::Diagnostic;
use heat_template::schema::{GenericConstraints, ResourceTypes};
use heat_template::source::SourceMap;
use heat_template::{Definition, Evaluated, Inputs, ParseOptions, Scope, Template};
use indexmap::IndexMap;
use serde_json::Value;

/// A template with its inputs.
pub struct Goal {
    definition: Definition,
    resources: IndexMap<String, DesiredResource>,
}

impl Goal {
    /// Reads and checks a template.
    ///
    /// # Errors
    /// All that is wrong, a line for each problem with its place.
    pub fn new(name: &str, text: &str, parameters: IndexMap<String, Value>) -> Result<Self, String> {
        let mut sources = SourceMap::new();
        let shown = |diagnostics: Vec<Diagnostic>, sources: &SourceMap| {
            heat_template::render::lines(&diagnostics, sources)
        };
        let (template, _) = Template::parse(&mut sources, name, text, &ParseOptions::default())
            .into_result()
            .map_err(|found| shown(found, &sources))?;
        let inputs = Inputs { parameters, ..Inputs::default() };
        let (definition, _) = template
            .validate(&inputs, &Types, &GenericConstraints)
            .into_result()
            .map_err(|found| shown(found, &sources))?;
        let resources = definition
            .resources()
            .map(|resource| {
                let requires = definition.dependencies().get(resource.name()).cloned().unwrap_or_default();
                let type_name = resource.type_name().to_owned();
                (resource.name().to_owned(), DesiredResource { type_name, requires })
            })
            .collect();
        Ok(Self { definition, resources })
    }

    /// A resource, evaluated: with a plan's [`Prospects`] as far as they tell, with what is recorded altogether.
    pub fn state(&self, name: &str, scope: &dyn Scope) -> Result<DesiredState, Vec<Diagnostic>> {
        let (Some(resource), Some(wanted)) = (self.definition.resource(name), self.resources.get(name))
        else {
            return Ok(DesiredState::default());
        };
        let schema = Types.resource_type(&wanted.type_name).unwrap_or_default();
        let properties =
            self.definition.resolve_properties(&resource, scope, &schema, &GenericConstraints)?;
        let names = resource.properties().and_then(|properties| properties.as_map());
        let names = given(names.into_iter().flatten().map(|(name, ..)| name));
        let depends: Vec<&str> =
            resource.depends_on().iter().map(|needed| needed.resource.as_str()).collect();
        let definition = IndexMap::from([
            ("given".to_owned(), Evaluated::Known(names)),
            ("depends_on".to_owned(), Evaluated::Known(depends.into())),
        ]);
        Ok(DesiredState { properties, definition, metadata: None, composite: None, external_id: None })
    }

    /// The value of an output.
    pub fn output(&self, name: &str, scope: &dyn Scope) -> Result<Value, String> {
        let value = self.definition.output(name, scope).map_err(|error| error.to_string())?;
        Ok(value.to_value_lossy())
    }
}

impl Desired for Goal {
    fn resources(&self) -> &IndexMap<String, DesiredResource> {
        &self.resources
    }

    fn evaluate(&self, resource: &str, scope: &Prospects<'_>) -> Result<DesiredState, Vec<Diagnostic>> {
        self.state(resource, scope)
    }
}

//! The short way from a text to an answer.

use heat_template::composite::{AttributeRequest, Child, ChildRequest, CompositeError, CompositeType};
use heat_template::diagnostic::Diagnostic;
use heat_template::expression::Step;
use heat_template::schema::{
    AttributeSchema, Constraint, GenericConstraints, PropertySchema, ResourceSchema, ResourceTypes, ValueType,
};
use heat_template::source::{SourceMap, Span};
use heat_template::yaml::Limits;
use heat_template::{
    Definition, Environment, Evaluated, EvaluationError, Files, Inputs, NoResources, ParseOptions,
    PseudoParameters, Scope, Template,
};
use serde_json::{Value, json};
use std::sync::Arc;

/// Types to test with: `Any` takes any `value` and has the attributes `value` and `list`, `Typed` has one property of each
/// kind.
pub(crate) struct Types;

/// Two nested resources `a` and `b` of the definition in `member`; without `shown` nobody knows that they are.
struct Pair {
    shown: bool,
}

impl CompositeType for Pair {
    fn schema(&self) -> Arc<ResourceSchema> {
        let name = if self.shown { "Test::Pair" } else { "Test::Hidden" };
        let mut schema = ResourceSchema { type_name: name.to_owned(), ..ResourceSchema::default() };
        schema.properties.insert("member".to_owned(), PropertySchema::new(ValueType::Any));
        schema.open_attributes = true;
        Arc::new(schema)
    }

    fn child(&self, request: &ChildRequest<'_>) -> Result<Child, CompositeError> {
        let member = &request.properties["member"];
        let resources = json!({"a": member, "b": member});
        Ok(Child::new(json!({"heat_template_version": "2015-04-30", "resources": resources})))
    }

    fn attribute(&self, request: &AttributeRequest<'_>) -> Result<Option<Evaluated>, EvaluationError> {
        request.inside.attribute("a", request.name, request.path).map(Some)
    }

    fn origin(&self, _: &str, field: Option<&str>) -> Option<Vec<Step>> {
        self.shown.then(|| std::iter::once("member").chain(field).map(Step::from).collect())
    }
}

impl ResourceTypes for Types {
    fn composite(&self, name: &str) -> Option<Arc<dyn CompositeType>> {
        match name {
            "Test::Pair" | "Test::Hidden" => Some(Arc::new(Pair { shown: name == "Test::Pair" })),
            _ => None,
        }
    }

    fn resource_type(&self, name: &str) -> Option<Arc<ResourceSchema>> {
        if let Some(composite) = self.composite(name) {
            return Some(composite.schema());
        }
        let properties = match name {
            "Test::Any" => vec![("value", PropertySchema::new(ValueType::Any).update_allowed())],
            "Test::Typed" => vec![
                ("text", PropertySchema::new(ValueType::String)),
                ("whole", PropertySchema::new(ValueType::Integer).constraint(Constraint::range(0, 10))),
                ("truth", PropertySchema::new(ValueType::Boolean)),
                ("names", PropertySchema::list_of(PropertySchema::new(ValueType::String))),
                (
                    "nested",
                    PropertySchema::map_of([("inner", PropertySchema::new(ValueType::Integer).required())]),
                ),
                ("description", PropertySchema::new(ValueType::String).update_allowed()),
                ("token", PropertySchema::new(ValueType::Integer).secret()),
            ],
            _ => return None,
        };
        Some(Arc::new(ResourceSchema {
            type_name: name.to_owned(),
            properties: properties.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect(),
            attributes: ["value", "list"]
                .map(|name| (name.to_owned(), AttributeSchema::new(None, "")))
                .into_iter()
                .collect(),
            ..ResourceSchema::default()
        }))
    }

    fn type_names(&self) -> Vec<String> {
        vec!["Test::Any".to_owned(), "Test::Typed".to_owned()]
    }
}

/// What is brought together with a template.
#[derive(Default)]
pub(crate) struct Given<'a> {
    pub(crate) parameters: Value,
    pub(crate) environment: &'a str,
    pub(crate) files: &'a [(&'a str, &'a str)],
}

pub(crate) struct Stack {
    pub(crate) definition: Option<Definition>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    sources: SourceMap,
}

pub(crate) fn stack(text: &str) -> Stack {
    stack_with(text, &Given::default())
}

pub(crate) fn stack_with(text: &str, given: &Given<'_>) -> Stack {
    let mut sources = SourceMap::new();
    let parsed = Template::parse(&mut sources, "t.yaml", text, &ParseOptions::default());
    let mut diagnostics = parsed.diagnostics;
    let mut environment = Environment::new();
    if !given.environment.is_empty() {
        let read = Environment::parse(&mut sources, "e.yaml", given.environment, &Limits::default());
        diagnostics.extend(read.diagnostics);
        environment = read.value.unwrap_or_default();
    }
    let Some(template) = parsed.value else { return Stack { definition: None, diagnostics, sources } };
    let parameters = given.parameters.as_object().cloned().unwrap_or_default();
    let inputs = Inputs {
        parameters: parameters.into_iter().collect(),
        environment,
        files: given.files.iter().copied().collect::<Files>(),
        pseudo: PseudoParameters {
            stack_name: "web".to_owned(),
            stack_id: Some("1d".to_owned()),
            project_id: "p1".to_owned(),
        },
        require_values: true,
        ..Inputs::default()
    };
    let validated = template.validate(&inputs, &Types, &GenericConstraints);
    diagnostics.extend(validated.diagnostics);
    sources.attach(&inputs.files);
    Stack { definition: validated.value, diagnostics, sources }
}

impl Stack {
    /// `CODE path: message` of each error.
    pub(crate) fn errors(&self) -> Vec<String> {
        self.told(true)
    }

    /// `CODE path: message` of each warning.
    pub(crate) fn warnings(&self) -> Vec<String> {
        self.told(false)
    }

    fn told(&self, errors: bool) -> Vec<String> {
        self.diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.is_error() == errors)
            .map(|diagnostic| format!("{} {diagnostic}", diagnostic.code))
            .collect()
    }

    /// The text at a place, with the name of the file that it is in and its line.
    pub(crate) fn at(&self, span: Span) -> Option<String> {
        let (file, position) = self.sources.locate(span)?;
        Some(format!("{file}:{}: {}", position.line, self.sources.slice(span)?))
    }

    /// The place of each problem, with the texts and places of its labels.
    pub(crate) fn places(&self) -> Vec<(String, Vec<String>)> {
        let label = |label: &heat_template::diagnostic::Label| {
            format!("{} = {}", self.at(label.span).unwrap_or_default(), label.text)
        };
        let place = |found: &Diagnostic| {
            let place = found.primary.as_ref().and_then(|primary| self.at(primary.span)).unwrap_or_default();
            let help = found.help.iter().map(|help| format!(" ({help})")).collect::<String>();
            let place = format!("{} {place}{help}", found.code);
            (place, found.labels.iter().map(label).collect())
        };
        self.diagnostics.iter().map(place).collect()
    }

    pub(crate) fn codes(&self) -> Vec<&'static str> {
        self.diagnostics.iter().filter(|found| found.is_error()).map(|found| found.code.0).collect()
    }

    pub(crate) fn ok(self) -> Definition {
        assert_eq!(self.errors(), Vec::<String>::new());
        self.definition.unwrap()
    }

    pub(crate) fn refused(&self, code: &str, fragments: &[&str]) {
        let errors = self.errors();
        let found = errors.iter().any(|error| {
            error.starts_with(code) && fragments.iter().all(|fragment| error.contains(fragment))
        });
        assert!(found, "no error {code} with {fragments:?} in {errors:?}");
    }
}

/// The value of the output `o`, or why there is none.
pub(crate) fn output(definition: &Definition) -> Result<Value, String> {
    output_in(definition, &NoResources)
}

pub(crate) fn output_in(definition: &Definition, scope: &dyn Scope) -> Result<Value, String> {
    match definition.output("o", scope) {
        Ok(value) => Ok(value.into_known().unwrap()),
        Err(error) => Err(error.to_string()),
    }
}

/// Evaluates a value written in a version of HOT.
pub(crate) fn hot(version: &str, value: &str) -> Result<Value, String> {
    let text = format!("heat_template_version: {version}\noutputs:\n  o:\n    value: {value}\n");
    let stack = stack(&text);
    match stack.errors().first() {
        Some(error) => Err(format!("refused: {error}")),
        None => output(&stack.definition.unwrap()),
    }
}

/// The same in the newest version.
pub(crate) fn newest(value: &str) -> Result<Value, String> {
    hot("2021-04-16", value)
}

/// Evaluates a value written in the CFN dialect of AWS.
pub(crate) fn cfn(value: &str) -> Result<Value, String> {
    let text = format!("AWSTemplateFormatVersion: 2010-09-09\nOutputs:\n  o:\n    Value: {value}\n");
    let stack = stack(&text);
    match stack.errors().first() {
        Some(error) => Err(format!("refused: {error}")),
        None => output(&stack.definition.unwrap()),
    }
}

/// One attribute value for all resources.
pub(crate) struct Attributes(pub(crate) Value);

impl Scope for Attributes {
    fn reference_id(&self, resource: &str) -> Evaluated {
        Evaluated::Known(format!("id-{resource}").into())
    }

    fn attribute(&self, _: &str, _: &str, path: &[Value]) -> Result<Evaluated, EvaluationError> {
        Ok(heat_template::function::select_attribute(Evaluated::Known(self.0.clone()), path))
    }

    fn all_attributes(&self, _: &str) -> Result<Evaluated, EvaluationError> {
        Ok(Evaluated::Known(self.0.clone()))
    }
}

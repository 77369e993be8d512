//! Nested stacks: the definitions of the templates behind types, and the checks that go into them.

use super::{DefinedResource, Definition, Inputs, Nesting};
use crate::composite::{
    ChildRequest, CompositeType, KnownChild, NotKnown, Stage, TemplateType, child_of, facade_problems,
};
use crate::diagnostic::{Diagnostic, Severity, codes};
use crate::environment::Implementation;
use crate::evaluated::Evaluated;
use crate::expression::{Allowance, Context, FacadeValues, Scope, Step, join};
use crate::parameter::PseudoParameters;
use crate::schema::{CustomConstraints, ResourceSchema, ResourceTypes};
use crate::template::nested_answer;
use indexmap::IndexMap;
use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashSet};
use std::rc::Rc;
use std::sync::Arc;

/// What stands behind the type of a resource that is a nested stack.
#[derive(Clone)]
pub struct Composite {
    /// What it does.
    pub composite: Arc<dyn CompositeType>,
    /// The name of the template's file, where it is a template that stands for the type.
    pub file: Option<String>,
}

impl std::fmt::Debug for Composite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Composite").field("file", &self.file).finish_non_exhaustive()
    }
}

/// What the nested stack of a resource is asked for.
#[derive(Debug, Clone)]
pub struct NestedRequest<'a> {
    /// The properties of the resource, evaluated as far as that is possible.
    pub properties: &'a IndexMap<String, Evaluated>,
    /// What a composite type sees beside them; its `properties` and `update_policy` are filled in.
    pub child: ChildRequest<'a>,
    /// What `resource_facade` gives inside.
    pub facade: FacadeValues,
    /// What the nested stack is called.
    pub pseudo: PseudoParameters,
    /// Properties whose values are secret because of where they come from.
    pub hidden: BTreeSet<String>,
}

/// The definition of a nested stack.
#[derive(Debug, Clone)]
pub struct NestedDefinition {
    /// The definition.
    pub definition: Definition,
    /// The values of its parameters as they are given.
    pub parameters: IndexMap<String, Value>,
    /// Whether it was made from values that are all known.
    pub complete: bool,
    /// What the composite type remembers.
    pub memory: Option<Value>,
    /// Templates on the way to this one.
    pub stages: Vec<Stage>,
}

/// Why there is no definition of a nested stack.
#[derive(Debug)]
pub enum NestedError {
    /// It hangs on values that are not known yet.
    NotKnownYet,
    /// Something is wrong, with the places in the nested template where that was written by somebody.
    Wrong(Vec<Diagnostic>),
}

/// What was checked already of a tree of nested stacks: what is the same is checked once.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) seen: HashSet<String>,
    pub(super) allowance: Rc<Allowance<'static>>,
    counted: Counted,
}

impl Default for Checked {
    fn default() -> Self {
        Self { seen: HashSet::new(), allowance: Rc::new(Allowance::of_check()), counted: Counted::default() }
    }
}

/// How many nested stacks and resources in them were looked at.
#[derive(Debug, Default)]
struct Counted {
    resources: usize,
    /// That they are too many was told.
    told: bool,
}

impl Definition {
    /// The composite behind the type of a resource; `None` where it is no nested stack.
    pub fn composite(&self, resource: &DefinedResource<'_>, types: &dyn ResourceTypes) -> Option<Composite> {
        let registry = self.environment().registry();
        match registry.resolve(resource.type_name(), resource.name(), types) {
            Ok(Some(Implementation::Type(schema))) => {
                Some(Composite { composite: types.composite(&schema.type_name)?, file: None })
            }
            Ok(Some(Implementation::Template(file))) => {
                let composite = self.template_type(resource.type_name(), &file)?;
                Some(Composite { composite, file: Some(file) })
            }
            _ => None,
        }
    }

    /// An attached template as a type.
    fn template_type(&self, type_name: &str, file: &str) -> Option<Arc<TemplateType>> {
        let options = &self.template().inner().options;
        let template = self.files().template(file, options)?.value.as_ref()?;
        self.files().template_type(file, type_name, template, self.environment().parameter_defaults())
    }

    /// What `resource_facade` gives in the nested stack of a resource.
    pub fn facade(&self, resource: &DefinedResource<'_>, scope: &dyn Scope) -> FacadeValues {
        self.facade_in(resource, &self.context(scope))
    }

    fn facade_in(&self, resource: &DefinedResource<'_>, context: &Context<'_>) -> FacadeValues {
        let empty = || Evaluated::Known(Value::Object(Map::new()));
        let unknown = || Evaluated::Unknown(crate::evaluated::Unknown::default());
        let update_policy = match resource.update_policy() {
            Some(policy) => policy.evaluate(context).unwrap_or_else(|_| unknown()),
            None => empty(),
        };
        FacadeValues {
            metadata: self.metadata_in(resource.name(), context).unwrap_or_else(|_| unknown()),
            deletion_policy: resource.deletion_policy().name().to_owned(),
            update_policy: if update_policy == Evaluated::NULL { empty() } else { update_policy },
        }
    }

    /// Defines the nested stack of a resource.
    ///
    /// # Errors
    /// It is not known yet, or something is wrong; see [`NestedError`].
    pub fn nested(
        &self,
        resource: &DefinedResource<'_>,
        composite: &Composite,
        request: NestedRequest<'_>,
        custom: &dyn CustomConstraints,
    ) -> Result<NestedDefinition, NestedError> {
        if self.nesting().depth >= self.nesting().limits.depth {
            return Err(NestedError::Wrong(vec![self.too_deep(resource)]));
        }
        let child = self.known_child(resource, composite, &request)?;
        let inputs = self.nested_inputs(resource, composite, &child, request);
        let defined = child.template.define(&inputs, custom);
        let failed = defined.has_errors();
        match defined.value {
            Some(definition) if !failed => Ok(NestedDefinition {
                definition,
                complete: child.unknown.is_empty(),
                parameters: child.parameters,
                memory: child.memory,
                stages: child.stages,
            }),
            _ => {
                let file = Some(composite.file.as_deref());
                let path = self.inside(resource, composite.file.as_deref());
                let found = defined.diagnostics.into_iter();
                Err(NestedError::Wrong(
                    found.map(|one| self.told_from_inside(one, resource, file, &path)).collect(),
                ))
            }
        }
    }

    fn known_child(
        &self,
        resource: &DefinedResource<'_>,
        composite: &Composite,
        request: &NestedRequest<'_>,
    ) -> Result<KnownChild, NestedError> {
        let policy = request.facade.update_policy.to_value_lossy();
        let policy = policy.as_object().cloned().unwrap_or_default();
        let child = ChildRequest {
            update_policy: &policy,
            most_members: self.nesting().limits.resources,
            ..request.child
        };
        let options = &self.template().inner().options;
        let written = resource.properties();
        let made = child_of(&*composite.composite, request.properties, written, child, options);
        made.map_err(|error| match error {
            NotKnown::Later => NestedError::NotKnownYet,
            NotKnown::Wrong(error) => {
                let keys = self.template().dialect().keys();
                let mut path = join(&[keys.resources, resource.name(), keys.properties]);
                let mut place = resource.span();
                if let Some(property) = &error.property {
                    Step::from(property.as_str()).push(&mut path);
                    place = located(resource, property);
                }
                let diagnostic = Diagnostic::error(codes::PROPERTY_CONSTRAINT, error.message);
                NestedError::Wrong(vec![self.redacted(diagnostic.at(place, "").path(path))])
            }
            NotKnown::NotATemplate(found) => {
                let file = composite.file.as_deref();
                let path = self.inside(resource, file);
                let tell = |one| self.told_from_inside(one, resource, Some(file), &path);
                NestedError::Wrong(found.into_iter().map(tell).collect())
            }
        })
    }

    fn nested_inputs(
        &self,
        resource: &DefinedResource<'_>,
        composite: &Composite,
        child: &KnownChild,
        request: NestedRequest<'_>,
    ) -> Inputs {
        let outer = self.nesting();
        let mut around = outer.around.clone();
        let kind = composite.file.as_deref().unwrap_or(resource.type_name());
        around.push(if self.environment().registry().speaks_inside(resource.name()) {
            format!("{kind} ({})", resource.name())
        } else {
            kind.to_owned()
        });
        Inputs {
            parameters: child.parameters.clone(),
            environment: self.environment().child(resource.name(), resource.type_name()),
            files: self.files().clone(),
            pseudo: request.pseudo,
            zones: self.zones().clone(),
            require_values: true,
            nesting: Nesting {
                depth: outer.depth + 1,
                limits: outer.limits,
                facade: Some(request.facade),
                unknown: child.unknown.clone(),
                hidden: request.hidden,
                around,
            },
        }
    }

    /// The nested stack of a resource as checks see it: what hangs on other resources is not known.
    fn foreseen(
        &self,
        resource: &DefinedResource<'_>,
        composite: &Composite,
        custom: &dyn CustomConstraints,
        child: ChildRequest<'static>,
        allowance: &Allowance<'_>,
    ) -> Option<Result<(KnownChild, Inputs), NestedError>> {
        let schema = composite.composite.schema();
        let context = self.context(&super::NothingKnown).sharing(allowance);
        // What is wrong with them was told before.
        let properties = self.resolve_properties_in(resource, &context, &schema, custom).ok()?;
        let request = NestedRequest {
            properties: &properties,
            child,
            facade: self.facade_in(resource, &context),
            pseudo: PseudoParameters {
                stack_name: format!("{}-{}", self.pseudo().stack_name, resource.name()),
                ..self.pseudo().clone()
            },
            hidden: BTreeSet::new(),
        };
        Some(self.known_child(resource, composite, &request).map(|child| {
            let inputs = self.nested_inputs(resource, composite, &child, request);
            (child, Inputs { require_values: false, ..inputs })
        }))
    }

    /// The nested stack of a resource as checks see it, of a group with one member.
    pub(super) fn sample_of(
        &self,
        resource: &DefinedResource<'_>,
        composite: &Composite,
        custom: &dyn CustomConstraints,
        allowance: &Allowance<'_>,
    ) -> Option<Definition> {
        if self.nesting().depth >= self.nesting().limits.depth {
            return None;
        }
        let (child, inputs) = self.foreseen(resource, composite, custom, sample(), allowance)?.ok()?;
        child.template.define_within(&inputs, custom, allowance).value
    }

    /// What Heat's template validation tells of nested stacks (`show_nested`): by resource `Type`, `Description`,
    /// `Parameters`, and what is nested in them under `NestedParameters`. `None` where nothing is nested.
    ///
    /// # Errors
    ///
    /// If there are more nested stacks than the limit allows: here each is told, the same ones each time.
    pub fn nested_parameters(
        &self,
        types: &dyn ResourceTypes,
        custom: &dyn CustomConstraints,
    ) -> Result<Option<Value>, Box<Diagnostic>> {
        self.nested_answers(types, custom, &Allowance::of_check(), &mut Counted::default())
    }

    fn nested_answers(
        &self,
        types: &dyn ResourceTypes,
        custom: &dyn CustomConstraints,
        allowance: &Allowance<'_>,
        counted: &mut Counted,
    ) -> Result<Option<Value>, Box<Diagnostic>> {
        let mut found = Map::new();
        for resource in self.resources() {
            let Some(composite) = self.composite(&resource, types) else { continue };
            if self.nesting().depth >= self.nesting().limits.depth {
                continue;
            }
            let foreseen = self.foreseen(&resource, &composite, custom, sample(), allowance);
            let Some(Ok((child, inputs))) = foreseen else {
                continue;
            };
            self.count(&resource, &child, counted)?;
            let mut answer = nested_answer(resource.type_name(), &child.template, &inputs.environment);
            let nested = child.template.define_within(&inputs, custom, allowance).value;
            if let Some(definition) = nested
                && let Some(inside) = definition.nested_answers(types, custom, allowance, counted)?
            {
                answer.insert("NestedParameters".to_owned(), inside);
            }
            found.insert(resource.name().to_owned(), Value::Object(answer));
        }
        Ok((!found.is_empty()).then_some(Value::Object(found)))
    }

    /// Counts a nested stack that is about to be looked at.
    fn count(
        &self,
        resource: &DefinedResource<'_>,
        child: &KnownChild,
        counted: &mut Counted,
    ) -> Result<(), Box<Diagnostic>> {
        counted.resources += 1 + child.template.resources().len();
        let most = self.nesting().limits.resources;
        if counted.resources <= most {
            return Ok(());
        }
        let keys = self.template().dialect().keys();
        let message = format!("there are more than {most} nested stacks and resources in them");
        Err(Box::new(
            Diagnostic::error(codes::TOO_MANY_NESTED, message)
                .at(resource.resource().type_span(), "")
                .path(join(&[keys.resources, resource.name(), keys.resource_type])),
        ))
    }

    /// The nested stacks of this one by resource, with all their members, as far as they are known before anything runs.
    pub fn nested_definitions(
        &self,
        types: &dyn ResourceTypes,
        custom: &dyn CustomConstraints,
    ) -> Vec<(String, Definition)> {
        if self.nesting().depth >= self.nesting().limits.depth {
            return Vec::new();
        }
        let (allowance, mut counted) = (Allowance::of_check(), Counted::default());
        let mut defined = Vec::new();
        for resource in self.resources() {
            let Some(composite) = self.composite(&resource, types) else { continue };
            let whole = ChildRequest { sample: false, ..sample() };
            let foreseen = self.foreseen(&resource, &composite, custom, whole, &allowance);
            let Some(Ok((child, inputs))) = foreseen else { continue };
            // What comes after so many would be seen by nobody.
            if self.count(&resource, &child, &mut counted).is_err() {
                break;
            }
            let definition = child.template.define_within(&inputs, custom, &allowance).value;
            defined.extend(definition.map(|definition| (resource.name().to_owned(), definition)));
        }
        defined
    }

    /// Checks the nested stack of a resource whose properties are right.
    pub(super) fn check_nested(
        &self,
        resource: &DefinedResource<'_>,
        composite: &Composite,
        types: &dyn ResourceTypes,
        custom: &dyn CustomConstraints,
        checked: &mut Checked,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        if self.nesting().depth >= self.nesting().limits.depth {
            diagnostics.push(self.too_deep(resource));
            return;
        }
        if checked.counted.told {
            return;
        }
        let (child, inputs) = match self.foreseen(resource, composite, custom, sample(), &checked.allowance) {
            Some(Ok(foreseen)) => foreseen,
            None | Some(Err(NestedError::NotKnownYet)) => return,
            Some(Err(NestedError::Wrong(found))) => return diagnostics.extend(found),
        };
        if !checked.seen.insert(key(&child, &inputs)) {
            return;
        }
        if let Err(too_many) = self.count(resource, &child, &mut checked.counted) {
            if !checked.counted.told {
                checked.counted.told = true;
                diagnostics.push(*too_many);
            }
            return;
        }
        let defined = child.template.define_within(&inputs, custom, &checked.allowance);
        let mut found = defined.diagnostics;
        if let Some(definition) = &defined.value {
            found.extend(definition.check_tree(types, custom, checked));
        }
        let path = self.inside(resource, composite.file.as_deref());
        let file = composite.file.as_deref().unwrap_or_default();
        // Members of several types may share their properties: what mends one is no help to another perhaps.
        let members = child.template.resources();
        let mixed = child.template.is_generated()
            && members
                .values()
                .zip(members.values().skip(1))
                .any(|(one, next)| one.type_name() != next.type_name());
        for mut one in found {
            if child.template.is_generated() && one.severity == Severity::Warning && one.path.is_empty() {
                continue;
            }
            one.redact(&self.0.secrets);
            if mixed
                && one.code != codes::RESOURCE_TYPE_UNKNOWN
                && let Some(guess) = &mut one.guess
            {
                guess.certain = false;
            }
            let mut one = self.told_from_inside(one, resource, Some(composite.file.as_deref()), &path);
            if one.primary.as_ref().is_some_and(|label| label.span == resource.span()) && !file.is_empty() {
                one.help.push(format!("the problem is in {file}"));
            }
            diagnostics.push(one);
        }
    }

    /// Checks a template that stands for a type: whether it can be read, and whether it fits the type that it takes the
    /// place of.
    pub(super) fn check_template_type(
        &self,
        resource: &DefinedResource<'_>,
        file: &str,
        schema: &ResourceSchema,
        types: &dyn ResourceTypes,
        checked: &mut Checked,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        if !checked.seen.insert(format!("type {} {file}", resource.type_name())) {
            return;
        }
        let keys = self.template().dialect().keys();
        if let Some(facade) = types.resource_type(resource.type_name()) {
            for problem in facade_problems(schema, &facade) {
                diagnostics.push(
                    Diagnostic::error(codes::FACADE, problem)
                        .at(resource.resource().type_span(), "")
                        .path(join(&[keys.resources, resource.name(), keys.resource_type]))
                        .help(format!("the environment maps the type to {file}")),
                );
            }
        }
    }
}

/// A request that only checks.
fn sample() -> ChildRequest<'static> {
    static NOTHING: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
    ChildRequest { sample: true, ..ChildRequest::of(&NOTHING) }
}

/// Tells nested stacks apart of which the checks would find the same.
fn key(child: &KnownChild, inputs: &Inputs) -> String {
    let template = if child.template.is_generated() {
        child.template.text().to_owned()
    } else {
        format!("{:?}", child.template.file())
    };
    let parameters: Map<String, Value> =
        child.parameters.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let facade = inputs.nesting.facade.as_ref().map(|facade| {
        let parts = [&facade.metadata, &facade.update_policy].map(Evaluated::to_value_lossy);
        format!("{} {} {}", facade.deletion_policy, parts[0], parts[1])
    });
    format!(
        "nested {template} {} {:?} {:?} {}",
        Value::Object(parameters),
        child.unknown,
        inputs.nesting.around,
        facade.unwrap_or_default()
    )
}

fn located(resource: &DefinedResource<'_>, property: &str) -> crate::source::Span {
    match resource.properties() {
        Some(properties) => properties.locate(&[property.into()], true),
        None => resource.span(),
    }
}

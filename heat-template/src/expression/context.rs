//! What an expression sees when it is evaluated.

use super::{Allowance, EvaluationError, Expression};
use crate::diagnostic::{Effort, Guess, codes};
use crate::evaluated::Evaluated;
use crate::parameter::ParameterValues;
use indexmap::{IndexMap, IndexSet};
use serde_json::Value;

/// The resources of a stack, as far as they exist.
///
/// Parameters, conditions, files and mappings are known to the definition itself; this is what only a running stack
/// can tell. Everything must be at hand: an expression tells beforehand what it needs ([`super::References`]).
pub trait Scope: Sync {
    /// What `get_resource` gives: the physical resource id, or what the type makes of it.
    fn reference_id(&self, resource: &str) -> Evaluated;

    /// What `get_attr` gives for one attribute, `path` being the rest of its arguments.
    ///
    /// [`select_attribute`](crate::function::select_attribute) walks the path as Heat does; a type may interpret it in its own
    /// way. A resource that is not in a state to have attributes gives null.
    ///
    /// # Errors
    ///
    /// When the attribute cannot be told, which makes the expression fail.
    fn attribute(
        &self,
        resource: &str,
        attribute: &str,
        path: &[Value],
    ) -> Result<Evaluated, EvaluationError>;

    /// What `get_attr` gives without an attribute: a map of all but `show`.
    ///
    /// # Errors
    ///
    /// When an attribute cannot be told, which makes the expression fail.
    fn all_attributes(&self, resource: &str) -> Result<Evaluated, EvaluationError>;

    /// What `resource_facade` gives: the parent stack's side of a nested stack. `None` outside of one.
    fn facade(&self, part: Facade) -> Option<Value> {
        let _ = part;
        None
    }
}

/// What `Fn::GetAZs` gives: the availability zones of the cloud.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum AvailabilityZones {
    /// The cloud was not asked: the value is not known yet.
    #[default]
    NotAsked,
    /// Their names, as the cloud gives them.
    Known(Vec<String>),
    /// There is no cloud that has any: the function is not supported.
    Nowhere,
}

/// What a nested stack may ask of the resource that it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Facade {
    /// Its metadata.
    Metadata,
    /// Its deletion policy.
    DeletionPolicy,
    /// Its update policy.
    UpdatePolicy,
}

/// What a nested stack may ask, answered by its parent.
#[derive(Clone, PartialEq)]
pub struct FacadeValues {
    /// The metadata of the resource that the stack stands for.
    pub metadata: Evaluated,
    /// Its deletion policy.
    pub deletion_policy: String,
    /// Its update policy.
    pub update_policy: Evaluated,
}

impl FacadeValues {
    /// One of them.
    pub fn part(&self, part: Facade) -> Evaluated {
        match part {
            Facade::Metadata => self.metadata.clone(),
            Facade::DeletionPolicy => Evaluated::Known(self.deletion_policy.as_str().into()),
            Facade::UpdatePolicy => self.update_policy.clone(),
        }
    }
}

/// Metadata may be secret.
impl std::fmt::Debug for FacadeValues {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FacadeValues").finish_non_exhaustive()
    }
}

/// A stack before anything exists, as Heat sees it while it validates: reference ids are the logical names, attributes
/// are null.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoResources;

impl Scope for NoResources {
    fn reference_id(&self, resource: &str) -> Evaluated {
        Evaluated::Known(resource.into())
    }

    fn attribute(&self, _: &str, _: &str, _: &[Value]) -> Result<Evaluated, EvaluationError> {
        Ok(Evaluated::NULL)
    }

    fn all_attributes(&self, _: &str) -> Result<Evaluated, EvaluationError> {
        Ok(Evaluated::NULL)
    }
}

/// The values of the conditions, each perhaps an error that matters only where the condition is used.
#[derive(Debug, Clone, Default)]
pub struct Conditions {
    pub(crate) values: IndexMap<String, Result<bool, EvaluationError>>,
    /// All names, those that are not evaluated yet among them.
    pub(crate) known: IndexSet<String>,
}

impl Conditions {
    /// The value of a condition.
    ///
    /// # Errors
    ///
    /// If there is no such condition, or it cannot be evaluated.
    pub fn get(&self, name: &str) -> Result<bool, EvaluationError> {
        self.get_within(name, None)
    }

    /// The same as part of a check.
    fn get_within(&self, name: &str, guessing: Option<&Effort>) -> Result<bool, EvaluationError> {
        match self.values.get(name) {
            Some(value) => value.clone(),
            // While conditions are being evaluated, this one has to come first.
            None if self.known.contains(name) => {
                let message = format!("the definition of condition \"{name}\" is circular");
                let mut error = EvaluationError::new(codes::CONDITION_CIRCULAR, message);
                error.pending = Some(name.to_owned());
                Err(error)
            }
            None => {
                let error = EvaluationError::new(
                    codes::CONDITION_REFERENCE,
                    format!("there is no condition \"{name}\""),
                );
                let known = self.known.iter().map(String::as_str);
                Err(error.meant(Guess::name_within(name, known, guessing)))
            }
        }
    }

    /// Name and value of all conditions that could be evaluated, in the order of the template.
    pub fn iter(&self) -> impl Iterator<Item = (&str, bool)> {
        self.values.iter().filter_map(|(name, value)| Some((name.as_str(), *value.as_ref().ok()?)))
    }
}

/// What an expression sees.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The parameters with their values.
    pub parameters: &'a ParameterValues,
    /// The conditions with their values.
    pub conditions: &'a Conditions,
    /// The files that came with the template.
    pub files: &'a crate::template::Files,
    /// `Mappings` of a CFN template.
    pub mappings: Option<&'a Value>,
    /// Whether a resource is there: declared and not disabled.
    pub enabled: &'a dyn ResourceNames,
    /// The availability zones of the cloud.
    pub zones: &'a AvailabilityZones,
    /// The resources of the running stack.
    pub scope: &'a dyn Scope,
    /// The parent stack's side of a nested stack.
    pub facade: Option<&'a FacadeValues>,
    /// What is left of what the expression may make, or the check outside of one.
    pub(crate) allowance: Option<&'a Allowance<'a>>,
}

impl std::fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").finish_non_exhaustive()
    }
}

impl<'a> Context<'a> {
    /// The same with other resources.
    #[must_use]
    pub fn with_scope<'b>(self, scope: &'b dyn Scope) -> Context<'b>
    where
        'a: 'b,
    {
        Context { scope, ..self }
    }

    /// Counts work that is limited for each value already against what all values of a check may use.
    ///
    /// # Errors
    ///
    /// If that is more than a check may use.
    pub(crate) fn charge_check(&self, bytes: usize) -> Result<(), EvaluationError> {
        self.allowance.and_then(Allowance::of_all).map_or(Ok(()), |all| all.take(bytes))
    }

    /// The same as part of a check, which has an allowance for all that it evaluates.
    pub(crate) fn sharing<'b>(self, allowance: &'b Allowance<'b>) -> Context<'b>
    where
        'a: 'b,
    {
        Context { allowance: Some(allowance), ..self }
    }

    /// Counts bytes that a function is about to make, or that it has to go through.
    ///
    /// # Errors
    ///
    /// If that is more than an expression may use.
    pub(crate) fn charge(&self, bytes: usize) -> Result<(), EvaluationError> {
        self.allowance.map_or(Ok(()), |allowance| allowance.take(bytes))
    }

    /// The name that was probably meant, for as long as the check may look for such names.
    pub(crate) fn guess<'n>(&self, written: &str, known: impl IntoIterator<Item = &'n str>) -> Option<Guess> {
        Guess::name_within(written, known, self.guessing())
    }

    fn guessing(&self) -> Option<&Effort> {
        self.allowance.and_then(Allowance::guessing)
    }

    /// Evaluates a condition: a name, a boolean or a call of a condition function.
    pub(crate) fn condition(&self, condition: &Expression) -> Result<bool, EvaluationError> {
        if let Some(name) = condition.as_str() {
            let value = self.conditions.get_within(name, self.guessing());
            return value.map_err(|error| error.at(condition.span()));
        }
        let value = condition.evaluate(self)?;
        self.condition_value(&value).map_err(|error| error.at(condition.span()))
    }

    /// The truth of a condition's value: a boolean, or a text that names a condition.
    pub(crate) fn condition_value(&self, value: &Evaluated) -> Result<bool, EvaluationError> {
        match value {
            Evaluated::Known(Value::Bool(value)) => Ok(*value),
            // To Heat a condition that is null is none at all.
            Evaluated::Known(Value::Null) => Ok(true),
            Evaluated::Known(Value::String(name)) => self.conditions.get_within(name, self.guessing()),
            Evaluated::Known(other) => Err(EvaluationError::new(
                codes::CONDITION_VALUE,
                format!(
                    "a condition is a boolean or the name of a condition, not {}",
                    crate::python::repr(other)
                ),
            )),
            _ => Err(EvaluationError::undecided()),
        }
    }
}

/// The resources that a stack has, given its conditions.
pub trait ResourceNames: Sync {
    /// Whether the resource is declared and not disabled.
    fn is_enabled(&self, resource: &str) -> bool;

    /// Whether the resource is declared.
    fn is_declared(&self, resource: &str) -> bool;

    /// All names that are declared, for "did you mean".
    fn declared(&self) -> Box<dyn Iterator<Item = &str> + '_>;
}

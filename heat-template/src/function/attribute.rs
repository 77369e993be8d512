//! `get_attr` in its three versions, and `Fn::GetAtt`.

use super::resource::{enabled, refer};
use super::{Checking, Function, Outcome, known, shown};
use crate::diagnostic::{Diagnostic, Guess, codes};
use crate::evaluated::Evaluated;
use crate::expression::{
    Argument, AttributeReference, Call, Compiler, Context, EvaluationError, Expression, Kind, Reach,
    References,
};
use crate::python;
use crate::source::Span;
use serde_json::Value;

/// `get_attr: [resource, attribute, step, …]`.
#[derive(Debug)]
struct GetAttr {
    resource: Expression,
    attribute: Option<Expression>,
    path: Vec<Expression>,
    /// The path is not for the resource to interpret: the attribute is fetched, then walked.
    select_here: bool,
}

/// Compiles `get_attr` of 2013-05-23: the attribute is fetched, then the path is walked.
pub fn then_select(
    call: &Call<'_>,
    compiler: &mut Compiler<'_>,
) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    compile(call, compiler, true, false)
}

/// Compiles `get_attr` of 2014-10-16: the resource gets the path.
pub fn with_path(call: &Call<'_>, compiler: &mut Compiler<'_>) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    compile(call, compiler, false, false)
}

/// Compiles `get_attr` of 2015-10-15: without an attribute it gives all of them.
pub fn or_all(call: &Call<'_>, compiler: &mut Compiler<'_>) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    compile(call, compiler, false, true)
}

/// Compiles `Fn::GetAtt`: exactly a resource and an attribute.
pub fn cfn(call: &Call<'_>, compiler: &mut Compiler<'_>) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    let argument = compiler.argument(call);
    let Kind::List { items, .. } = argument.into_kind() else {
        return Err(wrong_cfn(call, compiler));
    };
    let Ok([resource, attribute]) = <[Expression; 2]>::try_from(items) else {
        return Err(wrong_cfn(call, compiler));
    };
    Ok(Box::new(GetAttr { resource, attribute: Some(attribute), path: Vec::new(), select_here: true }))
}

fn wrong_cfn(call: &Call<'_>, compiler: &Compiler<'_>) -> Box<Diagnostic> {
    compiler.invalid(call, format!("the arguments of {} must be [resource name, attribute]", call.name))
}

fn compile(
    call: &Call<'_>,
    compiler: &mut Compiler<'_>,
    select_here: bool,
    all: bool,
) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    let name = call.name;
    let argument = compiler.argument(call);
    let kind = argument.kind_name();
    let Kind::List { items, .. } = argument.into_kind() else {
        return Err(compiler.invalid(call, format!("the argument of {name} must be a list, not {kind}")));
    };
    let mut items = items.into_iter();
    // A null that is written in the place of the attribute is as none.
    let nothing = |attribute: &Expression| all && attribute.is_null();
    let (resource, attribute) = (items.next(), items.next());
    let written = attribute.is_some();
    let attribute = attribute.filter(|attribute| !nothing(attribute));
    let Some(resource) = resource.filter(|_| all || written) else {
        let form = if all { "[resource name] or " } else { "" };
        return Err(compiler.invalid(
            call,
            format!("the arguments of {name} must be {form}[resource name, attribute, (path), …]"),
        ));
    };
    Ok(Box::new(GetAttr { resource, attribute, path: items.collect(), select_here }))
}

impl GetAttr {
    /// The names, where they are written in so many words and the resource is there.
    fn plain_names(&self, context: &Context<'_>) -> Option<(&str, &str)> {
        let names = (self.resource.as_str()?, self.attribute.as_ref()?.as_str()?);
        context.enabled.is_enabled(names.0).then_some(names)
    }

    fn path(&self, context: &Context<'_>) -> Result<Result<Vec<Value>, Evaluated>, EvaluationError> {
        let mut path = Vec::with_capacity(self.path.len());
        for (at, step) in self.path.iter().enumerate() {
            // A step that wants to be left out is left out.
            let step = step.evaluate_nullable(context).map_err(|error| error.within_index(at + 2))?;
            match step.map(Evaluated::settle) {
                Some(Ok(step @ (Value::Array(_) | Value::Object(_)))) if !self.select_here => {
                    let message = format!("a step to a part of an attribute cannot be {}", shown(&step));
                    return Err(EvaluationError::value(message).within_index(at + 2));
                }
                Some(Ok(step)) => path.push(step),
                Some(Err(unknown)) => return Ok(Err(unknown)),
                None => {}
            }
        }
        Ok(Ok(path))
    }
}

impl Function for GetAttr {
    fn arguments<'a>(&'a self, _: Reach<'_>, visit: &mut dyn FnMut(Argument, &'a Expression)) {
        for (at, argument) in
            std::iter::once(&self.resource).chain(&self.attribute).chain(&self.path).enumerate()
        {
            visit(Argument::Index(at), argument);
        }
    }

    fn references(&self, context: &Context<'_>, span: Span, references: &mut References) {
        if let Some((resource, attribute)) = self.plain_names(context).filter(|_| self.path.is_empty()) {
            references.resource(resource, span);
            references.attributes.insert(AttributeReference {
                resource: resource.to_owned(),
                attribute: Some(attribute.to_owned()),
                path: Some(Vec::new()),
            });
            return;
        }
        let name = self.resource.evaluate(context).map_err(|error| error.within_index(0));
        let Some(resource) = refer(context, name, span, references) else { return };
        let attribute = match &self.attribute {
            None => None,
            Some(attribute) => match attribute.evaluate(context) {
                Ok(Evaluated::Known(Value::String(attribute))) => Some(attribute),
                _ => return,
            },
        };
        let path = self.path(context).ok().and_then(Result::ok);
        references.attributes.insert(AttributeReference { resource, attribute, path });
    }

    fn check(&self, checking: &Checking<'_>, report: &mut dyn FnMut(Diagnostic)) {
        let context = checking.context;
        if let Some((resource, attribute)) =
            self.plain_names(context).filter(|_| self.path.is_empty() || self.select_here)
            && (checking.resource_type)(resource)
                .is_none_or(|schema| schema.attributes.contains_key(attribute))
        {
            return;
        }
        let resource = match self.resource.evaluate(context).map_err(|error| error.within_index(0)) {
            Ok(Evaluated::Known(resource)) => resource,
            Ok(_) => return,
            Err(error) => return report(error.at(checking.span).within(&checking.path()).into_diagnostic()),
        };
        let resource = match enabled(context, &resource) {
            Ok(resource) => resource,
            Err(error) => return report(error.at(checking.span).within(&checking.path()).into_diagnostic()),
        };
        let mut failed = |error: EvaluationError| {
            report(error.at(checking.span).within(&checking.path()).into_diagnostic())
        };
        // Heat collects beforehand what is asked of every resource, path included.
        if !self.select_here
            && let Err(error) = self.path(context)
        {
            failed(error);
        }
        let Some(attribute_expression) = &self.attribute else { return };
        let attribute = match attribute_expression.evaluate(context).map_err(|error| error.within_index(1)) {
            Ok(Evaluated::Known(attribute)) => attribute,
            Ok(_) => return,
            Err(error) => return failed(error),
        };
        let Some(schema) = (checking.resource_type)(resource) else { return };
        let text = python::str_of(&attribute);
        let known = attribute.is_string()
            && (schema.open_attributes || text == "show" || schema.attributes.contains_key(&text));
        if known {
            return;
        }
        let message = format!(
            "the referenced attribute ({resource} {text}) is incorrect: {} has no attribute {text}",
            schema.type_name
        );
        let diagnostic = Diagnostic::error(codes::ATTRIBUTE_REFERENCE, message)
            .at(attribute_expression.span(), "")
            .path(checking.path());
        report(diagnostic.meant(Guess::word(&text, schema.attributes.keys().map(String::as_str))));
    }

    fn evaluate(&self, context: &Context<'_>) -> Outcome {
        // Nearly always both are names in so many words.
        if let Some((resource, attribute)) = self.plain_names(context).filter(|_| self.path.is_empty()) {
            return Ok(Some(context.scope.attribute(resource, attribute, &[])?));
        }
        let resource = self.resource.evaluate(context).map_err(|error| error.within_index(0))?;
        let resource = known!(resource);
        let resource = enabled(context, &resource)?;
        let Some(attribute) = &self.attribute else {
            return Ok(Some(context.scope.all_attributes(resource)?));
        };
        let attribute = known!(attribute.evaluate(context).map_err(|error| error.within_index(1))?);
        let path = match self.path(context)? {
            Ok(path) => path,
            Err(unknown) => return Ok(Some(unknown)),
        };
        let Value::String(attribute) = attribute else {
            return Err(EvaluationError::new(
                codes::ATTRIBUTE_REFERENCE,
                format!("the name of an attribute must be a text, not {}", shown(&attribute)),
            ));
        };
        if self.select_here {
            let value = context.scope.attribute(resource, &attribute, &[])?;
            return Ok(Some(select_attribute(value, &path)));
        }
        Ok(Some(context.scope.attribute(resource, &attribute, &path)?))
    }
}

/// Walks into the value of an attribute: a map by key, a list by integer (from the end if negative); what leads nowhere
/// is null. Unlike in `get_param`, a text never indexes a list.
pub fn select_attribute(value: Evaluated, path: &[Value]) -> Evaluated {
    let mut here = value;
    for step in path {
        here = match (here, step) {
            (unknown @ Evaluated::Unknown(_), _) => return unknown,
            (Evaluated::Known(Value::Object(mut entries)), Value::String(key)) => {
                Evaluated::Known(entries.swap_remove(key).unwrap_or(Value::Null))
            }
            (Evaluated::Map(mut entries), Value::String(key)) => {
                entries.swap_remove(key).unwrap_or(Evaluated::NULL)
            }
            (Evaluated::Known(Value::Array(mut items)), step) => match integer(step, items.len()) {
                Some(at) => Evaluated::Known(items.swap_remove(at)),
                None => Evaluated::NULL,
            },
            (Evaluated::List(mut items), step) => match integer(step, items.len()) {
                Some(at) => items.swap_remove(at),
                None => Evaluated::NULL,
            },
            (Evaluated::Known(Value::String(text)), step) => {
                match integer(step, text.chars().count()).and_then(|at| text.chars().nth(at)) {
                    Some(letter) => Evaluated::Known(letter.to_string().into()),
                    None => Evaluated::NULL,
                }
            }
            _ => Evaluated::NULL,
        };
    }
    here
}

fn integer(step: &Value, length: usize) -> Option<usize> {
    let number = python::Num::of(step).filter(|number| !number.is_float())?;
    super::parameter::position(&number, length)
}

//! What evaluates: contexts, calls, lambdas, and the account of work done.

use super::ast::{Constant, Node, NodeKind};
use super::fault::{Fault, Result};
use super::iterate::Flow;
use super::limits::{FRAMES, FUEL, LIMIT_ITERATORS, check_size, size_of, too_many_elements};
use super::number;
use super::regex::{Flags, Regex};
use super::resolve;
use super::spec::{Class, Named, Raw, Type};
use super::value::Value;
use num_traits::{Signed, ToPrimitive};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

/// Frames of Python between a call and the evaluation of its arguments, and within the call of a lambda.
const CALL_FRAMES: u32 = 6;
const LAMBDA_FRAMES: u32 = 3;

/// Where names are looked up: its own first, then those of the context around it.
pub(super) struct Scope<'a> {
    parent: Option<usize>,
    data: Vec<(Arc<str>, Value)>,
    /// Functions that `def` made here.
    pub(super) functions: Vec<(Arc<str>, Lambda<'a>)>,
    /// The nearest context with functions of its own, this one included.
    pub(super) nearest_functions: Option<usize>,
}

/// An expression with the context that it is evaluated in.
#[derive(Debug, Clone)]
pub(super) struct Lambda<'a> {
    pub(super) body: Raw<'a>,
    context: usize,
    receiver: Option<Value>,
}

/// An argument as a function gets it.
#[derive(Debug)]
pub(super) enum Arg<'a> {
    Value(Value),
    Lambda(Lambda<'a>),
    /// Both sides of a rule.
    Rule(Lambda<'a>, Lambda<'a>),
    Node(&'a Node),
}

/// A call of a function whose overload is chosen.
pub(super) struct Call<'a> {
    /// The context of this call.
    pub(super) context: usize,
    pub(super) args: Vec<Arg<'a>>,
    pub(super) rest: Vec<Arg<'a>>,
    pub(super) named: Vec<(Arc<str>, Value)>,
}

/// Evaluates one expression.
pub(super) struct Machine<'a> {
    pub(super) scopes: Vec<Scope<'a>>,
    pub(super) flows: Vec<Option<Flow<'a>>>,
    fuel: u64,
    frames: u32,
    /// Patterns that were compiled already.
    patterns: HashMap<(String, Flags), Rc<Regex>>,
    /// How many contexts became values.
    exposed: usize,
}

/// The value of a constant.
pub(super) fn constant(node: &Node) -> Value {
    match &node.kind {
        NodeKind::Constant(constant) => match constant {
            Constant::Null => Value::Null,
            Constant::Bool(value) => Value::Bool(*value),
            Constant::Int(value) => Value::Int(*value),
            Constant::Big(value) => Value::Big(value.clone()),
            Constant::Float(value) => Value::Float(*value),
            Constant::Text(text) => Value::Text(text.clone()),
        },
        NodeKind::Keyword(word) => Value::Text(word.clone()),
        _ => Value::Missing,
    }
}

impl<'a> Machine<'a> {
    /// A machine whose outermost context has a value for `$`.
    pub(super) fn new(data: Value) -> Self {
        let outermost = Scope {
            parent: None,
            data: vec![("$1".into(), data)],
            functions: Vec::new(),
            nearest_functions: None,
        };
        Self {
            scopes: vec![outermost],
            flows: Vec::new(),
            fuel: FUEL,
            frames: 0,
            patterns: HashMap::new(),
            exposed: 0,
        }
    }

    /// Pays for work.
    pub(super) fn pay(&mut self, steps: u64) -> Result<()> {
        match self.fuel.checked_sub(steps) {
            Some(rest) => {
                self.fuel = rest;
                Ok(())
            }
            None => {
                self.fuel = 0;
                Err(Fault::limit(format!("the expression takes more than {FUEL} steps")))
            }
        }
    }

    /// What was paid so far.
    pub(super) fn paid(&self) -> u64 {
        FUEL - self.fuel
    }

    /// Pays for a value that was made.
    pub(super) fn pay_for(&mut self, value: &Value) -> Result<()> {
        let size = match value {
            Value::Dict(dict) => dict.len() * 24,
            other => size_of(other),
        };
        self.pay(u64::try_from(size / 64).unwrap_or(u64::MAX))
    }

    /// Does something that takes so many of Python's frames.
    pub(super) fn deeper<T>(&mut self, frames: u32, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.frames + frames > FRAMES {
            return Err(Fault::limit("calls lie in each other too deeply"));
        }
        self.frames += frames;
        let result = work(self);
        self.frames -= frames;
        result
    }

    /// A new context inside of another.
    pub(super) fn child(&mut self, parent: usize) -> usize {
        let nearest_functions = self.scopes[parent].nearest_functions;
        self.scopes.push(Scope {
            parent: Some(parent),
            data: Vec::new(),
            functions: Vec::new(),
            nearest_functions,
        });
        self.scopes.len() - 1
    }

    /// The parent of a context.
    pub(super) fn parent(&self, context: usize) -> Option<usize> {
        self.scopes[context].parent
    }

    /// Gives a name a value. `$` is `$1`.
    pub(super) fn set(&mut self, context: usize, name: &str, value: Value) {
        let name: Arc<str> = if name == "$" || name.is_empty() {
            "$1".into()
        } else if name.starts_with('$') {
            name.into()
        } else {
            format!("${name}").into()
        };
        let data = &mut self.scopes[context].data;
        match data.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => data.push((name, value)),
        }
    }

    fn get(&mut self, context: usize, name: &str) -> Result<Value> {
        let name = if name == "$" { "$1" } else { name };
        let mut at = Some(context);
        let mut looked = 0;
        while let Some(context) = at {
            let scope = &self.scopes[context];
            if let Some((_, value)) = scope.data.iter().find(|(known, _)| **known == *name) {
                let value = value.clone();
                self.pay(looked / 16)?;
                return Ok(value);
            }
            at = scope.parent;
            looked += 1;
        }
        self.pay(looked / 16)?;
        Ok(Value::Null)
    }

    /// A context as a value.
    pub(super) fn expose(&mut self, context: usize) -> Value {
        self.exposed += 1;
        Value::Context(context)
    }

    /// Adds a function to a context.
    pub(super) fn define(&mut self, context: usize, name: Arc<str>, lambda: Lambda<'a>) {
        self.exposed += 1;
        let scope = &mut self.scopes[context];
        scope.functions.push((name, lambda));
        scope.nearest_functions = Some(context);
    }

    /// Evaluates an expression.
    pub(super) fn evaluate(
        &mut self,
        node: &'a Node,
        receiver: Option<Value>,
        context: usize,
    ) -> Result<Value> {
        match &node.kind {
            NodeKind::Constant(_) | NodeKind::Keyword(_) => Ok(constant(node)),
            NodeKind::Variable(name) => {
                self.pay(1)?;
                if self.scopes[context].nearest_functions.is_some() {
                    let name = Raw::Value(Value::Text(name.clone()));
                    if let Some(value) = resolve::overridden(self, "#get_context_data", context, vec![name])?
                    {
                        return Ok(value);
                    }
                }
                let value = self.get(context, name)?;
                check_size(&value).map_err(|fault| fault.at(&node.span))?;
                Ok(value)
            }
            NodeKind::Wrap(inner) => self.deeper(1, |machine| machine.evaluate(inner, receiver, context)),
            NodeKind::Rule(key, value) => self.deeper(1, |machine| {
                let key = machine.evaluate(key, receiver.clone(), context)?;
                let value = machine.evaluate(value, receiver, context)?;
                Value::rule(key, value)
            }),
            NodeKind::Call(call) => {
                let args = call
                    .args
                    .iter()
                    .map(|arg| arg.as_ref().map_or(Raw::Value(Value::Missing), Raw::Node))
                    .collect();
                self.deeper(CALL_FRAMES, |machine| {
                    resolve::call(machine, &call.name, context, receiver, args, Vec::new())
                        .map_err(|fault| fault.at(&node.span))
                })
            }
        }
    }

    /// Calls a function by its name with values, as the library itself does.
    pub(super) fn invoke(&mut self, name: &str, context: usize, args: Vec<Value>) -> Result<Value> {
        let args = args.into_iter().map(Raw::Value).collect();
        self.deeper(CALL_FRAMES, |machine| resolve::call(machine, name, context, None, args, Vec::new()))
    }

    /// Calls a method by its name with values, as the library itself does.
    pub(super) fn invoke_on(&mut self, name: &str, context: usize, receiver: Value) -> Result<Value> {
        self.deeper(CALL_FRAMES, |machine| {
            resolve::call(machine, name, context, Some(receiver), Vec::new(), Vec::new())
        })
    }

    /// Calls a lambda; its arguments are `$1`, `$2` …
    pub(super) fn apply(&mut self, lambda: &Lambda<'a>, args: &[Value]) -> Result<Value> {
        self.apply_named(lambda, args, &[])
    }

    /// Calls a lambda also with named arguments.
    pub(super) fn apply_named(
        &mut self,
        lambda: &Lambda<'a>,
        args: &[Value],
        named: &[(Arc<str>, Value)],
    ) -> Result<Value> {
        let node = match &lambda.body {
            Raw::Value(value) => return Ok(value.clone()),
            Raw::Node(node) => *node,
        };
        self.pay(1)?;
        let (scopes, flows, exposed) = (self.scopes.len(), self.flows.len(), self.exposed);
        let context = self.child(lambda.context);
        for (at, value) in args.iter().enumerate() {
            let name: Arc<str> = match at {
                0 => "$1".into(),
                1 => "$2".into(),
                _ => format!("${}", at + 1).into(),
            };
            self.scopes[context].data.push((name, value.clone()));
        }
        for (name, value) in named {
            self.set(context, name, value.clone());
        }
        let result =
            self.deeper(LAMBDA_FRAMES, |machine| machine.evaluate(node, lambda.receiver.clone(), context));
        // What nobody can see any more goes.
        if flows == self.flows.len() && exposed == self.exposed {
            self.scopes.truncate(scopes);
        }
        result
    }

    /// Calls a lambda in a given context.
    pub(super) fn apply_in(&mut self, lambda: &Lambda<'a>, context: usize) -> Result<Value> {
        match &lambda.body {
            Raw::Value(value) => Ok(value.clone()),
            Raw::Node(node) => {
                let node = *node;
                self.pay(1)?;
                self.deeper(LAMBDA_FRAMES, |machine| machine.evaluate(node, None, context))
            }
        }
    }

    /// Calls a lambda with a receiver.
    pub(super) fn apply_on(&mut self, lambda: &Lambda<'a>, receiver: Value) -> Result<Value> {
        let on = Lambda { receiver: Some(receiver), ..lambda.clone() };
        self.apply(&on, &[])
    }

    /// Makes of what was given what the function gets.
    pub(super) fn convert(
        &mut self,
        raw: Raw<'a>,
        of: Type,
        receiver: Option<&Value>,
        context: usize,
    ) -> Result<Arg<'a>> {
        let lambda = |body| Lambda { body, context, receiver: None };
        match of.class {
            Class::Lambda { .. } => match raw {
                Raw::Value(Value::Null) => Ok(Arg::Value(Value::Null)),
                Raw::Value(value) => {
                    check_size(&value)?;
                    Ok(Arg::Lambda(lambda(Raw::Value(value))))
                }
                node @ Raw::Node(_) => Ok(Arg::Lambda(lambda(node))),
            },
            Class::LazyRule => match raw {
                Raw::Node(node) => match &node.kind {
                    NodeKind::Rule(key, value) => {
                        let side =
                            |node| Lambda { body: Raw::Node(node), context, receiver: receiver.cloned() };
                        Ok(Arg::Rule(side(key), side(value)))
                    }
                    _ => Ok(Arg::Node(node)),
                },
                Raw::Value(value) => Ok(Arg::Value(value)),
            },
            Class::Keyword { node: true } | Class::Expression => match raw {
                Raw::Node(node) => Ok(Arg::Node(node)),
                Raw::Value(value) => Ok(Arg::Value(value)),
            },
            class => {
                let value = match raw {
                    Raw::Node(node) => constant(node),
                    Raw::Value(value) => value,
                };
                check_size(&value)?;
                if matches!(class, Class::Iterable | Class::IterableNoSet) {
                    return self.limited(value).map(Arg::Value);
                }
                if let (Class::DateTime, Value::DateTime(date)) = (class, &value)
                    && date.zone == super::calendar::Zone::None
                {
                    let mut date = (**date).clone();
                    date.zone = super::calendar::Zone::Utc;
                    return Ok(Arg::Value(Value::DateTime(date.into())));
                }
                Ok(Arg::Value(value))
            }
        }
    }

    /// A collection that gives no more elements than the limit allows.
    pub(super) fn limited(&mut self, value: Value) -> Result<Value> {
        let length = match &value {
            Value::Tuple(items) | Value::List(items) => items.len(),
            Value::Set(set) => set.len(),
            Value::Dict(dict) => dict.len(),
            Value::View(super::value::View::Keys | super::value::View::Items, dict) => dict.len(),
            Value::Null => return Ok(value),
            _ => return self.flow(Flow::limit(value)),
        };
        if length > LIMIT_ITERATORS { Err(too_many_elements()) } else { Ok(value) }
    }

    /// A pattern, compiled once.
    pub(super) fn regex(&mut self, pattern: &str, flags: Flags) -> Result<Rc<Regex>> {
        let named = (pattern.to_owned(), flags);
        if let Some(regex) = self.patterns.get(&named) {
            return Ok(regex.clone());
        }
        self.pay(200 + 10 * u64::try_from(pattern.len()).unwrap_or(u64::MAX))?;
        let regex = Rc::new(Regex::new(pattern, flags)?);
        self.patterns.insert(named, regex.clone());
        Ok(regex)
    }

    /// An iterator as a value.
    pub(super) fn flow(&mut self, flow: Flow<'a>) -> Result<Value> {
        self.pay(4)?;
        self.flows.push(Some(flow));
        Ok(Value::Iterator(self.flows.len() - 1))
    }

    /// The named arguments that rules among the arguments are.
    pub(super) fn names(args: Vec<Raw<'a>>, mut named: Named<'a>) -> Result<(Vec<Raw<'a>>, Named<'a>)> {
        let mut positional = Vec::with_capacity(args.len());
        let mut written: Named<'a> = Vec::new();
        for arg in args {
            match arg {
                Raw::Node(node) => match &node.kind {
                    NodeKind::Rule(key, value) => {
                        let NodeKind::Keyword(name) = &key.kind else {
                            let message = "the name of an argument must be a bare word";
                            return Err(Fault::other(message).at(&key.span));
                        };
                        written.retain(|(known, _)| known != name);
                        written.push((name.clone(), Raw::Node(value)));
                    }
                    _ => positional.push(Raw::Node(node)),
                },
                value => positional.push(value),
            }
        }
        written.append(&mut named);
        Ok((positional, written))
    }
}

impl<'a> Call<'a> {
    /// Takes an argument that is a value.
    pub(super) fn value(&mut self, at: usize) -> Value {
        match self.args.get_mut(at) {
            Some(Arg::Value(value)) => std::mem::replace(value, Value::Missing),
            _ => Value::Missing,
        }
    }

    /// All further arguments, which are values.
    pub(super) fn rest_values(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.rest)
            .into_iter()
            .map(|arg| match arg {
                Arg::Value(value) => value,
                _ => Value::Missing,
            })
            .collect()
    }

    /// An argument that is a text; empty if it is none.
    pub(super) fn text(&mut self, at: usize) -> Arc<str> {
        self.text_or_null(at).unwrap_or_else(|| "".into())
    }

    /// An argument that is a text or null.
    pub(super) fn text_or_null(&mut self, at: usize) -> Option<Arc<str>> {
        match self.value(at) {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// An argument that is an integer; one that is too large is the largest.
    pub(super) fn int(&mut self, at: usize) -> i64 {
        let value = self.value(at);
        match number::big(&value) {
            Some(value) => value.to_i64().unwrap_or(if value.is_negative() { i64::MIN } else { i64::MAX }),
            None => 0,
        }
    }

    /// An argument that is a boolean.
    pub(super) fn truth(&mut self, at: usize) -> bool {
        self.value(at).truth()
    }

    /// An argument that is a lambda; `None` if it is null.
    pub(super) fn lambda(&self, at: usize) -> Option<Lambda<'a>> {
        match self.args.get(at) {
            Some(Arg::Lambda(lambda)) => Some(lambda.clone()),
            _ => None,
        }
    }

    /// An argument that must be a lambda.
    pub(super) fn needed_lambda(&self, at: usize) -> Result<Lambda<'a>> {
        self.lambda(at).ok_or_else(|| Fault::other("null stands where an expression is needed"))
    }

    /// All further arguments, which are lambdas; null is `None`.
    pub(super) fn rest_lambdas(&self) -> Vec<Option<Lambda<'a>>> {
        self.rest
            .iter()
            .map(|arg| match arg {
                Arg::Lambda(lambda) => Some(lambda.clone()),
                _ => None,
            })
            .collect()
    }
}

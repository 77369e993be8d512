//! How a function of the library is declared: its parameters, their types, its overloads.

use super::ast::{Node, NodeKind};
use super::calendar::TimeSpan;
use super::fault::Result;
use super::machine::{Call, Machine};
use super::value::{Value, View};
use std::sync::Arc;

/// What a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Type {
    pub(super) class: Class,
    pub(super) nullable: bool,
}

/// The kinds of parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Any,
    Null,
    Bool,
    /// An integer or a boolean, as Python's `int`.
    Int,
    /// An integer.
    Integer,
    /// An integer or a float.
    Number,
    Text,
    Map,
    Rule,
    Set,
    Iterable,
    /// Everything that one can go through but sets.
    IterableNoSet,
    Iterator,
    Sequence,
    DateTime,
    TimeSpan,
    Regex,
    Ordering,
    Context,
    /// An expression that is evaluated when the function wants it.
    Lambda {
        method: bool,
        with_context: bool,
    },
    /// A rule, both sides of which are such expressions.
    LazyRule,
    /// A bare word; with `node` the function gets it as it is written.
    Keyword {
        node: bool,
    },
    /// An expression as it is written.
    Expression,
}

/// The value of a parameter that is not given.
#[derive(Debug, Clone, Copy)]
pub(super) enum Default {
    /// It must be given.
    Required,
    NoValue,
    Null,
    Int(i64),
    Bool(bool),
    Text(&'static str),
    NoTime,
}

/// A parameter.
#[derive(Debug, Clone, Copy)]
pub(super) struct Param {
    pub(super) name: &'static str,
    pub(super) of: Type,
    pub(super) default: Default,
}

/// How a function may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// `f(x)`.
    Function,
    /// `x.f()`.
    Method,
    /// Both.
    Both,
}

/// What does the work.
pub(super) type Run = for<'a> fn(&mut Machine<'a>, Call<'a>) -> Result<Value>;

/// One of the functions with a name.
pub(super) struct Overload {
    pub(super) name: &'static str,
    pub(super) style: Style,
    pub(super) params: &'static [Param],
    /// Takes any number of further arguments.
    pub(super) rest: Option<Type>,
    /// Takes arguments of any name.
    pub(super) any_names: bool,
    /// Rules are arguments, not names of arguments.
    pub(super) rules: bool,
    /// Makes a context of its own.
    pub(super) context: bool,
    pub(super) run: Run,
}

const fn class(class: Class) -> Type {
    Type { class, nullable: false }
}

const fn nullable(class: Class) -> Type {
    Type { class, nullable: true }
}

pub(super) const ANY: Type = nullable(Class::Any);
pub(super) const OBJECT: Type = class(Class::Any);
pub(super) const NULL: Type = nullable(Class::Null);
pub(super) const BOOL: Type = class(Class::Bool);
pub(super) const BOOL_OR_NULL: Type = nullable(Class::Bool);
pub(super) const INT: Type = class(Class::Int);
pub(super) const INT_OR_NULL: Type = nullable(Class::Int);
pub(super) const INTEGER: Type = class(Class::Integer);
pub(super) const NUMBER: Type = class(Class::Number);
pub(super) const NUMBER_OR_NULL: Type = nullable(Class::Number);
pub(super) const TEXT: Type = class(Class::Text);
pub(super) const TEXT_OR_NULL: Type = nullable(Class::Text);
pub(super) const MAP: Type = class(Class::Map);
pub(super) const RULE: Type = class(Class::Rule);
pub(super) const SET: Type = class(Class::Set);
pub(super) const ITERABLE: Type = class(Class::Iterable);
pub(super) const ITERABLE_NO_SET: Type = class(Class::IterableNoSet);
pub(super) const ITERATOR: Type = class(Class::Iterator);
pub(super) const SEQUENCE: Type = class(Class::Sequence);
pub(super) const DATE_TIME: Type = class(Class::DateTime);
pub(super) const TIME_SPAN: Type = class(Class::TimeSpan);
pub(super) const TIME_SPAN_OR_NULL: Type = nullable(Class::TimeSpan);
pub(super) const REGEX: Type = class(Class::Regex);
pub(super) const ORDERING: Type = class(Class::Ordering);
pub(super) const CONTEXT: Type = class(Class::Context);
pub(super) const LAMBDA: Type = nullable(Class::Lambda { method: false, with_context: false });
pub(super) const METHOD_LAMBDA: Type = nullable(Class::Lambda { method: true, with_context: false });
pub(super) const CONTEXT_LAMBDA: Type = nullable(Class::Lambda { method: false, with_context: true });
pub(super) const LAZY_RULE: Type = class(Class::LazyRule);
pub(super) const KEYWORD: Type = class(Class::Keyword { node: false });
pub(super) const KEYWORD_NODE: Type = class(Class::Keyword { node: true });
pub(super) const EXPRESSION: Type = class(Class::Expression);

/// A parameter that must be given.
pub(super) const fn needs(name: &'static str, of: Type) -> Param {
    Param { name, of, default: Default::Required }
}

/// A parameter that may be left out.
pub(super) const fn may(name: &'static str, of: Type, default: Default) -> Param {
    Param { name, of, default }
}

const fn overload(name: &'static str, style: Style, params: &'static [Param], run: Run) -> Overload {
    Overload { name, style, params, rest: None, any_names: false, rules: false, context: false, run }
}

/// A function.
pub(super) const fn function(name: &'static str, params: &'static [Param], run: Run) -> Overload {
    overload(name, Style::Function, params, run)
}

/// A method.
pub(super) const fn method(name: &'static str, params: &'static [Param], run: Run) -> Overload {
    overload(name, Style::Method, params, run)
}

/// A function that is a method too.
pub(super) const fn both(name: &'static str, params: &'static [Param], run: Run) -> Overload {
    overload(name, Style::Both, params, run)
}

impl Overload {
    /// Any number of further arguments.
    pub(super) const fn rest(self, of: Type) -> Self {
        Self { rest: Some(of), ..self }
    }

    /// Arguments of any name.
    pub(super) const fn any_names(self) -> Self {
        Self { any_names: true, ..self }
    }

    /// Rules are arguments.
    pub(super) const fn rules(self) -> Self {
        Self { rules: true, ..self }
    }

    /// It works in a context of its own.
    pub(super) const fn context(self) -> Self {
        Self { context: true, ..self }
    }

    /// Whether it must be given a context of its own: because it says so, or because an argument is evaluated in one.
    pub(super) fn wants_context(&self) -> bool {
        let lazy = |of: Type| of.is_lazy() && of.class != Class::Expression;
        self.context || self.params.iter().any(|param| lazy(param.of)) || self.rest.is_some_and(lazy)
    }
}

impl Default {
    /// The value; `None` if there is none.
    pub(super) fn value(self) -> Option<Value> {
        Some(match self {
            Self::Required => return None,
            Self::NoValue => Value::Missing,
            Self::Null => Value::Null,
            Self::Int(value) => Value::Int(value),
            Self::Bool(value) => Value::Bool(value),
            Self::Text(text) => Value::text(text),
            Self::NoTime => Value::TimeSpan(TimeSpan::ZERO),
        })
    }
}

/// An argument before its function has it: an expression or a value.
#[derive(Debug, Clone)]
pub(super) enum Raw<'a> {
    Node(&'a Node),
    Value(Value),
}

/// Names and what was given for them.
pub(super) type Named<'a> = Vec<(Arc<str>, Raw<'a>)>;

impl Type {
    /// Whether the argument is handed over without being evaluated first.
    pub(super) fn is_lazy(self) -> bool {
        matches!(self.class, Class::Lambda { .. } | Class::LazyRule | Class::Expression)
    }

    /// Whether an argument suits; an expression whose value is not known yet suits every type of values.
    pub(super) fn takes(self, raw: &Raw<'_>) -> bool {
        match self.class {
            Class::Lambda { method, .. } => match raw {
                Raw::Node(node) => !method || node.uses_receiver(),
                Raw::Value(_) => true,
            },
            Class::LazyRule => matches!(raw, Raw::Node(node) if matches!(node.kind, NodeKind::Rule(..))),
            Class::Keyword { .. } => {
                matches!(raw, Raw::Node(node) if matches!(node.kind, NodeKind::Keyword(_)))
            }
            Class::Expression => matches!(raw, Raw::Node(_)),
            _ => match raw {
                Raw::Node(node) if !node.is_constant() => true,
                Raw::Node(node) => self.takes_value(&super::machine::constant(node)),
                Raw::Value(value) => self.takes_value(value),
            },
        }
    }

    fn takes_value(self, value: &Value) -> bool {
        if matches!(value, Value::Null) {
            return self.nullable;
        }
        match self.class {
            Class::Any => true,
            Class::Null => false,
            Class::Bool => matches!(value, Value::Bool(_)),
            Class::Int => value.is_int(),
            Class::Integer => matches!(value, Value::Int(_) | Value::Big(_)),
            Class::Number => matches!(value, Value::Int(_) | Value::Big(_) | Value::Float(_)),
            Class::Text => matches!(value, Value::Text(_)),
            Class::Map => matches!(value, Value::Dict(_)),
            Class::Rule => matches!(value, Value::Rule(_)),
            Class::Set => is_set(value),
            Class::Iterable => is_iterable(value),
            Class::IterableNoSet => is_iterable(value) && !is_set(value),
            Class::Iterator => matches!(value, Value::Iterator(_) | Value::Memory(_)),
            Class::Sequence => matches!(value, Value::Tuple(_) | Value::List(_)),
            Class::DateTime => matches!(value, Value::DateTime(_)),
            Class::TimeSpan => matches!(value, Value::TimeSpan(_)),
            Class::Regex => matches!(value, Value::Regex(_)),
            Class::Ordering => matches!(value, Value::Ordering(_)),
            Class::Context => matches!(value, Value::Context(_)),
            Class::Lambda { .. } | Class::LazyRule | Class::Keyword { .. } | Class::Expression => false,
        }
    }

    /// Whether everything that suits this type suits the other, and not the other way round.
    pub(super) fn is_narrower_than(self, other: Self) -> bool {
        use Class::{Any, Bool, Int, Iterable, IterableNoSet, Iterator, Map, Ordering, Sequence, Set, Text};
        let python_type = |class| {
            !matches!(
                class,
                Class::Lambda { .. } | Class::LazyRule | Class::Keyword { .. } | Class::Expression
            )
        };
        if !python_type(self.class) || !python_type(other.class) || self.class == other.class {
            return false;
        }
        match (self.class, other.class) {
            (Any, _) => false,
            // The original compares classes, not what a type demands beyond its class.
            (Class::Integer, Int) | (Int, Class::Integer) => false,
            (_, Any) => true,
            (Bool, Int | Class::Integer) => true,
            (Text, Iterable | IterableNoSet | Sequence) => true,
            (Map | Set | Iterator | Sequence | Ordering, Iterable | IterableNoSet) => true,
            _ => false,
        }
    }
}

/// Whether it is a set for Python: keys and items of a map are sets too.
pub(super) fn is_set(value: &Value) -> bool {
    matches!(value, Value::Set(_) | Value::View(View::Keys | View::Items, _))
}

/// Whether one can go through it; texts and maps count as one thing.
pub(super) fn is_iterable(value: &Value) -> bool {
    is_set(value)
        || matches!(
            value,
            Value::Tuple(_)
                | Value::List(_)
                | Value::View(..)
                | Value::Iterator(_)
                | Value::Memory(_)
                | Value::Ordering(_)
        )
}

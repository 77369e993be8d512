//! Which of the functions with a name is called.
//!
//! The original's rules: every overload is held against the arguments, as far as they are known without evaluating
//! them; all that suit must agree on which arguments stay unevaluated; the others are evaluated once, and the overloads
//! are held against the values. Functions that `def` made come before those of the library.

use super::fault::{Fault, Result};
use super::library;
use super::machine::{Call, Lambda, Machine};
use super::spec::{Class, Default, Named, Overload, Raw, Style, Type};
use super::value::Value;

/// What may be called.
#[derive(Clone)]
enum Candidate<'a> {
    Library(&'static Overload),
    Defined(Lambda<'a>),
}

const ANYTHING: Type = Type { class: Class::Any, nullable: true };

impl Candidate<'_> {
    fn params(&self) -> &'static [super::spec::Param] {
        match self {
            Self::Library(overload) => overload.params,
            Self::Defined(_) => &[],
        }
    }

    fn rest(&self) -> Option<Type> {
        match self {
            Self::Library(overload) => overload.rest,
            Self::Defined(_) => Some(ANYTHING),
        }
    }

    fn any_names(&self) -> bool {
        match self {
            Self::Library(overload) => overload.any_names,
            Self::Defined(_) => true,
        }
    }

    fn rules(&self) -> bool {
        matches!(self, Self::Library(overload) if overload.rules)
    }

    /// The type of the parameter that takes the argument at a place.
    fn positional(&self, at: usize) -> Option<Type> {
        self.params().get(at).map(|param| param.of).or_else(|| self.rest())
    }

    /// The type of the parameter with a name.
    fn named(&self, name: &str) -> Option<Type> {
        let known = self.params().iter().find(|param| param.name == name).map(|param| param.of);
        known.or_else(|| self.any_names().then_some(ANYTHING))
    }

    /// Whether the arguments suit.
    fn takes(&self, args: &[Raw<'_>], named: &Named<'_>) -> bool {
        let params = self.params();
        if args.len() > params.len() && self.rest().is_none() {
            return false;
        }
        let given = |name: &str| named.iter().any(|(known, _)| **known == *name);
        for (at, param) in params.iter().enumerate() {
            match args.get(at) {
                Some(Raw::Value(Value::Missing)) | None => {
                    let missing = matches!(param.default, Default::Required);
                    if !given(param.name) && missing {
                        return false;
                    }
                    if let (Some(_), false, Some(value)) =
                        (args.get(at), given(param.name), param.default.value())
                        && !param.of.takes(&Raw::Value(value))
                    {
                        return false;
                    }
                    // A place that is left out and a name for it: the original finds no parameter for the place.
                    if args.get(at).is_some() && given(param.name) && self.rest().is_none() {
                        return false;
                    }
                }
                Some(arg) => {
                    if given(param.name) || !param.of.takes(arg) {
                        return false;
                    }
                }
            }
        }
        if let Some(rest) = self.rest()
            && !args.iter().skip(params.len()).all(|arg| rest.takes(arg))
        {
            return false;
        }
        named.iter().all(|(name, arg)| self.named(name).is_some_and(|of| of.takes(arg)))
    }

    /// Whether the parameter types are narrower than those of another that takes the same arguments.
    fn is_narrower_than(&self, other: &Self, count: usize, named: &Named<'_>) -> bool {
        let places = (0..count).map(|at| (self.positional(at), other.positional(at)));
        let names = named.iter().map(|(name, _)| (self.named(name), other.named(name)));
        let mut narrower = false;
        for (one, two) in places.chain(names) {
            if let (Some(one), Some(two)) = (one, two) {
                if two.is_narrower_than(one) {
                    return false;
                }
                narrower |= one.is_narrower_than(two);
            }
        }
        narrower
    }
}

/// All that have a name, those of the nearest context first.
fn candidates<'a>(
    machine: &Machine<'a>,
    name: &str,
    context: usize,
    method: bool,
) -> Vec<Vec<Candidate<'a>>> {
    let name = name.trim_end_matches('_');
    let mut layers = Vec::new();
    let mut at = machine.scopes[context].nearest_functions;
    while let Some(context) = at {
        let scope = &machine.scopes[context];
        let layer: Vec<_> = (scope.functions.iter())
            .filter(|(known, _)| **known == *name && !method)
            .map(|(_, lambda)| Candidate::Defined(lambda.clone()))
            .collect();
        if !layer.is_empty() {
            layers.push(layer);
        }
        at = machine.parent(context).and_then(|parent| machine.scopes[parent].nearest_functions);
    }
    for layer in library::layers(name) {
        let suits = |style| if method { style != Style::Function } else { style != Style::Method };
        let layer: Vec<_> = layer
            .iter()
            .filter(|overload| suits(overload.style))
            .map(|overload| Candidate::Library(overload))
            .collect();
        if !layer.is_empty() {
            layers.push(layer);
        }
    }
    layers
}

/// Calls a function of `def` if there is one that hides the library's own.
pub(super) fn overridden<'a>(
    machine: &mut Machine<'a>,
    name: &str,
    context: usize,
    args: Vec<Raw<'a>>,
) -> Result<Option<Value>> {
    let layers = candidates(machine, name, context, false);
    if layers.is_empty() {
        return Ok(None);
    }
    call(machine, name, context, None, args, Vec::new()).map(Some)
}

/// Calls a function or, with a receiver, a method.
pub(super) fn call<'a>(
    machine: &mut Machine<'a>,
    name: &str,
    context: usize,
    receiver: Option<Value>,
    mut args: Vec<Raw<'a>>,
    mut named: Named<'a>,
) -> Result<Value> {
    machine.pay(1)?;
    let layers = candidates(machine, name, context, receiver.is_some());
    let Some(first) = layers.first().and_then(|layer| layer.first()) else {
        return Err(unknown(name, receiver.as_ref()));
    };
    if let Some(receiver) = &receiver {
        args.insert(0, Raw::Value(receiver.clone()));
    }
    if first.rules() {
        if let Some((name, _)) = named.first() {
            return Err(Fault::other(format!("\"{name}\" is not an argument that can be named")));
        }
    } else {
        (args, named) = Machine::names(args, named)?;
    }
    let rules = first.rules();
    let mut suitable: Vec<Vec<Candidate<'a>>> = Vec::with_capacity(layers.len());
    let mut lazy: Option<Candidate<'a>> = None;
    for layer in layers {
        let mut kept = Vec::with_capacity(layer.len());
        for candidate in layer {
            if candidate.rules() != rules {
                return Err(ambiguous(name));
            }
            if !candidate.takes(&args, &named) {
                continue;
            }
            match &lazy {
                None => lazy = Some(candidate.clone()),
                Some(model) if !same_laziness(model, &candidate, args.len(), &named) => {
                    return Err(ambiguous(name));
                }
                Some(_) => {}
            }
            kept.push(candidate);
        }
        if !kept.is_empty() {
            suitable.push(kept);
        }
    }
    let Some(model) = lazy else { return Err(no_match(name, receiver.as_ref(), &args)) };
    let is_lazy = |of: Option<Type>| of.is_some_and(Type::is_lazy);
    for (at, arg) in args.iter_mut().enumerate() {
        if let Raw::Node(node) = *arg
            && !node.is_constant()
            && !is_lazy(model.positional(at))
        {
            *arg = Raw::Value(machine.evaluate(node, None, context)?);
        }
    }
    for (name, arg) in &mut named {
        if let Raw::Node(node) = *arg
            && !node.is_constant()
            && !is_lazy(model.named(name))
        {
            *arg = Raw::Value(machine.evaluate(node, None, context)?);
        }
    }
    for layer in suitable {
        let mut winner: Option<Candidate<'a>> = None;
        for candidate in layer {
            if !candidate.takes(&args, &named) {
                continue;
            }
            if let Some(best) = &winner {
                if best.is_narrower_than(&candidate, args.len(), &named) {
                    continue;
                }
                if !candidate.is_narrower_than(best, args.len(), &named) {
                    return Err(ambiguous(name));
                }
            }
            winner = Some(candidate);
        }
        if let Some(winner) = winner {
            let result = run(machine, &winner, context, receiver, args, named)?;
            super::limits::check_size(&result)?;
            machine.pay_for(&result)?;
            return Ok(result);
        }
    }
    Err(no_match(name, receiver.as_ref(), &args))
}

fn same_laziness(left: &Candidate<'_>, right: &Candidate<'_>, count: usize, named: &Named<'_>) -> bool {
    let is_lazy = |of: Option<Type>| of.is_some_and(Type::is_lazy);
    (0..count).all(|at| is_lazy(left.positional(at)) == is_lazy(right.positional(at)))
        && named.iter().all(|(name, _)| is_lazy(left.named(name)) == is_lazy(right.named(name)))
}

fn run<'a>(
    machine: &mut Machine<'a>,
    candidate: &Candidate<'a>,
    context: usize,
    receiver: Option<Value>,
    args: Vec<Raw<'a>>,
    mut named: Named<'a>,
) -> Result<Value> {
    let overload = match candidate {
        Candidate::Library(overload) => *overload,
        Candidate::Defined(lambda) => {
            let value = |raw| match raw {
                Raw::Value(value) => value,
                Raw::Node(node) => super::machine::constant(node),
            };
            let args: Vec<_> = args.into_iter().map(value).collect();
            let named: Vec<_> = named.into_iter().map(|(name, raw)| (name, value(raw))).collect();
            for value in args.iter().chain(named.iter().map(|(_, value)| value)) {
                super::limits::check_size(value)?;
            }
            return machine.apply_named(lambda, &args, &named);
        }
    };
    let context = if overload.wants_context() { machine.child(context) } else { context };
    let mut call = Call {
        context,
        args: Vec::with_capacity(overload.params.len()),
        rest: Vec::new(),
        named: Vec::new(),
    };
    let mut given = args.into_iter();
    for param in overload.params {
        let raw = match given.next() {
            Some(Raw::Value(Value::Missing)) | None => {
                let at = named.iter().position(|(name, _)| **name == *param.name);
                match at {
                    Some(at) => named.remove(at).1,
                    None => Raw::Value(param.default.value().unwrap_or(Value::Missing)),
                }
            }
            Some(raw) => raw,
        };
        let arg = machine.convert(raw, param.of, receiver.as_ref(), context)?;
        call.args.push(arg);
    }
    if let Some(rest) = overload.rest {
        for raw in given {
            let arg = machine.convert(raw, rest, receiver.as_ref(), context)?;
            call.rest.push(arg);
        }
    }
    for (name, raw) in named {
        if let super::machine::Arg::Value(value) = machine.convert(raw, ANYTHING, None, context)? {
            call.named.push((name, value));
        }
    }
    (overload.run)(machine, call)
}

fn ambiguous(name: &str) -> Box<Fault> {
    Fault::other(format!("more than one {} takes these arguments", described(name)))
}

/// How an operator or a function is called in a message.
fn described(name: &str) -> String {
    let operator = |symbol: &str| format!("operator \"{symbol}\"");
    match name {
        "#indexer" => "index".to_owned(),
        "#list" => "list".to_owned(),
        "#map" => "map".to_owned(),
        "*equal" => operator("="),
        "*not_equal" => operator("!="),
        _ => match name.strip_prefix("#operator_").or_else(|| name.strip_prefix("#unary_operator_")) {
            Some(symbol) => operator(symbol),
            None => format!("function \"{name}\""),
        },
    }
}

fn unknown(name: &str, receiver: Option<&Value>) -> Box<Fault> {
    if let Some(property) = name.strip_prefix("#property#") {
        return Fault::other(format!("there is no property \"{property}\""));
    }
    let is_method = receiver.is_some();
    let other_style = !library::layers(name).is_empty();
    let fault = match receiver {
        Some(value) => Fault::other(format!("there is no method \"{name}\" (on {})", value.type_name())),
        None => Fault::other(format!("there is no function \"{name}\"")),
    };
    if name == "format" {
        return fault.help("texts have no format in yaql 3; use concat(…) or +");
    }
    match library::similar(name) {
        _ if other_style && is_method => fault.help(format!("it is a function: {name}(…)")),
        _ if other_style => fault.help(format!("it is a method: value.{name}(…)")),
        Some(similar) => fault.help(format!("did you mean \"{similar}\"?")),
        None => fault,
    }
}

fn no_match(name: &str, receiver: Option<&Value>, args: &[Raw<'_>]) -> Box<Fault> {
    let shown = |raw: &Raw<'_>| match raw {
        Raw::Value(value) => value.type_name().to_owned(),
        Raw::Node(node) if node.is_constant() => super::machine::constant(node).type_name().to_owned(),
        Raw::Node(_) => "an expression".to_owned(),
    };
    let from = usize::from(receiver.is_some());
    let types: Vec<_> = args.iter().skip(from).take(5).map(shown).collect();
    let types = if types.is_empty() { "no arguments".to_owned() } else { types.join(", ") };
    let message = match receiver {
        Some(value) => format!(
            "no {} of {} takes {types}",
            described(name).replace("function", "method"),
            value.type_name()
        ),
        None => format!("no {} takes {types}", described(name)),
    };
    let fault = Fault::no_match(message);
    if name == "format" { fault.help("texts have no format in yaql 3; use concat(…) or +") } else { fault }
}

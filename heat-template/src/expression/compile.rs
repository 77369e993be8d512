//! From nodes to expressions.

use super::path::{push_index, push_key};
use super::{Expression, Kind, MapEntry, Scalar};
use crate::diagnostic::Guess;
use crate::diagnostic::{Code, Diagnostic, codes};
use crate::dialect::{Availability, Dialect};
use crate::function::{Function, removed};
use crate::source::Span;
use crate::yaml::{Node, NodeKind};
use std::collections::HashSet;
use std::sync::Arc;

/// Makes the function of a call, or tells why it cannot be one.
pub type Compile = fn(&Call<'_>, &mut Compiler<'_>) -> Result<Box<dyn Function>, Box<Diagnostic>>;

/// A map with one key that is a function's name.
#[derive(Debug)]
pub struct Call<'n> {
    /// The name.
    pub name: &'n Arc<str>,
    /// Where the name stands.
    pub name_span: Span,
    /// Where the whole call stands.
    pub span: Span,
    /// What is behind the name.
    pub argument: &'n Node,
}

/// Where a value stands: which functions are possible there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In resources and outputs.
    Value,
    /// In a condition.
    Condition,
}

/// Compiles the values of one template.
#[derive(Debug)]
pub struct Compiler<'d> {
    dialect: &'d Dialect,
    /// The text that is compiled, if it is at hand.
    text: Option<Arc<str>>,
    place: Place,
    path: String,
    warnings: Vec<Diagnostic>,
    /// Names of parameters that calls ask for.
    parameters: HashSet<String>,
    /// Some call asks for a parameter whose name it computes.
    any_parameter: bool,
    /// Some call has wrong arguments.
    any_invalid: bool,
}

impl<'d> Compiler<'d> {
    /// A compiler for values of a dialect.
    pub fn new(dialect: &'d Dialect) -> Self {
        Self {
            dialect,
            text: None,
            place: Place::Value,
            path: String::new(),
            warnings: Vec::new(),
            parameters: HashSet::new(),
            any_parameter: false,
            any_invalid: false,
        }
    }

    /// The same for values of a text, so that a function can point inside of a scalar.
    #[must_use]
    pub fn reading(self, text: Arc<str>) -> Self {
        Self { text: Some(text), ..self }
    }

    /// What is written at a place, if the text is at hand.
    pub fn source(&self, span: Span) -> Option<&str> {
        self.text.as_ref()?.get(span.start as usize..span.end as usize)
    }

    /// The dialect.
    pub fn dialect(&self) -> &'d Dialect {
        self.dialect
    }

    /// Heat's dotted path to what is being compiled.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Notes that a call asks for a parameter; `None` if its name is computed.
    pub fn mention_parameter(&mut self, name: Option<&str>) {
        match name {
            Some(name) => {
                if !self.parameters.contains(name) {
                    self.parameters.insert(name.to_owned());
                }
            }
            None => self.any_parameter = true,
        }
    }

    /// Whether a call asks, or may ask, for a parameter.
    pub fn mentions_parameter(&self, name: &str) -> bool {
        self.any_parameter || self.parameters.contains(name)
    }

    /// Whether there was a call with wrong arguments.
    pub(crate) fn met_an_invalid_call(&self) -> bool {
        self.any_invalid
    }

    /// What was found that does not make a template wrong.
    pub fn into_warnings(self) -> Vec<Diagnostic> {
        self.warnings
    }

    /// Does something with another path.
    pub fn at<T>(&mut self, path: &[&str], work: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.path.len();
        path.iter().for_each(|key| push_key(&mut self.path, key));
        let result = work(self);
        self.path.truncate(length);
        result
    }

    /// Compiles a value in the place where the compiler is.
    pub fn expression(&mut self, node: &Node) -> Expression {
        let kind = match &node.kind {
            NodeKind::Null => Kind::Scalar(Scalar::Null),
            NodeKind::Bool(value) => Kind::Scalar(Scalar::Bool(*value)),
            NodeKind::Number(value) => Kind::Scalar(Scalar::Number(value.clone())),
            NodeKind::String(text) => Kind::Scalar(Scalar::Text(text.clone())),
            NodeKind::List(nodes) => {
                let length = self.path.len();
                let mut items = Vec::with_capacity(nodes.len());
                for (at, node) in nodes.iter().enumerate() {
                    push_index(&mut self.path, at);
                    items.push(self.expression(node));
                    self.path.truncate(length);
                }
                let constant = items.iter().all(Expression::is_constant);
                Kind::List { items, constant }
            }
            NodeKind::Map(nodes) => {
                if let [only] = &nodes[..] {
                    let call = Call {
                        name: &only.key,
                        name_span: only.key_span,
                        span: node.span,
                        argument: &only.value,
                    };
                    if let Some(kind) = self.call(&call) {
                        return Expression::new(node.span, kind);
                    }
                }
                let length = self.path.len();
                let mut entries = Vec::with_capacity(nodes.len());
                for node in nodes {
                    push_key(&mut self.path, &node.key);
                    let value = self.expression(&node.value);
                    self.path.truncate(length);
                    entries.push(MapEntry { key: node.key.clone(), key_span: node.key_span, value });
                }
                let constant = entries.iter().all(|entry| entry.value.is_constant());
                let kind = Kind::Map { entries, constant };
                self.warn_of_lookalikes(node, &kind);
                kind
            }
        };
        Expression::new(node.span, kind)
    }

    /// Compiles a condition: a name, a boolean or a call of a condition function.
    pub fn condition(&mut self, node: &Node) -> Expression {
        let outer = std::mem::replace(&mut self.place, Place::Condition);
        let expression = self.expression(node);
        self.place = outer;
        expression
    }

    /// Compiles the argument of a call, with the function's name as part of the path.
    pub fn argument(&mut self, call: &Call<'_>) -> Expression {
        self.expression(call.argument)
    }

    /// A problem with the arguments of a call.
    pub fn invalid(&self, call: &Call<'_>, message: impl Into<String>) -> Box<Diagnostic> {
        self.problem(codes::FUNCTION_ARGUMENTS, call, message)
    }

    /// A problem with a call.
    pub fn problem(&self, code: Code, call: &Call<'_>, message: impl Into<String>) -> Box<Diagnostic> {
        Box::new(Diagnostic::error(code, message).at(call.span, "").path(self.path.clone()))
    }

    fn call(&mut self, call: &Call<'_>) -> Option<Kind> {
        let availability = match self.place {
            Place::Value => self.dialect.function(call.name),
            Place::Condition => self.dialect.condition_function(call.name),
        };
        let availability = match availability {
            Some(availability) => availability,
            None => {
                self.warn_of_misspelling(call);
                return None;
            }
        };
        let length = self.path.len();
        push_key(&mut self.path, call.name);
        let made = match availability {
            Availability::Known(compile) => compile(call, self),
            Availability::Removed => Ok(removed::compile(call, self)),
            Availability::NotHere => {
                let message = format!("the function \"{}\" is not possible in a condition", call.name);
                Err(self.problem(codes::FUNCTION_NOT_HERE, call, message))
            }
        };
        self.path.truncate(length);
        Some(match made {
            Ok(function) => Kind::Call { name: call.name.clone(), function },
            Err(diagnostic) => {
                self.any_invalid = true;
                Kind::Invalid(diagnostic)
            }
        })
    }

    fn known(&self, name: &str) -> bool {
        match self.place {
            Place::Value => self.dialect.function(name).is_some(),
            Place::Condition => self.dialect.condition_function(name).is_some(),
        }
    }

    /// `{get_param: x, default: y}` is data for Heat.
    fn warn_of_lookalikes(&mut self, node: &Node, kind: &Kind) {
        let Kind::Map { entries, .. } = kind else { return };
        if !(2..=3).contains(&entries.len()) {
            return;
        }
        if let Some(entry) =
            entries.iter().find(|entry| looks_like_a_function(&entry.key) && self.known(&entry.key))
        {
            self.warnings.push(
                Diagnostic::warning(
                    codes::FUNCTION_LOOKALIKE,
                    format!(
                        "this map is data: a function call is a map with \"{}\" as its only key",
                        entry.key
                    ),
                )
                .at(entry.key_span, "")
                .label(node.span, "has more than one key")
                .path(self.path.clone()),
            );
        }
    }

    /// A map with one key that is almost a function's name.
    fn warn_of_misspelling(&mut self, call: &Call<'_>) {
        if self.place == Place::Condition {
            return;
        }
        let name = call.name.trim();
        let later = || crate::dialect::function_table().iter().any(|row| row.name == &**call.name);
        let names = self.dialect.function_names(false);
        // A name that is an everyday word would be suspected everywhere: what is behind it has to fit, too.
        let suspicious = name.len() >= 5
            && (looks_like_a_function(name) || self.dialect.has_function_in_other_case(name))
            || name.starts_with("Fn::")
            || later() && argument_fits(name, call.argument);
        // Signs and letters that others write: `getParam`, `get-param`.
        let alike = names.iter().copied().find(|known| known.len() >= 5 && squeezed(known) == squeezed(name));
        if !suspicious && alike.is_none() {
            return;
        }
        let warning = |message: String| {
            Diagnostic::warning(codes::FUNCTION_LOOKALIKE, message)
                .at(call.name_span, "")
                .path(self.path.clone())
        };
        let warning = if later() {
            warning(format!("\"{}\" is not a function in version {}", call.name, self.dialect.version()))
                .help("it is data here; another version of the template has it as a function")
        } else {
            // Data may have keys that are somewhat like a function's name: only a slip of the pen is worth a word.
            let guess = Guess::word(name, names.iter().copied().filter(|name| name.len() >= 5));
            let guess = guess.filter(|guess| guess.certain);
            let alike =
                alike.map(|meant| Guess { written: name.to_owned(), meant: meant.to_owned(), certain: true });
            let guess = guess.or(alike);
            if guess.is_none() && !name.starts_with("Fn::") {
                return;
            }
            warning(format!("\"{}\" is not a function: this map is data", call.name)).meant(guess)
        };
        self.warnings.push(warning);
    }
}

/// A name without what people write in other ways.
fn squeezed(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// Whether a function whose name is an everyday word could be called with this.
fn argument_fits(name: &str, argument: &Node) -> bool {
    let items = argument.as_list().map(<[Node]>::len);
    let first = argument.as_list().and_then(<[Node]>::first);
    match name {
        "yaql" => argument.get("expression").is_some(),
        "if" => matches!(items, Some(2..=3)) && first.is_some_and(|first| first.as_str().is_some()),
        "digest" => items == Some(2) && first.and_then(Node::as_str).is_some_and(is_digest),
        "filter" => items == Some(2) && first.is_some_and(|first| first.as_list().is_some()),
        "contains" => items == Some(2),
        _ => false,
    }
}

/// Whether this is the name of a digest, more or less.
fn is_digest(name: &str) -> bool {
    ["md5", "sha", "blake2"].iter().any(|family| name.to_ascii_lowercase().starts_with(family))
}

fn looks_like_a_function(name: &str) -> bool {
    name.contains('_') || name.contains("::") || name == "Ref" || name == "if" || name == "repeat"
}

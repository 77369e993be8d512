//! From tokens to a tree, by the power with which operators bind.

use super::ast::{Call, Constant, MAX_DEPTH, Node, NodeKind};
use super::lexer::{Token, tokens};
use super::syntax::SyntaxError;
use std::ops::Range;

/// How an operator binds: its strength, and whether what is to its right binds first.
struct Binding {
    power: u8,
    right: bool,
    function: &'static str,
}

/// Binary operators; the table is the original's, strongest last.
fn binary(symbol: &str) -> Option<Binding> {
    let (power, function) = match symbol {
        "->" => (1, "#operator_->"),
        "or" => (2, "#operator_or"),
        "and" => (3, "#operator_and"),
        ">" => (5, "#operator_>"),
        "<" => (5, "#operator_<"),
        ">=" => (5, "#operator_>="),
        "<=" => (5, "#operator_<="),
        "!=" => (5, "*not_equal"),
        "=" => (5, "*equal"),
        "in" => (5, "#operator_in"),
        "+" => (6, "#operator_+"),
        "-" => (6, "#operator_-"),
        "*" => (7, "#operator_*"),
        "/" => (7, "#operator_/"),
        "mod" => (7, "#operator_mod"),
        "=~" => (8, "#operator_=~"),
        "!~" => (8, "#operator_!~"),
        "." => (11, "#operator_."),
        "?." => (11, "#operator_?."),
        _ => return None,
    };
    Some(Binding { power, right: symbol == "->", function })
}

/// `[…]` behind a value.
const INDEX: u8 = 10;

/// Operators in front of a value.
fn prefix(symbol: &str) -> Option<(u8, &'static str)> {
    match symbol {
        "not" => Some((4, "#unary_operator_not")),
        "+" => Some((9, "#unary_operator_+")),
        "-" => Some((9, "#unary_operator_-")),
        _ => None,
    }
}

/// Reads an expression.
pub(super) fn parse(text: &str) -> Result<Node, SyntaxError> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, end: text.len(), depth: 0 };
    let node = parser.value(0)?;
    match parser.peek() {
        None => Ok(node),
        Some(_) => Err(parser.unexpected("an operator or the end")),
    }
}

struct Parser {
    tokens: Vec<(Token, Range<usize>)>,
    at: usize,
    end: usize,
    depth: u16,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(token, _)| token)
    }

    fn is(&self, symbol: &str) -> bool {
        matches!(self.peek(), Some(Token::Symbol(found)) if *found == symbol)
    }

    fn here(&self) -> Range<usize> {
        self.tokens.get(self.at).map_or(self.end..self.end, |(_, span)| span.clone())
    }

    fn behind(&self) -> usize {
        self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(0, |(_, span)| span.end)
    }

    fn unexpected(&self, wanted: &str) -> SyntaxError {
        let message = match self.peek() {
            None => format!("the expression ends where {wanted} should be"),
            Some(_) => format!("{wanted} should be here"),
        };
        SyntaxError::new(message, self.here())
    }

    fn node(&self, start: usize, kind: NodeKind) -> Result<Node, SyntaxError> {
        let deepest = match &kind {
            NodeKind::Wrap(inner) => inner.depth,
            NodeKind::Rule(key, value) => key.depth.max(value.depth),
            NodeKind::Call(call) => call.args.iter().flatten().map(|arg| arg.depth).max().unwrap_or(0),
            _ => 0,
        };
        let span = start..self.behind();
        if deepest >= MAX_DEPTH {
            return Err(Self::too_deep(span));
        }
        Ok(Node { span, depth: deepest + 1, kind })
    }

    fn too_deep(span: Range<usize>) -> SyntaxError {
        SyntaxError::new(format!("the expression is nested more than {MAX_DEPTH} levels deep"), span)
    }

    fn call(&self, start: usize, name: &str, args: Vec<Option<Node>>) -> Result<Node, SyntaxError> {
        self.node(start, NodeKind::Call(Call { name: name.into(), args, named: false }))
    }

    /// A value whose operators bind stronger than `power`.
    fn value(&mut self, power: u8) -> Result<Node, SyntaxError> {
        if self.depth >= MAX_DEPTH {
            return Err(Self::too_deep(self.here()));
        }
        self.depth += 1;
        let start = self.here().start;
        let mut left = self.first()?;
        while let Some(Token::Symbol(symbol)) = self.peek() {
            let symbol = *symbol;
            if symbol == "[" {
                if INDEX <= power {
                    break;
                }
                self.at += 1;
                let mut args = vec![Some(left)];
                args.extend(self.args("]")?);
                left = self.call(start, "#indexer", args)?;
                continue;
            }
            let Some(binding) = binary(symbol) else { break };
            if binding.power <= power {
                break;
            }
            self.at += 1;
            let right = self.value(binding.power - u8::from(binding.right))?;
            left = self.call(start, binding.function, vec![Some(left), Some(right)])?;
        }
        self.depth -= 1;
        Ok(left)
    }

    /// A value without binary operators.
    fn first(&mut self) -> Result<Node, SyntaxError> {
        let start = self.here().start;
        let Some(token) = self.peek().cloned() else { return Err(self.unexpected("a value")) };
        let wrong = self.unexpected("a value");
        self.at += 1;
        let kind = match token {
            Token::Keyword(name) => NodeKind::Keyword(name),
            Token::Variable(name) => NodeKind::Variable(name),
            Token::Text(text) => NodeKind::Constant(Constant::Text(text)),
            Token::Int(value) => NodeKind::Constant(Constant::Int(value)),
            Token::Big(value) => NodeKind::Constant(Constant::Big(value)),
            Token::Float(value) => NodeKind::Constant(Constant::Float(value)),
            Token::True => NodeKind::Constant(Constant::Bool(true)),
            Token::False => NodeKind::Constant(Constant::Bool(false)),
            Token::Null => NodeKind::Constant(Constant::Null),
            Token::Function(name) => {
                let args = self.args(")")?;
                NodeKind::Call(Call { name, args, named: true })
            }
            Token::Symbol("(") => {
                let inner = self.value(0)?;
                self.close(")")?;
                NodeKind::Wrap(Box::new(inner))
            }
            Token::Symbol("[") => {
                let args = self.args("]")?;
                return self.call(start, "#list", args);
            }
            Token::Symbol("{") => {
                let args = self.args("}")?;
                return self.call(start, "#map", args);
            }
            Token::Symbol(symbol) => {
                let Some((power, function)) = prefix(symbol) else { return Err(wrong) };
                let operand = self.value(power)?;
                return self.call(start, function, vec![Some(operand)]);
            }
        };
        self.node(start, kind)
    }

    fn close(&mut self, symbol: &str) -> Result<(), SyntaxError> {
        if !self.is(symbol) {
            return Err(self.unexpected(&format!("\"{symbol}\"")));
        }
        self.at += 1;
        Ok(())
    }

    /// Arguments up to a closing symbol: values, some of them left out, then named ones.
    fn args(&mut self, end: &str) -> Result<Vec<Option<Node>>, SyntaxError> {
        let mut args = Vec::new();
        if self.is(end) {
            self.at += 1;
            return Ok(args);
        }
        let mut named = false;
        let mut omitted = 0;
        loop {
            if self.is(",") && !named {
                args.push(None);
                omitted += 1;
                self.at += 1;
                continue;
            }
            let start = self.here().start;
            let value = self.value(0)?;
            if self.is("=>") {
                // One value may be left out before the first name, and only behind another value.
                if !named && omitted > usize::from(args.len() > omitted) {
                    return Err(self.unexpected("a value without a name"));
                }
                self.at += 1;
                let destination = self.value(0)?;
                args.push(Some(self.node(start, NodeKind::Rule(Box::new(value), Box::new(destination)))?));
                named = true;
            } else if named {
                return Err(self.unexpected("\"=>\""));
            } else {
                args.push(Some(value));
                omitted = 0;
            }
            if self.is(end) {
                self.at += 1;
                return Ok(args);
            }
            if !self.is(",") {
                return Err(self.unexpected(&format!("\",\" or \"{end}\"")));
            }
            self.at += 1;
        }
    }
}

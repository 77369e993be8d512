//! `constraint(…)`: what a value must be beside its type.

use crate::options::{name, once, unknown};
use crate::place::at;
use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::meta::ParseNestedMeta;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Error, Expr, ExprLit, ExprUnary, Lit, LitStr, Result, Token, UnOp};

const KINDS: &[&str] = &["length", "range", "modulo", "allowed", "pattern", "custom"];

/// A number as it is written, with its sign.
struct Number {
    text: String,
    expression: Expr,
}

impl Number {
    fn read(meta: &ParseNestedMeta<'_>) -> Result<Self> {
        let expression: Expr = meta.value()?.parse()?;
        let text = number_text(&expression)
            .ok_or_else(|| Error::new_spanned(&expression, "expected a number, such as `60` or `-1`"))?;
        Ok(Self { text, expression })
    }

    fn value(&self) -> f64 {
        self.text.parse().unwrap_or(f64::NAN)
    }

    /// Whole numbers keep all their digits.
    fn expand(&self, sdk: &TokenStream) -> TokenStream {
        let expression = &self.expression;
        match self.text.parse::<i64>() {
            Ok(whole) => quote!(#sdk::__private::Number::from(#whole)),
            Err(_) => quote!(#sdk::__private::number(#expression)),
        }
    }
}

fn number_text(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => Some(number.base10_digits().to_owned()),
        Expr::Lit(ExprLit { lit: Lit::Float(number), .. }) => Some(number.base10_digits().to_owned()),
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => Some(format!("-{}", number_text(expr)?)),
        _ => None,
    }
}

enum Kind {
    Length { min: Option<Number>, max: Option<Number> },
    Range { min: Option<Number>, max: Option<Number> },
    Modulo { step: Number, offset: Number },
    Allowed(Vec<Lit>),
    Pattern(LitStr),
    Custom(LitStr),
}

/// One constraint.
pub(crate) struct Constraint {
    kind: Kind,
    description: Option<LitStr>,
    span: Span,
}

impl Constraint {
    pub(crate) fn read(meta: &ParseNestedMeta<'_>) -> Result<Self> {
        let (mut kind, mut description, mut span) = (None, None, meta.path.span());
        meta.parse_nested_meta(|inner| {
            if inner.path.is_ident("description") {
                return once(&inner, &mut description, inner.value()?.parse()?);
            }
            if kind.is_some() {
                return Err(
                    inner.error("one constraint holds one kind; write another `constraint(…)` for the next")
                );
            }
            span = inner.path.span();
            kind = Some(Kind::read(&inner)?);
            Ok(())
        })?;
        let kind = kind.ok_or_else(|| meta.error(format!("expected a constraint: {}", listed(KINDS))))?;
        Ok(Self { kind, description, span })
    }

    /// The name, where it is a custom constraint.
    pub(crate) fn custom(&self) -> Option<String> {
        match &self.kind {
            Kind::Custom(name) => Some(name.value()),
            _ => None,
        }
    }

    /// An expression that gives the constraint.
    pub(crate) fn expand(&self, sdk: &TokenStream) -> TokenStream {
        let optional = |number: &Option<Number>| match number {
            Some(number) => {
                let number = number.expand(sdk);
                quote!(::core::option::Option::Some(#number))
            }
            None => quote!(::core::option::Option::None),
        };
        let length = |number: &Option<Number>| match number.as_ref().map(|number| &number.expression) {
            Some(number) => quote!(::core::option::Option::Some(#number)),
            None => quote!(::core::option::Option::None),
        };
        let kinds = quote!(#sdk::schema::ConstraintKind);
        let kind = match &self.kind {
            Kind::Length { min, max } => {
                let (min, max) = (length(min), length(max));
                quote!(#kinds::Length { min: #min, max: #max })
            }
            Kind::Range { min, max } => {
                let (min, max) = (optional(min), optional(max));
                quote!(#kinds::Range { min: #min, max: #max })
            }
            Kind::Modulo { step, offset } => {
                let (step, offset) = (step.expand(sdk), offset.expand(sdk));
                quote!(#kinds::Modulo { step: #step, offset: #offset })
            }
            Kind::Allowed(values) => {
                quote!(#kinds::AllowedValues(::std::vec![#(#sdk::__private::Value::from(#values)),*]))
            }
            Kind::Pattern(pattern) => quote!(#kinds::AllowedPattern(::std::string::String::from(#pattern))),
            Kind::Custom(name) => quote!(#kinds::CustomConstraint(::std::string::String::from(#name))),
        };
        let description = match &self.description {
            Some(text) => quote!(::core::option::Option::Some(::std::string::String::from(#text))),
            None => quote!(::core::option::Option::None),
        };
        quote!(#sdk::schema::Constraint { kind: #kind, description: #description })
    }

    /// A check of the constraint against a shape, made when the author's crate is compiled.
    pub(crate) fn check(&self, sdk: &TokenStream, shape: &TokenStream) -> TokenStream {
        let function = match &self.kind {
            Kind::Length { .. } => quote!(length_applies),
            Kind::Range { .. } | Kind::Modulo { .. } => quote!(range_applies),
            Kind::Pattern(_) => quote!(pattern_applies),
            Kind::Allowed(values) => {
                let checks =
                    values.iter().map(|value| crate::default::check_literal(value, false, sdk, shape));
                return quote!(#(#checks)*);
            }
            Kind::Custom(_) => return TokenStream::new(),
        };
        at(self.span, quote!(const _: () = #sdk::__private::#function(#shape);))
    }

    /// Why a literal default does not meet the constraint.
    pub(crate) fn refuses(&self, default: &Expr) -> Option<String> {
        match (&self.kind, default) {
            (Kind::Length { min, max }, Expr::Lit(ExprLit { lit: Lit::Str(text), .. })) => {
                outside(text.value().chars().count() as f64, min, max)
                    .map(|why| format!("its length is {why}"))
            }
            (Kind::Range { min, max }, number) => {
                let value: f64 = number_text(number)?.parse().ok()?;
                outside(value, min, max).map(|why| format!("it is {why}"))
            }
            (Kind::Modulo { step, offset }, number) => {
                let value: f64 = number_text(number)?.parse().ok()?;
                (value.rem_euclid(step.value().abs()) != offset.value().rem_euclid(step.value().abs()))
                    .then(|| format!("it is not {} modulo {}", offset.text, step.text))
            }
            (Kind::Allowed(values), Expr::Lit(ExprLit { lit, .. })) => {
                (!values.iter().any(|value| same(value, lit)))
                    .then(|| "it is none of the allowed values".to_owned())
            }
            _ => None,
        }
    }
}

fn same(left: &Lit, right: &Lit) -> bool {
    match (left, right) {
        (Lit::Str(left), Lit::Str(right)) => left.value() == right.value(),
        (Lit::Int(left), Lit::Int(right)) => left.base10_digits() == right.base10_digits(),
        (Lit::Float(left), Lit::Float(right)) => left.base10_digits() == right.base10_digits(),
        (Lit::Bool(left), Lit::Bool(right)) => left.value == right.value,
        _ => false,
    }
}

fn outside(value: f64, min: &Option<Number>, max: &Option<Number>) -> Option<String> {
    match (min, max) {
        (Some(min), _) if value < min.value() => Some(format!("below the least value {}", min.text)),
        (_, Some(max)) if value > max.value() => Some(format!("above the greatest value {}", max.text)),
        _ => None,
    }
}

impl Kind {
    fn read(meta: &ParseNestedMeta<'_>) -> Result<Self> {
        match name(meta).as_str() {
            "length" => {
                let (min, max) = ends(meta)?;
                for end in [&min, &max].into_iter().flatten() {
                    if end.text.parse::<u64>().is_err() {
                        return Err(Error::new_spanned(
                            &end.expression,
                            "a length is a whole number, not below 0",
                        ));
                    }
                }
                Ok(Self::Length { min, max })
            }
            "range" => ends(meta).map(|(min, max)| Self::Range { min, max }),
            "modulo" => modulo(meta),
            "allowed" => {
                let inside;
                syn::parenthesized!(inside in meta.input);
                let values: Vec<Lit> =
                    Punctuated::<Lit, Token![,]>::parse_terminated(&inside)?.into_iter().collect();
                if values.is_empty() {
                    return Err(meta.error("say at least one allowed value: `allowed(\"tcp\", \"udp\")`"));
                }
                Ok(Self::Allowed(values))
            }
            "pattern" => text(meta).map(Self::Pattern),
            "custom" => text(meta).map(Self::Custom),
            _ => Err(unknown(meta, KINDS)),
        }
    }
}

fn text(meta: &ParseNestedMeta<'_>) -> Result<LitStr> {
    let inside;
    syn::parenthesized!(inside in meta.input);
    let text: LitStr = inside.parse()?;
    if !inside.is_empty() {
        return Err(inside.error("expected one text"));
    }
    if text.value().is_empty() {
        return Err(Error::new(text.span(), "the text must not be empty"));
    }
    Ok(text)
}

fn ends(meta: &ParseNestedMeta<'_>) -> Result<(Option<Number>, Option<Number>)> {
    let (mut min, mut max) = (None, None);
    let ahead = meta.input.fork();
    let inside;
    syn::parenthesized!(inside in ahead);
    if inside.is_empty() {
        return Err(Error::new(meta.path.span(), "say `min = …`, `max = …` or both"));
    }
    meta.parse_nested_meta(|end| match name(&end).as_str() {
        "min" => once(&end, &mut min, Number::read(&end)?),
        "max" => once(&end, &mut max, Number::read(&end)?),
        _ => Err(unknown(&end, &["min", "max"])),
    })?;
    match (&min, &max) {
        (Some(least), Some(greatest)) if least.value() > greatest.value() => {
            Err(Error::new_spanned(&greatest.expression, "`max` is smaller than `min`"))
        }
        _ => Ok((min, max)),
    }
}

fn modulo(meta: &ParseNestedMeta<'_>) -> Result<Kind> {
    let (mut step, mut offset) = (None, None);
    meta.parse_nested_meta(|part| match name(&part).as_str() {
        "step" => once(&part, &mut step, Number::read(&part)?),
        "offset" => once(&part, &mut offset, Number::read(&part)?),
        _ => Err(unknown(&part, &["step", "offset"])),
    })?;
    let (Some(step), Some(offset)) = (step, offset) else {
        return Err(Error::new(meta.path.span(), "say both: `modulo(step = …, offset = …)`"));
    };
    if step.value() == 0.0 {
        return Err(Error::new_spanned(&step.expression, "`step` must not be 0"));
    }
    // Heat asks for the same sign and a smaller size.
    if offset.value().abs() >= step.value().abs() || offset.value() * step.value() < 0.0 {
        return Err(Error::new_spanned(
            &offset.expression,
            "`offset` must be smaller than `step` and have the same sign",
        ));
    }
    Ok(Kind::Modulo { step, offset })
}

fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}(…)`")).collect::<Vec<_>>().join(", ")
}

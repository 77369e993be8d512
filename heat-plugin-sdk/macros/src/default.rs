//! `default = …`: the value as JSON, and its check against the type.

use crate::constraint::Constraint;
use crate::place::at;
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, Expr, ExprArray, ExprLit, ExprUnary, Lit, Result, UnOp};

/// An expression that gives the default as JSON.
pub(crate) fn expand(default: &Expr, sdk: &TokenStream) -> TokenStream {
    match default {
        Expr::Array(ExprArray { elems, .. }) => {
            let items = elems.iter().map(|item| expand(item, sdk));
            quote!(#sdk::__private::Value::Array(::std::vec![#(#items),*]))
        }
        Expr::Block(block) if block.block.stmts.is_empty() => {
            quote!(#sdk::__private::Value::Object(#sdk::__private::Map::new()))
        }
        other => quote_spanned!(other.span()=> #sdk::__private::Value::from(#other)),
    }
}

/// Checks of the default against a shape, made when the author's crate is compiled.
pub(crate) fn check(default: &Expr, sdk: &TokenStream, shape: &TokenStream) -> TokenStream {
    match default {
        Expr::Lit(ExprLit { lit, .. }) => check_literal(lit, false, sdk, shape),
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => match &**expr {
            Expr::Lit(ExprLit { lit, .. }) => check_literal(lit, true, sdk, shape),
            _ => TokenStream::new(),
        },
        Expr::Array(ExprArray { elems, .. }) => {
            let item = quote!(#sdk::__private::item_shape(#shape));
            let items = elems.iter().map(|element| check(element, sdk, &item));
            let list = at(default.span(), quote!(const _: () = #sdk::__private::default_is_list(#shape);));
            quote!(#list #(#items)*)
        }
        Expr::Block(block) if block.block.stmts.is_empty() => {
            at(default.span(), quote!(const _: () = #sdk::__private::default_is_map(#shape);))
        }
        _ => TokenStream::new(),
    }
}

/// A check of one literal against a shape.
pub(crate) fn check_literal(
    literal: &Lit,
    negative: bool,
    sdk: &TokenStream,
    shape: &TokenStream,
) -> TokenStream {
    let sign = if negative { quote!(-) } else { TokenStream::new() };
    let call = match literal {
        Lit::Str(text) => quote!(text_fits(#shape, #text)),
        Lit::Int(number) => match number.base10_parse::<u64>() {
            Ok(number) => quote!(integer_fits(#shape, #sign (#number as i128))),
            Err(_) => return TokenStream::new(),
        },
        Lit::Float(_) => quote!(number_fits(#shape)),
        Lit::Bool(_) => quote!(boolean_fits(#shape)),
        _ => return TokenStream::new(),
    };
    at(literal.span(), quote!(const _: () = #sdk::__private::#call;))
}

/// Refuses a default that contradicts the property's own constraints.
pub(crate) fn meets(default: &Expr, constraints: &[Constraint]) -> Result<()> {
    match constraints.iter().find_map(|constraint| constraint.refuses(default)) {
        Some(why) => Err(Error::new_spanned(
            default,
            format!("the default does not meet the property's constraint: {why}"),
        )),
        None => Ok(()),
    }
}

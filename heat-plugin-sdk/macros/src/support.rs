//! Support status: `since`, `deprecated`, `hidden`, `unsupported`.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::meta::ParseNestedMeta;
use syn::{LitStr, Result, Token};

/// Names of these options, for messages.
pub(crate) const OPTIONS: &[&str] = &["since", "deprecated", "hidden", "unsupported"];

struct Status {
    since: Option<LitStr>,
    message: Option<LitStr>,
}

/// The options as given.
#[derive(Default)]
pub(crate) struct SupportOptions {
    since: Option<LitStr>,
    deprecated: Option<Status>,
    hidden: Option<Status>,
    unsupported: Option<Status>,
}

impl SupportOptions {
    /// Takes the option, if it is one of these.
    pub(crate) fn option(&mut self, meta: &ParseNestedMeta<'_>) -> Result<bool> {
        let place = if meta.path.is_ident("since") {
            super::options::once(meta, &mut self.since, meta.value()?.parse()?)?;
            return Ok(true);
        } else if meta.path.is_ident("deprecated") {
            &mut self.deprecated
        } else if meta.path.is_ident("hidden") {
            &mut self.hidden
        } else if meta.path.is_ident("unsupported") {
            &mut self.unsupported
        } else {
            return Ok(false);
        };
        let status = status(meta)?;
        super::options::once(meta, place, status)?;
        Ok(true)
    }

    pub(crate) fn is_given(&self) -> bool {
        self.since.is_some()
            || self.hidden.is_some()
            || self.deprecated.is_some()
            || self.unsupported.is_some()
    }

    /// An expression that gives the `Support`; the statuses that it had are kept one behind the other.
    pub(crate) fn expand(&self, sdk: &TokenStream) -> TokenStream {
        let mut previous = quote!(::core::option::Option::None);
        let mut now = quote!(#sdk::schema::Support::default());
        let supported = self.since.clone().map(|since| Status { since: Some(since), message: None });
        let chain = [
            ("Supported", supported.as_ref()),
            ("Unsupported", self.unsupported.as_ref()),
            ("Deprecated", self.deprecated.as_ref()),
            ("Hidden", self.hidden.as_ref()),
        ];
        for (word, status) in chain {
            let Some(status) = status else { continue };
            let word = proc_macro2::Ident::new(word, Span::call_site());
            let (version, message) = (text(status.since.as_ref()), text(status.message.as_ref()));
            now = quote! {
                #sdk::schema::Support {
                    status: #sdk::schema::SupportStatus::#word,
                    version: #version,
                    message: #message,
                    previous: #previous,
                }
            };
            previous = quote!(::core::option::Option::Some(::std::boxed::Box::new(#now)));
        }
        now
    }
}

fn text(text: Option<&LitStr>) -> TokenStream {
    match text {
        Some(text) => quote!(::core::option::Option::Some(::std::string::String::from(#text))),
        None => quote!(::core::option::Option::None),
    }
}

/// Alone, `= "message"`, or `(since = "…", message = "…")`.
fn status(meta: &ParseNestedMeta<'_>) -> Result<Status> {
    let mut status = Status { since: None, message: None };
    if meta.input.peek(Token![=]) {
        status.message = Some(meta.value()?.parse()?);
    } else if meta.input.peek(syn::token::Paren) {
        meta.parse_nested_meta(|inner| {
            if inner.path.is_ident("since") {
                super::options::once(&inner, &mut status.since, inner.value()?.parse()?)
            } else if inner.path.is_ident("message") {
                super::options::once(&inner, &mut status.message, inner.value()?.parse()?)
            } else {
                Err(super::options::unknown(&inner, &["since", "message"]))
            }
        })?;
    }
    Ok(status)
}

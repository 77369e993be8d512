//! Where an error of generated code is shown.

use proc_macro2::{Group, Span, TokenStream, TokenTree};

/// The same code, all of it standing at the place of what the author wrote: an error in it is shown there.
pub(crate) fn at(span: Span, code: TokenStream) -> TokenStream {
    code.into_iter()
        .map(|mut token| {
            if let TokenTree::Group(group) = &token {
                token = TokenTree::Group(Group::new(group.delimiter(), at(span, group.stream())));
            }
            token.set_span(span);
            token
        })
        .collect()
}

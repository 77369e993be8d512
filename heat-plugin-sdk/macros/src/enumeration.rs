//! An enum of unit variants: a text with allowed values.

use crate::options::ContainerOptions;
use crate::serde_attributes::{Direction, SerdeAttributes, variant_name};
use proc_macro2::TokenStream;
use quote::quote;
use syn::{DataEnum, DeriveInput, Error, Fields, Result};

/// The `PropertyType` of an enum.
pub(crate) fn derive(input: &DeriveInput, data: &DataEnum) -> Result<TokenStream> {
    let options = ContainerOptions::read(&input.attrs, "property", false)?;
    let container = SerdeAttributes::read(&input.attrs, Direction::Deserialize)?;
    let mut words = Vec::new();
    let mut open = false;
    for variant in &data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            return Err(Error::new_spanned(
                &variant.fields,
                "only variants without values have a name that a template can give; implement `PropertyType` by hand \
                 for other enums",
            ));
        }
        let own = SerdeAttributes::read(&variant.attrs, Direction::Deserialize)?;
        open |= own.other;
        if !own.skip && !own.other {
            words.push(variant_name(&variant.ident, &own, &container));
        }
    }
    if words.is_empty() && !open {
        return Err(Error::new_spanned(
            &input.ident,
            "an enum without variants has no value that a template can give",
        ));
    }
    let (sdk, ident) = (options.sdk(), &input.ident);
    // With `#[serde(other)]` every text is accepted.
    let (shape, constraint) = if open {
        (quote!(Text), TokenStream::new())
    } else {
        (quote!(Words(&[#(#words),*])), quote!(.constraint(#sdk::schema::Constraint::allowed([#(#words),*]))))
    };
    Ok(quote! {
        #[automatically_derived]
        impl #sdk::PropertyType for #ident {
            const SHAPE: #sdk::Shape = #sdk::Shape::#shape;

            fn schema() -> #sdk::schema::PropertySchema {
                #sdk::schema::PropertySchema::new(#sdk::schema::ValueType::String) #constraint
            }
        }
    })
}

//! The attributes of a resource type.

use crate::documentation;
use crate::options::{ContainerOptions, name, once, unknown};
use crate::serde_attributes::{Direction, SerdeAttributes, field_name, written};
use crate::support::{self, SupportOptions};
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Error, Field, Fields, Ident, LitStr, Result};

const OPTIONS: &[&str] = &["at_creation", "on_demand", "secret", "type", "description"];
const TYPES: &[&str] = &["string", "integer", "number", "boolean", "map", "list", "any"];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    AtCreation,
    OnDemand,
}

#[derive(Default)]
struct AttributeOptions {
    mode: Option<Mode>,
    secret: Option<Span>,
    value_type: Option<Ident>,
    description: Option<LitStr>,
    support: SupportOptions,
}

impl AttributeOptions {
    fn read(attributes: &[Attribute]) -> Result<Self> {
        let mut options = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("attribute")) {
            attribute.parse_nested_meta(|meta| options.option(&meta))?;
        }
        Ok(options)
    }

    fn option(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        match name(meta).as_str() {
            "at_creation" => self.mode(meta, Mode::AtCreation),
            "on_demand" => self.mode(meta, Mode::OnDemand),
            "secret" => once(meta, &mut self.secret, meta.path.span()),
            "description" => once(meta, &mut self.description, meta.value()?.parse()?),
            "type" => {
                let value_type = meta.value()?.call(Ident::parse_any)?;
                if !TYPES.iter().any(|known| value_type == known) {
                    let known = TYPES.iter().map(|known| format!("`{known}`")).collect::<Vec<_>>().join(", ");
                    return Err(Error::new(value_type.span(), format!("expected one of {known}")));
                }
                once(meta, &mut self.value_type, value_type)
            }
            _ if self.support.option(meta)? => Ok(()),
            _ => Err(unknown(meta, &[OPTIONS, support::OPTIONS].concat())),
        }
    }

    fn mode(&mut self, meta: &ParseNestedMeta<'_>, mode: Mode) -> Result<()> {
        match self.mode {
            Some(other) if other != mode => {
                Err(meta.error("an attribute is either `at_creation` or `on_demand`, not both"))
            }
            _ => once(meta, &mut self.mode, mode),
        }
    }
}

/// The derive.
pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    if let Some(generic) = input.generics.params.first() {
        return Err(Error::new_spanned(
            generic,
            "attributes cannot be generic: a resource type has one schema",
        ));
    }
    let fields = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => fields,
            Fields::Unnamed(fields) => {
                return Err(Error::new_spanned(
                    fields,
                    "attributes have names: use a struct with named fields",
                ));
            }
            Fields::Unit => {
                return Err(Error::new_spanned(
                    &input.ident,
                    "a struct without fields has no attributes: use `()`",
                ));
            }
        },
        _ => return Err(Error::new_spanned(&input.ident, "attributes are a struct with named fields")),
    };
    let options = ContainerOptions::read(&input.attrs, "attribute", false)?;
    let container = SerdeAttributes::read(&input.attrs, Direction::Serialize)?;
    let sdk = options.sdk();
    let mut errors = None::<Error>;
    let (mut inserts, mut values) = (Vec::new(), Vec::new());
    for field in &fields.named {
        match attribute(field, &container, &sdk) {
            Ok(Some((insert, value))) => {
                inserts.push(insert);
                values.push(value);
            }
            Ok(None) => {}
            Err(error) => match &mut errors {
                Some(errors) => errors.combine(error),
                None => errors = Some(error),
            },
        }
    }
    if let Some(errors) = errors {
        return Err(errors);
    }
    let ident = &input.ident;
    Ok(quote! {
        #[automatically_derived]
        impl #sdk::Attributes for #ident {
            fn fields() -> #sdk::__private::IndexMap<::std::string::String, #sdk::schema::AttributeSchema> {
                #[allow(unused_mut)]
                let mut fields = #sdk::__private::IndexMap::new();
                #(#inserts)*
                fields
            }

            fn observed(
                &self,
            ) -> #sdk::Result<#sdk::__private::Map<::std::string::String, #sdk::__private::Value>> {
                #[allow(unused_imports)]
                use #sdk::__private::NotSecret as _;
                #[allow(unused_mut)]
                let mut values = #sdk::__private::attribute_map(self)?;
                #(#values)*
                ::core::result::Result::Ok(values)
            }
        }
    })
}

/// The statements for `fields` and for `observed`; `None` for a field that is no attribute.
fn attribute(
    field: &Field,
    container: &SerdeAttributes,
    sdk: &TokenStream,
) -> Result<Option<(TokenStream, TokenStream)>> {
    let serde = SerdeAttributes::read(&field.attrs, Direction::Serialize)?;
    let options = AttributeOptions::read(&field.attrs)?;
    let Some(ident) = &field.ident else { return Ok(None) };
    if serde.skip {
        return Ok(None);
    }
    if serde.flatten {
        return Err(Error::new(
            ident.span(),
            "the names of attributes must be known: write the fields out, or set `open_attributes` in `Resource::schema`",
        ));
    }
    let name = field_name(ident, &serde, container);
    if name == "show" {
        return Err(Error::new(
            ident.span(),
            "every resource type has the attribute `show`, the service's whole answer: use `Observed::show`",
        ));
    }
    let description =
        options.description.as_ref().map(LitStr::value).or_else(|| documentation::text(&field.attrs));
    let Some(description) = description else {
        return Err(Error::new(
            ident.span(),
            format!("the attribute `{name}` has no description: add a doc comment `/// …`"),
        ));
    };
    let ty = &field.ty;
    let some = quote!(::core::option::Option::Some);
    let types = quote!(#sdk::schema::ValueType);
    let value_type = match options.value_type.as_ref().map(ToString::to_string).as_deref() {
        Some("string") => quote!(#some(#types::String)),
        Some("integer") => quote!(#some(#types::Integer)),
        Some("number") => quote!(#some(#types::Number)),
        Some("boolean") => quote!(#some(#types::Boolean)),
        Some("map") => quote!(#some(#types::Map)),
        Some("list") => quote!(#some(#types::List)),
        Some(_) => quote!(::core::option::Option::None),
        None => quote_spanned!(ty.span()=> <#ty as #sdk::PropertyType>::attribute_type()),
    };
    let mode = match options.mode {
        Some(Mode::AtCreation) => quote!(AtCreation),
        Some(Mode::OnDemand) => quote!(OnDemand),
        None => quote!(Observed),
    };
    let support = options.support.expand(sdk);
    // A type alias may hide a secret, so the type itself is asked where it can be.
    let secret = match (options.secret, &options.value_type) {
        (Some(_), _) => quote!(true),
        (None, Some(_)) => {
            let secret = written(ty).contains("Secret<");
            quote!(#secret)
        }
        (None, None) => quote!(<#ty as #sdk::PropertyType>::schema().secret),
    };
    let insert = quote! {
        fields.insert(
            ::std::string::String::from(#name),
            #sdk::schema::AttributeSchema {
                value_type: #value_type,
                description: ::std::string::String::from(#description),
                mode: #sdk::schema::AttributeMode::#mode,
                secret: #secret,
                support: #support,
            },
        );
    };
    let value = match options.mode {
        Some(_) => quote!(values.shift_remove(#name);),
        None => quote! {
            if let ::core::option::Option::Some(secret) = #sdk::__private::Given(&self.#ident).secret() {
                values.insert(::std::string::String::from(#name), secret?);
            }
        },
    };
    Ok(Some((insert, value)))
}

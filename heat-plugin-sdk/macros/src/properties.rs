//! A struct: properties, or a map with these keys.

use crate::options::{ContainerOptions, PropertyOptions, Update};
use crate::place::at;
use crate::serde_attributes::{Direction, SerdeAttributes, field_name, is_option};
use crate::{default, documentation, enumeration};
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use std::collections::HashSet;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Error, Field, Fields, FieldsNamed, FieldsUnnamed, Result, Type};

/// Which derive was asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Properties,
    PropertyType,
}

/// Both derives.
pub(crate) fn derive(input: &DeriveInput, kind: Kind) -> Result<TokenStream> {
    if let Some(generic) = input.generics.params.first() {
        return Err(Error::new_spanned(
            generic,
            "properties cannot be generic: a resource type has one schema",
        ));
    }
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => derive_struct(input, fields, kind),
            Fields::Unnamed(fields) if kind == Kind::PropertyType && fields.unnamed.len() == 1 => {
                derive_wrapper(input, fields)
            }
            Fields::Unnamed(fields) => {
                let message = match kind {
                    Kind::Properties => "properties have names: use a struct with named fields",
                    Kind::PropertyType => {
                        "only a struct around one value, or one with named fields, is a property type"
                    }
                };
                Err(Error::new_spanned(fields, message))
            }
            Fields::Unit => Err(Error::new_spanned(
                &input.ident,
                "a struct without fields has no properties: use `()`, or braces `{}` for an empty one",
            )),
        },
        Data::Enum(data) => enumeration::derive(input, data),
        Data::Union(data) => {
            Err(Error::new_spanned(data.union_token, "a union cannot be read from a template"))
        }
    }
}

/// What is generated for one field.
struct Generated {
    field: TokenStream,
    translations: TokenStream,
    fits: TokenStream,
}

fn derive_struct(input: &DeriveInput, fields: &FieldsNamed, kind: Kind) -> Result<TokenStream> {
    let options = ContainerOptions::read(&input.attrs, "property", false)?;
    let container = SerdeAttributes::read(&input.attrs, Direction::Deserialize)?;
    let sdk = options.sdk();
    let (mut errors, mut names, mut generated) = (None::<Error>, HashSet::new(), Vec::new());
    for field in &fields.named {
        match property(field, &container, &sdk, &mut names) {
            Ok(one) => generated.extend(one),
            // All of them are shown at once.
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
    let inserts: Vec<_> = generated.iter().map(|one| &one.field).collect();
    let translations: Vec<_> = generated.iter().map(|one| &one.translations).collect();
    let fits = generated.iter().map(|one| &one.fits);
    let build = quote! {
        #[allow(unused_mut)]
        let mut fields = #sdk::__private::IndexMap::<
            ::std::string::String,
            #sdk::schema::PropertySchema,
        >::new();
        #(#inserts)*
    };
    let collect = quote! {
        #[allow(unused_mut)]
        let mut translations = ::std::vec::Vec::<#sdk::schema::Translation>::new();
        #(#translations)*
        translations
    };
    if kind == Kind::PropertyType {
        return Ok(quote! {
            #[automatically_derived]
            impl #sdk::PropertyType for #ident {
                const SHAPE: #sdk::Shape = #sdk::Shape::Map;

                fn schema() -> #sdk::schema::PropertySchema {
                    #build
                    #sdk::schema::PropertySchema::map_of(fields)
                }

                fn inner_translations() -> ::std::vec::Vec<#sdk::schema::Translation> {
                    #collect
                }
            }
        });
    }
    let description = options
        .description
        .as_ref()
        .map(syn::LitStr::value)
        .or_else(|| documentation::text(&input.attrs))
        .unwrap_or_default();
    let support = options.support.expand(&sdk);
    Ok(quote! {
        #[automatically_derived]
        impl #sdk::Properties for #ident {
            fn fields() -> #sdk::__private::IndexMap<::std::string::String, #sdk::schema::PropertySchema> {
                #build
                fields
            }

            fn translations() -> ::std::vec::Vec<#sdk::schema::Translation> {
                #collect
            }

            fn description() -> &'static str {
                #description
            }

            fn support() -> #sdk::schema::Support {
                #support
            }

            fn decode(
                values: &#sdk::__private::Map<::std::string::String, #sdk::__private::Value>,
            ) -> #sdk::Result<Self> {
                static FIELDS: ::std::sync::LazyLock<
                    #sdk::__private::IndexMap<::std::string::String, #sdk::schema::PropertySchema>,
                > = ::std::sync::LazyLock::new(<#ident as #sdk::Properties>::fields);
                #sdk::__private::decode(values, &FIELDS, |values| {
                    let _ = values;
                    #(#fits)*
                    ::core::option::Option::None
                })
            }
        }

        #[automatically_derived]
        impl #sdk::PropertyType for #ident {
            const SHAPE: #sdk::Shape = #sdk::Shape::Map;

            fn schema() -> #sdk::schema::PropertySchema {
                #sdk::schema::PropertySchema::map_of(<Self as #sdk::Properties>::fields())
            }

            fn inner_translations() -> ::std::vec::Vec<#sdk::schema::Translation> {
                <Self as #sdk::Properties>::translations()
            }
        }
    })
}

/// A struct around one value is what that value is.
fn derive_wrapper(input: &DeriveInput, fields: &FieldsUnnamed) -> Result<TokenStream> {
    let options = ContainerOptions::read(&input.attrs, "property", true)?;
    let (sdk, ident) = (options.sdk(), &input.ident);
    let Some(inner) = fields.unnamed.first().map(|field| &field.ty) else {
        return Err(Error::new_spanned(fields, "expected one value"));
    };
    let shape = quote!(&<#inner as #sdk::PropertyType>::SHAPE);
    let checks = options.constraints.iter().map(|constraint| constraint.check(&sdk, &shape));
    let constraints = options.constraints.iter().map(|constraint| {
        let constraint = constraint.expand(&sdk);
        quote!(#sdk::__private::constrain(&mut schema, #constraint);)
    });
    // A wrapper that says so prints itself without its value.
    let is_secret = options.secret.is_some();
    let secret = options.secret.map(|_| quote!(schema.secret = true;));
    Ok(quote! {
        #(#checks)*

        #[automatically_derived]
        impl #sdk::PropertyType for #ident {
            const SHAPE: #sdk::Shape = <#inner as #sdk::PropertyType>::SHAPE;
            const OPTIONAL: bool = <#inner as #sdk::PropertyType>::OPTIONAL;
            const SECRET: bool = #is_secret || <#inner as #sdk::PropertyType>::SECRET;

            fn schema() -> #sdk::schema::PropertySchema {
                #[allow(unused_mut)]
                let mut schema = <#inner as #sdk::PropertyType>::schema();
                #(#constraints)*
                #secret
                schema
            }

            fn inner_translations() -> ::std::vec::Vec<#sdk::schema::Translation> {
                <#inner as #sdk::PropertyType>::inner_translations()
            }
        }
    })
}

/// One field; `None` if it is no property.
fn property(
    field: &Field,
    container: &SerdeAttributes,
    sdk: &TokenStream,
    names: &mut HashSet<String>,
) -> Result<Option<Generated>> {
    let serde = SerdeAttributes::read(&field.attrs, Direction::Deserialize)?;
    let options = PropertyOptions::read(&field.attrs)?;
    let Some(ident) = &field.ident else { return Ok(None) };
    if serde.skip {
        return match field.attrs.iter().find(|attribute| attribute.path().is_ident("property")) {
            Some(attribute) => {
                Err(Error::new_spanned(attribute, "a field with `#[serde(skip)]` is no property"))
            }
            None => Ok(None),
        };
    }
    if serde.flatten {
        return flattened(field, sdk).map(Some);
    }
    let name = field_name(ident, &serde, container);
    if !names.insert(name.clone()) {
        return Err(Error::new(
            ident.span(),
            format!("another field is called `{name}` in a template already"),
        ));
    }
    let description =
        options.description.as_ref().map(syn::LitStr::value).or_else(|| documentation::text(&field.attrs));
    let Some(description) = description else {
        return Err(Error::new(
            ident.span(),
            format!("the property `{name}` has no description: add a doc comment `/// …`"),
        ));
    };
    check_presence(&options, &field.ty)?;
    if let Some(default) = &options.default {
        default::meets(default, &options.constraints)?;
    }
    let may_default = serde.default || container.default;
    let schema = schema(&field.ty, &options, &description, may_default, sdk);
    let old = options.renamed_from.iter().map(|old| {
        let (old_name, new_name) = (&old.name, &name);
        let support = if old.support.is_given() {
            old.support.expand(sdk)
        } else {
            let message = format!("Use property {name}.");
            quote! {
                #sdk::schema::Support {
                    status: #sdk::schema::SupportStatus::Deprecated,
                    version: ::core::option::Option::None,
                    message: ::core::option::Option::Some(::std::string::String::from(#message)),
                    previous: ::core::option::Option::None,
                }
            }
        };
        let insert = quote! {
            let mut old = schema.clone();
            // What is given under the old name has moved before anybody asks whether the new one is there.
            old.required = false;
            old.default = ::core::option::Option::None;
            old.support = #support;
            fields.insert(::std::string::String::from(#old_name), old);
        };
        let translation = quote! {
            translations.push(#sdk::schema::Translation::Replace {
                from: ::std::vec![::std::string::String::from(#old_name)],
                to: ::std::vec![::std::string::String::from(#new_name)],
            });
        };
        (insert, translation)
    });
    let (old_fields, replaces): (Vec<_>, Vec<_>) = old.unzip();
    for old in &options.renamed_from {
        if !names.insert(old.name.value()) {
            let message = format!("another field is called `{}` in a template already", old.name.value());
            return Err(Error::new(old.name.span(), message));
        }
    }
    let resolve =
        options.resolve.as_ref().or_else(|| options.item.as_ref()?.resolve.as_ref()).map(|finder| {
            quote! {
                translations.push(#sdk::schema::Translation::Resolve {
                    path: ::std::vec![::std::string::String::from(#name)],
                    finder: ::std::string::String::from(#finder),
                });
            }
        });
    let ty = &field.ty;
    let property_type = quote_spanned!(ty.span()=> <#ty as #sdk::PropertyType>);
    let may_be_absent = quote!(#may_default || #property_type::OPTIONAL);
    let (nested, fits) = if options.schema.is_some() || serde.own_code {
        (TokenStream::new(), TokenStream::new())
    } else {
        (
            quote!(#sdk::__private::nest(&mut translations, #name, #property_type::inner_translations());),
            quote! {
                if let ::core::option::Option::Some(why) =
                    #sdk::__private::misfit::<#ty>(values, #name, #may_be_absent)
                {
                    return ::core::option::Option::Some((#name, why));
                }
            },
        )
    };
    Ok(Some(Generated {
        field: quote! {
            {
                #schema
                #(#old_fields)*
                fields.insert(::std::string::String::from(#name), schema);
            }
        },
        translations: quote!(#(#replaces)* #resolve #nested),
        fits,
    }))
}

/// The statements that make `schema`.
fn schema(
    ty: &Type,
    options: &PropertyOptions,
    description: &str,
    may_default: bool,
    sdk: &TokenStream,
) -> TokenStream {
    let property_type = quote_spanned!(ty.span()=> <#ty as #sdk::PropertyType>);
    let shape = quote!(&#property_type::SHAPE);
    let item_shape = quote!(#sdk::__private::item_shape(#shape));
    let base = match &options.schema {
        Some(expression) => quote!(#expression),
        None => quote_spanned!(ty.span()=> #property_type::schema()),
    };
    let default = options.default.as_ref().map(|value| {
        let value = default::expand(value, sdk);
        quote!(schema.default = ::core::option::Option::Some(#value);)
    });
    let required = match (&options.schema, options.required, &options.default) {
        (_, Some(_), _) => quote!(true),
        (_, _, Some(_)) => quote!(false),
        _ if may_default => quote!(false),
        (Some(_), _, _) if is_option(ty) => quote!(false),
        (Some(_), _, _) => quote!(true),
        _ => quote!(!#property_type::OPTIONAL),
    };
    let mut checks = Vec::new();
    if options.schema.is_none() {
        checks.extend(options.constraints.iter().map(|constraint| constraint.check(sdk, &shape)));
        if let Some(value) = &options.default {
            checks.push(default::check(value, sdk, &shape));
            let may_have = quote!(const _: () = #sdk::__private::may_have_default(#property_type::OPTIONAL););
            checks.push(at(value.span(), may_have));
        }
        if let Some(span) = options.secret {
            checks.push(at(
                span,
                quote!(const _: () = #sdk::__private::is_not_printed(#property_type::SECRET);),
            ));
        }
        if let Some(item) = &options.item {
            checks.extend(item.constraints.iter().map(|constraint| constraint.check(sdk, &item_shape)));
        }
    }
    let update = options.update.as_ref().map(|(update, _)| match update {
        Update::InPlace => quote!(schema.update = #sdk::schema::UpdateMode::InPlace;),
        Update::Immutable => quote!(schema.update = #sdk::schema::UpdateMode::Immutable;),
    });
    let constraints = options.constraints.iter().map(|constraint| {
        let constraint = constraint.expand(sdk);
        quote!(#sdk::__private::constrain(&mut schema, #constraint);)
    });
    let item = options.item.as_ref().map(|item| {
        let constraints = item.constraints.iter().map(|constraint| {
            let constraint = constraint.expand(sdk);
            quote!(#sdk::__private::constrain(item, #constraint);)
        });
        let description = item
            .description
            .as_ref()
            .map(|text| quote!(item.description = ::std::string::String::from(#text);));
        quote! {
            if let ::core::option::Option::Some(item) = #sdk::__private::item(&mut schema) {
                #description
                #(#constraints)*
            }
        }
    });
    let item_check = options
        .item
        .as_ref()
        .filter(|_| options.schema.is_none())
        .map(|_| at(ty.span(), quote!(const _: () = #sdk::__private::has_items(#shape);)));
    // What is resolved by a finder is also checked by it, once.
    let finder =
        options.resolve.as_ref().or_else(|| options.item.as_ref()?.resolve.as_ref()).filter(|finder| {
            let items = options.item.iter().flat_map(|item| &item.constraints);
            !options
                .constraints
                .iter()
                .chain(items)
                .any(|constraint| constraint.custom() == Some(finder.value()))
        });
    let finder = finder.map(|finder| quote!(#sdk::__private::constrain_by_finder(&mut schema, #finder);));
    let flags = [
        (options.secret, quote!(secret = true)),
        (options.write_only, quote!(write_only = true)),
        (options.not_implemented, quote!(implemented = false)),
        (options.allow_conversion, quote!(allow_conversion = true)),
    ];
    let flags = flags.iter().filter(|(given, _)| given.is_some()).map(|(_, flag)| quote!(schema.#flag;));
    let support = options.support.is_given().then(|| {
        let support = options.support.expand(sdk);
        quote!(schema.support = #support;)
    });
    quote! {
        #(#checks)*
        #item_check
        let mut schema: #sdk::schema::PropertySchema = #base;
        schema.description = ::std::string::String::from(#description);
        schema.required = #required;
        #default
        #(#constraints)*
        #item
        #finder
        #update
        #(#flags)*
        #support
    }
}

fn check_presence(options: &PropertyOptions, ty: &Type) -> Result<()> {
    if !is_option(ty) {
        return Ok(());
    }
    if let Some(default) = &options.default {
        return Err(Error::new(
            default.span(),
            "a property with a default always has a value: leave out the `Option` or the `default`",
        ));
    }
    match options.required {
        Some(span) => Err(Error::new(
            span,
            "a required property always has a value: leave out the `Option` or `required`",
        )),
        None => Ok(()),
    }
}

fn flattened(field: &Field, sdk: &TokenStream) -> Result<Generated> {
    if let Some(attribute) = field.attrs.iter().find(|attribute| attribute.path().is_ident("property")) {
        return Err(Error::new_spanned(
            attribute,
            "a field with `#[serde(flatten)]` has no options of its own: they stand in its type",
        ));
    }
    let ty = &field.ty;
    let properties = quote_spanned!(ty.span()=> <#ty as #sdk::Properties>);
    Ok(Generated {
        field: quote!(fields.extend(#properties::fields());),
        translations: quote!(translations.extend(#properties::translations());),
        fits: TokenStream::new(),
    })
}

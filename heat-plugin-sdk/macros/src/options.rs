//! The options in `#[property(…)]`.

use crate::constraint::Constraint;
use crate::support::{self, SupportOptions};
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;
use syn::{Attribute, Error, Expr, LitStr, Path, Result, Token};

/// What an update does, as the author wrote it.
pub(crate) enum Update {
    InPlace,
    Immutable,
}

/// A name that a property used to have.
pub(crate) struct RenamedFrom {
    pub(crate) name: LitStr,
    pub(crate) support: SupportOptions,
}

/// What is said of the items of a list.
#[derive(Default)]
pub(crate) struct ItemOptions {
    pub(crate) constraints: Vec<Constraint>,
    pub(crate) description: Option<LitStr>,
    pub(crate) resolve: Option<LitStr>,
}

/// All options of a field.
#[derive(Default)]
pub(crate) struct PropertyOptions {
    pub(crate) update: Option<(Update, Span)>,
    pub(crate) required: Option<Span>,
    pub(crate) default: Option<Expr>,
    pub(crate) secret: Option<Span>,
    pub(crate) write_only: Option<Span>,
    pub(crate) not_implemented: Option<Span>,
    pub(crate) allow_conversion: Option<Span>,
    pub(crate) constraints: Vec<Constraint>,
    pub(crate) item: Option<ItemOptions>,
    pub(crate) resolve: Option<LitStr>,
    pub(crate) renamed_from: Vec<RenamedFrom>,
    pub(crate) support: SupportOptions,
    pub(crate) description: Option<LitStr>,
    pub(crate) schema: Option<Expr>,
}

const FIELD_OPTIONS: &[&str] = &[
    "update_allowed",
    "immutable",
    "required",
    "default",
    "constraint",
    "item",
    "secret",
    "write_only",
    "resolve",
    "renamed_from",
    "not_implemented",
    "allow_conversion",
    "description",
    "schema",
];

impl PropertyOptions {
    pub(crate) fn read(attributes: &[Attribute]) -> Result<Self> {
        let mut options = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("property")) {
            attribute.parse_nested_meta(|meta| options.option(&meta))?;
        }
        options.check()?;
        Ok(options)
    }

    fn option(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        let span = meta.path.span();
        match name(meta).as_str() {
            "update_allowed" => self.update(meta, Update::InPlace),
            "immutable" => self.update(meta, Update::Immutable),
            "required" => once(meta, &mut self.required, span),
            "secret" => once(meta, &mut self.secret, span),
            "write_only" => once(meta, &mut self.write_only, span),
            "not_implemented" => once(meta, &mut self.not_implemented, span),
            "allow_conversion" => once(meta, &mut self.allow_conversion, span),
            "default" => once(meta, &mut self.default, meta.value()?.parse()?),
            "constraint" => {
                self.constraints.push(Constraint::read(meta)?);
                Ok(())
            }
            "item" => {
                let item = ItemOptions::read(meta)?;
                once(meta, &mut self.item, item)
            }
            "resolve" => once(meta, &mut self.resolve, meta.value()?.parse()?),
            "renamed_from" => {
                self.renamed_from.push(RenamedFrom::read(meta)?);
                Ok(())
            }
            "description" => once(meta, &mut self.description, meta.value()?.parse()?),
            "schema" => once(meta, &mut self.schema, meta.value()?.parse()?),
            _ if self.support.option(meta)? => Ok(()),
            _ => Err(unknown(meta, &[FIELD_OPTIONS, support::OPTIONS].concat())),
        }
    }

    fn update(&mut self, meta: &ParseNestedMeta<'_>, update: Update) -> Result<()> {
        match (&self.update, &update) {
            (Some((Update::InPlace, _)), Update::Immutable)
            | (Some((Update::Immutable, _)), Update::InPlace) => Err(Error::new(
                meta.path.span(),
                "a property is either `update_allowed` or `immutable`, not both",
            )),
            _ => once(meta, &mut self.update, (update, meta.path.span())),
        }
    }

    fn check(&self) -> Result<()> {
        if let (Some(span), Some(_)) = (self.required, &self.default) {
            return Err(Error::new(
                span,
                "a property with a `default` need not be given: leave out `required`",
            ));
        }
        if let (Some(resolve), Some(ItemOptions { resolve: Some(_), .. })) = (&self.resolve, &self.item) {
            return Err(Error::new(
                resolve.span(),
                "`resolve` stands either on the property or on its items",
            ));
        }
        Ok(())
    }
}

impl ItemOptions {
    fn read(meta: &ParseNestedMeta<'_>) -> Result<Self> {
        let mut item = Self::default();
        meta.parse_nested_meta(|inner| match name(&inner).as_str() {
            "constraint" => {
                item.constraints.push(Constraint::read(&inner)?);
                Ok(())
            }
            "description" => once(&inner, &mut item.description, inner.value()?.parse()?),
            "resolve" => once(&inner, &mut item.resolve, inner.value()?.parse()?),
            _ => Err(unknown(&inner, &["constraint", "description", "resolve"])),
        })?;
        Ok(item)
    }
}

impl RenamedFrom {
    fn read(meta: &ParseNestedMeta<'_>) -> Result<Self> {
        if meta.input.peek(Token![=]) {
            return Ok(Self { name: meta.value()?.parse()?, support: SupportOptions::default() });
        }
        let mut old_name = None;
        let mut support = SupportOptions::default();
        meta.parse_nested_meta(|inner| match name(&inner).as_str() {
            "name" => once(&inner, &mut old_name, inner.value()?.parse()?),
            _ if support.option(&inner)? => Ok(()),
            _ => Err(unknown(&inner, &[&["name"], support::OPTIONS].concat())),
        })?;
        let name = old_name.ok_or_else(|| meta.error("say the old name: `renamed_from(name = \"…\")`"))?;
        Ok(Self { name, support })
    }
}

/// All options of a struct or an enum.
#[derive(Default)]
pub(crate) struct ContainerOptions {
    pub(crate) support: SupportOptions,
    pub(crate) description: Option<LitStr>,
    /// Of a struct around one value.
    pub(crate) constraints: Vec<Constraint>,
    /// Of a struct around one value.
    pub(crate) secret: Option<Span>,
    krate: Option<Path>,
}

impl ContainerOptions {
    /// Reads the options; `attribute` is `property` or `attribute`. Constraints and `secret` are for a struct around one value.
    pub(crate) fn read(attributes: &[Attribute], attribute: &str, one_value: bool) -> Result<Self> {
        let mut options = Self::default();
        for found in attributes.iter().filter(|found| found.path().is_ident(attribute)) {
            found.parse_nested_meta(|meta| match name(&meta).as_str() {
                "crate" => once(&meta, &mut options.krate, meta.value()?.call(Path::parse_mod_style)?),
                "description" => once(&meta, &mut options.description, meta.value()?.parse()?),
                "constraint" if one_value => {
                    options.constraints.push(Constraint::read(&meta)?);
                    Ok(())
                }
                "secret" if one_value => once(&meta, &mut options.secret, meta.path.span()),
                _ if options.support.option(&meta)? => Ok(()),
                _ => {
                    let more: &[&str] = if one_value { &["constraint", "secret"] } else { &[] };
                    Err(unknown(&meta, &[&["description", "crate"], more, support::OPTIONS].concat()))
                }
            })?;
        }
        Ok(options)
    }

    /// The path to the SDK.
    pub(crate) fn sdk(&self) -> TokenStream {
        self.krate.as_ref().map_or_else(|| quote!(::heat_plugin_sdk), ToTokens::to_token_stream)
    }
}

/// The option's name; empty if it is no single word.
pub(crate) fn name(meta: &ParseNestedMeta<'_>) -> String {
    meta.path.get_ident().map(ToString::to_string).unwrap_or_default()
}

/// Sets an option that may stand only once.
pub(crate) fn once<T>(meta: &ParseNestedMeta<'_>, place: &mut Option<T>, value: T) -> Result<()> {
    if place.is_some() {
        return Err(Error::new(meta.path.span(), format!("`{}` is given twice", name(meta))));
    }
    *place = Some(value);
    Ok(())
}

/// An option that does not exist.
pub(crate) fn unknown(meta: &ParseNestedMeta<'_>, expected: &[&str]) -> Error {
    let mut expected: Vec<_> = expected.iter().map(|option| format!("`{option}`")).collect();
    expected.sort();
    let written = meta.path.to_token_stream().to_string();
    let message = format!("unknown option `{written}`, expected one of {}", expected.join(", "));
    Error::new(meta.path.span(), message)
}

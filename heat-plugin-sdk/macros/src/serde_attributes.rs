//! What serde's attributes say about names and presence. Serde itself checks them; here they are only read.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::meta::ParseNestedMeta;
use syn::{Attribute, Ident, LitStr, Result, Token};

/// In which direction a struct is used: serde can have a name for each.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Deserialize,
    Serialize,
}

impl Direction {
    fn word(self) -> &'static str {
        match self {
            Self::Deserialize => "deserialize",
            Self::Serialize => "serialize",
        }
    }
}

/// Attributes of a container, a field or a variant, as far as they matter.
#[derive(Default)]
pub(crate) struct SerdeAttributes {
    pub(crate) rename: Option<String>,
    pub(crate) rename_all: Option<String>,
    pub(crate) default: bool,
    pub(crate) skip: bool,
    pub(crate) flatten: bool,
    pub(crate) other: bool,
    /// `with` or `deserialize_with`: the type itself need not be deserialisable.
    pub(crate) own_code: bool,
}

impl SerdeAttributes {
    pub(crate) fn read(attributes: &[Attribute], direction: Direction) -> Result<Self> {
        let mut read = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
            attribute.parse_nested_meta(|meta| read.option(&meta, direction))?;
        }
        Ok(read)
    }

    fn option(&mut self, meta: &ParseNestedMeta<'_>, direction: Direction) -> Result<()> {
        let name = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
        match name.as_str() {
            "rename" => set(&mut self.rename, name_value(meta, direction)?),
            "rename_all" => set(&mut self.rename_all, name_value(meta, direction)?),
            "default" => {
                self.default = true;
                skip_value(meta)?;
            }
            "skip" => self.skip = true,
            "skip_deserializing" => self.skip |= direction == Direction::Deserialize,
            "skip_serializing" => self.skip |= direction == Direction::Serialize,
            "flatten" => self.flatten = true,
            "other" => self.other = true,
            "with" | "deserialize_with" | "serialize_with" => {
                self.own_code = true;
                skip_value(meta)?;
            }
            _ => skip_value(meta)?,
        }
        Ok(())
    }
}

fn set(place: &mut Option<String>, value: Option<String>) {
    if value.is_some() {
        *place = value;
    }
}

/// `= "x"`, or the fitting half of `(serialize = "x", deserialize = "y")`.
fn name_value(meta: &ParseNestedMeta<'_>, direction: Direction) -> Result<Option<String>> {
    if meta.input.peek(Token![=]) {
        return Ok(Some(meta.value()?.parse::<LitStr>()?.value()));
    }
    let mut found = None;
    meta.parse_nested_meta(|half| {
        let value = half.value()?.parse::<LitStr>()?.value();
        if half.path.is_ident(direction.word()) {
            found = Some(value);
        }
        Ok(())
    })?;
    Ok(found)
}

fn skip_value(meta: &ParseNestedMeta<'_>) -> Result<()> {
    if meta.input.peek(Token![=]) {
        meta.value()?.parse::<syn::Expr>()?;
    } else if meta.input.peek(syn::token::Paren) {
        let inside;
        syn::parenthesized!(inside in meta.input);
        inside.parse::<TokenStream>()?;
    }
    Ok(())
}

/// The name of a field as serde sees it.
pub(crate) fn field_name(ident: &Ident, own: &SerdeAttributes, container: &SerdeAttributes) -> String {
    let plain = ident.unraw().to_string();
    own.rename.clone().unwrap_or_else(|| match container.rename_all.as_deref() {
        Some(rule) => {
            rename_words(&plain.split('_').map(str::to_owned).collect::<Vec<_>>(), rule, plain.clone())
        }
        None => plain,
    })
}

/// The name of a variant as serde sees it.
pub(crate) fn variant_name(ident: &Ident, own: &SerdeAttributes, container: &SerdeAttributes) -> String {
    let plain = ident.unraw().to_string();
    own.rename.clone().unwrap_or_else(|| match container.rename_all.as_deref() {
        Some(rule) => {
            let mut words: Vec<String> = Vec::new();
            for letter in plain.chars() {
                match words.last_mut() {
                    Some(word) if !letter.is_uppercase() => word.push(letter),
                    _ => words.push(letter.to_string()),
                }
            }
            rename_words(&words, rule, plain.clone())
        }
        None => plain,
    })
}

fn rename_words(words: &[String], rule: &str, plain: String) -> String {
    let lower = || words.iter().map(|word| word.to_lowercase()).collect::<Vec<_>>();
    let upper = || words.iter().map(|word| word.to_uppercase()).collect::<Vec<_>>();
    let capital = || lower().iter().map(|word| capitalise(word)).collect::<Vec<_>>();
    match rule {
        "lowercase" => plain.to_lowercase(),
        "UPPERCASE" => plain.to_uppercase(),
        "PascalCase" => capital().concat(),
        "camelCase" => {
            let mut words = capital();
            if let Some(first) = words.first_mut() {
                *first = first.to_lowercase();
            }
            words.concat()
        }
        "snake_case" => lower().join("_"),
        "SCREAMING_SNAKE_CASE" => upper().join("_"),
        "kebab-case" => lower().join("-"),
        "SCREAMING-KEBAB-CASE" => upper().join("-"),
        // Serde refuses it with its own message.
        _ => plain,
    }
}

fn capitalise(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Whether a type is written as `Option<…>`.
pub(crate) fn is_option(kind: &syn::Type) -> bool {
    matches!(kind, syn::Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Option"))
}

/// A type as it is written, for messages.
pub(crate) fn written(kind: &impl ToTokens) -> String {
    kind.to_token_stream().to_string().replace(' ', "")
}

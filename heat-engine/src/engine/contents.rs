//! What a stack was made from, as it may be shown.

use super::request::Content;
use super::{EngineError, Stack, store_content};
use crate::record::StackRecord;
use heat_template::{ParseOptions, Template};
use indexmap::IndexMap;
use serde_json::Value;

impl Stack {
    /// The template, as Heat's `stack template show` gives it; that of a nested stack is made for it.
    ///
    /// # Errors
    /// The stack is gone, or the store cannot be read. [`EngineError::Unsupported`]: the template of a nested stack was made
    /// of secret values.
    pub async fn template(&self) -> Result<Value, EngineError> {
        let (stack, content) = self.content().await?;
        if stack.desired.secret {
            let why = format!("showing the template of {}, which was made of secret values", stack.name);
            return Err(EngineError::Unsupported(why));
        }
        Ok(content.template.to_value())
    }

    /// The environment, as Heat's `stack environment show` gives it: merged, with asterisks in the place of hidden
    /// parameters. That of a nested stack is the part of the outermost one's that is meant for it, with the parameters that
    /// it was given.
    ///
    /// # Errors
    /// The stack is gone, or the store cannot be read.
    pub async fn environment(&self) -> Result<Value, EngineError> {
        let (stack, mut content) = self.content().await?;
        mask_hidden(&mut content, &stack.desired.hidden);
        Ok(content.environment.overlaid_with_parameters(&content.parameters).to_value())
    }

    /// The files that templates name, by their names, as Heat's `stack file list` gives them.
    ///
    /// # Errors
    /// The stack is gone, or the store cannot be read.
    pub async fn files(&self) -> Result<IndexMap<String, String>, EngineError> {
        let (_, content) = self.content().await?;
        Ok(content.files.iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect())
    }

    async fn content(&self) -> Result<(StackRecord, Content), EngineError> {
        let stack = self.record().await?;
        if stack.deleted.is_some() {
            return Err(EngineError::NoSuchStack { name: stack.name, project: stack.project });
        }
        let core = self.engine.core();
        let content = match stack.owner {
            None => store_content::recorded_apart(core, &stack.desired).await?,
            Some(_) => store_content::recorded(core, &stack, &stack.desired).await?,
        };
        Ok((stack, content))
    }
}

/// Puts Heat's asterisks in the place of the values of parameters that are hidden in the template, or in one of the files, and
/// of those that were made of something secret.
pub(super) fn mask_hidden(content: &mut Content, made: &[String]) {
    let options = ParseOptions::default();
    let named = content.files.names().filter(|name| name.ends_with(".yaml") || name.ends_with(".template"));
    let inside = named.filter_map(|name| content.files.template(name, &options)?.value.as_ref());
    let hidden: Vec<String> = std::iter::once(&content.template)
        .chain(inside)
        .flat_map(Template::parameters)
        .filter(|schema| schema.hidden)
        .map(|schema| schema.name.clone())
        .chain(made.iter().cloned())
        .collect();
    for name in &hidden {
        if let Some(value) = content.parameters.get_mut(name) {
            *value = Value::from("******");
        }
    }
    content.environment = content.environment.masked(|name| hidden.iter().any(|known| known == name));
}

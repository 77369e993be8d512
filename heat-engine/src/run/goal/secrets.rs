//! What is secret in a stack: values of hidden parameters, attributes that types call secret, and what is made of them.

use super::Goal;
use crate::plan::Prospects;
use crate::run::current::Current;
use crate::run::secrets::words;
use heat_plugin_sdk::PhysicalId;
use heat_template::expression::{AttributeReference, Expression};
use heat_template::parameter::ParameterValue;
use std::collections::BTreeSet;
use std::sync::Arc;

impl Goal {
    /// The words of the template, where it is not made of secret values.
    pub(crate) fn plain_words(&self) -> Option<impl Iterator<Item = String> + '_> {
        let definition = self.definition.as_ref().filter(|_| !self.secret)?;
        Some(words(definition.template().text()))
    }

    /// The texts of hidden parameters.
    pub(crate) fn hidden_texts(&self) -> Arc<Vec<String>> {
        Arc::clone(&self.hidden_texts)
    }

    /// Names of top-level properties, and `metadata`, whose values come from hidden parameters or secret attributes, also
    /// by way of other resources: those that it needs were recorded before.
    pub(super) fn sensitive(&self, name: &str, current: &Current) -> BTreeSet<String> {
        let found =
            self.definition.as_ref().and_then(|definition| Some((definition, definition.resource(name)?)));
        let Some((definition, resource)) = found else { return BTreeSet::new() };
        if resource.external_id().is_some() {
            // Nothing of what is written of it is recorded.
            return BTreeSet::new();
        }
        let scope = Prospects::default();
        let context = definition.context(&scope);
        let tells_secret = |expression: &Expression| {
            let references = expression.references(&context);
            let hidden =
                |name: &String| definition.parameters().get(name).is_some_and(ParameterValue::is_hidden);
            references.parameters.iter().any(hidden)
                || references.attributes.iter().any(|reference| self.is_secret(reference, current))
                || references.resources.keys().any(|name| self.has_secret_reference(name, current))
        };
        let properties = resource.properties().and_then(Expression::as_map).into_iter().flatten();
        let mut sensitive: BTreeSet<_> = properties
            .filter(|(.., expression)| self.secret || (!expression.is_constant() && tells_secret(expression)))
            .map(|(key, ..)| key.to_owned())
            .collect();
        let of_metadata =
            |metadata: &Expression| self.secret || (!metadata.is_constant() && tells_secret(metadata));
        if resource.metadata().is_some_and(of_metadata) {
            sensitive.insert("metadata".to_owned());
        }
        sensitive
    }

    /// Whether what `get_resource` gives may tell a secret: an id that is made of something else than the service's id.
    pub(super) fn has_secret_reference(&self, name: &str, current: &Current) -> bool {
        let Some(record) = current.standing(name) else { return false };
        if record.nested.is_some() {
            return record.is_sensitive() || record.tells_secret("reference id");
        }
        let of_service = record.physical_id.as_ref().map(PhysicalId::as_str);
        if record.reference_id.is_none() || record.reference_id.as_deref() == of_service {
            return false;
        }
        !record.sensitive.is_empty()
            || self
                .registry
                .resource(&record.type_name)
                .is_none_or(|plugin| plugin.schema().attributes.values().any(|attribute| attribute.secret))
    }

    pub(super) fn is_secret(&self, reference: &AttributeReference, current: &Current) -> bool {
        if let Some(record) = current.standing(&reference.resource) {
            let tells = match &reference.attribute {
                Some(name) => record.tells_secret(name),
                None => record.tells_any_secret(),
            };
            if tells || record.is_sensitive() {
                return true;
            }
        }
        let Some(target) = self.resources.get(&reference.resource) else { return false };
        let Some(schema) = self.schema(&reference.resource, &target.type_name) else { return true };
        match &reference.attribute {
            Some(name) => schema.attributes.get(name).is_some_and(|attribute| attribute.secret),
            None => schema.attributes.values().any(|attribute| attribute.secret),
        }
    }
}

//! What a plan that is saved outside of the store needs of the record: its secrets sealed, and records without theirs.

use super::form::ResourceForm;
use super::vault::RowName;
use super::{Records, StoreError, secrets};
use crate::record::{ResourceRecord, StackId};
use crate::seal::{Place, SealError, Sealing, key_of};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

/// Where the secrets of a saved plan belong: they open only with the very document that they were sealed with.
fn place<'a>(stack: &'a StackId, digest: &'a str) -> Place<'a> {
    Place { stack: stack.as_str(), record: "plan", row: digest, field: "secrets" }
}

fn failed(stack: &StackId, source: SealError) -> StoreError {
    StoreError::Seal { what: format!("a saved plan of stack {stack}"), source }
}

impl Records {
    /// Whether there are keys to seal with.
    pub(crate) fn seals(&self) -> bool {
        matches!(*self.sealing, Sealing::Keys(_))
    }

    /// Seals the secrets of a plan whose document has this digest; `None` where there are no keys.
    pub(crate) fn seal_plan(
        &self,
        stack: &StackId,
        digest: &str,
        secrets: &[u8],
    ) -> Result<Option<Vec<u8>>, StoreError> {
        match &*self.sealing {
            Sealing::Keys(ring) => {
                ring.seal(&place(stack, digest), secrets).map(Some).map_err(|error| failed(stack, error))
            }
            Sealing::Clear => Ok(None),
        }
    }

    /// Opens the secrets of a plan whose document has this digest.
    pub(crate) fn open_plan(
        &self,
        stack: &StackId,
        digest: &str,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let opened = match &*self.sealing {
            Sealing::Keys(ring) => ring.open(&place(stack, digest), sealed),
            Sealing::Clear => Err(key_of(sealed)
                .map_or_else(|error| error, |key| SealError::MissingKey { key: key.to_owned() })),
        };
        opened.map_err(|error| failed(stack, error))
    }

    /// The fields of a resource's record as they are stored, with nothing in the place of what is secret.
    pub(crate) fn fields_without_secrets(
        &self,
        record: &ResourceRecord,
    ) -> Result<Map<String, Value>, StoreError> {
        let row = RowName { stack: record.stack.as_str(), record: "resource", row: record.id.as_str() };
        let template = record.nested.as_ref().is_some_and(|nested| nested.template);
        let schema = if template { None } else { self.types.resource_type(&record.type_name) };
        let mut form = serde_json::to_value(ResourceForm::from(record))
            .map_err(|_| row.corrupt("it cannot be written as JSON"))?;
        for place in secrets::of_resource(record, schema.as_deref()) {
            if let Some(value) = secrets::at(&mut form, &place) {
                *value = Value::Null;
            }
        }
        match form {
            Value::Object(fields) => Ok(fields),
            _ => Ok(Map::new()),
        }
    }
}

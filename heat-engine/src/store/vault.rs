//! Between a record's JSON and its stored [`Document`]: takes what is secret out and seals it, puts it back.

use super::secrets::{self, Place};
use super::{Document, StoreError};
use crate::seal::{self, SealError, Sealing};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use zeroize::Zeroizing;

/// What stands in the clear document where a value was taken out.
const TAKEN_OUT: &str = "(sealed)";

/// The field under which all secrets of a row are sealed together, with their places.
const FIELD: &str = "document";

/// Which row a document belongs to.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowName<'a> {
    pub(super) stack: &'a str,
    pub(super) record: &'static str,
    pub(super) row: &'a str,
}

impl<'a> RowName<'a> {
    fn place(&self) -> seal::Place<'a> {
        seal::Place { stack: self.stack, record: self.record, row: self.row, field: FIELD }
    }

    /// For messages.
    fn what(&self) -> String {
        match self.stack {
            "" => format!("{} {}", self.record, self.row),
            stack if stack == self.row => format!("{} {}", self.record, self.row),
            stack => format!("{} {} of stack {stack}", self.record, self.row),
        }
    }

    fn sealing(&self, source: SealError) -> StoreError {
        StoreError::Seal { what: self.what(), source }
    }

    pub(super) fn corrupt(&self, reason: impl Into<String>) -> StoreError {
        StoreError::Corrupt { what: self.what(), reason: reason.into() }
    }
}

/// Turns a record's form into a document whose clear part holds nothing of the values at `places`.
pub(super) fn close(
    sealing: &Sealing,
    row: RowName<'_>,
    form: &impl Serialize,
    places: Vec<Place>,
) -> Result<Document, StoreError> {
    let unserialisable = |_| row.corrupt("it cannot be written as JSON");
    let Sealing::Keys(ring) = sealing else {
        return Ok(Document { clear: serde_json::to_string(form).map_err(unserialisable)?, sealed: None });
    };
    if places.is_empty() {
        return Ok(Document { clear: serde_json::to_string(form).map_err(unserialisable)?, sealed: None });
    }
    let mut document = serde_json::to_value(form).map_err(unserialisable)?;
    let mut taken: Vec<(Place, Value)> = Vec::with_capacity(places.len());
    for place in places {
        if let Some(value) = secrets::at(&mut document, &place) {
            taken.push((place, std::mem::replace(value, Value::String(TAKEN_OUT.to_owned()))));
        }
    }
    let clear = serde_json::to_string(&document).map_err(unserialisable)?;
    let secret = Zeroizing::new(serde_json::to_vec(&taken).map_err(unserialisable)?);
    let sealed = ring.seal(&row.place(), &secret).map_err(|error| row.sealing(error))?;
    Ok(Document { clear, sealed: Some(sealed) })
}

/// Turns a document back into a record's form.
pub(super) fn open<T: DeserializeOwned>(
    sealing: &Sealing,
    row: RowName<'_>,
    document: &Document,
) -> Result<T, StoreError> {
    // Messages of the JSON reader quote values, so they are not passed on.
    let mut value: Value =
        serde_json::from_str(&document.clear).map_err(|_| row.corrupt("its document is not JSON"))?;
    if let Some(secret) = unseal(sealing, row, document)? {
        let taken: Vec<(Place, Value)> = serde_json::from_slice(&secret)
            .map_err(|_| row.corrupt("its sealed part is not as it was written"))?;
        for (place, secret) in taken {
            let value = secrets::at(&mut value, &place)
                .ok_or_else(|| row.corrupt("its sealed part does not fit its document"))?;
            *value = secret;
        }
    }
    serde_json::from_value(value).map_err(|_| row.corrupt("its document has not the shape of such a record"))
}

/// A text that is sealed as a whole, or not at all.
pub(super) fn close_text(
    sealing: &Sealing,
    row: RowName<'_>,
    text: String,
    secret: bool,
) -> Result<Document, StoreError> {
    match sealing {
        Sealing::Keys(ring) if secret => {
            let sealed = ring.seal(&row.place(), text.as_bytes()).map_err(|error| row.sealing(error))?;
            Ok(Document { clear: TAKEN_OUT.to_owned(), sealed: Some(sealed) })
        }
        _ => Ok(Document { clear: text, sealed: None }),
    }
}

/// Opens such a text.
pub(super) fn open_text(
    sealing: &Sealing,
    row: RowName<'_>,
    document: Document,
) -> Result<String, StoreError> {
    match unseal(sealing, row, &document)? {
        Some(secret) => {
            String::from_utf8(secret.to_vec()).map_err(|_| row.corrupt("its sealed part is not text"))
        }
        None => Ok(document.clear),
    }
}

fn unseal(
    sealing: &Sealing,
    row: RowName<'_>,
    document: &Document,
) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
    let Some(sealed) = &document.sealed else { return Ok(None) };
    let opened = match sealing {
        Sealing::Keys(ring) => ring.open(&row.place(), sealed),
        Sealing::Clear => Err(seal::key_of(sealed)
            .map_or_else(|error| error, |key| SealError::MissingKey { key: key.to_owned() })),
    };
    opened.map(Some).map_err(|error| row.sealing(error))
}

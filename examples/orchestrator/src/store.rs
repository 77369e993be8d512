//! The store: one JSON file, written as a whole before and after everything that is done.

use heat_engine::record::{Action, IncarnationId, ResourceRecord, Resources, StackId, Status};
use heat_plugin_sdk::PhysicalId;
use heat_template::{Evaluated, EvaluationError, Scope, function::select_attribute};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashMap};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// What is known of everything that was made.
pub struct Store {
    file: PathBuf,
    pub resources: Resources,
    /// Which of several incarnations stands for a name.
    pub standing: HashMap<String, IncarnationId>,
    next: u64,
}

/// A record as it is written.
#[derive(Serialize, Deserialize)]
struct Form {
    id: IncarnationId,
    name: String,
    type_name: String,
    action: Action,
    status: Status,
    physical_id: Option<PhysicalId>,
    properties: Option<Map<String, Value>>,
    definition: Map<String, Value>,
    attributes: Map<String, Value>,
    requires: BTreeSet<IncarnationId>,
    replaced_by: Option<IncarnationId>,
    created: Timestamp,
}

impl Store {
    /// Opens or begins a store.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn open(file: PathBuf) -> io::Result<Self> {
        let forms: Vec<Form> = match std::fs::read(&file) {
            Ok(bytes) => serde_json::from_slice(&bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let next = forms.iter().filter_map(|form| form.id.as_str().parse().ok()).max().unwrap_or(0);
        let resources: Resources =
            forms.into_iter().map(|form| (form.id.clone(), Arc::new(form.into_record()))).collect();
        let standing = resources
            .values()
            .filter(|record| record.replaced_by.is_none())
            .map(|record| (record.name.clone(), record.id.clone()))
            .collect();
        Ok(Self { file, resources, standing, next })
    }

    /// An id for something new.
    pub fn new_incarnation(&mut self) -> IncarnationId {
        self.next += 1;
        IncarnationId(self.next.to_string())
    }

    /// Changes a record and makes it durable.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&mut self, id: &IncarnationId, change: impl FnOnce(&mut ResourceRecord)) -> io::Result<()> {
        if let Some(record) = self.resources.get_mut(id) {
            change(Arc::make_mut(record));
        }
        self.save()
    }

    /// Makes everything durable: a new file takes the place of the old one at once.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save(&self) -> io::Result<()> {
        let forms: Vec<Form> = self.resources.values().map(|record| Form::of(record)).collect();
        let new = self.file.with_extension("new");
        std::fs::write(&new, serde_json::to_vec_pretty(&forms)?)?;
        std::fs::rename(new, &self.file)
    }

    fn standing(&self, name: &str) -> Option<&ResourceRecord> {
        self.resources.get(self.standing.get(name)?).map(|record| &**record)
    }
}

/// What expressions see of what is there.
impl Scope for Store {
    fn reference_id(&self, resource: &str) -> Evaluated {
        let id = self.standing(resource).and_then(|record| record.reference_id.clone());
        Evaluated::Known(id.unwrap_or_else(|| resource.to_owned()).into())
    }

    fn attribute(
        &self,
        resource: &str,
        attribute: &str,
        path: &[Value],
    ) -> Result<Evaluated, EvaluationError> {
        let value = self.standing(resource).and_then(|record| record.attributes.get(attribute));
        Ok(select_attribute(Evaluated::Known(value.cloned().unwrap_or_default()), path))
    }

    fn all_attributes(&self, resource: &str) -> Result<Evaluated, EvaluationError> {
        let all = self.standing(resource).map(|record| record.attributes.clone());
        Ok(Evaluated::Known(Value::Object(all.unwrap_or_default())))
    }
}

impl Form {
    fn of(record: &ResourceRecord) -> Self {
        let record = record.clone();
        Self {
            id: record.id,
            name: record.name,
            type_name: record.type_name,
            action: record.action,
            status: record.status,
            physical_id: record.physical_id,
            properties: record.properties,
            definition: record.definition,
            attributes: record.attributes,
            requires: record.requires,
            replaced_by: record.replaced_by,
            created: record.created,
        }
    }

    fn into_record(self) -> ResourceRecord {
        let stack = StackId("files".to_owned());
        let reference_id = self.physical_id.as_ref().map(ToString::to_string);
        ResourceRecord {
            action: self.action,
            status: self.status,
            physical_id: self.physical_id,
            reference_id,
            properties: self.properties,
            definition: self.definition,
            attributes: self.attributes,
            requires: self.requires,
            replaced_by: self.replaced_by,
            ..ResourceRecord::new(self.id, stack, self.name, self.type_name, self.created)
        }
    }
}

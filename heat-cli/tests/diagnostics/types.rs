//! The resource types of the command, and one more with what the others do not have.

use heat_engine::{Engine, EngineError, NewStack, Update};
use heat_plugin_sdk::schema::{
    AttributeSchema, Constraint, PropertySchema, ResourceSchema, ResourceTypes, Support, SupportStatus,
    Translation, ValueType,
};
use heat_plugin_sdk::{
    Change, Context, Created, Observed, PhysicalId, Plugin, PropertyMap, Registry, Resource, Result,
};
use heat_template::diagnostic::Diagnostic;
use heat_template::source::SourceMap;
use heat_template::{ParseOptions, Template};
use serde_json::{Map, Value};
use std::sync::Arc;

/// Disks of a service that does not exist.
#[derive(Debug)]
struct Disk;

fn disk(name: &str, status: SupportStatus) -> ResourceSchema {
    let text = || PropertySchema::new(ValueType::String);
    ResourceSchema {
        type_name: name.to_owned(),
        support: Support {
            status,
            message: Some("use Acme::Disk".to_owned()).filter(|_| status == SupportStatus::Deprecated),
            ..Support::default()
        },
        properties: [
            ("name", text().update_allowed()),
            (
                "size",
                PropertySchema::new(ValueType::Integer).constraint(Constraint::range(1, 16)).update_allowed(),
            ),
            ("zone", text().immutable()),
            ("host", text().not_implemented()),
            ("image", text()),
            ("picture", text()),
        ]
        .into_iter()
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect(),
        attributes: [("path".to_owned(), AttributeSchema::new(ValueType::String, "Where it is."))].into(),
        update_policy: [("pause".to_owned(), PropertySchema::new(ValueType::Integer))].into(),
        translations: vec![Translation::Replace { from: vec!["picture".into()], to: vec!["image".into()] }],
        ..ResourceSchema::default()
    }
}

impl Resource for Disk {
    const TYPE: &'static str = "Acme::Disk";
    type Connection = ();
    type Properties = Map<String, Value>;
    type Attributes = Map<String, Value>;

    fn schema(&self) -> ResourceSchema {
        disk(Self::TYPE, SupportStatus::Supported)
    }

    async fn create(&self, cx: &Context<'_, Self>, _: &PropertyMap) -> Result<Created> {
        Ok(Created::new(cx.physical_name(255)).complete(Observed::<Self>::ready()))
    }

    async fn read(&self, _: &Context<'_, Self>, _: &PhysicalId) -> Result<Option<Observed<Self>>> {
        Ok(Some(Observed::ready()))
    }

    async fn update(&self, _: &Context<'_, Self>, _: &PhysicalId, _: &Change<PropertyMap>) -> Result<()> {
        Ok(())
    }

    async fn delete(&self, _: &Context<'_, Self>, _: &PhysicalId) -> Result<()> {
        Ok(())
    }
}

fn registry() -> Registry {
    Registry::new().with(heat_plugins_openstack::plugin()).with(Plugin::new("acme").resource(Disk))
}

pub(crate) struct Types(Registry);

impl Types {
    pub(crate) fn new() -> Self {
        Self(registry().with(heat_engine::types::plugin()))
    }
}

impl ResourceTypes for Types {
    fn resource_type(&self, name: &str) -> Option<Arc<ResourceSchema>> {
        if name == "Acme::OldDisk" {
            return Some(Arc::new(disk(name, SupportStatus::Deprecated)));
        }
        self.0.resource_type(name)
    }

    fn type_names(&self) -> Vec<String> {
        self.0.type_names()
    }

    fn why_unsupported(&self, name: &str) -> Option<String> {
        self.0.why_unsupported(name)
    }
}

/// What the engine says against changing a stack to a template.
pub(crate) async fn change(sources: &mut SourceMap, before: &str, after: Template) -> Vec<Diagnostic> {
    let engine = Engine::builder().registry(registry()).build().await.unwrap();
    let before = Template::parse(sources, "before.yaml", before, &ParseOptions::default()).value.unwrap();
    let stack = engine.create(NewStack::new("disks", before)).await.unwrap();
    assert_eq!(stack.finished().await.unwrap().stack_status, "CREATE_COMPLETE");
    match stack.update(Update::to(after)).await {
        Err(EngineError::Plan(error)) => error.diagnostics(),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("nothing is said against it"),
    }
}

//! What all REST resources have in common: where objects live, how properties become a request, what an answer says
//! about properties and attributes, and which class a failure has.

mod body;
mod chosen_id;
mod collection;
mod failure;
mod observe;
mod progress;
mod siblings;

pub(crate) use body::Body;
pub(crate) use chosen_id::chosen_id;
pub(crate) use collection::{Collection, id_of};
pub(crate) use observe::observe;
pub(crate) use progress::by_state;
pub(crate) use siblings::{follows, refers_to};

use heat_plugin_sdk::schema::{ResourceSchema, Translation};
use heat_plugin_sdk::{Attributes, Context, FindBasis, Finding, PhysicalId, Properties, Resource};
use serde_json::Value;

/// Longest name that Heat gives to an object.
pub(crate) const NAME_LIMIT: usize = 255;

/// The schema that properties and attributes make, with rules that turn names into ids beside those that the fields
/// declare: Heat resolves these without a constraint of that name.
pub(crate) fn schema_resolving<R: Resource>(rules: &[(&[&str], &str)]) -> ResourceSchema {
    let mut schema = ResourceSchema {
        type_name: R::TYPE.to_owned(),
        description: R::Properties::description().to_owned(),
        support: R::Properties::support(),
        properties: R::Properties::fields(),
        attributes: R::Attributes::fields(),
        translations: R::Properties::translations(),
        ..ResourceSchema::default()
    };
    schema.translations.extend(rules.iter().map(|(path, finder)| Translation::Resolve {
        path: path.iter().map(|key| (*key).to_owned()).collect(),
        finder: (*finder).to_owned(),
    }));
    schema
}

/// By what an object is found again that carries either the name given or Heat's own, which holds the incarnation's
/// short id.
pub(crate) fn basis_of_name(name: Option<&str>) -> FindBasis {
    match name {
        Some(_) => FindBasis::Name,
        None => FindBasis::Key,
    }
}

/// The ids of objects that `find` may name.
pub(crate) fn finding<R: Resource>(cx: &Context<'_, R>, objects: &[Value]) -> Finding {
    let ids = objects.iter().filter_map(|object| object.get("id")?.as_str()).map(PhysicalId::from);
    Finding::from_ids(ids.filter(|id| !cx.is_excluded(id)))
}

/// Text of a field, empty where there is none.
pub(crate) fn text<'a>(object: &'a Value, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}

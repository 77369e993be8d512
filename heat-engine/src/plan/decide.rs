//! What becomes of one resource: Heat's rules, as one pure function for the plan and for the run.

use super::change::{self, Differs};
use super::{ChangeEffect, DesiredState, PropertyChange, Prospects, Reason, TypeRules};
use crate::record::{Action, IntentKind, ResourceRecord, Status};
use heat_plugin_sdk::{Change, PhysicalId, PropertyMap, ReplaceOrder};
use heat_template::environment::RestrictedAction;
use heat_template::evaluated::Evaluated;
use indexmap::IndexMap;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What becomes of a resource that is recorded.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// It was recorded, but never begun: it is made as this incarnation.
    Begin,
    /// Nothing differs.
    Keep,
    /// It is changed in place. Without changes only its definition differs, and the plugin is not asked.
    Update {
        /// What differs.
        changes: Vec<PropertyChange>,
    },
    /// It is something that exists already, and was not found in order when it was looked at: it is looked at once more.
    Adopt,
    /// A new one takes its place.
    Replace {
        /// What differs.
        changes: Vec<PropertyChange>,
        /// Why.
        reason: Reason,
        /// In which order; `None` where the type's answer hangs on values that are not known yet.
        order: Option<ReplaceOrder>,
    },
    /// It hangs on values that are not known yet. Never where everything is known.
    Open {
        /// What may change, and what surely does.
        changes: Vec<PropertyChange>,
        /// See [`StepKind::Decide`](super::StepKind::Decide).
        may_keep: bool,
        /// See [`StepKind::Decide`](super::StepKind::Decide).
        may_update: bool,
        /// See [`StepKind::Decide`](super::StepKind::Decide).
        may_replace: bool,
        /// See [`StepKind::Decide`](super::StepKind::Decide).
        may_refuse: bool,
    },
    /// The change is refused: this property may never change.
    Refuse {
        /// The property.
        property: String,
    },
    /// The change is refused: it is something that exists already and would be something else.
    RefuseExternalId,
    /// No plugin provides the type.
    UnknownType,
}

impl Decision {
    /// What of it the environment forbids, if it forbids any of it.
    pub fn forbidden(&self, restricted: &BTreeSet<RestrictedAction>) -> Option<RestrictedAction> {
        let action = match self {
            Self::Update { .. } => RestrictedAction::Update,
            Self::Replace { .. } => RestrictedAction::Replace,
            _ => return None,
        };
        restricted.contains(&action).then_some(action)
    }
}

/// Decides what becomes of a recorded resource whose operations are all finished, by Heat's rules in Heat's order:
///
/// 1. what was never begun is begun; what was being deleted, or whose last operation failed, is replaced;
/// 2. another type replaces;
/// 3. what exists already (`external_id`) is kept, or looked at once more, whatever its definition says;
/// 4. a change of a property that may never change is refused, of one that cannot be updated replaces, and so does a
///    change of which the type says so ([`TypeRules::needs_replace`]);
/// 5. a type whose resources every update makes anew ([`TypeRules::always_replaces`]) is replaced;
/// 6. a type that takes any property is kept, whatever changes;
/// 7. any other change of properties, and a change of the definition alone, is made in place.
pub fn decide(
    record: &ResourceRecord,
    type_name: &str,
    desired: &DesiredState,
    rules: &dyn TypeRules,
    prospects: &Prospects<'_>,
) -> Decision {
    if never_begun(record) && record.type_name == type_name {
        return Decision::Begin;
    }
    if let Some(decision) = external(record, type_name, desired) {
        return decision;
    }
    let own = desired.composite.as_ref().map(|composite| Arc::clone(&composite.schema));
    let Some(schema) = own.or_else(|| rules.schema(type_name)) else { return Decision::UnknownType };
    let same_type = same_type(record, type_name, desired);
    let old = applied(record);
    let new = known(&desired.properties);
    let replace = |changes, reason| {
        let order = if !same_type || desired.composite.is_some() {
            Some(ReplaceOrder::CreateFirst)
        } else {
            new.as_ref().map(|new| order_of(record, new, rules))
        };
        Decision::Replace { changes, reason, order }
    };
    if is_going(record) {
        return replace(Vec::new(), Reason::WasDeleted);
    }
    // A nested stack that failed repairs what is inside of it.
    if record.status != Status::Complete && !(same_type && desired.composite.is_some()) {
        return replace(Vec::new(), Reason::RepairFailed);
    }
    if !same_type {
        return replace(Vec::new(), Reason::TypeChanged);
    }
    if rules.always_replaces(type_name) {
        return replace(Vec::new(), Reason::TypeNeedsReplace);
    }
    if schema.open_properties {
        // What takes anything does nothing with it.
        return Decision::Keep;
    }
    let changes = change::changes(old, &desired.properties, &schema, prospects);
    let surely = |effect| changes.iter().find(|change| !change.uncertain && change.effect == effect);
    if let Some(refused) = surely(ChangeEffect::Refuse) {
        return Decision::Refuse { property: refused.property.clone() };
    }
    let may_refuse = changes.iter().any(|change| change.effect == ChangeEffect::Refuse);
    let replaces = surely(ChangeEffect::Replace).is_some();
    if replaces && !may_refuse {
        return replace(changes, Reason::PropertiesChanged);
    }
    let definition = change::definition_differs(&record.definition, &desired.definition, prospects);
    if desired.composite.is_some() {
        return composite(record, changes, definition, may_refuse);
    }
    let Some(new) = new else {
        return open(changes, definition, replaces, may_refuse);
    };
    if !changes.is_empty() {
        let names = changes.iter().map(|change| change.property.clone());
        if rules.needs_replace(type_name, &Change::new(old.clone(), new.clone(), names)) {
            let order = Some(order_of(record, &new, rules));
            return Decision::Replace { changes, reason: Reason::TypeNeedsReplace, order };
        }
        return Decision::Update { changes };
    }
    match definition {
        Differs::No => Decision::Keep,
        Differs::Surely => Decision::Update { changes },
        Differs::Perhaps => open(changes, definition, false, false),
    }
}

/// Whether the record is of the type that is wanted. A template may take the place of another one.
fn same_type(record: &ResourceRecord, type_name: &str, desired: &DesiredState) -> bool {
    match (&record.nested, &desired.composite) {
        (None, None) => record.type_name == type_name,
        (Some(own), Some(wanted)) if wanted.template => own.template,
        (Some(own), Some(_)) => !own.template && record.type_name == type_name,
        // Nothing was made of it yet.
        (None, Some(_)) => record.type_name == type_name,
        (Some(_), None) => false,
    }
}

/// Something that exists already, now or before; `None` for what is made. As in Heat it is neither changed nor replaced,
/// and cannot become another thing.
fn external(record: &ResourceRecord, type_name: &str, desired: &DesiredState) -> Option<Decision> {
    let (own, wanted) = (record.external_id(), desired.external_id.as_ref());
    if (own.is_none() && wanted.is_none()) || is_going(record) || record.type_name != type_name {
        return None;
    }
    Some(match own == wanted.map(PhysicalId::as_str) {
        false => Decision::RefuseExternalId,
        true if record.status == Status::Complete => Decision::Keep,
        true => Decision::Adopt,
    })
}

/// A nested stack: what its own properties say. What is inside is decided upon there.
fn composite(
    record: &ResourceRecord,
    changes: Vec<PropertyChange>,
    definition: Differs,
    may_refuse: bool,
) -> Decision {
    let may_replace = changes.iter().any(|change| change.effect == ChangeEffect::Replace);
    let certain = changes.iter().any(|change| !change.uncertain && change.effect == ChangeEffect::InPlace)
        || definition == Differs::Surely
        || record.status != Status::Complete
        || record.intent.is_some();
    match certain {
        _ if may_replace || may_refuse => {
            Decision::Open { changes, may_keep: !certain, may_update: true, may_replace, may_refuse }
        }
        true => Decision::Update { changes },
        false if changes.is_empty() && definition == Differs::No => Decision::Keep,
        false => Decision::Open {
            changes,
            may_keep: true,
            may_update: true,
            may_replace: false,
            may_refuse: false,
        },
    }
}

/// What an unknown value leaves open.
fn open(changes: Vec<PropertyChange>, definition: Differs, replaces: bool, may_refuse: bool) -> Decision {
    let certain = changes.iter().any(|change| !change.uncertain);
    let in_place = changes.iter().any(|change| change.effect == ChangeEffect::InPlace);
    // The type itself may want a new resource for any change in place, and is asked when the values are known.
    let may_replace =
        replaces || in_place || changes.iter().any(|change| change.effect == ChangeEffect::Replace);
    let may_update = !replaces && (in_place || definition != Differs::No);
    let may_keep = !certain && definition != Differs::Surely;
    match (changes.is_empty(), definition) {
        (true, Differs::No) => Decision::Keep,
        (true, Differs::Surely) => Decision::Update { changes },
        _ => Decision::Open { changes, may_keep, may_update, may_replace, may_refuse },
    }
}

/// Whether nothing was ever asked for: there is no real thing, and surely none is on its way.
pub(crate) fn never_begun(record: &ResourceRecord) -> bool {
    record.action == Action::Init && record.physical_id.is_none() && record.intent.is_none()
}

/// Whether its deletion was begun: it is never kept.
pub(super) fn is_going(record: &ResourceRecord) -> bool {
    let intent = record.intent.as_ref().is_some_and(|intent| intent.kind == IntentKind::Delete);
    record.action == Action::Delete || intent
}

/// Whether an operation other than a deletion was begun whose end is not recorded. What rests is on its way, too: it was
/// not woken yet, and is before anything else is done to it.
pub(super) fn is_interrupted(record: &ResourceRecord) -> bool {
    match &record.intent {
        Some(intent) => intent.kind != IntentKind::Delete,
        None => rests(record),
    }
}

/// Whether it was suspended, or was to be, and nothing was done to it since.
pub(crate) fn rests(record: &ResourceRecord) -> bool {
    record.action == Action::Suspend
}

/// The record as it will be when an interrupted operation has been finished and has succeeded.
pub(super) fn as_finished(record: &ResourceRecord) -> ResourceRecord {
    let mut finished = record.clone();
    if let Some(intent) = finished.intent.take() {
        if let (IntentKind::Create | IntentKind::Update, Some(properties)) = (intent.kind, intent.properties)
        {
            finished.properties = Some(properties);
            finished.action = if intent.kind == IntentKind::Create { Action::Create } else { Action::Update };
        }
        finished.status = Status::Complete;
    }
    if rests(&finished) {
        finished.status = Status::Complete;
    }
    finished
}

/// The properties that were last applied, or were to be; empty where none are recorded.
pub(super) fn applied(record: &ResourceRecord) -> &PropertyMap {
    static NONE: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
    recorded_properties(record).unwrap_or(&NONE)
}

fn recorded_properties(record: &ResourceRecord) -> Option<&PropertyMap> {
    record.properties.as_ref().or_else(|| record.intent.as_ref()?.properties.as_ref())
}

/// In which order the incarnation makes way for one of the same type. One of which nothing is known but that something
/// of it may be there goes first: it may hold the place.
pub(crate) fn order_of(record: &ResourceRecord, new: &PropertyMap, rules: &dyn TypeRules) -> ReplaceOrder {
    match recorded_properties(record) {
        _ if record.nested.is_some() || record.external_id().is_some() => ReplaceOrder::CreateFirst,
        Some(old) => rules.replace_order(&record.type_name, old, new),
        None if never_begun(record) => ReplaceOrder::CreateFirst,
        None => ReplaceOrder::DeleteFirst,
    }
}

/// All properties, if all are known.
pub(super) fn known(properties: &IndexMap<String, Evaluated>) -> Option<PropertyMap> {
    properties.iter().map(|(name, value)| Some((name.clone(), value.known()?.clone()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::given;
    use crate::record::{IncarnationId, StackId};
    use heat_plugin_sdk::schema::{PropertySchema, ResourceSchema, ValueType};
    use jiff::Timestamp;
    use serde_json::json;

    struct Rules;

    impl TypeRules for Rules {
        fn schema(&self, type_name: &str) -> Option<Arc<ResourceSchema>> {
            let text = || PropertySchema::new(ValueType::String);
            let properties = [
                ("moved".to_owned(), text().update_allowed()),
                ("swapped".to_owned(), text().default("d")),
                ("fixed".to_owned(), text().immutable()),
            ];
            let schema = ResourceSchema { properties: properties.into(), ..Default::default() };
            type_name.starts_with("Known").then(|| Arc::new(schema))
        }

        fn needs_replace(&self, _: &str, change: &Change<PropertyMap>) -> bool {
            change.new_properties()["moved"] == json!("too far")
        }

        fn replace_order(&self, _: &str, old: &PropertyMap, new: &PropertyMap) -> ReplaceOrder {
            if old["fixed"] == new["fixed"] { ReplaceOrder::DeleteFirst } else { ReplaceOrder::CreateFirst }
        }
    }

    fn state(moved: Evaluated, swapped: &str, fixed: Evaluated) -> DesiredState {
        let properties = [("moved", moved), ("swapped", json!(swapped).into()), ("fixed", fixed)];
        DesiredState {
            properties: properties.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            definition: [("given".to_owned(), given(["moved", "fixed"]).into())].into(),
            metadata: None,
            composite: None,
            external_id: None,
        }
    }

    fn wanted(moved: &str, swapped: &str, fixed: &str) -> DesiredState {
        state(json!(moved).into(), swapped, json!(fixed).into())
    }

    /// A resource that was made from `wanted("m", "d", "f")`.
    fn record() -> ResourceRecord {
        let (id, stack) = (IncarnationId("i".into()), StackId("s".into()));
        let mut record = ResourceRecord::new(id, stack, "r", "Known", Timestamp::UNIX_EPOCH);
        record.action = Action::Create;
        record.properties = json!({"moved": "m", "swapped": "d", "fixed": "f"}).as_object().cloned();
        record.definition.insert("given".to_owned(), given(["moved", "fixed"]));
        record
    }

    fn decided(record: &ResourceRecord, state: &DesiredState) -> Decision {
        decide(record, "Known", state, &Rules, &Prospects::default())
    }

    fn change(property: &str, uncertain: bool, effect: ChangeEffect) -> PropertyChange {
        PropertyChange { property: property.to_owned(), uncertain, effect }
    }

    #[test]
    fn what_is_the_same_is_kept() {
        assert_eq!(decided(&record(), &wanted("m", "d", "f")), Decision::Keep);
    }

    #[test]
    fn a_default_that_is_written_out_is_an_update_without_changes() {
        let mut state = wanted("m", "d", "f");
        state.definition.insert("given".to_owned(), given(["fixed", "moved", "swapped"]).into());
        assert_eq!(decided(&record(), &state), Decision::Update { changes: vec![] });
    }

    #[test]
    fn a_property_decides_between_update_replacement_and_refusal() {
        let moved = change("moved", false, ChangeEffect::InPlace);
        assert_eq!(
            decided(&record(), &wanted("n", "d", "f")),
            Decision::Update { changes: vec![moved.clone()] }
        );
        let replaced = decided(&record(), &wanted("m", "e", "f"));
        let swapped = vec![change("swapped", false, ChangeEffect::Replace)];
        let order = Some(ReplaceOrder::DeleteFirst);
        assert_eq!(
            replaced,
            Decision::Replace { changes: swapped, reason: Reason::PropertiesChanged, order }
        );
        // Heat looks for what may never change before it replaces.
        let refused = decided(&record(), &wanted("n", "e", "g"));
        assert_eq!(refused, Decision::Refuse { property: "fixed".to_owned() });
        let forced = decided(&record(), &wanted("too far", "d", "f"));
        assert_eq!(
            forced,
            Decision::Replace { changes: vec![moved], reason: Reason::TypeNeedsReplace, order }
        );
    }

    #[test]
    fn a_property_that_is_not_given_any_more_counts_by_its_default() {
        let mut old = record();
        old.properties = json!({"moved": "m", "fixed": "f"}).as_object().cloned();
        // Applied before the type had the property: its default is no change.
        assert_eq!(decided(&old, &wanted("m", "d", "f")), Decision::Keep);
    }

    #[test]
    fn what_failed_or_was_going_or_has_another_type_is_replaced_whatever_it_holds() {
        let same = wanted("m", "d", "f");
        let order = Some(ReplaceOrder::DeleteFirst);
        let mut failed = record();
        failed.status = Status::Failed;
        let replaced = |reason, order| Decision::Replace { changes: vec![], reason, order };
        assert_eq!(decided(&failed, &same), replaced(Reason::RepairFailed, order));
        let mut going = record();
        going.action = Action::Delete;
        assert_eq!(decided(&going, &same), replaced(Reason::WasDeleted, order));
        going.properties = None;
        assert_eq!(decided(&going, &same), replaced(Reason::WasDeleted, order), "it may hold the place");
        let other = decide(&record(), "Known::Too", &same, &Rules, &Prospects::default());
        assert_eq!(other, replaced(Reason::TypeChanged, Some(ReplaceOrder::CreateFirst)));
        let unknown = decide(&record(), "Strange", &same, &Rules, &Prospects::default());
        assert_eq!(unknown, Decision::UnknownType);
        let mut never = record();
        never.action = Action::Init;
        assert_eq!(decided(&never, &same), Decision::Begin);
    }

    #[test]
    fn what_hangs_on_an_unknown_value_lists_its_outcomes() {
        let open = decided(&record(), &state(Evaluated::unknown("x"), "d", json!("f").into()));
        let changes = vec![change("moved", true, ChangeEffect::InPlace)];
        let (may_keep, may_update, may_replace, may_refuse) = (true, true, true, false);
        assert_eq!(open, Decision::Open { changes, may_keep, may_update, may_replace, may_refuse });
        // Something else changes for sure: it is not kept.
        let fixed = Evaluated::unknown("x");
        let open = decided(&record(), &state(json!("n").into(), "d", fixed));
        let Decision::Open { may_keep: false, may_update: true, may_replace: true, may_refuse: true, .. } =
            open
        else {
            panic!("{open:?}");
        };
        // It is replaced for sure, only the order hangs on the value.
        let replaced = decided(&record(), &state(Evaluated::unknown("x"), "e", json!("f").into()));
        assert!(matches!(replaced, Decision::Replace { order: None, .. }), "{replaced:?}");
    }
}

//! Resources that get another name: nothing is done to them for that.

use crate::record::{IncarnationId, ResourceRecord, Resources};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Why resources cannot be renamed so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MoveError {
    /// Nothing is recorded under the old name.
    #[error("{old} cannot be renamed: there is no such resource")]
    Unknown {
        /// The old name.
        old: String,
    },
    /// The template still has the old name.
    #[error("{old} cannot be renamed: the template still has it")]
    StillThere {
        /// The old name.
        old: String,
    },
    /// The template does not have the new name.
    #[error("{old} cannot become {new}: the template has no resource {new}")]
    NotThere {
        /// The old name.
        old: String,
        /// The new name.
        new: String,
    },
    /// There is a resource of the new name already, or two shall have it.
    #[error("{old} cannot become {new}: there is a {new} already")]
    Taken {
        /// The old name.
        old: String,
        /// The new name.
        new: String,
    },
    /// An operation on it is not finished: what became of it may be looked for by the old name.
    #[error("{old} cannot be renamed: an operation on it is not finished")]
    Unfinished {
        /// The old name.
        old: String,
    },
    /// It would be something else under the new name.
    #[error("{old} cannot become {new}: it is of type {found}, and {new} is of type {wanted}")]
    OtherType {
        /// The old name.
        old: String,
        /// The new name.
        new: String,
        /// Its type.
        found: String,
        /// The type by the template.
        wanted: String,
    },
    /// From one stack to another.
    #[error(
        "{old} cannot become {new}: a resource stays in its stack; take it out with the deletion policy Retain, and import it where \
         it shall be"
    )]
    OtherStack {
        /// The old path.
        old: String,
        /// The new path.
        new: String,
    },
}

/// Gives resources other names: `moves` are new names by old ones, all at once, so that two can change their names.
/// `wanted` tells the type of a resource of the template. Gives the incarnations that were renamed, and the names that a way back
/// would have to take back: `moved`, old names by those of now, as they are after it.
///
/// Pure.
///
/// # Errors
/// A [`MoveError`]; nothing was changed then.
pub fn rename(
    resources: &mut Resources,
    moves: &BTreeMap<String, String>,
    moved: &BTreeMap<String, String>,
    wanted: impl Fn(&str) -> Option<String>,
) -> Result<(BTreeSet<IncarnationId>, BTreeMap<String, String>), MoveError> {
    let targets: BTreeSet<&String> = moves.values().collect();
    let mut taken = BTreeSet::new();
    for (old, new) in moves {
        let (old_name, new_name) = (|| old.clone(), || new.clone());
        if old.contains('/') || new.contains('/') {
            return Err(MoveError::OtherStack { old: old_name(), new: new_name() });
        }
        let records: Vec<_> = resources.values().filter(|record| record.name == *old).collect();
        if records.is_empty() {
            return Err(MoveError::Unknown { old: old_name() });
        }
        if wanted(old).is_some() && !targets.contains(old) {
            return Err(MoveError::StillThere { old: old_name() });
        }
        let Some(type_name) = wanted(new) else {
            return Err(MoveError::NotThere { old: old_name(), new: new_name() });
        };
        let is_there = |record: &Arc<ResourceRecord>| record.name == *new && !moves.contains_key(new);
        if !taken.insert(new) || resources.values().any(is_there) {
            return Err(MoveError::Taken { old: old_name(), new: new_name() });
        }
        if records.iter().any(|record| record.intent.is_some()) {
            return Err(MoveError::Unfinished { old: old_name() });
        }
        // A template may take the place of another one.
        let other = |record: &&&Arc<ResourceRecord>| record.nested.is_none() && record.type_name != type_name;
        if let Some(record) = records.iter().find(other) {
            let found = record.type_name.clone();
            return Err(MoveError::OtherType { old: old_name(), new: new_name(), found, wanted: type_name });
        }
    }
    let mut renamed = BTreeSet::new();
    for (id, record) in resources.iter_mut() {
        if let Some(new) = moves.get(&record.name) {
            Arc::make_mut(record).name.clone_from(new);
            renamed.insert(id.clone());
        }
    }
    let mut after: BTreeMap<String, String> = moved
        .iter()
        .filter(|(now, _)| !moves.contains_key(*now))
        .map(|(now, first)| (now.clone(), first.clone()))
        .collect();
    for (old, new) in moves {
        let first = moved.get(old).unwrap_or(old);
        if first != new {
            after.insert(new.clone(), first.clone());
        }
    }
    Ok((renamed, after))
}

/// Gives resources the names back that they had: `moved` are their old names by those of now. Gives the incarnations that
/// were renamed.
pub(crate) fn take_back(
    resources: &mut Resources,
    moved: &BTreeMap<String, String>,
) -> BTreeSet<IncarnationId> {
    let mut renamed = BTreeSet::new();
    for (id, record) in resources.iter_mut() {
        if let Some(old) = moved.get(&record.name) {
            Arc::make_mut(record).name.clone_from(old);
            renamed.insert(id.clone());
        }
    }
    renamed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::StackId;
    use jiff::Timestamp;
    use proptest::prelude::*;

    fn records(names: &[&str]) -> Resources {
        let record = |(at, name): (usize, &&str)| {
            let id = IncarnationId(format!("i{at}"));
            let record =
                ResourceRecord::new(id.clone(), StackId("s".into()), *name, "T", Timestamp::UNIX_EPOCH);
            (id, Arc::new(record))
        };
        names.iter().enumerate().map(record).collect()
    }

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(old, new)| ((*old).to_owned(), (*new).to_owned())).collect()
    }

    fn names(resources: &Resources) -> Vec<&str> {
        resources.values().map(|record| record.name.as_str()).collect()
    }

    #[test]
    fn names_are_exchanged_and_taken_back() {
        let mut resources = records(&["a", "b", "c"]);
        let wanted = |name: &str| ["a", "b", "d"].contains(&name).then(|| "T".to_owned());
        let moves = map(&[("a", "b"), ("b", "a"), ("c", "d")]);
        let (renamed, moved) = rename(&mut resources, &moves, &BTreeMap::new(), wanted).unwrap();
        assert_eq!((names(&resources), renamed.len()), (vec!["b", "a", "d"], 3));
        let (_, moved) = rename(&mut resources, &map(&[("a", "b"), ("b", "a")]), &moved, wanted).unwrap();
        assert_eq!(moved, map(&[("d", "c")]), "what is as it was need not be taken back");
        take_back(&mut resources, &moved);
        assert_eq!(names(&resources), ["a", "b", "c"]);
    }

    #[test]
    fn what_cannot_be_renamed_is_refused_and_nothing_changes() {
        let wanted = |name: &str| match name {
            "a" | "new" => Some("T".to_owned()),
            "other" => Some("U".to_owned()),
            _ => None,
        };
        let refused = |pairs: &[(&str, &str)]| {
            let mut resources = records(&["a", "b", "c"]);
            let error = rename(&mut resources, &map(pairs), &BTreeMap::new(), wanted).unwrap_err();
            assert_eq!(names(&resources), ["a", "b", "c"]);
            error.to_string()
        };
        assert_eq!(refused(&[("x", "new")]), "x cannot be renamed: there is no such resource");
        assert_eq!(refused(&[("a", "new")]), "a cannot be renamed: the template still has it");
        assert_eq!(refused(&[("b", "gone")]), "b cannot become gone: the template has no resource gone");
        assert_eq!(refused(&[("b", "a")]), "b cannot become a: there is a a already");
        assert_eq!(refused(&[("b", "new"), ("c", "new")]), "c cannot become new: there is a new already");
        assert_eq!(
            refused(&[("b", "other")]),
            "b cannot become other: it is of type T, and other is of type U"
        );
        assert!(refused(&[("b", "box/new")]).contains("a resource stays in its stack"));
    }

    proptest! {
        #[test]
        fn however_often_names_change_the_way_back_leads_to_the_first(
            rounds in proptest::collection::vec(Just((0..6_usize).collect::<Vec<_>>()).prop_shuffle(), 0..5)
        ) {
            let first = ["a", "b", "c", "d", "e", "f"];
            let mut resources = records(&first);
            let mut moved = BTreeMap::new();
            for order in rounds {
                let moves = order.iter().enumerate().map(|(at, to)| (first[at].to_owned(), first[*to].to_owned()));
                let moves: BTreeMap<_, _> = moves.filter(|(old, new)| old != new).collect();
                moved = rename(&mut resources, &moves, &moved, |_| Some("T".to_owned())).unwrap().1;
            }
            take_back(&mut resources, &moved);
            prop_assert_eq!(names(&resources), first);
        }
    }
}

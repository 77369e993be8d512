//! A part of a plan: what is done when nothing but some resources is to be touched, or some are not to be.
//!
//! What is selected takes others along, name by name, for two reasons:
//!
//! - *before*: a step waits for a step of the other one. Without it the values are not those that were planned with.
//! - *left behind*: a step removes, or may replace, an incarnation that the other one uses by its record. Left as it is,
//!   that one would use something that is gone.
//!
//! What may not be touched keeps out, likewise, all that would take it along.

use super::{Along, Asked, NestedPlan, NestedRecords, Plan, Step, StepId, StepKind};
use crate::record::{IncarnationId, Resources};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

/// Why there is no such part of a plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SelectError {
    /// Nothing of this name is in the plan.
    #[error("{path}: the stack has no such resource, neither now nor by its template")]
    Unknown {
        /// The path that was given.
        path: String,
    },
    /// What is inside of a nested stack is not known yet, or is done in several rounds.
    #[error(
        "{path}: what will be done inside is known only in the run, so nothing of it can be chosen: name the nested stack \
         as a whole"
    )]
    InRun {
        /// The path that was given.
        path: String,
    },
    /// A nested stack goes as a whole, or stays.
    #[error(
        "{path}: the nested stack that it lies in goes as a whole: name that, or update it without what is inside"
    )]
    Going {
        /// The path that was given.
        path: String,
    },
    /// One resource is named, and cannot be done without one that may not be touched.
    #[error("{resource} cannot be done without {needs}, which is not to be touched")]
    Contradiction {
        /// The one that is named.
        resource: String,
        /// The one that it needs.
        needs: String,
    },
}

impl SelectError {
    fn inside(self, outer: &str) -> Self {
        let path = |inner: String| format!("{outer}/{inner}");
        match self {
            Self::Unknown { path: inner } => Self::Unknown { path: path(inner) },
            Self::InRun { path: inner } => Self::InRun { path: path(inner) },
            Self::Going { path: inner } => Self::Going { path: path(inner) },
            Self::Contradiction { resource, needs } => {
                Self::Contradiction { resource: path(resource), needs: path(needs) }
            }
        }
    }
}

impl Plan {
    /// The part of the plan that touches nothing but the resources in `only` (all, if that is empty) and what they take
    /// along, and nothing in `except`. `recorded` and `nested` are what the plan was made from. What is taken along and what is left
    /// out is told in [`Plan::asked`].
    ///
    /// Pure, and linear in steps and recorded uses.
    ///
    /// # Errors
    /// A [`SelectError`] where there is no such part.
    pub fn select(
        &self,
        only: &[String],
        except: &[String],
        recorded: &Resources,
        nested: &NestedRecords,
    ) -> Result<Self, SelectError> {
        let selection = Selection::new(self, recorded);
        let (whole, inside) = selection.split(only)?;
        let (but, but_inside) = selection.split(except)?;
        let seeds: BTreeSet<usize> = match only.is_empty() {
            true => (0..selection.names.len()).collect(),
            false => whole.iter().chain(inside.keys()).copied().collect(),
        };
        let barred = selection.barred(&but);
        if !only.is_empty()
            && let Some(named) = seeds.iter().find(|name| barred.contains_key(name))
        {
            let needs = barred.get(named).copied().unwrap_or(*named);
            return Err(SelectError::Contradiction {
                resource: selection.names[*named].to_owned(),
                needs: selection.names[needs].to_owned(),
            });
        }
        let (taken, mut along) = selection.closure(seeds, |name| barred.contains_key(&name));
        let mut left_out = Vec::new();
        let mut steps = Vec::new();
        let mut place: Vec<Option<StepId>> = vec![None; self.steps.len()];
        for (id, step) in self.iter() {
            let name = selection.of[id.index()];
            if !taken.contains(&name) {
                undone("", step, &mut left_out);
                continue;
            }
            let mut step = step.clone();
            // Those that a selection inside is about are done in part; one that others take along is done as a whole.
            let chosen = inside.get(&name).filter(|_| !whole.contains(&name));
            let partly = chosen.filter(|_| !along.iter().any(|along| along.resource == step.resource));
            let barred_inside = but_inside.get(&name);
            if partly.is_some() || barred_inside.is_some() {
                let of = |paths: Option<&Vec<String>>| paths.cloned().unwrap_or_default();
                part_of(
                    &mut step,
                    &of(partly),
                    &of(barred_inside),
                    recorded,
                    nested,
                    &mut along,
                    &mut left_out,
                )?;
            }
            place[id.index()] = Some(StepId(steps.len() as u32));
            steps.push(step);
        }
        for step in &mut steps {
            step.after = step.after.iter().filter_map(|before| place[before.index()]).collect();
            if let StepKind::Delete { only_if_replaced_by: Some(by), .. } = &mut step.kind
                && let Some(now) = place[by.index()]
            {
                *by = now;
            }
        }
        let asked =
            Asked { only: only.to_vec(), except: except.to_vec(), along, left_out, ..*self.asked.clone() };
        Ok(Self { steps, asked: Box::new(asked), ..*self })
    }
}

/// A step about a nested stack of which only a part is done.
fn part_of(
    step: &mut Step,
    only: &[String],
    except: &[String],
    recorded: &Resources,
    nested: &NestedRecords,
    along: &mut Vec<Along>,
    left_out: &mut Vec<String>,
) -> Result<(), SelectError> {
    let outer = step.resource.clone();
    let first = only.iter().chain(except).next().cloned().unwrap_or_default();
    let path = format!("{outer}/{first}");
    if step.kind.is_delete() {
        // What is replaced goes as a whole anyway, behind what takes its place.
        return match step.reason {
            super::Reason::Replaced | super::Reason::LeftOver => Ok(()),
            _ => Err(SelectError::Going { path }),
        };
    }
    if matches!(step.kind, StepKind::Decide { may_replace: true, .. }) {
        return Err(SelectError::InRun { path });
    }
    let Some(NestedPlan::Planned { plan, exact: true }) = step.nested.as_deref() else {
        let is_nested = step.nested.is_some();
        return Err(if is_nested { SelectError::InRun { path } } else { SelectError::Unknown { path } });
    };
    let nothing = Resources::new();
    let own = recorded.get(step.kind.incarnation()).and_then(|record| record.nested.as_ref());
    let inside = own.and_then(|own| nested.get(&own.stack)).map_or(&nothing, |inside| &inside.resources);
    let part = plan.select(only, except, inside, nested).map_err(|error| error.inside(&outer))?;
    let within = |inner: &String| format!("{outer}/{inner}");
    along.extend(part.asked.along.iter().map(|inner| Along {
        resource: within(&inner.resource),
        by: within(&inner.by),
        before: inner.before,
    }));
    left_out.extend(part.asked.left_out.iter().map(within));
    step.nested = Some(Box::new(NestedPlan::Planned { plan: part, exact: true }));
    Ok(())
}

/// Whether something is left undone without it.
fn is_active(step: &Step) -> bool {
    !step.does_nothing() && !matches!(step.kind, StepKind::Delete { only_if_replaced_by: Some(_), .. })
}

/// What is left undone without a step: of a nested stack that itself stays as it is, what is inside.
fn undone(outside: &str, step: &Step, left_out: &mut Vec<String>) {
    if !is_active(step) {
        return;
    }
    let path = format!("{outside}{}", step.resource);
    if let (StepKind::Update { changes, restore: false, .. }, Some(NestedPlan::Planned { plan, exact: true })) =
        (&step.kind, step.nested.as_deref())
        && changes.is_empty()
        && !plan.is_empty()
    {
        plan.steps.iter().for_each(|inner| undone(&format!("{path}/"), inner, left_out));
    } else if !left_out.contains(&path) {
        left_out.push(path);
    }
}

/// The names of a plan's resources, and which takes which along.
struct Selection<'p> {
    names: Vec<&'p str>,
    by_name: HashMap<&'p str, usize>,
    /// The name of each step.
    of: Vec<usize>,
    /// What each takes along, and whether that is for it to be done before.
    takes: Vec<BTreeMap<usize, bool>>,
    /// Of which something would be left undone.
    active: Vec<bool>,
}

impl<'p> Selection<'p> {
    fn new(plan: &'p Plan, recorded: &Resources) -> Self {
        let (mut names, mut by_name) = (Vec::new(), HashMap::new());
        let mut of = Vec::with_capacity(plan.steps.len());
        for step in &plan.steps {
            let name = *by_name.entry(step.resource.as_str()).or_insert_with(|| {
                names.push(step.resource.as_str());
                names.len() - 1
            });
            of.push(name);
        }
        let mut users: HashMap<&IncarnationId, Vec<usize>> = HashMap::new();
        for record in recorded.values() {
            let Some(&user) = by_name.get(record.name.as_str()) else { continue };
            record.requires.iter().for_each(|used| users.entry(used).or_default().push(user));
        }
        let mut takes = vec![BTreeMap::new(); names.len()];
        let mut active = vec![false; names.len()];
        for (step, &name) in plan.steps.iter().zip(&of) {
            active[name] |= is_active(step);
            for before in &step.after {
                let other = of[before.index()];
                if other != name {
                    takes[name].insert(other, true);
                }
            }
            for other in removed(step).and_then(|gone| users.get(gone)).into_iter().flatten() {
                if *other != name {
                    // That it is left behind bars it, whether or not anything is done to it otherwise.
                    takes[name].insert(*other, false);
                }
            }
        }
        Self { names, by_name, of, takes, active }
    }

    /// Paths as names of this plan, as a whole or with the rest of the way inside.
    fn split(
        &self,
        paths: &[String],
    ) -> Result<(BTreeSet<usize>, BTreeMap<usize, Vec<String>>), SelectError> {
        let (mut whole, mut inside) = (BTreeSet::new(), BTreeMap::<usize, Vec<String>>::new());
        for path in paths {
            let (name, rest) =
                path.split_once('/').map_or((path.as_str(), None), |(name, rest)| (name, Some(rest)));
            let unknown = || SelectError::Unknown { path: path.clone() };
            let name = *self.by_name.get(name).ok_or_else(unknown)?;
            match rest {
                None => drop(whole.insert(name)),
                Some(rest) => inside.entry(name).or_default().push(rest.to_owned()),
            }
        }
        inside.retain(|name, _| !whole.contains(name));
        Ok((whole, inside))
    }

    /// Those that cannot be done where these are not to be touched, each with one of these that it would take along.
    fn barred(&self, but: &BTreeSet<usize>) -> BTreeMap<usize, usize> {
        let mut taken_by: Vec<Vec<usize>> = vec![Vec::new(); self.names.len()];
        for (name, takes) in self.takes.iter().enumerate() {
            for (other, before) in takes {
                // Nothing is missed of one to which nothing would be done.
                if !before || self.active[*other] {
                    taken_by[*other].push(name);
                }
            }
        }
        let mut barred: BTreeMap<usize, usize> = but.iter().map(|name| (*name, *name)).collect();
        let mut rest: VecDeque<usize> = but.iter().copied().collect();
        while let Some(name) = rest.pop_front() {
            let why = barred.get(&name).copied().unwrap_or(name);
            for by in &taken_by[name] {
                if !barred.contains_key(by) {
                    barred.insert(*by, why);
                    rest.push_back(*by);
                }
            }
        }
        barred
    }

    /// These and all that they take along, which is told where something is done to it.
    fn closure(
        &self,
        seeds: BTreeSet<usize>,
        barred: impl Fn(usize) -> bool,
    ) -> (BTreeSet<usize>, Vec<Along>) {
        let mut taken: BTreeSet<usize> = seeds.into_iter().filter(|name| !barred(*name)).collect();
        let mut along = Vec::new();
        let mut rest: VecDeque<usize> = taken.iter().copied().collect();
        while let Some(name) = rest.pop_front() {
            for (other, before) in &self.takes[name] {
                // To one that is barred nothing would be done, or it would have barred this one.
                if !barred(*other) && taken.insert(*other) {
                    rest.push_back(*other);
                    if self.active[*other] {
                        let (resource, by) = (self.names[*other].to_owned(), self.names[name].to_owned());
                        along.push(Along { resource, by, before: *before });
                    }
                }
            }
        }
        (taken, along)
    }
}

/// The incarnation that a step removes, or may replace.
fn removed(step: &Step) -> Option<&IncarnationId> {
    match &step.kind {
        StepKind::Create { replaces, .. } | StepKind::Adopt { replaces, .. } => replaces.as_ref(),
        StepKind::Decide { incarnation, may_replace: true, .. } => Some(incarnation),
        StepKind::Delete { incarnation, .. } => Some(incarnation),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Reason;
    use crate::record::{Action, ResourceRecord, StackId};
    use jiff::Timestamp;
    use proptest::prelude::*;
    use std::sync::Arc;

    fn id(text: &str) -> IncarnationId {
        IncarnationId(text.to_owned())
    }

    fn step(name: &str, kind: StepKind, after: &[u32]) -> Step {
        let after = after.iter().copied().map(StepId).collect();
        Step {
            resource: name.into(),
            type_name: "T".into(),
            kind,
            reason: Reason::New,
            after,
            hooks: Vec::new(),
            nested: None,
        }
    }

    fn create(name: &str, replaces: Option<&str>, after: &[u32]) -> Step {
        let kind = StepKind::Create {
            incarnation: id(&format!("{name}-new")),
            replaces: replaces.map(id),
            order: None,
            changes: Vec::new(),
        };
        step(name, kind, after)
    }

    fn keep(name: &str, after: &[u32]) -> Step {
        step(name, StepKind::Keep { incarnation: id(name), restore: false }, after)
    }

    fn update(name: &str, after: &[u32]) -> Step {
        step(name, StepKind::Update { incarnation: id(name), changes: Vec::new(), restore: false }, after)
    }

    fn delete(name: &str, incarnation: &str, after: &[u32]) -> Step {
        let kind = StepKind::Delete {
            incarnation: id(incarnation),
            only_if_replaced_by: None,
            retain: false,
            snapshot: false,
        };
        step(name, kind, after)
    }

    /// Records by name, each with those that it uses.
    fn recorded(records: &[(&str, &[&str])]) -> Resources {
        records
            .iter()
            .map(|(name, uses)| {
                let mut record =
                    ResourceRecord::new(id(name), StackId("s".into()), *name, "T", Timestamp::UNIX_EPOCH);
                record.requires = uses.iter().map(|used| id(used)).collect();
                (record.id.clone(), Arc::new(record))
            })
            .collect()
    }

    fn plan(steps: Vec<Step>) -> Plan {
        Plan::new(Action::Update, 1, steps)
    }

    fn paths(paths: &[&str]) -> Vec<String> {
        paths.iter().map(|path| (*path).to_owned()).collect()
    }

    fn of(plan: &Plan, only: &[&str], except: &[&str], records: &Resources) -> Result<Plan, SelectError> {
        plan.select(&paths(only), &paths(except), records, &NestedRecords::new())
    }

    fn names(plan: &Plan) -> Vec<&str> {
        plan.steps.iter().map(|step| step.resource.as_str()).collect()
    }

    #[test]
    fn what_is_selected_takes_along_what_comes_before_it() {
        let plan = plan(vec![update("a", &[]), keep("b", &[0]), create("c", None, &[1]), update("d", &[0])]);
        let records = recorded(&[("a", &[]), ("b", &["a"]), ("d", &["a"])]);
        let part = of(&plan, &["c"], &[], &records).unwrap();
        assert_eq!(names(&part), ["a", "b", "c"]);
        assert_eq!(part.steps[2].after, [StepId(1)]);
        let along = Along { resource: "a".into(), by: "b".into(), before: true };
        assert_eq!((&*part.asked.along, &*part.asked.left_out), (&[along][..], &["d".to_owned()][..]));
        let part = of(&plan, &["a"], &[], &records).unwrap();
        assert_eq!((names(&part), part.asked.left_out.len()), (vec!["a"], 2));
    }

    #[test]
    fn what_uses_something_that_goes_is_not_left_behind() {
        // `a` is replaced, `b` uses it by its record, `c` will use it and is new.
        let plan = plan(vec![
            create("a", Some("a"), &[]),
            update("b", &[0]),
            create("c", None, &[0]),
            delete("a", "a", &[0, 1]),
        ]);
        let records = recorded(&[("a", &[]), ("b", &["a"])]);
        let part = of(&plan, &["a"], &[], &records).unwrap();
        assert_eq!(names(&part), ["a", "b", "a"]);
        assert_eq!(part.steps[2].after, [StepId(0), StepId(1)]);
        assert!(!part.asked.along[0].before);
        assert_eq!(part.asked.left_out, ["c"]);
    }

    #[test]
    fn what_is_not_to_be_touched_keeps_out_what_would_touch_it() {
        let plan = plan(vec![
            create("a", Some("a"), &[]),
            update("b", &[0]),
            update("c", &[]),
            delete("a", "a", &[0, 1]),
        ]);
        let records = recorded(&[("a", &[]), ("b", &["a"]), ("c", &[])]);
        let part = of(&plan, &[], &["b"], &records).unwrap();
        assert_eq!(names(&part), ["c"]);
        assert_eq!(part.asked.left_out, ["a", "b"]);
        let error = of(&plan, &["a"], &["b"], &records).unwrap_err();
        assert_eq!(error, SelectError::Contradiction { resource: "a".into(), needs: "b".into() });
        let error = of(&plan, &["x"], &[], &records).unwrap_err();
        assert_eq!(error, SelectError::Unknown { path: "x".into() });
    }

    #[test]
    fn a_part_of_what_is_inside_is_selected_by_its_path() {
        let around = |exact| {
            let inside = plan(vec![update("core", &[]), update("rim", &[]), update("far", &[])]);
            let nested = Some(Box::new(NestedPlan::Planned { plan: inside, exact }));
            plan(vec![Step { nested, ..update("box", &[]) }, update("b", &[0])])
        };
        let records = recorded(&[("box", &[]), ("b", &["box"])]);
        let part = of(&around(true), &["box/core"], &[], &records).unwrap();
        assert_eq!(names(&part), ["box"]);
        assert_eq!(part.asked.left_out, ["box/rim", "box/far", "b"]);
        let Some(NestedPlan::Planned { plan: inside, .. }) = part.steps[0].nested.as_deref() else {
            panic!()
        };
        assert_eq!((names(inside), &*inside.asked.only), (vec!["core"], &["core".to_owned()][..]));
        assert!(part.alone().steps[0].nested.is_some(), "it cannot be made again");
        let part = of(&around(true), &[], &["box/core"], &records).unwrap();
        assert_eq!((names(&part), &*part.asked.left_out), (vec!["box", "b"], &["box/core".to_owned()][..]));
        let error = of(&around(false), &["box/core"], &[], &records).unwrap_err();
        assert_eq!(error, SelectError::InRun { path: "box/core".into() });
        let error = of(&around(true), &["box/none"], &[], &records).unwrap_err();
        assert_eq!(error, SelectError::Unknown { path: "box/none".into() });
    }

    /// A plan of so many resources in a line of dependencies that is made at random.
    fn any_plan() -> impl Strategy<Value = (Plan, Resources)> {
        proptest::collection::vec((0..4_u8, proptest::collection::vec(any::<bool>(), 12)), 1..12).prop_map(
            |all| {
                let name = |at: usize| format!("r{at}");
                let (mut steps, mut deletions, mut records) = (Vec::new(), Vec::new(), Vec::new());
                for (at, (kind, uses)) in all.iter().enumerate() {
                    let after: Vec<u32> =
                        (0..at).filter(|other| uses[*other]).map(|other| other as u32).collect();
                    let own = name(at);
                    steps.push(match kind {
                        0 => keep(&own, &after),
                        1 => update(&own, &after),
                        2 => create(&own, Some(&own), &after),
                        _ => create(&own, None, &after),
                    });
                    if *kind < 3 {
                        let used = after.iter().filter(|other| all[**other as usize].0 < 3);
                        records
                            .push((own.clone(), used.map(|other| name(*other as usize)).collect::<Vec<_>>()));
                    }
                    if *kind == 2 {
                        let users =
                            (0..all.len()).filter(|other| *other == at || (*other > at && all[*other].1[at]));
                        deletions.push(delete(
                            &own,
                            &own,
                            &users.map(|user| user as u32).collect::<Vec<_>>(),
                        ));
                    }
                }
                steps.extend(deletions);
                let records: Vec<(&str, Vec<&str>)> = records
                    .iter()
                    .map(|(name, uses)| (name.as_str(), uses.iter().map(String::as_str).collect()))
                    .collect();
                let records: Vec<(&str, &[&str])> =
                    records.iter().map(|(name, uses)| (*name, uses.as_slice())).collect();
                (plan(steps), recorded(&records))
            },
        )
    }

    proptest! {
        #[test]
        fn a_part_is_whole_in_itself((plan, records) in any_plan(), pick in any::<prop::sample::Index>(), but in any::<bool>()) {
            let name = plan.steps[pick.index(plan.steps.len())].resource.clone();
            let (only, except): (&[&str], &[&str]) = if but { (&[], &[&name]) } else { (&[&name], &[]) };
            let part = of(&plan, only, except, &records).unwrap();
            prop_assert!(crate::schedule::Schedule::new(&part).is_ok());
            // Whoever is named is in it, or is not.
            prop_assert_eq!(part.steps.iter().any(|step| step.resource == name), !but);
            // Every step has all that it waited for, but for what nothing would be done to.
            for step in &part.steps {
                let whole = plan.steps.iter().find(|other| other.kind == step.kind).unwrap();
                let missing = whole.after.iter().map(|before| plan.step(*before).unwrap()).filter(|before| {
                    !part.steps.iter().any(|other| other.kind == before.kind)
                });
                prop_assert!(missing.into_iter().all(|before| !is_active(before)));
            }
            // Nobody who is left out uses what goes.
            let gone: BTreeSet<_> = part.steps.iter().filter_map(removed).collect();
            for record in records.values().filter(|record| record.requires.iter().any(|used| gone.contains(used))) {
                prop_assert!(part.steps.iter().any(|step| step.resource == record.name));
            }
            // Nothing is both done and left out, and nothing is lost.
            let done: BTreeSet<_> = part.steps.iter().map(|step| step.resource.clone()).collect();
            let left: BTreeSet<_> = part.asked.left_out.iter().cloned().collect();
            prop_assert!(done.is_disjoint(&left));
            for step in plan.steps.iter().filter(|step| is_active(step)) {
                prop_assert!(done.contains(&step.resource) || left.contains(&step.resource));
            }
            // To select what is left out beside it is to select all.
            if !but {
                let rest: Vec<&str> = left.iter().map(String::as_str).chain([name.as_str()]).collect();
                prop_assert!(of(&plan, &rest, &[], &records).unwrap().asked.left_out.is_empty());
            }
        }
    }
}

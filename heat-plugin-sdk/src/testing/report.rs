//! What the conformance kit found.

use std::fmt;

/// A step of the kit.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Step {
    /// The schema makes sense on its own.
    Schema,
    /// What the fixture needs first could be made.
    Prerequisites,
    /// The fixture's properties are accepted.
    Properties,
    /// The object is made and becomes ready.
    Create,
    /// What is read is what was asked for.
    Read,
    /// A property that can be updated is told by `read`, or said to be unreadable.
    Observe(String),
    /// Several are read at once as one by one.
    ReadMany,
    /// The object gives its place free for a replacement, and gets it back.
    Handover,
    /// Its data are saved, once under one key, and what was saved is removed.
    Snapshot,
    /// An attribute on demand.
    Attribute(String),
    /// An update that changes nothing.
    NoChange,
    /// An update of one property.
    Update(String),
    /// All updated properties back to their first values.
    UpdateBack,
    /// A create whose answer is lost is found.
    Crash,
    /// What is excluded, or was made by somebody else, is not found.
    Exclude,
    /// A repeated create collides with the first.
    Repeat,
    /// The object is removed.
    Delete,
    /// A repeated delete is no error.
    DeleteAgain,
    /// What was removed is neither read nor found.
    Gone,
    /// No secret is printed.
    Secrets,
    /// Everything that the kit made is removed.
    CleanUp,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&match self {
            Self::Schema => "schema".to_owned(),
            Self::Prerequisites => "prerequisites".to_owned(),
            Self::Properties => "properties".to_owned(),
            Self::Create => "create".to_owned(),
            Self::Read => "read".to_owned(),
            Self::Observe(property) => format!("observe {property}"),
            Self::ReadMany => "read many".to_owned(),
            Self::Handover => "handover".to_owned(),
            Self::Snapshot => "snapshot".to_owned(),
            Self::Attribute(attribute) => format!("attribute {attribute}"),
            Self::NoChange => "no change".to_owned(),
            Self::Update(property) => format!("update {property}"),
            Self::UpdateBack => "update back".to_owned(),
            Self::Crash => "crash".to_owned(),
            Self::Exclude => "exclude".to_owned(),
            Self::Repeat => "repeat".to_owned(),
            Self::Delete => "delete".to_owned(),
            Self::DeleteAgain => "delete again".to_owned(),
            Self::Gone => "gone".to_owned(),
            Self::Secrets => "secrets".to_owned(),
            Self::CleanUp => "clean up".to_owned(),
        })
    }
}

/// What became of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It holds.
    Passed,
    /// It does not hold, for this reason.
    Failed(String),
    /// It was not tried, for this reason, which the fixture or the type itself states.
    NotApplicable(String),
}

/// One step of one type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The step.
    pub step: Step,
    /// What became of it.
    pub outcome: Outcome,
}

/// All steps of one type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeReport {
    /// The type.
    pub type_name: String,
    /// Its steps in the order in which they were tried.
    pub checks: Vec<Check>,
}

impl TypeReport {
    pub(super) fn new(type_name: impl Into<String>) -> Self {
        Self { type_name: type_name.into(), checks: Vec::new() }
    }

    pub(super) fn passed(&mut self, step: Step) {
        self.checks.push(Check { step, outcome: Outcome::Passed });
    }

    pub(super) fn failed(&mut self, step: Step, why: impl Into<String>) {
        self.checks.push(Check { step, outcome: Outcome::Failed(why.into()) });
    }

    pub(super) fn not_applicable(&mut self, step: Step, why: impl Into<String>) {
        self.checks.push(Check { step, outcome: Outcome::NotApplicable(why.into()) });
    }

    /// Notes all problems of a step, or that there is none.
    pub(super) fn judge(&mut self, step: Step, problems: Vec<String>) {
        if problems.is_empty() {
            self.passed(step);
        } else {
            problems.into_iter().for_each(|problem| self.failed(step.clone(), problem));
        }
    }

    /// What does not hold.
    pub fn failures(&self) -> impl Iterator<Item = (&Step, &str)> {
        self.checks.iter().filter_map(|check| match &check.outcome {
            Outcome::Failed(why) => Some((&check.step, why.as_str())),
            _ => None,
        })
    }

    /// What became of a step, if it was come to.
    pub fn outcome(&self, step: &Step) -> Option<&Outcome> {
        self.checks.iter().find(|check| check.step == *step).map(|check| &check.outcome)
    }
}

/// What the kit found of a plugin. Its `Display` is a list for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Name of the plugin.
    pub plugin: String,
    /// Its types.
    pub types: Vec<TypeReport>,
}

impl Report {
    /// Whether everything that was tried holds.
    pub fn is_clean(&self) -> bool {
        self.types.iter().all(|report| report.failures().next().is_none())
    }

    /// The report of a type.
    pub fn of(&self, type_name: &str) -> Option<&TypeReport> {
        self.types.iter().find(|report| report.type_name == type_name)
    }

    /// Fails the test with the whole report if anything does not hold.
    ///
    /// # Panics
    /// Anything does not hold.
    #[track_caller]
    pub fn assert_clean(&self) {
        assert!(self.is_clean(), "{self}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut tried, mut failed, mut left_out) = (0, 0, 0);
        writeln!(f, "plugin {}", self.plugin)?;
        for report in &self.types {
            writeln!(f, "  {}", report.type_name)?;
            for check in &report.checks {
                let (mark, reason) = match &check.outcome {
                    Outcome::Passed => ("ok  ", None),
                    Outcome::Failed(why) => {
                        failed += 1;
                        ("FAIL", Some(why))
                    }
                    Outcome::NotApplicable(why) => {
                        left_out += 1;
                        ("--  ", Some(why))
                    }
                };
                tried += usize::from(mark != "--  ");
                match reason {
                    Some(reason) => writeln!(f, "    {mark} {:24} {reason}", check.step)?,
                    None => writeln!(f, "    {mark} {}", check.step)?,
                }
            }
        }
        write!(f, "{tried} checks, {failed} failed, {left_out} not applicable")
    }
}

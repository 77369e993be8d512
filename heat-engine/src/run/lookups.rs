//! What the services say of names and values. Pure checks ask here and note what is not known yet; somebody asks the
//! services for all of that at once, and the checks are made again.

use super::core::Core;
use crate::engine::{Content, EngineError, FoundName};
use futures_util::stream::{FuturesUnordered, StreamExt};
use heat_plugin_sdk::{AVAILABILITY_ZONES, Credentials, Failure, FailureClass, Registry};
use heat_template::expression::AvailabilityZones;
use heat_template::schema::{CustomCheck, CustomConstraints};
use indexmap::IndexSet;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A question: a value for a finder, or for a custom constraint.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Question {
    /// `false`: a custom constraint.
    finder: bool,
    name: String,
    /// The value as JSON text.
    value: String,
}

#[derive(Debug, Clone)]
enum Answer {
    /// The constraint is satisfied, or the finder found this.
    Good(Value),
    /// The value is not good.
    Bad(Failure),
}

/// Answers of services, kept for one request or one traversal.
pub(crate) struct Lookups {
    registry: Arc<Registry>,
    answers: Mutex<HashMap<Question, Answer>>,
    missing: Mutex<IndexSet<Question>>,
}

impl Lookups {
    pub(crate) fn new(registry: Arc<Registry>) -> Self {
        Self { registry, answers: Mutex::default(), missing: Mutex::default() }
    }

    /// The id for a name or an id. `None`: not known yet, noted.
    pub(crate) fn find(&self, finder: &str, value: &Value) -> Option<Result<Value, Failure>> {
        match self.ask(true, finder, value)? {
            Answer::Good(id) => Some(Ok(id)),
            Answer::Bad(failure) => Some(Err(failure)),
        }
    }

    fn ask(&self, finder: bool, name: &str, value: &Value) -> Option<Answer> {
        let question = Question { finder, name: name.to_owned(), value: value.to_string() };
        let answer = self.answers.lock().unwrap_or_else(PoisonError::into_inner).get(&question).cloned();
        if answer.is_none() {
            self.missing.lock().unwrap_or_else(PoisonError::into_inner).insert(question);
        }
        answer
    }

    /// Asks the services for all that was not known. Gives whether there was anything.
    ///
    /// # Errors
    /// A service cannot be asked: neither yes nor no.
    pub(crate) async fn fetch(&self, core: &Core, credentials: &Credentials) -> Result<bool, Failure> {
        let missing = std::mem::take(&mut *self.missing.lock().unwrap_or_else(PoisonError::into_inner));
        let asked = !missing.is_empty();
        let mut questions: FuturesUnordered<_> = missing
            .into_iter()
            .map(|question| async {
                let answer = answer(core, credentials, &question).await;
                (question, answer)
            })
            .collect();
        while let Some((question, answer)) = questions.next().await {
            let answer = match answer {
                Ok(value) => Answer::Good(value),
                Err(failure) if is_verdict(&failure) => Answer::Bad(failure),
                Err(failure) => return Err(failure),
            };
            self.answers.lock().unwrap_or_else(PoisonError::into_inner).insert(question, answer);
        }
        Ok(asked)
    }
}

/// The availability zones of the cloud, asked for where a template may use them.
///
/// They are asked for once for each request and kept with the stack, so that a plan is about the zones that it was made with.
///
/// # Errors
/// The service cannot be asked.
pub(crate) async fn availability_zones(
    core: &Core,
    credentials: &Credentials,
    content: &Content,
) -> Result<AvailabilityZones, EngineError> {
    // A text may say it and mean nothing; one that means it says it.
    let says = |text: &str| text.contains("GetAZs");
    let global = content.files.over(&core.global);
    let wanted = says(content.template.text()) || global.iter().any(|(_, text)| says(text));
    if !wanted || core.registry.finder(AVAILABILITY_ZONES).is_none() {
        return Ok(AvailabilityZones::Nowhere);
    }
    let question = Question { finder: true, name: AVAILABILITY_ZONES.to_owned(), value: "null".to_owned() };
    let zones = answer(core, credentials, &question).await.map_err(EngineError::Service)?;
    let names = |zones: &Vec<Value>| zones.iter().map(|zone| zone.as_str().map(str::to_owned)).collect();
    match zones.as_array().and_then(names) {
        Some(names) => Ok(AvailabilityZones::Known(names)),
        None => {
            let message = format!("{AVAILABILITY_ZONES} gives {zones}, which is no list of names");
            Err(EngineError::Service(Failure::failed(message)))
        }
    }
}

impl Lookups {
    /// What finders found so far, but for names and ids in which one of these texts stands.
    pub(crate) fn found(&self, but: &[String]) -> Vec<FoundName> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let tells = |text: &str| but.iter().any(|secret| text.contains(secret.as_str()));
        let mut found: Vec<_> = answers
            .iter()
            .filter(|(question, _)| question.finder)
            .filter_map(|(question, answer)| match answer {
                Answer::Good(id) => Some(FoundName {
                    finder: question.name.clone(),
                    name: question.value.clone(),
                    id: id.to_string(),
                }),
                Answer::Bad(_) => None,
            })
            .filter(|found| !tells(&found.name) && !tells(&found.id))
            .collect();
        found.sort_unstable();
        found
    }
}

/// Whether the failure says something of the value, rather than that nothing could be said.
fn is_verdict(failure: &Failure) -> bool {
    matches!(
        failure.class(),
        FailureClass::NotFound | FailureClass::Invalid { .. } | FailureClass::Conflict | FailureClass::Failed
    )
}

async fn answer(core: &Core, credentials: &Credentials, question: &Question) -> Result<Value, Failure> {
    let unknown = || Failure::unsupported(format!("no plugin provides {}", question.name));
    let value = serde_json::from_str(&question.value).unwrap_or(Value::Null);
    let mut attempt = 0;
    loop {
        let result = async {
            if question.finder {
                let finder = core.registry.finder(&question.name).ok_or_else(unknown)?;
                let connector = core.registry.finder_connector(&question.name).ok_or_else(unknown)?;
                let seat = core.connections.seat(finder.connector(), connector, credentials).await?;
                finder.find(&seat.connection, &value).await
            } else {
                let constraint = core.registry.constraint(&question.name).ok_or_else(unknown)?;
                let connector = core.registry.constraint_connector(&question.name).ok_or_else(unknown)?;
                let seat = core.connections.seat(constraint.connector(), connector, credentials).await?;
                constraint.check(&seat.connection, &value).await.map(|()| Value::Null)
            }
        }
        .await;
        if let Err(failure) = &result
            && *failure.class() == FailureClass::Unauthenticated
        {
            let finder = core.registry.finder(&question.name).filter(|_| question.finder);
            let constraint = core.registry.constraint(&question.name).filter(|_| !question.finder);
            let connector = finder
                .map(|finder| finder.connector())
                .or_else(|| constraint.map(|constraint| constraint.connector()));
            // The next one that asks gets a new connection, with what stands behind the credentials' name by then.
            if let Some(connector) = connector {
                core.connections.forget(connector, credentials);
            }
        }
        match result {
            // Somebody waits for the answer of a request: two more attempts, then it is told.
            Err(failure) if attempt < 2 && is_passing(&failure) => {
                attempt += 1;
                tokio::time::sleep(core.settings.retry.first * attempt).await;
            }
            other => return other,
        }
    }
}

pub(crate) fn is_passing(failure: &Failure) -> bool {
    matches!(
        failure.class(),
        FailureClass::Unanswered
            | FailureClass::Busy { .. }
            | FailureClass::Unavailable { .. }
            | FailureClass::OverLimit { after: Some(_) }
    )
}

impl CustomConstraints for Lookups {
    fn check(&self, name: &str, value: &Value) -> CustomCheck {
        if self.registry.constraint(name).is_none() {
            return CustomCheck::Unknown;
        }
        match self.ask(false, name, value) {
            None => CustomCheck::Deferred,
            Some(Answer::Good(_)) => CustomCheck::Satisfied,
            Some(Answer::Bad(failure)) => CustomCheck::Violated(failure.message().to_owned()),
        }
    }

    fn names(&self) -> Vec<String> {
        self.registry.constraint_names().map(str::to_owned).collect()
    }
}

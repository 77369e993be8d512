//! The cloud as a whole: its objects, its clock, its tokens; how a request becomes an answer.

use super::agenda::Step;
use super::document::object_of;
use super::identity::{Caller, Token};
use super::kind::{Kind, due_key};
use super::state_file::StateFile;
use super::tables::Tables;
use super::{Fields, hashes, seed};
use crate::http::exchange::{Answer, Request};
use crate::openstack;
use crate::settings::Settings;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;

/// The simulated cloud.
pub(crate) struct Cloud {
    pub(crate) tables: Tables,
    pub(crate) settings: Arc<Settings>,
    /// `http://HOST:PORT`, without a path.
    pub(crate) base: String,
    /// The time of what is being done now, milliseconds since 1970.
    pub(crate) now: i64,
    pub(crate) tokens: HashMap<String, Token>,
    /// Per subnet: below this address none is free. Only saves time.
    pub(crate) first_free: HashMap<String, u128>,
    sequence: u64,
    file: Option<StateFile>,
    /// Answers of held requests whose client may still wait.
    answers: HashMap<String, Answer>,
    /// After a shutdown nothing changes any more.
    closed: bool,
}

impl Cloud {
    /// A cloud with its ready-made objects, or the one that `tables` hold.
    pub(crate) fn new(
        settings: Arc<Settings>,
        base: String,
        now: i64,
        tables: Tables,
        file: Option<StateFile>,
        found: bool,
    ) -> Self {
        let mut cloud = Self {
            tables,
            settings,
            base,
            now,
            tokens: HashMap::new(),
            first_free: HashMap::new(),
            sequence: 0,
            file,
            answers: HashMap::new(),
            closed: false,
        };
        if found {
            let row = cloud.tables.get(Kind::Sequence, "sequence");
            cloud.sequence = row.map_or(0, |row| row.int("next")).unsigned_abs();
        } else {
            seed::plant(&mut cloud);
        }
        cloud
    }

    /// Everything that is not the clients' own is gone; tokens too.
    pub(crate) fn reset(&mut self) {
        for kind in Kind::ALL {
            let ids: Vec<String> =
                self.tables.all(*kind).map(|object| object.text("id").to_owned()).collect();
            for id in ids {
                self.tables.remove(*kind, &id);
            }
        }
        self.tokens.clear();
        self.first_free.clear();
        seed::plant(self);
    }

    /// A number that was never given out before.
    pub(crate) fn fresh_number(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    /// A UUID with dashes.
    pub(crate) fn fresh_uuid(&mut self) -> String {
        let n = self.fresh_number();
        hashes::uuid(self.settings.seed, n).to_string()
    }

    /// A UUID without dashes, as Keystone's ids are.
    pub(crate) fn fresh_hex(&mut self) -> String {
        let n = self.fresh_number();
        hashes::uuid(self.settings.seed, n).simple().to_string()
    }

    /// Makes the changes durable and final, or takes them back.
    pub(crate) fn commit(&mut self) -> Result<(), String> {
        if self.closed {
            self.tables.roll_back();
            return Err("the simulator is shut down".to_owned());
        }
        let known = self.tables.get(Kind::Sequence, "sequence").map_or(-1, |row| row.int("next"));
        let next = i64::try_from(self.sequence).unwrap_or(i64::MAX);
        if known != next {
            self.tables.put(Kind::Sequence, object_of(json!({"id": "sequence", "next": next})));
        }
        if let Some(file) = &mut self.file {
            let changes = self.tables.changes();
            if !changes.is_empty()
                && let Err(error) = file.append(&changes)
            {
                self.tables.roll_back();
                return Err(format!("the simulator cannot write its state file: {error}"));
            }
            if let Err(error) = file.tidy(&self.tables) {
                tracing::warn!(%error, "the state file could not be tidied up; it only grows for now");
            }
        }
        self.tables.commit();
        Ok(())
    }

    /// Lets go of the state file; what was committed stays.
    pub(crate) fn close(&mut self) {
        self.closed = true;
        self.file = None;
    }

    /// Does what has become due by `now`: asynchronous steps and held requests, each at its time.
    pub(crate) fn advance(&mut self, now: i64) {
        while !self.closed {
            let held = self.tables.least(Kind::Held, "due", &due_key(now)).cloned();
            let step_due = self.next_due().filter(|due| *due <= now);
            match (held, step_due) {
                (Some(held), step) if step.is_none_or(|due| held.int("due") < due) => {
                    self.now = held.int("due");
                    if let Err(error) = self.run_held(held.text("id")) {
                        // It stays on the list; the next request tries again.
                        tracing::warn!(error, "a held request was not recorded as done");
                        break;
                    }
                }
                (_, Some(_)) => {
                    let Some((due, step)) = self.next_step(now) else { continue };
                    self.now = due;
                    self.run_step(&step);
                    if let Err(error) = self.commit() {
                        tracing::warn!(error, "an asynchronous step was not recorded");
                        break;
                    }
                }
                (_, None) => break,
            }
        }
        self.now = now.max(self.now);
    }

    fn run_step(&mut self, step: &Step) {
        match step {
            Step::Become { kind, id, field, from, fields } => {
                let Some(kind) = Kind::named(kind) else { return };
                if self.tables.get(kind, id).is_some_and(|object| object.value(field) == *from) {
                    self.tables.change(kind, id, |object| object.extend(fields.clone()));
                }
            }
            Step::Vanish { kind, id } => {
                let Some(kind) = Kind::named(kind) else { return };
                if self.tables.get(kind, id).is_some_and(|object| object.text("status") == "deleting") {
                    self.tables.remove(kind, id);
                }
            }
            other => openstack::run_step(self, other),
        }
    }

    /// Answers a request. Refused requests leave no trace.
    pub(crate) fn serve(&mut self, request: &Request) -> Answer {
        let caller = self.caller_of(request);
        self.serve_as(request, caller)
    }

    fn serve_as(&mut self, request: &Request, caller: Option<Caller>) -> Answer {
        match openstack::dispatch(self, request, caller) {
            Ok(answer) => match self.commit() {
                Ok(()) => answer,
                Err(message) => openstack::refusal(request, 500, &message),
            },
            Err(answer) => {
                self.tables.roll_back();
                answer
            }
        }
    }

    /// Keeps a request back until `due`; survives the client's going away and the cloud's restart. Gives its id.
    pub(crate) fn hold(&mut self, request: &Request, due: i64) -> Result<String, Answer> {
        let Some(caller) = self.caller_of(request) else {
            return Err(self.serve(request));
        };
        let id = self.fresh_uuid();
        let document = object_of(json!({
            "id": id, "due": due, "caller": serde_json::to_value(caller).unwrap_or(Value::Null),
            "request": request.to_document(),
        }));
        self.tables.put(Kind::Held, document);
        self.commit().map_err(|message| openstack::refusal(request, 500, &message))?;
        Ok(id)
    }

    fn run_held(&mut self, id: &str) -> Result<(), String> {
        let Some(held) = self.tables.remove(Kind::Held, id) else { return Ok(()) };
        let caller = serde_json::from_value(held.value("caller")).ok();
        let answer = match Request::from_document(&held.value("request")) {
            Some(request) => {
                // Taking it off the list and what it does become durable together.
                let answer = self.serve_as(&request, caller);
                self.tables.remove(Kind::Held, id);
                self.commit()?;
                answer
            }
            None => Answer::empty(500),
        };
        self.answers.insert(id.to_owned(), answer);
        Ok(())
    }

    /// The answer of a held request that was done.
    pub(crate) fn answer_of_held(&mut self, id: &str) -> Option<Answer> {
        self.answers.remove(id)
    }

    /// Who a request's token stands for, if it is valid.
    pub(crate) fn caller_of(&self, request: &Request) -> Option<Caller> {
        let token = self.tokens.get(request.header("x-auth-token")?)?;
        (token.expires > self.now).then(|| token.caller.clone())
    }
}

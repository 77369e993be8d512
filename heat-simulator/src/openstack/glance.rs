//! To come.
use crate::cloud::{Caller, Cloud};
use crate::http::exchange::{Answer, Outcome, Refusal, Request};
pub(super) fn versions(_: &Request, _: &str, _: &[&str]) -> Option<Answer> { None }
pub(super) fn serve(_: &mut Cloud, _: &Caller, _: &Request, _: &[&str]) -> Outcome { Err(Refusal::new(501, "to come")) }
pub(super) fn error(refusal: &Refusal) -> Answer { Answer::empty(refusal.status) }
pub(super) fn imported(_: &mut Cloud, _: &str, _: &str) {}

//! To come.
use crate::cloud::{Caller, Cloud};
use crate::http::exchange::{Answer, Outcome, Refusal, Request};
pub(super) fn versions(_: &Request, _: &str, _: &[&str]) -> Option<Answer> { None }
pub(super) fn serve(_: &mut Cloud, _: &Caller, _: &Request, _: &[&str]) -> Result<Answer, Answer> { Err(error(&Refusal::new(501, "to come"))) }
pub(super) fn error(refusal: &Refusal) -> Answer { Answer::empty(refusal.status) }
pub(super) fn build_networks(_: &mut Cloud, _: &str) {}
pub(super) fn built(_: &mut Cloud, _: &str) {}
pub(super) fn gone(_: &mut Cloud, _: &str) {}
pub(super) fn volume_attached(_: &mut Cloud, _: &str) {}
pub(super) fn volume_detached(_: &mut Cloud, _: &str) {}
pub(super) fn interface_detached(_: &mut Cloud, _: &str, _: &str) {}

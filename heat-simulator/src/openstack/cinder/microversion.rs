//! Which version of the API a request asks for.

use crate::http::exchange::{Answer, Body, Refusal, Request};

/// The latest version that is simulated.
pub(super) const LATEST: u32 = 70;
/// The same as text.
pub(super) const LATEST_TEXT: &str = "3.70";

/// The minor number of the version that a request asks for; 0 if it asks for none.
pub(super) fn asked(request: &Request) -> Result<u32, Refusal> {
    let header = request.header("openstack-api-version").and_then(|value| {
        value.split(',').find_map(|part| part.trim().strip_prefix("volume ").map(str::trim))
    });
    let Some(text) = header else { return Ok(0) };
    if text == "latest" {
        return Ok(LATEST);
    }
    let parsed = text
        .split_once('.')
        .and_then(|(major, minor)| Some((major.parse::<u32>().ok()?, minor.parse::<u32>().ok()?)));
    match parsed {
        None => Err(Refusal::new(
            400,
            format!("API Version String {text} is of invalid format. Must be of format MajorNum.MinorNum."),
        )),
        Some((3, minor)) if minor <= LATEST => Ok(minor),
        Some(_) => Err(Refusal::new(
            406,
            format!(
                "Version {text} is not supported by the API. Minimum is 3.0 and maximum is {LATEST_TEXT}."
            ),
        )),
    }
}

/// Adds what the answer says about its version.
pub(super) fn label(answer: Answer, request: &Request, version: u32) -> Answer {
    // A type is named even where there is no body; deletions are webob's own answers.
    let answer = match answer.body {
        Body::Empty if request.method == "DELETE" => answer.with("content-type", "text/html; charset=UTF-8"),
        Body::Empty => answer.with("content-type", "application/json"),
        _ => answer,
    };
    answer.with("openstack-api-version", format!("volume 3.{version}")).with("vary", "OpenStack-API-Version")
}

//! Which version of the API a request asks for.

use crate::http::exchange::{Answer, Body, Refusal, Request};

/// The latest version that is simulated.
pub(super) const LATEST: u32 = 96;
/// The same as text.
pub(super) const LATEST_TEXT: &str = "2.96";

/// The minor number of the version that a request asks for; 1 if it asks for none.
pub(super) fn asked(request: &Request) -> Result<u32, Refusal> {
    let modern = request
        .header("openstack-api-version")
        .and_then(|value| value.split(',').find_map(|part| part.trim().strip_prefix("compute ")));
    let Some(text) = modern.or_else(|| request.header("x-openstack-nova-api-version")).map(str::trim) else {
        return Ok(1);
    };
    if text == "latest" {
        return Ok(LATEST);
    }
    let number = |text: &str| text.parse::<u32>().ok().filter(|_| !text.starts_with('+'));
    let parsed = text.split_once('.').and_then(|(major, minor)| Some((number(major)?, number(minor)?)));
    match parsed {
        None => Err(Refusal::new(
            400,
            format!("API Version String {text} is of invalid format. Must be of format MajorNum.MinorNum."),
        )),
        Some((2, minor)) if (1..=LATEST).contains(&minor) => Ok(minor),
        Some(_) => Err(Refusal::new(
            406,
            format!(
                "Version {text} is not supported by the API. Minimum is 2.1 and maximum is {LATEST_TEXT}."
            ),
        )),
    }
}

/// Adds what the answer says about its version.
pub(super) fn label(answer: Answer, version: u32) -> Answer {
    // Nova names a type even where there is no body.
    let typed = answer.headers.iter().any(|(name, _)| *name == "content-type");
    let answer = match answer.body {
        Body::Empty if !typed => answer.with("content-type", "application/json"),
        _ => answer,
    };
    answer
        .with("openstack-api-version", format!("compute 2.{version}"))
        .with("x-openstack-nova-api-version", format!("2.{version}"))
        .with("vary", "OpenStack-API-Version, X-OpenStack-Nova-API-Version")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(value: &str) -> Result<u32, u16> {
        let headers = vec![("openstack-api-version".to_owned(), value.to_owned())];
        asked(&Request::new("GET", "/", None, headers, Vec::new())).map_err(|refusal| refusal.status)
    }

    #[test]
    fn versions_are_negotiated() {
        assert_eq!(ask("compute 2.90"), Ok(90));
        assert_eq!(ask("volume 3.5, compute latest"), Ok(LATEST));
        assert_eq!(ask("volume 3.5"), Ok(1));
        assert_eq!(ask("compute 2.999"), Err(406));
        assert_eq!(ask("compute two"), Err(400));
    }
}

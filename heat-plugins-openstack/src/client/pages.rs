//! Lists that a service hands out in pages. Each service puts the link to the next page elsewhere; only its query is
//! used, on our own address, and only if it points to the same host: a token never goes where a link says.

use reqwest::Url;
use serde_json::Value;

/// What an answer says about the next page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Next {
    /// This was the last one.
    End,
    /// The next page.
    Page(Url),
    /// The link leads to another host, or nowhere new.
    Refused(String),
}

/// Finds the link to the next page: `KEY_links` (Nova, Cinder, Neutron), `links` (Keystone, Designate, others), `next`
/// (Glance).
pub(crate) fn next(current: &Url, body: &Value, key: &str) -> Next {
    let Some(link) = link(body, key) else { return Next::End };
    let Ok(target) = current.join(&link) else {
        return Next::Refused(format!("the link to the next page {link:?} is not a URL"));
    };
    if target.host_str() != current.host_str() {
        return Next::Refused(format!(
            "the link to the next page leads to another host ({}), which is not followed",
            target.host_str().unwrap_or("none")
        ));
    }
    let mut page = current.clone();
    page.set_query(target.query());
    if page == *current {
        return Next::Refused("the link to the next page leads to the same page".to_owned());
    }
    Next::Page(page)
}

fn link(body: &Value, key: &str) -> Option<String> {
    let rel_next = |links: &Value| {
        links
            .as_array()?
            .iter()
            .find(|link| link.get("rel").and_then(Value::as_str) == Some("next"))?
            .get("href")?
            .as_str()
            .map(str::to_owned)
    };
    let named = body.get(format!("{key}_links"));
    let links = body.get("links");
    named
        .and_then(rel_next)
        .or_else(|| links.and_then(rel_next))
        .or_else(|| links?.get("next")?.as_str().map(str::to_owned))
        .or_else(|| body.get("next")?.as_str().map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(body: Value) -> Next {
        let current = Url::parse("https://h/compute/v2.1/servers?limit=2").unwrap();
        next(&current, &body, "servers")
    }

    #[test]
    fn every_services_link_is_found() {
        let expected = Next::Page(Url::parse("https://h/compute/v2.1/servers?marker=b").unwrap());
        // A service behind a TLS proxy may write http and leave the prefix out.
        let link = json!([{"rel": "next", "href": "http://h/v2.1/servers?marker=b"}]);
        assert_eq!(at(json!({"servers": [], "servers_links": link})), expected);
        assert_eq!(at(json!({"servers": [], "links": link})), expected);
        assert_eq!(at(json!({"links": {"next": "https://h/v2.1/servers?marker=b"}})), expected);
        assert_eq!(at(json!({"next": "/v2.1/servers?marker=b"})), expected);
        assert_eq!(at(json!({"servers": [], "links": {"next": null, "self": "x"}})), Next::End);
        assert_eq!(at(json!({"servers": []})), Next::End);
    }

    #[test]
    fn a_link_to_another_host_or_in_a_circle_is_refused() {
        assert!(matches!(at(json!({"next": "https://evil/servers?marker=b"})), Next::Refused(_)));
        assert!(matches!(at(json!({"next": "?limit=2"})), Next::Refused(_)));
    }
}

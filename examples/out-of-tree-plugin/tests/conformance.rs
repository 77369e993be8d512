//! Every type of the plugin through its whole life, against Acme's service.

mod service;

use heat_plugin_sdk::testing::{Fixture, Fixtures, conformance};
use heat_plugin_sdk::{Credentials, FailureClass};
use serde_json::json;
use service::{Service, TOKEN};
use std::time::Duration;

#[tokio::test]
async fn the_plugin_keeps_every_promise() {
    let (service, url) = Service::start().await;
    let fixtures =
        Fixtures::new(Credentials::content(json!({"url": url, "token": TOKEN})), tokio::time::sleep)
            .pause(Duration::from_millis(5))
            .with(
                Fixture::new("Acme::DNS::Record")
                    .properties(
                        |run| json!({"name": run.name("www.example.com."), "addresses": ["192.0.2.1"]}),
                    )
                    .update("addresses", json!(["192.0.2.2", "2001:db8::2"]))
                    .update("ttl", 600),
            );
    let report = conformance(acme_heat_plugin::plugin(), fixtures).await;
    report.assert_clean();
    assert_eq!(service.names(), Vec::<String>::new(), "{report}");
}

#[tokio::test]
async fn credentials_that_do_not_fit_are_told_without_their_content() {
    let credentials = Credentials::content(json!({"url": "http://127.0.0.1:9", "token": ["h1dden"]}));
    let failure = acme_heat_plugin::AcmeClient::connect(credentials).await.unwrap_err();
    assert_eq!(failure.class(), &FailureClass::Unauthenticated);
    assert!(!format!("{failure} {failure:?}").contains("h1dden"));
}

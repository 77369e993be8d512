//! What the client does on the wire: tokens, tries, microversions, pages, and what it says when it fails.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // A test that cannot go on ends there.

mod scripted;

use std::time::Duration;

use heat_plugins_openstack::client::{
    Auth, Client, Cloud, Credentials, Delivery, ErrorClass, Microversion, Named, Request, Scope,
};
use scripted::{Answer, Seen, Server, json};
use serde_json::{Value, json as value};

/// A cloud whose Keystone hands out `token-1`, `token-2`, … and whose other paths the test answers.
async fn cloud(answer: impl Fn(&Seen, usize) -> Answer + Send + Sync + 'static) -> (Server, Client) {
    cloud_with(answer, |_| {}).await
}

async fn cloud_with(
    answer: impl Fn(&Seen, usize) -> Answer + Send + Sync + 'static,
    adjust: impl FnOnce(&mut Cloud),
) -> (Server, Client) {
    let server = Server::start(move |seen, number| {
        if seen.target != "/v3/auth/tokens" {
            return answer(seen, number);
        }
        let host = format!("http://{}", seen.header("host").unwrap());
        let catalog = value!([
            {"type": "compute", "endpoints": [{"interface": "public", "region_id": "one", "url": format!("{host}/v2.1")}]},
            {"type": "network", "endpoints": [{"interface": "public", "region_id": "one", "url": host}]}
        ]);
        let body = value!({"token": {"issued_at": "2026-01-01T00:00:00.000000Z",
            "expires_at": "2026-01-01T01:00:00.000000Z", "project": {"id": "p1", "name": "web"}, "catalog": catalog}});
        Answer::Reply {
            status: 201,
            headers: vec![("X-Subject-Token", format!("token-{number}"))],
            body: body.to_string(),
        }
    })
    .await;
    let user = Named::Id("u".into());
    let credentials = Credentials::Password { user, password: "hunter2".into() };
    let mut cloud = Cloud::new(Auth {
        url: server.url.clone(),
        credentials,
        scope: Scope::Project(Named::Id("p1".into())),
    });
    cloud.retry.pause = Duration::from_millis(1);
    adjust(&mut cloud);
    let client = Client::new(cloud).unwrap();
    (server, client)
}

const TOKENS: &str = "POST /v3/auth/tokens";

#[tokio::test]
async fn a_request_goes_to_the_catalogs_address_with_the_token() {
    let (server, client) = cloud(|_, _| json(200, value!({"server": {"id": "s1"}}))).await;
    let response = client.send("nova", Request::get(["servers", "s1"])).await.unwrap();
    assert_eq!(response.object("server").unwrap()["id"], "s1");
    client.send("network", Request::get(["networks"])).await.unwrap();
    assert_eq!(server.journal(), [TOKENS, "GET /v2.1/servers/s1", "GET /v2.0/networks"]);
    assert_eq!(server.seen()[1].header("x-auth-token"), Some("token-1"));
    assert_eq!(client.project_id().await.unwrap(), "p1");
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_for_all_callers() {
    let (server, client) = cloud(|seen, _| match seen.header("x-auth-token") {
        Some("token-1") => json(401, value!({"error": {"message": "expired"}})),
        _ => json(200, value!({})),
    })
    .await;
    let requests = (0..8).map(|_| {
        let client = client.clone();
        tokio::spawn(async move { client.send("compute", Request::post(["servers"], value!({}))).await })
    });
    for request in requests.collect::<Vec<_>>() {
        request.await.unwrap().unwrap();
    }
    assert_eq!(server.journal().iter().filter(|line| *line == TOKENS).count(), 2);
}

#[tokio::test]
async fn credentials_that_keystone_refuses_end_at_once_and_show_no_password() {
    let server = Server::start(|_, _| {
        json(
            401,
            value!({"error": {"code": 401, "message": "The request you have made requires authentication."}}),
        )
    })
    .await;
    let credentials = Credentials::Password { user: Named::Id("u".into()), password: "hunter2".into() };
    let auth = Auth { url: server.url.clone(), credentials, scope: Scope::Default };
    let client = Client::new(Cloud::new(auth)).unwrap();
    let error = client.send("compute", Request::post(["servers"], value!({}))).await.unwrap_err();
    assert_eq!((error.class(), error.delivery()), (ErrorClass::Unauthenticated, Delivery::NotSent));
    assert!(!error.is_uncertain());
    assert!(error.to_string().contains("requires authentication"), "{error}");
    assert_eq!(server.journal().len(), 1);
    let shown = format!("{error} {error:?} {client:?} {:?}", client.cloud());
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[tokio::test]
async fn a_create_without_an_answer_is_uncertain_and_not_repeated() {
    let (server, client) = cloud(|_, _| Answer::Drop).await;
    let error = client.send("compute", Request::post(["servers"], value!({}))).await.unwrap_err();
    assert_eq!((error.class(), error.delivery()), (ErrorClass::Unavailable, Delivery::Unanswered));
    assert!(error.is_uncertain());
    assert_eq!(server.journal(), [TOKENS, "POST /v2.1/servers"]);
}

#[tokio::test]
async fn a_create_without_an_answer_in_time_is_uncertain() {
    let (_server, client) = cloud(|_, _| Answer::Hang).await;
    let request = Request::post(["servers"], value!({})).timeout(Duration::from_millis(100));
    let error = client.send("compute", request).await.unwrap_err();
    assert!(error.is_uncertain() && error.message().contains("in time"), "{error}");
}

#[tokio::test]
async fn a_read_is_repeated_until_the_tries_are_used_up() {
    let (server, client) = cloud(|_, number| match number {
        1 => Answer::Drop,
        2 => Answer::Reply { status: 503, headers: vec![], body: String::new() },
        _ => json(200, value!({"ok": true})),
    })
    .await;
    assert_eq!(client.send("compute", Request::get(["a"])).await.unwrap().status(), 200);
    assert_eq!(server.journal().len(), 4);
    let (server, client) =
        cloud(|_, _| Answer::Reply { status: 502, headers: vec![], body: String::new() }).await;
    let error = client.send("compute", Request::get(["a"])).await.unwrap_err();
    assert_eq!((error.status(), server.journal().len()), (Some(502), 5));
    assert!(!error.is_uncertain());
}

#[tokio::test]
async fn a_busy_service_is_asked_again_when_it_says() {
    let (server, client) = cloud(|_, number| match number {
        1 => Answer::Reply { status: 429, headers: vec![("Retry-After", "0".into())], body: String::new() },
        _ => json(202, value!({})),
    })
    .await;
    client.send("compute", Request::post(["servers"], value!({}))).await.unwrap();
    assert_eq!(server.journal().len(), 3);
    let (server, client) = cloud(|_, _| Answer::Reply {
        status: 429,
        headers: vec![("Retry-After", "3600".into())],
        body: String::new(),
    })
    .await;
    let error = client.send("compute", Request::post(["servers"], value!({}))).await.unwrap_err();
    assert_eq!((error.class(), error.retry_after()), (ErrorClass::Busy, Some(Duration::from_secs(3600))));
    assert_eq!(server.journal().len(), 2);
}

#[tokio::test]
async fn nothing_was_sent_where_nobody_listens() {
    let (_server, client) = cloud_with(
        |_, _| json(200, value!({})),
        |cloud| {
            cloud.services.entry("compute".into()).or_default().endpoint_override =
                Some("http://127.0.0.1:9".into());
        },
    )
    .await;
    let error = client.send("compute", Request::post(["servers"], value!({}))).await.unwrap_err();
    assert_eq!((error.class(), error.delivery()), (ErrorClass::Unavailable, Delivery::NotSent));
    assert!(!error.is_uncertain() && error.message().contains("127.0.0.1:9"), "{error}");
}

#[tokio::test]
async fn an_error_carries_the_services_words_and_the_request_id() {
    let (_server, client) = cloud(|_, _| Answer::Reply {
        status: 409,
        headers: vec![("x-openstack-request-id", "req-7".into())],
        body: value!({"NeutronError": {"type": "IpAddressInUse", "message": "10.0.0.5 is in use", "detail": ""}})
            .to_string(),
    })
    .await;
    let error = client.send("network", Request::post(["ports"], value!({}))).await.unwrap_err();
    assert!(error.is_conflict());
    assert_eq!((error.kind(), error.request_id()), (Some("IpAddressInUse"), Some("req-7")));
    assert_eq!(error.to_string(), "network: POST /v2.0/ports: 10.0.0.5 is in use (HTTP 409, request req-7)");
}

#[tokio::test]
async fn the_microversion_is_negotiated_once_and_only_if_asked_for() {
    let (server, client) = cloud(|seen, _| match seen.target.as_str() {
        "/v2.1/" => json(200, value!({"version": {"id": "v2.1", "version": "2.93", "min_version": "2.1"}})),
        _ => json(200, value!({})),
    })
    .await;
    let version = |minor| Microversion::new(2, minor);
    client.send("compute", Request::get(["a"])).await.unwrap();
    client.send("compute", Request::get(["b"]).microversion(version(1), version(100))).await.unwrap();
    client.send("compute", Request::get(["c"]).microversion(version(26), version(90))).await.unwrap();
    let seen = server.seen();
    let headers: Vec<_> =
        seen.iter().map(|seen| (seen.target.as_str(), seen.header("openstack-api-version"))).collect();
    assert_eq!(
        headers[1..],
        [
            ("/v2.1/a", None),
            ("/v2.1/", None),
            ("/v2.1/b", Some("compute 2.93")),
            ("/v2.1/c", Some("compute 2.90")),
        ]
    );
    let request = Request::post(["d"], value!({})).microversion(version(95), version(100));
    let error = client.send("compute", request).await.unwrap_err();
    assert_eq!((error.class(), error.delivery()), (ErrorClass::Unsupported, Delivery::NotSent));
    assert!(error.message().contains("2.95") && error.message().contains("2.93"), "{error}");
}

#[tokio::test]
async fn a_list_is_collected_over_its_pages() {
    let (server, client) = cloud(|seen, _| {
        let host = seen.header("host").unwrap();
        let page = |ids: &[&str], next: Option<String>| {
            let servers: Vec<Value> = ids.iter().map(|id| value!({"id": id})).collect();
            let links: Vec<Value> = next.iter().map(|href| value!({"rel": "next", "href": href})).collect();
            json(200, value!({"servers": servers, "servers_links": links}))
        };
        match seen.target.as_str() {
            "/v2.1/servers?limit=2" => {
                page(&["a", "b"], Some(format!("http://{host}/v2.1/servers?limit=2&marker=b")))
            }
            "/v2.1/servers?limit=2&marker=b" => page(&["c"], None),
            "/v2.1/servers?limit=3" => page(&["a"], Some("http://elsewhere/v2.1/servers?marker=a".into())),
            other => panic!("{other}"),
        }
    })
    .await;
    let list = |limit: &str| {
        let (client, request) = (client.clone(), Request::get(["servers"]).query("limit", limit));
        async move { client.list("compute", request, "servers").await }
    };
    let ids: Vec<Value> = list("2").await.unwrap().into_iter().map(|server| server["id"].clone()).collect();
    assert_eq!(ids, ["a", "b", "c"]);
    let error = list("3").await.unwrap_err();
    assert!(error.message().contains("another host"), "{error}");
    assert_eq!(server.journal().len(), 4);
}

#[tokio::test]
async fn a_redirect_does_not_take_the_token_elsewhere() {
    let (server, client) = cloud(|_, _| Answer::Reply {
        status: 302,
        headers: vec![("Location", "http://elsewhere/".into())],
        body: String::new(),
    })
    .await;
    let error = client.send("compute", Request::get(["a"])).await.unwrap_err();
    assert_eq!((error.class(), error.status()), (ErrorClass::Invalid, Some(302)));
    assert_eq!(server.journal().len(), 2);
}

#[tokio::test]
async fn no_more_requests_run_at_once_than_allowed() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static RUNNING: AtomicUsize = AtomicUsize::new(0);
    static MOST: AtomicUsize = AtomicUsize::new(0);
    let (_server, client) = cloud_with(
        |_, _| {
            MOST.fetch_max(RUNNING.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(5));
            RUNNING.fetch_sub(1, Ordering::SeqCst);
            json(200, value!({}))
        },
        |cloud| cloud.concurrency = 1,
    )
    .await;
    let requests: Vec<_> = (0..6)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.send("compute", Request::get(["a"])).await })
        })
        .collect();
    for request in requests {
        request.await.unwrap().unwrap();
    }
    assert_eq!(MOST.load(Ordering::SeqCst), 1);
}

//! A client that knows nothing but HTTP and JSON.

use heat_simulator::Simulator;
use serde_json::{Value, json};
use std::sync::Once;
use std::time::Duration;

/// A status and a body (null if it is not JSON).
pub(crate) type Reply = (u16, Value);

/// A user's session with a cloud.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) http: reqwest::Client,
    pub(crate) base: String,
    pub(crate) token: String,
    pub(crate) project: String,
}

/// An HTTP client for tests.
pub(crate) fn http() -> reqwest::Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    reqwest::Client::builder().no_proxy().build().unwrap()
}

pub(crate) fn password(user: &str, password: &str, project: &str) -> Value {
    json!({"auth": {
        "identity": {"methods": ["password"], "password": {"user": {"name": user, "password": password, "domain": {"id": "default"}}}},
        "scope": {"project": {"name": project, "domain": {"name": "Default"}}},
    }})
}

impl Client {
    pub(crate) async fn demo(cloud: &Simulator) -> Self {
        Self::login(cloud, "demo", "demo", "demo").await
    }

    pub(crate) async fn admin(cloud: &Simulator) -> Self {
        Self::login(cloud, "admin", "admin", "admin").await
    }

    pub(crate) async fn login(cloud: &Simulator, user: &str, secret: &str, project: &str) -> Self {
        let http = http();
        let base = format!("http://{}", cloud.address());
        let body = password(user, secret, project);
        let answer = http.post(format!("{base}/identity/v3/auth/tokens")).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 201);
        let token = answer.headers()["x-subject-token"].to_str().unwrap().to_owned();
        let body: Value = answer.json().await.unwrap();
        let project = body["token"]["project"]["id"].as_str().unwrap().to_owned();
        Self { http, base, token, project }
    }

    pub(crate) async fn raw(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> reqwest::Result<reqwest::Response> {
        let path = path.replace("{project}", &self.project);
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request =
            self.http.request(method, format!("{}{path}", self.base)).header("x-auth-token", &self.token);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.body(body.to_string());
            if !headers.iter().any(|(name, _)| *name == "content-type") {
                request = request.header("content-type", "application/json");
            }
        }
        request.send().await
    }

    pub(crate) async fn call(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> Reply {
        let answer = self.raw(method, path, body, headers).await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.call("GET", path, None, &[]).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.call("POST", path, Some(body), &[]).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Reply {
        self.call("PUT", path, Some(body), &[]).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.call("DELETE", path, None, &[]).await
    }

    /// Asks again until the pointer in the body has the value.
    pub(crate) async fn until(&self, path: &str, pointer: &str, wanted: &str) -> Value {
        for _ in 0..500 {
            let (_, body) = self.get(path).await;
            if body.pointer(pointer).and_then(Value::as_str) == Some(wanted) {
                return body;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        panic!("{path} never had {wanted} at {pointer}: {:?}", self.get(path).await);
    }

    /// Asks again until there is nothing.
    pub(crate) async fn until_gone(&self, path: &str) {
        for _ in 0..500 {
            if self.get(path).await.0 == 404 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        panic!("{path} is still there");
    }

    /// A network with an IPv4 subnet; gives both ids.
    pub(crate) async fn network(&self, name: &str, cidr: &str) -> (String, String) {
        let (status, body) = self.post("/network/v2.0/networks", json!({"network": {"name": name}})).await;
        assert_eq!(status, 201, "{body}");
        let network = id(&body, "network");
        let subnet = json!({"subnet": {"network_id": network, "ip_version": 4, "cidr": cidr}});
        let (status, body) = self.post("/network/v2.0/subnets", subnet).await;
        assert_eq!(status, 201, "{body}");
        (network, id(&body, "subnet"))
    }

    /// The id of the external network.
    pub(crate) async fn public(&self) -> String {
        let (_, body) = self.get("/network/v2.0/networks?router:external=true").await;
        body["networks"][0]["id"].as_str().unwrap().to_owned()
    }

    /// The id of a flavor and an image.
    pub(crate) async fn flavor_and_image(&self) -> (String, String) {
        let (_, flavors) = self.get("/compute/v2.1/flavors").await;
        let (_, images) = self.get("/image/v2/images?name=cirros").await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (text(&flavors["flavors"][0]["id"]), text(&images["images"][0]["id"]))
    }
}

pub(crate) fn id(body: &Value, name: &str) -> String {
    body[name]["id"].as_str().unwrap_or_else(|| panic!("no {name} in {body}")).to_owned()
}

/// Neutron's error: status, type.
pub(crate) fn neutron_error(reply: &Reply) -> (u16, &str) {
    (reply.0, reply.1["NeutronError"]["type"].as_str().unwrap_or(""))
}

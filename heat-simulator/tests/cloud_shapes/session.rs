//! A session with a cloud, real or simulated: it fills in names, calls, and makes answers comparable.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// An answer with this cloud's ids replaced by what they stand for.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) body: Value,
}

pub(crate) struct Session {
    http: reqwest::Client,
    token: String,
    endpoints: BTreeMap<String, String>,
    /// What `{name}` stands for.
    names: BTreeMap<String, String>,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

impl Session {
    /// Authenticates with a password and reads the catalog.
    pub(crate) async fn open(clouds_yaml: &str, cloud: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let clouds: Value = serde_yaml::from_str(clouds_yaml).unwrap();
        let auth = &clouds["clouds"][cloud]["auth"];
        assert!(auth.is_object(), "no cloud {cloud} in the clouds.yaml");
        let domain = |name: &str| auth[name].as_str().unwrap_or("default").to_owned();
        let body = json!({"auth": {
            "identity": {"methods": ["password"], "password": {"user": {"name": auth["username"], "password": auth["password"], "domain": {"id": domain("user_domain_id")}}}},
            "scope": {"project": {"name": auth["project_name"], "domain": {"id": domain("project_domain_id")}}},
        }});
        let url = format!("{}/auth/tokens", text(&auth["auth_url"]));
        let answer = http.post(url).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 201);
        let token = answer.headers()["x-subject-token"].to_str().unwrap().to_owned();
        let body: Value = answer.json().await.unwrap();
        let mut endpoints = BTreeMap::new();
        for entry in body["token"]["catalog"].as_array().unwrap() {
            let public = entry["endpoints"]
                .as_array()
                .unwrap()
                .iter()
                .find(|endpoint| endpoint["interface"] == "public");
            endpoints
                .insert(text(&entry["type"]), text(&public.unwrap()["url"]).trim_end_matches('/').to_owned());
        }
        for (service, suffix) in [("network", "/v2.0"), ("image", "/v2")] {
            let url = endpoints.get_mut(service).unwrap();
            if !url.ends_with(suffix) {
                url.push_str(suffix);
            }
        }
        let names = BTreeMap::from([
            ("project".to_owned(), text(&body["token"]["project"]["id"])),
            ("user".to_owned(), text(&body["token"]["user"]["id"])),
            ("none".to_owned(), "0b3c4d5e-0000-4000-8000-00000000abcd".to_owned()),
        ]);
        Self { http, token, endpoints, names }
    }

    fn filled(&self, template: &str) -> String {
        let mut text = template.to_owned();
        for (name, value) in &self.names {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        text
    }

    async fn send(
        &self,
        service: &str,
        method: &str,
        path: &str,
        body: &Value,
        headers: &[(&str, &str)],
    ) -> (u16, String, String) {
        let url = format!("{}{}", self.endpoints[service], self.filled(path));
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.http.request(method, url).header("x-auth-token", &self.token);
        if !body.is_null() {
            request = request.body(self.filled(&body.to_string()));
            if !headers.iter().any(|(name, _)| *name == "content-type") {
                request = request.header("content-type", "application/json");
            }
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.unwrap();
        let content_type = answer.headers().get("content-type").map_or("", |value| value.to_str().unwrap());
        let content_type = content_type.split(';').next().unwrap_or("").to_owned();
        (answer.status().as_u16(), content_type, answer.text().await.unwrap())
    }

    /// Calls, remembers the text at a pointer under a name, and gives the answer in comparable form.
    pub(crate) async fn call(
        &mut self,
        service: &str,
        method: &str,
        path: &str,
        body: &Value,
        headers: &[(&str, &str)],
        capture: Option<(&str, &str)>,
    ) -> Reply {
        let (status, content_type, body) = self.send(service, method, path, body, headers).await;
        if let Some((name, pointer)) = capture {
            let body: Value = serde_json::from_str(&body).unwrap_or_default();
            let found = body.pointer(pointer).and_then(Value::as_str);
            // What was not made shows as a difference; the rest goes on, so that everything is taken away again.
            let found = found.unwrap_or(self.names["none"].as_str()).to_owned();
            self.names.insert(name.to_owned(), found);
        }
        let mut text = body;
        for (name, value) in &self.names {
            let name = format!("{{{name}}}");
            if value.len() > 8 {
                text = text.replace(value.as_str(), &name);
            } else {
                // A short id (flavors may have `1`) would be found everywhere: only where it is all of a text.
                text = text.replace(&format!("\"{value}\""), &format!("\"{name}\""));
                text = text.replace(&format!("'{value}'"), &format!("'{name}'"));
            }
        }
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Reply { status, content_type, body }
    }

    /// Waits until a pointer has a value.
    pub(crate) async fn until(&self, service: &str, path: &str, pointer: &str, wanted: &str) {
        for _ in 0..600 {
            let (_, _, body) = self.send(service, "GET", path, &Value::Null, &[]).await;
            let body: Value = serde_json::from_str(&body).unwrap_or_default();
            match body.pointer(pointer).and_then(Value::as_str) {
                Some(found) if found.eq_ignore_ascii_case(wanted) => return,
                // The next comparison shows what there is instead.
                Some("ERROR" | "error") | None => return,
                _ => tokio::time::sleep(Duration::from_millis(200)).await,
            }
        }
        panic!("{path} never had {wanted} at {pointer}");
    }

    /// Waits until there is nothing.
    pub(crate) async fn until_gone(&self, service: &str, path: &str) {
        for _ in 0..600 {
            if self.send(service, "GET", path, &Value::Null, &[]).await.0 == 404 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        panic!("{path} is still there");
    }
}

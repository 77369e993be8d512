//! A simulated cloud as a process of its own, and what it holds.

use heat_plugins_openstack::client::{Client, CloudsFiles, Request};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The secret of the application credential that a test makes.
pub const ROBOT_SECRET: &str = "robot-hunter2";

/// `heat simulator openstack`, ended when it is dropped.
pub struct CloudProcess {
    child: Child,
    pub clouds_yaml: String,
    pub address: String,
}

impl CloudProcess {
    /// Starts one with these further words.
    pub fn start(words: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_heat"))
            .args(["simulator", "openstack"])
            .args(words)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the simulator starts");
        let mut words = BufReader::new(child.stderr.take().expect("stderr"));
        let mut line = String::new();
        words.read_line(&mut line).expect("the simulator says where it is");
        let address = line.split_once("http://").expect("an address").1;
        let address = address.split('/').next().expect("an address").to_owned();
        // The entry was written before that.
        let mut out = BufReader::new(child.stdout.take().expect("stdout"));
        let mut clouds_yaml = String::new();
        while !clouds_yaml.contains("simulator-admin:")
            || clouds_yaml.matches("project_domain_id").count() < 2
        {
            assert!(out.read_line(&mut clouds_yaml).expect("an entry") > 0, "{clouds_yaml}");
        }
        // Whatever it says later must not fill the pipe.
        std::thread::spawn(move || std::io::copy(&mut words, &mut std::io::sink()));
        Self { child, clouds_yaml, address }
    }

    /// Asks `/_simulator/…`.
    pub fn ask(&self, method: &str, path: &str, body: &str) -> Value {
        let mut stream = TcpStream::connect(&self.address).expect("the simulator answers");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a time-out");
        write!(
            stream,
            "{method} /_simulator/{path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        )
        .expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
        assert!(head.starts_with("HTTP/1.1 2"), "{method} {path}: {answer}");
        serde_json::from_str(body).unwrap_or(Value::Null)
    }

    /// A token of the cloud's user.
    pub fn token(&self) -> String {
        let body = json!({"auth": {
            "identity": {"methods": ["password"], "password": {
                "user": {"name": "demo", "domain": {"id": "default"}, "password": "demo"}}},
            "scope": {"project": {"name": "demo", "domain": {"id": "default"}}}}})
        .to_string();
        let mut stream = TcpStream::connect(&self.address).expect("the simulator answers");
        write!(
            stream,
            "POST /identity/v3/auth/tokens HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        )
        .expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let header = answer.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("x-subject-token").then(|| value.trim().to_owned())
        });
        header.unwrap_or_else(|| panic!("no token: {answer}"))
    }

    /// Adds a rule about what shall go wrong.
    pub fn fault(&self, rule: &str) {
        self.ask("POST", "faults", rule);
    }

    /// How many objects of each kind there are, all projects together.
    pub fn inventory(&self) -> BTreeMap<String, usize> {
        let answer = self.ask("GET", "inventory", "");
        let kinds = answer["inventory"].as_object().expect("an inventory");
        kinds
            .iter()
            .map(|(kind, objects)| (kind.clone(), objects.as_object().map_or(0, |all| all.len())))
            .collect()
    }

    /// All objects of a kind.
    pub fn objects(&self, kind: &str) -> Vec<Value> {
        let answer = self.ask("GET", "inventory", "");
        let objects = answer["inventory"].get(kind).and_then(Value::as_object).cloned().unwrap_or_default();
        objects.into_iter().map(|(_, object)| object).collect()
    }

    /// The id of the project of the cloud `simulator`.
    pub fn project(&self) -> String {
        let projects = self.objects("project");
        let demo = projects.iter().find(|project| project["name"] == "demo").expect("a project");
        demo["id"].as_str().expect("an id").to_owned()
    }

    /// An application credential of the cloud's user, whose secret is [`ROBOT_SECRET`], and the `clouds.yaml` that uses it.
    pub async fn application_credential(&self) -> (Client, String, String, String) {
        let files = CloudsFiles { clouds: Some(self.clouds_yaml.clone()), ..CloudsFiles::default() };
        let client = Client::new(files.cloud("simulator").expect("the cloud")).expect("a client");
        let user = client.token().await.expect("a token").user.as_ref().expect("a user").id.clone();
        let body = json!({"application_credential": {"name": "robot", "secret": ROBOT_SECRET}});
        let path = ["users", user.as_str(), "application_credentials"];
        let made = client.send("identity", Request::post(path, body)).await.expect("an answer");
        let id = made.object("application_credential").expect("a credential")["id"].clone();
        let id = id.as_str().expect("an id").to_owned();
        let url = client.cloud().auth.url.clone();
        let clouds = format!(
            "clouds:\n  simulator:\n    region_name: RegionOne\n    auth_type: v3applicationcredential\n    auth:\n      \
             auth_url: {url}\n      application_credential_id: {id}\n      application_credential_secret: {ROBOT_SECRET}\n"
        );
        (client, user, id, clouds)
    }

    /// Limits what the project may have.
    pub fn quota(&self, service: &str, limits: &str) {
        self.ask("PUT", &format!("quotas/{service}/{}", self.project()), limits);
    }
}

impl Drop for CloudProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

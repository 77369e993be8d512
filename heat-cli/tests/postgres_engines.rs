//! `heat engine` and commands as processes of their own on one PostgreSQL database: killed, stopped for longer than their
//! lease, ended in order, with the server restarted under them.
//!
//! `HEAT_TEST_KILL_SECONDS` says for how long engines are killed (20 unless said otherwise), `HEAT_TEST_SEED` repeats a run.
#![cfg(unix)]
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "a test stops where it fails")]

#[path = "../../heat-engine/tests/support/postgres.rs"]
mod postgres;
mod support;

use postgres::{End, PASSWORD, Server};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command};
use std::time::{Duration, Instant};
use support::Home;
use support::cloud::CloudProcess;
use support::kills::Random;

/// A database, a cloud, and a home for all processes.
struct Place {
    server: Server,
    cloud: CloudProcess,
    home: Home,
}

impl Place {
    fn new() -> Self {
        let cloud = CloudProcess::start(&["--latency", "5-60"]);
        let home = Home::with_cloud("simulator", &cloud.clouds_yaml);
        Self { server: Server::start(), cloud, home }
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = self.home.command(words);
        command.env("HEAT_STORE", self.server.network_url(PASSWORD, "heat"));
        command
    }

    fn run(&self, words: &[&str]) -> support::Ran {
        support::Ran::new(self.command(words).output().expect("the command starts"))
    }

    /// An engine that says that it works.
    fn engine(&self) -> Child {
        let mut child = self.command(&["engine", "--lease", "1.5"]).spawn().expect("the engine starts");
        let said = line_with(&mut child, "this engine works");
        assert!(said.contains("this engine works on postgres://heat@127.0.0.1"), "{said}");
        assert!(!said.contains(PASSWORD), "{said}");
        child
    }

    /// Asks for something and leaves it to the engines as soon as it has begun.
    fn ask(&self, words: &[&str]) {
        let mut child = self.command(words).spawn().expect("the command starts");
        // The first event says that the request is recorded.
        let said = line_with(&mut child, "[s]: ");
        if child.try_wait().expect("a process").is_none() {
            // It may have ended just now.
            let _ = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
        }
        let code = child.wait().expect("a process").code();
        assert!(matches!(code, Some(0 | 130)), "{words:?}: {code:?} {said}");
    }

    /// The status of the stack; `None` where there is none.
    fn status(&self) -> Option<String> {
        let status = "SELECT (document::json ->> 'action') || '_' || (document::json ->> 'status') FROM stack
                      WHERE name = 's' AND deleted IS NULL";
        Some(self.server.sql("heat", status)).filter(|status| !status.is_empty())
    }

    /// Waits until the stack is as it shall be.
    fn comes_to(&self, wanted: Option<&str>) {
        let end = Instant::now() + Duration::from_secs(180);
        while self.status().as_deref() != wanted {
            assert!(Instant::now() < end, "the stack is {:?} and never {wanted:?}", self.status());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The process that holds the stack.
    fn holder(&self) -> Option<u32> {
        let sql = "SELECT split_part(engine.name, ' ', 2) FROM stack JOIN claim ON claim.stack = stack.id
                   JOIN engine ON engine.id = claim.holder AND engine.expires > now()
                   WHERE stack.root IS NULL AND stack.deleted IS NULL";
        self.server.sql("heat", sql).parse().ok()
    }
}

/// The first line on stderr that says something like this; what follows is read and thrown away.
fn line_with(child: &mut Child, text: &str) -> String {
    let mut words = BufReader::new(child.stderr.take().expect("stderr"));
    let mut line = String::new();
    loop {
        line.clear();
        if words.read_line(&mut line).expect("a line") == 0 || line.contains(text) {
            break;
        }
    }
    std::thread::spawn(move || std::io::copy(&mut words, &mut std::io::sink()));
    line
}

fn signal(process: u32, name: &str) {
    let status =
        Command::new("kill").args([&format!("-{name}"), &process.to_string()]).status().expect("kill");
    assert!(status.success());
}

/// Engines, ended when they are dropped.
struct Engines(Vec<Child>);

impl Drop for Engines {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Networks with a subnet and ports each, in a group; two forms.
fn tree(home: &Home, members: usize, ports: usize, name: &str) -> String {
    let mut member = "heat_template_version: 2021-04-16\nparameters: {name: {type: string}}\nresources:\n  \
         net: {type: OS::Neutron::Net, properties: {name: {get_param: name}}}\n  subnet:\n    type: OS::Neutron::Subnet\n    \
         properties: {network: {get_resource: net}, cidr: 10.7.0.0/24}\n"
        .to_owned();
    for n in 0..ports {
        let _ = writeln!(
            member,
            "  port_{n}: {{type: OS::Neutron::Port, depends_on: subnet, properties: {{network: {{get_resource: net}}}}}}"
        );
    }
    home.put("member.yaml", member);
    home.put(
        &format!("{name}.yaml"),
        format!(
            "heat_template_version: 2021-04-16\nresources:\n  group:\n    type: OS::Heat::ResourceGroup\n    properties:\n      \
             count: {members}\n      resource_def: {{type: member.yaml, properties: {{name: {name}-%index%}}}}\n"
        ),
    )
}

fn more(before: &BTreeMap<String, usize>, now: &BTreeMap<String, usize>) -> BTreeMap<String, usize> {
    let before = |kind: &String| before.get(kind).copied().unwrap_or(0);
    now.iter()
        .map(|(kind, count)| (kind.clone(), count - before(kind)))
        .filter(|(_, more)| *more != 0)
        .collect()
}

/// What the cloud has to hold of such a tree.
fn expected(members: usize, ports: usize) -> BTreeMap<String, usize> {
    [("network", members), ("subnet", members), ("port", members * ports)]
        .map(|(kind, count)| (kind.to_owned(), count))
        .into_iter()
        .collect()
}

#[test]
#[ignore = "needs PostgreSQL: cargo xtask test --only postgresql"]
fn all_commands_work_on_a_postgresql_store_and_no_password_is_told() {
    let place = Place::new();
    let before = place.cloud.inventory();
    let template = tree(&place.home, 2, 2, "first");
    let ok = |words: &[&str]| {
        let ran = place.run(words);
        assert_eq!(ran.code, 0, "{words:?}: {}", ran.said());
        assert!(!ran.said().contains(PASSWORD), "{}", ran.said());
        ran
    };
    ok(&["stack", "create", "s", "-t", &template, "-vv"]);
    assert_eq!(more(&before, &place.cloud.inventory()), expected(2, 2));
    let shown = ok(&["stack", "show", "s", "-f", "json"]).json();
    assert_eq!(shown["stack_status"], "CREATE_COMPLETE");
    ok(&["stack", "event", "list", "s", "--follow"]);
    ok(&["stack", "update", "s", "--existing", "-t", &tree(&place.home, 3, 2, "second")]);
    assert_eq!(more(&before, &place.cloud.inventory()), expected(3, 2));
    ok(&["stack", "wait", "s"]);
    ok(&["stack", "delete", "-y", "s"]);
    assert_eq!(more(&before, &place.cloud.inventory()), BTreeMap::new());

    let simulated = place.command(&["stack", "list", "--os-cloud", "simulated"]).output().expect("a command");
    assert_eq!(simulated.status.code(), Some(2));
    let mut wrong = place.command(&["stack", "list", "-f", "json"]);
    wrong.env("HEAT_STORE", place.server.network_url("wrong-secret", "heat"));
    let ran = support::Ran::new(wrong.output().expect("a command"));
    assert_eq!(ran.code, 2, "{}", ran.said());
    assert!(
        ran.stderr.contains("correct user and password") && !ran.said().contains("wrong-secret"),
        "{}",
        ran.said()
    );
}

#[test]
#[ignore = "needs PostgreSQL: cargo xtask test --only postgresql"]
fn an_engine_goes_on_with_what_a_command_left_and_hands_over_when_it_is_ended() {
    let place = Place::new();
    let template = tree(&place.home, 6, 6, "first");
    let first = place.engine();
    place.ask(&["stack", "create", "s", "-t", &template]);
    support::until("the engine takes it up", || place.holder() == Some(first.id()));
    let second = place.engine();
    let mut engines = Engines(vec![first, second]);
    signal(engines.0[0].id(), "TERM");
    assert_eq!(engines.0[0].wait().expect("a process").code(), Some(0));
    assert_ne!(place.holder(), Some(engines.0[0].id()));
    place.comes_to(Some("CREATE_COMPLETE"));
    // A killed command is gone on with, too, when its lease has run out.
    let mut child = place.command(&["stack", "delete", "-y", "s"]).spawn().expect("the command starts");
    line_with(&mut child, "[s]: ");
    child.kill().expect("a process");
    child.wait().expect("a process");
    place.comes_to(None);
}

#[test]
#[ignore = "needs PostgreSQL: cargo xtask test --only postgresql"]
fn an_engine_that_was_stopped_for_longer_than_its_lease_does_no_harm() {
    let place = Place::new();
    let before = place.cloud.inventory();
    let template = tree(&place.home, 8, 8, "first");
    let engines = Engines(vec![place.engine(), place.engine()]);
    place.ask(&["stack", "create", "s", "-t", &template]);
    let mut stopped = None;
    support::until("an engine takes it up", || {
        stopped = place.holder().filter(|holder| engines.0.iter().any(|child| child.id() == *holder));
        stopped.is_some()
    });
    let stopped = stopped.expect("a process");
    signal(stopped, "STOP");
    support::until("the other one takes over", || {
        place.holder().is_some_and(|holder| holder != stopped)
            || place.status().as_deref() == Some("CREATE_COMPLETE")
    });
    signal(stopped, "CONT");
    place.comes_to(Some("CREATE_COMPLETE"));
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(place.status().as_deref(), Some("CREATE_COMPLETE"));
    assert_eq!(more(&before, &place.cloud.inventory()), expected(8, 8));
    place.ask(&["stack", "delete", "-y", "s"]);
    place.comes_to(None);
    assert_eq!(more(&before, &place.cloud.inventory()), BTreeMap::new());
}

#[test]
#[ignore = "needs PostgreSQL: cargo xtask test --only postgresql"]
fn three_engines_of_which_one_is_killed_every_few_seconds_end_where_the_last_request_says() {
    let seconds = std::env::var("HEAT_TEST_KILL_SECONDS").map_or(20, |text| text.parse().expect("a number"));
    let mut place = Place::new();
    let before = place.cloud.inventory();
    let (small, large) = ((10, 17), (12, 17));
    let forms = [tree(&place.home, small.0, small.1, "first"), tree(&place.home, large.0, large.1, "second")];
    let mut engines = Engines((0..3).map(|_| place.engine()).collect());
    let mut random = Random::new();
    let end = Instant::now() + Duration::from_secs(seconds);
    let (mut kills, mut requests, mut was_updated) = (0, 0, false);
    // What the stack shall be: one of the forms, or not at all.
    let mut wanted: Option<usize> = None;
    while Instant::now() < end || wanted.is_none() {
        wanted = match wanted {
            None => {
                place.comes_to(None);
                place.ask(&["stack", "create", "s", "-t", &forms[0]]);
                was_updated = false;
                Some(0)
            }
            Some(_) if random.below(4) == 0 && Instant::now() < end => {
                place.ask(&["stack", "delete", "-y", "s"]);
                None
            }
            Some(form) => {
                place.ask(&["stack", "update", "s", "-t", &forms[1 - form]]);
                was_updated = true;
                Some(1 - form)
            }
        };
        requests += 1;
        for _ in 0..=random.below(3) {
            std::thread::sleep(Duration::from_millis(500 + random.below(2500)));
            let victim = random.below(3) as usize;
            match random.below(5) {
                0 => {
                    let process = engines.0[victim].id();
                    signal(process, "STOP");
                    std::thread::sleep(Duration::from_millis(2500));
                    signal(process, "CONT");
                }
                1 => {
                    place.server.end(if random.below(2) == 0 { End::Fast } else { End::Crash });
                    place.server.begin();
                }
                _ => {
                    engines.0[victim].kill().expect("a process");
                    engines.0[victim].wait().expect("a process");
                    engines.0[victim] = place.engine();
                }
            }
            kills += 1;
        }
    }
    let form = wanted.expect("a form");
    let (members, ports) = [small, large][form];
    let ending = if was_updated { "UPDATE_COMPLETE" } else { "CREATE_COMPLETE" };
    place.comes_to(Some(ending));
    assert_eq!(more(&before, &place.cloud.inventory()), expected(members, ports), "after {kills} faults");
    let resources =
        place.run(&["stack", "resource", "list", "s", "--nested-depth", "5", "-f", "json"]).json();
    let resources = resources.as_array().expect("resources");
    assert_eq!(resources.len(), 1 + members * (1 + 2 + ports));
    for resource in resources {
        assert!(
            resource["resource_status"].as_str().is_some_and(|status| status.ends_with("_COMPLETE")),
            "{resource}"
        );
    }
    place.ask(&["stack", "delete", "-y", "s"]);
    place.comes_to(None);
    assert_eq!(more(&before, &place.cloud.inventory()), BTreeMap::new());
    eprintln!("{kills} faults, {requests} requests");
}

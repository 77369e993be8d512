//! The files that templates and environments name: where they are found, and where nothing is read.
#![allow(clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

mod support;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use support::{Home, Ran};

const HEAD: &str = "heat_template_version: 2021-04-16\nresources:\n";

fn put(home: &Home, name: &str, text: &str) -> String {
    let path = home.path().join(name);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    home.put(name, text)
}

fn reads(file: &str) -> String {
    format!(
        "{HEAD}  one: {{type: OS::Heat::Value, properties: {{value: {{get_file: '{file}'}}}}}}\noutputs: {{text: {{value: {{get_attr: [one, value]}}}}}}\n"
    )
}

fn output(home: &Home, words: &[&str]) -> String {
    let stack = home.json(&[&["stack", "create", "s", "--store", "memory"], words].concat());
    stack["outputs"][0]["output_value"].as_str().expect("a text").to_owned()
}

/// Runs in another folder than the home.
fn run_in(home: &Home, folder: &str, words: &[&str]) -> Ran {
    std::fs::create_dir_all(home.path().join(folder)).expect("a folder");
    Ran::new(home.command(words).current_dir(home.path().join(folder)).output().expect("the command starts"))
}

#[test]
fn each_template_has_files_of_its_own() {
    let home = Home::new();
    put(&home, "x.sh", "outer");
    put(&home, "part/x.sh", "inner");
    put(&home, "part/n.yaml", &format!("{}\n", reads("x.sh")));
    let template = put(
        &home,
        "t.yaml",
        &format!(
            "{HEAD}  v: {{type: OS::Heat::Value, properties: {{value: {{get_file: x.sh}}}}}}\n  n: {{type: part/n.yaml}}\noutputs: {{both: {{value: {{list_join: [',', [{{get_attr: [v, value]}}, {{get_attr: [n, text]}}]]}}}}}}\n"
        ),
    );
    assert_eq!(output(&home, &["-t", &template]), "outer,inner");
}

#[test]
fn another_folder_is_no_other_stack() {
    let home = Home::new();
    for folder in ["one", "two"] {
        put(&home, &format!("{folder}/n.yaml"), &reads("x.sh"));
        put(&home, &format!("{folder}/x.sh"), "text");
        put(&home, &format!("{folder}/t.yaml"), &format!("{HEAD}  n: {{type: n.yaml}}\n"));
    }
    home.ok(&["stack", "create", "s", "-t", "one/t.yaml"]);
    let before = home.json(&["stack", "resource", "list", "s", "-n", "1"]);
    home.ok(&["stack", "update", "s", "-t", "two/t.yaml"]);
    let after = home.json(&["stack", "resource", "list", "s", "-n", "1"]);
    let ids = |list: &serde_json::Value| -> Vec<String> {
        let items = list.as_array().expect("a list").iter();
        items.map(|one| one["physical_resource_id"].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(ids(&before), ids(&after), "the nested stack is kept");
}

#[test]
fn what_lies_elsewhere_is_read_only_where_it_is_allowed() {
    let home = Home::new();
    put(&home, "keys/id", "a key");
    let sneaky = put(&home, "stacks/t.yaml", &reads("../keys/id"));
    let validate = ["template", "validate", "-t", &sneaky];
    let ran = run_in(&home, "stacks", &validate);
    assert_eq!(ran.code, 2, "{}", ran.said());
    assert!(
        ran.stdout.contains("t.yaml:3:63: error[HT0310]") && ran.stdout.contains("outside"),
        "{}",
        ran.said()
    );
    assert_eq!(ran.stdout.lines().count(), 1, "it is told once: {}", ran.said());
    let told = run_in(&home, "stacks", &[&validate[..], &["-f", "json"]].concat());
    assert!(told.said().contains("--allow-files"), "{}", told.said());
    assert_eq!(home.run(&validate).code, 0, "below the working folder");
    let keys = home.path().join("keys");
    let allowed = [&validate[..], &["--allow-files", keys.to_str().expect("text")]].concat();
    assert_eq!(run_in(&home, "stacks", &allowed).code, 0);
    let wrong = [&validate[..], &["--allow-files", "/no/such/folder"]].concat();
    assert_eq!(home.run(&wrong).code, 2);
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_out_is_not_followed() {
    let home = Home::new();
    put(&home, "keys/id", "a key");
    let template = put(&home, "stacks/t.yaml", &reads("x"));
    std::os::unix::fs::symlink(home.path().join("keys/id"), home.path().join("stacks/x")).expect("a link");
    let ran = run_in(&home, "stacks", &["template", "validate", "-t", &template]);
    assert!(ran.code == 2 && ran.stdout.contains("outside"), "{}", ran.said());
    // The user's own words may be a link: names start from where the template lies.
    std::os::unix::fs::symlink(home.path().join("stacks/real.yaml"), home.path().join("keys/link.yaml"))
        .expect("a link");
    put(&home, "stacks/real.yaml", &reads("y"));
    put(&home, "stacks/y", "beside");
    let ran = run_in(&home, "empty", &["template", "validate", "-t", "../keys/link.yaml"]);
    assert_eq!(ran.code, 0, "{}", ran.said());
}

#[test]
fn a_missing_file_is_told_in_the_nested_template() {
    let home = Home::new();
    put(&home, "part/n.yaml", &reads("no.sh"));
    let template = put(&home, "t.yaml", &format!("{HEAD}  n: {{type: part/n.yaml}}\n"));
    let ran = home.run(&["template", "validate", "-t", &template]);
    assert_eq!(ran.code, 2);
    assert!(ran.stdout.contains("part/n.yaml:3:63: error[HT0310]: cannot read"), "{}", ran.said());
    let missing = home.run(&["template", "validate", "-t", "none.yaml"]);
    assert!(
        missing.code == 2 && missing.stderr.contains("cannot read the template none.yaml"),
        "{}",
        missing.said()
    );
}

#[test]
fn a_template_that_names_itself_comes_to_an_end() {
    let home = Home::new();
    let template = put(&home, "t.yaml", &format!("{HEAD}  n: {{type: t.yaml}}\n"));
    let ran = home.run(&["template", "validate", "-t", &template]);
    assert!(ran.code == 2 && ran.said().contains("HT0419"), "{}", ran.said());
}

#[cfg(unix)]
#[test]
fn a_template_may_come_through_a_pipe() {
    let home = Home::new();
    put(&home, "x.sh", "text");
    let mut command = home.command(&["template", "validate", "-t", "/dev/stdin"]);
    let mut child = command.stdin(std::process::Stdio::piped()).spawn().expect("the command starts");
    child
        .stdin
        .take()
        .expect("a pipe")
        .write_all(HEAD.replace("resources:", "resources: {}").as_bytes())
        .expect("written");
    let ran = Ran::new(child.wait_with_output().expect("an end"));
    assert_eq!(ran.code, 0, "{}", ran.said());
}

/// A server that knows these pages; `/away/…` sends on to another place. It tells what it was asked.
fn serve(folder: &Path) -> (String, std::sync::Arc<std::sync::Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let (asked, here) = (std::sync::Arc::<std::sync::Mutex<Vec<String>>>::default(), address.clone());
    let (told, folder) = (asked.clone(), folder.to_owned());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let mut request = [0; 4096];
            let length = stream.read(&mut request).unwrap_or(0);
            let request = String::from_utf8_lossy(&request[..length]).into_owned();
            let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
            told.lock().expect("a list").push(path.clone());
            let answer = if let Some(on) = path.strip_prefix("/lib/away/") {
                format!(
                    "HTTP/1.1 302 Found\r\nLocation: {here}/{on}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                )
            } else {
                match std::fs::read_to_string(folder.join(path.trim_start_matches('/'))) {
                    Ok(text) => format!(
                        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
                        text.len()
                    ),
                    Err(_) => {
                        "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned()
                    }
                }
            };
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    (address, asked)
}

#[test]
fn what_lies_on_the_web_is_fetched_only_where_it_is_allowed() {
    let home = Home::new();
    put(&home, "web/lib/x.sh", "from afar");
    put(&home, "web/lib/n.yaml", &reads("x.sh"));
    put(&home, "web/lib/out.yaml", &reads("../key"));
    put(&home, "web/key", "a key");
    put(&home, "web/key.yaml", &reads("lib/x.sh"));
    let (server, asked) = serve(&home.path().join("web"));
    let nested = |name: &str| {
        put(
            &home,
            "t.yaml",
            &format!(
                "{HEAD}  n: {{type: '{server}/lib/{name}'}}\noutputs: {{t: {{value: {{get_attr: [n, text]}}}}}}\n"
            ),
        )
    };
    let template = nested("n.yaml");
    let refused = home.run(&["template", "validate", "-f", "json", "-t", &template]);
    assert!(refused.code == 2 && refused.said().contains("--allow-url"), "{}", refused.said());
    assert!(asked.lock().expect("a list").is_empty(), "nobody was asked");
    let prefix = format!("{server}/lib/");
    assert_eq!(output(&home, &["-t", &template, "--allow-url", &prefix]), "from afar");
    assert_eq!(output(&home, &["-t", &format!("{prefix}n.yaml")]), "from afar", "the user names the server");
    for (name, why) in [
        ("out.yaml", "not allowed"),
        ("away/lib/n.yaml", "from afar"),
        ("away/key.yaml", "is sent on to"),
        ("none.yaml", "404"),
    ] {
        let template = nested(name);
        let words = [
            "stack",
            "create",
            "s",
            "--store",
            "memory",
            "-f",
            "json",
            "-t",
            &template,
            "--allow-url",
            &prefix,
        ];
        let ran = home.run(&words);
        assert_eq!(ran.code, if why == "from afar" { 0 } else { 2 }, "{name}: {}", ran.said());
        assert!(ran.said().contains(why), "{name}: {}", ran.said());
    }
    assert!(
        !asked.lock().expect("a list").iter().any(|path| path.starts_with("/key")),
        "it is outside of what is allowed"
    );
}

//! No secret of a deployment lies anywhere in clear: not in the database or its log, not in what a command says, logs or
//! fails with, not in events.
#![cfg(unix)]
#![allow(clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::path::PathBuf;
use support::cloud::{CloudProcess, ROBOT_SECRET};
use support::{Home, Ran, signal, store_of, until};

const TEMPLATE: &str = "heat_template_version: 2021-04-16
parameters:
  admin: {type: string, hidden: true}
  phrase: {type: string, hidden: true}
  size: {type: number, default: 1}
resources:
  net: {type: OS::Neutron::Net}
  subnet: {type: OS::Neutron::Subnet, properties: {network: {get_resource: net}, cidr: 10.9.0.0/24}}
  generated: {type: OS::Heat::RandomString, properties: {length: 40}}
  note: {type: OS::Heat::Value, properties: {value: {list_join: ['-', [{get_param: phrase}, {get_attr: [generated, value]}]]}}}
  server:
    type: OS::Nova::Server
    depends_on: subnet
    properties:
      flavor: m1.small
      image: cirros
      admin_pass: {get_param: admin}
      networks: [{network: {get_resource: net}}]
      metadata: {note: {get_attr: [note, value]}}
      user_data_format: RAW
      user_data:
        str_replace:
          template: 'password=$phrase token=$generated'
          params: {$phrase: {get_param: phrase}, $generated: {get_attr: [generated, value]}}
  volume: {type: OS::Cinder::Volume, properties: {size: {get_param: size}}}
";

const OUTPUTS: &str = "outputs:
  generated: {value: {get_attr: [generated, value]}}
  note: {value: {get_attr: [note, value]}}
";

const INNER: &str = "heat_template_version: 2021-04-16
parameters: {note: {type: string}}
resources:
  disk: {type: OS::Cinder::Volume, properties: {size: 1, metadata: {note: {get_param: note}}}}
";

const NESTED: &str = "  inner:
    type: inner.yaml
    properties: {note: {list_join: ['-', [note, {get_param: phrase}, {get_param: admin}]]}}
";

const GROUP: &str = "  group:
    type: OS::Heat::ResourceGroup
    properties:
      count: 1
      resource_def:
        type: OS::Cinder::Volume
        properties:
          size: 1
          metadata: {note: {list_join: ['-', [note, {get_param: phrase}, {get_param: admin}]]}}
";

const ADMIN: &str = "adm1n-hunter2-pass";
const PHRASE: &str = "phrase-hunter2-said";

/// What was said and written so far.
#[derive(Default)]
struct Seen(Vec<(String, Vec<u8>)>);

impl Seen {
    fn said(&mut self, by: &str, ran: &Ran) {
        self.0.push((format!("what {by} said"), ran.said().into_bytes()));
    }

    /// All files of the store. Gives their names.
    fn files(&mut self, when: &str, home: &Home) -> Vec<String> {
        let folder: PathBuf = store_of(home).parent().expect("a folder").to_owned();
        let mut names = Vec::new();
        for file in std::fs::read_dir(folder).expect("files") {
            let path = file.expect("a file").path();
            names.push(path.file_name().expect("a name").to_string_lossy().into_owned());
            self.0.push((format!("{} {when}", path.display()), std::fs::read(&path).expect("bytes")));
        }
        names
    }

    /// Where a secret stands, as it is, as JSON or in base64 at any offset.
    fn places(&self, secret: &str) -> Vec<&str> {
        let mut forms = vec![secret.to_owned()];
        let quoted = serde_json::to_string(secret).expect("JSON");
        forms.push(quoted.trim_matches('"').to_owned());
        for before in 0..3 {
            let coded = STANDARD.encode([&b"..."[..before], secret.as_bytes()].concat());
            // The first and the last digits hold bits of what stands around it.
            let inner = coded.trim_end_matches('=');
            forms.push(inner[(before * 4).div_ceil(3)..inner.len() - 2].to_owned());
        }
        let holds = |bytes: &[u8]| {
            let finds = |form: &String| memchr(bytes, form.as_bytes());
            forms.iter().any(finds)
        };
        self.0.iter().filter(|(_, bytes)| holds(bytes)).map(|(place, _)| place.as_str()).collect()
    }
}

fn memchr(bytes: &[u8], form: &[u8]) -> bool {
    bytes.windows(form.len()).any(|window| window == form)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_of_a_deployment_lies_anywhere_in_clear() {
    let cloud = CloudProcess::start(&["--work", "1500"]);
    let (_, _, _, clouds) = cloud.application_credential().await;
    let home = Home::with_cloud("simulator", &clouds);
    let template = home.put("t.yaml", TEMPLATE);
    let with_outputs = home.put("outputs.yaml", format!("{TEMPLATE}{OUTPUTS}"));
    let mut seen = Seen::default();
    let parameters = [format!("admin={ADMIN}"), format!("phrase={PHRASE}")];
    let words = |verb: &'static str, template: &str, more: &[&str]| -> Vec<String> {
        let mut words =
            vec!["stack".to_owned(), verb.to_owned(), "s".to_owned(), "-t".to_owned(), template.to_owned()];
        for parameter in &parameters {
            words.extend(["--parameter".to_owned(), parameter.clone()]);
        }
        words.extend(more.iter().map(|&word| word.to_owned()));
        words
    };
    let run = |words: &[String]| home.run(&words.iter().map(String::as_str).collect::<Vec<_>>());

    // Killed in the middle, so that the log of the database is there to be searched.
    let create = words("create", &template, &["-vvv"]);
    let mut child = home.begin(&create.iter().map(String::as_str).collect::<Vec<_>>());
    until("the server is being made", || {
        store_of(&home).exists()
            && home
                .run(&["stack", "resource", "show", "s", "server", "-f", "json"])
                .stdout
                .contains("CREATE_IN_PROGRESS")
    });
    signal(&child, "KILL");
    child.wait().expect("it ends");
    let names = seen.files("after the kill", &home);
    assert!(names.iter().any(|name| name.ends_with("-wal")), "{names:?}");
    seen.said("the create that was killed", &Ran::new(child.wait_with_output().expect("its words")));
    let waited = home.run(&["stack", "wait", "s", "-vvv"]);
    assert_eq!(waited.code, 0, "{}", waited.said());
    seen.said("wait", &waited);
    assert!(waited.stderr.contains("DEBUG") || waited.stderr.contains("TRACE"), "it logs: {}", waited.stderr);
    seen.files("after the creation", &home);

    for words in [
        &["stack", "show", "s", "-f", "json", "-vvv"] as &[&str],
        &["stack", "resource", "list", "s", "-f", "json"],
        &["stack", "resource", "show", "s", "server", "-f", "json"],
        &["stack", "resource", "show", "s", "note", "-f", "json"],
        &["stack", "resource", "show", "s", "generated", "-f", "json"],
        &["stack", "event", "list", "s", "-f", "json"],
    ] {
        let ran = home.run(words);
        assert_eq!(ran.code, 0, "{words:?}: {}", ran.said());
        seen.said(&words.join(" "), &ran);
    }

    // A service that repeats what it was sent: while it only cannot do it now, which is logged, and when it refuses it.
    let refuse = |method: &str, path: &str, faults: &[(u32, u16)]| {
        for (times, status) in faults {
            cloud.fault(&format!(
                r#"{{"method": "{method}", "path": "{path}", "times": {times}, "effect": {{"refuse": {{"status": {status}, "message": "{PHRASE} and {ADMIN} are not welcome"}}}}}}"#
            ));
        }
    };
    // Inside nested stacks it was sent as a part of other texts.
    home.put("inner.yaml", INNER);
    for (what, inner) in [("a nested stack", NESTED), ("a group", GROUP)] {
        refuse("POST", "/volume/*", &[(20, 400)]);
        let with_inner = home.put("with_inner.yaml", format!("{TEMPLATE}{inner}"));
        let failing = run(&words("update", &with_inner, &["-vvv"]));
        assert_eq!(failing.code, 1, "{what}: {}", failing.said());
        assert!(failing.said().contains("****** and"), "{what}: {}", failing.said());
        seen.said(&format!("the update of {what} that failed"), &failing);
        let events = home.run(&["stack", "event", "list", "s", "--nested-depth", "5", "-f", "json"]);
        assert_eq!(events.code, 0, "{}", events.said());
        seen.said(&format!("the events of {what}"), &events);
        cloud.ask("DELETE", "faults", "");
    }
    refuse("PUT", "/compute/*", &[(4, 503), (20, 400)]);
    let renamed = home.put(
        "renamed.yaml",
        TEMPLATE.replace("      flavor: m1.small\n", "      flavor: m1.small\n      name: renamed\n"),
    );
    let failing = run(&words("update", &renamed, &["-vvv"]));
    assert_eq!(failing.code, 1, "{}", failing.said());
    assert!(failing.stderr.contains("trying again"), "{}", failing.stderr);
    seen.said("the update that failed", &failing);
    let preview = run(&words("update", &template, &["--parameter", "size=3", "--dry-run", "-f", "json"]));
    seen.said("the preview", &preview);
    let wrong = run(&words("update", &template, &["--parameter", "size=x", "-vvv"]));
    assert_ne!(wrong.code, 0);
    seen.said("the update that was refused", &wrong);
    cloud.ask("DELETE", "faults", "");
    seen.files("after the failures", &home);

    // Outputs tell what they are asked to tell: here the test learns the secrets that it did not choose.
    let told = run(&words("update", &with_outputs, &["-q"]));
    assert_eq!(told.code, 0, "{}", told.said());
    let output = |key: &str| home.json(&["stack", "output", "show", "s", key])["output_value"].clone();
    let generated = output("generated");
    assert_eq!(output("note"), format!("{PHRASE}-{}", generated.as_str().expect("a text")));
    seen.files("with outputs", &home);
    seen.said("delete", &home.ok(&["stack", "delete", "-y", "s", "-vvv"]));
    seen.files("after the deletion", &home);

    let generated = generated.as_str().expect("a text").to_owned();
    let secrets = [ADMIN.to_owned(), PHRASE.to_owned(), generated, ROBOT_SECRET.to_owned()];
    for secret in &secrets {
        assert!(secret.len() >= 6, "a secret that may be looked for: {secret}");
        assert_eq!(seen.places(secret), [""; 0], "{secret}");
    }
}

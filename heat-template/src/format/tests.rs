//! The style by example; and whatever is written: the same meaning, and nothing more to do the second time.

#[allow(dead_code, reason = "only some kinds of changes are made here")]
#[path = "../../tests/fuzz/mutate.rs"]
mod mutate;

use super::*;
use crate::source::SourceMap;
use proptest::prelude::*;
use std::path::Path;

fn arranged(text: &str) -> Option<String> {
    arrange(SourceMap::new().add("t.yaml", text), text, &Style::default())
}

/// The value as a text; `None` where the text is refused.
fn value(text: &str) -> Option<String> {
    let file = SourceMap::new().add("t.yaml", text);
    let read = yaml::read(file, text, TextKind::Template, &Limits::default());
    (!read.has_errors()).then(|| read.node.map(|node| node.to_value().to_string()).unwrap_or_default())
}

/// Formats without the last resort of leaving a text as it is, and holds the result to what it must be.
fn checked(text: &str) -> String {
    let before = value(text).unwrap_or_else(|| panic!("refused: {text}"));
    let once = arranged(text).unwrap_or_else(|| panic!("not read: {text}"));
    assert_eq!(value(&once).as_ref(), Some(&before), "the meaning of\n{text}\nbecame\n{once}");
    let twice = arranged(&once).unwrap();
    assert_eq!(twice, once, "the second time\n{text}");
    let comments = |text: &str| text.matches('#').count();
    assert!(comments(&once) == comments(text) || text.contains('\\'), "comments of\n{text}\nin\n{once}");
    once
}

#[test]
fn a_template_in_the_style() {
    let text = r#"# A web server.


heat_template_version:   2021-04-16
description: >
     A server
     with a port.

parameters:

    flavor: {type: string, default: "m1.small"}   # small
    key :
        type:  'string'
        constraints:
        - length: {min: 1,
                   max: 20}
        -   allowed_values: [ "yes", 'no', maybe,  "0777" ]
    #  the last one
resources:
    server:
      type: OS::Nova::Server
      properties:
        flavor:    {get_param: flavor}
        networks:
        # the first
        - network: public
          fixed_ip: 10.0.0.1   # static

        # the second
        - {port: {get_resource: port}}
        user_data: |
            #!/bin/sh
              echo "hello"   

            exit 0


        metadata: {a_long_key: a value that makes it long, another_long_key: another value that makes it too long}
      # of the server
# of the resources

    port: {type: OS::Neutron::Port}


outputs:
  url: { value: { str_replace: { template: "http://$host/", # where
     params: {$host: {get_attr: [server, first_address]}}}}}
"#;
    insta::assert_snapshot!(checked(text), @r#"
    # A web server.

    heat_template_version: 2021-04-16
    description: >
      A server
      with a port.

    parameters:
      flavor: {type: string, default: m1.small}  # small
      key:
        type: string
        constraints:
          - length: {min: 1, max: 20}
          - allowed_values: ["yes", "no", maybe, "0777"]
      #  the last one
    resources:
      server:
        type: OS::Nova::Server
        properties:
          flavor: {get_param: flavor}
          networks:
            # the first
            - network: public
              fixed_ip: 10.0.0.1  # static

            # the second
            - {port: {get_resource: port}}
          user_data: |
            #!/bin/sh
              echo "hello"   

            exit 0

          metadata:
            a_long_key: a value that makes it long
            another_long_key: another value that makes it too long
        # of the server
      # of the resources

      port: {type: OS::Neutron::Port}

    outputs:
      url:
        value:
          str_replace:
            template: http://$host/  # where
            params: {$host: {get_attr: [server, first_address]}}
    "#);
}

#[test]
fn what_yaml_can_do_survives() {
    for text in [
        "",
        "# nothing\n",
        "a: 1",
        "a:\n",
        "a:\n  b:\nc:\n",
        "- a\n-\n- - b\n  - c\n-   - d\n",
        "a:\n- 1\n- 2\nb: 3\n",
        "x: &a {b: 1}\ny: *a\nz:\n  <<: *a\n  c: 2\n",
        "x: &a\n  b: 1\ny:\n  <<: [*a, *a]\n",
        "&k key: &v value\n*k : *v\n",
        "x: &a\n- 1\n- &b 2\n- *b\ny: !!seq\n- 1\n",
        "- &m\n  a: 1\n- &k a: 1\n- !!map {a: 1}\n",
        "a: !!str 5\nb: !!binary |\n  aGVsbG8=\nc: !!set {x, y}\nd: !!omap [a: 1, b: 2]\n",
        "a: !!null\nb: &x\nc: *x\n",
        "a: [!!null , &e , x]\n",
        "a: {b, c: , d: 1}\n",
        "a: [b: 1, c: 2, {d: 3}]\n",
        "a: [1, # one\n    2, # two\n    3] # three\n",
        "a: { # open\n  b: 1,\n\n  # inside\n  c: 2\n  # end\n} # close\nd: 1\n",
        "a: [] # none\nb: {}   # nothing\nc: [ # still\n]\n",
        "? a\n: b\n? c\n: - 1\n  - 2\n",
        "? |\n  long\n  key\n: v\n",
        "? a\n? b\n",
        "a: {? }\n? \n",
        "? \n: v\n",
        "a: ['x,y\"', z]\n",
        "--- # no value\n#\n",
        "a: 'one\n  two\n\n  three'\nb: \"one \\\n   two\\n\n   three \\  \n  x\"\nc: one\n  two\n\n\n  three\n",
        "a: |\n   x\n    y\n\n\nb: |-\n x\nc: |+\n x\n\n\nd: >\n x\n y\n\n   z\n w\n",
        "a: |2\n    x\n   y\nb: >1-\n  x\n y\nc: |+\n\n\n  x\n",
        "a: |  # of the header\n  x\n# behind\nb: 1\n",
        "a: |\n  x",
        "a: |+\n  x\n\n",
        "a: |\n\n   \n  \n   x\n",
        "a: |2\n\n    \n  x\n",
        "a: |\n  x\n     \nb: 1\n",
        "- |\n x\n- >+\n y\n\n- z\n",
        "a:\n  |\n  x\nb:\n  # why\n  5\nc: # how\n  # and why\n  text\n",
        "a: # first\n  # second\n  b: 1\n  # third\n # fourth\n# fifth\nc: 1\n",
        "- # dash\n  a: 1\n-\n  # own\n  - b\n- # x\n  y\n",
        "%YAML 1.1\n---\na: 1\n...\n# end\n",
        "  ...a\u{feff}b\n",
        "\"...a\"\n",
        "a: > # nothing\n\nb: |#-\nc: 1\n",
        "- | # the sign is gone\n  a\u{2028}  b\n",
        "'---'\n",
        "# before\n--- # at\n# after\na: 1\n",
        "--- |\n x\n",
        "--- text\n",
        "---\n",
        "--- {a: 1}\n",
        "---\n- 1\n...\n",
        "plain\n  text\n",
        "\u{feff}a: 1\n",
        "a: 1\r\nb: |\r\n  x\r\n\r\n  y\r\n# c\r\nd: 'x\r\n  y'\r\n",
        "a:\t1\nb: [1,\t2]\t# x\n",
        "a: \"tab\\there\"\nb: 'a\tb'\n",
        "a: b#c\nd: 'e # f'\ng: \"#\"\n",
        "yes: 1\n\"no\": 2\n0777: 3\n~: 4\n\"\": 5\n1.5: 6\n",
        "a: 'x: y'\nb: '- x'\nc: 'x'\nd: '{{ x }}'\ne: '@x'\nf: \"it's\"\ng: 'a\"b'\n",
        "a: ['x, y', \"z\", '[', 'a]b']\n",
        "\"a\": {\"b\":1,\"c\":[1,2]}\n",
        "{\"a\": 1, b: [1]}\n",
        "{\"a\": 1, \"b\": [1, {}]}",
        "[a, b]\n",
        "a: \"\\\n   x\"\nb: \"x\\\n  \\ y\"\n",
        "a: [\"x\n  y\", z\n w]\n",
        "a: [aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb, ccccccccccccccccccc, {d: 1, e: [f]}, [g, h], &y z]\n",
        "a: {aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb, ccccccccccccccccccc, \"d\":1}\n",
        "a: 1\na: 2\n",
        "a: &x k\nb: {c: *x, *x : 1}\n",
        "a: 2021-04-16\nb: '2021-04-16'\n",
        "a: \"x\u{2028}y\"\nb: x\u{a0}y\n",
        "a: !<tag:yaml.org,2002:str> 5\nb: ! 5\n",
        "%TAG !e! tag:yaml.org,2002:\n---\na: !e!str 5\n",
        "key: value # c\n   # odd\n  # odder\nnext:\n      # deep\n  a: 1\n",
        "a:\n  - b\n\n\n  - c\n\n  # x\n\n  - d\n\n\n\ne: 1\n\n\n",
    ] {
        checked(text);
    }
}

#[test]
fn what_cannot_be_read_has_diagnostics_and_no_text() {
    let text = "a: [1\nb: 2\n";
    let formatted = format(SourceMap::new().add("t.yaml", text), text, &Style::default());
    assert!(formatted.value.is_none() && formatted.has_errors());
    // Only PyYAML's own grammar reads it.
    let text = "a:   [m:, n]\n";
    let formatted = format(SourceMap::new().add("t.yaml", text), text, &Style::default());
    assert_eq!(formatted.value.as_deref(), Some(text));
    assert_eq!(formatted.diagnostics.len(), 1);
}

/// The texts of recorded cases and examples.
fn corpus() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut texts = Vec::new();
    for folder in ["conformance/cases", "examples"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "yaml") {
                texts.push(std::fs::read_to_string(path).unwrap());
            }
        }
    }
    let cases = texts.clone();
    for text in cases {
        let Ok(cases) = serde_yaml::from_str::<Vec<serde_json::Value>>(&text) else { continue };
        for case in cases {
            let steps = case.get("steps").and_then(|steps| steps.as_array()).into_iter().flatten();
            for holder in std::iter::once(&case).chain(steps) {
                for key in ["template", "environment"] {
                    texts.extend(holder.get(key).and_then(|text| text.as_str()).map(str::to_owned));
                }
                let files = holder.get("files").and_then(|files| files.as_object()).into_iter().flatten();
                texts.extend(files.filter_map(|(_, text)| text.as_str().map(str::to_owned)));
            }
        }
    }
    texts
}

#[test]
fn recorded_templates_keep_their_meaning() {
    let texts = corpus();
    assert!(texts.len() > 400, "{}", texts.len());
    let limits = Limits::default();
    let mut formatted = 0;
    for text in texts {
        let file = SourceMap::new().add("t.yaml", text.as_str());
        let read = yaml::read(file, &text, TextKind::Template, &limits);
        if !read.has_errors() && outline(&text).is_some() {
            checked(&text);
            formatted += 1;
        }
    }
    assert!(formatted > 350, "{formatted}");
}

#[test]
fn changed_templates_keep_their_meaning() {
    let corpus: Vec<String> = corpus().into_iter().filter(|text| text.len() < 10_000).collect();
    let count = std::env::var("HEAT_MUTATIONS").map_or(2_000, |text| text.parse().unwrap());
    let mut formatted = 0;
    for seed in 0..count {
        let mut random = mutate::Random::new(seed);
        let text = mutate::mutate(&corpus[random.below(corpus.len())], &corpus, &mutate::YAML, &mut random);
        // A lone scalar may become one that is read as JSON; then the text stays as it is.
        let is_scalar = value(&text).is_none_or(|value| !value.starts_with(['{', '[']));
        if !is_scalar && arranged(&text).is_some() {
            checked(&text);
            formatted += 1;
        }
    }
    assert!(formatted > count / 10, "{formatted}");
}

// --- random texts

/// A value written in some way; lines without their indentation, the first one behind `- ` or `key: `.
#[derive(Debug, Clone)]
enum Wild {
    Line(String),
    Lines(Vec<String>),
    Items(Vec<(Wild, u8)>),
    Entries(Vec<(String, Wild, u8)>),
}

impl Wild {
    /// Whether it begins on the line of its key.
    fn write(&self, indent: usize, out: &mut String) {
        let pad = " ".repeat(indent);
        match self {
            Self::Line(line) => {
                out.push(' ');
                out.push_str(line);
                out.push('\n');
            }
            Self::Lines(lines) => {
                out.push(' ');
                for (index, line) in lines.iter().enumerate() {
                    if index > 0 && !line.is_empty() {
                        out.push_str(&pad);
                    }
                    out.push_str(line);
                    out.push('\n');
                }
            }
            Self::Items(items) => {
                out.push('\n');
                for (item, noise) in items {
                    noisy(*noise, &pad, out);
                    out.push_str(&pad);
                    out.push('-');
                    item.write(indent + 1 + usize::from(noise % 4), out);
                }
            }
            Self::Entries(entries) => {
                out.push('\n');
                for (index, (key, value, noise)) in entries.iter().enumerate() {
                    noisy(*noise, &pad, out);
                    out.push_str(&pad);
                    out.push_str(&format!("{key}{index}:"));
                    value.write(indent + 1 + usize::from(noise % 4), out);
                }
            }
        }
    }
}

fn noisy(noise: u8, pad: &str, out: &mut String) {
    match noise / 4 % 8 {
        0 => out.push('\n'),
        1 => out.push_str(&format!("{pad}# c{noise}\n")),
        2 => out.push_str(&format!("\n\n{pad}# c\n\n")),
        3 => out.push_str("# left\n"),
        4 if out.ends_with('\n')
            && !out.ends_with("\n\n")
            && !out.trim_end().ends_with(['|', '+', '-', '>']) => {}
        _ => {}
    }
}

fn wild() -> impl Strategy<Value = Wild> {
    let plain = "[a-z0-9]{1,6}( [a-z0-9#:'-]{1,5}[a-z]){0,2}";
    let line = prop_oneof![
        plain.prop_map(Wild::Line),
        "'[ -&(-~]{0,8}'".prop_map(Wild::Line),
        "\"[ !#-\\[\\]-~]{0,8}\"".prop_map(Wild::Line),
        "[a-z]{1,4}  # [a-z ]{0,5}".prop_map(Wild::Line),
        Just(Wild::Line(String::new())),
        Just(Wild::Line("  # nothing".to_owned())),
        "\\[([a-z]{1,30}, ){0,6}[a-z]{1,4}\\]".prop_map(Wild::Line),
        "\\{([a-m]{1,30}: [n-z]{1,8}, ){0,5}z: \\{y: x\\}\\}( # e)?".prop_map(Wild::Line),
        "(&[a-z]{12} |!!str )[a-z]{1,4}".prop_map(Wild::Line),
    ];
    let content = "( {0,3}[a-z#-][a-z #:]{0,6}|  | {5}|)";
    let block =
        ("[|>]", "[+-]?", prop::collection::vec(content, 0..5)).prop_map(|(style, chomp, content)| {
            let first = content.iter().find(|line| !line.trim().is_empty());
            let deep = content.iter().take_while(|line| line.trim().is_empty()).any(|line| !line.is_empty())
                || first.is_some_and(|line| line.starts_with(' '));
            if deep {
                return Wild::Line("deep".to_owned());
            }
            let mut lines = vec![format!("{style}{chomp}")];
            lines.extend(content);
            Wild::Lines(lines)
        });
    let folded = prop_oneof![
        prop::collection::vec("[a-z]{1,5}( [a-z]+)?[ ]{0,2}|", 1..4).prop_map(|mut lines| {
            lines[0] = format!("'x{}", lines[0]);
            lines.push("end'".to_owned());
            Wild::Lines(lines)
        }),
        prop::collection::vec("[a-z]{1,5}( \\\\n[a-z]+)?(\\\\| )?", 1..4).prop_map(|mut lines| {
            lines[0] = format!("\"x{}", lines[0]);
            lines.push("end\"".to_owned());
            Wild::Lines(lines)
        }),
        prop::collection::vec("[a-z]{1,5}( [a-z]+)?[ ]{0,2}", 1..3).prop_map(Wild::Lines),
    ];
    let leaf = prop_oneof![4 => line, 2 => block, 1 => folded];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec((inner.clone(), any::<u8>()), 1..4).prop_map(Wild::Items),
            prop::collection::vec(("[a-z]{1,3}", inner, any::<u8>()), 1..4).prop_map(Wild::Entries),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]
    #[test]
    fn whatever_is_written_keeps_its_meaning(wild in wild(), head in 0..3u8) {
        let mut text = String::new();
        wild.write(0, &mut text);
        let text = match head {
            0 => text.trim_start_matches('\n').to_owned(),
            1 => format!("# head\n\n---{text}"),
            _ => format!("{}\n\n# end", text.trim_end()),
        };
        if value(&text).is_some() && arranged(&text).is_some() {
            checked(&text);
        }
    }

    #[test]
    fn nothing_panics(text in "[a-z:\\[\\]{}&*!\"'|>é\t\r\n #%?,-]{0,60}") {
        let file = SourceMap::new().add("t.yaml", text.as_str());
        let before = value(&text);
        let formatted = format(file, &text, &Style::default());
        prop_assert_eq!(before, formatted.value.as_deref().and_then(value));
        if let Some(once) = formatted.value {
            let file = SourceMap::new().add("t.yaml", once.as_str());
            let twice = format(file, &once, &Style::default()).value;
            prop_assert_eq!(twice, Some(once));
        }
    }
}

#[test]
fn what_is_said_behind_a_long_key_without_a_colon_is_said_behind_its_colon() {
    let text = "value: {get_p---\n-\tubj\rect}#: 2\n";
    let style = Style { width: 10 };
    let arranged = |text: &str| arrange(SourceMap::new().add("t.yaml", text), text, &style).unwrap();
    let once = arranged(text);
    assert_eq!(once, "value:\n  ? get_p---\n    -\tubj\n    ect\n  :  #: 2\n");
    assert_eq!(arranged(&once), once);
    assert_eq!(value(&once), value(text));
}

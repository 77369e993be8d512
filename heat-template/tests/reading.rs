//! How texts are read: every rule of YAML 1.1 as PyYAML and Heat have it, and what strangers may send.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where something is not as it should be"
)]

use heat_template::diagnostic::{Code, Diagnostic, codes};
use heat_template::source::{FileId, SourceMap, Span};
use heat_template::yaml::{self, Limits, Node, NodeKind, Read, TextKind};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn file(text: &str) -> FileId {
    SourceMap::new().add("t.yaml", text)
}

fn read_as(kind: TextKind, text: &str) -> Read {
    yaml::read(file(text), text, kind, &Limits::default())
}

fn read(text: &str) -> Read {
    read_as(TextKind::Template, text)
}

/// The value of a text without errors, as JSON text: with the order of keys and the form of numbers.
fn value(text: &str) -> String {
    let read = read(text);
    let errors: Vec<&Diagnostic> = read.diagnostics.iter().filter(|d| d.is_error()).collect();
    assert!(errors.is_empty(), "{text:?}: {errors:?}");
    read.node.expect("a node").to_value().to_string()
}

fn found(read: &Read) -> Vec<Code> {
    read.diagnostics.iter().map(|diagnostic| diagnostic.code).collect()
}

fn errors(text: &str) -> Vec<Code> {
    read(text).diagnostics.iter().filter(|d| d.is_error()).map(|d| d.code).collect()
}

#[track_caller]
fn same(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(value(text), *expected, "{text:?}");
    }
}

#[track_caller]
fn refused(code: Code, texts: &[&str]) {
    for text in texts {
        assert_eq!(errors(text), [code], "{text:?}");
    }
}

mod scalars {
    use super::*;

    #[test]
    fn plain_words_and_numbers() {
        same(&[
            (
                "[yes, No, ON, off, True, FALSE, y, n, tRue]",
                r#"[true,false,true,false,true,false,"y","n","tRue"]"#,
            ),
            ("[0777, 010, 08, 09, 0o10, 0x1F, 0b101, 1_000, +1]", r#"[511,8,"08","09","0o10",31,5,1000,1]"#),
            ("[12:30, 190:20:30, 1:30.5, 22:22, 1:60]", r#"[750,685230,90.5,1342,"1:60"]"#),
            (
                "[1e3, 1E5, 1e-5, 1e+3, 1.e+3, 6.8e+5, .5]",
                r#"["1e3","1E5","1e-5","1e+3",1000.0,680000.0,0.5]"#,
            ),
            ("[~, Null, null, NULL, '', \"~\"]", r#"[null,null,null,null,"","~"]"#),
            ("{a: , b: ~}", r#"{"a":null,"b":null}"#),
            (
                "[2012-01-01, 2001-12-14t21:59:43.10-05:00, 2012-13-45]",
                r#"["2012-01-01","2001-12-14t21:59:43.10-05:00","2012-13-45"]"#,
            ),
            ("['yes', \"1\", 'null']", r#"["yes","1","null"]"#),
            ("[Inf, nan, 1,000]", r#"["Inf","nan",1,0]"#),
            ("a: 123456789012345678901234567890", r#"{"a":123456789012345678901234567890}"#),
        ]);
    }

    #[test]
    fn floats_have_the_text_that_python_gives_them() {
        same(&[
            ("[1.0e+16, 1.0e-7, 1.10, 100.0, 0.1, -0.0]", "[1e+16,1e-07,1.1,100.0,0.1,-0.0]"),
            ("{\"a\": [1e16, 1E-7, 1.10]}", r#"{"a":[1e+16,1e-07,1.1]}"#),
        ]);
    }

    #[test]
    fn infinity_and_nan_are_kept_as_text_with_a_warning() {
        for (text, expected) in [
            ("[.inf, -.INF, .NaN]", r#"["Infinity","-Infinity","NaN"]"#),
            ("[NaN, -Infinity]", r#"["NaN","-Infinity"]"#),
        ] {
            assert_eq!(value(text), expected);
            assert!(found(&read(text)).iter().all(|code| *code == codes::NUMBER_NOT_FINITE), "{text}");
        }
        // Without a dot they are words of YAML; the brackets make this text JSON unless it is not.
        assert_eq!(value("[NaN, a]"), r#"["NaN","a"]"#);
    }

    #[test]
    fn numbers_that_do_not_look_like_their_values_are_pointed_out() {
        let codes_of = |text: &str| found(&read(text));
        assert_eq!(codes_of("mode: 0777"), [codes::SURPRISING_NUMBER]);
        assert_eq!(codes_of("port: 22:22"), [codes::SURPRISING_NUMBER]);
        assert_eq!(codes_of("a: 0o17\nb: 08\nc: 1e3"), [codes::TEXT_NOT_NUMBER; 3]);
        assert_eq!(codes_of("a: 0\nb: 0x1f\nc: 00\nd: 1_000\ne: '0777'\nf: 10.0.0.1"), []);
    }

    #[test]
    fn blocks_and_quotes() {
        same(&[
            ("a: |\n  x\n   y\n\n  z\n", r#"{"a":"x\n y\n\nz\n"}"#),
            ("a: |-\n  x\n\nb: 1", r#"{"a":"x","b":1}"#),
            ("a: |+\n  x\n\nb: 1", r#"{"a":"x\n\n","b":1}"#),
            ("a: >\n  x\n  y\n\n  z\n    w\n", r#"{"a":"x y\nz\n  w\n"}"#),
            ("a: \"b\nc\"", r#"{"a":"b c"}"#),
            ("a: 'it''s'", r#"{"a":"it's"}"#),
            ("a: \"\\x41\\u00e9\\U0001F600\\e\\N\"", "{\"a\":\"Aé😀\\u001b\u{85}\"}"),
        ]);
    }
}

mod differences_from_yaml_12 {
    use super::*;

    #[test]
    fn a_block_without_a_final_newline_has_none() {
        same(&[("a: |\n  x", r#"{"a":"x"}"#), ("a: >\n  x\n  y", r#"{"a":"x y"}"#)]);
    }

    #[test]
    fn brackets_and_quotes_may_go_on_in_the_first_column() {
        same(&[
            ("a: \"b\nc\"\n", r#"{"a":"b c"}"#),
            ("a: [b,\nc\n]\n", r#"{"a":["b","c"]}"#),
            ("a: {b: 1\n}\n", r#"{"a":{"b":1}}"#),
        ]);
    }

    #[test]
    fn tabs_between_tokens() {
        same(&[("a:\tb", r#"{"a":"b"}"#)]);
        refused(codes::SYNTAX, &["a:\n\tb: 1", "\ta: 1"]);
    }

    #[test]
    fn unicode_line_breaks() {
        same(&[("a: x\u{85}  y", r#"{"a":"x y"}"#), ("a: x\u{2028}  y", "{\"a\":\"x\u{2028}y\"}")]);
    }

    #[test]
    fn comments_aliases_and_question_marks_glued_to_others() {
        same(&[
            ("a: 'b'#c", r#"{"a":"b"}"#),
            ("a: &q x\n*q : y", r#"{"a":"x","x":"y"}"#),
            ("[?a]", r#"[{"a":null}]"#),
        ]);
    }

    #[test]
    fn what_only_yaml_12_accepts() {
        refused(codes::SYNTAX, &["%YAML 2.0\n---\na: 1", "a: 1\n...\nb: 2\n: c", "a: - b"]);
        refused(codes::CONTROL_CHARACTER, &["a: \u{7}", "a: \u{7f}", "a: b\u{0}c", "a: \"\\ud83d\""]);
    }

    #[test]
    fn the_directive_does_not_change_the_rules() {
        same(&[("%YAML 1.2\n---\na: [yes, 0o17, 017, 1:30]", r#"{"a":[true,"0o17",15,90]}"#)]);
    }
}

mod keys {
    use super::*;

    #[test]
    fn of_duplicates_the_last_value_stands_in_the_first_place() {
        let text = "a: 1\nb: 2\na: 3\n";
        assert_eq!(value(text), r#"{"a":3,"b":2}"#);
        let read = read(text);
        assert_eq!(found(&read), [codes::DUPLICATE_KEY]);
        let diagnostic = &read.diagnostics[0];
        assert_eq!(diagnostic.primary.as_ref().map(|label| label.span.start), Some(10));
        assert_eq!(diagnostic.labels.first().map(|label| label.span.start), Some(0));
    }

    #[test]
    fn duplicates_are_found_in_long_maps_too() {
        let mut text: String = (0..100).map(|n| format!("k{n}: {n}\n")).collect();
        text += "k7: x\nk99: y\n";
        assert_eq!(found(&read(&text)), [codes::DUPLICATE_KEY; 2]);
        let node = read(&text).node.expect("a node");
        assert_eq!(
            (node.get("k7").and_then(Node::as_str), node.as_map().map(<[_]>::len)),
            (Some("x"), Some(100))
        );
    }

    #[test]
    fn what_is_no_text_becomes_one_as_in_json() {
        same(&[
            ("on: 1", r#"{"true":1}"#),
            ("{1: a, 2.50: b, ~: c, 0x10: d}", r#"{"1":"a","2.5":"b","null":"c","16":"d"}"#),
            ("2012-01-01: a", r#"{"2012-01-01":"a"}"#),
        ]);
        assert_eq!(found(&read("on: 1\n0x10: 2\n5: 3\nx: 4")), [codes::KEY_BECOMES_TEXT; 2]);
    }

    #[test]
    fn keys_that_python_takes_for_equal_are_one() {
        same(&[
            ("{1: a, true: b}", r#"{"1":"b"}"#),
            ("{true: a, 1: b}", r#"{"true":"b"}"#),
            ("{1.0: a, 1: b}", r#"{"1.0":"b"}"#),
            ("{0: a, false: b, -0.0: c}", r#"{"0":"c"}"#),
            ("{1: number, \"1\": text}", r#"{"1":"text"}"#),
            ("{0x10: hex, 16: dec}", r#"{"16":"dec"}"#),
        ]);
    }

    #[test]
    fn lists_and_maps_are_refused() {
        refused(codes::KEY_NOT_SCALAR, &["[a]: b", "{{a: b}: c}", "? - a\n: b", "name: {{ value }}"]);
        let help = &read("name: {{ value }}").diagnostics[0].help;
        assert!(help.iter().any(|text| text.contains("quote")), "{help:?}");
    }

    #[test]
    fn merge_keys_come_first_and_own_keys_win() {
        same(&[
            ("a: &a {x: 1, y: 2}\nb: {y: 3, <<: *a, z: 4}", r#"{"a":{"x":1,"y":2},"b":{"x":1,"y":3,"z":4}}"#),
            ("[&a {x: 1}, &b {x: 2, y: 3}, {<<: [*a, *b]}]", r#"[{"x":1},{"x":2,"y":3},{"x":1,"y":3}]"#),
            ("<<: {a: 1}\n<<: {a: 2, b: 3}", r#"{"a":2,"b":3}"#),
            ("\"<<\": 1", r#"{"<<":1}"#),
        ]);
        // Overriding what was merged is the purpose; giving an own key twice is not.
        assert_eq!(found(&read("a: {<<: {x: 1}, x: 2}")), []);
        assert_eq!(found(&read("a: {<<: {x: 1}, x: 2, x: 3}")), [codes::DUPLICATE_KEY]);
        refused(codes::BAD_MERGE, &["<<: 1", "<<: [1]", "a: <<", "- <<", "<<"]);
    }

    #[test]
    fn a_bare_equals_sign_is_a_key_but_no_value() {
        same(&[("=: 1", r#"{"=":1}"#), ("a: '='", r#"{"a":"="}"#)]);
        refused(codes::VALUE_KEY, &["a: =", "[=]", "="]);
    }
}

mod anchors {
    use super::*;

    #[test]
    fn aliases_are_copies() {
        same(&[("a: &x {k: [1]}\nb: *x\nc: [*x]", r#"{"a":{"k":[1]},"b":{"k":[1]},"c":[{"k":[1]}]}"#)]);
        let read = read("a: &x {k: 1}\nb: *x");
        let node = read.node.expect("a node");
        // The copy points to where the value is written.
        assert_eq!(node.get("a").map(|n| n.span), node.get("b").map(|n| n.span));
    }

    #[test]
    fn mistakes_have_codes() {
        refused(codes::UNDEFINED_ALIAS, &["a: *b", "*b : a"]);
        refused(codes::DUPLICATE_ANCHOR, &["a: &x 1\nb: &x 2"]);
        refused(codes::RECURSIVE_ALIAS, &["a: &x [*x]", "&x {a: *x}"]);
    }

    #[test]
    fn a_similar_anchor_is_suggested() {
        let read = read("a: &server 1\nb: *sever");
        assert!(
            read.diagnostics[0].help.iter().any(|help| help.contains("*server")),
            "{:?}",
            read.diagnostics
        );
    }
}

mod tags {
    use super::*;

    #[test]
    fn known_tags_force_a_type() {
        same(&[
            (
                "[!!str 5, !!int '7', !!float 1, !!bool 'YES', !!null x, !!str yes]",
                r#"["5",7,1.0,true,null,"yes"]"#,
            ),
            ("[!!int '0x1f', !!int ' 5 ', !!float '1e3', !!timestamp x]", r#"[31,5,1000.0,"x"]"#),
            ("a: !!binary aGVs\n", r#"{"a":"hel"}"#),
            ("a: !!set {x, y, x}", r#"{"a":["x","y"]}"#),
            ("a: !!omap [{x: 1}, {2: y}]", r#"{"a":[["x",1],[2,"y"]]}"#),
            ("[&m {x: 1}, !!omap [*m]]", r#"[{"x":1},[["x",1]]]"#),
            ("a: !!pairs [{x: 1}, {x: 2}]", r#"{"a":[["x",1],["x",2]]}"#),
            ("[!!seq [1], !!map {a: 1}]", r#"[[1],{"a":1}]"#),
            ("[! 5, ! '5', ! [a]]", r#"[5,5,["a"]]"#),
            ("%TAG !e! tag:yaml.org,2002:\n---\na: !e!int '5'", r#"{"a":5}"#),
            ("a: !<tag:yaml.org,2002:int> '5'", r#"{"a":5}"#),
        ]);
    }

    #[test]
    fn values_that_do_not_fit_are_refused() {
        refused(
            codes::TAG_MISMATCH,
            &[
                "a: !!int x",
                "a: !!int ''",
                "a: !!float x",
                "a: !!bool maybe",
                "a: !!str [1]",
                "a: !!seq {a: 1}",
                "a: !!map [1]",
                "a: !!seq x",
                "a: !!set [1]",
                "a: !!omap {a: 1}",
                "a: !!omap [x]",
                "a: !!omap [[{a: 1}]]",
                "a: !!omap [{a: 1, b: 2}]",
                "a: !!binary aGVsb",
                "a: !!binary /w==",
                "a: 0x_",
            ],
        );
    }

    #[test]
    fn unknown_tags_are_refused() {
        refused(codes::UNKNOWN_TAG, &["a: !Ref b", "a: !python/x {}", "a: !!unknown b", "a: !x [1]"]);
        assert!(read("a: !GetAtt b").diagnostics[0].help[0].contains("Fn::GetAtt"));
    }

    #[test]
    fn bytes_are_no_keys() {
        refused(codes::KEY_NOT_SCALAR, &["!!binary aGVs: 1"]);
    }
}

mod documents {
    use super::*;

    #[test]
    fn an_empty_text_is_an_empty_map() {
        same(&[
            ("", "{}"),
            ("# nothing\n", "{}"),
            ("---\n", "{}"),
            ("--- ~\n...\n", "{}"),
            ("\u{feff}", "{}"),
        ]);
    }

    #[test]
    fn one_document_only() {
        same(&[("---\na: 1\n...\n", r#"{"a":1}"#)]);
        refused(codes::SECOND_DOCUMENT, &["a: 1\n---\nb: 2", "a: 1\n---\n"]);
    }

    #[test]
    fn a_root_of_any_kind_is_for_others_to_judge() {
        same(&[("- 1", "[1]"), ("text", "\"text\""), ("5", "5"), ("null ", "null")]);
    }

    #[test]
    fn json_is_read_as_json() {
        same(&[
            (r#"{"a": "x\/y", "b": 1e3, "c": "\ud83d\ude00"}"#, r#"{"a":"x/y","b":1000.0,"c":"😀"}"#),
            ("{\n\t\"a\": 1\n}", r#"{"a":1}"#),
            (r#"{"a": "yes", "b": "0777", "a": 2}"#, r#"{"a":2,"b":"0777"}"#),
        ]);
        // Flow style that is not JSON is YAML.
        same(&[(r#"{"a": 0777,}"#, r#"{"a":511}"#)]);
        // An environment is always YAML.
        let environment = read_as(TextKind::Environment, r#"{"a": 1e3}"#);
        assert_eq!(environment.node.map(|node| node.to_value()), Some(json!({"a": "1e3"})));
    }

    #[test]
    fn broken_json_says_so_beside() {
        let read = read("{\"a\": 1,\n \"b\": [1, 2}\n}");
        assert!(read.node.is_none());
        assert!(
            read.diagnostics[0].labels.iter().any(|label| label.text.contains("JSON")),
            "{:?}",
            read.diagnostics
        );
    }
}

mod second_reader {
    use super::*;

    #[test]
    fn its_success_is_used_with_a_warning() {
        for (text, expected) in [
            ("a: [m:, n]", json!({"a": [{"m": null}, "n"]})),
            ("a: \"\\ud83d\\ude00\"", json!({"a": "😀"})),
            ("%FOO bar\n---\na: 1", json!({"a": 1})),
        ] {
            let read = read(text);
            assert_eq!(found(&read), [codes::PYTHON_GRAMMAR], "{text}");
            assert_eq!(read.node.map(|node| node.to_value()), Some(expected), "{text}");
        }
    }

    #[test]
    fn it_knows_dates_which_travel_as_text() {
        assert_eq!(value("[m:, 2012-01-01]"), r#"[{"m":null},"2012-01-01"]"#);
        assert_eq!(value("[m:, 2001-1-4 1:59:43.5 Z]"), r#"[{"m":null},"2001-01-04T01:59:43.500000"]"#);
        assert!(errors("[m:, 2012-13-45]").contains(&codes::TAG_MISMATCH));
        assert!(errors("[m:, {2012-01-01: x}]").contains(&codes::KEY_NOT_SCALAR));
    }

    #[test]
    fn in_an_attached_file_a_date_is_no_version() {
        let text = "heat_template_version: 2021-04-16\na: [m:, n]\n";
        assert_eq!(errors(text), []);
        assert!(found(&read_as(TextKind::AttachedTemplate, text)).contains(&codes::DATE_VERSION));
        let quoted = text.replace("2021-04-16", "'2021-04-16'");
        assert!(!read_as(TextKind::AttachedTemplate, &quoted).has_errors());
        let sound = "heat_template_version: 2021-04-16\n";
        assert!(!read_as(TextKind::AttachedTemplate, sound).has_errors());
    }
}

mod problems {
    use super::*;

    #[test]
    fn all_that_is_wrong_beyond_the_grammar_is_found_in_one_pass() {
        let text = "a: !Ref x\nb: *missing\nc: =\nd: {[1]: 2}\ne: &x 1\nf: &x 2\n<<: 5\ng: !!int z\n";
        let expected = [
            codes::UNKNOWN_TAG,
            codes::UNDEFINED_ALIAS,
            codes::VALUE_KEY,
            codes::KEY_NOT_SCALAR,
            codes::DUPLICATE_ANCHOR,
            codes::BAD_MERGE,
            codes::TAG_MISMATCH,
        ];
        let read = read(text);
        assert_eq!(found(&read), expected);
        // The tree keeps a value in each place.
        assert_eq!(read.node.and_then(|node| node.as_map().map(<[_]>::len)), Some(7));
    }

    #[test]
    fn syntax_errors_point_at_their_place() {
        for (text, at) in [
            ("a: {value: [1, 2}\n", 16),
            ("a: {value: %index%}\n", 11),
            ("a: 1\n\tb: 2\n", 5),
            ("a: b: c\n", 4),
            ("a: \"x", 5),
            ("b: [1,\n", 7),
        ] {
            let read = read(text);
            assert!(read.node.is_none(), "{text:?}");
            let place =
                read.diagnostics.iter().find(|d| d.code == codes::SYNTAX).and_then(|d| d.primary.as_ref());
            assert_eq!(place.map(|label| label.span.start), Some(at), "{text:?}: {:?}", read.diagnostics);
        }
    }

    #[test]
    fn every_span_covers_what_was_written() {
        let text = "größe:\n  - {a: 'b c'}\n  - |\n    text\n\nlist:\n- x\n- [1, 2]\nlast: end\n";
        let read = read(text);
        let node = read.node.expect("a node");
        let slice = |span: Span| &text[span.start as usize..span.end as usize];
        let first = node.get("größe").expect("the list");
        assert_eq!(node.entry("größe").map(|entry| slice(entry.key_span)), Some("größe"));
        assert_eq!(slice(first.span), "- {a: 'b c'}\n  - |\n    text");
        let items: Vec<&str> = first.as_list().expect("items").iter().map(|item| slice(item.span)).collect();
        assert_eq!(items, ["{a: 'b c'}", "|\n    text"]);
        assert_eq!(node.get("list").map(|list| slice(list.span)), Some("- x\n- [1, 2]"));
        assert_eq!(node.get("last").map(|last| slice(last.span)), Some("end"));
    }
}

mod hostile {
    use super::*;

    fn quickly(text: &str, limits: &Limits) -> Read {
        let started = Instant::now();
        let read = yaml::read(file(""), text, TextKind::Template, limits);
        let taken = started.elapsed();
        assert!(taken < Duration::from_secs(10), "took {taken:?}");
        read
    }

    fn default(text: &str) -> Vec<Code> {
        found(&quickly(text, &Limits::default()))
    }

    #[test]
    fn deep_nesting_is_refused() {
        for text in ["[".repeat(10_000), "{a: ".repeat(10_000), "- ".repeat(10_000), "{\"a\":".repeat(10_000)]
        {
            assert_eq!(default(&text), [codes::NESTED_TOO_DEEPLY]);
        }
        let indented: String = (0..700).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
        assert_eq!(default(&indented), [codes::NESTED_TOO_DEEPLY]);
    }

    #[test]
    fn no_limit_allows_a_tree_that_could_not_be_dropped() {
        let limits = Limits { depth: usize::MAX, characters: usize::MAX, ..Limits::default() };
        for text in [format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)), "- ".repeat(100_000)] {
            assert_eq!(found(&quickly(&text, &limits)), [codes::NESTED_TOO_DEEPLY]);
        }
        let fits = format!("{}1{}", "[".repeat(1_000), "]".repeat(1_000));
        assert!(!quickly(&fits, &limits).has_errors());
    }

    #[test]
    fn aliases_count_for_depth() {
        let mut text = "a0: &a0 [1]\n".to_owned();
        for n in 1..200 {
            text += &format!("a{n}: &a{n} [*a{}]\n", n - 1);
        }
        assert_eq!(default(&text), [codes::NESTED_TOO_DEEPLY]);
    }

    #[test]
    fn alias_bombs_end_early() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for n in 1..20 {
            let aliases = vec![format!("*a{}", n - 1); 9].join(", ");
            text += &format!("a{n}: &a{n} [{aliases}]\n");
        }
        assert_eq!(default(&text), [codes::ALIAS_EXPANSION]);
        let mut merges = "m0: &m0 {a: 1, b: 2, c: 3}\n".to_owned();
        for n in 1..100 {
            let previous = n - 1;
            merges += &format!(
                "m{n}: &m{n} {{k{n}: {{<<: [*m{previous}, *m{previous}, *m{previous}]}}, l: *m{previous}}}\n"
            );
        }
        assert!(default(&merges).contains(&codes::ALIAS_EXPANSION));
    }

    #[test]
    fn nested_anchors_are_not_copied_for_nothing() {
        // Every level is an anchor: keeping a copy of each would be quadratic.
        let anchors: String = (0..100).map(|n| format!("&a{n} [")).collect();
        let text = format!("{anchors}{}{}", "x, ".repeat(100_000), "]".repeat(100));
        assert_eq!(default(&text), []);
        let aliased = format!("{text} # {}", (0..100).map(|n| format!("*a{n} ")).collect::<String>());
        assert_eq!(default(&aliased), [codes::ALIAS_EXPANSION]);
    }

    #[test]
    fn long_texts_and_scalars_are_refused_or_read_quickly() {
        assert_eq!(default(&"a".repeat(524_289)), [codes::TEXT_TOO_LONG]);
        // Characters count, not bytes.
        assert_eq!(default(&format!("a: {}", "ä".repeat(400_000))), [codes::SCALAR_TOO_LONG]);
        assert_eq!(default(&format!("a: {}", "ä".repeat(260_000))), []);
        let small = Limits { scalar_bytes: 10, ..Limits::default() };
        assert_eq!(found(&quickly("a: 12345678901", &small)), [codes::SCALAR_TOO_LONG]);
        assert_eq!(found(&quickly("{\"a\": \"12345678901\"}", &small)), [codes::SCALAR_TOO_LONG]);
        let large = Limits { characters: usize::MAX, scalar_bytes: usize::MAX, ..Limits::default() };
        for text in [
            format!("a: {}", "b ".repeat(1_000_000)),
            format!("a: \"{}\"", "b\n".repeat(1_000_000)),
            format!("a: |\n{}", "  b\n".repeat(1_000_000)),
        ] {
            assert_eq!(found(&quickly(&text, &large)), [], "{}", &text[..10]);
        }
    }

    #[test]
    fn many_nodes_are_refused() {
        let limits = Limits { nodes: 100, ..Limits::default() };
        assert_eq!(found(&quickly(&format!("[{}]", "x, ".repeat(200)), &limits)), [codes::TOO_MANY_NODES]);
        assert_eq!(found(&quickly(&format!("[{}1]", "1,".repeat(200)), &limits)), [codes::TOO_MANY_NODES]);
    }

    #[test]
    fn of_very_many_problems_the_first_thousand_are_told() {
        let warnings = format!("{{{}}}", "a: 1, ".repeat(50_000));
        let read = quickly(&warnings, &Limits::default());
        assert_eq!(read.diagnostics.len(), 1_001);
        assert!(read.diagnostics.last().is_some_and(|last| last.code == codes::PROBLEMS_LEFT_OUT));
        assert!(!read.has_errors());
        // An error that refuses the text is told in any case.
        let late_error = format!("[{{{}}}, *x]", "a: 1, ".repeat(50_000));
        assert!(quickly(&late_error, &Limits::default()).has_errors());
        let anchors: String = (0..5_000).map(|n| format!("&anchor{n} x, ")).collect();
        let aliases: String = (0..30_000).map(|n| format!("*unchor{n} , ")).collect();
        let limits = Limits { characters: usize::MAX, ..Limits::default() };
        assert_eq!(quickly(&format!("[{anchors}{aliases}]"), &limits).diagnostics.len(), 1_001);
    }

    #[test]
    fn long_wrong_texts_are_refused_quickly() {
        for text in [
            format!("{}]", "[a, ".repeat(100)),
            format!("a: [m:, {}", "x, ".repeat(150_000)),
            format!("a: [m:, '{}", "x\n".repeat(250_000)),
            format!("a: [m:, {} b: c: d", "? ".repeat(200_000)),
            format!("{}\u{7}", "a: b # c\n".repeat(50_000)),
        ] {
            assert!(quickly(&text, &Limits::default()).has_errors(), "{}", &text[..20]);
        }
    }
}

/// All spans of a tree.
fn spans(node: &Node, into: &mut Vec<Span>) {
    into.push(node.span);
    match &node.kind {
        NodeKind::List(items) => items.iter().for_each(|item| spans(item, into)),
        NodeKind::Map(entries) => entries.iter().for_each(|entry| {
            into.push(entry.key_span);
            spans(&entry.value, into);
        }),
        _ => {}
    }
}

fn check_places(text: &str, read: &Read) {
    let mut all = Vec::new();
    if let Some(node) = &read.node {
        spans(node, &mut all);
    }
    for diagnostic in &read.diagnostics {
        all.extend(diagnostic.primary.iter().chain(&diagnostic.labels).map(|label| label.span));
        all.extend(diagnostic.fix.iter().flat_map(|fix| &fix.edits).map(|(span, _)| *span));
    }
    for span in all {
        assert!(text.get(span.start as usize..span.end as usize).is_some(), "{span:?} in {text:?}");
    }
    assert!(read.node.is_some() || read.has_errors(), "nothing and no reason: {text:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn any_text_is_read_or_refused_with_places_in_it(text in any::<String>()) {
        check_places(&text, &read(&text));
    }

    #[test]
    fn what_looks_like_yaml_is_too(
        parts in prop::collection::vec(
            prop_oneof![
                Just("a"), Just("é"), Just("1:2"), Just(": "), Just("- "), Just("? "), Just("\n"), Just("\n  "), Just("  "),
                Just("["), Just("]"), Just("{"), Just("}"), Just(", "), Just("&a "), Just("*a"), Just("!!str "), Just("!!omap "),
                Just("!!set "), Just("!x "), Just("|\n"), Just(">-\n  "), Just("'"), Just("\""), Just("\\u00e9"), Just("<<: "),
                Just("="), Just("#"), Just("%TAG "), Just("---\n"), Just("...\n"), Just("\t"), Just("\u{85}"), Just("\u{feff}"),
                Just("yes"), Just("0777"), Just("2012-01-01"), Just("\r\n"), Just("m:,"),
            ],
            0..24,
        ),
    ) {
        let text = parts.concat();
        for kind in [TextKind::Template, TextKind::AttachedTemplate, TextKind::Environment] {
            check_places(&text, &read_as(kind, &text));
        }
    }

    #[test]
    fn any_json_is_read_as_serde_json_reads_it(
        keys in prop::collection::vec("[ -~]{0,6}", 0..6),
        numbers in prop::collection::vec(any::<i64>(), 0..6),
    ) {
        let value = json!({ "keys": keys, "map": keys.iter().cloned().zip(numbers.clone()).map(|(k, v)| (k, json!(v))).collect::<serde_json::Map<String, Value>>() });
        let text = value.to_string();
        prop_assert_eq!(read(&text).node.map(|node| node.to_value()), Some(value));
    }
}

//! Functions, form by form.

use crate::kit::{Attributes, Given, Types, cfn, hot, newest, output, output_in, stack, stack_with};
use heat_template::definition::Inputs;
use heat_template::diagnostic::codes;
use heat_template::expression::AvailabilityZones;
use heat_template::schema::GenericConstraints;
use heat_template::source::SourceMap;
use heat_template::{Evaluated, EvaluationError, NoResources, ParseOptions, Scope, Template};
use serde_json::{Value, json};

/// Checks `expression => value`; an expression that fails is written with the fragment that its message holds.
fn table(rows: &[(&str, Result<Value, &str>)]) {
    for (expression, wanted) in rows {
        match (newest(expression), wanted) {
            (Ok(found), Ok(wanted)) => assert_eq!(&found, wanted, "{expression}"),
            (Err(message), Err(fragment)) => assert!(message.contains(fragment), "{expression}: {message}"),
            (found, wanted) => panic!("{expression}: {found:?}, should be {wanted:?}"),
        }
    }
}

#[test]
fn get_param_takes_any_failing_step_for_the_empty_text() {
    let text = "
heat_template_version: 2021-04-16
parameters:
  j: {type: json, default: {list: [a, {k: v}], text: abc, n: 5, '1': one, t: true}}
outputs:
  o:
    value:
      - {get_param: [j, list, 0]}
      - {get_param: [j, list, '1', k]}
      - {get_param: [j, list, -1, k]}
      - {get_param: [j, list, 2]}
      - {get_param: [j, list, true, k]}
      - {get_param: [j, list, 0.0]}
      - {get_param: [j, text, 1]}
      - {get_param: [j, text, x]}
      - {get_param: [j, n, 0]}
      - {get_param: [j, 1]}
      - {get_param: [j, '1']}
      - {get_param: [j, {a: b}]}
";
    let found = output(&stack(text).ok()).unwrap();
    assert_eq!(found, json!(["a", "v", "v", "", "v", "", "b", "", "", "", "one", ""]));
}

#[test]
fn get_param_needs_the_name_of_a_parameter() {
    table(&[
        ("{get_param: ''}", Err("needs the name")),
        ("{get_param: }", Err("needs the name")),
        ("{get_param: []}", Err("needs the name")),
        ("{get_param: 5}", Err("must be a text or a list")),
        ("{get_param: [[a]]}", Err("name of a parameter must be a text")),
        ("{get_param: nothing}", Err("parameter nothing was not provided")),
        ("{get_param: 'OS::region'}", Err("OS::region")),
        ("{get_param: 'OS::stack_name'}", Ok(json!("web"))),
        ("{get_param: 'OS::stack_id'}", Ok(json!("1d"))),
        ("{get_param: 'OS::project_id'}", Ok(json!("p1"))),
    ]);
}

#[test]
fn get_attr_walks_by_integers_and_keys_and_ends_in_null() {
    let text = |version: &str, call: &str| {
        format!(
            "heat_template_version: {version}\nresources:\n  r: {{type: Test::Any}}\noutputs:\n  o: {{value: {call}}}\n"
        )
    };
    let scope = Attributes(json!({"list": [1, {"k": "v"}], "text": "abc", "none": null}));
    let value = |version: &str, call: &str| output_in(&stack(&text(version, call)).ok(), &scope).unwrap();
    for version in ["2013-05-23", "2014-10-16", "2021-04-16"] {
        assert_eq!(value(version, "{get_attr: [r, value, list, 1, k]}"), json!("v"));
        assert_eq!(value(version, "{get_attr: [r, value, list, -2]}"), json!(1));
        // Unlike in get_param a text is no index.
        assert_eq!(value(version, "{get_attr: [r, value, list, '0']}"), json!(null));
        assert_eq!(value(version, "{get_attr: [r, value, list, 9]}"), json!(null));
        assert_eq!(value(version, "{get_attr: [r, value, text, 0]}"), json!("a"));
        assert_eq!(value(version, "{get_attr: [r, value, none, x]}"), json!(null));
    }
    assert_eq!(value("2015-10-15", "{get_attr: [r]}"), scope.0);
    stack(&text("2015-04-30", "{get_attr: [r]}")).refused("HT0301", &["outputs.o.value.get_attr", "must be"]);
    stack(&text("2021-04-16", "{get_attr: []}")).refused("HT0301", &["[resource name]"]);
    stack(&text("2021-04-16", "{get_attr: {a: b}}")).refused("HT0301", &["must be a list"]);
    stack(&text("2021-04-16", "{get_attr: [r, valeu]}")).refused("HT0309", &["r valeu"]);
    stack(&text("2021-04-16", "{get_attr: [r, show]}")).ok();
    // A null in the place of the attribute is as none where none is needed.
    assert_eq!(value("2021-04-16", "{get_attr: [r, null]}"), scope.0);
    stack(&text("2014-10-16", "{get_attr: [r, null]}")).refused("HT0309", &["r None"]);
}

#[test]
fn what_get_attr_asks_of_a_resource_must_be_told_beforehand() {
    let text = |version: &str, call: &str| {
        format!(
            "heat_template_version: {version}\nresources:\n  r: {{type: Test::Any}}\noutputs:\n  o: {{value: {call}}}\n"
        )
    };
    for step in ["[]", "{a: b}", "{get_param: nothing}"] {
        let call = format!("{{get_attr: [r, value, {step}]}}");
        for version in ["2014-10-16", "2015-10-15", "2021-04-16"] {
            assert!(!stack(&text(version, &call)).errors().is_empty(), "{version} {call}");
        }
    }
    // There the path is not for the resource.
    let scope = Attributes(json!({"a": 1}));
    let found = output_in(&stack(&text("2013-05-23", "{get_attr: [r, value, [a]]}")).ok(), &scope);
    assert_eq!(found, Ok(json!(null)));
    stack(&text("2013-05-23", "{get_attr: [r, {get_param: nothing}]}")).refused("HT0306", &["nothing"]);
    // What is a list only when the stack runs fails then.
    let scope = Attributes(json!(["a"]));
    let definition = stack(&text("2021-04-16", "{get_attr: [r, value, {get_attr: [r, list]}]}")).ok();
    assert!(output_in(&definition, &scope).unwrap_err().contains("a step to a part of an attribute"));
}

#[test]
fn get_resource_refuses_what_cannot_be_a_name_and_keeps_a_dangling_one_for_its_output() {
    for name in ["[r]", "{a: b}", "{get_param: nothing}", "{get_param: l}"] {
        let text = format!(
            "heat_template_version: 2021-04-16\nparameters:\n  l: {{type: comma_delimited_list, default: a}}\n\
             resources:\n  r: {{type: Test::Any}}\noutputs:\n  o: {{value: {{get_resource: {name}}}}}\n"
        );
        assert_eq!(stack(&text).errors().len(), 1, "{name}");
    }
    for name in ["nothing", "5", "''"] {
        let text = format!(
            "heat_template_version: 2021-04-16\noutputs:\n  o: {{value: {{get_resource: {name}}}}}\n"
        );
        assert!(output(&stack(&text).ok()).unwrap_err().contains("there is no resource"), "{name}");
    }
}

#[test]
fn a_condition_that_is_null_holds() {
    table(&[
        ("{if: [null, x, y]}", Ok(json!("x"))),
        ("{if: [{and: [true, null]}, x, y]}", Ok(json!("x"))),
        ("{if: [{or: [false, null]}, x, y]}", Ok(json!("x"))),
        ("{if: [{not: null}, x, y]}", Err("must be a condition")),
    ]);
    assert_eq!(cfn("{'Fn::If': [{'Fn::Not': [null]}, x, y]}"), Ok(json!("y")));
}

#[test]
fn a_member_list_is_whatever_can_be_gone_through() {
    let call = |list: &str| cfn(&format!("{{'Fn::MemberListToMap': [Name, Value, {list}]}}"));
    assert_eq!(call("['.member.0.Name=a', '.member.0.Value=b=c']"), Ok(json!({"a": "b=c"})));
    assert_eq!(call("''"), Ok(json!({})));
    assert_eq!(call("{}"), Ok(json!({})));
    assert_eq!(call("{'.member.0.Name=a': 1, '.member.0.Value=b': 2}"), Ok(json!({"a": "b"})));
    assert!(call("abc").unwrap_err().contains("has no \"=\""));
    assert!(call("5").unwrap_err().contains("must be a list"));
}

#[test]
fn str_split_of_a_number_fails_only_when_it_is_asked_for() {
    for number in ["0", "1.5", "true"] {
        assert!(!newest(&format!("{{str_split: {number}}}")).unwrap_err().starts_with("refused"));
    }
    assert!(newest("{str_split: text}").unwrap_err().starts_with("refused"));
}

#[test]
fn str_replace_replaces_once_longest_key_first() {
    table(&[
        ("{str_replace: {template: 'ab abc', params: {ab: 1, abc: 2}}}", Ok(json!("1 2"))),
        ("{str_replace: {template: xy, params: {x: y, y: x}}}", Ok(json!("yx"))),
        ("{str_replace: {template: aXb, params: {X: }}}", Ok(json!("ab"))),
        (
            "{str_replace: {template: 'X Y Z', params: {X: true, Y: 1.0e+20, Z: 7}}}",
            Ok(json!("True 1e+20 7")),
        ),
        (
            "{str_replace: {template: X, params: {X: {b: [1, \u{e4}], a: }}}}",
            Ok(json!("{\"a\": null, \"b\": [1, \"\\u00e4\"]}")),
        ),
        ("{str_replace: {template: X, params: {map_merge: [{X: y}]}}}", Ok(json!("y"))),
        ("{str_replace: {template: X, params: {X: y}, other: z}}", Ok(json!("y"))),
        ("{str_replace: {template: abc, params: {}}}", Ok(json!("abc"))),
        ("{str_replace: {template: 5, params: {}}}", Err("template of str_replace must be a text")),
        ("{str_replace: {template: a, params: {'': b}}}", Err("key must not be empty")),
        ("{str_replace: {template: a, params: [b]}}", Err("must be a map")),
        ("{str_replace: [a]}", Err("must be a map")),
        ("{str_replace: {template: a}}", Err("must be like")),
    ]);
    assert!(
        hot("2015-04-30", "{str_replace: {template: X, params: {X: [1]}}}").unwrap_err().contains("param X")
    );
    assert_eq!(hot("2013-05-23", "{str_replace: {template: X, params: {X: 1.5}}}"), Ok(json!("1.5")));
}

#[test]
fn str_replace_strict_wants_every_key_and_vstrict_every_value() {
    table(&[
        ("{str_replace_strict: {template: ab, params: {a: 1, c: 2, dd: 3}}}", Err("dd,c")),
        // A key that a longer one hides counts as missing.
        ("{str_replace_strict: {template: abc, params: {ab: 1, abc: 2}}}", Err("not in the template: ab")),
        ("{str_replace_strict: {template: a, params: {a: }}}", Ok(json!(""))),
        ("{str_replace_vstrict: {template: a, params: {a: 0}}}", Ok(json!("0"))),
        ("{str_replace_vstrict: {template: a, params: {a: false}}}", Ok(json!("False"))),
        ("{str_replace_vstrict: {template: a, params: {a: {}}}}", Err("empty value for param a")),
        ("{str_replace_vstrict: {template: b, params: {a: x}}}", Err("not in the template: a")),
    ]);
}

#[test]
fn list_join_joins_texts_and_json() {
    table(&[
        ("{list_join: ['-', [a, ~, b]]}", Ok(json!("a--b"))),
        ("{list_join: ['-', ~, '', {}, [a], [b]]}", Ok(json!("a-b"))),
        ("{list_join: ['-', [{b: 1, a: [x]}, [1.50]]]}", Ok(json!("{\"a\": [\"x\"], \"b\": 1}-[1.5]"))),
        ("{list_join: ['-', [true]]}", Err("must be texts, maps or lists, not True")),
        ("{list_join: ['-', abc]}", Err("needs a list")),
        ("{list_join: [1, [a]]}", Err("delimiter of list_join must be a text")),
        ("{list_join: {get_param: x}}", Err("must be like")),
        ("{list_join: ['-']}", Err("must be like")),
    ]);
    assert_eq!(hot("2014-10-16", "{list_join: ['-', ~]}"), Ok(json!("")));
    assert!(
        hot("2014-10-16", "{list_join: ['-', [{a: b}]]}")
            .unwrap_err()
            .contains("must be texts, not {'a': 'b'}")
    );
    assert!(hot("2014-10-16", "{list_join: ['-', '']}").unwrap_err().contains("needs a list"));
}

#[test]
fn str_split_takes_pieces_by_number() {
    table(&[
        ("{str_split: [',', 'a,b,,c']}", Ok(json!(["a", "b", "", "c"]))),
        ("{str_split: [',', 'a,b', 1.9]}", Ok(json!("b"))),
        ("{str_split: [',', 'a,b', '-1', ignored]}", Ok(json!("b"))),
        ("{str_split: [~, ' a  b ']}", Ok(json!(["a", "b"]))),
        ("{str_split: [',', ~, 7]}", Ok(json!(null))),
        ("{str_split: [',', 'a,b', 2]}", Err("between 0 and 1")),
        ("{str_split: [',', 'a,b', x]}", Err("incorrect index")),
        ("{str_split: ['', a]}", Err("must not be empty")),
        ("{str_split: [',', 5]}", Err("needs a text")),
        ("{str_split: [',']}", Err("must be like")),
        ("{str_split: {a: b, c: d}}", Err("must be like")),
        ("{str_split: {list_concat: [[','], ['a,b']]}}", Ok(json!(["a", "b"]))),
    ]);
}

#[test]
fn repeat_makes_every_combination() {
    table(&[
        (
            "{repeat: {template: '%a%%b%', for_each: {'%a%': [x, y], '%b%': [p, q]}}}",
            Ok(json!(["xp", "xq", "yp", "yq"])),
        ),
        ("{repeat: {template: {'k%a%': [1, '%a%']}, for_each: {'%a%': [x]}}}", Ok(json!([{"kx": [1, "x"]}]))),
        // What an earlier variable put in is seen by a later one.
        ("{repeat: {template: A, for_each: {A: [xB], B: [y]}}}", Ok(json!(["xy"]))),
        ("{repeat: {template: 5, for_each: {a: [1, {b: c}]}}}", Ok(json!([5, 5]))),
        ("{repeat: {template: a, for_each: {a: }}}", Ok(json!([]))),
        ("{repeat: {template: '%k%', for_each: {'%k%': {x: 1, y: 2}}}}", Ok(json!(["x", "y"]))),
        ("{repeat: {template: a, for_each: {a: [1]}}}", Err("only texts")),
        ("{repeat: {template: a, for_each: {}}}", Err("must not be empty")),
        ("{repeat: {template: a, for_each: {a: text}}}", Err("lists or maps")),
        ("{repeat: {template: a, for_each: [a]}}", Err("for_each of repeat must be a map")),
        ("{repeat: {template: a, for_each: {a: [x]}, permutations: 'no'}}", Err("true or false")),
        ("{repeat: {template: a, for_each: {a: [x]}, other: 1}}", Ok(json!(["x"]))),
        (
            "{repeat: {template: ab, for_each: {a: [x, y], b: [p, q]}, permutations: false}}",
            Ok(json!(["xp", "yq"])),
        ),
        ("{repeat: {template: ab, for_each: {a: [x, y], b: [p]}, permutations: false}}", Err("same length")),
        ("{repeat: {template: a, for_each: {a: {x: 1}}, permutations: false}}", Err("must be lists")),
    ]);
    // The template is evaluated before anything is put in.
    assert_eq!(
        newest("{repeat: {template: {str_split: [',', 'a,v']}, for_each: {v: ['1,2']}}}"),
        Ok(json!([["a", "1,2"]]))
    );
    assert!(
        hot("2016-04-08", "{repeat: {template: a, for_each: {a: {x: 1}}}}").unwrap_err().contains("lists")
    );
}

#[test]
fn repeat_does_not_fill_the_memory() {
    let list = format!("[{}]", vec!["x"; 400].join(", "));
    let call = format!("{{repeat: {{template: abc, for_each: {{a: {list}, b: {list}, c: {list}}}}}}}");
    assert!(newest(&call).unwrap_err().contains("copies"));
}

#[test]
fn digest_gives_hexadecimal_text() {
    table(&[
        ("{digest: [MD5, hello]}", Ok(json!("5d41402abc4b2a76b9719d911017c592"))),
        ("{digest: [sha1, '']}", Ok(json!("da39a3ee5e6b4b0d3255bfef95601890afd80709"))),
        (
            "{digest: [sha3_256, '']}",
            Ok(json!("a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a")),
        ),
        (
            "{digest: [sha512_256, '']}",
            Ok(json!("c672b8d1ef56ed28ab87c3622c5114069bdd3ad7b8f9737498d0c01ecef0967a")),
        ),
        // Latin-1, not UTF-8.
        ("{digest: [md5, \"\\xe4\"]}", Ok(json!("c15bcc5577f9fade4b4a3256190a59b0"))),
        ("{digest: [md5, \"\\u20ac\"]}", Err("Latin-1")),
        ("{digest: [md5, 5]}", Err("list of texts")),
        ("{digest: [md5]}", Err("[algorithm, text]")),
        ("{digest: [shake_128, a]}", Err("not an algorithm")),
        ("{digest: md5}", Err("list of texts")),
    ]);
}

#[test]
fn maps_are_merged_and_their_keys_replaced() {
    table(&[
        ("{map_merge: [{a: 1}, ~, {a: 2, b: 3}]}", Ok(json!({"a": 2, "b": 3}))),
        ("{map_merge: ''}", Ok(json!({}))),
        ("{map_merge: [[a]]}", Err("must be maps, not ['a']")),
        ("{map_merge: {a: {b: c}}}", Err("must be a list of maps")),
        ("{map_replace: [{a: x, b: y}, {keys: {a: A}, values: {y: Y}}]}", Ok(json!({"A": "x", "b": "Y"}))),
        ("{map_replace: [~, {keys: {a: A}}]}", Ok(json!({}))),
        ("{map_replace: [{a: [x]}, {values: {x: y}}]}", Ok(json!({"a": ["x"]}))),
        ("{map_replace: [{a: 1}, {keys: , values: }]}", Ok(json!({"a": 1}))),
        ("{map_replace: [{a: 1}, {keys: {a: 2}}]}", Ok(json!({"2": 1}))),
        ("{map_replace: [{a: 1, b: 2}, {keys: {a: b, b: a}}]}", Err("key replacement b collides")),
        ("{map_replace: [{a: 1, b: 2}, {keys: {a: c, b: c}}]}", Err("key in the output map")),
        ("{map_replace: [{a: 1}, {other: {}}]}", Err("must be like")),
        ("{map_replace: [{a: 1}]}", Err("must be like")),
        ("{map_replace: [{a: 1}, {}, {}]}", Err("must be like")),
    ]);
}

#[test]
fn lists_are_filtered_and_joined_by_pythons_equality() {
    table(&[
        ("{filter: [[1], [1, 1.0, true, '1', 2]]}", Ok(json!(["1", 2]))),
        ("{filter: [~, [a]]}", Ok(json!(["a"]))),
        ("{filter: [[a], ~]}", Ok(json!(null))),
        ("{filter: [[a], b]}", Err("only with lists")),
        ("{filter: [a, [b]]}", Err("list of values")),
        ("{filter: [a]}", Err("2 arguments")),
        ("{list_concat: [[1], ~, [2, [3]]]}", Ok(json!([1, 2, [3]]))),
        ("{list_concat: [[1], {a: b}]}", Err("must be lists")),
        ("{list_concat: [[1], text]}", Err("must be lists")),
        ("{list_concat: text}", Err("list of lists")),
        ("{list_concat_unique: [[1, true, a], [1.0, a, b]]}", Ok(json!([1, "a", "b"]))),
        ("{contains: [ell, hello]}", Ok(json!(true))),
        ("{contains: [1, [true]]}", Ok(json!(true))),
        ("{contains: [1, ['1']]}", Ok(json!(false))),
        ("{contains: [1, text]}", Err("cannot contain")),
        ("{contains: [a, {a: b}]}", Err("list or a text")),
        ("{contains: [a]}", Err("must be like")),
    ]);
}

#[test]
fn make_url_escapes_every_part_in_its_way() {
    table(&[
        ("{make_url: {scheme: http, host: h, port: '80', path: a}}", Ok(json!("http://h:80/a"))),
        ("{make_url: {host: h}}", Ok(json!("//h"))),
        ("{make_url: {scheme: http, host: '::1'}}", Ok(json!("http://[::1]"))),
        (
            "{make_url: {scheme: http, host: h, query: {a: 1, b: true, c: 'x y/z&'}}}",
            Ok(json!("http://h?a=1&b=True&c=x+y/z%26")),
        ),
        (
            "{make_url: {scheme: http, host: h, username: 'a:b', password: 'p@/'}}",
            Ok(json!("http://a%3Ab:p%40%2F@h")),
        ),
        (
            "{make_url: {scheme: http, host: h, path: '/a b', fragment: 'x y'}}",
            Ok(json!("http://h/a%20b#x%20y")),
        ),
        ("{make_url: {}}", Ok(json!(""))),
        ("{make_url: {scheme: http, host: h, port: 65536}}", Err("in range 1-65535")),
        ("{make_url: {scheme: http, host: h, port: ''}}", Err("invalid URL port")),
        ("{make_url: {scheme: http, domain: h}}", Err("domain")),
        ("{make_url: {scheme: 5}}", Err("scheme must be a text")),
        ("{make_url: {scheme: 'a:', host: h}}", Err("should not contain")),
        ("{make_url: {query: [a]}}", Err("query must be a map")),
        ("{make_url: {query: {a: b}, fragment: 5}}", Err("fragment must be a text")),
        ("{make_url: [a]}", Err("must be a map")),
    ]);
}

#[test]
fn get_file_gives_the_text_as_it_is() {
    let text = "heat_template_version: 2013-05-23\noutputs: {o: {value: {get_file: a.sh}}}\n";
    let given = Given { files: &[("a.sh", "{get_param: x}\n")], ..Given::default() };
    assert_eq!(output(&stack_with(text, &given).ok()), Ok(json!("{get_param: x}\n")));
    assert!(output(&stack(text).ok()).unwrap_err().contains("a.sh"));
    assert!(newest("{get_file: [a]}").unwrap_err().contains("needs a text"));
}

#[test]
fn cfn_functions_have_their_own_forms() {
    let rows: &[(&str, Result<Value, &str>)] = &[
        ("{'Fn::Select': ['1', [a, b]]}", Ok(json!("b"))),
        ("{'Fn::Select': [1.9, [a, b]]}", Ok(json!("b"))),
        ("{'Fn::Select': [k, {k: v}]}", Ok(json!("v"))),
        ("{'Fn::Select': [0, {k: v}]}", Err("must be a text")),
        ("{'Fn::Select': [x, [a]]}", Err("must be an integer")),
        ("{'Fn::Select': [9, [a]]}", Ok(json!(""))),
        ("{'Fn::Select': [0, '[1, 2]']}", Ok(json!(1))),
        ("{'Fn::Select': [0, 'x']}", Err("not JSON")),
        ("{'Fn::Select': [0, 5]}", Err("from a list or a map")),
        ("{'Fn::Join': ['-', [a, ~, b]]}", Ok(json!("a--b"))),
        ("{'Fn::Split': [',', 'a,b']}", Ok(json!(["a", "b"]))),
        ("{'Fn::Split': [{'Fn::Join': ['', [',']]}, 'a,b']}", Err("delimiter")),
        ("{'Fn::Replace': [{a: 1}, 'aba']}", Ok(json!("1b1"))),
        ("{'Fn::Base64': x}", Ok(json!("x"))),
        ("{'Fn::Base64': 5}", Err("needs a text")),
        (
            "{'Fn::MemberListToMap': [N, V, ['.member.1.N=b', '.member.1.V=2=3', '.member.0.N=a', '.member.0.V=1', other=x]]}",
            Ok(json!({"a": "1", "b": "2=3"})),
        ),
        ("{'Fn::MemberListToMap': [N, V, [x]]}", Err("no \"=\"")),
        ("{'Fn::MemberListToMap': [N, V]}", Err("must be like")),
        ("{Ref: 'AWS::Region'}", Ok(json!("ap-southeast-1"))),
        ("{Ref: 'AWS::StackId'}", Ok(json!("arn:openstack:heat::p1:stacks/web/1d"))),
        ("{Ref: nobody}", Err("nobody")),
        ("{Ref: [a]}", Err("needs a name")),
        ("{'Fn::FindInMap': [a, b]}", Err("must be [mapping, key, key]")),
    ];
    for (expression, wanted) in rows {
        match (cfn(expression), wanted) {
            (Ok(found), Ok(wanted)) => assert_eq!(&found, wanted, "{expression}"),
            (Err(message), Err(fragment)) => assert!(message.contains(fragment), "{expression}: {message}"),
            (found, wanted) => panic!("{expression}: {found:?}, should be {wanted:?}"),
        }
    }
}

#[test]
fn availability_zones_are_those_that_are_given() {
    let text = "AWSTemplateFormatVersion: 2010-09-09\nOutputs:\n  o:\n    Value: {'Fn::GetAZs': ''}\n";
    let zones = |zones: AvailabilityZones| {
        let inputs = Inputs { zones, ..Inputs::default() };
        let parsed = Template::parse(&mut SourceMap::new(), "t.yaml", text, &ParseOptions::default());
        let checked = parsed.value.unwrap().validate(&inputs, &Types, &GenericConstraints);
        assert!(!checked.has_errors(), "{:?}", checked.diagnostics);
        checked.value.unwrap().output("o", &NoResources)
    };
    let given = AvailabilityZones::Known(vec!["east".to_owned(), "west".to_owned()]);
    assert_eq!(zones(given).unwrap(), Evaluated::Known(json!(["east", "west"])));
    assert!(!zones(AvailabilityZones::NotAsked).unwrap().is_known(), "nobody knows yet");
    let refused = zones(AvailabilityZones::Nowhere).unwrap_err();
    assert_eq!(refused.diagnostic().code, codes::FUNCTION_UNSUPPORTED);
}

#[test]
fn resource_facade_works_only_inside_of_another_template() {
    assert!(newest("{resource_facade: metadata}").unwrap_err().contains("as a resource of another one"));
    assert!(newest("{resource_facade: metadat}").unwrap_err().contains("must be one of"));
}

#[test]
fn only_a_map_with_one_key_is_a_call() {
    table(&[
        ("{get_param: x, y: z}", Ok(json!({"get_param": "x", "y": "z"}))),
        ("{get_params: x}", Ok(json!({"get_params": "x"}))),
        ("{equals: [1, 1]}", Ok(json!({"equals": [1, 1]}))),
    ]);
    assert_eq!(hot("2015-04-30", "{str_split: [',', a]}"), Ok(json!({"str_split": [",", "a"]})));
    assert!(hot("2014-10-16", "{'Fn::Join': ['', [a]]}").unwrap_err().contains("HT0302"));
    assert_eq!(hot("2013-05-23", "{'Fn::Join': ['', [a]]}"), Ok(json!("a")));
}

#[test]
fn errors_tell_the_path_to_the_call() {
    let message = newest("{a: [x, {list_join: ['', [{get_param: nothing}]]}]}").unwrap_err();
    assert!(message.starts_with("outputs.o.value.a[1].list_join[1][0].get_param: "), "{message}");
}

#[test]
fn yaql_evaluates_its_expression_over_its_data() {
    assert_eq!(newest("{yaql: {expression: '$.data.a + 1', data: {a: 2}}}"), Ok(json!(3)));
    assert_eq!(newest("{yaql: {expression: '$.data'}}"), Ok(json!({})));
    assert_eq!(newest("{yaql: {expression: {list_join: ['', ['1 + ', '1']]}}}"), Ok(json!(2)));
    // Sets become lists, as in Heat's JSON; a date has no place in a template.
    assert_eq!(newest("{yaql: {expression: 'set(3, 1, 2)'}}"), Ok(json!([1, 2, 3])));
    assert!(newest("{yaql: {expression: 'datetime(2024, 5, 17)'}}").unwrap_err().contains("a date"));
    assert!(newest("{yaql: {expression: 'now()'}}").unwrap_err().contains("now()"));
    // Only expression and data, and the expression is a text.
    for wrong in ["{data: {}}", "{expression: '1', more: 2}", "{expression: 5}", "[1]", "{expression: '1 +'}"]
    {
        assert!(newest(&format!("{{yaql: {wrong}}}")).unwrap_err().contains("HT0301"), "{wrong}");
    }
}

#[test]
fn yaql_matters_only_where_it_is_reached() {
    let text = "
heat_template_version: 2021-04-16
outputs: {o: {value: {if: [true, fine, {yaql: {expression: '1 +'}}]}}}
";
    assert_eq!(output(&stack(text).ok()), Ok(json!("fine")));
}

#[test]
fn yaql_points_inside_of_its_expression() {
    for (expression, wrong) in [
        ("$.data.fooo()", "fooo()"),
        ("'$.data + ''a'' + )'", ")"),
        (">-\n            $.data\n            + bad(1)", "bad(1)"),
        ("$.data +", ""),
    ] {
        let text = format!(
            "heat_template_version: 2021-04-16\noutputs:\n  o:\n    value:\n      yaql:\n        data: 1\n        expression: {expression}\n"
        );
        let stack = stack(&text);
        let told = stack.diagnostics.iter().find(|diagnostic| diagnostic.is_error()).cloned();
        let found =
            told.unwrap_or_else(|| stack.ok().output("o", &NoResources).unwrap_err().into_diagnostic());
        let span = found.primary.unwrap().span;
        assert_eq!(&text[span.start as usize..span.end as usize], wrong, "{expression}");
    }
}

/// A stack whose resources exist later.
struct Later;

impl Scope for Later {
    fn reference_id(&self, resource: &str) -> Evaluated {
        Evaluated::unknown(resource)
    }

    fn attribute(&self, resource: &str, _: &str, _: &[Value]) -> Result<Evaluated, EvaluationError> {
        Ok(Evaluated::unknown(resource))
    }

    fn all_attributes(&self, resource: &str) -> Result<Evaluated, EvaluationError> {
        Ok(Evaluated::unknown(resource))
    }
}

#[test]
fn yaql_over_what_is_not_known_yet_is_not_known() {
    let text = "
heat_template_version: 2021-04-16
resources: {r: {type: Test::Any}}
outputs: {o: {value: {yaql: {expression: 'isString($.data.a)', data: {a: {get_attr: [r, value]}, b: 1}}}}}
";
    let definition = stack(text).ok();
    assert_eq!(definition.output("o", &Later), Ok(Evaluated::unknown("r")));
    assert_eq!(output_in(&definition, &Attributes(json!("x"))), Ok(json!(true)));
}

#[test]
fn yaql_in_a_condition() {
    let text = "
heat_template_version: 2017-09-01
parameters: {names: {type: comma_delimited_list, default: 'a,b'}}
conditions:
  many: {yaql: {expression: '$.data.names.len() > 1', data: {names: {get_param: names}}}}
outputs: {o: {value: {if: [many, several, one]}}}
";
    assert_eq!(output(&stack(text).ok()), Ok(json!("several")));
}

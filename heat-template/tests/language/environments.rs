//! Environments: sections, the registry, merging.

use crate::kit::{Given, Types, output, stack_with};
use heat_template::Files;
use heat_template::environment::{Environment, GlobalEnvironment, Hook, Implementation, RestrictedAction};
use heat_template::parameter::ParameterType;
use heat_template::schema::{ResourceSchema, ResourceTypes};
use heat_template::source::SourceMap;
use heat_template::yaml::Limits;
use indexmap::IndexMap;
use serde_json::{Value, json};
use std::sync::Arc;

fn read(text: &str) -> (Option<Environment>, Vec<String>) {
    let read = Environment::parse(&mut SourceMap::new(), "e.yaml", text, &Limits::default());
    let errors = read.diagnostics.iter().filter(|found| found.is_error());
    let errors = errors.map(|found| format!("{} {found}", found.code)).collect();
    (read.value, errors)
}

#[test]
fn an_environment_may_come_as_a_value() {
    let value = json!({
        "parameters": {"a": "one\u{85}two", "b": "\u{7f}", "c": 1e300, "d": "\u{2029}"},
        "resource_registry": {"My::*": "OS::Heat:\u{85}None", "resources": {}},
        "parameter_defaults": {},
        "event_sinks": [],
    });
    let read = Environment::from_value(&mut SourceMap::new(), "body", &value, &Limits::default());
    assert_eq!(read.value.unwrap().to_value(), value);
}

#[test]
fn the_nearest_value_wins() {
    let text = "
heat_template_version: 2021-04-16
parameters: {a: {type: string, default: t}, b: {type: string, default: t}, c: {type: string, default: t}, d: {type: string, default: t}}
outputs: {o: {value: [{get_param: a}, {get_param: b}, {get_param: c}, {get_param: d}]}}
";
    let given = Given {
        parameters: json!({"a": "request"}),
        environment: "
parameters: {a: env, b: env}
parameter_defaults: {a: def, b: def, c: def, nobody: def}
",
        ..Given::default()
    };
    assert_eq!(output(&stack_with(text, &given).ok()), Ok(json!(["request", "env", "def", "t"])));
    let undeclared = Given { environment: "parameters: {nobdy: 1}", ..Given::default() };
    stack_with(text, &undeclared).refused("HT0209", &["nobdy"]);
}

#[test]
fn sections_have_a_form() {
    for (text, code) in [
        ("params: {}", "HT0221"),
        ("parameters: ", "HT0222"),
        ("parameters: [a]", "HT0220"),
        ("[a]", "HT0220"),
        ("resource_registry: {resources: {r: {hooks: mid-create}}}", "HT0224"),
        ("resource_registry: {resources: {r: {hooks: [pre-create, pre-craete]}}}", "HT0224"),
        ("resource_registry: {resources: {r: {restricted_actions: delete}}}", "HT0225"),
        ("resource_registry: {A::B: 5}", "HT0223"),
        ("resource_registry: {resources: }", "HT0223"),
        ("resource_registry: {resources: [r]}", "HT0223"),
        ("event_sinks: [{type: nowhere}]", "HT0220"),
        ("event_sinks: [{target: q}]", "HT0220"),
        ("event_sinks: [zaqar-queue]", "HT0220"),
        ("encrypted_param_names: [p]", "HT0220"),
    ] {
        let (_, errors) = read(text);
        assert!(errors.len() == 1 && errors[0].starts_with(code), "{text}: {errors:?}");
    }
    assert!(read("").1.is_empty());
    assert!(read("resource_registry: {resources: {r: , q: {hooks: , restricted_actions: }}}").1.is_empty());
    assert!(read("encrypted_param_names: []\nevent_sinks: [{type: zaqar-queue, target: q}]").1.is_empty());
}

fn behind(registry: &str, type_name: &str, resource: &str) -> String {
    let (environment, errors) = read(&format!("resource_registry:\n{registry}"));
    assert!(errors.is_empty(), "{errors:?}");
    match environment.unwrap().registry().resolve(type_name, resource, &Types) {
        Ok(Some(Implementation::Type(schema))) => schema.type_name.clone(),
        Ok(Some(Implementation::Template(name))) => name,
        Ok(None) => "nothing".to_owned(),
        Err(diagnostic) => diagnostic.code.0.to_owned(),
    }
}

#[test]
fn null_takes_the_default_of_a_nested_template_away() {
    let text = "heat_template_version: 2021-04-16\nresources: {r: {type: n.yaml}}\n";
    let files =
        [("n.yaml", "heat_template_version: 2021-04-16\nparameters: {x: {type: string, default: d}}\n")];
    let given = |environment| Given { environment, files: &files, ..Given::default() };
    stack_with(text, &given("parameter_defaults: {x: e}")).ok();
    stack_with(text, &given("parameter_defaults: {x: null}")).refused("HT0412", &["x", "not assigned"]);
}

#[test]
fn types_are_found_as_heat_finds_them() {
    assert_eq!(behind("  My::T: Test::Any", "My::T", "r"), "Test::Any");
    assert_eq!(behind("  My::T: My::U\n  My::U: Test::Any", "My::T", "r"), "Test::Any");
    assert_eq!(behind("  My::*: Test::*", "My::Typed", "r"), "Test::Typed");
    assert_eq!(behind("  My::*: Test::Any", "My::Whatever", "r"), "Test::Any");
    // A wildcard beats an exact name, because `*` sorts first.
    assert_eq!(behind("  My::Typed: Test::Any\n  My::*: Test::*", "My::Typed", "r"), "Test::Typed");
    // What leads nowhere is passed over.
    assert_eq!(behind("  My::Typed: Test::Any\n  My::*: No::*", "My::Typed", "r"), "Test::Any");
    assert_eq!(behind("  Test::Any: No::Such", "Test::Any", "r"), "Test::Any");
    assert_eq!(behind("  My::T: No::Such", "My::T", "r"), "nothing");
    // An entry for one resource comes first.
    let both = "  My::T: Test::Any\n  resources: {one: {My::T: Test::Typed}}";
    assert_eq!(behind(both, "My::T", "one"), "Test::Typed");
    assert_eq!(behind(both, "My::T", "two"), "Test::Any");
    assert_eq!(behind("  My::T: sub.yaml", "My::T", "r"), "sub.yaml");
    assert_eq!(behind("  {}", "other.template", "r"), "other.template");
    // A type that is called like a template is that template, whatever an entry says.
    assert_eq!(behind("  a.yaml: b.yaml", "a.yaml", "r"), "a.yaml");
    assert_eq!(behind("  a.yaml: Test::Any", "a.yaml", "r"), "a.yaml");
    assert_eq!(behind("  My::T: a.yaml\n  a.yaml: b.yaml", "My::T", "r"), "a.yaml");
    assert_eq!(behind("  My::T: My::U\n  My::U: My::T", "My::T", "r"), "HT0226");
    assert_eq!(behind("  A*: AA*", "AB", "r"), "HT0226");
}

#[test]
fn hooks_and_restrictions_go_by_patterns() {
    let (environment, _) = read(
        "resource_registry: {resources: {'web_*': {hooks: pre-create, restricted_actions: [update, replace]}, box: {inner: {hooks: [post-delete]}}}}",
    );
    let environment = environment.unwrap();
    let registry = environment.registry();
    assert!(registry.has_hook("web_1", Hook::PreCreate));
    assert!(!registry.has_hook("db", Hook::PreCreate));
    assert_eq!(registry.restricted_actions("web_1").len(), 2);
    assert!(registry.restricted_actions("box").is_empty());
    assert!(registry.restricted_actions("web_1").contains(&RestrictedAction::Replace));
    let child = environment.child("box", "Some::Type");
    assert!(child.registry().has_hook("inner", Hook::PostDelete));
    assert!(!child.registry().has_hook("web_1", Hook::PreCreate));
}

#[test]
fn a_nested_stack_inherits_all_but_parameters_and_the_entry_that_leads_to_it() {
    let (environment, _) = read(
        "{parameters: {p: 1}, parameter_defaults: {d: 2}, resource_registry: {'My::T': 'My::U', 'My::U': u.yaml, 'My::V': v.yaml}}",
    );
    let child = environment.unwrap().child("box", "My::T");
    assert!(child.parameters().is_empty());
    assert_eq!(child.parameter_defaults()["d"].value, json!(2));
    let names: Vec<_> = child.registry().type_names().collect();
    assert_eq!(names, ["My::T", "My::V"]);
}

fn merged(one: &str, two: &str) -> Result<Value, String> {
    let files: Files = [("one", one), ("two", two)].into_iter().collect();
    let types = |name: &str| match name {
        "s" => Some(ParameterType::String),
        "n" => Some(ParameterType::Number),
        "l" => Some(ParameterType::CommaDelimitedList),
        "j" => Some(ParameterType::Json),
        _ => None,
    };
    let names = ["one".to_owned(), "two".to_owned()];
    let merged = Environment::merge_files(
        &mut SourceMap::new(),
        &IndexMap::new(),
        &names,
        &files,
        &types,
        &Limits::default(),
    );
    let error = merged.errors().next().map(|error| format!("{} {error}", error.code));
    match error {
        Some(error) => Err(error),
        None => Ok(merged.value.unwrap().to_value()["parameters"].clone()),
    }
}

#[test]
fn parameters_are_merged_by_strategy() {
    let by = |strategy: &str, one: &str, two: &str| {
        merged(
            &format!("parameters: {{{one}}}\nparameter_merge_strategies: {{default: {strategy}}}"),
            &format!("parameters: {{{two}}}\nparameter_merge_strategies: {{default: {strategy}}}"),
        )
    };
    assert_eq!(by("overwrite", "s: a", "s: b, x: 1"), Ok(json!({"s": "b"})));
    assert_eq!(by("merge", "s: a", "s: b"), Ok(json!({"s": "ab"})));
    assert_eq!(by("merge", "l: [a]", "l: [b]"), Ok(json!({"l": ["a", "b"]})));
    assert_eq!(by("merge", "l: 'a,b'", "l: c"), Ok(json!({"l": "a,b,c"})));
    assert_eq!(
        by("merge", "j: {a: {x: 1}, b: 1}", "j: {a: {y: 2}, b: }"),
        Ok(json!({"j": {"a": {"y": 2}, "b": 1}}))
    );
    assert_eq!(
        by("deep_merge", "j: {a: {x: 1, l: [1], t: p}}", "j: {a: {y: 2, l: [2], t: q}}"),
        Ok(json!({"j": {"a": {"x": 1, "l": [1, 2], "t": "pq", "y": 2}}}))
    );
    assert_eq!(
        by("merge", "s: a", "n: 7"),
        Err("HT0227 parameter n cannot be merged: numbers and booleans have no merge strategy but overwrite"
            .to_owned())
    );
    assert!(by("merge", "l: [a]", "l: 'b'").unwrap_err().starts_with("HT0227"));
    let conflict = merged(
        "parameters: {s: a}\nparameter_merge_strategies: {s: merge}",
        "parameters: {s: b}\nparameter_merge_strategies: {s: overwrite}",
    );
    assert!(conflict.unwrap_err().contains("conflicting"));
    // A word that is no strategy silently means the default.
    assert_eq!(
        merged("parameters: {s: a}", "parameters: {s: b}\nparameter_merge_strategies: {s: nonsense}"),
        Ok(json!({"s": "b"}))
    );
}

fn global(environments: &[(&str, &str)]) -> (GlobalEnvironment, Vec<String>) {
    let environments = Files::from_iter(environments.iter().copied());
    let files = Files::from_iter([("global.yaml", "heat_template_version: 2021-04-16\n")]);
    let merged = GlobalEnvironment::merge(&mut SourceMap::new(), &environments, &files, &Limits::default());
    (merged.value.unwrap(), merged.diagnostics.iter().map(ToString::to_string).collect())
}

/// Every type that begins with `Test::`.
struct All;

impl ResourceTypes for All {
    fn resource_type(&self, name: &str) -> Option<Arc<ResourceSchema>> {
        let schema = ResourceSchema { type_name: name.into(), ..ResourceSchema::default() };
        name.starts_with("Test::").then(|| Arc::new(schema))
    }

    fn type_names(&self) -> Vec<String> {
        Vec::new()
    }
}

fn found_behind(environment: &Environment, type_name: &str, resource: &str) -> Option<String> {
    match environment.registry().resolve(type_name, resource, &All).unwrap()? {
        Implementation::Type(schema) => Some(schema.type_name.clone()),
        Implementation::Template(name) => Some(name),
    }
}

/// As Heat's `get_resource_info` sorts them.
#[test]
fn a_global_environment_counts_after_all_that_a_user_says() {
    let (global, problems) = global(&[
        (
            "1",
            "resource_registry: {'My::*': 'Test::*', My::Gone: Test::Lost, resources: {r: {My::A: Test::R}}}",
        ),
        ("2", "resource_registry: {My::Gone: ~, Op::T: global.yaml, resources: {s: {My::A: Test::S}}}"),
    ]);
    assert_eq!(problems, [""; 0]);
    let user = read("resource_registry: {'My::N*': 'Test::User*', My::B: Test::User}").0.unwrap();
    let environment = user.over(&global);
    for (type_name, resource, expected) in [
        ("My::B", "r", "Test::User"),
        ("My::Net", "x", "Test::Useret"),
        ("My::A", "r", "Test::R"),
        ("My::A", "s", "Test::S"),
        ("My::A", "x", "Test::A"),
        ("My::Gone", "x", "Test::Gone"),
        ("Op::T", "x", "global.yaml"),
    ] {
        assert_eq!(
            found_behind(&environment, type_name, resource).as_deref(),
            Some(expected),
            "{type_name} {resource}"
        );
    }
    assert_eq!(found_behind(&user, "My::A", "r"), None);
    // It is no part of what is shown, or recorded.
    assert_eq!(environment.to_value(), user.to_value());
    assert_eq!(environment.over(&GlobalEnvironment::default()).to_value(), user.to_value());
    // A template in place of a type may use that very type: inside, its entry is gone.
    assert_eq!(found_behind(&environment.child("x", "Op::T"), "Op::T", "y"), None);
    assert_eq!(found_behind(&environment.child("x", "My::A"), "Op::T", "y").as_deref(), Some("global.yaml"));
    let files = Files::from_iter([("own.yaml", "")]).over(&global);
    assert!(files.get("global.yaml").is_some());
    assert_eq!(files.names().collect::<Vec<_>>(), ["own.yaml"]);
}

#[test]
fn what_has_no_effect_in_a_global_environment_is_told() {
    let text = "parameters: {a: 1}\nparameter_defaults: {a: 1}\nresource_registry: {A::B: 5}\n";
    let (_, problems) = global(&[("1", text)]);
    assert_eq!(problems.len(), 3, "{problems:?}");
    assert!(problems.iter().filter(|problem| problem.contains("has no effect")).count() == 2);
}

#[test]
fn a_text_for_a_resource_matters_only_to_that_resource() {
    let one = "
heat_template_version: 2021-04-16
resources: {NAME: {type: Test::Any}}
";
    // `hooks` belongs to a name: here it says nothing.
    let environment = "resource_registry: {resources: {foo: foo.yaml, 'b*': Acme::Thing, hooks: pre-create}}";
    let given = Given { environment, ..Given::default() };
    stack_with(&one.replace("NAME", "zap"), &given).ok();
    for (resource, entry) in [("foo", "foo"), ("bar", "b*")] {
        stack_with(&one.replace("NAME", resource), &given).refused("HT0223", &[entry, "map"]);
    }
    let map_instead = "resource_registry: {resources: {foo: foo.yaml, foo: {Test::Other: Test::Any}}}";
    stack_with(&one.replace("NAME", "foo"), &Given { environment: map_instead, ..Given::default() }).ok();
    let (_, errors) = read("resource_registry: {resources: {hooks: sometimes}}");
    assert!(errors.iter().any(|error| error.contains("HT0224")), "{errors:?}");

    let (environment, _) = read("resource_registry: {resources: {foo: foo.yaml, bar: {hooks: pre-create}}}");
    let shown = environment.unwrap().registry().to_value();
    assert_eq!(shown["resources"], json!({"bar": {"hooks": ["pre-create"]}, "foo": "foo.yaml"}));
}

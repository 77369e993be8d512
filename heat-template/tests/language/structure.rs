//! Versions, sections, resources, outputs, dependencies.

use crate::kit::stack;
use heat_template::dialect::Dialects;
use heat_template::source::SourceMap;
use heat_template::yaml::Limits;
use heat_template::{ParseOptions, Template};
use serde_json::json;

#[test]
fn exactly_one_known_version_is_needed() {
    for (text, code, fragment) in [
        ("resources: {}", "HT0101", "version"),
        ("heat_template_version: 20130523", "HT0101", "must be a text"),
        ("heat_template_version: 2013-05-23\nAWSTemplateFormatVersion: 2010-09-09", "HT0102", "ambiguous"),
        ("heat_template_version: 2019-01-01", "HT0103", "2021-04-16"),
        ("heat_template_version: juno", "HT0103", "juno"),
        ("AWSTemplateFormatVersion: 2012-12-12", "HT0103", "2010-09-09"),
        ("[a]", "HT0104", "a list"),
        ("", "HT0101", "version"),
    ] {
        stack(text).refused(code, &[fragment]);
    }
    stack("heat_template_version: rocky").ok();
    // A second version key that is no text does not count.
    stack("heat_template_version: 2013-05-23\nresources: {}").ok();
}

#[test]
fn sections_are_known_and_maps() {
    let text = |rest: &str| format!("heat_template_version: 2018-08-31\n{rest}\n");
    stack(&text("outptus: {}")).refused("HT0105", &["outptus"]);
    stack(&text("resources: [a]")).refused("HT0106", &["resources"]);
    stack(&text("parameters: a")).refused("HT0106", &["parameters"]);
    stack(&text("conditions: ")).refused("HT0106", &["conditions"]);
    stack(&text("resources: ''\nparameters: \noutputs: []")).ok();
    stack("heat_template_version: 2016-04-08\nconditions: {}").refused("HT0105", &["conditions"]);
    stack("HeatTemplateFormatVersion: 2012-12-12\nConditions: {}").refused("HT0105", &["Conditions"]);
}

#[test]
fn resources_have_a_form() {
    let text = |resource: &str| format!("heat_template_version: 2018-08-31\nresources:\n  r: {resource}\n");
    for (resource, code, fragment) in [
        ("", "HT0401", "type"),
        ("Test::Any", "HT0401", "must be a map"),
        ("{properties: {}}", "HT0403", "type"),
        ("{type: ''}", "HT0403", "type"),
        ("{type: }", "HT0403", "type"),
        ("{type: [a]}", "HT0401", "must be a text"),
        ("{type: {get_param: 'OS::stack_name'}}", "HT0401", "must be a text"),
        ("{type: Test::Any, propertys: {}}", "HT0402", "propertys"),
        ("{type: Test::Any, properties: }", "HT0401", "properties of resource r must be a map"),
        ("{type: Test::Any, properties: [a]}", "HT0401", "properties"),
        ("{type: Test::Any, metadata: a}", "HT0401", "metadata"),
        ("{type: Test::Any, update_policy: [a]}", "HT0401", "update_policy"),
        ("{type: Test::Any, deletion_policy: [Delete]}", "HT0401", "deletion_policy"),
        ("{type: Test::Any, deletion_policy: Destroy}", "HT0409", "Destroy"),
        ("{type: Test::Any, deletion_policy: Snapshot}", "HT0409", "Snapshot"),
        ("{type: Test::Any, depends_on: {a: b}}", "HT0401", "depends_on"),
        ("{type: Test::Any, depends_on: [1]}", "HT0401", "list of texts"),
        ("{type: Test::Any, depends_on: nobody}", "HT0406", "nobody"),
        ("{type: Test::Any, description: 5}", "HT0401", "description"),
        ("{type: Test::Any, condition: [a]}", "HT0401", "condition"),
        ("{type: Test::Any, condition: nobody}", "HT0312", "nobody"),
        ("{type: Test::Any, external_id: [a]}", "HT0401", "external_id"),
        ("{type: Test::Ayn}", "HT0404", "Test::Ayn"),
    ] {
        stack(&text(resource)).refused(code, &[fragment]);
    }
    let policy = "{type: Test::Any, deletion_policy: {if: [true, retain, wrong]}}";
    assert_eq!(stack(&text(policy)).ok().resource("r").unwrap().deletion_policy().name(), "Retain");
    stack("heat_template_version: 2016-04-08\nresources: {r: {type: Test::Any, deletion_policy: retain}}")
        .refused("HT0409", &["retain"]);
    stack("heat_template_version: 2021-04-16\nresources: {a/b: {type: Test::Any}}")
        .refused("HT0405", &["a/b"]);
}

#[test]
fn cfn_pays_no_attention_to_unknown_keys() {
    let stack =
        stack("AWSTemplateFormatVersion: 2010-09-09\nResources: {R: {Type: Test::Any, Propertys: {}}}");
    assert_eq!(stack.errors(), Vec::<String>::new());
    assert!(stack.warnings()[0].contains("Propertys"));
}

#[test]
fn an_external_resource_depends_on_nothing() {
    let text = |rest: &str| {
        format!(
            "heat_template_version: 2021-04-16\nresources:\n  a: {{type: Test::Any}}\n  r: {{type: Test::Any, external_id: x, {rest}}}\n"
        )
    };
    let definition = stack(&text("properties: {value: {get_resource: a}, wrong: 1}")).ok();
    assert!(definition.dependencies()["r"].is_empty());
    assert_eq!(definition.resource("r").unwrap().deletion_policy().name(), "Retain");
    stack(&text("depends_on: a")).refused("HT0408", &["r"]);
}

#[test]
fn references_and_depends_on_draw_the_graph() {
    let text = "
heat_template_version: 2021-04-16
parameters: {who: {type: string, default: c}}
resources:
  a: {type: Test::Any}
  b: {type: Test::Any, depends_on: a, metadata: {x: [{get_resource: c}]}}
  c: {type: Test::Any, properties: {value: {list_join: ['', [{get_attr: [a, value]}]]}}}
  d: {type: Test::Any, properties: {value: {get_attr: [{get_param: who}, value]}}, update_policy: {}}
";
    let definition = stack(text).ok();
    let needs = |name: &str| definition.dependencies()[name].iter().cloned().collect::<Vec<_>>();
    assert_eq!(needs("b"), ["a", "c"]);
    assert_eq!(needs("c"), ["a"]);
    assert_eq!(needs("d"), ["c"]);
    let order = definition.order();
    let at = |name: &str| order.iter().position(|known| known == name).unwrap();
    assert!(at("a") < at("c") && at("c") < at("b") && at("c") < at("d"));
    let references = definition.resource("d").unwrap().references();
    assert_eq!(references.parameters.iter().collect::<Vec<_>>(), ["who"]);
    let attribute = references.attributes.first().unwrap();
    assert_eq!((attribute.resource.as_str(), attribute.attribute.as_deref()), ("c", Some("value")));
}

#[test]
fn a_circle_is_told_with_its_members_alone() {
    let text = "
heat_template_version: 2021-04-16
resources:
  fine: {type: Test::Any}
  a: {type: Test::Any, depends_on: [fine, b]}
  b: {type: Test::Any, properties: {value: {get_resource: a}}}
  self: {type: Test::Any, depends_on: self}
";
    let stack = stack(text);
    assert_eq!(stack.codes(), ["HT0407", "HT0407"]);
    stack.refused("HT0407", &["a → b → a"]);
    stack.refused("HT0407", &["self → self"]);
    assert!(!stack.errors().iter().any(|error| error.contains("fine")));
}

#[test]
fn a_name_belongs_to_one_thing() {
    let text = "
heat_template_version: 2021-04-16
parameters: {x: {type: string, default: a}}
resources: {x: {type: Test::Any}, 'OS::stack_id': {type: Test::Any}}
";
    assert_eq!(stack(text).codes(), ["HT0110", "HT0110"]);
}

#[test]
fn outputs_have_a_form_and_may_fail_alone() {
    let text = |output: &str| format!("heat_template_version: 2021-04-16\noutputs:\n  o: {output}\n");
    stack(&text("5")).refused("HT0501", &["outputs.o"]);
    stack(&text("")).refused("HT0501", &["outputs.o"]);
    stack(&text("{description: d}")).refused("HT0502", &["value"]);
    stack(&text("{value: {get_attr: [nobody, x]}}")).refused("HT0307", &["outputs.o", "nobody"]);
    for late in ["{value: {get_resource: nobody}}", "{value: {get_param: nobody}}", "{value: 1, extra: 2}"] {
        let stack = stack(&text(late));
        assert_eq!(stack.errors(), Vec::<String>::new(), "{late}");
        assert!(!stack.warnings().is_empty(), "{late}");
    }
}

#[test]
fn one_problem_does_not_hide_the_next() {
    let codes = |text: &str| {
        let stack = stack(&format!("heat_template_version: 2021-04-16\n{text}"));
        let mut codes = stack.codes();
        codes.sort_unstable();
        codes
    };
    // A key that is not known, beside an unknown type, a dependency and parameters that are not there.
    let text = "resources: {r: {type: No::Such, extra: 1, depends_on: nobody, metadata: {a: {get_param: nope}}, \
                properties: {p: {get_param: nix}}}}\n";
    assert_eq!(codes(text), ["HT0306", "HT0306", "HT0402", "HT0404", "HT0406"]);
    // A wrong type beside a wrong constraint; and a parameter that is declared wrongly is there all the same.
    let text = "parameters:\n  p: {type: strng, constraints: [{length: {min: x}}]}\n  image: {type: string, constraints: \
                [{length: {min: x}}]}\n  images: {type: string, default: y}\noutputs: {o: {value: [{get_param: image}, {get_param: \
                images}]}}\n";
    assert_eq!(codes(text), ["HT0204", "HT0205", "HT0205"]);
    assert!(
        stack(&format!("heat_template_version: 2021-04-16\n{text}"))
            .warnings()
            .iter()
            .all(|one| !one.contains("image "))
    );
}

#[test]
fn a_template_may_come_as_a_value_and_goes_out_as_one() {
    let mut sources = SourceMap::new();
    let value = json!({"heat_template_version": "2021-04-16", "resources": {"r": {"type": "Test::Any"}}, "description": 5});
    let parsed = Template::from_value(&mut sources, "body", &value, &ParseOptions::default());
    let (template, _) = parsed.into_result().unwrap();
    assert_eq!(template.to_value(), value);
    assert_eq!(template.description(), json!(5));
    assert_eq!(template.resources().len(), 1);
    // What YAML reads otherwise than JSON does: line breaks inside of texts, numbers with exponents, what cannot be printed.
    let value = json!({
        "heat_template_version": "2021-04-16",
        "outputs": {"o": {"value": ["a\u{85}b", "a\u{2028}b", "\u{7f}", "\u{0}", 1e300, 1e22, "1e5", "on", ""]}},
    });
    let parsed = Template::from_value(&mut sources, "body", &value, &ParseOptions::default());
    assert_eq!(parsed.into_result().unwrap().0.to_value(), value);
    fn shared<T: Send + Sync + Clone>(_: &T) {}
    shared(&template);
}

#[test]
fn a_text_beyond_the_default_limits_is_read_where_the_options_say_so() {
    let mut text = String::from("heat_template_version: 2021-04-16\nresources:\n");
    for number in 0..20_000 {
        text.push_str(&format!("  value_{number}: {{type: Test::Any}}\n"));
    }
    let mut sources = SourceMap::new();
    let refused = Template::parse(&mut sources, "large.yaml", &text, &ParseOptions::default());
    assert!(refused.has_errors());
    let limits = Limits { characters: text.len(), ..Limits::default() };
    let options = ParseOptions { limits, ..ParseOptions::default() };
    let (template, _) = Template::parse(&mut sources, "large.yaml", &text, &options).into_result().unwrap();
    assert_eq!(template.resources().len(), 20_000);
    assert_eq!(template.to_value()["resources"]["value_19999"], json!({"type": "Test::Any"}));
}

#[test]
fn third_parties_can_add_a_dialect_with_a_function() {
    use heat_template::diagnostic::Diagnostic;
    use heat_template::expression::{Argument, Call, Compiler, Context, Expression, Reach};
    use heat_template::function::{Function, Outcome};

    #[derive(Debug)]
    struct Shout(Expression);
    impl Function for Shout {
        fn arguments<'a>(&'a self, _: Reach<'_>, visit: &mut dyn FnMut(Argument, &'a Expression)) {
            visit(Argument::Whole, &self.0);
        }
        fn evaluate(&self, context: &Context<'_>) -> Outcome {
            let text = self.0.evaluate(context)?.to_value_lossy();
            Ok(Some(json!(text.as_str().unwrap_or_default().to_uppercase()).into()))
        }
    }
    fn shout(call: &Call<'_>, compiler: &mut Compiler<'_>) -> Result<Box<dyn Function>, Box<Diagnostic>> {
        Ok(Box::new(Shout(compiler.argument(call))))
    }

    let wallaby = Dialects::default().find("heat_template_version", "wallaby").unwrap().clone();
    let acme = (*wallaby).clone().renamed("acme_template_version", "1").with_function("shout", shout);
    let options = ParseOptions { dialects: Dialects::default().with(acme), ..ParseOptions::default() };
    let mut sources = SourceMap::new();
    let text = "acme_template_version: '1'\noutputs: {o: {value: {shout: {list_join: ['', [a, b]]}}}}\n";
    let (template, _) = Template::parse(&mut sources, "t", text, &options).into_result().unwrap();
    let definition = template
        .define(&heat_template::Inputs::default(), &heat_template::schema::GenericConstraints)
        .value
        .unwrap();
    assert_eq!(crate::kit::output(&definition), Ok(json!("AB")));
}

#[test]
fn a_deletion_policy_is_resolved_before_there_are_resources() {
    let text = |policy: &str| {
        format!(
            "heat_template_version: 2021-04-16\nresources:\n  a: {{type: Test::Any}}\n  b:\n    type: Test::Any\n    \
             deletion_policy: {policy}\n"
        )
    };
    for policy in
        ["{get_attr: [a, value]}", "{get_resource: a}", "{if: [true, {get_attr: [a, value]}, Delete]}"]
    {
        stack(&text(policy))
            .refused("HT0409", &["resources.b.deletion_policy", "may not depend on resources"]);
    }
    stack(&text("{if: [true, Retain, {get_attr: [a, value]}]}")).ok();
}

//! What an engine says beforehand: Heat's previews, validation, dependencies, and types behind other names.
#![allow(clippy::unwrap_used, missing_docs)]

use heat_engine::{Engine, EngineError, NewStack, PreviewEntry, Stack, Update, UpdatePreview};
use heat_template::source::SourceMap;
use heat_template::yaml::Limits;
use heat_template::{Environment, ParseOptions, Template};
use serde_json::json;

fn template(text: &str) -> Template {
    let text = format!("heat_template_version: 2021-04-16\n{text}");
    Template::parse(&mut SourceMap::new(), "t.yaml", &text, &ParseOptions::default()).into_result().unwrap().0
}

fn environment(text: &str) -> Environment {
    Environment::parse(&mut SourceMap::new(), "env.yaml", text, &Limits::default()).into_result().unwrap().0
}

async fn engine() -> Engine {
    Engine::builder().build().await.unwrap()
}

async fn created(engine: &Engine, new: NewStack) -> Stack {
    let stack = engine.create(new).await.unwrap();
    let view = stack.finished().await.unwrap();
    assert!(view.is_complete(), "{view:#?}");
    stack
}

const PAIR: &str = "
resources:
  base: {type: OS::Heat::RandomString, properties: {length: 4}}
  top: {type: OS::Heat::Value, properties: {value: {get_attr: [base, value]}}}
  lone: {type: OS::Heat::Value, properties: {value: 1}, depends_on: base}
  off: {type: OS::Heat::Value, properties: {value: 1}, condition: {not: {equals: [a, a]}}}
outputs:
  base: {value: {get_attr: [base, value]}}
";

#[tokio::test(start_paused = true)]
async fn a_type_stands_behind_the_name_that_the_environment_gives_it() {
    let text = "
resources: {word: {type: Acme::Word, properties: {length: 5}}}
outputs: {word: {value: {get_attr: [word, value]}}}
";
    let new = NewStack::new("words", template(text))
        .environment(environment("resource_registry: {'Acme::Word': 'OS::Heat::RandomString'}"));
    let engine = engine().await;
    let stack = created(&engine, new).await;
    assert_eq!(stack.output("word").await.unwrap().as_str().unwrap().len(), 5);
    assert_eq!(stack.resource("word").await.unwrap().resource_type, "OS::Heat::RandomString");
    stack.delete().await.unwrap();
    assert_eq!(stack.finished().await.unwrap().stack_status, "DELETE_COMPLETE");
}

#[tokio::test(start_paused = true)]
async fn the_dependencies_are_those_of_the_enabled_resources() {
    let engine = engine().await;
    let stack = created(&engine, NewStack::new("pair", template(PAIR))).await;
    let dependencies = serde_json::to_value(stack.dependencies().await.unwrap()).unwrap();
    assert_eq!(dependencies, json!({"base": [], "top": ["base"], "lone": ["base"]}));
}

#[tokio::test(start_paused = true)]
async fn a_preview_shows_what_would_be_created_and_hides_what_is_hidden() {
    let text = "
parameters:
  word: {type: string, default: s3cret, hidden: true}
resources:
  plain: {type: OS::Heat::TestResource, properties: {value: open}}
  veiled: {type: OS::Heat::TestResource, properties: {value: {list_join: ['', [{get_param: word}, '!']]}}}
";
    let engine = engine().await;
    let preview = engine.preview_stack(&NewStack::new("seen", template(text))).await.unwrap();
    let value = |at: usize| match &preview.resources[at] {
        PreviewEntry::Resource(resource) => resource.properties["value"].clone(),
        PreviewEntry::Nested(inside) => panic!("{inside:?}"),
    };
    assert_eq!((value(0), value(1)), (json!("open"), json!("******")));
    assert_eq!(preview.parameters["word"], "******");
    assert!(!format!("{preview:?}").contains("s3cret"));
    assert!(engine.stacks("default").await.unwrap().is_empty(), "a preview creates nothing");
}

#[tokio::test(start_paused = true)]
async fn a_preview_shows_what_is_inside_in_the_place_of_a_nested_stack() {
    let text = "
resources:
  group:
    type: OS::Heat::ResourceGroup
    properties: {count: 2, resource_def: {type: box.yaml, properties: {word: 'w%index%'}}}
";
    let inside = "
heat_template_version: 2021-04-16
parameters: {word: {type: string}}
resources:
  core: {type: OS::Heat::TestResource, properties: {value: {get_param: word}}}
";
    let engine = engine().await;
    let new = NewStack::new("seen", template(text)).files([("box.yaml", inside)].into_iter().collect());
    let preview = serde_json::to_value(engine.preview_stack(&new).await.unwrap()).unwrap();
    let core = |member: usize| &preview["resources"][0][member][0];
    assert_eq!((&core(0)["resource_name"], &core(0)["properties"]["value"]), (&json!("core"), &json!("w0")));
    assert_eq!(core(1)["properties"]["value"], "w1");
}

#[tokio::test(start_paused = true)]
async fn heats_preview_of_an_update_takes_what_refers_to_others_for_updated() {
    let engine = engine().await;
    let stack = created(&engine, NewStack::new("pair", template(PAIR))).await;
    let same = stack.preview_update_as_heat(&Update::existing()).await.unwrap();
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let expected = UpdatePreview {
        unchanged: names(&["base", "lone"]),
        updated: names(&["top"]),
        ..UpdatePreview::default()
    };
    assert_eq!(same, expected);
    assert!(stack.preview_update(&Update::existing()).await.unwrap().is_empty(), "the plan is exact");

    let other = PAIR.replace("length: 4", "length: 5").replace("lone:", "new:");
    let preview = stack.preview_update_as_heat(&Update::to(template(&other))).await.unwrap();
    let expected = UpdatePreview {
        updated: names(&["top"]),
        replaced: names(&["base"]),
        added: names(&["new"]),
        deleted: names(&["lone"]),
        ..UpdatePreview::default()
    };
    assert_eq!(preview, expected);
    assert_eq!(stack.show().await.unwrap().stack_status, "CREATE_COMPLETE");
}

#[tokio::test(start_paused = true)]
async fn a_template_is_validated_without_values_for_its_parameters() {
    let engine = engine().await;
    let text = "parameters: {size: {type: number, default: 3}, name: {type: string}}";
    let answer = engine.validate(&NewStack::new("any", template(text))).await.unwrap();
    assert_eq!(answer["Parameters"]["size"]["Default"], json!(3));
    assert_eq!(answer["Parameters"]["name"]["Type"], "String");
    let wrong = template("resources: {a: {type: OS::Heat::Vaule}}");
    let refused = engine.validate(&NewStack::new("any", wrong)).await.unwrap_err();
    assert!(matches!(&refused, EngineError::Refused(_)), "{refused}");
    assert!(refused.to_string().contains("OS::Heat::Vaule"), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn a_validation_looks_at_what_functions_make_in_conditions_only() {
    let engine = engine().await;
    // An empty default is no value that the function can work with; one that is given may be.
    let property = "
parameters: {name: {type: string, default: ''}}
resources:
  a:
    type: OS::Heat::Value
    properties: {value: {str_replace_vstrict: {template: n, params: {n: {get_param: name}}}}}
";
    let answer = engine.validate(&NewStack::new("any", template(property))).await.unwrap();
    assert_eq!(answer["Parameters"]["name"]["Default"], json!(""));
    let refused = engine.create(NewStack::new("any", template(property))).await.unwrap_err();
    assert!(refused.to_string().contains("str_replace_vstrict"), "{refused}");

    let condition = "
parameters: {size: {type: number, default: 5}}
conditions: {large: {contains: [a, {get_param: size}]}}
resources: {a: {type: OS::Heat::None, condition: large}}
";
    let refused = engine.validate(&NewStack::new("any", template(condition))).await.unwrap_err();
    assert!(refused.to_string().contains("contains"), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn a_replacement_is_another_incarnation_and_an_update_in_place_is_not() {
    let engine = engine().await;
    let stack = created(&engine, NewStack::new("pair", template(PAIR))).await;
    let before = stack.resource("base").await.unwrap();
    assert!(
        serde_json::to_value(&before).unwrap().get("incarnation").is_none(),
        "Heat's JSON does not have it"
    );
    let lone = stack.resource("lone").await.unwrap().incarnation;
    let other = PAIR.replace("length: 4", "length: 5").replace("value: 1", "value: 2");
    stack.update(Update::to(template(&other))).await.unwrap();
    assert!(stack.finished().await.unwrap().is_complete());
    assert_ne!(stack.resource("base").await.unwrap().incarnation, before.incarnation);
    assert_eq!(stack.resource("lone").await.unwrap().incarnation, lone);
}

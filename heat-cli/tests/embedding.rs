//! The README's embedding code: it stands here, runs, and is the same there.
#![allow(clippy::expect_used, clippy::print_stdout, reason = "it is the README's code")]

use heat_engine::{Engine, NewStack};
use heat_template::{ParseOptions, Template, source::SourceMap};

async fn embedded(file: &str) -> Result<String, Box<dyn std::error::Error>> {
    let text = std::fs::read_to_string(file)?;
    let template = Template::parse(&mut SourceMap::new(), "random.yaml", &text, &ParseOptions::default());
    let (template, _warnings) = template.into_result().map_err(|problems| format!("{problems:?}"))?;

    let engine = Engine::builder().build().await?; // in memory; see `store` and `registry`
    let stack = engine.create(NewStack::new("demo", template)).await?;
    let done = stack.finished().await?;
    println!("{}: {}", done.stack_status, stack.output("password").await?);
    Ok(done.stack_status)
}

#[tokio::test]
async fn the_code_of_the_readme_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("random.yaml");
    let template = "heat_template_version: 2021-04-16
resources: {random: {type: OS::Heat::RandomString}}
outputs: {password: {value: {get_attr: [random, value]}}}
";
    std::fs::write(&file, template).expect("a file");
    assert_eq!(embedded(file.to_str().expect("a path")).await.expect("a stack"), "CREATE_COMPLETE");
}

#[test]
fn the_code_of_the_readme_is_this_code() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace");
    let readme = std::fs::read_to_string(root.join("README.md")).expect("a README");
    let code = readme.split("```rust\n").nth(1).and_then(|rest| rest.split("```").next()).expect("code");
    let here = include_str!("embedding.rs");
    for line in code.lines().filter(|line| !line.trim().is_empty()) {
        let line = line.replace("\"random.yaml\")?", "file)?");
        assert!(here.lines().any(|own| own.trim() == line.trim()), "the README has: {line}");
    }
}

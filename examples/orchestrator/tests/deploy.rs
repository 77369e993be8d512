//! The orchestrator deploys, updates, replaces, repairs and deletes.

use indexmap::IndexMap;
use orchestrator::desired::Goal;
use orchestrator::execute::Orchestrator;
use serde_json::{Value, json};
use std::path::Path;

const SITE: &str = include_str!("../site.yaml");

fn goal(parameters: &[(&str, &str)]) -> Goal {
    let parameters: IndexMap<String, Value> =
        parameters.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    Goal::new("site.yaml", SITE, parameters).expect("the template is right")
}

/// Plans, runs, and gives the plan as a list. Each time the store is opened anew.
fn bring(folder: &Path, goal: Option<&Goal>) -> String {
    let mut orchestrator = open(folder);
    let plan = orchestrator.plan(goal).expect("a plan");
    orchestrator.run(&plan, goal).expect("every step succeeds");
    plan.to_text()
}

fn open(folder: &Path) -> Orchestrator {
    Orchestrator::new(folder.join("files"), folder.join("store.json")).expect("the store can be read")
}

fn read(folder: &Path, file: &str) -> String {
    std::fs::read_to_string(folder.join("files").join(file)).expect("the file is there")
}

#[test]
fn a_template_is_deployed_updated_replaced_and_deleted() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    assert!(bring(folder, Some(&goal(&[]))).ends_with("3 to create\n"));
    assert_eq!(read(folder, "site/index.html"), "<link href=\"site/style.css\"/><h1>Hello</h1>");
    assert_eq!(bring(folder, Some(&goal(&[]))), "nothing to do (3 unchanged)\n");

    // In place.
    let greeted = goal(&[("greeting", "Good morning")]);
    let shown = bring(folder, Some(&greeted));
    assert!(shown.starts_with("~   index  Acme::File  update (content)\n1 to update"), "{shown}");
    assert_eq!(read(folder, "site/index.html"), "<link href=\"site/style.css\"/><h1>Good morning</h1>");
    let size = greeted.output("size", &open(folder).store).expect("a size");
    assert_eq!(size, json!(read(folder, "site/index.html").len()));

    // The directory moves, and the files with it; the old ones go last, in reverse order.
    let moved = goal(&[("folder", "other")]);
    let shown = bring(folder, Some(&moved));
    assert!(shown.contains("1 to replace, 2 to decide in the run"), "{shown}");
    assert_eq!(read(folder, "other/index.html"), "<link href=\"other/style.css\"/><h1>Hello</h1>");
    assert!(!folder.join("files/site").exists());
    assert_eq!(bring(folder, Some(&moved)), "nothing to do (3 unchanged)\n");

    bring(folder, None);
    assert_eq!(std::fs::read_dir(folder.join("files")).expect("the folder").count(), 0);
    assert!(open(folder).store.resources.is_empty());
}

#[test]
fn a_failure_leaves_what_does_not_hang_on_it_and_the_next_run_repairs() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    // A directory stands where a file shall be.
    std::fs::create_dir_all(folder.join("files/site/style.css")).expect("a directory");
    let site = goal(&[]);
    let mut orchestrator = open(folder);
    let plan = orchestrator.plan(Some(&site)).expect("a plan");
    let error = orchestrator.run(&plan, Some(&site)).expect_err("the file cannot be written").to_string();
    assert!(error.starts_with("style: "), "{error}");
    assert!(!folder.join("files/site/index.html").exists(), "it hangs on the style");

    let shown = bring(folder, Some(&site));
    assert!(
        shown.contains("style  Acme::File  replace, the old one goes first (its last operation failed)"),
        "{shown}"
    );
    assert_eq!(read(folder, "site/style.css"), "body { margin: 2em }");
    assert_eq!(bring(folder, Some(&site)), "nothing to do (3 unchanged)\n");
}

//! `orchestrator TEMPLATE FOLDER [NAME=VALUE…]` brings a folder to what a template says, `orchestrator --delete FOLDER`
//! takes away what it made.

use indexmap::IndexMap;
use orchestrator::desired::Goal;
use orchestrator::execute::Orchestrator;
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<(), Box<dyn std::error::Error>> {
    let [template, folder, parameters @ ..] = arguments else {
        return Err("usage: orchestrator (TEMPLATE | --delete) FOLDER [NAME=VALUE...]".into());
    };
    let goal = if template == "--delete" {
        None
    } else {
        let given: IndexMap<_, _> = parameters
            .iter()
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect();
        Some(Goal::new(template, &std::fs::read_to_string(template)?, given)?)
    };
    let folder = PathBuf::from(folder);
    std::fs::create_dir_all(&folder)?;
    let mut orchestrator = Orchestrator::new(folder.clone(), folder.join(".orchestrator.json"))?;
    let plan = orchestrator.plan(goal.as_ref())?;
    print!("{}", plan.to_text());
    orchestrator.run(&plan, goal.as_ref())?;
    Ok(())
}

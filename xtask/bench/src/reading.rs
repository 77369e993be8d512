//! Reading templates: events against the port of libyaml alone, trees and checked templates against PyYAML's
//! `CSafeLoader` that only loads them, and the memory that all this has at its peak.

use crate::Failure;
use crate::python::Python;
use crate::report::{Demand, Report, milliseconds, ratio};
use heat_plugin_sdk::Registry;
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;
use xtask_reading::processor::Processor;
use xtask_reading::{memory, port, texts, work};

const RESOURCES: usize = 1000;
const LOADS: u32 = 3;
const CHECKS: u32 = 10;

/// So many make a text of ten megabytes.
const MANY: usize = 40_000;

pub(crate) fn measure(rounds: u32, folder: &Path) -> Result<Report, Failure> {
    let python = Python::with_loader(folder)?;
    let registry = Registry::new().with(heat_engine::types::plugin());
    let mut report = Report { title: "Reading templates", figures: Vec::new(), demands: Vec::new() };
    checked(rounds, folder, &python, &registry, &mut report)?;
    events(rounds, &mut report)?;
    trees(rounds, folder, &python, &mut report)?;
    peak(&registry, &mut report)?;
    Ok(report)
}

/// How long some work takes, and what it gives.
fn timed<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<(T, Duration), Failure> {
    let began = Processor::now();
    let value = black_box(work()?);
    Ok((value, began.elapsed()))
}

/// A thousand resources, parsed and checked against the types.
fn checked(
    rounds: u32,
    folder: &Path,
    python: &Python,
    registry: &Registry,
    report: &mut Report,
) -> Result<(), Failure> {
    let text = texts::mixed(RESOURCES);
    let file = folder.join("reading.yaml");
    std::fs::write(&file, &text)?;
    let (mut theirs, mut ours, mut parsing) = (Duration::MAX, Duration::MAX, Duration::MAX);
    let mut version = String::new();
    // In turns, so that both see the same of whatever else the machine does.
    for _ in 0..rounds {
        let loaded = python.load(&file, LOADS)?;
        theirs = theirs.min(loaded.best);
        version = loaded.version;
        for _ in 0..CHECKS {
            let (template, parsed) = timed(|| work::parse(&text))?;
            let (definition, checked) = timed(|| work::check(&template, registry))?;
            if definition.order().len() != RESOURCES {
                return Err(format!("{} resources instead of {RESOURCES}", definition.order().len()).into());
            }
            parsing = parsing.min(parsed);
            ours = ours.min(parsed + checked);
        }
    }
    report.figures.extend([
        format!("1,000 resources: {} bytes, {} lines", text.len(), text.lines().count()),
        format!("PyYAML {version}, CSafeLoader, load alone: {} of processor time", milliseconds(theirs)),
        format!("parsed, defined and checked against the types: {}", milliseconds(ours)),
        format!("of that parsed: {}", milliseconds(parsing)),
    ]);
    let what = "parsing and checking 1,000 resources, times faster than CSafeLoader loads";
    report.demands.push(Demand::at_least(what, ratio(theirs, ours), 10.0));
    Ok(())
}

/// Events through the safe module, and through the port as a program in C would drive it.
fn events(rounds: u32, report: &mut Report) -> Result<(), Failure> {
    let text = texts::mixed(RESOURCES);
    let (mut port, mut ours) = (Duration::MAX, Duration::MAX);
    for _ in 0..rounds * CHECKS {
        let (seen, took) = timed(|| port::events(&text).ok_or_else(|| "the port refuses the text".into()))?;
        port = port.min(took);
        let (found, took) = timed(|| work::events(&text))?;
        ours = ours.min(took);
        if seen != found {
            return Err(format!("the port sees {seen:?}, we {found:?}").into());
        }
    }
    let (port_time, our_time) = (milliseconds(port), milliseconds(ours));
    report
        .figures
        .push(format!("events of the same text: {our_time}, by the port of libyaml alone: {port_time}"));
    let what = "events, speed as a part of that of the port alone";
    report.demands.push(Demand::at_least(what, ratio(port, ours), 0.9));
    Ok(())
}

/// Ten megabytes to the tree with places.
fn trees(rounds: u32, folder: &Path, python: &Python, report: &mut Report) -> Result<(), Failure> {
    let text = texts::mixed(MANY);
    let file = folder.join("reading-many.yaml");
    std::fs::write(&file, &text)?;
    let (mut theirs, mut ours) = (Duration::MAX, Duration::MAX);
    for _ in 0..rounds.min(2) {
        theirs = theirs.min(python.load(&file, 1)?.best);
        for _ in 0..LOADS {
            ours = ours.min(timed(|| work::read(&text))?.1);
        }
    }
    report.figures.push(format!(
        "tree of a text of {} bytes: {}, CSafeLoader: {}",
        text.len(),
        milliseconds(ours),
        milliseconds(theirs)
    ));
    let what = "reading 10 MB to the tree with places, times faster than CSafeLoader loads";
    report.demands.push(Demand::at_least(what, ratio(theirs, ours), 20.0));
    Ok(())
}

/// The most memory at one time, from the text to the checked definition, all of which are there at the end.
fn peak(registry: &Registry, report: &mut Report) -> Result<(), Failure> {
    for (resources, size) in [(RESOURCES, "1,000 resources"), (MANY, "10 MB")] {
        let text = texts::mixed(resources);
        let (done, peak) = memory::peak(|| -> Result<_, Failure> {
            let template = work::parse(&text)?;
            let definition = work::check(&template, registry)?;
            Ok((template, definition))
        });
        done?;
        let most = peak as f64 / text.len() as f64;
        report.figures.push(format!(
            "{size}: {} bytes of text, {peak} bytes asked of the allocator at the peak",
            text.len()
        ));
        let what = format!("peak memory of parsing and checking {size}, times the text");
        report.demands.push(Demand::at_most(what, most, 12.0));
    }
    Ok(())
}

//! The cost of a resource in templates of 1,000, 10,000 and 100,000, parsed and checked: that it stays the same is linear
//! growth.

use crate::Failure;
use crate::report::{Demand, Report, ratio};
use std::time::Duration;
use xtask_reading::processor::Processor;
use xtask_reading::texts::{Shape, shaped};
use xtask_reading::types::Types;
use xtask_reading::work;

const SIZES: [u32; 3] = [1000, 10_000, 100_000];

/// What a resource may cost in the largest template, as a multiple of its cost in the one before. Ten times the data fit
/// the processor's caches less well, which is no growth of the work; anything quadratic would be at 10.
const MOST: f64 = 1.5;

pub(crate) fn measure(rounds: u32) -> Result<Report, Failure> {
    let types = Types::default();
    let (mut figures, mut demands) = (Vec::new(), Vec::new());
    for shape in Shape::ALL {
        let name = shape.name();
        let mut costs = [Duration::MAX; SIZES.len()];
        for (cost, size) in costs.iter_mut().zip(SIZES) {
            let text = shaped(shape, size as usize);
            for _ in 0..rounds.min(3) {
                let began = Processor::now();
                let template = work::parse(&text)?;
                let definition = work::check(&template, &types)?;
                *cost = (*cost).min(began.elapsed() / size);
                drop(definition);
            }
        }
        let told: Vec<String> = costs
            .iter()
            .zip(SIZES)
            .map(|(cost, size)| format!("{size}: {:.1} µs", cost.as_secs_f64() * 1e6))
            .collect();
        figures.push(format!("{name}, for each resource at {}", told.join(", ")));
        let [_, before, last] = costs;
        let what = format!("{name}: parsing and checking a resource among 100,000, times among 10,000");
        demands.push(Demand::at_most(what, ratio(last, before), MOST));
    }
    Ok(Report { title: "Parsing and checking 1,000, 10,000 and 100,000 resources", figures, demands })
}

//! The cost of a resource in stacks of 1,000, 2,000 and 4,000: that it stays the same is linear growth.

use crate::Failure;
use crate::deployment::{complete, create, engine, parse, runtime};
use crate::report::{Demand, Report, ratio};
use heat_engine::Update;
use heat_engine::store::MemoryStore;
use heat_plugin_sdk::Registry;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// One of the times that a stack's life consists of.
type PartOfLife = fn(&Life) -> Duration;

const SIZES: [usize; 3] = [1000, 2000, 4000];

/// What a resource may cost in the largest stack, as a multiple of its cost in the smallest. Four times the data fit the
/// processor's caches less well, which is no growth of the work; anything quadratic would be at 4.
const MOST: f64 = 1.5;

#[derive(Debug, Clone, Copy)]
enum Shape {
    Flat,
    Chain,
}

/// The times of the three requests of a stack's life.
#[derive(Debug, Clone, Copy)]
struct Life {
    create: Duration,
    update: Duration,
    delete: Duration,
}

impl Life {
    const WORST: Self = Self { create: Duration::MAX, update: Duration::MAX, delete: Duration::MAX };

    fn best(self, other: Self) -> Self {
        Self {
            create: self.create.min(other.create),
            update: self.update.min(other.update),
            delete: self.delete.min(other.delete),
        }
    }
}

pub(crate) fn measure(rounds: u32) -> Result<Report, Failure> {
    let (mut figures, mut demands) = (Vec::new(), Vec::new());
    for (shape, name) in [(Shape::Flat, "flat"), (Shape::Chain, "in a chain")] {
        let mut lives = [Life::WORST; SIZES.len()];
        for _ in 0..rounds.min(3) {
            for (life, size) in lives.iter_mut().zip(SIZES) {
                *life = life.best(live(shape, size)?);
            }
        }
        let requests: [(&str, PartOfLife); 3] = [
            ("create", |life| life.create),
            ("update of each", |life| life.update),
            ("delete", |life| life.delete),
        ];
        for (request, time) in requests {
            let each: Vec<Duration> =
                lives.iter().zip(SIZES).map(|(life, size)| time(life) / size as u32).collect();
            let costs: Vec<String> = each
                .iter()
                .zip(SIZES)
                .map(|(cost, size)| format!("{size}: {:.0} µs", cost.as_secs_f64() * 1e6))
                .collect();
            figures.push(format!("{name}, {request}, for each resource at {}", costs.join(", ")));
            if let [first, .., last] = each.as_slice() {
                let what = format!("{name}, {request}: cost of a resource among 4,000, times among 1,000");
                demands.push(Demand::at_most(what, ratio(*last, *first), MOST));
            }
        }
    }
    Ok(Report { title: "1,000, 2,000 and 4,000 resources, memory store", figures, demands })
}

fn live(shape: Shape, size: usize) -> Result<Life, Failure> {
    let template = parse(&template(shape, size))?;
    runtime()?.block_on(async {
        let engine = engine(Arc::new(MemoryStore::new()), Registry::new()).await?;
        let (stack, create) = create(&engine, &template).await?;
        let began = Instant::now();
        stack.update(Update::to(template.clone()).parameter("value", "new")).await?;
        complete(&stack).await?;
        let update = began.elapsed();
        let began = Instant::now();
        stack.delete().await?;
        complete(&stack).await?;
        Ok(Life { create, update, delete: began.elapsed() })
    })
}

fn template(shape: Shape, size: usize) -> String {
    let mut text = String::from(
        "heat_template_version: 2021-04-16\nparameters:\n  value: {type: string, default: old}\nresources:\n",
    );
    for number in 0..size {
        // Writing to a text never fails.
        let _ = write!(
            text,
            "  value_{number}: {{type: OS::Heat::TestResource, properties: {{value: {{get_param: value}}}}"
        );
        if let (Shape::Chain, Some(before)) = (shape, number.checked_sub(1)) {
            let _ = write!(text, ", depends_on: value_{before}");
        }
        text.push_str("}\n");
    }
    text
}

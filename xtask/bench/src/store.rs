//! A thousand independent resources on the durable store, against a replay of the very transactions that the engine
//! committed: the same rows, bytes and commit boundaries, one statement after the other.

use crate::Failure;
use crate::deployment::{create, engine, parse, runtime};
use crate::report::{Demand, Report, milliseconds, ratio};
use heat_engine::store::SqliteStore;
use heat_engine::store::testing::{Counts, replay};
use heat_plugin_sdk::Registry;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

const RESOURCES: usize = 1000;

pub(crate) fn measure(rounds: u32, work: &Path) -> Result<Report, Failure> {
    let mut text = String::from("heat_template_version: 2021-04-16\nresources:\n");
    for number in 0..RESOURCES {
        // Writing to a text never fails.
        let _ = writeln!(text, "  password_{number}: {{type: OS::Heat::RandomString}}");
    }
    let template = parse(&text)?;
    let (mut ours, mut least) = (Duration::MAX, Duration::MAX);
    let (mut counts, mut transactions) = (Counts::default(), 0);
    for _ in 0..rounds {
        let folder = tempfile::tempdir_in(work)?;
        let (store, log) = SqliteStore::open_logged(folder.path().join("heat.db"))?;
        let runtime = runtime()?;
        let took = runtime.block_on(async {
            let engine = engine(Arc::new(store), Registry::new()).await?;
            let (_, took) = create(&engine, &template).await?;
            engine.shutdown().await;
            Ok::<_, Failure>(took)
        })?;
        drop(runtime);
        ours = ours.min(took);
        let groups = log.groups();
        counts = Counts::of(groups.iter().flatten());
        transactions = groups.len();
        let began = Instant::now();
        replay(&folder.path().join("replay.db"), &groups)?;
        least = least.min(began.elapsed());
    }
    let each = |count: u64| count as f64 / RESOURCES as f64;
    Ok(Report {
        title: "1,000 independent OS::Heat::RandomString on SQLite, synchronous=FULL",
        figures: vec![
            format!("from the request to CREATE_COMPLETE: {}", milliseconds(ours)),
            format!("replay of the same transactions: {}", milliseconds(least)),
            format!(
                "for each resource: {:.2} rows, {:.0} bytes, {:.2} commits of the engine, {:.3} transactions on the disk",
                each(counts.rows),
                each(counts.bytes),
                each(counts.commits),
                each(transactions as u64)
            ),
        ],
        demands: vec![
            Demand::at_most("deployment on SQLite, times the replay of its writes", ratio(ours, least), 3.0),
            Demand::at_most("rows written for each resource", each(counts.rows), 6.0),
        ],
    })
}

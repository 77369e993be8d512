//! Ten levels of a hundred resources on a provider that takes 50 ms for each, against the critical path.

use crate::Failure;
use crate::deployment::{create, engine, parse, runtime};
use crate::report::{Demand, Report, milliseconds, ratio};
use heat_engine::store::{MemoryStore, SqliteStore, Store};
use heat_plugin_sdk::{
    ConnectionLimits, Connector, Context, Created, Credentials, Observed, PhysicalId, Plugin, Registry,
    Resource, Result as Outcome,
};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const LEVELS: usize = 10;
const WIDTH: usize = 100;
const EACH: Duration = Duration::from_millis(50);
/// How many resources of the level before each one needs.
const FEW: usize = 3;
/// So many that no resource begins before nearly all of the level before are done.
const MANY: usize = 30;

/// A resource whose creation takes its time.
struct Slow;

/// Stands for a connection to a service.
struct Nowhere;

/// Makes connections that bear a whole level at once: else what is measured is the limit of the connection.
struct Wide;

impl Connector<Nowhere> for Wide {
    async fn connect(&self, _: Credentials) -> Outcome<Nowhere> {
        Ok(Nowhere)
    }

    fn limits(&self) -> ConnectionLimits {
        ConnectionLimits { concurrency: 4 * WIDTH, ..ConnectionLimits::default() }
    }
}

impl Resource for Slow {
    const TYPE: &'static str = "Bench::Slow";
    type Connection = Nowhere;
    type Properties = ();
    type Attributes = ();

    async fn create(&self, cx: &Context<'_, Self>, (): &()) -> Outcome<Created> {
        tokio::time::sleep(EACH).await;
        Ok(Created::new(cx.key().to_string()))
    }

    async fn read(&self, _: &Context<'_, Self>, _: &PhysicalId) -> Outcome<Option<Observed<Self>>> {
        Ok(Some(Observed::ready()))
    }

    async fn delete(&self, _: &Context<'_, Self>, _: &PhysicalId) -> Outcome<()> {
        tokio::time::sleep(EACH).await;
        Ok(())
    }
}

fn registry() -> Registry {
    Registry::new().with(Plugin::new("bench").connect(Wide).resource(Slow))
}

pub(crate) fn measure(rounds: u32, work: &Path) -> Result<Report, Failure> {
    let template = template(FEW);
    let tight = self::template(MANY);
    let (mut memory, mut sqlite, mut many) = (Duration::MAX, Duration::MAX, Duration::MAX);
    for _ in 0..rounds {
        memory = memory.min(deploy(Arc::new(MemoryStore::new()), &template)?);
        many = many.min(deploy(Arc::new(MemoryStore::new()), &tight)?);
        let folder = tempfile::tempdir_in(work)?;
        let store = SqliteStore::open(folder.path().join("heat.db"))?;
        sqlite = sqlite.min(deploy(Arc::new(store), &template)?);
    }
    let path = EACH * LEVELS as u32;
    Ok(Report {
        title: "10 levels of 100 resources on a provider that takes 50 ms for each",
        figures: vec![
            format!("critical path: {}; one after the other: 50 s", milliseconds(path)),
            format!("memory store, each needs {FEW} of the level before: {}", milliseconds(memory)),
            format!("memory store, each needs {MANY} of the level before: {}", milliseconds(many)),
            format!(
                "SQLite, each needs {FEW} of the level before: {}, times the critical path: {:.2}",
                milliseconds(sqlite),
                ratio(sqlite, path)
            ),
        ],
        demands: vec![Demand::at_most(
            "levels on the memory store, times the critical path",
            ratio(memory, path),
            1.10,
        )],
    })
}

fn deploy(store: Arc<dyn Store>, text: &str) -> Result<Duration, Failure> {
    let template = parse(text)?;
    runtime()?.block_on(async {
        let engine = engine(store, registry()).await?;
        let (_, took) = create(&engine, &template).await?;
        engine.shutdown().await;
        Ok(took)
    })
}

fn template(needs: usize) -> String {
    let mut text = String::from("heat_template_version: 2021-04-16\nresources:\n");
    for level in 0..LEVELS {
        for number in 0..WIDTH {
            // Writing to a text never fails.
            let _ = write!(text, "  slow_{level}_{number}: {{type: Bench::Slow");
            if let Some(before) = level.checked_sub(1) {
                let needed: Vec<_> =
                    (0..needs).map(|more| format!("slow_{before}_{}", (number + more) % WIDTH)).collect();
                let _ = write!(text, ", depends_on: [{}]", needed.join(", "));
            }
            text.push_str("}\n");
        }
    }
    text
}

//! Signals at random moments: before, while and after somebody waits for them, with engines that are killed between any two of
//! their writes, and updates in mid-flight. What was acknowledged is there, nobody stops waiting too early or waits for ever,
//! and a group has the size that it is said to have.

use crate::support::cloud::{Cloud, Weather};
use crate::support::process::{Process, alive, start};
use crate::support::template;
use heat_engine::record::OnFailure;
use heat_engine::store::MemoryStore;
use heat_engine::{EngineError, NewStack, Stack, Update};
use heat_template::Files;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

/// What is in the stack.
#[derive(Debug, Clone)]
struct Scene {
    /// How many signals each wait condition waits for, by the way to its handle.
    waits: BTreeMap<String, u64>,
    scales: bool,
    deploys: bool,
}

impl Scene {
    fn random(rng: &mut StdRng) -> Self {
        let mut waits: BTreeMap<_, _> =
            (0..rng.random_range(1..4)).map(|n| (format!("h{n}"), rng.random_range(1..4))).collect();
        if rng.random_range(0..2) == 0 {
            waits.insert("box/h".to_owned(), rng.random_range(1..3));
        }
        Self { waits, scales: rng.random_range(0..2) == 0, deploys: rng.random_range(0..2) == 0 }
    }

    /// The ways to everything that can be signalled.
    fn targets(&self) -> Vec<String> {
        let mut targets: Vec<String> = self.waits.keys().cloned().collect();
        targets.extend(self.scales.then(|| "up".to_owned()));
        targets.extend(self.scales.then(|| "down".to_owned()));
        targets.extend(self.deploys.then(|| "deploy".to_owned()));
        targets
    }

    fn template(&self) -> String {
        let mut text = "heat_template_version: 2021-04-16\nresources:\n  thing: {type: Test::Keyed, properties: {value: t}}\n".to_owned();
        let mut outputs = String::new();
        for (path, count) in &self.waits {
            if let Some((outer, _)) = path.split_once('/') {
                let _ = writeln!(text, "  {outer}: {{type: box.yaml, properties: {{count: {count}}}}}");
                let _ = writeln!(outputs, "  {outer}: {{value: {{get_attr: [{outer}, data]}}}}");
                continue;
            }
            let _ = writeln!(
                text,
                "  {path}: {{type: OS::Heat::WaitConditionHandle}}\n  w{path}:\n    type: OS::Heat::WaitCondition\n    properties: \
                 {{handle: {{get_resource: {path}}}, timeout: 43200, count: {count}}}"
            );
            let _ = writeln!(outputs, "  {path}: {{value: {{get_attr: [w{path}, data]}}}}");
        }
        if self.scales {
            text.push_str(
                "  group:\n    type: OS::Heat::AutoScalingGroup\n    properties: {min_size: 1, max_size: 4, resource: \
                 {type: Test::Keyed, properties: {value: g}}}\n",
            );
            for (name, by) in [("up", 1), ("down", -1)] {
                let _ = writeln!(
                    text,
                    "  {name}:\n    type: OS::Heat::ScalingPolicy\n    properties: {{auto_scaling_group_id: {{get_resource: group}}, \
                     adjustment_type: change_in_capacity, scaling_adjustment: {by}}}"
                );
            }
            outputs.push_str("  size: {value: {get_attr: [group, current_size]}}\n");
        }
        if self.deploys {
            text.push_str("  deploy: {type: OS::Heat::SoftwareDeployment, properties: {server: srv}}\n");
        }
        format!("{text}outputs:\n{outputs}")
    }

    fn files() -> Files {
        let text = "heat_template_version: 2021-04-16\nparameters:\n  count: {type: number}\nresources:\n  h: {type: \
                    OS::Heat::WaitConditionHandle}\n  w:\n    type: OS::Heat::WaitCondition\n    properties: {handle: \
                    {get_resource: h}, timeout: 43200, count: {get_param: count}}\noutputs:\n  data: {value: {get_attr: [w, data]}}\n";
        Files::from_iter([("box.yaml", text)])
    }
}

/// The signals to one handle.
#[derive(Debug, Default)]
struct Sent {
    /// They were acknowledged.
    taken: BTreeSet<String>,
    /// Nobody knows: the process died.
    perhaps: BTreeSet<String>,
}

struct Simulation {
    rng: StdRng,
    cloud: Cloud,
    store: MemoryStore,
    kills: u32,
    process: Option<Process>,
    sent: BTreeMap<String, Sent>,
    number: u32,
}

impl Simulation {
    /// A living process.
    async fn process(&mut self) -> Result<&Process, String> {
        loop {
            if self.process.as_ref().is_some_and(|process| !process.life.is_over()) {
                break;
            }
            self.process = None;
            let dies = (self.kills > 0).then(|| {
                self.kills -= 1;
                self.rng.random_range(0..30)
            });
            let (seed, durable) = (self.rng.random(), self.rng.random());
            match start(&self.store, &self.cloud, seed, dies, durable).await {
                Some(Ok(process)) => self.process = Some(process),
                Some(Err(error)) => return Err(format!("the engine does not start: {error}")),
                None => {}
            }
        }
        self.process.as_ref().ok_or_else(|| "no process".to_owned())
    }

    /// Sends a signal, if the stack is there.
    async fn signal(&mut self, target: &str) -> Result<(), String> {
        self.number += 1;
        let id = format!("s{}", self.number);
        let details = match target {
            "up" | "down" => None,
            "deploy" => Some(json!({"deploy_stdout": id})),
            _ => Some(json!({"id": id, "data": id})),
        };
        let process = self.process().await?;
        let answer = alive(&process.life, async {
            let stack = process.engine.stack("default", "sim").await?;
            stack.signal(target, details).await
        })
        .await;
        let sent = self.sent.entry(target.to_owned()).or_default();
        match answer {
            Some(Ok(_)) => drop(sent.taken.insert(id)),
            None => drop(sent.perhaps.insert(id)),
            Some(Err(
                EngineError::Signal { .. }
                | EngineError::NoSuchResource { .. }
                | EngineError::NoSuchStack { .. },
            )) => {}
            Some(Err(error)) => return Err(format!("the signal to {target} is refused: {error}")),
        }
        Ok(())
    }

    /// Whether nothing is being done to the stack any more.
    async fn is_over(&mut self) -> Result<bool, String> {
        let process = self.process().await?;
        let over = alive(&process.life, async {
            let stack = process.engine.stack("default", "sim").await.ok()?;
            tokio::time::timeout(Duration::from_millis(1), stack.finished()).await.ok()?.ok()
        })
        .await;
        Ok(over.flatten().is_some())
    }
}

async fn live(seed: u64, tell: bool) -> Result<(), String> {
    let mut rng = StdRng::seed_from_u64(seed);
    let cloud = Cloud::new(rng.random());
    cloud.set_weather(Weather {
        latency: rng.random_range(0..200),
        working: rng.random_range(0..3000),
        ..Weather::default()
    });
    let mut scene = Scene::random(&mut rng);
    let kills = rng.random_range(0..6);
    let mut simulation = Simulation {
        rng,
        cloud: cloud.clone(),
        store: MemoryStore::new(),
        kills,
        process: None,
        sent: BTreeMap::new(),
        number: 0,
    };
    if tell {
        eprintln!("{}", scene.template());
    }
    let new = |scene: &Scene| {
        NewStack::new("sim", template(&scene.template())).files(Scene::files()).on_failure(OnFailure::Stop)
    };
    let mut updates = simulation.rng.random_range(0..3);
    let (mut made, mut rounds) = (false, 0);
    loop {
        rounds += 1;
        if rounds > 3000 {
            let engine = simulation.process().await?.engine.clone();
            let stack = engine.stack("default", "sim").await.map_err(|error| error.to_string())?;
            let view = stack.show().await.map_err(|error| error.to_string())?;
            let waits: Vec<String> = stack
                .nested_resources(3)
                .await
                .map_err(|error| error.to_string())?
                .into_iter()
                .filter(|view| view.resource_status.ends_with("PROGRESS"))
                .map(|view| format!("{} {}", view.path, view.resource_status))
                .collect();
            return Err(format!("somebody waits for ever: {}: {waits:?}", view.stack_status));
        }
        if !made {
            let process = simulation.process().await?;
            let taken = alive(&process.life, async {
                match process.engine.stack("default", "sim").await {
                    Ok(_) => Ok(()),
                    Err(_) => process.engine.create(new(&scene)).await.map(drop),
                }
            })
            .await;
            match taken {
                Some(Ok(())) => made = true,
                Some(Err(error)) => return Err(format!("it is not created: {error}")),
                None => continue,
            }
        }
        let pause = simulation.rng.random_range(0..1500);
        tokio::time::sleep(Duration::from_millis(pause)).await;
        if updates > 0 && simulation.rng.random_range(0..6) == 0 {
            // Somebody wants more signals, or another one than is waited for.
            let mut next = scene.clone();
            let at = simulation.rng.random_range(0..next.waits.len());
            if let Some(count) = next.waits.values_mut().nth(at) {
                *count += 1;
            }
            let process = simulation.process().await?;
            let update =
                Update::to(template(&next.template())).files(Scene::files()).on_failure(OnFailure::Stop);
            let taken = alive(&process.life, async {
                process.engine.stack("default", "sim").await?.update(update).await
            })
            .await;
            match taken {
                Some(Ok(())) => {
                    (scene, updates) = (next, updates - 1);
                    if tell {
                        eprintln!("--- an update: {:?}", scene.waits);
                    }
                }
                Some(Err(error)) => return Err(format!("the update is refused: {error}")),
                // It may have been taken: the counts of both may hold then, so it is asked for once more.
                None => continue,
            }
        }
        let targets = scene.targets();
        let target = targets[simulation.rng.random_range(0..targets.len())].clone();
        simulation.signal(&target).await?;
        if simulation.is_over().await? && simulation.rng.random_range(0..4) == 0 {
            break;
        }
    }
    let process = simulation.process().await?;
    process.life.spare();
    if process.life.is_over() {
        simulation.kills = 0;
    }
    let engine = simulation.process().await?.engine.clone();
    let stack = engine.stack("default", "sim").await.map_err(|error| error.to_string())?;
    let view = stack.finished().await.map_err(|error| error.to_string())?;
    if !view.is_complete() {
        return Err(format!("{}: {}", view.stack_status, view.stack_status_reason));
    }
    check(&scene, &stack, &simulation).await?;
    stack.delete().await.map_err(|error| error.to_string())?;
    let gone = stack.finished().await.map_err(|error| error.to_string())?;
    match (gone.is_complete(), cloud.objects().is_empty()) {
        (true, true) => Ok(()),
        _ => Err(format!("{} leaves {:?}", gone.stack_status_reason, cloud.objects())),
    }
}

async fn check(scene: &Scene, stack: &Stack, simulation: &Simulation) -> Result<(), String> {
    for (path, count) in &scene.waits {
        let metadata = stack.resource_metadata(path).await.map_err(|error| error.to_string())?;
        let there: BTreeSet<String> =
            metadata.as_object().into_iter().flatten().map(|(id, _)| id.clone()).collect();
        let nothing = Sent::default();
        let sent = simulation.sent.get(path).unwrap_or(&nothing);
        if let Some(lost) = sent.taken.difference(&there).next() {
            return Err(format!("the signal {lost} to {path} was acknowledged and is lost"));
        }
        if let Some(strange) =
            there.iter().find(|id| !sent.taken.contains(*id) && !sent.perhaps.contains(*id))
        {
            return Err(format!("nobody sent {strange} to {path}"));
        }
        if (there.len() as u64) < *count {
            return Err(format!("{path} was waited for {count} signals and has {there:?}"));
        }
        let output = path.split('/').next().unwrap_or(path);
        let data = stack.output(output).await.map_err(|error| error.to_string())?;
        let data: Value =
            serde_json::from_str(data.as_str().unwrap_or_default()).map_err(|error| error.to_string())?;
        let told: BTreeSet<String> =
            data.as_object().into_iter().flatten().map(|(id, _)| id.clone()).collect();
        // What is inside of a nested stack is told as it was when that was finished.
        if !(told == there || (path.contains('/') && told.is_subset(&there) && told.len() as u64 >= *count)) {
            return Err(format!("{path} tells {told:?} and has {there:?}"));
        }
    }
    let objects = simulation.cloud.objects();
    let mut expected = 1;
    if scene.scales {
        let size =
            stack.output("size").await.map_err(|error| error.to_string())?.as_u64().unwrap_or(0) as usize;
        if !(1..=4).contains(&size) {
            return Err(format!("the group has {size} members"));
        }
        expected += size;
        let metadata = stack.resource_metadata("group").await.map_err(|error| error.to_string())?;
        if metadata["scaling_in_progress"] != json!(false) {
            return Err(format!("the group is still being scaled: {metadata}"));
        }
    }
    if objects.len() != expected {
        return Err(format!("{} objects where {expected} should be", objects.len()));
    }
    if scene.deploys {
        let views = stack_deployments(simulation).await?;
        if views != ["COMPLETE"] {
            return Err(format!("the deployments are {views:?}"));
        }
    }
    Ok(())
}

async fn stack_deployments(simulation: &Simulation) -> Result<Vec<String>, String> {
    let Some(process) = &simulation.process else { return Ok(Vec::new()) };
    let views =
        process.engine.deployments_of_server("default", "srv").await.map_err(|error| error.to_string())?;
    Ok(views.into_iter().map(|view| view.status).collect())
}

fn run(seed: u64, tell: bool) -> Result<(), String> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(live(seed, tell))
}

#[test]
fn signals_are_neither_lost_nor_too_early_nor_waited_for_in_vain() {
    if let Some(seed) = std::env::var("HEAT_SIGNALS_SEED").ok().and_then(|seed| seed.parse().ok()) {
        run(seed, true).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        return;
    }
    let seeds: u64 = std::env::var("HEAT_SIMULATION_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(100);
    let mut failures = Vec::new();
    for seed in 0..seeds {
        if let Err(error) = run(seed, false) {
            let first = error.lines().next().unwrap_or_default().to_owned();
            println!("HEAT_SIGNALS_SEED={seed} cargo test -p heat-engine --test simulation signals: {first}");
            failures.push(seed);
        }
    }
    assert!(failures.is_empty(), "{} of {seeds} seeds fail: {failures:?}", failures.len());
}

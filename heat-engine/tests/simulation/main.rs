//! Deterministic simulation: random stacks on a service in bad weather, updates in mid-flight, engines that are killed
//! between any two of their writes. Whatever happens, in the end the record, the service and the template agree.
//!
//! `HEAT_SIMULATION_SEEDS=5000` sets how many seeds are tried, `HEAT_SIMULATION_SEED=17` runs one and tells what happens.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, clippy::print_stderr, missing_docs)]

mod signals;
#[path = "../support/mod.rs"]
mod support;
mod world;

use heat_engine::record::OnFailure;
use heat_engine::store::{EventQuery, MemoryStore, StackQuery};
use heat_engine::{Engine, EngineError, NewStack, Stack, StackView, Update};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use support::cloud::{Cloud, Weather};
use support::process::{Process, alive, start};
use support::template;
use world::{OUTSIDE, World};

/// Begins the ids of things that were there before an update that takes them in.
const IMPORTED: &str = "imported-";

/// What differs between a world and the service, if anything does.
async fn difference(world: &World, stack: &Stack, cloud: &Cloud, restored: bool) -> Option<String> {
    let mut objects = cloud.objects();
    let mut ids = BTreeMap::new();
    for view in stack.nested_resources(9).await.unwrap() {
        // Neither a nested stack nor what is nothing but its record is an object of the service.
        if view.nested.is_none() && !view.resource_type.starts_with("OS::Heat::") {
            ids.insert(view.path.clone(), view.physical_resource_id);
        }
    }
    // What was not taken in, or let go by a rollback, is nobody's.
    objects.retain(|id, _| !id.starts_with(IMPORTED) || ids.values().any(|known| known == id));
    let expected = world.expected();
    let external = ids.get("ext").map(String::as_str);
    if external != world.external.then_some(OUTSIDE) {
        return Some(format!("the thing that was there before is recorded as {external:?}"));
    }
    if objects.len() != expected.len() + 1 || ids.len() != expected.len() + usize::from(world.external) {
        return Some(format!(
            "{} objects, {} recorded ones, for {} resources: {objects:#?} {ids:#?}",
            objects.len(),
            ids.len(),
            expected.len()
        ));
    }
    for (path, thing) in &expected {
        let Some(id) = ids.get(path) else { return Some(format!("{path} is not recorded")) };
        let Some(object) = objects.get(id) else { return Some(format!("{path} ({id}) does not exist")) };
        let links: BTreeSet<_> = thing.links.iter().filter_map(|link| ids.get(link).cloned()).collect();
        let same = object.kind == thing.kind
            // What came from saved data has those.
            && (restored || (object.value == thing.value && object.place == thing.place))
            && object.links == links
            && thing.name.as_ref().is_none_or(|name| object.name == *name)
            && object.broken.is_none()
            && !object.asleep;
        if !same {
            return Some(format!("{path} shall be {thing:?} with links {links:?}, and is {object:?}"));
        }
    }
    None
}

/// Waits until nothing is being done to the stack; whoever comes to a hook is let pass after a while.
async fn finished(engine: &Engine, stack: &Stack) -> Result<StackView, EngineError> {
    tokio::select! {
        view = stack.finished() => view,
        () = let_pass(engine, stack) => unreachable!(),
    }
}

/// Clears whatever hook there is, again and again.
async fn let_pass(engine: &Engine, stack: &Stack) {
    loop {
        tokio::time::sleep(Duration::from_millis(300)).await;
        for at in stack.hooks(9).await.unwrap_or_default() {
            // It may have gone on meanwhile.
            if let Ok(stack) = engine.stack("default", at.stack.as_str()).await {
                stack.clear_hook(&at.resource, at.hook).await.ok();
            }
        }
    }
}

/// What engines made and left; what was there before must be as it was.
fn left(cloud: &Cloud) -> Result<(), String> {
    let mut left = cloud.objects();
    // What was let go by a rollback is nobody's.
    left.retain(|id, _| !id.starts_with(IMPORTED));
    match left.remove(OUTSIDE) {
        _ if !cloud.backups().is_empty() => Err(format!("it left what it had saved: {:#?}", cloud.backups())),
        Some(outside) if outside.version == 1 && !outside.asleep && left.is_empty() => Ok(()),
        outside => Err(format!("it left {left:#?}, and of what was there before {outside:?}")),
    }
}

/// One life of a stack, told step by step.
async fn live(seed: u64, tell: bool) -> Result<(), String> {
    let mut rng = StdRng::seed_from_u64(seed);
    let cloud = Cloud::new(rng.random());
    let store = MemoryStore::new();
    let bad = Weather {
        refuse: rng.random_range(0..60),
        lose: rng.random_range(0..60),
        late: rng.random_range(0..40),
        drop: rng.random_range(0..40),
        fatal: if rng.random_range(0..2) == 0 { 50 } else { 0 },
        latency: rng.random_range(0..200),
        working: rng.random_range(0..3000),
    };
    cloud.set_weather(bad);
    cloud.put(OUTSIDE, OUTSIDE, OUTSIDE);
    let mut world = World::random(&mut rng);
    let mut history = vec![world.clone()];
    let mut deleted = false;
    let mut requests: Vec<Request> = vec![Request::Create];
    for _ in 0..rng.random_range(0..4) {
        requests.push(match rng.random_range(0..17) {
            0 | 1 => Request::Delete,
            2 => Request::Check,
            3 => Request::Suspend,
            4 => Request::Resume,
            5 => Request::Cancel,
            6 => Request::Stop,
            7 | 8 => Request::Snapshot,
            9 => Request::Restore,
            _ => Request::Update,
        });
    }
    let (mut made, mut restored) = (false, false);
    let mut kills = rng.random_range(0..5_u32);
    let mut process: Option<Process> = None;
    for request in requests {
        if deleted {
            break;
        }
        let mut next = world.clone();
        if matches!(request, Request::Update) {
            next.change(&mut rng);
            next.serial = history.iter().map(|world| world.serial).max().unwrap_or_default() + 1;
        }
        let on_failure = RULES[rng.random_range(0..RULES.len())];
        // Now and then something gets another name, or is there already.
        let (mut rename, mut import) = (None, None);
        if matches!(request, Request::Update) {
            match rng.random_range(0..5) {
                0 => rename = next.rename(&mut rng),
                1 => {
                    let (resource, name, place) = next.import(&mut rng);
                    let id = format!("{IMPORTED}{}", next.serial);
                    cloud.put(&id, &name, "before");
                    cloud.change_object(&id, |object| object.place = place);
                    import = Some((resource, id));
                }
                _ => {}
            }
        }
        // Now and then only a part of it is to be done.
        let (only, except) = match rng.random_range(0..6) {
            0 => (next.some(&mut rng), Vec::new()),
            1 => (Vec::new(), next.some(&mut rng)),
            _ => (Vec::new(), Vec::new()),
        };
        let text = next.template();
        let (files, environment) = (next.files(), next.environment());
        if tell {
            eprintln!(
                "--- {request:?} {on_failure:?} only {only:?} except {except:?} {}\n{text}",
                environment.to_value()
            );
            files.iter().for_each(|(name, text)| eprintln!("--- {name}\n{text}"));
        }
        // The client repeats its request until an engine has taken it.
        loop {
            let living = match process.take() {
                Some(living) if !living.life.is_over() => living,
                _ => {
                    let dies = (kills > 0).then(|| {
                        kills -= 1;
                        rng.random_range(0..25)
                    });
                    if tell {
                        eprintln!("--- a new engine, which dies after {dies:?} writes");
                    }
                    match start(&store, &cloud, rng.random(), dies, rng.random()).await {
                        Some(Ok(living)) => living,
                        Some(Err(error)) => return Err(format!("the engine does not start: {error}")),
                        None => continue,
                    }
                }
            };
            let taken = alive(&living.life, async {
                let existing = living.engine.stack("default", "sim").await.ok();
                match (&request, existing) {
                    (Request::Create, None) => {
                        let new =
                            NewStack::new("sim", template(&text)).files(files.clone()).on_failure(on_failure);
                        living.engine.create(new.environment(environment.clone())).await.map(drop)
                    }
                    (Request::Create, Some(_)) => Ok(()),
                    (Request::Update, Some(stack)) => {
                        let update = Update::to(template(&text)).files(files.clone());
                        let mut update = update.only(only.clone()).except(except.clone());
                        if let Some((old, new)) = &rename {
                            update = update.rename(old, new);
                        }
                        if let Some((resource, id)) = &import {
                            update = update.import(resource, id.as_str());
                        }
                        stack.update(update.environment(environment.clone()).on_failure(on_failure)).await
                    }
                    (Request::Delete, Some(stack)) => stack.delete().await,
                    (Request::Check, Some(stack)) => stack.check().await,
                    (Request::Suspend, Some(stack)) => stack.suspend().await,
                    (Request::Resume, Some(stack)) => stack.resume().await,
                    (Request::Cancel, Some(stack)) => stack.cancel_update().await,
                    (Request::Stop, Some(stack)) => stack.cancel_without_rollback().await,
                    (Request::Snapshot, Some(stack)) => stack.snapshot(None).await.map(drop),
                    (Request::Restore, Some(stack)) => match last_complete_snapshot(&stack).await? {
                        Some((id, serial)) => {
                            next = history.iter().find(|world| world.serial == serial).unwrap().clone();
                            stack.restore(&id).await
                        }
                        None => Ok(()),
                    },
                    (_, None) => Ok(()),
                }
            })
            .await;
            let over = taken.is_none();
            process = Some(living);
            match taken {
                Some(Ok(())) => break,
                // It rests: it is woken when that is over.
                Some(Err(EngineError::State { .. }))
                    if matches!(request, Request::Update | Request::Restore) =>
                {
                    let living = process.as_ref().unwrap();
                    alive(&living.life, async {
                        if let Ok(stack) = living.engine.stack("default", "sim").await {
                            finished(&living.engine, &stack).await.ok();
                            stack.resume().await.ok();
                        }
                    })
                    .await;
                }
                // Something else is being done, or it does not rest.
                Some(Err(EngineError::State { .. }))
                    if !matches!(request, Request::Create | Request::Update | Request::Delete) =>
                {
                    break;
                }
                // It has the name already, or something is being done to it.
                Some(Err(EngineError::Move(_))) => rename = None,
                // It is the stack's already, or cannot be.
                Some(Err(EngineError::Import { .. })) => import = None,
                // A service that had to be asked was away.
                Some(Err(EngineError::Service(_))) => {}
                Some(Err(error)) => return Err(format!("{request:?} is refused: {error}")),
                None => assert!(over),
            }
        }
        made = true;
        restored |= matches!(request, Request::Restore);
        world = next;
        history.push(world.clone());
        deleted = matches!(request, Request::Delete);
        let pause = Duration::from_millis(rng.random_range(0..4000));
        let passes = rng.random_range(0..2) == 0;
        let living = process.as_ref().filter(|living| passes && !living.life.is_over());
        match living {
            Some(living) => {
                let passing = async {
                    if let Ok(stack) = living.engine.stack("default", "sim").await {
                        let_pass(&living.engine, &stack).await;
                    }
                };
                let _ = alive(&living.life, tokio::time::timeout(pause, passing)).await;
            }
            None => tokio::time::sleep(pause).await,
        }
    }
    assert!(made);
    // Whatever is still to be killed is killed while the last request runs.
    let view = loop {
        let living = match process.take() {
            Some(living) if !living.life.is_over() => living,
            _ => {
                let dies = (kills > 0).then(|| {
                    kills -= 1;
                    rng.random_range(0..25)
                });
                match start(&store, &cloud, rng.random(), dies, rng.random()).await {
                    Some(Ok(living)) => living,
                    Some(Err(error)) => return Err(format!("the engine does not start: {error}")),
                    None => continue,
                }
            }
        };
        let ended = alive(&living.life, async {
            match living.engine.stack("default", "sim").await {
                Ok(stack) => Some(
                    tokio::time::timeout(Duration::from_secs(7200), finished(&living.engine, &stack))
                        .await
                        .map_err(|_| "the stack is at work for ever".to_owned()),
                ),
                Err(_) => None,
            }
        })
        .await;
        process = Some(living);
        match ended {
            Some(None) => break None,
            Some(Some(Ok(Ok(view)))) => break Some(view),
            Some(Some(Ok(Err(error)))) => return Err(format!("the stack does not finish: {error}")),
            Some(Some(Err(error))) => return Err(error),
            None => {}
        }
    };
    check(seed, &world, &history, deleted, restored, view, process.unwrap(), &store, &cloud, tell).await
}

const RULES: [OnFailure; 4] =
    [OnFailure::Stop, OnFailure::Rollback, OnFailure::Rollback, OnFailure::Continue];

#[derive(Debug)]
enum Request {
    Create,
    Update,
    Delete,
    Check,
    Suspend,
    Resume,
    Cancel,
    Stop,
    Snapshot,
    Restore,
}

/// The newest snapshot that can be restored, and which form of the stack it is of.
async fn last_complete_snapshot(stack: &Stack) -> Result<Option<(String, u32)>, EngineError> {
    let snapshots = stack.snapshots().await?;
    let Some(last) = snapshots.into_iter().rev().find(|snapshot| snapshot.status == "COMPLETE") else {
        return Ok(None);
    };
    let shown = stack.show_snapshot(&last.id).await?;
    let serial = shown.data["template"]["resources"]["local"]["properties"]["value"].as_u64();
    Ok(Some((last.id, u32::try_from(serial.unwrap_or_default()).unwrap_or_default())))
}

#[allow(clippy::too_many_arguments)]
async fn check(
    seed: u64,
    world: &World,
    history: &[World],
    deleted: bool,
    restored: bool,
    view: Option<StackView>,
    process: Process,
    store: &MemoryStore,
    cloud: &Cloud,
    tell: bool,
) -> Result<(), String> {
    process.life.spare();
    // What the service still does late is done by now, and the weather is fine from here on.
    tokio::time::sleep(Duration::from_secs(10)).await;
    cloud.set_weather(Weather::default());
    let engine = match process.life.is_over() {
        false => process.engine,
        true => {
            start(store, cloud, seed, None, true).await.unwrap().map_err(|error| error.to_string())?.engine
        }
    };
    if tell {
        for line in cloud.journal() {
            eprintln!("    {line}");
        }
        if let Ok(stack) = engine.stack("default", "sim").await {
            let all = EventQuery { nested: true, ..EventQuery::default() };
            for (_, event) in stack.recorded_events(&all).await.unwrap() {
                eprintln!(
                    "    {} {} {:?} {}_{} {}",
                    event.time, event.resource, event.physical_id, event.action, event.status, event.reason
                );
            }
        }
        eprintln!(
            "--- the end: {:?}",
            view.as_ref().map(|view| (&view.stack_status, &view.stack_status_reason))
        );
    }
    let Some(view) = view else {
        return if deleted { left(cloud) } else { Err("the stack is gone".to_owned()) };
    };
    if deleted && view.is_complete() {
        return left(cloud);
    }
    let stack = engine.stack("default", "sim").await.map_err(|error| error.to_string())?;
    if view.is_failed() && view.stack_status_reason.is_empty() {
        return Err("it failed without a reason".to_owned());
    }
    if view.stack_status == "ROLLBACK_COMPLETE" {
        let serial = stack.outputs().await.unwrap().first().map(|output| output.output_value.to_string());
        let nothing = World::default();
        let stands = match &serial {
            None => Some(&nothing),
            Some(serial) => history.iter().find(|world| world.serial.to_string() == *serial),
        };
        let Some(stands) = stands else { return Err(format!("it came back to {serial:?}")) };
        if serial.is_some() && stands.serial == world.serial && !restored {
            return Err("it came back to what failed".to_owned());
        }
        if let Some(difference) = difference(stands, &stack, cloud, restored).await {
            return Err(format!("after the rollback: {difference}"));
        }
    }
    if view.stack_status.starts_with("SUSPEND") {
        stack.resume().await.map_err(|error| error.to_string())?;
        let awake = finished(&engine, &stack).await.map_err(|error| error.to_string())?;
        if !awake.is_complete() {
            return Err(format!("in fine weather it does not wake: {}", awake.stack_status_reason));
        }
    }
    // These say nothing of whether it is what it shall be.
    let others = ["CHECK", "SUSPEND", "RESUME", "SNAPSHOT", "RESTORE"];
    let is_other = others.iter().any(|action| view.stack_status.starts_with(action));
    let is_part = !view.pending.is_empty();
    if (view.is_failed() || view.stack_status == "ROLLBACK_COMPLETE" || is_other || is_part) && !deleted {
        // A failure is true and is repaired by the next update.
        let again = Update::to(template(&world.template())).files(world.files());
        stack.update(again).await.map_err(|error| error.to_string())?;
        let mended = finished(&engine, &stack).await.map_err(|error| error.to_string())?;
        if !mended.is_complete() {
            return Err(format!(
                "in fine weather the failure is not repaired: {}",
                mended.stack_status_reason
            ));
        }
    }
    if !deleted && let Some(difference) = difference(world, &stack, cloud, false).await {
        return Err(difference);
    }
    stack.delete().await.map_err(|error| error.to_string())?;
    let gone = finished(&engine, &stack).await.map_err(|error| error.to_string())?;
    let all = StackQuery { nested: true, ..StackQuery::default() };
    let stacks = engine.all_stacks(&all).await.map_err(|error| error.to_string())?;
    if !stacks.is_empty() {
        return Err(format!("stacks are left over: {stacks:#?}"));
    }
    if !gone.is_complete() {
        return Err(format!("{}: {}", gone.stack_status, gone.stack_status_reason));
    }
    left(cloud)?;
    match cloud.breaches() {
        breaches if breaches.is_empty() => Ok(()),
        breaches => Err(format!("order was broken: {breaches:?}")),
    }
}

fn run(seed: u64, tell: bool) -> Result<(), String> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(live(seed, tell))
}

#[test]
fn whatever_happens_record_service_and_template_agree_in_the_end() {
    if let Some(seed) = std::env::var("HEAT_SIMULATION_SEED").ok().and_then(|seed| seed.parse().ok()) {
        run(seed, true).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        return;
    }
    let seeds: u64 = std::env::var("HEAT_SIMULATION_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(300);
    let mut failures = Vec::new();
    for seed in 0..seeds {
        if let Err(error) = run(seed, false) {
            let first = error.lines().next().unwrap_or_default().to_owned();
            println!("HEAT_SIMULATION_SEED={seed} cargo test -p heat-engine --test simulation: {first}");
            failures.push(seed);
        }
    }
    assert!(failures.is_empty(), "{} of {seeds} seeds fail: {failures:?}", failures.len());
}

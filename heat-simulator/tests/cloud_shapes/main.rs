//! The simulated cloud and a real one get the same requests; their answers must look the same, field by field and word by word.
//!
//! Needs a real control plane: `HEAT_TEST_CLOUDS` names its `clouds.yaml`, `HEAT_TEST_CLOUD` the cloud in it (default `demo`; an
//! ordinary user's). Run with `cargo test -p heat-simulator --test cloud_shapes -- --ignored`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "this is all tests")]

mod comparison;
mod scenario;
mod session;

use scenario::{Step, steps};
use session::Session;

#[tokio::test]
#[ignore = "needs the control plane: cargo xtask test --only cloud"]
async fn the_simulator_answers_as_a_real_cloud_does() {
    let file = std::env::var("HEAT_TEST_CLOUDS").expect("HEAT_TEST_CLOUDS names a clouds.yaml");
    let name = std::env::var("HEAT_TEST_CLOUD").unwrap_or_else(|_| "demo".to_owned());
    let simulator = heat_simulator::Simulator::builder().start().await.unwrap();
    let simulated_file = simulator.clouds_yaml("simulated");
    let mut real = Session::open(&std::fs::read_to_string(file).unwrap(), &name).await;
    let mut simulated = Session::open(&simulated_file, "simulated").await;
    let mut differences = Vec::new();
    for step in steps() {
        match &step {
            Step::Call { service, method, path, body, headers, capture } => {
                let one = real.call(service, method, path, body, headers, *capture).await;
                let other = simulated.call(service, method, path, body, headers, *capture).await;
                let title = format!("{method} {service} {path} {body}");
                differences.extend(
                    comparison::differences(&one, &other)
                        .into_iter()
                        .map(|text| format!("{title}\n    {text}")),
                );
            }
            Step::Until { service, path, pointer, wanted } => {
                real.until(service, path, pointer, wanted).await;
                simulated.until(service, path, pointer, wanted).await;
            }
            Step::Gone { service, path } => {
                real.until_gone(service, path).await;
                simulated.until_gone(service, path).await;
            }
        }
    }
    assert!(
        differences.is_empty(),
        "{} differences (real against simulated):\n{}",
        differences.len(),
        differences.join("\n")
    );
}

//! The simulated cloud inside this process: started when somebody asks for it, its state kept beside the store.

use heat_plugin_sdk::Failure;
use heat_simulator::{Simulator, StartError, StateFileError};
use serde_json::Value;
use std::path::PathBuf;
use tokio::sync::Mutex;

/// The name of the cloud.
pub(crate) const SIMULATED: &str = "simulated";

/// The simulated cloud inside this process.
#[derive(Debug)]
pub(crate) struct SimulatedCloud {
    state: Option<PathBuf>,
    running: Mutex<Option<Simulator>>,
}

impl SimulatedCloud {
    /// A cloud that keeps its state in this file, or nowhere. It does not run yet.
    pub(crate) fn new(state: Option<PathBuf>) -> Self {
        Self { state, running: Mutex::default() }
    }

    /// Its entry as `clouds.yaml` has it. Starts it if it does not run yet.
    ///
    /// # Errors
    /// Another process runs it; its state cannot be read or written.
    pub(crate) async fn settings(&self) -> Result<Value, Failure> {
        let mut running = self.running.lock().await;
        let simulator = match running.take() {
            Some(simulator) => simulator,
            None => {
                let mut builder = Simulator::builder();
                if let Some(path) = &self.state {
                    crate::settings::make_folder_of(path).map_err(|error| {
                        Failure::failed(format!("cannot make the folder of {}: {error}", path.display()))
                    })?;
                    builder = builder.state_file(path);
                }
                builder.start().await.map_err(failure)?
            }
        };
        let entry = entry(&simulator.clouds_yaml(SIMULATED));
        *running = Some(simulator);
        entry.ok_or_else(|| Failure::failed("the simulated cloud gave no settings"))
    }

    /// Ends it, if it runs.
    pub(crate) async fn stop(&self) {
        if let Some(simulator) = self.running.lock().await.take() {
            simulator.shutdown().await;
        }
    }
}

fn entry(clouds: &str) -> Option<Value> {
    let document: Value = serde_yaml::from_str(clouds).ok()?;
    Some(document.get("clouds")?.get(SIMULATED)?.clone())
}

fn failure(error: StartError) -> Failure {
    match error {
        StartError::StateFile(error @ StateFileError::InUse(_)) => Failure::conflict(format!(
            "the simulated cloud is in use by another process ({error}); wait until that is done, or run a simulated cloud \
             of its own with: heat simulator openstack"
        )),
        error => Failure::failed(format!("the simulated cloud does not start: {error}")),
    }
}

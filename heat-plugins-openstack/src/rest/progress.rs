//! Waiting for what a service says of an object's state.

use heat_plugin_sdk::{Failure, Observed, Operation, PhysicalId, Progress, Resource, State};

/// Done when the object is ready, or gone if it is being deleted.
pub(crate) fn by_state<R: Resource>(
    id: &PhysicalId,
    operation: &Operation<'_, R::Properties>,
    observed: Option<&Observed<R>>,
) -> Progress {
    let deleting = matches!(operation, Operation::Delete);
    match observed.map(Observed::state) {
        None if deleting => Progress::Done,
        None => Progress::Failed(Failure::not_found(format!("{} {id} is gone", R::TYPE))),
        Some(State::Failed(reason)) => {
            Progress::Failed(Failure::failed(format!("{} {id} went to error: {reason}", R::TYPE)))
        }
        Some(State::Working(reason)) => Progress::wait(reason.clone()),
        Some(State::Ready) if deleting => Progress::wait("still there"),
        Some(State::Ready) => Progress::Done,
    }
}

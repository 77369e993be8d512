//! The `OS::Heat::*` types, written against the SDK like anybody's.
//!
//! Nothing stands behind them but their own record: what they are asked for is done at once, or when a time has passed.

mod delay;
mod none;
mod random_string;
mod test_resource;
mod value;
mod wait;

pub use delay::Delay;
pub use none::NoneResource;
pub use random_string::RandomString;
pub use test_resource::TestResource;
pub use value::ValueResource;

use heat_plugin_sdk::{Failure, Plugin};
use std::sync::Arc;

/// The plugin with these types; an engine registers it by itself.
pub fn plugin() -> Plugin {
    Plugin::new("heat")
        .resource(Delay)
        .resource(NoneResource)
        .resource(RandomString)
        .resource(TestResource)
        .resource(ValueResource)
        .constraint("test_constr", test_constraint)
}

/// Takes as many seconds as the value says, and is always met (`constraint_prop_secs` of `OS::Heat::TestResource`).
async fn test_constraint(_: Arc<()>, value: serde_json::Value) -> Result<(), Failure> {
    let seconds = value.as_f64().unwrap_or_default();
    tokio::time::sleep(wait::duration(seconds)).await;
    Ok(())
}

#[cfg(test)]
mod testing;

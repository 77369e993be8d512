//! The `OS::Heat::*` types, written against the SDK like anybody's.
//!
//! Nothing stands behind them but their own record: what they are asked for is done at once, or when a time has passed.

mod auto_scaling_group;
mod batches;
mod delay;
mod members;
mod none;
mod random_string;
mod resource_chain;
mod resource_group;
mod software_config;
mod test_resource;
mod value;
mod wait;
mod yaml_dump;

pub use auto_scaling_group::AutoScalingGroup;
pub use delay::Delay;
pub use none::NoneResource;
pub use random_string::RandomString;
pub use resource_chain::ResourceChain;
pub use resource_group::ResourceGroup;
pub(crate) use software_config::CONFIG;
pub use software_config::{CloudConfig, SoftwareComponent, SoftwareConfig, StructuredConfig};
pub use test_resource::TestResource;
pub use value::ValueResource;

use heat_plugin_sdk::Plugin;

/// The plugin with these types; an engine registers it by itself.
pub fn plugin() -> Plugin {
    let mut plugin = Plugin::new("heat").version(env!("CARGO_PKG_VERSION"));
    for (reason, types) in UNSUPPORTED {
        for name in *types {
            plugin = plugin.unsupported(format!("OS::Heat::{name}"), *reason);
        }
    }
    plugin
        .resource(Delay)
        .resource(NoneResource)
        .resource(RandomString)
        .resource(TestResource)
        .resource(ValueResource)
        .resource(CloudConfig)
        .resource(SoftwareComponent)
        .resource(SoftwareConfig)
        .resource(StructuredConfig)
        .composite(AutoScalingGroup)
        .composite(ResourceChain)
        .composite(ResourceGroup)
}

/// The other types that Heat has under `OS::Heat::`, and why they are not there.
const UNSUPPORTED: &[(&str, &[&str])] = &[
    (
        "scaling groups of AWS and stacks of other clouds are not there in this version",
        &["InstanceGroup", "Stack"],
    ),
    (
        "deployments of software configurations are not there in this version",
        &[
            "DeployedServer",
            "MultipartMime",
            "SoftwareDeployment",
            "SoftwareDeploymentGroup",
            "SoftwareDeployments",
            "StructuredDeployment",
            "StructuredDeploymentGroup",
            "StructuredDeployments",
        ],
    ),
    (
        "signals are not there in this version",
        &[
            "AccessPolicy",
            "HARestarter",
            "ScalingPolicy",
            "SwiftSignal",
            "SwiftSignalHandle",
            "UpdateWaitConditionHandle",
            "WaitCondition",
            "WaitConditionHandle",
        ],
    ),
];

#[cfg(test)]
mod testing;

//! The `OS::Heat::*` types, written against the SDK like anybody's.
//!
//! Nothing stands behind them but their own record: what they are asked for is done at once, or when a time has passed.

mod auto_scaling_group;
mod batches;
mod delay;
mod deployed_server;
mod deployment_group;
mod derived_config;
mod members;
mod multipart_mime;
mod none;
mod random_string;
mod resource_chain;
mod resource_group;
mod scaling_policy;
mod software_config;
mod software_deployment;
mod test_resource;
mod value;
mod wait;
mod wait_condition;
mod wait_condition_handle;
mod yaml_dump;

pub use auto_scaling_group::AutoScalingGroup;
pub use delay::Delay;
pub use deployed_server::DeployedServer;
pub use deployment_group::{SoftwareDeploymentGroup, StructuredDeploymentGroup};
pub(crate) use derived_config::Deployment;
pub use multipart_mime::MultipartMime;
pub use none::NoneResource;
pub use random_string::RandomString;
pub use resource_chain::ResourceChain;
pub use resource_group::ResourceGroup;
pub use scaling_policy::ScalingPolicy;
pub(crate) use software_config::{CONFIG, configuration_of};
pub use software_config::{CloudConfig, SoftwareComponent, SoftwareConfig, StructuredConfig};
pub(crate) use software_deployment::deployment_of;
pub use software_deployment::{SoftwareDeployment, StructuredDeployment};
pub use test_resource::TestResource;
pub use value::ValueResource;
pub use wait_condition::{AwsWaitCondition, WaitCondition};
pub use wait_condition_handle::{AwsWaitConditionHandle, UpdateWaitConditionHandle, WaitConditionHandle};

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
        .resource(DeployedServer)
        .resource(MultipartMime)
        .resource(ScalingPolicy)
        .resource(SoftwareDeployment)
        .resource(StructuredDeployment)
        .resource(AwsWaitCondition)
        .resource(AwsWaitConditionHandle)
        .resource(UpdateWaitConditionHandle)
        .resource(WaitCondition)
        .resource(WaitConditionHandle)
        .composite(AutoScalingGroup)
        .composite(ResourceChain)
        .composite(ResourceGroup)
        .composite(SoftwareDeploymentGroup)
        .composite(StructuredDeploymentGroup)
}

/// The other types that Heat has under `OS::Heat::`, and why they are not there.
const UNSUPPORTED: &[(&str, &[&str])] = &[
    (
        "scaling groups of AWS and stacks of other clouds are not there in this version",
        &["InstanceGroup", "Stack"],
    ),
    (
        "use OS::Heat::SoftwareDeploymentGroup or OS::Heat::StructuredDeploymentGroup, which Heat hides these behind",
        &["SoftwareDeployments", "StructuredDeployments"],
    ),
    (
        "signals by way of other services are not there in this version",
        &["AccessPolicy", "HARestarter", "SwiftSignal", "SwiftSignalHandle"],
    ),
];

#[cfg(test)]
mod testing;

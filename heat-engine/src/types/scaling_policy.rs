//! `OS::Heat::ScalingPolicy`: changes the size of a scaling group when it is signalled.

use heat_plugin_sdk::{
    Adjustment, Attributes, Change, Context, Created, Failure, Observed, PhysicalId, Properties, Resource,
    Result, Signal, SignalAnswer, Signals,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Changes the size of a scaling group when it is signalled.
#[derive(Debug, Clone, Copy, Default)]
pub struct ScalingPolicy;

/// How a signal changes the size of a scaling group.
#[derive(Debug, Clone, Deserialize, Properties)]
pub struct ScalingPolicyProperties {
    /// The group.
    auto_scaling_group_id: String,
    /// By how much, or to how many.
    #[property(update_allowed)]
    scaling_adjustment: f64,
    /// What that number means.
    #[property(
        update_allowed,
        constraint(allowed("change_in_capacity", "exact_capacity", "percent_change_in_capacity"))
    )]
    adjustment_type: String,
    /// Seconds for which further signals change nothing.
    #[property(update_allowed)]
    cooldown: Option<f64>,
    /// By how many the size changes at least, where the adjustment is a percentage.
    #[property(update_allowed, constraint(range(min = 0)))]
    min_adjustment_step: Option<u64>,
}

/// What a policy tells: how to signal it from outside.
#[derive(Debug, Serialize, Attributes)]
pub struct ScalingPolicyAttributes {
    /// A signed address.
    #[attribute(on_demand, type = string)]
    alarm_url: Value,
    /// The address in the Orchestration API.
    #[attribute(on_demand, type = string, since = "5.0.0")]
    signal_url: Value,
}

impl Resource for ScalingPolicy {
    const TYPE: &'static str = "OS::Heat::ScalingPolicy";
    type Connection = ();
    type Properties = ScalingPolicyProperties;
    type Attributes = ScalingPolicyAttributes;

    fn validate(&self, p: &ScalingPolicyProperties) -> Result<()> {
        if p.min_adjustment_step.is_some() && p.adjustment_type != "percent_change_in_capacity" {
            return Err(Failure::invalid(
                "min_adjustment_step".to_owned(),
                "min_adjustment_step property should only be specified for adjustment_type with value \
                 percent_change_in_capacity.",
            ));
        }
        Ok(())
    }

    async fn create(&self, cx: &Context<'_, Self>, _: &ScalingPolicyProperties) -> Result<Created> {
        Ok(Created::new(cx.incarnation_id()).complete(Observed::<Self>::ready()))
    }

    async fn read(&self, _: &Context<'_, Self>, _: &PhysicalId) -> Result<Option<Observed<Self>>> {
        Ok(Some(Observed::ready()))
    }

    async fn update(
        &self,
        _: &Context<'_, Self>,
        _: &PhysicalId,
        _: &Change<ScalingPolicyProperties>,
    ) -> Result<()> {
        Ok(())
    }

    async fn delete(&self, _: &Context<'_, Self>, _: &PhysicalId) -> Result<()> {
        Ok(())
    }

    fn is_local(&self) -> bool {
        true
    }

    async fn attribute(&self, _: &Context<'_, Self>, _: &PhysicalId, name: &str) -> Result<Value> {
        Err(Failure::unsupported(format!(
            "attribute {name}: it is the address of an API service, which this engine does not have; signals come by \
             `heat stack resource signal` or `Stack::signal`"
        )))
    }

    fn signals(&self) -> Signals {
        Signals::Taken
    }

    /// As in Heat every state of an alarm counts: whoever chooses the actions of the alarm says with which it is signalled.
    fn signal(&self, signal: &Signal<'_>, p: &ScalingPolicyProperties) -> Result<SignalAnswer> {
        match signal.details {
            None | Some(Value::Null | Value::Object(_)) => {}
            Some(_) => return Err(Failure::invalid(None, "the details of an alarm are a map")),
        }
        let adjust = Adjustment {
            group: p.auto_scaling_group_id.clone(),
            by: p.scaling_adjustment,
            kind: p.adjustment_type.clone(),
            min_step: p.min_adjustment_step,
            cooldown: p.cooldown,
        };
        Ok(SignalAnswer { adjust: Some(adjust), ..SignalAnswer::default() })
    }
}

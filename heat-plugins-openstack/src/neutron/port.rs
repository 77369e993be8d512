//! `OS::Neutron::Port`.

use heat_plugin_sdk::schema::ResourceSchema;
use heat_plugin_sdk::{
    Attributes, Change, Context, Created, Failure, FindBasis, Finding, Observed, Operation, PhysicalId,
    Progress, Properties, PropertyType, ReplaceOrder, Resource, Result, Siblings,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{check_value_specs, project, settle_tags, state, wanted_tags};
use crate::client::{Client, Request};
use crate::rest::{self, Body, Collection, text};

pub(crate) const PORTS: Collection = Collection::network("ports", "port", "ports");

/// A port: where an instance's network card is plugged into a network, with its hardware and its IP addresses.
#[derive(Debug, Clone, Serialize, Deserialize, Properties)]
pub struct PortProperties {
    /// Name of the port.
    #[property(update_allowed)]
    pub name: Option<String>,
    /// Name or id of the network. For a floating IP on this port give `fixed_ips` with a subnet.
    #[property(
        resolve = "neutron.network",
        since = "2014.2",
        renamed_from(
            name = "network_id",
            deprecated(since = "2014.2"),
            hidden(since = "5.0.0", message = "Use property network.")
        )
    )]
    pub network: String,
    /// Addresses that the port shall have.
    #[property(update_allowed)]
    pub fixed_ips: Option<Vec<FixedIp>>,
    /// Names or ids of security groups. Not given means the project's default group, an empty list none.
    #[property(update_allowed)]
    pub security_groups: Option<Vec<Value>>,
    /// `REPLACE_ALWAYS` replaces the port at every update of it, `AUTO` only where it must.
    #[property(
        update_allowed,
        default = "AUTO",
        constraint(allowed("REPLACE_ALWAYS", "AUTO")),
        since = "2014.2",
        deprecated(
            since = "6.0.0",
            message = "Replacement policy used to work around flawed nova/neutron port interaction which has been fixed since Liberty."
        ),
        hidden(since = "9.0.0")
    )]
    pub replacement_policy: String,
    /// Id of the device that uses the port.
    #[property(update_allowed, default = "")]
    pub device_id: String,
    /// What kind of device uses the port, such as `network:floatingip`, `network:router_interface` or `network:dhcp`.
    #[property(update_allowed, default = "")]
    pub device_owner: String,
    /// DNS name of the port.
    #[property(update_allowed, constraint(custom("dns_name")), since = "7.0.0")]
    pub dns_name: Option<String>,
    /// Tags of the port.
    #[property(update_allowed, since = "9.0.0")]
    pub tags: Option<Vec<String>>,
    /// Further parameters for the request.
    #[property(update_allowed, default = {})]
    pub value_specs: Map<String, Value>,
    /// Whether the port is administratively up.
    #[property(update_allowed, default = true)]
    pub admin_state_up: bool,
    /// Hardware address; usually only administrators may change it.
    #[property(constraint(custom("mac_addr")))]
    pub mac_address: Option<String>,
    /// Further addresses that may send and receive through the port.
    #[property(update_allowed)]
    pub allowed_address_pairs: Option<Vec<AddressPair>>,
    /// Kind of the virtual network card; needs Neutron's extension for bindings.
    #[serde(rename = "binding:vnic_type")]
    #[property(
        update_allowed,
        default = "normal",
        constraint(allowed(
            "normal",
            "direct",
            "macvtap",
            "direct-physical",
            "baremetal",
            "virtio-forwarder",
            "smart-nic"
        )),
        since = "2015.1"
    )]
    pub vnic_type: String,
    /// Whether security groups and address pairs are enforced.
    #[property(update_allowed, since = "5.0.0")]
    pub port_security_enabled: Option<bool>,
    /// Name or id of the port's QoS policy.
    #[property(update_allowed, resolve = "neutron.qos_policy", since = "6.0.0")]
    pub qos_policy: Option<String>,
    /// Whether the state of the uplink is passed on to the port.
    #[property(update_allowed, since = "15.0.0")]
    pub propagate_uplink_status: Option<bool>,
    /// Whether the port shall have no address at all.
    #[property(update_allowed, default = false, since = "16.0.0")]
    pub no_fixed_ips: bool,
}

/// An address of a port.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, PropertyType)]
pub struct FixedIp {
    /// Name or id of the subnet that the address comes from.
    #[property(
        resolve = "neutron.subnet",
        since = "2014.2",
        renamed_from(
            name = "subnet_id",
            deprecated(since = "2014.2"),
            hidden(since = "5.0.0", message = "Use property subnet.")
        )
    )]
    pub subnet: Option<String>,
    /// The address.
    #[property(constraint(custom("ip_addr")))]
    pub ip_address: Option<String>,
}

/// An address that may send and receive through a port.
#[derive(Debug, Clone, Serialize, Deserialize, PropertyType)]
pub struct AddressPair {
    /// Hardware address; the port's own if it is not given.
    #[property(constraint(custom("mac_addr")))]
    pub mac_address: Option<String>,
    /// Address or range.
    #[property(constraint(custom("ip_or_cidr")))]
    pub ip_address: String,
}

/// What a port tells.
#[derive(Debug, Clone, Serialize, Deserialize, Attributes)]
pub struct PortAttributes {
    /// Whether the port is administratively up.
    #[attribute(type = boolean)]
    pub admin_state_up: Option<Value>,
    /// Id of the device that uses the port.
    #[attribute(type = string)]
    pub device_id: Option<Value>,
    /// What kind of device uses the port.
    #[attribute(type = string)]
    pub device_owner: Option<Value>,
    /// The port's addresses.
    #[attribute(type = list)]
    pub fixed_ips: Option<Value>,
    /// Hardware address.
    #[attribute(type = string)]
    pub mac_address: Option<Value>,
    /// Name of the port.
    #[attribute(type = string)]
    pub name: Option<Value>,
    /// Id of the network.
    #[attribute(type = string)]
    pub network_id: Option<Value>,
    /// Ids of the port's security groups.
    #[attribute(type = list)]
    pub security_groups: Option<Value>,
    /// Status of the port.
    #[attribute(type = string)]
    pub status: Option<Value>,
    /// Id of the project that owns the port.
    #[attribute(type = string)]
    pub tenant_id: Option<Value>,
    /// Further addresses that may send and receive through the port.
    #[attribute(type = list)]
    pub allowed_address_pairs: Option<Value>,
    /// All that is known of the subnets that the port has addresses in.
    #[attribute(on_demand, type = list)]
    pub subnets: Option<Value>,
    /// Whether security groups and address pairs are enforced.
    #[attribute(type = boolean, since = "5.0.0")]
    pub port_security_enabled: Option<Value>,
    /// Id of the port's QoS policy.
    #[attribute(type = string, since = "6.0.0")]
    pub qos_policy_id: Option<Value>,
    /// DNS entries of the port.
    #[attribute(type = list, since = "7.0.0")]
    pub dns_assignment: Option<Value>,
    /// All that is known of the port's network.
    #[attribute(on_demand, type = map, since = "11.0.0")]
    pub network: Option<Value>,
    /// Whether the state of the uplink is passed on to the port.
    #[attribute(type = boolean, since = "15.0.0")]
    pub propagate_uplink_status: Option<Value>,
}

/// `OS::Neutron::Port`.
#[derive(Debug, Clone, Copy)]
pub struct Port;

/// The addresses that a port had before it gave them free.
#[derive(Debug, Serialize, Deserialize)]
struct Freed {
    fixed_ips: Value,
}

/// What is special in a port's request: addresses name their subnet otherwise, and an empty list of them is left to
/// Neutron unless `no_fixed_ips` asks for none.
fn prepared(mut body: Body, no_fixed_ips: bool) -> Body {
    body =
        body.without(&["tags", "replacement_policy", "no_fixed_ips"]).rename("qos_policy", "qos_policy_id");
    if no_fixed_ips {
        body.set("fixed_ips", json!([]));
    } else {
        match body.get_mut("fixed_ips") {
            Some(Value::Array(addresses)) if !addresses.is_empty() => {
                for address in addresses.iter_mut().filter_map(Value::as_object_mut) {
                    if let Some(subnet) = address.shift_remove("subnet") {
                        address.insert("subnet_id".to_owned(), subnet);
                    }
                }
            }
            _ => drop(body.take("fixed_ips")),
        }
    }
    if body.get("allowed_address_pairs").is_some_and(Value::is_null) {
        body.set("allowed_address_pairs", json!([]));
    }
    body
}

/// The default security group of the project, which a port gets that names none.
async fn default_group(client: &Client) -> Result<Value> {
    let project = project(client).await?;
    let request = Request::get(["security-groups"]).query("name", "default").query("project_id", project);
    let groups = client.list("network", request, "security_groups").await?;
    Ok(groups.iter().map(|group| text(group, "id")).collect())
}

impl Port {
    /// The changed parts of `binding:profile` laid over what Neutron keeps there itself (an SR-IOV port's slot).
    async fn merge_profile(
        cx: &Context<'_, Self>,
        id: &PhysicalId,
        change: &Change<PortProperties>,
        body: &mut Body,
    ) -> Result<()> {
        const PROFILE: &str = "binding:profile";
        let Some(Value::Object(wanted)) = change.new_properties().value_specs.get(PROFILE) else {
            return Ok(());
        };
        let old = change.old().value_specs.get(PROFILE).and_then(Value::as_object);
        let port = PORTS.show(cx.connection()?, id.as_str()).await?;
        let Some(Value::Object(mut merged)) = port.and_then(|port| port.get(PROFILE).cloned()) else {
            return Ok(());
        };
        for (key, value) in wanted {
            if old.and_then(|old| old.get(key)) == Some(value) {
                continue;
            }
            if value.is_null() {
                merged.shift_remove(key);
            } else {
                merged.insert(key.clone(), value.clone());
            }
        }
        body.set(PROFILE, merged);
        Ok(())
    }
}

impl Resource for Port {
    const TYPE: &'static str = "OS::Neutron::Port";
    type Connection = Client;
    type Properties = PortProperties;
    type Attributes = PortAttributes;

    fn schema(&self) -> ResourceSchema {
        rest::schema_resolving::<Self>(&[(&["security_groups"], "neutron.security_group")])
    }

    async fn create(&self, cx: &Context<'_, Self>, p: &PortProperties) -> Result<Created> {
        let body = prepared(Body::of(p)?, p.no_fixed_ips)
            .rename("network", "network_id")
            .merge_value_specs(None)
            .name(cx);
        let port = PORTS.create(cx.connection()?, body).await?;
        Ok(Created::new(rest::id_of(&port)?))
    }

    async fn read(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<Option<Observed<Self>>> {
        let Some(port) = PORTS.show(cx.connection()?, id.as_str()).await? else { return Ok(None) };
        let renamed = [("network", "network_id"), ("qos_policy", "qos_policy_id")];
        let mut observed = rest::observe(state(&port), &port, &renamed)?;
        let applied = cx.applied()?;
        let addresses: Vec<Value> = port["fixed_ips"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|address| json!({"subnet": address["subnet_id"], "ip_address": address["ip_address"]}))
            .collect();
        // Whoever uses the port says so in it; that is no change of what the template wants.
        let owner = text(&port, "device_owner");
        let used = owner.starts_with("compute:") || owner.starts_with("network:");
        if used && applied.as_ref().is_some_and(|applied| applied.device_id.is_empty()) {
            observed = observed.property("device_id", "")?.property("device_owner", "")?;
        }
        let none = applied.as_ref().is_some_and(|applied| applied.no_fixed_ips) && addresses.is_empty();
        observed = observed
            .property("fixed_ips", addresses)?
            .property("no_fixed_ips", none)?
            // It says what an update does and is kept nowhere.
            .unreadable("replacement_policy");
        Ok(Some(observed))
    }

    async fn update(
        &self,
        cx: &Context<'_, Self>,
        id: &PhysicalId,
        change: &Change<PortProperties>,
    ) -> Result<()> {
        let new = change.new_properties();
        let mut body = Body::of_change(change)?
            .without_null(&["port_security_enabled", "propagate_uplink_status"])
            .empty_for_null(&["dns_name"]);
        if change.changed("no_fixed_ips") && !new.no_fixed_ips {
            // The addresses that are wanted again were not sent before.
            body.set("fixed_ips", json!(new.fixed_ips));
        }
        let sends_none = new.no_fixed_ips && (change.changed("no_fixed_ips") || change.changed("fixed_ips"));
        let mut body = prepared(body, sends_none);
        if body.get("security_groups").is_some_and(Value::is_null) {
            body.set("security_groups", default_group(cx.connection()?).await?);
        }
        let mut body = body.merge_value_specs(Some(&change.old().value_specs)).changed_name(cx);
        if change.changed("value_specs") {
            Self::merge_profile(cx, id, change, &mut body).await?;
        }
        PORTS.update(cx.connection()?, id.as_str(), body).await
    }

    async fn delete(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<()> {
        PORTS.delete(cx.connection()?, id.as_str()).await
    }

    async fn progress(
        &self,
        cx: &Context<'_, Self>,
        id: &PhysicalId,
        operation: &Operation<'_, PortProperties>,
        observed: Option<&Observed<Self>>,
    ) -> Result<Progress> {
        let progress = rest::by_state(id, operation, observed);
        let (Progress::Done, Some(observed)) = (&progress, observed) else { return Ok(progress) };
        if settle_tags(cx, &PORTS, id, observed, wanted_tags(operation, |p| p.tags.as_ref())).await? {
            return Ok(Progress::wait("tags"));
        }
        Ok(progress)
    }

    fn find_basis(&self, p: &PortProperties) -> FindBasis {
        rest::basis_of_name(p.name.as_deref())
    }

    async fn find(&self, cx: &Context<'_, Self>, p: &PortProperties) -> Result<Finding> {
        let name = p.name.clone().unwrap_or_else(|| cx.physical_name(rest::NAME_LIMIT));
        Ok(rest::finding(cx, &PORTS.named(cx.connection()?, &name, &[("network_id", &p.network)]).await?))
    }

    fn needs_replace(&self, change: &Change<PortProperties>) -> bool {
        change.new_properties().replacement_policy == "REPLACE_ALWAYS"
    }

    fn replace_order(&self, old: &PortProperties, new: &PortProperties) -> ReplaceOrder {
        if old.network != new.network {
            return ReplaceOrder::CreateFirst;
        }
        // A hardware address cannot be given away by a port that goes on to exist.
        if old.mac_address.is_some() && old.mac_address == new.mac_address {
            return ReplaceOrder::DeleteFirst;
        }
        let addresses = |p: &PortProperties| -> Vec<String> {
            let fixed = p.fixed_ips.iter().flatten();
            fixed.filter_map(|address| address.ip_address.clone()).collect()
        };
        let old_addresses = addresses(old);
        if addresses(new).iter().any(|address| old_addresses.contains(address)) {
            ReplaceOrder::Handover
        } else {
            ReplaceOrder::CreateFirst
        }
    }

    /// As Heat: the old port gives its addresses free and keeps in mind which they were.
    async fn prepare_for_replace(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<()> {
        let client = cx.connection()?;
        let Some(port) = PORTS.show(client, id.as_str()).await? else { return Ok(()) };
        let addresses = port.get("fixed_ips").cloned().unwrap_or_default();
        if addresses.as_array().is_none_or(Vec::is_empty) {
            return Ok(());
        }
        cx.save(&Freed { fixed_ips: addresses }).await?;
        let mut body = Body::default();
        body.set("fixed_ips", json!([]));
        PORTS.update(client, id.as_str(), body).await
    }

    async fn restore_after_replace(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<()> {
        let Some(freed) = cx.private::<Freed>()? else { return Ok(()) };
        let mut body = Body::default();
        body.set("fixed_ips", freed.fixed_ips);
        PORTS.update(cx.connection()?, id.as_str(), body).await
    }

    fn validate(&self, p: &PortProperties) -> Result<()> {
        if p.no_fixed_ips && p.fixed_ips.as_ref().is_some_and(|addresses| !addresses.is_empty()) {
            let message = "Cannot define the following properties at the same time: fixed_ips, no_fixed_ips.";
            return Err(Failure::invalid("no_fixed_ips".to_owned(), message));
        }
        check_value_specs::<PortProperties>(&p.value_specs)
    }

    /// All subnets of a network are there before its ports: nobody knows which one a port gets its address from.
    fn implicit_dependencies(&self, siblings: &Siblings<'_>) -> Vec<String> {
        const NETWORK: &[&str] = &["network", "network_id"];
        let Some(own) = siblings.own() else { return Vec::new() };
        let subnets = siblings.of_type("OS::Neutron::Subnet");
        subnets
            .filter(|subnet| rest::follows(own, NETWORK, subnet, NETWORK))
            .map(|subnet| subnet.name.clone())
            .collect()
    }

    async fn attribute(&self, cx: &Context<'_, Self>, id: &PhysicalId, name: &str) -> Result<Value> {
        let client = cx.connection()?;
        let port = PORTS.show(client, id.as_str()).await?;
        let port = port.ok_or_else(|| Failure::not_found(format!("port {id} is gone")))?;
        if name == "network" {
            let response =
                client.send("network", Request::get(["networks", text(&port, "network_id")])).await?;
            return Ok(response.object("network")?);
        }
        let mut subnets = Vec::new();
        for address in port["fixed_ips"].as_array().into_iter().flatten() {
            let response =
                client.send("network", Request::get(["subnets", text(address, "subnet_id")])).await?;
            subnets.push(response.object("subnet")?);
        }
        Ok(subnets.into())
    }
}

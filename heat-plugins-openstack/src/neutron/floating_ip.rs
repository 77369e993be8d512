//! `OS::Neutron::FloatingIP`.

use heat_plugin_sdk::{
    Attributes, Change, Context, Created, Failure, FindBasis, Finding, Observed, PhysicalId, Properties,
    ReplaceOrder, Resource, Result, Sibling, Siblings, State,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{check_value_specs, project};
use crate::client::Client;
use crate::rest::{self, Body, Collection, text};

pub(super) const FLOATING_IPS: Collection = Collection::network("floatingips", "floatingip", "floatingips");

/// A floating IP: an address of an external network that leads to a port.
#[derive(Debug, Clone, Serialize, Deserialize, Properties)]
pub struct FloatingIpProperties {
    /// Name or id of the network that the address comes from.
    #[property(
        resolve = "neutron.network",
        since = "2014.2",
        renamed_from(
            name = "floating_network_id",
            deprecated(since = "2014.2"),
            hidden(since = "5.0.0", message = "Use property floating_network.")
        )
    )]
    pub floating_network: String,
    /// Name or id of the subnet that the address comes from.
    #[property(resolve = "neutron.subnet", since = "9.0.0")]
    pub floating_subnet: Option<String>,
    /// Further parameters for the request.
    #[property(default = {})]
    pub value_specs: Map<String, Value>,
    /// Id of the port that the address leads to.
    #[property(update_allowed, constraint(custom("neutron.port")))]
    pub port_id: Option<String>,
    /// Which of the port's addresses it leads to.
    #[property(update_allowed, constraint(custom("ip_addr")))]
    pub fixed_ip_address: Option<String>,
    /// The address itself; usually only administrators may choose it.
    #[property(constraint(custom("ip_addr")), since = "5.0.0")]
    pub floating_ip_address: Option<String>,
    /// DNS name of the address.
    #[property(update_allowed, constraint(custom("rel_dns_name")), since = "7.0.0")]
    pub dns_name: Option<String>,
    /// DNS domain of the address.
    #[property(update_allowed, constraint(custom("dns_domain")), since = "7.0.0")]
    pub dns_domain: Option<String>,
}

/// What a floating IP tells.
#[derive(Debug, Clone, Serialize, Deserialize, Attributes)]
pub struct FloatingIpAttributes {
    /// Id of the router between the address and its port.
    #[attribute(type = string)]
    pub router_id: Option<Value>,
    /// Id of the project that owns the address.
    #[attribute(type = string)]
    pub tenant_id: Option<Value>,
    /// Id of the network that the address comes from.
    #[attribute(type = string)]
    pub floating_network_id: Option<Value>,
    /// The port's address that it leads to.
    #[attribute(type = string)]
    pub fixed_ip_address: Option<Value>,
    /// The address.
    #[attribute(type = string)]
    pub floating_ip_address: Option<Value>,
    /// Id of the port that it leads to.
    #[attribute(type = string)]
    pub port_id: Option<Value>,
}

/// `OS::Neutron::FloatingIP`.
#[derive(Debug, Clone, Copy)]
pub struct FloatingIp;

/// A floating IP has no name. So that one whose creation was not answered can be told from all others, its description
/// says which operation made it, unless the template gives a description.
fn mark(cx: &Context<'_, FloatingIp>) -> String {
    format!("heat:{}", cx.key())
}

fn described(p: &FloatingIpProperties) -> bool {
    p.value_specs.contains_key("description")
}

fn names_of_network(sibling: &Sibling, router: &Sibling) -> bool {
    rest::refers_to(router, "external_gateway_info", sibling, &["floating_network", "floating_network_id"])
}

/// Whether a port gets its address from the subnet of a router's interface. A port that does not say from which subnet
/// may get it from any.
fn port_on_interface(port: &Sibling, interface: &Sibling) -> bool {
    let says = port.references.get("fixed_ips").is_some_and(|names| !names.is_empty())
        || port
            .properties
            .get("fixed_ips")
            .is_some_and(|list| list.as_array().is_some_and(|list| !list.is_empty()));
    !says || rest::refers_to(port, "fixed_ips", interface, &["subnet", "subnet_id"])
}

/// The interfaces through which the address of a port that a property names is reached.
pub(super) fn interfaces_of_port(siblings: &Siblings<'_>, property: &str) -> Vec<String> {
    let Some(own) = siblings.own() else { return Vec::new() };
    let names = own.references.get(property).into_iter().flatten();
    let ports: Vec<&Sibling> = names
        .filter_map(|name| siblings.get(name))
        .filter(|sibling| sibling.type_name == "OS::Neutron::Port")
        .collect();
    siblings
        .of_type("OS::Neutron::RouterInterface")
        .filter(|interface| ports.iter().any(|port| port_on_interface(port, interface)))
        .map(|interface| interface.name.clone())
        .collect()
}

impl Resource for FloatingIp {
    const TYPE: &'static str = "OS::Neutron::FloatingIP";
    type Connection = Client;
    type Properties = FloatingIpProperties;
    type Attributes = FloatingIpAttributes;

    async fn create(&self, cx: &Context<'_, Self>, p: &FloatingIpProperties) -> Result<Created> {
        let mut body = Body::of(p)?
            .rename("floating_network", "floating_network_id")
            .rename("floating_subnet", "subnet_id")
            .merge_value_specs(None);
        if !described(p) {
            body.set("description", mark(cx));
        }
        let address = FLOATING_IPS.create(cx.connection()?, body).await?;
        Ok(Created::new(rest::id_of(&address)?))
    }

    async fn read(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<Option<Observed<Self>>> {
        let Some(address) = FLOATING_IPS.show(cx.connection()?, id.as_str()).await? else { return Ok(None) };
        // ERROR is the only status that says more than whether a port is attached.
        let state = match text(&address, "status") {
            "ERROR" => State::Failed("status ERROR".to_owned()),
            _ => State::Ready,
        };
        let renamed = [("floating_network", "floating_network_id")];
        Ok(Some(rest::observe(state, &address, &renamed)?))
    }

    async fn update(
        &self,
        cx: &Context<'_, Self>,
        id: &PhysicalId,
        change: &Change<FloatingIpProperties>,
    ) -> Result<()> {
        if !change.changed("port_id") && !change.changed("fixed_ip_address") {
            return Ok(());
        }
        let new = change.new_properties();
        let mut body = Body::default();
        body.set("port_id", json!(new.port_id));
        if new.port_id.is_some() {
            body.set("fixed_ip_address", json!(new.fixed_ip_address));
        }
        FLOATING_IPS.update(cx.connection()?, id.as_str(), body).await
    }

    async fn delete(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<()> {
        FLOATING_IPS.delete(cx.connection()?, id.as_str()).await
    }

    fn find_basis(&self, p: &FloatingIpProperties) -> FindBasis {
        match (&p.floating_ip_address, described(p)) {
            (Some(_), _) => FindBasis::Unique,
            (None, false) => FindBasis::Key,
            (None, true) => FindBasis::Name,
        }
    }

    async fn find(&self, cx: &Context<'_, Self>, p: &FloatingIpProperties) -> Result<Finding> {
        let client = cx.connection()?;
        let (mark, project) = (mark(cx), project(client).await?);
        let mut filters =
            vec![("floating_network_id", p.floating_network.as_str()), ("project_id", &project)];
        if let Some(address) = &p.floating_ip_address {
            filters.push(("floating_ip_address", address));
        } else if let Some(description) = p.value_specs.get("description").and_then(Value::as_str) {
            filters.push(("description", description));
        } else {
            filters.push(("description", &mark));
        }
        Ok(rest::finding(cx, &FLOATING_IPS.list(client, &filters).await?))
    }

    /// Neutron gives an address its DNS entry when it is made and never again; Heat accepts such a change and does
    /// nothing.
    fn needs_replace(&self, change: &Change<FloatingIpProperties>) -> bool {
        change.changed("dns_name") || change.changed("dns_domain")
    }

    fn replace_order(&self, old: &FloatingIpProperties, new: &FloatingIpProperties) -> ReplaceOrder {
        if old.floating_ip_address.is_some() && old.floating_ip_address == new.floating_ip_address {
            ReplaceOrder::DeleteFirst
        } else if old.port_id.is_some() && old.port_id == new.port_id {
            // An address of a port has one floating IP at a time.
            ReplaceOrder::Handover
        } else {
            ReplaceOrder::CreateFirst
        }
    }

    async fn prepare_for_replace(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<()> {
        let mut body = Body::default();
        body.set("port_id", Value::Null);
        match FLOATING_IPS.update(cx.connection()?, id.as_str(), body).await {
            Err(failure) if failure.is_not_found() => Ok(()),
            result => result,
        }
    }

    async fn restore_after_replace(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<()> {
        let Some(applied) = cx.applied()? else { return Ok(()) };
        let mut body = Body::default();
        body.set("port_id", json!(applied.port_id));
        if applied.port_id.is_some() {
            body.set("fixed_ip_address", json!(applied.fixed_ip_address));
        }
        FLOATING_IPS.update(cx.connection()?, id.as_str(), body).await
    }

    fn validate(&self, p: &FloatingIpProperties) -> Result<()> {
        if p.fixed_ip_address.is_some() && p.port_id.is_none() {
            return Err(Failure::invalid(
                "fixed_ip_address".to_owned(),
                "fixed_ip_address cannot be specified without port_id.",
            ));
        }
        check_value_specs::<FloatingIpProperties>(&p.value_specs)
    }

    /// The address can be used only once its network is some router's gateway, and its port's subnet is connected.
    fn implicit_dependencies(&self, siblings: &Siblings<'_>) -> Vec<String> {
        const FLOATING: &[&str] = &["floating_network", "floating_network_id"];
        const NETWORK: &[&str] = &["network", "network_id"];
        let Some(own) = siblings.own() else { return Vec::new() };
        let routers = siblings.of_type("OS::Neutron::Router").filter(|router| names_of_network(own, router));
        let gateways = siblings
            .of_type("OS::Neutron::RouterGateway")
            .filter(|gateway| rest::follows(own, FLOATING, gateway, NETWORK));
        let mut names: Vec<String> = routers.chain(gateways).map(|sibling| sibling.name.clone()).collect();
        names.extend(interfaces_of_port(siblings, "port_id"));
        names
    }
}

#[cfg(test)]
mod tests {
    use heat_plugin_sdk::SiblingIndex;

    use super::*;

    fn sibling(name: &str, type_name: &str, properties: Value, references: &[(&str, &str)]) -> Sibling {
        Sibling {
            name: name.into(),
            type_name: type_name.into(),
            properties,
            references: references
                .iter()
                .map(|(property, target)| {
                    ((*property).to_owned(), [(*target).to_owned()].into_iter().collect())
                })
                .collect(),
        }
    }

    #[test]
    fn an_address_waits_for_its_gateway_and_its_ports_interface() {
        let index = SiblingIndex::new([
            sibling("fip", FloatingIp::TYPE, json!({"floating_network": "public"}), &[("port_id", "port")]),
            sibling("port", "OS::Neutron::Port", json!({}), &[("network", "net"), ("fixed_ips", "subnet")]),
            sibling(
                "router",
                "OS::Neutron::Router",
                json!({"external_gateway_info": {"network": "public"}}),
                &[],
            ),
            sibling(
                "other",
                "OS::Neutron::Router",
                json!({"external_gateway_info": {"network": "else"}}),
                &[],
            ),
            sibling(
                "in",
                "OS::Neutron::RouterInterface",
                json!({}),
                &[("subnet", "subnet"), ("router", "router")],
            ),
            sibling(
                "out",
                "OS::Neutron::RouterInterface",
                json!({}),
                &[("subnet", "far"), ("router", "other")],
            ),
        ]);
        assert_eq!(FloatingIp.implicit_dependencies(&index.of("fip")), ["router", "in"]);
    }
}

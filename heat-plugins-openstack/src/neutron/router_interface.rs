//! `OS::Neutron::RouterInterface`.

use heat_plugin_sdk::{
    Context, Created, Failure, FindBasis, Finding, Observed, PhysicalId, Properties, ReplaceOrder, Resource,
    Result,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::port::PORTS;
use super::router::ROUTERS;
use crate::client::{Client, Request};
use crate::rest::text;

/// An interface of a router: connects it to a subnet, by a port that Neutron makes or by one that is given.
#[derive(Debug, Clone, Serialize, Deserialize, Properties)]
pub struct RouterInterfaceProperties {
    /// Name or id of the router.
    #[property(
        resolve = "neutron.router",
        renamed_from(
            name = "router_id",
            since = "2013.1",
            deprecated(since = "2015.1", message = "Use property router."),
            hidden(since = "6.0.0")
        )
    )]
    pub router: String,
    /// Name or id of the subnet. Either it or `port` is given.
    #[property(
        resolve = "neutron.subnet",
        renamed_from(
            name = "subnet_id",
            deprecated(since = "2014.2"),
            hidden(since = "5.0.0", message = "Use property subnet.")
        )
    )]
    pub subnet: Option<String>,
    /// Name or id of the port. Either it or `subnet` is given.
    #[property(
        resolve = "neutron.port",
        since = "2015.1",
        renamed_from(
            name = "port_id",
            since = "2014.1",
            deprecated(since = "2015.1", message = "Use property port."),
            hidden(since = "6.0.0")
        )
    )]
    pub port: Option<String>,
}

/// `OS::Neutron::RouterInterface`. Its id is `ROUTER:subnet_id=SUBNET` or `ROUTER:port_id=PORT`, as in Heat.
#[derive(Debug, Clone, Copy)]
pub struct RouterInterface;

/// What a physical id says.
struct Place {
    router: String,
    key: &'static str,
    value: String,
}

impl Place {
    fn of(p: &RouterInterfaceProperties) -> Self {
        let (key, value) = match (&p.subnet, &p.port) {
            (Some(subnet), _) => ("subnet_id", subnet.clone()),
            (None, port) => ("port_id", port.clone().unwrap_or_default()),
        };
        Self { router: p.router.clone(), key, value }
    }

    fn parse(id: &PhysicalId) -> Result<Self> {
        let bad =
            || Failure::failed(format!("{id} is not the id of a router interface (ROUTER:subnet_id=SUBNET)"));
        let (router, rest) = id.as_str().split_once(':').ok_or_else(bad)?;
        let (key, value) = match rest.split_once('=') {
            Some(("subnet_id", subnet)) => ("subnet_id", subnet),
            Some(("port_id", port)) => ("port_id", port),
            Some(_) => return Err(bad()),
            // As the first versions of Heat wrote it.
            None => ("subnet_id", rest),
        };
        Ok(Self { router: router.to_owned(), key, value: value.to_owned() })
    }

    fn id(&self) -> PhysicalId {
        format!("{}:{}={}", self.router, self.key, self.value).into()
    }

    /// The port that the interface is.
    async fn port(&self, client: &Client) -> Result<Option<Value>> {
        let request = Request::get([PORTS.path]).query("device_id", &self.router);
        let request = match self.key {
            "port_id" => request.query("id", &self.value),
            _ => request.query("fixed_ips", format!("subnet_id={}", self.value)),
        };
        let ports = client.list("network", request, "ports").await?;
        // A gateway on the same subnet is no interface.
        Ok(ports.into_iter().find(|port| text(port, "device_owner") != "network:router_gateway"))
    }
}

impl Resource for RouterInterface {
    const TYPE: &'static str = "OS::Neutron::RouterInterface";
    type Connection = Client;
    type Properties = RouterInterfaceProperties;
    type Attributes = ();

    async fn create(&self, cx: &Context<'_, Self>, p: &RouterInterfaceProperties) -> Result<Created> {
        let place = Place::of(p);
        let path = [ROUTERS.path, place.router.as_str(), "add_router_interface"];
        // Neutron refuses to add the same interface twice, so an answer that is lost is looked for, not repeated.
        let request = Request::put(path, json!({place.key: place.value})).repeatable(false);
        cx.connection()?.send("network", request).await?;
        Ok(Created::new(place.id()))
    }

    async fn read(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<Option<Observed<Self>>> {
        let place = Place::parse(id)?;
        let Some(port) = place.port(cx.connection()?).await? else { return Ok(None) };
        let property = if place.key == "port_id" { "port" } else { "subnet" };
        let observed =
            Observed::ready().property("router", &place.router)?.property(property, &place.value)?;
        Ok(Some(observed.show(port)))
    }

    async fn delete(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<()> {
        let place = Place::parse(id)?;
        let client = cx.connection()?;
        if place.port(client).await?.is_none() {
            return Ok(());
        }
        let path = [ROUTERS.path, place.router.as_str(), "remove_router_interface"];
        match client.send("network", Request::put(path, json!({place.key: place.value}))).await {
            Err(error) if error.is_not_found() => Ok(()),
            result => Ok(result.map(drop)?),
        }
    }

    fn find_basis(&self, _: &RouterInterfaceProperties) -> FindBasis {
        FindBasis::Unique
    }

    async fn find(&self, cx: &Context<'_, Self>, p: &RouterInterfaceProperties) -> Result<Finding> {
        let place = Place::of(p);
        let found = place.port(cx.connection()?).await?.map(|_| place.id());
        Ok(Finding::from_ids(found.filter(|id| !cx.is_excluded(id))))
    }

    fn replace_order(
        &self,
        old: &RouterInterfaceProperties,
        new: &RouterInterfaceProperties,
    ) -> ReplaceOrder {
        // A subnet's gateway address and a port belong to one router at a time, and a router is in a subnet once: which
        // one a port is in, the properties do not say.
        let same = old.subnet == new.subnet && old.port == new.port;
        let by_port = old.port.is_some() || new.port.is_some();
        if same || old.router == new.router && by_port {
            ReplaceOrder::DeleteFirst
        } else {
            ReplaceOrder::CreateFirst
        }
    }

    fn validate(&self, p: &RouterInterfaceProperties) -> Result<()> {
        match (&p.subnet, &p.port) {
            (Some(_), Some(_)) => Err(Failure::invalid(
                "port".to_owned(),
                "Cannot define the following properties at the same time: subnet, port.",
            )),
            (None, None) => Err(Failure::invalid(
                "subnet".to_owned(),
                "At least one of the following properties must be specified: subnet, port.",
            )),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_all_versions_are_read_and_ours_is_heats() {
        let parse = |id: &str| Place::parse(&id.into()).map(|place| place.id().to_string());
        assert_eq!(parse("r:subnet_id=s").unwrap(), "r:subnet_id=s");
        assert_eq!(parse("r:port_id=p").unwrap(), "r:port_id=p");
        assert_eq!(parse("r:s").unwrap(), "r:subnet_id=s");
        assert!(parse("r").is_err() && parse("r:x=y").is_err());
    }
}

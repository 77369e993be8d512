//! The attributes of a server: what the answer tells, and what takes further questions.

use std::net::IpAddr;

use heat_plugin_sdk::{Attributes, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::client::{Client, Request};
use crate::nova::version;
use crate::rest::text;

/// What a server tells.
#[derive(Debug, Clone, Serialize, Deserialize, Attributes)]
pub struct ServerAttributes {
    /// Name of the server.
    pub name: String,
    /// All addresses by network, under its name and under its id, each with its port, its subnets and its network.
    #[attribute(on_demand, type = map, since = "11.0.0")]
    #[serde(default)]
    pub addresses: Option<Value>,
    /// The plain addresses by network, under its name and under its id.
    #[attribute(on_demand, type = map)]
    #[serde(default)]
    pub networks: Option<Value>,
    /// The first address, empty if there is none.
    #[attribute(
        type = any,
        since = "2013.2",
        deprecated(since = "2014.2"),
        hidden(
            since = "5.0.0",
            message = "Use the networks attribute instead of first_address. For example: \"{get_attr: [<server name>, networks, <network name>, 0]}\""
        )
    )]
    pub first_address: String,
    /// Name of the instance, as in the Amazon EC2 API.
    #[attribute(type = string)]
    pub instance_name: Option<Value>,
    /// Another public IPv4 address, assigned by hand.
    #[serde(rename = "accessIPv4")]
    #[attribute(type = string, since = "2015.1", deprecated(since = "14.0.0"))]
    pub access_ipv4: Option<Value>,
    /// Another public IPv6 address, assigned by hand.
    #[serde(rename = "accessIPv6")]
    #[attribute(type = string, since = "2015.1", deprecated(since = "14.0.0"))]
    pub access_ipv6: Option<Value>,
    /// Addresses of the server's consoles by kind: novnc, xvpvnc, spice-html5, rdp-html5, serial, webmks.
    #[attribute(on_demand, type = map, since = "2015.1")]
    #[serde(default)]
    pub console_urls: Option<Value>,
    /// Tags of the server.
    #[attribute(type = list, since = "8.0.0")]
    pub tags: Option<Value>,
    /// Settings of the agent os-collect-config in the server.
    #[attribute(type = map, since = "9.0.0")]
    pub os_collect_config: Value,
}

/// What Nova's answer tells.
pub(super) fn observed(server: &Value) -> ServerAttributes {
    ServerAttributes {
        name: text(server, "name").to_owned(),
        addresses: None,
        networks: None,
        first_address: first_address(server),
        instance_name: server.get("OS-EXT-SRV-ATTR:instance_name").cloned(),
        access_ipv4: server.get("accessIPv4").cloned(),
        access_ipv6: server.get("accessIPv6").cloned(),
        console_urls: None,
        tags: server.get("tags").cloned(),
        // Only the software configuration agents have such settings, which this plugin does not set up.
        os_collect_config: json!({}),
    }
}

/// The plain addresses by name of the network.
fn plain(server: &Value) -> Map<String, Value> {
    let networks = server["addresses"].as_object().into_iter().flatten();
    networks
        .map(|(name, addresses)| {
            let addresses = addresses.as_array().into_iter().flatten();
            (name.clone(), addresses.map(|address| address["addr"].clone()).collect())
        })
        .collect()
}

/// As Heat: the first address of the network whose name comes last.
fn first_address(server: &Value) -> String {
    let networks = plain(server);
    let mut names: Vec<&String> = networks.keys().collect();
    names.sort_unstable_by(|one, other| other.cmp(one));
    let first = names.iter().find_map(|name| networks[*name].as_array()?.first()?.as_str());
    first.unwrap_or_default().to_owned()
}

/// Every network under its id too, where the name is clear.
async fn with_ids(client: &Client, mut networks: Map<String, Value>) -> Result<Map<String, Value>> {
    let names: Vec<String> = networks.keys().cloned().collect();
    for name in names {
        let found = client
            .list("network", Request::get(["networks"]).query("name", name.as_str()), "networks")
            .await?;
        if let [network] = found.as_slice() {
            let addresses = networks[&name].clone();
            networks.insert(text(network, "id").to_owned(), addresses);
        }
    }
    Ok(networks)
}

/// The attribute `networks`.
pub(super) async fn networks(client: &Client, server: &Value) -> Result<Value> {
    Ok(with_ids(client, plain(server)).await?.into())
}

/// The attribute `addresses`: asked of Neutron, which knows the ports.
pub(super) async fn addresses(client: &Client, id: &str) -> Result<Value> {
    let ports = client.list("network", Request::get(["ports"]).query("device_id", id), "ports").await?;
    let mut networks: Map<String, Value> = Map::new();
    for port in &ports {
        let network = client.send("network", Request::get(["networks", text(port, "network_id")])).await?;
        let network = network.object("network")?;
        let fixed_ips: Vec<&Value> = port["fixed_ips"].as_array().into_iter().flatten().collect();
        let mut subnets = Vec::new();
        for fixed in &fixed_ips {
            let subnet = client.send("network", Request::get(["subnets", text(fixed, "subnet_id")])).await?;
            subnets.push(subnet.object("subnet")?);
        }
        let mut addresses = Vec::new();
        for fixed in &fixed_ips {
            let address = text(fixed, "ip_address");
            let version = address.parse::<IpAddr>().ok().map(|address| if address.is_ipv4() { 4 } else { 6 });
            let request = Request::get(["floatingips"])
                .query("fixed_ip_address", address)
                .query("port_id", text(port, "id"));
            for floating in client.list("network", request, "floatingips").await? {
                addresses.push(json!({
                    "addr": floating["floating_ip_address"],
                    "version": version,
                    "OS-EXT-IPS-MAC:mac_addr": port["mac_address"],
                    "OS-EXT-IPS:type": "floating",
                    "port": null,
                }));
            }
            addresses.push(json!({
                "addr": address,
                "OS-EXT-IPS-MAC:mac_addr": port["mac_address"],
                "OS-EXT-IPS:type": "fixed",
                "port": port["id"],
                "version": version,
                "subnets": subnets,
                "network": network,
            }));
        }
        if let Value::Array(list) =
            networks.entry(text(&network, "name").to_owned()).or_insert_with(|| json!([]))
        {
            list.extend(addresses);
        }
    }
    Ok(with_ids(client, networks).await?.into())
}

/// The kinds of consoles, with the protocol that Nova files them under.
const CONSOLES: &[(&str, &str)] = &[
    ("novnc", "vnc"),
    ("xvpvnc", "vnc"),
    ("spice-html5", "spice"),
    ("rdp-html5", "rdp"),
    ("serial", "serial"),
    ("webmks", "mks"),
];

/// The attribute `console_urls`: a kind that the server does not have says why.
pub(super) async fn console_urls(client: &Client, id: &str) -> Result<Value> {
    let mut urls = Map::new();
    for (kind, protocol) in CONSOLES {
        let body = json!({"remote_console": {"protocol": protocol, "type": kind}});
        let request =
            Request::post(["servers", id, "remote-consoles"], body).microversion(version(8), version(90));
        let url = match client.send("compute", request).await {
            Ok(response) => response.object("remote_console")?["url"].clone(),
            Err(error) => json!(format!("Cannot get console url: {error}")),
        };
        urls.insert((*kind).to_owned(), url);
    }
    Ok(urls.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_address_is_that_of_the_last_network() {
        let server = json!({"name": "s", "addresses": {"a": [{"addr": "10.0.0.1"}], "b": [{"addr": "10.0.1.1"}], "c": []}});
        assert_eq!(observed(&server).first_address, "10.0.1.1");
        assert_eq!(observed(&json!({"name": "s", "addresses": {}})).first_address, "");
    }
}

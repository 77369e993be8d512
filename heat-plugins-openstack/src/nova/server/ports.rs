//! The ports that a server makes for itself, where a network card says more than Nova could do.

use heat_plugin_sdk::{Context, Owned, Result};
use serde_json::{Value, json};

use super::Server;
use super::interfaces::Card;
use super::properties::{Network, PortExtra, ServerProperties};
use crate::client::{Client, Request};
use crate::finders;
use crate::neutron::PORTS;
use crate::rest::{Body, text};

/// The name under which the port of each card is kept, `None` for cards without one of their own. The name follows from
/// the card's content, so that a card keeps its port when others come and go around it.
pub(super) fn names(cards: &[Network]) -> Vec<Option<String>> {
    let mut seen: Vec<u64> = Vec::new();
    cards
        .iter()
        .map(|card| {
            let own = card.port.is_none() && (card.subnet.is_some() || card.port_extra_properties.is_some());
            own.then(|| {
                let mac = card.port_extra_properties.as_ref().and_then(|extra| extra.mac_address.as_deref());
                let hash =
                    hash(&[card.network.as_deref(), card.subnet.as_deref(), card.fixed_ip.as_deref(), mac]);
                let same = seen.iter().filter(|other| **other == hash).count();
                seen.push(hash);
                format!("port-{hash:016x}-{same}")
            })
        })
        .collect()
}

/// FNV-1a: the same in every version of everything, as the names are stored.
fn hash(parts: &[Option<&str>]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |byte: u8| hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    for part in parts {
        add(u8::from(part.is_some()));
        part.unwrap_or_default().bytes().for_each(&mut add);
        add(0xff);
    }
    hash
}

/// What `port_extra_properties` say, in Neutron's words.
fn extra_body(extra: &PortExtra, qos_policy: Option<String>) -> Result<Body> {
    let mut body = Body::of(extra)?.without(&["no_fixed_ips", "qos_policy"]).merge_value_specs(None);
    if let Some(policy) = qos_policy {
        body.set("qos_policy_id", policy);
    }
    Ok(body)
}

async fn extra(client: &Client, extra: &PortExtra) -> Result<Body> {
    let policy = match &extra.qos_policy {
        Some(policy) => Some(finders::resolve(client, "neutron.qos_policy", policy).await?),
        None => None,
    };
    extra_body(extra, policy)
}

/// The ids of security groups given by name or id.
pub(super) async fn group_ids(client: &Client, groups: &[Value]) -> Result<Vec<String>> {
    let mut ids = Vec::with_capacity(groups.len());
    for group in groups {
        let group = group.as_str().map_or_else(|| group.to_string(), str::to_owned);
        ids.push(finders::resolve(client, "neutron.security_group", &group).await?);
    }
    Ok(ids)
}

/// Says in a port which operation made it, so that one whose creation was not answered is found.
fn mark(owned: &Owned<'_>) -> String {
    format!("heat:{}", owned.key())
}

async fn find(client: &Client, owned: &Owned<'_>) -> Result<Option<String>> {
    let ports = PORTS.list(client, &[("description", &mark(owned))]).await?;
    Ok(ports.first().map(|port| text(port, "id").to_owned()))
}

/// The id of the network of a card, which may name only a subnet.
async fn network_of(client: &Client, card: &Network) -> Result<Option<String>> {
    match (&card.network, &card.subnet) {
        (Some(network), _) => Ok(Some(network.clone())),
        (None, Some(subnet)) => {
            let response = client.send("network", Request::get(["subnets", subnet.as_str()])).await?;
            Ok(Some(text(&response.object("subnet")?, "network_id").to_owned()))
        }
        (None, None) => Ok(None),
    }
}

/// The server's own port for a card: the one it has, the one an earlier attempt made, or a new one.
pub(super) async fn ensure(
    cx: &Context<'_, Server>,
    p: &ServerProperties,
    name: &str,
    number: usize,
    card: &Network,
) -> Result<String> {
    let client = cx.connection()?;
    let mut owned = cx.owned(name);
    if let Some(id) = owned.id() {
        return Ok(id.as_str().to_owned());
    }
    if owned.is_uncertain()
        && let Some(id) = find(client, &owned).await?
    {
        owned.made(id.as_str().into()).await?;
        return Ok(id);
    }
    let mut body = match &card.port_extra_properties {
        Some(properties) => extra(client, properties).await?,
        None => Body::default(),
    };
    if let Some(network) = network_of(client, card).await? {
        body.set("network_id", network);
    }
    body.set("name", format!("{}-port-{number}", cx.name()));
    let mut address = serde_json::Map::new();
    if let Some(subnet) = &card.subnet {
        address.insert("subnet_id".to_owned(), json!(subnet));
    }
    if let Some(ip) = &card.fixed_ip {
        address.insert("ip_address".to_owned(), json!(ip));
    }
    if card.port_extra_properties.as_ref().is_some_and(|extra| extra.no_fixed_ips) {
        body.set("fixed_ips", json!([]));
    } else if !address.is_empty() {
        body.set("fixed_ips", json!([address]));
    }
    if !p.security_groups.is_empty() {
        body.set("security_groups", group_ids(client, &p.security_groups).await?);
    }
    if body.get("description").is_none() {
        body.set("description", mark(&owned));
    }
    owned.begin().await?;
    let port = PORTS.create(client, body).await?;
    let id = crate::rest::id_of(&port)?;
    owned.made(id.as_str().into()).await?;
    Ok(id)
}

/// Removes the ports that a server was to have that was not made: those of this call and those of earlier attempts.
pub(super) async fn remove_all(cx: &Context<'_, Server>, made: &[(String, String)]) -> Result<()> {
    let client = cx.connection()?;
    for (name, id) in made {
        PORTS.delete(client, id).await?;
        cx.owned(name.as_str()).gone().await?;
    }
    Ok(())
}

/// Removes one of the server's own ports.
pub(super) async fn remove(cx: &Context<'_, Server>, name: &str) -> Result<()> {
    let client = cx.connection()?;
    let mut owned = cx.owned(name);
    let id = match owned.id() {
        Some(id) => Some(id.as_str().to_owned()),
        None if owned.is_uncertain() => find(client, &owned).await?,
        None => None,
    };
    if let Some(id) = id {
        PORTS.delete(client, &id).await?;
    }
    owned.gone().await
}

/// Changes those of the server's own ports that stay and of which more is said now.
pub(super) async fn update_extra(cx: &Context<'_, Server>, old: &[Network], new: &[Network]) -> Result<()> {
    let client = cx.connection()?;
    let (old_names, new_names) = (names(old), names(new));
    for (card, name) in new.iter().zip(&new_names) {
        let (Some(name), Some(properties)) = (name, &card.port_extra_properties) else { continue };
        let before = old_names.iter().position(|other| other.as_ref() == Some(name)).map(|at| &old[at]);
        let Some(before) = before else { continue };
        let present = before.port_extra_properties.as_ref().map(|before| json!(before));
        if present == Some(json!(properties)) {
            continue;
        }
        if let Some(id) = cx.owned(name.as_str()).id() {
            let body = extra(client, properties).await?.without(&["mac_address"]);
            PORTS.update(client, id.as_str(), body).await?;
        }
    }
    Ok(())
}

/// The cards as interfaces are compared with them. A card whose own port is not there yet is a port without a name.
pub(super) fn cards(cx: &Context<'_, Server>, networks: &[Network]) -> Vec<Card> {
    match networks {
        [] => vec![Card::Any],
        [one] if one.allocate_network.as_deref() == Some("none") => Vec::new(),
        [one] if one.allocate_network.is_some() => vec![Card::Any],
        networks => networks
            .iter()
            .zip(names(networks))
            .map(|(card, name)| match (&card.port, name) {
                (Some(port), _) => Card::Port(port.clone()),
                (None, Some(name)) => {
                    let owned = cx.owned(name);
                    Card::Port(owned.id().map(|id| id.as_str().to_owned()).unwrap_or_default())
                }
                (None, None) => Card::Network {
                    network: card.network.clone().unwrap_or_default(),
                    address: card.fixed_ip.clone(),
                },
            })
            .collect(),
    }
}

/// The cards in Nova's words for a new server, with the ports that they need; `None` if Nova shall choose. Names and ids
/// of the server's own ports are added to `made` as soon as they are there.
pub(super) async fn for_create(
    cx: &Context<'_, Server>,
    p: &ServerProperties,
    made: &mut Vec<(String, String)>,
) -> Result<Option<Value>> {
    let networks = p.networks.as_deref().unwrap_or_default();
    if let Some(allocate) = networks.iter().find_map(|card| card.allocate_network.as_deref()) {
        return Ok(Some(json!(allocate)));
    }
    if networks.is_empty() {
        return Ok(None);
    }
    let mut cards = Vec::with_capacity(networks.len());
    for (number, (card, name)) in networks.iter().zip(names(networks)).enumerate() {
        let port = match (&card.port, name) {
            (Some(port), _) => Some(port.clone()),
            (None, Some(name)) => {
                let id = ensure(cx, p, &name, number, card).await?;
                made.push((name, id.clone()));
                Some(id)
            }
            (None, None) => None,
        };
        let mut nova = match &port {
            Some(port) => json!({"port": port}),
            None => json!({"uuid": card.network}),
        };
        if port.is_none()
            && let Some(address) = &card.fixed_ip
        {
            nova["fixed_ip"] = json!(address);
        }
        if let Some(tag) = &card.tag {
            nova["tag"] = json!(tag);
        }
        if let (Some(floating), Some(port)) = (&card.floating_ip, &port) {
            associate(cx.connection()?, floating, port, card.fixed_ip.as_deref()).await?;
        }
        cards.push(nova);
    }
    Ok(Some(cards.into()))
}

/// Leads a floating IP to a port, unless it does already. Says whether it had to.
pub(super) async fn associate(
    client: &Client,
    floating: &str,
    port: &str,
    address: Option<&str>,
) -> Result<bool> {
    let response = client.send("network", Request::get(["floatingips", floating])).await?;
    if text(&response.object("floatingip")?, "port_id") == port {
        return Ok(false);
    }
    let mut body = json!({"port_id": port});
    if let Some(address) = address {
        body["fixed_ip_address"] = json!(address);
    }
    client.send("network", Request::put(["floatingips", floating], json!({"floatingip": body}))).await?;
    Ok(true)
}

/// Takes a floating IP off its port.
pub(super) async fn disassociate(client: &Client, floating: &str) -> Result<()> {
    let request = Request::put(["floatingips", floating], json!({"floatingip": {"port_id": null}}));
    match client.send("network", request).await {
        Err(error) if error.is_not_found() => Ok(()),
        result => Ok(result.map(drop)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(value: Value) -> Network {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_card_keeps_its_port_when_others_come_and_go() {
        let a = card(json!({"subnet": "a"}));
        let b = card(json!({"subnet": "b", "fixed_ip": "10.0.0.1"}));
        let given = card(json!({"port": "p"}));
        let before = names(&[a.clone(), b.clone()]);
        let after = names(&[given, b, a.clone()]);
        assert_eq!(after, [None, before[1].clone(), before[0].clone()]);
        let twins = names(&[a.clone(), a]);
        assert_ne!(twins[0], twins[1]);
    }

    #[test]
    fn only_cards_that_say_more_have_a_port_of_their_own() {
        let names = names(&[card(json!({"network": "n"})), card(json!({"network": "n", "subnet": "s"}))]);
        assert!(names[0].is_none() && names[1].is_some());
    }
}

//! Changing a server in place: what is asked for at once, and what goes step by step.

use heat_plugin_sdk::{Change, Context, Failure, Observed, PhysicalId, Progress, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::properties::{Network, ServerProperties};
use super::request::{LATEST, metadata, personality};
use super::{NAME_LIMIT, SERVERS, Server, interfaces, ports, user_data};
use crate::client::{Client, ErrorClass, Request};
use crate::neutron::PORTS;
use crate::nova::version;
use crate::rest::{Body, text};

/// What was asked for in an operation and cannot be seen in the server.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Begun {
    operation: String,
    resizes: u32,
    rebuilt: bool,
}

/// A resize that fails leaves the server as it was; it is asked for once more, in case the first time was never sent.
const MOST_RESIZES: u32 = 2;

pub(super) async fn act(client: &Client, id: &str, action: Value) -> Result<()> {
    client.send("compute", Request::post(["servers", id, "action"], action)).await?;
    Ok(())
}

/// What needs no waiting.
pub(super) async fn at_once(
    cx: &Context<'_, Server>,
    id: &PhysicalId,
    change: &Change<ServerProperties>,
) -> Result<()> {
    let (client, id, new) = (cx.connection()?, id.as_str(), change.new_properties());
    if change.changed("metadata") {
        let body = json!({"metadata": metadata(&new.metadata)});
        client.send("compute", Request::put(["servers", id, "metadata"], body)).await?;
    }
    if change.changed("tags") {
        let body = json!({"tags": new.tags.clone().unwrap_or_default()});
        let request = Request::put(["servers", id, "tags"], body).microversion(version(26), version(LATEST));
        client.send("compute", request).await?;
    }
    if change.changed("name") {
        let mut body = Body::default();
        body.set("name", new.name.clone().unwrap_or_else(|| cx.physical_name(NAME_LIMIT)));
        SERVERS.update(client, id, body).await?;
    }
    if change.changed("admin_pass")
        && !change.changed("image")
        && let Some(password) = new.password()
    {
        act(client, id, json!({"changePassword": {"adminPass": password}})).await?;
    }
    if change.changed("networks") {
        let (before, after) = (networks(change.old()), networks(new));
        let kept = |floating: &String| after.iter().any(|card| card.floating_ip.as_ref() == Some(floating));
        for floating in
            before.iter().filter_map(|card| card.floating_ip.as_ref()).filter(|floating| !kept(floating))
        {
            ports::disassociate(client, floating).await?;
        }
        ports::update_extra(cx, before, after).await?;
    }
    Ok(())
}

fn networks(p: &ServerProperties) -> &[Network] {
    p.networks.as_deref().unwrap_or_default()
}

/// The next step of an update of a server that is at rest, in Heat's order: network cards, flavor, user data and image.
pub(super) async fn step(
    cx: &Context<'_, Server>,
    id: &PhysicalId,
    change: &Change<ServerProperties>,
    observed: &Observed<Server>,
) -> Result<Progress> {
    let (client, new) = (cx.connection()?, change.new_properties());
    if change.changed("networks") && settle_networks(cx, id.as_str(), new).await? {
        return Ok(Progress::wait("network interfaces"));
    }
    let begun = cx.private::<Begun>()?.filter(|begun| begun.operation == cx.key().as_str());
    let mut begun = begun.unwrap_or_else(|| Begun { operation: cx.key().to_string(), ..Begun::default() });
    let flavor = observed.known("flavor").and_then(Value::as_str).unwrap_or_default();
    if change.changed("flavor") && flavor != new.flavor {
        if begun.resizes >= MOST_RESIZES {
            return Ok(Progress::Failed(Failure::failed(format!(
                "server {id} could not be resized to flavor {}: it still has {flavor}",
                new.flavor
            ))));
        }
        begun.resizes += 1;
        cx.save(&begun).await?;
        act(client, id.as_str(), json!({"resize": {"flavorRef": new.flavor}})).await?;
        return Ok(Progress::wait("resize"));
    }
    let new_data = change.changed("user_data") && new.user_data_update_policy == "REBUILD";
    if (change.changed("image") || new_data) && !begun.rebuilt {
        let new_data = if new_data { Some(user_data::of(cx, new).await?) } else { None };
        client.send("compute", rebuild(id.as_str(), new, change.changed("image"), new_data)).await?;
        // Noted afterwards: a rebuild that is not noted is done twice, which does no harm.
        begun.rebuilt = true;
        cx.save(&begun).await?;
        return Ok(Progress::wait("rebuild"));
    }
    Ok(Progress::Done)
}

/// The rebuild with a new image, with new user data, or with both.
fn rebuild(id: &str, p: &ServerProperties, new_image: bool, new_data: Option<Option<String>>) -> Request {
    let mut body = json!({"imageRef": p.image});
    if new_image {
        body["preserve_ephemeral"] = json!(p.image_update_policy == "REBUILD_PRESERVE_EPHEMERAL");
        body["metadata"] = metadata(&p.metadata);
        if let Some(password) = p.password() {
            body["adminPass"] = json!(password);
        }
        if !p.personality.is_empty() {
            body["personality"] = personality(&p.personality).into();
        }
    }
    let has_data = new_data.is_some();
    if let Some(data) = new_data {
        body["user_data"] = json!(data);
    }
    let request = Request::post(["servers", id, "action"], json!({"rebuild": body}));
    // User data can be given since 2.57, files could until 2.56.
    if has_data {
        request.microversion(version(57), version(LATEST))
    } else {
        request.microversion(version(1), version(56))
    }
}

/// The server's interfaces as Nova lists them.
pub(super) async fn interfaces_of(client: &Client, id: &str) -> Result<Vec<Value>> {
    Ok(client.list("compute", Request::get(["servers", id, "os-interface"]), "interfaceAttachments").await?)
}

/// Detaches the interfaces that nobody wants, then attaches those that are missing. Says whether there was anything to
/// do.
async fn settle_networks(cx: &Context<'_, Server>, id: &str, p: &ServerProperties) -> Result<bool> {
    let (client, wanted) = (cx.connection()?, networks(p));
    let cards = ports::cards(cx, wanted);
    let comparison = interfaces::compare(&cards, &interfaces_of(client, id).await?);
    if !comparison.surplus.is_empty() {
        for port in &comparison.surplus {
            detach(client, id, port).await?;
        }
        return Ok(true);
    }
    let names = ports::names(wanted);
    let mut changed = false;
    let gone: Vec<String> = cx
        .owned_names()
        .filter(|name| !names.iter().flatten().any(|other| other == name))
        .map(str::to_owned)
        .collect();
    for name in gone {
        if cx.owned(name.as_str()).id().is_some() {
            ports::remove(cx, &name).await?;
            changed = true;
        }
    }
    for at in comparison.missing {
        changed = true;
        let card = wanted.get(at);
        let port = match (card, names.get(at)) {
            (Some(card), Some(Some(name))) => Some(ports::ensure(cx, p, name, at, card).await?),
            (Some(card), _) => card.port.clone(),
            (None, _) => None,
        };
        attach(client, id, p, card, port.as_deref()).await?;
    }
    if !changed {
        for (card, name) in wanted.iter().zip(names) {
            let Some(floating) = &card.floating_ip else { continue };
            let own = name.and_then(|name| cx.owned(name).id().map(|id| id.as_str().to_owned()));
            if let Some(port) = card.port.clone().or(own) {
                changed |= ports::associate(client, floating, &port, card.fixed_ip.as_deref()).await?;
            }
        }
    }
    Ok(changed)
}

/// Takes an interface off a server.
pub(super) async fn detach(client: &Client, id: &str, port: &str) -> Result<()> {
    match client.send("compute", Request::delete(["servers", id, "os-interface", port])).await {
        Err(error) if error.is_not_found() => Ok(()),
        Err(error) if error.is_conflict() => Err(Failure::busy(None, error.to_string())),
        result => Ok(result.map(drop)?),
    }
}

/// Gives a server an interface: a port, one in a network, or what Nova chooses.
pub(super) async fn attach(
    client: &Client,
    id: &str,
    p: &ServerProperties,
    card: Option<&Network>,
    port: Option<&str>,
) -> Result<()> {
    let mut body = json!({});
    if let Some(port) = port {
        body["port_id"] = json!(port);
    } else if let Some(network) = card.and_then(|card| card.network.as_ref()) {
        body["net_id"] = json!(network);
        if let Some(address) = card.and_then(|card| card.fixed_ip.as_ref()) {
            body["fixed_ips"] = json!([{"ip_address": address}]);
        }
    }
    let request = Request::post(["servers", id, "os-interface"], json!({"interfaceAttachment": body}));
    let response = match client.send("compute", request).await {
        Ok(response) => response,
        Err(error) if error.is_conflict() => return Err(Failure::busy(None, error.to_string())),
        // Nova's words for a port that is this server's already.
        Err(error)
            if port.is_some()
                && error.class() == ErrorClass::Invalid
                && error.message().contains("in use") =>
        {
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    // Nova gives the ports that it makes the default group.
    if port.is_none() && !p.security_groups.is_empty() {
        let made = response.object("interfaceAttachment")?;
        let mut body = Body::default();
        body.set("security_groups", ports::group_ids(client, &p.security_groups).await?);
        PORTS.update(client, text(&made, "port_id"), body).await?;
    }
    Ok(())
}

//! `OS::Neutron::FloatingIPAssociation`.

use heat_plugin_sdk::{
    Change, Context, Created, FindBasis, Finding, Observed, PhysicalId, Properties, ReplaceOrder, Resource,
    Result, Siblings,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::floating_ip::{FLOATING_IPS, interfaces_of_port};
use crate::client::Client;
use crate::rest::{Body, text};

/// Leads an existing floating IP to a port.
#[derive(Debug, Clone, Serialize, Deserialize, Properties)]
pub struct FloatingIpAssociationProperties {
    /// Id of the floating IP.
    #[property(update_allowed)]
    pub floatingip_id: String,
    /// Id of the port that the address leads to.
    #[property(update_allowed, constraint(custom("neutron.port")))]
    pub port_id: String,
    /// Which of the port's addresses it leads to.
    #[property(update_allowed, constraint(custom("ip_addr")))]
    pub fixed_ip_address: Option<String>,
}

/// `OS::Neutron::FloatingIPAssociation`. Its id is the floating IP's: an address leads to one port at a time.
#[derive(Debug, Clone, Copy)]
pub struct FloatingIpAssociation;

async fn associate(client: &Client, p: &FloatingIpAssociationProperties) -> Result<()> {
    let mut body = Body::default();
    body.set("port_id", p.port_id.as_str());
    body.set("fixed_ip_address", json!(p.fixed_ip_address));
    FLOATING_IPS.update(client, &p.floatingip_id, body).await
}

/// Takes the address off its port, unless it leads to another port by now.
async fn disassociate(client: &Client, id: &str, port: Option<&str>) -> Result<()> {
    let Some(address) = FLOATING_IPS.show(client, id).await? else { return Ok(()) };
    let present = text(&address, "port_id");
    if present.is_empty() || port.is_some_and(|port| port != present) {
        return Ok(());
    }
    let mut body = Body::default();
    body.set("port_id", Value::Null);
    match FLOATING_IPS.update(client, id, body).await {
        Err(failure) if failure.is_not_found() => Ok(()),
        result => result,
    }
}

impl Resource for FloatingIpAssociation {
    const TYPE: &'static str = "OS::Neutron::FloatingIPAssociation";
    type Connection = Client;
    type Properties = FloatingIpAssociationProperties;
    type Attributes = ();

    async fn create(&self, cx: &Context<'_, Self>, p: &FloatingIpAssociationProperties) -> Result<Created> {
        associate(cx.connection()?, p).await?;
        Ok(Created::new(p.floatingip_id.clone()))
    }

    async fn read(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<Option<Observed<Self>>> {
        let Some(address) = FLOATING_IPS.show(cx.connection()?, id.as_str()).await? else { return Ok(None) };
        let port = text(&address, "port_id");
        if port.is_empty() {
            return Ok(None);
        }
        let observed = Observed::ready()
            .property("floatingip_id", id.as_str())?
            .property("port_id", port)?
            .property("fixed_ip_address", &address["fixed_ip_address"])?;
        Ok(Some(observed.show(address)))
    }

    async fn update(
        &self,
        cx: &Context<'_, Self>,
        id: &PhysicalId,
        change: &Change<FloatingIpAssociationProperties>,
    ) -> Result<()> {
        let (client, new) = (cx.connection()?, change.new_properties());
        if new.floatingip_id != id.as_str() {
            disassociate(client, id.as_str(), Some(&change.old().port_id)).await?;
        }
        associate(client, new).await?;
        if new.floatingip_id != id.as_str() {
            cx.record_id(&new.floatingip_id.as_str().into()).await?;
        }
        Ok(())
    }

    async fn delete(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<()> {
        let applied = cx.applied()?;
        disassociate(cx.connection()?, id.as_str(), applied.as_ref().map(|applied| applied.port_id.as_str()))
            .await
    }

    fn find_basis(&self, _: &FloatingIpAssociationProperties) -> FindBasis {
        FindBasis::Unique
    }

    async fn find(&self, cx: &Context<'_, Self>, p: &FloatingIpAssociationProperties) -> Result<Finding> {
        let address = FLOATING_IPS.show(cx.connection()?, &p.floatingip_id).await?;
        let found = address.filter(|address| text(address, "port_id") == p.port_id);
        Ok(Finding::from_ids(
            found.map(|_| PhysicalId::from(p.floatingip_id.as_str())).filter(|id| !cx.is_excluded(id)),
        ))
    }

    fn replace_order(
        &self,
        _: &FloatingIpAssociationProperties,
        _: &FloatingIpAssociationProperties,
    ) -> ReplaceOrder {
        ReplaceOrder::DeleteFirst
    }

    fn implicit_dependencies(&self, siblings: &Siblings<'_>) -> Vec<String> {
        interfaces_of_port(siblings, "port_id")
    }
}

//! What a subnet's parts must be to each other: gateway, allocation pools, routes.

use super::addresses::{self, Cidr};
use super::attributes::{invalid, pool_text};
use crate::cloud::document::{python_repr, text_of};
use crate::cloud::{Fields, Object};
use crate::http::exchange::Refusal;
use serde_json::{Value, json};

/// The gateway must be of the subnet's version and, in IPv4, an address for a host in it.
pub(super) fn check_gateway(subnet: &Object, cidr: Cidr) -> Result<(), Refusal> {
    let text = subnet.text("gateway_ip");
    if text.contains(':') != cidr.v6 {
        let version = if cidr.v6 { 6 } else { 4 };
        return Err(Refusal::typed(
            400,
            "InvalidInput",
            format!(
                "Invalid input for operation: gateway_ip '{text}' does not match the ip_version '{version}'."
            ),
        ));
    }
    let number = addresses::parse(text).unwrap_or(0);
    if cidr.contains(number) && !cidr.is_host(number) && !cidr.v6 {
        return Err(Refusal::typed(
            400,
            "InvalidInput",
            "Invalid input for operation: Gateway is not valid on subnet.",
        ));
    }
    Ok(())
}

/// All hosts but the gateway.
pub(super) fn default_pools(cidr: Cidr, gateway: &str) -> Vec<Value> {
    let (first, last) = cidr.hosts();
    let pool = |start: u128, end: u128| json!({"start": addresses::address(start, cidr.v6).to_string(), "end": addresses::address(end, cidr.v6).to_string()});
    match addresses::parse(gateway).filter(|gateway| (first..=last).contains(gateway)) {
        None => vec![pool(first, last)],
        Some(gateway) => {
            let mut pools = Vec::new();
            if gateway > first {
                pools.push(pool(first, gateway - 1));
            }
            if gateway < last {
                pools.push(pool(gateway + 1, last));
            }
            pools
        }
    }
}

/// Pools must be in the subnet, in order, apart from each other and from the gateway.
pub(super) fn check_pools(subnet: &Object, cidr: Cidr) -> Result<(), Refusal> {
    let mut ranges: Vec<(u128, u128, &Value)> = Vec::new();
    for pool in subnet.items("allocation_pools") {
        let (start, end) = (text_of(pool, "start"), text_of(pool, "end"));
        let (Some(first), Some(last)) = (addresses::parse(start), addresses::parse(end)) else {
            return Err(invalid(
                "allocation_pools",
                &format!(
                    "'{}' is not a valid IP address",
                    if addresses::parse(start).is_none() { start } else { end }
                ),
            ));
        };
        let other_version = start.contains(':') != cidr.v6 || end.contains(':') != cidr.v6;
        if other_version || last < first {
            return Err(Refusal::typed(
                400,
                "InvalidAllocationPool",
                format!("The allocation pool {} is not valid.", python_repr(pool)),
            ));
        }
        if !cidr.is_host(first) || !cidr.is_host(last) {
            return Err(Refusal::typed(
                400,
                "OutOfBoundsAllocationPool",
                format!("The allocation pool {} spans beyond the subnet cidr {cidr}.", pool_text(pool)),
            ));
        }
        ranges.push((first, last, pool));
    }
    ranges.sort_by_key(|(first, _, _)| *first);
    for pair in ranges.windows(2) {
        if let [(_, last, one), (first, _, other)] = pair
            && first <= last
        {
            return Err(Refusal::typed(
                409,
                "OverlappingAllocationPools",
                format!(
                    "Found overlapping allocation pools: {} {} for subnet {cidr}.",
                    pool_text(one),
                    pool_text(other)
                ),
            ));
        }
    }
    if let Some(gateway) = addresses::parse(subnet.text("gateway_ip"))
        && let Some((_, _, pool)) = ranges.iter().find(|(first, last, _)| (*first..=*last).contains(&gateway))
    {
        return Err(Refusal::typed(
            409,
            "GatewayConflictWithAllocationPools",
            format!(
                "Gateway ip {} conflicts with allocation pool {}.",
                subnet.text("gateway_ip"),
                pool_text(pool)
            ),
        ));
    }
    Ok(())
}

/// Routes name a subnet and an address.
pub(super) fn check_routes(subnet: &Object) -> Result<(), Refusal> {
    for route in subnet.items("host_routes") {
        let (destination, hop) = (text_of(route, "destination"), text_of(route, "nexthop"));
        if Cidr::parse(destination).is_none() {
            return Err(invalid("host_routes", &format!("'{destination}' is not a valid CIDR")));
        }
        if addresses::parse(hop).is_none() {
            return Err(invalid("host_routes", &format!("'{hop}' is not a valid IP address")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::document::object_of;

    #[test]
    fn the_default_pools_leave_the_gateway_out() {
        let (cidr, _) = Cidr::parse("10.0.0.0/24").unwrap();
        let pools = default_pools(cidr, "10.0.0.10");
        assert_eq!(
            pools,
            [
                json!({"start": "10.0.0.1", "end": "10.0.0.9"}),
                json!({"start": "10.0.0.11", "end": "10.0.0.254"})
            ]
        );
        assert_eq!(default_pools(cidr, "")[0]["start"], "10.0.0.1");
    }

    #[test]
    fn pools_that_do_not_fit_are_refused() {
        let (cidr, _) = Cidr::parse("10.0.0.0/24").unwrap();
        let kind = |pools: Value| {
            let subnet = object_of(json!({"gateway_ip": "10.0.0.1", "allocation_pools": pools}));
            check_pools(&subnet, cidr).map_err(|refusal| refusal.kind)
        };
        let pool = |start: &str, end: &str| json!({"start": start, "end": end});
        assert_eq!(kind(json!([pool("10.0.0.2", "10.0.0.9")])), Ok(()));
        assert_eq!(
            kind(json!([pool("10.0.0.2", "10.0.0.9"), pool("10.0.0.9", "10.0.0.20")])),
            Err("OverlappingAllocationPools")
        );
        assert_eq!(kind(json!([pool("10.0.0.2", "10.0.1.9")])), Err("OutOfBoundsAllocationPool"));
        assert_eq!(kind(json!([pool("10.0.0.9", "10.0.0.2")])), Err("InvalidAllocationPool"));
        assert_eq!(kind(json!([pool("10.0.0.1", "10.0.0.2")])), Err("GatewayConflictWithAllocationPools"));
    }
}

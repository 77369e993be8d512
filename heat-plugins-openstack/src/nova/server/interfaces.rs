//! Which of a server's interfaces are the ones that are wanted: a pure comparison.

use serde_json::Value;

use crate::rest::text;

/// What is wanted of one network card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Card {
    /// This port.
    Port(String),
    /// A port that Nova makes in this network, at this address if one is given.
    Network { network: String, address: Option<String> },
    /// Any one that Nova chooses.
    Any,
}

/// What there is and what is missing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Comparison {
    /// Ports of interfaces that nobody wants.
    pub(super) surplus: Vec<String>,
    /// Places in the wanted list without an interface.
    pub(super) missing: Vec<usize>,
}

impl Comparison {
    /// Whether the interfaces are as wanted.
    pub(super) fn is_settled(&self) -> bool {
        self.surplus.is_empty() && self.missing.is_empty()
    }
}

/// Compares Nova's interfaces with the wanted cards. Cards that say more choose first, so that one that takes anything
/// leaves the others theirs.
pub(super) fn compare(wanted: &[Card], interfaces: &[Value]) -> Comparison {
    let mut free: Vec<&Value> = interfaces.iter().collect();
    let mut missing = Vec::new();
    let strictness = |card: &Card| match card {
        Card::Port(_) => 0,
        Card::Network { address: Some(_), .. } => 1,
        Card::Network { .. } => 2,
        Card::Any => 3,
    };
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by_key(|at| strictness(&wanted[*at]));
    for at in order {
        match free.iter().position(|interface| fits(&wanted[at], interface)) {
            Some(found) => drop(free.remove(found)),
            None => missing.push(at),
        }
    }
    missing.sort_unstable();
    Comparison {
        surplus: free.iter().map(|interface| text(interface, "port_id").to_owned()).collect(),
        missing,
    }
}

fn fits(card: &Card, interface: &Value) -> bool {
    match card {
        Card::Port(port) => text(interface, "port_id") == port,
        Card::Network { network, address } => {
            text(interface, "net_id") == network
                && address.as_deref().is_none_or(|address| {
                    let addresses = interface["fixed_ips"].as_array().into_iter().flatten();
                    addresses.into_iter().any(|fixed| text(fixed, "ip_address") == address)
                })
        }
        Card::Any => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn interface(port: &str, network: &str, address: &str) -> Value {
        json!({"port_id": port, "net_id": network, "fixed_ips": [{"ip_address": address}]})
    }

    fn network(network: &str, address: Option<&str>) -> Card {
        Card::Network { network: network.into(), address: address.map(str::to_owned) }
    }

    #[test]
    fn what_says_more_chooses_first() {
        let interfaces = [interface("p1", "n", "10.0.0.1"), interface("p2", "n", "10.0.0.2")];
        let wanted = [Card::Any, network("n", Some("10.0.0.1"))];
        assert!(compare(&wanted, &interfaces).is_settled());
        let wanted = [network("n", None), Card::Port("p1".into())];
        assert!(compare(&wanted, &interfaces).is_settled());
    }

    #[test]
    fn surplus_and_missing_are_told() {
        let interfaces = [interface("p1", "n", "10.0.0.1"), interface("p2", "m", "10.1.0.2")];
        let comparison = compare(&[network("n", None), network("k", None)], &interfaces);
        assert_eq!(comparison, Comparison { surplus: vec!["p2".into()], missing: vec![1] });
        assert_eq!(compare(&[], &interfaces).surplus.len(), 2);
        assert_eq!(compare(&[network("n", Some("10.0.0.9"))], &interfaces).missing, [0]);
    }
}

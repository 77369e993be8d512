use crate::client::{Client, id, neutron_error};
use heat_simulator::Simulator;
use serde_json::{Value, json};

#[tokio::test]
async fn a_floating_ip_reaches_a_port_only_through_a_router() {
    let cloud = Simulator::builder().start().await.unwrap();
    let demo = Client::demo(&cloud).await;
    let before = cloud.inventory();
    let public = demo.public().await;
    let (network, subnet) = demo.network("net", "10.0.0.0/24").await;
    let port =
        id(&demo.post("/network/v2.0/ports", json!({"port": {"network_id": network}})).await.1, "port");
    let floating = json!({"floatingip": {"floating_network_id": public, "port_id": port}});
    let refused = demo.post("/network/v2.0/floatingips", floating.clone()).await;
    assert_eq!(neutron_error(&refused), (404, "ExternalGatewayForFloatingIPNotFound"));
    // A refused request leaves nothing, neither the address nor its port.
    assert_eq!(cloud.inventory().since(&before).of("floatingip").len(), 0);
    assert_eq!(cloud.inventory().since(&before).of("port").len(), 1);

    let router = json!({"router": {"name": "r", "external_gateway_info": {"network_id": public}}});
    let (status, body) = demo.post("/network/v2.0/routers", router).await;
    assert_eq!(status, 201);
    let router = id(&body, "router");
    assert_eq!(body["router"]["external_gateway_info"]["external_fixed_ips"].as_array().unwrap().len(), 1);
    let interface = demo
        .put(&format!("/network/v2.0/routers/{router}/add_router_interface"), json!({"subnet_id": subnet}))
        .await;
    assert_eq!((interface.0, &interface.1["subnet_ids"]), (200, &json!([subnet])));
    let again = demo
        .put(&format!("/network/v2.0/routers/{router}/add_router_interface"), json!({"subnet_id": subnet}))
        .await;
    assert_eq!(neutron_error(&again), (400, "BadRequest"));

    let (status, body) = demo.post("/network/v2.0/floatingips", floating).await;
    assert_eq!(status, 201, "{body}");
    let floating = id(&body, "floatingip");
    assert_eq!(body["floatingip"]["router_id"], router);
    assert_eq!(body["floatingip"]["status"], "DOWN");
    demo.until(&format!("/network/v2.0/floatingips/{floating}"), "/floatingip/status", "ACTIVE").await;

    // What is needed cannot be taken away.
    let gateway = demo
        .put(&format!("/network/v2.0/routers/{router}"), json!({"router": {"external_gateway_info": {}}}))
        .await;
    assert_eq!(neutron_error(&gateway), (409, "RouterExternalGatewayInUseByFloatingIp"));
    let interface = demo
        .put(&format!("/network/v2.0/routers/{router}/remove_router_interface"), json!({"subnet_id": subnet}))
        .await;
    assert_eq!(neutron_error(&interface), (409, "RouterInterfaceInUseByFloatingIP"));
    assert_eq!(
        neutron_error(&demo.delete(&format!("/network/v2.0/routers/{router}")).await),
        (409, "RouterInUse")
    );
    assert_eq!(
        neutron_error(&demo.delete(&format!("/network/v2.0/subnets/{subnet}")).await),
        (409, "SubnetInUse")
    );
    assert_eq!(
        neutron_error(&demo.delete(&format!("/network/v2.0/networks/{network}")).await),
        (409, "NetworkInUse")
    );

    // In the right order everything goes.
    assert_eq!(demo.delete(&format!("/network/v2.0/ports/{port}")).await.0, 204);
    let (_, body) = demo.get(&format!("/network/v2.0/floatingips/{floating}")).await;
    assert_eq!(
        (&body["floatingip"]["port_id"], &body["floatingip"]["status"]),
        (&Value::Null, &json!("DOWN"))
    );
    assert_eq!(demo.delete(&format!("/network/v2.0/floatingips/{floating}")).await.0, 204);
    assert_eq!(
        demo.put(
            &format!("/network/v2.0/routers/{router}/remove_router_interface"),
            json!({"subnet_id": subnet})
        )
        .await
        .0,
        200
    );
    assert_eq!(demo.delete(&format!("/network/v2.0/routers/{router}")).await.0, 204);
    assert_eq!(demo.delete(&format!("/network/v2.0/networks/{network}")).await.0, 204);
    assert!(cloud.inventory().since(&before).is_empty(), "{:?}", cloud.inventory().since(&before));
}

#[tokio::test]
async fn attributes_are_checked_as_neutron_does() {
    let cloud = Simulator::builder().start().await.unwrap();
    let demo = Client::demo(&cloud).await;
    let (network, subnet) = demo.network("net", "10.0.0.0/24").await;
    let message =
        |reply: (u16, Value)| (reply.0, reply.1["NeutronError"]["message"].as_str().unwrap_or("").to_owned());
    let networks = "/network/v2.0/networks";
    for (path, body, status, wanted) in [
        (networks, json!({"network": {"foo": 1}}), 400, "Unrecognized attribute(s) 'foo'"),
        (networks, json!({"network": {"status": 1}}), 400, "Attribute 'status' not allowed in POST"),
        (networks, json!({}), 400, "Unable to find 'network' in request body"),
        (
            networks,
            json!({"network": {"shared": true}}),
            403,
            "(rule:create_network and rule:create_network:shared) is disallowed by policy",
        ),
        (
            networks,
            json!({"network": {"admin_state_up": "maybe"}}),
            400,
            "Invalid input for operation: 'maybe' cannot be converted to boolean.",
        ),
        (
            "/network/v2.0/subnets",
            json!({"subnet": {"name": "x"}}),
            400,
            "Failed to parse request. Required attribute 'ip_version' not specified",
        ),
        (
            "/network/v2.0/subnets",
            json!({"subnet": {"network_id": network, "ip_version": 7, "cidr": "10.1.0.0/24"}}),
            400,
            "Invalid input for ip_version. Reason: 7 is not in valid_values.",
        ),
        (
            "/network/v2.0/subnets",
            json!({"subnet": {"network_id": network, "ip_version": 4, "cidr": "x"}}),
            400,
            "Invalid input for operation: x is not in a CIDR format.",
        ),
        (
            "/network/v2.0/subnets",
            json!({"subnet": {"network_id": network, "ip_version": 6, "cidr": "10.1.0.0/25"}}),
            400,
            "Invalid input for operation: cidr '10.1.0.0/25' does not match the ip_version '6'.",
        ),
        (
            "/network/v2.0/ports",
            json!({"port": {"network_id": network, "mac_address": "zz"}}),
            400,
            "Invalid input for mac_address. Reason: 'zz' is not a valid MAC address.",
        ),
        (
            "/network/v2.0/ports",
            json!({"port": {"network_id": network, "fixed_ips": [{"subnet_id": subnet, "ip_address": "10.9.0.1"}]}}),
            400,
            "IP address 10.9.0.1 is not a valid IP for the specified subnet.",
        ),
    ] {
        assert_eq!(message(demo.post(path, body).await), (status, wanted.to_owned()));
    }
    let read_only = demo.put(&format!("{networks}/{network}"), json!({"network": {"status": "x"}})).await;
    assert_eq!(message(read_only), (400, "Cannot update read-only attribute status".to_owned()));
    assert_eq!(
        message(demo.get(&format!("{networks}?foo=1")).await),
        (400, "['foo'] is invalid attribute for filtering".to_owned())
    );
    assert_eq!(
        message(demo.get(&format!("{networks}/xx")).await),
        (404, "Network xx could not be found.".to_owned())
    );
    let overlapping = demo
        .post(
            "/network/v2.0/subnets",
            json!({"subnet": {"network_id": network, "ip_version": 4, "cidr": "10.0.0.0/25"}}),
        )
        .await;
    assert_eq!(neutron_error(&overlapping), (400, "InvalidInput"));
}

#[tokio::test]
async fn addresses_are_given_once_and_taken_back() {
    let cloud = Simulator::builder().start().await.unwrap();
    let demo = Client::demo(&cloud).await;
    let (network, subnet) = demo.network("net", "10.0.0.0/29").await;
    let body = json!({"port": {"network_id": network}});
    let mut seen = Vec::new();
    let mut ports = Vec::new();
    for _ in 0..5 {
        let (status, body) = demo.post("/network/v2.0/ports", body.clone()).await;
        assert_eq!(status, 201);
        let address = body["port"]["fixed_ips"][0]["ip_address"].as_str().unwrap().to_owned();
        assert!(!seen.contains(&address) && address != "10.0.0.1");
        seen.push(address);
        ports.push(id(&body, "port"));
    }
    let full = demo.post("/network/v2.0/ports", body.clone()).await;
    assert_eq!(neutron_error(&full), (409, "IpAddressGenerationFailure"));
    let taken =
        json!({"port": {"network_id": network, "fixed_ips": [{"subnet_id": subnet, "ip_address": seen[2]}]}});
    assert_eq!(
        neutron_error(&demo.post("/network/v2.0/ports", taken).await),
        (409, "IpAddressAlreadyAllocated")
    );
    assert_eq!(demo.delete(&format!("/network/v2.0/ports/{}", ports[2])).await.0, 204);
    let (status, again) = demo.post("/network/v2.0/ports", body).await;
    assert_eq!(
        (status, again["port"]["fixed_ips"][0]["ip_address"].as_str().unwrap()),
        (201, seen[2].as_str())
    );
}

#[tokio::test]
async fn security_groups_have_their_rules_and_their_uses() {
    let cloud = Simulator::builder().start().await.unwrap();
    let demo = Client::demo(&cloud).await;
    let (_, body) = demo.get("/network/v2.0/security-groups?name=default").await;
    assert_eq!(body["security_groups"][0]["security_group_rules"].as_array().unwrap().len(), 4);
    let (_, body) =
        demo.post("/network/v2.0/security-groups", json!({"security_group": {"name": "web"}})).await;
    let group = id(&body, "security_group");
    assert_eq!(body["security_group"]["security_group_rules"].as_array().unwrap().len(), 2);
    let rule = json!({"security_group_rule": {"security_group_id": group, "direction": "ingress", "protocol": "tcp", "port_range_min": 22, "port_range_max": 22}});
    assert_eq!(demo.post("/network/v2.0/security-group-rules", rule.clone()).await.0, 201);
    assert_eq!(
        neutron_error(&demo.post("/network/v2.0/security-group-rules", rule).await),
        (409, "SecurityGroupRuleExists")
    );
    let ports = json!({"security_group_rule": {"security_group_id": group, "direction": "ingress", "port_range_min": 22, "port_range_max": 22}});
    assert_eq!(
        neutron_error(&demo.post("/network/v2.0/security-group-rules", ports).await),
        (400, "SecurityGroupProtocolRequiredWithPorts")
    );
    let (network, _) = demo.network("net", "10.0.0.0/24").await;
    let (_, body) = demo
        .post("/network/v2.0/ports", json!({"port": {"network_id": network, "security_groups": [group]}}))
        .await;
    let port = id(&body, "port");
    assert_eq!(
        neutron_error(&demo.delete(&format!("/network/v2.0/security-groups/{group}")).await),
        (409, "SecurityGroupInUse")
    );
    demo.delete(&format!("/network/v2.0/ports/{port}")).await;
    assert_eq!(demo.delete(&format!("/network/v2.0/security-groups/{group}")).await.0, 204);
    assert_eq!(cloud.inventory().of("security_group_rule").len(), 8);
}

#[tokio::test]
async fn quotas_are_enforced_for_their_project_only() {
    let cloud = Simulator::builder().start().await.unwrap();
    let (demo, admin) = (Client::demo(&cloud).await, Client::admin(&cloud).await);
    cloud.set_quota("network", &demo.project, "network", 1).unwrap();
    let body = json!({"network": {"name": "n"}});
    assert_eq!(demo.post("/network/v2.0/networks", body.clone()).await.0, 201);
    let over = demo.post("/network/v2.0/networks", body.clone()).await;
    assert_eq!(
        over,
        (
            409,
            json!({"NeutronError": {"type": "OverQuota", "message": "Quota exceeded for resources: ['network'].", "detail": ""}})
        )
    );
    assert_eq!(admin.post("/network/v2.0/networks", body).await.0, 201);
}

#[tokio::test]
async fn lists_filter_select_and_page() {
    let cloud = Simulator::builder().start().await.unwrap();
    let demo = Client::demo(&cloud).await;
    for n in 0..5 {
        demo.post("/network/v2.0/networks", json!({"network": {"name": format!("n{n}")}})).await;
    }
    let (_, body) = demo.get("/network/v2.0/networks?name=n1&name=n3&fields=name").await;
    assert_eq!(body, json!({"networks": [{"name": "n1"}, {"name": "n3"}]}));
    let mut path = "/network/v2.0/networks?limit=2".to_owned();
    let mut names = Vec::new();
    loop {
        let (_, body) = demo.get(&path).await;
        names.extend(body["networks"].as_array().unwrap().iter().map(|network| network["name"].to_string()));
        let links = body["networks_links"].as_array().cloned().unwrap_or_default();
        let Some(next) = links.iter().find(|link| link["rel"] == "next") else { break };
        path = next["href"].as_str().unwrap().replace(&demo.base, "");
    }
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 6);
}

#[tokio::test]
async fn other_projects_see_only_what_is_shared() {
    let cloud = Simulator::builder().start().await.unwrap();
    let (demo, admin) = (Client::demo(&cloud).await, Client::admin(&cloud).await);
    let (_, body) = admin.post("/network/v2.0/networks", json!({"network": {"name": "secret"}})).await;
    let secret = id(&body, "network");
    let (_, body) =
        admin.post("/network/v2.0/networks", json!({"network": {"name": "common", "shared": true}})).await;
    let common = id(&body, "network");
    assert_eq!(
        neutron_error(&demo.get(&format!("/network/v2.0/networks/{secret}")).await),
        (404, "NetworkNotFound")
    );
    assert_eq!(demo.get(&format!("/network/v2.0/networks/{common}")).await.1["network"]["shared"], true);
    assert_eq!(demo.delete(&format!("/network/v2.0/networks/{common}")).await.0, 404);
}

#[tokio::test]
async fn a_port_updates_its_addresses_and_tags() {
    let cloud = Simulator::builder().start().await.unwrap();
    let demo = Client::demo(&cloud).await;
    let (network, subnet) = demo.network("net", "10.0.0.0/24").await;
    let (_, body) = demo.post("/network/v2.0/ports", json!({"port": {"network_id": network}})).await;
    let (port, revision) = (id(&body, "port"), body["port"]["revision_number"].as_i64().unwrap());
    let path = format!("/network/v2.0/ports/{port}");
    let (status, body) = demo
        .put(
            &path,
            json!({"port": {"fixed_ips": [{"subnet_id": subnet, "ip_address": "10.0.0.77"}], "name": "p"}}),
        )
        .await;
    assert_eq!((status, &body["port"]["fixed_ips"][0]["ip_address"]), (200, &json!("10.0.0.77")));
    assert!(body["port"]["revision_number"].as_i64().unwrap() > revision);
    let (status, body) = demo.put(&format!("{path}/tags"), json!({"tags": ["b", "a"]})).await;
    assert_eq!((status, body), (200, json!({"tags": ["b", "a"]})));
    let (_, body) = demo.get("/network/v2.0/ports?tags=a,b").await;
    assert_eq!(body["ports"].as_array().unwrap().len(), 1);
}

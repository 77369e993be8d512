use crate::client::{Client, id};
use heat_simulator::{Durations, Simulator};
use serde_json::{Value, json};
use std::time::Duration;

fn message(reply: &(u16, Value)) -> (u16, &str) {
    let body = reply.1.as_object().and_then(|body| body.values().next());
    (reply.0, body.and_then(|body| body["message"].as_str()).unwrap_or(""))
}

async fn boot(demo: &Client, body: Value) -> String {
    let (flavor, image) = demo.flavor_and_image().await;
    let mut server = json!({"name": "vm", "flavorRef": flavor, "imageRef": image});
    server.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
    let (status, body) = demo.post("/compute/v2.1/servers", json!({"server": server})).await;
    assert_eq!(status, 202, "{body}");
    assert!(body["server"]["adminPass"].is_string());
    let server = id(&body, "server");
    demo.until(&format!("/compute/v2.1/servers/{server}"), "/server/status", "ACTIVE").await;
    server
}

#[tokio::test]
async fn a_server_makes_its_own_ports_and_leaves_those_it_was_given() {
    let cloud = Simulator::builder().start().await.unwrap();
    let demo = Client::demo(&cloud).await;
    let (network, _) = demo.network("net", "10.0.0.0/24").await;
    let before = cloud.inventory();
    let (_, body) =
        demo.post("/network/v2.0/ports", json!({"port": {"network_id": network, "name": "given"}})).await;
    let port = id(&body, "port");
    let server = boot(&demo, json!({"networks": [{"port": port}, {"uuid": network}]})).await;
    let (_, body) = demo.get(&format!("/compute/v2.1/servers/{server}")).await;
    assert_eq!(body["server"]["addresses"]["net"].as_array().unwrap().len(), 2);
    let (_, body) = demo.get(&format!("/network/v2.0/ports?device_id={server}")).await;
    assert_eq!(body["ports"].as_array().unwrap().len(), 2);
    assert!(body["ports"].as_array().unwrap().iter().all(|port| port["status"] == "ACTIVE"));
    let taken = demo.post("/compute/v2.1/servers", json!({"server": {"name": "x", "flavorRef": "1", "imageRef": demo.flavor_and_image().await.1, "networks": [{"port": port}]}})).await;
    assert_eq!(message(&taken), (409, format!("Port {port} is still in use.").as_str()));
    assert_eq!(demo.delete(&format!("/compute/v2.1/servers/{server}")).await.0, 204);
    demo.until_gone(&format!("/compute/v2.1/servers/{server}")).await;
    let left = cloud.inventory().since(&before);
    assert_eq!((left.len(), left.get("port", &port).unwrap()["device_id"].as_str()), (1, Some("")));
}

#[tokio::test]
async fn a_server_is_built_and_deleted_by_and_by() {
    let slow = Durations::all(Duration::from_millis(400));
    let cloud = Simulator::builder().durations(slow).start().await.unwrap();
    let demo = Client::demo(&cloud).await;
    let (flavor, image) = demo.flavor_and_image().await;
    let body = json!({"server": {"name": "vm", "flavorRef": flavor, "imageRef": image}});
    let path =
        format!("/compute/v2.1/servers/{}", id(&demo.post("/compute/v2.1/servers", body).await.1, "server"));
    let (_, body) = demo.get(&path).await;
    let server = &body["server"];
    assert_eq!(
        (&server["status"], &server["OS-EXT-STS:task_state"]),
        (&json!("BUILD"), &json!("scheduling"))
    );
    demo.until(&path, "/server/status", "ACTIVE").await;
    assert_eq!(demo.delete(&path).await.0, 204);
    let (status, body) = demo.get(&path).await;
    assert_eq!((status, &body["server"]["OS-EXT-STS:task_state"]), (200, &json!("deleting")));
    assert_eq!(demo.delete(&path).await.0, 204);
    demo.until_gone(&path).await;
    assert_eq!(demo.delete(&path).await.0, 404);
}

#[tokio::test]
async fn a_volume_follows_the_server_it_is_attached_to() {
    let cloud = Simulator::builder().start().await.unwrap();
    let demo = Client::demo(&cloud).await;
    let server = boot(&demo, json!({})).await;
    let (_, body) = demo.post("/volume/v3/{project}/volumes", json!({"volume": {"size": 1}})).await;
    let volume = id(&body, "volume");
    let path = format!("/volume/v3/{{project}}/volumes/{volume}");
    demo.until(&path, "/volume/status", "available").await;
    let attachments = format!("/compute/v2.1/servers/{server}/os-volume_attachments");
    let attach = json!({"volumeAttachment": {"volumeId": volume}});
    let (status, body) = demo.post(&attachments, attach.clone()).await;
    assert_eq!((status, &body["volumeAttachment"]["device"]), (200, &json!("/dev/vdb")));
    assert_eq!(demo.post(&attachments, attach).await.0, 400);
    let body = demo.until(&path, "/volume/status", "in-use").await;
    assert_eq!(body["volume"]["attachments"][0]["server_id"], server);
    assert_eq!(demo.delete(&path).await.0, 400);
    assert_eq!(demo.delete(&format!("{attachments}/{volume}")).await.0, 202);
    demo.until(&path, "/volume/status", "available").await;
    let gone = demo.get(&format!("{attachments}/{volume}")).await;
    assert_eq!(
        message(&gone),
        (404, format!("Instance {server} is not attached to volume {volume}").as_str())
    );
    assert_eq!(demo.delete(&path).await.0, 202);
    demo.until_gone(&path).await;
}

#[tokio::test]
async fn a_server_that_boots_from_a_volume_takes_it_along_if_it_is_told_to() {
    let cloud = Simulator::builder().start().await.unwrap();
    let demo = Client::demo(&cloud).await;
    let before = cloud.inventory();
    let (_, image) = demo.flavor_and_image().await;
    let device = json!([{"boot_index": 0, "uuid": image, "source_type": "image", "destination_type": "volume", "volume_size": 2, "delete_on_termination": true}]);
    let server = boot(&demo, json!({"imageRef": "", "block_device_mapping_v2": device})).await;
    let (_, body) = demo.get(&format!("/compute/v2.1/servers/{server}")).await;
    assert_eq!(body["server"]["image"], "");
    assert_eq!(cloud.inventory().since(&before).of("volume").len(), 1);
    demo.delete(&format!("/compute/v2.1/servers/{server}")).await;
    demo.until_gone(&format!("/compute/v2.1/servers/{server}")).await;
    while cloud.is_busy() {
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    assert!(cloud.inventory().since(&before).is_empty(), "{:?}", cloud.inventory().since(&before));
}

#[tokio::test]
async fn actions_change_the_state_only_where_they_may() {
    let cloud = Simulator::builder().start().await.unwrap();
    let demo = Client::demo(&cloud).await;
    let server = boot(&demo, json!({})).await;
    let path = format!("/compute/v2.1/servers/{server}");
    let action = format!("{path}/action");
    let started = demo.post(&action, json!({"os-start": null})).await;
    assert_eq!(
        message(&started),
        (409, format!("Cannot 'start' instance {server} while it is in vm_state active").as_str())
    );
    assert_eq!(
        message(&demo.post(&action, json!({"foo": null})).await),
        (400, "There is no such action: foo")
    );
    for (body, status, wanted) in [
        (json!({"os-stop": null}), 202, "SHUTOFF"),
        (json!({"os-start": null}), 202, "ACTIVE"),
        (json!({"suspend": null}), 202, "SUSPENDED"),
        (json!({"resume": null}), 202, "ACTIVE"),
        (json!({"resize": {"flavorRef": "2"}}), 202, "VERIFY_RESIZE"),
        (json!({"revertResize": null}), 202, "ACTIVE"),
        (json!({"resize": {"flavorRef": "2"}}), 202, "VERIFY_RESIZE"),
        (json!({"confirmResize": null}), 204, "ACTIVE"),
    ] {
        assert_eq!(demo.post(&action, body).await.0, status);
        demo.until(&path, "/server/status", wanted).await;
        demo.until(
            &path,
            "/server/OS-EXT-STS:vm_state",
            &wanted.to_lowercase().replace("shutoff", "stopped").replace("verify_resize", "resized"),
        )
        .await;
        while cloud.is_busy() {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    }
    let (_, body) = demo.get(&path).await;
    assert_eq!(body["server"]["flavor"]["id"], "2");
    assert_eq!(demo.post(&action, json!({"lock": null})).await.0, 202);
    assert_eq!(message(&demo.delete(&path).await), (409, format!("Instance {server} is locked").as_str()));
}

#[tokio::test]
async fn microversions_change_what_is_shown_and_allowed() {
    let cloud = Simulator::builder().start().await.unwrap();
    let demo = Client::demo(&cloud).await;
    let server = boot(&demo, json!({"metadata": {"a": "b"}})).await;
    let path = format!("/compute/v2.1/servers/{server}");
    let (_, old) = demo.get(&path).await;
    assert!(old["server"]["flavor"].get("id").is_some() && old["server"].get("tags").is_none());
    let (_, new) = demo.call("GET", &path, None, &[("openstack-api-version", "compute 2.90")]).await;
    assert_eq!(new["server"]["flavor"]["original_name"], "m1.tiny");
    assert_eq!((&new["server"]["tags"], &new["server"]["locked"]), (&json!([]), &json!(false)));
    let at = |version: &'static str| [("openstack-api-version", version)];
    let too_new = demo.call("GET", &path, None, &at("compute 2.999")).await;
    assert_eq!(too_new.0, 406);
    let body =
        json!({"server": {"name": "x", "flavorRef": "1", "imageRef": demo.flavor_and_image().await.1}});
    assert_eq!(demo.call("POST", "/compute/v2.1/servers", Some(body), &at("compute 2.37")).await.0, 400);
    let old_group = json!({"server_group": {"name": "g", "policies": ["affinity"]}});
    let new_group = json!({"server_group": {"name": "g", "policy": "affinity"}});
    assert_eq!(demo.post("/compute/v2.1/os-server-groups", old_group.clone()).await.0, 200);
    assert_eq!(
        demo.call("POST", "/compute/v2.1/os-server-groups", Some(old_group), &at("compute 2.64")).await.0,
        400
    );
    assert_eq!(
        demo.call("POST", "/compute/v2.1/os-server-groups", Some(new_group), &at("compute 2.64")).await.0,
        200
    );
    let answer = demo.raw("GET", &path, None, &at("compute 2.60")).await.unwrap();
    assert_eq!(answer.headers()["openstack-api-version"], "compute 2.60");
}

#[tokio::test]
async fn a_server_is_refused_for_what_it_refers_to() {
    let cloud = Simulator::builder().start().await.unwrap();
    let demo = Client::demo(&cloud).await;
    let (flavor, image) = demo.flavor_and_image().await;
    let nothing = "669fd34f-30cc-4ea5-99a9-5e0121d0d093";
    for (change, wanted) in [
        (json!({"flavorRef": "nope"}), "Flavor nope could not be found."),
        (json!({"imageRef": nothing}), "Can not find requested image"),
        (json!({"imageRef": ""}), "Missing imageRef attribute"),
        (json!({"key_name": "nope"}), "Invalid key_name provided."),
        (json!({"availability_zone": "nope"}), "The requested availability zone is not available"),
        (
            json!({"security_groups": [{"name": "nope"}]}),
            "Unable to find security_group with name or id 'nope'",
        ),
        (
            json!({"networks": [{"uuid": nothing}]}),
            "Network 669fd34f-30cc-4ea5-99a9-5e0121d0d093 could not be found.",
        ),
        (
            json!({"networks": [{"port": nothing}]}),
            "Port id 669fd34f-30cc-4ea5-99a9-5e0121d0d093 could not be found.",
        ),
        (json!({"name": ""}), "Invalid input for field/attribute name. Value: . '' is too short"),
        (
            json!({"metadata": {"a": 1}}),
            "Invalid input for field/attribute a. Value: 1. 1 is not of type 'string'",
        ),
    ] {
        let mut server = json!({"name": "x", "flavorRef": flavor, "imageRef": image});
        server.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let refused = demo.post("/compute/v2.1/servers", json!({"server": server})).await;
        assert_eq!(message(&refused), (400, wanted));
    }
    cloud.set_quota("compute", &demo.project, "instances", 0).unwrap();
    let over = demo
        .post(
            "/compute/v2.1/servers",
            json!({"server": {"name": "x", "flavorRef": flavor, "imageRef": image}}),
        )
        .await;
    assert_eq!(
        message(&over),
        (403, "Quota exceeded for instances: Requested 1, but already used 0 of 0 instances")
    );
    assert!(cloud.inventory().of("server").is_empty());
}

#[tokio::test]
async fn a_build_that_finds_no_address_ends_in_error_and_leaves_no_port() {
    let cloud = Simulator::builder().start().await.unwrap();
    let demo = Client::demo(&cloud).await;
    let (network, _) = demo.network("tiny", "10.0.0.0/30").await;
    let (flavor, image) = demo.flavor_and_image().await;
    let mut servers = Vec::new();
    for _ in 0..2 {
        let body = json!({"server": {"name": "x", "flavorRef": flavor, "imageRef": image, "networks": [{"uuid": network}]}});
        servers.push(id(&demo.post("/compute/v2.1/servers", body).await.1, "server"));
    }
    demo.until(&format!("/compute/v2.1/servers/{}", servers[0]), "/server/status", "ACTIVE").await;
    let body = demo.until(&format!("/compute/v2.1/servers/{}", servers[1]), "/server/status", "ERROR").await;
    assert_eq!(body["server"]["fault"]["code"], 500);
    assert_eq!(cloud.inventory().of("port").len(), 1);
}

#[tokio::test]
async fn interfaces_come_and_go_while_the_server_runs() {
    let cloud = Simulator::builder().start().await.unwrap();
    let demo = Client::demo(&cloud).await;
    let server = boot(&demo, json!({})).await;
    let (network, _) = demo.network("net", "10.0.0.0/24").await;
    let path = format!("/compute/v2.1/servers/{server}/os-interface");
    let (status, body) = demo.post(&path, json!({"interfaceAttachment": {"net_id": network}})).await;
    assert_eq!(status, 200, "{body}");
    let port = body["interfaceAttachment"]["port_id"].as_str().unwrap().to_owned();
    assert_eq!(demo.get(&path).await.1["interfaceAttachments"][0]["port_id"], port);
    assert_eq!(demo.delete(&format!("{path}/{port}")).await.0, 202);
    demo.until_gone(&format!("/network/v2.0/ports/{port}")).await;
    assert_eq!(demo.get(&path).await.1, json!({"interfaceAttachments": []}));
}

#[tokio::test]
async fn key_pairs_are_the_users_own_and_named_once() {
    let cloud = Simulator::builder().start().await.unwrap();
    let demo = Client::demo(&cloud).await;
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPjQ3Gx2mX5lqGk0O1aWlqX0m2m0e1v4m4gQhYbq5v0x x@y";
    let body = json!({"keypair": {"name": "k", "public_key": key}});
    let (status, made) = demo.post("/compute/v2.1/os-keypairs", body.clone()).await;
    // The fingerprint that a real Nova gives for this key.
    assert_eq!(
        (status, &made["keypair"]["fingerprint"]),
        (200, &json!("e7:a0:10:22:4c:4e:45:14:6d:e7:4a:f9:3e:31:4c:a5"))
    );
    let again = demo.post("/compute/v2.1/os-keypairs", body).await;
    assert_eq!(message(&again), (409, "Key pair 'k' already exists."));
    let junk =
        demo.post("/compute/v2.1/os-keypairs", json!({"keypair": {"name": "j", "public_key": "junk"}})).await;
    assert_eq!(message(&junk), (400, "Keypair data is invalid: failed to generate fingerprint"));
    assert_eq!(Client::admin(&cloud).await.get("/compute/v2.1/os-keypairs/k").await.0, 404);
    assert_eq!(demo.delete("/compute/v2.1/os-keypairs/k").await.0, 202);
    assert_eq!(demo.get("/compute/v2.1/os-keypairs/k").await.0, 404);
}

#[tokio::test]
async fn flavors_are_the_administrators() {
    let cloud = Simulator::builder().start().await.unwrap();
    let (demo, admin) = (Client::demo(&cloud).await, Client::admin(&cloud).await);
    let body = json!({"flavor": {"name": "own", "ram": 64, "vcpus": 1, "disk": 0, "os-flavor-access:is_public": false}});
    let refused = demo.post("/compute/v2.1/flavors", body.clone()).await;
    assert_eq!(
        message(&refused),
        (403, "Policy doesn't allow os_compute_api:os-flavor-manage:create to be performed.")
    );
    let flavor = id(&admin.post("/compute/v2.1/flavors", body.clone()).await.1, "flavor");
    assert_eq!(admin.post("/compute/v2.1/flavors", body).await.0, 409);
    let path = format!("/compute/v2.1/flavors/{flavor}");
    assert_eq!(demo.get(&path).await.0, 404);
    assert_eq!(
        admin.post(&format!("{path}/action"), json!({"addTenantAccess": {"tenant": demo.project}})).await.0,
        200
    );
    assert_eq!(demo.get(&path).await.0, 200);
    let (status, body) = admin
        .post(&format!("{path}/os-extra_specs"), json!({"extra_specs": {"hw:cpu_policy": "shared"}}))
        .await;
    assert_eq!((status, &body["extra_specs"]["hw:cpu_policy"]), (200, &json!("shared")));
    assert_eq!(admin.delete(&path).await.0, 202);
}

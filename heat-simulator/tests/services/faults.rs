use crate::client::{Client, id};
use heat_simulator::{Fault, Latency, Simulator};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const NETWORKS: &str = "/network/v2.0/networks";

fn network(name: &str) -> Value {
    json!({"network": {"name": name}})
}

#[tokio::test]
async fn a_refusal_has_the_services_own_shape() {
    let cloud = Simulator::builder().start().await.unwrap();
    let demo = Client::demo(&cloud).await;
    cloud.add_fault(Fault::on("POST", NETWORKS).skip(1).refuse(503, "later"));
    assert_eq!(demo.post(NETWORKS, network("a")).await.0, 201);
    assert_eq!(
        demo.post(NETWORKS, network("b")).await,
        (503, json!({"NeutronError": {"type": "SimulatedFault", "message": "later", "detail": ""}}))
    );
    assert_eq!(demo.post(NETWORKS, network("b")).await.0, 201);
    cloud.add_fault(Fault::on("*", "/compute/*").always().refuse(503, "down"));
    for _ in 0..3 {
        assert_eq!(
            demo.get("/compute/v2.1/servers").await,
            (503, json!({"serviceUnavailable": {"code": 503, "message": "down"}}))
        );
    }
    cloud.clear_faults();
    assert_eq!(demo.get("/compute/v2.1/servers").await.0, 200);
    assert_eq!(cloud.inventory().named("network", "b").len(), 1);
}

#[tokio::test]
async fn a_dropped_request_does_nothing_and_a_lost_answer_did_it() {
    let cloud = Simulator::builder().start().await.unwrap();
    let demo = Client::demo(&cloud).await;
    cloud.add_fault(Fault::on("POST", NETWORKS).with_body("dropped").drop_request());
    cloud.add_fault(Fault::on("POST", NETWORKS).with_body("lost").lose_answer());
    assert!(demo.raw("POST", NETWORKS, Some(network("dropped")), &[]).await.is_err());
    assert!(demo.raw("POST", NETWORKS, Some(network("lost")), &[]).await.is_err());
    let inventory = cloud.inventory();
    assert_eq!(
        (inventory.named("network", "dropped").len(), inventory.named("network", "lost").len()),
        (0, 1)
    );
    let statuses: Vec<_> = cloud
        .journal()
        .into_iter()
        .filter(|entry| entry.method == "POST" && entry.path == NETWORKS)
        .map(|entry| (entry.status, entry.fault))
        .collect();
    assert_eq!(
        statuses,
        [(None, Some("drop_request".to_owned())), (Some(201), Some("lose_answer".to_owned()))]
    );
}

#[tokio::test]
async fn a_held_request_is_done_though_its_client_has_gone() {
    let cloud = Simulator::builder().start().await.unwrap();
    let demo = Client::demo(&cloud).await;
    cloud.add_fault(Fault::on("POST", NETWORKS).hold(Duration::from_millis(120)));
    let gone = tokio::time::timeout(
        Duration::from_millis(40),
        demo.raw("POST", NETWORKS, Some(network("late")), &[]),
    )
    .await;
    assert!(gone.is_err());
    assert_eq!(cloud.inventory().named("network", "late").len(), 0);
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert_eq!(cloud.inventory().named("network", "late").len(), 1);
    // A client that waits gets its answer.
    cloud.add_fault(Fault::on("POST", NETWORKS).hold(Duration::from_millis(20)));
    assert_eq!(demo.post(NETWORKS, network("waited")).await.0, 201);
}

#[tokio::test]
async fn a_client_that_goes_away_does_not_take_its_request_back() {
    let latency = Latency::uniform(Duration::from_millis(100), Duration::from_millis(100));
    let cloud = Simulator::builder().start().await.unwrap();
    let token = Client::demo(&cloud).await.token;
    drop((cloud, token));
    let cloud = Simulator::builder().latency(latency).start().await.unwrap();
    let demo = Client::demo(&cloud).await;
    let gone =
        tokio::time::timeout(Duration::from_millis(20), demo.raw("POST", NETWORKS, Some(network("n")), &[]))
            .await;
    assert!(gone.is_err());
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert_eq!(cloud.inventory().named("network", "n").len(), 1);
}

#[tokio::test]
async fn delays_latency_and_expired_tokens() {
    let cloud = Simulator::builder().start().await.unwrap();
    let demo = Client::demo(&cloud).await;
    cloud.add_fault(Fault::on("GET", NETWORKS).delay(Duration::from_millis(80)));
    let start = Instant::now();
    assert_eq!(demo.get(NETWORKS).await.0, 200);
    assert!(start.elapsed() >= Duration::from_millis(80));
    cloud.add_fault(Fault::on("GET", NETWORKS).expire_token());
    assert_eq!(demo.get(NETWORKS).await.0, 401);
    assert_eq!(demo.get(NETWORKS).await.0, 401, "the token stays expired");
    let again = Client::demo(&cloud).await;
    assert_eq!(again.get(NETWORKS).await.0, 200);
    cloud.expire_tokens();
    assert_eq!(again.get(NETWORKS).await.0, 401);
}

#[tokio::test]
async fn another_process_steers_it_over_http() {
    let cloud = Simulator::builder().start().await.unwrap();
    let demo = Client::demo(&cloud).await;
    let rule = json!({"method": "GET", "path": "/network/*", "times": 2, "effect": {"refuse": {"status": 500, "message": "x"}}});
    assert_eq!(demo.post("/_simulator/faults", rule.clone()).await, (201, json!({"added": 1})));
    assert_eq!(demo.get("/_simulator/faults").await.1["faults"][0]["path"], "/network/*");
    assert_eq!(demo.get(NETWORKS).await.0, 500);
    assert_eq!(demo.delete("/_simulator/faults").await.0, 204);
    assert_eq!(demo.get(NETWORKS).await.0, 200);
    assert_eq!(demo.post("/_simulator/faults", json!({"path": "/", "effect": "explode"})).await.0, 400);
    let made = id(&demo.post(NETWORKS, network("n")).await.1, "network");
    let (_, body) = demo.get("/_simulator/inventory?project={project}").await;
    assert_eq!(body["inventory"]["network"][&made]["name"], "n");
    let (_, body) = demo.get("/_simulator/journal").await;
    assert_eq!(body["journal"].as_array().unwrap().last().unwrap()["status"], 201);
    assert_eq!(demo.put("/_simulator/quotas/network/{project}", json!({"network": 1})).await.0, 200);
    assert_eq!(demo.post(NETWORKS, network("o")).await.0, 409);
    assert_eq!(demo.put("/_simulator/quotas/network/{project}", json!({"nonsense": 1})).await.0, 400);
    assert_eq!(demo.post("/_simulator/reset", Value::Null).await.0, 204);
    assert_eq!(cloud.inventory().in_project(&demo.project).of("network").len(), 0);
    assert_eq!(demo.get(NETWORKS).await.0, 401);
}

#[tokio::test]
async fn the_journal_has_every_request_and_no_secret() {
    let cloud = Simulator::builder().start().await.unwrap();
    let demo = Client::demo(&cloud).await;
    let (flavor, image) = demo.flavor_and_image().await;
    let body = json!({"server": {"name": "s", "flavorRef": flavor, "imageRef": image, "adminPass": "s3cr3t", "user_data": "czNjcjN0"}});
    let answer = demo.raw("POST", "/compute/v2.1/servers", Some(body), &[]).await.unwrap();
    let request_id = answer.headers()["x-openstack-request-id"].to_str().unwrap().to_owned();
    let journal = cloud.journal();
    let text = serde_json::to_string(&journal).unwrap();
    assert!(!text.contains("s3cr3t") && !text.contains("czNjcjN0") && !text.contains(&demo.token));
    assert!(!text.contains("\"password\":\"demo\""));
    let last = journal.last().unwrap();
    assert_eq!(
        (last.method.as_str(), last.path.as_str(), last.status),
        ("POST", "/compute/v2.1/servers", Some(202))
    );
    assert_eq!((last.project.as_deref(), &last.request_id), (Some(demo.project.as_str()), &request_id));
    assert_eq!(last.request["server"]["name"], "s");
    assert_eq!(last.answer["server"]["adminPass"], "***");
    assert_eq!(
        journal.iter().map(|entry| entry.number).collect::<Vec<_>>(),
        (1..=journal.len() as u64).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn the_same_seed_gives_the_same_cloud() {
    let mut ids = Vec::new();
    for seed in [5, 5, 6] {
        let cloud = Simulator::builder().seed(seed).start().await.unwrap();
        let demo = Client::demo(&cloud).await;
        ids.push(id(&demo.post(NETWORKS, network("n")).await.1, "network"));
    }
    assert_eq!(ids[0], ids[1]);
    assert_ne!(ids[0], ids[2]);
}

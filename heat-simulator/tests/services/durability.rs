use crate::client::{Client, id};
use heat_simulator::{Durations, Fault, Simulator, StartError, StateFileError};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn a_cloud_goes_on_from_its_state_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cloud");
    let slow = Durations::all(Duration::from_millis(150));
    let builder = || Simulator::builder().state_file(&file).durations(slow);
    let cloud = builder().start().await.unwrap();
    let demo = Client::demo(&cloud).await;
    let (network, _) = demo.network("net", "10.0.0.0/24").await;
    let (flavor, image) = demo.flavor_and_image().await;
    let body = json!({"server": {"name": "s", "flavorRef": flavor, "imageRef": image, "networks": [{"uuid": network}], "user_data": "czNjcjN0"}});
    let server = id(&demo.post("/compute/v2.1/servers", body).await.1, "server");
    let before = cloud.inventory();

    let second = builder().start().await;
    assert!(matches!(second, Err(StartError::StateFile(StateFileError::InUse(_)))));
    cloud.shutdown().await;
    assert!(demo.raw("GET", "/compute/v2.1/servers", None, &[]).await.is_err());

    let cloud = builder().start().await.unwrap();
    let after = cloud.inventory();
    assert_eq!(serde_json::to_value(&before).unwrap(), serde_json::to_value(&after).unwrap());
    let demo = Client::demo(&cloud).await;
    // The server is still being built, and gets there.
    demo.until(&format!("/compute/v2.1/servers/{server}"), "/server/status", "ACTIVE").await;
    assert_eq!(cloud.inventory().of("port").len(), 1);
    let (_, body) = demo.post("/network/v2.0/networks", json!({"network": {"name": "more"}})).await;
    assert!(before.get("network", &id(&body, "network")).is_none(), "ids are never given twice");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(!text.contains("czNjcjN0") && !text.contains(&demo.token));
}

#[tokio::test]
async fn a_held_request_outlives_the_cloud_and_is_done_after_its_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cloud");
    let cloud = Simulator::builder().state_file(&file).start().await.unwrap();
    let demo = Client::demo(&cloud).await;
    cloud.add_fault(Fault::on("POST", "/network/v2.0/networks").hold(Duration::from_millis(200)));
    let body = json!({"network": {"name": "late"}});
    let gone = tokio::time::timeout(
        Duration::from_millis(50),
        demo.raw("POST", "/network/v2.0/networks", Some(body), &[]),
    )
    .await;
    assert!(gone.is_err());
    cloud.shutdown().await;
    let cloud = Simulator::builder().state_file(&file).start().await.unwrap();
    assert_eq!(cloud.inventory().named("network", "late").len(), 0);
    assert!(cloud.is_busy());
    tokio::time::sleep(Duration::from_millis(220)).await;
    let inventory = cloud.inventory();
    assert_eq!(inventory.named("network", "late").len(), 1);
    assert_eq!(inventory.named("network", "late")[0].1["project_id"], demo.project);
}

#[tokio::test]
async fn the_cost_of_a_request_does_not_grow_with_the_cloud() {
    let folder = tempfile::tempdir().unwrap();
    let cloud = Simulator::builder().state_file(folder.path().join("cloud")).start().await.unwrap();
    let demo = Client::demo(&cloud).await;
    let (network, _) = demo.network("net", "10.0.0.0/16").await;
    let mut times = Vec::new();
    for _ in 0..3 {
        let start = std::time::Instant::now();
        for _ in 0..300 {
            let (status, _) =
                demo.post("/network/v2.0/ports", json!({"port": {"network_id": network}})).await;
            assert_eq!(status, 201);
        }
        times.push(start.elapsed());
    }
    // Quadratic cost would make the last third five times the first.
    assert!(times[2] < times[0] * 4, "{times:?}");
}

use crate::client::{Client, id};
use heat_simulator::Simulator;
use serde_json::{Value, json};

const VOLUMES: &str = "/volume/v3/{project}/volumes";

fn message(reply: &(u16, Value)) -> (u16, &str) {
    let body = reply.1.as_object().and_then(|body| body.values().next());
    (reply.0, body.and_then(|body| body["message"].as_str()).unwrap_or(""))
}

async fn volume(demo: &Client, body: Value) -> String {
    let (status, body) = demo.post(VOLUMES, json!({"volume": body})).await;
    assert_eq!((status, &body["volume"]["status"]), (202, &json!("creating")), "{body}");
    let volume = id(&body, "volume");
    demo.until(&format!("{VOLUMES}/{volume}"), "/volume/status", "available").await;
    volume
}

#[tokio::test]
async fn a_volume_grows_and_changes_its_type() {
    let cloud = Simulator::builder().start().await.unwrap();
    let demo = Client::demo(&cloud).await;
    let one = volume(&demo, json!({"size": 1, "name": "v", "metadata": {"a": "b"}})).await;
    let path = format!("{VOLUMES}/{one}");
    let action = format!("{path}/action");
    let same = demo.post(&action, json!({"os-extend": {"new_size": 1}})).await;
    assert_eq!(
        message(&same),
        (
            400,
            "Invalid input received: New size for extend must be greater than current size. (current: 1, extended: 1)."
        )
    );
    assert_eq!(demo.post(&action, json!({"os-extend": {"new_size": 3}})).await.0, 202);
    let body = demo.until(&path, "/volume/status", "available").await;
    assert_eq!(body["volume"]["size"], 3);
    let unknown =
        demo.post(&action, json!({"os-retype": {"new_type": "nope", "migration_policy": "never"}})).await;
    assert_eq!(message(&unknown), (404, "Volume type with name nope could not be found."));
    assert_eq!(
        demo.post(&action, json!({"os-retype": {"new_type": "__DEFAULT__", "migration_policy": "never"}}))
            .await
            .0,
        202
    );
    demo.until(&path, "/volume/volume_type", "__DEFAULT__").await;
    assert_eq!(
        demo.post(&format!("{path}/metadata"), json!({"metadata": {"c": "d"}})).await.1,
        json!({"metadata": {"a": "b", "c": "d"}})
    );
    assert_eq!(
        demo.put(&format!("{path}/metadata"), json!({"metadata": {"e": "f"}})).await.1,
        json!({"metadata": {"e": "f"}})
    );
}

#[tokio::test]
async fn snapshots_hold_their_volume_and_make_others() {
    let cloud = Simulator::builder().start().await.unwrap();
    let demo = Client::demo(&cloud).await;
    let before = cloud.inventory();
    let one = volume(&demo, json!({"size": 2})).await;
    let (status, body) =
        demo.post("/volume/v3/{project}/snapshots", json!({"snapshot": {"volume_id": one}})).await;
    assert_eq!(status, 202);
    let snapshot = id(&body, "snapshot");
    let path = format!("/volume/v3/{{project}}/snapshots/{snapshot}");
    demo.until(&path, "/snapshot/status", "available").await;
    assert_eq!(demo.delete(&format!("{VOLUMES}/{one}")).await.0, 400);
    let small = demo.post(VOLUMES, json!({"volume": {"size": 1, "snapshot_id": snapshot}})).await;
    assert_eq!(
        message(&small),
        (
            400,
            "Invalid input received: Volume size '1'GB cannot be smaller than the snapshot size 2GB. They must be >= original snapshot size."
        )
    );
    let copy = volume(&demo, json!({"snapshot_id": snapshot})).await;
    let body = demo.get(&format!("{VOLUMES}/{copy}")).await.1;
    assert_eq!(body["volume"]["size"], 2);
    assert_eq!(demo.delete(&path).await.0, 202);
    demo.until_gone(&path).await;
    for volume in [one, copy] {
        assert_eq!(demo.delete(&format!("{VOLUMES}/{volume}")).await.0, 202);
        demo.until_gone(&format!("{VOLUMES}/{volume}")).await;
    }
    assert!(cloud.inventory().since(&before).is_empty());
}

#[tokio::test]
async fn volumes_are_refused_with_cinders_words() {
    let cloud = Simulator::builder().start().await.unwrap();
    let demo = Client::demo(&cloud).await;
    let nothing = "669fd34f-30cc-4ea5-99a9-5e0121d0d093";
    for (body, wanted) in [
        (
            json!({"name": "x"}),
            (
                400,
                "The server could not comply with the request since it is either malformed or otherwise incorrect.",
            ),
        ),
        (
            json!({"size": 0}),
            (400, "Invalid input for field/attribute size. Value: 0. 0 is less than the minimum of 1"),
        ),
        (
            json!({"size": "x"}),
            (400, "Invalid input for field/attribute size. Value: x. 'x' does not match '^[0-9]+$'"),
        ),
        (json!({"size": 1, "volume_type": "nope"}), (404, "Volume type with name nope could not be found.")),
        (
            json!({"size": 1, "imageRef": nothing}),
            (400, "Invalid image identifier or unable to access requested image."),
        ),
        (json!({"size": 1, "availability_zone": "nope"}), (400, "Availability zone 'nope' is invalid.")),
        (
            json!({"size": 1, "source_volid": nothing}),
            (404, "Volume 669fd34f-30cc-4ea5-99a9-5e0121d0d093 could not be found."),
        ),
    ] {
        assert_eq!(message(&demo.post(VOLUMES, json!({"volume": body})).await), wanted);
    }
    cloud.set_quota("volume", &demo.project, "volumes", 1).unwrap();
    cloud.set_quota("volume", &demo.project, "gigabytes", 2).unwrap();
    let big = demo.post(VOLUMES, json!({"volume": {"size": 3}})).await;
    assert_eq!(
        message(&big),
        (
            413,
            "Requested volume or snapshot exceeds allowed gigabytes quota. Requested 3G, quota is 2G and 0G has been consumed."
        )
    );
    volume(&demo, json!({"size": 1})).await;
    let many = demo.post(VOLUMES, json!({"volume": {"size": 1}})).await;
    assert_eq!(message(&many), (413, "Maximum number of volumes allowed (1) exceeded for quota 'volumes'."));
    assert_eq!(demo.get("/volume/v3/669fd34f30cc4ea599a95e0121d0d093/volumes").await.0, 400);
}

#[tokio::test]
async fn a_bootable_volume_knows_its_image() {
    let cloud = Simulator::builder().start().await.unwrap();
    let demo = Client::demo(&cloud).await;
    let (_, image) = demo.flavor_and_image().await;
    let one = volume(&demo, json!({"size": 1, "imageRef": image})).await;
    let (_, body) = demo.get(&format!("{VOLUMES}/{one}")).await;
    assert_eq!(
        (&body["volume"]["bootable"], &body["volume"]["volume_image_metadata"]["image_id"]),
        (&json!("true"), &json!(image))
    );
}

#[tokio::test]
async fn a_backup_is_made_and_restored() {
    let cloud = Simulator::builder().start().await.unwrap();
    let demo = Client::demo(&cloud).await;
    let one = volume(&demo, json!({"size": 1})).await;
    let (status, body) =
        demo.post("/volume/v3/{project}/backups", json!({"backup": {"volume_id": one}})).await;
    assert_eq!(status, 202);
    let path = format!("/volume/v3/{{project}}/backups/{}", id(&body, "backup"));
    demo.until(&path, "/backup/status", "available").await;
    let (status, body) = demo.post(&format!("{path}/restore"), json!({"restore": {"name": "again"}})).await;
    assert_eq!(status, 202);
    let restored = body["restore"]["volume_id"].as_str().unwrap().to_owned();
    demo.until(&format!("{VOLUMES}/{restored}"), "/volume/status", "available").await;
    demo.until(&path, "/backup/status", "available").await;
    assert_eq!(demo.delete(&path).await.0, 202);
    demo.until_gone(&path).await;
}

#[tokio::test]
async fn attachments_of_cinders_own_reserve_and_release() {
    let cloud = Simulator::builder().start().await.unwrap();
    let demo = Client::demo(&cloud).await;
    let one = volume(&demo, json!({"size": 1})).await;
    let at = [("openstack-api-version", "volume 3.44")];
    let body =
        json!({"attachment": {"volume_uuid": one, "instance_uuid": "669fd34f-30cc-4ea5-99a9-5e0121d0d093"}});
    assert_eq!(demo.call("POST", "/volume/v3/{project}/attachments", Some(body.clone()), &[]).await.0, 404);
    let (status, body) = demo.call("POST", "/volume/v3/{project}/attachments", Some(body), &at).await;
    assert_eq!((status, &body["attachment"]["status"]), (200, &json!("reserved")));
    let path = format!("/volume/v3/{{project}}/attachments/{}", id(&body, "attachment"));
    assert_eq!(demo.get(&format!("{VOLUMES}/{one}")).await.1["volume"]["status"], "reserved");
    assert_eq!(demo.call("DELETE", &path, None, &at).await.0, 200);
    assert_eq!(demo.get(&format!("{VOLUMES}/{one}")).await.1["volume"]["status"], "available");
}

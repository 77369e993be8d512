use crate::client::Client;
use heat_simulator::Simulator;
use serde_json::{Value, json};

const PATCH: [(&str, &str); 1] = [("content-type", "application/openstack-images-v2.1-json-patch")];

#[tokio::test]
async fn an_image_is_imported_from_the_web() {
    let cloud = Simulator::builder().start().await.unwrap();
    let demo = Client::demo(&cloud).await;
    let body = json!({"name": "i", "disk_format": "qcow2", "container_format": "bare", "os_distro": "debian", "tags": ["t"]});
    let (status, image) = demo.post("/image/v2/images", body).await;
    assert_eq!(
        (status, &image["status"], &image["visibility"], &image["os_distro"]),
        (201, &json!("queued"), &json!("shared"), &json!("debian"))
    );
    let path = format!("/image/v2/images/{}", image["id"].as_str().unwrap());
    let import = |method: &str, uri: &str| json!({"method": {"name": method, "uri": uri}});
    assert_eq!(demo.post(&format!("{path}/import"), import("foo", "")).await.0, 400);
    assert_eq!(demo.post(&format!("{path}/import"), import("web-download", "ftp://x/y")).await.0, 400);
    assert_eq!(
        demo.post(&format!("{path}/import"), import("web-download", "http://example.org/i.qcow2")).await.0,
        202
    );
    let image = demo.until(&path, "/status", "active").await;
    assert!(image["checksum"].is_string());
    assert_eq!(
        demo.post(&format!("{path}/import"), import("web-download", "http://example.org/i.qcow2")).await.0,
        409
    );
}

#[tokio::test]
async fn an_import_that_fails_leaves_the_image_queued() {
    let cloud = Simulator::builder().start().await.unwrap();
    let demo = Client::demo(&cloud).await;
    let (_, image) =
        demo.post("/image/v2/images", json!({"disk_format": "raw", "container_format": "bare"})).await;
    let path = format!("/image/v2/images/{}", image["id"].as_str().unwrap());
    let body = json!({"method": {"name": "web-download", "uri": "https://nowhere.invalid/i"}});
    assert_eq!(demo.post(&format!("{path}/import"), body).await.0, 202);
    let image = demo.until(&path, "/os_glance_failed_import", "file").await;
    assert_eq!(image["status"], "queued");
}

#[tokio::test]
async fn an_upload_is_described_by_its_checksums() {
    let cloud = Simulator::builder().start().await.unwrap();
    let demo = Client::demo(&cloud).await;
    let (_, image) =
        demo.post("/image/v2/images", json!({"disk_format": "raw", "container_format": "bare"})).await;
    let path = format!("/image/v2/images/{}", image["id"].as_str().unwrap());
    let put = || demo.http.put(format!("{}{path}/file", demo.base)).header("x-auth-token", &demo.token);
    assert_eq!(put().body("abc").send().await.unwrap().status(), 415);
    let octets = || put().header("content-type", "application/octet-stream").body("abc");
    assert_eq!(octets().send().await.unwrap().status(), 204);
    let (_, image) = demo.get(&path).await;
    assert_eq!((&image["size"], &image["checksum"]), (&json!(3), &json!("900150983cd24fb0d6963f7d28e17f72")));
    assert_eq!(octets().send().await.unwrap().status(), 409);
}

#[tokio::test]
async fn patches_change_what_may_be_changed() {
    let cloud = Simulator::builder().start().await.unwrap();
    let demo = Client::demo(&cloud).await;
    let (_, image) = demo.post("/image/v2/images", json!({"name": "a", "x": "y"})).await;
    let path = format!("/image/v2/images/{}", image["id"].as_str().unwrap());
    let patch = |changes: Value| demo.call("PATCH", &path, Some(changes), &PATCH);
    let (status, body) = patch(json!([{"op": "replace", "path": "/name", "value": "b"}, {"op": "add", "path": "/protected", "value": true}])).await;
    assert_eq!((status, &body["name"]), (200, &json!("b")));
    assert_eq!(demo.delete(&path).await.0, 403);
    assert_eq!(patch(json!([{"op": "replace", "path": "/status", "value": "active"}])).await.0, 403);
    assert_eq!(patch(json!([{"op": "remove", "path": "/nope"}])).await.0, 409);
    assert_eq!(patch(json!([{"op": "replace", "path": "/visibility", "value": "public"}])).await.0, 403);
    assert_eq!(demo.call("PATCH", &path, Some(json!([])), &[]).await.0, 415);
    let (status, body) = patch(
        json!([{"op": "replace", "path": "/protected", "value": false}, {"op": "remove", "path": "/x"}]),
    )
    .await;
    assert_eq!((status, body.get("x")), (200, None));
    assert_eq!(demo.delete(&path).await.0, 204);
    let page = demo.raw("GET", &path, None, &[]).await.unwrap();
    assert_eq!(page.headers()["content-type"], "text/html; charset=UTF-8");
    assert!(page.text().await.unwrap().contains("No image found with ID"));
}

#[tokio::test]
async fn images_are_listed_by_filter_and_page() {
    let cloud = Simulator::builder().start().await.unwrap();
    let demo = Client::demo(&cloud).await;
    let (_, body) = demo.get("/image/v2/images?limit=1").await;
    assert_eq!(body["images"].as_array().unwrap().len(), 1);
    let (_, rest) = demo.get(&format!("/image{}", body["next"].as_str().unwrap())).await;
    assert_ne!(rest["images"][0]["id"], body["images"][0]["id"]);
    assert_eq!(demo.get("/image/v2/images?name=ubuntu").await.1["images"][0]["min_disk"], 8);
    assert_eq!(demo.get("/image/v2/images?foo=bar").await.1["images"], json!([]));
}

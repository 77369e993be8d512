//! The cloud that `HEAT_TEST_CLOUDS` names.

use std::time::Duration;

use heat_plugins_openstack::client::{Client, Cloud, Request};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::site::{Site, credentials};

/// The cloud itself, as its administrator.
pub(crate) async fn real() -> (Site, ()) {
    let path = std::env::var("HEAT_TEST_CLOUDS")
        .expect("HEAT_TEST_CLOUDS names the clouds.yaml of the cloud to test");
    let credentials = credentials(&std::fs::read_to_string(path).unwrap(), "admin");
    let settings = credentials.value().unwrap().as_object().unwrap().clone();
    let client = Client::new(Cloud::from_settings("admin", &settings).unwrap()).unwrap();
    let images = client
        .list(
            "image",
            Request::get(["images"]).query("status", "active").query("visibility", "public"),
            "images",
        )
        .await
        .unwrap();
    let types = client.list("volumev3", Request::get(["types"]), "volume_types").await.unwrap();
    let names: Vec<String> =
        types.iter().filter_map(|kind| kind["name"].as_str().map(str::to_owned)).collect();
    let site = Site {
        credentials,
        image: images[0]["name"].as_str().unwrap().to_owned(),
        image_url: serve_image().await,
        flavors: ["m1.tiny", "m1.small"],
        external_network: "public",
        saves: false,
        volume_types: match names.as_slice() {
            [one, other, ..] => Some([one.clone(), other.clone()]),
            _ => None,
        },
        patience: Duration::from_secs(180),
        pause: Duration::from_millis(500),
    };
    (site, ())
}

/// Serves a few bytes on the loopback address, from which the tests' control plane lets Glance fetch images.
async fn serve_image() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = [0; 4096];
            let _ = stream.read(&mut buffer).await;
            let head =
                "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 4096\r\n\r\n";
            let _ = stream.write_all(format!("{head}{}", "x".repeat(4096)).as_bytes()).await;
        }
    });
    format!("http://{address}/small.raw")
}

//! A simulated cloud of the test's own.

use std::time::Duration;

use heat_simulator::Simulator;

use crate::site::{Site, credentials};

pub(crate) async fn simulated() -> (Site, Simulator) {
    let cloud = Simulator::builder().seed(11).start().await.unwrap();
    let site = Site {
        credentials: credentials(&cloud.clouds_yaml("simulated"), "simulated-admin"),
        image: "cirros".into(),
        // Nothing is fetched from there: a simulated image has no data.
        image_url: "http://images.example.org/small.raw".into(),
        flavors: ["m1.tiny", "m1.small"],
        external_network: "public",
        saves: true,
        volume_types: None,
        patience: Duration::from_secs(10),
        pause: Duration::from_millis(10),
    };
    (site, cloud)
}

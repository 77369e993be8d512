//! Stacks on the simulated cloud: the same that `cloud_stacks` tries on a real one.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // A test that cannot go on ends there.

#[path = "site/simulated.rs"]
mod simulated_site;
mod site;
mod stacks;

use heat_simulator::Simulator;
use site::Site;
use stacks::Ground;
use stacks::replacements::a_test_for_each_replacement;

struct Cloud(Simulator);

impl Cloud {
    async fn leave(self) {
        self.0.shutdown().await;
    }
}

async fn simulated(_test: &str) -> (Site, Cloud) {
    let (site, cloud) = simulated_site::simulated().await;
    (site, Cloud(cloud))
}

a_test_for_each_replacement! { simulated, [] }

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stack_with_every_type_leaves_nothing() {
    let (site, cloud) = simulated("every").await;
    stacks::every_type::try_every_type(&Ground::new(site, "every").await).await;
    cloud.leave().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_web_tier_leaves_nothing() {
    let (site, cloud) = simulated("web").await;
    stacks::web_tier::try_web_tier(&Ground::new(site, "web").await).await;
    cloud.leave().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_image_under_a_given_id_outlives_its_replacement() {
    let (site, cloud) = simulated("image").await;
    stacks::image_id::try_given_id(&Ground::new(site, "image").await).await;
    cloud.leave().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_take_their_user_data_from_configurations() {
    let (site, cloud) = simulated("configurations").await;
    stacks::configurations::try_configurations(&Ground::new(site, "configurations").await).await;
    cloud.leave().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn availability_zones_are_what_nova_says() {
    let (site, cloud) = simulated("zones").await;
    stacks::availability_zones::try_availability_zones(&Ground::new(site, "zones").await).await;
    cloud.leave().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_of_another_stack_is_used_and_left() {
    let (site, cloud) = simulated("external").await;
    stacks::external_id::try_external_id(&Ground::new(site, "external").await).await;
    cloud.leave().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_rests_and_wakes_with_its_stack() {
    let (site, cloud) = simulated("suspension").await;
    stacks::suspension::try_suspension(&Ground::new(site, "suspension").await).await;
    cloud.leave().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_volume_and_a_server_come_back_from_a_snapshot() {
    let (site, cloud) = simulated("snapshot").await;
    stacks::snapshot::try_snapshot(&Ground::new(site, "snapshot").await).await;
    cloud.leave().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_takes_over_a_routers_place_in_a_subnet() {
    let (site, cloud) = simulated("interface").await;
    stacks::interface_by_port::try_interface_by_port(&Ground::new(site, "interface").await).await;
    cloud.leave().await;
}

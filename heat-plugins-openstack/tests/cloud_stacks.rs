//! Stacks on a real cloud: the same that `simulator_stacks` tries on the simulated one. Each test has a project of its
//! own there, so that it can see that nothing at all is left in it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // A test that cannot go on ends there.

#[path = "site/real.rs"]
mod real_site;
mod site;
mod stacks;

use heat_plugin_sdk::Credentials;
use heat_plugins_openstack::client::{Client, Method, Request};
use serde_json::{Value, json};
use site::Site;
use stacks::Ground;
use stacks::replacements::a_test_for_each_replacement;

/// A project that the test made, with a user of its own.
struct Project {
    admin: Client,
    id: String,
    user: String,
}

impl Project {
    /// Makes one for a test whose user has these roles there; the site's credentials are then that user's.
    async fn new(site: &mut Site, test: &str, roles: &[&str]) -> Self {
        let admin = heat_plugins_openstack::connect(site.credentials.clone()).await.unwrap();
        let name = format!("heat-test-{}-{test}", std::process::id());
        let made = |collection: &'static str, key: &'static str, body: Value| {
            let admin = admin.clone();
            async move {
                let response =
                    admin.send("identity", Request::post([collection], json!({key: body}))).await.unwrap();
                response.object(key).unwrap()["id"].as_str().unwrap().to_owned()
            }
        };
        let id = made("projects", "project", json!({"name": name, "domain_id": "default"})).await;
        let password = format!("{name}-password");
        let account =
            json!({"name": name, "domain_id": "default", "password": password, "default_project_id": id});
        let user = made("users", "user", account).await;
        for role in roles {
            let found =
                admin.list("identity", Request::get(["roles"]).query("name", *role), "roles").await.unwrap();
            let role = found[0]["id"].as_str().unwrap();
            let path = ["projects", id.as_str(), "users", user.as_str(), "roles", role];
            admin.send("identity", Request::new(Method::PUT, path)).await.unwrap();
        }
        let mut settings = site.credentials.value().unwrap().clone();
        for (key, value) in [("username", &name), ("password", &password), ("project_name", &name)] {
            settings["auth"][key] = json!(value);
        }
        site.credentials = Credentials::named(name).with_content(settings);
        Self { admin, id, user }
    }

    /// Removes it, with what Neutron made in it by itself.
    async fn leave(self) {
        let groups = Request::get(["security-groups"]).query("project_id", self.id.as_str());
        for group in self.admin.list("network", groups, "security_groups").await.unwrap() {
            let path = ["security-groups", group["id"].as_str().unwrap()];
            self.admin.send("network", Request::delete(path)).await.unwrap();
        }
        for path in [["users", &self.user], ["projects", &self.id]] {
            self.admin.send("identity", Request::delete(path)).await.unwrap();
        }
    }
}

/// Flavors take an administrator.
async fn own_project(test: &str) -> (Site, Project) {
    let (mut site, ()) = real_site::real().await;
    let project = Project::new(&mut site, test, &["admin", "member"]).await;
    (site, project)
}

a_test_for_each_replacement! { own_project, [ignore = "needs the control plane: cargo xtask test --only cloud"] }

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the control plane: cargo xtask test --only cloud"]
async fn a_stack_with_every_type_leaves_nothing() {
    let (site, project) = own_project("every").await;
    stacks::every_type::try_every_type(&Ground::new(site, "every").await).await;
    project.leave().await;
}

/// As a mere member of a project, as most users are.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the control plane: cargo xtask test --only cloud"]
async fn the_web_tier_leaves_nothing() {
    let (mut site, ()) = real_site::real().await;
    let project = Project::new(&mut site, "web", &["member"]).await;
    stacks::web_tier::try_web_tier(&Ground::new(site, "web").await).await;
    project.leave().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the control plane: cargo xtask test --only cloud"]
async fn an_image_under_a_given_id_outlives_its_replacement() {
    let (site, project) = own_project("image").await;
    stacks::image_id::try_given_id(&Ground::new(site, "image").await).await;
    project.leave().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the control plane: cargo xtask test --only cloud"]
async fn servers_take_their_user_data_from_configurations() {
    let (site, project) = own_project("configurations").await;
    stacks::configurations::try_configurations(&Ground::new(site, "configurations").await).await;
    project.leave().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the control plane: cargo xtask test --only cloud"]
async fn availability_zones_are_what_nova_says() {
    let (site, project) = own_project("zones").await;
    stacks::availability_zones::try_availability_zones(&Ground::new(site, "zones").await).await;
    project.leave().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the control plane: cargo xtask test --only cloud"]
async fn a_network_of_another_stack_is_used_and_left() {
    let (site, project) = own_project("external").await;
    stacks::external_id::try_external_id(&Ground::new(site, "external").await).await;
    project.leave().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the control plane: cargo xtask test --only cloud"]
async fn a_server_rests_and_wakes_with_its_stack() {
    let (site, project) = own_project("suspension").await;
    stacks::suspension::try_suspension(&Ground::new(site, "suspension").await).await;
    project.leave().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the control plane: cargo xtask test --only cloud"]
async fn a_port_takes_over_a_routers_place_in_a_subnet() {
    let (site, project) = own_project("interface").await;
    stacks::interface_by_port::try_interface_by_port(&Ground::new(site, "interface").await).await;
    project.leave().await;
}

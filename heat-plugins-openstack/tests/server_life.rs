//! What a server leaves behind, and what is found again, where answers get lost: against the simulated cloud.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // A test that cannot go on ends there.

use heat_plugin_sdk::testing::Call;
use heat_plugin_sdk::{
    Connection, Context, Credentials, FailureClass, Finding, ObservedProperty, Properties, Resource, State,
    satisfies,
};
use heat_plugins_openstack::client::{Client, CloudsFiles, Request};
use heat_plugins_openstack::neutron::{Net, Port, Subnet};
use heat_plugins_openstack::nova::{Server, ServerProperties};
use heat_simulator::{Fault, Simulator};
use serde_json::{Value, json};

struct World {
    cloud: Simulator,
    connection: Connection,
    subnet: String,
}

fn with_defaults<R: Resource>(given: Value) -> R::Properties {
    let mut all = serde_json::Map::new();
    for (name, schema) in R::Properties::fields() {
        if let Some(value) = given.get(&name).cloned().or(schema.default) {
            all.insert(name, value);
        }
    }
    R::Properties::decode(&all).unwrap()
}

async fn world() -> World {
    let cloud = Simulator::builder().seed(5).start().await.unwrap();
    let files = CloudsFiles { clouds: Some(cloud.clouds_yaml("simulated")), ..CloudsFiles::default() };
    let credentials = Credentials::content(files.settings("simulated").unwrap().into());
    let client: Client = heat_plugins_openstack::connect(credentials).await.unwrap();
    let connection = Connection::new(client);
    let call = |name: &str| Call::new(name).shared_connection(connection.clone());
    let net = Net.create(&call("net").context(), &with_defaults::<Net>(json!({}))).await.unwrap().id;
    let properties = json!({"network": net.as_str(), "cidr": "10.0.0.0/24"});
    let subnet =
        Subnet.create(&call("subnet").context(), &with_defaults::<Subnet>(properties)).await.unwrap().id;
    World { cloud, connection, subnet: subnet.to_string() }
}

impl World {
    fn call(&self) -> Call {
        Call::new("server").shared_connection(self.connection.clone()).key("k".repeat(32))
    }

    async fn server(&self, image: &str) -> ServerProperties {
        let client: &Client = self.connection.get().unwrap();
        let images =
            client.list("image", Request::get(["images"]).query("name", image), "images").await.unwrap();
        let id = images
            .first()
            .map_or("00000000-0000-4000-8000-000000000000", |image| image["id"].as_str().unwrap());
        with_defaults::<Server>(json!({"image": id, "flavor": "1", "networks": [{"subnet": self.subnet}]}))
    }

    fn count(&self, kind: &str) -> usize {
        self.cloud.inventory().of(kind).len()
    }
}

fn context(call: &Call) -> Context<'_, Server> {
    call.context()
}

#[tokio::test]
async fn a_refused_server_leaves_no_port() {
    let world = world().await;
    let (call, properties) = (world.call(), world.server("missing").await);
    let failure = Server.create(&context(&call), &properties).await.unwrap_err();
    assert!(matches!(failure.class(), FailureClass::Invalid { .. } | FailureClass::NotFound), "{failure}");
    assert_eq!((world.count("port"), world.count("server")), (0, 0));
    assert!(call.journal().contents().owned.is_empty());
}

#[tokio::test]
async fn a_server_and_its_port_are_found_after_lost_answers_and_nothing_is_made_twice() {
    let world = world().await;
    let properties = world.server("cirros").await;
    world.cloud.add_fault(Fault::on("POST", "/network/v2.0/ports").lose_answer());
    let first = world.call();
    let failure = Server.create(&context(&first), &properties).await.unwrap_err();
    assert!(failure.is_uncertain(), "{failure}");
    assert_eq!((world.count("port"), world.count("server")), (1, 0));
    world.cloud.add_fault(Fault::on("POST", "/compute/v2.1/servers").lose_answer());
    let second = first.again();
    let failure = Server.create(&context(&second), &properties).await.unwrap_err();
    assert!(failure.is_uncertain(), "{failure}");
    assert_eq!((world.count("port"), world.count("server")), (1, 1));
    let third = second.again();
    let Finding::Found(id) = Server.find(&context(&third), &properties).await.unwrap() else {
        panic!("the server is not found");
    };
    // Whoever deletes it knows of the port that it made.
    Server.delete(&context(&third), &id).await.unwrap();
    while Server.read(&context(&third), &id).await.unwrap().is_some() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert_eq!((world.count("port"), world.count("server")), (0, 0));
}

#[tokio::test]
async fn network_cards_are_those_that_were_asked_for_in_whatever_order_nova_tells_them() {
    let world = world().await;
    let port = async |name: &str, subnet: &str| {
        let client: &Client = world.connection.get().unwrap();
        let subnet = client.send("network", Request::get(["subnets", subnet])).await.unwrap();
        let network = subnet.object("subnet").unwrap()["network_id"].clone();
        let call = Call::new(name).shared_connection(world.connection.clone());
        let properties = with_defaults::<Port>(json!({"network": network}));
        Port.create(&call.context(), &properties).await.unwrap().id.to_string()
    };
    let mut cards = vec![json!({"subnet": world.subnet})];
    for name in ["a", "b", "c", "d", "e"] {
        cards.push(json!({"port": port(name, &world.subnet).await}));
    }
    cards.push(json!({"subnet": world.subnet}));
    let mut properties = world.server("cirros").await;
    properties.networks = serde_json::from_value(json!(cards)).unwrap();
    let call = world.call();
    let id = Server.create(&context(&call), &properties).await.unwrap().id;
    let call = call.again();
    let observed = loop {
        let observed = Server.read(&context(&call), &id).await.unwrap().unwrap();
        if *observed.state() == State::Ready {
            break observed;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    };
    let ObservedProperty::Known(seen) = &observed.observation().properties["networks"] else {
        panic!("the cards are not told");
    };
    let told: Vec<&str> =
        seen.as_array().unwrap().iter().map(|card| card["port"].as_str().unwrap()).collect();
    assert!(told.is_sorted(), "as Nova tells them: {told:?}");
    assert!(satisfies(&json!(cards), seen), "{cards:?} are not {seen}");
}

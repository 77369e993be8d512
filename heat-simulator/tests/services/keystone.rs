use crate::client::{Client, http, password};
use heat_simulator::Simulator;
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn a_password_gives_a_token_with_a_catalog() {
    let cloud = Simulator::builder().start().await.unwrap();
    let demo = Client::demo(&cloud).await;
    let (status, body) =
        demo.call("GET", "/identity/v3/auth/tokens", None, &[("x-subject-token", &demo.token)]).await;
    assert_eq!(status, 200);
    let token = &body["token"];
    assert_eq!(token["user"]["name"], "demo");
    assert_eq!(token["project"]["name"], "demo");
    let kinds: Vec<&str> =
        token["catalog"].as_array().unwrap().iter().map(|entry| entry["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["identity", "image", "compute", "network", "volumev3", "block-storage"]);
    let endpoint = &token["catalog"][4]["endpoints"][0];
    assert_eq!(endpoint["url"], format!("{}/volume/v3/{}", demo.base, demo.project));
}

#[tokio::test]
async fn wrong_credentials_and_foreign_projects_are_refused_alike() {
    let cloud = Simulator::builder().start().await.unwrap();
    let url = format!("{}/auth/tokens", cloud.auth_url());
    for body in [
        password("demo", "wrong", "demo"),
        password("nobody", "demo", "demo"),
        password("demo", "demo", "admin"),
        password("demo", "demo", "none"),
    ] {
        let answer = http().post(&url).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 401);
        let body: Value = answer.json().await.unwrap();
        assert_eq!(
            body,
            json!({"error": {"code": 401, "title": "Unauthorized", "message": "The request you have made requires authentication."}})
        );
    }
}

#[tokio::test]
async fn an_expired_token_is_refused_by_every_service() {
    let cloud = Simulator::builder().token_life(Duration::from_millis(30)).start().await.unwrap();
    let demo = Client::demo(&cloud).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    for path in [
        "/network/v2.0/networks",
        "/compute/v2.1/servers",
        "/volume/v3/{project}/volumes",
        "/image/v2/images",
    ] {
        assert_eq!(demo.get(path).await.0, 401, "{path}");
    }
}

#[tokio::test]
async fn an_application_credential_stands_for_its_user_until_it_is_deleted() {
    let cloud = Simulator::builder().start().await.unwrap();
    let demo = Client::demo(&cloud).await;
    let user = cloud.inventory().named("user", "demo")[0].0.to_owned();
    let path = format!("/identity/v3/users/{user}/application_credentials");
    let (status, body) = demo.post(&path, json!({"application_credential": {"name": "robot"}})).await;
    assert_eq!(status, 201);
    let credential = &body["application_credential"];
    let (id, secret) = (credential["id"].as_str().unwrap(), credential["secret"].as_str().unwrap());
    assert_eq!(demo.post(&path, json!({"application_credential": {"name": "robot"}})).await.0, 409);
    assert!(demo.get(&format!("{path}/{id}")).await.1["application_credential"].get("secret").is_none());
    let by_id = json!({"id": id, "secret": secret});
    let by_name = json!({"name": "robot", "user": {"id": user}, "secret": secret});
    let url = format!("{}/auth/tokens", cloud.auth_url());
    let mut token = String::new();
    for proof in [by_id.clone(), by_name] {
        let body = json!({"auth": {"identity": {"methods": ["application_credential"], "application_credential": proof}}});
        let answer = http().post(&url).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 201);
        token = answer.headers()["x-subject-token"].to_str().unwrap().to_owned();
        assert_eq!(answer.json::<Value>().await.unwrap()["token"]["project"]["id"], demo.project);
    }
    let robot = Client { token, ..demo.clone() };
    assert_eq!(robot.get("/network/v2.0/networks").await.0, 200);
    assert_eq!(demo.delete(&format!("{path}/{id}")).await.0, 204);
    assert_eq!(robot.get("/network/v2.0/networks").await.0, 401);
    let body = json!({"auth": {"identity": {"methods": ["application_credential"], "application_credential": by_id}}});
    assert_eq!(http().post(&url).json(&body).send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn a_token_gives_another_token_and_ends_when_it_is_revoked() {
    let cloud = Simulator::builder().start().await.unwrap();
    let demo = Client::demo(&cloud).await;
    let body = json!({"auth": {"identity": {"methods": ["token"], "token": {"id": demo.token}}, "scope": {"project": {"id": demo.project}}}});
    let (status, body) = demo.post("/identity/v3/auth/tokens", body).await;
    assert_eq!((status, &body["token"]["methods"]), (201, &json!(["token", "password"])));
    assert_eq!(
        demo.call("DELETE", "/identity/v3/auth/tokens", None, &[("x-subject-token", &demo.token)]).await.0,
        204
    );
    assert_eq!(demo.get("/compute/v2.1/servers").await.0, 401);
}

#[tokio::test]
async fn only_administrators_list_projects() {
    let cloud = Simulator::builder().start().await.unwrap();
    let (demo, admin) = (Client::demo(&cloud).await, Client::admin(&cloud).await);
    assert_eq!(demo.get("/identity/v3/projects?name=demo").await.0, 403);
    let (_, body) = admin.get("/identity/v3/projects?name=demo").await;
    assert_eq!(body["projects"][0]["id"], demo.project);
    assert_eq!(body["projects"].as_array().unwrap().len(), 1);
    let (_, own) = demo.get("/identity/v3/auth/projects").await;
    assert_eq!(own["projects"][0]["id"], demo.project);
    assert_eq!(demo.get("/identity/v3/projects/{project}").await.1["project"]["name"], "demo");
}

#[tokio::test]
async fn versions_are_told_without_a_token() {
    let cloud = Simulator::builder().start().await.unwrap();
    let base = format!("http://{}", cloud.address());
    for (path, status) in [
        ("/identity", 300),
        ("/identity/v3", 200),
        ("/compute/", 200),
        ("/compute/v2.1", 200),
        ("/network/", 200),
        ("/volume/", 300),
        ("/image/", 300),
    ] {
        let answer = http().get(format!("{base}{path}")).send().await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
        assert!(answer.text().await.unwrap().contains(&base), "{path}");
    }
}

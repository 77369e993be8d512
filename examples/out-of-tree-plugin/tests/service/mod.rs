//! Acme's DNS service, as small as it can be: in memory, on a port of its own.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// The token that the service accepts.
pub const TOKEN: &str = "acme-t0ken";

#[derive(Clone, Default)]
pub struct Service {
    records: Arc<Mutex<BTreeMap<String, Value>>>,
    made: Arc<AtomicU64>,
}

type Answer = Result<(StatusCode, Json<Value>), (StatusCode, &'static str)>;

impl Service {
    /// Starts the service and gives it with its address.
    pub async fn start() -> (Self, String) {
        let service = Self::default();
        let app = Router::new()
            .route("/records", post(create).get(list))
            .route("/records/{id}", get(show).put(change).delete(remove))
            .with_state(service.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        (service, url)
    }

    pub fn names(&self) -> Vec<String> {
        self.records
            .lock()
            .unwrap()
            .values()
            .map(|record| record["name"].as_str().unwrap().to_owned())
            .collect()
    }
}

fn allowed(headers: &HeaderMap) -> Result<(), (StatusCode, &'static str)> {
    let token = headers.get("authorization").and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    (token == Some(TOKEN)).then_some(()).ok_or((StatusCode::UNAUTHORIZED, "the token is not accepted"))
}

async fn create(State(service): State<Service>, headers: HeaderMap, Json(mut record): Json<Value>) -> Answer {
    allowed(&headers)?;
    let mut records = service.records.lock().unwrap();
    if records.values().any(|other| other["name"] == record["name"]) {
        return Err((StatusCode::CONFLICT, "the name is taken"));
    }
    let id = format!("r{}", service.made.fetch_add(1, Ordering::Relaxed));
    record["id"] = json!(id);
    record["version"] = json!(1);
    record["pending"] = json!(2);
    record["live"] = json!(false);
    records.insert(id, record.clone());
    Ok((StatusCode::CREATED, Json(record)))
}

async fn list(
    State(service): State<Service>,
    headers: HeaderMap,
    Query(query): Query<HashMap<String, String>>,
) -> Answer {
    allowed(&headers)?;
    let records = service.records.lock().unwrap();
    let tagged =
        records.values().filter(|record| record["tag"].as_str() == query.get("tag").map(String::as_str));
    Ok((StatusCode::OK, Json(tagged.cloned().collect())))
}

/// Each look brings a changed record nearer to all name servers.
async fn show(State(service): State<Service>, headers: HeaderMap, Path(id): Path<String>) -> Answer {
    allowed(&headers)?;
    let mut records = service.records.lock().unwrap();
    let record = records.get_mut(&id).ok_or((StatusCode::NOT_FOUND, "there is no such record"))?;
    let pending = record["pending"].as_u64().unwrap_or(0);
    record["live"] = json!(pending == 0);
    record["pending"] = json!(pending.saturating_sub(1));
    Ok((StatusCode::OK, Json(record.clone())))
}

async fn change(
    State(service): State<Service>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Json(wanted): Json<Value>,
) -> Answer {
    allowed(&headers)?;
    let mut records = service.records.lock().unwrap();
    let record = records.get_mut(&id).ok_or((StatusCode::NOT_FOUND, "there is no such record"))?;
    if record["addresses"] != wanted["addresses"] || record["ttl"] != wanted["ttl"] {
        record["addresses"] = wanted["addresses"].clone();
        record["ttl"] = wanted["ttl"].clone();
        record["version"] = json!(record["version"].as_u64().unwrap_or(0) + 1);
        record["pending"] = json!(1);
        record["live"] = json!(false);
    }
    Ok((StatusCode::OK, Json(record.clone())))
}

async fn remove(State(service): State<Service>, headers: HeaderMap, Path(id): Path<String>) -> Answer {
    allowed(&headers)?;
    match service.records.lock().unwrap().remove(&id) {
        Some(_) => Ok((StatusCode::OK, Json(json!({})))),
        None => Err((StatusCode::NOT_FOUND, "there is no such record")),
    }
}

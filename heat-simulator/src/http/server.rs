//! The shell around the cloud: receives requests, lets latency and faults at them, and sends answers.

use super::admin;
use super::connection::Cutter;
use super::exchange::{Answer, Body, Request};
use super::fault::{Effect, Faults};
use super::journal::{Journal, JournalEntry};
use super::masking::masked;
use crate::cloud::{Cloud, hashes, time};
use crate::openstack;
use crate::settings::Settings;
use axum::body::to_bytes;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::Value;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::time::{Instant, sleep};

const LARGEST_BODY: usize = 256 << 20;

/// What all requests share. The lock is never held across an await.
pub(crate) struct Shared {
    pub(crate) settings: Arc<Settings>,
    clock: Clock,
    inner: Mutex<Inner>,
}

/// What the lock guards.
pub(crate) struct Inner {
    pub(crate) cloud: Cloud,
    pub(crate) faults: Faults,
    pub(crate) journal: Journal,
    requests: u64,
}

/// Wall-clock time that runs as tokio's: it stands still while tokio's clock is paused.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    wall: i64,
    start: Instant,
}

impl Clock {
    pub(crate) fn start() -> Self {
        let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self { wall: i64::try_from(wall.as_millis()).unwrap_or(0), start: Instant::now() }
    }

    pub(crate) fn now(self) -> i64 {
        self.wall + i64::try_from(self.start.elapsed().as_millis()).unwrap_or(0)
    }
}

impl Shared {
    pub(crate) fn new(settings: Arc<Settings>, clock: Clock, cloud: Cloud) -> Self {
        let inner = Inner { cloud, faults: Faults::default(), journal: Journal::default(), requests: 0 };
        Self { settings, clock, inner: Mutex::new(inner) }
    }

    /// The state as it is now: all that has become due is done.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        inner.cloud.advance(now);
        inner
    }
}

/// What is left to do with a connection after a request.
enum Sending {
    Answer(Answer, String),
    Nothing,
}

/// Serves one request: axum's fallback handler.
pub(crate) async fn serve(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(cutter): ConnectInfo<Cutter>,
    request: axum::extract::Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let headers = parts.headers.iter().map(|(name, value)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    let headers = headers.collect();
    let Ok(body) = to_bytes(body, LARGEST_BODY).await else {
        return respond(Answer::empty(413), "");
    };
    let request =
        Request::new(parts.method.as_str(), parts.uri.path(), parts.uri.query(), headers, body.to_vec());
    if request.segments.first().is_some_and(|first| first == "_simulator") {
        return respond(admin::answer(&shared, &request), "");
    }
    // A task of its own: a client that goes away does not take its request back.
    match tokio::spawn(work(shared, request)).await {
        Ok(Sending::Answer(answer, request_id)) => respond(answer, &request_id),
        Ok(Sending::Nothing) | Err(_) => {
            cutter.cut();
            respond(Answer::empty(500), "")
        }
    }
}

async fn work(shared: Arc<Shared>, request: Request) -> Sending {
    let (random, effect, project) = {
        let mut inner = shared.lock();
        inner.requests += 1;
        let project = inner.cloud.caller_of(&request).map(|caller| caller.project_id);
        let effect = inner.faults.meet(&request.method, &request.path, &request.body, project.as_deref());
        (hashes::mixed(shared.settings.seed ^ 0x6c61_7465_6e63_7921, inner.requests), effect, project)
    };
    let latency = shared.settings.latency.of(random);
    wait(latency / 2).await;
    if let Some(Effect::Delay(milliseconds)) = &effect {
        wait(Duration::from_millis(*milliseconds)).await;
    }
    let request_id = format!("req-{}", hashes::uuid(random, 0));
    let answer = match &effect {
        Some(Effect::DropRequest) => None,
        Some(Effect::Refuse { status, message }) => Some(openstack::refusal(&request, *status, message)),
        Some(Effect::Answer { status, body, headers }) => {
            let mut answer =
                if body.is_null() { Answer::empty(*status) } else { Answer::json(*status, body.clone()) };
            for (name, value) in headers {
                // Only a few names are ever scripted; a leaked one costs a few bytes for each rule met.
                answer = match name.to_ascii_lowercase().as_str() {
                    "retry-after" => answer.with("retry-after", value),
                    "location" => answer.with("location", value),
                    "content-type" => answer.with("content-type", value),
                    _ => answer,
                };
            }
            Some(answer)
        }
        Some(Effect::Hold(milliseconds)) => Some(held(&shared, &request, *milliseconds).await),
        Some(Effect::ExpireToken) => {
            let mut inner = shared.lock();
            if let Some(token) = request.header("x-auth-token") {
                inner.cloud.tokens.remove(token);
            }
            Some(inner.cloud.serve(&request))
        }
        Some(Effect::Delay(_) | Effect::LoseAnswer) | None => Some(shared.lock().cloud.serve(&request)),
    };
    write_down(&shared, &request, answer.as_ref(), effect.as_ref(), project, &request_id);
    wait(latency - latency / 2).await;
    match (answer, effect) {
        (None, _) | (_, Some(Effect::LoseAnswer)) => Sending::Nothing,
        (Some(answer), _) => Sending::Answer(answer, request_id),
    }
}

async fn wait(duration: Duration) {
    if !duration.is_zero() {
        sleep(duration).await;
    }
}

/// Keeps the request in the state until it is due, then waits for what became of it.
async fn held(shared: &Shared, request: &Request, milliseconds: u64) -> Answer {
    let id = {
        let mut inner = shared.lock();
        let due = inner.cloud.now + i64::try_from(milliseconds).unwrap_or(i64::MAX / 4);
        match inner.cloud.hold(request, due) {
            Ok(id) => id,
            Err(answer) => return answer,
        }
    };
    wait(Duration::from_millis(milliseconds)).await;
    for _ in 0..1000 {
        if let Some(answer) = shared.lock().cloud.answer_of_held(&id) {
            return answer;
        }
        sleep(Duration::from_millis(1)).await;
    }
    Answer::empty(504)
}

fn write_down(
    shared: &Shared,
    request: &Request,
    answer: Option<&Answer>,
    effect: Option<&Effect>,
    project: Option<String>,
    request_id: &str,
) {
    let body = match answer.map(|answer| &answer.body) {
        Some(Body::Json(body)) => masked(body),
        _ => Value::Null,
    };
    let microversion =
        request.header("openstack-api-version").or_else(|| request.header("x-openstack-nova-api-version"));
    let fault = effect.and_then(|effect| serde_json::to_value(effect).ok()).map(|effect| match &effect {
        Value::String(name) => name.clone(),
        Value::Object(map) => map.keys().next().cloned().unwrap_or_default(),
        _ => String::new(),
    });
    let mut inner = shared.lock();
    let entry = JournalEntry {
        number: 0,
        time: time::micros_z(inner.cloud.now),
        method: request.method.clone(),
        path: request.path.clone(),
        query: request.query.clone(),
        status: answer.map(|answer| answer.status),
        project,
        microversion: microversion.map(str::to_owned),
        request: request.json().map_or(Value::Null, |body| masked(&body)),
        answer: body,
        fault,
        request_id: request_id.to_owned(),
    };
    inner.journal.add(entry, shared.settings.journal_length);
}

/// The answer as axum sends it.
fn respond(answer: Answer, request_id: &str) -> Response {
    let (content_type, bytes) = match answer.body {
        Body::Empty => (None, Vec::new()),
        Body::Json(body) => (Some("application/json"), serde_json::to_vec(&body).unwrap_or_default()),
        Body::Raw(content_type, bytes) => (Some(content_type), bytes),
    };
    let mut response = Response::new(bytes.into());
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if let Some(content_type) = content_type {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    if let Ok(value) = HeaderValue::from_str(request_id)
        && !request_id.is_empty()
    {
        headers.insert("x-openstack-request-id", value);
    }
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(&value)) {
            headers.insert(name, value);
        }
    }
    response
}

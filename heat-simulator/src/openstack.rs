//! The services: which one a request is for, and how each says no.

mod cinder;
mod glance;
mod keystone;
mod neutron;
mod nova;

use crate::cloud::agenda::Step;
use crate::cloud::{Caller, Cloud};
use crate::http::exchange::{Answer, Body, Outcome, Request};
use serde_json::json;

pub(crate) use neutron::default_group_of;

/// The services by the first segment of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Service {
    Keystone,
    Nova,
    Neutron,
    Cinder,
    Glance,
}

impl Service {
    fn of(request: &Request) -> Option<Self> {
        match request.segments.first().map(String::as_str) {
            Some("identity") => Some(Self::Keystone),
            Some("compute") => Some(Self::Nova),
            Some("network") => Some(Self::Neutron),
            Some("volume") => Some(Self::Cinder),
            Some("image") => Some(Self::Glance),
            _ => None,
        }
    }
}

/// Works on a request. `Err` is a refusal: the state is as before.
pub(crate) fn dispatch(
    cloud: &mut Cloud,
    request: &Request,
    caller: Option<Caller>,
) -> Result<Answer, Answer> {
    let Some(service) = Service::of(request) else {
        return Err(Answer::json(
            404,
            json!({"error": "no service here; there are /identity/v3, /compute/v2.1, /network/v2.0, /volume/v3, /image/v2"}),
        ));
    };
    let segments: Vec<&str> = request.segments.iter().skip(1).map(String::as_str).collect();
    if service == Service::Keystone {
        return keystone::serve(cloud, request, &segments, caller)
            .map_err(|refusal| keystone::error(&refusal));
    }
    let base = request.base(&cloud.base);
    let versions = match service {
        Service::Nova => nova::versions(request, &base, &segments),
        Service::Neutron => neutron::versions(request, &base, &segments),
        Service::Cinder => cinder::versions(request, &base, &segments),
        Service::Glance => glance::versions(request, &base, &segments),
        Service::Keystone => None,
    };
    if let Some(answer) = versions {
        return Ok(answer);
    }
    let Some(caller) = caller else {
        return Err(if service == Service::Glance {
            glance::unauthorized()
        } else {
            unauthorized(&cloud.base)
        });
    };
    let serve: fn(&mut Cloud, &Caller, &Request, &[&str]) -> Outcome = match service {
        Service::Nova => return nova::serve(cloud, &caller, request, &segments),
        Service::Cinder => return cinder::serve(cloud, &caller, request, &segments),
        Service::Neutron => neutron::serve,
        Service::Glance => glance::serve,
        Service::Keystone => return Err(Answer::empty(500)),
    };
    serve(cloud, &caller, request, &segments).map_err(|refusal| match service {
        Service::Neutron => neutron::error(&refusal),
        _ => glance::error(&refusal),
    })
}

/// The refusal of the token middleware that all services but Keystone share.
fn unauthorized(base: &str) -> Answer {
    let body = json!({"error": {"code": 401, "title": "Unauthorized",
        "message": "The request you have made requires authentication."}});
    Answer::json(401, body).with("www-authenticate", format!("Keystone uri=\"{base}/identity\""))
}

/// A scripted or internal refusal in the shape of the request's service.
pub(crate) fn refusal(request: &Request, status: u16, message: &str) -> Answer {
    let refusal = crate::http::exchange::Refusal::typed(status, "SimulatedFault", message);
    match Service::of(request) {
        Some(Service::Keystone) => keystone::error(&refusal),
        Some(Service::Nova) => nova::error(&refusal),
        Some(Service::Cinder) => cinder::error(&refusal),
        Some(Service::Glance) => glance::error(&refusal),
        Some(Service::Neutron) => neutron::error(&refusal),
        None => Answer::json(status, json!({"error": message})),
    }
}

/// The page that Nova's and Cinder's routers give where there is no such path.
fn no_route_page() -> Answer {
    html_page(404, "Not Found", "The resource could not be found.", "")
}

/// An error page as webob writes it.
fn html_page(status: u16, title: &str, message: &str, detail: &str) -> Answer {
    let text = format!(
        "<html>\n <head>\n  <title>{status} {title}</title>\n </head>\n <body>\n  <h1>{status} {title}</h1>\n  {message}<br /><br />\n{detail}\n\n\n </body>\n</html>"
    );
    Answer { status, headers: Vec::new(), body: Body::Raw("text/html; charset=UTF-8", text.into_bytes()) }
}

/// Does a piece of asynchronous work that concerns a service.
pub(crate) fn run_step(cloud: &mut Cloud, step: &Step) {
    match step {
        Step::ServerNetworks { id } => nova::build_networks(cloud, id),
        Step::ServerBuilt { id } => nova::built(cloud, id),
        Step::ServerGone { id } => nova::gone(cloud, id),
        Step::VolumeAttached { attachment } => nova::volume_attached(cloud, attachment),
        Step::VolumeDetached { attachment } => nova::volume_detached(cloud, attachment),
        Step::InterfaceDetached { server, port } => nova::interface_detached(cloud, server, port),
        Step::ImageImported { id, uri } => glance::imported(cloud, id, uri),
        Step::Become { .. } | Step::Vanish { .. } => {}
    }
}

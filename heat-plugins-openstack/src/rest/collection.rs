//! Where the objects of a kind live, and the five requests that all kinds have.

use heat_plugin_sdk::{Failure, Result};
use serde_json::{Value, json};

use super::Body;
use crate::client::{Client, Microversion, Request};

/// A kind of objects of a service.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Collection {
    /// The service's type.
    pub(crate) service: &'static str,
    /// The collection's path.
    pub(crate) path: &'static str,
    /// Key of one object in requests and answers.
    pub(crate) object: &'static str,
    /// Key of the list in answers.
    pub(crate) list: &'static str,
    /// The microversions that our requests are written for.
    pub(crate) microversion: Option<(Microversion, Microversion)>,
}

impl Collection {
    /// A kind of Neutron's.
    pub(crate) const fn network(path: &'static str, object: &'static str, list: &'static str) -> Self {
        Self { service: "network", path, object, list, microversion: None }
    }

    /// A kind of another service.
    pub(crate) const fn new(
        service: &'static str,
        path: &'static str,
        object: &'static str,
        list: &'static str,
        microversion: Option<(Microversion, Microversion)>,
    ) -> Self {
        Self { service, path, object, list, microversion }
    }

    /// Adds the microversion to a request of this kind.
    pub(crate) fn versioned(&self, request: Request) -> Request {
        match self.microversion {
            Some((least, most)) => request.microversion(least, most),
            None => request,
        }
    }

    /// Makes an object and gives it as the service answers.
    pub(crate) async fn create(&self, client: &Client, body: Body) -> Result<Value> {
        let request = Request::post([self.path], json!({self.object: body.into_value()}));
        let response = client.send(self.service, self.versioned(request)).await?;
        Ok(response.object(self.object)?)
    }

    /// The object, or `None` if there is none of that id.
    pub(crate) async fn show(&self, client: &Client, id: &str) -> Result<Option<Value>> {
        match client.send(self.service, self.versioned(Request::get([self.path, id]))).await {
            Ok(response) => Ok(Some(response.object(self.object)?)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Changes an object.
    pub(crate) async fn update(&self, client: &Client, id: &str, body: Body) -> Result<()> {
        if body.is_empty() {
            return Ok(());
        }
        let request = Request::put([self.path, id], json!({self.object: body.into_value()}));
        client.send(self.service, self.versioned(request)).await?;
        Ok(())
    }

    /// Removes an object; that there is none is as good.
    pub(crate) async fn delete(&self, client: &Client, id: &str) -> Result<()> {
        match client.send(self.service, self.versioned(Request::delete([self.path, id]))).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_not_found() => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// All objects that the filters let through.
    pub(crate) async fn list(&self, client: &Client, filters: &[(&str, &str)]) -> Result<Vec<Value>> {
        let mut request = self.versioned(Request::get([self.path]));
        for (key, value) in filters {
            request = request.query(*key, *value);
        }
        Ok(client.list(self.service, request, self.list).await?)
    }

    /// Those of the listed objects that have exactly that name: some services match by prefix or pattern.
    pub(crate) async fn named(
        &self,
        client: &Client,
        name: &str,
        filters: &[(&str, &str)],
    ) -> Result<Vec<Value>> {
        let filters: Vec<_> = filters.iter().copied().chain([("name", name)]).collect();
        let mut found = self.list(client, &filters).await?;
        found.retain(|object| super::text(object, "name") == name);
        Ok(found)
    }

    /// Sets all tags of a Neutron object at once.
    pub(crate) async fn replace_tags(&self, client: &Client, id: &str, tags: &[String]) -> Result<()> {
        client.send(self.service, Request::put([self.path, id, "tags"], json!({"tags": tags}))).await?;
        Ok(())
    }
}

/// The id in an answer to a creation.
pub(crate) fn id_of(object: &Value) -> Result<String> {
    match object.get("id") {
        Some(Value::String(id)) => Ok(id.clone()),
        Some(Value::Number(id)) => Ok(id.to_string()),
        // The object exists, but nobody knows its id: look for it.
        _ => Err(Failure::unanswered("the service's answer to the creation has no id")),
    }
}

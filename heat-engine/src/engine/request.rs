//! What is asked of an engine: a new stack, or another form of one that exists.

use super::particulars::Particulars;
use crate::record::OnFailure;
use heat_plugin_sdk::Credentials;
use heat_template::expression::AvailabilityZones;
use heat_template::{Environment, Files, Template};
use serde_json::{Map, Value};
use std::time::Duration;

/// A stack to be created.
#[derive(Debug, Clone)]
pub struct NewStack {
    pub(super) name: String,
    pub(super) project: String,
    pub(super) content: Content,
    pub(super) credentials: Credentials,
    pub(super) timeout: Option<Duration>,
    pub(super) on_failure: OnFailure,
    pub(super) tags: Vec<String>,
}

/// Template, environment, files and parameter values.
#[derive(Clone)]
pub(crate) struct Content {
    pub(crate) template: Template,
    pub(crate) environment: Environment,
    pub(crate) files: Files,
    pub(crate) parameters: Map<String, Value>,
    pub(crate) zones: AvailabilityZones,
}

/// Values of parameters may be secret, so only their names are printed.
impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Content")
            .field("template", &self.template)
            .field("parameters", &self.parameters.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl NewStack {
    /// A stack of this name from a template, in the project `default`, without rollback and time-out.
    pub fn new(name: impl Into<String>, template: Template) -> Self {
        Self {
            name: name.into(),
            project: "default".to_owned(),
            content: Content {
                template,
                environment: Environment::default(),
                files: Files::new(),
                parameters: Map::new(),
                zones: AvailabilityZones::NotAsked,
            },
            credentials: Credentials::none(),
            timeout: None,
            on_failure: OnFailure::Stop,
            tags: Vec::new(),
        }
    }

    /// The template.
    pub fn template(&self) -> &Template {
        &self.content.template
    }

    /// The files that it has.
    pub fn attached_files(&self) -> &Files {
        &self.content.files
    }

    /// The environment.
    #[must_use]
    pub fn environment(mut self, environment: Environment) -> Self {
        self.content.environment = environment;
        self
    }

    /// The environment that it has with another laid over it, entry by entry, and with the parameters of that.
    #[must_use]
    pub fn overlaid(mut self, environment: &Environment) -> Self {
        let given = environment.parameters().iter();
        self.content.parameters.extend(given.map(|(name, given)| (name.clone(), given.value.clone())));
        self.content.environment = self.content.environment.overlaid(&environment.with_parameters([]));
        self
    }

    /// The attached files, for `get_file`.
    #[must_use]
    pub fn files(mut self, files: Files) -> Self {
        self.content.files = files;
        self
    }

    /// The value of a parameter.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.content.parameters.insert(name.into(), value.into());
        self
    }

    /// Values of parameters.
    #[must_use]
    pub fn parameters(mut self, parameters: impl IntoIterator<Item = (String, Value)>) -> Self {
        self.content.parameters.extend(parameters);
        self
    }

    /// With whose rights it is deployed.
    #[must_use]
    pub fn owner(mut self, credentials: Credentials) -> Self {
        self.credentials = credentials;
        self
    }

    /// The project (tenant) that owns it.
    #[must_use]
    pub fn project(mut self, project: impl Into<String>) -> Self {
        self.project = project.into();
        self
    }

    /// How long an action may take.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// What follows a failure: [`OnFailure::Stop`] unless said otherwise.
    #[must_use]
    pub fn on_failure(mut self, on_failure: OnFailure) -> Self {
        self.on_failure = on_failure;
        self
    }

    /// Tags.
    #[must_use]
    pub fn tags(mut self, tags: impl IntoIterator<Item = String>) -> Self {
        self.tags = tags.into_iter().collect();
        self
    }
}

/// Another form of a stack that exists.
///
/// [`Update::to`] starts from scratch, as Heat's `PUT`: nothing of the last request is remembered. [`Update::existing`]
/// starts from the present stack, as `PATCH`: what is not given stays.
#[derive(Debug, Clone)]
pub struct Update {
    pub(super) existing: bool,
    pub(super) template: Option<Template>,
    pub(super) environment: Option<Environment>,
    pub(super) files: Option<Files>,
    pub(super) parameters: Map<String, Value>,
    pub(super) clear: Vec<String>,
    pub(super) timeout: Option<Duration>,
    pub(super) on_failure: Option<OnFailure>,
    pub(super) tags: Option<Vec<String>>,
    pub(super) credentials: Option<Credentials>,
    /// What is said of single resources.
    pub(super) particulars: Particulars,
}

impl Update {
    /// The stack shall be what this template says.
    pub fn to(template: Template) -> Self {
        Self { existing: false, template: Some(template), ..Self::existing() }
    }

    /// The stack stays what it is, but for what is given.
    pub fn existing() -> Self {
        Self {
            existing: true,
            template: None,
            environment: None,
            files: None,
            parameters: Map::new(),
            clear: Vec::new(),
            timeout: None,
            on_failure: None,
            tags: None,
            credentials: None,
            particulars: Particulars::default(),
        }
    }

    /// Another template.
    #[must_use]
    pub fn template(mut self, template: Template) -> Self {
        self.template = Some(template);
        self
    }

    /// The environment.
    #[must_use]
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = Some(environment);
        self
    }

    /// The attached files.
    #[must_use]
    pub fn files(mut self, files: Files) -> Self {
        self.files = Some(files);
        self
    }

    /// The value of a parameter.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.parameters.insert(name.into(), value.into());
        self
    }

    /// Values of parameters.
    #[must_use]
    pub fn parameters(mut self, parameters: impl IntoIterator<Item = (String, Value)>) -> Self {
        self.parameters.extend(parameters);
        self
    }

    /// Parameters whose recorded values are forgotten.
    #[must_use]
    pub fn clear_parameters(mut self, names: impl IntoIterator<Item = String>) -> Self {
        self.clear.extend(names);
        self
    }

    /// How long the update may take.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// What follows a failure.
    #[must_use]
    pub fn on_failure(mut self, on_failure: OnFailure) -> Self {
        self.on_failure = Some(on_failure);
        self
    }

    /// Tags.
    #[must_use]
    pub fn tags(mut self, tags: impl IntoIterator<Item = String>) -> Self {
        self.tags = Some(tags.into_iter().collect());
        self
    }

    /// With whose rights it is deployed from now on.
    #[must_use]
    pub fn owner(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }
}

//! The texts of a case as files, and the words of a command that names them.

use std::path::{Component, Path};

use indexmap::IndexMap;
use serde_json::{Map, Value};

/// What a case asks for: of itself, or of one of its steps.
pub(crate) struct Request<'c> {
    pub(crate) template: Option<&'c str>,
    pub(crate) parameters: &'c IndexMap<String, Value>,
    pub(crate) environment: Option<&'c Value>,
    pub(crate) environment_files: &'c [String],
    pub(crate) files: &'c IndexMap<String, String>,
}

/// Why the command cannot be asked for it.
#[derive(Debug)]
pub(crate) struct Unreachable(pub(crate) &'static str);

/// Where the template lies; no case has a file of that name.
const TEMPLATE: &str = "the-template.yaml";
const ENVIRONMENT: &str = "the-environment.yaml";
const PARAMETERS: &str = "the-parameters.yaml";

impl Request<'_> {
    /// Writes the texts into a folder, and gives the words that name them.
    pub(crate) fn write(&self, folder: &Path) -> Result<Vec<String>, Unreachable> {
        let put = |name: &str, text: &str| {
            let path = folder.join(name);
            let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
            made.and_then(|()| std::fs::write(path, text))
                .map_err(|_| Unreachable("a file has no usable name"))
        };
        for (name, text) in self.files {
            let plain = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
            if name.contains("://") {
                return Err(Unreachable("a file has a URL for its name, which the command would fetch"));
            }
            if !plain || name.is_empty() {
                return Err(Unreachable("a file has no usable name"));
            }
            put(name, text)?;
        }
        let mut words = Vec::new();
        let mut name = |option: &str, value: &str| words.extend([option.to_owned(), value.to_owned()]);
        if let Some(template) = self.template {
            put(TEMPLATE, template)?;
            name("-t", TEMPLATE);
        }
        if !self.environment_files.is_empty() {
            if self.environment.is_some() || !self.parameters.is_empty() {
                // The command lays parameters over the environments.
                return Err(Unreachable("environments are merged into parameters of the request"));
            }
            self.environment_files.iter().for_each(|file| name("-e", file));
            return Ok(words);
        }
        let texts = self.parameters.iter().all(|(name, value)| {
            // An argument can hold neither, and a name ends where `=` begins.
            value.as_str().is_some_and(|text| !text.contains('\0'))
                && !name.is_empty()
                && !name.contains(['=', '\0'])
        });
        match self.environment {
            Some(Value::Object(sections)) if !texts => put(ENVIRONMENT, &with(sections, self.parameters))?,
            Some(Value::String(text)) => put(ENVIRONMENT, text)?,
            Some(value) => put(ENVIRONMENT, &value.to_string())?,
            None => {}
        }
        if self.environment.is_some() {
            name("-e", ENVIRONMENT);
        }
        if texts {
            for (parameter, value) in self.parameters {
                name("--parameter", &format!("{parameter}={}", value.as_str().unwrap_or_default()));
            }
        } else if !matches!(self.environment, Some(Value::Object(_))) {
            if self.environment.is_some() {
                return Err(Unreachable("parameters that are no texts beside an environment that is one"));
            }
            put(PARAMETERS, &with(&Map::new(), self.parameters))?;
            name("-e", PARAMETERS);
        }
        Ok(words)
    }
}

/// An environment with these values, which are not all texts, among its parameters.
fn with(sections: &Map<String, Value>, parameters: &IndexMap<String, Value>) -> String {
    let mut sections = sections.clone();
    let mut all = sections.get("parameters").and_then(Value::as_object).cloned().unwrap_or_default();
    all.extend(parameters.iter().map(|(name, value)| (name.clone(), value.clone())));
    sections.insert("parameters".to_owned(), Value::Object(all));
    Value::Object(sections).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn written(
        parameters: &Value,
        environment: Option<Value>,
        files: &[(&str, &str)],
    ) -> Result<(Vec<String>, Vec<(String, String)>), &'static str> {
        let folder = tempfile::tempdir().unwrap();
        let parameters = parameters.as_object().unwrap().clone().into_iter().collect();
        let files = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let request = Request {
            template: Some("t"),
            parameters: &parameters,
            environment: environment.as_ref(),
            environment_files: &[],
            files: &files,
        };
        let words = request.write(folder.path()).map_err(|why| why.0)?;
        let named = words
            .iter()
            .filter_map(|word| Some((word.clone(), std::fs::read_to_string(folder.path().join(word)).ok()?)));
        Ok((words.clone(), named.collect()))
    }

    #[test]
    fn values_that_are_no_texts_go_into_an_environment() {
        let (words, _) = written(&json!({"a": "x=y"}), None, &[]).unwrap();
        assert_eq!(words, ["-t", TEMPLATE, "--parameter", "a=x=y"]);
        let (words, named) =
            written(&json!({"a": 1}), Some(json!({"parameters": {"a": 0, "b": 2}})), &[]).unwrap();
        assert_eq!(words, ["-t", TEMPLATE, "-e", ENVIRONMENT]);
        assert_eq!(named[1].1, r#"{"parameters":{"a":1,"b":2}}"#);
        let (words, named) = written(&json!({"a": [1]}), None, &[]).unwrap();
        assert_eq!((words.len(), named[1].1.as_str()), (4, r#"{"parameters":{"a":[1]}}"#));
        assert!(written(&json!({"a": 1}), Some(json!("parameters: {}")), &[]).is_err());
    }

    #[test]
    fn no_file_is_written_outside_of_the_folder() {
        for name in ["../x", "/x", "", "https://h/x"] {
            assert!(written(&json!({}), None, &[(name, "")]).is_err(), "{name}");
        }
        assert!(written(&json!({}), None, &[("part/x", "")]).is_ok());
    }
}

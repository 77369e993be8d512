//! The files that templates and environments name, collected as Heat's client does it: Heat's service never reads a disk.
//!
//! Heat's client rewrites every name to an absolute URL. Here a file is attached under the very name that is written, so
//! that the template stays as its author knows it. Two files of the same name from different folders would be one then;
//! that is refused.

use super::location::Location;
use crate::error::{CliError, Result};
use base64::Engine as _;
use heat_template::Files;
use heat_template::diagnostic::{Diagnostic, codes};
use heat_template::source::{FileId, SourceMap};
use heat_template::yaml::{self, Limits, Node, TextKind};
use indexmap::IndexMap;

/// The files that were found so far.
#[derive(Debug, Default)]
pub(super) struct Collector {
    files: IndexMap<String, String>,
}

/// What a text names.
enum Mention<'a> {
    /// A file that `get_file` reads.
    File(&'a Node, &'a str),
    /// A template that a type stands for.
    Template(&'a Node, &'a str),
}

impl Collector {
    /// What was found.
    pub(super) fn into_files(self) -> Files {
        Files::from_iter(self.files)
    }

    /// Adds what a template names. A file that is missing is a diagnostic at its place.
    ///
    /// # Errors
    /// A name is a URL that needs a network, or names another file than before.
    pub(super) fn template(
        &mut self,
        file: FileId,
        text: &str,
        location: &Location,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Result<()> {
        let read = yaml::read(file, text, TextKind::Template, &Limits::default());
        let Some(root) = read.node else { return Ok(()) };
        let mut mentions = Vec::new();
        files_in(&root, &mut mentions);
        types_in(&root, &mut mentions);
        for mention in mentions {
            let (Mention::File(node, name) | Mention::Template(node, name)) = mention;
            let place = location.named(name)?;
            match place.read() {
                Ok(bytes) => {
                    let is_new = self.add(name, bytes)?;
                    if is_new && matches!(mention, Mention::Template(..)) {
                        self.nested(name, &place)?;
                    }
                }
                Err(why) => {
                    let diagnostic =
                        Diagnostic::error(codes::FILE_REFERENCE, why).at(node.span, "named here");
                    diagnostics.push(diagnostic);
                }
            }
        }
        Ok(())
    }

    /// Adds the templates that an environment names.
    ///
    /// # Errors
    /// A file cannot be read; as [`template`](Self::template).
    pub(super) fn environment(&mut self, text: &str, location: &Location) -> Result<()> {
        let file = SourceMap::new().add("", "");
        let read = yaml::read(file, text, TextKind::Environment, &Limits::default());
        let Some(registry) = read.node.as_ref().and_then(|root| root.get("resource_registry")) else {
            return Ok(());
        };
        let mut names = Vec::new();
        templates_in_registry(registry, &mut names);
        for name in names {
            let place = location.named(name)?;
            let bytes = place.read().map_err(CliError::Input)?;
            if self.add(name, bytes)? {
                self.nested(name, &place)?;
            }
        }
        Ok(())
    }

    fn nested(&mut self, name: &str, place: &Location) -> Result<()> {
        let text = self.files.get(name).cloned().unwrap_or_default();
        let file = SourceMap::new().add(name, "");
        let mut diagnostics = Vec::new();
        self.template(file, &text, place, &mut diagnostics)?;
        match diagnostics.first() {
            Some(first) => Err(CliError::input(format!("{name}: {first}"))),
            None => Ok(()),
        }
    }

    /// Adds a file; tells whether it is new.
    fn add(&mut self, name: &str, bytes: Vec<u8>) -> Result<bool> {
        // What is no text travels as Base64, as Heat's client has it.
        let text = String::from_utf8(bytes)
            .unwrap_or_else(|error| base64::engine::general_purpose::STANDARD.encode(error.into_bytes()));
        match self.files.get(name) {
            Some(known) if *known == text => Ok(false),
            Some(_) => Err(CliError::input(format!(
                "{name} names two different files, in different folders; this is not supported: give one of them another name"
            ))),
            None => {
                self.files.insert(name.to_owned(), text);
                Ok(true)
            }
        }
    }
}

/// All `get_file` with a name. Depth is bounded by the reader.
fn files_in<'a>(node: &'a Node, mentions: &mut Vec<Mention<'a>>) {
    let mut rest = vec![node];
    while let Some(node) = rest.pop() {
        if let Some(entries) = node.as_map() {
            for entry in entries.iter().rev() {
                match (&*entry.key, entry.value.as_str()) {
                    ("get_file", Some(name)) => mentions.push(Mention::File(&entry.value, name)),
                    _ => rest.push(&entry.value),
                }
            }
        }
        rest.extend(node.as_list().into_iter().flatten().rev());
    }
}

/// Templates named as types, at any depth as Heat's client finds them: those of a group's members lie in its properties.
fn types_in<'a>(node: &'a Node, mentions: &mut Vec<Mention<'a>>) {
    let mut rest = vec![node];
    while let Some(node) = rest.pop() {
        for entry in node.as_map().into_iter().flatten().rev() {
            match entry.value.as_str().filter(|name| is_template(name)) {
                Some(name) if matches!(&*entry.key, "type" | "Type") => {
                    mentions.push(Mention::Template(&entry.value, name));
                }
                _ => rest.push(&entry.value),
            }
        }
        rest.extend(node.as_list().into_iter().flatten().rev());
    }
}

fn templates_in_registry<'a>(node: &'a Node, names: &mut Vec<&'a str>) {
    for entry in node.as_map().into_iter().flatten() {
        match entry.value.as_str() {
            Some(name) if is_template(name) => names.push(name),
            _ => templates_in_registry(&entry.value, names),
        }
    }
}

/// Heat's rule.
fn is_template(name: &str) -> bool {
    name.ends_with(".yaml") || name.ends_with(".template")
}

#[cfg(test)]
mod tests {
    use super::super::load;
    use indexmap::IndexMap;
    use std::fs;
    use std::path::Path;

    const HEAD: &str = "heat_template_version: 2021-04-16\nresources:\n";

    fn put(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }

    #[test]
    fn files_are_found_where_they_are_named() {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), "a/init.sh", "echo");
        put(folder.path(), "a/logo.png", [0xff, 0xfe, 0x00]);
        put(
            folder.path(),
            "a/part/net.yaml",
            format!("{HEAD}  n: {{type: OS::Heat::Value, properties: {{value: {{get_file: n.txt}}}}}}\n"),
        );
        put(folder.path(), "a/part/n.txt", "inner");
        let absolute = put(folder.path(), "elsewhere.txt", "far");
        let template = put(
            folder.path(),
            "a/t.yaml",
            format!(
                "{HEAD}  v:\n    type: OS::Heat::Value\n    properties:\n      value: [{{get_file: init.sh}}, {{get_file: logo.png}}, {{get_file: 'file://{absolute}'}}, {{get_file: init.sh}}]\n  n: {{type: part/net.yaml}}\n"
            ),
        );
        let loaded = load(Some(&template), &[], IndexMap::new()).unwrap();
        let files: Vec<(&str, &str)> = loaded.files.iter().collect();
        assert!(files.contains(&("init.sh", "echo")));
        assert!(files.contains(&("logo.png", "//4A")));
        assert!(files.contains(&(&*format!("file://{absolute}"), "far")));
        assert!(
            files.contains(&("n.txt", "inner")) && files.iter().any(|(name, _)| *name == "part/net.yaml")
        );
        assert_eq!(files.len(), 5);
    }

    #[test]
    fn a_missing_file_is_told_at_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let text =
            format!("{HEAD}  v: {{type: OS::Heat::Value, properties: {{value: {{get_file: no.sh}}}}}}\n");
        let template = put(folder.path(), "t.yaml", &text);
        let loaded = load(Some(&template), &[], IndexMap::new()).unwrap();
        let error = loaded.diagnostics.iter().find(|diagnostic| diagnostic.is_error()).unwrap();
        let (_, place) = loaded.sources.locate(error.primary.as_ref().unwrap().span).unwrap();
        assert_eq!(place.line, 3);
        assert!(error.message.contains("no.sh"), "{error}");
    }

    #[test]
    fn the_template_of_a_groups_members_comes_along() {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), "member.yaml", HEAD);
        let text = format!(
            "{HEAD}  group:\n    type: OS::Heat::ResourceGroup\n    properties: {{count: 2, resource_def: {{type: member.yaml}}}}\n"
        );
        let template = put(folder.path(), "t.yaml", text);
        let loaded = load(Some(&template), &[], IndexMap::new()).unwrap();
        assert_eq!(loaded.files.names().collect::<Vec<_>>(), ["member.yaml"]);
    }

    #[test]
    fn the_registry_of_an_environment_names_templates() {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), "env/db.yaml", HEAD);
        let environment = put(
            folder.path(),
            "env/e.yaml",
            "resource_registry: {My::Db: db.yaml, resources: {a: {My::Other: db.yaml}}, My::Net: OS::Neutron::Net}\n",
        );
        let loaded = load(None, &[environment], IndexMap::new()).unwrap();
        assert_eq!(loaded.files.names().collect::<Vec<_>>(), ["db.yaml"]);
    }

    #[test]
    fn one_name_for_two_files_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), "x.sh", "outer");
        put(folder.path(), "part/x.sh", "inner");
        put(
            folder.path(),
            "part/n.yaml",
            format!("{HEAD}  v: {{type: T, properties: {{v: {{get_file: x.sh}}}}}}\n"),
        );
        let template = put(
            folder.path(),
            "t.yaml",
            format!(
                "{HEAD}  v: {{type: T, properties: {{v: {{get_file: x.sh}}}}}}\n  n: {{type: part/n.yaml}}\n"
            ),
        );
        let error = load(Some(&template), &[], IndexMap::new()).unwrap_err();
        assert!(error.message().unwrap().contains("two different files"));
    }
}

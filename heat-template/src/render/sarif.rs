//! Diagnostics in the Static Analysis Results Interchange Format, for code hosts and editors.

use super::json::{JsonPlace, place};
use crate::diagnostic::{Applicability, Code, Diagnostic, Fix, Label, Severity, codes};
use crate::source::{SourceMap, Span};
use serde_json::{Map, Value, json};

/// Diagnostics as a SARIF 2.1.0 log with one run of the tool `heat` in this version.
///
/// Every kind of problem that was found is a rule with its explanation; every diagnostic is a result with its place, its
/// Heat path as a logical location, the places that explain it, and its edits as a fix. Columns count characters. Places
/// in files that the map does not have are left out.
pub fn sarif(diagnostics: &[Diagnostic], sources: &SourceMap, version: &str) -> Value {
    let mut run = Run { sources, files: Vec::new(), rules: Vec::new() };
    let results: Vec<Value> = diagnostics.iter().map(|diagnostic| run.result(diagnostic)).collect();
    let artifacts: Vec<Value> =
        run.files.iter().map(|name| json!({"location": {"uri": uri(name)}})).collect();
    let rules: Vec<Value> = run.rules.iter().map(|code| rule(*code)).collect();
    log(json!({
        "tool": tool(version, &rules),
        "columnKind": "unicodeCodePoints",
        "artifacts": artifacts,
        "results": results,
    }))
}

/// A SARIF 2.1.0 log of a check that could not be made: no results, which is not the same as none found, and why.
pub fn sarif_failure(message: &str, version: &str) -> Value {
    let notification = json!({"level": "error", "message": {"text": message}});
    log(json!({
        "tool": tool(version, &[]),
        "invocations": [{"executionSuccessful": false, "toolExecutionNotifications": [notification]}],
    }))
}

fn log(run: Value) -> Value {
    json!({"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]})
}

fn tool(version: &str, rules: &[Value]) -> Value {
    json!({"driver": {
        "name": "heat",
        "semanticVersion": version,
        "informationUri": env!("CARGO_PKG_REPOSITORY"),
        "rules": rules,
    }})
}

struct Run<'a> {
    sources: &'a SourceMap,
    /// Names of the files that places are in.
    files: Vec<String>,
    /// The kinds of problems that were found.
    rules: Vec<Code>,
}

impl Run<'_> {
    fn result(&mut self, diagnostic: &Diagnostic) -> Value {
        let rule_index = position(&mut self.rules, &diagnostic.code);
        let mut text = diagnostic.message.clone();
        for help in &diagnostic.help {
            text += "\n";
            text += help;
        }
        let mut result = Map::new();
        result.insert("ruleId".to_owned(), json!(diagnostic.code));
        result.insert("ruleIndex".to_owned(), json!(rule_index));
        result.insert("level".to_owned(), json!(level(diagnostic.severity)));
        result.insert("message".to_owned(), json!({"text": text}));
        result.insert("locations".to_owned(), self.locations(diagnostic));
        let related: Vec<Value> = diagnostic
            .labels
            .iter()
            .filter_map(|label| Some((label, self.physical(label.span)?)))
            .enumerate()
            .map(|(id, (label, physical))| related(id, label, physical))
            .collect();
        if !related.is_empty() {
            result.insert("relatedLocations".to_owned(), related.into());
        }
        if let Some(fix) = diagnostic.fix.as_ref().and_then(|fix| self.fix(fix, diagnostic)) {
            result.insert("fixes".to_owned(), json!([fix]));
        }
        result.into()
    }

    /// The only location: the place, the path in Heat's words, or both.
    fn locations(&mut self, diagnostic: &Diagnostic) -> Value {
        let mut location = Map::new();
        if let Some(label) = &diagnostic.primary
            && let Some(physical) = self.physical(label.span)
        {
            location.insert("physicalLocation".to_owned(), physical);
            if !label.text.is_empty() {
                location.insert("message".to_owned(), json!({"text": label.text}));
            }
        }
        if !diagnostic.path.is_empty() {
            let name = json!([{"fullyQualifiedName": diagnostic.path}]);
            location.insert("logicalLocations".to_owned(), name);
        }
        if location.is_empty() { json!([]) } else { json!([location]) }
    }

    fn physical(&mut self, span: Span) -> Option<Value> {
        let place = place(span, self.sources)?;
        Some(json!({"artifactLocation": self.artifact(&place.file), "region": region(&place)}))
    }

    fn artifact(&mut self, name: &str) -> Value {
        let index = position(&mut self.files, &name.to_owned());
        json!({"uri": uri(name), "index": index})
    }

    /// `None` where a place of an edit is not known: half of the edits would be no fix.
    fn fix(&mut self, fix: &Fix, diagnostic: &Diagnostic) -> Option<Value> {
        let mut files: Vec<String> = Vec::new();
        let mut replacements: Vec<Vec<Value>> = Vec::new();
        for (span, text) in &fix.edits {
            let place = place(*span, self.sources)?;
            let index = position(&mut files, &place.file);
            if index == replacements.len() {
                replacements.push(Vec::new());
            }
            let replacement = json!({"deletedRegion": region(&place), "insertedContent": {"text": text}});
            replacements.get_mut(index)?.push(replacement);
        }
        let changes: Vec<Value> = files
            .iter()
            .zip(replacements)
            .map(|(file, edits)| json!({"artifactLocation": self.artifact(file), "replacements": edits}))
            .collect();
        let usual = match fix.applicability {
            Applicability::Safe => "write it so",
            Applicability::MaybeWrong => "perhaps this is meant",
        };
        let text = diagnostic.help.first().map_or(usual, String::as_str);
        Some(json!({"description": {"text": text}, "artifactChanges": changes}))
    }
}

fn related(id: usize, label: &Label, physical: Value) -> Value {
    let text = if label.text.is_empty() { "see here" } else { label.text.as_str() };
    json!({"id": id, "physicalLocation": physical, "message": {"text": text}})
}

fn rule(code: Code) -> Value {
    let Some(info) = codes::info(code) else { return json!({"id": code}) };
    json!({
        "id": code,
        "shortDescription": {"text": info.title},
        "fullDescription": {"text": info.explanation},
        "help": {"text": info.explanation, "markdown": info.explanation},
    })
}

fn region(place: &JsonPlace) -> Value {
    json!({
        "startLine": place.start.line,
        "startColumn": place.start.column,
        "endLine": place.end.line,
        "endColumn": place.end.column,
        "byteOffset": place.start.offset,
        "byteLength": place.end.offset.saturating_sub(place.start.offset),
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// Where a thing is in a list; it is added if it is not there. The lists are short.
fn position<T: Clone + PartialEq>(list: &mut Vec<T>, wanted: &T) -> usize {
    list.iter().position(|known| known == wanted).unwrap_or_else(|| {
        list.push(wanted.clone());
        list.len() - 1
    })
}

/// A path as a reference in a URI; what is a URI already stays as it is.
fn uri(name: &str) -> String {
    if name.contains("://") || name.starts_with("file:") {
        return name.to_owned();
    }
    let mut uri = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            b'\\' if cfg!(windows) => uri.push('/'),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::tests::example;

    #[test]
    fn a_log_has_rules_places_and_fixes() {
        let (diagnostics, sources) = example();
        let log = sarif(&diagnostics, &sources, "1.2.3");
        assert_eq!(log["version"], "2.1.0");
        let run = &log["runs"][0];
        assert_eq!(run["tool"]["driver"]["semanticVersion"], "1.2.3");
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        assert_eq!(rules.iter().map(|rule| rule["id"].clone()).collect::<Vec<_>>(), ["HT0404", "HT0211"]);
        assert!(rules.iter().all(|rule| !rule["fullDescription"]["text"].as_str().unwrap().is_empty()));
        let first = &run["results"][0];
        assert_eq!(
            (&first["ruleId"], &first["ruleIndex"], &first["level"]),
            (&json!("HT0404"), &json!(0), &json!("error"))
        );
        assert_eq!(
            first["locations"],
            json!([{
                "physicalLocation": {
                    "artifactLocation": {"uri": "web.yaml", "index": 0},
                    "region": {
                        "startLine": 2, "startColumn": 17, "endLine": 2, "endColumn": 32,
                        "byteOffset": 29, "byteLength": 15,
                    },
                },
                "message": {"text": "not known"},
                "logicalLocations": [{"fullyQualifiedName": "resources.größe"}],
            }])
        );
        assert_eq!(first["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"], "env.yaml");
        let change = &first["fixes"][0]["artifactChanges"][0];
        assert_eq!(change["replacements"][0]["insertedContent"]["text"], "OS::Nova::Server");
        let second = &run["results"][1];
        assert_eq!(
            second["locations"],
            json!([{"logicalLocations": [{"fullyQualifiedName": "parameters.flavor"}]}])
        );
        assert_eq!(
            run["artifacts"],
            json!([{"location": {"uri": "web.yaml"}}, {"location": {"uri": "env.yaml"}}])
        );
    }

    #[test]
    fn names_of_files_are_uris() {
        assert_eq!(uri("a b/größe.yaml"), "a%20b/gr%C3%B6%C3%9Fe.yaml");
        assert_eq!(uri("file:///a%20b.yaml"), "file:///a%20b.yaml");
    }
}

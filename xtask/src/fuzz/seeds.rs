//! What the fuzzer begins with: recorded texts, the project's own templates, and the words of the language.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::corpus::put;
use crate::checkout::Checkout;
use crate::step::StepError;

/// The line that the judges part a template, an environment and a file by.
const PART: &str = "\n#=\n";

/// Writes the texts that a target begins with into a folder.
pub(super) fn write(
    checkout: &Checkout,
    more: &[PathBuf],
    target: &str,
    folder: &Path,
) -> Result<(), StepError> {
    let root = checkout.root();
    let folders = ["conformance/cases", "conformance/more"].map(|name| root.join(name));
    for cases in folders.iter().chain(more) {
        for path in files(cases, "yaml")? {
            let text = read(&path)?;
            let cases: Vec<Value> = serde_yaml::from_str(&text)
                .map_err(|error| StepError::Found(format!("{}: {error}", path.display())))?;
            for case in &cases {
                for text in of_case(case, target) {
                    put(folder, &text)?;
                }
            }
        }
    }
    if matches!(target, "reader" | "template" | "format") {
        for path in files(&root.join("examples"), "yaml")? {
            put(folder, &read(&path)?)?;
        }
    }
    if target == "yaql" {
        let cases: Vec<Value> =
            serde_json::from_str(&read(&root.join("heat-template/tests/yaql/corpus.json"))?)
                .map_err(|error| StepError::Found(format!("the recorded expressions: {error}")))?;
        for expression in cases.iter().filter_map(|case| case["expression"].as_str()) {
            put(folder, expression)?;
        }
    }
    Ok(())
}

/// The texts of a recorded case.
fn of_case(case: &Value, target: &str) -> Vec<String> {
    let steps = case["steps"].as_array().into_iter().flatten();
    let templates: Vec<String> =
        std::iter::once(case).chain(steps).filter_map(|holder| text(&holder["template"])).collect();
    let environment = text(&case["environment"]).unwrap_or_default();
    let file = case["files"].as_object().and_then(|files| text(files.values().next()?)).unwrap_or_default();
    match target {
        "environment" => Some(environment).filter(|text| !text.is_empty()).into_iter().collect(),
        "template" => templates.into_iter().map(|text| [&*text, &*environment, &*file].join(PART)).collect(),
        "emit" => {
            templates.iter().filter_map(|text| Some(built(&serde_yaml::from_str(text).ok()?))).collect()
        }
        "yaql" => Vec::new(),
        _ => templates,
    }
}

/// A text as it is, what came as a map as JSON.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Object(_) => Some(value.to_string()),
        _ => None,
    }
}

/// A value as the target `emit` builds it from a text.
fn built(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(built).collect::<Vec<_>>().join("|")),
        Value::Object(entries) => {
            let entries = entries.iter().map(|(key, value)| format!("{key}|{}", built(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join("|"))
        }
        Value::String(text) => text.clone(),
        other => format!("={other}"),
    }
}

/// A dictionary in libFuzzer's form: the names that the language knows, and what else has a meaning.
pub(super) fn words(target: &str) -> String {
    const SIGNS: [&str; 40] = [
        PART,
        ": ",
        "- ",
        "? ",
        "&a ",
        "*a",
        "<<: ",
        "!!str ",
        "!!binary ",
        "!!float ",
        "!!set ",
        "|",
        ">",
        "|2-\n",
        ">+\n",
        " #",
        "%YAML 1.1\n---\n",
        "...\n",
        "\r\n",
        "\t",
        "\u{feff}",
        "\u{85}",
        "\u{2028}",
        "\0",
        "\u{1b}",
        "\\x4",
        "~",
        "yes",
        "017",
        "1_000",
        "190:20:30",
        "-.inf",
        ".nan",
        "1e400",
        "2021-04-16",
        "heat_template_version: 2021-04-16\n",
        "AWSTemplateFormatVersion: 2010-09-09\n",
        "resource_registry:\n",
        "OS::Heat::Value",
        "nested.yaml",
    ];
    const KEYS: [&str; 20] = [
        "parameters",
        "resources",
        "outputs",
        "conditions",
        "parameter_groups",
        "properties",
        "type",
        "default",
        "constraints",
        "allowed_pattern",
        "depends_on",
        "metadata",
        "condition",
        "template",
        "for_each",
        "params",
        "expression",
        "data",
        "parameter_defaults",
        "parameter_merge_strategies",
    ];
    const OPERATORS: [&str; 16] = [
        "$",
        "$.",
        " => ",
        " -> ",
        "?.",
        " mod ",
        " and ",
        " or ",
        " not ",
        " in ",
        " =~ ",
        "null",
        "true",
        "-1",
        "1.5",
        "99999999999999999999",
    ];
    let mut words: Vec<String> = Vec::new();
    if target == "yaql" {
        words.extend(OPERATORS.map(str::to_owned));
        words.extend(heat_template::yaql::function_names().map(|name| format!("{name}(")));
    } else {
        words.extend(SIGNS.iter().chain(&KEYS).map(|word| (*word).to_owned()));
        words.extend(heat_template::dialect::function_table().iter().map(|row| row.name.to_owned()));
    }
    words.iter().map(|word| format!("\"{}\"\n", escaped(word))).collect()
}

fn escaped(word: &str) -> String {
    let plain = |byte: u8| (b' '..0x7f).contains(&byte) && byte != b'"' && byte != b'\\';
    word.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("\\x{byte:02x}") })
        .collect()
}

fn read(path: &Path) -> Result<String, StepError> {
    fs::read_to_string(path).map_err(|source| StepError::File { path: path.to_path_buf(), source })
}

fn files(folder: &Path, extension: &str) -> Result<Vec<PathBuf>, StepError> {
    let entries =
        fs::read_dir(folder).map_err(|source| StepError::File { path: folder.to_path_buf(), source })?;
    let paths = entries.flatten().map(|entry| entry.path());
    Ok(paths.filter(|path| path.extension().is_some_and(|end| end == extension)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn words_are_written_as_libfuzzer_reads_them() {
        assert_eq!(escaped("a\"\\\n\u{85}"), "a\\x22\\x5c\\x0a\\xc2\\x85");
        assert!(words("yaql").contains("\"orderBy(\"\n") && words("reader").contains("\"list_join\"\n"));
    }

    #[test]
    fn a_case_gives_each_target_what_it_reads() {
        let case = json!({"template": "a: [1]\n", "environment": {"parameters": {}}, "files": {"f": "x"}});
        assert_eq!(of_case(&case, "reader"), ["a: [1]\n"]);
        assert_eq!(of_case(&case, "template"), ["a: [1]\n\n#=\n{\"parameters\":{}}\n#=\nx"]);
        assert_eq!(of_case(&case, "environment"), ["{\"parameters\":{}}"]);
        assert_eq!(of_case(&case, "emit"), ["{a|[=1]}"]);
    }
}

//! Answers and how they are written: a table for people; JSON, YAML and bare values for programs.

mod table;

pub(crate) use table::printable;

use clap::ValueEnum;
use serde_json::{Map, Value};
use std::io::{self, Write};

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A table with lines.
    Table,
    /// As the Orchestration API has it.
    Json,
    /// The same as YAML.
    Yaml,
    /// Values without names, a line for each row.
    Value,
    /// A table without lines.
    #[value(alias = "text")]
    Plain,
    /// A line for each problem: `template validate` only.
    Line,
    /// SARIF 2.1.0, for code hosts and editors: `template validate` only.
    Sarif,
    /// The one text of Heat's errors: `template validate` only.
    Heat,
    /// For Graphviz: `template graph` only.
    Dot,
    /// For Markdown pages: `template graph` only.
    Mermaid,
    /// A picture: `template graph` only.
    Svg,
}

impl Format {
    /// Whether it draws a graph, and nothing else.
    pub(crate) fn is_drawing(self) -> bool {
        matches!(self, Self::Dot | Self::Mermaid | Self::Svg)
    }

    /// Whether it tells problems of a template, and nothing else.
    pub(crate) fn is_report(self) -> bool {
        matches!(self, Self::Line | Self::Sarif | Self::Heat)
    }

    /// Whether a program reads it.
    pub(crate) fn is_data(self) -> bool {
        matches!(self, Self::Json | Self::Yaml)
    }
}

/// What a command answers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    /// Nothing: what was to be said went to stderr.
    Nothing,
    /// One object, as the API has it; tables show these of its fields.
    Object { object: Map<String, Value>, shown: &'static [&'static str] },
    /// Many objects, as the API has them; tables show these of their fields.
    List { objects: Vec<Value>, shown: &'static [&'static str] },
    /// A text of its own kind in every format but JSON and YAML.
    Text { text: String, data: Value },
    /// A value, as it is: a text without quotes.
    Bare(Value),
}

/// Writes an answer. Columns that are named are shown instead of the usual ones.
///
/// # Errors
/// Nobody reads any more, or a column is not there (`InvalidInput`).
pub(crate) fn write(
    answer: &Answer,
    format: Format,
    columns: &[String],
    width: Option<u16>,
    out: &mut dyn Write,
) -> io::Result<()> {
    match (answer, format) {
        (Answer::Nothing, _) => Ok(()),
        (_, Format::Json) => {
            serde_json::to_writer_pretty(&mut *out, &data(answer, columns)?)?;
            out.write_all(b"\n")
        }
        (_, Format::Yaml) => out.write_all(heat_template::yaml::emit(&data(answer, columns)?).as_bytes()),
        (Answer::Text { text, .. }, _) => {
            out.write_all(text.as_bytes())?;
            if text.is_empty() || text.ends_with('\n') { Ok(()) } else { out.write_all(b"\n") }
        }
        (Answer::Bare(value), _) => {
            writeln!(out, "{}", bare(value))
        }
        (Answer::Object { object, shown }, _) => {
            let names = chosen(columns, shown, |name| object.contains_key(name))?;
            let rows = names.iter().map(|name| {
                let value = object.get(name).map(cell).unwrap_or_default();
                if format == Format::Value { vec![value] } else { vec![name.clone(), value] }
            });
            write_rows(&["field".to_owned(), "value".to_owned()], rows.collect(), format, width, out)
        }
        (Answer::List { objects, shown }, _) => {
            let known = |name: &str| objects.iter().any(|object| object.get(name).is_some());
            let names = if objects.is_empty() {
                if columns.is_empty() {
                    shown.iter().map(ToString::to_string).collect()
                } else {
                    columns.to_vec()
                }
            } else {
                chosen(columns, shown, known)?
            };
            let row = |object: &Value| {
                names.iter().map(|name| object.get(name).map(cell).unwrap_or_default()).collect::<Vec<_>>()
            };
            write_rows(&names, objects.iter().map(row).collect(), format, width, out)
        }
    }
}

fn write_rows(
    names: &[String],
    rows: Vec<Vec<String>>,
    format: Format,
    width: Option<u16>,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Value => rows.iter().try_for_each(|row| writeln!(out, "{}", row.join(" "))),
        _ => writeln!(out, "{}", table::text(names, rows, format == Format::Plain, width)),
    }
}

/// The columns that are shown, in the order of the command line.
fn chosen(columns: &[String], shown: &[&str], known: impl Fn(&str) -> bool) -> io::Result<Vec<String>> {
    if columns.is_empty() {
        return Ok(shown.iter().map(ToString::to_string).collect());
    }
    let names: Vec<String> = columns.iter().map(|column| column_name(column)).collect();
    match names.iter().find(|name| !known(name) && !shown.contains(&name.as_str())) {
        Some(unknown) => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("there is no column {unknown}; there are {}", shown.join(", ")),
        )),
        None => Ok(names),
    }
}

/// As the OpenStack client: `-c "Stack Name"`, `-c stack_name`.
fn column_name(column: &str) -> String {
    column.trim().to_lowercase().replace(' ', "_")
}

fn data(answer: &Answer, columns: &[String]) -> io::Result<Value> {
    let all = match answer {
        Answer::Nothing => Value::Null,
        Answer::Object { object, .. } => Value::Object(object.clone()),
        Answer::List { objects, .. } => Value::Array(objects.clone()),
        Answer::Text { data, .. } => data.clone(),
        // One value has no columns; an error is told as a whole.
        Answer::Bare(data) => return Ok(data.clone()),
    };
    with_columns(all, columns)
}

/// An object, or each object of a list, with the fields that are asked for; with all of them if none is.
///
/// # Errors
/// A field is not there (`InvalidInput`).
pub(crate) fn with_columns(data: Value, columns: &[String]) -> io::Result<Value> {
    if columns.is_empty() {
        return Ok(data);
    }
    let refused = |text: String| io::Error::new(io::ErrorKind::InvalidInput, text);
    let mut objects = match data {
        Value::Array(objects) => objects,
        other => return Ok(with_columns(Value::Array(vec![other]), columns)?[0].take()),
    };
    for column in columns {
        // As it is written: not all fields are names in small letters.
        let name = |object: &Value| {
            [column.clone(), column_name(column)].into_iter().find(|name| object.get(name).is_some())
        };
        if !objects.is_empty() && !objects.iter().any(|object| name(object).is_some()) {
            let first = objects.first().and_then(Value::as_object);
            let known: Vec<&str> = first.into_iter().flat_map(Map::keys).map(String::as_str).collect();
            return Err(refused(match known.as_slice() {
                [] => "this answer has no columns".to_owned(),
                known => format!("there is no column {column}; there are {}", known.join(", ")),
            }));
        }
    }
    for object in &mut objects {
        let Some(fields) = object.as_object_mut() else { continue };
        let all = std::mem::take(fields);
        for column in columns {
            for name in [column.clone(), column_name(column)] {
                if let Some(value) = all.get(&name) {
                    fields.insert(name, value.clone());
                }
            }
        }
    }
    Ok(Value::Array(objects))
}

/// A value without quotes; a list or a map as JSON.
fn bare(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A value in a cell: lists of outputs and maps go over several lines.
fn cell(value: &Value) -> String {
    match value {
        Value::String(text) => text.trim_end().to_owned(),
        Value::Array(items) if items.iter().all(|item| item.get("output_key").is_some()) => items
            .iter()
            .map(|item| {
                let value = match item.get("output_error").and_then(Value::as_str) {
                    Some(error) => format!("(not available: {error})"),
                    None => bare(&item["output_value"]),
                };
                format!("{}: {value}", bare(&item["output_key"]))
            })
            .collect::<Vec<_>>()
            .join("\n"),
        Value::Array(items) if items.iter().all(|item| item.is_string()) => {
            items.iter().map(bare).collect::<Vec<_>>().join(", ")
        }
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| format!("{name}: {}", bare(value)))
            .collect::<Vec<_>>()
            .join("\n"),
        other => bare(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn written(answer: &Answer, format: Format, columns: &[&str]) -> String {
        let columns: Vec<String> = columns.iter().map(ToString::to_string).collect();
        let mut out = Vec::new();
        write(answer, format, &columns, None, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn stacks() -> Answer {
        let objects = vec![
            json!({"id": "1", "stack_name": "web", "tags": null}),
            json!({"id": "2", "stack_name": "db", "tags": ["a", "b"]}),
        ];
        Answer::List { objects, shown: &["id", "stack_name"] }
    }

    #[test]
    fn a_list_is_a_table_or_the_apis_json() {
        let table = written(&stacks(), Format::Table, &[]);
        assert!(table.starts_with("+----+------------+\n| id | stack_name |\n"), "{table}");
        let json: Value = serde_json::from_str(&written(&stacks(), Format::Json, &[])).unwrap();
        assert_eq!(json[1]["tags"], json!(["a", "b"]), "fields that the table leaves out are there");
        assert_eq!(written(&stacks(), Format::Value, &["stack_name", "tags"]), "web \ndb a, b\n");
        assert_eq!(written(&stacks(), Format::Value, &["Stack Name"]), "web\ndb\n");
        for format in [Format::Table, Format::Json, Format::Yaml] {
            let mut out = Vec::new();
            let error = write(&stacks(), format, &["colour".to_owned()], None, &mut out).unwrap_err();
            assert!(error.to_string().contains("id, stack_name"), "{error}");
        }
    }

    #[test]
    fn columns_choose_fields_of_data_too() {
        let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let list = read(&written(&stacks(), Format::Json, &["Stack Name"]));
        assert_eq!(list, json!([{"stack_name": "web"}, {"stack_name": "db"}]));
        let preview = Answer::Text { text: "one step".to_owned(), data: json!({"Steps": [1], "b": 2}) };
        assert_eq!(read(&written(&preview, Format::Json, &["Steps"])), json!({"Steps": [1]}));
        let whole = Answer::Bare(json!({"code": 404, "title": "Not Found"}));
        assert_eq!(read(&written(&whole, Format::Json, &["id"]))["code"], 404, "an error is told as a whole");
        assert_eq!(written(&stacks(), Format::Yaml, &["id"]), "- id: \"1\"\n- id: \"2\"\n");
    }

    #[test]
    fn an_object_is_a_table_of_fields() {
        let object = json!({"id": "1", "outputs": [
            {"output_key": "url", "output_value": "http://h", "description": ""},
            {"output_key": "ip", "output_value": null, "output_error": "no server"},
        ], "hidden": 1});
        let Value::Object(object) = object else { unreachable!() };
        let answer = Answer::Object { object, shown: &["id", "outputs"] };
        let text = written(&answer, Format::Plain, &[]);
        assert!(
            text.contains("url: http://h\n") && text.contains("ip: (not available: no server)"),
            "{text}"
        );
        assert!(!text.contains("hidden"));
        assert_eq!(written(&answer, Format::Value, &["id"]), "1\n");
    }

    #[test]
    fn a_bare_value_has_no_quotes() {
        assert_eq!(written(&Answer::Bare(json!("a b")), Format::Table, &[]), "a b\n");
        assert_eq!(written(&Answer::Bare(json!({"a": [1]})), Format::Value, &[]), "{\"a\":[1]}\n");
        assert_eq!(written(&Answer::Bare(json!("a b")), Format::Json, &[]), "\"a b\"\n");
    }
}

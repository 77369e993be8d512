//! The public items of a crate, a line for each, by rustdoc's description as JSON. Of that form, which is not stable, only
//! the frame is used: what is inside what, and where it stands. The signatures are the authors' own texts.

use super::signature::{Part, signature};
use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::path::{Path, PathBuf};

/// The lines, sorted: the path of an item, a colon, its signature.
///
/// # Errors
/// What the description does not have as expected: rustdoc has changed its form.
pub(super) fn list(described: &Value, root: &Path) -> Result<BTreeSet<String>, String> {
    let index =
        described.get("index").and_then(Value::as_object).ok_or("no index: another form of rustdoc's")?;
    let mut walk = Walk {
        index,
        root: root.to_path_buf(),
        texts: HashMap::new(),
        listed: HashSet::new(),
        uses: VecDeque::new(),
        lines: BTreeSet::new(),
    };
    let top = described.get("root").map(key).ok_or("no root: another form of rustdoc's")?;
    let name = walk.name(&top)?;
    walk.module(&name, &top)?;
    // What is declared in a public place is listed there; what is only brought from a private one, where it is brought.
    while let Some((path, exported)) = walk.uses.pop_front() {
        walk.export(&path, exported)?;
    }
    Ok(walk.lines)
}

struct Walk<'a> {
    index: &'a Map<String, Value>,
    root: PathBuf,
    texts: HashMap<String, String>,
    listed: HashSet<String>,
    uses: VecDeque<(String, &'a Value)>,
    lines: BTreeSet<String>,
}

/// An id as the key of the index.
fn key(id: &Value) -> String {
    id.as_str().map_or_else(|| id.to_string(), str::to_owned)
}

fn ids(list: Option<&Value>) -> impl Iterator<Item = String> {
    list.and_then(Value::as_array).into_iter().flatten().filter(|id| !id.is_null()).map(key)
}

impl<'a> Walk<'a> {
    fn item(&self, id: &str) -> Option<&'a Value> {
        self.index.get(id)
    }

    fn name(&self, id: &str) -> Result<String, String> {
        let name = self.item(id).and_then(|item| item.get("name")).and_then(Value::as_str);
        name.map(str::to_owned).ok_or_else(|| format!("item {id} has no name: another form of rustdoc's"))
    }

    /// What kind of item it is, and what is known of it as such.
    fn inner(item: &'a Value) -> Result<(&'a str, &'a Value), String> {
        let inner = item.get("inner").and_then(Value::as_object).and_then(|inner| inner.iter().next());
        inner.map(|(kind, inner)| (kind.as_str(), inner)).ok_or_else(|| format!("no kind in {item}"))
    }

    fn line(&mut self, path: &str, text: &str) {
        self.lines.insert(format!("{path}: {text}"));
    }

    fn module(&mut self, path: &str, id: &str) -> Result<(), String> {
        let Some(item) = self.item(id) else { return Ok(()) };
        let (_, inner) = Self::inner(item)?;
        for child in ids(inner.get("items")) {
            let Some(item) = self.item(&child) else { continue };
            match Self::inner(item)? {
                ("use", exported) => self.uses.push_back((path.to_owned(), exported)),
                _ => self.declared(&format!("{path}::{}", self.name(&child)?), &child)?,
            }
        }
        Ok(())
    }

    /// An item where it is declared, or where it is brought from a private place.
    fn declared(&mut self, path: &str, id: &str) -> Result<(), String> {
        let Some(item) = self.item(id) else { return Ok(()) };
        self.listed.insert(id.to_owned());
        let (kind, inner) = Self::inner(item)?;
        match kind {
            "module" => {
                self.line(path, "pub mod");
                return self.module(path, id);
            }
            "struct" | "union" => {
                let fields = inner.get("kind").unwrap_or(inner);
                let tuple = fields.get("tuple");
                let part = if tuple.is_some() { Part::BeforeFields } else { Part::BeforeBody };
                let text = self.signature(item, kind, part)?;
                self.line(path, &text);
                let plain = fields.get("plain").unwrap_or(fields).get("fields");
                self.members(path, ids(plain).chain(ids(tuple)))?;
                self.implementations(path, inner)?;
            }
            "enum" => {
                let text = self.signature(item, kind, Part::BeforeBody)?;
                self.line(path, &text);
                for variant in ids(inner.get("variants")) {
                    self.variant(path, &variant)?;
                }
                self.implementations(path, inner)?;
            }
            "trait" => {
                let text = self.signature(item, kind, Part::BeforeBody)?;
                self.line(path, &text);
                self.members(path, ids(inner.get("items")))?;
            }
            "proc_macro" => {
                let name = path.rsplit("::").next().unwrap_or(path);
                let helpers = inner.get("helpers").and_then(Value::as_array).into_iter().flatten();
                let helpers: Vec<_> = helpers.filter_map(Value::as_str).collect();
                let text = format!("#[derive({name})] with the attributes {}", helpers.join(", "));
                self.line(path, &text);
            }
            _ => {
                let text = self.signature(item, kind, part(kind))?;
                self.line(path, &text);
            }
        }
        Ok(())
    }

    fn variant(&mut self, path: &str, id: &str) -> Result<(), String> {
        let Some(item) = self.item(id) else { return Ok(()) };
        let path = format!("{path}::{}", self.name(id)?);
        let text = self.signature(item, "variant", Part::BeforeBody)?;
        self.line(&path, &text);
        let (_, inner) = Self::inner(item)?;
        let fields =
            inner.get("kind").and_then(|kind| kind.get("struct")).and_then(|kind| kind.get("fields"));
        self.members(&path, ids(fields))
    }

    /// Fields, methods, constants and types of something.
    fn members(&mut self, path: &str, members: impl Iterator<Item = String>) -> Result<(), String> {
        for id in members {
            let Some(item) = self.item(&id) else { continue };
            let (kind, _) = Self::inner(item)?;
            let text = self.signature(item, kind, part(kind))?;
            self.line(&format!("{path}::{}", self.name(&id)?), &text);
        }
        Ok(())
    }

    fn implementations(&mut self, path: &str, of: &'a Value) -> Result<(), String> {
        let name = path.rsplit("::").next().unwrap_or(path);
        for id in ids(of.get("impls")) {
            let Some(item) = self.item(&id) else { continue };
            let (_, inner) = Self::inner(item)?;
            let flag = |name: &str| inner.get(name).is_some_and(|value| *value == Value::Bool(true));
            if flag("is_synthetic") || inner.get("blanket_impl").is_some_and(|value| !value.is_null()) {
                continue;
            }
            let Some(implemented) = inner.get("trait").and_then(|implemented| implemented.get("path")) else {
                self.members(path, ids(inner.get("items")))?;
                continue;
            };
            let implemented = implemented.as_str().unwrap_or_default();
            let implemented = implemented.rsplit("::").next().unwrap_or(implemented);
            if implemented == "StructuralPartialEq" {
                continue;
            }
            let written = self.text(item)?.trim_start().to_owned();
            let text = if written.starts_with("impl") {
                signature(&written, Part::BeforeBody)
            } else {
                format!("impl {implemented} for {name}")
            };
            self.line(path, &text);
        }
        Ok(())
    }

    fn export(&mut self, path: &str, exported: &'a Value) -> Result<(), String> {
        let source = exported.get("source").and_then(Value::as_str).unwrap_or_default();
        let name = exported.get("name").and_then(Value::as_str).unwrap_or_default();
        let whole = exported.get("is_glob") == Some(&Value::Bool(true));
        let id = exported.get("id").filter(|id| !id.is_null()).map(key);
        let ours = id.filter(|id| self.item(id).is_some_and(|item| item.get("crate_id") == Some(&0.into())));
        match ours {
            Some(id) if whole && !self.listed.contains(&id) => self.module(path, &id),
            Some(id) if !self.listed.contains(&id) => self.declared(&format!("{path}::{name}"), &id),
            _ if whole => {
                self.line(path, &format!("pub use {source}::*"));
                Ok(())
            }
            _ => {
                self.line(&format!("{path}::{name}"), &format!("pub use {source}"));
                Ok(())
            }
        }
    }

    /// What the author wrote; for what a macro wrote, kind and name.
    fn signature(&mut self, item: &Value, kind: &str, part: Part) -> Result<String, String> {
        let text = signature(&self.text(item)?, part);
        let name = item.get("name").and_then(Value::as_str).unwrap_or_default();
        let is_position = name.parse::<usize>().is_ok();
        let is_word = |word: &str| word == name;
        if is_position || text.split(|c: char| !c.is_alphanumeric() && c != '_').any(is_word) {
            Ok(text)
        } else {
            Ok(format!("{kind} {name}"))
        }
    }

    /// The text of an item; empty where it has no place of its own in a file of ours.
    fn text(&mut self, item: &Value) -> Result<String, String> {
        let Some(span) = item.get("span").filter(|span| !span.is_null()) else { return Ok(String::new()) };
        let file = span.get("filename").and_then(Value::as_str).ok_or("a place without a file")?;
        let at = |name: &str, part: usize| {
            let number = span.get(name).and_then(|pair| pair.get(part)).and_then(Value::as_u64);
            number.and_then(|number| usize::try_from(number).ok()).ok_or("a place without numbers")
        };
        let (begin, end) = ((at("begin", 0)?, at("begin", 1)?), (at("end", 0)?, at("end", 1)?));
        if !self.texts.contains_key(file) {
            let text = std::fs::read_to_string(self.root.join(file)).unwrap_or_default();
            self.texts.insert(file.to_owned(), text);
        }
        let text = self.texts.get(file).map(String::as_str).unwrap_or_default();
        Ok(between(text, begin, end))
    }
}

/// The signature's part of items that have no parts of their own.
fn part(kind: &str) -> Part {
    match kind {
        "function" | "trait" | "variant" | "macro" => Part::BeforeBody,
        "constant" | "static" | "assoc_const" => Part::BeforeValue,
        _ => Part::Whole,
    }
}

/// The characters between two places: lines from one, columns from one, the last one excluded.
fn between(text: &str, begin: (usize, usize), end: (usize, usize)) -> String {
    let mut found = String::new();
    for (number, line) in (1..).zip(text.lines()).skip(begin.0 - 1).take(end.0 + 1 - begin.0) {
        let from = if number == begin.0 { begin.1 - 1 } else { 0 };
        let to = if number == end.0 { end.1 - 1 } else { usize::MAX };
        found.extend(line.chars().skip(from).take(to.saturating_sub(from)));
        found.push('\n');
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn items_are_listed_where_users_find_them() {
        let folder = std::env::temp_dir().join(format!("xtask-api-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let text = "pub struct Point { pub x: u32 }\nimpl Point {\npub fn new(\n  x: u32,\n) -> Self { todo() }\n}\nimpl From<u32> for Point {}\n";
        std::fs::write(folder.join("lib.rs"), text).unwrap();
        let item = |name: &str, begin: [u32; 2], end: [u32; 2], inner: Value| {
            json!({"name": name, "crate_id": 0, "visibility": "public", "inner": inner,
                   "span": {"filename": "lib.rs", "begin": begin, "end": end}})
        };
        let none = json!(null);
        let described = json!({"root": 0, "index": {
            "0": item("shapes", [1, 1], [7, 1], json!({"module": {"items": [1, 2]}})),
            "1": item("", [1, 1], [1, 1], json!({"use": {"source": "point::Point", "name": "Point", "id": 3, "is_glob": false}})),
            "2": item("", [1, 1], [1, 1], json!({"use": {"source": "point::Point", "name": "Dot", "id": 3, "is_glob": false}})),
            "3": item("Point", [1, 1], [1, 32], json!({"struct": {"kind": {"plain": {"fields": [4]}}, "impls": [5, 7, 8]}})),
            "4": item("x", [1, 20], [1, 30], json!({"struct_field": {"primitive": "u32"}})),
            "5": item("", [2, 1], [6, 2], json!({"impl": {"trait": none, "items": [6], "is_synthetic": false, "blanket_impl": none}})),
            "6": item("new", [3, 1], [5, 22], json!({"function": {}})),
            "7": item("", [7, 1], [7, 27], json!({"impl": {"trait": {"path": "From"}, "items": [], "is_synthetic": false, "blanket_impl": none}})),
            "8": item("", [1, 1], [1, 4], json!({"impl": {"trait": {"path": "core::fmt::Debug"}, "items": [], "is_synthetic": false, "blanket_impl": none}})),
        }});
        let lines: Vec<String> = list(&described, &folder).unwrap().into_iter().collect();
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(
            lines,
            [
                "shapes::Dot: pub use point::Point",
                "shapes::Point: impl Debug for Point",
                "shapes::Point: impl From<u32> for Point",
                "shapes::Point: pub struct Point",
                "shapes::Point::new: pub fn new(x: u32) -> Self",
                "shapes::Point::x: pub x: u32",
            ]
        );
    }

    #[test]
    fn another_form_of_the_description_is_an_error_and_no_empty_list() {
        assert!(list(&json!({"items": []}), Path::new("/")).is_err());
    }
}

//! Python's regular expressions: searching, going on behind a match, templates of replacements.

use super::fault::{Fault, Result};
use super::machine::Machine;
use super::text;
use super::value::Value;
use crate::python::{is_verbose, refused, translate};
use std::cell::OnceCell;
use std::rc::Rc;

/// Steps that a search may take back before it is given up.
pub(crate) const BACKTRACK_LIMIT: usize = 100_000;

/// The most that a compiled pattern may take.
const COMPILED_BYTES: usize = 1 << 20;
const COMPILED_STEPS: usize = 100_000;

/// What a search costs beside the length of the text.
const SEARCH_STEPS: usize = 100;

/// How a pattern is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct Flags {
    pub(super) ignore_case: bool,
    pub(super) multi_line: bool,
    pub(super) dot_all: bool,
}

/// A compiled pattern.
#[derive(Debug)]
pub(super) struct Regex {
    pattern: String,
    flags: Flags,
    compiled: fancy_regex::Regex,
    /// The same, but a match where the search begins is not empty.
    advancing: OnceCell<Option<fancy_regex::Regex>>,
}

/// A match: the places in bytes of all groups that took part, the whole first.
#[derive(Debug)]
pub(super) struct Match {
    pub(super) groups: Vec<Option<(usize, usize)>>,
}

impl PartialEq for Regex {
    fn eq(&self, other: &Self) -> bool {
        self.pattern == other.pattern && self.flags == other.flags
    }
}

fn compile(pattern: &str, flags: Flags) -> std::result::Result<fancy_regex::Regex, fancy_regex::Error> {
    fancy_regex::RegexBuilder::new(pattern)
        .case_insensitive(flags.ignore_case)
        .multi_line(flags.multi_line)
        .dot_matches_new_line(flags.dot_all)
        .backtrack_limit(BACKTRACK_LIMIT)
        .delegate_size_limit(COMPILED_BYTES)
        .max_prog_size(COMPILED_STEPS)
        .build()
}

impl Regex {
    /// Compiles a pattern.
    pub(super) fn new(pattern: &str, flags: Flags) -> Result<Self> {
        if repeats_nothing(pattern) {
            return Err(Fault::other("the regular expression repeats what has no length"));
        }
        if let Some(reason) = refused(pattern) {
            return Err(Fault::other(format!("the text is not a regular expression: {reason}")));
        }
        let compiled = compile(&engine_pattern(pattern, flags), flags)
            .map_err(|_| Fault::other("the text is not a regular expression"))?;
        Ok(Self { pattern: pattern.to_owned(), flags, compiled, advancing: OnceCell::new() })
    }

    /// The pattern as written.
    pub(super) fn as_str(&self) -> &str {
        &self.pattern
    }

    /// The flags as Python's `repr` writes them.
    pub(super) fn flags_repr(&self) -> String {
        let names = [
            (self.flags.ignore_case, "re.IGNORECASE"),
            (self.flags.multi_line, "re.MULTILINE"),
            (self.flags.dot_all, "re.DOTALL"),
        ];
        let set: Vec<_> = names.iter().filter(|(is_set, _)| *is_set).map(|(_, name)| *name).collect();
        if set.is_empty() { String::new() } else { format!(", {}", set.join("|")) }
    }

    /// The names of the groups, by their numbers.
    pub(super) fn names(&self) -> impl Iterator<Item = (usize, &str)> {
        self.compiled.capture_names().enumerate().filter_map(|(number, name)| Some((number, name?)))
    }

    /// How many groups there are, beside the whole.
    fn group_count(&self) -> usize {
        self.compiled.captures_len() - 1
    }

    /// The first match from a place on; with `advance` it is not an empty one at that place.
    pub(super) fn search(
        &self,
        machine: &mut Machine<'_>,
        text: &str,
        from: usize,
        advance: bool,
    ) -> Result<Option<Match>> {
        machine.pay(u64::try_from(SEARCH_STEPS + (text.len() - from) / 16).unwrap_or(u64::MAX))?;
        let given_up = || Fault::limit("the regular expression takes too long to match");
        let regex = if advance {
            let compiled = self.advancing.get_or_init(|| {
                compile(&format!("(?:{})(?!\\G)", engine_pattern(&self.pattern, self.flags)), self.flags).ok()
            });
            compiled.as_ref().ok_or_else(given_up)?
        } else {
            &self.compiled
        };
        let Some(found) = regex.captures_from_pos(text, from).map_err(|_| given_up())? else {
            return Ok(None);
        };
        let groups = (0..found.len())
            .map(|group| found.get(group).map(|found| (found.start(), found.end())))
            .collect();
        Ok(Some(Match { groups }))
    }
}

/// The pattern in the engine's writing.
fn engine_pattern(pattern: &str, flags: Flags) -> String {
    let mut translated = translate(pattern);
    if is_verbose(pattern) {
        // A comment at the end would take with it what is put behind it.
        translated.push('\n');
    }
    // Where every line has an end, the end of the text is one of them.
    if flags.multi_line { translated.replace("(?:$|(?=\\n\\z))", "$") } else { translated }
}

/// Whether something stands behind `^`, `$` or `\b` that says how often: Python refuses that, the engine does not.
fn repeats_nothing(pattern: &str) -> bool {
    let (mut in_class, mut place) = (false, false);
    let mut characters = pattern.chars().peekable();
    while let Some(character) = characters.next() {
        let is_place = match character {
            '\\' => {
                let kind = characters.next();
                !in_class && matches!(kind, Some('b' | 'B' | 'A' | 'Z'))
            }
            '[' if !in_class => {
                in_class = true;
                characters.next_if_eq(&'^');
                // A closing bracket in first place is itself.
                characters.next_if_eq(&']');
                false
            }
            ']' if in_class => {
                in_class = false;
                false
            }
            _ if in_class => false,
            '*' | '+' | '?' if place => return true,
            '{' if place && characters.peek().is_some_and(|next| next.is_ascii_digit() || *next == ',') => {
                return true;
            }
            '^' | '$' => true,
            _ => false,
        };
        place = is_place;
    }
    false
}

/// Goes from match to match.
pub(super) struct Matches {
    regex: Rc<Regex>,
    at: usize,
    advance: bool,
    done: bool,
}

impl Matches {
    pub(super) fn new(regex: Rc<Regex>) -> Self {
        Self { regex, at: 0, advance: false, done: false }
    }

    /// The next match.
    pub(super) fn next(&mut self, machine: &mut Machine<'_>, text: &str) -> Result<Option<Match>> {
        if self.done {
            return Ok(None);
        }
        let found = self.regex.search(machine, text, self.at, self.advance)?;
        match &found {
            Some(found) => {
                let (start, end) = found.whole();
                self.at = end;
                self.advance = start == end;
            }
            None => self.done = true,
        }
        Ok(found)
    }
}

impl Match {
    /// Where all of it is.
    pub(super) fn whole(&self) -> (usize, usize) {
        self.groups.first().copied().flatten().unwrap_or((0, 0))
    }

    /// The text of a group; `None` if it took no part.
    pub(super) fn group<'t>(&self, text: &'t str, number: usize) -> Option<&'t str> {
        let (start, end) = self.groups.get(number).copied().flatten()?;
        Some(&text[start..end])
    }

    /// A group's text and place, as `search` hands it to a selector.
    pub(super) fn record(&self, text: &str, number: usize) -> Result<Value> {
        let place = |at| Value::count(text::length(&text[..at]));
        let (value, start, end) = match self.groups.get(number).copied().flatten() {
            Some((start, end)) => (Value::text(&text[start..end]), place(start), place(end)),
            None => (Value::Null, Value::Int(-1), Value::Int(-1)),
        };
        let entries = [("value", value), ("start", start), ("end", end)];
        let entries =
            entries.into_iter().map(|(name, value)| Ok((super::hash::key(Value::text(name))?, value)));
        Value::map(entries.collect::<Result<_>>()?, false)
    }
}

/// A part of the template of a replacement.
enum Part {
    Text(String),
    Group(usize),
}

/// What replaces a match: a text with `\1` and `\g<name>` in it.
pub(super) struct Template {
    parts: Vec<Part>,
}

impl Template {
    /// Reads a template.
    pub(super) fn parse(regex: &Regex, template: &str) -> Result<Self> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = template;
        while let Some(at) = rest.find('\\') {
            literal.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            let bad = || Fault::other("a replacement has no such escape");
            let kind = rest.chars().next().ok_or_else(bad)?;
            let digits = rest.bytes().take(3).take_while(u8::is_ascii_digit).count();
            let octal = rest.bytes().take(3).take_while(|byte| (b'0'..b'8').contains(byte)).count();
            let group = if kind == 'g' {
                let name = rest.strip_prefix("g<").and_then(|rest| rest.split_once('>'));
                let (name, after) = name.filter(|(name, _)| !name.is_empty()).ok_or_else(bad)?;
                rest = after;
                match name.parse() {
                    Ok(number) => number,
                    Err(_) => {
                        let known = regex.names().find(|(_, known)| *known == name);
                        known.ok_or_else(|| Fault::index("there is no group with this name"))?.0
                    }
                }
            } else if kind == '0' || (digits == 3 && octal == 3) {
                let length = if kind == '0' { octal.min(3) } else { 3 };
                let code = u32::from_str_radix(&rest[..length], 8).unwrap_or(0);
                if code > 0o377 {
                    return Err(bad());
                }
                literal.push(char::from_u32(code).unwrap_or('\u{fffd}'));
                rest = &rest[length..];
                continue;
            } else if digits > 0 {
                let length = digits.min(2);
                let number = rest[..length].parse().unwrap_or(0);
                rest = &rest[length..];
                number
            } else {
                let simple = match kind {
                    'a' => Some('\u{7}'),
                    'b' => Some('\u{8}'),
                    'f' => Some('\u{c}'),
                    'n' => Some('\n'),
                    'r' => Some('\r'),
                    't' => Some('\t'),
                    'v' => Some('\u{b}'),
                    '\\' => Some('\\'),
                    other if other.is_ascii_alphabetic() => return Err(bad()),
                    _ => None,
                };
                match simple {
                    Some(character) => literal.push(character),
                    None => {
                        literal.push('\\');
                        literal.push(kind);
                    }
                }
                rest = &rest[kind.len_utf8()..];
                continue;
            };
            if group > regex.group_count() {
                return Err(Fault::other(format!("there is no group {group}")));
            }
            parts.push(Part::Text(std::mem::take(&mut literal)));
            parts.push(Part::Group(group));
        }
        literal.push_str(rest);
        parts.push(Part::Text(literal));
        Ok(Self { parts })
    }

    /// The replacement of a match.
    pub(super) fn expand(&self, found: &Match, text: &str, out: &mut String) {
        for part in &self.parts {
            match part {
                Part::Text(literal) => out.push_str(literal),
                Part::Group(number) => out.push_str(found.group(text, *number).unwrap_or_default()),
            }
        }
    }
}

/// Python's `re.escape`.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if "()[]{}?*+-|^$\\.&~# \t\n\r\u{b}\u{c}".contains(character) {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

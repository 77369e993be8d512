//! A stack as it shall be, written down independently of any engine: things by themselves, in nested stacks, in groups,
//! and in nested stacks in groups.

use heat_template::source::SourceMap;
use heat_template::yaml::Limits;
use heat_template::{Environment, Files};
use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Id and value of a thing that was there before any stack.
pub(crate) const OUTSIDE: &str = "outside";

#[derive(Debug, Clone, Default)]
pub(crate) struct World {
    /// How often it was changed. The stack tells it, so that one sees which form a rollback came back to.
    pub(crate) serial: u32,
    things: BTreeMap<usize, Thing>,
    /// Templates that stand for a type, each used once or by the members of a group.
    boxes: BTreeMap<usize, Nested>,
    groups: BTreeMap<usize, Group>,
    nests: bool,
    /// It uses a thing that was there before, and has another one that links to it.
    pub(crate) external: bool,
    /// Hooks, by patterns of names, each with a pattern inside of it or none.
    hooks: Vec<(&'static str, Option<&'static str>, &'static str)>,
}

#[derive(Debug, Clone)]
struct Thing {
    kind: &'static str,
    named: bool,
    value: u32,
    place: u32,
    links: BTreeSet<usize>,
}

/// A nested template.
#[derive(Debug, Clone)]
struct Nested {
    things: BTreeMap<usize, Thing>,
    /// The thing outside that the first one inside links to.
    outer: Option<usize>,
    /// So many of it in a group.
    copies: Option<u32>,
    /// A thing outside has the value of the first one inside.
    told: bool,
}

/// A group of things.
#[derive(Debug, Clone)]
struct Group {
    count: u32,
    value: u32,
    place: u32,
    outer: Option<usize>,
}

/// A thing that should be there.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    pub(crate) kind: &'static str,
    pub(crate) name: Option<String>,
    pub(crate) value: String,
    pub(crate) place: String,
    /// Paths of others.
    pub(crate) links: BTreeSet<String>,
}

const HOOKS: [&str; 6] =
    ["pre-create", "post-create", "pre-update", "post-update", "pre-delete", "post-delete"];
const PLACES: [(&str, Option<&str>); 9] = [
    ("r*", None),
    ("r1", None),
    ("*", None),
    ("[bg]*", None),
    ("b*", Some("r*")),
    ("b*", Some("0")),
    ("g*", Some("*")),
    ("ext", None),
    ("local", None),
];

const KINDS: [&str; 3] = ["Test::Keyed", "Test::Unique", "Test::Named"];

/// What is replaced by deleting first (a unique name that stays) has no users here: a service that refuses to delete what
/// is in use leaves no order in which that could go well.
fn is_exclusive(thing: &Thing) -> bool {
    thing.kind == "Test::Unique" && thing.named
}

fn add(things: &mut BTreeMap<usize, Thing>, number: usize, may_be_named: bool, rng: &mut StdRng) {
    let others = things.iter().filter(|(other, thing)| **other < number && !is_exclusive(thing));
    let before: Vec<_> = others.map(|(other, _)| *other).collect();
    let links = before.into_iter().filter(|_| rng.random_range(0..3) == 0).collect();
    let thing = Thing {
        kind: KINDS[rng.random_range(0..KINDS.len())],
        named: may_be_named && rng.random_range(0..2) == 0,
        value: rng.random_range(0..4),
        place: rng.random_range(0..3),
        links,
    };
    things.insert(number, thing);
}

/// Another form: things go, come, and change.
fn change(things: &mut BTreeMap<usize, Thing>, may_be_named: bool, rng: &mut StdRng) {
    for _ in 0..rng.random_range(0..4) {
        let Some(number) = things.keys().copied().nth(rng.random_range(0..things.len().max(1))) else {
            break;
        };
        match rng.random_range(0..5) {
            0 => {
                things.remove(&number);
                things.values_mut().for_each(|thing| {
                    thing.links.remove(&number);
                });
            }
            1 => things.get_mut(&number).unwrap().place += 1,
            2 => things.get_mut(&number).unwrap().value += 1,
            3 => things.get_mut(&number).unwrap().links.clear(),
            _ => {
                let next = things.keys().last().map_or(0, |last| last + 1);
                add(things, next, may_be_named, rng);
            }
        }
    }
}

fn some<T: Copy>(of: &[T], rng: &mut StdRng) -> Option<T> {
    (!of.is_empty() && rng.random_range(0..2) == 0).then(|| of[rng.random_range(0..of.len())])
}

impl World {
    pub(crate) fn random(rng: &mut StdRng) -> Self {
        let mut world = Self { nests: rng.random_range(0..2) == 0, ..Self::default() };
        world.external = rng.random_range(0..2) == 0;
        world.choose_hooks(rng);
        for number in 0..rng.random_range(1..if world.nests { 5 } else { 10 }) {
            add(&mut world.things, number, true, rng);
        }
        if world.nests {
            for number in 0..rng.random_range(0..3) {
                world.add_box(number, rng);
            }
            for number in 0..rng.random_range(0..3) {
                world.add_group(number, rng);
            }
        }
        world
    }

    fn outer(&self, rng: &mut StdRng) -> Option<usize> {
        let all: Vec<_> =
            self.things.iter().filter(|(_, thing)| !is_exclusive(thing)).map(|(number, _)| *number).collect();
        some(&all, rng)
    }

    fn add_box(&mut self, number: usize, rng: &mut StdRng) {
        let mut things = BTreeMap::new();
        for inner in 0..rng.random_range(0..4) {
            add(&mut things, inner, false, rng);
        }
        let copies = (rng.random_range(0..3) == 0).then(|| rng.random_range(0..3));
        let told = copies.is_none() && rng.random_range(0..2) == 0;
        let outer = self.outer(rng);
        self.boxes.insert(number, Nested { things, outer, copies, told });
    }

    fn add_group(&mut self, number: usize, rng: &mut StdRng) {
        let (count, value, place) = (rng.random_range(0..4), rng.random_range(0..4), rng.random_range(0..3));
        let outer = self.outer(rng);
        self.groups.insert(number, Group { count, value, place, outer });
    }

    pub(crate) fn change(&mut self, rng: &mut StdRng) {
        self.serial += 1;
        self.choose_hooks(rng);
        self.external ^= rng.random_range(0..4) == 0;
        change(&mut self.things, true, rng);
        let there = self.things.clone();
        let gone = |outer: &mut Option<usize>| {
            if outer.is_some_and(|number| there.get(&number).is_none_or(is_exclusive)) {
                *outer = None;
            }
        };
        self.boxes.values_mut().for_each(|nested| gone(&mut nested.outer));
        self.groups.values_mut().for_each(|group| gone(&mut group.outer));
        if !self.nests {
            return;
        }
        for number in self.boxes.keys().copied().collect::<Vec<_>>() {
            match rng.random_range(0..6) {
                0 => {
                    self.boxes.remove(&number);
                }
                1 => self.add_box(number, rng),
                2 | 3 => change(&mut self.boxes.get_mut(&number).unwrap().things, false, rng),
                4 => {
                    if let Some(copies) = &mut self.boxes.get_mut(&number).unwrap().copies {
                        *copies = rng.random_range(0..4);
                    }
                }
                _ => {}
            }
        }
        for number in self.groups.keys().copied().collect::<Vec<_>>() {
            let group = self.groups.get_mut(&number).unwrap();
            match rng.random_range(0..6) {
                0 => {
                    self.groups.remove(&number);
                }
                1 => group.count = rng.random_range(0..5),
                2 => group.value += 1,
                3 => group.place += 1,
                4 => group.outer = None,
                _ => {}
            }
        }
        if rng.random_range(0..3) == 0 {
            let next = self.boxes.keys().last().map_or(0, |last| last + 1);
            self.add_box(next, rng);
        }
    }

    fn choose_hooks(&mut self, rng: &mut StdRng) {
        self.hooks.clear();
        for _ in 0..[0, 0, 1, 3][rng.random_range(0..4)] {
            let (pattern, inside) = PLACES[rng.random_range(0..PLACES.len())];
            self.hooks.push((pattern, inside, HOOKS[rng.random_range(0..HOOKS.len())]));
        }
    }

    pub(crate) fn environment(&self) -> Environment {
        let mut entries: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        let mut resources = serde_json::Map::new();
        for (pattern, inside, hook) in &self.hooks {
            let place = format!("{pattern} {}", inside.unwrap_or_default());
            let list = entries.entry(place).or_default();
            list.push(hook);
            let here = resources.entry(*pattern).or_insert_with(|| json!({}));
            match inside {
                None => here["hooks"] = json!(list),
                Some(inside) => here[*inside] = json!({"hooks": list}),
            }
        }
        let text = json!({"resource_registry": {"resources": resources}}).to_string();
        Environment::parse(&mut SourceMap::new(), "environment", &text, &Limits::default()).value.unwrap()
    }

    /// Some of its resources, by name.
    pub(crate) fn some(&self, rng: &mut StdRng) -> Vec<String> {
        let things = self.things.keys().map(|number| format!("r{number}"));
        let boxes = self.boxes.keys().map(|number| format!("b{number}"));
        let groups = self.groups.keys().map(|number| format!("g{number}"));
        things.chain(boxes).chain(groups).filter(|_| rng.random_range(0..3) == 0).collect()
    }

    pub(crate) fn template(&self) -> String {
        let mut text = format!(
            "heat_template_version: 2021-04-16\noutputs:\n  serial: {{value: {{get_attr: [local, value]}}}}\nresources:\n  \
             none: {{type: OS::Heat::None}}\n  local: {{type: OS::Heat::Value, properties: {{type: number, value: {}}}}}\n",
            self.serial
        );
        if self.external {
            let _ = writeln!(
                text,
                "  ext: {{type: Test::Keyed, external_id: {OUTSIDE}}}\n  uses:\n    type: Test::Keyed\n    properties: {{value: \
                 {{get_attr: [ext, value]}}, place: p0, links: [{{get_resource: ext}}]}}"
            );
        }
        write_things(&mut text, &self.things, None);
        for (number, nested) in &self.boxes {
            let outer = outer_links(nested.outer);
            match nested.copies {
                None => {
                    let _ = writeln!(
                        text,
                        "  b{number}:\n    type: box{number}.yaml\n    properties: {{outer: {outer}}}"
                    );
                }
                Some(copies) => {
                    let _ = writeln!(
                        text,
                        "  b{number}:\n    type: OS::Heat::ResourceGroup\n    properties:\n      count: {copies}\n      \
                         resource_def: {{type: box{number}.yaml, properties: {{outer: {outer}}}}}"
                    );
                }
            }
            if nested.told && !nested.things.is_empty() {
                let _ = writeln!(
                    text,
                    "  u{number}:\n    type: Test::Keyed\n    properties: {{value: {{get_attr: [b{number}, first]}}, \
                     place: p0}}"
                );
            }
        }
        for (number, group) in &self.groups {
            let _ = writeln!(
                text,
                "  g{number}:\n    type: OS::Heat::ResourceGroup\n    properties:\n      count: {}\n      resource_def:\n        \
                 type: Test::Keyed\n        properties: {{value: v{}-%index%, place: p{}, links: {}}}",
                group.count,
                group.value,
                group.place,
                outer_links(group.outer)
            );
        }
        text
    }

    pub(crate) fn files(&self) -> Files {
        let file = |(number, nested): (&usize, &Nested)| {
            let mut text =
                "heat_template_version: 2021-04-16\nparameters:\n  outer: {type: json}\n".to_owned();
            text.push_str("resources:\n  none: {type: OS::Heat::None}\n");
            write_things(&mut text, &nested.things, Some("{get_param: outer}"));
            if let Some(first) = nested.things.keys().next() {
                let _ = writeln!(text, "outputs:\n  first: {{value: {{get_attr: [r{first}, value]}}}}");
            }
            (format!("box{number}.yaml"), text)
        };
        self.boxes.iter().map(file).collect()
    }

    /// All things that should be there, by their paths.
    pub(crate) fn expected(&self) -> BTreeMap<String, Expected> {
        let mut expected = BTreeMap::new();
        things_at("", &self.things, None, &mut expected);
        if self.external {
            expected.insert(
                "uses".to_owned(),
                keyed(OUTSIDE.to_owned(), "p0".to_owned(), Some("ext".to_owned())),
            );
        }
        let link = |outer: Option<usize>| outer.map(|number| format!("r{number}"));
        for (number, nested) in &self.boxes {
            match nested.copies {
                None => things_at(&format!("b{number}/"), &nested.things, link(nested.outer), &mut expected),
                Some(copies) => {
                    for copy in 0..copies {
                        let path = format!("b{number}/{copy}/");
                        things_at(&path, &nested.things, link(nested.outer), &mut expected);
                    }
                }
            }
            if let Some((_, first)) = nested.things.iter().next().filter(|_| nested.told) {
                let value = format!("v{}", first.value);
                expected.insert(format!("u{number}"), keyed(value, "p0".to_owned(), None));
            }
        }
        for (number, group) in &self.groups {
            for index in 0..group.count {
                let value = format!("v{}-{index}", group.value);
                let place = format!("p{}", group.place);
                expected.insert(format!("g{number}/{index}"), keyed(value, place, link(group.outer)));
            }
        }
        expected
    }
}

fn keyed(value: String, place: String, link: Option<String>) -> Expected {
    Expected { kind: "Test::Keyed", name: None, value, place, links: link.into_iter().collect() }
}

fn outer_links(outer: Option<usize>) -> String {
    outer.map_or_else(|| "[]".to_owned(), |number| format!("[{{get_resource: r{number}}}]"))
}

/// `first_links`: an expression for the links of the first one, beside its own: it has none.
fn write_things(text: &mut String, things: &BTreeMap<usize, Thing>, first_links: Option<&str>) {
    let first = things.keys().next();
    for (number, thing) in things {
        let _ = writeln!(text, "  r{number}:\n    type: {}\n    properties:", thing.kind);
        if thing.named {
            let _ = writeln!(text, "      name: n{number}");
        }
        let _ = writeln!(text, "      value: v{}\n      place: p{}", thing.value, thing.place);
        let links: Vec<_> = thing.links.iter().map(|link| format!("{{get_resource: r{link}}}")).collect();
        match first_links.filter(|_| Some(number) == first) {
            Some(links) => {
                let _ = writeln!(text, "      links: {links}");
            }
            None => {
                let _ = writeln!(text, "      links: [{}]", links.join(", "));
            }
        }
    }
}

fn things_at(
    path: &str,
    things: &BTreeMap<usize, Thing>,
    first_link: Option<String>,
    expected: &mut BTreeMap<String, Expected>,
) {
    let first = things.keys().next();
    for (number, thing) in things {
        let links = match (Some(number) == first, path.is_empty()) {
            (true, false) => first_link.clone().into_iter().collect(),
            _ => thing.links.iter().map(|link| format!("{path}r{link}")).collect(),
        };
        let thing = Expected {
            kind: thing.kind,
            name: thing.named.then(|| format!("n{number}")),
            value: format!("v{}", thing.value),
            place: format!("p{}", thing.place),
            links,
        };
        expected.insert(format!("{path}r{number}"), thing);
    }
}

//! Texts that are almost templates: recorded ones with a few random changes, the same for the same seed.

/// SplitMix64: enough for choosing, and the same on every machine.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, or 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % (end.max(1) as u64)) as usize
    }

    pub(crate) fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }
}

/// What has a meaning to YAML, to Heat or to careless readers.
pub(crate) const YAML: [&str; 74] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ": ",
    ":",
    "- ",
    "? ",
    "&a ",
    "*a",
    "*",
    "&",
    "<<: ",
    "<<: *a\n",
    "!!str ",
    "!!binary ",
    "!!float ",
    "!x ",
    "'",
    "\"",
    "|",
    ">",
    "|2-\n",
    ">+\n",
    "#",
    " #",
    "%YAML 1.1\n---\n",
    "---\n",
    "...\n",
    "\n",
    "\r",
    "\r\n",
    "\t",
    "  ",
    "\u{feff}",
    "\u{85}",
    "\u{2028}",
    "\0",
    "\u{1b}",
    "\u{fffe}",
    "é",
    "𝔘",
    "\\",
    "\\x4",
    "\"\\u12\"",
    "~",
    "null",
    "yes",
    "0o17",
    "017",
    "1_000",
    "190:20:30",
    "0b",
    "-.inf",
    ".nan",
    "1e400",
    "1e999999999",
    "-0",
    "2021-04-16",
    "99999999999999999999999999",
    "{get_param: a}",
    "{get_resource: ",
    "{get_attr: [a, ",
    "{if: [a, b, c]}",
    "{yaql: ",
    "{repeat: {for_each: {",
    "str_replace",
    "list_join",
    "Fn::GetAtt",
    "Ref",
    "OS::Heat::Value",
    "heat_template_version: ",
    "condition: ",
];

/// What the grammar of YAQL is made of, to be put anywhere.
pub(crate) const YAQL: [&str; 36] = [
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "$",
    ".",
    ",",
    " => ",
    " -> ",
    "?.",
    "'",
    "\"",
    "`",
    "\\",
    " + ",
    " - ",
    " * ",
    "/",
    " mod ",
    " and ",
    "not ",
    " in ",
    "null",
    "true",
    "0",
    "-1",
    "1.5",
    "99999999999999999999",
    "x",
    "é😀",
    "\u{0}",
    " = ",
    "$x",
    "@",
];

/// `text` with one to four changes: `pieces` put in, parts of `others` borrowed.
pub(crate) fn mutate(text: &str, others: &[String], pieces: &[&str], random: &mut Random) -> String {
    let mut text = text.to_owned();
    for _ in 0..=random.below(4) {
        text = match random.below(10) {
            0 => insert(&text, random.one(pieces), random),
            1 => {
                let (from, to) = range(&text, random);
                [&text[..from], random.one(pieces), &text[to..]].concat()
            }
            2 => {
                let (from, to) = range(&text, random);
                [&text[..from], &text[to..]].concat()
            }
            3 => {
                let (from, to) = range(&text, random);
                [&text[..to], &text[from..]].concat()
            }
            4 => {
                let at = place(&text, random);
                text[..at].to_owned()
            }
            5 => {
                let other = &others[random.below(others.len())];
                let (from, to) = range(other, random);
                insert(&text, &other[from..to], random)
            }
            6 => on_lines(&text, random, |lines, one, other, _| lines.swap(one, other)),
            7 => on_lines(&text, random, |lines, one, other, _| {
                let moved = lines.remove(one);
                lines.insert(other.min(lines.len()), moved);
            }),
            8 => on_lines(&text, random, |lines, one, _, random| {
                let line = lines[one].trim_start();
                lines[one] = format!("{}{line}", " ".repeat(random.below(9)));
            }),
            _ => words(&text, random),
        };
    }
    text
}

/// An offset between two characters.
fn place(text: &str, random: &mut Random) -> usize {
    let at = random.below(text.len() + 1);
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// Mostly short, sometimes whatever comes.
fn range(text: &str, random: &mut Random) -> (usize, usize) {
    let from = place(text, random);
    let length = if random.below(4) == 0 { random.below(text.len() + 1) } else { random.below(12) };
    let to = (from..=(from + length).min(text.len())).rev().find(|to| text.is_char_boundary(*to));
    (from, to.unwrap_or(from))
}

fn insert(text: &str, piece: &str, random: &mut Random) -> String {
    let at = place(text, random);
    [&text[..at], piece, &text[at..]].concat()
}

fn on_lines(
    text: &str,
    random: &mut Random,
    change: impl FnOnce(&mut Vec<String>, usize, usize, &mut Random),
) -> String {
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    if lines.is_empty() {
        return String::new();
    }
    let (one, other) = (random.below(lines.len()), random.below(lines.len()));
    change(&mut lines, one, other, random);
    lines.concat()
}

/// Puts one word of the text in the place of another: names that nobody has, circles, wrong types.
fn words(text: &str, random: &mut Random) -> String {
    let is_word = |c: char| c.is_alphanumeric() || "_:$.".contains(c);
    let mut found = Vec::new();
    let mut begun = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (begun, is_word(c)) {
            (None, true) => begun = Some(at),
            (Some(from), false) => {
                found.push((from, at));
                begun = None;
            }
            _ => {}
        }
    }
    if found.is_empty() {
        return text.to_owned();
    }
    let (from, to) = found[random.below(found.len())];
    let (other_from, other_to) = found[random.below(found.len())];
    [&text[..from], &text[other_from..other_to], &text[to..]].concat()
}

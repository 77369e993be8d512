//! What strangers may write: the recorded expressions with random changes. Whatever comes, nothing panics, everything
//! ends, and every place that is told lies inside of the expression.
//!
//! `HEAT_MUTATIONS=100000` sets how many are tried, `HEAT_MUTATION_SEED=17` tries one and prints it.

use heat_template::yaql::Statement;
use serde_json::{Value, json};
use std::ops::Range;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

/// How many expressions are tried where nobody says.
const MUTATIONS: u64 = 3000;

/// An expression that takes so long never ends.
const ENDLESS: Duration = Duration::from_secs(120);

/// What the grammar is made of, to be put anywhere.
const PIECES: [&str; 36] = [
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

/// A small random source: the same seed gives the same expression everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end.max(1)).unwrap()).unwrap()
    }

    fn cut(&mut self, text: &str) -> usize {
        let places: Vec<_> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        places[self.below(places.len())]
    }

    fn part(&mut self, text: &str) -> Range<usize> {
        let (one, two) = (self.cut(text), self.cut(text));
        one.min(two)..one.max(two)
    }
}

fn mutate(expressions: &[String], random: &mut Random) -> String {
    let mut text = expressions[random.below(expressions.len())].clone();
    for _ in 0..=random.below(4) {
        match random.below(6) {
            0 => text.replace_range(random.part(&text), ""),
            1 | 2 => text.insert_str(random.cut(&text), PIECES[random.below(PIECES.len())]),
            3 => {
                let part = text[random.part(&text)].to_owned();
                text.insert_str(random.cut(&text), &part);
            }
            4 => {
                // A part of another expression.
                let other = &expressions[random.below(expressions.len())];
                let part = random.part(other);
                text.replace_range(random.part(&text), &other[part]);
            }
            _ => {
                let piece = PIECES[random.below(PIECES.len())];
                text.replace_range(random.part(&text), piece);
            }
        }
    }
    text
}

fn inside(text: &str, part: Range<usize>) {
    assert!(text.get(part.clone()).is_some(), "{part:?} is no part of {text:?}");
}

fn judge(expressions: &[String], data: &Value, seed: u64, aloud: bool) {
    let text = mutate(expressions, &mut Random(seed));
    if aloud {
        println!("{text}");
    }
    match Statement::parse(&text) {
        Err(error) => inside(&text, error.span()),
        Ok(statement) => {
            if let Err(fault) = statement.evaluate(data)
                && let Some(part) = fault.span()
            {
                inside(&text, part);
            }
        }
    }
}

#[test]
fn changed_expressions_are_judged_without_a_panic_and_with_places_inside_them() {
    let cases = super::corpus();
    let expressions: Vec<_> =
        cases.iter().map(|case| case["expression"].as_str().unwrap().to_owned()).collect();
    let data = json!({"data": {"a": [1, 2, "x"], "b": {"c": null}, "t": "text"}});
    let number =
        |variable| std::env::var(variable).ok().map(|text: String| text.parse::<u64>().expect("a number"));
    if let Some(seed) = number("HEAT_MUTATION_SEED") {
        return judge(&expressions, &data, seed, true);
    }
    let count = number("HEAT_MUTATIONS").unwrap_or(MUTATIONS);
    let (begin, begun) = mpsc::channel();
    let work = std::thread::spawn(move || {
        for seed in 0..count {
            begin.send(seed).unwrap();
            judge(&expressions, &data, seed, false);
        }
    });
    let mut current = 0;
    loop {
        match begun.recv_timeout(ENDLESS) {
            Ok(seed) => current = seed,
            Err(RecvTimeoutError::Timeout) => panic!("HEAT_MUTATION_SEED={current} does not end"),
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    assert!(work.join().is_ok(), "HEAT_MUTATION_SEED={current} fails");
}

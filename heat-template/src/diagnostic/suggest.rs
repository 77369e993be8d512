//! "Did you mean": the known name nearest to one that is not known.

use std::cell::Cell;

/// How many candidates are looked at; more would make a typing error in a huge template slow.
const MAX_CANDIDATES: usize = 1_000;

/// Longer names are not compared: nobody mistypes them.
const MAX_LENGTH: usize = 128;

/// How many letters are compared with each other in a check. That is enough for some hundred names that nobody knows among a
/// thousand others; who has written more of them is not helped by a guess at each.
const MOST_COMPARED: usize = 50_000_000;

/// What looking at a candidate counts as beside its letters.
const CANDIDATE: usize = 64;

/// What is left of the letters that may be compared, for many names together.
#[derive(Debug)]
pub(crate) struct Effort(Cell<usize>);

impl Effort {
    /// For all names that are told in a check.
    pub(crate) fn of_check() -> Self {
        Self(Cell::new(MOST_COMPARED))
    }

    /// How many letters are left.
    pub(crate) fn left(&self) -> usize {
        self.0.get()
    }

    /// Takes some of them; what is not left is gone all the same. False if that many are not left.
    pub(crate) fn spend(&self, letters: usize) -> bool {
        let left = self.0.get().checked_sub(letters);
        self.0.set(left.unwrap_or(0));
        left.is_some()
    }
}

/// The candidate that a name was probably meant to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nearest<'a> {
    /// The candidate.
    pub name: &'a str,
    /// It can hardly be anything else: a slip of the pen, and no other candidate is as near.
    pub certain: bool,
}

/// The candidate that `name` was probably meant to be, if one is near enough.
///
/// Near means at most a third of the characters changed, added, left out or swapped with their neighbour, case aside. Of
/// equally near candidates the first one is given. At most the first 1,000 candidates are looked at.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    guess(name, candidates).map(|nearest| nearest.name)
}

/// As [`nearest`], with a word on how sure it is.
///
/// Certain is a name of four letters or more with one slip, or with two if it has eight or more, whose digits are right,
/// and to which no other candidate is as near.
pub fn guess<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<Nearest<'a>> {
    guess_within(name, candidates, None)
}

/// The same as one of many: nothing where the effort for all of them is spent before every candidate was looked at.
pub(crate) fn guess_within<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
    effort: Option<&Effort>,
) -> Option<Nearest<'a>> {
    let spent = |letters: usize| effort.is_some_and(|effort| !effort.spend(letters));
    let wanted: Vec<char> = name.chars().take(MAX_LENGTH + 1).flat_map(char::to_lowercase).collect();
    if wanted.is_empty() || wanted.len() > MAX_LENGTH {
        return None;
    }
    let mut best: Option<(usize, &'a str)> = None;
    let mut alone = true;
    let mut rows = Rows::default();
    let mut given: Vec<char> = Vec::new();
    for candidate in candidates.into_iter().take(MAX_CANDIDATES) {
        if candidate == name || candidate.len() > 4 * MAX_LENGTH {
            continue;
        }
        if spent(CANDIDATE + candidate.len()) {
            return None;
        }
        given.clear();
        given.extend(candidate.chars().flat_map(char::to_lowercase));
        let allowed = (wanted.len().max(given.len()) / 3).max(1);
        let bound = best.map_or(allowed, |(distance, _)| allowed.min(distance));
        if wanted.len().abs_diff(given.len()) > bound {
            continue;
        }
        if spent(wanted.len() * given.len()) {
            return None;
        }
        // A single different letter says nothing: `a` is not meant by `b`.
        let distance = rows.distance(&wanted, &given, bound);
        if distance <= bound && distance < wanted.len().max(given.len()) {
            match best {
                Some((before, other)) if before == distance => alone &= other == candidate,
                _ => (best, alone) = (Some((distance, candidate)), true),
            }
        }
    }
    let (distance, candidate) = best?;
    let slips = match wanted.len() {
        0..4 => 0,
        4..8 => 1,
        _ => 2,
    };
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let certain = alone && distance <= slips && digits(name) == digits(candidate);
    Some(Nearest { name: candidate, certain })
}

/// `did you mean …?` for a diagnostic's help, if a candidate is near enough.
pub fn did_you_mean<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(name, candidates).map(|candidate| format!("did you mean `{candidate}`?"))
}

/// The three rows of the table of distances that are needed at a time, kept for the next comparison.
#[derive(Default)]
struct Rows {
    before_last: Vec<usize>,
    last: Vec<usize>,
    row: Vec<usize>,
}

impl Rows {
    /// Optimal string alignment: changes, additions, omissions and swaps of neighbours. Beyond the bound it is only told that
    /// it is more.
    fn distance(&mut self, a: &[char], b: &[char], bound: usize) -> usize {
        // What both begin and end with costs nothing.
        let same = a.iter().zip(b).take_while(|(x, y)| x == y).count();
        let (a, b) = (&a[same..], &b[same..]);
        let same = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
        let (a, b) = (&a[..a.len() - same], &b[..b.len() - same]);
        self.last.clear();
        self.last.extend(0..=b.len());
        self.before_last.clone_from(&self.last);
        for (i, x) in a.iter().enumerate() {
            self.row.clear();
            self.row.push(i + 1);
            for (j, y) in b.iter().enumerate() {
                let changed = self.last[j] + usize::from(x != y);
                let mut cost = changed.min(self.last[j + 1] + 1).min(self.row[j] + 1);
                if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                    cost = cost.min(self.before_last[j - 1] + 1);
                }
                self.row.push(cost);
            }
            // A swap looks two rows back.
            if self.row.iter().chain(&self.last).all(|cost| *cost > bound) {
                return bound + 1;
            }
            std::mem::swap(&mut self.before_last, &mut self.last);
            std::mem::swap(&mut self.last, &mut self.row);
        }
        self.last[b.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn near_names_are_found() {
        let names = ["server", "server_port", "volume", "OS::Nova::Server", "get_param"];
        assert_eq!(nearest("sever", names), Some("server"));
        assert_eq!(nearest("sevrer", names), Some("server"));
        assert_eq!(nearest("os::nova::server", names), Some("OS::Nova::Server"));
        assert_eq!(nearest("get_params", names), Some("get_param"));
        assert_eq!(did_you_mean("volum", names).as_deref(), Some("did you mean `volume`?"));
    }

    #[test]
    fn far_names_are_not() {
        assert_eq!(nearest("database", ["server", "volume"]), None);
        assert_eq!(nearest("a", ["b"]), None);
        assert_eq!(nearest("", ["a"]), None);
        assert_eq!(nearest("server", ["server"]), None, "a name is not a correction of itself");
    }

    #[test]
    fn a_slip_is_certain_and_a_choice_is_not() {
        let certain = |name: &str, candidates: &[&'static str]| {
            guess(name, candidates.iter().copied()).is_some_and(|guess| guess.certain)
        };
        assert!(certain("resorces", &["resources", "outputs"]));
        assert!(certain("OS::Nova::Sevrer", &["OS::Nova::Server"]));
        assert!(certain("Type", &["type"]));
        assert!(!certain("port_range_mix", &["port_range_min", "port_range_max"]), "either may be meant");
        assert!(!certain("server_2", &["server_1"]), "another number is another thing");
        assert!(!certain("2021-04-61", &["2021-04-16"]));
        assert!(!certain("cpu", &["gpu"]), "too short to know");
        assert!(!certain("tpye_of_it", &["type_of_me"]));
    }

    #[test]
    fn the_nearest_wins_and_the_first_of_equals() {
        assert_eq!(nearest("portt", ["ports", "port"]), Some("ports"));
        assert_eq!(nearest("imagee", ["imago", "image"]), Some("image"));
    }

    proptest! {
        #[test]
        fn never_panics(name in ".{0,200}", names in proptest::collection::vec(".{0,40}", 0..20)) {
            let found = nearest(&name, names.iter().map(String::as_str));
            prop_assert!(found.is_none_or(|found| names.iter().any(|n| n == found) && found != name));
        }
    }
}

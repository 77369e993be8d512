//! Patterns of names, as the shell has them.

/// Whether a name fits a pattern as Python's `fnmatch.fnmatchcase` has them: `*`, `?`, `[set]`, `[!set]`. So hooks and
/// restricted actions name resources.
pub fn shell_match(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    // Positions in pattern and name to go back to: the last `*`.
    let (mut at, mut here) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while here < name.len() {
        match one(&pattern, at, name[here]) {
            Match::Star => {
                star = Some((at, here));
                at += 1;
            }
            Match::Yes(next) => {
                at = next;
                here += 1;
            }
            Match::No => match star {
                Some((star_at, star_here)) => {
                    at = star_at + 1;
                    here = star_here + 1;
                    star = Some((star_at, star_here + 1));
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|letter| *letter == '*')
}

enum Match {
    Star,
    Yes(usize),
    No,
}

fn one(pattern: &[char], at: usize, letter: char) -> Match {
    match pattern.get(at) {
        None => Match::No,
        Some('*') => Match::Star,
        Some('?') => Match::Yes(at + 1),
        Some('[') => {
            let negated = pattern.get(at + 1) == Some(&'!');
            let start = at + 1 + usize::from(negated);
            // A closing bracket in first place is itself; without one the bracket is itself.
            let Some(end) = (start + 1..pattern.len()).find(|end| pattern[*end] == ']') else {
                return if letter == '[' { Match::Yes(at + 1) } else { Match::No };
            };
            let mut inside = false;
            let mut place = start;
            while place < end {
                if place + 2 < end && pattern[place + 1] == '-' {
                    inside |= (pattern[place]..=pattern[place + 2]).contains(&letter);
                    place += 3;
                } else {
                    inside |= pattern[place] == letter;
                    place += 1;
                }
            }
            if inside == negated { Match::No } else { Match::Yes(end + 1) }
        }
        Some(other) if *other == letter => Match::Yes(at + 1),
        Some(_) => Match::No,
    }
}

#[cfg(test)]
mod tests {
    use super::shell_match;

    #[test]
    fn names_match_as_in_a_shell() {
        assert!(shell_match("*", ""));
        assert!(shell_match("web_*", "web_1"));
        assert!(shell_match("*_web", "my_web"));
        assert!(shell_match("a*b*c", "axxbyyc"));
        assert!(!shell_match("a*b*c", "axxbyyd"));
        assert!(shell_match("w?b", "web"));
        assert!(shell_match("[a-c]x", "bx"));
        assert!(!shell_match("[!a-c]x", "bx"));
        assert!(shell_match("[x", "[x"));
        assert!(!shell_match("web", "Web"));
    }
}

//! "Did you mean": the known name that looks most like an unknown one.

/// The most similar name, if one is similar enough: at most a third of the letters differ (letter case and `-` for `_`
/// hardly count).
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted: Vec<char> = normal(name).collect();
    if wanted.is_empty() {
        return None;
    }
    let limit = (wanted.len() / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for candidate in known {
        let letters: Vec<char> = normal(candidate).collect();
        let bound = best.map_or(limit, |(distance, _)| distance.min(limit));
        if letters.len().abs_diff(wanted.len()) > bound {
            continue;
        }
        let distance = distance(&wanted, &letters);
        if distance <= limit && best.is_none_or(|(smallest, _)| distance < smallest) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

fn normal(name: &str) -> impl Iterator<Item = char> {
    name.chars().flat_map(char::to_lowercase).map(|letter| if letter == '-' { '_' } else { letter })
}

/// Edit distance in which two neighbours that changed places count once.
fn distance(left: &[char], right: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut row = Vec::with_capacity(right.len() + 1);
        row.push(i + 1);
        for (j, b) in right.iter().enumerate() {
            let mut cost = (last[j + 1] + 1).min(row[j] + 1).min(last[j] + usize::from(a != b));
            if i > 0 && j > 0 && *a == right[j - 1] && left[i - 1] == *b {
                cost = cost.min(before[j - 1] + 1);
            }
            row.push(cost);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[right.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn small_mistakes_are_recognised() {
        let known = ["properties", "metadata", "depends_on", "type"];
        assert_eq!(nearest("propertys", known), Some("properties"));
        assert_eq!(nearest("depends-on", known), Some("depends_on"));
        assert_eq!(nearest("Type", known), Some("type"));
        assert_eq!(nearest("tpye", known), Some("type"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(nearest("", known), None);
    }
}

//! What two sorted lists differ in.

use std::collections::BTreeSet;

/// A line for each that is only in one of them: `-` in the first, `+` in the second.
pub(super) fn difference(before: &str, after: &str) -> String {
    let (before, after): (BTreeSet<&str>, BTreeSet<&str>) =
        (before.lines().collect(), after.lines().collect());
    before
        .symmetric_difference(&after)
        .map(|line| format!("{}{line}\n", if before.contains(line) { '-' } else { '+' }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gone_and_what_has_come_is_told_in_the_order_of_the_lists() {
        assert_eq!(
            difference("a: one\nb: two\nd: x\n", "a: one\nb: 2\nc: y\nd: x\n"),
            "+b: 2\n-b: two\n+c: y\n"
        );
        assert_eq!(difference("a\n", "a\n"), "");
    }
}

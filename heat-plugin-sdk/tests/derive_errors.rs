//! What the derives accept, and what they say where, of what they do not.
//!
//! The messages of the compiler itself differ between its versions; after a change of the pinned one run this test with
//! `TRYBUILD=overwrite` and look at what changed.

#[test]
fn mistakes_are_named_where_they_stand() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    cases.compile_fail("tests/ui/fail/*.rs");
}

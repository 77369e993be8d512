//! Bytes and characters that no text should have.

use crate::kit::{environment, newest, template};

#[test]
fn control_characters() {
    for (text, code, place) in [
        ("\u{0}", "HT0002", "t.yaml:2:1"),
        ("a: \u{0}", "HT0002", "t.yaml:2:4"),
        ("a: \u{1}", "HT0002", "t.yaml:2:4"),
        ("a: \u{7f}", "HT0002", "t.yaml:2:4"),
        ("a: \"\u{1b}[31m\"", "HT0002", "t.yaml:2:5"),
        ("# \u{8}", "HT0002", "t.yaml:2:3"),
        // C1, but for the line break among them.
        ("a: \u{80}", "HT0002", "t.yaml:2:4"),
        ("a: \u{9f}", "HT0002", "t.yaml:2:4"),
        // No characters at all.
        ("a: \u{ffff}", "HT0002", "t.yaml:2:4"),
        ("a: \u{fffe}", "HT0002", "t.yaml:2:4"),
    ] {
        newest(text).refused(code, place);
        environment(format!("# e\n{text}")).refused(code, &place.replace("t.yaml", "e.yaml"));
    }
    // As an escape each may be there.
    newest("outputs: {o: {value: \"\\0\\x01\\x1b\\x80\\uffff\"}}\n").accepted();
}

#[test]
fn byte_order_marks() {
    template("\u{feff}heat_template_version: 2021-04-16\n").accepted();
    newest("outputs: {o: {value: a\u{feff}b}}\n").judged();
    newest("\u{feff}outputs: {}\n").judged();
}

#[test]
fn halves_of_surrogate_pairs() {
    // A text of Rust has none; an escape may say one.
    newest("outputs: {o: {value: \"\\ud800\"}}\n").refused("HT0002", "t.yaml:2:23");
    newest("outputs: {o: {value: \"\\ud83d\\ude00\"}}\n").judged();
    let json = |text: &str| {
        template(format!(
            "{{\"heat_template_version\": \"2021-04-16\", \"outputs\": {{\"o\": {{\"value\": \"{text}\"}}}}}}"
        ))
    };
    json("\\ud83d\\ude00").accepted();
    json("\\ud800").refused("HT0002", "t.yaml:1:69");
    json("\\ude00\\ud83d").refused("HT0002", "t.yaml:1:69");
}

#[test]
fn bytes_that_are_not_utf_8() {
    // Bytes come in as `!!binary`, the one way that a text of Rust has for them.
    for (bytes, what) in [
        ("/w==", "0xff"),
        ("wIA=", "an overlong NUL"),
        ("4ICA", "an overlong NUL in three"),
        ("7aCA", "half a pair"),
        ("9JCAgA==", "beyond the last character"),
        ("4oI=", "cut off"),
    ] {
        let judged = newest(&format!("outputs: {{o: {{value: !!binary {bytes}}}}}\n"))
            .refused("HT0008", "t.yaml:2:22");
        assert!(judged.count("HT0008") == 1, "{what}");
    }
    newest("outputs: {o: {value: !!binary w6Q=}}\n").accepted();
    // And in the escapes of a tag.
    newest("outputs: {o: {value: !<%ff%fe> x}}\n").refused("HT0001", "t.yaml:2:24");
}

#[test]
fn line_ends_of_every_kind() {
    // A carriage return alone is a line end to YAML.
    template("heat_template_version: 2021-04-16\routputs:\r  o: {value: 1}\r").accepted();
    template("heat_template_version: 2021-04-16\r\noutputs:\r\n  o: {value: 1}\r\n").accepted();
    template("heat_template_version: 2021-04-16\u{85}outputs:\u{2028}  o: {value: 1}\u{2029}").accepted();
    template(format!("heat_template_version: 2021-04-16{}", "\r".repeat(100_000))).accepted();
    newest(&format!("outputs:\n  o:\n    value: |\n{}\n", "\n".repeat(100_000))).accepted();
}

#[test]
fn tabs() {
    newest("outputs:\n\to: {value: 1}\n").refused("HT0001", "t.yaml:3:1");
    newest("outputs:\t{o: {value: 1}}\n").judged();
    newest(&format!("outputs: {{o: {{value: {}x}}}}\n", "\t".repeat(100_000))).judged();
}

#[test]
fn a_hundred_thousand_of_each_sign() {
    for sign in [
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "-",
        "?",
        "&",
        "*",
        "!",
        "|",
        ">",
        "'",
        "\"",
        "%",
        "@",
        "`",
        "#",
        "\\",
        "~",
        "=",
        "<",
        " ",
        "\n",
        "- ",
        ": ",
        "? ",
        "# \n",
        "'' ",
        "--- \n",
        "... \n",
        "!!",
        "&a ",
        "*a ",
        "<<: ",
        "- - ",
        "a: ",
        "[]",
        "{}",
        "|\n",
        "\"\\",
        "%YAML 1.1\n",
        "\u{85}",
        "é",
        "\u{1f600}",
    ] {
        let text = sign.repeat(100_000);
        template(text.clone()).judged();
        newest(&text).judged();
        environment(text).judged();
    }
}

//! JSON texts: an element on each line, two spaces for each level; texts and numbers as they are written.

/// A text that was read as JSON, laid out anew.
pub(super) fn layout(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut level = 0;
    let mut bytes = text.char_indices().peekable();
    let line = |out: &mut String, level: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", level));
    };
    while let Some((start, c)) = bytes.next() {
        match c {
            ' ' | '\t' | '\n' | '\r' | '\u{feff}' => {}
            '{' | '[' => {
                out.push(c);
                while bytes.next_if(|(_, c)| matches!(c, ' ' | '\t' | '\n' | '\r')).is_some() {}
                match bytes.next_if(|(_, c)| matches!(c, '}' | ']')) {
                    Some((_, closing)) => out.push(closing),
                    None => {
                        level += 1;
                        line(&mut out, level);
                    }
                }
            }
            '}' | ']' => {
                level = level.saturating_sub(1);
                line(&mut out, level);
                out.push(c);
            }
            ',' => {
                out.push(c);
                line(&mut out, level);
            }
            ':' => out.push_str(": "),
            '"' => {
                let mut end = start + 1;
                let mut escaped = false;
                for (at, c) in bytes.by_ref() {
                    end = at + c.len_utf8();
                    match c {
                        _ if escaped => escaped = false,
                        '\\' => escaped = true,
                        '"' => break,
                        _ => {}
                    }
                }
                out.push_str(text.get(start..end).unwrap_or_default());
            }
            other => out.push(other),
        }
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::layout;

    #[test]
    fn elements_stand_on_lines_of_their_own() {
        let text = "{\"a\":[1,{ }, [ ]],\n\"b\":{\"c\":\"x:, \\\"y\\\\\"},\"a\":1.50e3}";
        insta::assert_snapshot!(layout(text), @r#"
        {
          "a": [
            1,
            {},
            []
          ],
          "b": {
            "c": "x:, \"y\\"
          },
          "a": 1.50e3
        }
        "#);
        assert_eq!(layout(&layout(text)), layout(text));
        assert_eq!(layout(" 5 "), "5\n");
    }
}

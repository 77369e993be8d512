//! The signature of an item as its author wrote it, on one line.

/// How much of an item's text belongs to its signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Up to the body: functions, traits, implementations, structs and enums.
    BeforeBody,
    /// Up to the value: constants.
    BeforeValue,
    /// Up to the fields, which are listed for themselves: tuple structs.
    BeforeFields,
    /// All of it: fields, aliases.
    Whole,
}

/// The signature in the text of an item.
pub(super) fn signature(text: &str, part: Part) -> String {
    let text = without_comments_and_attributes(text);
    let text = match part {
        Part::BeforeBody => before(&text, |rest| rest.starts_with('{')),
        Part::BeforeValue => before(&text, |rest| rest.starts_with(" =")),
        Part::BeforeFields => text.split('(').next().unwrap_or_default(),
        Part::Whole => &text,
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    // As rustfmt would write it on one line.
    let line =
        line.replace("( ", "(").replace(", )", ")").replace(" )", ")").replace("< ", "<").replace(", >", ">");
    line.trim_end_matches([';', ',', ' ']).to_owned()
}

/// Up to the first place outside of all brackets that is the end.
fn before(text: &str, is_end: impl Fn(&str) -> bool) -> &str {
    let mut depth = 0_usize;
    for (at, letter) in text.char_indices() {
        match letter {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && is_end(&text[at..]) {
            return &text[..at];
        }
    }
    text
}

fn without_comments_and_attributes(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("#[") {
            attribute_end(rest)
        } else {
            kept.push(letter);
            letter.len_utf8()
        };
        rest = &rest[skipped..];
    }
    kept
}

/// The length of the attribute that the text begins with; brackets in its texts do not count.
fn attribute_end(text: &str) -> usize {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (at, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '[' if !quoted => depth += 1,
            ']' if !quoted => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_ends_where_the_body_begins_and_stands_on_one_line() {
        let text = "pub fn read(\n    file: FileId, // which\n    key: [u8; 4],\n) -> Option<Read>\nwhere\n    T: Send,\n{\n    None\n}";
        assert_eq!(
            signature(text, Part::BeforeBody),
            "pub fn read(file: FileId, key: [u8; 4]) -> Option<Read> where T: Send,".trim_end_matches(',')
        );
        assert_eq!(
            signature("async fn check(&self) -> Result<()>;", Part::BeforeBody),
            "async fn check(&self) -> Result<()>"
        );
        assert_eq!(signature("pub struct Template(Arc<Inner>);", Part::BeforeFields), "pub struct Template");
        assert_eq!(
            signature("pub const ALL: [Self; 2] = [Self::A, Self::B];", Part::BeforeValue),
            "pub const ALL: [Self; 2]"
        );
    }

    #[test]
    fn comments_and_attributes_are_no_part_of_it() {
        let text = "Full(\n    /// Why.\n    #[from] #[doc = \"a ] in \\\" quotes\"] Error,\n)";
        assert_eq!(signature(text, Part::Whole), "Full(Error)");
    }
}

//! Where text came from: files, byte spans, lines and columns.

use crate::template::Files;
use std::sync::{Arc, OnceLock};

/// One of the texts of a [`SourceMap`]: the template, an environment, an attached file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(u32);

impl FileId {
    /// Ids from here on are attached files, by their place among the files.
    const ATTACHED: u32 = 1 << 31;

    /// A text that nobody wrote: a composite type made it. Places in it mean nothing to people.
    pub const GENERATED: Self = Self(u32::MAX);

    /// Ids from here on are files of a global environment.
    const BELOW: u32 = Self::ATTACHED | (1 << 30);

    /// The file at this place among those of a global environment.
    pub(crate) fn attached_below(place: usize) -> Self {
        Self(Self::BELOW.saturating_add(place as u32).min(u32::MAX - 1))
    }

    /// The attached file at this place among the [`Files`] of a request: it has the same id in every source map.
    pub(crate) fn attached(place: usize) -> Self {
        Self(Self::ATTACHED.saturating_add(place as u32).min(Self::BELOW - 1))
    }

    /// Whether it is one of a global environment, and the place among the attached files.
    fn place(self) -> Option<(bool, usize)> {
        match (self.0.checked_sub(Self::BELOW), self.0.checked_sub(Self::ATTACHED)) {
            (Some(place), _) => Some((true, place as usize)),
            (None, Some(place)) => Some((false, place as usize)),
            (None, None) => None,
        }
    }
}

/// A range of bytes in one file. Every node of a template has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// Offset of the first byte.
    pub start: u32,
    /// Offset behind the last byte.
    pub end: u32,
}

impl Span {
    /// The range `start..end` of `file`.
    pub fn new(file: FileId, start: u32, end: u32) -> Self {
        Self { file, start, end }
    }

    /// The smallest range that holds both; `self` where they lie in different files.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        if self.file == other.file {
            Self { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
        } else {
            self
        }
    }
}

/// A line and a column, both counted from one; the column counts characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// Line, from one.
    pub line: u32,
    /// Column in characters, from one.
    pub column: u32,
}

/// A text with its name.
#[derive(Debug)]
pub struct SourceFile {
    name: String,
    text: Arc<str>,
    /// Byte offset of the first character of each line; nobody wants them of a text without problems.
    lines: OnceLock<Vec<u32>>,
    /// How many characters begin before each [`STEP`] bytes: a line may be as long as the text.
    characters: OnceLock<Vec<u32>>,
}

/// Bytes between two counts of the characters before.
const STEP: usize = 256;

impl SourceFile {
    fn new(name: String, text: Arc<str>) -> Self {
        Self { name, text, lines: OnceLock::new(), characters: OnceLock::new() }
    }

    /// Path, URL or another name under which a user knows the text.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    fn line_starts(&self) -> &[u32] {
        self.lines.get_or_init(|| {
            let behind_breaks = self.text.match_indices('\n').map(|(at, _)| at as u32 + 1);
            std::iter::once(0).chain(behind_breaks).collect()
        })
    }

    /// Line and column of a byte offset; the end of the text for one that lies behind it.
    pub fn position(&self, offset: u32) -> Position {
        let lines = self.line_starts();
        let line = lines.partition_point(|start| *start <= offset).saturating_sub(1);
        let start = lines.get(line).copied().unwrap_or(0) as usize;
        let end = (offset as usize).min(self.text.len());
        let column = match self.text.is_char_boundary(end) {
            true => self.characters_before(end) - self.characters_before(start),
            false => 0,
        };
        Position { line: line as u32 + 1, column: column + 1 }
    }

    /// How many characters begin before a byte.
    fn characters_before(&self, at: usize) -> u32 {
        let bytes = self.text.as_bytes();
        let count = |bytes: &[u8]| bytes.iter().filter(|byte| **byte & 0xC0 != 0x80).count() as u32;
        let counts = self.characters.get_or_init(|| {
            let sum = |sum: &mut u32, step: &[u8]| Some(std::mem::replace(sum, *sum + count(step)));
            bytes.chunks(STEP).scan(0, sum).collect()
        });
        let step = at / STEP;
        let (known, from) = match counts.get(step) {
            Some(known) => (*known, step * STEP),
            None => match counts.len().checked_sub(1) {
                Some(last) => (counts[last], last * STEP),
                None => (0, 0),
            },
        };
        known + bytes.get(from..at).map_or(0, count)
    }
}

impl SourceFile {
    /// The bytes of the lines that these offsets lie in, from the beginning of the first to the end of the last, and the
    /// number of the first line, from one. The line break at the end is left out.
    pub fn lines(&self, from: u32, to: u32) -> (std::ops::Range<usize>, u32) {
        let starts = self.line_starts();
        let line = |offset| starts.partition_point(|start| *start <= offset).saturating_sub(1);
        let (first, last) = (line(from), line(to.max(from)));
        let start = starts.get(first).copied().unwrap_or(0) as usize;
        let end = starts.get(last + 1).map_or(self.text.len(), |next| *next as usize);
        let end =
            self.text.get(start..end).map_or(end, |lines| start + lines.trim_end_matches(['\n', '\r']).len());
        (start..end, first as u32 + 1)
    }
}

/// All texts that the spans of one template (and its environments and files) point into. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct SourceMap {
    files: Vec<Arc<SourceFile>>,
    /// With the names that the files are attached under; those of a global environment apart.
    attached: [Vec<(String, Arc<SourceFile>)>; 2],
}

impl SourceMap {
    /// A map without files.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text and gives its id.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<Arc<str>>) -> FileId {
        self.files.push(Arc::new(SourceFile::new(name.into(), text.into())));
        FileId(self.files.len() as u32 - 1)
    }

    /// Adds the files that come with a template, so that places in nested templates are found. Those of an earlier call
    /// are given up.
    pub fn attach(&mut self, files: &Files) {
        self.attached = files.shared().map(|files| {
            let source = |(address, name, text): (&str, &str, Arc<str>)| {
                (address.to_owned(), Arc::new(SourceFile::new(name.to_owned(), text)))
            };
            files.into_iter().map(source).collect()
        });
    }

    /// The file with this id, if it belongs to this map.
    pub fn get(&self, file: FileId) -> Option<&SourceFile> {
        let found = match file.place() {
            Some((below, place)) => self.attached[usize::from(below)].get(place).map(|(_, file)| file),
            None => self.files.get(file.0 as usize),
        };
        found.map(Arc::as_ref)
    }

    /// The name that an attached file has among the [`Files`]: its address, where that is not what people call it. `None`
    /// of other texts.
    pub fn attached_as(&self, file: FileId) -> Option<&str> {
        let (below, place) = file.place()?;
        self.attached[usize::from(below)].get(place).map(|(address, _)| address.as_str())
    }

    /// The text that a span covers.
    pub fn slice(&self, span: Span) -> Option<&str> {
        self.get(span.file)?.text().get(span.start as usize..span.end as usize)
    }

    /// `name:line:column` of the beginning of a span.
    pub fn locate(&self, span: Span) -> Option<(&str, Position)> {
        let file = self.get(span.file)?;
        Some((file.name(), file.position(span.start)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_and_lines_from_one() {
        let mut map = SourceMap::new();
        let file = map.add("a.yaml", "ä: 1\nb: 2\n");
        let position = |offset| map.get(file).map(|f| f.position(offset)).unwrap();
        assert_eq!(position(0), Position { line: 1, column: 1 });
        assert_eq!(position(2), Position { line: 1, column: 2 });
        assert_eq!(position(6), Position { line: 2, column: 1 });
        assert_eq!(position(99), Position { line: 3, column: 1 });
        assert_eq!(map.slice(Span::new(file, 6, 7)), Some("b"));
    }

    #[test]
    fn places_in_a_long_line_are_those_that_counting_gives() {
        for text in [
            "ä€x".repeat(300),
            "a\n".repeat(300),
            format!("{}\n{}", "é".repeat(511), "x".repeat(600)),
            String::new(),
        ] {
            let mut map = SourceMap::new();
            let file = map.add("a.yaml", text.as_str());
            let file = map.get(file).unwrap();
            for at in (0..=text.len()).filter(|at| text.is_char_boundary(*at)) {
                let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
                assert_eq!(
                    file.position(at as u32).column,
                    text[line..at].chars().count() as u32 + 1,
                    "{at}"
                );
            }
        }
    }

    #[test]
    fn lines_are_given_whole() {
        let mut map = SourceMap::new();
        let file = map.add("a.yaml", "a: 1\r\nb: 2\n\nc: 3");
        let lines =
            |from, to| map.get(file).map(|f| (&f.text()[f.lines(from, to).0], f.lines(from, to).1)).unwrap();
        assert_eq!(lines(0, 0), ("a: 1", 1));
        assert_eq!(lines(1, 8), ("a: 1\r\nb: 2", 1));
        assert_eq!(lines(11, 11), ("", 3));
        assert_eq!(lines(15, 99), ("c: 3", 4));
    }
}

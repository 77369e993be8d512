//! What a YAML grammar tells about a text, piece by piece.

/// A grammar that reads a text. Two exist: libyaml's and PyYAML's own.
pub(super) trait EventSource {
    /// The next event. What it borrows lives until the next call; nothing may be asked for after an error.
    fn next(&mut self) -> Result<Placed<'_>, SyntaxError>;
}

/// An event with the bytes that it came from.
#[derive(Debug)]
pub(super) struct Placed<'e> {
    pub(super) event: Event<'e>,
    pub(super) start: u32,
    pub(super) end: u32,
}

/// One event.
#[derive(Debug)]
pub(super) enum Event<'e> {
    StreamStart,
    StreamEnd,
    DocumentStart,
    DocumentEnd,
    Alias(&'e str),
    Scalar(Scalar<'e>),
    SequenceStart(Collection<'e>),
    SequenceEnd,
    MappingStart(Collection<'e>),
    MappingEnd,
}

/// A scalar before its type is known.
#[derive(Debug)]
pub(super) struct Scalar<'e> {
    pub(super) anchor: Option<&'e str>,
    /// The whole tag; absent also for the non-specific tag `!`.
    pub(super) tag: Option<&'e str>,
    pub(super) value: &'e str,
    /// The rules for plain scalars decide its type: it is plain, or has the non-specific tag `!`.
    pub(super) plain: bool,
}

/// The beginning of a list or a map.
#[derive(Debug)]
pub(super) struct Collection<'e> {
    pub(super) anchor: Option<&'e str>,
    /// The whole tag; absent also for the non-specific tag `!`.
    pub(super) tag: Option<&'e str>,
    /// Written with brackets; then its span ends with the closing one.
    pub(super) flow: bool,
}

/// Why a grammar refuses a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SyntaxError {
    /// What is wrong, in lower case.
    pub(super) problem: String,
    /// Byte offset of the place.
    pub(super) at: u32,
    /// What was being read, and where that began.
    pub(super) context: Option<(String, u32)>,
    /// It is about a character that cannot stand in a YAML text.
    pub(super) character: bool,
}

impl SyntaxError {
    /// A problem at a place.
    pub(super) fn new(problem: impl Into<String>, at: u32) -> Self {
        Self { problem: problem.into(), at, context: None, character: false }
    }

    /// Says what was being read.
    pub(super) fn while_reading(mut self, what: impl Into<String>, since: u32) -> Self {
        self.context = Some((what.into(), since));
        self
    }
}

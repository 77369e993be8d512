//! Sends a text through reading, checking and evaluating, and tells what came of it and what it took.

use cap::Cap;
use heat_template::definition::{Nesting, NestingLimits};
use heat_template::diagnostic::Diagnostic;
use heat_template::schema::{GenericConstraints, ResourceTypes};
use heat_template::source::SourceMap;
use heat_template::yaml::{Limits, TextKind};
use heat_template::{
    Definition, Environment, Files, Inputs, NoResources, ParseOptions, PseudoParameters, Template, render,
};
use std::alloc::System;
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Duration;

#[global_allocator]
static MEMORY: Cap<System> = Cap::new(System, usize::MAX);

/// Tests that run as threads of one process would count each other's work.
static ALONE: Mutex<()> = Mutex::new(());

/// Whatever takes longer never ends: the slowest take a tenth of it, also unoptimised on a machine that is busy.
pub(crate) const ENDLESS: Duration = Duration::from_secs(200);

/// The most that a process may hold at any time.
const MOST_HELD: usize = 700 << 20;

/// Does something with the stack of a thread, alone, and tells how many bytes were allocated in all.
pub(crate) fn watched<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> (T, usize) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (tell, told) = mpsc::channel();
    let before = MEMORY.total_allocated();
    let thread = std::thread::Builder::new().stack_size(2 << 20);
    let thread = thread.spawn(move || tell.send(work())).unwrap();
    let result = match told.recv_timeout(ENDLESS) {
        Ok(result) => result,
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("it does not end"),
        Err(mpsc::RecvTimeoutError::Disconnected) => panic!("it failed: {:?}", thread.join()),
    };
    let held = MEMORY.max_allocated();
    assert!(held < MOST_HELD, "{held} bytes were held");
    (result, MEMORY.total_allocated() - before)
}

/// What a stranger sends.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sent {
    template: String,
    environment: String,
    files: Vec<(String, String)>,
    /// Resources of nested stacks, where that shall be other than the default.
    resources: Option<usize>,
}

/// A template, which is also read in the place of a file where that makes a difference.
pub(crate) fn template(text: impl Into<String>) -> Sent {
    Sent { template: text.into(), ..Sent::default() }
}

/// The outputs of a template, by indentation below `outputs:`.
pub(crate) fn newest(rest: &str) -> Sent {
    template(format!("heat_template_version: 2021-04-16\n{rest}"))
}

/// An environment, with a template that has nothing in it.
pub(crate) fn environment(text: impl Into<String>) -> Sent {
    newest("").with(text)
}

impl Sent {
    pub(crate) fn with(mut self, environment: impl Into<String>) -> Self {
        self.environment = environment.into();
        self
    }

    pub(crate) fn file(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.files.push((name.into(), text.into()));
        self
    }

    pub(crate) fn resources(mut self, most: usize) -> Self {
        self.resources = Some(most);
        self
    }

    pub(crate) fn bytes(&self) -> usize {
        let files: usize = self.files.iter().map(|(name, text)| name.len() + text.len()).sum();
        self.template.len() + self.environment.len() + files
    }

    /// Sends it.
    pub(crate) fn judged(self) -> Judged {
        let bytes = self.bytes();
        let (found, allocated) = watched(move || judge(&self));
        Judged { found, bytes, allocated }
    }

    /// Sends it and finds an error with this code at `file:line:column`.
    #[track_caller]
    pub(crate) fn refused(self, code: &str, place: &str) -> Judged {
        let judged = self.judged();
        let errors: Vec<_> = judged.found.iter().filter(|found| found.error).collect();
        let (same, others): (Vec<&Found>, Vec<&Found>) =
            errors.iter().copied().partition(|found| found.code == code);
        let shown = same.into_iter().chain(others).take(5);
        let shown: Vec<_> = shown.map(|found| found.line.chars().take(300).collect::<String>()).collect();
        assert!(
            errors.iter().any(|found| found.code == code && found.place == place),
            "no {code} at {place} among {}: {shown:#?}",
            errors.len(),
        );
        judged.modest()
    }

    /// Sends it and finds nothing wrong.
    #[track_caller]
    pub(crate) fn accepted(self) -> Judged {
        let judged = self.judged();
        let errors: Vec<_> =
            judged.found.iter().filter(|found| found.error).map(|found| &found.line).take(5).collect();
        assert!(errors.is_empty(), "{errors:#?}");
        judged.modest()
    }
}

/// A diagnostic that was told.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) error: bool,
    pub(crate) code: &'static str,
    /// `file:line:column`.
    pub(crate) place: String,
    pub(crate) line: String,
    /// "Did you mean" is asked.
    pub(crate) guess: bool,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) found: Vec<Found>,
    bytes: usize,
    allocated: usize,
}

impl Judged {
    /// What was allocated is in proportion to the text: so many bytes for each of its bytes, beside a start.
    #[track_caller]
    fn modest(self) -> Self {
        let most = (2 << 30) + 4_000 * self.bytes;
        assert!(self.allocated < most, "{} bytes allocated for {} bytes", self.allocated, self.bytes);
        self
    }

    /// How many diagnostics guess what was meant.
    pub(crate) fn guesses(&self) -> usize {
        self.found.iter().filter(|found| found.guess).count()
    }

    /// How many diagnostics have a code.
    pub(crate) fn count(&self, code: &str) -> usize {
        self.found.iter().filter(|found| found.code == code).count()
    }
}

fn judge(sent: &Sent) -> Vec<Found> {
    let mut sources = SourceMap::new();
    let files: Files = sent.files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    sources.attach(&files);
    let read = Environment::parse(&mut sources, "e.yaml", &sent.environment, &Limits::default());
    let mut diagnostics = read.diagnostics;
    for kind in [TextKind::AttachedTemplate, TextKind::Template] {
        let options = ParseOptions { kind, ..ParseOptions::default() };
        let parsed = Template::parse(&mut sources, "t.yaml", &sent.template, &options);
        if kind == TextKind::AttachedTemplate {
            continue;
        }
        let failed = parsed.has_errors();
        diagnostics.extend(parsed.diagnostics);
        let Some(template) = parsed.value.filter(|_| !failed) else { continue };
        let environment = read.value.clone().unwrap_or_default();
        let _ = template.validation_answer(&environment);
        let limits = NestingLimits::default();
        let limits = NestingLimits { resources: sent.resources.unwrap_or(limits.resources), ..limits };
        diagnostics.extend(used(&template, environment, &files, limits));
    }
    let _ = render::heat(&diagnostics, &sources);
    let _ = render::json(&diagnostics, &sources);
    diagnostics.iter().map(|found| Found::of(found, &sources)).collect()
}

impl Found {
    fn of(found: &Diagnostic, sources: &SourceMap) -> Self {
        let place = found.primary.as_ref().and_then(|label| sources.locate(label.span));
        Self {
            error: found.is_error(),
            code: found.code.0,
            place: place.map(|(name, at)| format!("{name}:{}:{}", at.line, at.column)).unwrap_or_default(),
            line: render::line(found, sources),
            guess: found.help.iter().any(|help| help.starts_with("did you mean")),
        }
    }
}

/// Checks a template and evaluates all of it.
fn used(
    template: &Template,
    environment: Environment,
    files: &Files,
    limits: NestingLimits,
) -> Vec<Diagnostic> {
    let inputs = Inputs {
        environment,
        files: files.clone(),
        pseudo: PseudoParameters {
            stack_name: "hostile".to_owned(),
            stack_id: Some("1d".to_owned()),
            project_id: "p1".to_owned(),
        },
        nesting: Nesting { limits, ..Nesting::default() },
        ..Inputs::default()
    };
    let types = crate::language::Types;
    let validated = template.validate(&inputs, &types, &GenericConstraints);
    let failed = validated.has_errors();
    let mut diagnostics = validated.diagnostics;
    if let Some(definition) = validated.value.filter(|_| !failed) {
        diagnostics.extend(values(&definition, &types));
        diagnostics
            .extend(definition.nested_parameters(&types, &GenericConstraints).err().map(|error| *error));
    }
    diagnostics
}

fn values(definition: &Definition, types: &dyn ResourceTypes) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    for output in definition.outputs() {
        diagnostics.extend(
            definition.output(output.name(), &NoResources).err().map(|error| error.into_diagnostic()),
        );
    }
    for resource in definition.resources() {
        diagnostics.extend(
            definition.metadata(resource.name(), &NoResources).err().map(|error| error.into_diagnostic()),
        );
        let Some(schema) = types.resource_type(resource.type_name()) else { continue };
        let resolved = definition.resolve_properties(&resource, &NoResources, &schema, &GenericConstraints);
        diagnostics.extend(resolved.err().into_iter().flatten());
    }
    diagnostics
}

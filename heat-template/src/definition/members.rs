//! Attributes of nested stacks that are made of what is inside: a name that is not there is wrong.
//!
//! Of a group Heat writes an output into the nested stack for each attribute of the members that is asked for, and
//! validates it there: so it is refused. What a template that stands for a type does not have Heat finds only in the run:
//! so it is a warning.

use super::check::Found;
use super::lacking::{Nested, lacks_output};
use super::nested::Composite;
use super::{DefinedResource, Definition};
use crate::diagnostic::{Diagnostic, Guess, Severity, codes};
use crate::expression::{
    Allowance, AttributeReference, Context, Expression, NoResources, Reach, References, Visited, walk,
};
use crate::python;
use crate::schema::{CustomConstraints, ResourceTypes};
use crate::source::Span;
use std::collections::HashMap;

/// An attribute with its place.
struct Asked {
    reference: AttributeReference,
    span: Span,
    /// The places of the arguments.
    arguments: Vec<Span>,
    path: String,
}

impl Definition {
    /// Finds attributes of nested stacks that are not there.
    pub(super) fn check_members(
        &self,
        found: &[Found],
        types: &dyn ResourceTypes,
        custom: &dyn CustomConstraints,
        allowance: &Allowance<'_>,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        if !found.iter().any(|behind| matches!(behind, Found::Composite(..))) {
            return;
        }
        let mut asked: HashMap<String, Vec<Asked>> = HashMap::new();
        for one in self.asked(allowance) {
            asked.entry(one.reference.resource.clone()).or_default().push(one);
        }
        for (resource, behind) in self.resources().zip(found) {
            if let Found::Composite(_, composite) = behind
                && let Some(asked) = asked.get(resource.name())
            {
                self.check_asked(&resource, composite, asked, (types, custom), allowance, diagnostics);
            }
        }
    }

    /// Every attribute that something in reach asks for.
    fn asked(&self, allowance: &Allowance<'_>) -> Vec<Asked> {
        let keys = self.template().dialect().keys();
        let context = self.context(&NoResources).sharing(allowance);
        let mut asked = Vec::new();
        for resource in self.resources() {
            for (key, expression) in
                [(keys.properties, resource.properties()), (keys.metadata, resource.metadata())]
            {
                if let Some(expression) = expression {
                    look(expression, &[keys.resources, resource.name(), key], &context, &mut asked);
                }
            }
        }
        for output in self.outputs().filter(|output| self.output_is_enabled(output.name())) {
            look(output.value(), &[keys.outputs, output.name(), keys.output_value], &context, &mut asked);
        }
        asked
    }

    fn check_asked(
        &self,
        resource: &DefinedResource<'_>,
        composite: &Composite,
        asked: &[Asked],
        (types, custom): (&dyn ResourceTypes, &dyn CustomConstraints),
        allowance: &Allowance<'_>,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let is_template = composite.file.is_some();
        let mut nested = None;
        for Asked { reference, span, arguments, path } in asked {
            let AttributeReference { attribute: Some(name), path: steps, .. } = reference else { continue };
            let steps = match steps {
                Some(steps) => &steps[..],
                // Nobody knows the rest, but the name.
                None if is_template => &[],
                None => continue,
            };
            let lacking = if is_template && !name.starts_with("resource.") {
                lacks_output(self, composite, name, steps.len())
            } else {
                let made = || Nested::of(self, resource, composite, (types, custom), allowance);
                nested.get_or_insert_with(made).as_ref().and_then(|nested| nested.lacks(name, steps))
            };
            let Some(lacking) = lacking else { continue };
            let words: Vec<String> =
                std::iter::once(name.clone()).chain(steps.iter().map(python::str_of)).collect();
            let message = format!(
                "the referenced attribute ({} {}) is incorrect: {}",
                resource.name(),
                words.join(" "),
                lacking.reason
            );
            // The first argument is the resource. Those that want to be left out are not among the words.
            let at = words.len() - 1 - lacking.left;
            let place = if arguments.len() == words.len() + 1 { arguments[at + 1] } else { *span };
            let mut diagnostic =
                Diagnostic::error(codes::ATTRIBUTE_REFERENCE, message).at(place, "").path(path);
            if is_template || !lacking.by_type {
                diagnostic.severity = Severity::Warning;
            }
            diagnostics.push(diagnostic.meant(lacking.guess.and_then(|guess| whole(guess, &words[at]))));
        }
    }
}

/// A guess at the end of a word as one at all of it: `value` in `resource.box.value`.
fn whole(guess: Guess, word: &str) -> Option<Guess> {
    let before = word.strip_suffix(&guess.written)?;
    Some(Guess { meant: format!("{before}{}", guess.meant), written: word.to_owned(), ..guess })
}

fn look(expression: &Expression, path: &[&str], context: &Context<'_>, asked: &mut Vec<Asked>) {
    walk(expression, Reach::Taken(context), path, &mut |visited| {
        if let Visited::Call { function, span, trail } = visited {
            let mut references = References::default();
            function.references(context, span, &mut references);
            for reference in references.attributes {
                let mut arguments = Vec::new();
                function.arguments(Reach::Taken(context), &mut |_, argument| arguments.push(argument.span()));
                asked.push(Asked { reference, span, arguments, path: trail.path() });
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guess_is_made_of_the_whole_word() {
        let guess = |written: &str| Guess { written: written.into(), meant: "value".into(), certain: false };
        let made = whole(guess("valu"), "resource.box.valu").unwrap();
        assert_eq!((made.written.as_str(), made.meant.as_str()), ("resource.box.valu", "resource.box.value"));
        assert_eq!(whole(guess("valu"), "other"), None);
    }
}

//! What is found inside of nested stacks, as the reader of the stack around has to be told it.

use super::nested::Checked;
use super::{DefinedResource, Definition};
use crate::diagnostic::{Diagnostic, Label, codes};
use crate::expression::join;
use crate::source::FileId;

impl Definition {
    pub(super) fn too_deep(&self, resource: &DefinedResource<'_>) -> Diagnostic {
        let keys = self.template().dialect().keys();
        let mut way = self.nesting().around.clone();
        way.push(resource.type_name().to_owned());
        let message = format!(
            "nested stacks lie inside each other more than {} deep: {}",
            self.nesting().limits.depth,
            way.join(" → ")
        );
        Diagnostic::error(codes::NESTED_TOO_DEEP, message)
            .at(resource.resource().type_span(), "")
            .path(join(&[keys.resources, resource.name(), keys.resource_type]))
    }

    /// The path of what is inside the nested stack of a resource, as Heat writes it.
    pub(super) fn inside(&self, resource: &DefinedResource<'_>, file: Option<&str>) -> String {
        let path = join(&[self.template().dialect().keys().resources, resource.name()]);
        format!("{path}<{}>", file.unwrap_or("nested_stack"))
    }

    /// What was found inside a nested stack, as this stack's reader has to be told it. Of `made_of` `None` means that
    /// nobody knows, and no file that a composite type made the template.
    pub(super) fn told_from_inside(
        &self,
        mut found: Diagnostic,
        resource: &DefinedResource<'_>,
        made_of: Option<Option<&str>>,
        path: &str,
    ) -> Diagnostic {
        let nowhere = |label: &Label| label.span.file == FileId::GENERATED;
        if found.primary.as_ref().is_none_or(nowhere) {
            // Nobody wrote that text: the resource it was made from is the place.
            found = found.at(resource.span(), "");
            found.labels.clear();
            (found.fix, found.guess) = (None, None);
        } else {
            found.labels.retain(|label| !nowhere(label));
            let name = resource.name();
            let text = match made_of {
                Some(None) => format!("in a member of resource {name}"),
                // The resource is such a member.
                Some(Some(file)) if self.template().is_generated() => {
                    format!("from file {}", self.files().known_as(file))
                }
                _ => format!("in resource {name}"),
            };
            found = found.label(resource.resource().type_span(), text);
        }
        found.path = if found.path.is_empty() { path.to_owned() } else { format!("{path}.{}", found.path) };
        found
    }

    /// What was found inside the nested stack of a resource, as this stack's reader has to be told it: with a second place
    /// where the nested stack is used, and with the path from here.
    pub fn from_nested(
        &self,
        resource: &DefinedResource<'_>,
        diagnostics: Vec<Diagnostic>,
    ) -> Vec<Diagnostic> {
        let path = join(&[self.template().dialect().keys().resources, resource.name()]);
        diagnostics.into_iter().map(|one| self.told_from_inside(one, resource, None, &path)).collect()
    }

    /// What was found while an attached template was read, told at the first resource that uses it.
    pub(super) fn reading_problems(
        &self,
        resource: &DefinedResource<'_>,
        file: &str,
        checked: &mut Checked,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        if !checked.seen.insert(format!("file {file}")) {
            return;
        }
        let path = self.inside(resource, Some(file));
        let read = self.files().template(file, &self.template().inner().options);
        for found in read.into_iter().flat_map(|read| &read.diagnostics) {
            diagnostics.push(self.told_from_inside(found.clone(), resource, Some(Some(file)), &path));
        }
    }
}

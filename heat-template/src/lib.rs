//! OpenStack Heat's template language: reading, checking and evaluating HOT and CFN templates.

pub mod definition;
pub mod diagnostic;
pub mod dialect;
pub mod environment;
pub mod evaluated;
pub mod expression;
pub mod function;
pub mod parameter;
pub mod python;
pub mod render;
pub mod schema;
pub mod source;
pub mod template;
pub mod yaml;

mod checked;

pub use checked::Checked;
pub use definition::{DefinedResource, Definition, DeletionPolicy, Inputs};
pub use environment::Environment;
pub use evaluated::{Evaluated, Unknown};
pub use expression::{EvaluationError, Expression, NoResources, References, Scope};
pub use parameter::PseudoParameters;
pub use template::{Files, ParseOptions, Template};

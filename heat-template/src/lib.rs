//! OpenStack Heat's template language: reading, checking and evaluating HOT and CFN templates.

pub mod diagnostic;

pub mod evaluated;
pub mod render;
pub mod schema;
pub mod source;
pub mod yaml;

//! OpenStack Heat's template language: reading, checking and evaluating HOT and CFN templates

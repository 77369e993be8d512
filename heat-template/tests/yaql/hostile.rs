//! What nobody should be able to do with an expression.

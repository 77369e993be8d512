//! What is replaced.

use crate::run::work::{Ledger, Work};
use std::ops::Deref;

/// The incarnation that another one takes the place of.
pub(super) enum Predecessor {
    Typed(Box<Work>),
    /// A nested stack, or nothing but a record: nobody is asked to hand anything over.
    Bare(Ledger),
}

impl Deref for Predecessor {
    type Target = Ledger;

    fn deref(&self) -> &Ledger {
        match self {
            Self::Typed(work) => work,
            Self::Bare(ledger) => ledger,
        }
    }
}

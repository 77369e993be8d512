//! What engines of several processes on one store have to tell each other.

use super::{Epoch, StoreError, TraversalRow};
use crate::record::StackId;
use async_trait::async_trait;
use tokio::sync::watch;

/// A stack that an engine holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The stack.
    pub stack: StackId,
    /// Under which epoch.
    pub epoch: Epoch,
    /// Another engine has to work on it and asks this one to let go.
    pub wanted: bool,
}

/// How often other engines have told something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Heard {
    /// That they have written events.
    pub events: u64,
    /// That they have let go of stacks, or ask for some.
    pub stacks: u64,
}

/// A store that engines of several processes share, on any machine. What an engine has claimed it holds under a lease, which
/// it renews by itself as long as it lives. When the lease has run out, others may take over what it held.
///
/// **Who holds an outermost stack holds the tree.** A claim of it fences off the claims of all stacks inside of it, too, and
/// one inside can only be claimed, or made, by the engine that holds the outermost one.
#[async_trait]
pub trait SharedStore: Send + Sync {
    /// All outermost stacks that this engine holds.
    ///
    /// # Errors
    /// The store fails; the same for all the others.
    async fn held(&self) -> Result<Vec<Held>, StoreError>;

    /// Claims outermost stacks with a traversal that is not over and that no living engine holds: at most `limit`, those
    /// first that were begun first, none of `except`, and none that another living engine has asked for. Those that
    /// [wait](super::StackRow::waits) only if told so. Of several engines that ask at once each gets others.
    ///
    /// What this engine itself holds is among them where that began a good while ago: its beginning was answered by
    /// nobody.
    async fn take(
        &self,
        limit: u32,
        except: &[StackId],
        waiting: bool,
    ) -> Result<Vec<(TraversalRow, Epoch)>, StoreError>;

    /// Asks the engine that holds a stack to let go of it. It is told at once; the wish is forgotten after half a minute
    /// unless it is repeated, and when the stack is claimed.
    async fn ask_for(&self, stack: &StackId) -> Result<(), StoreError>;

    /// Who holds a stack, in words for people; `None` where nobody does who is alive.
    async fn holder(&self, stack: &StackId) -> Result<Option<String>, StoreError>;

    /// What other engines have told. Hints, which may get lost: whoever needs to know looks from time to time, too.
    fn heard(&self) -> watch::Receiver<Heard>;

    /// Whether the lease still runs by this machine's own clock, which also runs while the process is stopped. Where it
    /// does not, another engine may have taken over by now: nothing may be begun until it runs again and the claim was
    /// found to be still there.
    fn lease_runs(&self) -> bool;

    /// Lets go of everything that this engine holds, and tells the others.
    async fn leave(&self) -> Result<(), StoreError>;
}

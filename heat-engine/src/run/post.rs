//! The post: signals on their way to the traversals of this process, and who waits for one.
//!
//! A traversal owns the records of its stack, so a signal is handed to it as a letter and it answers when what the signal
//! made of the record is durable. Who waits for a signal listens under the id of the incarnation that gets it.

use crate::record::{IncarnationId, StackId};
use crate::store::StoreError;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{mpsc, oneshot, watch};

/// Whom a letter is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Addressee {
    /// The resource that stands for this name.
    Name(String),
    Incarnation(IncarnationId),
}

/// What a letter says.
#[derive(Clone, PartialEq)]
pub(crate) enum Content {
    /// A signal with these details.
    Signal(Option<Value>),
    /// These are its metadata from now on.
    Metadata(Value),
}

/// A letter to a resource of a stack.
pub(crate) struct Letter {
    pub(crate) to: Addressee,
    pub(crate) content: Content,
    /// Told when it is durable. Dropped without a word: nobody dealt with it.
    pub(crate) reply: oneshot::Sender<Result<Delivered, Undelivered>>,
}

/// What became of a letter; durable.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Delivered {
    /// The metadata of the resource now.
    pub(crate) metadata: Value,
}

/// Why a letter was not taken. Nothing changed.
#[derive(Debug)]
pub(crate) enum Undelivered {
    /// The stack has no such resource.
    NoSuchResource,
    /// The resource does not take it, for this reason.
    Refused(String),
    Store(StoreError),
}

/// Which stacks take letters, and who listens for signals.
#[derive(Default)]
pub(crate) struct Post(Mutex<Routes>);

#[derive(Default)]
struct Routes {
    boxes: HashMap<StackId, mpsc::UnboundedSender<Letter>>,
    ears: HashMap<String, watch::Sender<u64>>,
}

impl Post {
    fn routes(&self) -> MutexGuard<'_, Routes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A mailbox for the traversal of a stack, as long as it is kept.
    pub(crate) fn open(self: &Arc<Self>, stack: &StackId) -> Mailbox {
        let (sender, letters) = mpsc::unbounded_channel();
        self.routes().boxes.insert(stack.clone(), sender.clone());
        Mailbox { post: Arc::clone(self), stack: stack.clone(), sender, letters }
    }

    /// Hands a letter to the traversal of a stack. `None`: nothing is being done to that stack in this process, or its
    /// traversal ended before it came to the letter.
    pub(crate) async fn send(
        &self,
        stack: &StackId,
        to: Addressee,
        content: Content,
    ) -> Option<Result<Delivered, Undelivered>> {
        let sender = self.routes().boxes.get(stack).cloned()?;
        let (reply, answer) = oneshot::channel();
        sender.send(Letter { to, content, reply }).ok()?;
        answer.await.ok()
    }

    /// Listens for signals to an incarnation.
    pub(crate) fn listen(self: &Arc<Self>, incarnation: &str) -> Ear {
        let mut routes = self.routes();
        let sender = routes.ears.entry(incarnation.to_owned()).or_insert_with(|| watch::channel(0).0);
        Ear { heard: Some(sender.subscribe()), incarnation: incarnation.to_owned(), post: Arc::clone(self) }
    }

    /// Tells those who listen that a signal came.
    pub(crate) fn tell(&self, incarnation: &IncarnationId) {
        if let Some(sender) = self.routes().ears.get(incarnation.as_str()) {
            sender.send_modify(|count| *count = count.wrapping_add(1));
        }
    }
}

/// Where letters to a stack arrive while a traversal runs.
pub(crate) struct Mailbox {
    post: Arc<Post>,
    stack: StackId,
    sender: mpsc::UnboundedSender<Letter>,
    letters: mpsc::UnboundedReceiver<Letter>,
}

impl Mailbox {
    /// The next letter. The mailbox itself keeps its channel open.
    pub(crate) async fn next(&mut self) -> Letter {
        match self.letters.recv().await {
            Some(letter) => letter,
            None => std::future::pending().await,
        }
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        let mut routes = self.post.routes();
        if routes.boxes.get(&self.stack).is_some_and(|sender| sender.same_channel(&self.sender)) {
            routes.boxes.remove(&self.stack);
        }
    }
}

/// Listens for signals to one incarnation.
pub(crate) struct Ear {
    post: Arc<Post>,
    incarnation: String,
    /// `None` only while it is dropped.
    heard: Option<watch::Receiver<u64>>,
}

impl Ear {
    /// For whose signals.
    pub(crate) fn incarnation(&self) -> &str {
        &self.incarnation
    }

    /// What came so far is known: only what comes from now on is news.
    pub(crate) fn listen_from_now(&mut self) {
        if let Some(heard) = &mut self.heard {
            heard.mark_unchanged();
        }
    }

    /// Ends when a signal has come.
    pub(crate) async fn signalled(&mut self) {
        let told = match &mut self.heard {
            Some(heard) => heard.changed().await.is_ok(),
            None => false,
        };
        if !told {
            std::future::pending().await
        }
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.heard = None;
        let mut routes = self.post.routes();
        if routes.ears.get(&self.incarnation).is_some_and(|sender| sender.receiver_count() == 0) {
            routes.ears.remove(&self.incarnation);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_letter_to_nobody_comes_back_and_one_that_nobody_deals_with_too() {
        let (post, stack) = (Arc::new(Post::default()), StackId("s".into()));
        let to = || Addressee::Name("r".into());
        assert!(post.send(&stack, to(), Content::Signal(None)).await.is_none());
        let mut mailbox = post.open(&stack);
        let (answer, ()) = tokio::join!(post.send(&stack, to(), Content::Signal(None)), async {
            let letter = mailbox.next().await;
            letter.reply.send(Ok(Delivered { metadata: Value::Null })).ok();
        });
        assert!(matches!(answer, Some(Ok(_))));
        let (answer, ()) = tokio::join!(post.send(&stack, to(), Content::Signal(None)), async {
            tokio::task::yield_now().await;
            drop(mailbox);
        });
        assert!(answer.is_none());
        assert!(post.routes().boxes.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_later_mailbox_of_the_same_stack_stays_when_the_earlier_one_goes() {
        let (post, stack) = (Arc::new(Post::default()), StackId("s".into()));
        let earlier = post.open(&stack);
        let later = post.open(&stack);
        drop(earlier);
        assert_eq!(post.routes().boxes.len(), 1);
        drop(later);
        assert!(post.routes().boxes.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn who_listens_hears_what_came_since_and_leaves_nothing_behind() {
        let (post, id) = (Arc::new(Post::default()), IncarnationId("i".into()));
        post.tell(&id);
        let mut ear = post.listen("i");
        let waits = std::time::Duration::from_secs(1);
        assert!(tokio::time::timeout(waits, ear.signalled()).await.is_err(), "it was not listening then");
        post.tell(&id);
        ear.signalled().await;
        post.tell(&id);
        ear.listen_from_now();
        assert!(tokio::time::timeout(waits, ear.signalled()).await.is_err());
        drop(ear);
        assert!(post.routes().ears.is_empty());
    }
}

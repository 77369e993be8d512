//! `heat engine`: an engine without an API. It goes on with what is in the store and nobody works on.

use crate::arguments::{EngineArguments, GlobalArguments};
use crate::error::Result;
use crate::output::Answer;
use crate::session::Session;
use std::time::Duration;

/// How often what is over for long enough is removed.
const TIDY: Duration = Duration::from_secs(3600);

/// Works until Ctrl-C, or until a service manager ends it; then others go on with what it did not finish.
pub(super) async fn run(global: &GlobalArguments, arguments: &EngineArguments) -> Result<Answer> {
    let session = Session::open_for_engine(global, arguments).await?;
    let store = session.place();
    session.tell(&format!(
        "this engine works on {store}: it takes up stacks that are not finished and that no other engine works on. Ctrl-C \
         or SIGTERM ends it after what is under way, and others go on"
    ));
    let mut beat = tokio::time::interval(TIDY);
    loop {
        tokio::select! {
            () = session.interrupted() => break,
            _ = beat.tick() => session.tidy(arguments.keep_deleted, arguments.keep_events).await,
        }
    }
    session.tell("stopping after what is under way; Ctrl-C again to stop at once");
    session.close().await;
    session_over(&store);
    Ok(Answer::Nothing)
}

fn session_over(store: &str) {
    use std::io::Write;
    let _ = writeln!(
        std::io::stderr(),
        "stopped; what was not finished was given back to {store}, where other engines go on with it"
    );
}

//! The engine inside this process: its store, its keys, its plugins.

use crate::arguments::{EngineArguments, GlobalArguments};
use crate::cloud::{Clouds, SIMULATED, SimulatedCloud};
use crate::command::stack_hook;
use crate::error::{CliError, Result};
use crate::input;
use crate::interrupt::Interrupt;
use crate::progress::{self, Show};
use crate::settings::{StoreLocation, default_paths, make_folder_of};
use heat_engine::record::EventSequence;
use heat_engine::seal::{self, KeyFileError, KeyRing};
use heat_engine::store::{
    MemoryStore, PostgresSettings, PostgresStore, Retention, SqliteStore, StackQuery, Store,
};
use heat_engine::{Engine, EngineBuilder, EngineError, Rest, Stack, StackView};
use heat_plugin_sdk::Registry;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How long what happened before a stack waits at hooks may take to be shown.
const TOLD: Duration = Duration::from_millis(300);

/// The engine with all that a command needs beside it.
pub(crate) struct Session {
    pub(crate) engine: Engine,
    pub(crate) clouds: Clouds,
    location: StoreLocation,
    store: Arc<dyn Store>,
    /// The database, without its password.
    database: Option<String>,
    show: Show,
    interrupt: Interrupt,
}

/// All plugins that this program has, beside the engine's own.
pub(crate) fn registry() -> Registry {
    Registry::new().with(heat_plugins_openstack::plugin())
}

/// All plugins, the engine's own among them: for checks without an engine.
pub(crate) fn full_registry() -> Registry {
    registry().with(heat_engine::types::plugin())
}

impl Session {
    /// Opens the store that is there and builds an engine on it. Stacks that were left unfinished stay as they are until a
    /// command is about them.
    ///
    /// # Errors
    /// The store or the key file cannot be used; a store that the user names is not there.
    pub(crate) async fn open(global: &GlobalArguments) -> Result<Self> {
        let (location, is_named) = store_location(global)?;
        match &location {
            StoreLocation::Sqlite(path) if !path.exists() && is_named => Err(CliError::input(format!(
                "there is no store {}: `heat stack create` makes one",
                path.display()
            ))),
            // Nothing was ever recorded, and nothing has to be made to say so.
            StoreLocation::Sqlite(path) if !path.exists() => Self::on(global, StoreLocation::Memory).await,
            _ => Self::on(global, location).await,
        }
    }

    /// As [`open`](Self::open), and makes a store that is not there, and the key file.
    ///
    /// # Errors
    /// The store or the key file cannot be used.
    pub(crate) async fn open_or_make(global: &GlobalArguments) -> Result<Self> {
        let (location, is_named) = store_location(global)?;
        if let StoreLocation::Sqlite(path) = &location
            && !is_named
        {
            make_folder_of(path).map_err(|error| {
                CliError::input(format!("cannot make the folder of the store {}: {error}", path.display()))
            })?;
        }
        Self::on(global, location).await
    }

    /// As [`open`](Self::open), but a store that is not there and could be made is taken for an empty one: nothing is
    /// made.
    ///
    /// # Errors
    /// The store or the key file cannot be used.
    pub(crate) async fn open_for_preview(global: &GlobalArguments) -> Result<Self> {
        let (location, is_named) = store_location(global)?;
        match &location {
            StoreLocation::Sqlite(path) if !path.exists() => {
                if is_named {
                    has_folder(path)?;
                }
                Self::on(global, StoreLocation::Memory).await
            }
            _ => Self::on(global, location).await,
        }
    }

    /// An engine that takes up what nobody works on, which needs a store that engines share.
    ///
    /// # Errors
    /// The store is another one, or it or the key file cannot be used.
    pub(crate) async fn open_for_engine(
        global: &GlobalArguments,
        arguments: &EngineArguments,
    ) -> Result<Self> {
        let (location, _) = store_location(global)?;
        if !matches!(location, StoreLocation::Postgres(_)) {
            return Err(CliError::input(
                "an engine of its own needs a store that engines share: --store postgres://… or HEAT_STORE. On other stores \
                 each command works on its stacks itself",
            ));
        }
        let mut settings = PostgresSettings::default().lease(arguments.lease.0);
        if let Some(name) = &arguments.name {
            settings = settings.name(name);
        }
        Self::built(global, location, settings, |builder| builder).await
    }

    async fn on(global: &GlobalArguments, location: StoreLocation) -> Result<Self> {
        // What nobody works on waits for a command that is about it, or for an engine of its own.
        Self::built(global, location, PostgresSettings::default(), EngineBuilder::without_resuming).await
    }

    async fn built(
        global: &GlobalArguments,
        location: StoreLocation,
        settings: PostgresSettings,
        resuming: impl FnOnce(EngineBuilder) -> EngineBuilder,
    ) -> Result<Self> {
        let interrupt = Interrupt::listen()
            .map_err(|error| CliError::Failed(format!("cannot listen for Ctrl-C: {error}")))?;
        let simulated = SimulatedCloud::new(location.simulated_state());
        let clouds = Clouds::new(global.os_cloud.clone(), simulated, variables());
        let mut database = None;
        let (store, keys): (Arc<dyn Store>, KeyRing) = match &location {
            StoreLocation::Memory => {
                (Arc::new(MemoryStore::new()), KeyRing::generate().map_err(EngineError::from)?)
            }
            StoreLocation::Sqlite(path) => {
                has_folder(path)?;
                if path.is_dir() {
                    return Err(CliError::input(format!(
                        "the store {0} is a folder, name a file in it: sqlite:{1}",
                        path.display(),
                        path.join("heat.db").display()
                    )));
                }
                let keys = keys(global, &path.display().to_string(), path.exists())?;
                (Arc::new(SqliteStore::open(path)?), keys)
            }
            StoreLocation::Postgres(url) => {
                let store = PostgresStore::connect_with(url.as_str(), settings).await?;
                if clouds.chosen() == Some(SIMULATED) {
                    return Err(CliError::input(
                        "the simulated cloud inside a command lies beside its store, which others on a PostgreSQL store could \
                         not reach: run `heat simulator openstack` and name it in clouds.yaml",
                    ));
                }
                let any = StackQuery { deleted: true, nested: true, limit: Some(1), ..StackQuery::default() };
                let is_used = !store.stacks(&any).await?.is_empty();
                let keys = keys(global, store.name(), is_used)?;
                database = Some(store.name().to_owned());
                (Arc::new(store), keys)
            }
        };
        let builder = Engine::builder()
            .registry(registry())
            .credential_source(clouds.clone())
            .shared_store(Arc::clone(&store))
            .keys(keys)
            .global_environment(input::global_environment(global)?);
        let engine = resuming(builder).build().await?;
        Ok(Self { engine, clouds, location, store, database, show: Show::fitting(global.quiet), interrupt })
    }

    /// All living stacks; of the cloud that the user names, if one is named. With those that are deleted, and with nested
    /// ones, if wanted.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) async fn stacks(&self, deleted: bool, nested: bool) -> Result<Vec<StackView>> {
        let query = StackQuery { deleted, nested, ..StackQuery::default() };
        let stacks = self.engine.all_stacks(&query).await?;
        let of_cloud = |stack: &StackView| match (self.clouds.chosen(), &stack.credentials) {
            (Some(chosen), Some(credentials)) => chosen == credentials,
            _ => true,
        };
        Ok(stacks.into_iter().filter(of_cloud).collect())
    }

    /// The stack with this name or id, and its name.
    ///
    /// # Errors
    /// There is none, or several.
    pub(crate) async fn stack(&self, name_or_id: &str) -> Result<(Stack, String)> {
        let mut found = self.stacks(false, false).await?;
        found.retain(|stack| stack.stack_name == name_or_id || stack.id == name_or_id);
        if found.is_empty() {
            // A nested one, and a deleted one, is asked for by its id.
            found = self.stacks(true, true).await?;
            found.retain(|stack| stack.id == name_or_id);
        }
        match found.as_slice() {
            [only] => Ok((self.engine.stack(&only.project, &only.id).await?, only.stack_name.clone())),
            [] => {
                let project = match self.clouds.chosen() {
                    Some(cloud) => format!("on cloud {cloud}"),
                    None => "on any cloud".to_owned(),
                };
                Err(EngineError::NoSuchStack { name: name_or_id.to_owned(), project }.into())
            }
            several => {
                let ids: Vec<&str> = several.iter().map(|stack| stack.id.as_str()).collect();
                Err(CliError::input(format!(
                    "several clouds have a stack {name_or_id}; name the cloud with --os-cloud, or the stack by its id: {}",
                    ids.join(", ")
                )))
            }
        }
    }

    /// Waits until nothing is being done to a stack, shows what happens after an event, and gives what it is then.
    ///
    /// # Errors
    /// Ctrl-C; the store cannot be read.
    pub(crate) async fn finish(&self, stack: &Stack, name: &str, after: EventSequence) -> Result<StackView> {
        self.finish_shown(stack, name, after, self.show).await
    }

    /// The same for several stacks at once, each of which began after its event.
    ///
    /// # Errors
    /// The first one that occurs.
    pub(crate) async fn finish_all(
        &self,
        stacks: &[(Stack, String, EventSequence)],
    ) -> Result<Vec<StackView>> {
        // Two live views would overwrite each other.
        let show = if stacks.len() > 1 && self.show == Show::Live { Show::Lines } else { self.show };
        let all = stacks.iter().map(|(stack, name, after)| self.finish_shown(stack, name, *after, show));
        futures_util::future::try_join_all(all).await
    }

    async fn finish_shown(
        &self,
        stack: &Stack,
        name: &str,
        after: EventSequence,
        show: Show,
    ) -> Result<StackView> {
        let end = async {
            let finished = self.followed_to_its_end(stack, name, after, show).await?;
            if matches!(finished, Err(EngineError::Paused { .. })) {
                self.tell(&format!(
                    "nothing is lost; with credentials that are accepted go on with: heat stack wait {name}"
                ));
            }
            Ok(finished?)
        };
        tokio::select! {
            view = end => view,
            () = self.interrupt.wanted() => {
                self.tell("stopping after what is under way; Ctrl-C again to stop at once");
                self.engine.shutdown().await;
                self.clouds.close().await;
                self.tell(&match self.location {
                    StoreLocation::Memory => "interrupted; the store was in memory, nothing of it is left".to_owned(),
                    StoreLocation::Postgres(_) => format!(
                        "interrupted; an engine that works on the store goes on, if there is one; else: heat stack wait {name}"
                    ),
                    _ => format!("interrupted; go on with: heat stack wait {name}"),
                });
                Err(CliError::Interrupted)
            }
        }
    }

    /// Shows what happens until the stack is at rest, or waits at hooks alone. Where another process worked on it and is
    /// gone, this one goes on.
    async fn followed_to_its_end(
        &self,
        stack: &Stack,
        name: &str,
        after: EventSequence,
        show: Show,
    ) -> Result<std::result::Result<StackView, EngineError>> {
        let following = progress::follow(stack, name, after, show);
        let ending = async {
            loop {
                match stack.at_rest().await {
                    Err(EngineError::Stopped { .. }) => stack.go_on().await?,
                    rest => return rest,
                }
            }
        };
        tokio::pin!(following, ending);
        let mut followed = false;
        loop {
            tokio::select! {
                result = &mut following, if !followed => {
                    result?;
                    followed = true;
                }
                rest = &mut ending => {
                    let rest = match rest {
                        Ok(rest) => rest,
                        Err(error) => return Ok(Err(error)),
                    };
                    return Ok(match rest {
                        Rest::Finished(view) => {
                            // What is told of the end is shown.
                            if !followed {
                                following.await?;
                            }
                            Ok(*view)
                        }
                        Rest::AtHooks(hooks) => {
                            // What is told by now is shown; more may come only when somebody clears them.
                            if let Ok(shown) = tokio::time::timeout(TOLD, following).await {
                                shown?;
                            }
                            self.tell(&stack_hook::advice(name, &hooks));
                            stack.show().await
                        }
                    });
                }
            }
        }
    }

    /// Where stacks are recorded, for people.
    pub(crate) fn place(&self) -> String {
        match &self.database {
            Some(database) => database.clone(),
            None => self.location.to_string(),
        }
    }

    /// Returns when the user wants an end.
    pub(crate) async fn interrupted(&self) {
        self.interrupt.wanted().await;
    }

    /// Removes what is over for longer than it is to be kept.
    pub(crate) async fn tidy(&self, days: u32, events_per_stack: u32) {
        let retention = Retention {
            deleted_stacks: jiff::SignedDuration::from_hours(i64::from(days) * 24),
            events_per_stack,
        };
        let before = retention.deleted_before(jiff::Timestamp::now());
        match self.store.prune(before, retention.events_per_stack).await {
            Ok(0) => {}
            Ok(rows) => tracing::info!(rows, "removed what was over"),
            Err(error) => tracing::warn!(%error, "what is over is not removed; later again"),
        }
    }

    /// Runs something that ends with Ctrl-C, too.
    ///
    /// # Errors
    /// Ctrl-C, or its own.
    pub(crate) async fn or_interrupt<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            result = work => result,
            () = self.interrupt.wanted() => Err(CliError::Interrupted),
        }
    }

    /// A word on stderr.
    pub(crate) fn tell(&self, text: &str) {
        let _ = writeln!(std::io::stderr(), "{text}");
    }

    /// Ends what runs in this process.
    pub(crate) async fn close(self) {
        self.engine.shutdown().await;
        self.clouds.close().await;
    }
}

/// The process environment as pairs of texts.
pub(crate) fn variables() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// Where the store is, and whether the user said so.
fn store_location(global: &GlobalArguments) -> Result<(StoreLocation, bool)> {
    if let Some(location) = &global.store {
        return Ok((location.clone(), true));
    }
    if let Some(text) = std::env::var("HEAT_STORE").ok().filter(|text| !text.is_empty()) {
        // The text may hold a password and is not repeated.
        let location = text.parse().map_err(|why| CliError::input(format!("HEAT_STORE: {why}")))?;
        return Ok((location, true));
    }
    let paths = default_paths(|name| std::env::var_os(name));
    paths.map(|paths| (StoreLocation::Sqlite(paths.store), false)).ok_or_else(|| {
        CliError::input(
            "nothing says where your home is: name a store with --store sqlite:PATH or HEAT_STORE",
        )
    })
}

fn key_file(global: &GlobalArguments) -> Result<PathBuf> {
    if let Some(path) = &global.key_file {
        return Ok(path.clone());
    }
    let paths = default_paths(|name| std::env::var_os(name));
    paths.map(|paths| paths.key_file).ok_or_else(|| {
        CliError::input("nothing says where your home is: name a key file with --key-file or HEAT_KEY_FILE")
    })
}

/// Whether a store can lie there: a folder that the user names and that is not there is a slip of the pen.
fn has_folder(store: &Path) -> Result<()> {
    let folder = store.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder.filter(|folder| !folder.is_dir()) {
        None => Ok(()),
        Some(folder) => Err(CliError::input(format!(
            "the store {} cannot be made: there is no folder {}",
            store.display(),
            folder.display()
        ))),
    }
}

/// The keys that seal secrets in a store; made on first use.
fn keys(global: &GlobalArguments, store: &str, is_used: bool) -> Result<KeyRing> {
    let path = key_file(global)?;
    // Another key would open nothing of what lies there.
    if !path.exists() && is_used {
        return Err(CliError::input(format!(
            "the store {store} is there, but the key file {} that opens its secrets is not: put it back, or name it with --key-file",
            path.display()
        )));
    }
    make_folder_of(&path).map_err(|error| {
        CliError::input(format!("cannot make the folder of the key file {}: {error}", path.display()))
    })?;
    let (keys, made) = seal::open_key_file(&path).map_err(|error| match error {
        // Permissions are no matter where there is nothing to protect.
        KeyFileError::Keys { .. } | KeyFileError::TooOpen { .. } if !holds_keys(&path) => {
            CliError::input(format!(
                "{} is no key file: name another one with --key-file, or a path where nothing is, to have one made",
                path.display()
            ))
        }
        error => CliError::input(error.to_string()),
    })?;
    if made && !global.quiet {
        let _ = writeln!(
            std::io::stderr(),
            "made the key file {}: secrets in the store are sealed with it, keep a copy",
            path.display()
        );
    }
    Ok(keys)
}

/// Whether a file has the form of a key file. One that cannot be read is taken for one: that is told otherwise.
fn holds_keys(path: &Path) -> bool {
    match std::fs::read(path) {
        Ok(bytes) => std::str::from_utf8(&bytes).is_ok_and(|text| KeyRing::parse(text).is_ok()),
        Err(_) => true,
    }
}

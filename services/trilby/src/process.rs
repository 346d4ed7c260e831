//! A process that serves: one of the services or all of them, over any store. The embedded run and the single roles
//! are made of the same parts here; only what they are given differs.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use trilby_access::{Parts, Registry, Services};
use trilby_decision::DecisionParts;
use trilby_directory::Presence;
use trilby_eventlog::NodeKind;
use trilby_service::Settings;
use trilby_service::clock::{Clock, SystemEntropy};
use trilby_service::cursor::CursorKey;
use trilby_service::request_id::uuid_v7;
use trilby_service::server::{Health, Listeners, Server};
use trilby_service::telemetry::Telemetry;

use crate::api;
use crate::clearing::Clearing;
use crate::keys::{Keys, store_secrets};
use crate::reach::Reach;
use crate::role::Role;
use crate::store::Store;

/// A service that writes is of no use while its store does not answer.
const WRITER_LAG_MAX: Duration = Duration::from_secs(5);
/// A decision point is of use for as long as any account may tolerate: each account's own setting decides.
const DECISION_LAG_MAX: Duration = Duration::from_secs(3_600);

/// What a process is made of.
pub struct Given {
    pub roles: &'static [Role],
    pub settings: Settings,
    pub public_url: String,
    pub keys: Keys,
    pub store: Store,
    pub clock: Arc<dyn Clock>,
}

/// A process before it serves.
pub struct Process {
    roles: &'static [Role],
    settings: Arc<Settings>,
    services: Services,
    store: Store,
    present: Option<Presence>,
    incarnation: u32,
    /// Of a service that writes, where others do as well.
    reach: Option<Reach>,
    _clearing: Option<Clearing>,
}

/// A server at work in this process.
pub struct Serving {
    url: String,
    ready_line: String,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<Result<(), trilby_service::server::Error>>,
    process: Process,
}

impl Process {
    /// Puts the parts together: the directory over the store, and what each role needs besides.
    pub async fn assemble(given: Given) -> anyhow::Result<Self> {
        let Given {
            roles,
            settings,
            public_url,
            keys,
            store,
            clock,
        } = given;
        let settings = Arc::new(settings);
        let incarnation = store.log.store_meta().await?.incarnation;
        let services = Services::start(Parts {
            log: Arc::clone(&store.log),
            feed: Arc::clone(&store.feed),
            clock,
            entropy: Arc::new(SystemEntropy),
            settings: Arc::clone(&settings),
            public_url,
            secrets: store_secrets(&keys.store),
            cursor_key: CursorKey::new(&keys.store.cursor_key()),
            directory: directory_options(roles, &settings, &store),
        })
        .await?;
        let services = api::with_parts(services, roles, keys, &store, &settings)?;
        let clearing = roles.contains(&Role::Token).then(|| {
            let clock = Arc::clone(services.clock());
            Clearing::start(Arc::clone(&store.log), clock, &settings)
        });
        let present = present(&services, roles, &store).await;
        let writes_with_others = others_write(&store) && roles.iter().any(|role| role.writes());
        let reach = writes_with_others.then(|| Reach::start(Arc::clone(&store.log)));
        Ok(Self {
            roles,
            settings,
            services,
            store,
            present,
            incarnation,
            reach,
            _clearing: clearing,
        })
    }

    /// The same with one more part for its operations. Call before it serves.
    pub fn with<T: std::any::Any + Send + Sync>(mut self, part: T) -> Self {
        self.services = self.services.with(part);
        self
    }

    /// What its operations work with.
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// Serves in the background.
    pub fn serve(self, listeners: Listeners, telemetry: Telemetry) -> anyhow::Result<Serving> {
        let url = listeners.public_url().to_owned();
        let ready_line = listeners.ready_line();
        let registry = api::registry(self.roles);
        registry
            .check()
            .context("the operations contradict each other")?;
        let clock = Arc::clone(self.services.clock());
        self.tell(&listeners);
        let mut server = Server::new(&self.settings, listeners, telemetry)
            .with_time(clock, Arc::new(SystemEntropy))
            .with_health(self.health());
        for (service, document) in api::documents(self.roles)? {
            server = server.document(service, document);
        }
        let for_routes = self.services.clone();
        let elsewhere = api::elsewhere(self.roles);
        let server = server.routes(move |config| {
            Registry::configure(&registry, config, &for_routes);
            for (service, operations) in &elsewhere {
                operations.configure_elsewhere(config, service);
            }
        });
        let (operator, for_operator) = (api::operator(self.roles), self.services.clone());
        operator
            .check()
            .context("the operator's operations contradict each other")?;
        let server = server
            .operator_routes(move |config| Registry::configure(&operator, config, &for_operator));
        let (stop, stopped) = oneshot::channel::<()>();
        let until = async {
            // A sender that is gone stops the server too.
            stopped.await.ok();
        };
        let server = tokio::spawn(server.run(until));
        Ok(Serving {
            url,
            ready_line,
            stop: Some(stop),
            server,
            process: self,
        })
    }

    /// What runs here, over which store: the first question about any log.
    fn tell(&self, listeners: &Listeners) {
        let roles: Vec<&str> = self.roles.iter().map(|role| role.name()).collect();
        tracing::info!(
            version = env!("CARGO_PKG_VERSION"),
            roles = roles.join(","),
            store = self.store.place,
            incarnation = self.incarnation,
            api = listeners.api_address().map(tracing::field::display),
            operator = %listeners.operator_address(),
            public_url = listeners.public_url(),
            "serving"
        );
    }

    /// Ready is who may be sent requests: not before revocations are known, and no longer than they are known well
    /// enough for anybody.
    fn health(&self) -> Health {
        let directory = self.services.directory().clone();
        let most = match self.roles.iter().any(|role| role.writes()) {
            true => WRITER_LAG_MAX,
            false => DECISION_LAG_MAX,
        };
        let health = Health::default();
        health.check("news", move || match directory.lag() {
            None => Err("revocations may be missing: what the feed lost is being read".to_owned()),
            Some(lag) if lag > most => Err(format!(
                "the store has told nothing for {} s",
                lag.as_secs()
            )),
            Some(_) => Ok(()),
        });
        if let Some(reach) = &self.reach {
            health.check("store", reach.check());
        }
        health
    }

    /// Ends what runs besides the server.
    pub async fn close(self) -> anyhow::Result<()> {
        if let Ok(decisions) = self.services.part::<DecisionParts>() {
            decisions.close().await;
        }
        if let Some(present) = self.present {
            present.leave().await;
        }
        self.store.close().await
    }
}

/// Says to the other processes of a shared store that this one is there, before it serves.
async fn present(services: &Services, roles: &[Role], store: &Store) -> Option<Presence> {
    let kind = match roles.contains(&Role::Decision) {
        true => NodeKind::Decision,
        false => NodeKind::Token,
    };
    let table = store.nodes.clone()?;
    let id = uuid_v7(services.clock().now(), &SystemEntropy);
    let directory = services.directory();
    Some(directory.be_present(table, id.into(), kind).await)
}

/// Whether the store is shared with other processes.
fn others_write(store: &Store) -> bool {
    store.feed.delivery() != trilby_eventlog::Delivery::Announced
}

fn directory_options(
    roles: &[Role],
    settings: &Settings,
    store: &Store,
) -> trilby_directory::Options {
    trilby_directory::Options {
        memory_bytes_max: settings.log.memory_mib.saturating_mul(1024 * 1024),
        poll_every: Duration::from_millis(settings.log.poll_ms),
        ask_heads: others_write(store) && roles.iter().any(|role| role.writes()),
        ..trilby_directory::Options::default()
    }
}

impl Serving {
    /// Where clients reach it.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// What is printed when it serves.
    pub fn ready_line(&self) -> &str {
        &self.ready_line
    }

    /// Serves until it is asked to stop, or the server ends by itself.
    pub async fn until_stopped(
        mut self,
        asked_to_stop: impl Future<Output = ()>,
    ) -> anyhow::Result<()> {
        let stop = self.stop.take();
        tokio::select! {
            () = asked_to_stop => {}
            ended = &mut self.server => {
                ended??;
                return self.process.close().await;
            }
        }
        drop(stop);
        (&mut self.server).await??;
        self.process.close().await
    }

    /// Stops now, letting running requests finish.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.stop = None;
        (&mut self.server).await??;
        self.process.close().await
    }
}

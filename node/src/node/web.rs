//! The task of the API and of the pages over it, which share one listener.

use std::net::TcpListener;
use std::sync::Arc;

use engine::runtime::Handle;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use super::StartError;
use super::listen::Heard;
use crate::checks;
use crate::config::Config;
use crate::folder::Folder;
use crate::sources;

/// The running API, on one listener or two.
pub(super) struct Web {
    running: Vec<(oneshot::Sender<()>, JoinHandle<std::io::Result<()>>)>,
}

impl Web {
    pub(super) fn start(
        config: &Config,
        engine: &Handle,
        heard: watch::Receiver<Heard>,
        (listener, local): (TcpListener, Option<TcpListener>),
    ) -> Result<Self, StartError> {
        let open =
            |listener| tokio::net::TcpListener::from_std(listener).map_err(StartError::System);
        let (listener, local) = (open(listener)?, local.map(open).transpose()?);
        let addresses: api::Addresses = Arc::new(move || heard.borrow().addresses.clone());
        let (of_machine, calendar) = (config.clone(), engine.setup().calendar.clone());
        let checks = move || checks::of_machine(&of_machine, &calendar);
        let settings = api::Config {
            sources: sources::load(&Folder::new(&config.data))?,
            checks: api::Checks(Arc::new(checks)),
            ..config.http.api()?
        };
        let pages = console::Settings {
            tls: settings.tls,
            origin: settings.origin.clone(),
            tiles: config.map.source(),
            ..console::Settings::default()
        };
        let router = api::router(api::State::new(engine.clone(), addresses, settings));
        let router = console::router(router, engine.clone(), pages);
        let limits = api::Limits { drain: config.shutdown.deadline / 2, ..api::Limits::default() };
        let tls = config.http.own_tls()?;
        let serve = |listener, limits| {
            let (stop, stopped) = oneshot::channel();
            let until = async {
                // Dropping the other end stops it, too.
                let _ = stopped.await;
            };
            (stop, tokio::spawn(api::serve_within(listener, router.clone(), limits, until)))
        };
        let plain = local.map(|local| serve(local, limits.clone()));
        let first = serve(listener, api::Limits { tls, ..limits });
        Ok(Self { running: [first].into_iter().chain(plain).collect() })
    }

    /// Accepts nothing new and lets what has begun finish within the deadline.
    pub(super) async fn stop(self) {
        let ends = self.running.into_iter().map(|(stop, task)| {
            let _ = stop.send(());
            task
        });
        for task in ends.collect::<Vec<_>>() {
            if let Ok(Err(error)) = task.await {
                tracing::warn!(%error, "接口异常结束 the api ended with an error");
            }
        }
    }
}

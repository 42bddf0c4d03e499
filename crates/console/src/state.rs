//! What every page is made from.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use engine::runtime::Handle;
use tokio::sync::Semaphore;

use crate::api::Api;
use crate::operator::Imports;
use crate::tiles::Tiles;
use crate::visit::Cookies;

/// Forms with photos that are read at once: each may hold 40 MiB.
const UPLOADS: usize = 8;

/// Questions to the nodes below that pages have open at once: a node takes eight requests of another
/// at a time, and others have to get through.
const QUESTIONS: usize = 4;

/// How the pages behave.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Browsers reach the node over TLS, its own or a proxy's: cookies then bear `Secure` and the
    /// `__Host-` prefix.
    pub tls: bool,
    /// How long a form may take to arrive.
    pub arrival: Duration,
    /// The origin that browsers use, for QR codes; where absent, the one that a visitor's own
    /// browser used.
    pub origin: Option<String>,
    /// Tiles below the map; none where absent.
    pub tiles: Option<Tiles>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { tls: false, arrival: Duration::from_secs(120), origin: None, tiles: None }
    }
}

/// See the module. Cheap to clone.
#[derive(Clone)]
pub(crate) struct State(Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) api: Api,
    /// For what is everybody's to know: the node's name, its policy, the time.
    pub(crate) handle: Handle,
    pub(crate) settings: Settings,
    pub(crate) cookies: Cookies,
    pub(crate) uploads: Semaphore,
    pub(crate) questions: Semaphore,
    /// Files that take their time.
    pub(crate) imports: Imports,
}

impl State {
    pub(crate) fn new(api: Router, handle: Handle, settings: Settings) -> Self {
        let (uploads, questions) = (Semaphore::new(UPLOADS), Semaphore::new(QUESTIONS));
        let cookies = Cookies::new(settings.tls, &handle.setup().mark());
        let (api, imports) = (Api::new(api), Imports::default());
        Self(Arc::new(Shared { api, handle, settings, cookies, uploads, questions, imports }))
    }
}

impl std::ops::Deref for State {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

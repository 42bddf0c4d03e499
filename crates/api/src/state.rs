//! What the API needs of the node it speaks for, and what it keeps in memory of its own.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use engine::doctor::Finding;
use engine::runtime::Handle;
use tokio::sync::Semaphore;

use crate::backoff::Backoff;
use crate::feed::Feed;
use crate::looks::Looks;
use crate::metrics::Metrics;
use crate::problem::{Kind, Problem};
use crate::progress::UnderWay;
use crate::rate::{Buckets, Key};
use crate::session::{self, Session};
use crate::share::Shares;
use crate::sources::Sources;

/// Gives the addresses (multiaddr text) at which this node can be dialled, as they are now.
pub type Addresses = Arc<dyn Fn() -> Vec<String> + Send + Sync>;

/// What else is looked at for `/v1/doctor`: things of the machine that only the node's program
/// knows, such as its key files. May block.
#[derive(Clone)]
pub struct Checks(pub Arc<dyn Fn() -> Vec<Finding> + Send + Sync>);

impl Default for Checks {
    fn default() -> Self {
        Self(Arc::new(Vec::new))
    }
}

impl fmt::Debug for Checks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Checks")
    }
}

/// How often something may be done: a bucket that holds `burst` and refills at `per_hour`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How often at once; at least 1.
    pub burst: u32,
    /// How often in an hour thereafter; at least 1.
    pub per_hour: u32,
}

/// What people without an account may do, per address and all together (S24).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Reports from one address.
    pub reports: Rate,
    /// Reports from everybody.
    pub reports_of_all: Rate,
    /// Looking up and acting by code, from one address.
    pub codes: Rate,
    /// Photos from one address, or of one account of staff.
    pub photos: Rate,
    /// Photos from everybody without an account.
    pub photos_of_all: Rate,
}

/// How the API behaves. What is left at its default is safe on an open network.
#[derive(Clone, Debug)]
pub struct Config {
    /// Browsers reach the node over TLS, its own or a proxy's: the session cookie then bears
    /// `Secure` and the `__Host-` prefix.
    pub tls: bool,
    /// The origin that browsers use, such as `https://grid.example.cn`. Where absent, a request's
    /// `Origin` has to match its `Host`.
    pub origin: Option<String>,
    /// A reverse proxy stands in front and ends `X-Forwarded-For` with the client's address.
    /// Never set it where clients can connect directly: they could then name any address.
    pub behind_proxy: bool,
    /// With it as bearer, `/metrics` may be read from elsewhere than loopback, and behind a proxy
    /// at all. At least 16 bytes of visible ASCII; a shorter one opens nothing.
    pub metrics_token: Option<String>,
    /// What people without an account may do.
    pub quota: Quota,
    /// Requests being worked on at once; one more waits a moment and is then refused.
    pub requests: usize,
    /// How long a request may take, its body's arrival included.
    pub within: Duration,
    /// Event streams open at once.
    pub streams: usize,
    /// The sources of reports that can be named.
    pub sources: Sources,
    /// How long a request that brings a file may take, besides its arrival.
    pub within_for_files: Duration,
    /// What else `/v1/doctor` looks at.
    pub checks: Checks,
    /// Whether the roles that policy names have to show a second factor.
    pub second_factor: bool,
}

impl Default for Quota {
    fn default() -> Self {
        Self {
            reports: Rate { burst: 10, per_hour: 30 },
            reports_of_all: Rate { burst: 500, per_hour: 2_000 },
            codes: Rate { burst: 60, per_hour: 600 },
            photos: Rate { burst: 60, per_hour: 240 },
            photos_of_all: Rate { burst: 1_000, per_hour: 4_000 },
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            tls: false,
            origin: None,
            behind_proxy: false,
            metrics_token: None,
            quota: Quota::default(),
            requests: 256,
            within: Duration::from_secs(30),
            streams: 256,
            sources: Sources::default(),
            within_for_files: Duration::from_secs(900),
            checks: Checks::default(),
            second_factor: true,
        }
    }
}

/// Everything that the API's handlers share. Cheap to clone.
#[derive(Clone)]
pub struct State(Arc<Shared>);

/// See [`State`].
pub struct Shared {
    pub(crate) handle: Handle,
    pub(crate) addresses: Addresses,
    pub(crate) config: Config,
    /// Name of the session cookie.
    pub(crate) cookie: String,
    pub(crate) backoff: Backoff,
    pub(crate) reports: Buckets,
    pub(crate) reports_of_all: Buckets,
    pub(crate) codes: Buckets,
    pub(crate) photos: Buckets,
    pub(crate) photos_of_all: Buckets,
    /// Passwords being hashed at once: each takes a core and 19 MiB.
    pub(crate) hashing: Semaphore,
    pub(crate) requests: Semaphore,
    /// Files being taken in at once: each is in memory as a whole.
    pub(crate) files: Semaphore,
    /// How far the files have come that are being taken in.
    pub(crate) under_way: UnderWay,
    /// What a file changes of territory or roster follows from what is there: one at a time.
    pub(crate) turn: tokio::sync::Mutex<()>,
    /// The journal is read as a whole by one at a time.
    pub(crate) examining: tokio::sync::Mutex<()>,
    pub(crate) arrivals: Shares<Key>,
    /// Requests with photos in them, by address: each may be large.
    pub(crate) uploads: Shares<Key>,
    pub(crate) streams: Arc<Semaphore>,
    /// Event streams by account.
    pub(crate) listeners: Shares<String>,
    pub(crate) feed: Feed,
    /// What was looked at lately and is on record.
    pub(crate) looks: Looks,
    pub(crate) metrics: Metrics,
}

/// Files taken in at once.
const FILES: usize = 2;
/// Passwords hashed at once.
const HASHING: usize = 2;
/// How long a password waits for its turn at hashing.
const PATIENCE: Duration = Duration::from_secs(5);

impl State {
    /// The state of an API over a running engine. `addresses` goes into invitations.
    ///
    /// # Panics
    /// When the system gives no random bytes.
    #[must_use]
    pub fn new(handle: Handle, addresses: Addresses, config: Config) -> Self {
        let quota = config.quota;
        Self(Arc::new(Shared {
            backoff: Backoff::default(),
            reports: Buckets::new(quota.reports),
            reports_of_all: Buckets::new(quota.reports_of_all),
            codes: Buckets::new(quota.codes),
            photos: Buckets::new(quota.photos),
            photos_of_all: Buckets::new(quota.photos_of_all),
            uploads: Shares::default(),
            hashing: Semaphore::new(HASHING),
            requests: Semaphore::new(config.requests),
            files: Semaphore::new(FILES),
            under_way: UnderWay::default(),
            turn: tokio::sync::Mutex::default(),
            examining: tokio::sync::Mutex::default(),
            arrivals: Shares::default(),
            streams: Arc::new(Semaphore::new(config.streams)),
            listeners: Shares::default(),
            feed: Feed::new(),
            looks: Looks::default(),
            metrics: Metrics::default(),
            cookie: session::cookie_name(config.tls, &handle.setup().mark()),
            handle,
            addresses,
            config,
        }))
    }
}

impl State {
    /// Whether a second factor has to be set up, or shown, before this session is good for more.
    pub(crate) fn lacks_factor(&self, session: &Session) -> bool {
        let asked = self.config.second_factor && !session.strong;
        asked && session.actor.needs_second_factor(self.handle.world().policy())
    }

    /// Works on a password when it is its turn, so that a flood of logins takes two cores' time
    /// and two hashes' memory at most.
    ///
    /// # Errors
    /// [`Kind::BUSY`] when its turn does not come.
    pub(crate) async fn hash<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let turn = tokio::time::timeout(PATIENCE, self.hashing.acquire()).await;
        let Ok(Ok(_turn)) = turn else { return Err(Problem::after(Kind::BUSY, PATIENCE)) };
        tokio::task::spawn_blocking(work).await.map_err(|_| Kind::INTERNAL.into())
    }
}

impl std::ops::Deref for State {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

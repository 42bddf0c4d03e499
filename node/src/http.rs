//! Where the API listens, and what its callers may do.

use std::net::{Ipv4Addr, SocketAddr};

use serde::{Deserialize, Serialize};

/// The HTTP section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Http {
    /// Address and port; port 0 lets the system choose. Anything but a loopback address needs a
    /// reverse proxy with TLS in front.
    pub listen: SocketAddr,
    /// Whether browsers reach this node over HTTPS (through a proxy): cookies are then marked
    /// `Secure`. The node itself speaks plain HTTP.
    pub tls: bool,
    /// The origin that browsers use, such as `https://grid.example.cn`; where absent, a request's
    /// `Origin` has to match its `Host`.
    pub origin: Option<String>,
    /// Whether a reverse proxy stands in front and ends `X-Forwarded-For` with the client's
    /// address. Never set it where clients can connect directly.
    pub behind_proxy: bool,
    /// What people without an account may do.
    pub quota: Quota,
}

/// What people without an account may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quota {
    /// Reports from one address.
    pub reports: Rate,
    /// Reports from everybody.
    pub reports_of_all: Rate,
    /// Looking up and acting by code, from one address.
    pub codes: Rate,
}

/// How often something may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// How often at once; at least 1.
    pub burst: u32,
    /// How often in an hour thereafter; at least 1.
    pub per_hour: u32,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8480)),
            tls: false,
            origin: None,
            behind_proxy: false,
            quota: Quota::default(),
        }
    }
}

impl Default for Quota {
    fn default() -> Self {
        let api::Quota { reports, reports_of_all, codes } = api::Quota::default();
        Self { reports: reports.into(), reports_of_all: reports_of_all.into(), codes: codes.into() }
    }
}

impl From<api::Rate> for Rate {
    fn from(rate: api::Rate) -> Self {
        let api::Rate { burst, per_hour } = rate;
        Self { burst, per_hour }
    }
}

impl From<Rate> for api::Rate {
    fn from(rate: Rate) -> Self {
        let Rate { burst, per_hour } = rate;
        Self { burst, per_hour }
    }
}

impl Http {
    /// The API's configuration.
    #[must_use]
    pub fn api(&self) -> api::Config {
        let Quota { reports, reports_of_all, codes } = self.quota;
        api::Config {
            tls: self.tls,
            origin: self.origin.clone(),
            behind_proxy: self.behind_proxy,
            quota: api::Quota {
                reports: reports.into(),
                reports_of_all: reports_of_all.into(),
                codes: codes.into(),
            },
            ..api::Config::default()
        }
    }

    /// The first key under `http` that can't be used, and what would be right.
    #[must_use]
    pub fn problem(&self) -> Option<(&'static str, &'static str)> {
        let Quota { reports, reports_of_all, codes } = self.quota;
        let rates = [
            ("http.quota.reports", reports),
            ("http.quota.reports_of_all", reports_of_all),
            ("http.quota.codes", codes),
        ];
        let empty = rates.into_iter().find(|(_, rate)| rate.burst == 0 || rate.per_hour == 0);
        let origin = self.origin.as_deref().is_some_and(|origin| !is_origin(origin));
        empty
            .map(|(key, _)| (key, "burst and per_hour are at least 1"))
            .or(origin.then_some(("http.origin", "write https://host or https://host:port")))
    }
}

fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| {
        !host.is_empty()
            && !host.contains(['/', '?', '#', '@'])
            && !host.contains(char::is_whitespace)
    })
}
